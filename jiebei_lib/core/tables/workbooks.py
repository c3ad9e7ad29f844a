"""Workbooks as tables of text: one sheet, its heading found below titles, merged cells filled down, as a CSV of it would be read.

The cells are read in a process of their own (sheet_cells.py), handed over some thousand rows at a time and kept as Arrow columns.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, cast

from jiebei_lib.core.knowledge.problems import Problem, items, shown
from jiebei_lib.core.knowledge.yaml_files import shipped
from jiebei_lib.core.tables.delimited import LOOKED_AT, BookSheet, TableError, Upload, heading_row, named_columns
from jiebei_lib.core.tables.kinds import look, schema
from jiebei_lib.core.tables.sheet_cells import DIGITS, Unread, told

WORDS = "core/tables/workbooks.yaml"
ENDINGS = (".xlsx", ".xlsm", ".xls", ".ods")
LARGEST = 200_000_000  # bytes of a workbook
CHILD = "import sys; sys.path[:] = {path!r}; from jiebei_lib.core.tables.sheet_cells import main; main()"


def is_workbook(source: Any) -> bool:
    return isinstance(source, BookSheet) or Path(source.name).suffix.lower() in ENDINGS


def sheet_table(source: Any) -> Any:
    """The rows below a sheet's heading as an Arrow table of text. Raises :class:`TableError`."""
    sheet = source if isinstance(source, BookSheet) else BookSheet(source)
    if find_spec("python_calamine") is None:
        raise TableError(Problem("no_office", sheet.name))
    if isinstance(sheet.file, Upload):
        size, state = len(sheet.file.content), tuple[int, ...]()
    else:
        try:
            stat = sheet.file.stat()
        except OSError as failure:
            raise TableError(Problem("no_file", str(sheet.file), {"value": failure.strerror or failure})) from None
        size, state = stat.st_size, (stat.st_mtime_ns, stat.st_size)
    if size > LARGEST:
        raise TableError(Problem("workbook_too_large", sheet.name))
    return _table(sheet, *state)


@lru_cache(maxsize=2)  # a table is read several times: its names, its ids, its rows
def _table(sheet: BookSheet, *state: int) -> Any:
    import pyarrow as pa

    parts = _parts(sheet)
    grouped = set(next(parts)[1])
    rows = next(parts)[1]
    first = [["" if cell is None else cell for cell in row] for row in rows[:LOOKED_AT]]
    at = heading_row(first, grouped)
    if at is None:
        raise TableError(Problem("empty_table", sheet.name))
    names = named_columns(first[at])
    _once(names, sheet.name)
    batches: list[Any] = []
    rows = rows[at + 1 :]
    while True:
        columns = zip(*rows, strict=True) if rows else [[] for _ in names]
        arrays = [pa.array(["" if cell is None else cell for cell in column], pa.string()) for column in columns]
        batches.append(pa.record_batch(arrays, names))
        kind, rows = next(parts)
        if kind == "kinds":
            below = [look(each for each, last in seen.items() if last > at) for seen in rows]
            return pa.Table.from_batches(batches).cast(schema(names, below))


def _once(names: list[str], file: str) -> None:
    """Two columns of one name are refused, as in any file."""
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise TableError([Problem("column_twice", file, {"value": shown(name)}) for name in doubled])


def _parts(sheet: BookSheet) -> Iterator[tuple[str, Any]]:
    """What the process tells, until its end; what it refuses as a sentence. Raises :class:`TableError`."""
    given = sheet.file.content if isinstance(sheet.file, Upload) else str(sheet.file.resolve())
    ours = shipped(WORDS)["sheets"]
    asked = (given, sheet.sheet, [name for part in ("errors", "columns") for name in ours[part].values()])
    if sys.platform == "emscripten":  # no processes there
        try:
            yield from told(*asked)
        except Unread as why:
            raise TableError(_problem(sheet, why.kind, why.slots)) from None
        yield "end", None
        return
    code = CHILD.format(path=sys.path)
    with subprocess.Popen(
        [sys.executable, "-I", "-X", "utf8", "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        into, out = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
        try:
            pickle.dump(asked, into)
            into.close()
            while True:
                kind, content = pickle.load(out)
                if kind == "refused":
                    raise TableError(_problem(sheet, *content))
                yield kind, content
                if kind == "end":
                    return
        except (EOFError, OSError, pickle.UnpicklingError):  # the process has taken more than it may, and is gone
            raise TableError(Problem("workbook_too_large", sheet.name)) from None
        finally:
            process.kill()


def _problem(sheet: BookSheet, kind: str, slots: dict[str, Any]) -> Problem:
    said = {
        name: items(value) if isinstance(value, list) else shown(value) if name == "value" else value
        for name, value in slots.items()
    }
    return Problem(kind, sheet.name, said)


__all__ = ["DIGITS", "ENDINGS", "BookSheet", "is_workbook", "sheet_table"]
