"""Cases in which the calling of third parties was reported, sanctions for it, and US complaint counts (data/). Context, never a rate.

The cases were collected once for this project from pages and public comments, in own words, by one reader. They are selected on the
outcome: most were reported *because* third parties were called. A share of them says nothing about how often that happens.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from jiebei_lib.core.knowledge.yaml_files import shipped
from jiebei_lib.core.policy import Policy, load_policy
from jiebei_lib.evidence.claims import data_rows
from jiebei_lib.evidence.learn import impossible
from jiebei_lib.evidence.outcomes import Outcomes

CODES: dict[str, Any] = shipped("evidence/reported.yaml")
GRADES = tuple(CODES["grades"])
# Why a case cannot be used to learn from, in the order in which it is asked.
REASONS = ("threatened", "no_day", "before_due", "too_early")


@dataclass(frozen=True)
class Reported:
    """One reported case. ``days``: the least and greatest days overdue that it may stand for, if known; ``amount`` in ``currency``;
    ``outcome``: were third parties contacted (yes, no, threatened); ``grade`` of the evidence, A to D."""

    id: str
    source: str
    country: str
    product: str
    days: tuple[int, int] | None
    amount: float | None
    currency: str
    outcome: str
    whom: str
    responsive: str
    contact_data: str
    grade: str

    @property
    def fact_days(self) -> int | None:
        """The day overdue that makes the outcome say the least: the latest for a call, the earliest for none."""
        if self.days is None:
            return None
        return max(self.days) if self.outcome == "yes" else min(self.days)


@dataclass(frozen=True)
class Usable:
    """The cases that one can learn from, and the others by the reason that keeps them out."""

    cases: tuple[Reported, ...]
    outcomes: Outcomes
    left_out: dict[str, tuple[Reported, ...]]


@cache
def reported_cases(grades: Collection[str] = GRADES, country: str | None = None) -> tuple[Reported, ...]:
    """The reported cases of some grades of evidence and one country (all if None). ``grades`` must be hashable, such as a tuple."""
    return tuple(case for case in _all_cases() if case.grade in grades and country in (None, case.country))


@cache
def _all_cases() -> tuple[Reported, ...]:
    return tuple(
        Reported(
            id=row["case_id"],
            source=row["source"],
            country=row["country"],
            product=row["product"],
            days=_days(row["days_overdue_min"], row["days_overdue_max"]),
            amount=float(row["amount"]) if row["amount"] else None,
            currency=row["currency"],
            outcome=row["third_party_contacted"],
            whom=row["whom"],
            responsive=row["borrower_responsive"],
            contact_data=row["contact_data"],
            grade=row["evidence_grade"],
        )
        for row in data_rows("reported_contact_cases.csv")
    )


def _days(low: str, high: str) -> tuple[int, int] | None:
    return (int(low), int(high or low)) if low else None


def usable(cases: Sequence[Reported], policy: Policy | str = "published", threatened: bool = False) -> Usable:
    """Reported cases as observed ones. Left out, with the reason: threats (unless ``threatened`` counts them as not called), days not
    known, before the due date, and calls earlier than any reading of the policy allows."""
    policy = load_policy(policy)
    left_out: dict[str, list[Reported]] = {reason: [] for reason in REASONS}
    kept: list[Reported] = []
    for case in cases:
        reason = _left_out(case, threatened)
        (left_out[reason] if reason else kept).append(case)
    outcomes = Outcomes.of([_row(case) for case in kept])
    early = impossible(outcomes, policy)
    left_out["too_early"] = [kept[n] for n in np.flatnonzero(early)]
    return Usable(
        tuple(kept[n] for n in np.flatnonzero(~early)),
        outcomes[~early],
        {reason: tuple(found) for reason, found in left_out.items()},
    )


def _left_out(case: Reported, threatened: bool) -> str | None:
    if case.outcome == "threatened" and not threatened:
        return "threatened"
    if case.fact_days is None:
        return "no_day"
    return "before_due" if case.fact_days < 0 else None


def _row(case: Reported) -> dict[str, Any]:
    coding = CODES["coding"]
    return {
        "case_id": case.id,
        "days_overdue": case.fact_days,
        "amount_overdue": case.amount if case.currency == coding["currency"] else None,
        "communication": coding["communication"].get(case.responsive),
        "contacts": coding["contacts"].get(case.contact_data),
        "called": case.outcome == "yes",
    }


@dataclass(frozen=True)
class Action:
    """A sanction for contacting third persons. ``date`` as the source shows it, empty where it shows none; ``amount`` in ``currency``."""

    number: int
    date: str
    country: str
    amount: int | None
    currency: str
    source: str


@cache
def regulator_actions() -> tuple[Action, ...]:
    """Sanctions by country, newest first, the undated last. ``number`` is the row of the file (from 1), under which its words stand."""
    found = [
        Action(
            n,
            row["date"],
            row["country"],
            int(row["amount"]) if row["amount"] else None,
            row["currency"],
            row["source"],
        )
        for n, row in enumerate(data_rows("regulator_actions_third_party_contact.csv"), 1)
    ]
    order = list(CODES["countries"])
    return tuple(
        sorted(sorted(found, key=lambda one: one.date, reverse=True), key=lambda one: order.index(one.country))
    )


@dataclass(frozen=True)
class Complaints:
    """US complaints about debt collection (CFPB, all until ``until``): ``total``, and those about each ``kinds`` of contact."""

    until: str
    total: int
    kinds: dict[str, int]


# The sub-issues as the agency words them; it reworded its form in 2017, so each kind of complaint has an older and a newer name.
SUB_ISSUES = {
    "third_party": ("Talked to a third party about my debt", "Talked to a third-party about your debt"),
    "employer": ("Contacted employer after asked not to", "Contacted your employer"),
    "repeated_calls": ("Frequent or repeated calls",),
}


@cache
def us_complaints() -> Complaints:
    """Counts of the full snapshot. Complaints are neither all that happens nor a sample of it."""
    rows = [row for row in data_rows("cfpb_issue_subissue_counts_2024-11.csv") if row["snapshot"] == "full"]
    counts = {(row["level"], row["group"], row["key"]): int(row["complaints"]) for row in rows}
    kinds = {kind: sum(counts["sub", "issue", name] for name in names) for kind, names in SUB_ISSUES.items()}
    return Complaints(rows[0]["index_date"], counts["top", "product", "Debt collection"], kinds)
