"""The cases that lie beside the rules: each one holds, they can fail, and a user's own files are read or refused in one sentence."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from jiebei_lib.calls.rule_sets import ELSEWHERE, load_rules
from jiebei_lib.cli import run as cli
from jiebei_lib.cli.borders import ANSWERS, Border, borders, run, shipped_borders
from jiebei_lib.core.knowledge.problems import PolicyError
from jiebei_lib.core.knowledge.yaml_files import shipped
from jiebei_lib.core.policy import load_policy

ALL = borders(shipped_borders())
SOURCES = shipped("core/sources.yaml")


def test_there_are_at_least_three_hundred_and_every_topic_has_some() -> None:
    count = Counter(border.about for border in ALL)
    assert len(ALL) >= 300 and set(count) == set(ANSWERS)
    assert min(count.values()) >= 10, count


@pytest.mark.parametrize("file", [path.name for path in shipped_borders() if path.name != "calls.yaml"])
def test_every_case_holds(file: str) -> None:
    """Those about calls are run one by one in tests/calls/test_borders.py."""
    wrong = {}
    for border in ALL:
        if border.file == file and not (outcome := run(border)).passed:
            wrong[border.number, border.note("en")] = outcome.wrong
    assert wrong == {}


def test_every_rule_of_the_other_jurisdictions_stands_on_both_sides_of_its_border() -> None:
    touched, clean = Counter(), Counter()
    for border in ALL:
        if border.file == "calls_elsewhere.yaml":
            touched[border.content["rule"]] += len(border.content["expect"])
            clean[border.content["rule"]] += len(border.content["at"]) - len(border.content["expect"])
    assert set(load_rules(ELSEWHERE).rules) == {rule for rule, n in touched.items() if n and clean[rule]}


def test_every_case_says_its_border_in_both_languages_and_its_source() -> None:
    for border in ALL:
        assert border.note("zh") and border.note("en") and border.note("zh") != border.note("en")
        if border.about != "calls" or border.file == "calls_elsewhere.yaml":
            assert {cite.partition(" ")[0] for cite in border.content["cite"]} <= set(SOURCES)


def test_no_border_is_tested_twice() -> None:
    what = ("on", "policy", "given", "expect", "rule", "at", "each", "base")
    said = Counter(
        json.dumps([border.about, {key: border.content.get(key) for key in what}], default=str) for border in ALL
    )
    assert [case for case, n in said.items() if n > 1] == []


MOVED = {
    "stage": {"timeline.stages.message.days": [1, 2], "timeline.stages.call_borrower.days": [3, 6]},
    "permission": {"conduct.third_persons.gbt_45251.from": "2025-03-01"},
    "conduct": {"conduct.caller.may_not.reveal_debt.from": "2025-02-28"},
    "advice": {"advice.actions.check_limitation.from_day": 1096},
    "consequences": {"consequences.repair_window_closed.from": "2026-03-31"},
    "lines": {"cost.lines.private_lending.from": "2020-12-29"},
    "record": {"record.repair.settled_by": "2026-04-30"},
}


@pytest.mark.parametrize("about", MOVED)
def test_a_border_that_is_moved_fails_its_cases(about: str) -> None:
    moved = load_policy("article").replace(MOVED[about])
    assert any(not run(border, moved).passed for border in ALL if border.about == about)


def test_sums_and_calls_fail_too_when_they_should() -> None:
    for about, expect in (("owed", {"total": "1.00"}), ("calls", {"1": "breach", "2": "breach", "9": "breach"})):
        first = next(border for border in ALL if border.about == about)
        assert not run(Border("f", 1, about, {**first.content, "expect": expect})).passed
    calls = next(border for border in ALL if border.about == "calls" and border.content["expect"])
    assert not run(Border("f", 1, "calls", {**calls.content, "expect": {}})).passed, "a finding that nobody expects"


def out(capsys, *args: str) -> tuple[int, str, str]:
    code = cli(list(args))
    said = capsys.readouterr()
    return code, said.out, said.err


OWN = """
about: stage
cases:
  - note: {zh: 第七天, en: day seven}
    cite: [article ¶6]
    on: 2026-11-25
    given: {days_overdue: 7, amount_overdue: 9}
    expect: {stage: %s}
"""


def test_the_command_passes_and_fails_and_says_what_differs(capsys, tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(OWN % "contacts_possible", "utf-8")
    assert out(capsys, "policy", "test", str(file), "--lang", "en") == (0, "Cases: 1, all as expected.\n", "")
    file.write_text(OWN % "legal", "utf-8")
    code, said, _ = out(capsys, "policy", "test", str(file), "--lang", "en")
    assert code == 1 and "day seven" in said and "legal" in said and "contacts_possible" in said
    code, said, _ = out(capsys, "policy", "test", str(file), "--json", "--lang", "zh")
    assert code == 1 and json.loads(said)["failed"][0]["note"] == "第七天"


def test_a_user_s_overlay_is_held_to_the_project_s_own_borders(capsys, tmp_path: Path) -> None:
    overlay = tmp_path / "mine.yaml"
    overlay.write_text("advice: {actions: {check_limitation: {from_day: 1000}}}\n", "utf-8")
    code, said, _ = out(capsys, "policy", "test", "--policy", str(overlay), "--json")
    failed = json.loads(said)["failed"]
    assert code == 1 and {each["file"] for each in failed} == {"advice.yaml"}


def test_a_user_s_own_call_rule_is_tested_by_a_user_s_own_case(capsys, tmp_path: Path) -> None:
    rules, file = tmp_path / "rules.yaml", tmp_path / "own.yaml"
    rules.write_text(
        "rules: {own_letters: {set: cn, severity: low, check: channel, any_of: [letter], cite: [ours], basis: assumption,"
        " short: {zh: 信, en: letter}, text: {zh: 不寄信。, en: No letters.}, instead: {zh: 打电话。, en: Call.}}}\n"
        "sets: {cn: {binds: {ours: {callers: [lender, agency], text: {zh: 自己, en: itself}}}}}\n",
        "utf-8",
    )
    file.write_text(
        "about: calls\ncases:\n  - {note: a letter, rule: own_letters, at: ['2026-02-01T12:00:00+08:00', '2026-02-02T12:00:00+08:00'],"
        " each: [{channel: letter}, {channel: call}], expect: {1: breach}}\n",
        "utf-8",
    )
    assert out(capsys, "policy", "test", str(file), "--rules", str(rules))[0] == 0
    assert "own_letters" in out(capsys, "policy", "test", str(file))[2]


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("cases: 7\n", ["own.yaml: cases"]),
        ("cases: [7]\n", ["own.yaml 1"]),
        ("about: weather\ncases: [{given: {}, expect: {}}]\n", ["own.yaml 1: about", "weather", "permission"]),
        ("about: stage\ncases: [{given: {}, expect: {}, on: 2026-01-01, expects: {}}]\n", ["own.yaml 1: 'expects'"]),
        ("about: stage\ncases: [{given: 7, expect: {}, on: 2026-01-01}]\n", ["own.yaml 1: given"]),
        ("about: stage\ncases: [{given: {}, expect: {}, on: soon}]\n", ["own.yaml 1: on", "soon"]),
        (
            "about: stage\ncases: [{given: {days_overdue: x, amount_overdue: 1}, expect: {}, on: 2026-01-01}]\n",
            ["own.yaml 1: given", "days_overdue"],
        ),
        ("about: lines\ncases: [{given: {rate: high}, expect: {}, on: 2026-01-01}]\n", ["own.yaml 1: given: rate"]),
        ("about: record\ncases: [{given: {}, expect: {}, on: 2026-01-01}]\n", ["own.yaml 1: overdue_from"]),
        ("about: owed\ncases: [{given: {}, expect: {}, on: 2026-01-01}]\n", ["own.yaml 1: given: principal"]),
        ("about: calls\ncases: [{rule: r, at: [1, 2], each: [{}], expect: {}}]\n", ["own.yaml 1: each"]),
        ("about: calls\ncases: [{rule: r, at: ['2026-01-01T00:00:00+08:00'], expect: {}}]\n", ["own.yaml 1: rule", "cn_gbt_hours"]),
    ],
)  # fmt: skip
def test_a_case_that_is_none_is_refused_with_its_place(capsys, tmp_path: Path, content: str, named: list[str]) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(content, "utf-8")
    code, _, err = out(capsys, "policy", "test", str(file))
    assert code == 2 and all(word in err for word in named), err
    assert "Traceback" not in err


def test_a_policy_named_in_a_case_is_used() -> None:
    border = next(border for border in ALL if border.content.get("policy") == "published")
    assert run(border, "article").passed
    with pytest.raises(PolicyError):
        run(Border("f", 1, "stage", {**border.content, "policy": "law"}))


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("cases: [{about: [1], given: {}, expect: {}, on: 2026-01-01}]\n", "own.yaml 1: about"),
        ("about: stage\ncases: [{policy: mine.yaml, given: {}, expect: {}, on: 2026-01-01}]\n", "own.yaml 1: policy"),
        ("about: calls\ndefaults: 7\ncases: [{rule: r, at: [], expect: {}}]\n", "own.yaml: defaults"),
        ("about: calls\ncases: [{rule: [1], at: [], expect: {}}]\n", "own.yaml 1: rule"),
    ],
)
def test_what_cannot_be_a_case_is_one_sentence_and_names_no_file_of_ours(
    capsys, tmp_path: Path, content: str, named: str
) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(content, "utf-8")
    code, _, err = out(capsys, "policy", "test", str(file))
    assert code == 2 and named in err and "Traceback" not in err
