"""A panel without a browser: its first state as HTML and as plain text, for a code host, a static export and nbval."""

from __future__ import annotations

import html
import os
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from jiebei_lib.page.html import environment
from jiebei_lib.page.text import say

BREAKS = re.compile(r"</(?:p|h\d|li|tr|dt|dd|div|summary|figcaption)>|<br>")
BETWEEN = re.compile(r"</t[hd]>")
TAG = re.compile(r"<[^>]*>")


def bundle(live: Any, page: str, text: str) -> Any:
    """What Jupyter keeps of a panel: the live view, and beside it what stands for it where no kernel is. A run that nobody reads
    keeps no view: its kernel is gone when the page is looked at, and nbconvert would show the dead view and not the HTML."""
    data, metadata = live if isinstance(live, tuple) else (live, {})
    return {**({} if nobody_reads() else data), "text/html": page, "text/plain": text}, metadata


def nobody_reads() -> bool:
    """Whether this cell was sent by a program that answers no question of it (nbclient, and so nbconvert, papermill, nbval). Voilà
    sends cells so as well, for a reader who waits."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    request = getattr(shell, "parent_header", None) or {}
    return request.get("content", {}).get("allow_stdin") is False and not any(
        name.startswith("VOILA_") for name in os.environ
    )


def plain(parts: Iterable[Mapping[str, Any]]) -> str:
    """The parts as lines of text; of a figure its title, its text alternative and its numbers."""
    lines: list[str] = []
    for part in parts:
        if "figure" in part:
            title = part["figure"]["layout"].get("title", {}).get("text", "")
            lines += [_bare(title), part["alt"], part["caption"], " | ".join(part["head"])]
            lines += [" | ".join(row) for row in part["rows"]]
        else:
            lines += _bare(part["html"]).split("\n")
    return "\n".join(line for line in (" ".join(line.split()) for line in lines) if line)


def static_html(parts: Iterable[Mapping[str, Any]], lang: str) -> str:
    """The parts as HTML that needs no script: a figure as its caption and numbers."""
    template = environment().get_template("show/widget/static.html.j2")
    return template.render(parts=list(parts), lang=lang, say=say).strip()


def switch_html() -> str:
    """The language switch without a kernel: two radio buttons and one rule of style."""
    css = Path(__file__).with_name("switch.css").read_text("utf-8")
    return environment().get_template("show/widget/switch.html.j2").render(css=css).strip()


def _bare(markup: str) -> str:
    return html.unescape(TAG.sub("", BREAKS.sub("\n", BETWEEN.sub(" | ", re.sub(r"\s+", " ", markup)))))
