"""05_contact_conduct in a browser: editing the log, the calendar, filters, the coach, in Voilà."""

import pytest
from playwright.sync_api import expect

expect.set_options(timeout=60_000)  # a slow machine is no failure
NAME = "05_contact_conduct.ipynb"
LOG, FINDINGS, COACH, MEMORY = 0, 1, 3, 5  # which panel of the notebook


@pytest.fixture
def notebook(voila_page):
    opened = voila_page(NAME)
    opened.page.wait_for_function("document.querySelectorAll('.jiebei').length === 6")
    opened.switch("en")
    return opened


def panel(notebook, number):
    return notebook.page.locator(".jiebei").nth(number)


def edit(notebook, row, value):
    """Types a time into a row of the log and leaves the cell."""
    cell = notebook.page.get_by_label(f"Time {row}", exact=True)
    cell.fill(value)
    cell.press("Tab")
    notebook.answered()


def test_edits_move_the_answer_and_a_day_of_the_calendar_filters_the_findings(notebook):
    rows = panel(notebook, FINDINGS).locator("table.findings tbody tr")
    top = panel(notebook, LOG).locator(".top")
    expect(top).to_contain_text("10 broke a rule")
    said = panel(notebook, FINDINGS).locator("details.said").first
    said.locator("summary").click()
    expect(said.locator("li").first).to_contain_text("Binds:")

    notebook.page.get_by_text("Look at the log and change it", exact=True).click()
    edit(notebook, 19, "2026-03-11T20:00:00+08:00")  # A19, a message at ten in the evening
    expect(top).to_contain_text("9 broke a rule")
    expect(panel(notebook, FINDINGS).locator("table.findings")).not_to_contain_text("A19")
    edit(notebook, 3, "at noon")
    expect(top).to_contain_text("row 3: at: 'at noon'")
    notebook.page.get_by_text("Look at the log and change it", exact=True).click()

    everything = rows.count()
    calendar = panel(notebook, LOG).locator(".chart").first
    calendar.scroll_into_view_if_needed()
    notebook.settled()
    box = calendar.locator(".scatterlayer .point").first.bounding_box()
    notebook.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    day = notebook.field("day", FINDINGS).locator("input")
    expect(day).to_have_value("2026-03-09")
    expect(rows).to_have_count(2)
    day.fill("")
    day.press("Tab")
    expect(rows).to_have_count(everything)


def test_the_coach_follows_what_is_ticked(notebook):
    said = panel(notebook, COACH).locator(".beside")
    expect(said).to_contain_text("it breaks 6 rules")
    notebook.field("purpose", COACH).locator("select").select_option(label="to have a message passed on")
    notebook.field("disclosed", COACH).get_by_label("that a debt is overdue", exact=True).uncheck()
    expect(said).to_contain_text("nothing wrong with this")
    notebook.choose("borrower_reachable", "yes", COACH)
    expect(said).to_contain_text("Do not call")


def test_a_memory_is_written_and_judged_in_both_languages(notebook):
    form = panel(notebook, MEMORY)
    expect(form).to_contain_text("Broken in every reading of the memory")
    expect(form).to_contain_text("Contact between 22:00 and 08:00")
    clock = form.get_by_label("time 2", exact=True)
    clock.fill("evening")
    clock.press("Tab")
    notebook.answered()
    expect(form).to_contain_text("Broken in some readings, not in others")
    notebook.switch("zh")
    expect(form).to_contain_text("有的理解下违反，有的不违反")
    clock = form.get_by_label("几点 2", exact=True)
    clock.fill("晚上10点半")
    clock.press("Tab")
    notebook.answered()
    expect(form).to_contain_text("22点至次日8点联系")
    expect(form).not_to_contain_text("有的理解下违反，有的不违反")
