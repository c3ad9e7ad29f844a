"""A lesson's printed sheets: worksheet, answers, a page of what to do, what people ask, the guide. A method is a notebook's cell."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from jiebei_lib.core.assessment import assess
from jiebei_lib.core.case import Case
from jiebei_lib.core.knowledge.problems import Problem, ReportError, items, shown
from jiebei_lib.lessons.bank import bank, checked_file, plan, revealed
from jiebei_lib.lessons.forms import Asked, apportion, asked_counts, forms, targets
from jiebei_lib.lessons.learner import LESSONS, SEED, SHEETS
from jiebei_lib.page.html import Head, Section, Words, environment
from jiebei_lib.page.text import heads, say
from jiebei_lib.show.lessons.words import cites, in_unit, right_answer
from jiebei_lib.situation.topics import AskedQuestion, topics

LATE = Case(days_overdue=7, amount_overdue=5000, communication="silent", case_id="page")  # whom the page speaks to
AS_OF = "2026-11-24"
ACTIONS = (
    "answer",
    "explain_and_plan",
    "pay_something",
    "tell_contacts",
    "keep_evidence",
    "check_record",
    "no_new_debt",
    "reminders",
)
FORBIDDEN = ("reveal_debt", "collect_from_contact", "call_again_after_refusal", "night", "pester")


class Sheet:
    """One sheet of one lesson in one language; ``seed`` draws the questions. Raises :class:`ReportError` for a sheet that is none."""

    def __init__(self, lesson: str, sheet: str, lang: str = "zh", seed: int = SEED):
        for value, known in ((lesson, LESSONS), (sheet, SHEETS)):
            if value not in known:
                raise ReportError(Problem("not_one_of", "handout", {"value": shown(value), "allowed": items(known)}))
        self.lesson, self.sheet, self.lang, self.seed = lesson, sheet, lang, seed
        whole = checked_file("guide.yaml", "Guide")
        self.guide, self.prepare, self._talk = (
            whole["lessons"][lesson],
            whole["prepare"],
            whole["talk"]["minutes"]["value"],
        )
        self.forms = forms(seed + LESSONS.index(lesson))

    def head(self) -> Head:
        title = self.say("lessons.sheets.title", lesson=self.guide["title"][self.lang], sheet=self.name)
        return Head(lang=self.lang, title=title, headline=title)

    def opening(self) -> Section:
        """What it is."""
        return Section([self._words("opening")])

    def body(self) -> Section:
        """The sheet itself."""
        return Section([self._words(self.sheet)])

    def _words(self, macro: str) -> Words:
        return Words(
            str(getattr(environment().get_template("show/lessons/sheets.html.j2").module, macro)(self)).strip()
        )

    # What the templates need, in this sheet's language.

    def say(self, key: str, **slots: Any) -> str:
        return say(key, self.lang, **slots)

    def heads(self, key: str) -> list[str]:
        return heads(key, self.lang)

    @property
    def name(self) -> str:
        return self.say(f"lessons.sheets.names.{self.sheet}")

    @property
    def heading(self) -> str:
        return self.name if self.sheet in ("page", "questions") else self.guide["title"][self.lang]

    def cites(self, statement: dict[str, Any]) -> str:
        return cites(self.lang)(statement)

    def item(self, asked: Asked) -> dict[str, Any]:
        return bank()[asked.item]

    def options(self, asked: Asked) -> list[str]:
        """The parts of a question as they stand on the sheet."""
        item = self.item(asked)
        if item["type"] == "choice":
            texts = [entry["text"] for entry in (item["right"], *item["wrong"])]
            return [f"{letter}. {texts[part][self.lang]}" for letter, part in zip("ABCD", asked.shown, strict=False)]
        texts = item["steps"] if item["type"] == "order" else [line["text"] for line in item["lines"]]
        return [texts[part][self.lang] for part in asked.shown]

    def answer(self, asked: Asked) -> str:
        """The right answer, with its letter or numbers as they stand on the sheet."""
        item = self.item(asked)
        said = right_answer(item, self.lang)
        if item["type"] == "choice":
            return f"{'ABCD'[asked.shown.index(0)]}. {said}"
        if item["type"] == "order":
            return (
                f"{'、'.join(str(part + 1) for part in asked.shown)}（{said}）"
                if self.lang == "zh"
                else (f"{', '.join(str(part + 1) for part in asked.shown)} ({said})")
            )
        return said

    def feedback(self, asked: Asked) -> Iterator[tuple[str, str]]:
        """What each answer is told, and the misconception it reveals."""
        item, known = self.item(asked), plan()["misconceptions"]
        if item["type"] == "breach":
            for line in item["lines"]:
                yield f"{line['text'][self.lang]} {line['why'][self.lang]}", known[line["reveals"]][self.lang]
            return
        yield item["right"]["why"][self.lang], ""
        wrongs = item["wrong"]
        if item["type"] == "choice":  # in the order of the letters
            wrongs = [wrongs[part - 1] for part in asked.shown if part]
        for wrong in wrongs:
            if "text" in wrong:
                named = "ABCD"[asked.shown.index(item["wrong"].index(wrong) + 1)]
            elif "value" in wrong:
                named = in_unit(item, wrong["value"], self.lang)
            else:
                named = f"{wrong['first']} → {wrong['before']}"
            yield f"{named}: {wrong['why'][self.lang]}", known[wrong["reveals"]][self.lang]

    @cached_property
    def best(self) -> str:
        """The best path of the game with this seed; nothing for the other lessons."""
        if self.lesson != "lesson_1":
            return ""
        from jiebei_lib.lessons import best_path, seven_days

        in_world = seven_days.world(self.seed)
        points, path = best_path.best_from(seven_days.start(in_world), in_world)
        named = " → ".join(seven_days.game()["choices"][name]["name"][self.lang] for name in path)
        return self.say("lessons.sheets.best_path", seed=self.seed, path=named, points=f"{points:.1f}")

    @cached_property
    def _late(self) -> Any:
        return assess(LATE, "article", AS_OF)

    @property
    def actions(self) -> list[Any]:
        return [action for action in self._late.actions if action["id"] in ACTIONS]

    @property
    def spoken(self) -> list[Any]:
        """Words to say, with days and amount left open."""
        from jiebei_lib.core.policy import load_policy

        blank = {"zh": "［＿＿］", "en": "[____]"}
        words = [one for one in load_policy().data["advice"]["words"].values() if LATE.matches(one)]
        return [
            {"text": {lang: text.format(days=blank[lang], amount=blank[lang]) for lang, text in one["text"].items()}}
            for one in words
        ]

    @property
    def forbidden(self) -> list[Any]:
        return [rule for rule in self._late.conduct if rule["side"] == "may_not" and rule["id"] in FORBIDDEN]

    @property
    def questions(self) -> list[AskedQuestion]:
        """What people ask, the most asked first."""
        return topics()

    @property
    def spread(self) -> list[tuple]:
        """Topic, questions asked, items in the bank and in a form, minutes of talk."""
        weights = plan()["weights"]
        form = apportion(weights["form_items"]["value"], weights["form_floor"]["value"])
        talk, asked = apportion(self._talk, 1), asked_counts()
        most_first = sorted(asked, key=lambda name: -asked[name])
        return [
            (plan()["topics"][name]["name"][self.lang], asked[name], targets()[name], form[name], talk[name])
            for name in most_first
        ]

    @property
    def misconceptions(self) -> list[str]:
        names = dict.fromkeys(
            reveals for form in self.forms for asked in form for reveals in revealed(self.item(asked))
        )
        return [plan()["misconceptions"][name][self.lang] for name in names]
