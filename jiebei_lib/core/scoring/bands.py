"""The range that nine readings in ten hold: order statistics of z over all drawn readings, exactly, for one case or very many.

A reading whose first possible day has not come gives minus infinity. The value at a rank is one that a reading holds, so it is
reproducible to the digit (numpy calls this "inverted_cdf").

Neighbouring cases are looked at a tile at a time, as in kernel.py: from the tile's corners most readings are known to stand below or above
the wanted rank in each of its cases, and only the others are worked out case by case.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np

from jiebei_lib.core.readings import AWAY, Readings
from jiebei_lib.core.rules.factors import days_pressure
from jiebei_lib.core.scoring.kernel import SINGLE, neighbours

NINE_IN_TEN = (0.05, 0.95)
TILE = 32
COMPILED = 5_000  # rows from which loading the compiled search pays


def bands(
    low: np.ndarray, high: np.ndarray, days: np.ndarray, readings: Readings, longest: float
) -> tuple[np.ndarray, np.ndarray]:
    """z (n,) at the 5th percentile of the readings with every unknown at its least, and at the 95th with every unknown at its
    greatest, for pressures between ``low`` and ``high`` (n, 4) on ``days`` (n,)."""
    ranks = [max(0, math.ceil(part * len(readings.samples)) - 1) for part in NINE_IN_TEN]
    return tuple(
        _ranked(rising, falling, days, readings, longest, rank)
        for rising, falling, rank in ((low, high, ranks[0]), (high, low, ranks[1]))
    )


def _ranked(
    rising: np.ndarray, falling: np.ndarray, days: np.ndarray, readings: Readings, longest: float, rank: int
) -> np.ndarray:
    """z (n,) at a rank (0 is the least), each factor at its end ``rising`` where a reading's weight is positive, else at ``falling``."""
    if not len(days):
        return np.zeros(0)
    base, weights = readings.together
    pressed = [days_pressure(days, day, longest) * (days >= day) for day in readings.days]
    ahead = [(days < day).astype(float) for day in readings.days]
    pressure = np.column_stack([rising, falling[:, readings.either_sign], *pressed, *ahead])
    many = _compiled() if len(days) >= COMPILED else None
    if many is None:
        step = SINGLE // weights.size or 1
        parts = (pressure[start : start + step] for start in range(0, len(pressure), step))
        z = np.concatenate([np.partition(part @ weights + base, rank, axis=1)[:, rank] for part in parts])
    else:
        order, z = neighbours(pressure[:, :5]), np.empty(len(days))
        z[order] = many(np.ascontiguousarray(pressure[order]), base, np.ascontiguousarray(weights.T), rank, TILE)
    return np.where(z < -AWAY / 2, -np.inf, z)


@cache
def _compiled() -> Callable | None:
    """The search in machine code; None without numba."""
    try:
        from numba import njit
    except ImportError:
        return None

    def search(pressure, base, weights, rank, tile):
        n, k, m = len(pressure), pressure.shape[1], len(base)
        out = np.empty(n)
        least, greatest, z = np.empty(m), np.empty(m), np.empty(m)
        open_base, open_weights = np.empty(m), np.empty((m, k))
        for start in range(0, n, tile):
            end = min(n, start + tile)
            low, high = pressure[start].copy(), pressure[start].copy()
            for row in range(start + 1, end):
                for f in range(k):
                    low[f], high[f] = min(low[f], pressure[row, f]), max(high[f], pressure[row, f])
            for j in range(m):
                lower = upper = base[j]
                for f in range(k):
                    weight = weights[j, f]
                    lower += weight * (low[f] if weight > 0 else high[f])
                    upper += weight * (high[f] if weight > 0 else low[f])
                least[j], greatest[j] = lower, upper
            # The wanted z lies between the two bounds' own values at its rank, in every case of the tile.
            floor, ceiling = np.partition(least, rank)[rank] - 1e-9, np.partition(greatest, rank)[rank] + 1e-9
            below, opened = 0, 0
            for j in range(m):
                if greatest[j] < floor:
                    below += 1
                elif least[j] <= ceiling:
                    open_base[opened] = base[j]
                    open_weights[opened] = weights[j]
                    opened += 1
            for row in range(start, end):
                for j in range(opened):
                    value = open_base[j]
                    for f in range(k):
                        value += open_weights[j, f] * pressure[row, f]
                    z[j] = value
                out[row] = np.partition(z[:opened], rank - below)[rank - below]
        return out

    options = {"nogil": True, "error_model": "numpy"}
    try:
        return njit(search, cache=True, **options)
    except (RuntimeError, OSError):  # nowhere to keep what was compiled
        return njit(search, **options)
