"""The question bank: what it holds, and the marking of an answer.

An item is a mapping as in bank/*.yaml. A response is: for a choice the number of the option (0 is the right one, 1 and on the wrong
ones in the order of the YAML, whatever the order on screen), for a number the number, for an order the list of step numbers as
placed, for a breach the list of the lines ticked; None for any of them is "I don't know".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from jiebei_lib.core.knowledge.problems import Phrase, PolicyError, Problem, items
from jiebei_lib.core.knowledge.yaml_files import HERE, parse, remembered, shipped

TOPICS = ("line", "cannot_pay", "cost", "overdue", "record", "contacts")
FOLDER = HERE / "lessons"
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")  # as texts write one
OTHER = "other"  # in counts: a number that is none of those which have an explanation
# What checks the bank's files
CODE = (
    "lessons/bank.py",
    "lessons/schema.py",
    "core/policy_checks.py",
    "core/knowledge/schema.py",
    "core/knowledge/schema_problems.py",
)


@dataclass(frozen=True)
class Marked:
    """``right``: all of it; ``reveals``: misconceptions that the answer shows; ``feedback``: one text for each thing to say;
    ``lines``: of a breach, the line that each of these is about."""

    right: bool
    reveals: list[str]
    feedback: list[dict[str, str]]
    lines: tuple[dict[str, str], ...] = ()


@cache
def plan() -> dict[str, Any]:
    """Topics, their weights and the misconceptions (topics.yaml), checked."""
    return _content()["plan"]


@cache
def bank() -> dict[str, dict[str, Any]]:
    """Every item by its id, checked; the ids in a fixed order."""
    return _content()["bank"]


@cache
def _content() -> dict[str, Any]:
    files = [FOLDER / "topics.yaml", *(FOLDER / "bank" / f"{topic}.yaml" for topic in TOPICS)]
    texts = b"\0".join(file.read_bytes() for file in [*files, HERE / "core" / "sources.yaml"])
    return remembered("bank", texts, lambda: checked(*_read(files)), *CODE)


def _read(files: list[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    whole: dict[str, Any] = {}
    for file in files[1:]:
        for name, item in parse(file.read_text("utf-8")).items():
            if name in whole:
                raise PolicyError(Problem("duplicate_key", f"{file.name}: {name}", {"line": "?"}))
            whole[name] = item
    return parse(files[0].read_text("utf-8")), whole


def checked(given_plan: Any, given_bank: Any) -> dict[str, Any]:
    """Plan and bank if they keep the shape and every name and cite in them exists. Raises :class:`PolicyError` naming the place."""
    from jiebei_lib.core.knowledge.schema_problems import shape
    from jiebei_lib.core.policy_checks import cite_problems
    from jiebei_lib.lessons.schema import Bank, Plan

    problems = []
    for model, content, file in ((Plan, given_plan, "topics.yaml"), (Bank, given_bank, "bank")):
        problems += shape(model, content, partial(_place, f"lessons/{file}: "))
    if problems:
        raise PolicyError(problems)
    for name, item in given_bank.items():
        where = f"lessons/bank: {name}"
        if item["topic"] not in given_plan["topics"]:
            slots = {"value": item["topic"], "allowed": items(given_plan["topics"])}
            problems.append(Problem("not_in_list", where, slots))
        for reveals in revealed(item):
            if reveals not in given_plan["misconceptions"]:
                slots = {"value": reveals, "allowed": Phrase("items", {"items": "topics.yaml: misconceptions"})}
                problems.append(Problem("not_in_list", where, slots))
    sources = shipped("core/sources.yaml")
    for content, file in ((given_plan, "topics.yaml"), (given_bank, "bank")):
        problems += cite_problems(content, sources, partial(_place, f"lessons/{file}: "))
    if problems:
        raise PolicyError(problems)
    return {"plan": given_plan, "bank": given_bank}


def _place(file: str, path: tuple[Any, ...]) -> str:
    return file + ".".join(map(str, path))


def checked_file(name: str, model: str) -> dict[str, Any]:
    """Another YAML file of the lessons, checked by a model of schema.py."""
    texts = [
        (FOLDER / name).read_bytes(),
        (FOLDER / "schema.py").read_bytes(),
        (HERE / "core" / "sources.yaml").read_bytes(),
    ]

    def read() -> dict[str, Any]:
        from jiebei_lib.lessons import schema

        return schema.checked_as(getattr(schema, model), parse(texts[0].decode()), name)

    return remembered(name.removesuffix(".yaml"), b"\0".join(texts), read, *CODE)


def revealed(item: dict[str, Any]) -> list[str]:
    """Every misconception that an item can reveal."""
    found = [entry["reveals"] for key in ("wrong", "lines") for entry in item.get(key, [])]
    return found + ([item["otherwise"]["reveals"]] if "otherwise" in item else [])


@cache
def variants(name: str) -> tuple[dict[str, Any], ...]:
    """An item in its own numbers, then in each of the other numbers that it may be asked in."""
    item = bank()[name]
    return (item, *(_in_numbers(item, other) for other in item.get("parallel", ())))


def _in_numbers(item: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    def told(node: Any) -> Any:
        if isinstance(node, str):
            return NUMBER.sub(lambda found: other["numbers"].get(found[0], found[0]), node)
        if isinstance(node, list):
            return [told(each) for each in node]
        # Which misconception it shows is no text
        return (
            {key: value if key == "reveals" else told(value) for key, value in node.items()}
            if isinstance(node, dict)
            else node
        )

    out = {key: told(value) if key in ("ask", "right", "wrong", "otherwise") else value for key, value in item.items()}
    out["wrong"] = [{**said, "value": value} for said, value in zip(out["wrong"], other["wrong"], strict=True)]
    return {**out, "answer": other["answer"], "check": other["check"]}


def given_to(name: str, student: int) -> dict[str, Any]:
    """An item in the numbers in which a student gets it: always the same ones, and neighbours get others."""
    own = variants(name)
    return own[(student + list(bank()).index(name)) % len(own)]


def aligned(name: str, student: int, response: Any) -> Any:
    """A student's response as what it is in the item's own numbers, so that answers in different numbers can be counted together: the
    right one, a wrong one that has an explanation, or :data:`OTHER`."""
    item, own = bank()[name], given_to(name, student)
    if own is item or response is None:
        return response
    values = zip(
        [own["answer"], *(wrong["value"] for wrong in own["wrong"])], range(len(own["wrong"]) + 1), strict=True
    )
    found = next((n for value, n in values if abs(float(response) - value) <= item["tolerance"] + 1e-9), None)
    return OTHER if found is None else [item["answer"], *(wrong["value"] for wrong in item["wrong"])][found]


def mark(item: dict[str, Any], response: Any) -> Marked:
    """Marks one response; None is "I don't know": not right, and no misconception. Raises ``ValueError`` for what cannot be."""
    if response is None:
        if item["type"] == "breach":
            return _told(False, [], _breaking(item))
        return Marked(False, [], [item["right"]["why"]])
    how: dict[str, Callable[[dict[str, Any], Any], Marked]]
    how = {"choice": _choice, "number": _number, "order": _order, "breach": _breach}
    return how[item["type"]](item, response)


def _choice(item: dict[str, Any], response: int) -> Marked:
    if type(response) is not int or not 0 <= response <= len(item["wrong"]):
        raise ValueError(response)
    if response == 0:
        return Marked(True, [], [item["right"]["why"]])
    chosen = item["wrong"][response - 1]
    return Marked(False, [chosen["reveals"]], [chosen["why"]])


def _number(item: dict[str, Any], response: float) -> Marked:
    value = float(response)
    if value != value or abs(value) == float("inf"):
        raise ValueError(response)
    allow = item["tolerance"] + 1e-9  # a hair for what a decimal loses as a float
    if abs(value - item["answer"]) <= allow:
        return Marked(True, [], [item["right"]["why"]])
    said = next((wrong for wrong in item["wrong"] if abs(value - wrong["value"]) <= allow), item["otherwise"])
    return Marked(False, [said["reveals"]], [said["why"]])


def _order(item: dict[str, Any], response: list[int]) -> Marked:
    right = list(range(len(item["steps"])))
    if sorted(response) != right:
        raise ValueError(response)
    if list(response) == right:
        return Marked(True, [], [item["right"]["why"]])
    place = {step: n for n, step in enumerate(response)}
    swaps = [swap for swap in item["wrong"] if place[swap["first"] - 1] < place[swap["before"] - 1]]
    said = swaps[0] if swaps else item["otherwise"]
    return Marked(False, [said["reveals"]], [said["why"]])


def _breach(item: dict[str, Any], response: list[int]) -> Marked:
    ticked = set(response)
    if not ticked <= set(range(len(item["lines"]))):
        raise ValueError(response)
    missed = [line for n, line in enumerate(item["lines"]) if (n in ticked) != bool(line.get("rule"))]
    return _told(not missed, list(dict.fromkeys(line["reveals"] for line in missed)), missed or _breaking(item))


def _breaking(item: dict[str, Any]) -> list[dict[str, Any]]:
    return [line for line in item["lines"] if line.get("rule")]


def _told(right: bool, reveals: list[str], lines: list[dict[str, Any]]) -> Marked:
    return Marked(right, reveals, [line["why"] for line in lines], tuple(line["text"] for line in lines))
