"""What a borrower or a contact can do about what was found: evidence to keep, routes so far as they are known, a letter."""

from __future__ import annotations

from typing import Any

import pandas as pd

from jiebei_lib.calls.audit import Findings
from jiebei_lib.calls.coach import THIRD_PERSONS
from jiebei_lib.show.text import cited_all, say

WHO = ("borrower", "contact")
STANDINGS = ("binding", "recommended", "self_discipline", "described")
ABROAD = ("us", "uk")  # sets for comparison: nobody in China answers a complaint that rests on them
TIMES = 4  # times of attempts that a letter names for one rule


def remedies(findings: Findings, who: str, kind: str) -> list[dict[str, Any]]:
    """The statements of one kind (evidence, route, demand) that fit what was found and who asks, each with its ``id``."""
    rules = findings.rule_sets.rules
    broken = [rules[name] for name in set(breaches_toward(findings, who)["rule_id"].astype(str))]
    sets, checks = {rule["set"] for rule in broken} or set(findings.rule_sets.sets), {rule["check"] for rule in broken}
    return [
        {"id": name, **remedy}
        for name, remedy in findings.rule_sets.data["remedies"].items()
        if remedy["kind"] == kind
        and who in remedy["who"]
        and ("sets" not in remedy or sets & set(remedy["sets"]))
        and ("checks" not in remedy or checks & set(remedy["checks"]))
    ]


def letter(findings: Findings, who: str, lang: str) -> str:
    """A complaint drafted from what was found under China's rules or one's own, as plain text; square brackets are blanks to fill.
    Empty if there is nothing to complain of."""
    rules, broken = findings.rule_sets.rules, breaches_toward(findings, who)
    broken = broken[~broken["jurisdiction"].astype(str).isin(("article", *ABROAD))]
    if not len(broken):
        return ""
    points, join = [], "、" if lang == "zh" else ", "
    kinds = broken["rule_id"].astype(str).map({name: rule["short"]["zh"] for name, rule in rules.items()})
    for n, (_, rows) in enumerate(broken.groupby(kinds, sort=False), 1):
        behind = [rules[name] for name in dict.fromkeys(rows["rule_id"].astype(str))]
        # What several rules forbid is said in the words of the one that binds most.
        behind.sort(key=lambda rule: STANDINGS.index(findings.rule_sets.standing(rule)))
        times = [at[:16].replace("T", " ") for at in dict.fromkeys(rows["at"])]
        key = "point" if len(times) <= TIMES else "point_more"
        slots = {
            "n": n,
            "what": behind[0]["short"][lang],
            "times": join.join(times[:TIMES]),
            "rule": behind[0]["text"][lang],
            "cites": join.join(dict.fromkeys(cite for rule in behind for cite in cited_all(rule["cite"], lang))),
        }
        points.append(say(f"letter.{key}", lang, count=len(times), **slots))
    demands = [
        say("letter.demand", lang, n=n, what=each["text"][lang])
        for n, each in enumerate(remedies(findings, who, "demand"), 1)
    ]
    parts = [
        say("letter.title", lang),
        say("letter.to", lang),
        say(f"letter.opening.{who}", lang),
        "\n".join(points),
        say("letter.reported", lang)
        if any(rules[str(name)]["confidence"] != "V" for name in broken["rule_id"])
        else "",
        say("letter.ask", lang),
        "\n".join(demands),
        say("letter.evidence", lang),
        say("letter.closing", lang),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def breaches_toward(findings: Findings, who: str) -> pd.DataFrame:
    """The breaches that touch this person: all of them for the borrower, for a contact those toward third persons."""
    breaches = findings.breaches
    if who == "borrower" or not len(breaches):
        return breaches
    callee = findings.attempts["callee"].astype("str").to_numpy(object)[breaches["position"].to_numpy()]
    return breaches[pd.Series(callee).isin(THIRD_PERSONS).to_numpy()]
