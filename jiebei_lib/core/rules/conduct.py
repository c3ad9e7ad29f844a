"""May they? What the rules in force on a day permit toward a borrower's contacts, and where described practice would break them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jiebei_lib.core.case import Case
from jiebei_lib.core.policy import Policy, in_force


@dataclass(frozen=True)
class Permission:
    """``status`` is permitted, not_permitted or undecided; ``deciding`` names the fact that would decide it; ``answer`` the key of
    the sentence; ``rules`` and ``conditions`` the ids of what it rests on."""

    status: str
    answer: str
    deciding: str | None
    rules: list[str]
    conditions: list[str]


def reachable(case: Case, policy: Policy) -> bool | None:
    """Whether the borrower can be reached; None if the communication is unknown."""
    return policy.data["conduct"]["reachable"]["values"].get(case.communication)


def permission(case: Case, policy: Policy, as_of: str) -> Permission:
    """May an unrelated contact be called about this debt on that day?

    One rule that forbids is enough; otherwise one that permits. Amount and record play no part in any of them.
    """
    conduct = policy.data["conduct"]
    rules = {name: rule for name, rule in conduct["third_persons"].items() if in_force(rule, as_of)}
    state = reachable(case, policy)
    if state is None:
        outcomes = {_outcome(rules, "reachable"), _outcome(rules, "unreachable")}
        if len(outcomes) > 1:
            return Permission("undecided", "undecided", "communication", list(rules), [])
        status = outcomes.pop()
    else:
        status = _outcome(rules, "reachable" if state else "unreachable")
    if status == "undecided":
        return Permission("undecided", "no_rule", None, list(rules), [])
    conditions = [name for name, condition in conduct["unreachable_conditions"].items() if in_force(condition, as_of)]
    return Permission(status, status, None, list(rules), conditions if status == "permitted" else [])


def _outcome(rules: dict[str, Any], state: str) -> str:
    says = {rule["contact"][state] for rule in rules.values()}
    return next((status for status in ("not_permitted", "permitted") if status in says), "undecided")


def conflicts(case: Case, policy: Policy, as_of: str) -> list[str]:
    """The ids of described practices that would break a rule in force, for this case."""
    rules = policy.data["conduct"]["third_persons"]
    return [
        name
        for name, conflict in policy.data["conduct"]["conflicts"].items()
        if case.matches(conflict) and any(in_force(rules[rule], as_of) for rule in conflict["against"])
    ]


def caller(case: Case, policy: Policy, as_of: str, side: str) -> list[str]:
    """The ids of what a caller ``may`` or ``may_not`` do toward contacts, for this case and day."""
    statements = policy.data["conduct"]["caller"][side]
    return [name for name, statement in statements.items() if in_force(statement, as_of) and case.matches(statement)]
