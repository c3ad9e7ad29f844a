"""What the columns of a table of cases mean: headers and words recognised, numbers as people write them, every cell checked."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from jiebei_lib.core.case import FIELDS, allowed, checked
from jiebei_lib.core.knowledge.fields import Fields, date_in, heading, number_in, plain
from jiebei_lib.core.knowledge.problems import Phrase, Problem, items, shown
from jiebei_lib.core.knowledge.user_files import read_yaml
from jiebei_lib.core.tables.delimited import TableError, WrongRow
from jiebei_lib.core.tables.files import Chunk, arrow, as_text
from jiebei_lib.core.tables.table import within

DAMAGED = re.compile(
    r"[0-9](\.[0-9]+)?[eE]\+[0-9]{2}"
)  # an id of many digits that a spreadsheet or a float has rounded
MONTHS = re.compile(r"(\d{1,3}|[一二两三四五六七八九十])\s*(?:个|個)?(?:月|months?)", re.ASCII)  # no number of days
MONTH_WORDS = {word: n for n, word in enumerate("一二三四五六七八九十", 1)} | {"两": 2}
SCALED = re.compile(r"[百千万亿]元|(?<=[（(/])[千万亿](?=[）)]|$)")  # a heading that counts in more than single yuan
MIDNIGHT = re.compile(r"[T ]00:00(:00(\.0+)?)?$", re.ASCII)  # what a date has where its column holds times
NUMBER = r"^[+-]?[0-9]{1,15}(\.[0-9]{0,15})?$"  # text that is a number as it stands


@dataclass(frozen=True)
class Layout:
    """Which column of a table holds which field, and what its own words mean (``values``, from a mapping file). ``as_of``: the day to which
    days are counted where the column of days holds due dates."""

    columns: dict[str, str]
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    as_of: date | None = None


def layout(
    names: list[str],
    mapping: str | Path | Mapping[str, Any] | None = None,
    where: str = "table",
    fields: Fields = FIELDS,
    needed: Iterable[str] | None = None,
) -> Layout:
    """Which of the columns ``names`` holds which field. ``mapping``, a YAML file or its content, says what is not recognised:
    ``columns: {field: column}``, ``values: {field: {word: value}}`` and ``as_of``, a day with which due dates serve for days. ``needed``:
    the fields whose column must be there (of a case, what is required but its id). Raises :class:`TableError`."""
    if needed is None:
        needed = [n for n, spec in fields.items() if spec.get("column", spec["required"]) and spec["type"] != "text"]
    said = _mapping(mapping, fields)
    found: dict[str, list[str]] = {name: [column] for name, column in said.columns.items()}
    problems = [
        Problem("no_column", f"{where}: {name}", {"value": shown(column), "allowed": items(names[:20])})
        for name, column in said.columns.items()
        if column not in names
    ]
    for column in names:
        name = fields.named(column)
        if name and name not in said.columns and column not in said.columns.values():
            found.setdefault(name, []).append(column)
    for name, columns in found.items():
        if len(columns) > 1:
            problems.append(Problem("column_unclear", f"{where}: {name}", {"value": items(columns)}))
        elif scaled := SCALED.search(columns[0]) if fields[name].get("unit", {}).get("zh") == "元" else None:
            problems.append(Problem("scaled_column", f"{where}: {shown(columns[0])}", {"value": scaled[0]}))
    for name in needed:
        dated = [column for column in names if heading(column) in map(heading, fields[name].get("instead", ()))]
        if name not in found and len(dated) == 1 and said.as_of:
            found[name] = dated
        elif name not in found and dated:
            problems.append(Problem("dates_instead", f"{where}: {name}", {"value": items(dated)}))
        elif name not in found:
            slots = {"allowed": items(fields.names(name)), "value": items(names[:20])}
            problems.append(Problem("column_missing", f"{where}: {name}", slots))
    if problems:
        raise TableError(problems)
    return Layout({name: found[name][0] for name in fields if name in found}, said.values, said.as_of)


def _mapping(given: str | Path | Mapping[str, Any] | None, fields: Fields) -> Layout:
    where = Path(given).name if isinstance(given, str | Path) else "map"
    content = read_yaml(given, TableError) if isinstance(given, str | Path) else given or {}
    problems = []
    if not isinstance(content, Mapping):
        raise TableError(Problem("invalid", where, {"value": shown(content), "allowed": Phrase("mapping")}))
    said: dict[str, dict[str, Any]] = {"columns": {}, "values": {}}
    as_of = date_in(str(content["as_of"])) if "as_of" in content else None
    if "as_of" in content and as_of is None:
        problems.append(Problem("date", f"{where}: as_of", {"value": shown(content["as_of"])}))
    for key, part in content.items():
        if key == "as_of":
            continue
        if key not in said or not isinstance(part, Mapping):
            problems.append(Problem("unknown_key", f"{where}: {shown(key)}", {"allowed": items([*said, "as_of"])}))
            continue
        said[key], wrong = fields.keyed(part, f"{where}: {key}")
        problems += wrong
        for name, value in said[key].items():
            if not isinstance(value, str if key == "columns" else Mapping):
                phrase = Phrase("text_any" if key == "columns" else "mapping")
                problems.append(
                    Problem("invalid", f"{where}: {key}: {name}", {"value": shown(value), "allowed": phrase})
                )
    if problems:
        raise TableError(problems)
    return Layout(said["columns"], {name: _meanings(part) for name, part in said["values"].items()}, as_of)


def _meanings(part: Mapping[Any, Any]) -> dict[str, Any]:
    """What a file's own words mean, by the words as they are compared; a number also as it stands in a table that writes 2 as 2.0."""
    words = {plain(str(word)): value for word, value in part.items()}
    return {_as_number(word): value for word, value in words.items()} | words


def _as_number(word: str) -> str:
    """A word that is a number without what does not change it: 2.0 and 02 are 2."""
    number = number_in(word)
    return word if number is None else f"{Decimal(number).normalize():f}"


def meant(text: str, words: Mapping[str, Any]) -> Any:
    """What the mapping file says that a cell's text means; any other text as it is."""
    word = plain(text)
    return words[word] if word in words else words.get(_as_number(word), text)


def cleaned(chunk: Chunk, plan: Layout, most: int | None = None) -> tuple[dict[str, Any], np.ndarray, list[WrongRow]]:
    """A chunk's facts as :func:`jiebei_lib.core.tables.table.check_table` gives them (and ``case_id`` as text, if it has one),
    which rows are fine, and what is wrong with the others (``most``: of each column the first so many)."""
    count = chunk.rows.num_rows
    columns: dict[str, Any] = {}
    fine, wrong = np.ones(count, bool), []
    for name, spec in FIELDS.items():
        source = plan.columns.get(name)
        if source is None:
            if spec["type"] != "text":
                columns[name] = np.full(count, -1) if spec["type"] == "level" else np.full(count, math.nan)
            continue
        column = chunk.rows.column(source)
        if name == "days_overdue" and plan.as_of is not None:
            column = arrow().chunked_array(
                [arrow().array(days_to(as_text(column).to_pylist(), plan.as_of), arrow().string())]
            )
        words = plan.values.get(name, {})
        columns[name], bad = _column(name, column, words)
        if spec.get("span"):
            columns["amount_to"] = columns[name].copy()
            for row in np.flatnonzero(bad):
                ends = checked(name, meant(as_text(column)[int(row)].as_py() or "", words))
                if isinstance(ends[0], tuple) and ends[1] is None:
                    columns[name][row], columns["amount_to"][row] = ends[0]
                    bad[row] = False
        for row in np.flatnonzero(bad)[:most]:
            where = f"{chunk.file}, row {chunk.numbers[row]}: {source}"
            value = column[int(row)].as_py()
            problem = Problem("invalid", where, {"value": shown(value), "allowed": allowed(name)})
            if name == "case_id" and DAMAGED.fullmatch(str(columns[name][int(row)])):
                problem = Problem("damaged_id", where, {"value": shown(value)})
            elif months := MONTHS.fullmatch(str(value).strip()) if name == "days_overdue" else None:
                number = MONTH_WORDS.get(months[1]) or int(months[1])
                problem = Problem(
                    "months_for_days", where, {"value": shown(value), "low": 28 * number, "high": 31 * number}
                )
            elif value is None or (isinstance(value, str) and not value.strip()):
                problem = Problem("missing", where, {"allowed": allowed(name)})
            wrong.append(
                WrongRow(chunk.file, int(chunk.numbers[row]), source, "" if value is None else str(value), problem)
            )
        fine &= ~bad
    return columns, fine, wrong


def days_to(cells: Iterable[str | None], as_of: date) -> list[str | None]:
    """Due dates as days overdue on a day, below 0 where they lie ahead; what is no date stays as it is, for the check to refuse."""
    dues = [(cell, date_in(MIDNIGHT.sub("", cell)) if cell else None) for cell in cells]
    return [cell if due is None else str((as_of - due).days) for cell, due in dues]


def with_spans(columns: dict[str, Any]) -> dict[str, Any]:
    """The columns of :func:`cleaned` without ``amount_to``: amounts that are ranges as text, 5000-8000, as they may stand in a table."""
    columns = dict(columns)
    low, high = columns["amount_overdue"], columns.pop("amount_to", columns["amount_overdue"])
    ranges = np.flatnonzero(low < high)
    if len(ranges):
        columns["amount_overdue"] = low.astype(object)
        columns["amount_overdue"][ranges] = [f"{low[n]:.15g}-{high[n]:.15g}" for n in ranges]
    return columns


def _column(name: str, column: Any, words: Mapping[str, Any]) -> tuple[Any, np.ndarray]:
    """A column's values in the field's own form, and which cells are wrong."""
    pa, kind = arrow(), FIELDS[name]["type"]
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if kind == "text":
        return _text(name, column)
    if kind == "level":
        return _codes(name, as_text(column), words)
    is_number = (
        pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type)
    )
    if is_number and not words:
        numbers = column.cast(pa.float64(), safe=False).to_numpy()
        empty = np.isnan(numbers)
        return numbers, ~within(name, numbers) & (FIELDS[name]["required"] | ~empty)
    return _numbers(name, as_text(column), words)


def _text(name: str, column: Any) -> tuple[Any, np.ndarray]:
    pc = arrow().compute
    text = pc.utf8_trim_whitespace(as_text(column))
    length = pc.utf8_length(text)
    fine = pc.and_(
        pc.and_(pc.greater(length, 0), pc.less_equal(length, FIELDS[name]["max_length"])), pc.utf8_is_printable(text)
    )
    fine = pc.and_not(fine, pc.match_substring_regex(text, f"^{DAMAGED.pattern}$"))
    return text, ~pc.fill_null(fine, False).to_numpy().astype(bool)


def _codes(name: str, column: Any, words: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Levels as their number in case.yaml, -1 unknown: each different word is looked up once."""
    different, codes = _different(column)
    read = [level_of(name, word, words) for word in [*different.to_pylist(), ""]]
    values, bad = np.array([code for code, _ in read], int), np.array([wrong for _, wrong in read], bool)
    return values[codes], bad[codes]


def _numbers(name: str, column: Any, words: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Numbers that stand as text: plain ones all at once, others (８,０００ 元) one by one, each different one once."""
    pa = arrow()
    different, codes = _different(pa.compute.utf8_trim_whitespace(column))
    easy = pa.compute.match_substring_regex(different, NUMBER) if not words else pa.array([False] * len(different))
    numbers = pa.compute.if_else(easy, different, "nan").cast(pa.float64()).to_numpy(zero_copy_only=False).copy()
    bad = np.zeros(len(numbers) + 1, bool)
    numbers = np.append(numbers, math.nan)
    numbers[-1], bad[-1] = number_of(name, "", words)  # no value is an empty cell
    hard = np.flatnonzero(~easy.to_numpy(zero_copy_only=False).astype(bool))
    for n, text in zip(hard, different.take(hard).to_pylist(), strict=True):
        numbers[n], bad[n] = number_of(name, text, words)
    bad |= ~np.isnan(numbers) & ~within(name, numbers)
    return numbers[codes], bad[codes]


def _different(column: Any) -> tuple[Any, np.ndarray]:
    """The different values of a column, and for each row which it is (-1 where there is none)."""
    coded = column.dictionary_encode()
    coded = coded.unify_dictionaries().combine_chunks() if isinstance(coded, arrow().ChunkedArray) else coded
    if isinstance(coded, arrow().ChunkedArray):  # no rows
        return arrow().array([], "string"), np.zeros(0, int)
    return coded.dictionary, coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(int)


def level_of(name: str, word: str, words: Mapping[str, Any]) -> tuple[int, bool]:
    level = FIELDS.heard(name, meant(word, words))
    levels = FIELDS[name]["levels"]
    return (levels.index(level), False) if level in levels else (-1, level is not None)


def number_of(name: str, text: str, words: Mapping[str, Any]) -> tuple[float, bool]:
    number = FIELDS.heard(name, meant(text, words))
    if number is None:
        return math.nan, FIELDS[name]["required"]
    fine = isinstance(number, int | float | Decimal) and not isinstance(number, bool)
    return (float(number), False) if fine else (math.nan, True)
