"""Puts the money of one loan together: the object that notebooks, the report and `jiebei cost --json` show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NotRequired

from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from jiebei_lib.core.assessment import said
from jiebei_lib.core.case import Case
from jiebei_lib.core.knowledge.problems import CaseError, Phrase, Problem, shown
from jiebei_lib.core.parts import Bilingual, Said
from jiebei_lib.core.policy import Policy, in_force, load_policy
from jiebei_lib.money.arrears import WAITS, owed, today, waiting
from jiebei_lib.money.budget import Affordability, Budget, affordability, carried
from jiebei_lib.money.loan import Loan, plain
from jiebei_lib.money.plan import schedule
from jiebei_lib.money.rates import against_lines, rates
from jiebei_lib.money.ways_out import ways

Yuan = str  # a sum with two decimals


class Row(TypedDict):
    n: int
    due: str
    principal: Yuan
    interest: Yuan
    payment: Yuan
    balance: Yuan
    fee: Yuan


class LineStanding(Said):
    """A line that the all-in rate is held against, on the day the loan was drawn."""

    name: Bilingual
    applies: Bilingual
    rate: float | None
    since: str | None
    in_force: bool
    binds: bool | None
    above: bool | None


class Rate(TypedDict):
    """Fractions per year: the contract's, simple; all fees counted, simple; all fees counted, compounded."""

    nominal_annual: float
    all_in_annual: float
    effective_annual: float
    lines: list[LineStanding]


class OwedSums(TypedDict):
    on: str
    days_overdue: int
    instalments: int
    principal: Yuan
    interest: Yuan
    penalty: Yuan
    fees: Yuan
    total: Yuan
    not_due: Yuan
    settle: Yuan


class WaitSums(TypedDict):
    days: int
    on: str
    total: Yuan
    added: Yuan
    fell_due: Yuan
    cost: Yuan
    paid: Yuan


class Call(TypedDict):
    verdict: str
    low: float
    high: float
    share: float


class WayOut(TypedDict):
    id: str
    today: Yuan
    monthly: Yuan
    last: Yuan
    total: Yuan
    extra: Yuan
    need: Yuan
    still_owed: Yuan
    settled: str
    arrears_end: str
    record_ends: str
    deepens: bool
    call: Call | None
    rate: float | None
    fits: bool | None


class Month(TypedDict):
    """One month: what debts take of the income, what is left, for how many months savings suffice."""

    income: Yuan
    burden: float | None
    left: Yuan
    cushion: float | None
    lasts: float | None
    verdict: str


class Carried(TypedDict):
    instalment: Yuan
    lump: Yuan | None
    income_fall: float
    before: Month
    after: Month
    stressed: Month
    verdict: str


class Money(TypedDict):
    """What a loan costs on time and late. Sums are yuan as text with two decimals; rates are fractions per year."""

    loan: dict[str, Any]
    as_of: str
    schedule: list[Row]
    total_interest: Yuan
    total_fees: Yuan
    rate: Rate
    owed: OwedSums
    waiting: list[WaitSums]
    ways: list[WayOut]
    rests_on: list[Said]
    budget: NotRequired[Carried]


def money(
    loan: Loan,
    as_of: date | str | None = None,
    days_overdue: int | None = None,
    policy: Policy | str = "article",
    case: Case | None = None,
    waits: Sequence[int] = WAITS,
    months: int | None = None,
    elsewhere: float | str | None = None,
    ways_out: bool = True,
    budget: Budget | None = None,
) -> Money:
    """Everything about one loan's money on a day: ``as_of``, or ``days_overdue`` after the first missed due date, or today.

    ``months``, ``elsewhere`` and ``budget``: of the ways out that are compared (see :func:`jiebei_lib.money.ways_out.ways`), unless they
    are left out.
    """
    policy, on = load_policy(policy), day_of(loan, as_of, days_overdue)
    plan, found = schedule(loan), owed(loan, on)
    compared = ways_out and found.total >= 1
    way_out = ways(loan, on, months, elsewhere, case, policy, budget) if compared else []
    return Money(
        loan=loan.to_dict(),
        as_of=on.isoformat(),
        schedule=[_plain(row) for row in plan],
        total_interest=plain(sum((row.interest for row in plan), Decimal("0.00"))),
        total_fees=plain(loan.upfront_fee + loan.instalment_fee * len(plan)),
        rate=_rate(loan, policy),
        owed=_plain(found),
        waiting=[_plain(wait) for wait in waiting(loan, waits, on)],
        ways=[_plain(way) for way in way_out],
        rests_on=[
            said(name, entry)
            for name, entry in policy.data["cost"]["statements"].items()
            if in_force(entry, on.isoformat())
        ],
    )


def day_of(loan: Loan, as_of: date | str | None, days_overdue: int | None) -> date:
    """The day that is asked about. Raises :class:`CaseError`."""
    if as_of is not None and days_overdue is not None:
        both = {"value": "as_of, days_overdue", "allowed": Phrase("items", {"items": "as_of, days_overdue"})}
        raise CaseError(Problem("one_of", "loan", both))
    if days_overdue is None:
        return today(loan) if as_of is None else owed(loan, as_of).on
    if isinstance(days_overdue, bool) or not isinstance(days_overdue, int) or not 0 <= days_overdue <= 3650:
        slots = {"value": shown(days_overdue), "allowed": Phrase("integer", {"low": 0, "high": 3650})}
        raise CaseError(Problem("invalid", "days_overdue", slots))
    return loan.due(loan.missed_from) + timedelta(days_overdue)


def to_carry(account: Money, budget: Budget, loan: Loan, policy: Policy | str = "article") -> Affordability:
    """What a budget has to carry: the contract's instalments, or once something is late the heaviest month of the agreed plan, the
    instalments that fall due in it included."""
    plan = next((way for way in account["ways"] if way["id"] == "instalments"), None)
    return carried(budget, Decimal(plan["need"]), policy) if plan else affordability(budget, loan, policy)


def plain_budget(found: Affordability) -> Carried:
    """Whether the loan can be carried, as plain data."""
    carried: Carried = _plain(found) | {"verdict": found.verdict}
    return carried


def _rate(loan: Loan, policy: Policy) -> Rate:
    found = rates(loan)
    lines = [
        LineStanding(
            **said(line.id, line.statement),
            name=line.statement["short"],
            applies=line.statement["applies"],
            rate=line.rate,
            since=line.statement.get("from"),
            in_force=line.in_force,
            binds=line.binds,
            above=line.above,
        )
        for line in against_lines(found.all_in_annual, loan.drawn, policy, loan.lender)
    ]
    nominal, all_in, effective = (
        round(rate, 6) for rate in (found.nominal_annual, found.all_in_annual, found.effective_annual)
    )
    return Rate(nominal_annual=nominal, all_in_annual=all_in, effective_annual=effective, lines=lines)


def _plain(found: Any) -> Any:
    return {
        name: {key: plain(inner) for key, inner in value.items()} if isinstance(value, dict) else plain(value)
        for name, value in asdict(found).items()
    }


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of what ``jiebei cost --json`` prints."""
    from pydantic import TypeAdapter

    schema = TypeAdapter(Money).json_schema()
    schema["$defs"]["Bilingual"] = {"title": "Text", "type": "string"}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
