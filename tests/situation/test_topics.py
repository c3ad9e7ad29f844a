"""What people ask: found by free text in either language, answered with sources, or handed on with the words to use."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiebei_lib.cli import run
from jiebei_lib.core.knowledge.yaml_files import shipped
from jiebei_lib.page.text import cited
from jiebei_lib.situation.topics import search, tokens, topics

FOUND = {
    "征信什么时候消除": "settled_but_shown",
    "借呗逾期了会上征信吗": "settled_but_shown",
    "会打我爸妈电话吗": "contacts",
    "几点之前还": "what_hour",
    "春节还款日": "holidays",
    "有没有宽限期": "grace",
    "额度没了还能借吗": "line_back",
    "法院发短信说立案了": "sued_message",
    "只还本金行不行": "pay_part",
    "自动扣款没成功": "auto_debit",
    "罚息一天多少": "penalty",
    "停息挂账靠谱吗": "less_penalty",
    "怎么协商延期还款": "move_due_date",
    "分60期": "instalments",
    "晚上十点打电话违法吗": "calls",
    "结清证明": "certificate",
    "欠了四年还要还吗 诉讼时效": "limitation",
    "how many calls per day": "calls",
    "is it time barred": "limitation",
    "they sold my debt": "sold",
    "can I get a certificate": "certificate",
    "When will my credit limit come back?": "line_back",
    "I lost my job and cannot pay": "cannot_pay",
    "she is in hospital": "cannot_pay",
    "can they call my boss": "contacts",
    "will they ring my mother": "contacts",
    "老板会接到电话吗": "contacts",
    "我姐姐接到催收电话": "contacts",
    "ＨＯＬＩＤＡＹ due date": "holidays",
}


@pytest.mark.parametrize(("text", "topic"), FOUND.items())
def test_what_is_asked_in_ones_own_words_is_found(text, topic):
    assert search(text)[0][0].id == topic


@pytest.mark.parametrize("name", list(shipped("situation/topics.yaml")["topics"]))
def test_every_question_and_every_word_for_it_finds_it(name):
    entry = shipped("situation/topics.yaml")["topics"][name]
    for lang in ("zh", "en"):
        assert search(entry["question"][lang])[0][0].id == name
        for word in entry["words"][lang]:
            assert name in [topic.id for topic, _ in search(word)], word


@pytest.mark.parametrize("text", ["今天天气怎么样", "best pizza recipe", "", "   ", "？？？", "zzz qqq"])
def test_what_nothing_is_like_finds_nothing(text):
    assert search(text) == []


@given(st.text(max_size=400))
def test_any_text_is_searched_and_scores_fall_between_nothing_and_one(text):
    found = search(text)
    assert len(found) <= 3 and all(0 < score <= 1.5 for _, score in found)
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)


def test_tokens_are_words_and_neighbouring_characters():
    assert tokens("My debts, ＡＰＲ") == ["debt", "apr"]
    assert tokens("宽限期") == ["宽限", "限期"] and tokens("债") == ["债"]


def test_each_answer_has_sources_and_confidence_or_says_whom_to_ask():
    for topic in topics():
        answer = topic.answer
        assert answer["cite"] and all(cited(cite, "zh") for cite in answer["cite"])
        assert answer["confidence"] in ("V", "S+", "S") or answer["basis"] in ("documented", "assumption")
        if answer["basis"] == "assumption":
            assert topic.ask is not None  # what no source says is not left at our own word
        if topic.ask is not None:
            assert all(topic.ask[part][lang] for part in ("whom", "say") for lang in ("zh", "en"))
    assert [topic.asked or 0 for topic in topics()] == sorted((topic.asked or 0 for topic in topics()), reverse=True)


def test_the_counts_are_those_of_the_data():
    counted = {548, 373, 353, 323, 179, 87, 54, 28, 24, 9, 6, 3}
    assert {topic.asked for topic in topics()} - {None} <= counted


@pytest.mark.parametrize(
    ("lang", "words"), [("zh", ["548", "不全能", "jiebei ask"]), ("en", ["548", "whom to ask", "jiebei ask"])]
)
def test_the_list_and_the_answers_in_the_terminal(lang, words, capsys):
    assert run(["ask", "--topics", "--lang", lang]) == 0
    shown = capsys.readouterr().out
    assert [word for word in words if word not in shown] == []
    assert run(["ask", "额度", "什么时候恢复", "--lang", lang]) == 0
    shown = capsys.readouterr().out
    assert ("请问支付宝App里的客服" if lang == "zh" else "with these words") in shown.replace("\n", "")
    assert run(["ask", "pizza", "--lang", lang]) == 0
    assert "--topics" in capsys.readouterr().out


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_of_the_docs_is_what_the_library_says(lang, capsys):
    """Renew it with: jiebei ask --markdown --lang zh > docs/questions.zh.md"""
    assert run(["ask", "--markdown", "--lang", lang]) == 0
    page = Path(__file__).parents[2] / "docs" / f"questions.{lang}.md"
    assert page.read_text("utf-8") == capsys.readouterr().out
