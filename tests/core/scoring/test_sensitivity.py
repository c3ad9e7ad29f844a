"""What the answer hangs on, against moving each thing by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiebei_lib.core.case import Case
from jiebei_lib.core.policy import Policy, load_policy
from jiebei_lib.core.scoring.score import VERDICT_OF, score_cases
from jiebei_lib.core.scoring.sensitivity import (
    MEASURES,
    assumptions,
    over_two_facts,
    reach,
    tornado,
    turning,
)
from tests.strategies import cases

CASE = Case(30, 6000, 630, 1, "broken_promise", "accurate")


@pytest.mark.parametrize("measure", MEASURES)
def test_each_bar_is_what_moving_that_assumption_alone_gives(policy: Policy, measure: str) -> None:
    swings = tornado(CASE, policy, measure)
    assert [swing.size for swing in swings] == sorted((swing.size for swing in swings), reverse=True)
    for swing in swings[:8]:
        for end, found in ((swing.low, swing.at_low), (swing.high, swing.at_high)):
            moved = policy.replace({swing.path: end})
            assert found == pytest.approx(getattr(score_cases([CASE], moved), measure)[0], abs=1e-12), swing.path


def test_every_assumption_the_score_follows_from_is_there_and_nothing_documented(policy: Policy) -> None:
    paths = {swing.path for swing in tornado(CASE, policy)}
    assert {"factors.amount.pressing", "constraints.neutral_possible.at_least", "factors.days.pressing"} <= paths
    assert "factors.communication.levels.engaged" in paths
    assert "factors.communication.levels.silent" not in paths, "that silence presses most is the article's"
    assert ("strengths.weak.at_least" in paths) == (policy.label == "published")
    assert len(paths) == sum(1 for _ in assumptions(policy))


def test_every_end_is_admissible_and_holds_the_value_now(policy: Policy) -> None:
    for path, node in assumptions(policy):
        low, high = reach(policy, path)
        assert node["range"][0] <= low <= node["value"] <= high <= node["range"][1], path
        for end in (low, high):
            policy.replace({".".join(path): end})  # checked like any other


@settings(max_examples=25)
@given(case=cases(), name=st.sampled_from(["article", "published"]))
def test_a_map_is_the_case_at_every_combination(case: Case, name: str) -> None:
    policy, across, up = load_policy(name), [7, 30, 90], ["repaying", "answering", "silent"]
    found = over_two_facts(case, policy, across, up, ("days_overdue", "communication"))
    alone = score_cases([case.replace(days_overdue=x, communication=y) for y in up for x in across], policy)
    for measure in MEASURES:
        assert getattr(found, measure) == pytest.approx(getattr(alone, measure), abs=1e-12)


@settings(max_examples=10)
@given(case=cases(days=st.integers(7, 90)))
def test_what_the_verdict_rests_on_turns_it_and_nothing_else_does(case: Case) -> None:
    policy = load_policy("article")
    now, ends = verdict(case, policy), turning(case, policy)
    said = {(swing.path, getattr(swing, end)) for swing, end in ends}
    for swing in tornado(case, policy):
        for end in (swing.low, swing.high):
            turned = verdict(case, policy.replace({swing.path: end})) != now
            assert turned == ((swing.path, end) in said), swing.path


def verdict(case: Case, policy: Policy) -> int:
    """The verdict at the middle of what is unknown."""
    return int(VERDICT_OF[score_cases([case], policy).so_far[0]])


@pytest.mark.parametrize("factor", ["communication", "history", "amount"])
def test_an_end_that_no_reading_admits_is_moved_to_only_as_far_as_one_does(policy: Policy, factor: str) -> None:
    """With a strong factor's strength "assumed", a stronger moderate factor would outweigh it, which no reading may."""
    name = next(name for name in policy.data["constraints"] if name == f"strength_{factor}")
    weaker = policy.replace({f"constraints.{name}.strength": "assumed"})
    for swing in tornado(CASE, weaker):
        for end in (swing.low, swing.high):
            weaker.replace({swing.path: end})
        node = dict(assumptions_by_path(weaker))[swing.path]
        assert node["range"][0] <= swing.low <= swing.value <= swing.high <= node["range"][1]


def assumptions_by_path(policy: Policy) -> list[tuple[str, dict]]:
    return [(".".join(path), node) for path, node in assumptions(policy)]


def test_how_readings_are_counted_is_one_of_the_assumptions(article: Policy) -> None:
    """Evenly over odds multiples heavy weights count more: silence presses harder, a kept plan protects more."""
    paths = {swing.path for swing in tornado(CASE, article)}
    assert "sampling.over_multiples" in paths and not {"sampling.seed", "sampling.readings"} & paths
    tilted = article.replace({"sampling.over_multiples": 1})
    assert (tilted.readings.samples[:, 1:].mean(axis=0) > article.readings.samples[:, 1:].mean(axis=0)).all()
    # The mean of a weight that counts for its multiple, by integration over the interval that days alone are held to.
    w = np.linspace(0, np.log(10), 100_001)
    assert tilted.readings.samples[:, -1].mean() == pytest.approx(np.average(w, weights=np.exp(2 * w)), rel=0.01)
