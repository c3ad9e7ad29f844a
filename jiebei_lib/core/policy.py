"""Loads the rules, holds them together, and answers what-ifs. A policy is the rules as one witness tells them.

``article`` is the rules themselves; any other policy, built in or a user's own, is an overlay: a YAML file with only what differs.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from jiebei_lib.core.knowledge.problems import Phrase, PolicyError, Problem, items, shown
from jiebei_lib.core.knowledge.user_files import read_yaml
from jiebei_lib.core.knowledge.yaml_files import HERE, code_digest, homes, keep, parse, remembered, shipped
from jiebei_lib.core.readings import WEIGHTS, Readings, build, relevant

BUILT_IN = ("article", "published")
# Each topic's file: the rules of a room above lie in that room, beside the code that follows them.
TOPICS = {
    "product": "core/rules/product.yaml",
    "timeline": "core/rules/timeline.yaml",
    "factors": "core/rules/factors.yaml",
    "steps": "core/rules/steps.yaml",
    "cost": "money/cost.yaml",
    "record": "money/record.yaml",
    "conduct": "core/rules/conduct.yaml",
    "consequences": "core/rules/consequences.yaml",
    "advice": "core/rules/advice.yaml",
    "limits": "core/rules/limits.yaml",
}
# What makes a checked policy and its readings out of files
CODE = (
    "core/policy.py",
    "core/policy_checks.py",
    "core/readings.py",
    "core/knowledge/schema.py",
    "core/knowledge/schema_problems.py",
)
DEEPEST = 12  # keys one inside the other; the rules use 7
# The topic of a top-level key that is none itself.
TOPIC_OF = {
    "strengths": "factors",
    "constraints": "factors",
    "questions": "factors",
    "sampling": "factors",
    "in_time": "limits",
    "grades": "factors",
    "references": "steps",
}


class Policy:
    """All rules and parameters, checked. Immutable: a what-if is another policy."""

    def __init__(
        self, data: dict[str, Any], base: str, overlay: Mapping[str, Any] | None = None, passing: bool = False
    ):
        """``passing``: a what-if of the moment, not worth a place on disk."""
        self.data = data
        self._passing = passing
        self.base = base
        self.overlay = dict(overlay or {})

    def __repr__(self) -> str:
        return f"Policy({self.label!r}, {self.digest[:8]})"

    @property
    def label(self) -> str:
        """``article``, ``published``, or either with ``+`` when an overlay changes it."""
        return self.base + ("+" if self.overlay else "")

    @cached_property
    def digest(self) -> str:
        """Equal for policies that say the same."""
        return hashlib.sha256(json.dumps(self.data, sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    @cached_property
    def readings(self) -> Readings:
        """The admissible readings; those of a policy that was loaded are compiled once and kept on disk."""
        return build(self.data) if self._passing else _compiled(self)

    @property
    def sources(self) -> dict[str, Any]:
        return shipped("core/sources.yaml")

    def value(self, path: str, as_of: str | None = None) -> float:
        """A parameter's number, e.g. ``factors.amount.pressing``; of dated values the one in force on ``as_of`` (ISO date)."""
        node = self._node(path)
        if "values" not in node:
            node = {"values": [{"value": node["value"], "from": ""}]}
        known: list[float] = [entry["value"] for entry in node["values"] if as_of is None or entry["from"] <= as_of]
        if not known:
            first = Phrase("between", {"low": node["values"][0]["from"], "high": "…"})
            raise PolicyError(Problem("out_of_range", path, {"value": as_of, "allowed": first}))
        return known[-1]

    def _node(self, path: str) -> Mapping[str, Any]:
        node: Mapping[str, Any] = self.data
        for key in path.split("."):
            if not isinstance(node, Mapping) or key not in node:
                near = items(list(node)[:12]) if isinstance(node, Mapping) else items([])
                raise PolicyError(Problem("unknown_path", path, {"allowed": near}))
            node = node[key]
        return node

    def replace(self, changes: Mapping[str, Any]) -> Policy:
        """The same policy with some values changed: ``{"factors.amount.pressing": 20000}``. Checked like any other."""
        nested: dict[str, Any] = {}
        for path, value in changes.items():
            for key in reversed(str(path).split(".")):
                value = {key: value}
            nested = merged(nested, value, onto_parameters=False)
        return _overlaid(self, nested, "replace", passing=True)


def load_policy(which: Policy | str | Path | Mapping[str, Any] = "article") -> Policy:
    """A built-in policy by name, or one from an overlay (a YAML file or its content). Raises :class:`PolicyError`."""
    if isinstance(which, Policy):
        return which
    if isinstance(which, str) and which in BUILT_IN:
        return _built_in(which)
    name = "overlay"
    if isinstance(which, str | Path):
        if isinstance(which, str) and Path(which).suffix not in (".yaml", ".yml"):
            raise PolicyError(Problem("unknown_policy", "policy", {"value": which, "allowed": items(BUILT_IN)}))
        name, which = Path(which).name, read_yaml(which, PolicyError)
    return from_overlay(which, name)


def from_overlay(overlay: Any, name: str, passing: bool = False) -> Policy:
    """A policy from an overlay's content; ``name`` is what it is called if something is wrong with it. ``passing`` as for a what-if."""
    if not isinstance(overlay, Mapping):
        raise PolicyError(Problem("invalid", name, {"value": shown(overlay), "allowed": Phrase("mapping")}))
    base = overlay.get("base", "article")
    if base not in BUILT_IN:
        raise PolicyError(Problem("not_in_list", f"{name}: base", {"value": base, "allowed": items(BUILT_IN)}))
    return _overlaid(_built_in(base), {key: value for key, value in overlay.items() if key != "base"}, name, passing)


@cache
def _built_in(name: str) -> Policy:
    files = [HERE / "core" / "sources.yaml", HERE / "core" / "case.yaml", *(HERE / file for file in TOPICS.values())]
    files += [HERE / "core" / "policies" / f"{policy}.yaml" for policy in BUILT_IN]
    return Policy(
        remembered(f"policy-{name}", b"\0".join(file.read_bytes() for file in files), lambda: _read(name), *CODE), name
    )


def _read(name: str) -> dict[str, Any]:
    """A built-in policy from its files, checked."""
    overlay = parse((HERE / "core" / "policies" / f"{name}.yaml").read_text("utf-8"))
    base = overlay.pop("base", None)
    if base:
        return _checked(_built_in(base).data, overlay, lambda path: f"core/policies/{name}.yaml: {'.'.join(path)}")
    for file in TOPICS.values():
        overlay |= parse((HERE / file).read_text("utf-8"))
    return _checked(overlay, {}, _home)


def _home(path: tuple[Any, ...]) -> str:
    """The shipped file that holds a key path, and the path."""
    topic = TOPIC_OF.get(path[0], path[0])
    return f"{TOPICS.get(topic, 'core/policies/article.yaml')}: {'.'.join(path)}"


def _overlaid(policy: Policy, overlay: Mapping[str, Any], file: str, passing: bool = False) -> Policy:
    problems = list(_no_overlay(overlay, (), file))
    if problems:
        raise PolicyError(problems)

    def check() -> dict[str, Any]:
        return _checked(policy.data, overlay, lambda path: f"{file}: {'.'.join(path)}")

    try:
        text = json.dumps(overlay, sort_keys=True, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError as failure:  # half of a character
        raise PolicyError(Problem("not_yaml", file, {"value": failure.reason})) from None
    data = check() if passing else remembered("overlay", policy.digest.encode() + text, check, *CODE)
    plain, changes = _built_in(policy.base), merged(policy.overlay, overlay, onto_parameters=False)
    return plain if data == plain.data else Policy(data, policy.base, changes, passing)


def _no_overlay(node: Any, path: tuple[Any, ...], file: str) -> Iterator[Problem]:
    """What keeps a mapping from being laid over a policy at all: keys that are no text, or that lie too deep."""
    if len(path) > DEEPEST:
        yield Problem("too_deep", f"{file}: {'.'.join(path[:3])}…", {"high": DEEPEST})
        return
    for key, value in node.items() if isinstance(node, Mapping) else enumerate(node) if isinstance(node, list) else ():
        if isinstance(node, Mapping) and not isinstance(key, str):
            where = ".".join([*path, shown(key)])
            yield Problem("invalid", f"{file}: {where}", {"value": shown(key), "allowed": Phrase("text_any")})
            continue
        yield from _no_overlay(value, (*path, str(key)), file)


def _checked(
    data: Mapping[str, Any], overlay: Mapping[str, Any], where: Callable[[tuple[Any, ...]], str]
) -> dict[str, Any]:
    from jiebei_lib.core.policy_checks import number_problems, problems_of

    whole = merged(data, overlay, unknown=True)

    def place(path: tuple[Any, ...]) -> str:
        return where(tuple(map(str, path)))

    if overlay and _only_numbers(overlay, data):
        problems = number_problems(whole, overlay, place)
    else:
        problems = problems_of(whole, shipped("core/sources.yaml"), place)
    if problems:
        raise PolicyError(problems)
    laid: dict[str, Any] = merged(data, overlay)
    return laid


def _only_numbers(overlay: Any, data: Any) -> bool:
    """Whether an overlay gives parameters that exist other numbers, and nothing else."""
    if isinstance(overlay, Mapping):
        return isinstance(data, Mapping) and all(
            key in data and _only_numbers(value, data[key]) for key, value in overlay.items()
        )
    is_number = isinstance(overlay, int | float) and not isinstance(overlay, bool) and -math.inf < overlay < math.inf
    return is_number and isinstance(data, Mapping) and "value" in data and "range" in data


def merged(base: Any, overlay: Any, onto_parameters: bool = True, unknown: bool = False) -> Any:
    """``overlay`` laid over ``base``: mappings merge, null takes an entry away or leaves it out, a bare number becomes a parameter's value.
    ``unknown``: the null of a key that ``base`` does not have stays, so that a check sees the key."""
    if isinstance(overlay, Mapping) and (isinstance(base, Mapping) or (onto_parameters and not unknown)):
        out = dict(base) if isinstance(base, Mapping) else {}
        for key, value in overlay.items():
            if value is None and onto_parameters and (key in out or not unknown):
                out.pop(key, None)
            else:
                out[key] = merged(out.get(key), value, onto_parameters, unknown)
        return out
    if onto_parameters and isinstance(base, Mapping) and "value" in base:
        return {**base, "value": overlay}
    return overlay


def in_force(statement: Mapping[str, Any], day: str) -> bool:
    """Whether a statement holds on a day (ISO)."""
    first, last = force(statement)
    return first <= day <= last


def binds(statement: Mapping[str, Any], lender: str | None) -> bool | None:
    """Whether a statement binds a kind of lender (bank, consumer_finance, other); None if the lender is not known and it matters."""
    bound = statement.get("lenders")
    return True if bound is None else None if lender is None else lender in bound


def force(statement: Mapping[str, Any]) -> tuple[str, str]:
    """The first and the last day (ISO) on which a statement holds; one without ``from`` or ``until`` has no end on that side."""
    return statement.get("from") or "0001-01-01", statement.get("until") or "9999-12-31"


@cache
def _scipy() -> bytes:
    """The version of scipy, which draws the samples, without importing it; nothing where it is not installed."""
    there = find_spec("scipy")
    return (Path(str(there.origin)).parent / "version.py").read_bytes() if there else b""


def readings_files(policy: Policy) -> tuple[Path, ...]:
    """Where compiled readings may lie: brought by a wheel, as good under any numpy and scipy; or kept here, for those that drew them."""
    told = relevant(policy.data).encode() + code_digest(*CODE)
    marks = (hashlib.sha256(text).hexdigest()[:24] for text in (told, told + np.__version__.encode() + _scipy()))
    return tuple(folder / f"readings-{mark}.npy" for folder, mark in zip(homes(), marks, strict=True))


def _compiled(policy: Policy) -> Readings:
    """The readings as they are kept (one array: a row a vertex, then the center, then the samples), or built and kept."""
    spread = sorted(policy.data["timeline"]["first_possible_day"]["spread"], key=lambda entry: entry["day"])
    total, number = sum(entry["weight"] for entry in spread), int(policy.value("sampling.readings"))
    for path in readings_files(policy):
        with suppress(OSError, ValueError, EOFError):
            table = np.load(path, allow_pickle=False)
            if table.ndim == 2 and table.shape[1] == len(WEIGHTS) + 1 and len(table) >= number + 2:
                break
    else:
        built = build(policy.data)
        days = np.concatenate([np.zeros(len(built.vertices) + 1), built.first_day])
        table = np.column_stack([np.vstack([built.vertices, built.center, built.samples]), days])
        buffer = io.BytesIO()
        np.save(buffer, table)
        keep(path, buffer.getvalue())
    vertices, center, samples = np.split(table, [len(table) - number - 1, len(table) - number])
    return Readings(
        vertices=vertices[:, :-1],
        center=center[0, :-1],
        samples=samples[:, :-1],
        first_day=samples[:, -1].astype(int),
        days=tuple(entry["day"] for entry in spread),
        chances=tuple(entry["weight"] / total for entry in spread),
    )
