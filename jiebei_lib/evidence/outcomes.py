"""Observed cases with a known outcome: were the contacts called? The input of learn.py, and the check of every cell."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jiebei_lib.core.case import checked
from jiebei_lib.core.knowledge.fields import Fields
from jiebei_lib.core.knowledge.problems import CaseError, Phrase, Problem, shown
from jiebei_lib.core.tables.columns import layout, meant
from jiebei_lib.core.tables.delimited import BookSheet, TableError, Upload, plain_cell
from jiebei_lib.core.tables.files import files_of
from jiebei_lib.core.tables.table import check_table
from jiebei_lib.core.tables.whole import text_table

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = Fields("core/case.yaml", "evidence/outcomes.yaml")
NEEDED = ("days_overdue", "called")  # columns without which there is nothing to learn
LARGEST_TABLE = 10_000_000  # bytes
MOST_ROWS = 20_000


@dataclass(frozen=True)
class Outcomes:
    """n observed cases, in the order given.

    ``columns`` as ``rules.factors.coded`` gives them (numbers as floats, NaN unknown; levels as numbers, -1 unknown), here with
    ``amount_overdue`` possibly unknown; ``called`` (n,) whether contacts were called; ``weight`` (n,) how many like cases a row
    stands for.
    """

    case_id: tuple[str, ...]
    columns: dict[str, np.ndarray]
    called: np.ndarray
    weight: np.ndarray

    def __len__(self) -> int:
        return len(self.called)

    def __getitem__(self, rows: Any) -> Outcomes:
        """Some of the cases: a mask or row numbers."""
        rows = np.arange(len(self))[rows]
        picked = {name: column[rows] for name, column in self.columns.items()}
        return Outcomes(tuple(self.case_id[n] for n in rows), picked, self.called[rows], self.weight[rows])

    @property
    def days(self) -> np.ndarray:
        return self.columns["days_overdue"]

    @classmethod
    def of(cls, table: pd.DataFrame | Sequence[Mapping[str, Any]]) -> Outcomes:
        """From a data frame or a list of rows: the fields of a case, ``called`` (true or false) and, if given, ``weight``.

        Raises :class:`CaseError` naming row (from 1) and column of what is wrong; columns that are none of ours are wrong too.
        """
        import pandas as pd

        if not isinstance(table, pd.DataFrame):
            rows = [row if isinstance(row, Mapping) else {"": row} for row in table]
            table = pd.DataFrame([{plain_cell(name): plain_cell(cell) for name, cell in row.items()} for row in rows])
        table = table if len(table.columns) else pd.DataFrame(columns=list(COLUMNS))
        named, problems = COLUMNS.keyed({column: column for column in table.columns}, "table")
        if "called" not in named:
            problems.append(Problem("missing", "table: called", {"allowed": Phrase("outcome")}))
        if problems:
            raise CaseError(problems)
        return cls._of(
            table.rename(columns={column: name for name, column in named.items()}), np.arange(1, len(table) + 1)
        )

    @classmethod
    def _of(cls, table: pd.DataFrame, numbers: np.ndarray) -> Outcomes:
        """From a table whose columns bear our names; ``numbers``: what its rows are called when something is wrong with them."""
        if len(table) > MOST_ROWS:
            raise CaseError(Problem("too_many_rows", "table", {"value": len(table), "high": MOST_ROWS}))
        facts, columns, problems = table.drop(columns=["called", "weight"], errors="ignore"), {}, []
        if "amount_overdue" not in facts:  # an observed case may come without it
            facts = facts.assign(amount_overdue=None)
        try:
            columns = check_table(facts, numbers=numbers)
        except CaseError as wrong:
            problems += wrong.problems
        called, weight = _called(table["called"], numbers, problems), _weights(table, numbers, problems)
        case_id = _ids(table, numbers, problems)
        if problems:
            raise CaseError(problems)
        return cls(case_id, columns, called, weight)

    @classmethod
    def read(cls, source: str | Path | Upload, mapping: Any = None, sheet: str | None = None) -> Outcomes:
        """From a file, read as a table of cases is: any kind, words in either language, ``mapping`` for what is not recognised. Columns
        that are none of ours are not looked at. One wrong row is enough to refuse it: outcomes are few, and each one counts."""
        try:
            (file,) = files_of(source, sheet)
            whole = file.file if isinstance(file, BookSheet) else file
            size = len(whole.content) if isinstance(whole, Upload) else whole.stat().st_size
            if size > LARGEST_TABLE:
                most = {"value": size, "allowed": Phrase("bytes", {"high": LARGEST_TABLE})}
                raise TableError(Problem("too_large", file.name, most))
            table, numbers, wrong = text_table(file)
            plan = layout(list(table.columns), mapping, file.name, COLUMNS, NEEDED)
        except TableError as error:
            raise CaseError(error.problems) from None
        if wrong:
            raise CaseError([each.problem for each in wrong[:10]])
        for name, words in plan.values.items():
            if name in plan.columns:
                cells = table[plan.columns[name]].astype(object).where(table[plan.columns[name]].notna(), "")
                table[plan.columns[name]] = cells.map(lambda cell, words=words: meant(cell, words)).astype(object)
        known = table[list(plan.columns.values())].astype(object)
        return cls._of(known.rename(columns={column: name for name, column in plan.columns.items()}), numbers)


def _called(column: pd.Series, numbers: np.ndarray, problems: list[Problem]) -> np.ndarray:
    out = np.zeros(len(column), bool)
    for n, value in enumerate(column):
        known = bool(value) if isinstance(value, bool | np.bool_) else COLUMNS.heard("called", str(value))
        if not isinstance(known, bool):
            value = "" if value is None or value != value else value
            _report(problems, numbers[n], "called", value, Phrase("outcome"))
        out[n] = known is True
    return out


def _weights(table: pd.DataFrame, numbers: np.ndarray, problems: list[Problem]) -> np.ndarray:
    """How many like cases each row stands for; an empty cell is one."""
    out = np.ones(len(table))
    for n, value in enumerate(table["weight"] if "weight" in table.columns else ()):
        heard = COLUMNS.heard("weight", value)
        if heard is None or heard != heard:
            continue
        try:
            out[n] = math.nan if isinstance(heard, bool | np.bool_ | str) else float(heard)
        except (TypeError, ValueError):
            out[n] = math.nan
        if not COLUMNS["weight"]["exclusive_minimum"] < out[n] <= COLUMNS["weight"]["maximum"]:
            _report(problems, numbers[n], "weight", value, COLUMNS.allowed("weight"))
    return out


def _ids(table: pd.DataFrame, numbers: np.ndarray, problems: list[Problem]) -> tuple[str, ...]:
    """The case ids; an empty one becomes the row's number."""
    out = []
    for n, value in zip(numbers, table["case_id"] if "case_id" in table.columns else [None] * len(table), strict=True):
        given = str(n) if value is None or value != value else value
        wrong = checked("case_id", given, f"row {n}: case_id")[1]
        problems += [wrong] if wrong else []
        out.append(str(given))
    return tuple(out)


def _report(problems: list[Problem], row: int, column: str, value: Any, allowed: Phrase) -> None:
    problems.append(Problem("invalid", f"row {row}: {column}", {"value": shown(value), "allowed": allowed}))
