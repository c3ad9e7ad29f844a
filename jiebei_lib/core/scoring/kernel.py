"""Counts, for very many cases, how many readings give z > 0, without working out every z.

Cases that lie close together mostly get the same answer from a reading: it is worked out for a whole tile of neighbours at once
from the tile's corners, and case by case only where the corners leave it open. A quarter of the work remains, and cases that are equal
cost next to nothing. Single precision does it, and double precision wherever a z is too close to 0 to be sure of its sign: the counts
are those of the plain product ``base + pressure @ weights > 0``.

Large tables use numba if it is there; it is imported on first need, so that a single case never waits for it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy import float32, int64

TILE = 64  # rows that are looked at together
FINENESS = 12  # steps of each factor by which neighbours are found
FEW = 64  # rows up to which the plain product is the fastest
# Multiply-adds of one product: with more OpenBLAS brings in its threads, which on a busy machine wait for one another (84 cases: 40 ms
# instead of 1 while a browser draws).
SINGLE = 2**18
# Rows from which loading the compiled kernel pays (about a second, less where numba is in use already); once there, it does what there is
COMPILED, IMPORTED = 20_000, 1_000
_loaded: set[int] = set()  # the numbers of columns that it is there for


def counts(pressure: np.ndarray, base: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """For each row of ``pressure`` (n, k), neighbours side by side (see :func:`neighbours`), the number of readings, given as ``base``
    (m,) and ``weights`` (k, m), with ``base + pressure @ weights > 0``."""
    if len(pressure) <= FEW:
        return _each(pressure, base, weights)
    k = len(weights)
    pays = len(pressure) >= (IMPORTED if "numba" in sys.modules else COMPILED) or k in _loaded
    many = _compiled(k) if pays else None
    if many is None:
        return _plain(pressure, base, weights)
    _loaded.add(k)
    small = (np.ascontiguousarray(array, np.float32) for array in (pressure, base, weights))
    reach = max(1.0, np.abs(pressure).max()) * (np.abs(base) + np.abs(weights).sum(axis=0)).max()
    # k products and sums, each rounded, of numbers rounded before: no error of z is larger.
    unsure = np.float32((len(weights) + 4) * np.finfo(np.float32).eps * reach)
    return many(np.ascontiguousarray(pressure), base, weights, *small, unsure, TILE)


def neighbours(pressure: np.ndarray) -> np.ndarray:
    """An order of the rows (n,) that puts similar ones side by side, for pressures from -1 to 1."""
    if len(pressure) <= TILE:
        return np.arange(len(pressure))
    key = np.zeros(len(pressure), np.uint32)
    for column in pressure.T:
        step = ((column + 1) * ((FINENESS - 1) / 2) + 0.5).astype(np.uint32)
        # To and fro, as one ploughs, so that where one row of steps ends the next begins beside it
        key = key * np.uint32(FINENESS) + np.where(key & 1, np.uint32(FINENESS - 1) - step, step)
    return np.argsort(key)


def _plain(pressure: np.ndarray, base: np.ndarray, weights: np.ndarray) -> np.ndarray:
    out = np.empty(len(pressure), np.int64)
    rising, falling, unsure = np.maximum(weights, 0), np.minimum(weights, 0), 1e-9
    for start in range(0, len(pressure), TILE):
        rows = pressure[start : start + TILE]
        low, high = rows.min(axis=0), rows.max(axis=0)
        surely = base + low @ rising + high @ falling > unsure
        open_ = np.flatnonzero(~surely & (base + high @ rising + low @ falling > -unsure))
        out[start : start + TILE] = _each(rows, base[open_], weights[:, open_]) + np.count_nonzero(surely)
    return out


def _each(pressure: np.ndarray, base: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The counts by the product itself, a few rows at a time."""
    step = SINGLE // max(1, weights.size) or 1
    parts = (pressure[start : start + step] for start in range(0, len(pressure), step))
    return np.concatenate([np.count_nonzero(part @ weights > -base, axis=1) for part in parts])


@cache
def _compiled(k: int) -> Callable[..., np.ndarray] | None:
    """The same as :func:`_plain` in machine code, for ``k`` columns (known when compiled, so that the sums over them unroll)."""
    try:
        from numba import njit
    except ImportError:
        return None
    none, one = float32(0), float32(1)

    def many(
        exact: np.ndarray, exact_base: np.ndarray, exact_weights: np.ndarray,
        pressure: np.ndarray, base: np.ndarray, weights: np.ndarray, unsure: float32, tile: int,
    ) -> np.ndarray:  # fmt: skip
        n, m = len(pressure), len(base)
        out = np.empty(n, int64)
        least, greatest = np.empty(m, float32), np.empty(m, float32)
        which = np.empty(m, int64)
        open_base, open_weights = np.empty(m, float32), np.empty((k, m), float32)
        for start in range(0, n, tile):
            end = min(n, start + tile)
            low, high = pressure[start].copy(), pressure[start].copy()
            for row in range(start + 1, end):
                for f in range(k):
                    low[f] = min(low[f], pressure[row, f])
                    high[f] = max(high[f], pressure[row, f])
            for j in range(m):
                lower = upper = base[j]
                for f in range(k):
                    rising, falling = max(weights[f, j], float32(0)), min(weights[f, j], float32(0))
                    lower += rising * low[f] + falling * high[f]
                    upper += rising * high[f] + falling * low[f]
                least[j], greatest[j] = lower, upper
            surely, opened = 0, 0
            for j in range(m):
                surely += least[j] > unsure
                # Written in any case, kept only if open: a branch here would be guessed wrong half of the time.
                which[opened] = j
                opened += (least[j] <= unsure) & (greatest[j] > -unsure)
            for j in range(opened):
                open_base[j] = base[which[j]]
                for f in range(k):
                    open_weights[f, j] = weights[f, which[j]]
            for row in range(start, end):
                over = near = float32(0)  # exact up to 2^24, and as wide as z: eight at once
                for j in range(opened):
                    z = open_base[j]
                    for f in range(k):
                        z += pressure[row, f] * open_weights[f, j]
                    over += one if z > unsure else none
                    near += one if z > -unsure else none
                if near > over:
                    over = none
                    for j in range(opened):
                        exactly = exact_base[which[j]]
                        for f in range(k):
                            exactly += exact[row, f] * exact_weights[f, which[j]]
                        over += one if exactly > 0 else none
                out[row] = surely + int64(over)
        return out

    return kept(njit, many)


def kept(
    njit: Callable[..., Callable[..., Any]], function: Callable[..., Any] | None = None, exact: bool = False
) -> Callable[..., Any]:
    """The function in machine code, kept on disk for the next start where there is room for it; ``exact``: each product and sum rounded
    in the order in which it stands. Without a function, what makes it of one."""
    if function is None:
        return lambda given: kept(njit, given, exact)
    fast = set() if exact else {"contract", "reassoc", "nsz", "nnan"}
    options = {"nogil": True, "error_model": "numpy", "fastmath": fast}
    try:
        return njit(function, cache=True, **options)
    except (RuntimeError, OSError):
        return njit(function, **options)
