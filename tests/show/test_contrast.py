"""Whatever is written in a picture stands out from what it is written on by 4.5 to 1 (WCAG 2.2, 1.4.3), on white paper and on dark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from jiebei_lib import example_file
from jiebei_lib.core.knowledge.yaml_files import HERE
from jiebei_lib.evidence.claims import first_contact_days
from jiebei_lib.show import panels
from jiebei_lib.show.case.figures import claims_figure
from jiebei_lib.show.portfolio.months_page import MonthsPage
from jiebei_lib.show.widget.switch import current

LEAST = 4.5
PAPER = {"white": "#FFFFFF", "dark": "#111111"}  # the second is that of JupyterLab's dark and high-contrast themes
SCRIPT = (HERE / "show" / "widget" / "panel.js").read_text("utf-8")
ON_DARK = dict(re.findall(r'"(#\w{6})": "(#\w{6})"', re.search(r"ON_DARK = \{(.*?)\}", SCRIPT)[1]))
WHITE = re.compile(r"#fff(fff)?|rgba\(255,\s*255,\s*255.*", re.I)


def on_dark(value: Any, key: str = "") -> Any:
    """A figure as panel.js draws it on dark paper."""
    if key == "colorscale" or (key == "textfont" and isinstance(value.get("color"), list)):
        return value
    if isinstance(value, list):
        return [on_dark(one) for one in value]
    if isinstance(value, dict):
        return {name: on_dark(one, name) for name, one in value.items()}
    if not isinstance(value, str):
        return value
    return PAPER["dark"] if WHITE.fullmatch(value) else ON_DARK.get(value.lower(), value)


def tone(colour: str, under: np.ndarray | None = None) -> np.ndarray:
    """Red, green and blue from 0 to 1; what lets something through lies over ``under``."""
    if colour.startswith("#"):
        return np.array([int(colour[n : n + 2], 16) for n in (1, 3, 5)]) / 255
    *parts, through = map(float, re.findall(r"[\d.]+", colour))
    return np.array(parts) / 255 * through + (1 - through) * under


def light(of: np.ndarray) -> float:
    return float(np.where(of <= 0.04045, of / 12.92, ((of + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722])


def contrast(one: np.ndarray, other: np.ndarray) -> float:
    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


def of(value: Any, n: int) -> Any:
    return value[n] if isinstance(value, list) else value


def written(data: list[dict[str, Any]], plan: dict[str, Any], paper: str) -> Iterator[tuple[str, str, np.ndarray]]:
    """Every piece of text in a figure, its colour, and what it stands on; beside a band, each band as well."""
    ink, page = plan["font"]["color"], tone(paper)
    grounds = [page]
    for trace in data:
        if trace.get("fill") == "tonexty":
            grounds.append(tone(trace["fillcolor"], grounds[-1]))
    for note in plan.get("annotations", ()):
        on = [tone(note["bgcolor"], page)] if "bgcolor" in note else [page] if "paper" in str(note) else grounds
        yield from ((note["text"], note["font"].get("color", ink), each) for each in on)
    for name, axis in plan.items():
        if name.startswith(("xaxis", "yaxis")) and axis.get("visible", True):
            yield name, axis.get("tickfont", {}).get("color", ink), page
    scales = [trace for trace in data if trace["type"] == "heatmap"]
    for trace in data:
        for font in ("labelfont", "tickfont"):
            if font in trace:
                yield font, trace[font]["color"], page
        place = trace.get("textposition")
        shown = trace["type"] == "bar" or "text" in trace.get("mode", "")
        for n, text in enumerate(trace.get("text", []) if shown else []):
            colour, here = of(trace.get("textfont", {}).get("color", ink), n), page
            if place == "inside" or (trace.get("mode") == "markers+text" and place is None):
                here = tone(of(trace["marker"]["color"], n))
            elif scales:
                scale, cell = scales[0], scales[0]["z"][int(trace["y"][n])][int(trace["x"][n])]
                stops, tones = zip(*scale["colorscale"], strict=True)
                at = (cell - scale["zmin"]) / (scale["zmax"] - scale["zmin"])
                here = np.array([np.interp(at, stops, channel) for channel in np.array([tone(t) for t in tones]).T])
            if text:
                yield text, colour, here


@pytest.fixture(scope="module", params=["zh", "en"])
def drawn(request):
    """Every figure of every panel in its first state, the pages' own figures, and the months'."""
    before, current.lang = current.lang, request.param
    case, bench = panels.one_case(), panels.policy_bench()
    shown = [case, bench, panels.compare(case), panels.assumptions(bench), panels.two_facts(bench)]
    shown += [panels.all_readings(bench), panels.learning(example_file("outcomes.csv")), panels.portfolio(60)]
    plain = ("first_days", "ladders", "reported", "context", "owing", "ways_out", "yearly_rate", "credit_record")
    shown += [getattr(panels, name)() for name in (*plain, "call_log", "offers")]
    figures = {f"{panel.page['name']}.{name}": one for panel in shown for name, one in panel.figures.items()}
    figures["claims"] = claims_figure(first_contact_days(), request.param)
    months = MonthsPage(lang=request.param)
    for section in ("moves", "why", "grades", "drift", "trend"):
        figures |= {f"months.{one.name}": one for one in getattr(months, section)() if hasattr(one, "spec")}
    yield figures
    current.lang = before


@pytest.mark.parametrize("paper", PAPER)
def test_every_word_in_a_picture_stands_out_from_its_ground(drawn, paper):
    faint, seen = set(), 0
    for name, figure in drawn.items():
        data, plan = figure.spec()["data"], figure.spec()["layout"]
        if paper == "dark":
            data, plan = on_dark(data), on_dark(plan)
        for text, colour, ground in written(data, plan, PAPER[paper]):
            seen += 1
            if (ratio := contrast(tone(colour), ground)) < LEAST:
                faint.add((name, str(text)[:30], colour, round(ratio, 2)))
    assert seen > 300 and faint == set()


def test_white_on_orange_is_found_to_be_faint():
    marks = {"type": "scatter", "mode": "markers+text", "x": [0], "y": [0], "text": ["14"]}
    marks |= {"marker": {"color": "#D55E00"}, "textfont": {"color": "#FFFFFF"}}
    [(_, colour, ground)] = written([marks], {"font": {"color": "#222222"}}, "#FFFFFF")
    assert contrast(tone(colour), ground) == pytest.approx(3.87, abs=0.005)
