"""A class with one hostile student: how long the others wait, and what the server's memory and open files do. By hand::

python -m tests.attack.hostile_class --students 40 --rounds 3 --file class.sqlite [--pages]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import time
from pathlib import Path
from typing import Any

import psutil
from tornado.httpclient import AsyncHTTPClient, HTTPRequest

from jiebei_lib.lessons.classroom import opened
from jiebei_lib.lessons.store import Store
from tests.lessons.students import PageStudent, Student, percentile


async def hostile(link: str, ended: asyncio.Event, tried: dict[str, int], kind: type[Student]) -> None:
    """Asks for pages without end, floods its own kernel, guesses codes, leaves requests half said."""
    to = link.removeprefix("http://").rstrip("/").split(":")
    while not ended.is_set():
        with contextlib.suppress(Exception):
            answer = await AsyncHTTPClient(force_instance=True).fetch(
                HTTPRequest(link, request_timeout=5), raise_error=False
            )
            tried[f"pages {answer.code}"] = tried.get(f"pages {answer.code}", 0) + 1
            _, half = await asyncio.open_connection(to[0], int(to[1]))
            half.write(b"GET / HTTP/1.1\r\nHost: x\r\nX-a: ")
            tried["half requests"] = tried.get("half requests", 0) + 1
            student = kind(link)
            await asyncio.wait_for(student.enter(), 20)
            model = student.panel("join")
            for n in range(300):
                await student.set("join", {"code": f"AAAA{n:04}"})
                data = {"method": "custom", "content": {"kind": "press", "name": "back"}}
                await student.send("comm_msg", {"comm_id": model, "data": data})
                tried["messages"] = tried.get("messages", 0) + 2
        await asyncio.sleep(0.2)


async def attend(
    link: str, number: int, rounds: int, server: psutil.Process, tried: dict[str, int], kind: type[Student]
) -> list[float]:
    """Everybody answers the first form and plays on, a second of thought between two presses."""
    students, ended, waits = [kind(link) for _ in range(number)], asyncio.Event(), []

    async def one(student: Student) -> None:
        await student.enter()
        await student.press("before", "begin")
        student.round_trips.clear()
        await student.whole_form(1.0)
        for _ in range(rounds):
            for _ in range(7):
                acts = [each["name"] for each in student.fields("seven_days") if each.get("name", "").startswith("do_")]
                if not acts:
                    await student.set("seven_days", {"day": "1"})
                    await student.press("seven_days", "again")
                    continue
                await student.press("seven_days", acts[0])
                await asyncio.sleep(1.0)
        waits.extend(student.round_trips)

    def told(when: str) -> None:
        kernels = server.children(recursive=True)
        kept = sum(each.memory_full_info().uss for each in kernels) >> 20
        print(
            f"{when}: server {server.memory_info().rss >> 20} MB, {server.num_fds()} files; {len(kernels)} kernels, {kept} MB",
            flush=True,
        )

    told("before")
    foe = asyncio.create_task(hostile(link, ended, tried, kind))
    work = asyncio.gather(*(one(student) for student in students), return_exceptions=True)
    while not work.done():
        await asyncio.wait([work], timeout=20)
        told(f"after {time.strftime('%M:%S')}")
    ended.set()
    foe.cancel()
    failures: list[Any] = [each for each in work.result() if each is not None]
    print(f"students who failed: {len(failures)} {failures[:2]}")
    return waits


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--students", type=int, default=40)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--port", type=int, default=8961)
    asked.add_argument("--pages", action="store_true", help="pages without kernels")
    asked.add_argument("--file", type=Path, required=True)
    given = asked.parse_args()
    tried: dict[str, int] = {}
    kind = PageStudent if given.pages else Student
    with opened("lesson_1", "127.0.0.1", given.port, given.students, given.file, kernels=not given.pages) as now:
        server = psutil.Process(now.students.process.pid)
        waits = asyncio.run(attend(now.link, given.students, given.rounds, server, tried, kind))
        log = now.students.log.stat().st_size
    answers = Store(given.file).answers()
    print(f"hostile: {tried}; log {log >> 10} KB")
    figures = {"median": statistics.median(waits), "95th percentile": percentile(waits, 0.95), "most": max(waits)}
    print(f"{len(waits)} presses:", ", ".join(f"{name} {value:.2f} s" for name, value in figures.items()))
    print(f"answers kept {len(answers)}, distinct {len({(each.student, each.item) for each in answers})}")


if __name__ == "__main__":
    main()
