"""The cost of waiting for a table of loans: whole cents in numpy, equal to :mod:`arrears` to the cent on every row.

Floats are exact enough to say which cent a sum rounds to, except where it lies on the border between two. Those few rows are done
again with exact fractions. Tables are worked through in blocks that stay in the processor's cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np

from jiebei_lib.core.knowledge.problems import CaseError, Phrase, Problem, items, shown
from jiebei_lib.money.loan_fields import FIELDS, allowed, as_date, default
from jiebei_lib.money.plan import half_up, level_payment

T = TypeVar("T")
BLOCK = 1 << 15  # rows: few enough for the cache, many enough that calling numpy costs nothing
CLOSE = 1e-11  # relative: two products of doubles are far nearer than this to the exact one
METHODS: list[str] = FIELDS["method"]["levels"]
MONEY = ("principal", "instalment_fee", "late_fee")
RATES = ("daily_rate", "monthly_rate", "annual_rate")
COLUMNS = (
    "principal",
    "months",
    "method",
    "drawn",
    *RATES,
    "missed_from",
    "penalty_multiple",
    "grace_days",
    *MONEY[1:],
)
ARREARS = ("principal_overdue", "days_overdue", "daily_rate", "penalty_multiple", "grace_days")


@dataclass(frozen=True, slots=True)
class Waits:
    """Cents (int64), a row a loan: what is owed, what will be, of the difference what fell due and what waiting costs."""

    owed: np.ndarray
    total: np.ndarray
    added: np.ndarray
    fell_due: np.ndarray
    cost: np.ndarray


def waiting_table(loans: Any, days: int, on: date | str) -> Waits:
    """What waiting ``days`` from ``on`` costs for each loan. ``loans``: a data frame or mapping of columns named like a loan's fields.

    Rates are given in one of the three columns (NaN in the others); each counts days as :class:`Loan` does by default.
    """
    table, first = _checked(loans), (as_date(on) - date(1970, 1, 1)).days
    return _in_blocks(table, lambda block: _block(block, first, days), Waits)


def waiting_cents(arrears: Any, days: int) -> np.ndarray:
    """What waiting ``days`` costs in cents (int64) where a table says what is overdue: the sums of one due date a row.

    Columns ``principal_overdue`` (yuan), ``days_overdue``, ``daily_rate`` and, if not the defaults, ``penalty_multiple``, ``grace_days``.
    """
    columns = {name: np.asarray(arrears[name]) for name in ARREARS if name in arrears}
    for name in ARREARS[:3]:
        if name not in columns:
            raise CaseError(Problem("missing", f"table: {name}", {"allowed": Phrase("number_any")}))
    out = np.empty(len(columns["principal_overdue"]), np.int64)
    same = {name: np.array(float(default(name))) for name in ARREARS[3:] if name not in columns}
    for start in range(0, len(out), BLOCK):
        part = slice(start, start + BLOCK)
        _arrears({name: column[part] for name, column in columns.items()} | same, days, out[part])
    return out


def _arrears(block: Mapping[str, np.ndarray], days: int, out: np.ndarray) -> None:
    """One block of :func:`waiting_cents`: what has grown by the later day less what has grown by today, each to the cent."""
    principal, rate = block["principal_overdue"] * 100, block["daily_rate"]
    overdue = block["days_overdue"].astype(float)
    cents = np.rint(principal)
    principal -= cents
    if not (np.abs(principal, out=principal).max() < 1e-4 and cents.min() >= 0):
        row = int(np.argmin((principal < 1e-4) & (cents >= 0)))
        slots = {"value": block["principal_overdue"][row], "allowed": allowed("principal")}
        raise CaseError(Problem("invalid", f"row {row + 1}: principal_overdue", slots))
    multiple, grace = block["penalty_multiple"], block["grace_days"]
    a_day = cents * rate
    penal = a_day * multiple
    if not np.any(grace):
        spans = [(penal * overdue, penal * (overdue + days))]
    else:  # in grace days the overdue principal bears ordinary interest
        inside = [np.minimum(day, grace) for day in (overdue, overdue + days)]
        spans = [
            (penal * (overdue - inside[0]), penal * (overdue + days - inside[1])),
            (a_day * inside[0], a_day * inside[1]),
        ]
    near = _rise(spans[0], out, first=True)
    for span in spans[1:]:
        near = near + _rise(span, out, first=False)
    if len(near):
        columns = np.broadcast_arrays(cents, overdue, rate, multiple, grace)
        for row in np.unique(near):
            sum_, late, a_day, times, free = (column[row].item() for column in columns)
            out[row] = _exact(sum_, late, a_day, times, free, days)


def _rise(span: tuple[np.ndarray, np.ndarray], out: np.ndarray, first: bool) -> list[int]:
    """Adds the rounded later amounts less the rounded earlier ones to ``out``; the rows where doubles cannot tell the cent."""
    near: list[int] = []
    rounded = []
    for amount in span:
        whole = np.rint(amount)
        amount -= whole
        np.abs(amount, out=amount)
        border = 0.5 - CLOSE * (1 + float(whole.max(initial=0)))
        if amount.max(initial=0) > border:
            near += np.flatnonzero(amount > border).tolist()
        rounded.append(whole)
    rise = np.subtract(rounded[1], rounded[0], out=rounded[1])
    if first:
        out[:] = rise
    else:
        out += rise.astype(np.int64)
    return near


def _exact(cents: float, overdue: int, rate: float, multiple: float, grace: int, days: int) -> int:
    """One row of :func:`waiting_cents` in exact arithmetic."""
    by, per = exact(rate), exact(multiple)
    numerator, denominator = int(cents) * by.numerator, by.denominator

    def grown(day: int) -> int:
        inside = min(day, int(grace))
        penal = _nearest(numerator * per.numerator * (day - inside), denominator * per.denominator)
        return penal + _nearest(numerator * inside, denominator)

    return grown(int(overdue) + days) - grown(int(overdue))


def _nearest(numerator: int, denominator: int) -> int:
    """The nearest whole number to a fraction, halves up."""
    return (2 * numerator + denominator) // (2 * denominator)


def _cents(amount: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """To the nearest cent, half a cent up (as floats), and where doubles cannot tell which cent that is."""
    up = amount + 0.5
    whole = np.floor(up)
    up -= whole
    margin = amount * CLOSE + CLOSE
    return whole, (up < margin) | (up > 1 - margin)


@lru_cache(4096)
def exact(number: float) -> Fraction:
    """The decimal that was written, as a fraction: 0.0005, not the double next to it."""
    return Fraction(repr(float(number)))


def _block(t: Mapping[str, np.ndarray], first: int, days: int) -> tuple[np.ndarray, ...]:
    """One block of loans, month by month: what falls due, and the cent-days that it is overdue by both days."""
    size, last = len(t["principal"]), first + days
    balance, dues = t["principal"].copy(), _dues(t)
    level = _level(t, dues)
    part = (2 * t["principal"] + t["months"]) // (2 * t["months"])
    sums = {name: np.zeros((2, size), np.int64) for name in ("billed", "penal", "ordinary", "late")}
    for n in range(1, int(t["months"].max()) + 1):
        interest = _interest(t, balance, dues, n)
        principal = np.select([t["method"] == 0, t["method"] == 1], [level - interest, part], 0)
        principal = np.where(n == t["months"], balance, np.clip(principal, 0, balance))
        principal[n > t["months"]] = 0
        balance -= principal
        alone = t["method"] == METHODS.index("bullet")
        missed = (n <= t["months"]) & np.where(alone, n == t["months"], n >= t["missed_from"])
        for end, day in enumerate((first, last)):
            overdue = day - dues[n]
            is_due = missed & (overdue >= 0)
            beyond = np.maximum(overdue - t["grace_days"], 0) * is_due
            sums["billed"][end] += (principal + interest + t["instalment_fee"]) * is_due
            sums["penal"][end] += principal * beyond
            sums["ordinary"][end] += principal * (overdue * is_due - beyond)
            sums["late"][end] += np.where((beyond > 0) & (principal + interest > 0), t["late_fee"], 0)
    grown = [_grown(t, sums, end) for end in (0, 1)]
    owed, total = (sums["billed"][end] + sums["late"][end] + grown[end] for end in (0, 1))
    fell_due = sums["billed"][1] - sums["billed"][0]
    return owed, total, total - owed, fell_due, total - owed - fell_due


def _grown(t: Mapping[str, np.ndarray], sums: Mapping[str, np.ndarray], end: int) -> np.ndarray:
    """Penalty and ordinary interest of the cent-days, in cents."""
    penal, ordinary = sums["penal"][end], sums["ordinary"][end]

    def per_day(row: int) -> Fraction:
        return exact(t["rate"][row]) / int(t["over"][row])

    penalty = _half_up(
        penal * t["rate"] / t["over"] * t["penalty_multiple"],
        lambda row: int(penal[row]) * per_day(row) * exact(t["penalty_multiple"][row]),
    )
    grown: np.ndarray = penalty + _half_up(
        ordinary * t["rate"] / t["over"], lambda row: int(ordinary[row]) * per_day(row)
    )
    return grown


def _dues(t: Mapping[str, np.ndarray]) -> np.ndarray:
    """Due dates as days since 1970, row n for instalment n; row 0 is the day the loan was drawn."""
    drawn = t["drawn"].astype("datetime64[D]")
    month = drawn.astype("datetime64[M]").astype(np.int64)
    day = t["drawn"] - drawn.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    low, most = int(month.min()), int(t["months"].max())
    starts = (
        np.arange(low, int(month.max()) + most + 2).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    )
    lengths = np.diff(starts)
    at = month - low + np.arange(most + 1)[:, None]
    return np.asarray(starts[at] + np.minimum(day, lengths[at] - 1))


def _rate(t: Mapping[str, np.ndarray], dues: np.ndarray, n: int) -> np.ndarray:
    """The rate of period ``n`` as a float: a daily one times its days, a yearly one over twelve. For bullets of all n periods."""
    return t["rate"] * np.where(t["daily"], dues[n] - dues[n - 1], t["twelfth"])


def _interest(t: Mapping[str, np.ndarray], balance: np.ndarray, dues: np.ndarray, n: int) -> np.ndarray:
    alone = t["method"] == METHODS.index("bullet")
    days = dues[n] - np.where(alone, dues[0], dues[n - 1])
    months = np.where(alone, n, 1)
    length = np.where(t["daily"], days, months * t["twelfth"])

    def one(row: int) -> Fraction:
        over = 1 if t["daily"][row] else t["per_year"][row]
        return (
            int(balance[row]) * exact(t["rate"][row]) * int(days[row] if t["daily"][row] else months[row]) / int(over)
        )

    interest = _half_up(balance * t["rate"] * length, one)
    interest *= (n <= t["months"]) & ~(alone & (n < t["months"]))
    return interest


def _level(t: Mapping[str, np.ndarray], dues: np.ndarray) -> np.ndarray:
    """The equal payments in cents (0 for other methods)."""
    equal = t["method"] == METHODS.index("equal_instalment")
    worth, factor = np.zeros(len(equal)), np.ones(len(equal))
    for n in range(1, int(t["months"].max()) + 1):
        factor /= 1 + _rate(t, dues, n)
        worth += factor * (n <= t["months"])

    def one(row: int) -> Fraction:
        return Fraction(level_payment(int(t["principal"][row]), _periods(t, row, dues)))

    return _half_up(np.where(equal, t["principal"] / worth, 0.25), one)


def _periods(t: Mapping[str, np.ndarray], row: int, dues: np.ndarray) -> list[Fraction]:
    number, rate = int(t["months"][row]), exact(t["rate"][row])
    if not t["daily"][row]:
        return [rate / int(t["per_year"][row])] * number
    return [rate * int(length) for length in np.diff(dues[: number + 1, row])]


def _half_up(amount: np.ndarray, one: Callable[[int], Fraction]) -> np.ndarray:
    """To whole cents (int64), half a cent up; ``one(row)`` is the exact amount where a double cannot tell."""
    whole, near = _cents(amount)
    whole = whole.astype(np.int64)
    for row in np.flatnonzero(near).tolist():
        whole[row] = half_up(one(row))
    return whole


def _in_blocks(
    table: Mapping[str, np.ndarray],
    work: Callable[[dict[str, np.ndarray]], Iterable[np.ndarray]],
    kind: Callable[..., T],
) -> T:
    """``work`` on each block of rows, put together."""
    size = len(table["principal"])
    blocks = [
        work({name: column[start : start + BLOCK] for name, column in table.items()}) for start in range(0, size, BLOCK)
    ]
    empty = np.zeros(0, np.int64)
    return kind(*(np.concatenate(columns) for columns in zip(*blocks, strict=True))) if blocks else kind(*[empty] * 5)


def _checked(loans: Any) -> dict[str, np.ndarray]:
    """The columns as numbers, checked as a loan's fields are. Raises :class:`CaseError` naming row (from 1) and column."""
    names = list(loans.keys())
    unknown = [
        Problem("unknown_key", f"table: {shown(name)}", {"allowed": items(COLUMNS)})
        for name in names
        if name not in COLUMNS
    ]
    missing = [name for name in COLUMNS if FIELDS[name]["required"] and name not in names]
    unknown += [Problem("missing", f"table: {name}", {"allowed": allowed(name)}) for name in missing]
    if unknown:
        raise CaseError(unknown)
    size = len(loans["principal"])
    t = {name: _numbers(loans, name, size) for name in COLUMNS if name not in ("method", "drawn")}
    rates = np.column_stack([t.pop(name) for name in RATES])
    given = ~np.isnan(rates)
    _refuse(given.sum(1) != 1, rates, "rate", Phrase("exactly_one", {"items": ", ".join(RATES)}))
    kind = given.argmax(1)
    t["rate"] = rates[np.arange(size), kind]
    t["daily"], t["per_year"] = kind == 0, np.array([1, 1, 12])[kind]
    t["twelfth"], t["over"] = 1 / t["per_year"], np.array([1, 30, 360])[kind]
    method = np.asarray(loans["method"], object)
    t["method"] = np.select([method == name for name in METHODS], range(len(METHODS)), -1)
    for row in np.flatnonzero(t["method"] < 0):
        heard = FIELDS.heard("method", method[row])
        t["method"][row] = METHODS.index(heard) if heard in METHODS else -1
    _refuse(t["method"] < 0, loans["method"], "method", allowed("method"))
    t["drawn"] = _days(loans["drawn"])
    for name in MONEY:
        sums = np.rint(t[name] * 100)
        _refuse(np.abs(t[name] * 100 - sums) > 1e-4, t[name], name, allowed(name))
        t[name] = sums.astype(np.int64)
    for name in ("months", "missed_from", "grace_days"):
        _refuse(t[name] != np.floor(t[name]), t[name], name, allowed(name))
        t[name] = t[name].astype(np.int64)
    instalments = np.where(t["method"] == METHODS.index("bullet"), 1, t["months"])
    _refuse(
        t["missed_from"] > instalments, t["missed_from"], "missed_from", Phrase("integer", {"low": 1, "high": "months"})
    )
    return t


def _numbers(loans: Any, name: str, size: int) -> np.ndarray:
    """One column as floats; the default where it is left out, NaN for a rate that is not given."""
    spec, rate = FIELDS[name], name in RATES
    if name not in loans:
        return np.full(size, np.nan if rate else float(default(name)))
    column = np.asarray(loans[name])
    try:
        numbers = column.astype(float)
    except (TypeError, ValueError):
        numbers = np.array([_float(FIELDS.heard(name, value)) for value in column])
    inside = (numbers >= spec.get("minimum", 0)) & (numbers <= spec["maximum"])
    _refuse(~(inside | (np.isnan(numbers) & rate)), column, name, allowed(name))
    return numbers


def _float(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return -np.inf


def _days(column: Any) -> np.ndarray:
    try:
        return np.asarray(column, "datetime64[D]").astype(np.int64)
    except (TypeError, ValueError):
        for row, value in enumerate(column, 1):
            try:
                as_date(value)
            except ValueError:
                raise CaseError(Problem("date", f"row {row}: drawn", {"value": shown(value)})) from None
        return np.array([as_date(value) for value in column], "datetime64[D]").astype(np.int64)


def _refuse(bad: np.ndarray, column: Any, name: str, allowed: Phrase) -> None:
    if bad.any():
        row, values = int(bad.argmax()), np.asarray(column)
        raise CaseError(Problem("invalid", f"row {row + 1}: {name}", {"value": shown(values[row]), "allowed": allowed}))
