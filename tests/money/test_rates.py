"""Yearly rates against pyxirr, numpy-financial and the examples of Regulation Z, appendix J; and the lines they are held against."""

from __future__ import annotations

from datetime import date, timedelta

import numpy_financial as npf
import pytest
import pyxirr
from hypothesis import given, settings
from hypothesis import strategies as st

from jiebei_lib import CaseError, Loan, effective_annual_rate, load_policy, nominal_annual_rate, schedule
from jiebei_lib.money.rates import against_lines, flows, rates
from jiebei_lib.money.summary import money
from tests.money.random_loans import random_loans

LOAN = {"principal": 10_000, "annual_rate": "0.18", "months": 12, "method": "equal_instalment", "drawn": "2026-01-15"}


@pytest.mark.parametrize(
    ("advance", "payment", "number", "first", "per_year", "percent"),
    [
        (5000, 230, 24, 1, 12, 9.69),  # monthly, regular first period
        (6000, 200, 36, 1 + 19 / 30, 12, 11.82),  # monthly, long first period
        (5000, 219.17, 24, 6 / 15, 24, 10.34),  # semimonthly, short first period
        (10_000, 385, 40, 1 + 39 / 90, 4, 8.97),  # quarterly, long first period
        (500, 17.60, 30, 4 + 4 / 7, 52, 14.96),  # weekly, long first period
    ],
)
def test_the_single_advance_examples_of_appendix_j(advance, payment, number, first, per_year, percent):
    found = nominal_annual_rate(advance, [payment] * number, first, per_year)
    assert round(100 * found, 2) == percent
    times = [first + n for n in range(number)]
    assert nominal_annual_rate(advance, [payment] * number, times, per_year) == found


@given(st.integers(2, 60), st.floats(0.001, 0.05))
@settings(max_examples=60)
def test_without_an_odd_period_it_is_the_rate_of_an_annuity(number, rate):
    payment = npf.pmt(rate, number, -1000)
    assert nominal_annual_rate(1000, [payment] * number, 1, 12) == pytest.approx(12 * rate, rel=1e-8)
    assert nominal_annual_rate(1000, [payment] * number, 1, 12) == pytest.approx(
        12 * npf.rate(number, -payment, 1000, 0), rel=1e-8
    )


@given(st.floats(0.001, 0.1), st.floats(0.01, 0.99), st.integers(1, 24))
@settings(max_examples=60)
def test_the_odd_fraction_bears_simple_interest(rate, fraction, whole):
    """One payment after t whole periods and a fraction f: (1 + f i)(1 + i)^t of what was advanced."""
    payment = 1000 * (1 + fraction * rate) * (1 + rate) ** whole
    assert nominal_annual_rate(1000, [payment], whole + fraction, 12) == pytest.approx(12 * rate, rel=1e-7)


def test_the_loans_of_a_public_complaint():
    """35.99% with the guarantee fee and 18.00% without, as the data set says."""
    assert nominal_annual_rate(8000, [803.65] * 12, 1, 12) == pytest.approx(0.3599, abs=5e-5)
    assert nominal_annual_rate(8000, [803.65 - 70.21] * 12, 1, 12) == pytest.approx(0.18, abs=5e-5)
    assert nominal_annual_rate(6400, [1181.39] * 6, 1, 12) == pytest.approx(0.3599, abs=5e-5)


def test_interest_free_is_zero_and_paid_less_than_lent_is_below():
    assert nominal_annual_rate(1200, [100] * 12, 1, 12) == 0
    assert -1 < nominal_annual_rate(1200, [90] * 12, 1, 12) < 0


def test_dated_flows_are_worth_nothing_at_their_rate():
    for fields in random_loans(60, 5):
        loan = Loan(**fields)
        dated = flows(loan)
        found = effective_annual_rate(dated)
        assert found == pytest.approx(pyxirr.xirr(dict(dated)), abs=1e-9)
        worth = sum(amount / (1 + found) ** ((day - loan.drawn).days / 365) for day, amount in dated)
        assert abs(worth) < 1e-7 * float(loan.principal)
    assert effective_annual_rate([("2026-01-01", 100), ("2027-01-01", -118)]) == pytest.approx(0.18)
    assert effective_annual_rate([(date(2026, 1, 1), -100), (date(2026, 1, 1) + timedelta(730), 121)]) == pytest.approx(
        0.1
    )


def test_a_loan_has_its_contract_rate_and_its_all_in_rate():
    plain, with_fee = rates(Loan(**LOAN)), rates(Loan(**LOAN, upfront_fee=300))
    assert plain.nominal_annual == with_fee.nominal_annual == 0.18
    assert plain.all_in_annual == pytest.approx(0.18, abs=1e-4) and with_fee.all_in_annual > 0.23
    assert plain.effective_annual == pytest.approx(1.015**12 - 1, abs=2e-3)
    daily = rates(Loan(**LOAN | {"annual_rate": None, "daily_rate": "0.0005"}))
    assert daily.nominal_annual == pytest.approx(0.1825)


@pytest.mark.parametrize(
    ("drawn", "first_due"),
    [
        ("2026-01-28", None),
        ("2026-01-29", None),
        ("2026-01-30", None),  # to 28 February: the last of a shorter month
        ("2026-01-31", None),
        ("2026-02-28", "2026-03-31"),  # from one month's last day to another's
    ],
)
def test_a_month_to_a_months_end_is_a_whole_unit_period__appendix_j(drawn, first_due):
    loan = Loan(
        principal=12_000, monthly_rate="0.02", months=12, method="equal_instalment", drawn=drawn, first_due=first_due
    )
    assert rates(loan).all_in_annual == pytest.approx(0.24, abs=2e-5)  # cents of the level payment
    assert not [
        line
        for line in against_lines(round(rates(loan).all_in_annual, 4), loan.drawn)
        if line.rate == 0.24 and line.above
    ]


def test_flows_of_any_year_have_a_rate():
    """After case 1: yearly flows from 1980."""
    paid = [-224291642.5, -259470950.8, -396990554.7, -134976788.6, -413028973.1, 0.0]
    got = [171774601.6, 175210093.6, 178714295.5, 182288581.4, 185934353.0, 189653040.1]
    dated = [(date(1980 + n, 1, 1), amount) for n, amount in enumerate([*paid, *got])]
    worth = sum(
        amount / (1 + effective_annual_rate(dated)) ** ((day - date(1980, 1, 1)).days / 365) for day, amount in dated
    )
    assert abs(worth) < 1
    assert effective_annual_rate([("0801-01-01", 100), ("0802-01-01", -118)]) == pytest.approx(0.18)


def test_several_rates_that_fit_are_said_and_the_one_nearest_to_zero_is_taken():
    """100 lent, 230 back, 132 lent again: 10% and 20% both fit."""
    dated = [(date(2025, 1, 1), -100), (date(2026, 1, 1), 230), (date(2027, 1, 1), -132)]
    with pytest.warns(UserWarning, match=r"10\.0000%, 20\.0000%"):
        assert effective_annual_rate(dated) == pytest.approx(0.1)


def test_a_rate_that_nobody_can_mean_is_refused():
    with pytest.raises(CaseError, match="nobody can mean"):
        effective_annual_rate([("2020-05-27", 100), ("2020-05-28", -150)])


def test_a_long_first_period_does_not_change_the_all_in_rate_much():
    loan = Loan(**LOAN | {"first_due": "2026-03-01"})
    assert rates(loan).all_in_annual == pytest.approx(0.18, abs=2e-3)
    assert len(schedule(loan)) == 12


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [
        ("2023-09-01", 0.138),
        ("2024-08-01", 0.134),
        ("2025-01-01", 0.124),
        ("2025-05-19", 0.124),
        ("2025-05-20", 0.12),
        ("2026-07-20", 0.12),
    ],
)
def test_four_times_lpr_is_taken_on_the_day_of_the_loan(drawn, expected):
    lines = {line.id: line for line in against_lines(0.13, date.fromisoformat(drawn))}
    assert lines["private_lending"].rate == expected and lines["private_lending"].above == (expected < 0.13)


def test_a_line_says_whom_it_binds_since_when_and_on_what_it_rests():
    policy = load_policy("article")
    for line in against_lines(0.3, date(2025, 11, 1), policy):
        assert line.statement["applies"]["zh"] and line.statement["cite"] and line.statement["basis"]
    known = {line.id: line for line in against_lines(0.3, date(2025, 11, 1), policy)}
    assert known["platform_lending"].in_force and not known["microloan"].in_force
    assert known["for_comparison"].statement["basis"] == "assumption"
    early = {line.id: line for line in against_lines(0.3, date(2019, 8, 19), policy)}
    assert early["private_lending"].rate is None and early["private_lending"].above is None


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: nominal_annual_rate(-1000, [100], 1, 12),
        lambda: nominal_annual_rate(1000, [-100], 1, 12),
        lambda: nominal_annual_rate(1000, [], 1, 12),
        lambda: nominal_annual_rate(1000, [100, 100], [1], 12),
        lambda: nominal_annual_rate(1000, [100], [-1], 12),
        lambda: nominal_annual_rate(1000, [1100], 1, 0),
        lambda: effective_annual_rate([]),
        lambda: effective_annual_rate([("soon", 5), ("2026-02-01", -5)]),
        lambda: effective_annual_rate([("2026-01-01", "five"), ("2026-02-01", -5)]),
        lambda: effective_annual_rate([("2026-01-01", 5), ("2026-02-01", 5)]),
        lambda: effective_annual_rate([("2026-01-01", 5), ("2026-01-01", -5)]),
    ],
)
def test_flows_without_a_rate_are_refused_in_one_sentence(wrong):
    with pytest.raises(CaseError) as refusal:
        wrong()
    assert len(str(refusal.value).splitlines()) == 1


def test_what_a_cost_rests_on_is_in_force_on_its_day():
    policy = load_policy({"cost": {"statements": {"rounding": {"until": "2026-03-01"}}}})
    for day, rests in (("2026-03-01", True), ("2026-03-02", False)):
        found = money(Loan(**LOAN), day, policy=policy, ways_out=False)
        assert any("四舍五入" in each["text"]["zh"] for each in found["rests_on"]) is rests
