"""The input: one overdue borrower as far as known, and the check of every fact. Field names and limits are in case.yaml."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from jiebei_lib.core.knowledge.problems import CaseError, Phrase, Problem, items, shown
from jiebei_lib.core.knowledge.user_files import read_yaml
from jiebei_lib.core.knowledge.yaml_files import dumped, shipped

FIELDS: dict[str, dict[str, Any]] = shipped("core/case.yaml")


@dataclass(frozen=True, slots=True)
class Case:
    """What is known of one overdue borrower. ``None`` means unknown. Raises :class:`CaseError` naming every wrong field.

    ``days_overdue`` in days since the due date, ``amount_overdue`` in yuan, ``past_overdue`` in the last 24 months.
    """

    days_overdue: int
    amount_overdue: float
    zhima_score: int | None = None
    past_overdue: int | None = None
    communication: str | None = None
    contacts: str | None = None
    case_id: str = "case"

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
        """A case from a mapping, such as a YAML file or a table's row; unknown keys are refused, not ignored."""
        if not isinstance(given, Mapping):
            raise CaseError(Problem("invalid", where, {"value": shown(given), "allowed": Phrase("mapping")}))
        problems = [
            Problem("unknown_key", f"{where}: {shown(key)}", {"allowed": items(FIELDS)})
            for key in given
            if key not in FIELDS
        ]
        known = {name: given.get(name) for name in FIELDS if name in given or FIELDS[name]["required"]}
        if "case_id" not in given:
            known["case_id"] = "case"
        for name, value in known.items():
            problem = checked(name, value, f"{where}: {name}")[1]
            problems += [problem] if problem else []
        if problems:
            raise CaseError(problems)
        return cls(**known)

    @classmethod
    def read(cls, path: str | Path) -> Case:
        """A case from a YAML file."""
        return cls.of(read_yaml(path, CaseError), Path(path).name)

    @property
    def unknown(self) -> list[str]:
        """The names of the facts that are not known."""
        return [name for name in FIELDS if getattr(self, name) is None]

    def to_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in FIELDS}

    def to_yaml(self) -> str:
        return dumped(self.to_dict())

    def replace(self, **facts: Any) -> Case:
        return Case(**{**asdict(self), **facts})

    def matches(self, rule: Mapping[str, Any]) -> bool:
        """Whether a rule's ``when``, ``from_day`` and ``to_day`` fit this case. In ``when``, null stands for unknown."""
        when = rule.get("when") or {}
        return rule.get("from_day", 0) <= self.days_overdue <= rule.get("to_day", math.inf) and all(
            getattr(self, name) in allowed for name, allowed in when.items()
        )


def checked(name: str, value: Any, where: str | None = None) -> tuple[Any, Problem | None]:
    """A field's value in its proper type, and what is wrong with it if anything."""
    spec, where = FIELDS[name], where or name
    if value is None:
        return None, Problem("missing", where, {"allowed": allowed(name)}) if spec["required"] else None
    wrong = Problem("invalid", where, {"value": shown(value), "allowed": allowed(name)})
    if spec["type"] == "level":
        return value, None if isinstance(value, str) and value in spec["levels"] else wrong
    if spec["type"] == "text":
        fine = (
            isinstance(value, str)
            and len(value.strip()) >= 1
            and len(value) <= spec["max_length"]
            and value.isprintable()
        )
        return value, None if fine else wrong
    if isinstance(value, bool | str | bytes):
        return value, wrong
    try:
        number = whole(value) if spec["type"] == "integer" else float(value)
    except (TypeError, ValueError, OverflowError):
        return value, wrong
    low, above, high = spec.get("minimum", -math.inf), spec.get("exclusive_minimum", -math.inf), spec["maximum"]
    return number, None if low <= number <= high and number > above else wrong


def whole(value: Any) -> int:
    """An integer, also when it comes as 7.0 (tables with gaps do that); anything else is refused."""
    try:
        return operator.index(value)
    except TypeError:
        number = float(value)
        if not number.is_integer():
            raise ValueError(value) from None
        return int(number)


def allowed(name: str) -> Phrase:
    """What a field may hold, in words."""
    spec = FIELDS[name]
    low = spec.get("minimum", spec.get("exclusive_minimum"))
    phrase = {
        "level": lambda: Phrase("levels", {"items": ", ".join(spec["levels"])}),
        "text": lambda: Phrase("text", {"high": spec["max_length"]}),
        "integer": lambda: Phrase("integer", {"low": low, "high": spec["maximum"]}),
        "number": lambda: Phrase("number_above", {"low": low, "high": spec["maximum"]}),
    }[spec["type"]]()
    return phrase if spec["required"] else Phrase("or_unknown", {"allowed": phrase})


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a case."""
    properties = {}
    for name, spec in FIELDS.items():
        kind = {"text": "string", "level": "string"}.get(spec["type"], spec["type"])
        entry: dict[str, Any] = {
            "type": kind if spec["required"] else [kind, "null"],
            "description": spec["description"]["en"],
        }
        names = {
            "minimum": "minimum",
            "maximum": "maximum",
            "exclusive_minimum": "exclusiveMinimum",
            "max_length": "maxLength",
        }
        entry |= {names[key]: spec[key] for key in names if key in spec}
        if spec["type"] == "text":
            entry["minLength"] = 1
        if spec["type"] == "level":
            entry["enum"] = [*spec["levels"], None]
        properties[name] = entry
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Case",
        "type": "object",
        "properties": properties,
        "required": [name for name, spec in FIELDS.items() if spec["required"] and name != "case_id"],
        "additionalProperties": False,
    }


def check_table(table: Any) -> dict[str, Any]:
    """A data frame's columns as arrays, checked as cases are: numbers as floats (NaN unknown), levels as their number (-1 unknown).

    Raises :class:`CaseError` naming the first wrong cells by row (from 1) and column. ``case_id`` is not looked at.
    """
    import numpy as np
    import pandas as pd

    problems = [
        Problem("unknown_key", f"table: {shown(name)}", {"allowed": items(FIELDS)})
        for name in table.columns
        if name not in FIELDS
    ]
    out = {}
    for name, spec in FIELDS.items():
        if name not in table.columns:
            if spec["required"] and spec["type"] != "text":
                problems.append(Problem("missing", f"table: {name}", {"allowed": allowed(name)}))
            levels = spec["type"] == "level"
            out[name] = np.full(len(table), -1 if levels else math.nan, int if levels else float)
            continue
        column = table[name]
        empty = column.isna().to_numpy()
        if spec["type"] == "text":
            continue
        if spec["type"] == "level":
            # By way of categories: a million cells of text five times as fast
            level = column.astype("category") if column.dtype == "str" else column
            out[name] = pd.Index(spec["levels"]).get_indexer(level)
            bad = (out[name] < 0) & ~empty
        else:
            numbers = (
                pd.to_numeric(column, errors="coerce") if column.dtype != bool else column.astype(float) * math.nan
            )
            out[name] = numbers.to_numpy(float, na_value=math.nan)
            bad = ~within(name, out[name]) & ~empty
        bad |= empty & spec["required"]
        for row in np.flatnonzero(bad)[:10]:
            cell = {"value": shown(column.iloc[row]), "allowed": allowed(name)}
            problems.append(Problem("invalid", f"row {row + 1}: {name}", cell))
    if problems:
        raise CaseError(problems)
    return out


def within(name: str, numbers: Any) -> Any:
    """Which of an array of numbers a field may hold; NaN never."""
    import numpy as np

    spec = FIELDS[name]
    inside = numbers <= spec["maximum"]
    inside &= numbers >= spec["minimum"] if "minimum" in spec else numbers > spec["exclusive_minimum"]
    if spec["type"] == "integer":
        inside &= numbers == np.floor(numbers)
    return inside
