"""Rules in time: what changed between two days, and for which borrowers the answer to "may they?" is not the same on both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jiebei_lib.core.case import Case
from jiebei_lib.core.knowledge.yaml_files import beside
from jiebei_lib.core.policy import load_policy
from jiebei_lib.core.rules.conduct import permission
from jiebei_lib.page.in_time import changes, notes
from jiebei_lib.page.text import cited_all, heads, say
from jiebei_lib.show.policy.panel import words
from jiebei_lib.show.widget.fields import both, day
from jiebei_lib.show.widget.panel import Panel

BORROWERS = ("silent", "promise_without_action", "much_unknown", "hospital_repaying")  # of the invented cases
FIRST, SECOND = "2025-02-27", "2026-01-30"  # before the national standard, and the day of the guideline


def rules_in_time() -> Panel:
    """Two days to choose, the rules that changed between them, and four borrowers' answers on either."""
    fields = [day("first", both("policy.in_time.first"), FIRST), day("second", both("policy.in_time.second"), SECOND)]
    return Panel(fields, draw, name="rules-in-time")


def draw(values: Mapping[str, Any], lang: str) -> dict[str, list[Any]]:
    policy, (first, second) = load_policy("article"), sorted((values["first"], values["second"]))
    found = changes(policy.data, first, second)
    join = "；" if lang == "zh" else "; "
    rows = [[one.on, one.text(lang), join.join(cited_all(one.statement["cite"], lang))] for one in found]
    said = say("policy.in_time.found" if rows else "policy.in_time.none", lang, n=len(rows), first=first, second=second)
    answers = [_answers(name, first, second, lang) for name in BORROWERS]
    head = heads("policy.in_time.head", lang)
    borrowers = [
        say("policy.in_time.borrowers", lang),
        heads("policy.in_time.borrowers_head", lang, first=first, second=second),
    ]
    return {
        "top": [words("in_time", lang, said, head, rows)],
        "below": [words("verdicts", lang, *borrowers, answers, 0), words("aged", lang, notes(policy, second, lang))],
    }


def _answers(name: str, first: str, second: str, lang: str) -> list[str]:
    case, policy = Case.read(beside("cases") / f"{name}.yaml"), load_policy("article")
    answers = [permission(case, policy, on) for on in (first, second)]
    texts = [policy.data["conduct"]["answers"][answer.answer]["text"][lang] for answer in answers]
    return [say(f"policy.in_time.{name}", lang), *texts]
