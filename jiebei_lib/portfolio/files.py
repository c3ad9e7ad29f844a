"""Tables in files: CSV, Parquet, Arrow or Feather, read in chunks and written whole or not at all.

Nothing here holds more than a chunk in memory. What the columns mean is in columns.py.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from glob import glob, has_magic
from pathlib import Path
from typing import IO, Any

import numpy as np

from jiebei_lib.core.knowledge.problems import Problem, UserError, items, shown
from jiebei_lib.core.knowledge.user_files import written_whole

CSV, PARQUET, ARROW = (".csv", ".tsv", ".txt"), (".parquet", ".pq"), (".arrow", ".feather", ".ipc")
SNIFFED = 1 << 20  # bytes read at a time when the encoding is found out
BLOCK = 8 << 20  # bytes of text that are parsed at a time
# Text that a spreadsheet would run: it begins like a formula (full-width signs count) and is not just a signed number
FORMULA, SIGNED = r"^[=+\-@\t\r\n＝＋－＠]", r"^[+-][0-9][0-9.,]*%?$"


class TableError(UserError):
    """A table that cannot be read or written: each problem names the file, and the row or column."""


@dataclass(frozen=True)
class WrongRow:
    """Something wrong in one row: its number in its file (from 1), the column as the file names it, the value, the reason."""

    file: str
    row: int
    column: str
    value: str
    problem: Problem


@dataclass(frozen=True)
class Chunk:
    """Some rows of a file: their numbers (from 1) and the columns as they stand there (an Arrow table)."""

    file: str
    numbers: np.ndarray
    rows: Any


def arrow() -> Any:
    """pyarrow, or a sentence that says how to get it."""
    try:
        import pyarrow
        import pyarrow.compute
        import pyarrow.csv
        import pyarrow.parquet
    except ImportError:
        raise TableError(Problem("no_extra", "jiebei score", {"allowed": "jiebei-lib[portfolio]"})) from None
    return pyarrow


def files_of(given: str | Path | Iterable[str | Path]) -> list[Path]:
    """The files that names and globs stand for, in order. Raises :class:`TableError`."""
    found: list[Path] = []
    for name in [given] if isinstance(given, str | Path) else given:
        text = str(name)
        paths = (
            sorted(map(Path, glob(text, recursive=True)))
            if has_magic(text) and not Path(text).exists()
            else [Path(text)]
        )
        paths = [path for path in paths if path.is_file()]
        if not paths:
            raise TableError(Problem("no_file", text, {"value": "no such file"}))
        found += paths
    for path in found:
        kind(path)
    return found


def kind(path: Path) -> str:
    """``csv``, ``parquet`` or ``arrow``, by the name's ending. Raises :class:`TableError`."""
    for name, endings in (("csv", CSV), ("parquet", PARQUET), ("arrow", ARROW)):
        if path.suffix.lower() in endings:
            return name
    raise TableError(Problem("table_kind", path.name, {"allowed": items([*CSV, *PARQUET, *ARROW])}))


# ---- reading -------------------------------------------------------------------------------------------------------


def names_of(path: Path) -> list[str]:
    """A file's column names; two alike are refused."""
    names = _schema(path).names
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise TableError([Problem("column_twice", path.name, {"value": shown(name)}) for name in doubled])
    return names


def empty(path: Path) -> Any:
    """A table with a file's columns and no rows."""
    return _schema(path).empty_table()


def rows_in(path: Path) -> int | None:
    """How many rows a file has, where it says so without being read."""
    return arrow().parquet.ParquetFile(path).metadata.num_rows if kind(path) == "parquet" else None


def chunks(path: Path, size: int, wrong: list[WrongRow], columns: list[str] | None = None) -> Iterator[Chunk]:
    """A file's rows, at most ``size`` at a time. Rows of text with too many or too few cells are left out and told to ``wrong``."""
    pa, at, waiting, held = arrow(), 1, [], 0
    skipped: list[int] = []
    try:
        for batch in _batches(path, size, wrong, skipped, columns):
            waiting.append(batch)
            held += batch.num_rows
            if held >= size:
                table = pa.Table.from_batches(waiting)
                while table.num_rows >= size:
                    numbers = _numbers(at, size, skipped)
                    yield Chunk(path.name, numbers, table.slice(0, size))
                    at, table = int(numbers[-1]) + 1, table.slice(size)
                waiting, held = table.to_batches(), table.num_rows
        if held:
            yield Chunk(path.name, _numbers(at, held, skipped), pa.Table.from_batches(waiting))
    except pa.ArrowException as failure:
        raise _unreadable(path, failure) from None


def _numbers(at: int, count: int, skipped: list[int]) -> np.ndarray:
    """The next ``count`` row numbers from ``at``, those that were skipped left out."""
    out = np.setdiff1d(np.arange(at, at + count + len(skipped)), skipped)[:count]
    del skipped[: np.searchsorted(skipped, out[-1])]
    return out


def _batches(
    path: Path, size: int, wrong: list[WrongRow], skipped: list[int], columns: list[str] | None
) -> Iterator[Any]:
    pa = arrow()
    if kind(path) == "csv":
        yield from _text(path, lambda row: _skip(path, row, wrong, skipped), columns)
    elif kind(path) == "parquet":
        yield from pa.parquet.ParquetFile(path, memory_map=True).iter_batches(min(size, 65_536), columns=columns)
    else:
        with pa.memory_map(str(path)) as source:
            try:
                reader = pa.ipc.open_file(source)
                batches = map(reader.get_batch, range(reader.num_record_batches))
            except pa.ArrowInvalid:
                batches = iter(pa.ipc.open_stream(source))
            yield from (batch.select(columns) if columns else batch for batch in batches)


def _skip(path: Path, row: Any, wrong: list[WrongRow], skipped: list[int]) -> str:
    number = row.number - 1  # the header is the file's first row
    slots = {"value": row.actual_columns, "allowed": row.expected_columns}
    problem = Problem("row_length", f"{path.name}, row {number}", slots)
    wrong.append(WrongRow(path.name, number, "", row.text, problem))
    skipped.append(number)
    return "skip"


def _text(path: Path, skip: Any, columns: list[str] | None) -> Any:
    pa = arrow()
    encoding, delimiter = _encoding(path), _delimiter(path)
    kept = {name: pa.string() for name in _header(path, encoding, delimiter)}
    return pa.csv.open_csv(
        path,
        pa.csv.ReadOptions(use_threads=False, block_size=BLOCK, encoding=encoding),
        pa.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=skip),
        pa.csv.ConvertOptions(column_types=kept, include_columns=columns, strings_can_be_null=False),
    )


def _schema(path: Path) -> Any:
    pa = arrow()
    try:
        if kind(path) == "csv":
            names = _header(path, _encoding(path), _delimiter(path))
            return pa.schema([(name, pa.string()) for name in names])
        if kind(path) == "parquet":
            return pa.parquet.read_schema(path)
        with pa.memory_map(str(path)) as source:
            try:
                return pa.ipc.open_file(source).schema
            except pa.ArrowInvalid:
                return pa.ipc.open_stream(source).schema
    except pa.ArrowException as failure:
        raise _unreadable(path, failure) from None


def _unreadable(path: Path, failure: Exception) -> TableError:
    return TableError(Problem("not_table", path.name, {"value": shown(str(failure), 120)}))


def _encoding(path: Path) -> str:
    """UTF-8 (with or without a mark), else GB 18030, which holds GBK and GB 2312; UTF-16 where it is marked."""
    stat = path.stat()
    return _encoding_found(path, stat.st_mtime_ns, stat.st_size)


@cache
def _encoding_found(path: Path, *state: int) -> str:
    import codecs

    with path.open("rb") as file:
        if file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16"
    for name in ("utf-8-sig", "gb18030"):
        decoder = codecs.getincrementaldecoder(name)()
        try:
            with path.open("rb") as file:
                while part := file.read(SNIFFED):
                    decoder.decode(part)
                decoder.decode(b"", final=True)
            return name
        except UnicodeDecodeError:
            continue
    raise TableError(Problem("encoding", path.name, {"allowed": items(["UTF-8", "GB 18030"])}))


def _delimiter(path: Path) -> str:
    with path.open(encoding=_encoding(path), newline="") as file:
        first = file.readline(SNIFFED)
    return max(",\t;", key=first.count)


def _header(path: Path, encoding: str, delimiter: str) -> list[str]:
    with path.open(encoding=encoding, newline="") as file:
        names = next(csv.reader(file, delimiter=delimiter), [])
    if not names:
        raise TableError(Problem("empty_table", path.name))
    return names


# ---- writing -------------------------------------------------------------------------------------------------------


@contextmanager
def writing(path: Path) -> Iterator[Any]:
    """A function that takes one Arrow table after another for the file ``path``, which appears when all is written, and only then."""
    with ExitStack() as kept:
        writer: Any = None

        def put(table: Any) -> None:
            nonlocal writer
            if kind(path) == "csv":
                table = safe_for_spreadsheets(table)
            if writer is None:
                file = kept.enter_context(written_whole(path, TableError, folders=True))
                writer = kept.enter_context(_writer(kind(path), file, table.schema))
            writer.write_table(table)

        yield put


def _writer(kind: str, file: IO[bytes], schema: Any) -> Any:
    """What writes Arrow tables into an open file; closing it leaves the file open."""
    pa = arrow()
    if kind == "parquet":
        return pa.parquet.ParquetWriter(file, schema, compression="zstd")
    if kind == "arrow":
        return pa.ipc.new_file(file, schema)
    file.write("\ufeff".encode())  # the mark by which a spreadsheet knows UTF-8
    return pa.csv.CSVWriter(file, schema)


def safe(text: str) -> str:
    """Text with an apostrophe before it if a spreadsheet would run it."""
    return "'" + text if re.match(FORMULA, text) and not re.match(SIGNED, text) else text


def safe_for_spreadsheets(table: Any) -> Any:
    """Text that a spreadsheet would run as a formula gets an apostrophe before it, in headers as in cells; numbers stay."""
    pa, pc, columns = arrow(), arrow().compute, []
    for column in table.columns:
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            column = column.cast(pa.string())
            runs = pc.and_not(pc.match_substring_regex(column, FORMULA), pc.match_substring_regex(column, SIGNED))
            column = pc.if_else(runs, pc.binary_join_element_wise("'", column, ""), column)
        columns.append(column)
    names = [safe(name) for name in table.column_names]
    return pa.table(columns, names)
