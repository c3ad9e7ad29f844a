// What the engine of jiebei_lib/reports/light answers, and says, to cases: in a browser as a function, or
// node answers.js FOLDER ASKED.json ANSWERS.json
"use strict";
function answers(Engine, Words, { know, asked }) {
  const all = asked.map(({ policy, facts, as_of }) => {
    const found = Engine.assess(facts, as_of, know[policy]), said = {};
    for (const lang of ["zh", "en"]) {
      const words = Words.speaker(know[policy], lang), [own] = found.witnesses;
      said[lang] = {
        asked: words.asked(found), sentences: found.witnesses.map(words.sentence), agreed: words.agreed(found), nine: words.nine(found),
        certain: words.certain(found), do: words.toDo(found), rows: found.steps.map((step) => words.stepRow(step, own)),
        none: found.steps.length ? "" : words.noSteps(found), words: words.toSay(found), why: words.why(found).text[lang],
        cost: words.cost(found), aged: words.aged(found), consequences: words.consequences(found),
        held: found.references.filter((one) => one.necessarily).map(words.held),
        facts: Object.keys(know[policy].fields).map((name) => words.fact(name, facts[name])),
      };
    }
    return { found, said };
  });
  return JSON.stringify(all, (_, value) => (value === Infinity ? "inf" : value)); // which is no JSON
}
if (typeof require !== "undefined") {
  const fs = require("fs"), [folder, from, to] = process.argv.slice(2);
  const given = JSON.parse(fs.readFileSync(from, "utf-8"));
  fs.writeFileSync(to, answers(require(`${folder}/engine.js`), require(`${folder}/words.js`), given));
}
