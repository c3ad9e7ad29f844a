// Assesses one case from exported knowledge (export.py): what jiebei_lib.core.assessment.assess says, without a server.
// Each function names the one in Python that it follows; tests/reports/light/test_engine.py holds both to the same answers.
"use strict";
const JiebeiEngine = (({ fixed }) => {
  const clip = (x, low, high) => Math.min(high, Math.max(low, x));
  const range = (low, high) => ({ low, high });
  const exp = (z) => Math.exp(z);
  const named = (table) => Object.entries(table);

  // The drawn readings of a witness as columns of numbers; done once.
  function unpacked(side) {
    if (side.columns) return side;
    const { data, bytes, low, step, rows } = side.samples, text = atob(data);
    side.columns = low.map((least, k) => {
      const column = new Float64Array(rows);
      for (let i = 0, at = k * rows * bytes; i < rows; i++) {
        let whole = 0;
        for (let b = 0, unit = 1; b < bytes; b++, unit *= side.samples.base) whole += text.charCodeAt(at++) * unit;
        column[i] = least + whole * step[k];
      }
      return column;
    });
    side.room = new Float64Array(rows);
    return side;
  }

  const amounts = (facts, know) => {
    const given = facts.amount_overdue;
    if (given === null) return [know.model.least_amount, know.fields.amount_overdue.maximum];
    return Array.isArray(given) ? given : [given, given];
  };

  // rules/factors.py
  const amountPressure = (amount, [protective, pressing]) =>
    clip((2 * Math.log(amount / protective)) / Math.log(pressing / protective) - 1, -1, 1);
  const dayPressure = (day, first, longest) =>
    first >= longest ? 1 : clip(Math.log(Math.max(day, first) / first) / Math.log(longest / first), 0, 1);

  function pressures(facts, side, know) {
    const level = (name) => {
      const values = side.levels[name], at = know.fields[name].levels.indexOf(facts[name]);
      return facts[name] === null ? [Math.min(...values), Math.max(...values)] : [values[at], values[at]];
    };
    const { score_protective: best, score_pressing: worst, record_neutral: neutral, record_pressing: many } = side.history;
    const score = facts.zhima_score === null ? null : clip(1 - (2 * (facts.zhima_score - worst)) / (best - worst), -1, 1);
    const past = facts.past_overdue;
    const record = past === null ? null
      : past >= many ? 1 : past >= neutral ? (past - neutral) / (many - neutral) : past / neutral - 1;
    const history = [-1, 1].map((end) => ((score ?? end) + (record ?? end)) / 2);
    const amount = facts.amount_overdue === null ? [-1, 1] : amounts(facts, know).map((one) => amountPressure(one, side.amount));
    const parts = { communication: level("communication"), history, amount, contacts: level("contacts") };
    return [0, 1].map((end) => know.model.pressed.map((name) => parts[name][end]));
  }

  // scoring/score.py: the least and greatest z over all readings, at the vertices
  function extremes(low, high, day, side) {
    const first = side.days[0], last = side.days[side.days.length - 1];
    const latest = side.days.filter((each) => each <= day).pop() ?? first;
    const ends = [[...low, dayPressure(day, latest, side.longest)], [...high, dayPressure(day, first, side.longest)]];
    let least = Infinity, greatest = -Infinity;
    for (const [base, ...weights] of side.vertices) {
      let down = 0, up = 0;
      weights.forEach((w, k) => {
        down += w * ends[w > 0 ? 0 : 1][k];
        up += w * ends[w > 0 ? 1 : 0][k];
      });
      least = Math.min(least, down + base);
      greatest = Math.max(greatest, up + base);
    }
    return [day >= last ? least : -Infinity, day >= first ? greatest : -Infinity];
  }

  // z of every drawn reading whose first day has come, each factor at the end that its weight's sign asks for; how many there are
  function reckon(rising, falling, day, side) {
    const [base, ...weights] = side.columns, out = side.room, late = weights.pop();
    let start = 0;
    for (const [first, count] of side.first_days) {
      if (first > day) break;
      const pressed = dayPressure(day, first, side.longest), end = start + count;
      for (let i = start; i < end; i++) out[i] = base[i] + late[i] * pressed;
      start = end;
    }
    // A factor at a time: plain loops over plain columns are what makes a move of a slider cheap
    weights.forEach((column, k) => {
      const up = rising[k], down = falling[k];
      if (up === down || side.samples.low[k + 1] >= 0) for (let i = 0; i < start; i++) out[i] += column[i] * up;
      else for (let i = 0; i < start; i++) out[i] += column[i] * (column[i] > 0 ? up : down);
    });
    return start;
  }

  function share(rising, falling, day, side) {
    const come = reckon(rising, falling, day, side);
    let count = 0;
    for (let i = 0; i < come; i++) if (side.room[i] > 0) count++;
    return count / side.room.length;
  }

  // The value that would stand at a place if the first of `values` were sorted: found without sorting, which would take most of a move
  function placed(values, count, at) {
    let low = 0, high = count - 1;
    while (low < high) {
      const pivot = values[(low + high) >> 1];
      let i = low, j = high;
      while (i <= j) {
        while (values[i] < pivot) i++;
        while (values[j] > pivot) j--;
        if (i <= j) {
          const held = values[i];
          values[i++] = values[j];
          values[j--] = held;
        }
      }
      if (at <= j) high = j;
      else if (at >= i) low = i;
      else break;
    }
    return values[at];
  }

  // scoring/bands.py: z at a rank among all readings, those whose day has not come first
  function ranked(rising, falling, day, side, rank) {
    const come = reckon(rising, falling, day, side), wanted = rank - (side.room.length - come);
    return wanted < 0 ? -Infinity : placed(side.room, come, wanted);
  }

  const likelihood = (z) => 1 / (1 + exp(-z));
  const counted = (part) => Number(fixed(100 * part, 0)) / 100;

  function grade(least, greatest, low, high, came, side, know) {
    const limit = side.grades;
    if (!came) return "not_yet";
    if (least > know.model.hair) return "all";
    if (greatest <= know.model.hair) return "none";
    if (counted(low) >= limit.nearly_all) return "nearly_all";
    if (counted(low) >= limit.most) return "most";
    if (counted(high) <= limit.almost_none) return "almost_none";
    return counted(high) <= limit.few ? "few" : "split";
  }

  // Whatever is unknown: the range of the share
  function spreadOf(low, high, day, side) {
    unpacked(side);
    const open = low.some((value, k) => value !== high[k]), least = share(low, high, day, side);
    return range(least, open ? share(high, low, day, side) : least);
  }

  function evaluate(low, high, day, side, know, banded) {
    unpacked(side);
    const [least, greatest] = extremes(low, high, day, side), came = day >= side.days[0];
    const middle = low.map((value, k) => (value + high[k]) / 2), open = low.some((value, k) => value !== high[k]);
    const spread = spreadOf(low, high, day, side), whole = open ? share(middle, middle, day, side) : spread.low;
    const band = banded ? [ranked(low, high, day, side, side.ranks[0]), ranked(high, low, day, side, side.ranks[1])] : [least, greatest];
    const middles = open ? extremes(middle, middle, day, side) : [least, greatest];
    return {
      grade: grade(least, greatest, spread.low, spread.high, came, side, know),
      so_far: grade(...middles, whole, whole, came, side, know),
      likelihood: range(likelihood(least), likelihood(greatest)),
      nine_in_ten: range(likelihood(band[0]), likelihood(band[1])),
      share: whole, share_range: spread,
    };
  }

  function answer(facts, side, know) {
    const found = evaluate(...pressures(facts, side, know), facts.days_overdue, side, know, true);
    const verdict = know.model.verdict_of[found.grade];
    return { ...found, verdict, first_day: side.days[0], policy: side.policy };
  }

  // assessment.py: agreement
  function agreement(sides, know) {
    if (new Set(sides.map((side) => side.share > know.model.majority)).size > 1) return "disagree";
    return new Set(sides.map((side) => know.model.verdict_of[side.so_far])).size === 1 ? "agree" : "differ";
  }

  // case.py: matches; policy.py: in_force, binds
  const matches = (rule, facts) =>
    (rule.from_day ?? -Infinity) <= facts.days_overdue && facts.days_overdue <= (rule.to_day ?? Infinity) &&
    named(rule.when ?? {}).every(([name, allowed]) => allowed.includes(facts[name]));
  const inForce = (rule, day) => (rule.from ?? "") <= day && (!rule.until || day <= rule.until);
  const binds = (rule, lender) => (!rule.lenders ? true : lender === null ? null : rule.lenders.includes(lender));
  const ids = (table, holds) => named(table).filter(([, rule]) => holds(rule)).map(([name]) => name);

  // scoring/compare.py
  function difference(low, high, side) {
    let least = Infinity, greatest = -Infinity;
    for (const [, ...weights] of side.vertices) {
      let down = 0, up = 0;
      weights.forEach((w, k) => {
        down += w * (w > 0 ? low[k] : high[k]);
        up += w * (w > 0 ? high[k] : low[k]);
      });
      least = Math.min(least, down);
      greatest = Math.max(greatest, up);
    }
    return [least, greatest];
  }

  function steps(facts, side, know) {
    if (facts.days_overdue < side.days[0]) return [];
    const ways = know.model.ways, now = facts.communication;
    const isOne = (rule) => matches(rule, facts) &&
      (!rule.communication || now === null || ways.indexOf(rule.communication) > ways.indexOf(now));
    return named(side.steps).filter(([, rule]) => isOne(rule)).map(([name, rule]) => step(name, rule, facts, side, know));
  }

  function step(name, rule, facts, side, know) {
    const [low, high] = pressures(facts, side, know), after = [[...low], [...high]];
    const zero = () => new Array(low.length + 1).fill(0), less = zero(), more = zero();
    const talk = know.model.pressed.indexOf("communication"), money = know.model.pressed.indexOf("amount");
    const part = rule.pay ?? 0, level = (way) => side.levels.communication[know.fields.communication.levels.indexOf(way)];
    let instead = null;
    if (rule.communication) {
      const way = level(rule.communication);
      instead = facts.communication === null ? know.model.ways[0] : null;
      less[talk] = more[talk] = way - level(instead ?? facts.communication);
      after[0][talk] = after[1][talk] = way;
    }
    const settles = part >= 1;
    if (part && !settles) {
      const ends = amounts(facts, know), [protective, pressing] = side.amount;
      const paid = ends.map((amount) => amountPressure(amount * (1 - part), side.amount));
      [after[0][money], after[1][money]] = paid;
      const falls = ends.map((amount, n) => paid[n] - amountPressure(amount, side.amount));
      const inside = ends[0] < pressing / (1 - part) && ends[1] > protective && ends[0] !== ends[1];
      const full = (2 * Math.log(1 - part)) / Math.log(pressing / protective);
      less[money] = Math.min(...falls, ...(inside ? [full] : []));
      more[money] = Math.max(...falls);
    }
    const single = facts.amount_overdue !== null && !Array.isArray(facts.amount_overdue);
    const pay = part && single ? Math.ceil(Number(fixed(facts.amount_overdue * part, know.model.digits))) : null;
    const told = { step: name, pay, instead_of: instead, settles };
    if (settles) return { ...told, odds: range(0, 0), grade: null, so_far: null, share: null, share_range: null };
    const odds = difference(less, more, side).map(exp);
    // Counted over all readings when it is first asked for: the first screen needs the odds alone
    let counted = null;
    const found = () => (counted ??= evaluate(...after, facts.days_overdue, side, know, false));
    return {
      ...told, odds: range(...odds),
      get grade() { return found().grade; }, get so_far() { return found().so_far; },
      get share() { return found().share; }, get share_range() { return found().share_range; },
    };
  }

  function references(facts, side, know) {
    if (facts.days_overdue < side.days[0]) return [];
    const [low, high] = pressures(facts, side, know), come = side.days.every((day) => facts.days_overdue >= day);
    return named(side.references).map(([name, rule]) => {
      const other = low.map(() => 0), way = know.fields.communication.levels.indexOf(rule.communication);
      if (way >= 0) other[know.model.pressed.indexOf("communication")] = side.levels.communication[way];
      let [least, greatest] = difference([...low.map((s, k) => s - other[k]), 0], [...high.map((s, k) => s - other[k]), 0], side);
      if (!come) [least, greatest] = [Math.min(least, 0), Math.max(greatest, 0)]; // equal where no call is possible yet
      const up = least >= -know.model.hair, down = greatest <= know.model.hair;
      return { reference: name, odds: range(exp(least), exp(greatest)), necessarily: up && down ? "equal" : up ? "above" : down ? "below" : null };
    });
  }

  // scoring/explain.py: the unknown facts, the one that narrows most first
  function questions(facts, unknown, side, know) {
    const width = (told) => {
      const given = [...pressures({ ...facts, ...told }, side, know), facts.days_overdue, side];
      const [least, greatest] = extremes(...given).map(likelihood), { low, high } = spreadOf(...given);
      return [greatest - least, high - low];
    };
    const open = unknown.filter((name) => name in side.questions), now = open.length ? width({}) : null;
    const asked = open.map((field) => {
      const widths = side.questions[field].map((level) => width({ [field]: level }));
      const gain = [0, 1].map((n) => Math.max(0, now[n] - widths.reduce((sum, each) => sum + each[n], 0) / widths.length));
      return { field, narrowing: gain[0], share_narrowing: gain[1] };
    });
    return asked.sort((a, b) => b.narrowing - a.narrowing || b.share_narrowing - a.share_narrowing);
  }

  // rules/conduct.py
  function permission(facts, day, rules) {
    const inDay = ids(rules.third_persons, (rule) => inForce(rule, day) && binds(rule, facts.lender) !== false);
    const conditions = ids(rules.unreachable_conditions, (rule) => inForce(rule, day));
    const asked = named(rules.established_by).filter(([, entry]) => conditions.includes(entry.condition));
    const told = asked.map(([fact]) => facts[fact]);
    const known = asked.some(([fact, entry]) => facts[fact] !== null && facts[fact] >= entry.value) ? true
      : told.includes(null) || !told.length ? null : false;
    const says = (state) => {
      const found = inDay.map((name) => rules.third_persons[name].contact[state]);
      return ["not_permitted", "permitted"].find((status) => found.includes(status)) ?? "undecided";
    };
    const of = (status, answer, deciding, kept) => ({ status, answer, deciding, rules: inDay, conditions: kept });
    const plainly = (status, kept) => status === "undecided" ? of(status, "no_rule", null, [])
      : of(status, status, null, status === "permitted" ? kept : []);
    if (facts.days_overdue <= 0) return of("not_permitted", "not_due", null, []);
    const reached = says("reachable"), lost = says("unreachable"), state = rules.reachable[facts.communication] ?? null;
    if (state || reached === lost) return plainly(reached, []);
    if (state === null && !known) return of("undecided", "undecided", "communication", []);
    if (lost !== "permitted" || known || !conditions.length) return plainly(lost, conditions);
    if (known === null) {
      const missing = asked.map(([fact]) => fact).filter((fact) => facts[fact] === null);
      return of("undecided", "if_established", missing[0] ?? null, conditions);
    }
    return of("not_permitted", "not_established", null, conditions);
  }

  function permitted(facts, day, rules) {
    const found = permission(facts, day, rules);
    const bound = found.rules.map((name) => binds(rules.third_persons[name], facts.lender));
    const against = (rule) => matches(rule, facts) && rule.against.some((name) => found.rules.includes(name));
    return { ...found, bound, conflicts: ids(rules.conflicts, against) };
  }

  // money/arrears.py: penalty_range, in whole cents; exact
  function added(amount, days, know) {
    const [whole, part = ""] = String(amount).split("."), tiny = /e/.test(String(amount));
    const digits = BigInt(tiny ? 0 : whole + part.padEnd(3, "0").slice(0, 3));
    const sum = (digits + 5n) / 10n;
    return know.cost.rates.map(([num, den]) => {
      const [up, down] = [sum * BigInt(num) * BigInt(days), BigInt(den)];
      return Number((2n * up + down) / (2n * down)) / 100;
    });
  }

  function cost(facts, know) {
    const [least, most] = facts.amount_overdue === null ? [know.cost.example, know.cost.example] : amounts(facts, know);
    const ends = (days) => range(added(least, days, know)[0], added(most, days, know)[1]);
    const rows = know.cost.waits.map((days) => {
      const { low, high } = ends(days);
      return { days, added: range(low, high), whole: range(least + low, most + high) };
    });
    return { day: ends(1), amount: range(least, most), rows };
  }

  // page/in_time.py: notes
  function aged(day, know) {
    const limit = new Date(day), { changes, checked, check_after: longest, known } = know.time;
    limit.setUTCDate(limit.getUTCDate() - longest);
    const last = limit.toISOString().slice(0, 10), old = checked.filter((each) => each < last);
    return { later: changes.filter((each) => day < each && each <= known), stale: old.length, checked: old.sort()[0] ?? null };
  }

  // The whole answer: ids and numbers; words.js says them.
  function assess(facts, day, know) {
    const [own] = know.witnesses, rules = know.rules, late = facts.days_overdue;
    const sides = know.witnesses.map((side) => answer(facts, side, know));
    const unknown = know.model.scored.filter((name) => facts[name] === null);
    const conduct = (side) => ids(rules.caller[side], (rule) => inForce(rule, day) && matches(rule, facts));
    const consequences = ids(rules.consequences, (rule) => inForce(rule, day));
    return {
      facts, as_of: day, witnesses: sides, agreement: agreement(sides, know), unknown,
      steps: steps(facts, own, know), references: references(facts, own, know),
      questions: questions(facts, unknown, own, know), permitted: permitted(facts, day, rules),
      stage: ids(rules.stages, (stage) => stage.days[0] <= late && late <= stage.days[1])[0],
      actions: ids(rules.actions, (rule) => matches(rule, facts)), words: ids(rules.words, (rule) => matches(rule, facts)),
      conduct: { may: conduct("may"), may_not: conduct("may_not") },
      consequences: consequences.sort((a, b) => (rules.consequences[a].from_day ?? 0) - (rules.consequences[b].from_day ?? 0)),
      cost: cost(facts, know), aged: aged(day, know),
    };
  }

  return { assess };
})(typeof JiebeiKit === "undefined" ? require("./kit.js") : JiebeiKit);
if (typeof module !== "undefined") module.exports = JiebeiEngine;
