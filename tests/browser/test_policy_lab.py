"""The policy bench on screen: statements dropped by keyboard, contradictions told in place, a file read, an axis brushed."""

import pytest

NAME = "02_policy_lab.ipynb"


@pytest.fixture
def bench(voila_page):
    return voila_page(NAME, lang="en")


def open_group(notebook, label):
    notebook.page.locator("summary", has_text=label).first.click()


def test_numbers_and_statements_are_moved_and_what_cannot_be_is_told_in_place(bench):
    before = bench.text()
    bench.put("constraints.neutral_possible.at_least", 0.5)
    assert bench.text() != before
    page = bench.page.locator(".jiebei").first
    assert "Least likelihood of a neutral case" in page.inner_text() and "After the changes" in page.inner_text()
    bench.page.wait_for_timeout(1500)  # the panels below follow once the bench is left alone
    bench.settled()
    bench.press("reset")
    assert bench.text() == before
    a_number_beyond_its_range_is_answered_in_the_field(bench)
    a_statement_is_dropped_with_the_keyboard_and_a_contradiction_is_told_in_one_line(bench)


def a_statement_is_dropped_with_the_keyboard_and_a_contradiction_is_told_in_one_line(bench):
    open_group(bench, "Statements: which count")
    box = bench.field("constraints.strength_days").locator("input[type=checkbox]")
    box.focus()
    bench.page.keyboard.press("Space")
    bench.answered()
    problem = bench.page.locator(".jiebei .problem").first
    assert "nothing bounds the weight “days”" in problem.inner_text() and "\n" not in problem.inner_text()
    bench.page.keyboard.press("Space")
    bench.answered()
    assert not problem.is_visible()


def a_number_beyond_its_range_is_answered_in_the_field(bench):
    box = bench.field("constraints.neutral_possible.at_least")
    before = bench.text()
    box.locator("input[type=number]").fill("7")
    assert "7 is not allowed; give a number from 0.001 to 0.5" in box.locator(".wrong").inner_text()
    assert bench.answered().text() == before


def test_another_witness_or_a_file_is_taken_and_readings_are_brushed(bench):
    bench.press("start_published")
    open_group(bench, "Words into numbers")
    assert bench.field("strengths.weak.at_least").is_visible()
    assert "Pages and reported cases" in bench.text()
    a_file_of_changes_is_read_or_told_what_is_wrong_with_it(bench)
    brushing_an_axis_keeps_only_the_readings_that_pass_there(bench)


def a_file_of_changes_is_read_or_told_what_is_wrong_with_it(bench):
    open_group(bench, "Save and load")
    chosen = bench.field("file").locator("input[type=file]")
    for content, said in (
        (b"factors: {amount: {protective: 99999}}", "factors.amount.protective.value: 99999 is out of range"),
        (b"factors: {amount: {protective: 3000}}", "Loaded mine.yaml; changes made by it: 1."),
    ):
        chosen.set_input_files({"name": "mine.yaml", "mimeType": "application/yaml", "buffer": content})
        bench.answered()
        bench.press("load")
        assert said in bench.page.locator(".jiebei .status").first.inner_text()


def brushing_an_axis_keeps_only_the_readings_that_pass_there(bench):
    bench.page.locator("figure[data-figure='readings-lines']").scroll_into_view_if_needed()
    bench.page.wait_for_selector("figure[data-figure='readings-lines'] .axis-brush")
    bench.settled()
    axis = bench.page.locator("figure[data-figure='readings-lines'] .axis-brush .background").nth(1).bounding_box()
    x = axis["x"] + axis["width"] / 2
    bench.page.mouse.move(x, axis["y"] + axis["height"] * 0.1)
    bench.page.mouse.down()
    bench.page.mouse.move(x, axis["y"] + axis["height"] * 0.3, steps=6)
    bench.page.mouse.up()
    bench.answered()
    figure = bench.page.locator("figure[data-figure='readings-lines'] .title")
    kept = int(figure.inner_text().split(" readings kept")[0].replace(",", ""))
    assert 0 < kept < 4096
    bench.press("all")
    assert figure.inner_text().startswith("4,096 readings kept")
