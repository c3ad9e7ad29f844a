"""Ways out after falling behind (article ¶20): what each costs, what a month of it needs, what stays owed, what it does to a call and to
the credit record. What deepens the debt stands last, whatever it costs: no arithmetic recommends it.

All start on the same day from the same arrears; instalments that fall due later are taken to be paid on time, except by waiting.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from jiebei_lib.core.case import FIELDS as CASE
from jiebei_lib.core.case import Case
from jiebei_lib.core.knowledge.problems import CaseError, Phrase, Problem, shown
from jiebei_lib.core.policy import Policy, load_policy
from jiebei_lib.core.scoring.score import VERDICTS, score_cases
from jiebei_lib.money.arrears import owed, today, waiting
from jiebei_lib.money.budget import Budget
from jiebei_lib.money.loan import Loan, months_after
from jiebei_lib.money.loan_fields import FIELDS, checked
from jiebei_lib.money.plan import cents, half_up, level_payment, schedule, yuan
from jiebei_lib.money.record import ends

# How the borrower has communicated some weeks into each way out; None: nothing is overdue with this lender any more.
COMMUNICATION = {"pay_today": None, "instalments": "repaying", "borrow": None, "wait": "silent"}

DEEPENS = ("wait", "borrow")  # nobody is advised into these without being told so


@dataclass(frozen=True, slots=True)
class Way:
    """One way out. Sums in yuan: ``extra`` is what it costs beyond paying everything overdue today, ``total`` all that is paid for it.

    ``monthly`` and ``last`` go to the arrears alone; ``need`` is the most that any one month takes with the regular instalments that fall
    due in it. ``arrears_end``: from when nothing is in arrears; ``still_owed``: what of the loan's principal falls due after that.
    ``call``: verdict, low, high and share of the likelihood ``look_ahead`` days on, None where nothing is overdue then.
    ``deepens``: the debt becomes larger than it is today, or is only moved elsewhere. ``rate``: the yearly rate assumed elsewhere.
    ``fits``: whether a budget bears it, None where none was given or nothing is paid.
    """

    id: str
    today: Decimal
    monthly: Decimal
    last: Decimal
    total: Decimal
    extra: Decimal
    need: Decimal
    still_owed: Decimal
    settled: date
    arrears_end: date
    record_ends: date
    deepens: bool
    call: dict[str, Any] | None
    rate: float | None = None
    fits: bool | None = None


def ways(
    loan: Loan,
    on: date | None = None,
    months: int | None = None,
    elsewhere: float | str | None = None,
    case: Case | None = None,
    policy: Policy | str = "article",
    budget: Budget | None = None,
) -> list[Way]:
    """Pay today, by instalments over ``months``, wait as long, or borrow ``elsewhere`` (a yearly rate). ``case``: what else is known;
    ``budget``: what comes in and goes out, other debts included, this loan not."""
    policy, on = load_policy(policy), on or today(loan)
    months = int(policy.value("cost.plan_months")) if months is None else months
    if isinstance(months, bool) or not isinstance(months, int) or not 1 <= months <= 60:
        slots = {"value": shown(months), "allowed": Phrase("integer", {"low": 1, "high": 60})}
        raise CaseError(Problem("invalid", "months", slots))
    rate = _elsewhere(elsewhere, policy)
    now, end = owed(loan, on), months_after(on, months)
    if now.total < FIELDS["principal"]["minimum"]:
        raise CaseError(Problem("nothing_owed", "on", {"value": on}))
    debt = now.total
    zero = Decimal("0.00")
    monthly, last = instalments(loan, on, months)
    extra = monthly * (months - 1) + last - debt
    interest, each = _annuity(debt, rate, months)
    cost = waiting(loan, (end - on).days, on).cost
    paid = paying_on(loan, on, months, monthly, last)
    found = [
        ("pay_today", debt, zero, zero, zero, on, on, loan),
        ("instalments", zero, monthly, last, extra, end, end, paid),
        ("wait", zero, zero, debt + cost, cost, end, end, loan),
        ("borrow", zero, each, debt + interest - each * (months - 1), interest, on, end, loan),
    ]
    regular, out = _regular(loan, on, months), []
    for name, first, month, final, more, settled, free, then in found:
        need = zero if name == "wait" else max(due + month for due in regular)
        kept = loan if name == "wait" else paying_on(loan, on, months, zero, zero, free) if free > on else loan
        out.append(
            Way(
                id=name,
                today=first,
                monthly=month,
                last=final,
                total=debt + more,
                extra=more,
                need=need,
                still_owed=owed(kept, free).not_due,
                settled=settled,
                arrears_end=free,
                record_ends=ends(settled, policy),
                deepens=name == "borrow" or (name in DEEPENS and more > 0),
                call=_call(name, then, on, case, policy),
                rate=rate if name == "borrow" else None,
                fits=None if name == "wait" or budget is None else _fits(budget, first, need),
            )
        )
    return out


def _elsewhere(given: float | str | None, policy: Policy) -> float:
    """The yearly rate that borrowing elsewhere is taken to cost. Raises :class:`CaseError`."""
    if given is None:
        return float(policy.value("cost.elsewhere_rate"))
    rate, problems = checked("annual_rate", given, "elsewhere")
    if problems:
        raise CaseError(problems)
    return float(rate)


def _annuity(debt: Decimal, rate: float, months: int) -> tuple[Decimal, Decimal]:
    """The interest of borrowing a sum at a yearly rate and paying it back in equal monthly parts, and each part."""
    parts = [Fraction(str(rate)) / 12] * months
    left, level, interest = cents(debt), level_payment(cents(debt), parts), 0
    for part in parts:
        due = half_up(left * part)
        interest, left = interest + due, left - (level - due)
    return yuan(interest), yuan(level)


def _regular(loan: Loan, on: date, months: int) -> list[Decimal]:
    """What falls due of the loan's own instalments in each of the months after a day, in yuan."""
    if loan.accelerated is not None and loan.accelerated <= on:
        return [Decimal("0.00")]
    ends_of = [months_after(on, n) for n in range(months + 1)]
    rows = [(row.due, row.payment + row.fee) for row in schedule(loan)]
    return [
        sum((amount for due, amount in rows if start < due <= end), Decimal("0.00"))
        for start, end in itertools.pairwise(ends_of)
    ]


def _fits(budget: Budget, first: Decimal, need: Decimal) -> bool:
    """Whether savings and a month's surplus pay what is due today, and each month's surplus its need."""
    return need <= budget.left and first <= budget.savings + max(budget.left, Decimal(0))


def instalments(loan: Loan, on: date, months: int) -> tuple[Decimal, Decimal]:
    """The equal monthly payment, and the last one, that clear today's arrears while penalty goes on running on what is left."""
    end = months_after(on, months)

    def left(monthly: int) -> int:
        """What the last payment must be, in cents, if those before it are ``monthly``."""
        return cents(owed(paying_on(loan, on, months - 1, yuan(monthly), yuan(monthly), end), end).total)

    low, high = 0, cents(owed(loan, end).total)
    while high - low > 1:  # more paid each month never leaves more
        middle = (low + high) // 2
        low, high = (low, middle) if left(middle) <= middle else (middle, high)
    return yuan(high), yuan(left(high))


def paying_on(loan: Loan, on: date, number: int, monthly: Decimal, last: Decimal, until: date | None = None) -> Loan:
    """The loan with ``number`` monthly payments after ``on``, and every instalment that falls due up to ``until`` paid that day."""
    end = until or months_after(on, number)
    paid = [{"on": p.on, "amount": p.amount} for p in loan.payments]
    if loan.accelerated is None or loan.accelerated > end:
        paid += [{"on": row.due, "amount": row.payment + row.fee} for row in schedule(loan) if on < row.due <= end]
    sums = [monthly] * (number - 1) + [last] * min(number, 1)
    paid += [{"on": months_after(on, n), "amount": amount} for n, amount in enumerate(sums, 1) if amount]
    return loan.replace(payments=paid)


def _call(name: str, loan: Loan, on: date, case: Case | None, policy: Policy) -> dict[str, Any] | None:
    """The likelihood of a call to contacts some weeks on, with the borrower's conduct that this way means."""
    later = owed(loan, on + timedelta(int(policy.value("cost.look_ahead"))))
    if COMMUNICATION[name] is None or not later.total:
        return None
    facts: dict[str, Any] = {
        "days_overdue": later.days_overdue,
        "amount_overdue": min(float(later.total), float(CASE["amount_overdue"]["maximum"])),
        "communication": COMMUNICATION[name],
    }
    scores = score_cases([case.replace(**facts) if case else Case(**facts)], policy)
    return {
        "verdict": VERDICTS[int(scores.verdict[0])],
        "low": float(scores.low[0]),
        "high": float(scores.high[0]),
        "share": float(scores.share[0]),
    }
