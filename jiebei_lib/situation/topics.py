"""What people ask, and finding it by free text offline: words in English, pairs of characters in Chinese, weighed by how rare they are.

A text is a bag of tokens; each topic's bag holds its question and synonyms (each counted twice) and its answer. Two bags are alike by the
cosine of their weights, a token's weight being the logarithm of how few topics have it (tf-idf). No index, no dependency: some twenty
topics are compared in less than a millisecond.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from jiebei_lib.core.assessment import said
from jiebei_lib.core.knowledge.fields import HALF
from jiebei_lib.core.knowledge.yaml_files import shipped
from jiebei_lib.core.parts import Said

FILE = "situation/topics.yaml"
OURS = 2  # how often the question and its synonyms count beside the answer
UNSEEN = math.log(4)  # the weight of a token that no topic has: as one that a third of them have
LONGEST = 300  # characters of a search that are looked at


@dataclass(frozen=True)
class AskedQuestion:
    """One question with its answer. ``asked``: how many of the counted questions fell under it; ``ask``: whom to ask, and with which
    words, where public sources do not answer (None where they do)."""

    id: str
    asked: int | None
    question: Mapping[str, str]
    answer: Said
    ask: Mapping[str, Mapping[str, str]] | None


def topics() -> list[AskedQuestion]:
    """Every topic, the most asked first."""
    found = [_topic(name, entry) for name, entry in shipped(FILE)["topics"].items()]
    return sorted(found, key=lambda topic: -(topic.asked or 0))


def search(text: str, most: int = 3) -> list[tuple[AskedQuestion, float]]:
    """The topics most like a text in either language, the likest first, with how alike (0 to 1); none where nothing is like it."""
    wanted, bags, rarity = Counter(tokens(text[:LONGEST])), _bags(), _rarity()
    heard, whole = shipped(FILE)["heard"]["value"], _whole()
    scores = {name: _cosine(wanted, bag, rarity) for name, bag in bags.items()}
    for name, phrases in whole.items():  # somebody who uses one of our own words for it means it
        scores[name] += heard * any(phrase <= wanted.keys() for phrase in phrases)
    least = shipped(FILE)["minimum_score"]["value"]
    best = sorted((name for name in scores if scores[name] >= least), key=lambda name: (-scores[name], name))[:most]
    return [(_topic(name, shipped(FILE)["topics"][name]), scores[name]) for name in best]


def tokens(text: str) -> list[str]:
    """English words without their plural s, and pairs of neighbouring Chinese characters (a lone one as it is)."""
    text, small = text.translate(HALF).casefold(), shipped(FILE)["small_words"]
    words = [word.removesuffix("'s") for word in re.findall(r"[a-z0-9][a-z0-9']*", text)]
    out = [
        word.removesuffix("s") if len(word) > 3 and not word.endswith("ss") else word
        for word in words
        if word not in small
    ]
    for run in re.findall(r"[一-鿿]+", text):
        out += [run[n : n + 2] for n in range(len(run) - 1)] or [run]
    return out


def _topic(name: str, entry: Mapping[str, Any]) -> AskedQuestion:
    return AskedQuestion(
        name, entry["asked"], entry["question"], said(name, {**entry, "text": entry["answer"]}), entry.get("ask")
    )


@cache
def _bags() -> dict[str, Counter[str]]:
    """Each topic's tokens in both languages."""
    out = {}
    for name, entry in shipped(FILE)["topics"].items():
        ours = [*entry["question"].values(), *(word for words in entry["words"].values() for word in words)]
        found = Counter(
            {token: OURS * count for token, count in Counter(t for text in ours for t in tokens(text)).items()}
        )
        found.update(token for text in entry["answer"].values() for token in tokens(text))
        out[name] = found
    return out


@cache
def _whole() -> dict[str, list[frozenset[str]]]:
    """The tokens of each word or phrase by which a topic is also known."""
    known = shipped(FILE)["topics"].items()
    return {
        name: [frozenset(tokens(word)) for words in entry["words"].values() for word in words] for name, entry in known
    }


@cache
def _rarity() -> dict[str, float]:
    """How much a token tells: the logarithm of the topics over those that have it."""
    bags = _bags().values()
    having = Counter(token for bag in bags for token in bag)
    return {token: math.log(1 + len(bags) / count) for token, count in having.items()}


def _cosine(wanted: Counter[str], bag: Counter[str], rarity: Mapping[str, float]) -> float:
    """How alike two bags are. What no topic has tells nothing of which one is meant, but adds a little to the length of what is wanted."""
    one = {token: math.sqrt(count) * rarity.get(token, UNSEEN) for token, count in wanted.items()}
    other = {token: math.sqrt(count) * rarity[token] for token, count in bag.items()}
    product = sum(weight * other.get(token, 0.0) for token, weight in one.items())
    length = math.sqrt(sum(w * w for w in one.values()))
    # The bag is not measured by its whole length, which would favour short answers, but by what a topic has at the median
    return product / (length * _usual()) if length else 0.0


@cache
def _usual() -> float:
    """The length of a bag in the middle of all topics."""
    lengths = sorted(
        math.sqrt(sum((math.sqrt(c) * _rarity()[t]) ** 2 for t, c in bag.items())) for bag in _bags().values()
    )
    return lengths[len(lengths) // 2]
