"""The fast ways to bounds and counts agree with the plain ones: to the reading, and to 1e-12."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiebei_lib.core.policy import load_policy
from jiebei_lib.core.rules.factors import days_pressure
from jiebei_lib.core.scoring import kernel
from jiebei_lib.core.scoring.score import PART, evaluate, extremes, likelihood, shares

DAYS = 90.0


def pressures_of(n: int, seed: int = 1, grid: int | None = None) -> np.ndarray:
    """Pressures (n, 4) from -1 to 1; on a grid there are many equal rows and many z near 0."""
    drawn = np.random.default_rng(seed).uniform(-1, 1, (n, 4))
    return drawn if grid is None else np.round(drawn * grid) / grid


def plain(pressure: np.ndarray, base: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.concatenate(
        [np.count_nonzero(part @ weights + base > 0, axis=1) for part in np.array_split(pressure, 20)]
    )


@pytest.mark.parametrize("policy", ["article", "published"])
@pytest.mark.parametrize("grid", [None, 4])
def test_the_compiled_kernel_counts_every_reading_as_the_plain_product_does(policy, grid):
    readings = load_policy(policy).readings
    for _, base, weights in readings.by_first_day:
        pressure = np.random.default_rng(3).uniform(-1, 1, (kernel.COMPILED, len(weights)))
        pressure = pressure if grid is None else np.round(pressure * grid) / grid
        pressure = pressure[kernel.neighbours(pressure)]
        assert (kernel.counts(pressure, base, weights) == plain(pressure, base, weights)).all()


def test_a_z_too_near_to_zero_for_single_precision_is_worked_out_in_double():
    pressure = pressures_of(kernel.COMPILED, seed=5)
    weights = np.random.default_rng(6).uniform(0.5, 2, (4, 300))
    exact = -(pressure[:300] @ weights).diagonal()  # reading n is 0 at row n, but for the hair added here
    for hair in (1e-12, -1e-12):
        assert (kernel.counts(pressure, exact + hair, weights) == plain(pressure, exact + hair, weights)).all()


@given(st.integers(1, 400), st.integers(0, 2**32 - 1), st.sampled_from([None, 1, 3]))
@settings(max_examples=40, deadline=None)
def test_tiles_count_as_the_plain_product_does(n, seed, grid):
    pressure = pressures_of(n, seed, grid)
    rng = np.random.default_rng(seed)
    base, weights = rng.normal(0, 1, 64), rng.normal(0, 1, (4, 64))
    assert (kernel.counts(pressure, base, weights) == plain(pressure, base, weights)).all()


def test_without_numba_the_answers_are_the_same(monkeypatch):
    policy, pressure = load_policy("article"), pressures_of(kernel.COMPILED, grid=8)
    days = np.random.default_rng(2).integers(0, 120, len(pressure)).astype(float)
    fast = shares(pressure, days, policy.readings, DAYS)
    monkeypatch.setitem(sys.modules, "numba", None)
    kernel._compiled.cache_clear()
    try:
        assert (shares(pressure, days, policy.readings, DAYS) == fast).all()
    finally:
        kernel._compiled.cache_clear()


@pytest.mark.parametrize("policy", ["article", "published"])
def test_bounds_lie_at_vertices_and_hold_every_drawn_reading(policy):
    readings = load_policy(policy).readings
    low, high = np.sort([pressures_of(60, 7), pressures_of(60, 8)], axis=0)
    days = np.tile(np.array([0, 3, 7, 9, 30, 400.0]), 10)
    least, greatest = extremes(low, high, days, readings, DAYS)
    first, last = readings.days[0], readings.days[-1]
    for n, day in enumerate(days):
        if day < first:
            assert greatest[n] == -np.inf
            continue
        come = [first_day for first_day in readings.days if first_day <= day]
        corners = [
            np.where(np.asarray(vertex[1:]) > 0, [*up[n], days_pressure(day, first_day, DAYS)], [*down[n], 0])
            @ vertex[1:]
            + vertex[0]
            for up, down in ((low, high), (high, low))
            for first_day in come
            for vertex in readings.vertices
        ]
        assert greatest[n] == pytest.approx(max(corners), abs=1e-12)
        assert least[n] == (pytest.approx(min(corners), abs=1e-12) if day >= last else -np.inf)


def test_a_corner_left_out_of_a_bound_is_never_the_one_that_gives_it():
    readings = load_policy("article").readings
    pressure = np.vstack([np.stack(np.meshgrid(*[[-1.0, 1.0]] * 4), -1).reshape(-1, 4), pressures_of(5000, 12)])
    pressed = np.random.default_rng(13).uniform(0, 1, (len(pressure), 1))
    z = readings.vertices @ np.hstack([np.ones_like(pressed), pressure, pressed]).T
    for group, of in zip(readings.corners, (np.min, np.max), strict=True):
        kept = sum(
            of(base + up @ np.hstack([pressure, pressed])[:, factors].T, axis=0)
            for factors, base, up, _ in group
            if base.size
        ) + sum(of(up @ pressed.T, axis=0) for factors, base, up, _ in group if not base.size)
        assert kept == pytest.approx(of(z, axis=0), abs=1e-12)
    sizes = [sum(len(up) for _, _, up, _ in group) for group in readings.corners]
    assert max(sizes) < len(load_policy("article").readings.vertices) / 2


def test_a_large_table_is_scored_in_parts_and_row_by_row_the_same():
    policy = load_policy("article")
    n = PART + 1000
    low = pressures_of(n, 9, grid=5)
    high = np.clip(low + np.random.default_rng(9).choice([0, 0.4], low.shape), -1, 1)
    days = np.random.default_rng(10).integers(0, 100, n).astype(float)
    whole = evaluate(low, high, days, policy)
    some = np.random.default_rng(11).choice(n, 50, replace=False)
    alone = evaluate(low[some], high[some], days[some], policy)
    for name, values in vars(whole).items():
        assert values[some] == pytest.approx(vars(alone)[name], abs=1e-12), name
    assert (whole.share_low <= whole.share).all() and (whole.share <= whole.share_high).all()
    assert (likelihood(np.array([-np.inf])) == 0).all()


def test_a_single_case_never_loads_the_compiler():
    import subprocess

    code = "import sys; from jiebei_lib import Case, assess; assess(Case(9, 8000.0)); sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
