"""Before one borrows, and after: offers side by side, what a month leaves, and when a bad mark ends (article ¶16, ¶18)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from jiebei_lib.core.knowledge.problems import CaseError, Phrase, Problem
from jiebei_lib.money.loan import Loan
from jiebei_lib.money.loan_fields import FIELDS
from jiebei_lib.money.plan import schedule
from jiebei_lib.money.rates import rates
from jiebei_lib.page.figure import INK, NEITHER, Figure, axis, layout
from jiebei_lib.page.marks import bar, beside, down, labels_above, plain_rows, sentences
from jiebei_lib.page.text import heads, say
from jiebei_lib.show.lessons.words import words
from jiebei_lib.show.money.panel import affordable, credit_record
from jiebei_lib.show.widget.fields import Field, both, choice, group, number
from jiebei_lib.show.widget.panel import Panel

DRAWN = date(2026, 1, 15)  # any day will do: rates per day count 365 days a year
PER = ("daily", "monthly", "yearly", "yuan_a_day", "flat_fee")
# The most that a loan may have, in the unit of each way of quoting: per cent, or yuan a day for 10,000.
MOST = {
    name: 100 * FIELDS[f"{unit}_rate"]["maximum"]
    for name, unit in (("daily", "daily"), ("monthly", "monthly"), ("yearly", "annual"))
}
MOST["yuan_a_day"] = 100 * MOST["daily"]
# The invented offers that the lesson begins with: how quoted, figure, fee taken first.
FIRST = (("yuan_a_day", 6.0, 0), ("monthly", 1.4, 0), ("flat_fee", 0.9, 0))


def offers() -> Panel:
    """Three quotations put into one unit: the true yearly cost."""
    methods = {
        name: FIELDS["method"]["labels"][name] for name in ("equal_instalment", "equal_principal", "interest_first")
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
            number(f"figure_{n}", both("lessons.offers.figure", n=n), figure, 0, 100, whole=False),
            number(f"fee_{n}", both("lessons.offers.fee", n=n), fee, 0, 100_000, whole=False),
        ],
        note=both("lessons.offers.percent_note") if n == 1 else None,
    )


def _loan(values: Mapping[str, Any], n: int) -> Loan:
    """An offer as a loan. A fee on the first principal is a fee at each instalment of a loan without interest."""
    per, figure = values[f"per_{n}"], values[f"figure_{n}"]
    _within(f"figure_{n}", figure, MOST.get(per, 100))
    _within(f"fee_{n}", values[f"fee_{n}"], values["amount"])
    rate = {"daily": ("daily_rate", figure / 100), "monthly": ("monthly_rate", figure / 100)}.get(per)
    rate = rate or {"yearly": ("annual_rate", figure / 100), "yuan_a_day": ("daily_rate", figure / 10_000)}.get(per)
    name, value = rate or ("annual_rate", 0)
    fee = round(values["amount"] * figure / 100, 2) if per == "flat_fee" else 0
    given = {"principal": values["amount"], "months": values["months"], "method": values["method"], "drawn": DRAWN}
    fees = {"instalment_fee": f"{fee:.2f}", "upfront_fee": f"{values[f'fee_{n}']:.2f}"}
    return Loan.of(
        {**given, **fees, name: f"{value:.10f}".rstrip("0").rstrip(".") or "0"}, say("lessons.offers.quote", "en", n=n)
    )


def _within(name: str, value: float, most: float) -> None:
    """A figure within what its own way of quoting allows, in its own unit. Raises :class:`CaseError` that names the control."""
    if value > most:
        allowed = Phrase("number", {"low": 0, "high": f"{most:,.10g}"})
        raise CaseError(Problem("invalid", name, {"value": f"{value:,.10g}", "allowed": allowed}))


def compared(values: Mapping[str, Any]) -> list[dict[str, Any]]:
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


def _draw_offers(values: Mapping[str, Any], lang: str) -> dict[str, list[Any]]:
    costs = compared(values)
    highest = max(one["nominal"] for one in costs)
    dearest = [n for n, one in enumerate(costs, 1) if one["nominal"] > highest - 5e-5]
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
        for n, one in enumerate(costs, 1)
    ]
    head = heads("lessons.offers.table", lang)
    return {
        "top": [words("lead", lead)],
        "beside": [
            _picture(values, [one["nominal"] for one in costs], dearest, head, rows, lang),
            words("table", lead, head, rows, [say("lessons.offers.note", lang)]),
        ],
    }


def _picture(
    values: Mapping[str, Any], rates: list[float], dearest: list[int], head: list[str], rows: list[list[str]], lang: str
) -> Figure:
    """The yearly cost of each offer as a bar, above it the figure as it was quoted; the dearest in black.

    ``rates``: nominal, fractions a year; ``dearest``: the numbers of the offers with the highest.
    """
    numbers = range(1, len(rates) + 1)
    places = down(len(rates))
    quoted = [
        say(
            "lessons.offers.said",
            lang,
            n=n,
            per=say(f"lessons.offers.{values[f'per_{n}']}", lang),
            figure=f"{values[f'figure_{n}']:g}" + ("" if values[f"per_{n}"] == "yuan_a_day" else "%"),
        )
        for n in numbers
    ]
    key = "title" if len(dearest) == 1 else "title_equal"
    most = max(rates) or 0.01
    plan = layout(say(f"lessons.offers.{key}", lang, n=dearest[0], rate=f"{max(rates):.1%}"), 110 + 74 * len(rates))
    plan |= {
        "xaxis": axis(say("lessons.offers.axis", lang)) | {"range": [0, 1.25 * most], "tickformat": ".0%", "nticks": 5},
        "yaxis": plain_rows(len(rates)),
        "annotations": labels_above(quoted, dearest[0] - 1 if len(dearest) == 1 else None),
    }
    bars = [
        bar([at], [rate], INK if n in dearest else NEITHER) for n, at, rate in zip(numbers, places, rates, strict=True)
    ]
    ends = beside(rates, places, [f"{rate:.1%}" for rate in rates], 1.25 * most)
    told = [
        say("lessons.offers.alt_row", lang, n=n, rate=f"{rate:.1%}") for n, rate in zip(numbers, rates, strict=True)
    ]
    alt = say("lessons.offers.alt", lang, rows=sentences(told, lang))
    return Figure("offers", [*bars, ends], plan, alt, say("lessons.offers.caption", lang), head, rows)


def budget() -> Panel:
    """What a month leaves: with the new loan, and with less income."""
    return affordable(income=6000, spending=4200, other_debts=600, savings=3000, payment=900)


def record_dates() -> Panel:
    """When a bad mark ends, and the deadlines on the way."""
    return credit_record("2026-06-10", "2026-12-01", 3000)
