"""A whole portfolio: sums that add up from case to case, segments, what-ifs with their reasons, the one question, and its report."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("pyarrow")

from jiebei_lib.cli import run
from jiebei_lib.core.assessment import assess
from jiebei_lib.core.case import FIELDS, Case
from jiebei_lib.core.policy import load_policy
from jiebei_lib.core.scoring.explain import questions as asked_of
from jiebei_lib.page.figure import Figure
from jiebei_lib.portfolio import summary as book
from jiebei_lib.portfolio.files import TableError
from jiebei_lib.portfolio.sample import sample, write_sample
from jiebei_lib.portfolio.table import score
from jiebei_lib.show.portfolio.page import BookPage


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return sample(400, seed=5)


@pytest.fixture(scope="module")
def scored(table) -> pd.DataFrame:
    return score(table)


@pytest.fixture(scope="module")
def told(table):
    return book.summary(table, by="funded_by", wrong=3, name="七月")


def cases_of(table: pd.DataFrame) -> list[Case]:
    return [
        Case(**{name: None if pd.isna(row[name]) else row[name] for name in FIELDS if name in row})
        for row in table.to_dict("records")
    ]


def test_what_is_expected_is_the_sum_over_the_cases(table, scored):
    alone = [assess(case) for case in cases_of(table.head(60))]
    whole = book.expected(scored.head(60))
    assert whole["low"] == pytest.approx(sum(a.likelihood["low"] for a in alone))
    assert whole["high"] == pytest.approx(sum(a.likelihood["high"] for a in alone))
    assert whole["majority"] == sum(a.share > 0.5 for a in alone) and whole["cases"] == 60


@pytest.mark.parametrize("by", ["funded_by", "communication", "amount_overdue", "case_id", "zhima_score"])
def test_segments_add_up_to_the_whole(scored, by):
    parts = book.segments(scored, by)
    assert parts.cases.sum() == len(scored) and len(parts) <= book.SEGMENTS + 2
    whole = book.expected(scored)
    for end in ("low", "high"):
        assert (parts[end] * parts.cases / 100).sum() == pytest.approx(whole[end])
    assert parts.likely.sum() == book.verdicts(scored)["likely"]


def test_a_column_that_is_not_there_is_named(scored):
    with pytest.raises(TableError, match="'nowhere'"):
        book.segments(scored, "nowhere")


def test_days_ahead_are_the_same_cases_later(table):
    ahead = book.calls_by_day(table).set_index("day")
    later = score(table.assign(days_overdue=table.days_overdue + 7))
    assert ahead.loc[7, "low"] == pytest.approx(later.low.sum()) and ahead.loc[7, "high"] == pytest.approx(
        later.high.sum()
    )
    assert ahead.loc[7, "majority"] == (later["share"] > 0.5).sum()
    assert ahead.high.is_monotonic_increasing and ahead.loc[0, "high"] == pytest.approx(score(table).high.sum())


def test_the_question_is_the_one_that_narrows_most_case_by_case(table):
    some, policy = table.head(40), load_policy()
    total = {name: 0.0 for name in policy.data["questions"]}
    for case in cases_of(some):
        for question in asked_of(case, policy):
            total[question.field] += question.narrowing
    found = book.questions(some).set_index("field").narrowing
    assert found.to_dict() == pytest.approx(total)
    assert found.is_monotonic_decreasing


def test_a_what_if_says_who_changes_and_why(table):
    policy = load_policy()
    moved = book.what_if(table, policy, policy)
    assert not moved.changed.any() and (moved.share_before == moved.share_after).all()
    stricter = policy.replace({"factors.amount.pressing": 6000})
    moved = book.what_if(table, policy, stricter)
    come = table.days_overdue >= 7
    raised = moved[come.to_numpy() & (moved.share_after != moved.share_before).to_numpy()]
    assert len(raised) and (raised.share_after >= raised.share_before).all() and set(raised.why) == {"amount"}
    later = book.what_if(table, "article", "published")
    early = later[(table.days_overdue.between(3, 6)).to_numpy()]
    assert early.changed.all() and set(early.why) == {"first_day"} and set(early.before) == {"not_yet"}


def test_a_summary_is_plain_and_names_no_single_case(told, table):
    text = json.dumps(told, ensure_ascii=False)
    assert not any(case_id in text for case_id in table.case_id)
    assert json.loads(text) == told


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_says_the_numbers_in_both_languages(told, lang):
    page = BookPage(told, lang)
    whole = told["expected"]
    assert f"{whole['majority']:,.0f}" in page.headline() and f"{whole['high']:,.0f}" in page.headline()
    figures = []
    for name in ("answer", "verdicts", "ribbon", "days", "segments", "questions", "what_if", "limits"):
        parts = getattr(page, name)()
        assert parts
        figures += [part for part in parts if isinstance(part, Figure)]
    assert len(figures) == 6 and all(figure.alt and figure.caption and figure.rows for figure in figures)
    assert all(len(row) == len(figure.head) for figure in figures for row in figure.rows)
    assert str(told["wrong"]) in str(page.answer()[0]) and "七月" in str(page.answer()[0])


def test_text_of_a_table_is_never_markup(table):
    told = book.summary(table.head(30).assign(funded_by="<img src=x onerror=alert(1)>"), by="funded_by", name="<b>")
    page = BookPage(told, "zh")
    assert "<b>" not in str(page.answer()[0])
    (picture,) = [part for part in page.segments() if isinstance(part, Figure)]
    assert "<img" not in json.dumps(picture.data)


def test_a_table_is_read_as_it_is_scored(tmp_path):
    source = write_sample(tmp_path / "in.csv", 50, seed=9)
    with source.open("a", encoding="utf-8") as file:
        file.write("X1,abc,100,,,,,bank\n")
    loaded = book.read_book(source)
    assert len(loaded.table) == 50 and [each.row for each in loaded.wrong] == [51]
    expected, ours = score(sample(50, seed=9)), score(loaded.table)
    for name in ("low", "high", "share"):
        assert np.array_equal(ours[name], expected[name])
    assert list(loaded.table.funded_by) == list(sample(50, seed=9).funded_by)


@pytest.mark.slow
def test_the_command_makes_the_report_and_tells_of_wrong_rows(tmp_path, capsys):
    source = write_sample(tmp_path / "in.csv", 40)
    assert run(["portfolio", str(source), "-o", str(tmp_path / "out"), "--by", "funded_by"]) == 0
    page = (tmp_path / "out" / "portfolio-in.zh.html").read_text("utf-8")
    assert "一批逾期案例" in page and "consumer_finance" in page and "S000000001" not in page
    assert "S000000001" not in (tmp_path / "out" / "portfolio-in.zh.ipynb").read_text("utf-8")
    with source.open("a", encoding="utf-8") as file:
        file.write("X1,abc,100,,,,,bank\n")
    assert run(["portfolio", str(source), "-o", str(tmp_path / "out"), "--lang", "en"]) == 1
    assert "row 41" in capsys.readouterr().err
    assert run(["portfolio", str(source), "-o", str(tmp_path / "out"), "--by", "nowhere"]) == 2


def test_the_panel_follows_its_controls(monkeypatch):
    pytest.importorskip("anywidget")
    from jiebei_lib.show import panels

    panel = panels.portfolio(60)
    before = panel.text()
    assert "60" in before
    panel.set(by="contacts")
    assert panel.text() != before
    panel.set(source="file", csv={"name": "t.csv", "text": "编号,逾期天数,逾期金额\n=1+1,9,100\nb,x,1\n"})
    assert "1个案例" in panel.text()
    made = panel._presses["export"](dict(panel.values), panel)
    assert made.name.endswith(".csv") and "'=1+1" in made.text


@pytest.mark.parametrize("rows", ["", "a,nan,800\n"])
def test_a_table_without_one_right_row_is_refused(tmp_path, capsys, rows):
    given = tmp_path / "cases.csv"
    given.write_text("case_id,days_overdue,amount_overdue\n" + rows, "utf-8")
    assert run(["portfolio", str(given), "-o", str(tmp_path / "out"), "--lang", "en"]) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "cases.csv: holds no case that can be used; give at least one right row below the column names."
    assert len(said) == 1 + bool(rows)
    assert not (tmp_path / "out").exists()
