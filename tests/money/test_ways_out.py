"""Ways out, the budget before borrowing, and reminders."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiebei_lib import Case, CaseError, Loan, owed, schedule, waiting
from jiebei_lib.money.budget import Budget, affordability
from jiebei_lib.money.calendar_file import due_calendar, read_dues
from jiebei_lib.money.ways_out import instalments, ways

LOAN = Loan(
    principal=12_000, daily_rate="0.0005", months=12, method="equal_instalment", drawn="2026-01-15", missed_from=3
)
ON = date(2026, 4, 22)


def by_name(*args, **more) -> dict:
    return {way.id: way for way in ways(*args, **more)}


def test_paying_today_costs_nothing_more_and_waiting_costs_what_waiting_costs():
    found, debt = by_name(LOAN, ON, 6), owed(LOAN, ON).total
    assert found["pay_today"].today == found["pay_today"].total == debt and found["pay_today"].extra == 0
    assert found["wait"].extra == waiting(LOAN, (date(2026, 10, 22) - ON).days, ON).cost
    assert all(way.total == debt + way.extra for way in found.values())


def test_only_borrowing_and_waiting_deepen_the_debt():
    assert {way.id for way in ways(LOAN, ON, 6) if way.deepens} == {"borrow", "wait"}


def test_what_deepens_the_debt_stands_last_however_cheap_it_is():
    for elsewhere in (0, 0.05, 0.6):
        found = ways(LOAN, ON, 6, elsewhere=elsewhere)
        assert [way.id for way in found] == ["pay_today", "instalments", "wait", "borrow"]
        assert found[-1].deepens and found[-1].rate == elsewhere


def test_a_month_of_a_plan_needs_the_regular_instalment_too():
    found, plan = by_name(LOAN, ON, 6), schedule(LOAN)
    regular = plan[5].payment  # the largest that falls due within the six months
    assert found["instalments"].need == found["instalments"].monthly + regular > regular
    assert found["pay_today"].need == regular and found["wait"].need == 0
    called_in = by_name(LOAN.replace(accelerated="2026-04-20"), ON, 6)
    assert called_in["instalments"].need == called_in["instalments"].monthly  # nothing falls due any more


def test_no_longer_late_is_not_free_of_debt():
    found = by_name(LOAN, ON, 6)
    assert found["pay_today"].still_owed == owed(LOAN, ON).not_due > 0
    assert found["instalments"].still_owed == found["borrow"].still_owed == schedule(LOAN)[8].balance > 0
    assert found["instalments"].arrears_end == date(2026, 10, 22)


@pytest.mark.parametrize(
    ("spending", "plan", "today"), [("5000", True, True), ("6800", False, True), ("6950", False, False)]
)
def test_a_budget_says_which_way_can_be_paid(spending, plan, today):
    """Eight thousand come in: the plan needs some 1,300 in a month, the instalment alone 1,101.15."""
    found = by_name(LOAN, ON, 6, budget=Budget(8000, spending, 0, 5000))
    assert (found["instalments"].fits, found["pay_today"].fits, found["wait"].fits) == (plan, today, None)
    assert all(way.fits is None for way in ways(LOAN, ON, 6))


@pytest.mark.parametrize("elsewhere", [24, -0.1, "x", True])
def test_a_rate_elsewhere_that_cannot_be_is_refused(elsewhere):
    with pytest.raises(CaseError, match="elsewhere"):
        ways(LOAN, ON, 6, elsewhere=elsewhere)


def test_the_largest_loan_that_is_allowed_has_ways_out():
    loan = Loan(principal=10_000_000, monthly_rate="0.02", months=1, method="bullet", drawn="2026-01-31")
    assert ways(loan, date(2026, 3, 20))[0].total > 10_000_000


def test_the_bad_mark_ends_five_years_after_settlement_so_instalments_push_it_back():
    found = by_name(LOAN, ON, 6)
    assert found["pay_today"].record_ends == date(2031, 4, 22) and found["instalments"].record_ends == date(
        2031, 10, 22
    )


@given(st.integers(1, 24), st.integers(0, 90), st.sampled_from([None, "2026-05-01"]))
@settings(max_examples=15)
def test_a_plan_pays_in_equal_parts_and_leaves_nothing_overdue(months, late, accelerated):
    loan, on = LOAN.replace(accelerated=accelerated), date(2026, 5, 1) + timedelta(late)
    monthly, last = instalments(loan, on, months)
    assert 0 < last <= monthly
    assert monthly * (months - 1) + last >= owed(loan, on).total


def test_silence_presses_more_than_a_kept_plan__article_7_10():
    known = Case(days_overdue=7, amount_overdue=1000, past_overdue=0, contacts="accurate", zhima_score=650)
    found = by_name(LOAN, ON, 6, case=known)
    assert found["wait"].call["share"] > found["instalments"].call["share"]
    assert found["pay_today"].call is None and found["borrow"].call is None


def test_the_rate_elsewhere_decides_whether_borrowing_is_dearer_than_a_plan():
    cheap, dear = by_name(LOAN, ON, 6, elsewhere=0.05), by_name(LOAN, ON, 6, elsewhere=0.5)
    assert cheap["borrow"].extra < cheap["instalments"].extra < dear["borrow"].extra


@pytest.mark.parametrize(
    ("on", "months", "said"), [(ON, 0, "months: 0"), (ON, True, "months"), (date(2026, 3, 1), 6, "nothing is overdue")]
)
def test_ways_that_cannot_be_compared_are_refused(on, months, said):
    with pytest.raises(CaseError, match=said):
        ways(LOAN, on, months)


def test_the_burden_is_what_debts_take_of_the_income():
    found = affordability(Budget(8000, 4500, 900, 30_000), LOAN)
    assert found.instalment == schedule(LOAN)[0].payment == Decimal("1101.15")
    assert found.before.burden == pytest.approx(900 / 8000) and found.after.burden == pytest.approx(2001.15 / 8000)
    assert found.after.left == Decimal("1498.85") and found.stressed.left == Decimal("-101.15")
    assert found.after.cushion == pytest.approx(30_000 / 6501.15) and found.stressed.lasts == pytest.approx(
        30_000 / 101.15
    )


@pytest.mark.parametrize(
    ("budget", "verdict"),
    [
        (Budget(20_000, 5000, 0, 60_000), "fits"),
        (Budget(20_000, 5000, 0, 1000), "tight"),  # no cushion
        (Budget(8000, 4500, 900, 30_000), "tight"),  # only as long as the income holds
        (Budget(3000, 2500), "too_much"),
        (Budget(0, 0), "too_much"),
    ],
)
def test_the_verdict_of_a_budget__article_18(budget, verdict):
    assert affordability(budget, LOAN).verdict == verdict


def test_a_lump_at_the_end_has_to_be_saved_up():
    found = affordability(Budget(8000, 4500), LOAN.replace(method="interest_first"))
    assert found.lump > 12_000 and found.instalment > Decimal("1000")
    assert affordability(Budget(8000, 4500), LOAN).lump is None


def test_a_budget_that_cannot_be_is_refused():
    with pytest.raises(CaseError, match="income") as refusal:
        Budget(-1, "much")
    assert len(refusal.value.problems) == 2


@given(
    st.sampled_from(["equal_instalment", "interest_first", "bullet"]),
    st.integers(1, 60),
    st.dates(date(2024, 1, 1), date(2027, 1, 1)),
)
@settings(max_examples=25)
def test_a_calendar_holds_every_due_date_with_its_alarms__article_19(method, months, drawn):
    loan = LOAN.replace(method=method, months=months, drawn=drawn, first_due=None, missed_from=1, loan_id="a,b;c\\ d")
    plan, title = schedule(loan), "{n}/{of}; {amount}, {due}"
    content = due_calendar(loan, title, "x")
    assert content == due_calendar(loan, title, "x") and max(map(len, content.split(b"\r\n"))) <= 75
    expected = [
        (row.due.isoformat(), title.format(n=row.n, of=len(plan), amount=f"{row.payment:,}", due=row.due), 3)
        for row in plan
    ]
    assert read_dues(content) == expected
