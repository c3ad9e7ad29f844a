"""Files of cases scored by numpy alone, as a plain install has it: CSV and JSON, each file whole in memory, with the same answers.

Spaces around a cell's text go; all else is written as by score_files.py, to the byte.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from io import TextIOWrapper
from itertools import compress
from pathlib import Path
from typing import IO, Any

import numpy as np

from jiebei_lib.core.case import FIELDS, allowed, checked
from jiebei_lib.core.knowledge.problems import Problem, shown
from jiebei_lib.core.knowledge.user_files import written_whole
from jiebei_lib.core.policy import Policy
from jiebei_lib.core.scoring.many import ADDED, words
from jiebei_lib.core.tables.columns import DAMAGED, Layout, days_to, level_of, meant, number_of
from jiebei_lib.core.tables.csv_writer import QUOTED
from jiebei_lib.core.tables.delimited import JsonWriter, Source, TableError, WrongRow
from jiebei_lib.core.tables.files import kind, safe
from jiebei_lib.core.tables.json_records import form_of
from jiebei_lib.core.tables.kinds import ANY, ASK, ASKED, VALUES, Look, asked, type_of
from jiebei_lib.core.tables.table import in_parts, within
from jiebei_lib.core.tables.whole import text_columns

Columns = Mapping[str, list[Any]]  # a table: by name its cells, as many in each; nothing is None
NEEDED = ("pyarrow", "pandas")  # what the other reader needs
PLAIN = ("csv", "json")


def is_plain(*files: Source) -> bool:
    """Whether these files are read and written here: what the other reader needs is not installed, and they do not need it."""
    return any(find_spec(each) is None for each in NEEDED) and all(kind(file) in PLAIN for file in files)


def scored_rows(
    files: list[Source], plan: Layout, policy: Policy, output: str = "csv"
) -> tuple[Columns, list[WrongRow], int]:
    """The good rows of all files with :data:`ADDED`, as a kind of file has them, what is wrong with the others, and how many rows
    there were."""
    good: list[Columns] = []
    wrong: list[WrongRow] = []
    seen: dict[str, int] = {}
    rows, looks = 0, dict[str, Look]()
    for file in files:
        form = form_of(file) if kind(file) == "json" else None
        told_of = dict(zip(form.names, form.looks, strict=True)) if form else {}
        table, numbers, told = text_columns(file)
        wrong += told
        rows += len(numbers) + len(told)
        good.append(_fine(table, numbers, plan, policy, file.name, wrong, seen))
        for name in table:
            look = told_of.get(name, ASKED)
            if ASK in look:
                look = frozenset() if name == plan.columns.get("case_id") else asked(good[-1][name], look)
            looks[name] = looks.get(name, ANY) & look
    places = {file.name: n for n, file in enumerate(files)}
    wrong.sort(key=lambda each: (places[each.file], each.row))
    whole = {name: [cell for part in good for cell in part[name]] for name in good[0]}
    if output == "json":  # CSV is written as it stood
        values = {name: VALUES.get(type_of(look) or "") for name, look in looks.items()}
        whole |= {name: [of(cell) if cell else None for cell in whole[name]] for name, of in values.items() if of}
    return whole, wrong, rows


def _fine(
    table: Columns,
    numbers: np.ndarray,
    plan: Layout,
    policy: Policy,
    file: str,
    wrong: list[WrongRow],
    seen: dict[str, int],
) -> Columns:
    columns: dict[str, np.ndarray] = {}
    fine = np.ones(len(numbers), bool)
    for name, spec in FIELDS.items():
        source = plan.columns.get(name)
        if source is None:
            if spec["type"] != "text":
                columns[name] = np.full(len(fine), -1) if spec["type"] == "level" else np.full(len(fine), np.nan)
            continue
        cells = table[source]
        if name == "days_overdue" and plan.as_of is not None:
            cells = days_to(cells, plan.as_of)
        bad = (
            _ids(table[source], numbers, file, source, wrong, seen)
            if spec["type"] == "text"
            else _facts(name, cells, plan.values.get(name, {}), columns)
        )
        for row in np.flatnonzero(bad):
            wrong.append(_wrong(name, table[source][row], file, int(numbers[row]), source))
        fine &= ~bad
    fine &= ~np.isin(numbers, [each.row for each in wrong if each.file == file])
    found, names = in_parts({name: column[fine] for name, column in columns.items()}, policy), words(policy)
    added = {
        name: [names[name][n] if n >= 0 else None for n in found[name]] if name in names else found[name].tolist()
        for name in ADDED
    }
    empty = None if kind(Path(file)) == "json" else ""  # a cell of CSV is text, be it empty
    kept = {name: [cell or empty for cell in compress(cells, fine)] for name, cells in table.items()}
    return {**kept, **added}


def _facts(name: str, column: list[str | None], said: Mapping[str, Any], columns: dict[str, np.ndarray]) -> np.ndarray:
    """A column's values into ``columns``, each different text read once; gives which cells are wrong."""
    spec, different = FIELDS[name], dict[str, int]()
    codes = np.array([-1 if cell is None else different.setdefault(cell, len(different)) for cell in column], int)
    texts = [*different, ""]
    if spec["type"] == "level":
        read = [level_of(name, text, said) for text in texts]
        columns[name] = np.array([code for code, _ in read], int)[codes]
        return np.array([bad for _, bad in read], bool)[codes]
    pairs = [number_of(name, text, said) for text in texts]
    low, bad = np.array([number for number, _ in pairs], float), np.array([wrong for _, wrong in pairs], bool)
    bad |= ~np.isnan(low) & ~within(name, low)
    high = low.copy()
    if spec.get("span"):
        for n in np.flatnonzero(bad):
            ends, problem = checked(name, meant(texts[n], said))
            if isinstance(ends, tuple) and problem is None:
                low[n], high[n] = ends
                bad[n] = False
        columns["amount_to"] = high[codes]
    columns[name] = low[codes]
    return bad[codes]


def _ids(
    column: list[str | None], numbers: np.ndarray, file: str, source: str, wrong: list[WrongRow], seen: dict[str, int]
) -> np.ndarray:
    """Which ids cannot be; one that stood before is told here."""
    bad = np.zeros(len(column), bool)
    for row, text in enumerate(column):
        if text is None:
            bad[row] = True
        elif text in seen:
            where = f"{file}, row {numbers[row]}: {source}"
            problem = Problem("duplicate_id", where, {"value": shown(text), "allowed": seen[text]})
            wrong.append(WrongRow(file, int(numbers[row]), source, text, problem))
        else:
            seen[text] = int(numbers[row])
            bad[row] = (
                len(text) > FIELDS["case_id"]["max_length"] or not text.isprintable() or bool(DAMAGED.fullmatch(text))
            )
    return bad


def _wrong(name: str, value: str | None, file: str, row: int, source: str) -> WrongRow:
    where = f"{file}, row {row}: {source}"
    problem = Problem("invalid", where, {"value": shown(value), "allowed": allowed(name)})
    if value is None:
        problem = Problem("missing", where, {"allowed": allowed(name)})
    elif name == "case_id" and DAMAGED.fullmatch(value):
        problem = Problem("damaged_id", where, {"value": shown(value)})
    return WrongRow(file, row, source, value or "", problem)


@contextmanager
def writing(path: Path) -> Iterator[Callable[[Columns], None]]:
    """A function that takes one table after another for the file ``path``, which appears when all is written, and only then."""
    with written_whole(path, TableError, folders=True) as file:
        if kind(path) == "json":
            with JsonWriter(file, lines=path.suffix.lower() != ".json") as writer:
                yield lambda table: writer.write_table(_Rows(table))
        else:
            with _csv(file) as put:
                yield put


class _Rows:
    """A table as the writer of JSON asks for rows."""

    def __init__(self, table: Columns):
        self.table = table

    def to_pylist(self) -> list[dict[str, Any]]:
        return [dict(zip(self.table, row, strict=True)) for row in zip(*self.table.values(), strict=True)]


@contextmanager
def _csv(file: IO[bytes]) -> Iterator[Callable[[Columns], None]]:
    """CSV with the mark of UTF-8: text safe in a spreadsheet, in quotation marks where it needs them; nothing as nothing."""
    text = TextIOWrapper(file, "utf-8-sig", newline="", write_through=True)
    begun: list[Any] = []

    def put(table: Columns) -> None:
        if not begun:
            begun.append(text.write(",".join(map(_written, table)) + "\n"))
        text.writelines(",".join(map(_written, row)) + "\n" for row in zip(*table.values(), strict=True))

    yield put
    text.detach()


def _written(cell: str | float | None) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        text = safe(cell)
        return '"' + text.replace('"', '""') + '"' if re.search(QUOTED, text) else text
    return np.format_float_positional(cell, trim="-") if isinstance(cell, float) else str(cell)
