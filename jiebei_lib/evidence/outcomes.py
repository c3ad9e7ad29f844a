"""Observed cases with a known outcome: were the contacts called? The input of learn.py, and the check of every cell."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jiebei_lib.core.case import FIELDS, checked
from jiebei_lib.core.knowledge.problems import CaseError, Phrase, Problem, items, shown
from jiebei_lib.core.knowledge.yaml_files import shipped
from jiebei_lib.portfolio.table import check_table

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (*FIELDS, "called", "weight")
MAYBE_UNKNOWN = ("amount_overdue",)  # required of a case, but an observed one may come without it
LARGEST_TABLE = 10_000_000  # bytes
MOST_ROWS = 20_000
MOST_WEIGHT = 1_000_000


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

        Raises :class:`CaseError` naming row (from 1) and column of what is wrong.
        """
        import pandas as pd

        table = table if isinstance(table, pd.DataFrame) else pd.DataFrame(list(table))
        table = table if len(table.columns) else pd.DataFrame(columns=list(COLUMNS))
        problems = [
            Problem("unknown_key", f"table: {shown(name)}", {"allowed": items(COLUMNS)})
            for name in table.columns
            if name not in COLUMNS
        ]
        if "called" not in table.columns:
            problems.append(Problem("missing", "table: called", {"allowed": Phrase("outcome")}))
        if len(table) > MOST_ROWS:
            problems.append(Problem("too_many_rows", "table", {"value": len(table), "high": MOST_ROWS}))
        if problems:
            raise CaseError(problems)
        facts, columns = table.drop(columns=["called", "weight"], errors="ignore"), {}
        unknown = {
            name: facts[name].isna().to_numpy() if name in facts else np.ones(len(table), bool)
            for name in MAYBE_UNKNOWN
        }
        for name, gaps in unknown.items():
            facts = facts.assign(**{name: facts[name].where(~gaps, 1) if name in facts else 1})
        try:
            columns = check_table(facts)
        except CaseError as wrong:
            problems += wrong.problems
        called, weight = _called(table["called"], problems), _weights(table, problems)
        case_id = _ids(table, problems)
        if problems:
            raise CaseError(problems)
        for name, gaps in unknown.items():
            columns[name] = np.where(gaps, math.nan, columns[name])
        return cls(case_id, columns, called, weight)

    @classmethod
    def read(cls, path: str | Path) -> Outcomes:
        """From a CSV file (UTF-8, a header, an empty cell where a fact is unknown)."""
        path = Path(path)
        try:
            if path.stat().st_size > LARGEST_TABLE:
                size = {"value": path.stat().st_size, "allowed": Phrase("bytes", {"high": LARGEST_TABLE})}
                raise CaseError(Problem("too_large", path.name, size))
            text = path.read_text(encoding="utf-8-sig")
        except OSError as failure:
            raise CaseError(Problem("no_file", str(path), {"value": failure.strerror or failure})) from None
        except UnicodeDecodeError as failure:
            raise CaseError(Problem("not_csv", path.name, {"value": shown(str(failure), 80)})) from None
        return cls.of(parse_csv(text, path.name))


def parse_csv(text: str, name: str) -> pd.DataFrame:
    """The text of a CSV file as a data frame of text cells, the empty ones unknown. ``name`` is what a message calls the file."""
    import pandas as pd

    try:
        head, *rows = [row for row in csv.reader(text.splitlines(), strict=True) if any(map(str.strip, row))]
    except csv.Error as failure:
        raise CaseError(Problem("not_csv", name, {"value": failure})) from None
    except ValueError:
        raise CaseError(Problem("not_csv", name, {"value": shown("")})) from None
    head = [cell.strip() for cell in head]
    problems = [
        Problem("duplicate_key", f"{name}: {shown(cell)}", {"line": 1})
        for cell in dict.fromkeys(cell for cell in head if head.count(cell) > 1)
    ]
    problems += [
        Problem("ragged_row", f"{name}: row {n}", {"value": len(row), "columns": len(head)})
        for n, row in enumerate(rows, 1)
        if len(row) != len(head)
    ][:10]
    if problems:
        raise CaseError(problems)
    return pd.DataFrame([[cell.strip() or None for cell in row] for row in rows], columns=head, dtype=object)


def _called(column: pd.Series, problems: list[Problem]) -> np.ndarray:
    words = {
        str(word).lower(): value == "true"
        for value, spoken in shipped("evidence/learn.yaml")["called"].items()
        for word in spoken
    }
    out = np.zeros(len(column), bool)
    for n, value in enumerate(column):
        known = value if isinstance(value, bool | np.bool_) else words.get(str(value).strip().lower())
        if known is None:
            _report(problems, n, "called", value, Phrase("outcome"))
        out[n] = bool(known)
    return out


def _weights(table: pd.DataFrame, problems: list[Problem]) -> np.ndarray:
    """How many like cases each row stands for; an empty cell is one."""
    out = np.ones(len(table))
    for n, value in enumerate(table["weight"] if "weight" in table.columns else ()):
        if value is None or value != value:
            continue
        try:
            out[n] = math.nan if isinstance(value, bool | np.bool_) else float(value)
        except (TypeError, ValueError):
            out[n] = math.nan
        if not 0 < out[n] <= MOST_WEIGHT:
            _report(problems, n, "weight", value, Phrase("number_above", {"low": 0, "high": MOST_WEIGHT}))
    return out


def _ids(table: pd.DataFrame, problems: list[Problem]) -> tuple[str, ...]:
    """The case ids; an empty one becomes the row's number."""
    out = []
    for n, value in enumerate(table["case_id"] if "case_id" in table.columns else [None] * len(table)):
        given = str(n + 1) if value is None or value != value else value
        wrong = checked("case_id", given, f"row {n + 1}: case_id")[1]
        problems += [wrong] if wrong else []
        out.append(str(given))
    return tuple(out)


def _report(problems: list[Problem], row: int, column: str, value: Any, allowed: Phrase) -> None:
    problems.append(Problem("invalid", f"row {row + 1}: {column}", {"value": shown(value), "allowed": allowed}))
