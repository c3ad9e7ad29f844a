"""The log of attempts: reads CSV, Parquet, JSON or a data frame, checks every cell, and keeps what cannot be read apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import numpy as np
import pandas as pd

from jiebei_lib.calls.files import read_table
from jiebei_lib.calls.personal import keep_out
from jiebei_lib.core.knowledge.problems import LogError, Phrase, Problem, shown
from jiebei_lib.core.knowledge.yaml_files import shipped

COLUMNS: dict[str, dict[str, Any]] = shipped("calls/attempts.yaml")
NONE = "none"  # the word for an empty set, which is not the same as a set that is not known
TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|z|[+-]\d\d(?::?\d\d)?)?", re.ASCII)
OFFSET = re.compile(r"(?:Z|z|[+-]\d\d(?::?\d\d)?)$", re.ASCII)
NO_OFFSET = -10_000  # in `offset`: none was written


@dataclass(frozen=True)
class Log:
    """A log that was read: the good rows in order of time, and what was wrong with the others.

    ``table`` has the columns of attempts.yaml (levels, truths and sets as categories), and ``row`` (from 1, in the file),
    ``instant`` (microseconds since 1970 in UTC) and ``offset`` (minutes, as written). ``problems`` name row and reason.
    """

    table: pd.DataFrame
    rows: int
    problems: list[Problem] = field(default_factory=list)
    rejected: int = 0
    unused: tuple[str, ...] = ()
    masked: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.table)


def read_log(
    source: str | Path | pd.DataFrame | Iterable[Mapping[str, Any]], zone: str | None = None, mask: bool = False
) -> Log:
    """A log from a file (.csv, .parquet, .json, .jsonl), a data frame or a list of mappings.

    ``zone`` states the callee's time zone for rows that state none. Personal data (names, phone and ID card numbers) are
    refused, or with ``mask`` replaced. Rows that cannot be read are left out and reported. Raises :class:`LogError`.
    """
    table, bad = read_table(source)
    rows = len(table) + len(bad)
    if not {"attempt_id", "at"} <= set(table.columns):
        missing = [name for name in ("attempt_id", "at") if name not in table.columns]
        raise LogError([Problem("missing", f"log: {name}", {"allowed": _allowed(name)}) for name in missing])
    if zone is not None and zone not in zones():
        raise LogError(Problem("invalid", "zone", {"value": shown(zone), "allowed": Phrase("zone")}))
    table, masked = keep_out(table, COLUMNS, mask)
    unused = tuple(name for name in table.columns if name not in COLUMNS and name != "row")
    problems, wrong = list(bad), np.zeros(len(table), bool)
    out = {"row": table["row"].to_numpy()}
    for name, spec in COLUMNS.items():
        column = table[name] if name in table else pd.Series(pd.NA, index=table.index, dtype="str")
        out[name], found = _READ[spec["type"]](column, name, spec)
        _report(problems, wrong, found, column, out["row"], name)
    if zone is not None:
        empty = out["zone"].codes < 0
        out["zone"] = pd.Categorical(np.where(empty, zone, out["zone"].astype(object)))
    out["instant"], out["offset"], found = _instants(table["at"], out["zone"])
    _report(problems, wrong, found, table["at"], out["row"], "at")
    _repeated(table, out["row"], problems, wrong)
    frame = pd.DataFrame(out)[~wrong]
    problems.sort(key=lambda problem: int(re.search(r"\d+", problem.where)[0]))
    return Log(_in_order(frame), rows, problems, len(bad) + int(wrong.sum()), unused, masked)


@cache
def zones() -> frozenset[str]:
    """The names of all time zones."""
    return frozenset(available_timezones())


def _report(problems: list[Problem], wrong: np.ndarray, found: list, column: Any, rows: Any, name: str) -> None:
    """Adds what is wrong with a column's cells: each kind of problem with a mask of rows."""
    for kind, allowed, bad in found:
        wrong |= bad
        for n in np.flatnonzero(bad):
            cell = {"value": shown(column.iloc[n]), "allowed": allowed}
            problems.append(Problem(kind, f"row {rows[n]}: {name}", cell))


def _text(column: pd.Series, name: str, spec: Mapping[str, Any]) -> tuple[Any, list]:
    text = column.astype("str").str.strip()
    text = text.where(text != "", pd.NA)
    empty = text.isna().to_numpy()
    bad = (text.str.len() > spec.get("max_length", 10**6)).to_numpy(bool, na_value=False)
    bad = bad | text.str.contains(";", regex=False).to_numpy(bool, na_value=False)
    found = [("invalid", _allowed(name), bad & ~empty)]
    if spec["required"]:
        found.append(("missing_cell", _allowed(name), empty))
    return text, found


def _level(column: pd.Series, name: str, spec: Mapping[str, Any]) -> tuple[Any, list]:
    given = column.astype("category")
    words = [str(word).strip().lower() for word in given.cat.categories]
    codes = np.array([spec["levels"].index(word) if word in spec["levels"] else -2 for word in words], np.int8)
    codes = np.append(np.where([word == "" for word in words], -1, codes), -1).astype(np.int8)
    codes = codes[given.cat.codes.to_numpy()]
    bad = codes == -2
    return pd.Categorical.from_codes(np.where(bad, -1, codes), spec["levels"]), [("invalid", _allowed(name), bad)]


def _truth(column: pd.Series, name: str, spec: Mapping[str, Any]) -> tuple[Any, list]:
    return _level(column, name, {**spec, "levels": ["false", "true"]})


def _set(column: pd.Series, name: str, spec: Mapping[str, Any]) -> tuple[Any, list]:
    """Each different set once, its items in the order of attempts.yaml; ``none`` for the empty one."""
    given = column.astype("category")
    said: list[str | None] = []
    for word in given.cat.categories:
        parts = {part.strip().lower() for part in str(word).replace("；", ";").split(";")} - {""}
        fine = parts == {NONE} or parts <= set(spec["levels"])
        said.append(";".join(sorted(parts, key=[*spec["levels"], NONE].index)) if fine else None)
    known = sorted({one for one in said if one})
    codes = np.array([-2 if one is None else known.index(one) if one else -1 for one in said] + [-1], np.int32)
    codes = codes[given.cat.codes.to_numpy()]
    bad = codes == -2
    return pd.Categorical.from_codes(np.where(bad, -1, codes), known), [("invalid", _allowed(name), bad)]


def _zone(column: pd.Series, name: str, spec: Mapping[str, Any]) -> tuple[Any, list]:
    text = column.astype("str").str.strip()
    given = text.where(text != "", pd.NA).astype("category")
    known = np.array([zone in zones() for zone in given.cat.categories] + [True])
    bad = ~known[given.cat.codes.to_numpy()]
    return pd.Categorical(given.where(~bad)), [("invalid", _allowed(name), bad)]


_READ = {"text": _text, "time": _text, "level": _level, "truth": _truth, "set": _set, "zone": _zone}


def _instants(column: pd.Series, zones: pd.Categorical) -> tuple[np.ndarray, np.ndarray, list]:
    """When each attempt was, in microseconds UTC, and the offset written; a time without one is placed by its zone."""
    text = column.astype("str").str.strip()
    formed = text.str.fullmatch(TIME.pattern).to_numpy(bool, na_value=False)
    offset = _minutes(text)
    bare = formed & (offset == NO_OFFSET)
    parsed = pd.to_datetime(
        text.where(formed).str.upper().str.replace(",", "."), utc=True, format="ISO8601", errors="coerce"
    )
    unplaced = bare & (zones.codes < 0)
    unreal = np.zeros(len(text), bool)
    for code in np.unique(zones.codes[bare & ~unplaced]):
        here = bare & (zones.codes == code)
        local = (
            parsed[here].dt.tz_localize(None).dt.tz_localize(zones.categories[code], ambiguous="NaT", nonexistent="NaT")
        )
        parsed[here] = local.dt.tz_convert("UTC")
        unreal[here] = local.isna()
    impossible = ~formed | (parsed.isna().to_numpy() & ~unreal)
    instant = parsed.astype("datetime64[us, UTC]").astype("int64").to_numpy()
    found = [
        ("invalid", _allowed("at"), impossible & column.notna().to_numpy()),
        ("no_zone", Phrase("zone"), unplaced & ~impossible),
        ("unreal_time", Phrase("text_any"), unreal),
    ]
    return instant, offset, found


def _minutes(text: pd.Series) -> np.ndarray:
    """The offsets that times end in (Z, +08:00, +0800, +08), in minutes. The ends are few, so each is looked at once."""
    ends = text.str.slice(-6).astype("category")

    def minutes(end: str) -> int:
        found = OFFSET.search(end)
        if found is None:
            return NO_OFFSET
        digits = found[0][1:].replace(":", "")
        size = int(digits[:2] or 0) * 60 + int(digits[2:] or 0)
        return -size if found[0][0] == "-" else size

    values = np.array([*map(minutes, ends.cat.categories), NO_OFFSET], np.int32)
    return values[ends.cat.codes.to_numpy()]


def _repeated(table: pd.DataFrame, rows: np.ndarray, problems: list[Problem], wrong: np.ndarray) -> None:
    """An id that stands for different attempts is wrong wherever it stands; of rows that are wholly the same one is kept."""
    ids = table["attempt_id"].astype("str").str.strip()
    if not ids.duplicated().any():
        return
    again = (ids.duplicated(keep=False) & ids.notna()).to_numpy()
    doubtful = table[again].drop(columns="row")
    copies = doubtful.duplicated().to_numpy()
    same_id = doubtful["attempt_id"].astype("str").str.strip()
    differing = same_id[~copies].duplicated(keep=False)
    different = same_id.isin(same_id[~copies][differing.to_numpy()]).to_numpy()
    for n, position in enumerate(np.flatnonzero(again)):
        kind = "repeated_id" if different[n] else "repeated_row" if copies[n] else None
        if kind:
            wrong[position] = True
            problems.append(Problem(kind, f"row {rows[position]}: attempt_id", {"value": shown(same_id.iloc[n])}))


def _in_order(table: pd.DataFrame) -> pd.DataFrame:
    """By time, then by id, so that the order of the file plays no part."""
    table = table.iloc[np.argsort(table["instant"].to_numpy(), kind="stable")].reset_index(drop=True)
    tied = table["instant"].duplicated(keep=False).to_numpy()
    if tied.any():
        order = np.arange(len(table))
        order[tied] = table[tied].sort_values(["instant", "attempt_id"], kind="stable").index.to_numpy()
        table = table.iloc[order].reset_index(drop=True)
    return table


def _allowed(name: str) -> Phrase:
    """What a cell may hold, in words."""
    spec = COLUMNS[name]
    if spec["type"] == "text":
        phrase = Phrase("id", {"high": spec["max_length"]})
    elif spec["type"] == "time":
        phrase = Phrase("time")
    elif spec["type"] == "zone":
        phrase = Phrase("zone")
    elif spec["type"] == "truth":
        phrase = Phrase("truth")
    elif spec["type"] == "set":
        phrase = Phrase("set", {"items": "; ".join(spec["levels"])})
    else:
        phrase = Phrase("levels", {"items": ", ".join(spec["levels"])})
    return phrase if spec["required"] else Phrase("or_unknown", {"allowed": phrase})


__all__ = ["COLUMNS", "NONE", "NO_OFFSET", "Log", "read_log"]
