"""Tables of cases in files: any format, header, encoding; wrong rows aside; the same answers as case by case, whole or not at all."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from jiebei_lib.cli import run
from jiebei_lib.core.assessment import assess
from jiebei_lib.core.case import FIELDS, Case
from jiebei_lib.core.scoring.many import ADDED
from jiebei_lib.core.tables.files import TableError
from jiebei_lib.core.tables.table import score
from jiebei_lib.portfolio import score_files as portfolio
from jiebei_lib.portfolio.parts.run import score_parts
from jiebei_lib.portfolio.sample import sample, write_sample
from jiebei_lib.portfolio.score_files import score_files
from jiebei_lib.portfolio.workers import client

pa = pytest.importorskip("pyarrow")

ZH = "编号,逾期天数,逾期金额（元）,芝麻分,历史逾期次数,沟通情况,预留联系人信息\n"


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return sample(600, seed=3)


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def read(path: Path) -> pd.DataFrame:
    return {".csv": pd.read_csv, ".parquet": pd.read_parquet, ".feather": pd.read_feather, ".arrow": pd.read_feather}[
        path.suffix
    ](path)


def wrong_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def case_of(row: pd.Series) -> Case:
    return Case.of({name: None if pd.isna(row[name]) else row[name] for name in FIELDS if name in row})


@pytest.mark.parametrize("name", ["article", "published"])
def test_every_row_is_answered_as_assess_answers_the_case(table, name):
    scored = score(table, name)
    for _, row in scored.iloc[::12].iterrows():
        alone = assess(case_of(row), name)
        assert row.verdict == alone.verdict and row.stage == alone.stage["id"]
        assert (row.low, row.high) == pytest.approx((alone.likelihood["low"], alone.likelihood["high"]), abs=1e-12)
        assert (row.share, row.share_low, row.share_high) == (alone.share, *alone.share_range.values())
        strongest = max(alone.contributions, key=lambda part: abs(part["central"]))
        assert row.strongest_factor == strongest["factor"]
        if alone.next_question is None:
            assert pd.isna(row.next_question)
        else:
            # Between two that narrow alike, either is right.
            gains = {q["field"]: (q["narrowing"], q["share_narrowing"]) for q in alone.questions}
            assert gains[row.next_question] == pytest.approx(max(gains.values()), abs=1e-9)


@pytest.mark.parametrize("given", [".csv", ".parquet", ".feather", ".arrow"])
@pytest.mark.parametrize("wanted", [".csv", ".parquet", ".feather"])
def test_every_format_gives_the_same_answers(table, tmp_path, given, wanted):
    source = write_sample(tmp_path / f"in{given}", len(table), seed=3)
    made = score_files(source, tmp_path / f"out{wanted}")
    assert (made.rows, made.bad, made.errors) == (len(table), 0, None)
    scored, expected = read(made.output), score(table)
    assert list(scored.columns) == [*table.columns, *ADDED]
    for name in ADDED:
        ours, theirs = scored[name], expected[name]
        assert (ours.astype(object).where(ours.notna(), "") == theirs.astype(object).where(theirs.notna(), "")).all(), (
            name
        )
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"in{given}", f"out{wanted}"]


def test_chunks_and_the_order_of_rows_make_no_difference(table, tmp_path, monkeypatch):
    source = write_sample(tmp_path / "in.parquet", len(table), seed=3)
    whole = read(score_files(source, tmp_path / "whole.parquet").output)
    monkeypatch.setattr(portfolio, "ROWS", 37)
    pd.testing.assert_frame_equal(read(score_files(source, tmp_path / "parts.parquet").output), whole)
    back = table[::-1].reset_index(drop=True)
    pd.testing.assert_frame_equal(
        score(back)[::-1].reset_index(drop=True), score(table), check_exact=False, rtol=0, atol=1e-12
    )


def test_several_files_are_one_table_and_must_have_the_same_columns(table, tmp_path):
    table.iloc[:300].to_csv(tmp_path / "1.csv", index=False)
    table.iloc[300:].to_csv(tmp_path / "2.csv", index=False)
    made = score_files(str(tmp_path / "?.csv"), tmp_path / "out.parquet")
    assert made.rows == 600 and list(read(made.output).case_id) == list(table.case_id)
    table.drop(columns="contacts").to_csv(tmp_path / "3.csv", index=False)
    with pytest.raises(TableError, match=r"3\.csv.*contacts"):
        score_files(str(tmp_path / "?.csv"), tmp_path / "out.parquet")
    (tmp_path / "3.csv").unlink()
    table.iloc[:1].to_csv(tmp_path / "3.csv", index=False)  # an id of the first file again
    again = score_files(str(tmp_path / "?.csv"), tmp_path / "out.parquet")
    (wrong,) = wrong_rows(again.errors)
    assert again.bad == 1 and wrong["file"] == "3.csv" and wrong["value"] == table.case_id[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_chinese_headers_words_and_encodings_are_recognised(tmp_path, encoding):
    text = ZH + 'a,７,"８,０００.５０ 元",６５０,未知,不接电话、不回短信,信息准确\nb,9,￥9000,,2次,失联,-\n'
    made = score_files(written(tmp_path / "in.csv", text, encoding), tmp_path / "out.csv")
    low = [
        assess(Case(7, 8000.5, zhima_score=650, communication="silent", contacts="accurate")).likelihood["low"],
        assess(Case(9, 9000, past_overdue=2, communication="silent")).likelihood["low"],
    ]
    assert made.bad == 0 and list(read(made.output).low) == pytest.approx(low)


def test_wrong_rows_are_told_one_by_one_and_the_good_ones_kept(tmp_path):
    text = ZH + (
        "001,7,8000,650,0,silent,close\n"  # 1: fine
        "002,abc,100,650,0,silent,close\n"  # 2: days
        "001,9,100,650,0,silent,close\n"  # 3: id again
        "004,9,100,650\n"  # 4: too short
        "005,9,-5,650.5,0,嘿,close\n"  # 5: three cells
        ",9,100,,,,\n"  # 6: no id
        "007,,100,,,,\n"  # 7: no days
        "008,7,1e9,,,,\n"  # 8: too much
        "=1+1,9,100,,,,\n"  # 9: fine
    )
    source = written(tmp_path / "in.csv", text)
    assert run(["score", str(source), "-o", str(tmp_path / "out.csv")]) == 1
    assert list(read(tmp_path / "out.csv")["编号"]) == ["001", "'=1+1"]
    wrong = wrong_rows(tmp_path / "out.csv.errors.csv")
    assert [(each["row"], each["column"], each["value"]) for each in wrong] == [
        ("2", "逾期天数", "abc"),
        ("3", "编号", "001"),
        ("4", "", "004,9,100,650"),
        ("5", "逾期金额（元）", "-5"),
        ("5", "芝麻分", "650.5"),
        ("5", "沟通情况", "嘿"),
        ("6", "编号", ""),
        ("7", "逾期天数", ""),
        ("8", "逾期金额（元）", "1e9"),
    ]
    assert all(each["reason"] for each in wrong)


def test_errors_fail_writes_nothing_and_says_why(tmp_path, capsys):
    source = written(tmp_path / "in.csv", "case_id,days_overdue,amount_overdue\na,7,100\nb,x,100\n")
    assert run(["score", str(source), "-o", str(tmp_path / "out.csv"), "--errors", "fail", "--lang", "en"]) == 2
    assert "row 2: days_overdue: 'x' is not allowed" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_a_run_without_errors_takes_away_the_errors_of_an_earlier_one(tmp_path):
    source = written(tmp_path / "in.csv", "days_overdue,amount_overdue\n7,x\n")
    assert score_files(source, tmp_path / "out.csv").errors.exists()
    written(source, "days_overdue,amount_overdue\n7,10\n")
    made = score_files(source, tmp_path / "out.csv")
    assert made.errors is None and not (tmp_path / "out.csv.errors.csv").exists() and made.rows == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("days_overdue,days_overdue,amount_overdue\n1,1,1\n", "'days_overdue' stands twice"),
        ("days_overdue,amount_overdue\n", "holds no case"),
        ("days_overdue\n1\n", "amount_overdue: no such column"),
        ("dpd,天数,amount_overdue\n1,1,1\n", "days_overdue: several columns look like it"),
        ("days_overdue,amount_overdue,low\n1,1,1\n", "needs the column name 'low'"),
    ],
)
def test_a_table_that_cannot_be_understood_is_refused_in_one_line(tmp_path, text, said):
    with pytest.raises(TableError) as caught:
        score_files(written(tmp_path / "in.csv", text), tmp_path / "out.csv")
    assert said in caught.value.say("en") and "\n" not in caught.value.say("zh")
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


@pytest.mark.parametrize("name", ["in.parquet", "in.feather", "in.csv"])
def test_a_damaged_file_is_refused_in_one_line(tmp_path, name):
    (tmp_path / name).write_bytes(b"days_overdue,amount_overdue\n\xff\xff\xff,1\n" if name == "in.csv" else b"PAR1 no")
    with pytest.raises(TableError, match=name):
        score_files(tmp_path / name, tmp_path / "out.csv")


def test_a_mapping_says_what_columns_and_words_mean(tmp_path):
    text = "tage,betrag,wort\n12,5000,weg\n12,5000,?\n"
    mapping = {
        "columns": {"days_overdue": "tage", "amount_overdue": "betrag", "communication": "wort"},
        "values": {"communication": {"weg": "silent", "?": None}},
    }
    made = score_files(written(tmp_path / "in.csv", text), tmp_path / "out.csv", mapping=mapping)
    expected = [assess(Case(12, 5000, communication=word)).likelihood["low"] for word in ("silent", None)]
    assert list(read(made.output).low) == pytest.approx(expected)
    for wrong in (
        {"colums": {}},
        {"columns": {"day": "tage"}},
        {"columns": {"days_overdue": "x"}},
        {"columns": 3},
        [1],
    ):
        with pytest.raises(TableError):
            score_files(tmp_path / "in.csv", tmp_path / "out.csv", mapping=wrong)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("8000", 8000),
        ("８，０００.５０", 8000.5),
        ("¥1,234,567 元", 1234567),
        ("￥７元整", 7),
        (" 12 ", 12),
        ("1e3", 1000),
        ("一千二百元", 1200),
    ]
    + [
        (text, None)
        for text in ("1,5", "12,34", "几千", "1万2", "0x10", "inf", "1_000", "--3", "7天", "8²", "(3)", "٣")
    ],
)
def test_numbers_as_people_write_them(text, number):
    heard = FIELDS.heard("amount_overdue", text)
    assert heard == (text if number is None else number)


@pytest.mark.parametrize("sign", [*"=+-@＝＋－＠", "\t="])
def test_no_text_in_a_csv_runs_as_a_formula(tmp_path, sign):
    rows = pd.DataFrame(
        {"days_overdue": [8], "amount_overdue": [10], "note": [f"{sign}1+cmd|' /C calc'!A0"], "n": ["-12.5"]}
    )
    rows.to_parquet(tmp_path / "in.parquet")
    scored = read(score_files(tmp_path / "in.parquet", tmp_path / "out.csv").output)
    assert scored.note[0].startswith("'") and scored.n[0] == -12.5


@pytest.mark.parametrize("in_parts", [False, True])
def test_a_file_with_types_gets_those_of_the_cells_of_delimited_text(tmp_path, in_parts, monkeypatch):
    text = "case_id,days_overdue,amount_overdue,zhima_score,branch,phone,rate,long,mixed,none\n"
    for n in range(9):
        text += f"{n},{n},{n * 1000}.50,{'' if n % 2 else 650},00{n},1380000000{n},-0.{n}1,{10**20 + n},{'x' if n == 8 else n},\n"
        text += f"bad{n},x,,,,,,,,\n"  # what is left out says nothing of a column
    source = written(tmp_path / "in.csv", text)
    monkeypatch.setattr(portfolio, "ROWS", 5)
    made = score_parts(source, tmp_path / "out") if in_parts else score_files(source, tmp_path / "out.parquet")
    read = pa.parquet.read_table(made.output)
    types = {name: str(read.schema.field(name).type).removeprefix("large_") for name in read.column_names[:10]}
    assert types == {
        "case_id": "string", "days_overdue": "int64", "amount_overdue": "double", "zhima_score": "int64", "branch": "string",
        "phone": "int64", "rate": "double", "long": "string", "mixed": "string", "none": "string",
    }  # fmt: skip
    assert read["zhima_score"].to_pylist() == [650, None] * 4 + [650] and read["rate"].to_pylist()[2] == -0.21


def test_csv_comes_back_as_it_stood_with_quotation_marks_only_where_a_cell_needs_them(tmp_path):
    lines = [
        "case_id,days_overdue,amount_overdue,note",
        "001,7,8000.50,",
        'b,8,"8,000",=1',
        'c,9,10,"two\nlines, ""so"""',
    ]
    scored = score_files(written(tmp_path / "in.csv", "\n".join(lines) + "\n"), tmp_path / "out.csv").output
    text = scored.read_text("utf-8-sig")
    assert text.startswith(f"{lines[0]},{','.join(ADDED)}\n{lines[1]},depends,")
    assert '\nb,8,"8,000",\'=1,depends,' in text and f"\n{lines[3]},depends," in text and text.count('"') == 2 + 6
    # Numbers as Arrow writes them, and text that the CSV module of Python reads back
    assert read(scored).note.tolist()[1:] == ["'=1", 'two\nlines, "so"']


def test_ids_beyond_memory_are_compared_in_several_turns(tmp_path, monkeypatch):
    ids = [f"{n % 90}" for n in range(100)]
    pd.DataFrame({"case_id": ids, "days_overdue": 9, "amount_overdue": 100}).to_csv(tmp_path / "in.csv", index=False)
    monkeypatch.setattr(portfolio, "HASHES", 20)
    made = score_files(tmp_path / "in.csv", tmp_path / "out.csv")
    assert made.bad == 10 and [each["value"] for each in wrong_rows(made.errors)] == ids[90:]


def test_a_sample_is_the_same_for_its_seed_and_begins_the_same_at_any_length(table):
    pd.testing.assert_frame_equal(sample(600, seed=3), table)
    pd.testing.assert_frame_equal(sample(100, seed=3), table.iloc[:100])
    assert not sample(600, seed=4).equals(table)
    many = sample(20_000)
    late = many.days_overdue > 30
    silent = many.communication.eq("silent")
    assert silent[late].mean() > 2 * silent[many.days_overdue <= 3].mean()
    assert 12_000 < many.amount_overdue.mean() < 17_000 and many.amount_overdue.max() <= 117_000
    # Of those on the books at day 7 or before, as many as the published counts leave: 27.5% of day 0.
    counts = many.days_overdue.value_counts()
    assert counts[7] / counts[0] == pytest.approx(0.275, abs=0.06)


def test_killed_in_the_middle_nothing_half_written_is_left_in_place(tmp_path):
    source = write_sample(tmp_path / "in.parquet", 2000)
    code = f"""
        import os, signal
        from jiebei_lib.portfolio import score_files as portfolio
        portfolio.ROWS = 500
        def tell(done, total):
            os.kill(os.getpid(), signal.SIGKILL)
        portfolio.score_files({str(source)!r}, {str(tmp_path / "out.parquet")!r}, progress=tell)
    """
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False)
    assert ended.returncode == -signal.SIGKILL and not (tmp_path / "out.parquet").exists()
    assert score_files(source, tmp_path / "out.parquet").rows == 2000


@pytest.mark.slow
def test_clusters_of_ones_own_run_beside_each_other_without_a_word(recwarn):
    pytest.importorskip("distributed")
    with client("local", 1), client("local", 1) as second:
        assert second.submit(abs, -3).result() == 3
    assert [str(each.message) for each in recwarn if "port" in str(each.message).lower()] == []


@pytest.mark.slow
def test_a_cluster_gives_the_same_rows_and_loses_none_when_a_worker_dies(tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed")
    source = write_sample(tmp_path / "in.parquet", 6000)
    here = read(score_files(source, tmp_path / "here.parquet").output)
    monkeypatch.setattr(portfolio, "ROWS", 250)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        killed = []

        def tell(done, total):
            if not killed:
                pids = [worker.pid for worker in cluster.workers.values()]
                killed.append(pids[0])
                os.kill(pids[0], signal.SIGKILL)

        made = score_files(source, tmp_path / "there.parquet", cluster=cluster.scheduler_address, progress=tell)
        assert killed and made.rows == 6000
    pd.testing.assert_frame_equal(read(made.output), here)
    assert np.unique(here.case_id).size == 6000


def test_a_cluster_that_is_not_there_is_one_line(tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    source = write_sample(tmp_path / "in.csv", 10)
    with pytest.raises(ValueError, match="cannot reach this cluster"):
        score_files(source, tmp_path / "out.csv", cluster="nonsense://nowhere")


def test_a_file_is_never_scored_over_itself(tmp_path, capsys):
    given = tmp_path / "cases.csv"
    given.write_text("case_id,days_overdue,amount_overdue\na,7,800\n", "utf-8")
    before = given.read_bytes()
    assert run(["score", str(given), "-o", str(tmp_path / "." / "cases.csv"), "--lang", "en"]) == 2
    assert "write the result to another one" in capsys.readouterr().err
    assert given.read_bytes() == before
    assert list(tmp_path.iterdir()) == [given]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_heading_that_means_nothing_is_named(tmp_path, capsys, ending):
    given = tmp_path / "cases.csv"
    given.write_text("编号,逾期天数,逾期金额,以往逾期吗\na,7,800,2\n", "utf-8")
    asked = ["score", str(given), "-o", str(tmp_path / f"out.{ending}"), "--lang"]
    assert run([*asked, "zh"]) == 0
    assert "没有用来评分的列：以往逾期吗。" in capsys.readouterr().out
    assert run([*asked, "en", "--quiet"]) == 0 and not capsys.readouterr().out
    assert score_files(given, tmp_path / f"again.{ending}").unread == ("以往逾期吗",)
