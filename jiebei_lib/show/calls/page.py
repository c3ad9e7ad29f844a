"""The page of an audit report, section by section. Each method is one notebook cell: words (audit.html.j2) and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from jiebei_lib.calls.audit import Findings, audit
from jiebei_lib.calls.log import Log, read_log
from jiebei_lib.calls.narrative import remembered
from jiebei_lib.calls.remedies import remedies
from jiebei_lib.calls.rule_sets import load_rules
from jiebei_lib.page.html import Head, Section
from jiebei_lib.show.calls.figures import calendar_figure, rules_figure
from jiebei_lib.show.calls.letter import letter
from jiebei_lib.show.calls.sides import SideBySide
from jiebei_lib.show.calls.told import recollections
from jiebei_lib.show.calls.words import AuditWords

SHOWN = 20  # rows that could not be read, as listed in a report


class AuditPage:
    """The report on one log. ``rejected``: what was wrong with rows that were left out before, ``how_read``: how the record was read then
    (each ``{zh, en}``)."""

    def __init__(
        self,
        log: Log | Sequence[Mapping[str, Any]] | str,
        lang: str = "zh",
        rules: str | Sequence[Any] = "cn",
        as_of: str | None = None,
        who: str = "borrower",
        name: str = "",
        zone: str | None = None,
        confidence: str = "S",
        rejected: Sequence[Mapping[str, str]] = (),
        calls: Sequence[Mapping[str, Any] | str] = (),
        told_at: str = "",
        how_read: Sequence[Mapping[str, str]] = (),
    ):
        """``calls``: what someone remembers, instead of a log, told at ``told_at`` (ISO 8601)."""
        self.calls = recollections(calls)
        if calls:
            read = remembered(calls, zone or "Asia/Shanghai", pd.Timestamp(told_at) if told_at else None)
        else:
            read = log if isinstance(log, Log) else read_log(log, zone or None)
        self.findings: Findings = audit(read, load_rules(rules, confidence), as_of)
        self.words, self.lang, self.who = AuditWords(self.findings, lang), lang, who
        self.name = name or self.words.say("calls.memory.name" if calls else "calls.log_name")
        own = [{one: problem.say(one) for one in ("zh", "en")} for problem in read.problems]
        self.rejected = [*rejected, *own]
        self.how_read = [each[lang] for each in how_read]

    def head(self) -> Head:
        """Title, headline and language."""
        headline = self.words.memory()["headline"] if self.words.remembered else self.words.headline()
        return Head(title=self.words.say("calls.title"), headline=headline, lang=self.lang)

    def answer(self) -> Section:
        """The question and the answer in one sentence."""
        return Section([self.words.words("answer", name=self.name, how_read=self.how_read)])

    def calendar(self) -> Section:
        """When they called, with the days of breaches marked; of a memory, what was told."""
        if self.calls:
            return Section([self.words.words("told", calls=self.calls)])
        return Section([self.words.words("calendar"), calendar_figure(self.words)])

    def rules(self) -> Section:
        """Which rules were broken, and how often."""
        picture = rules_figure(self.words)
        return Section([self.words.words("rules"), *([picture] if picture else [])])

    def contacts(self) -> Section:
        """One by one."""
        return Section([self.words.words("findings")])

    def undecided(self) -> Section:
        """What cannot be decided, and what is missing; then the rows that could not be read."""
        return Section(
            [
                self.words.words("undecided"),
                *([self.words.words("rejected", rejected=self.rejected, most=SHOWN)] if self.rejected else []),
            ]
        )

    def practice(self) -> Section:
        """The jurisdictions side by side, and how the described practice stands against each."""
        from markupsafe import Markup

        sides = Markup(SideBySide(self.findings.rule_sets, self.lang).words())
        return Section([self.words.words("practice", sides=sides)])

    def todo(self) -> Section:
        """What one can do: evidence, routes, a letter."""
        lists = [(kind, remedies(self.findings, self.who, kind)) for kind in ("caution", "evidence", "route")]
        text = letter(self.findings, self.who, self.lang)
        return Section([self.words.words("todo", lists=lists), self.words.words("letter", text=text, who=self.who)])

    def sources(self) -> Section:
        """What it rests on."""
        return Section([self.words.words("sources")])

    def limits(self) -> Section:
        """What the audit is not."""
        return Section([self.words.words("limits")])
