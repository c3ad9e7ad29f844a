"""The first lesson in Chromium, in both languages, on a projector and a phone: it opens, asks no other host, fits, and is played."""

from __future__ import annotations

import os
import signal

import pytest

from jiebei_lib.lessons import classroom
from jiebei_lib.lessons.store import Store
from tests.lessons.test_class import again, free_port

axe = pytest.importorskip("axe_playwright_python.sync_playwright")
pytest.importorskip("voila")
pytestmark = [pytest.mark.slow, pytest.mark.browser]
NAMES = ("switch", "begin", "submit", "second", "day", "over")
ZH = ("中文", "开始", "提交", "第2题", "逾期第1天", "七天过去了")
EN = ("English", "Begin", "Submit", "Question 2", "Day 1 overdue", "The seven days are over")
WORDS = {"zh": dict(zip(NAMES, ZH, strict=True)), "en": dict(zip(NAMES, EN, strict=True))}


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    file = tmp_path_factory.mktemp("browser") / "c.sqlite"
    with classroom.opened("lesson_1", "127.0.0.1", free_port(), 2, file, 2) as now:
        yield now


@pytest.mark.parametrize(("lang", "width", "height"), [("zh", 1280, 720), ("en", 400, 800)])
def test_the_lesson_is_opened_answered_and_played(lesson, chromium, lang, width, height, tmp_path):
    said, wrong = WORDS[lang], []
    tab = chromium.new_page(viewport={"width": width, "height": height})
    tab.set_default_timeout(60_000)
    tab.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.route(
        "**/*",
        lambda route: (
            route.continue_() if _ours(route.request.url) else (wrong.append(route.request.url), route.abort())
        ),
    )
    before = Store(lesson.file).students()
    tab.goto(lesson.link)
    tab.wait_for_selector(".jiebei button")
    tab.get_by_label(said["switch"]).check()
    # One question by keyboard alone.
    tab.get_by_role("button", name=said["begin"]).first.focus()
    tab.keyboard.press("Enter")
    tab.get_by_role("radio").last.wait_for()
    tab.get_by_role("button", name=said["submit"]).focus()
    tab.keyboard.press("Enter")
    tab.get_by_text(said["second"]).wait_for()
    # The game: any open choice a day, seven days.
    panels = tab.locator(".jiebei")
    number = next(n for n in range(panels.count()) if said["day"] in panels.nth(n).inner_text())
    game = panels.nth(number)
    from playwright.sync_api import expect

    for day in range(1, 8):
        game.locator("button:visible").last.click()
        expect(game).not_to_contain_text(_day(lang, day))
    expect(game).to_contain_text(said["over"], timeout=60_000)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    found = axe.Axe().run(tab, ".jiebei")
    serious = [rule["id"] for rule in found.response["violations"] if rule["impact"] in ("serious", "critical")]
    tab.screenshot(path=tmp_path / f"lesson-{lang}-{width}.png", full_page=True)
    tab.close()
    assert wrong == []
    assert serious == []
    store = Store(lesson.file)
    assert store.students() == before + 1
    assert len([move for move in store.moves() if move.student == before + 1]) == 7
    assert len([answer for answer in store.answers() if answer.student == before + 1]) == 1


def test_a_reload_and_a_closed_tab_bring_one_back(lesson, chromium):
    """Neither code nor name is asked for again; "not you?" makes room for somebody else, who is not put in that place."""
    context = chromium.new_context(viewport={"width": 400, "height": 800})
    context.set_default_timeout(60_000)
    before = Store(lesson.file).students()
    tab = context.new_page()
    tab.goto(lesson.link)
    tab.get_by_role("button", name="进入", exact=True).click()
    tab.get_by_text("你的续课码是").wait_for()
    tab.get_by_role("button", name="开始", exact=True).first.click()
    tab.get_by_role("radio").last.wait_for()
    tab.get_by_role("button", name="提交", exact=True).click()
    tab.get_by_text("第2题，共12题").wait_for()
    tab.reload()
    tab.get_by_text("第2题，共12题").wait_for()
    tab.close()
    tab = context.new_page()
    tab.goto(lesson.link)
    tab.get_by_text("第2题，共12题").wait_for()
    assert Store(lesson.file).students() == before + 1
    tab.get_by_role("button", name="不是你？换一个人").click()
    tab.get_by_role("button", name="进入", exact=True).wait_for()
    tab.reload()
    tab.get_by_role("button", name="进入", exact=True).wait_for()
    assert Store(lesson.file).students() == before + 1
    context.close()


def test_a_lost_server_is_said_and_the_page_comes_back_by_itself(lesson, chromium):
    """The server is killed while a learner is at work: the page says so and takes no press; once it is back the place is the same."""
    context = chromium.new_context(viewport={"width": 400, "height": 800})
    context.add_init_script("globalThis.jiebeiPatience = 0.25")
    context.set_default_timeout(90_000)
    tab = context.new_page()
    tab.goto(lesson.link)
    tab.get_by_role("button", name="进入", exact=True).click()
    tab.get_by_text("你的续课码是").wait_for()
    tab.get_by_role("button", name="开始", exact=True).first.click()
    tab.get_by_role("radio").last.wait_for()
    tab.get_by_role("button", name="提交", exact=True).click()
    tab.get_by_text("第2题，共12题").wait_for()
    store = Store(lesson.file)
    students, answers = store.students(), len(store.answers())
    code = store.codes()[max(store.codes())]
    assert tab.get_by_role("alert").count() == 0
    os.kill(lesson.students.process.pid, signal.SIGKILL)
    lesson.students.process.wait()
    alert = tab.get_by_role("alert").filter(has_text="连接断开了")
    alert.wait_for()
    assert code in alert.inner_text()
    assert tab.evaluate("document.getElementById('rendered_cells').inert")
    lesson.mend()
    again(lesson.link)
    tab.get_by_text("第2题，共12题").wait_for()
    alert.wait_for(state="detached")
    tab.get_by_role("button", name="提交", exact=True).click()
    tab.get_by_text("第3题，共12题").wait_for()
    assert (store.students(), len(store.answers())) == (students, answers + 1)
    context.close()


def _ours(url: str) -> bool:
    return url.startswith(("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:"))


def _day(lang: str, day: int) -> str:
    return f"逾期第{day}天" if lang == "zh" else f"Day {day} overdue"
