"""A lesson without a server: the quiz as a page of its own, with both forms, feedback, and results that a teacher's class takes in."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from markupsafe import Markup

from jiebei_lib.core.knowledge.problems import Problem
from jiebei_lib.lessons.bank import bank, checked_file
from jiebei_lib.lessons.forms import forms
from jiebei_lib.lessons.learner import LESSONS, SEED
from jiebei_lib.lessons.store import CODE, LETTERS, LONGEST_NAME
from jiebei_lib.page.text import cited_all, say
from jiebei_lib.reports.light.export import in_languages, texts
from jiebei_lib.reports.light.page import BOTH, languages, page
from jiebei_lib.show.lessons.quiz import LARGEST
from jiebei_lib.show.lessons.words import right_answer

MARK = "jiebei1."  # with which a word of results begins: the version of what it holds
HAIR = 1e-9  # what a decimal loses as a float (bank.py)
SAID = ("lessons.quiz.", "light.lesson.", "light.page.language", "page.reported", "page.reported_long", "basis.")


def quiz_page(lesson: str, lang: str = BOTH, seed: int | None = None) -> str:
    """The two forms of a lesson as one HTML page. The same seed, the same page; ``None`` is the seed of a class that has none yet."""
    langs, seed = languages(lang), SEED if seed is None else seed
    pair = forms(seed + LESSONS.index(lesson))
    title = checked_file("guide.yaml", "Guide")["lessons"][lesson]["title"]
    names = dict.fromkeys(asked.item for form in pair for asked in form)
    know = {
        "lesson": lesson,
        "seed": seed,
        "title": {one: say("light.lesson.title", one, title=title[one]) for one in ("zh", "en")},
        "forms": [[{"item": asked.item, "shown": list(asked.shown)} for asked in form] for form in pair],
        "items": {name: _item(bank()[name]) for name in names},
        "largest": LARGEST,
    }
    return lesson_page(know, langs, ("kit.js", "quiz.js"), SAID)


def lesson_page(know: dict[str, Any], langs: tuple[str, ...], scripts: tuple[str, ...], said: tuple[str, ...]) -> str:
    """A page of a lesson from what it knows: with the words that it says, and the place in the browser where it keeps what was done."""
    key = f"jiebei-{sha256(repr(sorted(know.items(), key=str)).encode()).hexdigest()[:16]}"
    twice = {one: Problem("twice", "order").say(one) for one in langs}
    common = {
        "key": key,
        "mark": MARK,
        "letters": LETTERS,
        "length": CODE,
        "longest_name": LONGEST_NAME,
        "langs": list(langs),
    }
    text = {one: texts(one, said) | {"twice": twice[one]} for one in langs}
    data = {"light-know": in_languages(know, langs) | common | {"text": text}}
    first = Markup("<h1>{}</h1>").format(know["title"][langs[0]])
    return page(langs, scripts, data, first, know["title"][langs[0]], say("light.lesson.script", langs[0]))


def _item(item: Mapping[str, Any]) -> dict[str, Any]:
    """A question of the bank as the page marks it (see :func:`jiebei_lib.lessons.bank.mark`)."""
    out = {"type": item["type"], "ask": item["ask"], **based(item)}
    out["right"] = {lang: right_answer(dict(item), lang) for lang in ("zh", "en")}
    if item["type"] == "breach":
        lines = [{"text": line["text"], "why": line["why"], "rule": bool(line.get("rule"))} for line in item["lines"]]
        return out | {"lines": lines}
    out["why"] = item["right"]["why"]
    if item["type"] == "choice":
        return out | {
            "parts": [{key: part[key] for key in ("text", "why")} for part in (item["right"], *item["wrong"])]
        }
    wrong = [{key: value for key, value in one.items() if key != "reveals"} for one in item["wrong"]]
    out |= {"wrong": wrong, "otherwise": {"why": item["otherwise"]["why"]}}
    if item["type"] == "order":
        return out | {"steps": item["steps"]}
    return out | {"answer": item["answer"], "allow": item["tolerance"] + HAIR, "unit": item["unit"]}


def based(statement: Mapping[str, Any]) -> dict[str, Any]:
    """On what a statement rests, in words."""
    own = "article" if statement["basis"] == "documented" else None
    cites = {lang: cited_all(statement["cite"], lang, own) for lang in ("zh", "en")}
    return {"basis": statement["basis"], "reported": statement.get("confidence") in ("S", "S+"), "cites": cites}
