"""What a reader sees first, a view that is sent, how far a control moves the answer, forced colours, and the keyboard alone."""

import json
from urllib.parse import quote

import pytest
from conftest import TURNS, Notebook

PANELS = [
    "01_one_case.ipynb",
    "02_policy_lab.ipynb",
    "03_evidence.ipynb",
    "04_what_waiting_costs.ipynb",
    "05_contact_conduct.ipynb",
    "06_portfolio.ipynb",
]
TAB_TO = """(selector) => document.activeElement?.matches(selector)"""


@pytest.fixture(scope="module")
def case_page(chromium, voila):
    notebook = Notebook(chromium, 1280, 800)
    notebook.page.goto(f"{voila}/voila/render/01_one_case.ipynb?lang=en")
    notebook.page.wait_for_function("document.getElementById('rendered_cells')?.style.display === ''")
    notebook.appeared("01_one_case.ipynb")
    yield notebook
    notebook.close()


def tab_to(page, selector, most=60):
    """Presses Tab until the control has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate(TAB_TO, selector):
            return
    raise AssertionError(f"Tab does not reach {selector}")


@pytest.mark.parametrize("name", PANELS)
def test_the_first_screen_has_the_question_the_switch_in_its_corner_and_the_panel(voila_page, name):
    page = voila_page(name, lang="en").page
    assert page.locator("h1:visible").bounding_box()["y"] < 120
    switch = page.locator(".jiebei-switch").bounding_box()
    assert switch["y"] < 30 and switch["x"] + switch["width"] > 1200
    panel = page.locator(".jiebei").first
    assert panel.bounding_box()["y"] < 300
    seen = panel.locator(".top > *, .beside > *").first.bounding_box()
    assert seen["y"] + min(seen["height"], 60) < 800
    control = panel.locator(".controls :is(input, select)").first.bounding_box()
    assert control["y"] < 760


def test_will_they_may_they_and_do_first_each_lead_down(case_page):
    page = case_page.page
    for target in ("case-changes", "case-may", "case-today"):
        page.evaluate("scrollTo(0, 0)")
        link = page.locator(f".jiebei a[href='#{target}']").first
        assert link.bounding_box()["y"] < 800
        link.click()
        page.wait_for_function(f"Math.abs(document.querySelector('#{target}').getBoundingClientRect().top) < 40")
        assert page.evaluate("document.activeElement.id") == target


def test_a_moved_control_says_how_far_the_answer_went_and_the_address_keeps_the_view(case_page):
    case_page.preset("silent")
    before = case_page.page.evaluate("document.querySelector('.jiebei .gist').textContent.match(/\\d+/g)[1]")
    case_page.page.wait_for_timeout(3200)  # a new move is measured from here
    case_page.put("amount_overdue", 600)
    said = case_page.field("amount_overdue").locator(".moved").inner_text()
    now = case_page.page.evaluate("document.querySelector('.jiebei .gist').textContent.match(/\\d+/g)[1]")
    assert said == f"{before} → {now} of 100 readings" and before != now
    assert case_page.page.locator(".moved").count() == 1
    case_page.page.wait_for_function("new URLSearchParams(location.search).get('one-case')?.includes('600')")


def test_a_link_opens_the_same_view_and_a_bad_one_is_one_sentence(chromium, voila):
    view = {"days_overdue": 41, "zhima_score": None, "communication": "engaged"}
    for sent, wanted in (
        (json.dumps(view), "41"),
        ('{"days_overdue":99999}', "7"),
        ("<img src=x onerror=alert(1)>", "7"),
    ):
        notebook = Notebook(chromium, 1280, 800)
        page = notebook.page
        page.goto(f"{voila}/voila/render/01_one_case.ipynb?lang=en&one-case={quote(sent)}")
        page.wait_for_function("document.getElementById('rendered_cells')?.style.display === ''")
        notebook.appeared("01_one_case.ipynb")
        box = notebook.field("days_overdue").locator("input[type=number]")
        if wanted == "41":
            page.wait_for_function(
                "document.querySelector('.field[data-name=days_overdue] input[type=number]').value === '41'"
            )
            assert notebook.field("zhima_score").locator(".unsure input").is_checked()
        else:
            page.wait_for_selector(".jiebei .status span")
            told = page.locator(".jiebei .status span").first.inner_text()
            assert told and "\n" not in told and page.locator(".status img").count() == 0
        assert box.input_value() == wanted
        notebook.close()


def test_on_a_phone_the_answer_stays_in_sight_while_a_control_below_moves(voila_page):
    notebook = voila_page("01_one_case.ipynb", lang="en", width=400)
    page = notebook.page
    notebook.field("contacts").scroll_into_view_if_needed()
    line = page.locator(".jiebei .gist").first
    box = line.bounding_box()
    assert -1 <= box["y"] < 60 and box["height"] < 80
    before = line.inner_text()
    notebook.put("amount_overdue", 600)
    assert line.inner_text() != before
    assert notebook.sideways() <= 0


def test_in_forced_colours_what_is_chosen_and_what_has_the_focus_are_told_apart(case_page):
    page = case_page.page
    page.emulate_media(forced_colors="active")
    try:
        chosen, other = (
            page.locator(".jiebei-switch input:checked + span"),
            page.locator(".jiebei-switch input:not(:checked) + span"),
        )
        colour = "(one) => getComputedStyle(one).backgroundColor"
        assert chosen.evaluate(colour) != other.evaluate(colour)
        tool = page.locator(".jiebei [data-tool='zoom']").first
        tool.focus()
        page.keyboard.press("Enter")
        assert tool.get_attribute("aria-pressed") == "true"
        mark = tool.evaluate(
            "(one) => [getComputedStyle(one, '::before').content, getComputedStyle(one).borderTopWidth]"
        )
        assert "✓" in mark[0] and mark[1] == "3px"
        assert tool.evaluate("(one) => getComputedStyle(one).outlineStyle") != "none"
        page.keyboard.press("Enter")
        # A chart keeps its own colours, on white paper: axes and marks are not painted over
        paper = page.locator(".jiebei .chart").first.evaluate("(one) => getComputedStyle(one).backgroundColor")
        assert paper == "rgb(255, 255, 255)"
    finally:
        page.emulate_media(forced_colors="none")


def test_the_landmarks_have_names_and_axe_finds_nothing(case_page):
    page = case_page.page
    assert page.get_by_role("main").count() == 1
    assert page.get_by_role("navigation").get_attribute("aria-label")
    assert case_page.axe("body") == []


def test_voila_by_keyboard_alone_a_case(case_page):
    page = case_page.page
    case_page.preset("silent")
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    tab_to(page, ".jiebei-switch input")
    tab_to(page, ".jiebei a[href='#case-changes']")
    tab_to(page, ".presets select")
    page.keyboard.press("End")
    case_page.answered()
    assert (
        page.evaluate("document.querySelector('.presets select').selectedOptions[0].dataset.preset")
        == "everything_protective"
    )
    tab_to(page, ".field[data-name='days_overdue'] input[type=range]")
    before = page.locator(".field[data-name='days_overdue'] input[type=number]").first.input_value()
    page.keyboard.press("ArrowRight")
    case_page.answered()
    assert page.locator(".field[data-name='days_overdue'] input[type=number]").first.input_value() == str(
        int(before) + 1
    )
    tab_to(page, ".field[data-name='communication'] input")
    page.keyboard.press("ArrowUp")
    case_page.answered()
    assert page.locator(".field[data-name='communication'] .moved").count() == 1


def test_voila_by_keyboard_alone_the_bench(voila_page):
    notebook = voila_page("02_policy_lab.ipynb", lang="en")
    page = notebook.page
    turn = notebook.turn()
    tab_to(page, ".field[data-name='case'] select")
    page.keyboard.press("ArrowDown")
    page.wait_for_function(f"Number(document.querySelector('.jiebei').dataset.turn) > {turn}")
    tab_to(page, "details.group > summary")
    closed = page.evaluate("document.activeElement.parentElement.open")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.parentElement.open") != closed


def test_voila_by_keyboard_alone_the_first_lesson(voila_page):
    notebook = voila_page("lessons/lesson_1_a_week_late.ipynb", lang="en")
    page = notebook.page
    tab_to(page, ".jiebei button[data-name='begin']")
    page.keyboard.press("Enter")
    page.wait_for_selector(".jiebei button[data-name='submit']")  # a question has come
    tab_to(page, ".jiebei button[data-name='submit']")
    before = page.evaluate(TURNS)
    page.keyboard.press("Enter")
    page.wait_for_function(f"({TURNS}) !== {json.dumps(before)}")


@pytest.mark.parametrize("name", ["01_one_case.ipynb", "02_policy_lab.ipynb", "lessons/lesson_1_a_week_late.ipynb"])
def test_jupyterlab_by_keyboard_alone_leaves_the_cells_as_they_are(lab_page, name):
    notebook = lab_page(name)
    page = notebook.page
    cells = "window.jupyterapp.shell.currentWidget.content.widgets.length"
    before = page.evaluate(cells)
    controls = page.locator(".jiebei .controls :is(select, input[type=range], input[type=radio], button):enabled")
    first = controls.first
    first.scroll_into_view_if_needed()
    first.focus()
    for key in ("ArrowDown", "ArrowRight", "d", "d", "x", "Tab", "Shift+Tab"):
        page.keyboard.press(key)
    notebook.answered()
    assert page.evaluate(cells) == before
    assert page.evaluate("Boolean(document.activeElement.closest('.jiebei'))")
