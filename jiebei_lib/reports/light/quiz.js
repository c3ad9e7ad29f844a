// A lesson's quiz: two parallel forms, the second with feedback. Marks as jiebei_lib/lessons/bank.py does.
"use strict";
const JiebeiMark = (() => {
  const breaking = (item) => item.lines.filter((line) => line.rule);
  const told = (right, lines) => ({ right, said: lines.map((line) => line.why), lines: lines.map((line) => line.text) });
  const simply = (right, why) => ({ right, said: [why], lines: [] });

  function mark(item, given) {
    if (given === null) return item.type === "breach" ? told(false, breaking(item)) : simply(false, item.why);
    if (item.type === "choice") return simply(given === 0, item.parts[given].why);
    if (item.type === "number") {
      if (Math.abs(given - item.answer) <= item.allow) return simply(true, item.why);
      return simply(false, (item.wrong.find((one) => Math.abs(given - one.value) <= item.allow) ?? item.otherwise).why);
    }
    if (item.type === "order") {
      if (given.every((step, n) => step === n)) return simply(true, item.why);
      const swap = item.wrong.find((one) => given.indexOf(one.first - 1) < given.indexOf(one.before - 1));
      return simply(false, (swap ?? item.otherwise).why);
    }
    const missed = item.lines.filter((line, n) => given.includes(n) !== line.rule);
    return told(!missed.length, missed.length ? missed : breaking(item));
  }
  return { mark };
})();
if (typeof module !== "undefined") module.exports = JiebeiMark;
if (typeof document !== "undefined") (() => {
  const { filled, el, fill, data, kept, learner, packed, handIn, rests, frame } = JiebeiKit;
  const know = data("light-know"), root = document.getElementById("light"), place = kept(know.key), { mark } = JiebeiMark;
  const nobody = () => ({ turned: false, name: "", begun: false, lang: know.langs[0], done: { before: [], after: [] } });
  let state = { ...nobody(), ...place.read() }, shown = null;
  const who = learner(know.letters, know.length), phases = ["before", "after"];
  if (!know.langs.includes(state.lang)) state.lang = know.langs[0];
  const say = (key, slots = {}) => filled(know.text[state.lang][key], slots);
  const of = (text) => text[state.lang];
  const form = (phase) => know.forms[(phase === "after") !== state.turned ? 1 : 0];
  const phase = () => phases.find((each) => state.done[each].length < form(each).length);
  const keep = () => { if (!place.write(state)) root.dataset.kept = "no"; };
  const press = (id, text, act) => el("button", { type: "submit", id, onclick: (event) => { event.preventDefault(); act(); } }, text);
  const rightOf = (each) => form(each).filter((asked, n) => n < state.done[each].length && mark(know.items[asked.item], state.done[each][n]).right).length;

  function start() {
    const name = el("input", { id: "name", type: "text", maxlength: know.longest_name, autocomplete: "off", value: state.name });
    return [el("h1", {}, of(know.title)), el("p", {}, say("light.lesson.lead", { number: form("before").length })), el("p", { class: "note" }, say("light.lesson.stays")),
      el("form", {}, el("div", { class: "fact" }, el("label", { for: "name" }, say("light.lesson.name")), el("div", { class: "entry" }, name), el("span", { class: "hint" }, say("light.lesson.name_note"))),
        press("begin", say("lessons.quiz.begin"), () => {
          state.name = name.value.trim();
          state.turned = /\d/.test(state.name) && Number(state.name.replace(/\D/g, "")) % 2 === 0;
          state.begun = true;
          keep();
          draw();
        }))];
  }

  // A question's controls, and how to read what was answered: null for "I don't know", undefined for what cannot be
  function controls(item, asked) {
    const choice = (type, n, text) => el("label", { class: "option", for: `part-${n}` }, el("input", { type, name: "part", id: `part-${n}`, value: n }), el("span", {}, text));
    const ticked = (box) => [...box.querySelectorAll(":checked")].map((each) => each.value);
    if (item.type === "choice") {
      const box = el("div", {}, ...asked.shown.map((part) => choice("radio", part, of(item.parts[part].text))), choice("radio", "", say("lessons.quiz.unsure")));
      return [box, () => { const [one] = ticked(box); return one === undefined || one === "" ? null : Number(one); }];
    }
    if (item.type === "breach") {
      const box = el("div", {}, el("p", { class: "note" }, say("lessons.quiz.tick")), ...asked.shown.map((part) => choice("checkbox", part, of(item.lines[part].text))));
      return [box, () => { const found = ticked(box).map(Number).sort((a, b) => a - b); return found.length ? found : null; }];
    }
    if (item.type === "number") {
      const input = el("input", { id: "number", type: "text", inputmode: "decimal", autocomplete: "off", "aria-describedby": "number-note" });
      const box = el("div", {}, el("div", { class: "entry" }, input, el("span", { class: "unit" }, of(item.unit))), el("span", { class: "hint", id: "number-note" }, say("lessons.quiz.blank")));
      input.setAttribute("aria-label", of(item.ask));
      return [box, () => {
        const plain = input.value.normalize("NFKC").replace(/[,\s]/g, "");
        return !plain ? null : /^-?\d+(\.\d+)?$/.test(plain) && Math.abs(Number(plain)) <= know.largest ? Number(plain) : undefined;
      }];
    }
    const options = () => [el("option", { value: "" }, say("lessons.quiz.unsure")), ...asked.shown.map((part) => el("option", { value: part }, of(item.steps[part])))];
    const selects = item.steps.map((_, n) => el("select", { id: `step-${n}` }, ...options()));
    const box = el("div", {}, ...selects.map((select, n) => el("div", { class: "fact" }, el("label", { for: select.id }, say("lessons.quiz.step", { n: n + 1 })), select)));
    return [box, () => {
      if (selects.some((select) => select.value === "")) return null;
      const found = selects.map((select) => Number(select.value));
      return new Set(found).size === found.length ? found : undefined;
    }];
  }

  function said(item, given) {
    if (item.type === "choice") return of(item.parts[given].text);
    if (item.type === "number") return `${given} ${of(item.unit)}`;
    return item.type === "order" ? given.map((n) => of(item.steps[n])).join(" → ") : given.map((n) => of(item.lines[n].text)).join(" / ");
  }

  function question(now) {
    const n = state.done[now].length, asked = form(now)[n], item = know.items[asked.item], [box, read] = controls(item, asked);
    const problem = el("p", { class: "problem", role: "alert" });
    return [el("p", { class: "kicker" }, say(`lessons.quiz.${now}`), " · ", say("lessons.quiz.at", { n: n + 1, number: form(now).length })),
      el("form", {}, el("fieldset", { class: "fact" }, el("legend", {}, el("h1", { class: "ask" }, of(item.ask))), box), problem,
        press("submit", say("lessons.quiz.submit"), () => {
          const given = read();
          if (given === undefined) { problem.textContent = say(item.type === "order" ? "twice" : "light.lesson.no_number"); return; }
          state.done[now].push(given);
          keep();
          shown = now === "after" ? { asked, item, given, n } : null;
          draw();
        }))];
  }

  function feedback() {
    const { item, given, n } = shown, found = mark(item, given), verdict = found.right ? "right" : given === null ? "unknown" : "wrong";
    const lines = found.lines.length ? el("ul", {}, ...found.lines.map((line, k) => el("li", {}, of(line), el("br"), of(found.said[k])))) : null;
    return [el("p", { class: "kicker" }, say("lessons.quiz.after"), " · ", say("lessons.quiz.at", { n: n + 1, number: form("after").length })), el("h1", { class: "ask" }, of(item.ask)),
      el("div", { class: `marked ${found.right ? "good" : "bad"}`, role: "status" }, el("p", {}, el("strong", {}, say(`lessons.quiz.${verdict}`))),
        given !== null && !found.right ? el("p", {}, say("lessons.quiz.given", { answer: said(item, given) })) : null,
        el("p", {}, say("lessons.quiz.answer_is", { answer: of(item.right) })), lines, ...(lines ? [] : found.said.map((why) => el("p", {}, of(why)))), el("p", {}, rests(item, state.lang, say))),
      el("form", {}, press("next", say("lessons.quiz.next"), () => { shown = null; draw(); }))];
  }

  const between = () => [el("h1", {}, say("lessons.quiz.done")), el("p", {}, say("lessons.quiz.done_before")), el("p", {}, say("lessons.quiz.after_lead", { number: form("after").length })),
    el("form", {}, press("go-on", say("lessons.quiz.begin"), () => { state.half = true; keep(); draw(); }))];

  function result() {
    const slots = { after: rightOf("after"), before: rightOf("before"), number: form("after").length };
    const word = packed(know.mark, { kind: "quiz", lesson: know.lesson, seed: know.seed, who, name: state.name, turned: state.turned, answers: state.done });
    const rows = [say("light.lesson.csv"), [state.name || who, know.lesson, slots.before, slots.after, slots.number, word]];
    const back = el("details", { class: "behind" }, el("summary", {}, say("lessons.quiz.look_back")), el("ol", {}, ...form("before").map(({ item: name }) => {
      const item = know.items[name];
      return el("li", {}, of(item.ask), el("br"), el("strong", {}, of(item.right)), " ", item.why ? of(item.why) : "", " ", rests(item, state.lang, say));
    })));
    return [el("h1", {}, of(know.title)), el("p", { class: "answer", role: "status" }, say("lessons.quiz.result", slots)), back, handIn(word, `${know.lesson}-${who}`, rows, say),
      el("form", {}, press("over", say("light.lesson.over"), () => { state = { ...nobody(), lang: state.lang }; shown = null; keep(); draw(); }))];
  }

  function draw(focus = true) {
    const now = phase();
    const part = !state.begun ? start() : shown ? feedback() : !now ? result() : now === "after" && !state.half ? between() : question(now);
    fill(root, frame(root, state.lang, know.langs, (lang) => { state.lang = lang; keep(); draw(); document.getElementById("language").focus(); }, say), ...part);
    document.title = of(know.title);
    root.dataset.at = !state.begun ? "start" : shown ? "feedback" : now ?? "end";
    if (focus) { const head = root.querySelector("h1"); head.tabIndex = -1; head.focus(); }
  }
  draw(false);
})();
