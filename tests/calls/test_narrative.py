"""A log from memory: what holds in every reading of it is a breach, what holds in some is possible."""

from __future__ import annotations

import itertools
import random
from datetime import datetime, timedelta

import pandas as pd
import pytest

from jiebei_lib.calls.audit import audit
from jiebei_lib.calls.narrative import remembered
from jiebei_lib.core.knowledge.problems import LogError

NOW = pd.Timestamp("2026-11-25T12:00:00+08:00")


def said(*entries: str, rules: str = "cn", zone: str = "Asia/Shanghai") -> dict[str, set[str]]:
    """The rules that break in every reading, and those that break in some and would be decided by a better memory."""
    table = audit(remembered(entries, zone=zone, now=NOW), rules).table
    sure = set(table.loc[table["status"] == "breach", "rule_id"].astype(str))
    doubtful = table[(table["status"] == "undecided") & (table["missing"].astype(str) == "memory")]
    return {"breach": sure, "possible": set(doubtful["rule_id"].astype(str)) - sure}


TEN = "day=2026-03-10 count=~10 outcome=no_answer number_id=n"


def test_about_ten_dials_in_a_day_are_more_than_six_however_one_counts() -> None:
    assert "cn_cba_unanswered" in said(TEN)["breach"]
    assert "cn_cba_unanswered" in said(TEN.replace("~10", "5-8"))["possible"]
    assert "cn_cba_unanswered" not in set().union(*said(TEN.replace("~10", "2-6")).values())


@pytest.mark.parametrize(
    ("clock", "status"),
    [("22:40", "breach"), ("22:00-23:30", "breach"), ("21:00-23:00", "possible"), ("evening", "possible"), ("", "possible"),
     ("06:00-23:00", "possible"), ("9:00-21:00", None), ("下午", None)],
)  # fmt: skip
def test_an_hour_breaks_the_rule_if_all_of_its_range_does(clock: str, status: str | None) -> None:
    found = said(f"day=2026-03-10 clock='{clock}' answered=true")
    assert ("cn_gbt_hours" in found["breach"]) == (status == "breach")
    assert ("cn_gbt_hours" in found["possible"]) == (status == "possible")


def test_the_day_may_be_forgotten_the_hour_not() -> None:
    assert "cn_gbt_hours" in said("day=2026-03-09 until=2026-03-13 clock=22:40")["breach"]


def test_more_calls_than_the_days_can_hold_are_a_breach_on_whatever_days() -> None:
    week = "day=2026-03-09 until=2026-03-15 outcome=conversation count="
    assert "cn_gbt_effective_calls" in said(week + "22")["breach"]
    assert "cn_gbt_effective_calls" in said(week + "21")["possible"]
    assert "us_seven_in_seven" in said(week + "8", rules="us", zone="America/New_York")["breach"]
    assert "cn_gbt_effective_calls" not in set().union(*said(week + "3").values())


def test_every_day_is_each_day_s_number() -> None:
    daily = "day=2026-03-09 until=2026-03-11 every_day=true outcome=conversation count="
    assert "cn_gbt_effective_calls" in said(daily + "4")["breach"]
    assert said(daily + "3") == {
        "breach": set(),
        "possible": said(daily + "3")["possible"] - {"cn_gbt_effective_calls"},
    }


def test_two_memories_of_one_day_are_added() -> None:
    both = (
        "day=2026-03-10 count=2 outcome=conversation",
        "day=2026-03-10 until=2026-03-10 count=2-3 outcome=通话 callee=借款人",
    )
    assert "cn_gbt_effective_calls" in said(*both)["breach"]


def test_whether_a_call_came_after_the_conversation_may_be_forgotten() -> None:
    talk = "day=2026-03-10 clock=12:00 outcome=conversation caller=agency"
    us = {"rules": "us", "zone": "America/New_York"}
    later = said(talk, "day=2026-03-11 outcome=no_answer caller=agency", **us)
    same = said(talk, "day=2026-03-10 outcome=no_answer caller=agency", **us)
    before = said(talk, "day=2026-03-10 clock=9:00-11:00 outcome=no_answer caller=agency", **us)
    assert "us_after_conversation" in later["breach"]
    assert "us_after_conversation" in same["possible"] - same["breach"]
    assert "us_after_conversation" not in set().union(*before.values())


def test_both_languages_say_the_same() -> None:
    zh = said(
        "日期=2026年3月10日 次数=约10 结果=响铃无人接 联系的是谁=借款人 号码的编号=n",
        "日期=3月10日 几点=晚10点半 联系的是谁=联系人 说出了什么=金额+有欠款逾期 目的=催收",
    )
    en = said(TEN, "day=2026-03-10 clock=22:30 callee=contact disclosed=amount+overdue purpose=collect")
    assert (
        zh == en and {"cn_cba_unanswered", "cn_gbt_hours", "cn_gbt_disclosure", "cn_gbt_third_person"} <= en["breach"]
    )


@pytest.mark.parametrize(
    ("entry", "named"),
    [("count=3", "day"), ("day=2026-03-10 count=many", "count"), ("day=2026-03-10 clock=25:00", "time"), ("yesterday", "key"),
     ("day=2026-03-10 until=2026-03-09", "until"), ("day=2026-03-10 mood=bad", "mood"), ("day=2026-03-10 count=0", "count"),
     ("day=2026-03-10 count=9999", "9999"), ("day=2027-01-01", "future"), ("day=2026-03-10 callee=aunt", "aunt"),
     ("day=2026-03-10 clock='8:00-9:00-10:00'", "time")],
)  # fmt: skip
def test_what_cannot_be_understood_is_refused_in_one_sentence(entry: str, named: str) -> None:
    with pytest.raises(LogError) as refused:
        remembered([entry], now=NOW)
    assert all(problem.say("zh") and problem.say("en") for problem in refused.value.problems)
    assert len(refused.value.problems) == 1 or "9999" in named


def test_every_concrete_reading_breaks_what_all_readings_break__and_some_reading_breaks_what_is_possible() -> None:
    """Against readings drawn one by one: counts, days and hours chosen within what was said."""
    rng = random.Random(7)
    for _ in range(25):
        spans = [(rng.randint(0, 2), rng.randint(1, 4), rng.randint(0, 2), rng.randint(0, 1)) for _ in range(2)]
        entries = [
            f"day=2026-03-{9 + first:02} until=2026-03-{9 + first + days:02} count={low}-{low + more} outcome=conversation"
            for first, low, days, more in spans
        ]
        found = said(*entries)
        options = []
        for first, low, days, more in spans:
            counts = range(low, low + more + 1)
            options.append([
                combo for count in counts
                for combo in itertools.combinations_with_replacement(range(first, first + days + 1), count)
            ])  # fmt: skip
        broken = []
        for one, other in itertools.product(*options):
            made = sorted([*one, *other])
            broken.append(max((made.count(day) for day in set(made)), default=0) > 3)
        assert ("cn_gbt_effective_calls" in found["breach"]) == all(broken)
        if any(broken) and not all(broken):
            assert "cn_gbt_effective_calls" in found["possible"]


def test_a_memory_without_doubt_is_judged_like_the_log_it_is() -> None:
    start = datetime.fromisoformat("2026-03-10T09:00:00")
    entries = [
        f"day=2026-03-10 clock={(start + timedelta(minutes=40 * n)):%H:%M} outcome=conversation" for n in range(5)
    ]
    rows = [
        {"attempt_id": f"m{n + 1}-1", "at": (start + timedelta(minutes=40 * n)).isoformat(), "debt_id": "d1", "channel": "call",
         "callee": "borrower", "callee_id": "borrower", "direction": "out", "outcome": "conversation", "zone": "Asia/Shanghai"}
        for n in range(5)
    ]  # fmt: skip
    columns = ["rule_id", "attempt_id", "status", "missing"]
    one, other = (audit(log, "cn").table[columns].astype(str) for log in (remembered(entries, now=NOW), rows))
    assert one.values.tolist() == other.values.tolist()


def test_about_ten_is_the_same_before_the_number_and_behind_it() -> None:
    now = pd.Timestamp("2026-03-20", tz="Asia/Shanghai")
    logs = [
        remembered([{"day": "2026-03-10", "count": count}], now=now)
        for count in ("约10", "10左右", "10次上下", "10 or so")
    ]
    assert [(len(log), int(log.table["certain"].sum())) for log in logs] == [(12, 8)] * 4
