"""The range that nine readings in ten hold: order statistics of z over all drawn readings, exactly, for one case or very many.

A reading whose first possible day has not come gives minus infinity. The value at a rank is one that a reading holds, so it is
reproducible to the digit (numpy calls this "inverted_cdf").

Very many cases are done a tile of neighbours at a time: the tile's corners bound every reading's z, hence the value at the wanted rank, and
leave few readings that may hold it for some case of the tile. Only those are worked out case by case, each sum in the same order
everywhere, so that neither the way nor the neighbours change a digit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np
from numpy import ndarray

from jiebei_lib.core.readings import Readings
from jiebei_lib.core.rules.factors import days_pressure
from jiebei_lib.core.scoring.kernel import neighbours

NINE_IN_TEN = (0.05, 0.95)
COMPILED = 5_000  # rows from which loading the compiled search pays
ALONE = 48  # rows up to which sorting all readings is the fastest
FEW = 32  # rows of a tile where they are looked at by numpy alone: arrays of twice as many are new memory each time
UNSURE = 1e-9  # more than rounding can move a z


def bands(
    low: np.ndarray, high: np.ndarray, days: np.ndarray, readings: Readings, longest: float
) -> tuple[np.ndarray, np.ndarray]:
    """z (n,) at the 5th percentile of the readings with every unknown at its least, and at the 95th with every unknown at its
    greatest, for pressures between ``low`` and ``high`` (n, 4) on ``days`` (n,)."""
    ranks = [max(0, math.ceil(part * len(readings.samples)) - 1) for part in NINE_IN_TEN]
    ends = (low, high), (high, low)
    least, greatest = (_ranked(*end, days, readings, longest, rank) for end, rank in zip(ends, ranks, strict=True))
    return least, greatest


def _ranked(
    rising: np.ndarray, falling: np.ndarray, days: np.ndarray, readings: Readings, longest: float, rank: int
) -> np.ndarray:
    """z (n,) at a rank (0 is the least), each factor at its end ``rising`` where a reading's weight is positive, else at ``falling``."""
    base, weights, late, ends = readings.by_day
    pressure = np.column_stack([rising, falling[:, readings.either_sign]])
    pressed = np.column_stack([days_pressure(days, day, longest) for day in readings.days])
    find = ((len(days) >= COMPILED or _compiled.cache_info().currsize) and _compiled()) or _plain
    come, out = np.searchsorted(readings.days, days, side="right"), np.full(len(days), -np.inf)
    for number in range(1, len(ends) + 1):
        # The readings whose day has not come fill the ranks up to this one
        few, rows = ends[number - 1], np.flatnonzero(come == number)
        wanted = rank - (len(base) - few)
        if len(rows) and wanted >= 0:
            rows = rows[neighbours(np.column_stack([pressure[rows], pressed[rows, 0]]))]
            given = pressure[rows], np.ascontiguousarray(pressed[rows, :number])
            out[rows] = find(*given, base[:few], weights[:, :few], late[:few], ends[:number], wanted)
    return out


def _plain(
    pressure: ndarray, pressed: ndarray, base: ndarray, weights: ndarray, late: ndarray, ends: ndarray, wanted: int
) -> ndarray:
    """z (n,) at the rank ``wanted``, for pressures (n, k) and those of days (n, d), of readings given as bases (m,), weights (k, m) and
    weights of days (m,), which up to each of ``ends`` (d,) have the same first day."""
    day = np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0))
    if len(pressure) <= ALONE:
        z = _sums(pressure, pressed[:, day], base, weights, late)
        return np.partition(z, wanted, axis=1)[:, wanted]
    out = np.empty(len(pressure))
    signed = np.maximum(weights, 0), np.minimum(weights, 0)
    for start in range(0, len(out), FEW):
        rows, of_days = pressure[start : start + FEW], pressed[start : start + FEW]
        (low, high), (first, last) = ((part.min(axis=0), part.max(axis=0)) for part in (rows, of_days))
        by_day = late * first[day], late * last[day]
        lower = base + low @ signed[0] + high @ signed[1] + np.minimum(*by_day)
        upper = base + high @ signed[0] + low @ signed[1] + np.maximum(*by_day)
        least, most = (np.partition(end, wanted)[wanted] for end in (lower, upper))
        under = upper < least - UNSURE
        open_ = np.flatnonzero(~under & (lower <= most + UNSURE))
        z = _sums(rows, of_days[:, day[open_]], base[open_], weights[:, open_], late[open_])
        place = wanted - np.count_nonzero(under)
        out[start : start + FEW] = np.partition(z, place, axis=1)[:, place]
    return out


def _sums(pressure: ndarray, pressed: ndarray, base: ndarray, weights: ndarray, late: ndarray) -> ndarray:
    """z (n, m): products and sums one after the other, as the compiled search has them."""
    z = np.repeat(base[None], len(pressure), axis=0)
    for column, row in zip(pressure.T, weights, strict=True):
        z += column[:, None] * row
    z += pressed * late
    return z


@cache
def _compiled() -> Callable[..., ndarray] | None:
    """:func:`_plain` in machine code; None without numba."""
    try:
        from jiebei_lib.core.scoring.ranked import search
    except ImportError:
        return None
    found: Callable[..., ndarray] = search
    return found
