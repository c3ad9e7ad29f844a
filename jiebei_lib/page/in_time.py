"""Rules in time: what began, ended or changed its value between two days, and what has not been checked for long."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from jiebei_lib.core.knowledge.yaml_files import shipped, walk
from jiebei_lib.core.policy import Policy
from jiebei_lib.page.text import say

BEGAN, ENDED, VALUE = "began", "ended", "value"


@dataclass(frozen=True)
class RuleChange:
    """One rule that is not the same on two days: its key path, what happened (began, ended, value), the first day on which it was so
    (ISO), the statement, and for a value the old one (None if there was none) and the new."""

    path: str
    kind: str
    on: str
    statement: Mapping[str, Any]
    old: float | None = None
    new: float | None = None

    def text(self, lang: str) -> str:
        """One sentence, without the day."""
        if self.kind == VALUE:
            slots = {"name": self.statement["name"][lang], "new": f"{self.new:.2%}"}
            key = "value" if self.old is not None else "first_value"
            return say(f"policy.in_time.{key}", lang, old="" if self.old is None else f"{self.old:.2%}", **slots)
        said = self.statement.get("text") or self.statement["name"]
        return say(f"policy.in_time.{self.kind}", lang, text=said[lang])


def changes(data: Mapping[str, Any], first: str, second: str) -> list[RuleChange]:
    """What is in ``data`` (a policy's, or the rules of conduct) that changed after ``first``, up to ``second``; days as ISO, in order.

    Each is told by itself: a rule that began and ended between the two days is told twice.
    """
    found = [change for path, node in walk(data) if "cite" in node for change in _of(".".join(path), node)]
    return sorted((one for one in found if first < one.on <= second), key=lambda one: (one.on, one.path))


def _of(path: str, node: Mapping[str, Any]) -> Iterator[RuleChange]:
    if node.get("from"):
        yield RuleChange(path, BEGAN, node["from"], node)
    if node.get("until"):
        yield RuleChange(path, ENDED, (date.fromisoformat(node["until"]) + timedelta(1)).isoformat(), node)
    dated, old = node.get("values"), None
    for entry in dated if isinstance(dated, list) else []:
        yield RuleChange(path, VALUE, entry["from"], node, old, entry["value"])
        old = entry["value"]


def checked_on(cites: list[str]) -> str | None:
    """The day on which the texts behind some cites were last looked for: the earliest of them; None if none of them is a rule."""
    sources = shipped("core/sources.yaml")
    days = [sources[cite.partition(" ")[0]].get("checked") for cite in cites]
    return min((day for day in days if day), default=None)


def stale(policy: Policy, on: str) -> list[str]:
    """The sources that were last looked for so long before a day (ISO) that one should check whether they are still in force."""
    longest = timedelta(int(policy.value("in_time.check_after")))
    last = (date.fromisoformat(on) - longest).isoformat() if on > "0100" else ""
    return [name for name, source in policy.sources.items() if source.get("checked", "9999") < last]


def notes(policy: Policy, on: str, lang: str) -> list[str]:
    """What an answer of a day has to say of its rules' age: that they changed later, or that nobody has checked them for long."""
    sources = policy.sources
    known = max(source.get("checked", "") for source in sources.values())
    out, later = [], [one for one in changes(policy.data["conduct"], on, known) if one.kind != VALUE]
    if later:
        days = sorted({one.on for one in later})
        join = "、" if lang == "zh" else ", "
        out.append(say("policy.in_time.older", lang, day=on, known=known, days=join.join(days)))
    if old := stale(policy, on):
        slots = {"n": len(old), "checked": min(sources[name]["checked"] for name in old), "day": on}
        out.append(say("policy.in_time.stale", lang, limit=int(policy.value("in_time.check_after")), **slots))
    return out
