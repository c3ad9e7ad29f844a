"""The question bank holds to its rules: answers recomputed, cites, both languages, distinct options, parallel forms."""

from __future__ import annotations

import itertools
import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiebei_lib.core.knowledge.problems import PolicyError
from jiebei_lib.lessons import forms
from jiebei_lib.lessons.bank import FOLDER, bank, checked, mark, plan, revealed
from tests.lessons import answers

LANGUAGES = ("zh", "en")
ITEMS = pytest.mark.parametrize("name", list(bank()))
CHECKED = pytest.mark.parametrize("name", [name for name, item in bank().items() if "check" in item])
SEEDS = st.integers(0, 10_000)


def of_type(*types: str) -> list[str]:
    return [name for name, item in bank().items() if item["type"] in types]


def test_bank_is_large_enough_and_spread_as_people_ask():
    assert len(bank()) >= 60
    assert Counter(item["topic"] for item in bank().values()) == forms.targets()
    assert {item["type"] for item in bank().values()} == {"choice", "number", "order", "breach"}


@CHECKED
def test_answer_is_what_the_library_works_out(name):
    item = bank()[name]
    found = answers.expected(item)
    if item["type"] == "number":
        assert found == pytest.approx(item["answer"], abs=max(item["tolerance"], 1e-9))
    elif item["type"] == "choice":
        assert found == item["right"]["value"]
        assert all(wrong["value"] != found for wrong in item["wrong"])
    else:
        assert found is True


@pytest.mark.parametrize("name", of_type("breach"))
def test_breaches_are_breaches_by_the_rules_in_force(name):
    item = bank()[name]
    broken = [rule for rule in answers.breaches(item) if rule]
    assert 1 <= len(broken) < len(item["lines"])


def test_numbers_in_a_feedback_agree_with_the_answer():
    """The right answer stands in the explanation, in both languages."""
    for name in of_type("number"):
        item = bank()[name]
        for lang in LANGUAGES:
            numbers = [float(n.replace(",", "")) for n in re.findall(r"\d[\d,]*\.?\d*", item["right"]["why"][lang])]
            assert any(abs(n - item["answer"]) <= max(item["tolerance"], 0.005) for n in numbers), (name, lang)


@ITEMS
def test_texts_exist_in_both_languages_and_differ(name):
    def texts(node):
        if isinstance(node, dict) and {"zh", "en"} <= set(node):
            yield node
        elif isinstance(node, dict | list):
            for value in node.values() if isinstance(node, dict) else node:
                yield from texts(value)

    for text in texts(bank()[name]):
        assert re.search(r"[\u4e00-\u9fff%]", text["zh"])
        assert not re.search(r"[\u4e00-\u9fff]", text["en"])


@ITEMS
def test_options_are_distinct(name):
    item = bank()[name]
    for lang in LANGUAGES:
        options = [entry["text"][lang] for entry in [item.get("right", {}), *item.get("wrong", [])] if "text" in entry]
        options += [step[lang] for step in item.get("steps", [])]
        options += [line["text"][lang] for line in item.get("lines", [])]
        assert len({re.sub(r"\W", "", option) for option in options}) == len(options)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_length_does_not_betray_the_answer(lang):
    choices = [bank()[name] for name in of_type("choice")]
    longest = [
        len(item["right"]["text"][lang]) > max(len(wrong["text"][lang]) for wrong in item["wrong"]) for item in choices
    ]
    assert sum(longest) <= len(choices) / 2


@ITEMS
def test_every_misconception_of_an_item_is_reached_by_some_answer(name):
    item = bank()[name]
    reached = set()
    for response in responses(item):
        found = mark(item, response)
        assert found.right == (not found.reveals)
        assert found.feedback
        reached |= set(found.reveals)
    assert reached == set(revealed(item))


def responses(item):
    if item["type"] == "choice":
        return range(1 + len(item["wrong"]))
    if item["type"] == "number":
        return [item["answer"], *(wrong["value"] for wrong in item["wrong"]), 123456.789]
    if item["type"] == "order":
        return [list(order) for order in itertools.permutations(range(len(item["steps"])))]
    lines = range(len(item["lines"]))
    return itertools.chain.from_iterable(itertools.combinations(lines, n) for n in range(len(lines) + 1))


@ITEMS
def test_one_answer_only_is_right(name):
    item = bank()[name]
    assert sum(mark(item, response).right for response in responses(item)) == 1


@pytest.mark.parametrize(
    ("kind", "response"),
    [("choice", 3), ("choice", True), ("number", float("nan")), ("order", [0, 0, 1]), ("breach", [9])],
)
def test_impossible_responses_are_refused(kind, response):
    with pytest.raises(ValueError):
        mark(bank()[of_type(kind)[0]], response)


@ITEMS
def test_not_knowing_is_not_right_and_no_misconception(name):
    found = mark(bank()[name], None)
    assert (found.right, found.reveals) == (False, [])
    assert found.feedback


def test_every_misconception_is_revealed_by_some_item():
    assert {reveals for item in bank().values() for reveals in revealed(item)} == set(plan()["misconceptions"])


@given(SEEDS)
def test_forms_are_parallel_and_disjoint(seed):
    first, second = forms.forms(seed)
    before, after = [asked.item for asked in first], [asked.item for asked in second]
    assert not set(before) & set(after)
    assert len(set(before)) == len(before) == len(after) == plan()["weights"]["form_items"]["value"]

    def profile(names):
        return Counter((bank()[name]["topic"], bank()[name]["difficulty"]) for name in names)

    assert profile(before) == profile(after)
    assert {bank()[name]["topic"] for name in before} == set(plan()["topics"])


@given(SEEDS)
def test_right_options_stand_in_every_place_equally_often(seed):
    for form in forms.forms(seed):
        places = Counter(asked.shown.index(0) for asked in form if bank()[asked.item]["type"] == "choice")
        assert max(places.values()) - min(places[n] for n in range(3)) <= 1


@given(SEEDS)
def test_forms_show_every_part_once_and_repeat_from_the_seed(seed):
    drawn = forms.forms(seed)
    assert drawn == forms.forms(seed)
    for asked in [*drawn[0], *drawn[1]]:
        item = bank()[asked.item]
        size = len(item["steps"] if "steps" in item else item.get("lines", []))
        size = 1 + len(item["wrong"]) if item["type"] == "choice" else size
        assert sorted(asked.shown) == list(range(size))
        assert item["type"] != "order" or list(asked.shown) != sorted(asked.shown)


def test_different_seeds_give_different_forms():
    assert len({tuple(forms.forms(seed)[0]) for seed in range(20)}) == 20


@given(st.integers(6, 200), st.integers(0, 1))
def test_parts_sum_up_and_follow_what_people_ask(number, floor):
    parts = forms.apportion(number, floor)
    asked = forms.asked_counts()
    assert sum(parts.values()) == number
    assert min(parts.values()) >= floor
    ranked = sorted(asked, key=asked.get)
    assert all(parts[less] <= parts[more] for less, more in itertools.pairwise(ranked))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cite": ["nowhere"]}, "nowhere"),
        ({"cite": ["article ¶99"]}, "article ¶99"),
        ({"topic": "weather"}, "weather"),
        ({"right": {"text": {"zh": "只有中文"}, "why": {"zh": "一", "en": "one"}}}, "en"),
        ({"basis": "reported"}, "confidence"),
    ],
)
def test_a_bad_item_is_named_in_one_sentence(change, said):
    name = "line_what_decides"
    with pytest.raises(PolicyError) as error:
        checked(plan(), {name: {**bank()[name], **change}})
    assert name in str(error.value)
    assert said in str(error.value)


def test_wrong_values_lie_apart_from_the_answer():
    name = "cost_each_day"
    item = {**bank()[name], "tolerance": 10}
    with pytest.raises(PolicyError, match=name):
        checked(plan(), {name: item})


def test_files_are_small_enough_to_read():
    assert all(file.stat().st_size < 25_000 for file in (FOLDER / "bank").glob("*.yaml"))
