"""Every paragraph of the article that says something is used."""

from __future__ import annotations

import pytest

from jiebei_lib.core.policy import coverage, load_policy

SAYS_NOTHING = [1, 14]  # the introduction, and a sentence that only leads over


def test_only_the_paragraphs_that_say_nothing_checkable_are_unused() -> None:
    used = coverage(load_policy("article"))
    assert list(used) == list(range(1, 23))
    assert [paragraph for paragraph, places in used.items() if not places] == SAYS_NOTHING


@pytest.mark.parametrize(
    ("paragraph", "place"),
    [
        (2, "product.repayment"),
        (3, "product.strategy"),
        (4, "timeline.stages.message"),
        (5, "timeline.stages.call_borrower"),
        (7, "factors.communication.levels.broken_promise"),
        (11, "constraints.sign_contacts"),
        (12, "conduct.practice.discloses_overdue"),
        (17, "consequences.penalty"),
        (21, "advice.actions.rebuild"),
        (22, "limits.no_absolute_answer"),
    ],
)
def test_a_paragraph_is_found_where_it_is_used(paragraph: int, place: str) -> None:
    assert place in coverage(load_policy("article"))[paragraph]


def test_a_rule_taken_out_no_longer_counts() -> None:
    without = load_policy("article").replace({"product.strategy": None})
    assert coverage(without)[3] == []
