"""The pictures of months compared. Each takes what :func:`jiebei_lib.portfolio.months.compare_months` gives, or its last step."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

from jiebei_lib.core.knowledge.yaml_files import shipped
from jiebei_lib.page.figure import CALL, FAINT, INK, NEITHER, NO_CALL, Figure, axis, layout, note
from jiebei_lib.page.marks import key_marks, trace
from jiebei_lib.page.text import say
from jiebei_lib.show.portfolio.figures import (
    MARGIN,
    ROW,
    bars_figure,
    count_bar,
    counts_axis,
    figure_of,
    listed,
    names_axis,
)
from jiebei_lib.show.portfolio.words import column_name, reason_name, whole

COLOURS = {"worse": CALL, "better": NO_CALL, "cured": NO_CALL}
MARKS = {"worse": "◆ ", "better": "● ", "cured": "● "}
DRAWN = 12  # columns whose drift is drawn


def moves_figure(step: Mapping[str, Any], lang: str) -> Figure:
    """How many came, left, got better or worse, stayed."""
    names = {name: say(f"portfolio.months_moves.{name}", lang) for name in step["moves"]}
    said = [say("portfolio.months_moves.row", lang, name=names[name], n=whole(n)) for name, n in step["moves"].items()]
    bars = [(MARKS.get(name, "") + names[name], n, COLOURS.get(name, NEITHER)) for name, n in step["moves"].items()]
    counts = {name: whole(n) for name, n in step["moves"].items()}
    slots = {"from": step["from"], "to": step["to"], "rows": listed(said, lang)}
    rows = [[names[name], whole(n)] for name, n in step["moves"].items()]
    return bars_figure(lang, "months_moves", say("portfolio.months_moves.title", lang, **counts), bars, slots, rows)


def why_figure(step: Mapping[str, Any], lang: str) -> Figure:
    """What moved most in the cases that got worse and in those that got better, bars in pairs."""
    shown = [(reason_name(row["why"], lang), row) for row in step["why"]]
    labels = [html.escape(name) for name, _ in shown]
    hatched = {"shape": "/", "fillmode": "overlay", "size": 6, "bgcolor": "#FFFFFF", "fgcolor": NO_CALL}
    data = [
        count_bar(labels, [row["worse"] for _, row in shown], CALL, pattern={"shape": ""}),
        count_bar(labels, [row["better"] for _, row in shown], NO_CALL, pattern=hatched),
    ]
    kind = "worse" if any(row["worse"] for _, row in shown) else "better"
    name, most = max(shown, key=lambda each: each[1][kind])
    title = say(
        "portfolio.months_why.title" + ("" if kind == "worse" else "_better"), lang, why=name, n=whole(most[kind])
    )
    plan = layout(title, MARGIN + 52 * len(shown)) | {
        "xaxis": counts_axis(lang, "months_why", max(max(row["worse"], row["better"]) for _, row in shown)),
        "yaxis": names_axis([name for name, _ in shown]),
        "barmode": "group",
        "bargap": 0.25,
    }
    rows = [[name, whole(row["worse"]), whole(row["better"])] for name, row in shown]
    said = [say("portfolio.months_why.row", lang, name=name, worse=one, better=other) for name, one, other in rows]
    return figure_of(lang, "months_why", data, plan, {"rows": listed(said, lang)}, rows)


def drift_figure(step: Mapping[str, Any], lang: str) -> Figure:
    """The stability index of each column, the border of chance as a mark on it, the rule of thumb as dashed lines."""
    rule, drift = shipped("portfolio/months.yaml")["psi"], step["drift"][:DRAWN]
    rows = [
        [column_name(row["column"], lang), _index(row["psi"]), _index(row["chance"]), level_name(row["level"], lang)]
        for row in drift
    ]
    names = [row[0] for row in rows]
    labels = [html.escape(name) for name in names]
    colours = [CALL if row["level"] in ("moderate", "large") else NEITHER for row in drift]
    bars = count_bar(labels, [row["psi"] for row in drift], colours) | {"text": [""] * len(rows)}
    mark = {"symbol": "diamond", "size": 10, "color": INK}
    chance = trace("markers", [row["chance"] for row in drift], labels, marker=mark)
    longest = max([rule["large"], *(max(row["psi"], row["chance"]) for row in drift)])
    title = say("portfolio.months_drift.title_none", lang)
    if rows:
        title = say("portfolio.months_drift.title", lang, column=names[0], psi=rows[0][1], level=rows[0][3])
    dashed = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "line": {"color": NEITHER, "width": 1, "dash": "dash"}}
    plan = layout(title, MARGIN + ROW * len(rows)) | {
        "xaxis": axis(say("portfolio.months_drift.axis", lang)) | {"range": [0, longest * 1.3], "gridcolor": FAINT},
        "yaxis": names_axis(names),
        "annotations": [
            note(max(each["psi"], each["chance"]), label, f"PSI {row[1]}", "left", 0) | {"xshift": 10}
            for each, label, row in zip(drift, labels, rows, strict=True)
        ],
        "shapes": [dashed | {"x0": rule[end], "x1": rule[end]} for end in ("moderate", "large")],
        "showlegend": False,
    }
    said = [
        say("portfolio.months_drift.row", lang, column=name, psi=psi, chance=border, level=level)
        for name, psi, border, level in rows
    ]
    return figure_of(lang, "months_drift", [bars, chance], plan, {"rows": listed(said, lang)}, rows)


def trend_figure(months: Mapping[str, Any], lang: str) -> Figure:
    """All cases and those with a call more likely than not, month by month."""
    read = months["months"]
    x = [month["name"] for month in read]
    lines = {"cases": [month["cases"] for month in read], "likely": [month["verdicts"]["likely"] for month in read]}
    looks = (("cases", NEITHER, "circle", "dash", "●"), ("likely", CALL, "diamond", "solid", "◆"))
    data, key = [], []
    for name, colour, symbol, dash, sign in looks:
        word = say(f"portfolio.months_trend.{name}", lang)
        hover = [
            say("portfolio.months_trend.hover", lang, month=html.escape(month), n=whole(n), name=word)
            for month, n in zip(x, lines[name], strict=True)
        ]
        line, marker = {"color": colour, "width": 3, "dash": dash}, {"symbol": symbol, "size": 10, "color": colour}
        data.append(
            trace("lines+markers", list(map(html.escape, x)), lines[name], line=line, marker=marker, text=hover)
        )
        key.append((sign, word, colour))
    ends = {"first": whole(lines["likely"][0]), "last": whole(lines["likely"][-1])}
    plan = layout(say("portfolio.months_trend.title", lang, **ends), 380) | {
        "xaxis": axis(say("portfolio.months_trend.axis", lang)) | {"type": "category"},
        "yaxis": axis(say("portfolio.months_trend.axis_y", lang))
        | {"range": [0, max(1, *lines["cases"]) * 1.12], "gridcolor": FAINT, "tickformat": ",d"},
        "annotations": key_marks([key[0], ("", "", INK), key[1]]),
    }
    rows = [[month, whole(n), whole(some)] for month, n, some in zip(x, *lines.values(), strict=True)]
    said = [say("portfolio.months_trend.row", lang, month=m, cases=n, likely=some) for m, n, some in rows]
    return figure_of(lang, "months_trend", data, plan, {"rows": listed(said, lang)}, rows)


def level_name(level: str, lang: str) -> str:
    return say(f"portfolio.months_drift.level.{level}", lang)


def _index(value: float) -> str:
    return f"{value:.3f}"
