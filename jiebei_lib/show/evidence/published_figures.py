"""The pictures of what pages claim and what is reported: days, whose contacts, conditions, complaints. Counts, never rates."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from jiebei_lib.core.knowledge.yaml_files import shipped
from jiebei_lib.evidence.claims import (
    ARTICLE_LADDER,
    ARTICLE_PAGE,
    STANDINGS,
    Condition,
    Ladder,
    LadderStep,
    PublishedPage,
)
from jiebei_lib.evidence.reported import Complaints
from jiebei_lib.page.figure import CALL, FAINT, INK, NEITHER, NO_CALL, Figure, axis, layout, stretched, worded
from jiebei_lib.page.marks import (
    bar,
    beside,
    dots,
    down,
    joined,
    key_marks,
    labels_above,
    plain_rows,
    rows_axis,
    sentences,
    trace,
    zero_line,
)
from jiebei_lib.page.text import say

WORDS = shipped("evidence/claims.yaml")
STANDING_MARKS = {"yes": (CALL, "diamond", "◆"), "maybe": (NEITHER, "square", "■"), "no": (NO_CALL, "circle", "●")}
WHOM_MARKS = {"borrower": (NEITHER, "circle", "●"), "third": (CALL, "diamond", "◆"), "outsider": (INK, "square", "■")}
TICKS = (0, 1, 3, 7, 15, 30, 60, 90, 180, 365)  # days named under the ladders
DIRECTION_MARKS = {"raises": (CALL, "◆"), "lowers": (NO_CALL, "●"), "open": (NEITHER, "■")}


def word(kind: str, code: str, lang: str) -> str:
    """The word for a code of the claims data."""
    return WORDS[kind][code][lang]


def row_label(kind: str, day: int | None, lang: str) -> str:
    """What a row of the days figure is called."""
    return (
        say("evidence.published.days.day", lang, day=day)
        if kind == "day"
        else say(f"evidence.published.days.{kind}", lang)
    )


def days_figure(pages: Sequence[PublishedPage], lang: str) -> Figure:
    """The first day that pages claim: a row a day, a dot a page. A dot's ``customdata`` is the page's row, to be picked."""
    order = sorted({(page.kind != "day", page.day or 0, page.kind != "no_day", page.kind) for page in pages})
    keys = [(kind, day if kind == "day" else None) for _, day, _, kind in order]
    labels = [row_label(kind, day, lang) for kind, day in keys]
    marked: dict[str, list[dict[str, Any]]] = {"other": [], "article": []}
    counts: Counter[str] = Counter()
    # The article's own page stands first in its row.
    for page in sorted(pages, key=lambda one: one.id != ARTICLE_PAGE):
        label = row_label(page.kind, page.day, lang)
        counts[label] += 1
        scopes = joined([word("scopes", scope, lang) for scope in page.scopes], lang)
        title = html.escape(page.title or say("evidence.published.pages.untitled", lang))
        hover = say(
            "evidence.published.days.hover", lang, title=title, site=word("sites", page.site, lang), scopes=scopes
        )
        key = "article" if page.id == ARTICLE_PAGE else "other"
        marked[key].append({"x": counts[label], "y": label, "hover": hover, "row": f"{page.kind}:{page.day or ''}"})
    most = max(counts.values(), default=1)
    data = []
    for key, symbol, colour in (("other", "circle", NEITHER), ("article", "diamond", INK)):
        x, y, words, row = ([mark[part] for mark in marked[key]] for part in ("x", "y", "hover", "row"))
        data.append(dots(x, y, colour, symbol, most, customdata=row, hovertext=words, hoverinfo="text"))
    ends = [say("evidence.published.days.count", lang, n=counts[label]) for label in labels]
    data.append(beside([counts[label] + 0.4 for label in labels], labels, ends, most))
    named = sum(page.kind == "day" for page in pages)
    kinds = len({page.day for page in pages if page.kind == "day"})
    title = (
        say("evidence.published.days.title", lang, named=named, kinds=kinds)
        if named
        else say("evidence.published.days.title_none", lang)
    )
    plan = layout(title, 140 + 27 * max(3, len(labels))) | {
        "xaxis": axis(say("evidence.published.days.axis", lang))
        | {"range": [0.2, max(22, most * 1.16 + 1.2)], "showticklabels": False, "showgrid": False},
        "yaxis": rows_axis(labels) | {"showgrid": True, "gridcolor": FAINT},
    }
    rows = [[label, str(counts[label])] for label in labels]
    said = sentences([say("evidence.published.days.alt_row", lang, label=label, n=n) for label, n in rows], lang)
    alt = {"pages": len(pages), "rows": said}
    return worded("first_days", "evidence.published.days", lang, data, plan, rows, alt)


def whose_figure(counted: Mapping[str, Counter[str]], lang: str) -> Figure:
    """For each kind of contacts a row, a mark a page: yes, then maybe, then no, with the numbers at the end."""
    rows_at = down(len(counted))
    names = [word("scopes", scope, lang) for scope in counted]
    most = max((numbers.total() for numbers in counted.values()), default=1)
    data, before = [], dict.fromkeys(counted, 0)
    for standing in STANDINGS:
        colour, symbol, _ = STANDING_MARKS[standing]
        x: list[float] = []
        y: list[float] = []
        for scope, at in zip(counted, rows_at, strict=True):
            x += range(before[scope] + 1, before[scope] + counted[scope][standing] + 1)
            y += [at] * counted[scope][standing]
            before[scope] += counted[scope][standing]
        data.append(dots(x, y, colour, symbol, most))
    ends = [" ".join(f"{STANDING_MARKS[one][2]}{counted[scope][one]}" for one in STANDINGS) for scope in counted]
    data.append(beside([before[scope] + 0.4 for scope in counted], rows_at, ends, most))
    legend = [
        (mark, say(f"evidence.published.whose.{one}", lang), colour)
        for one, (colour, _, mark) in STANDING_MARKS.items()
    ]
    plan = layout(say("evidence.published.whose.title", lang), 140 + 48 * max(2, len(names))) | {
        "xaxis": axis(say("evidence.published.whose.axis", lang))
        | {"range": [0.2, max(26, most * 1.4 + 2)], "showticklabels": False, "showgrid": False},
        "yaxis": plain_rows(len(names)),
        "annotations": key_marks(legend) + labels_above(names),
    }
    rows = [
        [name, *(str(counted[scope][one]) for one in STANDINGS)] for scope, name in zip(counted, names, strict=True)
    ]
    said = [
        say("evidence.published.whose.alt_row", lang, name=row[0], yes=row[1], maybe=row[2], no=row[3]) for row in rows
    ]
    return worded("whose", "evidence.published.whose", lang, data, plan, rows, {"rows": sentences(said, lang)})


def conditions_figure(conditions: Sequence[Condition], lang: str) -> Figure:
    """The conditions that pages name: to the right what raises the likelihood or has no direction, to the left what lowers it."""
    names, rows_at = [word("factors", condition.factor, lang) for condition in conditions], down(len(conditions))
    data, totals = [], {"lowers": [0] * len(conditions), "raises": [0] * len(conditions)}
    for direction, side, sign in (("lowers", "lowers", -1), ("raises", "raises", 1), ("open", "raises", 1)):
        numbers = [condition.pages.get(direction, 0) for condition in conditions]
        totals[side] = [total + n for total, n in zip(totals[side], numbers, strict=True)]
        data.append(bar(rows_at, [sign * n for n in numbers], DIRECTION_MARKS[direction][0]))
    reach = max((condition.named for condition in conditions), default=1)
    left = max(totals["lowers"], default=0)
    right = [
        " ".join(
            f"{DIRECTION_MARKS[one][1]}{condition.pages[one]}" for one in ("raises", "open") if one in condition.pages
        )
        for condition in conditions
    ]
    data.append(beside(totals["raises"], rows_at, right, reach))
    lowered = [f"{DIRECTION_MARKS['lowers'][1]}{n}" if n else "" for n in totals["lowers"]]
    data.append(beside([-n for n in totals["lowers"]], rows_at, lowered, reach, "left"))
    top = next((name for name, condition in zip(names, conditions, strict=True) if condition.factor != "days"), "–")
    plan = layout(say("evidence.published.conditions.title", lang, name=top), 120 + 48 * max(2, len(names))) | {
        "barmode": "relative",
        "xaxis": axis(say("evidence.published.conditions.axis", lang))
        | {"range": [-left - reach * 0.24, reach * 1.4], "showticklabels": False, "showgrid": False},
        "yaxis": plain_rows(len(names)),
        "annotations": labels_above(names),
        "shapes": [zero_line(INK)],
    }
    rows = [
        [name, *(str(condition.pages.get(direction, 0)) for direction in ("raises", "lowers", "open"))]
        for name, condition in zip(names, conditions, strict=True)
    ]
    said = [
        say("evidence.published.conditions.alt_row", lang, name=row[0], raises=row[1], lowers=row[2], open=row[3])
        for row in rows
    ]
    return worded(
        "conditions", "evidence.published.conditions", lang, data, plan, rows, {"rows": sentences(said, lang)}
    )


def complaints_figure(complaints: Complaints, lang: str) -> Figure:
    """US complaint counts, as context."""
    names = [say(f"evidence.published.complaints.{kind}", lang) for kind in complaints.kinds]
    numbers = list(complaints.kinds.values())
    most = max(numbers)
    rows_at = down(len(names))
    data = [bar(rows_at, numbers, NEITHER), beside(numbers, rows_at, [f"{n:,}" for n in numbers], most)]
    plan = layout(say("evidence.published.complaints.title", lang), 140 + 48 * len(names)) | {
        "xaxis": axis(say("evidence.published.complaints.axis", lang))
        | {"range": [0, most * 1.3], "showticklabels": False},
        "yaxis": plain_rows(len(names)),
        "annotations": labels_above(names),
    }
    rows = [[name, f"{n:,}", f"{n / complaints.total:.1%}"] for name, n in zip(names, numbers, strict=True)]
    said = [say("evidence.published.complaints.alt_row", lang, name=name, n=n) for name, n, _ in rows]
    third = complaints.kinds["third_party"]
    slots = {
        "until": complaints.until,
        "total": f"{complaints.total:,}",
        "third": f"{third:,}",
        "share": f"{third / complaints.total:.1%}",
    }
    return worded(
        "complaints", "evidence.published.complaints", lang, data, plan, rows, {"rows": sentences(said, lang)}, **slots
    )


def ladders_figure(ladders: Sequence[Ladder], lang: str) -> Figure:
    """The ladders side by side: a row each, marks where a step begins, coloured by whom it reaches."""
    end = stretched([TICKS[-1]])[0]
    steps = [(y, step) for y, ladder in zip(down(len(ladders)), ladders, strict=True) for step in ladder.steps]
    data = [part for y, step in steps for part in _step_marks(step, y, end, lang)]
    # Marks above all lines and third persons above the rest, so that none hides another's beginning.
    data.sort(key=lambda part: (part["mode"] == "markers", part.get("marker", {}).get("color") == CALL))
    names = [ladder_name(ladder, lang) for ladder in ladders]
    bold = next((n for n, ladder in enumerate(ladders) if ladder.id == ARTICLE_LADDER), None)
    thirds = [ladder.third_from for ladder in ladders if ladder.third_from is not None]
    title = (
        say("evidence.published.ladders.title", lang, n=len(ladders), first=min(thirds), last=max(thirds))
        if thirds
        else say("evidence.published.ladders.title_none", lang, n=len(ladders))
    )
    legend = [
        (mark, say(f"evidence.published.ladders.{whom}", lang), colour)
        for whom, (colour, _, mark) in WHOM_MARKS.items()
    ]
    days = {"tickvals": stretched(TICKS), "ticktext": [str(day) for day in TICKS]}
    plan = layout(title, 170 + 50 * max(2, len(ladders))) | {
        "xaxis": axis(say("evidence.published.ladders.axis", lang))
        | {"range": [0, end + 0.2], "gridcolor": FAINT}
        | days,
        "yaxis": plain_rows(len(ladders)),
        "annotations": labels_above(names, bold) + key_marks(legend),
    }
    rows = [
        [
            name,
            span_words(step.first, step.last, lang),
            joined([word("channels", channel, lang) for channel in step.channels], lang),
            word("targets", step.target, lang),
        ]
        for name, ladder in zip(names, ladders, strict=True)
        for step in ladder.steps
    ]
    never, open_ = "evidence.published.ladders.never", "evidence.published.ladders.open"
    first = [one.third_from for one in ladders]
    when = [say(never, lang) if day is None else say(open_, lang, first=day) for day in first]
    said = [
        say("evidence.published.ladders.alt_row", lang, name=name, when=one)
        for name, one in zip(names, when, strict=True)
    ]
    alt = {"n": len(ladders), "rows": sentences(said, lang)}
    return worded("ladders", "evidence.published.ladders", lang, data, plan, rows, alt)


def _step_marks(step: LadderStep, y: int, end: float, lang: str) -> list[dict[str, Any]]:
    """A step of a ladder: a line as long as it lasts (dotted to the ``end`` if nobody says) and a mark where it begins."""
    whom = "third" if "third" in step.whom else step.whom[0]
    colour, symbol, _ = WHOM_MARKS[whom]
    first = stretched([step.first])[0]
    last = end if step.last is None else stretched([max(step.last, step.first)])[0]
    line = {"color": colour, "width": 6 if step.last else 3, "dash": "solid" if step.last else "dot"}
    edge = {"color": "#FFFFFF", "width": 1}
    marker = {"color": colour, "symbol": symbol, "size": 13 if whom == "third" else 15, "line": edge}
    hover = [html.escape(step_words(step, lang))]
    return [
        trace("lines", [first, last], [y, y], line=line),
        trace("markers", [first], [y], marker=marker, hovertext=hover, cliponaxis=False),
    ]


def ladder_name(ladder: Ladder, lang: str) -> str:
    """A ladder's product and where it was published."""
    product = word("ladder_products", ladder.product, lang)
    if ladder.id == ARTICLE_LADDER:
        return say(
            "evidence.published.ladders.row",
            lang,
            product=product,
            source=say("evidence.published.ladders.article", lang),
        )
    host = urlsplit(ladder.source).hostname or ladder.source
    return say("evidence.published.ladders.row", lang, product=product, source=host.removeprefix("www."))


def step_words(step: LadderStep, lang: str) -> str:
    channels = joined([word("channels", channel, lang) for channel in step.channels], lang)
    days = span_words(step.first, step.last, lang)
    return say(
        "evidence.published.ladders.hover",
        lang,
        days=days,
        target=word("targets", step.target, lang),
        channels=channels,
    )


def span_words(first: int, last: int | None, lang: str) -> str:
    if last is None:
        return say("evidence.published.ladders.open", lang, first=first)
    key = "one" if first == last else "span"
    return say(f"evidence.published.ladders.{key}", lang, first=first, last=last)
