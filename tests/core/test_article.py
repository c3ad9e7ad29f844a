"""Every comparison that the article makes, each under its paragraph: what it says is less likely must not come out more so.

A comparison holds in every admissible reading: the bounds and the share, and each reading taken alone.
"""

from __future__ import annotations

import numpy as np
import pytest

from jiebei_lib.core.assessment import assess
from jiebei_lib.core.case import Case
from jiebei_lib.core.policy import Policy
from jiebei_lib.core.scoring.score import VERDICTS, reading_likelihoods, score_cases

MIDDLING = {"zhima_score": 625, "past_overdue": 1, "communication": "answering", "contacts": "accurate"}


def case(days: int = 7, amount: float = 8000, **facts) -> Case:
    return Case(days, amount, **{**MIDDLING, **facts})


def presses_more(more: Case, less: Case, policy: Policy) -> bool:
    """In every reading, and so in the bounds and the share."""
    answer = score_cases([less, more], policy)
    in_each = reading_likelihoods(more, policy) > reading_likelihoods(less, policy)
    return bool(in_each.all()) and all(
        getattr(answer, name)[1] > getattr(answer, name)[0] for name in ("low", "high", "share")
    )


def test_silence_presses_more_than_a_kept_plan__article_6_7(article: Policy) -> None:
    """In hospital, but said so and began to repay (¶6); against neither calls nor messages answered (¶7)."""
    assert presses_more(case(communication="silent"), case(communication="repaying"), article)


def test_a_promise_without_payment_presses_more_than_answering__article_7(article: Policy) -> None:
    assert presses_more(case(communication="broken_promise"), case(communication="answering"), article)


def test_a_promise_without_payment_presses_more_than_a_plan_that_is_kept__article_6_7(article: Policy) -> None:
    assert presses_more(case(communication="broken_promise"), case(communication="repaying"), article)


def test_a_large_amount_presses_more__article_7(article: Policy) -> None:
    assert presses_more(case(amount=30_000), case(amount=8000), article)


def test_several_late_payments_and_a_poor_score_press_more_than_a_long_good_record__article_8(article: Policy) -> None:
    assert presses_more(case(zhima_score=550, past_overdue=3), case(zhima_score=750, past_overdue=0), article)


def test_a_long_good_record_makes_a_slip_of_7_days_less_likely_to_be_called_about__article_8(article: Policy) -> None:
    assert presses_more(case(), case(zhima_score=750, past_overdue=0), article)


def test_several_late_payments_raise_it_greatly__article_8(article: Policy) -> None:
    """From the one end to the other at least four times the odds in every reading."""
    good, bad = (
        reading_likelihoods(case(zhima_score=score, past_overdue=times), article)
        for score, times in ((750, 0), (550, 3))
    )
    assert ((bad / (1 - bad)) / (good / (1 - good)) >= 4 - 1e-9).all()


def test_tens_of_thousands_press_more_than_a_few_hundred__article_9(article: Policy) -> None:
    assert presses_more(case(amount=30_000), case(amount=400), article)


def test_tens_of_thousands_against_a_few_hundred_is_a_marked_difference__article_9(article: Policy) -> None:
    few, many = (reading_likelihoods(case(amount=amount), article) for amount in (400, 30_000))
    assert ((many / (1 - many)) / (few / (1 - few)) >= 4 - 1e-9).all()


@pytest.mark.parametrize("less", ["repaying", "engaged"])
def test_ignoring_reminders_presses_more_than_getting_in_touch__article_10(article: Policy, less: str) -> None:
    assert presses_more(case(communication="silent"), case(communication=less), article)


@pytest.mark.parametrize("less", ["wrong", "incomplete"])
@pytest.mark.parametrize("more", ["accurate", "close"])
def test_usable_contact_details_press_more_than_wrong_ones__article_11(article: Policy, less: str, more: str) -> None:
    assert presses_more(case(contacts=more), case(contacts=less), article)


def test_a_close_contact_presses_more_than_one_that_is_merely_right__article_11(article: Policy) -> None:
    assert presses_more(case(contacts="close"), case(contacts="accurate"), article)


@pytest.mark.parametrize("stronger", ["communication", "history", "amount"])
def test_contact_details_never_outweigh_what_is_worded_more_strongly__article_8_9_10_11(
    article: Policy, stronger: str
) -> None:
    weights = article.readings.vertices[:, ["communication", "history", "amount", "contacts"].index(stronger) + 1]
    assert (article.readings.vertices[:, 4] <= weights + 1e-9).all()


STAGES = {1: "message", 3: "message", 4: "call_borrower", 6: "call_borrower", 7: "contacts_possible"}


@pytest.mark.parametrize(("day", "stage"), STAGES.items())
def test_the_stage_of_a_day__article_4_5_6(article: Policy, day: int, stage: str) -> None:
    assert assess(case(day), article, "2026-11-23").stage["id"] == stage


@pytest.mark.parametrize("day", [1, 3, 4, 6])
def test_in_the_first_days_only_the_borrower_is_addressed__article_4_5(article: Policy, day: int) -> None:
    found = assess(case(day, 50_000, communication="silent", zhima_score=400, past_overdue=9), article, "2026-11-23")
    assert found.verdict == "not_yet"
    assert found.likelihood == {"low": 0, "high": 0} and found.share == 0
    assert article.data["timeline"]["stages"][found.stage["id"]]["toward"] == "borrower"


def test_on_day_7_it_is_possible_but_not_for_everyone__article_6(article: Policy) -> None:
    answer = score_cases([Case(7, 8000), case(), case(communication="repaying", amount=400, contacts="wrong")], article)
    assert (answer.high > 0).all() and (answer.low < 1).all()
    neutral = reading_likelihoods(Case(7, 500 * 60**0.5, 625, 1, "answering"), article)
    assert neutral.min() >= 0.1 and neutral.max() <= 0.9


def test_there_is_no_absolute_answer__article_22(article: Policy) -> None:
    """Cases of each verdict exist; for most, readings that all fit the article disagree."""
    many = [
        case(90, 50_000, communication="silent", zhima_score=500, past_overdue=5, contacts="close"),
        case(7, 400, communication="repaying", zhima_score=750, past_overdue=0, contacts="wrong"),
        case(),
        case(3),
    ]
    assert [VERDICTS[n] for n in score_cases(many, article).verdict] == ["likely", "unlikely", "depends", "not_yet"]
    middling = reading_likelihoods(many[2], article)
    assert np.any(middling > 0.5) and np.any(middling < 0.5)
