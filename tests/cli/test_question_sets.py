"""The bank taken away: read back by readers of their own, every question is there and marks as the bank marks."""

from __future__ import annotations

import html
import io
import itertools
import json
import re
import uuid
import zipfile

import pytest

from jiebei_lib.cli import h5p, question_sets, run
from jiebei_lib.cli.question_sets import KINDS, question_set
from jiebei_lib.cli.saving import sealed
from jiebei_lib.lessons.bank import TOPICS, bank, mark
from tests.cli import question_readers

LANGUAGES = ("zh", "en")
READ = {
    (kind, lang): {each.name: each for each in getattr(question_readers, kind)(question_set(kind, lang))}
    for kind in KINDS
    for lang in LANGUAGES
}
TOPICS_IN_ORDER = list(question_sets.plan()["topics"])
EACH = pytest.mark.parametrize(("kind", "lang"), list(READ))


@EACH
def test_every_question_is_there_with_its_words(kind, lang):
    read = READ[kind, lang]
    assert list(read) == [name for topic in TOPICS_IN_ORDER for name, item in bank().items() if item["topic"] == topic]
    for name, item in bank().items():
        assert read[name].text.startswith(item["ask"][lang])
        topic = question_sets.plan()["topics"][item["topic"]]["name"][lang]
        assert read[name].category == f"$course$/jiebei/{topic}"
        assert read[name].general.count("\n") >= 1


@EACH
@pytest.mark.parametrize("name", list(bank()))
def test_a_quiz_marks_as_the_bank_does(kind, lang, name):
    item, read = bank()[name], READ[kind, lang][name]
    if item["type"] == "choice":
        assert read.kind == "multichoice" and read.single
        options = [item["right"], *item["wrong"]]
        for n, option in enumerate(options):
            assert (read.earns(option["text"][lang]) == 100) == mark(item, n).right
        assert [said for _, _, said in read.answers] == [option["why"][lang] for option in options]
    elif item["type"] == "number":
        assert read.kind == "numerical"
        for value in [item["answer"], *(wrong["value"] for wrong in item["wrong"]), -1.5, 123456.789]:
            assert (read.earns(value) == 100) == mark(item, value).right
        other = read.answers[-1][2] if kind == "moodle" else read.general
        assert item["otherwise"]["why"][lang] in other
        assert (read.answers[-1][0] == "*") == (kind == "moodle"), "GIFT's grammar has only numbers there"
    elif item["type"] == "order":
        assert read.kind == "matching"
        steps, places = [step[lang] for step in item["steps"]], [place for _, place in read.pairs]
        for order in itertools.permutations(range(len(steps))):
            given = {steps[step]: place for step, place in zip(order, places, strict=True)}
            assert (read.earns(given) == 100) == mark(item, list(order)).right
    else:
        assert read.kind == "multichoice" and not read.single
        lines = range(len(item["lines"]))
        for ticked in itertools.chain.from_iterable(itertools.combinations(lines, n) for n in lines):
            earned = read.earns({item["lines"][n]["text"][lang] for n in ticked})
            assert (earned > 99.9) == (bool(ticked) and mark(item, list(ticked)).right)


def test_a_part_of_the_topics_is_taken_alone():
    read = question_readers.gift(question_set("gift", "en", ("record",)))
    assert [each.name for each in read] == [name for name, item in bank().items() if item["topic"] == "record"]


@pytest.mark.parametrize("kind", KINDS)
def test_signs_in_a_text_stay_text(kind, monkeypatch):
    """What has a meaning in the format, in a question or an option, is a character like any other."""
    evil = "a=b ~ {x} #1 \\ :: <b>&amp;</b> -> 50% // $CATEGORY: none"
    name = "line_what_decides"
    item = {**bank()[name], "ask": {"zh": evil, "en": evil}}
    item["right"] = {"text": {"zh": evil, "en": evil}, "why": {"zh": evil, "en": evil}}
    monkeypatch.setattr(question_sets, "bank", lambda: {name: item})
    (read,) = getattr(question_readers, kind)(question_set(kind, "en"))
    assert read.text == evil
    assert read.answers[0] == (evil, 100.0, evil)


def test_the_command_writes_the_file_and_says_how_many(tmp_path, capsys):
    out = tmp_path / "bank.xml"
    assert run(["bank", "--to", "moodle", "--lang", "en", "--topic", "contacts", "-o", str(out)]) == 0
    assert "12 questions" in capsys.readouterr().out
    assert len(question_readers.moodle(out.read_text("utf-8"))) == 12


@pytest.mark.parametrize(("args", "said"), [(["--to", "docx"], "--to"), (["--topic", "weather"], "--topic")])
def test_what_it_cannot_write_is_one_sentence(args, said, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(["bank", *args, "--lang", "en"]) == 2
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_topics_of_the_command_are_those_of_the_bank():
    assert set(TOPICS) == {item["topic"] for item in bank().values()}


# ---- H5P -----------------------------------------------------------------------------------------------------------

# What each library's own description of its content requires, as far as a question has it
REQUIRED = {
    "H5P.MultiChoice 1.16": {"question": str, "answers": list, "behaviour": dict, "overallFeedback": list, "UI": dict},
    "H5P.DragText 1.10": {"taskDescription": str, "textField": str, "behaviour": dict, "overallFeedback": list},
}
H5P_FILE = ("title", "language", "mainLibrary", "embedTypes", "license", "preloadedDependencies")


def unpacked(lang: str, topics: tuple[str, ...] = ()) -> tuple[dict, dict]:
    with zipfile.ZipFile(io.BytesIO(h5p.package(lang, topics))) as packed:
        assert packed.testzip() is None and packed.namelist() == ["h5p.json", "content/content.json"]
        return json.loads(packed.read("h5p.json")), json.loads(packed.read("content/content.json"))


def words(text: str) -> str:
    assert re.fullmatch(r"(<p>[^<>]*</p>)+", text), text  # no mark-up but ours
    return html.unescape(text.replace("</p><p>", "\n")[3:-4])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_h5p_package_keeps_its_shape_and_marks_as_the_bank_does(lang):
    about, content = unpacked(lang)
    assert set(H5P_FILE) <= set(about) and about["mainLibrary"] == "H5P.QuestionSet" and about["license"] == "U"
    known = {
        f"{each['machineName']} {each['majorVersion']}.{each['minorVersion']}"
        for each in about["preloadedDependencies"]
    }
    said = [*content["texts"].values(), *(text for text in content["endGame"].values() if isinstance(text, str))]
    said += [text for each in content["questions"] for text in each["params"].get("UI", {}).values()]
    assert all(bool(re.search("[\u4e00-\u9fff]", text)) is (lang == "zh") for text in said)
    questions = content["questions"]
    assert [each["metadata"]["title"] for each in questions] == list(bank())
    assert len({uuid.UUID(each["subContentId"]) for each in questions}) == len(questions)
    for each in questions:
        item, params = bank()[each["metadata"]["title"]], each["params"]
        assert each["library"] in known
        for name, kind in REQUIRED[each["library"]].items():
            assert isinstance(params[name], kind)
        feedback = params["overallFeedback"]
        assert (feedback[0]["from"], feedback[-1]["to"]) == (0, 100)
        if item["type"] == "order":
            assert words(params["taskDescription"]).startswith(item["ask"][lang])
            places = params["textField"].split("\n")
            assert len(places) == len(item["steps"]) and all(
                re.fullmatch(r"[^*:/]+\*[^*:/\\]+\*", each) for each in places
            )
            continue
        assert words(params["question"]).startswith(item["ask"][lang])
        right = [n for n, option in enumerate(params["answers"]) if option["correct"]]
        texts = [words(option["text"]) for option in params["answers"]]
        assert len(set(texts)) == len(texts)
        if item["type"] == "choice":
            assert texts[0] == item["right"]["text"][lang] and right == [0]
        elif item["type"] == "number":
            assert right == [0] and len(texts) == 1 + len(item["wrong"])
        else:
            assert mark(item, right).right and params["behaviour"]["singlePoint"]
        for option in params["answers"]:
            words(option["tipsAndFeedback"]["chosenFeedback"])


def test_an_h5p_package_is_the_same_bytes_each_time_and_signs_stay_text(monkeypatch):
    assert h5p.package("en", ("record",)) == h5p.package("en", ("record",))
    evil, name = "<script>x</script> &amp; *a* b:c", "record_dispute_steps"
    item = {**bank()[name], "ask": {"zh": evil, "en": evil}}
    item["steps"] = [{"zh": evil, "en": f"{evil}{n}"} for n in range(3)]
    monkeypatch.setattr(question_sets, "bank", lambda: {name: item})
    _, content = unpacked("en")
    (question,) = content["questions"]
    assert words(question["params"]["taskDescription"]) == evil
    assert question["params"]["textField"].count("*") == 6 and "<" not in question["params"]["textField"]


def test_the_command_writes_an_h5p_file(tmp_path):
    out = tmp_path / "bank.h5p"
    assert run(["bank", "--to", "h5p", "--lang", "zh", "--topic", "cost", "-o", str(out)]) == 0
    assert out.read_bytes() == sealed(h5p.package("zh", ("cost",)), "h5p")
