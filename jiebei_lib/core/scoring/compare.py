"""What holds in every reading: comparisons of cases, and what each step that a borrower can take does to the odds.

For two cases the difference of z is w·(s_a - s_b): the base cancels, so that its extremes over the vertices are exact and sharp where the
likelihoods themselves are not. In the words of robust ordinal regression (Greco, Mousseau, Slowinski 2008) a case is *necessarily*
above another if it is in every reading, *possibly* if it is in some.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from jiebei_lib.core.case import FIELDS, Case
from jiebei_lib.core.policy import Policy, load_policy
from jiebei_lib.core.readings import FACTORS
from jiebei_lib.core.rules.factors import PRESSED, amount_pressure, days_pressure
from jiebei_lib.core.scoring.explain import case_pressures
from jiebei_lib.core.scoring.score import GRADES, HAIR, evaluate

if TYPE_CHECKING:
    from jiebei_lib.core.parts import StepTaken

COMMUNICATION, AMOUNT = PRESSED.index("communication"), PRESSED.index("amount")
# From the most pressing way to communicate to the most protective
WAYS = FIELDS["communication"]["levels"][::-1]


@dataclass(frozen=True)
class Comparison:
    """One case held against another. ``least`` to ``greatest``: their difference in log-odds over all readings and all values of what
    is unknown; infinite where in some reading a call is possible for one of them only."""

    least: float
    greatest: float

    @property
    def odds(self) -> tuple[float, float]:
        """How many times the other's odds, at the least and at the most."""
        return _exp(self.least), _exp(self.greatest)

    @property
    def necessarily(self) -> str | None:
        """``above``, ``below`` or ``equal`` where that holds in every reading, else None."""
        if self.least >= -HAIR and self.greatest <= HAIR:
            return "equal"
        return "above" if self.least >= -HAIR else "below" if self.greatest <= HAIR else None

    @property
    def possibly(self) -> set[str]:
        """Which of ``above`` and ``below`` some reading says."""
        said = {"above": self.greatest > HAIR, "below": self.least < -HAIR}
        return {name for name, holds in said.items() if holds}


def compare(case_a: Case, case_b: Case, policy: Policy | str = "article", same_borrower: bool = False) -> Comparison:
    """How much more a call is likely for ``case_a`` than for ``case_b``, in every reading. Facts unknown in both are unknown apart from
    each other, unless both cases are the ``same_borrower``, for whom they are the same whatever they are."""
    policy = load_policy(policy)
    ends = (case_pressures(case, policy) for case in (case_a, case_b))
    (low_a, high_a), (low_b, high_b) = ends
    if same_borrower:  # what is alike in both cancels
        alike = (low_a == low_b) & (high_a == high_b)
        low_a, high_a, low_b, high_b = (np.where(alike, 0.0, end) for end in (low_a, high_a, low_b, high_b))
    return between(low_a, high_a, case_a.days_overdue, low_b, high_b, case_b.days_overdue, policy)


def between(
    low_a: np.ndarray,
    high_a: np.ndarray,
    days_a: int,
    low_b: np.ndarray,
    high_b: np.ndarray,
    days_b: int,
    policy: Policy,
) -> Comparison:
    """:func:`compare` for pressures (5,) as :func:`~jiebei_lib.core.scoring.explain.case_pressures` gives them, days left out."""
    readings, longest = policy.readings, policy.value("factors.days.pressing")
    found = []
    for first in readings.days:
        came = days_a >= first, days_b >= first
        if all(came):
            apart = _pressed(days_a, first, longest) - _pressed(days_b, first, longest)
            found.append(difference(np.append(low_a - high_b, apart), np.append(high_a - low_b, apart), policy))
        else:
            found.append((0.0, 0.0) if came[0] == came[1] else (math.inf,) * 2 if came[0] else (-math.inf,) * 2)
    return Comparison(min(least for least, _ in found), max(greatest for _, greatest in found))


def difference(low: np.ndarray, high: np.ndarray, policy: Policy) -> tuple[float, float]:
    """Least and greatest w·d over all readings, for differences d of the pressures between ``low`` and ``high`` (5,)."""
    up, down = policy.readings.rising, policy.readings.falling
    return float((up @ low + down @ high).min()), float((up @ high + down @ low).max())


def steps(case: Case, policy: Policy) -> list[StepTaken]:
    """Each step that would be one, in the rules' order; none before the first possible day. To promise without paying is no step."""
    if case.days_overdue < policy.readings.days[0]:
        return []
    known = case_pressures(case, policy)
    rules = [(name, rule) for name, rule in policy.data["steps"].items() if _is_one(rule, case)]
    taken = [_step(name, rule, case, policy, *known) for name, rule in rules]
    open_ = [each for each in taken if not each[0]["settles"]]
    if open_:
        low, high = (np.array([each[end] for each in open_]) for end in (1, 2))
        after = evaluate(low, high, np.full(len(low), float(case.days_overdue)), policy, with_bands=False)
        for n, (step, _, _) in enumerate(open_):
            step["grade"], step["so_far"] = GRADES[after.grade[n]], GRADES[after.so_far[n]]
            step["share"] = float(after.share[n])
            step["share_range"] = {"low": float(after.share_low[n]), "high": float(after.share_high[n])}
    return [step for step, *_ in taken]


def references(case: Case, policy: Policy) -> dict[str, Comparison]:
    """The case held against each of the article's borrowers, on the same day and neutral on all that is not said of them."""
    low, high = case_pressures(case, policy)
    found = {}
    for name, rule in policy.data["references"].items():
        other = np.zeros(len(PRESSED))
        other[COMMUNICATION] = _level(rule, policy) if "communication" in rule else 0
        found[name] = between(low, high, case.days_overdue, other, other, case.days_overdue, policy)
    return found


def _is_one(rule: dict[str, Any], case: Case) -> bool:
    way = rule.get("communication")
    return case.matches(rule) and (
        None in (way, case.communication) or WAYS.index(way) > WAYS.index(case.communication)
    )


def _step(
    name: str, rule: dict[str, Any], case: Case, policy: Policy, low: np.ndarray, high: np.ndarray
) -> tuple[StepTaken, np.ndarray, np.ndarray]:
    """A step without the answer after it, and the least and greatest pressures (4,) after it."""
    after_low, after_high = low.copy(), high.copy()
    less, more = np.zeros(len(FACTORS)), np.zeros(len(FACTORS))
    instead, part = None, rule.get("pay", {}).get("value", 0)
    if "communication" in rule:
        way = _level(rule, policy)
        instead = "silent" if case.communication is None else None
        now = _level({"communication": instead or case.communication}, policy)
        less[COMMUNICATION] = more[COMMUNICATION] = way - now
        after_low[COMMUNICATION] = after_high[COMMUNICATION] = way
    settles = part >= 1
    if part and not settles:
        ends = case.amounts
        scale = [policy.value(f"factors.amount.{end}") for end in ("protective", "pressing")]
        paid = [amount_pressure(np.array(amount * (1 - part)), *scale) for amount in ends]
        after_low[AMOUNT], after_high[AMOUNT] = paid
        falls = [paid[n] - amount_pressure(np.array(amount), *scale) for n, amount in enumerate(ends)]
        # Between the ends the fall is that of an amount well inside the scale, or none well outside of it.
        inside = ends[0] < scale[1] / (1 - part) and ends[1] > scale[0]
        full = 2 * math.log(1 - part) / math.log(scale[1] / scale[0])
        less[AMOUNT] = min([*falls, full] if inside and ends[0] != ends[1] else falls)
        more[AMOUNT] = max(falls)
    least, most = (_exp(z) for z in difference(less, more, policy))
    pay = None if not part or case.amount is None else math.ceil(round(case.amount * part, 6))
    taken: StepTaken = {
        "step": name,
        "pay": pay,
        "instead_of": instead,
        "settles": settles,
        "grade": None,
        "so_far": None,
        "share": None,
        "odds": {"low": 0.0, "high": 0.0} if settles else {"low": least, "high": most},
        "share_range": None,
    }
    return taken, after_low, after_high


def _pressed(days: int, first: int, longest: float) -> float:
    return float(days_pressure(np.array(float(days)), first, longest))


def _level(rule: dict[str, Any], policy: Policy) -> float:
    levels: dict[str, dict[str, float]] = policy.data["factors"]["communication"]["levels"]
    return levels[rule["communication"]]["value"]


def _exp(z: float) -> float:
    return math.inf if z > 700 else math.exp(z)
