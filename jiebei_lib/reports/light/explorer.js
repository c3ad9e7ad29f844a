// The page: a control for every fact, and the answer beside it. Whatever a reader typed is shown as text, never as HTML.
"use strict";
(() => {
  const { el, fill, refill, data } = JiebeiKit, root = document.getElementById("light");
  const know = typeof jiebeiKnow === "undefined" ? data("light-know") : jiebeiKnow;
  const given = data("light-case"), { sliders, settle, pause } = given.controls;
  const state = { facts: { ...given.facts }, as_of: given.as_of, lang: given.langs[0] };
  const whole = given.heading === "h1"; // a page of its own, not a section of a report
  let words, boxes = {}, places = {}, waiting = 0, later = 0;

  const list = (tag, lines, traits = {}) => el(tag, traits, ...lines.map((line) => el("li", {}, line)));
  const small = (text) => el("h2", { class: "small" }, text);
  const say = (key, slots) => words.say(key, slots);
  const here = (key, slots) => words.say(`light.page.${key}`, slots);

  // What is typed as a value of a field: null for unknown, undefined for what it may not be.
  function read(name, text) {
    const field = know.fields[name], plain = text.normalize("NFKC").replace(/[,\s]/g, "");
    if (!plain) return field.required ? undefined : null;
    const number = (part) => {
      const value = /^-?\d+(\.\d+)?$/.test(part) ? Number(part) : NaN;
      const fine = value <= field.maximum && (field.minimum === undefined || value >= field.minimum) &&
        (field.exclusive_minimum === undefined || value > field.exclusive_minimum) && (field.type !== "integer" || Number.isInteger(value));
      return fine ? value : undefined;
    };
    const ends = field.span ? plain.split(/[-–~至到]/) : [plain];
    const [low, high] = ends.map(number);
    if (ends.length > 2 || low === undefined || (ends.length === 2 && (high === undefined || low > high))) return undefined;
    return ends.length === 1 || low === high ? low : [low, high];
  }

  const written = (value) => (value === null ? "" : [value].flat().join("-"));

  // Where a value stands on its slider, and back: in even steps or in equal multiples.
  function place(name, value) {
    const { low, high, steps, scale } = sliders[name], middle = Array.isArray(value) ? Math.sqrt(value[0] * value[1]) : value;
    const part = scale === "even" ? (middle - low) / (high - low) : Math.log(middle / low) / Math.log(high / low);
    return Math.round(steps * Math.min(1, Math.max(0, part)));
  }
  function placed(name, at) {
    const { low, high, steps, scale, round } = sliders[name], part = at / steps;
    if (scale === "even") return Math.round(low + part * (high - low));
    const value = low * (high / low) ** part, fineness = round.filter((each) => each * 10 <= value).pop() ?? round[0];
    return Math.round(value / fineness) * fineness;
  }

  function set(name, value, from) {
    state.facts[name] = value;
    const { box, slider, unknown, problem } = boxes[name];
    if (box && from !== box) box.value = written(value);
    if (slider) {
      if (from !== slider && value !== null) slider.value = place(name, value);
      slider.classList.toggle("unset", value === null);
      slider.setAttribute("aria-valuetext", words.fact(name, value));
    }
    if (unknown) unknown.checked = value === null;
    if (problem) wrong(name, "");
    show();
  }

  function wrong(name, text) {
    const { box, problem } = boxes[name];
    problem.textContent = text;
    box.setAttribute("aria-invalid", text ? "true" : "false");
  }

  function numberField(name) {
    const field = know.fields[name], id = `fact-${name}`, title = field.name[state.lang];
    const box = el("input", { id, type: "text", inputmode: field.minimum < 0 || field.span ? "text" : "decimal", autocomplete: "off",
      value: written(state.facts[name]), "aria-describedby": `${id}-hint ${id}-problem`, oninput: () => {
        const value = read(name, box.value), slots = { name: title, allowed: field.allowed[state.lang] };
        if (value === undefined) wrong(name, here("wrong", slots));
        else set(name, value, box);
      } });
    const unit = field.unit && field.about === "score" ? el("span", { class: "unit", "aria-hidden": "true" }, field.unit_name[state.lang]) : null;
    const hint = el("span", { id: `${id}-hint`, class: "hint" }, field.span ? here("span") : field.required ? field.description[state.lang] : here("empty"));
    const problem = el("span", { id: `${id}-problem`, class: "problem", role: "alert" });
    const unknown = field.required ? null : el("input", { type: "checkbox", id: `${id}-unknown`, onchange: () => {
      const { slider: bar } = boxes[name];
      if (unknown.checked) set(name, null);
      else if (bar) set(name, placed(name, Number(bar.value)));
      else { unknown.checked = true; box.focus(); }
    } });
    const slider = name in sliders ? el("input", { type: "range", min: 0, max: sliders[name].steps, "aria-label": title,
      oninput: () => set(name, placed(name, Number(slider.value)), slider) }) : null;
    boxes[name] = { box, slider, unknown, problem };
    if (slider) {
      slider.value = state.facts[name] === null ? sliders[name].steps / 2 : place(name, state.facts[name]);
      slider.classList.toggle("unset", state.facts[name] === null);
      slider.setAttribute("aria-valuetext", words.fact(name, state.facts[name]));
    }
    if (unknown) unknown.checked = state.facts[name] === null;
    return el("div", { class: "fact" }, el("label", { for: id }, title), el("div", { class: "entry" }, box, unit,
      unknown && el("label", { class: "chip", for: unknown.id }, unknown, el("span", {}, say("facts.unknown")))), slider, hint, problem);
  }

  function levelField(name) {
    const field = know.fields[name], levels = field.required ? field.levels : [...field.levels, null];
    boxes[name] = { radios: [] };
    const chips = levels.map((level, n) => {
      const radio = el("input", { type: "radio", name: `fact-${name}`, id: `fact-${name}-${n}`, value: level ?? "", onchange: () => set(name, level) });
      radio.checked = state.facts[name] === level;
      boxes[name].radios.push([level, radio]);
      return el("label", { class: "chip", for: radio.id }, radio, el("span", {}, words.fact(name, level)));
    });
    return el("fieldset", { class: "fact" }, el("legend", {}, field.name[state.lang]), el("div", { class: "chips" }, ...chips));
  }

  function dayField() {
    const problem = el("span", { id: "as-of-problem", class: "problem", role: "alert" });
    const box = el("input", { id: "as-of", type: "date", value: state.as_of, "aria-describedby": "as-of-problem", oninput: () => {
      const fine = /^\d{4}-\d\d-\d\d$/.test(box.value) && !Number.isNaN(Date.parse(box.value));
      problem.textContent = fine ? "" : here("wrong_date");
      if (fine) { state.as_of = box.value; show(); }
    } });
    return el("div", { class: "fact" }, el("label", { for: "as-of" }, here("as_of")), el("div", { class: "entry" }, box), problem);
  }

  function controls() {
    const { first, more, reached } = given.controls, field = (name) => (know.fields[name].levels ? levelField(name) : numberField(name));
    boxes = {};
    const again = el("button", { type: "button", onclick: () => { Object.assign(state, { facts: { ...given.facts }, as_of: given.as_of }); build("again"); } }, here("back"));
    again.id = "again";
    return el("form", { class: "controls", "aria-labelledby": "controls-title", autocomplete: "off", onsubmit: (event) => event.preventDefault() },
      el("h2", { id: "controls-title" }, here("facts")), el("p", { class: "note" }, here("lead")),
      ...first.map(field), ...more.map(field),
      el("details", { class: "behind" }, el("summary", {}, say("case.reached")), ...reached.map(field), dayField()), again);
  }

  // One witness's picture: its hundred readings, and the range of the likelihood
  function picture(n) {
    const dots = Array.from({ length: 100 }, () => el("i"));
    const most = el("i", { class: "most" }), all = el("i", { class: "all" });
    const line = el("div", { class: "scale", role: "img" }, all, most, el("i", { class: "even" }));
    const grid = el("div", { class: "dots", role: "img" }, ...dots), name = el("span", { class: "by" }, words.by(n)), count = el("strong");
    let before = 0; // dots that are up
    const draw = (side) => {
      const over = words.ofHundred(side.share), ends = [side.likelihood, side.nine_in_ten];
      for (let k = Math.min(before, over); k < Math.max(before, over); k++) dots[k].className = k < over ? "up" : "";
      before = over;
      [all, most].forEach((bar, k) => {
        bar.style.left = `${100 * ends[k].low}%`;
        bar.style.width = `${100 * (ends[k].high - ends[k].low)}%`;
      });
      const [low, high] = [ends[1].low, ends[1].high].map(words.percent), [least, extreme] = [ends[0].low, ends[0].high].map(words.percent);
      line.setAttribute("aria-label", here("line", { by: words.by(n), low, high, least, most: extreme }));
      grid.setAttribute("aria-label", here("dots", { by: words.by(n), n: over }));
      count.textContent = here("count", { n: over });
    };
    return { node: el("div", { class: "picture" }, el("p", {}, name, " ", count), grid, line), draw };
  }

  const tag = (one) => (one.reported && one.basis !== "reported" ? el("span", { class: "reported", title: say("page.reported_long") }, say("page.reported")) : null);
  const stated = (kind, id, rest = null) => {
    const one = kind.id ? kind : know.rules[kind][id], cites = (one.cites?.[state.lang] ?? []).map((cite) => el("span", { class: "cite" }, cite));
    const basis = el("span", { class: `basis ${one.basis}` }, say(`basis.${one.basis}`));
    return el("li", {}, one.text[state.lang], " ", el("small", { class: "rests" }, basis, " ", tag(one), " ", ...cites, rest));
  };

  function answerPart() {
    const pictures = know.witnesses.map((_, n) => picture(n));
    const lines = el("ul", { class: "witnesses" }), agreed = el("p"), nine = el("p", { class: "note" });
    places.draw = (a) => {
      refill(lines, ...a.witnesses.map((side, n) => el("li", { class: `verdict-${side.verdict}` }, words.sentence(side, n))));
      agreed.className = `agreement ${a.agreement}`;
      agreed.textContent = words.agreed(a);
      nine.textContent = words.nine(a);
      a.witnesses.forEach((side, n) => pictures[n].draw(side));
    };
    return el("section", { class: "first", "aria-label": here("answer") }, lines, agreed, nine,
      el("div", { class: "pictures" }, ...pictures.map((each) => each.node)), el("p", { class: "note scale-note" }, here("scale")));
  }

  function table(head, rows) {
    const cells = (row) => row.map((cell, n) => el(n ? "td" : "th", n ? {} : { scope: "row" }, cell));
    return el("div", { class: "scroll" }, el("table", { class: "wide rows" }, el("thead", {}, el("tr", {}, ...head.map((one) => el("th", { scope: "col" }, one)))),
      el("tbody", {}, ...rows.map((row) => el("tr", {}, ...cells(row))))));
  }

  // The rest of the first screen, as show/case/sections.html.j2 has it
  function firstScreen(a) {
    const { permitted } = a, why = words.why(a), late = a.facts.days_overdue;
    return [
      small(say("case.first.certain")), list("ul", words.certain(a), { class: "certain" }),
      small(say("case.first.may", { as_of: a.as_of })),
      el("p", { class: `ruling ${permitted.status}` }, why.text[state.lang], " ", tag(why)),
      ...words.aged(a).map((line) => el("p", { class: "note aged" }, line)),
      small(say("case.first.do")), list("ol", words.toDo(a), { class: "do" }),
      small(say("money.heading")), el("p", {}, words.cost(a).headline),
      ...(late === 0 ? [] : [small(say("case.today.words")), el("blockquote", {}, ...words.toSay(a).map((line) => el("p", {}, line)))]),
      a.questions.length && a.witnesses[0].grade !== "not_yet"
        ? el("p", {}, el("strong", {}, say("case.first.unknown")), state.lang === "zh" ? "：" : ": ", know.questions[a.questions[0].field][state.lang]) : null,
    ];
  }

  const fold = (key, title, body) => ({ key, title, body });
  const parts = () => [
    fold("changes", say("case.changes.heading"), (a) => [
      ...(a.steps.length ? [el("p", {}, say("case.changes.lead")), table(say("case.changes.table"), a.steps.map((step) => words.stepRow(step, a.witnesses[0])))]
        : [el("p", {}, words.noSteps(a))]), el("p", { class: "note" }, say("case.changes.never"))]),
    fold("cost", say("money.heading"), (a) => {
      const cost = words.cost(a);
      return [el("p", {}, el("strong", {}, cost.headline)), el("p", {}, cost.lead), table(say("money.report.table"), cost.rows),
        ...cost.notes.map((line) => el("p", { class: "note" }, line))];
    }),
    fold("may-they", say("case.may.heading"), (a) => [
      el("p", {}, say("case.may.lead")),
      ...(a.permitted.conditions.length ? [el("p", {}, say("case.may.conditions")), el("ul", {}, ...a.permitted.conditions.map((id) => stated("unreachable_conditions", id)))] : []),
      ...(a.permitted.rules.length ? [el("h3", {}, say("case.may.rules", { as_of: a.as_of })), el("ul", { class: "rules" }, ...a.permitted.rules.map((id, n) => {
        const rule = know.rules.third_persons[id], open = a.permitted.bound[n] === null ? ` ${say("case.may.if_bound")}` : "";
        return stated("third_persons", id, ` · ${say("case.may.since", { since: rule.from })} · ${rule.binds[state.lang]}${open}`);
      }))] : []),
      ...(a.permitted.conflicts.length ? [el("h3", {}, say("case.may.conflicts")), el("ul", { class: "conflicts" },
        ...a.permitted.conflicts.map((id) => el("li", {}, know.rules.conflicts[id].text[state.lang])))] : [el("p", {}, say("case.may.no_conflicts"))])]),
    fold("caller", say("case.caller.heading"), (a) => [el("div", { class: "two" }, ...["may", "may_not"].map((side) => el("div", { class: side },
      el("h3", {}, say(`case.caller.${side}`)), a.conduct[side].length ? el("ul", {}, ...a.conduct[side].map((id) => stated({ id, ...know.rules.caller[side][id] })))
        : el("p", {}, say("case.caller.none")))))]),
    fold("today", say("case.today.heading"), (a) => [el("ol", { class: "actions" }, ...a.actions.map((id) => stated("actions", id)))]),
    fold("stage", here("stage"), (a) => [el("ul", {}, stated("stages", a.stage))]),
    fold("consequences", say("case.consequences.heading"), (a) => {
      const found = words.consequences(a), line = (one) => (one.ahead ? `${say("case.consequences.from_day", { day: one.from_day })}${state.lang === "zh" ? "：" : ": "}${one.text}` : one.text);
      return [false, true].flatMap((ahead) => {
        const lines = found.filter((one) => one.ahead === ahead).map(line);
        return lines.length ? [el("h3", {}, say(ahead ? "case.consequences.ahead" : "case.consequences.now")), list("ul", lines)] : [];
      });
    }),
    fold("limits", say("case.limits.heading"), () => [el("ul", {}, ...Object.keys(know.rules.limits).map((id) => stated("limits", id)))]),
  ];

  function facts() {
    return el("dl", { class: "facts" }, ...Object.keys(know.fields).filter((name) => know.fields[name].about === "score" || state.facts[name] !== null)
      .map((name) => el("div", state.facts[name] === null ? { class: "unknown" } : {}, el("dt", {}, know.fields[name].name[state.lang]), el("dd", {}, words.fact(name, state.facts[name])))));
  }

  const changed = () => state.as_of !== given.as_of || Object.keys(given.facts).some((name) => written(state.facts[name] ?? null) !== written(given.facts[name] ?? null));

  function show() {
    const a = JiebeiEngine.assess(state.facts, state.as_of, know);
    places.title.textContent = words.asked(a);
    places.draw(a);
    refill(places.rest, ...firstScreen(a));
    // What stands open below follows when the hand rests, so that the answer itself is never late
    clearTimeout(later);
    later = setTimeout(() => { for (const part of places.parts) if (part.node.open) fill(part.place, ...part.body(a)); }, pause);
    refill(places.facts, facts());
    const name = changed() ? say("page.what_if", { name: given.case_id }) : given.case_id;
    places.byline.textContent = say("page.byline", { case_id: name, as_of: a.as_of, policy: know.witnesses[0].name[state.lang] });
    refill(places.now, ...a.witnesses.map((side, n) => el("span", { class: `verdict-${side.verdict}` }, `${words.by(n)} `, el("strong", {}, here("count", { n: words.ofHundred(side.share) })))));
    clearTimeout(waiting);
    waiting = setTimeout(() => { places.told.textContent = a.witnesses.map(words.sentence).join(" "); }, settle);
    root.dataset.turn = Number(root.dataset.turn ?? 0) + 1;
    return a;
  }

  function build(focus) {
    words = JiebeiWords.speaker(know, state.lang);
    document.documentElement.lang = state.lang === "zh" ? "zh-CN" : "en";
    const opened = places.parts?.filter((part) => part.node.open).map((part) => part.key) ?? [];
    const reached = root.querySelector("form details")?.open;
    places = { title: el(given.heading, { id: "question" }), rest: el("div", { class: "first rest" }), facts: el("div", { class: "print" }), byline: el("p", { class: "byline" }),
      now: el("div", { class: "now", "aria-hidden": "true" }), told: el("p", { class: "alt", role: "status" }) };
    places.parts = parts().filter((part) => given.parts.includes(part.key)).map((part) => {
      const body = el("div"), node = el("details", { class: "folded", open: opened.includes(part.key), ontoggle: () => { if (node.open) fill(body, ...part.body(show())); } }, el("summary", {}, el("h2", {}, part.title)), body);
      return { ...part, node, place: body };
    });
    const other = given.langs.find((each) => each !== state.lang);
    const turn = other ? el("button", { type: "button", id: "language", lang: other === "zh" ? "zh-CN" : "en", onclick: () => { state.lang = other; build("language"); } }, here("language")) : null;
    fill(root, whole ? el("header", {}, el("p", { class: "kicker" }, say("page.kicker")), turn) : null, places.title, places.facts,
      el("div", { class: "bench" }, places.now, answerPart(), controls(), places.rest),
      ...places.parts.map((part) => part.node), places.byline, places.told);
    if (reached) root.querySelector("form details").open = true;
    if (whole) document.title = here("title");
    show();
    if (focus) document.getElementById(focus).focus();
  }

  // What a browser compiles when it is first run is run before a finger comes: an answer for each stage, which nobody sees, one at a time
  function rehearse(days) {
    if (!days.length) return;
    firstScreen(JiebeiEngine.assess({ ...state.facts, days_overdue: days[0] }, state.as_of, know));
    setTimeout(rehearse, pause, days.slice(1));
  }

  addEventListener("beforeprint", () => { const a = show(); for (const part of places.parts) { part.node.open = true; fill(part.place, ...part.body(a)); } });
  build();
  setTimeout(rehearse, pause, Object.values(know.rules.stages).map((stage) => Math.max(0, stage.days[0])));
})();
