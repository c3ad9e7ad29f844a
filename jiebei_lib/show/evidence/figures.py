"""The pictures of what observed cases change: before and after, side by side in each."""

from __future__ import annotations

import html
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jiebei_lib.core.case import Case
from jiebei_lib.core.policy import Policy
from jiebei_lib.evidence.learn import Learned
from jiebei_lib.page.figure import CALL, FAINT, INK, NEITHER, NO_CALL, Figure, axis, corner, layout, worded
from jiebei_lib.page.marks import (
    VERDICT_COLOURS,
    bar,
    beside,
    counted_of_hundred,
    down,
    half,
    labels_above,
    odds_axis,
    percent_axis,
    plain_rows,
    sentences,
    span,
    trace,
    zero_line,
)
from jiebei_lib.page.text import heads, multiple, of_hundred, percent, say
from jiebei_lib.show.evidence.words import weight_name, weight_value

BINS = 20  # of the likelihood, from 0 to 1
WORTH_SAYING = 0.1  # of a range: a weight that narrowed by less has hardly been learned
STEP = 0.02  # marks of cases nearer than this are stacked


def before_after_figure(summary: Mapping[str, Any], lang: str) -> Figure:
    """The answer before and after, for one selection strength."""
    counts = {when: of_hundred(summary[key]["share"]) for when, key in (("before", "prior"), ("after", "posterior"))}
    rows = [
        (say("evidence.prior", lang), summary["prior"], summary["readings"]),
        (say("evidence.posterior", lang), summary["posterior"], summary["effective"]),
    ]
    return _answers("before_after", say("evidence.answers.title", lang, **counts), rows, summary["credible"], lang)


def selections_figure(summaries: Sequence[Mapping[str, Any]], lang: str) -> Figure:
    """The answer before, and after under each of several selection strengths."""
    counts = [of_hundred(one["posterior"]["share"]) for one in summaries]
    rows = [(say("evidence.prior", lang), summaries[0]["prior"], summaries[0]["readings"])]
    rows += [
        (say("evidence.answers.selection", lang, s=f"{one['selection']:g}"), one["posterior"], one["effective"])
        for one in summaries
    ]
    title = say("evidence.answers.title_selection", lang, least=min(counts), most=max(counts))
    more = say("evidence.answers.caption_selection", lang)
    return _answers("selections", title, rows, summaries[0]["credible"], lang, more)


def _answers(
    name: str,
    title: str,
    rows: Sequence[tuple[str, Mapping[str, Any], float]],
    credible: float,
    lang: str,
    more: str = "",
) -> Figure:
    data, marks, said = [], [], []
    table: list[list[str]] = []
    for at, (label, answer, effective) in zip(down(len(rows)), rows, strict=True):
        low, high, share = answer["likelihood"]["low"], answer["likelihood"]["high"], answer["share"]
        data.append(span(low, high, at, VERDICT_COLOURS.get(answer["verdict"], NEITHER), size=15))
        marks.append(counted_of_hundred(at, share))
        words = {"low": percent(low, lang, True), "high": percent(high, lang, True), "count": str(of_hundred(share))}
        verdict = say(f"verdict.{answer['verdict']}", lang)
        table.append([label, verdict, words["low"], words["high"], words["count"], f"{effective:,.0f}"])
        said.append(say("evidence.answers.alt_row", lang, name=label, **words))
    plan = layout(title, 140 + 48 * len(rows)) | {
        "xaxis": percent_axis(say("evidence.answers.axis", lang)),
        "yaxis": plain_rows(len(rows)),
        "shapes": [half()],
        "annotations": [*marks, *labels_above([label for label, *_ in rows])],
    }
    plan["margin"] = plan["margin"] | {"r": 70}
    caption = say("evidence.answers.caption", lang, credible=f"{credible:.0%}")
    caption = " ".join([caption, more]).strip() if lang == "en" else caption + more
    alt = say("evidence.answers.alt", lang, rows=sentences(said, lang))
    return Figure(name, data, plan, alt, caption, heads("evidence.answers.table", lang), table)


def weights_figure(summary: Mapping[str, Any], policy: Policy, lang: str) -> Figure:
    """Every weight of the readings as times the odds: range and mean before (thin) and after (thick)."""
    weights, data, ends = summary["weights"], [], []
    names = [weight_name(weight["name"], policy, lang) for weight in weights]
    labels = [
        say("evidence.weights.base", lang) if weight["unit"] == "likelihood" else name
        for name, weight in zip(names, weights, strict=True)
    ]
    for at, weight in zip(down(len(weights)), weights, strict=True):
        for when in ("prior", "posterior"):
            place = {end: _log(weight[when][end], weight["unit"]) for end in ("low", "mean", "high")}
            ends += [place["low"], place["high"]]
            data += _weight_marks(place, at, when, lang)
    low, high = min(ends) - 0.3, max(ends) + 0.3
    plan = layout(_weights_title(summary, policy, lang), 140 + 48 * len(weights)) | {
        "xaxis": odds_axis(say("evidence.weights.axis", lang), low, high, lang),
        "yaxis": plain_rows(len(weights)),
        "annotations": labels_above(labels),
        "shapes": [zero_line(NEITHER)],
    }
    rows = [
        [name]
        + [
            weight_value(weight[when][end], weight["unit"], lang)
            for when in ("prior", "posterior")
            for end in ("low", "mean", "high")
        ]
        for name, weight in zip(names, weights, strict=True)
    ]
    said = [say("evidence.weights.alt_row", lang, name=row[0], before=row[2], after=row[5]) for row in rows]
    alt = say("evidence.weights.alt", lang, rows=sentences(said, lang))
    caption, head = say("evidence.weights.caption", lang), heads("evidence.weights_table", lang)
    return Figure("learned_weights", data, plan, alt, caption, head, rows)


def _weight_marks(place: Mapping[str, float], at: int, when: str, lang: str) -> list[dict[str, Any]]:
    """A weight's range and mean: before, thin and grey with a stroke; after, thick with a diamond."""
    before = when == "prior"
    colour, width, symbol, size = ("#A6A6A6", 3, "line-ns-open", 14) if before else (INK, 9, "diamond", 13)
    line = trace("lines", [place["low"], place["high"]], [at, at], line={"color": colour, "width": width})
    marker = {"color": colour if before else "#FFFFFF", "symbol": symbol, "size": size}
    marker |= {"line": {"width": 2, "color": colour}}
    mean = trace("markers", [place["mean"]], [at], marker=marker, hovertext=[multiple(place["mean"], lang)])
    return [line, mean]


def _weights_title(summary: Mapping[str, Any], policy: Policy, lang: str) -> str:
    """Which factor's range narrowed most, if any did by a tenth or more."""
    narrowed = {}
    for weight in summary["weights"]:
        if weight["unit"] == "multiple":
            before, after = (
                math.log(weight[key]["high"]) - math.log(weight[key]["low"]) for key in ("prior", "posterior")
            )
            narrowed[weight["name"]] = 1 - after / before if before else 0.0
    most = max(narrowed, key=lambda name: narrowed[name])
    if narrowed[most] < WORTH_SAYING:
        return say("evidence.weights.title_none", lang)
    slots = {"name": policy.data["factors"][most]["name"][lang], "share": f"{narrowed[most]:.0%}"}
    return say("evidence.weights.title", lang, **slots)


def _log(value: float, unit: str) -> float:
    """A weight as log-odds; a likelihood as its own log-odds."""
    return math.log(value / (1 - value)) if unit == "likelihood" else math.log(value)


def spread_figure(learned: Learned, case: Case, lang: str) -> Figure:
    """How much weight the readings that give each likelihood carry, before and after."""
    values = learned.likelihoods(case)
    place = np.minimum((values * BINS).astype(int), BINS - 1)
    before = np.bincount(place, learned.drawn.even, BINS)
    after = np.bincount(place, learned.weights, BINS)
    middles = [(n + 0.5) / BINS for n in range(BINS)]
    spans = [f"{100 * n // BINS}–{100 * (n + 1) // BINS}%" for n in range(BINS)]
    numbers = [
        (percent(float(b), lang, True), percent(float(a), lang, True)) for b, a in zip(before, after, strict=True)
    ]
    bars = {
        "type": "bar",
        "x": middles,
        "y": [round(float(a), 5) for a in after],
        "width": 0.9 / BINS,
        "marker": {"color": [CALL if middle > 0.5 else NO_CALL for middle in middles]},
        "hovertext": [f"{span}: {a} ({b})" for span, (b, a) in zip(spans, numbers, strict=True)],
        "hoverinfo": "text",
    }
    edges, steps = [n / BINS for n in range(BINS + 1)], [round(float(b), 5) for b in before]
    line = trace("lines", edges, [*steps, steps[-1]], line={"color": INK, "width": 2, "shape": "hv"})
    means = [percent(float(weights @ values), lang) for weights in (learned.drawn.even, learned.weights)]
    moved = float((learned.weights - learned.drawn.even) @ values)
    key = "title_same" if abs(moved) < 0.005 else "title_higher" if moved > 0 else "title_lower"
    plan = layout(say(f"evidence.spread.{key}", lang, before=means[0], after=means[1]), 330) | {
        "xaxis": percent_axis(say("evidence.spread.axis", lang), 0.01, grid=False),
        "yaxis": axis(say("evidence.spread.axis_y", lang))
        | {"gridcolor": FAINT, "tickformat": ".0%", "rangemode": "tozero", "nticks": 5, "ticklabelstandoff": 6},
        "shapes": [half()],
        "annotations": [
            corner(1.0, "right", say("case.readings.above", lang), CALL),
            corner(0.0, "left", say("case.readings.below", lang), NO_CALL),
        ],
    }
    rows = [[span, b, a] for span, (b, a), x, y in zip(spans, numbers, before, after, strict=True) if x > 0 or y > 0]
    said = [say("evidence.spread.alt_row", lang, span=span, before=b, after=a) for span, b, a in rows]
    alt = {"rows": sentences(said, lang)}
    return worded("weight_by_answer", "evidence.spread", lang, [bars, line], plan, rows, alt)


def predictions_figure(summary: Mapping[str, Any], lang: str) -> Figure:
    """Each case by the chance of a call that the others give it, the called above, the others below; surprises hollow."""
    data, means = [], {}
    heaps: Counter[tuple[bool, int]] = Counter()
    surprises = set(summary["predicted"]["surprises"])
    for called, at, colour, symbol in ((True, 1, CALL, "diamond"), (False, 0, NO_CALL, "circle")):
        cases = [case for case in summary["predicted"]["cases"] if case["called"] == called]
        x, y, text, kinds = [], [], [], []
        for case in cases:
            heap = (called, round(case["others"] / STEP))
            x.append(round(case["others"], 4))
            y.append(at + min(0.08 * heaps[heap], 0.6))
            heaps[heap] += 1
            slots = {"after": percent(case["others"], lang, True), "before": percent(case["prior"], lang, True)}
            text.append(say("evidence.predictions.hover", lang, id=html.escape(case["case_id"]), **slots))
            kinds.append(f"{symbol}-open" if case["case_id"] in surprises else symbol)
        means[called] = percent(sum(x) / len(x), lang, True) if x else "–"
        marker = {"color": colour, "symbol": kinds, "size": 11, "line": {"width": 2, "color": colour}, "opacity": 0.85}
        data.append(trace("markers", x, y, marker=marker, hovertext=text, cliponaxis=False))
    names = [say(f"evidence.predictions.{key}", lang) for key in ("called", "spared")]
    right = sum((case["others"] > 0.5) == case["called"] for case in summary["predicted"]["cases"])
    plan = layout(say("evidence.predictions.title", lang, right=right, cases=summary["cases"]), 320) | {
        "xaxis": percent_axis(say("evidence.predictions.axis", lang), 0.03),
        "yaxis": {
            "fixedrange": True,
            "range": [-0.25, 1.85],
            "tickvals": [1, 0],
            "ticktext": names,
            "automargin": True,
            "gridcolor": FAINT,
            "zeroline": False,
            "tickfont": {"size": 14},
        },
    }
    rows = [
        [
            case["case_id"],
            names[not case["called"]],
            percent(case["prior"], lang, True),
            percent(case["others"], lang, True),
        ]
        for case in summary["predicted"]["cases"]
    ]
    alt = {"called": summary["called"], "spared": summary["cases"] - summary["called"]}
    alt |= {"mean_called": means[True], "mean_spared": means[False]}
    return worded("predictions", "evidence.predictions", lang, data, plan, rows, alt)


def first_day_figure(summary: Mapping[str, Any], lang: str) -> Figure:
    """The weight of each first possible day, before (light) and after (dark)."""
    days = summary["first_day"]
    names, rows_at = [say("case.claims.day", lang, day=entry["day"]) for entry in days], down(len(days))
    before = bar([at + 0.12 for at in rows_at], [entry["prior"] for entry in days], "#BDBDBD") | {"width": 0.22}
    after = bar([at - 0.12 for at in rows_at], [entry["posterior"] for entry in days], INK) | {"width": 0.26}
    most = max(max(entry["prior"], entry["posterior"]) for entry in days)
    numbers = [[percent(min(1.0, entry[key]), lang, True) for key in ("prior", "posterior")] for entry in days]
    ends = [f"{b} → {a}" for b, a in numbers]
    widest = [max(entry["prior"], entry["posterior"]) for entry in days]
    top = max(days, key=lambda entry: entry["posterior"])
    title = say("evidence.first_day.title", lang, day=top["day"], share=percent(min(1.0, top["posterior"]), lang))
    plan = layout(title, 130 + 48 * len(days)) | {
        "xaxis": axis(say("evidence.first_day.axis", lang)) | {"range": [0, most * 1.4], "showticklabels": False},
        "yaxis": plain_rows(len(days)),
        "annotations": labels_above(names),
    }
    rows = [[name, b, a] for name, (b, a) in zip(names, numbers, strict=True)]
    said = [say("evidence.spread.alt_row", lang, span=name, before=b, after=a) for name, b, a in rows]
    alt = say("evidence.first_day.alt", lang, rows=sentences(said, lang))
    data = [before, after, beside(widest, rows_at, ends, most)]
    caption, head = say("evidence.first_day.caption", lang), heads("evidence.first_day_table", lang)
    return Figure("first_day", data, plan, alt, caption, head, rows)
