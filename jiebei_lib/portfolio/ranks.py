"""The place of each row in its table over all readings: best, worst and mean rank, and who stands above whom in every reading.

Rank 1 is the case that a call is likeliest for. Extreme ranks (Kadziński, Greco, Słowiński 2012) are taken here over the drawn readings and
every vertex; pairs are exact. What is unknown is taken in the middle for ranks, anywhere for pairs.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from jiebei_lib.core.policy import Policy
from jiebei_lib.core.readings import Readings
from jiebei_lib.core.rules.factors import days_pressure
from jiebei_lib.core.scoring.compare import HAIR
from jiebei_lib.core.scoring.score import processors

WORK = 4096 * 100_000  # ranks that are worked out; a longer table uses as many fewer of the readings, evenly taken


@dataclass(frozen=True)
class Ranks:
    """Arrays (n,): the best and the worst rank of each row, and its mean over the drawn readings; ``readings``: how many were used."""

    best: np.ndarray
    worst: np.ndarray
    mean: np.ndarray
    readings: int


def ranks(pressure: np.ndarray, days: np.ndarray, policy: Policy) -> Ranks:
    """Ranks for pressures (n, 4) on ``days`` (n,). Rows that a reading holds equal share the better rank. n log n for each reading."""
    readings, longest, n = policy.readings, policy.value("factors.days.pressing"), len(days)
    weights, first = drawn(readings, n)
    number = len(weights) - len(readings.vertices) * len(readings.days)
    by_day = {day: days_pressure(days, day, longest) for day in readings.days}

    def some(which: range) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        best, worst, total = np.full(n, n), np.zeros(n, int), np.zeros(n)
        for reading in which:
            day = first[reading]
            z = weights[reading, 0] + pressure @ weights[reading, 1:-1] + weights[reading, -1] * by_day[day]
            z[days < day] = -np.inf
            place = n - np.searchsorted(np.sort(z), z, side="right") + 1
            np.minimum(best, place, out=best)
            np.maximum(worst, place, out=worst)
            total += place * (reading < number)
        return best, worst, total

    workers = processors()
    with ThreadPoolExecutor(workers) as pool:
        parts = list(pool.map(some, [range(start, len(weights), workers) for start in range(workers)]))
    best, worst, total = zip(*parts, strict=True)
    return Ranks(np.minimum.reduce(best), np.maximum.reduce(worst), np.add.reduce(total) / number, len(weights))


def drawn(readings: Readings, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """The readings that ``rows`` rows are ranked by (m, 6) and their first days (m,): the drawn ones, then every vertex with every first
    day."""
    step = max(1, -(-rows * len(readings.samples) // WORK))
    corners, days = readings.vertices, np.array(readings.days)
    weights = np.vstack([readings.samples[::step], np.tile(corners, (len(days), 1))])
    return weights, np.concatenate([readings.first_day[::step], np.repeat(days, len(corners))])


def necessarily_above(low: np.ndarray, high: np.ndarray, days: np.ndarray, policy: Policy) -> np.ndarray:
    """Whether case i is at least as likely to see a call as case j in every reading (n, n), for pressures between ``low`` and ``high``
    (n, 4) on ``days`` (n,): a partial order. For some thousands of cases; it grows with their square."""
    readings, longest, n = policy.readings, policy.value("factors.days.pressing"), len(days)
    above = np.ones((n, n), bool)
    for first in readings.days:
        came, pressed = days >= first, days_pressure(days, first, longest)
        ends = np.column_stack([low, pressed]), np.column_stack([high, pressed])
        least = np.full((n, n), np.inf)
        for up, down in zip(readings.rising, readings.falling, strict=True):
            np.minimum(
                least, (ends[0] @ up + ends[1] @ down)[:, None] - (ends[1] @ up + ends[0] @ down)[None, :], out=least
            )
        above &= ~came[None, :] | (came[:, None] & (least >= -HAIR))
    np.fill_diagonal(above, True)
    return above
