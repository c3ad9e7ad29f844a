"""The wording coach: a planned contact is an attempt that has not been made yet, judged by the same rules before it is.

It reads structured content (what would be said, in what tone, to whom), never a sentence: no keyword passes for understanding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from jiebei_lib.calls.audit import BREACH, audit
from jiebei_lib.calls.log import NONE, read_log
from jiebei_lib.calls.rule_sets import RuleSets, load_rules

THIRD_PERSONS = ("contact", "employer", "other")


@dataclass(frozen=True)
class Advice:
    """What is ``wrong`` with a plan (rule ids), what is still ``open`` (rule id and the facts that would decide), and the id of
    the script that says it properly."""

    wrong: list[str]
    open: list[tuple[str, list[str]]]
    script: str


def coach(planned: Mapping[str, Any], rules: RuleSets | str = "cn", as_of: str | None = None) -> Advice:
    """Advice on a planned contact. ``planned`` has the columns of a log that matter to it: ``callee``, ``channel``, ``purpose``,
    ``disclosed`` and ``conduct`` (lists), ``identified``, ``recorded``, ``borrower_reachable``, ``agreed`` and ``at`` (if not
    given, ten in the morning in China on ``as_of``, or today). Raises :class:`UserError` for what cannot be."""
    day = as_of or pd.Timestamp.now(tz="Asia/Shanghai").date().isoformat()
    attempt = {"attempt_id": "planned", "at": f"{day}T10:00:00+08:00", "answered": True, **planned}
    for column in ("disclosed", "conduct"):
        if column in attempt and not isinstance(attempt[column], str):
            attempt[column] = ";".join(attempt[column]) or NONE
    log = read_log([attempt], latest=pd.Timestamp.max.tz_localize("UTC"))
    if log.problems:
        from jiebei_lib.core.knowledge.problems import LogError

        raise LogError(log.problems)
    found = audit(log, load_rules(rules)).table
    breaches = found["status"] == BREACH
    undecided = found[~breaches]
    # Counts need the calls before this one, which a plan does not have.
    known = undecided[~undecided["missing"].astype(str).str.contains("_id")]
    return Advice(
        wrong=list(found[breaches]["rule_id"]),
        open=[(row.rule_id, row.missing.split(";")) for row in known.itertuples()],
        script=_script(attempt),
    )


def _script(attempt: Mapping[str, Any]) -> str:
    """Which way of saying it fits: none while the borrower can be reached, else to find them or to pass on a message."""
    if attempt.get("callee") not in THIRD_PERSONS:
        return "borrower"
    reachable = attempt.get("borrower_reachable")
    if reachable in (True, "true"):
        return "do_not_call"
    if reachable not in (False, "false"):
        return "find_out_first"
    return "relay" if attempt.get("purpose") in ("relay", "remind") else "locate"
