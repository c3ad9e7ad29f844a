// A panel in the browser: controls from `fields`, words and pictures from `page`. All values go to the kernel in one message;
// what comes back is compared with what is on screen, and only what differs is redrawn, in place.

// plotly.js, once a page: asked of whichever kernel first needs it, and asked again while no answer comes (a page that is just
// being connected may lose the question).
function plotly(model) {
  return (globalThis.jiebeiPlotly ??= new Promise((done, failed) => {
    const ask = () => model.send({ kind: "plotly" }), again = setInterval(ask, 3000);
    async function heard(content, buffers) {
      if (content?.kind !== "plotly") return;
      clearInterval(again);
      model.off("msg:custom", heard);
      const text = await new Response(new Blob([buffers[0]]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
      const url = URL.createObjectURL(new Blob(["(function(module,exports,define){", text, "\n})();"], { type: "text/javascript" }));
      const script = Object.assign(document.createElement("script"), { src: url });
      script.onload = () => { URL.revokeObjectURL(url); done(globalThis.Plotly); };
      script.onerror = failed;
      document.head.append(script);
    }
    model.on("msg:custom", heard);
    ask();
  }));
}

// The paper of the page in its theme, and whether it is dark.
function paperOf(el) {
  const paper = getComputedStyle(el).backgroundColor, [r = 255, g = 255, b = 255] = (paper.match(/[\d.]+/g) ?? []).map(Number);
  return { paper, dark: 0.2126 * r + 0.7152 * g + 0.0722 * b < 110 };
}

// A chart's colours on dark paper: light ink, and the two colours that mean something a tone lighter. Scales stay, and so do numbers
// written on them (a colour each) and black, which was chosen against a mark's own tone.
const ON_DARK = { "#222222": "#ececec", "#e4e4e4": "#454545", "#767676": "#a8a8a8", "#555555": "#c4c4c4", "#d55e00": "#ff8f45", "#a34500": "#ff8f45", "#0072b2": "#58b8f0", "#a6a6a6": "#8c8c8c", "#b0b0b0": "#8c8c8c" };
function onPaper(value, { paper, dark }, key = "") {
  if (!dark || key === "colorscale" || (key === "textfont" && Array.isArray(value.color))) return value;
  if (Array.isArray(value)) return value.map((one) => onPaper(one, { paper, dark }));
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, onPaper(one, { paper, dark }, name)]));
  if (typeof value !== "string") return value;
  if (/^(#fff(fff)?|rgba\(255,\s*255,\s*255.*)$/i.test(value)) return paper;
  return ON_DARK[value.toLowerCase()] ?? value;
}

// Numbers as CSV, quoted where they must be, and never a formula to a spreadsheet.
const cell = (text) => { const safe = /^[=+@\t\r]|^-(?![\d.])/.test(text) ? `'${text}` : text; return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe; };
const csv = (head, rows) => [head, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";

function make(tag, attributes = {}, ...children) {
  const el = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (key in el && key !== "list" && key !== "form") el[key] = value; else el.setAttribute(key, value);
  }
  el.append(...children);
  return el;
}

// The same layout without its title and the room for it.
function untitled(layout, width) {
  const { title, height = 360, margin = {}, ...rest } = structuredClone(layout), room = title ? Math.min(44, margin.t ?? 0) : 0;
  return { ...rest, width, height: height - room, margin: { ...margin, t: (margin.t ?? 80) - room } };
}

// The browser has painted what was done before, or has other things to do than paint (a page in the background never paints).
const frame = () => new Promise((done) => { requestAnimationFrame(() => setTimeout(done)); setTimeout(done, 100); });
const REST = 3000; // ms after which a control that moves again is measured from where it stands now
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
// Each panel has a module of its own, so ids are counted by the page: a label must find its own control.
const nextId = () => globalThis.jiebeiSerial = (globalThis.jiebeiSerial ?? 0) + 1;

// ---- Controls. Each maker returns {el, put(value)}; `say` registers a text in both languages; `give(value)` tells of a new value.

function numberField(field, say, give, words) {
  const id = `jiebei-${nextId()}`;
  const { low, high, step } = field;
  const box = make("input", { type: "number", id, min: low, max: high, step, inputMode: field.whole ? "numeric" : "decimal" });
  const row = make("div", { className: "row" }, box);
  const wrong = make("p", { className: "wrong", id: `${id}-wrong`, hidden: true });
  box.setAttribute("aria-describedby", wrong.id);
  let slider, unsure, last = field.start;
  const position = (value) => field.log ? Math.log(Math.max(value, field.slider[0])) : value;
  const atPosition = (at) => {
    if (!field.log) return Number(at);
    const value = Math.exp(at), tidy = 10 ** Math.max(0, Math.floor(Math.log10(value)) - 1);
    return Math.min(field.slider[1], Math.max(field.slider[0], Math.round(value / tidy) * tidy));
  };
  if (field.unit) row.append(say(make("span", { className: "unit" }), field.unit));
  if (field.slider) {
    const [from, to] = field.slider;
    slider = make("input", { type: "range", min: position(from), max: position(to), step: field.log ? (position(to) - position(from)) / 200 : step });
    say(slider, field.label, "aria-label");
    slider.addEventListener("input", () => accept(atPosition(slider.value), slider));
  }
  if (field.optional) {
    unsure = make("input", { type: "checkbox" });
    row.append(make("label", { className: "unsure" }, unsure, say(make("span"), words.unknown)));
    unsure.addEventListener("change", () => { put(unsure.checked ? null : last); give(unsure.checked ? null : last); });
  }
  box.addEventListener("input", () => {
    const value = box.value === "" ? NaN : Number(box.value), nothing = field.blank && box.value === "" && !box.validity.badInput;
    const fine = nothing || (Number.isFinite(value) && value <= high && (field.above ? value > low : value >= low) && (!field.whole || Number.isInteger(value)));
    wrong.hidden = fine;
    box.setAttribute("aria-invalid", String(!fine));
    if (nothing) give(null);
    else if (fine) accept(value, box);
    else say(wrong, Object.fromEntries(Object.entries(field.wrong).map(([lang, text]) => [lang, text.replace("{value}", box.value || "–")])));
  });
  function accept(value, from) {
    last = value;
    if (from !== box) { box.value = value; wrong.hidden = true; box.removeAttribute("aria-invalid"); }
    if (slider && from !== slider) slider.value = position(value);
    describe(value);
    give(value);
  }
  function describe(value) {
    if (slider) slider.setAttribute("aria-valuetext", value === null ? "–" : value.toLocaleString("en"));
  }
  function put(value) {
    const unknown = value === null || value === undefined;
    if (!unknown) last = value;
    if (unsure) unsure.checked = unknown;
    for (const input of [box, slider]) if (input) input.disabled = unknown && !field.blank;
    if (unknown) box.value = ""; else if (Number(box.value) !== value || box.value === "") box.value = value;
    if (slider && !unknown) slider.value = position(value);
    wrong.hidden = true;
    box.removeAttribute("aria-invalid");
    describe(unknown ? null : value);
  }
  return { id, el: [row, ...(slider ? [slider] : []), wrong], put };
}

function choiceField(field, say, give) {
  if (field.look === "select") {
    const id = `jiebei-${nextId()}`, select = make("select", { id });
    field.options.forEach((option, n) => select.append(say(make("option", { value: n }), option.label)));
    select.addEventListener("change", () => give(field.options[select.value].value));
    return { id, el: [select], put: (value) => { select.value = field.options.findIndex((option) => option.value === value); } };
  }
  const name = `jiebei-${nextId()}`, list = make("div", { className: "options" });
  const inputs = field.options.map((option) => {
    const input = make("input", { type: "radio", name });
    list.append(make("label", option.value === null ? { className: "unsure" } : {}, input, say(make("span"), option.label)));
    input.addEventListener("change", () => give(option.value));
    return input;
  });
  return { group: true, el: [list], put: (value) => inputs.forEach((input, n) => { input.checked = field.options[n].value === (value ?? null); }) };
}

function manyField(field, say, give) {
  const list = make("div", { className: "options" });
  const inputs = field.options.map((option) => {
    const input = make("input", { type: "checkbox" });
    list.append(make("label", {}, input, say(make("span"), option.label)));
    input.addEventListener("change", () => give(field.options.filter((_, n) => inputs[n].checked).map((one) => one.value)));
    return input;
  });
  return { group: true, el: [list], put: (value) => inputs.forEach((input, n) => { input.checked = (value ?? []).includes(field.options[n].value); }) };
}

function checkField(field, say, give) {
  const id = `jiebei-${nextId()}`, input = make("input", { type: "checkbox", id });
  input.addEventListener("change", () => give(input.checked));
  return { id, before: true, el: [input], put: (value) => { input.checked = Boolean(value); } };
}

function textField(field, say, give) {
  const id = `jiebei-${nextId()}`;
  const input = field.lines > 1 ? make("textarea", { id, rows: field.lines }) : make("input", { type: "text", id });
  input.maxLength = field.longest;
  input.spellcheck = false;
  input.addEventListener("change", () => give(input.value));
  return { id, el: [input], put: (value) => { if (input.value !== (value ?? "")) input.value = value ?? ""; } };
}

function dayField(field, say, give) {
  const id = `jiebei-${nextId()}`, input = make("input", { type: "date", id });
  input.addEventListener("change", () => { if (input.value || field.optional) give(input.value || null); });
  return { id, el: [input], put: (value) => { input.value = value ?? ""; } };
}

// The browser's own file control speaks the browser's language: it takes focus and keys, what is seen is its label.
function fileField(field, say, give, words) {
  const id = `jiebei-${nextId()}`, input = make("input", { type: "file", id, accept: field.accept });
  const wrong = make("p", { className: "wrong", hidden: true }), name = make("span", { className: "unit" });
  const remove = say(make("button", { type: "button", className: "remove", textContent: "×", hidden: true }), words.remove_file, "aria-label");
  const row = make("div", { className: "row file" }, input, say(make("label", { htmlFor: id, className: "choose" }), words.choose_file), name, remove);
  function put(value) {
    if (!value) input.value = "";
    say(name, value ? { zh: value.name, en: value.name } : words.no_file);
    remove.hidden = !value;
  }
  remove.addEventListener("click", () => { put(null); give(null); input.focus(); });
  input.addEventListener("change", async () => {
    const file = input.files[0];
    if (!file) return;
    wrong.hidden = file.size <= field.largest;
    if (!wrong.hidden) {
      say(wrong, Object.fromEntries(Object.entries(field.wrong).map(([lang, text]) => [lang, text.replace("{value}", file.size)])));
      return;
    }
    const value = { name: file.name, text: await read(file) };
    put(value);
    give(value);
  });
  put(null);
  return { id, el: [row, wrong], put };
}

// A workbook as a data address, any other file as text.
function read(file) {
  if (!/\.(xlsx|xlsm|xls|ods)$/i.test(file.name)) return file.arrayBuffer().then(decoded);
  return new Promise((done, failed) => {
    const reader = Object.assign(new FileReader(), { onload: () => done(reader.result), onerror: failed });
    reader.readAsDataURL(file);
  });
}

// Text as spreadsheets save it: UTF-8, UTF-16 where it is marked, else GB 18030.
function decoded(bytes) {
  const [first, second] = new Uint8Array(bytes);
  if (first + second === 0x1fd) return new TextDecoder(first === 0xff ? "utf-16le" : "utf-16be").decode(bytes);
  try { return new TextDecoder("utf-8", { fatal: true }).decode(bytes); } catch { return new TextDecoder("gb18030").decode(bytes); }
}

function tableField(field, say, give, words) {
  let rows = [];
  const body = make("tbody"), head = make("tr");
  for (const column of field.columns) head.append(say(make("th", { scope: "col" }), column.label));
  head.append(make("th"));
  const add = say(make("button", { type: "button" }), field.add);
  const fresh = () => Object.fromEntries(field.columns.map((column) => [column.name, column.value ?? null]));
  add.addEventListener("click", () => change([...rows, fresh()], rows.length));
  function change(next, focus) {
    give(next);
    put(next);
    if (focus !== undefined) body.rows[Math.min(focus, body.rows.length - 1)]?.querySelector("input, select")?.focus();
  }
  function put(value) {
    value = value ?? [];
    if (same(value, rows) && body.rows.length === rows.length) return;
    rows = value.map((row) => ({ ...row }));
    body.replaceChildren(...rows.map((row, n) => {
      const line = make("tr");
      for (const column of field.columns) {
        const control = MAKERS[column.kind](column.kind === "choice" ? { ...column, look: "select" } : { ...column, slider: null }, say,
          (value) => { rows = rows.map((one, k) => (k === n ? { ...one, [column.name]: value } : one)); give(rows); }, words);
        control.put(row[column.name]);
        const first = control.el[0].matches?.("input, select") ? control.el[0] : control.el[0].querySelector("input, select");
        say(first, Object.fromEntries(Object.entries(column.label).map(([lang, text]) => [lang, `${text} ${n + 1}`])), "aria-label");
        line.append(make("td", {}, ...control.el));
      }
      const remove = say(make("button", { type: "button", className: "remove", textContent: "×" }), field.remove, "aria-label");
      remove.addEventListener("click", () => change(rows.filter((_, k) => k !== n), n));
      line.append(make("td", {}, remove));
      return line;
    }));
    add.disabled = rows.length >= field.most;
  }
  return { group: true, el: [make("div", { className: "scroll", tabIndex: -1 }, make("table", {}, make("thead", {}, head), body)), add], put };
}

const MAKERS = { number: numberField, choice: choiceField, many: manyField, check: checkField, text: textField, day: dayField, file: fileField, table: tableField };

// ---- The panel

export default {
  render({ model, el }) {
    const root = make("div", { className: "jiebei" });
    // In JupyterLab a key pressed here is meant for what has the focus, not for the notebook; its rules look at that very element.
    root.addEventListener("focusin", ({ target }) => { target.dataset.lmSuppressShortcuts = "true"; });
    const top = make("div", { className: "top", "aria-live": "polite" }), form = make("form", { className: "controls" });
    const problem = make("p", { className: "problem", role: "alert", hidden: true }), outdated = make("p", { className: "note outdated", hidden: true }), status = make("div", { className: "status", role: "status" });
    const beside = make("div", { className: "beside" }), below = make("div", { className: "below" });
    const side = make("div", { className: "side" }, form, status);
    const code = make("pre"), same_ = make("details", { className: "same" }, make("summary"), code);
    const gist = make("p", { className: "gist", "aria-hidden": "true", hidden: true }); // on a phone: the answer in a line that stays in sight
    root.append(top, gist, make("div", { className: "middle" }, side, make("div", { className: "shown" }, problem, outdated, beside), below), same_);
    el.classList.add("jiebei-place"); // a class, as ipywidgets' own layout clears styles that it did not set
    el.append(root);
    form.addEventListener("submit", (event) => event.preventDefault());
    // A link within the panel leads to its own part, whatever else is on the page.
    root.addEventListener("click", (event) => {
      const link = event.target.closest?.("a[data-to]");
      if (!link) return;
      event.preventDefault();
      const part = root.querySelector(link.getAttribute("href"));
      if (!part) return;
      part.tabIndex = -1;
      part.focus({ preventScroll: true });
      part.scrollIntoView({ block: "start" });
    });

    const places = { top, beside, below };
    let texts = [], controls = {}, lang = model.get("page").lang;
    const shown = new Map(); // part id -> {part, el, chart}
    let drawn = null, painted = null; // the page on screen, and when it is seen there: not before is the next one drawn
    let pressed = null, moved = false; // the button pressed a moment ago; whether the answer has taken it away
    let inHand = null; // the control that moves: its name, what the gauge said before, when it last moved
    let ready = null; // a page that the kernel sent, to be opened
    const waiting = new Set(); // charts out of sight, still to be drawn

    function say(node, both, attribute) {
      texts = texts.filter((entry) => entry.node !== node || entry.attribute !== attribute);
      texts.push({ node, both, attribute });
      write({ node, both, attribute });
      return node;
    }
    function write({ node, both, attribute }) {
      const text = both[lang] ?? both.zh;
      if (attribute) node.setAttribute(attribute, text); else node.textContent = text;
    }

    // Each change is counted: until the kernel has answered the newest, the panel is busy.
    function set(values, name = "") {
      const now = performance.now();
      if (inHand?.name !== name || now - inHand.at > REST) inHand = { name, before: model.get("page").gauge?.now };
      inHand.at = now;
      model.set("values", { ...model.get("values"), ...values });
      model.set("asked", model.get("asked") + 1);
      model.save_changes();
      markPresets();
    }

    function given(field, value) {
      set({ [field.name]: value, ...(value && field.also) }, field.name);
      if (value && field.also) putValues();
    }

    function buildForm() {
      texts = [];
      controls = {};
      const elsewhere = document.activeElement !== document.body && !root.contains(document.activeElement);
      const left = elsewhere ? null : pressed ?? document.activeElement.closest(".controls [data-name]")?.dataset.name;
      const names = () => [...form.querySelectorAll("[data-name]")].map((one) => one.dataset.name), before = names();
      form.replaceChildren(...model.get("fields").map(build));
      if (left) goOn(left, pressed === null || same(before, names()));
      side.hidden = !model.get("fields").length;
      arrange();
      putValues();
    }

    // The form that the reader was in has been built anew. They stay at the same control; where a pressed button has brought
    // other controls, they go on at the top of this panel (or at what the template marks as the answer), not of the page.
    function goOn(name, stays) {
      const box = stays ? form.querySelector(`[data-name="${name}"]`) : null, control = box?.querySelector("input, select, textarea") ?? box;
      moved ||= !control;
      root.tabIndex = -1;
      (control ?? root).focus({ preventScroll: true });
    }
    function seeAnswer() {
      pressed = null;
      moved = false;
      const place = top.querySelector("[data-answer]") ?? root;
      if (place.getBoundingClientRect().top < 0) place.scrollIntoView({ block: "start" });
    }

    function build(field) {
      if (field.kind === "group") {
        const inner = make("details", { className: "group", open: field.open }, say(make("summary"), field.label));
        if (field.note) inner.append(say(make("p", { className: "hint" }), field.note));
        inner.append(...field.fields.map(build));
        return inner;
      }
      if (field.kind === "button") {
        const button = make("button", { type: "button", className: field.main ? "main" : "" });
        if (field.note) button.append(say(make("strong"), field.label), " ", say(make("span"), field.note)); else say(button, field.label);
        button.dataset.name = field.name;
        button.addEventListener("click", () => {
          pressed = field.name;
          setTimeout(() => { pressed = null; }, 5000);
          model.send({ kind: "press", name: field.name });
        });
        return button;
      }
      if (field.kind === "heading") return say(make("h4"), field.label);
      if (field.kind === "presets") {
        const id = `jiebei-${nextId()}`, select = make("select", { id }, say(make("option", { value: "" }), model.get("page").words.own));
        field.options.forEach((option, n) => {
          select.append(say(make("option", { value: n }), option.label));
          select.lastChild.dataset.preset = option.name;
        });
        select.addEventListener("change", () => { if (select.value) { set(field.options[select.value].values, "presets"); putValues(); } });
        select.options_ = field.options;
        const box = make("div", { className: "field presets" }, say(make("label", { htmlFor: id }), field.label), select);
        box.dataset.name = "presets";
        return box;
      }
      const control = MAKERS[field.kind](field, say, (value) => given(field, value), model.get("page").words);
      controls[field.name] = control;
      const head = control.group ? make("legend") : make("label", control.id ? { htmlFor: control.id } : {});
      head.append(say(make("span"), field.label));
      if (field.badge) head.append(" ", say(make("span", { className: `basis ${field.badge.kind}` }), field.badge.label));
      const line = field.kind === "text" && !(field.lines > 1);
      const box = make(control.group ? "fieldset" : "div", { className: ["field", field.kind, field.look === "select" && "select", line && "line"].filter(Boolean).join(" ") });
      box.dataset.name = field.name;
      box.append(...(control.before ? [...control.el, head] : [head, ...control.el]));
      if (field.note) box.append(say(make("p", { className: "hint" }), field.note));
      return box;
    }

    function putValues() {
      const values = model.get("values");
      for (const [name, control] of Object.entries(controls)) {
        if (name in values) control.put(values[name]);
      }
      markPresets();
    }

    // What the panel has within, said on the panel itself (panel.css says why).
    function arrange() {
      const seen = !beside.hidden || !problem.hidden, open = "details[open] > .field.table", within = (one) => Boolean(root.querySelector(one));
      const has = { abreast: seen && !side.hidden, alone: !seen, table: within(`.side ${open}, .controls > .field.table`) };
      for (const look of ["lesson-style", "lesson-beside"]) has[look] = within(`.${look}`);
      for (const [name, there] of Object.entries(has)) root.classList.toggle(`${name}-in`, there);
    }
    form.addEventListener("toggle", arrange, true);

    function markPresets() {
      const values = model.get("values");
      for (const select of form.querySelectorAll(".presets select")) {
        const held = select.options_.findIndex((option) => Object.keys(option.values).every((name) => same(option.values[name], values[name])));
        select.value = held < 0 ? "" : held;
        select.options[0].hidden = select.options[0].disabled = held >= 0;
      }
    }

    // How far the answer has moved since the control in hand began to: beside that control, and nowhere else.
    function showGauge() {
      const { gauge, words } = model.get("page");
      gist.hidden = !gauge;
      gist.textContent = gauge?.line[lang] ?? "";
      form.querySelectorAll(".moved").forEach((one) => one.remove());
      const box = gauge && inHand?.before !== undefined ? form.querySelector(`.field[data-name="${CSS.escape(inHand.name)}"]`) : null;
      if (!box) return;
      const said = inHand.before === gauge.now ? words.unmoved[lang] : gauge.moved[lang];
      box.append(make("p", { className: "moved", textContent: said.replace("{before}", inHand.before).replace("{now}", gauge.now) }));
    }

    // ---- A view that can be sent: in the address of a page of Voilà, and as a line to copy.

    const called = model.get("page").name || "panel", nth = (globalThis.jiebeiNamed ??= {})[called] = (globalThis.jiebeiNamed[called] ?? 0) + 1;
    const key = nth > 1 ? `${called}-${nth}` : called, onPage = Boolean(document.body.dataset.voila);
    const linkTo = (view) => {
      const url = new URL(location.href);
      if (view) url.searchParams.set(key, view); else url.searchParams.delete(key);
      return url.href;
    };
    let writing = null;
    function keepAddress() {
      const { view, turn } = model.get("page");
      if (!onPage || asking || turn < 2) return;
      clearTimeout(writing);
      writing = setTimeout(() => history.replaceState(null, "", linkTo(view)), 300); // a drag is one change
    }
    // Asked until the kernel says that it has it: a page that is just being connected may lose the question.
    let asking = null;
    function openView(view) {
      clearInterval(asking);
      const ask = () => { if (model.get("page").opened === view) { clearInterval(asking); asking = null; } else model.send({ kind: "open", view }); };
      asking = setInterval(ask, 2000);
      ask();
    }
    function viewIn(text) {
      const query = text.includes("?") ? new URLSearchParams(text.slice(text.indexOf("?"))) : null;
      return query?.get(key) ?? (text.startsWith(`${called}=`) ? text.slice(called.length + 1) : text);
    }
    const copy = make("button", { type: "button" }), sentBox = make("input", { type: "text", id: `jiebei-${nextId()}`, maxLength: 8000, spellcheck: false });
    const sentOpen = make("button", { type: "button" }), sentLabel = make("label", { htmlFor: sentBox.id });
    const sending = make("div", { className: "sending" }, copy, sentLabel, make("div", { className: "row" }, sentBox, sentOpen));
    same_.append(sending);
    copy.addEventListener("click", async () => {
      const { view, words } = model.get("page"), text = onPage ? linkTo(view) : `${called}=${view || "{}"}`;
      try { await navigator.clipboard.writeText(text); copy.textContent = words.copied[lang]; setTimeout(nameSending, 2000); } catch { sentBox.value = text; sentBox.select(); }
    });
    sentOpen.addEventListener("click", () => { if (sentBox.value.trim()) openView(viewIn(sentBox.value.trim())); });
    sentBox.addEventListener("keydown", (event) => { if (event.key === "Enter") sentOpen.click(); });
    function nameSending() {
      const { words } = model.get("page");
      copy.textContent = words[onPage ? "link" : "line"][lang];
      sentLabel.textContent = words.sent[lang];
      sentOpen.textContent = words.open[lang];
    }

    // ---- Words and pictures

    async function drawChart(entry) {
      waiting.delete(entry);
      const { chart } = entry;
      let Plotly = globalThis.Plotly;
      if (!globalThis.jiebeiPlotly || !Plotly) {
        const patience = setTimeout(() => withoutChart(entry), 8000); // no kernel answers: it may never; if it does, the chart is drawn
        try {
          Plotly = await plotly(model);
        } catch {
          return withoutChart(entry);
        } finally {
          clearTimeout(patience);
        }
        if (entry.bare) { entry.bare = false; chart.replaceChildren(); }
      }
      if (!chart.isConnected) return;
      entry.width ??= chart.clientWidth; // later told by `width`: asking the browser for it makes it lay out the page at once
      if (!entry.width) { waiting.add(entry); return; }
      const { data, layout, config } = entry.part.figure; // the newest: it may have changed while plotly.js was loading
      const paper = paperOf(root);
      await Plotly.react(chart, onPaper(structuredClone(data), paper), onPaper(untitled(layout, entry.width), paper), config);
      within(chart);
      entry.bar.hidden = false;
      if (entry.part.figure.data === data) delete chart.dataset.stale;
      if (!entry.listening && model.get("page").picks.includes(entry.part.name)) listen(entry);
    }

    // Where no kernel brings the chart library: the numbers in place of the picture.
    function withoutChart(entry) {
      if (globalThis.Plotly && entry.chart.data) return;
      entry.bare = true;
      entry.chart.textContent = model.get("page").words.no_chart[lang];
      entry.chart.style.minHeight = "";
      delete entry.chart.dataset.stale;
      entry.rows.open = true;
    }

    // The chart's own tools, in a line that shows when the chart is pointed at or has the focus.
    function tools(entry) {
      const bar = make("div", { className: "tools", role: "group", hidden: true });
      const tool = (name, act) => {
        const button = make("button", { type: "button", textContent: name.toUpperCase() });
        button.dataset.tool = name;
        button.addEventListener("click", () => act(button));
        bar.append(button);
      };
      const flat = (spec) => spec.layout.xaxis && !spec.data.some((one) => one.type === "parcoords");
      tool("zoom", (button) => {
        const on = button.getAttribute("aria-pressed") !== "true";
        button.setAttribute("aria-pressed", String(on));
        if (flat(entry.part.figure)) globalThis.Plotly.relayout(entry.chart, { dragmode: on ? "zoom" : false, "xaxis.fixedrange": !on, "yaxis.fixedrange": !on });
      });
      tool("reset", () => { bar.querySelector("[data-tool=zoom]").setAttribute("aria-pressed", "false"); globalThis.Plotly.purge(entry.chart); entry.listening = false; drawChart(entry); });
      for (const format of ["png", "svg"]) tool(format, () => saveChart(entry, format));
      tool("csv", async (button) => {
        const text = csv(entry.part.head, entry.part.rows), tell = () => { button.textContent = model.get("page").words.copied[lang]; setTimeout(() => named(entry), 2000); };
        try { await navigator.clipboard.writeText(text); tell(); } catch { keep(`${entry.part.name}.csv`, "\ufeff" + text, "text/csv"); }
      });
      entry.flat = flat;
      return bar;
    }
    function named(entry) {
      for (const name of ["zoom", "reset", "csv"]) entry.bar.querySelector(`[data-tool=${name}]`).textContent = model.get("page").words[name][lang];
    }

    // A picture of the chart as a reader would show it elsewhere: with its title, on white.
    async function saveChart(entry, format) {
      const { data, layout } = entry.part.figure, size = { width: Math.max(720, entry.width ?? 0), height: layout.height ?? 360 };
      const url = await globalThis.Plotly.toImage({ data: structuredClone(data), layout: { ...structuredClone(layout), ...size } }, { format, ...size, scale: format === "png" ? 2 : 1 });
      make("a", { href: url, download: `${entry.part.name}.${format}` }).click();
    }

    function listen(entry) {
      entry.listening = true;
      const point = ({ x, y, customdata, pointNumber, curveNumber }) => ({ x, y, custom: customdata ?? null, point: pointNumber, curve: curveNumber });
      entry.chart.on("plotly_click", (event) => model.send({ kind: "click", figure: entry.part.name, points: event.points.map(point) }));
      entry.chart.on("plotly_restyle", ([changes]) => model.send({ kind: "brush", figure: entry.part.name, changes }));
    }

    const sight = new IntersectionObserver((seen) => {
      for (const { target, isIntersecting } of seen) {
        target.inSight = isIntersecting;
        if (isIntersecting && waiting.has(target.entry)) drawChart(target.entry);
      }
    }, { rootMargin: "300px" });
    const width = new ResizeObserver((changed) => {
      for (const { target } of changed) {
        const now = target.entry.width = target.clientWidth;
        if (waiting.has(target.entry)) drawChart(target.entry);
        else if (globalThis.Plotly && target.data && now && target.layout?.width !== now) globalThis.Plotly.relayout(target, { width: now }).then(within);
      }
    });

    // What lies around a panel must not clip what sticks in it.
    const placed = new ResizeObserver(() => {
      for (let up = el.parentElement; up && !up.matches(".jp-Notebook"); up = up.parentElement) {
        if (up.matches(".jp-Cell, .jp-Cell-outputWrapper, .jp-OutputArea, .jp-OutputArea-child, .jp-OutputArea-output")) up.classList.add("jiebei-around");
      }
    });
    placed.observe(root);

    // The numbers of a chart, written when they are to be seen.
    function numbers(entry) {
      const { part, rows } = entry, name = entry.name.textContent;
      if (entry.told === name) return;
      entry.told = name;
      const table = make("table", {}, make("thead", {}, make("tr", {}, ...part.head.map((text) => make("th", { scope: "col", textContent: text })))),
        make("tbody", {}, ...part.rows.map((row) => make("tr", {}, ...row.map((text, n) => make(n ? "td" : "th", n ? { textContent: text } : { scope: "row", textContent: text }))))));
      rows.replaceChildren(entry.name, make("div", { className: "scroll", tabIndex: 0, role: "region", "aria-label": name }, table));
    }

    function build_part(part) {
      if (!part.figure) return { part, el: make("div", { className: "words" }) };
      const id = `jiebei-${nextId()}`;
      const chart = make("div", { className: "chart", "aria-hidden": "true" }), title = make("p", { className: "title", id });
      const alt = make("p", { className: "alt" }), caption = make("figcaption"), name = make("summary"), rows = make("details", {}, name);
      const entry = { part: null, chart, title, alt, caption, name, rows, told: null };
      const bar = entry.bar = tools(entry), figure = entry.el = make("figure", { role: "group", "aria-labelledby": id }, title, alt, chart, bar, caption, rows);
      figure.dataset.figure = part.name;
      bar.setAttribute("aria-labelledby", id);
      chart.entry = entry;
      rows.addEventListener("toggle", () => { if (rows.open) numbers(entry); });
      sight.observe(chart);
      width.observe(chart);
      return entry;
    }

    function fill(entry, part, first) {
      const before = entry.part;
      entry.part = part;
      if (!part.figure) {
        if (first || before.html !== part.html) entry.el.innerHTML = part.html; // finished HTML from the library's own templates
        return;
      }
      // The title stands above the chart as text, where it wraps; plotly would cut it on a phone. It was escaped for plotly.
      const title = part.figure.layout.title?.text ?? "", name = model.get("page").words.numbers[lang];
      if (first || title !== before.figure.layout.title?.text) entry.title.innerHTML = title;
      for (const [el, text] of [[entry.alt, part.alt], [entry.caption, part.caption], [entry.name, name]]) if (el.textContent !== text) el.textContent = text;
      entry.rows.hidden = !part.rows.length;
      named(entry);
      entry.bar.querySelector("[data-tool=csv]").hidden = !part.rows.length;
      for (const name of ["zoom", "reset"]) entry.bar.querySelector(`[data-tool=${name}]`).hidden = !entry.flat(part.figure);
      if (first || name !== entry.told || !same([before.head, before.rows], [part.head, part.rows])) {
        entry.told = null; // the language in which the numbers are written, once they are
        if (entry.rows.open) numbers(entry);
      }
      entry.chart.style.minHeight = `${untitled(part.figure.layout).height}px`;
      if (!first && same(before.figure, part.figure)) return;
      entry.chart.dataset.stale = "1";
      if (first || entry.chart.inSight === false) waiting.add(entry); else return drawChart(entry);
    }

    async function show() {
      await painted;
      const page = model.get("page"), changed = page.lang !== lang;
      if (page === drawn) return;
      drawn = page;
      lang = page.lang;
      root.lang = lang === "zh" ? "zh-CN" : "en-GB";
      if (changed) for (const entry of texts) write(entry);
      const busy = markBusy();
      problem.hidden = !page.problem;
      problem.textContent = page.problem?.[lang] ?? "";
      outdated.hidden = !page.outdated;
      outdated.textContent = page.words.outdated[lang];
      root.toggleAttribute("data-outdated", Boolean(page.outdated));
      if (changed) showStatus();
      const { python = "", command = "" } = page.same ?? {};
      same_.hidden = !python;
      same_.firstChild.textContent = page.words.same[lang];
      code.textContent = [python, command && `# ${command}`].filter(Boolean).join("\n\n");
      nameSending();
      showGauge();
      keepAddress();
      const drawing = [], kept = new Set();
      for (const [place, box] of Object.entries(places)) {
        let at = box.firstElementChild;
        for (const part of page.places[place]) {
          let entry = shown.get(part.id);
          const first = !entry;
          if (first) shown.set(part.id, (entry = build_part(part)));
          kept.add(part.id);
          entry.el.toggleAttribute("data-old", Boolean(part.old));
          if (entry.el !== at) box.insertBefore(entry.el, at); else at = at.nextElementSibling;
          drawing.push(fill(entry, part, first));
        }
        box.hidden = !page.places[place].length;
      }
      for (const [id, entry] of shown) {
        if (kept.has(id)) continue;
        if (entry.chart) { sight.unobserve(entry.chart); width.unobserve(entry.chart); waiting.delete(entry); globalThis.Plotly?.purge(entry.chart); }
        entry.el.remove();
        shown.delete(id);
      }
      arrange();
      await Promise.all(drawing);
      painted = frame();
      if (moved) seeAnswer();
      root.dataset.turn = page.turn; // for tests and measurements: this turn is on screen
      if (!busy) root.dataset.settled = page.turn;
      soon();
    }

    function markBusy() {
      const { busy, asked } = model.get("page"), waits = busy || asked !== model.get("asked");
      root.setAttribute("aria-busy", String(waits));
      root.toggleAttribute("data-asking", asked !== model.get("asked")); // all on screen is of before
      return waits;
    }

    // Charts out of sight are drawn when the browser has nothing better to do.
    function soon() {
      if (waiting.size) (globalThis.requestIdleCallback ?? setTimeout)(() => { const [entry] = waiting; if (entry?.width) drawChart(entry).then(soon); });
    }

    function showStatus() {
      const { text, done, link } = model.get("status");
      status.replaceChildren();
      if (!text) return;
      if (typeof done === "number") status.append(make("progress", { max: 1, value: done, "aria-label": text[lang] }));
      status.append(make("span", { textContent: text[lang] }));
      if (ready && done === null) {
        const open = make("a", { href: ready.url, target: "_blank", rel: "noopener", textContent: ready.link[lang] });
        status.append(" ", open, " · ", make("a", { href: ready.url, download: ready.name, textContent: ready.name }));
      }
      if (link) status.append(" ", make("a", { href: link.href, target: "_blank", rel: "noopener", textContent: link[lang] }));
    }

    function heard(content) {
      if (content.kind !== "download") return;
      if (content.link) {
        ready = { url: address(content.text, content.type), name: content.name, link: content.link };
        showStatus();
      } else keep(content.name, content.text, content.type);
    }
    const address = (text, type) => URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
    function keep(name, text, type) {
      const url = address(text, type);
      make("a", { href: url, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(url), 10000);
    }

    // The page's theme has changed: the charts follow.
    const theme = new MutationObserver(() => { for (const entry of shown.values()) if (entry.chart?.data) drawChart(entry); });
    theme.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-name", "data-jp-theme-light", "style"] });

    const events = { "change:fields": buildForm, "change:values": putValues, "change:asked": markBusy, "change:page": show, "change:status": showStatus, "msg:custom": heard };
    for (const [name, handler] of Object.entries(events)) model.on(name, handler);
    buildForm();
    show();
    const sent = onPage && new URLSearchParams(location.search).get(key);
    if (sent) openView(sent);
    return () => {
      clearInterval(asking);
      for (const [name, handler] of Object.entries(events)) model.off(name, handler);
      sight.disconnect();
      width.disconnect();
      placed.disconnect();
      theme.disconnect();
      for (const entry of shown.values()) if (entry.chart) globalThis.Plotly?.purge(entry.chart);
    };
  },
};
