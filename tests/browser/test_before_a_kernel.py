"""What a reader sees where nothing runs: a static export, and JupyterLab before the first run."""

import pytest
from conftest import ROOT, Notebook

from jiebei_lib import load_policy
from jiebei_lib.show.case import first
from jiebei_lib.show.case.panel import example

NAME = "01_one_case.ipynb"
PICTURES = "[...document.querySelectorAll('img.drawn')].map((one) => one.complete && one.naturalWidth > 300)"


def sentence(lang):
    return first.sentence(first.Quick.of(example("silent"), load_policy()).own, lang)


def test_a_static_export_shows_the_first_state_with_pictures_and_a_switch_that_needs_no_script(chromium, tmp_path):
    exporter = pytest.importorskip("nbconvert").HTMLExporter(exclude_input=True)
    (tmp_path / "case.html").write_text(exporter.from_filename(str(ROOT / "notebooks" / NAME))[0], "utf-8")
    notebook = Notebook(chromium, 1280, 800)
    page = notebook.page
    page.route("**/*", lambda route: route.continue_() if route.request.url.startswith("file:") else route.abort())
    page.goto((tmp_path / "case.html").as_uri(), wait_until="domcontentloaded")
    assert sentence("zh") in page.locator(".jiebei-static .answer").first.inner_text()
    pictures = page.evaluate(PICTURES)
    assert len(pictures) == 4 and all(pictures)
    title = page.locator("div[lang='en'] h1").first
    assert title.is_hidden()
    page.locator("#jiebei-en").evaluate("one => one.click()")
    assert title.is_visible() and page.locator("div[lang='zh'] h1").first.is_hidden()
    notebook.context.close()


def test_jupyterlab_shows_the_first_state_before_anything_runs(lab_page):
    page = lab_page(NAME, run=False).page
    page.wait_for_function("document.querySelectorAll('img.drawn').length === 4")
    assert all(page.evaluate(PICTURES))
    assert sentence("zh") in page.locator(".jiebei-static .answer").first.inner_text()
    assert "Error displaying widget" not in page.locator(".jp-Notebook").inner_text()
