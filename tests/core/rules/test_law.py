"""What the second reading of the law found wrong in the rules on a case, held right: A numbers are those of that reading."""

from __future__ import annotations

import pytest

from jiebei_lib.core.assessment import assess
from jiebei_lib.core.case import Case
from jiebei_lib.core.policy import Policy
from jiebei_lib.core.rules.advice import actions
from jiebei_lib.core.rules.conduct import caller, conflicts

SILENT = Case(7, 8000, communication="silent")
ANSWERING = Case(7, 8000, communication="answering")


def test_unreachable_may_be_defined_in_the_contract_and_two_conditions_are_told_by_several__A1(article: Policy) -> None:
    known = article.data["conduct"]["unreachable_conditions"]
    assert known["as_agreed"]["from"] == "2025-02-28" and known["as_agreed"]["confidence"] == "S"
    assert {name for name, condition in known.items() if condition["confidence"] == "S+"} == {
        "number_invalid",
        "failed_dials",
    }


def test_asking_about_means_breaks_the_standard_from_its_first_day__A5(article: Policy) -> None:
    assert "asked_about_means" not in conflicts(SILENT, article, "2025-02-27")
    assert "asked_about_means" in conflicts(SILENT, article, "2025-02-28")


@pytest.mark.parametrize("may", ["ask_way_to_reach", "relay"])
def test_asking_the_way_and_passing_on_a_message_are_the_standard_s_own_terms__A5(article: Policy, may: str) -> None:
    assert may not in caller(SILENT, article, "2025-02-27", "may")
    assert may in caller(SILENT, article, "2025-02-28", "may")


def test_the_debt_is_not_told_since_the_convention_of_2018__A8(article: Policy) -> None:
    for day, told in (("2018-03-27", False), ("2018-03-28", True)):
        assert ("reveal_debt" in caller(SILENT, article, day, "may_not")) == told
        assert ("told_of_debt" in conflicts(SILENT, article, day)) == told


def test_the_measures_forbid_collecting_not_asking__A9(article: Policy) -> None:
    conduct = article.data["conduct"]
    assert set(conduct["third_persons"]["cfc_measures"]["contact"].values()) == {"silent"}
    assert "cfc_measures" not in conduct["conflicts"]["amount_or_record"]["against"]
    cites = conduct["caller"]["may_not"]["call_when_reachable"]["cite"] + conduct["answers"]["not_permitted"]["cite"]
    assert not [cite for cite in cites if cite.startswith("cfc_measures")]
    assert "call_when_reachable" in caller(ANSWERING, article, "2018-03-28", "may_not")
    # Collecting from them stays barred by the Measures.
    assert "cfc_measures_2024" in conduct["caller"]["may_not"]["collect_from_contact"]["cite"]


def test_somebody_without_means_can_be_listed_and_spending_limited_without_a_listing__A10(article: Policy) -> None:
    known = article.data["consequences"]
    assert "judgment_defaulters art. 1" in known["blacklist_only_after_judgment"]["cite"]
    for lang, report in (("zh", "报告财产"), ("en", "report property")):
        assert report in known["blacklist_only_after_judgment"]["text"][lang].replace("财产报告", "报告财产")
    assert known["spending_limits"]["cite"][0] == "spending_limits art. 1"


def test_an_old_debt_is_looked_at_for_limitation_before_anything_that_acknowledges_it__A16(article: Policy) -> None:
    acknowledging = {"explain_and_plan", "pay_something", "talking_works"}
    for way in ("silent", "broken_promise", "answering", "engaged", None):
        young, old = (actions(Case(day, 8000, communication=way), article) for day in (1094, 1500))
        assert "check_limitation" not in young and acknowledging & set(young)
        assert old[0] == "check_limitation" and not acknowledging & set(old)
    said = [words["id"] for words in assess(Case(1500, 8000), article, "2026-11-25").words]
    assert "plan" not in said and "note" in said


def test_the_mark_does_not_mend_it_is_deleted__A22(article: Policy) -> None:
    rebuild = article.data["advice"]["actions"]["rebuild"]
    assert "credit_regulation_2013 art. 16" in rebuild["cite"]
    assert "5年" in rebuild["text"]["zh"] and "记录会慢慢修复" not in rebuild["text"]["zh"]
    assert "5 years" in rebuild["text"]["en"] and "record mends" not in rebuild["text"]["en"]


def test_what_we_chose_is_not_the_article_s__A24(article: Policy) -> None:
    assert article.data["advice"]["actions"]["no_new_debt"]["cite"] == ["ours"]
    assert article.data["advice"]["actions"]["afford_first"]["cite"] == ["article ¶18"]
    history = article.data["factors"]["history"]
    assert "ours" in history["cite"] and "our choice" in history["description"]["en"]


def test_a_spouse_may_be_one_whom_the_debt_concerns__A26(article: Policy) -> None:
    assert "debt_related" in caller(SILENT, article, "2026-01-30", "may")
    assert "debt_related" not in caller(SILENT, article, "2026-01-29", "may")
    for lang, spouse in (("zh", "配偶"), ("en", "spouse")):
        assert spouse in article.data["limits"]["unrelated_only"]["text"][lang]


def test_no_step_that_acknowledges_an_old_debt_is_held_out__A16(article: Policy) -> None:
    young, old = (assess(Case(day, 8000, communication="silent"), article, "2026-11-25").steps for day in (1094, 1095))
    assert {"plan", "repay", "pay_half", "pay_all"} <= {step["step"] for step in young}
    assert [step["step"] for step in old] == ["answer"]
    assert assess(Case(1500, 8000, communication="engaged"), article, "2026-11-25").steps == []
