"""What a borrower can do beyond the lender's own terms, and facts of the contract: each on its day and with its source."""

from __future__ import annotations

from jiebei_lib.core.case import Case
from jiebei_lib.core.policy import Policy
from jiebei_lib.core.rules.advice import actions
from jiebei_lib.core.rules.consequences import consequences

TODAY = "2026-11-25"


def test_an_extension_is_asked_for_before_the_debt_is_late__civil_code_678(article: Policy) -> None:
    assert "ask_extension" in actions(Case(0, 8000), article)
    assert "ask_extension" not in actions(Case(1, 8000), article)


def test_the_contract_is_read_from_the_first_day_late(article: Policy) -> None:
    assert "read_the_contract" in actions(Case(1, 8000), article)
    assert {"civil_code art. 670", "civil_code art. 585"} <= set(
        article.data["advice"]["actions"]["read_the_contract"]["cite"]
    )


def test_what_lies_beyond_the_lender_comes_late_and_says_that_there_is_no_national_law(article: Policy) -> None:
    assert "beyond_the_lender" not in actions(Case(89, 8000), article)
    assert "beyond_the_lender" in actions(Case(90, 8000), article)
    text = article.data["advice"]["actions"]["beyond_the_lender"]["text"]
    assert "no national law" in text["en"] and "全国还没有统一的法律" in text["zh"]


def test_the_fine_for_no_prior_notice_and_the_early_recall_are_told(article: Policy) -> None:
    told = consequences(Case(7, 8000), article, TODAY)
    assert {"no_prior_notice", "called_in_for_misuse"} <= set(told)
    assert article.data["consequences"]["no_prior_notice"]["cite"][-1] == "credit_regulation_2013 art. 41"


def test_the_ceiling_of_one_lender_stands_beside_what_pages_say_of_the_line(article: Policy) -> None:
    product = article.data["product"]
    assert "200,000" in product["line_ceiling"]["text"]["en"] and product["line_ceiling"]["confidence"] == "S+"
    assert "300,000" in product["line_reported"]["text"]["en"]
