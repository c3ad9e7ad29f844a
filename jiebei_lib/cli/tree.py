"""The commands as data, read off Typer's own objects: what completion and the documentation's reference are written from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from jiebei_lib.page.text import LANGUAGES

# What stands for a value where nothing better is said, by Typer's names of types
STANDS = {"str": "TEXT", "int": "N", "int range": "N", "float": "N", "float range": "N", "path": "FILE"}


@dataclass(frozen=True)
class Given:
    """An option or an argument: its names as typed (an argument's is what stands for it in the usage), its words, what it takes."""

    names: tuple[str, ...]
    help: str
    takes: str = ""  # what stands for its value; empty for a flag
    values: tuple[str, ...] = ()
    default: str = ""
    required: bool = False
    repeats: bool = False
    option: bool = True


@dataclass(frozen=True)
class Node:
    """A command: its words, what it takes, and the commands below it."""

    path: tuple[str, ...]
    help: str
    example: str = ""
    given: tuple[Given, ...] = ()
    below: tuple[Node, ...] = field(default=())

    def walk(self) -> Iterator[Node]:
        yield self
        for each in self.below:
            yield from each.walk()


def tree(command: Any, path: tuple[str, ...] = ()) -> Node:
    """A Typer command with all below it. Every command's module is imported for it."""
    import typer

    context = typer.Context(command, info_name=path[-1] if path else "jiebei")
    names = command.list_commands(context) if hasattr(command, "list_commands") else []
    found = [(name, command.get_command(context, name)) for name in names]
    below = tuple(tree(each, (*path, name)) for name, each in found if not each.hidden)
    given = tuple(_given(each, context) for each in command.params if not getattr(each, "hidden", False))
    return Node(path, command.help or "", command.epilog or "", given, below)


def _given(param: Any, context: Any) -> Given:
    option = param.param_type_name == "option"
    flag = option and param.is_flag
    kind = getattr(param.type, "name", "str")
    takes = "" if flag else (param.metavar or STANDS.get(kind, kind.upper())).strip("[]")
    names = tuple(param.opts) if option else (takes or param.name.upper(),)
    default = "" if flag or callable(param.default) or param.default is None else str(param.default)
    repeats = bool(getattr(param, "multiple", False)) or param.nargs == -1
    return Given(
        names, param.help or "", takes, _values(param, context), default, bool(param.required), repeats, option
    )


def _values(param: Any, context: Any) -> tuple[str, ...]:
    """The words that an option or argument takes, where they are a short list: Typer's choices, its own completion, a field's levels."""
    if choices := getattr(param.type, "choices", None):
        return tuple(map(str, choices))
    if getattr(param, "_custom_shell_complete", None) is not None:
        try:
            return tuple(item.value for item in param.shell_complete(context, ""))
        except ImportError:  # a command whose extra is not installed has no words to offer
            return ()
    return _levels().get(param.name or "", ())


@cache
def _levels() -> dict[str, tuple[str, ...]]:
    from jiebei_lib.core.case import FIELDS
    from jiebei_lib.core.policy import BUILT_IN
    from jiebei_lib.money.loan_fields import FIELDS as OF_LOANS

    found: dict[str, tuple[str, ...]] = {"lang": LANGUAGES, "policy": tuple(BUILT_IN)}
    for fields in (FIELDS, OF_LOANS):
        found |= {name: tuple(fields[name]["levels"]) for name in fields if "levels" in fields[name]}
    return found
