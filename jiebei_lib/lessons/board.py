"""What a teacher sees of a class: how many answered, what they answered, what they believe, what the lesson changed, their paths."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from jiebei_lib.lessons.bank import aligned, bank, given_to, mark
from jiebei_lib.lessons.store import Answer, Store

CONFIDENCE = 0.95
FEWEST = 3  # students with both forms; below it an interval says nothing


@dataclass(frozen=True)
class Gain:
    """Right answers before and after, as shares, of the students who finished both; ``low`` and ``high`` bound the mean change.

    The bounds are Student's t interval for paired differences at 95%; None with fewer than three students.
    """

    students: int
    before: float
    after: float
    change: float
    low: float | None
    high: float | None

    @property
    def sure(self) -> bool:
        """Whether the interval leaves out "no change"."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


@dataclass(frozen=True)
class Spread:
    """Answers to one question: option, value or pattern → how many; ``right`` of ``answered``."""

    item: str
    phase: str
    answered: int
    right: int
    given: dict[Any, int]


def progress(store: Store, lesson: str, length: int) -> dict[str, int]:
    """Students who joined, who have begun and finished each form, and who have finished a game."""
    out = {"joined": store.students()}
    for phase in ("before", "after"):
        per = Counter(answer.student for answer in _of(store, lesson, phase))
        out[f"{phase}_begun"] = len(per)
        out[f"{phase}_done"] = sum(count >= length for count in per.values())
    out["played"] = len({move.student for move in store.moves() if move.day == 7})
    return out


def spreads(store: Store, lesson: str, phase: str) -> list[Spread]:
    """How each question was answered, the one with the most wrong answers first. Leaves out what :func:`gone` counts."""
    by_item: dict[str, list[Answer]] = defaultdict(list)
    for answer in _of(store, lesson, phase):
        if fits(answer.item, answer.response, answer.student):
            by_item[answer.item].append(answer)
    out = []
    for item, answers in by_item.items():
        given = Counter(counted(answer) for answer in answers)
        right = sum(answer.right for answer in answers)
        out.append(Spread(item, phase, len(answers), right, dict(given.most_common())))
    return sorted(out, key=lambda spread: (spread.right - spread.answered, spread.item))


def gone(store: Store, lesson: str, phase: str) -> int:
    """Answers to questions that the bank no longer has, or has changed so that the answer is none of theirs: kept, but not shown."""
    return sum(not fits(answer.item, answer.response, answer.student) for answer in _of(store, lesson, phase))


def fits(item: str, response: Any, student: int) -> bool:
    """Whether a student's kept response can be an answer to the question as the bank has it now."""
    with suppress(KeyError, ValueError, TypeError):
        return bool(mark(given_to(item, student), response))
    return False


def counted(answer: Answer) -> Any:
    """What an answer is counted as: those to the same question in other numbers are held against the question's own."""
    return pattern(bank()[answer.item], aligned(answer.item, answer.student, answer.response))


def pattern(item: dict[str, Any], response: Any) -> Any:
    """A response as something to count."""
    if response is None or item["type"] in ("choice", "number"):
        return response
    return tuple(sorted(response)) if item["type"] == "breach" else tuple(response)


def misconceptions(store: Store, lesson: str) -> list[tuple[str, int, int]]:
    """Misconception, students who showed it before, students who showed it after; the commonest before first."""
    seen: dict[str, dict[str, set[int]]] = defaultdict(lambda: {"before": set(), "after": set()})
    for phase in ("before", "after"):
        for answer in _of(store, lesson, phase):
            for reveals in answer.reveals:
                seen[reveals][phase].add(answer.student)
    counted = [(name, len(who["before"]), len(who["after"])) for name, who in seen.items()]
    return sorted(counted, key=lambda row: (-row[1], -row[2], row[0]))


def gain(store: Store, lesson: str, length: int) -> Gain | None:
    """What changed from the first form to the second, in the students who finished both; None if nobody has."""
    right: dict[int, dict[str, list[bool]]] = defaultdict(lambda: {"before": [], "after": []})
    for phase in ("before", "after"):
        for answer in _of(store, lesson, phase):
            right[answer.student][phase].append(answer.right)
    pairs = [
        (sum(marks["before"]) / length, sum(marks["after"]) / length)
        for marks in right.values()
        if all(len(marks[phase]) >= length for phase in ("before", "after"))
    ]
    return gain_of(pairs) if pairs else None


def gain_of(pairs: list[tuple[float, float]]) -> Gain:
    """The mean change of paired shares and its uncertainty."""
    n = len(pairs)
    before, after = (sum(pair[end] for pair in pairs) / n for end in (0, 1))
    change = after - before
    if n < FEWEST:
        return Gain(n, before, after, change, None, None)
    from scipy.stats import t

    spread = math.sqrt(sum((b - a - change) ** 2 for a, b in pairs) / (n - 1))
    reach = float(t.ppf((1 + CONFIDENCE) / 2, n - 1)) * spread / math.sqrt(n)
    return Gain(n, before, after, change, max(-1.0, change - reach), min(1.0, change + reach))


def paths(store: Store) -> dict[int, Counter[str]]:
    """Day → how often each choice was made, over every student's first game: nobody's own path can be read from it."""
    out: dict[int, Counter[str]] = {day: Counter() for day in range(1, 8)}
    for move in store.moves():
        if move.run == 1:
            out[move.day][move.choice] += 1
    return out


def eyes(store: Store) -> tuple[int, int]:
    """Calls judged rightly, and calls judged at all, over all games."""
    judged = store.names()
    return sum(right for *_, right in judged), len(judged)


def _of(store: Store, lesson: str, phase: str) -> list[Answer]:
    return [answer for answer in store.answers() if answer.lesson == lesson and answer.phase == phase]
