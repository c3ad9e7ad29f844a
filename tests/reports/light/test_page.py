"""The light explorer in a browser: from disk, with nothing to load or to send."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from jiebei_lib.cli import run
from jiebei_lib.core.case import Case
from jiebei_lib.page.text import say
from jiebei_lib.reports.light.page import content_policy, explorer
from jiebei_lib.show.case import first
from jiebei_lib.show.case.page import CasePage

DAY = "2026-11-26"
CASE = Case(days_overdue=7, amount_overdue=8000, communication="silent", case_id="example-7")
MOVES = """async () => {
  const slider = document.querySelector("#fact-days_overdue").closest(".fact").querySelector("[type=range]"), took = [];
  for (let day = 0; day < 40; day++) {
    slider.value = 5 + day;
    const start = performance.now();
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    document.body.offsetHeight;
    took.push(performance.now() - start);
    await new Promise(requestAnimationFrame);
  }
  return took.sort((a, b) => a - b);
}"""


@pytest.fixture
def opened(browser_page, tmp_path):
    """Opens a page for a case: the tab, what it asked for, what went wrong."""

    def open_(case=CASE, lang="both", width=320):
        path = tmp_path / "page.html"
        path.write_text(explorer(case, lang, DAY), "utf-8")
        tab, requests, errors = browser_page(path, width)
        tab.wait_for_selector("#light[data-turn]")
        return tab, requests, errors

    return open_


def lines(tab, place):
    return [one.strip() for one in tab.locator(place).all_inner_texts()]


def said(case, lang):
    """The first screen by the library."""
    page = CasePage(case, lang, "article", DAY)
    return {
        "#question": [page.question()],
        ".witnesses li": [first.sentence(side, lang) for side in page.assessment.witnesses],
        ".agreement": [first.agreed(page.assessment, lang)],
        ".certain li": first.certain(page.assessment, case, page.policy, lang),
        ".do li": first.to_do(page.assessment, lang),
        "blockquote p": [one["text"][lang] for one in page.assessment.words],
    }


def test_one_file_holds_all_and_loads_nothing():
    both, zh = explorer(CASE, "both", DAY), explorer(CASE, "zh", DAY)
    assert len(both.encode()) <= 700_000 and len(zh.encode()) < len(both.encode())
    assert not re.search(r"https?://|<link|<img|\ssrc=|@import|url\(", both)
    assert explorer(CASE, "both", DAY) == both
    script, style = (
        re.search(r"<script>(.*)</script>", both, re.S).group(1),
        re.search(r"<style>(.*?)</style>", both, re.S).group(1),
    )
    assert content_policy([script], [style]) in both.replace("&#39;", "'")


@pytest.mark.parametrize("width", [320, 1280])
def test_the_first_state_is_the_library_s_answer_in_both_languages(opened, width):
    tab, requests, errors = opened(width=width)
    for lang in ("zh", "en"):
        for place, expected in said(CASE, lang).items():
            assert lines(tab, place) == expected
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert Axe().run(tab).response["violations"] == []
        tab.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
        assert Axe().run(tab).response["violations"] == []
        tab.click("#language")
    assert (requests, errors) == ([], [])


def test_a_changed_fact_changes_the_answer_as_the_library_would(opened):
    tab, _, errors = opened()
    tab.check("input[name=fact-communication][value=repaying]", force=True)
    tab.fill("#fact-amount_overdue", "５，０００至8000")
    tab.fill("#fact-days_overdue", "31")
    tab.fill("#fact-zhima_score", "710")
    changed = CASE.replace(communication="repaying", amount_overdue=(5000, 8000), days_overdue=31, zhima_score=710)
    for place, expected in said(changed, "zh").items():
        assert lines(tab, place) == expected
    tab.click("#again")
    assert lines(tab, ".witnesses li") == said(CASE, "zh")[".witnesses li"]
    assert errors == []


def test_a_keyboard_is_enough(opened):
    tab, _, _ = opened()
    tab.focus("#fact-days_overdue")
    tab.keyboard.press("Tab")
    for _ in range(24):
        tab.keyboard.press("ArrowRight")
    assert lines(tab, "#question") == said(CASE.replace(days_overdue=31), "zh")["#question"]
    tab.focus("input[name=fact-communication]:checked")
    tab.keyboard.press("ArrowUp")
    later = CASE.replace(days_overdue=31, communication="broken_promise")
    assert lines(tab, ".witnesses li") == said(later, "zh")[".witnesses li"]


@pytest.mark.parametrize(
    "typed", ["0", "-5", "12,000,000", "8000-", "8000-5000", "<img src=x onerror=alert(1)>", "1e5"]
)
def test_what_is_no_amount_gets_one_sentence_and_leaves_the_answer(opened, typed):
    tab, requests, errors = opened()
    before = lines(tab, ".witnesses li")
    tab.fill("#fact-amount_overdue", typed)
    told = tab.inner_text("#fact-amount_overdue-problem")
    assert told.startswith("逾期金额应为") and tab.get_attribute("#fact-amount_overdue", "aria-invalid") == "true"
    assert lines(tab, ".witnesses li") == before and (requests, errors) == ([], [])


def test_a_case_s_name_is_shown_and_never_run(opened):
    name = "</script><img src=x onerror=document.title=1>"
    tab, requests, errors = opened(CASE.replace(case_id=name))
    assert name in tab.inner_text(".byline") and tab.locator("img").count() == 0
    assert tab.title() == say("light.page.title", "zh") and (requests, errors) == ([], [])


def test_a_move_is_answered_within_a_frame(opened):
    took = opened()[0].evaluate(MOVES)
    # The better half of them: on a busy machine others wait for the processor, not for us
    assert took[len(took) // 4] <= 16, took


def test_without_scripts_the_given_case_is_answered(chromium, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(explorer(CASE, "en", DAY), "utf-8")
    tab = chromium.new_context(java_script_enabled=False, viewport={"width": 320, "height": 800}).new_page()
    tab.goto(path.as_uri())
    assert lines(tab, ".witnesses li") == said(CASE, "en")[".witnesses li"]
    assert say("light.page.script", "en") in tab.inner_text("main")
    tab.context.close()


def test_print_has_the_facts_and_no_controls_and_quiet_readers_no_motion(opened):
    tab, _, _ = opened()
    tab.emulate_media(media="print")
    assert tab.is_visible(".print .facts") and not tab.is_visible(".controls") and not tab.is_visible("#language")
    tab.emulate_media(media="screen", reduced_motion="reduce")
    assert tab.evaluate("getComputedStyle(document.querySelector('.scale i')).transitionDuration") == "0s"


def test_the_command_writes_the_page_or_says_why_not(tmp_path, capsys):
    case = tmp_path / "case.yaml"
    case.write_text("days_overdue: 12\n", "utf-8")
    assert run(["page", str(case), "-o", str(tmp_path / "a.html"), "--lang", "en"]) == 0
    assert "12 days late" in (tmp_path / "a.html").read_text("utf-8")
    assert run(["page", "-o", str(tmp_path / "b.html")]) == 0
    for wrong in (["--lang", "fr"], ["--as-of", "tomorrow"], ["-o", str(tmp_path)], [str(tmp_path / "none.yaml")]):
        assert run(["page", *wrong]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
