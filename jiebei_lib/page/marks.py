"""The marks that figures share: bars, dots, labels beside them, axes."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from jiebei_lib.page.figure import CALL, FAINT, INK, NEITHER, NO_CALL, Figure, axis, layout
from jiebei_lib.page.text import of_hundred, percent, say


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
    x: Sequence[float], y: Sequence[str], text: Sequence[str], most: float, side: str = "right"
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
            "font": {"size": 13, "color": colour},
        }
        for (mark, text, colour), (x, anchor) in zip(entries, anchors, strict=True)
    ]


def ranges_figure(
    name: str, answers: list[tuple[str, str, Mapping[str, float], float]], title: str, head: list[str], lang: str
) -> Figure:
    """Answers under one another: the range as a line, the share in words at its end.

    ``answers``: name, verdict, likelihood (``low``, ``high``) and share of each; ``table``: the heads of the columns of numbers.
    """
    data, marks, rows, shown, said = [], [], [], [], []
    for named, verdict, likelihood, share in answers:
        low, high, count = likelihood["low"], likelihood["high"], of_hundred(share)
        line = html.escape(named)
        shown.append(line)
        colour = {"likely": CALL, "unlikely": NO_CALL, "not_yet": NO_CALL}.get(verdict, NEITHER)
        ends = {"color": colour, "symbol": "line-ns-open", "size": 16, "line": {"width": 3}}
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": [low, high],
                "y": [line, line],
                "line": {"color": colour, "width": 8},
                "marker": ends,
                "hoverinfo": "skip",
            }
        )
        marks.append(
            {
                "x": 1.0,
                "xref": "paper",
                "xanchor": "left",
                "xshift": 8,
                "y": line,
                "text": f"{count}/100",
                "showarrow": False,
                "font": {"size": 14, "color": INK},
            }
        )
        slots = {"low": percent(low, lang, True), "high": percent(high, lang, True), "count": count}
        rows.append([named, say(f"verdict.{verdict}", lang), slots["low"], slots["high"], str(count)])
        said.append(say("case.claims.witnesses_row", lang, name=named, **slots))
    plan = layout(title, 150 + 50 * len(rows)) | {
        "xaxis": axis(say("case.readings.axis", lang))
        | {
            "range": [-0.02, 1.02],
            "tickvals": [0, 0.25, 0.5, 0.75, 1],
            "ticktext": ["0%", "25%", "50%", "75%", "100%"],
            "gridcolor": FAINT,
        },
        "yaxis": {
            "type": "category",
            "categoryorder": "array",
            "categoryarray": shown[::-1],
            "automargin": True,
            "fixedrange": True,
            "tickfont": {"size": 14},
            "range": [-0.6, len(shown) - 0.4],
        },
        "shapes": [
            {
                "type": "line",
                "x0": 0.5,
                "x1": 0.5,
                "y0": 0,
                "y1": 1,
                "yref": "paper",
                "line": {"color": NEITHER, "width": 1, "dash": "dash"},
            }
        ],
        "annotations": marks,
    }
    plan["margin"] = plan["margin"] | {"r": 70}
    alt = say("case.claims.witnesses_alt", lang, rows=("；" if lang == "zh" else "; ").join(said))
    return Figure(name, data, plan, alt, say("case.claims.witnesses_caption", lang), head, rows)
