"""What people ask, as a panel: found by words, chosen from the list, nothing made up."""

from __future__ import annotations

from jiebei_lib.show import panels
from jiebei_lib.show.widget.switch import current


def test_words_find_an_answer_and_without_words_the_list_does():
    panel = panels.questions()
    assert panel.text().startswith("还清以后额度什么时候恢复")  # the most asked
    panel.set(words="春节还款日")
    assert panel.result[0].id == "holidays" and "民法典第203" in panel.text()
    panel.set(words="<b>pizza</b>")
    assert "没有找到" in panel.text() and panel.result == []
    panel.set(words="", topic="sold")
    assert "不发生效力" in panel.text()
    current.lang = "en"
    try:
        assert "My debt was sold" in panel.text()
    finally:
        current.lang = "zh"


def test_python_says_the_same():
    panel = panels.questions()
    panel.set(words="how many calls a day")
    space: dict = {}
    exec("\n".join(panel.python().splitlines()).replace("search(", "found = search(", 1), space)
    assert [topic.id for topic, _ in space["found"]] == [topic.id for topic in panel.result]
