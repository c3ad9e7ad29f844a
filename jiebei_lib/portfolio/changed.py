"""Cases under two policies: whose answer changes, and which single difference between the policies is enough for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jiebei_lib.core.case import Case
from jiebei_lib.core.knowledge.problems import PolicyError
from jiebei_lib.core.knowledge.yaml_files import walk
from jiebei_lib.core.policy import Policy
from jiebei_lib.core.scoring.score import VERDICTS, score_cases


@dataclass(frozen=True)
class Moved:
    """A case's answer under two policies, and which single differences between them are enough for the new verdict (key paths;
    none if it takes several together, or if the verdict stays)."""

    case_id: str
    before: str
    after: str
    low: tuple[float, float]
    high: tuple[float, float]
    share: tuple[float, float]
    because: tuple[str, ...]


def compared(cases: Sequence[Case], before: Policy, after: Policy) -> list[Moved]:
    """Each case under both policies, and for those whose verdict differs which single difference would do it."""
    answers = score_cases(list(cases), before), score_cases(list(cases), after)
    changed = np.flatnonzero(answers[0].verdict != answers[1].verdict)
    because: dict[int, list[str]] = {int(n): [] for n in changed}
    for path, alone in one_by_one(before, after) if len(changed) else ():
        verdicts = score_cases([cases[n] for n in changed.tolist()], alone).verdict
        for n, verdict in zip(changed.tolist(), verdicts, strict=True):
            if verdict == answers[1].verdict[n]:
                because[n].append(path)
    pairs = {
        name: np.column_stack([getattr(answer, name) for answer in answers]).tolist()
        for name in ("low", "high", "share")
    }
    return [
        Moved(
            case_id=case.case_id,
            before=VERDICTS[int(answers[0].verdict[n])],
            after=VERDICTS[int(answers[1].verdict[n])],
            low=tuple(pairs["low"][n]),
            high=tuple(pairs["high"][n]),
            share=tuple(pairs["share"][n]),
            because=tuple(because.get(n, ())),
        )
        for n, case in enumerate(cases)
    ]


def one_by_one(before: Policy, after: Policy) -> Iterator[tuple[str, Policy]]:
    """Every difference between two policies made alone: its key path, and ``before`` with only this one. What contradicts the rest when
    alone is left out. Between policies with different constraints these go together, as ``weights``."""
    first_day = {"timeline.first_possible_day.spread": after.data["timeline"]["first_possible_day"]["spread"]}
    differences: list[dict[str, Any]] = [first_day]
    differences += [
        {".".join(path): node["value"]} for path, node in walk(after.data["factors"], ("factors",)) if "range" in node
    ]
    if before.base == after.base:
        differences += list(_weights_apart(before, after))
    else:
        differences.append(
            {name: dict.fromkeys(before.data[name]) | dict(after.data[name]) for name in ("strengths", "constraints")}
        )
    for difference in differences:
        path, value = next(iter(difference.items()))
        here = _at(before.data, path.split("."))
        if here == value or (isinstance(here, Mapping) and here.get("value", here) == value):
            continue
        try:
            alone = before.replace(difference)
        except PolicyError:
            continue
        yield path if len(difference) == 1 else "weights", alone


def _weights_apart(before: Policy, after: Policy) -> Iterator[dict[str, Any]]:
    for name in before.data["constraints"] | after.data["constraints"]:
        ours, theirs = (policy.data["constraints"].get(name) for policy in (before, after))
        if theirs is None or ours is None:
            yield {f"constraints.{name}": theirs}
        elif ours != theirs and "strength" in theirs and ours["strength"] != theirs["strength"]:
            yield {f"constraints.{name}.strength": theirs["strength"]}
    for topic in ("strengths", "constraints"):
        for path, node in walk(after.data[topic], (topic,)):
            if "range" in node and _at(before.data, path) is not None:
                yield {".".join(path): node["value"]}


def _at(node: Any, path: Sequence[str]) -> Any:
    for key in path:
        node = node.get(key) if isinstance(node, Mapping) else None
    return node
