"""What the rules say: each statement with its basis, no surer than its sources, in force no earlier, the same in both languages."""

from __future__ import annotations

import re

import pytest

from jiebei_lib.core.assessment import assess
from jiebei_lib.core.case import FIELDS, Case
from jiebei_lib.core.knowledge.yaml_files import shipped, walk
from jiebei_lib.core.policy import Policy, load_policy

SOURCES = shipped("core/sources.yaml")
SURENESS = {"S": 0, "S+": 1, "V": 2}
STATEMENTS = {
    f"{name}: {'.'.join(path)}": node
    for name in ("article", "published")
    for path, node in walk(load_policy(name).data)
    if "cite" in node
}
TEXTS = {
    **{
        f"{name}: {'.'.join(path)}": node
        for name in ("article", "published")
        for path, node in walk(load_policy(name).data)
    },
    **{f"sources: {'.'.join(path)}": node for path, node in walk(SOURCES)},
}
TEXTS = {name: node for name, node in TEXTS.items() if set(node) == {"zh", "en"}}


def of(cite: str) -> dict:
    return SOURCES[cite.partition(" ")[0]]


def failing(law, over: dict) -> list[str]:
    return [name for name, node in over.items() if not law(node)]


def test_no_statement_is_surer_than_the_best_of_its_sources() -> None:
    def law(node: dict) -> bool:
        behind = [
            SURENESS[of(cite)["confidence"]] for cite in node["cite"] if of(cite)["kind"] not in ("article", "ours")
        ]
        return node.get("confidence") is None or not behind or SURENESS[node["confidence"]] <= max(behind)

    assert failing(law, STATEMENTS) == []


def test_the_basis_is_what_the_cites_are() -> None:
    """`documented` rests on the article, `regulation` on a rule, `reported` on neither alone, an assumption says that it is ours."""
    kinds = {
        "documented": {"article"},
        "regulation": {"law", "standard", "guideline"},
        "reported": {"press", "pages", "data", "research", "standard", "guideline", "law"},
        "assumption": {"ours", "article"},
    }

    def law(node: dict) -> bool:
        return bool(kinds[node["basis"]] & {of(cite)["kind"] for cite in node["cite"]})

    assert failing(law, STATEMENTS) == []


def test_nothing_from_memory_is_printed() -> None:
    """What the fact sheet marks as unverified: caps, article numbers and tests that nobody here could check."""
    unverified = re.compile("3/6/12|法释|第59条|art\\. 59 |7个自然日|7-day interval|2人以上|at least two people")
    assert failing(lambda node: not any(unverified.search(text) for text in node.values()), TEXTS) == []


def test_rules_whose_numbering_was_not_checked_are_cited_without_numbers() -> None:
    unnumbered = [
        "cfc_measures_2024",
        "gbt_45251_2025",
        "cba_guideline_2026",
        "nifa_guideline_2024",
        "credit_repair_2025",
    ]
    assert [name for name in unnumbered if "locators" in SOURCES[name]] == []


RULES = {
    "nifa_2018": ("nifa_convention_2018", "2018-03-28", "self_discipline"),
    "cfc_measures": ("cfc_measures_2024", "2024-04-18", "binding"),
    "gbt_45251": ("gbt_45251_2025", "2025-02-28", "recommended"),
    "cba_guideline": ("cba_guideline_2026", "2026-01-30", "self_discipline"),
}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_on_third_persons_holds_from_its_sources_date_with_its_standing(article: Policy, name: str) -> None:
    rule, (source, day, standing) = article.data["conduct"]["third_persons"][name], RULES[name]
    assert {cite.partition(" ")[0] for cite in rule["cite"]} == {source}
    assert rule["from"] == SOURCES[source]["effective"] == day
    assert rule["standing"] == SOURCES[source]["standing"] == standing
    assert rule["confidence"] == SOURCES[source]["confidence"]


def test_nothing_is_in_force_before_the_first_of_its_rules() -> None:
    def law(node: dict) -> bool:
        dates = [of(cite)["effective"] for cite in node["cite"] if of(cite).get("effective") and "standing" in of(cite)]
        announced = [of(cite).get("published", "") for cite in node["cite"]]
        return "from" not in node or not dates or node["from"] >= min(dates) or node["from"] in announced

    assert failing(law, {name: node for name, node in STATEMENTS.items() if node["basis"] == "regulation"}) == []


# Digits that one language writes in words, or in another way.
SPOKEN = {
    "一": 1, "两": 2, "one": 1, "two": 2, "three": 3, "four": 4, "seven": 7, "January": 1, "March": 3, "July": 7, "August": 8,
    "September": 9, "October": 10, "November": 11, "December": 12, "none": 0,
}  # fmt: skip


def numbers(text: str) -> set[float]:
    text = text.replace("10万", "100,000").replace("晚上10点", "22:00").replace("早上8点", "08:00").replace(":00", "")
    found = {float(number.replace(",", "")) for number in re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?", text)}
    return found | {
        float(value)
        for word, value in SPOKEN.items()
        if re.search(rf"\b{word}\b" if word.isascii() else word, text, re.IGNORECASE)
    }


def test_both_languages_name_the_same_numbers() -> None:
    """A number written in digits in one language stands in the other, in digits or in words."""

    def digits(text: str) -> set[float]:
        months = re.sub(r"\d+月", "", text) if "年" in text else text  # English names the month
        return numbers(re.sub("[一两]|[A-Za-z]", "", months))

    def law(node: dict) -> bool:
        zh, en = node["zh"], node["en"]
        return digits(zh) <= numbers(en) and digits(en) <= numbers(zh)

    exempt = {
        # Where a title carries the year in one language only, or the sentence is built otherwise.
        "sources: cba_guideline_2026.short", "sources: nifa_convention_2018.short", "sources: nifa_guideline_2024.short",
        "article: sampling.readings.description", "published: sampling.readings.description",
    }  # fmt: skip
    assert failing(law, {name: node for name, node in TEXTS.items() if name not in exempt}) == []


def test_chinese_is_chinese_and_english_is_english() -> None:
    def law(node: dict) -> bool:
        latin = re.fullmatch(r"[\x00-\x7f·–—’]*", node["zh"])
        return not re.search("[\u4e00-\u9fff]", node["en"]) and not (latin and re.search("[a-z]{4}", node["zh"]))

    assert failing(law, TEXTS) == []


def test_chinese_sentences_use_chinese_punctuation() -> None:
    half_width = re.compile("[\u4e00-\u9fff][,;:?!][\u4e00-\u9fff]|[\u4e00-\u9fff]\\(")
    assert failing(lambda node: not half_width.search(node["zh"]), TEXTS) == []


@pytest.mark.parametrize("way", [*FIELDS["communication"]["levels"], None])
@pytest.mark.parametrize("day", [0, 1, 7, 45, 400])
def test_every_assessment_lists_every_source_that_it_shows(article: Policy, way: str | None, day: int) -> None:
    found = assess(Case(day, 8000, communication=way), article, "2026-11-23")
    listed = {cite for source in found.sources for cite in source["cites"]}
    parts = [
        found.stage,
        *found.consequences,
        *found.actions,
        *found.words,
        *found.conduct,
        *found.limits,
        *found.practice,
    ]
    parts += [*found.contributions, *found.permitted["rules"], *found.permitted["conflicts"]]
    assert {cite for part in parts for cite in part["cite"]} <= listed
    assert all(part["reported"] == (part["confidence"] in ("S", "S+")) for part in parts if "reported" in part)


@pytest.mark.parametrize("communication", [*FIELDS["communication"]["levels"], None])
@pytest.mark.parametrize("contacts", [*FIELDS["contacts"]["levels"], None])
def test_the_advice_fits_the_case__article_18_19_20_21(article: Policy, communication, contacts) -> None:
    found = assess(Case(7, 8000, communication=communication, contacts=contacts), article, "2026-11-23")
    actions = [action["id"] for action in found.actions]
    assert ("answer" in actions) == (communication in ("silent", None))
    assert ("keep_plan" in actions) == (communication == "repaying")
    assert ("do_not_falsify" in actions) == (contacts in ("wrong", "incomplete"))
    assert {"no_new_debt", "reminders", "rebuild"} <= set(actions)
    assert all(
        text in word["text"][lang] for word in found.words[:1] for lang in ("zh", "en") for text in ("7", "8,000")
    )


def test_the_penalty_is_told_with_the_multiple_that_the_central_bank_allows__article_17(article: Policy) -> None:
    (penalty,) = [one for one in assess(Case(7, 8000), article, "2026-11-23").consequences if one["id"] == "penalty"]
    assert "1.5" in penalty["text"]["zh"] and "1.5" in penalty["text"]["en"] and not penalty["reported"]
    assert "pboc_penalty_2003" in penalty["cite"]


@pytest.mark.parametrize(
    ("day", "shown"),
    [
        ("2025-12-21", set()),
        ("2025-12-22", {"repair_window_open"}),
        ("2026-03-31", {"repair_window_open"}),
        ("2026-04-01", {"repair_window_closed"}),
    ],
)
def test_the_credit_repair_is_told_while_it_lasts(article: Policy, day: str, shown: set[str]) -> None:
    names = {one["id"] for one in assess(Case(7, 8000), article, day).consequences}
    assert {name for name in names if name.startswith("repair_window")} == shown
