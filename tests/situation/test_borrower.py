"""The borrower: read as written from every kind of file, every wrong field named."""

from __future__ import annotations

import json
from datetime import date

import pytest

from jiebei_lib import Borrower, CaseError, Loan
from jiebei_lib.situation.borrower import from_rows, read_borrowers

YAML = """
谁来问: 家人
income: 6,000元
必要开支: ４０００
debts:
  - 欠谁的: 借呗
    逾期天数: 9
    逾期金额: 5000-8000
    沟通情况: 失联
  - creditor: Huabei
    应还日期: 2026年11月20日
    amount overdue: unknown
    holder: sold
  - creditor: 借呗
    loan: {principal: 12000, daily_rate: 0.0005, months: 12, method: 等额本息, drawn: 2026-01-15, missed_from: 3}
"""


@pytest.fixture
def read(tmp_path):
    def reading(text: str, name: str = "x.yaml") -> Borrower:
        (tmp_path / name).write_text(text, "utf-8")
        return Borrower.read(tmp_path / name)

    return reading


def test_keys_and_words_are_those_of_either_language_and_of_every_other_file(read):
    person = read(YAML)
    first, second, third = person.debts
    assert (person.who_asks, person.income, person.spending) == ("relative", 6000, 4000)
    assert (first.days_overdue, first.amount_overdue, first.communication) == (9, (5000.0, 8000.0), "silent")
    assert (second.due_date, second.amount_overdue, second.holder) == (date(2026, 11, 20), None, "buyer")
    assert isinstance(third.loan, Loan) and third.days(date(2026, 4, 22)) == 7


def test_what_is_written_is_what_is_read_back(read):
    person = read(YAML)
    assert Borrower.of(person.to_dict()) == person
    assert read(person.to_yaml()) == person and read(json.dumps(person.to_dict()), "x.json") == person


def test_days_are_counted_from_the_due_date_to_the_day_of_the_answer():
    debt = Borrower.of({"debts": [{"due_date": "2026-11-20"}]}).debts[0]
    assert [debt.days(date(2026, 11, day)) for day in (17, 20, 26)] == [-3, 0, 6]
    assert debt.case(date(2026, 11, 26)).days_overdue == 6


def test_a_case_file_is_a_borrower_with_one_debt():
    person = Borrower.of({"days_overdue": 7, "amount_overdue": 8000, "communication": "silent", "income": 5000})
    assert person.income == 5000 and person.debts[0].case(date(2026, 1, 1)).days_overdue == 7


def test_several_rows_are_one_person_and_several_ids_several(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text(
        "borrower_id,欠谁的,逾期天数,逾期金额,收入\nA,借呗,9,5200,6000\nA,花呗,4,1800,\nB,借呗,30,900,3000\n", "utf-8"
    )
    people = read_borrowers(file)
    assert [(each.borrower_id, len(each.debts), each.income) for each in people] == [("A", 2, 6000), ("B", 1, 3000)]
    with pytest.raises(CaseError, match="told differently"):
        from_rows([{"borrower_id": "A", "income": "1"}, {"borrower_id": "A", "income": "2"}])


def test_what_fell_due_less_what_was_paid_is_overdue():
    assert (
        Borrower.of({"debts": [{"days_overdue": 12, "应还金额": 12000, "paid": 4000}]}).debts[0].amount_overdue == 8000
    )
    with pytest.raises(CaseError, match="paid"):
        Borrower.of({"debts": [{"fell_due": 100, "paid": 101}]})


def test_a_call_that_is_described_has_happened():
    assert Borrower.of({"told": "threat"}).contacts_called is True
    assert Borrower.of({"contacts_called": "否"}).contacts_called is False


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"debts": [{"days_overdue": 99999, "colour": 1}, 3], "income": "x"},
            ["colour", "99999", "debts 2", "income: 'x'"],
        ),
        ({"debts": "none"}, ["debts"]),
        ({"debts": [{"loan": {"principal": 0}}]}, ["loan: principal", "loan: months"]),
        ({"dependants": 1.5}, ["dependants"]),
        ({"income": True}, ["income"]),
        ({"debts": [{"creditor": "x" * 41}]}, ["creditor"]),
        ({"debts": [{}] * 201}, ["at most 200"]),
        ([1], ["[1]"]),
    ],
)
def test_every_wrong_field_is_named(given, said):
    with pytest.raises(CaseError) as refusal:
        Borrower.of(given)
    assert [word for word in said if word not in refusal.value.say("en")] == []


def test_it_shows_itself_short_and_as_a_first_screen_with_user_text_escaped():
    person = Borrower.of(
        {"debts": [{"creditor": "<img src=x onerror=alert(1)>", "days_overdue": 9, "amount_overdue": 100}]}
    )
    assert len(repr(person)) < 80 and "1 debt" in repr(person)
    assert "<img" not in person._repr_html_() and "&lt;img" in person._repr_html_()
