"""What is owed on a day, and what waiting adds (article ¶17). Whole cents and whole days inside, so that nothing is rounded twice.

Penalty interest is counted as cent-days: overdue cents times the days they were overdue. One multiplication by the rate, rounded
to the cent, gives the penalty of any day. That is why splitting a range of days adds up, and why a payment of x lowers what is
owed by x and by what the paid sum would still have cost.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import overload

from jiebei_lib.core.knowledge.problems import CaseError, Phrase, Problem, shown
from jiebei_lib.core.policy import Policy
from jiebei_lib.money.loan import Loan
from jiebei_lib.money.loan_fields import as_date
from jiebei_lib.money.plan import cents, half_up, planned, shares, year_fraction, yuan

WAITS = (0, 7, 30, 90)  # days: how far ahead is shown where nothing else is asked


@dataclass(frozen=True, slots=True)
class Owed:
    """What has fallen due and is unpaid on a day, in yuan, split in parts.

    ``not_due``: principal that is not due yet. ``settle``: what would end the whole loan that day, interest to that day included.
    """

    on: date
    days_overdue: int
    instalments: int
    principal: Decimal
    interest: Decimal
    penalty: Decimal
    fees: Decimal
    total: Decimal
    not_due: Decimal
    settle: Decimal


@dataclass(frozen=True, slots=True)
class Wait:
    """The same some days later, in yuan. ``added``: what ``fell_due`` meanwhile, plus what waiting costs, less what was paid."""

    days: int
    on: date
    total: Decimal
    added: Decimal
    fell_due: Decimal
    cost: Decimal
    paid: Decimal


def owed(loan: Loan, on: date | str) -> Owed:
    """What is owed on a day if nothing is paid but what the loan says. A payment of that day counts."""
    return _Book(loan).until(_day(on, loan)).owed()


def owed_by_day(loan: Loan, first: date, days: Iterable[int]) -> list[Owed]:
    """What is owed so many days after ``first``, for rising numbers of days: one pass through the lender's book."""
    book = _Book(loan)
    return [book.until(first + timedelta(number)).owed() for number in days]


@overload
def waiting(loan: Loan, days: int, on: date | str | None = None) -> Wait: ...
@overload
def waiting(loan: Loan, days: Iterable[int], on: date | str | None = None) -> list[Wait]: ...
def waiting(loan: Loan, days: int | Iterable[int], on: date | str | None = None) -> Wait | list[Wait]:
    """What waiting from ``on`` for some days costs; for several numbers of days, a list. ``on``: today, if a payment was missed by then."""
    if isinstance(days, int):
        return waiting(loan, [days], on)[0]
    days, first = list(days), today(loan) if on is None else _day(on, loan)
    for number in days:
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= 3650:
            slots = {"value": shown(number), "allowed": Phrase("integer", {"low": 0, "high": 3650})}
            raise CaseError(Problem("invalid", "days", slots))
    book, found = _Book(loan).until(first), {}
    now, billed, paid = book.owed(), book.billed, book.paid
    for number in sorted(set(days)):
        later = book.until(first + timedelta(number)).owed()
        added, fell_due, meanwhile = later.total - now.total, yuan(book.billed - billed), yuan(book.paid - paid)
        found[number] = Wait(number, later.on, later.total, added, fell_due, added - fell_due + meanwhile, meanwhile)
    return [found[number] for number in days]


def penalty_range(amount: Decimal | float, days: int, policy: Policy) -> tuple[Decimal, Decimal]:
    """Least and most that waiting ``days`` adds to ``amount`` yuan of overdue principal, over the daily rates that pages report."""
    sum_, multiple = half_up(Fraction(str(amount)) * 100), Fraction(str(policy.value("cost.penalty_multiple")))
    ends = (Fraction(str(policy.value(f"cost.daily_rate_{end}"))) for end in ("low", "high"))
    low, high = (yuan(half_up(sum_ * rate * multiple * days)) for rate in ends)
    return low, high


def today(loan: Loan, now: date | None = None) -> date:
    """Today, or the first missed due date if that is still ahead."""
    return max(now or date.today(), loan.due(loan.missed_from))


def paying(loan: Loan, amount: Decimal | int | str, on: date | str) -> Loan:
    """The same loan with one more payment."""
    return loan.replace(payments=[*map(asdict, loan.payments), {"on": on, "amount": amount}])


def _day(given: date | str, loan: Loan) -> date:
    """A day on or after the one on which the loan was drawn."""
    try:
        day = as_date(given)
    except ValueError:
        raise CaseError(Problem("date", "on", {"value": shown(given)})) from None
    if day < loan.drawn:
        raise CaseError(Problem("invalid", "on", {"value": day, "allowed": Phrase("date_from", {"first": loan.drawn})}))
    return day


@dataclass(slots=True)
class _Missed:
    """An instalment that fell due and was not paid: cents still unpaid, and until when only ordinary interest runs."""

    due: date
    grace_ends: date
    principal: int
    interest: int
    fees: int
    late: bool


class _Book:
    """The lender's book of one loan, moved forward day by day: instalments fall due, interest runs, payments come in."""

    def __init__(self, loan: Loan):
        self.loan, self.clock = loan, loan.drawn
        self.left = shares(loan)  # instalments not due yet
        self.number = 0  # of the last instalment that fell due
        self.start = loan.drawn  # of the running period
        self.balance = cents(loan.principal)  # principal not due yet
        self.missed: list[_Missed] = []
        self.ordinary = self.penal = 0  # cent-days at the contract rate and at the penalty rate
        self.ordinary_paid = self.penal_paid = 0  # cents
        self.billed = self.paid = self.surplus = 0  # cents since the start
        self.payments = list(loan.payments)
        self.daily = loan.per_day
        self.penal_daily = self.daily * Fraction(loan.penalty_multiple)

    def until(self, day: date) -> _Book:
        """Everything up to and including ``day``: instalments first, then the calling in of the loan, then payments."""
        while True:
            events = [(self.left[0].due, 0)] if self.left else []
            if self.loan.accelerated and self.left:
                events.append((self.loan.accelerated, 1))
            if self.payments:
                events.append((self.payments[0].on, 2))
            if not events or min(events)[0] > day:
                self._run(day)
                return self
            on, kind = min(events)
            self._run(on)
            (self._fall_due, self._call_in, self._pay)[kind](on)

    def _run(self, day: date) -> None:
        """Interest from the clock to ``day`` on what is overdue."""
        for entry in self.missed:
            penal = max(0, (day - max(self.clock, entry.grace_ends)).days)
            bearing = entry.interest if self.loan.compound else 0
            self.penal += penal * (entry.principal + bearing)
            self.ordinary += ((day - self.clock).days - penal) * entry.principal
            if penal and not entry.late and entry.principal + entry.interest:
                entry.late, entry.fees = True, entry.fees + cents(self.loan.late_fee)
        self.clock = max(self.clock, day)

    def _fall_due(self, on: date) -> None:
        share = self.left.pop(0)
        self.number, self.start, self.balance = self.number + 1, on, self.balance - share.principal
        if self.number >= self.loan.missed_from:
            grace = timedelta(self.loan.grace_days)
            self._miss(_Missed(on, on + grace, share.principal, share.interest, cents(self.loan.instalment_fee), False))

    def _call_in(self, on: date) -> None:
        interest = half_up(self.balance * self._rate(on))
        self._miss(_Missed(on, on, self.balance, interest, 0, True))
        self.left, self.balance = [], 0

    def _miss(self, entry: _Missed) -> None:
        self.missed.append(entry)
        self.billed += entry.principal + entry.interest + entry.fees

    def _pay(self, on: date) -> None:
        """One payment: to what is overdue in the agreed order, oldest first; the rest repays early."""
        rest = cents(self.payments.pop(0).amount)
        for part in self.loan.order:
            used = min(rest, self._parts()[part])
            self._take(part, used)
            rest -= used
            self.paid += used
        if rest and self.balance:
            rest = self._repay_early(rest, on)
        self.surplus += rest

    def _take(self, part: str, used: int) -> None:
        if part == "penalty":
            self.penal_paid += used
            return
        for entry in self.missed:
            here = min(used, getattr(entry, part))
            setattr(entry, part, getattr(entry, part) - here)
            used -= here
        if part == "interest":
            self.ordinary_paid += used

    def _repay_early(self, rest: int, on: date) -> int:
        """Principal that is not due yet, with the interest to that day on what is repaid; later instalments are worked out anew."""
        rate = self._rate(on)
        if rest >= self.balance + half_up(self.balance * rate):
            rest -= self.balance + half_up(self.balance * rate)
            self.left, self.balance = [], 0
            return rest
        self.balance -= min(self.balance, half_up(rest / (1 + rate)))
        self.left = planned(self.loan, self.balance, self.number)
        return 0

    def _rate(self, on: date) -> Fraction:
        """Ordinary interest since the running period began, as a fraction of the principal not due yet."""
        return self.loan.annual * year_fraction(self.start, on, self.loan.day_count)

    def _parts(self) -> dict[str, int]:
        """What is overdue, in cents, by part."""
        sums = {part: sum(getattr(entry, part) for entry in self.missed) for part in ("fees", "interest", "principal")}
        penal = half_up(self.penal * self.penal_daily)
        ordinary = half_up(self.ordinary * self.daily)
        return sums | {"penalty": penal - self.penal_paid, "interest": sums["interest"] + ordinary - self.ordinary_paid}

    def owed(self) -> Owed:
        parts = self._parts()
        unpaid = [entry for entry in self.missed if entry.principal + entry.interest + entry.fees]
        total = sum(parts.values())
        running = half_up(self.balance * self._rate(self.clock)) if self.balance else 0
        return Owed(
            on=self.clock,
            days_overdue=(self.clock - unpaid[0].due).days if unpaid else 0,
            instalments=len(unpaid),
            **{part: yuan(amount) for part, amount in parts.items()},
            total=yuan(total),
            not_due=yuan(self.balance),
            settle=yuan(total + self.balance + running),
        )
