"""The policy bench on screen: statements dropped by keyboard, contradictions told in place, a file read, an axis brushed."""

import re

import pytest
from playwright.sync_api import expect

NAME = "02_policy_lab.ipynb"
expect.set_options(timeout=30_000)  # the kernel may still be at work for the panels below


@pytest.fixture
def bench(voila_page):
    return voila_page(NAME, lang="en")


def open_group(notebook, label):
    notebook.page.locator("summary", has_text=label).first.click()


def test_numbers_and_statements_are_moved_and_what_cannot_be_is_told_in_place(bench):
    page, panel = bench.page, bench.page.locator(".jiebei").first
    answer, problem, before = panel.locator(".top"), panel.locator(".problem"), bench.text()
    words = answer.text_content()

    bench.put("constraints.neutral_possible.at_least", 0.5)
    expect(answer).not_to_have_text(words)
    expect(panel).to_contain_text("After the changes")
    expect(panel.locator("table.wide")).to_contain_text("Least likelihood of a neutral case")
    bench.press("reset")
    expect(answer).to_have_text(words)

    box = bench.field("constraints.neutral_possible.at_least")
    box.locator("input[type=number]").fill("7")
    expect(box.locator(".wrong")).to_contain_text("7 is not allowed; give a number from 0.001 to 0.5")
    assert bench.answered().text() == before

    open_group(bench, "Statements: which count")
    bench.field("constraints.strength_days").locator("input[type=checkbox]").focus()
    page.keyboard.press("Space")
    expect(problem).to_have_text(re.compile("nothing bounds the weight “Days overdue”; [^\n]*$"))
    expect(answer).to_have_text(words)
    page.keyboard.press("Space")
    expect(problem).to_be_hidden()


def test_another_witness_or_a_file_is_taken_and_readings_are_brushed(bench):
    panel = bench.page.locator(".jiebei").first
    bench.press("start_published")
    expect(panel.locator(".top")).to_contain_text("By other pages")
    open_group(bench, "Words into numbers")
    expect(bench.field("strengths.weak.at_least")).to_be_visible()

    open_group(bench, "Save and load")
    for content, said in (
        (b"factors: {amount: {protective: 99999}}", "factors.amount.protective.value: 99999 is out of range"),
        (b"factors: {amount: {protective: 3000}}", "Loaded mine.yaml; changes made by it: 1."),
    ):
        given = {"name": "mine.yaml", "mimeType": "application/yaml", "buffer": content}
        bench.field("file").locator("input[type=file]").set_input_files(given)
        bench.answered()
        bench.press("load")
        expect(panel.locator(".status")).to_contain_text(said)

    figure = bench.page.locator("figure[data-figure='readings-lines']")
    figure.scroll_into_view_if_needed()
    expect(figure.locator(".axis-brush .background").nth(1)).to_be_visible()
    bench.settled()
    expect(figure.locator(".title")).to_contain_text("4,096 readings kept")
    axis = figure.locator(".axis-brush .background").nth(1).bounding_box()
    x = axis["x"] + axis["width"] / 2
    bench.page.mouse.move(x, axis["y"] + axis["height"] * 0.1)
    bench.page.mouse.down()
    bench.page.mouse.move(x, axis["y"] + axis["height"] * 0.3, steps=6)
    bench.page.mouse.up()
    expect(figure.locator(".title")).not_to_contain_text("4,096 readings kept")
    assert 0 < int(figure.locator(".title").inner_text().split(" readings kept")[0].replace(",", "")) < 4096
    bench.press("all")
    expect(figure.locator(".title")).to_contain_text("4,096 readings kept")


def test_a_table_of_cases_from_a_chinese_spreadsheet_is_read_and_its_wrong_row_named(bench):
    panel = bench.page.locator(".jiebei").nth(1)
    rows = ["案例编号,逾期天数,逾期金额,沟通情况", "甲,3,8000,silent", "乙,-99,8000,silent"]
    given = {"name": "案例.csv", "mimeType": "text/csv", "buffer": "\n".join(rows).encode("gb18030")}
    bench.field("csv").locator("input[type=file]").set_input_files(given)
    expect(panel.locator(".answer")).to_have_text("1 of 1 case with another verdict.")
    expect(panel.locator(".below .problem")).to_contain_text("Row 2, 逾期天数: '-99' is not allowed")
    expect(bench.field("source").get_by_label("a table of your own")).to_be_checked()
    expect(bench.field("csv")).to_contain_text("案例.csv")
    assert bench.axe(".jiebei") == []
    bench.switch("zh")
    expect(panel.locator(".below .problem")).to_contain_text("第2行，逾期天数：'-99' 不可用")
    bench.field("csv").get_by_role("button", name="不用这个文件").click()
    expect(panel.locator(".shown .problem")).to_contain_text("还没有选案例表")
