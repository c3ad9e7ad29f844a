"""JSON as rows: a list of objects, an object that holds one, or one object a line. Of the text, however long its lines, no more than a
piece and the record that stands there are in memory."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from jiebei_lib.core.knowledge.problems import Phrase, Problem, shown
from jiebei_lib.core.tables import delimited
from jiebei_lib.core.tables.delimited import (
    BookSheet,
    Source,
    TableError,
    WrongRow,
    cell_text,
    encoding_of,
    opened,
    state,
)
from jiebei_lib.core.tables.kinds import DATED, Look, look, of_cell

PIECE = 1 << 20  # characters of text that are read, and made into rows, at a time
NEAR = 16  # what is cut short goes wrong within so many characters of the cut: "\ud83d\ude00" has twelve
SAID = 200  # characters that are read of what is no table, for the sentence that says so
BLANK = re.compile(r"[ \t\n\r]*")
DECODER = json.JSONDecoder()
BAD = (ValueError, RecursionError)  # whole numbers of thousands of digits are a ValueError too
Columns = dict[str, list[str | None]]
Keys = dict[str, set[str]]  # of rows, each with the kinds of cells that stand under it


@dataclass(frozen=True)
class JsonForm:
    """How a JSON file is read. ``kind``: ``list``; ``held``, in an object under ``key``; ``one`` object; ``lines``. ``names``: the keys
    of all rows, in the order in which they first stand; ``looks``: what the columns may be (kinds.py)."""

    encoding: str
    kind: str
    key: str = ""
    names: tuple[str, ...] = field(default=(), compare=False)
    looks: tuple[Look, ...] = field(default=(), compare=False)


class _Text:
    """Text that is read on when what is there does not suffice."""

    def __init__(self, source: Source, encoding: str):
        self.source, self.text, self.at = source, "", 0
        self.file = io.TextIOWrapper(opened(source), encoding)

    def __enter__(self) -> _Text:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def _more(self) -> bool:
        """Reads on, the more the more is still wanted of what is there."""
        part = self.file.read(max(PIECE, len(self.text) - self.at))
        self.text, self.at = self.text[self.at :] + part, 0
        return bool(part)

    def sign(self) -> str:
        """The next character that is no blank, which stays; nothing at the end."""
        while True:
            blank = BLANK.match(self.text, self.at)
            self.at = blank.end() if blank else self.at
            if self.at < len(self.text) or not self._more():
                return self.text[self.at : self.at + 1]

    def take(self, sign: str) -> None:
        """Goes past a character that must come next. Raises :class:`ValueError`."""
        if self.sign() != sign:
            raise ValueError(sign)
        self.at += 1

    def value(self) -> tuple[Any, int]:
        """The next value and how many characters it has. Raises :class:`ValueError`, of one too long :class:`TableError`."""
        self.sign()
        while True:
            failed, end, value = None, len(self.text), None
            try:
                value, end = DECODER.raw_decode(self.text, self.at)
            except json.JSONDecodeError as failure:
                if failure.pos < len(self.text) - NEAR and not failure.msg.startswith("Unterminated string"):
                    raise
                failed = failure
            size = end - self.at
            if size > delimited.LONGEST:
                raise too_long(self.source)
            if failed is None and end < len(self.text):
                self.at = end
                return value, size
            if not self._more():  # until then a number at the very end may go on
                if failed is not None:
                    raise failed
                self.at = len(self.text)
                return value, size


def too_long(source: Source) -> TableError:
    return TableError(Problem("json_record_too_long", source.name, {"allowed": delimited.LONGEST // 2**20}))


def form_of(source: Source) -> JsonForm:
    """How a JSON file is read, and what all its rows have. Raises :class:`TableError`."""
    return _form(source.file if isinstance(source, BookSheet) else source, *state(source))


@lru_cache(maxsize=16)
def _form(source: Source, *of: int) -> JsonForm:
    encoding = encoding_of(source, endless=True)
    names: Keys = {}
    try:
        with _Text(source, encoding) as text:
            form = _whole(text, encoding, names)
    except TableError:
        raise
    except BAD:
        form = None
    if form is None:
        names.clear()
        form, rows = JsonForm(encoding, "lines"), 0
        with _Text(source, encoding) as text:
            first = text.file.read(SAID)
        with _Text(source, encoding) as text:
            try:
                for record, _ in _lines(text):
                    rows += _add(names, record)
            except (
                TableError
            ):  # a line is too long, which no matter where there are no rows: a list, say, that is cut off
                if rows:
                    raise
        if not rows:
            raise TableError(Problem("not_table", source.name, {"value": shown(first, 60)}))
    called: Keys = {}
    for key, cells in names.items():
        called.setdefault(_name(key), set()).update(cells)
    looks = tuple(look(cells, DATED) for cells in called.values())
    return JsonForm(encoding, form.kind, form.key, tuple(called), looks)


def _whole(text: _Text, encoding: str, names: Keys) -> JsonForm | None:
    """The form of a file that is one value, a list or an object; none if it goes on behind its end. Raises :class:`ValueError`."""
    form = None
    if text.sign() == "[":
        form = JsonForm(encoding, "list")
        for record, _ in _elements(text):
            _add(names, record)
    elif text.sign() == "{":
        form = _object(text, encoding, names)
    return None if text.sign() else form


def _object(text: _Text, encoding: str, names: Keys) -> JsonForm:
    """An object is the only list of objects that it holds, or a row itself."""
    own: Keys = {}
    inside: Keys
    lists: list[tuple[str, bool, Keys]] = []
    for key in _keys(text):
        if text.sign() == "[":
            inside, rows = {}, 0
            for record, _ in _elements(text):
                rows += _add(inside, record)
            lists.append((key, rows > 0, inside))
            _add(own, {key: []})
        else:
            _add(own, {key: text.value()[0]})
    if len(lists) == 1 and lists[0][1]:
        names.update(lists[0][2])
        return JsonForm(encoding, "held", lists[0][0])
    names.update(own)
    return JsonForm(encoding, "one")


def _add(names: Keys, record: Any) -> bool:
    """Whether a value is a row; its keys are added to the others, and of what kind its cells are."""
    if not isinstance(record, dict):
        return False
    for key, value in record.items():
        if key not in names:
            names[key] = set()
        names[key].add(of_cell(value))
    return True


def _elements(text: _Text) -> Iterator[tuple[Any, int]]:
    """The values of a list, one after the other."""
    text.take("[")
    if text.sign() != "]":
        yield text.value()
        while text.sign() == ",":
            text.take(",")
            yield text.value()
    text.take("]")


def _keys(text: _Text) -> Iterator[str]:
    """The keys of an object, each before its value is read."""
    text.take("{")
    more = text.sign() != "}"
    while more:
        if text.sign() != '"':
            raise ValueError(text.sign())
        key = text.value()[0]
        text.take(":")
        yield key
        if more := text.sign() == ",":
            text.take(",")
    text.take("}")


def _lines(text: _Text) -> Iterator[tuple[Any, int]]:
    """What stands in each line that is not blank; nothing where that is not JSON."""
    while line := text.file.readline(delimited.LONGEST + 1):
        if len(line) > delimited.LONGEST:
            raise too_long(text.source)
        if line.strip():
            try:
                value = json.loads(line)
            except BAD:
                value = None
            yield value, len(line)


def _values(source: Source, form: JsonForm) -> Iterator[tuple[Any, int]]:
    """All rows of a file, and how many characters each has."""
    with _Text(source, form.encoding) as text:
        if form.kind == "lines":
            yield from _lines(text)
        elif form.kind == "list":
            yield from _elements(text)
        elif form.kind == "one":
            yield text.value()
        for key in _keys(text) if form.kind == "held" else ():
            if key == form.key and text.sign() == "[":
                yield from _elements(text)
            else:
                text.value()


def _name(key: Any) -> str:
    return (cell_text(key) or "").strip()


def in_parts(source: Source, wrong: list[WrongRow], skipped: list[int]) -> Iterator[tuple[Columns, list[int]]]:
    """A file's rows as columns of text, some at a time, and the numbers of the rows. What is no row is told to
    ``wrong``, its number (from 1) put into ``skipped``. Raises :class:`TableError`."""
    form, waiting, size, first = form_of(source), [], 0, 1
    for record, length in _values(source, form):
        waiting.append(record)
        size += length
        if size >= PIECE:
            yield columns_of(waiting, source.name, wrong, skipped, form.names, first)
            first, waiting, size = first + len(waiting), [], 0
    yield columns_of(waiting, source.name, wrong, skipped, form.names, first)


def records(source: Source, wrong: list[WrongRow], skipped: list[int]) -> tuple[Columns, list[int]]:
    """All of a file's rows as columns of text, and the number of each row; the rest as :func:`in_parts`. Raises :class:`TableError`."""
    form = form_of(source)
    return columns_of((record for record, _ in _values(source, form)), source.name, wrong, skipped, form.names)


def columns_of(
    given: Iterable[Any],
    name: str,
    wrong: list[WrongRow],
    skipped: list[int],
    names: Iterable[str] = (),
    first: int = 1,
) -> tuple[Columns, list[int]]:
    """Mappings, a row each and numbered from ``first``, as columns of text: ``names``, then others as they first stand."""
    columns: Columns = {key: [] for key in names}
    called: dict[Any, str] = {}
    numbers: list[int] = []
    for number, record in enumerate(given, first):
        if isinstance(record, Mapping):
            if not record.keys() <= called.keys():
                called |= {key: _name(key) for key in record}
            cells = {called[key]: cell_text(value) for key, value in record.items()}
            if not cells.keys() <= columns.keys():
                columns |= {key: [None] * len(numbers) for key in cells if key not in columns}
            for key, column in columns.items():
                column.append(cells.get(key))
            numbers.append(number)
        else:
            problem = Problem("not_a_row", f"{name}, row {number}", {"allowed": Phrase("mapping")})
            wrong.append(WrongRow(name, number, "", shown(record), problem))
            skipped.append(number)
    return columns, numbers
