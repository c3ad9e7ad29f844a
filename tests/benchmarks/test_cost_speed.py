"""A million loans' cost of waiting, exact to the cent, beside bare numpy passes over the same columns that round but check nothing.

By hand: ``pytest tests/benchmarks/test_cost_speed.py -s``. With ``--benchmark-disable`` ten thousand loans, as a smoke test. Times are
processor seconds, the least of several rounds taken in turn, so that a busy machine slows both alike.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from jiebei_lib.money.table import waiting_cents, waiting_table

DAYS = 30


def arrears(size: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(11)
    return {
        "principal_overdue": np.round(rng.uniform(500, 300_000, size), 2),
        "days_overdue": rng.integers(0, 90, size),
        "daily_rate": np.round(rng.uniform(0.00015, 0.0006, size), 6),
        "penalty_multiple": np.full(size, 1.5),
    }


def bare_pass(t: dict[str, np.ndarray]) -> np.ndarray:
    """What has grown by the later day less what has grown by today, each rounded to the cent: the formula and nothing else."""
    a_day = t["principal_overdue"] * t["daily_rate"] * t["penalty_multiple"] * 100
    return np.rint(a_day * (t["days_overdue"] + DAYS)) - np.rint(a_day * t["days_overdue"])


def loans(size: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(12)
    return {
        "principal": np.round(rng.uniform(500, 300_000, size), 2),
        "annual_rate": np.round(rng.uniform(0.05, 0.24, size), 4),
        "months": np.full(size, 12),
        "method": np.full(size, "equal_principal"),
        "drawn": np.datetime64("2025-01-15") + rng.integers(0, 300, size),
        "missed_from": rng.integers(1, 13, size),
    }


def bare_loans(t: dict[str, np.ndarray], on: str) -> np.ndarray:
    """The same for whole loans of equal principal: month by month, due dates included, in doubles without checks or exactness."""
    day = np.datetime64(on).astype("datetime64[D]").astype(int)
    drawn = t["drawn"].astype("datetime64[D]")
    month = drawn.astype("datetime64[M]")
    inside = drawn - month.astype("datetime64[D]")
    share, over = np.rint(t["principal"] * 100 / 12), t["annual_rate"] / 360 * 1.5
    grown = np.zeros((2, len(share)))
    for n in range(1, 13):
        first, after = (month + n).astype("datetime64[D]"), (month + n + 1).astype("datetime64[D]")
        due = (first + np.minimum(inside, after - first - 1)).astype(int)
        part = share if n < 12 else np.rint(t["principal"] * 100) - 11 * share
        for end, today in enumerate((day, day + DAYS)):
            grown[end] += np.where(n >= t["missed_from"], part * np.maximum(today - due, 0), 0)
    return np.rint(grown[1] * over) - np.rint(grown[0] * over)


def seconds(function: Callable[[], object]) -> float:
    begin = time.process_time()
    function()
    return time.process_time() - begin


def side_by_side(ours: Callable[[], object], bare: Callable[[], object], rounds: int) -> tuple[float, float]:
    """The least processor seconds of each, taken in turn."""
    pairs = [(seconds(ours), seconds(bare)) for _ in range(rounds)]
    return min(one for one, _ in pairs), min(other for _, other in pairs)


def compare(benchmark, name: str, ours: Callable[[], np.ndarray], bare: Callable[[], np.ndarray], rounds: int) -> None:
    mine, theirs = side_by_side(ours, bare, 1 if benchmark.disabled else rounds)
    benchmark.extra_info.update(ours_seconds=mine, bare_seconds=theirs, ratio=mine / theirs)
    print(f"\n{name}: {mine * 1e3:.1f} ms, bare numpy {theirs * 1e3:.1f} ms, ratio {mine / theirs:.2f}")
    benchmark.pedantic(ours, rounds=1)
    assert (
        np.abs(ours() - bare()).max() <= 2
    )  # the bare pass may miss a cent at either end where a sum lies between two


def test_the_cost_of_waiting_of_a_million_arrears(benchmark) -> None:
    table = arrears(10_000 if benchmark.disabled else 1_000_000)
    compare(benchmark, "arrears", lambda: waiting_cents(table, DAYS), lambda: bare_pass(table), rounds=15)


def test_the_cost_of_waiting_of_a_million_whole_loans(benchmark) -> None:
    table = loans(10_000 if benchmark.disabled else 1_000_000)
    on = "2025-12-01"
    compare(benchmark, "loans", lambda: waiting_table(table, DAYS, on).cost, lambda: bare_loans(table, on), rounds=3)
