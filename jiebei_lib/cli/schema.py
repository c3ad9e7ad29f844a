"""`jiebei schema`: the JSON Schema of what goes in and what comes out."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated

import typer

from jiebei_lib.cli.output import print_json, t
from jiebei_lib.core.knowledge.problems import Problem, UserError, items, shown

# Each schema and the function that gives it.
SCHEMAS = {
    "case": "jiebei_lib.core.case:json_schema",
    "assessment": "jiebei_lib.core.assessment:json_schema",
    "loan": "jiebei_lib.money.loan:json_schema",
    "cost": "jiebei_lib.money.summary:json_schema",
    "record": "jiebei_lib.money.record:json_schema",
}


def schema(name: Annotated[str, typer.Argument(help=t("schema.name", names=", ".join(SCHEMAS)))]) -> None:
    if name not in SCHEMAS:
        raise UserError(Problem("not_one_of", "NAME", {"value": shown(name), "allowed": items(SCHEMAS)}))
    module, _, function = SCHEMAS[name].partition(":")
    print_json(getattr(import_module(module), function)())
