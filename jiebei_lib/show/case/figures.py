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
    worded,
)
from jiebei_lib.page.marks import (
    band,
    faint_span,
    half,
    joined,
    odds_axis,
    percent_axis,
    ranges_figure,
    rows_axis,
    sentences,
    span,
    trace,
)
from jiebei_lib.page.text import cited, heads, multiple, of_hundred, own, percent, say, witness_name

if TYPE_CHECKING:
    from jiebei_lib.evidence.claims import Dispersion
    from jiebei_lib.show.case.first import Quick

DAY_TICKS = (0, 1, 3, 7, 14, 30, 60, 90)
DARKER = "rgba(90, 90, 90, 0.35)"  # the band of nine in ten, over that of all readings
BIN, ABREAST = 0.05, 3  # width of a column of dots, in likelihood, and how many dots stand side by side in it


def readings_figure(a: Assessment | Quick, case: Case, policy: Policy, lang: str) -> Figure:
    """One hundred readings as dots by the likelihood that they give, over the line of the exact range."""
    count, low, high = of_hundred(a.share), a.likelihood["low"], a.likelihood["high"]
    values = np.sort(reading_likelihoods(case, policy))
    dots = {"below": _spread(values[values <= 0.5], 100 - count), "above": _spread(values[values > 0.5], count)}
    heaps, highest = _heaps(dots, lang)
    top = max(4, math.ceil(highest / ABREAST))
    row = min(9, 200 / top)  # pixels: a low heap makes a low picture, a high one smaller dots
    for heap in heaps:
        heap["marker"]["size"] = round(0.9 * row)
    # In rows of dots: the line, and where the picture begins and ends
    line, foot, head = -38 / row, -78 / row, top + 0.9
    marks = _names_of_ends(low, high, line, lang)
    if dots["below"]:
        marks.append(corner(0.0, "left", f"● {say('case.readings.below', lang)}", NO_CALL))
    if dots["above"]:
        marks.append(corner(1.0, "right", f"{say('case.readings.above', lang)} ◆", CALL))
    key = "title_not_yet" if a.verdict == "not_yet" else "title"
    plan = layout(say(f"case.readings.{key}", lang, count=count), 134 + round(row * (head - foot))) | {
        "xaxis": percent_axis(say("case.readings.axis", lang), 0.03, grid=False),
        "yaxis": {"visible": False, "range": [foot, head], "fixedrange": True},
        "shapes": [half(line, head, "y")],  # from the line up: below it stand the names
        "annotations": marks,
    }
    slots = {"count": count, "rest": 100 - count, "low": percent(low, lang), "high": percent(high, lang)}
    slots |= {f"most_{end}": percent(a.nine_in_ten[end], lang) for end in ("low", "high")}
    tenths = Counter(min(int(value * 10), 9) for side in dots.values() for value in side)
    rows = [[f"{10 * n}–{10 * n + 10}%", str(tenths[n])] for n in range(10) if tenths[n]]
    nine = faint_span(a.nine_in_ten["low"], a.nine_in_ten["high"], line, INK, 1)
    data = [*heaps, span(low, high, line, INK, 2, 14), nine]
    alt, caption = say("case.readings.alt", lang, **slots), _readings_caption(a, policy, slots, lang)
    return Figure("readings", data, plan, alt, caption, heads("case.readings.table", lang), rows)


def _heaps(dots: dict[str, list[float]], lang: str) -> tuple[list[dict[str, Any]], int]:
    """Dots in columns of the likelihood, :data:`ABREAST` side by side; and how many the fullest column holds."""
    data: list[dict[str, Any]] = []
    columns: Counter[int] = Counter()
    for side, (colour, symbol) in {"below": (NO_CALL, "circle"), "above": (CALL, "diamond")}.items():
        x, y = [], []
        for value in dots[side]:
            column = min(int(value / BIN), round((0.5 if side == "below" else 1) / BIN) - 1)
            row, place = divmod(columns[column], ABREAST)
            columns[column] += 1
            x.append(round((column + (place + 0.5) / ABREAST) * BIN, 4))
            y.append(row + 1)
        text = [say("case.readings.hover", lang, value=percent(value, lang, short=True)) for value in dots[side]]
        marker, name = {"color": colour, "symbol": symbol}, say(f"case.readings.{side}", lang)
        data.append(trace("markers", x, y, marker=marker, text=text, name=name))
    return data, max(columns.values(), default=1)


def _names_of_ends(low: float, high: float, line: float, lang: str) -> list[dict[str, Any]]:
    """What the most lenient and the harshest reading give, at the ends of the line of the range."""
    lenient = say("case.readings.lenient", lang, low=percent(low, lang, short=True))
    harsh = say("case.readings.harsh", lang, high=percent(high, lang, short=True))
    left, right = "left" if low < 0.7 else "right", "right" if high > 0.3 else "left"
    if low == high:
        return [note(low, line, f"{lenient} · {harsh}", left, -18)]
    # One below the line and one above it where side by side they would meet on a phone; each away from the edge.
    above_or_below = -18 if high - low > 0.9 else 16
    return [note(max(low, 0.0), line, lenient, left, -18), note(min(high, 1.0), line, harsh, right, above_or_below)]


def _readings_caption(a: Assessment | Quick, policy: Policy, slots: dict[str, Any], lang: str) -> str:
    if a.verdict == "not_yet":
        return say("case.readings.caption_not_yet", lang, first=policy.readings.days[0])
    caption = say("case.readings.caption", lang, **slots)
    if a.unknown:
        least, most = (of_hundred(a.share_range[end]) for end in ("low", "high"))
        caption += (" " if lang == "en" else "") + say("case.readings.caption_unknown", lang, least=least, most=most)
    return caption


def _spread(values: np.ndarray, number: int) -> list[float]:
    """``number`` evenly spaced quantiles of sorted values."""
    if not len(values):
        return []
    at = (np.arange(number) + 0.5) / number * len(values)
    return [float(values[min(int(n), len(values) - 1)]) for n in at]


def days_figure(a: Assessment, case: Case, policy: Policy, lang: str) -> Figure:
    """The same case from day 0 to 90. Above, on an axis of likelihoods, the range of all readings as a pale band and that of nine in ten
    as a darker one; below, on an axis of readings, how many of 100 say that a call is more likely than not. Now is an upright line."""
    days = np.arange(0, max(DAY_TICKS) + 1)
    scores = across_days(case, policy, days)
    now, x = int(np.clip(case.days_overdue, 0, days[-1])), stretched(days)
    data = band(x, rounded(scores.low), rounded(scores.high), shape="hv")
    data += band(x, rounded(scores.most_low), rounded(scores.most_high), shape="hv")
    data[3]["fillcolor"] = DARKER
    step = {"color": CALL, "width": 3, "shape": "hv"}
    counts = [of_hundred(share) for share in scores.share]
    data.append(trace("lines", x, counts, line=step, text=_days_hover(days, scores, lang), yaxis="y2"))
    plan = _days_layout(policy, stretched([now])[0], lang)
    plan["annotations"] = _days_names(case, now, scores, lang)
    rows = [_days_row(day, scores, lang) for day in sorted({*DAY_TICKS, now})]
    slots: dict[str, Any] = {"low": percent(a.likelihood["low"], lang), "high": percent(a.likelihood["high"], lang)}
    slots |= {"low90": percent(scores.low[90], lang), "high90": percent(scores.high[90], lang)}
    slots |= {"count": of_hundred(a.share), "count90": counts[90]}
    alt = say("case.timeline.alt", lang, first=policy.readings.days[0], days=now, **slots)
    return Figure("days", data, plan, alt, say("case.timeline.caption", lang), heads("case.timeline.table", lang), rows)


def _days_layout(policy: Policy, here: float, lang: str) -> dict[str, Any]:
    """The two axes under one another, the stages' beginnings, and now."""
    begun = [entry["days"][0] for entry in policy.data["timeline"]["stages"].values()]
    stages = [upright(stretched([day])[0], FAINT, 1) for day in begun if 0 < day <= max(DAY_TICKS)]
    across = {
        "range": [-0.1, stretched([90])[0] + 0.1],
        "tickvals": stretched(DAY_TICKS),
        "ticktext": [str(day) for day in DAY_TICKS],
        "anchor": "y2",
    }
    counts = {"range": [-4, 104], "tickvals": [0, 50, 100], "gridcolor": FAINT, "domain": [0, 0.3]}
    return layout(say("case.timeline.title", lang), 460) | {
        "xaxis": axis(say("case.timeline.axis", lang)) | across,
        "yaxis": percent_axis(say("case.timeline.axis_y", lang)) | {"domain": [0.42, 1]},
        "yaxis2": axis(say("case.timeline.axis_count", lang)) | counts,
        "shapes": [*stages, upright(here, INK, 2)],
    }


def _days_row(day: int, scores: Any, lang: str) -> list[str]:
    ends = (getattr(scores, name)[day] for name in ("low", "most_low", "most_high", "high"))
    return [str(day), *(percent(end, lang, True) for end in ends), f"{of_hundred(scores.share[day])}/100"]


def _days_hover(days: np.ndarray, scores: Any, lang: str) -> list[str]:
    return [
        f"{day_name(day, lang)}<br>{percent(low, lang, True)} – {percent(high, lang, True)}<br>{of_hundred(share)}/100"
        for day, low, high, share in zip(days, scores.most_low, scores.most_high, scores.share, strict=True)
    ]


def _days_names(case: Case, now: int, scores: Any, lang: str) -> list[dict[str, Any]]:
    """The names of today's upright line and of the two bands, each where it hides nothing."""
    here = corner(stretched([now])[0], "right" if now > 30 else "left", "", INK)
    key = "here" if case.days_overdue >= 0 else "here_before"
    here |= {"text": say(f"case.timeline.{key}", lang, days=abs(case.days_overdue)), "font": {"size": 14, "color": INK}}
    label = {"x": stretched([60])[0], "showarrow": False, "xanchor": "center", "font": {"size": 13, "color": INK}}
    middle = float(scores.most_low[60] + scores.most_high[60]) / 2
    low = float(scores.low[60])
    names = [here, label | {"y": middle, "text": say("case.readings.nine", lang)}]
    if float(scores.most_low[60]) - low > 0.1:
        names.append(label | {"y": low + 0.04, "yshift": 4, "text": say("case.timeline.band", lang)})
    return names


def factors_figure(a: Assessment, policy: Policy, lang: str) -> Figure:
    """What each factor does to the odds: its range over all readings as a line, the central reading as a dot."""
    readings = policy.readings
    base: dict[str, Any] = {"name": say("case.factors.base", lang), "pressure": None, "cite": []}
    base |= {"central": float(readings.center[0])}
    base |= {"low": float(readings.vertices[:, 0].min()), "high": float(readings.vertices[:, 0].max())}
    parts = [base, *({**part, "name": own(part["name"], lang)} for part in a.contributions)]
    numbers = [[multiple(part[key], lang) for key in ("central", "low", "high")] for part in parts]
    shown, data = [html.escape(part["name"]) for part in parts], []
    for name, part, (central, low, high) in zip(shown, parts, numbers, strict=True):
        colour, symbol = _direction(part)
        data.append(faint_span(part["low"], part["high"], name, colour))
        words = {"text": [central], "textposition": "top center", "textfont": {"size": 13, "color": INK}}
        marker, hover = {"color": colour, "symbol": symbol, "size": 13}, [f"{central} ({low} … {high})"]
        data.append(trace("markers+text", [part["central"]], [name], marker=marker, hovertext=hover, **words))
    reach = max(2.4, *(abs(part[end]) for part in parts for end in ("low", "high"))) * 1.08
    plan = layout(say("case.factors.title", lang), 410) | {
        "xaxis": odds_axis(say("case.factors.axis", lang), -reach, reach, lang),
        "yaxis": rows_axis(shown, 0.7),
        "shapes": [upright(0, INK, 1)],
    }
    rows = [
        [
            part["name"],
            "–" if part["pressure"] is None else f"{part['pressure']:+.2f}",
            *words,
            joined([cited(cite, lang) for cite in part["cite"]], lang) or "–",
        ]
        for part, words in zip(parts, numbers, strict=True)
    ]
    said = [
        say("case.factors.alt_row", lang, name=part["name"], central=central, low=low, high=high)
        for part, (central, low, high) in zip(parts, numbers, strict=True)
    ]
    return worded("factors", "case.factors", lang, data, plan, rows, {"rows": sentences(said, lang)})


def _direction(part: dict[str, Any]) -> tuple[str, str]:
    """Colour and shape of a factor's mark: orange diamond raises, blue circle lowers, grey square neither for certain."""
    if part["low"] >= 0 and part["high"] > 0:
        return CALL, "diamond"
    if part["high"] <= 0 and part["low"] < 0:
        return NO_CALL, "circle"
    return NEITHER, "square"


def witnesses_figure(a: Assessment, lang: str) -> Figure:
    """The same case by each policy: the range as a line, the share in words at its end."""
    rows = [(witness_name(one, lang), one) for one in a.witnesses]
    return ranges_figure(
        "witnesses", rows, say("case.claims.witnesses_title", lang), heads("case.claims.witnesses_table", lang), lang
    )


def claims_figure(dispersion: Dispersion, lang: str) -> Figure:
    """How many pages claim which first day."""
    labels = [say("case.claims.day", lang, day=day) for day in dispersion.days] + [
        say("case.claims.no_day", lang),
        say("case.claims.deny", lang),
    ]
    counts = [*dispersion.days.values(), dispersion.no_day, dispersion.deny]
    colours = [INK if day == dispersion.article_day else "#8C8C8C" for day in dispersion.days] + ["#CFCFCF"] * 2
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
    plan = layout(say("case.claims.title", lang, named=dispersion.named, kinds=len(dispersion.days)), 340) | {
        "xaxis": axis(say("case.claims.axis", lang))
        | {"type": "category", "tickfont": {"size": 12}, "automargin": True},
        "yaxis": axis(say("case.claims.axis_y", lang)) | {"gridcolor": FAINT, "range": [0, max(counts) * 1.15]},
        "bargap": 0.35,
    }
    rows = [[label, str(n)] for label, n in zip(labels, counts, strict=True)]
    said = joined([say("case.claims.alt_row", lang, label=label, n=n) for label, n in rows], lang)
    article = {"day": dispersion.article_day, "n": dispersion.days.get(dispersion.article_day, 0)}
    return worded("claims", "case.claims", lang, [bars], plan, rows, {"rows": said}, **article)
