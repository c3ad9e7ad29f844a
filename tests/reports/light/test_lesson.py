"""A lesson's quiz as a page from disk: marked as the library marks, resumed after closing, handed in, taken into a class."""

from __future__ import annotations

import base64
import json
import random
import shutil
import subprocess

import pytest
from axe_playwright_python.sync_playwright import Axe

from jiebei_lib.cli import run
from jiebei_lib.core.knowledge.problems import UserError
from jiebei_lib.core.knowledge.yaml_files import HERE
from jiebei_lib.lessons.bank import bank, mark
from jiebei_lib.lessons.board import gain
from jiebei_lib.lessons.forms import forms
from jiebei_lib.lessons.learner import LESSONS
from jiebei_lib.lessons.store import Store
from jiebei_lib.page.text import say
from jiebei_lib.reports.light.lesson import MARK, _item, quiz_page
from jiebei_lib.reports.light.results import NotResult, collect, read_word

LIGHT = HERE / "reports" / "light"
MARKS = """
const { mark } = require(process.argv[1] + "/quiz.js");
const asked = JSON.parse(require("fs").readFileSync(0, "utf-8"));
process.stdout.write(JSON.stringify(asked.map(([item, given]) => mark(item, given))));
"""


def answers_to(item, rng):
    """What may be answered to a question, the right answer and "I don't know" among it."""
    if item["type"] == "choice":
        return [None, *range(len(item["wrong"]) + 1)]
    if item["type"] == "number":
        near = [item["answer"], *(wrong["value"] for wrong in item["wrong"])]
        return [None, *near, *(value + sign * item["tolerance"] for value in near for sign in (-1, 1, 1.5)), -7.5]
    if item["type"] == "order":
        steps = range(len(item["steps"]))
        return [None, list(steps), *(rng.sample(steps, len(steps)) for _ in range(8))]
    lines = range(len(item["lines"]))
    breaking = [n for n in lines if item["lines"][n].get("rule")]
    return [None, breaking, *(sorted(rng.sample(lines, rng.randint(1, len(lines)))) for _ in range(8))]


@pytest.mark.skipif(not shutil.which("node"), reason="no Node on this machine")
def test_every_question_is_marked_as_the_library_marks_it():
    rng = random.Random(4)
    asked = [(name, given) for name, item in bank().items() for given in answers_to(item, rng)]
    given = json.dumps([(_item(bank()[name]), answer) for name, answer in asked])
    done = subprocess.run(["node", "-e", MARKS, LIGHT], input=given, capture_output=True, text=True, check=True)
    for (name, answer), theirs in zip(asked, json.loads(done.stdout), strict=True):
        ours = mark(bank()[name], answer)
        assert theirs == {"right": ours.right, "said": ours.feedback, "lines": list(ours.lines)}, (name, answer)


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_is_one_small_file_and_the_same_for_a_seed(lesson):
    page = quiz_page(lesson)
    assert len(page.encode()) <= 1_000_000 and page == quiz_page(lesson) != quiz_page(lesson, seed=8)
    assert "https:" not in page and "default-src &#39;none&#39;" in page


def answer_all(tab, rng, until=10**3):
    """Presses through a quiz, at random, up to a number of presses."""
    for _ in range(until):
        if tab.get_attribute("#light", "data-at") == "end":
            return
        for press in ("#begin", "#go-on", "#next"):
            if tab.query_selector(press):
                tab.click(press)
                break
        else:
            options, selects = tab.query_selector_all(".option input"), tab.query_selector_all("select")
            if options:
                rng.choice(options).check(force=True)
            elif selects:
                for n, select in zip(rng.sample(range(len(selects)), len(selects)), selects, strict=True):
                    select.select_option(index=n + 1)
            else:
                tab.fill("#number", str(rng.randint(0, 99)))
            tab.click("#submit")


@pytest.mark.parametrize(("name", "lang"), [("12", "zh"), ("13", "en")])
def test_a_lesson_is_played_to_the_end_offline_closed_in_the_middle_and_taken_in(own_browser, tmp_path, name, lang):
    path, rng, errors = tmp_path / "lesson.html", random.Random(int(name)), []
    path.write_text(quiz_page("lesson_1", lang), "utf-8")

    def opened():
        tab = own_browser().new_page()
        tab.context.on("weberror", lambda error: errors.append(error.error.message))
        tab.goto(path.as_uri())
        return tab

    tab = opened()
    tab.fill("#name", name)
    answer_all(tab, rng, 8)
    before = tab.inner_text("#light")
    assert tab.get_attribute("#light", "data-kept") is None  # the browser lets the page keep something
    tab = opened()  # again, in the same place
    assert tab.inner_text("#light") == before and Axe().run(tab).response["violations"] == []
    answer_all(tab, rng)
    assert Axe().run(tab).response["violations"] == [] and errors == []
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    with tab.expect_download() as saved:
        tab.click("a.button")
    saved.value.save_as(tmp_path / "results.csv")
    (tmp_path / "message.txt").write_text(f"老师好：{tab.input_value('#word')}，谢谢", "utf-8")
    store = Store(tmp_path / "class.sqlite")
    assert (collect([tmp_path / "message.txt"], store).new, collect([tmp_path / "results.csv"], store).again) == (1, 1)
    right = {each: sum(a.right for a in store.answers() if a.phase == each) for each in ("before", "after")}
    assert say("lessons.quiz.result", lang, number=len(forms(7)[0]), **right) == tab.inner_text(".answer")
    assert gain(store, "lesson_1", len(forms(7)[0])).students == 1
    first = {answer.item for answer in store.answers() if answer.phase == "before"}
    assert first == {asked.item for asked in forms(7)[int(name) % 2 == 0]}  # an even number: the other form first
    tab.click("#over")
    assert tab.input_value("#name") == "" and tab.get_attribute("#light", "data-at") == "start"


def test_a_browser_that_keeps_nothing_still_plays(browser_page, tmp_path):
    path = tmp_path / "lesson.html"
    path.write_text(quiz_page("lesson_2", "zh"), "utf-8")
    tab, requests, _ = browser_page(path)
    tab.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new Error('denied'); } })")
    tab.reload()
    answer_all(tab, random.Random(1))
    assert tab.input_value("#word").startswith(MARK) and requests == []


def word(**changes):
    told = {"kind": "quiz", "lesson": "lesson_1", "seed": 7, "who": "ACDEFGHJ", "name": "3", "turned": False}
    told |= {"answers": {"before": [None], "after": []}} | changes
    return MARK + base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")


def test_a_word_cut_off_forged_or_of_another_class_is_named_and_the_rest_taken(tmp_path):
    assert len(read_word(word()).answers) == 1
    wrong = [
        word()[:-9],
        word(who="../../etc"),
        word(seed=-1),
        word(seed=True),
        word(lesson="lesson_9"),
        word(turned=1),
        word(answers={"before": [None] * 99, "after": []}),
        word(answers={"before": [{"a": 1}], "after": []}),
        word(answers={"before": [10**400], "after": []}),
        word(kind="game", runs=[["fly"]], judged=[]),
        MARK + "A" * 5000,
    ]
    for one in wrong:
        with pytest.raises(NotResult):
            read_word(one)
    file = tmp_path / "in.txt"
    file.write_text("\n".join([*wrong, word(), word(seed=8, who="KMNPQRTU")]), "utf-8")
    store = Store(tmp_path / "class.sqlite")
    found = collect([file], store)
    assert (found.new, found.again, store.students()) == (1, 0, 1)
    assert [problem.kind for problem in found.problems] == ["not_a_result"] * len(wrong) + ["other_seed"]
    file.write_text("nothing here", "utf-8")
    with pytest.raises(UserError):
        collect([file], store)


def test_a_phone_number_for_a_name_is_left_out_and_a_longer_word_adds_what_is_new(tmp_path):
    store, file = Store(tmp_path / "class.sqlite"), tmp_path / "in.txt"
    file.write_text(word(name="13800138000"), "utf-8")
    assert collect([file], store).new == 1
    file.write_text(word(name="13800138000", answers={"before": [None, None], "after": []}), "utf-8")
    assert collect([file], store).new == 1
    assert store.students() == 1 and len(store.answers()) == 2


def test_the_commands_make_and_take(tmp_path, capsys):
    assert run(["page", "--lesson", "2", "-o", str(tmp_path / "l.html"), "--lang", "en"]) == 0
    assert "before and after" in (tmp_path / "l.html").read_text("utf-8")
    assert run(["page", "--lesson", "9", "-o", str(tmp_path / "l.html")]) == 2
    (tmp_path / "in.txt").write_text(f"{word()} {word()[:-9]}", "utf-8")
    asked = ["collect", str(tmp_path / "in.txt"), "--file", str(tmp_path / "c.sqlite"), "--lang", "en"]
    capsys.readouterr()
    assert run(asked) == 1
    said = capsys.readouterr()
    assert "New: 1 result;" in said.out and len(said.err.splitlines()) == 1
    assert run(["collect", str(tmp_path / "none.txt"), "--file", str(tmp_path / "c.sqlite")]) == 2
