"""What the answer depends on: each assumption moved through its range, which of them carry it, and a map over two facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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


def tornado(case: Case, policy: Policy, measure: str = "share") -> list[Swing]:
    """Every assumption moved to both ends of its range with all else as it is; the one that moves the measure most first."""
    found = []
    for path, node in assumptions(policy):
        low, high = (admitted(policy, path, node["value"], end) for end in reach(policy, path))
        ends = [score_cases([case], moved_to(policy, path, end), with_bands=False) for end in (low, high)]
        at_low, at_high = (float(getattr(scores, measure)[0]) for scores in ends)
        grade_low, grade_high = (GRADES[int(scores.so_far[0])] for scores in ends)
        found.append(Swing(".".join(path), node["value"], low, high, at_low, at_high, grade_low, grade_high))
    return sorted(found, key=lambda swing: -swing.size)


def turning(case: Case, policy: Policy) -> list[tuple[Swing, str]]:
    """The assumptions that the verdict rests on: each that alone, somewhere in its range, turns it, with the end (``low``, ``high``)
    at which it does. Taken at the middle of what is unknown; the one that moves the share most first."""
    now = VERDICT_OF[score_cases([case], policy, with_bands=False).so_far[0]]
    return [
        (swing, end)
        for swing in tornado(case, policy)
        for end in ("low", "high")
        if VERDICT_OF[GRADES.index(getattr(swing, f"grade_{end}"))] != now
    ]


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
