"""What the answer hangs on: each assumption moved through its range, a map over two facts, who changes verdict between two policies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jiebei_lib.core.case import FIELDS, Case
from jiebei_lib.core.knowledge.problems import PolicyError
from jiebei_lib.core.knowledge.yaml_files import walk
from jiebei_lib.core.policy import Policy
from jiebei_lib.core.readings import RELEVANT, NoReadings
from jiebei_lib.core.rules.factors import coded, pressures
from jiebei_lib.core.scoring.score import VERDICTS, Scores, evaluate, score_cases

MEASURES = ("share", "low", "high")
TOPICS = ("factors", "strengths", "constraints")  # where the assumptions stand that the score follows from
HALVINGS = 12  # of the way to an end that no reading admits: what is found is within a four-thousandth of the way
HAIR = 1e-3  # of a range: by how much two parameters that must differ are kept apart


@dataclass(frozen=True)
class Swing:
    """One assumption: its value now, as far down and up as its range and the other statements allow (``low``, ``high``), and the
    measure at either end (``at_low``, ``at_high``)."""

    path: str
    value: float
    low: float
    high: float
    at_low: float
    at_high: float

    @property
    def size(self) -> float:
        return abs(self.at_high - self.at_low)


@dataclass(frozen=True)
class Moved:
    """A case's answer under two policies, and which single differences between them are enough for the new verdict (key paths;
    none if it takes several together, or if the verdict stays)."""

    case_id: str
    before: str
    after: str
    low: tuple[float, float]
    high: tuple[float, float]
    share: tuple[float, float]
    because: tuple[str, ...]


def tornado(case: Case, policy: Policy, measure: str = "share") -> list[Swing]:
    """Every assumption moved to both ends of its range with all else as it is; the one that moves the measure most first."""
    found = []
    for path, node in assumptions(policy):
        low, high = (admitted(policy, path, node["value"], end) for end in reach(policy, path))
        ends = [_measured(case, policy, path, end, measure) for end in (low, high)]
        found.append(Swing(".".join(path), node["value"], low, high, *ends))
    return sorted(found, key=lambda swing: -swing.size)


def assumptions(policy: Policy) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """Key path and content of every assumed number that the score follows from, of a strength only where a constraint uses it."""
    used = {entry["strength"] for entry in policy.data["constraints"].values() if entry["kind"] == "strength"}
    for topic in TOPICS:
        for path, node in walk(policy.data[topic], (topic,)):
            if "range" in node and node["basis"] == "assumption" and (topic != "strengths" or path[1] in used):
                yield path, node


def reach(policy: Policy, path: Sequence[str]) -> tuple[float, float]:
    """How far down and up a parameter may go: its range, and not past the parameters that it must stay below or above."""
    node: Any = policy.data
    for key in path:
        node = node[key]
    low, high = node["range"]
    below, above = _neighbours(policy, tuple(path))
    return min(node["value"], max([low, *below])), max(node["value"], min([high, *above]))


def admitted(policy: Policy, path: Sequence[str], value: float, end: float) -> float:
    """As far from a parameter's value toward ``end`` as some reading still agrees with all statements, by halving."""
    inside, outside, at = float(value), end, end
    for _ in range(HALVINGS):
        try:
            _ = moved_to(policy, path, at).readings
            if at == end:
                return end
            inside = at
        except NoReadings:
            outside = at
        at = (inside + outside) / 2
    return inside


def _neighbours(policy: Policy, path: tuple[str, ...]) -> tuple[list[float], list[float]]:
    """Values that a parameter must not fall below, and must not rise above (policy_checks.py holds the same)."""
    topic, name, last = path[0], path[1], path[-1]
    beside = policy.data[topic][name]
    if path[2] == "levels":
        order = FIELDS[name]["levels"][:: 1 if name == "communication" else -1]
        values, at = [beside["levels"][level]["value"] for level in order], order.index(last)
        return values[max(0, at - 1) : at], values[at + 1 : at + 2]
    lesser = {"protective": "pressing", "score_pressing": "score_protective", "record_neutral": "record_pressing"}
    lesser |= {"at_least": "at_most"}
    greater = {more: less for less, more in lesser.items()}
    if name == "days":
        return [policy.readings.days[0] + 1], []
    gap = 0 if topic != "factors" else HAIR
    if last in lesser and lesser[last] in beside:
        return [], [beside[lesser[last]]["value"] * (1 - gap)]
    return ([beside[greater[last]]["value"] * (1 + gap)], []) if last in greater else ([], [])


def moved_to(policy: Policy, path: Sequence[str], value: float) -> Policy:
    """The policy with one number moved to where :func:`reach` allows: not checked again, and with the readings it has unless they
    follow from the number."""
    data = dict(policy.data)
    here = data
    for key in path:
        here[key] = dict(here[key])
        here = here[key]
    here["value"] = value
    changed = Policy(data, policy.base, policy.overlay, passing=True)
    if path[0] not in RELEVANT:
        changed.__dict__["readings"] = policy.readings
    return changed


def _measured(case: Case, policy: Policy, path: Sequence[str], value: float, measure: str) -> float:
    return float(getattr(score_cases([case], moved_to(policy, path, value)), measure)[0])


def over_two_facts(case: Case, policy: Policy, x: Sequence[Any], y: Sequence[Any], names: tuple[str, str]) -> Scores:
    """Scores of a case with two of its facts (``names`` of x and y) at every combination of values: arrays (len(y) * len(x),), x first."""
    n = len(x) * len(y)
    facts = {name: [getattr(case, name)] * n for name in FIELDS}
    facts[names[0]] = list(x) * len(y)
    facts[names[1]] = [value for value in y for _ in x]
    columns = coded(facts)
    return evaluate(*pressures(columns, policy), columns["days_overdue"], policy)


def compared(cases: Sequence[Case], before: Policy, after: Policy) -> list[Moved]:
    """Each case under both policies, and for those whose verdict differs which single difference would do it."""
    answers = score_cases(list(cases), before), score_cases(list(cases), after)
    changed = np.flatnonzero(answers[0].verdict != answers[1].verdict)
    because: dict[int, list[str]] = {int(n): [] for n in changed}
    for path, alone in one_by_one(before, after) if len(changed) else ():
        verdicts = score_cases([cases[n] for n in changed], alone).verdict
        for n, verdict in zip(changed.tolist(), verdicts, strict=True):
            if verdict == answers[1].verdict[n]:
                because[n].append(path)
    pairs = {
        name: np.column_stack([getattr(answer, name) for answer in answers]).tolist()
        for name in ("low", "high", "share")
    }
    return [
        Moved(
            case.case_id,
            *(VERDICTS[int(answer.verdict[n])] for answer in answers),
            *(tuple(pairs[name][n]) for name in ("low", "high", "share")),
            tuple(because.get(n, ())),
        )
        for n, case in enumerate(cases)
    ]


def one_by_one(before: Policy, after: Policy) -> Iterator[tuple[str, Policy]]:
    """Every difference between two policies made alone: its key path, and ``before`` with only this one. What contradicts the rest when
    alone is left out. Between policies with different constraints these go together, as ``weights``."""
    first_day = {"timeline.first_possible_day.spread": after.data["timeline"]["first_possible_day"]["spread"]}
    differences: list[dict[str, Any]] = [first_day]
    differences += [
        {".".join(path): node["value"]} for path, node in walk(after.data["factors"], ("factors",)) if "range" in node
    ]
    if before.base == after.base:
        differences += list(_weights_apart(before, after))
    else:
        differences.append(
            {name: dict.fromkeys(before.data[name]) | dict(after.data[name]) for name in ("strengths", "constraints")}
        )
    for difference in differences:
        path, value = next(iter(difference.items()))
        here = _at(before.data, path.split("."))
        if here == value or (isinstance(here, Mapping) and here.get("value", here) == value):
            continue
        try:
            alone = before.replace(difference)
        except PolicyError:
            continue
        yield path if len(difference) == 1 else "weights", alone


def _weights_apart(before: Policy, after: Policy) -> Iterator[dict[str, Any]]:
    for name in before.data["constraints"] | after.data["constraints"]:
        ours, theirs = (policy.data["constraints"].get(name) for policy in (before, after))
        if theirs is None or ours is None:
            yield {f"constraints.{name}": theirs}
        elif ours != theirs and "strength" in theirs and ours["strength"] != theirs["strength"]:
            yield {f"constraints.{name}.strength": theirs["strength"]}
    for topic in ("strengths", "constraints"):
        for path, node in walk(after.data[topic], (topic,)):
            if "range" in node and _at(before.data, path) is not None:
                yield {".".join(path): node["value"]}


def _at(node: Any, path: Sequence[str]) -> Any:
    for key in path:
        node = node.get(key) if isinstance(node, Mapping) else None
    return node
