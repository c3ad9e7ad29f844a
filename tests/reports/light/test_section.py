"""The report's section "change a fact": one copy for a batch, the same answers, nothing asked of anybody."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from jiebei_lib.cli import run
from jiebei_lib.portfolio.sample import sample
from jiebei_lib.reports.batch import BUNDLE, reports
from jiebei_lib.reports.light.section import STYLE, change_a_fact
from jiebei_lib.show.case import first
from jiebei_lib.show.case.page import CasePage

DAY = "2026-11-26"
LARGEST = 700_000  # bytes: what lies once beside a batch, and what the section adds to a report that carries its own


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two reports in two languages with the section, made as a batch."""
    folder = tmp_path_factory.mktemp("changed")
    table = folder / "cases.csv"
    table.write_text("case_id,days_overdue,amount_overdue,communication\n甲<b>,12,8000,silent\nB,40,900,\n", "utf-8")
    reports(table, folder / "out", langs=("zh", "en"), as_of=DAY, added=change_a_fact())
    return folder


def test_a_batch_shares_one_copy_and_is_resumed(made):
    pages = [page for page in (made / "out").glob("*.html") if page.name != "index.html"]
    assert len(pages) == 4 and all(len(page.read_bytes()) < 200_000 for page in pages)
    (script,) = (made / "out").glob("change-*.js")
    assert script.stat().st_size + (made / "out" / STYLE).stat().st_size <= LARGEST
    again = reports(made / "cases.csv", made / "out", langs=("zh", "en"), as_of=DAY, added=change_a_fact())
    assert (again.made, again.kept) == (0, 4)
    plain = reports(made / "cases.csv", made / "other", langs=("zh",), as_of=DAY)
    assert plain.made == 2 and not [*(made / "other").glob("change-*.js")] and (made / "other" / BUNDLE).exists()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_section_answers_in_the_report_s_language(made, browser_page, lang):
    tab, requests, errors = browser_page(made / "out" / f"B.{lang}.html", 320)
    tab.click("#change summary")
    tab.check("#change input[name=fact-communication][value=repaying]", force=True)
    case = {"case_id": "B", "days_overdue": 40, "amount_overdue": 900, "communication": "repaying"}
    sides = CasePage(case, lang, "article", DAY).assessment.witnesses
    assert tab.locator("#change .witnesses li").all_inner_texts() == [first.sentence(side, lang) for side in sides]
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert (requests, errors) == ([], [])  # before axe, which tries to read style sheets itself
    assert Axe().run(tab, context="#change").response["violations"] == []
    tab.emulate_media(media="print")
    assert not tab.is_visible("#change")


def test_one_report_carries_its_own(tmp_path, browser_page):
    facts = sample(1, seed=2).to_dict("records")[0]
    case = tmp_path / "case.yaml"
    case.write_text(f"case_id: one\ndays_overdue: {facts['days_overdue']}\n", "utf-8")
    for more in ([], ["--change"]):
        assert run(["report", str(case), "-o", str(tmp_path / f"out{len(more)}"), "--as-of", DAY, *more]) == 0
    plain, changed = (tmp_path / f"out{n}" / "one.zh.html" for n in (0, 1))
    assert changed.stat().st_size - plain.stat().st_size <= LARGEST and not [*(tmp_path / "out1").glob("change-*.js")]
    tab, requests, errors = browser_page(changed)
    tab.click("#change summary")
    assert tab.is_visible("#change .witnesses") and (requests, errors) == ([], [])


def test_a_report_that_leaves_that_section_out_has_it_above_its_foot():
    parameters = {"case": {"days_overdue": 9}, "lang": "en", "as_of": DAY}
    page = change_a_fact(langs=("en",)).put("<main><p>answer</p><footer>foot</footer></main>", parameters)
    assert page.index("answer") < page.index('<section id="change"') < page.index("<footer>")
    assert re.search(r'<script src="change-[0-9a-f]{8}\.js"></script>', page) and f'href="{STYLE}"' in page
