"""A report's page, section by section. Each method is one notebook cell: words (HTML from sections.html.j2) and figures."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from jiebei_lib.core.assessment import Assessment, assess
from jiebei_lib.core.case import FIELDS, SCORED, Case
from jiebei_lib.core.policy import Policy, load_policy
from jiebei_lib.core.scoring.score import GRADES, VERDICT_OF, VERDICTS
from jiebei_lib.core.scoring.sensitivity import Swing, turning
from jiebei_lib.page.html import Head, Section, Words, environment
from jiebei_lib.page.in_time import notes
from jiebei_lib.page.marks import sentences
from jiebei_lib.page.text import cited_all, fact, heads, in_words, of_hundred, percent, say, witness_name, yuan
from jiebei_lib.show.case import figures, first

if TYPE_CHECKING:
    from jiebei_lib.money.loan import Loan


# The sections after the first screen, in the order of the template's cells, and their headings
SECTIONS = {
    "may-they": "case.may.heading",
    "changes": "case.changes.heading",
    "readings": "case.readings.heading",
    "cost": "money.heading",
    "timeline": "case.timeline.heading",
    "consequences": "case.consequences.heading",
    "today": "case.today.heading",
    "caller": "case.caller.heading",
    "next-question": "case.next.heading",
    "factors": "case.factors.heading",
    "claims": "case.claims.heading",
    "sources": "case.sources.heading",
    "limits": "case.limits.heading",
}
MOST_TURNING = 3  # assumptions that a page names as those that its answer rests on


class CasePage:
    """The report on one case. ``case`` is a :class:`Case` or its fields; ``policy`` a name, an overlay's content, or a policy.

    ``loan``: the loan behind it or its fields, if known; then what each further day costs is counted to the cent.
    """

    def __init__(
        self,
        case: Case | Mapping[str, Any],
        lang: str = "zh",
        policy: Policy | str | Mapping[str, Any] = "article",
        as_of: str | None = None,
        loan: Loan | Mapping[str, Any] | None = None,
    ):
        self.loan = _loan(loan)
        self.case = case if isinstance(case, Case) else Case.of(case)
        self.policy = load_policy(policy)
        self.lang = lang
        self.assessment: Assessment = assess(self.case, self.policy, as_of)

    def head(self) -> Head:
        """Title, headline and language."""
        return Head(title=self.question(), headline=self.headline(), lang=self.lang)

    def question(self) -> str:
        """The question, as asked of this case."""
        return first.asked(self.case, self.lang)

    @property
    def invented(self) -> bool:
        """The examples of this project say in their id that they are examples."""
        return self.case.case_id.startswith("example")

    def answer(self) -> Section:
        """The first screen: both witnesses, what is certain, may they, what to do and to say; then what is known."""
        return Section([self._words("answer")])

    def contents(self) -> Section:
        """What follows, to leap to."""
        return Section([self._words("contents")])

    def readings(self) -> Section:
        """The range and the share as one picture."""
        return Section(
            [self._words("readings"), figures.readings_figure(self.assessment, self.case, self.policy, self.lang)]
        )

    def timeline(self) -> Section:
        """The stages with "you are here", and the answer day by day."""
        return Section(
            [self._words("timeline"), figures.days_figure(self.assessment, self.case, self.policy, self.lang)]
        )

    def factors(self) -> Section:
        """Which factors push which way, and how surely."""
        return Section([self._words("factors"), figures.factors_figure(self.assessment, self.policy, self.lang)])

    def may_they(self) -> Section:
        """What the rules permit, and where the described practice would break them."""
        return Section([self._words("may_they")])

    def changes(self) -> Section:
        """What each step does in every reading, how the case stands to the article's borrowers, and what the answer rests on."""
        return Section([self._words("changes")])

    def next_question(self) -> Section:
        """What to find out next."""
        return Section([self._words("next_question")])

    def consequences(self) -> Section:
        """What happens if nothing is done."""
        return Section([self._words("consequences")])

    def cost(self) -> Section:
        """What each further day costs: of the loan if it is known, else over the rates that pages report."""
        from jiebei_lib.show.money.words import further_days

        return Section([self._words("cost", cost=further_days(self.case, self.loan, self.policy, self.lang))])

    def today(self) -> Section:
        """What to do today, and words to say."""
        return Section([self._words("today")])

    def caller(self) -> Section:
        """What a caller may and may not do toward the contacts."""
        return Section([self._words("caller")])

    def claims(self) -> Section:
        """What published pages claim, and the second witness."""
        from jiebei_lib.evidence.claims import first_contact_days

        found = first_contact_days()
        picture, side_by_side = (
            figures.claims_figure(found, self.lang),
            figures.witnesses_figure(self.assessment, self.lang),
        )
        return Section([self._words("claims", found=found), picture, self._words("witnesses"), side_by_side])

    def sources(self) -> Section:
        """What the answer is based on."""
        return Section([self._words("sources")])

    def no_steps(self) -> str:
        """Why no step is listed: contacts are not in play yet, the debt is so old that limitation comes first, or none is left."""
        if self.assessment.grade == "not_yet":
            return self.say("case.changes.none_not_yet", first=self.first_day())
        old = "check_limitation" in [action["id"] for action in self.assessment.actions]
        return self.say("case.changes.none_old" if old else "case.changes.none")

    def aged(self) -> list[str]:
        """What is to be said of the rules' age: that they changed after this report's day, or that nobody has checked them for long."""
        return notes(self.policy, self.assessment.as_of, self.lang)

    def limits(self) -> Section:
        """What the model is not."""
        return Section([self._words("limits")])

    def headline(self) -> str:
        """The answer, a sentence for each witness."""
        said = [first.sentence(side, self.lang) for side in self.assessment.witnesses]
        return ("" if self.lang == "zh" else " ").join(said)

    def _words(self, section: str, **more: Any) -> Words:
        return Words(str(getattr(_sections(), section)(self, self.assessment, **more)).strip())

    # What the templates need, in this page's language.

    def say(self, key: str, **slots: Any) -> str:
        return say(key, self.lang, **slots)

    def heads(self, key: str) -> list[str]:
        return heads(key, self.lang)

    def percent(self, p: float) -> str:
        return percent(p, self.lang)

    def cites(self, statement: Mapping[str, Any]) -> list[str]:
        """Where a statement comes from; what is marked as the article's own needs no more than the paragraphs."""
        return cited_all(statement["cite"], self.lang, "article" if statement["basis"] == "documented" else None)

    def basis(self, statement: Mapping[str, Any]) -> Any:
        """What a statement rests on, as it stands behind it (safe HTML)."""
        return _basis(self.lang, statement["basis"], statement["reported"], tuple(self.cites(statement)))

    def facts(self) -> list[tuple[str, str, bool]]:
        """Name, value and whether it is unknown, for every fact but the id."""
        levels = {
            name: {level: entry["name"] for level, entry in self.policy.data["factors"][name]["levels"].items()}
            for name in ("communication", "contacts")
        } | {"lender": FIELDS["lender"]["labels"]}
        return [
            (
                spec["name"][self.lang],
                fact(name, getattr(self.case, name), self.lang, levels),
                getattr(self.case, name) is None,
            )
            for name, spec in FIELDS.items()
            if name != "case_id" and (name in SCORED or getattr(self.case, name) is not None)
        ]

    def stages(self) -> list[dict[str, Any]]:
        """The timeline's stages with their days in words, whether the case stands there, and whether they are past."""
        last = self.policy.data["timeline"]["last_day"]
        out = []
        for name, stage in self.policy.data["timeline"]["stages"].items():
            first, end = stage["days"]
            key = "before" if end < 0 else "open" if end == last else "one_day" if first == end else "span"
            days = self.say(f"case.timeline.{key}", first=first, last=end)
            out.append(
                {
                    **stage,
                    "id": name,
                    "when": days,
                    "here": name == self.assessment.stage["id"],
                    "past": end < self.case.days_overdue,
                }
            )
        return out

    def rests(self) -> str:
        """Which assumptions, each alone, would turn the verdict, in one sentence; for each the readings are drawn anew."""
        if find_spec("scipy") is None:
            return self.say("case.first.rests_needs")
        found = turning(self.case, self.policy)[:MOST_TURNING]
        if not found:
            return self.say("case.first.rests_none")
        return self.say("case.first.rests", items=sentences([self._turned(*one) for one in found], self.lang))

    def _turned(self, swing: Swing, end: str) -> str:
        """One assumption that would turn the verdict: its name, its value now, and the value that does it."""
        node: Any = self.policy.data
        for key in swing.path.split("."):
            node = node[key]
        name, unit = node["name"][self.lang], node["unit"][self.lang]
        now, then = (f"{value:,.10g} {unit}" for value in (swing.value, getattr(swing, end)))
        grade = self.say(f"case.first.grade.{getattr(swing, f'grade_{end}')}")
        return self.say("case.first.rests_item", name=name, value=now, end=then, grade=grade)

    def step(self, step: Mapping[str, Any]) -> tuple[str, str, str]:
        """A step in words: what is done, what it does to the odds, and the answer after it."""
        name = first.fold(step["text"][self.lang], self.lang)
        if step["pay"]:
            name = self.say("case.changes.paid", step=name, pay=yuan(step["pay"]))
        if step["settles"]:
            return name, "–", self.say("case.changes.settled")
        own = self.assessment.witnesses[0]
        after = first.graded({**step, "policy": own["policy"], "first_day": own["first_day"]}, self.lang)
        odds = self.say("case.changes.unchanged")
        if step["odds"]["low"] < 1:
            odds = self.say("case.changes.divided", **first.divided(step))
        return name, odds, first.fold(after, self.lang)

    def lines(self, name: str) -> Any:
        """A part of the first screen."""
        a, lang = self.assessment, self.lang
        parts = {
            "witnesses": lambda: [(first.sentence(side, lang), side["verdict"]) for side in a.witnesses],
            "agreement": lambda: first.agreed(a, lang),
            "nine": lambda: first.nine_in_ten(a, lang),
            "certain": lambda: first.certain(a, self.case, self.policy, lang),
            "do": lambda: first.to_do(a, lang),
            "held": lambda: [first.held(one, lang) for one in a.references if one["necessarily"]],
        }
        return parts[name]()

    def verdict_so_far(self) -> str:
        """The verdict that the grade at the middle of what is unknown amounts to."""
        return VERDICTS[VERDICT_OF[GRADES.index(self.assessment.so_far)]]

    def sections(self) -> list[tuple[str, str]]:
        """The sections after the first screen: the id of each and its heading."""
        return [(id_, self.say(key)) for id_, key in SECTIONS.items()]

    def places(self, source: Mapping[str, Any]) -> str:
        """Where in a source: ¶6 ¶7, or articles; a dash where the source has no numbered places."""
        return in_words([place for cite in source["cites"] if (place := cite.partition(" ")[2])], self.lang) or "–"

    def policy_name(self) -> str:
        return witness_name({"name": self.policy.data["name"], "policy": self.policy.label}, self.lang)

    def first_day(self) -> int:
        return self.policy.readings.days[0]

    def yuan(self, amount: float) -> str:
        return yuan(amount)

    def of_hundred(self, share: float) -> int:
        return of_hundred(share)


def _loan(given: Loan | Mapping[str, Any] | None) -> Loan | None:
    """The loan, if there is one. What only some sections need is imported where it is needed: the command line starts faster."""
    if not given:
        return None
    from jiebei_lib.money.loan import Loan

    return given if isinstance(given, Loan) else Loan.of(given)


@lru_cache(maxsize=2048)
def _basis(lang: str, basis: str, reported: bool, cites: tuple[str, ...]) -> Any:
    return _sections().basis(lang, say, basis, reported, cites)


def _sections() -> Any:
    return environment().get_template("show/case/sections.html.j2").module
