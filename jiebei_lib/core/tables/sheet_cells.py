"""The cells of one sheet of a workbook as text, read in a process of its own whose memory is bounded, so that a hostile workbook takes
nothing but that process. Standard library and calamine only: it starts in a moment."""

from __future__ import annotations

import io
import math
import pickle
import re
import sys
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from typing import IO, Any

from jiebei_lib.core.tables.kinds import TEXT, of_cell

MEMORY = 2 << 30  # bytes that the process may take, where a system can hold it to that
INFLATED = 2 << 30  # bytes of all parts of a workbook that is a zip file
AT_A_TIME = 16_384  # rows that are handed over at a time
LOOKED_AT = 24  # rows among which headings are sought: which of them hold merged cells is told
DIGITS = 1e15  # a spreadsheet keeps 15 digits
# How workbooks begin: new ones, and old ones, in which new ones are locked up when there is a password
ZIP, COMPOUND, LOCKED = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "EncryptedPackage".encode("utf-16-le")
ODS_PARTS = "META-INF/manifest.xml"  # says of each part of an .ods, besides its kind, how it is locked
SEEN = 1 << 20  # bytes of a file among which that is looked for
# A formula whose result was never worked out: nothing stands behind it
BARE_FORMULA = re.compile(
    rb"(?:</(?:\w+:)?f>|<(?:\w+:)?f\b[^>]*/>)\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)


class Unread(Exception):
    """Why a workbook is not read: the problem's kind, and its slots."""

    def __init__(self, kind: str, **slots: Any):
        super().__init__(kind)
        self.kind, self.slots = kind, slots


def told(given: str | bytes, sheet: str, passed_over: list[str]) -> Iterator[tuple[str, Any]]:
    """What there is to tell of a sheet: ``("grouped", rows)``, the first rows that hold cells merged across; then ``("rows", …)`` again and
    again; at last ``("kinds", …)``, of each column which kinds of cells (kinds.py) it has, and the last row with such a one. ``sheet``: its
    name, or nothing for the only one that holds something and is not among those ``passed_over``."""
    _checked(given)
    chosen = _sheet(given, sheet, passed_over)
    top, left = chosen.start or (0, 0)
    merged = [
        (one[0] - top, one[1] - left, other[0] - top, other[1] - left) for one, other in chosen.merged_cell_ranges or ()
    ]
    yield "grouped", sorted({row for row, first, _, last in merged if last > first and row < LOOKED_AT})
    down = sorted((row, column, until) for row, column, until, _ in merged if until > row)
    rows: list[list[str | None]] = []
    held: dict[int, tuple[int, Any]] = {}
    kinds: list[dict[str, int]] = []
    for number, row in enumerate(map(list, chosen.iter_rows())):
        for column, (until, value) in list(held.items()):
            if number > until:
                del held[column]
            elif 0 <= column < len(row):
                row[column] = value
        while down and down[0][0] <= number:
            _, column, until = down.pop(0)
            if 0 <= column < len(row):
                held[column] = (until, row[column])
        kinds = kinds or [{} for _ in row]
        for seen, cell in zip(kinds, row, strict=True):
            seen[kind(cell)] = number
        rows.append([text(cell) for cell in row])
        if len(rows) == AT_A_TIME:
            yield "rows", rows
            rows = []
    yield "rows", rows
    yield "kinds", kinds


def kind(cell: Any) -> str:
    """A cell's kind; a spreadsheet has no whole numbers but those that it shows as such."""
    if isinstance(cell, float) and math.isfinite(cell):
        return TEXT if abs(cell) >= DIGITS else of_cell(int(cell) if cell == int(cell) else cell)
    return TEXT if isinstance(cell, int) and abs(cell) >= DIGITS else of_cell(cell)


def text(cell: Any) -> str | None:
    """A cell as the text that a CSV would hold: whole numbers without a point, days and times in ISO form to the second."""
    if isinstance(cell, str):
        return cell or None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        if not math.isfinite(cell):
            return None
        if abs(cell) >= DIGITS:  # its last digits are lost, and it must be seen
            return f"{cell:e}"
        return str(int(cell)) if cell == int(cell) else repr(cell)
    if isinstance(cell, datetime):
        whole = (cell + timedelta(microseconds=500_000)).replace(microsecond=0)
        return whole.isoformat() if whole.time() != time() else whole.date().isoformat()
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell)


def _checked(given: str | bytes) -> None:
    """Refuses what holds more than a table can, and results that were never worked out, before anything is made of it."""
    with _opened(given) as whole:
        head = whole.read(SEEN)
    if head.startswith(COMPOUND):
        if LOCKED in head:
            raise Unread("workbook_locked")
        return
    if not head.startswith(ZIP):
        raise Unread("no_workbook" if head else "workbook_damaged", value="")
    try:
        with _opened(given) as whole, zipfile.ZipFile(whole) as parts:
            if sum(part.file_size for part in parts.infolist()) > INFLATED:
                raise Unread("workbook_too_large")
            if ODS_PARTS in parts.namelist() and b"encryption-data" in parts.open(ODS_PARTS).read(SEEN):
                raise Unread("workbook_locked")
            for part in parts.infolist():
                if part.filename.startswith("xl/worksheets/") and _bare(parts.open(part)):
                    raise Unread("bare_formula")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError) as failure:
        raise Unread("workbook_damaged", value=str(failure)[:120]) from None


def _opened(given: str | bytes) -> IO[bytes]:
    return io.BytesIO(given) if isinstance(given, bytes) else open(given, "rb")


def _bare(part: IO[bytes]) -> bool:
    kept = b""
    with part:
        while piece := part.read(1 << 20):
            if BARE_FORMULA.search(kept + piece):
                return True
            kept = piece[-256:]
    return False


def _sheet(given: str | bytes, sheet: str, passed_over: list[str]) -> Any:
    import python_calamine as calamine

    try:
        with _opened(given) as whole:  # by what it holds, not by what its name ends in
            book = calamine.CalamineWorkbook.from_filelike(whole)
        sheets = [
            each
            for each in book.sheets_metadata
            if each.typ == calamine.SheetTypeEnum.WorkSheet
            and (sheet or each.visible == calamine.SheetVisibleEnum.Visible)
        ]
        if sheet:
            named = [each.name for each in sheets if each.name == sheet] or [
                each.name for each in sheets if each.name.strip().casefold() == sheet.strip().casefold()
            ]
            if len(named) != 1:
                raise Unread("no_sheet", value=sheet, allowed=[each.name for each in sheets][:20])
            return book.get_sheet_by_name(named[0])
        read = [book.get_sheet_by_name(each.name) for each in sheets if each.name not in passed_over]
    except calamine.PasswordError:
        raise Unread("workbook_locked") from None
    except (calamine.CalamineError, OSError, ValueError) as failure:
        locked = "password" in str(failure).lower() or "encrypt" in str(failure).lower()
        raise Unread("workbook_locked" if locked else "workbook_damaged", value=str(failure)[:120]) from None
    filled = [each for each in read if each.height]
    if len(filled) > 1:
        raise Unread("sheet_unclear", value=[each.name for each in filled][:20])
    if not filled:
        raise Unread("empty_table")
    return filled[0]


def main() -> None:
    """The process: where the workbook is comes by standard input, what it holds goes to standard output, both pickled by our own hand."""
    given, sheet, passed_over = pickle.load(sys.stdin.buffer)
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    out = sys.stdout.buffer
    try:
        for each in told(given, sheet, passed_over):
            pickle.dump(each, out, protocol=pickle.HIGHEST_PROTOCOL)
        pickle.dump(("end", None), out)
    except Unread as why:
        pickle.dump(("refused", (why.kind, why.slots)), out)
    except MemoryError:
        pickle.dump(("refused", ("workbook_too_large", {})), out)
    out.flush()
