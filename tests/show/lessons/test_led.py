"""A class that the teacher leads: parts open at their step and for everyone, the projector shows what was chosen and no more."""

from __future__ import annotations

import json
import time

import pytest

from jiebei_lib.lessons import board
from jiebei_lib.lessons.bank import OTHER, bank, given_to
from jiebei_lib.lessons.learner import LESSONS, LINK, class_file, learner
from jiebei_lib.lessons.store import Store
from jiebei_lib.show.lessons import cockpit, lead, led, screen
from jiebei_lib.show.panels import class_board, class_lead, class_screen, join, practice, quiz, seven_days
from jiebei_lib.show.widget.switch import current
from tests.show.lessons.test_panel import answer, names, own_class, through  # noqa: F401

LESSON = LESSONS[0]
CHOICE = next(name for name, item in bank().items() if item["type"] == "choice")
MAKERS = {
    "before": lambda: quiz(LESSON, "before"),
    "task": seven_days,
    "after": lambda: quiz(LESSON, "after"),
}
CLOSED = {"not_yet": "老师还没有打开", "over": "已经结束", "paused": "请看前面"}


def steer(**changes):
    lead.steer(class_file(), **changes)
    led.look()


def stands(panel):
    return next((how for how, said in CLOSED.items() if said in panel.text()), "open")


@pytest.mark.parametrize("step", lead.STEPS)
@pytest.mark.parametrize("own", list(MAKERS))
def test_a_part_is_open_at_its_step_only(step, own):
    steer(led=True, step=step)
    panel = MAKERS[own]()
    here, at = lead.STEPS.index(step), lead.STEPS.index(own)
    wanted = "open" if here == at else "not_yet" if here < at else "over"
    assert stands(panel) == wanted
    assert bool(names(panel)) == (wanted == "open")


def test_at_their_own_pace_everything_is_open_whatever_the_step():
    for step in lead.STEPS:
        steer(led=False, step=step)
        assert [stands(make()) for make in MAKERS.values()] == ["open"] * 3


def test_the_last_questions_cannot_be_begun_before_they_are_opened():
    """Nor by a browser that sends what is not on its page."""
    steer(led=True, step="before")
    after = quiz(LESSON, "after")
    for press in ("begin", "submit", "next"):
        after._press(press)
    assert (names(after), class_file().answers(), learner.code) == ([], [], "")
    steer(step="after")
    after = quiz(LESSON, "after")
    through(after)
    assert len(class_file().answers()) == 12


def test_pages_follow_the_teacher_by_themselves(monkeypatch):
    monkeypatch.setattr(led, "_own", led._Followers())
    waiting = []
    monkeypatch.setattr("jiebei_lib.show.lessons.quiz.follow", waiting.append)
    panel = quiz(LESSON, "before")
    led._own.waiting += [(led.WeakMethod(each), led._stage) for each in waiting]
    led.look()
    panel._press("begin")
    steer(paused=True)
    assert (stands(panel), names(panel)) == ("paused", [])
    steer(paused=False)
    assert stands(panel) == "open"
    assert any(name.startswith("answer_") for name in names(panel))


def test_two_boards_undo_nothing_of_each_other_and_show_the_same(monkeypatch):
    monkeypatch.setattr(led, "_own", led._Followers())
    waiting = []
    monkeypatch.setattr("jiebei_lib.show.lessons.cockpit.follow", lambda *each: waiting.append(each))
    desk, phone = class_lead(), class_lead()
    led._own.waiting += [(led.WeakMethod(update), of) for update, of in waiting]
    led.look()
    desk.set(led="together", step="task")
    phone.set(screen="question", item=CHOICE)
    phone.set(spread=True)
    now = lead.lead(class_file())
    assert (now.led, now.step, now.screen, now.item, now.spread) == (True, "task", "question", CHOICE, True)
    led.look()
    shown = [{name: board.values[name] for name in ("led", *cockpit.CONTROLS)} for board in (desk, phone)]
    assert shown[0] == shown[1] and lead.lead(class_file()) == now
    assert desk.text() == phone.text()


def test_an_answer_on_its_way_when_the_step_is_closed_is_not_taken():
    steer(led=True, step="before")
    panel = quiz(LESSON, "before")
    panel._press("begin")
    lead.steer(class_file(), step="task")  # the page has not heard of it yet
    panel._press("submit")
    assert class_file().answers() == []
    assert stands(panel) == "over"


def test_what_is_done_stays_to_be_read_when_the_step_is_over():
    steer(led=True, step="after")
    panel = quiz(LESSON, "after")
    through(panel)
    steer(step="end")
    panel._press("next")
    assert "对了12题" in panel.text()


def test_the_game_waits_and_its_debrief_stays():
    steer(led=True, step="task")
    play = seven_days()
    play._press("do_explain")
    lead.steer(class_file(), step="talk")
    play._press("do_rest")
    assert len(class_file().moves()) == 1
    steer(step="task")
    play = seven_days()
    while do := next((name for name in names(play) if str(name).startswith("do_")), None):
        play._press(do)
    steer(step="talk")
    assert "七天过去了" in seven_days_again(play)


def seven_days_again(play):
    learner.code, code = "", learner.code
    learner.code = code
    return play.text()


def test_practice_belongs_to_the_task():
    steer(led=True, step="before")
    assert stands(practice("lesson_3", CHOICE)) == "not_yet"
    steer(step="task")
    assert stands(practice("lesson_3", CHOICE)) == "open"


@pytest.mark.parametrize(
    "kept", ["", "{", "[]", '"x"', json.dumps({"step": "lunch", "led": "yes", "item": "no_such", "lang": 3})]
)
def test_a_file_of_another_version_is_as_if_nothing_was_led(kept):
    class_file().keep(lead.KEY, kept)
    assert lead.lead(class_file()) == lead.Lead()


@pytest.mark.parametrize("change", [{"step": "lunch"}, {"led": "yes"}, {"item": "no_such"}, {"screen": "board"}])
def test_what_cannot_be_is_refused(change):
    with pytest.raises(ValueError):
        lead.steer(class_file(), **change)
    assert lead.lead(class_file()) == lead.Lead()


def test_alone_nothing_is_led():
    assert lead.lead(Store()) == lead.Lead()


# ---- the cockpit ---------------------------------------------------------------------------------------------------


def test_the_cockpit_writes_what_its_controls_say_and_opens_step_after_step():
    cockpit = class_lead()
    cockpit.set(led="together")
    steps = []
    for _ in range(7):
        steps.append(lead.lead(class_file()).step)
        cockpit._press("next")
    assert steps == [*lead.STEPS, "end"]
    cockpit.set(paused=True)
    assert lead.lead(class_file()).paused
    cockpit.set(step="before")
    cockpit._press("next")
    now = lead.lead(class_file())
    assert (now.step, now.paused) == ("task", False)
    assert class_lead().values["step"] == "task"


def test_another_question_begins_hidden():
    other = next(name for name in bank() if name != CHOICE)
    cockpit = class_lead()
    cockpit.set(screen="question", item=CHOICE, spread=False)
    cockpit.set(spread=True, told=True)
    assert lead.lead(class_file()).told
    cockpit.set(item=other)
    now = lead.lead(class_file())
    assert (now.item, now.spread, now.told) == (other, False, False)
    assert (cockpit.values["spread"], cockpit.values["told"]) == (False, False)


@pytest.mark.parametrize("forged", [{"step": "lunch"}, {"item": "<b>"}, {"led": 7}, {"spread": "x"}, {"screen": None}])
def test_forged_values_change_nothing(forged):
    cockpit = class_lead()
    cockpit.set(led="together", step="before")
    before = lead.lead(class_file())
    cockpit.values = {**cockpit.values, **forged}
    now = lead.lead(class_file())
    assert now == before or (forged.get("led") == 7 and not now.led)


# ---- the projector -------------------------------------------------------------------------------------------------


def test_the_projector_shows_the_link_and_how_many_have_come(monkeypatch):
    monkeypatch.setenv(LINK, "http://192.168.1.20:8866/")
    pytest.importorskip("segno")
    class_file().join("小明")
    class_file().join()
    screen = class_screen()
    assert "已经进来2人" in screen.text()
    assert "http://192.168.1.20:8866/" in screen.text()
    assert "<svg viewBox=" in str(screen.page["places"])  # so that it fills the room that the page gives it
    assert "小明" not in str(screen.page)


@pytest.mark.parametrize("kind", ["choice", "number", "order", "breach"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_answers_stand_on_the_projector_only_once_they_are_shown(kind, lang):
    name, item = next((name, item) for name, item in bank().items() if item["type"] == kind)
    wrong = {
        "choice": 1,
        "number": item.get("answer", 0) + 999,
        "order": [1, 0, *range(2, len(item.get("steps", [])))],
        "breach": [0],
    }
    for given in (wrong[kind], wrong[kind], None):
        class_file().answer(class_file().join(), LESSON, "before", name, given)
    from jiebei_lib.show.lessons.words import right_answer

    steer(screen="question", item=name, lang=lang)
    screen = class_screen()
    assert item["ask"][lang] in screen.text()
    assert "3" in screen.text()
    assert right_answer(item, lang) not in screen.text() or kind == "choice"
    assert "✓" not in screen.text() and "✗" not in screen.text()
    hidden = {"zh": "先不公布", "en": "not shown yet"}[lang]
    assert hidden in screen.text()
    lead.steer(class_file(), spread=True)
    screen.redraw()
    assert hidden not in screen.text()
    assert "· 2" in screen.text() and "✗" not in screen.text()
    assert kind != "choice" or all(option["text"][lang] in screen.text() for option in [item["right"], *item["wrong"]])
    lead.steer(class_file(), told=True)
    screen.redraw()
    assert right_answer(item, lang) in screen.text()
    assert "✗" in screen.text()


def test_nothing_on_the_projector_can_be_pressed_and_no_student_be_told_apart():
    steer(screen="paths")
    learner.code = class_file().join("阿花")
    class_file().move(learner.code, 1, 1, "explain")
    screen = class_screen()
    assert (screen.fields, screen._presses) == ([], {})
    assert learner.code not in str(screen.page) and "阿花" not in str(screen.page)
    assert "主动说明" in screen.text()
    steer(paused=True)
    screen.redraw()
    assert "请看前面" in screen.text()


def test_everything_of_the_cockpit_and_the_projector_exists_in_english():
    current.lang = "en"
    steer(led=True, step="talk", lang="en")
    for make in (class_lead, class_board, class_screen, join):
        panel = make()
        assert not any("\u4e00" <= letter <= "\u9fff" for letter in panel.text())


def test_no_python_stands_under_a_panel_of_the_class():
    from jiebei_lib.show import panels

    for make in ("join", "seven_days", "class_board", "class_lead", "class_screen"):
        assert getattr(panels, make)().python() == ""
    assert panels.quiz(LESSON, "before").python() == ""


def test_a_time_that_is_given_runs_on_the_projector_and_ends_there(monkeypatch, tmp_path):
    store = Store(tmp_path / "c.sqlite")
    assert lead.steer(store, until=1000.0).until == 1000.0 and lead.lead(store).until == 1000.0
    for wrong in (float("nan"), float("inf"), -1.0, "5", True, None):
        with pytest.raises(ValueError):
            lead.steer(store, until=wrong)
    now = [875.0]
    monkeypatch.setattr(screen.time, "time", lambda: now[0])
    assert screen.time_left(0.0, "zh") == ""
    assert (screen.time_left(1000.0, "zh"), screen.time_left(1000.0, "en")) == ("还有 2:05", "2:05 left")
    now[0] = 999.2
    assert screen.time_left(1000.0, "en") == "0:01 left"
    now[0] = 1000.0
    assert (screen.time_left(1000.0, "zh"), screen.time_left(1000.0, "en")) == ("时间到", "Time is up")


def test_the_board_starts_a_time_and_takes_it_back():
    panel = class_lead()
    panel.set(minutes=3)
    before = time.time()
    panel._press("timer")
    assert before + 179 < lead.lead(class_file()).until <= time.time() + 181
    panel.set(paused=True)  # what else is steered leaves it as it is
    assert lead.lead(class_file()).until > before
    assert "left" in screen.shown(lead.steer(class_file(), paused=False, lang="en"))["time"]
    panel._press("no_timer")
    assert lead.lead(class_file()).until == 0.0
    panel.set(minutes=None)
    panel._press("timer")
    assert lead.lead(class_file()).until == 0.0


def test_a_question_in_other_numbers_is_held_against_its_own_on_board_and_projector():
    name, store = "pay_most_one_can", class_file()
    for turn in range(6):
        code = store.join()
        item = given_to(name, store.number(code))
        given = [item["answer"], item["answer"], item["wrong"][0]["value"], 12.34, None, item["answer"]][turn]
        assert store.answer(code, LESSON, "before", name, given).right == (given == item["answer"])
    (spread,) = board.spreads(store, LESSON, "before")
    base = bank()[name]
    assert spread.given == {base["answer"]: 3, base["wrong"][0]["value"]: 1, OTHER: 1, None: 1}
    assert (spread.answered, spread.right, board.gone(store, LESSON, "before")) == (6, 3, 0)
    steer(screen="question", item=name, spread=True, told=True)
    shown = screen.shown(lead.lead(store))["question"]
    assert shown["varied"] and [bar["count"] for bar in shown["bars"]] == [3, 1, 1, 1]
    assert "各人拿到的数字不同" in class_board().text()
