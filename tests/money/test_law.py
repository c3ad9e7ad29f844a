"""What the second reading of the law found wrong in the rules on money, held right: A numbers are those of that reading."""

from __future__ import annotations

from datetime import date

import pytest

from jiebei_lib.core.policy import Policy
from jiebei_lib.money.rates import Against, against_lines
from jiebei_lib.money.record import record


def lines(rate: float, day: str) -> dict[str, Against]:
    return {line.id: line for line in against_lines(rate, date.fromisoformat(day))}


def test_penalty_above_24_per_cent_is_cut_on_request_in_court__A11() -> None:
    line = lines(0.3285, "2026-01-10")["court_on_request"]
    assert line.above and line.in_force and line.rate == 0.24
    assert "消费金融公司" in line.statement["applies"]["zh"] and "ask" in line.statement["applies"]["en"]
    assert not lines(0.3, "2017-08-03")["court_on_request"].in_force


def test_a_loan_of_25_october_2024_at_13_14_per_cent_stands_above_four_times_lpr__A12() -> None:
    line = lines(0.1314, "2024-10-25")["private_lending"]
    assert (line.rate, line.above) == (0.124, True)


@pytest.mark.parametrize(
    ("day", "four"),
    [
        ("2019-08-20", 0.17), ("2019-09-20", 0.168), ("2019-11-20", 0.166), ("2020-02-20", 0.162), ("2020-04-20", 0.154),
        ("2021-12-20", 0.152), ("2022-01-20", 0.148), ("2022-08-22", 0.146), ("2023-06-20", 0.142), ("2023-08-21", 0.138),
        ("2024-07-22", 0.134), ("2024-10-21", 0.124), ("2025-05-20", 0.12), ("2026-09-20", 0.12),
    ],
)  # fmt: skip
def test_four_times_lpr_on_each_day_it_changed__A12(day: str, four: float) -> None:
    assert lines(0.1, day)["private_lending"].rate == four


def test_the_lpr_is_called_unchecked_from_the_first_value_that_was_not_found__A12(article: Policy) -> None:
    assert article.data["cost"]["statements"]["lpr_unchecked"]["from"] == "2026-10-20"


def test_four_times_lpr_holds_since_20_august_2020__A13() -> None:
    assert lines(0.2, "2020-10-25")["private_lending"].in_force
    assert lines(0.2, "2020-08-20")["private_lending"].in_force
    assert not lines(0.2, "2020-08-19")["private_lending"].in_force


def test_the_penalty_multiple_is_the_central_bank_s__A14(article: Policy) -> None:
    multiple = article.data["cost"]["penalty_multiple"]
    assert multiple["range"] in ((1.3, 1.5), [1.3, 1.5]) and multiple["value"] == 1.5
    assert multiple["basis"] == "regulation" and multiple["cite"][0] == "pboc_penalty_2003"
    assert article.data["cost"]["statements"]["compound"]["cite"] == ["pboc_penalty_2003"]


def test_the_order_of_a_part_payment_is_the_law_s_and_what_is_ours_is_said_apart__A15(article: Policy) -> None:
    statements = article.data["cost"]["statements"]
    assert statements["allocation"]["cite"] == ["civil_code art. 561"]
    assert statements["allocation_within"]["basis"] == "assumption"


def test_the_thirty_days_run_from_acceptance__A19() -> None:
    (mark,) = [mark for mark in record("2026-06-15", None, 500, as_of="2026-11-25").marks if mark.id == "complaint"]
    assert "受理" in mark.text("zh") and "accepted" in mark.text("en") and "filed now" not in mark.text("en")


def test_the_guidance_for_consumer_finance_has_its_date_and_what_is_unclear__A20() -> None:
    before, after = (lines(0.22, day)["consumer_finance_guidance"] for day in ("2025-12-30", "2025-12-31"))
    assert (before.in_force, after.in_force) == (False, True)
    assert "2025年10月29日" in after.statement["text"]["zh"] and "unclear" in after.statement["text"]["en"]
    assert lines(0.25, "2026-04-01")["tiers"].in_force and not lines(0.25, "2026-03-31")["tiers"].in_force


def test_the_annual_rate_must_be_shown_since_31_march_2021_and_the_worked_penalty_is_right__C4_C6(
    article: Policy,
) -> None:
    statements = article.data["cost"]["statements"]
    assert statements["annual_rate_shown"]["from"] == "2021-03-31"
    for daily, low, high in (("0.05", "0.065", "0.075"), ("0.06", "0.078", "0.09")):
        assert float(low) == pytest.approx(1.3 * float(daily)) and float(high) == pytest.approx(1.5 * float(daily))
        for lang in ("zh", "en"):
            assert (
                f"{low}%" in statements["worked_penalty"]["text"][lang]
                and f"{high}%" in statements["worked_penalty"]["text"][lang]
            )
    assert statements["some_courts"]["confidence"] == "S"
