"""A mistake in what was typed, in our words: options named as they were typed, the word that was probably meant, both languages."""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from jiebei_lib.cli.output import Now
from jiebei_lib.core.knowledge.problems import Phrase, Problem, UserError, items, shown
from jiebei_lib.page.text import LANGUAGES, language_of, say

# What the library calls a quantity whose option has another name
CALLED = {"on": "as_of", "months": "plan_months"}
UNKNOWN = ("unknown_option", "unknown_command", "unknown_key", "unknown_setting")  # these name the word in `where`
WORDS = ("items", "levels")  # the phrases that list what is allowed


def usage(wrong: Any, args: Sequence[str]) -> Problem:
    """Typer's complaint about options and arguments as a problem of ours."""
    kind, param = type(wrong).__name__, getattr(wrong, "param", None)
    if kind == "NoArgsIsHelpError":
        wrong.show()
        raise SystemExit(2)
    if kind == "NoSuchOption":
        known = [name for each in wrong.ctx.command.params for name in each.opts if name.startswith("--")]
        return Problem("unknown_option", shown_name(wrong.option_name), {"allowed": items(known)})
    if kind == "MissingParameter" and param is not None:
        return Problem("missing_option", typed(param, args))
    message = " ".join(wrong.format_message().split())
    quoted = re.search(r"'([^']*)'", message)
    if kind == "BadOptionUsage":
        takes = "takes_nothing" if "does not take" in message else "needs_value"
        return Problem(takes, shown_name(wrong.option_name))
    if extra := re.search(r"unexpected extra argument\S* \((.*)\)", message):
        return Problem("extra_argument", shown(extra[1]))
    if kind == "BadParameter" and param is not None:
        value = shown(
            quoted[1] if (quoted := re.match(r".*?: '([^']*)'", message)) else message.rpartition(": ")[2].split()[0]
        )
        return Problem("invalid", typed(param, args), {"value": value, "allowed": _allowed(param.type)})
    where = typed(param, args) if param is not None else "jiebei"
    return Problem("usage", where, {"value": message})


def shown_name(option: str) -> str:
    """An option's name as it may stand in a message."""
    return shown(option)[1:-1]


def _allowed(kind: Any) -> Phrase:
    """What an option of Typer's own types takes."""
    low, high = getattr(kind, "min", None), getattr(kind, "max", None)
    name = getattr(kind, "name", "").split()[0]
    if getattr(kind, "choices", None):
        return Phrase("levels", {"items": ", ".join(map(str, kind.choices))})
    if name.startswith("int"):
        if low is not None and high is not None:
            return Phrase("integer", {"low": low, "high": high})
        return Phrase("number_whole") if low is None else Phrase("integer_from", {"low": low})
    return Phrase("number_any") if name.startswith("float") else Phrase("text_any")


def typed(param: Any, args: Sequence[str]) -> str:
    """An option by the name that was typed, else by its longest; an argument by what stands for it in the command's usage."""
    if getattr(param, "param_type_name", "") != "option":
        return (param.metavar or param.name.upper()).strip("[]")
    for name in param.opts:
        if any(arg == name or arg.startswith(f"{name}=") for arg in args):
            return name
    return max(param.opts, key=len)


def retold(wrong: UserError | Problem, lang: str, args: Sequence[str] = ()) -> str:
    """The lines that say what is wrong: a field by the option that gave it, the system's reasons in the reader's language, and what was
    probably meant."""
    problems = wrong.problems if isinstance(wrong, UserError) else [wrong]
    said = [_in_words(_as_typed(problem, args), lang) for problem in problems]
    lines = UserError(said).say(lang).splitlines()
    for n, problem in enumerate(said[: len(lines)]):
        if near := meant(problem):
            lines[n] += say("cli.usage.meant", lang, meant=near)
    return "\n".join(lines)


def _as_typed(problem: Problem, args: Sequence[str]) -> Problem:
    if problem.kind == "no_extra":
        option = f" {problem.where}" if problem.where.startswith("--") else ""
        return replace(problem, where=_command(args) + option)
    place, _, name = problem.where.rpartition(": ")
    if Now.context is None:
        return problem
    source, given = Now.context.get_parameter_source, Now.context.params
    was_typed = [
        each for each in Now.context.command.params if source(each.name) and source(each.name).name == "COMMANDLINE"
    ]
    params = {each.name: each for each in was_typed if each.param_type_name == "option"}
    param = params.get(name) or (params.get(CALLED.get(name, "")) if not place else None)
    if (
        param is None and not place and name.isidentifier()
    ):  # `diff FIRST SECOND` gives days, which the library calls as_of
        param = next(
            (each for each in was_typed if shown(given.get(each.name)) == str(problem.slots.get("value"))), None
        )
    if param is None:
        return problem
    # A file's own field keeps its place, unless an option was laid over it
    ours = place in ("", "case", "loan", "budget") or shown(given.get(param.name)) == str(problem.slots.get("value"))
    return replace(problem, where=typed(param, args)) if ours else problem


def _in_words(problem: Problem, lang: str) -> Problem:
    """The problem with the system's English for a reason put into the reader's language."""
    value = str(problem.slots.get("value", ""))
    text = re.sub(r"^\[Errno \d+\] ", "", value).partition(": '")[0]
    if text not in REASONS:
        return problem
    return replace(problem, slots={**problem.slots, "value": say(f"cli.system.{REASONS[text]}", lang)})


NAMED: tuple[str, ...] = (
    "ENOENT",
    "EACCES",
    "EPERM",
    "EISDIR",
    "ENOTDIR",
    "ENOSPC",
    "EROFS",
    "ENAMETOOLONG",
    "EEXIST",
    "EMFILE",
    "EIO",
    "ELOOP",
)
NAMED += ("EADDRINUSE", "EADDRNOTAVAIL", "EFBIG", "EDQUOT", "ENOTEMPTY", "EBUSY")
REASONS = {os.strerror(getattr(errno, name)): name.lower() for name in NAMED if hasattr(errno, name)}
REASONS["no such file"] = "enoent"


def meant(problem: Problem) -> str | None:
    """The allowed word that is most like the one given, if one is."""
    from difflib import get_close_matches

    words = list(_words(problem.slots.get("allowed")))
    value = problem.where if problem.kind in UNKNOWN else str(problem.slots.get("value"))
    given = value.rpartition(": ")[2].strip("'\"“”")
    if problem.slots.get("meant") or given in words:
        return None
    folded = {word.lower(): word for word in words}
    near = get_close_matches(given.lower(), folded, 1, 0.6)
    return folded[near[0]] if near else None


def _words(allowed: Any) -> Iterator[str]:
    if isinstance(allowed, Phrase):
        if allowed.kind in WORDS:
            listed = allowed.slots["items"]
            if isinstance(listed, Mapping):  # by language
                yield from re.findall("“(.+?)”", listed["zh"])
                listed = listed["en"]
            yield from str(listed).split(", ")
        for part in allowed.slots.values():
            yield from _words(part)


def _command(args: Sequence[str]) -> str:
    """The command as it was typed."""
    if Now.context is not None:
        return str(Now.context.command_path)
    return " ".join(["jiebei", *[arg for arg in args[:1] if not arg.startswith("-")]])


def strange_language(args: Sequence[str]) -> None:
    """Tells, in both languages, of a ``JIEBEI_LANG`` that names neither."""
    asked = os.environ.get("JIEBEI_LANG", "")
    if asked and language_of(asked) is None and not any(arg.startswith("--lang") for arg in args):
        for lang in LANGUAGES:
            print(say("cli.usage.strange_language", lang, value=shown(asked)), file=sys.stderr)
