"""A whole portfolio: counts that add up from case to case, whom to talk to first, segments, what-ifs, the one question, and its report."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("pyarrow")

from jiebei_lib.cli import run
from jiebei_lib.core.assessment import assess
from jiebei_lib.core.case import FIELDS, Case
from jiebei_lib.core.policy import load_policy
from jiebei_lib.core.scoring.compare import compare
from jiebei_lib.core.scoring.explain import questions as asked_of
from jiebei_lib.core.scoring.score import GRADES, VERDICTS
from jiebei_lib.core.tables.files import TableError
from jiebei_lib.core.tables.table import score
from jiebei_lib.page.figure import Figure
from jiebei_lib.portfolio import summary as book
from jiebei_lib.portfolio.ranks import ranked
from jiebei_lib.portfolio.sample import sample, write_sample
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


@pytest.mark.parametrize(("policy", "other"), [("article", "published"), ("published", "article")])
def test_counts_by_grade_and_witness_are_those_of_the_cases_alone(table, policy, other):
    some = table.head(60)
    told, alone = book.summary(some, policy), [assess(case, policy) for case in cases_of(some)]
    assert [side["policy"] for side in told["witnesses"]] == [policy, other]
    for n, side in enumerate(told["witnesses"]):
        given = [a.witnesses[n]["grade"] for a in alone]
        assert side["grades"] == {name: given.count(name) for name in reversed(GRADES)}
        said = [a.witnesses[n]["verdict"] for a in alone]
        assert side["verdicts"] == {name: said.count(name) for name in reversed(VERDICTS)}
    given = [a.agreement for a in alone]
    assert told["agreement"] == {name: given.count(name) for name in ("agree", "differ", "disagree")}
    assert all(told["agreement"].values())


def test_counts_are_those_of_the_scored_table(told, scored):
    one, other = told["witnesses"]
    for side, column in ((one, "grade"), (other, "published_grade")):
        assert {name: n for name, n in side["grades"].items() if n} == {
            name: n for name, n in scored[column].value_counts().items() if n
        }
    assert sum(told["agreement"].values()) == told["cases"] == len(scored)


def test_those_to_talk_to_first_come_by_mean_rank_with_both_witnesses_and_the_next_question(table, scored):
    found, places = book.talk_first(table, most=None), ranked(table)
    assert found.mean_rank.is_monotonic_increasing and len(found) == len(table)
    whole = found.set_index("case_id").loc[table.case_id]
    assert np.array_equal(whole.best_rank, places.best) and np.array_equal(whole.worst_rank, places.worst)
    assert np.array_equal(whole.share, scored["share"]) and np.array_equal(whole.other_share, scored.published_share)
    asked = scored.next_question.astype(object).where(scored.next_question.notna(), None)
    assert list(whole.next_question) == list(asked)
    few = book.talk_first(table, most=5)
    pd.testing.assert_frame_equal(few, found.head(5), check_dtype=False)
    for case, grade in zip(cases_of(table.set_index("case_id").loc[few.case_id].reset_index()), few.grade, strict=True):
        assert assess(case).so_far == grade


@pytest.mark.parametrize("by", ["funded_by", "communication", "amount_overdue", "case_id", "zhima_score"])
def test_segments_add_up_to_the_whole(table, told, by):
    parts = book.segments(table, by)
    assert parts.cases.sum() == len(table) and len(parts) <= book.SEGMENTS + 2
    assert parts.likely.sum() == told["witnesses"][0]["verdicts"]["likely"]
    counts = told["witnesses"][0]["verdicts"]
    assert parts.unlikely.sum() == counts["unlikely"] + counts["not_yet"]
    assert (parts.above >= 0).all() and (parts.below >= 0).all() and (parts.above + parts.below <= 1 + 1e-9).all()
    mean = (ranked(table).mean - 1).mean() / (len(table) - 1)
    assert (parts.place * parts.cases).sum() / len(table) == pytest.approx(mean)


def test_segments_stand_as_their_pairs_do_one_by_one(table):
    some = table.head(30)
    parts, cases = book.segments(some, "funded_by"), cases_of(some)
    for name in parts.index:
        mine = [case for case, by in zip(cases, some.funded_by, strict=True) if by == name]
        rest = [case for case, by in zip(cases, some.funded_by, strict=True) if by != name]
        held = [compare(a, b).necessarily for a in mine for b in rest]
        assert parts.above[name] == pytest.approx(held.count("above") / len(held))
        assert parts.below[name] == pytest.approx(held.count("below") / len(held))


def test_the_share_of_ordered_pairs_is_that_of_comparing_all(table):
    cases = cases_of(table.head(25))
    held = [compare(a, b).necessarily for n, a in enumerate(cases) for b in cases[n + 1 :]]
    assert book.ordered(table.head(25)) == pytest.approx(sum(each is not None for each in held) / len(held))


def test_a_column_that_is_not_there_is_named(table):
    with pytest.raises(TableError, match="'nowhere'"):
        book.segments(table, "nowhere")


def test_days_ahead_are_the_same_cases_later(table):
    ahead = book.days_ahead(table).set_index("day")
    for day in (0, 7):
        later = score(table.assign(days_overdue=table.days_overdue + day)).verdict.value_counts()
        assert {name: n for name, n in ahead.loc[day].items() if n} == {name: n for name, n in later.items() if n}
    assert (ahead.sum(axis=1) == len(table)).all() and ahead.not_yet.is_monotonic_decreasing


def test_the_question_is_the_one_that_settles_most_case_by_case(table):
    some, policy = table.head(40), load_policy()
    open_, total = {}, {name: 0.0 for name in policy.data["questions"]}
    for name, question in policy.data["questions"].items():
        open_[name] = []
        for case in cases_of(some):
            if getattr(case, name) is not None or case.days_overdue < policy.readings.days[0]:
                continue
            open_[name].append(next(each["narrowing"] for each in asked_of(case, policy) if each["field"] == name))
            before = assess(case).grade != "split"
            after = [assess(replace(case, **{name: level})).grade != "split" for level in question["levels"]]
            total[name] += np.mean(after) - before
    found = book.questions(some).set_index("field")
    assert found.settled.to_dict() == pytest.approx(total)
    assert found.settled.is_monotonic_decreasing and found.settled.iloc[0] > 0
    for name, gains in open_.items():
        assert found.narrowing[name] == pytest.approx(np.mean(gains) if gains else 0.0)


def test_no_answer_is_unsettled_by_knowing_more(table):
    assert (book.questions(table).settled >= 0).all()


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
    assert list(later.before) == list(score(table).grade) and list(later.after) == list(score(table).published_grade)


def test_a_summary_is_plain_and_names_only_the_cases_to_talk_to_first(told, table):
    text = json.dumps(told, ensure_ascii=False)
    assert json.loads(text) == told
    listed = {row["case_id"] for row in told["first"]}
    assert len(listed) == book.FIRST and {case_id for case_id in table.case_id if case_id in text} == listed
    none = book.summary(table.head(50), most=0)
    assert not any(case_id in json.dumps(none) for case_id in table.case_id)
    assert BookPage(none, "zh").first() and "没有列出" in str(BookPage(none, "zh").answer()[0])


PARTS = ("answer", "first", "questions", "grades", "segments", "ribbon", "days", "what_if", "limits")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_says_the_numbers_in_both_languages(told, lang):
    page = BookPage(told, lang)
    one, other = (side["verdicts"]["likely"] for side in told["witnesses"])
    assert all(f"{n:,}" in page.headline() for n in (one, other, told["agreement"]["disagree"], told["cases"]))
    figures = []
    for name in PARTS:
        parts = getattr(page, name)()
        assert parts
        figures += [part for part in parts if isinstance(part, Figure)]
    assert len(figures) == 6 and all(figure.alt and figure.caption and figure.rows for figure in figures)
    assert all(len(row) == len(figure.head) for figure in figures for row in figure.rows)
    first = str(page.answer()[0])
    assert str(told["wrong"]) in first and "七月" in first and told["first"][0]["case_id"] in first
    assert first.index("<table") < first.index(told["first"][0]["case_id"]) < first.index(html.escape(page.question()))
    for side in told["witnesses"]:
        assert all(f">{n:,}<" in first for n in side["grades"].values() if n)
    rows = str(page.first()[0])
    assert all(row["case_id"] in rows for row in told["first"]) and rows.count("<tr>") == 1 + len(told["first"])


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_word_of_a_portfolio_speaks_of_frequency(told, lang):
    """Likelihood is a model quantity over readings: nothing says in how many cases calls are to be expected."""
    page = BookPage(told, lang)
    said = []
    for name in PARTS:
        for part in getattr(page, name)():
            said.append(json.dumps(part.spec(), ensure_ascii=False) if isinstance(part, Figure) else str(part))
    text = " ".join(said).replace("not observed frequencies", "").replace("不是实际发生的频率", "")
    for word in ("expect", "frequen", "probab", "will be called", "预计", "频率", "概率", "几率"):
        assert word not in text.lower(), word


@pytest.mark.parametrize("rows", [1, 2, 3])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_portfolio_of_hardly_any_cases_has_its_page(table, rows, lang):
    page = BookPage(book.summary(table.tail(rows)), lang)
    assert all(getattr(page, name)() for name in PARTS)


def test_text_of_a_table_is_never_markup(table):
    bad = "<img src=x onerror=alert(1)>"
    told = book.summary(table.head(30).assign(funded_by=bad, case_id=bad), by="funded_by", name="<b>")
    page = BookPage(told, "zh")
    assert "<b>" not in str(page.answer()[0]) and "<img" not in str(page.answer()[0]) + str(page.first()[0])
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
    ids = set(re.findall(r"S0000000\d\d", page))
    assert "一批逾期案例" in page and "consumer_finance" in page and len(ids) == 20
    assert run(["portfolio", str(source), "-o", str(tmp_path / "out"), "--by", "funded_by", "--list", "0"]) == 0
    for suffix in ("html", "ipynb"):
        assert "S0000000" not in (tmp_path / "out" / f"portfolio-in.zh.{suffix}").read_text("utf-8")
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
    assert "best_rank,worst_rank,mean_rank" in made.text.splitlines()[0]


@pytest.mark.parametrize("rows", ["", "a,nan,800\n"])
def test_a_table_without_one_right_row_is_refused(tmp_path, capsys, rows):
    given = tmp_path / "cases.csv"
    given.write_text("case_id,days_overdue,amount_overdue\n" + rows, "utf-8")
    assert run(["portfolio", str(given), "-o", str(tmp_path / "out"), "--lang", "en"]) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "cases.csv: holds no case that can be used; give at least one right row below the column names."
    assert len(said) == 1 + bool(rows)
    assert not (tmp_path / "out").exists()


def test_a_first_screen_makes_nothing_that_it_does_not_show(monkeypatch):
    table, unseen = sample(120, seed=8), ("days_ahead", "segments", "what_if", "ordered")
    whole = book.summary(table)
    for name in unseen:
        monkeypatch.setattr(book, name, lambda *_: pytest.fail("made before it is shown"))
    told = book.Parts(table).by("communication")
    one, other = BookPage(told, "zh"), BookPage(whole, "zh")
    assert str(one.counted()[0]) == str(other.counted()[0]) and str(one.next()[0]) == str(other.next()[0])
    assert set(told) == set(whole)
