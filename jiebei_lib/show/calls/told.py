"""When an attempt was, as far as it is known: to the minute as a log has it, or as roughly as somebody remembers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

MINUTE, DAY = 60, 86_400  # seconds


def when(attempts: pd.DataFrame, position: int) -> str:
    """2026-03-10 22:40; of a memory also 2026-03-10 21:00–22:59, 2026-03-10 (any time), 2026-03-10 – 2026-03-12."""
    attempt = attempts.iloc[position]
    at = str(attempt["at"])[:16].replace("T", " ")
    span, days = int(attempt.get("span", 0)), int(attempt.get("span_days", 0))
    if not span and not days:
        return at
    day, clock = at[:10], at[11:]
    if days:
        day = f"{day} – {pd.Timestamp(day) + pd.Timedelta(days=days):%Y-%m-%d}"
    if span >= DAY - MINUTE:
        return day
    return f"{day} {clock}" + (f"–{pd.Timestamp(at) + pd.Timedelta(seconds=span):%H:%M}" if span else "")


def recollections(calls: Iterable[Mapping[str, Any] | str]) -> list[str]:
    """What was told, a line each, as it was told."""
    return [one if isinstance(one, str) else " ".join(f"{key}={value}" for key, value in one.items()) for one in calls]


__all__ = ["recollections", "when"]
