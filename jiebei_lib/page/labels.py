"""A mistake is told by the labels that its reader sees, never by the keys behind them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from jiebei_lib.core.knowledge.problems import Phrase, Problem
from jiebei_lib.page.text import say


class Told(Phrase):
    """A part of a sentence that stands ready in both languages (its slots), such as a control's label."""

    def say(self, lang: str) -> str:
        said = self.slots[lang]
        return said.say(lang) if isinstance(said, Phrase) else str(said)


def labelled(problem: Problem, fields: Iterable[Mapping[str, Any]], lang: str) -> Problem:
    """A problem with the control's label in place of the field's name, and likewise of the one that it must stay below or above, and of
    those in what was probably meant; of a row of a table its number and the column's label. ``fields``: a panel's, groups opened."""
    shown = [field for field in fields if "value" in field]
    labels = {field["name"]: field["label"][lang] for field in shown}
    file, _, name = problem.where.rpartition(": ")
    if row := re.fullmatch(r"(?:row|call) (\d+)", file):
        columns = [column for field in shown for column in field.get("columns", ())]
        named = {column["name"]: column["label"][lang] for column in columns}
        place = say("widget.table.cell", lang, row=row[1], column=named.get(name, name))
        return replace(problem, where=place if name in named else problem.where)
    if row := re.fullmatch(r"row (\d+)( \(.*\))?", problem.where):
        return replace(problem, where=say("widget.table.row", lang, row=row[1]) + (row[2] or ""))
    name = name.removesuffix(".value")
    if name not in labels or file not in ("", "replace"):
        return problem
    allowed, slots = problem.slots.get("allowed"), dict(problem.slots)
    if isinstance(allowed, Phrase) and "other" in allowed.slots:
        other, space, value = str(allowed.slots["other"]).partition(" ")
        beside = f"{name.rpartition('.')[0]}.{other}".removeprefix(".")
        known = labels.get(beside, other)
        slots["allowed"] = Phrase(allowed.kind, {**allowed.slots, "other": f"{known}{space}{value}"})
    if "meant" in slots:
        slots["meant"] = re.sub("[a-z_]+", lambda word: labels.get(word[0], word[0]), str(slots["meant"]))
    return replace(problem, where=labels[name], slots=slots)
