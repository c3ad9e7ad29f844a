"""What else being late brings (article ¶15-¶17), now and later."""

from __future__ import annotations

from jiebei_lib.core.case import Case
from jiebei_lib.core.policy import Policy, in_force


def consequences(case: Case, policy: Policy, as_of: str) -> list[str]:
    """The ids of the consequences that hold on a date, in the order of the days from which they come; also those still ahead."""
    known = {name: entry for name, entry in policy.data["consequences"].items() if in_force(entry, as_of)}
    return sorted(known, key=lambda name: known[name].get("from_day", 0))
