"""Learning from observed cases: Bayes' rule over the readings, what it recovers, and what it refuses."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiebei_lib.core.case import FIELDS, Case
from jiebei_lib.core.knowledge.problems import CaseError
from jiebei_lib.core.policy import load_policy
from jiebei_lib.core.readings import WEIGHTS
from jiebei_lib.core.rules.factors import coded, days_pressure, pressures
from jiebei_lib.core.scoring.score import score_cases
from jiebei_lib.evidence.learn import ASSUMED, Drawn, _chances, impossible, learn, learn_under, reported
from jiebei_lib.evidence.outcomes import Outcomes

POLICIES = ("article", "published")
QUESTION = Case(days_overdue=7, amount_overdue=8000)
CASES = [
    QUESTION,
    Case(days_overdue=40, amount_overdue=30_000, communication="silent", contacts="close", past_overdue=3),
    Case(days_overdue=12, amount_overdue=700, communication="repaying", zhima_score=760, past_overdue=0),
    Case(days_overdue=2, amount_overdue=700),
]
SILENT = {"days_overdue": 30, "amount_overdue": 20_000, "communication": "silent", "called": True}
SPARED = {"days_overdue": 20, "amount_overdue": 900, "communication": "engaged", "contacts": "wrong", "called": False}
ROWS = [SILENT, SPARED, {"days_overdue": 8, "amount_overdue": None, "zhima_score": 520, "called": True}]


@pytest.fixture(scope="module")
def fine():
    """The article with more readings, for many cases."""
    return load_policy("article").replace({"sampling.readings": 16384})


# ---- laws ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("case", CASES, ids=["question", "pressing", "protective", "early"])
def test_no_evidence_gives_the_prior_exactly_and_the_prior_is_the_score(policy: str, case: Case) -> None:
    learned = learn(Outcomes.of([]), policy)
    assert learned.posterior(case) == learned.prior(case)
    score = score_cases([case], load_policy(policy))
    for name in ("low", "high", "share", "share_low", "share_high"):
        assert getattr(learned.prior(case), name) == pytest.approx(float(getattr(score, name)[0]), abs=1e-12)
    assert learned.effective == pytest.approx(len(learned.weights))
    for name in WEIGHTS:
        assert learned.span(name, learned=False) == learned.span(name)


@pytest.mark.parametrize("policy", POLICIES)
@given(data=st.data())
@settings(max_examples=6, deadline=None)
def test_the_order_of_the_cases_does_not_matter(policy: str, data) -> None:
    rows = [row | {"days_overdue": row["days_overdue"] + n} for n, row in enumerate(ROWS * 2)]
    shuffled = data.draw(st.permutations(rows))
    one, other = (learn(Outcomes.of(given), policy) for given in (rows, shuffled))
    np.testing.assert_allclose(one.weights, other.weights, rtol=1e-9, atol=1e-15)
    assert one.posterior(QUESTION).low == pytest.approx(other.posterior(QUESTION).low)
    assert one.posterior(QUESTION).share == pytest.approx(other.posterior(QUESTION).share)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_duplicated_case_counts_twice(policy: str) -> None:
    once, twice = (learn(Outcomes.of([SILENT] * n), policy) for n in (1, 2))
    weighed = learn(Outcomes.of([SILENT | {"weight": 2}]), policy)
    squared = once.weights**2 / (once.weights**2).sum()
    np.testing.assert_allclose(twice.weights, squared, rtol=1e-9)
    np.testing.assert_allclose(weighed.weights, squared, rtol=1e-9)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_call_makes_a_call_likelier_and_none_makes_it_less_likely(policy: str) -> None:
    case = Case(**{name: value for name, value in SILENT.items() if name != "called"})
    called, spared = (learn(Outcomes.of([SILENT | {"called": outcome}]), policy) for outcome in (True, False))
    assert called.posterior(case).share > called.prior(case).share > spared.posterior(case).share


def test_before_the_first_possible_day_a_case_that_was_not_called_says_nothing() -> None:
    learned = learn(Outcomes.of([SPARED | {"days_overdue": 5}] * 9), "article")
    assert learned.effective == pytest.approx(len(learned.weights))


def test_a_call_on_day_10_rules_out_the_readings_whose_first_day_is_later() -> None:
    learned = learn(Outcomes.of([SILENT | {"days_overdue": 10}]), "published")
    days = {day: after for day, _, after in learned.first_days()}
    assert days[3] > 0
    assert days[7] > 0
    assert all(days[day] == 0 for day in (15, 30, 45, 90, 365))
    assert sum(days.values()) == pytest.approx(1)


@given(p=st.floats(1e-6, 1 - 1e-6), s=st.floats(0.001, 1000))
def test_selection_adds_its_logarithm_to_the_log_odds(p: float, s: float) -> None:
    call, spared = reported(np.array(p), np.array(1 - p), s)
    assert call + spared == pytest.approx(1)
    assert math.log(call / spared) == pytest.approx(math.log(p / (1 - p)) + math.log(s), abs=1e-6)


def test_selection_of_one_is_no_selection_and_more_of_it_says_less_of_a_call() -> None:
    outcomes = Outcomes.of([SILENT, SPARED])
    none, *strong = learn_under(outcomes, "article", [1, 10, 1000])
    np.testing.assert_array_equal(none.fit, learn(outcomes, "article").fit)
    shares = [learned.posterior(QUESTION).share for learned in (none, *strong)]
    assert shares == sorted(shares, reverse=True)
    only_called = learn(Outcomes.of([SILENT] * 5), "article", 1000)
    assert only_called.posterior(QUESTION).share == pytest.approx(only_called.prior(QUESTION).share, abs=0.01)


def test_what_is_unknown_is_averaged_evenly_over_all_that_it_could_be() -> None:
    policy = load_policy("article")
    drawn = Drawn.of(policy)
    ((_, call, spared),) = _chances(Outcomes.of([{"days_overdue": 30, "called": True}]), drawn, policy)
    np.testing.assert_allclose(call + spared, 1)
    grid = np.linspace(-1, 1, 2001)[1::2]  # the midpoints of 1,000 equal parts
    rng = np.random.default_rng(5)
    for theta in drawn.weights[rng.choice(drawn.number, 5)]:
        days = days_pressure(np.array([30.0]), 7, 90)[0]
        steps = [rng.permutation(grid) for _ in range(4)]
        wide = theta[0] + theta[5] * days + sum(weight * step for weight, step in zip(theta[1:5], steps, strict=True))
        place = np.flatnonzero((drawn.weights == theta).all(axis=1))[0]
        assert call[0, place] == pytest.approx((1 / (1 + np.exp(-wide))).mean(), abs=0.03)
    one_open = Outcomes.of(
        [ROWS[0] | {"contacts": "close", "past_overdue": 1, "zhima_score": 625, "amount_overdue": None}]
    )
    ((_, call, _),) = _chances(one_open, drawn, policy)
    low, _ = pressures(one_open.columns, policy)
    fixed = drawn.weights[:, 0] + drawn.weights[:, 5] * days + drawn.weights[:, [1, 2, 4]] @ low[0, [0, 1, 3]]
    exact = np.mean([1 / (1 + np.exp(-fixed - drawn.weights[:, 3] * step)) for step in grid], axis=0)
    np.testing.assert_allclose(call[0], exact, atol=2e-3)


# ---- what it recovers ---------------------------------------------------------------------------------------------------


def simulated(policy, reading: np.ndarray, n: int, rng: np.random.Generator) -> Outcomes:
    """n invented cases, every fact known, whose outcomes a reading with first day 7 decided."""
    facts = {
        "days_overdue": rng.integers(7, 120, n),
        "amount_overdue": np.exp(rng.uniform(math.log(300), math.log(50_000), n)),
        "zhima_score": rng.integers(400, 800, n),
        "past_overdue": rng.integers(0, 5, n),
        "communication": rng.choice(FIELDS["communication"]["levels"], n),
        "contacts": rng.choice(FIELDS["contacts"]["levels"], n),
    }
    columns = coded(facts)
    pressure, _ = pressures(columns, policy)
    days = days_pressure(columns["days_overdue"], 7, policy.value("factors.days.pressing"))
    z = reading[0] + np.column_stack([pressure, days]) @ reading[1:]
    called = rng.random(n) < 1 / (1 + np.exp(-z))
    return Outcomes(tuple(map(str, range(n))), columns, called, np.ones(n))


def log_likelihood(outcomes: Outcomes, reading: np.ndarray, policy) -> float:
    pressure, _ = pressures(outcomes.columns, policy)
    days = days_pressure(outcomes.days, 7, policy.value("factors.days.pressing"))
    z = reading[0] + np.column_stack([pressure, days]) @ reading[1:]
    return float(-np.logaddexp(0, np.where(outcomes.called, -z, z)).sum())


def test_the_90_percent_region_covers_the_truth_in_about_90_of_100_worlds() -> None:
    policy = load_policy("article")
    truths = policy.replace({"sampling.seed": 7}).readings.samples  # other readings than those that are weighed
    rng, worlds, covered = np.random.default_rng(1), 240, 0
    for truth in truths[rng.choice(len(truths), worlds, replace=False)]:
        outcomes = simulated(policy, truth, 30, rng)
        covered += log_likelihood(outcomes, truth, policy) >= learn(outcomes, policy).least_fit(0.9)
    assert 0.84 <= covered / worlds <= 0.96  # three standard errors around 0.9


def test_it_recovers_the_weights_that_made_the_outcomes_as_cases_grow(fine) -> None:
    rng, errors, widths = np.random.default_rng(2), [], []
    truths = fine.replace({"sampling.seed": 7}).readings.samples
    truths = truths[rng.choice(len(truths), 5, replace=False)]
    for n in (10, 60, 360):
        learned = [learn(simulated(fine, truth, n, rng), fine) for truth in truths]
        means = [[each.span(name).mean for name in WEIGHTS] for each in learned]
        errors.append(float(np.sqrt(((np.array(means) - truths) ** 2).mean())))
        widths.append(np.mean([each.span("communication").high - each.span("communication").low for each in learned]))
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 0.6 * errors[0]
    assert widths[0] > widths[1] > widths[2]


def test_cases_selected_on_the_outcome_mislead_unless_the_selection_is_stated(fine) -> None:
    """Of the called every case is reported, of the others one in ten: s = 10."""
    rng = np.random.default_rng(3)
    truth = fine.readings.center.copy()
    everyone = simulated(fine, truth, 600, rng)
    kept = everyone[everyone.called | (rng.random(len(everyone)) < 0.1)]
    ignored, stated = learn_under(kept, fine, [1, 10])
    start = WEIGHTS.index("base")
    assert ignored.span("base").low > truth[start]
    assert stated.span("base").low <= truth[start] <= stated.span("base").high
    assert abs(stated.span("communication").mean - truth[1]) < 0.4


# ---- prediction ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("selection", [1, 10])
@pytest.mark.parametrize("policy", POLICIES)
def test_leave_one_out_is_learning_without_that_case(policy: str, selection: float) -> None:
    rows = [*ROWS, SILENT | {"days_overdue": 10}, SPARED | {"days_overdue": 400}]
    learned = learn(Outcomes.of(rows), policy, selection)
    predicted, none = learned.predicted, learn(Outcomes.of([]), policy, selection)
    for n, row in enumerate(rows):
        rest = learn(Outcomes.of(rows[:n] + rows[n + 1 :]), policy, selection)
        ((_, call, spared),) = _chances(Outcomes.of([row]), rest.drawn, rest.policy)
        call, _ = reported(call[0, : rest.drawn.number], spared[0, : rest.drawn.number], selection)
        assert predicted.others[n] == pytest.approx(float(rest.weights @ call))
        assert predicted.prior[n] == pytest.approx(float(none.weights @ call))


def test_many_cases_are_gone_through_again_instead_of_kept_with_the_same_result(monkeypatch) -> None:
    outcomes = Outcomes.of([*ROWS, SILENT | {"days_overdue": 10}])
    kept = learn(outcomes, "published", 3)
    monkeypatch.setattr("jiebei_lib.evidence.learn.KEPT", 0)
    again = learn(outcomes, "published", 3)
    assert kept.kept is not None and again.kept is None
    np.testing.assert_array_equal(kept.fit, again.fit)
    np.testing.assert_array_equal(kept.predicted.others, again.predicted.others)


def test_an_outcome_that_the_others_hardly_allow_is_a_surprise() -> None:
    like = {
        "days_overdue": 60,
        "amount_overdue": 40_000,
        "communication": "silent",
        "past_overdue": 4,
        "zhima_score": 400,
    }
    rows = [like | {"called": True}] * 40 + [like | {"called": False}]
    predicted = learn(Outcomes.of(rows), "article").predicted
    assert predicted.surprises.tolist() == [40]
    assert predicted.of_outcome()[40] < ASSUMED["surprise"]["value"]
    assert predicted.log_score() < 0


# ---- refusals -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("policy", "day", "first"), [("article", 6, 7), ("article", 0, 7), ("published", 2, 3)])
def test_a_call_before_the_first_possible_day_is_refused_in_one_sentence(policy: str, day: int, first: int) -> None:
    outcomes = Outcomes.of([SPARED, SILENT | {"days_overdue": day, "case_id": "早"}])
    assert impossible(outcomes, load_policy(policy)).tolist() == [False, True]
    with pytest.raises(CaseError) as refused:
        learn(outcomes, policy)
    for lang, row in (("zh", "第2行"), ("en", "row 2")):
        sentence = refused.value.say(lang)
        assert "\n" not in sentence
        assert all(part in sentence for part in (row, "早", str(day), str(first), policy))


def test_evidence_that_leaves_less_than_two_effective_readings_is_refused_and_a_small_number_is_flagged() -> None:
    with pytest.raises(CaseError, match="effective readings"):
        learn(Outcomes.of([SILENT | {"weight": 1e6}, SPARED | {"weight": 1e6}]), "article")
    learned = learn(Outcomes.of([SILENT | {"weight": 200}, SPARED | {"weight": 200}]), "article")
    assert 2 <= learned.effective < ASSUMED["warn_below"]["value"]
    assert learned.few
    assert not learn(Outcomes.of([SILENT]), "article").few


@pytest.mark.parametrize("selection", [0, -1, 1001, math.nan, "10", True, None])
def test_a_selection_strength_out_of_bounds_is_refused(selection) -> None:
    with pytest.raises(CaseError, match="selection"):
        learn(Outcomes.of([SILENT]), "article", selection)
