"""Records as dialers and phones keep them: recognised by their headings, read, and told what was made of them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml

from jiebei_lib.calls.audit import audit
from jiebei_lib.calls.log import COLUMNS, read_log
from jiebei_lib.core.knowledge.problems import LogError
from jiebei_lib.core.knowledge.yaml_files import shipped
from jiebei_lib.show.calls.words import AuditWords

FORMATS = shipped("calls/formats.yaml")
RECORDS = yaml.safe_load((Path(__file__).parent / "records.yaml").read_text("utf-8"))


def written(kind: str, folder: Path) -> Path:
    content = RECORDS[kind]["file"]
    file = folder / f"log.{'json' if content.startswith('{') else 'csv'}"
    file.write_text(content, encoding="utf-8")
    return file


@pytest.mark.parametrize("kind", RECORDS)
def test_a_record_is_known_by_its_headings_and_read(tmp_path, kind: str) -> None:
    record, file = RECORDS[kind], written(kind, tmp_path)
    log = read_log(file, zone="Asia/Shanghai", mapping="auto")
    wanted = record["format"], record["read"], record["refused"]
    assert (log.used.name, len(log), log.rejected) == wanted, [one.say("en") for one in log.problems]
    for column, values in record["expect"].items():
        assert [None if pd.isna(one) else str(one) for one in log.table[column]] == values, column
    again = read_log(file, zone="Asia/Shanghai", mapping=record["format"])
    pd.testing.assert_frame_equal(again.table, log.table)


@pytest.mark.parametrize("kind", RECORDS)
def test_no_telephone_number_and_no_name_is_left_and_this_is_said(tmp_path, kind: str) -> None:
    log = read_log(written(kind, tmp_path), zone="Asia/Shanghai", mapping="auto")
    left = log.table.astype("str").to_csv()
    assert not any(number in left for number in ("13812345678", "5550100001", "5551234567", "X Y", "催收"))
    words = AuditWords(audit(log, "cn"), "en")
    said = " ".join(words.notes())
    assert FORMATS[log.used.name]["name"]["en"] in said
    assert ("tokens" in said) == bool(log.used.tokens)


def test_one_number_is_one_token_however_it_is_written_and_two_are_two() -> None:
    rows = [
        {"被叫号码": number, "呼叫时间": f"2026-03-09 1{n}:00", "呼叫结果": "无人接听"}
        for n, number in enumerate(["13812345678", "138-1234-5678", "13912345678"])
    ]
    ids = read_log(rows, zone="Asia/Shanghai", mapping="auto").table["number_id"].tolist()
    assert ids[0] == ids[1] != ids[2] and ids[0].startswith("n-")


def test_what_no_format_fits_names_those_there_are(tmp_path) -> None:
    (tmp_path / "log.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(LogError, match=r"asterisk_cdr.*freeswitch") as refused:
        read_log(tmp_path / "log.csv", mapping="auto")
    assert "映射文件" in refused.value.say("zh")


def test_a_map_of_one_s_own_has_fixed_values_a_form_of_time_joined_columns_and_numbers_its_rows() -> None:
    rows = [{"d": "09/03/2026", "t": "21.30", "tel": "555 0100", "res": "ring out"}]
    own = {
        "columns": {"at": ["d", "t"], "number_id": "tel", "outcome": "res"}, "values": {"outcome": {"ring out": "no_answer"}},
        "fixed": {"channel": "call", "方向": "out"}, "time": {"at": "%d/%m/%Y %H.%M"}, "numbered": True, "tokens": ["number_id"],
    }  # fmt: skip
    table = read_log(rows, zone="Asia/Shanghai", mapping=own).table
    assert table.loc[0, ["attempt_id", "at", "channel", "direction", "outcome"]].tolist() == [
        "1", "2026-03-09T21:30:00", "call", "out", "no_answer",
    ]  # fmt: skip
    with pytest.raises(LogError, match="mood"):
        read_log(rows, mapping={**own, "fixed": {"mood": "bad"}})


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ({"columns": ["a", "b"], "only": True}, "columns"),
        ({"columns": {"callee": {"a": "b"}}, "only": True}, "columns: callee"),
        ({"columns": {"callee": "nowhere"}, "tokens": ["callee"]}, "nowhere"),
        ({"tokens": 5}, "tokens"),
        ({"tokens": [["callee"]], "columns": {"callee": "who"}}, "tokens"),
        ({"time": {"at": "%Q%"}}, "time: at"),
    ],
)
def test_a_map_of_one_s_own_that_cannot_be_used_is_told_in_a_sentence(content: dict, named: str) -> None:
    rows = [{"attempt_id": "1", "at": "2026-03-09 10:00 +08:00", "debt_id": "c1", "who": "borrower"}]
    with pytest.raises(LogError) as told:
        read_log(rows, mapping=content)
    assert any(named in line for line in told.value.say("zh").splitlines())


def test_formats_name_only_columns_and_words_that_there_are() -> None:
    for name, each in FORMATS.items():
        named = {*each["columns"], *each.get("values", {}), *each["fixed"], *each.get("tokens", ())}
        assert named <= set(COLUMNS), name
        assert each["name"]["zh"] and each["name"]["en"]
        for column, words in each.get("values", {}).items():
            levels = COLUMNS[column].get("levels", ["true", "false"])
            none = {"none"} if COLUMNS[column]["type"] == "set" else set()
            assert {word for word in words.values() if word} <= {*levels, *none}, (name, column)
        assert {COLUMNS[column]["type"] for column in each.get("loose", ())} <= {"set"}, name


def test_what_is_written_freely_in_a_list_kept_by_hand_is_open_and_what_is_not_read_is_said(tmp_path: Path) -> None:
    """No attempt is lost for a sentence in the column of what was said; a column that nobody read is named."""
    (tmp_path / "log.csv").write_text(
        "日期,时间,谁打的,打给谁,接了没有,说了什么\n3月9日,早上7点半,外包,我妈,接了,说我欠钱不还\n"
        "3月9日,晚9点半,外包,我,没接,\n3月10日,中午12点,外包,同事,接了,逾期；金额\n3月10日,中午1点,外包,同事,接了,没说\n",
        "utf-8",
    )
    log = read_log(tmp_path / "log.csv", zone="Asia/Shanghai", mapping="auto")
    assert not log.problems and log.unused == ("谁打的",)
    assert log.table["disclosed"].astype(object).where(log.table["disclosed"].notna(), None).tolist() == [
        None, None, "overdue;amount", "none",
    ]  # fmt: skip
    for lang, lacking, unused in (("zh", "最缺的是：", "谁打的。"), ("en", "Most wanted: ", "谁打的.")):
        notes = AuditWords(audit(log, "cn"), lang).notes()
        assert any(lacking in note for note in notes) and notes[-1].endswith(unused)
    with pytest.raises(LogError, match="loose"):
        read_log(tmp_path / "log.csv", mapping={"columns": {}, "loose": ["disclosed"]})
