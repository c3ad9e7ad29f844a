"""A portfolio's page, section by section: words (portfolio.html.j2) and figures, from a summary that holds no single case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jiebei_lib.page.html import Head, Section, Words, environment
from jiebei_lib.page.text import heads, say, witness_name
from jiebei_lib.show.portfolio import figures
from jiebei_lib.show.portfolio.words import column_name, reason_name, whole


class BookPage:
    """The report on a portfolio. ``book`` is what :func:`jiebei_lib.portfolio.summary.summary` gives; if empty, an invented one."""

    def __init__(self, book: Mapping[str, Any] | None = None, lang: str = "zh"):
        self.invented = not book
        self.book = dict(book) if book else invented()
        self.lang = lang

    def head(self) -> Head:
        """Title, headline and language."""
        return Head(title=self.say("portfolio.title"), headline=self.headline(), lang=self.lang)

    def answer(self) -> Section:
        """How many, in one sentence."""
        return Section([self._words("answer")])

    def summary(self) -> Section:
        """The same without a heading, for a panel."""
        return Section([self._words("summary")])

    def verdicts(self) -> Section:
        """How many cases have which answer."""
        return self._part("verdicts")

    def ribbon(self) -> Section:
        """The ranges of all cases."""
        return self._part("ribbon")

    def days(self) -> Section:
        """The expected number of calls to contacts, day by day."""
        return self._part("days")

    def segments(self) -> Section:
        """By the values of a column."""
        return self._part("segments", by=self.column(self.book["by"]))

    def questions(self) -> Section:
        """The one question worth asking."""
        return self._part("questions")

    def what_if(self) -> Section:
        """Who changes, and why, under another policy."""
        picture = figures.changes_figure(self.book, self.lang) if self.book["changes"] else None
        return Section([self._words("what_if"), *([picture] if picture else [])])

    def limits(self) -> Section:
        """What the numbers are not."""
        return Section([self._words("limits")])

    def headline(self) -> str:
        """The answer in one sentence."""
        counts = {name: whole(value) for name, value in self.book["expected"].items()}
        return self.say("portfolio.headline", **counts)

    def say(self, key: str, **slots: Any) -> str:
        return say(key, self.lang, **slots)

    def heads(self, key: str) -> list[str]:
        return heads(key, self.lang)

    def policy_name(self, which: str) -> str:
        return witness_name(self.book[which], self.lang)

    def column(self, name: str) -> str:
        """A column's name as people say it."""
        return column_name(name, self.lang)

    def reasons(self) -> str:
        """What moved most, with how many cases."""
        return ("、" if self.lang == "zh" else ", ").join(
            self.say("portfolio.what_if.reason", name=reason_name(why, self.lang), n=whole(n))
            for why, n in self.book["moved"].items()
        )

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
