"""The pictures of an audit: a calendar of contacts with the days of breaches marked, and the rules that were broken."""

from __future__ import annotations

import html
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from jiebei_lib.page.figure import CALL, FAINT, NEITHER, Figure, axis, layout, note
from jiebei_lib.show.calls.words import AuditWords

WEEKS = 26  # as many columns as a phone shows
CELL = 30  # height of a day, in pixels


def calendar_figure(words: AuditWords) -> Figure:
    """A square a day, darker with more contacts; an orange diamond with the number of breaches on days that have some."""
    lang, found = words.lang, words.findings
    days = pd.to_datetime(found.attempts["at"].astype("str").str.slice(0, 10))
    contacts = days.value_counts().sort_index()
    broken = pd.to_datetime(found.breaches["at"].astype("str").str.slice(0, 10)).value_counts().sort_index()
    last = contacts.index.max() if len(contacts) else pd.Timestamp(date.today())
    monday = last - timedelta(days=last.weekday())
    first_seen = contacts.index.min() if len(contacts) else last
    weeks = min(WEEKS, (monday - (first_seen - timedelta(days=first_seen.weekday()))).days // 7 + 1)
    start = monday - timedelta(weeks=weeks - 1)
    columns = [start + timedelta(weeks=n) for n in range(weeks)]
    counts = np.zeros((7, weeks), int)
    marks: dict[str, list[Any]] = {"x": [], "y": [], "text": [], "hover": [], "day": []}
    hover = [["" for _ in range(weeks)] for _ in range(7)]
    for week in range(weeks):
        for weekday in range(7):
            day = columns[week] + timedelta(days=weekday)
            n, bad = int(contacts.get(day, 0)), int(broken.get(day, 0))
            counts[weekday, week] = n
            slots = {"day": f"{day:%Y-%m-%d}", "attempts": n, "breaches": bad}
            hover[weekday][week] = words.say("calls.calendar.hover", **slots)
            if bad:
                marks["x"].append(week)
                marks["y"].append(weekday)
                marks["text"].append(str(bad))
                marks["hover"].append(hover[weekday][week])
                marks["day"].append(slots["day"])
    names = words.heads("calls.calendar.weekdays")
    every = max(1, -(-weeks // 6))
    drawn = {"first": f"{start:%Y-%m-%d}", "last": f"{last:%Y-%m-%d}"}
    cut = first_seen < start
    caption = words.say(f"calls.calendar.{'caption_cut' if cut else 'caption'}", weeks=weeks, **drawn)
    listed = [f"{day:%Y-%m-%d}" for day in broken.index]
    shown = ("、" if lang == "zh" else ", ").join(listed[:8]) or words.say("calls.calendar.none")
    if len(listed) > 8:
        shown = words.say("calls.calendar.more", shown=shown, count=len(listed))
    alt = words.say(
        "calls.calendar.alt", days=len(contacts), most=int(contacts.max()) if len(contacts) else 0, broken=shown
    )
    key = "title" if len(broken) else "title_none"
    data = [
        {
            "type": "heatmap",
            "z": counts.tolist(),
            "x": list(range(weeks)),
            "y": list(range(7)),
            "text": hover,
            "customdata": [[f"{column + timedelta(days=n):%Y-%m-%d}" for column in columns] for n in range(7)],
            "hoverinfo": "text",
            "colorscale": [[0, "#F4F4F4"], [0.001, "#DADADA"], [1, "#4A4A4A"]],
            "zmin": 0,
            "zmax": max(4, int(counts.max(initial=0))),
            "xgap": 2,
            "ygap": 2,
            "showscale": False,
        },
        {
            "type": "scatter",
            "mode": "markers+text",
            "x": marks["x"],
            "y": marks["y"],
            "text": marks["text"],
            "hovertext": marks["hover"],
            "hoverinfo": "text",
            "customdata": marks["day"],
            "marker": {"symbol": "diamond", "size": 22, "color": CALL, "line": {"color": "#FFFFFF", "width": 1.5}},
            "textfont": {"color": "#FFFFFF", "size": 11},
        },
    ]
    plan = layout(words.say(f"calls.calendar.{key}", days=len(contacts), broken=len(broken)), 7 * CELL + 150) | {
        "xaxis": axis(words.say("calls.calendar.axis"))
        | {
            "tickvals": list(range(0, weeks, every)),
            "ticktext": [f"{columns[n]:%m-%d}" for n in range(0, weeks, every)],
            "showgrid": False,
            "range": [-0.6, weeks - 0.4],
        },
        "yaxis": axis("") | {"tickvals": list(range(7)), "ticktext": names, "range": [6.6, -0.6], "showgrid": False},
    }
    quiet = [day for day in contacts.index if not broken.get(day)][:60]  # a long log lists every day with breaches
    rows = [
        [f"{day:%Y-%m-%d}", str(int(n)), str(int(broken.get(day, 0)))]
        for day, n in contacts.items()
        if broken.get(day) or day in quiet
    ]
    return Figure("calendar", data, plan, alt, caption, words.heads("calls.calendar.table"), rows)


def rules_figure(words: AuditWords, most: int = 20) -> Figure | None:
    """What went wrong and in how many contacts, and how many cannot be decided; nothing if there is nothing to show.

    Each name stands above its bar, so that it is never cut, on a phone neither.
    """
    lang, kinds = words.lang, words.by_kind()
    if not kinds:
        return None
    shown = kinds[:most][::-1]
    places = list(range(len(shown)))

    def bars(kind: str, marker: dict[str, Any]) -> dict[str, Any]:
        values = [row[kind] for row in shown]
        return {
            "type": "bar",
            "orientation": "h",
            "y": places,
            "x": values,
            "width": 0.38,
            "marker": marker,
            "hovertext": [f"{words.say('calls.rules.' + kind)} {value}" for value in values],
            "hoverinfo": "text",
            "name": words.say(f"calls.rules.{kind}"),
        }

    hatched = {"color": FAINT, "line": {"color": NEITHER, "width": 1}, "pattern": {"shape": "/", "fgcolor": NEITHER}}
    slots = [
        {"label": row["short"][lang], "breaches": row["breaches"], "undecided": row["undecided"]}
        for row in kinds[:most]
    ]
    alt_rows = [words.say("calls.rules.alt_row", **each) for each in slots]
    broken = kinds[0]["breaches"] > 0
    title = (
        words.say("calls.rules.title", most=kinds[0]["short"][lang], count=kinds[0]["breaches"])
        if broken
        else words.say("calls.rules.none")
    )
    longest = max(row["breaches"] + row["undecided"] for row in shown)
    plan = layout(title, 40 * len(shown) + 140) | {
        "barmode": "stack",
        "xaxis": axis(words.say("calls.rules.axis"))
        | {"gridcolor": FAINT, "range": [0, longest * 1.02], **({"dtick": 1} if longest <= 12 else {})},
        "yaxis": {"visible": False, "fixedrange": True, "range": [-0.5, len(shown) - 0.25]},
        "annotations": [
            note(0, place, html.escape(row["short"][lang]), "left", 17)
            for place, row in zip(places, shown, strict=True)
        ],
    }
    table = [
        [
            words.label(row["rule_id"]),
            str(row["attempts"]),
            str(row["breaches"]),
            str(row["undecided"]),
            words.standing(row["rule"]),
            ("；" if lang == "zh" else "; ").join(words.cites(row["rule"]["cite"])),
        ]
        for row in words.by_rule()
    ]
    alt = words.say("calls.rules.alt", rows=("；" if lang == "zh" else "; ").join(alt_rows))
    head = words.heads("calls.rules.table")
    data = [bars("breaches", {"color": CALL}), bars("undecided", hatched)]
    return Figure("broken-rules", data, plan, alt, words.say("calls.rules.caption"), head, table)
