"""What a manager asks of a whole portfolio: how many, which segments, when, what if the policy were another, what to find out first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jiebei_lib.core.case import FIELDS
from jiebei_lib.core.knowledge.problems import Problem, items, shown
from jiebei_lib.core.policy import Policy, load_policy
from jiebei_lib.core.readings import FACTORS
from jiebei_lib.core.rules.factors import pressures
from jiebei_lib.core.scoring.many import contributions, mean_width, middle_pressures
from jiebei_lib.core.scoring.score import MAJORITY, VERDICTS, evaluate_columns, extremes, likelihood
from jiebei_lib.portfolio.columns import cleaned, with_spans
from jiebei_lib.portfolio.files import TableError, WrongRow, arrow, chunks, files_of
from jiebei_lib.portfolio.score_files import layout_of
from jiebei_lib.portfolio.table import check_table, score

if TYPE_CHECKING:
    import pandas as pd

AHEAD = (0, 1, 2, 3, 5, 7, 10, 14, 21, 30)  # days from now that are looked at
SEGMENTS = 12  # segments that are told apart; the rest are taken together
RIBBON = 101  # points at which the ranges of all cases are drawn
MOST = 1_000_000  # rows that a portfolio in memory may have


@dataclass(frozen=True)
class Book:
    """A portfolio in memory: its cases (fields and all further columns), and what was wrong with the rows left out."""

    table: pd.DataFrame
    wrong: list[WrongRow]


def read_book(given: str | Path | Sequence[str | Path], mapping: Any = None) -> Book:
    """A portfolio from files, read as :func:`jiebei_lib.portfolio.score_files.score_files` reads them."""
    import pandas as pd

    pa, files, parts, wrong = arrow(), files_of(given), [], []
    plan = layout_of(files, mapping, ())
    for file in files:
        skipped: list[WrongRow] = []
        for chunk in chunks(file, 65_536, skipped):
            columns, fine, bad = cleaned(chunk, plan)
            known = {name: _plain(name, column)[fine] for name, column in with_spans(columns).items()}
            known.setdefault("case_id", chunk.numbers[fine].astype(str))
            rest = chunk.rows.drop_columns(list(plan.columns.values())).filter(pa.array(fine)).to_pandas()
            parts.append(pd.concat([pd.DataFrame(known)[list(FIELDS)], rest], axis=1))
            wrong += sorted([*skipped, *bad], key=lambda each: each.row)
            skipped.clear()
            if sum(map(len, parts)) > MOST:
                slots = {"value": f"> {MOST}", "allowed": f"{MOST:,}"}
                raise TableError(Problem("too_long_to_show", file.name, slots))
        wrong += skipped
    if not sum(map(len, parts)):
        nothing = Problem("no_cases", ", ".join(file.name for file in files))
        raise TableError([nothing, *(each.problem for each in wrong[:10])])
    return Book(pd.concat(parts, ignore_index=True), wrong)


def _plain(name: str, column: Any) -> Any:
    import pandas as pd

    spec = FIELDS[name]
    if spec["type"] == "level":
        return pd.Categorical.from_codes(column, spec["levels"])
    if spec["type"] == "integer":
        gaps = np.isnan(column)
        return pd.arrays.IntegerArray(np.where(np.isfinite(column), column, 0).astype("int64"), gaps)
    return np.asarray(column.to_pylist(), object) if spec["type"] == "text" else column


def facts_of(table: pd.DataFrame) -> dict[str, np.ndarray]:
    """A table's facts as arrays, checked."""
    return check_table(table, others=True)


def expected(scored: pd.DataFrame) -> dict[str, float]:
    """How many of the cases to expect calls to contacts in, at the day each stands on: between all cases at their most lenient
    reading (``low``) and all at their harshest (``high``); ``majority``: in how many most readings say more likely than not."""
    counted = {"low": scored.low, "high": scored.high, "majority": scored["share"] > MAJORITY}
    return {"cases": len(scored)} | {name: float(each.sum()) for name, each in counted.items()}


def verdicts(scored: pd.DataFrame) -> dict[str, int]:
    """How many cases have which verdict, from worst to best."""
    counts = scored.verdict.value_counts()
    return {name: int(counts.get(name, 0)) for name in VERDICTS[::-1]}


def segments(scored: pd.DataFrame, by: str) -> pd.DataFrame:
    """The portfolio by the values of any column (numbers in four groups of equal size): ``cases``, ``low`` and ``high`` per 100 cases,
    mean ``share``, and how many are ``likely`` and ``unlikely``. The largest segments; the rest together under ``…``."""
    import pandas as pd

    if by not in scored.columns:
        raise TableError(Problem("no_column", "by", {"value": shown(by), "allowed": items(scored.columns[:20])}))
    column = scored[by]
    if pd.api.types.is_numeric_dtype(column) and column.nunique() > SEGMENTS:
        column = pd.qcut(column.astype("float64"), 4, duplicates="drop")
        column = column.cat.rename_categories([f"{part.left:g} – {part.right:g}" for part in column.cat.categories])
        order = list(dict.fromkeys(column.cat.categories))
    else:
        counts = column.astype("object").where(column.notna(), "–").value_counts()
        order = [*map(str, counts.index[:SEGMENTS]), *(["…"] if len(counts) > SEGMENTS else [])]
    named = column.astype("object").where(column.notna(), "–").map(str)
    named = named.where(named.isin(order), "…" if "…" in order else "–")
    grouped = scored.assign(
        likely=scored.verdict == "likely", unlikely=scored.verdict.isin(["unlikely", "not_yet"])
    ).groupby(named, observed=True)
    out = grouped.agg(
        cases=("low", "size"),
        low=("low", "mean"),
        high=("high", "mean"),
        share=("share", "mean"),
        likely=("likely", "sum"),
        unlikely=("unlikely", "sum"),
    )
    out[["low", "high"]] *= 100
    return out.loc[[name for name in dict.fromkeys([*order, "–"]) if name in out.index]]


def calls_by_day(table: pd.DataFrame, policy: Policy | str = "article", ahead: Sequence[int] = AHEAD) -> pd.DataFrame:
    """If nothing changes: in how many cases to expect calls to contacts so many ``day`` s from now (``low``, ``high``), and in how
    many most readings say that a call is more likely than not (``majority``)."""
    import pandas as pd

    policy, columns, number = load_policy(policy), facts_of(table), len(ahead)
    later = {name: np.tile(column, number) for name, column in columns.items()}
    later["days_overdue"] = np.concatenate([columns["days_overdue"] + day for day in ahead])
    scores = evaluate_columns(later, policy)
    sums = {"low": scores.low, "high": scores.high, "majority": scores.share > MAJORITY}
    return pd.DataFrame(
        {"day": list(ahead)} | {name: each.reshape(number, -1).sum(axis=1) for name, each in sums.items()}
    )


def questions(table: pd.DataFrame, policy: Policy | str = "article") -> pd.DataFrame:
    """Which single unknown to find out for the whole book: for each ``field``, in how many cases it is ``unknown``, and by how many
    cases the expected range narrows once it is known (``narrowing``), the best first."""
    import pandas as pd

    policy, columns = load_policy(policy), facts_of(table)
    low, high = pressures(columns, policy)
    days, longest = columns["days_overdue"], policy.value("factors.days.pressing")
    least, greatest = extremes(low, high, days, policy.readings, longest)
    width = likelihood(greatest) - likelihood(least)
    rows = []
    for name in policy.data["questions"]:
        column = columns[name]
        unknown = np.flatnonzero(np.isnan(column) if column.dtype.kind == "f" else column < 0)
        come = unknown[days[unknown] >= policy.readings.days[0]]
        gain = np.maximum(0.0, width[come] - mean_width(columns, name, come, policy)[0]).sum() if len(come) else 0.0
        rows.append((name, len(unknown), float(gain)))
    return pd.DataFrame(rows, columns=["field", "unknown", "narrowing"]).sort_values(
        "narrowing", ascending=False, kind="stable", ignore_index=True
    )


def what_if(table: pd.DataFrame, before: Policy | str = "article", after: Policy | str = "published") -> pd.DataFrame:
    """Case by case what another policy changes: verdicts and shares before and after, whether the verdict ``changed``, and ``why``:
    ``first_day`` where it is mostly that a call is possible earlier or later, else the factor (or the ``base``) whose part moved most."""
    policies = [load_policy(which) for which in (before, after)]
    scored = [score(table, policy) for policy in policies]
    columns = facts_of(table)
    parts = []
    for policy in policies:
        low, high = pressures(columns, policy)
        parts.append(contributions(middle_pressures(low, high, columns["days_overdue"], policy), policy))
    why = np.array(FACTORS)[np.abs(parts[1] - parts[0]).argmax(axis=1)]
    bases = [policy.readings.center[0] for policy in policies]
    why = np.where(np.abs(bases[1] - bases[0]) > np.abs(parts[1] - parts[0]).max(axis=1), "base", why)
    verdict = [each.verdict.to_numpy() for each in scored]
    possible = [(each != "not_yet") for each in verdict]
    share = [each["share"].to_numpy() for each in scored]
    # How much of the change comes from the readings whose first day has come, and how much from their weights
    come = [_come(policy, columns["days_overdue"]) for policy in policies]
    by_day = np.abs(come[1] - come[0]) * np.maximum(*share)
    why = np.where((possible[0] != possible[1]) | (by_day > np.abs(share[1] - share[0]) / 2), "first_day", why)
    ids = {"case_id": table["case_id"]} if "case_id" in table.columns else {}
    out = table.iloc[:, :0].assign(**ids, before=verdict[0], after=verdict[1])
    out = out.assign(share_before=share[0], share_after=share[1])
    return out.assign(changed=verdict[0] != verdict[1], why=why)


def _come(policy: Policy, days: np.ndarray) -> np.ndarray:
    """The share of readings whose first possible day has come."""
    reached = np.concatenate([[0.0], np.cumsum(policy.readings.chances)])
    return reached[np.searchsorted(policy.readings.days, days, side="right")]


def summary(
    table: pd.DataFrame,
    policy: Policy | str = "article",
    by: str = "communication",
    other: Policy | str = "published",
    wrong: int = 0,
    name: str = "",
) -> dict[str, Any]:
    """All of the above as plain data without any single case: what the panel, the notebook and the report show. ``by``: the column
    to segment by; ``other``: the policy of the what-if; ``wrong``: rows that were left out; ``name``: what the portfolio is called."""
    policy, other = load_policy(policy), load_policy(other)
    scored, changes = score(table, policy), what_if(table, policy, other)
    moved = changes[changes.changed].groupby(["before", "after"], observed=True)
    at = np.linspace(0, len(scored) - 1, RIBBON).round().astype(int)
    ribbon = scored.sort_values(["share", "high", "low"], ascending=False, kind="stable").iloc[at]
    return {
        "name": name,
        "policy": _policy_names(policy),
        "other": _policy_names(other),
        "wrong": wrong,
        "expected": expected(scored),
        "verdicts": verdicts(scored),
        "ribbon": {end: [round(float(v), 4) for v in ribbon[end]] for end in ("low", "high", "share")},
        "days": calls_by_day(table, policy).to_dict("list"),
        "by": by,
        "segments": segments(scored, by).reset_index(names="segment").to_dict("records"),
        "questions": questions(table, policy).to_dict("records"),
        "changes": [
            {"before": before, "after": after, "cases": len(rows), "why": rows.why.value_counts().index[0]}
            for (before, after), rows in moved
        ],
        "moved": {why: int(n) for why, n in changes[changes.changed].why.value_counts().items()},
    }


def _policy_names(policy: Policy) -> dict[str, Any]:
    return {"policy": policy.label, "name": dict(policy.data["name"])}
