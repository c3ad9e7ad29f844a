"""What people's tables look like: numbers with units and multiples, two columns for one thing, ids that stand twice."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from jiebei_lib.core.knowledge.problems import CaseError
from jiebei_lib.core.policy import load_policy
from jiebei_lib.core.tables.delimited import TableError, Upload
from jiebei_lib.core.tables.table import score
from jiebei_lib.portfolio.score_files import score_files
from jiebei_lib.portfolio.summary import read_book

AMOUNTS = {
    "1.2万": 12000, "1.5w": 15000, "1.5W": 15000, "￥12,000.00": 12000, "¥12,000": 12000, "12000元": 12000, "1.2万元": 12000,
    "１．２万": 12000, "人民币8000元整": 8000, "5千": 5000, "3k": 3000, "8,000.50元": 8000.5, "0.35万": 3500, " 1 万 ": 10000,
    "＋８０００": 8000, "1e4": 10000,
}  # fmt: skip
REFUSED = [
    "1万2",
    "1-2万",
    "12%",
    "１２％",
    "几万",
    "1.2亿元",
    "1,00",
    "1.2.3",
    "万",
    "w",
    "12000美元",
    "$12",
    "-1.2万",
    "1.2万万",
]
DAYS = {"7天": 7, "７ 天": 7, "7日": 7, "2周": 14, "1 week": 7, "7 days": 7, "7.0": 7}


def book(days: object, amount: object):
    return read_book(Upload("t.csv", f'天数,金额\n"{days}","{amount}"\n90,1\n'.encode()))


@pytest.mark.parametrize("text", AMOUNTS)
def test_amounts_as_people_write_them_are_read(text: str) -> None:
    assert book(9, text).table.amount_overdue[0] == AMOUNTS[text]


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_amount_or_could_be_two_is_refused_in_its_row(text: str) -> None:
    (wrong,) = book(9, text).wrong
    assert wrong.row == 1 and text.strip() in wrong.problem.say("zh")


@pytest.mark.parametrize("text", DAYS)
def test_days_as_people_write_them_are_read(text: str) -> None:
    assert book(text, 1).table.days_overdue[0] == DAYS[text]


@pytest.mark.parametrize(
    ("text", "low", "high"), [("1个月", 28, 31), ("2 months", 56, 62), ("两个月", 56, 62), ("3月", 84, 93)]
)
def test_months_are_no_days_and_what_is_meant_is_said(text: str, low: int, high: int) -> None:
    (wrong,) = book(text, 1).wrong
    assert f"{low} to {high}" in wrong.problem.say("en") and f"{low}到{high}" in wrong.problem.say("zh")


@pytest.mark.parametrize("text", ["1.5周", "半个月", "7%", "7元", "几周"])
def test_what_is_no_number_of_days_is_refused(text: str) -> None:
    assert [each.row for each in book(text, 1).wrong] == [1]


@pytest.mark.parametrize(
    "names", ["days_overdue,逾期天数,金额", "逾期天数,dpd,amount_overdue", "days_overdue,amount_overdue,欠款金额"]
)
def test_two_columns_for_one_fact_are_refused(names: str) -> None:
    with pytest.raises(TableError, match="several columns look like it") as told:
        read_book(Upload("t.csv", f"{names}\n1,2,3\n".encode()))
    assert "--map" in told.value.say("zh")
    with pytest.raises(CaseError, match="another name of"):
        score(pd.DataFrame([[1, 2, 3]], columns=names.split(",")), load_policy())


def test_a_map_says_which_of_two_columns_is_meant() -> None:
    mapping = {"columns": {"days_overdue": "逾期天数"}}
    table = read_book(Upload("t.csv", "days_overdue,逾期天数,金额\n1,20,3\n".encode()), mapping).table
    assert table.days_overdue.tolist() == [20]


@pytest.mark.parametrize("heading", ["逾期金额（万元）", "金额(千元)", "金额（万）", "欠款金额[万元]"])
def test_a_heading_in_more_than_yuan_is_refused(heading: str) -> None:
    with pytest.raises(TableError, match="amounts are in yuan"):
        read_book(Upload("t.csv", f"天数,{heading}\n9,1.2\n".encode()))


def test_ids_that_stand_twice_are_treated_alike_everywhere(tmp_path: Path) -> None:
    """Of rows with one id the first counts, right or wrong; the others are told."""
    from jiebei_lib.reports import batch

    path = tmp_path / "t.csv"
    rows = ["A,9,100", "B,xx,100", "A,10,200", "B,11,300", "C,12,400", " A ,13,500"]
    path.write_text("\n".join(["id,days,amount", *rows]).replace("days", "天数").replace("amount", "金额"), "utf-8")
    score_files(path, tmp_path / "out.csv")
    scored = pd.read_csv(tmp_path / "out.csv").id.tolist()
    seen = read_book(path)
    jobs = [job for job in batch._jobs([path], None, ["zh"], load_policy(), "2026-11-25", {}) if job.wrong is None]
    assert scored == seen.table.case_id.tolist() == [job.case_id for job in jobs] == ["A", "C"]
    assert sorted(each.row for each in seen.wrong) == [2, 3, 4, 6]


IDS = ["k1", "K1", "\u00e9", "e\u0301", "E\u0301", "k1.zh", "k1_zh", "CON", "con", "ﬁ", "fi", "İ", "i\u0307"]


def test_no_two_ids_share_a_file_on_any_file_system(tmp_path: Path) -> None:
    """Not where case does not count, nor where é is kept in one form only."""
    import unicodedata

    from jiebei_lib.reports import batch

    path = tmp_path / "t.csv"
    path.write_text("id,天数,金额\n" + "".join(f"{each},9,100\n" for each in IDS), "utf-8")
    names = [job.name for job in batch._jobs([path], None, ["zh"], load_policy(), "2026-11-25", {})]
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert len({unicodedata.normalize(form, name).casefold() for name in names}) == len(IDS)


DUE = "客户编号,应还日期,应还金额\nC1,2026-10-14,43.33\nC2,2026/11/28,50\nC3,soon,9\nC4,,1\nC5,2026年11月26日,7\n"
TO_26 = {"columns": {"amount_overdue": "应还金额"}, "as_of": "2026-11-26"}


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_due_dates_serve_for_days_with_the_day_they_are_counted_to(tmp_path, kind):
    """Case 29: a list with due dates instead of days."""
    file = tmp_path / f"due.{kind}"
    if kind == "csv":
        file.write_text(DUE, "utf-8")
    else:
        (tmp_path / "x.csv").write_text(
            DUE.replace("C3,soon,9\n", "").replace("年11月26日", "-11-26").replace("/", "-"), "utf-8"
        )
        table = pd.read_csv(tmp_path / "x.csv", parse_dates=["应还日期"])
        table.to_parquet(file)
    made = score_files([file], tmp_path / "out.csv", mapping=TO_26)
    scored = pd.read_csv(tmp_path / "out.csv").set_index("客户编号")
    by_days = score(pd.DataFrame({"days_overdue": [43, -2, 0], "amount_overdue": [43.33, 50, 7]}))
    assert (
        scored["verdict"].tolist() == by_days["verdict"].astype(str).tolist()
        and scored["share"].tolist() == by_days["share"].tolist()
    )
    assert list(scored.index) == ["C1", "C2", "C5"] and made.bad == (2 if kind == "csv" else 1)


def test_due_dates_serve_the_same_without_pyarrow(tmp_path):
    from jiebei_lib.portfolio import plain_files
    from jiebei_lib.portfolio.score_files import layout_of

    file = tmp_path / "due.csv"
    file.write_text(DUE, "utf-8")
    good, wrong, rows = plain_files.scored_rows([file], layout_of([file], TO_26), load_policy())
    score_files([file], tmp_path / "out.csv", mapping=TO_26)
    assert good["share"] == pd.read_csv(tmp_path / "out.csv")["share"].tolist() and (len(wrong), rows) == (2, 5)


def test_without_a_day_due_dates_are_not_guessed_at_and_a_day_that_is_none_is_refused(tmp_path):
    file = tmp_path / "due.csv"
    file.write_text(DUE, "utf-8")
    for mapping, said in (
        ({"columns": TO_26["columns"]}, "--as-of"),
        ({**TO_26, "as_of": "soon"}, "as_of: 'soon' is not a date"),
    ):
        with pytest.raises(TableError, match=said):
            score_files([file], tmp_path / "out.csv", mapping=mapping)
