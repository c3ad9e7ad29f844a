"""A whole led lesson, recorded: simulated students, three real browsers of which one loses its line twice, board and projector.

By hand (the log is what docs/led_lesson.txt holds; pictures go beside the class file)::

    python -m tests.lessons.led_lesson --students 40 --minutes 2 --file lesson.sqlite
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

from jiebei_lib.lessons.store import Store
from tests.lessons.students import PageStudent, percentile

# The plan of lesson 1: 45 minutes, of each step its part
PARTS = {"come_in": 3, "before": 9, "task": 16, "talk": 5, "after": 9, "end": 3}
WORDS = {
    "zh": {"enter": "进入", "begin": "开始", "submit": "提交", "next": "下一题"},
    "en": {"enter": "Come in", "begin": "Begin", "submit": "Submit", "next": "Next"},
}


class Wire:
    """What stands between one browser and the class: carries everything, until it is cut."""

    def __init__(self, to: int):
        self.to, self.whole, self.lines, self.cuts = to, True, set(), 0

    async def lay(self) -> str:
        self.server = await asyncio.start_server(self.carry, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}/"

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.whole:
            writer.transport.abort()
            return
        far, away = await asyncio.open_connection("127.0.0.1", self.to)
        self.lines |= {writer, away}
        await asyncio.gather(self.pour(reader, away), self.pour(far, writer))

    async def pour(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        writer.close()
        self.lines.discard(writer)

    def cut(self) -> None:
        """Every connection is gone without a word, and no new one comes about until :meth:`mend`."""
        self.whole, self.cuts = False, self.cuts + 1
        for writer in list(self.lines):
            writer.transport.abort()
        self.lines.clear()

    def mend(self) -> None:
        self.whole = True


class Log:
    """What happened when, in seconds from the start."""

    def __init__(self) -> None:
        self.started, self.lines = time.monotonic(), []

    def __call__(self, line: str) -> None:
        self.lines.append(f"{time.monotonic() - self.started:7.1f} s  {line}")
        print(self.lines[-1], flush=True)


class Led(PageStudent):
    """A simulated student who follows the lead: comes in some time, answers and plays at a pace of their own."""

    answered = 0

    async def rest(self, seconds: float) -> None:
        """Waits, and hears meanwhile what the class says, as a browser does."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.until(lambda: False)

    async def lesson(self, seconds: dict[str, float], dice: random.Random) -> None:
        await asyncio.sleep(dice.uniform(0, seconds["come_in"]))
        await self.enter()
        await self.form("before", dice.uniform(0.2, 0.8) * seconds["before"] / 13)
        await self.until(lambda: any(each.get("name", "").startswith("do_") for each in self.fields("seven_days")))
        for _ in range(7):
            await self.rest(dice.uniform(0.2, 0.8) * seconds["task"] / 8)
            doing = [each["name"] for each in self.fields("seven_days") if each.get("name", "").startswith("do_")]
            if not doing:  # the teacher has gone on
                break
            await self.press("seven_days", dice.choice(doing))
            self.answered += 1
        await self.form("after", dice.uniform(0.2, 0.8) * seconds["after"] / 26)

    async def form(self, name: str, pause: float) -> None:
        """Waits until a form is open, begins it, and answers it to its end."""
        await self.until(lambda: any(each["name"] == "begin" for each in self.fields(name)))
        await self.press(name, "begin")
        while buttons := [each["name"] for each in self.fields(name) if each["kind"] == "button"]:
            await self.rest(pause)
            if "submit" in buttons:
                await self.answer(name)
                self.answered += 1
            else:
                await self.press(name, "next")


async def browse(tab: Any, link: str, lang: str, log: Log, name: str) -> int:
    """A real browser through the first form, by what stands on its buttons; how many answers it gave."""
    said, given = WORDS[lang], 0
    await tab.goto(link)
    await tab.wait_for_selector(".jiebei button")
    log(f"{name}: the page stands, {lang}")
    if lang == "en":
        await tab.get_by_label("English").check()
    await tab.get_by_role("button", name=said["enter"], exact=True).click()
    await tab.get_by_role("button", name=said["begin"], exact=True).first.click(timeout=600_000)
    submit = tab.get_by_role("button", name=said["submit"], exact=True)
    while given < 12:
        shown = f"第{given + 1}题" if lang == "zh" else f"Question {given + 1} "
        await tab.get_by_text(shown).first.wait_for()
        await submit.first.click(timeout=600_000)
        given += 1
    return given


async def lose_twice(wire: Wire, tab: Any, log: Log, seconds: float) -> None:
    """The line of one browser is cut twice in the first form, for a while each time."""
    for _ in range(2):
        await asyncio.sleep(seconds / 6)
        wire.cut()
        log(f"the third browser's line is cut ({wire.cuts})")
        await tab.get_by_role("alert").filter(has_text="连接断开了").wait_for()
        log("the third browser says so, with its code, and takes no press")
        await asyncio.sleep(seconds / 12)
        wire.mend()
        await tab.get_by_role("alert").filter(has_text="连接断开了").wait_for(state="hidden")
        log("the third browser's line is back, without a reload of its own")


async def run(number: int, minutes: float, file: Path, port: int) -> None:
    from playwright.async_api import async_playwright

    from jiebei_lib.lessons import classroom
    from jiebei_lib.show.lessons import lead

    seconds = {step: part / sum(PARTS.values()) * 60 * minutes for step, part in PARTS.items()}
    log, store = Log(), Store(file)
    lead.steer(store, led=True)
    with classroom.opened("lesson_1", "127.0.0.1", port, number + 3, file, projector=True, kernels=False) as now:
        log(f"open: {number} simulated students and 3 browsers; 45 minutes in {minutes:g}")
        wire = Wire(port)
        async with async_playwright() as playwright:
            chromium = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            phone, laptop, third = [
                await (await chromium.new_context(viewport={"width": width, "height": 740})).new_page()
                for width in (360, 1280, 400)
            ]
            board, screen = [
                await chromium.new_page(viewport=size)
                for size in ({"width": 1280, "height": 900}, {"width": 1920, "height": 1080})
            ]
            for tab, link in ((board, now.board), (screen, now.screen)):
                tab.set_default_timeout(60_000)
                await tab.goto(link)
            dice, students = random.Random(21), [Led(now.link, patience=60 * minutes) for _ in range(number)]
            work = [asyncio.create_task(each.lesson(seconds, random.Random(dice.random()))) for each in students]
            third_link = await wire.lay()
            looks = [
                asyncio.create_task(browse(tab, link, lang, log, name))
                for tab, link, lang, name in (
                    (phone, now.link, "zh", "phone, 360 px"),
                    (laptop, now.link, "en", "laptop"),
                    (third, third_link, "zh", "third browser"),
                )
            ]
            for step in PARTS:
                lead.steer(Store(file), step=step, screen="paths" if step == "talk" else "welcome")
                log(
                    f"teacher opens: {step}; {store.students()} in, {len(store.answers())} answers, {len(store.moves())} days played"
                )
                end = time.monotonic() + seconds[step]
                if step == "before":
                    await asyncio.gather(lose_twice(wire, third, log, seconds[step]))
                    await pictures(
                        file.parent, store, lead, {"phone": phone, "laptop": laptop, "board": board, "screen": screen}
                    )
                await asyncio.sleep(max(0.0, end - time.monotonic()))
            await asyncio.wait([*work, *looks], timeout=60)
            await chromium.close()
    for task in [*work, *looks]:
        if task.done() and not task.cancelled() and task.exception():
            log(f"failed: {task.exception()!r}")
    count(students, looks, store, log, wire)


async def pictures(folder: Path, store: Store, lead: Any, tabs: dict[str, Any]) -> None:
    """Board, projector and phones as they stand, in both languages."""
    for lang in ("zh", "en"):
        name = {"zh": "中文", "en": "English"}[lang]
        for tab in ("board", "phone"):
            await tabs[tab].get_by_label(name).first.check()
        lead.steer(store, lang=lang, screen="question", item="late_day_seven", spread=True)
        await asyncio.sleep(4.5)
        for tab in ("board", "screen", "phone"):
            await tabs[tab].screenshot(path=folder / f"{tab}-{lang}.png")
    await tabs["phone"].get_by_label("中文").first.check()
    lead.steer(store, lang="zh", screen="welcome", spread=False)


def count(students: list[Led], looks: list[Any], store: Store, log: Log, wire: Wire) -> None:
    """What was sent and what is kept."""
    looked = sum(each.result() for each in looks if each.done() and not each.cancelled() and not each.exception())
    sent, answers, moves = sum(each.answered for each in students) + looked, store.answers(), store.moves()
    kept = len(answers) + len(moves)
    distinct = len({(a.student, a.phase, a.item) for a in answers}) + len({(m.student, m.run, m.day) for m in moves})
    trips = [trip for each in students for trip in each.round_trips]
    screens = [each.first_screen for each in students]
    log(f"lines cut: {wire.cuts}; students in the class file: {store.students()}")
    log(
        f"95th percentile of the first screen {percentile(screens, 0.95):.2f} s, of an answer {percentile(trips, 0.95):.2f} s"
    )
    log(
        f"answers and choices sent {sent}, kept {kept}, distinct {distinct}; by phase {dict(Counter(a.phase for a in answers))}"
    )


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--students", type=int, default=40)
    asked.add_argument("--minutes", type=float, default=2.0)
    asked.add_argument("--port", type=int, default=8961)
    asked.add_argument("--file", type=Path, required=True)
    given = asked.parse_args()
    asyncio.run(run(given.students, given.minutes, given.file, given.port))


if __name__ == "__main__":
    main()
