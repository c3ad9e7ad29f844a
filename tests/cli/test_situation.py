"""`jiebei borrower`, `letter`, `ask` as commands."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import jsonschema
import pytest

from jiebei_lib import Borrower, example_file
from jiebei_lib.cli import run

SEVERAL = str(example_file("borrowers/several_debts.yaml"))


def test_the_object_holds_sums_as_text_and_one_language(capsys) -> None:
    assert run(["borrower", SEVERAL, "--as-of", "2026-11-26", "--json", "--lang", "en"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["overdue"] == ["9600.00", "9600.00"] and found["owed"] == ["16400.00", "16400.00"]
    assert sum(float(each["offer"]) for each in found["debts"]) == 1900 == float(found["left"])
    assert all(isinstance(each["talk_to"]["text"], str) for each in found["debts"])
    assert [each["name"] for each in found["debts"]] == ["借呗", "信用卡", "花呗"]


def test_a_table_of_people_is_answered_one_by_one_or_for_one_id(capsys, tmp_path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("borrower_id,days_overdue,amount_overdue\nA,7,100\nA,9,200\nB,3,50\n", "utf-8")
    assert run(["borrower", str(file), "--lang", "en"]) == 0
    assert "A: 2 debts" in (shown := capsys.readouterr().out) and "B: 1 debt" in shown
    assert run(["borrower", str(file), "--lang", "en", "--id", "B"]) == 0
    assert "A: 2 debts" not in capsys.readouterr().out
    assert run(["borrower", str(file), "--lang", "en", "--id", "C"]) == 2
    assert "C" in capsys.readouterr().err


def test_nobodys_figures_go_into_somebody_elses_letter(capsys, tmp_path, monkeypatch) -> None:
    """Each command that the answer to a table names says whose letter it writes; one that does not is refused."""
    monkeypatch.chdir(tmp_path)
    Path("people.csv").write_text("borrower_id,days_overdue,amount_overdue\nA,7,100\nB b,9,200\n", "utf-8")
    assert run(["borrower", "people.csv", "--lang", "en", "--id", "B b"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    command = shown[shown.index("jiebei letter hardship_plan") :].partition(".docx")[0] + ".txt"
    assert run([*shlex.split(command)[1:], "--lang", "en"]) == 0
    (written,) = tmp_path.glob("hardship_plan-*.txt")
    assert "200.00 yuan overdue" in written.read_text("utf-8")
    capsys.readouterr()
    assert run(["letter", "hardship_plan", "--borrower", "people.csv", "--lang", "en"]) == 2
    assert "2 people; say which one: --id A, B b" in capsys.readouterr().err


def test_a_wrong_file_is_one_clear_sentence(capsys, tmp_path) -> None:
    (tmp_path / "x.yaml").write_text("debts: [{days_overdue: soon}]\n", "utf-8")
    assert run(["borrower", str(tmp_path / "x.yaml"), "--lang", "en"]) == 2
    assert "debts 1: days_overdue: 'soon'" in capsys.readouterr().err
    assert run(["borrower", str(tmp_path / "none.csv"), "--lang", "zh"]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_every_example_and_a_kept_interview_fit_the_schema_and_a_wrong_one_does_not(capsys) -> None:
    assert run(["schema", "borrower"]) == 0
    known = jsonschema.Draft202012Validator(json.loads(capsys.readouterr().out))
    for file in example_file("borrowers").glob("*.yaml"):
        known.validate(Borrower.read(file).to_dict())
    loan = {"principal": 12000, "daily_rate": 0.0005, "months": 12, "method": "bullet", "drawn": "2026-01-15"}
    known.validate(
        {
            "income": None,
            "debts": [{"amount_overdue": [1, 2], "owed": "3.50", "loan": loan}],
            "asked": {"who_asks": None},
        }
    )
    for wrong in (
        {"colour": 1},
        {"debts": [{"days_overdue": "soon"}]},
        {"debts": [{"loan": {}}]},
        {"who_asks": "queen"},
    ):
        with pytest.raises(jsonschema.ValidationError):
            known.validate(wrong)


def test_a_due_date_serves_instead_of_days(capsys) -> None:
    args = ["assess", "--amount-overdue", "8000", "--as-of", "2026-11-26", "--json", "--lang", "en"]
    assert run([*args, "--days-overdue", "6"]) == 0
    by_days = capsys.readouterr().out
    assert run([*args, "--due-date", "2026年11月20日"]) == 0
    assert capsys.readouterr().out == by_days
    for more in (
        ["--days-overdue", "6", "--due-date", "2026-11-20"],
        ["--due-date", "soon"],
        ["--due-date", "1990-01-01"],
    ):
        assert run([*args, *more]) == 2
        assert "Traceback" not in (said := capsys.readouterr().err) and said.strip()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_who_names_no_letter_is_told_which_there_are(capsys, lang) -> None:
    assert run(["letter", "--lang", lang]) == 2
    assert {"hardship_plan", "complaint", "cut_charges"} <= set(
        capsys.readouterr().err.rstrip("。.\n").replace("为", " ").replace(",", "").split()
    )
