"""The documentation as it is built: no dead link, nothing from another host, both languages, readable by all."""

from __future__ import annotations

import importlib.util
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from jiebei_lib.cli import COMMANDS

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """The whole documentation, with warnings as errors."""
    pytest.importorskip("sphinx")
    spec = importlib.util.spec_from_file_location("docs_build", ROOT / "docs" / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    out = tmp_path_factory.mktemp("docs")
    module.build(out)
    return out / "html"


class Page(HTMLParser):
    """What a page links to, what it loads, and the places in it."""

    def __init__(self, text: str):
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        self.places |= {told[name] for name in ("id", "name") if told.get(name)}
        if tag == "a" and told.get("href"):
            self.links.append(told["href"])
        if tag == "link" and told.get("rel") not in ("canonical",) and told.get("href"):
            (self.links if told.get("rel") in ("next", "prev", "search", "index", "author") else self.loads).append(
                told["href"]
            )
        self.loads += [told[name] for name in ("src", "srcset", "data", "poster") if told.get(name)]


@pytest.fixture(scope="module")
def pages(built) -> dict[Path, Page]:
    return {path: Page(path.read_text("utf-8")) for path in built.rglob("*.html")}


def test_no_link_within_is_dead(built, pages) -> None:
    dead = []
    for path, page in pages.items():
        for link in [*page.links, *page.loads]:
            there = urlsplit(link)
            if there.scheme or there.netloc:
                continue
            target = (path.parent / unquote(there.path)).resolve() if there.path else path
            if not target.exists():
                dead.append(f"{path.relative_to(built)}: {link}")
            elif there.fragment and target in pages and unquote(there.fragment) not in pages[target].places:
                dead.append(f"{path.relative_to(built)}: {link} (no such place)")
    assert len(pages) > 60 and dead == []


def test_nothing_is_loaded_from_another_host(built, pages) -> None:
    strange = [
        f"{path.name}: {each}"
        for path, page in pages.items()
        for each in page.loads
        if urlsplit(each).scheme not in ("", "data")
    ]
    for style in built.rglob("*.css"):
        text = style.read_text("utf-8", "replace")
        strange += [
            f"{style.name}: {each}"
            for each in re.findall(r"(?:url\(|@import )\s*['\"]?(https?:[^)'\"]*|//[^)'\"]*)", text)
        ]
    strange += [
        f"{path.name}: {each}" for path, page in pages.items() for each in page.loads if "mathjax" in each.lower()
    ]
    assert strange == []


def test_each_page_has_its_like_in_the_other_language_and_says_its_own(built, pages) -> None:
    of = {
        lang: {path.relative_to(built / lang) for path in pages if built / lang in path.parents}
        for lang in ("zh", "en")
    }
    assert of["zh"] == of["en"]
    for lang, told in (("zh", "zh-CN"), ("en", "en")):
        assert f'lang="{told}"' in (built / lang / "index.html").read_text("utf-8")[:400]


def test_references_hold_what_there_is(built) -> None:
    for lang in ("zh", "en"):
        reference = (built / lang / "cli.html").read_text("utf-8")
        assert all(f"jiebei {command}" in reference for command in COMMANDS)
        assert "--days-overdue" in reference, "hyphens stay hyphens"
        assert (built / lang / "model.html").read_text("utf-8").count("<math") > 20
        assert "2025-02-28" in (built / lang / "history.html").read_text("utf-8")
        assert "civil_code" in (built / lang / "sources.html").read_text("utf-8")
        assert "factors.amount.pressing" in (built / lang / "schema.html").read_text("utf-8")
        assert "jiebei_lib.core.readings" in (built / lang / "api.html").read_text("utf-8")
    notebook = (built / "en" / "notebooks" / "01_one_case.html").read_text("utf-8")
    assert "One case" in notebook and "<img" in notebook


LOOKED_AT = ["index", "model", "cli", "tutorial_borrower", "history"]


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize("width", [390, 1280])
def test_pages_are_readable_by_all_and_ask_nobody(built, chromium, width) -> None:
    from axe_playwright_python.sync_playwright import Axe

    for lang in ("zh", "en"):
        for name in LOOKED_AT:
            page, asked = chromium.new_page(viewport={"width": width, "height": 900}), []
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            page.goto((built / lang / f"{name}.html").as_uri())
            found = [(each["id"], each["nodes"][0]["html"][:120]) for each in Axe().run(page).response["violations"]]
            assert found == [], (lang, name)
            assert page.evaluate("document.documentElement.scrollWidth") <= width + 1, (lang, name)
            assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
            page.close()
