"""The class file under attack: a full disk, a locked file, a class emptied under its students, guessed codes, a student who floods it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from jiebei_lib.lessons import learner as learners
from jiebei_lib.lessons import store as stores
from jiebei_lib.lessons.bank import bank
from jiebei_lib.lessons.store import ClassError, Store
from tests.attack.disks import disk

LESSON = "lesson_1"
CHOICES = [name for name, item in bank().items() if item["type"] == "choice"]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "class.sqlite"


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass only when told to."""
    now = [1000.0]
    monkeypatch.setattr(stores.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(stores.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    return now


def test_only_its_owner_reads_a_class_file(path):
    store = Store(path)
    store.join("Ann")
    for file in path.parent.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file.name
    os.chmod(path, 0o644)
    Store(path)
    assert path.stat().st_mode & 0o077 == 0


def test_a_code_has_eight_characters_and_may_be_typed_in_groups(path):
    store = Store(path)
    code = store.join()
    assert len(code) == 8
    assert store.known(f" {code[:4].lower()}-{code[4:]} ") == code


def test_wrong_codes_are_looked_at_after_a_growing_pause(path, clock):
    store = Store(path)
    code = store.join()
    pauses, begun = [], clock[0]
    while len(pauses) < 9:
        with pytest.raises(ClassError) as said:
            store.known("AAAAAAAA")
        if "nobody has the code" in str(said.value):  # it was looked at
            pauses.append(clock[0] - begun)
            begun = clock[0]
        else:
            clock[0] += 0.5
    assert pauses[: stores.FREE_GUESSES] == [0] * stores.FREE_GUESSES
    assert pauses == sorted(pauses) and pauses[-1] > 20
    with pytest.raises(ClassError, match=r"wait \d+ seconds"):
        store.known(code)
    clock[0] += stores.LONGEST_PAUSE
    assert store.known(code) == code


def test_one_learner_cannot_flood_the_file(path, clock):
    store = Store(path, paced=True)
    code = store.join()
    kept = 0
    with pytest.raises(ClassError, match="too fast"):
        for n in range(1000):
            store.move(code, 1 + n // 7, 1 + n % 7, "ignore")
            kept += 1
    assert kept == stores.BURST
    clock[0] += 10
    for n in range(20):
        store.move(code, 50, n, "ignore")
    with pytest.raises(ClassError, match="too fast"):
        store.move(code, 50, 99, "ignore")
    clock[0] += 1000
    with pytest.raises(ClassError, match="no more are kept"):
        store.move(code, stores.GAMES + 1, 1, "ignore")


def test_after_everything_is_deleted_no_open_page_writes_rows_that_nobody_sees(path):
    page, teacher = Store(path, paced=True), Store(path)
    code = page.join("Ann")
    page.answer(code, LESSON, "before", CHOICES[0], 0)
    teacher.delete_all()
    for write in (
        lambda: page.answer(code, LESSON, "before", CHOICES[1], 0),
        lambda: page.move(code, 1, 1, "ignore"),
        lambda: page.name_call(code, 1, "x", "none", True),
        lambda: page.number(code),
    ):
        with pytest.raises(ClassError, match="join anew"):
            write()
    with sqlite3.connect(path) as file:
        for table in ("answer", "move", "named", "student"):
            assert file.execute(f"select count(*) from {table}").fetchone() == (0,)


def test_a_learner_of_an_emptied_class_joins_anew(path, monkeypatch):
    monkeypatch.setenv(learners.FILE, str(path))
    learners.class_file.cache_clear()
    one = learners.Learner()
    first = one.enter()
    Store(path).delete_all()
    with pytest.raises(ClassError, match="join anew"):
        one.enter()
    assert one.code == ""
    assert one.enter() != first
    learners.class_file.cache_clear()


def test_all_deleted_is_said_only_when_it_is_true(path, clock):
    """A reader who began before keeps the names in SQLite's log: that is said, and pressing again once they are done deletes them."""
    store = Store(path)
    code = store.join("阿毛毛毛")
    store.answer(code, LESSON, "before", CHOICES[0], 0)
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("begin")
    reader.execute("select * from student").fetchall()
    # Not the thirty seconds that SQLite would wait for its turn
    store._local.file.execute("pragma busy_timeout = 50")
    with pytest.raises(ClassError, match="a program still reads"):
        store.delete_all()
    reader.execute("rollback")
    store.delete_all()
    left = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert code.encode() not in left and "阿毛毛毛".encode() not in left


def test_a_locked_file_is_one_sentence_and_the_answer_may_be_sent_again(path):
    store = Store(path)
    code = store.join()
    store._local.file.execute("pragma busy_timeout = 50")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("begin immediate")
    for call in (
        lambda: store.answer(code, LESSON, "before", CHOICES[0], 0),
        store.check,
        store.delete_all,
        store.join,
    ):
        with pytest.raises(ClassError, match=r"not kept \(database is locked\)"):
            call()
    other.execute("rollback")
    assert store.answer(code, LESSON, "before", CHOICES[0], 0).right
    assert len(store.answers()) == 1


def test_a_file_that_is_damaged_or_gone_is_one_sentence(path):
    store = Store(path)
    store.join()
    with path.open("r+b") as file:
        file.seek(0)
        file.write(b"\0" * 8192)
    for left in (path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        left.unlink(missing_ok=True)
    with pytest.raises(ClassError):
        Store(path).join()


@pytest.fixture
def small(tmp_path):
    """A disk of three megabytes."""
    with disk(tmp_path / "small", 3 * 2**20) as mount:
        yield mount


def test_a_full_disk_is_one_sentence_and_loses_nothing(small):
    path = small / "c.sqlite"
    store = Store(path)
    code = store.join()
    accepted = [CHOICES[0]]
    store.answer(code, LESSON, "before", CHOICES[0], 0)
    with (small / "fill").open("wb", buffering=0) as fill:
        try:
            while True:
                fill.write(b"x" * 4096)
        except OSError:
            pass
    refused = 0
    for phase in ("after", "practice"):
        for name in CHOICES:
            try:
                store.answer(code, LESSON, phase, name, 0)
                accepted.append(name)
            except ClassError as failure:
                assert "was not kept" in str(failure)
                refused += 1
            if refused > 2:
                break
    assert refused
    with pytest.raises(ClassError, match="was not kept"):
        store.check()
    assert len(store.answers()) == len(accepted)  # what was said to be kept is kept, and can be read
    (small / "fill").unlink()
    store.check()
    store.answer(code, LESSON, "before", CHOICES[1], 0)
    assert len(store.answers()) == len(accepted) + 1


def test_a_full_disk_is_told_once_in_the_teachers_terminal_and_so_is_its_end(small, monkeypatch):
    from jiebei_lib.lessons import classroom

    path, looks, heard = small / "c.sqlite", iter(range(8)), []
    Store(path).join()

    def pause(seconds: float) -> None:
        """Between looks: the disk fills after the second, and has room again after the fifth."""
        match next(looks):
            case 1:
                with (small / "fill").open("wb", buffering=0) as fill, contextlib.suppress(OSError):
                    while True:
                        fill.write(b"x" * 4096)
            case 4:
                (small / "fill").unlink()
            case 7:
                raise KeyboardInterrupt

    opened = classroom.Class.__new__(classroom.Class)
    opened.file = path
    monkeypatch.setattr(classroom.Class, "mend", lambda self, told: None)
    monkeypatch.setattr(stores, "PAUSE", 0.0)
    monkeypatch.setattr(
        classroom.time, "sleep", lambda seconds: pause(seconds) if seconds == classroom.LOOK_SECONDS else None
    )
    opened.last(fault=heard.append)
    assert len(heard) == 2
    assert "was not kept" in heard[0].say("en") and "disk" in heard[0].say("en")
    assert heard[1] is None


def test_one_failed_look_does_not_stop_the_board(path, monkeypatch):
    from jiebei_lib.show.lessons import board

    monkeypatch.setenv(learners.FILE, str(path))
    learners.class_file.cache_clear()
    monkeypatch.setattr(board, "EVERY", 0.02)

    async def until(come) -> None:
        async with asyncio.timeout(60):
            while not come():
                await asyncio.sleep(0.01)

    async def watch() -> dict:
        panel = board.class_board()
        await until(lambda: panel._turn)
        with monkeypatch.context() as failed:
            for what in ("students", "check"):
                failed.setattr(Store, what, failing)
            await until(lambda: panel.status)
            told, before = dict(panel.status), panel._turn
        await until(lambda: panel._turn > before + 1 and not panel.status)
        return told

    def failing(self):
        raise ClassError(stores.Problem("class_store", "c.sqlite", {"value": "database or disk is full"}))

    async def quiet():
        asyncio.get_running_loop().set_exception_handler(lambda _, what: print(what))
        return await watch()

    # In a thread of its own: a browser of an earlier test may have left a loop that runs in this one
    with ThreadPoolExecutor(1) as beside:
        told = beside.submit(lambda: asyncio.run(quiet())).result()
    assert "disk is full" in told["text"]["en"]
    learners.class_file.cache_clear()


WRITER = """
import sys
from jiebei_lib.lessons.bank import bank
from jiebei_lib.lessons.store import Store
store = Store(sys.argv[1]); choices = [name for name, item in bank().items() if item["type"] == "choice"]
print("ready", flush=True)
while True:
    code = store.join("n"); print(f"S {code}", flush=True)
    for phase in ("before", "after", "practice"):
        for name in choices:
            store.answer(code, "lesson_1", phase, name, 0); print(f"A {code}:lesson_1:{phase}:{name}", flush=True)
"""


@pytest.mark.slow
def test_killed_writers_lose_and_double_nothing_that_was_accepted(path):
    """Three rounds of three writers, each killed at another moment."""
    import random
    import time

    rng, accepted = random.Random(5), set()
    for _ in range(3):
        writers = [
            subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
            for _ in range(3)
        ]
        for writer in writers:
            writer.stdout.readline()
        lines: list[str] = []
        threads = [
            threading.Thread(
                target=lambda w=w, lines=lines: lines.extend(line.strip() for line in w.stdout if line.endswith("\n"))
            )
            for w in writers
        ]
        for thread in threads:
            thread.start()
        time.sleep(rng.uniform(0.05, 0.5))
        for writer in writers:
            writer.kill()
            writer.wait()
        for thread in threads:
            thread.join()
        accepted |= set(lines)
    with sqlite3.connect(path) as file:
        assert file.execute("pragma integrity_check").fetchone() == ("ok",)
        answers = [f"A {row[0]}" for row in file.execute("select id from answer")]
        students = [f"S {row[0]}" for row in file.execute("select code from student")]
        numbers = [row[0] for row in file.execute("select number from student")]
    assert accepted <= {*answers, *students} and len(accepted) > 9
    assert len(set(answers)) == len(answers) and len(set(numbers)) == len(numbers)
