"""What pupils hand in from a lesson's page, taken into a class's file: read carefully, since anybody can write a word of results."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jiebei_lib.core.knowledge.problems import Problem, UserError, shown
from jiebei_lib.core.knowledge.user_files import LARGEST_FILE, decoded
from jiebei_lib.lessons.bank import bank, mark
from jiebei_lib.lessons.forms import forms
from jiebei_lib.lessons.learner import LESSONS
from jiebei_lib.lessons.seven_days import DAYS, game, play
from jiebei_lib.lessons.store import CODE, LETTERS, ClassError, Store, checked_name
from jiebei_lib.reports.light.lesson import MARK

WORD = re.compile(re.escape(MARK) + r"[A-Za-z0-9_-]{8,20000}")
SEEDS = range(10**9)
MOST_RUNS = 60  # games of one pupil
FORMS = ("before", "after")


class NotResult(ValueError):
    """A word that no page has made."""


@dataclass(frozen=True)
class Handed:
    """One pupil's results: of a quiz ``answers`` (phase, question, response), of the game ``runs`` of choices and ``judged``."""

    who: str
    name: str
    seed: int
    lesson: str
    answers: tuple[tuple[str, str, Any], ...] = ()
    runs: tuple[tuple[str, ...], ...] = ()
    judged: tuple[tuple[int, str, str, bool], ...] = ()


@dataclass
class Collected:
    """What came of a collection: new results, those that had been taken before, and what was wrong, a problem each."""

    new: int = 0
    again: int = 0
    problems: list[Problem] = field(default_factory=list)


def collect(files: Iterable[str | Path], store: Store) -> Collected:
    """Takes the results in some files (pasted messages, CSV) into a class. The same word twice counts once; of a page that was handed in
    half done and later whole, what is new is added. Raises :class:`UserError` for a file without any."""
    out = Collected()
    for file in files:
        words = words_in(Path(file))
        for n, word in enumerate(dict.fromkeys(words), 1):
            where = f"{Path(file).name}: {n}"
            try:
                handed = read_word(word)
            except NotResult:
                out.problems.append(Problem("not_a_result", where, {"value": shown(word, 40)}))
                continue
            kept = store.setting("seed", str(handed.seed))
            if kept != str(handed.seed):
                out.problems.append(Problem("other_seed", where, {"value": handed.seed, "allowed": kept}))
            elif take(handed, store):
                out.new += 1
            else:
                out.again += 1
    return out


def words_in(file: Path) -> list[str]:
    """Every word of results in a text file, whatever stands around it."""
    try:
        content = file.read_bytes() if file.stat().st_size <= 50 * LARGEST_FILE else b""
    except OSError as failure:
        raise UserError(Problem("no_file", shown(str(file)), {"value": failure.strerror or failure})) from None
    found = WORD.findall(decoded(content, file.name, UserError))
    if not found:
        raise UserError(Problem("no_results", file.name, {"allowed": MARK}))
    return found


def read_word(word: str) -> Handed:
    """What a word says, if a page can have said it. Raises :class:`NotResult`."""
    with suppress(ValueError, KeyError, TypeError, RecursionError, OverflowError):
        text = word.removeprefix(MARK)
        told = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        who, seed = told["who"], told["seed"]
        fine = isinstance(who, str) and len(who) == CODE and set(who) <= set(LETTERS)
        if fine and type(seed) is int and seed in SEEDS:
            return _quiz(told, who, seed) if told["kind"] == "quiz" else _game(told, who, seed)
    raise NotResult(word)


def _name(given: Any) -> str:
    """A nickname; one that cannot stand in a class is left out."""
    try:
        return checked_name(given if isinstance(given, str) else "")
    except ClassError:
        return ""


def _quiz(told: dict[str, Any], who: str, seed: int) -> Handed:
    lesson, turned = told["lesson"], told["turned"]
    if lesson not in LESSONS or type(turned) is not bool:
        raise NotResult(lesson)
    pair, answers = forms(seed + LESSONS.index(lesson)), []
    for phase in FORMS:
        form, given = pair[(phase == "after") != turned], told["answers"][phase]
        if not isinstance(given, list) or len(given) > len(form):
            raise NotResult(phase)
        for asked, response in zip(form, given, strict=False):
            mark(bank()[asked.item], response)  # refuses what can be no answer
            answers.append((phase, asked.item, response))
    return Handed(who, _name(told["name"]), seed, lesson, answers=tuple(answers))


def _game(told: dict[str, Any], who: str, seed: int) -> Handed:
    runs = [tuple(run) for run in told["runs"]]
    if told["kind"] != "game" or len(runs) > MOST_RUNS or any(len(run) > DAYS for run in runs):
        raise NotResult(told["kind"])
    for run in runs:
        play(seed, run)  # refuses a choice that was not open that day
    judged = []
    for run, event, rule in told["judged"]:
        right = game()["events"][event].get("rule") or "none"
        if type(run) is not int or not 1 <= run <= len(runs) or (rule != "none" and rule not in game()["breaches"]):
            raise NotResult(event)
        judged.append((run, event, rule, rule == right))
    return Handed(who, _name(told["name"]), seed, LESSONS[0], runs=tuple(runs), judged=tuple(judged))


def take(handed: Handed, store: Store) -> bool:
    """Writes a pupil's results into the class; whether there was anything new. A pupil is known by what their browser drew."""
    key = f"page:{handed.who}"
    code, new = store.kept(key), False
    if not code or not store.there(code):
        code, new = store.join(handed.name), True
        store.keep(key, code)
    done = {phase: store.done(code, handed.lesson, phase) for phase in FORMS}
    for phase, item, response in handed.answers:
        new |= item not in done[phase]
        store.answer(code, handed.lesson, phase, item, response)
    for run, chosen in enumerate(handed.runs, 1):
        for day, choice in enumerate(chosen, 1):
            new |= store.move(code, run, day, choice)
    for run, event, rule, right in handed.judged:
        new |= store.name_call(code, run, event, rule, right)
    return new
