"""Rates that a person can compare: what a loan costs per year all told, and the lines that courts and regulators have drawn.

Rates are fractions: 0.18 is 18%. "Nominal" is simple (a month's rate times twelve), "effective" is compounded.
"""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from jiebei_lib.core.knowledge.problems import CaseError, Phrase, Problem, shown
from jiebei_lib.core.policy import Policy, binds, in_force, load_policy
from jiebei_lib.money.loan import Loan, months_after, whole_months
from jiebei_lib.money.loan_fields import as_date
from jiebei_lib.money.plan import Instalment, schedule

MONTHS = 12
LEAST, MOST = -0.99, 1e6  # a rate is looked for between these; nobody means a higher one
GRID = 4000  # steps, in powers of 1 + rate, in which several rates that fit the same flows are looked for


@dataclass(frozen=True, slots=True)
class Rates:
    """A loan's rates per year. ``nominal_annual``: the contract's, simple. The other two count every fee of normal performance."""

    nominal_annual: float
    all_in_annual: float
    effective_annual: float


@dataclass(frozen=True, slots=True)
class Against:
    """How a loan's all-in rate stands against one line: ``rate`` is the line on the day the loan was drawn, None if not known then.
    ``binds``: whether the line is for this kind of lender, None if the lender is not known and it matters."""

    id: str
    rate: float | None
    in_force: bool
    above: bool | None
    statement: dict[str, Any]
    binds: bool | None = None


def rates(loan: Loan) -> Rates:
    """The rates of a loan that is paid as agreed."""
    plan = schedule(loan)
    advanced = float(loan.principal - loan.upfront_fee)
    payments = [float(row.payment + row.fee) for row in plan]
    return Rates(
        nominal_annual=float(loan.annual),
        all_in_annual=nominal_annual_rate(advanced, payments, unit_periods(loan, plan), MONTHS),
        effective_annual=effective_annual_rate(flows(loan, plan)),
    )


def flows(loan: Loan, plan: Sequence[Instalment] | None = None) -> list[tuple[date, float]]:
    """What the borrower receives (+) and pays (-), by date, in yuan."""
    paid = [(row.due, -float(row.payment + row.fee)) for row in plan or schedule(loan)]
    return [(loan.drawn, float(loan.principal - loan.upfront_fee)), *paid]


def unit_periods(loan: Loan, plan: Sequence[Instalment]) -> list[float]:
    """When each instalment is due in months after the loan was drawn; the odd days of a first period as thirtieths of a month.

    Whole months are counted back from the first due date, the days that remain are the fraction (Regulation Z, appendix J). A month
    that ends with a shorter one (30 January to 28 February) is whole.
    """
    later = loan.months - 1 if loan.method == "bullet" else 0
    apart = whole_months(loan.drawn, loan.first_due)
    if apart:
        return [float(apart + later + n) for n in range(len(plan))]
    whole = 0
    while months_after(loan.first_due, -(whole + 1)) >= loan.drawn:
        whole += 1
    odd = (months_after(loan.first_due, -whole) - loan.drawn).days
    return [whole + odd / 30 + later + n for n in range(len(plan))]


def effective_annual_rate(flows: Iterable[tuple[date | str, float]]) -> float:
    """The compounded yearly rate of dated flows (date, amount; received and paid with opposite signs), actual/365.

    The rate at which all flows, discounted to the first date, sum to nothing. Raises :class:`CaseError` if there is none, or only one
    that nobody can mean (a million times what was lent, from flows within a day). Where several fit, as they may if the sign of the
    flows changes more than once, it is the one nearest to zero, with a warning that names them all.
    """
    import pyxirr

    dated = [_flow(n, *flow) for n, flow in enumerate(flows, 1)]
    amounts = [amount for _, amount in dated]
    if not (min(amounts, default=0) < 0 < max(amounts, default=0) and all(map(math.isfinite, amounts))):
        raise CaseError(Problem("invalid", "flows", {"value": shown(amounts), "allowed": Phrase("both_signs")}))
    if len({day for day, _ in dated}) < 2:
        raise CaseError(Problem("invalid", "flows", {"value": dated[0][0], "allowed": Phrase("two_dates")}))
    several = _fitting(dated)
    found = min(several, key=lambda rate: abs(math.log1p(rate))) if several else None
    if found is None:
        found = pyxirr.xirr([day for day, _ in dated], amounts)
    if found is None or not math.isfinite(found):
        raise CaseError(Problem("no_rate", "flows", {"value": shown(amounts)}))
    if found > MOST:
        raise CaseError(Problem("rate_absurd", "flows", {"value": f"{found:.3g}"}))
    if len(several) > 1:
        named = ", ".join(f"{100 * rate:.4f}%" for rate in several)
        said = Problem("several_rates", "flows", {"value": named, "taken": f"{100 * found:.4f}%"})
        warnings.warn(said.say("en"), stacklevel=2)
    return found


def _fitting(flows: Sequence[tuple[date, float]]) -> list[float]:
    """Every yearly rate that fits flows whose sign changes more than once, the lowest first; empty where it changes once: one fits then."""
    dated = sorted((day, amount) for day, amount in flows if amount)
    signs = [amount > 0 for _, amount in dated]
    if sum(a != b for a, b in itertools.pairwise(signs)) < 2:
        return []
    times = [((day - dated[0][0]).days / 365, amount) for day, amount in dated]
    low, high = math.log1p(LEAST), math.log1p(MOST)

    def worth(power: float) -> float:
        """By rising powers of 1 + rate; scaled by the latest flow, so that nothing overflows at rates far below zero."""
        last = times[-1][0] if power < 0 else 0.0
        return sum(amount * math.exp(power * (last - time)) for time, amount in times)

    marks = [low + (high - low) * n / GRID for n in range(GRID + 1)]
    values = [worth(mark) for mark in marks]
    found = []
    for (a, b), (va, vb) in zip(itertools.pairwise(marks), itertools.pairwise(values), strict=True):
        if va == 0 or va * vb < 0:
            root = a if va == 0 else _root(worth if va > 0 else lambda power: -worth(power), a, b)
            found.append(math.expm1(root))
    return found


def _flow(n: int, day: date | str, amount: float) -> tuple[date, float]:
    try:
        day = as_date(day)
    except ValueError:
        raise CaseError(Problem("date", f"flows {n}", {"value": shown(day)})) from None
    try:
        return day, float(amount)
    except (TypeError, ValueError):
        slots = {"value": shown(amount), "allowed": Phrase("number_any")}
        raise CaseError(Problem("invalid", f"flows {n}", slots)) from None


def nominal_annual_rate(
    amount_advanced: float, payments: Sequence[float], unit_periods: float | Sequence[float], per_year: float
) -> float:
    """The nominal yearly rate by the actuarial method of Regulation Z, appendix J: the unit period's rate times ``per_year``.

    ``unit_periods``: when each payment is made, in unit periods after the advance (or only the first: the others follow one by
    one). t whole ones and a fraction f discount a payment by (1 + f i)(1 + i)^t. Raises :class:`CaseError` if there is no rate.
    """
    times = [unit_periods + n for n in range(len(payments))] if isinstance(unit_periods, int | float) else unit_periods
    amount, paid = float(amount_advanced), [float(payment) for payment in payments]
    _check_advance(amount, paid, times, per_year)
    split = [_split(float(time)) for time in times]

    def missing(i: float) -> float:
        return sum(p / ((1 + f * i) * (1 + i) ** t) for p, (t, f) in zip(paid, split, strict=True)) - amount

    if missing(0) == 0:
        return 0.0
    low, high = (0.0, 1.0) if missing(0) > 0 else (LEAST, 0.0)
    while missing(high) > 0 and high < MOST:
        low, high = high, 10 * high
    if missing(low) * missing(high) > 0:
        raise CaseError(Problem("no_rate", "payments", {"value": shown(paid)}))
    return per_year * _root(missing, low, high)


def _root(falling: Callable[[float], float], low: float, high: float) -> float:
    """Where a falling function crosses zero, to the last bit, by halving: it cannot fail, and importing scipy would take far longer."""
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if falling(middle) > 0 else (low, middle)
    return middle


def _split(time: float) -> tuple[int, float]:
    """Whole unit periods and the fraction; what floats leave of a whole one is not a fraction."""
    whole = math.floor(time + 1e-9)
    return whole, max(0.0, time - whole)


def _check_advance(amount: float, paid: list[float], times: Sequence[float], per_year: float) -> None:
    for name, value, fine in (
        ("amount_advanced", amount, math.isfinite(amount) and amount > 0),
        ("per_year", per_year, math.isfinite(per_year) and per_year > 0),
    ):
        if not fine:
            raise CaseError(Problem("invalid", name, {"value": shown(value), "allowed": Phrase("number_positive")}))
    if not paid or not all(math.isfinite(value) and value >= 0 for value in paid) or not any(paid):
        negative = any(value < 0 for value in paid)
        slots = {"value": shown(paid), "allowed": Phrase("payments_positive")}
        meant = shown([abs(value) for value in paid])
        problem = (
            Problem("invalid_meant", "payments", slots | {"meant": meant})
            if negative
            else Problem("invalid", "payments", slots)
        )
        raise CaseError(problem)
    if len(times) != len(paid) or not all(math.isfinite(time) and time >= 0 for time in times):
        slots = {"value": shown(list(times)), "allowed": Phrase("one_time_each", {"number": len(paid)})}
        raise CaseError(Problem("invalid", "unit_periods", slots))


def against_lines(
    all_in_annual: float, drawn: date, policy: Policy | str = "article", lender: str | None = None
) -> list[Against]:
    """Where an all-in rate stands against each line of cost.yaml, on the day the loan was drawn; the lowest line first.

    Compared to a hundredth of a per cent, so that cents rounded in the schedule do not lift a loan over a line.
    """
    policy, day, out = load_policy(policy), drawn.isoformat(), []
    for name, line in policy.data["cost"]["lines"].items():
        rate = line_on(line, policy, day)
        above = None if rate is None else round(all_in_annual, 4) > rate
        out.append(Against(name, rate, in_force(line, day), above, line, binds(line, lender)))
    return sorted(out, key=lambda found: (found.rate is None, found.rate or 0))


def line_on(line: dict[str, Any], policy: Policy, day: str) -> float | None:
    """A line's yearly rate on a day: fixed, or a multiple of the one-year loan prime rate then; None before that is known."""
    if "value" in line:
        return float(line["value"])
    known = policy.data["cost"]["lpr_1y"]["values"]
    if day < known[0]["from"]:
        return None
    return round(float(line["times_lpr"]) * policy.value("cost.lpr_1y", day), 6)
