"""Words for people: sentences in both languages (text/) and numbers as people write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from jiebei_lib.core.knowledge.yaml_files import HERE, shipped

if TYPE_CHECKING:
    from jiebei_lib.core.parts import Bilingual

LANGUAGES = ("zh", "en")
UNITS = {
    "days_overdue": "days",
    "amount_overdue": "yuan",
    "zhima_score": "points",
    "past_overdue": "times",
    "failed_attempts": "times",
    "unreachable_days": "days",
}


class Counted:
    """What fills a slot. The slot ``{n:row|rows}`` is "1 row", "2 rows", "0 rows": the number and the noun that fits it."""

    def __init__(self, value: Any):
        self.value = value

    def __format__(self, spec: str) -> str:
        one, bar, many = spec.partition("|")
        said = str(self.value)
        return f"{said} {one if said == '1' else many}" if bar else format(self.value, spec)


def language_of(told: str) -> str | None:
    """The language that a setting names: ``en``, ``zh_CN.UTF-8``, ``en-GB``; ``None`` for one that this library does not speak."""
    first = re.split("[_.@-]", told.strip().lower())[0]
    return first if first in LANGUAGES else None


def say(key: str, lang: str, **slots: Any) -> str:
    """The sentence at a dotted key, its slots filled. The first part is a topic: text/<topic>.yaml, or a part of text/shared.yaml."""
    sentence = _sentence(key)[lang]
    if "|" in sentence:
        slots = {name: Counted(value) for name, value in slots.items()}
    return sentence.format(**slots) if slots else sentence


def heads(key: str, lang: str, **slots: Any) -> list[str]:
    """The words of a list at a dotted key, most often the heads of a table's columns, each with its slots filled."""
    return [head.format(**slots) if slots else head for head in _sentence(key)[lang]]


@cache
def _sentence(key: str) -> Any:
    topic, *rest = key.split(".")
    node = _topic(topic)
    for part in rest:
        node = node[part]
    return node


@cache
def _topic(topic: str) -> Any:
    own = f"page/text/{topic}.yaml"
    return shipped(own) if (HERE / own).exists() else shipped("page/text/shared.yaml")[topic]


NEARLY = (0.01, 0.99)  # likelihoods nearer to 0 or 1 are not written as a number
WHOLE_FROM = 10  # multiples from here on are written without decimals
NUMBERED = ("art. ", "rule ", "para. ", "part ")  # how places are written that in Chinese are 第…条


def percent(p: float, lang: str, short: bool = False) -> str:
    """A likelihood in whole per cent; never 0% or 100% for what is only close to it. ``short`` is for charts."""
    if 0 < p < NEARLY[0]:
        return "<1%" if short else {"zh": "不到1%", "en": "under 1%"}[lang]
    if NEARLY[1] < p < 1:
        return ">99%" if short else {"zh": "99%以上", "en": "over 99%"}[lang]
    return f"{p:.0%}"


def of_hundred(share: float) -> int:
    """A share as a count of 100; 0 and 100 only where it is exactly none or all."""
    return round(share) * 100 if share in (0, 1) else min(99, max(1, round(100 * share)))


def yuan(amount: float) -> str:
    """8,000 or 8,000.50."""
    return f"{amount:,.2f}".removesuffix(".00")


def multiple(log_odds: float, lang: str) -> str:
    """What a part of the log-odds does to the odds: ×4.8, ÷2.5 or ×1."""
    from math import exp

    size = exp(abs(log_odds))
    shown = multiple_of(size)
    return f"÷{shown}" if log_odds < 0 and shown != "1" else f"×{shown}"


def multiple_of(times: float) -> str:
    """A multiple as people say it: 1.3, 4, 112."""
    return f"{times:.0f}" if times >= WHOLE_FROM else f"{times:.1f}".removesuffix(".0")


def fold(text: str, lang: str) -> str:
    """A phrase as it begins a line: in English with a capital letter."""
    return text[:1].upper() + text[1:] if lang == "en" else text


def cited(cite: str, lang: str) -> str:
    """A cite as a reader sees it: 文章¶7, Civil Code art. 1033."""
    name, _, place = cite.partition(" ")
    short = shipped("core/sources.yaml")[name]["short"][lang]
    if place.startswith(NUMBERED):
        return f"{short}第{place.partition(' ')[2]}条" if lang == "zh" else f"{short} {place}"
    return f"{short}{place}" if lang == "zh" else f"{short} {place}".strip()


def cited_all(cites: list[str], lang: str, within: str | None = None) -> list[str]:
    """Cites as a reader sees them, one entry a source: 文章¶6、¶7; Civil Code art. 188, 189. ``within`` needs no name."""
    places: dict[str, list[str]] = {}
    for cite in cites:
        name, _, place = cite.partition(" ")
        places.setdefault(name, []).extend([place] if place else [])
    return [in_words(found, lang) if name == within else listed(name, found, lang) for name, found in places.items()]


def listed(name: str, places: list[str], lang: str) -> str:
    """A source's short name with the places cited in it."""
    short, where = shipped("core/sources.yaml")[name]["short"][lang], in_words(places, lang)
    return f"{short}{where}" if lang == "zh" else f"{short} {where}".strip()


def in_words(places: list[str], lang: str) -> str:
    """Places in one source: ¶6、¶7, 第188、189条; ¶6, ¶7, art. 188, 189. Nothing if there are none."""
    numbers = [place.removeprefix("art. ").removeprefix("rule ") for place in places]
    said = ("、" if lang == "zh" else ", ").join(numbers)
    if numbers == places:
        return said
    return f"第{said}条" if lang == "zh" else f"{places[0].partition(' ')[0]} {said}"


def fact(name: str, value: Any, lang: str, levels: dict[str, Any]) -> str:
    """A fact of a case with its unit, or that it is unknown."""
    if value is None:
        return say("facts.unknown", lang)
    if name in levels:
        return levels[name][value][lang]
    unit = UNITS.get(name)
    if unit in ("days", "times"):
        return say("facts.days_ahead", lang, value=-value) if value < 0 else counted(value, unit, lang)
    if isinstance(value, tuple | list):
        return say(f"facts.{unit}", lang, value="–".join(map(yuan, value)))
    return say(f"facts.{unit}", lang, value=yuan(value)) if unit else str(value)


def counted(number: int, unit: str, lang: str) -> str:
    """``7 days``, ``1 day``; ``3 times``, ``once``."""
    return say(f"facts.{unit}_one", lang) if number == 1 else say(f"facts.{unit}", lang, value=number)


def own(text: Bilingual, lang: str) -> str:
    """A text of an assessment in one language."""
    return text["zh"] if lang == "zh" else text["en"]


def witness_name(witness: Mapping[str, Any], lang: str) -> str:
    """A policy's name; a what-if says that it is one."""
    name = witness["name"][lang]
    return say("page.what_if", lang, name=name) if witness["policy"].endswith("+") else name
