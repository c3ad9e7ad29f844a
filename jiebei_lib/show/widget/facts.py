"""The controls for the facts of a case, as all panels show them."""

from __future__ import annotations

from typing import Any

from jiebei_lib.core.case import FIELDS
from jiebei_lib.core.policy import load_policy
from jiebei_lib.show.widget.fields import Field, choice, described

# The slider's part of what a fact may be; the number beside it takes all.
SLIDERS = {
    "days_overdue": (0, 90),
    "amount_overdue": (100, 100_000),
    "zhima_score": (350, 950),
    "past_overdue": (0, 10),
    "failed_attempts": (0, 10),
    "unreachable_days": (0, 30),
}


def fact(name: str, value: Any = None, **more: Any) -> Field:
    """The control for one fact of a case, unknown if it may be: a level to choose, or a number."""
    spec = FIELDS[name]
    about = {"optional": not spec["required"], **more}
    if spec["type"] != "level":
        return described(name, spec, value, **about)
    labels = spec["labels"]
    if isinstance(labels, str):  # the policy names them
        labels = {level: entry["name"] for level, entry in load_policy().data["factors"][name]["levels"].items()}
    return choice(name, spec["name"], {level: labels[level] for level in spec["levels"]}, value, **about)


def explained_fact(name: str, value: Any, **more: Any) -> Field:
    """The same where there is room: with what the fact means, a number with its unit and a slider."""
    spec = FIELDS[name]
    if spec["type"] != "level":
        more = {"unit": spec["unit"], "slider": SLIDERS[name], **more}
    return fact(name, value, note=spec["description"], **more)
