"""The credit record (article ¶16): the dates that follow from when a debt became overdue, when it was settled, and how much it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from jiebei_lib.core.knowledge.problems import CaseError, Phrase, Problem, shown
from jiebei_lib.core.policy import Policy, load_policy
from jiebei_lib.money.loan import months_after
from jiebei_lib.money.loan_fields import FIELDS, as_date, as_money

REPAIR = ("arisen_from", "arisen_until", "early_by", "early_hidden_from", "settled_by")


@dataclass(frozen=True, slots=True)
class RecordDate:
    """One thing that holds for this record: a statement of record.yaml, its date if it has one, and what fills its sentence."""

    id: str
    on: date | None
    statement: dict[str, Any]
    slots: dict[str, Any]

    def text(self, lang: str) -> str:
        return str(self.statement["text"][lang]).format(**self.slots)


@dataclass(frozen=True, slots=True)
class Record:
    """What is known and what follows, dates first and in order."""

    overdue_from: date
    settled: date | None
    amount: Decimal
    as_of: date
    marks: list[RecordDate]

    def to_dict(self, lang: str) -> dict[str, Any]:
        """Plain data, texts in one language."""
        return {
            "overdue_from": self.overdue_from.isoformat(),
            "settled": self.settled and self.settled.isoformat(),
            "amount": f"{self.amount:f}",
            "as_of": self.as_of.isoformat(),
            "dates": [
                {
                    "id": mark.id,
                    "date": mark.on and mark.on.isoformat(),
                    "text": mark.text(lang),
                    "cite": mark.statement["cite"],
                    "basis": mark.statement["basis"],
                    "confidence": mark.statement["confidence"],
                }
                for mark in self.marks
            ],
        }


def record(
    overdue_from: date | str,
    settled: date | str | None,
    amount: Decimal | float | str,
    policy: Policy | str = "article",
    as_of: date | str | None = None,
) -> Record:
    """The dates of one bad mark. ``overdue_from``: the due date that was missed; ``amount``: yuan overdue, penalty included."""
    policy = load_policy(policy)
    start, today = _date("overdue_from", overdue_from), _date("as_of", as_of or date.today())
    end = None if settled is None else _date("settled", settled)
    if end is not None and end < start:
        slots = {"value": end, "allowed": Phrase("date_from", {"first": start})}
        raise CaseError(Problem("invalid_meant", "settled", slots | {"meant": f"overdue_from {end}, settled {start}"}))
    sum_ = _amount(amount)
    marks = [mark for mark in _marks(start, end, sum_, today, policy) if mark.statement]
    return Record(start, end, sum_, today, sorted(marks, key=lambda mark: (mark.on is None, mark.on or today)))


def ends(settled: date, policy: Policy | str = "article") -> date:
    """The day until which a bad mark is kept if the debt is settled on ``settled`` (regulation, art. 16)."""
    return months_after(settled, 12 * int(load_policy(policy).value("record.keep_years")))


def _marks(start: date, end: date | None, amount: Decimal, today: date, policy: Policy) -> Iterator[RecordDate]:
    years = int(policy.value("record.keep_years"))
    yield _mark(policy, "reported", start)
    if end is None:
        yield _mark(policy, "ends_unsettled", ends(max(start, today), policy), years=years)
    else:
        yield _mark(policy, "settled", end, years=years)
        yield _mark(policy, "ends", ends(end, policy), years=years)
    yield _repair(start, end, amount, today, policy)
    for name in ("objection", "complaint"):
        days = int(policy.value(f"record.{name}_days"))
        yield _mark(policy, name, today + timedelta(days), days=days)
    yield _mark(policy, "notice", None)
    yield _mark(policy, "explanation", None)
    yield _mark(policy, "free_reports", None, days=int(policy.value("record.free_reports")))


def _repair(start: date, end: date | None, amount: Decimal, today: date, policy: Policy) -> RecordDate:
    """How the one-off repair programme applies: by when the lateness arose, its amount, and when it was settled."""
    rule = policy.data["record"]["repair"]
    limits = {name: date.fromisoformat(rule[name]) for name in REPAIR}
    most = rule["most"]["value"]
    if not limits["arisen_from"] <= start <= limits["arisen_until"]:
        return _mark(policy, "repair_other_period", None)
    if amount > most:
        return _mark(policy, "repair_too_much", None, amount=f"{most:,}")
    if (end or today) > limits["settled_by"]:
        return _mark(policy, "repair_too_late", limits["settled_by"])
    if end is None:
        return _mark(policy, "repair_still_open", limits["settled_by"])
    if end <= limits["early_by"]:
        return _mark(policy, "repair_applies", limits["early_hidden_from"])
    return _mark(policy, "repair_applies", months_after(end.replace(day=1), 2) - timedelta(1))


def _mark(policy: Policy, name: str, on: date | None, **slots: Any) -> RecordDate:
    statement = policy.data["record"]["statements"].get(name, {})
    return RecordDate(name, on, statement, slots | ({"date": on.isoformat()} if on else {}))


def _date(name: str, given: date | str) -> date:
    try:
        return as_date(given)
    except ValueError:
        raise CaseError(Problem("date", name, {"value": shown(given)})) from None


def _amount(given: Decimal | float | str) -> Decimal:
    most = FIELDS["principal"]["maximum"]
    try:
        amount = as_money(given)
        if 0 < amount <= most:
            return amount
    except (ValueError, InvalidOperation):
        pass
    raise CaseError(
        Problem(
            "invalid", "amount", {"value": shown(given), "allowed": Phrase("money_above", {"low": 0, "high": most})}
        )
    )


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of what ``jiebei record --json`` prints."""
    day, text = {"type": "string", "format": "date"}, {"type": "string"}
    maybe = {"type": ["string", "null"], "format": "date"}
    mark = {
        "id": text,
        "date": maybe,
        "text": text,
        "cite": {"type": "array", "items": text},
        "basis": text,
        "confidence": text,
    }
    properties = {"overdue_from": day, "settled": maybe, "amount": text, "as_of": day}
    marks = {"type": "array", "items": {"type": "object", "properties": mark, "required": list(mark)}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Record",
        "type": "object",
        "properties": properties | {"dates": marks},
        "required": [*properties, "dates"],
        "additionalProperties": False,
    }
