"""The quiz: one question a screen, its answer kept at once. See lessons/learner.py for who answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jiebei_lib.core.knowledge.problems import Problem, UserError
from jiebei_lib.lessons.bank import Marked, bank, given_to, mark
from jiebei_lib.lessons.board import fits
from jiebei_lib.lessons.forms import Asked
from jiebei_lib.lessons.learner import class_file, learner
from jiebei_lib.page.html import Words
from jiebei_lib.page.text import say
from jiebei_lib.show.lessons.led import closed, follow, gate
from jiebei_lib.show.lessons.words import answer, cites, no_lines, right_answer, words
from jiebei_lib.show.widget.fields import Field, both, button, choice, many, number
from jiebei_lib.show.widget.panel import Panel

LARGEST = 10_000_000  # of a number that may be answered
OPTIONS = "abcdef"  # what the browser calls the parts of a question, in the order on screen
UNSURE = ""


def quiz(lesson: str, phase: str) -> Panel:
    """The form of a phase, ``before`` or ``after``: the first without telling answers, the second with feedback."""
    return _Quiz(lesson, phase, None).panel


def practice(lesson: str, *names: str) -> Panel:
    """Some questions of the bank, with feedback: by id."""
    shown = [Asked(name, tuple(range(_parts(bank()[name])))) for name in names]
    return _Quiz(lesson, "practice", [_turned(asked, n) for n, asked in enumerate(shown)]).panel


def _parts(item: Mapping[str, Any]) -> int:
    return len(item["wrong"]) + 1 if item["type"] == "choice" else len(item.get("steps") or item.get("lines") or ())


def _turned(asked: Asked, by: int) -> Asked:
    """Parts turned round by some places, so that the right one does not always stand first; lines keep their order."""
    kind = bank()[asked.item]["type"]
    places = max(1, len(asked.shown))
    by = {"breach": 0, "order": 1 + by % max(1, places - 1)}.get(kind, by % places)
    return Asked(asked.item, asked.shown[by:] + asked.shown[:by])


class _Quiz:
    """Where a learner stands in a form: not begun, at a question, at its feedback, done."""

    def __init__(self, lesson: str, phase: str, fixed: list[Asked] | None):
        self.lesson, self.phase, self.fixed = lesson, phase, fixed
        self.length = len(fixed) if fixed else len(_first_form(lesson))
        self.tells = phase != "before"
        self.form: list[Asked] | None = None
        self.at = -1
        self.mark: Marked | None = None
        self.given: Any = None
        presses = {"begin": self.begin, "submit": self.submit, "next": self.next}
        self.panel = Panel(self.fields(), self.draw, presses=presses, code=no_lines, name=phase)
        learner.observe(lambda _: self.come_back(), "code")
        follow(self.update)

    @property
    def finished(self) -> bool:
        return self.form is not None and self.at >= len(self.form)

    def closed(self) -> str:
        """Why nothing can be done here now (see lessons/lead.py); empty if something can."""
        how = "open" if self.finished else gate(self.phase)
        return "" if how == "open" else how

    # What is pressed

    def begin(self, values: Mapping[str, Any], panel: Panel) -> None:
        if self.closed():
            self.update()
            return
        learner.enter()
        self.form = self.fixed or learner.form(self.lesson, self.phase)
        self.resume()
        self.update()

    def submit(self, values: Mapping[str, Any], panel: Panel) -> None:
        if self.form is None or self.mark is not None or not 0 <= self.at < len(self.form):
            return
        if self.closed():
            self.update()
            return
        asked = self.form[self.at]
        self.given = response(asked, values.get(f"answer_{self.at}"), values, self.at)
        self.mark = class_file().answer(learner.enter(), self.lesson, self.phase, asked.item, self.given)
        if not self.tells:
            self.resume()
        self.update()

    def next(self, values: Mapping[str, Any], panel: Panel) -> None:
        if self.form is not None:
            self.resume()
            self.update()

    def come_back(self) -> None:
        """Another learner, or one who comes back: the quiz begins where they stopped."""
        self.form, self.at, self.mark = None, -1, None
        if self.phase != "practice" and class_file().done(learner.code, self.lesson, self.phase):
            self.form = learner.form(self.lesson, self.phase)
            self.resume()
        self.update()

    def resume(self) -> None:
        """To the first question that is not answered yet."""
        done = class_file().done(learner.code, self.lesson, self.phase)
        self.mark, self.given = None, None
        form = self.form or []
        self.at = next((n for n, asked in enumerate(form) if asked.item not in done), len(form))

    def update(self) -> None:
        again(self.panel, self.fields())

    # What is shown

    def fields(self) -> list[Field]:
        if self.closed():
            return []
        if self.form is None:
            return [button("begin", both("lessons.quiz.begin"), main=True)]
        if self.at >= len(self.form):
            return []
        if self.mark is not None:
            return [button("next", both("lessons.quiz.next"), main=True)]
        asked = self.form[self.at]
        return [
            *question_fields(asked, self.at, self.item(asked.item)),
            button("submit", both("lessons.quiz.submit"), main=True),
        ]

    def draw(self, values: Mapping[str, Any], lang: str) -> dict[str, list[Words]]:
        if how := self.closed():
            return {"top": [closed(say(f"lessons.quiz.{self.phase}", lang), how, lang)]}
        if self.form is None:
            lead = say(f"lessons.quiz.{self.phase}_lead", lang, number=self.length)
            return {"top": [words("start", say(f"lessons.quiz.{self.phase}", lang), lead)]}
        if self.at >= len(self.form):
            return {"top": [self.result(lang)]}
        at = say("lessons.quiz.at", lang, n=self.at + 1, number=len(self.form))
        item = self.item(self.form[self.at].item)
        if self.mark is None:  # an order has a control for each step, so its question stands above them
            return {"top": [words("question", item, lang, at) if item["type"] == "order" else words("kicker", at)]}
        told = [say("lessons.quiz.answer_is", lang, answer=right_answer(item, lang))]
        if self.given is not None and not self.mark.right:
            told.insert(0, say("lessons.quiz.given", lang, answer=answer(item, self.given, lang)))
        verdict = "right" if self.mark.right else "unknown" if self.given is None else "wrong"
        question = words("question", item, lang, at)
        return {"top": [question, words("marked", item, self.mark, verdict, lang, cites(lang), told)]}

    def result(self, lang: str) -> Words:
        """What came of it; after the second form, both, and the first questions with their answers."""
        if not self.tells:
            return words("sentences", say("lessons.quiz.done", lang), [say("lessons.quiz.done_before", lang)])
        done = class_file().done(learner.code, self.lesson, self.phase)
        first = class_file().done(learner.code, self.lesson, "before") if self.phase == "after" else {}
        form = self.form or []
        own = {asked.item for asked in form}  # a lesson's practices share a phase
        after = self.right({name: given for name, given in done.items() if name in own})
        slots = {"after": after, "before": self.right(first), "number": len(form)}
        key = "result" if first else "result_one"
        looked = [(self.item(name), right_answer(self.item(name), lang)) for name in first if name in bank()]
        return words("result", say(f"lessons.quiz.{key}", lang, **slots), looked, lang, cites(lang))

    def item(self, name: str) -> dict[str, Any]:
        """A question in the numbers in which this learner gets it."""
        return given_to(name, class_file().number(learner.code))

    def right(self, done: Mapping[str, Any]) -> int:
        """How many are right; an answer to a question that has gone or changed since is not."""
        own = class_file().number(learner.code)
        return sum(mark(given_to(name, own), given).right for name, given in done.items() if fits(name, given, own))


def question_fields(asked: Asked, n: int, item: Mapping[str, Any] | None = None) -> list[Field]:
    """The controls of one question, in its own numbers if ``item`` gives no others; what the browser sends says only where things
    stand on screen."""
    item, name = item or bank()[asked.item], f"answer_{n}"
    unsure = both("lessons.quiz.unsure")
    if item["type"] == "choice":
        texts = [(item["right"], *item["wrong"])[part]["text"] for part in asked.shown]
        options = dict(zip(OPTIONS, texts, strict=False)) | {UNSURE: unsure}
        return [choice(name, item["ask"], options, UNSURE)]
    if item["type"] == "number":
        note = both("lessons.quiz.blank")
        return [
            number(name, item["ask"], None, -LARGEST, LARGEST, whole=False, unit=item["unit"], blank=True, note=note)
        ]
    if item["type"] == "breach":
        options = {OPTIONS[n]: item["lines"][part]["text"] for n, part in enumerate(asked.shown)}
        return [many(name, item["ask"], options, note=both("lessons.quiz.tick"))]
    options = {OPTIONS[n]: item["steps"][part] for n, part in enumerate(asked.shown)} | {UNSURE: unsure}
    return [
        choice(f"{name}_{step}", both("lessons.quiz.step", n=step + 1), options, UNSURE, look="select")
        for step in range(len(item["steps"]))
    ]


def response(asked: Asked, given: Any, values: Mapping[str, Any], n: int) -> Any:
    """What the bank calls an answer, from what the browser sent; None for "I don't know", or for what cannot be.

    Raises :class:`UserError` for an order that uses a step twice.
    """
    item = bank()[asked.item]
    places = {letter: part for letter, part in zip(OPTIONS, asked.shown, strict=False)}
    if item["type"] == "choice":
        return places.get(given) if isinstance(given, str) else None
    if item["type"] == "number":
        fine = isinstance(given, int | float) and not isinstance(given, bool) and abs(given) <= LARGEST
        return float(given) if fine else None
    if item["type"] == "breach":
        ticked = given if isinstance(given, list) else []
        return sorted(places[letter] for letter in set(map(str, ticked)) if letter in places) or None
    order = [places.get(str(values.get(f"answer_{n}_{step}"))) for step in range(len(asked.shown))]
    if None in order:
        return None
    if len(set(order)) < len(order):
        raise UserError(Problem("twice", "order"))
    return order


def _first_form(lesson: str) -> list[Asked]:
    from jiebei_lib.lessons.forms import forms
    from jiebei_lib.lessons.learner import LESSONS, seed

    return forms(seed() + LESSONS.index(lesson))[0]


def again(panel: Panel, fields: list[Field]) -> None:
    """Shows other fields and draws anew, once, also where no value has changed."""
    turn = panel.page["turn"]
    panel.show(fields)
    if panel.page["turn"] == turn:
        panel.redraw()
