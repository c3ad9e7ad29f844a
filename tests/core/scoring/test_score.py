"""The score: exact bounds, and the laws that they and the share obey."""

from __future__ import annotations

import dataclasses
import itertools
import math
import os
import subprocess
import sys
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from jiebei_lib.core.assessment import assess
from jiebei_lib.core.case import FIELDS, Case
from jiebei_lib.core.knowledge.problems import CaseError
from jiebei_lib.core.policy import Policy, load_policy
from jiebei_lib.core.readings import halfspaces
from jiebei_lib.core.rules.factors import coded, days_pressure, pressures
from jiebei_lib.core.scoring import bands
from jiebei_lib.core.scoring.many import ADDED
from jiebei_lib.core.scoring.score import (
    GRADES,
    VERDICTS,
    Scores,
    across_days,
    evaluate,
    likelihood,
    reading_likelihoods,
    score_cases,
)
from jiebei_lib.core.tables.table import check_table, score
from jiebei_lib.portfolio.sample import sample
from tests.strategies import FACTS, OPTIONAL, cases, what_if_policies

NUMBERS = [field.name for field in dataclasses.fields(Scores)]
POLICIES = st.sampled_from(["article", "published"]).map(load_policy)
CONTACTED = st.integers(7, 3650)  # days on which the article holds a call possible


def by_linear_programming(case: Case, policy: Policy) -> tuple[float, float]:
    """The bounds from scipy's solver alone: for each corner of the box of pressures and each first day one program.

    z is linear in the weights for given pressures and linear in each pressure for given weights, so its extremes over both
    lie where the pressures are at a corner.
    """
    matrix, bound, _ = halfspaces(policy.data)
    low, high = pressures(coded({name: [getattr(case, name)] for name in FIELDS}), policy)
    ends = [sorted({a, b}) for a, b in zip(low[0], high[0], strict=True)]
    least, greatest = math.inf, -math.inf
    for first in {entry["day"] for entry in policy.data["timeline"]["first_possible_day"]["spread"]}:
        if case.days_overdue < first:
            least = -math.inf
            continue
        days = float(days_pressure(np.array([case.days_overdue]), first, policy.value("factors.days.pressing"))[0])
        for corner in itertools.product(*ends):
            pressure = np.array([1, *corner, days])
            least = min(least, optimum(pressure, matrix, bound))
            greatest = max(greatest, -optimum(-pressure, matrix, bound))
    return tuple(likelihood(np.array([least, greatest])).tolist())


def optimum(objective: np.ndarray, matrix: np.ndarray, bound: np.ndarray) -> float:
    tight = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    found = linprog(objective, A_ub=matrix, b_ub=bound, bounds=(None, None), options=tight)
    assert found.status == 0
    return found.fun


@settings(max_examples=40)
@given(case=cases(), policy=POLICIES)
def test_bounds_equal_linear_programming(case: Case, policy: Policy) -> None:
    answer = score_cases([case], policy)
    assert (answer.low[0], answer.high[0]) == pytest.approx(by_linear_programming(case, policy), abs=1e-9)


@settings(max_examples=40)
@given(case=cases(), policy=what_if_policies())
def test_bounds_equal_linear_programming_after_any_admissible_what_if(case: Case, policy: Policy) -> None:
    answer = score_cases([case], policy)
    assert (answer.low[0], answer.high[0]) == pytest.approx(by_linear_programming(case, policy), abs=1e-9)


@given(case=cases(days=CONTACTED), factor=st.sampled_from([0, 1, 2, 3]), more=st.floats(0, 2), policy=POLICIES)
def test_more_pressure_on_a_factor_never_lowers_the_answer(case, factor, more, policy) -> None:
    if policy.label == "published" and factor == 3:
        return  # the second witness lets contact details work either way
    days = np.full(2, float(case.days_overdue))
    ends = [np.repeat(end, 2, axis=0) for end in pressures(coded({n: [getattr(case, n)] for n in FIELDS}), policy)]
    for end in ends:
        end[1, factor] += more
    answer = evaluate(*ends, days, policy)
    for name in NUMBERS:
        before, after = getattr(answer, name)
        assert after >= before, name


WORSE = {  # each fact's values from the most protective to the most pressing
    "communication": FIELDS["communication"]["levels"],
    "contacts": FIELDS["contacts"]["levels"][::-1],
    "past_overdue": [0, 1, 2, 3, 100],
    "zhima_score": [950, 700, 699, 600, 550, 350],
    "amount_overdue": [0.01, 300, 500, 8000, 30_000, 10_000_000],
    "days_overdue": [0, 6, 7, 8, 30, 90, 3650],
}


@pytest.mark.parametrize("fact", WORSE)
@given(case=cases())
def test_each_fact_works_in_the_direction_the_article_gives(fact: str, case: Case) -> None:
    answer = score_cases([case.replace(**{fact: value}) for value in WORSE[fact]], load_policy("article"))
    for name in NUMBERS:
        assert np.all(np.diff(getattr(answer, name)) >= 0), name


@given(case=cases(), policy=POLICIES, data=st.data())
def test_learning_a_fact_stays_inside_what_not_knowing_it_allowed(case, policy, data) -> None:
    name = data.draw(st.sampled_from(OPTIONAL))
    value = data.draw(FACTS[name])
    answer = score_cases([case.replace(**{name: None}), case.replace(**{name: value})], policy)
    assert answer.low[0] <= answer.low[1] <= answer.high[1] <= answer.high[0]
    assert answer.share_low[0] <= answer.share_low[1] <= answer.share_high[1] <= answer.share_high[0]
    assert answer.most_low[0] <= answer.most_low[1] and answer.most_high[1] <= answer.most_high[0]
    # What held whatever the fact is holds once it is known, and may only become clearer.
    grade, verdict = (GRADES[answer.grade[0]], VERDICTS[answer.verdict[0]])
    if verdict == "likely":
        assert answer.grade[1] >= answer.grade[0]
    elif verdict in ("unlikely", "not_yet"):
        assert answer.grade[1] <= answer.grade[0]
    else:
        assert grade == "split"


@given(case=cases(known=True), policy=POLICIES)
def test_with_everything_known_the_share_has_no_range(case: Case, policy: Policy) -> None:
    answer = score_cases([case], policy)
    assert answer.share_low[0] == answer.share[0] == answer.share_high[0]


@given(case=cases(), policy=POLICIES)
def test_bounds_contain_every_sampled_reading(case: Case, policy: Policy) -> None:
    answer, sampled = score_cases([case], policy), reading_likelihoods(case, policy)
    assert answer.low[0] <= sampled.min() and sampled.max() <= answer.high[0]


@given(case=cases(), policy=POLICIES)
def test_the_share_counts_the_sampled_readings_above_one_half(case: Case, policy: Policy) -> None:
    sampled = reading_likelihoods(case, policy)
    # A reading within rounding of one half may be counted either way.
    surely, possibly = (sampled > 0.5 + 1e-12).mean(), (sampled > 0.5 - 1e-12).mean()
    assert surely <= score_cases([case], policy).share[0] <= possibly


@given(case=cases(), policy=POLICIES)
def test_all_and_none_rest_on_every_reading_the_others_on_the_count(case: Case, policy: Policy) -> None:
    answer = score_cases([case], policy)
    grade, low, high = GRADES[answer.grade[0]], answer.low[0], answer.high[0]
    least, most = (100 * getattr(answer, name)[0] for name in ("share_low", "share_high"))
    first = policy.readings.days[0]
    assert (grade == "not_yet") == (case.days_overdue < first)
    assert (grade == "all") == (low > 0.5)
    assert (grade == "none") == (high <= 0.5 and case.days_overdue >= first)
    # Counted as shown, of 100.
    for name, holds in {
        "nearly_all": round(least) >= 95,
        "most": 75 <= round(least) < 95,
        "few": 5 < round(most) <= 25,
        "almost_none": round(most) <= 5,
    }.items():
        if grade not in ("not_yet", "all", "none"):
            assert (grade == name) == holds, name
    assert (
        VERDICTS[answer.verdict[0]]
        == {
            **dict.fromkeys(("all", "nearly_all", "most"), "likely"),
            **dict.fromkeys(("none", "almost_none", "few"), "unlikely"),
            "split": "depends",
            "not_yet": "not_yet",
        }[grade]
    )


@given(case=cases(), policy=POLICIES)
def test_so_far_is_the_grade_were_every_unknown_in_the_middle(case: Case, policy: Policy) -> None:
    low, high = pressures(coded({name: [getattr(case, name)] for name in FIELDS}), policy)
    middle = (low + high) / 2
    known = evaluate(middle, middle, np.array([float(case.days_overdue)]), policy)
    assert score_cases([case], policy).so_far[0] == known.grade[0]


@given(case=cases(), policy=POLICIES)
def test_nine_in_ten_is_what_numpy_counts_on_the_plain_product(case: Case, policy: Policy) -> None:
    """From the 5th percentile with every unknown at its best to the 95th with every unknown at its worst."""
    answer = score_cases([case], policy)
    low, high = pressures(coded({name: [getattr(case, name)] for name in FIELDS}), policy)
    for ends, part, found in (((low, high), 0.05, answer.most_low), ((high, low), 0.95, answer.most_high)):
        plain = np.quantile(by_reading(ends, case, policy), part, method="inverted_cdf")
        assert found[0] == pytest.approx(plain, abs=1e-12)
    assert answer.low[0] <= answer.most_low[0] <= answer.most_high[0] <= answer.high[0]


def by_reading(ends: tuple[np.ndarray, np.ndarray], case: Case, policy: Policy) -> np.ndarray:
    """The likelihood in each drawn reading (N,), each factor at the first end where its weight is positive, else at the second."""
    readings, longest = policy.readings, policy.value("factors.days.pressing")
    weights = readings.samples[:, 1:-1]
    days = [days_pressure(np.array([case.days_overdue]), day, longest)[0] for day in readings.first_day]
    z = readings.samples[:, 0] + (weights * np.where(weights >= 0, *ends)).sum(axis=1) + readings.samples[:, -1] * days
    return likelihood(np.where(readings.first_day <= case.days_overdue, z, -np.inf))


@pytest.mark.parametrize("tilt", [0, 1])  # over multiples some readings are drawn more than once: values that are equal
@pytest.mark.parametrize("name", ["article", "published"])
def test_nine_in_ten_is_the_same_to_the_digit_sorted_narrowed_or_compiled(
    name: str, tilt: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("numba")
    policy = load_policy(name).replace({"sampling.over_multiples": tilt})
    table = pd.concat([sample(300, seed=4).drop(columns="funded_by")] * 2)  # and some rows
    columns = check_table(table)
    ends = *pressures(columns, policy), columns["days_overdue"], policy.readings, 90.0
    monkeypatch.setattr(bands, "COMPILED", 1)
    compiled = bands.bands(*ends)
    monkeypatch.setattr(bands, "_compiled", cache(lambda: None))
    narrowed = bands.bands(*ends)
    monkeypatch.setattr(bands, "ALONE", 10**9)
    plain = bands.bands(*ends)
    for one, other, each in zip(narrowed, compiled, plain, strict=True):
        assert np.array_equal(one, each) and np.array_equal(other, each)
    assert np.isfinite(plain[1]).mean() > 0.5


@pytest.mark.parametrize("seed", range(30))
def test_a_value_at_a_rank_is_found_among_any_readings__few_alike_or_far_apart(seed: int) -> None:
    """Numbers of readings that fill no tile, more first days than one, readings that are equal, and none that differ."""
    search = pytest.importorskip("jiebei_lib.core.scoring.ranked").search
    chance = np.random.default_rng(seed)
    n, m, d = (int(chance.choice(each)) for each in ([1, 17, 300], [3, 32, 33, 400], [1, 3]))
    weights, base, late = chance.uniform(-2, 2, (5, m + 1))[:, :m], chance.normal(size=m), chance.uniform(0, 2, m)
    weights *= chance.choice([1, 1e-6, 50, 0])
    if seed % 3 == 0:
        weights, base, late = np.round(weights), np.round(base), np.round(late)
    pressure = np.sort(np.round(chance.uniform(-1, 1, (n, 5)), int(chance.choice([0, 9]))), axis=0)
    ends = np.sort(np.append(chance.choice(np.arange(1, m), d - 1, replace=False), m))
    given_ = pressure, chance.uniform(0, 1, (n, d)), base, weights, late, ends, int(chance.choice([0, m // 20, m - 1]))
    assert np.array_equal(search(*given_), bands._plain(*given_))


@pytest.mark.parametrize("day", range(7))
@settings(max_examples=10)
@given(case=cases())
def test_before_day_7_there_is_no_call_to_contacts__article_4_5(day: int, case: Case) -> None:
    answer = score_cases([case.replace(days_overdue=day)], load_policy("article"))
    assert VERDICTS[answer.verdict[0]] == "not_yet"
    for name in NUMBERS:
        assert getattr(answer, name)[0] == 0


@given(many=st.lists(cases(), min_size=1, max_size=8), policy=POLICIES)
def test_a_table_is_scored_as_its_rows_are_one_by_one(many: list[Case], policy: Policy) -> None:
    index = pd.Index([f"row {n}" for n in range(len(many))], name="given")
    scored = score(pd.DataFrame([case.to_dict() for case in many], index=index), policy)
    assert scored.index.equals(index)
    for row, case in zip(scored.itertuples(index=False), many, strict=True):
        alone = score_cases([case], policy)
        assert row.verdict == VERDICTS[alone.verdict[0]]
        for name in ("low", "high", "most_low", "most_high"):
            assert getattr(row, name) == pytest.approx(getattr(alone, name)[0], abs=1e-12), name
        for name in ("share", "share_low", "share_high"):
            assert getattr(row, name) == pytest.approx(getattr(alone, name)[0], abs=1.5 / 4096), name


def test_a_table_is_scored_as_assess_does(article: Policy) -> None:
    many = [Case(days, 8000, communication=way) for days in (3, 7, 90) for way in (None, "silent", "repaying")]
    scored = score(pd.DataFrame([case.to_dict() for case in many]))
    for row, case in zip(scored.itertuples(), many, strict=True):
        alone = assess(case, article, "2026-11-23")
        assert (row.verdict, row.low, row.high, row.share) == pytest.approx(
            (alone.verdict, *alone.likelihood.values(), alone.share), abs=1e-12
        )
        assert (row.share_low, row.share_high) == tuple(alone.share_range.values())
        assert (row.most_low, row.most_high) == pytest.approx(tuple(alone.nine_in_ten.values()), abs=1e-12)
        other = next(witness for witness in alone.witnesses if witness["policy"] == "published")
        assert (row.grade, row.published_grade) == (alone.grade, other["grade"])
        assert row.published_share == pytest.approx(other["share"], abs=1.5 / 4096)


def test_columns_that_may_be_unknown_may_be_missing() -> None:
    scored = score(pd.DataFrame({"days_overdue": [7], "amount_overdue": [8000]}))
    assert scored["share"][0] == score_cases([Case(7, 8000)], load_policy("article")).share[0]


def test_the_librarys_own_sample_is_scored_and_its_further_column_kept() -> None:
    table = sample(20, seed=2).set_index(pd.Index(range(100, 120)))
    scored = score(table)
    assert list(scored.columns) == [*table.columns, *ADDED] and scored.index.equals(table.index)
    assert scored["funded_by"].equals(table["funded_by"])
    pd.testing.assert_frame_equal(score(scored), scored)  # scored again, answers are replaced, not doubled


def test_a_data_frame_is_read_in_the_words_of_people() -> None:
    said = {
        "逾期天数": ["7天", "１0", "7"],
        "amount": ["8,000元", "500", "1e3"],
        "response": ["失联", "不清楚", "Silent"],
        "note": ["a", "b", None],
    }
    plain = {
        "days_overdue": [7, 10, 7],
        "amount_overdue": [8000, 500, 1000],
        "communication": ["silent", None, "silent"],
    }
    pd.testing.assert_frame_equal(score(pd.DataFrame(said))[list(ADDED)], score(pd.DataFrame(plain))[list(ADDED)])
    with pytest.raises(CaseError, match="another name of dpd"):
        score(pd.DataFrame({"dpd": [7], "天数": [7], "amount": [1]}))


def test_parts_scored_in_threads_give_what_one_part_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    table = sample(90, seed=3)
    whole = score(table)
    monkeypatch.setattr("jiebei_lib.core.tables.table.PART", 40)
    pd.testing.assert_frame_equal(score(table), whole, check_exact=False, rtol=0, atol=1e-12)


def test_an_empty_table_gives_an_empty_table() -> None:
    scored = score(pd.DataFrame({"days_overdue": [], "amount_overdue": []}))
    assert len(scored) == 0 and list(scored["verdict"].cat.categories) == list(VERDICTS)


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("days_overdue", [7, -61], "row 2: days_overdue: -61"),
        ("days_overdue", [7, 7.5], "row 2: days_overdue: 7.5"),
        ("days_overdue", [7, None], "row 2: days_overdue: nan"),
        ("amount_overdue", [0, 8000], "row 1: amount_overdue: 0"),
        ("amount_overdue", ["8000", "much"], "row 2: amount_overdue: 'much'"),
        ("communication", ["silent", "quiet"], "row 2: communication: 'quiet'"),
        ("zhima_score", [1000, None], "row 1: zhima_score: 1000.0"),
    ],
)
def test_a_table_with_a_wrong_cell_says_which(column: str, values: list, said: str) -> None:
    table = pd.DataFrame({"days_overdue": [7, 7], "amount_overdue": [8000, 8000]} | {column: values})
    with pytest.raises(CaseError) as wrong:
        score(table)
    assert said in str(wrong.value)


@given(case=cases(), policy=POLICIES)
def test_across_days_is_the_case_on_each_day(case: Case, policy: Policy) -> None:
    days = np.array([0, 6, 7, 8, 30, 90, 365])
    together = across_days(case, policy, days)
    alone = score_cases([case.replace(days_overdue=int(day)) for day in days], policy)
    for name in NUMBERS:
        assert getattr(together, name) == pytest.approx(getattr(alone, name), abs=1e-12), name


DIGITS = """
from jiebei_lib import Case, score, load_policy
from jiebei_lib.core.scoring.score import score_cases
many = [Case(7 + 3 * n, 300.0 * 2**n, communication=["silent", None, "engaged"][n % 3]) for n in range(8)]
for name in ("article", "published"):
    answer = score_cases(many, load_policy(name))
    keys = ("low", "high", "share", "share_low", "most_low", "most_high")
    print([[value.hex() for value in getattr(answer, key).tolist()] for key in keys])
"""


def test_the_same_input_gives_the_same_digits_in_every_process(tmp_path) -> None:
    """Also where nothing was compiled and kept before, and with another order of dictionaries and sets."""
    said = set()
    for n, folder in enumerate([tmp_path / "a", tmp_path / "a", tmp_path / "b"]):
        ran = subprocess.run(
            [sys.executable, "-c", DIGITS],
            env={**os.environ, "JIEBEI_CACHE": str(folder), "PYTHONHASHSEED": str(n)},
            capture_output=True,
            text=True,
            check=True,
        )
        said.add(ran.stdout)
    assert len(said) == 1 and "0x1" in said.pop()


def test_the_sketch_of_the_design_holds(article: Policy) -> None:
    """The first numbers that the design gives, before what the article says of levels: 92 vertices, and four cases."""
    article = article.replace(
        {f"constraints.{name}": None for name in article.data["constraints"] if name.startswith("level_")}
    )
    assert article.readings.vertices.shape == (92, 6)
    pressure = np.array([[0, 0, 0, 0], [1, 0, 1, 0], [1, 1, 1, 1], [-1, -1, -1, -1]], float)
    days = np.array([7.0, 7.0, 90.0, 7.0])
    answer = evaluate(pressure, pressure, days, article)
    assert np.round(answer.low, 2).tolist() == [0.10, 0.31, 0.52, 0.00]
    assert np.round(answer.high, 2).tolist() == [0.90, 1.00, 1.00, 0.48]
    assert answer.share == pytest.approx([0.50, 1.00, 1.00, 0.00], abs=0.006)
    assert [GRADES[n] for n in answer.grade] == ["split", "nearly_all", "all", "none"]
