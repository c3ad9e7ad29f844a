"""`jiebei schema`: the JSON Schema of what goes in and what comes out."""

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Annotated, Any

import typer

from jiebei_lib.cli.output import print_json, t
from jiebei_lib.core.knowledge.fields import Fields
from jiebei_lib.core.knowledge.problems import Problem, UserError, items, shown

# Each schema and the function that gives it.
SCHEMAS = {
    "case": "jiebei_lib.cli.schema:case_schema",
    "attempts": "jiebei_lib.cli.schema:attempts_schema",
    "assessment": "jiebei_lib.core.assessment:json_schema",
    "loan": "jiebei_lib.cli.schema:loan_schema",
    "borrower": "jiebei_lib.cli.schema:borrower_schema",
    "cost": "jiebei_lib.money.summary:json_schema",
    "record": "jiebei_lib.money.record:json_schema",
}


def schema(name: Annotated[str, typer.Argument(help=t("schema.name", names=", ".join(SCHEMAS)))]) -> None:
    if name not in SCHEMAS:
        raise UserError(Problem("not_one_of", "NAME", {"value": shown(name), "allowed": items(SCHEMAS)}))
    module, _, function = SCHEMAS[name].partition(":")
    print_json(getattr(import_module(module), function)())


def case_schema() -> dict[str, Any]:
    """A case, as CASE.yaml or CASE.json holds it."""
    from jiebei_lib.core.case import FIELDS

    return of_fields(FIELDS, "Case", [name for name in _required(FIELDS) if name != "case_id"])


def loan_schema() -> dict[str, Any]:
    """A loan, as LOAN.yaml holds it."""
    from jiebei_lib.money.loan import RATES
    from jiebei_lib.money.loan_fields import FIELDS

    return of_fields(FIELDS, "Loan", _required(FIELDS), oneOf=[{"required": [name]} for name in RATES])


def borrower_schema() -> dict[str, Any]:
    """A borrower with every debt, as `jiebei borrower` reads it and `jiebei ask --state` keeps it."""
    from jiebei_lib.situation.borrower import DEBT, KEPT, MOST, PERSON

    person, debt, loan = of_fields(PERSON, "Borrower", []), of_fields(DEBT, "Debt", []), loan_schema()
    for inner in (debt, loan):
        inner.pop("$schema")
    debt["properties"]["loan"] = loan
    person["properties"] |= {"debts": {"type": "array", "maxItems": MOST, "items": debt}, KEPT: {"type": "object"}}
    return person


def attempts_schema() -> dict[str, Any]:
    """A log of attempts as JSON: a list with one object a call, message or visit."""
    from jiebei_lib.calls.log import COLUMNS

    attempt = of_fields(COLUMNS, "Attempt", _required(COLUMNS))
    return {"$schema": attempt.pop("$schema"), "title": "Attempts", "type": "array", "items": attempt}


def of_fields(fields: Fields, title: str, required: Iterable[str], **more: Any) -> dict[str, Any]:
    """JSON Schema (2020-12) of a mapping with these fields, each by its own name and in its own type."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "type": "object",
        "properties": {name: _property(spec, fields.gaps) for name, spec in fields.items()},
        "required": list(required),
        **more,
        "additionalProperties": False,
    }


def _required(fields: Fields) -> list[str]:
    return [name for name, spec in fields.items() if spec["required"]]


def _property(spec: Mapping[str, Any], gaps: bool) -> dict[str, Any]:
    """One field's schema; ``gaps``: null stands for a fact that is not known."""
    kind, said = spec["type"], {"description": spec["description"]["en"]}
    entry: dict[str, Any] = dict(_KINDS.get(kind, {"type": "string"}))
    if kind == "order":
        entry["items"] = {"enum": list(spec["levels"])}
    if kind == "level":
        entry["enum"] = list(spec["levels"])
    if "max_length" in spec:
        entry["maxLength"] = spec["max_length"]
    if kind in ("integer", "number"):
        ends = {"minimum": "minimum", "maximum": "maximum", "exclusive_minimum": "exclusiveMinimum"}
        entry |= {ends[key]: spec[key] for key in ends if key in spec}
    several = {"type": "array", "items": dict(entry), "minItems": 2, "maxItems": 2}
    if gaps and not spec["required"] and "anyOf" in entry:
        entry["anyOf"] = [*entry["anyOf"], {"type": "null"}]
    elif gaps and not spec["required"]:
        entry["type"] = [entry["type"], "null"]
        if "enum" in entry:
            entry["enum"].append(None)
    return {"anyOf": [entry, several]} | said if spec.get("span") else entry | said


_DAY = {"type": "string", "format": "date"}
_EXACT = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^\d+(\.\d+)?$"}]}  # to the last digit, as text
_PAYMENT = {
    "type": "object",
    "properties": {"on": _DAY, "amount": _EXACT},
    "required": ["on", "amount"],
    "additionalProperties": False,
}
_KINDS: dict[str, dict[str, Any]] = {
    "text": {"type": "string", "minLength": 1},
    "ids": {"type": "string", "minLength": 1},
    "truth": {"type": "boolean"},
    "date": _DAY,
    "day": _DAY,
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "money": _EXACT,
    "rate": _EXACT,
    "decimal": _EXACT,
    "order": {"type": "array", "minItems": 4, "uniqueItems": True},
    "payments": {"type": "array", "items": _PAYMENT},
}
