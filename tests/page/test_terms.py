"""One word for one thing: what page/terms.yaml replaces does not come back, in any sentence that a person reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jiebei_lib.core.knowledge.yaml_files import HERE, parse

ROOT = HERE.parent
TERMS = parse((HERE / "page" / "terms.yaml").read_text("utf-8"))
BLOCK = re.compile(r'<div lang="(zh|en)">(.*?)</div>', re.S)


def pairs(node: Any, path: str, basis: str = "") -> Iterator[tuple[str, str, str, str]]:
    """Place, language, text and basis of every sentence below a node."""
    if isinstance(node, dict):
        basis = node.get("basis", basis) if isinstance(node.get("basis"), str) else basis
        if {"zh", "en"} <= set(node):
            for lang in ("zh", "en"):
                texts = node[lang] if isinstance(node[lang], list) else [node[lang]]
                yield from ((path, lang, str(text), basis) for text in texts)
            return
        for key, value in node.items():
            yield from pairs(value, f"{path}.{key}", basis)
    elif isinstance(node, list):
        for n, value in enumerate(node):
            yield from pairs(value, f"{path}.{n}", basis)


def sentences() -> list[tuple[str, str, str, str]]:
    found = []
    for file in sorted(HERE.rglob("*.yaml")):
        if file.name != "terms.yaml":
            found += pairs(parse(file.read_text("utf-8")), str(file.relative_to(HERE)))
    for file in sorted((ROOT / "notebooks").rglob("*.ipynb")):
        for cell in json.loads(file.read_text("utf-8"))["cells"]:
            if cell["cell_type"] == "markdown":
                name = str(file.relative_to(ROOT))
                found += [(name, lang, text, "") for lang, text in BLOCK.findall("".join(cell["source"]))]
    readme = {"zh": ROOT / "README.zh.md", "en": ROOT / "README.md"}
    return found + [(file.name, lang, file.read_text("utf-8"), "") for lang, file in readme.items()]


SENTENCES = sentences()


def banned(found: list[tuple[str, str, str, str]], term: dict[str, Any]) -> list[tuple[str, str]]:
    """Where a pattern of the term stands. What is kept to rules is banned in statements that rest on one and in the interface."""
    out = []
    for place, lang, text, basis in found:
        if term.get("where") and basis != term["where"] and not place.startswith("page"):
            continue
        hits = [hit[0] for pattern in term["not"][lang] for hit in re.finditer(pattern, text, re.M)]
        out += [(place, hit) for hit in hits]
    return out


@pytest.mark.parametrize("name", list(TERMS))
def test_a_word_that_was_replaced_does_not_come_back(name: str) -> None:
    assert banned(SENTENCES, TERMS[name]) == []


@pytest.mark.parametrize(
    ("name", "lang", "text", "basis"),
    [
        ("witness", "zh", "两个见证的结论一致。", ""),
        ("reported", "zh", "据报道，不得向联系人催收。", "regulation"),
        ("more_likely", "zh", "往右更会打，往左更不会。", ""),
        ("calls", "en", "Your sister is rung at ten.", ""),
        ("negative_entry", "en", "A bad mark stays for five years.", ""),
        ("cannot_tell", "en", "What this answer is not", ""),
        ("paper_and_ink", "en", "Black is the most expensive.", ""),
        ("paper_and_ink", "zh", "浅色是之前，深色是之后。", ""),
    ],
)
def test_a_planted_word_is_found(name: str, lang: str, text: str, basis: str) -> None:
    assert banned([("planted", lang, text, basis)], TERMS[name]) != []


def test_press_may_still_be_press() -> None:
    assert banned([("planted", "zh", "据报道，债权人也可能是银行。", "reported")], TERMS["reported"]) == []


def test_every_term_bans_something_and_says_why() -> None:
    for name, term in TERMS.items():
        assert term["not"]["zh"] or term["not"]["en"], name
        assert term["say"]["zh"] and term["say"]["en"] and term["why"]["zh"] and term["why"]["en"], name
        assert not any(re.search(p, term["say"][lang]) for lang in ("zh", "en") for p in term["not"][lang]), name


def test_the_sentences_read_are_those_of_the_whole_package() -> None:
    assert len(SENTENCES) > 3000
    assert {Path(place).parts[0] for place, *_ in SENTENCES} >= {
        "core",
        "money",
        "calls",
        "lessons",
        "page",
        "notebooks",
    }
