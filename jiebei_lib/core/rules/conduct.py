"""May they? What the rules in force on a day permit toward a borrower's contacts, and where described practice would break them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jiebei_lib.core.case import Case
from jiebei_lib.core.policy import Policy, binds, in_force


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
    known: dict[str | None, bool] = policy.data["conduct"]["reachable"]["values"]
    return known.get(case.communication)


def permission(case: Case, policy: Policy, as_of: str) -> Permission:
    """May an unrelated contact be called about this debt on that day?

    On or before the due date never. Once late, one rule that forbids is enough, otherwise one that permits; amount and record play no
    part in any of them. Where the borrower does not answer, a rule permits only once they count as unreachable.
    """
    conduct, rules = policy.data["conduct"], _rules(case, policy, as_of)
    conditions = [name for name, entry in conduct["unreachable_conditions"].items() if in_force(entry, as_of)]
    if case.days_overdue <= 0:
        return Permission("not_permitted", "not_due", None, list(rules), [])
    reached, lost = _outcome(rules, "reachable"), _outcome(rules, "unreachable")
    state, known = reachable(case, policy), unreachable(case, policy, conditions)
    if state or reached == lost:
        return _answer(reached, list(rules), [])
    if state is None and not known:
        return Permission("undecided", "undecided", "communication", list(rules), [])
    if lost != "permitted" or known or not conditions:
        return _answer(lost, list(rules), conditions)
    if known is None:
        missing = [fact for fact in _asked(policy, conditions) if getattr(case, fact) is None]
        return Permission("undecided", "if_established", missing[0] if missing else None, list(rules), conditions)
    return Permission("not_permitted", "not_established", None, list(rules), conditions)


def _rules(case: Case, policy: Policy, as_of: str) -> dict[str, Any]:
    """The rules on third persons in force on a day that bind the lender, or may."""
    known = policy.data["conduct"]["third_persons"]
    return {
        name: rule for name, rule in known.items() if in_force(rule, as_of) and binds(rule, case.lender) is not False
    }


def unreachable(case: Case, policy: Policy, conditions: list[str]) -> bool | None:
    """Whether the borrower counts as unreachable by one of ``conditions`` that a fact of the case decides; None if no fact says."""
    asked = _asked(policy, conditions)
    told = {fact: getattr(case, fact) for fact in asked}
    if any(value is not None and value >= asked[fact]["value"] for fact, value in told.items()):
        return True
    return None if None in told.values() or not told else False


def _asked(policy: Policy, conditions: list[str]) -> dict[str, Any]:
    """The facts that decide one of ``conditions``."""
    established = policy.data["conduct"]["established_by"]
    return {fact: entry for fact, entry in established.items() if entry["condition"] in conditions}


def _answer(status: str, rules: list[str], conditions: list[str]) -> Permission:
    if status == "undecided":
        return Permission("undecided", "no_rule", None, rules, [])
    return Permission(status, status, None, rules, conditions if status == "permitted" else [])


def _outcome(rules: dict[str, Any], state: str) -> str:
    says = {rule["contact"][state] for rule in rules.values()}
    return next((status for status in ("not_permitted", "permitted") if status in says), "undecided")


def conflicts(case: Case, policy: Policy, as_of: str) -> list[str]:
    """The ids of described practices that would break a rule in force, for this case."""
    rules = _rules(case, policy, as_of)
    return [
        name
        for name, conflict in policy.data["conduct"]["conflicts"].items()
        if case.matches(conflict) and rules.keys() & set(conflict["against"])
    ]


def caller(case: Case, policy: Policy, as_of: str, side: str) -> list[str]:
    """The ids of what a caller ``may`` or ``may_not`` do toward contacts, for this case and day."""
    statements = policy.data["conduct"]["caller"][side]
    return [name for name, statement in statements.items() if in_force(statement, as_of) and case.matches(statement)]
