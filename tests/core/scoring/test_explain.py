"""Why, and what to ask: against direct computation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiebei_lib.core.case import FIELDS, Case
from jiebei_lib.core.policy import Policy, load_policy
from jiebei_lib.core.readings import FACTORS
from jiebei_lib.core.rules.factors import coded, pressures
from jiebei_lib.core.scoring.explain import central_z, contributions, questions
from jiebei_lib.core.scoring.score import score_cases
from tests.strategies import FACTS, cases

POLICIES = st.sampled_from(["article", "published"]).map(load_policy)


@given(case=cases(), policy=POLICIES)
def test_contributions_sum_to_z(case: Case, policy: Policy) -> None:
    parts = contributions(case, policy)
    assert [part["factor"] for part in parts] == list(FACTORS)
    pressure = np.array([part["pressure"] for part in parts])
    z = policy.readings.center[0] + policy.readings.center[1:] @ pressure
    assert policy.readings.center[0] + sum(part["central"] for part in parts) == pytest.approx(z, abs=1e-12)
    assert central_z(contributions(case, policy), policy) == pytest.approx(z, abs=1e-12)


@settings(max_examples=20)
@given(case=cases(), policy=POLICIES)
def test_contributions_are_shapley_values_against_the_neutral_case(case: Case, policy: Policy) -> None:
    parts = contributions(case, policy)
    pressure, center = np.array([part["pressure"] for part in parts]), policy.readings.center
    orders = list(itertools.permutations(range(len(FACTORS))))
    values = np.zeros(len(FACTORS))
    for order in orders:
        before = np.zeros(len(FACTORS))
        for factor in order:
            after = before.copy()
            after[factor] = pressure[factor]
            values[factor] += (center[1:] @ after - center[1:] @ before) / len(orders)
            before = after
    assert [part["central"] for part in parts] == pytest.approx(values.tolist(), abs=1e-12)


@given(case=cases(known=True), policy=POLICIES, hidden=st.sets(st.sampled_from(sorted(FACTS))))
def test_a_contributions_range_holds_every_reading_and_every_value_of_the_unknown(case, policy, hidden) -> None:
    parts = contributions(case.replace(**dict.fromkeys(hidden)), policy)
    known = pressures(coded({name: [getattr(case, name)] for name in FIELDS}), policy)[0][0]
    for n, part in enumerate(parts[:4]):
        sampled = policy.readings.samples[:, n + 1] * known[n]
        assert part["low"] - 1e-12 <= sampled.min() and sampled.max() <= part["high"] + 1e-12
        assert part["low"] <= part["central"] <= part["high"]
        assert part["pressure_low"] <= known[n] <= part["pressure_high"]


@given(case=cases(), policy=POLICIES)
def test_what_an_answer_is_worth_is_how_much_it_narrows_on_average(case: Case, policy: Policy) -> None:
    found = questions(case, policy)
    assert {question["field"] for question in found} == set(case.unknown)
    for question in found:
        levels = policy.data["questions"][question["field"]]["levels"]
        answers = [score_cases([case.replace(**{question["field"]: level})], policy) for level in levels]
        now = score_cases([case], policy)
        for gained, low, high in (
            (question["narrowing"], "low", "high"),
            (question["share_narrowing"], "share_low", "share_high"),
        ):
            width_now = getattr(now, high)[0] - getattr(now, low)[0]
            width_then = np.mean([getattr(answer, high)[0] - getattr(answer, low)[0] for answer in answers])
            assert gained == pytest.approx(width_now - width_then, abs=1e-9)
            assert gained >= 0
    assert found == sorted(found, key=lambda question: (-question["narrowing"], -question["share_narrowing"]))


def test_what_is_known_is_not_asked(article: Policy) -> None:
    assert questions(Case(7, 8000, 640, 0, "silent", "accurate"), article) == []
