"""Seven days without a server: every state of a world's game that can be reached, as tables of small whole numbers, and the page around it.

A state that looks alike from here on is one state however one came to it (as best_path.py has it), so that a world's 32,000 states say all
that any player can see. What a morning shows (sums, range of the likelihood, what arrived) stands in tables of its own.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from jiebei_lib.core.policy import load_policy
from jiebei_lib.core.scoring.score import GRADES, score_cases
from jiebei_lib.lessons import seven_days as game
from jiebei_lib.lessons.best_path import money_lost, still_owed
from jiebei_lib.lessons.learner import SEED
from jiebei_lib.page.text import LANGUAGES, of_hundred, percent, say
from jiebei_lib.reports.light.lesson import SAID as LESSON_SAID
from jiebei_lib.reports.light.lesson import based, lesson_page
from jiebei_lib.reports.light.page import BOTH, languages
from jiebei_lib.reports.light.results import MOST_RUNS
from jiebei_lib.show.lessons.game import IN_ORDER, JUDGED, grade_words

SAID = (*LESSON_SAID, "lessons.game.")
POINTS = ("share", "debt", "cost", "short", "improper")
KINDS = {1: "u1", 2: "<u2", 4: "<u4"}  # bytes of a number in a table


def game_page(lang: str = BOTH, seed: int | None = None) -> str:
    """The game as one HTML page, some 600 kB. The same seed, the same world and the same page."""
    langs, seed = languages(lang), SEED if seed is None else seed
    story, acts = game.game(), game.game()["choices"]
    levels = load_policy().data["factors"]["communication"]["levels"]
    know = {
        "title": {one: say("light.lesson.game", one) for one in LANGUAGES},
        "story": story["story"],
        "seed": seed,
        "days": game.DAYS,
        "choices": {
            name: {key: act[key] for key in ("name", "text", "lesson")} | based(act) for name, act in acts.items()
        },
        "events": {
            name: {key: event[key] for key in ("text", "why", "kind")} | based(event) | {"rule": event.get("rule")}
            for name, event in story["events"].items()
        },
        "breaches": story["breaches"],
        "in_order": IN_ORDER,
        "judged": list(JUDGED),
        "levels": {name: level["name"] for name, level in levels.items()},
        "points": {name: game.number(f"points.{name}") for name in POINTS},
        "hair": 1e-9,
        "most_runs": MOST_RUNS,
        "shown": {"lost": 0.05, "perfect": 1e-6},
        "graph": graph(seed),
    }
    return lesson_page(know, langs, ("kit.js", "game.js"), SAID)


@lru_cache(maxsize=2)
def graph(seed: int) -> dict[str, Any]:
    """The tables of a world. States stand morning by morning; ``edges`` are the places in the next morning that open choices lead to."""
    in_world = game.world(seed)
    mornings, edges = _reached(in_world)
    states = [state for morning in mornings for state in morning]
    place = {state: n for morning in mornings for n, state in enumerate(morning)}
    acts, levels = list(game.game()["choices"]), [game.REPAYING, game.ENGAGED, game.ANSWERING, game.BROKEN, game.SILENT]
    looks = list(dict.fromkeys((state.payments, state.communication) for state in states))
    debts = list(dict.fromkeys((state.payments, min(state.day, game.DAYS)) for state in states))
    events = list(dict.fromkeys(tuple(game.arrivals(state, in_world)) for state in states if not state.over))
    at = {
        table: {entry: n for n, entry in enumerate(of)}
        for table, of in (("looks", looks), ("debts", debts), ("events", events))
    }
    ends = mornings[-1]
    return {
        "counts": [len(morning) for morning in mornings],
        "acts": acts,
        "heard": levels,
        "events": events,
        "edges": _table(2, (place[after] for moves in edges for after in moves.values())),
        "open": _table(2, (sum(1 << acts.index(name) for name in moves) for moves in edges)),
        "look": _table(2, (at["looks"][state.payments, state.communication] for state in states)),
        "debt": _table(2, (at["debts"][state.payments, min(state.day, game.DAYS)] for state in states)),
        "cash": _indexed(state.cash for state in states),
        "communication": _table(1, (levels.index(state.communication) for state in states)),
        "arrived": _table(
            1, (at["events"][tuple(game.arrivals(state, in_world))] for state in states if not state.over)
        ),
        "called": _table(1, (game.contact_called(state, in_world) for state in mornings[-2])),
        "ends": {
            "owed": _indexed(int(still_owed(state) * 100) for state in ends),
            "lost": _indexed(int(money_lost(state) * 100) for state in ends),
            "short": _table(1, (state.short for state in ends)),
            "improper": _table(1, (state.improper for state in ends)),
        },
        "debts": _debts(debts),
        "looks": _looks(looks),
        "due": game.due_cents(),
    }


def _reached(in_world: game.World) -> tuple[list[list[game.State]], list[dict[str, game.State]]]:
    """Every state, morning by morning, each once; and for each but the last ones its open choices and where they lead."""
    mornings, edges = [[game.start(in_world)]], []
    for _ in range(game.DAYS):
        moves = [{name: game.choose(state, name, in_world) for name in game.choices(state)} for state in mornings[-1]]
        mornings.append(list(dict.fromkeys(after for one in moves for after in one.values())))
        edges += moves
    return mornings, edges


def _debts(debts: Sequence[tuple]) -> dict[str, Any]:
    """What is owed in all, and the penalty interest in it, in cents."""
    found = [game.debt(*debt) for debt in debts]
    return {name: _table(4, (int(getattr(one, name) * 100) for one in found)) for name in ("total", "penalty")}


def _looks(looks: Sequence[tuple]) -> dict[str, Any]:
    """The range of the likelihood on day 7 in words and as a picture of a thousand parts, the grade in words, and the share of readings."""
    cases = [game.case_of(game.State(game.DAYS, 0, heard, payments), game.DAYS) for payments, heard in looks]
    found = score_cases([case for case in cases if case is not None], load_policy(), with_bands=False)
    rows = iter(zip(found.low.tolist(), found.high.tolist(), found.share.tolist(), found.so_far.tolist(), strict=True))
    ends = [(0.0, 0.0, 0.0, None) if case is None else next(rows) for case in cases]
    words = {
        lang: {
            "percent": list(dict.fromkeys(percent(p, lang) for row in ends for p in row[:2])),
            "graded": list(dict.fromkeys(_grade(row, lang) for row in ends)),
        }
        for lang in LANGUAGES
    }
    percents, grades = ({word: n for n, word in enumerate(words["en"][kind])} for kind in ("percent", "graded"))
    readings = len(load_policy().readings.samples)
    return {
        "words": words,
        "readings": readings,
        "low": _table(1, (percents[percent(row[0], "en")] for row in ends)),
        "high": _table(1, (percents[percent(row[1], "en")] for row in ends)),
        "low_at": _table(2, (round(1000 * row[0]) for row in ends)),
        "high_at": _table(2, (round(1000 * row[1]) for row in ends)),
        "side": _table(1, (2 if low > 0.5 else 0 if high <= 0.5 else 1 for low, high, _, _ in ends)),
        "graded": _table(2, (grades[_grade(row, "en")] for row in ends)),
        "count": _table(1, (of_hundred(row[2]) for row in ends)),
        "share": _table(2, (round(row[2] * readings) for row in ends)),
    }


def _grade(row: tuple, lang: str) -> str:
    return say("lessons.game.outlook_none", lang) if row[3] is None else grade_words(GRADES[row[3]], row[2], lang)


def _indexed(numbers: Iterable[int]) -> dict[str, Any]:
    """Numbers of which many are equal: the different ones, and where in them each stands."""
    found = list(numbers)
    different = {value: n for n, value in enumerate(dict.fromkeys(found))}
    return {"values": list(different), **_table(2, (different[value] for value in found))}


def _table(size: int, numbers: Iterable[int]) -> dict[str, Any]:
    """Whole numbers from 0 on, ``size`` bytes each (the least first), as base64. Raises ``OverflowError`` for what does not fit."""
    found = np.fromiter(numbers, np.int64)
    if len(found) and not 0 <= found.min() <= found.max() < 256**size:
        raise OverflowError(size)
    return {"size": size, "data": base64.b64encode(found.astype(KINDS[size]).tobytes()).decode()}
