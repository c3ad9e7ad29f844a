"""Reported cases, sanctions and complaint counts: what the files say, and how cases become evidence."""

from __future__ import annotations

import numpy as np
import pytest

from jiebei_lib.core.knowledge.yaml_files import shipped
from jiebei_lib.evidence.learn import learn_under
from jiebei_lib.evidence.reported import (
    CODES,
    GRADES,
    REASONS,
    regulator_actions,
    reported_cases,
    us_complaints,
    usable,
)


def test_the_file_is_what_it_is_said_to_be() -> None:
    cases = reported_cases()
    assert len(cases) == 62
    assert sum(case.outcome == "yes" for case in cases) == 45
    assert sum(case.days is not None for case in cases) == 34
    assert sum(case.amount is not None for case in cases) == 23
    assert sum(case.amount is not None and case.days is not None for case in cases) == 14
    assert sum(case.days is not None and case.grade in "AB" for case in cases) == 11
    assert sum(case.product in CODES["ant_products"] for case in cases) == 6
    assert sum(case.contact_data in CODES["lookups"] for case in cases) == 8
    for answer, called, all_ in (("yes", 13, 23), ("no", 11, 13)):
        chosen = [case for case in cases if case.responsive == answer]
        assert (sum(case.outcome == "yes" for case in chosen), len(chosen)) == (called, all_)


def test_filters_by_grade_and_country_keep_what_they_name() -> None:
    assert {case.grade for case in reported_cases(("A", "B"))} == {"A", "B"}
    assert {case.country for case in reported_cases(country="CN")} == {"CN"}
    assert sum(len(reported_cases((grade,))) for grade in GRADES) == 62
    assert reported_cases(()) == ()


@pytest.mark.parametrize("policy", ["article", "published"])
@pytest.mark.parametrize("threatened", [False, True])
def test_every_case_is_either_used_or_left_out_for_one_reason(policy: str, threatened: bool) -> None:
    found = usable(reported_cases(), policy, threatened)
    out = [case.id for cases in found.left_out.values() for case in cases]
    assert tuple(found.left_out) == REASONS
    assert sorted([*out, *(case.id for case in found.cases)]) == sorted(case.id for case in reported_cases())
    assert found.outcomes.case_id == tuple(case.id for case in found.cases)
    assert len(found.left_out["threatened"]) == (0 if threatened else 5)


def test_the_article_has_no_reading_for_calls_before_day_7_that_were_reported() -> None:
    early = usable(reported_cases(), "article").left_out["too_early"]
    assert len(early) == 9
    assert all(case.outcome == "yes" and case.fact_days < 7 for case in early)
    assert len(usable(reported_cases(), "published").left_out["too_early"]) == 6


def test_each_case_is_coded_so_that_its_outcome_says_the_least() -> None:
    cases = {case.id: case for case in reported_cases()}
    assert cases["K001"].fact_days == 110  # called between day 70 and day 110
    assert cases["K025"].fact_days == 60  # not called between day 60 and day 120
    assert cases["K003"].fact_days is None
    outcomes = usable(reported_cases(), "published", threatened=True).outcomes
    place = {name: n for n, name in enumerate(outcomes.case_id)}
    communication, contacts = outcomes.columns["communication"], outcomes.columns["contacts"]
    assert communication[place["K022"]] == 4  # unreachable: silent
    assert communication[place["K020"]] == 1  # responsive: engaged
    assert contacts[place["K022"]] == 1  # consented: accurate
    assert contacts[place["K060"]] == 3  # a stranger: wrong
    assert np.isnan(outcomes.columns["amount_overdue"][place["K046"]])  # in dollars
    assert outcomes.columns["amount_overdue"][place["K001"]] == 14_000


@pytest.mark.parametrize("grades", [("A", "B"), ("A", "B", "C"), GRADES])
def test_the_stronger_the_selection_the_less_a_call_is_expected(grades: tuple[str, ...]) -> None:
    from jiebei_lib.evidence.summary import REFERENCE

    found = usable(reported_cases(grades), "published")
    shares = [
        learned.posterior(REFERENCE).share for learned in learn_under(found.outcomes, "published", [1, 3, 10, 30])
    ]
    assert shares == sorted(shares, reverse=True)


def test_us_complaints_about_third_parties_are_1_6_percent_of_those_about_debt_collection() -> None:
    found = us_complaints()
    assert found.total == 648_644
    assert found.kinds == {"third_party": 10_067, "employer": 4_039, "repeated_calls": 34_024}
    assert round(100 * found.kinds["third_party"] / found.total, 1) == 1.6


def test_14_sanctions_in_order_of_country_and_date() -> None:
    found = regulator_actions()
    assert sorted(action.number for action in found) == list(range(1, 15))
    assert [action.country for action in found] == ["CN"] * 4 + ["US"] * 6 + ["KE"] * 3 + ["NG"]
    assert sum(not action.date for action in found) == 3


def test_every_code_has_words_in_both_languages() -> None:
    cases = reported_cases()
    assert {case.country for case in cases} <= set(CODES["countries"])
    assert {case.grade for case in cases} == set(CODES["grades"])
    assert {case.outcome for case in cases} == set(CODES["outcomes"])
    assert {case.responsive for case in cases} == set(CODES["responsive"])
    for kind in ("countries", "grades", "outcomes", "responsive"):
        assert all(words["zh"] and words["en"] for words in CODES[kind].values())


def test_wherever_there_are_words_there_are_both_languages_and_nothing_else() -> None:
    """A comma in unquoted words of a flow mapping cuts them off and makes a key of the rest."""

    def check(node: object, path: str) -> None:
        if isinstance(node, dict):
            if {"zh", "en"} & set(node):
                assert set(node) - {"whom"} == {"zh", "en"}, path
                assert all(isinstance(node[lang], str) and node[lang].strip() for lang in ("zh", "en")), path
                return
            for key, value in node.items():
                check(value, f"{path}.{key}")
        elif isinstance(node, list):
            for value in node:
                check(value, path)

    for name in (
        "evidence/reported.yaml",
        "evidence/claims.yaml",
        "evidence/contradictions.yaml",
        "evidence/learn.yaml",
    ):
        check(shipped(name), name)


def test_every_sanction_has_its_words() -> None:
    for action in regulator_actions():
        words = CODES["actions"][str(action.number)]
        assert set(words) == {"authority", "conduct", "result"}
        if action.amount:  # the amount stands in the words, in the language's own way of writing it
            assert f"{action.amount:,}" in words["result"]["en"] or "million" in words["result"]["en"], action.number
