"""The words: every sentence in both languages with the same slots, every key that the code asks for there, numbers as people write them."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiebei_lib.core.knowledge.yaml_files import HERE, parse, shipped
from jiebei_lib.page.text import cited, cited_all, language_of, multiple, of_hundred, percent, say, yuan

FILES = [
    HERE / "page" / "text" / "shared.yaml",
    *sorted(file for file in (HERE / "page" / "text").glob("*.yaml") if file.stem != "shared"),
]


def sentences(node: Any, path: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Every pair of sentences below a node with its key."""
    if isinstance(node, dict) and set(node) == {"zh", "en"}:
        yield path, node
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from sentences(value, f"{path}.{key}" if path else str(key))
    elif isinstance(node, list):
        for n, value in enumerate(node):
            yield from sentences(value, f"{path}.{n}")
    else:
        raise AssertionError(f"{path}: neither both languages nor a group of keys, but {node!r}")


def every_sentence() -> list[tuple[str, dict[str, str]]]:
    found = []
    for file in FILES:
        topic = "" if file.name == "shared.yaml" else file.stem
        content = parse(file.read_text("utf-8"))
        found += list(sentences(content, topic))
    return found


EVERY = every_sentence()


def test_every_sentence_has_both_languages_and_neither_is_empty() -> None:
    for key, pair in EVERY:
        assert str(pair["zh"]).strip() and str(pair["en"]).strip(), key


def test_both_languages_have_the_same_slots() -> None:
    wrong = []
    for key, pair in EVERY:
        slots = [
            {name for _, name, *_ in string.Formatter().parse(str(pair[lang])) if name is not None}
            for lang in ("zh", "en")
        ]
        wrong += [key] if slots[0] ^ slots[1] else []
    assert wrong == []


def test_lists_such_as_heads_of_tables_are_as_long_in_both_languages_and_hold_texts() -> None:
    lists = [(key, pair) for key, pair in EVERY if isinstance(pair["zh"], list) or isinstance(pair["en"], list)]
    assert len(lists) > 60
    for key, pair in lists:
        assert isinstance(pair["zh"], list) and isinstance(pair["en"], list), key
        assert len(pair["zh"]) == len(pair["en"]) > 1, key
        assert all(isinstance(head, str) and head for lang in ("zh", "en") for head in pair[lang]), key


PLURAL = re.compile(r"\{\w+:([^{}|]+)\|([^{}|]+)\}")  # {n:row|rows}


def test_no_sentence_is_a_list_in_disguise() -> None:
    assert [key for key, pair in EVERY if any("|" in PLURAL.sub("", str(pair[lang])) for lang in ("zh", "en"))] == []


def test_one_of_a_thing_is_not_many_and_chinese_needs_no_difference() -> None:
    chosen = [(key, pair) for key, pair in EVERY if PLURAL.search(str(pair["en"]))]
    assert len(chosen) > 80 and not [key for key, pair in chosen if PLURAL.search(str(pair["zh"]))]
    assert not [key for key, pair in chosen if any(one == many for one, many in PLURAL.findall(pair["en"]))]
    assert say("cli.score.done", "en", good="1", path="a.csv").startswith("1 row scored")
    assert say("cli.score.done", "en", good="0", path="a.csv").startswith("0 rows scored")
    assert say("cli.score.wrong", "en", bad=1, path="a.csv").startswith("1 row was wrong")
    assert say("cli.score.wrong", "zh", bad=1, path="a.csv").startswith("1行")


def test_a_count_of_rows_cases_or_days_is_never_said_in_the_plural_only() -> None:
    bare = re.compile(r"\{\w+\} (?:rows|cases|contacts|breaches|readings|questions|months|students)\b(?! are\b)")
    spoken = [(key, pair["en"]) for key, pair in EVERY if key.split(".")[0] in ("cli", "calls", "portfolio", "policy")]
    assert [key for key, text in spoken if bare.search(str(text))] == []


@pytest.mark.parametrize(
    ("told", "lang"),
    [("zh", "zh"), ("en", "en"), ("en_US.UTF-8", "en"), ("zh_CN.GB18030", "zh"), ("EN-gb", "en"), ("zh@pinyin", "zh")]
    + [(told, None) for told in ("fr", "", "C.UTF-8", "english", "english_zh")],
)
def test_a_locale_is_understood_as_its_language(told: str, lang: str | None) -> None:
    assert language_of(told) == lang


def test_a_topic_of_its_own_file_is_not_in_the_common_file_too() -> None:
    common = set(parse(FILES[0].read_text("utf-8")))
    assert common & {file.stem for file in FILES[1:]} == set()


def asked_for() -> list[tuple[Path, str]]:
    """Every key that Python code names outright in a call of say, both or t."""
    found = []
    for file in sorted(HERE.rglob("*.py")):
        for call in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(call, ast.Call) or not call.args:
                continue
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            key = getattr(call.args[0], "value", None)
            if (
                name in ("say", "heads", "both", "_say")
                and isinstance(key, str)
                and re.fullmatch(r"[a-z_]+(\.\w+)+", key)
            ):
                found.append((file.relative_to(HERE), key))
    return found


def test_every_key_that_code_names_is_there() -> None:
    known = {key for key, _ in EVERY}
    asked = asked_for()
    assert len(asked) > 100
    assert [(str(file), key) for file, key in asked if key not in known] == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_sentence_is_filled_and_a_key_that_is_not_there_fails(lang: str) -> None:
    assert "7" in say("case.timeline.here", lang, days=7)
    with pytest.raises(KeyError):
        say("timeline.nowhere", lang)
    with pytest.raises(KeyError):
        say("nowhere.at_all", lang)
    with pytest.raises(KeyError):
        say("case.timeline.here", lang, day=7)


def test_what_fills_a_slot_is_not_filled_again() -> None:
    assert "{lang}" in say("page.byline", "en", case_id="{lang}", as_of="2026-11-23", policy="x")


# ---- numbers ------------------------------------------------------------------------------------------------------------


@given(p=st.floats(0, 1))
def test_a_likelihood_close_to_none_or_certain_is_never_shown_as_that(p: float) -> None:
    for lang in ("zh", "en"):
        for short in (False, True):
            shown = percent(p, lang, short)
            assert (shown == "0%") == (p == 0)
            assert (shown == "100%") == (p == 1)


@given(share=st.floats(0, 1))
def test_a_share_is_0_or_100_of_100_only_where_it_is_none_or_all(share: float) -> None:
    assert (of_hundred(share) == 0) == (share == 0)
    assert (of_hundred(share) == 100) == (share == 1)
    assert abs(of_hundred(share) - 100 * share) <= 1


@pytest.mark.parametrize(
    ("amount", "shown"), [(8000, "8,000"), (8000.5, "8,000.50"), (0.01, "0.01"), (1234567.0, "1,234,567")]
)
def test_yuan_are_written_with_commas_and_fen_only_where_there_are_any(amount: float, shown: str) -> None:
    assert yuan(amount) == shown


@pytest.mark.parametrize(
    ("log_odds", "shown"),
    [(0, "×1"), (0.01, "×1"), (-0.01, "×1"), (0.6931471806, "×2"), (-0.6931471806, "÷2"), (2.5, "×12"), (-4.7, "÷110")],
)
def test_a_multiple_of_the_odds_reads_as_times_or_divided_by(log_odds: float, shown: str) -> None:
    assert multiple(log_odds, "en") == multiple(log_odds, "zh") == shown


@pytest.mark.parametrize(
    ("cite", "zh", "en"),
    [
        ("article ¶7", "文章¶7", "article ¶7"),
        ("civil_code art. 1033", "民法典第1033条", "Civil Code art. 1033"),
        ("ours", "本项目设定", "our choice"),
    ],
)
def test_a_cite_is_readable(cite: str, zh: str, en: str) -> None:
    assert (cited(cite, "zh"), cited(cite, "en")) == (zh, en)


def test_cites_of_one_source_are_said_together() -> None:
    cites = ["article ¶6", "article ¶7", "civil_code art. 188", "civil_code art. 189", "ours"]
    assert cited_all(cites, "en") == ["article ¶6, ¶7", "Civil Code art. 188, 189", "our choice"]
    assert cited_all(cites, "zh") == ["文章¶6、¶7", "民法典第188、189条", "本项目设定"]
    assert cited_all(["article ¶6"], "en", within="article") == ["¶6"]


def test_every_source_can_be_cited_in_both_languages() -> None:
    for name in shipped("core/sources.yaml"):
        for lang in ("zh", "en"):
            assert cited(name, lang).strip()
