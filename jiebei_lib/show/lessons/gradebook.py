"""The class as a gradebook: one row a student by the code that they keep, one column a form, ready for a school's own list."""

from __future__ import annotations

import csv
import io
from collections import defaultdict

from jiebei_lib.lessons import best_path
from jiebei_lib.lessons import seven_days as game
from jiebei_lib.lessons.store import PHASES, Store
from jiebei_lib.page.text import heads

BOM = "\ufeff"  # by which spreadsheets know that Chinese follows


def gradebook(store: Store, lesson: str, lang: str, seed: int) -> str:
    """CSV: code, number, for each form how many are right and how many answered, the best finished game's points. No nickname; what
    a student has not begun is empty, not zero."""
    marks: dict[int, dict[str, list[bool]]] = defaultdict(lambda: {phase: [] for phase in PHASES})
    for answer in store.answers():
        if answer.lesson == lesson:
            marks[answer.student][answer.phase].append(answer.right)
    points = _points(store, seed) if lesson == "lesson_1" else {}
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(heads("lessons.board.gradebook", lang))
    for number, code in store.codes().items():
        row: list[object] = [code, number]
        for phase in PHASES:
            done = marks[number][phase]
            row += [sum(done), len(done)] if done else ["", ""]
        table.writerow([*row, points.get(number, "")])
    return BOM + out.getvalue()


def _points(store: Store, seed: int) -> dict[int, str]:
    """Student and points of their best finished game; games of another seed or another version, which cannot be played out, count
    for nothing."""
    games: dict[tuple[int, int], dict[int, str]] = defaultdict(dict)
    for move in store.moves():
        games[move.student, move.run][move.day] = move.choice
    best: dict[int, float] = {}
    for (student, _), chosen in games.items():
        try:
            end = game.play(seed, [chosen[day] for day in range(1, game.DAYS + 1)])[-1]
        except (KeyError, ValueError):
            continue
        best[student] = max(best.get(student, 0.0), best_path.points(end).total)
    return {student: f"{total:.1f}" for student, total in best.items()}
