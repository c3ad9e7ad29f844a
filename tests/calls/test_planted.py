"""What was planted is found, and nothing else."""

from __future__ import annotations

import pytest

from jiebei_lib.calls.audit import audit
from jiebei_lib.calls.log import read_log
from jiebei_lib.calls.rule_sets import load_rules
from tests.calls.planted import PLANTS, planted_log

COLUMNS = ["rule_id", "attempt_id", "status"]


@pytest.mark.parametrize(("attempts", "each"), [(100_000, 40), (500, 2)])
def test_found_is_planted_none_else(attempts: int, each: int) -> None:
    table, expected = planted_log(attempts, seed=attempts, each=each)
    assert len(table) == attempts
    found = audit(read_log(table, zone="Asia/Shanghai"), load_rules()).table
    assert set(map(tuple, found[COLUMNS].astype(str).to_numpy())) == set(map(tuple, expected.to_numpy()))
    assert len(found) == len(expected) == each * sum(len(broken) for plant in PLANTS.values() for _, _, broken in plant)


def test_the_plants_break_most_rules_that_are_in_force() -> None:
    planted = {rule.lstrip("*") for plant in PLANTS.values() for _, _, broken in plant for rule in broken}
    assert planted <= set(load_rules().rules)
    assert len(planted) >= 25


def test_the_same_seed_gives_the_same_log() -> None:
    first, second, other = (planted_log(300, seed, each=1)[0] for seed in (7, 7, 8))
    assert first.equals(second) and not first.equals(other)
