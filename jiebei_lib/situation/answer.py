"""What follows from a whole situation: what is owed in all, what waiting costs, in which order, how much to whom, what to do and say.

A call that has happened is answered by rights and steps, not by its likelihood. Sums are exact to the cent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from jiebei_lib.core.assessment import Assessment, assess, checked_date, said
from jiebei_lib.core.case import Case
from jiebei_lib.core.knowledge.yaml_files import shipped
from jiebei_lib.core.parts import Said
from jiebei_lib.core.policy import Policy, in_force, load_policy
from jiebei_lib.money.arrears import WAITS, owed, penalty_range, waiting
from jiebei_lib.money.plan import cents, yuan
from jiebei_lib.situation.borrower import Borrower, Debt

ZERO = Decimal("0.00")
TALK = ("sold_talk", "agency_talk", "lender_jiebei", "lender_other")  # whom to talk to: of these the first that fits
CONTRACT_FREE = ("rent", "utilities", "private")  # kinds without a loan's penalty that pages report
Spread = tuple[Decimal, Decimal]  # least and most, in yuan


@dataclass(frozen=True)
class DebtAnswer:
    """One debt on the day: ``overdue`` and ``owed`` are least and most in yuan (None: not known), ``tier`` why it stands where it does,
    ``offer`` its share of what is left each month (of what one needs to live: what it takes of a month), ``assessment`` the answer to
    "will they?" (None where that is not the question)."""

    debt: Debt
    days: int | None
    overdue: Spread | None
    owed: Spread | None
    waiting: dict[int, Spread | None]
    tier: str
    why: Said
    talk_to: Said
    offer: Decimal
    statements: list[Said]
    assessment: Assessment | None


@dataclass(frozen=True)
class SituationAnswer:
    """The whole. ``overdue``, ``owed``: least and most over all debts whose sums are known, ``open_debts`` how many are not.
    ``waiting``: what so many more days cost over all. ``left``: income less spending, before any debt (None: not known); ``need``: all
    instalments a month; ``to_offer``: what is left for offers once what one needs to live is paid."""

    borrower: Borrower
    as_of: str
    debts: list[DebtAnswer]
    overdue: Spread
    owed: Spread
    open_debts: int
    waiting: dict[int, Spread]
    left: Decimal | None
    need: Decimal
    to_offer: Decimal | None
    statements: list[Said]
    everyone: list[Said]
    actions: list[Said]
    check: str | None
    letters: list[str]

    def to_dict(self) -> dict[str, Any]:
        """Plain data, sums as text with two decimals, texts in both languages."""
        out = {
            name: _plain(getattr(self, name)) for name in self.__dataclass_fields__ if name not in ("debts", "borrower")
        }
        return {"borrower": self.borrower.to_dict(), **out, "debts": [_debt_plain(each) for each in self.debts]}


def answered(borrower: Borrower, as_of: str | date | None = None, policy: Policy | str = "article") -> SituationAnswer:
    """The answer to a whole situation on a day (today if not given). Raises :class:`CaseError` for a day that is none."""
    policy, day = load_policy(policy), checked_date(as_of)
    on, rules = date.fromisoformat(day), shipped("situation/rules.yaml")
    rows = [_debt(debt, borrower, on, policy, rules) for debt in borrower.debts]
    order = list(rules["tiers"])
    rows.sort(key=lambda row: (order.index(row.tier) if row.tier != "hold" else len(order), -_share(row), -_most(row)))
    left = None if borrower.income is None or borrower.spending is None else borrower.income - borrower.spending
    budget = None
    if left is not None:
        first = _paid_first(rows, left)
        budget = max(ZERO, left - sum(first, ZERO))
        offers = zip(rows, first, _offers(rows, budget), strict=True)
        rows = [DebtAnswer(**{**vars(row), "offer": kept + offer}) for row, kept, offer in offers]
    facts = {name: getattr(borrower, name) for name in borrower.__dataclass_fields__}
    return SituationAnswer(
        borrower=borrower,
        as_of=day,
        debts=rows,
        overdue=_sum(row.overdue for row in rows),
        owed=_sum(row.owed or row.overdue for row in rows),
        open_debts=sum(row.overdue is None for row in rows),
        waiting={wait: _sum(row.waiting[wait] for row in rows) for wait in WAITS if wait},
        left=left,
        need=sum((row.debt.instalment or ZERO for row in rows), ZERO),
        to_offer=None if budget is None else budget,
        statements=list(_fitting(rules["person"], facts, None, day)) if rows or borrower.contacts_called else [],
        everyone=list(_fitting(rules["everyone"], facts, None, day)) if rows else [],
        actions=_actions(borrower, rows),
        check=call_check(borrower),
        letters=letters_for(borrower, rows),
    )


def _debt(debt: Debt, borrower: Borrower, on: date, policy: Policy, rules: Mapping[str, Any]) -> DebtAnswer:
    days, case = debt.days(on), debt.case(on)
    facts = {name: getattr(debt, name) for name in debt.__dataclass_fields__}
    facts |= {"days": days, "paid_something": True if debt.paid or (debt.loan and debt.loan.payments) else None}
    statements = list(_fitting(rules["debt"], facts, days, on.isoformat()))
    found = None
    if case is not None and asks_whether(borrower, debt):
        found = assess(_with_amount(case, debt, on), policy, on)
    tier = _tier(debt, days, found, rules)
    talk = next(
        (each for each in statements if each["id"] in TALK), said("lender_other", rules["debt"]["lender_other"])
    )
    return DebtAnswer(
        debt=debt,
        days=days,
        overdue=_overdue(debt, days, on),
        owed=_owed(debt, on),
        waiting={wait: _waits(debt, days, wait, on, policy) for wait in WAITS if wait},
        tier=tier,
        why=said(tier, rules["tiers"][tier]),
        talk_to=talk,
        offer=ZERO,
        statements=[each for each in statements if each is not talk],
        assessment=found,
    )


def asks_whether(borrower: Borrower, debt: Debt) -> bool:
    """Whether "will they call my contacts?" is still the question: not once they have, and not for a bill without contacts on file."""
    return not borrower.contacts_called and debt.kind not in ("rent", "utilities", "private", "mortgage")


def _with_amount(case: Case, debt: Debt, on: date) -> Case:
    """The case with what its loan says is overdue, where the case itself does not say."""
    if case.amount_overdue is not None or debt.loan is None:
        return case
    total = float(owed(debt.loan, max(on, debt.loan.drawn)).total)
    return case.replace(amount_overdue=min(total, 10_000_000.0)) if total > 0 else case


def _tier(debt: Debt, days: int | None, found: Assessment | None, rules: Mapping[str, Any]) -> str:
    """The first reason of rules.yaml that fits."""
    barred = days is not None and days >= rules["limitation_day"]["value"]
    if debt.court in ("summons", "judgment"):
        return "court"  # a court's date runs even where something must be found out first
    if barred or debt.disputed or (debt.holder == "buyer" and not debt.notice):
        return "hold"
    if debt.kind in rules["live_kinds"]["values"]:
        return "live"
    if days is not None and days <= 0:
        return "before_due"
    return "likely" if found is not None and found.share > 0.5 else "rest"


def _overdue(debt: Debt, days: int | None, on: date) -> Spread | None:
    if debt.loan is not None and debt.amount_overdue is None:
        total = owed(debt.loan, max(on, debt.loan.drawn)).total
        return total, total
    if debt.amount_overdue is None or (days is not None and days <= 0):
        return (ZERO, ZERO) if days is not None and days <= 0 else None
    ends = debt.amount_overdue if isinstance(debt.amount_overdue, tuple) else (debt.amount_overdue,) * 2
    low, high = (Decimal(str(end)).quantize(Decimal("0.01"), ROUND_HALF_UP) for end in ends)
    return low, high


def _owed(debt: Debt, on: date) -> Spread | None:
    if debt.owed is not None:
        return debt.owed, debt.owed
    if debt.loan is not None:
        settle = owed(debt.loan, max(on, debt.loan.drawn)).settle
        return settle, settle
    if debt.amount_overdue is None:
        return None
    ends = debt.amount_overdue if isinstance(debt.amount_overdue, tuple) else (debt.amount_overdue,) * 2
    low, high = (Decimal(str(end)).quantize(Decimal("0.01"), ROUND_HALF_UP) for end in ends)
    return low, high


def _waits(debt: Debt, days: int | None, wait: int, on: date, policy: Policy) -> Spread | None:
    """What ``wait`` more days cost: to the cent with a loan, else over the rates that pages report; None where neither helps."""
    if debt.loan is not None:
        cost = waiting(debt.loan, wait, max(on, debt.loan.drawn)).cost
        return cost, cost
    overdue = _owed(debt, on) if days is not None and days <= 0 else _overdue(debt, days, on)
    if overdue is None or debt.kind in CONTRACT_FREE or days is None:
        return None
    late = max(0, wait + min(0, days))  # only what lies beyond the due date is late
    return penalty_range(overdue[0], late, policy)[0], penalty_range(overdue[1], late, policy)[1]


def _paid_first(rows: list[DebtAnswer], left: Decimal) -> list[Decimal]:
    """What each debt that one needs to live takes of a month, as far as that goes: its instalment, or what is overdue if more."""
    out: list[Decimal] = []
    for row in rows:
        most = max(row.debt.instalment or ZERO, _most(row)) if row.tier == "live" else ZERO
        out.append(min(most, max(ZERO, left - sum(out, ZERO))))
    return out


def _offers(rows: list[DebtAnswer], budget: Decimal) -> list[Decimal]:
    """What is left each month, shared in proportion to what is owed; cents that do not divide go to the largest remainders, so that the
    offers add up. Nothing is offered where something must be found out first, or on what one needs to live (paid before)."""
    weights = [
        cents(_most_owed(row))
        if row.tier not in ("hold", "live") and not (row.debt.holder == "buyer" and not row.debt.notice)
        else 0
        for row in rows
    ]
    whole, total = min(cents(budget), sum(weights)), sum(weights)
    if not total:
        return [ZERO] * len(rows)
    exact = [Fraction(whole * weight, total) for weight in weights]
    shares = [int(part) for part in exact]
    by_rest = sorted(range(len(rows)), key=lambda n: (-(exact[n] - shares[n]), n))
    for n in by_rest[: whole - sum(shares)]:
        shares[n] += 1
    return [yuan(share) for share in shares]


def _fitting(statements: Mapping[str, Any], facts: Mapping[str, Any], days: int | None, day: str) -> Iterator[Said]:
    """The statements whose facts and days fit, in the order of the file."""
    for name, entry in statements.items():
        fits = all(facts.get(fact) in allowed for fact, allowed in (entry.get("when") or {}).items())
        if "from_day" in entry or "to_day" in entry:
            fits = fits and days is not None and entry.get("from_day", -(10**6)) <= days <= entry.get("to_day", 10**6)
        if fits and in_force(entry, day):
            yield said(name, entry)


def _actions(borrower: Borrower, rows: list[DebtAnswer]) -> list[Said]:
    """What the first debt's own answer tells one to do, where it is the lender's own loan and the borrower can act; else nothing: the
    statements say it."""
    own = [row for row in rows if row.assessment and row.debt.holder != "buyer" and row.tier != "hold"]
    if (
        not own
        or borrower.who_asks in ("relative", "contact")
        or borrower.condition in ("in_hospital", "incapacitated", "died")
    ):
        return []
    return [each for each in own[0].assessment.actions if each["short"]][:3] if own[0].assessment else []


def call_check(borrower: Borrower) -> str | None:
    """The contact's call as ``jiebei audit --call`` takes it; None where no contact was called."""
    if not borrower.contacts_called:
        return None
    reached = {debt.communication for debt in borrower.debts}
    said_ = {
        "way_to_reach": "purpose=locate disclosed=none",
        "debt": "disclosed=overdue",
        "pay": "purpose=collect disclosed=overdue",
    }
    parts = [
        f"day={borrower.called_on.isoformat()}" if borrower.called_on else "",
        f"callee={borrower.called_whom or 'contact'}",
        "outcome=conversation",
        said_.get(borrower.told or "", "conduct=threat" if borrower.told == "threat" else ""),
        "borrower_reachable=yes" if reached & {"repaying", "engaged", "answering", "broken_promise"} else "",
        next((f"lender={debt.lender}" for debt in borrower.debts if debt.lender), ""),
        next(
            (f"caller={'agency' if debt.holder == 'agency' else 'lender'}" for debt in borrower.debts if debt.holder),
            "",
        ),
    ]
    return " ".join(part for part in parts if part)


def letters_for(borrower: Borrower, rows: Iterable[DebtAnswer]) -> list[str]:
    """The letters that the situation calls for, by their names in letters.yaml."""
    found, rows = [], list(rows)
    facts = {key: getattr(borrower, key) for key in borrower.__dataclass_fields__}
    for name, letter in shipped("situation/letters.yaml")["letters"].items():
        if not rows and facts.keys() >= letter["when"].keys():  # who was called need not know of which debt
            found += [name] * all(facts[key] in allowed for key, allowed in letter["when"].items())
        for row in rows:
            mine = facts | {key: getattr(row.debt, key) for key in row.debt.__dataclass_fields__} | {"tier": row.tier}
            if all(mine.get(key) in allowed for key, allowed in letter["when"].items()) and _late_enough(
                letter, row.days
            ):
                found.append(name)
                break
    return found


def _late_enough(letter: Mapping[str, Any], days: int | None) -> bool:
    return days is None or letter.get("from_day", -(10**6)) <= days <= letter.get("to_day", 10**6)


def _share(row: DebtAnswer) -> float:
    return row.assessment.share if row.assessment else 0.0


def _most(row: DebtAnswer) -> Decimal:
    return row.overdue[1] if row.overdue else ZERO


def _most_owed(row: DebtAnswer) -> Decimal:
    return (row.owed or row.overdue or (ZERO, ZERO))[1]


def _sum(parts: Iterable[Spread | None]) -> Spread:
    known = [part for part in parts if part is not None]
    return sum((low for low, _ in known), ZERO), sum((high for _, high in known), ZERO)


def _debt_plain(row: DebtAnswer) -> dict[str, Any]:
    out = {name: _plain(getattr(row, name)) for name in row.__dataclass_fields__ if name not in ("debt", "assessment")}
    found = row.assessment
    will = (
        [{key: one[key] for key in ("policy", "grade", "so_far", "share", "share_range")} for one in found.witnesses]
        if found
        else None
    )
    return {
        "debt": row.debt.case_id,
        "name": row.debt.name,
        **out,
        "will_they": will,
        "may_they": found.permitted if found else None,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value
