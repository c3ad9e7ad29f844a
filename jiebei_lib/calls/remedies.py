"""What a borrower or a contact can do about what was found: evidence to keep, routes so far as they are known, a letter."""

from __future__ import annotations

from typing import Any

import pandas as pd

from jiebei_lib.calls.audit import Findings
from jiebei_lib.calls.coach import THIRD_PERSONS
from jiebei_lib.calls.rule_sets import ELSEWHERE

WHO = ("borrower", "contact")
ABROAD = ("us", "uk", *ELSEWHERE)  # sets for comparison: nobody in China answers a complaint that rests on them


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


def breaches_toward(findings: Findings, who: str) -> pd.DataFrame:
    """The breaches that touch this person: all of them for the borrower, for a contact those toward third persons."""
    breaches = findings.breaches
    if who == "borrower" or not len(breaches):
        return breaches
    callee = findings.attempts["callee"].astype("str").to_numpy(object)[breaches["position"].to_numpy()]
    return breaches[pd.Series(callee).isin(THIRD_PERSONS).to_numpy()]
