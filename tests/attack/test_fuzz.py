"""A hundred thousand inputs, the same on every run: each accepted, or refused in one sentence. A million by hand (fuzzing.py)."""

from __future__ import annotations

import pytest

from jiebei_lib.core.knowledge.problems import Problem, UserError
from tests.attack.fuzzing import TARGETS, Fuzz, run

INPUTS, SEED = 100_000, 1


def test_the_parts_make_a_whole():
    assert sum(part for _, part in TARGETS.values()) == pytest.approx(1)


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
def test_whatever_is_given_is_accepted_or_refused_in_one_sentence(target):
    fuzz = run(target, round(INPUTS * TARGETS[target][1]), SEED)
    assert fuzz.counts["inputs"] >= round(INPUTS * TARGETS[target][1])
    assert fuzz.findings == {}
    if target != "command":  # which says of a refusal by its exit code
        assert fuzz.counts["accepted"] and fuzz.counts["refused"], (
            "nothing but one kind of answer: the fuzz tries nothing"
        )


def test_the_fuzz_finds_what_it_looks_for(tmp_path):
    def two_lines():
        raise UserError(Problem("invalid", "x\ny: {z}", {"value": "v", "allowed": "a"}))

    fuzz = Fuzz(1, tmp_path)
    fuzz.attempt("a", lambda: 1 / 0, None)
    fuzz.attempt("b", lambda: 1, None)
    fuzz.attempt("c", two_lines, None)
    fuzz.finite("d", {"x": float("nan")}, None)
    assert fuzz.counts == {"inputs": 3, "accepted": 1, "refused": 1}
    assert {kind for kind, *_ in fuzz.findings} == {"a", "d: not a number"}
    unsaid = UserError.__new__(UserError)
    unsaid.problems = [Problem("no such kind", "x")]
    fuzz.heard(unsaid, None)
    assert len(fuzz.findings) == 3
