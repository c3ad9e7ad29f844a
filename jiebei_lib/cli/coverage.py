"""What the article claims (core/article.yaml) and where the project has each claim: whether the place is there and cites the paragraph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jiebei_lib.core.knowledge.yaml_files import beside, shipped
from jiebei_lib.core.policy import Policy

HOWS = ("as_said", "contested", "absent")


@dataclass(frozen=True)
class Covered:
    """One claim of the article: its number (paragraph and place in it), what is claimed, how the project has it, and where.

    ``how`` is as_said, contested (then ``why``) or absent: none of its places is there, or none of them cites the paragraph.
    ``missing`` are the places that are not there.
    """

    number: str
    claim: dict[str, str]
    how: str
    why: dict[str, str] | None
    where: list[str]
    missing: list[str]

    @property
    def paragraph(self) -> int:
        return int(self.number.partition(".")[0])


def claims(policy: Policy) -> list[Covered]:
    """Every claim of the article, in its order."""
    return [_claim(number, entry, policy) for number, entry in shipped("core/article.yaml")["claims"].items()]


def _claim(number: str, entry: Mapping[str, Any], policy: Policy) -> Covered:
    found = {place: _found(place, policy) for place in entry["where"]}
    cite = f"article ¶{number.partition('.')[0]}"
    cited = any(cite in (node or {}).get("cite", ()) for node in found.values())
    missing = [place for place, node in found.items() if node is None]
    how = entry["how"] if cited else "absent"
    return Covered(number, entry["claim"], how, entry.get("why"), [p for p in found if p not in missing], missing)


def _found(place: str, policy: Policy) -> Mapping[str, Any] | None:
    """What stands at a place; None if nothing does."""
    room, _, rest = place.partition(".")
    if room == "case":
        return {} if (beside("cases") / f"{rest}.yaml").is_file() else None
    if room == "bank":
        from jiebei_lib.lessons.bank import bank

        return {} if rest in bank() else None
    if room == "calls":
        from jiebei_lib.calls.rule_sets import load_rules

        return _at(load_rules().data, rest)
    return _at(policy.data, place)


def _at(node: Any, path: str) -> Mapping[str, Any] | None:
    for key in path.split("."):
        node = node.get(key) if isinstance(node, Mapping) else None
    return node
