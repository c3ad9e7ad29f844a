"""To which attempts a rule applies at all: in force on its day, binding its caller, about such an attempt, not lifted or excluded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np

from jiebei_lib.calls.checks import Conditions, last_conversation
from jiebei_lib.calls.facts import FALSE, NO_DAY, TRUE, UNKNOWN, Clock, Facts, both, inverse
from jiebei_lib.calls.rule_sets import RuleSets
from jiebei_lib.core.policy import force

JUDGEMENT = "judgement"  # stands in `missing` where no fact of a log could decide (the rule's open question)
# Checks of what a collector undertakes: what the other person begins is no attempt and breaks none of them.
OF_ATTEMPTS = ("hours", "at_most", "after_conversation", "after_stop", "borrower_reachable", "channel", "unidentified")


def clock_of(facts: Facts, rule_sets: RuleSets, rule: Mapping[str, Any]) -> Clock:
    """The clock by which a rule counts."""
    rule_set = rule_sets.data["sets"][rule["set"]]
    offsets = rule_set.get("offsets")
    return facts.local(rule_set.get("zone"), tuple(offsets) if offsets else None)


def applies(
    facts: Facts, rule: Mapping[str, Any], rule_sets: RuleSets, clock: Clock, in_force: np.ndarray | None = None
) -> Conditions:
    """The conditions under which a rule is about an attempt, by the column that each rests on. ``in_force`` may be given to ask
    what a rule would have said on other days."""
    holds = in_force_on(clock.days, rule) if in_force is None else in_force
    conditions = {"at": holds.astype(np.int8)}
    # Who is bound, and what lifts a rule, counts when the log says so; it is for the caller to show.
    bound = facts.is_one_of("caller", rule_sets.binds(rule)["callers"]) != FALSE
    if not bound.all():
        conditions["caller"] = bound.astype(np.int8)
    if (facts.certain != TRUE).any():
        conditions["memory"] = facts.certain
    kinds = rule_sets.binds(rule).get("lenders")
    if kinds and not (owed := facts.is_one_of("lender", kinds) != FALSE).all():
        conditions["lender"] = owed.astype(np.int8)
    agreed = lifted(facts, rule, clock)
    if (agreed != FALSE).any():
        conditions["agreed_on"] = inverse(agreed)
    uncertain = rule_sets.uncertain_persons(rule)
    for column, values in (rule.get("when") or {}).items():
        conditions[column] = facts.is_one_of(column, [*values, *uncertain] if column == "callee" else values)
    if rule["check"] in OF_ATTEMPTS and rule.get("counts") != "flagged" and "direction" not in conditions:
        conditions["direction"] = facts.is_one_of("direction", ["out"])
    for column, values in (rule.get("excludes") or {}).items():
        if "if_absent" in facts.spec(column) or not facts.absent(column):
            kept = inverse(facts.is_one_of(column, values))
            conditions[column] = both(conditions[column], kept) if column in conditions else kept
    doubts = [facts.truth(column) for column in rule.get("unless_perhaps", [])]
    doubts += [facts.is_one_of("callee", uncertain)] if uncertain else []
    if doubts:
        doubtful = (np.stack(doubts) == TRUE).any(0)
        conditions[JUDGEMENT] = np.where(doubtful, UNKNOWN, TRUE).astype(np.int8)
    return conditions


def in_force_on(days: np.ndarray, rule: Mapping[str, Any]) -> np.ndarray:
    """Whether a rule is in force on each day (days since 1970)."""
    first, last = map(_ordinal, force(rule))
    return (days >= first) & (days <= last)


def lifted(facts: Facts, rule: Mapping[str, Any], clock: Clock) -> np.ndarray:
    """Whether the person's consent lifts a rule for an attempt. Under a rule with ``consent`` it lasts ``days`` calendar days, the
    day of it the first, and ends with a conversation about the debt; without its day it is then not known to hold."""
    if "unless" not in rule:
        return np.zeros(facts.n, np.int8)
    agreed, on = facts.truth("agreed"), facts.agreed_day
    dated = (on != NO_DAY) & (agreed != FALSE)
    since = clock.days - on
    if "consent" not in rule:
        return np.asarray(np.where(dated, since >= 0, agreed == TRUE), np.int8)
    holds = np.where(dated & (since >= 0) & (since < rule["consent"]["days"]), TRUE, FALSE)
    if holds.any():
        sure, may = last_conversation(facts, clock)
        holds = np.where((holds == TRUE) & (may > on), np.where(sure > on, FALSE, UNKNOWN), holds)
    return np.where((agreed == TRUE) & ~dated, UNKNOWN, holds).astype(np.int8)


def _ordinal(day: str) -> int:
    return date.fromisoformat(day).toordinal() - date(1970, 1, 1).toordinal()
