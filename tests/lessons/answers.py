"""What the bank's answers must be, worked out by the library from each item's ``check``: a changed rule breaks a test, not a class.

A check is ``{name: arguments}``; the functions below have the names. Those for numbers return the answer; those for choices return
the ``value`` that the right option must have, or raise if the item's own claim does not hold.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Any

from jiebei_lib.core.case import Case
from jiebei_lib.core.policy import load_policy
from jiebei_lib.core.rules import conduct, timeline

AS_OF = "2026-11-24"  # the rules in force when the bank was written
DRAWN = date(2026, 1, 15)


def expected(item: dict[str, Any]) -> Any:
    """The answer that the library gives to an item with a check."""
    ((name, arguments),) = item["check"].items()
    return CHECKS[name](**arguments) if isinstance(arguments, dict) else CHECKS[name](arguments)


def breaches(item: dict[str, Any]) -> list[str | None]:
    """For each line of a spot-the-breach item the rule it breaks as the YAML says, once the library agrees that it is one.

    Raises ``ValueError`` where a rule does not hold for the item's case on :data:`AS_OF`, or where the hour contradicts the night rule.
    """
    case, out = Case(**item["case"]), []
    forbidden = conduct.caller(case, load_policy(), AS_OF, "may_not")
    for line in item["lines"]:
        rule = line.get("rule")
        if rule is not None and rule not in forbidden:
            raise ValueError(f"{rule} does not hold for {item['case']}")
        if "at" in line and rule in (None, "night") and (rule == "night") != (not "08:00" <= line["at"] < "22:00"):
            raise ValueError(f"{line['at']} and {rule}")
        out.append(rule)
    return out


def _month(income: float, needs: float, debts: float) -> Any:
    """A month before any new loan."""
    from jiebei_lib.money.budget import Budget, affordability

    return affordability(Budget(income, needs, debts), _bullet(1000, 0.0005)).before


def _left_over(income: float, needs: float, debts: float, fall: float = 0) -> float:
    """What remains of a month's income, in yuan, for a new repayment (article ¶18); ``fall``: part of the income that is lost."""
    return float(_month(round(income * (1 - fall), 2), needs, debts).left)


def _service_ratio(income: float, payments: float) -> float:
    """Repayments as per cent of income (article ¶18)."""
    return 100 * _month(income, 0, payments).burden


@cache
def _bullet(principal: float, daily_rate: float) -> Any:
    from jiebei_lib.money.loan import Loan

    return Loan(principal=principal, months=1, method="bullet", drawn=DRAWN, daily_rate=daily_rate, missed_from=1)


def _interest(principal: float, daily_rate: float, days: int) -> float:
    """Interest of a loan paid on time that runs ``days`` days."""
    from jiebei_lib.money.loan import Loan
    from jiebei_lib.money.plan import schedule

    due = DRAWN + timedelta(days)
    loan = Loan(principal=principal, months=1, method="bullet", drawn=DRAWN, first_due=due, daily_rate=daily_rate)
    return float(schedule(loan)[0].interest)


def _penalty(principal: float, daily_rate: float, days: int) -> float:
    """Penalty interest after ``days`` overdue, nothing paid."""
    from jiebei_lib.money.arrears import owed

    loan = _bullet(principal, daily_rate)
    return float(owed(loan, loan.due(1) + timedelta(days)).penalty)


def _penalty_after_part(principal: float, daily_rate: float, days: int, paid: float, on_day: int) -> float:
    """All penalty interest by ``days``, paid or not, if ``paid`` comes at the end of ``on_day`` and goes to penalty first."""
    from jiebei_lib.money.arrears import owed, paying

    loan = _bullet(principal, daily_rate).replace(order=["fees", "penalty", "principal", "interest"])
    before = _penalty(principal, daily_rate, on_day)
    return before + float(
        owed(paying(loan, paid, loan.due(1) + timedelta(on_day)), loan.due(1) + timedelta(days)).penalty
    )


def _principal_after_part(principal: float, daily_rate: float, paid: float, on_day: int) -> float:
    """Principal still owed after ``paid`` at the end of ``on_day``, penalty first, interest of the term left out."""
    from jiebei_lib.money.arrears import owed, paying

    loan = _bullet(principal, daily_rate).replace(order=["fees", "penalty", "principal", "interest"])
    day = loan.due(1) + timedelta(on_day)
    return float(owed(paying(loan, paid, day), day).principal)


def _yearly_simple(
    daily_rate: float | None = None, principal: float | None = None, a_day: float | None = None
) -> float:
    """Per cent a year, simple, of a daily rate or of so many yuan a day on a principal."""
    return _yearly("day", a_day / principal if daily_rate is None else daily_rate)


def _yearly_nominal(advanced: float, payment: float, months: int) -> float:
    """Per cent a year, nominal, of equal monthly payments."""
    from jiebei_lib.money.rates import nominal_annual_rate

    return 100 * nominal_annual_rate(advanced, [payment] * months, 1, 12)


def _yearly(per: str, rate: float) -> float:
    from jiebei_lib.money.loan import Loan

    field = {"day": "daily_rate", "month": "monthly_rate", "year": "annual_rate"}[per]
    return 100 * float(Loan(principal=10000, months=12, method="bullet", drawn=DRAWN, **{field: rate}).annual)


def _dearest(**offers: dict[str, Any]) -> str:
    return max(offers, key=lambda name: _yearly(**offers[name]))


def _cheaper_method(principal: float, monthly_rate: float, months: int, methods: list[str]) -> str:
    from jiebei_lib.money.loan import Loan
    from jiebei_lib.money.plan import schedule

    def interest(method: str) -> float:
        loan = Loan(principal=principal, months=months, method=method, drawn=DRAWN, monthly_rate=monthly_rate)
        return float(sum(row.interest for row in schedule(loan)))

    return min(methods, key=interest)


def _days_between(due: str, now: str) -> int:
    return (date.fromisoformat(now) - date.fromisoformat(due)).days


def _stage(day: int) -> str:
    return timeline.stage(day, load_policy())


def _first_day() -> int:
    return load_policy().readings.days[0]


def _stages_in_order(*stages: str) -> bool:
    """Whether stages named in order follow each other by the day they begin."""
    first = [load_policy().data["timeline"]["stages"][name]["days"][0] for name in stages]
    return first == sorted(first)


def _words_in_order(*words: str) -> bool:
    known = list(load_policy().data["advice"]["words"])
    return [known.index(word) for word in words] == sorted(known.index(word) for word in words)


def _permission(**facts: Any) -> str:
    return conduct.permission(Case(**facts), load_policy(), AS_OF).status


def _likelier(**cases: dict[str, Any]) -> str:
    """The case whose contacts are likelier to be called, in the mildest and the harshest reading."""
    from jiebei_lib.core.scoring.score import score_cases

    names = list(cases)
    scores = score_cases([Case(**cases[name]) for name in names], load_policy())
    if scores.low.argmax() != scores.high.argmax():
        raise ValueError(cases)
    return names[int(scores.low.argmax())]


def _best_step(case: dict[str, Any], steps: dict[str, dict[str, Any]]) -> str:
    """The step after which the fewest readings say that a call is more likely than not."""
    from jiebei_lib.core.scoring.score import score_cases

    scores = score_cases([Case(**{**case, **step}) for step in steps.values()], load_policy())
    return list(steps)[int(scores.share.argmin())]


def _claimed_days() -> list[int]:
    """The earliest and the latest first day that pages on the product claim."""
    from jiebei_lib.evidence.claims import first_contact_days

    days = first_contact_days().days
    return [min(days), max(days)]


def _mark_ends(overdue_from: str, settled: str) -> int:
    """The year in which a negative entry is deleted."""
    from jiebei_lib.money.record import ends

    if overdue_from > settled:
        raise ValueError(settled)
    return ends(date.fromisoformat(settled)).year


def _record_value(name: str) -> float:
    return load_policy().value(f"record.{name}")


def _sentence_allowed(case: dict[str, Any], sentences: list[str]) -> str:
    """The one of these sentences that a caller may say to a contact; the others must be forbidden by name."""
    allowed, forbidden = (conduct.caller(Case(**case), load_policy(), AS_OF, kind) for kind in ("may", "may_not"))
    (found,) = [name for name in sentences if name in allowed]
    if not {*sentences} <= {found, *forbidden}:
        raise ValueError(sentences)
    return found


CHECKS = {
    "left_over": _left_over,
    "service_ratio": _service_ratio,
    "interest": _interest,
    "penalty": _penalty,
    "penalty_after_part": _penalty_after_part,
    "yearly_simple": _yearly_simple,
    "yearly_nominal": _yearly_nominal,
    "dearest": _dearest,
    "cheaper_method": _cheaper_method,
    "days_between": _days_between,
    "stage": _stage,
    "first_day": _first_day,
    "stages_in_order": lambda stages: _stages_in_order(*stages),
    "words_in_order": lambda words: _words_in_order(*words),
    "permission": _permission,
    "likelier": _likelier,
    "best_step": _best_step,
    "claimed_days": _claimed_days,
    "mark_ends": _mark_ends,
    "record_value": _record_value,
    "sentence_allowed": _sentence_allowed,
    "principal_after_part": _principal_after_part,
}
