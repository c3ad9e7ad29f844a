"""`jiebei cost`, `jiebei calendar`, `jiebei record`: the published object, the words, the refusals."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest

from jiebei_lib import Loan, owed
from jiebei_lib.cli import run
from jiebei_lib.money.calendar_file import read_dues

LOAN = str(Path(__file__).resolve().parents[2] / "notebooks" / "cases" / "loan.yaml")
TYPED = ["--principal", "10000", "--daily-rate", "0.0005", "--months", "12", "--drawn", "2026-01-15"]


def printed(capsys, *args: str) -> dict:
    assert run(["cost", *args, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def schema(capsys, name: str) -> dict:
    assert run(["schema", name]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("method", ["equal_instalment", "equal_principal", "interest_first", "bullet"])
def test_the_object_is_as_published_for_every_method(capsys, method: str) -> None:
    found = printed(capsys, *TYPED, "--method", method, "--days-overdue", "7")
    jsonschema.validate(found, schema(capsys, "cost"), jsonschema.Draft202012Validator)
    plan = found["schedule"]
    assert {"n", "due", "principal", "interest", "payment", "balance"} <= {*plan[0]}
    assert sum(Decimal(row["principal"]) for row in plan) == 10_000
    assert sum(Decimal(row["interest"]) for row in plan) == Decimal(found["total_interest"])
    parts = ("principal", "interest", "penalty", "fees")
    assert sum(Decimal(found["owed"][part]) for part in parts) == Decimal(found["owed"]["total"])
    assert [wait["days"] for wait in found["waiting"]] == [0, 7, 30, 90]
    for wait in found["waiting"]:
        assert Decimal(wait["added"]) == Decimal(wait["total"]) - Decimal(found["owed"]["total"])
        assert Decimal(wait["added"]) == Decimal(wait["fell_due"]) + Decimal(wait["cost"])
    assert found["rate"]["nominal_annual"] == 0.1825


def test_seven_days_on_ten_thousand_yuan_cost_52_yuan_50(capsys) -> None:
    found = printed(capsys, *TYPED[:4], "--months", "1", *TYPED[6:], "--method", "bullet", "--days-overdue", "7")
    assert (found["owed"]["penalty"], found["owed"]["total"]) == ("52.50", "10207.50")
    assert [wait["added"] for wait in found["waiting"]] == ["0.00", "52.50", "225.00", "675.00"]


def test_options_lie_over_the_file_and_a_typed_rate_replaces_the_one_in_it(capsys) -> None:
    found = printed(capsys, LOAN, "--as-of", "2026-04-22", "--annual-rate", "0.2", "--grace-days", "3")
    assert found["loan"]["annual_rate"] == "0.2" and "daily_rate" not in found["loan"]
    again = owed(
        Loan(
            **{
                **Loan.read(LOAN).to_dict(),
                "daily_rate": None,
                "day_count": None,
                "annual_rate": "0.2",
                "grace_days": 3,
            }
        ),
        "2026-04-22",
    )
    assert found["owed"]["total"] == str(again.total)


def test_an_overlay_moves_the_penalty_unless_the_loan_says_otherwise(capsys, tmp_path) -> None:
    overlay = tmp_path / "mine.yaml"
    overlay.write_text("cost:\n  penalty_multiple: 1.4\n", "utf-8")
    args = [LOAN, "--as-of", "2026-04-22", "--policy", str(overlay)]
    assert printed(capsys, *args)["loan"]["penalty_multiple"] == "1.4"
    assert printed(capsys, *args, "--penalty-multiple", "1.3")["loan"]["penalty_multiple"] == "1.3"


def test_the_file_and_the_loan_in_the_answer_fit_their_schemas(capsys) -> None:
    found = printed(capsys, LOAN, "--as-of", "2026-04-22")
    jsonschema.validate(found["loan"], schema(capsys, "loan"), jsonschema.Draft202012Validator)


def test_the_budget_comes_with_an_income(capsys) -> None:
    args = [LOAN, "--as-of", "2026-04-22", "--income", "3000", "--spending", "2500"]
    found = printed(capsys, *args)
    jsonschema.validate(found, schema(capsys, "cost"), jsonschema.Draft202012Validator)
    assert (
        found["budget"]["verdict"] == "too_much" and found["budget"]["after"]["left"] == "-800.10"
    )  # the plan and that month's instalment
    assert run(["cost", *args, "--lang", "en"]) == 0
    assert "Do not promise it" in capsys.readouterr().out


def test_part_payments_come_by_option_and_beside_those_of_the_file(capsys, tmp_path) -> None:
    args = ["--as-of", "2026-04-22"]
    once = printed(capsys, LOAN, *args, "--paid", "2026-04-20:500")
    assert once["loan"]["payments"] == [{"on": "2026-04-20", "amount": "500.00"}]
    own = tmp_path / "paid.yaml"
    own.write_text(Path(LOAN).read_text("utf-8") + "payments:\n  - on: 2026-04-20\n    amount: 500\n", "utf-8")
    assert printed(capsys, str(own), *args)["owed"] == once["owed"]
    both = printed(capsys, str(own), *args, "--paid", "2026年4月21日：100", "--paid", "2026-04-22:50.5")
    assert [each["amount"] for each in both["loan"]["payments"]] == ["500.00", "100.00", "50.50"]
    assert run(["cost", LOAN, *args, "--paid", "500"]) == 2 and "payments" in capsys.readouterr().err


def test_the_assumed_rate_elsewhere_is_on_the_screen_and_can_be_moved(capsys) -> None:
    args = [LOAN, "--as-of", "2026-04-22", "--lang", "en"]
    assert run(["cost", *args]) == 0
    assert "an assumed 24% a year" in " ".join(capsys.readouterr().out.split())
    assert run(["cost", *args, "--elsewhere", "0.36"]) == 0
    assert "an assumed 36% a year" in " ".join(capsys.readouterr().out.split())


def test_what_would_settle_the_loan_is_on_the_screen_when_nothing_is_late(capsys) -> None:
    assert run(["cost", LOAN, "--as-of", "2026-04-14", "--lang", "en"]) == 0
    assert "would settle the whole loan that day" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("zh", ["还款计划", "等待的代价", "几条出路", "这是加深债务"]),
        ("en", ["The instalments", "Cost of waiting", "Ways out", "This deepens the debt"]),
    ],
)
def test_the_terminal_says_it_in_both_languages(capsys, lang: str, words: list[str]) -> None:
    assert run(["cost", LOAN, "--as-of", "2026-04-22", "--lang", lang]) == 0
    shown = capsys.readouterr().out
    assert [word for word in words if word not in shown] == []
    assert "1,106.11" in shown


def test_nothing_overdue_is_said_and_no_ways_out_are_offered(capsys) -> None:
    assert run(["cost", LOAN, "--as-of", "2026-04-14", "--lang", "en"]) == 0
    shown = capsys.readouterr().out
    assert "Nothing is overdue" in shown and "Ways out" not in shown


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ([*TYPED[:2], "--daily-rate", "0.5", *TYPED[4:], "--method", "bullet"], "0.0005 (0.05%)"),
        ([*TYPED, "--annual-rate", "0.18", "--method", "bullet"], "exactly one of"),
        ([*TYPED[:4], "--months", "0", *TYPED[6:], "--method", "bullet"], "months: '0'"),
        ([*TYPED, "--method", "bullet", "--days-overdue", "-1"], "--days-overdue: -1"),
        ([*TYPED, "--method", "bullet", "--days-overdue", "7", "--as-of", "2026-05-01"], "exactly one of"),
        ([*TYPED, "--method", "bullet", "--as-of", "2025-01-01"], "not before 2026-01-15"),
        (["nothing.yaml"], "nothing.yaml"),
        ([LOAN, "--income", "much"], "income: 'much'"),
        ([LOAN, "--as-of", "2026-04-22", "--plan-months", "99"], "--plan-months: 99"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_two(capsys, args: list[str], said: str) -> None:
    assert run(["cost", *args, "--lang", "en"]) == 2
    captured = capsys.readouterr()
    assert said in captured.err and len(captured.err.splitlines()) == 1 and not captured.out


def test_a_calendar_is_written_and_parses(capsys, tmp_path) -> None:
    out = tmp_path / "due.ics"
    assert run(["calendar", LOAN, "-o", str(out), "--lang", "en"]) == 0
    assert "10 due dates" in capsys.readouterr().out
    entries = read_dues(out.read_bytes())
    assert entries[0][:2] == ("2026-04-15", "Repayment 3 of 12: 1,101.15 yuan") and {
        alarms for *_, alarms in entries
    } == {3}
    assert run(["calendar", LOAN, "-o", str(tmp_path / "no" / "due.ics")]) == 2


def test_the_record_prints_its_dates_with_cites(capsys) -> None:
    args = [
        "record",
        "--overdue-from",
        "2025-06-15",
        "--settled",
        "2026-03-10",
        "--amount",
        "5000",
        "--as-of",
        "2026-11-24",
    ]
    assert run([*args, "--lang", "en"]) == 0
    shown = capsys.readouterr().out
    assert "2031-03-10" in shown and "art. 16" in shown and "2026-04-30" in shown
    assert run([*args, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    jsonschema.validate(found, schema(capsys, "record"), jsonschema.Draft202012Validator)
    assert run(["record", "--overdue-from", "2025-06-15", "--settled", "2025-03-10", "--amount", "5000"]) == 2
