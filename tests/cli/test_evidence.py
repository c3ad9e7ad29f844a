"""`jiebei learn`: before and after side by side, as words and as JSON, and its refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jiebei_lib.cli import run

EXAMPLE = str(Path(__file__).resolve().parents[2] / "notebooks" / "cases" / "outcomes.csv")


@pytest.mark.parametrize(
    ("lang", "words"), [("zh", ["学习之前", "学习之后", "沟通情况"]), ("en", ["Before", "After", "Communication"])]
)
def test_before_and_after_stand_side_by_side_in_both_languages(capsys, lang: str, words: list[str]) -> None:
    assert run(["learn", EXAMPLE, "--lang", lang]) == 0
    shown = capsys.readouterr().out
    assert [word for word in words if word not in shown] == []


def test_json_has_the_prior_beside_every_posterior(capsys) -> None:
    assert run(["learn", EXAMPLE, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["cases"] == 28
    assert found["prior"]["share"] != found["posterior"]["share"]
    assert {*found["weights"][0]} == {"name", "unit", "prior", "posterior"}
    assert 2 < found["effective"] < found["readings"]
    assert len(found["predicted"]["cases"]) == 28


def test_several_selection_strengths_give_several_answers(capsys) -> None:
    assert run(["learn", EXAMPLE, "--selection", "1", "--selection", "30", "--json"]) == 0
    none, strong = json.loads(capsys.readouterr().out)
    assert strong["posterior"]["share"] < none["posterior"]["share"]
    assert strong["prior"] == none["prior"]


def test_it_answers_for_the_case_that_it_is_given(capsys, tmp_path) -> None:
    case = tmp_path / "case.yaml"
    case.write_text("case_id: 早\ndays_overdue: 2\namount_overdue: 500\n", encoding="utf-8")
    assert run(["learn", EXAMPLE, "--case", str(case), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["case"]["case_id"] == "早"
    assert found["prior"]["verdict"] == found["posterior"]["verdict"] == "not_yet"


@pytest.mark.parametrize(
    ("row", "more", "part"),
    [
        ("1,500,true", [], "第1行 ('1')"),
        ("10,500,perhaps", [], "'perhaps'"),
        ("10,500,true", ["--selection", "0"], "selection"),
        ("10,500,true", ["--selection", "many"], "many"),
        ("10,500,true", ["--policy", "gut-feeling"], "gut-feeling"),
        ("10,500,true", ["--lang", "fr"], "fr"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(capsys, tmp_path, row: str, more: list[str], part: str) -> None:
    table = tmp_path / "outcomes.csv"
    table.write_text(f"days_overdue,amount_overdue,called\n{row}\n", encoding="utf-8")
    assert run(["learn", str(table), *more]) == 2
    said = capsys.readouterr().err
    assert part in said
    assert said.count("\n") == 1
    assert "Traceback" not in said
