"""Places in a table over all readings: against brute force; pairs: a partial order that every reading keeps."""

from __future__ import annotations

import numpy as np
import pytest

from jiebei_lib.core.policy import load_policy
from jiebei_lib.core.rules.factors import days_pressure, pressures
from jiebei_lib.portfolio import ranks as module
from jiebei_lib.portfolio.ranks import drawn, necessarily_above, ranks
from jiebei_lib.portfolio.sample import sample
from jiebei_lib.portfolio.table import check_table

ROWS = 200


@pytest.fixture(scope="module", params=["article", "published"])
def table(request):
    policy = load_policy(request.param)
    columns = check_table(sample(ROWS, seed=5).drop(columns="funded_by"))
    low, high = pressures(columns, policy)
    return policy, low, high, columns["days_overdue"]


def in_each_reading(policy, pressure, days) -> np.ndarray:
    """z (m, n) in every reading that ranks are taken over."""
    weights, first = drawn(policy.readings, len(days))
    pressed = np.array([days_pressure(days, day, 90.0) for day in first])
    z = weights[:, :1] + weights[:, 1:-1] @ pressure.T + weights[:, -1:] * pressed
    return np.where(days >= first[:, None], z, -np.inf)


def test_ranks_are_those_of_brute_force(table):
    policy, low, high, days = table
    middle = (low + high) / 2
    found, z = ranks(middle, days, policy), in_each_reading(policy, middle, days)
    # A row's rank in a reading: one more than the rows that stand strictly above it. Rounding may part what is equal.
    above = np.array([[(row > own + 1e-12).sum() for own in row] for row in z]) + 1
    nearly = np.array([[((row > own - 1e-12) | (row == own)).sum() for own in row] for row in z])
    assert (found.best >= above.min(axis=0)).all() and (found.best <= nearly.min(axis=0)).all()
    assert (found.worst >= above.max(axis=0)).all() and (found.worst <= nearly.max(axis=0)).all()
    number = len(policy.readings.samples)
    assert found.mean == pytest.approx(above[:number].mean(axis=0), abs=0.02)
    assert (found.best <= found.mean).all() and (found.mean <= found.worst).all()


def test_a_longer_table_uses_fewer_readings_and_says_so(table, monkeypatch):
    policy, low, high, days = table
    monkeypatch.setattr(module, "WORK", 1024 * ROWS)
    found = ranks((low + high) / 2, days, policy)
    assert found.readings == 1024 + len(policy.readings.vertices) * len(policy.readings.days)


def test_necessarily_above_is_a_partial_order_that_every_reading_keeps(table):
    policy, low, high, days = table
    above = necessarily_above(low, high, days, policy)
    assert above.diagonal().all()
    # Transitive: whoever stands above one that stands above a third stands above the third.
    through = (above.astype(int) @ above.astype(int)) > 0
    assert (through <= above).all()
    least = in_each_reading(policy, low, days) if (policy.readings.samples[:, 1:] >= 0).all() else None
    if least is not None:
        most = in_each_reading(policy, high, days)
        for i, j in np.argwhere(above & ~np.eye(ROWS, dtype=bool))[::97]:
            assert (least[:, i] >= most[:, j] - 1e-9).all()
