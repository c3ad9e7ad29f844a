"""Files of attempts into one table of text: CSV, Parquet, JSON. Rows that do not fit the table are reported, not guessed at."""

from __future__ import annotations

import csv
import io
import json
import re
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pandas as pd

from jiebei_lib.core.knowledge.problems import LogError, Phrase, Problem, items, shown

SUFFIXES = (".csv", ".parquet", ".json", ".jsonl")


def read_table(source: Any) -> tuple[pd.DataFrame, list[Problem]]:
    """The rows as text with their number in the file (``row``, from 1), and the rows that could not be split into cells.

    A pair of both, as ``text_table`` gives it, is taken as it is.
    """
    if isinstance(source, tuple):
        return source
    if isinstance(source, pd.DataFrame):
        return _frame(source), []
    if not isinstance(source, str | Path):
        return _records(list(source) if isinstance(source, Iterable) else [source])
    path = Path(source)
    if path.suffix.lower() not in SUFFIXES:
        raise LogError(Problem("unknown_format", path.name, {"value": path.suffix, "allowed": items(SUFFIXES)}))
    try:
        if path.suffix.lower() == ".csv":
            return _csv(path)
        if path.suffix.lower() == ".parquet":
            return _parquet(path)
        text = path.read_bytes().decode("utf-8-sig")
        return _json(text, path)
    except OSError as failure:
        raise LogError(Problem("no_file", path.name, {"value": failure.strerror or failure})) from None
    except UnicodeDecodeError:
        raise LogError(Problem("not_text", path.name)) from None


def text_table(name: str, text: str) -> tuple[pd.DataFrame, list[Problem]]:
    """What a reader's own file holds, as ``read_log`` takes it; its name only says of what kind it is."""
    if name.lower().endswith((".json", ".jsonl")):
        return _records(_objects(text, name))
    return _csv_in(io.StringIO(text.removeprefix("\ufeff")), name)


def _csv(path: Path) -> tuple[pd.DataFrame, list[Problem]]:
    for encoding in ("utf-8-sig", "gb18030"):  # spreadsheets in China save the latter
        try:
            with path.open(encoding=encoding, newline="") as file:
                return _csv_in(file, path.name)
        except UnicodeDecodeError:
            continue
    raise LogError(Problem("not_text", path.name))


def _csv_in(file: TextIO, name: str) -> tuple[pd.DataFrame, list[Problem]]:
    _names(next(csv.reader(file), []), name)
    file.seek(0)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", pd.errors.ParserWarning)
        try:
            table = pd.read_csv(
                file,
                dtype=str,
                keep_default_na=False,
                na_values=[""],
                on_bad_lines="warn",
                skip_blank_lines=False,
                index_col=False,
                low_memory=False,
            )
        except pd.errors.EmptyDataError:
            raise LogError(Problem("empty_log", name)) from None
        except pd.errors.ParserError as failure:
            raise LogError(Problem("no_log_table", name, {"value": shown(str(failure), 120)})) from None
    if not len(table) and not said:
        raise LogError(Problem("empty_log", name))
    skipped = re.findall(r"line (\d+): expected (\d+) fields, saw (\d+)", "\n".join(str(each.message) for each in said))
    bad = [int(line) - 1 for line, _, _ in skipped]
    problems = [
        Problem("ragged", f"row {int(line) - 1}", {"value": saw, "allowed": expected})
        for line, expected, saw in skipped
    ]
    numbers = np.setdiff1d(np.arange(1, len(table) + len(bad) + 1), bad)
    table.columns = _names(table.columns, name)
    table["row"] = numbers
    return table[~table.drop(columns="row").isna().all(axis=1)].reset_index(drop=True), problems


def _parquet(path: Path) -> tuple[pd.DataFrame, list[Problem]]:
    try:
        return _frame(pd.read_parquet(path)), []
    except ImportError:
        raise LogError(Problem("no_extra", path.name, {"allowed": items(["jiebei-lib[portfolio]"])})) from None
    except (ValueError, pd.errors.ParserError) as failure:
        raise LogError(Problem("no_log_table", path.name, {"value": shown(str(failure), 120)})) from None


def _json(text: str, path: Path) -> tuple[pd.DataFrame, list[Problem]]:
    return _records(_objects(text, path.name))


def _objects(text: str, name: str) -> list[Any]:
    """What an array of objects holds, or one object a line; what is none comes as it is."""
    try:
        content = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        content = None
    if isinstance(content, Mapping):
        content = content.get("attempts", [content])
    if isinstance(content, list):
        return content
    parsed: list[Any] = []
    for line in text.splitlines():
        if line.strip():
            try:
                parsed.append(json.loads(line))
            except (json.JSONDecodeError, RecursionError):
                parsed.append(None)
    if not any(isinstance(one, Mapping) for one in parsed):
        raise LogError(Problem("no_log_table", name, {"value": shown(text, 60)}))
    return parsed


def _records(records: list[Any]) -> tuple[pd.DataFrame, list[Problem]]:
    problems, good, numbers = [], [], []
    for number, record in enumerate(records, 1):
        if isinstance(record, Mapping):
            good.append({str(key): _cell(value) for key, value in record.items()})
            numbers.append(number)
        else:
            problems.append(Problem("not_a_row", f"row {number}", {"allowed": Phrase("mapping")}))
    if not good:
        raise LogError(Problem("empty_log", "log"))
    table = pd.DataFrame(good, dtype="str")
    table["row"] = np.array(numbers)
    return table, problems


def _frame(given: pd.DataFrame) -> pd.DataFrame:
    """A data frame's cells as the text that a CSV would hold."""
    table = given.reset_index(drop=True)
    table.columns = _names(table.columns, "log")
    out = {}
    for name in table.columns:
        column = table[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            column = column.astype(object)
        if pd.api.types.is_datetime64_any_dtype(column):
            out[name] = column.map(lambda at: None if at is pd.NaT else at.isoformat()).astype("str")
        elif column.dtype == object:
            out[name] = column.map(_cell).astype("str")
        elif pd.api.types.is_bool_dtype(column):
            out[name] = column.map({True: "true", False: "false"}).astype("str")
        else:
            out[name] = column.astype("str")
    if not out or not len(table):
        raise LogError(Problem("empty_log", "log"))
    return pd.DataFrame(out).assign(row=np.arange(1, len(table) + 1))


def _cell(value: Any) -> str | None:
    """A cell as text: truths in small letters, lists as sets, dates in ISO form, nothing as nothing."""
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, list | tuple | set | frozenset | np.ndarray):
        return ";".join(sorted(str(one) for one in value)) if len(value) else "none"
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _names(columns: Iterable[Any], where: str) -> list[str]:
    """Column names without blanks around them; each may stand once."""
    names = [str(name).strip() for name in columns]
    for name in names:
        if names.count(name) > 1:
            raise LogError(Problem("duplicate_key", f"{where}: {shown(name)}", {"line": 1}))
    return ["row (given)" if name == "row" else name for name in names]
