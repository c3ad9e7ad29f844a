"""The interview as a panel: a question at a time, what is refused is said, an answer is changed alone, kept and opened again."""

from __future__ import annotations

import pytest

from jiebei_lib import UserError
from jiebei_lib.show import panels
from jiebei_lib.show.widget.fields import flat
from jiebei_lib.show.widget.panel import Panel
from jiebei_lib.show.widget.switch import current

ON = "2026-11-26"


@pytest.fixture
def panel() -> Panel:
    made = panels.ask(ON)
    made.sent = []
    made.send = lambda content, buffers=None: made.sent.append(content)
    return made


def answer(panel: Panel, **given) -> None:
    """Fills in one control and presses "next"."""
    panel.set(**given)
    panel._run("next")


def controls(panel: Panel) -> list[str]:
    return [field["name"] for field in flat(panel.fields) if "name" in field]


def played(panel: Panel) -> None:
    answer(panel, q_who_asks="borrower")
    panel._run("skip")
    answer(panel, q_contacts_called="true")
    answer(panel, q_called_on="2026-11-25")
    answer(panel, q_called_whom="contact")
    answer(panel, q_told="debt")
    answer(panel, q_debt1_creditor="<b>借呗</b>")


def test_it_opens_with_one_question_and_why(panel):
    assert panel.text().splitlines()[:2] == ["问题1（大约还有10个）", "您是替谁来问的？"] and "为什么问" in panel.text()
    assert [name for name in controls(panel) if name.startswith("q_")] == ["q_who_asks"]
    assert {"next", "skip", "opened"} <= set(controls(panel))


def test_next_skip_and_the_answer_so_far(panel):
    played(panel)
    assert (
        panel.value.told == "debt" and panel.value.condition is None and panel.value.debts[0].creditor == "<b>借呗</b>"
    )
    assert "已经打了" in panel.text() and "违反" in panel.text()
    assert [name for name in controls(panel) if name.startswith("q_")] == ["q_debt1_kind"]
    html = "".join(part["html"] for part in panel._parts() if "html" in part)
    assert "<b>借呗" not in html and "&lt;b&gt;借呗" in html


def test_what_is_refused_is_said_and_the_question_stays(panel):
    played(panel)
    panel._run("skip")
    answer(panel, q_debt1_days="soon")
    assert "soon" in panel.status["text"]["zh"] and "q_debt1_days" in controls(panel)
    answer(panel, q_debt1_days="9")
    assert panel.status == {} and "q_debt1_amount_overdue" in controls(panel)


def test_an_answer_is_changed_alone(panel):
    played(panel)
    panel.set(earlier="told")
    panel._run("back")
    assert [name for name in controls(panel) if name.startswith("q_")] == ["q_told"]
    answer(panel, q_told="threat")
    assert panel.value.told == "threat" and "q_debt1_kind" in controls(panel)


def test_it_is_kept_and_opened_again_and_a_file_that_is_none_is_refused(panel):
    played(panel)
    panel._run("keep")
    kept = panel.sent[-1]
    assert kept["kind"] == "download" and kept["name"] == "situation.yaml"
    other = panels.ask(ON)
    other.set(opened={"name": "situation.yaml", "text": kept["text"]})
    assert other.value == panel.value and "q_debt1_kind" in controls(other)
    other.set(opened={"name": "x.yaml", "text": "a: 1"})
    assert "asked" in other.page["problem"]["zh"] and other.value == panel.value
    panel._run("again")
    assert panel.value.debts[0].creditor is None and "q_who_asks" in controls(panel)


def test_it_ends_in_the_letters_in_the_readers_language(panel):
    played(panel)
    panel.set(letter="stop_contacts")
    panel._run("take")
    assert panel.sent[-1]["name"] == "stop_contacts.html" and "2026年11月25日" in panel.sent[-1]["text"]
    assert "&lt;b&gt;借呗&lt;/b&gt;" in panel.sent[-1]["text"]
    while [name for name in controls(panel) if name.startswith("q_")]:
        panel._run("skip")
    assert "问完了" in panel.text()
    current.lang = "en"
    try:
        assert "That is all" in panel.text() and "What to do" in panel.text()
    finally:
        current.lang = "zh"


def test_python_says_the_same(panel):
    played(panel)
    space: dict = {}
    exec("\n".join(panel.python().splitlines()[:-1]), space)
    assert space["borrower"] == panel.value and panel.result.borrower == panel.value


def test_a_day_that_is_none_is_refused():
    with pytest.raises(UserError):
        panels.ask("soon")
