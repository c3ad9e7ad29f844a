"""The folder and the one file: whole, in both languages before anything runs, and asking for nothing beyond themselves."""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import pytest

from jiebei_lib.core.knowledge.problems import UserError
from jiebei_lib.core.knowledge.yaml_files import beside
from jiebei_lib.page.text import say
from jiebei_lib.reports.light.page import content_policy
from jiebei_lib.reports.site import library, site
from jiebei_lib.reports.site.runtime import known
from jiebei_lib.reports.site.states import name_of, words
from jiebei_lib.show.widget.gallery import opening

PAGES = [name_of(notebook) for notebook in known()["pages"]]
BINARY = (".so", ".pyd", ".dll", ".wasm", ".whl")


class Addresses(HTMLParser):
    """All that a page asks for or leads to."""

    def __init__(self, content: str):
        super().__init__()
        self.found: list[str] = []
        self.feed(content)

    def handle_starttag(self, tag, attrs):
        self.found += [value for name, value in attrs if name in ("src", "href") and value]


def test_each_notebook_is_a_page_that_can_be_read_before_anything_runs(made, tmp_path):
    made(tmp_path / "out")
    for notebook in known()["pages"]:
        content = (tmp_path / "out" / f"{name_of(notebook)}.html").read_text("utf-8")
        told = opening(beside("") / f"{notebook}.ipynb")
        for lang in ("zh", "en"):
            assert told["title"][lang] in content and say("site.state.starting", lang) in content
        assert 'data-code="' in content
    one_case = (tmp_path / "out" / "01_one_case.html").read_text("utf-8")
    assert "100种解读里99种" in one_case and "99 of 100 readings" in one_case  # the first state of the panel


def test_no_page_leads_out_of_its_folder(made, tmp_path):
    made(tmp_path / "out")
    for page in (tmp_path / "out").glob("*.html"):
        for address in Addresses(page.read_text("utf-8")).found:
            plain = address.partition("#")[0]
            assert address == "data:," or not plain or (tmp_path / "out" / plain).is_file(), (page.name, address)


def test_the_service_keeps_every_file_but_itself(made, tmp_path):
    made(tmp_path / "out")
    files = {file.relative_to(tmp_path / "out").as_posix() for file in (tmp_path / "out").rglob("*") if file.is_file()}
    service = (tmp_path / "out" / "service.js").read_text("utf-8")
    listed = json.loads(re.search(r"FILES = (\[.*?\]);", service)[1])
    assert set(listed) == files - {"service.js", site.RECORD}


def test_the_library_goes_along_with_what_was_compiled_and_no_binary(made, tmp_path, drawn, monkeypatch):
    made(tmp_path / "out")
    content = (tmp_path / "out" / "library.zip").read_bytes()
    names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert not [name for name in names if name.endswith(BINARY) or "/cli/" in name]
    compiled = {file.name for file in drawn[1].iterdir()} - {"pages.json"}
    assert {f"jiebei_lib/compiled/{name}" for name in compiled} <= set(names)
    assert {"anywidget/__init__.py", "scipy/__init__.py", "jinja2/__init__.py", "licences/jinja2.txt"} <= set(names)
    assert not [name for name in names if name.startswith(("pandas/", "pydantic/", "numpy/"))]
    monkeypatch.setattr(library, "matching", lambda: None)
    assert library.library(drawn[1]) == content  # the same files, the same bytes


def test_a_site_takes_the_place_of_an_earlier_one_and_of_nothing_else(made, tmp_path):
    out = tmp_path / "out"
    made(out)
    (out / "mine.txt").write_text("kept", "utf-8")
    record = json.loads((out / site.RECORD).read_text("utf-8"))
    (out / "old.html").write_text("of an earlier version", "utf-8")
    outside = tmp_path / "outside.txt"
    outside.write_text("kept", "utf-8")
    record["files"] += ["old.html", "../outside.txt", str(outside)]  # a record may be anybody's
    (out / site.RECORD).write_text(json.dumps(record), "utf-8")
    made(out)
    assert not (out / "old.html").exists() and (out / "mine.txt").exists() and outside.exists()
    for foreign in (tmp_path / "foreign", tmp_path / "foreign.html"):
        foreign.mkdir() if not foreign.suffix else foreign.write_text("<p>mine</p>", "utf-8")
        if not foreign.suffix:
            (foreign / "mine.txt").write_text("mine", "utf-8")
        with pytest.raises(UserError) as caught:
            made(foreign, single=bool(foreign.suffix))
        assert caught.value.problems[0].kind == "not_our_site" and str(foreign) in caught.value.say("en")
    (tmp_path / "empty").mkdir()
    made(tmp_path / "empty")


def test_one_file_holds_every_page_and_may_ask_for_nothing(made, tmp_path):
    out = tmp_path / "one.html"
    made(out, single=True)
    made(out, single=True)  # over an earlier one of ours
    content = out.read_text("utf-8")
    assert all(f'<template id="page-{name}">' in content for name in ("index", *PAGES))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', content)[1].replace("&#39;", "'")
    assert policy.startswith("default-src 'none'") and "connect-src" not in policy and "http" not in policy
    script = re.findall(r"<script>(.*?)</script>", content, re.DOTALL)
    assert len(script) == 1
    assert content_policy([script[0]], []).split("'sha256-")[1].split("'")[0] in policy
    led = [address for address in Addresses(content).found if not address.startswith("#")]
    assert [one for one in led if one != "data:," and not one.startswith(tuple(f"{name}.html" for name in PAGES))] == []


def test_links_between_notebooks_lead_to_pages_and_others_to_nowhere():
    said = words(
        "[a](01_one_case.ipynb) [b](../lessons/lesson_1_a_week_late.ipynb) [c](05_contact_conduct.ipynb) [d](#x)"
    )
    assert 'href="01_one_case.html"' in said and 'href="lesson_1_a_week_late.html"' in said
    assert "ipynb" not in said and ">c<" not in said and 'href="#x"' in said


@pytest.mark.parametrize("width", [360, 1280])
def test_where_python_cannot_start_the_words_stay_and_it_says_so(made, tmp_path, browser_page, width):
    """The runtime of these tests is none: what a page does then, in a browser."""
    made(tmp_path / "one.html", single=True)
    tab, requests, _ = browser_page(tmp_path / "one.html", width)
    tab.get_by_role("link", name=opening(beside("") / "01_one_case.ipynb")["title"]["zh"]).click()
    tab.locator("body[data-state=failed]").wait_for()
    assert tab.locator("#state").inner_text() == say("site.state.failed", "zh")
    assert "100种解读里99种" in tab.locator("#page").inner_text()
    tab.get_by_text("English", exact=True).click()
    assert "99 of 100 readings" in tab.locator("#page").inner_text()
    assert tab.locator("#state").inner_text() == say("site.state.failed", "en")
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth") and requests == []


@pytest.mark.skipif(not os.environ.get("JIEBEI_PYODIDE"), reason="JIEBEI_PYODIDE names no folder with the runtime")
def test_with_the_runtime_a_page_answers_as_python_does(tmp_path, browser_page):
    from jiebei_lib.show import panels

    site.site(tmp_path / "one.html", single=True, pyodide=os.environ["JIEBEI_PYODIDE"])
    tab, requests, errors = browser_page(Path(tmp_path / "one.html"))
    tab.evaluate("location.hash = '01_one_case'")
    tab.locator("body[data-state=live]").wait_for(timeout=180_000)
    panel = panels.one_case()
    panel.set(days_overdue=3)
    slider = tab.locator("[data-code] input[type=number]").first
    slider.fill("3")
    first = panel._places["top"][0]["html"]
    wanted = " ".join(re.sub(r"<[^>]*>", " ", first).split())[:40]
    for _ in range(600):
        if wanted in " ".join(tab.locator("#page").inner_text().split()):
            break
        tab.wait_for_timeout(100)
    else:
        pytest.fail(f"the page does not say: {wanted}")
    assert requests == [] and errors == []
