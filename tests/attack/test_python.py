"""The library called from Python with anything: an answer, or one sentence. And its cache, which never grows without end."""

from __future__ import annotations

import os

import pytest

from jiebei_lib import assess, score
from jiebei_lib.core.case import Case
from jiebei_lib.core.knowledge import yaml_files
from jiebei_lib.core.knowledge.problems import UserError

FACTS = {"days_overdue": 7, "amount_overdue": 8000}


def test_facts_alone_are_a_case():
    assert assess(FACTS, as_of="2026-11-25").share == assess(Case(**FACTS), as_of="2026-11-25").share
    assert len(score([FACTS, FACTS])) == 2


@pytest.mark.parametrize("given", [7, None, "a.yaml", [], [1, 2], {"days_overdue": "x"}, {}, {1: 2}, object()])
def test_what_is_no_case_is_one_sentence(given):
    with pytest.raises(UserError):
        assess(given)


@pytest.mark.parametrize("given", [7, None, [1, 2], [FACTS, 3], "x.csv", [None], object()])
def test_what_is_no_table_is_one_sentence(given):
    with pytest.raises(UserError) as said:
        score(given)
    assert "\n" not in str(said.value)


def test_the_cache_forgets_what_was_longest_unused_and_nothing_of_anybody_elses(tmp_path, monkeypatch):
    monkeypatch.setattr(yaml_files, "MOST_KEPT", 1000)
    theirs = [tmp_path / name for name in ("thesis.json", "data-0123.json", "x-0123456789abcdef01234567.txt")]
    for path in theirs:
        path.write_bytes(b"x" * 5000)
    ours = [tmp_path / f"policy-{n:024x}.json" for n in range(6)]
    for age, path in enumerate(ours):
        yaml_files.keep(path, b"x" * 300)
        os.utime(path, (1_000_000 - age, 1_000_000 - age))
    yaml_files.keep(tmp_path / f"new-{9:024x}.json", b"x" * 300)
    left = {path.name for path in tmp_path.iterdir()}
    assert {path.name for path in theirs} <= left
    assert f"new-{9:024x}.json" in left and ours[0].name in left and ours[5].name not in left
    assert sum((tmp_path / name).stat().st_size for name in left if yaml_files.KEPT.search(name)) <= 1000
