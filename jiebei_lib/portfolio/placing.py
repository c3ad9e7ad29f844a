"""The places of ranks.py in machine code: a sort by buckets for each reading. Imported only where numba is there.

Cases come in the order of one reading, which is nearly that of any other, so that memory is gone through nearly in order.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy import ndarray

from jiebei_lib.core.scoring.kernel import kept

CROWDED = 16  # cases a bucket on average, weighted by cases, from which sorting by comparing is faster


@kept(njit, exact=True)
def in_order(z: ndarray, sorted_z: ndarray, order: ndarray, bucket: ndarray, starts: ndarray) -> None:
    """Puts z, which lie between finite ends, in ascending order, and which stood where."""
    n, low, high = len(z), z.min(), z.max()
    scale = (n - 1) / (high - low) if high > low else 0.0
    starts[: n + 1] = 0
    for i in range(n):
        bucket[i] = np.int32((z[i] - low) * scale)
        starts[bucket[i] + 1] += 1
    crowd = 0.0
    for b in range(1, n + 1):
        crowd += np.float64(starts[b]) * starts[b]
        starts[b] += starts[b - 1]
    if crowd > CROWDED * n:
        order[:n] = np.argsort(z, kind="mergesort")
        sorted_z[:n] = z[order[:n]]
        return
    for i in range(n):
        place = starts[bucket[i]]
        starts[bucket[i]] += 1
        sorted_z[place], order[place] = z[i], i
    for i in range(1, n):  # what is out of order is so within its bucket
        value, which, place = sorted_z[i], order[i], i
        while place and sorted_z[place - 1] > value:
            sorted_z[place], order[place] = sorted_z[place - 1], order[place - 1]
            place -= 1
        sorted_z[place], order[place] = value, which


@kept(njit, exact=True)
def places(
    weights: ndarray, which: ndarray, come: ndarray, pressure: ndarray, pressed: ndarray, drawn: int, grid: float
) -> tuple[ndarray, ndarray, ndarray]:
    """As :func:`jiebei_lib.portfolio.ranks._plain`."""
    (k, n), last = pressure.shape, weights.shape[1] - 1
    best, worst, total = np.full(n, n), np.zeros(n, np.int64), np.zeros(n, np.int64)
    z, sorted_z, rows = np.empty(n), np.empty(n), np.empty(n, np.int32)
    order, bucket, starts = np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n + 1, np.int32)
    for reading in range(len(weights)):
        day, weight, count, sign = which[reading], weights[reading], 0, -1.0
        for i in range(n):
            rows[count] = i
            count += come[day, i]
        for c in range(count):
            z[c] = weight[0]
        for f in range(k):
            for c in range(count):
                z[c] += weight[f + 1] * pressure[f, rows[c]]
        for c in range(count):
            value = sign * (z[c] + weight[last] * pressed[day, rows[c]])  # the likeliest first
            z[c] = (value + grid) - grid
        if count:
            in_order(z[:count], sorted_z, order, bucket, starts)
        place = 0
        for c in range(count):
            if c == 0 or sorted_z[c] != sorted_z[c - 1]:
                place = c + 1
            row = rows[order[c]]
            best[row], worst[row] = min(best[row], place), max(worst[row], place)
            if reading < drawn:
                total[row] += place
        if count < n:
            for i in range(n):
                if not come[day, i]:
                    best[i], worst[i] = min(best[i], count + 1), max(worst[i], count + 1)
                    if reading < drawn:
                        total[i] += count + 1
    return best, worst, total
