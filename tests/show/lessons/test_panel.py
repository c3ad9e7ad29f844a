"""The lessons' panels: what a learner does is kept, what a browser could forge is ignored, both languages say everything."""

from __future__ import annotations

import re

import pytest

from jiebei_lib.lessons import best_path, board
from jiebei_lib.lessons import seven_days as game
from jiebei_lib.lessons.bank import bank, given_to
from jiebei_lib.lessons.forms import forms
from jiebei_lib.lessons.learner import LESSONS, class_file, learner, seed
from jiebei_lib.lessons.store import Store
from jiebei_lib.show.lessons import offers as borrowing
from jiebei_lib.show.lessons.quiz import OPTIONS, response
from jiebei_lib.show.panels import budget, class_board, join, offers, practice, quiz, record_dates, seven_days
from jiebei_lib.show.widget.switch import current

LESSON = LESSONS[0]


@pytest.fixture(autouse=True)
def own_class(tmp_path, monkeypatch):
    """A class file of its own for each test, nobody in it, Chinese."""
    monkeypatch.setenv("JIEBEI_CLASS", str(tmp_path / "class.sqlite"))
    class_file.cache_clear()
    learner.code, current.lang = "", "zh"
    yield
    class_file.cache_clear()
    learner.code, current.lang = "", "zh"


def names(panel):
    return [field.get("name") for field in panel.fields]


def answer(panel, right=True):
    """Answers the question on screen, rightly or by "I don't know"."""
    asked = panel_asked(panel)
    item, letters = (
        given_to(asked.item, class_file().number(learner.code)),
        dict(zip(asked.shown, OPTIONS, strict=False)),
    )
    name = next(name for name in names(panel) if name.startswith("answer_"))
    if right and item["type"] == "choice":
        panel.set(**{name: letters[0]})
    elif right and item["type"] == "number":
        panel.set(**{name: item["answer"]})
    elif right and item["type"] == "breach":
        panel.set(**{name: [letters[n] for n, line in enumerate(item["lines"]) if line.get("rule")]})
    elif right:
        panel.set(**{name.rsplit("_", 1)[0] + f"_{n}": letters[n] for n in range(len(item["steps"]))})
    panel._press("submit")


def panel_asked(panel):
    """The question on screen, found by its words."""
    labels = {field["label"]["zh"] for field in panel.fields if "label" in field}
    known = [*forms(seed())[0], *forms(seed())[1]]
    own = class_file().number(learner.code)
    texts = {given_to(asked.item, own)["ask"]["zh"]: asked for asked in known}
    steps = {tuple(o["label"]["zh"] for o in f["options"][:-1]) for f in panel.fields if f.get("look") == "select"}
    for asked in known:
        item = given_to(asked.item, own)
        if item["ask"]["zh"] in labels:
            return texts[item["ask"]["zh"]]
        if item["type"] == "order" and tuple(item["steps"][n]["zh"] for n in asked.shown) in steps:
            return asked
    raise AssertionError(labels)


def through(panel, right=True):
    panel._press("begin")
    while names(panel):
        if "next" in names(panel):
            panel._press("next")
        else:
            answer(panel, right)


def test_a_whole_lesson_is_kept_and_counted():
    join()._press("enter")
    through(quiz(LESSON, "before"), right=False)
    after = quiz(LESSON, "after")
    through(after)
    answers = class_file().answers()
    assert len(answers) == 24
    assert not any(answer.right for answer in answers[:12])
    assert all(answer.right for answer in answers[12:])
    assert "课后对了12题（共12题），课前对了0题" in after.text()


def test_the_first_form_tells_no_answer():
    panel = quiz(LESSON, "before")
    panel._press("begin")
    asked = panel_asked(panel)
    answer(panel)
    assert given_to(asked.item, class_file().number(learner.code))["right"]["why"]["zh"] not in panel.text()
    assert "next" not in names(panel)


def test_every_other_learner_has_the_forms_the_other_way_round():
    orders = []
    for _ in range(2):
        learner.code = class_file().join()
        orders.append([[asked.item for asked in learner.form(LESSON, phase)] for phase in ("before", "after")])
    assert orders[0] == orders[1][::-1]


def test_a_learner_comes_back_to_the_first_open_question():
    panel = quiz(LESSON, "before")
    panel._press("begin")
    for _ in range(3):
        answer(panel)
    code = learner.code
    learner.code = class_file().join()
    assert names(panel) == ["begin"]
    door = join()
    learner.code = ""
    door.set(code=f" {code.lower()}")
    door._press("back")
    assert learner.code == code
    assert "第4题" in panel.text()


def test_an_unknown_code_is_answered_in_place():
    door = join()
    door.set(code="<b>x")
    door._press("back")
    assert learner.code == ""
    assert "没有人用过续课码" in door.status["text"]["zh"]


@pytest.mark.parametrize("forged", ["zz", 0, None, ["a"], {"a": 1}, True])
def test_forged_values_are_never_an_error_nor_right(forged):
    for name in ("line_what_decides", "cost_each_day", "contacts_breach_night", "late_order_of_steps"):
        item = bank()[name]
        parts = (
            len(item["wrong"]) + 1 if item["type"] == "choice" else len(item.get("steps") or item.get("lines") or ())
        )
        asked = type(forms(1)[0][0])(name, tuple(range(parts)))
        values = {f"answer_0_{n}": forged for n in range(6)} if not isinstance(forged, list | dict) else {}
        given = response(asked, forged, values, 0)
        code = class_file().join()
        assert class_file().answer(code, LESSON, "practice", name, given).right is False


def test_pressing_twice_answers_once():
    panel = practice("lesson_3", "record_cleaner")
    panel._press("begin")
    panel.set(answer_0="a")
    panel._press("submit")
    panel._press("submit")
    assert len(class_file().answers()) == 1


def test_the_game_is_played_kept_and_replayed():
    panel = seven_days()
    path = best_path.best_from(game.start(game.world(seed())), game.world(seed()))[1]
    for choice in path:
        panel._press(f"do_{choice}")
    assert "正是能得的最高分" in panel.text()
    assert class_file().played(learner.code) == (1, list(path))
    panel.set(day="3")
    panel._press("again")
    assert class_file().played(learner.code) == (2, list(path[:2]))
    assert "逾期第3天" in panel.text()
    again = seven_days()
    code, learner.code = learner.code, class_file().join()
    learner.code = code
    assert "逾期第3天" in again.text()


def test_what_is_not_open_today_does_nothing():
    panel = seven_days()
    panel._press("do_complain")
    panel._press("do_rest")
    assert class_file().moves() == []


def test_naming_calls_is_kept_with_the_first_judgment():
    panel = seven_days()
    field = next(name for name in names(panel) if name.startswith("judge_"))
    panel.set(**{field: "none"})
    panel._press("judge")
    assert class_file().names() == [(1, "first_message", "none", True)]
    assert "判断正确" in panel.text()


def test_the_board_counts_exports_and_deletes():
    through(quiz(LESSON, "before"), right=False)
    panel = class_board()
    panel.redraw()
    assert "课前做完1人" in panel.text()
    panel._press("delete")
    assert class_file().students() == 1
    panel.set(sure=True)
    panel._press("delete")
    assert class_file().students() == 0
    assert "还没有人作答" in panel.text()


def test_offers_agree_with_the_known_rates():
    """6 yuan a day for 10,000 is 21.9% interest-first over equal months of actual days; 1.4% a month is 16.8%."""
    values = dict(offers().values)
    found = borrowing.compared({**values, "method": "interest_first"})
    assert found[1]["nominal"] == pytest.approx(0.168, abs=1e-6)
    assert found[0]["nominal"] == pytest.approx(0.219, abs=0.002)
    flat = borrowing.compared(
        {**values, "amount": 12000, "per_1": "flat_fee", "figure_1": 1, "method": "equal_principal"}
    )
    assert flat[0]["nominal"] == pytest.approx(0.2146, abs=1e-4)


def test_an_offer_beyond_what_can_be_is_told_in_its_own_unit_by_its_label():
    panel = offers()
    panel.set(per_1="daily", figure_1=5)
    told = panel.page["problem"]
    assert told["zh"].startswith("报价1的数字：5 ") and "0.1" in told["zh"] and "0.001" not in told["zh"]
    panel.set(figure_1=0.05, fee_2=20_000)
    assert panel.page["problem"]["en"].startswith("Offer 2: ") and "10,000" in panel.page["problem"]["en"]
    panel.set(fee_2=100)
    assert panel.page["problem"] is None


def test_budget_says_what_is_left_and_missing():
    panel = budget()
    assert "每月还剩300.00元" in panel.text() and "每月最多还1,200.00元" in panel.text()
    panel.set(payment=1800)
    assert "每月缺600.00元：存款能撑5.0个月" in panel.text()


def test_the_mark_ends_five_years_after_settling__article_21():
    panel = record_dates()
    assert "2031-12-01" in panel.text()
    panel.set(settled=None)
    assert "没有还清" in panel.text()


@pytest.mark.parametrize(
    "make", [join, lambda: quiz(LESSON, "before"), seven_days, class_board, offers, budget, record_dates]
)
def test_english_holds_no_chinese_and_chinese_no_english_sentence(make):
    panel = make()
    current.lang = "en"
    assert not re.search(r"[\u4e00-\u9fff]", panel.text())
    current.lang = "zh"
    assert not re.search(r"[a-z]{3,} [a-z]{3,} [a-z]{3,}", panel.text())


def test_without_a_class_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.delenv("JIEBEI_CLASS")
    class_file.cache_clear()
    quiz(LESSON, "before")._press("begin")
    assert class_file().path is None
    assert not list(tmp_path.glob("*.sqlite"))
    assert isinstance(class_file(), Store)


@pytest.mark.parametrize("kind", ["choice", "number", "order", "breach"])
def test_looking_back_at_the_first_form_shows_a_question_of_every_kind(kind):
    """A breach has no single right option: its line says which lines break a rule."""
    from jiebei_lib.show.lessons.words import cites, right_answer, words

    item = next(item for item in bank().values() if item["type"] == kind)
    html = str(words("result", "done", [(item, right_answer(item, "zh"))], "zh", cites("zh")))
    assert item["ask"]["zh"] in html


CHOICE = next(name for name, item in bank().items() if item["type"] == "choice")


@pytest.mark.parametrize(
    ("item", "response", "reveals"),
    [
        ("a_question_that_is_gone", "0", ""),
        (CHOICE, "9", ""),  # an option that is gone
        (CHOICE, "[0, 1]", ""),  # the question is of another kind now
        (CHOICE, '"text"', ""),
        (CHOICE, "1", "a_belief_that_is_gone"),
    ],
)
def test_questions_changed_after_answers_never_break_the_board(item, response, reveals):
    """Answers to what the bank no longer has are kept and exported, and counted where they are not shown."""
    store = class_file()
    learner.code = store.join()
    own = next(
        asked.item for asked in forms(seed())[0] if bank()[asked.item]["type"] == "choice" and asked.item != item
    )
    store.answer(learner.code, LESSON, "before", own, 0)
    row = (f"{learner.code}:x", learner.code, LESSON, "before", item, response, 0, reveals, "2026-01-01T00:00:00")
    store._write("insert into answer values (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    gone = 0 if reveals else 1
    assert board.gone(store, LESSON, "before") == gone
    for lang in ("zh", "en"):
        current.lang = lang
        panel = class_board()
        panel.set(lesson=LESSON, phase="before")
        assert bank()[own]["ask"][lang] in panel.text()
        told = {"zh": "题目后来改了或撤了", "en": "changed or withdrawn since"}[lang]
        assert (told in panel.text()) == bool(gone)
    assert item in store.export()
    current.lang = "zh"
    through(quiz(LESSON, "before"))
    through(quiz(LESSON, "after"))


# ---- coming back, and starting anew --------------------------------------------------------------------------------


def reloaded():
    """A page opened anew: another kernel, which knows nobody."""
    learner.code = ""
    return join(), quiz(LESSON, "before")


def test_a_reload_brings_a_learner_back_to_their_place_by_itself():
    door, panel = reloaded()
    door._press("enter")
    panel._press("begin")
    for _ in range(3):
        answer(panel)
    kept, identity = door.kept, door.class_id
    assert kept == learner.code
    door, panel = reloaded()
    assert (door.kept, door.class_id) == ("", identity)
    door._heard(door, {"kind": "recall", "code": kept}, [])
    assert learner.code == door.kept == kept
    assert "第4题" in panel.text()
    assert class_file().students() == 1


@pytest.mark.parametrize("code", ["ZZZZZZZZ", "", "<b>", "'; drop table student; --", "1" * 10_000])
def test_a_code_of_another_class_is_forgotten_by_the_browser(code):
    door, _ = reloaded()
    heard = []
    door.observe(lambda change: heard.append(change["new"]), "kept")
    door._heard(door, {"kind": "recall", "code": code}, [])
    assert learner.code == door.kept == ""
    assert not code or heard[-1] == ""
    assert names(door) == ["name", "enter", "code", "back"]


def test_a_browser_cannot_put_another_in_the_place_of_one_who_is_there():
    other = class_file().join()
    door, _ = reloaded()
    door._press("enter")
    own = learner.code
    door._heard(door, {"kind": "recall", "code": other}, [])
    assert learner.code == own


def test_who_starts_anew_without_having_done_anything_counts_once():
    door, _ = reloaded()
    for _ in range(3):
        door._press("enter")
        door._press("leave")
        assert (learner.code, door.kept) == ("", "")
    door._press("enter")
    assert class_file().students() == 1


def test_who_leaves_after_an_answer_stays_in_the_class_and_the_next_begins_at_the_beginning():
    door, panel = reloaded()
    play = seven_days()
    door._press("enter")
    panel._press("begin")
    answer(panel)
    play._press("do_explain")
    door._press("leave")
    assert names(panel) == ["begin"]
    assert "逾期第1天" in play.text()
    door._press("enter")
    assert class_file().students() == 2
    assert len(class_file().answers()) == 1


def test_alone_nothing_is_kept_by_the_browser(monkeypatch):
    monkeypatch.delenv("JIEBEI_CLASS")
    class_file.cache_clear()
    door, _ = reloaded()
    door._press("enter")
    assert (door.class_id, door.kept) == ("", "")


def test_the_door_is_the_panel_with_a_memory():
    """The panel's own script, its one export taken over: nothing of it is left out."""
    from jiebei_lib.show.lessons.door import Door
    from jiebei_lib.show.widget.panel import Panel

    assert Panel._esm.count("export default") == Door._esm.count("export default") == 1
    assert Panel._esm.replace("export default", "const panel =") in Door._esm


def test_the_gradebook_has_a_row_a_student_by_their_code():
    """Worked by hand: 12 right of 12 before, nothing after, one game played out; the second has only come in."""
    import csv
    import io

    from jiebei_lib.show.lessons.gradebook import BOM

    store = class_file()
    learner.code = first = store.join("小明")
    through(quiz(LESSON, "before"))
    play = seven_days()
    while do := next((name for name in names(play) if str(name).startswith("do_")), None):
        play._press(do)
    second = store.join()
    third = store.join()
    store.move(third, 1, 1, "explain")  # a game that is not finished has no points
    panel = class_board()
    panel.set(lesson=LESSON)
    sent = panel._presses["grades"](dict(panel.values), panel)
    assert sent.name == "grades-lesson_1.csv"
    assert sent.text.startswith(BOM)
    assert "小明" not in sent.text
    head, *rows = csv.reader(io.StringIO(sent.text.removeprefix(BOM)))
    assert head[0] == "续课码" and len(head) == 9
    points = best_path.points(game.play(seed(), store.played(first)[1])[-1]).total
    assert rows == [
        [first, "1", "12", "12", "", "", "", "", f"{points:.1f}"],
        [second, "2", *[""] * 7],
        [third, "3", *[""] * 7],
    ]


def test_a_game_that_can_no_longer_be_played_out_spoils_no_gradebook():
    store = class_file()
    code = store.join()
    for day in range(1, 8):
        store.move(code, 1, day, "a_choice_of_another_version")
    panel = class_board()
    assert code in panel._presses["grades"](dict(panel.values), panel).text


def test_a_student_is_taken_out_only_by_pressing_twice_for_the_same_number():
    store = class_file()
    codes = [store.join() for _ in range(3)]
    for code in codes:
        store.answer(code, LESSON, "before", CHOICE, 0)
        store.move(code, 1, 1, "explain")
    panel = class_board()
    panel.set(student=2)
    panel._press("remove")
    assert store.students() == 3
    panel.set(student=3)
    panel._press("remove")  # another number: asked anew
    assert store.students() == 3
    panel._press("remove")
    assert sorted(store.codes()) == [1, 2]
    assert {answer.student for answer in store.answers()} == {move.student for move in store.moves()} == {1, 2}
    assert panel.values["student"] is None
    panel._press("remove")
    assert "没有这个编号" in panel.status["text"]["zh"]
    learner.code = codes[2]  # whoever was taken out is told, and may join anew
    quizzed = quiz(LESSON, "before")
    quizzed._press("begin")
    assert learner.code == ""


def test_the_board_says_who_has_done_least():
    from jiebei_lib.show.lessons.board import shown

    store = class_file()
    first, _, third = (store.join() for _ in range(3))
    for name in [name for name, item in bank().items() if item["type"] == "choice"][:3]:
        store.answer(first, LESSON, "before", name, 0)
    for run, day in ((1, 1), (1, 2), (2, 1)):
        store.move(third, run, day, "explain")
    assert shown(LESSON, "before", "zh")["each"] == [(2, 0, 0, 0), (3, 0, 0, 1), (1, 3, 0, 0)]


def test_the_kernel_says_that_it_is_there_when_a_page_asks():
    door, _ = reloaded()
    sent = []
    door.send = lambda content, buffers=None: sent.append(content)
    door._heard(door, {"kind": "there"}, [])
    assert sent == [{"kind": "here"}]
    assert set(door.lost) == {"zh", "en"}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_game_says_how_it_stands_by_grade_as_the_case_itself_would(lang):
    from jiebei_lib import load_policy
    from jiebei_lib.core.assessment import answer
    from jiebei_lib.page.text import of_hundred, say

    current.lang = lang
    shown = seven_days().text()
    state = game.State(day=0, cash=0, communication=game.game()["borrower"].get("communication", "silent"), payments=())
    found = answer(game.case_of(state, game.DAYS), load_policy())
    grades = {
        say(f"case.first.known.{key}", lang, n=of_hundred(found["share"]), first=7)
        for key in ("nearly_all", "most", "split_above", "split_below", "few", "all")
    }
    assert any(said in shown for said in grades)
    current.lang = "zh"
