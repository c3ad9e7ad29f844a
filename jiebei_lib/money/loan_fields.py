"""The fields of a loan: each value in its proper type, what is wrong with it, and what was probably meant. Limits are in loan.yaml."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from jiebei_lib.core.case import whole
from jiebei_lib.core.knowledge.fields import Fields, date_in, heading, number_in
from jiebei_lib.core.knowledge.problems import Phrase, Problem, shown
from jiebei_lib.core.knowledge.yaml_files import shipped

FIELDS = Fields("money/loan.yaml", gaps=False)
PARTS = tuple(FIELDS["order"]["levels"])
YEARLY = Decimal("0.03")  # a daily or monthly rate from here on may have been meant per year
DECIMALS = 24  # of a rate; a double that was divided has fewer
YEARS = (2, 9900)  # of any date: what is counted from it, back or on, is still a date
_PAYMENT = {heading(word): key for key, words in FIELDS["payments"]["keys"].items() for word in (key, *words)}
SLIPS = (100, 1000, 10000)  # a rate given in per cent, per mille, or yuan per ten thousand


@dataclass(frozen=True, slots=True)
class Payment:
    """Money paid beside the instalments that were paid when due."""

    on: date
    amount: Decimal


def default(name: str) -> Any:
    """What holds where a field is left out: a value of loan.yaml, or a parameter of rules/cost.yaml."""
    spec = FIELDS[name]
    if "default_from" in spec:
        return shipped("money/cost.yaml")["cost"][spec["default_from"]]["value"]
    return {"payments": (), "order": PARTS}.get(name, spec.get("default"))


def checked(name: str, value: Any, where: str | None = None) -> tuple[Any, list[Problem]]:
    """A field's value in its proper type, and what is wrong with it. Words are heard as :meth:`Fields.heard` has them."""
    spec, where, given = FIELDS[name], where or name, value
    value = FIELDS.heard(name, given)
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
        return given, [_problem(name, given, where)]


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
    is_whole = kind == "integer" and not isinstance(value, bool | str)
    number = Decimal(whole(value)) if is_whole else as_decimal(value)
    if not spec.get("minimum", 0) <= number <= Decimal(str(spec["maximum"])):
        raise ValueError(value)
    if kind in ("rate", "decimal") and _decimals(number) > DECIMALS:
        raise ValueError(value)
    if kind == "integer":
        return whole(number)
    return in_cents(number) if kind == "money" else number


def as_date(value: Any) -> date:
    """A date from a date or ISO text, of any year. Raises ValueError."""
    if isinstance(value, datetime):
        value = value.date()
    day = value if isinstance(value, date) else date_in(str(value)) or date.fromisoformat(str(value))
    if not YEARS[0] <= day.year <= YEARS[1]:
        raise ValueError(value)
    return day


def as_decimal(value: Any) -> Decimal:
    """A number as it was written; of a float, the shortest decimal that gives it. Raises ValueError."""
    if isinstance(value, bool | bytes):
        raise ValueError(value)
    number = value if isinstance(value, Decimal) else Decimal(number_in(str(value)) or "nan")
    if not number.is_finite():
        raise ValueError(value)
    return number


def as_money(value: Any) -> Decimal:
    """A sum in cents as people write it: 500, 1,000.50, ５００元. Raises ValueError."""
    return in_cents(as_decimal(FIELDS.heard("principal", value)))


def _decimals(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0  # of what is not a number


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
    """What was probably meant by a wrong number: a rate in per cent or of ten thousand, a sum with its sign turned."""
    spec = FIELDS[name]
    if "per" in spec and isinstance(value, str) and (rate := _quoted(value)) and rate <= Decimal(str(spec["maximum"])):
        return f"{rate.normalize():f} ({(100 * rate).normalize():f}%)"
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
    if (number <= highest and not percent) or _decimals(number) > DECIMALS:
        return None
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


def _quoted(text: str) -> Decimal | None:
    """The rate that is quoted as so many of a hundred, a thousand or ten thousand: 万分之五, 万5, 0.5‰."""
    quoted: dict[str, int] = shipped("core/knowledge/spoken.yaml")["of"]
    for word, of in quoted.items():
        rest = text.strip().removeprefix(word).removesuffix(word)
        if rest != text.strip() and (number := number_in(rest)):
            return Decimal(number) / of
    return None


def _payments(given: Any, where: str) -> tuple[tuple[Payment, ...], list[Problem]]:
    """Payments in the order of their dates, and what is wrong with them."""
    if isinstance(given, str | Mapping) or not isinstance(given, Sequence):
        return (), [Problem("invalid", where, {"value": shown(given), "allowed": Phrase("payments")})]
    out, problems = [], []
    for n, item in enumerate(given, 1):
        if isinstance(item, Payment):
            item = {"on": item.on, "amount": item.amount}
        item = (
            {_PAYMENT.get(heading(str(key)), key): value for key, value in item.items()}
            if isinstance(item, Mapping)
            else item
        )
        if not isinstance(item, Mapping) or set(item) != {"on", "amount"}:
            problems.append(Problem("invalid", f"{where} {n}", {"value": shown(item), "allowed": Phrase("payments")}))
            continue
        try:
            on = as_date(item["on"])
        except ValueError:
            problems.append(Problem("date", f"{where} {n}: on", {"value": shown(item["on"])}))
            continue
        try:
            amount = as_money(item["amount"])
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
    return FIELDS.allowed(name)
