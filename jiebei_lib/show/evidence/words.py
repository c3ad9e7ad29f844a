"""Sentences on what was learned from observed cases, for the terminal and the panel."""

from __future__ import annotations

from collections.abc import Mapping
from math import log
from typing import Any

from jiebei_lib.core.policy import Policy
from jiebei_lib.core.readings import FACTORS
from jiebei_lib.evidence.learn import ASSUMED
from jiebei_lib.page.text import multiple, percent, say
from jiebei_lib.show.case.page import witness_name


def heading(summary: Mapping[str, Any], policy: Policy, lang: str) -> str:
    """How many cases, of which outcome, and how many readings still count."""
    slots = {
        "policy": witness_name({"name": policy.data["name"], "policy": policy.label}, lang),
        "cases": summary["cases"],
        "called": summary["called"],
        "readings": f"{summary['readings']:,}",
        "effective": f"{summary['effective']:,.0f}",
    }
    if summary["selection"] == 1:
        return say("evidence.heading.none", lang, **slots)
    return say("evidence.heading.selected", lang, **slots, selection=f"{summary['selection']:g}")


def warning_words(summary: Mapping[str, Any], lang: str) -> list[str]:
    """One sentence a warning."""
    surprises = summary["predicted"]["surprises"]
    more = ["…"] if len(surprises) > 5 else []
    slots = {
        "effective": f"{summary['effective']:,.1f}",
        "limit": ASSUMED["warn_below"]["value"],
        "n": len(surprises),
        "ids": ("、" if lang == "zh" else ", ").join([*surprises[:5], *more]),
    }
    return [say(f"evidence.warnings.{name}", lang, **slots) for name in summary["warnings"]]


def predicted_words(summary: Mapping[str, Any], lang: str) -> str:
    """How well the cases predict each other, against what was expected before."""
    if not summary["cases"]:
        return say("evidence.predicted.none", lang)
    predicted = summary["predicted"]
    key = "better" if predicted["log_score"] > predicted["prior_log_score"] else "worse"
    numbers = {name: f"{predicted[of]:.2f}" for name, of in (("score", "log_score"), ("before", "prior_log_score"))}
    expected = f"{predicted['calls_expected']:.1f}"
    return say(f"evidence.predicted.{key}", lang, **numbers, expected=expected, called=summary["called"])


def weight_name(name: str, policy: Policy, lang: str) -> str:
    """A weight of the readings with what it is shown as."""
    if name not in FACTORS:
        return say("evidence.base", lang)
    return say("evidence.factor", lang, name=policy.data["factors"][name]["name"][lang])


def weight_value(value: float, unit: str, lang: str) -> str:
    """A likelihood in per cent, or a multiple of the odds: ×4.8, ÷2.5, ×1."""
    return percent(value, lang, True) if unit == "likelihood" else multiple(log(value), lang)
