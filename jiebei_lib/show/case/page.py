"""A report's page, section by section. Each method is one notebook cell: words (HTML from sections.html.j2) and figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jiebei_lib.core.assessment import Assessment, assess
from jiebei_lib.core.case import FIELDS, Case
from jiebei_lib.core.policy import Policy, load_policy
from jiebei_lib.page.html import Head, Section, Words, environment
from jiebei_lib.page.text import cited_all, counted, fact, heads, in_words, of_hundred, percent, say, witness_name, yuan
from jiebei_lib.show.case import figures

if TYPE_CHECKING:
    from jiebei_lib.money.loan import Loan


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
        title = self.say("page.title", days=counted(self.case.days_overdue, "days", self.lang))
        return Head(title=title, headline=self.headline(), lang=self.lang)

    def question(self) -> str:
        """The question, as asked of this case."""
        amount = self.say("facts.yuan", value=yuan(self.case.amount_overdue))
        return self.say("page.question", days=counted(self.case.days_overdue, "days", self.lang), amount=amount)

    @property
    def invented(self) -> bool:
        """The examples of this project say in their id that they are examples."""
        return self.case.case_id.startswith("example")

    def answer(self) -> Section:
        """The question, the answer in one sentence, what is known."""
        return Section([self._words("answer")])

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
        """The least that would change the answer."""
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

    def limits(self) -> Section:
        """What the model is not."""
        return Section([self._words("limits")])

    def headline(self) -> str:
        """The answer in one sentence."""
        return headline(self.assessment, self.lang, self.policy)

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

    def facts(self) -> list[tuple[str, str, bool]]:
        """Name, value and whether it is unknown, for every fact but the id."""
        levels = {
            name: {level: entry["name"] for level, entry in self.policy.data["factors"][name]["levels"].items()}
            for name in ("communication", "contacts")
        }
        return [
            (
                spec["name"][self.lang],
                fact(name, getattr(self.case, name), self.lang, levels),
                getattr(self.case, name) is None,
            )
            for name, spec in FIELDS.items()
            if name != "case_id"
        ]

    def stages(self) -> list[dict[str, Any]]:
        """The timeline's stages with their days in words, whether the case stands there, and whether they are past."""
        last = self.policy.data["timeline"]["last_day"]
        out = []
        for name, stage in self.policy.data["timeline"]["stages"].items():
            first, end = stage["days"]
            key = "open" if end == last else "one_day" if first == end else "span"
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

    def change(self, change: Mapping[str, Any]) -> str:
        """A change in words."""
        pay, way = change["pay"], change["communication"]
        said = self.say(f"case.changes.to.{way}") if way else None
        if said and pay:
            return self.say("case.changes.both", communication=said, pay=yuan(pay))
        return (
            self.say("case.changes.only_communication", communication=said)
            if said
            else self.say("case.changes.only_pay", pay=yuan(pay))
        )

    def after(self, change: Mapping[str, Any]) -> str:
        """What a change brings, in words."""
        low, high = (self.percent(change["likelihood"][end]) for end in ("low", "high"))
        return self.say(
            "case.changes.then",
            verdict=self.say(f"verdict.{change['verdict']}"),
            low=low,
            high=high,
            count=of_hundred(change["share"]),
        )

    def places(self, source: Mapping[str, Any]) -> str:
        """Where in a source: ¶6 ¶7, or articles; a dash where the source has no numbered places."""
        return in_words([place for cite in source["cites"] if (place := cite.partition(" ")[2])], self.lang) or "–"

    def agreement(self) -> str:
        """Whether the witnesses agree, disagree, or agree in the verdict while most of their readings stand on opposite sides."""
        witnesses = self.assessment.witnesses
        if len({witness["verdict"] for witness in witnesses}) > 1:
            return "disagree"
        return "split" if len({witness["share"] > 0.5 for witness in witnesses}) > 1 else "agree"

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


def headline(a: Assessment, lang: str, policy: Policy) -> str:
    """The answer in one sentence."""
    key = f"case.headline.{a.verdict}" if policy.label == "article" else f"case.headline.other.{a.verdict}"
    slots = {
        "low": percent(a.likelihood["low"], lang),
        "high": percent(a.likelihood["high"], lang),
        "count": of_hundred(a.share),
    }
    name = witness_name({"name": policy.data["name"], "policy": policy.label}, lang)
    return say(key, lang, **slots, days=a.case["days_overdue"], first=policy.readings.days[0], policy=name)


def _sections() -> Any:
    return environment().get_template("show/case/sections.html.j2").module
