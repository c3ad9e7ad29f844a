"""Entries of a policy taken away by null: every fortieth here, all by hand (nulls.py)."""

from __future__ import annotations

import pytest

from jiebei_lib.core.knowledge.problems import PolicyError
from jiebei_lib.core.policy import load_policy
from tests.attack.nulls import entries, without


@pytest.mark.slow
def test_what_is_accepted_without_an_entry_answers_without_it():
    paths = list(entries(load_policy("article").data))
    assert len(paths) > 1000
    assert [failed for path in paths[::40] for failed in without(path, pages=False)] == []


@pytest.mark.parametrize("answer", load_policy("article").data["conduct"]["answers"])
def test_no_answer_to_whether_they_may_is_taken_away(answer):
    with pytest.raises(PolicyError, match=f"conduct.answers.{answer}"):
        load_policy({"conduct": {"answers": {answer: None}}})
