"""Why a finding is one: the attempts in its window, those that count and those that do not, and for what reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from jiebei_lib.calls.applies import OF_ATTEMPTS, applies, clock_of
from jiebei_lib.calls.checks import counted, judge
from jiebei_lib.calls.facts import FALSE, TRUE, Facts
from jiebei_lib.calls.findings import Findings
from jiebei_lib.calls.log import COLUMNS

MOST = 30  # attempts of one window that are listed, the latest


@dataclass(frozen=True)
class Step:
    """One attempt of a window: its ``position`` in the findings' attempts, whether it was ``counted``, and if not the ``column``
    that keeps it out, by what it says or because it is ``unknown``."""

    position: int
    counted: bool
    column: str = ""
    unknown: bool = False


def window(findings: Findings, rule_id: str, position: int) -> list[Step]:
    """The attempts toward the same person from the start of a finding's window to the attempt itself. For a rule on what comes
    after a conversation or a request, that event and the attempt; for one on conduct, the attempts with it."""
    rule, table = findings.rule_sets.rules[rule_id], findings.attempts
    proof = set(_proof(findings, rule_id, position))
    if rule["check"] != "at_most" or rule["counts"] == "flagged":
        return [Step(one, True) for one in sorted(proof)]
    rows = _toward_the_same(table, position, proof)
    absent = {column: bool(table[column].isna().all()) for column in COLUMNS}
    facts = Facts(table.iloc[rows].reset_index(drop=True), absent)
    clock = clock_of(facts, findings.rule_sets, rule)
    conditions = applies(facts, rule, findings.rule_sets, clock)
    conditions = counted(facts, rule, clock, conditions)
    days, reach = clock.days, rule.get("days", "ever")
    first = days[np.isin(rows, list(proof))].min() if proof else days[-1]
    start = first if reach == "ever" else min(first, days[-1] - reach + 1)
    shown = np.flatnonzero(days >= start)[-MOST:]
    keys = {column: facts._key(column, np.arange(facts.n), _first_debt(facts)) for column in rule.get("per", [])}
    return [_step(int(rows[n]), n, facts.n - 1, proof, conditions, keys) for n in shown]


def uncovered(findings: Findings) -> list[tuple[dict[str, str], int, str]]:
    """What would have broken a rule but came before any rule of its kind: in which words, how many attempts, and since when one holds."""
    facts, rules = Facts(findings.attempts), findings.rule_sets.rules
    kinds: dict[str, list[str]] = {}
    for name, rule in rules.items():
        if "from" in rule and "open_question" not in rule:
            kinds.setdefault(rule["short"]["zh"], []).append(name)
    out = []
    for names in kinds.values():
        early: set[int] = set()
        for rule in (rules[name] for name in names):
            clock = clock_of(facts, findings.rule_sets, rule)
            before = clock.days < (date.fromisoformat(rule["from"]) - date(1970, 1, 1)).days
            if before.any():
                early |= set(
                    judge(facts, rule, clock, applies(facts, rule, findings.rule_sets, clock, before)).breaches.tolist()
                )
        same = {name for name, rule in rules.items() if rule["check"] == rules[names[0]]["check"]}
        early -= set(findings.positions(same, undecided=False).tolist())
        if early:
            out.append((rules[names[0]]["short"], len(early), min(rules[name]["from"] for name in names)))
    return sorted(out, key=lambda one: -one[1])


def taken_for_granted(findings: Findings) -> list[str]:
    """The columns that a log does not have and of which a rule at hand takes the usual for all rows (``if_absent``)."""
    rules = findings.rule_sets.rules.values()
    used = {
        "direction": any(rule["check"] in OF_ATTEMPTS for rule in rules),
        "outcome": any("outcome" in rule.get("excludes", {}) or rule.get("counts") == "effective" for rule in rules),
        "agency_id": any("agency_id" in rule.get("per", ()) for rule in rules),
        "voice": any("voice" in (rule.get("when") or {}) for rule in rules),
    }
    return [column for column, matters in used.items() if matters and findings.attempts[column].isna().all()]


def _toward_the_same(table: Any, position: int, proof: set[int]) -> np.ndarray:
    """The positions, up to an attempt, of those to the same person or number; where the person is not known, about the same debt."""
    here = table.iloc[position]

    def equal(column: str) -> np.ndarray:
        return (table[column] == here[column]).to_numpy(bool, na_value=False)

    unnamed = table["callee_id"].isna().to_numpy() | (table["callee"] == "borrower").to_numpy(bool, na_value=False)
    same = equal("callee_id") | equal("number_id") | (equal("debt_id") & equal("callee") & unnamed)
    same[list(proof)] = True
    same[position + 1 :] = False
    return np.flatnonzero(same)


def _proof(findings: Findings, rule_id: str, position: int) -> list[int]:
    """The positions that prove a breach together; the attempt alone where nothing does."""
    number = list(findings.rule_sets.rules).index(rule_id)
    proofs = findings.proofs.get(number)
    if proofs is None:
        return [position]
    rows = proofs[proofs[:, -1] == position]
    return [int(one) for one in rows[0]] if len(rows) else [position]


def _first_debt(facts: Facts) -> tuple[np.ndarray, np.ndarray]:
    row, debt, known, *_ = facts._debts
    first = np.unique(row, return_index=True)[1]
    return debt[first], known[first]


def _step(position: int, n: int, last: int, proof: set[int], conditions: Any, keys: Any) -> Step:
    if position in proof:
        return Step(position, True)
    reasons = [(column, fact[n]) for column, fact in conditions.items() if fact[n] != TRUE]
    for column, fact in sorted(reasons, key=lambda reason: reason[1] != FALSE):
        return Step(position, False, column, bool(fact != FALSE))
    for column, (codes, known) in keys.items():
        if not known[n]:
            return Step(position, False, column, unknown=True)
        if codes[n] != codes[last]:
            return Step(position, False, column)
    return Step(position, True)
