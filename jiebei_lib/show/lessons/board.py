"""The teacher's board: what the class has answered so far, redrawn every few seconds; CSV; delete everything."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from jiebei_lib.core.knowledge.problems import UserError
from jiebei_lib.lessons import board
from jiebei_lib.lessons import seven_days as game
from jiebei_lib.lessons.bank import OTHER, bank, mark, plan
from jiebei_lib.lessons.learner import LESSONS, class_file, open_lesson, seed
from jiebei_lib.lessons.store import Store
from jiebei_lib.page.html import Words
from jiebei_lib.page.text import LANGUAGES, heads, say
from jiebei_lib.show.lessons.gradebook import gradebook
from jiebei_lib.show.lessons.words import answer, no_lines, words
from jiebei_lib.show.widget.fields import both, button, check, choice, number
from jiebei_lib.show.widget.panel import Download, Panel
from jiebei_lib.show.widget.switch import current

EVERY = 3.0  # seconds between looks at the class
WIDE = 400  # of the interval's picture
PHASES = ("before", "after", "practice")
MOST = 8  # misconceptions shown
OTHERS = 5  # different answers to a question shown singly


def class_board() -> Panel:
    """The board of the class that ``jiebei class`` opened."""
    lessons = {name: both(f"lessons.board.names.{name}") for name in LESSONS}
    phases = {name: both(f"lessons.quiz.{name}") for name in PHASES}
    fields = [
        choice("lesson", both("lessons.board.lesson"), lessons, open_lesson(), look="select"),
        choice("phase", both("lessons.board.phase"), phases, look="select"),
        button("refresh", both("lessons.board.refresh"), main=True),
        button("export", both("lessons.board.export")),
        button("grades", both("lessons.board.export_grades")),
        check("sure", both("lessons.board.sure_delete")),
        button("delete", both("lessons.board.delete")),
    ]
    fields[3:3] = [
        number("student", both("lessons.board.student"), None, 1, 10_000, blank=True),
        button("remove", both("lessons.board.remove")),
    ]
    presses = {"refresh": _refresh, "export": _export, "grades": _grades, "remove": _removing(), "delete": _delete}
    panel = Panel(fields, draw, presses=presses, code=no_lines, name="board")
    watch(panel)
    return panel


def _refresh(values: Mapping[str, Any], panel: Panel) -> None:
    panel.redraw()


def _export(values: Mapping[str, Any], panel: Panel) -> Download:
    return Download("class.csv", class_file().export(), "text/csv")


def _removing() -> Callable[[Mapping[str, Any], Panel], dict[str, Any] | None]:
    """Takes one student out, whole, once the teacher has pressed twice for the same number."""
    asked: list[int] = []

    def remove(values: Mapping[str, Any], panel: Panel) -> dict[str, Any] | None:
        chosen, before = values.get("student"), list(asked)
        asked.clear()
        if type(chosen) is not int or chosen not in class_file().codes():
            panel.tell(both("lessons.board.no_student"))
            return None
        if before != [chosen]:
            asked.append(chosen)
            panel.tell(both("lessons.board.remove_again", n=chosen))
            return None
        class_file().delete_all(chosen)
        panel.tell(both("lessons.board.removed", n=chosen))
        panel.redraw()
        return {"student": None}

    return remove


def _grades(values: Mapping[str, Any], panel: Panel) -> Download:
    lesson = values["lesson"] if values["lesson"] in LESSONS else open_lesson()
    return Download(f"grades-{lesson}.csv", gradebook(class_file(), lesson, current.lang, seed()), "text/csv")


def _delete(values: Mapping[str, Any], panel: Panel) -> dict[str, Any] | None:
    if not values.get("sure"):
        panel.tell(both("lessons.board.confirm_first"))
        return None
    class_file().delete_all()
    panel.tell(both("lessons.board.deleted"))
    panel.redraw()
    return {"sure": False}


def watch(panel: Panel) -> None:
    """Looks again every few seconds while the notebook runs; without an event loop (a test, an export) once is enough."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return

    def look() -> None:
        if panel.comm is None:
            return
        loop.call_later(EVERY, look)  # first: should this look fail, there is a next one
        panel.redraw()
        try:
            class_file().check()
        except UserError as failure:  # students' answers are not kept: the teacher must know
            panel.tell({lang: failure.say(lang) for lang in LANGUAGES})
            troubled.add(True)
        else:
            if troubled:
                troubled.clear()
                panel.tell(None)

    troubled: set[bool] = set()
    loop.call_later(EVERY, look)


def draw(values: Mapping[str, Any], lang: str) -> list[Words]:
    lesson, phase = values["lesson"], values["phase"]
    if lesson not in LESSONS or phase not in PHASES:
        return []
    return [words("board", shown(lesson, phase, lang), lang)]


def shown(lesson: str, phase: str, lang: str) -> dict[str, Any]:
    """Everything on the board, in words and widths."""
    store, length = class_file(), plan()["weights"]["form_items"]["value"]
    counts = board.progress(store, lesson, length)
    empty = "none" if store.path else "no_class"
    count = say("lessons.board.count", lang, **counts) if counts["joined"] else say(f"lessons.board.{empty}", lang)
    out = {"count": count, "gain": "", "interval": None, "sure": "", "eyes": ""}
    if gain := board.gain(store, lesson, length):
        out |= _gain(gain, lang)
    right, judged = board.eyes(store)
    paths = board.paths(store) if lesson == "lesson_1" and counts["joined"] else {}
    known = [row for row in board.misconceptions(store, lesson) if row[0] in plan()["misconceptions"]]
    gone = board.gone(store, lesson, phase)
    return out | {
        "misconceptions": [(plan()["misconceptions"][name][lang], *n) for name, *n in known[:MOST]],
        "gone": say("lessons.board.gone", lang, n=gone) if gone else "",
        "each": _each(store, lesson),
        "each_head": heads("lessons.board.each_table", lang),
        "misconceptions_head": heads("lessons.board.misconceptions_table", lang),
        "questions": [question(spread, lang) for spread in board.spreads(store, lesson, phase)],
        "paths": chosen_by_day(paths, lang),
        "paths_head": heads("lessons.board.paths_table", lang),
        "eyes": say("lessons.board.eyes", lang, judged=judged, right=right) if judged else "",
    }


def _each(store: Store, lesson: str) -> list[tuple[int, int, int, int]]:
    """Number, answers before, answers after, days played in the latest game: who has done least first, so that who is stuck is seen."""
    done = {number: [0, 0, 0] for number in store.codes()}
    for given in store.answers():
        if given.lesson == lesson and given.phase != "practice" and given.student in done:
            done[given.student][given.phase == "after"] += 1
    latest: dict[int, tuple[int, int]] = {}
    for move in store.moves():
        latest[move.student] = max(latest.get(move.student, (0, 0)), (move.run, move.day))
    for student, (_, day) in latest.items():
        if student in done:
            done[student][2] = day
    rows = [(number, before, after, days) for number, (before, after, days) in done.items()]
    return sorted(rows, key=lambda row: (sum(row[1:]), row[0]))


def _gain(gain: board.Gain, lang: str) -> dict[str, Any]:
    slots = {"students": gain.students, "before": f"{gain.before:.0%}", "after": f"{gain.after:.0%}"}
    if gain.low is None or gain.high is None:
        return {"gain": say("lessons.board.gain_few", lang, **slots)}
    slots |= {name: f"{100 * getattr(gain, name):+.0f}".replace("-", "−") for name in ("change", "low", "high")}
    x = [WIDE * (1 + end) / 2 for end in (gain.low, gain.high, gain.change)]
    return {
        "gain": say("lessons.board.gain", lang, **slots),
        "interval": {"x": round(x[0]), "width": max(2, round(x[1] - x[0])), "at": round(x[2])},
        "sure": say(f"lessons.board.{'sure' if gain.sure else 'unsure'}", lang),
    }


def chosen_by_day(paths: Mapping[int, Counter[str]], lang: str) -> list[tuple[int, str]]:
    """Day, and in words how often each choice was made on it; days without any are left out."""
    acts, comma = game.game()["choices"], "，" if lang == "zh" else ", "
    return [
        (day, comma.join(_people(name, n, lang) for name, n in chosen.most_common() if name in acts))
        for day, chosen in paths.items()
        if chosen
    ]


def _people(name: str, count: int, lang: str) -> str:
    return say("lessons.board.people", lang, choice=game.game()["choices"][name]["name"][lang], count=count)


def question(spread: board.Spread, lang: str, told: bool = True) -> dict[str, Any]:
    """A question and its answers as bars, the right one first and marked; not ``told``: the commonest first, none marked."""
    item = bank()[spread.item]
    unsure = say("lessons.quiz.unsure", lang)
    given = [
        (mark(item, response).right, count, unsure if response is None else answer(item, response, lang))
        for response, count in spread.given.items()
        if response != OTHER
    ]
    given.sort(key=lambda each: (told and not each[0], -each[1]))
    if rest := sum(count for _, count, _ in given[OTHERS:]) + spread.given.get(OTHER, 0):
        given[OTHERS:] = [(False, rest, say("lessons.board.other", lang))]
    bars = [
        {"text": text, "count": count, "right": right if told else None, "width": round(100 * count / spread.answered)}
        for right, count, text in given
    ]
    count = say("lessons.board.question_count", lang, answered=spread.answered, right=spread.right)
    if item.get("parallel"):
        count = f"{count} {say('lessons.board.varied', lang)}"
    return {"ask": item["ask"][lang], "count": count, "bars": bars}
