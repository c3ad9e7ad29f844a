"""A portfolio's page, section by section: words (portfolio.html.j2) and figures, from its summary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jiebei_lib.core.case import FIELDS
from jiebei_lib.page.html import Head, Section, Words, environment
from jiebei_lib.page.marks import joined
from jiebei_lib.page.text import fold, heads, of_hundred, say
from jiebei_lib.show.portfolio import figures
from jiebei_lib.show.portfolio.words import ask_first, column_name, grade_name, names, reason_name, whole

NAMED = 5  # cases that the first screen names


class BookPage:
    """The report on a portfolio. ``book`` is what :func:`jiebei_lib.portfolio.summary.summary` gives; if empty, an invented one."""

    def __init__(self, book: Mapping[str, Any] | None = None, lang: str = "zh"):
        self.invented = not book
        self.book = book or invented()
        self.lang = lang
        self.names = names(self.book, lang)

    def head(self) -> Head:
        """Title, headline and language."""
        return Head(title=self.say("portfolio.title"), headline=self.headline(), lang=self.lang)

    def answer(self) -> Section:
        """The first screen: counts by grade and witness, whom to talk to first, the one question."""
        return Section([self._words("answer")])

    def counted(self) -> Section:
        """The first half of it, for a panel: what is known before cases are ranked."""
        return Section([self._words("counted")])

    def next(self) -> Section:
        """Its second half: whom to talk to first, and what to ask."""
        return Section([self._words("next")])

    def first(self) -> Section:
        """The cases to talk to first, by their mean rank."""
        return Section([self._words("first", self.listed())])

    def questions(self) -> Section:
        """The one question worth asking."""
        return self._part("questions")

    def grades(self) -> Section:
        """How many cases have which grade, by both witnesses."""
        return self._part("grades")

    def segments(self) -> Section:
        """By the values of a column, held against the rest."""
        return self._part("segments", by=self.column(self.book["by"]))

    def ribbon(self) -> Section:
        """The ranges of all cases."""
        return self._part("ribbon", **self.names)

    def days(self) -> Section:
        """The grades, day by day."""
        return self._part("days")

    def what_if(self) -> Section:
        """Whose grade is another by the other witness, and why."""
        picture = figures.changes_figure(self.book, self.lang) if self.book["changes"] else None
        return Section([self._words("what_if"), *([picture] if picture else [])])

    def limits(self) -> Section:
        """What the numbers are not."""
        return Section([self._words("limits")])

    def headline(self) -> str:
        """The answer in one sentence."""
        one, other = (whole(side["verdicts"]["likely"]) for side in self.book["witnesses"])
        counts = {"cases": whole(self.book["cases"]), "disagree": whole(self.book["agreement"]["disagree"])}
        return self.say("portfolio.headline", likely=one, other_likely=other, **counts, **self.names)

    def counts(self) -> list[list[str]]:
        """A row a grade that some case has: its name, and how many by each witness."""
        sides = [side["grades"] for side in self.book["witnesses"]]
        shown = [grade for grade in sides[0] if any(side[grade] for side in sides)]
        return [[grade_name(grade, self.lang), *(whole(side[grade]) for side in sides)] for grade in shown]

    def agreement(self) -> str:
        counts = {name: whole(n) for name, n in self.book["agreement"].items()}
        return self.say("portfolio.block.agreement", **counts)

    def first_ids(self) -> str:
        """The first of those to talk to first."""
        ids = [row["case_id"] for row in self.book["first"][:NAMED]]
        return (
            self.say("portfolio.block.first_ids", ids=joined(ids, self.lang))
            if ids
            else self.say("portfolio.block.first_none")
        )

    def question(self) -> str:
        """The one question to ask of the whole book."""
        return ask_first(self.book, self.lang)

    def first_lead(self) -> str:
        numbers = {key: whole(self.book[key]) for key in ("cases", "readings")}
        return self.say(
            "portfolio.first.lead", n=len(self.book["first"]), ordered=round(100 * self.book["ordered"]), **numbers
        )

    def listed(self) -> list[list[str]]:
        """A row a case to talk to first: id, ranks, what each witness says so far, the next question."""
        return [
            [
                row["case_id"],
                self.say(
                    "portfolio.first.rank",
                    mean=f"{row['mean_rank']:,.1f}",
                    best=whole(row["best_rank"]),
                    worst=whole(row["worst_rank"]),
                ),
                self._so_far(row, ""),
                self._so_far(row, "other_"),
                FIELDS[row["next_question"]]["name"][self.lang]
                if row["next_question"]
                else self.say("portfolio.first.nothing"),
            ]
            for row in self.book["first"]
        ]

    def _so_far(self, row: Mapping[str, Any], side: str) -> str:
        """One witness's grade so far, and in how many of 100 readings."""
        n, least, most = (of_hundred(row[f"{side}share{end}"]) for end in ("", "_low", "_high"))
        slots = {"grade": grade_name(row[f"{side}grade"], self.lang), "n": n}
        if least == most:
            return self.say("portfolio.first.cell", **slots)
        return self.say("portfolio.first.cell_ranged", least=least, most=most, **slots)

    def say(self, key: str, **slots: Any) -> str:
        return say(key, self.lang, **slots)

    def heads(self, key: str, **slots: Any) -> list[str]:
        return heads(key, self.lang, **{name: fold(slot, self.lang) for name, slot in slots.items()})

    def column(self, name: str) -> str:
        """A column's name as people say it."""
        return column_name(name, self.lang)

    def reasons(self) -> str:
        """What moved most, with how many cases."""
        said = [
            self.say("portfolio.what_if.reason", name=reason_name(why, self.lang), n=whole(n))
            for why, n in self.book["moved"].items()
        ]
        return joined(said, self.lang)

    def _part(self, name: str, **slots: Any) -> Section:
        words = self._words("part", name, slots)
        return Section([words, getattr(figures, f"{name}_figure")(self.book, self.lang)])

    def _words(self, section: str, *given: Any) -> Words:
        macro = getattr(environment().get_template("show/portfolio/portfolio.html.j2").module, section)
        return Words(str(macro(self, self.book, *given)).strip())


def invented() -> dict[str, Any]:
    """The summary of an invented portfolio."""
    from jiebei_lib.portfolio.sample import sample
    from jiebei_lib.portfolio.summary import summary

    return summary(sample(500))
