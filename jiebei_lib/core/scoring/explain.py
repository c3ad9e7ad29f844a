"""Why the score is what it is, what would change it, and which question would narrow it most."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from jiebei_lib.core.case import FIELDS, Case
from jiebei_lib.core.policy import Policy
from jiebei_lib.core.readings import FACTORS
from jiebei_lib.core.rules.factors import PRESSED, amount_at, amount_pressure, coded, days_pressure, pressures
from jiebei_lib.core.scoring.score import VERDICTS, Scores, evaluate, score_cases

COMMUNICATION, AMOUNT = PRESSED.index("communication"), PRESSED.index("amount")
HAIR = 1e-12  # what rounding may add to a log-odds or a likelihood
MAJORITY = 0.5  # a call is "more likely than not" in most readings above this share
# The order in which a borrower can improve: each answer is better than the ones before it.
STEPS = FIELDS["communication"]["levels"][::-1]


@dataclass(frozen=True)
class FactorPart:
    """What one factor adds to the log-odds: ``central`` at the central reading and the middle of what is unknown, ``low`` to
    ``high`` over all readings and all values of the unknown. For a linear score these are exact Shapley values against the
    neutral case."""

    factor: str
    pressure: float
    pressure_low: float
    pressure_high: float
    central: float
    low: float
    high: float


@dataclass(frozen=True)
class LeastChange:
    """One least change and what it brings. ``pay`` in whole yuan; ``communication`` is None where it stays as it is.

    ``goal`` is ``verdict`` (a better verdict) or ``majority`` (a call no longer more likely than not in most readings); where neither
    can be reached, ``talk`` (what responding alone does) and ``best`` (as far as the borrower alone can get).
    """

    goal: str
    communication: str | None
    pay: int
    verdict: str
    low: float
    high: float
    share: float


@dataclass(frozen=True)
class OpenFact:
    """How much learning one unknown fact narrows the range of the likelihood, and the range of the share, on average over its levels."""

    field: str
    narrowing: float
    share_narrowing: float


def contributions(case: Case, policy: Policy) -> list[FactorPart]:
    """Every factor's part of z. Before the first possible day: as they would stand on that day."""
    low, high = _pressures(case, policy)
    readings = policy.readings
    weights = readings.vertices[:, 1:]
    ends = np.stack([weights * low, weights * high])
    middle = (low + high) / 2
    central = readings.center[1:] * middle
    return [
        FactorPart(
            name, *map(float, (middle[n], low[n], high[n], central[n], ends[:, :, n].min(), ends[:, :, n].max()))
        )
        for n, name in enumerate(FACTORS)
    ]


def central_z(case: Case, policy: Policy) -> float:
    """z at the central reading: its base plus all central contributions."""
    return float(policy.readings.center[0]) + sum(part.central for part in contributions(case, policy))


def _pressures(case: Case, policy: Policy) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest pressure (5,) on every factor, days last."""
    columns = coded({name: [getattr(case, name)] for name in FIELDS})
    low, high = pressures(columns, policy)
    days, longest = policy.readings.days, policy.value("factors.days.pressing")
    come = [day for day in days if day <= case.days_overdue]
    pressed = [float(days_pressure(columns["days_overdue"], day, longest)[0]) for day in come] or [0.0]
    return np.append(low[0], min(pressed)), np.append(high[0], max(pressed))


def questions(case: Case, policy: Policy) -> list[OpenFact]:
    """The unknown facts, the one that narrows most first. Narrowing is the range's width now less its mean width once known."""
    unknown = [name for name in case.unknown if name in policy.data["questions"]]
    if not unknown:
        return []
    asked = [(name, level) for name in unknown for level in policy.data["questions"][name]["levels"]]
    facts = {name: [getattr(case, name)] * (1 + len(asked)) for name in FIELDS}
    for row, (name, level) in enumerate(asked, 1):
        facts[name][row] = level
    columns = coded(facts)
    answers = evaluate(*pressures(columns, policy), columns["days_overdue"], policy)
    widths = np.column_stack([answers.high - answers.low, answers.share_high - answers.share_low])
    # A hair of rounding must not turn "nothing" into less than nothing.
    gains = {
        name: np.maximum(
            0.0, widths[0] - widths[1:][[asked_name == name for asked_name, _ in asked]].mean(axis=0)
        ).tolist()
        for name in unknown
    }
    return sorted(
        (OpenFact(name, *gain) for name, gain in gains.items()), key=lambda q: (-q.narrowing, -q.share_narrowing)
    )


def changes(case: Case, policy: Policy) -> list[LeastChange]:
    """The least changes a borrower can make that improve the answer: for every way to communicate the least payment with it.

    z is linear in the amount's pressure, so for each way the pressure at which a goal is first reached is solved exactly, and the
    payment that brings it there, to the yuan. A change that asks for more of one thing and no less of the other is left out. Where
    neither goal can be reached: what talking and paying alone do, and the least payment that goes as far as any. Wrong contact
    details are never suggested.
    """
    if case.days_overdue < policy.readings.days[0]:
        return []
    now, bench = score_cases([case], policy), _Bench(case, policy)
    goals = [("verdict", lambda after: after.verdict < now.verdict[0])]
    if now.share[0] > MAJORITY:
        goals.append(("majority", lambda after: after.share <= MAJORITY))
    wanted = [(way, bench.pressure(goal, way, int(now.verdict[0]))) for goal, _ in goals for way in bench.ways]
    least = bench.payments(wanted, [reached for _, reached in goals for _ in bench.ways])
    found = []
    for n, (goal, _) in enumerate(goals):
        found += [_change(goal, change, case) for change in _front(least[n * len(bench.ways) :][: len(bench.ways)])]
    return found or _as_far_as_one_gets(case, bench, now)


def _as_far_as_one_gets(case: Case, bench: _Bench, now: Scores) -> list[LeastChange]:
    """What talking alone does, and the least payment with it that does all that payment can."""
    way = bench.ways[-1]
    talk, most = bench.after([way, way], np.array([0, bench.largest]))
    if not (most.share < now.share[0] or most.high < now.high[0]):
        return []
    (best,) = bench.payments(
        [(way, bench.farthest(way))],
        [lambda after: (after.share <= most.share) & (after.high <= most.high + HAIR)],
    )
    found = [("talk", talk)] * (way != case.communication) + [("best", best)] * bool(best and best.pay)
    return [_change(goal, after, case) for goal, after in found]


class _After(NamedTuple):
    """A way to communicate, a payment in whole yuan, and what they bring."""

    way: str | None
    pay: int
    verdict: int
    low: float
    high: float
    share: float


class _Bench:
    """One case, to try ways and payments on. ``ways`` in order of how much they ask; ``largest`` the greatest payment in whole yuan
    that leaves something owed."""

    def __init__(self, case: Case, policy: Policy):
        self.case, self.policy = case, policy
        self.ways, self.largest = _ways(case), math.ceil(case.amount_overdue) - 1
        self.low, self.high = _pressures(case, policy)
        self.scale = [policy.value(f"factors.amount.{end}") for end in ("protective", "pressing")]
        paid_least_and_most = np.array([case.amount_overdue, case.amount_overdue - self.largest])
        self.now, self.end = amount_pressure(paid_least_and_most, *self.scale)

    def after(self, ways: list[str | None], pay: np.ndarray) -> list[_After]:
        """What each way with its payment brings."""
        low, high = (np.repeat(end[None, :-1], len(ways), axis=0) for end in (self.low, self.high))
        for end in (low, high):
            end[:, AMOUNT] = amount_pressure(self.case.amount_overdue - pay, *self.scale)
            for row, way in enumerate(ways):
                end[row, COMMUNICATION] = end[row, COMMUNICATION] if way is None else self._level(way)
        answer = evaluate(low, high, np.full(len(ways), float(self.case.days_overdue)), self.policy)
        columns = (getattr(answer, name).tolist() for name in ("verdict", "low", "high", "share"))
        return [_After(*row) for row in zip(ways, pay.astype(int).tolist(), *columns, strict=True)]

    def _level(self, way: str) -> float:
        return self.policy.data["factors"]["communication"]["levels"][way]["value"]

    def pressure(self, goal: str, way: str | None, verdict: int) -> float | None:
        """The amount's pressure at which a goal is first reached as one pays, or None."""
        if goal == "majority":
            lines = self._readings(way)
            return first_below(*lines, int(MAJORITY * len(self.policy.readings.samples)), self.now, self.end)
        if VERDICTS[verdict] == "unlikely":
            return None
        lines = self._vertices(way, self.high, self.low)
        if VERDICTS[verdict] == "likely":  # then every first day has come
            lines = self._vertices(way, self.low, self.high)
            return first_below(*lines, len(lines[0]) - 1, self.now, self.end)
        return first_below(*lines, 0, self.now, self.end)

    def farthest(self, way: str | None) -> float:
        """The amount's pressure from which paying more changes neither the share nor the upper bound."""
        intercept, slope = self._readings(way)
        as_many = np.count_nonzero(intercept + slope * self.end > 0)
        share = first_below(intercept, slope, as_many, self.now, self.end)
        intercept, slope = self._vertices(way, self.high, self.low)
        top = (intercept + slope * self.end).max() + HAIR
        bound = first_below(intercept - top, slope, 0, self.now, self.end)
        return min(share, bound)

    def payments(self, wanted: list[tuple], reached: list[Callable]) -> list[_After | None]:
        """For each way and pressure the least payment in whole yuan that reaches its goal; tried out, as rounding may be a yuan off."""
        ways, pays = [], []
        for way, pressure in wanted:
            owed = math.inf if pressure in (None, self.now) else amount_at(pressure, *self.scale)
            pay = math.ceil(max(0.0, self.case.amount_overdue - owed))
            ways += [way] * 3
            pays += [min(max(pay + step, 0), self.largest) for step in (-1, 0, 1)]
        tried = self.after(ways, np.array(pays, float))
        return [
            next((after for after in tried[3 * n : 3 * n + 3] if pressure is not None and fine(after)), None)
            for n, ((_, pressure), fine) in enumerate(zip(wanted, reached, strict=True))
        ]

    def _pressed(self, way: str | None, end: np.ndarray) -> np.ndarray:
        """Pressures (5,) with the amount's left out."""
        pressed = end.copy()
        pressed[AMOUNT] = 0
        if way is not None:
            pressed[COMMUNICATION] = self._level(way)
        return pressed

    def _vertices(self, way: str | None, rising: np.ndarray, falling: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """z at every vertex as a line in the amount's pressure (intercept, slope): a weight above 0 takes its pressure from
        ``rising``, one below 0 from ``falling``."""
        base, weights = self.policy.readings.vertices[:, 0], self.policy.readings.vertices[:, 1:]
        ends = self._pressed(way, rising), self._pressed(way, falling)
        return base + np.maximum(weights, 0) @ ends[0] + np.minimum(weights, 0) @ ends[1], weights[:, AMOUNT]

    def _readings(self, way: str | None) -> tuple[np.ndarray, np.ndarray]:
        """z in every drawn reading whose first day has come, as a line in the amount's pressure (intercept, slope)."""
        come, rest = self._come
        level = (self.low + self.high)[COMMUNICATION] / 2 if way is None else self._level(way)
        return rest + come[:, 1 + COMMUNICATION] * level, come[:, 1 + AMOUNT]

    @cached_property
    def _come(self) -> tuple[np.ndarray, np.ndarray]:
        """The readings whose first day has come, and their z without communication and amount."""
        readings, longest = self.policy.readings, self.policy.value("factors.days.pressing")
        come = readings.samples[readings.first_day <= self.case.days_overdue]
        middle = (self.low + self.high)[:-1] / 2
        middle[[COMMUNICATION, AMOUNT]] = 0
        days = [day for day in readings.days if day <= self.case.days_overdue]
        each = np.searchsorted(days, readings.first_day[: len(come)])
        pressed = [float(days_pressure(np.array(self.case.days_overdue), day, longest)) for day in days]
        # einsum, as the product of a matrix and a vector brings in threads already at this size (kernel.SINGLE).
        z = np.einsum("nk,k->n", come[:, :-1], np.append(1, middle))
        return come, z + come[:, -1] * np.array(pressed)[each]


def first_below(intercept: np.ndarray, slope: np.ndarray, most: int, now: float, end: float) -> float | None:
    """The greatest s from ``now`` down to ``end`` at which at most ``most`` of the lines ``intercept + slope * s`` are above 0.

    On the way down a rising line leaves at its root, and a falling one (a policy may have such) comes in just below its own.
    """
    above = intercept + slope * now > 0
    count = np.count_nonzero(above)
    if count <= most:
        return now
    leaves, enters = above & (slope > 0), ~above & (slope < 0)
    if not enters.any():  # the root at which enough have left
        roots = intercept[leaves] / slope[leaves]
        if len(roots) < count - most:
            return None
        root = -float(np.partition(roots, count - most - 1)[count - most - 1])
        return root if root >= end - HAIR else None
    roots = -np.sort(intercept[leaves] / slope[leaves])
    roots = roots[roots >= end - HAIR]
    entered = -np.sort(intercept[enters] / slope[enters])[::-1]
    left = np.searchsorted(-roots, -roots, side="right")  # lines that have left at each root, equal ones together
    fine = count - left + len(entered) - np.searchsorted(entered, roots, side="right") <= most
    return float(roots[fine.argmax()]) if fine.any() else None


def _ways(case: Case) -> list[str | None]:
    """How one could communicate: as now, then every better way, in order. From an unknown one, every way but keeping silent.
    To promise without paying is not advice."""
    now = case.communication
    better = STEPS if now is None else STEPS[STEPS.index(now) + 1 :]
    return [now, *(step for step in better if step not in ("silent", "broken_promise"))]


def _front(least: list[_After | None]) -> list[_After]:
    """The changes that no other beats in both payment and how much it asks of the borrower, least payment first."""
    kept: list[_After] = []
    for after in least:
        if after is not None and (not kept or after.pay < kept[-1].pay):
            kept.append(after)
    return kept[::-1]


def _change(goal: str, after: _After, case: Case) -> LeastChange:
    way, pay, verdict, *numbers = after
    return LeastChange(goal, None if way == case.communication else way, pay, VERDICTS[verdict], *numbers)
