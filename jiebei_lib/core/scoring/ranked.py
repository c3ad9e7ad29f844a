"""The search of bands.py in machine code: z at a rank among the readings, for very many cases. Imported only where numba is there.

Cases are looked at in tiles within tiles of neighbours. What is compared on the way is z in whole steps, 2^29 of them from 0 to the
farthest that a z can lie: sixteen fit where two z would. Steps only say which reading it is, or which few it may be; every product and
sum of a z that is given out is rounded in the order in which it stands, so that it is the same to the digit as without this.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy import float32, int32, ndarray, uint64

from jiebei_lib.core.scoring.kernel import kept

OUTER, INNER = 128, 16  # rows that are looked at together, twice
MOST_TURNS = 60  # by which a value at a rank is closed in on
WIDE = 32  # readings are looked at in so many: the rest is filled up with some that lie above all others
# Steps from 0 to the farthest z; to what fills up; and by how many each rounding may move a z (single precision keeps 24 bits)
FARTHEST, ABOVE, ROUNDING = 1 << 29, 1 << 30, 1 << 6
NEAREST = 0.1  # of the way from one limit to the other: no nearer to either is a value looked for
HALF = float32(0.5)
NONE, ONE, LEAST, GREATEST = int32(0), int32(1), int32(-ABOVE), int32(ABOVE)


# Readings that are left to look at: their numbers (m,), bases (m,), weights (k arrays (m,)), weights of days (m,), and up to where they
# have the same first day (d,). Weights are in steps, from the mean of all: what moves all readings alike changes no rank. A plain tuple:
# what is kept compiled would know a class by its name, and could not be read once that is another.
Left = tuple[ndarray, ndarray, tuple[ndarray, ...], ndarray, ndarray]


@kept(njit)
def counted(z: ndarray, limit: int) -> int:
    """How many are not above a limit."""
    count, edge = NONE, int32(limit)
    for j in range(len(z)):
        count += ONE if z[j] <= edge else NONE
    return int(count)


@kept(njit)
def split(z: ndarray, limit: int) -> tuple[int, int, int]:
    """How many are not above a limit, the greatest of them, and the least of the others."""
    count, below, above, edge = NONE, LEAST, GREATEST, int32(limit)
    for j in range(len(z)):
        count += ONE if z[j] <= edge else NONE
        below = max(below, z[j] if z[j] <= edge else LEAST)
        above = min(above, GREATEST if z[j] <= edge else z[j])
    return int(count), int(below), int(above)


@kept(njit)
def within(z: ndarray, floor: int, ceiling: int) -> tuple[int, int]:
    """How many lie between two limits, and the place of the last."""
    count, last, low, high = NONE, -ONE, int32(floor), int32(ceiling)
    for j in range(len(z)):
        inside = (z[j] >= low) & (z[j] <= high)
        count += ONE if inside else NONE
        last = max(last, int32(j) if inside else int32(-1))
    return int(count), int(last)


@kept(njit)
def ranked(z: ndarray, wanted: int, floor: int, ceiling: int, below: int, above: int, guess: int) -> tuple[int, int]:
    """The value at a rank, twice; where many are alike, two values between which it is. About as many as are told lie ``below`` the
    floor and not ``above`` the ceiling."""
    for _ in range(MOST_TURNS):
        count, under, over = split(z, guess)
        if count > wanted:
            ceiling, above = under, count - 1
            if above == wanted:
                return under, under
        else:
            floor, below = over, count
            if below == wanted:
                return over, over
        if ceiling <= floor:
            break
        guess = between(floor, ceiling, wanted - below, above - below, NEAREST)
    return floor, ceiling


@kept(njit)
def between(floor: int, ceiling: int, place: int, count: int, nearest: float) -> int:
    """Where a value would be if so many between two limits lay evenly, but not too near to an end."""
    return floor + int((ceiling - floor) * min(max(place / max(count, 1), nearest), 1 - nearest))


@kept(njit)
def bounds(rows: ndarray, left: Left, lower: ndarray, upper: ndarray) -> None:
    """The least and the greatest step of each reading for some rows, from the least and the greatest of each column."""
    (_, base, weights, late, ends), start = left, uint64(0)
    k, centre, reach = len(weights), np.empty(rows.shape[1], float32), np.empty(rows.shape[1], float32)
    for f in range(rows.shape[1]):
        low, high = rows[0, f], rows[0, f]
        for row in range(1, len(rows)):
            low, high = min(low, rows[row, f]), max(high, rows[row, f])
        centre[f], reach[f] = (low + high) * HALF, (high - low) * HALF
    for day in range(len(ends)):
        end = uint64(ends[day])  # an index that cannot be negative: else it is asked each time
        for j in range(start, end):
            middle, apart = base[j] + centre[k + day] * late[j], abs(late[j]) * reach[k + day]
            for f in range(len(weights)):
                weight = weights[f][j]
                middle += centre[f] * weight
                apart += reach[f] * abs(weight)
            lower[j], upper[j] = int32(middle - apart), int32(middle + apart)
        start = end


@kept(njit)
def narrowed(
    rows: ndarray, wanted: int, floor: int, ceiling: int, some: int, unsure: int, left: Left, to: Left, which: ndarray
) -> tuple[int, int, int, int]:
    """Puts those of ``some`` readings that may stand at the rank for any of the rows into ``to``: how many, the rank among them, below and
    above what the value there is. ``floor`` and ``ceiling``: the same of more rows, if known."""
    (number, base, weights, late, ends), (to_number, to_base, to_weights, to_late, to_ends) = left, to
    lower, upper = np.empty(ends[-1], int32), np.empty(ends[-1], int32)
    bounds(rows, left, lower, upper)
    if floor == -ABOVE:
        floor, ceiling = split(lower, floor)[2], split(upper[:some], ceiling)[1]
    below, above = counted(lower, floor), counted(lower, ceiling)
    guess = between(floor, ceiling, wanted - below, above - below, 0.0)
    least = ranked(lower, wanted, floor, ceiling, below, above, guess)[0] - unsure
    below, above = counted(upper, floor), counted(upper, ceiling)
    guess = between(floor, ceiling, wanted - below, above - below, 0.0)
    most = ranked(upper, wanted, floor, ceiling, below, above, guess)[1] + unsure
    opened, low, high = 0, int32(least), int32(most)
    for j in range(len(lower)):
        # Written in any case, kept only if open: a branch here would be guessed wrong too often
        which[opened] = j
        opened += (upper[j] >= low) & (lower[j] <= high)
    which = which[:opened]
    for n in range(opened):
        to_number[n], to_base[n], to_late[n] = number[which[n]], base[which[n]], late[which[n]]
    for f in range(len(weights)):
        taken(weights[f], which, to_weights[f])
    for day in range(len(ends)):
        to_ends[day] = np.searchsorted(which, ends[day])
    filled(opened, to)
    return opened, wanted - counted(upper, least - 1), least, most


@kept(njit)
def taken(given: ndarray, which: ndarray, to: ndarray) -> None:
    """Those with these numbers, side by side."""
    for n in range(len(which)):
        to[n] = given[which[n]]


@kept(njit)
def filled(count: int, left: Left) -> None:
    """Fills up so many readings to a whole number of :data:`WIDE`."""
    number, base, weights, late, ends = left
    ends[-1] = -(-count // WIDE) * WIDE
    number[count : ends[-1]] = 0
    base[count : ends[-1]] = ABOVE
    late[count : ends[-1]] = 0
    for f in range(len(weights)):
        weights[f][count : ends[-1]] = 0


@kept(njit)
def sums(rows: ndarray, left: Left, steps: ndarray) -> None:
    """z of each row in steps."""
    _, base, weights, late, ends = left
    k = len(weights)
    for row in range(len(rows)):
        start = uint64(0)
        for day in range(len(ends)):
            end = uint64(ends[day])
            for j in range(start, end):
                z = base[j] + rows[row, k + day] * late[j]
                for f in range(len(weights)):
                    z += rows[row, f] * weights[f][j]
                steps[row, j] = int32(z)
            start = end


@kept(njit, exact=True)
def exactly(
    rows: ndarray, number: ndarray, base: ndarray, weights: ndarray, late: ndarray, ends: ndarray, z: ndarray
) -> None:
    """z of each row in the reading with its number (below 0: of none), or of one row in several, products and sums one after the other."""
    k = len(weights)
    for n in range(len(number)):
        row, j, day = n if len(rows) > 1 else 0, number[n], 0
        if j < 0:
            continue
        z[n] = base[j]
        for f in range(k):
            z[n] += rows[row, f] * weights[f, j]
        while j >= ends[day]:
            day += 1
        z[n] += rows[row, k + day] * late[j]


@kept(njit, exact=True)
def tile(
    rows: ndarray, small: ndarray, few: int, wanted: int, least: int, most: int, unsure: int, left: Left, which: ndarray,
    steps: ndarray, exact: ndarray, readings: tuple[ndarray, ...], out: ndarray,
) -> None:  # fmt: skip
    """z (n,) at a rank among ``few`` readings for some rows (n, k + d), which are also given ``small``."""
    sums(small, left, steps)
    (base, weights, late, ends), number, last = readings, left[0], 0
    for row in range(len(rows)):
        mine = steps[row, : left[4][-1]]
        # The reading that it was for the row before is not far from it
        floor, ceiling = ranked(mine, wanted, least, most, 0, few, mine[last])
        near, last = within(mine, floor - unsure, ceiling + unsure)
        which[row] = number[last]
        if near > 1:  # too close together for steps
            which[row], at = -1, len(rows)
            for j in range(few):
                if floor - unsure <= mine[j] <= ceiling + unsure:
                    which[at] = number[j]
                    at += 1
            exactly(rows[row : row + 1], which[len(rows) : at], base, weights, late, ends, exact)
            place = wanted - counted(mine, floor - unsure - 1)
            out[row] = np.partition(exact[:near], place)[place]
    exactly(rows, which[: len(rows)], base, weights, late, ends, out)


@kept(njit, exact=True)
def tiles(
    rows: ndarray, small: ndarray, wanted: int, unsure: int, lefts: tuple[Left, ...], some: int, readings: tuple[ndarray, ...]
) -> ndarray:  # fmt: skip
    """:func:`search` by what it has made ready: all readings, and room for those that the outer tile leaves, and the inner."""
    out, (every, outer, inner), wide = np.empty(len(rows)), lefts, len(lefts[0][0])
    which, steps, exact = np.empty(wide, int32), np.empty((INNER, wide), int32), np.empty(wide)
    for start in range(0, len(rows), OUTER):
        many = small[start : min(len(rows), start + OUTER)]
        left, place, floor, ceiling = narrowed(many, wanted, -ABOVE, ABOVE, some, unsure, every, outer, which)
        for first in range(start, start + len(many), INNER):
            part = slice(first, min(start + len(many), first + INNER))
            few, rank, least, most = narrowed(small[part], place, floor, ceiling, left, unsure, outer, inner, which)
            tile(
                rows[part], small[part], few, rank, least, most, unsure, inner, which, steps, exact, readings, out[part]
            )
    return out


def search(
    pressure: ndarray, pressed: ndarray, base: ndarray, weights: ndarray, late: ndarray, ends: ndarray, wanted: int
) -> ndarray:
    """As :func:`jiebei_lib.core.scoring.bands._plain`."""
    rows, m, k = np.hstack((pressure, pressed)), len(base), len(weights)
    apart = weights - weights.mean(axis=1, keepdims=True)
    later = late - late.mean() if len(ends) == 1 else late
    farthest = (np.abs(base) + np.abs(apart).sum(axis=0) + np.abs(later)).max() * max(1.0, np.abs(rows).max())
    every, outer, inner = (_empty(m + WIDE, k, ends) for _ in range(3))
    for place, given in zip((every[1], *every[2], every[3]), (base, *apart, later), strict=True):
        place[:m] = given / ((farthest or 1.0) / FARTHEST)
    filled(m, every)
    unsure, readings = 2 * ROUNDING * (k + 8), (base, weights, late, ends)
    found: ndarray = tiles(rows, rows.astype(float32), wanted, unsure, (every, outer, inner), m, readings)
    return found


def _empty(wide: int, k: int, ends: ndarray) -> Left:
    base, late, *weights = (np.empty(wide, float32) for _ in range(k + 2))
    return np.arange(wide, dtype=int32), base, tuple(weights), late, ends.copy()
