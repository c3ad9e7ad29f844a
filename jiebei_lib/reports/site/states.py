"""Each notebook as a page: its words, and what its panels show at first, in both languages. Run as a program, in a process whose cache is
empty, so that what the pages need compiled is all that lies there at the end."""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from jiebei_lib.core.knowledge.yaml_files import beside
from jiebei_lib.page.html import environment
from jiebei_lib.page.text import LANGUAGES
from jiebei_lib.reports.light.compiled import compile_into
from jiebei_lib.reports.site.runtime import ROOM, known
from jiebei_lib.show.widget.gallery import opening
from jiebei_lib.show.widget.panel import PLACES, Panel
from jiebei_lib.show.widget.static import switch_html
from jiebei_lib.show.widget.switch import Switch, current

OURS = "jiebei_lib.show"  # a cell that imports nothing else, and uses no other cell's names, can run in a page
ID = re.compile(r'\s(?:id|for|aria-labelledby|aria-describedby|aria-controls)="[^"]*"')
ANCHOR = re.compile(r'<a class="anchor-link".*?</a>', re.DOTALL)
LINK = re.compile(r'<a href="([^"#:]*?)([\w-]+)\.ipynb">(.*?)</a>', re.DOTALL)
STYLE = re.compile(r"<style.*?</style>", re.DOTALL)


def name_of(notebook: str) -> str:
    """A page's name: that of its notebook, without the folder."""
    return notebook.rpartition("/")[2]


def pages() -> list[dict[str, Any]]:
    """Every page: ``name``, ``title`` and ``lead`` (zh, en), and its ``cells`` (:func:`cells_of`)."""
    made = []
    for notebook in known()["pages"]:
        file = beside("") / f"{notebook}.ipynb"
        current.lang = LANGUAGES[0]
        made.append({"name": name_of(notebook), **opening(file), "cells": list(cells_of(file))})
    return made


def cells_of(file: Path) -> list[dict[str, Any]]:
    """A notebook's cells. ``words``: ``html``. ``live``: ``code``, the ``script`` and ``style`` of its panel, and ``html``, what this shows
    at first. ``kept``: ``code`` that needs more than a page has, and ``html``, what it gave when the notebook was last run."""
    out, panels, scope = [], [], {"__name__": file.stem}
    for cell in json.loads(file.read_text("utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            out.append({"kind": "words", "html": words(source)})
        elif not source.strip():
            continue
        elif runs(ast.parse(source), scope):
            value = _value(source, scope)
            panels.append((len(out), value))
            out.append({"kind": "live", "code": source, "script": str(value._esm), "style": str(value._css)})
        else:
            out.append({"kind": "kept", "code": source, "html": _kept(cell.get("outputs", []))})
    firsts = {}
    for lang in LANGUAGES:
        current.lang = lang
        firsts[lang] = {n: first(value, lang) for n, value in panels}
    for n, value in panels:
        switch = isinstance(value, Switch)
        out[n]["html"] = switch_html() if switch else _in_both({lang: firsts[lang][n] for lang in LANGUAGES})
    return out


def runs(tree: ast.Module, scope: Mapping[str, Any]) -> bool:
    """Whether a cell can run in a page: it imports panels alone, and what else it names is its own or another such cell's."""
    nodes = list(ast.walk(tree))
    brought = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    made = {alias.asname or alias.name for node in brought for alias in node.names}
    made |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    used = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    ours = all(isinstance(node, ast.ImportFrom) and (node.module or "").startswith(OURS) for node in brought)
    return ours and used <= made | set(scope) and isinstance(tree.body[-1], ast.Expr)


def _value(source: str, scope: dict[str, Any]) -> Any:
    *lines, last = ast.parse(source).body
    assert isinstance(last, ast.Expr)  # see runs()
    exec(compile(ast.Module(lines, []), scope["__name__"], "exec"), scope)  # our own notebook, as a kernel would
    return eval(compile(ast.Expression(last.value), scope["__name__"], "eval"), scope)


def first(value: Any, lang: str) -> str:
    """What a panel shows at first, as HTML that needs no script: of a figure its title, what it says, and its numbers to be opened."""
    if not isinstance(value, Panel):
        return ""
    parts = [part for place in PLACES for part in value._places[place]]
    template = environment().get_template(f"{ROOM}/first.html.j2")
    return ID.sub("", template.render(parts=parts, lang=lang, number=value.page["words"]["numbers"][lang]).strip())


def _in_both(said: Mapping[str, str]) -> str:
    return "".join(f'<div lang="{lang}">{html}</div>' for lang, html in said.items())


def words(markdown: str) -> str:
    """Words of a notebook as HTML; a link to another notebook leads to its page, if it has one."""
    from nbconvert.filters import markdown2html

    return LINK.sub(_link, ANCHOR.sub("", str(markdown2html(markdown))))


def _link(found: re.Match[str]) -> str:
    name, text = found[2], found[3]
    return f'<a href="{name}.html" data-page="{name}">{text}</a>' if name in map(name_of, known()["pages"]) else text


def _kept(outputs: list[dict[str, Any]]) -> str:
    """What a notebook keeps of a cell: its HTML, or its text where there is no more."""
    found: list[str] = []
    for output in outputs:
        data = output.get("data", {})
        if "text/html" in data:
            found.append(STYLE.sub("", "".join(data["text/html"])))
        elif "application/vnd.jupyter.widget-view+json" not in data and "text/plain" in data:
            plain = "".join(data["text/plain"])
            found += [] if plain.startswith("FigureWidget") else [str(Markup("<pre>{}</pre>").format(plain))]
    return "".join(found)


def _styles(made: list[dict[str, Any]]) -> Iterator[str]:
    yield from dict.fromkeys(cell.pop("style") for page in made for cell in page["cells"] if cell["kind"] == "live")


def main(folder: str) -> None:
    """Writes what the pages need compiled to ``folder``, and the pages as JSON beside it (``pages.json``)."""
    compile_into(folder)
    made = pages()
    compile_into(folder)  # again: with what the panels needed besides
    Path(folder, "pages.json").write_text(
        json.dumps({"styles": list(_styles(made)), "pages": made}, ensure_ascii=False), "utf-8"
    )


if __name__ == "__main__":
    main(sys.argv[1])
