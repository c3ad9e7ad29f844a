"""The score: for each case the exact range of the likelihood over all admissible readings, the range that nine in ten hold, the share
that say "more likely than not", and the grade that follows.

z = base + sum of weight x pressure; likelihood = 1 / (1 + e^-z); 0 in a reading whose first possible day has not come.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from jiebei_lib.core.case import FIELDS, Case
from jiebei_lib.core.policy import Policy
from jiebei_lib.core.readings import Corners, Readings
from jiebei_lib.core.rules.factors import coded, days_pressure, pressures
from jiebei_lib.core.scoring.bands import bands
from jiebei_lib.core.scoring.kernel import counts, neighbours

VERDICTS = ("not_yet", "unlikely", "depends", "likely")  # from best to worst
# In how many readings a call is more likely than not, from best to worst, and the verdict that goes with each
GRADES = ("not_yet", "none", "almost_none", "few", "split", "most", "nearly_all", "all")
VERDICT_OF = np.array([0, 1, 1, 1, 2, 3, 3, 3], np.int8)
HAIR = 1e-12  # of log-odds, so that rounding does not make equals unequal
MAJORITY = 0.5  # a call is more likely than not in most readings above this share
PART = 262_144  # rows that are scored together; neighbours are sought among them
BLOCK = 1024  # rows whose z are in memory at once: with four times as many OpenBLAS brings in its threads, at ten times the work


@dataclass(frozen=True)
class Scores:
    """Answers for n cases, an array (n,) each. Likelihoods and shares in [0, 1].

    ``low`` to ``high``: all readings, all values of what is unknown. ``most_low`` to ``most_high``: from the 5th percentile of the
    readings with all unknown at its best to the 95th with all at its worst. ``share``: what is unknown in the middle; ``share_low`` to
    ``share_high``: whatever it turns out to be. ``grade`` numbers :data:`GRADES` and holds whatever is unknown, ``so_far`` at its
    middle; ``verdict`` numbers :data:`VERDICTS`.
    """

    low: np.ndarray
    high: np.ndarray
    most_low: np.ndarray
    most_high: np.ndarray
    share: np.ndarray
    share_low: np.ndarray
    share_high: np.ndarray
    grade: np.ndarray
    so_far: np.ndarray
    verdict: np.ndarray


def evaluate(
    low: np.ndarray,
    high: np.ndarray,
    days: np.ndarray,
    policy: Policy,
    with_bands: bool = True,
    with_so_far: bool = True,
) -> Scores:
    """Scores for pressures between ``low`` and ``high`` (n, 4) on ``days`` (n,). Bounds are exact; shares are counted. Without bands
    ``most_low`` and ``most_high`` are the exact range, and without it ``so_far`` is ``grade``: for loops that do not look at them."""
    readings, longest = policy.readings, policy.value("factors.days.pressing")
    least, greatest = extremes(low, high, days, readings, longest)
    came, middle = days >= readings.days[0], (low + high) / 2
    share = share_low = share_high = shares(middle, days, readings, longest)
    grade = so_far = grades(least, greatest, share, share, came, policy)
    open_ = (low != high).any(axis=1)
    if open_.any():
        part = low[open_], high[open_], days[open_]
        share_low, share_high = share.copy(), share.copy()
        share_low[open_], share_high[open_] = share_bounds(*part, readings, longest)
        grade = grades(least, greatest, share_low, share_high, came, policy)
        so_far = grade.copy() if with_so_far else grade
    if with_so_far and open_.any():
        ends = extremes(middle[open_], middle[open_], days[open_], readings, longest)
        so_far[open_] = grades(*ends, share[open_], share[open_], came[open_], policy)
    most = bands(low, high, days, readings, longest) if with_bands else ()
    ends = likelihood(least), likelihood(greatest)
    most_low, most_high = (likelihood(z) for z in most) if with_bands else ends
    return Scores(*ends, most_low, most_high, share, share_low, share_high, grade, so_far, VERDICT_OF[grade])


def grades(
    least: np.ndarray, greatest: np.ndarray, low: np.ndarray, high: np.ndarray, came: np.ndarray, policy: Policy
) -> np.ndarray:
    """Numbers of :data:`GRADES` (n,) from the exact bounds of z and the range of the share, counted of 100 as it is shown; ``came``:
    whether any first day has come."""
    alike, low = low is high, np.round(100 * low) / 100
    high = low if alike else np.round(100 * high) / 100
    limit = {name: entry["value"] for name, entry in policy.data["grades"].items()}
    reached = {
        "few": high <= limit["few"],
        "almost_none": high <= limit["almost_none"],
        "most": low >= limit["most"],
        "nearly_all": low >= limit["nearly_all"],
        "none": greatest <= HAIR,
        "all": least > HAIR,
        "not_yet": ~came,
    }
    out = np.full(len(least), GRADES.index("split"), np.int8)
    for (
        name,
        rows,
    ) in reached.items():  # what comes later has the last word (np.select takes longer for one case than all else here)
        out[rows] = GRADES.index(name)
    return out


def evaluate_columns(columns: Mapping[str, np.ndarray], policy: Policy, with_bands: bool = True) -> Scores:
    """Scores for columns as :func:`jiebei_lib.core.tables.table.check_table` gives them, of any length."""
    days = columns["days_overdue"]
    if len(days) <= PART:
        return evaluate(*pressures(columns, policy), days, policy, with_bands)
    # numpy and the kernel give up the interpreter's lock: a thread a processor
    from concurrent.futures import ThreadPoolExecutor  # and logging with it: not for a single case

    def of(start: int) -> Scores:
        part = {name: column[start : start + PART] for name, column in columns.items()}
        return evaluate(*pressures(part, policy), part["days_overdue"], policy, with_bands)

    with ThreadPoolExecutor(processors()) as pool:
        found = list(pool.map(of, range(0, len(days), PART)))
    # One array under two names stays one: memory that is new costs as much as what is reckoned into it
    wanted = {tuple(map(id, parts)): parts for parts in zip(*(vars(part).values() for part in found), strict=True)}
    whole = {key: np.concatenate(parts) for key, parts in wanted.items()}
    return Scores(*(whole[tuple(id(vars(part)[name]) for part in found)] for name in vars(found[0])))


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def likelihood(z: np.ndarray) -> np.ndarray:
    """From log-odds; minus infinity (the day has not come) gives 0."""
    with np.errstate(over="ignore"):
        odds: np.ndarray = np.exp(-z)
    return 1 / (1 + odds)


def extremes(
    low: np.ndarray, high: np.ndarray, days: np.ndarray, readings: Readings, longest: float
) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest z (n,) over all readings and all values of the unknown facts. z is linear, so both lie at vertices;
    at each, a factor takes the end that its weight's sign asks for."""
    first, last = readings.days[0], readings.days[-1]
    pressed_most = pressed_least = days_pressure(days, first, longest)
    for day in readings.days[1:]:  # readings differ in their first day, and the latest that has come presses least
        pressed_least = np.where(days >= day, days_pressure(days, day, longest), pressed_least)
    ends = np.vstack([low.T, pressed_least]), np.vstack([high.T, pressed_most])
    at_least, at_most = readings.corners
    least, greatest = _extreme(np.minimum, *ends, at_least), _extreme(np.maximum, *ends[::-1], at_most)
    return np.where(days >= last, least, -np.inf), np.where(days >= first, greatest, -np.inf)


def _extreme(of: np.ufunc, rising: np.ndarray, falling: np.ndarray, corners: list[Corners]) -> np.ndarray:
    """The greatest z (n,) at such corners (``of`` is np.maximum) or the least (np.minimum), each factor at its end ``rising`` (5, n)
    where its weight is positive, else at ``falling``. In blocks, so that the products stay in the processor's cache."""
    out = np.zeros(rising.shape[1])
    for factors, base, up, down in corners:
        if not len(factors):
            out += of.reduce(base, axis=None)
            continue
        for start in range(0, len(out), BLOCK):
            part = slice(start, start + BLOCK)
            z = up @ rising[factors, part]
            if down.size:
                z += down @ falling[factors, part]
            if base.size:
                z += base
            out[part] += of.reduce(z, axis=0)
    return out


def shares(pressure: np.ndarray, days: np.ndarray, readings: Readings, longest: float) -> np.ndarray:
    """The share (n,) of readings in which a call is more likely than not (z > 0)."""
    return _share(pressure, pressure, days, readings, longest)


def share_bounds(
    low: np.ndarray, high: np.ndarray, days: np.ndarray, readings: Readings, longest: float
) -> tuple[np.ndarray, np.ndarray]:
    """The share of readings that say "more likely than not" whatever the unknown facts are, and if they are at their worst."""
    return _share(low, high, days, readings, longest), _share(high, low, days, readings, longest)


def _share(rising: np.ndarray, falling: np.ndarray, days: np.ndarray, readings: Readings, longest: float) -> np.ndarray:
    """The share (n,) of readings with z > 0, each factor at its end ``rising`` (n, 4) where a reading's weight is positive, else at
    ``falling``."""
    count = np.zeros(len(days), int)
    pressed, late = days_pressure(days, readings.days[0], longest), rising.shape[1]
    whole = np.column_stack([rising, pressed, falling[:, readings.either_sign]])
    order = neighbours(np.vstack([rising.T, pressed]).T)
    for first, base, weights in readings.by_first_day:
        rows = order[days[order] >= first]
        if len(rows):
            ends = whole.take(rows, axis=0)
            ends[:, late] = days_pressure(days[rows], first, longest)
            count[rows] += counts(ends, base, weights)
    return count / len(readings.samples)


def score_cases(cases: list[Case], policy: Policy, with_bands: bool = True) -> Scores:
    """Scores of a few cases."""
    columns = coded({name: [getattr(case, name) for case in cases] for name in FIELDS})
    return evaluate(*pressures(columns, policy), columns["days_overdue"], policy, with_bands)


def reading_likelihoods(case: Case, policy: Policy) -> np.ndarray:
    """The likelihood (N,) that each drawn reading gives a case, what is unknown taken in the middle."""
    columns = coded({name: [getattr(case, name)] for name in FIELDS})
    low, high = pressures(columns, policy)
    readings, longest, days = policy.readings, policy.value("factors.days.pressing"), columns["days_overdue"]
    pressed = np.zeros(len(readings.samples))
    for first in readings.days:
        pressed[readings.first_day == first] = days_pressure(days, first, longest)
    z = readings.samples[:, 0] + readings.samples[:, 1:-1] @ ((low + high)[0] / 2) + readings.samples[:, -1] * pressed
    return likelihood(np.where(readings.first_day > case.days_overdue, -np.inf, z))


def across_days(case: Case, policy: Policy, days: np.ndarray) -> Scores:
    """Scores of one case were it ``days`` (n,) overdue, all else equal."""
    columns = coded({name: [getattr(case, name)] for name in FIELDS})
    low, high = (np.repeat(end, len(days), axis=0) for end in pressures(columns, policy))
    return evaluate(low, high, np.asarray(days, float), policy)
