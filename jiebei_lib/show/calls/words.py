"""The words of an audit, for page, panel and terminal: the headline, findings by contact, what is missing, sides compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from jiebei_lib.calls.audit import BREACH, JUDGEMENT, UNDECIDED, Findings
from jiebei_lib.calls.log import COLUMNS, Log
from jiebei_lib.calls.remedies import ABROAD, breaches_toward
from jiebei_lib.core.knowledge.yaml_files import shipped
from jiebei_lib.core.tables.ready_maps import ReadyMap
from jiebei_lib.page.html import Words, environment
from jiebei_lib.page.text import cited_all, heads, say
from jiebei_lib.show.calls.told import when
from jiebei_lib.show.calls.windows import taken_for_granted, uncovered, window

MOST_UNCOVERED = 4  # sentences on what no rule of its day covered
MOST_LACKING = 4  # missing facts that the terminal and the page name at once


class AuditWords:
    """What the templates of an audit ask for, in one language."""

    def __init__(self, findings: Findings, lang: str):
        self.findings, self.lang, self.rule_sets = findings, lang, findings.rule_sets

    def say(self, key: str, **slots: Any) -> str:
        return say(key, self.lang, **slots)

    def heads(self, key: str) -> list[str]:
        return heads(key, self.lang)

    def words(self, macro: str, **more: Any) -> Words:
        """One macro of audit.html.j2 as finished HTML."""
        return Words(str(getattr(template(), macro)(self, self.findings, **more)).strip())

    @property
    def broken(self) -> int:
        """In how many contacts a rule was broken."""
        return int(self.findings.breaches["position"].nunique())

    def headline(self) -> str:
        """The answer in one sentence."""
        breaches, broken = self.findings.breaches, self.broken
        high = breaches["position"][(breaches["severity"] == "high").to_numpy()].nunique()
        attempts = len(self.findings.attempts)
        key = "nothing" if not attempts else "none" if not broken else "one" if broken == 1 else "breaches"
        slots = {"attempts": attempts, "broken": broken, "breaches": len(breaches), "high": high}
        return self.say(f"calls.headline.{key}", **slots)

    def notes(self) -> list[str]:
        """What else must be known of the log."""
        found, out = self.findings, list[str]()
        join = "、" if self.lang == "zh" else ", "
        if found.open:
            out.append(self.say("calls.headline.open", undecided=found.open))
            if facts := [each["fact"] for each in self.to_find_out()][:MOST_LACKING]:
                out[-1] += ("" if self.lang == "zh" else " ") + self.say(
                    "calls.headline.lacking", facts=join.join(facts)
                )
        out += self._taken() + self._uncovered()
        if found.later:
            out.append(self.say("calls.headline.later", later=found.later, as_of=found.as_of))
        return out + [each[self.lang] for each in how_read(found.log)]

    def _taken(self) -> list[str]:
        """What was taken for granted where the log does not say, in one sentence."""
        columns = taken_for_granted(self.findings) if len(self.findings.attempts) else []
        if not columns:
            return []
        facts = ("，" if self.lang == "zh" else ", ").join(self.say(f"calls.taken.{column}") for column in columns)
        return [self.say("calls.taken.all", facts=facts)]

    def _uncovered(self) -> list[str]:
        """What came before any rule on it, the most frequent first."""
        found = uncovered(self.findings) if len(self.findings.attempts) else []
        return [
            self.say("calls.headline.uncovered", count=count, short=short[self.lang], since=since)
            for short, count, since in found[:MOST_UNCOVERED]
        ]

    @property
    def remembered(self) -> bool:
        """Whether the log is from memory."""
        return "certain" in self.findings.attempts

    def byline(self, name: str) -> str:
        attempts = self.findings.attempts
        days = attempts["at"].astype("str").str.slice(0, 10)
        sets = ("、" if self.lang == "zh" else ", ").join(self.set_name(name) for name in self.rule_sets.sets)
        first, last = (days.min(), days.max()) if len(days) else ("–", "–")
        if self.remembered and len(days):  # what may have been on any of some days
            last = max(np.datetime64(day) + span for day, span in zip(days, attempts["span_days"], strict=True))
        return self.say("calls.byline", name=name, first=first, last=last, sets=sets)

    def set_name(self, name: str) -> str:
        return self.rule_sets.data["sets"][name]["name"][self.lang]

    def source(self, rule: Mapping[str, Any]) -> str:
        """The short name of the source that a rule rests on."""
        return shipped("core/sources.yaml")[rule["cite"][0].partition(" ")[0]]["short"][self.lang]

    def cites(self, cites: list[str]) -> list[str]:
        return cited_all(cites, self.lang)

    def label(self, name: str) -> str:
        """A rule in a few words, with its source."""
        rule = self.rule_sets.rules[name]
        return self.say("calls.rules.label", short=rule["short"][self.lang], source=self.source(rule))

    def named(self, rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """The rules that a list of findings names, each once, in order."""
        found = {id(rule): rule for row in rows for item in row["items"] for rule in item["rules"]}
        return list(found.values())

    def in_full(self, rule: Mapping[str, Any]) -> str:
        """What a rule demands, and whom it binds."""
        binds = self.rule_sets.binds(rule)["text"][self.lang]
        text = rule["text"][self.lang] + (rule["border"][self.lang] if "border" in rule else "")
        return self.say("calls.findings.in_full", text=text, binds=binds)

    def standing(self, rule: Mapping[str, Any]) -> str:
        words = self.say(f"calls.standing.{self.rule_sets.standing(rule)}")
        if rule.get("presumption"):
            words += ("，" if self.lang == "zh" else ", ") + self.say("calls.presumption")
        return words

    def reported(self, rule: Mapping[str, Any]) -> bool:
        return rule.get("confidence") in ("S", "S+")

    def severity(self, name: str) -> str:
        return self.rule_sets.data["severity"][name]["name"][self.lang]

    def contacts(
        self,
        status: str | None = BREACH,
        severity: str | None = None,
        rule: str | None = None,
        day: str | None = None,
        most: int = 60,
    ) -> tuple[list[dict[str, Any]], int]:
        """Findings gathered by contact, in order of time: when, whom and how, and each rule with what proves it; and how many
        contacts there are in all."""
        findings = self.findings
        table = findings.breaches if status == BREACH else findings.undecided if status == UNDECIDED else findings.table
        chosen = pd.Series(True, index=table.index)
        for column, wanted in (("severity", severity), ("rule_id", rule)):
            if wanted is not None:
                chosen &= (table[column] == wanted).to_numpy()
        if day is not None:
            chosen &= table["at"].str.slice(0, 10) == day
        table = table[chosen]
        positions = table["position"].drop_duplicates()
        kept = table[table["position"].isin(positions.iloc[:most])]
        rows = []
        for position, group in kept.groupby("position", sort=True):
            attempt = self.findings.attempts.iloc[position]
            rows.append(
                {
                    "when": when(findings.attempts, int(position)),
                    "id": attempt["attempt_id"],
                    "who": self.say(
                        "calls.findings.contact",
                        channel=self.level("channel", attempt["channel"]),
                        callee=self.level("callee", attempt["callee"]),
                    ),
                    "items": self._items(group),
                }
            )
        return rows, len(positions)

    def _items(self, group: pd.DataFrame) -> list[dict[str, Any]]:
        """The findings on one contact: what several rules forbid stands once, with each rule that does."""
        out: dict[tuple[str, str], dict[str, Any]] = {}
        for finding in group.itertuples():
            rule = self.rule_sets.rules[finding.rule_id]
            key = (finding.status, rule["short"]["zh"])
            item = out.setdefault(
                key, {"status": finding.status, "severity": finding.severity, "short": rule["short"], "rules": []}
            )
            others = finding.attempts.split(";")[:-1]
            join = "、" if self.lang == "zh" else ", "
            slots = {"attempts": join.join(others), "count": finding.count}
            item["proof"] = self.say("calls.findings.proof", **slots) if others else ""
            item["missing"] = self.missing(finding.missing, rule)
            if others:
                item["window"] = self.window(finding.rule_id, finding.position)
            item["rules"].append(rule)
        return list(out.values())

    def window(self, rule_id: str, position: int) -> list[dict[str, Any]]:
        """The attempts in the window of a finding: when each was, whether it counts and, if not, why; ``x`` is its place on a
        line from 0 (the first) to 100 (the attempt itself)."""
        steps = window(self.findings, rule_id, position)
        times = self.findings.attempts["instant"].to_numpy()[[step.position for step in steps]]
        first, span = times.min(), max(1, int(times.max() - times.min()))
        rows = []
        for step, time in zip(steps, times, strict=True):
            attempt = self.findings.attempts.iloc[step.position]
            kind = "unknown" if step.unknown else "not"
            event = self.rule_sets.rules[rule_id]["check"].startswith("after") and step.position != position
            counts = self.say("calls.window.event" if event else "calls.window.counted")
            why = counts if step.counted else self.say(f"calls.window.{kind}.{step.column}")
            rows.append(
                {
                    "when": when(self.findings.attempts, step.position),
                    "id": attempt["attempt_id"],
                    "counted": step.counted,
                    "why": why,
                    "x": round(100 * int(time - first) / span),
                }
            )
        return rows

    def level(self, column: str, value: Any) -> str:
        """A level of the log in words."""
        if pd.isna(value):
            return self.say("calls.findings.unknown")
        return COLUMNS[column]["labels"][value][self.lang]

    def missing(self, columns: str, rule: Mapping[str, Any]) -> str:
        """The facts that would decide, in words."""
        names = []
        for column in columns.split(";") if columns else []:
            if column == JUDGEMENT:
                names.append(self.say("calls.undecided.judgement", question=self.rule_sets.question(rule)[self.lang]))
            elif column == "memory":
                names.append(self.say("calls.memory.missing"))
            else:
                names.append(COLUMNS[column]["name"][self.lang])
        return ("、" if self.lang == "zh" else ", ").join(names)

    def wanting(self) -> list[tuple[str, int, str]]:
        """What is missing, how many points it leaves open, and for which rules; the most first."""
        facts: dict[str, tuple[int, dict[str, None]]] = {}
        for name, columns, count in self.findings.wanting():
            rule = self.rule_sets.rules[name]
            for column in columns:
                fact = self.missing(column, rule)
                total, shorts = facts.get(fact, (0, {}))
                facts[fact] = total + count, shorts | {rule["short"][self.lang]: None}
        join = "；" if self.lang == "zh" else "; "
        return sorted(((fact, n, join.join(shorts)) for fact, (n, shorts) in facts.items()), key=lambda row: -row[1])

    def to_find_out(self) -> list[dict[str, Any]]:
        """What would decide most of what is open, as things to get: for each missing fact where it is found, and how many points."""
        counts: dict[str, int] = {}
        for _, columns, count in self.findings.wanting():
            for column in columns:
                counts[column] = counts.get(column, 0) + count
        evidence = self.rule_sets.data["missing_evidence"]
        return [
            {"text": evidence[column]["text"][self.lang], "fact": COLUMNS[column]["name"][self.lang], "count": count}
            for column, count in sorted(counts.items(), key=lambda one: -one[1])
            if column in evidence
        ]

    def all_cites(self, rules: list[Mapping[str, Any]]) -> str:
        """The sources of several rules, each once."""
        cites = [cite for rule in rules for cite in self.cites(rule["cite"])]
        return ("、" if self.lang == "zh" else ", ").join(dict.fromkeys(cites))

    def memory(self) -> dict[str, Any]:
        """What a log from memory shows: how many contacts, what broke in every reading and what in some (which a better memory
        alone would decide), each wrong once."""
        found, rules = self.findings, self.rule_sets.rules
        sure = {str(name): None for name in found.breaches["rule_id"]}
        doubtful = found.undecided[found.undecided["missing"].astype(str) == "memory"]
        kinds: dict[str, dict[str, list[str]]] = {"sure": {}, "possible": {}}
        for status, names in (("sure", sure), ("possible", doubtful["rule_id"].astype(str).unique())):
            for name in names:
                if rules[name]["short"]["zh"] not in kinds["sure"] or status == "sure":
                    kinds[status].setdefault(rules[name]["short"]["zh"], []).append(name)
        wrongs = {
            status: [
                {"short": rules[names[0]]["short"][self.lang], "rules": [rules[name] for name in names]}
                for names in of_status.values()
            ]
            for status, of_status in kinds.items()
        }
        low, high = int(found.attempts["certain"].sum()), len(found.attempts)
        slots = {"low": low, "high": high, "sure": len(wrongs["sure"]), "possible": len(wrongs["possible"])}
        key = "headline_exact" if low == high else "headline"
        return {"headline": self.say(f"calls.memory.{key}", **slots), **wrongs}

    def by_rule(self) -> list[dict[str, Any]]:
        """The rules with a finding, the most broken first."""
        rows = self.findings.rules
        rows = rows[(rows["breaches"] > 0) | (rows["undecided"] > 0)]
        rows = rows.sort_values(["breaches", "undecided"], ascending=False, kind="stable")
        return [{**row, "rule": self.rule_sets.rules[row["rule_id"]]} for row in rows.to_dict("records")]

    def by_kind(self) -> list[dict[str, Any]]:
        """What went wrong, whichever rules forbid it: in how many contacts, and in how many more it cannot be decided."""
        kinds: dict[str, list[str]] = {}
        for name, rule in self.rule_sets.rules.items():
            kinds.setdefault(rule["short"]["zh"], []).append(name)
        out = []
        for names in kinds.values():
            surely = self.findings.positions(set(names), undecided=False)
            open_ = np.setdiff1d(self.findings.positions(set(names), undecided=True), surely)
            if len(surely) or len(open_):
                short = self.rule_sets.rules[names[0]]["short"]
                out.append({"short": short, "breaches": len(surely), "undecided": len(open_)})
        return sorted(out, key=lambda row: (-row["breaches"], -row["undecided"]))

    def sources(self) -> list[dict[str, Any]]:
        """The sources of the chosen rules, with standing, date and whom they bind."""
        out: dict[str, dict[str, Any]] = {}
        for rule in self.rule_sets.rules.values():
            name = rule["cite"][0].partition(" ")[0]
            source = shipped("core/sources.yaml")[name]
            out.setdefault(
                name,
                {
                    "title": source["title"][self.lang],
                    "note": (source.get("note") or {}).get(self.lang, ""),
                    "reported": source["confidence"] != "V",
                    "standing": self.say(f"calls.standing.{self.rule_sets.standing(rule)}"),
                    "effective": source.get("effective") or "–",
                    "binds": self.rule_sets.binds(rule)["text"][self.lang],
                },
            )
        return list(out.values())

    def no_letter(self, who: str) -> str:
        """The key of the sentence that says why there is no letter."""
        if len(breaches_toward(self.findings, who)):
            return "calls.todo.letter_abroad"
        return f"calls.todo.letter_{'contact' if len(self.findings.breaches) else 'none'}"

    def foreign(self) -> str:
        """The names of the sets that were broken and that no letter speaks of, because they are for comparison."""
        broken = set(self.findings.breaches["jurisdiction"].astype(str))
        names = [self.set_name(name) for name in ABROAD if name in broken]
        return ("、" if self.lang == "zh" else " and ").join(names)

    def if_bound(self) -> str:
        """The sources of broken rules that bind some kinds of lender only, where the log does not say which kind it is; with a sentence
        each on whom they bind."""
        if not self.findings.attempts["lender"].isna().any():
            return ""
        broken = [self.rule_sets.rules[name] for name in dict.fromkeys(self.findings.breaches["rule_id"].astype(str))]
        limited = {rule["cite"][0].partition(" ")[0]: self.rule_sets.binds(rule) for rule in broken}
        said = [
            self.say("calls.todo.bound", source=cited_all([name], self.lang)[0], whom=binds["text"][self.lang])
            for name, binds in limited.items()
            if binds.get("lenders")
        ]
        return ("；" if self.lang == "zh" else "; ").join(said)

    def open_facts(self, open_: list[tuple[str, list[str]]]) -> str:
        """The facts that a plan leaves open, each once."""
        named = [self.missing(column, self.rule_sets.rules[rule]) for rule, columns in open_ for column in columns]
        return ("、" if self.lang == "zh" else ", ").join(dict.fromkeys(named))

    def lines(self, text: str) -> list[str]:
        return text.split("\n")


def how_read(log: Log) -> list[dict[str, str]]:
    """How a log was read, lines in zh and en: its format, how many rows were left out, columns replaced, masked or not used."""
    said: dict[str, list[str]] = {}
    for lang, join in (("zh", "、"), ("en", ", ")):
        out = said[lang] = map_words(log.used, lang) if log.used and "name" in log.used.content else []
        if log.rejected:
            out.append(say("calls.headline.rejected", lang, rejected=log.rejected))
        columns = {"tokens": log.used.tokens if log.used else (), "masked": log.masked, "unused": log.unused}
        out += [say(f"calls.headline.{key}", lang, columns=join.join(each)) for key, each in columns.items() if each]
    return [{"zh": zh, "en": en} for zh, en in zip(said["zh"], said["en"], strict=True)]


def map_words(used: ReadyMap, lang: str) -> list[str]:
    """Which known format a log was read as: its columns beside ours, and what to know of it."""
    content, join = used.content, "、" if lang == "zh" else ", "
    pairs = [
        f"{COLUMNS[name]['name'][lang]} ← {column.removeprefix(name + ' (').removesuffix(')')}"
        for name, column in content["columns"].items()
    ]
    pairs += [
        f"{COLUMNS[name]['name'][lang]} = {word(name, value, lang)}" for name, value in content.get("fixed", {}).items()
    ]
    out = [say("calls.headline.read_as", lang, name=content["name"][lang], columns=join.join(pairs))]
    return [*out, content["note"][lang]] if "note" in content else out


def word(column: str, value: str, lang: str) -> str:
    """A level of a column in words."""
    return COLUMNS[column].get("labels", {}).get(value, {}).get(lang, value)


@cache
def template() -> Any:
    return environment().get_template("show/calls/audit.html.j2").module
