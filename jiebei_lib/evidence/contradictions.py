"""Where pages and reported cases differ from the article: sentences of contradictions.yaml, filled with counts from data/."""

from __future__ import annotations

from dataclasses import dataclass

from jiebei_lib.core.knowledge.yaml_files import shipped
from jiebei_lib.evidence.claims import ARTICLE_PAGE, Condition, claims, conditions, first_contact_days, whose
from jiebei_lib.evidence.reported import CODES, Reported, reported_cases

JIEBEI = "借呗"


@dataclass(frozen=True)
class Contradiction:
    """One point: what the article says, what others say, in both languages, and the sources of either."""

    id: str
    name: dict[str, str]
    article: dict[str, str]
    others: dict[str, str]
    cite: list[str]
    against: list[str]
    basis: str
    confidence: str


def contradictions() -> list[Contradiction]:
    """Every point on which the article and the others differ, or seem to."""
    slots = counts()
    return [
        Contradiction(
            id=name,
            name=point["name"],
            article=point["article"],
            others={lang: sentence.format(**slots) for lang, sentence in point["others"].items()},
            cite=point["cite"],
            against=point["against"],
            basis=point["basis"],
            confidence=point["confidence"],
        )
        for name, point in shipped("evidence/contradictions.yaml").items()
    ]


def counts() -> dict[str, int]:
    """What the sentences count: pages other than the article's own, and reported cases."""
    days, scopes = first_contact_days(JIEBEI, without_article=True), whose(JIEBEI, without_article=True)
    named = {condition.factor: condition for condition in conditions(without_article=True)}
    first_calls = _first_calls()
    cases = reported_cases()
    responsive, unreachable = ([case for case in cases if case.responsive == answer] for answer in ("yes", "no"))
    earlier = days.by(days.article_day - 1)
    return {
        "pages": days.pages,
        "named": days.named,
        "earlier": earlier,
        "same": days.days.get(days.article_day, 0),
        "later": days.named - days.by(14),
        "no_day": days.no_day,
        "deny": days.deny,
        "emergency": scopes["emergency"].total(),
        "emergency_maybe": scopes["emergency"]["maybe"],
        "emergency_no": scopes["emergency"]["no"],
        "phonebook": scopes["phonebook"].total(),
        "phonebook_yes": scopes["phonebook"]["yes"],
        "phonebook_maybe": scopes["phonebook"]["maybe"],
        "phonebook_no": scopes["phonebook"]["no"],
        "call_pages": len(first_calls),
        "call_before": sum(day < 3 for day in first_calls),
        "call_same": sum(3 <= day < 7 for day in first_calls),
        "call_after": sum(day >= 7 for day in first_calls),
        "call_last": max(first_calls),
        "unreachable": named["unreachable"].named,
        "amount": named["amount"].named,
        "amount_open": named["amount"].pages.get("open", 0),
        "promise": named.get("promise_broken", Condition("promise_broken", {}, {})).named,
        "cases": len(cases),
        "strangers": sum(case.contact_data in CODES["lookups"] for case in cases),
        "responsive": len(responsive),
        "responsive_called": _called(responsive),
        "unreachable_cases": len(unreachable),
        "unreachable_called": _called(unreachable),
    }


def _first_calls() -> list[int]:
    """For each other page on Jiebei that names a day for calls to the borrower, the earliest."""
    first: dict[str, int] = {}
    for claim in claims():
        if (
            claim.topic == "stage_call_day"
            and claim.product == JIEBEI
            and claim.page != ARTICLE_PAGE
            and claim.low is not None
        ):
            first[claim.page] = min(int(claim.low), first.get(claim.page, 10**6))
    return list(first.values())


def _called(cases: list[Reported]) -> int:
    return sum(case.outcome == "yes" for case in cases)
