"""Months held against each other: counts that add up, what moved and why, drift with the border of chance, and the page."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("pyarrow")

from jiebei_lib.cli import run
from jiebei_lib.core.scoring.score import GRADES
from jiebei_lib.core.tables.delimited import TableError
from jiebei_lib.core.tables.table import score
from jiebei_lib.page.figure import Figure
from jiebei_lib.portfolio.months import compare_months, drift, read_months
from jiebei_lib.portfolio.sample import sample
from jiebei_lib.show.portfolio.months_page import MonthsPage, invented

SECTIONS = ("answer", "moves", "why", "grades", "stages", "drift", "trend", "limits")


@pytest.fixture(scope="module")
def months() -> dict:
    return invented()


@pytest.fixture(scope="module")
def tables() -> list[pd.DataFrame]:
    before = sample(300, seed=4)
    after = before.iloc[60:].assign(days_overdue=lambda table: table["days_overdue"] + 30)
    after.loc[after.index[:20], "days_overdue"] = 0
    new = sample(40, seed=9).assign(case_id=[f"n{n}" for n in range(40)])
    return [before, pd.concat([after, new], ignore_index=True)]


def step(before: pd.DataFrame, after: pd.DataFrame) -> dict:
    return compare_months([("a", before, 0), ("b", after, 0)])["steps"][0]


def test_every_case_is_counted_once(months: dict) -> None:
    for (before, after), each in zip(itertools.pairwise(months["months"]), months["steps"], strict=True):
        moves = each["moves"]
        assert each["both"] == moves["cured"] + moves["better"] + moves["worse"] + moves["same"]
        assert before["cases"] == each["both"] + moves["left"] and after["cases"] == each["both"] + moves["new"]
        for what in ("grades", "stages"):
            assert sum(row["cases"] for row in each[what]) == each["both"]
        assert sum(row["worse"] for row in each["why"]) == moves["worse"]
        assert sum(row["better"] for row in each["why"]) == moves["better"]


def test_where_the_likely_cases_come_from_adds_up(months: dict) -> None:
    for each in months["steps"]:
        likely = each["likely"]
        gained, lost = likely["new"] + likely["into"], likely["left"] + likely["out_of"]
        assert likely["after"] == likely["before"] + gained - lost


def test_what_moved_is_what_scores_say_case_by_case(tables: list[pd.DataFrame]) -> None:
    """By the grades that the two tables are given apart, of the cases that stand in both and are still overdue."""
    ranks = {grade: n for n, grade in enumerate(GRADES)}
    scored = [score(table).set_index(table["case_id"].astype(str)) for table in tables]
    both = scored[0].index.intersection(scored[1].index)
    cured = (scored[0].days_overdue[both] > 0) & (scored[1].days_overdue[both] <= 0)
    moves = step(*tables)["moves"]
    assert moves["cured"] == int(cured.sum()) >= 15
    # A grade that holds whatever is unknown is the same as the grade so far, so those that are settled in both months must agree
    settled = [each.share_low[both] == each.share_high[both] for each in scored]
    known = [each[settled[0] & settled[1]] for each in (scored[0].loc[both], scored[1].loc[both])]
    worse = sum(ranks[b] > ranks[a] for a, b in zip(known[0].grade, known[1].grade, strict=True))
    assert moves["worse"] >= worse - int(cured.sum())


def test_a_month_against_itself_moves_nothing(tables: list[pd.DataFrame]) -> None:
    same = step(tables[0], tables[0].sample(frac=1, random_state=1))
    assert same["moves"] == {"new": 0, "left": 0, "cured": 0, "better": 0, "worse": 0, "same": 300}
    assert same["why"] == [] and all(row["psi"] == 0 and row["level"] == "chance" for row in same["drift"])
    assert all(row["from"] == row["to"] for what in ("grades", "stages") for row in same[what])


def test_the_order_of_rows_plays_no_part(tables: list[pd.DataFrame]) -> None:
    mixed = [table.sample(frac=1, random_state=n) for n, table in enumerate(tables)]
    assert step(*mixed) == step(*tables)


def test_the_index_is_the_sum_that_it_is_defined_as() -> None:
    before, after = np.array([50, 30, 20]), np.array([20, 30, 50])
    one, other = (before + 0.5) / 101.5, (after + 0.5) / 101.5
    assert drift(before, after)["psi"] == pytest.approx(sum((other - one) * np.log(other / one)))
    assert drift(before, after)["level"] == "large" and drift(before, before)["level"] == "chance"


def test_the_border_of_chance_holds_19_of_20_samples_of_one_portfolio() -> None:
    """Two thousand pairs drawn from the same shares: the index stays below its border in about 95 of 100."""
    rng, shares = np.random.default_rng(7), np.array([0.1, 0.2, 0.3, 0.25, 0.15])
    pairs = rng.multinomial(400, shares, (2000, 2))
    below = np.mean([(found := drift(one, other))["psi"] <= found["chance"] for one, other in pairs])
    assert 0.93 < below < 0.97


def test_a_column_that_drifted_is_told_from_one_that_did_not(tables: list[pd.DataFrame]) -> None:
    levels = {row["column"]: row["level"] for row in step(*tables)["drift"]}
    assert levels["days_overdue"] in ("moderate", "large") and levels["zhima_score"] == "chance"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_says_what_moved_and_why_in_both_languages(months: dict, lang: str) -> None:
    page = MonthsPage(months, lang)
    counts = months["steps"][-1]["moves"]
    assert all(f"{counts[name]:,}" in page.headline() for name in ("new", "left", "worse", "better", "cured"))
    figures = [part for name in SECTIONS for part in getattr(page, name)() if isinstance(part, Figure)]
    assert len(figures) == 4
    for each in figures:
        assert each.alt and each.caption and each.head and each.rows and each.layout["title"]["text"]
        assert each.layout["xaxis"]["title"]["text"]
    words = "".join(str(part) for name in SECTIONS for part in getattr(page, name)() if not isinstance(part, Figure))
    assert {"zh": "不是原因的证明", "en": "no proof of a cause"}[lang] in words


def test_groups_of_levels_are_called_as_their_reader_calls_them(months: dict) -> None:
    for lang, words in (("zh", "答应还款但没有还"), ("en", "promised but did not pay")):
        page = MonthsPage(months, lang)
        page.step = {**page.step, "drift": [row for row in page.step["drift"] if row["column"] == "communication"]}
        ((_, _, rows),) = page.groups()
        assert any(words in row[0] for row in rows), rows
        assert not {"broken_promise", "silent"} & {row[0] for row in rows}


def test_months_without_ids_are_refused(tmp_path) -> None:
    (tmp_path / "a.csv").write_text("天数,金额\n9,800\n", "utf-8")
    with pytest.raises(TableError, match=r"a\.csv: has no column of case ids"):
        read_months([tmp_path / "a.csv"])


def test_two_tables_become_a_report_on_what_moved(tmp_path, capsys, tables) -> None:
    for name, table in zip(("march.csv", "april.csv"), tables, strict=True):
        table.to_csv(tmp_path / name, index=False)
    given = [str(tmp_path / name) for name in ("march.csv", "april.csv")]
    assert run(["portfolio", *given, "-o", str(tmp_path), "--lang", "en"]) == 0
    page, out = (tmp_path / "months-march-april.en.html").read_text("utf-8"), capsys.readouterr().out
    assert "From march to april" in out and "Which columns have drifted?" in page
    assert "Not used for the score: funded_by." in out  # a heading that is not known would go unnoticed
