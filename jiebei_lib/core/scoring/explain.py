"""Why the score is what it is, and which question would narrow it most. (What would change it: compare.py.)"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jiebei_lib.core.case import FIELDS, Case
from jiebei_lib.core.policy import Policy
from jiebei_lib.core.readings import FACTORS
from jiebei_lib.core.rules.factors import coded, days_pressure, pressures
from jiebei_lib.core.scoring.score import evaluate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jiebei_lib.core.parts import FactorPart, OpenFact


def contributions(case: Case, policy: Policy) -> list[FactorPart]:
    """Every factor's part of z. Before the first possible day: as they would stand on that day."""
    low, high = _all_pressures(case, policy)
    readings = policy.readings
    weights = readings.vertices[:, 1:]
    ends = np.stack([weights * low, weights * high])
    middle = (low + high) / 2
    central = readings.center[1:] * middle
    return [
        {
            "factor": name,
            "pressure": float(middle[n]),
            "pressure_low": float(low[n]),
            "pressure_high": float(high[n]),
            "central": float(central[n]),
            "low": float(ends[:, :, n].min()),
            "high": float(ends[:, :, n].max()),
        }
        for n, name in enumerate(FACTORS)
    ]


def central_z(parts: Iterable[FactorPart], policy: Policy) -> float:
    """z at the central reading: its base plus all central :func:`contributions`."""
    return float(policy.readings.center[0]) + sum(part["central"] for part in parts)


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
    answers = evaluate(*pressures(columns, policy), columns["days_overdue"], policy, with_bands=False)
    widths = np.column_stack([answers.high - answers.low, answers.share_high - answers.share_low])
    # A hair of rounding must not turn "nothing" into less than nothing.
    found: list[OpenFact] = []
    for name in unknown:
        known = widths[1:][[asked_name == name for asked_name, _ in asked]].mean(axis=0)
        narrowing, share_narrowing = np.maximum(0.0, widths[0] - known).tolist()
        found.append({"field": name, "narrowing": narrowing, "share_narrowing": share_narrowing})
    return sorted(found, key=lambda fact: (-fact["narrowing"], -fact["share_narrowing"]))


def case_pressures(case: Case, policy: Policy) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest pressure (4,) on every factor but days."""
    low, high = pressures(coded({name: [getattr(case, name)] for name in FIELDS}), policy)
    return low[0], high[0]


def _all_pressures(case: Case, policy: Policy) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest pressure (5,) on every factor, days last."""
    days, longest = policy.readings.days, policy.value("factors.days.pressing")
    come = [day for day in days if day <= case.days_overdue]
    pressed = [float(days_pressure(np.array(float(case.days_overdue)), day, longest)) for day in come] or [0.0]
    low, high = case_pressures(case, policy)
    return np.append(low, min(pressed)), np.append(high, max(pressed))
