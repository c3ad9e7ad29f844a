"""Builds the documentation: `python docs/build.py` (what `make docs` calls) makes docs/_build/html, in Chinese and in English.

A language's sources are put together in docs/_build/source: its own pages (docs/zh, docs/en), the pages that both share (docs/*.md and the
root's; where there is a page.zh.md too, Chinese readers get that), the notebooks as they are kept, and references generated from the
command line, the docstrings, the schemas and the rules' dates.
Nothing is executed and nothing fetched; every warning is an error.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
BUILT = HERE / "_build"
SHARED = ("CHANGELOG", "CONTRIBUTING", "SECURITY", "CODE_OF_CONDUCT")
LANGS = ("zh", "en")
FORMS = {"cli": "options", "notes/install": "stacked"}  # pages whose tables have a form of their own on a phone


def build(out: Path = BUILT) -> None:
    """Both languages, each in a process of its own: the words of the command line are those of its start."""
    for lang in LANGS:
        surroundings = {
            **os.environ,
            "JIEBEI_LANG": lang,
            "PYTHONPATH": str(ROOT),
            "JIEBEI_CONFIG": os.devnull + ".none",
        }
        for command in ([sys.executable, __file__, lang, str(out)], _sphinx(out, lang)):
            subprocess.run(command, env=surroundings, cwd=ROOT, check=True)
    for lang in LANGS:
        folder = out / "html" / lang
        for page in folder.rglob("*.html"):
            page.write_text(readable(page.read_text("utf-8"), lang), "utf-8")
        for name, form in FORMS.items():
            page = folder / f"{name}.html"
            formed = page.read_text("utf-8").replace('class="table-wrapper', f'class="{form} table-wrapper')
            page.write_text(formed, "utf-8")
    links = "".join(
        f'<p lang="{lang}"><a href="{lang}/index.html">{text("root.title", lang)}</a></p>' for lang in LANGS
    )
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>jiebei-lib</title>'
    page = f'<!doctype html><html lang="zh"><head>{head}</head><body><main><h1>jiebei-lib</h1>{links}</main></body></html>\n'
    (out / "html" / "index.html").write_text(page, "utf-8")


def readable(page: str, lang: str) -> str:
    """A page with what the theme leaves out for readers who hear it or use keys: levels of captions, names of its two sides, a way by
    keys into what scrolls sideways; and the theme's own words in the page's language."""
    sides = text("theme.sides", lang)
    for given, told in (
        ('role="heading">', 'role="heading" aria-level="2">'),
        ('<aside class="sidebar-drawer">', f'<aside class="sidebar-drawer" aria-label="{sides[0]}">'),
        ('<aside class="toc-drawer', f'<aside aria-label="{sides[1]}" class="toc-drawer'),
        ("<pre>", '<pre tabindex="0">'),
        ('<div class="table-wrapper', '<div tabindex="0" class="table-wrapper'),
        ('<div class="math">', '<div tabindex="0" class="math">'),
    ):
        page = page.replace(given, told)
    for given, told in text("theme.words", lang).items():
        page = re.sub(rf'(>\s*|aria-label="){re.escape(given)}(\s*<|")', rf"\g<1>{told}\2", page)
    return page


def _sphinx(out: Path, lang: str) -> list[str]:
    flags = ["-W", "--keep-going", "-q", "-E", "-b", "html", "-c", str(HERE), "-d", str(out / "doctrees" / lang)]
    return [sys.executable, "-m", "sphinx", *flags, str(out / "source" / lang), str(out / "html" / lang)]


def text(key: str, lang: str) -> Any:
    import yaml

    node = yaml.safe_load((HERE / "text.yaml").read_text("utf-8"))
    for part in key.split("."):
        node = node[part]
    return node[lang]


def prepare(lang: str, out: Path) -> Path:
    """The sources of one language."""
    folder = out / "source" / lang
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(HERE / lang, folder)
    shutil.copytree(HERE / "images", folder / "notes" / "images")
    ignored = shutil.ignore_patterns(".*", "__pycache__", "templates", "conftest.py", "cases", "class_*")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=ignored)
    for notebook in (folder / "notebooks").rglob("*.ipynb"):
        notebook.write_text(in_one_language(notebook.read_text("utf-8"), lang), "utf-8")
    for page in (*HERE.glob("*.md"), *(ROOT / f"{name}.md" for name in SHARED)):
        others = tuple(f".{other}" for other in LANGS if other != lang)
        if not page.stem.endswith(others) and not page.with_suffix(f".{lang}.md").exists():
            (folder / "notes" / page.name.replace(f".{lang}.md", ".md")).write_text(shared(page), "utf-8")
    made = {"cli": cli, "api": api, "schema": schema, "history": history, "sources": sources, "data": data}
    for name, make in made.items():
        (folder / f"{name}.md").write_text("\n".join(make(lang)) + "\n", "utf-8")
    return folder


# ---- pages that both languages share --------------------------------------------------------------------------------


def shared(page: Path) -> str:
    """A page of the repository as it stands in the documentation: what it links to is there, or named without a link."""
    here = {path.resolve() for path in (*HERE.glob("*.md"), *(ROOT / f"{name}.md" for name in SHARED))}

    def link(found: re.Match[str]) -> str:
        words, target = found[1], found[2]
        if target.startswith(("http", "#", "images/")):
            return found[0]
        path, _, mark = target.partition("#")
        if (page.parent / path).resolve() in here:
            name = re.sub(r"\.(zh|en)\.md$", ".md", Path(path).name)
            return f"[{words}]({name}{'#' + mark if mark else ''})"
        return words

    return re.sub(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)", link, page.read_text("utf-8"))


def in_one_language(notebook: str, lang: str) -> str:
    """A notebook whose narrative is that of one language; its code and what it shows stay as they are kept."""
    content = json.loads(notebook)
    for cell in content["cells"]:
        if cell["cell_type"] == "markdown":
            words = "".join(cell["source"])
            for other in set(LANGS) - {lang}:
                words = re.sub(rf'<div lang="{other}">.*?</div>\n*', "", words, flags=re.S)
            cell["source"] = re.sub(rf'<div lang="{lang}">\n*(.*?)</div>', r"\1", words, flags=re.S)
    return json.dumps(content, ensure_ascii=False)


# ---- generated references -------------------------------------------------------------------------------------------


def table(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> list[str]:
    head = list(head)
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return [*lines, *("| " + " | ".join(map(cell, row)) + " |" for row in rows), ""]


def cell(value: Any) -> str:
    """Plain text as a cell of Markdown: nothing in it is markup, but code that we mark ourselves."""
    said = " ".join(str(value).split())
    if re.fullmatch(r"(`[^`]+`(, )?)+", said):
        return said.replace("|", r"\|")
    return re.sub(r"([\\`*_{}\[\]<>#|~$])", r"\\\1", said)


def cli(lang: str) -> Iterator[str]:
    """The commands as Typer has them."""
    import typer

    from jiebei_lib.cli import app
    from jiebei_lib.cli.tree import tree

    yield f"# {text('cli.title', lang)}\n\n{text('cli.lead', lang)}\n"
    for node in tree(typer.main.get_command(app)).walk():
        if not node.path:
            continue
        arguments = [_argument(each) for each in node.given if not each.option]
        yield f"{'#' * (len(node.path) + 1)} `jiebei {' '.join([*node.path, *arguments])}`\n"
        yield f"{cell(node.help)}\n"
        if node.example:
            yield f"{cell(node.example)}\n"
        rows = []
        for each in node.given:
            if "--quiet" in each.names:
                continue
            more = [text("cli.required", lang)] * each.required + [text("cli.repeats", lang)] * each.repeats
            more += [text("cli.default", lang).format(value=each.default)] * bool(each.default)
            words = each.help + (f"（{'；'.join(more)}）" if lang == "zh" else f" ({'; '.join(more)})") * bool(more)
            takes = ", ".join(f"`{value}`" for value in each.values) or each.takes
            rows.append([", ".join(f"`{name}`" for name in each.names), takes, words])
        if rows:
            yield from table(text("cli.head", lang), rows)


def _argument(each: Any) -> str:
    name = each.names[0] + ("…" if each.repeats and not each.names[0].endswith(("…", "...")) else "")
    return name if each.required else f"[{name}]"


def api(lang: str) -> Iterator[str]:
    """Public names by autodoc, every module by its first line."""
    import jiebei_lib

    yield f"# {text('api.title', lang)}\n\n{text('api.lead', lang)}\n\n```{{eval-rst}}"
    for name in sorted(jiebei_lib._HOME):
        home = f"jiebei_lib.{jiebei_lib._HOME[name]}"
        thing = getattr(jiebei_lib, name)
        kind = "class" if isinstance(thing, type) else "function"
        yield f".. auto{kind}:: {home}.{name}\n" + ("   :members:\n" if kind == "class" and "Error" not in name else "")
    yield f"```\n\n## {text('api.rooms', lang)}\n"
    rows = []
    for file in sorted((ROOT / "jiebei_lib").rglob("*.py")):
        doc = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
        module = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        rows.append([f"`{module}`", doc.partition("\n\n")[0].replace("``", "")])
    yield from table(text("api.head", lang), rows)


def schema(lang: str) -> Iterator[str]:
    """JSON Schemas, and the movable numbers of the policy."""
    from importlib import import_module

    from jiebei_lib.cli.schema import SCHEMAS
    from jiebei_lib.core.knowledge.yaml_files import walk
    from jiebei_lib.core.policy import load_policy

    yield f"# {text('schema.title', lang)}\n\n{text('schema.lead', lang)}\n\n## {text('schema.policy', lang)}\n"
    yield f"{text('schema.policy_lead', lang)}\n"
    rows = []
    for path, node in walk(load_policy("article").data):
        if "range" in node and "name" in node and "value" in node:
            low, high = node["range"]
            rows.append(
                [f"`{'.'.join(map(str, path))}`", node["name"][lang], f"{node['value']:g}", f"{low:g} – {high:g}"]
            )
    yield from table(text("schema.head", lang), rows)
    for name, place in SCHEMAS.items():
        module, _, function = place.partition(":")
        content = getattr(import_module(module), function)()
        yield f"## `{name}`\n\n```json\n{json.dumps(content, ensure_ascii=False, indent=2, default=str)}\n```\n"


def history(lang: str) -> Iterator[str]:
    """Every day on which a rule came, went or changed."""
    from jiebei_lib.calls.rule_sets import load_rules
    from jiebei_lib.core.policy import load_policy
    from jiebei_lib.page.in_time import changes
    from jiebei_lib.page.text import cited

    every = {**load_policy("article").data, "calls": {"rules": load_rules("cn,us,uk").rules}}
    yield f"# {text('history.title', lang)}\n\n{text('history.lead', lang)}\n"
    join = "；" if lang == "zh" else "; "
    found = changes(every, "1900-01-01", "2100-01-01")
    rows = [[one.on, one.text(lang), join.join(cited(each, lang) for each in one.statement["cite"])] for one in found]
    yield from table(text("history.head", lang), rows)


def sources(lang: str) -> Iterator[str]:
    """All sources, and the constraints that they give the readings."""
    from jiebei_lib.core.knowledge.yaml_files import shipped, walk
    from jiebei_lib.core.policy import load_policy
    from jiebei_lib.page.text import cited, say

    yield f"# {text('sources.title', lang)}\n\n{text('sources.lead', lang)}\n"
    rows = [
        [f"`{name}`", each["title"][lang], each.get("effective", ""), each["confidence"], each.get("checked", "")]
        for name, each in shipped("core/sources.yaml").items()
    ]
    yield from table(text("sources.head", lang), rows)
    yield f"## {text('sources.constraints', lang)}\n"
    join = "；" if lang == "zh" else "; "
    rows = []
    for path, node in walk(load_policy("article").data):
        if {"cite", "basis"} <= set(node) and path[0] in (
            "signs",
            "strengths",
            "order",
            "neutral",
            "levels",
            "constraints",
        ):
            words = (node.get("text") or node.get("description") or node.get("name") or {}).get(lang)
            if words:
                cites = join.join(cited(each, lang) for each in node["cite"])
                rows.append([f"`{'.'.join(map(str, path))}`", words, say(f"basis.{node['basis']}", lang), cites])
    yield from table(text("sources.constraints_head", lang), rows)


def data(lang: str) -> Iterator[str]:
    """The data's own card."""
    card = ROOT / "jiebei_lib" / "evidence" / "data" / f"README.{lang}.md"
    yield (card if card.exists() else card.with_name("README.md")).read_text("utf-8")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        prepare(sys.argv[1], Path(sys.argv[2]))
    else:
        build()
