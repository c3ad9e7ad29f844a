"""What columns, segments and reasons of a portfolio are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jiebei_lib.core.case import FIELDS
from jiebei_lib.core.policy import load_policy
from jiebei_lib.page.text import say, witness_name


def whole(value: float) -> str:
    """A number of cases."""
    return f"{value:,.0f}"


def listed(parts: list[str], lang: str) -> str:
    return ("，" if lang == "zh" else ", ").join(parts)


def names(book: Mapping[str, Any], lang: str) -> dict[str, str]:
    """What the two witnesses are called, the built-in ones shortly."""
    short = ("article", "published")
    return {
        key: say(f"portfolio.witness.{side['policy']}", lang) if side["policy"] in short else witness_name(side, lang)
        for key, side in zip(("one", "other"), book["witnesses"], strict=True)
    }


def grade_name(grade: str, lang: str) -> str:
    return say(f"case.first.grade.{grade}", lang)


def ask_first(book: Mapping[str, Any], lang: str) -> str:
    """The one question to ask of the whole book."""
    best = next(iter(book["questions"]), None)
    if best is None or round(best["settled"]) < 1:
        return say("portfolio.questions.title_none", lang)
    numbers = {key: whole(best[key]) for key in ("unknown", "settled")}
    return say("portfolio.questions.title", lang, name=FIELDS[best["field"]]["name"][lang], **numbers)


def column_name(name: str, lang: str) -> str:
    """A column's name: a fact's, the invented portfolio's own column's, or as it stands."""
    if name in FIELDS:
        return FIELDS[name]["name"][lang]
    return say(f"portfolio.fields.{name}", lang) if name == "funded_by" else name


def segment_name(by: str, value: str, lang: str) -> str:
    """A segment's value: a level in words, a reading's verdict, or as it stands."""
    factors = load_policy().data["factors"]
    if by in ("communication", "contacts"):
        level = factors[by]["levels"].get(value)
        return level["name"][lang] if level else say("facts.unknown", lang)
    return say("facts.unknown", lang) if by in FIELDS and value == "–" else value


def reason_name(why: str, lang: str) -> str:
    if why in ("first_day", "base"):
        return say(f"portfolio.what_if.{why}", lang)
    return load_policy().data["factors"][why]["name"][lang]
