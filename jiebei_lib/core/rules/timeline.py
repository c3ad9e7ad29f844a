"""Which stage a day overdue belongs to (article ¶4-¶7; later steps as pages report them)."""

from __future__ import annotations

from typing import Any

from jiebei_lib.core.policy import Policy


def stage(days_overdue: int, policy: Policy) -> str:
    """The id of the stage that a day belongs to."""
    stages: dict[str, Any] = policy.data["timeline"]["stages"]
    return next(name for name, entry in stages.items() if entry["days"][0] <= days_overdue <= entry["days"][1])
