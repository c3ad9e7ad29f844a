"""The contract's instalments, to the cent. Money inside is whole cents (int), rates are exact fractions.

Rounding, as cost.yaml states it: each period's interest to the nearest cent, half a cent up; the level payment likewise; the
last instalment takes what rounding left over, so the principal parts sum to the principal exactly.
"""

from __future__ import annotations

import calendar
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from jiebei_lib.money.loan import Loan, whole_months


@dataclass(frozen=True, slots=True)
class Instalment:
    """One payment of the contract, in yuan. ``balance``: the principal left after it. ``fee`` comes on top of ``payment``."""

    n: int
    due: date
    principal: Decimal
    interest: Decimal
    payment: Decimal
    balance: Decimal
    fee: Decimal


@dataclass(frozen=True, slots=True)
class Share:
    """An instalment's parts in cents."""

    due: date
    principal: int
    interest: int


def schedule(loan: Loan) -> list[Instalment]:
    """All instalments as agreed, in order. Their principal sums to the loan's to the cent (article ¶2)."""
    balance, out = cents(loan.principal), []
    for n, share in enumerate(shares(loan), 1):
        balance -= share.principal
        principal, interest = yuan(share.principal), yuan(share.interest)
        payment = yuan(share.principal + share.interest)
        out.append(Instalment(n, share.due, principal, interest, payment, yuan(balance), loan.instalment_fee))
    return out


def shares(loan: Loan) -> list[Share]:
    """The instalments in cents, as agreed when the loan was drawn."""
    return planned(loan, cents(loan.principal))


def planned(loan: Loan, balance: int, after: int = 0) -> list[Share]:
    """The instalments after number ``after`` that repay ``balance`` cents."""
    dues = [loan.due(n) for n in range(after + 1, loan.instalments + 1)]
    rates = [loan.annual * length for length in periods(loan, after)]
    level = level_payment(balance, rates) if loan.method == "equal_instalment" else 0
    part = half_up(Fraction(balance, len(dues))) if loan.method == "equal_principal" else 0
    out = []
    for n, (due, rate) in enumerate(zip(dues, rates, strict=True), 1):
        interest = half_up(balance * rate)
        principal = {"equal_instalment": level - interest, "equal_principal": part}.get(loan.method, 0)
        principal = balance if n == len(dues) else max(0, min(principal, balance))
        balance -= principal
        out.append(Share(due, principal, interest))
    return out


def level_payment(balance: int, rates: Sequence[Fraction]) -> int:
    """The equal payment in cents: what is lent is the payments' value at the contract rate."""
    worth, factor = Fraction(0), Fraction(1)
    if len(set(rates)) == 1 and rates[0]:  # the annuity in closed form: the same number, without sixty long fractions
        worth = (1 - 1 / (1 + rates[0]) ** len(rates)) / rates[0]
    else:
        for rate in rates:
            factor /= 1 + rate
            worth += factor
    return half_up(balance / worth)


def periods(loan: Loan, after: int = 0) -> list[Fraction]:
    """The lengths in years of the periods that end with each instalment after number ``after``."""
    times = [_time(loan, n) for n in range(after, loan.instalments + 1)]
    return [later - earlier for earlier, later in itertools.pairwise(times)]


def _time(loan: Loan, n: int) -> Fraction:
    """From the day the loan was drawn to instalment ``n``, in years. Months of thirty days are whole, also around February."""
    if n == 0:
        return Fraction(0)
    if loan.day_count != "30/360":
        return year_fraction(loan.drawn, loan.due(n), loan.day_count)
    months = loan.months if loan.method == "bullet" else n
    whole = whole_months(loan.drawn, loan.first_due)
    first = Fraction(whole, 12) if whole else year_fraction(loan.drawn, loan.first_due, "30/360")
    return first + Fraction(months - 1, 12)


def year_fraction(start: date, end: date, day_count: str) -> Fraction:
    """The time from ``start`` to ``end`` in years: 30/360 (bond basis), actual/360, actual/365, actual/actual (ISDA)."""
    if day_count == "30/360":
        first = min(start.day, 30)
        last = 30 if end.day == 31 and first == 30 else end.day
        return Fraction(360 * (end.year - start.year) + 30 * (end.month - start.month) + last - first, 360)
    if day_count == "actual/actual":
        whole = Fraction(0)
        for year in range(start.year, end.year + 1):
            low, high = max(start, date(year, 1, 1)), min(end, date(year + 1, 1, 1))
            whole += Fraction((high - low).days, 366 if calendar.isleap(year) else 365)
        return whole
    return Fraction((end - start).days, int(day_count.removeprefix("actual/")))


def half_up(exact: Fraction) -> int:
    """To the nearest whole cent, half a cent up."""
    return math.floor(exact + Fraction(1, 2))


def cents(yuan: Decimal) -> int:
    return int(yuan * 100)


def yuan(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)
