"""Months of one portfolio held against each other, case by case: what came, what went, what moved between grades and stages and why, and
how far each column has drifted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jiebei_lib.core.case import FIELDS
from jiebei_lib.core.knowledge.problems import Problem
from jiebei_lib.core.knowledge.yaml_files import shipped
from jiebei_lib.core.policy import Policy, load_policy
from jiebei_lib.core.readings import FACTORS
from jiebei_lib.core.rules.factors import pressures
from jiebei_lib.core.scoring.many import contributions, middle_pressures
from jiebei_lib.core.scoring.score import GRADES, VERDICT_OF, VERDICTS, Scores, evaluate_columns
from jiebei_lib.core.tables.delimited import TableError, WrongRow
from jiebei_lib.core.tables.files import files_of
from jiebei_lib.core.tables.table import check_table
from jiebei_lib.portfolio.score_files import layout_of
from jiebei_lib.portfolio.summary import read_book, verdict_counts

if TYPE_CHECKING:
    import pandas as pd

MOVES = ("new", "left", "cured", "better", "same", "worse")
LIKELY, UNKNOWN = VERDICTS.index("likely"), "–"


@dataclass(frozen=True)
class OneMonth:
    """One month's cases: the table, what is wrong with its other rows, and what a policy says of each case as things stand."""

    name: str
    table: pd.DataFrame
    wrong: int
    columns: dict[str, np.ndarray]
    scores: Scores
    stages: np.ndarray
    parts: np.ndarray

    @property
    def likely(self) -> np.ndarray:
        """Whether at least most readings hold a call more likely than not, what is unknown taken in the middle."""
        return np.asarray(VERDICT_OF[self.scores.so_far] == LIKELY)


def read_months(
    given: Sequence[str | Path], mapping: Any = None, sheet: str | None = None
) -> tuple[list[tuple[str, pd.DataFrame, int]], list[WrongRow]]:
    """A table a month, as :func:`compare_months` takes them, and the rows left out. Raises :class:`TableError`, also where there are no
    ids."""
    months, wrong = [], []
    for file in given:
        sources = files_of(file, sheet)
        if "case_id" not in layout_of(sources, mapping, ()).columns:
            raise TableError(Problem("ids_needed", sources[0].name))
        book = read_book(file, mapping, sheet)
        months.append((Path(str(file)).stem, book.table, len({(each.file, each.row) for each in book.wrong})))
        wrong += book.wrong
    return months, wrong


def compare_months(months: Sequence[tuple[str, pd.DataFrame, int]], policy: Policy | str = "article") -> dict[str, Any]:
    """Months (name, table with ``case_id``, rows that were wrong) in their order, as plain data: ``months``, a row each, and ``steps``,
    from each month to the next. Of single cases it holds nothing."""
    policy = load_policy(policy)
    read = [_month(*each, policy) for each in months]
    return {
        "policy": {"policy": policy.label, "name": dict(policy.data["name"])},
        "months": [
            {
                "name": month.name,
                "cases": len(month.table),
                "wrong": month.wrong,
                "amount": float(np.nansum(_amounts(month.columns))),
                "verdicts": verdict_counts(month.scores.so_far),
            }
            for month in read
        ],
        "steps": [_step(before, after, policy) for before, after in pairwise(read)],
    }


def _month(name: str, table: pd.DataFrame, wrong: int, policy: Policy) -> OneMonth:
    columns = check_table(table, others=True)
    low, high = pressures(columns, policy)
    days = columns["days_overdue"]
    starts = [stage["days"][0] for stage in policy.data["timeline"]["stages"].values()]
    return OneMonth(
        name,
        table,
        wrong,
        columns,
        evaluate_columns(columns, policy),
        np.searchsorted(starts, days, side="right") - 1,
        contributions(middle_pressures(low, high, days, policy), policy),
    )


def _amounts(columns: dict[str, np.ndarray]) -> np.ndarray:
    return (columns["amount_overdue"] + columns.get("amount_to", columns["amount_overdue"])) / 2


def _step(before: OneMonth, after: OneMonth, policy: Policy) -> dict[str, Any]:
    """From one month to the next. A case that is in both is ``cured`` if nothing is overdue any more, else ``worse`` or ``better`` by its
    grade; one that is only in the earlier has ``left``: paid, sold or written off, the tables do not say."""
    import pandas as pd

    ids = [pd.Index(month.table["case_id"].astype(str)) for month in (before, after)]
    at = ids[0].get_indexer(ids[1])
    now = np.flatnonzero(at >= 0)
    then, came, went = at[now], np.flatnonzero(at < 0), np.setdiff1d(np.arange(len(ids[0])), at)
    days = before.columns["days_overdue"][then], after.columns["days_overdue"][now]
    grades = before.scores.so_far[then], after.scores.so_far[now]
    cured = (days[0] > 0) & (days[1] <= 0)
    worse, better = ~cured & (grades[1] > grades[0]), ~cured & (grades[1] < grades[0])
    moved = {"cured": cured, "better": better, "worse": worse, "same": ~cured & ~worse & ~better}
    change = after.parts[now] - before.parts[then]
    stages = list(policy.data["timeline"]["stages"])
    likely = before.likely[then], after.likely[now]
    return {
        "from": before.name,
        "to": after.name,
        "both": len(now),
        "moves": {"new": len(came), "left": len(went)} | {name: int(rows.sum()) for name, rows in moved.items()},
        "likely": {
            "before": int(before.likely.sum()),
            "after": int(after.likely.sum()),
            "new": int(after.likely[came].sum()),
            "left": int(before.likely[went].sum()),
            "into": int((likely[1] & ~likely[0]).sum()),
            "out_of": int((likely[0] & ~likely[1]).sum()),
        },
        "why": _why(change, grades, worse, better),
        "grades": _transitions(*grades, GRADES),
        "stages": _transitions(before.stages[then], after.stages[now], stages),
        "drift": _drift(before, after),
    }


def _why(
    change: np.ndarray, grades: tuple[np.ndarray, np.ndarray], worse: np.ndarray, better: np.ndarray
) -> list[dict[str, Any]]:
    """What moved most in the cases that got worse or better: the factor whose part of the log-odds changed most that way, or that the
    first possible day came; the commonest first."""
    day = (grades[0] == 0) != (grades[1] == 0)
    found: dict[str, dict[str, int]] = {}
    for kind, rows, sign in (("worse", worse, 1), ("better", better, -1)):
        names = np.where(day[rows], "first_day", np.array(FACTORS)[(sign * change[rows]).argmax(axis=1)])
        for name, count in zip(*np.unique(names, return_counts=True), strict=True):
            found.setdefault(str(name), {"worse": 0, "better": 0})[kind] = int(count)
    named = [{"why": name} | counts for name, counts in found.items()]
    return sorted(named, key=lambda row: (-row["worse"] - row["better"], row["why"]))


def _transitions(before: np.ndarray, after: np.ndarray, names: Sequence[str]) -> list[dict[str, Any]]:
    """How many cases went from which to which, those that stayed among them; the most first."""
    pairs, counts = np.unique(np.stack([before, after]), axis=1, return_counts=True)
    rows = [
        {"from": names[int(one)], "to": names[int(other)], "cases": int(count)}
        for one, other, count in zip(*pairs, counts, strict=True)
    ]
    return sorted(rows, key=lambda row: -row["cases"])


# ---- drift -----------------------------------------------------------------------------------------------------------


def _drift(before: OneMonth, after: OneMonth) -> list[dict[str, Any]]:
    """Every column that both months have, the one that drifted furthest first."""
    found = []
    for name in before.table.columns:
        if name == "case_id" or name not in after.table.columns:
            continue
        columns = [_cells(month, name) for month in (before, after)]
        labels, counts = _grouped(*columns)
        if len(labels) > 1:
            found.append({"column": str(name)} | drift(*counts) | {"groups": [
                {"label": label, "before": int(one), "after": int(other)}
                for label, one, other in zip(labels, *counts, strict=True)
            ]})  # fmt: skip
    return sorted(found, key=lambda row: -row["psi"])


def drift(before: np.ndarray, after: np.ndarray) -> dict[str, Any]:
    """The population stability index of counts by group, what it stays below by chance alone, and which of ``small``, ``moderate`` and
    ``large`` the rule of thumb calls it; ``chance`` where it is no more than that."""
    from scipy.stats import chi2

    rule = shipped("portfolio/months.yaml")["psi"]
    sizes = before.sum(), after.sum()
    one, other = ((each + rule["half"]) / (each.sum() + rule["half"] * len(each)) for each in (before, after))
    psi = float(((other - one) * np.log(other / one)).sum())
    by_chance = float(chi2.ppf(rule["chance"], len(before) - 1) * (1 / max(1, sizes[0]) + 1 / max(1, sizes[1])))
    level = "large" if psi >= rule["large"] else "moderate" if psi >= rule["moderate"] else "small"
    return {"psi": psi, "chance": by_chance, "level": level if psi > by_chance else "chance"}


def _cells(month: OneMonth, name: str) -> np.ndarray:
    """A column as numbers (NaN unknown) or as words (nothing is a dash)."""
    import pandas as pd

    if name == "amount_overdue":
        return _amounts(month.columns)
    column = month.table[name]
    if name in FIELDS and FIELDS[name]["type"] in ("integer", "number"):
        return np.asarray(month.columns[name])
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        return column.to_numpy(float, na_value=np.nan)
    return column.astype(object).where(column.notna(), UNKNOWN).astype(str).to_numpy(object)


def _grouped(before: np.ndarray, after: np.ndarray) -> tuple[list[str], tuple[np.ndarray, np.ndarray]]:
    """Groups of a column and how many cases of each month are in them: numbers by the earlier month's quantiles, words each by itself, the
    rarest together; what is unknown by itself."""
    rule = shipped("portfolio/months.yaml")["psi"]
    if before.dtype == object or after.dtype == object:
        words, counts = np.unique(np.concatenate([before, after]).astype(str), return_counts=True)
        kept = [str(word) for word in words[np.argsort(-counts, kind="stable")][: rule["words"]]]
        rest = ["…"] if len(words) > len(kept) else []
        sums = [np.array([(each.astype(str) == word).sum() for word in kept]) for each in (before, after)]
        whole = [
            np.append(each, [len(all_) - each.sum()] * len(rest))
            for each, all_ in zip(sums, (before, after), strict=True)
        ]
        return [*kept, *rest], (whole[0], whole[1])
    known = before[~np.isnan(before)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, rule["groups"] + 1))[1:-1]) if len(known) else np.zeros(0)
    codes = [
        np.where(np.isnan(each), len(edges) + 1, np.searchsorted(edges, each, side="right")) for each in (before, after)
    ]
    held = [np.bincount(each, minlength=len(edges) + 2) for each in codes]
    ends = [f"< {edges[0]:g}"] if len(edges) else ["–∞ – ∞"]
    ends += [f"{low:g} – {high:g}" for low, high in pairwise(edges)] + ([f"≥ {edges[-1]:g}"] if len(edges) else [])
    there = (held[0] + held[1]) > 0
    labels = [label for label, here in zip([*ends, UNKNOWN], there, strict=True) if here]
    return labels, (held[0][there], held[1][there])
