"""Why the score is what it is, what would change it, and which question would narrow it most."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from jiebei_lib.case import FIELDS, Case
from jiebei_lib.policy import Policy
from jiebei_lib.rules.factors import PRESSED, coded, days_pressure, pressures
from jiebei_lib.scoring.readings import FACTORS
from jiebei_lib.scoring.score import VERDICTS, Scores, evaluate, score_cases

MAJORITY = 0.5  # a call is "more likely than not" in most readings above this share
# The order in which a borrower can improve: each answer is better than the ones before it.
STEPS = FIELDS["communication"]["levels"][::-1]


@dataclass(frozen=True)
class Contribution:
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
class Change:
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
class Question:
    """How much learning one unknown fact narrows the range of the likelihood, and the range of the share, on average over its levels."""

    field: str
    narrowing: float
    share_narrowing: float


def contributions(case: Case, policy: Policy) -> list[Contribution]:
    """Every factor's part of z. Before the first possible day: as they would stand on that day."""
    low, high = _pressures(case, policy)
    readings = policy.readings
    weights = readings.vertices[:, 1:]
    ends = np.stack([weights * low, weights * high])
    middle = (low + high) / 2
    central = readings.center[1:] * middle
    return [
        Contribution(
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


def questions(case: Case, policy: Policy) -> list[Question]:
    """The unknown facts, the one that narrows most first. Narrowing is the range's width now less its mean width once known."""
    unknown = [name for name in case.unknown if name in policy.data["questions"]]
    if not unknown:
        return []
    asked = [(name, level) for name in unknown for level in policy.data["questions"][name]["levels"]]
    answers = score_cases([case, *(case.replace(**{name: level}) for name, level in asked)], policy)
    widths = np.column_stack([answers.high - answers.low, answers.share_high - answers.share_low])
    # A hair of rounding must not turn "nothing" into less than nothing.
    gains = {
        name: np.maximum(
            0.0, widths[0] - widths[1:][[asked_name == name for asked_name, _ in asked]].mean(axis=0)
        ).tolist()
        for name in unknown
    }
    return sorted(
        (Question(name, *gain) for name, gain in gains.items()), key=lambda q: (-q.narrowing, -q.share_narrowing)
    )


def changes(case: Case, policy: Policy) -> list[Change]:
    """The least changes a borrower can make that improve the answer: for every way to communicate the least payment with it.

    Paying and responding never raise the likelihood, so for each way to communicate the least payment is found by halving, exactly to
    the yuan; changes that ask for more of one thing and less of none are left out. Where neither goal can be reached: what talking
    and paying alone do, and the least payment that goes as far as any. Wrong contact details are never suggested.
    """
    if case.days_overdue < policy.readings.days[0]:
        return []
    now = score_cases([case], policy)
    goals = {"verdict": lambda after: after.verdict < now.verdict[0]}
    if now.share[0] > MAJORITY:
        goals["majority"] = lambda after: after.share <= MAJORITY
    after, ways, largest = _after(case, policy), _ways(case), math.ceil(case.amount_overdue) - 1
    found = []
    for goal, reached in goals.items():
        least = _least_payments(ways, largest, after, reached)
        found += [_change(goal, ways[n], least[n], case, after) for n in _front(least)]
    if found:
        return found
    most = after(ways[-1:], np.array([float(largest)]))
    if not (most.share[0] < now.share[0] or most.high[0] < now.high[0]):
        return []
    as_far = _least_payments(
        ways[-1:], largest, after, lambda after: (after.share <= most.share) & (after.high <= most.high)
    )[0]
    return [_change("talk", ways[-1], 0, case, after)] * (ways[-1] != case.communication) + [
        _change("best", ways[-1], as_far, case, after)
    ] * (as_far > 0)


def _ways(case: Case) -> list[str | None]:
    """How one could communicate: as now, then every better way, in order. From an unknown one, every way but keeping silent.
    To promise without paying is not advice."""
    now = case.communication
    better = STEPS if now is None else STEPS[STEPS.index(now) + 1 :]
    return [now, *(step for step in better if step not in ("silent", "broken_promise"))]


def _after(case: Case, policy: Policy):
    """A function: ways and payments (arrays) to their scores."""
    columns = coded({name: [getattr(case, name)] for name in FIELDS})
    low, high = pressures(columns, policy)
    levels = policy.data["factors"]["communication"]["levels"]

    def after(ways: list[str | None], pay: np.ndarray) -> Scores:
        rest = coded({name: [getattr(case, name)] * len(ways) for name in FIELDS})
        rest["amount_overdue"] = case.amount_overdue - pay
        amount = pressures(rest, policy)[0][:, PRESSED.index("amount")]
        ends = [np.repeat(end, len(ways), axis=0) for end in (low, high)]
        for end in ends:
            end[:, PRESSED.index("amount")] = amount
            for row, way in enumerate(ways):
                if way is not None:
                    end[row, PRESSED.index("communication")] = levels[way]["value"]
        return evaluate(*ends, np.full(len(ways), float(case.days_overdue)), policy)

    return after


def _least_payments(ways: list, largest: int, after, reached) -> list[int | None]:
    """For each way the least whole payment from 0 to ``largest`` that reaches the goal, or None: all halved side by side."""
    can = reached(after(ways, np.full(len(ways), float(largest))))
    low, high = np.full(len(ways), -1), np.full(len(ways), largest)  # the goal is not reached at low, is at high
    while (high - low > 1).any():
        middle = (low + high) // 2
        middle = np.where(high - low > 1, middle, high)
        fine = reached(after(ways, middle.astype(float)))
        high, low = np.where(fine, middle, high), np.where(fine, low, middle)
        low = np.minimum(low, high - 1)
    return [int(pay) if possible else None for pay, possible in zip(high, can, strict=True)]


def _front(least: list[int | None]) -> list[int]:
    """The ways that no other beats in both payment and how much it asks of the borrower, least payment first."""
    kept, fewest = [], None
    for n in range(len(least)):
        if least[n] is not None and (fewest is None or least[n] < fewest):
            kept.append(n)
            fewest = least[n]
    return kept[::-1]


def _change(goal: str, way: str | None, pay: int, case: Case, after) -> Change:
    answer = after([way], np.array([float(pay)]))
    changed = None if way == case.communication else way
    numbers = (float(getattr(answer, name)[0]) for name in ("low", "high", "share"))
    return Change(goal, changed, pay, VERDICTS[int(answer.verdict[0])], *numbers)
