"""The parts of an assessment as plain data, texts in both languages. Only types: what makes them imports it for type checkers alone."""

from __future__ import annotations

from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12


class Range(TypedDict):
    low: float
    high: float


class FactorPart(TypedDict):
    """What one factor adds to the log-odds: ``central`` at the central reading and the middle of what is unknown, ``low`` to
    ``high`` over all readings and all values of the unknown. For a linear score these are exact Shapley values against the
    neutral case."""

    factor: str
    pressure: float
    pressure_low: float
    pressure_high: float
    central: float
    low: float
    high: float


class OpenFact(TypedDict):
    """How much learning one unknown fact narrows the range of the likelihood, and the range of the share, on average over its levels."""

    field: str
    narrowing: float
    share_narrowing: float


class StepTaken(TypedDict):
    """What one step does in every reading: what the ``odds`` are multiplied by, and the answer after it.

    ``instead_of``: the way of communicating that it is held against where the present one is unknown; ``pay`` in whole yuan, None
    where the amount is unknown or nothing is paid. ``settles``: nothing is overdue afterwards, so there is no answer to give.
    """

    step: str
    pay: int | None
    instead_of: str | None
    settles: bool
    grade: str | None
    so_far: str | None
    share: float | None
    odds: Range
    share_range: Range | None


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
