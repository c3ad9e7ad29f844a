"""What a YAML file lacks or has too much of by its schema, in our words instead of pydantic's."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from jiebei_lib.core.knowledge.problems import Phrase, Problem, items, shown
from jiebei_lib.core.knowledge.schema import Text

Where = Callable[[tuple[Any, ...]], str]


def shape(model: Any, content: Any, where: Where) -> list[Problem]:
    """What is missing, unknown or of the wrong type in ``content``, for a pydantic model or type. ``where`` turns a key path into
    "file: path"."""
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
        return _Problem("missing", place, {"allowed": _wanted(model, path, content)})
    if kind == "extra_forbidden":
        return _Problem("unknown_key", place, {"allowed": items(_keys(model, path[:-1], content))})
    if kind in ("literal_error", "union_tag_invalid"):
        allowed = context.get("expected") or context.get("expected_tags")
        return _Problem("invalid", place, {**value, "allowed": Phrase("levels", {"items": allowed})})
    if kind == "union_tag_not_found":
        tells = context["discriminator"].strip("'")
        tags = items(["sign", "strength", "order", "neutral", "level"]) if tells == "kind" else Phrase("text_any")
        return _Problem("missing", f"{place}.{tells}", {"allowed": tags})
    return _Problem("invalid", place, {**value, "allowed": _expected(kind, context, path)})


class _Problem(Problem):
    """Equal when it says the same, so that the branches of a union report a mistake once."""

    def __hash__(self) -> int:
        return hash((self.kind, self.where))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Problem) and (self.kind, self.where) == (other.kind, other.where)


def _real_path(loc: tuple[Any, ...], content: Any) -> tuple[Any, ...]:
    """Pydantic's location without the names it adds for union branches and keys."""
    path, here, tagged = [], content, None
    for n, step in enumerate(loc):
        last = n == len(loc) - 1
        if isinstance(here, Mapping) and tagged is not here and step in (here.get("kind"), here.get("type")):
            tagged = here  # the branch of a union, though the mapping may have a key of that name too
            continue
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


def _model_at(model: Any, path: tuple[Any, ...], content: Any) -> Any:
    """The type that the schema asks for at ``path``; of a choice of models the one that the content's ``kind`` names."""
    for step in path:
        content = content.get(step) if isinstance(content, Mapping) else None
        if isinstance(model, type) and issubclass(model, BaseModel):
            field = next((field for name, field in model.model_fields.items() if (field.alias or name) == step), None)
            model = field.annotation if field else Any
        else:
            model = (typing.get_args(model) or (Any,))[-1]
        model = _plain_type(model, content)
    return model


def _plain_type(model: Any, content: Any) -> Any:
    """A type without what wraps it: Annotated, the None of an optional one, the other members of a union."""
    tells = "kind"  # the field that tells the members of a union apart
    while True:
        origin, arguments = typing.get_origin(model), typing.get_args(model)
        if origin is Annotated:
            tells = next((told for each in arguments if (told := getattr(each, "discriminator", None))), tells)
            model = arguments[0]
        elif type(None) in arguments:
            model = next(kind for kind in arguments if kind is not type(None))
        elif origin in (typing.Union, types.UnionType) and all(issubclass(kind, BaseModel) for kind in arguments):
            chosen = content.get(tells) if isinstance(content, Mapping) else None
            kinds = [kind for kind in arguments if chosen in typing.get_args(kind.model_fields[tells].annotation)]
            model = kinds[0] if kinds else arguments[0]
        else:
            return model


def _keys(model: Any, path: tuple[Any, ...], content: Any) -> list[str]:
    """The keys that a mapping at ``path`` may have."""
    model = _model_at(model, path, content)
    if isinstance(model, type) and issubclass(model, BaseModel):
        return [field.alias or name for name, field in model.model_fields.items()]
    return [str(key) for key in typing.get_args((typing.get_args(model) or (None,))[0])]


def _wanted(model: Any, path: tuple[Any, ...], content: Any) -> Phrase:
    """What a missing key should hold."""
    kind, last = _model_at(model, path, content), path[-1] if path else ""
    if last in ("zh", "en") or kind is Text:
        return Phrase("both_languages")
    if last == "cite":
        return Phrase("cites")
    if kind is bool:
        return Phrase("truth")
    if typing.get_origin(kind) is typing.Literal:
        return Phrase("levels", {"items": ", ".join(map(str, typing.get_args(kind)))})
    if typing.get_origin(kind) is dict or (isinstance(kind, type) and issubclass(kind, BaseModel)):
        return Phrase("mapping")
    if typing.get_origin(kind) in (list, tuple):
        return Phrase("range_order" if last == "range" else "bounded_days" if last == "days" else "list")
    return Phrase("text_any" if kind is str else "number_any")


def _expected(kind: str, context: Mapping[str, Any], path: tuple[Any, ...]) -> Phrase:
    last = path[-1] if path else ""
    if kind == "value_error" and str(context["error"]) == "slots":
        return Phrase("no_slots")
    if last == "cite" or (len(path) > 1 and path[-2] == "cite"):
        return Phrase("cites")
    if last in ("zh", "en"):
        return Phrase("both_languages")
    if last in ("from", "until", "published", "effective") or (path[:2] == ("record", "repair") and len(path) == 3):
        return Phrase("date")
    if last == "days":
        return Phrase("bounded_days")
    if last == "range":
        return Phrase("range_order")
    if kind.startswith("bool"):
        return Phrase("truth")
    if kind.startswith(("int", "float", "finite", "greater", "less")):
        return Phrase("number_any")
    if kind == "too_short":
        return Phrase("list_of_some")
    if kind.startswith(("list", "tuple")):
        return Phrase("list")
    if kind.startswith(("dict", "model")):
        return Phrase("mapping")
    return Phrase("text_any")
