"""Why, what would change it, and what to ask: against direct computation."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiebei_lib.core.case import FIELDS, Case
from jiebei_lib.core.policy import Policy, load_policy
from jiebei_lib.core.readings import FACTORS
from jiebei_lib.core.rules.factors import coded, pressures
from jiebei_lib.core.scoring.explain import LeastChange, central_z, changes, contributions, first_below, questions
from jiebei_lib.core.scoring.score import VERDICTS, Scores, score_cases
from tests.strategies import DAYS, FACTS, cases, what_if_policies

POLICIES = st.sampled_from(["article", "published"]).map(load_policy)


@given(case=cases(), policy=POLICIES)
def test_contributions_sum_to_z(case: Case, policy: Policy) -> None:
    parts = contributions(case, policy)
    assert [part.factor for part in parts] == list(FACTORS)
    pressure = np.array([part.pressure for part in parts])
    z = policy.readings.center[0] + policy.readings.center[1:] @ pressure
    assert policy.readings.center[0] + sum(part.central for part in parts) == pytest.approx(z, abs=1e-12)
    assert central_z(case, policy) == pytest.approx(z, abs=1e-12)


@settings(max_examples=20)
@given(case=cases(), policy=POLICIES)
def test_contributions_are_shapley_values_against_the_neutral_case(case: Case, policy: Policy) -> None:
    parts = contributions(case, policy)
    pressure, center = np.array([part.pressure for part in parts]), policy.readings.center
    orders = list(itertools.permutations(range(len(FACTORS))))
    values = np.zeros(len(FACTORS))
    for order in orders:
        before = np.zeros(len(FACTORS))
        for factor in order:
            after = before.copy()
            after[factor] = pressure[factor]
            values[factor] += (center[1:] @ after - center[1:] @ before) / len(orders)
            before = after
    assert [part.central for part in parts] == pytest.approx(values.tolist(), abs=1e-12)


@given(case=cases(known=True), policy=POLICIES, hidden=st.sets(st.sampled_from(sorted(FACTS))))
def test_a_contributions_range_holds_every_reading_and_every_value_of_the_unknown(case, policy, hidden) -> None:
    parts = contributions(case.replace(**dict.fromkeys(hidden)), policy)
    known = pressures(coded({name: [getattr(case, name)] for name in FIELDS}), policy)[0][0]
    for n, part in enumerate(parts[:4]):
        sampled = policy.readings.samples[:, n + 1] * known[n]
        assert part.low - 1e-12 <= sampled.min() and sampled.max() <= part.high + 1e-12
        assert part.low <= part.central <= part.high
        assert part.pressure_low <= known[n] <= part.pressure_high


@given(case=cases(), policy=POLICIES)
def test_what_an_answer_is_worth_is_how_much_it_narrows_on_average(case: Case, policy: Policy) -> None:
    found = questions(case, policy)
    assert {question.field for question in found} == set(case.unknown)
    for question in found:
        levels = policy.data["questions"][question.field]["levels"]
        answers = [score_cases([case.replace(**{question.field: level})], policy) for level in levels]
        now = score_cases([case], policy)
        for gained, low, high in (
            (question.narrowing, "low", "high"),
            (question.share_narrowing, "share_low", "share_high"),
        ):
            width_now = getattr(now, high)[0] - getattr(now, low)[0]
            width_then = np.mean([getattr(answer, high)[0] - getattr(answer, low)[0] for answer in answers])
            assert gained == pytest.approx(width_now - width_then, abs=1e-9)
            assert gained >= 0
    assert found == sorted(found, key=lambda question: (-question.narrowing, -question.share_narrowing))


def test_what_is_known_is_not_asked(article: Policy) -> None:
    assert questions(Case(7, 8000, 640, 0, "silent", "accurate"), article) == []


# ---- what would change it --------------------------------------------------------------------------------------------


def by_trying_all(case: Case, policy: Policy) -> list[tuple[str, str | None, int]]:
    """Every way to communicate with every payment in whole yuan that leaves something owed; then those that none beats."""
    now, better = case.communication, FIELDS["communication"]["levels"][::-1]
    ways = better if now is None else better[better.index(now) + 1 :]
    ways = [now, *(way for way in ways if way not in ("silent", "broken_promise"))]
    payments = range(math.ceil(case.amount_overdue))
    tried = [(way, pay) for way in ways for pay in payments]
    many = [case.replace(communication=way, amount_overdue=case.amount_overdue - pay) for way, pay in tried]
    answer, before = score_cases(many, policy), score_cases([case], policy)
    if VERDICTS[before.verdict[0]] == "not_yet":
        return []
    goals = {"verdict": answer.verdict < before.verdict[0]}
    if before.share[0] > 0.5:
        goals["majority"] = answer.share <= 0.5
    found = []
    for goal, reached in goals.items():
        good = [(ways.index(way), pay) for (way, pay), fine in zip(tried, reached, strict=True) if fine]
        least = [
            one for one in good if not any(other != one and other[0] <= one[0] and other[1] <= one[1] for other in good)
        ]
        found += [(goal, None if ways[way] == now else ways[way], pay) for way, pay in sorted(least, reverse=True)]
    return found


def shown(found: list[LeastChange]) -> list[tuple[str, str | None, int]]:
    return [(change.goal, change.communication, change.pay) for change in found]


# Cases near a verdict: all that pressing, or all that protecting, can do.
PRESSING = {"zhima_score": 450, "past_overdue": 4, "contacts": "close", "days_overdue": 90}
PROTECTIVE = {"zhima_score": 800, "past_overdue": 0, "contacts": "wrong", "days_overdue": 7}
NEAR = st.sampled_from([{}, PRESSING, PROTECTIVE])


@settings(max_examples=60)
@given(
    case=cases(days=DAYS.filter(lambda day: day >= 3)),
    near=NEAR,
    amount=st.floats(0.5, 200).map(lambda yuan: round(yuan, 2)),
    policy=what_if_policies(),
    small=st.integers(1, 30),
)
def test_no_cheaper_change_is_found_by_trying_all(case, near, amount, policy, small) -> None:
    """Under what-ifs in which already a few yuan matter, so that all payments can be tried."""
    policy = policy.replace({"factors.amount.protective": small})
    case = case.replace(amount_overdue=amount, **near)
    found = changes(case, policy)
    if not found or found[0].goal in ("verdict", "majority"):
        assert shown(found) == by_trying_all(case, policy)
    else:
        assert by_trying_all(case, policy) == []


@settings(max_examples=12)
@given(
    case=cases(days=st.integers(7, 400)),
    near=NEAR,
    amount=st.floats(500, 1500).map(lambda yuan: round(yuan, 2)),
    policy=POLICIES,
)
def test_no_cheaper_change_is_found_under_the_built_in_policies(case, near, amount, policy) -> None:
    case = case.replace(amount_overdue=amount, **near)
    found = changes(case, policy)
    assert shown([change for change in found if change.goal in ("verdict", "majority")]) == by_trying_all(case, policy)


@pytest.mark.parametrize(
    ("case", "said"),
    [
        # All pressing, so "likely" on day 90: from some payment on not every reading says so; so too once calls are answered.
        (Case(90, 30_500, 500, 4, "silent", "close"), ("verdict", None)),
        (Case(90, 30_500, 500, 4, "silent", "close"), ("verdict", "answering")),
        # All protective but for the amount: to 500 yuan and every reading says "unlikely".
        (Case(7, 2_000, 800, 0, "repaying", "wrong"), ("verdict", None)),
    ],
)
def test_the_least_payment_is_least_to_the_yuan(article: Policy, case: Case, said: tuple) -> None:
    before = score_cases([case], article).verdict[0]
    change = next(change for change in changes(case, article) if (change.goal, change.communication) == said)
    less = LeastChange(**{**vars(change), "pay": change.pay - 1})
    assert rescored(case, change, article).verdict[0] < before
    assert change.pay == 0 or rescored(case, less, article).verdict[0] == before


EITHER_WAY = {
    "strengths.either_way": load_policy("published").data["strengths"]["either_way"],
    "constraints.sign_amount": None,
    "constraints.strength_amount.strength": "either_way",
    "constraints.contacts_below_amount": None,
    "factors.amount.protective": 5,
}


@settings(max_examples=20)
@given(case=cases(days=st.integers(7, 90)), amount=st.integers(2, 150))
def test_no_cheaper_change_is_found_where_an_amount_may_work_either_way(case: Case, amount: int) -> None:
    policy, case = load_policy("article").replace(EITHER_WAY), case.replace(amount_overdue=amount)
    found = [change for change in changes(case, policy) if change.goal in ("verdict", "majority")]
    assert shown(found) == by_trying_all(case, policy)


@given(
    lines=st.lists(st.tuples(st.integers(-4, 4), st.integers(-3, 3)), min_size=1, max_size=7), most=st.integers(0, 6)
)
def test_the_first_pressure_at_which_few_enough_lines_are_above_zero(lines, most) -> None:
    """Against trying every root and every end."""
    intercept, slope = (np.array(part, float) for part in zip(*lines, strict=True))
    roots = [-c / w for c, w in lines if w and -1 <= -c / w <= 1]
    tried = [
        s for s in sorted({1.0, -1.0, *roots}, reverse=True) if np.count_nonzero(intercept + slope * s > 1e-9) <= most
    ]
    assert first_below(intercept, slope, most, 1.0, -1.0) == pytest.approx(tried[0] if tried else None)


@given(case=cases(), policy=POLICIES)
def test_a_change_brings_what_it_says(case: Case, policy: Policy) -> None:
    before = score_cases([case], policy)
    for change in changes(case, policy):
        after = rescored(case, change, policy)
        assert (change.verdict, change.low, change.high, change.share) == pytest.approx(
            (VERDICTS[after.verdict[0]], after.low[0], after.high[0], after.share[0]), abs=1e-12
        )
        assert after.share[0] <= before.share[0] and after.high[0] <= before.high[0]
        if change.goal == "verdict":
            assert after.verdict[0] < before.verdict[0]
        if change.goal == "majority":
            assert after.share[0] <= 0.5 < before.share[0]
        if change.goal == "best":
            more = rescored(case, LeastChange(**{**vars(change), "pay": math.ceil(case.amount_overdue) - 1}), policy)
            less = rescored(case, LeastChange(**{**vars(change), "pay": change.pay - 1}), policy)
            assert (after.share[0], after.high[0]) == (more.share[0], more.high[0]), "as far as paying all but a yuan"
            assert (less.share[0], less.high[0]) > (after.share[0], after.high[0]), "and a yuan less goes less far"


def rescored(case: Case, change: LeastChange, policy: Policy) -> Scores:
    way = change.communication or case.communication
    return score_cases(
        [case.replace(communication=way, amount_overdue=case.amount_overdue - change.pay)],
        policy,
    )


@given(case=cases(), policy=POLICIES)
def test_wrong_contact_details_and_empty_promises_are_never_suggested(case: Case, policy: Policy) -> None:
    for change in changes(case, policy):
        assert change.communication in (None, "answering", "engaged", "repaying")
        assert 0 <= change.pay < case.amount_overdue


@pytest.mark.parametrize("day", [0, 3, 6])
def test_before_the_first_possible_day_there_is_nothing_to_change__article_5(article: Policy, day: int) -> None:
    assert changes(Case(day, 50_000, communication="silent"), article) == []
