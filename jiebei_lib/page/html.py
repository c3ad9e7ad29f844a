"""The pieces that every page is made of: its head, finished words, the templates, the style and the chart library."""

from __future__ import annotations

import html
import re
from functools import cache
from typing import Any

from jiebei_lib.core.knowledge.yaml_files import HERE

HEAD = "application/vnd.jiebei.head+json"


class Words(str):
    """A piece of finished HTML: everything that came from a user was escaped when it was made."""

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        # The plain text only tells what stands there: all of it would be kept twice in every report.
        plain = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", self)).split())
        return {"text/html": str(self), "text/plain": plain if len(plain) <= 80 else plain[:79] + "…"}

    def _ipython_display_(self) -> None:
        # IPython shows any str, whatever else it says of itself, by its repr as well.
        from IPython.display import publish_display_data

        publish_display_data(self._repr_mimebundle_())


class Section(list):
    """Words and figures, shown one after the other."""

    def _ipython_display_(self) -> None:
        from IPython.display import display

        for part in self:
            display(part)


class Head(dict):
    """What a report says of itself: ``title``, ``headline``, ``lang``. Shown in a notebook as its headline."""

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {HEAD: dict(self), "text/plain": self["headline"]}


@cache
def environment() -> Any:
    """The templates; whatever they are given is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(HERE),
        auto_reload=False,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def stylesheet() -> str:
    """The report's style."""
    return (HERE / "page" / "report.css").read_text("utf-8")


@cache
def chart_words() -> str:
    """The script by which a narrow chart keeps its words within its edges, in a panel and on a page."""
    return (HERE / "page" / "chart_words.js").read_text("utf-8")


@cache
def plotly_bundle() -> str:
    """The chart library, as the plotly package carries it."""
    from importlib.resources import files

    return (files("plotly") / "package_data" / "plotly.min.js").read_text("utf-8")
