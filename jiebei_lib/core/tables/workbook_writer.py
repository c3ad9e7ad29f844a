"""Tables written as a workbook: the rows under a frozen heading with a filter, a sheet of wrong rows, and one that says what the columns
mean.

Text stays text, whatever it begins with: no cell becomes a formula or a link. Rows are written as they come, so memory stays small.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import date, datetime, time
from decimal import Decimal
from typing import IO, Any

from jiebei_lib.core.case import FIELDS
from jiebei_lib.core.knowledge.problems import Problem
from jiebei_lib.core.knowledge.yaml_files import shipped
from jiebei_lib.core.tables.delimited import TableError, cell_text
from jiebei_lib.core.tables.workbooks import WORDS

WRITTEN = ".xlsx"
WIDEST, NARROWEST = 60, 9  # characters that a column is made wide
LOOKED_AT = 200  # rows that say how wide a column is
A4 = 9  # as Excel numbers papers
PRINTED = 230  # characters beside each other that can be read on a page
LINE = 15  # points high
PLAIN = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,10})?")  # text that is the number that a spreadsheet would show
DIGITS_KEPT, SHOWN = 15, 10**11  # digits that a spreadsheet keeps, and whole numbers that it no longer shows in full
FIRST_YEAR = 1900  # of a spreadsheet's calendar
MADE = datetime(2000, 1, 1)  # so that the same rows are the same bytes


class BookWriter:
    """Writes Arrow tables into an open file as a workbook. ``wrong`` gives the rows of the sheet of errors once all else is written."""

    def __init__(
        self, file: IO[bytes], name: str, columns: Sequence[str], lang: str, wrong: Callable[[], list[list[Any]]]
    ):
        try:
            import xlsxwriter
        except ImportError:
            raise TableError(Problem("no_office", name)) from None
        self.name, self.lang, self.columns, self.wrong, self.row = name, lang, list(columns), wrong, 0
        # Rows go to a file of their own as they come; strings stay strings
        self.book = xlsxwriter.Workbook(
            file,
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "default_date_format": "yyyy-mm-dd hh:mm",
            },
        )
        self.book.set_properties({"created": MADE})
        self.words = shipped(WORDS)
        self.bold = self.book.add_format({"bold": True, "bottom": 1})
        self.wrapped = self.book.add_format({"text_wrap": True, "valign": "top"})
        fields = [FIELDS.named(column) or column for column in self.columns]
        self.number = [column in FIELDS and FIELDS[column]["type"] in ("integer", "number") for column in fields]
        forms = {
            column: self.book.add_format({"num_format": each["form"]})
            for each in self.words["formats"].values()
            for column in each["columns"]
        }
        self.forms = [forms.get(field) for field in fields]
        self.day, self.time, self.whole = (
            self.book.add_format({"num_format": form}) for form in ("yyyy-mm-dd", "hh:mm:ss", "0")
        )
        self.sheet, self.widths = self._begun("rows", self.columns), list[int]()

    def __enter__(self) -> BookWriter:
        return self

    def __exit__(self, kind: type | None, *_: object) -> None:
        if kind is not None:
            with suppress(Exception):  # what was begun is dropped with the file; this only takes its own parts away
                self.book.close()
            return
        from xlsxwriter.exceptions import XlsxWriterException

        self._ended(self.sheet, self.row, self.columns, self.widths)
        wrong = self.wrong()
        if wrong:
            self._whole("errors", wrong)
        self._whole("columns", [[column, *self._meaning(column)] for column in self.columns])
        try:
            self.book.close()
        except XlsxWriterException as failure:
            raise OSError(28, str(failure)) from None

    def write_table(self, table: Any) -> None:
        if self.row + table.num_rows >= self.words["rows"]:
            raise TableError(Problem("too_many_for_sheet", self.name, {"high": f"{self.words['rows'] - 1:,}"}))
        if not self.widths:
            self.widths = [_wide(column.to_pylist()) for column in table.slice(0, LOOKED_AT).columns]
        for cells in zip(*(column.to_pylist() for column in table.columns), strict=True):
            self.row += 1
            for n, cell in enumerate(cells):
                self._put(self.sheet, self.row, n, cell, self.number[n], self.forms[n])

    def _put(self, sheet: Any, row: int, column: int, cell: Any, number: bool = False, form: Any = None) -> None:
        if cell is None or cell != cell or cell == "":
            return
        if isinstance(cell, str):
            if number and PLAIN.fullmatch(cell):  # 12000 of a CSV, in a column of numbers
                sheet.write_number(row, column, float(cell), form)
            elif len(cell) > self.words["characters"]:
                slots = {"value": len(cell), "high": f"{self.words['characters']:,}"}
                raise TableError(Problem("cell_too_long", self.name, slots))
            else:
                sheet.write_string(row, column, cell, form)
        elif isinstance(cell, bool):
            sheet.write_boolean(row, column, cell)
        elif isinstance(cell, Decimal):
            kept = len(cell.as_tuple().digits) <= DIGITS_KEPT
            self._put(sheet, row, column, float(cell) if kept else str(cell), False, form)
        elif isinstance(cell, int | float):
            # What has more digits than a spreadsheet keeps is text; whole numbers of twelve it would show as 1.23E+11
            if abs(cell) < 10**DIGITS_KEPT and math.isfinite(cell):
                form = form or (self.whole if abs(cell) >= SHOWN and cell == int(cell) else None)
                sheet.write_number(row, column, cell, form)
            else:
                sheet.write_string(row, column, str(cell))
        elif isinstance(cell, datetime) and cell.tzinfo is None and cell.year >= FIRST_YEAR:
            sheet.write_datetime(row, column, cell)
        elif isinstance(cell, date) and not isinstance(cell, datetime) and cell.year >= FIRST_YEAR:
            sheet.write_datetime(row, column, cell, self.day)
        elif isinstance(cell, time):
            sheet.write_datetime(row, column, cell, self.time)
        else:
            sheet.write_string(row, column, cell_text(cell) or "")

    def _begun(self, which: str, columns: Iterable[str]) -> Any:
        sheet = self.book.add_worksheet(self.words["sheets"][which][self.lang])
        for n, name in enumerate(columns):
            sheet.write_string(0, n, name, self.bold)
        sheet.freeze_panes(1, 0)
        sheet.set_landscape()
        sheet.set_paper(A4)
        sheet.repeat_rows(0)
        sheet.repeat_columns(0)
        sheet.set_footer("&C&P / &N")
        return sheet

    def _ended(self, sheet: Any, last: int, columns: Sequence[str], widths: Sequence[int] = ()) -> None:
        sheet.autofilter(0, 0, last, max(0, len(columns) - 1))
        wide = [min(WIDEST, max(NARROWEST, _wide([name]) + 1, *widths[n : n + 1])) for n, name in enumerate(columns)]
        for n, each in enumerate(wide):
            sheet.set_column(n, n, each)
        sheet.fit_to_pages(max(1, math.ceil(sum(wide) / PRINTED)), 0)

    def _whole(self, which: str, rows: list[list[Any]]) -> None:
        columns = [each[self.lang] for each in self.words[which].values()]
        sheet = self._begun(which, columns)
        for number, cells in enumerate(rows, 1):
            sheet.set_row(number, LINE * max(math.ceil(_wide([cell]) / WIDEST) for cell in cells))
            for n, cell in enumerate(cells):
                self._put(sheet, number, n, cell, form=self.wrapped)
        widths = [_wide(row[n] for row in rows) for n in range(len(columns))]
        self._ended(sheet, len(rows), columns, widths)

    def _meaning(self, column: str) -> tuple[str, str]:
        """What a column means in both languages: what scoring adds, a field of a case, or a column that was only copied."""
        added, field = self.words["added"], FIELDS.named(column)
        said = added.get(column) or (FIELDS[field]["description"] if field else self.words["kept"])
        return said["zh"], said["en"]


__all__ = ["WRITTEN", "BookWriter"]


def _wide(cells: Iterable[Any]) -> int:
    """Characters of half width that a column of these needs, with room beside them; a fraction is shown rounded."""
    shown = (f"{cell:,.2f}" if isinstance(cell, float) else cell_text(cell) or "" for cell in cells)
    return max((sum(2 if each > "\u2e7f" else 1 for each in text) for text in shown), default=0) + 2
