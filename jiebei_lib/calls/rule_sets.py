"""Loads the rules of conduct: the shipped rule sets, a choice of them, and a user's own laid over them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jiebei_lib.core.knowledge.problems import Phrase, PolicyError, Problem, items, shown
from jiebei_lib.core.knowledge.user_files import read_yaml
from jiebei_lib.core.knowledge.yaml_files import HERE, parse, remembered, shipped
from jiebei_lib.core.policy import merged

MAIN = ("article", "cn", "us", "uk")
# For comparison only: what their texts allow to be checked, and what they answer to the same questions
ELSEWHERE = ("au", "hk", "in", "kr", "ph", "jp", "eu")
SETS = MAIN + ELSEWHERE
CONFIDENCES = ("V", "S+", "S")  # from read in full to reported once
FOLDER = HERE / "calls" / "rules"
# What makes checked rule sets out of files
CODE = (
    "calls/rule_sets.py",
    "calls/schema.py",
    "core/policy_checks.py",
    "core/knowledge/schema.py",
    "core/knowledge/schema_problems.py",
)
FILES = tuple(f"{name}.yaml" for name in (*SETS, "shared"))


@dataclass(frozen=True)
class RuleSets:
    """The chosen rules (``rules``, by id) of the chosen ``sets``, with everything that goes with them (``data``)."""

    data: dict[str, Any]
    sets: tuple[str, ...]
    confidence: str = "S"

    @property
    def rules(self) -> dict[str, dict[str, Any]]:
        """The rules of the chosen sets that are verified well enough."""
        enough = CONFIDENCES[: CONFIDENCES.index(self.confidence) + 1]
        return {
            name: rule
            for name, rule in self.data["rules"].items()
            if rule["set"] in self.sets and rule.get("confidence", "V") in enough
        }

    @property
    def left_out(self) -> list[str]:
        """The ids of rules of the chosen sets that are not verified well enough."""
        return [
            name for name, rule in self.data["rules"].items() if rule["set"] in self.sets and name not in self.rules
        ]

    def standing(self, rule: Mapping[str, Any]) -> str:
        """binding, recommended or self_discipline, as the rule's source has it; described for what only the article says."""
        return shipped("core/sources.yaml")[rule["cite"][0].partition(" ")[0]].get("standing") or "described"

    def uncertain_persons(self, rule: Mapping[str, Any]) -> list[str]:
        """Whom a rule about third persons may or may not be about: a person must judge."""
        persons = self.data["sets"][rule["set"]].get("uncertain_persons")
        about = (rule.get("when") or {}).get("callee", [])
        return [one for one in persons["callee"] if one not in about] if persons and "contact" in about else []

    def question(self, rule: Mapping[str, Any]) -> Mapping[str, str]:
        """What a person must judge where no fact of a log can decide."""
        own: Mapping[str, str] | None = rule.get("open_question")
        return own or dict(self.data["sets"][rule["set"]]["uncertain_persons"]["question"])

    def binds(self, rule: Mapping[str, Any]) -> dict[str, Any]:
        """Whom a rule binds: ``callers`` and the words for it."""
        bound: dict[str, dict[str, Any]] = self.data["sets"][rule["set"]]["binds"]
        return bound[rule["cite"][0].partition(" ")[0]]


def load_rules(
    which: RuleSets | str | Path | Iterable[str] | Mapping[str, Any] = MAIN, confidence: str = "S"
) -> RuleSets:
    """Rule sets by name (``"cn,us"`` or a list), with YAML files (or their content) of one's own among them.

    ``confidence`` is the least that a rule must have: ``V`` read in full, ``S+`` reported by several, ``S`` reported once.
    Raises :class:`PolicyError`.
    """
    if isinstance(which, RuleSets):
        return which
    if confidence not in CONFIDENCES:
        levels = Phrase("levels", {"items": ", ".join(CONFIDENCES)})
        raise PolicyError(Problem("invalid", "confidence", {"value": shown(confidence), "allowed": levels}))
    if isinstance(which, str):
        which = [name.strip() for name in which.split(",") if name.strip()]
    asked = [which] if isinstance(which, Path | Mapping) else list(which)
    data, chosen = _shipped(), []
    for one in asked:
        if isinstance(one, str) and Path(one).suffix not in (".yaml", ".yml"):
            if one not in SETS:
                raise PolicyError(Problem("unknown_rules", "rules", {"value": shown(one), "allowed": items(SETS)}))
            chosen.append(one)
            continue
        name = "overlay" if isinstance(one, Mapping) else Path(one).name
        own = one if isinstance(one, Mapping) else read_yaml(one, PolicyError)
        if not isinstance(own, Mapping):
            raise PolicyError(Problem("invalid", name, {"value": shown(own), "allowed": Phrase("mapping")}))
        data = _overlaid(data, own, name)
        chosen += [each for each in data["sets"] if each not in SETS and each in (own.get("sets") or {})]
        used = [rule["set"] for key, rule in data["rules"].items() if key in (own.get("rules") or {})]
        chosen += used
    order = list(data["sets"])
    return RuleSets(data, tuple(sorted(set(chosen or MAIN), key=order.index)), confidence)


@cache
def _shipped() -> dict[str, Any]:
    texts = [(FOLDER / file).read_bytes() for file in FILES]
    texts += [(HERE / name).read_bytes() for name in ("core/sources.yaml", "calls/attempts.yaml")]
    return dict(remembered("callers", b"\0".join(texts), _read, *CODE))


def _read() -> dict[str, Any]:
    data: dict[str, Any] = {}
    for file in FILES:
        data = merged(data, parse((FOLDER / file).read_text("utf-8")), unknown=True)
    return _checked(data, "calls/rules")


def _overlaid(data: dict[str, Any], own: Mapping[str, Any], name: str) -> dict[str, Any]:
    try:
        text = json.dumps([data, own], sort_keys=True, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError as failure:  # half of a character
        raise PolicyError(Problem("not_yaml", name, {"value": failure.reason})) from None

    def check() -> dict[str, Any]:
        _checked(merged(data, own, unknown=True), name)
        return dict(merged(data, own))

    return dict(remembered("callers-own", text, check, *CODE))


def _checked(data: dict[str, Any], name: str) -> dict[str, Any]:
    from jiebei_lib.calls.schema import problems_of

    problems = problems_of(data, shipped("core/sources.yaml"), lambda path: f"{name}: {'.'.join(map(str, path))}")
    if problems:
        raise PolicyError(problems)
    return data
