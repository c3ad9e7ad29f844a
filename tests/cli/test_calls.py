"""`jiebei audit`: terminal, JSON, CSV, report; exit codes; personal data."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest

from jiebei_lib.cli import run
from jiebei_lib.core.knowledge.yaml_files import beside
from jiebei_lib.page.text import say

EXAMPLE = str(beside("cases") / "contact_log.csv")
BAD_ROW = "attempt_id,at,channel\nx,2026-03-01T12:00:00+08:00,pigeon\ny,2026-03-01T23:00:00+08:00,call\n"


def test_the_terminal_says_the_headline_and_the_rules(capsys) -> None:
    assert run(["audit", EXAMPLE, "--lang", "en"]) == 0
    said = capsys.readouterr().out
    assert "Of 30 contacts 10 broke a rule, 8 of them seriously." in said
    assert "CBA guideline 2026" in said


def test_rows_that_cannot_be_read_are_told_and_the_exit_code_says_so(tmp_path, capsys) -> None:
    (tmp_path / "log.csv").write_text(BAD_ROW, encoding="utf-8")
    assert run(["audit", str(tmp_path / "log.csv"), "--csv", "--lang", "en"]) == 1
    shown = capsys.readouterr()
    assert "row 1: channel: 'pigeon'" in shown.err
    assert {row["attempt_id"] for row in csv.DictReader(io.StringIO(shown.out)) if row["status"] == "breach"} == {"y"}


def test_json_has_breaches_and_undecided_apart(capsys) -> None:
    assert run(["audit", EXAMPLE, "--rules", "cn,us", "--zone", "Asia/Shanghai", "--json", "--lang", "en"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["rule_sets"] == ["cn", "us"]
    assert {finding["status"] for finding in found["findings"]} == {"breach"}
    assert all(finding["missing"] for finding in found["undecided"])
    seventh = next(one for one in found["findings"] if one["rule_id"] == "cn_cba_unanswered")
    assert seventh["attempts"] == [f"A{n:02}" for n in range(6, 13)]


def test_what_is_reported_once_can_be_left_out(capsys) -> None:
    assert run(["audit", EXAMPLE, "--confidence", "V", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {finding["confidence"] for finding in found["findings"]} == {"V"}
    assert "cn_nifa_2024_calls" in found["left_out"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--rules", "mars"], "article, cn, us, uk"),
        (["--zone", "Mars/Olympus"], "Mars/Olympus"),
        (["--as-of", "tomorrow"], "tomorrow"),
        (["--json", "--csv"], "--json, --jsonl, --csv, --to"),
        (["--confidence", "M"], "V, S+, S"),
        (["--to", "odt"], "odt"),
    ],
)
def test_a_mistake_gets_one_line_and_exit_code_2(args: list[str], said: str, capsys, tmp_path) -> None:
    assert run(["audit", EXAMPLE, *args, "--lang", "en", "-o", str(tmp_path)]) == 2
    assert said in capsys.readouterr().err


def test_personal_data_is_refused_or_masked(tmp_path, capsys) -> None:
    log = tmp_path / "log.csv"
    log.write_text("attempt_id,at,channel,手机号\na,2026-03-01T23:00:00+08:00,call,13812345678\n", encoding="utf-8")
    assert run(["audit", str(log), "--lang", "zh"]) == 2
    assert "手机号" in (said := capsys.readouterr()).err and "13812345678" not in said.err
    assert run(["audit", str(log), "--mask", "--json"]) == 0
    out = capsys.readouterr().out
    assert "13812345678" not in out and json.loads(out)["log"]["masked"] == ["手机号"]


def test_ids_that_a_spreadsheet_would_run_are_made_safe(tmp_path, capsys) -> None:
    log = tmp_path / "log.csv"
    log.write_text('attempt_id,at,channel\n"=1+1",2026-03-01T23:00:00+08:00,call\n', encoding="utf-8")
    assert run(["audit", str(log), "--csv"]) == 0
    assert "'=1+1" in capsys.readouterr().out


def test_the_report_holds_the_log_s_answer_its_letter_and_nothing_of_this_machine(tmp_path, capsys) -> None:
    (tmp_path / "log.csv").write_text(BAD_ROW, encoding="utf-8")
    assert run(["audit", str(tmp_path / "log.csv"), "--to", "html", "-o", str(tmp_path / "out"), "--lang", "zh"]) == 1
    html = (tmp_path / "out" / "log.zh.html").read_text("utf-8")
    assert "22点至次日8点联系" in html and "投诉信草稿" in html and "读不出来的行" in html and "pigeon" in html
    body = re.sub(r"<script\b.*?</script>", "", html, flags=re.S)
    assert str(tmp_path) not in body and "http" not in body
    notebook = (tmp_path / "out" / "log.zh.ipynb").read_text("utf-8")
    assert str(tmp_path) not in notebook


def test_where_no_row_can_be_read_nothing_is_judged_and_no_report_is_made(tmp_path, capsys) -> None:
    log = tmp_path / "log.csv"
    log.write_text("attempt_id,debt_id,at,channel,callee\na,d,noon,call,borrower\n", encoding="utf-8")
    assert run(["audit", str(log), "--lang", "en"]) == 1
    said = capsys.readouterr().out
    assert "nothing can be judged" in said and "none is found" not in said
    assert run(["audit", str(log), "--to", "html", "-o", str(tmp_path / "out"), "--lang", "en"]) == 2
    assert capsys.readouterr().err.startswith("log: no row could be read") and not (tmp_path / "out").exists()


@pytest.mark.slow
def test_the_report_reproduces(tmp_path) -> None:
    from jiebei_lib.reports.check import reproduces
    from jiebei_lib.reports.kinds import audit_report

    made = audit_report(EXAMPLE, "en", "article,cn,us,uk", "2026-11-23", "contact", out=tmp_path, stem="example")
    reproduces(made.notebook)


def test_a_call_to_a_mother_is_one_to_a_contact_and_what_to_do_follows(capsys) -> None:
    call = ["audit", "--call", "日期=2026-11-25 联系对象=母亲 结果=通话 说出了什么=overdue"]
    assert run([*call, "--lang", "zh"]) == 0
    shown = capsys.readouterr().out.replace("\n", "")
    assert "向联系人透露欠款" in shown
    assert all(word in shown for word in ("可以怎么办", "保存通话记录", "12378"))
    assert run([*call, "--lang", "en", "--who", "contact"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "Never say “I will pay it”" in shown and "What to do about it" in shown


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("zh", ["11次联系（至多15次）", "无论怎样理解", "22点至次日8点联系"]),
        ("en", ["11 remembered contacts (15 at most)", "every reading", "22:00 and 08:00"]),
    ],
)
def test_calls_from_memory_are_judged_without_a_log(capsys, lang: str, said: list[str]) -> None:
    calls = [
        "day=2026-03-10 count=~10 outcome=no_answer number_id=n", "day=2026-03-10 clock=22:40 outcome=conversation",
        "日期=2026年3月11日 次数=2 联系的是谁=联系人 说出了什么=有欠款逾期",
    ]  # fmt: skip
    assert run(["audit", *[word for call in calls for word in ("--call", call)], "--lang", lang]) == 0
    flat = capsys.readouterr().out.replace("\n", "")
    assert all(one in flat for one in said), flat


@pytest.mark.parametrize(
    "arguments", [[], [EXAMPLE, "--call", "day=2026-03-10"], [EXAMPLE, "--call", "day=2026-03-10", "--to", "html"]]
)
def test_a_log_or_a_memory_is_audited_not_both_nor_neither(capsys, arguments: list[str]) -> None:
    assert run(["audit", *arguments, "--lang", "en"]) == 2
    assert "neither both nor none" in capsys.readouterr().err.replace("\n", " ")


def test_a_memory_that_cannot_be_understood_gets_one_sentence(capsys) -> None:
    assert run(["audit", "--call", "day=2026-03-10 count=many", "--lang", "zh"]) == 2
    assert "约10" in capsys.readouterr().err


@pytest.mark.parametrize(("lang", "said"), [("zh", "无论怎样理解都违反的有"), ("en", "in every reading")])
def test_what_is_remembered_becomes_a_report_that_says_so(tmp_path, capsys, lang, said):
    """Times that are ranges are shown as ranges, in the list and in the letter; no log is written beside it."""
    calls = ["day=2026-03-10 clock=22:40", "day=2026-03-11 until=2026-03-12 count=2 callee=contact disclosed=amount"]
    given = [word for call in calls for word in ("--call", call)]
    assert run(["audit", *given, "--to", "html", "-o", str(tmp_path), "--lang", lang]) == 0
    page = (tmp_path / f"memory.{lang}.html").read_text("utf-8")
    assert said in capsys.readouterr().out and said in page and calls[0] in page
    assert "2026-03-11 – 2026-03-12" in page and "2026-03-10 22:40" in page and "2026-03-11 00:00" not in page
    assert say("calls.memory.letter", lang) in page
    assert not list(tmp_path.glob("*.csv"))


def test_a_file_of_somebody_s_is_not_written_over_with_the_attempts(tmp_path, capsys) -> None:
    theirs = tmp_path / "contact_log.attempts.csv"
    theirs.write_text("my,notes\n1,2\n", "utf-8")
    assert run(["audit", EXAMPLE, "--to", "html", "-o", str(tmp_path), "--lang", "en"]) == 2
    assert "contact_log.attempts.csv" in capsys.readouterr().err
    assert theirs.read_text("utf-8") == "my,notes\n1,2\n" and list(tmp_path.iterdir()) == [theirs]


@pytest.mark.slow
def test_a_report_says_how_the_record_was_read(tmp_path, capsys) -> None:
    log = tmp_path / "log.csv"
    log.write_text(
        "src,dst,calldate,disposition,billsec,uniqueid,<b>more</b>\n1,2,2026-01-27 15:07:24,NO ANSWER,0,u1,x\n", "utf-8"
    )
    asked = ["audit", str(log), "--map", "asterisk_cdr", "--zone", "Asia/Shanghai", "--lang", "en"]
    assert run(asked) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "Read as Asterisk" in shown
    assert run([*asked, "--to", "html", "-o", str(tmp_path / "out")]) == 0
    capsys.readouterr()
    page = (tmp_path / "out" / "log.en.html").read_text("utf-8")
    assert "Read as Asterisk" in page and "&lt;b&gt;more" in page and "<b>more" not in page
