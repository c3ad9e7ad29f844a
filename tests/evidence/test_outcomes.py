"""Tables of observed cases: what is read, and one sentence for each thing that is wrong."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from jiebei_lib.core.knowledge.problems import CaseError
from jiebei_lib.evidence.outcomes import MOST_ROWS, Outcomes

HEAD = "case_id,days_overdue,amount_overdue,communication,called,weight"


def written(tmp_path, text: str, encoding: str = "utf-8"):
    path = tmp_path / "outcomes.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_a_table_is_read_with_its_unknown_facts(tmp_path) -> None:
    text = f"\ufeff{HEAD}\nA,10,8000,silent,true,\n乙,20,,,否,2.5\n\n,30,500,,No,\n"
    outcomes = Outcomes.read(written(tmp_path, text))
    assert outcomes.case_id == ("A", "乙", "4")
    assert outcomes.called.tolist() == [True, False, False]
    assert outcomes.weight.tolist() == [1, 2.5, 1]
    assert outcomes.days.tolist() == [10, 20, 30]
    assert math.isnan(outcomes.columns["amount_overdue"][1])
    assert outcomes.columns["communication"].tolist() == [4, -1, -1]
    assert math.isnan(outcomes.columns["zhima_score"][0])
    assert len(outcomes[outcomes.called]) == 1
    assert outcomes[[2, 0]].case_id == ("4", "A")


def test_a_data_frame_and_a_list_of_rows_give_the_same() -> None:
    rows = [{"days_overdue": 9, "amount_overdue": 100.0, "called": True}]
    one, other = Outcomes.of(rows), Outcomes.of(pd.DataFrame(rows))
    assert one.days.tolist() == other.days.tolist()
    assert one.called.tolist() == other.called.tolist()


def test_amounts_may_be_missing_altogether_and_no_rows_are_no_evidence() -> None:
    assert math.isnan(Outcomes.of([{"days_overdue": 9, "called": False}]).columns["amount_overdue"][0])
    assert len(Outcomes.of([])) == 0


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (f"{HEAD}\nA,10,8000,silent,maybe,", ["row 1: called", "'maybe'", "true"]),
        (f"{HEAD}\nA,10,8000,silent,,", ["row 1: called", "true"]),
        (f"{HEAD}\nA,10,8000,silent,true,0", ["row 1: weight", "'0'"]),
        (f"{HEAD}\nA,10,8000,silent,true,heavy", ["row 1: weight", "'heavy'"]),
        (f"{HEAD}\nA,10,8000,silent,true,inf", ["row 1: weight", "'inf'"]),
        (f"{HEAD}\nA,-100,8000,silent,true,", ["row 1: days_overdue", "'-100'", "3650"]),
        (f"{HEAD}\nA,,8000,silent,true,", ["row 1: days_overdue", "3650"]),
        (f"{HEAD}\nA,10,0,silent,true,", ["row 1: amount_overdue", "'0'"]),
        (f"{HEAD}\nA,10,8000,quiet,true,", ["row 1: communication", "'quiet'", "broken_promise"]),
        (f"{HEAD}\n{'A' * 65},10,8000,silent,true,", ["row 1: case_id", "64"]),
        (f"{HEAD}\nA,10,8000,silent,true", ["row 1", "5 cells", "6"]),
        (f"{HEAD}\nA,10,8000,silent,true,1,1", ["row 1", "7 cells", "6"]),
        ("days_overdue,amount_overdue\n10,8000", ["called: no such column", "是否打了联系人"]),
        ("amount_overdue,called\n10,true", ["days_overdue: no such column", "--map"]),
        ("days_overdue,called,called\n10,true,true", ["'called'", "twice"]),
        ("", ["outcomes.csv", "empty"]),
        ('days_overdue,called\n"10,true', ["row 1", "1 cells"]),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence_with_row_column_value_and_what_is_allowed(
    tmp_path, text: str, parts: list[str]
) -> None:
    with pytest.raises(CaseError) as wrong:
        Outcomes.read(written(tmp_path, text))
    sentence = wrong.value.say("en")
    assert "\n" not in sentence
    assert [part for part in parts if part not in sentence] == []
    assert wrong.value.say("zh").endswith("。")


def test_all_that_is_wrong_is_said_at_once(tmp_path) -> None:
    text = f"{HEAD}\nA,x,8000,silent,true,\nB,10,8000,loud,maybe,-1\n"
    with pytest.raises(CaseError) as wrong:
        Outcomes.read(written(tmp_path, text))
    assert len(wrong.value.problems) == 4


def test_files_that_cannot_be_read_are_refused(tmp_path) -> None:
    with pytest.raises(CaseError, match="cannot be read"):
        Outcomes.read(tmp_path / "none.csv")
    with pytest.raises(CaseError, match="cannot be read"):
        Outcomes.read(tmp_path)
    with pytest.raises(CaseError, match="encoding"):
        Outcomes.read(written(tmp_path, "days_overdue,called,case_id\n1,true,é", "latin-1"))
    with pytest.raises(CaseError, match="'phone': unknown key"):
        Outcomes.of([{"days_overdue": 1, "called": True, "phone": "1"}])
    with pytest.raises(CaseError, match=str(MOST_ROWS)):
        Outcomes.of(pd.DataFrame({"days_overdue": [1] * (MOST_ROWS + 1), "called": True}))


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_outcomes_are_read_as_the_cases_that_are_scored(tmp_path, encoding: str) -> None:
    """Headings and words in Chinese, the encodings of spreadsheets, a title row, units, further columns."""
    text = "已结案件（2026年）,,,,,\n案件号,逾期天数,逾期金额,沟通情况,是否联系,备注\n"
    text += 'a,10天,"1,000元",失联,Y,好\nb,２０,不详,还款中,0.0,\n ,,,,,\nc,30,500,无记录,没打,x\n'
    outcomes = Outcomes.read(written(tmp_path, text, encoding))
    assert outcomes.case_id == ("a", "b", "c")
    assert outcomes.called.tolist() == [True, False, False]
    assert outcomes.columns["amount_overdue"].tolist() == pytest.approx([1000, math.nan, 500], nan_ok=True)
    assert outcomes.columns["communication"].tolist() == [4, 0, -1]


def test_outcomes_of_any_kind_of_file_and_map_are_the_same(tmp_path) -> None:
    table = pd.DataFrame({"dpd": [2, 1], "y": [1.0, 0.0], "n": [3, 1]})
    mapping = {"columns": {"called": "y", "weight": "n"}, "values": {"days_overdue": {2: 60, 1: 30}}}
    table.to_csv(tmp_path / "t.csv", index=False)
    table.to_parquet(tmp_path / "t.parquet")
    table.to_feather(tmp_path / "t.feather")
    table.to_json(tmp_path / "t.json", orient="records", force_ascii=False)
    for path in sorted(tmp_path.iterdir()):
        outcomes = Outcomes.read(path, mapping)
        assert outcomes.days.tolist() == [60, 30], path.name
        assert outcomes.called.tolist() == [True, False] and outcomes.weight.tolist() == [3, 1]
