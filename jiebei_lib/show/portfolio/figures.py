"""The pictures of a portfolio. Each takes its summary (:func:`jiebei_lib.portfolio.summary.summary`) and gives a :class:`Figure`."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from jiebei_lib.core.case import FIELDS
from jiebei_lib.core.scoring.score import GRADES, VERDICT_OF, VERDICTS
from jiebei_lib.page.figure import (
    CALL,
    FAINT,
    INK,
    NEITHER,
    NO_CALL,
    WRITTEN,
    Figure,
    axis,
    ink_on,
    layout,
    note,
)
from jiebei_lib.page.marks import VERDICT_COLOURS, band, key_marks, percent_axis, trace
from jiebei_lib.page.text import fold, heads, of_hundred, percent, say
from jiebei_lib.show.portfolio.words import ask_first, grade_name, listed, names, reason_name, segment_name, whole

Book = Mapping[str, Any]
SHARE_FONT, BAND_FONT = {"font": {"size": 13, "color": WRITTEN[CALL]}}, {"font": {"size": 13, "color": "#555555"}}
ROW, MARGIN = 44, 150  # height of a bar and of what is around the bars, in pixels
SEGMENT_BARS = (("above", CALL), ("open", FAINT), ("below", NO_CALL))


def grades_figure(book: Book, lang: str) -> Figure:
    """How many cases have which grade, by both witnesses, as bars in pairs: the first solid, the other hatched."""
    sides = [side["grades"] for side in book["witnesses"]]
    shown = [name for name in sides[0] if any(side[name] for side in sides)]
    labels = [html.escape(grade_name(name, lang)) for name in shown]
    colours = [VERDICT_COLOURS.get(VERDICTS[VERDICT_OF[GRADES.index(name)]], NEITHER) for name in shown]
    look: tuple[dict[str, Any], ...] = (
        {"shape": ""},
        {"shape": "/", "fillmode": "overlay", "size": 6, "bgcolor": "#FFFFFF"},
    )
    data = [
        count_bar(labels, [side[name] for name in shown], colours, pattern=pattern)
        for side, pattern in zip(sides, look, strict=True)
    ]
    slots = names(book, lang)
    counts = [(grade_name(name, lang), *(whole(side[name]) for side in sides)) for name in shown]
    said = [say("portfolio.grades.row", lang, name=name, n=n, other=other) for name, n, other in counts]
    verdicts = [whole(side["verdicts"]["likely"]) for side in book["witnesses"]]
    title = say("portfolio.grades.title", lang, likely=verdicts[0], other_likely=verdicts[1], **slots)
    plan = layout(title, MARGIN + 52 * len(shown)) | {
        "xaxis": counts_axis(lang, "grades", max((max(side.values()) for side in sides), default=0)),
        "yaxis": names_axis(labels),
        "barmode": "group",
        "bargap": 0.25,
    }
    return figure_of(
        lang, "grades", data, plan, slots | {"rows": listed(said, lang)}, [[*row] for row in counts], slots
    )


def ribbon_figure(book: Book, lang: str) -> Figure:
    """All cases in order of their share: the range of nine readings in ten as a band, the share as a line."""
    low, high, share = (book["ribbon"][end] for end in ("most_low", "most_high", "share"))
    number = len(share)
    at = [round(100 * n / max(1, number - 1), 1) for n in range(number)]
    words = [
        [f"{x:g}", percent(least, lang, True), percent(most, lang, True), of_hundred(part)]
        for x, least, most, part in zip(at, low, high, share, strict=True)
    ]
    hover = [
        say("portfolio.ribbon.hover", lang, at=x, low=least, high=most, count=count) for x, least, most, count in words
    ]
    data = [*band(at, low, high), _line(at, share, hover, markers=False)]
    part = round(100 * book["majority"] / max(1, book["cases"]))
    middle, early = number // 2, min(3, number - 1)
    plan = layout(say("portfolio.ribbon.title", lang, n=whole(book["majority"]), half=part), 360) | {
        "xaxis": axis(say("portfolio.ribbon.axis", lang)) | {"range": [0, 100], "tickvals": [0, 25, 50, 75, 100]},
        "yaxis": percent_axis(say("portfolio.ribbon.axis_y", lang)),
        "annotations": [
            note(at[early], share[early], say("portfolio.ribbon.share", lang), "left", -16) | SHARE_FONT,
            note(
                35,
                (low[35 * number // 100] + high[35 * number // 100]) / 2,
                say("portfolio.ribbon.band", lang),
                "center",
                0,
            )
            | BAND_FONT,
        ],
    }
    slots = {"low": percent(low[middle], lang), "high": percent(high[middle], lang), "count": of_hundred(share[middle])}
    rows = [[*words[n][:3], f"{words[n][3]}/100"] for n in range(0, number, max(1, number // 10))]
    return figure_of(lang, "ribbon", data, plan, slots, rows)


def days_figure(book: Book, lang: str) -> Figure:
    """In how many cases at least most readings are for a call, from today on, by both witnesses."""
    days, slots = book["days"], names(book, lang)
    x, data, key = days[0]["day"], [], []
    marks = ((CALL, "diamond", "solid", "◆", "one"), (NEITHER, "circle", "dash", "●", "other"))
    for side, (colour, symbol, dash, mark, which) in zip(days, marks, strict=True):
        hover = [
            say("portfolio.days.hover", lang, day=day, n=whole(n), name=html.escape(slots[which]))
            for day, n in zip(x, side["likely"], strict=True)
        ]
        line = {"color": colour, "width": 3, "dash": dash}
        marker = {"symbol": symbol, "size": 9, "color": colour}
        data.append(trace("lines+markers", x, side["likely"], line=line, marker=marker, text=hover))
        key.append((mark, slots[which], colour))
    counts = {"likely": days[0]["likely"], "other_likely": days[1]["likely"]}
    filled = slots | {"day": x[-1]} | {name: whole(each[-1]) for name, each in counts.items()}
    filled |= {f"{name}0": whole(each[0]) for name, each in counts.items()}
    highest = max(1, *(max(each) for each in counts.values()))
    plan = layout(say("portfolio.days.title", lang, **filled), 380) | {
        "xaxis": axis(say("portfolio.days.axis", lang))
        | {"range": [-0.5, x[-1] + 0.5], "tickvals": [0, 7, 14, 21, 30]},
        "yaxis": axis(say("portfolio.days.axis_y", lang))
        | {"range": [0, highest * 1.08], "gridcolor": FAINT, "tickformat": ",d"},
        "annotations": key_marks([key[0], ("", "", INK), key[1]]),
    }
    rows = [
        [str(day), *(whole(side[name][n]) for side in days for name in ("likely", "depends"))]
        for n, day in enumerate(x)
    ]
    return figure_of(lang, "days", data, plan, filled, rows, slots)


def segments_figure(book: Book, lang: str) -> Figure:
    """A bar a segment: in what share of pairs its cases stand above others in every reading, below them, and neither."""
    parts = [each | {"open": max(0.0, 1 - each["above"] - each["below"])} for each in book["segments"]]
    shown = [segment_name(book["by"], part["segment"], lang) for part in parts]
    labels = [html.escape(name) for name in shown]
    data = [count_bar(labels, [100 * part[key] for part in parts], colour, ends=False) for key, colour in SEGMENT_BARS]
    title = say("portfolio.segments.title_one", lang)
    if len(parts) > 1:
        top = min(range(len(parts)), key=lambda n: parts[n]["place"])
        slots = {"name": shown[top], "above": whole(100 * parts[top]["above"])}
        title = say("portfolio.segments.title", lang, **slots)
    plan = layout(title, MARGIN + ROW * len(parts)) | {
        "xaxis": axis(say("portfolio.segments.axis", lang)) | {"range": [0, 100], "gridcolor": FAINT},
        "yaxis": names_axis(shown),
        "barmode": "stack",
    }
    rows, said = [], []
    for name, part in zip(shown, parts, strict=True):
        share = {end: whole(100 * part[end]) for end in ("above", "below")}
        said.append(say("portfolio.segments.row", lang, name=name, **share))
        numbers = [whole(part[key]) for key in ("likely", "unlikely")]
        rows.append([name, whole(part["cases"]), *share.values(), whole(100 * part["place"]), *numbers])
    return figure_of(lang, "segments", data, plan, {"rows": listed(said, lang)}, rows)


def questions_figure(book: Book, lang: str) -> Figure:
    """In how many more cases the grade is clear once one unknown is known everywhere."""
    asked = book["questions"]
    shown = [FIELDS[each["field"]]["name"][lang] for each in asked]
    settled = [whole(each["settled"]) for each in asked]
    said = [say("portfolio.questions.row", lang, name=name, settled=n) for name, n in zip(shown, settled, strict=True)]
    rows = [
        [name, whole(each["unknown"]), n, f"{100 * each['narrowing']:.1f}"]
        for name, each, n in zip(shown, asked, settled, strict=True)
    ]
    bars = [(name, each["settled"], NEITHER) for name, each in zip(shown, asked, strict=True)]
    return bars_figure(lang, "questions", ask_first(book, lang), bars, {"rows": listed(said, lang)}, rows)


def changes_figure(book: Book, lang: str) -> Figure:
    """How many cases go from which grade to which."""
    bars, said, rows = [], [], []
    for change in book["changes"]:
        move, colour, why = say("portfolio.what_if.rest", lang), NEITHER, ""
        if change["before"]:
            before, after = (grade_name(change[end], lang) for end in ("before", "after"))
            worse = GRADES.index(change["after"]) > GRADES.index(change["before"])
            move = f"{'◆' if worse else '●'} {say('portfolio.what_if.move', lang, before=before, after=after)}"
            colour, why = CALL if worse else NO_CALL, reason_name(change["why"], lang)
        bars.append((move, change["cases"], colour))
        said.append(say("portfolio.what_if.row", lang, move=move, n=whole(change["cases"])))
        rows.append([move, whole(change["cases"]), why])
    title = say("portfolio.what_if.title", lang, changed=whole(sum(change["cases"] for change in book["changes"])))
    return bars_figure(lang, "what_if", title, bars, {"rows": listed(said, lang)}, rows)


# ---- parts of pictures ---------------------------------------------------------------------------------------------


def figure_of(
    lang: str,
    name: str,
    data: list[dict[str, Any]],
    plan: dict[str, Any],
    slots: dict[str, Any],
    rows: Sequence[Sequence[Any]],
    named: dict[str, str] | None = None,
) -> Figure:
    alt, caption = (say(f"portfolio.{name}.{key}", lang, **slots) for key in ("alt", "caption"))
    return Figure(
        f"book_{name}",
        data,
        plan,
        alt,
        caption,
        heads(f"portfolio.{name}.table", lang, **{key: fold(name, lang) for key, name in (named or {}).items()}),
        [list(row) for row in rows],
    )


def bars_figure(
    lang: str, name: str, title: str, bars: list[tuple], slots: dict[str, Any], rows: list[list[str]]
) -> Figure:
    """Horizontal bars: name, size, colour."""
    labels, sizes, colours = ([bar[n] for bar in bars] for n in range(3))
    plan = layout(title, MARGIN + ROW * len(bars)) | {
        "xaxis": counts_axis(lang, name, max(sizes, default=0)),
        "yaxis": names_axis(labels),
    }
    return figure_of(lang, name, [count_bar([html.escape(each) for each in labels], sizes, colours)], plan, slots, rows)


def count_bar(
    labels: list[str], sizes: list[float], colour: Any, ends: bool = True, pattern: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Horizontal bars, with their numbers at their ends or, in a stack, within them where they have room."""
    text = [whole(size) if ends or size >= 8 else "" for size in sizes]
    ink = INK if ends or colour == FAINT else ink_on(colour)
    return {
        "type": "bar",
        "orientation": "h",
        "x": list(sizes),
        "y": labels,
        "marker": {"color": colour} | ({"pattern": pattern} if pattern else {}),
        "text": text,
        "textposition": "outside" if ends else "inside",
        "insidetextanchor": "middle",
        "constraintext": "none",
        "textangle": 0,
        "cliponaxis": False,
        "textfont": {"size": 14, "color": ink},
        "hoverinfo": "skip",
    }


def counts_axis(lang: str, name: str, longest: float) -> dict[str, Any]:
    """An axis of cases, with room for the numbers at the bars' ends."""
    ends = {"range": [0, (longest or 1) * 1.18], "gridcolor": FAINT, "tickformat": ",~r", "nticks": 5}
    return axis(say(f"portfolio.{name}.axis", lang)) | ends


def names_axis(names: list[str]) -> dict[str, Any]:
    """The axis of names, first on top. A long one stands in lines, so that on a phone the bars keep half the width."""
    wide = [
        any("\u2e80" < sign < "\uffef" for sign in name) for name in names
    ]  # Chinese, which has no spaces to break at
    lines = [
        textwrap.wrap(name, 10 if twice else 18, break_long_words=twice)
        for name, twice in zip(names, wide, strict=True)
    ]
    return axis("") | {
        "autorange": "reversed",
        "type": "category",
        "tickvals": [html.escape(name) for name in names],
        "ticktext": ["<br>".join(map(html.escape, each or [name])) for each, name in zip(lines, names, strict=True)],
        "ticklabelstandoff": 6,
    }


def _line(x: list[float], y: list[float], hover: list[str], markers: bool) -> dict[str, Any]:
    line = {"color": CALL, "width": 3, "dash": "dash"}
    marker = {"symbol": "diamond", "size": 9, "color": CALL}
    return trace("lines+markers" if markers else "lines", x, y, line=line, marker=marker, text=hover)
