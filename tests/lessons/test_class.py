"""A class in the small: real servers, students by the protocol, a kill in the middle, and what a student must not reach."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import signal
import socket
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psutil
import pytest

from jiebei_lib.lessons import classroom
from jiebei_lib.lessons.classroom import kernels as kernels_module
from jiebei_lib.lessons.classroom import server
from jiebei_lib.lessons.store import ClassError, Store
from tests.lessons.students import KERNEL, Student, attend

pytest.importorskip("voila")
pytestmark = pytest.mark.slow


def in_a_thread(coroutine):
    """asyncio.run where no other loop runs: Playwright's may, in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def free_port() -> int:
    """A port that is free, and its two neighbours with it; from below those that the system gives to whoever asks for any."""
    while True:
        port = random.randrange(20_000, 30_000)
        with ExitStack() as held:
            try:
                for each in range(port, port + 3):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", each))
            except OSError:
                continue
        return port


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    with classroom.opened(
        "lesson_3", "127.0.0.1", free_port(), 2, tmp_path_factory.mktemp("class") / "c.sqlite", 2
    ) as now:
        yield now


def status(link: str, **headers: str) -> int:
    try:
        with urlopen(Request(link, headers=headers), timeout=30) as answer:
            return answer.status
    except HTTPError as error:
        return error.code


def test_students_answer_and_nothing_is_lost_when_the_server_is_killed(lesson):
    async def first() -> Student:
        student = Student(lesson.link)
        await student.enter()
        await student.press("before", "begin")
        for _ in range(3):
            await student.answer()
        return student

    in_a_thread(first())
    before = Store(lesson.file).answers()
    os.kill(lesson.students.process.pid, signal.SIGKILL)
    lesson.students.process.wait()
    assert Store(lesson.file).answers() == before
    assert len(before) == 3
    lesson.mend()
    again(lesson.link)
    students = in_a_thread(attend(lesson.link, 2))
    answers = Store(lesson.file).answers()
    assert answers[:3] == before
    assert len(answers) == 3 + sum(len(student.round_trips) for student in students) == 3 + 2 * 12
    assert len({(answer.student, answer.item) for answer in answers}) == len(answers)


def again(link: str) -> None:
    """Until the server that was started again answers."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        try:
            urlopen(link + "voila/static/", timeout=5)
        except HTTPError:
            return
        except OSError:
            time.sleep(0.3)
    raise AssertionError(link)


@pytest.mark.parametrize(
    "path",
    [
        "api/contents",
        "api/kernels",
        "api/sessions",
        "api/terminals",
        "terminals/websocket/1",
        "tree",
        "voila/tree",
        "voila/render/class_board.ipynb",
        "voila/render/class_screen.ipynb",
        "voila/files/lesson_3_repairing_credit.ipynb",
        "voila/files/..%2f..%2fpyproject.toml",
        "files/class.sqlite",
        "class_board.ipynb",
    ],
)
def test_a_student_reaches_nothing_but_the_lesson(lesson, path):
    """Refused, or sent to a place that is refused."""
    assert status(lesson.link + path) in (400, 403, 404, 405)


def test_the_board_opens_with_its_token_only(lesson):
    assert status(lesson.board) == 200
    bare = lesson.board.partition("?")[0]
    with urlopen(bare, timeout=30) as answer:
        page = answer.read().decode()
    assert "login" in answer.url
    assert "kernelId" not in page
    assert status(f"{bare}?token=wrong") == 403 or "login" in urlopen(f"{bare}?token=wrong", timeout=30).url
    assert re.match(r"http://127\.0\.0\.1:", lesson.board)


def test_a_student_can_run_no_code(lesson):
    """Every message that would run something is refused before it comes to the kernel."""

    async def attempt() -> list[str]:
        student = Student(lesson.link)
        await student.enter()
        for kind, content in (
            (
                "execute_request",
                {"code": "open('/tmp/pwned-by-a-student', 'w')", "silent": False, "allow_stdin": False},
            ),
            ("complete_request", {"code": "impo", "cursor_pos": 4}),
            ("inspect_request", {"code": "print", "cursor_pos": 5, "detail_level": 1}),
            ("history_request", {"hist_access_type": "tail", "n": 10, "raw": True, "output": False}),
        ):
            await student.send(kind, content)
        kinds = []
        end = time.monotonic() + 3
        while time.monotonic() < end:
            try:
                raw = await asyncio.wait_for(student.socket.read_message(), 0.5)
            except TimeoutError:
                continue
            if isinstance(raw, str):
                kinds.append(json.loads(raw)["header"]["msg_type"])
        return kinds

    assert not {"execute_reply", "complete_reply", "inspect_reply", "history_reply"} & set(in_a_thread(attempt()))
    assert not os.path.exists("/tmp/pwned-by-a-student")


def test_students_have_kernels_of_their_own_also_when_the_warm_ones_are_used_up(lesson):
    async def three() -> list[str]:
        pair = [Student(lesson.link) for _ in range(3)]
        for student in pair:
            await student.enter()
        return [student.kernel for student in pair]

    kernels = in_a_thread(three())
    assert len(set(kernels)) == 3
    assert status(f"{lesson.link}api/kernels/{uuid.uuid4()}") == 404


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("lesson_9", "127.0.0.1", 9000, 2), "lesson_9"),
        (("lesson_1", "127.0.0.1", 80, 2), "--port"),
        (("lesson_1", "127.0.0.1", 9000, 0), "--students"),
        (("lesson_1", "203.0.113.7", 9000, 2), "203.0.113.7"),
        (("lesson_1", "no such place", 9000, 2), "no such place"),
    ],
)
def test_a_class_that_cannot_be_is_refused_in_one_sentence(asked, said):
    with pytest.raises(ClassError) as error:
        classroom.check(*asked)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_port_in_use_is_refused():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ClassError, match="cannot be opened"):
            classroom.check("lesson_1", "127.0.0.1", taken.getsockname()[1], 2)


def test_a_kernel_that_died_before_its_student_came_is_given_to_nobody(tmp_path):
    """Also where it was started anew since: such a kernel has never seen the lesson."""
    file = tmp_path / "c.sqlite"
    with classroom.opened("lesson_3", "127.0.0.1", free_port(), 2, file, 2) as now:
        kernels = psutil.Process(now.students.process.pid).children()
        kernels[0].kill()
        time.sleep(4)  # Jupyter starts it again meanwhile
        kernels[1].kill()
        students = in_a_thread(attend(now.link, 2))
        assert len({student.kernel for student in students}) == 2
        assert len(Store(file).answers()) == 2 * 12


def test_a_page_learns_that_its_kernel_died_as_the_page_came_and_the_kernel_is_given_up(lesson):
    """Also where Jupyter has begun another under the same name, which has never seen the lesson."""
    student = Student(lesson.link)
    kernel = KERNEL.search(in_a_thread(student.page()))[1]
    assert status(f"{lesson.link}alive/{kernel}") == 204
    process_of(lesson, kernel).kill()
    end = time.monotonic() + 60
    while status(f"{lesson.link}alive/{kernel}") != 410:
        assert time.monotonic() < end
    assert status(f"{lesson.link}api/kernels/{kernel}") == 404
    assert status(f"{lesson.link}alive/{uuid.uuid4()}") == 410
    in_a_thread(Student(lesson.link).enter())


def process_of(open_class, kernel: str) -> psutil.Process:
    """The process of a kernel, which stands in its command line."""
    children = psutil.Process(open_class.students.process.pid).children()
    return next(each for each in children if kernel in " ".join(each.cmdline()))


def test_a_page_whose_kernel_never_started_is_not_taken_from_the_pool():
    async def dropped() -> list:
        async def made(render):
            return {"kernel_id": "gone", "task": render, "renderer": None}

        async def fail():
            raise RuntimeError("Kernel died before replying to kernel_info")

        manager = kernels_module.ClassKernels()
        renders = [asyncio.ensure_future(fail()), asyncio.ensure_future(asyncio.sleep(0))]
        pool = [asyncio.ensure_future(made(each)) for each in renders] + [asyncio.ensure_future(fail())]
        manager._pools = {"lesson": pool}
        await asyncio.wait([*renders, *pool])
        await manager.drop_broken()
        return manager._pools["lesson"]

    assert in_a_thread(dropped()) == []


def test_a_page_that_breaks_off_says_so_and_asks_again(monkeypatch):
    async def breaks_off(self, *given, **more):
        yield "<head>", {}
        raise RuntimeError("Kernel died")

    async def page() -> str:
        renderer = server.ClassRenderer.__new__(server.ClassRenderer)
        return "".join([each async for each, _ in renderer.generate_content_generator()])

    monkeypatch.setattr(server.NotebookRenderer, "generate_content_generator", breaks_off)
    found = in_a_thread(page())
    assert found.startswith("<head>")
    assert "http-equiv='refresh'" in found and "没有打开" in found and "could not be opened" in found
