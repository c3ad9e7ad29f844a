"""JSON read a piece at a time: the same rows wherever a piece ends, and never more of the text in memory than a piece and a record."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from jiebei_lib.core.tables import delimited, json_records
from jiebei_lib.core.tables.delimited import TableError, Upload, cell_text
from jiebei_lib.core.tables.files import arrow, chunks, names_of
from jiebei_lib.core.tables.json_records import records
from jiebei_lib.core.tables.whole import text_columns, text_table

WORDS = st.text(st.characters(codec="utf-8") | st.sampled_from('"\\/[]{},: \u2028\x85😀'), max_size=6)
CELLS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=4,
)
ROWS = st.lists(st.dictionaries(st.sampled_from(["a", " b ", "c\n", "逾期"]), CELLS, max_size=4) | CELLS, max_size=6)


def listed(text: str) -> list[Any]:
    """The rows of a text by the standard library, all of it at once."""
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if isinstance(content, dict):
        lists = [value for value in content.values() if isinstance(value, list)]
        content = lists[0] if len(lists) == 1 and any(isinstance(one, dict) for one in lists[0]) else [content]
    if isinstance(content, list):
        return content
    found = []
    for line in filter(str.strip, text.replace("\r\n", "\n").replace("\r", "\n").split("\n")):
        try:
            found.append(json.loads(line))
        except ValueError:
            found.append(None)
    return found if any(isinstance(one, dict) for one in found) else []


def written(rows: list[Any], form: str, ascii_only: bool, indent: int | None) -> str:
    if form == "lines":
        return "\n".join(json.dumps(row, ensure_ascii=ascii_only) for row in rows)
    held = {"total": len(rows), "calls": rows, "next": {"page": None}}
    return json.dumps(held if form == "held" else rows, ensure_ascii=ascii_only, indent=indent)


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 20, 61, 1000])
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ROWS, st.sampled_from(["list", "held", "lines"]), st.booleans(), st.sampled_from([None, 1]), st.integers(0, 3)
)  # fmt: skip
@example([{"a": "😀"}, {"a": -1.5e300}, {"a": float("-inf")}, {"a": "\\u"}], "list", True, None, 0)
@example([{"a": 10**18}, 7, {"c\n": [True, None]}], "lines", False, None, 0)
def test_the_rows_are_the_same_wherever_a_piece_ends(
    monkeypatch, piece: int, rows: list[Any], form: str, ascii_only: bool, indent: int | None, cut: int
) -> None:
    monkeypatch.setattr(json_records, "PIECE", piece)
    text = written(rows, form, ascii_only, indent)
    text = text[: len(text) - cut]
    source, wrong, skipped = Upload("t.json", text.encode()), [], []
    wanted = listed(text)
    try:
        columns, numbers = records(source, wrong, skipped)
    except TableError as refused:
        assert refused.problems[0].kind in ("not_table", "encoding") and not wanted
        return
    good = {n: row for n, row in enumerate(wanted, 1) if isinstance(row, dict)}
    assert numbers == list(good) and skipped == [each.row for each in wrong]
    assert skipped == [n for n in range(1, len(wanted) + 1) if n not in good]
    keys = list(dict.fromkeys(key.strip() for row in good.values() for key in row))
    cells = {n: {key.strip(): cell_text(cell) for key, cell in row.items()} for n, row in good.items()}
    assert columns == {key: [row.get(key) for row in cells.values()] for key in keys}
    assert list(columns) == names_of(source) == keys


def test_a_long_line_is_read_in_little_memory(monkeypatch) -> None:
    """Four times the rows in one line take no more memory."""
    monkeypatch.setattr(json_records, "PIECE", 1 << 14)
    peaks = []
    for rows in (1_000, 4_000):
        text = json.dumps({"calls": [{"attempt_id": f"a{n}", "at": "2026-03-02T10:00:00+08:00"} for n in range(rows)]})
        source, found = Upload("t.json", text.encode()), 0
        assert arrow() and names_of(source) == ["attempt_id", "at"]
        tracemalloc.start()
        for part in chunks(source, 500, []):
            found += part.rows.num_rows
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert found == rows
    assert peaks[1] < 1.2 * peaks[0]


@pytest.mark.parametrize("form", ["[%s]", '{"calls": [%s]}', "%s\n%s", '{"a": 1}\n%s'])
def test_only_a_record_that_is_too_long_is_refused_in_one_sentence(monkeypatch, form: str) -> None:
    monkeypatch.setattr(delimited, "LONGEST", 2**20)
    monkeypatch.setattr(json_records, "PIECE", 1 << 12)
    rows = ",".join([json.dumps({"a": "y" * 1000})] * 1500)
    if form.startswith(("[", "{")) and "\n" not in form:
        assert len(records(Upload("t.json", (form % rows).encode()), [], [])[1]) == 1500
    long = '{"a": "' + "x" * 2**20 + '"}'
    with pytest.raises(TableError) as refused:
        text_table(Upload("t.json", form.replace("%s", long).encode()))
    assert [each.kind for each in refused.value.problems] == ["json_record_too_long"]
    assert "1 million characters" in refused.value.say("en") and "1百万个字符" in refused.value.say("zh")


def test_a_list_that_is_cut_off_and_what_is_no_list_cannot_be_read(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(delimited, "LONGEST", 1000)
    for text in (
        "[" + '{"a": 1},' * 1000,
        '[{"a": 1} {"a": 2}]',
        "[1, 2]\n[3]",
        '"a"',
        '{"calls": [{"a": 1}]',
        "[" * 5000,
    ):
        with pytest.raises(TableError, match=r"cannot be read as a table|this is no table, or it is damaged"):
            records(Upload("t.json", text.encode()), [], [])
    assert records(Upload("t.json", b"[]"), [], []) == ({}, [])


def test_numbers_without_end_and_halves_of_characters_stop_nothing() -> None:
    rows, wrong = b'{"a": 1}\n{"a": ' + b"9" * 5000 + b'}\n{"a\\ud83d": "\\ude00"}', []
    columns, numbers = records(Upload("t.jsonl", rows), wrong, [])
    assert numbers == [1, 3] and [each.row for each in wrong] == [2]
    assert columns == {"a": ["1", None], "a?": [None, "?"]} and text_columns(Upload("t.jsonl", rows))[0]["a?"][1] == "?"
