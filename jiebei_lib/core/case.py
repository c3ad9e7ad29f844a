"""The input: one overdue borrower as far as known, and the check of every fact. Field names and limits are in case.yaml."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from jiebei_lib.core.knowledge.fields import Fields, number_in
from jiebei_lib.core.knowledge.problems import CaseError, Phrase, Problem, shown
from jiebei_lib.core.knowledge.user_files import read_yaml
from jiebei_lib.core.knowledge.yaml_files import dumped

FIELDS = Fields("core/case.yaml")
allowed = FIELDS.allowed  # what a field may hold, in words
SCORED = tuple(name for name, spec in FIELDS.items() if spec.get("about") != "conduct")


@dataclass(frozen=True, slots=True)
class Case:
    """What is known of one overdue borrower. ``None`` means unknown. Raises :class:`CaseError` naming every wrong field.

    ``days_overdue`` in days since the due date (below 0 while it lies ahead), ``amount_overdue`` in yuan (a pair is a range),
    ``past_overdue`` in the last 24 months, ``failed_attempts`` in a row, ``unreachable_days`` up to now, ``lender`` its kind.
    """

    days_overdue: int
    amount_overdue: float | tuple[float, float] | None = None
    zhima_score: int | None = None
    past_overdue: int | None = None
    communication: str | None = None
    contacts: str | None = None
    case_id: str = "case"
    failed_attempts: int | None = None
    unreachable_days: int | None = None
    lender: str | None = None

    def __post_init__(self) -> None:
        problems = []
        for field in fields(self):
            value, problem = checked(field.name, getattr(self, field.name))
            problems += [problem] if problem else []
            object.__setattr__(self, field.name, value)
        if problems:
            raise CaseError(problems)

    @classmethod
    def of(cls, given: Mapping[str, Any], where: str = "case") -> Case:
        """A case from a mapping, such as a YAML file or a table's row, whose keys and words are those of any language that case.yaml
        knows; unknown keys are refused, not ignored."""
        if not isinstance(given, Mapping):
            raise CaseError(Problem("invalid", where, {"value": shown(given), "allowed": Phrase("mapping")}))
        facts, problems = FIELDS.keyed(given, where)
        facts.setdefault("case_id", "case")
        known: dict[str, Any] = {name: facts.get(name) for name in FIELDS if name in facts or FIELDS[name]["required"]}
        for name, value in known.items():
            problem = checked(name, value, f"{where}: {name}")[1]
            problems += [problem] if problem else []
        if problems:
            raise CaseError(problems)
        return cls(**known)

    @classmethod
    def read(cls, path: str | Path) -> Case:
        """A case from a YAML or JSON file."""
        return cls.of(read_yaml(path, CaseError), Path(path).name)

    @property
    def unknown(self) -> list[str]:
        """The names of the facts that are not known and play a part in the score."""
        return [name for name in SCORED if getattr(self, name) is None]

    @property
    def amount(self) -> float | None:
        """The amount in yuan where it is one number."""
        return None if isinstance(self.amount_overdue, tuple) else self.amount_overdue

    @property
    def amounts(self) -> tuple[float, float]:
        """The least and the greatest amount that it may be, in yuan."""
        if isinstance(self.amount_overdue, tuple):
            return self.amount_overdue
        least, most = (0.01, float(FIELDS["amount_overdue"]["maximum"]))
        return (least, most) if self.amount_overdue is None else (self.amount_overdue,) * 2

    def to_dict(self) -> dict[str, Any]:
        facts = {name: getattr(self, name) for name in FIELDS}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in facts.items()}

    def to_yaml(self) -> str:
        return dumped(self.to_dict())

    def replace(self, **facts: Any) -> Case:
        return Case(**{**asdict(self), **facts})

    def matches(self, rule: Mapping[str, Any]) -> bool:
        """Whether a rule's ``when``, ``from_day`` and ``to_day`` fit this case. In ``when``, null stands for unknown."""
        when = rule.get("when") or {}
        return rule.get("from_day", -math.inf) <= self.days_overdue <= rule.get("to_day", math.inf) and all(
            getattr(self, name) in allowed for name, allowed in when.items()
        )


def checked(name: str, value: Any, where: str | None = None) -> tuple[Any, Problem | None]:
    """A field's value in its proper type, and what is wrong with it if anything. Words are heard as :meth:`Fields.heard` has them."""
    spec, where, given = FIELDS[name], where or name, value
    value = FIELDS.heard(name, given)
    if value is None:
        return None, Problem("missing", where, {"allowed": allowed(name)}) if spec["required"] else None
    wrong = Problem("invalid", where, {"value": shown(given), "allowed": allowed(name)})
    if spec.get("span") and isinstance(value, str | list | tuple):
        return _span(name, value, wrong)
    if spec["type"] == "level":
        return value, None if isinstance(value, str) and value in spec["levels"] else wrong
    if spec["type"] == "text":
        fine = isinstance(value, str) and value.strip() and len(value) <= spec["max_length"] and value.isprintable()
        return value, None if fine else wrong
    if isinstance(value, bool | str | bytes):
        return value, wrong
    try:
        number = whole(value) if spec["type"] == "integer" else float(value)
    except (TypeError, ValueError, OverflowError):
        return value, wrong
    low, above, high = spec.get("minimum", -math.inf), spec.get("exclusive_minimum", -math.inf), spec["maximum"]
    return number, None if low <= number <= high and number > above else wrong


def _span(name: str, given: Any, wrong: Problem) -> tuple[Any, Problem | None]:
    """A range of a number: 5000-8000 or 5,000至8,000元 as text, or two numbers."""
    parts = re.split(r"\s*[-–~～至到]\s*", given.strip()) if isinstance(given, str) else given
    ends = [checked(name, part) for part in parts] if len(parts) == 2 else []
    if not ends or any(problem or not isinstance(end, float) for end, problem in ends) or ends[0][0] > ends[1][0]:
        return given, wrong
    (low, _), (high, _) = ends
    leading = number_in((re.match(r"\d+|\w", str(parts[1])) or [""])[0]) or high
    unclear = str(parts[0]).isnumeric() and low < float(leading) < high  # 1-2万, 一到两万
    return (given, wrong) if unclear else (low if low == high else (low, high), None)


def whole(value: Any) -> int:
    """An integer, also when it comes as 7.0 (tables with gaps do that); anything else is refused."""
    try:
        return operator.index(value)
    except TypeError:
        number = float(value)
        if not number.is_integer():
            raise ValueError(value) from None
        return int(number)
