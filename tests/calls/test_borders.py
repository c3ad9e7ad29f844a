"""Every rule at both sides of its border (core/borders/calls.yaml), and the counts against counting one by one."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from jiebei_lib.calls.audit import audit
from jiebei_lib.calls.log import read_log
from jiebei_lib.calls.rule_sets import load_rules
from jiebei_lib.core.knowledge.yaml_files import HERE, parse

QUICK = [phase for phase in Phase if phase != Phase.shrink]  # a failing log is short enough as drawn
BORDERS = parse((HERE / "core/borders/calls.yaml").read_text("utf-8"))
RULES = load_rules()


def log_of(case: dict, defaults: dict = BORDERS["defaults"]) -> pd.DataFrame:
    each = case.get("each") or [{}] * len(case["at"])
    assert len(each) == len(case["at"]), case["note"]
    return pd.DataFrame(
        [
            {"attempt_id": str(n), "at": at, **defaults, **case.get("base", {}), **own}
            for n, (at, own) in enumerate(zip(case["at"], each, strict=True), 1)
        ]
    )


@pytest.mark.parametrize("case", BORDERS["cases"], ids=lambda case: f"{case['rule']}: {case['note']['en']}")
def test_a_rule_at_its_border(case: dict) -> None:
    found = audit(log_of(case), RULES).table
    of_rule = found[found["rule_id"] == case["rule"]]
    assert dict(zip(of_rule["attempt_id"].astype(int), of_rule["status"], strict=True)) == case["expect"]


def test_every_rule_has_a_case_that_breaks_it_or_leaves_it_open_and_one_that_does_not() -> None:
    touched, clean = Counter(), Counter()
    for case in BORDERS["cases"]:
        touched[case["rule"]] += len(case["expect"])
        clean[case["rule"]] += len(case["at"]) - len(case["expect"])
    assert set(RULES.rules) == {rule for rule, n in touched.items() if n and clean[rule]}


# ---- counting one by one ---------------------------------------------------------------------------------------------------

START = datetime.fromisoformat("2026-03-02T00:00:00+08:00")
attempts = st.lists(
    st.tuples(
        st.integers(0, 12 * 96),  # quarters of an hour over twelve days
        st.sampled_from(["p1", "p2"]),
        st.sampled_from(["d1", "d2"]),
        st.sampled_from(["true", "false", ""]),
        st.sampled_from(["call", "sms", ""]),
        st.sampled_from(["borrower", "contact", ""]),
    ),
    min_size=1,
    max_size=40,
)


def table_of(drawn: list[tuple]) -> pd.DataFrame:
    rows = [
        {
            "attempt_id": f"{n:03}",
            "at": (START + timedelta(minutes=15 * quarter)).isoformat(),
            "callee_id": person,
            "debt_id": debt,
            "answered": answered,
            "channel": channel,
            "callee": callee,
        }
        for n, (quarter, person, debt, answered, channel, callee) in enumerate(drawn)
    ]
    return pd.DataFrame(rows)


def matches(value: str, wanted: str) -> bool | None:
    return None if value == "" else value == wanted


def all_of(*facts: bool | None) -> bool | None:
    return False if False in facts else None if None in facts else True


def name_people(rows: list[dict]) -> None:
    """Gives each row the same id for the same person: a debt has one borrower, whatever ids they go by."""
    borrowers = [{(row["callee_id"]), row["debt_id"]} for row in rows if row["callee"] == "borrower"]
    same: list[set[str]] = []
    for pair in borrowers:
        touching = [one for one in same if one & pair]
        same = [one for one in same if not one & pair] + [pair.union(*touching)]
    for row in rows:
        row["callee_id"] = next((min(one) for one in same if row["callee_id"] in one), row["callee_id"])


def by_hand(table: pd.DataFrame, times: int, days: int | None, per: list[str], counts: str, callee: str | None) -> dict:
    """Attempt by attempt, and for each all attempts before it."""
    rows = sorted(table.to_dict("records"), key=lambda row: (row["at"], row["attempt_id"]))
    name_people(rows)
    for row in rows:
        wanted = {"effective": "true", "unanswered": "false"}.get(counts)
        row["counted"] = all_of(
            matches(row["channel"], "call"),
            matches(row["callee"], callee) if callee else True,
            matches(row["answered"], wanted) if wanted else True,
        )
        row["day"] = datetime.fromisoformat(row["at"]).date()
    out = {}
    for n, row in enumerate(rows):
        if row["counted"] is False:
            continue
        window = [
            other
            for other in rows[: n + 1]
            if all(other[column] == row[column] for column in per)
            and (days is None or other["day"] > row["day"] - timedelta(days=days))
        ]
        sure = sum(other["counted"] is True for other in window)
        possible = sum(other["counted"] is not False for other in window)
        if row["counted"] and sure > times:
            out[row["attempt_id"]] = "breach"
        elif possible > times:
            out[row["attempt_id"]] = "undecided"
    return out


def own_rule(times: int, days: int | None, per: list[str], counts: str, callee: str | None) -> dict:
    when = {"channel": ["call"]} | ({"callee": [callee]} if callee else {})
    texts = {key: {"zh": "规则", "en": "a rule"} for key in ("text", "short", "instead")}
    return {
        "rules": {
            "own": {
                "set": "cn", "severity": "low", "check": "at_most", "times": times, "days": days or "ever", "counts": counts,
                "per": per, "when": when, "cite": ["gbt_45251_2025"], "basis": "regulation", "confidence": "S", **texts,
            }
        }
    }  # fmt: skip


@settings(phases=QUICK, max_examples=40, deadline=None)
@given(
    drawn=attempts,
    times=st.integers(0, 4),
    days=st.sampled_from([1, 2, 7, None]),
    per=st.sampled_from([["callee_id"], ["debt_id"], ["callee_id", "debt_id"]]),
    counts=st.sampled_from(["effective", "unanswered", "placed"]),
    callee=st.sampled_from(["borrower", None]),
)
def test_rolling_counts_equal_counting_one_by_one(drawn, times, days, per, counts, callee) -> None:
    table = table_of(drawn)
    found = audit(table, load_rules(own_rule(times, days, per, counts, callee))).table
    own = found[found["rule_id"] == "own"]
    assert dict(zip(own["attempt_id"], own["status"], strict=True)) == by_hand(table, times, days, per, counts, callee)
    for row in own[own["status"] == "breach"].itertuples():
        assert len(row.attempts.split(";")) == times + 1
        assert row.attempts.split(";")[-1] == row.attempt_id
        assert row.count > times


def after_by_hand(table: pd.DataFrame, days: int | None, per: list[str]) -> dict:
    """Each call against every answered call before it."""
    rows = sorted(table.to_dict("records"), key=lambda row: (row["at"], row["attempt_id"]))
    name_people(rows)
    for row in rows:
        row["day"] = datetime.fromisoformat(row["at"]).date()
        row["call"] = matches(row["channel"], "call")
        row["spoke"] = all_of(row["call"], matches(row["answered"], "true"))
    out = {}
    for n, row in enumerate(rows):
        near = [
            other["spoke"]
            for other in rows[:n]
            if all(other[column] == row[column] for column in per)
            and (days is None or other["day"] > row["day"] - timedelta(days=days))
        ]
        spoke = True if True in near else None if None in near else False
        said = all_of(row["call"], spoke)
        if said is not False:
            out[row["attempt_id"]] = "breach" if said else "undecided"
    return out


@settings(phases=QUICK, max_examples=30, deadline=None)
@given(drawn=attempts, days=st.sampled_from([1, 2, 7]), per=st.sampled_from([["callee_id"], ["callee_id", "debt_id"]]))
def test_calls_after_a_conversation_equal_looking_one_by_one(drawn, days, per) -> None:
    table = table_of(drawn)
    own = {**own_rule(0, 1, per, "placed", None)["rules"]["own"], "check": "after_conversation", "days": days}
    rules = load_rules({"rules": {"own": {key: own[key] for key in own if key not in ("times", "counts")}}})
    found = audit(table, rules).table
    mine = found[found["rule_id"] == "own"]
    assert dict(zip(mine["attempt_id"], mine["status"], strict=True)) == after_by_hand(table, days, per)


@settings(phases=QUICK, max_examples=15, deadline=None)
@given(drawn=attempts, seed=st.randoms(use_true_random=False))
def test_the_order_of_rows_plays_no_part(drawn, seed) -> None:
    table = table_of(drawn)
    order = list(range(len(table)))
    seed.shuffle(order)
    columns = ["rule_id", "attempt_id", "status", "attempts", "window", "count", "missing"]
    first, second = (audit(each, RULES).table[columns].astype(str) for each in (table, table.iloc[order]))
    pd.testing.assert_frame_equal(first, second)


@settings(phases=QUICK, max_examples=20, deadline=None)
@given(drawn=attempts)
def test_learning_a_fact_never_turns_a_breach_into_fine(drawn) -> None:
    """What is certain without a fact stays so whatever the fact turns out to be; what was open becomes one or the other."""
    table = table_of(drawn)
    before = audit(table, RULES).table
    after = audit(table.assign(answered=table["answered"].replace("", "true")), RULES).table
    pairs = ["rule_id", "attempt_id"]
    sure = set(map(tuple, before.loc[before["status"] == "breach", pairs].astype(str).to_numpy()))
    known = set(map(tuple, after[pairs].astype(str).to_numpy()))
    assert sure <= set(map(tuple, after.loc[after["status"] == "breach", pairs].astype(str).to_numpy()))
    assert known <= set(map(tuple, before[pairs].astype(str).to_numpy()))


def test_a_call_is_judged_by_the_rules_of_its_own_date_and_later_ones_only_up_to_as_of() -> None:
    table = log_of(
        {"note": "", "at": ["2025-06-02T23:00:00+08:00", "2026-06-02T23:00:00+08:00", "2026-06-03T23:00:00+08:00"]}
    )
    whole, until = audit(table, "cn"), audit(table, "cn", as_of="2026-06-02")
    by_attempt = whole.table.groupby("attempt_id")["rule_id"].agg(lambda rules: set(rules))
    assert by_attempt["1"] == {"cn_gbt_hours"}
    assert by_attempt["2"] == {"cn_gbt_hours", "cn_cba_hours"}
    assert set(until.table["attempt_id"]) == {"1", "2"}
    assert (whole.later, until.later) == (0, 1)


def test_a_log_read_twice_gives_the_same_findings() -> None:
    table = log_of(BORDERS["cases"][0])
    first, second = audit(read_log(table), RULES), audit(table, RULES)
    pd.testing.assert_frame_equal(first.table, second.table)


# ---- the examples of the commentary to Regulation F ----------------------------------------------------------------------------

COMMENTARY = parse((HERE / "core/borders/calls_commentary.yaml").read_text("utf-8"))
EXAMPLES = {
    "14(b)(2)(i)": ("1.i", "1.ii", "1.iii", "2.i", "3.i"),
    "14(b)(2)(ii)": ("1.i", "1.ii", "2.i", "2.ii", "2.iii", "2.iv.A", "2.iv.B", "2.iv.C"),
    "14(b)(3)(i)": ("3.i", "3.ii", "3.iii"),
    "14(b)(3)(ii)": ("1",),
    "14(b)(4)": ("2.i", "2.ii", "2.iii", "2.iv", "2.v", "2.vi", "2.vii"),
}


@pytest.mark.parametrize("case", COMMENTARY["cases"], ids=lambda case: f"{case['cite']} {case['rule']}")
def test_an_example_of_the_commentary_comes_out_as_it_says(case: dict) -> None:
    log = read_log(log_of(case, COMMENTARY["defaults"]))
    assert not log.problems
    found = audit(log, RULES).table
    of_rule = found[found["rule_id"] == case["rule"]]
    assert dict(zip(of_rule["attempt_id"].astype(int), of_rule["status"], strict=True)) == case["expect"]


def test_every_example_of_the_commentary_is_a_case() -> None:
    named = {f"{comment}-{number}" for comment, numbers in EXAMPLES.items() for number in numbers}
    assert {case["cite"] for case in COMMENTARY["cases"]} == named
    assert len(named) == 24
