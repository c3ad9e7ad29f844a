"""Invented cases, unknown facts and what-ifs, for hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from jiebei_lib.core.case import FIELDS, SCORED, Case
from jiebei_lib.core.policy import Policy, load_policy

OPTIONAL = [name for name in SCORED if not FIELDS[name]["required"] and name != "amount_overdue"]
# Around every border: stages, first days of `published`, the ends of the scale of days.
DAYS = st.one_of(st.sampled_from([0, 1, 3, 4, 6, 7, 14, 15, 30, 45, 89, 90, 364, 365]), st.integers(0, 3650))
AMOUNTS = st.one_of(
    st.sampled_from([0.01, 1.0, 500.0, 500.01, 8000.0, 30_000.0, 10_000_000.0]),
    st.floats(0.01, 60_000).map(lambda yuan: round(yuan, 2)),
)
FACTS = {
    "zhima_score": st.integers(350, 950),
    "past_overdue": st.one_of(st.integers(0, 4), st.integers(0, 100)),
    "communication": st.sampled_from(FIELDS["communication"]["levels"]),
    "contacts": st.sampled_from(FIELDS["contacts"]["levels"]),
}


@st.composite
def cases(draw, known: bool = False, days: st.SearchStrategy[int] = DAYS) -> Case:
    """A case; each fact that may be unknown is unknown half of the time, unless ``known``."""
    facts = {name: draw(facts if known else st.one_of(st.none(), facts)) for name, facts in FACTS.items()}
    return Case(days_overdue=draw(days), amount_overdue=draw(AMOUNTS), **facts)


SPANS = st.one_of(st.none(), st.tuples(AMOUNTS, AMOUNTS).map(lambda ends: tuple(sorted(ends))))  # unknown, or a range


@st.composite
def vague_cases(draw, days: st.SearchStrategy[int] = DAYS) -> Case:
    """A case of which the amount, too, is unknown or only a range."""
    return draw(cases(days=days)).replace(amount_overdue=draw(SPANS))


def between(low: float, high: float) -> st.SearchStrategy[float]:
    """Numbers that are easy to read in a failure."""
    return st.floats(low, high).map(lambda number: min(high, max(low, float(f"{number:.4g}"))))


@st.composite
def what_ifs(draw) -> dict[str, Any]:
    """Changes to the article's policy, each within its range and together admissible."""
    moderate, strong = sorted((draw(between(1, 10)), draw(between(1, 20))))  # so that moderate may stay below strong
    changes: dict[str, Any] = {
        "strengths.strong.at_least": strong,
        "strengths.strong.at_most": draw(between(max(strong, 2), 1000)),
        "strengths.moderate.at_least": min(moderate, 10),
        "strengths.moderate.at_most": draw(between(moderate, 1000)),
        "strengths.assumed.at_most": draw(between(1, 1000)),
        "constraints.neutral_possible.at_least": draw(between(0.001, 0.5)),
        "constraints.neutral_possible.at_most": draw(between(0.5, 0.999)),
        "factors.amount.protective": draw(between(1, 5000)),
        "factors.amount.pressing": draw(between(5001, 1_000_000)),
        "factors.history.score_protective": draw(st.integers(651, 950)),
        "factors.history.score_pressing": draw(st.integers(350, 650)),
        "factors.history.record_neutral": draw(between(0.1, 2)),
        "factors.history.record_pressing": draw(between(2.1, 50)),
        "factors.days.pressing": draw(st.integers(61, 3650)),
    }
    for factor in ("communication", "contacts"):
        levels = FIELDS[factor]["levels"][:: 1 if factor == "communication" else -1]
        values = sorted(draw(st.lists(between(-1, 1), min_size=len(levels), max_size=len(levels))))
        changes |= {f"factors.{factor}.levels.{level}": value for level, value in zip(levels, values, strict=True)}
    days = draw(st.lists(st.integers(1, 60), min_size=1, max_size=3, unique=True))
    changes["timeline.first_possible_day.spread"] = [{"day": day, "weight": draw(st.integers(1, 5))} for day in days]
    return changes


@st.composite
def what_if_policies(draw) -> Policy:
    """The article's policy after an admissible what-if."""
    return load_policy("article").replace(draw(what_ifs()))
