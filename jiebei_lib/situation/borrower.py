"""The input: a person with all debts, as far as known. Fields are in borrower.yaml and debt.yaml; those of a case in core/case.yaml."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from jiebei_lib.core.case import FIELDS as CASE
from jiebei_lib.core.case import Case, whole
from jiebei_lib.core.case import checked as case_checked
from jiebei_lib.core.knowledge.fields import Fields
from jiebei_lib.core.knowledge.problems import CaseError, Phrase, Problem, items, shown
from jiebei_lib.core.knowledge.user_files import read_yaml
from jiebei_lib.core.knowledge.yaml_files import dumped
from jiebei_lib.money.loan import Loan
from jiebei_lib.money.loan_fields import as_date, as_money

PERSON = Fields("situation/borrower.yaml")
DEBT = Fields("core/case.yaml", "situation/debt.yaml")
ROW = Fields(
    "situation/borrower.yaml", "core/case.yaml", "situation/debt.yaml"
)  # a row of a table: a debt, with the person's facts beside
DEBTS = ("debts", "债务", "欠款", "各笔债务")  # the key under which a file lists them
KEPT = "asked"  # the key under which an interview keeps its answers beside the borrower
LOANS = ("loan", "借款", "借款合同")  # the key of a debt under which its loan stands, as money/loan.yaml has it
MOST = 200  # debts of one person; more is another kind of table


@dataclass(frozen=True, slots=True)
class Debt:
    """One debt, ``None`` for what is not known. Yuan; ``days_overdue`` or ``due_date``, from which days are counted on the day of the
    answer. ``case_id`` names it. Raises :class:`CaseError` naming every wrong field."""

    case_id: str = "debt"
    creditor: str | None = None
    kind: str | None = None
    days_overdue: int | None = None
    due_date: date | None = None
    amount_overdue: float | tuple[float, float] | None = None
    fell_due: Decimal | None = None
    owed: Decimal | None = None
    instalment: Decimal | None = None
    paid: Decimal | None = None
    paid_on: date | None = None
    lender: str | None = None
    holder: str | None = None
    notice: bool | None = None
    disputed: bool | None = None
    court: str | None = None
    zhima_score: int | None = None
    past_overdue: int | None = None
    communication: str | None = None
    contacts: str | None = None
    failed_attempts: int | None = None
    unreachable_days: int | None = None
    loan: Loan | None = None

    def __post_init__(self) -> None:
        _check(self, DEBT, ("loan",))
        if self.amount_overdue is None and self.fell_due is not None:
            left = self.fell_due - (self.paid or Decimal(0))
            if left < 0:
                slots = {"value": self.paid, "allowed": Phrase("money", {"low": 0, "high": self.fell_due})}
                raise CaseError(Problem("invalid", "paid", slots))
            object.__setattr__(self, "amount_overdue", float(left) or None)

    def days(self, on: date) -> int | None:
        """Days overdue on a day: below 0 while the due date lies ahead; None if neither days nor a due date are known."""
        due = self.due_date or (
            self.loan.due(self.loan.missed_from) if self.loan and self.days_overdue is None else None
        )
        return (on - due).days if due else self.days_overdue

    def case(self, on: date) -> Case | None:
        """The facts of a case on a day; None while the days are not known or beyond what a case takes."""
        days = self.days(on)
        if days is None or case_checked("days_overdue", days)[1]:
            return None
        facts = {name: getattr(self, name) for name in CASE if name != "days_overdue"}
        return Case(days_overdue=days, **facts)

    @property
    def name(self) -> str:
        return self.creditor or self.case_id


@dataclass(frozen=True, slots=True, repr=False)
class Borrower:
    """A person and their debts, ``None`` for what is not known. Sums are yuan a month. Raises :class:`CaseError`."""

    debts: tuple[Debt, ...] = ()
    borrower_id: str = "borrower"
    who_asks: str | None = None
    condition: str | None = None
    income: Decimal | None = None
    spending: Decimal | None = None
    savings: Decimal | None = None
    dependants: int | None = None
    contacts_called: bool | None = None
    called_on: date | None = None
    called_whom: str | None = None
    told: str | None = None
    source: str = field(default="borrower", compare=False, repr=False)

    def __post_init__(self) -> None:
        _check(self, PERSON, ("debts", "source"))
        if len(self.debts) > MOST:
            raise CaseError(Problem("too_many_debts", self.source, {"value": len(self.debts), "high": MOST}))
        # Debts that the file leaves without a name, or names alike, are numbered, so that an answer can tell them apart.
        names = [debt.name for debt in self.debts]
        told = [debt.case_id if names.count(debt.name) == 1 and debt.case_id != "debt" else None for debt in self.debts]
        numbered = [_renamed(debt, told[n] or f"{n + 1}") for n, debt in enumerate(self.debts)]
        object.__setattr__(self, "debts", tuple(numbered))
        if self.contacts_called is None and (self.called_on or self.called_whom or self.told):
            object.__setattr__(self, "contacts_called", True)

    def __repr__(self) -> str:
        return f"<Borrower {self.borrower_id}: {len(self.debts)} debts>"

    @classmethod
    def of(cls, given: Mapping[str, Any], where: str = "borrower") -> Borrower:
        """A borrower from a mapping such as a YAML file: facts of the person, and ``debts``, a list of mappings. A mapping without that
        list is one debt with the person's facts beside it, so that a case file serves as it is."""
        if not isinstance(given, Mapping):
            raise CaseError(Problem("invalid", where, {"value": shown(given), "allowed": Phrase("mapping")}))
        listed = [key for key in given if isinstance(key, str) and key.strip().casefold() in DEBTS]
        rest = {key: value for key, value in given.items() if key not in (*listed, KEPT)}
        if not listed:
            mine = {key: value for key, value in rest.items() if PERSON.named(key) and not CASE.named(key)}
            one = {key: value for key, value in rest.items() if key not in mine}
            rest, told = mine, [one] if one else []
        else:
            told = given[listed[0]] or []
        if isinstance(told, str | Mapping) or not isinstance(told, Iterable):
            raise CaseError(
                Problem("invalid", f"{where}: {listed[0]}", {"value": shown(told), "allowed": Phrase("mapping")})
            )
        facts, problems = PERSON.keyed(rest, where)
        debts = []
        for n, each in enumerate(told, 1):
            try:
                debts.append(_debt(each, f"{where}: debts {n}" if listed else where))
            except CaseError as wrong:
                problems += wrong.problems
        problems += [
            problem for name, value in facts.items() for problem in _value(PERSON, name, value, f"{where}: {name}")[1]
        ]
        if problems:
            raise CaseError(problems)
        return cls(debts=tuple(debts), source=where, **{k: v for k, v in facts.items() if v is not None})

    @classmethod
    def read(cls, path: str | Path) -> Borrower:
        """A borrower from a YAML or JSON file, or from a table (CSV, Excel …) that holds one person's debts."""
        return read_borrowers(path)[0]

    def to_dict(self) -> dict[str, Any]:
        """Plain data that :meth:`of` reads back."""
        out = {f.name: _plain(getattr(self, f.name)) for f in fields(self) if f.name not in ("debts", "source")}
        out["debts"] = [{f.name: _plain(getattr(debt, f.name)) for f in fields(debt)} for debt in self.debts]
        out["debts"] = [{name: value for name, value in debt.items() if value is not None} for debt in out["debts"]]
        return {name: value for name, value in out.items() if value is not None}

    def to_yaml(self) -> str:
        return dumped(self.to_dict())


def read_borrowers(path: str | Path) -> list[Borrower]:
    """Every borrower of a file: one from YAML or JSON, from a table one a ``borrower_id``, whose rows are the debts."""
    path = Path(path)
    if path.suffix.lower() in (".yaml", ".yml", ".json"):
        return [Borrower.of(read_yaml(path, CaseError), path.name)]
    from jiebei_lib.core.tables.files import kind
    from jiebei_lib.core.tables.whole import text_columns, text_table

    if kind(path) == "csv":
        columns, numbers, wrong = text_columns(path)
    else:
        table, numbers, wrong = text_table(path)
        columns = {name: [cell if cell == cell else None for cell in table[name]] for name in table}
    if wrong:
        raise CaseError([Problem(each.problem.kind, f"row {each.row}", each.problem.slots) for each in wrong])
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return from_rows(rows, path.name, numbers)


def from_rows(
    rows: Iterable[Mapping[str, Any]], where: str = "table", numbers: Iterable[int] | None = None
) -> list[Borrower]:
    """Borrowers from rows: a debt each, the person's facts in any of their rows. Those without ``borrower_id`` are one person."""
    people: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {}
    problems: list[Problem] = []
    for number, row in zip(range(1, 10**9) if numbers is None else numbers, rows, strict=False):
        facts, wrong = ROW.keyed(
            {key: value for key, value in row.items() if value is not None}, f"{where}: row {number}"
        )
        problems += wrong
        person = people.setdefault(str(facts.get("borrower_id", "borrower")), ({}, []))
        for name in [name for name in facts if name in PERSON]:
            value = facts.pop(name)
            if person[0].setdefault(name, value) != value:
                before = {"value": shown(person[0][name])}
                problems.append(
                    Problem("told_twice", f"{where}: row {number}: {name}", before | {"other": shown(value)})
                )
        person[1].append(facts)
    if problems:
        raise CaseError(problems)
    if not people:
        raise CaseError(Problem("empty_table", where))
    return [Borrower.of({**facts, "debts": debts}, where) for facts, debts in people.values()]


def _debt(given: Any, where: str) -> Debt:
    """A debt from a mapping. Raises :class:`CaseError`."""
    if not isinstance(given, Mapping):
        raise CaseError(Problem("invalid", where, {"value": shown(given), "allowed": Phrase("mapping")}))
    loans = [key for key in given if isinstance(key, str) and key.strip().casefold() in LOANS]
    facts, problems = DEBT.keyed({key: value for key, value in given.items() if key not in loans}, where)
    problems += [
        problem for name, value in facts.items() for problem in _value(DEBT, name, value, f"{where}: {name}")[1]
    ]
    loan = None
    try:
        loan = Loan.of(given[loans[0]], f"{where}: loan") if loans else None
    except CaseError as wrong:
        problems += wrong.problems
    if problems:
        raise CaseError(problems)
    return Debt(**{name: value for name, value in facts.items() if value is not None}, loan=loan)


def _renamed(debt: Debt, name: str) -> Debt:
    return Debt(**{f.name: getattr(debt, f.name) for f in fields(debt)} | {"case_id": name})


def _check(owner: Any, known: Fields, others: tuple[str, ...]) -> None:
    """Each field of a dataclass in its proper type. Raises :class:`CaseError` naming every wrong one."""
    problems: list[Problem] = []
    for each in fields(owner):
        if each.name in others:
            continue
        value, wrong = _value(known, each.name, getattr(owner, each.name), each.name)
        problems += wrong
        object.__setattr__(owner, each.name, each.default if value is None else value)
    if problems:
        raise CaseError(problems)


def _value(known: Fields, name: str, given: Any, where: str) -> tuple[Any, list[Problem]]:
    """A field's value in its proper type, and what is wrong with it. Everything but an id may be unknown."""
    if name in CASE and known is DEBT:
        unknown = given is None or known.heard(name, given) is None
        value, problem = (None, None) if unknown else case_checked(name, given, where)
        return value, [problem] if problem else []
    spec, value = known[name], known.heard(name, given)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None, []
    try:
        return _typed(spec, value), []
    except (ValueError, TypeError, OverflowError, InvalidOperation):
        return given, [Problem("invalid", where, {"value": shown(given), "allowed": known.allowed(name)})]


def _typed(spec: Mapping[str, Any], value: Any) -> Any:
    """The value in its type; ValueError if it cannot be."""
    kind = spec["type"]
    if kind == "date":
        return as_date(value)
    if kind == "truth" and isinstance(value, bool):
        return value
    if kind == "level" and isinstance(value, str) and value in spec["levels"]:
        return value
    if kind == "text" and isinstance(value, str | int) and not isinstance(value, bool):
        text = str(value).strip()
        if len(text) <= spec["max_length"] and text.isprintable():
            return text
    if kind in ("money", "integer") and not isinstance(value, bool):
        number = as_money(value) if kind == "money" else whole(value)
        if spec["minimum"] <= number <= spec["maximum"]:
            return number
    raise ValueError(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Loan):
        return value.to_dict()
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def known_fields() -> Phrase:
    """The keys that a file may have."""
    return items([*PERSON, "debts"])
