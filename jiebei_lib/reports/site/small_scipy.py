"""Stands in for scipy in a page that runs itself, where it is the package ``scipy``: the three things by which readings are drawn
(core/readings.py), in plain numpy, since scipy itself is twice as large as all the rest. Held against scipy by tests."""

from __future__ import annotations

import itertools
import sys
from dataclasses import dataclass, field
from typing import Any

import numpy as np

TINY = 1e-9  # of a constraint's slack, and of a pivot

# ---- scipy.optimize ------------------------------------------------------------------------------------------------


@dataclass
class Result:
    """``status`` 0: solved; 2: infeasible; 3: unbounded."""

    status: int
    x: np.ndarray = field(default_factory=lambda: np.empty(0))
    fun: float = np.nan


def linprog(
    c: Any,
    A_ub: Any = None,
    b_ub: Any = None,
    A_eq: Any = None,
    b_eq: Any = None,
    bounds: Any = (0, None),
    method: Any = None,
) -> Result:
    """Least ``c @ x`` under ``A_ub @ x <= b_ub``, ``A_eq @ x = b_eq`` and bounds, by the two phases of the simplex method."""
    c = np.asarray(c, float)
    n = len(c)
    limits = [bounds] * n if isinstance(bounds, tuple) else list(bounds)
    low = np.array([-np.inf if one[0] is None else one[0] for one in limits], float)
    high = np.array([np.inf if one[1] is None else one[1] for one in limits], float)
    # x = start + map @ y with y >= 0: a variable with a lower bound counts from there, one without is a difference of two
    free = ~np.isfinite(low)
    start = np.where(free, 0.0, low)
    change = np.hstack([np.eye(n), -np.eye(n)[:, free]])
    upper, at_most = [np.eye(n)[np.isfinite(high)]], [high[np.isfinite(high)]]
    if A_ub is not None:
        upper, at_most = [*upper, np.asarray(A_ub, float)], [*at_most, np.asarray(b_ub, float)]
    rows, bound = np.vstack(upper), np.concatenate(at_most)
    equal = np.zeros((0, n)) if A_eq is None else np.asarray(A_eq, float)
    to = np.zeros(0) if b_eq is None else np.asarray(b_eq, float)
    matrix = np.block([[rows @ change, np.eye(len(rows))], [equal @ change, np.zeros((len(equal), len(rows)))]])
    right = np.concatenate([bound - rows @ start, to - equal @ start])
    status, y = _simplex(matrix, right, np.concatenate([c @ change, np.zeros(len(rows))]))
    if status:
        return Result(status)
    x = start + change @ y[: change.shape[1]]
    return Result(0, x, float(c @ x))


def _simplex(matrix: np.ndarray, right: np.ndarray, cost: np.ndarray) -> tuple[int, np.ndarray]:
    """Least ``cost @ y`` with ``matrix @ y = right``, ``y >= 0``: a status and y. Bland's rule, so that it ends."""
    m, n = matrix.shape
    turned = np.where(right < 0, -1.0, 1.0)
    # Phase 1: an auxiliary variable a row, whose sum is brought to nothing
    table = np.column_stack([matrix * turned[:, None], np.eye(m), right * turned])
    basis = list(range(n, n + m))
    _pivots(table, basis, np.concatenate([np.zeros(n), np.ones(m)]))
    if sum(table[row, -1] for row, one in enumerate(basis) if one >= n) > TINY:
        return 2, np.empty(0)
    for row, one in enumerate(basis):
        if one >= n:
            able = np.flatnonzero(np.abs(table[row, :n]) > TINY)
            if len(able):
                _pivot(table, basis, row, int(able[0]))
    real = [row for row, one in enumerate(basis) if one < n]  # the others say the same as these
    table = np.column_stack([table[real, :n], table[real, -1]])
    basis = [basis[row] for row in real]
    if not _pivots(table, basis, cost):
        return 3, np.empty(0)
    y = np.zeros(n)
    y[basis] = table[:, -1]
    return 0, y


def _pivots(table: np.ndarray, basis: list[int], cost: np.ndarray) -> bool:
    """Moves from corner to corner until no move lowers the cost; False if it can be lowered for ever."""
    while True:
        reduced = cost - cost[basis] @ table[:, :-1]
        entering = np.flatnonzero(reduced < -TINY)
        if not len(entering):
            return True
        column = int(entering[0])
        up = table[:, column] > TINY
        if not up.any():
            return False
        ratio = np.full(len(table), np.inf)
        ratio[up] = table[up, -1] / table[up, column]
        least = np.flatnonzero(ratio <= ratio.min() + 1e-12)
        _pivot(table, basis, int(min(least, key=lambda row: basis[row])), column)


def _pivot(table: np.ndarray, basis: list[int], row: int, column: int) -> None:
    table[row] /= table[row, column]
    others = np.arange(len(table)) != row
    table[others] -= np.outer(table[others, column], table[row])
    basis[row] = column


# ---- scipy.spatial -------------------------------------------------------------------------------------------------


class HalfspaceIntersection:
    """The corners of ``halfspaces[:, :-1] @ x + halfspaces[:, -1] <= 0`` as ``intersections`` (n, d): every d rows that meet in one point
    which all the others admit."""

    def __init__(self, halfspaces: Any, interior_point: Any):
        given = np.asarray(halfspaces, float)
        norms = np.linalg.norm(given[:, :-1], axis=1, keepdims=True)
        rows = _tightest(given / norms)
        matrix, bound, d = rows[:, :-1], -rows[:, -1], rows.shape[1] - 1
        chosen = np.array(list(itertools.combinations(range(len(rows)), d)))
        squares = matrix[chosen]
        meet = np.abs(np.linalg.det(squares)) > TINY
        points = np.linalg.solve(squares[meet], bound[chosen[meet]][..., None])[..., 0]
        self.intersections = points[(points @ matrix.T <= bound + TINY).all(axis=1)]


def _tightest(rows: np.ndarray) -> np.ndarray:
    """Of rows with the same direction the one that binds."""
    kept: dict[tuple[float, ...], np.ndarray] = {}
    for row in rows:
        key = tuple(np.round(row[:-1], 9) + 0.0)
        if key not in kept or row[-1] > kept[key][-1]:
            kept[key] = row
    return np.array(list(kept.values()))


# ---- scipy.stats.qmc -----------------------------------------------------------------------------------------------

# Primitive polynomials and first direction numbers of the Sobol sequence's dimensions (Joe and Kuo 2008, new-joe-kuo-6.21201)
POLYNOMIALS = (1, 3, 7, 11, 13, 19, 25, 37, 41, 47, 55, 59, 61, 67, 91, 97)
FIRST = (
    (),
    (1,),
    (1, 3),
    (1, 3, 1),
    (1, 1, 1),
    (1, 1, 3, 3),
    (1, 3, 5, 13),
    (1, 1, 5, 5, 17),
    (1, 1, 5, 5, 5),
    (1, 1, 7, 11, 19),
    (1, 1, 5, 1, 1),
    (1, 1, 1, 3, 11),
    (1, 3, 5, 5, 31),
    (1, 3, 3, 9, 7, 49),
    (1, 1, 1, 15, 21, 21),
    (1, 3, 1, 13, 27, 49),
)


class Sobol:
    """Scrambled Sobol points: linear matrix scrambling and a digital shift, drawn as scipy draws them, so that the same seed gives the same
    points to the last digit."""

    BITS = 30

    def __init__(self, d: int, *, scramble: bool = True, rng: Any = None):
        if not scramble or d > len(POLYNOMIALS):
            raise ValueError(f"d {d}")
        random, bits = np.random.default_rng(rng).spawn(1)[0], self.BITS
        powers = 2 ** np.arange(bits, dtype=np.uint32)
        self._shift = random.integers(2, size=(d, bits), dtype=np.uint32) @ powers
        lower = np.tril(random.integers(2, size=(d, bits, bits), dtype=np.uint32))
        lower[:, range(bits), range(bits)] = 1
        self._directions = _scrambled(np.array([_directions(n, bits) for n in range(d)], np.uint32), lower)

    def random(self, n: int) -> np.ndarray:
        """The first ``n`` points (n, d)."""
        numbers = np.arange(n - 1)
        lowest_zero = np.log2(~numbers & (numbers + 1)).astype(int)
        steps = np.vstack([self._shift, self._directions.T[lowest_zero]])
        return np.bitwise_xor.accumulate(steps.astype(np.uint32), axis=0) / 2.0**self.BITS


def _directions(dimension: int, bits: int) -> list[int]:
    """One dimension's direction numbers, as integers of ``bits`` bits."""
    if dimension == 0:
        return [1 << (bits - 1 - n) for n in range(bits)]
    polynomial, found = POLYNOMIALS[dimension], list(FIRST[dimension])
    degree = polynomial.bit_length() - 1
    for n in range(degree, bits):
        new = found[n - degree]
        for k in range(degree):
            if polynomial >> (degree - 1 - k) & 1:
                new ^= found[n - k - 1] << (k + 1)
        found.append(new)
    return [number << (bits - 1 - n) for n, number in enumerate(found)]


def _scrambled(directions: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """Each direction number's bits times a lower triangular matrix of bits, the highest bit first."""
    bits = directions.shape[1]
    places = np.arange(bits, dtype=np.uint32)
    digits = directions[:, :, None] >> places & 1  # (d, j, k): bit k of number j
    # The matrix's first column is for the highest bit, and its first row gives that bit
    mixed = np.einsum("dpk,djk->djp", lower[:, :, ::-1], digits) % 2
    return (mixed.astype(np.uint64) << (bits - 1 - places).astype(np.uint64)).sum(axis=2).astype(np.uint32)


if __name__ == "scipy":  # in a page: the names under which these are asked for
    __path__: list[str] = []
    qmc = stats = optimize = spatial = sys.modules[__name__]
    sys.modules |= {f"scipy.{name}": sys.modules[__name__] for name in ("optimize", "spatial", "stats")}
