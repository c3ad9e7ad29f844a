"""The pictures of a loan's money and of the credit record. Greys and hatching only: money pushes nobody to call, so no colour."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from jiebei_lib.money.arrears import Owed, owed_by_day, waiting
from jiebei_lib.money.loan import Loan
from jiebei_lib.money.record import Record, RecordDate
from jiebei_lib.money.summary import Money
from jiebei_lib.page.figure import FAINT, INK, NEITHER, Figure, axis, layout, upright, worded
from jiebei_lib.page.marks import above_plot, hatched, hatched_bars, hover_marks, label, stems, trace
from jiebei_lib.page.text import heads, own, say
from jiebei_lib.show.money.words import line_rows, rate, sum_, way_name, way_rows

PARTS = {
    "principal": ("#DADADA", ""),
    "interest": ("#B0B0B0", "."),
    "penalty": ("#6B6B6B", "/"),
    "fees": ("#2A2A2A", "x"),
}
LAST = 365  # days
SHOWN = (0, 7, 30, 90, 180, 365)  # of them in the table
GRID = {"gridcolor": FAINT}
HIDDEN = {"visible": False, "fixedrange": True}
UNDECIDED = ("ends_unsettled", "objection", "complaint", "repair_too_late", "repair_still_open")


def owed_figure(loan: Loan, today: int, lang: str, unpaid: Loan | None = None) -> Figure:
    """What is owed by day as a stacked area, from the first missed due date on; ``unpaid``: the same loan if nothing is paid."""
    first, days = loan.due(loan.missed_from), range(LAST + 1)
    owed = owed_by_day(loan, first, days)
    cost = waiting(loan, LAST - today, first + timedelta(today)).cost
    names = {"last": LAST, "total": sum_(owed[-1].total), "cost": sum_(cost), "left": LAST - today}
    names |= {"first": 0, "today": today, "now": sum_(owed[today].total)}
    title, caption = say("money.figures.owed.title", lang, **names), say("money.figures.owed.caption", lang)
    data = [_area(part, owed, lang) for part in PARTS if any(getattr(one, part) for one in owed)]
    data[-1] |= {"text": [_hover(day, one, lang) for day, one in enumerate(owed)], "hoverinfo": "text"}
    top = float(max(one.total for one in owed))
    if unpaid is not None:
        without = [float(one.total) for one in owed_by_day(unpaid, first, days)]
        saved = waiting(unpaid, LAST - today, first + timedelta(today)).cost - cost
        title = say("money.figures.owed.title_paid", lang, **names, saved=sum_(saved))
        caption += (" " if lang == "en" else "") + say("money.figures.owed.caption_paid", lang)
        data.append(_line(without, "dash"))
        top = max(top, *without)
    top = 1.12 * top or 1.0
    plan = layout(title, 440) | {
        "xaxis": axis(say("money.figures.owed.axis", lang))
        | {"range": [0, LAST], "tickvals": [0, 30, 90, 180, 270, 365]},
        "yaxis": axis(say("money.figures.owed.yuan", lang))
        | GRID
        | {"range": [0, top], "tickformat": ",.0f", "ticklabelstandoff": 4},
        "shapes": [upright(today, INK, 2) | {"layer": "above"}],
        "annotations": [*_ends(owed[-1], top, lang), above_plot(today, say("money.figures.owed.now", lang))],
        "hovermode": "x",
    }
    plan["margin"] = plan["margin"] | {"r": 78}
    rows = [
        [str(day), *(sum_(getattr(owed[day], part)) for part in (*PARTS, "total"))] for day in sorted({*SHOWN, today})
    ]
    head = heads("money.figures.owed.table", lang)
    return Figure("owed", data, plan, say("money.figures.owed.alt", lang, **names), caption, head, rows)


def _area(part: str, owed: Sequence[Owed], lang: str) -> dict[str, Any]:
    """One part of the stack: its grey, its hatching, its steps."""
    colour, hatch = PARTS[part]
    return _line([float(getattr(one, part)) for one in owed], "solid", 0.6) | {
        "stackgroup": "owed",
        "name": say(f"money.parts.{part}", lang),
        "fillcolor": colour,
        "fillpattern": hatched(colour, hatch),
    }


def _line(y: Sequence[float], dash: str, width: float = 2) -> dict[str, Any]:
    style = {"color": INK, "width": width, "dash": dash, "shape": "hv"}
    return trace("lines", range(len(y)), y, line=style)


def _hover(day: int, one: Owed, lang: str) -> str:
    sums = {part: sum_(getattr(one, part)) for part in (*PARTS, "total")}
    return say("money.figures.owed.hover", lang, day=day, **sums)


def _ends(last: Owed, top: float, lang: str) -> list[dict[str, Any]]:
    """The parts' names at the right end, apart from each other also where a part is thin."""
    below, place, out = 0.0, -1.0, []
    for part in PARTS:
        amount = float(getattr(last, part))
        if amount > 0:
            place = max(below + amount / 2, place + 0.075 * top)
            below += amount
            out.append(label(LAST, place, say(f"money.parts.{part}", lang), xshift=6))
    return out


def ways_figure(account: Money, lang: str) -> Figure:
    """The ways out side by side: today's debt and what is paid beyond it. ``account``: of :func:`jiebei_lib.money.summary.money`."""
    ways, debt = account["ways"], float(account["owed"]["total"])
    extra = [float(way["extra"]) for way in ways]
    names = [way_name(way, lang) for way in ways]
    y = [-n for n in range(len(ways))]
    marks = []
    for place, name, way in zip(y, names, ways, strict=True):
        sums = {"total": sum_(way["total"]), "extra": sum_(way["extra"]), "date": way["arrears_end"]}
        lines = [say(f"money.figures.ways.{key}", lang, **sums) for key in ("bar", f"ends{'_deeper' * way['deepens']}")]
        words = "<br>".join([f"<b>{html.escape(name)}</b>", *lines])  # in lines, none longer than a phone is wide
        marks.append(label(0, place, words, yanchor="bottom", yshift=13))
    worst = max(range(len(ways)), key=lambda n: extra[n])
    slots = {"debt": sum_(debt), "worst": names[worst], "extra": sum_(extra[worst])}
    title = say("money.figures.ways.title" if extra[worst] else "money.figures.ways.title_tie", lang, **slots)
    reach = {"range": [0, 1.04 * (debt + max(extra))], "tickformat": ",.0f", "nticks": 5}
    plan = layout(title, 100 * len(ways) + 130) | {
        "barmode": "stack",
        "bargap": 0.73,
        "xaxis": axis(say("money.figures.ways.axis", lang)) | GRID | reach,
        "yaxis": HIDDEN | {"range": [-len(ways) + 0.6, 0.9]},
        "annotations": marks,
    }
    data = [hatched_bars([debt] * len(ways), y, *PARTS["principal"]), hatched_bars(extra, y, *PARTS["penalty"])]
    alt, caption = say("money.figures.ways.alt", lang, **slots), say("money.figures.ways.caption", lang)
    return Figure("ways", data, plan, alt, caption, heads("money.ways.table", lang), way_rows(account, lang))


def rate_figure(account: Money, lang: str) -> Figure:
    """The loan's all-in rate, on time and late, against each line. ``account``: what :func:`jiebei_lib.money.summary.money` gives."""
    lines = [line for line in account["rate"]["lines"] if line["rate"] is not None]
    known = [line["rate"] for line in lines if line["rate"] is not None]
    all_in = account["rate"]["all_in_annual"]
    late = account["rate"]["nominal_annual"] * float(account["loan"]["penalty_multiple"])
    top = 1.15 * max(all_in, late, *known)
    y = [-n for n in range(len(lines))]
    marks = [
        label(0, place, html.escape(own(line["name"], lang)), yshift=19) for place, line in zip(y, lines, strict=True)
    ]
    for x, key, shift in ((all_in, "loan", 0), (late, "late", 17)):
        said = say(f"money.figures.rate.{key}", lang, rate=rate(x))
        marks.append(above_plot(x, said, "right" if x > 0.5 * top else "left", yshift=shift))
    above = sum(bool(line["above"]) and line["binds"] is not False for line in lines)
    slots = {"rate": rate(all_in), "late": rate(late), "above": above, "count": len(lines)}
    plan = layout(say("money.figures.rate.title", lang, **slots), 62 * len(lines) + 150) | {
        "xaxis": axis(say("money.figures.rate.axis", lang))
        | GRID
        | {"range": [0, top], "tickformat": ".0%", "nticks": 6},
        "yaxis": HIDDEN | {"range": [-len(lines) + 0.5, 0.8]},
        "shapes": [
            upright(all_in, INK, 3),
            upright(late, NEITHER, 2) | {"line": {"color": NEITHER, "width": 2, "dash": "dash"}},
        ],
        "annotations": marks,
    }
    plan["margin"] = plan["margin"] | {"t": 104}
    solid = [line["in_force"] and line["basis"] != "assumption" and line["binds"] is not False for line in lines]
    lines_to = stems(known, y)
    dots = hover_marks(known, y, solid, "diamond", [own(line["applies"], lang) for line in lines])
    alt, caption = say("money.figures.rate.alt", lang, **slots), say("money.figures.rate.caption", lang)
    head = heads("money.rate.table", lang)
    return Figure("rate", [lines_to, dots], plan, alt, caption, head, line_rows(account, lang))


def record_figure(dates: Record, lang: str) -> Figure:
    """The credit record as a timeline: how long the bad mark stands, and the dates on the way."""
    dated = [mark for mark in dates.marks if mark.on is not None]
    start, end = dates.overdue_from, max(mark.on for mark in dated if mark.on)
    ends = next(mark for mark in dated if mark.id.startswith("ends"))
    y = [-n - 1 for n in range(len(dated))]
    events = [_event(mark, lang) for mark in dated]
    middle = start + (end - start) / 2
    marks = [above_plot(dates.as_of.isoformat(), say("money.figures.record.now", lang))]
    for mark, place, said in zip(dated, y, events, strict=True):
        late = mark.on is not None and mark.on > middle
        marks.append(
            label(_at(mark), place, html.escape(said), "right" if late else "left", xshift=-10 if late else 10)
        )
    pad = timedelta(days=max(30, (end - start).days // 25))
    reach = {
        "type": "date",
        "range": [(start - pad).isoformat(), (end + pad).isoformat()],
        "nticks": 6,
        "tickformat": "%Y",
    }
    key = "title_ends" if dates.settled else "title_open"
    title = say(f"money.figures.record.{key}", lang, ends=ends.on, settled=dates.settled)
    plan = layout(title, 44 * len(dated) + 190) | {
        "xaxis": axis(say("money.figures.record.axis", lang)) | GRID | reach,
        "yaxis": HIDDEN | {"range": [-len(dated) - 0.8, 0.8]},
        "shapes": [upright(dates.as_of.isoformat(), INK, 1)],
        "annotations": marks,
    }
    kept = {"color": NEITHER, "width": 12, "dash": "solid" if dates.settled else "dot"}
    span = trace("lines", [start.isoformat(), _at(ends)], [0, 0], line=kept)
    solid, words = [mark.id not in UNDECIDED for mark in dated], [mark.text(lang) for mark in dated]
    dots = hover_marks([_at(mark) for mark in dated], y, solid, "circle", words)
    alt = {"events": ("，" if lang == "zh" else ", ").join(events)}
    rows = [[_at(mark), mark.text(lang)] for mark in dated]
    return worded("record", "money.figures.record", lang, [span, dots], plan, rows, alt)


def _at(mark: RecordDate) -> str:
    return mark.on.isoformat() if mark.on else ""


def _event(mark: RecordDate, lang: str) -> str:
    return say("money.figures.record.event", lang, date=_at(mark), what=mark.statement["short"][lang])
