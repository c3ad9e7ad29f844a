"""A table of cases that a reader loads into a panel: its field, its cases, and what was wrong with the rows left out."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache

from jiebei_lib.core.knowledge.problems import Problem, UserError
from jiebei_lib.core.tables.delimited import TableError, Upload, WrongRow
from jiebei_lib.core.tables.files import CSV, JSON
from jiebei_lib.core.tables.workbooks import ENDINGS, is_workbook
from jiebei_lib.page.html import Words, environment
from jiebei_lib.page.text import say
from jiebei_lib.portfolio.summary import Book, read_book
from jiebei_lib.show.widget.fields import Field, both, file

LARGEST = 20_000_000  # bytes of a table that is loaded into a panel
ENDED = ",".join([*CSV, *JSON, *ENDINGS])  # what a reader may load
SHOWN = 5  # wrong rows that are told one by one
HERE = {
    "column_missing": "column_missing_here",
    "column_unclear": "column_unclear_here",
    "sheet_unclear": "sheet_unclear_here",
}  # a panel has no options


def cases_file(note: Mapping[str, str] | None = None) -> Field:
    """The field for a table of cases. Loading one also sets the field ``source`` to ``file``, so that it is seen at once."""
    return file("csv", both("widget.table.file"), accept=ENDED, largest=LARGEST, note=note, also={"source": "file"})


def book_of(given: Mapping[str, str] | None, most: int | None = None) -> Book:
    """The cases of a loaded file, at most ``most`` rows. Raises :class:`TableError`."""
    given = given or {}
    book = _read(str(given.get("name", "")), str(given.get("text", "")))
    if most is not None and len(book.table) > most:
        raise TableError(Problem("too_many_rows", str(given["name"]), {"value": len(book.table), "high": most}))
    return book


@lru_cache(maxsize=2)
def _read(name: str, text: str) -> Book:
    if not text.strip():
        raise TableError(Problem("no_table", name or "CSV"))
    with told_here():
        return read_book(uploaded(name, text))


def uploaded(name: str, text: str) -> Upload:
    """A loaded file as every reader of tables takes it. A workbook comes as a data address."""
    if text.startswith("data:") and is_workbook(Upload(name, b"")):
        return Upload(name, b64decode(text.partition(",")[2]))
    return Upload(name, text.encode("utf-8", "replace"))


@contextmanager
def told_here() -> Iterator[None]:
    """What is wrong with a loaded file, as it is told in a panel, which has no options."""
    try:
        yield
    except UserError as error:
        raise type(error)([replace(each, kind=HERE.get(each.kind, each.kind)) for each in error.problems]) from None


def wrong_words(wrong: Sequence[WrongRow], lang: str) -> list[Words]:
    """A line a wrong row: which row, which column, what stands there and what should; nothing if all are fine."""
    if not wrong:
        return []
    lines = [replace(each.problem, where=_place(each, lang)).say(lang) for each in wrong[:SHOWN]]
    lead = say("widget.table.wrong", lang, n=len({each.row for each in wrong}))
    more = say("widget.table.more", lang, n=len(wrong) - SHOWN) if len(wrong) > SHOWN else ""
    template = environment().get_template("show/policy/policy.html.j2").module
    return [Words(str(template.wrong(lead, lines, more)).strip())]


def _place(wrong: WrongRow, lang: str) -> str:
    key = "widget.table.cell" if wrong.column else "widget.table.row"
    return say(key, lang, row=wrong.row, column=wrong.column)
