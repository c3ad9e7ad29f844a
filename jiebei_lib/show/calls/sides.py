"""The jurisdictions side by side: what each answers to the same questions, and how the described practice stands against it."""

from __future__ import annotations

from typing import Any

from jiebei_lib.calls.rule_sets import ELSEWHERE, MAIN, RuleSets
from jiebei_lib.page.html import Words
from jiebei_lib.page.text import cited_all, heads, say
from jiebei_lib.show.calls.words import template


class SideBySide:
    """The jurisdictions' answers to the same questions, and how the described practice stands against each: first those that are
    looked at here, then others (``which``), with a dash where an answer was not found."""

    def __init__(self, rules: RuleSets, lang: str, which: tuple[str, ...] = MAIN):
        self.rules, self.lang, self.which = rules, lang, which

    @property
    def others(self) -> SideBySide | None:
        return SideBySide(self.rules, self.lang, ELSEWHERE) if self.which == MAIN else None

    @property
    def sets(self) -> list[tuple[str, str]]:
        return [(name, self.rules.data["sets"][name]["name"][self.lang]) for name in self.which]

    @property
    def questions(self) -> list[dict[str, Any]]:
        return [
            {
                "name": question["name"][self.lang],
                "cells": [(name, question["answers"].get(name)) for name in self.which],
            }
            for question in self.rules.data["questions"].values()
            if any(name in question["answers"] for name in self.which)
        ]

    def say(self, key: str, **slots: Any) -> str:
        return say(key, self.lang, **slots)

    def heads(self, key: str) -> list[str]:
        return heads(key, self.lang)

    def cites(self, cites: list[str]) -> str:
        return ("；" if self.lang == "zh" else "; ").join(cited_all(cites, self.lang))

    def words(self) -> Words:
        return Words(str(template().side_by_side(self)).strip())
