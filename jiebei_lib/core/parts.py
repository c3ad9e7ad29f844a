"""The parts of an assessment as plain data, texts in both languages."""

from __future__ import annotations

from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from jiebei_lib.core.scoring.compare import StepTaken
from jiebei_lib.core.scoring.explain import FactorPart, OpenFact
from jiebei_lib.core.scoring.score import Range


class Bilingual(TypedDict):
    zh: str
    en: str


class OpenRange(TypedDict):
    """``high`` is null where there is no upper bound."""

    low: float
    high: float | None


class Said(TypedDict):
    """A statement with what it rests on. ``reported``: nobody here could check it against the full text."""

    id: str
    text: Bilingual
    short: Bilingual | None
    cite: list[str]
    basis: str
    confidence: str | None
    reported: bool


class Stage(Said):
    name: Bilingual
    days: list[int]


class Contribution(FactorPart):
    name: Bilingual
    cite: list[str]
    basis: str


class Rule(Said):
    standing: str
    since: str
    binds: Bilingual
    bound: bool | None


class Permitted(TypedDict):
    """May an unrelated contact be called about this debt on that day? ``deciding``: the fact that would decide it."""

    status: str
    why: Bilingual
    deciding: str | None
    cites: list[str]
    reported: bool
    rules: list[Rule]
    conditions: list[Said]
    conflicts: list[Said]


class Question(OpenFact):
    text: Bilingual


class StepSaid(StepTaken):
    text: Bilingual
    cite: list[str]
    basis: str


class ReferenceSaid(TypedDict):
    """How often the odds of a borrower of the article's those of the case are, in every reading; ``necessarily`` above, below or
    equal to it, or neither. ``odds.high`` is null where there is no bound."""

    reference: str
    text: Bilingual
    odds: OpenRange
    necessarily: str | None
    cite: list[str]
    basis: str


class Consequence(Said):
    from_day: int
    ahead: bool


class Conduct(Said):
    side: str


class WitnessAnswer(TypedDict):
    """Will they? ``grade`` holds whatever is unknown, ``so_far`` at its middle; ``nine_in_ten``: the likelihoods that nine readings in
    ten hold, ``likelihood`` all of them; ``first_day``: the first on which any reading holds a call possible."""

    grade: str
    so_far: str
    verdict: str
    likelihood: Range
    nine_in_ten: Range
    share: float
    share_range: Range
    first_day: int


class Witness(WitnessAnswer):
    policy: str
    name: Bilingual


class Source(TypedDict):
    id: str
    title: Bilingual
    kind: str
    standing: str | None
    effective: str | None
    confidence: str
    reported: bool
    cites: list[str]
    note: Bilingual | None
