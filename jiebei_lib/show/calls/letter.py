"""The letter of complaint that follows from what an audit found."""

from __future__ import annotations

from typing import Any

import pandas as pd

from jiebei_lib.calls.findings import Findings
from jiebei_lib.calls.remedies import ABROAD, breaches_toward, remedies
from jiebei_lib.page.text import cited_all, say
from jiebei_lib.show.calls.told import when

STANDINGS = ("binding", "recommended", "self_discipline", "described")


TIMES = 4  # times of attempts that a letter names for one rule


# What is one wrong whatever rules forbid it and in whatever words; kinds of conduct and limits differ.
MERGED = ("hours", "discloses", "purpose", "borrower_reachable", "after_stop")


def _by_force(findings: Findings, broken: pd.DataFrame) -> list[tuple[list[dict[str, Any]], pd.DataFrame]]:
    """The breaches gathered by what went wrong, those under binding rules first; with each the rules behind it, the one that binds
    most first: the letter speaks in its words."""
    rules = findings.rule_sets.rules

    def force(rule: dict[str, Any]) -> tuple[int, int]:
        return STANDINGS.index(findings.rule_sets.standing(rule)), ("V", "S+", "S").index(rule.get("confidence", "V"))

    kind = {name: rule["check"] if rule["check"] in MERGED else rule["short"]["zh"] for name, rule in rules.items()}
    points = []
    for _, rows in broken.groupby(broken["rule_id"].astype(str).map(kind), sort=False):
        behind = [rules[name] for name in dict.fromkeys(rows["rule_id"].astype(str))]
        points.append((sorted(behind, key=force), rows))
    # What binds first, and of that what is serious
    points.sort(
        key=lambda point: (
            force(point[0][0])[0],
            "high" not in set(point[1]["severity"].astype(str)),
            force(point[0][0]),
        )
    )
    whole: list[tuple[list[dict[str, Any]], pd.DataFrame]] = []
    for behind, rows in points:
        # What the same attempts break in the same way is not said again in the words of a weaker rule.
        said = next((one for one in whole if _covers(one, behind, rows)), None)
        if said is None:
            whole.append((behind, rows))
        else:
            said[0].extend(behind)
    return whole


def _covers(point: tuple[list[dict[str, Any]], pd.DataFrame], behind: list[dict[str, Any]], rows: pd.DataFrame) -> bool:
    return point[0][0]["check"] == behind[0]["check"] == "conduct" and set(rows["at"]) <= set(point[1]["at"])


def letter(findings: Findings, who: str, lang: str) -> str:
    """A complaint drafted from what was found under China's rules or one's own, as plain text; square brackets are blanks to fill.
    Empty if there is nothing to complain of."""
    rules, broken = findings.rule_sets.rules, breaches_toward(findings, who)
    broken = broken[~broken["jurisdiction"].astype(str).isin(("article", *ABROAD))]
    if not len(broken):
        return ""
    points, join = [], "、" if lang == "zh" else ", "
    for n, (behind, rows) in enumerate(_by_force(findings, broken), 1):
        times = list(dict.fromkeys(when(findings.attempts, position) for position in rows["position"]))
        key = "point" if len(times) <= TIMES else "point_more"
        slots = {
            "n": n,
            "what": behind[0]["short"][lang],
            "times": join.join(times[:TIMES]),
            "rule": behind[0]["text"][lang],
            "cites": join.join(dict.fromkeys(cite for rule in behind for cite in cited_all(rule["cite"], lang))),
        }
        points.append(say(f"calls.letter.{key}", lang, count=len(times), **slots))
    demands = [
        say("calls.letter.demand", lang, n=n, what=each["text"][lang])
        for n, each in enumerate(remedies(findings, who, "demand"), 1)
    ]
    parts = [
        say("calls.letter.title", lang),
        say("calls.letter.to", lang),
        say(f"calls.letter.opening.{who}", lang),
        say("calls.memory.letter", lang) if "certain" in findings.attempts else "",
        "\n".join(points),
        say("calls.letter.reported", lang)
        if any(rules[str(name)]["confidence"] != "V" for name in broken["rule_id"])
        else "",
        say("calls.letter.ask", lang),
        "\n".join(demands),
        say("calls.letter.evidence", lang),
        say("calls.letter.closing", lang),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"
