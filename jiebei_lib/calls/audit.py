"""The audit: which attempts of a log break which rule, and which cannot be decided for want of a fact. Whole columns at once."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from jiebei_lib.calls.applies import JUDGEMENT, applies, clock_of
from jiebei_lib.calls.checks import judge
from jiebei_lib.calls.facts import TRUE, Facts, both
from jiebei_lib.calls.findings import BREACH, UNDECIDED, Findings, Gathered
from jiebei_lib.calls.log import Log, read_log
from jiebei_lib.calls.rule_sets import RuleSets, load_rules
from jiebei_lib.core.knowledge.problems import LogError, Problem, shown


def audit(
    log: Log | pd.DataFrame | str | Path, rules: RuleSets | str = "cn", as_of: str | date | None = None
) -> Findings:
    """Judges every attempt up to ``as_of`` (all if not given) by the rules in force on its own date.

    A rule that wants a fact which the log does not have finds ``undecided`` and names the fact; it never passes for fine.
    """
    log = log if isinstance(log, Log) else read_log(log)
    rule_sets = load_rules(rules)
    day = _checked(as_of)
    table, later = log.table, 0
    if day is not None:
        kept = (table["at"].astype("str").str.slice(0, 10) <= day).to_numpy(bool)
        later = int((~kept).sum())
        table = table[kept].reset_index(drop=True)
    facts, gathered, rows = Facts(table), Gathered(), []
    for number, (name, rule) in enumerate(rule_sets.rules.items()):
        clock = clock_of(facts, rule_sets, rule)
        conditions = applies(facts, rule, rule_sets, clock)
        breaches, undecided = gathered.add(number, judge(facts, rule, clock, conditions), _judged(rule))
        about = int((both(*conditions.values()) == TRUE).sum())
        rows.append((name, rule["set"], about, breaches, undecided))
    rules_table = pd.DataFrame(rows, columns=["rule_id", "jurisdiction", "attempts", "breaches", "undecided"])
    found = gathered.in_order()
    return Findings(found, gathered.proofs, list(gathered.names), rules_table, log, table, rule_sets, day, later)


def _judged(rule: dict[str, Any]) -> bool:
    """Whether a rule's breaches are all for a person to judge."""
    return "open_question" in rule and "unless_perhaps" not in rule


def _checked(as_of: str | date | None) -> str | None:
    if as_of is None:
        return None
    try:
        return date.fromisoformat(str(as_of)).isoformat()
    except ValueError:
        raise LogError(Problem("date", "as_of", {"value": shown(as_of)})) from None


__all__ = ["BREACH", "JUDGEMENT", "UNDECIDED", "Findings", "audit"]
