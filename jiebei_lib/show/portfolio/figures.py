"""The pictures of a portfolio. Each takes its summary (:func:`jiebei_lib.portfolio.summary.summary`) and gives a :class:`Figure`."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Mapping
from typing import Any

from jiebei_lib.core.case import FIELDS
from jiebei_lib.core.scoring.score import VERDICTS
from jiebei_lib.page.figure import CALL, FAINT, INK, NEITHER, NO_CALL, Figure, axis, layout, note, worded
from jiebei_lib.page.marks import band, faint_span, percent_axis, trace
from jiebei_lib.page.text import of_hundred, percent, say
from jiebei_lib.show.portfolio.words import listed, reason_name, segment_name, whole

Book = Mapping[str, Any]
COLOURS = {"likely": CALL, "depends": NEITHER, "unlikely": NO_CALL, "not_yet": NO_CALL}
SHARE_FONT, BAND_FONT = {"font": {"size": 13, "color": CALL}}, {"font": {"size": 13, "color": "#555555"}}
ROW, MARGIN = 44, 150  # height of a bar and of what is around the bars, in pixels


def verdicts_figure(book: Book, lang: str) -> Figure:
    """How many cases have which verdict, as bars."""
    counts = book["verdicts"]
    names = {name: say(f"verdict.{name}", lang) for name in counts}
    bars = [(names[name], n, COLOURS[name], whole(n)) for name, n in counts.items()]
    said = [say("portfolio.verdicts.item", lang, name=names[name], n=whole(n)) for name, n in counts.items()]
    title = say("portfolio.verdicts.title", lang, **{name: whole(n) for name, n in counts.items()})
    rows = [[names[name], whole(n)] for name, n in counts.items()]
    return _bars(lang, "verdicts", title, bars, {"counts": listed(said, lang)}, rows)


def ribbon_figure(book: Book, lang: str) -> Figure:
    """All cases in order of their share: the range as a band, the share as a line."""
    ribbon = book["ribbon"]
    number = len(ribbon["share"])
    at = [round(100 * n / (number - 1), 1) for n in range(number)]
    words = [
        [f"{x:g}", percent(low, lang, True), percent(high, lang, True), of_hundred(share)]
        for x, low, high, share in zip(at, ribbon["low"], ribbon["high"], ribbon["share"], strict=True)
    ]
    hover = [
        say("portfolio.ribbon.hover", lang, at=x, low=low, high=high, count=count) for x, low, high, count in words
    ]
    data = [*band(at, ribbon["low"], ribbon["high"]), _line(at, ribbon["share"], hover, markers=False)]
    half = round(100 * book["expected"]["majority"] / max(1, book["expected"]["cases"]))
    plan = layout(say("portfolio.ribbon.title", lang, half=half), 360) | {
        "xaxis": axis(say("portfolio.ribbon.axis", lang)) | {"range": [0, 100], "tickvals": [0, 25, 50, 75, 100]},
        "yaxis": percent_axis(say("portfolio.ribbon.axis_y", lang)),
        "annotations": [
            note(3, ribbon["share"][3], say("portfolio.ribbon.share", lang), "left", -16) | SHARE_FONT,
            note(35, 0.45, say("portfolio.ribbon.band", lang), "center", 0) | BAND_FONT,
        ],
    }
    middle = number // 2
    slots = {end: percent(ribbon[end][middle], lang) for end in ("low", "high")}
    slots |= {"count": of_hundred(ribbon["share"][middle])}
    rows = [[*words[n][:3], f"{words[n][3]}/100"] for n in range(0, number, max(1, number // 10))]
    return worded("book_ribbon", "portfolio.ribbon", lang, data, plan, rows, slots)


def days_figure(book: Book, lang: str) -> Figure:
    """The expected number of calls to contacts from today on: a band, and the cases on which most readings agree."""
    days = book["days"]
    x, last = days["day"], -1
    hover = [
        say("portfolio.days.hover", lang, day=day, low=whole(low), high=whole(high), majority=whole(majority))
        for day, low, high, majority in zip(x, days["low"], days["high"], days["majority"], strict=True)
    ]
    data = [*band(x, days["low"], days["high"]), _line(x, days["majority"], hover, markers=True)]
    slots = {
        "day": x[last],
        "low": whole(days["low"][last]),
        "high": whole(days["high"][last]),
        "majority": whole(days["majority"][last]),
    }
    first = {f"{name}0": whole(days[name][0]) for name in ("low", "high", "majority")}
    plan = layout(say("portfolio.days.title", lang, **slots), 360) | {
        "xaxis": axis(say("portfolio.days.axis", lang))
        | {"range": [-0.5, x[last] + 0.5], "tickvals": [0, 7, 14, 21, 30]},
        "yaxis": axis(say("portfolio.days.axis_y", lang))
        | {"range": [0, max(1.0, book["expected"]["cases"]) * 1.04], "gridcolor": FAINT, "tickformat": ",d"},
        "annotations": [
            note(x[last], days["majority"][last], say("portfolio.days.majority", lang), "right", -18) | SHARE_FONT,
            note(x[last], days["low"][last], say("portfolio.days.band", lang), "right", 16) | BAND_FONT,
        ],
    }
    rows = [[str(day), *(whole(days[name][n]) for name in ("low", "high", "majority"))] for n, day in enumerate(x)]
    return worded("book_days", "portfolio.days", lang, data, plan, rows, slots | first)


def segments_figure(book: Book, lang: str) -> Figure:
    """A line a segment from the lenient to the harsh end of 100 cases, with the mean share of readings marked."""
    parts = book["segments"]
    names = [segment_name(book["by"], part["segment"], lang) for part in parts]
    data = [mark for name, part in zip(names, parts, strict=True) for mark in _segment_marks(name, part, lang)]
    title = say("portfolio.segments.heading", lang)
    if parts:
        top = max(range(len(parts)), key=lambda n: parts[n]["share"])
        title = say("portfolio.segments.title", lang, name=names[top], count=of_hundred(parts[top]["share"]))
    plan = layout(title, MARGIN + ROW * len(parts)) | {
        "xaxis": axis(say("portfolio.segments.axis", lang)) | {"range": [-2, 102], "gridcolor": FAINT},
        "yaxis": _names(names),
    }
    said = [
        say("portfolio.segments.row", lang, name=name, low=whole(part["low"]), high=whole(part["high"]))
        for name, part in zip(names, parts, strict=True)
    ]
    rows = [
        [
            name,
            whole(part["cases"]),
            f"{part['low']:.1f}",
            f"{part['high']:.1f}",
            f"{of_hundred(part['share'])}/100",
            whole(part["likely"]),
            whole(part["unlikely"]),
        ]
        for name, part in zip(names, parts, strict=True)
    ]
    return worded("book_segments", "portfolio.segments", lang, data, plan, rows, {"rows": listed(said, lang)})


def _segment_marks(name: str, part: Mapping[str, Any], lang: str) -> list[dict[str, Any]]:
    """A segment's range, and its share as a diamond over one half and a circle up to it."""
    label, over = html.escape(name), part["share"] > 0.5
    numbers = {key: whole(part[key]) for key in ("cases", "low", "high")}
    hover = say("portfolio.segments.hover", lang, name=label, count=of_hundred(part["share"]), **numbers)
    marker = {"color": CALL if over else NO_CALL, "symbol": "diamond" if over else "circle", "size": 13}
    share = trace("markers", [100 * part["share"]], [label], marker=marker, hovertext=[hover])
    return [faint_span(part["low"], part["high"], label, NEITHER), share]


def questions_figure(book: Book, lang: str) -> Figure:
    """By how many cases the expected range narrows once one unknown is known everywhere."""
    asked = book["questions"]
    names = [FIELDS[each["field"]]["name"][lang] for each in asked]
    bars = [
        (name, each["narrowing"], NEITHER, f"{each['narrowing']:,.1f}") for name, each in zip(names, asked, strict=True)
    ]
    best = asked[0] if asked and asked[0]["narrowing"] > 0 else None
    title = say("portfolio.questions.title_none", lang)
    if best:
        title = say(
            "portfolio.questions.title",
            lang,
            name=names[0],
            unknown=whole(best["unknown"]),
            narrowing=f"{best['narrowing']:,.1f}",
        )
    said = [
        say("portfolio.questions.row", lang, name=name, narrowing=f"{each['narrowing']:,.1f}")
        for name, each in zip(names, asked, strict=True)
    ]
    rows = [
        [name, whole(each["unknown"]), f"{each['narrowing']:,.1f}"] for name, each in zip(names, asked, strict=True)
    ]
    return _bars(lang, "questions", title, bars, {"rows": listed(said, lang)}, rows)


def changes_figure(book: Book, lang: str) -> Figure:
    """How many cases go from which verdict to which."""
    bars, said, rows = [], [], []
    for change in book["changes"]:
        before, after = (say(f"verdict.{change[end]}", lang) for end in ("before", "after"))
        worse = VERDICTS.index(change["after"]) > VERDICTS.index(change["before"])
        move = say("portfolio.what_if.move", lang, before=before, after=after)
        bars.append(
            (f"{'◆' if worse else '●'} {move}", change["cases"], CALL if worse else NO_CALL, whole(change["cases"]))
        )
        said.append(say("portfolio.what_if.row", lang, move=move, n=whole(change["cases"])))
        rows.append([move, whole(change["cases"]), reason_name(change["why"], lang)])
    title = say("portfolio.what_if.title", lang, changed=whole(sum(change["cases"] for change in book["changes"])))
    return _bars(lang, "what_if", title, bars, {"rows": listed(said, lang)}, rows)


# ---- parts of pictures ---------------------------------------------------------------------------------------------


def _bars(lang: str, name: str, title: str, bars: list[tuple], slots: dict[str, Any], rows: list[list[str]]) -> Figure:
    """Horizontal bars: name, size, colour, and the text at its end."""
    labels = [html.escape(bar[0]) for bar in bars]
    longest = max([bar[1] for bar in bars], default=0) or 1
    bar = {
        "type": "bar",
        "orientation": "h",
        "x": [bar[1] for bar in bars],
        "y": labels,
        "marker": {"color": [bar[2] for bar in bars]},
        "text": [bar[3] for bar in bars],
        "textposition": "outside",
        "cliponaxis": False,
        "textfont": {"size": 14, "color": INK},
        "hoverinfo": "skip",
    }
    plan = layout(title, MARGIN + ROW * len(bars)) | {
        "xaxis": axis(say(f"portfolio.{name}.axis", lang))
        | {"range": [0, longest * 1.18], "gridcolor": FAINT, "tickformat": ",~r"},
        "yaxis": _names([bar[0] for bar in bars]),
    }
    return worded(f"book_{name}", f"portfolio.{name}", lang, [bar], plan, rows, slots)


def _names(names: list[str]) -> dict[str, Any]:
    """The axis of names, first on top. A long one stands in lines, so that on a phone the bars keep half the width."""
    lines = [textwrap.wrap(name, 18, break_long_words=False) or [name] for name in names]
    return axis("") | {
        "autorange": "reversed",
        "type": "category",
        "tickvals": [html.escape(name) for name in names],
        "ticktext": ["<br>".join(map(html.escape, each)) for each in lines],
        "ticklabelstandoff": 6,
    }


def _line(x: list[float], y: list[float], hover: list[str], markers: bool) -> dict[str, Any]:
    line = {"color": CALL, "width": 3, "dash": "dash"}
    marker = {"symbol": "diamond", "size": 9, "color": CALL}
    return trace("lines+markers" if markers else "lines", x, y, line=line, marker=marker, text=hover)
