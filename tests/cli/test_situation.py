"""`jiebei borrower`, `letter`, `ask` as commands."""

from __future__ import annotations

import json

from jiebei_lib import example_file
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


def test_a_wrong_file_is_one_clear_sentence(capsys, tmp_path) -> None:
    (tmp_path / "x.yaml").write_text("debts: [{days_overdue: soon}]\n", "utf-8")
    assert run(["borrower", str(tmp_path / "x.yaml"), "--lang", "en"]) == 2
    assert "debts 1: days_overdue: 'soon'" in capsys.readouterr().err
    assert run(["borrower", str(tmp_path / "none.csv"), "--lang", "zh"]) == 2
    assert "Traceback" not in capsys.readouterr().err
