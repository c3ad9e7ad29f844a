"""Panels that learn from cases with a known outcome: the reader's own, and the ones that were reported."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any

from jiebei_lib.core.case import FIELDS, Case
from jiebei_lib.core.policy import BUILT_IN, Policy, load_policy
from jiebei_lib.evidence.learn import ASSUMED, SELECTION_BOUNDS, Learned, learn_under, unweighed
from jiebei_lib.evidence.outcomes import Outcomes
from jiebei_lib.evidence.reported import CODES, GRADES, Reported, Usable, reported_cases, usable
from jiebei_lib.evidence.summary import REFERENCE, answers, findings
from jiebei_lib.page.text import of_hundred, say
from jiebei_lib.show.evidence import figures
from jiebei_lib.show.evidence.published_panel import words
from jiebei_lib.show.evidence.words import heading, predicted_words, warning_words
from jiebei_lib.show.widget.composing import ahead
from jiebei_lib.show.widget.facts import fact
from jiebei_lib.show.widget.fields import Field, both, check, choice, file, group, many, number, table
from jiebei_lib.show.widget.panel import Gauge, Later, Panel
from jiebei_lib.show.widget.table_field import ENDED, told_here, uploaded

ALL = ""
READINGS = ("4096", "16384", "65536")
STRENGTHS = [str(s) for s in ASSUMED["selection"]["shown"]]
OUTCOME = {"true": both("evidence.predictions.called"), "false": both("evidence.predictions.spared")}
# Two invented cases to start a table with.
KNOWN = ("days_overdue", "amount_overdue", "communication", "contacts", "past_overdue", "zhima_score", "called")
FIRST_ROWS = [
    dict(zip(KNOWN, row, strict=True))
    for row in ((12, 9000, "silent", None, 2, None, "true"), (20, 1500, "repaying", None, 0, None, "false"))
]


def learning(example: str | Path | None = None) -> Panel:
    """Enter or load cases with a known outcome, and watch the answer and the weights of the readings move. ``example``: a CSV table to
    start with."""
    low, high = SELECTION_BOUNDS
    sources = ("example", "rows", "file", "none") if example else ("none", "rows", "file")
    ready = Path(example).read_text("utf-8-sig") if example and len(Outcomes.read(example)) else ""
    fields = [
        choice("source", both("evidence.fields.source"), {key: both(f"evidence.fields.{key}") for key in sources}),
        group(both("evidence.fields.own"), [_table()], open=False),
        file(
            "csv", both("evidence.fields.csv"), accept=ENDED, note=both("cli.learn.outcomes"), also={"source": "file"}
        ),
        choice("policy", both("evidence.published.fields.policy"), _policies()),
        number(
            "selection",
            both("evidence.published.fields.selection"),
            1,
            low,
            high,
            whole=False,
            slider=(1, 100),
            log=True,
            badge="assumption",
            note=both("evidence.fields.selection_note"),
        ),
        choice(
            "readings",
            both("evidence.fields.readings"),
            {n: both("evidence.fields.drawn", n=f"{int(n):,}") for n in READINGS},
            look="select",
        ),
        group(
            both("evidence.fields.asked"),
            [_fact(name, getattr(REFERENCE, name)) for name in FIELDS if name != "case_id"],
            open=False,
        ),
    ]
    ahead(lambda: [_rules(policy, int(number)) for policy in BUILT_IN for number in READINGS])
    return Panel(fields, partial(_draw_learning, ready), name="learning")


def _policies() -> dict[str, Any]:
    return {name: load_policy(name).data["name"] for name in BUILT_IN}


def _fact(name: str, value: Any = None, **more: Any) -> Field:
    spec = FIELDS[name]
    return fact(name, value, **({"look": "select"} if spec["type"] == "level" else {"unit": spec.get("unit")}), **more)


def _table() -> Field:
    columns = [
        _fact("days_overdue", 10),
        _fact("amount_overdue", None, optional=True, start=5000),
        _fact("communication", None),
        _fact("contacts", None),
        _fact("past_overdue", None, start=1),
        _fact("zhima_score", None, start=625),
        choice("called", both("evidence.fields.called"), OUTCOME, "true", look="select"),
    ]
    return table("cases", both("evidence.fields.table"), columns, FIRST_ROWS)


def _draw_learning(ready: str, values: dict[str, Any], lang: str) -> dict[str, Any]:
    learned = _learned(_given(values, ready), values["policy"], float(values["selection"]), int(values["readings"]))
    case = Case(case_id="asked", **{name: values[name] for name in FIELDS if name != "case_id"})
    quick = answers(learned, case)
    return {
        "top": [words("learned", lang, heading(quick, learned.policy, lang), [])],
        "beside": [figures.before_after_figure(quick, lang), figures.spread_figure(learned, case, lang)],
        "below": [Later(lambda: _learned_more(learned, case, lang))],
        "gauge": _gauge(quick),
    }


def _gauge(quick: Mapping[str, Any]) -> Gauge:
    """In how many of 100 readings a call is more likely than not, after learning."""
    before, after = (of_hundred(quick[key]["share"]) for key in ("prior", "posterior"))
    return Gauge(str(after), both("widget.moved_readings"), both("evidence.answers.title", before=before, after=after))


def _learned_more(learned: Learned, case: Case, lang: str) -> list[Any]:
    summary = findings(learned, case)
    parts: list[Any] = [words("learned", lang, predicted_words(summary, lang), warning_words(summary, lang))]
    parts += [figures.predictions_figure(summary, lang)] if summary["cases"] else []
    parts += [figures.weights_figure(summary, learned.policy, lang)]
    return parts + ([figures.first_day_figure(summary, lang)] if len(summary["first_day"]) > 1 else [])


def _given(values: dict[str, Any], ready: str) -> str:
    """The cases to learn from, as text that tells them apart: rows as JSON, or a table; nothing is no case."""
    if values["source"] == "rows":
        return json.dumps(values["cases"])
    return {"example": ready, "file": (values["csv"] or {}).get("text", "")}.get(values["source"], "")


@lru_cache(maxsize=8)
def _learned(given: str, policy: str, selection: float, readings: int) -> Learned:
    return _known(given, policy, readings).under(selection)


@lru_cache(maxsize=2)
def _known(given: str, policy: str, readings: int) -> Learned:
    return unweighed(_outcomes(given), _rules(policy, readings))


@cache
def _rules(policy: str, readings: int) -> Policy:
    """A built-in policy with so many readings drawn."""
    rules = load_policy(policy)
    return (
        rules if readings == int(rules.value("sampling.readings")) else rules.replace({"sampling.readings": readings})
    )


@lru_cache(maxsize=4)
def _outcomes(given: str) -> Outcomes:
    if not given.strip():
        return Outcomes.of([])
    if given.startswith("["):
        return Outcomes.of(json.loads(given))
    with told_here():
        return Outcomes.read(uploaded("CSV" if not given.startswith("data:") else "table.xlsx", given))


def reported() -> Panel:
    """The reported cases: which grades of evidence, and what the answer would be under stated selection strengths."""
    strengths = {
        s: both("evidence.published.fields.times" if s != "1" else "evidence.published.fields.no_selection", s=s)
        for s in STRENGTHS
    }
    countries = {ALL: both("evidence.published.fields.all_countries"), "CN": CODES["countries"]["CN"]}
    fields = [
        many("grades", both("evidence.published.fields.grades"), CODES["grades"], ["A", "B", "C"]),
        choice("country", both("evidence.published.fields.country"), countries, ALL),
        choice("policy", both("evidence.published.fields.policy"), _policies(), "published"),
        check("threatened", both("evidence.published.fields.threatened")),
        choice(
            "selection",
            both("evidence.published.fields.selection"),
            strengths,
            str(ASSUMED["selection"]["value"]),
            badge="assumption",
            note=both("evidence.published.fields.selection_note"),
        ),
    ]
    return Panel(fields, _draw_reported, name="reported")


def _draw_reported(values: dict[str, Any], lang: str) -> dict[str, Any]:
    grades = tuple(grade for grade in GRADES if grade in values["grades"])
    cases, used, learned = _reported(grades, values["country"] or None, values["policy"], values["threatened"])
    place = STRENGTHS.index(values["selection"])
    slots = {reason: len(out) for reason, out in used.left_out.items()} | {
        "n": len(cases),
        "used": len(used.cases),
        "called": int(used.outcomes.called.sum()),
    }
    found = [answers(one, REFERENCE) for one in learned]
    return {
        "gauge": _gauge(found[place]),
        "top": [words("learned", lang, say("evidence.published.cases.summary", lang, **slots), [])],
        "beside": [
            figures.selections_figure(found, lang),
            words("paragraph", lang, say("evidence.published.cases.one_day", lang)),
        ],
        "below": [Later(lambda: _reported_more(learned[place], cases, used, lang))],
    }


def _reported_more(chosen: Learned, cases: tuple[Reported, ...], used: Usable, lang: str) -> list[Any]:
    summary = findings(chosen, REFERENCE)
    parts: list[Any] = [words("learned", lang, heading(summary, chosen.policy, lang), warning_words(summary, lang))]
    parts += [figures.first_day_figure(summary, lang)] if len(summary["first_day"]) > 1 else []
    parts += [figures.weights_figure(summary, chosen.policy, lang)]
    return [*parts, case_words(cases, used, lang)]


@lru_cache(maxsize=16)
def _reported(
    grades: tuple[str, ...], country: str | None, policy: str, threatened: bool
) -> tuple[tuple[Reported, ...], Usable, list[Learned]]:
    cases = reported_cases(grades, country)
    used = usable(cases, policy, threatened)
    return cases, used, learn_under(used.outcomes, policy, [float(s) for s in STRENGTHS])


def case_words(cases: tuple[Reported, ...], used: Usable, lang: str) -> Any:
    """The cases one by one: the grade first, and what became of each."""
    reasons = {case.id: reason for reason, out in used.left_out.items() for case in out}
    listed = []
    for case in cases:
        reason = reasons.get(case.id)
        use = (
            say(f"evidence.published.cases.left_out.{reason}", lang)
            if reason
            else say("evidence.published.cases.used", lang)
        )
        coded = {
            "country": ("countries", case.country),
            "product": ("products", case.product),
            "outcome": ("outcomes", case.outcome),
            "whom": ("whom", case.whom),
            "borrower": ("responsive", case.responsive),
        }
        slots = {name: CODES[kind][code][lang] for name, (kind, code) in coded.items()}
        said = say("evidence.published.cases.said", lang, days=days_words(case, lang), **slots)
        name = say("evidence.published.cases.name", lang, grade=case.grade, id=case.id)
        listed.append({"name": name, "use": use, "said": said, "source": case.source})
    return words("case_list", lang, listed, len(used.cases))


def days_words(case: Reported, lang: str) -> str:
    """How many days overdue a reported case was, as far as known."""
    if case.days is None:
        return say("evidence.published.cases.no_days", lang)
    low, high = case.days
    return (
        say("evidence.published.cases.one", lang, n=low)
        if low == high
        else say("evidence.published.cases.days", lang, low=low, high=high)
    )
