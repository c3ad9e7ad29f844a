"""What observed cases change, put together as plain data: for the command line, the panel and whoever wants JSON.

The prior stands beside the posterior in every entry. Likelihoods and shares are model quantities over readings, never observed rates.
"""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np

from jiebei_lib.core.case import Case
from jiebei_lib.core.readings import FACTORS, WEIGHTS
from jiebei_lib.core.scoring.score import likelihood
from jiebei_lib.evidence.learn import ASSUMED, Learned, LearnedAnswer, Span

REFERENCE = Case.of(ASSUMED["reference_case"])  # day 7, all else in the middle, nothing unknown


def answers(learned: Learned, case: Case = REFERENCE) -> dict[str, Any]:
    """The answer for ``case`` before and after, and how much evidence there is."""
    outcomes = learned.outcomes
    return {
        "policy": learned.policy.label,
        "policy_digest": learned.policy.digest,
        "selection": learned.selection,
        "cases": len(outcomes),
        "called": int(outcomes.called.sum()),
        "readings": learned.drawn.number,
        "effective": learned.effective,
        "credible": ASSUMED["credible"]["value"],
        "case": case.to_dict(),
        "prior": _answer(learned.prior(case)),
        "posterior": _answer(learned.posterior(case)),
    }


def findings(learned: Learned, case: Case = REFERENCE) -> dict[str, Any]:
    """:func:`answers`, and before and after of every weight, how well the cases predict each other, and warnings."""
    outcomes, predicted = learned.outcomes, learned.predicted
    return answers(learned, case) | {
        "warnings": warnings(learned),
        "weights": [
            {"name": name, "unit": unit(name)}
            | {key: _span(name, learned.span(name, after)) for key, after in (("prior", False), ("posterior", True))}
            for name in WEIGHTS
        ],
        "first_day": [{"day": day, "prior": before, "posterior": after} for day, before, after in learned.first_days()],
        "predicted": {
            "log_score": predicted.log_score(),
            "prior_log_score": predicted.log_score("prior"),
            "calls_expected": float(predicted.others.sum()),
            "surprises": [outcomes.case_id[n] for n in predicted.surprises],
            "cases": [
                {"case_id": name, "called": bool(called), "prior": float(before), "others": float(after)}
                for name, called, before, after in zip(
                    outcomes.case_id, outcomes.called, predicted.prior, predicted.others, strict=True
                )
            ],
        },
    }


def warnings(learned: Learned) -> list[str]:
    """What to be wary of: ``few_readings`` (the answer is coarse), ``surprises`` (outcomes that the other cases hardly allow),
    ``all_alike`` (only called cases, or only such that were not)."""
    called = learned.outcomes.called
    found = {
        "few_readings": learned.few,
        "surprises": len(learned.predicted.surprises) > 0,
        "all_alike": len(called) > 1 and (called.all() or not called.any()),
    }
    return [name for name, holds in found.items() if holds]


def unit(name: str) -> str:
    """What a weight is shown as: the start as the ``likelihood`` of a neutral case, a factor as the ``multiple`` of the odds from its
    least to its greatest pressure."""
    return "multiple" if name in FACTORS else "likelihood"


def shown_weight(name: str, log_odds: float) -> float:
    """A weight in its :func:`unit`. Pressures run from -1 to +1, the pressure of days from 0 to 1."""
    if name not in FACTORS:
        return float(likelihood(np.array(log_odds)))
    return math.exp(log_odds if name == "days" else 2 * log_odds)


def _span(name: str, span: Span) -> dict[str, float]:
    return {end: shown_weight(name, value) for end, value in asdict(span).items()}


def _answer(answer: LearnedAnswer) -> dict[str, Any]:
    return {
        "verdict": answer.verdict,
        "likelihood": {"low": answer.low, "high": answer.high},
        "share": answer.share,
        "share_range": {"low": answer.share_low, "high": answer.share_high},
    }
