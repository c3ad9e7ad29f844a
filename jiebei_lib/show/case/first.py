"""The first screen of a case, in the same order everywhere: will they, by both witnesses; what is certain; may they; what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jiebei_lib.core.assessment import Assessment, agreement, answers
from jiebei_lib.core.case import Case
from jiebei_lib.core.policy import Policy
from jiebei_lib.page.text import counted, fold, multiple_of, of_hundred, own, percent, say, witness_name, yuan

TOLD, DONE = 3, 3  # certain comparisons and actions on a first screen


@dataclass(frozen=True)
class Quick:
    """What the sentences and the picture of an answer need: made in some milliseconds, for every step of a moving control."""

    case: dict[str, Any]
    witnesses: Sequence[Mapping[str, Any]]
    agreement: str
    unknown: list[str]

    @classmethod
    def of(cls, case: Case, policy: Policy) -> Quick:
        sides = answers(case, policy)
        return cls(case.to_dict(), sides, agreement(sides), case.unknown)

    @property
    def own(self) -> Mapping[str, Any]:
        return self.witnesses[0]

    def __getattr__(self, name: str) -> Any:
        """``grade``, ``verdict``, ``share`` and the ranges: those of the first witness."""
        return self.own[name]


def asked(case: Case, lang: str) -> str:
    """The question, as asked of this case: how late, how much."""
    days, amount = case.days_overdue, amount_words(case, lang)
    key = "question_before" if days < 0 else "question"
    return say(f"page.{key}", lang, days=counted(abs(days), "days", lang), amount=amount)


def amount_words(case: Case, lang: str) -> str:
    """8,000 yuan; 5,000–8,000 yuan; an unknown amount."""
    if case.amount_overdue is None:
        return say("facts.amount_unknown", lang)
    return say("facts.yuan", lang, value="–".join(yuan(end) for end in dict.fromkeys(case.amounts)))


def sentence(side: Mapping[str, Any], lang: str) -> str:
    """One witness's answer: its grade, how many of 100 readings, and how far that may move with what is unknown."""
    return say("case.first.line", lang, by=by(side, lang), answer=graded(side, lang))


def by(side: Mapping[str, Any], lang: str) -> str:
    """Whose answer it is."""
    if side["policy"] in ("article", "published"):
        return say(f"case.first.by.{side['policy']}", lang)
    return witness_name(side, lang)


def graded(side: Mapping[str, Any], lang: str) -> str:
    """A witness's grade in words."""
    grade, so_far, (least, most) = side["grade"], side["so_far"], side["share_range"].values()
    form = "known" if least == most else "ranged" if grade != "split" else "so_far"
    shown = so_far if form == "so_far" else grade
    if shown == "not_yet":
        return say("case.first.known.not_yet", lang, first=side["first_day"])
    if shown == "split":
        shown = "split_above" if side["share"] > 0.5 else "split_below"
    counts = {"n": of_hundred(side["share"]), "least": of_hundred(least), "most": of_hundred(most)}
    return say(f"case.first.{form}.{shown}", lang, **counts)


def agreed(a: Assessment | Quick, lang: str) -> str:
    return say(f"case.first.agreement.{a.agreement}", lang)


def nine_in_ten(a: Assessment | Quick, lang: str) -> str:
    """The range that nine readings in ten hold, and the extremes."""
    low, high = (percent(a.nine_in_ten[end], lang) for end in ("low", "high"))
    least, most = (percent(a.likelihood[end], lang) for end in ("low", "high"))
    if a.likelihood["low"] == a.likelihood["high"]:
        return say("case.first.nine_one", lang, low=least)
    return say("case.first.nine", lang, low=low, high=high, least=least, most=most)


def certain(a: Assessment, case: Case, policy: Policy, lang: str) -> list[str]:
    """What holds in every reading: first what steps do, the nearest first, then how the case stands to the article's borrowers."""
    if case.days_overdue < 0:
        return [fold(say("case.first.before_due", lang), lang)]
    if a.grade == "not_yet":
        return [fold(say("case.first.not_yet", lang, first=policy.readings.days[0]), lang)]
    talk = [step for step in a.steps if policy.data["steps"][step["step"]].get("communication")]
    pay = [step for step in a.steps if step["step"] == "pay_half" and step["odds"]["high"] < 1]
    nearest = dict.fromkeys(step["step"] for step in [*talk[:1], *talk[-1:], *pay])
    said = [step_words(step, lang) for step in a.steps if step["step"] in nearest]
    said += [held(reference, lang) for reference in a.references if reference["necessarily"]]
    return said[:TOLD]


def step_words(step: Mapping[str, Any], lang: str) -> str:
    """What a step does to the odds in every reading, as a sentence."""
    name = fold(step["text"][lang], lang)
    if step["settles"]:
        return say("case.first.settles", lang, step=name)
    key = "divides_from_silent" if step["instead_of"] else "divides"
    return say(f"case.first.{key}", lang, step=name, **divided(step))


def divided(step: Mapping[str, Any]) -> dict[str, str]:
    """By how much a step divides the odds, at the least and at the most."""
    return {"least": multiple_of(1 / step["odds"]["high"]), "most": multiple_of(1 / step["odds"]["low"])}


def held(reference: Mapping[str, Any], lang: str) -> str:
    """How the case stands to one of the article's borrowers in every reading."""
    return fold(say(f"case.first.held.{reference['necessarily']}", lang, reference=reference["text"][lang]), lang)


def to_do(a: Assessment, lang: str, most: int = DONE) -> list[str]:
    """The first things to do today, short."""
    return [fold(own(action["short"] or action["text"], lang), lang) for action in a.actions[:most]]
