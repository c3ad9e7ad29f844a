"""A student's page without a kernel in Chromium: on a slow line, on a narrow phone, by keyboard, and when its place is gone."""

from __future__ import annotations

import os
import signal

import pytest
from playwright.sync_api import expect

from jiebei_lib.lessons import classroom
from jiebei_lib.lessons.store import Store
from tests.lessons.test_class import free_port

axe = pytest.importorskip("axe_playwright_python.sync_playwright")
pytestmark = [pytest.mark.slow, pytest.mark.browser]
# "Slow 3G" as browsers' own tools call it: bytes a second, milliseconds
SLOW_3G = {"offline": False, "downloadThroughput": 50_000, "uploadThroughput": 50_000, "latency": 400}


@pytest.fixture(scope="module")
def lesson(tmp_path_factory):
    file = tmp_path_factory.mktemp("pages") / "c.sqlite"
    with classroom.opened("lesson_1", "127.0.0.1", free_port(), 4, file, kernels=False) as now:
        yield now


@pytest.mark.parametrize(("lang", "width"), [("zh", 320), ("en", 320), ("zh", 1280)])
def test_a_page_on_a_slow_line_fits_and_is_worked_by_keyboard(lesson, chromium, lang, width):
    from tests.browser.test_lessons import WORDS

    said, wrong, taken = WORDS[lang], [], []
    context = chromium.new_context(viewport={"width": width, "height": 740})
    context.set_default_timeout(60_000)
    tab = context.new_page()
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    line = context.new_cdp_session(tab)
    line.send("Network.enable")
    line.on("Network.loadingFinished", lambda event: taken.append(event["encodedDataLength"]))
    line.on(
        "Network.webSocketFrameReceived", lambda event: taken.append(len(event["response"]["payloadData"].encode()))
    )
    line.send("Network.emulateNetworkConditions", SLOW_3G)
    tab.goto(lesson.link)
    tab.wait_for_selector(".jiebei button")
    assert 0 < sum(taken) < 300_000
    tab.get_by_label(said["switch"]).check()
    begin = tab.get_by_role("button", name=said["begin"]).first
    begin.focus()
    tab.keyboard.press("Enter")
    tab.get_by_role("radio").last.wait_for()
    tab.get_by_role("button", name=said["submit"]).focus()
    tab.keyboard.press("Enter")
    tab.get_by_text(said["second"]).wait_for()
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    found = axe.Axe().run(tab)
    serious = [rule["id"] for rule in found.response["violations"] if rule["impact"] in ("serious", "critical")]
    context.close()
    assert (wrong, serious) == ([], [])


def test_a_page_whose_place_is_gone_finds_it_again_by_itself(lesson, chromium):
    """As after a phone's long sleep, or a server killed and begun anew: said at once, taken up again, nothing lost or doubled."""
    context = chromium.new_context(viewport={"width": 400, "height": 800})
    context.set_default_timeout(60_000)
    tab = context.new_page()
    tab.goto(lesson.link)
    tab.get_by_role("button", name="开始", exact=True).first.click()
    tab.get_by_role("radio").last.wait_for()
    tab.get_by_role("button", name="提交", exact=True).click()
    tab.get_by_text("第2题，共12题").wait_for()
    store = Store(lesson.file)
    students, answers = store.students(), len(store.answers())
    code = store.codes()[max(store.codes())]
    os.kill(lesson.students.process.pid, signal.SIGKILL)
    lesson.students.process.wait()
    alert = tab.get_by_role("alert").filter(has_text="连接断开了")
    alert.wait_for(timeout=5_000)
    assert code in alert.inner_text()
    assert tab.evaluate("document.getElementById('rendered_cells').inert")
    lesson.mend()
    expect(alert).to_have_count(0, timeout=60_000)
    tab.get_by_text("第2题，共12题").wait_for()
    tab.get_by_role("button", name="提交", exact=True).click()
    tab.get_by_text("第3题，共12题").wait_for()
    assert (store.students(), len(store.answers())) == (students, answers + 1)
    context.close()


def test_charts_are_drawn_on_a_page_without_a_kernel_and_follow_its_controls(chromium, tmp_path):
    """The chart library comes over the page's own line, once, and nothing is asked of another host."""
    wrong = []
    with classroom.opened("lesson_2", "127.0.0.1", free_port(), 1, tmp_path / "c.sqlite", kernels=False) as now:
        tab = chromium.new_page(viewport={"width": 400, "height": 900})
        tab.set_default_timeout(60_000)
        tab.on("pageerror", lambda error: wrong.append(str(error)))
        tab.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        tab.on(
            "request",
            lambda asked: None if asked.url.startswith((now.link, "blob:", "data:")) else wrong.append(asked.url),
        )
        tab.goto(now.link)
        tab.wait_for_selector(".jiebei button")
        charts = tab.locator(".jiebei .chart")
        charts.first.scroll_into_view_if_needed()
        tab.wait_for_selector(".jiebei .chart .main-svg")
        panel = tab.locator(".jiebei:has(.chart)").first
        turn = panel.get_attribute("data-turn")
        field = panel.locator("input[type=number]").first
        field.fill(str(int(float(field.input_value())) + 1))
        expect(panel).not_to_have_attribute("data-turn", turn)
        tab.close()
    assert wrong == []
