"""Pages without kernels: the same lesson for many in one program; small, private to each, and not spoiled by a lost line."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import os
import re
import signal
import time
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psutil
import pytest
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClosedError, websocket_connect

from jiebei_lib.lessons import classroom
from jiebei_lib.lessons.store import Store
from tests.lessons.students import PageStudent, attend
from tests.lessons.test_class import free_port, in_a_thread, status

pytestmark = pytest.mark.slow
LIGHT = 300_000  # bytes that a student's page may be, all that it asks for included
JUNK = [
    None,
    True,
    -1,
    "x" * 2000,
    [[]] * 50,
    {"a": {"b": {}}},
    "'; drop table answer;--",
    "\x00",
    ["a", 3],
    10**20,
    "a",
]


def opened(folder, lesson="lesson_3", students=4):
    return classroom.opened(lesson, "127.0.0.1", free_port(), students, folder / "c.sqlite", kernels=False)


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("pages"), students=8) as now:
        yield now


def test_many_answer_at_once_and_each_answer_is_kept_once(pages):
    students = in_a_thread(attend(pages.link, 6, kind=PageStudent))
    answers = Store(pages.file).answers()
    assert len(answers) == 6 * 12 == len({(answer.student, answer.item) for answer in answers})
    assert len({student.key for student in students}) == 6
    assert pages.kernels() == []


def test_two_at_once_have_a_place_and_a_language_of_their_own(pages):
    async def two() -> list:
        pair = [PageStudent(pages.link) for _ in range(2)]
        for student in pair:
            await student.enter()
        switch = next(name for name in pair[0].models if "chosen" in pair[0].state[name])
        data = {"method": "update", "state": {"lang": "en"}, "buffer_paths": []}
        await pair[0].send("comm_msg", {"comm_id": switch, "data": data})
        await pair[0].press("before", "begin")
        return [
            [student.state[student.panel("before")]["page"]["lang"], len(student.fields("before"))] for student in pair
        ]

    (first, begun), (second, not_begun) = in_a_thread(two())
    assert (first, second) == ("en", "zh")
    assert begun > not_begun == 1


def test_what_was_pressed_before_the_line_broke_counts_once(pages):
    async def lost() -> tuple[PageStudent, int, str]:
        student = PageStudent(pages.link)
        await student.enter()
        await student.press("before", "begin")
        await student.answer()
        for _ in range(2):
            number, key = student.sent, student.key
            data = {"method": "custom", "content": {"kind": "press", "name": "submit"}}
            await student.send("comm_msg", {"comm_id": student.panel("before"), "data": data})
            await student.lose()
            await asyncio.sleep(0.3)
            await student.connect()
            await student.until(lambda: not student.unheard)
            assert (student.sent, student.key) == (number + 1, key)
        return student, len(student.round_trips), student.state[student.panel("before")]["fields"][0]["name"]

    before = len(Store(pages.file).answers())
    _, _, shown = in_a_thread(lost())
    assert len(Store(pages.file).answers()) == before + 3
    assert shown.startswith("answer_3")


def test_a_killed_server_loses_nothing_and_the_code_leads_back(tmp_path):
    async def first(link: str) -> str:
        student = PageStudent(link)
        await student.enter()
        await student.press("before", "begin")
        for _ in range(3):
            await student.answer()
        return next(state["kept"] for state in student.state.values() if state.get("kept"))

    async def back(link: str, code: str) -> str:
        gone = PageStudent(link, key="a-place-of-before")
        with pytest.raises(ConnectionError):
            await gone.connect()
        student = PageStudent(link)
        await student.enter()
        door = next(name for name in student.models if "kept" in student.state[name])
        await student.send(
            "comm_msg", {"comm_id": door, "data": {"method": "custom", "content": {"kind": "recall", "code": code}}}
        )
        await student.until(lambda: student.fields("before")[0]["name"] != "begin")
        return student.fields("before")[0]["name"]

    with opened(tmp_path) as now:
        code = in_a_thread(first(now.link))
        before = Store(now.file).answers()
        os.kill(now.students.process.pid, signal.SIGKILL)
        now.students.process.wait()
        now.mend()
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                urlopen(now.link, timeout=5)
                break
            except OSError:
                time.sleep(0.2)
        assert in_a_thread(back(now.link, code)).startswith("answer_3")
        assert Store(now.file).answers() == before and len(before) == 3
        assert Store(now.file).students() == 1


@pytest.mark.parametrize("lesson", ["lesson_1", "lesson_2", "lesson_3"])
def test_a_students_page_is_light(lesson, tmp_path):
    """All that a browser asks for until the lesson stands, as it goes over the line."""
    with opened(tmp_path, lesson, 1) as now:
        page = fetched(now.link)
        text = gzip.decompress(page).decode()
        total = len(page) + len(fetched(now.link + re.search(r'src="(m/[^"]+)"', text)[1]))

        async def hello() -> list:
            student = PageStudent(now.link)
            heard = []
            student.hear = heard.append  # as it came
            student.socket = await websocket_connect(now.link.replace("http", "ws", 1) + "line")
            return [await student.socket.read_message()]

        (raw,) = in_a_thread(hello())
        files = {each for panel in json.loads(raw)["panels"] for each in (panel["module"], panel["style"])}
        total += len(raw.encode()) + sum(len(fetched(now.link + each)) for each in files)
    assert total < LIGHT
    assert "http://" not in re.sub(r"http://www\.w3\.org", "", text) and "https://" not in text


def fetched(link: str) -> bytes:
    with urlopen(Request(link, headers={"Accept-Encoding": "gzip"}), timeout=30) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        return answer.read()


@pytest.mark.parametrize(
    "path",
    [
        "api/kernels",
        "m/0000",
        "m/..%2f..%2fpyproject.toml",
        "line.js",
        "page.html",
        "voila/static/",
        "class_board.ipynb",
    ],
)
def test_a_student_reaches_nothing_but_the_lesson(pages, path):
    assert status(pages.link + path) == 404


@pytest.mark.parametrize(("host", "let_in"), [("rebind.evil.example", False), ("localhost", True), ("192.0.2.7", True)])
def test_a_name_that_is_not_this_machines_is_refused(pages, host, let_in):
    port = pages.link.rstrip("/").rpartition(":")[2]
    assert status(pages.link, Host=f"{host}:{port}") == (200 if let_in else 403)


def test_no_other_page_may_speak_for_a_student(pages):
    async def attempt(headers: dict[str, str]) -> bool:
        try:
            await websocket_connect(HTTPRequest(pages.link.replace("http", "ws", 1) + "line", headers=headers))
        except Exception:
            return False
        return True

    for headers in (
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://evil.example", "Host": "evil.example"},
    ):
        assert not in_a_thread(attempt(headers))


def sent_with(junk) -> list[dict]:
    names = ("values", "fields", "page", "kept", "lang")
    contents = (junk, {"kind": junk}, {"kind": "press", "name": junk}, {"kind": "recall", "code": junk})
    return [{"state": junk}, {"state": dict.fromkeys(names, junk)}, *({"content": each} for each in contents)]


def test_hostile_messages_leave_the_class_as_it_was(tmp_path):
    async def attempt(link: str) -> list[str]:
        student, heard = PageStudent(link), []
        await student.enter()
        for text in (
            "",
            "{",
            "[]",
            "null",
            "[" * 20_000,
            '{"n":1}',
            '{"n":"1","id":"x"}',
            json.dumps({"n": 1, "id": "x" * 9000}),
        ):
            await student.socket.write_message(text)
        for model in list(student.models):
            for junk in JUNK:
                for said in sent_with(junk):
                    student.sent += 1
                    await student.socket.write_message(json.dumps({"n": student.sent, "id": model} | said))
                    await asyncio.sleep(0.013)
        end = time.monotonic() + 2
        while time.monotonic() < end:
            try:
                raw = await asyncio.wait_for(student.socket.read_message(), 0.5)
            except TimeoutError:
                break
            if raw is None:
                break
            heard.append(raw if isinstance(raw, str) else raw.decode("utf-8", "replace"))
        return heard

    with opened(tmp_path) as now:
        heard = in_a_thread(attempt(now.link))
        assert heard
        assert not [raw for raw in heard if "Traceback" in raw or "site-packages" in raw or str(classroom.HERE) in raw]
        answers = len(Store(now.file).answers())
        in_a_thread(attend(now.link, 2, kind=PageStudent))
        assert len(Store(now.file).answers()) == answers + 24


def test_a_flood_ends_its_own_line_and_no_other(pages):
    async def flood() -> bool:
        other, student = PageStudent(pages.link), PageStudent(pages.link)
        await other.enter()
        await student.enter()
        with contextlib.suppress(WebSocketClosedError):  # the line may end while there is still something to send
            for n in range(1500):
                await student.socket.write_message(
                    json.dumps({"n": n + 1, "id": student.models[0], "content": {"kind": "x"}})
                )
        while await student.socket.read_message() is not None:
            pass
        await other.press("before", "begin")
        return student.socket.close_code in (1008, None)  # none where the line was cut before the reason had arrived

    assert in_a_thread(flood())


def test_who_comes_when_all_places_are_taken_is_told_so_and_gets_the_one_that_is_left(tmp_path, monkeypatch):
    from jiebei_lib.lessons.classroom import pages as served

    async def taken() -> None:
        room = served.Room(served.Lesson(classroom.notebooks() / "lesson_3_repairing_credit.ipynb"), 2)
        first, second = room.sit("", "10.0.0.1"), room.sit("", "10.0.0.2")
        for place in (first, second):
            place.line = Heard()
        assert not room.free() and room.sit("", "10.0.0.3") is None
        assert room.sit("no such place", "10.0.0.3") is None
        first.line, first.since = None, time.monotonic()
        assert not room.free()  # its reader may come back in a moment
        first.since -= served.LEFT_SECONDS + 1
        assert room.free()
        third = room.sit("", "10.0.0.3")
        assert third is not None and first.key not in room.taken and first.panels == {}
        assert room.sit(second.key, "10.0.0.2") is second

    class Heard:
        def tell(self, *_):
            pass

        def close(self, *_):
            pass

    monkeypatch.setenv("JIEBEI_CLASS", str(tmp_path / "c.sqlite"))
    monkeypatch.setattr(served.comm, "create_comm", served.PanelComm)
    in_a_thread(taken())


def test_memory_and_files_are_given_back(tmp_path):
    async def come_and_go(link: str, times: int) -> None:
        for _ in range(times):
            student = PageStudent(link)
            await student.enter()
            student.socket.close()

    with opened(tmp_path, students=1) as now:
        server = psutil.Process(now.students.process.pid)
        in_a_thread(come_and_go(now.link, 3))
        before = server.num_fds()
        in_a_thread(come_and_go(now.link, 1))
        assert server.num_fds() <= before + 4
        assert server.memory_info().rss < 300 << 20


def test_a_page_may_open_a_line_to_where_it_comes_from_and_nowhere_else(pages):
    with urlopen(pages.link, timeout=30) as answer:
        policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    host = pages.link.removeprefix("http://").rstrip("/")
    assert policy["connect-src"] == f"'self' ws://{host} wss://{host}"
    assert policy["script-src"] == "'self' blob:" and policy["default-src"] == "'self'"


def test_who_comes_beyond_what_was_announced_gets_one_sentence(tmp_path):
    async def come(link: str, number: int) -> list[PageStudent]:
        students = [PageStudent(link) for _ in range(number)]
        for student in students:
            await student.enter()
        with pytest.raises(HTTPError) as refused:
            await asyncio.to_thread(urlopen, Request(link), timeout=30)
        page = refused.value.read().decode()
        assert refused.value.code == 503 and "Refresh" in refused.value.headers
        assert "位子都坐满了" in page and "Every place" in page
        await students[0].press("before", "begin")  # those who are in go on
        return students

    with opened(tmp_path, students=2) as now:
        in_a_thread(come(now.link, 2 + classroom.SPARE))
