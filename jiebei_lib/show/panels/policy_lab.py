"""The policy bench: every statement and number of a policy as a control, and what hangs on them (notebook 02_policy_lab)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np

from jiebei_lib.case import FIELDS, Case, yaml_content
from jiebei_lib.policy import BUILT_IN, Policy, from_overlay, load_policy
from jiebei_lib.problems import PolicyError
from jiebei_lib.scoring.readings import FACTORS
from jiebei_lib.scoring.score import score_cases
from jiebei_lib.scoring.sensitivity import MEASURES, Moved, compared, tornado
from jiebei_lib.show import policy_figures as figures
from jiebei_lib.show.figures import ranges_figure, witness_name
from jiebei_lib.show.figures import readings_figure as dots_figure
from jiebei_lib.show.page import Words, environment
from jiebei_lib.show.panels.casework import Quick, answer_words, example, values_of
from jiebei_lib.show.panels.fields import (
    Field,
    both,
    button,
    choice,
    file,
    first_values,
    group,
    number,
    table,
    text,
)
from jiebei_lib.show.panels.fields import check as tick
from jiebei_lib.show.panels.kit import Download, Later, Panel
from jiebei_lib.show.text import LANGUAGES, cited, of_hundred, percent, say
from jiebei_lib.yamls import shipped

SPREAD = "timeline.first_possible_day.spread"
FIRST = "promise_without_action"
QUIET = 0.5  # seconds without a change on the bench after which the other panels follow
LOG = 40  # a range whose ends differ by more than this is moved in equal ratios
FINEST = {"levels": 0.05, "at_least": 0.001, "at_most": 0.001}  # the slider's step, by key


class Bench(Panel):
    """The controls of a policy. ``policy()`` is what they say now."""

    def __init__(self) -> None:
        self.start = load_policy()
        presses = {f"start_{name}": partial(self._begin, load_policy(name)) for name in BUILT_IN}
        presses |= {"load": self._load, "save": self._save, "reset": lambda values, panel: self.begin(self.start)}
        fields = bench_fields(self.start)
        self._first = first_values(fields)
        super().__init__(fields, self._drawn, presses=presses, name="bench")

    def policy(self, values: Mapping[str, Any] | None = None) -> Policy:
        """The start with every change that the controls make. Raises :class:`PolicyError` if they contradict each other."""
        changes = changed(self._first, self.values if values is None else values)
        return self.start.replace(changes) if changes else self.start

    def case(self) -> Case:
        return example(self.values["case"])

    def begin(self, policy: Policy) -> None:
        """Starts over from a policy."""
        self.start = policy
        fields = bench_fields(policy)
        self._first = first_values(fields)
        with self.hold_sync():
            self.fields = fields
            self.values = {**self._first, "case": self.values["case"]}
        self.redraw()

    def _begin(self, policy: Policy, values: Mapping[str, Any], panel: Panel) -> None:
        self.tell(None)
        self.begin(policy)

    def _load(self, values: Mapping[str, Any], panel: Panel) -> None:
        given = values["file"]
        if not given:
            self.tell(both("lab.bench.no_file"))
            return
        loaded = from_overlay(yaml_content(given["text"], given["name"], PolicyError), given["name"], passing=True)
        self.begin(loaded)
        number_of = sum(1 for _ in leaves(loaded.overlay))
        self.tell(both("lab.bench.loaded", name=given["name"], n=number_of))

    def _save(self, values: Mapping[str, Any], panel: Panel) -> Download:
        return Download("changes.yaml", overlay_text(self.policy(values)), "application/yaml")

    def _drawn(self, values: Mapping[str, Any], lang: str) -> dict[str, list[Any]]:
        return draw_bench(self.start, self.policy(values), example(values["case"]), lang)


def policy_bench() -> Bench:
    """Every statement and number of a policy as a control; the answer for one case, before and after."""
    return Bench()


def overlay_text(policy: Policy) -> str:
    """A policy's changes as an overlay file."""
    import yaml

    notes = "".join(f"# {say('lab.bench.saved_note', lang)}\n" for lang in LANGUAGES)
    return notes + yaml.safe_dump({"base": policy.base, **policy.overlay}, sort_keys=False, allow_unicode=True)


# ---- The controls -----------------------------------------------------------------------------------------------------


def bench_fields(policy: Policy) -> list[Field]:
    """A policy's statements and numbers as controls, and around them what to start from, save and load."""
    cases = {name: both(f"bench.preset.{name}") for name in shipped("show/text/bench.yaml")["preset"]}
    factors, constraints = policy.data["factors"], policy.data["constraints"]
    neutral = [name for name, entry in constraints.items() if entry["kind"] == "neutral"]
    kept_files = [file("file", both("lab.bench.file"), accept=".yaml,.yml", note=both("lab.bench.file_note"))]
    kept_files += [button(name, both(f"lab.bench.{name}")) for name in ("load", "save")]
    return [
        choice("case", both("lab.bench.case"), cases, FIRST, look="select"),
        *(button(f"start_{name}", both(f"lab.bench.start_{name}")) for name in BUILT_IN),
        button("reset", both("lab.bench.reset")),
        group(
            both("lab.bench.statements"),
            [field for name in constraints for field in _statement(name, policy)],
            open=False,
            note=both("lab.bench.statements_note"),
        ),
        group(
            both("lab.bench.strengths"),
            [
                _number(f"strengths.{name}.{end}", policy)
                for name in policy.data["strengths"]
                for end in ("at_least", "at_most")
            ],
            open=False,
            note=both("lab.bench.strengths_note"),
        ),
        group(
            both("lab.bench.neutral"),
            [_number(f"constraints.{name}.{end}", policy) for name in neutral for end in ("at_least", "at_most")],
        ),
        *(_factor(name, policy) for name in factors),
        group(both("lab.bench.first_day"), [_spread(policy)], open=False),
        group(both("lab.bench.files"), kept_files, open=False),
    ]


def _statement(name: str, policy: Policy) -> list[Field]:
    """A statement that counts or not, and of a strength how strong."""
    entry = policy.data["constraints"][name]
    found = [tick(f"constraints.{name}", entry["text"], True, badge=entry["basis"], note=_source(entry))]
    if entry["kind"] == "strength":
        label = {
            lang: say("lab.bench.strength", lang, factor=policy.data["factors"][entry["factor"]]["name"][lang])
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
    label = {lang: say("lab.bench.levels", lang, name=factor["name"][lang]) for lang in LANGUAGES}
    note = both("lab.bench.levels_note") if "levels" in factor else factor["description"]
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
            "lab.bench.note_range", lang, text=_closed(entry["description"][lang], lang), cites=_cites(entry, lang),
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
        number("day", both("lab.bench.day"), 7, *entry["range"]),
        number("weight", both("lab.bench.weight"), 1, 0.001, 1000, whole=False),
    ]
    note = {
        lang: say("lab.bench.note", lang, text=_closed(entry["description"][lang], lang), cites=_cites(entry, lang))
        for lang in LANGUAGES
    }
    return table(SPREAD, both("lab.bench.spread"), columns, entry["spread"], most=30, badge=entry["basis"], note=note)


def _source(entry: Mapping[str, Any]) -> dict[str, str]:
    return {lang: say("lab.bench.source", lang, cites=_cites(entry, lang)) for lang in LANGUAGES}


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


def leaves(node: Any, path: tuple[str, ...] = ()) -> Any:
    """Every value at the end of a nested mapping, with its key path."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from leaves(value, (*path, key))
    else:
        yield ".".join(path), node


# ---- What is shown ----------------------------------------------------------------------------------------------------


def words(section: str, lang: str, *given: Any) -> Words:
    """A section of lab.html.j2, finished."""
    template = environment().get_template("panels/lab.html.j2").module
    return Words(str(getattr(template, section)(*given, partial(_say, lang))).strip())


def _say(lang: str, key: str, **slots: Any) -> str:
    return say(f"lab.{key}", lang, **slots)


def name_of(policy: Policy, lang: str) -> str:
    return witness_name({"name": policy.data["name"], "policy": policy.label}, lang)


def draw_bench(start: Policy, policy: Policy, case: Case, lang: str) -> dict[str, list[Any]]:
    """The sentence, before and after side by side, what was changed."""
    answers = [(say("lab.bench.before", lang, name=name_of(start, lang)), start)]
    answers += [(say("lab.bench.after", lang), policy)] if policy is not start else []
    answers += [(say("lab.bench.article", lang), load_policy())] if start.label != "article" else []
    quick = {name: Quick.of(case, one) for name, one in answers}
    counts = [of_hundred(one.share) for one in quick.values()]
    key = "title_start" if policy is start else "title" if counts[0] != counts[1] else "title_same"
    title = say(f"lab.bench.{key}", lang, before=counts[0], after=counts[0 if policy is start else 1])
    rows = [(name, one.verdict, one.likelihood, one.share) for name, one in quick.items()]
    answer = Quick.of(case, policy)
    return {
        "top": [answer_words(answer, lang, policy)],
        "beside": [
            ranges_figure("bench", rows, title, say("lab.bench.table", lang), lang),
            words("changes", lang, changes_shown(start, policy, lang)),
            dots_figure(answer, case, policy, lang),
        ],
    }


def changes_shown(start: Policy, policy: Policy, lang: str) -> list[tuple[str, str, str, tuple[str, str]]]:
    """Name, before, now and basis of every change."""
    rows = []
    for path, value in leaves(policy.overlay):
        before = _plain_value(start.data, path)
        if value is not None and before == value:
            continue
        origin = load_policy(start.base) if before is None else start
        entry = _entry(origin.data, path)
        basis = entry.get("basis", "assumption")
        shown = [_shown(before, lang), _shown(value, lang)]
        rows.append((figures.parameter_name(path, origin, lang), *shown, (basis, say(f"basis.{basis}", lang))))
    return rows


def _entry(node: Any, path: str) -> Mapping[str, Any]:
    """The statement or parameter that a key path lies in."""
    found: Mapping[str, Any] = {}
    for key in path.split("."):
        node = node.get(key) if isinstance(node, Mapping) else None
        found = node if isinstance(node, Mapping) and "basis" in node else found
    return found


def _plain_value(node: Any, path: str) -> Any:
    for key in path.split("."):
        node = node.get(key) if isinstance(node, Mapping) else None
    return node["value"] if isinstance(node, Mapping) and "value" in node else node


def _shown(value: Any, lang: str) -> str:
    if value is None:
        return say("lab.bench.dropped", lang)
    if isinstance(value, Mapping):
        return say("lab.bench.kept", lang)
    if isinstance(value, list):
        return ", ".join(f"{entry['day']} ({entry['weight']:g})" for entry in value)
    return f"{value:,.7g}" if isinstance(value, int | float) else str(value)


def follow(panel: Panel, bench: Bench) -> Panel:
    """Draws a panel anew once the bench has been left alone for a moment; at once where no event loop runs."""
    waiting: list[Any] = []

    def moved(_: Any) -> None:
        while waiting:
            waiting.pop().cancel()
        with suppress(RuntimeError):
            waiting.append(asyncio.get_running_loop().call_later(QUIET, panel.redraw))
            return
        panel.redraw()

    bench.observe(moved, ["values", "fields"])
    return panel


def verdict_table(bench: Bench) -> Panel:
    """A table of cases under the bench's policy and another: who changes verdict, and why."""
    others = {"start": both("lab.verdicts.start"), **{name: load_policy(name).data["name"] for name in BUILT_IN}}
    names = shipped("show/text/bench.yaml")["preset"]
    rows = [{"case_id": name, **values_of(example(name))} for name in names]
    fields = [
        choice("against", both("lab.verdicts.against"), others, "published"),
        group(
            both("lab.verdicts.cases"),
            [table("cases", both("lab.verdicts.cases"), _columns(), rows, most=40)],
            open=False,
        ),
    ]

    def draw(values: Mapping[str, Any], lang: str) -> dict[str, list[Any]]:
        before = bench.start if values["against"] == "start" else load_policy(values["against"])
        after = bench.policy()
        cases = [Case.of(row, f"{n}") for n, row in enumerate(values["cases"], 1)]
        called = {name: both(f"bench.preset.{name}")[lang] for name in names}
        return {"below": [Later(lambda: [_verdicts(compared(cases, before, after), before, after, called, lang)])]}

    return follow(Panel(fields, draw, name="verdicts"), bench)


def _columns() -> list[Field]:
    columns = [text("case_id", both("lab.verdicts.id"), "case", longest=64)]
    for name, spec in FIELDS.items():
        if spec["type"] == "level":
            levels = load_policy().data["factors"][name]["levels"]
            options = {level: levels[level]["name"] for level in spec["levels"]}
            columns.append(choice(name, spec["name"], options, optional=True, look="select"))
        elif spec["type"] != "text":
            low, above = spec.get("minimum", spec.get("exclusive_minimum")), "exclusive_minimum" in spec
            first = {"days_overdue": 7, "amount_overdue": 8000}.get(name)
            whole, optional = spec["type"] == "integer", not spec["required"]
            columns.append(
                number(name, spec["name"], first, low, spec["maximum"], whole=whole, above=above, optional=optional)
            )
    return columns


def _verdicts(found: list[Moved], before: Policy, after: Policy, called: Mapping[str, str], lang: str) -> Words:
    moved = sum(one.before != one.after for one in found)
    sentence = say(f"lab.verdicts.{'some' if moved else 'none'}", lang, n=len(found), moved=moved)
    head = say("lab.verdicts.head", lang, before=name_of(before, lang), after=name_of(after, lang)).split("|")
    rows = []
    for one in sorted(found, key=lambda one: one.before == one.after):
        ranges = [
            say("lab.verdicts.range", lang, low=percent(one.low[n], lang, True), high=percent(one.high[n], lang, True))
            for n in (0, 1)
        ]
        counts = [str(of_hundred(share)) for share in one.share]
        names = [
            figures.parameter_name(path, after if path.split(".")[-1] != "strength" else before, lang)
            for path in one.because
        ]
        why = say("lab.verdicts.alone", lang, names=("；" if lang == "zh" else "; ").join(names)) if names else None
        why = why or say(f"lab.verdicts.{'stays' if one.before == one.after else 'together'}", lang)
        verdicts = [say(f"verdict.{verdict}", lang) for verdict in (one.before, one.after)]
        pairs = [
            say("lab.verdicts.arrow", lang, before=a, after=b) if a != b else a for a, b in (verdicts, ranges, counts)
        ]
        rows.append([called.get(one.case_id, one.case_id), *pairs, why])
    return words("verdicts", lang, sentence, head, rows)


def assumptions(bench: Bench) -> Panel:
    """Which assumption the answer hangs on most."""
    fields = [choice("measure", both("lab.tornado.measure"), {name: both(f"lab.tornado.{name}") for name in MEASURES})]

    def draw(values: Mapping[str, Any], lang: str) -> dict[str, list[Any]]:
        policy, case, measure = bench.policy(), bench.case(), values["measure"]
        now = float(getattr(score_cases([case], policy), measure)[0])
        made = partial(tornado, case, policy, measure)
        return {"beside": [Later(lambda: [figures.tornado_figure(made(), now, measure, policy, lang)])]}

    return follow(Panel(fields, draw, name="assumptions"), bench)


def two_facts(bench: Bench) -> Panel:
    """The likelihood over two chosen facts."""
    names = {name: FIELDS[name]["name"] for name in (*figures.GRID, "communication", "contacts")}
    fields = [
        choice("x", both("lab.map.x"), names, "amount_overdue", look="select"),
        choice("y", both("lab.map.y"), names, "communication", look="select"),
        choice(
            "measure",
            both("lab.tornado.measure"),
            {name: both(f"lab.tornado.{name}") for name in MEASURES},
            look="select",
        ),
    ]

    def draw(values: Mapping[str, Any], lang: str) -> list[Any]:
        if values["x"] == values["y"]:
            return [words("kept", lang, say("lab.map.same", lang))]
        chosen = (values["x"], values["y"])
        return [figures.map_figure(bench.case(), bench.policy(), chosen, values["measure"], lang)]

    return follow(Panel(fields, draw, name="two-facts"), bench)


AXES = ("neutral", *FACTORS, "first_day", "answer")


def all_readings(bench: Bench) -> Panel:
    """The readings themselves: brush an axis, or set its limits, and see the answers that are left."""
    names = {name: _axis_label(name) for name in AXES}
    bounds = {name: (0, 1) if name in ("neutral", "answer") else (0.001, 3650) for name in AXES}
    limits = [
        number(
            f"{end}_{name}", {lang: say(f"lab.readings.{key}", lang, name=names[name][lang]) for lang in LANGUAGES}, None,
            *bounds[name], whole=False, optional=True, start=bounds[name][end == "high"],
        )
        for name in AXES
        for end, key in (("low", "from_"), ("high", "to"))
    ]  # fmt: skip
    fields = [group(both("lab.readings.brush"), limits, open=False), button("all", both("lab.readings.all"))]

    def draw(values: Mapping[str, Any], lang: str) -> dict[str, list[Any]]:
        policy, case = bench.policy(), bench.case()
        axes = figures.axes_of(case, policy, lang)
        kept, limits = within(axes, values)
        answers = axes["answer"][1][kept]
        sentence = say("lab.readings.title_none", lang)
        if kept.any():
            ends = {"low": percent(float(answers.min()), lang), "high": percent(float(answers.max()), lang)}
            sentence = say("lab.readings.sentence", lang, drawn=f"{len(kept):,}", kept=f"{int(kept.sum()):,}", **ends)
        return {
            "top": [words("kept", lang, sentence)],
            "below": [figures.readings_figure(case, policy, kept, limits, lang)],
        }

    def brushed(values: Mapping[str, Any], event: Mapping[str, Any]) -> dict[str, float | None]:
        shown = list(figures.axes_of(bench.case(), bench.policy(), "en"))
        return limits_of(event.get("changes", {}), shown)

    def keep_all(values: Mapping[str, Any], panel: Panel) -> dict[str, None]:
        return dict.fromkeys(field["name"] for field in limits)

    panel = Panel(fields, draw, presses={"all": keep_all}, picks={"readings-lines": brushed}, name="all-readings")
    return follow(panel, bench)


def _axis_label(name: str) -> dict[str, str]:
    if name in FACTORS:
        return {
            lang: say("lab.readings.times", lang, name=say(f"lab.readings.short.{name}", lang)) for lang in LANGUAGES
        }
    return both(f"lab.readings.{name}")


def within(
    axes: Mapping[str, tuple[str, np.ndarray]], values: Mapping[str, Any]
) -> tuple[np.ndarray, dict[str, tuple[float, float]]]:
    """Which readings lie within all limits (N,), and the limits that are set, as far as there are readings."""
    kept, limits = np.ones(len(axes["answer"][1]), bool), {}
    for name, (_, found) in axes.items():
        low, high = values.get(f"low_{name}"), values.get(f"high_{name}")
        if low is None and high is None:
            continue
        low, high = (found.min() if low is None else low), (found.max() if high is None else high)
        limits[name] = (float(low), float(high))
        kept &= (found >= low) & (found <= high)
    return kept, limits


def limits_of(changes: Mapping[str, Any], shown: list[str]) -> dict[str, float | None]:
    """What was brushed in the chart, as values of the controls: of several pieces on one axis the stretch that holds them all."""
    out: dict[str, float | None] = {}
    for key, value in changes.items():
        place = key.removeprefix("dimensions[").partition("]")[0]
        if "constraintrange" not in key or not place.isdigit() or int(place) >= len(shown):
            continue
        name = shown[int(place)]
        ends = np.ravel([end for end in np.ravel(np.array(value, dtype=object)) if end is not None]).astype(float)
        for end, found in (("low", min), ("high", max)):
            out[f"{end}_{name}"] = float(f"{figures.off_axis(name, found(ends)):.4g}") if len(ends) else None
    return out
