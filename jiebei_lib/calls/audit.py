"""The audit: which attempts of a log break which rule, and which cannot be decided for want of a fact. Whole columns at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from jiebei_lib.calls.checks import Conditions, Verdicts, judge
from jiebei_lib.calls.facts import DAY, FALSE, TRUE, Facts, both
from jiebei_lib.calls.log import Log, read_log
from jiebei_lib.calls.rules import RuleSets, load_rules
from jiebei_lib.problems import LogError, Problem, shown

BREACH, UNDECIDED = "breach", "undecided"
JUDGEMENT = "judgement"  # stands in `missing` where no fact of a log could decide (the rule's open question)
COLUMNS = (
    "rule_id", "jurisdiction", "status", "attempt_id", "at", "attempts", "window", "count", "missing", "cite", "standing",
    "severity", "confidence",
)  # fmt: skip


@dataclass(frozen=True)
class Findings:
    """What an audit found.

    ``table``: one row for each attempt that breaks a rule (``status`` breach) or may (undecided), in order of time; its columns
    are COLUMNS and ``position`` (of the attempt in the log). ``attempts`` are those that prove it together, ``window`` runs
    from the first to the last of them (ISO 8601), ``count`` is how many were counted, ``missing`` which facts would decide.
    ``rules``: one row a rule with how many attempts it was about, how many break it, how many are undecided.
    ``log`` is what was read, ``attempts`` what was judged of it; ``later`` counts the attempts after ``as_of``, which were not.
    """

    table: pd.DataFrame
    rules: pd.DataFrame
    log: Log
    attempts: pd.DataFrame
    rule_sets: RuleSets
    as_of: str | None
    later: int

    @property
    def breaches(self) -> pd.DataFrame:
        return self.table[self.table["status"] == BREACH]

    @property
    def undecided(self) -> pd.DataFrame:
        return self.table[self.table["status"] == UNDECIDED]


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
    facts, found, rows = Facts(table), [], []
    chosen = rule_sets.rules
    for number, (name, rule) in enumerate(chosen.items()):
        clock = _clock(facts, rule_sets.data["sets"][rule["set"]])
        applies = _applies(facts, rule, rule_sets, clock)
        verdicts = judge(facts, rule, clock, applies)
        found.append(_found(number, verdicts, bool(rule.get("open_question"))))
        about = int((both(*applies.values()) == TRUE).sum())
        statuses = found[-1]["undecided"]
        undecided = int(statuses.sum())
        rows.append(
            {
                "rule_id": name,
                "jurisdiction": rule["set"],
                "attempts": about,
                "breaches": len(statuses) - undecided,
                "undecided": undecided,
            }
        )
    return Findings(
        _table(facts, found, chosen, rule_sets),
        pd.DataFrame(rows, columns=["rule_id", "jurisdiction", "attempts", "breaches", "undecided"]),
        log,
        table,
        rule_sets,
        day,
        later,
    )


def _checked(as_of: str | date | None) -> str | None:
    if as_of is None:
        return None
    try:
        return date.fromisoformat(str(as_of)).isoformat()
    except ValueError:
        raise LogError(Problem("date", "as_of", {"value": shown(as_of)})) from None


def _clock(facts: Facts, rule_set: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    offsets = rule_set.get("offsets")
    return facts.local(rule_set["zone"], tuple(offsets) if offsets else None)


def _applies(
    facts: Facts, rule: dict[str, Any], rule_sets: RuleSets, clock: tuple[np.ndarray, np.ndarray]
) -> Conditions:
    """Whether a rule is about each attempt: in force on its day, binding its caller, not lifted, and as ``when`` says."""
    days = clock[0] // DAY
    in_force = np.ones(facts.n, bool)
    if "from" in rule:
        in_force &= days >= _ordinal(rule["from"])
    if "until" in rule:
        in_force &= days <= _ordinal(rule["until"])
    # Who is bound, and what lifts a rule, counts when the log says so; it is for the caller to show.
    bound = facts.is_one_of("caller", rule_sets.binds(rule)["callers"]) != FALSE
    for lifted in rule.get("unless", []):
        bound &= facts.truth(lifted) != TRUE
    conditions = {"at": (in_force & bound).astype(np.int8)}
    for column, values in (rule.get("when") or {}).items():
        conditions[column] = facts.is_one_of(column, values)
    return conditions


def _ordinal(day: str) -> int:
    return date.fromisoformat(day).toordinal() - date(1970, 1, 1).toordinal()


def _found(number: int, verdicts: Verdicts, open_question: bool) -> dict[str, Any]:
    """One rule's breaches and undecided attempts together, as arrays."""
    breaches, undecided = verdicts.breaches, verdicts.undecided
    n, m = len(breaches), len(undecided)
    different, which = np.unique(verdicts.missing, return_inverse=True)
    missing = np.array([_names(int(bits), verdicts.columns) for bits in different], object)[which]
    status = np.concatenate([np.full(n, open_question), np.ones(m, bool)])
    return {
        "rule": np.full(n + m, number, np.int16),
        "position": np.concatenate([breaches, undecided]).astype(np.int64),
        "undecided": status,
        "count": np.concatenate(
            [np.ones(n, np.int64) if verdicts.counts is None else verdicts.counts, np.ones(m, np.int64)]
        ),
        "missing": np.concatenate([np.full(n, JUDGEMENT if open_question else "", object), missing]),
        "witnesses": verdicts.witnesses,
        "proved": n,
    }


def _names(bits: int, columns: tuple[str, ...]) -> str:
    return ";".join(sorted(column for n, column in enumerate(columns) if bits >> n & 1))


def _table(facts: Facts, found: list[dict[str, Any]], rules: dict[str, Any], rule_sets: RuleSets) -> pd.DataFrame:
    """All findings in the order of time and, within an attempt, of the rules."""
    whole = {
        key: np.concatenate([one[key] for one in found] or [[]]) for key in ("rule", "position", "undecided", "count")
    }
    position = whole["position"].astype(np.int64)
    attempts, window = facts.ids[position], facts.times[position]
    begin = 0
    for one in found:
        proof = one["witnesses"]
        if proof is not None and len(proof):
            here = slice(begin, begin + one["proved"])
            joined = facts.ids[proof[:, 0]]
            for n in range(1, proof.shape[1]):
                joined = joined + ";" + facts.ids[proof[:, n]]
            attempts[here] = joined
            window[here] = facts.times[proof[:, 0]] + "/" + facts.times[proof[:, -1]]
        begin += len(one["rule"])
    code = whole["rule"].astype(np.int16)
    order = np.lexsort((code, position))
    code, position = code[order], position[order]
    missing = np.concatenate([one["missing"] for one in found] or [np.empty(0, object)])[order]
    each = list(rules.values())

    def of_rule(values: list[str]) -> pd.Categorical:
        categories, codes = np.unique(
            np.array(values, object) if values else np.array([""], object), return_inverse=True
        )
        return pd.Categorical.from_codes(codes[code] if len(code) else [], categories)

    table = {
        "rule_id": pd.Categorical.from_codes(code, list(rules)),
        "jurisdiction": of_rule([rule["set"] for rule in each]),
        "status": pd.Categorical.from_codes(whole["undecided"][order].astype(np.int8), [BREACH, UNDECIDED]),
        "attempt_id": facts.ids[position],
        "at": facts.times[position],
        "attempts": attempts[order],
        "window": window[order],
        "count": whole["count"][order].astype(np.int64),
        "missing": pd.Categorical(missing),
        "cite": of_rule(["; ".join(rule["cite"]) for rule in each]),
        "standing": of_rule([rule_sets.standing(rule) for rule in each]),
        "severity": of_rule([rule["severity"] for rule in each]),
        "confidence": of_rule([rule.get("confidence", "V") for rule in each]),
        "position": position,
    }
    texts = ("attempt_id", "at", "attempts", "window")
    return pd.DataFrame(
        {name: pd.Series(column, dtype=object) if name in texts else column for name, column in table.items()}
    )
