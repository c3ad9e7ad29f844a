"""Why a finding is one, and what follows from it: the window, the letter in order of force, the evidence still missing."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from jiebei_lib.calls.audit import audit
from jiebei_lib.calls.log import read_log
from jiebei_lib.calls.narrative import remembered
from jiebei_lib.core.knowledge.yaml_files import beside
from jiebei_lib.show.calls.letter import letter
from jiebei_lib.show.calls.windows import window
from jiebei_lib.show.calls.words import AuditWords

CALL = {
    "debt_id": "d", "zone": "America/New_York", "caller": "agency", "channel": "call", "callee": "borrower", "callee_id": "p",
    "number_id": "n", "direction": "out", "outcome": "no_answer",
}  # fmt: skip


def calls(*each: dict[str, Any], base: dict[str, Any] = CALL):
    """A call each half hour from nine in the morning of 6 April 2026."""
    rows = [
        {"attempt_id": str(n), "at": f"2026-04-06T{9 + n // 2:02}:{30 * (n % 2):02}:00-04:00", **base, **own}
        for n, own in enumerate(each, 1)
    ]
    return audit(rows, "us")


def test_a_window_holds_the_attempts_that_count_and_says_why_others_do_not() -> None:
    found = calls(
        {}, {"outcome": "busy"}, {}, {"direction": "in"}, {}, {"debt_id": "e"}, {}, {"agreed_on": "2026-04-05"}, {},
        {"callee": "contact", "callee_id": "q", "number_id": "m"}, {}, {"channel": "sms"}, {}, {},
    )  # fmt: skip
    last = found.breaches.query("rule_id == 'us_seven_in_seven'").iloc[-1]
    steps = window(found, "us_seven_in_seven", last["position"])
    ids = found.attempts["attempt_id"]
    assert [ids[step.position] for step in steps if step.counted] == ["1", "3", "5", "7", "9", "11", "13", "14"]
    assert {ids[step.position]: step.column for step in steps if not step.counted} == {
        "2": "outcome", "4": "direction", "6": "debt_id", "8": "agreed_on", "12": "channel",
    }  # fmt: skip
    assert last["attempts"].split(";") == [ids[step.position] for step in steps if step.counted]


def test_a_fact_that_is_not_known_keeps_a_call_out_and_is_named() -> None:
    found = calls(*[{}] * 7, {"outcome": "", "answered": "false"}, {})
    steps = window(found, "us_seven_in_seven", 8)
    assert [(step.column, step.unknown) for step in steps if not step.counted] == [("outcome", True)]


def test_a_call_after_a_conversation_is_shown_with_the_conversation() -> None:
    found = calls({}, {"outcome": "conversation"}, {}, {})
    steps = window(found, "us_after_conversation", 3)
    assert [found.attempts["attempt_id"][step.position] for step in steps] == ["2", "4"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_reason_has_its_sentence_and_the_findings_show_the_window(lang: str) -> None:
    found = audit(read_log(beside("cases") / "contact_log.csv"), "article,cn,us,uk")
    words = AuditWords(found, lang)
    html = words.words("findings")
    assert html.count("<details") > 5 and "<svg" in html
    for row in words.contacts()[0]:
        for item in row["items"]:
            for step in item.get("window", []):
                assert step["why"] and 0 <= step["x"] <= 100


def test_a_letter_begins_with_what_binds_and_says_one_wrong_once() -> None:
    found = audit(read_log(beside("cases") / "contact_log.csv"), "cn")
    lines = [line for line in letter(found, "borrower", "en").splitlines() if line[:1].isdigit() and "Source:" in line]
    binding = [
        "Civil Code" in line or "Measures" in line or "Protection" in line or "Security" in line for line in lines
    ]
    assert binding == sorted(binding, reverse=True) and binding[0] and not binding[-1]
    told = [line for line in lines if "Personal Information Protection Law art. 6" in line]
    assert len(told) == 1 and "GB/T 45251-2025" in told[0]
    assert sum("22:00 and 08:00" in line for line in lines) == 1


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_is_missing_is_a_list_of_things_to_get_the_most_telling_first(lang: str) -> None:
    found = audit([{"attempt_id": "a", "at": "2026-04-06T23:00:00+08:00", "callee": "contact"}], "cn")
    rows = AuditWords(found, lang).to_find_out()
    assert [row["count"] for row in rows] == sorted((row["count"] for row in rows), reverse=True)
    assert {"disclosed", "conduct", "purpose", "borrower_reachable", "channel"} <= {
        column for _, columns, _ in found.wanting() for column in columns
    }
    assert len(rows) == len({column for _, columns, _ in found.wanting() for column in columns} - {"judgement"})
    assert all(row["text"] for row in rows)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_log_older_than_the_rules_says_what_no_rule_of_its_day_covered(lang: str) -> None:
    base = {"channel": "call", "callee": "borrower", "answered": "false", "callee_id": "p", "number_id": "n"}
    rows = [{"attempt_id": str(n), "at": f"2016-06-0{1 + n}T23:00:00+08:00", **base} for n in range(3)]
    rows += [{"attempt_id": "new", "at": "2026-06-01T23:00:00+08:00", **base}]
    words = AuditWords(audit(rows, "cn"), lang)
    said = [note for note in words.notes() if "2025-02-28" in note]
    assert len(said) == 1 and "3" in said[0] and ("22点至次日8点" if lang == "zh" else "22:00 and 08:00") in said[0]
    assert not [note for note in AuditWords(audit(rows[3:], "cn"), lang).notes() if "2025-02-28" in note]


def test_what_a_weaker_or_older_rule_already_finds_is_not_called_uncovered() -> None:
    """The banking association's hours came after the standard's, which hold for the same calls."""
    row = {"attempt_id": "a", "at": "2025-06-01T23:00:00+08:00", "channel": "call"}
    assert not [note for note in AuditWords(audit([row], "cn"), "en").notes() if "came before" in note]


def test_what_is_taken_for_granted_is_said_where_a_rule_turns_on_it() -> None:
    row = {"attempt_id": "a", "at": "2026-06-01T12:00:00+08:00", "channel": "call", "answered": "false"}

    def said(rules: str, **more: str) -> str:
        return " ".join(AuditWords(audit([{**row, **more}], rules), "en").notes())

    assert "others rang" in said("us") and "one firm" in said("us") and "could talk" not in said("us")
    assert "could talk" in said("cn") and "one firm" not in said("cn")
    assert "others rang" not in said("us", outcome="busy") and "made by the collector" not in said(
        "us", direction="out"
    )
    assert "the usual is taken" not in said("us", outcome="busy", direction="out", agency_id="a1")


@pytest.mark.parametrize(("lang", "words"), [("zh", "2026-03-01至2026-03-12"), ("en", "2026-03-01 to 2026-03-12")])
def test_a_report_from_memory_names_all_the_days_that_a_call_may_have_been_on(lang: str, words: str) -> None:
    log = remembered(["day=2026-03-01 until=2026-03-12 count=4", "day=2026-03-05 clock=22:40"], now=date(2026, 3, 20))
    assert words in AuditWords(audit(log, "cn"), lang).byline("x")
