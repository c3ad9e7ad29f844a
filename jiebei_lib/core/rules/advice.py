"""What to do today (article ¶18-¶21) and what to say."""

from __future__ import annotations

from jiebei_lib.core.case import Case
from jiebei_lib.core.policy import Policy


def actions(case: Case, policy: Policy) -> list[str]:
    """The ids of the actions that fit a case, in the order of doing."""
    return [name for name, action in policy.data["advice"]["actions"].items() if case.matches(action)]
