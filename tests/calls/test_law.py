"""What the second reading of the law found wrong in the rules of conduct, held right: A numbers are those of that reading."""

from __future__ import annotations

import pytest

from jiebei_lib.calls.audit import audit
from jiebei_lib.calls.rule_sets import load_rules
from jiebei_lib.calls.schema import COLUMNS
from jiebei_lib.core.knowledge.yaml_files import shipped

ALL = load_rules()
CELLS = {name: question["answers"] for name, question in ALL.data["questions"].items()}
REMEDIES = ALL.data["remedies"]
PLAIN = {
    "debt_id": "d1", "callee_id": "p1", "channel": "call", "callee": "contact", "answered": "true", "purpose": "locate",
    "disclosed": "none", "identified": "true", "recorded": "true", "borrower_reachable": "false",
    "stop_requested": "false", "conduct": "none",
}  # fmt: skip


def found(*attempts: dict, rules: str = "cn,us,uk") -> dict[tuple[str, str], str]:
    """(rule, attempt) to status, for attempts that are plain but for what is said of them."""
    rows = [{"attempt_id": str(n), **PLAIN, **own} for n, own in enumerate(attempts, 1)]
    table = audit(rows, rules).table
    return {(row.rule_id, row.attempt_id): row.status for row in table.itertuples()}


POSED = {"at": "2025-06-10T12:00:00+08:00", "conduct": "impersonation;deception", "callee": "borrower"}


def test_posing_and_deceiving_broke_a_binding_rule_in_2025__A2() -> None:
    broken = {rule for (rule, _), status in found(POSED).items() if status == "breach"}
    assert "cn_order9_conduct" in broken
    assert ALL.standing(ALL.rules["cn_order9_conduct"]) == "binding"
    assert ("cn_order9_conduct", "1") not in found(POSED | {"at": "2023-02-28T12:00:00+08:00"})
    assert ("cn_order9_conduct", "1") in found(POSED | {"at": "2023-03-01T12:00:00+08:00"})


def test_posing_and_deceiving_break_section_1692e__A3() -> None:
    assert found(POSED)["us_deception", "1"] == "breach"
    assert ALL.rules["us_deception"]["cite"] == ["fdcpa § 1692e", "reg_f § 1006.18"]


def test_misrepresentation_is_found_in_the_uk_and_what_is_not_coded_is_said__A4() -> None:
    assert found(POSED)["uk_misrepresentation", "1"] == "breach"
    assert found(POSED | {"conduct": "threat"})["uk_threatened_action", "1"] == "undecided"
    assert "not coded" in ALL.data["sets"]["uk"]["description"]["en"]
    assert "没有收录" in ALL.data["sets"]["uk"]["description"]["zh"]


@pytest.mark.parametrize(("day", "broken"), [("2025-02-27", False), ("2025-02-28", True), ("2026-01-29", True)])
def test_asking_a_contact_to_remind_breaks_the_standard__A5(day: str, broken: bool) -> None:
    asked = {"at": f"{day}T12:00:00+08:00", "purpose": "remind"}
    assert (("cn_gbt_third_person", "1") in found(asked)) == broken


def called(times: int, agreed: str, answered: str = "true") -> dict[tuple[str, str], str]:
    at = [f"2026-06-10T{9 + n:02}:00:00+08:00" for n in range(times)]
    return found(
        *({"at": each, "callee": "borrower", "number_id": "n", "agreed": agreed, "answered": answered} for each in at)
    )


def test_four_agreed_calls_a_day_break_no_rule_for_certain__A6() -> None:
    calls = called(4, "true")
    assert "breach" not in {status for (rule, _), status in calls.items() if rule.startswith("cn_")}
    assert calls["cn_gbt_effective_calls", "4"] == "undecided"
    table = audit([{"attempt_id": str(n), **PLAIN, "callee": "borrower", "agreed": "true",
                    "at": f"2026-06-10T{9 + n:02}:00:00+08:00"} for n in range(4)], "cn").table  # fmt: skip
    assert set(table.loc[table["rule_id"] == "cn_gbt_effective_calls", "missing"]) == {"judgement"}
    for agreed in ("false", ""):
        assert called(4, agreed)["cn_gbt_effective_calls", "4"] == "breach"


def test_agreed_dials_are_lifted_from_the_six__A6() -> None:
    assert called(7, "", "false")["cn_cba_unanswered", "7"] == "breach"
    assert ("cn_cba_unanswered", "7") not in called(7, "true", "false")


def test_the_convention_asks_for_the_institution_s_name__A7() -> None:
    assert "nifa_convention_2018 art. 15" in CELLS["must_say"]["cn"]["cite"]
    assert CELLS["must_say"]["cn"]["practice"] == "agrees"


def test_telling_a_contact_broke_the_convention_before_the_standard__A8() -> None:
    told = {"at": "2024-06-10T12:00:00+08:00", "disclosed": "overdue"}
    assert found(told)["cn_nifa_2018_disclosure", "1"] == "breach"
    assert ("cn_nifa_2018_disclosure", "1") not in found(told | {"at": "2018-03-27T12:00:00+08:00"})


def test_fines_for_personal_information_come_after_an_order__A17() -> None:
    cell = CELLS["penalties"]["cn"]["text"]
    assert cell["zh"].index("责令改正") < cell["zh"].index("100万元")
    assert cell["en"].index("order") < cell["en"].index("1 million")


def test_a_no_contact_order_does_not_follow_messages_alone__A18() -> None:
    assert "只发信息的不在此列" in REMEDIES["police"]["text"]["zh"]
    assert "not for messages alone" in REMEDIES["police"]["text"]["en"]
    threats = [{"at": f"2025-06-1{n}T12:00:00+08:00", "channel": "sms", "conduct": "threat"} for n in range(2)]
    assert found(*threats)["cn_public_security_2012", "2"] == "breach"
    now = [each | {"at": each["at"].replace("2025", "2026")} for each in threats]
    assert ("cn_public_security_2012", "2") not in found(*now)
    assert found(*now)["cn_public_security", "2"] == "breach"


def test_in_the_us_the_employer_is_named_on_request_only__A21() -> None:
    cell = CELLS["must_say"]["us"]
    assert cell["practice"] == "conflict" and cell["article"] == ["article ¶12"]


def test_conc_says_which_version_and_that_it_changed__A23() -> None:
    note = shipped("core/sources.yaml")["conc"]["note"]
    assert "4 November 2024" in note["en"] and "2024年11月4日" in note["zh"]


def test_the_demand_for_the_source_rests_on_the_rights_it_uses__A25() -> None:
    assert REMEDIES["explain_source"]["cite"] == [
        "pipl art. 44", "pipl art. 45", "pipl art. 47", "pipl art. 50", "civil_code art. 1037",
    ]  # fmt: skip


def test_a_spouse_is_told_apart__A26() -> None:
    assert "civil_code art. 1064" in ALL.data["not_applied"]["debt_related"]["cite"]
    assert "配偶" in CELLS["may_call"]["cn"]["text"]["zh"] and "spouse" in CELLS["may_call"]["cn"]["text"]["en"]


def test_unless_perhaps_names_columns_of_the_log() -> None:
    assert {column for rule in ALL.rules.values() for column in rule.get("unless_perhaps", [])} <= set(COLUMNS)


# ---- whom a rule binds is asked, not assumed ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lender", "measures", "protection"),
    [("consumer_finance", True, True), ("bank", False, True), ("other", False, False), ("", True, True)],
)
def test_a_rule_binds_its_kinds_of_lender_and_an_unknown_one_is_judged(
    lender: str, measures: bool, protection: bool
) -> None:
    threat = {"at": "2026-03-10T12:00:00+08:00", "callee": "borrower", "conduct": "threat", "lender": lender}
    broken = found(threat)
    assert (("cn_cfc_conduct", "1") in broken) == measures
    assert (("cn_order9_conduct", "1") in broken) == protection
    assert ("cn_cba_conduct", "1") in broken


def test_what_may_not_bind_is_said_beside_the_letter() -> None:
    from jiebei_lib.show.calls.words import AuditWords

    threat = {"attempt_id": "1", **PLAIN, "at": "2026-03-10T12:00:00+08:00", "callee": "borrower", "conduct": "threat"}
    for lang, whom in (("zh", "持牌消费金融公司"), ("en", "licensed consumer-finance companies")):
        unknown, known = (AuditWords(audit([threat | own], "cn"), lang) for own in ({}, {"lender": "consumer_finance"}))
        assert whom in unknown.if_bound() and known.if_bound() == ""
        assert whom in str(unknown.words("letter", text="…", who="borrower"))
