"""What an audit found: kept in a few bytes a finding, shown as tables when asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from jiebei_lib.calls.applies import JUDGEMENT
from jiebei_lib.calls.checks import Verdicts
from jiebei_lib.calls.log import Log
from jiebei_lib.calls.rule_sets import RuleSets

BREACH, UNDECIDED = "breach", "undecided"
COLUMNS = (
    "rule_id", "jurisdiction", "status", "attempt_id", "at", "attempts", "window", "count", "missing", "cite", "standing",
    "severity", "confidence", "position",
)  # fmt: skip


@dataclass
class Gathered:
    """The verdicts of rule after rule. ``names`` are the sets of missing facts, by number."""

    parts: list[dict[str, np.ndarray]] = field(default_factory=list)
    proofs: dict[int, np.ndarray] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=lambda: {"": 0})

    def add(self, rule: int, verdicts: Verdicts, open_question: bool) -> tuple[int, int]:
        """Takes one rule's verdicts; gives how many breaches and how many undecided. A rule with an open question decides
        nothing: what would break it stays undecided, for a person to judge."""
        n, m = len(verdicts.breaches), len(verdicts.undecided)
        which, different = pd.factorize(verdicts.missing)
        codes = np.array([self._number(_columns(int(bits), verdicts.columns)) for bits in different], np.int16)
        judged = self._number(JUDGEMENT) if open_question else 0
        counts = np.ones(n, np.int32) if verdicts.counts is None else verdicts.counts.astype(np.int32)
        if verdicts.witnesses is not None:
            self.proofs[rule] = verdicts.witnesses.astype(np.int32)
        self.parts.append(
            {
                "rule": np.full(n + m, rule, np.int16),
                "position": np.concatenate([verdicts.breaches, verdicts.undecided]).astype(np.int32),
                "proved": np.arange(n + m) < n,
                "undecided": np.arange(n + m) >= (0 if open_question else n),
                "count": np.concatenate([counts, np.ones(m, np.int32)]),
                "missing": np.concatenate([np.full(n, judged, np.int16), codes[which] if m else codes[:0]]),
            }
        )
        return (0, n + m) if open_question else (n, m)

    def _number(self, name: str) -> int:
        return self.names.setdefault(name, len(self.names))

    def in_order(self) -> dict[str, np.ndarray]:
        """All findings in the order of time and, within an attempt, of the rules."""
        whole: dict[str, np.ndarray] = {}
        for name in ("rule", "position", "proved", "undecided", "count", "missing"):
            parts = [part.pop(name) for part in self.parts] or [np.zeros(0, np.int64)]  # of rule sets without a rule
            whole[name] = np.concatenate(parts)
        order = np.lexsort((whole["rule"], whole["position"]))
        return {name: whole.pop(name)[order] for name in list(whole)}


def _columns(bits: int, columns: tuple[str, ...]) -> str:
    return ";".join(sorted(column for n, column in enumerate(columns) if bits >> n & 1))


@dataclass(frozen=True)
class Findings:
    """What an audit found.

    ``table``: one row for each attempt that breaks a rule (``status`` breach) or may (undecided), in order of time, with
    COLUMNS: ``attempts`` are those that prove it together, ``window`` runs from the first to the last of them (ISO 8601),
    ``count`` is how many were counted, ``missing`` which facts would decide, ``position`` where the attempt stands in
    ``attempts``, the part of ``log`` that was judged. ``breaches`` and ``undecided`` are the two kinds apart.
    ``rules``: one row a rule with how many attempts it was about, how many break it, how many are undecided.
    ``later`` counts the attempts after ``as_of``, which were not judged.
    """

    found: dict[str, np.ndarray]
    proofs: dict[int, np.ndarray]
    names: list[str]
    rules: pd.DataFrame
    log: Log
    attempts: pd.DataFrame
    rule_sets: RuleSets
    as_of: str | None
    later: int

    @cached_property
    def breaches(self) -> pd.DataFrame:
        return self._table(~self.found["undecided"])

    @cached_property
    def undecided(self) -> pd.DataFrame:
        return self._table(self.found["undecided"])

    @cached_property
    def table(self) -> pd.DataFrame:
        return self._table(np.ones(len(self.found["rule"]), bool))

    @property
    def open(self) -> int:
        """How many points are undecided."""
        return int(self.found["undecided"].sum())

    def wanting(self) -> list[tuple[str, list[str], int]]:
        """For each rule and set of missing facts, how many points they leave undecided."""
        here = self.found["undecided"]
        key = self.found["rule"][here].astype(np.int64) * len(self.names) + self.found["missing"][here]
        rules = list(self.rule_sets.rules)
        return [
            (rules[one // len(self.names)], self.names[one % len(self.names)].split(";"), int(count))
            for one, count in zip(*np.unique(key, return_counts=True), strict=True)
        ]

    def positions(self, rules: Mapping[str, Any] | set[str], undecided: bool) -> np.ndarray:
        """The attempts, each once, that break one of some rules, or for which one of them is undecided."""
        wanted = np.array([name in rules for name in self.rule_sets.rules])
        return np.unique(self.found["position"][wanted[self.found["rule"]] & (self.found["undecided"] == undecided)])

    def _table(self, chosen: np.ndarray) -> pd.DataFrame:
        found = {name: column[chosen] for name, column in self.found.items()}
        rule, position, rules = found["rule"], found["position"], self.rule_sets.rules
        ids, times = (self.attempts[name].to_numpy(object) for name in ("attempt_id", "at"))
        attempt_id, at = ids[position], times[position]
        attempts, window = attempt_id.copy(), at.copy()
        for number, proof in self.proofs.items():
            # Those of one rule stand in the same order in both.
            kept = proof[chosen[(self.found["rule"] == number) & self.found["proved"]]]
            here = (rule == number) & found["proved"]
            if not len(kept):
                continue
            joined = ids[kept[:, 0]]
            for n in range(1, kept.shape[1]):
                joined = joined + ";" + ids[kept[:, n]]
            attempts[here], window[here] = joined, times[kept[:, 0]] + "/" + times[kept[:, -1]]
        each = list(rules.values())

        def of_rule(values: list[str]) -> pd.Categorical:
            categories, codes = np.unique(np.array(values or [""], object), return_inverse=True)
            return pd.Categorical.from_codes(codes.astype(np.int8)[rule], categories)

        columns = {
            "rule_id": pd.Categorical.from_codes(rule, list(rules)),
            "jurisdiction": of_rule([one["set"] for one in each]),
            "status": pd.Categorical.from_codes(found["undecided"].astype(np.int8), [BREACH, UNDECIDED]),
            "attempt_id": pd.Series(attempt_id, dtype=object),
            "at": pd.Series(at, dtype=object),
            "attempts": pd.Series(attempts, dtype=object),
            "window": pd.Series(window, dtype=object),
            "count": found["count"],
            "missing": pd.Categorical.from_codes(found["missing"], self.names),
            "cite": of_rule(["; ".join(one["cite"]) for one in each]),
            "standing": of_rule([self.rule_sets.standing(one) for one in each]),
            "severity": of_rule([one["severity"] for one in each]),
            "confidence": of_rule([one.get("confidence", "V") for one in each]),
            "position": position,
        }
        return pd.DataFrame(columns, copy=False)
