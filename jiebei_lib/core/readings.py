"""The admissible readings: every choice of weights that agrees with what a witness says (a convex polytope), exactly.

A reading is ``(base, communication, history, amount, contacts, days)`` and a first possible day. Bounds of the likelihood lie at the
polytope's vertices; shares are counted over a fixed, evenly spread set of readings inside it.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

FACTORS = ("communication", "history", "amount", "contacts", "days")
WEIGHTS = ("base", *FACTORS)
ENDS = {"protective": -1, "pressing": 1}  # pressures
CANDIDATES = 32  # drawn for each reading kept where readings are to count unevenly
Face = frozenset[int]  # of a polytope: the numbers of its corners
TOLERANCE = 1e-9  # of a constraint's slack, in units of log-odds
Corners = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # of a group of columns: see Readings.corners


class NoReadings(ValueError):
    """Nothing satisfies the constraints; ``constraints`` are the ids of a smallest set that contradicts itself."""

    def __init__(self, constraints: list[str]):
        super().__init__(", ".join(constraints))
        self.constraints = constraints


class Unbounded(ValueError):
    """A weight that no constraint holds; ``weight`` is its name."""

    def __init__(self, weight: str):
        super().__init__(weight)
        self.weight = weight


@dataclass(frozen=True)
class Readings:
    """The admissible set. Weights are in log-odds per unit of pressure.

    ``vertices`` (V, 6); ``center`` (6,) the centroid; ``samples`` (N, 6) evenly spread over the set, sorted by their first possible
    day ``first_day`` (N,); ``days`` the first days that occur, ascending, and ``chances`` their weights.
    """

    vertices: np.ndarray
    center: np.ndarray
    samples: np.ndarray
    first_day: np.ndarray
    days: tuple[int, ...]
    chances: tuple[float, ...]

    @cached_property
    def either_sign(self) -> np.ndarray:
        """The factors, by number, whose weight is negative in some sample."""
        return np.flatnonzero((self.samples[:, 1:] < 0).any(axis=0))

    @cached_property
    def by_first_day(self) -> list[tuple[int, np.ndarray, np.ndarray]]:
        """The samples for reckoning: for each first day that occurs among them, it, their bases (m,) and their weights (k, m): a row
        a factor; those of either sign have only the positive weights there and the negative ones in rows at the end."""
        found = [(day, self.samples[self.first_day == day]) for day in self.days]
        split = {}
        for day, group in found:
            weights, either = group[:, 1:].T.copy(), self.either_sign
            split[day] = np.vstack([weights, np.minimum(weights[either], 0)])
            split[day][either] = np.maximum(weights[either], 0)
        return [(day, group[:, 0].copy(), split[day]) for day, group in found if len(group)]

    @cached_property
    def rising(self) -> np.ndarray:
        """The vertices' weights (v, 5) without the base, each once, those above 0; :attr:`falling` has the others."""
        return distinct(self.vertices[:, 1:]).clip(min=0)

    @cached_property
    def falling(self) -> np.ndarray:
        return distinct(self.vertices[:, 1:]).clip(max=0)

    @cached_property
    def by_day(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """All samples for reckoning, by their first day: bases (N,), weights without that of days (k, N), those of either sign split as in
        :attr:`by_first_day`, the weights of days (N,), and for each of :attr:`days` how many samples have it or an earlier one."""
        samples = self.samples[np.argsort(self.first_day, kind="stable")]
        plain, either = samples[:, 1:-1].T.copy(), self.either_sign
        below = np.minimum(plain[either], 0)
        plain[either] = np.maximum(plain[either], 0)
        ends = np.searchsorted(np.sort(self.first_day), self.days, side="right")
        return samples[:, 0].copy(), np.vstack([plain, below]), samples[:, -1].copy(), ends

    @cached_property
    def corners(self) -> tuple[list[Corners], list[Corners]]:
        """The vertices as a product: groups of columns, and the corners that each has whatever the others are. A sum's least and
        greatest are then those of its groups together: 62 corners instead of 120. For the least, then for the greatest, those that some
        pressures may take there (25 and 39 of them): for each group its factors (k,), and of its corners the base (v, 1), the weights
        above 0 (v, k) and those below (v, k); base and those below are empty where there are none."""
        whole = len(distinct(self.vertices))
        apart: list[np.ndarray] = []
        rest = np.arange(len(WEIGHTS))
        for column in range(len(WEIGHTS)):
            others = rest[rest != column]
            sizes = [len(distinct(self.vertices[:, some])) for some in ([column], others)]
            if len(others) and sizes[0] * sizes[1] == whole:
                apart, rest, whole = [*apart, np.array([column])], others, sizes[1]
        groups: tuple[list[Corners], list[Corners]] = ([], [])
        for columns in [*apart, rest]:
            found = distinct(self.vertices[:, columns])
            weights, below = found[:, columns > 0], found[:, columns > 0].min(initial=0) < 0
            for group, sign in zip(groups, (1, -1), strict=True):
                some = _never_beaten(sign * found, columns > 0)
                falling = np.minimum(weights[some], 0) if below else np.empty(0)
                rising = np.maximum(weights[some], 0)
                group.append((columns[columns > 0] - 1, found[some][:, columns == 0], rising, falling))
        return groups


def _never_beaten(corners: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Which corners (v,) no other one is below by more than rounding at all pressures from -1 to 1, whatever ends its factors take."""
    apart = corners[:, None] - corners
    reach = np.abs(apart[..., factors]).sum(axis=-1)  # the signs of two weights may differ: each then has its own end
    ever: np.ndarray = (apart[..., ~factors].sum(axis=-1) <= reach + TOLERANCE).all(axis=1)
    return ever


def distinct(rows: np.ndarray) -> np.ndarray:
    """Each row once, in order; as ``np.unique(rows, axis=0)``, which imports a tenth of numpy that nothing else needs."""
    return np.array(sorted(set(map(tuple, rows.tolist()))))


RELEVANT = ("timeline", "strengths", "constraints", "sampling")  # what of a policy the readings follow from
drawn: dict[str, Readings] = {}  # by what they follow from, those that another process has drawn for this one


def build(policy: Mapping[str, Any]) -> Readings:
    """The readings that a policy admits. Raises :class:`NoReadings` or :class:`Unbounded`."""
    told = relevant(policy)
    return drawn.get(told) or _built(told)


def relevant(policy: Mapping[str, Any]) -> str:
    """What the readings follow from, as text."""
    return json.dumps({key: policy[key] for key in RELEVANT}, sort_keys=True)


@lru_cache(maxsize=64)  # a what-if is checked, then scored; a bench asks for the same few again and again
def _built(relevant: str) -> Readings:
    policy = json.loads(relevant)
    matrix, bound, ids = halfspaces(policy)
    spread = sorted(policy["timeline"]["first_possible_day"]["spread"], key=lambda entry: entry["day"])
    chances = np.array([entry["weight"] for entry in spread], float)
    chances /= chances.sum()
    blocks = [(columns, *polytope(matrix, bound, ids, columns)) for columns in independent(matrix)]
    number, seed = (int(policy["sampling"][name]["value"]) for name in ("readings", "seed"))
    tilt = policy["sampling"]["over_multiples"]["value"]
    samples, which = spread_evenly(blocks, chances, number * (CANDIDATES if tilt else 1), seed)
    if tilt:
        kept = tilted(samples, tilt, number)
        samples, which = samples[kept], which[kept]
    order = np.argsort(which, kind="stable")
    days = np.array([entry["day"] for entry in spread])
    center = np.zeros(len(WEIGHTS))
    for columns, corners, simplices, volumes in blocks:
        center[columns] = np.average(corners[simplices].mean(axis=1), axis=0, weights=volumes)
    vertices = np.array(
        [np.concatenate(parts) for parts in itertools.product(*(corners for _, corners, _, _ in blocks))]
    )
    place = np.argsort(np.concatenate([columns for columns, *_ in blocks]))
    return Readings(
        vertices[:, place], center, samples[order], days[which[order]], tuple(days.tolist()), tuple(chances.tolist())
    )


def independent(matrix: np.ndarray) -> list[np.ndarray]:
    """The columns in groups that share no constraint: the set is the product of one polytope a group."""
    groups = [{column} for column in range(matrix.shape[1])]
    for row in matrix:
        joined = [group for group in groups if group & set(np.flatnonzero(row))]
        groups = [group for group in groups if group not in joined] + [set().union(*joined)] * bool(joined)
    return [np.array(sorted(group)) for group in sorted(groups, key=min)]


def halfspaces(policy: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """The constraints as ``matrix @ reading <= bound`` (rows, 6), with the id of the statement that each row codes."""
    rows: list[tuple[dict[str, float], float, str]] = []
    for name, constraint in policy["constraints"].items():
        kind = constraint["kind"]
        if kind == "sign":
            rows.append(({constraint["factor"]: -1}, 0, name))
        elif kind == "strength":
            # From -1 to +1 a factor's pressure moves by 2, so its odds multiple is e^(2w).
            strength = policy["strengths"][constraint["strength"]]
            rows.append(({constraint["factor"]: -2}, -math.log(strength["at_least"]["value"]), name))
            rows.append(({constraint["factor"]: 2}, math.log(strength["at_most"]["value"]), name))
        elif kind == "order":
            rows.append(({constraint["weaker"]: 1, constraint["stronger"]: -1}, 0, name))
            if constraint.get("either_sign"):
                rows.append(({constraint["weaker"]: -1, constraint["stronger"]: -1}, 0, name))
        else:  # neutral, or level: neutral but for one factor, which is at an end
            pressure = {constraint["factor"]: ENDS[constraint["end"]]} if kind == "level" else {}
            for bound, sign in (("at_least", -1), ("at_most", 1)):
                if constraint.get(bound):
                    row = {"base": sign} | {factor: sign * end for factor, end in pressure.items()}
                    rows.append((row, sign * logit(constraint[bound]["value"]), name))
    matrix = np.array([[row.get(weight, 0.0) for weight in WEIGHTS] for row, _, _ in rows], float).reshape(
        -1, len(WEIGHTS)
    )
    return matrix, np.array([bound for _, bound, _ in rows], float), [name for _, _, name in rows]


def logit(p: float) -> float:
    return math.log(p / (1 - p))


def polytope(
    matrix: np.ndarray, bound: np.ndarray, ids: list[str], columns: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What the constraints leave of ``columns``, a group of :func:`independent`: vertices (V, d), a triangulation (S, k+1) of
    vertex numbers, and the simplices' relative volumes (S,).

    The set may be flat (an analyst who pins a weight makes it so): then it is solved inside the plane it fills, of dimension k.
    """
    rows = np.count_nonzero(matrix[:, columns], axis=1) > 0
    ids = [name for name, row in zip(ids, rows, strict=True) if row]
    matrix, bound = matrix[np.ix_(rows, columns)], bound[rows]
    origin, plane = affine_hull(matrix, bound, ids)
    if not _is_bounded(matrix.tobytes(), matrix.shape):
        for column, weight in enumerate(columns):
            for sign in (1, -1):
                objective = np.zeros(len(columns))
                objective[column] = sign
                if not rows.any() or _solve(objective, matrix, bound).status == 3:
                    raise Unbounded(WEIGHTS[weight])
    inner, slack = matrix @ plane, bound - matrix @ origin
    vertices = _polish(origin + _corners(inner, slack) @ plane.T, matrix, bound)
    touching = np.abs(bound - vertices @ matrix.T) <= TOLERANCE * 10
    simplices = np.array(
        _triangulate(frozenset(range(len(vertices))), [frozenset(np.flatnonzero(row)) for row in touching.T], {})
    )
    flat = (vertices - origin) @ plane
    edges = flat[simplices[:, 1:]] - flat[simplices[:, :1]]
    return vertices, simplices, np.abs(np.linalg.det(edges)) if plane.shape[1] else np.ones(1)


@lru_cache(maxsize=64)  # it does not turn on the bounds, which is what a what-if moves
def _is_bounded(rows: bytes, shape: tuple[int, int]) -> bool:
    """Whether no direction leads away for ever: the rows span the space and some positive combination of them is zero (Stiemke)."""
    matrix = np.frombuffer(rows).reshape(shape)
    if np.linalg.matrix_rank(matrix) < matrix.shape[1]:
        return False
    from scipy.optimize import linprog

    none = np.zeros(matrix.shape[1])
    return bool(linprog(np.zeros(len(matrix)), A_eq=matrix.T, b_eq=none, bounds=(1, None)).status == 0)


def affine_hull(matrix: np.ndarray, bound: np.ndarray, ids: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """A point well inside the set (d,) and an orthonormal basis (d, k) of the plane that the set fills."""
    norms = np.linalg.norm(matrix, axis=1)
    pinned = np.zeros(len(matrix), bool)
    while True:
        # The deepest point: the largest ball (radius at most 1) that all rows but the pinned ones leave room for.
        radius = np.where(pinned, 0.0, norms)
        objective = np.append(np.zeros(matrix.shape[1]), -1.0)
        deepest = _solve(
            objective, np.column_stack([matrix, radius]), bound, [(None, None)] * matrix.shape[1] + [(0, 1)]
        )
        if deepest.status == 2:
            raise NoReadings(_contradiction(matrix, bound, ids))
        if -deepest.fun > TOLERANCE or pinned.all():
            break
        slackest = np.array([_solve(row, matrix, bound).fun for row in matrix])
        pinned = bound - slackest <= TOLERANCE
    if not pinned.any():
        return deepest.x[:-1], np.eye(matrix.shape[1])
    _, values, axes = np.linalg.svd(matrix[pinned])
    return deepest.x[:-1], axes[np.count_nonzero(values > TOLERANCE) :].T


def _solve(objective: np.ndarray, matrix: np.ndarray, bound: np.ndarray, bounds: Any = (None, None)) -> Any:
    from scipy.optimize import linprog

    return linprog(objective, A_ub=matrix, b_ub=bound, bounds=bounds, method="highs")


def _contradiction(matrix: np.ndarray, bound: np.ndarray, ids: list[str]) -> list[str]:
    """A smallest set of statements that cannot all hold: leave out each in turn and keep it out if the rest still cannot."""
    kept = np.ones(len(ids), bool)
    for name in dict.fromkeys(ids):
        without = kept & (np.array(ids) != name)
        if without.any() and _solve(np.zeros(matrix.shape[1]), matrix[without], bound[without]).status == 2:
            kept = without
    return list(dict.fromkeys(np.array(ids)[kept].tolist()))


def _corners(matrix: np.ndarray, slack: np.ndarray) -> np.ndarray:
    """Corners of ``matrix @ u <= slack`` with 0 inside, in the k coordinates of the plane."""
    if matrix.shape[1] == 0:
        return np.zeros((1, 0))
    real = np.linalg.norm(matrix, axis=1) > TOLERANCE
    matrix, slack = matrix[real], slack[real]
    if matrix.shape[1] == 1:
        reach = slack / matrix[:, 0]
        return np.array([[reach[matrix[:, 0] < 0].max()], [reach[matrix[:, 0] > 0].min()]])
    from scipy.spatial import HalfspaceIntersection

    cut = HalfspaceIntersection(np.column_stack([matrix, -slack]), np.zeros(matrix.shape[1]))
    return np.asarray(cut.intersections)


def _polish(found: np.ndarray, matrix: np.ndarray, bound: np.ndarray) -> np.ndarray:
    """Each corner once, in a fixed order, re-solved from the constraints that meet in it (Qhull's are good to 1e-12 or so)."""
    exact: dict[tuple[float, ...], np.ndarray] = {}
    for corner in found:
        meeting = np.abs(bound - matrix @ corner) <= TOLERANCE * 1e3
        solved = corner + np.linalg.lstsq(matrix[meeting], bound[meeting] - matrix[meeting] @ corner, rcond=None)[0]
        exact.setdefault(tuple(np.round(solved, 8) + 0.0), solved)
    return np.array([exact[key] for key in sorted(exact)])


def _triangulate(face: Face, facets: list[Face], known: dict[Face, list[list[int]]]) -> list[list[int]]:
    """Pulling triangulation: cut a face into cones from its first corner over its own facets that do not touch it."""
    if face in known:
        return known[face]
    if len(face) == 1:
        return [[*face]]
    parts = {face & facet for facet in facets} - {face, frozenset()}
    largest = [part for part in parts if not any(part < other for other in parts)]
    apex = min(face)
    known[face] = [
        [apex, *rest]
        for part in sorted((part for part in largest if apex not in part), key=sorted)
        for rest in _triangulate(part, facets, known)
    ]
    return known[face]


def spread_evenly(
    blocks: Sequence[tuple[np.ndarray, ...]], chances: np.ndarray, number: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """``number`` readings (number, 6) uniform over the product of the blocks, and for each a first day's number.

    Scrambled Sobol points: in each block one coordinate picks the simplex (none where there is only one), k place the point in it
    (sorted uniforms cut the unit interval into barycentric coordinates), and the last of all picks the day.
    """
    from scipy.stats import qmc

    sizes = [simplices.shape[1] - 1 + (len(simplices) > 1) for _, _, simplices, _ in blocks]
    unit = iter(qmc.Sobol(sum(sizes) + 1, scramble=True, rng=seed).random(number).T)
    samples = np.zeros((number, len(WEIGHTS)))
    for columns, vertices, simplices, volumes in blocks:
        simplex = _pick(volumes, next(unit)) if len(simplices) > 1 else np.zeros(number, int)
        cuts = np.sort([next(unit) for _ in range(simplices.shape[1] - 1)], axis=0).reshape(-1, number)
        shares = np.diff(cuts, axis=0, prepend=np.zeros((1, number)), append=np.ones((1, number)))
        samples[:, columns] = np.einsum("kn,nkd->nd", shares, vertices[simplices[simplex]])
    return samples, _pick(chances, next(unit))


def tilted(samples: np.ndarray, tilt: float, number: int) -> np.ndarray:
    """The numbers of ``number`` readings out of ``samples`` (n, 6), which lie evenly over log-odds, so that they lie evenly over odds
    multiples instead (``tilt`` 1) or in between. From -1 to +1 a factor multiplies the odds by e^(2w), so a reading counts for the
    product of its multiples; resampled systematically, hence without chance."""
    heavy = np.exp(2 * tilt * np.abs(samples[:, 1:]).sum(axis=1))
    return _pick(heavy, (np.arange(number) + 0.5) / number)


def _pick(weights: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Numbers of entries, picked in proportion to their weights by uniforms."""
    return np.minimum(np.searchsorted(np.cumsum(weights) / weights.sum(), unit, side="right"), len(weights) - 1)
