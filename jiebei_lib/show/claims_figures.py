"""The pictures of what pages claim and what is reported: days, whose contacts, conditions, complaints. Counts, never rates."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from jiebei_lib.claims import ARTICLE_PAGE, STANDINGS, Condition, Page
from jiebei_lib.reported import Complaints
from jiebei_lib.show.figure import CALL, FAINT, INK, NEITHER, NO_CALL, Figure, axis, layout
from jiebei_lib.show.text import say
from jiebei_lib.yamls import shipped

WORDS = shipped("claims.yaml")
STANDING_MARKS = {"yes": (CALL, "diamond", "◆"), "maybe": (NEITHER, "square", "■"), "no": (NO_CALL, "circle", "●")}
DIRECTION_MARKS = {"raises": (CALL, "◆"), "lowers": (NO_CALL, "●"), "open": (NEITHER, "■")}


def word(kind: str, code: str, lang: str) -> str:
    """The word for a code of the claims data."""
    return WORDS[kind][code][lang]


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


def row_label(kind: str, day: int | None, lang: str) -> str:
    """What a row of the days figure is called."""
    return say("published.days.day", lang, day=day) if kind == "day" else say(f"published.days.{kind}", lang)


def days_figure(pages: Sequence[Page], lang: str) -> Figure:
    """The first day that pages claim: a row a day, a dot a page. A dot's ``customdata`` is the page's row, to be picked."""
    order = sorted({(page.kind != "day", page.day or 0, page.kind != "no_day", page.kind) for page in pages})
    keys = [(kind, day if kind == "day" else None) for _, day, _, kind in order]
    labels = [row_label(kind, day, lang) for kind, day in keys]
    marked: dict[str, list[dict[str, Any]]] = {"other": [], "article": []}
    counts = Counter()
    # The article's own page stands first in its row.
    for page in sorted(pages, key=lambda one: one.id != ARTICLE_PAGE):
        label = row_label(page.kind, page.day, lang)
        counts[label] += 1
        scopes = joined([word("scopes", scope, lang) for scope in page.scopes], lang)
        title = html.escape(page.title or say("published.pages.untitled", lang))
        hover = say("published.days.hover", lang, title=title, site=word("sites", page.site, lang), scopes=scopes)
        key = "article" if page.id == ARTICLE_PAGE else "other"
        marked[key].append({"x": counts[label], "y": label, "hover": hover, "row": f"{page.kind}:{page.day or ''}"})
    most = max(counts.values(), default=1)
    data = []
    for key, symbol, colour in (("other", "circle", NEITHER), ("article", "diamond", INK)):
        x, y, hover, row = ([mark[part] for mark in marked[key]] for part in ("x", "y", "hover", "row"))
        data.append(dots(x, y, colour, symbol, most, customdata=row, hovertext=hover, hoverinfo="text"))
    ends = [say("published.days.count", lang, n=counts[label]) for label in labels]
    data.append(beside([counts[label] + 0.4 for label in labels], labels, ends, most))
    named = sum(page.kind == "day" for page in pages)
    kinds = len({page.day for page in pages if page.kind == "day"})
    title = (
        say("published.days.title", lang, named=named, kinds=kinds) if named else say("published.days.title_none", lang)
    )
    plan = layout(title, 140 + 27 * max(3, len(labels))) | {
        "xaxis": axis(say("published.days.axis", lang))
        | {"range": [0.2, max(22, most * 1.16 + 1.2)], "showticklabels": False, "showgrid": False},
        "yaxis": rows_axis(labels) | {"showgrid": True, "gridcolor": FAINT},
    }
    rows = [[label, str(counts[label])] for label in labels]
    said = sentences([say("published.days.alt_row", lang, label=label, n=n) for label, n in rows], lang)
    alt = say("published.days.alt", lang, pages=len(pages), rows=said)
    return Figure(
        "first_days",
        data,
        plan,
        alt,
        say("published.days.caption", lang),
        say("published.days.table", lang).split("|"),
        rows,
    )


def whose_figure(counted: Mapping[str, Counter[str]], lang: str) -> Figure:
    """For each kind of contacts a row, a mark a page: yes, then maybe, then no, with the numbers at the end."""
    rows_at = down(len(counted))
    names = [word("scopes", scope, lang) for scope in counted]
    most = max((numbers.total() for numbers in counted.values()), default=1)
    data, before = [], dict.fromkeys(counted, 0)
    for standing in STANDINGS:
        colour, symbol, _ = STANDING_MARKS[standing]
        x, y = [], []
        for scope, at in zip(counted, rows_at, strict=True):
            x += range(before[scope] + 1, before[scope] + counted[scope][standing] + 1)
            y += [at] * counted[scope][standing]
            before[scope] += counted[scope][standing]
        data.append(dots(x, y, colour, symbol, most))
    ends = [" ".join(f"{STANDING_MARKS[one][2]}{counted[scope][one]}" for one in STANDINGS) for scope in counted]
    data.append(beside([before[scope] + 0.4 for scope in counted], rows_at, ends, most))
    legend = [(mark, say(f"published.whose.{one}", lang), colour) for one, (colour, _, mark) in STANDING_MARKS.items()]
    plan = layout(say("published.whose.title", lang), 140 + 48 * max(2, len(names))) | {
        "xaxis": axis(say("published.whose.axis", lang))
        | {"range": [0.2, max(26, most * 1.4 + 2)], "showticklabels": False, "showgrid": False},
        "yaxis": plain_rows(len(names)),
        "annotations": key_marks(legend) + labels_above(names),
    }
    rows = [
        [name, *(str(counted[scope][one]) for one in STANDINGS)] for scope, name in zip(counted, names, strict=True)
    ]
    said = [say("published.whose.alt_row", lang, name=row[0], yes=row[1], maybe=row[2], no=row[3]) for row in rows]
    return Figure(
        "whose",
        data,
        plan,
        say("published.whose.alt", lang, rows=sentences(said, lang)),
        say("published.whose.caption", lang),
        say("published.whose.table", lang).split("|"),
        rows,
    )


def conditions_figure(found: Sequence[Condition], lang: str) -> Figure:
    """The conditions that pages name: to the right what raises the likelihood or has no direction, to the left what lowers it."""
    names, rows_at = [word("factors", condition.factor, lang) for condition in found], down(len(found))
    data, totals = [], {"lowers": [0] * len(found), "raises": [0] * len(found)}
    for direction, side, sign in (("lowers", "lowers", -1), ("raises", "raises", 1), ("open", "raises", 1)):
        numbers = [condition.pages.get(direction, 0) for condition in found]
        totals[side] = [total + n for total, n in zip(totals[side], numbers, strict=True)]
        data.append(bar(rows_at, [sign * n for n in numbers], DIRECTION_MARKS[direction][0]))
    reach = max((condition.named for condition in found), default=1)
    left = max(totals["lowers"], default=0)
    right = [
        " ".join(
            f"{DIRECTION_MARKS[one][1]}{condition.pages[one]}" for one in ("raises", "open") if one in condition.pages
        )
        for condition in found
    ]
    data.append(beside(totals["raises"], rows_at, right, reach))
    lowered = [f"{DIRECTION_MARKS['lowers'][1]}{n}" if n else "" for n in totals["lowers"]]
    data.append(beside([-n for n in totals["lowers"]], rows_at, lowered, reach, "left"))
    top = next((name for name, condition in zip(names, found, strict=True) if condition.factor != "days"), "–")
    plan = layout(say("published.conditions.title", lang, name=top), 120 + 48 * max(2, len(names))) | {
        "barmode": "relative",
        "xaxis": axis(say("published.conditions.axis", lang))
        | {"range": [-left - reach * 0.24, reach * 1.4], "showticklabels": False, "showgrid": False},
        "yaxis": plain_rows(len(names)),
        "annotations": labels_above(names),
        "shapes": [
            {"type": "line", "x0": 0, "x1": 0, "y0": 0, "y1": 1, "yref": "paper", "line": {"color": INK, "width": 1}}
        ],
    }
    rows = [
        [name, *(str(condition.pages.get(direction, 0)) for direction in ("raises", "lowers", "open"))]
        for name, condition in zip(names, found, strict=True)
    ]
    said = [
        say("published.conditions.alt_row", lang, name=row[0], raises=row[1], lowers=row[2], open=row[3])
        for row in rows
    ]
    return Figure(
        "conditions",
        data,
        plan,
        say("published.conditions.alt", lang, rows=sentences(said, lang)),
        say("published.conditions.caption", lang),
        say("published.conditions.table", lang).split("|"),
        rows,
    )


def complaints_figure(found: Complaints, lang: str) -> Figure:
    """US complaint counts, as context."""
    names = [say(f"published.complaints.{kind}", lang) for kind in found.kinds]
    numbers = list(found.kinds.values())
    most = max(numbers)
    rows_at = down(len(names))
    data = [bar(rows_at, numbers, NEITHER), beside(numbers, rows_at, [f"{n:,}" for n in numbers], most)]
    plan = layout(say("published.complaints.title", lang), 120 + 48 * len(names)) | {
        "xaxis": axis(say("published.complaints.axis", lang)) | {"range": [0, most * 1.3], "showticklabels": False},
        "yaxis": plain_rows(len(names)),
        "annotations": labels_above(names),
    }
    rows = [[name, f"{n:,}", f"{n / found.total:.1%}"] for name, n in zip(names, numbers, strict=True)]
    said = [say("published.complaints.alt_row", lang, name=name, n=n) for name, n, _ in rows]
    third = found.kinds["third_party"]
    slots = {
        "until": found.until,
        "total": f"{found.total:,}",
        "third": f"{third:,}",
        "share": f"{third / found.total:.1%}",
    }
    return Figure(
        "complaints",
        data,
        plan,
        say("published.complaints.alt", lang, rows=sentences(said, lang)),
        say("published.complaints.caption", lang, **slots),
        say("published.complaints.table", lang).split("|"),
        rows,
    )


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
