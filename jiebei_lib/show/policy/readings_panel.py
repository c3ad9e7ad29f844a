"""The readings of a policy themselves: brush an axis, or set its limits, and see the answers that are left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from jiebei_lib.core.readings import FACTORS
from jiebei_lib.page.text import LANGUAGES, percent, say
from jiebei_lib.show.policy import figures
from jiebei_lib.show.policy.panel import QUIET, Bench, follow, words
from jiebei_lib.show.widget.fields import both, button, group, number
from jiebei_lib.show.widget.panel import Panel

AXES = ("neutral", *FACTORS, "first_day", "answer")


def all_readings(bench: Bench) -> Panel:
    """The readings themselves: brush an axis, or set its limits, and see the answers that are left."""
    names = {name: _axis_label(name) for name in AXES}
    bounds = {name: (0, 1) if name in ("neutral", "answer") else (0.001, 3650) for name in AXES}
    limits = [
        number(
            f"{end}_{name}", {lang: say(f"policy.readings.{key}", lang, name=names[name][lang]) for lang in LANGUAGES}, None,
            *bounds[name], whole=False, optional=True, start=bounds[name][end == "high"],
        )
        for name in AXES
        for end, key in (("low", "from_"), ("high", "to"))
    ]  # fmt: skip
    fields = [group(both("policy.readings.brush"), limits, open=False), button("all", both("policy.readings.all"))]

    def draw(values: Mapping[str, Any], lang: str) -> dict[str, list[Any]]:
        policy, case = bench.policy(), bench.case()
        axes = figures.axes_of(case, policy, lang)
        kept, limits = within(axes, values)
        answers = axes["answer"][1][kept]
        sentence = say("policy.readings.title_none", lang)
        if kept.any():
            ends = {"low": percent(float(answers.min()), lang), "high": percent(float(answers.max()), lang)}
            sentence = say(
                "policy.readings.sentence", lang, drawn=f"{len(kept):,}", kept=f"{int(kept.sum()):,}", **ends
            )
        return {
            "top": [words("kept", lang, sentence)],
            "below": [figures.readings_figure(case, policy, kept, limits, lang)],
        }

    def brushed(values: Mapping[str, Any], event: Mapping[str, Any]) -> dict[str, float | None]:
        shown = list(figures.axes_of(bench.case(), bench.policy(), "en"))
        return limits_of(event.get("changes", {}), shown)

    def keep_all(values: Mapping[str, Any], panel: Panel) -> dict[str, None]:
        return dict.fromkeys(field["name"] for field in limits)

    panel = Panel(fields, draw, presses={"all": keep_all}, picks={"readings-lines": brushed}, name="all-readings")
    return follow(panel, bench, 2 * QUIET)  # last: hundreds of lines keep a browser busy


def _axis_label(name: str) -> dict[str, str]:
    if name in FACTORS:
        return {
            lang: say("policy.readings.times", lang, name=say(f"policy.readings.short.{name}", lang))
            for lang in LANGUAGES
        }
    return both(f"policy.readings.{name}")


def within(
    axes: Mapping[str, tuple[str, np.ndarray]], values: Mapping[str, Any]
) -> tuple[np.ndarray, dict[str, tuple[float, float]]]:
    """Which readings lie within all limits (N,), and the limits that are set, as far as there are readings."""
    kept, limits = np.ones(len(axes["answer"][1]), bool), {}
    for name, (_, found) in axes.items():
        low, high = values.get(f"low_{name}"), values.get(f"high_{name}")
        if low is None and high is None:
            continue
        low, high = (found.min() if low is None else low), (found.max() if high is None else high)
        limits[name] = (float(low), float(high))
        kept &= (found >= low) & (found <= high)
    return kept, limits


def limits_of(changes: Mapping[str, Any], shown: list[str]) -> dict[str, float | None]:
    """What was brushed in the chart, as values of the controls: of several pieces on one axis the stretch that holds them all."""
    out: dict[str, float | None] = {}
    for key, value in changes.items():
        place = key.removeprefix("dimensions[").partition("]")[0]
        if "constraintrange" not in key or not place.isdigit() or int(place) >= len(shown):
            continue
        name = shown[int(place)]
        ends = np.ravel([end for end in np.ravel(np.array(value, dtype=object)) if end is not None]).astype(float)
        for end, found in (("low", min), ("high", max)):
            out[f"{end}_{name}"] = float(f"{figures.off_axis(name, found(ends)):.4g}") if len(ends) else None
    return out
