"""Columns of delimited text as numbers, where a kind of file has types: those in which every cell is a number as it would be written again.

So 007, 1e5, +3 and twenty digits stay text, and so does a column in which one cell is none. An empty cell is no value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from jiebei_lib.core.tables.files import arrow

WHOLE = r"^(0|-?[1-9][0-9]{0,17})$"
DECIMAL = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$"
EXACT = 16  # characters of a decimal number, the point among them, that a float gives back


@dataclass(frozen=True)
class Look:
    """What was seen of a column: whether it holds anything, only whole numbers, only decimal ones."""

    filled: bool = False
    whole: bool = True
    decimal: bool = True

    def __or__(self, other: Look) -> Look:
        return Look(self.filled or other.filled, self.whole and other.whole, self.decimal and other.decimal)

    @property
    def type(self) -> str | None:
        return None if not self.filled else "int64" if self.whole else "double" if self.decimal else None


def looked_at(rows: Any, known: dict[str, Look]) -> dict[str, Look]:
    """What is known of the columns when some more rows are seen."""
    pc = arrow().compute
    out = dict(known)
    for name, before in known.items():
        if not (before.whole or before.decimal):
            continue
        cells = rows.column(name)
        cells = cells.filter(pc.not_equal(cells, ""))
        if len(cells):
            decimal = pc.and_(pc.match_substring_regex(cells, DECIMAL), pc.less_equal(pc.utf8_length(cells), EXACT))
            whole = before.whole and pc.all(pc.match_substring_regex(cells, WHOLE)).as_py()
            out[name] = before | Look(True, bool(whole), bool(pc.all(decimal).as_py()))
    return out


def types_of(looks: Iterable[dict[str, Look]]) -> dict[str, str]:
    """The types of the columns that are numbers in all that was looked at."""
    every: dict[str, Look] = {}
    for look in looks:
        every = {name: every.get(name, Look()) | each for name, each in look.items()}
    return {name: each.type for name, each in every.items() if each.type}


def typed(rows: Any, types: Mapping[str, str]) -> Any:
    """The rows with these columns as numbers."""
    pa, pc = arrow(), arrow().compute
    for name, told in types.items():
        column = rows.column(name)
        numbers = pc.if_else(pc.equal(column, ""), pa.scalar(None, column.type), column).cast(pa.type_for_alias(told))
        rows = rows.set_column(rows.column_names.index(name), name, numbers)
    return rows
