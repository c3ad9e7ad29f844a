"""Readers of Moodle XML and GIFT, kept for the tests and written from the formats' descriptions, not from our writer.

Both give a list of :class:`Read`: what a quiz would show and how it would mark.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.etree import ElementTree


@dataclass
class Read:
    name: str
    kind: str  # multichoice, numerical, matching
    text: str
    category: str
    single: bool = True
    answers: list[tuple[str, float, str]] = field(default_factory=list)  # answer, per cent, feedback
    pairs: list[tuple[str, str]] = field(default_factory=list)
    tolerance: dict[str, float] = field(default_factory=dict)
    general: str = ""

    def earns(self, given: object) -> float:
        """Per cent for an answer: a text, a set of texts, a number, or a mapping from step to place."""
        if self.kind == "matching":
            return 100 * sum(given[step] == place for step, place in self.pairs) / len(self.pairs)
        if self.kind == "numerical":
            for answer, percent, _ in self.answers:
                if answer == "*" or abs(given - float(answer)) <= self.tolerance[answer] + 1e-9:
                    return percent
            return 0.0
        chosen = {given} if self.single else given
        return max(0.0, sum(percent for answer, percent, _ in self.answers if answer in chosen))


def moodle(text: str) -> list[Read]:
    out, category = [], ""
    for question in ElementTree.fromstring(text.encode()):
        kind = question.get("type")
        if kind == "category":
            category = question.findtext("category/text")
            continue
        read = Read(question.findtext("name/text"), kind, question.findtext("questiontext/text"), category)
        assert question.find("questiontext").get("format") == "plain_text"
        read.general = question.findtext("generalfeedback/text")
        read.single = question.findtext("single", "true") == "true"
        for answer in question.findall("answer"):
            given = answer.findtext("text")
            read.answers.append((given, float(answer.get("fraction")), answer.findtext("feedback/text")))
            read.tolerance[given] = float(answer.findtext("tolerance", "0"))
        read.pairs = [(pair.findtext("text"), pair.findtext("answer/text")) for pair in question.findall("subquestion")]
        out.append(read)
    return out


def gift(text: str) -> list[Read]:
    out, category = [], ""
    for block in text.split("\n\n"):
        lines = [line for line in block.splitlines() if line.strip() and not line.startswith("//")]
        if not lines:
            continue
        if lines[0].startswith("$CATEGORY:"):
            category = lines.pop(0).partition(":")[2].strip()
            if not lines:
                continue
        marks = _marked("\n".join(lines))
        out.append(_question(marks, category))
    return out


def _marked(text: str) -> list[tuple[str, bool]]:
    """Characters, and whether each is escaped, so that what is escaped is never taken for a sign."""
    out, n = [], 0
    while n < len(text):
        if text[n] == "\\" and n + 1 < len(text):
            out.append(("\n" if text[n + 1] == "n" else text[n + 1], True))
            n += 2
        else:
            out.append((text[n], False))
            n += 1
    return out


def _cut(marks: list[tuple[str, bool]], sign: str) -> list[list[tuple[str, bool]]]:
    """Parts between unescaped signs of one or more characters."""
    parts, current, n = [], [], 0
    while n < len(marks):
        piece = marks[n : n + len(sign)]
        if "".join(c for c, _ in piece) == sign and not any(escaped for _, escaped in piece):
            parts.append(current)
            current, n = [], n + len(sign)
        else:
            current.append(marks[n])
            n += 1
    return [*parts, current]


def _plain(marks: list[tuple[str, bool]]) -> str:
    return "".join(c for c, _ in marks).strip()


def _question(marks: list[tuple[str, bool]], category: str) -> Read:
    before, name, rest = _cut(marks, "::")
    assert _plain(before) == ""
    stem, _, inner = rest[: _at(rest, "{")], "{", rest[_at(rest, "{") + 1 : _at(rest, "}")]
    text = _plain(stem)
    assert text.startswith("[plain]")
    body, general = _cut(inner, "####")
    numerical = _plain(body).startswith("#") and not body[0][1]
    read = Read(_plain(name), "numerical" if numerical else "multichoice", text.removeprefix("[plain]"), category)
    read.general = _plain(general)
    if numerical:
        body = body[1:]
    starts = [n for n, (c, escaped) in enumerate(body) if c in "=~" and not escaped]
    if not numerical and not any(body[n][0] == "~" for n in starts):  # only matching has no wrong answer of its own
        read.kind = "matching"
    for at, end in zip(starts, [*starts[1:], len(body)], strict=True):
        right, part = body[at][0] == "=", body[at + 1 : end]
        if read.kind == "matching":
            pair = _cut(part, "->")
            read.pairs.append((_plain(pair[0]), _plain(pair[1])))
            continue
        given, said = _cut(part, "#")
        percent, answer = 100.0 if right else 0.0, _plain(given)
        if len(weighed := _cut(given, "%")) == 3 and _plain(weighed[0]) == "":
            percent, answer = float(_plain(weighed[1])), _plain(weighed[2])
        if numerical:
            answer, _, tolerance = answer.partition(":")
            read.tolerance[answer] = float(tolerance or 0)
        read.answers.append((answer, percent, _plain(said)))
    read.single = sum(percent == 100 for _, percent, _ in read.answers) == 1
    return read


def _at(marks: list[tuple[str, bool]], sign: str) -> int:
    return next(n for n, (c, escaped) in enumerate(marks) if c == sign and not escaped)
