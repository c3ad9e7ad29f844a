"""Stands in for pyxirr in a page that runs itself, where it is the package ``pyxirr``: the one rate that is asked of it (money/rates.py),
by halving. Held against pyxirr by a test."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

LEAST, MOST = -0.999999, 1e12  # between which a rate is looked for
YEAR = 365  # days


def xirr(dates: Sequence[date], amounts: Sequence[float]) -> float | None:
    """The yearly rate (actual/365) at which flows whose sign changes once sum to nothing on the first day; None if there is none."""
    first = min(dates)
    flows = [((day - first).days / YEAR, amount) for day, amount in zip(dates, amounts, strict=True)]
    last = max(time for time, _ in flows)

    def worth(power: float) -> float:
        """By rising powers of 1 + rate; scaled by the latest flow, so that nothing overflows at rates far below zero."""
        return sum(amount * math.exp(power * ((last if power < 0 else 0.0) - time)) for time, amount in flows)

    low, high = math.log1p(LEAST), math.log1p(MOST)
    sign = math.copysign(1, worth(low))
    if sign * worth(high) > 0:
        return None
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if sign * worth(middle) > 0 else (low, middle)
    return math.expm1(middle)
