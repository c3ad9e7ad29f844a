"""The contract's instalments against numpy-financial, closed forms and QuantLib, to the cent."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import numpy_financial as npf
import pytest
import QuantLib as ql
from hypothesis import given, settings
from hypothesis import strategies as st

from jiebei_lib import CaseError, Loan, schedule
from jiebei_lib.money.loan import months_after
from jiebei_lib.money.plan import year_fraction
from tests.money.random_loans import METHODS, random_loans

LOAN = {"principal": 10_000, "annual_rate": "0.18", "months": 12, "method": "equal_instalment", "drawn": "2026-01-15"}
DAY_COUNTS = {
    "30/360": ql.Thirty360(ql.Thirty360.BondBasis),
    "actual/360": ql.Actual360(),
    "actual/365": ql.Actual365Fixed(),
    "actual/actual": ql.ActualActual(ql.ActualActual.ISDA),
}


DAILY = st.decimals("0", "0.001", places=6)


def loans(daily_rate=DAILY):
    return st.builds(
        Loan,
        principal=st.decimals("1", "300000", places=2),
        daily_rate=daily_rate,
        months=st.integers(1, 60),
        method=st.sampled_from(METHODS),
        drawn=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
        day_count=st.sampled_from(list(DAY_COUNTS)),
    )


def cent(value) -> Decimal:
    return Decimal(repr(float(value))).quantize(Decimal("0.01"), ROUND_HALF_UP)


def test_the_textbook_loan():
    plan = schedule(Loan(**LOAN))
    assert [str(row.payment) for row in plan] == ["916.80"] * 11 + ["916.81"]
    assert (str(plan[0].interest), str(plan[0].principal), str(plan[0].balance)) == ("150.00", "766.80", "9233.20")
    assert plan[-1].balance == 0


@pytest.mark.parametrize(
    "fields", [f for f in random_loans(900, 3) if f["method"] == "equal_instalment" and "daily_rate" not in f]
)
def test_equal_instalments_are_those_of_numpy_financial(fields):
    loan = Loan(**fields)
    plan, rate = schedule(loan), float(loan.annual) / 12
    expected = cent(npf.pmt(rate, loan.months, -float(loan.principal)) if rate else float(loan.principal) / loan.months)
    assert all(row.payment == expected for row in plan[:-1])
    # npf works with the unrounded payment: each cent of rounding may add up over the months, no more
    for row in plan[:: max(1, loan.months // 4)][:4]:
        interest = -npf.ipmt(rate, row.n, loan.months, float(loan.principal))
        assert abs(float(row.interest) - float(interest)) <= 0.005 * (1 + row.n * rate) + 0.005
    grown = ((1 + rate) ** loan.months - 1) / rate if rate else loan.months  # of a cent a month
    assert abs(float(plan[-1].payment - expected)) <= 0.01 * grown


def test_two_hundred_loans_follow_their_closed_forms_to_the_cent():
    fields = [f for f in random_loans(900, 4) if f["method"] != "equal_instalment"]
    assert len(fields) >= 200
    for given_fields in fields:
        loan = Loan(**given_fields)
        plan, principal = schedule(loan), float(loan.principal)
        days = [(loan.due(n) - (loan.due(n - 1) if n > 1 else loan.drawn)).days for n in range(1, loan.instalments + 1)]
        rates = (
            [float(loan.daily_rate) * d for d in days]
            if loan.daily_rate is not None
            else [float(loan.annual) / 12] * loan.months
        )
        if loan.method == "bullet":
            whole = (
                float(loan.daily_rate) * (plan[0].due - loan.drawn).days
                if loan.daily_rate is not None
                else float(loan.annual) / 12 * loan.months
            )
            assert near(plan[0].interest, principal * whole)
        elif loan.method == "interest_first":
            assert all(near(row.interest, principal * rate) for row, rate in zip(plan, rates, strict=True))
            assert [row.principal for row in plan[:-1]] == [0] * (loan.months - 1)
        else:
            part = (loan.principal / loan.months).quantize(Decimal("0.01"), ROUND_HALF_UP)
            for row, rate in zip(plan, rates, strict=True):
                assert near(row.interest, (principal - float(part) * (row.n - 1)) * rate)
            assert {row.principal for row in plan[:-1]} <= {part}


@pytest.mark.parametrize(
    "fields", [f for f in random_loans(600, 8) if f["method"] == "equal_instalment" and "daily_rate" in f]
)
def test_equal_instalments_at_a_daily_rate_are_worth_what_was_lent(fields):
    """Discounted over the days of each period, the level payments are worth the principal: that defines them."""
    loan = Loan(**fields)
    plan, worth, factor, before = schedule(loan), 0.0, 1.0, loan.drawn
    for row in plan:
        factor /= 1 + float(loan.daily_rate) * (row.due - before).days
        worth, before = worth + factor, row.due
    level = plan[0].payment
    assert near(level, float(loan.principal) / worth)
    assert {row.payment for row in plan[:-1]} <= {level}


def near(amount: Decimal, exact: float) -> bool:
    """Rounded to the nearest cent; on the border between two a float may not tell which."""
    return abs(float(amount) - exact) <= 0.005 + 1e-9 * max(1.0, exact)


@given(loans())
@settings(max_examples=60)
def test_payments_sum_to_principal_plus_interest(loan):
    plan = schedule(loan)
    assert sum(row.principal for row in plan) == loan.principal
    assert all(row.payment == row.principal + row.interest for row in plan)
    assert all(row.principal >= 0 and row.interest >= 0 and row.balance >= 0 for row in plan)
    assert sum(row.payment for row in plan) == loan.principal + sum(row.interest for row in plan)


@given(loans(st.just(0)))
@settings(max_examples=30)
def test_a_zero_rate_costs_nothing(loan):
    assert sum(row.interest for row in schedule(loan)) == 0


@given(st.dates(date(2019, 1, 1), date(2032, 1, 1)), st.integers(0, 800), st.sampled_from(list(DAY_COUNTS)))
@settings(max_examples=300)
def test_day_counts_are_those_of_quantlib(start, days, name):
    end = start + timedelta(days)
    expected = DAY_COUNTS[name].yearFraction(ql.Date.from_date(start), ql.Date.from_date(end))
    assert float(year_fraction(start, end, name)) == pytest.approx(expected, abs=1e-12)


@given(st.dates(date(2019, 1, 1), date(2032, 1, 1)), st.integers(1, 60))
@settings(max_examples=60)
def test_due_dates_are_those_of_quantlib(drawn, months):
    loan = Loan(**LOAN | {"drawn": drawn, "months": months})
    rule = ql.Schedule(
        ql.Date.from_date(drawn),
        ql.Date.from_date(drawn) + ql.Period(months, ql.Months),
        ql.Period(1, ql.Months),
        ql.NullCalendar(),
        ql.Unadjusted,
        ql.Unadjusted,
        ql.DateGeneration.Forward,
        False,
    )
    assert [row.due for row in schedule(loan)] == [day.to_date() for day in list(rule)[1:]]


def test_month_ends_hold_their_day():
    dues = [row.due.isoformat() for row in schedule(Loan(**LOAN | {"drawn": "2027-12-31", "months": 4}))]
    assert dues == ["2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30"]


def test_an_odd_first_period_is_charged_by_its_days():
    first = {"first_due": "2026-03-01", "method": "interest_first"}
    thirty = schedule(Loan(**LOAN | first))
    assert str(thirty[0].interest) == "230.00"  # 46 days of 360: 10 000 × 0.18 × 46/360
    daily = schedule(Loan(**LOAN | first | {"annual_rate": None, "daily_rate": "0.0005"}))
    assert str(daily[0].interest) == "225.00"  # 45 days of 5 yuan
    assert str(daily[1].interest) == "155.00"  # March has 31
    assert [row.due.day for row in daily] == [1] * 12


def test_the_length_of_a_month_does_not_matter_for_a_monthly_rate_but_does_for_a_daily_one():
    monthly = schedule(Loan(**LOAN | {"annual_rate": None, "monthly_rate": "0.015", "method": "interest_first"}))
    assert {str(row.interest) for row in monthly} == {"150.00"}
    daily = schedule(Loan(**LOAN | {"annual_rate": None, "daily_rate": "0.0005", "method": "interest_first"}))
    assert {str(row.interest) for row in daily} == {"140.00", "150.00", "155.00"}


def test_the_two_loans_of_the_complaint_solve_to_round_rates():
    """8 000 yuan in 12 payments of 803.65: 18% is what the payments without their guarantee fee repay."""
    plan = schedule(Loan(**LOAN | {"principal": 8000, "instalment_fee": "70.21"}))
    assert plan[0].payment == Decimal("733.44") and plan[0].payment + plan[0].fee == Decimal("803.65")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"daily_rate": 0.5, "annual_rate": None}, "0.0005 (0.05%)"),
        ({"daily_rate": "0.05%", "annual_rate": None}, "0.0005 (0.05%)"),
        ({"daily_rate": "万分之五", "annual_rate": None}, "0.0005 (0.05%)"),
        ({"daily_rate": "万4.5", "annual_rate": None}, "0.00045 (0.045%)"),
        ({"daily_rate": "0.5‰", "annual_rate": None}, "0.0005 (0.05%)"),
        ({"annual_rate": "百分之十八"}, "0.18 (18%)"),
        ({"annual_rate": 18}, "0.18 (18%)"),
        ({"months": 0}, "from 1 to 60"),
        ({"months": True}, "from 1 to 60"),
        ({"principal": -500}, "meant 500"),
        ({"principal": "10000.005"}, "two decimals"),
        ({"principal": float("nan")}, "two decimals"),
        ({"first_due": "2025-12-15"}, "meant drawn 2025-12-15, first_due 2026-01-15"),
        ({"first_due": "2027-01-15"}, "meant 2026-02-15"),
        ({"drawn": "15.1.2026"}, "a date like"),
        ({"payments": [{"on": "2026-03-01", "amount": -5}]}, "meant 5"),
        ({"payments": [{"on": "2025-03-01", "amount": 5}]}, "not before 2026-01-15"),
        ({"daily_rate": 0.0005}, "exactly one of"),
        ({"missed_from": 13}, "from 1 to 12"),
        ({"order": ["fees", "penalty", "interest", "fees"]}, "each of"),
        ({"method": "balloon"}, "one of equal_instalment"),
        ({"upfront_fee": 10_000}, "upfront_fee"),
    ],
)
def test_a_loan_that_cannot_be_is_refused_with_what_was_meant(wrong, said):
    with pytest.raises(CaseError) as refusal:
        Loan(**LOAN | wrong)
    assert said in str(refusal.value)
    assert refusal.value.say("zh") != refusal.value.say("en")


def test_a_loan_survives_its_yaml(tmp_path):
    loan = Loan(**LOAN | {"payments": [{"on": "2026-03-01", "amount": 5}], "compound": True, "first_due": "2026-02-20"})
    (tmp_path / "loan.yaml").write_text(loan.to_yaml(), "utf-8")
    assert Loan.read(tmp_path / "loan.yaml") == loan
    with pytest.raises(CaseError, match="unknown key"):
        Loan.of({**LOAN, "rate": 0.18})


def test_months_after_never_leaves_the_month():
    assert months_after(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert months_after(date(2026, 3, 31), -1) == date(2026, 2, 28)


EXTREMES = st.sampled_from(["1e-999999", "1e999999", "1e-9999%", "9999-12-31", "-0"])
NUMBERS = st.one_of(st.booleans(), st.integers(), st.floats(), st.decimals(), EXTREMES)
SHAPES = st.one_of(st.none(), st.text(max_size=12), st.dates(), st.lists(st.integers(), max_size=2))
JUNK = st.one_of(NUMBERS, SHAPES, st.dictionaries(st.text(max_size=3), st.integers(), max_size=2))


@given(
    st.dictionaries(
        st.sampled_from([*LOAN, "daily_rate", "first_due", "payments", "order", "accelerated", "late_fee", "x"]),
        JUNK,
        max_size=4,
    )
)
def test_whatever_a_file_holds_is_a_loan_or_refused_in_our_words(changes):
    try:
        loan = Loan.of({**LOAN, **changes})
    except CaseError as refusal:
        assert all(len(problem.say(lang)) < 600 for problem in refusal.problems for lang in ("zh", "en"))
    else:
        assert sum(row.principal for row in schedule(loan)) == loan.principal


def test_payments_are_read_as_they_are_documented(tmp_path):
    """``on`` is a word in YAML 1.2; in 1.1 it is the truth ``true``."""
    text = "principal: 1e4\nmonths: 012\nmethod: equal_instalment\ndrawn: 2026-01-20\nannual_rate: 0.18\n"
    (tmp_path / "loan.yaml").write_text(text + "payments: [{on: 2026-03-20, amount: 500}]\n", "utf-8")
    loan = Loan.read(tmp_path / "loan.yaml")
    assert loan == Loan(10_000, 12, "equal_instalment", date(2026, 1, 20), annual_rate="0.18", payments=loan.payments)
    assert [(payment.on, payment.amount) for payment in loan.payments] == [(date(2026, 3, 20), 500)]
    assert Loan.of(LOAN | {"payments": [{"日期": "2026年3月20日", "金额": "５00元"}]}).payments == loan.payments


def test_a_loan_is_read_in_the_words_of_the_contract(tmp_path):
    text = "借款本金: 10,000元\n期数: 12个月\n还款方式: 等额本息\n借款日: 2026年1月15日\n年利率: 0.18\n复利: 否\n另外还过的钱: []\n"
    (tmp_path / "loan.yaml").write_text(text, "utf-8")
    assert Loan.read(tmp_path / "loan.yaml") == Loan(**LOAN)
    (tmp_path / "loan.json").write_text(
        '{"principal": "１0000", "期数": "12", "method": "Equal instalments", "drawn": "2026/1/15", "annual_rate": "0.18"}'
    )
    assert Loan.read(tmp_path / "loan.json") == Loan(**LOAN)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("principal", "1_000"),
        ("principal", "1,00"),
        ("months", "12天"),
        ("drawn", "15/1/2026"),
        ("drawn", "2026-1/15"),
        ("drawn", "2026年2月30日"),
        ("compound", "也许"),
        ("compound", 1),
    ],
)
def test_what_may_be_misread_in_a_loan_is_refused(name, value):
    with pytest.raises(CaseError, match=name):
        Loan.of(LOAN | {name: value})
