"""Stands in for anywidget in a page that runs itself, where it is the module ``anywidget``: no Jupyter, one line to the page.

What the page is told, and what it says, are the same messages as in a notebook: a model's state, and what one side says to the other.
"""

from __future__ import annotations

import ast
import itertools
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import traitlets

MODELS: dict[int, AnyWidget] = {}
KEPT_BACK = ("_css",)  # the page has it: once, for all panels
_numbers = itertools.count(1)
_tell: list[Callable[[str], None]] = []


class AnyWidget(traitlets.HasTraits):
    """A model whose synced traits the page follows from the moment that it has asked for them (:meth:`get_state`)."""

    def __init__(self, **given: Any):
        self._number = next(_numbers)
        self._heard_by: list[Callable[[Any, Any, list[bytes]], None]] = []
        self._held: dict[str, Any] | None = None
        self._followed = False
        super().__init__(**given)
        self._synced = [name for name in self.trait_names(sync=True) if name not in KEPT_BACK]
        self.observe(self._changed, self._synced)
        MODELS[self._number] = self

    def get_state(self) -> dict[str, Any]:
        """What the page needs to show it; from now on it is told of every change."""
        self._followed = True
        return {name: getattr(self, name) for name in self._synced}

    def _changed(self, change: Mapping[str, Any]) -> None:
        if self._held is not None:
            self._held[change["name"]] = change["new"]
        elif self._followed:
            told(self._number, state={change["name"]: change["new"]})

    @contextmanager
    def hold_sync(self) -> Iterator[None]:
        """Changes within go out as one message."""
        if self._held is not None:
            yield
            return
        self._held = {}
        try:
            yield
        finally:
            held, self._held = self._held, None
            if held and self._followed:
                told(self._number, state=held)

    def set_state(self, sync_data: Mapping[str, Any]) -> None:
        """What the page has moved; names that are not synced are nobody's to set."""
        with self.hold_sync(), self.hold_trait_notifications():
            for name, value in sync_data.items():
                if name in self._synced:
                    self.set_trait(name, value)

    def on_msg(self, heard: Callable[[Any, Any, list[bytes]], None]) -> None:
        self._heard_by.append(heard)

    def send(self, content: Any, buffers: Any = None) -> None:
        if self._followed:
            told(self._number, said=content)


def told(number: int, **what: Any) -> None:
    """One message about a model to the page."""
    for tell in _tell:
        tell(json.dumps({"model": number} | what, ensure_ascii=False, allow_nan=False))


def received(text: str) -> None:
    """One message of the page's about a model that it shows."""
    message = json.loads(text)
    model = MODELS.get(message["model"])
    if model is None:
        return
    if "said" in message:
        for heard in model._heard_by:
            heard(model, message["said"], [])
    else:
        model.set_state(message["state"])


def begin(tell: Callable[[str], None]) -> None:
    """``tell`` takes what goes to the page."""
    _tell[:] = [tell]


_names: dict[str, dict[str, Any]] = {}


def forget() -> None:
    """The panels of the page that was open before: nobody sees them, and a change of language draws them no more."""
    _names.clear()
    MODELS.clear()
    if switch := sys.modules.get("jiebei_lib.show.widget.switch"):
        switch.current.its().unobserve_all("lang")


def run(page: str, source: str) -> str | None:
    """One cell of a page's notebook, as a kernel would; the state of the panel that it shows, if it shows one."""
    if page not in _names:
        forget()
    scope = _names.setdefault(page, {"__name__": page})
    tree = ast.parse(source)
    last = tree.body[-1] if tree.body else None
    shown = ast.Expression(last.value) if isinstance(last, ast.Expr) else None
    if shown:
        tree.body.pop()
    exec(compile(tree, page, "exec"), scope)  # our own notebook
    value = eval(compile(shown, page, "eval"), scope) if shown else None
    if not isinstance(value, AnyWidget):
        return None
    return json.dumps({"model": value._number, "state": value.get_state()}, ensure_ascii=False, allow_nan=False)
