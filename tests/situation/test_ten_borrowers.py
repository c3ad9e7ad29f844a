"""The ten invented borrowers of notebooks/cases/borrowers: each entered as it is, the answer read by its light, in both languages."""

from __future__ import annotations

import pytest

from jiebei_lib import example_file
from jiebei_lib.cli import run

ON = "2026-11-26"
# What the answer must say, and must not, by file.
READ = {
    "several_debts": (["9,600", "16,400", "先后次序", "每月收入减必要开支剩1,900.00元"], []),
    "part_payment": (["8,000", "已经还过一部分", "15种"], ["未知"]),
    "amount_unknown": (["逾期多少还不知道", "联系得上"], []),
    "due_in_three_days": (["3天后到期", "还没有逾期", "展期"], ["有限度地可以"]),
    "two_days_late": (["最早要到第7天", "最早要到第3天"], []),
    "agency_calls": (["更可能打联系人", "核实委托", "不打到个人账户", "我会转告"], []),
    "mother_called": (["已经打了", "违反", "jiebei audit --call", "stop_contacts"], ["100种解读里"]),
    "lender_is_a_bank": (["银行业协会的指引"], []),
    "in_hospital": (["住院本身不等于", "不要对出借方说“我来还”", "宽限"], ["今天就接一次电话"]),
    "sold": (["债卖了", "没收到通知前", "assignment_answer", "诉讼时效3年"], ["打给支付宝客服"]),
}


@pytest.mark.parametrize("name", READ)
def test_each_is_entered_as_it_is_and_answered_by_its_own_light(capsys, name: str) -> None:
    file = example_file(f"borrowers/{name}.yaml")
    assert "虚构 Invented" in file.read_text("utf-8").splitlines()[0]
    assert run(["borrower", str(file), "--as-of", ON]) == 0
    shown = capsys.readouterr().out.replace("\n   ", "").replace("\n", "")
    there, absent = READ[name]
    assert [word for word in there if word not in shown] == []
    assert [word for word in absent if word in shown] == []
    assert run(["borrower", str(file), "--as-of", ON, "--lang", "en"]) == 0
    english = capsys.readouterr().out
    for name_of_debt in ("借呗", "花呗", "信用卡", "信用贷"):  # as the file has them
        english = english.replace(name_of_debt, "")
    assert "What to do" in english and not [letter for letter in english if "一" <= letter <= "鿿"]


def test_every_example_is_read_here() -> None:
    assert {file.stem for file in example_file("borrowers").glob("*.yaml")} == set(READ)
