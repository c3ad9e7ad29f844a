"""Kinds of logs that were once judged wrongly or could not be read, each with what is right; and laws that hold for every log."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from jiebei_lib.calls.audit import audit
from jiebei_lib.calls.log import read_log
from jiebei_lib.calls.rule_sets import load_rules

US = {
    "debt_id": "D1",
    "caller": "agency",
    "channel": "call",
    "callee": "borrower",
    "callee_id": "P1",
    "answered": "false",
}
WEEK = [f"2026-09-{7 + day:02}T10:00:00-04:00" for day in range(7)] + [
    "2026-09-08T14:00:00-04:00",
    "2026-09-11T14:00:00-04:00",
]


def broken(rows: list[dict], rules: str) -> dict[str, int]:
    log = read_log([{"attempt_id": str(n), **row} for n, row in enumerate(rows)])
    assert not log.problems, [problem.say("en") for problem in log.problems]
    return audit(log, rules).breaches["rule_id"].astype(str).value_counts().to_dict()


def test_a_lender_that_calls_for_itself_is_no_debt_collector() -> None:
    rows = [{**US, "caller": "lender", "at": f"2026-09-{7 + n // 2:02}T1{3 * (n % 2)}:00:00-04:00"} for n in range(10)]
    assert broken(rows, "us") == {}


@pytest.mark.parametrize("ids", [["P1"] * 9, ["cell"] * 7 + ["work"] * 2])
def test_seven_calls_to_the_cell_and_two_to_the_work_line_are_nine_to_the_person(ids: list[str]) -> None:
    rows = [{**US, "at": at, "callee_id": own} for at, own in zip(WEEK, ids, strict=True)]
    assert broken(rows, "us") == {"us_seven_in_seven": 2}


def test_in_china_dials_are_counted_by_number_and_not_by_person() -> None:
    rows = [{**US, "at": f"2026-03-09T{9 + n:02}:00:00+08:00"} for n in range(8)]
    found = audit([{"attempt_id": str(n), **row} for n, row in enumerate(rows)], "cn")
    of_rule = found.table[found.table["rule_id"] == "cn_cba_unanswered"]
    assert len(of_rule) and set(of_rule["status"]) == {"undecided"} and set(of_rule["missing"]) == {"number_id"}
    assert broken([{**row, "number_id": f"n{n % 2}"} for n, row in enumerate(rows)], "cn") == {}
    assert broken([{**row, "number_id": "n"} for row in rows], "cn") == {"cn_cba_unanswered": 2}


def test_who_called_first_talked_and_five_calls_after_it_are_five_breaches() -> None:
    talk = {**US, "caller": "", "answered": "true", "direction": "inbound", "at": "2026-09-08T11:00:00-04:00"}
    days = (9, 10, 11, 12, 14)
    rows = [talk, *({**US, "direction": "outbound", "at": f"2026-09-{day:02}T10:00:00-04:00"} for day in days)]
    assert broken(rows, "us") == {"us_after_conversation": 5}


def test_a_call_by_the_consumer_at_night_breaks_nothing() -> None:
    night = {**US, "answered": "true", "at": "2026-09-08T22:40:00-04:00", "conduct": "none"}
    assert broken([{**night, "direction": "in"}], "us") == {}
    assert "us_hours" in broken([{**night, "direction": "out"}], "us")


def test_a_log_written_in_china_is_never_judged_by_london_s_clock() -> None:
    rows = [{**US, "at": f"2026-03-09T{hour:02}:00:00+08:00"} for hour in range(8, 22)]
    found = audit([{"attempt_id": str(n), **row} for n, row in enumerate(rows)], "uk")
    assert "uk_hours" not in set(found.table["rule_id"].astype(str))


def test_what_has_not_happened_yet_is_refused() -> None:
    log = read_log([{"attempt_id": "a", "at": "2125-03-09T10:00:00+08:00"}])
    assert len(log) == 0 and "future" in log.problems[0].say("en") and "还没有到" in log.problems[0].say("zh")


def test_a_row_that_contradicts_itself_is_refused() -> None:
    log = read_log([{"attempt_id": "a", "at": "2026-03-09T10:00:00+08:00", "answered": "true", "outcome": "busy"}])
    assert len(log) == 0 and "contradicts" in log.problems[0].say("en")


def test_words_of_either_language_stand_for_the_levels() -> None:
    zh = dict(zip(
        ["编号", "时间", "联系的是谁", "是否接通", "借款人联系得上", "方式", "目的", "说出了什么", "方向", "不当行为"],
        ["1", "2026年3月9日 晚9点半", "紧急联系人", "接通", "失联", "打电话", "提醒", "有欠款逾期;金额", "呼出", "威胁恐吓"], strict=True,
    ))  # fmt: skip
    en = dict(zip(
        ["id", "timestamp", "callee", "answered", "borrower_reachable", "channel", "purpose", "disclosed", "direction", "conduct"],
        ["1", "2026-03-09 9:30 PM", "a contact", "picked up", "unreachable", "phone call", "remind", "amount;overdue", "outgoing",
         "threat"], strict=True,
    ))  # fmt: skip
    one, other = (read_log([row], zone="Asia/Shanghai") for row in (zh, en))
    assert not one.problems and not other.problems
    pd.testing.assert_frame_equal(one.table, other.table)
    assert one.table["answered"].tolist() == ["true"] and one.table["borrower_reachable"].tolist() == ["false"]


# ---- laws ------------------------------------------------------------------------------------------------------------------

RULES = load_rules("article,cn,us,uk")
rows = st.lists(
    st.fixed_dictionaries(
        {
            "quarter": st.integers(0, 12 * 96),
            "debt_id": st.sampled_from(["d1", "d2", "d1;d2", ""]),
            "callee": st.sampled_from(["borrower", "spouse", "contact", "attorney", ""]),
            "callee_id": st.sampled_from(["p1", "p2", ""]),
            "number_id": st.sampled_from(["n1", "n2", ""]),
            "agency_id": st.sampled_from(["a1", "a2", ""]),
            "direction": st.sampled_from(["out", "out", "in", ""]),
            "outcome": st.sampled_from(["conversation", "no_answer", "busy", "voicemail", "wrong_number", ""]),
            "agreed_on": st.sampled_from(["", "", "2026-03-05"]),
            "stop_requested": st.sampled_from(["true", "false", ""]),
            "zone": st.sampled_from(["America/New_York", "America/New_York;America/Los_Angeles", ""]),
        }
    ),
    min_size=1,
    max_size=30,
)
QUICK = settings(max_examples=25, deadline=None, phases=[phase for phase in Phase if phase != Phase.shrink])


def table_of(drawn: list[dict]) -> pd.DataFrame:
    start = pd.Timestamp("2026-03-02T00:00:00-05:00")
    return pd.DataFrame(
        [
            {
                **row,
                "attempt_id": f"{n:03}",
                "channel": "call",
                "at": (start + pd.Timedelta(minutes=15 * row["quarter"])).isoformat(),
            }
            for n, row in enumerate(drawn)
        ]
    ).drop(columns="quarter")


def found_in(table: pd.DataFrame) -> set[tuple[str, str, str]]:
    return set(
        map(tuple, audit(read_log(table), RULES).table[["rule_id", "attempt_id", "status"]].astype(str).to_numpy())
    )


@QUICK
@given(drawn=rows, seed=st.integers(0, 99))
def test_the_order_of_the_rows_plays_no_part(drawn, seed) -> None:
    table = table_of(drawn)
    assert found_in(table) == found_in(table.sample(frac=1, random_state=seed))


@QUICK
@given(drawn=rows, data=st.data())
def test_a_row_written_twice_changes_nothing(drawn, data) -> None:
    table = table_of(drawn)
    again = data.draw(st.integers(0, len(table) - 1))
    assert found_in(table) == found_in(pd.concat([table, table.iloc[[again]]], ignore_index=True))


@QUICK
@given(drawn=rows)
def test_one_more_call_never_makes_an_earlier_breach_of_a_limit_fine(drawn) -> None:
    """More attempts, later in time, take nothing away of what was found for those before."""
    table = table_of(drawn)
    later = table.assign(
        attempt_id=table["attempt_id"] + "x", at="2026-04-20T12:00:00-04:00", outcome="no_answer", agreed_on=""
    )
    kept = {one for one in found_in(table) if one[2] == "breach"}
    assert kept <= found_in(pd.concat([table, later], ignore_index=True))


@QUICK
@given(drawn=rows)
def test_what_is_found_does_not_depend_on_other_debts_and_people(drawn) -> None:
    table = table_of(drawn)
    apart = table.assign(**{column: table[column].where(table[column] == "", "other-" + table[column].str.replace(";", ";other-"))
                            for column in ("debt_id", "callee_id", "number_id")}, attempt_id="other-" + table["attempt_id"])  # fmt: skip
    named = (table[["debt_id", "callee_id", "number_id"]] != "").all(axis=1)
    both = found_in(pd.concat([table[named], apart[named]], ignore_index=True)) if named.any() else set()
    alone = found_in(table[named]) if named.any() else set()
    assert {one for one in both if not one[1].startswith("other-")} == alone
