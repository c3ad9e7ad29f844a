"""The other input: one loan as far as its money goes. Names, limits and defaults of its fields are in loan.yaml."""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jiebei_lib.core.knowledge.problems import CaseError, Phrase, Problem, items, shown
from jiebei_lib.core.knowledge.user_files import read_yaml
from jiebei_lib.core.knowledge.yaml_files import dumped
from jiebei_lib.money.loan_fields import FIELDS, Payment, checked

Number = Decimal | int | float | str
Day = date | str
LEFT_OUT: Any = None  # what loan.yaml says then is filled in
RATES = ("daily_rate", "monthly_rate", "annual_rate")
LONGEST_FIRST_PERIOD = 92  # days; a first due date further off is a typing error


@dataclass(frozen=True, slots=True)
class Loan:
    """A loan, money in yuan, rates as fractions. Raises :class:`CaseError` naming every wrong field and what was probably meant.

    One of ``daily_rate``, ``monthly_rate`` and ``annual_rate``; instalments from ``missed_from`` on were not paid when due.
    """

    principal: Decimal
    months: int
    method: str
    drawn: date
    daily_rate: Decimal | None = None
    monthly_rate: Decimal | None = None
    annual_rate: Decimal | None = None
    day_count: str = LEFT_OUT
    first_due: date = LEFT_OUT
    missed_from: int = LEFT_OUT
    payments: tuple[Payment, ...] = LEFT_OUT
    penalty_multiple: Decimal = LEFT_OUT
    grace_days: int = LEFT_OUT
    compound: bool = LEFT_OUT
    accelerated: date | None = None
    order: tuple[str, ...] = LEFT_OUT
    late_fee: Decimal = LEFT_OUT
    instalment_fee: Decimal = LEFT_OUT
    upfront_fee: Decimal = LEFT_OUT
    loan_id: str = LEFT_OUT
    lender: str | None = None

    if TYPE_CHECKING:  # what the constructor takes: numbers and dates as people write them

        def __init__(
            self, principal: Number, months: int | str, method: str, drawn: Day, daily_rate: Number | None = None,
            monthly_rate: Number | None = None, annual_rate: Number | None = None, day_count: str | None = None,
            first_due: Day | None = None, missed_from: int | str | None = None,
            payments: Sequence[Payment | Mapping[str, Any]] | None = None, penalty_multiple: Number | None = None,
            grace_days: int | str | None = None, compound: bool | str | None = None, accelerated: Day | None = None,
            order: Sequence[str] | None = None, late_fee: Number | None = None, instalment_fee: Number | None = None,
            upfront_fee: Number | None = None, loan_id: str | None = None, lender: str | None = None,
        ) -> None: ...  # fmt: skip

    def __post_init__(self) -> None:
        problems = []
        for field in fields(self):
            value, wrong = checked(field.name, getattr(self, field.name))
            problems += wrong
            object.__setattr__(self, field.name, value)
        problems = problems or list(self._together())
        if problems:
            raise CaseError(problems)

    def _together(self) -> Iterator[Problem]:
        """What is wrong with fields that are each right."""
        given = [name for name in RATES if getattr(self, name) is not None]
        if len(given) != 1:
            yield Problem("one_of", "loan", {"value": ", ".join(given) or "–", "allowed": items(RATES)})
            return
        if self.day_count is None:
            object.__setattr__(self, "day_count", "actual/365" if self.daily_rate is not None else "30/360")
        usual = months_after(self.drawn, 1)
        if self.first_due is None:
            object.__setattr__(self, "first_due", usual)
        elif not self.drawn < self.first_due <= self.drawn + timedelta(LONGEST_FIRST_PERIOD):
            latest = self.drawn + timedelta(LONGEST_FIRST_PERIOD)
            slots = {"value": self.first_due, "allowed": after(self.drawn, latest)}
            if self.first_due < self.drawn:
                yield Problem(
                    "invalid_meant", "first_due", slots | {"meant": f"drawn {self.first_due}, first_due {self.drawn}"}
                )
            else:
                yield Problem("invalid_meant", "first_due", slots | {"meant": usual})
            return
        if self.missed_from > self.instalments:
            most = Phrase("integer", {"low": 1, "high": self.instalments})
            yield Problem("invalid", "missed_from", {"value": self.missed_from, "allowed": most})
            return
        if self.accelerated is not None and self.accelerated < self.due(self.missed_from):
            slots = {"value": self.accelerated, "allowed": after(self.due(self.missed_from))}
            yield Problem("invalid", "accelerated", slots)
        for n, payment in enumerate(self.payments, 1):
            if payment.on < self.drawn:
                yield Problem("invalid", f"payments {n}: on", {"value": payment.on, "allowed": after(self.drawn)})
        if self.upfront_fee >= self.principal:
            most = Phrase("money", {"low": 0, "high": self.principal})
            yield Problem("invalid", "upfront_fee", {"value": self.upfront_fee, "allowed": most})

    @classmethod
    def of(cls, given: Mapping[str, Any], where: str = "loan") -> Loan:
        """A loan from a mapping, such as a YAML file, whose keys and words are those of any language that loan.yaml knows; unknown keys
        are refused, not ignored."""
        if not isinstance(given, Mapping):
            raise CaseError(Problem("invalid", where, {"value": shown(given), "allowed": Phrase("mapping")}))
        facts, problems = FIELDS.keyed(given, where)
        for name in FIELDS:
            problems += checked(name, facts.get(name), f"{where}: {name}")[1]
        if problems:
            raise CaseError(problems)
        return cls(**facts)

    @classmethod
    def read(cls, path: str | Path) -> Loan:
        """A loan from a YAML or JSON file."""
        return cls.of(read_yaml(path, CaseError), Path(path).name)

    @property
    def instalments(self) -> int:
        """How many payments the contract has: one a month, or a single one at the end."""
        return 1 if self.method == "bullet" else self.months

    @property
    def year(self) -> int:
        """Days of a year under the day count; overdue days are counted one by one over it."""
        return 360 if self.day_count.endswith("360") else 365

    @property
    def annual(self) -> Fraction:
        """The contract rate per year, simple: a daily rate times the year's days, a monthly one times twelve."""
        if self.daily_rate is not None:
            return Fraction(self.daily_rate) * self.year
        return Fraction(self.annual_rate) if self.annual_rate is not None else Fraction(self.monthly_rate or 0) * 12

    @property
    def per_day(self) -> Fraction:
        """The contract rate per day."""
        return self.annual / self.year

    def due(self, n: int) -> date:
        """When instalment ``n`` is due (from 1). Month ends hold their day: 31 January, 28 February, 31 March."""
        n = self.months if self.method == "bullet" else n
        if self.first_due == months_after(self.drawn, 1):
            return months_after(self.drawn, n)
        return months_after(self.first_due, n - 1)

    def to_dict(self) -> dict[str, Any]:
        """Plain data that :meth:`of` reads back."""
        out = {name: plain(getattr(self, name)) for name in FIELDS}
        return {name: value for name, value in out.items() if value is not None and value != []}

    def to_yaml(self) -> str:
        return dumped(self.to_dict())

    def replace(self, **changes: Any) -> Loan:
        return Loan(**{field.name: getattr(self, field.name) for field in fields(self)} | changes)


def months_after(day: date, n: int) -> date:
    """The same day ``n`` months later, or the last of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + n, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def whole_months(start: date, end: date) -> int | None:
    """The whole months between two dates, None if odd days remain. Whole is from a day to the same day or the last of a shorter month
    (30 January to 28 February), and from one month's last day to another's (28 February to 31 March)."""
    apart = 12 * (end.year - start.year) + end.month - start.month
    both_last = all((day + timedelta(1)).day == 1 for day in (start, end))
    return apart if both_last or months_after(start, apart) == end else None


def after(first: date, last: date | None = None) -> Phrase:
    return Phrase("dates", {"first": first, "last": last}) if last else Phrase("date_from", {"first": first})


def plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [
            {"on": item.on.isoformat(), "amount": f"{item.amount:f}"} if isinstance(item, Payment) else item
            for item in value
        ]
    return value
