"""The page on the projector: link and QR code, the question now, how it was answered once that is shown, the class's paths.

It shows counts alone, nobody's name, number or code, and has no button: whatever stands here the teacher chose on the board.
"""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from jiebei_lib.lessons import board
from jiebei_lib.lessons.bank import bank
from jiebei_lib.lessons.learner import LINK, class_file, open_lesson
from jiebei_lib.lessons.store import Store
from jiebei_lib.page.text import heads, say
from jiebei_lib.show.lessons.board import chosen_by_day, question, watch
from jiebei_lib.show.lessons.lead import Lead, lead
from jiebei_lib.show.lessons.words import no_lines, right_answer, words
from jiebei_lib.show.widget.panel import Panel

SECOND = 1.0


def class_screen() -> Panel:
    """The projector's page of the class that ``jiebei class`` opened; it follows the board by itself."""
    panel = Panel(
        [],
        lambda values, lang: [words("screen", shown(lead(class_file())), lead(class_file()).lang)],
        code=no_lines,
        name="screen",
    )
    watch(panel)
    _tick(panel)
    return panel


def _tick(panel: Panel) -> None:
    """Draws anew every second while a time is running."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return

    def tick() -> None:
        if panel.comm is None:
            return
        loop.call_later(SECOND, tick)
        if 0 < lead(class_file()).until + SECOND > time.time():
            panel.redraw()

    loop.call_later(SECOND, tick)


def shown(now: Lead) -> dict[str, Any]:
    """Everything on the page, in words and widths."""
    lang, store, link = now.lang, class_file(), os.environ.get(LINK, "")
    step = say(f"lessons.lead.steps.{now.step}", lang) if now.led else ""
    out = {
        "kind": "front" if now.paused else now.screen,
        "step": step,
        "time": time_left(now.until, lang),
        "here": say("lessons.lead.here", lang, n=store.students()),
    }
    if out["kind"] == "welcome":
        return out | {"link": link, "code": _qr(link)}
    if out["kind"] == "question":
        return out | {"question": _question(now, lang)}
    if out["kind"] == "paths":
        return out | {
            "paths": chosen_by_day(board.paths(store), lang),
            "head": heads("lessons.board.paths_table", lang),
        }
    return out


def time_left(until: float, lang: str) -> str:
    """How long a step still has, in words; empty if no time was given."""
    if not until:
        return ""
    left = math.ceil(until - time.time())
    if left <= 0:
        return say("lessons.lead.time_up", lang)
    return say("lessons.lead.time_left", lang, minutes=left // 60, seconds=f"{left % 60:02d}")


def _question(now: Lead, lang: str) -> Mapping[str, Any] | None:
    """The question that was chosen: its options always, counts and the right answer only once they are shown."""
    if now.item not in bank():
        return None
    item = bank()[now.item]
    answers = answered(class_file(), open_lesson(), now.item)
    parts = [item.get("right", {}), *item.get("wrong", [])] if item["type"] == "choice" else item.get("lines", [])
    options = sorted(part["text"][lang] for part in parts) or [
        step[lang] for step in sorted(item.get("steps", []), key=lambda s: s[lang])
    ]
    why = (
        [item["right"]["why"][lang]]
        if "right" in item
        else [line["why"][lang] for line in item["lines"] if line.get("rule")]
    )
    return {
        "ask": item["ask"][lang],
        "varied": say("lessons.board.varied", lang) if item.get("parallel") else "",
        "options": [] if now.spread and answers else options,
        "count": say("lessons.lead.answered", lang, n=answers.answered if answers else 0),
        "bars": question(answers, lang, now.told)["bars"] if now.spread and answers else [],
        "right": say("lessons.quiz.answer_is", lang, answer=right_answer(item, lang)) if now.told else "",
        "why": why if now.told else [],
    }


def answered(store: Store, lesson: str, item: str) -> board.Spread | None:
    """How one question was answered in the lesson, whatever the phase; a student's last word counts. None if nobody has."""
    last = {
        answer.student: answer
        for answer in store.answers()
        if answer.lesson == lesson and answer.item == item and board.fits(item, answer.response, answer.student)
    }
    if not last:
        return None
    options = range(1 + len(bank()[item]["wrong"])) if bank()[item]["type"] == "choice" else ()
    given = Counter(dict.fromkeys(options, 0))  # an option that nobody took stands there as well
    given.update(board.counted(answer) for answer in last.values())
    right = sum(answer.right for answer in last.values())
    return board.Spread(item, "", len(last), right, dict(given.most_common()))


def _qr(link: str) -> Markup | None:
    """The link as a QR code, a picture drawn here; None without a link, or where segno is not installed."""
    try:
        import segno
    except ImportError:
        return None
    return Markup(segno.make(link, micro=False).svg_inline(omitsize=True, border=2)) if link else None
