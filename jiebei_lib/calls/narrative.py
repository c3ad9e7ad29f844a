"""A log from memory: about ten calls on Tuesday, one at 22:40, two to my mother. Counts and times may be ranges.

What breaks a rule in every reading of the memory is a breach; what does in some only is possible (undecided, ``memory`` missing).
"""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from jiebei_lib.calls.log import Log, read_log
from jiebei_lib.core.knowledge.fields import Fields
from jiebei_lib.core.knowledge.problems import LogError, Phrase, Problem, shown
from jiebei_lib.core.knowledge.yaml_files import shipped
from jiebei_lib.core.tables.spellings import DOUBTFUL, clock_of, day_of, parts

FIELDS, COLUMNS = Fields("calls/narrative.yaml"), Fields("calls/attempts.yaml")
GIVEN = {"channel": "call", "callee": "borrower", "direction": "out"}
SECONDS = (3600, 60, 1)
WHOLE_DAY = (0, 24 * 3600 - 1)


def remembered(entries: Iterable[Mapping[str, Any] | str], zone: str = "Asia/Shanghai", now: Any = None) -> Log:
    """The log of what someone remembers, each entry a mapping or text like ``day=2026-03-10 count=8-12 callee=contact``.

    The log's table has three columns more: ``certain`` (the attempt happened in every reading), ``span`` (seconds) and
    ``span_days``, by how much later it may have been. Raises :class:`LogError`.
    """
    now = pd.Timestamp.now(tz=zone) if now is None else now
    rows: list[dict[str, Any]] = []
    problems: list[Problem] = []
    for number, entry in enumerate(entries, 1):
        where = f"call {number}"
        given = _parsed(entry, where, problems) if isinstance(entry, str) else dict(entry)
        if not given:
            continue
        own, facts = _sorted(given, where, problems)
        rows += _rows(own, facts, number, now, problems, where)
    most = shipped("calls/memory.yaml")["most"]
    if len(rows) > most:
        problems.append(Problem("too_many_calls", "call", {"value": len(rows), "allowed": most}))
    if problems or not rows:
        raise LogError(problems or [Problem("empty_log", "call")])
    plain = [{key: value for key, value in row.items() if not key.startswith("_")} for row in rows]
    log = read_log(plain, zone=zone)
    if log.problems:
        raise LogError(log.problems)
    order = log.table["row"].to_numpy() - 1
    extra = {name.strip("_"): np.array([rows[n][name] for n in order]) for name in ("_certain", "_span", "_span_days")}
    return replace(log, table=log.table.assign(**extra))


def _parsed(text: str, where: str, problems: list[Problem]) -> dict[str, str]:
    """Pairs like key=value, apart by blanks; a value with blanks stands in quotes."""
    out = {}
    try:
        words = shlex.split(text.replace("＝", "="))
    except ValueError:
        words = [text]
    for word in words:
        key, sign, value = word.partition("=")
        if not sign:
            problems.append(Problem("invalid", where, {"value": shown(word), "allowed": Phrase("pairs")}))
            return {}
        out[key] = value
    return out


def _sorted(given: Mapping[str, Any], where: str, problems: list[Problem]) -> tuple[dict[str, str], dict[str, Any]]:
    """What is remembered of when and how often, and the facts of the attempts, by their columns."""
    own, facts = {}, {}
    for key, value in given.items():
        name, column = FIELDS.named(key), COLUMNS.named(key)
        if name is not None:
            own[name] = "" if value is None else str(value).strip()
        elif column is not None and column not in ("attempt_id", "at"):
            facts[column] = _fact(column, value)
        else:
            allowed = Phrase(
                "items", {"items": ", ".join([*FIELDS, *(one for one in COLUMNS if one not in ("attempt_id", "at"))])}
            )
            problems.append(Problem("unknown_key", f"{where}: {shown(key)}", {"allowed": allowed}))
    return own, facts


def _fact(column: str, value: Any) -> Any:
    """A fact as a log has it; the items of a set may be apart by + or commas."""
    if isinstance(value, str) and COLUMNS[column]["type"] == "set":
        return re.sub(r"[；+,，、]", ";", value)
    return COLUMNS.heard(column, value)


def _rows(
    own: Mapping[str, str], facts: Mapping[str, Any], number: int, now: Any, problems: list[Problem], where: str
) -> list[dict[str, Any]]:
    """One row an attempt that may have been made."""
    since, until = _day(own.get("day", ""), now), _day(own.get("until") or own.get("day", ""), now)
    count, clock = _count(own.get("count") or "1"), _clock(own.get("clock", ""))
    read = {"day": since, "until": until, "count": count, "clock": clock}
    wrong = [Problem("invalid", f"{where}: {name}", {"value": shown(own.get(name, "")), "allowed": Phrase(f"remembered_{name}")})
             for name, value in read.items() if value is None and (name != "until" or own.get(name))]  # fmt: skip
    if not wrong and since and until and until < since:
        wrong = [
            Problem("unordered", f"{where}: until", {"value": shown(own["until"]), "allowed": Phrase("dates_order")})
        ]
    if wrong or not since or not until or not count or not clock:
        problems += wrong
        return []
    (low, high), (start, end) = count, clock
    days = (until - since).days
    daily = FIELDS.heard("every_day", own.get("every_day") or "no") is True
    out = []
    for day in range(days + 1) if daily else (0,):
        first = pd.Timestamp(since) + timedelta(days=day, seconds=start)
        for n in range(min(high, shipped("calls/memory.yaml")["most"] + 1)):
            out.append(
                {
                    "attempt_id": f"m{number}-{day}-{n + 1}" if daily else f"m{number}-{n + 1}",
                    "at": first.strftime("%Y-%m-%dT%H:%M:%S"),
                    "debt_id": "d1",
                    **GIVEN,
                    "callee_id": str(facts.get("callee") or GIVEN["callee"]),
                    **facts,
                    "_certain": n < low,
                    "_span": end - start,
                    "_span_days": 0 if daily else days,
                }
            )
    return out


def _day(text: str, now: Any) -> date | None:
    day, rest = day_of(text, now)
    return None if day is None or day == DOUBTFUL or rest.strip() else date.fromisoformat(day)


def _count(text: str) -> tuple[int, int] | None:
    """The least and the greatest number: 10, 8-12, about 10, 10 or so."""
    about = shipped("calls/memory.yaml")["about"]
    word = next((one for one in about["words"] if text.lower().startswith(one)), "")
    behind = next((one for one in about["after"] if text.lower().endswith(one)), "")
    found = re.fullmatch(
        r"\s*(\d{1,4})\s*(?:(?:-|–|~|到|至|to)\s*(\d{1,4}))?\s*(?:次|times|calls?)?\s*",
        text[len(word) :].removesuffix(behind),
        re.ASCII,
    )
    if found is None:
        return None
    low, high = int(found[1]), int(found[2] or found[1])
    if word or behind:
        low, high = math.floor(low * (1 - about["share"])), math.ceil(high * (1 + about["share"]))
    return (low, high) if 0 <= low <= high and high > 0 else None


def _clock(text: str) -> tuple[int, int] | None:
    """The first and the last second of the day that it may have been."""
    if not text:
        return WHOLE_DAY
    if text.lower() in parts():
        low, high = parts()[text.lower()]
        return low * 3600, high * 3600 + 3599
    said = [clock_of(end) for end in re.split(r"\s*(?:[-–~到至]|to)\s*", text)]
    ends = [end for end in said if end is not None and end != DOUBTFUL]
    if len(ends) > 2 or len(ends) < len(said):
        return None
    first, last = (
        sum(int(part) * unit for part, unit in zip(end.split(":"), SECONDS, strict=True)) for end in (ends[0], ends[-1])
    )
    return (first, last) if first <= last else None
