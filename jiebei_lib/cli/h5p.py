"""The bank as an H5P question set: content alone, for a site that has Question Set, Multiple Choice and Drag the Words.

A choice or a breach is multiple choice. A number is one too, of its right value and the wrong ones that have an explanation: H5P has no
number with a tolerance. An order is words to drag to their places. H5P takes texts for HTML, so each is escaped.
"""

from __future__ import annotations

import html
import io
import json
import uuid
import zipfile
from typing import Any

from jiebei_lib.cli.question_sets import answers, asked, chosen, explained
from jiebei_lib.core.knowledge.yaml_files import shipped
from jiebei_lib.lessons.bank import mark
from jiebei_lib.page.text import say
from jiebei_lib.show.lessons.words import answer

# Library, version, and what an author calls it; the versions of the H5P hub when this was written
SET = ("H5P.QuestionSet", 1, 20, "Question Set")
CHOICE = ("H5P.MultiChoice", 1, 16, "Multiple Choice")
DRAG = ("H5P.DragText", 1, 10, "Drag the Words")
NAMESPACE = uuid.UUID("6f0b8f0e-6a55-4d2f-9a3c-1f6f6c2b7c11")  # ids that stay the same from one export to the next
DAY = (2026, 1, 1, 0, 0, 0)  # of the files in the package: the same questions give the same bytes
HALF = 50  # per cent to pass: H5P asks for one
DRAG_MARKS = str.maketrans(
    {"*": "＊", ":": "：", "/": "／", "\\": "＼"}
)  # what Drag the Words gives a meaning, in a look-alike


def package(lang: str, topics: tuple[str, ...] = ()) -> bytes:
    """The questions of some topics (all if none is named) in one language, as a ``.h5p`` file."""
    title = say("lessons.bank.h5p.title", lang)
    about = {
        "title": title,
        "language": {"zh": "zh-cn", "en": "en"}[lang],
        "mainLibrary": SET[0],
        "embedTypes": ["iframe"],
        "license": "U",
        "defaultLanguage": {"zh": "zh-cn", "en": "en"}[lang],
        "preloadedDependencies": [
            {"machineName": name, "majorVersion": major, "minorVersion": minor}
            for name, major, minor, _ in (SET, CHOICE, DRAG)
        ],
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in (("h5p.json", about), ("content/content.json", content_of(lang, topics))):
            packed.writestr(zipfile.ZipInfo(name, DAY), json.dumps(content, ensure_ascii=False, indent=1))
    return out.getvalue()


def content_of(lang: str, topics: tuple[str, ...]) -> dict[str, Any]:
    """The question set itself, as Question Set's own description of its content asks for it."""
    names = ("prev", "next", "finish", "textual", "jump")
    said = {name: say(f"lessons.bank.h5p.{name}", lang) for name in names}
    return {
        "introPage": {"showIntroPage": False, "title": "", "introduction": ""},
        "progressType": "textual",
        "passPercentage": HALF,
        "questions": [_question(name, item, lang) for name, item in chosen(topics).items()],
        "disableBackwardsNavigation": False,
        "randomQuestions": False,
        "texts": {
            "prevButton": said["prev"],
            "nextButton": said["next"],
            "finishButton": said["finish"],
            "textualProgress": said["textual"],
            "jumpToQuestion": said["jump"],
            **_words("texts", lang),
        },
        "endGame": {
            "showResultPage": True,
            "showSolutionButton": True,
            "showRetryButton": True,
            "overallFeedback": [{"from": 0, "to": 100}],
            **_words("endGame", lang),
        },
        "override": {"checkButton": True},
    }


def _question(name: str, item: dict[str, Any], lang: str) -> dict[str, Any]:
    kind = DRAG if item["type"] == "order" else CHOICE
    return {
        "library": f"{kind[0]} {kind[1]}.{kind[2]}",
        "params": (_drag if kind is DRAG else _choice)(item, lang),
        "subContentId": str(uuid.uuid5(NAMESPACE, f"{name}-{lang}")),
        "metadata": {"contentType": kind[3], "license": "U", "title": name},
    }


def _choice(item: dict[str, Any], lang: str) -> dict[str, Any]:
    several = item["type"] == "breach"
    options = [
        {
            "text": _html(answer(item, given, lang) if item["type"] == "number" else given),
            "correct": earned > 0,
            "tipsAndFeedback": {"tip": "", "chosenFeedback": _html(said), "notChosenFeedback": ""},
        }
        for given, earned, said in answers(item, lang)
    ]
    return {
        "question": _html(asked(item, lang)),
        "answers": options,
        "behaviour": {
            "type": "multi" if several else "single",
            "singlePoint": several,  # all of it or nothing, as the bank marks
            "randomAnswers": not several,
            "enableRetry": True,
            "enableSolutionsButton": True,
            "enableCheckButton": True,
            "passPercentage": 100,
        },
        "overallFeedback": [{"from": 0, "to": 100, "feedback": explained(item, lang)}],
        "UI": _buttons(lang, "checkAnswerButton", "showSolutionButton", "tryAgainButton") | _words("choice", lang),
    }


def _drag(item: dict[str, Any], lang: str) -> dict[str, Any]:
    places = [
        f"{say('lessons.quiz.step', lang, n=n)} *{_plain(step[lang])}*" for n, step in enumerate(item["steps"], 1)
    ]
    assert mark(item, list(range(len(places)))).right  # they stand in their right order
    return {
        "taskDescription": _html(asked(item, lang)),
        "textField": "\n".join(places),
        "behaviour": {
            "enableRetry": True,
            "enableSolutionsButton": True,
            "enableCheckButton": True,
            "instantFeedback": False,
        },
        "overallFeedback": [{"from": 0, "to": 100, "feedback": explained(item, lang)}],
        **_buttons(lang, "checkAnswer", "showSolution", "tryAgain"),
        **_words("drag", lang),
    }


def _buttons(lang: str, *names: str) -> dict[str, str]:
    keys = ("check", "solution", "again")
    return {name: say(f"lessons.bank.h5p.{key}", lang) for name, key in zip(names, keys, strict=True)}


def _words(part: str, lang: str) -> dict[str, str]:
    """What a learner reads beside the questions, by H5P's names for it."""
    return {name: said[lang] for name, said in shipped("page/text/lessons.yaml")["bank"]["h5p"][part].items()}


def _html(text: str) -> str:
    return "".join(f"<p>{html.escape(line, quote=False)}</p>" for line in text.split("\n"))


def _plain(text: str) -> str:
    return html.escape(text, quote=False).translate(DRAG_MARKS)
