"""What the answer depends on: each assumption moved through its range, which of them carry it, and a map over two facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from jiebei_lib.core.case import FIELDS, Case
from jiebei_lib.core.knowledge.yaml_files import walk
from jiebei_lib.core.policy import Policy
from jiebei_lib.core.readings import RELEVANT, NoReadings
from jiebei_lib.core.rules.factors import coded, pressures
from jiebei_lib.core.scoring.score import GRADES, VERDICT_OF, Scores, evaluate, score_cases

MEASURES = ("share", "low", "high")
TOPICS = ("factors", "strengths", "constraints", "sampling")  # where the assumptions stand that the score follows from
HALVINGS = 12  # of the way to an end that no reading admits: what is found is within a four-thousandth of the way
HAIR = 1e-3  # of a range: by how much two parameters that must differ are kept apart


@dataclass(frozen=True)
class Swing:
    """One assumption: its value now, as far down and up as its range and the other statements allow (``low``, ``high``), the measure
    at either end (``at_low``, ``at_high``), and the grade there at the middle of what is unknown (``grade_low``, ``grade_high``)."""

    path: str
    value: float
    low: float
    high: float
    at_low: float
    at_high: float
    grade_low: str
    grade_high: str

    @property
    def size(self) -> float:
        return abs(self.at_high - self.at_low)


@dataclass(frozen=True)
class Movable:
    """One assumption as far down and up as it may go (``ends``), and the policies with it there."""

    path: str
    value: float
    ends: tuple[float, float]
    policies: tuple[Policy, Policy]


def tornado(case: Case, policy: Policy, measure: str = "share") -> list[Swing]:
    """Every assumption moved to both ends of its range with all else as it is; the one that moves the measure most first."""
    return _swings(case, policy, measure)


def turning(case: Case, policy: Policy) -> list[tuple[Swing, str]]:
    """The assumptions that the verdict rests on: each that alone, somewhere in its range, turns it, with the end (``low``, ``high``)
    at which it does. Taken at the middle of what is unknown; the one that moves the share most first."""
    now = VERDICT_OF[score_cases([case], policy, with_bands=False).so_far[0]]
    return [
        (swing, end)
        for swing in _swings(case, policy, "share", at_middle=True)
        for end in ("low", "high")
        if VERDICT_OF[GRADES.index(getattr(swing, f"grade_{end}"))] != now
    ]


def _swings(case: Case, policy: Policy, measure: str, at_middle: bool = False) -> list[Swing]:
    """``at_middle``: what is unknown is in the middle of what it could be, also for the range; shares and grades are there anyway.

    Policies with the same readings differ in the pressures alone, and are scored together, a row each."""
    known = movable(policy)
    columns = coded({name: [getattr(case, name)] for name in FIELDS})
    plain, together = pressures(columns, policy), dict[Any, list[tuple[int, Policy]]]()
    for place, moved in enumerate(end for each in known for end in each.policies):
        key = id(moved.readings), moved.value("factors.days.pressing")
        together.setdefault(key, []).append((place, moved))
    at, grade = np.empty(2 * len(known)), np.empty(2 * len(known), int)
    for group in together.values():
        places, policies = zip(*group, strict=True)
        rows = [plain if one.data["factors"] is policy.data["factors"] else pressures(columns, one) for one in policies]
        low, high = (np.concatenate(end) for end in zip(*rows, strict=True))
        if at_middle:
            low = high = (low + high) / 2
        scores = evaluate(low, high, columns["days_overdue"].repeat(len(rows)), policies[0], with_bands=False)
        at[[*places]], grade[[*places]] = getattr(scores, measure), scores.so_far
    found = [
        Swing(one.path, one.value, *one.ends, *at[n : n + 2].tolist(), *(GRADES[g] for g in grade[n : n + 2]))
        for n, one in zip(range(0, len(at), 2), known, strict=True)
    ]
    return sorted(found, key=lambda swing: -swing.size)


@lru_cache(maxsize=2)  # the same for all cases; with the readings there some 10 MB
def movable(policy: Policy) -> list[Movable]:
    """Each of :func:`assumptions` with its ends, as far as some reading still agrees with all statements."""
    found = []
    for path, node in assumptions(policy):
        low, high = (admitted(policy, path, node["value"], end) for end in reach(policy, path))
        found.append(Movable(".".join(path), node["value"], (low[0], high[0]), (low[1], high[1])))
    return found


def assumptions(policy: Policy) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """Key path and content of every assumed number that the score follows from, of a strength only where a constraint uses it."""
    used = {entry["strength"] for entry in policy.data["constraints"].values() if entry["kind"] == "strength"}
    for topic in TOPICS:
        for path, node in walk(policy.data[topic], (topic,)):
            counted = path[-1] not in ("readings", "seed")  # how many readings are drawn is no opinion
            if (
                "range" in node
                and node["basis"] == "assumption"
                and counted
                and (topic != "strengths" or path[1] in used)
            ):
                yield path, node


def reach(policy: Policy, path: Sequence[str]) -> tuple[float, float]:
    """How far down and up a parameter may go: its range, and not past the parameters that it must stay below or above."""
    node: Any = policy.data
    for key in path:
        node = node[key]
    low, high = node["range"]
    below, above = _neighbours(policy, tuple(path))
    return min(node["value"], max([low, *below])), max(node["value"], min([high, *above]))


def admitted(policy: Policy, path: Sequence[str], value: float, end: float) -> tuple[float, Policy]:
    """As far from a parameter's value toward ``end`` as some reading still agrees with all statements, by halving; the policy there."""
    inside, outside, at, found = float(value), end, end, policy
    for _ in range(HALVINGS):
        moved = moved_to(policy, path, at)
        try:
            _ = moved.readings
            if at == end:
                return end, moved
            inside, found = at, moved
        except NoReadings:
            outside = at
        at = (inside + outside) / 2
    return inside, found


def _neighbours(policy: Policy, path: tuple[str, ...]) -> tuple[list[float], list[float]]:
    """Values that a parameter must not fall below, and must not rise above (policy_checks.py holds the same)."""
    topic, name, last = path[0], path[1], path[-1]
    beside = policy.data[topic][name]
    if topic == "sampling":
        return [], []
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
    return ([beside[greater[last]]["value"] * (1 + gap)], []) if greater.get(last) in beside else ([], [])


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


def over_two_facts(case: Case, policy: Policy, x: Sequence[Any], y: Sequence[Any], names: tuple[str, str]) -> Scores:
    """Scores of a case with two of its facts (``names`` of x and y) at every combination of values: arrays (len(y) * len(x),), x first."""
    n = len(x) * len(y)
    facts = {name: [getattr(case, name)] * n for name in FIELDS}
    facts[names[0]] = list(x) * len(y)
    facts[names[1]] = [value for value in y for _ in x]
    columns = coded(facts)
    return evaluate(*pressures(columns, policy), columns["days_overdue"], policy)
