"""The named checks. Each takes the facts and a rule, for whole columns at once, and says which attempts break it.

A check of one attempt gives conditions that all must hold (column and truth); a check of several counts within a group.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from jiebei_lib.calls.facts import DAY, FALSE, NO_DAY, TRUE, UNKNOWN, Clock, Entries, Facts, both, inverse

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


def judge(facts: Facts, rule: Mapping[str, Any], clock: Clock, applies: Conditions) -> Verdicts:
    """Which attempts break a rule. ``applies`` holds the conditions under which it is about an attempt at all."""
    return CHECKS[rule["check"]](facts, rule, clock, applies)


def _single(conditions: Conditions) -> Verdicts:
    """Attempts in which all conditions hold, and those in which the ones that are known do not settle it."""
    result = both(*conditions.values())
    undecided = np.flatnonzero(result == UNKNOWN)
    unknown = _bits({name: known[undecided] for name, known in conditions.items()})
    return Verdicts(np.flatnonzero(result == TRUE), undecided, tuple(conditions), unknown)


def _bits(conditions: Conditions) -> np.ndarray:
    """For each attempt, which conditions are not known."""
    bits = np.zeros(len(next(iter(conditions.values()))), np.int32)
    for n, known in enumerate(conditions.values()):
        if (unknown := known == UNKNOWN).any():
            bits |= unknown.astype(np.int32) << n
    return bits


def _hours(facts: Facts, rule: Mapping[str, Any], clock: Clock, applies: Conditions) -> Verdicts:
    """Outside the hours allowed, by the clock of the person called; where that may be one of several, by all of them."""
    week, weekend = ([_seconds(text) for text in rule.get(key) or rule["allowed"]] for key in ("allowed", "weekend"))

    def outside(seconds: np.ndarray) -> np.ndarray:
        time = (seconds % DAY).astype(np.int32)
        opens, closes = (np.full(1, hour, np.int32) for hour in week)
        if weekend != week:
            ends = (seconds // DAY + 3) % 7 >= 5  # day 0, of 1970, was a Thursday
            opens, closes = (np.where(ends, *hours).astype(np.int32) for hours in zip(weekend, week, strict=True))
        late = time > closes if rule["closing"] == "included" else time >= closes
        return (time < opens) | late

    always = sometimes = outside(clock.seconds)
    for other in clock.others:
        here = outside(other)
        always, sometimes = always & here, sometimes | here
    settled = clock.known & (always == sometimes)
    return _single(
        {**applies, clock.doubt: both(applies.get(clock.doubt, _all(facts)), np.where(settled, always, UNKNOWN))}
    )


def _seconds(text: str) -> int:
    return int(text[:2]) * 3600 + int(text[3:]) * 60


def _of_column(column: str) -> Callable[..., Verdicts]:
    def check(facts: Facts, rule: Mapping[str, Any], clock: Clock, applies: Conditions) -> Verdicts:
        found = facts.is_one_of(column, rule["any_of"])
        return _single({**applies, column: both(applies[column], found) if column in applies else found})

    return check


def _is(column: str, wanted: bool) -> Callable[..., Verdicts]:
    def check(facts: Facts, rule: Mapping[str, Any], clock: Clock, applies: Conditions) -> Verdicts:
        known = facts.truth(column)
        return _single({**applies, column: known if wanted else inverse(known)})

    return check


def _at_most(facts: Facts, rule: Mapping[str, Any], clock: Clock, applies: Conditions) -> Verdicts:
    """More than ``times`` within ``days`` calendar days of the person called (the attempt's own day is the last of them)."""
    conditions = counted(facts, rule, clock, applies)
    entries, of_attempt = facts.entries(tuple(rule["per"])), both(*conditions.values())
    result = np.where(entries.discussed, FALSE, of_attempt[entries.row])
    result[(result == TRUE) & _of_one_of_several(facts, entries)] = UNKNOWN
    day = clock.days[entries.row]
    strict = entries.by_group[(result != FALSE)[entries.by_group]]
    if clock.others or (np.diff(day[strict])[np.diff(entries.group[strict]) == 0] < 0).any():  # clocks that differ
        strict = strict[np.lexsort((day[strict], entries.group[strict]))]
    group, sure = entries.group[strict], result[strict] == TRUE
    start, wide = _window_starts(group, day[strict], rule["days"], clock.slack)
    until = np.arange(1, len(strict) + 1, dtype=np.int32)
    certain = _within(sure, start)
    breach = sure & (certain > rule["times"])
    possible = np.zeros(len(entries.row), np.int32)
    possible[strict] = until - wide
    bits, columns = _unknown_bits(facts, conditions, entries)
    missing = np.zeros(len(entries.row), np.int32)
    missing[strict] = _gathered(bits[strict], wide, len(columns))
    _add_unplaced(entries, result, (day, rule["days"]), possible, missing, bits, len(columns))
    nameless = (result != FALSE) & ~entries.known & ~entries.wider_known
    possible[nameless], missing[nameless] = (result != FALSE).sum(), bits[nameless]
    broken = np.zeros(len(entries.row), bool)
    broken[strict[breach]] = True
    open_ = np.flatnonzero((result != FALSE) & ~broken & (possible > rule["times"]))
    rank, nth = np.flatnonzero(sure), np.cumsum(sure, dtype=np.int32)[breach] - 1
    proof = entries.row[strict[rank[nth[:, None] - np.arange(rule["times"], -1, -1)[None, :]]]]
    found = Verdicts(entries.row[strict[breach]], entries.row[open_], columns, missing[open_], proof, certain[breach])
    if clock.doubt == "memory" and rule["days"] != "ever":
        others = {name: fact for name, fact in conditions.items() if name != "memory"}
        found = with_crowded(found, entries, both(*others.values(), facts.certain), clock, rule)
    return _ordered(found)


def counted(facts: Facts, rule: Mapping[str, Any], clock: Clock, applies: Conditions) -> Conditions:
    """The conditions under which an attempt counts toward a limit on how many."""
    conditions = dict(applies)
    if rule["counts"] == "effective":
        column = "answered" if facts.absent("outcome") else "outcome"
        conditions[column] = both(conditions.get(column, _all(facts)), facts.is_one_of("outcome", ["conversation"]))
    elif rule["counts"] in ("connected", "unanswered"):
        answered = facts.truth("answered")
        conditions["answered"] = answered if rule["counts"] == "connected" else inverse(answered)
    if rule["days"] != "ever" and not clock.day_known.all():
        known = np.where(clock.day_known, TRUE, UNKNOWN)
        conditions[clock.doubt] = both(conditions.get(clock.doubt, _all(facts)), known)
    if "callee_id" in rule["per"] and facts.misdirected.any():
        conditions["callee"] = both(conditions.get("callee", _all(facts)), (~facts.misdirected).astype(np.int8))
    return conditions


def _of_one_of_several(facts: Facts, entries: Entries) -> np.ndarray:
    """A call for several debts at which none was talked about counts toward one of them, and the caller says which."""
    return np.asarray(entries.several & (facts.conversation[entries.row] != TRUE))


def _all(facts: Facts) -> np.ndarray:
    return np.ones(facts.n, np.int8)


def _within(what: np.ndarray, start: np.ndarray) -> np.ndarray:
    """How many of ``what`` each window holds, from its start to the entry itself."""
    before = np.zeros(len(what) + 1, np.int32)
    np.cumsum(what, out=before[1:])
    return np.asarray(before[1:] - before[start])


def _gathered(bits: np.ndarray, start: np.ndarray, columns: int) -> np.ndarray:
    """The facts that are unknown somewhere in each window."""
    out, some = np.zeros(len(bits), np.int32), int(np.bitwise_or.reduce(bits))
    for n in range(columns):
        if some >> n & 1:
            out |= (_within((bits >> n) & 1, start) > 0).astype(np.int32) << n
    return out


def _unknown_bits(facts: Facts, conditions: Conditions, entries: Entries) -> tuple[np.ndarray, tuple[str, ...]]:
    """For each entry which facts are not known, those of its group among them, and their names."""
    names = (*conditions, *(column for column in entries.columns if column not in conditions))
    bits = _bits(conditions)[entries.row]
    for column, unknown in entries.columns.items():
        unknown = unknown | _of_one_of_several(facts, entries) if column == "debt_id" else unknown
        bits |= unknown.astype(np.int32) << names.index(column)
    return bits, names


def _add_unplaced(
    entries: Entries, result: np.ndarray, days: tuple[np.ndarray, Any],
    possible: np.ndarray, missing: np.ndarray, bits: np.ndarray, columns: int,
) -> None:  # fmt: skip
    """Where the number or the firm is not known, an attempt may count together with any other to the same person."""
    if entries.known.all():
        return
    day, reach = days
    wide = np.flatnonzero((result != FALSE) & entries.wider_known)
    wide = wide[np.lexsort((day[wide], entries.wider[wide]))]
    _, start = _window_starts(entries.wider[wide], day[wide], reach, 1)
    loose = ~entries.known[wide]
    with_loose, all_ = _within(loose, start), _within(np.ones(len(wide), bool), start)
    possible[wide] = np.where(loose, all_, possible[wide] + with_loose)
    missing[wide] |= np.where(loose | (with_loose > 0), _gathered(bits[wide], start, columns), 0)


def _window_starts(group: np.ndarray, day: np.ndarray, days: Any, slack: int) -> tuple[np.ndarray, np.ndarray]:
    """Where each attempt's window begins in arrays sorted by group and day; the second is sure to reach far enough even where
    a clock, and so a day, is not known (it may be off by ``slack`` at either end)."""
    if days == "ever":
        start = np.searchsorted(group, group, side="left").astype(np.int32)
        return start, start
    first = int(day.min(initial=0))
    begins = group.astype(np.int64) * (int(day.max(initial=0)) - first + 1)
    key = begins + (day - first)
    starts = [
        np.searchsorted(key, np.maximum(key - reach + 1, begins), side="left").astype(np.int32)
        for reach in ((days, days + 2 * slack) if slack else (days,))
    ]
    return starts[0], starts[-1]


def _after(facts: Facts, rule: Mapping[str, Any], clock: Clock, applies: Conditions, event: Conditions) -> Verdicts:
    """An attempt that comes after an event in the same group, within ``days`` calendar days if given (the event's is the first)."""
    conditions = dict(applies)
    if "callee_id" in rule["per"] and facts.misdirected.any():
        conditions["callee"] = both(conditions.get("callee", _all(facts)), (~facts.misdirected).astype(np.int8))
    entries = facts.entries(tuple(rule["per"]))
    result = np.where(entries.discussed, FALSE, both(*conditions.values())[entries.row])
    result[(result == TRUE) & _of_one_of_several(facts, entries)] = UNKNOWN
    happened = both(*event.values())[entries.row]
    if not (happened != FALSE).any():
        return _single({**conditions, "event": np.zeros(facts.n, np.int8)})
    day, reach = clock.days[entries.row], rule.get("days", "ever")
    sure = _latest(entries.group, entries.by_group, (happened == TRUE) & entries.known, day, reach, entries.row)
    if clock.doubt == "memory":  # which of two came first may not be remembered
        sure = np.where(
            (sure >= 0) & (facts.last_instant[entries.row[sure]] <= instant_of(facts, entries)), sure, NO_ONE_BEFORE
        )
    may = _latest(entries.group, entries.by_group, (happened != FALSE) & entries.known, day, reach, entries.row)
    if clock.doubt == "memory":
        may = _perhaps_before(facts, entries, happened != FALSE, clock, reach)
    if not entries.known.all():
        # An event whose number or firm is not known may belong to any group of the same person, and the other way round.
        loose = _latest(entries.wider, entries.by_wider, (happened != FALSE) & ~entries.known, day, reach, entries.row)
        any_ = _latest(entries.wider, entries.by_wider, happened != FALSE, day, reach, entries.row)
        may = np.where(entries.known, np.maximum(may, loose), any_)
    nameless = ~entries.known & ~entries.wider_known
    breach = np.flatnonzero((result == TRUE) & (sure >= 0))
    open_ = np.flatnonzero((result != FALSE) & ((may >= 0) | nameless) & ~((result == TRUE) & (sure >= 0)))
    if clock.doubt == "memory":
        conditions.setdefault("memory", _all(facts))
    asked = {**conditions, **{name: known for name, known in event.items() if name not in conditions}}
    bits, columns = _unknown_bits(facts, {name: conditions.get(name, _all(facts)) for name in asked}, entries)
    unsure, _ = _unknown_bits(facts, {name: event.get(name, _all(facts)) for name in asked}, entries)
    missing = np.where(sure >= 0, bits, bits | np.where(may >= 0, unsure[may], 0))
    if clock.doubt == "memory":
        missing |= (sure < 0).astype(np.int32) << columns.index("memory")
    missing = missing[open_]
    proof = np.stack([entries.row[sure[breach]], entries.row[breach]], axis=1)
    found = Verdicts(entries.row[breach], entries.row[open_], columns, missing, proof, np.full(len(breach), 2))
    return _ordered(found)


def _perhaps_before(facts: Facts, entries: Entries, event: np.ndarray, clock: Clock, reach: Any) -> np.ndarray:
    """The same where it may not be remembered which came first: an event that may have come before, one by one."""
    start, end = instant_of(facts, entries), facts.last_instant[entries.row]
    first, last = clock.days[entries.row], clock.last_days[entries.row]
    number, out = np.arange(len(start)), np.full(len(start), NO_ONE_BEFORE)
    for n in np.flatnonzero(entries.known):
        before = event & entries.known & (entries.group == entries.group[n]) & (entries.row != entries.row[n])
        before &= (start < end[n]) | ((start == end[n]) & (number < n))
        if reach != "ever":
            before &= first[n] - last < reach
        out[n] = np.flatnonzero(before)[-1] if before.any() else NO_ONE_BEFORE
    return out


def _latest(
    group: np.ndarray, order: np.ndarray, event: np.ndarray, day: np.ndarray, reach: Any, row: np.ndarray
) -> np.ndarray:
    """For each entry (of ``order``: group after group) the latest event of an earlier attempt in its group, within reach; -1 where there
    is none."""
    out = np.full(len(group), NO_ONE_BEFORE, np.int32)
    at = np.full(len(order) + 1, NO_ONE_BEFORE, np.int32)
    at[1:] = np.where(event[order], np.arange(len(order), dtype=np.int32), np.int32(NO_ONE_BEFORE))
    at = np.maximum.accumulate(at)[:-1]
    group, row = group[order], row[order]  # then what comes before lies near
    near = (at >= 0) & (group[at] == group) & (row[at] != row)
    if reach != "ever":
        day = day[order]
        near &= day - day[at] < reach
    out[order] = np.where(near, order[at], NO_ONE_BEFORE)
    return out


def _after_conversation(facts: Facts, rule: Mapping[str, Any], clock: Clock, applies: Conditions) -> Verdicts:
    column = "answered" if facts.absent("outcome") else "outcome"
    spoke = {"channel": facts.is_one_of("channel", ["call"]), column: facts.is_one_of("outcome", ["conversation"])}
    return _after(facts, rule, clock, applies, spoke)


def _after_stop(facts: Facts, rule: Mapping[str, Any], clock: Clock, applies: Conditions) -> Verdicts:
    event = {"stop_requested": facts.truth("stop_requested")}
    if "asked_by" in rule:
        event["channel"] = facts.is_one_of("channel", rule["asked_by"])
    return _after(facts, rule, clock, applies, event)


def _ordered(found: Verdicts) -> Verdicts:
    """The same in the order of time, each attempt once and undecided only where it breaks nothing for sure."""
    breaches, first = np.unique(found.breaches, return_index=True)
    undecided, which = np.unique(found.undecided, return_inverse=True)
    missing = np.zeros(len(undecided), np.int64)
    np.bitwise_or.at(missing, which, found.missing)
    still = ~np.isin(undecided, breaches)
    return Verdicts(
        breaches,
        undecided[still],
        found.columns,
        missing[still],
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


def last_conversation(facts: Facts, clock: Clock) -> tuple[np.ndarray, np.ndarray]:
    """For each attempt the day of the latest conversation before it with the same person about the same debt, and of the latest
    that there may have been (days since 1970; long ago where there was none)."""
    entries = facts.entries(("callee_id", "debt_id"))
    day, spoke = clock.days[entries.row], facts.conversation[entries.row]
    out = []
    for event in ((spoke == TRUE) & entries.known, (spoke != FALSE) & entries.known):
        at = _latest(entries.group, entries.by_group, event, day, "ever", entries.row)
        latest = np.full(facts.n, NO_DAY, np.int32)
        np.maximum.at(latest, entries.row, np.where(at >= 0, day[at], np.int32(NO_DAY)))
        out.append(latest)
    return out[0], out[1]


def instant_of(facts: Facts, entries: Entries) -> np.ndarray:
    """When each entry's attempt was at the earliest."""
    return np.asarray(facts.table["instant"].to_numpy()[entries.row])


def with_crowded(
    found: Verdicts, entries: Entries, made: np.ndarray, clock: Clock, rule: Mapping[str, Any]
) -> Verdicts:
    """Adds what breaks a limit on whatever days the attempts were made: more of them within some days than as many windows of
    the rule's days can hold. ``made``: which attempts count for certain, their days apart."""
    first, last = clock.days[entries.row], clock.last_days[entries.row]
    sure = (made[entries.row] == TRUE) & entries.known & ~entries.several & ~entries.discussed
    breaches, proofs = [found.breaches], [] if found.witnesses is None else [found.witnesses]
    for group in np.unique(entries.group[sure]):
        here = np.flatnonzero(sure & (entries.group == group))
        for start in np.unique(first[here]):
            inside = here[first[here] >= start]
            inside = inside[np.argsort(last[inside], kind="stable")]
            windows = -(-(last[inside] - start + 1) // rule["days"])  # as many windows as the days fall into
            over = np.flatnonzero(np.arange(1, len(inside) + 1) > rule["times"] * windows)
            if len(over):
                rows = entries.row[inside[: over[0] + 1]]
                breaches.append(rows[-1:])
                proofs.append(rows[None, -(rule["times"] + 1) :])
    together = np.concatenate(breaches)
    counted = np.ones(len(found.breaches), int) if found.counts is None else found.counts
    counts = np.concatenate([counted, np.full(len(together) - len(found.breaches), rule["times"] + 1)])
    return Verdicts(together, found.undecided, found.columns, found.missing, np.concatenate(proofs), counts)
