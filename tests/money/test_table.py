"""The vectorised form equals the exact one to the cent, also where a sum lies on the border between two cents."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from jiebei_lib import CaseError, Loan, owed, waiting
from jiebei_lib.money.plan import cents
from jiebei_lib.money.table import BLOCK, waiting_cents, waiting_table
from tests.money.random_loans import random_loans

NAMES = ("owed", "total", "added", "fell_due", "cost")
ON = "2026-03-10"


def test_ten_thousand_random_loans_equal_the_exact_form_to_the_cent():
    rows = random_loans(10_000, 6)
    found = waiting_table(pd.DataFrame(rows), 30, ON)
    for n, fields in enumerate(rows):
        loan = Loan(**fields)
        wait = waiting(loan, 30, ON)
        expected = (wait.total - wait.added, wait.total, wait.added, wait.fell_due, wait.cost)
        assert tuple(getattr(found, name)[n] for name in NAMES) == tuple(map(cents, expected)), fields


def test_a_table_of_arrears_equals_the_exact_form_also_on_borders():
    """Half a cent is met often here: round sums at round rates."""
    rng = np.random.default_rng(7)
    size = 3000
    table = pd.DataFrame(
        {
            "principal_overdue": rng.integers(1, 4000, size) / 4 + 1,
            "days_overdue": rng.integers(0, 90, size),
            "daily_rate": rng.choice([0.0002, 0.0004, 0.0005, 0.00055], size),
            "penalty_multiple": rng.choice([1.0, 1.3, 1.5], size),
            "grace_days": rng.choice([0, 0, 3], size),
        }
    )
    table["principal_overdue"] = table["principal_overdue"].round(2)
    found = waiting_cents(table, 17)
    for n, row in enumerate(table.itertuples()):
        loan = Loan(
            principal=row.principal_overdue, daily_rate=row.daily_rate, months=1, method="bullet", drawn="2026-01-15",
            penalty_multiple=row.penalty_multiple, grace_days=row.grace_days,
        )  # fmt: skip
        on = date(2026, 2, 15) + timedelta(row.days_overdue)
        assert found[n] == cents(waiting(loan, 17, on).cost), row


def test_a_table_longer_than_a_block_is_worked_through_in_order():
    size = BLOCK + 5
    table = {
        "principal_overdue": np.full(size, 1000.0),
        "days_overdue": np.arange(size) % 30,
        "daily_rate": np.full(size, 0.0005),
    }
    assert (waiting_cents(table, 10) == 750).all()  # 1 000 × 0.05% × 1.5 × 10
    loans = {
        "principal": np.full(size, 1000),
        "months": 12 * np.ones(size, int),
        "method": ["bullet"] * size,
        "drawn": ["2025-01-10"] * size,
        "annual_rate": np.full(size, 0.18),
    }
    found = waiting_table(loans, 10, "2026-02-10")
    loan = Loan(principal=1000, months=12, method="bullet", drawn="2025-01-10", annual_rate=0.18)
    assert set(found.owed) == {cents(owed(loan, "2026-02-10").total)} and len(found.owed) == size


def test_an_empty_table_gives_empty_columns():
    empty = pd.DataFrame({"principal": [], "months": [], "method": [], "drawn": [], "daily_rate": []})
    assert len(waiting_table(empty, 7, ON).cost) == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"months": 61}, "row 2: months: 61"),
        ({"daily_rate": 0.5}, "row 2: daily_rate: 0.5"),
        ({"daily_rate": np.nan}, "row 2: rate"),
        ({"method": "loan"}, "row 2: method"),
        ({"drawn": "soon"}, "row 2: drawn"),
        ({"principal": -3.0}, "row 2: principal"),
        ({"missed_from": 13}, "row 2: missed_from"),
    ],
)
def test_a_wrong_cell_is_named_by_row_and_column(change, said):
    good = {
        "principal": 1000.0,
        "months": 12,
        "method": "bullet",
        "drawn": "2026-01-15",
        "daily_rate": 0.0005,
        "missed_from": 1,
    }
    with pytest.raises(CaseError, match=said):
        waiting_table(pd.DataFrame([good, good | change]), 7, ON)


def test_an_unknown_or_missing_column_is_named():
    with pytest.raises(CaseError, match="table: 'rate'"):
        waiting_table(
            {"principal": [1], "months": [1], "method": ["bullet"], "drawn": ["2026-01-15"], "rate": [0.1]}, 7, ON
        )
    with pytest.raises(CaseError, match="table: drawn"):
        waiting_table({"principal": [1], "months": [1], "method": ["bullet"], "daily_rate": [0.0001]}, 7, ON)


def test_a_table_of_loans_is_read_in_the_words_of_the_contract():
    common = {"months": [12, 6], "annual_rate": [0.18, 0.1]}
    plain = {"principal": [10_000, 500.5], "method": ["equal_instalment", "bullet"], "drawn": ["2026-01-05"] * 2}
    said = {
        "principal": ["10,000元", "５００.５"],
        "method": ["等额本息", "一次性还本付息"],
        "drawn": ["2026/1/5", "2026年1月5日"],
    }
    plain, said = plain | common, said | {"months": ["12个月", "6"], "annual_rate": ["0.18", "0.1"]}
    expected, found = (waiting_table(pd.DataFrame(each), 30, ON) for each in (plain, said))
    for name in NAMES:
        assert getattr(found, name).tolist() == getattr(expected, name).tolist()
    with pytest.raises(CaseError, match="row 2: method"):
        waiting_table(pd.DataFrame(said | {"method": ["等额本息", "随便"]}), 30, ON)
