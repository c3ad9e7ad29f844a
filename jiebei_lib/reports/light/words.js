// Says an assessment of engine.js in one language: picks whole sentences that export.py gave and fills their slots, as
// jiebei_lib/show/case/first.py, page.py and jiebei_lib/page/text.py do.
"use strict";
const JiebeiWords = (({ fixed, sum, filled }) => {
  const yuan = (amount) => sum(amount).replace(/\.00$/, "");
  const span = (low, high) => (low === high ? low : `${low}–${high}`);

  // The words of one language for one exported knowledge
  function speaker(know, lang) {
    const text = know.text[lang], format = know.format;
    const say = (key, slots = {}) => filled(text[key], slots);
    const fold = (phrase) => (format.capital.includes(lang) ? phrase.slice(0, 1).toUpperCase() + phrase.slice(1) : phrase);
    const percent = (p) => {
      if (p > 0 && p < format.least) return say("under");
      return p > format.most && p < 1 ? say("over") : `${fixed(100 * p, 0)}%`;
    };
    const ofHundred = (part) => {
      const whole = Number(fixed(100 * part, 0));
      return part === 0 || part === 1 ? whole : Math.min(99, Math.max(1, whole));
    };
    const multiple = (times) => (times >= format.whole_from ? fixed(times, 0) : fixed(times, 1).replace(/\.0$/, ""));
    const counted = (number, unit) => (number === 1 ? say(`facts.${unit}_one`) : say(`facts.${unit}`, { value: number }));
    const statement = (kind, id) => know.rules[kind][id];

    function fact(name, value) {
      const field = know.fields[name];
      if (value === null) return say("facts.unknown");
      if (field.labels) return field.labels[value][lang];
      if (["days", "times"].includes(field.unit)) return value < 0 ? say("facts.days_ahead", { value: -value }) : counted(value, field.unit);
      return say(`facts.${field.unit}`, { value: Array.isArray(value) ? value.map(yuan).join("–") : yuan(value) });
    }

    function asked({ facts }) {
      const ends = [facts.amount_overdue].flat(), late = facts.days_overdue;
      const amount = facts.amount_overdue === null ? say("facts.amount_unknown") : say("facts.yuan", { value: [...new Set(ends.map(yuan))].join("–") });
      return say(late < 0 ? "page.question_before" : "page.question", { days: counted(Math.abs(late), "days"), amount });
    }

    function graded(side) {
      const form = side.share_range.low === side.share_range.high ? "known" : side.grade !== "split" ? "ranged" : "so_far";
      let shown = form === "so_far" ? side.so_far : side.grade;
      if (shown === "not_yet") return say("case.first.known.not_yet", { first: side.first_day });
      if (shown === "split") shown = side.share > know.model.majority ? "split_above" : "split_below";
      const counts = { n: ofHundred(side.share), least: ofHundred(side.share_range.low), most: ofHundred(side.share_range.high) };
      return say(`case.first.${form}.${shown}`, counts);
    }

    const by = (n) => know.witnesses[n].by[lang];
    const sentence = (side, n) => say("case.first.line", { by: by(n), answer: graded(side) });

    function nine({ witnesses: [own] }) {
      const [low, high] = [own.nine_in_ten.low, own.nine_in_ten.high].map(percent);
      const [least, most] = [own.likelihood.low, own.likelihood.high].map(percent);
      return own.likelihood.low === own.likelihood.high ? say("case.first.nine_one", { low: least }) : say("case.first.nine", { low, high, least, most });
    }

    const divided = (step) => ({ least: multiple(1 / step.odds.high), most: multiple(1 / step.odds.low) });
    const stepName = (step) => fold(statement("steps", step.step).text[lang]);

    function stepWords(step) {
      if (step.settles) return say("case.first.settles", { step: stepName(step) });
      const key = step.instead_of ? "divides_from_silent" : "divides";
      return say(`case.first.${key}`, { step: stepName(step), ...divided(step) });
    }

    const held = (one) => fold(say(`case.first.held.${one.necessarily}`, { reference: statement("references", one.reference).text[lang] }));

    function certain(a) {
      const first = know.witnesses[0].days[0], rules = know.rules.steps;
      if (a.facts.days_overdue < 0) return [fold(say("case.first.before_due"))];
      if (a.witnesses[0].grade === "not_yet") return [fold(say("case.first.not_yet", { first }))];
      const talk = a.steps.filter((step) => rules[step.step].communication);
      const pay = a.steps.filter((step) => step.step === know.model.shown_part && step.odds.high < 1);
      const nearest = new Set([...talk.slice(0, 1), ...talk.slice(-1), ...pay].map((step) => step.step));
      const said = a.steps.filter((step) => nearest.has(step.step)).map(stepWords);
      return [...said, ...a.references.filter((one) => one.necessarily).map(held)].slice(0, know.model.told);
    }

    const toDo = (a) => a.actions.slice(0, know.model.done).map((id) => {
      const action = statement("actions", id);
      return fold((action.short ?? action.text)[lang]);
    });

    // A step as a row: what is done, what it does to the odds, the answer after it
    function stepRow(step, own) {
      const name = step.pay ? say("case.changes.paid", { step: stepName(step), pay: yuan(step.pay) }) : stepName(step);
      if (step.settles) return [name, "–", say("case.changes.settled")];
      const odds = step.odds.low < 1 ? say("case.changes.divided", divided(step)) : say("case.changes.unchanged");
      return [name, odds, fold(graded({ ...step, first_day: own.first_day }))];
    }

    function noSteps(a) {
      if (a.witnesses[0].grade === "not_yet") return say("case.changes.none_not_yet", { first: know.witnesses[0].days[0] });
      return say(a.actions.includes(know.model.old) ? "case.changes.none_old" : "case.changes.none");
    }

    function toSay(a) {
      const ends = [a.facts.amount_overdue].flat(), amount = a.facts.amount_overdue === null ? say("blank") : [...new Set(ends.map(yuan))].join("–");
      const fill = { days: Math.abs(a.facts.days_overdue), amount };
      return a.words.map((id) => filled(statement("words", id).text[lang], fill));
    }

    function cost(a) {
      const { day, rows, amount } = a.cost, names = { ...know.cost.names, amount: span(yuan(amount.low), yuan(amount.high)) };
      return {
        headline: say("money.report.headline_range", { low: sum(day.low), high: sum(day.high) }),
        lead: say("money.report.lead_range", names),
        get rows() { // only where the table is open
          return rows.map((row) => [
            row.days ? say("money.report.wait", { days: row.days }) : say("money.report.today"),
            span(sum(row.added.low), sum(row.added.high)), span(sum(row.whole.low), sum(row.whole.high))]);
        },
        notes: [say("money.report.note_range"), ...(a.facts.amount_overdue === null ? [say("money.report.example")] : [])],
      };
    }

    function aged({ aged: found, as_of: day }) {
      const later = { day, known: know.time.known, days: found.later.join(say("join")) };
      const stale = { limit: know.time.check_after, n: found.stale, checked: found.checked, day };
      return [...(found.later.length ? [say("policy.in_time.older", later)] : []), ...(found.stale ? [say("policy.in_time.stale", stale)] : [])];
    }

    function consequences(a) {
      return a.consequences.map((id) => {
        const rule = statement("consequences", id), fill = {};
        for (const [name, dated] of Object.entries(rule.values ?? {})) fill[name] = dated.filter((each) => each.from <= a.as_of).pop().value;
        const ahead = (rule.from_day ?? 0) > a.facts.days_overdue;
        return { ahead, from_day: rule.from_day ?? 0, text: filled(rule.text[lang], fill) };
      });
    }

    return {
      say, fold, fact, percent, ofHundred, asked, by, sentence, nine, certain, toDo, stepRow, noSteps, toSay, cost, aged, consequences, held,
      agreed: (a) => say(`case.first.agreement.${a.agreement}`),
      why: (a) => know.rules.answers[a.permitted.answer],
    };
  }
  return { speaker };
})(typeof JiebeiKit === "undefined" ? require("./kit.js") : JiebeiKit);
if (typeof module !== "undefined") module.exports = JiebeiWords;
