"""Ways out after falling behind (article ¶20): what each costs, when it ends, what it does to a call and to the credit record.

All start on the same day from the same arrears; instalments that fall due later are taken to be paid on time, except by waiting.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from jiebei_lib.core.case import Case
from jiebei_lib.core.knowledge.problems import CaseError, Phrase, Problem, shown
from jiebei_lib.core.policy import Policy, load_policy
from jiebei_lib.core.scoring.score import VERDICTS, score_cases
from jiebei_lib.money.arrears import owed, today, waiting
from jiebei_lib.money.loan import FIELDS, Loan, months_after
from jiebei_lib.money.plan import cents, schedule, yuan
from jiebei_lib.money.record import ends

# How the borrower has communicated some weeks into each way out; None: nothing is overdue with this lender any more.
COMMUNICATION = {"pay_today": None, "instalments": "repaying", "borrow": None, "wait": "silent"}

DEEPENS = ("borrow", "wait")  # nobody is advised into these without being told so


@dataclass(frozen=True, slots=True)
class Way:
    """One way out. Sums in yuan: ``extra`` is what it costs beyond paying everything overdue today, ``total`` all that is paid.

    ``call``: verdict, low, high and share of the likelihood ``look_ahead`` days on, None where nothing is overdue then.
    ``deepens``: the debt becomes larger than it is today, or is only moved elsewhere at a price.
    """

    id: str
    today: Decimal
    monthly: Decimal
    last: Decimal
    total: Decimal
    extra: Decimal
    settled: date
    debt_free: date
    record_ends: date
    deepens: bool
    call: dict[str, Any] | None


def ways(
    loan: Loan,
    on: date | None = None,
    months: int | None = None,
    elsewhere: float | None = None,
    case: Case | None = None,
    policy: Policy | str = "article",
) -> list[Way]:
    """Pay today, by instalments over ``months``, borrow ``elsewhere`` (a yearly rate), or wait as long. ``case``: what else is known."""
    policy, on = load_policy(policy), on or today(loan)
    months = int(policy.value("cost.plan_months")) if months is None else months
    if isinstance(months, bool) or not isinstance(months, int) or not 1 <= months <= 60:
        slots = {"value": shown(months), "allowed": Phrase("integer", {"low": 1, "high": 60})}
        raise CaseError(Problem("invalid", "months", slots))
    rate = policy.value("cost.elsewhere_rate") if elsewhere is None else elsewhere
    now, end = owed(loan, on), months_after(on, months)
    if now.total < FIELDS["principal"]["minimum"]:
        raise CaseError(Problem("nothing_owed", "on", {"value": on}))
    debt = now.total
    zero = Decimal("0.00")
    monthly, last = instalments(loan, on, months)
    extra = monthly * (months - 1) + last - debt
    other = schedule(Loan(principal=debt, annual_rate=rate, months=months, method="equal_instalment", drawn=on))
    interest = sum((row.interest for row in other), zero)
    cost = waiting(loan, (end - on).days, on).cost
    found = [
        ("pay_today", debt, zero, zero, zero, on, on, loan),
        ("instalments", zero, monthly, last, extra, end, end, paying_on(loan, on, months, monthly, last)),
        ("borrow", zero, other[0].payment, other[-1].payment, interest, on, other[-1].due, loan),
        ("wait", zero, zero, debt + cost, cost, end, end, loan),
    ]
    return [
        Way(
            name,
            first,
            month,
            final,
            debt + more,
            more,
            settled,
            free,
            ends(settled, policy),
            name in DEEPENS and more > 0,
            _call(name, then, on, case, policy),
        )
        for name, first, month, final, more, settled, free, then in found
    ]


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
    facts = {
        "days_overdue": later.days_overdue,
        "amount_overdue": float(later.total),
        "communication": COMMUNICATION[name],
    }
    scores = score_cases([case.replace(**facts) if case else Case(**facts)], policy)
    return {
        "verdict": VERDICTS[int(scores.verdict[0])],
        "low": float(scores.low[0]),
        "high": float(scores.high[0]),
        "share": float(scores.share[0]),
    }
