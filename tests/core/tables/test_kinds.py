"""What a column is it stays: from every kind of file to every other a number is a number, a day a day, and a text a text."""

from __future__ import annotations

import csv
import json
import math
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiebei_lib.core.tables.delimited import Upload
from jiebei_lib.core.tables.files import as_text, chunks, writing
from jiebei_lib.core.tables.kinds import ANY, ASKED, asked, of_cell
from jiebei_lib.core.tables.typed import looked_at, types_of
from jiebei_lib.portfolio.score_files import score_files

TEXTS = [
    "0012",
    "1e5",
    "+3",
    "12",
    "1.50",
    "true",
    "2026-01-02",
    "失联",
    "-0",
    "1" * 20,
    "2026-02-30",
    "a,b",
    "'",
    "9" * 16,
]
VALUES = {  # of each type what may stand in a column
    "int64": st.integers(-(10**15) + 1, 10**15 - 1),
    "double": st.floats(-1e9, 1e9).map(lambda x: float(f"{x:.6g}") + 0.0) | st.sampled_from([0.1, 1e-7, -2.5, 1 / 3]),
    "bool": st.booleans(),
    "date32": st.dates(date(1901, 1, 1), date(2999, 12, 31)),
    "timestamp[s]": st.datetimes(datetime(1901, 1, 1), datetime(2199, 1, 1)).map(lambda x: x.replace(microsecond=0)),
    "time32[s]": st.times().map(lambda x: x.replace(microsecond=0)),
    "string": st.sampled_from(TEXTS) | st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=5),
}  # fmt: skip
READ = ("parquet", "feather", "jsonl", "json", "xlsx", "csv")
WRITTEN = ("parquet", "feather", "jsonl", "json", "xlsx", "csv")


def saved(path: Path, cells: list, kind: str) -> None:
    """Two columns that every table of cases has, and one of this kind, as the file's own programs write them."""
    rows = [{"天数": 9, "金额": 800.5, "x": cell} for cell in cells]
    if path.suffix in (".parquet", ".feather"):
        columns = [pa.array([9] * len(cells)), pa.array([800.5] * len(cells)), pa.array(cells, pa.type_for_alias(kind))]
        table = pa.table(columns, ["天数", "金额", "x"])
        (pa.parquet.write_table if path.suffix == ".parquet" else pa.feather.write_feather)(table, str(path))
    elif path.suffix == ".json":
        path.write_text(json.dumps(rows, default=str), "utf-8")
    elif path.suffix == ".jsonl":
        path.write_text("\n".join(json.dumps(row, default=str) for row in rows), "utf-8")
    elif path.suffix == ".xlsx":
        book = openpyxl.Workbook()
        for n, row in enumerate([["天数", "金额", "x"], *([9, 800.5, cell] for cell in cells)], 1):
            for m, cell in enumerate(row, 1):
                book.active.cell(n, m).value = cell
                if isinstance(cell, str):
                    book.active.cell(n, m).data_type = "s"  # not a formula
        book.save(path)
    else:
        with path.open("w", encoding="utf-8", newline="") as file:
            written = csv.writer(file)
            written.writerows([["天数", "金额", "x"], *([9, 800.5, in_text(cell)] for cell in cells)])


def in_text(cell: object) -> str:
    return "" if cell is None else str(cell).lower() if isinstance(cell, bool) else str(cell)


def back(path: Path) -> list:
    """The column as another program reads it."""
    if path.suffix == ".parquet":
        return pa.parquet.read_table(path)["x"].to_pylist()
    if path.suffix == ".feather":
        return pa.feather.read_table(str(path))["x"].to_pylist()
    if path.suffix == ".json":
        return [row["x"] for row in json.loads(path.read_text("utf-8"))]
    if path.suffix == ".jsonl":
        return [json.loads(line)["x"] for line in path.read_text("utf-8").splitlines()]
    if path.suffix == ".xlsx":
        rows = list(openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True))
        return [row[rows[0].index("x")] for row in rows[1:]]
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [row["x"] for row in csv.DictReader(file)]


def expected(cell: object, kind: str, given: str, written: str) -> object:
    """What a cell is at the end: days and times are text where a kind of file has none, and what was text there stays one."""
    dated = kind in ("date32", "timestamp[s]", "time32[s]")
    if dated and given in ("json", "jsonl", "csv") and (written in ("json", "jsonl", "csv") or kind == "time32[s]"):
        return str(cell)
    if not isinstance(cell, str):
        if written in ("json", "jsonl") and dated:
            return cell.isoformat()
        if written == "xlsx" and kind == "date32":
            return datetime.combine(cell, time())
        if written == "csv":
            return in_text(cell)
    return cell


def alike(one: object, other: object) -> bool:
    """The same value of the same type; a float of CSV and of a workbook to the digits that those have."""
    if isinstance(other, float) and isinstance(one, float | int) and not isinstance(one, bool):
        return math.isclose(one, other, rel_tol=1e-14, abs_tol=0)
    return type(one) is type(other) and one == other


@st.composite
def columns(draw: st.DrawFn) -> tuple[str, list]:
    kind = draw(st.sampled_from(list(VALUES)))
    cells = draw(st.lists(VALUES[kind], min_size=1, max_size=4))
    if kind == "timestamp[s]" and all(cell.time() == time() for cell in cells):
        cells[0] = cells[0].replace(hour=1)  # without one it would be days in a workbook
    if kind == "double" and all(cell == int(cell) for cell in cells):
        cells[0] = 0.5  # and whole numbers
    return kind, cells


@settings(max_examples=25, deadline=None)
@given(column=columns(), given_as=st.sampled_from(READ), written_as=st.sampled_from(WRITTEN))
def test_a_column_comes_out_as_what_it_went_in(tmp_path_factory, column, given_as: str, written_as: str) -> None:
    kind, cells = column
    if given_as == "csv" and (kind == "string" or any("e" in str(cell) for cell in cells if kind == "double")):
        return  # delimited text has no types of its own: see below
    folder = tmp_path_factory.mktemp("kinds")
    source, out = folder / f"in.{given_as}", folder / f"out.{written_as}"
    saved(source, cells, kind)
    assert score_files(source, out).bad == 0
    found = back(out)
    for one, cell in zip(found, cells, strict=True):
        wanted = expected(cell, kind, given_as, written_as)
        if written_as == "csv" and kind == "double":
            assert float(one) == cell
        elif written_as == "csv" and kind == "string":
            assert one.removeprefix("'") == wanted.removeprefix("'")  # what a spreadsheet would run
        elif written_as == "xlsx" and kind == "string" and given_as == "csv":
            assert str(one) == wanted
        elif not (given_as == "csv" and kind == "double" and len(str(cell)) > 16):
            assert alike(one, wanted), (one, wanted)


ALMOST = [
    "",
    " 7",
    "0",
    "-3",
    "2.5",
    "false",
    "2026-11-26 09:05:00",
    "9007199254740993",
    "0.5",
]  # and what is not quite one


@settings(max_examples=200, deadline=None)
@given(cells=st.lists(st.sampled_from([*TEXTS, *ALMOST]) | st.text("0123456789.-", max_size=18), max_size=4))
def test_text_is_a_number_only_where_every_cell_is_one_as_it_would_be_written_again(cells: list[str]) -> None:
    source = Upload("t.csv", ("x,y\n" + "".join(f'"{cell}",1\n' for cell in cells)).encode())
    rows = [chunk.rows for chunk in chunks(source, 10, [])]
    look = looked_at(rows[0], {}, None)["x"] if rows else ANY
    kind = types_of([{"x": look}], "parquet").get("x")
    filled = [cell.strip() for cell in cells if cell.strip()]
    if kind == "int64":
        assert [str(int(cell)) for cell in filled] == filled
    elif kind == "double":  # not a digit is lost
        assert [Decimal(repr(float(cell))) for cell in filled] == list(map(Decimal, filled))
    elif kind is not None:
        again = as_text(pa.chunked_array([pa.array(filled).cast(pa.type_for_alias(kind))])).to_pylist()
        assert [text.replace("T", " ")[: len(cell)] for text, cell in zip(again, filled, strict=True)] == filled
    plain = asked([cell.strip() for cell in cells], ASKED)  # by what a plain install has: the same, of what JSON has
    assert types_of([{"x": plain}], "json") == types_of([{"x": look}], "json")


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([1, 2], "int64"),
        ([1, 2.5], "double"),
        ([10**16, 2.5], "string"),  # a float would lose digits
        ([10**16, None], "int64"),
        ([10**20], "string"),
        ([True, None], "bool"),
        ([True, 1], "string"),
        (["12", None], "string"),
        (["2026-01-02", None], "date32[day]"),  # JSON has no other way to write a day
        (["2026-01-02", "2026-01-02T09:05:00"], "timestamp[ms]"),
        (["2026-01-02", "2026-02-30"], "string"),
        (["0012", 13], "string"),
        (["", 13], "int64"),
        ([[1, 2]], "string"),
        ([{"a": 1}], "string"),
        ([None], "string"),
    ],
)
def test_of_json_a_column_is_what_its_cells_are(tmp_path: Path, cells: list, kind: str) -> None:
    rows = [{"天数": 9, "金额": 8, "x": cell} for cell in cells] + [{"天数": 9, "金额": "many", "x": "left out"}]
    (tmp_path / "in.json").write_text(json.dumps(rows), "utf-8")
    made = score_files(tmp_path / "in.json", tmp_path / "out.parquet")
    table = pa.parquet.read_table(made.output)
    assert (made.bad, str(table.schema.field("天数").type)) == (1, "int64")
    assert str(table.schema.field("x").type) == kind


def test_files_of_several_kinds_are_one_column(tmp_path: Path) -> None:
    (tmp_path / "1.json").write_text('[{"天数": 9, "金额": 8, "x": 1, "y": 5}]', "utf-8")
    (tmp_path / "2.csv").write_text("天数,金额,x,y\n9,8,2.5,z\n", "utf-8")
    made = score_files([tmp_path / "1.json", tmp_path / "2.csv"], tmp_path / "out.parquet")
    table = pa.parquet.read_table(made.output)
    assert table["x"].to_pylist() == [1.0, 2.5] and table["y"].to_pylist() == ["5", "z"]


def test_an_id_stays_what_it_was(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("编号,天数,金额\n12,9,8\n", "utf-8")
    (tmp_path / "in.json").write_text('[{"编号": 12, "天数": 9, "金额": 8}]', "utf-8")
    for name, told in (("in.csv", "12"), ("in.json", 12)):
        (row,) = json.loads(score_files(tmp_path / name, tmp_path / "out.json").output.read_text("utf-8"))
        assert row["编号"] == told and row["天数"] == 9
        (tmp_path / "out.json").unlink()


def test_a_workbook_shows_numbers_in_full_and_keeps_what_it_cannot_hold_as_text(tmp_path: Path) -> None:
    cells = {
        "long": 138000000001,
        "longer": 1234567890123456,
        "exact": Decimal("12.50"),
        "old": date(1899, 12, 31),
        "at": time(9, 5),
        "endless": math.inf,
    }
    with writing(tmp_path / "t.xlsx") as put:
        put(pa.table({name: [cell] for name, cell in cells.items()}))
    head, row = openpyxl.load_workbook(tmp_path / "t.xlsx").worksheets[0].iter_rows()
    found = {name.value: cell for name, cell in zip(head, row, strict=True)}
    assert (found["long"].value, found["long"].number_format) == (138000000001, "0")
    assert (found["longer"].value, found["exact"].value) == ("1234567890123456", 12.5)
    assert (found["old"].value, found["at"].value, found["endless"].value) == ("1899-12-31", time(9, 5), "inf")


def test_json_has_no_number_that_is_none(tmp_path: Path) -> None:
    with writing(tmp_path / "t.jsonl") as put:
        put(pa.table({"a": [math.nan, math.inf], "b": [Decimal("1.50"), Decimal("12345678901234567.89")]}))
    lines = (tmp_path / "t.jsonl").read_text("utf-8").splitlines()
    read = [json.loads(line, parse_constant=lambda name: pytest.fail(name)) for line in lines]
    assert read == [{"a": None, "b": 1.5}, {"a": "inf", "b": "12345678901234567.89"}]


def test_each_cell_has_one_kind() -> None:
    cells = [
        None,
        "",
        math.nan,
        7,
        -7.5,
        True,
        "7",
        date(2026, 1, 2),
        datetime(2026, 1, 2),
        time(9, 5),
        time(9, 5, 0, 1),
    ]
    assert [of_cell(cell) for cell in cells] == [
        "nothing", "nothing", "nothing", "int64", "double", "bool", "text", "date32", "date32", "time32[s]", "text",
    ]  # fmt: skip
