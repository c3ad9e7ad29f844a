"""The panels of 05_contact_conduct: a log held against the rules, findings to filter, sides compared, the wording coach.

They share one audit: editing the log or picking a day in its calendar moves the findings and the letter as well.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import pandas as pd
import traitlets

from jiebei_lib.calls.audit import BREACH, UNDECIDED, Findings, audit
from jiebei_lib.calls.coach import coach
from jiebei_lib.calls.log import COLUMNS, Log, read_log
from jiebei_lib.calls.remedies import WHO, remedies
from jiebei_lib.calls.rule_sets import CONFIDENCES, SETS, load_rules
from jiebei_lib.core.knowledge.problems import LogError, Phrase, Problem, shown
from jiebei_lib.core.knowledge.yaml_files import beside
from jiebei_lib.core.tables.delimited import Upload
from jiebei_lib.page.html import Words
from jiebei_lib.page.text import LANGUAGES, say
from jiebei_lib.show.calls.figures import calendar_figure, rules_figure
from jiebei_lib.show.calls.letter import letter
from jiebei_lib.show.calls.sides import SideBySide
from jiebei_lib.show.calls.words import AuditWords
from jiebei_lib.show.widget.composing import soon
from jiebei_lib.show.widget.fields import Field, both, button, choice, day, file, group, many, table, text
from jiebei_lib.show.widget.panel import Download, Gauge, Later, Panel
from jiebei_lib.show.widget.switch import current
from jiebei_lib.show.widget.table_field import ENDED, told_here, uploaded

SHOWN = ("attempt_id", "at", "direction", "channel", "callee", "callee_id", "number_id", "answered", "outcome", "purpose",
         "disclosed", "identified", "recorded", "borrower_reachable", "stop_requested", "conduct")  # fmt: skip
MOST_ROWS, LARGEST = 60, 20_000_000  # rows of the table on the page; bytes of a file
LISTED = 40  # contacts listed below the filter


class Shared(traitlets.HasTraits):
    """The audit that all panels of a notebook look at, and the day picked in its calendar."""

    findings = traitlets.Any()
    day = traitlets.Unicode("")


shared = Shared()


def call_log() -> Panel:
    """A log, one's own or the example, the rules to hold it against, and what comes of it."""
    panel = Panel(
        [
            many("sets", both("calls.panel.sets"), _set_names(), ["cn"]),
            choice("confidence", both("calls.panel.confidence"), _confidences(), "S", look="select"),
            day("as_of", both("calls.panel.as_of"), None, optional=True),
            file("file", both("calls.panel.file"), accept=ENDED, largest=LARGEST, note=both("calls.panel.file_note")),
            group(
                both("calls.panel.edit"),
                [
                    table(
                        "log",
                        both("calls.panel.log"),
                        [_column(name) for name in SHOWN],
                        _example(),
                        most=MOST_ROWS,
                        note=both("calls.panel.log_note"),
                    )
                ],
                open=False,
            ),
            button("download", both("calls.panel.download")),
        ],
        _draw_log,
        presses={"download": _download},
        picks={"calendar": _picked},
        value=_log,
        result=_audited,
        name="call-log",
    )
    return panel


def call_findings() -> Panel:
    """The findings of the log above, filtered."""

    def fields() -> list[Field]:
        rules = {row["rule_id"]: _both_labels(row["rule_id"]) for row in AuditWords(_found(), "zh").by_rule()}
        anything = {"": both("calls.panel.all")}
        return [
            choice("status", both("calls.panel.status"), {name: both(f"calls.status.{name}") for name in (BREACH, UNDECIDED)}, BREACH),
            choice("severity", both("calls.panel.severity"), anything | _severities(), "", look="select"),
            choice("rule", both("calls.panel.rule"), anything | rules, "", look="select"),
            day("day", both("calls.panel.day"), shared.day or None, optional=True),
        ]  # fmt: skip

    panel = Panel(fields(), _draw_findings, name="call-findings")

    def moved() -> None:
        panel.show(fields())
        panel.set(day=shared.day or None)
        panel.redraw()

    shared.observe(lambda _: soon(moved), ["findings", "day"])
    return panel


def jurisdictions() -> Panel:
    """Four answers to the same questions, and where the described practice stands."""
    return Panel([], lambda values, lang: {"below": [SideBySide(load_rules(), lang).words()]}, name="jurisdictions")


def what_to_do() -> Panel:
    """Evidence, routes, and a draft of a complaint, for the log above."""
    panel = Panel(
        [
            choice("who", both("calls.todo.who"), {who: both(f"calls.todo.{who}") for who in WHO}, "borrower"),
            button("letter", both("calls.panel.letter")),
        ],
        _draw_todo,
        presses={"letter": _letter},
        name="what-to-do",
    )
    shared.observe(lambda _: soon(panel.redraw), ["findings"])
    return panel


def wording() -> Panel:
    """A planned contact, judged before it is made."""
    levels = {column: COLUMNS[column]["labels"] for column in ("channel", "callee", "purpose", "disclosed", "conduct")}
    return Panel(
        [
            choice("callee", _name("callee"), levels["callee"], "contact", look="select"),
            choice("channel", _name("channel"), levels["channel"], "call", look="select"),
            choice("purpose", _name("purpose"), levels["purpose"], "remind", look="select"),
            choice("borrower_reachable", _name("borrower_reachable"), _yes_no(), "false", optional=True),
            many("disclosed", _name("disclosed"), levels["disclosed"], ["lender", "overdue"]),
            many("conduct", both("calls.coach.tone"), levels["conduct"], []),
            choice("identified", _name("identified"), _yes_no(), "true"),
            text("clock", both("calls.panel.clock"), "10:00", longest=5),
            many("sets", both("calls.panel.sets"), _set_names(), ["cn"]),
        ],
        _draw_wording,
        name="wording",
    )


# ---- the log


def _draw_log(values: Mapping[str, Any], lang: str) -> dict[str, Any]:
    findings = _audited(values)
    shared.findings, log = findings, findings.log
    words = AuditWords(findings, lang)
    rejected = [{one: problem.say(one) for one in LANGUAGES} for problem in log.problems]
    top = [words.words("summary")]
    if values["file"]:
        name = values["file"]["name"]
        top.insert(0, Words(f"<p>{html.escape(say('calls.panel.with_file', lang, name=name, rows=log.rows))}</p>"))
    if rejected:
        top.append(words.words("rejected", rejected=rejected, most=8))

    def which() -> list[Any]:
        picture = rules_figure(words)
        return [picture] if picture else []

    line = both("calls.panel.broken_line", broken=words.broken, attempts=len(findings.attempts))
    gauge = Gauge(str(words.broken), both("calls.panel.broken_moved"), line)
    return {"top": top, "gauge": gauge, "beside": [calendar_figure(words), Later(which)]}


def _audited(values: Mapping[str, Any]) -> Findings:
    return audit(_log(values), load_rules(values["sets"] or ["cn"], values["confidence"]), values["as_of"])


def _log(values: Mapping[str, Any]) -> Log:
    """The file if there is one, else the rows on the page."""
    if values["file"]:
        given = values["file"]
        with told_here():
            return _read(uploaded(given["name"], given["text"]))
    rows = [{"debt_id": "D1", **{name: value or None for name, value in row.items()}} for row in values["log"]]
    if not rows:
        raise LogError(Problem("empty_log", "log"))
    return read_log(rows, mask=True)


def _read(upload: Upload) -> Log:
    """A log with columns of ours; else a record that a dialer or phone kept, by its headings, its times those of China."""
    try:
        return read_log(upload, mask=True)
    except LogError as ours:
        if not any(problem.kind == "column_missing" for problem in ours.problems):
            raise
        try:
            return read_log(upload, zone="Asia/Shanghai", mapping="auto")
        except LogError as theirs:
            raise (ours if any(problem.kind == "no_format" for problem in theirs.problems) else theirs) from None


def _download(values: Mapping[str, Any], panel: Panel) -> Download:
    from jiebei_lib.show.calls.export import as_csv

    return Download("findings.csv", "\ufeff" + as_csv(_found(), current.lang), "text/csv")


def _picked(values: Mapping[str, Any], event: Mapping[str, Any]) -> None:
    """A click on a day of the calendar; a second click on it shows all days again."""
    points = event.get("points") or []
    chosen = str(points[0].get("custom") or "") if points else ""
    shared.day = "" if chosen == shared.day else chosen


@cache
def _example() -> list[dict[str, Any]]:
    rows = pd.read_csv(beside("cases") / "contact_log.csv", dtype=str, keep_default_na=False)
    return [{name: value or None for name, value in row.items()} for row in rows.to_dict("records")]


def _column(name: str) -> Field:
    spec = COLUMNS[name]
    if spec["type"] == "level":
        return choice(name, _name(name), spec["labels"], optional=True)
    if spec["type"] == "truth":
        return choice(name, _name(name), _yes_no(), optional=True)
    return text(name, _name(name), longest=64)


# ---- what follows


def _found() -> Findings:
    """The shared audit; that of the example where no log panel stands yet."""
    if shared.findings is None:
        shared.findings = audit(read_log(_example()), load_rules("cn"))
    return shared.findings


def _draw_findings(values: Mapping[str, Any], lang: str) -> list[Words]:
    words = AuditWords(_found(), lang)
    rows, all_ = words.contacts(
        values["status"], values["severity"] or None, values["rule"] or None, values["day"] or None, LISTED
    )
    return [words.words("listed", rows=rows, all=all_)]


def _draw_todo(values: Mapping[str, Any], lang: str) -> list[Words]:
    words, who = AuditWords(_found(), lang), values["who"]
    lists = [(kind, remedies(_found(), who, kind)) for kind in ("caution", "evidence", "route")]
    draft = words.words("draft", text=letter(_found(), who, lang), who=who)
    return [words.words("steps", lists=lists), Words(f"<h3>{say('calls.todo.letter', lang)}</h3>{draft}")]


def _letter(values: Mapping[str, Any], panel: Panel) -> Download | None:
    text_ = letter(_found(), values["who"], current.lang)
    if not text_:
        panel.tell(both("calls.panel.not_downloaded"))
        return None
    return Download("letter.txt", text_)


def _draw_wording(values: Mapping[str, Any], lang: str) -> dict[str, Any]:
    rules = load_rules(values["sets"] or ["cn"])
    plan = {name: values[name] for name in ("callee", "channel", "purpose", "disclosed", "conduct", "identified")}
    plan |= {"borrower_reachable": values["borrower_reachable"], "recorded": "true", "stop_requested": "false"}
    if not re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", values["clock"].strip()):
        raise LogError(Problem("invalid", "clock", {"value": shown(values["clock"]), "allowed": Phrase("clock")}))
    today = pd.Timestamp.now(tz="Asia/Shanghai").date().isoformat()
    advice = coach(plan | {"at": f"{today}T{values['clock'].strip()}:00+08:00"}, rules)
    number = len(advice.wrong)
    gauge = Gauge(str(number), both("calls.panel.wrong_moved"), both("calls.panel.wrong_line", n=number))
    return {"gauge": gauge, "beside": [AuditWords(_empty(rules), lang).words("coached", advice=advice)]}


def _empty(rules: Any) -> Findings:
    """An audit of nothing much, for the words that need one."""
    return audit([{"attempt_id": "planned", "at": "2000-01-01T12:00:00+08:00"}], rules)


# ---- words in both languages


def _name(column: str) -> dict[str, str]:
    return COLUMNS[column]["name"]


def _both_labels(rule: str) -> dict[str, str]:
    return {lang: AuditWords(_found(), lang).label(rule) for lang in LANGUAGES}


def _set_names() -> dict[str, dict[str, str]]:
    return {name: load_rules().data["sets"][name]["name"] for name in SETS}


def _severities() -> dict[str, dict[str, str]]:
    return {name: level["name"] for name, level in load_rules().data["severity"].items()}


def _confidences() -> dict[str, dict[str, str]]:
    return {name: both(f"calls.panel.confidence_{name}") for name in reversed(CONFIDENCES)}


def _yes_no() -> dict[str, dict[str, str]]:
    return {"true": both("calls.panel.is_true"), "false": both("calls.panel.is_false")}
