"""What is owed and what waiting adds: worked by hand, and the laws that hold for every loan."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from jiebei_lib import CaseError, Loan, owed, waiting
from jiebei_lib.money.arrears import paying, today

BULLET = {"principal": 10_000, "daily_rate": "0.0005", "months": 1, "method": "bullet", "drawn": "2026-01-15"}
MONTHLY = {"principal": 12_000, "annual_rate": "0.18", "months": 12, "method": "equal_principal", "drawn": "2026-01-15"}
PARTS = ("principal", "interest", "penalty", "fees")


@st.composite
def late(draw):
    """A loan that is late, and a day on which it is."""
    months = draw(st.integers(1, 24))
    method = draw(st.sampled_from(["equal_instalment", "equal_principal", "interest_first", "bullet"]))
    loan = Loan(
        principal=draw(st.decimals("100", "50000", places=2)),
        daily_rate=draw(st.decimals("0", "0.001", places=5)),
        months=months,
        method=method,
        drawn=draw(st.dates(date(2024, 1, 1), date(2026, 1, 1))),
        missed_from=draw(st.integers(1, 1 if method == "bullet" else months)),
        penalty_multiple=draw(st.sampled_from(["1", "1.3", "1.5", "2"])),
        grace_days=draw(st.sampled_from([0, 3, 7])),
        compound=draw(st.booleans()),
        late_fee=draw(st.sampled_from([0, 10])),
        instalment_fee=draw(st.sampled_from([0, 8])),
        order=draw(st.permutations(["fees", "penalty", "interest", "principal"])),
    )
    on = loan.due(loan.missed_from) + timedelta(draw(st.integers(0, 365)))
    if draw(st.booleans()):
        loan = loan.replace(accelerated=loan.due(loan.missed_from) + timedelta(draw(st.integers(0, 200))))
    return loan, on


def parts(found) -> dict[str, str]:
    return {part: str(getattr(found, part)) for part in (*PARTS, "total")}


def test_ten_thousand_yuan_seven_days_late_cost_what_the_pages_say():
    """0.05% a day and 1.5 times: 52.50 yuan of penalty, where ordinary interest would have been 35.00."""
    found = owed(Loan(**BULLET), "2026-02-22")
    assert parts(found) == {
        "principal": "10000.00",
        "interest": "155.00",
        "penalty": "52.50",
        "fees": "0.00",
        "total": "10207.50",
    }
    assert (found.days_overdue, found.instalments, str(found.settle)) == (7, 1, "10207.50")


def test_in_grace_days_ordinary_interest_goes_on_and_no_penalty_runs():
    found = owed(Loan(**BULLET, grace_days=3), "2026-02-22")
    assert parts(found) == {
        "principal": "10000.00",
        "interest": "170.00",
        "penalty": "30.00",
        "fees": "0.00",
        "total": "10200.00",
    }


def test_several_instalments_each_bear_penalty_from_their_own_day():
    """1 000 yuan from 15 March and 1 000 from 15 April; 0.05% × 1.5 a day on each."""
    found = owed(Loan(**MONTHLY, missed_from=2), "2026-04-25")
    assert str(found.principal) == "2000.00" and found.instalments == 2 and found.days_overdue == 41
    assert str(found.interest) == "315.00"  # 165 and 150: 1.5% of 11 000 and of 10 000
    assert str(found.penalty) == "38.25"  # 0.75 × 41 + 0.75 × 10
    assert str(found.not_due) == "9000.00" and str(found.settle) == str(found.total + 9000 + 45)  # ten days of 4.50


def test_compound_interest_runs_on_unpaid_interest():
    plain, compound = (owed(Loan(**MONTHLY, compound=option), "2026-03-14") for option in (False, True))
    assert (str(plain.penalty), str(compound.penalty)) == ("20.25", "23.90")  # 0.075% × 27 on 1 000, and on 180 more


def test_acceleration_calls_in_the_rest_with_interest_to_that_day():
    loan = Loan(**MONTHLY, accelerated="2026-02-25")
    before, after = owed(loan, "2026-02-24"), owed(loan, "2026-03-07")
    assert str(before.principal) == "1000.00" and before.not_due == 11_000
    assert str(after.principal) == "12000.00" and after.not_due == 0
    assert str(after.interest) == "235.00"  # 180, and ten days of 11 000 at 18%/360
    assert str(after.penalty) == "97.50"  # 0.75 × 20 on 1 000 and 8.25 × 10 on 11 000


def test_a_part_payment_goes_to_fees_penalty_interest_principal_in_this_order():
    loan = paying(Loan(**BULLET, late_fee=20), 200, "2026-02-22")
    assert parts(owed(loan, "2026-02-22")) == {
        "principal": "10000.00",
        "interest": "27.50",
        "penalty": "0.00",
        "fees": "0.00",
        "total": "10027.50",
    }
    principal_first = loan.replace(order=["principal", "interest", "penalty", "fees"])
    assert str(owed(principal_first, "2026-02-22").principal) == "9800.00"


def test_early_repayment_lowers_every_later_instalment():
    loan = paying(Loan(**MONTHLY, missed_from=3), 5000, "2026-02-15")
    found = owed(loan, "2026-04-15")
    assert str(found.principal) == "545.45"  # 6 000 left after two instalments and the payment, in eleven parts
    everything = owed(loan, "2026-02-15").settle
    assert owed(paying(loan, everything, "2026-02-15"), "2027-06-01").total == 0


def test_waiting_splits_what_is_added_into_what_falls_due_and_what_waiting_costs():
    found = waiting(Loan(**MONTHLY), [0, 7, 30, 90], "2026-02-22")
    assert [wait.days for wait in found] == [0, 7, 30, 90]
    assert found[0].added == 0 and str(found[1].cost) == "5.25" and found[1].fell_due == 0
    assert str(found[2].fell_due) == "1165.00" and found[2].added == found[2].fell_due + found[2].cost


@given(late(), st.lists(st.integers(0, 400), min_size=2, max_size=4))
@settings(max_examples=80)
def test_owed_never_falls_while_waiting_and_is_the_sum_of_its_parts(case, days):
    loan, on = case
    found = [owed(loan, on + timedelta(day)) for day in sorted(days)]
    assert all(a.total <= b.total for a, b in pairwise(found))
    assert all(one.total == sum(getattr(one, part) for part in PARTS) for one in found)


@given(late(), st.integers(0, 365), st.integers(0, 365))
@settings(max_examples=80)
def test_splitting_a_range_of_days_adds_up(case, first, second):
    loan, on = case
    one, two = waiting(loan, first, on), waiting(loan, second, on + timedelta(first))
    both = waiting(loan, first + second, on)
    assert one.cost + two.cost == both.cost and one.added + two.added == both.added
    assert both.cost >= 0 and both.total == owed(loan, on + timedelta(first + second)).total


@given(late(), st.decimals("0.01", "1", places=2), st.integers(0, 365))
@settings(max_examples=120)
def test_a_payment_today_lowers_what_is_owed_by_at_least_as_much(case, share, later):
    loan, on = case
    amount = (owed(loan, on).total * share).quantize(Decimal("0.01"))
    assume(amount > 0)
    day = on + timedelta(later)
    assert owed(paying(loan, amount, on), day).total <= owed(loan, day).total - amount


@given(late(), st.integers(0, 365))
@settings(max_examples=40)
def test_waiting_costs_nothing_at_a_rate_of_zero(case, days):
    loan, on = case
    free = loan.replace(daily_rate=0, late_fee=0)
    assert waiting(free, days, on).cost == 0


@given(late(), st.integers(0, 120))
@settings(max_examples=60)
def test_whoever_settles_owes_nothing_ever_after(case, later):
    loan, on = case
    settled = paying(loan, owed(loan, on).settle, on)
    found = owed(settled, on + timedelta(later))
    assert (found.total, found.not_due, found.settle, found.days_overdue) == (0, 0, 0, 0)


def test_today_is_never_before_the_first_missed_due_date():
    loan = Loan(**MONTHLY, missed_from=3)
    assert today(loan, date(2026, 2, 1)) == date(2026, 4, 15) and today(loan, date(2026, 5, 1)) == date(2026, 5, 1)


@pytest.mark.parametrize("wrong", ["2026-01-14", "yesterday"])
def test_a_day_before_the_loan_is_refused(wrong):
    with pytest.raises(CaseError, match="on: "):
        owed(Loan(**BULLET), wrong)


@pytest.mark.parametrize("days", [-1, 4000, 1.5])
def test_days_that_cannot_be_waited_are_refused(days):
    with pytest.raises(CaseError, match="days: "):
        waiting(Loan(**BULLET), [days], "2026-03-01")
