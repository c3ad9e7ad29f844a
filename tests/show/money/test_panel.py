"""The panels about money: what moves, what is said, what is refused in place."""

from __future__ import annotations

import re

import pytest

from jiebei_lib import Loan, owed
from jiebei_lib.show.money.figures import owed_figure, rate_figure, record_figure, ways_figure
from jiebei_lib.show.panels import affordable, credit_record, owing, ways_out, yearly_rate
from jiebei_lib.show.widget.switch import current

PANELS = (owing, ways_out, yearly_rate, affordable, credit_record)


@pytest.fixture(autouse=True)
def chinese():
    yield
    current.lang = "zh"


def figures(panel) -> list[dict]:
    return [part for places in panel.page["places"].values() for part in places if "figure" in part]


@pytest.mark.parametrize("make", PANELS)
def test_the_first_state_stands_in_both_languages_without_a_problem(make):
    panel = make()
    chinese = panel.text()
    assert panel.page["problem"] is None and len(chinese) > 100
    current.lang = "en"
    english = panel.text()
    assert panel.page["problem"] is None and english != chinese
    assert not [char for char in english if "\u4e00" <= char <= "\u9fff"]
    assert "{" not in chinese + english


@pytest.mark.parametrize("make", PANELS)
def test_every_figure_has_a_title_a_text_alternative_and_its_numbers(make):
    for figure in figures(make()):
        assert len(figure["alt"]) > 20 and len(figure["caption"]) > 10 and figure["rows"]
        assert all(len(row) == len(figure["head"]) for row in figure["rows"])


def test_the_area_is_what_the_library_says_is_owed_on_every_day():
    loan = Loan(
        principal=12_000, daily_rate="0.0005", months=12, method="equal_instalment", drawn="2026-01-15", missed_from=3
    )
    figure = owed_figure(loan, 7, "en")
    day = loan.due(3)
    for number in (0, 7, 100, 365):
        one = owed(loan, day.fromordinal(day.toordinal() + number))
        stacked = [area["y"][number] for area in figure.data]
        assert stacked == pytest.approx([float(one.principal), float(one.interest), float(one.penalty)])


def test_a_payment_and_a_plan_lower_the_cost_of_waiting_and_the_dashed_line_stays():
    panel = owing()
    panel.set(pay=500)
    assert "90.72" in panel.text() and figures(panel)[0]["figure"]["data"][-1]["line"]["dash"] == "dash"
    panel.set(plan="monthly", plan_months=3)
    monthly = figures(panel)[0]["figure"]["layout"]["title"]
    panel.set(plan="due")
    assert monthly != figures(panel)[0]["figure"]["layout"]["title"] and panel.page["problem"] is None
    panel.set(pay=0, plan="none")
    assert len(figures(panel)[0]["figure"]["data"]) == 3


def test_a_loan_that_cannot_be_is_refused_in_place_and_the_last_picture_stays():
    panel = owing()
    before = panel.text()
    panel.set(missed_from=13)
    assert "First instalment missed: 13" in panel.page["problem"]["en"] and panel.text() == before
    panel.set(missed_from=12, accelerate=True, compound=True, grace_days=3)
    assert panel.page["problem"] is None


def test_a_shorter_loan_or_another_method_brings_the_first_missed_instalment_along():
    panel = owing()
    panel.set(months=2)
    assert panel.values["missed_from"] == 2 and panel.page["problem"] is None
    panel.set(months=12, missed_from=5)
    panel.set(method="bullet")
    assert panel.values["missed_from"] == 1 and panel.page["problem"] is None


def test_every_way_that_deepens_the_debt_says_so():
    panel = ways_out()
    assert panel.text().count("加深债务") == 2
    (figure,) = figures(panel)
    labels = [mark["text"] for mark in figure["figure"]["layout"]["annotations"]]
    assert ["加深债务" in label for label in labels] == [False, False, True, True]


def test_each_ways_whole_monthly_need_stands_against_what_a_month_leaves():
    panel = ways_out()

    def rows() -> dict[str, list[str]]:
        cells = [
            line.split(" | ") for line in panel.text().splitlines() if line.count(" | ") == 4 and "2,600.00" in line
        ]
        return {row[0]: row for row in cells}

    assert rows()["和出借方商定分期"][2:] == ["1,300.10", "2,600.00", "付得起 |"]
    assert "债没有少" in next(row for name, row in rows().items() if name.startswith("从别处"))[4]
    panel.set(income=6500)  # 1,100 a month are left: enough for the instalment, not for the plan beside it
    lines = panel.text().splitlines()
    assert [line for line in lines if line.startswith("和出借方商定分期 |") and "1,100.00 | 付不起" in line]
    panel.set(income=8000, savings=0, other_debts=2600, spending=4500)  # a month leaves 900: not what is due today
    assert [line for line in panel.text().splitlines() if line.startswith("今天还清") and "900.00 | 付不起" in line]


def test_nothing_overdue_needs_no_way_out():
    panel = ways_out()
    panel.set(principal=1, months=60)
    assert figures(panel) == [] and "不需要出路" in panel.text()


def test_a_service_fee_lifts_the_rate_over_the_lines():
    panel = yearly_rate()
    assert "高于7条线中的1条" in panel.text()
    panel.set(principal=8000, daily_rate=0.05, instalment_fee=71)
    assert "高于7条线中的7条" in panel.text()


def test_the_record_is_drawn_as_ending_only_once_settled():
    panel = credit_record()
    line = figures(panel)[0]["figure"]["data"][0]
    assert line["line"]["dash"] == "solid" and line["x"][1] == "2031-03-10"
    panel.set(settled=None)
    line = figures(panel)[0]["figure"]["data"][0]
    assert line["line"]["dash"] == "dot" and line["x"][1] == "2031-11-24"
    panel.set(settled="2024-01-01")
    assert "settled: 2024-01-01" in panel.page["problem"]["en"]


def test_a_thinner_purse_changes_the_verdict():
    panel = affordable()
    assert "余地很小" in panel.text()
    panel.set(income=3000)
    assert "借少一点" in panel.text()
    panel.set(income=30_000, savings=100_000)
    assert "撑得住" in panel.text()


def test_figures_are_the_same_on_every_run():
    from jiebei_lib.money.record import record
    from jiebei_lib.money.summary import money

    loan = Loan(principal=12_000, daily_rate="0.0005", months=12, method="bullet", drawn="2026-01-15")
    found = money(loan, "2027-02-01")
    marks = record("2025-06-15", None, 500, as_of="2026-11-24")
    for draw in (
        lambda: ways_figure(found, "zh"),
        lambda: rate_figure(found, "en"),
        lambda: record_figure(marks, "zh"),
    ):
        assert draw().spec() == draw().spec()


def test_the_first_line_says_what_one_more_day_costs_and_follows_a_payment():
    from decimal import Decimal

    from jiebei_lib.money.arrears import waiting
    from jiebei_lib.show.money.panel import EXAMPLE

    panel = owing()
    loan = Loan.of({**EXAMPLE, "daily_rate": "0.0005"})
    cost = waiting(loan, [1], loan.due(3).fromordinal(loan.due(3).toordinal() + 7))[0].cost
    assert panel.text().split("\n")[0] == f"再等一天，约多付{cost}元。" and panel.page["gauge"]["now"] == str(cost)
    panel.set(pay=500)
    assert Decimal(panel.page["gauge"]["now"]) < cost
    panel.set(pay=5000)
    assert panel.page["gauge"] is None and "再等一天" not in panel.text().split("\n")[0]


def test_every_panel_of_the_notebook_has_a_number_beside_the_control_that_moves__what_the_panel_itself_says():
    def gauge(panel, **moved):
        panel.set(**moved)
        told = panel.page["gauge"]
        assert all(word in told["moved"][lang] for word in ("{before}", "{now}") for lang in ("zh", "en"))
        assert all(not re.search(r"[{}]", told["line"][lang]) for lang in ("zh", "en"))
        return told["now"]

    ways = ways_out()
    before = ways.page["gauge"]["now"]
    apart, elsewhere = gauge(ways, elsewhere=50).split(" / ")
    assert before.split(" / ")[0] == apart and before != f"{apart} / {elsewhere}"
    assert {apart, elsewhere} <= {row[5] for row in ways.figures["ways"].rows}
    dear = yearly_rate()
    first = dear.page["gauge"]["now"]
    assert first != gauge(dear, instalment_fee=50) and dear.page["gauge"]["now"] in dear.text()
    budget = affordable()
    assert gauge(budget, income=3000) == f"{budget.result.after.left:,.2f}"
    dates = credit_record()
    assert gauge(dates, settled="2026-04-01") == "2031-04-01" and gauge(dates, settled=None) in dates.text()
