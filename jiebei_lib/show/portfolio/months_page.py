"""The page of months compared, section by section: words (months.html.j2) and figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jiebei_lib.core.policy import load_policy
from jiebei_lib.core.scoring.score import GRADES, VERDICTS
from jiebei_lib.page.html import Head, Section, Words, environment
from jiebei_lib.page.text import fold, heads, say, witness_name
from jiebei_lib.show.portfolio import months_figures as figures
from jiebei_lib.show.portfolio.words import column_name, grade_name, segment_name, whole

DRIFTED = 3  # columns whose groups are shown


class MonthsPage:
    """The report on months. ``months`` is what :func:`jiebei_lib.portfolio.months.compare_months` gives; if empty, invented ones."""

    def __init__(self, months: Mapping[str, Any] | None = None, lang: str = "zh"):
        self.invented = not months
        self.months = dict(months) if months else invented()
        self.step, self.lang = self.months["steps"][-1], lang

    def head(self) -> Head:
        """Title, headline and language."""
        return Head(title=self.say("portfolio.months.title"), headline=self.headline(), lang=self.lang)

    def answer(self) -> Section:
        """What moved, in two sentences and a row a month."""
        return Section([self._words("answer")])

    def moves(self) -> Section:
        """Who came, left, got better or worse."""
        return Section([self._words("heading", "months_moves"), figures.moves_figure(self.step, self.lang)])

    def why(self) -> Section:
        """What moved most in those that got worse or better."""
        if not self.step["why"]:
            return Section([self._words("nothing", "months_why")])
        return Section([self._words("heading", "months_why"), figures.why_figure(self.step, self.lang)])

    def grades(self) -> Section:
        """From which grade to which."""
        return Section([self._words("transitions", "months_grades", self.matrix("grades"))])

    def stages(self) -> Section:
        """From which stage to which."""
        return Section([self._words("transitions", "months_stages", self.matrix("stages"))])

    def drift(self) -> Section:
        """How far each column has drifted, and the groups of those that drifted most."""
        picture = figures.drift_figure(self.step, self.lang)
        return Section([self._words("heading", "months_drift"), picture, self._words("groups", self.groups())])

    def trend(self) -> Section:
        """All months."""
        return Section([self._words("heading", "months_trend"), figures.trend_figure(self.months, self.lang)])

    def limits(self) -> Section:
        """What the numbers are not."""
        return Section([self._words("limits", heads("portfolio.months.limit", self.lang))])

    def headline(self) -> str:
        """What moved, in one sentence."""
        counts = {name: whole(n) for name, n in self.step["moves"].items()}
        ends = {"from": self.step["from"], "to": self.step["to"], "both": whole(self.step["both"])}
        return self.say("portfolio.months.headline", **counts, **ends)

    def likely(self) -> str:
        """Where the cases come from in which a call is more likely than not."""
        return self.say("portfolio.months.likely", **{name: whole(n) for name, n in self.step["likely"].items()})

    def byline(self) -> str:
        policy = self.months["policy"]
        short = policy["policy"] in ("article", "published")
        name = self.say(f"portfolio.witness.{policy['policy']}") if short else witness_name(policy, self.lang)
        return self.say("portfolio.months.byline", name=name)

    def rows(self) -> list[list[str]]:
        """A row a month."""
        order = ("likely", "depends", "unlikely", "not_yet")
        assert set(order) == set(VERDICTS)
        return [
            [
                month["name"],
                whole(month["cases"]),
                whole(month["amount"]),
                *(whole(month["verdicts"][name]) for name in order),
                whole(month["wrong"]),
            ]
            for month in self.months["months"]
        ]

    def matrix(self, what: str) -> tuple[list[str], list[tuple[str, list[tuple[str, str]]]]]:
        """The names that some case has, and a row each: how many went to which, and whether that is worse, better or the same."""
        stages = load_policy().data["timeline"]["stages"]
        order = list(GRADES) if what == "grades" else list(stages)
        there = {row[end] for row in self.step[what] for end in ("from", "to")}
        shown = sorted(there, key=order.index)
        counts = {(row["from"], row["to"]): row["cases"] for row in self.step[what]}
        names = {
            each: grade_name(each, self.lang) if what == "grades" else stages[each]["name"][self.lang] for each in shown
        }
        rows = []
        for n, one in enumerate(shown):
            cells = [
                (whole(counts.get((one, other), 0)), "same" if n == m else "worse" if m > n else "better")
                for m, other in enumerate(shown)
            ]
            rows.append((names[one], cells))
        return [names[each] for each in shown], rows

    def groups(self) -> list[tuple[str, list[str], list[list[str]]]]:
        """The groups of the columns that drifted most: a heading, the table's heads, and a row a group."""
        out = []
        for row in self.step["drift"][:DRIFTED]:
            sizes = [sum(group[end] for group in row["groups"]) or 1 for end in ("before", "after")]
            rows = [
                [
                    segment_name(row["column"], group["label"], self.lang),
                    *(f"{100 * group[end] / size:.1f}%" for end, size in zip(("before", "after"), sizes, strict=True)),
                ]
                for group in row["groups"]
            ]
            ends = {name: fold(self.step[name], self.lang) for name in ("from", "to")}
            head = heads("portfolio.months_drift.groups_table", self.lang, **ends)
            out.append(
                (self.say("portfolio.months_drift.groups", column=column_name(row["column"], self.lang)), head, rows)
            )
        return out

    def say(self, key: str, **slots: Any) -> str:
        return say(key, self.lang, **slots)

    def heads(self, key: str) -> list[str]:
        return heads(key, self.lang)

    def _words(self, section: str, *given: Any) -> Words:
        macro = getattr(environment().get_template("show/portfolio/months.html.j2").module, section)
        return Words(str(macro(self, self.step, *given)).strip())


def invented() -> dict[str, Any]:
    """Three months of an invented portfolio: each a month older, some gone, some new, some that answer again."""
    import pandas as pd

    from jiebei_lib.portfolio.months import compare_months
    from jiebei_lib.portfolio.sample import sample

    months = [("1", sample(400), 0)]
    for number in (2, 3):
        old = months[-1][1].iloc[100:].reset_index(drop=True)
        old = old.assign(days_overdue=(old["days_overdue"] + 30).where(old.index % 9 != 0, 0))
        old.loc[old.index % 7 == 0, "communication"] = "repaying"
        new = sample(100, seed=number).assign(case_id=lambda table, n=number: f"{n}-" + table["case_id"].astype(str))
        months.append((str(number), pd.concat([old, new], ignore_index=True), 0))
    return compare_months(months)
