"""What the columns of a table of cases mean: headers and words recognised, numbers as people write them, every cell checked."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from jiebei_lib.core.case import FIELDS, allowed, within
from jiebei_lib.core.knowledge.problems import Phrase, Problem, items, shown
from jiebei_lib.core.knowledge.user_files import read_yaml
from jiebei_lib.core.knowledge.yaml_files import shipped
from jiebei_lib.core.policy import load_policy
from jiebei_lib.portfolio.files import Chunk, TableError, WrongRow, arrow

NUMBER = r"^[+-]?[0-9]{1,15}(\.[0-9]{0,15})?$"  # text that is a number as it stands


@dataclass(frozen=True)
class Layout:
    """Which column of a table holds which field, and what its own words mean (``values``, from a mapping file)."""

    columns: dict[str, str]
    values: dict[str, dict[str, Any]] = field(default_factory=dict)


def plain(text: str) -> str:
    """A header or a word as it is compared: full-width as half-width, without case, blanks, underscores and brackets."""
    return re.sub(r"[\s_]|\(.*?\)|\[.*?\]", "", unicodedata.normalize("NFKC", text)).casefold()


def layout(names: list[str], mapping: str | Path | Mapping[str, Any] | None = None, where: str = "table") -> Layout:
    """Which of the columns ``names`` holds which field. ``mapping``, a YAML file or its content, says what is not recognised:
    ``columns: {field: column}`` and ``values: {field: {word: value}}``. Raises :class:`TableError`."""
    said = _mapping(mapping)
    known = {plain(word): name for name, words in _headers().items() for word in words}
    found: dict[str, list[str]] = {name: [column] for name, column in said.columns.items()}
    problems = [
        Problem("no_column", f"{where}: {name}", {"value": shown(column), "allowed": items(names[:20])})
        for name, column in said.columns.items()
        if column not in names
    ]
    for column in names:
        name = known.get(plain(column))
        if name and name not in said.columns and column not in said.columns.values():
            found.setdefault(name, []).append(column)
    for name, columns in found.items():
        # Under its own name a column is meant before any that is only like it.
        columns[:] = [name] if name in columns else columns
        if len(columns) > 1:
            both = {"value": items(columns)}
            problems.append(Problem("column_unclear", f"{where}: {name}", both))
    for name, spec in FIELDS.items():
        if spec["required"] and spec["type"] != "text" and name not in found:
            slots = {"allowed": items(_headers()[name]), "value": items(names[:20])}
            problems.append(Problem("column_missing", f"{where}: {name}", slots))
    if problems:
        raise TableError(problems)
    return Layout({name: found[name][0] for name in FIELDS if name in found}, said.values)


def _mapping(given: str | Path | Mapping[str, Any] | None) -> Layout:
    name = Path(given).name if isinstance(given, str | Path) else "map"
    content = read_yaml(given, TableError) if isinstance(given, str | Path) else given or {}
    problems = []
    if not isinstance(content, Mapping):
        raise TableError(Problem("invalid", name, {"value": shown(content), "allowed": Phrase("mapping")}))
    for key, part in content.items():
        if key not in ("columns", "values") or not isinstance(part, Mapping):
            problems.append(Problem("unknown_key", f"{name}: {shown(key)}", {"allowed": items(["columns", "values"])}))
            continue
        for name_, value in part.items():
            wanted = str if key == "columns" else Mapping
            if name_ not in FIELDS:
                problems.append(Problem("unknown_key", f"{name}: {key}: {shown(name_)}", {"allowed": items(FIELDS)}))
            elif not isinstance(value, wanted):
                phrase = Phrase("text_any" if key == "columns" else "mapping")
                problems.append(
                    Problem("invalid", f"{name}: {key}: {name_}", {"value": shown(value), "allowed": phrase})
                )
    if problems:
        raise TableError(problems)
    words = {
        name_: {plain(str(word)): value for word, value in part.items()}
        for name_, part in content.get("values", {}).items()
    }
    return Layout(dict(content.get("columns", {})), words)


@cache
def _headers() -> dict[str, list[str]]:
    more = shipped("portfolio/columns.yaml")["headers"]
    return {name: [name, *spec["name"].values(), *more[name]] for name, spec in FIELDS.items()}


@cache
def _unknown() -> frozenset[str]:
    return frozenset(plain(word) for word in shipped("portfolio/columns.yaml")["unknown"])


@cache
def _levels(name: str) -> dict[str, str]:
    """Every word for a level, and the level."""
    entries = load_policy().data["factors"][name]["levels"]
    more = shipped("portfolio/columns.yaml")["levels"][name]
    return {
        plain(word): level
        for level in FIELDS[name]["levels"]
        for word in (level, *entries[level]["name"].values(), *more[level])
    }


def cleaned(chunk: Chunk, plan: Layout) -> tuple[dict[str, Any], np.ndarray, list[WrongRow]]:
    """A chunk's facts as :func:`jiebei_lib.core.case.check_table` gives them (and ``case_id`` as text, if it has one), which rows are fine,
    and what is wrong with the others."""
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
        columns[name], bad = _column(name, column, plan.values.get(name, {}))
        for row in np.flatnonzero(bad):
            where = f"{chunk.file}, row {chunk.numbers[row]}: {source}"
            value = column[int(row)].as_py()
            problem = Problem("invalid", where, {"value": shown(value), "allowed": allowed(name)})
            if value is None or (isinstance(value, str) and not value.strip()):
                problem = Problem("missing", where, {"allowed": allowed(name)})
            wrong.append(
                WrongRow(chunk.file, int(chunk.numbers[row]), source, "" if value is None else str(value), problem)
            )
        fine &= ~bad
    return columns, fine, wrong


def _column(name: str, column: Any, words: Mapping[str, Any]) -> tuple[Any, np.ndarray]:
    """A column's values in the field's own form, and which cells are wrong."""
    pa, kind = arrow(), FIELDS[name]["type"]
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if kind == "text":
        return _text(name, column)
    if pa.types.is_boolean(column.type) or pa.types.is_null(column.type):
        column = column.cast(pa.string())
    if kind == "level":
        return _codes(name, column, words)
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type):
        numbers = column.cast(pa.float64()).to_numpy()
        empty = np.isnan(numbers)
        return numbers, ~within(name, numbers) & (FIELDS[name]["required"] | ~empty)
    return _numbers(name, column.cast(pa.string()), words)


def _text(name: str, column: Any) -> tuple[Any, np.ndarray]:
    pc = arrow().compute
    text = pc.utf8_trim_whitespace(column.cast("string"))
    length = pc.utf8_length(text)
    fine = pc.and_(
        pc.and_(pc.greater(length, 0), pc.less_equal(length, FIELDS[name]["max_length"])), pc.utf8_is_printable(text)
    )
    return text, ~pc.fill_null(fine, False).to_numpy().astype(bool)


def _codes(name: str, column: Any, words: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Levels as their number in case.yaml, -1 unknown: each different word is looked up once."""
    different, codes = _different(column.cast("string"))
    read = [_level(name, word, words) for word in [*different.to_pylist(), None]]
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
    bad[-1] = FIELDS[name]["required"]
    hard = np.flatnonzero(~easy.to_numpy(zero_copy_only=False).astype(bool))
    for n, text in zip(hard, different.take(hard).to_pylist(), strict=True):
        numbers[n], bad[n] = _number(name, text, words)
    bad |= ~np.isnan(numbers) & ~within(name, numbers)
    return numbers[codes], bad[codes]


def _different(column: Any) -> tuple[Any, np.ndarray]:
    """The different values of a column, and for each row which it is (-1 where there is none)."""
    coded = column.dictionary_encode()
    coded = coded.unify_dictionaries().combine_chunks() if isinstance(coded, arrow().ChunkedArray) else coded
    if isinstance(coded, arrow().ChunkedArray):  # no rows
        return arrow().array([], "string"), np.zeros(0, int)
    return coded.dictionary, coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(int)


def _level(name: str, word: str | None, words: Mapping[str, Any]) -> tuple[int, bool]:
    key = _said(word, words)
    level = _levels(name).get(key)
    return (FIELDS[name]["levels"].index(level), False) if level else (-1, key not in _unknown())


def _number(name: str, text: str, words: Mapping[str, Any]) -> tuple[float, bool]:
    key = _said(text, words)
    if key in _unknown():
        return math.nan, FIELDS[name]["required"]
    number = number_of(key if plain(text) in words else text)
    return number, math.isnan(number)


def _said(word: Any, words: Mapping[str, Any]) -> str:
    """A word as it is compared, after what the mapping file says it means."""
    key = plain("" if word is None else str(word))
    meant = words.get(key, key)
    return plain("" if meant is None else str(meant))


def number_of(text: str) -> float:
    """A number as people write it: 8000, ８,０００.５０, ¥8,000 元; NaN for anything else."""
    text = unicodedata.normalize("NFKC", text).strip().casefold()
    for unit in shipped("portfolio/columns.yaml")["units"]:
        unit = unicodedata.normalize("NFKC", unit)
        text = text.removeprefix(unit).removesuffix(unit).strip()
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", text):
        text = text.replace(",", "")
    return float(text) if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?", text) else math.nan
