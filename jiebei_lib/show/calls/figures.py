"""The pictures of an audit: a calendar of contacts with the days of breaches marked, and the rules that were broken."""

from __future__ import annotations

import html
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from jiebei_lib.page.figure import CALL, FAINT, NEITHER, Figure, axis, ink_on, layout, note, worded
from jiebei_lib.page.marks import joined, sentences, trace
from jiebei_lib.show.calls.words import AuditWords

WEEKS = 26  # as many columns as a phone shows
CELL = 30  # height of a day, in pixels
LISTED = 8  # days with breaches that the text alternative names
QUIET = 60  # days without a breach in the table; those with one are all in it


@dataclass(frozen=True)
class DrawnDays:
    """Contacts and breaches by day (pandas Series over days), and the Mondays of the weeks that are drawn."""

    contacts: pd.Series
    broken: pd.Series
    first: pd.Timestamp
    last: pd.Timestamp
    mondays: list[pd.Timestamp]

    @classmethod
    def of(cls, words: AuditWords) -> DrawnDays:
        found = words.findings
        contacts, broken = (
            pd.to_datetime(table["at"].astype("str").str.slice(0, 10)).value_counts().sort_index()
            for table in (found.attempts, found.breaches)
        )
        last = contacts.index.max() if len(contacts) else pd.Timestamp(date.today())
        first = contacts.index.min() if len(contacts) else last
        monday, begun = (day - timedelta(days=day.weekday()) for day in (last, first))
        weeks = min(WEEKS, (monday - begun).days // 7 + 1)
        return cls(contacts, broken, first, last, [monday - timedelta(weeks=n) for n in range(weeks)][::-1])

    def grid(self) -> list[list[pd.Timestamp]]:
        """A row a weekday, a column a week."""
        return [[monday + timedelta(days=weekday) for monday in self.mondays] for weekday in range(7)]


def calendar_figure(words: AuditWords) -> Figure:
    """A square a day, darker with more contacts; an orange diamond with the number of breaches on days that have some."""
    days = DrawnDays.of(words)
    contacts, broken, weeks = days.contacts, days.broken, len(days.mondays)
    every = max(1, -(-weeks // 6))
    drawn = {"first": f"{days.mondays[0]:%Y-%m-%d}", "last": f"{days.last:%Y-%m-%d}"}
    cut = "caption_cut" if days.first < days.mondays[0] else "caption"
    title = "title" if len(broken) else "title_none"
    title = words.say(f"calls.calendar.{title}", days=len(contacts), broken=len(broken))
    plan = layout(title, 7 * CELL + 150) | {
        "xaxis": axis(words.say("calls.calendar.axis"))
        | {
            "tickvals": list(range(0, weeks, every)),
            "ticktext": [f"{days.mondays[n]:%m-%d}" for n in range(0, weeks, every)],
            "showgrid": False,
            "range": [-0.6, weeks - 0.4],
        },
        "yaxis": axis("")
        | {"tickvals": list(range(7)), "ticktext": words.heads("calls.calendar.weekdays")}
        | {"range": [6.6, -0.6], "showgrid": False},
    }
    quiet = [day for day in contacts.index if not broken.get(day)][:QUIET]
    rows = [
        [f"{day:%Y-%m-%d}", str(int(n)), str(int(broken.get(day, 0)))]
        for day, n in contacts.items()
        if broken.get(day) or day in quiet
    ]
    most = int(contacts.max()) if len(contacts) else 0
    alt = words.say("calls.calendar.alt", days=len(contacts), most=most, broken=_broken_days(days, words))
    caption = words.say(f"calls.calendar.{cut}", weeks=weeks, **drawn)
    data = _calendar_marks(days, words)
    return Figure("calendar", data, plan, alt, caption, words.heads("calls.calendar.table"), rows)


def _calendar_marks(days: DrawnDays, words: AuditWords) -> list[dict[str, Any]]:
    """The squares, and the diamonds over those with breaches; both carry their day as ``customdata``, to be picked."""
    grid = days.grid()
    counts = [[int(days.contacts.get(day, 0)) for day in row] for row in grid]
    hover = [[_day_hover(day, days, words) for day in row] for row in grid]
    squares = {
        "type": "heatmap",
        "z": counts,
        "x": list(range(len(days.mondays))),
        "y": list(range(7)),
        "text": hover,
        "customdata": [[f"{day:%Y-%m-%d}" for day in row] for row in grid],
        "hoverinfo": "text",
        "colorscale": [[0, "#F4F4F4"], [0.001, "#DADADA"], [1, "#4A4A4A"]],
        "zmin": 0,
        "zmax": max(4, *(n for row in counts for n in row)),
        "xgap": 2,
        "ygap": 2,
        "showscale": False,
    }
    places = [(x, y) for x in range(len(days.mondays)) for y in range(7) if days.broken.get(grid[y][x])]
    diamonds = trace(
        "markers+text",
        [x for x, _ in places],
        [y for _, y in places],
        text=[str(int(days.broken[grid[y][x]])) for x, y in places],
        hovertext=[hover[y][x] for x, y in places],
        customdata=[f"{grid[y][x]:%Y-%m-%d}" for x, y in places],
        marker={"symbol": "diamond", "size": 22, "color": CALL, "line": {"color": "#FFFFFF", "width": 1.5}},
        textfont={"color": ink_on(CALL), "size": 12},
    )
    return [squares, diamonds]


def _day_hover(day: pd.Timestamp, days: DrawnDays, words: AuditWords) -> str:
    numbers = {"attempts": int(days.contacts.get(day, 0)), "breaches": int(days.broken.get(day, 0))}
    return words.say("calls.calendar.hover", day=f"{day:%Y-%m-%d}", **numbers)


def _broken_days(days: DrawnDays, words: AuditWords) -> str:
    """The days with breaches in words, the first few by name."""
    listed = [f"{day:%Y-%m-%d}" for day in days.broken.index]
    shown = joined(listed[:LISTED], words.lang) or words.say("calls.calendar.none")
    return words.say("calls.calendar.more", shown=shown, count=len(listed)) if len(listed) > LISTED else shown


def rules_figure(words: AuditWords, most: int = 20) -> Figure | None:
    """What went wrong and in how many contacts, and how many cannot be decided; nothing if there is nothing to show.

    Each name stands above its bar, so that it is never cut, on a phone neither.
    """
    lang, kinds = words.lang, words.by_kind()[:most]
    if not kinds:
        return None
    first, shown = kinds[0], kinds[::-1]
    title = words.say("calls.rules.none")
    if first["breaches"]:
        title = words.say("calls.rules.title", most=first["short"][lang], count=first["breaches"])
    longest = max(row["breaches"] + row["undecided"] for row in shown)
    plan = layout(title, 40 * len(shown) + 140) | {
        "barmode": "stack",
        "xaxis": axis(words.say("calls.rules.axis"))
        | {"gridcolor": FAINT, "range": [0, longest * 1.02], **({"dtick": 1} if longest <= 12 else {})},
        "yaxis": {"visible": False, "fixedrange": True, "range": [-0.5, len(shown) - 0.25]},
        "annotations": [note(0, at, html.escape(row["short"][lang]), "left", 17) for at, row in enumerate(shown)],
    }
    table = [
        [
            words.label(row["rule_id"]),
            str(row["attempts"]),
            str(row["breaches"]),
            str(row["undecided"]),
            words.standing(row["rule"]),
            sentences(words.cites(row["rule"]["cite"]), lang),
        ]
        for row in words.by_rule()
    ]
    said = [
        words.say("calls.rules.alt_row", label=row["short"][lang], breaches=row["breaches"], undecided=row["undecided"])
        for row in kinds
    ]
    hatched = {"color": FAINT, "line": {"color": NEITHER, "width": 1}, "pattern": {"shape": "/", "fgcolor": NEITHER}}
    data = [_rule_bars(words, shown, "breaches", {"color": CALL}), _rule_bars(words, shown, "undecided", hatched)]
    return worded("broken-rules", "calls.rules", lang, data, plan, table, {"rows": sentences(said, lang)})


def _rule_bars(words: AuditWords, shown: list[dict[str, Any]], kind: str, marker: dict[str, Any]) -> dict[str, Any]:
    """Breaches, or what is undecided, as one part of the bars."""
    values, name = [row[kind] for row in shown], words.say(f"calls.rules.{kind}")
    return {
        "type": "bar",
        "orientation": "h",
        "y": list(range(len(shown))),
        "x": values,
        "width": 0.38,
        "marker": marker,
        "hovertext": [f"{name} {value}" for value in values],
        "hoverinfo": "text",
        "name": name,
    }
