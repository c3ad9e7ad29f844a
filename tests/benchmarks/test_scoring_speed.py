"""Scoring, explaining and changing cases: beside the bare arithmetic, and beside the tools that people use."""

from __future__ import annotations

import json

import numpy as np
import pytest

from jiebei_lib.core.case import FIELDS, Case
from jiebei_lib.core.policy import load_policy
from jiebei_lib.core.rules.factors import pressures
from jiebei_lib.core.scoring.explain import changes
from jiebei_lib.core.scoring.many import contributions, middle_pressures
from jiebei_lib.core.scoring.score import evaluate_columns, extremes, likelihood
from jiebei_lib.portfolio.sample import sample
from jiebei_lib.portfolio.table import check_table


@pytest.fixture(scope="module")
def table(rows):
    """Cases of which everything is known, as other tools need them."""
    drawn = sample(rows(1_000_000, 3000))[list(FIELDS)]
    rng = np.random.default_rng(1)
    for name, spec in FIELDS.items():
        gaps = drawn[name].isna()
        known = drawn[name][~gaps].to_numpy()
        if gaps.any():
            drawn.loc[gaps, name] = rng.choice(known, gaps.sum())
        if spec["type"] == "integer":
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

    def ours(some=table):
        return evaluate_columns(check_table(some), policy)

    ours(table.iloc[:30_000])  # the kernel is compiled once and kept
    benchmark.pedantic(ours, rounds=3)
    mine = fastest(ours)
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


def test_changes_beside_dice_never_worse(table, tmp_path, rows, fastest, peer, note, benchmark):
    policy = load_policy()
    cases = [Case.of(row) for row in table.head(rows(2000, 60)).to_dict("records")]
    cases = [case for case in cases if any(change.goal == "majority" for change in changes(case, policy))][
        : rows(100, 3)
    ]
    found = benchmark.pedantic(lambda: [changes(case, policy) for case in cases], rounds=1)
    mine = fastest(lambda: [changes(case, policy) for case in cases], 3)
    (tmp_path / "cases.json").write_text(json.dumps([case.to_dict() for case in cases]), "utf-8")
    told = peer("dice-ml", "dice_changes.py", tmp_path / "cases.json", tmp_path / "found.json")
    theirs = told["seconds"]
    order = FIELDS["communication"]["levels"]
    worse = beaten = nothing = 0
    for case, ours, them in zip(cases, found, json.loads((tmp_path / "found.json").read_text("utf-8")), strict=True):
        least = [(order.index(c.communication or case.communication), c.pay) for c in ours if c.goal == "majority"]
        nothing += not them
        for way, amount in them:
            asks, pays = order.index(way), case.amount_overdue - amount
            if asks > order.index(case.communication) or way in ("silent", "broken_promise"):
                continue  # to respond less is no change that we would name
            as_good = [pay <= pays + 1 and level >= asks for level, pay in least]
            worse += not any(as_good)
            beaten += any(pay < pays - 1 and level >= asks for level, pay in least)
    assert worse == 0
    note(
        f"least changes, {len(cases)} cases (never worse; less to pay in {beaten}, DiCE finds none in {nothing})",
        f"{mine:.2f} s",
        f"DiCE, random {theirs:.1f} s (peak {told['memory']} MB)",
        f"×{theirs / mine:.0f} as fast",
    )


def test_peak_memory_of_a_million_rows(rows, peak, note, measured):
    n = rows(1_000_000, 1000)
    if not measured:
        pytest.skip("measures nothing")
    code = f"from jiebei_lib import score\nfrom jiebei_lib.portfolio.sample import sample\ntable = sample({n})\n"
    alone, scored = peak(code), peak(code + "score(table)")
    note(f"peak memory of score, {n:,} rows", f"{scored} MB", f"the table itself {alone} MB", f"+{scored - alone} MB")
