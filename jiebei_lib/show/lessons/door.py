"""Coming in: a nickname or nothing; or a code, to go on after a break. The browser keeps the code, so that a reload needs neither."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import traitlets

from jiebei_lib.lessons.learner import class_file, learner
from jiebei_lib.lessons.store import ClassError
from jiebei_lib.page.text import say
from jiebei_lib.show.lessons.quiz import again
from jiebei_lib.show.lessons.words import no_lines, words
from jiebei_lib.show.widget.fields import Field, both, button, text
from jiebei_lib.show.widget.panel import Panel


class Door(Panel):
    """The panel to come in by. ``kept`` is the code that the browser is to keep, under the class's own id; empty: none."""

    _esm = Panel._esm.replace("export default", "const panel =", 1) + (Path(__file__).parent / "memory.js").read_text(
        "utf-8"
    )
    class_id = traitlets.Unicode().tag(sync=True)
    kept = traitlets.Unicode().tag(sync=True)
    lost = traitlets.Dict().tag(sync=True)  # what the page says when it does not hear from here

    def _heard(self, widget: Any, content: Mapping[str, Any], buffers: Any) -> None:
        if content.get("kind") == "recall":
            self.recall(str(content.get("code")))
        elif content.get("kind") == "there":
            self.send({"kind": "here"})
        else:
            super()._heard(widget, content, buffers)

    def recall(self, code: str) -> None:
        """Puts a learner back whose browser knows a code; one that the class does not know is forgotten there."""
        if learner.code:
            return
        try:
            learner.code = class_file().known(code)
        except ClassError:
            self.kept = code  # the browser hears of a change only if there is one
            self.kept = ""


def join() -> Panel:
    """Coming in, going on after a break, and making room for somebody else at the same device."""
    alone = class_file().path is None
    panel = Door(
        _fields(), _draw, presses={"enter": _enter, "back": _back, "leave": _leave}, code=no_lines, name="join"
    )
    panel.class_id, panel.lost = "" if alone else class_file().identity(), both("lessons.join.lost")

    def moved(_: Any) -> None:
        panel.kept = "" if alone else learner.code
        again(panel, _fields())

    moved(None)
    learner.observe(moved, "code")
    return panel


def _fields() -> list[Field]:
    if learner.code:
        return [button("leave", both("lessons.join.leave"))]
    return [
        text("name", both("lessons.join.name"), longest=12),
        button("enter", both("lessons.join.enter"), main=True),
        text("code", both("lessons.join.code"), longest=12),
        button("back", both("lessons.join.back")),
    ]


def _draw(values: Mapping[str, Any], lang: str) -> dict[str, Any]:
    alone = class_file().path is None
    title = words("start", say("lessons.join.heading", lang), say("lessons.join.lead", lang))
    where = words("note", say(f"lessons.join.{'alone' if alone else 'kept'}", lang))
    if not learner.code or alone:  # whoever is on their own has nowhere to come back to
        return {"top": [title], "beside": [where]}
    return {"top": [title, words("sentences", say("lessons.join.joined", lang, code=learner.code), []), where]}


def _enter(values: Mapping[str, Any], panel: Panel) -> None:
    if not learner.code:
        learner.code = class_file().join(values.get("name") or "")


def _back(values: Mapping[str, Any], panel: Panel) -> None:
    learner.code = class_file().known(values.get("code") or "")


def _leave(values: Mapping[str, Any], panel: Panel) -> None:
    """Another person sits down here. Who has done nothing yet is taken out of the count: they have not been there."""
    code, learner.code = learner.code, ""
    class_file().leave(code)
