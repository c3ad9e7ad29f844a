"""Workbooks as people have them: read like any other table, refused by name, never more than a bounded memory; and written so that a
spreadsheet shows them well and runs nothing."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from jiebei_lib.calls.log import read_log
from jiebei_lib.core.tables import workbook_writer
from jiebei_lib.core.tables.delimited import TableError, Upload
from jiebei_lib.core.tables.files import files_of, writing
from jiebei_lib.core.tables.whole import text_table
from jiebei_lib.evidence.outcomes import Outcomes
from jiebei_lib.portfolio.score_files import score_files
from jiebei_lib.portfolio.summary import read_book
from tests.memory import peak

HEAD = ["案件编号", "逾期天数", "逾期金额（元）", "沟通"]
ROWS = [["A1", 10, 1000, "失联"], ["A2", 40, 2000, "还款中"]]
FACTS = [("A1", 10, 1000.0, "silent"), ("A2", 40, 2000.0, "repaying")]


def book(*sheets: tuple[str, list[list]], made=lambda book: None) -> Upload:
    """A workbook of these sheets, and what is ``made`` of it, as it would be loaded."""
    whole = openpyxl.Workbook()
    whole.remove(whole.active)
    for name, rows in sheets:
        sheet = whole.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made(whole)
    out = io.BytesIO()
    whole.save(out)
    return Upload("名单.xlsx", out.getvalue())


def facts(source: Upload | Path, sheet: str | None = None, mapping: dict | None = None) -> list[tuple]:
    table = read_book(source, mapping, sheet).table
    return list(zip(table.case_id, table.days_overdue, table.amount_overdue, table.communication, strict=True))


def merged(*ranges: str):
    def made(whole: openpyxl.Workbook) -> None:
        for each in ranges:
            whole.worksheets[0].merge_cells(each)

    return made


def formatted(whole: openpyxl.Workbook) -> None:
    for row in range(4, 3000):
        whole.worksheets[0].cell(row, 40).number_format = "0.00"


def hidden(whole: openpyxl.Workbook) -> None:
    whole.worksheets[1].sheet_state = "hidden"


# What the public reports that docs/workbooks.md names tell of, with invented rows
MESSY = {
    "a title, a line of units and a blank row above": book(
        ("表", [["逾期客户名单"], ["截至2026-11-01", "单位：元"], [], HEAD, *ROWS]), made=merged("A1:D1")
    ),
    "headings of two rows, grouped by merged cells": book(
        ("表", [["案件编号", "借款", None, "联系"], [None, "逾期天数", "逾期金额（元）", "沟通"], *ROWS]),
        made=merged("A1:A2", "B1:C1"),
    ),
    "a heading over two lines in its cell": book(
        ("表", [["案件\n编号", "逾期\n天数", "逾期金额\n（元）", "沟通"], *ROWS])
    ),
    "formatted cells without a value below and beside": book(("表", [HEAD, *ROWS]), made=formatted),
    "blank rows and columns before and between": book(
        ("表", [[], [], [None, None, *HEAD], [None, None, *ROWS[0]], [], [None, None, *ROWS[1]]])
    ),
    "numbers kept as text": book(
        ("表", [HEAD, ["A1", "10", "1,000.00", "失联"], ["A2", " 40 ", "２０００", "还款中"]])
    ),
    "a hidden sheet of codes, an empty one": book(
        ("表", [HEAD, *ROWS]), ("码表", [["失联", 1], ["还款中", 2]]), ("Sheet3", []), made=hidden
    ),
    "a sheet of explanations beside": book(("表", [HEAD, *ROWS]), ("说明", [["列", "意思"], ["沟通", "怎样回应"]])),
    "a column of dates that nobody needs": book(
        ("表", [[*HEAD, "到期日"], [*ROWS[0], date(2026, 1, 2)], [*ROWS[1], datetime(2026, 1, 2, 3, 4)]])
    ),
    "a new workbook under an old name": Upload("名单.xls", book(("表", [HEAD, *ROWS])).content),
}


@pytest.mark.parametrize("trouble", MESSY)
def test_workbooks_as_people_have_them_are_read(trouble: str) -> None:
    assert facts(MESSY[trouble]) == FACTS


def test_cells_merged_downward_hold_for_all_their_rows() -> None:
    rows = [["客户", *HEAD], ["甲", *ROWS[0]], [None, *ROWS[1]]]
    table, _, _ = text_table(book(("表", rows), made=merged("A2:A3")))
    assert list(table["客户"]) == ["甲", "甲"]


@pytest.mark.parametrize("epoch", [None, CALENDAR_MAC_1904])
def test_days_and_times_are_read_in_either_calendar(epoch: datetime | None) -> None:
    def made(whole: openpyxl.Workbook) -> None:
        if epoch:
            whole.epoch = epoch
        whole.worksheets[0].append([datetime(2026, 3, 9, 21, 30), date(2026, 3, 9), time(9, 5), 7.0, 0.1, True])

    table, _, _ = text_table(book(("表", [["a", "b", "c", "d", "e", "f"]]), made=made))
    assert table.iloc[0].tolist() == ["2026-03-09T21:30:00", "2026-03-09", "09:05:00", "7", "0.1", "true"]


def test_a_number_of_more_digits_than_a_spreadsheet_keeps_is_no_id() -> None:
    found = read_book(book(("表", [HEAD, [440981199001011234, 10, 1000, None], *ROWS])))
    assert "its last digits are lost" in found.wrong[0].problem.say("en") and len(found.table) == 2


def test_a_row_of_totals_is_told_and_not_counted() -> None:
    found = read_book(book(("表", [HEAD, *ROWS, ["合计", None, 3000]])))
    assert len(found.table) == 2 and [each.row for each in found.wrong] == [3]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (None, r"several sheets hold something \(一月, 二月\); say which one with --sheet"),
        ("三月", r"has no sheet '三月'; it has 一月, 二月"),
    ],
)
def test_a_sheet_is_named_or_it_is_the_only_one(asked: str | None, said: str) -> None:
    several = book(("一月", [HEAD, ROWS[0]]), ("二月", [HEAD, ROWS[1]]))
    assert facts(several, "二月") == FACTS[1:] and facts(several, " 一月 ") == FACTS[:1]
    with pytest.raises(TableError, match=said):
        facts(several, asked)


def test_a_file_without_sheets_has_no_use_for_the_option(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("天数,金额\n9,800\n", "utf-8")
    with pytest.raises(TableError, match=r"t\.csv: a file of this kind has no sheets"):
        files_of(tmp_path / "t.csv", "表")


# ---- hostile ---------------------------------------------------------------------------------------------------------


def repacked(source: Upload, replaced: dict[str, bytes], added: dict[str, bytes] | None = None) -> Upload:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(source.content)) as parts, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for part in parts.infolist():
            made.writestr(part.filename, replaced.get(part.filename, parts.read(part.filename)))
        for name, content in (added or {}).items():
            made.writestr(name, content)
    return Upload("名单.xlsx", out.getvalue())


GOOD = book(("表", [HEAD, *ROWS]))
SHEET = "xl/worksheets/sheet1.xml"
XML = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
)


def corner() -> Upload:
    """Two cells in opposite corners of the largest sheet."""
    cells = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    return repacked(GOOD, {SHEET: XML.format(cells).encode()})


def bomb() -> Upload:
    """Twelve megabytes of zeros a part, deflated to nearly nothing, and more of them than anybody can hold."""
    return repacked(GOOD, {}, {f"xl/media/{n}.bin": bytes(12 << 20) for n in range(180)})


def multiplied() -> Upload:
    """One shared text of eight megabytes, in two hundred thousand cells."""
    text = "x" * (8 << 20)
    strings = f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>{text}</t></si></sst>'
    cells = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 200_001))
    return repacked(GOOD, {SHEET: XML.format(cells).encode()}, {"xl/sharedStrings.xml": strings.encode()})


def entities() -> Upload:
    """An entity that names itself ten times over, nine times."""
    lines = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    text = f'<!DOCTYPE x [<!ENTITY e0 "xxxxxxxxxx">{lines}]>' + XML.format(
        '<row r="1"><c r="A1" t="inlineStr"><is><t>&e9;</t></is></c></row>'
    )
    return repacked(GOOD, {SHEET: text.encode()})


def bare() -> Upload:
    return book(("表", [HEAD, ["A1", "=5+5", 1000, "失联"]]))


LOCKED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000) + "EncryptedPackage".encode("utf-16-le") + bytes(1000)


def locked_ods() -> Upload:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr("content.xml", bytes(range(256)))
        packed.writestr("META-INF/manifest.xml", "<manifest:encryption-data manifest:checksum='x'/>")
    return Upload("名单.ods", content.getvalue())


HOSTILE = {
    "two cells far apart": (corner, "too large once unpacked"),
    "a bomb": (bomb, "too large once unpacked"),
    "one text many times": (multiplied, "too large once unpacked"),
    "entities": (entities, "damaged or cut off|unpacked|empty|no such column"),
    "a password": (lambda: Upload("名单.xlsx", LOCKED), "locked with a password"),
    "a password, as .ods": (locked_ods, "locked with a password"),
    "cut off": (lambda: Upload("名单.xlsx", GOOD.content[:3000]), "damaged or cut off"),
    "nothing": (lambda: Upload("名单.xlsx", b""), "damaged or cut off"),
    "a web page": (lambda: Upload("名单.xls", b"<html><table><tr><td>1</td></tr></table></html>"), "none inside"),
    "plain text": (lambda: Upload("名单.xls", "编号\t天数\n1\t2\n".encode("gb18030")), "none inside"),
    "a zip of something else": (lambda: repacked(GOOD, {"xl/workbook.xml": b""}), "damaged|cut off"),
    "formulas never worked out": (bare, "results were never worked out"),
    "no sheet that holds anything": (lambda: book(("表", [])), "empty"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_workbook_is_one_sentence_and_takes_bounded_memory(name: str) -> None:
    make, said = HOSTILE[name]
    source = make()
    before = peak()
    with pytest.raises(TableError, match=said) as told:
        read_book(source)
    assert len(told.value.problems) <= 2 and "名单" in told.value.say("zh")
    assert peak() - before < 100 << 20  # all else was in a process of its own


def test_links_and_macros_are_never_followed() -> None:
    """What a cell links to is not opened, and a macro is not looked at: the values that were saved are read."""
    parts = {
        "xl/externalLinks/externalLink1.xml": b"<externalLink/>",
        "xl/vbaProject.bin": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    }
    source = repacked(GOOD, {}, parts)
    assert facts(source) == FACTS and facts(Upload("名单.xlsm", source.content)) == FACTS


@pytest.mark.parametrize("at", range(0, len(GOOD.content), 211))
def test_a_damaged_workbook_is_a_table_or_is_told(at: int) -> None:
    content = bytearray(GOOD.content)
    content[at] ^= 0x5A
    try:
        read_book(Upload("名单.xlsx", bytes(content)))
    except TableError as told:
        assert told.say("zh") and "名单.xlsx" in told.say("en")


# ---- written ---------------------------------------------------------------------------------------------------------


def test_scores_are_written_as_a_workbook_that_a_spreadsheet_shows_well(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("编号,天数,金额,备注\n007,9,1200.50,=1+1\n8,xx,1,https://a.b\n", "utf-8")
    made = score_files(tmp_path / "in.csv", tmp_path / "out.xlsx", lang="en")
    book_ = openpyxl.load_workbook(made.output)
    assert book_.sheetnames == ["Results", "Errors", "Columns"] and made.bad == 1
    rows = book_["Results"]
    assert rows.freeze_panes == "A2" and rows.auto_filter.ref.startswith("A1:")
    assert (rows.page_setup.orientation, rows.page_setup.paperSize) == ("landscape", 9), "printed on A4"
    assert (rows.page_setup.fitToWidth or 1, rows.page_setup.fitToHeight, rows.print_title_rows) == (1, 0, "$1:$1")
    head = {cell.value: cell.column for cell in rows[1]}
    cells = {name: rows.cell(2, column) for name, column in head.items()}
    assert (cells["编号"].value, cells["天数"].value, cells["金额"].value) == ("007", 9, 1200.5)
    assert cells["备注"].value == "=1+1" and cells["备注"].data_type == "s"  # not a formula, and nothing added
    assert (cells["金额"].number_format, cells["low"].number_format) == ("#,##0.00", "0.0%")
    assert [cell.value for cell in book_["Errors"][2]][1:4] == [2, "天数", "xx"]
    meanings = {row[0]: row[1:] for row in book_["Columns"].iter_rows(min_row=2, values_only=True)}
    assert set(meanings) == set(head) and all(all(each) for each in meanings.values())


def test_what_was_written_as_a_workbook_is_read_back_alike(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("编号,天数,金额\n1,9,1200.50\n2,8,5000-8000\n", "utf-8")
    score_files(tmp_path / "in.csv", tmp_path / "a.xlsx")
    score_files(tmp_path / "in.csv", tmp_path / "a.csv")
    one, other = (text_table(files_of(tmp_path / name)[0])[0] for name in ("a.xlsx", "a.csv"))
    assert list(one.columns) == list(other.columns)
    for name in one.columns:
        assert [_number(cell) for cell in one[name]] == [_number(cell) for cell in other[name]], name


def _number(cell: object) -> object:
    """A number to 15 digits, which is what a workbook keeps for certain; any other cell as it is."""
    try:
        return float(f"{float(cell):.15g}")
    except (TypeError, ValueError):
        return cell


def test_the_same_rows_are_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        with writing(tmp_path / name) as put:
            put(pa.table({"a": [1, 2], "b": ["x", None]}))
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_more_rows_than_a_sheet_holds_are_refused_and_nothing_is_left(tmp_path: Path, monkeypatch) -> None:
    words = {**workbook_writer.shipped(workbook_writer.WORDS), "rows": 3}
    monkeypatch.setattr(workbook_writer, "shipped", lambda name: words)
    with (
        pytest.raises(TableError, match="more rows than a sheet can hold, which is 2"),
        writing(tmp_path / "a.xlsx") as put,
    ):
        put(pa.table({"a": [1, 2]}))
        put(pa.table({"a": [3]}))
    assert list(tmp_path.iterdir()) == []


def test_without_the_extra_the_command_is_told(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("jiebei_lib.core.tables.workbooks.find_spec", lambda name: None)
    with pytest.raises(TableError, match=r'pip install "jiebei-lib\[office\]"'):
        read_book(Upload("新.xlsx", GOOD.content))


# ---- for every topic -------------------------------------------------------------------------------------------------


def test_a_log_and_observed_cases_are_read_from_workbooks(tmp_path: Path) -> None:
    log = book(
        ("记录", [["编号", "时间", "渠道"], [1, datetime(2026, 3, 9, 21, 30), "电话"], [2, "3月9日 晚9点半", "电话"]])
    )
    read = read_log(
        log, zone="Asia/Shanghai", mapping={"columns": {"attempt_id": "编号", "at": "时间", "channel": "渠道"}}
    )
    assert not read.problems and len(read) == 2 and read.table["instant"].nunique() == 1
    seen = book(("表", [[*HEAD, "called"], [*ROWS[0], True], [*ROWS[1], "否"]]))
    assert Outcomes.read(seen).called.tolist() == [True, False]
