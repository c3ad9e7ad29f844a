"""What the answer hangs on, against moving each thing by hand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiebei_lib.core.case import Case
from jiebei_lib.core.policy import Policy, load_policy
from jiebei_lib.core.scoring.score import VERDICTS, score_cases
from jiebei_lib.core.scoring.sensitivity import (
    MEASURES,
    assumptions,
    compared,
    one_by_one,
    over_two_facts,
    reach,
    tornado,
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
    assert (early.before, early.after) == ("not_yet", "depends")
    assert early.because == ("timeline.first_possible_day.spread",)


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
