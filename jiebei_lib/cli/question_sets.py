"""The bank as question sets for a school's own quiz: Moodle XML and GIFT. Every text is plain text; nothing in it is markup.

What each kind becomes: a choice or a breach is multiple choice (one answer, or several with credit for each right line and a loss for
each wrong one), a number is numerical with its tolerance and the wrong values that have an explanation, an order is matching of steps
with places. The explanations are the feedback of each answer; what a question rests on is its general feedback.

What is said to any other number has an answer of its own in Moodle XML (`*`). GIFT's grammar knows only numbers there, so that it stands in
the general feedback: Moodle's importer would take a line without a number (`~#…`), and other readers of GIFT refuse the question for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from jiebei_lib.lessons.bank import bank, plan
from jiebei_lib.page.text import say
from jiebei_lib.show.lessons.words import cites, right_answer

KINDS = ("moodle", "gift")
CATEGORY = "jiebei"
ESCAPED = re.compile(r"([\\~=#{}:])")  # what GIFT gives a meaning


def question_set(kind: str, lang: str, topics: tuple[str, ...] = ()) -> str:
    """The questions of some topics (all if none is named) in one language, as ``moodle`` XML or as ``gift`` text."""
    return {"moodle": _moodle, "gift": _gift}[kind](chosen(topics), lang)


def chosen(topics: tuple[str, ...] = ()) -> dict[str, dict[str, Any]]:
    """The questions of some topics; all if none is named."""
    return {name: item for name, item in bank().items() if not topics or item["topic"] in topics}


def answers(item: dict[str, Any], lang: str) -> list[tuple[Any, float, str]]:
    """What a learner may answer, what it earns in per cent, and what is said to it.

    Of an order: step, 100, place in words. Of a breach each right line earns an equal part and each wrong one loses as much.
    """
    if item["type"] == "choice":
        options = [(item["right"], 100.0), *((wrong, 0.0) for wrong in item["wrong"])]
        return [(option["text"][lang], earned, option["why"][lang]) for option, earned in options]
    if item["type"] == "number":
        wrong = [(entry["value"], 0.0, entry["why"][lang]) for entry in item["wrong"]]
        return [(item["answer"], 100.0, item["right"]["why"][lang]), *wrong]
    if item["type"] == "order":
        return [(step[lang], 100.0, say("lessons.quiz.step", lang, n=n)) for n, step in enumerate(item["steps"], 1)]
    part = 100 / sum(bool(line.get("rule")) for line in item["lines"])
    return [(line["text"][lang], part if line.get("rule") else -part, line["why"][lang]) for line in item["lines"]]


def asked(item: dict[str, Any], lang: str) -> str:
    """The question with what a learner must know to answer it: the unit of a number, that several lines may be ticked."""
    more = {
        "number": say("lessons.bank.in_unit", lang, unit=item["unit"][lang]) if item["type"] == "number" else "",
        "breach": say("lessons.quiz.tick", lang),
    }
    return "\n".join(filter(None, [item["ask"][lang], more.get(item["type"], "")]))


def explained(item: dict[str, Any], lang: str) -> str:
    """The right answer in words, why, and what that rests on."""
    why = item["right"]["why"][lang] if "right" in item else ""
    told = say("lessons.quiz.answer_is", lang, answer=right_answer(item, lang))
    basis = say(f"basis.{item['basis']}", lang)
    return "\n".join(filter(None, [told, why, say("lessons.bank.rests", lang, basis=basis, cites=cites(lang)(item))]))


# ---- Moodle XML ----------------------------------------------------------------------------------------------------


def _moodle(chosen: dict[str, dict[str, Any]], lang: str) -> str:
    root = ElementTree.Element("quiz")
    for topic, items in _by_topic(chosen):
        category = ElementTree.SubElement(root, "question", type="category")
        _text(category, "category", f"$course$/{CATEGORY}/{plan()['topics'][topic]['name'][lang]}")
        for name, item in items:
            _moodle_question(root, name, item, lang)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, "unicode") + "\n"


def _moodle_question(root: ElementTree.Element, name: str, item: dict[str, Any], lang: str) -> None:
    kind = {"choice": "multichoice", "breach": "multichoice", "number": "numerical", "order": "matching"}[item["type"]]
    question = ElementTree.SubElement(root, "question", type=kind)
    _text(question, "name", name)
    _text(question, "questiontext", asked(item, lang), format="plain_text")
    _text(question, "generalfeedback", explained(item, lang), format="plain_text")
    for tag, value in (("defaultgrade", "1"), ("penalty", "0"), ("hidden", "0"), ("idnumber", name)):
        ElementTree.SubElement(question, tag).text = value
    if kind == "multichoice":
        ElementTree.SubElement(question, "single").text = "true" if item["type"] == "choice" else "false"
        ElementTree.SubElement(question, "answernumbering").text = "abc"
    if kind != "numerical":
        ElementTree.SubElement(question, "shuffleanswers").text = "false" if item["type"] == "breach" else "true"
    for given, earned, said in answers(item, lang):
        if kind == "matching":
            pair = ElementTree.SubElement(question, "subquestion", format="plain_text")
            ElementTree.SubElement(pair, "text").text = given
            _text(pair, "answer", said)
            continue
        number = kind == "numerical"
        shown = f"{given:.10g}" if number else given
        one = ElementTree.SubElement(
            question, "answer", fraction=_percent(earned), format="moodle_auto_format" if number else "plain_text"
        )
        ElementTree.SubElement(one, "text").text = shown
        _text(one, "feedback", said, format="plain_text")
        if number:
            ElementTree.SubElement(one, "tolerance").text = f"{item['tolerance']:.10g}"
    if kind == "numerical":
        other = ElementTree.SubElement(question, "answer", fraction="0", format="moodle_auto_format")
        ElementTree.SubElement(other, "text").text = "*"
        _text(other, "feedback", item["otherwise"]["why"][lang], format="plain_text")
    tags = ElementTree.SubElement(question, "tags")
    for tag in (item["topic"], f"difficulty-{item['difficulty']}"):
        _text(tags, "tag", tag)


def _text(parent: ElementTree.Element, tag: str, text: str, **attributes: str) -> None:
    ElementTree.SubElement(ElementTree.SubElement(parent, tag, attributes), "text").text = text


# ---- GIFT ----------------------------------------------------------------------------------------------------------


def _gift(chosen: dict[str, dict[str, Any]], lang: str) -> str:
    out = []
    for topic, items in _by_topic(chosen):
        out.append(f"$CATEGORY: $course$/{CATEGORY}/{plan()['topics'][topic]['name'][lang]}")
        for name, item in items:
            tags = f"// [id:{name}] [tag:{item['topic']}] [tag:difficulty-{item['difficulty']}]"
            lines = [*_gift_answers(item, lang), f"####{_escaped(_gift_explained(item, lang))}"]
            out.append(
                f"{tags}\n::{name}::[plain]{_escaped(asked(item, lang))} {{{_opening(item)}\n"
                + "\n".join(lines)
                + "\n}"
            )
    return "\n\n".join(out) + "\n"


def _opening(item: dict[str, Any]) -> str:
    return "#" if item["type"] == "number" else ""


def _gift_answers(item: dict[str, Any], lang: str) -> Iterator[str]:
    for given, earned, said in answers(item, lang):
        if item["type"] == "order":
            yield f"={_escaped(given)} -> {_escaped(said)}"
        elif item["type"] == "number":
            yield f"=%{_percent(earned)}%{given:.10g}:{item['tolerance']:.10g}#{_escaped(said)}"
        elif item["type"] == "choice":
            yield f"{'=' if earned else '~'}{_escaped(given)}#{_escaped(said)}"
        else:
            yield f"~%{_percent(earned)}%{_escaped(given)}#{_escaped(said)}"


def _gift_explained(item: dict[str, Any], lang: str) -> str:
    if item["type"] != "number":
        return explained(item, lang)
    other = say("lessons.bank.other_number", lang, why=item["otherwise"]["why"][lang])
    return f"{explained(item, lang)}\n{other}"


def _escaped(text: str) -> str:
    """A text in which nothing has a meaning for GIFT, on one line."""
    return ESCAPED.sub(r"\\\1", text).replace("\n", "\\n")


def _percent(earned: float) -> str:
    """Per cent as Moodle knows them: whole, or to five decimals (33.33333)."""
    return f"{earned:.5f}".rstrip("0").rstrip(".")


def _by_topic(chosen: dict[str, dict[str, Any]]) -> Iterator[tuple[str, list[tuple[str, dict[str, Any]]]]]:
    for topic in plan()["topics"]:
        if items := [(name, item) for name, item in chosen.items() if item["topic"] == topic]:
            yield topic, items
