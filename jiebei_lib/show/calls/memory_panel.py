"""The panel for calls from memory: a line each, with numbers and times as rough as they are, and what holds whatever was meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jiebei_lib.calls.audit import Findings, audit
from jiebei_lib.calls.log import COLUMNS
from jiebei_lib.calls.narrative import FIELDS, remembered
from jiebei_lib.calls.rule_sets import MAIN, load_rules
from jiebei_lib.page.text import LANGUAGES
from jiebei_lib.show.calls.words import AuditWords
from jiebei_lib.show.widget.fields import Field, both, choice, many, table, text
from jiebei_lib.show.widget.panel import Gauge, Panel

MOST_LINES = 20
EXAMPLE = (
    {"day": "2026-03-10", "count": "~10", "callee": "borrower", "outcome": "no_answer"},
    {"day": "2026-03-10", "count": "1", "clock": "22:40", "callee": "borrower", "outcome": "conversation"},
    {"day": "2026-03-11", "until": "2026-03-13", "count": "2", "callee": "contact", "outcome": "conversation", "disclosed": "overdue"},
)  # fmt: skip
ASKED = ("callee", "outcome", "disclosed", "purpose")  # what a line asks of the columns of a log


def from_memory() -> Panel:
    """What someone remembers, judged: broken in every reading of it, or in some."""
    yes = {"true": both("calls.panel.is_true")}
    lines = [
        text("day", FIELDS["day"]["name"], longest=20),
        text("until", FIELDS["until"]["name"], longest=20),
        choice("every_day", FIELDS["every_day"]["name"], yes, optional=True),
        text("count", FIELDS["count"]["name"], longest=20),
        text("clock", FIELDS["clock"]["name"], longest=20),
        *[_asked(name) for name in ASKED],
    ]
    sets = {name: load_rules().data["sets"][name]["name"] for name in MAIN if name != "article"}
    return Panel(
        [
            many("sets", both("calls.panel.sets"), sets, ["cn"]),
            table(
                "calls", both("calls.memory.heading"), lines, EXAMPLE, most=MOST_LINES, note=both("calls.memory.lead")
            ),
        ],
        _draw,
        result=_audited,
        name="from-memory",
    )


def _asked(name: str) -> Field:
    spec = COLUMNS[name]
    if spec["type"] == "level":
        return choice(name, spec["name"], spec["labels"], optional=True)
    return text(name, spec["name"], longest=60)


def _audited(values: Mapping[str, Any]) -> Findings:
    entries = [{name: value for name, value in line.items() if value not in (None, "")} for line in values["calls"]]
    return audit(remembered([entry for entry in entries if entry]), load_rules(values["sets"] or ["cn"]))


def _draw(values: Mapping[str, Any], lang: str) -> dict[str, Any]:
    found = _audited(values)
    told = {each: AuditWords(found, each).memory() for each in LANGUAGES}
    line = {each: one["headline"] for each, one in told.items()}
    gauge = Gauge(str(len(told[lang]["sure"])), both("calls.panel.memory_moved"), line)
    words = AuditWords(found, lang)
    return {"gauge": gauge, "beside": [words.words("memory"), words.words("undecided")]}
