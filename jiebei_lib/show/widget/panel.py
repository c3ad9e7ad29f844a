"""A panel: controls, and the words and pictures that follow them. One model a panel, one message an event (see show/panels.py)."""

from __future__ import annotations

import gzip
import logging
import sys
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from jiebei_lib.core.knowledge.problems import Problem, UserError
from jiebei_lib.core.knowledge.yaml_files import HERE
from jiebei_lib.page.figure import Figure
from jiebei_lib.page.html import Words, chart_words, stylesheet
from jiebei_lib.page.labels import labelled
from jiebei_lib.page.text import LANGUAGES, say
from jiebei_lib.show.widget.composing import BREATH, NEXT, Composing, running_loop
from jiebei_lib.show.widget.fields import Field, both, first_values, flat
from jiebei_lib.show.widget.switch import current

MOVED = ("values", "asked")  # what a browser tells a panel
PLACES = ("top", "beside", "below")
WORDS = ("same", "own", "unmoved", "link", "line", "sent", "open", "unknown", "numbers", "choose_file",
         "no_file", "remove_file", "no_chart", "outdated", "zoom", "reset", "csv", "copied")  # fmt: skip
Part = Words | Figure
Draw = Callable[[dict[str, Any], str], Any]


@dataclass(frozen=True)
class Later:
    """Parts that may come a moment after the rest: made once nothing newer has come in. ``make`` returns a list of parts."""

    make: Callable[[], Sequence[Part]]


@dataclass(frozen=True)
class Gauge:
    """The one number that says how the answer moves: shown beside the control in hand as ``moved`` (a sentence with ``{before}`` and
    ``{now}``), and on a phone within ``line``, which stays in sight."""

    now: str
    moved: Mapping[str, str]
    line: Mapping[str, str]


Waiting = list[tuple[str, int, Later]]  # place, which of the place's items, item


@dataclass(frozen=True)
class Download:
    """A file for the reader, as the answer to a pressed button; with ``link`` (zh, en) a page to open rather than to keep."""

    name: str
    text: str
    kind: str = "text/plain"
    link: Mapping[str, str] | None = None


class Panel(Composing, anywidget.AnyWidget):
    """Fields on one side, what ``draw(values, lang)`` returns on the other. See show/panels.py for all that it can do."""

    _esm = chart_words() + (Path(__file__).parent / "panel.js").read_text("utf-8")
    _css = traitlets.Unicode().tag(sync=True)
    fields: Any = traitlets.List().tag(sync=True)
    values: Any = traitlets.Dict().tag(sync=True)
    asked = traitlets.Int().tag(sync=True)  # counts the reader's changes; the page says which it answers
    page = traitlets.Dict().tag(sync=True)
    status = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        fields: Sequence[Field],
        draw: Draw,
        *,
        presses: Mapping[str, Callable] | None = None,
        slow: Collection[str] = (),
        picks: Mapping[str, Callable] | None = None,
        pushed: Callable[[Mapping[str, Any], Mapping[str, Any]], Mapping[str, Any]] | None = None,
        value: Callable[[dict[str, Any]], Any] | None = None,
        result: Callable[[dict[str, Any]], Any] | None = None,
        code: Callable[[dict[str, Any]], Sequence[str]] | None = None,
        command: Callable[[dict[str, Any]], str] | None = None,
        name: str = "",
    ):
        self._draw, self._presses, self._slow, self._picks = draw, dict(presses or {}), set(slow), dict(picks or {})
        self._pushed = pushed
        self._value, self._result, self._code, self._command = value, result, code, command
        self._drawn = {}
        self._pending = None
        self._gauge: Gauge | None = None
        self._opened: str | None = None  # the view that was sent, once it is open
        self.made = ""  # the call in `panels` that makes a panel like this one
        self._places: dict[str, list[dict[str, Any]]] = {place: [] for place in PLACES}
        self._turn, self._refused = 0, False
        words = {key: both(f"widget.{key}") for key in WORDS}
        super().__init__(fields=list(fields), values=first_values(fields), _css=style())
        self.page = {"words": words, "picks": sorted(self._picks), "name": name}
        self._first_values = dict(self.values)
        self._give_traits()
        self._redraw(wait=True)
        self.observe(self._moved, "values")
        self.observe(lambda _: self._redraw() if self.page["asked"] != self.asked else None, "asked")  # moved, and back
        current.observe(lambda _: self._redraw(), "lang")
        self.on_msg(self._heard)

    def show(self, fields: Sequence[Field]) -> None:
        """Puts other fields in place of the ones shown; values of those that stay are kept."""
        values = {**first_values(fields)}
        values |= {name: value for name, value in self.values.items() if name in values}
        with self.hold_sync():
            self.fields = list(fields)
            self.values = values

    def redraw(self) -> None:
        """Draws anew although no control has moved: what is shown has changed elsewhere."""
        self._redraw()

    def tell(
        self, sentence: Mapping[str, str] | None, done: float | None = None, link: Mapping[str, str] | None = None
    ) -> None:
        """One line about what is going on: a sentence in both languages, how much is done (0 to 1), and a link
        (``{"href": …, "zh": …, "en": …}``) once there is one. None takes the line away."""
        self.status = {"text": dict(sentence), "done": done, "link": dict(link) if link else None} if sentence else {}

    def text(self) -> str:
        """What a reader reads, without mark-up: the parts from top to bottom."""
        from jiebei_lib.show.widget.static import plain

        return plain(self._parts())

    def _parts(self) -> list[dict[str, Any]]:
        return [part for place in PLACES for part in self._places[place]]

    # Drawing

    def _moved(self, change: Mapping[str, Any]) -> None:
        """A control has moved: what it pushes along moves first, then all is drawn once."""
        further = self._pushed(change["old"], change["new"]) if self._pushed else {}
        if further:
            self.values = {**self.values, **further}
        else:
            self._tell_traits()
            self._redraw()

    def _redraw(self, wait: bool = False) -> None:
        """Draws; what is ``Later`` is drawn at once if ``wait`` or if no event loop runs, else when the loop is next idle."""
        self._turn, self._pending = self._turn + 1, None
        lang, problem = current.lang, None
        try:
            drawn = self._draw(self.given(), lang)
        except Exception as error:
            drawn, problem = None, self._said(error)
        later: Waiting = []
        if drawn is not None:
            self._take(drawn, later)
        self._publish(lang, problem, busy=bool(later), outdated=drawn is None)
        if not later:
            return
        self._pending = (later, lang, self._turn)
        loop = None if wait else running_loop()
        if loop is None:
            self._finish(later, lang, self._turn)
        else:
            loop.call_later(BREATH, self._finish, later, lang, self._turn, loop)

    def _take(self, drawn: Any, later: Waiting) -> None:
        by_place = drawn if isinstance(drawn, Mapping) else {"beside": drawn}
        self._gauge = by_place.get("gauge")
        for place in PLACES:
            parts, before = [], {part["id"]: part for part in self._places[place]}
            given = by_place.get(place) or []
            for n, item in enumerate(given if isinstance(given, Sequence) and not isinstance(given, str) else [given]):
                if isinstance(item, Later):
                    later.append((place, n, item))
                    # What stood there stays until the new is ready, marked as being of before.
                    parts += [part | {"old": True} for part in before.values() if part["later"] == n]
                else:
                    parts.append(self._part(item, f"{place}-{n}", None))
            self._places[place] = parts

    def _finish(self, later: Waiting, lang: str, turn: int, loop: Any = None, problem: Any = None) -> None:
        """Makes what was to come later: where a loop runs, one after the other, each seen at once and none that a newer change outdates."""
        if turn != self._turn or self._pending is None:
            return
        now, rest = (later[:1], later[1:]) if loop else (later, [])
        self._pending = (rest, lang, turn) if rest else None
        for place, n, item in now:
            try:
                made = [self._part(part, f"{place}-{n}-{k}", n) for k, part in enumerate(item.make())]
            except Exception as error:
                made, problem = [], self._said(error)
            kept = [part for part in self._places[place] if part["later"] != n]
            # The parts keep the order in which draw named them.
            at = next((k for k, part in enumerate(kept) if _order(part) > n), len(kept))
            self._places[place] = kept[:at] + made + kept[at:]
        self._publish(lang, problem, busy=bool(rest))
        if rest:
            loop.call_later(NEXT, self._finish, rest, lang, turn, loop, problem)

    def _part(self, item: Part, name: str, later: int | None) -> dict[str, Any]:
        part = _part(item, name, later)
        if isinstance(item, Figure):
            self._drawn[part["id"]] = item
        return part

    def _said(self, error: Exception) -> dict[str, str]:
        """What went wrong, as one sentence in each language that names fields by their labels. What no user has caused is logged."""
        if isinstance(error, ModuleNotFoundError):
            return both("widget.not_here")
        if not isinstance(error, UserError):
            logging.getLogger(__name__).exception(
                "%s could not be drawn", self.page.get("name") or "panel", exc_info=error
            )
            return both("widget.not_drawn")
        return {
            lang: type(error)([self._labelled(each, lang) for each in error.problems]).say(lang) for lang in LANGUAGES
        }

    def _labelled(self, problem: Problem, lang: str) -> Problem:
        return labelled(problem, flat(self.fields), lang)

    def _publish(self, lang: str, problem: Mapping[str, str] | None, busy: bool, outdated: bool = False) -> None:
        self.page = {
            **self.page,
            "lang": lang,
            "problem": problem,
            "busy": busy,
            "outdated": outdated and any(self._places.values()),  # what is shown is of before the problem
            "turn": self._turn,
            "asked": self.asked,
            "places": dict(self._places),
            "same": {"python": self.python(), "command": self.command()},
            "gauge": dict(vars(self._gauge)) if self._gauge else None,
            "view": self.view(),
            "opened": self._opened,
        }

    # Listening: to a browser that may be anybody's

    def set_state(self, sync_data: Mapping[str, Any]) -> None:
        """A browser moves controls; what there is to move and what is shown is not its to say."""
        super().set_state({name: value for name, value in sync_data.items() if name in MOVED})

    def given(self) -> dict[str, Any]:
        """The values as the browser has them; where a control offers options, none but these. (A policy's name is also taken for a
        file's, which is not for a browser to name.)"""
        values = dict(self.values)
        for field in flat(self.fields):
            name = field.get("name")
            if field["kind"] not in ("choice", "many") or name not in values:
                continue
            options = [option["value"] for option in field["options"]]
            if field["kind"] == "many":
                listed = values[name] if isinstance(values[name], list) else []
                values[name] = [each for each in listed if each in options]
            elif values[name] not in options:
                values[name] = field["value"]
        return values

    def _heard(self, _: Any, content: Any, buffers: Any) -> None:
        if not isinstance(content, Mapping) or not all(
            isinstance(content.get(key, ""), str) for key in ("name", "figure", "view")
        ):
            return
        kind = content.get("kind")
        if kind == "plotly":
            self.send({"kind": "plotly"}, buffers=[plotly_js()])
        elif kind == "open":
            self._open(content.get("view", ""))
        elif kind == "press" and content.get("name") in self._presses:
            self._press(content["name"])
        elif kind in ("click", "brush") and content.get("figure") in self._picks:
            self._answer(self._picks[content["figure"]](self.given(), dict(content)))

    def _open(self, view: str) -> None:
        """A view that somebody sent, asked for until it is told as opened; what it may not hold is said and changes nothing."""
        if self._opened == view:
            return
        self._opened = view
        try:
            self.move_to(view)
            self.tell(None)
        except UserError as error:
            self.tell(self._said(error))
        self.page = {**self.page, "opened": view}

    def _press(self, name: str) -> None:
        if name not in self._slow or sys.platform == "emscripten":  # a browser gives no threads
            self._run(name)
        elif not any(thread.name == f"jiebei-{id(self)}-{name}" for thread in threading.enumerate()):
            threading.Thread(target=self._run, args=(name,), name=f"jiebei-{id(self)}-{name}", daemon=True).start()

    def _run(self, name: str) -> None:
        before = self.status
        try:
            self._answer(self._presses[name](self.given(), self))
            if self._refused and self.status == before:  # what was refused before has gone well now
                self.tell(None)
            self._refused = False
        except (UserError, ModuleNotFoundError) as error:
            self._refused = True
            self.tell(self._said(error))
        except OSError as error:
            self.tell({lang: say("widget.failed", lang, value=error.strerror or error) for lang in LANGUAGES})

    def _answer(self, answer: Any) -> None:
        if isinstance(answer, Download):
            link = dict(answer.link) if answer.link else None
            self.send({"kind": "download", "name": answer.name, "text": answer.text, "type": answer.kind, "link": link})
        elif isinstance(answer, Mapping) and answer:
            self.set(**answer)

    def _repr_mimebundle_(self, **more: Any) -> Any:
        from jiebei_lib.show.widget.static import bundle, static_html

        return bundle(super()._repr_mimebundle_(**more), static_html(self._parts(), current.lang), self.text())


def _part(item: Part, name: str, later: int | None) -> dict[str, Any]:
    """A part as the browser gets it. Its id says where it stands, so that the same part is redrawn in place."""
    if isinstance(item, Figure):
        spec = item.spec()
        about = spec["layout"].pop("meta")
        return {"id": f"{name}-{item.name}", "later": later, "figure": spec, **about}
    return {"id": name, "later": later, "html": str(item)}


def _order(part: Mapping[str, Any]) -> int:
    return part["later"] if part["later"] is not None else int(part["id"].split("-")[1])


@cache
def plotly_js() -> bytes:
    """plotly.js as the installed plotly package brings it, compressed."""
    from importlib.resources import files

    return gzip.compress((files("plotly") / "package_data" / "plotly.min.js").read_bytes(), 6, mtime=0)


@cache
def style() -> str:
    """panel.css and lessons.css, and the report's own style held inside a panel, so that the page around it keeps its own."""
    report = stylesheet()
    lines = [line for line in report.splitlines() if not line.startswith(("@page", "html", "body", "main"))]
    inside = "\n".join(lines).replace(":root {", "& {", 1)
    own = [(HERE / name).read_text("utf-8") for name in ("show/widget/panel.css", "show/lessons/lessons.css")]
    return "\n".join([".jiebei {", inside, "}", *own])
