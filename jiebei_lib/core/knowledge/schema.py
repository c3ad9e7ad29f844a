"""The shape of the rules' YAML. Imported only when rules are new or changed (see policy.py)."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from jiebei_lib.core.knowledge.problems import slots


def _sentence(text: str) -> str:
    slots(text)  # which of them are filled in depends on the place: see policy_checks.py
    if not text.strip():
        raise ValueError("empty")
    return text


def _iso(text: str) -> str:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        raise ValueError("date")
    date.fromisoformat(text)
    return text


Sentence = Annotated[str, AfterValidator(_sentence)]
Iso = Annotated[str, AfterValidator(_iso)]
Factor = Literal["communication", "history", "amount", "contacts", "days"]
Confidence = Literal["V", "S+", "S"]
Number = int | float
DayRange = tuple[int, int]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True, allow_inf_nan=False)


class Text(Strict):
    zh: Sentence
    en: Sentence


class Based(Strict):
    """Everything that says something says on what it rests."""

    cite: Annotated[list[str], Field(min_length=1)]
    basis: Literal["documented", "regulation", "reported", "assumption"]
    confidence: Confidence | None = None


class Dated(Strict):
    from_: Annotated[Iso, Field(alias="from")]
    value: Number


class Parameter(Based):
    """A number with its unit and its range."""

    name: Text
    description: Text
    unit: Text
    range: tuple[Number, Number] = Field(strict=False)
    value: Number


class DatedParameter(Based):
    """A number that changed over time: each value holds from its date on."""

    name: Text
    description: Text
    unit: Text
    range: tuple[Number, Number] = Field(strict=False)
    values: Annotated[list[Dated], Field(min_length=1)]


class Dateable(Based):
    """A sentence, and for which days overdue and dates it holds."""

    text: Text
    short: Text | None = None
    from_day: int | None = None
    to_day: int | None = None
    from_: Annotated[Iso | None, Field(alias="from")] = None
    until: Iso | None = None
    parameters: list[str] | None = None


class Statement(Dateable):
    when: dict[str, list[str | int | None]] | None = None  # the cases for which it holds


class SourceEntry(Strict):
    kind: Literal["article", "law", "standard", "guideline", "press", "pages", "data", "research", "ours"]
    short: Text
    title: Text
    confidence: Confidence
    issuer: Text | None = None
    published: Iso | None = None
    effective: Iso | None = None
    checked: Iso | None = None
    standing: Literal["binding", "recommended", "self_discipline"] | None = None
    locators: dict[Literal["prefix", "last"], str | int] | None = None
    note: Text | None = None


class SpreadDay(Strict):
    day: Annotated[int, Field(ge=1, le=3650)]
    weight: Annotated[Number, Field(ge=0.001, le=1000)]


class FirstDay(Based):
    name: Text
    description: Text
    unit: Text
    range: tuple[int, int] = Field(strict=False)
    spread: Annotated[list[SpreadDay], Field(min_length=1)]


class StageRule(Statement):
    name: Text
    days: DayRange = Field(strict=False)
    channel: Literal["none", "sms", "call", "letter"]
    toward: Literal["none", "borrower", "contacts"]


class Timeline(Strict):
    last_day: int
    first_possible_day: FirstDay
    stages: Annotated[dict[str, StageRule], Field(min_length=1)]


class Ends(Strict):
    protective: Text
    pressing: Text


class FactorBase(Based):
    name: Text
    description: Text
    worded: Literal["strong", "moderate", "assumed"]
    actionable: bool
    ends: Ends


class Levels(FactorBase):
    levels: dict[str, Parameter]


class History(FactorBase):
    score_protective: Parameter
    score_pressing: Parameter
    record_neutral: Parameter
    record_pressing: Parameter


class Amount(FactorBase):
    protective: Parameter
    pressing: Parameter


class Days(FactorBase):
    pressing: Parameter


class Factors(Strict):
    communication: Levels
    history: History
    amount: Amount
    contacts: Levels
    days: Days


class Strength(Strict):
    name: Text
    at_least: Parameter
    at_most: Parameter


class SignOf(Statement):
    kind: Literal["sign"]
    factor: Factor


class StrengthOf(Statement):
    kind: Literal["strength"]
    factor: Factor
    strength: str


class OrderOf(Statement):
    kind: Literal["order"]
    weaker: Factor
    stronger: Factor
    either_sign: bool = False


class Neutral(Statement):
    kind: Literal["neutral"]
    at_least: Parameter
    at_most: Parameter


class LevelOf(Statement):
    """What a witness says of a case at one end of one factor and neutral on the rest."""

    kind: Literal["level"]
    factor: Factor
    end: Literal["protective", "pressing"]
    at_least: Parameter | None = None
    at_most: Parameter | None = None


Constraint = Annotated[SignOf | StrengthOf | OrderOf | Neutral | LevelOf, Field(discriminator="kind")]


class QuestionRule(Statement):
    levels: Annotated[list[str | int], Field(min_length=1)]


class Sampling(Strict):
    readings: Parameter
    seed: Parameter
    over_multiples: Parameter


class Grades(Strict):
    """In how many of all readings a call must be more likely than not for a grade; those that rest on all readings need no number."""

    nearly_all: Parameter
    most: Parameter
    few: Parameter
    almost_none: Parameter


class Reachable(Statement):
    values: dict[Literal["repaying", "engaged", "answering", "broken_promise", "silent"], bool]


class ContactPermission(Strict):
    reachable: Literal["permitted", "not_permitted", "silent"]
    unreachable: Literal["permitted", "not_permitted", "silent"]


class Established(Parameter):
    """From which number on a fact of the case meets one of the conditions under which a borrower counts as unreachable."""

    condition: str


class ThirdPersonRule(Statement):
    from_: Annotated[Iso, Field(alias="from")]
    standing: Literal["binding", "recommended", "self_discipline"]
    contact: ContactPermission
    binds: Text
    lenders: list[Literal["bank", "consumer_finance", "other"]] | None = None


class Conflict(Statement):
    practice: str
    against: Annotated[list[str], Field(min_length=1)]


class StepRule(Based):
    """Something that a borrower can do: communicate another way, or pay a part of what is overdue."""

    text: Text
    communication: Literal["repaying", "engaged", "answering"] | None = None
    pay: Parameter | None = None
    to_day: int | None = None


class ReferenceRule(Based):
    """A borrower of the article to hold a case against, neutral on all that is not named."""

    text: Text
    communication: Literal["repaying", "engaged", "answering", "broken_promise", "silent"] | None = None


class Caller(Strict):
    may: dict[str, Statement]
    may_not: dict[str, Statement]


class Answers(Strict):
    not_due: Statement
    not_permitted: Statement
    not_established: Statement
    if_established: Statement
    permitted: Statement
    undecided: Statement
    no_rule: Statement


class ConductRules(Strict):
    reachable: Reachable
    practice: dict[str, Statement]
    third_persons: dict[str, ThirdPersonRule]
    unreachable_conditions: dict[str, Statement]
    conflicts: dict[str, Conflict]
    established_by: dict[Literal["failed_attempts", "unreachable_days"], Established]
    answers: Answers
    caller: Caller


class RateLine(Statement):
    """A yearly rate that loans are held against: fixed, or so many times the loan prime rate of its day."""

    short: Text
    applies: Text
    lenders: list[Literal["bank", "consumer_finance", "other"]] | None = None
    value: Annotated[Number, Field(gt=0, le=1)] | None = None
    times_lpr: Annotated[Number, Field(gt=0, le=10)] | None = None


class CostRules(Strict):
    daily_rate_low: Parameter
    daily_rate_high: Parameter
    penalty_multiple: Parameter
    grace_days: Parameter
    lpr_1y: DatedParameter
    burden_heavy: Parameter
    burden_too_heavy: Parameter
    cushion_months: Parameter
    income_fall: Parameter
    plan_months: Parameter
    elsewhere_rate: Parameter
    look_ahead: Parameter
    statements: dict[str, Statement]
    lines: dict[str, RateLine]


class Repair(Based):
    """The one-off repair programme: when the lateness arose, how much it was, by when it had to be settled."""

    arisen_from: Iso
    arisen_until: Iso
    early_by: Iso
    early_hidden_from: Iso
    settled_by: Iso
    most: Parameter


class RecordRules(Strict):
    keep_years: Parameter
    objection_days: Parameter
    complaint_days: Parameter
    free_reports: Parameter
    repair: Repair
    statements: dict[str, Statement]


class AdviceRules(Strict):
    actions: dict[str, Statement]
    words: dict[str, Statement]


class Document(Strict):
    """A whole policy."""

    name: Text
    description: Text
    product: dict[str, Statement]
    timeline: Timeline
    factors: Factors
    strengths: dict[str, Strength]
    constraints: Annotated[dict[str, Constraint], Field(min_length=1)]
    questions: dict[str, QuestionRule]
    sampling: Sampling
    grades: Grades
    steps: Annotated[dict[str, StepRule], Field(min_length=1)]
    references: dict[str, ReferenceRule]
    cost: CostRules
    record: RecordRules
    conduct: ConductRules
    consequences: dict[str, Statement]
    advice: AdviceRules
    limits: dict[str, Statement]
    in_time: dict[str, Parameter]
