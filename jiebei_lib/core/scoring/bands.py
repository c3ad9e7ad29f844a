"""The range that nine readings in ten hold: order statistics of z over all drawn readings, exactly, for one case or very many.

A reading whose first possible day has not come gives minus infinity. The value at a rank is one that a reading holds, so it is
reproducible to the digit (numpy calls this "inverted_cdf").

Very many cases are done in machine code: single precision and counting narrow a case's readings down to the few that may stand at
the wanted rank, and double precision works out those.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np
from numpy import float32, ndarray

from jiebei_lib.core.readings import AWAY, Readings
from jiebei_lib.core.rules.factors import days_pressure
from jiebei_lib.core.scoring.kernel import SINGLE, kept

NINE_IN_TEN = (0.05, 0.95)
COMPILED = 5_000  # rows from which loading the compiled search pays
# Readings left that are sorted; halvings after which single precision tells no more of them apart
FEW, HALVINGS = 12, 40
BLOCK = 64  # readings that are passed over at once


def bands(
    low: np.ndarray, high: np.ndarray, days: np.ndarray, readings: Readings, longest: float
) -> tuple[np.ndarray, np.ndarray]:
    """z (n,) at the 5th percentile of the readings with every unknown at its least, and at the 95th with every unknown at its
    greatest, for pressures between ``low`` and ``high`` (n, 4) on ``days`` (n,)."""
    ranks = [max(0, math.ceil(part * len(readings.samples)) - 1) for part in NINE_IN_TEN]
    ranked = _searched if len(days) >= COMPILED and _compiled(low.shape[1] + len(readings.either_sign)) else _sorted
    least = ranked(low, high, days, readings, longest, ranks[0])
    return least, ranked(high, low, days, readings, longest, ranks[1])


def _sorted(
    rising: np.ndarray, falling: np.ndarray, days: np.ndarray, readings: Readings, longest: float, rank: int
) -> np.ndarray:
    """z (n,) at a rank (0 is the least), each factor at its end ``rising`` where a reading's weight is positive, else at ``falling``."""
    if not len(days):
        return np.zeros(0)
    base, weights = readings.together
    pressed = [days_pressure(days, day, longest) * (days >= day) for day in readings.days]
    ahead = [(days < day).astype(float) for day in readings.days]
    pressure = np.column_stack([rising, falling[:, readings.either_sign], *pressed, *ahead])
    step = SINGLE // weights.size or 1
    parts = (pressure[start : start + step] for start in range(0, len(pressure), step))
    z = np.concatenate([np.partition(part @ weights + base, rank, axis=1)[:, rank] for part in parts])
    return np.where(z < -AWAY / 2, -np.inf, z)


def _searched(
    rising: np.ndarray, falling: np.ndarray, days: np.ndarray, readings: Readings, longest: float, rank: int
) -> np.ndarray:
    """As :func:`_sorted`, in machine code: readings by their first day, so that those whose day has come stand in front."""
    order = np.argsort(readings.first_day, kind="stable")
    base, weights = (array[..., order] for array in readings.together)
    pressure = np.column_stack([rising, falling[:, readings.either_sign]])
    weights, late = weights[: pressure.shape[1]].copy(), readings.samples[order, -1]
    pressed = np.column_stack([days_pressure(days, day, longest) for day in readings.days])
    ends = np.searchsorted(readings.first_day[order], readings.days, side="right")
    come = np.searchsorted(readings.days, days, side="right")
    reach = (np.abs(base) + np.abs(weights).sum(axis=0) + np.abs(late)).max() * max(1.0, np.abs(pressure).max())
    # Products and sums, each rounded, of numbers rounded before: no error of z is larger.
    unsure = (len(weights) + 6) * float(np.finfo(float32).eps) * reach
    exact = pressure, pressed, base, weights, late
    small = (np.ascontiguousarray(array, float32) for array in exact)
    search = _compiled(len(weights))
    assert search is not None, "asked for without numba"  # bands() sees to that
    return search(*exact, *small, ends, come, rank, float32(reach), float32(unsure))


def _counted(z: np.ndarray, limit: float32) -> float32:
    """How many are not above a limit; to be compiled. Exact up to 2^24, and of the width of z: many are counted at once."""
    count = float32(0)
    for j in range(len(z)):
        count += float32(1) if z[j] <= limit else float32(0)
    return count


def _insert(left: np.ndarray, found: int, value: float) -> int:
    """Puts a value in its place among the ``found`` that stand in order; to be compiled. The new number of them."""
    place = found
    while place and left[place - 1] > value:
        left[place] = left[place - 1]
        place -= 1
    left[place] = value
    return found + 1


@cache
def _compiled(k: int) -> Callable[..., np.ndarray] | None:
    """The search in machine code for ``k`` columns; None without numba."""
    try:
        from numba import njit
    except ImportError:
        return None
    half, none = float32(0.5), float32(0)
    counted, insert = kept(njit, _counted), kept(njit, _insert)

    def search(
        exact_pressure: ndarray, exact_pressed: ndarray, exact_base: ndarray, exact_weights: ndarray, exact_late: ndarray,
        pressure: ndarray, pressed: ndarray, base: ndarray, weights: ndarray, late: ndarray, ends: ndarray, come: ndarray,
        rank: int, reach: float32, unsure: float32,
    ) -> ndarray:  # fmt: skip
        n, m = len(pressure), len(base)
        out, z, left = np.empty(n), np.empty(m, float32), np.empty(m)
        for row in range(n):
            wanted = float32(rank - (m - ends[come[row] - 1])) if come[row] else float32(-1)
            if wanted < 0:  # the readings whose day has not come fill the ranks up to it
                out[row] = -np.inf
                continue
            start = 0
            for day in range(come[row]):
                for j in range(start, ends[day]):
                    z[j] = base[j] + late[j] * pressed[row, day]
                start = ends[day]
            # A loop of its own: with more arrays at once the compiler no longer proves that none overlaps z
            for j in range(start):
                value = z[j]
                for f in range(k):
                    value += pressure[row, f] * weights[f, j]
                z[j] = value
            floor, ceiling, below, within = -reach, reach, none, float32(start)
            for _ in range(HALVINGS):
                if within <= FEW:
                    break
                middle = floor + (ceiling - floor) * half
                count = counted(z[:start], middle)
                if count > wanted:
                    ceiling, within = middle, count - below
                else:
                    floor, below, within = middle, count, below + within - count
            floor, ceiling = floor - unsure - unsure, ceiling + unsure + unsure
            found, day = 0, 0
            for block in range(0, start, BLOCK):
                end = min(start, block + BLOCK)
                if counted(z[block:end], ceiling) == counted(z[block:end], floor):
                    continue  # as for most: nothing in it stands between
                for j in range(block, end):
                    if (z[j] > floor) & (z[j] <= ceiling):
                        while j >= ends[day]:
                            day += 1
                        value = exact_base[j] + exact_late[j] * exact_pressed[row, day]
                        for f in range(k):
                            value += exact_pressure[row, f] * exact_weights[f, j]
                        found = insert(left, found, value)
            out[row] = left[int(wanted - counted(z[:start], floor))]
        return out

    return kept(njit, search)
