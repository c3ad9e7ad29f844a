"""What is wrong with something a user gave: always one clear sentence that names the field, the value and what is allowed."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from jiebei_lib.core.knowledge.yaml_files import shipped

ROW = re.compile(
    r"(?:^|(?P<behind>, ))row (?P<number>\d+)(?P<before>: )?"
)  # in a place, as it is written where it is found
TOLD = 20  # problems that are put into words; who made more has given something else than was asked


def slots(text: str) -> set[str]:
    """The named slots of a sentence. Raises ValueError for anything but plain names: what an author writes is never evaluated."""
    found = [(part[1], part[2] or part[3]) for part in string.Formatter().parse(text) if part[1] is not None]
    if any(not re.fullmatch("[a-z_]+", name) or form for name, form in found):
        raise ValueError("slots")
    return {name for name, _ in found}


@dataclass(frozen=True)
class Phrase:
    """A part of a sentence that exists in both languages (``allowed`` in problems.yaml)."""

    kind: str
    slots: dict[str, Any] = field(default_factory=dict)

    def say(self, lang: str) -> str:
        return _fill(shipped("core/knowledge/problems.yaml")["allowed"][self.kind][lang], self.slots, lang)


@dataclass(frozen=True)
class Problem:
    """One thing wrong: its kind (``sentences`` in problems.yaml), where it is, and what fills the sentence. A slot ``column``, by language,
    is said instead of a field's name that ``where`` ends with."""

    kind: str
    where: str
    slots: dict[str, Any] = field(default_factory=dict)

    def say(self, lang: str = "en") -> str:
        where = self.where
        if lang != "en":
            if "column" in self.slots:
                where = f"{where.rpartition(': ')[0]}: {self.slots['column'][lang]}"
            where = ROW.sub(lambda row: _placed(row, lang), where)
        template = shipped("core/knowledge/problems.yaml")["sentences"][self.kind][lang]
        return _fill(template, {"where": where, **self.slots}, lang)


class UserError(ValueError):
    """A user's mistake; ``problems`` holds every one that was found, and ``say(lang)`` gives them as lines, the first
    :data:`TOLD` of them."""

    def __init__(self, problems: Problem | Iterable[Problem]):
        self.problems = [problems] if isinstance(problems, Problem) else list(problems)
        super().__init__(self.say("en"))

    def say(self, lang: str = "en") -> str:
        lines = [problem.say(lang) for problem in self.problems[:TOLD]]
        if (more := len(self.problems) - TOLD) > 0:
            lines.append(
                _fill(shipped("core/knowledge/problems.yaml")["sentences"]["and_more"][lang], {"number": more}, lang)
            )
        return "\n".join(lines)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.problems,)


class ExtraError(UserError, ImportError):
    """A part of the package that is not installed: the sentence names the extra that brings it."""


def lacking(module: str | None, where: str = "") -> Problem | None:
    """The problem of a module that is not installed, if an extra of ours brings it."""
    top = (module or "").partition(".")[0]
    extra = next((name for name, modules in shipped("core/knowledge/extras.yaml").items() if top in modules), None)
    return Problem("no_extra", where, {"allowed": f"jiebei-lib[{extra}]"}) if extra else None


@contextmanager
def needing(where: str) -> Iterator[None]:
    """Raises :class:`ExtraError` where what is done in it needs an extra; ``where`` is the public name that was asked for."""
    try:
        yield
    except ModuleNotFoundError as absent:
        if (problem := lacking(absent.name, where)) is None:
            raise
        raise ExtraError(problem) from None


class CaseError(UserError):
    """A case that cannot be: each problem names the field."""


class PolicyError(UserError):
    """Rules that cannot be: each problem names the file and the key path."""


class LogError(UserError):
    """A log of attempts that cannot be audited."""


class ReportError(UserError):
    """A report that cannot be made as asked."""


def items(names: Iterable[Any]) -> Phrase:
    """A list of allowed names."""
    return Phrase("items", {"items": ", ".join(str(name) for name in names)})


def shown(value: Any, most: int = 60) -> str:
    """A value as it may stand in a message: quoted if text, on one line, cut when long."""
    text = repr(value) if isinstance(value, str) else str(value)
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"


def _placed(row: re.Match[str], lang: str) -> str:
    said: dict[str, dict[str, str]] = shipped("core/knowledge/problems.yaml")["places"]
    name = said["row"][lang].format(number=row["number"])
    return said["behind"][lang] * bool(row["behind"]) + name + said["before"][lang] * bool(row["before"])


def _fill(template: str, slots: dict[str, Any], lang: str) -> str:
    by_language = {
        key: value[lang] if isinstance(value, Mapping) and lang in value else value for key, value in slots.items()
    }
    said = {
        key: value.say(lang) if isinstance(value, Phrase) else " ".join(str(value).splitlines())
        for key, value in by_language.items()
    }
    return template.format(**said)
