"""Scoring and explaining cases: beside the bare arithmetic, and beside the tools that people use."""

from __future__ import annotations

import numpy as np
import pytest

from jiebei_lib.core.case import FIELDS, SCORED
from jiebei_lib.core.policy import load_policy
from jiebei_lib.core.rules.factors import pressures
from jiebei_lib.core.scoring.many import contributions, middle_pressures
from jiebei_lib.core.scoring.score import evaluate_columns, extremes, likelihood
from jiebei_lib.core.tables.table import check_table
from jiebei_lib.portfolio.sample import sample


@pytest.fixture(scope="module")
def table(rows):
    """Cases of which everything is known, as other tools need them."""
    drawn = sample(rows(1_000_000, 3000))[list(SCORED)]
    rng = np.random.default_rng(1)
    for name in SCORED:
        gaps = drawn[name].isna()
        known = drawn[name][~gaps].to_numpy()
        if gaps.any():
            drawn.loc[gaps, name] = rng.choice(known, gaps.sum())
        if FIELDS[name]["type"] == "integer":
            drawn[name] = drawn[name].astype("int64")
    return drawn


def test_exact_bounds_beside_the_bare_matrix_product(table, fastest, note, benchmark):
    policy = load_policy()
    readings, longest = policy.readings, policy.value("factors.days.pressing")
    low, high = pressures(check_table(table), policy)
    days = table.days_overdue.to_numpy(float)
    bare = np.column_stack([np.ones(len(low)), low, np.clip(days, 0, 1)])

    def product():
        z = bare @ readings.vertices.T
        return z.min(axis=1), z.max(axis=1)

    def ours():
        return [likelihood(end) for end in extremes(low, high, days, readings, longest)]

    benchmark.pedantic(ours, rounds=3)
    mine, limit = fastest(ours), fastest(product)
    note(
        f"exact bounds, {len(low):,} rows",
        f"{mine:.2f} s",
        f"bare product, min, max {limit:.2f} s",
        f"×{mine / limit:.2f}",
    )


def test_score_with_all_readings_beside_one_scorecard(table, tmp_path, fastest, peer, note, measured, benchmark):
    policy = load_policy()

    def ours(some=table, with_bands=False):
        return evaluate_columns(check_table(some), policy, with_bands)

    ours(table.iloc[:30_000], with_bands=True)  # the kernel is compiled once and kept
    benchmark.pedantic(ours, rounds=3)
    mine, banded = fastest(ours), fastest(lambda: ours(with_bands=True))
    note(
        f"and the range of nine in ten, {len(table):,} rows",
        f"{banded:.2f} s",
        f"without it {mine:.2f} s",
        f"×{banded / mine:.1f}",
    )
    table.to_csv(tmp_path / "table.csv", index=False)
    told = peer("optbinning", "optbinning_score.py", tmp_path / "table.csv", 5)
    theirs = told["seconds"]
    note(
        f"bounds and share over 4,096 readings, {len(table):,} rows",
        f"{mine:.2f} s",
        f"optbinning, one reading {theirs:.2f} s (peak {told['memory']} MB)",
        f"×{theirs / mine:.1f} as fast",
    )


def test_explanation_beside_shap_and_equal_to_it(table, tmp_path, fastest, peer, note, benchmark):
    policy, part = load_policy(), table.iloc[:100_000]
    low, high = pressures(check_table(part), policy)
    x = middle_pressures(low, high, part.days_overdue.to_numpy(float), policy)
    ours = benchmark.pedantic(contributions, args=(x, policy), rounds=5)
    weights = policy.readings.center[1:]
    np.savez(tmp_path / "given.npz", x=x, weights=weights)
    mine = fastest(lambda: contributions(x, policy), 20)
    product = fastest(lambda: x * weights, 20)
    told = peer("shap", "shap_linear.py", tmp_path / "given.npz", tmp_path / "values.npy", 20)
    theirs = told["seconds"]
    assert ours.shape == x.shape and np.abs(np.load(tmp_path / "values.npy") - ours).max() < 1e-9
    note(
        f"explanation, {len(part):,} cases (equal to 1e-9)",
        f"{mine * 1e3:.1f} ms",
        f"shap.LinearExplainer {theirs * 1e3:.1f} ms (peak {told['memory']} MB); bare product {product * 1e3:.1f} ms",
        f"×{theirs / mine:.1f} as fast",
    )


def test_peak_memory_of_a_million_rows(rows, peak, note, measured):
    n = rows(1_000_000, 1000)
    if not measured:
        pytest.skip("measures nothing")
    code = f"from jiebei_lib import score\nfrom jiebei_lib.portfolio.sample import sample\ntable = sample({n})\n"
    alone, scored = peak(code), peak(code + "score(table)")
    note(f"peak memory of score, {n:,} rows", f"{scored} MB", f"the table itself {alone} MB", f"+{scored - alone} MB")
