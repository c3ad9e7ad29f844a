"""policy show --as-of and policy diff: rules in time on the command line, for cases and for a log."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jiebei_lib.cli import run

LOG = "notebooks/cases/contact_log.csv"


def printed(capsys, *args: str) -> tuple[int, str, str]:
    code = run(["policy", *args])
    said = capsys.readouterr()
    return code, said.out, said.err


def as_json(capsys, *args: str):
    return json.loads(printed(capsys, *args, "--json")[1])


def test_only_the_rules_of_the_day_are_shown(capsys) -> None:
    before, after = (
        as_json(capsys, "show", "--as-of", day)["conduct"]["third_persons"] for day in ("2026-01-29", "2026-01-30")
    )
    assert set(after) - set(before) == {"cba_guideline"}
    assert as_json(capsys, "show", "--as-of", "2024-10-21")["cost"]["lpr_1y"]["values"] == [
        {"from": "2024-10-21", "value": 0.031}
    ]
    calls = as_json(capsys, "show", "--topic", "calls", "--as-of", "2024-06-01")["calls"]["rules"]
    assert "cn_nifa_2024_calls" in calls and "cn_gbt_hours" not in calls
    said = printed(capsys, "show", "--topic", "conduct", "--lang", "en")[1]
    assert "checked 2026-11-25" in said.replace("\n", " ") or "2026-11-25" in said


def test_long_after_the_last_check_the_table_says_so(capsys) -> None:
    assert (
        "civil_code"
        in printed(capsys, "show", "--topic", "limits", "--as-of", "2027-06-01", "--lang", "en")[1].splitlines()[-1]
    )
    assert (
        "have not been checked"
        not in printed(capsys, "show", "--topic", "limits", "--as-of", "2026-11-25", "--lang", "en")[1]
    )


def test_the_difference_between_two_days_is_the_same_in_either_order(capsys) -> None:
    there, back = (
        as_json(capsys, "diff", *days) for days in (("2025-02-27", "2025-02-28"), ("2025-02-28", "2025-02-27"))
    )
    assert there == back and there["cases"] is None
    paths = {change["path"] for change in there["changes"]}
    assert {"conduct.third_persons.gbt_45251", "calls.rules.cn_gbt_hours", "calls.rules.cn_nifa_2024_calls"} <= paths
    kinds = {change["path"]: change["kind"] for change in there["changes"]}
    assert kinds["calls.rules.cn_nifa_2024_calls"] == "ended" and kinds["calls.rules.cn_gbt_hours"] == "began"


def test_cases_whose_answer_changes_are_named_with_both_answers(capsys, tmp_path: Path) -> None:
    table = tmp_path / "cases.csv"
    table.write_text(
        "case_id,days_overdue,amount_overdue,communication\na,7,8000,answering\nb,30,500,answering\n", "utf-8"
    )
    changed = as_json(capsys, "diff", "2018-03-27", "2018-03-28", "--cases", str(table))["cases"]
    assert [each["case_id"] for each in changed] == ["a", "b"]
    assert (changed[0]["before"]["status"], changed[0]["after"]["status"]) == ("undecided", "not_permitted")
    assert as_json(capsys, "diff", "2018-03-28", "2018-03-29", "--cases", str(table))["cases"] == []


def test_findings_that_change_are_those_of_the_rules_that_did(capsys) -> None:
    found = as_json(capsys, "diff", "2026-01-29", "2026-01-30", "--log", LOG)["findings"]
    assert found["before"] == [] and found["after"]
    assert all(rule.startswith("cn_cba_") for rule, _, _ in found["after"])
    said = printed(capsys, "diff", "2026-01-29", "2026-01-30", "--log", LOG, "--lang", "en")[1]
    assert said.rstrip().endswith(f"of the second: {len(found['after'])}.")


@pytest.mark.parametrize(
    "args",
    [
        ("diff", "soon", "2026-01-01"),
        ("show", "--as-of", "2026-02-30"),
        ("diff", "2026-01-01", "2026-02-01", "--log", "none.csv"),
    ],
)
def test_a_day_that_is_none_and_a_file_that_is_not_there_are_one_sentence(capsys, args) -> None:
    code, _, err = printed(capsys, *args)
    assert code == 2 and len(err.strip().splitlines()) == 1 and "Traceback" not in err
