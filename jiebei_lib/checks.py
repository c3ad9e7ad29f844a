"""Every check of the rules' YAML, and each mistake in one sentence. Imported only when rules are new or changed."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ValidationError

from jiebei_lib.case import FIELDS
from jiebei_lib.problems import Phrase, Problem, items, shown
from jiebei_lib.schema import Document, Source
from jiebei_lib.scoring.readings import NoReadings, Unbounded, build
from jiebei_lib.yamls import walk

Where = Callable[[tuple], str]


def problems_of(document: Mapping[str, Any], sources: Mapping[str, Any], where: Where) -> list[Problem]:
    """Everything wrong with a policy, all at once. ``where`` turns a key path into "file: path"."""
    found = shape(dict[str, Source], sources, lambda path: f"sources.yaml: {'.'.join(map(str, path))}")
    found += shape(Document, document, where)
    found += list(cite_problems(document, sources, where))
    if found:
        return found
    found = [
        *_ranges(document, where),
        *_stages(document, where),
        *_orders(document, where),
        *_references(document, where),
    ]
    return found or list(_readings(document, where))


def shape(model: Any, content: Any, where: Where) -> list[Problem]:
    """Where content is not of a model's shape. One sentence a mistake."""
    from pydantic import TypeAdapter

    try:
        TypeAdapter(model).validate_python(content)
    except ValidationError as wrong:
        return list(dict.fromkeys(_problem(error, content, model, where) for error in wrong.errors()))
    return []


def _problem(error: Mapping[str, Any], content: Any, model: Any, where: Where) -> Problem:
    """One pydantic error in our words."""
    path = _real_path(error["loc"], content)
    place, kind, context = where(path), error["type"], error.get("ctx", {})
    value = {"value": shown(error["input"])}
    if kind == "missing":
        return _Problem("missing", place, {"allowed": _wanted(path)})
    if kind == "extra_forbidden":
        return _Problem("unknown_key", place, {"allowed": items(_keys(model, path[:-1], content))})
    if kind in ("literal_error", "union_tag_invalid"):
        allowed = context.get("expected") or context.get("expected_tags")
        return _Problem("invalid", place, {**value, "allowed": Phrase("levels", {"items": allowed})})
    if kind == "union_tag_not_found":
        return _Problem("missing", f"{place}.kind", {"allowed": items(["sign", "strength", "order", "neutral"])})
    return _Problem("invalid", place, {**value, "allowed": _expected(kind, context, path)})


class _Problem(Problem):
    """Equal when it says the same, so that the branches of a union report a mistake once."""

    def __hash__(self) -> int:
        return hash((self.kind, self.where))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Problem) and (self.kind, self.where) == (other.kind, other.where)


def _real_path(loc: tuple, content: Any) -> tuple:
    """Pydantic's location without the names it adds for union branches and keys."""
    path, here = [], content
    for n, step in enumerate(loc):
        last = n == len(loc) - 1
        if isinstance(here, Mapping) and step not in here and not last:
            continue
        if not isinstance(here, Mapping | list | tuple) or step == "[key]":
            continue
        if last and isinstance(here, Mapping) and step not in here and not isinstance(step, str):
            continue
        path.append(step)
        try:
            here = here[step]
        except (KeyError, IndexError, TypeError):
            here = None
    return tuple(path)


def _keys(model: Any, path: tuple, content: Any) -> list[str]:
    """The keys that a mapping at ``path`` may have."""
    import typing

    here = content
    for step in path:
        here = here[step]
        if isinstance(model, type) and issubclass(model, BaseModel):
            names = {field.alias or name: field for name, field in model.model_fields.items()}
            model = names[step].annotation if step in names else dict
        else:
            arguments = typing.get_args(model)
            model = arguments[-1] if arguments else dict
        while True:
            origin, arguments = typing.get_origin(model), typing.get_args(model)
            if origin is Annotated:
                model = arguments[0]
            elif arguments and type(None) in arguments:
                model = next(kind for kind in arguments if kind is not type(None))
            elif arguments and all(isinstance(kind, type) and issubclass(kind, BaseModel) for kind in arguments):
                chosen = here.get("kind") if isinstance(here, Mapping) else None
                model = next(
                    (kind for kind in arguments if chosen in typing.get_args(kind.model_fields["kind"].annotation)),
                    arguments[0],
                )
            else:
                break
    if isinstance(model, type) and issubclass(model, BaseModel):
        return [field.alias or name for name, field in model.model_fields.items()]
    return []


def _wanted(path: tuple) -> Phrase:
    """What a missing key should hold."""
    last = path[-1] if path else ""
    if last in ("zh", "en", "text", "name", "description", "unit", "title"):
        return Phrase("both_languages")
    if last == "cite":
        return Phrase("cites")
    if last == "basis":
        return items(["documented", "regulation", "reported", "assumption"])
    return Phrase("text_any")


def _expected(kind: str, context: Mapping[str, Any], path: tuple) -> Phrase:
    last = path[-1] if path else ""
    if last == "cite" or (len(path) > 1 and path[-2] == "cite"):
        return Phrase("cites")
    if last in ("zh", "en"):
        return Phrase("both_languages")
    if last in ("from", "until", "published", "effective"):
        return Phrase("date")
    if last == "days":
        return Phrase("bounded_days")
    if last == "range":
        return Phrase("range_order")
    if kind.startswith("bool"):
        return Phrase("truth")
    if kind.startswith(("int", "float", "greater", "less")):
        return Phrase("number_any")
    if kind.startswith(("list", "tuple")):
        return Phrase("list")
    if kind.startswith(("dict", "model")):
        return Phrase("mapping")
    return Phrase("text_any")


def cite_problems(document: Mapping[str, Any], sources: Mapping[str, Any], where: Where) -> Iterator[Problem]:
    """Cites that are not among the sources, or whose place cannot be, and statements that do not say how sure they are."""
    for path, node in walk(document):
        given = node.get("cite")
        for cite in given if isinstance(given, list) else []:
            name, _, locator = str(cite).partition(" ")
            source = sources.get(name)
            if not isinstance(source, Mapping):
                yield Problem("unknown_source", where((*path, "cite")), {"value": cite, "allowed": items(sources)})
                continue
            form = source.get("locators") or {}
            prefix, last = str(form.get("prefix", "")), form.get("last")
            number = re.fullmatch(re.escape(prefix) + r"(\d+)(\.\d+)*[A-Za-z]?(\(\w+\))*(-\d+)?", locator)
            in_bounds = number is not None and 1 <= int(number[1]) <= (last or 10**6)
            if locator and (not prefix or not in_bounds):
                example = f"{name} {prefix}1" + (f" … {prefix}{last}" if last else "") if prefix else name
                yield Problem("unknown_locator", where((*path, "cite")), {"value": cite, "allowed": items([example])})
            if not locator and name == "article":
                yield Problem(
                    "unknown_locator", where((*path, "cite")), {"value": cite, "allowed": items(["article ¶1 … ¶22"])}
                )
        if node.get("basis") in ("regulation", "reported") and node.get("confidence") is None:
            yield Problem("missing", where((*path, "confidence")), {"allowed": Phrase("confidence")})


def _ranges(document: Mapping[str, Any], where: Where) -> Iterator[Problem]:
    for path, node in walk(document):
        if "range" not in node:
            continue
        low, high = node["range"]
        if not low <= high:
            yield Problem(
                "unordered", where((*path, "range")), {"value": shown(node["range"]), "allowed": Phrase("range_order")}
            )
            continue
        between = Phrase("between", {"low": low, "high": high})
        if "spread" in node:
            days = [entry["day"] for entry in node["spread"]]
            for day in days:
                if not low <= day <= high:
                    yield Problem("out_of_range", where((*path, "spread")), {"value": day, "allowed": between})
            for day in sorted({day for day in days if days.count(day) > 1}):
                yield Problem("duplicate_key", where((*path, "spread")), {"line": day})
            continue
        value, values = node.get("value"), node.get("values")
        if (value is None) == (values is None):
            yield Problem("missing", where((*path, "value")), {"allowed": Phrase("value_or_values")})
            continue
        for number in [value] if values is None else [entry["value"] for entry in values]:
            if not low <= number <= high:
                yield Problem("out_of_range", where((*path, "value")), {"value": number, "allowed": between})
        dates = [entry["from"] for entry in values or []]
        if dates != sorted(set(dates)):
            yield Problem(
                "unordered", where((*path, "values")), {"value": ", ".join(dates), "allowed": Phrase("dates_order")}
            )


def _stages(document: Mapping[str, Any], where: Where) -> Iterator[Problem]:
    stages, last = document["timeline"]["stages"], document["timeline"]["last_day"]
    expected, path = 0, ("timeline", "stages")
    for name, (first, end) in sorted(
        ((name, stage["days"]) for name, stage in stages.items()), key=lambda pair: pair[1]
    ):
        if first > end:
            yield Problem(
                "unordered",
                where((*path, name, "days")),
                {"value": f"[{first}, {end}]", "allowed": Phrase("bounded_days")},
            )
            return
        if first > expected:
            yield Problem("stages_gap", where((*path, name, "days")), {"value": expected, "last": last})
        if first < expected:
            yield Problem("stages_overlap", where((*path, name, "days")), {"value": first})
        expected = max(expected, end + 1)
    if expected != last + 1:
        yield Problem("stages_gap", where(path), {"value": expected, "last": last})


def _orders(document: Mapping[str, Any], where: Where) -> Iterator[Problem]:
    """What must be less than what, so that more of a thing is never less pressure."""
    factors = document["factors"]
    pairs = [
        (("factors", "amount", "protective"), ("factors", "amount", "pressing")),
        (("factors", "history", "score_pressing"), ("factors", "history", "score_protective")),
        (("factors", "history", "record_neutral"), ("factors", "history", "record_pressing")),
    ]
    for factor, names in (
        ("communication", FIELDS["communication"]["levels"]),
        ("contacts", FIELDS["contacts"]["levels"][::-1]),
    ):
        levels = factors[factor]["levels"]
        for name in [name for name in names if name not in levels]:
            yield Problem("missing", where(("factors", factor, "levels", name)), {"allowed": Phrase("mapping")})
        for name in [name for name in levels if name not in names]:
            yield Problem("unknown_key", where(("factors", factor, "levels", name)), {"allowed": items(names)})
        known = [("factors", factor, "levels", name) for name in names if name in levels]
        for less, more in itertools.pairwise(known):
            if levels[less[-1]]["value"] > levels[more[-1]]["value"]:
                other = Phrase("at_least_other", {"other": f"{less[-1]} ({levels[less[-1]]['value']})"})
                yield Problem("unordered", where(more), {"value": levels[more[-1]]["value"], "allowed": other})
    pairs += [(("strengths", name, "at_least"), ("strengths", name, "at_most")) for name in document["strengths"]]
    for less, more in pairs:
        low, high = _at(document, less)["value"], _at(document, more)["value"]
        if low > high or (low == high and less[0] == "factors"):
            yield Problem(
                "unordered",
                where(less),
                {"value": low, "allowed": Phrase("less_than", {"other": f"{more[-1]} ({high})"})},
            )
    longest = factors["days"]["pressing"]["value"]
    first = min(entry["day"] for entry in document["timeline"]["first_possible_day"]["spread"])
    if longest <= first:
        other = Phrase("less_than", {"other": f"factors.days.pressing ({longest})"})
        yield Problem(
            "unordered", where(("timeline", "first_possible_day", "spread")), {"value": first, "allowed": other}
        )


def _references(document: Mapping[str, Any], where: Where) -> Iterator[Problem]:
    conduct, strengths = document["conduct"], document["strengths"]
    for name, constraint in document["constraints"].items():
        if constraint["kind"] == "strength" and constraint["strength"] not in strengths:
            slots = {"value": constraint["strength"], "allowed": items(strengths)}
            yield Problem("not_in_list", where(("constraints", name, "strength")), slots)
    for name, conflict in conduct["conflicts"].items():
        for key, given, known in (
            ("practice", [conflict["practice"]], conduct["practice"]),
            ("against", conflict["against"], conduct["third_persons"]),
        ):
            for value in given:
                if value not in known:
                    yield Problem(
                        "not_in_list",
                        where(("conduct", "conflicts", name, key)),
                        {"value": value, "allowed": items(known)},
                    )
    for name in document["questions"]:
        if name not in FIELDS or FIELDS[name]["required"]:
            yield Problem(
                "unknown_key",
                where(("questions", name)),
                {"allowed": items(f for f in FIELDS if not FIELDS[f]["required"])},
            )
    for path, node in walk(document):
        for field, values in (node.get("when") or {}).items() if isinstance(node.get("when"), Mapping) else []:
            levels = FIELDS.get(field, {}).get("levels")
            if levels is None:
                yield Problem(
                    "unknown_key",
                    where((*path, "when", field)),
                    {"allowed": items(f for f in FIELDS if "levels" in FIELDS[f])},
                )
                continue
            for value in values:
                if value is not None and value not in levels:
                    yield Problem(
                        "not_in_list", where((*path, "when", field)), {"value": value, "allowed": items(levels)}
                    )


def _readings(document: Mapping[str, Any], where: Where) -> Iterator[Problem]:
    try:
        build(document)
    except NoReadings as none:
        yield Problem("no_readings", where(("constraints",)), {"value": ", ".join(none.constraints)})
    except Unbounded as open_:
        yield Problem("unbounded_readings", where(("constraints",)), {"value": open_.weight})


def _at(document: Mapping[str, Any], path: tuple) -> Any:
    for key in path:
        document = document[key]
    return document
