"""What an analyst does with a panel from Python: its state as traits, its figures and their numbers, and the lines that say the same."""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import traitlets

from jiebei_lib.core.knowledge.problems import CaseError, Phrase, Problem, UserError, items, shown
from jiebei_lib.show.widget.fields import Field, flat

SENT = ("number", "choice", "many", "check", "day")  # controls whose values a view may hold
LONGEST_VIEW = 8000  # letters
AHEAD = 4.0  # seconds after a panel was made: the rest of the notebook has been drawn by then
BREATH = 0.03  # seconds: the first answer leaves the kernel, and is drawn, before the rest is computed
NEXT = 0.005  # seconds between two parts of the rest: what came in meanwhile is heard


def running_loop() -> asyncio.AbstractEventLoop | None:
    """The event loop of the kernel that this runs in, if it runs in one; in a page that runs itself, the browser's."""
    if sys.platform == "emscripten":
        return asyncio.get_event_loop()
    ipython = sys.modules.get("IPython")
    if ipython is None or not hasattr(ipython.get_ipython(), "kernel"):
        return None
    with suppress(RuntimeError):
        return asyncio.get_running_loop()
    return None


def soon(call: Callable[[], None]) -> None:
    """Calls once what is at hand has been answered; at once where no event loop runs."""
    loop = running_loop()
    if loop is None:
        call()
    else:
        loop.call_later(3 * BREATH, call)  # after what is Later in the panel that was moved


def ahead(*more: Callable[[], Any]) -> None:
    """Brings in, while a reader looks at what has been drawn, what the first draw of new readings takes half a second to bring in; and
    makes what else a move would wait for."""
    if (loop := running_loop()) is not None:
        calls = (lambda: importlib.import_module("scipy.stats"), *more)
        thread = threading.Thread(target=lambda: [call() for call in calls], name="jiebei-ahead", daemon=True)
        loop.call_later(AHEAD, thread.start)


def checked(field: Field, value: Any) -> Any:
    """A value that a control may have. Raises :class:`UserError` that names the control and what is allowed."""
    name, kind = field["name"], field["kind"]
    if kind == "number":
        if value is None and (field["optional"] or field["blank"]):
            return None
        phrase = "integer" if field["whole"] else "number_above" if field["above"] else "number"
        fine = isinstance(value, int | float) and not isinstance(value, bool) and field["low"] <= value <= field["high"]
        fine = fine and not (field["above"] and value == field["low"]) and not (field["whole"] and value != int(value))
        allowed: Any = Phrase(phrase, {"low": f"{field['low']:,.10g}", "high": f"{field['high']:,.10g}"})
    elif kind in ("choice", "many"):
        options = [option["value"] for option in field["options"]]
        given = value if kind == "many" and isinstance(value, list | tuple) else [value]
        fine, allowed = all(one in options for one in given), items(options)
        value = list(given) if kind == "many" else value
    elif kind == "check":
        fine, allowed = isinstance(value, bool), items([True, False])
    elif kind == "text":
        fine = isinstance(value, str) and len(value) <= field["longest"]
        allowed = Phrase("text", {"high": field["longest"]})
    elif kind == "day":
        value = value.isoformat() if isinstance(value, date) else value
        fine, allowed = (value is None and field["optional"]) or _is_day(value), Phrase("date")
    else:
        return value
    if not fine:
        raise CaseError(Problem("invalid", name, {"value": shown(value), "allowed": allowed}))
    return value


def _is_day(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(date.fromisoformat(value))
    except ValueError:
        return False


class FieldTrait(traitlets.Any):
    """One control's value: what it may not be is refused with the allowed ones."""

    def __init__(self, field: Field):
        super().__init__(field["value"], allow_none=True)
        self.field = field
        self.tag(sync=True)

    def validate(self, obj: Any, value: Any) -> Any:
        return checked(self.field, value)


class Composing(traitlets.HasTraits):
    """The half of a panel that speaks to Python."""

    if TYPE_CHECKING:  # what the other half has (panel.py)
        fields: Any
        values: Any
        made: str
        _first_values: dict[str, Any]
        _drawn: dict[str, Any]
        _pending: tuple[Any, ...] | None
        _value: Callable[[dict[str, Any]], Any] | None
        _result: Callable[[dict[str, Any]], Any] | None
        _code: Callable[[dict[str, Any]], Sequence[str]] | None
        _command: Callable[[dict[str, Any]], str] | None

        def _parts(self) -> list[dict[str, Any]]: ...
        def _finish(self, later: Any, lang: str, turn: int) -> None: ...

    @property
    def value(self) -> Any:
        """What the controls describe, as the library's own object (a case, a policy, a loan, a log, a table); else their values."""
        return self._value(dict(self.values)) if self._value else dict(self.values)

    @property
    def result(self) -> Any:
        """What the library gives for :attr:`value`; None where a panel works nothing out."""
        return self._result(dict(self.values)) if self._result else None

    @property
    def figures(self) -> dict[str, Any]:
        """The figures on screen by name, those that come a moment later too."""
        if self._pending:
            self._finish(*self._pending)
        return {figure.name: figure for part in self._parts() if (figure := self._drawn.get(part["id"]))}

    def frame(self, name: str) -> Any:
        """The numbers of a figure as a DataFrame (see :meth:`Figure.frame`). Raises :class:`UserError`."""
        known = self.figures
        user_errors([name], known)
        return known[name].frame()

    def python(self) -> str:
        """Lines of Python that give the present state."""
        if self._code:
            return "\n".join(self._code(dict(self.values)))
        return "\n".join(moved_lines(self.made, self.values, self._first_values)) if self.made else ""

    def command(self) -> str:
        """The same as a command line, where there is one."""
        return self._command(dict(self.values)) if self._command else ""

    def set(self, **values: Any) -> None:
        """Moves controls, as a person would: one recomputation for all of them."""
        known = self._by_name()
        user_errors(values, known)
        self.values = {**self.values, **{name: checked(known[name], value) for name, value in values.items()}}

    def view(self) -> str:
        """The controls that were moved as one line, to be sent: JSON of what is chosen, nothing that a person wrote, no file. Empty
        where nothing was moved, and for panels that are one person's own (a quiz)."""
        if self._code and not self.python():
            return ""
        chosen = {name for name, field in self._by_name().items() if field["kind"] in SENT}
        moved = {
            name: self.values[name] for name in sorted(chosen) if self.values[name] != self._first_values.get(name)
        }
        line = json.dumps(moved, ensure_ascii=False, separators=(",", ":")) if moved else ""
        return line if len(line) <= LONGEST_VIEW else ""

    def move_to(self, view: str) -> None:
        """Moves the controls to a view that was sent (:meth:`view`). Every value passes the same check as a control's own; raises
        :class:`UserError` and moves nothing if one does not."""
        try:
            given = json.loads(view) if len(view) <= LONGEST_VIEW else None
        except (ValueError, RecursionError):
            given = None
        known = {name for name, field in self._by_name().items() if field["kind"] in SENT}
        if not isinstance(given, dict) or set(given) - known:
            raise UserError(Problem("not_a_view", "", {"value": shown(view)}))
        self.set(**given)

    def _by_name(self) -> dict[str, Field]:
        return {field["name"]: field for field in flat(self.fields) if "value" in field}

    def _give_traits(self) -> None:
        """One trait a control, so that links and observers work as with any widget; not where a name means something else."""
        free = [name for name in self._by_name() if name.isidentifier() and not hasattr(self, name)]
        fields = {name: self._by_name()[name] for name in free}
        self.add_traits(**{name: FieldTrait(field) for name, field in fields.items()})
        for name in fields:
            self.observe(lambda change: self._by_trait(change["name"], change["new"]), name)

    def _by_trait(self, name: str, value: Any) -> None:
        if name in self.values and self.values[name] != value:
            self.values = {**self.values, name: value}

    def _tell_traits(self) -> None:
        for name, trait in self.traits().items():
            if isinstance(trait, FieldTrait) and name in self.values and getattr(self, name) != self.values[name]:
                with suppress(UserError):  # a value that only the browser refuses stays where it was
                    setattr(self, name, self.values[name])


# ---- the same in Python -------------------------------------------------------------------------------------------------


def call(name: str, *given: Any, **named: Any) -> str:
    """``Case(days_overdue=7, amount_overdue=8000)``; what is None is left out."""
    said = [literal(value) for value in given]
    said += [f"{key}={literal(value)}" for key, value in named.items() if value is not None]
    return f"{name}({', '.join(said)})"


def literal(value: Any) -> str:
    """A value as Python writes it; a name as it stands."""
    if isinstance(value, Name):
        return str(value)
    if isinstance(value, Decimal):
        return repr(f"{value.normalize():f}")
    if isinstance(value, float) and value.is_integer():
        return repr(int(value))
    return repr(value.isoformat() if isinstance(value, date) else value)


class Name(str):
    """A variable's name, or a piece of code, among arguments."""


def moved_lines(made: str, values: Mapping[str, Any], first: Mapping[str, Any]) -> list[str]:
    """A panel made anew and moved to where it stands."""
    changes = {name: value for name, value in values.items() if value != first.get(name)}
    named = all(name.isidentifier() for name in changes)
    set_ = call("panel.set", **changes) if named and None not in changes.values() else f"panel.set(**{changes!r})"
    moved = [set_] if changes else []
    return ["from jiebei_lib.show import panels", "", f"panel = panels.{made}", *moved, "panel.values"]


def known_option(name: str, value: Any) -> str:
    """``--days-overdue 7``, quoted where a shell would ask for it; nothing for what is not known."""
    from shlex import quote

    return (
        ""
        if value is None
        else f"--{name.replace('_', '-')} {quote(f'{value:g}' if isinstance(value, float) else str(value))}"
    )


def user_errors(names: Iterable[str], known: Iterable[str]) -> None:
    """Refuses fields that are not there."""
    if unknown := sorted(set(names) - set(known)):
        raise UserError(Problem("not_one_of", "set", {"value": ", ".join(unknown), "allowed": items(sorted(known))}))
