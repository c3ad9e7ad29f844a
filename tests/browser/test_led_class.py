"""A led class in Chromium: the board opens a step and a phone follows, the projector shows what was chosen, in type for the back row."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from jiebei_lib.lessons import classroom
from jiebei_lib.lessons.bank import bank
from jiebei_lib.lessons.store import Store
from jiebei_lib.show.lessons import lead
from tests.lessons.students import KERNEL
from tests.lessons.test_class import free_port, process_of

pytest.importorskip("voila")
pytest.importorskip("segno")
pytestmark = [pytest.mark.slow, pytest.mark.browser]
QUESTION = "late_day_seven"


@pytest.fixture(scope="module")
def led(tmp_path_factory):
    file = tmp_path_factory.mktemp("led") / "c.sqlite"
    lead.steer(Store(file), led=True)
    with classroom.opened("lesson_3", "127.0.0.1", free_port(), 1, file, 1, projector=True) as now:
        yield now


def test_the_board_leads_phone_and_projector(led, chromium, tmp_path):
    phone = chromium.new_page(viewport={"width": 360, "height": 740})
    screen = chromium.new_page(viewport={"width": 1920, "height": 1080})
    board = chromium.new_page(viewport={"width": 1280, "height": 900})
    for page, link in ((phone, led.link), (screen, led.screen), (board, led.board)):
        page.set_default_timeout(90_000)
        page.goto(link)
    expect(screen.locator(".screen-link")).to_have_text(led.link)
    expect(screen.locator(".screen-code svg")).to_be_visible()
    code = screen.locator(".screen-code path").bounding_box()
    assert code and code["width"] > 500  # a phone in the back row reads it
    phone.get_by_role("button", name="进入", exact=True).click()
    expect(phone.get_by_text("老师还没有打开这一步").first).to_be_visible()
    assert phone.get_by_role("button", name="开始", exact=True).count() == 0
    expect(screen.get_by_text("已经进来1人")).to_be_visible()
    board.get_by_role("button", name="打开下一步").click()
    begin = phone.get_by_role("button", name="开始", exact=True)
    expect(begin).to_have_count(1, timeout=20_000)
    begin.click()
    phone.get_by_role("button", name="提交", exact=True).wait_for()
    board.get_by_label("暂停：请大家看前面").check()
    expect(phone.get_by_role("button", name="提交", exact=True)).to_have_count(0, timeout=20_000)
    expect(screen.get_by_text("请看前面")).to_be_visible()
    board.get_by_label("暂停：请大家看前面").uncheck()
    store = Store(led.file)
    for given in (0, 1, 1):
        store.answer(store.join(), "lesson_3", "before", QUESTION, given)
    board.get_by_label("一道题", exact=True).check()
    board.get_by_label("哪一道题").select_option(label=bank()[QUESTION]["ask"]["zh"])
    expect(screen.get_by_text("大家的回答先不公布")).to_be_visible()
    assert screen.get_by_text("✓").count() == 0
    screen.screenshot(path=tmp_path / "screen-hidden.png")
    board.get_by_label("公布大家怎么答的").check()
    board.get_by_label("公布答案").check()
    expect(screen.get_by_text("✓")).to_be_visible()
    assert screen.locator(":is(button, input, select, a[href]):visible").count() == 0
    expect(screen.get_by_role("heading", name="投影页")).to_have_count(0)
    sizes = screen.eval_on_selector_all(
        ".screen p, .screen li", "all => all.map(one => parseFloat(getComputedStyle(one).fontSize))"
    )
    assert min(sizes) >= 32
    assert screen.evaluate("document.documentElement.scrollWidth") <= 1920
    for name, page in (("screen", screen), ("board", board), ("phone", phone)):
        page.screenshot(path=tmp_path / f"{name}.png")
        page.close()


def test_a_phone_whose_kernel_died_as_the_page_came_is_brought_back_by_itself(led, chromium):
    page = chromium.new_page(viewport={"width": 360, "height": 740})
    page.set_default_timeout(90_000)
    killed = []

    def answer(route):
        """The first page comes once its kernel is dead."""
        came = route.fetch()
        killed.append(KERNEL.search(came.text())[1])
        process = process_of(led, killed[0])
        process.kill()
        process.wait()
        route.fulfill(response=came)

    page.route(led.link, answer, times=1)
    page.goto(led.link)
    page.get_by_role("button", name="进入", exact=True).wait_for()
    assert len(killed) == 1 and killed[0] not in page.content()
    page.close()
