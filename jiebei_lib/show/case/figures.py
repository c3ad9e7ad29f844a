"""The pictures of one case. Each takes an assessment and gives a :class:`Figure`."""

from __future__ import annotations

import html
import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from jiebei_lib.core.assessment import Assessment
from jiebei_lib.core.case import Case
from jiebei_lib.core.policy import Policy
from jiebei_lib.core.scoring.score import across_days, reading_likelihoods
from jiebei_lib.page.figure import (
    BAND,
    CALL,
    FAINT,
    INK,
    NEITHER,
    NO_CALL,
    Figure,
    axis,
    corner,
    day_name,
    layout,
    note,
    rounded,
    stretched,
    upright,
)
from jiebei_lib.page.marks import ranges_figure
from jiebei_lib.page.text import heads, multiple, of_hundred, percent, say, witness_name

if TYPE_CHECKING:
    from jiebei_lib.evidence.claims import Dispersion

DAY_TICKS = (0, 1, 3, 7, 14, 30, 60, 90)
BIN, ABREAST = 0.05, 3  # width of a column of dots, in likelihood, and how many dots stand side by side in it


def readings_figure(a: Assessment, case: Case, policy: Policy, lang: str) -> Figure:
    """One hundred readings as dots by the likelihood that they give, over the line of the exact range."""
    count, low, high = of_hundred(a.share), a.likelihood["low"], a.likelihood["high"]
    values = np.sort(reading_likelihoods(case, policy))
    above, below = values[values > 0.5], values[values <= 0.5]
    dots = {
        "above": _spread(above, count),
        "below": _spread(below, 100 - count),
    }
    data, columns = [], Counter()
    style = {"below": (NO_CALL, "circle"), "above": (CALL, "diamond")}
    for side, (colour, symbol) in style.items():
        x, y = [], []
        for value in dots[side]:
            column = min(int(value / BIN), round((0.5 if side == "below" else 1) / BIN) - 1)
            row, place = divmod(columns[column], ABREAST)
            columns[column] += 1
            x.append(round((column + (place + 0.5) / ABREAST) * BIN, 4))
            y.append(row + 1)
        text = [say("case.readings.hover", lang, value=percent(value, lang, short=True)) for value in dots[side]]
        marker = {"color": colour, "symbol": symbol}
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": x,
                "y": y,
                "marker": marker,
                "text": text,
                "hoverinfo": "text",
                "name": say(f"case.readings.{side}", lang),
            }
        )
    top = max(4, math.ceil(max(columns.values(), default=1) / ABREAST))
    row = min(9, 200 / top)  # pixels: a low heap makes a low picture, a high one smaller dots
    # In rows of dots: the line, and where the picture begins and ends
    line, foot, head = -38 / row, -78 / row, top + 0.9
    for trace in data:
        trace["marker"]["size"] = round(0.9 * row)
    ends = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": [low, high],
        "y": [line, line],
        "line": {"color": INK, "width": 4},
        "marker": {"color": INK, "symbol": "line-ns-open", "size": 14, "line": {"width": 3}},
        "hoverinfo": "skip",
    }
    data.append(ends)
    names = {
        "low": say("case.readings.lenient", lang, low=percent(low, lang, short=True)),
        "high": say("case.readings.harsh", lang, high=percent(high, lang, short=True)),
    }
    if low == high:
        marks = [note(low, line, " · ".join(names.values()), "left" if low < 0.7 else "right", -18)]
    else:
        marks = [
            # One below the line and one above it where side by side they would meet on a phone; each away from the edge.
            note(max(low, 0.0), line, names["low"], "left" if low < 0.7 else "right", -18),
            note(
                min(high, 1.0), line, names["high"], "right" if high > 0.3 else "left", -18 if high - low > 0.9 else 16
            ),
        ]
    if dots["below"]:
        marks.append(corner(0.0, "left", f"● {say('case.readings.below', lang)}", NO_CALL))
    if dots["above"]:
        marks.append(corner(1.0, "right", f"{say('case.readings.above', lang)} ◆", CALL))
    key = "title_not_yet" if a.verdict == "not_yet" else "title"
    plan = layout(say(f"case.readings.{key}", lang, count=count), 134 + round(row * (head - foot))) | {
        "xaxis": axis(say("case.readings.axis", lang))
        | {
            "range": [-0.03, 1.03],
            "tickvals": [0, 0.25, 0.5, 0.75, 1],
            "ticktext": ["0%", "25%", "50%", "75%", "100%"],
        },
        "yaxis": {"visible": False, "range": [foot, head], "fixedrange": True},
        "shapes": [
            {
                "type": "line",
                "x0": 0.5,
                "x1": 0.5,
                "y0": line,  # not below it, where the names stand
                "y1": head,
                "line": {"color": NEITHER, "width": 1, "dash": "dash"},
            }
        ],
        "annotations": marks,
    }
    slots = {"count": count, "rest": 100 - count, "low": percent(low, lang), "high": percent(high, lang)}
    caption = say("case.readings.caption", lang, **slots)
    if a.verdict == "not_yet":
        caption = say("case.readings.caption_not_yet", lang, first=policy.readings.days[0])
    elif a.unknown:
        least, most = (of_hundred(a.share_range[end]) for end in ("low", "high"))
        caption += (" " if lang == "en" else "") + say("case.readings.caption_unknown", lang, least=least, most=most)
    tenths = Counter(min(int(value * 10), 9) for side in dots.values() for value in side)
    rows = [[f"{10 * n}–{10 * n + 10}%", str(tenths[n])] for n in range(10) if tenths[n]]
    return Figure(
        "readings",
        data,
        plan,
        say("case.readings.alt", lang, **slots),
        caption,
        heads("case.readings.table", lang),
        rows,
    )


def _spread(values: np.ndarray, number: int) -> list[float]:
    """``number`` evenly spaced quantiles of sorted values."""
    if not len(values):
        return []
    at = (np.arange(number) + 0.5) / number * len(values)
    return [float(values[min(int(n), len(values) - 1)]) for n in at]


def days_figure(a: Assessment, case: Case, policy: Policy, lang: str) -> Figure:
    """The same case from day 0 to 90: the exact range as a band, the share as a line, now as an upright line."""
    days = np.arange(0, max(DAY_TICKS) + 1)
    scores = across_days(case, policy, days)
    x, first = stretched(days), policy.readings.days[0]
    hover = [
        f"{day_name(day, lang)}<br>{percent(low, lang, True)} – {percent(high, lang, True)}<br>{of_hundred(share)}/100"
        for day, low, high, share in zip(days, scores.low, scores.high, scores.share, strict=True)
    ]
    step = {"shape": "hv", "width": 0}
    data = [
        {"type": "scatter", "x": x, "y": rounded(scores.low), "mode": "lines", "line": step, "hoverinfo": "skip"},
        {
            "type": "scatter",
            "x": x,
            "y": rounded(scores.high),
            "mode": "lines",
            "line": step,
            "fill": "tonexty",
            "fillcolor": BAND,
            "hoverinfo": "skip",
        },
        {
            "type": "scatter",
            "x": x,
            "y": rounded(scores.share),
            "mode": "lines",
            "line": {"color": CALL, "width": 3, "dash": "dash", "shape": "hv"},
            "text": hover,
            "hoverinfo": "text",
        },
    ]
    now = min(case.days_overdue, days[-1])
    edge = "right" if now > 30 else "left"
    label = {"x": stretched([60])[0], "showarrow": False, "xanchor": "center", "font": {"size": 13}}
    marks = [
        {
            "x": stretched([now])[0],
            "y": 1.0,
            "yref": "paper",
            "yanchor": "bottom",
            "xanchor": edge,
            "text": say("case.timeline.here", lang, days=case.days_overdue),
            "showarrow": False,
            "font": {"size": 14, "color": INK},
        },
        label
        | {
            "y": float(scores.share[60]),
            "yshift": 14 if scores.share[60] < 0.85 else -16,
            "text": say("case.timeline.share", lang),
            "font": {"size": 13, "color": CALL},
        },
        label
        | {
            "y": 0.04 if scores.low[60] < 0.12 else float(scores.low[60]) + 0.04,
            "yshift": 4,
            "text": say("case.timeline.band", lang),
            "font": {"size": 13, "color": "#555555"},
        },
    ]
    stages = [
        entry["days"][0] for entry in policy.data["timeline"]["stages"].values() if 0 < entry["days"][0] <= days[-1]
    ]
    plan = layout(say("case.timeline.title", lang), 360) | {
        "xaxis": axis(say("case.timeline.axis", lang))
        | {
            "range": [-0.1, stretched([90])[0] + 0.1],
            "tickvals": stretched(DAY_TICKS),
            "ticktext": [str(day) for day in DAY_TICKS],
        },
        "yaxis": axis(say("case.timeline.axis_y", lang))
        | {
            "range": [-0.02, 1.02],
            "tickvals": [0, 0.25, 0.5, 0.75, 1],
            "ticktext": ["0%", "25%", "50%", "75%", "100%"],
            "gridcolor": FAINT,
        },
        "shapes": [upright(stretched([day])[0], FAINT, 1) for day in stages] + [upright(stretched([now])[0], INK, 2)],
        "annotations": marks,
    }
    rows = [
        [
            str(day),
            percent(scores.low[day], lang, True),
            percent(scores.high[day], lang, True),
            f"{of_hundred(scores.share[day])}/100",
        ]
        for day in sorted({*DAY_TICKS, now})
    ]
    low90, high90 = percent(scores.low[90], lang), percent(scores.high[90], lang)
    slots = {
        "first": first,
        "days": case.days_overdue,
        "low": percent(a.likelihood["low"], lang),
        "high": percent(a.likelihood["high"], lang),
    }
    alt = say("case.timeline.alt", lang, **slots, low90=low90, high90=high90)
    return Figure("days", data, plan, alt, say("case.timeline.caption", lang), heads("case.timeline.table", lang), rows)


def factors_figure(a: Assessment, policy: Policy, lang: str) -> Figure:
    """What each factor does to the odds: its range over all readings as a line, the central reading as a dot."""
    readings = policy.readings
    base = {"name": say("case.factors.base", lang), "pressure": None, "central": float(readings.center[0]), "cite": []}
    base |= {"low": float(readings.vertices[:, 0].min()), "high": float(readings.vertices[:, 0].max())}
    parts = [base, *({**part, "name": part["name"][lang]} for part in a.contributions)]
    data, shown = [], []
    for part in parts:
        colour, symbol = _direction(part)
        name = html.escape(part["name"])
        shown.append(name)
        ends = {
            "type": "scatter",
            "mode": "lines",
            "x": [part["low"], part["high"]],
            "y": [name, name],
            "line": {"color": colour, "width": 7},
            "opacity": 0.45,
            "hoverinfo": "skip",
        }
        words = f"{multiple(part['central'], lang)} ({multiple(part['low'], lang)} … {multiple(part['high'], lang)})"
        dot = {
            "type": "scatter",
            "mode": "markers+text",
            "x": [part["central"]],
            "y": [name],
            "marker": {"color": colour, "symbol": symbol, "size": 13},
            "text": [multiple(part["central"], lang)],
            "textposition": "top center",
            "textfont": {"size": 13, "color": INK},
            "hovertext": [words],
            "hoverinfo": "text",
        }
        data += [ends, dot]
    reach = max(2.4, *(abs(part[end]) for part in parts for end in ("low", "high"))) * 1.08
    ticks = [n for n in (0.01, 0.1, 1 / 3, 1, 3, 10, 100) if abs(math.log(n)) <= reach]
    plan = layout(say("case.factors.title", lang), 410) | {
        "xaxis": axis(say("case.factors.axis", lang))
        | {
            "range": [-reach, reach],
            "tickvals": [round(math.log(n), 4) for n in ticks],
            "ticktext": [multiple(math.log(n), lang) for n in ticks],
            "gridcolor": FAINT,
        },
        "yaxis": {
            "type": "category",
            "categoryorder": "array",
            "categoryarray": shown[::-1],
            "automargin": True,
            "fixedrange": True,
            "tickfont": {"size": 14},
            "range": [-0.6, len(shown) - 0.3],
        },
        "shapes": [upright(0, INK, 1)],
    }
    numbers = {part["name"]: [multiple(part[key], lang) for key in ("central", "low", "high")] for part in parts}
    from jiebei_lib.page.text import cited

    rows = [
        [
            part["name"],
            "–" if part["pressure"] is None else f"{part['pressure']:+.2f}",
            *numbers[part["name"]],
            ("、" if lang == "zh" else ", ").join(cited(cite, lang) for cite in part["cite"]) or "–",
        ]
        for part in parts
    ]
    said = ("；" if lang == "zh" else "; ").join(
        say("case.factors.alt_row", lang, name=name, central=central, low=low, high=high)
        for name, (central, low, high) in numbers.items()
    )
    return Figure(
        "factors",
        data,
        plan,
        say("case.factors.alt", lang, rows=said),
        say("case.factors.caption", lang),
        heads("case.factors.table", lang),
        rows,
    )


def _direction(part: dict[str, Any]) -> tuple[str, str]:
    """Colour and shape of a factor's mark: orange diamond raises, blue circle lowers, grey square neither for certain."""
    if part["low"] >= 0 and part["high"] > 0:
        return CALL, "diamond"
    if part["high"] <= 0 and part["low"] < 0:
        return NO_CALL, "circle"
    return NEITHER, "square"


def witnesses_figure(a: Assessment, lang: str) -> Figure:
    """The same case by each policy: the range as a line, the share in words at its end."""
    rows = [(witness_name(one, lang), one["verdict"], one["likelihood"], one["share"]) for one in a.witnesses]
    return ranges_figure(
        "witnesses", rows, say("case.claims.witnesses_title", lang), heads("case.claims.witnesses_table", lang), lang
    )


def claims_figure(found: Dispersion, lang: str) -> Figure:
    """How many pages claim which first day."""
    labels = [say("case.claims.day", lang, day=day) for day in found.days] + [
        say("case.claims.no_day", lang),
        say("case.claims.deny", lang),
    ]
    counts = [*found.days.values(), found.no_day, found.deny]
    colours = [INK if day == found.article_day else "#8C8C8C" for day in found.days] + ["#CFCFCF"] * 2
    bars = {
        "type": "bar",
        "x": labels,
        "y": counts,
        "marker": {"color": colours},
        "text": [str(n) for n in counts],
        "textposition": "outside",
        "textfont": {"size": 14},
        "hoverinfo": "skip",
        "cliponaxis": False,
    }
    plan = layout(say("case.claims.title", lang, named=found.named, kinds=len(found.days)), 340) | {
        "xaxis": axis(say("case.claims.axis", lang))
        | {"type": "category", "tickfont": {"size": 12}, "automargin": True},
        "yaxis": axis(say("case.claims.axis_y", lang)) | {"gridcolor": FAINT, "range": [0, max(counts) * 1.15]},
        "bargap": 0.35,
    }
    rows = [[label, str(n)] for label, n in zip(labels, counts, strict=True)]
    said = ("、" if lang == "zh" else ", ").join(
        say("case.claims.alt_row", lang, label=label, n=n) for label, n in rows
    )
    caption = say("case.claims.caption", lang, n=found.days.get(found.article_day, 0))
    return Figure(
        "claims",
        [bars],
        plan,
        say("case.claims.alt", lang, rows=said),
        caption,
        heads("case.claims.table", lang),
        rows,
    )
