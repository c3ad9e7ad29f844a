"""Of what type a column is whose cells a reader hands over as text: what its file says, or what every cell is as it would be written again.

JSON and workbooks say it of each cell. Delimited text says nothing: so 007, 1e5, +3 and twenty digits stay text there, and so does a column
in which one cell is something else. An empty cell is no value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from itertools import repeat
from typing import Any

TYPES = (
    "int64",
    "double",
    "bool",
    "date32",
    "timestamp[s]",
    "time32[s]",
)  # as Arrow calls them; the first that fits is taken
NOTHING, TEXT = "nothing", "text"
Look = frozenset[str]  # which types a column may have, and NOTHING as long as none of its cells holds anything
ANY: Look = frozenset((*TYPES, NOTHING))
# What a column may be in which such a cell stands; ``long``: more digits than a float keeps
MAY: dict[str, set[str]] = {
    "int64": {"int64", "double"},
    "long": {"int64"},
    "double": {"double"},
    "bool": {"bool"},
    "date32": {"date32", "timestamp[s]"},
    "timestamp[s]": {"timestamp[s]"},
    "time32[s]": {"time32[s]"},
    TEXT: set(),
}
KIND, ASK = (
    b"kind",
    "?",
)  # where a reader says in a column's schema what it may be, and that its text must be asked which
DAY = "[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
FORMS = {
    "int64": r"^(0|-?[1-9][0-9]{0,17})$",
    "double": r"^-?((0|[1-9][0-9]{0,14})|(0|[1-9][0-9]*)\.[0-9]+)$",
    "bool": "^(true|false)$",
    "date32": f"^{DAY}$",
    "timestamp[s]": f"^{DAY}([T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9])?$",
}
ASKED: Look = frozenset((ASK, *FORMS))
DATED: Look = frozenset((ASK, "date32", "timestamp[s]"))  # of JSON, which has no days and times but as text
LONGEST = {"double": 16}  # characters of a decimal number, the point among them, that a float gives back
FLOAT_KEEPS = 10**15  # whole numbers below it are the same as floats
VALUES: dict[str, Callable[[str], Any]] = {
    "int64": int,
    "double": float,
    "bool": "true".__eq__,
}  # those that JSON has too


def of_cell(value: Any) -> str:
    """What a cell is, in the words of :data:`MAY`."""
    if type(value) is str:  # most are
        return TEXT if value else NOTHING
    if value is None or value == "" or value != value:
        return NOTHING
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int64" if abs(value) < FLOAT_KEEPS else "long" if -(2**63) <= value < 2**63 else TEXT
    if isinstance(value, float):
        return "double" if math.isfinite(value) else TEXT
    if isinstance(value, datetime):
        return "timestamp[s]" if value.time() != time() else "date32"
    if isinstance(value, date):
        return "date32"
    return "time32[s]" if isinstance(value, time) and not value.microsecond else TEXT


def look(kinds: Iterable[str], texts: Look = frozenset()) -> Look:
    """What a column of such cells may be; where some are text and some are not, all that is text must be asked. ``texts``: what a column
    may be of which every cell is text."""
    different = set(kinds) - {NOTHING}
    if TEXT in different:
        return ASKED if len(different) > 1 else texts
    return ANY.intersection(*(MAY[each] for each in different))


def schema(names: Iterable[str], looks: Iterable[Look] | None = None) -> Any:
    """Columns of text as an Arrow schema that says what they may be; delimited text must be asked."""
    import pyarrow as pa

    told = (" ".join(sorted(each)).encode() for each in looks or repeat(ASKED))
    return pa.schema(
        [pa.field(name, pa.string(), metadata={KIND: said}) for name, said in zip(names, told, strict=False)]
    )


def asked(cells: Iterable[str | None], may: Look) -> Look:
    """Which of some types (and NOTHING) the text of all cells may be, of those that JSON has."""
    texts = {cell for cell in cells if cell}
    fits = (each for each in may & VALUES.keys() if all(is_of(each, text) for text in texts))
    return frozenset(fits) if texts else ANY


def is_of(kind: str, text: str) -> bool:
    return bool(re.fullmatch(FORMS[kind], text)) and len(text) <= LONGEST.get(kind, len(text))


def type_of(look: Look) -> str | None:
    """The type that a column gets; None is text."""
    return None if NOTHING in look else next((each for each in TYPES if each in look), None)
