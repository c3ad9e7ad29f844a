"""A table of cases in memory: checked as cases are, and scored."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from jiebei_lib.core.case import FIELDS, allowed, checked
from jiebei_lib.core.knowledge.problems import CaseError, Phrase, Problem, items, shown
from jiebei_lib.core.policy import Policy, load_policy
from jiebei_lib.core.scoring.many import ADDED, ORDERED, answers, words
from jiebei_lib.core.scoring.score import PART, processors
from jiebei_lib.core.tables.delimited import cell_text, plain_cell

if TYPE_CHECKING:
    import pandas as pd


def score(table: pd.DataFrame | Iterable[Mapping[str, Any]], policy: Policy | str = "article") -> pd.DataFrame:
    """The table with :data:`ADDED`, row by row. Its columns that are named like the fields of a case, in any language that case.yaml knows,
    are read, those of facts that may be unknown may be missing; all others are kept and not looked at. Raises :class:`CaseError` naming row
    and column."""
    import pandas as pd

    if not isinstance(table, pd.DataFrame):
        rows = list(table) if isinstance(table, Iterable) else [table]
        if wrong := [row for row in rows if not isinstance(row, Mapping)]:
            raise CaseError(Problem("not_a_row", f"table: {shown(wrong[0])}", {"allowed": Phrase("mapping")}))
        table = pd.DataFrame(rows)
    policy = load_policy(policy)
    found, names = in_parts(check_table(table, others=True), policy), words(policy)
    added = {
        name: pd.Categorical.from_codes(found[name], names[name], ordered=name in ORDERED)
        if name in names
        else found[name]
        for name in ADDED
    }
    return table.drop(columns=[name for name in ADDED if name in table.columns]).assign(**added)


def in_parts(columns: Mapping[str, np.ndarray], policy: Policy) -> dict[str, np.ndarray]:
    """:func:`answers` for columns of any length: numpy and the kernel give up the interpreter's lock, so a thread a processor."""
    count = len(columns["days_overdue"])
    if count <= PART:
        return answers(columns, policy)
    from concurrent.futures import ThreadPoolExecutor  # and logging with it: not for a few cases

    parts = [{name: each[start : start + PART] for name, each in columns.items()} for start in range(0, count, PART)]
    with ThreadPoolExecutor(processors()) as pool:
        found = list(pool.map(lambda part: answers(part, policy), parts))
    return {name: np.concatenate([part[name] for part in found]) for name in found[0]}


def check_table(
    table: pd.DataFrame, others: bool = False, numbers: Sequence[int] | np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """A data frame's columns as arrays, checked as cases are: numbers as floats (NaN unknown), levels as their number (-1 unknown); of
    amounts that are ranges the lower end, and under ``amount_to`` the upper.

    Raises :class:`CaseError` naming the first wrong cells by row (from 1, or as ``numbers`` says) and column, and columns that are no
    fields unless ``others`` may be there. ``case_id`` is not looked at.
    """
    import pandas as pd

    named, problems = columns_of(table, others)
    out = {}
    for name, spec in FIELDS.items():
        levels = spec["type"] == "level"
        if name not in named:
            if spec.get("column", spec["required"]) and spec["type"] != "text":
                problems.append(Problem("missing", f"table: {name}", {"allowed": allowed(name)}))
            out[name] = np.full(len(table), -1 if levels else math.nan, int if levels else float)
            continue
        if spec["type"] == "text":
            continue
        column = table[named[name]]
        column = column.map(plain_cell) if column.dtype == object else column
        empty = column.isna().to_numpy()
        if levels:
            # By way of categories: a million cells of text five times as fast
            level = column.astype("category") if column.dtype == "str" else column.map(cell_text)
            out[name] = pd.Index(spec["levels"]).get_indexer(level)
            bad = (out[name] < 0) & ~empty
        else:
            plain = pd.to_numeric(column, errors="coerce") if column.dtype != bool else column.astype(float) * math.nan
            out[name] = plain.to_numpy(float, na_value=math.nan)
            bad = ~within(name, out[name]) & ~empty
        bad |= empty & spec["required"]
        if spec.get("span"):
            out["amount_to"] = out[name].copy()
        if bad.any():
            out[name] = out[name].copy()
            _hear(name, column, out, bad)
        for row in np.flatnonzero(bad)[:10]:
            cell = {"value": shown(column.iloc[row]), "allowed": allowed(name)}
            number = row + 1 if numbers is None else numbers[row]
            problems.append(Problem("invalid", f"row {number}: {named[name]}", cell))
    if problems:
        raise CaseError(problems)
    return out


def columns_of(table: pd.DataFrame, others: bool = False) -> tuple[dict[str, Any], list[Problem]]:
    """Which of a data frame's columns holds which field, and what is wrong with them: two for one field, and, unless ``others`` may be
    there, those for none."""
    named: dict[str, Any] = {name: name for name in FIELDS if name in table.columns}
    problems = []
    for column in table.columns:
        name = FIELDS.named(column)
        if name is None and not others:
            problems.append(Problem("unknown_key", f"table: {shown(column)}", {"allowed": items(FIELDS)}))
        elif name is not None and named.setdefault(name, column) != column:
            problems.append(Problem("meant_twice", f"table: {shown(column)}", {"value": named[name]}))
    return named, problems


def _hear(name: str, column: pd.Series, out: dict[str, np.ndarray], bad: np.ndarray) -> None:
    """What stands in cells that are not plain, each different text once: written into ``out``, and no longer ``bad`` where it is fine."""
    import pandas as pd

    rows = np.flatnonzero(bad)
    said = column.iloc[rows].map(lambda cell: tuple(cell) if isinstance(cell, list) else cell).astype(object)
    codes, different = pd.factorize(said)
    nothing = -1 if out[name].dtype.kind == "i" else math.nan
    for n, cell in enumerate(different):
        value, problem = checked(name, cell) if isinstance(cell, str | tuple) else (None, cell)
        if problem is not None:
            continue
        low, high = value if isinstance(value, tuple) else (value, value)
        code = FIELDS[name]["levels"].index(low) if isinstance(low, str) else low
        out[name][rows[codes == n]] = nothing if code is None else code
        if FIELDS[name].get("span"):
            out["amount_to"][rows[codes == n]] = nothing if high is None else high
        bad[rows[codes == n]] = False


def within(name: str, numbers: np.ndarray) -> np.ndarray:
    """Which of an array of numbers a field may hold; NaN never."""
    spec = FIELDS[name]
    inside: np.ndarray = numbers <= spec["maximum"]
    inside &= numbers >= spec["minimum"] if "minimum" in spec else numbers > spec["exclusive_minimum"]
    if spec["type"] == "integer":
        inside &= numbers == np.floor(numbers)
    return inside
