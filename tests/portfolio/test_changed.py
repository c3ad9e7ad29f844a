"""Who changes verdict between two policies, and what alone would do it."""

from __future__ import annotations

import pytest

from jiebei_lib.core.case import Case
from jiebei_lib.core.policy import Policy
from jiebei_lib.core.scoring.score import VERDICTS, score_cases
from jiebei_lib.portfolio.changed import compared, one_by_one

CASE = Case(30, 6000, 630, 1, "broken_promise", "accurate")
MANY = [
    CASE,
    Case(3, 8000, case_id="early"),
    Case(7, 30_000, 600, 1, "silent", "accurate", "silent"),
    Case(90, 50_000, 500, 5, "silent", "close", "pressing"),
    Case(7, 400, 750, 0, "repaying", "wrong", "protective"),
]
CHANGES = {"strengths.strong.at_least": 20, "factors.amount.protective": 3000, "constraints.sign_days": None}


@pytest.mark.parametrize("after", ["published", "changed"])
def test_who_changes_verdict_and_what_alone_would_do_it(article: Policy, published: Policy, after: str) -> None:
    other = {"published": published, "changed": article.replace(CHANGES)}[after]
    found = compared(MANY, article, other)
    singles = dict(one_by_one(article, other))
    assert any(one.before != one.after for one in found) and any(one.because for one in found)
    for case, one in zip(MANY, found, strict=True):
        answers = [score_cases([case], policy) for policy in (article, other)]
        assert (one.case_id, one.before, one.after) == (
            case.case_id,
            *(VERDICTS[answer.verdict[0]] for answer in answers),
        )
        assert one.share == tuple(answer.share[0] for answer in answers)
        enough = [
            path for path, alone in singles.items() if VERDICTS[score_cases([case], alone).verdict[0]] == one.after
        ]
        assert list(one.because) == (enough if one.before != one.after else [])


def test_only_what_differs_is_made_alone(article: Policy) -> None:
    assert [path for path, _ in one_by_one(article, article.replace(CHANGES))] == [
        "factors.amount.protective",
        "constraints.sign_days",
        "strengths.strong.at_least",
    ]
    assert list(one_by_one(article, article)) == []


def test_the_first_day_alone_lets_the_second_witness_call_on_day_3(article: Policy, published: Policy) -> None:
    (early,) = compared([MANY[1]], article, published)
    assert (early.before, early.after) == ("not_yet", "unlikely")
    assert early.because == ("timeline.first_possible_day.spread",)
