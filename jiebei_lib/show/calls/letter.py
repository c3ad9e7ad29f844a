"""The letter of complaint that follows from what an audit found."""

from __future__ import annotations

from jiebei_lib.calls.findings import Findings
from jiebei_lib.calls.remedies import ABROAD, breaches_toward, remedies
from jiebei_lib.page.text import cited_all, say

STANDINGS = ("binding", "recommended", "self_discipline", "described")


TIMES = 4  # times of attempts that a letter names for one rule


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
        points.append(say(f"calls.letter.{key}", lang, count=len(times), **slots))
    demands = [
        say("calls.letter.demand", lang, n=n, what=each["text"][lang])
        for n, each in enumerate(remedies(findings, who, "demand"), 1)
    ]
    parts = [
        say("calls.letter.title", lang),
        say("calls.letter.to", lang),
        say(f"calls.letter.opening.{who}", lang),
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
