"""The sheets: every question with its answer, whatever the seed; timing that adds up; one page that is one page."""

from __future__ import annotations

import re

import pytest

from jiebei_lib.core.knowledge.problems import ReportError
from jiebei_lib.lessons.bank import bank, checked_file
from jiebei_lib.lessons.forms import asked_counts, forms
from jiebei_lib.lessons.learner import LESSONS, SHEETS
from jiebei_lib.reports.kinds import handouts
from jiebei_lib.show.lessons.sheets import Sheet
from jiebei_lib.show.lessons.words import cites
from jiebei_lib.situation.topics import topics
from tests.conftest import browser_path

GUIDE = checked_file("guide.yaml", "Guide")
LESSON = pytest.mark.parametrize("lesson", LESSONS)
LANG = pytest.mark.parametrize("lang", ["zh", "en"])


def text(sheet: Sheet) -> str:
    page = "".join(part for section in (sheet.opening(), sheet.body()) for part in section)
    page = re.sub(r"<style>.*?</style>", "", page, flags=re.S)
    return (
        re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))
        .replace("&#39;", "'")
        .replace("&#34;", '"')
        .replace("&amp;", "&")
    )


@LESSON
def test_timing_adds_up_to_45_minutes_and_the_cut_to_15(lesson):
    plan = GUIDE["lessons"][lesson]["plan"]
    assert sum(part["minutes"] for part in plan) == 45
    assert sum(part["short"] for part in plan) == 15
    assert all(part["short"] <= part["minutes"] for part in plan)
    assert GUIDE["talk"]["minutes"]["value"] in [part["minutes"] for part in plan]


@LESSON
@LANG
def test_worksheet_asks_both_forms_and_gives_no_answer_away(lesson, lang):
    sheet = Sheet(lesson, "worksheet", lang, seed=3)
    shown = text(sheet)
    for form in sheet.forms:
        for asked in form:
            item = bank()[asked.item]
            assert item["ask"][lang] in shown
            if "right" in item:
                assert item["right"]["why"][lang] not in shown


@LESSON
@LANG
def test_answer_key_has_each_answer_where_the_worksheet_has_it(lesson, lang):
    worksheet, key = Sheet(lesson, "worksheet", lang, seed=3), Sheet(lesson, "answers", lang, seed=3)
    assert worksheet.forms == key.forms
    shown = text(key)
    for form in key.forms:
        for asked in form:
            item = bank()[asked.item]
            assert item["ask"][lang] in shown
            assert key.answer(asked) in shown
            if item["type"] == "choice":
                letter, _, said = key.answer(asked).partition(". ")
                assert said == item["right"]["text"][lang]
                assert worksheet.options(asked)["ABCD".index(letter)] == f"{letter}. {said}"


@LANG
def test_order_is_answered_by_the_numbers_to_write_into_the_boxes(lang):
    for seed in range(30):
        for asked in forms(seed)[0]:
            item = bank()[asked.item]
            if item["type"] == "order":
                key = Sheet("lesson_1", "answers", lang, seed=seed)
                numbers = [int(n) for n in re.findall(r"\d", re.split(r"[（(]", key.answer(asked))[0])]
                steps = [step for _, step in sorted(zip(numbers, key.options(asked), strict=True))]
                assert steps == [step[lang] for step in item["steps"]]
                return
    raise AssertionError("no order item drawn")


@LESSON
@LANG
@pytest.mark.parametrize("name", SHEETS)
def test_sheets_speak_one_language(lesson, lang, name):
    shown = text(Sheet(lesson, name, lang))
    if lang == "en":
        assert not re.search(r"[\u4e00-\u9fff]", shown)
    else:
        assert not re.search(r"[a-z]{3,} [a-z]{3,} [a-z]{3,}", shown)


def test_guide_spreads_talk_as_people_ask():
    rows = Sheet("lesson_1", "guide").spread
    assert [row[1] for row in rows] == sorted(asked_counts().values(), reverse=True)
    assert sum(row[4] for row in rows) == GUIDE["talk"]["minutes"]["value"]
    assert sum(row[2] for row in rows) == len(bank())


@LANG
def test_what_people_ask_is_printed_whole_with_its_sources_and_whom_to_ask(lang):
    shown = text(Sheet("lesson_3", "questions", lang))
    assert topics()
    for topic in topics():
        asked = f" ({topic.asked})" if topic.asked else " "
        assert topic.question[lang] + asked in shown and topic.answer["text"][lang] in shown
        assert cites(lang)(topic.answer) in shown
        if topic.ask:
            assert all(" ".join(topic.ask[part][lang].split()) in shown for part in ("whom", "say"))
    places = [shown.index(topic.question[lang]) for topic in topics()]
    assert places == sorted(places)


def test_best_path_on_the_key_is_the_games():
    from jiebei_lib.lessons import best_path, seven_days

    in_world = seven_days.world(7)
    points = best_path.best_from(seven_days.start(in_world), in_world)[0]
    assert f"{points:.1f}" in text(Sheet("lesson_1", "answers", seed=7))
    assert Sheet("lesson_2", "answers", seed=7).best == ""


@pytest.mark.parametrize("asked", [("lesson_9", "page"), ("lesson_1", "poster")])
def test_a_sheet_that_is_none_is_refused(asked):
    with pytest.raises(ReportError, match="does not exist"):
        Sheet(*asked)


@pytest.mark.slow
def test_handouts_come_as_small_pages_that_need_nothing(tmp_path):
    pytest.importorskip("papermill")
    made = handouts("lesson_2", "en", ("html",), tmp_path, "guide")
    page = made[0].html.read_text("utf-8")
    assert made[0].html.name == "lesson_2-guide.en.html"
    assert len(page) < 100_000
    assert not re.search(r"(src|href)=\"https?:", page)
    with pytest.raises(ReportError, match="--sheet"):
        handouts("lesson_2", "en", ("html",), tmp_path, "poster")


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(not browser_path(), reason="needs Chromium")
@LANG
def test_the_page_of_what_to_do_is_one_page(tmp_path, lang):
    pypdf = pytest.importorskip("pypdf")
    made = handouts("lesson_1", lang, ("pdf",), tmp_path, "page")
    assert len(pypdf.PdfReader(made[0].pdf).pages) == 1
