"""Text into rows of cells, the same for every reader: encoding, delimiter, what lies above the heading."""

from __future__ import annotations

import codecs
import csv
import io
import json
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np

from jiebei_lib.core.knowledge.problems import Problem, UserError, items, shown
from jiebei_lib.core.knowledge.user_files import ENCODINGS

SNIFFED = 1 << 20  # bytes read at a time when the encoding is found out
LOOKED_AT = 12  # rows among which the heading is sought
DELIMITERS = ",\t;|"
NOUGHTS = 10  # one byte in so many: text of one byte a character has none
LONGEST = 1 << 24  # characters of one cell
FIGURE = r"[+-]?[0-9][0-9.,]*%?"  # what names no column


class TableError(UserError):
    """A table that cannot be read or written: each problem names the file, and the row or column."""


@dataclass(frozen=True)
class Upload:
    """A file that is not on this machine's disk: its name, which says of what kind it is, and its bytes."""

    name: str
    content: bytes


@dataclass(frozen=True)
class BookSheet:
    """One sheet of a workbook, by its name; no name is the only sheet that holds something."""

    file: Path | Upload
    sheet: str = ""

    @property
    def name(self) -> str:
        return self.file.name

    def resolve(self) -> Path:
        return Path(self.name) if isinstance(self.file, Upload) else self.file.resolve()


Source = Path | Upload | BookSheet


@dataclass(frozen=True)
class WrongRow:
    """Something wrong in one row: its number in its file (from 1), the column as the file names it, the value, the reason."""

    file: str
    row: int
    column: str
    value: str
    problem: Problem


@dataclass(frozen=True)
class Form:
    """How a file of delimited text is read: its column names, and how many lines lie above the first row of cells."""

    encoding: str
    delimiter: str
    names: tuple[str, ...]
    above: int


def opened(source: Source) -> IO[bytes]:
    """The bytes of a file. Raises :class:`TableError`."""
    whole = source.file if isinstance(source, BookSheet) else source
    if isinstance(whole, Upload):
        return io.BytesIO(whole.content)
    try:
        return whole.open("rb")
    except OSError as failure:
        raise TableError(Problem("no_file", str(source), {"value": failure.strerror or failure})) from None


def state(source: Source) -> tuple[int, ...]:
    """What changes when a file does; what was loaded does not."""
    whole = source.file if isinstance(source, BookSheet) else source
    if isinstance(whole, Upload):
        return ()
    stat = whole.stat()
    return stat.st_mtime_ns, stat.st_size


def found(source: Source) -> Form:
    """The form of a file of delimited text. Raises :class:`TableError`."""
    return _found(source.file if isinstance(source, BookSheet) else source, *state(source))


@lru_cache(maxsize=64)
def _found(source: Source, *state: int) -> Form:
    encoding = encoding_of(source)
    with _reader(source, encoding) as text:
        first = text.readline(SNIFFED)
        own = re.fullmatch(r"\s*\"?sep=(.)\"?\s*", first)  # a line that spreadsheets write for each other
        lines = [] if own else [first]
        lines += islice(text, LOOKED_AT)
    with _reader(source, encoding) as text:
        if own:
            text.readline()
        delimiter = own[1] if own else _delimiter(lines)
        reader = csv.reader(text, delimiter=delimiter)
        try:
            looked_at = [(row, reader.line_num) for row in islice(reader, LOOKED_AT)]
        except csv.Error as failure:
            raise TableError(Problem("not_table", source.name, {"value": shown(str(failure), 120)})) from None
    at = heading_row([row for row, _ in looked_at])
    if at is None:
        raise TableError(Problem("empty_table", source.name))
    names, line = looked_at[at]
    below = next((row for row, _ in looked_at[at + 1 :] if any(map(str.strip, row))), [])
    if not any(map(str.strip, below[len(names) :])):  # commas at the end of rows that a spreadsheet took for wider
        names = names + [""] * (len(below) - len(names))
    return Form(encoding, delimiter, tuple(named_columns(names)), line + bool(own))


def named_columns(heading: list[str]) -> list[str]:
    """The names in a heading; a column without one by its number."""
    return [name.strip() or f"column_{n}" for n, name in enumerate(heading, 1)]


def heading_row(rows: list[list[str]], grouped: Collection[int] = ()) -> int | None:
    """Which row names the columns: the first of words only that fills more than half of the table's width and is not ``grouped`` (merged
    across columns, which the row below names); else the first that is not blank, nor a title above a wider table."""
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    for n, cells in enumerate(filled):
        words = not any(re.fullmatch(FIGURE, cell.strip()) for cell in rows[n])
        if cells > 1 and 2 * cells > max(filled) and words and n not in grouped:
            return n
    for n, cells in enumerate(filled):
        if cells > 1 or (cells == 1 and max(filled[n:]) == 1):
            return n
    return None


def _delimiter(lines: list[str]) -> str:
    """What stands in most lines; of equals, what stands there oftenest. A title has none, and a text or a number none in every line."""
    counts = {each: [line.count(each) for line in lines] for each in DELIMITERS}
    return max(DELIMITERS, key=lambda each: (sum(map(bool, counts[each])), sum(counts[each])))


def encoding_of(source: Source, endless: bool = False) -> str:
    """UTF-8 (with or without a mark), else GB 18030, which holds GBK and GB 2312; UTF-16 where it is marked, or where every other byte of
    many is nought, as of digits and commas. Lines may be ``endless`` where they are not read whole."""
    with opened(source) as file:
        head = file.read(SNIFFED)
    marked = head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    noughts = head[1::2].count(0), head[::2].count(0)
    wide = ("utf-16-le", "utf-16-be")[noughts[1] > noughts[0]]
    for name in ("utf-16",) if marked else (wide,) if sum(noughts) > len(head) / NOUGHTS else ENCODINGS:
        decoder = codecs.getincrementaldecoder(name.removesuffix("-sig"))()  # with it, half a mark would pass
        line = 0  # bytes since the last end of a line: one without end is refused before it fills the memory
        try:
            with opened(source) as file:
                while part := file.read(SNIFFED):
                    decoder.decode(part)
                    end = max(part.rfind(b"\n"), part.rfind(b"\r"))
                    line = line + len(part) if end < 0 else len(part) - end - 1
                    if line > 4 * LONGEST and not endless:
                        raise TableError(Problem("line_too_long", source.name, {"allowed": 4 * LONGEST // 2**20}))
                decoder.decode(b"", final=True)
            return name
        except UnicodeDecodeError:
            continue
    raise TableError(Problem("encoding", source.name, {"allowed": items(["UTF-8", "GB 18030"])}))


def _reader(source: Source, encoding: str) -> io.TextIOWrapper:
    csv.field_size_limit(LONGEST)
    return io.TextIOWrapper(opened(source), encoding, newline="")


def row_length(source: Source, number: int, cells: int, form: Form) -> Problem:
    return Problem("row_length", f"{source.name}, row {number}", {"value": cells, "allowed": len(form.names)})


def filled(line: str, form: Form) -> bool:
    """Whether anything stands in a row that was not split into as many cells as it should have; an empty line is such a row."""
    return any(
        cell.strip() for row in csv.reader(io.StringIO(line, newline=""), delimiter=form.delimiter) for cell in row
    )


def rows(source: Source, wrong: list[WrongRow], skipped: list[int]) -> tuple[dict[str, list[str | None]], list[int]]:
    """A file of delimited text as columns of cells, and the number of each row (from 1, empty lines counted). Rows with too many or
    too few cells are left out, their numbers put into ``skipped``, and told to ``wrong``. Raises :class:`TableError`."""
    form = found(source)
    cells: list[list[str]] = []
    numbers: list[int] = []
    doubled = sorted({name for name in form.names if form.names.count(name) > 1})
    if doubled:
        raise TableError([Problem("column_twice", source.name, {"value": shown(name)}) for name in doubled])
    with _reader(source, form.encoding) as text:
        for _ in range(form.above):
            text.readline()
        try:
            for number, row in enumerate(csv.reader(text, delimiter=form.delimiter), 1):
                if len(row) == len(form.names):
                    cells.append(row)
                    numbers.append(number)
                elif any(map(str.strip, row)):
                    problem = row_length(source, number, len(row), form)
                    wrong.append(WrongRow(source.name, number, "", form.delimiter.join(row), problem))
                if len(row) != len(form.names):
                    skipped.append(number)
        except csv.Error as failure:
            raise TableError(Problem("not_table", source.name, {"value": shown(str(failure), 120)})) from None
    columns = zip(*cells, strict=True) if cells else [[] for _ in form.names]
    return {name: list(column) for name, column in zip(form.names, columns, strict=True)}, numbers


def cell_text(value: Any) -> str | None:
    """A value as the text that a CSV would hold: truths in small letters, several values with “;” between them, dates in ISO form,
    nothing as nothing."""
    if type(value) is str:
        return value.encode(errors="replace").decode()  # half of a character is none
    if (
        value is None
        or (isinstance(value, float) and math.isnan(value))
        or type(value).__name__ in ("NAType", "NaTType")
    ):
        return None
    if hasattr(value, "tolist"):  # of numpy
        value = value.tolist()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple | set | frozenset):
        return ";".join(sorted(str(one) for one in value)) if len(value) else "none"
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False, default=str)
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return text.encode(errors="replace").decode()  # half of a character is none


def plain_cell(value: Any) -> Any:
    """A value as a table can hold it: text, numbers that fit, truths and lists as they are, anything else as the text that it is."""
    if isinstance(value, str):
        return cell_text(value)
    if isinstance(value, list | tuple):
        return value if all(isinstance(each, str | int | float | None) for each in value) else cell_text(value)
    fits = isinstance(value, int) and -(2**63) <= value < 2**63
    return value if fits or value is None or isinstance(value, float | np.generic) else cell_text(value)


def _in_json(number: float | Decimal) -> float | str | None:
    """A number as JSON has it: what is none as nothing, what has no end, or more digits than a float keeps, as text."""
    if number != number:
        return None
    kept = float(number)
    exact = isinstance(number, float) or Decimal(repr(kept)) == number
    return kept if exact and math.isfinite(kept) else cell_text(number)


class JsonWriter:
    """Writes Arrow tables as JSON: an object a line, or a list of them."""

    def __init__(self, file: IO[bytes], lines: bool):
        self.file, self.lines, self.written = file, lines, False

    def __enter__(self) -> JsonWriter:
        return self

    def __exit__(self, *_: object) -> None:
        if not self.lines:
            self.file.write(b"\n]\n" if self.written else b"[]\n")

    def write_table(self, table: Any) -> None:
        for row in table.to_pylist():
            cells = {name: _in_json(cell) if isinstance(cell, float | Decimal) else cell for name, cell in row.items()}
            between = b"" if self.lines else b",\n" if self.written else b"[\n"
            self.file.write(between + json.dumps(cells, ensure_ascii=False, default=cell_text).encode())
            self.file.write(b"\n" if self.lines else b"")
            self.written = True
