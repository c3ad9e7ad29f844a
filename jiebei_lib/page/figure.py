"""What every picture shares: a plain plotly figure (dicts), its colours, its text alternative and its numbers.

No import of plotly, no 7 kB template in each, nothing that differs between runs. Colour means one thing throughout: orange
pushes toward a call, blue away from it, grey neither. Shapes say the same, so that no picture needs colour to be read.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from jiebei_lib.core.knowledge.problems import needing
from jiebei_lib.page.text import heads, say

CALL, NO_CALL, NEITHER, INK, FAINT = "#D55E00", "#0072B2", "#767676", "#222222", "#E4E4E4"
# What is written small in a mark's colour is a tone darker where the mark's own has not 4.5 to 1 on white, or on the band
WRITTEN = {CALL: "#A34500"}
BAND = "rgba(118,118,118,0.22)"
FONT = '"Noto Sans CJK SC","Noto Sans SC","PingFang SC","Microsoft YaHei","Helvetica Neue",Arial,sans-serif'
CONFIG = {
    "displayModeBar": False,
    "displaylogo": False,
    "showSendToCloud": False,
    "responsive": True,
    "scrollZoom": False,
}
MIME = "application/vnd.plotly.v1+json"


@dataclass(frozen=True)
class Figure:
    """A plotly figure with a name, its text alternative, a caption and its numbers (``head`` and ``rows``)."""

    name: str
    data: list[dict[str, Any]]
    layout: dict[str, Any]
    alt: str
    caption: str
    head: list[str]
    rows: list[list[str]] = field(default_factory=list)

    def spec(self) -> dict[str, Any]:
        """What plotly draws; all that a page needs beside it travels in ``layout.meta``."""
        meta = {
            "name": self.name,
            "title": html.unescape(self.layout["title"]["text"]),
            "alt": self.alt,
            "caption": self.caption,
            "head": self.head,
            "rows": self.rows,
        }
        return {"data": portable(self.data), "layout": {**portable(self.layout), "meta": meta}, "config": CONFIG}

    def plotly(self, template: Any = None) -> Any:
        """The same as a :class:`plotly.graph_objects.Figure`, with its title; its colours are those of ``template`` if one is named."""
        with needing("Figure.plotly"):
            import plotly.graph_objects as go

        plan = {
            key: value for key, value in portable(self.layout).items() if key not in ("paper_bgcolor", "plot_bgcolor")
        }
        if template is None:
            return go.Figure(portable(self.data), portable(self.layout) | {"template": "none"})
        light = _themed(plan, INK)
        return go.Figure(_themed(portable(self.data), INK), light | {"template": template})

    def frame(self) -> Any:
        """The chart's numbers as a DataFrame, a row each. Columns of plain numbers and of per cents are floats (31% is 0.31; 83/100
        is 0.83); what is a word, or no exact number (<1%), leaves its column as text."""
        with needing("Figure.frame"):
            import pandas as pd

        columns = list(zip(*self.rows, strict=True)) or [()] * len(self.head)
        return pd.DataFrame({name: _numbers(column) for name, column in zip(self.head, columns, strict=True)})

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {MIME: self.spec(), "text/plain": self.alt}


def _themed(value: Any, ink: str) -> Any:
    """The same without the ink of light paper, so that a template's own holds; colours that mean something stay."""
    if isinstance(value, dict):
        plain = {key for key in ("color", "gridcolor") if value.get(key) in (ink, FAINT, "#FFFFFF")}
        return {key: _themed(each, ink) for key, each in value.items() if key not in plain}
    return [_themed(each, ink) for each in value] if isinstance(value, list) else value


def _numbers(column: Any) -> list[Any]:
    """A column of shown numbers as floats, if all of it is."""
    try:
        return [_number(cell) for cell in column]
    except ValueError:
        return list(column)


def _number(cell: str) -> float:
    text = cell.replace(",", "").strip()
    if text.endswith("%"):
        return float(text[:-1]) / 100
    return float(text[:-4]) / 100 if text.endswith("/100") else float(text)


def worded(
    name: str,
    key: str,
    lang: str,
    data: list[dict],
    plan: dict[str, Any],
    rows: list[list[str]],
    alt: dict,
    **caption: Any,
) -> Figure:
    """A figure whose words stand under one key of the text files: ``alt``, with its slots, ``caption``, ``table``."""
    words = (say(f"{key}.alt", lang, **alt), say(f"{key}.caption", lang, **caption), heads(f"{key}.table", lang))
    return Figure(name, data, plan, *words, rows)


WHOLE = {str, int, bool, type(None)}  # what has no digits to lose, and is most of a figure


def portable(value: Any) -> Any:
    """The same with all numbers to nine digits: the last of sixteen differ from one processor to another."""
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, dict):
        return {key: each if type(each) in WHOLE else portable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [each if type(each) in WHOLE else portable(each) for each in value]
    return value


def untitled(spec: dict[str, Any]) -> dict[str, Any]:
    """A figure without its title and the room for it, but for words that stand above it; the title is still in ``layout.meta``."""
    plan = {key: value for key, value in spec["layout"].items() if key != "title"}
    above = any(note.get("yref") == "paper" and note["y"] >= 1 for note in plan.get("annotations", ()))
    top, left = plan["margin"]["t"], 34 if above else 14
    return spec | {"layout": plan | {"margin": plan["margin"] | {"t": left}, "height": plan["height"] - (top - left)}}


def layout(title: str, height: int) -> dict[str, Any]:
    return {
        "title": {
            "text": html.escape(title),
            "x": 0,
            "xref": "container",
            "xanchor": "left",
            "y": 1,
            "yref": "container",
            "yanchor": "top",
            "pad": {"t": 8, "l": 2},
            "font": {"size": 17, "color": INK, "weight": 700},
        },
        "font": {"family": FONT, "size": 14, "color": INK},
        "height": height,
        "autosize": True,
        "margin": {"l": 24, "r": 24, "t": 78, "b": 56},
        "paper_bgcolor": "#FFFFFF",
        "plot_bgcolor": "#FFFFFF",
        "showlegend": False,
        "dragmode": False,
        "hovermode": "closest",
        "hoverlabel": {"font": {"family": FONT, "size": 14}},
    }


def axis(title: str) -> dict[str, Any]:
    return {
        "title": {"text": title, "font": {"size": 14}},
        "zeroline": False,
        "showgrid": True,
        "gridcolor": "#FFFFFF",
        "fixedrange": True,
        "automargin": True,
        "tickfont": {"size": 13},
    }


def note(x: float, y: float | str, text: str, anchor: str, shift: int) -> dict[str, Any]:
    return {
        "x": x,
        "y": y,
        "text": text,
        "xanchor": anchor,
        "yshift": shift,
        "showarrow": False,
        "font": {"size": 14, "color": INK},
    }


def corner(x: float, anchor: str, text: str, colour: str) -> dict[str, Any]:
    return {
        "x": x,
        "y": 1.0,
        "yref": "paper",
        "yanchor": "bottom",
        "xanchor": anchor,
        "text": text,
        "showarrow": False,
        "font": {"size": 13, "color": WRITTEN.get(colour, colour)},
    }


def upright(x: float | str, colour: str, width: int) -> dict[str, Any]:
    return {
        "type": "line",
        "x0": x,
        "x1": x,
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "line": {"color": colour, "width": width},
        "layer": "below",
    }


def ink_on(colour: str) -> str:
    """Black or white, whichever stands out more from a colour (``#rrggbb``): one of the two always does by 4.5 to 1 (the pictures' own
    ink is a little lighter, and would not)."""
    return ink_at([(0, colour)], 0)


def ink_at(scale: Sequence[tuple[float, str]], value: float) -> str:
    """The same for the tone that a scale of colours has at ``value``."""
    at, tones = [stop for stop, _ in scale], [[int(tone[n : n + 2], 16) / 255 for n in (1, 3, 5)] for _, tone in scale]
    tone = [float(np.interp(value, at, channel)) for channel in zip(*tones, strict=True)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in tone)
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05
    return "#000000" if light / 0.05 > 1.05 / light else "#FFFFFF"


def stretched(days: Any) -> list[float]:
    """Days on a square-root scale, which gives the first week the room that it deserves."""
    return [round(math.sqrt(day), 4) for day in days]


def rounded(values: np.ndarray) -> list[float]:
    return [round(float(value), 5) for value in values]


def day_name(day: int, lang: str) -> str:
    return say("case.claims.day", lang, day=day)
