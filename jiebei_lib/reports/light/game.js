// Seven days: walks the tables of graph.py. What a morning shows and what an end is worth is as jiebei_lib/lessons and show/lessons have it.
"use strict";
const JiebeiGraph = (() => {
  function numbers({ size, data, values }) {
    const bytes = atob(data), found = new Array(bytes.length / size);
    for (let i = 0; i < found.length; i++) {
      let whole = 0;
      for (let b = size - 1; b >= 0; b--) whole = (whole << 8) + bytes.charCodeAt(i * size + b);
      found[i] = values ? values[whole] : whole;
    }
    return found;
  }

  // A world's game: its states by number, the first of them 0; `know` as graph.py gives it
  function world(know) {
    const raw = know.graph, tables = {}, { acts, counts, due } = raw;
    for (const [name, table] of Object.entries(raw)) if (table.data) tables[name] = numbers(table);
    const of = (part) => Object.fromEntries(Object.entries(raw[part]).filter(([, one]) => one.data).map(([name, one]) => [name, numbers(one)]));
    const ends = of("ends"), debts = of("debts"), looks = of("looks"), readings = raw.looks.readings;
    const first = counts.map((_, day) => counts.slice(0, day).reduce((sum, each) => sum + each, 0)), last = first[know.days];
    const edgesAt = [], dayOf = [];
    for (let state = 0, at = 0; state < last; state++) {
      edgesAt.push(at);
      for (let open = tables.open[state]; open; open >>= 1) at += open & 1;
    }
    counts.forEach((count, day) => { for (let n = 0; n < count; n++) dayOf.push(day + 1); });
    const choices = (state) => (state >= last ? [] : acts.filter((_, n) => (tables.open[state] >> n) & 1));
    const next = (state, choice) => first[dayOf[state]] + tables.edges[edgesAt[state] + choices(state).indexOf(choice)];

    function points(state) {
      const n = state - last, weigh = know.points;
      const parts = {
        share: weigh.share * (looks.share[tables.look[state]] / readings), debt: (weigh.debt * (ends.owed[n] / 100)) / (due / 100),
        cost: weigh.cost * (ends.lost[n] / 100), short: weigh.short * ends.short[n], improper: weigh.improper * ends.improper[n],
      };
      return { total: 100 - Object.values(parts).reduce((sum, part) => sum + part, 0), ...parts };
    }

    // best_path.py: the most points from every state on, from the ends backwards
    const value = [], best = [];
    for (let state = dayOf.length - 1; state >= 0; state--) {
      if (state >= last) { value[state] = points(state).total; continue; }
      const names = choices(state), after = names.map((name) => value[next(state, name)]);
      value[state] = Math.max(...after);
      best[state] = names[after.findIndex((each) => each > value[state] - know.hair)];
    }

    function bestPath(state) {
      const path = [];
      for (let at = state; at < last; at = next(at, best[at])) path.push(best[at]);
      return path;
    }

    function debrief(chosen) {
      let before = 0;
      return chosen.map((choice) => {
        const after = next(before, choice), lost = value[before] - value[after];
        const step = { day: dayOf[before], choice, best: lost < know.hair ? choice : best[before], lost: Math.max(0, lost), after };
        before = after;
        return step;
      });
    }

    const look = (state) => {
      const n = tables.look[state], edge = (name) => ({ said: looks[name][n], at: looks[`${name}_at`][n] });
      return { low: edge("low"), high: edge("high"), side: looks.side[n], count: looks.count[n], graded: looks.graded[n] };
    };
    const debt = (state) => ({ total: debts.total[tables.debt[state]] / 100, penalty: debts.penalty[tables.debt[state]] / 100 });
    return {
      choices, next, points, bestPath, debrief, look, debt, value: (state) => value[state], over: (state) => state >= last, day: (state) => dayOf[state],
      cash: (state) => tables.cash[state] / 100, heard: (state) => raw.heard[tables.communication[state]],
      arrived: (state) => raw.events[tables.arrived[state]], called: (state) => tables.called[state - first[know.days - 1]] === 1,
      size: dayOf.length,
    };
  }
  return { world };
})();
if (typeof module !== "undefined") module.exports = JiebeiGraph;
if (typeof document !== "undefined") (() => {
  const { fixed, sum, filled, el, fill, data, kept, learner, packed, handIn, rests, frame } = JiebeiKit;
  const know = data("light-know"), root = document.getElementById("light"), place = kept(know.key), play = JiebeiGraph.world(know);
  const nobody = () => ({ name: "", lang: know.langs[0], runs: [[]], judged: [{}] }), who = learner(know.letters, know.length);
  let state = { ...nobody(), ...place.read() }, told = new Set();
  if (!know.langs.includes(state.lang)) state.lang = know.langs[0];
  const say = (key, slots = {}) => filled(know.text[state.lang][key], slots), of = (text) => text[state.lang];
  const run = () => state.runs.length - 1, chosen = () => state.runs[run()], judged = () => state.judged[run()];
  const keep = () => { if (!place.write(state)) root.dataset.kept = "no"; };
  const states = (path) => path.reduce((found, choice) => [...found, play.next(found[found.length - 1], choice)], [0]);
  const right = (event, rule) => rule === (know.events[event].rule ?? know.in_order);
  const oneDecimal = (x) => fixed(x, 1);

  function look(now) {
    const { low, high, side, graded } = play.look(now), said = know.graph.looks.words[state.lang], [least, most] = [low.said, high.said].map((n) => said.percent[n]);
    const bar = el("i", { class: `most side-${side}` }), line = el("div", { class: "scale", role: "img", "aria-label": say("lessons.game.outlook_alt", { low: least, high: most }) }, bar, el("i", { class: "even" }));
    bar.style.left = `${low.at / 10}%`;
    bar.style.width = `${(high.at - low.at) / 10}%`;
    return [line, el("p", { class: "note" }, say("lessons.game.outlook_words", { low: least, high: most, answer: said.graded[graded] }))];
  }

  function today(now) {
    const day = play.day(now), { total, penalty } = play.debt(now), yuan = (value) => say("lessons.game.yuan", { value: sum(value) });
    const fact = (name, value, note) => el("div", {}, el("dt", {}, name), el("dd", {}, value, note ? el("br") : null, note ? el("small", { class: "rests" }, note) : null));
    return [el("h1", {}, say("lessons.game.day", { day })), el("dl", { class: "facts" },
      fact(say("lessons.game.owed"), total ? yuan(total) : say("lessons.game.settled"), total ? say("lessons.game.penalty", { value: sum(penalty) }) : ""),
      fact(say("lessons.game.cash"), yuan(play.cash(now))), fact(say("lessons.game.state"), day > 1 ? of(know.levels[play.heard(now)]) : say("lessons.game.unheard"))),
      el("p", { class: "range-name" }, say("lessons.game.outlook")), ...(total ? look(now) : [el("p", { class: "note" }, say("lessons.game.outlook_none"))])];
  }

  const open = (now) => play.arrived(now).filter((name) => know.judged.includes(know.events[name].kind) && !(name in judged()));

  function arrived(now) {
    const slots = { days: play.day(now), amount: sum(play.debt(now).total) }, events = play.arrived(now);
    const line = (name) => {
      const event = know.events[name], well = right(name, judged()[name]);
      return el("li", { class: event.kind }, filled(of(event.text), slots), told.has(name) ? el("div", { class: `marked ${well ? "good" : "bad"}` },
        el("strong", {}, say(`lessons.game.judged_${well ? "right" : "wrong"}`)), " ", of(event.why), " ", rests(event, state.lang, say)) : null);
    };
    return [el("h2", { class: "small" }, say("lessons.game.arrived")), events.length ? el("ol", { class: "arrivals", id: "arrived" }, ...events.map(line)) : el("p", {}, say("lessons.game.nothing"))];
  }

  function judging(now) {
    const events = play.arrived(now), left = open(now), choices = [["", say("lessons.quiz.unsure")], [know.in_order, say("lessons.game.in_order")], ...Object.entries(know.breaches).map(([rule, text]) => [rule, of(text)])];
    if (!left.length) return null;
    const selects = left.map((name) => [name, el("select", { id: `judge-${name}` }, ...choices.map(([value, text]) => el("option", { value }, text)))]);
    return el("form", { class: "controls" }, ...selects.map(([name, select]) => el("div", { class: "fact" }, el("label", { for: select.id }, say("lessons.game.judge", { n: events.indexOf(name) + 1 })), select)),
      el("button", { type: "submit", id: "judge", onclick: (event) => {
        event.preventDefault();
        for (const [name, { value }] of selects) if (value) { judged()[name] = value; told.add(name); }
        keep();
        draw("arrived");
      } }, say("lessons.game.judge_do")));
  }

  const doing = (now) => el("section", {}, el("h2", { class: "small" }, say("lessons.game.choose")), el("div", { class: "acts" }, ...play.choices(now).map((name) => el("button", { type: "button", id: `do-${name}`, onclick: () => {
    chosen().push(name);
    told = new Set();
    keep();
    draw();
  } }, el("strong", {}, of(know.choices[name].name)), el("span", {}, of(know.choices[name].text))))));

  function before() {
    const done = chosen();
    if (!done.length) {
      const name = el("input", { id: "name", type: "text", maxlength: know.longest_name, autocomplete: "off", value: state.name, oninput: () => { state.name = name.value.trim(); keep(); } });
      return [el("p", {}, of(know.story)), el("p", { class: "note" }, say("lessons.game.invented"), " ", say("light.lesson.stays")),
        el("div", { class: "fact" }, el("label", { for: "name" }, say("light.lesson.name")), el("div", { class: "entry" }, name), el("span", { class: "hint" }, say("light.lesson.name_note")))];
    }
    const act = know.choices[done[done.length - 1]];
    return [el("div", { class: "did" }, el("p", {}, el("strong", {}, say("lessons.game.did", { day: done.length, choice: of(act.name) })), " ", of(act.lesson), " ", rests(act, state.lang, say)))];
  }

  function table(rows) {
    const cells = (row) => row.map((cell, n) => el(n ? "td" : "th", n ? {} : { scope: "row" }, cell)), head = say("lessons.game.table");
    return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": say("lessons.game.over") }, el("table", { class: "wide rows" },
      el("thead", {}, el("tr", {}, ...head.map((name) => el("th", { scope: "col" }, name)))), el("tbody", {}, ...rows.map((row) => el("tr", {}, ...cells(row))))));
  }

  function debrief(path) {
    const end = path[path.length - 1], worth = play.points(end), most = play.value(0), perfect = most - worth.total < know.shown.perfect, name = (choice) => of(know.choices[choice].name);
    const rows = play.debrief(chosen()).map((step) => [String(step.day), name(step.choice), step.best === step.choice ? say("lessons.game.best_too") : name(step.best),
      step.lost > know.shown.lost ? oneDecimal(step.lost) : "0", sum(play.debt(step.after).total), `${play.look(step.after).count}/100`]);
    const parts = Object.fromEntries(Object.keys(know.points).map((part) => [part, oneDecimal(worth[part])])), best = play.bestPath(0), eyes = Object.entries(judged());
    const days = el("select", { id: "from-day" }, ...chosen().map((_, n) => el("option", { value: n }, say("lessons.game.again_day", { day: n + 1 }))));
    const again = el("form", { class: "controls" }, el("div", { class: "fact" }, el("label", { for: "from-day" }, say("lessons.game.again")), days), el("button", { type: "submit", id: "again", onclick: (event) => {
      event.preventDefault();
      state.runs.push(chosen().slice(0, Number(days.value)));
      state.judged.push({});
      keep();
      draw();
    } }, say("lessons.game.again_do")));
    const word = packed(know.mark, { kind: "game", seed: know.seed, who, name: state.name, runs: state.runs, judged: state.judged.flatMap((one, n) => Object.entries(one).map(([event, rule]) => [n + 1, event, rule])) });
    const best_end = Math.max(...state.runs.filter((one) => one.length === know.days).map((one) => play.points(states(one)[know.days]).total));
    return [el("h1", {}, say("lessons.game.over")), el("p", { class: "answer", role: "status" }, say(`lessons.game.${perfect ? "perfect" : "points"}`, { points: oneDecimal(worth.total), best: oneDecimal(most) })),
      el("p", {}, say("lessons.game.points_parts", parts)), el("p", {}, say(`lessons.game.luck_${play.called(path[know.days - 1]) ? "called" : "spared"}`)),
      eyes.length ? el("p", {}, say("lessons.game.eyes", { judged: eyes.length, right: eyes.filter(([event, rule]) => right(event, rule)).length })) : null,
      table(rows), el("p", { id: "best" }, say("lessons.game.best_path", { path: best.map(name).join(" → ") })), state.runs.length < know.most_runs ? again : null,
      el("h2", { class: "small" }, say("lessons.game.what_each_did")), el("ul", {}, ...[...new Set([...chosen(), ...best])].map((choice) => el("li", {}, el("strong", {}, name(choice)), " ", of(know.choices[choice].lesson), " ", rests(know.choices[choice], state.lang, say)))),
      handIn(word, `seven-days-${who}`, [say("light.lesson.csv_game"), [state.name || who, oneDecimal(best_end), word]], say),
      el("form", {}, el("button", { type: "submit", id: "over", onclick: (event) => { event.preventDefault(); state = { ...nobody(), lang: state.lang }; told = new Set(); keep(); draw(); } }, say("light.lesson.over")))];
  }

  function draw(focus = "h1") {
    const path = states(chosen()), now = path[path.length - 1];
    const part = play.over(now) ? debrief(path) : [...before(), ...today(now), ...arrived(now), judging(now), doing(now)];
    fill(root, frame(root, state.lang, know.langs, (lang) => { state.lang = lang; keep(); draw(""); document.getElementById("language").focus(); }, say), ...part);
    document.title = of(know.title);
    root.dataset.day = play.day(now);
    const head = focus && (root.querySelector(focus === "h1" ? "h1" : `#${focus}`));
    if (head) { head.tabIndex = -1; head.focus({ preventScroll: focus === "h1" && !chosen().length }); }
    if (focus === "h1" && chosen().length) scrollTo(0, 0);
  }
  // What was kept may be of an older page, whose choices this world does not have
  try { state.runs.forEach((one) => one.forEach((choice, n) => { if (!play.choices(states(one.slice(0, n))[n]).includes(choice)) throw new RangeError(choice); })); } catch { state = nobody(); }
  draw("");
})();
