"""The shape of the lessons' YAML. Imported only when it is new or changed (see bank.py)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from jiebei_lib.core.knowledge.schema import Based, Number, Parameter, Strict, Text


class Topic(Based):
    name: Text
    rows: Annotated[list[str], Field(min_length=1)]


class Weights(Strict):
    floor: Parameter
    form_floor: Parameter
    form_items: Parameter


class Plan(Strict):
    """topics.yaml"""

    weights: Weights
    topics: Annotated[dict[str, Topic], Field(min_length=1)]
    misconceptions: Annotated[dict[str, Text], Field(min_length=1)]


class Feedback(Strict):
    why: Text


class Right(Feedback):
    text: Text
    value: Any = None


class WrongOption(Right):
    reveals: str


class WrongNumber(Feedback):
    value: Number
    reveals: str


class Swap(Feedback):
    """Step ``first`` was put before step ``before`` (numbers from 1)."""

    first: Annotated[int, Field(ge=1)]
    before: Annotated[int, Field(ge=1)]
    reveals: str


class Otherwise(Feedback):
    reveals: str


class BreachLine(Feedback):
    text: Text
    at: Annotated[str | None, Field(pattern=r"\d\d:\d\d")] = None
    rule: str | None = None
    reveals: str


class ItemBase(Based):
    topic: str
    difficulty: Literal[1, 2, 3]
    ask: Text
    check: Annotated[dict[str, Any], Field(min_length=1, max_length=1)] | None = None


class Choice(ItemBase):
    type: Literal["choice"]
    right: Right
    wrong: Annotated[list[WrongOption], Field(min_length=2, max_length=3)]


class Parallel(Strict):
    """The same question in other numbers: which stand in its texts instead, as they are written there; the wrong values in the order of
    the item's own."""

    numbers: Annotated[dict[str, str], Field(min_length=1)]
    answer: Number
    wrong: Annotated[list[Number], Field(min_length=1)]
    check: Annotated[dict[str, Any], Field(min_length=1, max_length=1)]


class NumberItem(ItemBase):
    type: Literal["number"]
    unit: Text
    shown: Text | None = None  # how a number that counts nothing is said, with {value}: a year, the day of a timeline
    answer: Number
    tolerance: Annotated[Number, Field(ge=0)]
    check: Annotated[dict[str, Any], Field(min_length=1, max_length=1)]
    right: Feedback
    wrong: Annotated[list[WrongNumber], Field(min_length=1)]
    otherwise: Otherwise
    parallel: list[Parallel] = Field(default_factory=list)

    @model_validator(mode="after")
    def apart(self) -> NumberItem:
        """No wrong value may pass for right, nor for another wrong one; in other numbers as in the item's own."""
        for values in (
            [self.answer, *(entry.value for entry in self.wrong)],
            *([other.answer, *other.wrong] for other in self.parallel),
        ):
            if any(abs(a - b) <= self.tolerance for n, a in enumerate(values) for b in values[:n]):
                raise ValueError("values must differ by more than the tolerance")
            if len(values) != 1 + len(self.wrong):
                raise ValueError("other numbers need as many wrong values")
        return self


class OrderItem(ItemBase):
    type: Literal["order"]
    steps: Annotated[list[Text], Field(min_length=3, max_length=6)]
    right: Feedback
    wrong: Annotated[list[Swap], Field(min_length=1)]
    otherwise: Otherwise


class Breach(ItemBase):
    type: Literal["breach"]
    case: dict[str, Any]
    lines: Annotated[list[BreachLine], Field(min_length=3)]


Item = Annotated[Choice | NumberItem | OrderItem | Breach, Field(discriminator="type")]
Bank = dict[str, Item]


class Act(Based):
    name: Text
    text: Text
    lesson: Text


class Event(Based):
    """Something that arrives. ``after``: only if the world's reading has the contact called, or spared."""

    text: Text
    why: Text
    kind: Literal["money", "sms", "call", "contact", "quiet"]
    days: tuple[int, int] = Field(strict=False)
    when: list[str] | None = None
    slot: str | None = None
    after: Literal["contact_called", "contact_spared"] | None = None
    rule: str | None = None


class Game(Strict):
    """seven_days.yaml"""

    story: Text
    loan: dict[str, Any]
    borrower: dict[str, Any]
    setup: dict[str, Parameter]
    points: dict[str, Parameter]
    breaches: dict[str, Text]
    choices: dict[str, Act]
    events: dict[str, Event]

    @model_validator(mode="after")
    def named(self) -> Game:
        """Every rule that an event breaks has a name, and no other has."""
        if set(self.breaches) != {event.rule for event in self.events.values() if event.rule}:
            raise ValueError("breaches must name the rules of the events")
        return self


def checked_as(model: type[Strict], given: dict[str, Any], file: str) -> dict[str, Any]:
    """A file's content if it keeps its shape and its cites exist. Raises :class:`PolicyError`."""
    from jiebei_lib.core.knowledge.problems import PolicyError
    from jiebei_lib.core.knowledge.schema_problems import shape
    from jiebei_lib.core.knowledge.yaml_files import shipped
    from jiebei_lib.core.policy_checks import cite_problems

    def where(path: tuple) -> str:
        return f"{file}: {'.'.join(map(str, path))}"

    problems = [*shape(model, given, where), *cite_problems(given, shipped("core/sources.yaml"), where)]
    if problems:
        raise PolicyError(problems)
    return given


class Part(Strict):
    """A step of a lesson: its minutes, and those that stay in the cut of 15 minutes."""

    minutes: Annotated[int, Field(ge=1)]
    short: Annotated[int, Field(ge=0)]
    what: Text
    how: Text


class Talk(Based):
    ask: Text
    expect: Text


class GuideLesson(Strict):
    title: Text
    goals: Annotated[list[Text], Field(min_length=1)]
    plan: list[Part]
    discuss: Annotated[list[Talk], Field(min_length=1)]


class Guide(Strict):
    """guide.yaml"""

    talk: dict[Literal["minutes"], Parameter]
    prepare: list[Text]
    lessons: dict[str, GuideLesson]
