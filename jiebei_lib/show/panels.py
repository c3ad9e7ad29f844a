"""Panels: what a person moves and reads in a notebook. A panel is a list of fields and one plain function that draws.

How to write one (``jiebei_lib/show/<topic>/panel.py``; sentences in ``page/text/<topic>.yaml``)::

    from jiebei_lib.show.widget.fields import choice, number
    from jiebei_lib.show.widget.panel import Later, Panel

    def rent() -> Panel:
        fields = [
            number("days", both("rent.days"), value=7, low=0, high=3650, slider=(0, 90), unit=both("rent.unit")),
            choice("tone", both("rent.tone"), {"calm": both("rent.calm"), "harsh": both("rent.harsh")}, optional=True),
        ]
        return Panel(fields, draw)

    def draw(values, lang):                      # values: {"days": 7, "tone": None}; None is unknown
        return {"top": [Words("<p>…</p>")],      # above everything, read out to screen readers when it changes
                "beside": [figure],              # to the right of the controls (below them on a phone)
                "below": [Later(lambda: [slow_figure])]}    # under it; Later: drawn after the rest, when nothing newer came

- ``draw`` is called once an event with all values, and once a change of language; it returns :class:`Words` (finished, escaped
  HTML; a template lies beside it) and :class:`Figure` (``page/figure.py``), or a list of them (put ``beside``). Only what
  differs from what is on screen is redrawn, in place. What must feel immediate belongs outside ``Later`` and should take < 5 ms.
- ``draw`` may also return ``"gauge": Gauge(now, moved, line)``, the one number that says how the answer moves: it stands beside the
  control in hand ("80 → 79 of 100"), and on a phone its line stays in sight. A link ``<a href="#id" data-to>`` leads
  to what has that id in the panel.
- A panel's state can be sent (``panel.view()``, in Voilà the address of the page) and opened (``panel.move_to(view)``, which holds each
  value against its field): what is chosen, never what a person wrote. ``soon(panel.redraw)`` lets another panel follow after the first
  answer.
- A :class:`UserError` raised by ``draw`` is shown in place, in both languages, with controls named by their labels; anything else is one
  general sentence there and a traceback in the log. The last good picture stays, faded. A number outside its
  limits never reaches ``draw``: the field says so itself.
- ``Panel(..., presses={"save": save})`` answers ``button("save", …)``: ``save(values, panel)`` returns new values (a dict), a
  :class:`Download`, or nothing; ``panel.tell(sentence)`` shows progress. ``slow={"report"}`` runs these in a thread.
- ``Panel(..., picks={"map": picked})`` answers clicks and brushes in the figure named ``map``: ``picked(values, event)`` returns new
  values or nothing; ``event`` is ``{"kind": "click", "points": [{"x":…, "y":…, "custom":…}]}`` or
  ``{"kind": "brush", "changes": {...}}`` (parallel coordinates).
- ``Panel(..., pushed=along)``: ``along(before, after)`` returns values that a moved control brings along, before anything is drawn.
- For an analyst: ``Panel(..., value=case_of, result=assessed, code=lines, command=line)``, each a function of ``values``: the library's
  object that the controls describe (``panel.value``), what comes of it (``panel.result``), and both as lines of Python and as a command
  ("Same in Python"; without ``code`` the lines make the panel and move it). ``panel.figures["days"]`` is a :class:`Figure`,
  ``panel.frame("days")`` its numbers, and each control a trait of its name, to be observed and linked.
- In a notebook: ``from jiebei_lib.show.panels import language, rent`` (add the name to ``_HOME`` below), ``language()`` in the first
  cell, ``rent()`` alone in a cell of its own. Narrative cells hold both languages as ``<div lang="zh">`` and ``<div lang="en">``
  blocks with blank lines around the Markdown in them: the switch hides one. For words inside a line: ``<span lang="zh">``.
- Without a browser (nbval, static export, a code host) a panel shows its first state as HTML with its numbers as tables; its
  ``text/plain`` is the same text, which nbval compares: so let it hold nothing that differs between runs.
- Tests: ``panel.set(days=12)`` is what a control does; ``panel.text()`` is what a reader reads.

How it works: one model a panel (anywidget) with its controls and its parts. The browser sends all values in one message; while an
answer is pending it keeps only the newest, so two quick drags end in the last state. plotly.js comes from the installed plotly
package, once a page, asked of the kernel when the first chart appears: no CDN, nothing saved into the notebook.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

# Each name that a notebook uses and the module that makes it.
_HOME = {
    "Panel": "widget.panel",
    "Later": "widget.panel",
    "Download": "widget.panel",
    "language": "widget.switch",
    "start": "case.panel",
    "ask": "situation.panel",
    "questions": "situation.questions_panel",
    "portfolio": "portfolio.panel",
    "one_case": "case.panel",
    "compare": "case.panel",
    "policy_bench": "policy.panel",
    "verdict_table": "policy.panel",
    "assumptions": "policy.panel",
    "two_facts": "policy.panel",
    "all_readings": "policy.readings_panel",
    "rules_in_time": "policy.in_time_panel",
    "join": "lessons.door",
    "quiz": "lessons.quiz",
    "practice": "lessons.quiz",
    "seven_days": "lessons.game",
    "offers": "lessons.offers",
    "budget": "lessons.offers",
    "record_dates": "lessons.offers",
    "class_board": "lessons.board",
    "class_lead": "lessons.cockpit",
    "class_screen": "lessons.screen",
    "first_days": "evidence.published_panel",
    "ladders": "evidence.published_panel",
    "contradictions": "evidence.published_panel",
    "context": "evidence.published_panel",
    "learning": "evidence.panel",
    "reported": "evidence.panel",
    "owing": "money.panel",
    "ways_out": "money.panel",
    "yearly_rate": "money.panel",
    "affordable": "money.panel",
    "credit_record": "money.panel",
    "call_log": "calls.panel",
    "from_memory": "calls.memory_panel",
    "call_findings": "calls.panel",
    "jurisdictions": "calls.panel",
    "what_to_do": "calls.panel",
    "wording": "calls.panel",
}
__all__ = sorted(_HOME)


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    made = getattr(import_module(f"jiebei_lib.show.{_HOME[name]}"), name)
    import_module("jiebei_lib.show.objects").dress(name)
    return made if isinstance(made, type) or name == "language" else _noted(name, made)


def _noted(name: str, made: Callable[..., Any]) -> Callable[..., Any]:
    """The function, whose panel knows how it was made, so that it can say the same in Python."""

    @wraps(made)
    def make(*given: Any, **named: Any) -> Any:
        panel = made(*given, **named)
        plain = [value for value in (*given, *named.values()) if not isinstance(value, str | int | float | Path)]
        if hasattr(panel, "made") and not plain:
            said = [repr(str(one) if isinstance(one, Path) else one) for one in given]
            panel.made = f"{name}({', '.join([*said, *(f'{key}={value!r}' for key, value in named.items())])})"
            panel.page = {**panel.page, "same": {"python": panel.python(), "command": panel.command()}}
        return panel

    return make
