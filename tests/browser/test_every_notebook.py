"""What holds for every notebook, in Voilà (wide and phone-wide) and in JupyterLab."""

import pytest
from conftest import ROOT

NOTEBOOKS = sorted(
    str(path.relative_to(ROOT / "notebooks"))
    for path in (ROOT / "notebooks").rglob("*.ipynb")
    # examples/ hold Python's own outputs, in the language in which they ran; the projector has its own test (test_led_class.py)
    if not {"templates", "examples", ".ipynb_checkpoints"} & set(path.parts) and path.stem != "class_screen"
)
HAN = """() => { const out = []; const walk = document.createTreeWalker(document.querySelector('#rendered_cells'), NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const el = node.parentElement;
    if (el.closest('[lang^="zh"], script, style') || !el.checkVisibility()) continue;
    if ((node.textContent.match(/[\\u4e00-\\u9fff]/g) ?? []).length >= 8) out.push(node.textContent.trim());
  } return out; }"""

# Words in the charts that reach over the chart's edge, or lie on other words (turned ones, which cross only as boxes, aside).
CLASHES = """() => [...document.querySelectorAll('.jiebei .chart')].filter((one) => one.checkVisibility()).flatMap((chart) => {
  const edge = chart.getBoundingClientRect(), name = chart.closest('figure').dataset.figure, out = [];
  const words = [...chart.querySelectorAll('text')].filter((text) => text.textContent.trim() && text.checkVisibility()).map((text) => ({
    said: `${name}: ${text.textContent}`, at: text.getBoundingClientRect(),
    turned: /rotate/.test(text.getAttribute('transform') ?? '') || text.closest('.axis-title') })).filter(({ at }) => at.width);
  for (const { said, at } of words) if (at.left < edge.left - 2 || at.right > edge.right + 2) out.push(`cut: ${said}`);
  words.filter((one) => !one.turned).forEach((one, n, flat) => flat.slice(n + 1).forEach((other) => {
    const width = Math.min(one.at.right, other.at.right) - Math.max(one.at.left, other.at.left);
    const height = Math.min(one.at.bottom, other.at.bottom) - Math.max(one.at.top, other.at.top);
    const least = Math.min(one.at.width * one.at.height, other.at.width * other.at.height);
    if (width > 1 && height > 1 && width * height > 0.15 * least) out.push(`on one another: ${one.said}, ${other.said}`);
  }));
  return out; })"""
TICKS = "[...document.querySelectorAll('.parcoords .y-axis')].map((one) => one.querySelectorAll('.tick text').length)"


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_voila_shows_it_in_both_languages_wide_and_narrow(voila_page, name):
    stem = name.removesuffix(".ipynb").replace("/", "-")
    notebook = voila_page(name)
    assert notebook.page.locator("h1:visible").count() == 1
    assert (
        notebook.page.locator(
            ".jp-RenderedText[data-mime-type*='stderr'], .jp-OutputArea-output pre:has-text('Traceback')"
        ).count()
        == 0
    )
    notebook.shot(f"voila-{stem}-zh")
    notebook.switch("en")
    assert notebook.page.locator("h1:visible").count() == 1
    assert notebook.page.evaluate(HAN) == []
    notebook.shot(f"voila-{stem}-en")
    assert notebook.axe("#rendered_cells") == []
    notebook.page.set_viewport_size(
        {"width": 320, "height": 640}
    )  # the narrowest that pages are to fit (WCAG 2.2, 1.4.10)
    notebook.answered()
    assert notebook.sideways() <= 0
    assert notebook.page.evaluate(CLASHES) == []
    assert (
        min(notebook.page.evaluate(TICKS), default=2) >= 2
    )  # each upright axis of the parallel coordinates has its numbers
    notebook.shot(f"voila-{stem}-en-320")


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_jupyterlab_runs_it_and_the_switch_changes_its_words(lab_page, name):
    notebook = lab_page(name)
    page = notebook.page
    assert page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.error']").count() == 0
    headline = "(lang) => getComputedStyle(document.querySelector(`.jp-Notebook div[lang=${lang}] h1`)).display"
    hidden = "(lang) => !document.querySelector(`.jp-Notebook div[lang=${lang}] h1`).checkVisibility()"
    assert page.evaluate(hidden, "en") and not page.evaluate(hidden, "zh"), page.evaluate(headline, "zh")
    notebook.switch("en")
    assert page.evaluate(hidden, "zh") and not page.evaluate(hidden, "en")
    assert notebook.axe(".jp-Notebook .jiebei") == []
    notebook.shot(f"lab-{name.removesuffix('.ipynb').replace('/', '-')}-en")


def test_jupyterlab_opens_in_chinese_without_the_news(lab_page):
    notebook = lab_page(NOTEBOOKS[0], run=False)
    assert notebook.page.get_by_role("menuitem", name="文件").first.is_visible()
    notebook.page.wait_for_timeout(1500)
    assert notebook.page.locator(".Toastify__toast").count() == 0


def test_the_start_page_of_voila_lists_the_notebooks_by_their_titles(chromium, voila):
    from conftest import Notebook

    notebook = Notebook(chromium, 400, 800)
    notebook.page.goto(f"{voila}/?lang=en")
    assert notebook.page.locator("main li").count() == len(
        [name for name in NOTEBOOKS if not name.startswith("lessons/class_")]
    )
    assert notebook.sideways() <= 0
    assert notebook.axe("main") == []
    notebook.shot("voila-start-en")
    notebook.close()
