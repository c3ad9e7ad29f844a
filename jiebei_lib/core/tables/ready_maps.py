"""Maps from the columns of known kinds of files, and what a map may say beyond columns and words: joined columns, fixed values, a form
of time, rows numbered, telephone numbers replaced. A map is chosen by name, or by the file's headings."""

from __future__ import annotations

import csv
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from jiebei_lib.core.knowledge.fields import Fields, heading
from jiebei_lib.core.knowledge.problems import Phrase, Problem, items, shown
from jiebei_lib.core.knowledge.user_files import read_yaml
from jiebei_lib.core.knowledge.yaml_files import shipped
from jiebei_lib.core.tables.delimited import TableError, Upload, opened

AUTO = "auto"
FIRST_LINE = 1 << 16  # bytes
BESIDE = ("fixed", "time", "numbered", "tokens", "only")  # what a map may say beside `columns` and `values`


@dataclass(frozen=True)
class ReadyMap:
    """A map as it was used: its ``name`` (of formats, or the file's), what it says, the columns whose numbers were replaced, and those that
    it left out."""

    name: str
    content: Mapping[str, Any] = field(default_factory=dict)
    tokens: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def mapped(
    table: pd.DataFrame, mapping: Any, file: str, fields: Fields, where: str
) -> tuple[pd.DataFrame, Any, ReadyMap]:
    """A table with what a map says beyond columns and words already done, and the rest of the map for :func:`layout`.

    ``mapping``: ``auto``, the name of a format in ``file``, a YAML file, or its content. Raises :class:`TableError`.
    """
    formats = shipped(file)
    name = mapping if isinstance(mapping, str) else Path(mapping).name if isinstance(mapping, Path) else ""
    if str(mapping) == AUTO:
        name = _recognised(table, formats, where)
    content = (
        formats.get(name) or (read_yaml(mapping, TableError) if isinstance(mapping, str | Path) else mapping) or {}
    )
    if not isinstance(content, Mapping):
        return table, content, ReadyMap(name)
    rest = {
        key: content[key] for key in content if key not in (*BESIDE, "name", "note", "headings", "bare", "bare_least")
    }
    if name in formats:
        rest.pop("loose", None)
    columns = rest.pop("columns", None) or {}
    _checked(columns, content.get("tokens") or ())
    table, rest["columns"] = _placed(table, columns)
    for column, value in _part(content, "fixed", fields).items():
        table = table.assign(**{column: str(value)})
    for column, form in _part(content, "time", fields).items():
        source = rest["columns"].get(column, column)
        if source in table:
            try:
                at = pd.to_datetime(table[source].astype("str"), format=str(form), errors="coerce")
            except ValueError:  # no form of a time: %Q
                slots = {"value": shown(form), "allowed": Phrase("time_form")}
                raise TableError(Problem("invalid", f"map: time: {column}", slots)) from None
            table[source] = at.dt.strftime("%Y-%m-%dT%H:%M:%S").where(at.notna(), table[source])
    if content.get("numbered"):
        table = table.assign(attempt_id=[str(n) for n in range(1, len(table) + 1)])
    tokens = tuple(rest["columns"][column] for column in content.get("tokens") or () if column in rest["columns"])
    for column in (each for each in tokens if each in table):  # of one that is not there the layout tells
        table[column] = _tokens(table[column])
    left_out: tuple[str, ...] = ()
    if content.get("only"):
        kept = {
            *rest["columns"].values(),
            *_part(content, "fixed", fields),
            *(["attempt_id"] if content.get("numbered") else []),
        }
        joined = {heading(str(one)) for each in columns.values() if isinstance(each, list) for one in each}
        left_out = tuple(str(one) for one in table.columns if one not in kept and heading(str(one)) not in joined)
        table = table[[column for column in table.columns if column in kept]].copy()
    return table, rest, ReadyMap(name, {**content, "columns": rest["columns"]}, tokens, left_out)


def _checked(columns: Any, tokens: Any) -> None:
    """What a map of one's own says of columns. Raises :class:`TableError`."""
    if not isinstance(columns, Mapping):
        raise TableError(Problem("invalid_map", "map: columns", {"value": shown(columns)}))
    wrong = [Problem("invalid", f"map: columns: {name}", {"value": shown(each), "allowed": Phrase("text_any")})
        for name, each in columns.items() if not all(isinstance(one, str | int) for one in (each if isinstance(each, list) else [each]))
    ]  # fmt: skip
    if not isinstance(tokens, list | tuple) or not all(isinstance(one, str) for one in tokens):
        wrong.append(Problem("invalid", "map: tokens", {"value": shown(tokens), "allowed": Phrase("list")}))
    if wrong:
        raise TableError(wrong)


def with_headings(source: Any, mapping: Any, file: str) -> Any:
    """A file of a known kind that is written without headings, with them; any other as it is."""
    for name, each in shipped(file).items():
        if str(mapping) in (AUTO, name) and "bare" in each and isinstance(source, Path | Upload):
            with opened(source) as lines:  # its first line, and no more unless it is of this kind
                csv_like = isinstance(source, Upload) or source.suffix.lower() == ".csv"
                first = lines.readline(FIRST_LINE) if csv_like else b""
            row = next(csv.reader([first.decode("utf-8", "replace")]), [])
            at = each["bare"].index(each["columns"]["at"][-1])
            if each["bare_least"] <= len(row) <= len(each["bare"]) and re.match(r"\d{4}-\d\d-\d\d ", row[at]):
                content = source.content if isinstance(source, Upload) else source.read_bytes()
                return Upload(source.name, (",".join(each["bare"][: len(row)]) + "\n").encode() + content)
    return source


def _recognised(table: pd.DataFrame, formats: Mapping[str, Any], where: str) -> str:
    """The format whose headings a table has, the one with the most of them."""
    there = {heading(str(column)) for column in table.columns}
    fits = {
        name: len(each["headings"])
        for name, each in formats.items()
        if {heading(one) for one in each["headings"]} <= there
    }
    if not fits:
        slots = {"value": items([str(column) for column in table.columns][:20]), "allowed": items(formats)}
        raise TableError(Problem("no_format", where, slots))
    return max(fits, key=lambda name: fits[name])


def _placed(table: pd.DataFrame, columns: Mapping[str, Any]) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Columns under the headings that the table has, whatever their case; of a list those that are there, joined by a blank. A column
    that says two things stands twice."""
    there = {heading(str(column)): column for column in table.columns}
    out: dict[str, Any] = {}
    for name, wanted in columns.items():
        parts = [
            there[heading(str(one))]
            for one in (wanted if isinstance(wanted, list) else [wanted])
            if heading(str(one)) in there
        ]
        if len(parts) > 1 or (parts and parts[0] in out.values()):
            joined = table[parts].astype("str").fillna("").agg(" ".join, axis=1).str.strip()
            out[name] = f"{name} ({'+'.join(parts)})"
            table = table.assign(**{out[name]: joined.where(joined != "", pd.NA)})
        elif parts:
            out[name] = parts[0]
        elif not isinstance(wanted, list):
            out[name] = wanted
    return table, out


def _part(content: Mapping[str, Any], key: str, fields: Fields) -> dict[str, Any]:
    part = content.get(key) or {}
    if not isinstance(part, Mapping):
        raise TableError(Problem("invalid_map", f"map: {key}", {"value": shown(part)}))
    named, problems = fields.keyed(part, f"map: {key}")
    if problems:
        raise TableError(problems)
    return named


@cache
def _key() -> bytes:
    """Of this process only, and never written: tokens cannot be turned back into numbers by trying all numbers."""
    return secrets.token_bytes(32)


def _tokens(column: pd.Series) -> pd.Series:
    """Telephone numbers as tokens: the same for the same number (its digits), within this process."""
    codes, numbers = pd.factorize(column.astype("str").str.replace(r"[^\d*#]", "", regex=True))
    made = [
        f"n-{hmac.new(_key(), str(one).encode(), hashlib.sha256).hexdigest()[:10]}" if one else None for one in numbers
    ]
    return pd.Series(np.array([*made, None], object)[codes], index=column.index, dtype="str")


__all__ = ["AUTO", "ReadyMap", "mapped", "with_headings"]
