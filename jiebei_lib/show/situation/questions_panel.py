"""What people ask, as a panel: a few words find an answer, or one is chosen from the list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jiebei_lib.page.html import Words, environment
from jiebei_lib.page.text import say
from jiebei_lib.show.situation.words import topic_lines
from jiebei_lib.show.widget.fields import both, choice, text
from jiebei_lib.show.widget.panel import Panel
from jiebei_lib.situation.topics import AskedQuestion, search, topics


def questions() -> Panel:
    """The questions behind the counts. ``panel.result`` is what was found, the likest first."""
    names = {topic.id: topic.question for topic in topics()}
    fields = [
        text("words", both("situation.topics.words"), longest=100, note=both("situation.topics.words_note")),
        choice("topic", both("situation.topics.choose"), names, look="select"),
    ]
    return Panel(fields, _draw, result=_found, code=_lines, name="questions")


def _found(values: Mapping[str, Any]) -> list[AskedQuestion]:
    """What the words find; without words, the question chosen from the list."""
    if values["words"].strip():
        return [topic for topic, _ in search(values["words"])]
    return [topic for topic in topics() if topic.id == values["topic"]]


def _lines(values: Mapping[str, Any]) -> list[str]:
    """The same in Python."""
    return ["from jiebei_lib.situation.topics import search", "", f"search({values['words']!r})"]


def _draw(values: Mapping[str, Any], lang: str) -> dict[str, list[Any]]:
    found = _found(values)
    if not found:
        lines, others = [(say("situation.topics.nothing_here", lang), "")], []
    else:
        lines, others = topic_lines(found[0], lang), [topic.question[lang] for topic in found[1:]]
    made = (
        environment()
        .get_template("show/situation/panel.html.j2")
        .module.topic(lines, others, say("situation.topics.or", lang))
    )
    return {"top": [Words(str(made).strip())]}
