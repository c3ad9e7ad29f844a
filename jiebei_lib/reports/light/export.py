"""What a page without a server knows: the readings and rules of a policy, and every sentence that they can lead to, as plain data.

The engine (engine.js) and the words (words.js) work on nothing else. A rule goes out with its conditions (``when``, days, dates, lenders)
and its text; a sentence with its named slots.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from jiebei_lib.core.assessment import witnesses
from jiebei_lib.core.case import FIELDS, SCORED, Case, allowed
from jiebei_lib.core.knowledge.yaml_files import HERE, shipped
from jiebei_lib.core.policy import Policy, load_policy
from jiebei_lib.core.rules.factors import PRESSED
from jiebei_lib.core.scoring.bands import NINE_IN_TEN
from jiebei_lib.core.scoring.compare import WAYS
from jiebei_lib.core.scoring.score import GRADES, HAIR, MAJORITY, VERDICT_OF, VERDICTS
from jiebei_lib.money.arrears import WAITS
from jiebei_lib.page.in_time import VALUE, changes
from jiebei_lib.page.text import LANGUAGES, NEARLY, UNITS, WHOLE_FROM, cited_all, percent, say
from jiebei_lib.show.case import first
from jiebei_lib.show.money.words import EXAMPLE, rate

# A weight is kept in six bytes, as a whole number of steps above the least of its column: the error, some 1e-14, is far below
# what any answer shows, and a page is a quarter smaller than with eight.
BYTES, BASE = 6, 256
CONDITIONS = (
    "when",
    "from_day",
    "to_day",
    "from",
    "until",
    "lenders",
    "against",
    "contact",
    "days",
    "pay",
    "communication",
)
# The sentences of page/text that words.js and the page say; a name that ends in a dot is all that stands below it.
SAID = (
    *("page.question", "page.question_before", "page.reported", "page.reported_long", "page.kicker", "page.what_if"),
    *("page.byline", "facts.", "basis.", "case.first."),
    *("case.changes.", "case.may.", "case.caller.", "case.consequences.", "case.today.", "case.next.", "case.limits.heading"),
    *("case.readings.note", "case.reached", "case.history", "money.heading", "money.report.", "policy.in_time.older"),
    *("policy.in_time.stale", "light.page."),
)  # fmt: skip


def knowledge(policy: Policy | str = "article", langs: Iterable[str] = LANGUAGES) -> dict[str, Any]:
    """All that the engine and its words need to answer any case under a policy, in the languages asked for: plain data for JSON."""
    policy, langs = load_policy(policy), tuple(langs)
    data = {
        "model": _model(),
        "format": {"least": NEARLY[0], "most": NEARLY[1], "whole_from": WHOLE_FROM, "capital": ["en"]},
        "fields": {name: _field(name, langs) for name in FIELDS if name != "case_id"},
        "witnesses": [_witness(one, langs) for one in witnesses(policy)],
        "rules": _rules(policy),
        "questions": {name: entry["text"] for name, entry in policy.data["questions"].items()},
        "cost": _cost(policy),
        "time": _time(policy),
        "text": {lang: _text(lang) for lang in langs},
    }
    return in_languages(data, langs)


def in_languages(node: Any, langs: Iterable[str]) -> Any:
    """Plain data with each ``{zh, en}`` cut down to some languages."""
    if isinstance(node, Mapping):
        kept = langs if set(node) == set(LANGUAGES) else node
        return {key: in_languages(node[key], langs) for key in kept}
    return [in_languages(each, langs) for each in node] if isinstance(node, list | tuple) else node


def _model() -> dict[str, Any]:
    return {
        "pressed": list(PRESSED),
        "scored": list(SCORED),
        "ways": list(WAYS),
        "verdict_of": dict(zip(GRADES, (VERDICTS[n] for n in VERDICT_OF), strict=True)),
        "majority": MAJORITY,
        "hair": HAIR,
        "digits": 6,  # to which a part of an amount is rounded before it is rounded up, as compare.py does
        "least_amount": Case(days_overdue=0).amounts[0],
        "told": first.TOLD,
        "done": first.DONE,
        "shown_part": "pay_half",
        "old": "check_limitation",
    }


def _field(name: str, langs: tuple[str, ...]) -> dict[str, Any]:
    spec = FIELDS[name]
    found = {
        key: spec[key]
        for key in ("type", "minimum", "exclusive_minimum", "maximum", "levels", "required", "span")
        if key in spec
    }
    labels = spec.get("labels")
    if isinstance(labels, str):
        labels = {level: entry["name"] for level, entry in load_policy().data["factors"][name]["levels"].items()}
    allowed_words = {lang: allowed(name).say(lang) for lang in langs}
    told = {"name": spec["name"], "description": spec["description"], "allowed": allowed_words, "labels": labels}
    return found | told | {"unit": UNITS.get(name), "unit_name": spec.get("unit"), "about": spec.get("about", "score")}


def _witness(policy: Policy, langs: tuple[str, ...]) -> dict[str, Any]:
    """One witness's readings and what its own rules say of factors, grades and steps."""
    readings, factors = policy.readings, policy.data["factors"]
    side = {"policy": policy.label, "name": policy.data["name"]}
    return side | {
        "by": {lang: first.by(side, lang) for lang in langs},
        "longest": policy.value("factors.days.pressing"),
        "levels": {
            name: [factors[name]["levels"][level]["value"] for level in FIELDS[name]["levels"]]
            for name in ("communication", "contacts")
        },
        "amount": [factors["amount"][key]["value"] for key in ("protective", "pressing")],
        "history": {key: entry["value"] for key, entry in factors["history"].items() if _is_number(entry)},
        "grades": {name: entry["value"] for name, entry in policy.data["grades"].items()},
        "days": list(readings.days),
        "first_days": [[day, int(count)] for day in readings.days if (count := (readings.first_day == day).sum())],
        "ranks": [max(0, math.ceil(part * len(readings.samples)) - 1) for part in NINE_IN_TEN],
        "vertices": readings.vertices.tolist(),
        "samples": packed(readings.samples),
        "questions": {name: entry["levels"] for name, entry in policy.data["questions"].items()},
        "steps": {name: _conditions(rule) for name, rule in policy.data["steps"].items()},
        "references": {name: _conditions(rule) for name, rule in policy.data["references"].items()},
    }


def packed(table: np.ndarray) -> dict[str, Any]:
    """A table (N, k) of numbers column by column, each number in :data:`BYTES` bytes (the least first), as base64."""
    low = table.min(axis=0)
    step = (table.max(axis=0) - low) / (BASE**BYTES - 1)
    whole = np.rint((table - low) / np.where(step > 0, step, 1)).astype("<u8")
    content = whole.T.copy().view("u1").reshape(*whole.T.shape, 8)[:, :, :BYTES]
    data = base64.b64encode(content.tobytes()).decode()
    return {"bytes": BYTES, "base": BASE, "rows": len(table), "low": low.tolist(), "step": step.tolist(), "data": data}


def _is_number(entry: Any) -> bool:
    return isinstance(entry, Mapping) and "value" in entry


def _conditions(rule: Mapping[str, Any]) -> dict[str, Any]:
    """When a rule holds and what it sets, without its words; of a parameter its number."""
    found = {key: rule[key] for key in CONDITIONS if key in rule}
    return {key: value["value"] if _is_number(value) else value for key, value in found.items()}


def _told(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule as it goes out: conditions, words, and what it rests on."""
    own = "article" if rule["basis"] == "documented" else None
    out = _conditions(rule) | {key: rule[key] for key in ("text", "short", "name", "binds") if key in rule}
    cites = {lang: cited_all(rule["cite"], lang, own) for lang in LANGUAGES}
    return out | {"basis": rule["basis"], "reported": rule.get("confidence") in ("S", "S+"), "cites": cites}


def _rules(policy: Policy) -> dict[str, Any]:
    data = policy.data
    conduct, advice = data["conduct"], data["advice"]
    tables = {
        "stages": data["timeline"]["stages"],
        "third_persons": conduct["third_persons"],
        "unreachable_conditions": conduct["unreachable_conditions"],
        "conflicts": conduct["conflicts"],
        "answers": conduct["answers"],
        "actions": advice["actions"],
        "words": advice["words"],
        "consequences": data["consequences"],
        "steps": data["steps"],
        "references": data["references"],
        "limits": data["limits"],
    }
    out = {kind: {name: _told(rule) for name, rule in table.items()} for kind, table in tables.items()}
    for name, rule in data["consequences"].items():
        paths = rule.get("parameters") or []
        out["consequences"][name]["values"] = {path.rsplit(".", 1)[1]: _dated(path, policy) for path in paths}
    established = conduct["established_by"].items()
    return out | {
        "reachable": conduct["reachable"]["values"],
        "established_by": {name: {key: entry[key] for key in ("condition", "value")} for name, entry in established},
        "caller": {
            side: {name: _told(rule) for name, rule in conduct["caller"][side].items()} for side in ("may", "may_not")
        },
    }


def _dated(path: str, policy: Policy) -> list[dict[str, str]]:
    """A parameter's values as they are written, each with the first day on which it holds."""
    node: Any = policy.data
    for key in path.split("."):
        node = node[key]
    dated = node.get("values") or [{"from": "", "value": node["value"]}]
    return [{"from": entry["from"], "value": str(entry["value"])} for entry in dated]


def _cost(policy: Policy) -> dict[str, Any]:
    """What a day costs of one yuan at the lowest and at the highest rate that pages report, as exact fractions."""
    multiple = policy.value("cost.penalty_multiple")
    ends = {end: policy.value(f"cost.daily_rate_{end}") for end in ("low", "high")}
    exact = [Fraction(str(value)) * Fraction(str(multiple)) for value in ends.values()]
    names = {"multiple": str(multiple)} | {end: rate(value) for end, value in ends.items()}
    rates = [[one.numerator, one.denominator] for one in exact]
    return {"rates": rates, "names": names, "waits": list(WAITS), "example": EXAMPLE}


def _time(policy: Policy) -> dict[str, Any]:
    """From which the page tells that rules changed after a day, or have not been checked for long."""
    checked = [source["checked"] for source in policy.sources.values() if source.get("checked")]
    known = max(checked)
    found = {one.on for one in changes(policy.data["conduct"], "", known) if one.kind != VALUE}
    return {
        "known": known,
        "changes": sorted(found),
        "checked": checked,
        "check_after": int(policy.value("in_time.check_after")),
    }


def _text(lang: str) -> dict[str, Any]:
    """The sentences that a case's page says, and the few words that are made for a number."""
    under, over = (percent((NEARLY[end] + end) / 2, lang) for end in (0, 1))
    own = {"under": under, "over": over, "blank": say("light.blank", lang), "join": say("light.join", lang)}
    return texts(lang, SAID) | own


def texts(lang: str, keys: Iterable[str]) -> dict[str, Any]:
    """Sentences by their dotted keys; of a key that ends in a dot all that stand below it."""
    found: dict[str, Any] = {}
    for key in keys:
        topic, *rest = key.rstrip(".").split(".")
        own = f"page/text/{topic}.yaml"
        node = shipped(own) if (HERE / own).exists() else shipped("page/text/shared.yaml")[topic]
        for part in rest:
            node = node[part]
        found |= _flat(key.rstrip("."), node, lang)
    return found


def _flat(key: str, node: Any, lang: str) -> dict[str, Any]:
    if set(node) == set(LANGUAGES):
        return {key: node[lang]}
    return {name: text for part, below in node.items() for name, text in _flat(f"{key}.{part}", below, lang).items()}
