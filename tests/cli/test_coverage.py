"""The article, claim by claim: nothing of it is left out, and what speaks against a claim is said."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from jiebei_lib.cli import run
from jiebei_lib.cli.coverage import HOWS, claims
from jiebei_lib.core.policy import load_policy

ALL = claims(load_policy("article"))


def test_every_paragraph_has_its_claims_in_order_and_none_is_absent() -> None:
    numbers = [tuple(map(int, each.number.split("."))) for each in ALL]
    assert len(ALL) == 86 and numbers == sorted(numbers)
    assert {paragraph for paragraph, _ in numbers} == set(range(1, 23))
    for paragraph, count in Counter(paragraph for paragraph, _ in numbers).items():
        assert [n for p, n in numbers if p == paragraph] == list(range(1, count + 1))
    assert [each.number for each in ALL if each.how == "absent" or each.missing] == []


def test_what_is_contested_says_why_and_nothing_else_does() -> None:
    for each in ALL:
        assert each.how in HOWS and (each.why is not None) == (each.how == "contested"), each.number
        assert each.claim["zh"] and each.claim["en"]


@pytest.mark.parametrize("number", ["1.1", "2.5", "2.8", "11.1", "12.4", "12.6", "21.3"])
def test_what_the_article_has_wrong_outdated_or_against_itself_is_contested(number: str) -> None:
    (claim,) = [each for each in ALL if each.number == number]
    assert claim.how == "contested"


def test_a_statement_taken_out_or_cited_otherwise_leaves_its_claim_absent() -> None:
    without = load_policy("article").replace({"product.strategy": None, "advice.actions.guard_credit.cite": ["ours"],
                                              "advice.actions.guard_credit.basis": "assumption"})  # fmt: skip
    absent = {each.number: each.missing for each in claims(without) if each.how == "absent"}
    assert set(absent) == {"3.1", "3.2", "3.3", "21.1", "21.2", "22.2"}
    assert absent["3.1"] == ["product.strategy"] and absent["21.1"] == []


def test_the_command_lists_claims_instead_of_counting_citations(capsys) -> None:
    assert run(["policy", "coverage", "--lang", "en"]) == 0
    said = capsys.readouterr().out
    assert "¶12.4" in said and "contradicts itself" in said
    assert said.rstrip().endswith("absent 0.")
    run(["policy", "coverage", "--json"])
    assert len(json.loads(capsys.readouterr().out)) == 86
