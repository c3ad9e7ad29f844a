"""What holds in every reading: against the sampled readings, against scipy's solver, and the article's own comparisons."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from jiebei_lib.core.case import FIELDS, Case
from jiebei_lib.core.policy import Policy, load_policy
from jiebei_lib.core.readings import halfspaces
from jiebei_lib.core.rules.factors import coded, days_pressure, pressures
from jiebei_lib.core.scoring.compare import WAYS, compare, references, steps
from jiebei_lib.core.scoring.score import GRADES, score_cases
from tests.strategies import cases, vague_cases, what_if_policies

POLICIES = st.sampled_from(["article", "published"]).map(load_policy)
LATE = st.integers(7, 400)


def z_of(case: Case, policy: Policy, end: int) -> np.ndarray:
    """z in each drawn reading (N,), a fact that is unknown at the end (0 or 1) of its range; minus infinity before the first day."""
    readings, longest = policy.readings, policy.value("factors.days.pressing")
    pressure = pressures(coded({name: [getattr(case, name)] for name in FIELDS}), policy)[end][0]
    days = np.array([days_pressure(np.array(float(case.days_overdue)), day, longest) for day in readings.first_day])
    z = readings.samples[:, 0] + readings.samples[:, 1:-1] @ pressure + readings.samples[:, -1] * days
    return np.where(readings.first_day <= case.days_overdue, z, -np.inf)


@settings(max_examples=40)
@given(a=cases(known=True), b=cases(known=True), policy=POLICIES)
def test_a_comparison_holds_in_every_sampled_reading(a: Case, b: Case, policy: Policy) -> None:
    found, ours, theirs = compare(a, b, policy), z_of(a, policy, 0), z_of(b, policy, 0)
    assert ours.shape == theirs.shape
    with np.errstate(invalid="ignore"):
        apart = np.where(np.isneginf(ours) & np.isneginf(theirs), 0.0, ours - theirs)
    assert found.least <= apart.min() + 1e-9 and apart.max() <= found.greatest + 1e-9
    if found.necessarily == "above":
        assert (apart >= -1e-9).all()
    if "above" not in found.possibly:
        assert (apart <= 1e-9).all()


@settings(max_examples=25)
@given(a=cases(known=True, days=LATE), b=cases(known=True, days=LATE), policy=what_if_policies())
def test_a_comparisons_ends_equal_linear_programming(a: Case, b: Case, policy: Policy) -> None:
    matrix, bound, _ = halfspaces(policy.data)
    longest, ends = policy.value("factors.days.pressing"), []
    facts = [pressures(coded({name: [getattr(case, name)] for name in FIELDS}), policy)[0][0] for case in (a, b)]
    for first in policy.readings.days:
        came = [case.days_overdue >= first for case in (a, b)]
        if not all(came):
            ends += [(0, 0)] if came[0] == came[1] else [(math.inf,) * 2] if came[0] else [(-math.inf,) * 2]
            continue
        days = [float(days_pressure(np.array(float(case.days_overdue)), first, longest)) for case in (a, b)]
        apart = np.array([0, *(facts[0] - facts[1]), days[0] - days[1]])
        tight = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
        solved = [
            linprog(sign * apart, A_ub=matrix, b_ub=bound, bounds=(None, None), options=tight) for sign in (1, -1)
        ]
        ends.append((solved[0].fun, -solved[1].fun))
    found = compare(a, b, policy)
    assert found.least == pytest.approx(min(low for low, _ in ends), abs=1e-8)
    assert found.greatest == pytest.approx(max(high for _, high in ends), abs=1e-8)


@given(case=vague_cases(days=LATE), policy=POLICIES)
def test_a_case_is_equal_to_itself_where_all_is_known_and_turning_a_comparison_round_turns_its_signs(case, policy):
    other = case.replace(communication="silent", days_overdue=case.days_overdue + 3)
    there, back = compare(case, other, policy), compare(other, case, policy)
    assert (there.least, there.greatest) == pytest.approx((-back.greatest, -back.least), abs=1e-9)
    if not case.unknown and case.amount is not None:
        assert compare(case, case, policy).necessarily == "equal"


@given(case=vague_cases(days=LATE))
def test_one_borrower_is_held_against_himself_whatever_is_unknown(case: Case) -> None:
    policy = load_policy("article")
    silent, answering = (case.replace(communication=way) for way in ("silent", "answering"))
    found = compare(silent, answering, policy, same_borrower=True)
    step = next(step for step in steps(silent, policy) if step["step"] == "answer")
    assert found.odds == pytest.approx((1 / step["odds"]["high"], 1 / step["odds"]["low"]))


# ---- what the article itself compares (¶6 to ¶11) ---------------------------------------------------------------------

MIDDLE = {"zhima_score": 625, "past_overdue": 1, "communication": "answering", "contacts": "accurate"}
POOR, GOOD = {"zhima_score": 500, "past_overdue": 4}, {"zhima_score": 800, "past_overdue": 0}
# Who is called more, and who less.
SAID = {
    "silence against a kept plan, article 6 and 7": ({"communication": "silent"}, {"communication": "repaying"}),
    "an empty promise against a plan, article 7 and 10": (
        {"communication": "broken_promise"},
        {"communication": "engaged"},
    ),
    "tens of thousands against hundreds, article 7 and 9": ({"amount_overdue": 30_000}, {"amount_overdue": 500}),
    "a poor record against a good one, article 8": (POOR, GOOD),
    "silence against answering, article 10": ({"communication": "silent"}, {"communication": "answering"}),
    "close contacts against wrong ones, article 11": ({"contacts": "close"}, {"contacts": "wrong"}),
}


@pytest.mark.parametrize("name", SAID)
def test_each_comparison_of_the_article_holds_in_every_reading(article: Policy, name: str) -> None:
    more, less = (Case(**{"days_overdue": 7, "amount_overdue": 5000, **MIDDLE, **facts}) for facts in SAID[name])
    assert compare(more, less, article).necessarily == "above"


@pytest.mark.parametrize("factor", ["communication", "history", "amount"])
def test_at_the_protective_end_of_a_factor_and_neutral_on_the_rest_a_call_is_at_most_even__article_6_8_9(
    article, factor
):
    readings = article.readings
    column = ("base", "communication", "history", "amount", "contacts", "days").index(factor)
    assert (readings.samples[:, 0] - readings.samples[:, column] <= 1e-9).all()
    assert (readings.vertices[:, 0] - readings.vertices[:, column]).max() == pytest.approx(0, abs=1e-9)
    without = article.replace({f"constraints.level_{factor}": None}).readings
    assert (without.samples[:, 0] - without.samples[:, column] > 0).any()


# ---- steps -----------------------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(case=vague_cases(days=LATE), policy=POLICIES)
def test_a_steps_odds_contain_every_sampled_readings(case: Case, policy: Policy) -> None:
    start = case if case.communication else case.replace(communication="silent")
    for step in steps(case, policy):
        if step["settles"]:
            continue
        rule = policy.data["steps"][step["step"]]
        way, part = rule.get("communication") or start.communication, rule.get("pay", {}).get("value", 0)
        for end, amount in enumerate(start.amounts):
            facts = {"communication": way, "amount_overdue": max(0.01, amount * (1 - part))}
            before = z_of(start.replace(amount_overdue=amount), policy, end)
            after = z_of(start.replace(**facts), policy, end)
            came = np.isfinite(before)
            times = np.exp(after[came] - before[came])
            assert step["odds"]["low"] <= times.min() * (1 + 1e-9) and times.max() <= step["odds"]["high"] * (1 + 1e-9)
        assert step["odds"]["high"] <= 1 + 1e-12, "no step of the borrower's makes a call likelier in any reading"


@given(case=cases(days=LATE), policy=POLICIES)
def test_a_step_brings_what_it_says(case: Case, policy: Policy) -> None:
    before = score_cases([case], policy)
    for step in steps(case, policy):
        rule = policy.data["steps"][step["step"]]
        part, way = rule.get("pay", {}).get("value", 0), rule.get("communication") or case.communication
        assert step["pay"] == (math.ceil(round(case.amount_overdue * part, 6)) if part else None)
        if step["settles"]:
            assert part == 1 and step["grade"] is None
            continue
        left = case.amount_overdue * (1 - part)
        after = score_cases([case.replace(communication=way, amount_overdue=max(left, 0.01))], policy)
        assert (step["grade"], step["share"]) == (GRADES[after.grade[0]], pytest.approx(after.share[0], abs=1.5 / 4096))
        assert after.share[0] <= before.share[0]


@given(case=vague_cases(days=LATE), policy=POLICIES)
def test_steps_are_small_and_never_wrong_details_or_empty_promises(case: Case, policy: Policy) -> None:
    found = steps(case, policy)
    for step in found:
        rule = policy.data["steps"][step["step"]]
        assert rule.get("communication") in (None, "answering", "engaged", "repaying")
        assert rule.get("pay", {}).get("value", 0) <= 0.5 or step["settles"], (
            "more than half is not asked for an even chance"
        )
        assert (step["instead_of"] == "silent") == (case.communication is None and "communication" in rule)
    if case.communication is not None:
        better = [policy.data["steps"][step["step"]].get("communication") for step in found]
        assert all(way is None or WAYS.index(way) > WAYS.index(case.communication) for way in better)
    assert [step["settles"] for step in found].count(True) == 1


@pytest.mark.parametrize("day", [-5, 0, 3, 6])
def test_before_the_first_possible_day_there_is_no_step_to_take__article_5(article: Policy, day: int) -> None:
    assert steps(Case(day, 50_000, communication="silent"), article) == []


def test_answering_divides_the_odds_by_2_to_10_and_a_kept_plan_by_4_to_100__article_6_7_10(article: Policy) -> None:
    """A strongly worded factor multiplies the odds by 4 to 100 from end to end; answering goes half of the way."""
    found = {step["step"]: step for step in steps(Case(7, 500, communication="silent"), article)}
    assert (found["answer"]["odds"]["low"], found["answer"]["odds"]["high"]) == pytest.approx((1 / 10, 1 / 2))
    assert (found["repay"]["odds"]["low"], found["repay"]["odds"]["high"]) == pytest.approx((1 / 100, 1 / 4))
    half = {step["step"]: step for step in steps(Case(7, 8000, communication="silent"), article)}["pay_half"]
    share = math.log(2) / math.log(30_000 / 500)
    assert (half["odds"]["low"], half["odds"]["high"]) == pytest.approx((100**-share, 4**-share))


def test_held_against_the_articles_borrowers(article: Policy) -> None:
    silent = references(Case(7, 30_000, 550, 3, "silent", "close"), article)
    assert {name: one.necessarily for name, one in silent.items()} == dict.fromkeys(silent, "above")
    kept = references(Case(7, 500, 700, 0, "repaying", "wrong"), article)
    assert {name: one.necessarily for name, one in kept.items()} == dict.fromkeys(kept, "below")
    neutral = references(Case(7, math.sqrt(500 * 30_000), 625, 1, "answering", None), article)["neutral"]
    assert neutral.necessarily is None and neutral.possibly == {"above", "below"}
