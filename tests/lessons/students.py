"""Simulated students of a class: each opens the page, joins, answers the first form; by the protocol, without a browser.

By hand, for the figures of a whole class::

    python -m tests.lessons.students --students 40
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import shutil
import statistics
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.simple_httpclient import HTTPTimeoutError
from tornado.websocket import websocket_connect

from jiebei_lib.lessons.store import Store

PATIENCE = 120.0  # seconds
MUTE = 30.0  # seconds without an answer after which a page is opened anew
KERNEL = re.compile(r'"kernelId": ?"([0-9a-f-]+)"')


async def page_of(link: str, needed: re.Pattern[str] = re.compile("")) -> str:
    """The page; while all places are taken, or as long as it lacks what is needed, it is asked for again, as a page that says so does."""
    end = time.monotonic() + PATIENCE
    while True:
        asked = HTTPRequest(link, request_timeout=PATIENCE)
        answer = await AsyncHTTPClient(force_instance=True).fetch(asked, raise_error=False)
        if answer.code != 503 or time.monotonic() > end:
            answer.rethrow()
            page = answer.body.decode()
            if needed.search(page):
                return page
            assert time.monotonic() < end, f"{answer.effective_url} lacks {needed.pattern}: {page[:2000]}"
        await asyncio.sleep(1)


@dataclass
class Student:
    """One student's browser: its kernel's widgets as they stand, and how long things took (seconds)."""

    link: str
    first_screen: float = 0.0
    round_trips: list[float] = field(default_factory=list)
    models: list[str] = field(default_factory=list)
    state: dict[str, dict[str, Any]] = field(default_factory=dict)
    socket: Any = None
    kernel: str = ""
    patience: float = PATIENCE  # seconds to wait for anything

    async def enter(self) -> None:
        """The page, then the kernel's channels and the state of every widget. Where nobody answers at them, because the kernel died
        as the page came, the page is opened anew, as whoever looks at it would."""
        started, end = time.perf_counter(), time.monotonic() + PATIENCE
        while self.socket is None:
            page = await self.page()
            self.first_screen = time.perf_counter() - started
            self.kernel = KERNEL.search(page)[1]
            self.models = re.findall(r'"model_id": ?"([0-9a-f]+)"', page)
            channels = f"api/kernels/{self.kernel}/channels?session_id={uuid.uuid4().hex}"
            link = self.link.replace("http", "ws", 1) + channels
            try:
                self.socket = await websocket_connect(link, connect_timeout=MUTE)
            except HTTPTimeoutError:
                if time.monotonic() > end:
                    raise
        await self.ask_states()

    async def page(self) -> str:
        """The page with its kernel."""
        return await page_of(self.link, KERNEL)

    async def ask_states(self) -> None:
        control = uuid.uuid4().hex
        data = {"target_name": "jupyter.widget.control", "comm_id": control, "data": {}}
        await self.send("comm_open", data, {"version": "1.0.0"})
        await self.send("comm_msg", {"comm_id": control, "data": {"method": "request_states"}})
        await self.until(lambda: set(self.models) <= set(self.state))

    async def send(self, kind: str, content: dict[str, Any], metadata: dict[str, Any] | None = None) -> None:
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": kind,
            "username": "",
            "session": uuid.uuid4().hex,
            "version": "5.2",
            "date": "",
        }
        message = {
            "header": header,
            "parent_header": {},
            "metadata": metadata or {},
            "content": content,
            "channel": "shell",
            "buffers": [],
        }
        await self.socket.write_message(json.dumps(message))

    async def until(self, seen: Any) -> None:
        """Reads messages until something holds."""
        end = time.monotonic() + self.patience
        while not seen():
            raw = await asyncio.wait_for(self.socket.read_message(), max(0.1, end - time.monotonic()))
            if raw is None:
                raise ConnectionError(self.link)
            self.hear(raw)

    def hear(self, raw: str | bytes) -> None:
        if isinstance(raw, bytes):  # a message with buffers: offsets, then JSON, then the rest
            count = int.from_bytes(raw[:4], "big")
            ends = [int.from_bytes(raw[4 * n : 4 * n + 4], "big") for n in range(1, count + 1)]
            raw = raw[ends[0] : ends[1] if count > 1 else None].decode()
        message = json.loads(raw)
        if message["header"]["msg_type"] != "comm_msg":
            return
        data = message["content"]["data"]
        if data.get("method") == "update_states":
            self.state |= {name: model["state"] for name, model in data["states"].items()}
        elif data.get("method") == "update" and message["content"]["comm_id"] in self.state:
            self.state[message["content"]["comm_id"]] |= data["state"]

    def panel(self, name: str) -> str:
        """The model of the panel with a name."""
        return next(model for model in self.models if self.state[model].get("page", {}).get("name") == name)

    def fields(self, name: str) -> list[dict[str, Any]]:
        return self.state[self.panel(name)]["fields"]

    async def press(self, name: str, button: str) -> None:
        """Presses a button and waits for the controls that it brings."""
        before, started = self.fields(name), time.perf_counter()
        await self.send(
            "comm_msg",
            {"comm_id": self.panel(name), "data": {"method": "custom", "content": {"kind": "press", "name": button}}},
        )
        await self.until(lambda: self.fields(name) != before)
        self.round_trips.append(time.perf_counter() - started)

    async def set(self, name: str, values: dict[str, Any]) -> None:
        model = self.panel(name)
        values = {**self.state[model]["values"], **values}
        self.state[model]["values"] = values
        data = {"method": "update", "state": {"values": values}, "buffer_paths": []}
        await self.send("comm_msg", {"comm_id": model, "data": data})

    async def answer(self, name: str = "before") -> None:
        """The question on screen: the first option, or the number 7."""
        values = {}
        for entry in self.fields(name):
            if entry["kind"] == "number":
                values[entry["name"]] = 7
            elif entry["kind"] == "many":
                values[entry["name"]] = ["a"]
            elif entry["kind"] == "choice":
                values[entry["name"]] = (
                    "abcdef"[int(entry["name"].rpartition("_")[2])] if entry["look"] == "select" else "a"
                )
        await self.set(name, values)
        await self.press(name, "submit")

    async def whole_form(self, pause: float = 0.0) -> int:
        """The first form to its end; how many questions."""
        count = 0
        while any(entry["name"] == "submit" for entry in self.fields("before")):
            await asyncio.sleep(pause)
            await self.answer()
            count += 1
        return count


@dataclass
class PageStudent(Student):
    """One student's browser on a page without a kernel: the same, by the page's own line."""

    key: str = ""
    sent: int = 0
    unheard: list[dict[str, Any]] = field(default_factory=list)

    async def enter(self) -> None:
        """The page, then its line, until every panel's state has come."""
        started = time.perf_counter()
        if not self.key:
            await page_of(self.link)
        await self.connect()
        self.first_screen = self.first_screen or time.perf_counter() - started

    async def connect(self) -> None:
        """Opens the line, again if it was lost: what was not heard is sent once more."""
        link = self.link.replace("http", "ws", 1) + "line" + (f"?key={self.key}" if self.key else "")
        self.socket = await websocket_connect(link, connect_timeout=PATIENCE)
        self.models = []
        await self.until(lambda: self.models)
        for message in self.unheard:
            await self.socket.write_message(json.dumps(message))

    async def lose(self) -> None:
        """The connection is gone, without a word."""
        self.socket.protocol.stream.close()
        await asyncio.sleep(0)

    async def send(self, kind: str, content: dict[str, Any], metadata: dict[str, Any] | None = None) -> None:
        self.sent += 1
        data = content["data"]
        said = {"state": data["state"]} if data.get("method") == "update" else {"content": data["content"]}
        self.unheard.append({"n": self.sent, "id": content["comm_id"]} | said)
        await self.socket.write_message(json.dumps(self.unheard[-1]))

    def hear(self, raw: str | bytes) -> None:
        if isinstance(raw, bytes):
            raw = raw[4 : 4 + int.from_bytes(raw[:4], "big")].decode()
        message = json.loads(raw)
        if message.get("gone"):
            raise ConnectionError("the place is gone")
        if "heard" in message:
            self.unheard = [one for one in self.unheard if one["n"] > message["heard"]]
        if "panels" in message:
            self.key, self.sent = message["key"], max(self.sent, message["heard"])
            self.models = [each["id"] for each in message["panels"]]
            self.state = {each["id"]: each["state"] for each in message["panels"]}
        elif "state" in message:
            self.state[message["id"]] |= message["state"]


async def attend(link: str, number: int, pause: float = 0.0, kind: type[Student] = Student) -> list[Student]:
    """A class in which everybody comes at the same moment and answers the first form."""
    students = [kind(link) for _ in range(number)]

    async def one(student: Student) -> None:
        await student.enter()
        await student.press("before", "begin")
        student.round_trips.clear()
        await student.whole_form(pause)

    await asyncio.gather(*map(one, students))
    return students


def look(link: str, number: int) -> list[float]:
    """Students with a real browser: seconds from asking for the page to the first button, each answering one question by hand."""
    from playwright.sync_api import sync_playwright

    seconds = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for _ in range(number):
            tab = chromium.new_page(viewport={"width": 400, "height": 800})
            tab.set_default_timeout(1000 * PATIENCE)
            started = time.perf_counter()
            tab.goto(link)
            tab.wait_for_selector(".jiebei button")
            seconds.append(time.perf_counter() - started)
            tab.get_by_role("button", name="开始").first.click()
            tab.get_by_role("button", name="提交").click()
        chromium.close()
    return seconds


def percentile(values: list[float], part: float) -> float:
    return statistics.quantiles(sorted(values), n=100, method="inclusive")[round(100 * part) - 1]


def memory(now: Any) -> str:
    """What the students' server takes, and what each kernel."""
    import psutil

    own = psutil.Process(now.students.process.pid).memory_info().rss >> 20
    kernels = now.kernels()
    return f"server {own} MB" + (f"; kernels {len(kernels)}, MB each {statistics.mean(kernels):.0f}" if kernels else "")


def main() -> None:
    from jiebei_lib.lessons.classroom import opened

    asked = argparse.ArgumentParser()
    asked.add_argument("--students", type=int, default=40)
    asked.add_argument("--port", type=int, default=8951)
    asked.add_argument("--warm", type=int, default=None)
    asked.add_argument("--pause", type=float, default=0.0, help="seconds a student thinks about a question")
    asked.add_argument("--browsers", type=int, default=0, help="of the students, those with a real browser")
    asked.add_argument("--pages", action="store_true", help="pages without kernels")
    asked.add_argument("--file", type=Path, required=True)
    given = asked.parse_args()
    started = time.perf_counter()
    with opened(
        "lesson_1", "127.0.0.1", given.port, given.students, given.file, given.warm, kernels=not given.pages
    ) as now:
        print(f"open after {time.perf_counter() - started:.1f} s; {memory(now)}")
        came = time.perf_counter()
        with ThreadPoolExecutor(1) as beside:
            looked = beside.submit(look, now.link, given.browsers)
            kind = PageStudent if given.pages else Student
            students = asyncio.run(attend(now.link, given.students - given.browsers, given.pause, kind))
            shown = looked.result()
        took = time.perf_counter() - came
        print(f"after the form: {memory(now)}")
    screens = [student.first_screen for student in students]
    trips = [trip for student in students for trip in student.round_trips]
    if shown:
        print(f"in Chromium: first button after {min(shown):.1f} to {max(shown):.1f} s")
    for name, values in (("first screen", screens), ("answer", trips)):
        print(
            f"{name}: median {statistics.median(values):.2f} s, 95th percentile {percentile(values, 0.95):.2f} s, most {max(values):.2f} s"
        )
    answers = Store(given.file).answers()
    distinct = len({(answer.student, answer.item) for answer in answers})
    print(
        f"{len(students)} students; answers: {len(trips)} sent, {len(answers)} kept, {distinct} distinct; {took:.1f} s in all"
    )


if __name__ == "__main__":
    main()
