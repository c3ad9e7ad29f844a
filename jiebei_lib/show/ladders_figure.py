"""The published ladders drawn side by side."""

from __future__ import annotations

import html
from collections.abc import Sequence
from urllib.parse import urlsplit

from jiebei_lib.claims import ARTICLE_LADDER, Ladder, Step
from jiebei_lib.show.claims_figures import down, joined, key_marks, labels_above, plain_rows, sentences, word
from jiebei_lib.show.figure import CALL, FAINT, INK, NEITHER, Figure, axis, layout, stretched
from jiebei_lib.show.text import say

WHOM_MARKS = {"borrower": (NEITHER, "circle", "●"), "third": (CALL, "diamond", "◆"), "outsider": (INK, "square", "■")}
TICKS = (0, 1, 3, 7, 15, 30, 60, 90, 180, 365)


def ladders_figure(found: Sequence[Ladder], lang: str) -> Figure:
    """The ladders side by side: a row each, marks where a step begins, coloured by whom it reaches."""
    end = stretched([TICKS[-1]])[0]
    data = []
    for y, ladder in zip(down(len(found)), found, strict=True):
        for step in ladder.steps:
            whom = "third" if "third" in step.whom else step.whom[0]
            colour, symbol, _ = WHOM_MARKS[whom]
            first = stretched([step.first])[0]
            last = end if step.last is None else stretched([max(step.last, step.first)])[0]
            line = {"color": colour, "width": 6 if step.last else 3, "dash": "solid" if step.last else "dot"}
            hover = step_words(step, lang)
            data.append(
                {"type": "scatter", "mode": "lines", "x": [first, last], "y": [y, y], "line": line, "hoverinfo": "skip"}
            )
            data.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "x": [first],
                    "y": [y],
                    "marker": {
                        "color": colour,
                        "symbol": symbol,
                        "size": 13 if whom == "third" else 15,
                        "line": {"color": "#FFFFFF", "width": 1},
                    },
                    "hovertext": [html.escape(hover)],
                    "hoverinfo": "text",
                    "cliponaxis": False,
                }
            )
    # Marks above all lines and third persons above the rest, so that none hides another's beginning.
    data.sort(
        key=lambda trace: (trace["mode"] == "markers", trace["mode"] == "markers" and trace["marker"]["color"] == CALL)
    )
    names = [ladder_name(ladder, lang) for ladder in found]
    bold = next((n for n, ladder in enumerate(found) if ladder.id == ARTICLE_LADDER), None)
    thirds = [ladder.third_from for ladder in found if ladder.third_from is not None]
    title = (
        say("published.ladders.title", lang, n=len(found), first=min(thirds), last=max(thirds))
        if thirds
        else say("published.ladders.title_none", lang, n=len(found))
    )
    legend = [
        (mark, say(f"published.ladders.{whom}", lang), WHOM_MARKS[whom][0])
        for whom, mark in (("borrower", "●"), ("third", "◆"), ("outsider", "■"))
    ]
    plan = layout(title, 170 + 50 * max(2, len(found))) | {
        "xaxis": axis(say("published.ladders.axis", lang))
        | {
            "range": [0, end + 0.2],
            "tickvals": stretched(TICKS),
            "ticktext": [str(day) for day in TICKS],
            "gridcolor": FAINT,
        },
        "yaxis": plain_rows(len(found)),
        "annotations": labels_above(names, bold) + key_marks(legend),
    }
    rows = [
        [
            ladder_name(ladder, lang),
            span_words(step.first, step.last, lang),
            joined([word("channels", channel, lang) for channel in step.channels], lang),
            word("targets", step.target, lang),
        ]
        for ladder in found
        for step in ladder.steps
    ]
    said = [
        say(
            "published.ladders.alt_row",
            lang,
            name=ladder_name(ladder, lang),
            when=say("published.ladders.never", lang)
            if ladder.third_from is None
            else say("published.ladders.open", lang, first=ladder.third_from),
        )
        for ladder in found
    ]
    return Figure(
        "ladders",
        data,
        plan,
        say("published.ladders.alt", lang, n=len(found), rows=sentences(said, lang)),
        say("published.ladders.caption", lang),
        say("published.ladders.table", lang).split("|"),
        rows,
    )


def ladder_name(ladder: Ladder, lang: str) -> str:
    """A ladder's product and where it was published."""
    product = word("ladder_products", ladder.product, lang)
    if ladder.id == ARTICLE_LADDER:
        return say("published.ladders.row", lang, product=product, source=say("published.ladders.article", lang))
    host = urlsplit(ladder.source).hostname or ladder.source
    return say("published.ladders.row", lang, product=product, source=host.removeprefix("www."))


def step_words(step: Step, lang: str) -> str:
    channels = joined([word("channels", channel, lang) for channel in step.channels], lang)
    days = span_words(step.first, step.last, lang)
    return say("published.ladders.hover", lang, days=days, target=word("targets", step.target, lang), channels=channels)


def span_words(first: int, last: int | None, lang: str) -> str:
    if last is None:
        return say("published.ladders.open", lang, first=first)
    key = "one" if first == last else "span"
    return say(f"published.ladders.{key}", lang, first=first, last=last)
