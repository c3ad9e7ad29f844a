"""How questions and time are spread over the topics, and two parallel forms (before and after) drawn from a seed."""

from __future__ import annotations

import csv
import random
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Any

from jiebei_lib.core.knowledge.yaml_files import HERE
from jiebei_lib.lessons.bank import bank, plan

COUNTS = HERE / "evidence" / "data" / "atec_overdue_question_topics.csv"


@dataclass(frozen=True)
class Asked:
    """One item of a form and the order in which its parts stand on screen (numbers of options, steps or lines)."""

    item: str
    shown: tuple[int, ...]


@cache
def asked_counts() -> dict[str, int]:
    """How many questions people asked on each topic of ours."""
    with COUNTS.open(encoding="utf-8") as file:
        counts = {row["topic_zh"]: int(row["distinct_questions"]) for row in csv.DictReader(file)}
    return {name: sum(counts[row] for row in topic["rows"]) for name, topic in plan()["topics"].items()}


def apportion(number: int, floor: int) -> dict[str, int]:
    """``number`` whole parts over the topics: a floor for each, the rest in proportion to the questions asked (largest remainders)."""
    counts = asked_counts()
    rest, total = number - floor * len(counts), sum(counts.values())
    if rest < 0:
        raise ValueError(number)
    exact = {name: rest * count / total for name, count in counts.items()}
    parts = {name: int(share) for name, share in exact.items()}
    by_remainder = sorted(counts, key=lambda name: (parts[name] - exact[name], name))
    for name in by_remainder[: rest - sum(parts.values())]:
        parts[name] += 1
    return {name: floor + part for name, part in parts.items()}


def targets() -> dict[str, int]:
    """How many items of the bank belong to each topic."""
    return apportion(len(bank()), plan()["weights"]["floor"]["value"])


def forms(seed: int, number: int | None = None) -> tuple[list[Asked], list[Asked]]:
    """Two forms without an item in common, alike in topics, difficulty and, where the bank allows it, types. Same seed, same forms.

    Items are paired within topic and difficulty; each pair is dealt one to either form. The right option's place on screen is dealt
    so that no place is favoured.
    """
    weights, random_ = plan()["weights"], random.Random(seed)
    quota = apportion(number or weights["form_items"]["value"], weights["form_floor"]["value"])
    first, second = [], []
    for topic, count in quota.items():
        pairs = _pairs(topic, random_)
        for pair in pairs[:count]:
            pair = random_.sample(pair, 2)
            first.append(pair[0])
            second.append(pair[1])
    return _dealt(first, random_), _dealt(second, random_)


def _pairs(topic: str, random_: random.Random) -> list[list[str]]:
    """Pairs of items of one topic and difficulty, of one type as far as possible, in random order."""
    pairs = []
    for difficulty in (1, 2, 3):
        left = []
        for kind in ("choice", "number", "order", "breach"):
            group = [name for name, item in bank().items() if _is(item, topic, difficulty, kind)]
            random_.shuffle(group)
            pairs += [[group.pop(), group.pop()] for _ in range(len(group) // 2)]
            left += group
        pairs += [[left.pop(), left.pop()] for _ in range(len(left) // 2)]
    random_.shuffle(pairs)
    return pairs


def _is(item: dict[str, Any], topic: str, difficulty: int, kind: str) -> bool:
    return (item["topic"], item["difficulty"], item["type"]) == (topic, difficulty, kind)


def _dealt(names: list[str], random_: random.Random) -> list[Asked]:
    """The items in random order, with the order of their parts; the places of right options are used evenly."""
    names, out = random_.sample(names, len(names)), []
    used: Counter[int] = Counter()
    for name in names:
        item = bank()[name]
        if item["type"] == "choice":
            size = 1 + len(item["wrong"])
            others = random_.sample(range(1, size), size - 1)
            place = min(random_.sample(range(size), size), key=lambda n: used[n])
            used[place] += 1
            out.append(Asked(name, (*others[:place], 0, *others[place:])))
        elif item["type"] == "order":
            size = len(item["steps"])
            order = random_.sample(range(size), size)
            while order == sorted(order):  # never shown solved
                order = random_.sample(range(size), size)
            out.append(Asked(name, tuple(order)))
        else:
            out.append(Asked(name, tuple(range(len(item.get("lines", []))))))
    return out
