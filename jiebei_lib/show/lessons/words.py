"""What the lessons' panels share: their template, cites in words, and an item's right answer in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jiebei_lib.page.html import Words, environment
from jiebei_lib.page.text import cited_all, say, yuan


def words(macro: str, *given: Any) -> Words:
    """A macro of lessons.html.j2 filled in."""
    template = environment().get_template("show/lessons/lessons.html.j2")
    template.globals["say"] = say
    made = str(getattr(template.module, macro)(*given)).strip()
    return Words(f'<div class="lesson-style">{made}</div>')


def no_lines(values: Mapping[str, Any]) -> list[str]:
    """No Python under a panel of the class: what stands there is a learner's own, and nothing to be made again."""
    return []


def cites(lang: str) -> Callable[[Mapping[str, Any]], str]:
    """Where a statement comes from, as a reader sees it; what is marked as the article's own needs no more than the paragraphs."""

    def joined(statement: Mapping[str, Any]) -> str:
        within = "article" if statement["basis"] == "documented" else None
        return ("；" if lang == "zh" else "; ").join(cited_all(statement["cite"], lang, within))

    return joined


def right_answer(item: dict[str, Any], lang: str) -> str:
    """The right answer of an item in words."""
    if item["type"] == "breach":
        return answer(item, [n for n, line in enumerate(item["lines"]) if line.get("rule")], lang)
    right = {"choice": 0, "number": item.get("answer"), "order": range(len(item.get("steps", ())))}
    return answer(item, right[item["type"]], lang)


def answer(item: dict[str, Any], given: Any, lang: str) -> str:
    """A response (see lessons/bank.py) in words."""
    if item["type"] == "choice":
        return [item["right"], *item["wrong"]][given]["text"][lang]
    if item["type"] == "number":
        return in_unit(item, given, lang)
    if item["type"] == "order":
        return " → ".join(item["steps"][n][lang] for n in given)
    return " / ".join(item["lines"][n]["text"][lang] for n in given)


def in_unit(item: dict[str, Any], value: float, lang: str) -> str:
    """A number as the answer to an item."""
    if "shown" in item:
        return item["shown"][lang].format(value=f"{value:.10g}")
    money = item["unit"]["en"] == say("lessons.yuan_unit", "en")
    key = "percent" if item["unit"]["en"] == "%" else "number"
    return say(f"lessons.{key}", lang, value=yuan(value) if money else f"{value:,.10g}", unit=item["unit"][lang])
