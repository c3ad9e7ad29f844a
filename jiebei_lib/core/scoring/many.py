"""A whole table answered at once: what scoring adds to each row, and what lies behind it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from jiebei_lib.core.case import FIELDS
from jiebei_lib.core.policy import Policy, load_policy
from jiebei_lib.core.readings import FACTORS
from jiebei_lib.core.rules.factors import days_pressure, pressures
from jiebei_lib.core.scoring.score import GRADES, VERDICTS, Scores, evaluate, extremes, likelihood

# What scoring adds to a table, in this order
ADDED = (
    "verdict",
    "grade",
    "low",
    "high",
    "most_low",
    "most_high",
    "share",
    "share_low",
    "share_high",
    "published_grade",
    "published_share",
    "stage",
    "strongest_factor",
    "next_question",
)
ORDERED = ("verdict", "grade", "published_grade", "stage")  # words that run from best to worst, or from first to last
TIE = 1e-12  # narrowings nearer to each other than this are equal


def answers(columns: Mapping[str, np.ndarray], policy: Policy) -> dict[str, np.ndarray]:
    """:data:`ADDED` for columns as :func:`jiebei_lib.core.tables.table.check_table` gives them: words as numbers of what
    :func:`words` lists (-1 where nothing is left to ask). ``published_*`` is the other witness, whatever the policy."""
    low, high = pressures(columns, policy)
    days = columns["days_overdue"]
    scores, other = evaluate(low, high, days, policy, with_so_far=False), _published(columns, policy)
    starts = [stage["days"][0] for stage in policy.data["timeline"]["stages"].values()]
    return {
        **{name: each for name, each in vars(scores).items() if name in ADDED},
        "published_grade": scores.grade if other is None else other.grade,
        "published_share": scores.share if other is None else other.share,
        "stage": np.searchsorted(starts, days, side="right") - 1,
        "strongest_factor": np.abs(contributions(middle_pressures(low, high, days, policy), policy)).argmax(axis=1),
        "next_question": _next_questions(columns, scores.high - scores.low, policy),
    }


def _published(columns: Mapping[str, np.ndarray], policy: Policy) -> Scores | None:
    """What the pages say of the same cases; None where they are the policy itself."""
    other = load_policy("published")
    if other.digest == policy.digest:
        return None
    return evaluate(*pressures(columns, other), columns["days_overdue"], other, with_bands=False, with_so_far=False)


def words(policy: Policy) -> dict[str, list[str]]:
    """What the numbers of :func:`answers` stand for."""
    return {
        "verdict": list(VERDICTS),
        "grade": list(GRADES),
        "published_grade": list(GRADES),
        "stage": list(policy.data["timeline"]["stages"]),
        "strongest_factor": list(FACTORS),
        "next_question": list(FIELDS),
    }


def middle_pressures(low: np.ndarray, high: np.ndarray, days: np.ndarray, policy: Policy) -> np.ndarray:
    """The pressure of every factor (n, 5), what is unknown taken in the middle, for pressures (n, 4) on ``days``. Before the first
    possible day, as things would stand on it."""
    readings, longest = policy.readings, policy.value("factors.days.pressing")
    pressed = days_pressure(days, readings.days[0], longest)
    if len(readings.days) > 1:
        latest = np.array(readings.days)[np.maximum(np.searchsorted(readings.days, days, side="right") - 1, 0)]
        later = [days_pressure(days, day, longest) for day in readings.days]
        pressed = (pressed + np.select([latest == day for day in readings.days], later)) / 2
    return np.column_stack([(low + high) / 2, pressed])


def contributions(pressure: np.ndarray, policy: Policy) -> np.ndarray:
    """What each factor adds to z (n, 5) at the central reading, for pressures (n, 5): exact Shapley values against the neutral case."""
    added: np.ndarray = pressure * policy.readings.center[1:]
    return added


def _next_questions(columns: Mapping[str, np.ndarray], width: np.ndarray, policy: Policy) -> np.ndarray:
    """The unknown fact that narrows the range most, as :func:`jiebei_lib.core.scoring.explain.questions` finds it case by case; between
    equals, the one that narrows the range of the share most."""
    asked = [name for name in FIELDS if name in policy.data["questions"]]
    unknown = {name: _unknown(columns[name]) for name in asked}
    gains = np.full((len(width), len(asked)), -np.inf)
    came = columns["days_overdue"] >= policy.readings.days[0]
    for n, name in enumerate(asked):
        gains[unknown[name], n] = 0.0
        rows = np.flatnonzero(unknown[name] & came)
        gains[rows, n] = np.maximum(0.0, width[rows] - mean_width(columns, name, rows, policy)[0])
    best = gains.argmax(axis=1)
    tied = np.count_nonzero(gains > gains[np.arange(len(best)), best][:, None] - TIE, axis=1) > 1
    rows = np.flatnonzero(tied & came & np.isfinite(gains[np.arange(len(best)), best]))
    if len(rows):
        equal = gains[rows] > gains[rows, best[rows]][:, None] - TIE
        shares = np.full(equal.shape, np.inf)
        for n, name in enumerate(asked):
            some = np.flatnonzero(equal[:, n])
            shares[some, n] = mean_width(columns, name, rows[some], policy, shares=True)[1]
        best[rows] = shares.argmin(axis=1)
    known = ~np.isfinite(gains).any(axis=1)
    return np.where(known, -1, np.array([list(FIELDS).index(name) for name in asked])[best])


def _unknown(column: np.ndarray) -> np.ndarray:
    return np.isnan(column) if column.dtype.kind == "f" else column < 0


def mean_width(
    columns: Mapping[str, np.ndarray], name: str, rows: np.ndarray, policy: Policy, shares: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """The mean width, over what one unknown fact may turn out to be, of the range of the likelihood and of that of the share."""
    levels = policy.data["questions"][name]["levels"]
    part = {key: column[rows] for key, column in columns.items() if key != "case_id"}
    total, total_share = np.zeros(len(rows)), np.zeros(len(rows))
    for level in levels:
        value = FIELDS[name]["levels"].index(level) if FIELDS[name]["type"] == "level" else level
        known = dict.fromkeys([name, *["amount_to"] * (name == "amount_overdue")], np.full(len(rows), value))
        low, high = pressures(part | known, policy)
        if shares:
            scores = evaluate(low, high, part["days_overdue"], policy, with_bands=False)
            total_share += scores.share_high - scores.share_low
        else:
            ends = extremes(low, high, part["days_overdue"], policy.readings, policy.value("factors.days.pressing"))
            total += likelihood(ends[1]) - likelihood(ends[0])
    return total / len(levels), total_share / len(levels)
