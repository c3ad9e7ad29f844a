"""Tables in files, or in what was loaded into a page: CSV, Parquet, Arrow or Feather, JSON, workbooks; read in chunks, written whole or not
at all.

Nothing here holds more than a chunk in memory (of a workbook's sheet, all of it). What the columns mean is in columns.py; how text is split
into cells, and what lies above the heading, in delimited.py; what is special to JSON in json_records.py, to workbooks in workbooks.py.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from glob import glob, has_magic
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from jiebei_lib.core.knowledge.problems import Problem, items, shown
from jiebei_lib.core.knowledge.user_files import written_whole
from jiebei_lib.core.tables import kinds
from jiebei_lib.core.tables.csv_writer import CsvWriter
from jiebei_lib.core.tables.delimited import (
    BookSheet,
    JsonWriter,
    Source,
    TableError,
    Upload,
    WrongRow,
    cell_text,
    filled,
    found,
    row_length,
)
from jiebei_lib.core.tables.json_records import form_of, in_parts
from jiebei_lib.core.tables.workbook_writer import WRITTEN, BookWriter
from jiebei_lib.core.tables.workbooks import ENDINGS, sheet_table

CSV, PARQUET, ARROW = (".csv", ".tsv", ".txt"), (".parquet", ".pq"), (".arrow", ".feather", ".ipc")
JSON = (".json", ".jsonl", ".ndjson")  # a list of objects, or one object a line
SPREADSHEETS = (".xlsb", ".et", ".numbers", ".dps", ".wps")  # those that are not read
KINDS = {"csv": CSV, "parquet": PARQUET, "arrow": ARROW, "json": JSON, "workbook": ENDINGS}
MOST_COLUMNS = 5_000  # more is a table that lies on its side
LOOKED_AT = 8192  # rows of a table by which it is known how a column is best kept
BLOCK = 8 << 20  # bytes of text that are parsed at a time
# Text that a spreadsheet would run: it begins like a formula (full-width signs count) and is not just a signed number
FORMULA, SIGNED = r"^[=+\-@\t\r\n＝＋－＠]", r"^[+-][0-9][0-9.,]*%?$"


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


def files_of(given: Source | str | Iterable[Source | str], sheet: str | None = None) -> list[Source]:
    """The files that names and globs stand for, in order; uploads are taken as they are. ``sheet``: which one of a workbook. Raises
    :class:`TableError`."""
    found: list[Any] = []
    for name in [given] if isinstance(given, str | Path | Upload | BookSheet) else given:
        if isinstance(name, Upload | BookSheet):
            found.append(name)
            continue
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
        if Path(path.name).suffix.lower() in SPREADSHEETS:
            raise TableError(Problem("spreadsheet", path.name))
        if kind(path) != "workbook" and sheet is not None:
            raise TableError(Problem("no_sheets_there", path.name, {"value": shown(sheet)}))
    return [
        cast(
            Source,
            BookSheet(path, sheet or "") if kind(path) == "workbook" and not isinstance(path, BookSheet) else path,
        )
        for path in found
    ]


def kind(source: Source) -> str:
    """``csv``, ``parquet``, ``arrow``, ``json`` or ``workbook``, by the name's ending. Raises :class:`TableError`."""
    ending = Path(source.name).suffix.lower()
    for name, endings in KINDS.items():
        if ending in endings:
            return name
    if not ending and isinstance(source, Upload):
        return "csv"
    raise TableError(Problem("table_kind", source.name, {"allowed": items(sum(KINDS.values(), ()))}))


def checked_output(path: Path) -> str:
    """The kind of a file that is to be written. Raises :class:`TableError` also for a workbook of a kind that is only read."""
    which = kind(path)
    if which == "workbook" and path.suffix.lower() != WRITTEN:
        raise TableError(
            Problem("table_kind", path.name, {"allowed": items([*sum(list(KINDS.values())[:-1], ()), WRITTEN])})
        )
    return which


# ---- reading -------------------------------------------------------------------------------------------------------


def names_of(source: Source) -> list[str]:
    """A file's column names; two alike are refused."""
    if find_spec("pyarrow") is None and kind(source) in ("csv", "json"):
        names = list((found if kind(source) == "csv" else form_of)(source).names)
    else:
        names = _schema(source).names
    if len(names) > MOST_COLUMNS:
        raise TableError(Problem("too_many_columns", source.name, {"value": len(names), "high": MOST_COLUMNS}))
    doubled = sorted(name for name, count in Counter(names).items() if count > 1)
    if doubled:
        raise TableError([Problem("column_twice", source.name, {"value": shown(name)}) for name in doubled])
    return names


def empty(source: Source) -> Any:
    """A table with a file's columns and no rows."""
    return _schema(source).empty_table()


def rows_in(source: Source) -> int | None:
    """How many rows a file has, where it says so without being read."""
    return arrow().parquet.read_metadata(_arrow_file(source)).num_rows if kind(source) == "parquet" else None


def chunks(path: Source, size: int, wrong: list[WrongRow], columns: list[str] | None = None) -> Iterator[Chunk]:
    """A file's rows, at most ``size`` at a time. Rows with too many or too few cells are left out and told to ``wrong``; rows in which
    nothing stands are left out, as a spreadsheet leaves them below a table."""
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
                    yield from filled_rows(Chunk(path.name, numbers, table.slice(0, size)))
                    at, table = int(numbers[-1]) + 1, table.slice(size)
                waiting, held = table.to_batches(), table.num_rows
        if held:
            yield from filled_rows(Chunk(path.name, _numbers(at, held, skipped), pa.Table.from_batches(waiting)))
    except (pa.ArrowException, OSError) as failure:
        raise _unreadable(path, failure) from None


def _numbers(at: int, count: int, skipped: list[int]) -> np.ndarray:
    """The next ``count`` row numbers from ``at``, those that were skipped left out."""
    if not skipped:
        return np.arange(at, at + count)
    out = np.setdiff1d(np.arange(at, at + count + len(skipped)), skipped)[:count]
    del skipped[: np.searchsorted(skipped, out[-1])]
    return out


def filled_rows(chunk: Chunk) -> Iterator[Chunk]:
    """A chunk without the rows in which nothing stands; none if nothing stands in any."""
    pa, pc = arrow(), arrow().compute
    blank: Any = None
    for column in chunk.rows.columns:
        here = pc.is_null(column, nan_is_null=pa.types.is_floating(column.type))
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            here = pc.or_kleene(here, pc.equal(pc.utf8_trim_whitespace(column), ""))
        blank = here if blank is None else pc.and_(blank, here)
        if not pc.any(blank).as_py():
            yield chunk
            return
    keep = ~np.asarray(pc.fill_null(blank, True)).astype(bool)
    if keep.any():
        yield Chunk(chunk.file, chunk.numbers[keep], chunk.rows.filter(pa.array(keep)))


def _batches(
    source: Source, size: int, wrong: list[WrongRow], skipped: list[int], columns: list[str] | None
) -> Iterator[Any]:
    pa = arrow()
    if kind(source) == "csv":
        yield from _text(source, wrong, skipped, columns)
    elif kind(source) == "workbook":
        yield from sheet_table(source).select(columns or names_of(source)).to_batches()
    elif kind(source) == "json":
        schema = pa.schema([_schema(source).field(name) for name in columns or names_of(source)])
        for cells, _ in in_parts(source, wrong, skipped):
            yield pa.record_batch([pa.array(cells[name], pa.string()) for name in schema.names], schema)
    elif kind(source) == "parquet":
        file = pa.parquet.ParquetFile(_arrow_file(source))
        # In one thread: several get in each other's way over memory, at four times the processor time
        yield from file.iter_batches(min(size, 65_536), columns=columns, use_threads=False)
    else:
        with _arrow_file(source) as file:
            try:
                reader = pa.ipc.open_file(file)
                batches = map(reader.get_batch, range(reader.num_record_batches))
            except pa.ArrowInvalid:
                batches = iter(pa.ipc.open_stream(file))
            yield from (batch.select(columns) if columns else batch for batch in batches)


def _arrow_file(source: Source) -> Any:
    """What Arrow reads a file from: the file, or the bytes of what was loaded. Not a map of it: a file that is cut short by somebody
    else while it is read would end the whole program (SIGBUS)."""
    pa = arrow()
    return pa.BufferReader(source.content) if isinstance(source, Upload) else pa.OSFile(str(source))


def _text(source: Source, wrong: list[WrongRow], skipped: list[int], columns: list[str] | None) -> Iterator[Any]:
    pa, told = arrow(), found(source)

    def skip(row: Any) -> str:
        number = row.number - told.above
        skipped.append(number)
        if filled(row.text, told):
            problem = row_length(source, number, row.actual_columns, told)
            wrong.append(WrongRow(source.name, number, "", row.text, problem))
        return "skip"

    encoding = "utf8" if told.encoding == "utf-8-sig" else told.encoding  # Arrow takes the mark away by itself
    reader = pa.csv.open_csv(
        pa.BufferReader(source.content) if isinstance(source, Upload) else str(source),
        pa.csv.ReadOptions(
            use_threads=False,
            block_size=BLOCK,
            encoding=encoding,
            column_names=list(told.names),
            skip_rows=told.above,
        ),
        pa.csv.ParseOptions(
            delimiter=told.delimiter, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=skip
        ),
        pa.csv.ConvertOptions(
            column_types={name: pa.string() for name in told.names}, include_columns=columns, strings_can_be_null=False
        ),
    )
    schema = kinds.schema(reader.schema.names)
    yield from (pa.RecordBatch.from_arrays(batch.columns, schema=schema) for batch in reader)


def _schema(source: Source) -> Any:
    pa = arrow()
    try:
        if kind(source) == "csv":
            return kinds.schema(found(source).names)
        if kind(source) == "json":
            return kinds.schema(form_of(source).names, form_of(source).looks)
        if kind(source) == "workbook":
            return sheet_table(source).schema
        if kind(source) == "parquet":
            return pa.parquet.read_schema(_arrow_file(source))
        with _arrow_file(source) as file:
            try:
                return pa.ipc.open_file(file).schema
            except pa.ArrowInvalid:
                return pa.ipc.open_stream(file).schema
    except (pa.ArrowException, OSError) as failure:
        raise _unreadable(source, failure) from None


def _unreadable(source: Source, failure: Exception) -> TableError:
    return TableError(Problem("not_table", source.name, {"value": shown(str(failure), 120)}))


def as_text(column: Any) -> Any:
    """A column of any type as the text that a CSV would hold; times in ISO form, nothing for what is no number."""
    pa, pc = arrow(), arrow().compute
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    try:
        if not pa.types.is_temporal(column.type):
            return column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        pass
    return pa.chunked_array([pa.array([cell_text(cell) for cell in column.to_pylist()], pa.string())])


# ---- writing -------------------------------------------------------------------------------------------------------


@contextmanager
def writing(path: Path, lang: str = "zh", wrong: Callable[[], list[list[Any]]] = list) -> Iterator[Any]:
    """A function that takes one Arrow table after another for the file ``path``, which appears when all is written, and only then. Of a
    workbook: the language of its own sheets, and the rows of the one for errors, asked for at the end."""
    which = checked_output(path)
    with ExitStack() as kept:
        writer: Any = None

        def put(table: Any) -> None:
            nonlocal writer
            table = _writable(table, which)
            if which == "csv":
                table = safe_for_spreadsheets(table)
            if writer is None:
                file = kept.enter_context(written_whole(path, TableError, folders=True))
                if which == "workbook":
                    writer = kept.enter_context(BookWriter(file, path.name, table.column_names, lang, wrong))
                else:
                    writer = kept.enter_context(_writer(path, file, table))
            writer.write_table(table)

        yield put


def _writable(table: Any, kind: str) -> Any:
    """A table whose columns of types that a kind of file cannot hold are text instead: lists and records in CSV, some rare ones in
    Parquet."""
    pa = arrow()
    for n, column in enumerate(table.columns):
        told = column.type
        rare = pa.types.is_run_end_encoded(told) or pa.types.is_interval(told)
        in_text = pa.types.is_nested(told) or pa.types.is_string_view(told) or pa.types.is_binary_view(told)
        if (rare and kind in ("csv", "parquet")) or (in_text and kind == "csv"):
            table = table.set_column(n, table.column_names[n], as_text(column))
    return table


def _writer(path: Path, file: IO[bytes], first: Any) -> Any:
    """What writes Arrow tables, of which ``first`` is one, into an open file of the kind that ``path`` names; closing it leaves the file
    open."""
    pa, which, schema = arrow(), kind(path), first.schema
    if which == "parquet":
        # A dictionary of values that hardly stand twice costs half of the writing, and room
        again = [name for name in schema.names if _repeats(first.column(name).slice(0, LOOKED_AT))]
        return pa.parquet.ParquetWriter(file, schema, compression="zstd", use_dictionary=again)
    if which == "arrow":
        return pa.ipc.new_file(file, schema)
    if which == "json":
        return JsonWriter(file, lines=path.suffix.lower() != ".json")
    return CsvWriter(file, schema.names)


def _repeats(column: Any) -> bool:
    """Whether values stand in it more than once, most of them; of what cannot be compared, that they may."""
    try:
        return 2 * int(arrow().compute.count_distinct(column).as_py()) <= len(column)
    except arrow().ArrowNotImplementedError:
        return True


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
