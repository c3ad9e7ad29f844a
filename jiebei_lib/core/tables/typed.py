"""Columns that a reader hands over as text, as the types that they have (kinds.py says which), for kinds of files that have types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jiebei_lib.core.tables.files import arrow
from jiebei_lib.core.tables.kinds import ANY, ASK, FORMS, KIND, LONGEST, VALUES, Look, type_of

UNTYPED, ALIKE = "csv", "json"  # kinds of files that have no types, and those in which a day is a text


def must_ask(rows: Any) -> bool:
    """Whether the text of some column says what it is."""
    return any(ASK in (_told(field) or ()) for field in rows.schema)


def _told(field: Any) -> Look | None:
    told = (field.metadata or {}).get(KIND)
    return None if told is None else frozenset(told.decode().split())


def looked_at(rows: Any, known: Mapping[str, Look], ids: str | None) -> dict[str, Look]:
    """What is known of the columns when some more rows are seen. The text of ``ids`` is not asked: those stay text."""
    out = {}
    for field in rows.schema:
        told, before = _told(field), known.get(field.name, ANY)
        if told is None or (ASK in told and field.name == ids):  # of a file with types: text there is text
            out[field.name] = frozenset[str]()
        else:
            out[field.name] = _asked(rows.column(field.name), before, told) if ASK in told else before & told
    return out


def _asked(column: Any, before: Look, told: Look) -> Look:
    pc = arrow().compute
    cells = pc.utf8_trim_whitespace(column)
    cells = cells.filter(pc.not_equal(cells, ""))
    return frozenset(each for each in before & told if _is_of(each, cells)) if len(cells) else before


def _is_of(kind: str, cells: Any) -> bool:
    pa, pc = arrow(), arrow().compute
    long = pc.utf8_length(cells) if kind in LONGEST else None
    if not pc.all(pc.match_substring_regex(cells, FORMS[kind])).as_py():
        return False
    if long is not None and pc.max(long).as_py() > LONGEST[kind]:
        return False
    try:
        cells.cast(pa.type_for_alias(kind))
    except pa.ArrowInvalid:  # 2026-02-30
        return False
    return True


def types_of(looks: Iterable[Mapping[str, Look]], output: str) -> dict[str, str]:
    """The types of the columns that have one in all that was looked at, for a kind of file that is to be written."""
    every: dict[str, Look] = {}
    for look in looks:
        every = every | {name: every.get(name, ANY) & each for name, each in look.items()}
    types = {name: type_of(each) for name, each in every.items()}
    return {
        name: each for name, each in types.items() if each and output != UNTYPED and (output != ALIKE or each in VALUES)
    }


def typed(rows: Any, types: Mapping[str, str]) -> Any:
    """The rows with these columns as what they are; what their reader knew of them is said no more."""
    pa, pc = arrow(), arrow().compute
    for n, field in enumerate(rows.schema):
        if _told(field) is None:
            continue
        column = rows.column(n)
        if field.name in types:
            text = pc.utf8_trim_whitespace(column)
            text = pc.if_else(pc.equal(text, ""), pa.scalar(None, text.type), text)
            column = text.cast(pa.type_for_alias(types[field.name]))
        rows = rows.set_column(n, field.name, column)
    return rows
