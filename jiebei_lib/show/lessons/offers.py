"""Before one borrows, and after: offers side by side, what a month leaves, and when a bad mark ends (article ¶16, ¶18)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from jiebei_lib.core.knowledge.problems import CaseError, Problem
from jiebei_lib.money.budget import Budget, affordability
from jiebei_lib.money.loan import FIELDS, Loan
from jiebei_lib.money.plan import schedule
from jiebei_lib.money.rates import rates
from jiebei_lib.money.record import record
from jiebei_lib.page.html import Words
from jiebei_lib.page.text import heads, say
from jiebei_lib.show.lessons.words import cites, words
from jiebei_lib.show.widget.fields import Field, both, choice, day, group, number
from jiebei_lib.show.widget.panel import Panel

DRAWN = date(2026, 1, 15)  # any day will do: rates per day count 365 days a year
PER = ("daily", "monthly", "yearly", "yuan_a_day", "flat_fee")
# The invented offers that the lesson begins with: how quoted, figure, fee taken first.
FIRST = (("yuan_a_day", 6.0, 0), ("monthly", 1.4, 0), ("flat_fee", 0.9, 0))
AS_OF = "2026-11-24"


def offers() -> Panel:
    """Three quotations put into one unit: the true yearly cost."""
    methods = {
        name: FIELDS["method"]["words"][name] for name in ("equal_instalment", "equal_principal", "interest_first")
    }
    fields = [
        number("amount", both("lessons.offers.amount"), 10000, 100, 1_000_000, unit=both("lessons.yuan_unit")),
        number("months", both("lessons.offers.months"), 12, 1, 60),
        choice("method", both("lessons.offers.method"), methods, look="select"),
        *(_offer(n, *first) for n, first in enumerate(FIRST, 1)),
    ]
    return Panel(fields, _draw_offers, name="offers")


def _offer(n: int, per: str, figure: float, fee: float) -> Field:
    options = {name: both(f"lessons.offers.{name}") for name in PER}
    return group(
        both("lessons.offers.quote", n=n),
        [
            choice(f"per_{n}", both("lessons.offers.per"), options, per, look="select"),
            number(f"figure_{n}", both("lessons.offers.figure"), figure, 0, 100, whole=False),
            number(f"fee_{n}", both("lessons.offers.fee"), fee, 0, 100_000, whole=False),
        ],
        note=both("lessons.offers.percent_note") if n == 1 else None,
    )


def _loan(values: Mapping[str, Any], n: int) -> Loan:
    """An offer as a loan. A fee on the first principal is a fee at each instalment of a loan without interest."""
    per, figure = values[f"per_{n}"], values[f"figure_{n}"]
    rate = {"daily": ("daily_rate", figure / 100), "monthly": ("monthly_rate", figure / 100)}.get(per)
    rate = rate or {"yearly": ("annual_rate", figure / 100), "yuan_a_day": ("daily_rate", figure / 10_000)}.get(per)
    name, value = rate or ("annual_rate", 0)
    fee = round(values["amount"] * figure / 100, 2) if per == "flat_fee" else 0
    given = {"principal": values["amount"], "months": values["months"], "method": values["method"], "drawn": DRAWN}
    fees = {"instalment_fee": f"{fee:.2f}", "upfront_fee": f"{values[f'fee_{n}']:.2f}"}
    return Loan.of(
        {**given, **fees, name: f"{value:.10f}".rstrip("0").rstrip(".") or "0"}, say("lessons.offers.quote", "en", n=n)
    )


def compared(values: Mapping[str, Any]) -> list[dict[str, float]]:
    """Nominal and effective yearly rate, cost in all and largest payment of each offer."""
    out = []
    for n in range(1, len(FIRST) + 1):
        loan = _loan(values, n)
        plan, found = schedule(loan), rates(loan)
        paid = [row.payment + row.fee for row in plan]
        cost = sum(paid) + loan.upfront_fee - loan.principal
        out.append(
            {"nominal": found.all_in_annual, "effective": found.effective_annual, "cost": cost, "most": max(paid)}
        )
    return out


def _draw_offers(values: Mapping[str, Any], lang: str) -> dict[str, list[Words]]:
    found = compared(values)
    highest = max(one["nominal"] for one in found)
    dearest = [n for n, one in enumerate(found, 1) if one["nominal"] > highest - 5e-5]
    key = "dearest" if len(dearest) == 1 else "equal"
    lead = say(f"lessons.offers.{key}", lang, n=dearest[0], rate=f"{highest:.1%}")
    rows = [
        [
            say("lessons.offers.quote", lang, n=n),
            f"{one['nominal']:.1%}",
            f"{one['effective']:.1%}",
            f"{one['cost']:,.2f}",
            f"{one['most']:,.2f}",
        ]
        for n, one in enumerate(found, 1)
    ]
    head = heads("lessons.offers.table", lang)
    return {
        "top": [words("lead", lead)],
        "beside": [words("table", lead, head, rows, [say("lessons.offers.note", lang)])],
    }


def budget() -> Panel:
    """What a month leaves: with the new loan, and with less income."""
    unit = both("lessons.yuan_unit")
    first = {"income": 6000, "needs": 4200, "debts": 600, "payment": 900, "cushion": 3000}
    fields = [
        number(name, both(f"lessons.budget.{name}"), value, 0, 1_000_000, unit=unit) for name, value in first.items()
    ]
    return Panel(fields, _draw_budget, name="budget")


def _draw_budget(values: Mapping[str, Any], lang: str) -> list[Words]:
    income, needs, debts, payment = (values[name] for name in ("income", "needs", "debts", "payment"))
    token = Loan.of({"principal": 1, "months": 1, "method": "bullet", "drawn": DRAWN, "daily_rate": "0"})
    fall = affordability(Budget(income, needs, debts), token).income_fall
    now = affordability(Budget(income, needs, debts + payment, values["cushion"]), token).before
    less = affordability(Budget(round(income * (1 - fall), 2), needs, debts + payment, values["cushion"]), token).before
    most = affordability(Budget(income, needs, debts), token).before.left
    said = [_left("left", "missing", now, lang), _left("stress", "stress_missing", less, lang)]
    if now.burden is not None:
        said.append(say("lessons.budget.ratio", lang, ratio=f"{now.burden:.0%}"))
    said.append(say("lessons.budget.most", lang, most=f"{max(most, 0):,.0f}"))
    return [words("month", said[0], said[1:])]


def _left(enough: str, short: str, month: Any, lang: str) -> str:
    if month.left >= 0:
        return say(f"lessons.budget.{enough}", lang, left=f"{month.left:,.0f}")
    months = f"{month.lasts:.1f}" if month.lasts is not None else "0"
    return say(f"lessons.budget.{short}", lang, missing=f"{-month.left:,.0f}", months=months)


def record_dates() -> Panel:
    """When a bad mark ends, and the deadlines on the way."""
    fields = [
        day("overdue", both("lessons.record.overdue"), "2026-06-10"),
        day("settled", both("lessons.record.settled"), "2026-12-01", optional=True),
        number(
            "amount",
            both("lessons.record.amount"),
            3000,
            0,
            10_000_000,
            whole=False,
            above=True,
            unit=both("lessons.yuan_unit"),
        ),
    ]
    return Panel(fields, _draw_record, name="record")


def _draw_record(values: Mapping[str, Any], lang: str) -> list[Words]:
    if not values["overdue"]:
        raise CaseError(Problem("date", "overdue", {"value": "–"}))
    found = record(values["overdue"], values["settled"], f"{values['amount']:.2f}", as_of=AS_OF)
    marks = [
        {
            "on": mark.on.isoformat() if mark.on else "",
            "short": mark.statement["short"][lang],
            "text": mark.text(lang),
            "statement": mark.statement,
        }
        for mark in found.marks
    ]
    return [words("marks", say("lessons.record.as_of", lang, date=AS_OF), marks, lang, cites(lang))]
