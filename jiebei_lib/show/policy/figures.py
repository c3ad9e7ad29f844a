"""The pictures of a policy under the lens: a tornado of assumptions, a map over two facts, the readings themselves."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jiebei_lib.core.case import FIELDS, Case
from jiebei_lib.core.policy import Policy
from jiebei_lib.core.readings import FACTORS
from jiebei_lib.core.scoring.score import reading_likelihoods
from jiebei_lib.core.scoring.sensitivity import Swing, over_two_facts
from jiebei_lib.page.figure import CALL, INK, NEITHER, NO_CALL, Figure, axis, corner, ink_at, layout, upright, worded
from jiebei_lib.page.marks import PERCENTS, percent_axis, sentences, trace
from jiebei_lib.page.text import heads, of_hundred, percent, say

BARS = 10  # assumptions shown in the tornado
LINES = 320  # readings drawn; all are counted
# From surely not over one half (grey) to surely: blue, orange, as everywhere.
SCALE: list[tuple[float, str]]
SCALE = [(0, NO_CALL), (0.499, "#CFE3F1"), (0.5, "#EEEEEE"), (0.501, "#F9DCC4"), (1, CALL)]
# The values at which a fact is mapped; of the others all their levels.
GRID: dict[str, list[float]] = {
    "days_overdue": [7, 10, 14, 21, 30, 45, 60, 90],
    "amount_overdue": [300, 500, 1000, 3000, 8000, 15_000, 30_000, 50_000],
    "zhima_score": [500, 550, 600, 650, 700, 750],
    "past_overdue": [0, 1, 2, 3, 4],
}


def parameter_name(path: str, policy: Policy, lang: str) -> str:
    """What a key path is called: the parameter's own name, for a level with its factor's."""
    keys = path.split(".")
    if path == "weights":
        return say("policy.verdicts.weights", lang)
    node: Any = policy.data
    for key in keys[: keys.index("spread")] if "spread" in keys else keys:
        node = node.get(key) if isinstance(node, Mapping) else None
        if not isinstance(node, Mapping):  # the policy's own name, or nothing
            return path
    if keys[-1] == "strength":
        factor = policy.data["constraints"][keys[1]]["factor"]
        return say("policy.bench.strength", lang, factor=policy.data["factors"][factor]["name"][lang])
    name = node["name"][lang] if "name" in node else node["text"][lang]
    if len(keys) > 2 and keys[2] == "levels":
        colon = "：" if lang == "zh" else ": "
        return policy.data["factors"][keys[1]]["name"][lang] + colon + name
    return name


def shown_measure(value: float, measure: str, lang: str) -> str:
    return str(of_hundred(value)) if measure == "share" else percent(value, lang, short=True)


def tornado_figure(swings: Sequence[Swing], now: float, measure: str, policy: Policy, lang: str) -> Figure:
    """Each assumption as a bar from its lower to its upper end, the one that moves the answer most on top."""
    names = {swing.path: parameter_name(swing.path, policy, lang) for swing in swings}
    bars = [swing for swing in swings if swing.size > 0][:BARS]
    rows = [
        [
            names[swing.path],
            f"{swing.value:,.7g}",
            f"{swing.low:,.7g}",
            shown_measure(swing.at_low, measure, lang),
            f"{swing.high:,.7g}",
            shown_measure(swing.at_high, measure, lang),
        ]
        for swing in swings
    ]
    title = say("policy.tornado.title_none", lang)
    if bars:
        ends = sorted((bars[0].at_low, bars[0].at_high))
        slots = dict(zip(("from_", "to"), (shown_measure(end, measure, lang) for end in ends), strict=True))
        title = say("policy.tornado.title", lang, name=names[bars[0].path], **slots)
    across = percent_axis(say(f"policy.tornado.{measure}", lang), 0.03)
    if measure == "share":
        across["ticktext"] = [f"{100 * tick:.0f}" for tick in across["tickvals"]]
    plan = layout(title, 170 + 46 * len(bars)) | {
        "xaxis": across,
        "yaxis": {"visible": False, "range": [len(bars) - 0.5, -0.9], "fixedrange": True},
        "shapes": [upright(now, INK, 2)],
        "annotations": [_tornado_name(row, names[swing.path], swing, lang) for row, swing in enumerate(bars)],
    }
    said = [
        say("policy.tornado.alt_row", lang, name=row[0], at_low=row[3], at_high=row[5]) for row in rows[: len(bars)]
    ]
    data = [end for row, swing in enumerate(bars) for end in _tornado_ends(row, swing, now)]
    return worded("tornado", "policy.tornado", lang, data, plan, rows, {"rows": sentences(said, lang)})


def _tornado_name(row: int, name: str, swing: Swing, lang: str) -> dict[str, Any]:
    """An assumption's name and range, above its bar."""
    label = say("policy.tornado.row", lang, name=name, low=f"{swing.low:,.7g}", high=f"{swing.high:,.7g}")
    return {
        "x": 0,
        "xref": "paper",
        "xanchor": "left",
        "y": row,
        "yanchor": "bottom",
        "yshift": 7,
        "bgcolor": "rgba(255,255,255,0.85)",
        "text": html.escape(label),
        "showarrow": False,
        "font": {"size": 12, "color": INK},  # the longest name fits on a phone
    }


def _tornado_ends(row: int, swing: Swing, now: float) -> list[dict[str, Any]]:
    """From the answer as it is to what each end of an assumption gives: a circle at its lower end, a diamond at its upper."""
    marks = []
    for end, symbol in ((swing.at_low, "circle"), (swing.at_high, "diamond")):
        colour = CALL if end > now else NO_CALL if end < now else NEITHER
        marker = {"color": colour, "symbol": symbol, "size": [0, 15], "opacity": 1}
        ends = [round(now, 4), round(end, 4)]
        marks.append(trace("lines+markers", ends, [row, row], line={"color": colour, "width": 9}, marker=marker))
    return marks


def values_of(name: str) -> list[Any]:
    """The values at which a fact is mapped, the most protective level first."""
    levels = FIELDS[name].get("levels")
    return GRID[name] if levels is None else levels[:: 1 if name == "communication" else -1]


def value_name(name: str, value: Any, lang: str) -> str:
    """A value in as few characters as a phone has room for."""
    if "levels" in FIELDS[name]:
        return say(f"policy.map.level.{value}", lang)
    if name == "amount_overdue" and value >= 1000:
        if lang == "zh" and value >= 10_000:
            return say("policy.map.ten_thousands", lang, value=f"{value / 10_000:g}")
        return say("policy.map.thousands", lang, value=f"{value / 1000:g}")
    return f"{value:g}"


def map_figure(case: Case, policy: Policy, names: tuple[str, str], measure: str, lang: str) -> Figure:
    """The answer over two facts, all else as in the case."""
    across, up = (values_of(name) for name in names)
    answer = over_two_facts(case, policy, across, up, names)
    grid = getattr(answer, measure).reshape(len(up), len(across))
    ticks = [
        [value_name(name, value, lang) for value in values] for name, values in zip(names, (across, up), strict=True)
    ]
    many = int((grid > 0.5).sum())
    called = [FIELDS[name]["name"][lang] for name in names]
    data: list[dict[str, Any]] = [
        {
            "type": "heatmap",
            "z": [[round(float(cell), 4) for cell in row] for row in grid],
            "x": list(range(len(across))),
            "y": list(range(len(up))),
            "zmin": 0,
            "zmax": 1,
            "colorscale": [[*stop] for stop in SCALE],
            "xgap": 1,
            "ygap": 1,
            "hoverinfo": "skip",
            "showscale": False,
        }
    ]
    place = [_place(values, getattr(case, name)) for name, values in zip(names, (across, up), strict=True)]
    data.append(_map_numbers(grid, place, measure, lang))
    if (cross := [at for at in place if at is not None]) and len(cross) == len(place):
        marker = {"symbol": "x-thin", "size": 10, "line": {"width": 3, "color": ink_at(SCALE, _value_at(grid, cross))}}
        data.append(trace("markers", cross[:1], cross[1:], marker=marker))
    ends = [{"tickvals": list(range(len(found))), "ticktext": [html.escape(one) for one in found]} for found in ticks]
    plan = layout(
        say("policy.map.title", lang, x=called[0], y=called[1], many=many, few=grid.size - many), 190 + 34 * len(up)
    )
    plan |= {
        "xaxis": axis(_axis_name(names[0], lang)) | ends[0] | {"showgrid": False, "range": [-0.5, len(across) - 0.5]},
        "yaxis": axis("") | ends[1] | {"showgrid": False, "range": [-0.5, len(up) - 0.5]},
        "annotations": [
            corner(0, "left", say("policy.map.upward", lang, name=_axis_name(names[1], lang)), INK) | {"yshift": 4}
        ],
    }
    slots = {"x": called[0], "y": called[1], "many": many}
    slots |= {"least": shown_measure(grid.min(), measure, lang), "most": shown_measure(grid.max(), measure, lang)}
    rows = [
        [name, *(shown_measure(float(cell), measure, lang) for cell in row)]
        for name, row in zip(ticks[1], grid, strict=True)
    ]
    head = [say("policy.map.at", lang, x=called[0], y=called[1]), *ticks[0]]
    return Figure("map", data, plan, say("policy.map.alt", lang, **slots), say("policy.map.caption", lang), head, rows)


def _axis_name(name: str, lang: str) -> str:
    spec = FIELDS[name]
    unit = spec.get("unit", {}).get(lang)
    brackets = "（{}）" if lang == "zh" else " ({})"
    return spec["name"][lang] + (brackets.format(unit) if unit else "")


def _map_numbers(grid: np.ndarray, place: Sequence[float | None], measure: str, lang: str) -> dict[str, Any]:
    """The number in each cell, in the ink that its tone lets one read, and out of the way of the case's cross."""
    cells = [(x, y) for y in range(grid.shape[0]) for x in range(grid.shape[1])]

    at, above = place

    def where(x: int, y: int) -> str:
        if at is None or above is None or abs(at - x) > 0.6 or abs(above - y) > 0.5:
            return "middle center"
        return "bottom center" if above >= y else "top center"

    return trace(
        "text",
        [x for x, _ in cells],
        [y for _, y in cells],
        text=[shown_measure(float(grid[y, x]), measure, lang) for x, y in cells],
        textposition=[where(x, y) for x, y in cells],
        textfont={"size": 11, "color": [ink_at(SCALE, float(grid[y, x])) for x, y in cells]},
        cliponaxis=False,
    )


def _value_at(grid: np.ndarray, place: Sequence[float]) -> float:
    return float(grid[round(place[1]), round(place[0])])


def _place(values: Sequence[Any], value: Any) -> float | None:
    """Where a value stands among the mapped ones, in steps; None if unknown or beyond them."""
    if value is None:
        return None
    if isinstance(value, str):
        return float(list(values).index(value))
    return float(np.interp(value, values, range(len(values)))) if values[0] <= value <= values[-1] else None


# ---- The readings themselves ------------------------------------------------------------------------------------------


def axes_of(case: Case, policy: Policy, lang: str) -> dict[str, tuple[str, np.ndarray]]:
    """What is shown of every drawn reading, by name: a label and values (N,). Multiples of the odds between a factor's ends; days run over
    half of that."""
    found = policy.readings
    axes = {"neutral": (say("policy.readings.neutral", lang), 1 / (1 + np.exp(-found.samples[:, 0])))}
    for n, name in enumerate(FACTORS, 1):
        label = say("policy.readings.times", lang, name=say(f"policy.readings.short.{name}", lang))
        axes[name] = (label, np.exp((1 if name == "days" else 2) * found.samples[:, n]))
    if len(found.days) > 1:
        axes["first_day"] = (say("policy.readings.first_day", lang), found.first_day.astype(float))
    return axes | {"answer": (say("policy.readings.answer", lang), reading_likelihoods(case, policy))}


def on_axis(name: str, values: Any) -> Any:
    """Where values stand on their axis: multiples and days by ratio, likelihoods as they are."""
    return values if name in ("neutral", "answer") else np.log10(values)


def off_axis(name: str, place: float) -> float:
    return place if name in ("neutral", "answer") else 10**place


def readings_figure(
    case: Case, policy: Policy, kept: np.ndarray, limits: Mapping[str, tuple[float, float]], lang: str
) -> Figure:
    """Parallel coordinates: a line a reading, coloured by the answer it gives; those outside the ``limits`` (name: from, to) are faint."""
    axes = axes_of(case, policy, lang)
    drawn = np.linspace(0, len(kept) - 1, LINES).astype(int)
    dimensions, rows = [], []
    for name, (label, values) in axes.items():
        dimension: dict[str, Any] = {
            "label": label,
            "values": [round(float(on_axis(name, value)), 4) for value in values[drawn]],
        } | _ticks(name, values)
        if name in limits:
            dimension["constraintrange"] = [round(float(on_axis(name, end)), 4) for end in limits[name]]
        dimensions.append(dimension)
        if kept.any():
            ends = (values[kept].min(), values[kept].max(), np.median(values[kept]))
            rows.append([label, *(_axis_value(name, end, lang) for end in ends)])
    answers = axes["answer"][1]
    data = [
        {
            "type": "parcoords",
            "dimensions": dimensions,
            "line": {"color": dimensions[-1]["values"], "colorscale": SCALE, "cmin": 0, "cmax": 1},
            "labelangle": -24,
            "labelfont": {"size": 13, "color": INK},
            "tickfont": {"size": 11, "color": INK},
            "rangefont": {"size": 1, "color": "rgba(0,0,0,0)"},
            "unselected": {"line": {"color": NEITHER, "opacity": 0.06}},
        }
    ]
    slots = {"kept": f"{int(kept.sum()):,}", "drawn": f"{len(kept):,}", "shown": LINES, "low": "–", "high": "–"}
    title = say("policy.readings.title_none", lang)
    if kept.any():
        slots |= {
            end: percent(float(getattr(answers[kept], way)()), lang, True)
            for end, way in (("low", "min"), ("high", "max"))
        }
        title = say(
            "policy.readings.title", lang, kept=slots["kept"], count=of_hundred(float((answers[kept] > 0.5).mean()))
        )
    plan = layout(title, 460) | {"margin": {"l": 56, "r": 56, "t": 130, "b": 30}}
    alt, caption = (say(f"policy.readings.{key}", lang, **slots) for key in ("alt", "caption"))
    return Figure("readings-lines", data, plan, alt, caption, heads("policy.readings.table", lang), rows)


def _ticks(name: str, values: np.ndarray) -> dict[str, Any]:
    if name in ("neutral", "answer"):
        return {"range": [0, 1]} | PERCENTS
    low, high = values.min(), values.max()
    wanted = np.unique(values) if name == "first_day" else [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
    marks = [float(mark) for mark in wanted if low * 0.999 <= mark <= high * 1.001]
    return {
        "range": [float(np.log10(low * 0.98)), float(np.log10(high * 1.02))],
        "tickvals": [round(float(np.log10(mark)), 4) for mark in marks],
        "ticktext": [f"{mark:g}" for mark in marks],
    }


def _axis_value(name: str, value: float, lang: str) -> str:
    return percent(float(value), lang, True) if name in ("neutral", "answer") else f"{value:.3g}"
