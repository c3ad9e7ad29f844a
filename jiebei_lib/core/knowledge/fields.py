"""One description a field (case.yaml, loan.yaml, attempts.yaml): type, bounds, levels, names, and the words people use for them.

It serves whatever people write in: YAML, JSON, tables, options, panels. How a topic's own types are read (payments, times) stands there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache, cached_property
from typing import Any

from jiebei_lib.core.knowledge.problems import Phrase, Problem, items, shown
from jiebei_lib.core.knowledge.yaml_files import shipped

# Full-width signs as half-width. Not NFKC, to which 8² is 82.
HALF = {0xFF01 + n: 0x21 + n for n in range(94)} | {0x3000: 0x20, 0xA0: 0x20, 0xFFE5: 0xA5}
NUMBER = re.compile(r"[+-]?(\d{1,18}(\.\d*)?|\.\d+)(e[+-]?\d{1,3})?", re.ASCII)
THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", re.ASCII)
# Below ten thousand in Chinese words, digits as figures; the last one stands for tens or hundreds if nothing is named for it: 1百2
BELOW = re.compile(r"(?:([1-9])千)?0?(?:([1-9])百)?0?(?:([1-9])?(十))?0?([1-9])?")
DATE = re.compile(r"(\d{4})(?:([-/.])(\d{1,2})\2(\d{1,2})|年(\d{1,2})月(\d{1,2})日?)", re.ASCII)


class Fields(dict[str, dict[str, Any]]):
    """The fields that YAML files describe, by name. ``gaps``: those that are not required may be unknown."""

    def __init__(self, *files: str, gaps: bool = True):
        super().__init__({name: spec for file in files for name, spec in shipped(file).items()})
        self.gaps = gaps

    def names(self, name: str) -> list[str]:
        """Every word for a field: its own name, its name in any language, its aliases."""
        return [name, *self[name]["name"].values(), *self[name].get("aliases", ())]

    @cached_property
    def _called(self) -> dict[str, str]:
        """The field that each word stands for; of two with the same word, the first."""
        return {heading(word): name for name in reversed(self) for word in self.names(name)}

    def named(self, word: Any) -> str | None:
        """The field that a key or a column's heading means; None if it means none."""
        return word if word in self else self._called.get(heading(word)) if isinstance(word, str) else None

    def keyed(self, given: Mapping[Any, Any], where: str) -> tuple[dict[str, Any], list[Problem]]:
        """A mapping by field names, and what is wrong with its keys: those that mean no field, or one that stood before."""
        out: dict[str, Any] = {}
        problems = []
        for key, value in given.items():
            name, place = self.named(key), f"{where}: {shown(key)}"
            if name is None:
                problems.append(Problem("unknown_key", place, {"allowed": items(self)}))
            elif name in out:
                problems.append(Problem("meant_twice", place, {"value": name}))
            else:
                out[name] = value
        return out, problems

    @cached_property
    def _words(self) -> dict[str, dict[str, str]]:
        """Of every field with levels: each word for one, as :func:`plain` has it, and the level."""
        return {name: dict(_level_words(name, spec)) for name, spec in self.items() if "levels" in spec}

    def level(self, name: str, word: str) -> str:
        """The level that a word means; what means none as it is compared."""
        return self._words[name].get(plain(word), plain(word))

    def heard(self, name: str, value: Any) -> Any:
        """What a text stands for in this field: a level, a number (int or Decimal), a truth, a date, None for unknown. Anything else, and a
        text that stands for nothing, comes back as it is, for the field's own check to refuse."""
        spec = self[name]
        if not isinstance(value, str) or spec["type"] in ("text", "ids", "time", "zone", "set", "order", "payments"):
            return value
        if value in spec.get("levels", ()):
            return value
        word = plain(value)
        if word in spec.get("unclear", ()):
            return value
        if word in unknown_words():
            return None
        if spec["type"] == "level":
            return self._words[name].get(word, value)
        if spec["type"] == "truth":
            own = {plain(each): said == "true" for said, words in spec.get("spoken", {}).items() for each in words}
            return (_truths() | own).get(word.removesuffix(".0"), value)
        if spec["type"] in ("date", "day"):
            return date_in(value) or value
        spoken, unit = shipped("core/knowledge/spoken.yaml"), spec.get("unit", {}).get("zh")
        number = number_in(value, spoken["units"].get(unit, ()), spoken["multiples"].get(unit, {}))
        if number is None or number.isdigit():
            return value if number is None else int(number)
        from decimal import Decimal  # here, since it costs a start two milliseconds

        return Decimal(number)

    def allowed(self, name: str) -> Phrase:
        """What a field may hold, in words."""
        spec, kind = self[name], self[name]["type"]
        ends = {"low": spec.get("minimum", spec.get("exclusive_minimum", 0)), "high": spec.get("maximum")}
        if kind in ("level", "order"):
            phrase = Phrase("levels" if kind == "level" else "each_once", {"items": _named(name, spec, ", ")})
        elif kind == "set":
            phrase = Phrase("set", {"items": _named(name, spec, "; ")})
        elif kind in ("text", "ids"):
            phrase = Phrase("id" if kind == "ids" else spec.get("form", "text"), {"high": spec["max_length"]})
        elif "maximum" in spec:
            named = {"decimal": "number", "number": "number_above" if "exclusive_minimum" in spec else "number"}
            phrase = Phrase(named.get(kind, kind), ends)
        else:
            phrase = Phrase({"day": "date"}.get(kind, kind))
        return phrase if spec["required"] or not self.gaps else Phrase("or_unknown", {"allowed": phrase})


def plain(text: str) -> str:
    """A word as it is compared: full-width as half-width, without case, blanks and underscores."""
    if not text.isascii():
        from unicodedata import normalize  # here, since it costs a start a millisecond

        text = normalize("NFKC", text)
    return re.sub(r"[\s_]", "", text).casefold()


def heading(text: str) -> str:
    """A key or a column's heading as it is compared: also without what stands in brackets, unless nothing else does."""
    return re.sub(r"\(.*?\)|\[.*?\]", "", plain(text)) or plain(text)


def number_in(text: str, around: Iterable[str] = (), multiples: Mapping[str, int] = {}) -> str | None:
    """The number that a text is, as digits that ``float`` and ``Decimal`` take: 8000, ８,０００.５０, ¥8,000 元 (``around``: the units that
    may stand around it), 1.2万 (``multiples``), 一万二千; None for anything else, 1_000 and 1,00 among it."""
    text = text.translate(HALF).strip().casefold()
    for unit in around:
        text = text.removeprefix(unit).removesuffix(unit).strip()
    text = _figures(text)
    word = next((word for word in multiples if text.endswith(word)), "")
    text = _figures(text.removesuffix(word).strip())
    if THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    if word and NUMBER.fullmatch(text):
        from decimal import Decimal  # as above

        text = f"{Decimal(text) * multiples[word]:f}".removesuffix(".0")
    return text if NUMBER.fullmatch(text) else None


def _figures(text: str) -> str:
    """A number in Chinese words in figures: 十五, 两千零五, 12万5千, and as it is said, 一万二 for 12000; any other text as it is."""
    if text.isascii() or text[-1].isdecimal():  # 1万2: 12000, or 10002?
        return text
    high, ten_thousands, low = text.translate(_digits()).partition("万")
    if not ten_thousands:
        number = _below(high)
        return text if number is None else str(number)
    first = int(high) if re.fullmatch(r"[1-9]\d{0,3}", high) else _below(high)
    rest = 0 if not low else 1000 * int(low) if re.fullmatch("[1-9]", low) else _below(low)
    return text if not first or rest is None else str(10_000 * first + rest)


def _below(text: str) -> int | None:
    """A number below ten thousand in Chinese words (their digits as figures), None for any other text."""
    found = BELOW.fullmatch(text)
    if not found or not text:
        return 0 if text == "0" else None
    thousands, hundreds, tens, ten, last = found.groups()
    said = 1 if ten or "0" in text or not (thousands or hundreds) else 10 if hundreds else 100
    return 1000 * int(thousands or 0) + 100 * int(hundreds or 0) + 10 * int(tens or bool(ten)) + said * int(last or 0)


def date_in(text: str) -> date | None:
    """The date that a text is, the year first: 2026-03-09, 2026/3/9, 2026.3.9, 2026年3月9日; None for anything else."""
    found = DATE.fullmatch(text.translate(HALF).strip())
    try:
        return date(*(int(part) for part in found.group(1, 3, 4, 5, 6) if part)) if found else None
    except ValueError:
        return None


def _level_words(name: str, spec: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """A field's words for its levels: their own names, their labels in any language, and those that are only spoken."""
    labels, spoken = _labels(name, spec), spec.get("spoken", {})
    for level in spec["levels"]:
        for word in (level, *labels.get(level, {}).values(), *spoken.get(level, ())):
            yield plain(word), level


def _labels(name: str, spec: Mapping[str, Any]) -> Mapping[str, Mapping[str, str]]:
    labels: str | Mapping[str, Any] = spec.get("labels", {})
    if isinstance(labels, str):  # another file's, which names the levels for its own sake
        labels = {level: entry["name"] for level, entry in shipped(labels)["factors"][name]["levels"].items()}
    return labels


def _named(name: str, spec: Mapping[str, Any], between: str) -> dict[str, str]:
    """A field's levels as they may be given: in English by their names, in Chinese by their labels too, which are read as well."""
    labels = _labels(name, spec)
    known = [f"“{labels[level]['zh']}”（{level}）" if level in labels else f"“{level}”" for level in spec["levels"]]
    return {"en": between.join(spec["levels"]), "zh": "、".join(known)}


@cache
def _digits() -> dict[int, str]:
    return {ord(sign): str(value) for sign, value in shipped("core/knowledge/spoken.yaml")["digits"].items()}


@cache
def unknown_words() -> frozenset[str]:
    return frozenset(map(plain, shipped("core/knowledge/spoken.yaml")["unknown"]))


@cache
def _truths() -> dict[str, bool]:
    spoken = shipped("core/knowledge/spoken.yaml")["truth"]
    return {plain(word): said == "true" for said, words in spoken.items() for word in words}
