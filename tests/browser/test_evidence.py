"""The evidence notebook in a real browser: down to the page, files and tables of cases, and mistakes answered in place."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

NAME = "03_evidence.ipynb"
DAYS, LEARNING, REPORTED = 0, 3, 4  # the panels that have controls, by their place in the notebook
PATIENCE = 60_000  # ms


@pytest.fixture
def notebook(voila_page):
    return voila_page(NAME, lang="en").switch("en")


def part(notebook, panel: int):
    return notebook.page.locator(".jiebei").nth(panel)


def says(place, text: str) -> None:
    expect(place).to_contain_text(text, timeout=PATIENCE)


def test_down_to_the_page_by_a_click_a_filter_and_the_keyboard(notebook):
    panel = part(notebook, DAYS)
    figure, heading = panel.locator("[data-figure='first_days']"), panel.locator("h3").first
    figure.scroll_into_view_if_needed()
    notebook.settled()
    dot = figure.locator(".scatterlayer .trace").first.locator("path.point").first
    says(heading, "The pages (43)")
    for expected in ("The pages (6)", "The pages (43)"):  # a second click lists all again
        box = dot.bounding_box()
        notebook.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        says(heading, expected)
    assert panel.locator("a").count() == 0  # addresses are text
    panel.get_by_role("region", name="The pages (43)").focus()
    notebook.page.keyboard.press("End")
    notebook.page.wait_for_function("document.activeElement.scrollTop > 0")
    notebook.field("row", DAYS).locator("select").select_option(label="only say no")
    says(heading, "The pages (12)")
    notebook.switch("zh")
    says(heading, "网页（12个）")
    notebook.shot("voila-03-filtered-zh")


def test_cases_from_a_file_and_a_table_and_mistakes_answered_in_place(notebook):
    panel = part(notebook, LEARNING)
    top, problem = panel.locator(".top"), panel.locator(".problem").first
    notebook.choose("source", "a table in a file", LEARNING)
    panel.locator("summary", has_text="My own cases").click()
    box = panel.locator("input[type=file]")

    def give(text: str) -> None:
        box.set_input_files({"name": "cases.csv", "mimeType": "text/csv", "buffer": text.encode()})

    give("case_id,days_overdue,called\n<img src=x onerror=alert(1)>,30,true\nB,40,false\n")
    says(top, "2 cases with a known outcome (1 with contacts called)")
    assert panel.locator("img").count() == 0
    give("days_overdue,called\n3,true\n")
    says(problem, "contacts were called on day 3")
    says(top, "2 cases")  # the last good answer stays
    give("days_overdue,called\n30,perhaps\n")
    says(problem, "'perhaps' is not allowed")

    notebook.choose("source", "my own table", LEARNING)
    panel.get_by_role("button", name="Add a row").click()
    says(top, "3 cases with a known outcome (2 with contacts called)")
    expect(problem).to_be_hidden()
    notebook.put("selection", 30, LEARNING)
    says(top, "taking the odds of being reported as 30 times")
    notebook.put("selection", 5000, LEARNING)
    expect(notebook.field("selection", LEARNING).locator(".wrong")).to_be_visible()
    says(top, "taking the odds of being reported as 30 times")
    notebook.shot("voila-03-own-table-en")


def test_a_grade_taken_in_changes_which_cases_are_learned_from(notebook):
    panel = part(notebook, REPORTED)
    says(panel.locator(".top"), "Of the 45 cases chosen")
    notebook.choose("grades", "D anecdote on a promotion page", REPORTED)
    says(panel.locator(".top"), "Of the 62 cases chosen")
    says(panel, "effective readings are left")
    notebook.shot("voila-03-all-grades-en")
