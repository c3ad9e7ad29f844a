"""The language of everything that a person reads, and the switch at the top of a notebook that changes it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from jiebei_lib.core.knowledge.problems import Problem, UserError, items, shown
from jiebei_lib.core.knowledge.readers import Own
from jiebei_lib.page.text import LANGUAGES, language_of
from jiebei_lib.show.widget.fields import both

HERE = Path(__file__).parent


class Language(traitlets.HasTraits):
    """The one language of a running notebook; every panel observes it."""

    lang = traitlets.Enum(LANGUAGES)
    switched = traitlets.Bool(False)  # the notebook has a switch, which hides what stands in the other language

    @traitlets.default("lang")
    def _lang(self) -> str:
        return language_of(os.environ.get("JIEBEI_LANG", "")) or LANGUAGES[0]


current = Own(Language)


class Switch(anywidget.AnyWidget):
    """Two radio buttons. In the browser they mark the notebook with its language, and switch.css hides what is in the other one."""

    _esm = (HERE / "switch.js").read_text("utf-8")
    _css = (HERE / "switch.css").read_text("utf-8")
    lang = traitlets.Enum(LANGUAGES, LANGUAGES[0]).tag(sync=True)
    chosen = traitlets.Bool(False).tag(sync=True)  # by the notebook: what the browser remembers does not change it
    label = traitlets.Dict(both("widget.language")).tag(sync=True)

    def __init__(self, **more: Any):
        super().__init__(lang=current.lang, **more)
        traitlets.link((current.its(), "lang"), (self, "lang"))

    def _repr_mimebundle_(self, **more: Any) -> Any:
        from jiebei_lib.show.widget.static import bundle, switch_html

        return bundle(super()._repr_mimebundle_(**more), switch_html(), "中文 · English")


def language(lang: str | None = None) -> Switch:
    """The switch for the top of a notebook: in ``lang`` (zh, en), or else in the reader's own. Raises :class:`UserError`."""
    if lang is not None:
        if lang not in LANGUAGES:
            raise UserError(Problem("not_one_of", "language", {"value": shown(lang), "allowed": items(LANGUAGES)}))
        current.lang = lang
    current.switched = True
    return Switch(chosen=lang is not None)
