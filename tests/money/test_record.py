"""The credit record's dates, each rule at its borders."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiebei_lib import CaseError
from jiebei_lib.money.budget import Budget
from jiebei_lib.money.record import ends, record

TODAY = "2026-11-24"


def dates(*args, as_of=TODAY) -> dict[str, date | None]:
    return {mark.id: mark.on for mark in record(*args, as_of=as_of).marks}


@given(st.dates(date(2013, 3, 15), date(2090, 1, 1)))
def test_a_mark_ends_five_years_after_it_was_settled__article_16_of_the_regulation(settled):
    end = ends(settled)
    assert end.year == settled.year + 5 and (end.month, end.day) in ((settled.month, settled.day), (2, 28))


def test_without_settlement_every_day_of_delay_moves_the_end():
    one, other = (dates("2026-06-15", None, 500, as_of=day)["ends_unsettled"] for day in ("2026-11-24", "2026-11-25"))
    assert (other - one).days == 1


def test_an_objection_is_answered_within_20_days_and_a_complaint_within_30():
    found = dates("2026-06-15", "2026-07-01", 500)
    assert (found["objection"], found["complaint"]) == (date(2026, 12, 14), date(2026, 12, 24))


@pytest.mark.parametrize(
    ("arisen", "settled", "amount", "kind", "on"),
    [
        ("2025-12-31", "2026-03-31", 10_000, "repair_applies", date(2026, 4, 30)),  # the last day of everything
        ("2026-01-01", "2026-03-31", 10_000, "repair_other_period", None),
        ("2019-12-31", "2026-03-31", 10_000, "repair_other_period", None),
        ("2025-12-31", "2026-03-31", "10000.01", "repair_too_much", None),
        ("2025-12-31", "2026-04-01", 10_000, "repair_too_late", date(2026, 3, 31)),
        ("2020-01-01", "2025-11-30", 1, "repair_applies", date(2026, 1, 1)),
        ("2020-01-01", "2025-12-01", 1, "repair_applies", date(2026, 1, 31)),  # the end of the following month
        ("2020-01-01", "2026-01-31", 1, "repair_applies", date(2026, 2, 28)),
        ("2025-06-15", None, 500, "repair_too_late", date(2026, 3, 31)),
    ],
)
def test_the_one_off_repair_holds_within_its_window_only(arisen, settled, amount, kind, on):
    found = dates(arisen, settled, amount)
    repair = {name: day for name, day in found.items() if name.startswith("repair")}
    assert repair == {kind: on}


def test_while_the_window_was_open_its_deadline_was_said():
    assert dates("2025-06-15", None, 500, as_of="2026-03-31")["repair_still_open"] == date(2026, 3, 31)


def test_every_statement_is_said_in_both_languages_with_its_slots_filled():
    for args in (("2025-06-15", None, 500), ("2025-06-15", "2026-03-10", 500), ("2026-06-15", "2026-07-01", 50_000)):
        for mark in record(*args, as_of=TODAY).marks:
            assert "{" not in mark.text("zh") + mark.text("en") and mark.statement["cite"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("2026-05-01", "2026-04-01", 5), "meant overdue_from 2026-04-01, settled 2026-05-01"),
        (("May", None, 5), "overdue_from: 'May'"),
        (("2026-05-01", None, 0), "amount"),
        (("2026-05-01", None, "5.005"), "amount"),
    ],
)
def test_dates_and_sums_that_cannot_be_are_refused(args, said):
    with pytest.raises(CaseError, match=said):
        record(*args, as_of=TODAY)


def test_dates_and_sums_are_read_as_people_write_them():
    assert dates("2025/6/15", "2026年3月10日", "５,000元") == dates("2025-06-15", "2026-03-10", 5000)
    assert Budget("8,000元", "4500", 900, "￥30000") == Budget(8000, 4500, 900, 30_000)
    with pytest.raises(CaseError, match="income"):
        Budget("8000天", 1)
