"""Rules in time: what changed between two days, and what nobody has checked for long."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiebei_lib.calls.rule_sets import load_rules
from jiebei_lib.core.knowledge.yaml_files import shipped, walk
from jiebei_lib.core.policy import Policy, in_force, load_policy
from jiebei_lib.page.in_time import BEGAN, ENDED, VALUE, changes, checked_on, notes, stale

SOURCES = shipped("core/sources.yaml")
DATA = {**load_policy("article").data, "calls": {"rules": load_rules().data["rules"]}}
DATED = {path: node for path, node in walk(DATA) if "cite" in node and (node.get("from") or node.get("until"))}
days = st.dates(date(2003, 1, 1), date(2027, 12, 31)).map(date.isoformat)


def test_every_rule_s_source_says_when_it_was_last_looked_for() -> None:
    for name, source in SOURCES.items():
        if source["kind"] in ("law", "standard", "guideline"):
            assert "2026-09-01" <= source["checked"] <= "2026-11-25", name


def test_every_call_rule_of_china_has_its_first_day_or_its_source_has() -> None:
    for name, rule in load_rules("cn").rules.items():
        assert "from" in rule or name == "cn_consumer_confidentiality", name


@given(first=days, second=days)
def test_what_began_and_ended_is_what_makes_the_two_days_differ(first: str, second: str) -> None:
    first, second = sorted((first, second))
    told = changes(DATA, first, second)
    assert all(first < one.on <= second for one in told) and [one.on for one in told] == sorted(one.on for one in told)
    for path, node in DATED.items():
        kinds = [one.kind for one in told if one.path == ".".join(path) and one.kind != VALUE]
        before, after = in_force(node, first), in_force(node, second)
        assert after - before == kinds.count(BEGAN) - kinds.count(ENDED), path


@given(first=days, middle=days, second=days)
def test_changes_add_up_over_days_between(first: str, middle: str, second: str) -> None:
    first, middle, second = sorted((first, middle, second))
    assert changes(DATA, first, middle) + changes(DATA, middle, second) == changes(DATA, first, second)


def test_the_day_before_and_the_day_of_the_guideline(article: Policy) -> None:
    told = {one.path: one for one in changes(article.data, "2026-01-29", "2026-01-30")}
    guideline = told["conduct.third_persons.cba_guideline"]
    assert (guideline.kind, guideline.on) == (BEGAN, "2026-01-30")
    assert guideline.text("zh").startswith("开始适用") and guideline.text("en").startswith("Came into force")
    assert changes(article.data, "2026-01-30", "2026-01-30") == []


def test_a_value_s_change_names_both_and_an_end_its_first_day_without(article: Policy) -> None:
    (lpr,) = [one for one in changes(article.data, "2024-10-20", "2024-10-21") if one.kind == VALUE]
    assert (lpr.old, lpr.new) == (0.0335, 0.031) and "3.35%" in lpr.text("en") and "3.10%" in lpr.text("zh")
    (first,) = [one for one in changes(article.data, "2019-08-19", "2019-08-20") if one.kind == VALUE]
    assert first.old is None and "4.25%" in first.text("zh")
    (window,) = [one for one in changes(article.data, "2026-03-31", "2026-04-01") if one.kind == ENDED]
    assert window.path == "consequences.repair_window_open"


def test_ninety_days_after_the_last_check_one_is_told(article: Policy) -> None:
    last = date.fromisoformat(SOURCES["civil_code"]["checked"])
    limit = int(article.value("in_time.check_after"))
    assert limit == 90
    assert "civil_code" not in stale(article, (last + timedelta(limit)).isoformat())
    assert "civil_code" in stale(article, (last + timedelta(limit + 1)).isoformat())
    assert "laudenbach" not in stale(article, "2099-01-01"), "a study is not in force or out of it"
    later = article.replace({"in_time.check_after": 365})
    assert "civil_code" not in stale(later, (last + timedelta(limit + 1)).isoformat())


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_an_answer_of_an_older_day_says_that_rules_changed_later(article: Policy, lang: str) -> None:
    (older,) = notes(article, "2024-06-01", lang)
    assert "2025-02-28" in older and "2026-01-30" in older and "2024-04-18" not in older
    assert notes(article, "2026-11-25", lang) == []
    (old,) = notes(article, "2027-06-01", lang)
    assert "90" in old and "2026-09-20" in old


def test_the_oldest_check_behind_several_cites_counts() -> None:
    assert checked_on(["lpr", "civil_code art. 1033"]) == "2026-09-20"
    assert checked_on(["article ¶6"]) is None
