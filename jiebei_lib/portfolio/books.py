"""A portfolio in memory, read from files: its cases and all further columns, and what was wrong with the rows left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from jiebei_lib.core.case import FIELDS
from jiebei_lib.core.knowledge.problems import Problem
from jiebei_lib.core.tables.columns import cleaned, with_spans
from jiebei_lib.core.tables.delimited import Source, TableError, WrongRow
from jiebei_lib.core.tables.files import arrow, chunks, files_of
from jiebei_lib.portfolio.score_files import again, layout_of

if TYPE_CHECKING:
    import pandas as pd

MOST = 1_000_000  # rows that a portfolio in memory may have


@dataclass(frozen=True)
class Book:
    """A portfolio in memory: its cases (fields and all further columns), and what was wrong with the rows left out."""

    table: pd.DataFrame
    wrong: list[WrongRow]


def read_book(given: Source | str | Sequence[Source | str], mapping: Any = None, sheet: str | None = None) -> Book:
    """A portfolio from files, read as :func:`jiebei_lib.portfolio.score_files.score_files` reads them: of rows with the same id the
    first."""
    import pandas as pd

    pa, files, parts, wrong = arrow(), files_of(given, sheet), [], []
    plan = layout_of(files, mapping, ())
    seen: dict[Any, Any] = {}
    for file in files:
        skipped: list[WrongRow] = []
        for chunk in chunks(file, 65_536, skipped):
            columns, fine, bad = cleaned(chunk, plan)
            doubled = again(columns.get("case_id"), chunk, plan, seen)
            fine[[each for each, _ in doubled]] = False
            bad += [each for _, each in doubled]
            known = {name: _plain(name, column)[fine] for name, column in with_spans(columns).items()}
            known.setdefault("case_id", chunk.numbers[fine].astype(str))
            rest = chunk.rows.drop_columns(list(plan.columns.values())).filter(pa.array(fine)).to_pandas()
            rest.columns = [f"{name} (given)" if FIELDS.named(name) else name for name in rest.columns]
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
