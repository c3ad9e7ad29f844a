"""The search of bands.py in machine code: z at a rank among the readings, for very many cases. Imported only where numba is there.

Cases are looked at in tiles within tiles of neighbours. Every product and sum of a z that is given out is rounded in the order in which it
stands, so that it is the same to the digit as without this.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy import ndarray

from jiebei_lib.core.scoring.kernel import kept

OUTER, INNER = 128, 16  # rows that are looked at together, twice
TURNS, MOST_TURNS = 10, 60  # steps by which a value at a rank is closed in on: a tile's bound, a row's own
FEW = 2  # readings left that are gone through one by one
UNSURE = 1e-9  # more than rounding can move a z


@kept(njit, exact=True)
def counted(z: ndarray, limit: float) -> int:
    """How many are not above a limit."""
    count = 0
    for j in range(len(z)):
        count += z[j] <= limit
    return count


@kept(njit)
def following(z: ndarray, limit: float) -> float:
    """The least that is above a limit."""
    least = np.inf
    for j in range(len(z)):
        least = min(least, z[j] if z[j] > limit else np.inf)
    return least


@kept(njit, exact=True)
def closer(
    z: ndarray, wanted: int, floor: float, ceiling: float, below: int, within: int, turns: int
) -> tuple[float, float, int]:
    """Closer bounds, above the first and not above the second, of the value at a rank, and how many are not above the first. About as many
    as are told lie ``below`` and ``within`` the bounds given."""
    for _ in range(turns):
        if within <= FEW:
            break
        # Where it would be if those left lay evenly, but not too near to an end
        between = floor + (ceiling - floor) * min(max((wanted - below + 0.5) / within, 0.1), 0.9)
        count = counted(z, between)
        if count > wanted:
            ceiling, within = between, count - below
        else:
            floor, below, within = between, count, below + within - count
    return floor, ceiling, below


@kept(njit, exact=True)
def widened(lower: ndarray, upper: ndarray, column: ndarray, weights: ndarray, middle: float) -> None:
    """Adds what a column of some rows gives, at its least and at its greatest, by how much each weight is apart from a middle one."""
    low, high = column[0], column[0]
    for each in column:
        low, high = min(low, each), max(high, each)
    centre, reach = (low + high) * 0.5, (high - low) * 0.5
    if reach == 0.0:
        for j in range(len(weights)):
            given = (weights[j] - middle) * centre
            lower[j] += given
            upper[j] += given
        return
    for j in range(len(weights)):
        apart = weights[j] - middle
        lower[j] += apart * centre - abs(apart) * reach
        upper[j] += apart * centre + abs(apart) * reach


@kept(njit, exact=True)
def narrowed(
    rows: ndarray, wanted: int, floor: float, ceiling: float, middle: ndarray,
    base: ndarray, weights: ndarray, late: ndarray, ends: ndarray, lower: ndarray, upper: ndarray, which: ndarray,
    to_base: ndarray, to_weights: ndarray, to_late: ndarray, to_ends: ndarray,
) -> tuple[int, int, float, float]:  # fmt: skip
    """Puts the readings that may stand at the rank for some of the rows where ``to`` says: how many, the rank among them, and, but for
    what ``middle`` gives a row, above and below what the value there is; ``floor`` and ``ceiling``: the same of more rows."""
    k, m, start, lower, upper = len(weights), len(base), 0, lower[: len(base)], upper[: len(base)]
    lower[:] = base
    upper[:] = base
    for f in range(k):
        widened(lower, upper, rows[:, f], weights[f], middle[f])
    for day in range(len(ends)):
        part = slice(start, ends[day])
        widened(lower[part], upper[part], rows[:, k + day], late[part], middle[k])
        start = ends[day]
    if floor == -np.inf:
        floor, ceiling = lower.min() - UNSURE, upper.max()
    below, over = counted(lower, floor), counted(upper, floor)
    least = closer(lower, wanted, floor, ceiling, below, counted(lower, ceiling) - below, TURNS)[0] - UNSURE
    most = closer(upper, wanted, floor, ceiling, over, counted(upper, ceiling) - over, TURNS)[1] + UNSURE
    under, opened = 0, 0
    for j in range(m):
        # Written in any case, kept only if open: a branch here would be guessed wrong too often
        which[opened] = j
        under += upper[j] <= least
        opened += (upper[j] > least) & (lower[j] <= most)
    for n in range(opened):
        to_base[n], to_late[n] = base[which[n]], late[which[n]]
    for f in range(k):
        for n in range(opened):
            to_weights[f, n] = weights[f, which[n]]
    for day in range(len(ends)):
        to_ends[day] = np.searchsorted(which[:opened], ends[day])
    return opened, wanted - under, least, most


@kept(njit, exact=True)
def sums(row: ndarray, base: ndarray, weights: ndarray, late: ndarray, ends: ndarray, z: ndarray) -> None:
    """z of one row, products and sums one after the other."""
    k, start = len(weights), 0
    for j in range(len(z)):
        z[j] = base[j]
    for f in range(k):
        for j in range(len(z)):
            z[j] += row[f] * weights[f, j]
    for day in range(len(ends)):
        for j in range(start, ends[day]):
            z[j] += row[k + day] * late[j]
        start = ends[day]


@kept(njit, exact=True)
def search(
    pressure: ndarray, pressed: ndarray, base: ndarray, weights: ndarray, late: ndarray, ends: ndarray, wanted: int
) -> ndarray:
    """As :func:`jiebei_lib.core.scoring.bands._plain`."""
    (n, k), m, d, rows = pressure.shape, len(base), len(ends), np.hstack((pressure, pressed))
    out, lower, upper, z, middle = np.empty(n), np.empty(m), np.empty(m), np.empty(m), np.zeros(k + 1)
    # The readings that the outer tile leaves, and the inner
    bases, factors, lates, ups = np.empty((2, m)), np.empty((2, k, m)), np.empty((2, m)), np.empty((2, d), np.int64)
    which = np.empty(m + 1, np.int64)
    # What moves all readings alike changes no rank: bounds are nearer without it
    for f in range(k):
        middle[f] = weights[f].mean()
    if d == 1:
        middle[k] = late.mean()
    for start in range(0, n, OUTER):
        end = min(n, start + OUTER)
        some, place, floor, ceiling = narrowed(
            rows[start:end], wanted, -np.inf, np.inf, middle, base, weights, late, ends, lower, upper, which,
            bases[0], factors[0], lates[0], ups[0],
        )  # fmt: skip
        for first in range(start, end, INNER):
            last = min(end, first + INNER)
            few, rank, least, most = narrowed(
                rows[first:last], place, floor, ceiling, middle, bases[0, :some], factors[0, :, :some], lates[0, :some],
                ups[0], lower, upper, which, bases[1], factors[1], lates[1], ups[1],
            )  # fmt: skip
            for row in range(first, last):
                shift, mine = middle[k] * rows[row, k], z[:few]
                for f in range(k):
                    shift += middle[f] * rows[row, f]
                sums(rows[row], bases[1], factors[1], lates[1], ups[1], mine)
                value, _, below = closer(mine, rank, least + shift, most + shift, 0, few, MOST_TURNS)
                while below <= rank:
                    value = following(mine, value)
                    below = counted(mine, value)
                out[row] = value
    return out
