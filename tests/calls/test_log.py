"""Reading a log: formats, times, unknown values, rows that cannot be read, personal data."""

from __future__ import annotations

import json

import jsonschema
import pandas as pd
import pytest

from jiebei_lib.calls.audit import audit
from jiebei_lib.calls.log import COLUMNS, read_log
from jiebei_lib.cli.schema import attempts_schema
from jiebei_lib.core.knowledge.problems import LogError
from tests.calls.planted import planted_log

HEAD = "attempt_id,debt_id,at,channel,callee,callee_id,answered,disclosed,conduct"
GOOD = "a1,d1,2026-02-03T12:00:00+08:00,call,borrower,b1,true,overdue;amount,none"


def csv(tmp_path, *lines: str, head: str = HEAD, encoding: str = "utf-8"):
    file = tmp_path / "log.csv"
    file.write_text("\n".join([head, *lines]) + "\n", encoding=encoding)
    return file


def said(log, lang: str = "en") -> list[str]:
    return [problem.say(lang) for problem in log.problems]


def test_csv_parquet_json_and_frames_read_the_same(tmp_path) -> None:
    table, _ = planted_log(200, seed=5, each=1)
    table.to_csv(tmp_path / "log.csv", index=False)
    table.to_parquet(tmp_path / "log.parquet")
    records = table.to_dict("records")
    (tmp_path / "log.json").write_text(json.dumps(records), encoding="utf-8")
    (tmp_path / "log.jsonl").write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    frames = [read_log(source).table for source in (table, records, *sorted(tmp_path.glob("log.*")))]
    for frame in frames[1:]:
        pd.testing.assert_frame_equal(frame, frames[0])


def test_typed_columns_are_read_as_what_they_mean(tmp_path) -> None:
    """Truths as booleans, sets as lists, times as timestamps with a zone."""
    table = pd.DataFrame(
        {
            "attempt_id": ["a", "b"],
            "at": pd.to_datetime(["2026-02-03T04:00:00Z", "2026-02-03T15:00:00Z"]).tz_convert("Asia/Shanghai"),
            "answered": [True, False],
            "disclosed": [["overdue", "amount"], []],
            "borrower_reachable": pd.array([True, None], dtype="boolean"),
        }
    )
    table.to_parquet(tmp_path / "typed.parquet")
    for source in (table, tmp_path / "typed.parquet"):
        read = read_log(source).table
        assert read["at"].tolist() == ["2026-02-03T12:00:00+08:00", "2026-02-03T23:00:00+08:00"]
        assert read["answered"].tolist() == ["true", "false"]
        assert read["disclosed"].tolist() == ["overdue;amount", "none"]
        assert read["borrower_reachable"].isna().tolist() == [False, True]


def test_spreadsheets_are_read_too(tmp_path) -> None:
    """A byte-order mark, GB18030, capitals, blanks, full-width separators."""
    row = "a1, d1 ,2026-02-03 12:00:00+08:00,CALL,borrower,b1,TRUE,overdue；amount,None"
    for encoding in ("utf-8-sig", "gb18030"):
        read = read_log(csv(tmp_path, row, encoding=encoding))
        assert not read.problems
        assert read.table.loc[0, ["channel", "answered", "disclosed", "conduct"]].tolist() == [
            "call", "true", "overdue;amount", "none",
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "said_of_it"),
    [
        ("a2,d1,2026-02-30T12:00:00+08:00,call,borrower,b1,true,none,none", "row 2: at: '2026-02-30T12:00:00+08:00' is not"),
        ("a2,d1,2026-02-03,call,borrower,b1,true,none,none", "row 2: at: '2026-02-03' is not"),
        ("a2,d1,2026-02-03T12:00:00,call,borrower,b1,true,none,none", "has no offset and no zone"),
        ("a2,d1,,call,borrower,b1,true,none,none", "row 2: at: empty"),
        (",d1,2026-02-03T12:00:00+08:00,call,borrower,b1,true,none,none", "row 2: attempt_id: empty"),
        ("a2,d1,2026-02-03T12:00:00+08:00,pigeon,borrower,b1,true,none,none", "row 2: channel: 'pigeon' is not allowed; give one of call"),
        ("a2,d1,2026-02-03T12:00:00+08:00,call,borrower,b1,maybe,none,none", "row 2: answered: 'maybe' is not allowed; give true or false"),
        ("a2,d1,2026-02-03T12:00:00+08:00,call,borrower,b1,true,overdue;hat,none", "row 2: disclosed: 'overdue;hat'"),
        ("a2,d1,2026-02-03T12:00:00+08:00,call,borrower,b1,true,none;overdue,none", "row 2: disclosed"),
        ("a2,d1,2026-02-03T12:00:00+08:00,call,borrower,b1,true,none,none,extra", "row 2: the row has 10 cells; give 9"),
        ("a1,d9,2026-02-03T13:00:00+08:00,call,borrower,b1,true,none,none", "the id 'a1' stands for different attempts"),
    ],
)  # fmt: skip
def test_a_malformed_row_is_reported_with_number_and_reason_and_the_rest_is_audited(
    tmp_path, cells: str, said_of_it: str
) -> None:
    night = "a3,d1,2026-02-03T23:00:00+08:00,call,borrower,b1,true,none,none"
    log = read_log(csv(tmp_path, GOOD, cells, night))
    assert any(said_of_it in line for line in said(log)), said(log)
    assert all(said(log, "zh"))
    assert log.rejected == len({line.split(":")[0] for line in said(log)})
    assert len(log) + log.rejected == log.rows == 3
    assert set(audit(log, "cn").breaches["attempt_id"]) == {"a3"}


def test_row_numbers_stay_true_after_blank_and_ragged_rows(tmp_path) -> None:
    log = read_log(csv(tmp_path, GOOD, "x,y,z,1,2,3,4,5,6,7", "", GOOD.replace("a1", "a4").replace("call", "fax")))
    assert [line.split(":")[0] for line in said(log)] == ["row 2", "row 4"]


def test_what_is_wrong_is_said_in_the_reader_s_language__row_column_and_words(tmp_path) -> None:
    """The words that Chinese sentences give are read when they are written."""
    rows = GOOD.replace("call", "pigeon"), "x,y,z,1,2,3,4,5,6,7"
    channel, cells = said(read_log(csv(tmp_path, *rows)), "zh")
    assert channel.startswith("第1行：方式：'pigeon' 不可用；应为“电话”（call）、")
    assert cells.startswith("第2行：")
    for level, word in COLUMNS["channel"]["labels"].items():
        assert f"“{word['zh']}”（{level}）" in channel
        assert len(read_log(csv(tmp_path, GOOD.replace("call", word["zh"])))) == 1


def test_a_row_that_stands_twice_counts_once(tmp_path) -> None:
    log = read_log(csv(tmp_path, GOOD, GOOD))
    assert len(log) == 1 and "counts once" in said(log)[0]


def test_local_times_take_their_place_from_the_zone_and_doubtful_ones_are_refused() -> None:
    rows = [
        {"attempt_id": "summer", "at": "2026-07-01T12:00:00", "zone": "America/New_York"},
        {"attempt_id": "winter", "at": "2025-12-01T12:00:00"},
        {"attempt_id": "twice", "at": "2026-11-01T01:30:00", "zone": "America/New_York"},
        {"attempt_id": "never", "at": "2026-03-08T02:30:00", "zone": "America/New_York"},
        {"attempt_id": "nowhere", "at": "2026-07-01T12:00:00", "zone": "America/Atlantis"},
    ]
    log = read_log(rows, zone="Asia/Shanghai")
    instants = dict(zip(log.table["attempt_id"], pd.to_datetime(log.table["instant"], unit="us"), strict=True))
    assert instants == {
        "summer": pd.Timestamp("2026-07-01 16:00"),
        "winter": pd.Timestamp("2025-12-01 04:00"),
    }
    assert [line.split(" ", 2)[:2] for line in said(log)] == [["row", "3:"], ["row", "4:"], ["row", "5:"]]
    with pytest.raises(LogError, match="Mars"):
        read_log(rows, zone="Mars/Olympus")


@pytest.mark.parametrize(
    ("column", "value", "kind"),
    [
        ("手机号", "not even one", "phone"),
        ("mobile", "", "phone"),
        ("remark", "13812345678", "phone"),
        ("callee_id", "138 1234 5678", "phone"),
        ("debt_id", "+86 13812345678", "phone"),
        ("remark", "11010519491231002X", "identity|ID card"),
        ("姓名", "someone", "name"),
        ("contact_name", "someone", "name"),
    ],
)
def test_personal_data_is_refused_with_a_clear_sentence_that_does_not_repeat_it(
    column: str, value: str, kind: str
) -> None:
    rows = [
        {"attempt_id": "a", "at": "2026-02-03T12:00:00+08:00"},
        {"attempt_id": "b", "at": "2026-02-03T13:00:00+08:00", column: value},
    ]
    with pytest.raises(LogError, match=kind) as refused:
        read_log(rows)
    for lang in ("zh", "en"):
        assert "--mask" in refused.value.say(lang)
        assert not value or value not in refused.value.say(lang)


def test_masked_ids_stay_apart_and_equal_ones_stay_equal() -> None:
    rows = [
        {"attempt_id": str(n), "at": "2026-02-03T12:00:00+08:00", "callee_id": number, "name": "x"}
        for n, number in enumerate(["13812345678", "13912345678", "13812345678", None])
    ]
    log = read_log(rows, mask=True)
    ids = log.table["callee_id"].tolist()
    assert ids[0] == ids[2] != ids[1] and ids[0].startswith("masked-") and pd.isna(ids[3])
    assert log.masked == ("callee_id", "name") and "name" not in log.table


def test_long_serial_numbers_are_no_personal_data() -> None:
    log = read_log(
        [{"attempt_id": "110105194912310021", "at": "2026-02-03T12:00:00+08:00", "debt_id": "20260203123456"}]
    )
    assert len(log) == 1


@pytest.mark.parametrize(
    ("name", "content", "said_of_it"),
    [
        ("log.xlsx", "PK", "save it as"),
        ("log.csv", "", "empty"),
        ("log.csv", "attempt_id,at\n", "no attempt"),
        ("log.csv", "a,b\n1,2\n", "attempt_id"),
        ("log.csv", "at,at\n1,2\n", "stands twice"),
        ("log.json", "42", "not a record|cannot be read|no attempt"),
        ("log.json", "{nonsense", "cannot be read"),
        ("log.parquet", "nonsense", "cannot be read"),
    ],
)
def test_a_file_that_is_no_log_gets_one_clear_sentence(tmp_path, name: str, content: str, said_of_it: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(LogError, match=said_of_it):
        read_log(tmp_path / name)
    with pytest.raises(LogError, match="cannot be read"):
        read_log(tmp_path / f"no-{name.replace('xlsx', 'csv')}")


def test_columns_that_are_not_ours_are_left_out_and_named() -> None:
    log = read_log([{"attempt_id": "a", "at": "2026-02-03T12:00:00+08:00", "team": "north"}])
    assert log.unused == ("team",)
    assert "team" not in log.table


def test_an_empty_log_of_facts_finds_everything_undecided_and_nothing_fine() -> None:
    """A time and an id only: no rule of one attempt passes for fine that could be broken."""
    found = audit([{"attempt_id": "a", "at": "2026-02-03T23:00:00+08:00"}], "cn")
    assert len(found.breaches) == 0
    assert {"cn_gbt_hours", "cn_cba_disclosure", "cn_cba_conduct", "cn_gbt_reachable"} <= set(
        found.undecided["rule_id"]
    )
    hours = found.undecided.set_index("rule_id").loc["cn_gbt_hours"]
    assert hours["missing"] == "channel"


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2026-02-03T12:00:00+08:00", "2026-02-03 04:00"),
        ("2026-02-03 12:00+0800", "2026-02-03 04:00"),
        ("2026-02-03T12:00:00+08", "2026-02-03 04:00"),
        ("2026-02-03T12:00:00.500-03:30", "2026-02-03 15:30:00.5"),
        ("2026-02-03T12:00Z", "2026-02-03 12:00"),
        ("2026-02-03T12:00:30z", "2026-02-03 12:00:30"),
        ("2026-02-03T12:00:00-00:00", "2026-02-03 12:00"),
    ],
)
def test_every_way_to_write_an_offset_is_understood(written: str, utc: str) -> None:
    log = read_log([{"attempt_id": "a", "at": written}])
    assert not log.problems
    assert pd.to_datetime(log.table["instant"], unit="us").tolist() == [pd.Timestamp(utc)]


def test_a_log_is_read_in_the_words_of_people(tmp_path) -> None:
    """Headings and words in Chinese, the delimiters and encodings of spreadsheets, a title row, words for unknown."""
    text = (
        "催收联系记录（2026年2月）;;;;;;;\n编号;时间;渠道;联系的是谁;是否接通;说出了什么;不当行为;备注\n"
        "a1;2026-02-03T12:00:00+08:00;电话;借款人;是;有欠款逾期；金额;none;好\n;;;;;;;\n"
        "a2;2026-02-03T13:00:00+08:00;CALL;联系人;否;未知;未知;\na3;2026-02-03T14:00:00+08:00;传真;联系人;否;;;\n"
    )
    for encoding in ("utf-8-sig", "gb18030", "utf-16"):
        path = tmp_path / "log.csv"
        path.write_text(text, encoding)
        log = read_log(path)
        assert log.table["channel"].tolist() == ["call", "call"] and log.table["callee"].tolist() == [
            "borrower",
            "contact",
        ]
        assert log.table["answered"].tolist() == ["true", "false"]
        assert log.table["disclosed"].tolist()[0] == "overdue;amount" and log.table["disclosed"].isna().tolist() == [
            False,
            True,
        ]
        assert log.unused == ("备注",)
        assert [line.split(": '")[0] for line in said(log)] == ["row 4: channel"]


def test_a_map_says_what_an_export_means_whatever_the_kind_of_file(tmp_path) -> None:
    table = pd.DataFrame(
        {
            "call_sid": ["x1", "x2"],
            "start": ["2026-02-03T12:00:00+08:00"] * 2,
            "type": [1, 2],
            "disposition": ["ANSWERED", "NO ANSWER"],
        }
    )
    mapping = {
        "columns": {"attempt_id": "call_sid", "at": "start", "channel": "type", "answered": "disposition"},
        "values": {"channel": {1: "call", 2: "sms"}, "answered": {"answered": True, "no answer": False}},
    }
    table.to_csv(tmp_path / "log.csv", index=False)
    table.to_parquet(tmp_path / "log.parquet")
    table.to_feather(tmp_path / "log.feather")
    table.to_json(tmp_path / "log.json", orient="records")
    for source in (table, table.to_dict("records"), *sorted(tmp_path.iterdir())):
        log = read_log(source, mapping=mapping)
        assert log.table["channel"].tolist() == ["call", "sms"] and log.table["answered"].tolist() == ["true", "false"]
        assert not log.problems and not log.unused
    with pytest.raises(LogError, match="no column 'begin'"):
        read_log(table, mapping={"columns": {"at": "begin"}})


def test_ids_that_say_nothing_are_not_one_person() -> None:
    rows = [
        {"attempt_id": str(n), "at": "2026-02-03T12:00:00+08:00", "callee_id": word, "debt_id": word}
        for n, word in enumerate(["N/A", "无", "null", "-", "b1"])
    ]
    table = read_log(rows).table
    assert table["callee_id"].isna().tolist() == table["debt_id"].isna().tolist() == [True, True, True, True, False]


def test_the_published_schema_takes_a_log_and_refuses_what_the_reader_refuses() -> None:
    good = {"attempt_id": "a", "at": "2026-02-03T12:00:00+08:00", "channel": "call", "answered": True, "callee": None}
    jsonschema.validate([good], attempts_schema())
    for wrong in ({"channel": "pigeon"}, {"attempt_id": ""}, {"answered": "maybe"}, {"phone": "1"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate([good | wrong], attempts_schema())
