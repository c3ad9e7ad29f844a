"""The marks that figures share: bars, dots, labels beside them, axes."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from typing import Any

from jiebei_lib.page.figure import BAND, CALL, FAINT, INK, NEITHER, NO_CALL, WRITTEN, Figure, axis, layout
from jiebei_lib.page.text import multiple, of_hundred, percent, say

PERCENTS = {"tickvals": [0, 0.25, 0.5, 0.75, 1], "ticktext": ["0%", "25%", "50%", "75%", "100%"]}
ODDS = (0.01, 0.1, 1 / 3, 1, 3, 10, 100)  # multiples of the odds that an axis names
VERDICT_COLOURS = {"likely": CALL, "unlikely": NO_CALL, "not_yet": NO_CALL}  # any other: NEITHER


def joined(words: Sequence[str], lang: str) -> str:
    return ("、" if lang == "zh" else ", ").join(words)


def sentences(rows: Sequence[str], lang: str) -> str:
    return ("；" if lang == "zh" else "; ").join(rows)


def rows_axis(names: Sequence[str], more: float = 0.6) -> dict[str, Any]:
    """A category axis whose first row is at the top."""
    return {
        "type": "category",
        "categoryorder": "array",
        "categoryarray": [*names][::-1],
        "automargin": True,
        "fixedrange": True,
        "tickfont": {"size": 14},
        "range": [-0.6, len(names) - 1 + more],
    }


def percent_axis(title: str, edge: float = 0.02, grid: bool = True) -> dict[str, Any]:
    """An axis of likelihoods from 0% to 100%, with ``edge`` of room at both ends for marks."""
    return axis(title) | {"range": [-edge, 1 + edge]} | PERCENTS | ({"gridcolor": FAINT} if grid else {})


def odds_axis(title: str, low: float, high: float, lang: str) -> dict[str, Any]:
    """An axis of log-odds from ``low`` to ``high`` that reads as what they do to the odds: ÷10, ×1, ×10."""
    ticks = [math.log(n) for n in ODDS if low <= math.log(n) <= high]
    names = {"tickvals": [round(tick, 4) for tick in ticks], "ticktext": [multiple(tick, lang) for tick in ticks]}
    return axis(title) | {"range": [low, high], "gridcolor": FAINT} | names


def half(y0: float = 0, y1: float = 1, yref: str = "paper") -> dict[str, Any]:
    """The upright dashed line between less and more likely than not."""
    ends = {"x0": 0.5, "x1": 0.5, "y0": y0, "y1": y1} | ({"yref": yref} if yref != "y" else {})
    return {"type": "line", **ends, "line": {"color": NEITHER, "width": 1, "dash": "dash"}}


def zero_line(colour: str) -> dict[str, Any]:
    """The upright line at which an axis of differences has its zero."""
    ends = {"x0": 0, "x1": 0, "y0": 0, "y1": 1, "yref": "paper"}
    return {"type": "line", **ends, "line": {"color": colour, "width": 1}}


def trace(mode: str, x: Sequence[Any], y: Sequence[Any], **more: Any) -> dict[str, Any]:
    """Lines, markers or text; says nothing on hover unless it is given words."""
    hover = "text" if "hovertext" in more or (mode != "text" and "text" in more) else "skip"
    return {"type": "scatter", "mode": mode, "x": list(x), "y": list(y), "hoverinfo": hover, **more}


def span(low: float, high: float, at: Any, colour: str, width: int = 8, size: int = 16) -> dict[str, Any]:
    """A range as a line with upright ends."""
    ends = {"color": colour, "symbol": "line-ns-open", "size": size, "line": {"width": 3}}
    return trace("lines+markers", [low, high], [at, at], line={"color": colour, "width": width}, marker=ends)


def faint_span(low: float, high: float, at: Any, colour: str, opacity: float = 0.45) -> dict[str, Any]:
    """A range behind a mark of its own."""
    return trace("lines", [low, high], [at, at], line={"color": colour, "width": 7}, opacity=opacity)


def band(x: Sequence[Any], low: Sequence[float], high: Sequence[float], **line: Any) -> list[dict[str, Any]]:
    """Ranges along an axis as a grey band."""
    edge = {"line": {"width": 0, **line}}
    return [trace("lines", x, low, **edge), trace("lines", x, high, fill="tonexty", fillcolor=BAND, **edge)]


def counted_of_hundred(at: Any, share: float) -> dict[str, Any]:
    """A share as 83/100, to the right of a row."""
    place = {"x": 1.0, "xref": "paper", "xanchor": "left", "xshift": 8, "y": at, "showarrow": False}
    return place | {"text": f"{of_hundred(share)}/100", "font": {"size": 14, "color": INK}}


def down(number: int) -> list[int]:
    """Where rows stand on an upright axis, the first at the top."""
    return list(range(number))[::-1]


def plain_rows(number: int) -> dict[str, Any]:
    """An upright axis for rows that carry their names :func:`labels_above` them: so a phone's whole width is left for the marks."""
    return {"visible": False, "fixedrange": True, "range": [-0.5, number - 0.14]}


def labels_above(names: Sequence[str], bold: int | None = None) -> list[dict[str, Any]]:
    """The name of each row, above it at the left."""
    return [
        {
            "x": 0,
            "xref": "paper",
            "xanchor": "left",
            "y": at + 0.46,
            "text": html.escape(name),
            "showarrow": False,
            "font": {"size": 13, "color": INK, "weight": 700 if n == bold else 400},
        }
        for n, (name, at) in enumerate(zip(names, down(len(names)), strict=True))
    ]


def dots(x: Sequence[float], y: Sequence[Any], colour: str, symbol: str, most: int, **more: Any) -> dict[str, Any]:
    """Marks in rows of at most ``most``, as large as a phone has room for."""
    size = max(4.5, min(12, 250 / max(20, most)))
    return {
        "type": "scatter",
        "mode": "markers",
        "x": list(x),
        "y": list(y),
        "hoverinfo": "skip",
        "cliponaxis": False,
        "marker": {"color": colour, "symbol": symbol, "size": round(size, 1)},
        **more,
    }


def bar(rows_at: Sequence[float], numbers: Sequence[float], colour: str) -> dict[str, Any]:
    """Horizontal bars; their numbers stand :func:`beside` them."""
    return {
        "type": "bar",
        "orientation": "h",
        "x": list(numbers),
        "y": list(rows_at),
        "width": 0.4,
        "marker": {"color": colour, "line": {"color": "#FFFFFF", "width": 1}},
        "hoverinfo": "skip",
    }


def beside(
    x: Sequence[float], y: Sequence[Any], text: Sequence[str], most: float, side: str = "right"
) -> dict[str, Any]:
    """Text at the ends of rows, in a picture that is ``most`` wide."""
    away = most * (0.025 if side == "right" else -0.025)
    return {
        "type": "scatter",
        "mode": "text",
        "x": [value + away for value in x],
        "y": list(y),
        "text": list(text),
        "textposition": f"middle {side}",
        "textfont": {"size": 13, "color": INK},
        "hoverinfo": "skip",
        "cliponaxis": False,
    }


def key_marks(entries: Sequence[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """What marks and colours mean, in one line above the picture: at the left end, in the middle, at the right end."""
    anchors = ((0.0, "left"), (0.5, "center"), (1.0, "right"))
    return [
        {
            "x": x,
            "xref": "paper",
            "y": 1.0,
            "yref": "paper",
            "xanchor": anchor,
            "yanchor": "bottom",
            "text": f"{mark} {html.escape(text)}",
            "showarrow": False,
            "font": {"size": 13, "color": WRITTEN.get(colour, colour)},
        }
        for (mark, text, colour), (x, anchor) in zip(entries, anchors, strict=True)
    ]


def hatched(colour: str, hatch: str) -> dict[str, Any]:
    ink = "#FFFFFF" if hatch == "/" else INK
    return {"shape": hatch, "fgcolor": ink, "bgcolor": colour, "size": 7, "solidity": 0.25}


def label(x: Any, y: float, text: str, anchor: str = "left", **more: Any) -> dict[str, Any]:
    font = {"size": 13, "color": INK}
    behind = {"bgcolor": "rgba(255,255,255,0.85)", "borderpad": 0}  # so that an upright does not run through the words
    return (
        {"x": x, "y": y, "xanchor": anchor, "text": text, "showarrow": False, "font": font, "align": "left"}
        | behind
        | more
    )


def above_plot(x: Any, text: str, anchor: str = "center", **more: Any) -> dict[str, Any]:
    """A label over the plot, at an upright line."""
    return label(x, 1, text, anchor, yref="paper", yanchor="bottom", **more)


def hatched_bars(x: Sequence[float], y: Sequence[float], colour: str, hatch: str) -> dict[str, Any]:
    marker = {"color": colour, "pattern": hatched(colour, hatch), "line": {"color": INK, "width": 0.6}}
    return {"type": "bar", "orientation": "h", "x": list(x), "y": list(y), "marker": marker, "hoverinfo": "x"}


def stems(x: Sequence[float], y: Sequence[float]) -> dict[str, Any]:
    """A thin line from zero to each mark."""
    across = [value for end in x for value in (0, end, None)]
    along = [value for place in y for value in (place, place, None)]
    style = {"color": "#B0B0B0", "width": 3}
    return trace("lines", across, along, line=style)


def hover_marks(
    x: Sequence[Any], y: Sequence[float], solid: Sequence[bool], symbol: str, text: Sequence[str]
) -> dict[str, Any]:
    """Marks with words on hover; open where not ``solid``."""
    symbols = [symbol if one else f"{symbol}-open" for one in solid]
    marker = {"symbol": symbols, "size": 13, "color": INK, "line": {"width": 2, "color": INK}}
    return trace("markers", x, y, marker=marker, text=[html.escape(words) for words in text])


def ranges_figure(
    name: str, answers: Sequence[tuple[str, Mapping[str, Any]]], title: str, head: list[str], lang: str
) -> Figure:
    """Answers under one another: the range of all readings as a thin line, that of nine in ten as a thick one, the share in words at
    its end.

    ``answers``: the name of each, and its grade, verdict, likelihood, nine_in_ten and share; ``head``: the heads of the columns.
    """
    shown = [html.escape(named) for named, _ in answers]
    data, marks, rows, said = [], [], [], []
    for line, (named, one) in zip(shown, answers, strict=True):
        colour = VERDICT_COLOURS.get(one["verdict"], NEITHER)
        low, most_low, most_high, high = _four(one)
        data += [span(low, high, line, colour, 2), faint_span(most_low, most_high, line, colour, 1)]
        marks.append(counted_of_hundred(line, one["share"]))
        ends = zip(("low", "most_low", "most_high", "high"), _four(one), strict=True)
        slots = {end: percent(value, lang, True) for end, value in ends} | {"count": of_hundred(one["share"])}
        rows.append([named, say(f"case.first.grade.{one['grade']}", lang), *map(str, slots.values())])
        said.append(say("case.claims.witnesses_row", lang, name=named, **slots))
    plan = layout(title, 150 + 50 * len(rows)) | {
        "xaxis": percent_axis(say("case.readings.axis", lang)),
        "yaxis": rows_axis(shown),
        "shapes": [half()],
        "annotations": marks,
    }
    plan["margin"] = plan["margin"] | {"r": 70}
    alt = say("case.claims.witnesses_alt", lang, rows=sentences(said, lang))
    return Figure(name, data, plan, alt, say("case.claims.witnesses_caption", lang), head, rows)


def _four(one: Mapping[str, Any]) -> tuple[float, float, float, float]:
    """The ends of both ranges, in order."""
    (low, high), (most_low, most_high) = one["likelihood"].values(), one["nine_in_ten"].values()
    return low, most_low, most_high, high
