"""The interview: every question shown, heard and followed; "I don't know" always; the most telling question next; nothing asked twice."""

from __future__ import annotations

import stat
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiebei_lib import Borrower, CaseError
from jiebei_lib.cli import run
from jiebei_lib.core.knowledge.yaml_files import shipped
from jiebei_lib.core.policy import load_policy
from jiebei_lib.situation.answer import answered
from jiebei_lib.situation.interview import Interview, flow, values

ON = date(2026, 11, 26)
PLAN = shipped("situation/interview.yaml")
FREE = {"creditor": "借呗", "days": "9", "amount_overdue": "5000-8000", "called_on": "2026-11-25", "income": "5,000", "spending": "4000元",
        "past_overdue": "1", "zhima_score": "650", "failed_attempts": "2", "unreachable_days": "3"}  # fmt: skip


def asked(**answers) -> Interview:
    return Interview(answers, as_of=ON)


def played(answers: dict, most: int = 80) -> tuple[Interview, list[str]]:
    """An interview answered by key or field, unknown where nothing is said; and the keys in the order asked."""
    made, keys = Interview(as_of=ON), []
    while question := made.next():
        keys.append(question.key)
        assert len(keys) < most, keys
        made.answer(question.key, answers.get(question.key, answers.get(question.field)))
    return made, keys


def test_the_plan_and_the_questions_are_the_same_fields():
    groups = [PLAN[name] for name in ("person_first", "debt_first", "by_value", "debt_last", "person_last")]
    assert sorted(field for group in groups for field in group) == sorted(PLAN["questions"])


@pytest.mark.parametrize("field", list(PLAN["questions"]))
def test_every_question_is_shown_heard_and_may_be_unknown(field):
    made = asked()
    key = field if field in (*PLAN["person_first"], *PLAN["person_last"]) else f"debt1.{field}"
    question = made.question(key)
    assert all(question.ask[lang] and question.why[lang] and "{" not in question.ask[lang] for lang in ("zh", "en"))
    said = list(question.levels) or [FREE[field]]
    for level in said:
        made.answer(key, level)
        assert made.answers[key] is not None
        for label in question.levels.get(level, {}).values():  # the words on the screen are heard too
            made.answer(key, label)
            assert made.answers[key] is not None
    for nothing in ("", "不知道", "unknown", None):
        made.answer(key, nothing)
        assert made.answers[key] is None
    if field not in ("creditor",):
        with pytest.raises(CaseError):
            made.answer(key, "neither here nor there")


def test_whoever_knows_nothing_gets_an_answer():
    made, keys = played({})
    assert len(keys) < 12
    assert answered(made.borrower(), ON).debts[0].talk_to["text"]["zh"]


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_every_way_through_ends_in_a_borrower_and_asks_nothing_twice(data):
    made, keys = Interview(as_of=ON), []
    while question := made.next():
        assert question.key not in keys
        keys.append(question.key)
        if question.field == "more":
            choices = [True, False] if len(made.answers) < 30 else [False]
        else:
            choices = [*(list(question.levels) or [FREE[question.field]]), None]
        made.answer(question.key, data.draw(st.sampled_from(choices)))
    found = answered(made.borrower(), ON)
    assert len(found.debts) == made.debts() and Interview.of(made.to_dict(), as_of=ON).answers == made.answers


def test_a_call_that_happened_is_asked_about_and_then_no_likelihood_is_worked_out():
    made, keys = played({"contacts_called": True, "debt1.days": "9", "debt1.communication": "answering"})
    assert {"called_on", "called_whom", "told"} <= set(keys)
    assert not {"debt1.contacts", "debt1.past_overdue", "debt1.zhima_score"} & set(keys)
    assert answered(made.borrower(), ON).debts[0].assessment is None


@pytest.mark.parametrize(
    ("days", "there"), [("-3", False), ("0", False), ("1", True), ("2026-11-25", True), ("2026-11-26", False)]
)
def test_what_only_matters_when_late_is_not_asked_before(days, there):
    _, keys = played({"debt1.days": days})
    assert ("debt1.communication" in keys) is there and ("debt1.court" in keys) is there


def test_the_next_question_is_the_one_that_would_change_grade_or_permission_most():
    made = asked(**{"who_asks": "borrower", "condition": None, "contacts_called": False})
    for field in PLAN["debt_first"]:
        made.answer(f"debt1.{field}", {"days": 9, "amount_overdue": 5200}.get(field))
    policy = load_policy()
    while (question := made.next()) and question.field in PLAN["by_value"]:
        person = made.borrower()
        worth = values(person.debts[0].case(ON), person, person.debts[0], policy, ON)
        open_ = [
            field
            for field in worth
            if f"debt1.{field}" not in made.answers and made._arises(field, made._facts("debt1"))
        ]
        assert worth[question.field] == max(worth[field] for field in open_)
        made.answer(question.key, {"communication": "silent"}.get(question.field))
    assert "debt1.communication" in made.answers


def test_any_answer_changes_without_the_rest_being_asked_again():
    made, keys = played({"contacts_called": True, **FREE, "told": "threat", "more": False})
    before = dict(made.answers)
    made.answer("contacts_called", False)
    assert all(made.answers[key] == before[key] for key in keys if key != "contacts_called")
    assert made.borrower().told is None and made.borrower().contacts_called is False  # kept, not used
    rest = []
    while question := made.next():
        rest.append(question.key)
        made.answer(question.key, None)
    assert not set(rest) & set(keys)
    made.answer("contacts_called", True)
    assert made.borrower().told == "threat"


def test_the_file_is_the_owners_alone_and_a_borrower_too(tmp_path):
    made, _ = played({"debt1.days": "9", "debt1.more": True, "debt2.days": "2026-11-30"})
    file = tmp_path / "mine.yaml"
    file.write_text("old", "utf-8")
    file.chmod(0o644)
    made.save(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and [each.name for each in tmp_path.iterdir()] == ["mine.yaml"]
    made.save(tmp_path / "new.yaml")
    assert stat.S_IMODE((tmp_path / "new.yaml").stat().st_mode) == 0o600
    assert Interview.read(file, ON).answers == made.answers
    assert Borrower.read(file) == made.borrower()


@pytest.mark.parametrize("kept", [{}, {"asked": 1}, {"asked": {"debtx.days": 1}}, {"asked": {"days": 3}}, {"asked": {"debt1.days": "soon"}},
                                  {"asked": {"debt1.nothing": 1}}, {"asked": {"who_asks": "the queen"}}])  # fmt: skip
def test_a_file_that_is_no_interview_is_refused(kept):
    with pytest.raises(CaseError):
        Interview.of(kept)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_flow_shows_every_question_and_when_it_is_asked(lang, capsys):
    text, chart = flow("text", lang), flow("mermaid", lang)
    assert len(text.splitlines()) == len(PLAN["questions"]) and chart.startswith("flowchart TD\n")
    assert all(f'  {field}["' in chart for field in PLAN["questions"])
    assert run(["ask", "--flow", "text", "--lang", lang]) == 0
    assert capsys.readouterr().out.strip() == text.strip()
    assert run(["ask", "--flow", "picture", "--lang", lang]) == 2


ENDS = {"zh": ["要做什么", "用得上的信", "stop_contacts"], "en": ["What to do", "Letters that fit", "stop_contacts"]}


@pytest.mark.parametrize(("lang", "end"), ENDS.items())
def test_played_in_the_terminal_it_ends_in_the_answer_and_the_letters(lang, end, capsys, tmp_path, monkeypatch):
    file = tmp_path / "s.yaml"
    # the borrower, well, called, the day, family, told of the debt; a loan, a day that is none, then 9; b changes nothing; the sum
    person, debt = (
        ["1", "1", "1", "2026-11-25", "2", "2"],
        ["借呗", "1", "soon", "9", "b", "", "5200", "1", "", "2", "3"],
    )
    typed = iter([*person, *debt, "", "", "2", "", "q", "q"])
    monkeypatch.setattr("builtins.input", lambda prompt: next(typed))
    assert run(["ask", "--state", str(file), "--lang", lang, "--as-of", "2026-11-26"]) == 0
    shown = capsys.readouterr().out
    assert [word for word in end if word not in shown] == [] and "soon" in shown
    assert Interview.read(file, ON).answers["debt1.days"] == 9


def test_an_input_that_ends_stops_the_interview(capsys, monkeypatch):
    def ended(prompt):
        raise EOFError

    monkeypatch.setattr("builtins.input", ended)
    assert run(["ask", "--lang", "en"]) == 0
    assert "Stopped here" in capsys.readouterr().out
