"""A class on a network: nothing of it outlives its teacher's terminal, and no one student keeps the others out."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import uuid
from urllib.parse import urlsplit

import psutil
import pytest
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClosedError, websocket_connect

from jiebei_lib.lessons import classroom
from jiebei_lib.lessons.classroom import guard, machine
from tests.attack.test_hostile_folders import COMMAND, hostile  # noqa: F401
from tests.lessons.students import Student
from tests.lessons.test_class import free_port, in_a_thread

pytest.importorskip("voila")


def ask(link: str, path: str = "/", headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], str]:
    to = urlsplit(link)
    line = http.client.HTTPConnection(to.hostname, to.port, timeout=60)
    try:
        line.request("GET", path, headers=headers or {})
        answer = line.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read().decode("utf-8", "replace")
    finally:
        line.close()


# ---- how it ends ---------------------------------------------------------------------------------------------------


def begun(folder, port, *until):
    """A class begun as from a terminal, and every process of it, as soon as ``until`` is said (at once if nothing is)."""
    command = [
        *COMMAND,
        "class",
        "lesson_3",
        "--students",
        "1",
        "--port",
        str(port),
        "--file",
        str(folder / "c.sqlite"),
    ]
    environment = {**os.environ, "PYTHONPATH": str(classroom.HERE.parent), "JIEBEI_LANG": "en", "PYTHONUNBUFFERED": "1"}
    parent = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    said = ""
    for mark in until:
        while mark not in said:
            line = parent.stdout.readline()
            assert line, said
            said += line
    return parent, said


def all_of(parent) -> list[psutil.Process]:
    return psutil.Process(parent.pid).children(recursive=True)


def gone(processes, seconds=15.0) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    alive = [each for each in alive if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]
    for each in alive:
        each.kill()
    return not alive


@pytest.mark.slow
@pytest.mark.parametrize("how", ["SIGHUP", "SIGKILL"])
def test_servers_and_kernels_end_with_their_parent(tmp_path, how):
    parent, said = begun(tmp_path, free_port(), "Ctrl+C ends the class")
    token = re.search(r"token=(\S+)", said)[1]
    family = all_of(parent)
    assert len(family) >= 3  # two servers and a kernel
    lines = [" ".join([*each.cmdline(), *each.environ().values()]) for each in family]
    assert not [line for line in lines if token in line], "the board's token stands where other users can read it"
    assert oct((tmp_path / "c.sqlite").stat().st_mode & 0o777) == "0o600"
    parent.send_signal(getattr(signal, how))
    parent.wait(30)
    assert gone(family)


@pytest.mark.slow
@pytest.mark.parametrize("wait", [0.5, 3.0])
def test_a_class_that_is_ended_while_it_opens_leaves_nothing(tmp_path, wait):
    parent, _ = begun(tmp_path, free_port(), "Preparing")
    time.sleep(wait)
    family = all_of(parent)
    parent.send_signal(signal.SIGTERM)
    family += all_of(parent)
    parent.wait(40)
    assert gone(family)
    assert "Traceback" not in parent.stdout.read()


@pytest.mark.slow
def test_no_module_or_setting_of_the_folder_is_taken(hostile):  # noqa: F811
    parent, _ = begun(hostile, free_port(), "Ctrl+C ends the class")
    family = all_of(parent)
    parent.send_signal(signal.SIGINT)
    parent.wait(40)
    assert gone(family)
    assert not (hostile / "ran").exists()


# ---- one student among others --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    file = tmp_path_factory.mktemp("attacked") / "c.sqlite"
    with classroom.opened("lesson_3", "127.0.0.1", free_port(), 2, file, 2) as now:
        yield now


@pytest.mark.slow
def test_pages_asked_for_and_left_give_no_more_kernels_than_there_are_places(lesson):
    most = 2 + classroom.SPARE
    answers = [ask(lesson.link) for _ in range(12)]
    assert {status for status, *_ in answers} == {200, 503}
    assert len(lesson.kernels()) <= most
    status, headers, page = answers[-1]
    assert status == 503 and "Refresh" in headers
    assert "位子" in page and "Every place" in page and "Traceback" not in page
    student = Student(lesson.link)
    in_a_thread(student.enter())  # the pages that nobody looks at give up their places
    assert len(lesson.kernels()) <= most


@pytest.mark.slow
@pytest.mark.parametrize(
    ("host", "let_in"),
    [
        ("rebind.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("localhost", True),
        ("192.0.2.7", True),
        ("[::1]", True),
    ],
)
def test_a_name_that_is_not_this_machines_is_refused(lesson, host, let_in):
    port = urlsplit(lesson.link).port
    path = f"/api/kernels/{uuid.uuid4()}"
    status, _, _ = ask(lesson.link, path, {"Host": f"{host}:{port}"})
    assert (status != 403) == let_in
    if not let_in:
        assert ask(lesson.link, "/", {"Host": f"{host}:{port}"})[0] == 403
        board = lesson.board.partition("?")
        assert ask(board[0], "/?" + board[2], {"Host": f"{host}:{port + 1}"})[0] == 403


@pytest.mark.slow
def test_no_other_page_may_speak_for_a_student(lesson):
    async def attempt() -> list[str]:
        student = Student(lesson.link)
        await student.enter()
        link = lesson.link.replace("http", "ws", 1) + f"api/kernels/{student.kernel}/channels?session_id=x"
        here = lesson.link.rstrip("/")
        opened = []
        for origin in ("http://evil.example", "null", here + ".evil.example", "http://127.0.0.1:1"):
            try:
                (await websocket_connect(HTTPRequest(link, headers={"Origin": origin}))).close()
                opened.append(origin)
            except Exception:
                continue
        try:
            both = {"Origin": "http://evil.example", "Host": "evil.example"}
            (await websocket_connect(HTTPRequest(link, headers=both))).close()
            opened.append("rebinding")
        except Exception:
            pass
        return opened

    assert in_a_thread(attempt()) == []


@pytest.mark.slow
def test_cookies_stay_on_their_own_site(lesson):
    board = lesson.board.partition("?")
    cookies = ask(board[0], "/?" + board[2])[1].get("Set-Cookie", "")
    assert "SameSite=Strict" in cookies


JUNK = [
    None,
    True,
    -1,
    "x" * 2000,
    [[]] * 50,
    {"a": {"b": {}}},
    "'; drop table answer;--",
    "\x00",
    ["a", "zz", 3],
    10**20,
    "a",
]


@pytest.mark.slow
def test_hostile_messages_show_no_path_and_leave_the_class_as_it_was(lesson):
    """Every panel is given wrong values and pressed; what comes back names no file, and others come in as before."""

    async def attempt() -> tuple[int, list[str]]:
        student = Student(lesson.link)
        await student.enter()
        sent, heard = 0, []
        for model in [each for each in student.models if "page" in student.state[each]]:
            for junk in JUNK:
                names = [*student.state[model]["values"], "name", "code", "answer_0", "day", "nosuch"]
                states = [
                    {"values": dict.fromkeys(names, junk)},
                    {"values": junk},
                    {"fields": junk},
                    {"page": junk},
                    {"asked": junk},
                ]
                said = [{"method": "update", "state": state, "buffer_paths": []} for state in states]
                said += [
                    {"method": "custom", "content": {"kind": "press", "name": name}}
                    for name in ("submit", "back", junk)
                ]
                said += [
                    {"method": "custom", "content": content}
                    for content in (junk, {"kind": junk}, {"kind": "click", "figure": junk})
                ]
                for data in said:
                    await student.send("comm_msg", {"comm_id": model, "data": data})
                    sent += 1
                    await asyncio.sleep(0.01)
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                raw = await asyncio.wait_for(student.socket.read_message(), 3)
            except TimeoutError:
                break
            if raw is None:
                break
            heard.append(raw if isinstance(raw, str) else raw.decode("utf-8", "replace"))
        return sent, heard

    sent, heard = in_a_thread(attempt())
    assert sent > 100 and heard
    kinds = {json.loads(raw)["header"]["msg_type"] for raw in heard if raw.startswith("{")}
    assert not {"stream", "error"} & kinds
    assert not [raw for raw in heard if "site-packages" in raw or str(classroom.HERE) in raw]
    in_a_thread(Student(lesson.link).enter())


@pytest.mark.slow
def test_half_open_requests_time_out_and_lock_nobody_out(lesson):
    to = urlsplit(lesson.link)
    held = []
    for _ in range(200):
        line = socket.create_connection((to.hostname, to.port), timeout=5)
        line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-a: ")
        held.append(line)
    assert ask(lesson.link, f"/api/kernels/{uuid.uuid4()}")[0] == 404
    end = time.monotonic() + 3 * guard.SLOW_SECONDS
    process = psutil.Process(lesson.students.process.pid)
    before = process.num_fds()
    while process.num_fds() > before - 150 and time.monotonic() < end:
        time.sleep(0.5)
    assert process.num_fds() <= before - 150
    for line in held:
        line.close()


@pytest.mark.slow
def test_a_flood_of_messages_ends_the_line(lesson):
    async def flood() -> bool:
        student = Student(lesson.link)
        await student.enter()
        model = student.panel("before")
        with contextlib.suppress(WebSocketClosedError):  # the line may end while there is still something to send
            for _ in range(3000):
                await student.send(
                    "comm_msg", {"comm_id": model, "data": {"method": "custom", "content": {"kind": "none"}}}
                )
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if await asyncio.wait_for(student.socket.read_message(), 20) is None:
                return True
        return False

    assert in_a_thread(flood())


def test_connections_from_one_address_are_few(monkeypatch):
    """By the gate alone, as another machine's address cannot be had here."""
    let_in = []

    class Stream:
        shut = False

        def closed(self):
            return self.shut

        def close(self):
            self.shut = True

    gate = guard.Gate(lambda request: None)
    monkeypatch.setattr(guard.HTTPServer, "handle_stream", lambda self, stream, address: let_in.append(stream))
    streams = [Stream() for _ in range(3 * guard.PER_ADDRESS)]
    for stream in streams:
        gate.handle_stream(stream, ("192.0.2.7", 1))
    assert len(let_in) == guard.PER_ADDRESS
    gate.handle_stream(Stream(), ("192.0.2.8", 1))
    gate.handle_stream(Stream(), ("127.0.0.1", 1))
    assert len(let_in) == guard.PER_ADDRESS + 2
    for stream in let_in:
        stream.close()
    gate.handle_stream(Stream(), ("192.0.2.7", 1))
    assert len(let_in) == guard.PER_ADDRESS + 3
    assert len(gate.open) == 1  # addresses that are gone are forgotten


def test_a_bucket_gives_so_many_at_once_and_so_many_a_second(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(guard.time, "monotonic", lambda: now[0])
    bucket = guard.Bucket(3, 2)
    assert [bucket.take() for _ in range(5)] == [True, True, True, False, False]
    now[0] = 1.0
    assert [bucket.take() for _ in range(3)] == [True, True, False]
    now[0] = 100.0
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]


def test_every_address_of_the_machine_gives_a_link_that_works():
    for host in classroom.addresses("0.0.0.0"):
        assert host != "0.0.0.0"
        with socket.socket() as line:
            line.bind((host, 0))
    assert classroom.link_to("::1", 8866) == "http://[::1]:8866/"
    assert classroom.addresses("192.0.2.7") == ["192.0.2.7"]


def test_the_log_of_a_server_is_bounded(tmp_path):
    made = classroom.ClassServer.__new__(classroom.ClassServer)
    made.folder = tmp_path
    made.log.write_bytes(b"x" * (classroom.LOG_BYTES + 1))
    made.shorten()
    assert made.log.stat().st_size == 0
    made.log.write_bytes(b"x" * 100)
    made.shorten()
    assert made.log.stat().st_size == 100


def test_capacity_counts_open_files(monkeypatch):
    monkeypatch.setattr(machine, "allowed_files", lambda: 256)
    for kernels in (True, False):
        assert classroom.capacity(kernels) <= (256 - classroom.SPARE_FILES) // classroom.FILES_EACH
    monkeypatch.setattr(machine, "allowed_files", lambda: 10)
    assert classroom.capacity() == classroom.capacity(kernels=False) == 0


@pytest.mark.slow
def test_a_low_soft_limit_is_raised():
    code = (
        "import resource; from jiebei_lib.lessons.classroom import allowed_files\n"
        "hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]; resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))\n"
        "said = allowed_files(); assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 64\n"
        "allowed_files(ask=True); assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == said > 64"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
