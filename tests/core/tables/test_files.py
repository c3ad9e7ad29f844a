"""One reader: the same table gives the same rows whatever the kind of file, and what lies around it is read or refused by name."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from jiebei_lib.core.case import FIELDS
from jiebei_lib.core.tables import delimited
from jiebei_lib.core.tables.columns import cleaned, layout
from jiebei_lib.core.tables.delimited import TableError, Upload, found, rows
from jiebei_lib.core.tables.files import chunks, files_of, names_of, writing
from jiebei_lib.core.tables.whole import text_table
from jiebei_lib.portfolio.score_files import score_files
from jiebei_lib.portfolio.summary import read_book


def read(source: Path | Upload, mapping: dict | None = None) -> tuple[dict, list, list]:
    """The facts of a file's good rows, their numbers, and which cells of the others are wrong."""
    plan, wrong, told, facts, numbers = layout(names_of(source), mapping), [], [], {}, []
    for chunk in chunks(source, 1000, told):
        columns, fine, bad = cleaned(chunk, plan)
        wrong += [(each.row, each.column) for each in bad]
        numbers += chunk.numbers[fine].tolist()
        for name in FIELDS:
            if name in columns:
                cells = columns[name] if name != "case_id" else np.array(columns[name].to_pylist(), object)
                facts.setdefault(name, []).extend(cells[fine].tolist())
    return {name: [None if cell != cell else cell for cell in cells] for name, cells in facts.items()}, numbers, wrong


def saved(folder: Path, table: pa.Table) -> list[Path | Upload]:
    """The same table as every kind of file, and as an upload of each."""
    records, paths = (
        table.to_pylist(),
        [folder / f"t.{end}" for end in ("csv", "parquet", "feather", "json", "jsonl", "xlsx")],
    )
    table.to_pandas(types_mapper=pd.ArrowDtype).to_csv(paths[0], index=False)
    pa.parquet.write_table(table, paths[1])
    pa.feather.write_feather(table, str(paths[2]))
    paths[3].write_text(json.dumps(records, default=float, ensure_ascii=False), "utf-8")
    paths[4].write_text("\n".join(json.dumps(each, default=float, ensure_ascii=False) for each in records), "utf-8")
    with xlsxwriter.Workbook(str(paths[5])) as book:
        sheet = book.add_worksheet("表")
        for row, cells in enumerate([table.column_names, *(each.values() for each in records)]):
            for n, cell in enumerate(cells):
                if isinstance(cell, str):
                    sheet.write_string(row, n, cell)
                elif cell is not None:
                    sheet.write(row, n, cell)
    return [*paths, *(Upload(path.name, path.read_bytes()) for path in paths)]


def column(values: st.SearchStrategy, *types: pa.DataType) -> st.SearchStrategy:
    """Cells of one column in a type of their own, some of them empty."""
    cells = st.lists(st.none() | values, min_size=4, max_size=4)
    return st.tuples(cells, st.sampled_from(types)).map(lambda pair: pa.array(pair[0], pair[1]))


COUNTS = [pa.int8(), pa.int64(), pa.float32(), pa.float64(), pa.decimal128(9, 1)]
SPELT = st.sampled_from(
    ["7", "７天", "7.0", "2", "02", "2.00", "无", "\\N", "", " ", "(3)", "8²", "many", "1,000", "3元"]
)
TABLES = st.fixed_dictionaries(
    {
        "逾期天数": column(st.integers(-2, 100), *COUNTS) | column(SPELT, pa.string(), pa.large_string()),
        "金额（元）": column(st.sampled_from([0, 1, 2, 100, 8000, 1e7, 2e7]), pa.int32(), pa.float64())
        | column(SPELT, pa.string()),
        "芝麻分": column(st.integers(340, 960), pa.uint16(), pa.float64())
        | column(SPELT, pa.string())
        | column(st.booleans(), pa.bool_()),
        "沟通": column(
            st.sampled_from(["失联", "silent", "Silent ", "还款中", "?", "#N/A", "quiet"]),
            pa.string(),
            pa.dictionary(pa.int8(), pa.string()),
        )
        | column(st.integers(0, 3), pa.int64(), pa.float64()),
    }
)
WORDS = {
    "days_overdue": {2: 60, "many": 90},
    "amount_overdue": {"2": 500, 100: None},
    "zhima_score": {True: 700, "": 600},
    "communication": {0: "silent", 1.0: "失联", "2": None, "quiet": "engaged"},
}


@settings(max_examples=60, deadline=None)
@given(cells=TABLES, mapped=st.sets(st.sampled_from(list(WORDS))))
def test_the_answer_never_depends_on_the_kind_of_file(tmp_path_factory, cells: dict, mapped: set) -> None:
    first, *others = saved(tmp_path_factory.mktemp("same"), pa.table(cells))
    mapping = {"values": {name: WORDS[name] for name in mapped}}
    expected = read(first, mapping)
    for source in others:
        assert read(source, mapping) == expected, source.name


def test_words_of_a_map_count_where_numbers_are_numbers(tmp_path: Path) -> None:
    """2 means 60 days in a Parquet file as it does in a CSV file."""
    table = pa.table({"PAY_0": pa.array([2, 1, None], pa.float64()), "amount": [1000, 1000, 1000]})
    mapping = {"columns": {"days_overdue": "PAY_0"}, "values": {"days_overdue": {2: 60, 1: 30}}}
    for source in saved(tmp_path, table):
        facts, numbers, wrong = read(source, mapping)
        assert (facts["days_overdue"], numbers, wrong) == ([60, 30], [1, 2], [(3, "PAY_0")])


AROUND = {
    "a title": "逾期客户名单（截至2026年11月）,,\n{}",
    "a title of one cell": "逾期客户名单\n{}",
    "a title and a blank line": "逾期客户名单\n\n{}",
    "a sep= line": "sep=,\n{}",
    "a mark": "\ufeff{}",
    "blank rows below": "{},,\n , ,\n",
    "a line end of its own": "{}\n\n\n",
}
PLAIN = "案件编号,逾期天数,逾期金额\nA1,10,1000\nA2,40,2000\n"


@pytest.mark.parametrize("name", AROUND)
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
def test_what_lies_around_a_table_is_passed_over(tmp_path: Path, name: str, encoding: str) -> None:
    text = AROUND[name].format(PLAIN)
    if name == "a mark" and encoding != "utf-8":
        return
    path = tmp_path / "t.csv"
    path.write_text(text, encoding)
    assert read(path) == (
        {"case_id": ["A1", "A2"], "days_overdue": [10, 40], "amount_overdue": [1000, 2000], **REST},
        [1, 2],
        [],
    )


REST = {
    name: [-1 if spec["type"] == "level" else None] * 2
    for name, spec in FIELDS.items()
    if name not in ("case_id", "days_overdue", "amount_overdue")
}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a;b\n1,5;2\n", ("a", "b")),
        ("a\tb\n1,000\t2\n", ("a", "b")),
        ("a|b\n1|2\n", ("a", "b")),
        ("sep=;\na;b\n1;2\n", ("a", "b")),
        ("a,b\n1,2,\n", ("a", "b", "column_3")),
        ("a,,b,\n1,,2,\n", ("a", "column_2", "b", "column_4")),
        ("title, of one cell\na\tb\n1\t2\n3\t4\n", ("a", "b")),
        ("a\n1\n2\n", ("a",)),
        (" a ,b\n1,2\n", ("a", "b")),
    ],
)
def test_the_heading_is_found(tmp_path: Path, text: str, names: tuple) -> None:
    (tmp_path / "t.csv").write_text(text, "utf-8")
    assert found(tmp_path / "t.csv").names == names


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.numbers", b"PK", "save it as .xlsx or “CSV UTF-8”"),
        ("t.xlsx", b"PK", "none inside"),
        ("t.xls", b"", "damaged or cut off"),
        ("t.pdf", b"%PDF", "unknown kind of file"),
        ("t.csv", b"", "empty"),
        ("t.csv", b"\n , \n", "empty"),
        ("t.csv", b"a,b,a\n1,2,3\n", "the column 'a' stands twice"),
        ("t.json", b"[1, 2", "cannot be read as a table"),
        ("t.json", b"3", "cannot be read as a table"),
        ("t.parquet", b"PAR1", "cannot be read as a table"),
        ("t.feather", b"ARROW1", "cannot be read as a table"),
        ("t.csv", b"\x80\x81,\xff", "encoding"),
    ],
)
@pytest.mark.parametrize("uploaded", [False, True])
def test_what_is_no_table_is_told_by_the_files_name(
    tmp_path: Path, name: str, content: bytes, said: str, uploaded: bool
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TableError, match=said) as told:
        names_of(files_of(Upload(name, content) if uploaded else tmp_path / name)[0])
    assert name in str(told.value)


ROW = st.tuples(
    st.none() | st.integers(-9, 9),
    st.none() | st.sampled_from([0.1, 1e-7, -2.5, float("nan")]),
    st.sampled_from(["a", "失联", '"', "x\ny"]),
)


@settings(max_examples=40, deadline=None)
@given(cells=st.lists(ROW, min_size=1, max_size=5))
@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.parquet", "t.feather", "t.json", "t.jsonl", "t.xlsx"])
def test_what_is_written_is_read_back(tmp_path_factory, name: str, cells: list) -> None:
    path = tmp_path_factory.mktemp("back") / name
    table = pa.table({key: pa.array(column) for key, column in zip("abc", zip(*cells, strict=True), strict=True)})
    with writing(path) as put:
        put(table)
        put(table)
    read_back, numbers, wrong = text_table(path)
    assert not wrong and numbers.tolist() == list(range(1, 2 * len(cells) + 1))
    for key, column, kind in zip("abc", zip(*cells, strict=True), (float, float, str), strict=True):
        known = [None if cell is None or cell != cell else cell for cell in column] * 2
        assert [None if pd.isna(cell) or cell == "nan" else kind(cell) for cell in read_back[key]] == known


def test_scores_are_written_as_json_that_others_read(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id,天数,金额\na,9,800\n乙,,1\n", "utf-8")
    made = score_files(tmp_path / "in.csv", tmp_path / "out.json")
    (row,) = json.loads(made.output.read_text("utf-8"))
    assert row["id"] == "a" and 0 <= row["low"] <= row["high"] <= 1 and made.bad == 1


@pytest.mark.parametrize("read_it", [read_book, text_table])
@pytest.mark.parametrize("name", ["t.csv", "t.json", "t.parquet", "t.feather"])
@settings(max_examples=60, deadline=None)
@given(content=st.binary(max_size=60) | st.text("a,;\t\n\"'7失[]{}:\0", max_size=60).map(str.encode))
def test_any_bytes_are_a_table_or_are_told(read_it, name: str, content: bytes) -> None:
    try:
        read_it(Upload(name, content))
    except TableError as told:
        assert told.say("zh") and name in told.say("en")


def test_due_dates_instead_of_days_are_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("客户编号,应还日期,金额\n1,2026-01-01,1\n", "utf-8")
    with pytest.raises(TableError, match=r"only dates \(应还日期\); say as of which day"):
        read_book(tmp_path / "t.csv")


@pytest.mark.parametrize("name", ["out.xls", "out.ods", "out.xlsm"])
def test_a_workbook_that_is_only_read_is_no_file_to_write(tmp_path: Path, name: str) -> None:
    (tmp_path / "in.csv").write_text("天数,金额\n9,800\n", "utf-8")
    with pytest.raises(TableError, match=rf"{name}: unknown kind of file; the name should end in \.csv.*, \.xlsx\."):
        score_files(tmp_path / "in.csv", tmp_path / name)


def test_a_rounded_id_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,days_overdue,amount\n4.40981E+17,10,1000\n0012,10,1000\n", "utf-8")
    pa.parquet.write_table(pa.table({"id": [1e15, 3e17], "dpd": [1, 1], "amount": [1, 1]}), tmp_path / "t.parquet")
    with pytest.raises(TableError, match="its last digits are lost"):
        read_book(tmp_path / "t.parquet")
    book = read_book(tmp_path / "t.csv")
    assert list(book.table.case_id) == ["0012"]
    assert "its last digits are lost" in book.wrong[0].problem.say("en")


CELLS = st.sampled_from(["", " ", "a", "1", '"', "a,b", "x\ny", "\r", "失联", ";", "'"])


@settings(max_examples=100, deadline=None)
@given(
    table=st.lists(st.lists(CELLS, max_size=4), min_size=1, max_size=5),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_text_is_split_alike_with_and_without_pyarrow(table: list, end: str) -> None:
    import csv
    import io

    text = io.StringIO()
    csv.writer(text, lineterminator=end).writerows([["x", "y", "z"], ["1", "2", "3"], *table])
    source = Upload("t.csv", text.getvalue().encode())
    wrong, told = [], []
    columns, numbers = rows(source, wrong, [])
    parts = list(chunks(source, 100, told))
    with_arrow = {n: row for part in parts for n, row in zip(part.numbers.tolist(), part.rows.to_pylist(), strict=True)}
    without = {n: dict(zip(columns, row, strict=True)) for n, *row in zip(numbers, *columns.values(), strict=True)}
    assert with_arrow == {n: row for n, row in without.items() if any(map(str.strip, row.values()))}
    assert [each.row for each in wrong] == [each.row for each in told]


def test_text_and_json_are_read_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "t.csv").write_text("a;b\n1;\n ;\n2;x;y\n3;z\n", "gb18030")
    (tmp_path / "t.json").write_text('{"attempts": [{"a": 1}, {"a": null}, 5, {"a": 3, "b": "z"}]}', "utf-8")
    for name, spec in [("t.csv", find_spec), ("t.csv", {}.get), ("t.json", {}.get)]:
        monkeypatch.setattr("jiebei_lib.core.tables.whole.find_spec", spec)
        table, numbers, wrong = text_table(tmp_path / name)
        assert table.astype(object).where(table.notna(), None).to_numpy().tolist() == [["1", None], ["3", "z"]]
        assert numbers.tolist() == [1, 4] and [each.row for each in wrong] == [3]


def test_a_cell_longer_than_any_text_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "LONGEST", 1000)
    with pytest.raises(TableError, match="cannot be read as a table"):
        names_of(Upload("t.csv", b'a,"' + b"b" * 2000 + b'"\n1,2\n'))


def test_a_table_that_fails_in_the_middle_leaves_what_was_there(tmp_path: Path) -> None:
    for name in ("t.csv", "t.parquet", "t.feather"):
        path = tmp_path / name
        path.write_bytes(b"old")
        with pytest.raises(RuntimeError), writing(path) as put:
            put(pa.table({"a": [1]}))
            raise RuntimeError
        assert path.read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 3


def test_a_file_of_one_endless_line_is_refused_before_it_fills_the_memory(tmp_path) -> None:
    import tracemalloc

    file = tmp_path / "one.csv"
    with file.open("wb") as out:
        out.write(b"case_id,days_overdue,amount_overdue\n")
        for _ in range(80):
            out.write(b"a" * (1 << 20))
    tracemalloc.start()
    with pytest.raises(TableError, match="64 megabytes"):
        found(file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 << 20
