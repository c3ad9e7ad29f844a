"""01_one_case in a browser: presets, unknown facts, quick drags, the keyboard alone, bad values, the file and the report."""

import pytest

from jiebei_lib import load_policy
from jiebei_lib.core.case import Case
from jiebei_lib.core.knowledge.yaml_files import shipped
from jiebei_lib.show.case import first
from jiebei_lib.show.case.panel import example

NAME = "01_one_case.ipynb"
RANGE = """() => { const { data } = document.querySelector('[data-figure="readings"] .chart');
  const [low, high] = data.find((one) => one.mode === 'lines+markers').x;
  return high - low; }"""


@pytest.fixture(scope="module")
def case_page(chromium, voila):
    from conftest import Notebook

    notebook = Notebook(chromium, 1280, 800)
    notebook.page.goto(f"{voila}/voila/render/{NAME}")
    notebook.page.wait_for_function("document.getElementById('rendered_cells')?.style.display === ''")
    notebook.appeared(NAME)
    yield notebook
    notebook.close()


def sentence(case, lang="zh"):
    """The answer by the article."""
    return first.sentence(first.Quick.of(case, load_policy()).own, lang)


@pytest.mark.parametrize("name", shipped("page/text/case.yaml")["preset"])
def test_each_preset_gives_its_verdict(case_page, name):
    case_page.preset(name)
    assert sentence(example(name)) in case_page.text()
    chosen = "document.querySelector('.presets select').selectedOptions[0].dataset.preset"
    assert case_page.page.evaluate(chosen) == name
    case_page.put("days_overdue", 77)
    assert case_page.page.evaluate(chosen) is None  # now it is the reader's own


def test_an_unknown_fact_widens_the_range_on_screen_and_learning_it_narrows_it(case_page):
    case_page.preset("promise_without_action")
    known = case_page.page.evaluate(RANGE)
    case_page.put("zhima_score", None)
    case_page.choose("communication", "不清楚")
    wide = case_page.page.evaluate(RANGE)
    assert wide > known + 0.05
    case_page.choose("communication", "已说明情况并开始还款")
    assert case_page.page.evaluate(RANGE) < wide


def test_two_quick_drags_end_in_the_last_state(case_page):
    case_page.preset("silent")
    slider = case_page.field("days_overdue").locator("input[type=range]")
    slider.evaluate(
        """(slider) => { for (const day of [...Array(60).keys(), 5]) {
          slider.value = day; slider.dispatchEvent(new Event('input', { bubbles: true })); } }"""
    )
    case_page.answered()
    slider.evaluate(
        "(slider) => { for (const day of [80, 41]) { slider.value = day; slider.dispatchEvent(new Event('input', { bubbles: true })); } }"
    )
    case_page.answered()
    assert sentence(example("silent").replace(days_overdue=41)) in case_page.text()
    assert case_page.field("days_overdue").locator("input[type=number]").input_value() == "41"
    here = "document.querySelector('[data-figure=\"days\"] .chart').layout.annotations.some((one) => one.text.includes('41'))"
    case_page.page.wait_for_function(here)  # the pictures follow the sentence


def test_the_keyboard_alone_moves_a_control_with_a_focus_that_is_seen(case_page):
    case_page.preset("silent")
    page = case_page.page
    case_page.field("days_overdue").locator("input[type=number]").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.type") == "range"
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "逾期天数"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    case_page.answered()
    assert sentence(example("silent").replace(days_overdue=9)) in case_page.text()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_a_bad_value_is_answered_in_place_in_one_line_and_changes_nothing(case_page):
    case_page.preset("silent")
    before, field = case_page.text(), case_page.field("amount_overdue")
    for bad in ("0", "-5", "10000001", ""):
        field.locator("input[type=number]").fill(bad)
        case_page.answered()
        wrong = field.locator(".wrong")
        assert wrong.is_visible() and wrong.inner_text().count("\n") == 0 and "10,000,000" in wrong.inner_text()
        assert case_page.text() == before
    field.locator("input[type=number]").fill("6000")
    case_page.answered()
    assert field.locator(".wrong").is_hidden()
    assert sentence(example("silent").replace(amount_overdue=6000)) in case_page.text()


def test_the_case_is_saved_as_a_file_that_the_library_reads(case_page, tmp_path):
    case_page.preset("much_unknown")
    case_page.put("days_overdue", 12)
    case_page.page.locator(".jiebei").first.locator("details.group").last.evaluate("one => one.open = true")
    with case_page.page.expect_download() as download:
        case_page.page.locator("button[data-name='save']").click()
    download.value.save_as(tmp_path / "case.yaml")
    assert Case.read(tmp_path / "case.yaml") == example("much_unknown").replace(days_overdue=12, case_id="my-case")


def test_comparing_follows_the_case_above(case_page):
    case_page.preset("everything_pressing")
    case_page.page.locator(".jiebei").nth(1).locator(".answer").first.wait_for()
    assert sentence(example("everything_pressing")) in case_page.text(".jiebei >> nth=1 >> .answer")


def test_make_the_report_shows_progress_and_ends_in_a_link(case_page):
    case_page.preset("silent")
    case_page.page.locator("button[data-name='report']").click()
    link = case_page.page.get_by_role("link", name="打开报告")
    link.wait_for()
    html = case_page.page.evaluate("(url) => fetch(url).then((got) => got.text())", link.get_attribute("href"))
    assert sentence(example("silent")) in html


def test_the_controls_stay_in_sight_to_the_end_of_the_answer(case_page):
    page = case_page.page
    side = page.locator(".jiebei .side").first
    page.locator(".jiebei").first.locator(".below > *").last.evaluate("last => last.scrollIntoView({ block: 'end' })")
    page.wait_for_timeout(200)
    box = side.bounding_box()
    assert box["y"] >= 0 and box["y"] + box["height"] <= 800 + 1
    # What is taller than the window moves in its own place, to its last control.
    last = side.locator("button").last
    last.focus()
    box = last.bounding_box()
    assert box["y"] >= 0 and box["y"] + box["height"] <= 800


def test_tab_reaches_every_control_and_each_shows_that_it_has_the_focus(case_page):
    page = case_page.page
    wanted = page.evaluate(
        """() => { const side = document.querySelector('.jiebei .controls');
          side.querySelectorAll('details').forEach((one) => { one.open = true; });
          side.querySelector('select').focus();
          return [...side.querySelectorAll('button, input, select, textarea, summary')]
            .filter((one) => !one.disabled && (one.type !== 'radio' || one.checked)).length; }"""
    )
    page.keyboard.press("Shift+Tab")
    reached = 0
    for _ in range(3 * wanted):  # a date has three stops of its own
        page.keyboard.press("Tab")
        found = page.evaluate(
            """() => { const one = document.activeElement, seen = one.getBoundingClientRect(), style = getComputedStyle(one);
              if (!one.closest('.controls')) return null;
              const before = window.lastFocused === one; window.lastFocused = one;
              const clear = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
              return { before, clear, inside: seen.top >= 0 && seen.bottom <= innerHeight, what: one.outerHTML.slice(0, 120) }; }"""
        )
        if found is None:
            break
        assert found["clear"] and found["inside"], found["what"]
        reached += not found["before"]
    assert reached == wanted
