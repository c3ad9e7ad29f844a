"""The pictures of a portfolio. Each takes a :class:`BookPage` and gives a :class:`Figure`."""

from __future__ import annotations

import html
import textwrap
from typing import TYPE_CHECKING, Any

from jiebei_lib.core.case import FIELDS
from jiebei_lib.core.policy import load_policy
from jiebei_lib.core.scoring.score import VERDICTS
from jiebei_lib.page.figure import BAND, CALL, FAINT, INK, NEITHER, NO_CALL, Figure, axis, layout, note
from jiebei_lib.page.text import of_hundred, percent, say

if TYPE_CHECKING:
    from jiebei_lib.show.portfolio.page import BookPage

COLOURS = {"likely": CALL, "depends": NEITHER, "unlikely": NO_CALL, "not_yet": NO_CALL}
ROW, MARGIN = 44, 150  # height of a bar and of what is around the bars, in pixels


def verdicts_figure(p: BookPage) -> Figure:
    """How many cases have which verdict, as bars."""
    counts = p.book["verdicts"]
    names = {name: say(f"verdict.{name}", p.lang) for name in counts}
    bars = [(names[name], n, COLOURS[name], whole(n)) for name, n in counts.items()]
    said = [p.say("portfolio.verdicts.item", name=names[name], n=whole(n)) for name, n in counts.items()]
    title = p.say("portfolio.verdicts.title", **{name: whole(n) for name, n in counts.items()})
    rows = [[names[name], whole(n)] for name, n in counts.items()]
    return _bars(p, "verdicts", title, bars, {"counts": joined(said, p.lang)}, rows)


def ribbon_figure(p: BookPage) -> Figure:
    """All cases in order of their share: the range as a band, the share as a line."""
    ribbon = p.book["ribbon"]
    number = len(ribbon["share"])
    at = [round(100 * n / (number - 1), 1) for n in range(number)]
    hover = [
        p.say(
            "portfolio.ribbon.hover",
            at=f"{x:g}",
            low=percent(low, p.lang, True),
            high=percent(high, p.lang, True),
            count=of_hundred(share),
        )
        for x, low, high, share in zip(at, ribbon["low"], ribbon["high"], ribbon["share"], strict=True)
    ]
    data = _band(at, ribbon["low"], ribbon["high"])
    data.append(_line(at, ribbon["share"], hover, markers=False))
    half = round(100 * p.book["expected"]["majority"] / max(1, p.book["expected"]["cases"]))
    plan = layout(p.say("portfolio.ribbon.title", half=half), 360) | {
        "xaxis": axis(p.say("portfolio.ribbon.axis")) | {"range": [0, 100], "tickvals": [0, 25, 50, 75, 100]},
        "yaxis": axis(p.say("portfolio.ribbon.axis_y"))
        | {
            "range": [-0.02, 1.02],
            "tickvals": [0, 0.25, 0.5, 0.75, 1],
            "ticktext": ["0%", "25%", "50%", "75%", "100%"],
            "gridcolor": FAINT,
        },
        "annotations": [
            note(3, ribbon["share"][3], p.say("portfolio.ribbon.share"), "left", -16)
            | {"font": {"size": 13, "color": CALL}},
            note(35, 0.45, p.say("portfolio.ribbon.band"), "center", 0) | {"font": {"size": 13, "color": "#555555"}},
        ],
    }
    middle = number // 2
    slots = {
        "low": percent(ribbon["low"][middle], p.lang),
        "high": percent(ribbon["high"][middle], p.lang),
        "count": of_hundred(ribbon["share"][middle]),
    }
    rows = [
        [
            f"{at[n]:g}",
            percent(ribbon["low"][n], p.lang, True),
            percent(ribbon["high"][n], p.lang, True),
            f"{of_hundred(ribbon['share'][n])}/100",
        ]
        for n in range(0, number, max(1, number // 10))
    ]
    return _figure(p, "ribbon", data, plan, slots, rows)


def days_figure(p: BookPage) -> Figure:
    """The expected number of calls to contacts from today on: a band, and the cases on which most readings agree."""
    days = p.book["days"]
    x, last = days["day"], -1
    hover = [
        p.say("portfolio.days.hover", day=day, low=whole(low), high=whole(high), majority=whole(majority))
        for day, low, high, majority in zip(x, days["low"], days["high"], days["majority"], strict=True)
    ]
    data = _band(x, days["low"], days["high"])
    data.append(_line(x, days["majority"], hover, markers=True))
    slots = {
        "day": x[last],
        "low": whole(days["low"][last]),
        "high": whole(days["high"][last]),
        "majority": whole(days["majority"][last]),
    }
    first = {f"{name}0": whole(days[name][0]) for name in ("low", "high", "majority")}
    plan = layout(p.say("portfolio.days.title", **slots), 360) | {
        "xaxis": axis(p.say("portfolio.days.axis")) | {"range": [-0.5, x[last] + 0.5], "tickvals": [0, 7, 14, 21, 30]},
        "yaxis": axis(p.say("portfolio.days.axis_y"))
        | {"range": [0, max(1.0, p.book["expected"]["cases"]) * 1.04], "gridcolor": FAINT, "tickformat": ",d"},
        "annotations": [
            note(x[last], days["majority"][last], p.say("portfolio.days.majority"), "right", -18)
            | {"font": {"size": 13, "color": CALL}},
            note(x[last], days["low"][last], p.say("portfolio.days.band"), "right", 16)
            | {"font": {"size": 13, "color": "#555555"}},
        ],
    }
    rows = [[str(day), *(whole(days[name][n]) for name in ("low", "high", "majority"))] for n, day in enumerate(x)]
    return _figure(p, "days", data, plan, slots | first, rows)


def segments_figure(p: BookPage) -> Figure:
    """A line a segment from the lenient to the harsh end of 100 cases, with the mean share of readings marked."""
    parts = p.book["segments"]
    names = [segment_name(p.book["by"], part["segment"], p.lang) for part in parts]
    data = []
    for name, part in zip(names, parts, strict=True):
        hover = p.say(
            "portfolio.segments.hover",
            name=html.escape(name),
            cases=whole(part["cases"]),
            low=whole(part["low"]),
            high=whole(part["high"]),
            count=of_hundred(part["share"]),
        )
        over, label = part["share"] > 0.5, html.escape(name)
        data += [
            {
                "type": "scatter",
                "mode": "lines",
                "x": [part["low"], part["high"]],
                "y": [label, label],
                "line": {"color": NEITHER, "width": 7},
                "opacity": 0.45,
                "hoverinfo": "skip",
            },
            {
                "type": "scatter",
                "mode": "markers",
                "x": [100 * part["share"]],
                "y": [label],
                "marker": {"color": CALL if over else NO_CALL, "symbol": "diamond" if over else "circle", "size": 13},
                "hovertext": [hover],
                "hoverinfo": "text",
            },
        ]
    top = max(range(len(parts)), key=lambda n: parts[n]["share"]) if parts else 0
    title = (
        p.say("portfolio.segments.title", name=names[top], count=of_hundred(parts[top]["share"]))
        if parts
        else p.say("portfolio.segments.heading")
    )
    plan = layout(title, MARGIN + ROW * len(parts)) | {
        "xaxis": axis(p.say("portfolio.segments.axis")) | {"range": [-2, 102], "gridcolor": FAINT},
        "yaxis": _names(names),
    }
    said = [
        p.say("portfolio.segments.row", name=name, low=whole(part["low"]), high=whole(part["high"]))
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
    return _figure(p, "segments", data, plan, {"rows": joined(said, p.lang)}, rows)


def questions_figure(p: BookPage) -> Figure:
    """By how many cases the expected range narrows once one unknown is known everywhere."""
    asked = p.book["questions"]
    names = [FIELDS[each["field"]]["name"][p.lang] for each in asked]
    bars = [
        (name, each["narrowing"], NEITHER, f"{each['narrowing']:,.1f}") for name, each in zip(names, asked, strict=True)
    ]
    best = asked[0] if asked and asked[0]["narrowing"] > 0 else None
    title = p.say("portfolio.questions.title_none")
    if best:
        title = p.say(
            "portfolio.questions.title",
            name=names[0],
            unknown=whole(best["unknown"]),
            narrowing=f"{best['narrowing']:,.1f}",
        )
    said = [
        p.say("portfolio.questions.row", name=name, narrowing=f"{each['narrowing']:,.1f}")
        for name, each in zip(names, asked, strict=True)
    ]
    rows = [
        [name, whole(each["unknown"]), f"{each['narrowing']:,.1f}"] for name, each in zip(names, asked, strict=True)
    ]
    return _bars(p, "questions", title, bars, {"rows": joined(said, p.lang)}, rows)


def changes_figure(p: BookPage) -> Figure:
    """How many cases go from which verdict to which."""
    bars, said, rows = [], [], []
    for change in p.book["changes"]:
        before, after = (say(f"verdict.{change[end]}", p.lang) for end in ("before", "after"))
        worse = VERDICTS.index(change["after"]) > VERDICTS.index(change["before"])
        move = p.say("portfolio.what_if.move", before=before, after=after)
        bars.append(
            (f"{'◆' if worse else '●'} {move}", change["cases"], CALL if worse else NO_CALL, whole(change["cases"]))
        )
        said.append(p.say("portfolio.what_if.row", move=move, n=whole(change["cases"])))
        rows.append([move, whole(change["cases"]), reason_name(change["why"], p.lang)])
    title = p.say("portfolio.what_if.title", changed=whole(sum(change["cases"] for change in p.book["changes"])))
    return _bars(p, "what_if", title, bars, {"rows": joined(said, p.lang)}, rows)


# ---- names ---------------------------------------------------------------------------------------------------------


def whole(value: float) -> str:
    """A number of cases."""
    return f"{value:,.0f}"


def joined(parts: list[str], lang: str) -> str:
    return ("，" if lang == "zh" else ", ").join(parts)


def column_name(name: str, lang: str) -> str:
    return (
        FIELDS[name]["name"][lang]
        if name in FIELDS
        else say(f"portfolio.fields.{name}", lang)
        if name == "funded_by"
        else name
    )


def segment_name(by: str, value: str, lang: str) -> str:
    """A segment's value: a level in words, a reading's verdict, or as it stands."""
    factors = load_policy().data["factors"]
    if by in ("communication", "contacts"):
        level = factors[by]["levels"].get(value)
        return level["name"][lang] if level else say("facts.unknown", lang)
    return say("facts.unknown", lang) if by in FIELDS and value == "–" else value


def reason_name(why: str, lang: str) -> str:
    if why in ("first_day", "base"):
        return say(f"portfolio.what_if.{why}", lang)
    return load_policy().data["factors"][why]["name"][lang]


# ---- parts of pictures ---------------------------------------------------------------------------------------------


def _figure(
    p: BookPage,
    name: str,
    data: list[dict[str, Any]],
    plan: dict[str, Any],
    slots: dict[str, Any],
    rows: list[list[str]],
) -> Figure:
    head = p.heads(f"portfolio.{name}.table")
    return Figure(
        f"book_{name}",
        data,
        plan,
        p.say(f"portfolio.{name}.alt", **slots),
        p.say(f"portfolio.{name}.caption"),
        head,
        rows,
    )


def _bars(
    p: BookPage, name: str, title: str, bars: list[tuple], slots: dict[str, Any], rows: list[list[str]]
) -> Figure:
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
        "xaxis": axis(p.say(f"portfolio.{name}.axis"))
        | {"range": [0, longest * 1.18], "gridcolor": FAINT, "tickformat": ",~r"},
        "yaxis": _names([bar[0] for bar in bars]),
    }
    return _figure(p, name, [bar], plan, slots, rows)


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


def _band(x: list[float], low: list[float], high: list[float]) -> list[dict[str, Any]]:
    edge = {"type": "scatter", "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "x": x}
    return [edge | {"y": low}, edge | {"y": high, "fill": "tonexty", "fillcolor": BAND}]


def _line(x: list[float], y: list[float], hover: list[str], markers: bool) -> dict[str, Any]:
    line = {"color": CALL, "width": 3, "dash": "dash"}
    mode = "lines+markers" if markers else "lines"
    marker = {"symbol": "diamond", "size": 9, "color": CALL}
    return {
        "type": "scatter",
        "mode": mode,
        "x": x,
        "y": y,
        "line": line,
        "marker": marker,
        "text": hover,
        "hoverinfo": "text",
    }
