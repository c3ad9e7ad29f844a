"""Files of attempts into one table of text: CSV, Excel, Parquet, JSON. Rows that do not fit the table are reported, not guessed at."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from jiebei_lib.core.knowledge.fields import Fields, unknown_words
from jiebei_lib.core.knowledge.problems import LogError, Problem, shown
from jiebei_lib.core.knowledge.yaml_files import shipped
from jiebei_lib.core.tables.columns import layout, meant
from jiebei_lib.core.tables.delimited import TableError, Upload, WrongRow, cell_text
from jiebei_lib.core.tables.files import files_of
from jiebei_lib.core.tables.json_records import columns_of
from jiebei_lib.core.tables.ready_maps import ReadyMap, mapped, with_headings
from jiebei_lib.core.tables.whole import text_table

COLUMNS = Fields("calls/attempts.yaml")
FORMATS = "calls/formats.yaml"
NEEDED = ("attempt_id", "at")  # columns without which there is nothing to judge


def read_table(
    source: Any, mapping: Any = None, sheet: str | None = None
) -> tuple[pd.DataFrame, list[Problem], ReadyMap]:
    """The rows as text with their number in the file (``row``, from 1), and the rows that could not be split into cells.

    Columns that attempts.yaml knows by any name bear its own; all others stay as they are. ``mapping`` (a YAML file, its content,
    the name of a format in formats.yaml, or ``auto``) says which columns are meant and what their words mean. Raises :class:`LogError`.
    """
    try:
        source = Path(source) if isinstance(source, str) else source
        table, numbers, wrong = _cells(with_headings(source, mapping, FORMATS) if mapping else source, sheet)
        table, rest, used = mapped(table, mapping, FORMATS, COLUMNS, _name(source))
        plan = layout(list(table.columns), rest, _name(source), COLUMNS, NEEDED)
    except TableError as error:
        raise LogError(error.problems) from None
    if not len(table) and not wrong:
        raise LogError(Problem("empty_log", _name(source)))
    for name, words in plan.values.items():
        if name in plan.columns:
            column = table[plan.columns[name]].astype("category")
            said = [cell_text(meant(word, words)) for word in column.cat.categories]
            filled = cell_text(meant("", words)) or None  # what the file means by nothing
            table[plan.columns[name]] = pd.Series(np.array([*said, filled], object)[column.cat.codes], dtype="str")
    ours = {column: name for name, column in plan.columns.items()}
    others = {
        column: f"{column} (given)" for column in table.columns if column not in ours and column in (*COLUMNS, "row")
    }
    table = table.rename(columns=ours | others).assign(row=numbers)
    for name in plan.columns:
        spoken = COLUMNS[name]["type"] in ("level", "truth")  # these are heard word by word
        table[name] = table[name] if spoken else table[name].mask(table[name].isin(_nothing(COLUMNS[name]["type"])))
    for name in [
        name for name in shipped(FORMATS).get(used.name, {}).get("loose", ()) if name in plan.columns
    ]:  # free words say nothing
        known = {*COLUMNS[name]["levels"], "none"}
        free = [
            word
            for word in table[name].dropna().unique()
            if not {COLUMNS.level(name, one) for one in re.split("[;；]", word)} <= known
        ]
        table[name] = table[name].mask(table[name].isin(free))
    told = [Problem(each.problem.kind, f"row {each.row}", each.problem.slots) for each in wrong]
    return table, told, used


@cache
def _nothing(kind: str) -> list[str]:
    """Words for what is not known, as they are mostly written; of a set, those that could say that there was nothing do not count."""
    words = unknown_words() - ({"none", "nil", "无", "空"} if kind == "set" else set())
    return sorted({form for word in words for form in (word, word.upper(), word.capitalize())})


def _cells(source: Any, sheet: str | None = None) -> tuple[pd.DataFrame, np.ndarray, list[WrongRow]]:
    if isinstance(source, pd.DataFrame):
        return _frame(source), np.arange(1, len(source) + 1), []
    if isinstance(source, str | Path | Upload):
        return text_table(files_of(source, sheet)[0], coded=True)
    wrong: list[WrongRow] = []
    columns, numbers = columns_of(source if isinstance(source, Iterable) else [source], "log", wrong, [])
    return pd.DataFrame(columns, dtype="str"), np.array(numbers, int), wrong


def _name(source: Any) -> str:
    return Path(source).name if isinstance(source, str | Path) else source.name if isinstance(source, Upload) else "log"


def _frame(given: pd.DataFrame) -> pd.DataFrame:
    """A data frame's cells as the text that a CSV would hold."""
    table = given.reset_index(drop=True)
    names = [str(name).strip() for name in table.columns]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise TableError(Problem("column_twice", "log", {"value": shown(twice)}))
    table.columns = names
    out = {}
    for name in names:
        column = table[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            column = column.astype(object)
        if pd.api.types.is_datetime64_any_dtype(column) or column.dtype == object:
            out[name] = column.map(cell_text).astype("str")
        elif pd.api.types.is_bool_dtype(column):
            out[name] = column.map({True: "true", False: "false"}).astype("str")
        else:
            out[name] = column.astype("str")
    return pd.DataFrame(out)
