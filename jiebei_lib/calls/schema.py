"""The shape of the rules of conduct in calls/rules/. Imported only when they are new or changed (see rule_sets.py)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from jiebei_lib.core.knowledge.problems import Phrase, Problem, items
from jiebei_lib.core.knowledge.schema import Based, Dateable, SourceEntry, Statement, Strict, Text
from jiebei_lib.core.knowledge.schema_problems import Where, shape
from jiebei_lib.core.knowledge.yaml_files import shipped
from jiebei_lib.core.policy import force
from jiebei_lib.core.policy_checks import cite_problems

COLUMNS = shipped("calls/attempts.yaml")
# The values of every column that has a few.
LEVELS = {
    name: spec.get("levels", ["true", "false"])
    for name, spec in COLUMNS.items()
    if spec["type"] in ("level", "set", "truth")
}
# What each named check must be told. The checks themselves are in checks.py.
PARAMETERS = {
    "hours": {"allowed", "closing"},
    "at_most": {"times", "days", "counts", "per"},
    "after_conversation": {"days", "per"},
    "after_stop": {"per"},
    "borrower_reachable": set(),
    "discloses": {"any_of"},
    "purpose": {"any_of"},
    "channel": {"any_of"},
    "conduct": {"any_of"},
    "unidentified": set(),
    "unrecorded": set(),
}
OPTIONAL = {"after_stop": {"asked_by"}, "hours": {"weekend"}}


def _clock(text: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise ValueError("clock")
    return text


Clock = Annotated[str, AfterValidator(_clock)]


class Consent(Strict):
    """How long consent to be called more often lasts: calendar days, the day of it the first, and what ends it before."""

    days: Annotated[int, Field(ge=1)]
    ends_with: Literal["conversation"]


class CallRule(Dateable):
    """A rule and the named check that tests it. ``when`` says which attempts it is about; ``unless`` what lifts it, ``unless_perhaps``
    what may lift it: then a person judges the ``open_question``, which without it is asked of every breach. ``excludes`` says what
    does not count, ``consent`` how long consent lasts, ``border`` how the rule reads at its exact border."""

    set: str
    severity: Literal["high", "medium", "low"]
    check: Literal[
        "hours", "at_most", "after_conversation", "after_stop", "borrower_reachable", "discloses", "purpose",
        "channel", "conduct", "unidentified", "unrecorded",
    ]  # fmt: skip
    short: Text
    instead: Text
    when: dict[str, list[str]] | None = None
    unless: list[Literal["agreed"]] | None = None
    unless_perhaps: list[Literal["agreed"]] | None = None
    excludes: dict[str, list[str]] | None = None
    consent: Consent | None = None
    border: Text | None = None
    open_question: Text | None = None
    presumption: bool = False
    allowed: tuple[Clock, Clock] | None = Field(None, strict=False)
    weekend: tuple[Clock, Clock] | None = Field(None, strict=False)
    closing: Literal["included", "excluded"] | None = None
    times: Annotated[int, Field(ge=0)] | None = None
    days: Annotated[int, Field(ge=1)] | Literal["ever"] | None = None
    counts: Literal["effective", "connected", "unanswered", "placed", "flagged"] | None = None
    per: Annotated[list[Literal["callee_id", "debt_id", "number_id", "agency_id"]], Field(min_length=1)] | None = None
    any_of: Annotated[list[str], Field(min_length=1)] | None = None
    asked_by: Annotated[list[str], Field(min_length=1)] | None = None


class Bound(Strict):
    """Whom a source binds: ``callers``, and of lenders the kinds in ``lenders`` (all if it names none)."""

    callers: Annotated[list[Literal["lender", "agency"]], Field(min_length=1)]
    lenders: Annotated[list[Literal["bank", "consumer_finance", "other"]], Field(min_length=1)] | None = None
    text: Text


class UncertainPersons(Strict):
    """Who may or may not be a third person under the rules of a set, and what a person must judge to say so."""

    callee: Annotated[list[str], Field(min_length=1)]
    question: Text


class RuleSet(Strict):
    """Where rules come from, on whose clock they run, and whom they bind."""

    name: Text
    description: Text
    zone: str | None
    offsets: tuple[int, int] | None = Field(None, strict=False)
    uncertain_persons: UncertainPersons | None = None
    binds: dict[str, Bound]


class Level(Based):
    name: Text
    text: Text


class Cell(Based):
    """What one jurisdiction answers to a question, and how the practice that the article describes stands against it."""

    text: Text
    practice: Literal["conflict", "agrees", "silent"] | None = None
    against: Text | None = None
    article: list[str] | None = None


class FactQuestion(Strict):
    name: Text
    answers: dict[str, Cell]


class Remedy(Statement):
    """``within`` are the days in which whoever is turned to must answer: the usual term, then longer ones."""

    kind: Literal["evidence", "caution", "route", "demand"]
    within: Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=1)] | None = None
    who: Annotated[list[Literal["borrower", "contact"]], Field(min_length=1)]
    sets: list[str] | None = None
    checks: list[str] | None = None


class Callers(Strict):
    """All rule sets and what goes with them."""

    sets: dict[str, RuleSet]
    rules: Annotated[dict[str, CallRule], Field(min_length=1)]
    severity: dict[Literal["high", "medium", "low"], Level]
    questions: dict[str, FactQuestion]
    remedies: dict[str, Remedy]
    missing_evidence: dict[str, Statement]
    scripts: dict[str, Statement]
    not_applied: dict[str, Statement]


def problems_of(document: Mapping[str, Any], sources: Mapping[str, Any], where: Where) -> list[Problem]:
    """Everything wrong with the rules of conduct, all at once."""
    found = shape(dict[str, SourceEntry], sources, lambda path: f"sources.yaml: {'.'.join(map(str, path))}")
    found += shape(Callers, document, where)
    found += list(cite_problems(document, sources, where))
    return found or [*_rules(document, where), *_evidence(document, where), *_cells(document, where)]


def _rules(document: Mapping[str, Any], where: Where) -> Iterator[Problem]:
    """Each check is told what it must be told and nothing else; every name that a rule uses exists."""
    for name, rule in document["rules"].items():
        path, wanted = ("rules", name), PARAMETERS[rule["check"]]
        asked = ("allowed", "weekend", "closing", "times", "days", "counts", "per", "any_of", "asked_by")
        given = {key for key in asked if rule.get(key) is not None}
        for key in sorted(wanted - given):
            yield Problem("missing", where((*path, key)), {"allowed": Phrase("text_any")})
        for key in sorted(given - wanted - OPTIONAL.get(rule["check"], set())):
            yield Problem("unknown_key", where((*path, key)), {"allowed": items(sorted(wanted))})
        if rule["set"] not in document["sets"]:
            slots = {"value": rule["set"], "allowed": items(document["sets"])}
            yield Problem("not_in_list", where((*path, "set")), slots)
        else:
            bound = document["sets"][rule["set"]]["binds"]
            source = rule["cite"][0].partition(" ")[0]
            if source not in bound:
                yield Problem("not_in_list", where((*path, "cite")), {"value": source, "allowed": items(bound)})
        first, last = force(rule)
        if last < first:
            yield Problem(
                "unordered", where((*path, "until")), {"value": rule["until"], "allowed": Phrase("dates_order")}
            )
        known = {"discloses": "disclosed", "conduct": "conduct", "purpose": "purpose", "channel": "channel"}
        named: list[tuple[str, str, list[str]]] = []
        named += [(known[rule["check"]], "any_of", rule.get("any_of") or [])] if rule["check"] in known else []
        named += [("channel", "asked_by", rule.get("asked_by") or [])]
        named += [(field, f"excludes.{field}", values) for field, values in (rule.get("excludes") or {}).items()]
        named += [(field, f"when.{field}", values) for field, values in (rule.get("when") or {}).items()]
        for field, key, values in named:
            if field not in LEVELS:
                yield Problem("unknown_key", where((*path, *key.split("."))), {"allowed": items(LEVELS)})
                continue
            for value in values:
                if value not in LEVELS[field]:
                    slots = {"value": value, "allowed": items(LEVELS[field])}
                    yield Problem("not_in_list", where((*path, *key.split("."))), slots)


def _evidence(document: Mapping[str, Any], where: Where) -> Iterator[Problem]:
    """Evidence is named for facts that there are."""
    for fact in document["missing_evidence"]:
        if fact not in COLUMNS:
            slots = {"value": fact, "allowed": items(COLUMNS)}
            yield Problem("not_in_list", where(("missing_evidence", fact)), slots)


def _cells(document: Mapping[str, Any], where: Where) -> Iterator[Problem]:
    """Every question is answered by the main jurisdictions, by others where it is known; a conflict is said, with the article's
    paragraph."""
    for name, question in document["questions"].items():
        for jurisdiction in {**dict.fromkeys(("article", "cn", "us", "uk")), **question["answers"]}:
            path = ("questions", name, "answers", jurisdiction)
            cell = question["answers"].get(jurisdiction)
            if cell is None:
                yield Problem("missing", where(path), {"allowed": Phrase("mapping")})
            elif jurisdiction not in document["sets"]:
                yield Problem("not_in_list", where(path), {"value": jurisdiction, "allowed": items(document["sets"])})
            elif cell.get("practice") == "conflict" and not (cell.get("against") and cell.get("article")):
                yield Problem("missing", where((*path, "against")), {"allowed": Phrase("both_languages")})
