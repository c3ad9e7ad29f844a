"""A policy as controls: every statement and number with its basis, source and range; and back, controls as changes to a policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jiebei_lib.core.case import FIELDS
from jiebei_lib.core.knowledge.yaml_files import dumped, shipped
from jiebei_lib.core.policy import BUILT_IN, Policy
from jiebei_lib.page.text import LANGUAGES, cited, say
from jiebei_lib.show.widget.fields import Field, both, button, choice, file, group, number, table
from jiebei_lib.show.widget.fields import check as tick

SPREAD = "timeline.first_possible_day.spread"
FIRST = "promise_without_action"
LOG = 40  # a range whose ends differ by more than this is moved in equal ratios
FINEST = {"levels": 0.05, "at_least": 0.001, "at_most": 0.001}  # the slider's step, by key


def bench_fields(policy: Policy) -> list[Field]:
    """A policy's statements and numbers as controls, and around them what to start from, save and load."""
    cases = {name: both(f"case.preset.{name}") for name in shipped("page/text/case.yaml")["preset"]}
    factors, constraints = policy.data["factors"], policy.data["constraints"]
    levels = [name for name, entry in constraints.items() if entry["kind"] in ("neutral", "level")]
    kept_files = [file("file", both("policy.bench.file"), accept=".yaml,.yml", note=both("policy.bench.file_note"))]
    kept_files += [button(name, both(f"policy.bench.{name}")) for name in ("load", "save")]
    return [
        choice("case", both("policy.bench.case"), cases, FIRST, look="select"),
        *(button(f"start_{name}", both(f"policy.bench.start_{name}")) for name in BUILT_IN),
        button("reset", both("policy.bench.reset")),
        group(
            both("policy.bench.statements"),
            [field for name in constraints for field in _statement(name, policy)],
            open=False,
            note=both("policy.bench.statements_note"),
        ),
        group(
            both("policy.bench.strengths"),
            [
                _number(f"strengths.{name}.{end}", policy)
                for name in policy.data["strengths"]
                for end in ("at_least", "at_most")
            ],
            open=False,
            note=both("policy.bench.strengths_note"),
        ),
        group(
            both("policy.bench.neutral"),
            [
                _number(f"constraints.{name}.{end}", policy)
                for name in levels
                for end in ("at_least", "at_most")
                if end in constraints[name]
            ],
        ),
        *(_factor(name, policy) for name in factors),
        group(both("policy.bench.counting"), [_number("sampling.over_multiples", policy)], open=False),
        group(both("policy.bench.first_day"), [_spread(policy)], open=False),
        group(both("policy.bench.files"), kept_files, open=False),
    ]


def _statement(name: str, policy: Policy) -> list[Field]:
    """A statement that counts or not, and of a strength how strong."""
    entry = policy.data["constraints"][name]
    found = [tick(f"constraints.{name}", entry["text"], True, badge=entry["basis"], note=_source(entry))]
    if entry["kind"] == "strength":
        label = {
            lang: say("policy.bench.strength", lang, factor=policy.data["factors"][entry["factor"]]["name"][lang])
            for lang in LANGUAGES
        }
        options = {key: strength["name"] for key, strength in policy.data["strengths"].items()}
        found.append(
            choice(f"constraints.{name}.strength", label, options, entry["strength"], look="select", badge="assumption")
        )
    return found


def _factor(name: str, policy: Policy) -> Field:
    factor = policy.data["factors"][name]
    paths = [f"levels.{level}" for level in factor.get("levels", {})]
    paths += [key for key, entry in factor.items() if isinstance(entry, Mapping) and "range" in entry]
    label = {lang: say("policy.bench.levels", lang, name=factor["name"][lang]) for lang in LANGUAGES}
    note = both("policy.bench.levels_note") if "levels" in factor else factor["description"]
    return group(label, [_number(f"factors.{name}.{path}", policy) for path in paths], open=False, note=note)


def _number(path: str, policy: Policy) -> Field:
    entry: Any = policy.data
    for key in path.split("."):
        entry = entry[key]
    low, high = entry["range"]
    last = path.split(".")[-2 if ".levels." in path else -1]
    whole = path == "factors.days.pressing" or last.startswith("score_")
    log = low > 0 and high / low > LOG and path.split(".")[0] != "constraints"
    step = 1 if whole else FINEST.get(last) if not log else None
    note = {
        lang: say(
            "policy.bench.note_range", lang, text=_closed(entry["description"][lang], lang), cites=_cites(entry, lang),
            low=f"{low:,.7g}", high=f"{high:,.7g}",
        )
        for lang in LANGUAGES
    }  # fmt: skip
    return number(
        path, entry["name"], entry["value"], low, high,
        whole=whole, slider=(low, high), log=log, step=step, unit=entry["unit"], badge=entry["basis"], note=note,
    )  # fmt: skip


def _spread(policy: Policy) -> Field:
    entry = policy.data["timeline"]["first_possible_day"]
    columns = [
        number("day", both("policy.bench.day"), 7, *entry["range"]),
        number("weight", both("policy.bench.weight"), 1, 0.001, 1000, whole=False),
    ]
    note = {
        lang: say("policy.bench.note", lang, text=_closed(entry["description"][lang], lang), cites=_cites(entry, lang))
        for lang in LANGUAGES
    }
    return table(
        SPREAD, both("policy.bench.spread"), columns, entry["spread"], most=30, badge=entry["basis"], note=note
    )


def _source(entry: Mapping[str, Any]) -> dict[str, str]:
    return {lang: say("policy.bench.source", lang, cites=_cites(entry, lang)) for lang in LANGUAGES}


def _cites(entry: Mapping[str, Any], lang: str) -> str:
    return ("、" if lang == "zh" else ", ").join(cited(cite, lang) for cite in entry["cite"])


def _closed(text: str, lang: str) -> str:
    """A sentence with its full stop."""
    return text if text.endswith(("。", ".")) else text + ("。" if lang == "zh" else ".")


def changed(first: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """What the controls say that they did not at first, by key path; None for a statement that no longer counts."""
    changes = {
        name: None if values[name] is False else values[name]
        for name, value in first.items()
        if "." in name and name in values and values[name] != value
    }
    # Of a statement that is dropped nothing else can change.
    dropped = [name for name, value in changes.items() if value is None]
    return {name: value for name, value in changes.items() if not any(name.startswith(f"{gone}.") for gone in dropped)}


def pushed(
    limits: Mapping[str, tuple[float, float, bool]], before: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[str, Any]:
    """What moves along when a number is moved past one that must stay below or above it. ``limits``: least and greatest value of each
    number, and whether it is whole."""
    out: dict[str, Any] = {}
    for chain, apart in _chains(after):
        for at, name in enumerate(chain):
            if after[name] == before.get(name):
                continue
            for side in (1, -1):
                beside = chain[at + 1 :] if side > 0 else chain[:at][::-1]
                value = after[name]
                for other in beside:
                    low, high, whole = limits[other]
                    value = value + side * (1 if whole else apart)
                    if side * (after[other] - value) < 0:
                        out[other] = round(min(max(value, low), high), 6)
    return out


def _chains(values: Mapping[str, Any]) -> Iterator[tuple[list[str], float]]:
    """Numbers that must stay in order, the least first, and how far apart they must be."""
    for name in ("communication", "contacts"):
        levels = FIELDS[name]["levels"][:: 1 if name == "communication" else -1]
        yield [f"factors.{name}.levels.{level}" for level in levels], 0.0
    pairs = {"protective": "pressing", "score_pressing": "score_protective", "record_neutral": "record_pressing"}
    pairs |= {"at_least": "at_most"}
    for name in values:
        stem, _, last = name.rpartition(".")
        if last in pairs and f"{stem}.{pairs[last]}" in values:
            yield [name, f"{stem}.{pairs[last]}"], 0.001


def leaves(node: Any, path: tuple[str, ...] = ()) -> Any:
    """Every value at the end of a nested mapping, with its key path."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from leaves(value, (*path, key))
    else:
        yield ".".join(path), node


def overlay_text(policy: Policy) -> str:
    """A policy's changes as an overlay file."""
    notes = "".join(f"# {say('policy.bench.saved_note', lang)}\n" for lang in LANGUAGES)
    return notes + dumped({"base": policy.base, **policy.overlay})
