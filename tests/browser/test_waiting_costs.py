"""The notebook on what waiting costs, in a real browser: the area moves, mistakes are answered in place, the words follow."""

from __future__ import annotations

import pytest

NAME = "04_what_waiting_costs.ipynb"
OWING, WAYS, RATE, RECORD = 0, 1, 2, 3  # the panels, by their place in the notebook


@pytest.fixture
def notebook(voila_page):
    return voila_page(NAME, lang="en")


def part(notebook, panel: int):
    return notebook.page.locator(".jiebei").nth(panel)


TOTAL = """() => { const chart = document.querySelectorAll('.jiebei')[0].querySelector('.chart');
  return (chart?.data ?? []).filter(area => area.stackgroup).reduce((sum, area) => sum + [...area.y].at(-1), 0); }"""


def last_total(notebook) -> float:
    """The height of the stacked area on its last day, as the browser drew it."""
    part(notebook, OWING).locator(".chart").first.scroll_into_view_if_needed()
    notebook.settled()
    return notebook.page.evaluate(TOTAL)


def until_total(notebook, total: float) -> None:
    notebook.page.wait_for_function(f"() => Math.abs(({TOTAL})() - {total}) < 0.005")


def test_a_payment_today_lowers_the_area_and_a_plan_clears_it(notebook):
    assert last_total(notebook) == pytest.approx(12_713.82)
    notebook.put("pay", 500, OWING)
    until_total(notebook, 12_123.10)
    notebook.choose("plan", "the arrears by the month, later instalments on time", OWING)
    until_total(notebook, 0)
    assert "less than paying nothing" in part(notebook, OWING).inner_text()
    notebook.shot("voila-04-plan-en")


def test_a_rate_outside_its_limits_is_refused_at_the_field(notebook):
    before = last_total(notebook)
    notebook.field("daily_rate", OWING).locator("input[type=number]").fill("5")
    notebook.answered()
    assert "5 is not allowed" in notebook.field("daily_rate", OWING).inner_text()
    assert last_total(notebook) == before


def test_dear_money_elsewhere_costs_more_than_agreed_instalments(notebook):
    notebook.put("elsewhere", 50, WAYS)
    words = part(notebook, WAYS).inner_text()
    assert words.count("This deepens the debt") == 2 and "166.79 yuan of interest" in words


def test_without_a_settlement_the_mark_has_no_end_yet(notebook):
    assert "negative entry ends on 2031-03-10" in part(notebook, RECORD).inner_text()
    notebook.field("settled", RECORD).locator("input").fill("")
    notebook.answered()
    assert "Unsettled it never ends" in part(notebook, RECORD).inner_text()
