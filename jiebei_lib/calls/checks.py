"""The named checks. Each takes the facts and a rule, for whole columns at once, and says which attempts break it.

A check of one attempt gives conditions that all must hold (column and truth); a check of several counts within a group.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from jiebei_lib.calls.facts import DAY, FALSE, TRUE, UNKNOWN, Facts, both, inverse

Conditions = dict[str, np.ndarray]
NO_ONE_BEFORE = -1


@dataclass(frozen=True)
class Verdicts:
    """Positions of breaches and of what cannot be decided, in order.

    ``witnesses``: for each breach the positions that prove it, the attempt itself last (a row each). ``counts``: how many
    were counted. ``missing``: for each undecided one the set of columns that would decide it, as bits of ``columns``.
    """

    breaches: np.ndarray
    undecided: np.ndarray
    columns: tuple[str, ...]
    missing: np.ndarray
    witnesses: np.ndarray | None = None
    counts: np.ndarray | None = None


def judge(facts: Facts, rule: Mapping[str, Any], clock: tuple[np.ndarray, np.ndarray], applies: Conditions) -> Verdicts:
    """Which attempts break a rule. ``applies`` holds the conditions under which it is about an attempt at all."""
    return CHECKS[rule["check"]](facts, rule, clock, applies)


def _single(conditions: Conditions) -> Verdicts:
    """Attempts in which all conditions hold, and those in which the ones that are known do not settle it."""
    result = both(*conditions.values())
    undecided = np.flatnonzero(result == UNKNOWN)
    return Verdicts(np.flatnonzero(result == TRUE), undecided, tuple(conditions), _bits(conditions)[undecided])


def _bits(conditions: Conditions) -> np.ndarray:
    """For each attempt, which conditions are not known."""
    bits = np.zeros(len(next(iter(conditions.values()))), np.int64)
    for n, known in enumerate(conditions.values()):
        bits |= (known == UNKNOWN).astype(np.int64) << n
    return bits


def _hours(facts: Facts, rule: Mapping[str, Any], clock: Any, applies: Conditions) -> Verdicts:
    """Outside the hours allowed, by the clock of the person called."""
    seconds, known = clock
    time = seconds % DAY
    opens, closes = (_seconds(text) for text in rule["allowed"])
    late = time > closes if rule["closing"] == "included" else time >= closes
    outside = np.where(known, (time < opens) | late, UNKNOWN).astype(np.int8)
    return _single({**applies, "zone": outside})


def _seconds(text: str) -> int:
    return int(text[:2]) * 3600 + int(text[3:]) * 60


def _of_column(column: str) -> Callable[..., Verdicts]:
    def check(facts: Facts, rule: Mapping[str, Any], clock: Any, applies: Conditions) -> Verdicts:
        found = facts.is_one_of(column, rule["any_of"])
        return _single({**applies, column: both(applies[column], found) if column in applies else found})

    return check


def _is(column: str, wanted: bool) -> Callable[..., Verdicts]:
    def check(facts: Facts, rule: Mapping[str, Any], clock: Any, applies: Conditions) -> Verdicts:
        known = facts.truth(column)
        return _single({**applies, column: known if wanted else inverse(known)})

    return check


def _at_most(facts: Facts, rule: Mapping[str, Any], clock: Any, applies: Conditions) -> Verdicts:
    """More than ``times`` within ``days`` calendar days of the person called (the attempt's own day is the last of them)."""
    conditions = dict(applies)
    if rule["counts"] == "effective":
        conditions["answered"] = facts.truth("answered")
    elif rule["counts"] == "unanswered":
        conditions["answered"] = inverse(facts.truth("answered"))
    if rule["days"] != "ever" and not clock[1].all():
        conditions["zone"] = np.where(clock[1], TRUE, UNKNOWN).astype(np.int8)
    group, day, where = _grouped(facts, rule, clock, conditions)
    sure = both(*conditions.values())[where] == TRUE
    start, wide = _window_starts(group, day, rule["days"], clock[1].all())
    until = np.arange(1, len(where) + 1)
    before = np.concatenate([[0], np.cumsum(sure)])
    certain = before[until] - before[start]
    breach = sure & (certain > rule["times"])
    open_ = ~breach & (until - wide > rule["times"])
    bits = _bits(conditions)[where]
    missing = np.zeros(len(where), np.int64)
    for n in range(len(conditions)):
        seen = np.concatenate([[0], np.cumsum((bits >> n) & 1)])
        missing |= (seen[until] > seen[wide]).astype(np.int64) << n
    rank = np.flatnonzero(sure)
    nth = np.cumsum(sure)[breach] - 1
    proof = rank[nth[:, None] - np.arange(rule["times"], -1, -1)[None, :]]
    found = Verdicts(where[breach], where[open_], tuple(conditions), missing[open_], where[proof], certain[breach])
    return _ordered(_with_nameless(found, facts, rule, conditions))


def _window_starts(group: np.ndarray, day: np.ndarray, days: Any, clocks_known: bool) -> tuple[np.ndarray, np.ndarray]:
    """Where each attempt's window begins in arrays sorted by group and day; the second is sure to reach far enough even where
    a clock, and so a day, is not known (it may be off by one at either end)."""
    if days == "ever":
        start = np.searchsorted(group, group, side="left")
        return start, start
    first = int(day.min(initial=0))
    span = int(day.max(initial=0)) - first + 1
    key = group * span + (day - first)
    starts = [
        np.searchsorted(key, np.maximum(key - reach + 1, group * span), side="left")
        for reach in ((days,) if clocks_known else (days, days + 2))
    ]
    return starts[0], starts[-1]


def _with_nameless(found: Verdicts, facts: Facts, rule: Mapping[str, Any], conditions: Conditions) -> Verdicts:
    """Adds, as undecided, the attempts that may count but do not say to whom or about which debt."""
    may = both(*conditions.values()) != FALSE
    nameless = np.flatnonzero(may & ~facts.group(tuple(rule["per"]))[1])
    if not len(nameless):
        return found
    columns, bits = (*found.columns, *rule["per"]), _bits(conditions)[nameless]
    for n, column in enumerate(rule["per"], len(found.columns)):
        bits |= facts.table[column].isna().to_numpy()[nameless].astype(np.int64) << n
    undecided, missing = np.concatenate([found.undecided, nameless]), np.concatenate([found.missing, bits])
    return Verdicts(found.breaches, undecided, columns, missing, found.witnesses, found.counts)


def _after(facts: Facts, rule: Mapping[str, Any], clock: Any, applies: Conditions, event: Conditions) -> Verdicts:
    """An attempt that comes after an event in the same group, within ``days`` calendar days if given (the event's is the first)."""
    conditions = dict(applies)
    group, day, where = _grouped(facts, rule, clock, {}, by_day=False)
    counted, happened = both(*conditions.values())[where], both(*event.values())[where]
    reach = rule.get("days", "ever")
    found = {}
    for surely, fits in ((True, happened == TRUE), (False, happened != FALSE)):
        # The latest event before each attempt: a position within the sorted arrays, or none in this group.
        at = np.maximum.accumulate(np.where(fits, np.arange(len(where)), NO_ONE_BEFORE))
        at = np.concatenate([[NO_ONE_BEFORE], at[:-1]]) if len(at) else at
        near = (at >= 0) & (group[at] == group)
        if reach != "ever":
            near &= day - day[at] < reach
        found[surely] = near, at
    breach = (counted == TRUE) & found[True][0]
    open_ = (counted != FALSE) & found[False][0] & ~breach
    columns = (*conditions, *(name for name in event if name not in conditions))
    bits = _bits({name: conditions.get(name, np.zeros(facts.n, np.int8)) for name in columns})[where]
    unsure = _bits({name: event.get(name, np.zeros(facts.n, np.int8)) for name in columns})[where]
    at = found[False][1]
    missing = np.where(found[True][0], bits, bits | unsure[at])[open_]
    proof = np.stack([where[found[True][1][breach]], where[breach]], axis=1)
    result = Verdicts(where[breach], where[open_], columns, missing, proof, np.full(int(breach.sum()), 2))
    return _ordered(_with_nameless(result, facts, rule, conditions))


def _after_conversation(facts: Facts, rule: Mapping[str, Any], clock: Any, applies: Conditions) -> Verdicts:
    spoke = {"channel": facts.is_one_of("channel", ["call"]), "answered": facts.truth("answered")}
    return _after(facts, rule, clock, applies, spoke)


def _after_stop(facts: Facts, rule: Mapping[str, Any], clock: Any, applies: Conditions) -> Verdicts:
    event = {"stop_requested": facts.truth("stop_requested")}
    if "asked_by" in rule:
        event["channel"] = facts.is_one_of("channel", rule["asked_by"])
    return _after(facts, rule, clock, applies, event)


def _grouped(
    facts: Facts, rule: Mapping[str, Any], clock: Any, conditions: Conditions, by_day: bool = True
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Group, local day and position of the attempts that may count, sorted by group and then day (or time)."""
    group, known = facts.group(tuple(rule["per"]))
    day = clock[0] // DAY
    may = known if not conditions else known & (both(*conditions.values()) != FALSE)
    where = np.flatnonzero(may)
    group, day = group[where], day[where]
    order = np.lexsort((day, group)) if by_day else np.argsort(group, kind="stable")
    return group[order], day[order], where[order]


def _ordered(found: Verdicts) -> Verdicts:
    """The same in the order of time."""
    first, second = np.argsort(found.breaches, kind="stable"), np.argsort(found.undecided, kind="stable")
    return Verdicts(
        found.breaches[first],
        found.undecided[second],
        found.columns,
        found.missing[second],
        None if found.witnesses is None else found.witnesses[first],
        None if found.counts is None else found.counts[first],
    )


CHECKS: dict[str, Callable[..., Verdicts]] = {
    "hours": _hours,
    "at_most": _at_most,
    "after_conversation": _after_conversation,
    "after_stop": _after_stop,
    "borrower_reachable": _is("borrower_reachable", True),
    "discloses": _of_column("disclosed"),
    "purpose": _of_column("purpose"),
    "channel": _of_column("channel"),
    "conduct": _of_column("conduct"),
    "unidentified": _is("identified", False),
    "unrecorded": _is("recorded", False),
}
