"""The log of attempts: reads CSV, Parquet, JSON or a data frame, checks every cell, and keeps what cannot be read apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from jiebei_lib.calls.files import COLUMNS, read_table
from jiebei_lib.calls.personal import keep_out
from jiebei_lib.calls.times import DAY, NO_OFFSET, Wrong, instants, zones
from jiebei_lib.core.knowledge.problems import LogError, Phrase, Problem, shown
from jiebei_lib.core.tables.delimited import Upload
from jiebei_lib.core.tables.ready_maps import ReadyMap

NEEDED_AGAIN = ("at", "outcome")  # columns that are judged together with others
NONE = "none"  # the word for an empty set, which is not the same as a set that is not known


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
    used: ReadyMap | None = None

    def __len__(self) -> int:
        return len(self.table)


def read_log(
    source: str | Path | Upload | pd.DataFrame | Iterable[Mapping[str, Any]],
    zone: str | None = None,
    mask: bool = False,
    latest: pd.Timestamp | None = None,
    mapping: Any = None,
    sheet: str | None = None,
) -> Log:
    """A log from a file of any kind that tables of cases have, a data frame or a list of mappings. ``mapping``,
    ``sheet``: see :func:`read_table`.

    ``zone`` states the callee's time zone for rows that state none. Personal data (names, phone and ID card numbers) are
    refused, or with ``mask`` replaced. ``latest``: what lies later has not happened (now, if not given). Rows that cannot be
    read are left out and reported. Raises :class:`LogError`.
    """
    table, bad, used = read_table(source, mapping, sheet)
    rows = len(table) + len(bad)
    if zone is not None and (not isinstance(zone, str) or zone not in zones()):
        raise LogError(Problem("invalid", "zone", {"value": shown(zone), "allowed": Phrase("zone")}))
    table, masked = keep_out(table, COLUMNS, mask)
    unused = (*used.left_out, *(name for name in table.columns if name not in COLUMNS and name != "row"))
    problems, wrong = list(bad), np.zeros(len(table), bool)
    repeated: list[Problem] = []
    out: dict[str, Any] = {"row": table["row"].to_numpy()}
    _repeated(table, out["row"], repeated, wrong)
    given = {name: table.pop(name) for name in COLUMNS if name in table}
    for name, spec in COLUMNS.items():  # a column's own text is let go when it has been read
        column = given.get(name) if name in NEEDED_AGAIN else given.pop(name, None)
        column = pd.Series(pd.NA, index=table.index, dtype="str") if column is None else column
        out[name], found = _READ[spec["type"]](column, name, spec)
        _report(problems, wrong, found, column, out["row"], name)
    if zone is not None:
        places = out["zone"] if zone in out["zone"].categories else out["zone"].add_categories(zone)
        places = places.fillna(zone).remove_unused_categories()
        out["zone"] = places.reorder_categories(sorted(places.categories))
    now = pd.Timestamp.now(tz="UTC") if latest is None else latest
    out["at"], column = None, given.pop("at")
    out["at"], out["instant"], out["offset"], found = instants(column, out["zone"], now)
    _report(problems, wrong, found, column, out["row"], "at")
    del column
    if "outcome" in given:
        _report(problems, wrong, _at_odds(out["answered"], out["outcome"]), given["outcome"], out["row"], "outcome")
    problems += repeated
    problems.sort(key=lambda problem: int(re.findall(r"\d+", problem.where)[0]))
    return Log(_in_order(out, wrong), rows, problems, len(bad) + int(wrong.sum()), unused, masked, used)


def _report(problems: list[Problem], wrong: np.ndarray, found: list[Wrong], column: Any, rows: Any, name: str) -> None:
    """Adds what is wrong with a column's cells: each kind of problem with a mask of rows."""
    for kind, allowed, bad in found:
        wrong |= bad
        for n in np.flatnonzero(bad):
            cell = {"value": shown(column.iloc[n]), "allowed": allowed, "column": COLUMNS[name]["name"]}
            problems.append(Problem(kind, f"row {rows[n]}: {name}", cell))


def _text(column: pd.Series, name: str, spec: Mapping[str, Any]) -> tuple[Any, list[Wrong]]:
    text = column.astype("str").str.strip()
    text = text.where(text != "", pd.NA)
    empty = text.isna().to_numpy()
    bad = (text.str.len() > spec.get("max_length", 10**6)).to_numpy(bool, na_value=False)
    bad = bad | text.str.contains(";", regex=False).to_numpy(bool, na_value=False)
    found = [("invalid", COLUMNS.allowed(name), bad & ~empty)]
    if spec["required"]:
        found.append(("missing_cell", COLUMNS.allowed(name), empty))
    return text, found


def _ids(column: pd.Series, name: str, spec: Mapping[str, Any]) -> tuple[Any, list[Wrong]]:
    """One id or several, separated by “;”, each once and in order."""
    text = column.astype("str").str.strip()
    if not text.str.contains("[;；]").any():
        text = text.where(text != "", pd.NA)
        return text, [
            ("invalid", COLUMNS.allowed(name), (text.str.len() > spec["max_length"]).to_numpy(bool, na_value=False))
        ]
    codes, different = pd.factorize(text)  # each different one is looked at once
    each = [sorted({one.strip() for one in ids.replace("；", ";").split(";")} - {""}) for ids in different]
    bad = np.array([*(max(map(len, ids), default=0) > spec["max_length"] for ids in each), False])[codes]
    text = pd.array([*(";".join(ids) or None for ids in each), None], dtype="str").take(codes)
    return pd.Series(text, index=column.index), [("invalid", COLUMNS.allowed(name), bad)]


def _day(column: pd.Series, name: str, spec: Mapping[str, Any]) -> tuple[Any, list[Wrong]]:
    """A day in ISO form; of a time its day. Each different one is looked at once."""
    given = column.astype("str").str.strip().astype("category")

    def read(text: str) -> str:
        found = DAY.fullmatch(text)
        try:
            return date.fromisoformat(found[1]).isoformat() if found else ""
        except ValueError:
            return ""

    read_as = np.array([*(read(text) for text in given.cat.categories), ""], object)
    empty = np.array([*(text == "" for text in given.cat.categories), True])
    codes = given.cat.codes.to_numpy()
    bad = (read_as[codes] == "") & ~empty[codes]
    day = pd.Series(read_as[codes], index=column.index).where(lambda days: days != "", pd.NA).astype("str")
    return day, [("invalid", COLUMNS.allowed(name), bad)]


def _level(column: pd.Series, name: str, spec: Mapping[str, Any]) -> tuple[Any, list[Wrong]]:
    """Each different word is heard once; a truth is a level of two."""
    given, levels = column.astype("category"), spec.get("levels", ["false", "true"])
    heard = [COLUMNS.heard(name, str(word)) for word in given.cat.categories]
    said = [str(each).lower() if isinstance(each, bool) else each for each in heard]
    codes = np.array([-1 if each is None else levels.index(each) if each in levels else -2 for each in said] + [-1])
    codes = codes.astype(np.int8)[given.cat.codes.to_numpy()]
    bad = codes == -2
    return pd.Categorical.from_codes(np.where(bad, -1, codes), levels), [("invalid", COLUMNS.allowed(name), bad)]


def _set(column: pd.Series, name: str, spec: Mapping[str, Any]) -> tuple[Any, list[Wrong]]:
    """Each different set once, its items in the order of attempts.yaml; ``none`` for the empty one."""
    given = column.astype("category")
    said: list[str | None] = []
    for word in given.cat.categories:
        parts = {COLUMNS.level(name, part) for part in str(word).replace("；", ";").split(";") if part.strip()}
        fine = parts == {NONE} or parts <= set(spec["levels"])
        said.append(";".join(sorted(parts, key=[*spec["levels"], NONE].index)) if fine else None)
    known = sorted({one for one in said if one})
    codes = np.array([-2 if one is None else known.index(one) if one else -1 for one in said] + [-1], np.int32)
    codes = codes[given.cat.codes.to_numpy()]
    bad = codes == -2
    return pd.Categorical.from_codes(np.where(bad, -1, codes), known), [("invalid", COLUMNS.allowed(name), bad)]


def _zone(column: pd.Series, name: str, spec: Mapping[str, Any]) -> tuple[Any, list[Wrong]]:
    text = column.astype("str").str.strip()
    given = text.where(text != "", pd.NA).astype("category")
    if any(";" in zone or "；" in zone for zone in given.cat.categories):
        given = text.str.replace("；", ";").str.replace(r"\s*;\s*", ";", regex=True).astype("category")
    known = np.array([set(zone.split(";")) <= zones() for zone in given.cat.categories] + [True])
    bad = ~known[given.cat.codes.to_numpy()]
    return pd.Categorical(given.where(~bad)), [("invalid", COLUMNS.allowed(name), bad)]


def _at_odds(answered: pd.Categorical, outcome: pd.Categorical) -> list[Wrong]:
    """Where whether they picked up and the outcome contradict each other."""
    follows = COLUMNS["outcome"]["answered"]
    wanted = np.array([*(follows.get(one, "") for one in outcome.categories), ""], object)[outcome.codes]
    said = np.array([*answered.categories, ""], object)[answered.codes]
    return [("at_odds", Phrase("text_any"), (wanted != "") & (said != "") & (wanted != said))]


_READ = {"text": _text, "ids": _ids, "day": _day, "time": _text, "set": _set, "zone": _zone}
_READ |= {"level": _level, "truth": _level}


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
            slots = {"value": shown(same_id.iloc[n]), "column": COLUMNS["attempt_id"]["name"]}
            problems.append(Problem(kind, f"row {rows[position]}: attempt_id", slots))


def _in_order(out: dict[str, Any], wrong: np.ndarray) -> pd.DataFrame:
    """What is not wrong, by time, then by id, so that the order of the file plays no part; no two columns are held twice at a time."""
    kept = np.flatnonzero(~wrong)
    instant = out["instant"][kept]
    order = np.argsort(instant, kind="stable")
    same = np.diff(instant[order], prepend=0) == 0
    same[:1] = False
    same |= np.append(same[1:], False)
    tied = order[same]
    tied = tied[out["attempt_id"].array.take(kept[tied]).argsort()]
    order[same] = tied[np.argsort(instant[tied], kind="stable")]
    order = kept[order]
    columns = {}
    for name in list(out):
        column = out.pop(name)
        columns[name] = (column.array if isinstance(column, pd.Series) else column).take(order)
    return pd.DataFrame(columns, copy=False)


__all__ = ["COLUMNS", "NONE", "NO_OFFSET", "Log", "read_log"]
