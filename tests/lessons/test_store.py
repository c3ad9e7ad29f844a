"""The class file: many writers, nothing lost or doubled, a kill in the middle, everything deleted, nothing personal."""

from __future__ import annotations

import csv
import io
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiebei_lib.lessons import board
from jiebei_lib.lessons.bank import bank
from jiebei_lib.lessons.store import CODE, ClassError, Store, checked_name

LESSON = "lesson_1"
CHOICES = [name for name, item in bank().items() if item["type"] == "choice"]


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "class.sqlite")


def test_first_answer_stands_and_counts_once(store):
    code = store.join("小明")
    assert store.answer(code, LESSON, "before", CHOICES[0], 1).right is False
    assert store.answer(code, LESSON, "before", CHOICES[0], 0).right is False
    assert [answer.response for answer in store.answers()] == [1]
    assert store.answer(code, LESSON, "after", CHOICES[0], 0).right is True
    assert len(store.answers()) == 2


def test_a_kept_answer_that_fits_its_question_no_more_still_stands(store):
    """The question was changed after it was answered: a second answer neither takes its place nor breaks anything."""
    code = store.join()
    store.answer(code, LESSON, "before", CHOICES[0], 1)
    store._write("update answer set response = ?", ("[2, 1]",))
    found = store.answer(code, LESSON, "before", CHOICES[0], 0)
    assert (found.right, found.reveals, found.feedback) == (False, [], [])
    assert [answer.response for answer in store.answers()] == [[2, 1]]


@pytest.mark.parametrize(
    "call",
    [("before", "no_such", 0), ("sometime", CHOICES[0], 0), ("before", CHOICES[0], 7), ("before", CHOICES[0], "0")],
)
def test_what_cannot_be_is_refused_and_not_kept(store, call):
    code = store.join()
    with pytest.raises((ValueError, TypeError)):
        store.answer(code, LESSON, *call)
    assert store.answers() == []


def test_codes_are_the_way_back_in(store):
    code = store.join()
    assert len(code) == CODE
    assert store.known(f" {code.lower()} ") == code
    with pytest.raises(ClassError, match="nobody has the code"):
        store.known("'; drop table student; --")
    assert store.students() == 1


def test_everything_is_there_for_the_next_opening(store, tmp_path):
    code = store.join()
    store.answer(code, LESSON, "before", CHOICES[0], 2)
    store.move(code, 1, 1, "explain")
    store.move(code, 1, 1, "ignore")
    again = Store(tmp_path / "class.sqlite")
    assert again.done(code, LESSON, "before") == {CHOICES[0]: 2}
    assert again.played(code) == (1, ["explain"])
    assert again.setting("seed", "5") == again.setting("seed", "9") == "5"


@pytest.mark.parametrize("name", ["13800138000", "138 0013 8000", "a" * 13, "a\x00b"])
def test_nicknames_hold_nothing_personal(name):
    with pytest.raises(ClassError, match="nickname"):
        checked_name(name)


@pytest.mark.parametrize("name", ["", "小明", "  Ann  B ", "3号"])
def test_usual_nicknames_pass(name):
    assert checked_name(name) == " ".join(name.split())


def test_export_has_neither_code_nor_nickname(store):
    code = store.join("小明")
    store.answer(code, LESSON, "before", CHOICES[0], 1)
    store.move(code, 1, 1, "explain")
    store.name_call(code, 1, "night_call", "night", True)
    text = store.export()
    assert code not in text
    assert "小明" not in text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["kind"] for row in rows] == ["answer", "move", "named"]
    assert {row["student"] for row in rows} == {"1"}


def test_deleting_leaves_nothing_in_the_file(store, tmp_path):
    code = store.join("阿毛毛毛")
    for item in CHOICES:
        store.answer(code, LESSON, "before", item, 1)
    store.delete_all()
    assert store.students() == 0
    assert store.answers() == []
    left = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert code.encode() not in left
    assert "阿毛毛毛".encode() not in left


def test_many_writers_at_once_lose_and_double_nothing(store, tmp_path):
    def student(repeat):
        mine = Store(tmp_path / "class.sqlite")
        code = mine.join()
        for item in CHOICES[:10]:
            for _ in range(repeat):
                mine.answer(code, LESSON, "before", item, 0)

    threads = [threading.Thread(target=student, args=(1 + n % 2,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = Counter((answer.student, answer.item) for answer in store.answers())
    assert len(found) == 200
    assert set(found.values()) == {1}


WRITER = """
import sys
from jiebei_lib.lessons.bank import bank
from jiebei_lib.lessons.store import Store
store = Store(sys.argv[1])
code = store.join()
for phase in ("before", "after", "practice"):
    for name, item in bank().items():
        if item["type"] == "choice":
            store.answer(code, "lesson_1", phase, name, 0)
            print(f"{code}:lesson_1:{phase}:{name}", flush=True)
"""


def test_killed_writers_lose_nothing_that_was_accepted(store, tmp_path):
    path = str(tmp_path / "class.sqlite")
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    first = [writer.stdout.readline() for writer in writers]  # all are at work
    time.sleep(0.05)
    for writer in writers:
        os.kill(writer.pid, signal.SIGKILL)
    accepted = [line.strip() for line in first]
    for writer in writers:
        # A line cut off by the kill was not seen whole.
        accepted += [line.strip() for line in writer.stdout if line.endswith("\n")]
        writer.wait()
    with sqlite3.connect(path) as file:
        assert file.execute("pragma integrity_check").fetchone() == ("ok",)
        kept = [row[0] for row in file.execute("select id from answer")]
    assert set(accepted) <= set(kept)
    assert len(kept) == len(set(kept))
    code = store.join()
    store.answer(code, LESSON, "before", CHOICES[0], 0)
    assert len(store.answers()) == len(kept) + 1


def test_a_file_that_cannot_be_is_one_sentence(tmp_path):
    with pytest.raises(ClassError, match="cannot be written"):
        Store(tmp_path / "no" / "such" / "folder.sqlite")
    (tmp_path / "not.sqlite").write_text("hello " * 1000)
    with pytest.raises(ClassError, match="cannot be written"):
        Store(tmp_path / "not.sqlite")


# ---- the board -----------------------------------------------------------------------------------------------------


def test_gain_of_known_numbers():
    """Differences 0.1, 0.2, 0.3: mean 0.2, standard error 0.1 / sqrt(3), t(2) = 4.3027."""
    found = board.gain_of([(0.5, 0.6), (0.5, 0.7), (0.5, 0.8)])
    assert found.change == pytest.approx(0.2)
    assert found.low == pytest.approx(0.2 - 4.3027 * 0.1 / 3**0.5, abs=1e-4)
    assert not found.sure
    assert board.gain_of([(0.5, 0.6)]).low is None


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=3, max_size=40))
def test_gain_lies_within_its_bounds_and_turns_with_the_order(pairs):
    found, turned = board.gain_of(pairs), board.gain_of([(b, a) for a, b in pairs])
    assert found.low - 1e-9 <= found.change <= found.high + 1e-9
    assert turned.change == pytest.approx(-found.change)
    assert turned.low == pytest.approx(-found.high)


def test_board_counts_what_was_done(store):
    codes = [store.join() for _ in range(4)]
    for n, code in enumerate(codes):
        for item in CHOICES[:2]:
            store.answer(code, LESSON, "before", item, 1)
            if n < 3:
                store.answer(code, LESSON, "after", item, 0)
        for day, choice in enumerate(["explain", "rest"], 1):
            store.move(code, 1, day, choice)
    store.move(codes[0], 2, 1, "ignore")
    assert board.progress(store, LESSON, 2) == {
        "joined": 4, "before_begun": 4, "before_done": 4, "after_begun": 3, "after_done": 3, "played": 0,
    }  # fmt: skip
    assert board.gain(store, LESSON, 2).change == 1
    assert board.gain(store, LESSON, 2).students == 3
    worst = board.spreads(store, LESSON, "before")[0]
    assert (worst.answered, worst.right, worst.given) == (4, 0, {1: 4})
    shown = [row for row in board.misconceptions(store, LESSON) if row[0] == bank()[CHOICES[0]]["wrong"][0]["reveals"]]
    assert shown[0][1:] == (4, 0)
    assert board.paths(store)[1] == Counter(explain=4)
    assert board.gain(store, "another", 2) is None


def test_without_a_file_answers_stay_in_memory():
    one, other = Store(), Store()
    code = one.join()
    one.answer(code, LESSON, "practice", CHOICES[0], 0)
    assert len(one.answers()) == 1
    assert other.answers() == []
