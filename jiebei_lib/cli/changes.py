"""`jiebei policy diff`: which rules are not the same on two days, and which of a table's cases or a log's findings change with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from jiebei_lib.core.case import FIELDS, Case
from jiebei_lib.core.policy import Policy, in_force
from jiebei_lib.core.rules.conduct import conflicts, permission

ANY_DAY = ("from", "until")


def changed_cases(file: Path, policy: Policy, first: str, second: str) -> list[dict[str, Any]]:
    """The cases of a table whose answer to "may they?" differs: status or broken rules, before and after."""
    from jiebei_lib.portfolio.summary import read_book

    table = read_book(file).table[list(FIELDS)]
    known: dict[tuple[Any, ...], tuple[Any, Any]] = {}
    out = []
    for row in table.astype(object).where(table.notna(), None).to_dict("records"):
        facts = tuple(value for name, value in row.items() if name != "case_id")
        if facts not in known:
            case = Case(**row)
            known[facts] = _may_they(case, policy, first), _may_they(case, policy, second)
        before, after = known[facts]
        if before != after:
            out.append({"case_id": row["case_id"], "before": before, "after": after})
    return out


def _may_they(case: Case, policy: Policy, day: str) -> dict[str, Any]:
    return {"status": permission(case, policy, day).status, "conflicts": conflicts(case, policy, day)}


def changed_findings(file: Path, rules: str, first: str, second: str) -> dict[str, list[tuple[str, str, str]]]:
    """A log's findings (rule, attempt, status) if all of it were judged by the rules of the one day and of the other: what is found
    only on the first (``before``) and only on the second (``after``)."""
    from jiebei_lib.calls.log import read_log
    from jiebei_lib.calls.rule_sets import load_rules

    log, sets = read_log(file), load_rules(rules)
    before, after = (_found(log, sets, day) for day in (first, second))
    return {"before": sorted(before - after), "after": sorted(after - before)}


def _found(log: Any, sets: Any, day: str) -> set[tuple[str, str, str]]:
    from jiebei_lib.calls.audit import audit

    kept = {name: _undated(rule) for name, rule in sets.data["rules"].items() if in_force(rule, day)}
    table = audit(log, replace(sets, data={**sets.data, "rules": kept})).table
    return set(map(tuple, table[["rule_id", "attempt_id", "status"]].astype(str).to_numpy()))


def _undated(rule: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in rule.items() if key not in ANY_DAY}
