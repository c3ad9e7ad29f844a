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
    assert outcomes.case_id == ("A", "乙", "3")
    assert outcomes.called.tolist() == [True, False, False]
    assert outcomes.weight.tolist() == [1, 2.5, 1]
    assert outcomes.days.tolist() == [10, 20, 30]
    assert math.isnan(outcomes.columns["amount_overdue"][1])
    assert outcomes.columns["communication"].tolist() == [4, -1, -1]
    assert math.isnan(outcomes.columns["zhima_score"][0])
    assert len(outcomes[outcomes.called]) == 1
    assert outcomes[[2, 0]].case_id == ("3", "A")


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
        (f"{HEAD}\nA,10,8000,silent,true,nan", ["row 1: weight", "'nan'"]),
        (f"{HEAD}\nA,-1,8000,silent,true,", ["row 1: days_overdue", "'-1'", "3650"]),
        (f"{HEAD}\nA,,8000,silent,true,", ["row 1: days_overdue", "3650"]),
        (f"{HEAD}\nA,10,0,silent,true,", ["row 1: amount_overdue", "'0'"]),
        (f"{HEAD}\nA,10,8000,quiet,true,", ["row 1: communication", "'quiet'", "broken_promise"]),
        (f"{HEAD}\n{'A' * 65},10,8000,silent,true,", ["row 1: case_id", "64"]),
        (f"{HEAD}\nA,10,8000,silent,true", ["row 1", "5 cells", "6"]),
        (f"{HEAD}\nA,10,8000,silent,true,1,1", ["row 1", "7 cells", "6"]),
        ("days_overdue,amount_overdue\n10,8000", ["called", "missing", "true"]),
        ("amount_overdue,called\n10,true", ["days_overdue", "missing"]),
        ("days_overdue,called,phone\n10,true,1", ["'phone'", "unknown key", "communication"]),
        ("days_overdue,called,called\n10,true,true", ["'called'", "twice"]),
        ("", ["not a CSV"]),
        ('days_overdue,called\n"10,true', ["not a CSV"]),
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
    with pytest.raises(CaseError, match="not a CSV"):
        Outcomes.read(written(tmp_path, "days_overdue,called,case_id\n1,true,乙", "gbk"))
    with pytest.raises(CaseError, match=str(MOST_ROWS)):
        Outcomes.of(pd.DataFrame({"days_overdue": [1] * (MOST_ROWS + 1), "called": True}))
