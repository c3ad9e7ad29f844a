"""The place of each row in its table over all readings: best, worst and mean rank, and who stands above whom in every reading.

Rank 1 is the case that a call is likeliest for. Extreme ranks (Kadziński, Greco, Słowiński 2012) are taken here over the drawn readings and
every vertex; pairs are exact. What is unknown is taken in the middle for ranks, anywhere for pairs.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from jiebei_lib.core.knowledge.problems import Problem, shown
from jiebei_lib.core.policy import Policy, load_policy
from jiebei_lib.core.readings import Readings
from jiebei_lib.core.rules.factors import days_pressure, pressures
from jiebei_lib.core.scoring.compare import Comparison, between
from jiebei_lib.core.scoring.score import HAIR, processors
from jiebei_lib.core.tables.delimited import TableError
from jiebei_lib.core.tables.table import check_table, columns_of

if TYPE_CHECKING:
    import pandas as pd

RANKED = ("best_rank", "worst_rank", "mean_rank")  # what ranking adds to a table, in this order
WORK = 4096 * 100_000  # ranks that are worked out; a longer table uses as many fewer of the readings, evenly taken
ROOM = 1 << 20  # ranks from which a thread a processor pays
COMPILED = 500  # rows from which loading the compiled sort pays
# z + GRID - GRID is z to 2**-30: what differs by less is rounding, and equal cases have equal ranks
GRID = 1.5 * 2**22


@dataclass(frozen=True)
class Ranks:
    """Arrays (n,): the best and the worst rank of each row, and its mean over the drawn readings; ``readings``: how many were used."""

    best: np.ndarray
    worst: np.ndarray
    mean: np.ndarray
    readings: int

    def columns(self) -> dict[str, np.ndarray]:
        """Under the names of :data:`RANKED`."""
        return dict(zip(RANKED, (self.best, self.worst, self.mean), strict=True))


def ranks(pressure: np.ndarray, days: np.ndarray, policy: Policy) -> Ranks:
    """Ranks for pressures (n, 4) on ``days`` (n,). Rows that a reading holds equal share the better rank. n log n for each reading."""
    readings, longest, n = policy.readings, policy.value("factors.days.pressing"), len(days)
    weights, first = drawn(readings, n)
    number = len(weights) - len(readings.vertices) * len(readings.days)
    # In the order of the central reading, so that any other moves few cases far
    middle = pressure @ readings.center[1:-1] + readings.center[-1] * days_pressure(days, readings.days[0], longest)
    order = np.argsort(-middle, kind="stable")
    plain, days = np.ascontiguousarray(pressure[order].T), days[order]
    pressed = np.array([days_pressure(days, day, longest) for day in readings.days])
    come = np.array([days >= day for day in readings.days])
    which, find = np.searchsorted(readings.days, first), (n >= COMPILED and _compiled()) or _plain
    workers = processors() if n * len(weights) > ROOM else 1

    def some(start: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        mine = slice(start, None, workers)
        return find(weights[mine], which[mine], come, plain, pressed, len(range(start, number, workers)), GRID)

    with ThreadPoolExecutor(workers) as pool:
        best, worst, total = zip(*pool.map(some, range(workers)), strict=True)
    back = np.empty(n, int)
    back[order] = np.arange(n)
    mean = np.add.reduce(total)[back] / number
    return Ranks(np.minimum.reduce(best)[back], np.maximum.reduce(worst)[back], mean, len(weights))


def _plain(
    weights: np.ndarray,
    which: np.ndarray,
    come: np.ndarray,
    pressure: np.ndarray,
    pressed: np.ndarray,
    drawn: int,
    grid: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Best and worst rank (n,) over the readings ``weights`` (m, 6), whose first days have the numbers ``which`` (m,), and the sum of
    those over the first ``drawn``; for pressures (4, n), of days (d, n), for each first day whether it has ``come`` (d, n)."""
    n = come.shape[1]
    best, worst, total, place, places = (
        np.full(n, n),
        np.zeros(n, int),
        np.zeros(n, int),
        np.zeros(n, int),
        np.arange(1, n + 1),
    )
    for reading, (weight, day) in enumerate(zip(weights, which, strict=True)):
        z = np.full(n, weight[0])
        for each, row in zip(weight[1:-1], pressure, strict=True):
            z += each * row
        z += weight[-1] * pressed[day]
        z = (-z + grid) - grid  # the likeliest first
        z[~come[day]] = np.inf
        order = z.argsort()
        along = z[order]
        new = np.append(True, along[1:] != along[:-1])
        place[order] = np.maximum.accumulate(np.where(new, places, 0))
        np.minimum(best, place, out=best)
        np.maximum(worst, place, out=worst)
        if reading < drawn:
            total += place
    return best, worst, total


@cache
def _compiled() -> Callable[..., tuple[np.ndarray, np.ndarray, np.ndarray]] | None:
    """:func:`_plain` in machine code; None without numba."""
    try:
        from jiebei_lib.portfolio.placing import places
    except ImportError:
        return None
    return places


def drawn(readings: Readings, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """The readings that ``rows`` rows are ranked by (m, 6) and their first days (m,): the drawn ones, then every vertex with every first
    day."""
    step = max(1, -(-rows * len(readings.samples) // WORK))
    corners, days = readings.vertices, np.array(readings.days)
    weights = np.vstack([readings.samples[::step], np.tile(corners, (len(days), 1))])
    return weights, np.concatenate([readings.first_day[::step], np.repeat(days, len(corners))])


def ranked(table: pd.DataFrame, policy: Policy | str = "article") -> Ranks:
    """Ranks of the rows of a table, read as :func:`jiebei_lib.core.tables.table.score` reads it."""
    policy, columns = load_policy(policy), check_table(table, others=True)
    low, high = pressures(columns, policy)
    return ranks((low + high) / 2, columns["days_overdue"], policy)


def pair(table: pd.DataFrame, one: str, other: str, policy: Policy | str = "article") -> Comparison:
    """Two cases of a table by their ids (row numbers from 1 where it has none), as :func:`jiebei_lib.core.scoring.compare.compare`
    holds them against each other: exact over all readings and all values of what is unknown. Raises :class:`TableError`."""
    policy, named = load_policy(policy), columns_of(table, others=True)[0].get("case_id")
    ids = list(map(str, range(1, len(table) + 1))) if named is None else [str(each).strip() for each in table[named]]
    counts = {each: ids.count(each) for each in (one, other)}
    problems = [
        Problem("id_twice" if count else "no_such_id", "case_id", {"value": shown(each)})
        for each, count in counts.items()
        if count != 1
    ]
    if problems:
        raise TableError(problems)
    columns = check_table(table.iloc[[ids.index(one), ids.index(other)]], others=True)
    (low_a, low_b), (high_a, high_b) = pressures(columns, policy)
    day_a, day_b = map(int, columns["days_overdue"])
    return between(low_a, high_a, day_a, low_b, high_b, day_b, policy)


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
