"""The other input: one loan as far as its money goes, and the check of every field. Names, limits and defaults are in loan.yaml."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from typing import Any

from jiebei_lib.case import read_yaml, whole
from jiebei_lib.problems import CaseError, Phrase, Problem, items, shown
from jiebei_lib.yamls import shipped

FIELDS: dict[str, dict[str, Any]] = shipped("loan.yaml")
RATES = ("daily_rate", "monthly_rate", "annual_rate")
LONGEST_FIRST_PERIOD = 92  # days; a first due date further off is a typing error
PARTS = tuple(FIELDS["order"]["levels"])
YEARLY = Decimal("0.03")  # a daily or monthly rate from here on may have been meant per year
SLIPS = (100, 1000, 10000)  # a rate given in per cent, per mille, or yuan per ten thousand


@dataclass(frozen=True, slots=True)
class Payment:
    """Money paid beside the instalments that were paid when due."""

    on: date
    amount: Decimal


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
    day_count: str | None = None
    first_due: date | None = None
    missed_from: int | None = None
    payments: Sequence[Payment | Mapping[str, Any]] | None = None
    penalty_multiple: Decimal | None = None
    grace_days: int | None = None
    compound: bool | None = None
    accelerated: date | None = None
    order: Sequence[str] | None = None
    late_fee: Decimal | None = None
    instalment_fee: Decimal | None = None
    upfront_fee: Decimal | None = None
    loan_id: str | None = None

    def __post_init__(self) -> None:
        problems = []
        for field in fields(self):
            value, wrong = checked(field.name, getattr(self, field.name))
            problems += wrong
            object.__setattr__(self, field.name, value)
        problems = problems or list(self._together())
        if problems:
            raise CaseError(problems)

    def _together(self):
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
        """A loan from a mapping, such as a YAML file; unknown keys are refused, not ignored."""
        if not isinstance(given, Mapping):
            raise CaseError(Problem("invalid", where, {"value": shown(given), "allowed": Phrase("mapping")}))
        problems = [
            Problem("unknown_key", f"{where}: {shown(key)}", {"allowed": items(FIELDS)})
            for key in given
            if key not in FIELDS
        ]
        for name in FIELDS:
            problems += checked(name, given.get(name), f"{where}: {name}")[1]
        if problems:
            raise CaseError(problems)
        return cls(**given)

    @classmethod
    def read(cls, path: str | Path) -> Loan:
        """A loan from a YAML file."""
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
        return Fraction(self.annual_rate) if self.annual_rate is not None else Fraction(self.monthly_rate) * 12

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
        import yaml

        return yaml.safe_dump(self.to_dict(), allow_unicode=True, sort_keys=False)

    def replace(self, **changes: Any) -> Loan:
        return Loan(**{field.name: getattr(self, field.name) for field in fields(self)} | changes)


def months_after(day: date, n: int) -> date:
    """The same day ``n`` months later, or the last of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + n, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


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


def default(name: str) -> Any:
    """What holds where a field is left out: a value of loan.yaml, or a parameter of rules/cost.yaml."""
    spec = FIELDS[name]
    if "default_from" in spec:
        return shipped("rules/cost.yaml")["cost"][spec["default_from"]]["value"]
    return {"payments": (), "order": PARTS}.get(name, spec.get("default"))


def checked(name: str, value: Any, where: str | None = None) -> tuple[Any, list[Problem]]:
    """A field's value in its proper type, and what is wrong with it."""
    spec, where = FIELDS[name], where or name
    if value is None:
        if spec["required"]:
            return None, [Problem("missing", where, {"allowed": allowed(name)})]
        value = default(name)
        if value is None:
            return None, []
    if spec["type"] == "payments":
        return _payments(value, where)
    try:
        return _typed(spec, value), []
    except (ValueError, TypeError, OverflowError, InvalidOperation):
        return value, [_problem(name, value, where)]


def _typed(spec: Mapping[str, Any], value: Any) -> Any:
    """The value in its type; ValueError if it cannot be."""
    kind = spec["type"]
    if kind == "date":
        return as_date(value)
    if kind in ("truth", "level"):
        if not (isinstance(value, bool) if kind == "truth" else isinstance(value, str) and value in spec["levels"]):
            raise ValueError(value)
        return value
    if kind == "order":
        if isinstance(value, str) or sorted(value) != sorted(PARTS):
            raise ValueError(value)
        return tuple(value)
    if kind == "text":
        if not (isinstance(value, str) and value.strip() and len(value) <= spec["max_length"] and value.isprintable()):
            raise ValueError(value)
        return value
    number = whole(value) if kind == "integer" and not isinstance(value, bool | str) else as_decimal(value)
    if not spec.get("minimum", 0) <= number <= Decimal(str(spec["maximum"])):
        raise ValueError(value)
    if kind == "integer":
        return whole(number)
    return in_cents(number) if kind == "money" else number


def as_date(value: Any) -> date:
    """A date from a date or ISO text. Raises ValueError."""
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else date.fromisoformat(str(value))


def as_decimal(value: Any) -> Decimal:
    """A number as it was written; of a float, the shortest decimal that gives it. Raises ValueError."""
    if isinstance(value, bool | bytes):
        raise ValueError(value)
    number = value if isinstance(value, Decimal) else Decimal(str(value).strip())
    if not number.is_finite():
        raise ValueError(value)
    return number


def in_cents(number: Decimal) -> Decimal:
    """The same sum with two decimals; ValueError if it has more."""
    cents = number.quantize(Decimal("0.01"))
    if cents != number:
        raise ValueError(number)
    return cents


def _problem(name: str, value: Any, where: str) -> Problem:
    slots = {"value": shown(value), "allowed": allowed(name)}
    meant = probably_meant(name, value)
    return Problem("invalid_meant", where, slots | {"meant": meant}) if meant else Problem("invalid", where, slots)


def probably_meant(name: str, value: Any) -> str | None:
    """What was probably meant by a wrong number: a rate in per cent, a sum with its sign turned."""
    spec = FIELDS[name]
    try:
        number = as_decimal(str(value).strip().removesuffix("%"))
    except (InvalidOperation, ValueError):
        return None
    percent = isinstance(value, str) and value.strip().endswith("%")
    if spec["type"] == "money" and number < 0 and spec["minimum"] <= -number <= spec["maximum"]:
        return f"{-number:f}"
    if "per" not in spec or number <= 0:
        return None
    highest = Decimal(str(spec["maximum"]))
    for slip in SLIPS[:1] if percent else SLIPS:
        if number / slip <= highest:
            meant = f"{(number / slip).normalize():f} ({100 * number / slip:.4g}%)"
            yearly = (
                name != "annual_rate"
                and not percent
                and YEARLY <= number <= Decimal(str(FIELDS["annual_rate"]["maximum"]))
            )
            return f"{meant} / annual_rate {number.normalize():f}" if yearly else meant
    return None


def _payments(given: Any, where: str) -> tuple[tuple[Payment, ...], list[Problem]]:
    """Payments in the order of their dates, and what is wrong with them."""
    if isinstance(given, str | Mapping) or not isinstance(given, Sequence):
        return (), [Problem("invalid", where, {"value": shown(given), "allowed": Phrase("payments")})]
    out, problems = [], []
    for n, item in enumerate(given, 1):
        if isinstance(item, Payment):
            item = {"on": item.on, "amount": item.amount}
        if not isinstance(item, Mapping) or set(item) != {"on", "amount"}:
            problems.append(Problem("invalid", f"{where} {n}", {"value": shown(item), "allowed": Phrase("payments")}))
            continue
        try:
            on = as_date(item["on"])
        except ValueError:
            problems.append(Problem("date", f"{where} {n}: on", {"value": shown(item["on"])}))
            continue
        try:
            amount = in_cents(as_decimal(item["amount"]))
            if not 0 < amount <= FIELDS["principal"]["maximum"]:
                raise ValueError(amount)
        except (ValueError, InvalidOperation):
            problems.append(_payment_problem(item["amount"], f"{where} {n}: amount"))
            continue
        out.append(Payment(on, amount))
    return tuple(sorted(out, key=lambda payment: payment.on)), problems


def _payment_problem(value: Any, where: str) -> Problem:
    slots = {
        "value": shown(value),
        "allowed": Phrase("money_above", {"low": 0, "high": FIELDS["principal"]["maximum"]}),
    }
    try:
        return (
            Problem("invalid_meant", where, slots | {"meant": f"{-as_decimal(value):f}"})
            if as_decimal(value) < 0
            else Problem("invalid", where, slots)
        )
    except (ValueError, InvalidOperation):
        return Problem("invalid", where, slots)


def allowed(name: str) -> Phrase:
    """What a field may hold, in words."""
    spec = FIELDS[name]
    low, high = spec.get("minimum", 0), spec.get("maximum")
    return {
        "level": lambda: Phrase("levels", {"items": ", ".join(spec["levels"])}),
        "order": lambda: Phrase("each_once", {"items": ", ".join(PARTS)}),
        "text": lambda: Phrase("text", {"high": spec["max_length"]}),
        "integer": lambda: Phrase("integer", {"low": low, "high": high}),
        "money": lambda: Phrase("money", {"low": low, "high": high}),
        "number": lambda: Phrase("number", {"low": low, "high": high}),
        "rate": lambda: Phrase("rate", {"low": low, "high": high}),
        "date": lambda: Phrase("date"),
        "truth": lambda: Phrase("truth"),
        "payments": lambda: Phrase("payments"),
    }[spec["type"]]()


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a loan, as LOAN.yaml holds it."""
    number = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^\d+(\.\d+)?$"}]}
    day = {"type": "string", "format": "date"}
    kinds: dict[str, dict[str, Any]] = {
        "text": {"type": "string", "minLength": 1},
        "money": number,
        "rate": number,
        "number": number,
        "integer": {"type": "integer"},
        "level": {"type": "string"},
        "date": day,
        "truth": {"type": "boolean"},
        "order": {"type": "array", "items": {"enum": list(PARTS)}, "minItems": 4, "uniqueItems": True},
        "payments": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"on": day, "amount": number},
                "required": ["on", "amount"],
                "additionalProperties": False,
            },
        },
    }
    properties = {}
    for name, spec in FIELDS.items():
        properties[name] = kinds[spec["type"]] | {"description": spec["description"]["en"]}
        if spec["type"] == "integer":
            properties[name] |= {"minimum": spec["minimum"], "maximum": spec["maximum"]}
        if spec["type"] == "level":
            properties[name] |= {"enum": spec["levels"]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Loan",
        "type": "object",
        "properties": properties,
        "required": [name for name, spec in FIELDS.items() if spec["required"]],
        "oneOf": [{"required": [name]} for name in RATES],
        "additionalProperties": False,
    }
