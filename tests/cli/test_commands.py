"""The command line, as a user meets it: answers, exit codes, and one clear line for a mistake."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from jiebei_lib import __version__
from jiebei_lib.cli import COMMANDS, run
from jiebei_lib.core.knowledge.yaml_files import beside

SILENT = str(beside("cases") / "silent.yaml")
FACTS = ["--days-overdue", "7", "--amount-overdue", "8000"]


def call(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    code = run(list(args))
    said = capsys.readouterr()
    return code, said.out, said.err


def as_json(capsys: pytest.CaptureFixture[str], *args: str) -> dict:
    code, out, err = call(capsys, *args, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_assess_answers_both_questions_in_the_terminal(capsys, lang: str) -> None:
    code, out, _ = call(capsys, "assess", SILENT, "--lang", lang, "--as-of", "2026-11-23")
    assert code == 0
    assert (
        ("可以打吗" in out and "会打联系人吗" in out)
        if lang == "zh"
        else ("May they, today" in out and "will they call" in out)
    )
    assert "99" in out and {"zh": "两套依据不一致", "en": "They disagree"}[lang] in out
    assert len(out.splitlines()) <= 24


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_json_fits_the_published_schema(capsys, lang: str) -> None:
    schema = json.loads(call(capsys, "schema", "assessment")[1])
    jsonschema.Draft202012Validator.check_schema(schema)
    for facts in (FACTS, [SILENT], ["--days-overdue", "3", "--amount-overdue", "500", "--communication", "repaying"]):
        answer = as_json(capsys, "assess", *facts, "--lang", lang)
        jsonschema.validate(answer, schema, jsonschema.Draft202012Validator)


def test_the_json_has_what_was_promised(capsys) -> None:
    answer = as_json(capsys, "assess", *FACTS, "--communication", "silent", "--as-of", "2026-11-23")
    assert {"id", "name", "days"} <= answer["stage"].keys()
    assert answer["verdict"] in ("likely", "unlikely", "depends", "not_yet")
    assert 0 <= answer["likelihood"]["low"] <= answer["likelihood"]["high"] <= 1 and 0 <= answer["share"] <= 1
    assert {"factor", "pressure", "low", "high", "cite"} <= answer["contributions"][0].keys()
    assert (
        answer["permitted"]["status"] == "undecided"
        and answer["permitted"]["deciding"] == "failed_attempts"
        and {"why", "cites"} <= answer["permitted"].keys()
    )
    assert answer["unknown"] == ["zhima_score", "past_overdue", "contacts"]
    assert {"field", "narrowing"} <= answer["next_question"].keys()
    for key in ("steps", "references", "witnesses", "consequences", "actions", "conduct", "sources"):
        assert isinstance(answer[key], list) and answer[key]


def test_next_question_is_null_when_nothing_is_unknown(capsys) -> None:
    assert as_json(capsys, "assess", SILENT)["next_question"] is None


def test_an_option_overrides_the_file_and_unknown_takes_a_fact_away(capsys) -> None:
    answer = as_json(capsys, "assess", SILENT, "--amount-overdue", "900", "--zhima-score", "unknown")
    assert answer["case"]["amount_overdue"] == 900 and answer["unknown"] == ["zhima_score"]


def test_the_case_schema_and_the_reader_agree(capsys) -> None:
    schema = json.loads(call(capsys, "schema", "case")[1])
    jsonschema.validate({"days_overdue": 7, "amount_overdue": 8000.0, "contacts": None}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"days_overdue": 7, "amount_overdue": 0}, schema)


MISTAKES = [
    (["assess"], ["days_overdue", "3650"]),
    (["assess", "--days-overdue", "seven", "--amount-overdue", "1"], ["--days-overdue", "'seven'", "3650"]),
    (["assess", "--days-overdue", "7", "--amount-overdue", "-5"], ["--amount-overdue", "-5", "10000000"]),
    (["assess", "--days-overdue", "7.5", "--amount-overdue", "1"], ["--days-overdue", "7.5"]),
    (["assess", *FACTS, "--communication", "quiet"], ["--communication", "'quiet'", "silent"]),
    (["assess", *FACTS, "--zhima-score", "2000"], ["--zhima-score", "2000", "950"]),
    (["assess", *FACTS, "--as-of", "soon"], ["--as-of", "soon", "2026-11-23"]),
    (["assess", *FACTS, "--policy", "law"], ["policy", "law", "article, published"]),
    (["assess", *FACTS, "--lang", "fr"], ["--lang", "'fr'", "zh, en"]),
    (["assess", "no-such-file.yaml"], ["no-such-file.yaml"]),
    (["assess", *FACTS, "--colour", "red"], ["--colour", "--days-overdue"]),
    (["asses"], ["'asses'", "assess"]),
    (["policy", "chekc"], ["'chekc'", "check"]),
    (["policy", "show", "--topic", "weather"], ["--topic", "'weather'", "factors"]),
    (["schema", "dog"], ["'dog'", "assessment"]),
    (["report"], ["CASE.yaml"]),
    (["report", SILENT, "--to", "odt"], ["--to", "'odt'", "html, pdf, docx"]),
    (["report", "--check", "missing.ipynb"], ["missing.ipynb"]),
]


@pytest.mark.parametrize(("args", "named"), MISTAKES, ids=[" ".join(args) for args, _ in MISTAKES])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_mistake_gets_one_clear_line_and_exit_code_2(
    capsys, monkeypatch, tmp_path, lang: str, args: list[str], named: list[str]
) -> None:
    monkeypatch.setenv("JIEBEI_LANG", lang)
    monkeypatch.chdir(tmp_path)
    code, out, err = call(capsys, *args)
    lines = err.strip().splitlines()
    assert code == 2 and out == "" and "Traceback" not in err
    assert any(all(word in line for word in named) for line in lines), err
    assert all(line.strip() for line in lines)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- 1\n- 2\n",
        "7",
        "days_overdue: [",
        "days_overdue: &a 7\nx: *a\n",
        "days_overdue: 7\ndays_overdue: 8\n",
        "\x00",
        "days_overdue: 7\namount_overdue: 1\nnme: x\n",
    ],
)
def test_a_case_file_that_is_none_gets_one_line_a_mistake(capsys, tmp_path: Path, text: str) -> None:
    file = tmp_path / "case.yaml"
    file.write_text(text, "utf-8")
    code, _, err = call(capsys, "assess", str(file))
    assert code == 2 and err.startswith("case.yaml") and "Traceback" not in err


def test_policy_check_names_every_mistake_with_file_and_key(capsys, tmp_path: Path) -> None:
    fine, wrong = tmp_path / "fine.yaml", tmp_path / "wrong.yaml"
    fine.write_text("factors: {amount: {pressing: 60000}}\n")
    wrong.write_text("factors: {amount: {pressing: 5, protectiv: 1}}\nadvices: {}\n")
    code, out, _ = call(capsys, "policy", "check", str(fine))
    assert code == 0 and "fine.yaml" in out
    code, _, err = call(capsys, "policy", "check", str(fine), str(wrong))
    assert code == 2
    assert "wrong.yaml: factors.amount.protectiv" in err and "wrong.yaml: advices" in err


def test_policy_show_and_sources_are_tables_or_json(capsys) -> None:
    shown = as_json(capsys, "policy", "show")
    assert shown["factors"]["amount"]["pressing"]["value"] == 30000
    assert "factors.amount.pressing" in call(capsys, "policy", "show", "--topic", "factors", "--lang", "en")[1]
    assert as_json(capsys, "sources")["civil_code"]["effective"] == "2021-01-01"
    assert "cfc_measures_2024" in call(capsys, "sources")[1]


def test_another_policy_is_named_where_it_answers(capsys) -> None:
    out = call(capsys, "assess", *FACTS, "--policy", "published", "--lang", "en")[1]
    assert out.splitlines()[1].startswith(" • By other pages"), "the one asked for comes first"


@pytest.mark.parametrize(
    "command", [[], *([name] for name in COMMANDS), ["policy", "check"], ["policy", "show"]], ids=" ".join
)
def test_help_is_everywhere_and_has_an_example(capsys, command: list[str]) -> None:
    code, out, _ = call(capsys, *command, "--help")
    assert code == 0 and "--help" in out
    if command and command != ["policy"]:
        assert "jiebei " + " ".join(command) in out


def test_version(capsys) -> None:
    assert call(capsys, "--version")[:2] == (0, f"jiebei {__version__}\n")


def test_as_a_program_it_ends_quietly_when_its_reader_goes_away() -> None:
    program = [sys.executable, "-c", "from jiebei_lib.cli import main; main()", "policy", "show", "--json"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        running.stdout.read(10)
        running.stdout.close()
        assert b"Traceback" not in running.stderr.read()


@pytest.mark.parametrize("columns", ["80", "40"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_narrow_terminal_loses_no_column(capsys, monkeypatch, lang: str, columns: str) -> None:
    from rich.cells import cell_len

    monkeypatch.setenv("COLUMNS", columns)
    _, out, _ = call(capsys, "assess", SILENT, "--lang", lang, "--as-of", "2026-11-23", "--whole")
    assert all(cell_len(line.rstrip()) <= int(columns) for line in out.splitlines())
    assert out.count({"zh": "之后（按这套依据）", "en": "Then (by this witness)"}[lang]) >= 1
    _, out, _ = call(capsys, "assess", SILENT, "--lang", lang, "--as-of", "2026-11-23")
    assert len(out.splitlines()) <= (24 if columns == "80" else 48)


@pytest.mark.parametrize(("content", "same"), [("500", True), ("600", False)])
def test_a_what_if_that_changes_nothing_says_so(tmp_path, capsys, content, same):
    (tmp_path / "own.yaml").write_text(f"factors: {{amount: {{protective: {content}}}}}\n", "utf-8")
    assert run(["policy", "check", str(tmp_path / "own.yaml")]) == 0
    assert ("什么也没有改变" in capsys.readouterr().out) is same
    assert run(["assess", SILENT, "--policy", str(tmp_path / "own.yaml"), "--json"]) == 0
    out, err = capsys.readouterr()
    assert ("什么也没有改变" in err) is same and ('"article+"' in out) is not same
    assert (
        run(["assess", SILENT, "--policy", str(tmp_path / "own.yaml"), "--quiet"]) == 0 and not capsys.readouterr().err
    )
