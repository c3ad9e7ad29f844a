"""The score: for each case the exact range of the likelihood over all admissible readings, and the share that say "more likely than not".

z = base + sum of weight x pressure; likelihood = 1 / (1 + e^-z); 0 in a reading whose first possible day has not come.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jiebei_lib.case import FIELDS, Case
from jiebei_lib.policy import Policy, load_policy
from jiebei_lib.rules.factors import coded, days_pressure, pressures
from jiebei_lib.scoring.readings import Readings

if TYPE_CHECKING:
    import pandas as pd

VERDICTS = ("not_yet", "unlikely", "depends", "likely")  # from best to worst
BLOCK = 2048  # rows at a time: block x 4,096 readings of float64 stay within 64 MiB


@dataclass(frozen=True)
class Scores:
    """Answers for n cases, an array (n,) each. Likelihoods and shares in [0, 1]; ``verdict`` numbers :data:`VERDICTS`."""

    low: np.ndarray
    high: np.ndarray
    share: np.ndarray
    share_low: np.ndarray
    share_high: np.ndarray
    verdict: np.ndarray


def evaluate(low: np.ndarray, high: np.ndarray, days: np.ndarray, policy: Policy) -> Scores:
    """Scores for pressures between ``low`` and ``high`` (n, 4) on ``days`` (n,). Bounds are exact; shares are counted."""
    readings, longest = policy.readings, policy.value("factors.days.pressing")
    least, greatest = extremes(low, high, days, readings, longest)
    came = days >= readings.days[0]
    middle = shares((low + high) / 2, days, readings, longest)
    open_ = (low != high).any(axis=1)
    share_low, share_high = middle.copy(), middle.copy()
    if open_.any():
        share_low[open_], share_high[open_] = share_bounds(low[open_], high[open_], days[open_], readings, longest)
    verdict = np.select([~came, least > 0, greatest <= 0], [0, 3, 1], 2)
    return Scores(likelihood(least), likelihood(greatest), middle, share_low, share_high, verdict)


def likelihood(z: np.ndarray) -> np.ndarray:
    """From log-odds; minus infinity (the day has not come) gives 0."""
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-z))


def extremes(
    low: np.ndarray, high: np.ndarray, days: np.ndarray, readings: Readings, longest: float
) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest z (n,) over all readings and all values of the unknown facts. z is linear, so both lie at vertices;
    at each, a factor takes the end that its weight's sign asks for."""
    least, greatest = np.full(len(days), -np.inf), np.full(len(days), -np.inf)
    first, last = readings.days[0], readings.days[-1]
    came = days >= first
    # Readings differ in their first day, and with it in the pressure of days: the latest day that has come presses least.
    latest = np.array(readings.days)[np.searchsorted(readings.days, days[came], side="right") - 1]
    pressed_least = np.select(
        [latest == day for day in readings.days], [days_pressure(days[came], day, longest) for day in readings.days]
    )
    ends_low = np.column_stack([low[came], pressed_least])
    ends_high = np.column_stack([high[came], days_pressure(days[came], first, longest)])
    base, weights = readings.vertices[:, 0], readings.vertices[:, 1:]
    rising, falling = np.maximum(weights, 0).T, np.minimum(weights, 0).T
    lowest, highest = ends_low @ rising, ends_high @ rising
    if falling.any():
        lowest, highest = lowest + ends_high @ falling, highest + ends_low @ falling
    greatest[came] = (highest + base).max(axis=1)
    least[came] = np.where(days[came] >= last, (lowest + base).min(axis=1), -np.inf)
    return least, greatest


def _by_first_day(
    days: np.ndarray, readings: Readings, longest: float
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """For each first day: the readings (m, 6) that have it, the rows it has come for, and the pressure of days on them."""
    for day in readings.days:
        group = readings.samples[readings.first_day == day]
        rows = np.flatnonzero(days >= day)
        if len(group) and len(rows):
            yield group, rows, days_pressure(days[rows], day, longest)


def shares(pressure: np.ndarray, days: np.ndarray, readings: Readings, longest: float) -> np.ndarray:
    """The share (n,) of readings in which a call is more likely than not (z > 0)."""
    count = np.zeros(len(days))
    for group, rows, pressed in _by_first_day(days, readings, longest):
        weights = group[:, 1:].T
        for start in range(0, len(rows), BLOCK):
            part = slice(start, start + BLOCK)
            z = np.column_stack([pressure[rows[part]], pressed[part]]) @ weights
            count[rows[part]] += np.count_nonzero(z > -group[:, 0], axis=1)
    return count / len(readings.samples)


def share_bounds(
    low: np.ndarray, high: np.ndarray, days: np.ndarray, readings: Readings, longest: float
) -> tuple[np.ndarray, np.ndarray]:
    """The share of readings that say "more likely than not" whatever the unknown facts are, and if they are at their worst."""
    surely, possibly = np.zeros(len(days)), np.zeros(len(days))
    for group, rows, pressed in _by_first_day(days, readings, longest):
        rising, falling = np.maximum(group[:, 1:], 0).T, np.minimum(group[:, 1:], 0).T
        for start in range(0, len(rows), BLOCK):
            part = slice(start, start + BLOCK)
            least = np.column_stack([low[rows[part]], pressed[part]])
            most = np.column_stack([high[rows[part]], pressed[part]])
            surely[rows[part]] += np.count_nonzero(least @ rising + most @ falling > -group[:, 0], axis=1)
            possibly[rows[part]] += np.count_nonzero(most @ rising + least @ falling > -group[:, 0], axis=1)
    return surely / len(readings.samples), possibly / len(readings.samples)


def score_cases(cases: list[Case], policy: Policy) -> Scores:
    """Scores of a few cases."""
    columns = coded({name: [getattr(case, name) for case in cases] for name in FIELDS})
    return evaluate(*pressures(columns, policy), columns["days_overdue"], policy)


def reading_likelihoods(case: Case, policy: Policy) -> np.ndarray:
    """The likelihood (N,) that each drawn reading gives a case, what is unknown taken in the middle."""
    columns = coded({name: [getattr(case, name)] for name in FIELDS})
    low, high = pressures(columns, policy)
    readings, longest, days = policy.readings, policy.value("factors.days.pressing"), columns["days_overdue"]
    z = [np.full(np.count_nonzero(readings.first_day > case.days_overdue), -np.inf)]
    for group, _, pressed in _by_first_day(days, readings, longest):
        z.append(group[:, 0] + group[:, 1:] @ np.append((low + high)[0] / 2, pressed))
    return likelihood(np.concatenate(z))


def across_days(case: Case, policy: Policy, days: np.ndarray) -> Scores:
    """Scores of one case were it ``days`` (n,) overdue, all else equal."""
    columns = coded({name: [getattr(case, name)] for name in FIELDS})
    ends = (np.repeat(end, len(days), axis=0) for end in pressures(columns, policy))
    return evaluate(*ends, np.asarray(days, float), policy)


def score(table: pd.DataFrame, policy: Policy | str = "article") -> pd.DataFrame:
    """``verdict, low, high, share, share_low, share_high`` for a table whose columns are named like the fields of a case.

    Columns of facts that may be unknown may be missing. Keeps the table's index. Raises :class:`CaseError` naming row and column.
    """
    import pandas as pd

    from jiebei_lib.case import check_table

    policy = load_policy(policy)
    columns = check_table(table)
    answers = evaluate(*pressures(columns, policy), columns["days_overdue"], policy)
    verdict = pd.Categorical.from_codes(answers.verdict, VERDICTS, ordered=True)
    shown = {name: getattr(answers, name) for name in ("low", "high", "share", "share_low", "share_high")}
    return pd.DataFrame({"verdict": verdict, **shown}, index=table.index)
