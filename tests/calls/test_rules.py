"""The rules of conduct as data: checked when loaded, cited, dated, switchable, and open to rules of one's own."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from jiebei_lib.calls.audit import audit
from jiebei_lib.calls.checks import CHECKS
from jiebei_lib.calls.rule_sets import MAIN, SETS, load_rules
from jiebei_lib.calls.schema import PARAMETERS
from jiebei_lib.core.knowledge.problems import PolicyError
from jiebei_lib.core.knowledge.yaml_files import shipped, walk

ALL = load_rules()
SOURCES = shipped("core/sources.yaml")
TEXTS = {key: {"zh": "规则", "en": "a rule"} for key in ("text", "short", "instead")}
OWN = {"set": "cn", "severity": "low", "cite": ["gbt_45251_2025"], "basis": "regulation", "confidence": "S", **TEXTS}


def test_every_named_check_is_implemented_and_no_other() -> None:
    assert set(CHECKS) == set(PARAMETERS)


def test_a_rule_is_as_old_and_as_sure_as_its_source_says() -> None:
    sure = ("V", "S+", "S")
    for name, rule in ALL.rules.items():
        source = SOURCES[rule["cite"][0].partition(" ")[0]]
        dates = {rule.get("from"), source.get("effective")}
        if rule["set"] == "cn" and "from" in rule:
            assert len(dates) == 1, name
        assert sure.index(rule["confidence"]) >= sure.index(source["confidence"]), name


def test_the_assessment_s_rules_on_third_persons_and_these_hold_from_the_same_dates() -> None:
    from jiebei_lib.core.policy import load_policy

    of_assessment = {
        rule["cite"][0]: (rule["from"], rule["confidence"])
        for rule in load_policy("article").data["conduct"]["third_persons"].values()
    }
    here = {rule["cite"][0]: (rule.get("from"), rule["confidence"]) for rule in ALL.rules.values()}
    assert of_assessment and all(here[cite] == since for cite, since in of_assessment.items())


def test_standing_and_who_is_bound_are_known_for_every_rule() -> None:
    standings = {name: ALL.standing(rule) for name, rule in ALL.rules.items()}
    assert standings["cn_cfc_third_person"] == "binding"
    assert standings["cn_gbt_hours"] == "recommended"
    assert standings["cn_cba_hours"] == "self_discipline"
    assert standings["article_careful"] == "described"
    assert all(ALL.binds(rule)["callers"] == ["agency"] for rule in ALL.rules.values() if rule["set"] == "us")


def test_only_the_presumptions_of_regulation_f_are_presumptions() -> None:
    assert [name for name, rule in ALL.rules.items() if rule.get("presumption")] == [
        "us_seven_in_seven",
        "us_after_conversation",
    ]


def test_the_credit_card_rules_judge_nothing_and_are_named_as_left_out() -> None:
    assert not [cite for rule in ALL.rules.values() for cite in rule["cite"] if cite.startswith("card_measures")]
    assert "card_measures_2011 art. 68" in ALL.data["not_applied"]["card_rules"]["cite"]


def test_rule_numbers_that_were_not_checked_are_not_printed() -> None:
    cites = [cite for _, node in walk(ALL.data) for cite in node.get("cite", [])]
    assert {cite for cite in cites if cite.startswith("conc")} == {
        "conc", "conc rule 7.1.1R", "conc rule 7.9.6R", "conc rule 7.9.7R", "conc rule 7.11.1R", "conc rule 7.11.6R",
    }  # fmt: skip
    convention = {cite.partition(" art. ")[2] for cite in cites if cite.startswith("nifa_convention_2018")}
    assert convention <= {"", "14", "15", "16", "17", "18"}
    for name in (
        "cfc_measures_2024",
        "gbt_45251_2025",
        "cba_guideline_2026",
        "nifa_guideline_2024",
    ):
        assert {cite for cite in cites if cite.startswith(name)} <= {name}


def test_what_is_reported_once_can_be_switched_off() -> None:
    by_several, read = load_rules("cn", "S+"), load_rules("cn", "V")
    assert set(by_several.left_out) == {"cn_nifa_2024_calls"}
    assert {rule["confidence"] for rule in read.rules.values()} == {"V"}
    with pytest.raises(PolicyError, match="V, S\\+, S"):
        load_rules("cn", "M")


@pytest.mark.parametrize("which", ["cn,us", ["us", "cn"], ("cn", "us")])
def test_sets_are_chosen_by_name_in_any_order(which) -> None:
    assert load_rules(which).sets == ("cn", "us")


def test_an_unknown_set_names_the_ones_there_are() -> None:
    with pytest.raises(PolicyError, match="article, cn, us, uk, au, hk, in, kr, ph, jp, eu"):
        load_rules("cn,fr")


def test_a_rule_with_an_existing_check_needs_yaml_only(tmp_path) -> None:
    """Here: a bank of its own accord sends contacts no messages, and visits nobody on that day."""
    file = tmp_path / "bank.yaml"
    file.write_text(
        """
sets:
  bank:
    name: {zh: 某银行, en: a bank}
    description: {zh: 内部规定, en: its own rules}
    zone: Asia/Shanghai
    binds: {ours: {callers: [lender, agency], text: {zh: 自己, en: itself}}}
rules:
  bank_no_messages:
    set: bank
    from: "2026-02-01"
    severity: low
    when: {callee: [contact]}
    check: channel
    any_of: [sms, im]
    short: {zh: 给联系人发消息, en: Message to a contact}
    text: {zh: 不给联系人发消息。, en: Contacts are sent no messages.}
    instead: {zh: 打电话。, en: Call.}
    cite: [ours]
    basis: assumption
""",
        encoding="utf-8",
    )
    rules = load_rules(str(file))
    assert rules.sets == ("bank",)
    log = pd.DataFrame(
        {
            "attempt_id": list("abcd"),
            "at": ["2026-01-31T12:00:00+08:00", *["2026-02-01T12:00:00+08:00"] * 3],
            "channel": ["sms", "sms", "call", ""],
            "callee": "contact",
        }
    )
    found = audit(log, rules).table
    assert found[["attempt_id", "status", "missing"]].astype(str).values.tolist() == [
        ["b", "breach", ""],
        ["d", "undecided", "channel"],
    ]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"check": "hours"}, "rules.own.allowed"),
        ({"check": "clairvoyance"}, "rules.own.check"),
        ({"check": "discloses"}, "rules.own.any_of"),
        ({"check": "discloses", "any_of": None}, "rules.own.any_of"),
        ({"check": "unidentified", "times": 3}, "rules.own.times"),
        ({"check": "discloses", "any_of": ["shoe_size"]}, "shoe_size"),
        ({"check": "unidentified", "when": {"calle": ["contact"]}}, "rules.own.when.calle"),
        ({"check": "unidentified", "when": {"callee": ["aunt"]}}, "aunt"),
        ({"check": "unidentified", "set": "mars"}, "mars"),
        ({"check": "unidentified", "from": "2026-13-01"}, "rules.own.from"),
        ({"check": "unidentified", "from": "2026-02-01", "until": "2026-01-01"}, "rules.own.until"),
        ({"check": "unidentified", "cite": ["hearsay"]}, "hearsay"),
        ({"check": "unidentified", "cite": ["fdcpa § 1692b"]}, "fdcpa"),
        ({"check": "unidentified", "confidence": "M"}, "rules.own.confidence"),
        ({"check": "hours", "allowed": ["8", "22:00"], "closing": "excluded"}, "rules.own.allowed"),
        ({"check": "at_most", "times": -1, "days": 1, "counts": "placed", "per": ["callee_id"]}, "rules.own.times"),
    ],
)
def test_a_wrong_rule_is_refused_with_the_place_and_the_value(wrong: dict, said: str) -> None:
    with pytest.raises(PolicyError, match=re.escape(said)) as refused:
        load_rules({"rules": {"own": OWN | wrong}})
    assert all(problem.say("zh") for problem in refused.value.problems)


def test_every_question_is_answered_for_all_and_the_article_s_conflicts_carry_both_cites() -> None:
    conflicts = []
    for name, question in ALL.data["questions"].items():
        assert set(MAIN) <= set(question["answers"]) <= set(SETS)
        for jurisdiction, cell in question["answers"].items():
            if cell.get("practice") == "conflict":
                conflicts.append((name, jurisdiction))
                assert cell["cite"] and all(cite.startswith("article ¶") for cite in cell["article"])
    assert ("may_say", "cn") in conflicts and ("may_say", "us") in conflicts and ("may_call", "cn") in conflicts


def test_nothing_is_said_in_one_language_only_or_twice_the_same() -> None:
    for path, node in walk(ALL.data):
        if {"zh", "en"} <= set(node):
            assert re.search(r"[一-鿿]", node["zh"]) or node["zh"].isascii(), path
            assert not re.search(r"[一-鿿]", node["en"]), path


def test_an_unknown_key_is_refused_and_null_leaves_out_what_may_be_left_out() -> None:
    for own in (
        {"rulez": None},
        {"rules": {"own": OWN | {"check": "unidentified", "unles": None}}},
        {"rules": {"cn_hours": None, "cn_no_such_rule": None}},
    ):
        with pytest.raises(PolicyError, match=r"rulez|unles|no_such_rule"):
            load_rules(own)
    rules = load_rules({"rules": {"own": OWN | {"check": "unidentified", "until": None, "when": None, "unless": None}}})
    assert not {"until", "when", "unless"} & set(rules.data["rules"]["own"])
    row = {"attempt_id": "a", "at": "2026-02-03T23:00:00+08:00", "channel": "call"}
    assert audit([row], rules) is not None
