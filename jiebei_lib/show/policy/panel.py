"""The policy bench: every statement and number of a policy as a control, and what hangs on them (notebook 02_policy_lab)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from jiebei_lib.core.assessment import Assessment, assess
from jiebei_lib.core.assessment import answer as answered
from jiebei_lib.core.case import FIELDS, Case
from jiebei_lib.core.knowledge.problems import PolicyError, Problem
from jiebei_lib.core.knowledge.user_files import yaml_content
from jiebei_lib.core.knowledge.yaml_files import shipped
from jiebei_lib.core.policy import BUILT_IN, Policy, from_overlay, load_policy
from jiebei_lib.core.scoring.score import score_cases
from jiebei_lib.core.scoring.sensitivity import MEASURES, tornado
from jiebei_lib.core.tables.delimited import WrongRow
from jiebei_lib.page.html import Words, environment
from jiebei_lib.page.labels import Told
from jiebei_lib.page.marks import ranges_figure, sentences
from jiebei_lib.page.text import LANGUAGES, heads, of_hundred, percent, say, witness_name
from jiebei_lib.portfolio.changed import Moved, compared
from jiebei_lib.show.case.figures import readings_figure as dots_figure
from jiebei_lib.show.case.first import Quick
from jiebei_lib.show.case.panel import answer_words, example, readings_gauge, values_of
from jiebei_lib.show.policy import figures
from jiebei_lib.show.policy.controls import bench_fields, changed, leaves, overlay_text, pushed
from jiebei_lib.show.widget.composing import call, running_loop
from jiebei_lib.show.widget.facts import fact
from jiebei_lib.show.widget.fields import Field, both, choice, first_values, flat, group, table, text
from jiebei_lib.show.widget.panel import Download, Later, Panel
from jiebei_lib.show.widget.table_field import book_of, cases_file, wrong_words

MOST_CASES, LISTED = 500, 100  # rows of a loaded table; of these the ones that are listed
QUIET = 0.15  # seconds without a change on the bench after which the other panels follow


class Bench(Panel):
    """The controls of a policy. ``policy()`` is what they say now."""

    def __init__(self) -> None:
        self.start = load_policy()
        presses: dict[str, Callable[..., Any]]
        presses = {f"start_{name}": partial(self._begin, load_policy(name)) for name in BUILT_IN}
        presses |= {"load": self._load, "save": self._save, "reset": lambda values, panel: self.begin(self.start)}
        fields = bench_fields(self.start)
        self._first = first_values(fields)
        more: dict[str, Any] = {"value": self.policy, "result": self._assessed, "code": self._lines}
        super().__init__(fields, self._draw_bench, presses=presses, pushed=self._along, name="bench", **more)

    def policy(self, values: Mapping[str, Any] | None = None) -> Policy:
        """The start with every change that the controls make. Raises :class:`PolicyError` if they contradict each other."""
        changes = changed(self._first, self.values if values is None else values)
        try:
            return self.start.replace(changes) if changes else self.start
        except PolicyError as error:  # said by the labels here, and by them in the panels that follow
            raise PolicyError(map(self._spoken, error.problems)) from None

    def _spoken(self, problem: Problem) -> Problem:
        """A problem that names controls, statements and factors by their labels, whatever the language in which it is told."""
        labels = {name.removeprefix("constraints."): field["label"] for name, field in self._by_name().items()}
        labels |= {name: factor["name"] for name, factor in self.start.data["factors"].items()}

        def named(lang: str) -> Problem:
            if problem.where != "replace: constraints":
                return self._labelled(problem, lang)
            words_ = str(problem.slots["value"]).split(", ")
            said = [labels.get(word, {lang: word})[lang].rstrip("。.") for word in words_]
            return replace(problem, where=say("policy.bench.together", lang), slots={"value": sentences(said, lang)})

        told = {lang: named(lang) for lang in LANGUAGES}
        slots = {lang: {"where": one.where, **one.slots} for lang, one in told.items()}
        return replace(
            problem, slots={key: Told("", {lang: slots[lang][key] for lang in LANGUAGES}) for key in slots["zh"]}
        )

    def _along(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
        numbers = [field for field in flat(self.fields) if field["kind"] == "number"]
        if any(field["name"] not in before for field in numbers):
            return {}
        return pushed(
            {field["name"]: (field["low"], field["high"], field["whole"]) for field in numbers}, before, after
        )

    def case(self) -> Case:
        return example(self.values["case"])

    def _assessed(self, values: Mapping[str, Any]) -> Assessment:
        return assess(example(values["case"]), self.policy(values))

    def _lines(self, values: Mapping[str, Any]) -> list[str]:
        """The same in Python; nothing while the controls contradict each other."""
        with suppress(PolicyError):
            policy = self.policy(values)
            which = {"base": policy.base, **policy.overlay} if policy.overlay else policy.base
            return [
                "from jiebei_lib import Case, assess, example_file, load_policy",
                "",
                f"case = Case.read(example_file({values['case'] + '.yaml'!r}))",
                f"policy = {call('load_policy', which)}",
                "assess(case, policy)",
            ]
        return []

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
            self.tell(both("policy.bench.no_file"))
            return
        loaded = from_overlay(yaml_content(given["text"], given["name"], PolicyError), given["name"], passing=True)
        self.begin(loaded)
        number_of = sum(1 for _ in leaves(loaded.overlay))
        self.tell(both("policy.bench.loaded", name=given["name"], n=number_of))

    def _save(self, values: Mapping[str, Any], panel: Panel) -> Download:
        return Download("changes.yaml", overlay_text(self.policy(values)), "application/yaml")

    def _draw_bench(self, values: Mapping[str, Any], lang: str) -> dict[str, list[Any]]:
        return draw_bench(self.start, self.policy(values), example(values["case"]), lang)


def policy_bench() -> Bench:
    """Every statement and number of a policy as a control; the answer for one case, before and after."""
    return Bench()


def words(section: str, lang: str, *given: Any) -> Words:
    """A section of policy.html.j2, finished."""
    template = environment().get_template("show/policy/policy.html.j2").module
    return Words(
        str(getattr(template, section)(*given, lambda key, **slots: say(f"policy.{key}", lang, **slots))).strip()
    )


def name_of(policy: Policy, lang: str) -> str:
    return witness_name({"name": policy.data["name"], "policy": policy.label}, lang)


def draw_bench(start: Policy, policy: Policy, case: Case, lang: str) -> dict[str, Any]:
    """The sentence, before and after side by side, what was changed."""
    answers = [(say("policy.bench.before", lang, name=name_of(start, lang)), start)]
    answers += [(say("policy.bench.after", lang), policy)] if policy is not start else []
    answers += [(say("policy.bench.article", lang), load_policy())] if start.label != "article" else []
    quick = [(name, answered(case, one)) for name, one in answers]
    counts = [of_hundred(one["share"]) for _, one in quick]
    key = "title_start" if policy is start else "title" if counts[0] != counts[1] else "title_same"
    title = say(f"policy.bench.{key}", lang, before=counts[0], after=counts[0 if policy is start else 1])
    answer = Quick.of(case, policy)
    return {
        "gauge": readings_gauge(answer),
        "top": [answer_words(answer, lang)],
        "beside": [
            ranges_figure("bench", quick, title, heads("policy.bench.table", lang), lang),
            words("changes", lang, changes_shown(start, policy, lang), heads("policy.bench.changes_table", lang)),
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
        named, of = figures.parameter_name(path, origin, lang), (basis, say(f"basis.{basis}", lang))
        rows.append((named, _shown(before, lang), _shown(value, lang), of))
    return rows


def _entry(node: Any, path: str) -> Mapping[str, Any]:
    """The statement or parameter that a key path lies in."""
    entry: Mapping[str, Any] = {}
    for key in path.split("."):
        node = node.get(key) if isinstance(node, Mapping) else None
        entry = node if isinstance(node, Mapping) and "basis" in node else entry
    return entry


def _plain_value(node: Any, path: str) -> Any:
    for key in path.split("."):
        node = node.get(key) if isinstance(node, Mapping) else None
    return node["value"] if isinstance(node, Mapping) and "value" in node else node


def _shown(value: Any, lang: str) -> str:
    if value is None:
        return say("policy.bench.dropped", lang)
    if isinstance(value, Mapping):
        return say("policy.bench.kept", lang)
    if isinstance(value, list):
        return ", ".join(f"{entry['day']} ({entry['weight']:g})" for entry in value)
    return f"{value:,.7g}" if isinstance(value, int | float) else str(value)


def follow(panel: Panel, bench: Bench, wait: float = QUIET) -> Panel:
    """Draws a panel anew once the bench has been left alone for a moment (seconds); at once where no event loop runs."""
    waiting: list[Any] = []

    def moved(_: Any) -> None:
        while waiting:
            waiting.pop().cancel()
        if (loop := running_loop()) is not None:
            waiting.append(loop.call_later(wait, panel.redraw))
        else:
            panel.redraw()

    bench.observe(moved, ["values", "fields"])
    return panel


def verdict_table(bench: Bench) -> Panel:
    """A table of cases under the bench's policy and another: who changes verdict, and why."""
    others = {"start": both("policy.verdicts.start"), **{name: load_policy(name).data["name"] for name in BUILT_IN}}
    sources = {name: both(f"policy.verdicts.{name}") for name in ("page", "file")}
    names = shipped("page/text/case.yaml")["preset"]
    rows = [{"case_id": name, **values_of(example(name))} for name in names]
    fields = [
        choice("against", both("policy.verdicts.against"), others, "published"),
        choice("source", both("policy.verdicts.source"), sources),
        cases_file(note=both("policy.verdicts.limit", most=MOST_CASES)),
        group(
            both("policy.verdicts.cases"),
            [table("cases", both("policy.verdicts.cases"), _columns(), rows, most=40)],
            open=False,
        ),
    ]

    def draw(values: Mapping[str, Any], lang: str) -> dict[str, Any]:
        before = bench.start if values["against"] == "start" else load_policy(values["against"])
        after = bench.policy()
        called = {name: both(f"case.preset.{name}")[lang] for name in names}
        cases, wrong = _cases(values)
        found = Later(lambda: [_verdicts(compared(cases, before, after), before, after, called, lang)])
        return {"below": [*wrong_words(wrong, lang), found]}

    return follow(Panel(fields, draw, name="verdicts"), bench)


def _cases(values: Mapping[str, Any]) -> tuple[list[Case], list[WrongRow]]:
    """The cases on the page or in the loaded file, and what was wrong with rows of the file."""
    if values["source"] == "page":
        return [Case.of(row, f"{n}") for n, row in enumerate(values["cases"], 1)], []
    book = book_of(values["csv"], MOST_CASES)
    facts = book.table[list(FIELDS)].astype(object)
    rows = facts.where(facts.notna(), None).to_dict("records")
    return [Case.of(row, row["case_id"]) for row in rows], book.wrong


def _columns() -> list[Field]:
    first = {"days_overdue": 7, "amount_overdue": 8000}
    names = [name for name, spec in FIELDS.items() if spec["type"] != "text"]
    looks = {name: {"look": "select"} if FIELDS[name]["type"] == "level" else {} for name in names}
    columns = [fact(name, first.get(name), **looks[name]) for name in names]
    return [text("case_id", both("policy.verdicts.id"), "case", longest=64), *columns]


def _verdicts(found: list[Moved], before: Policy, after: Policy, called: Mapping[str, str], lang: str) -> Words:
    moved = sum(one.before != one.after for one in found)
    sentence = say(f"policy.verdicts.{'some' if moved else 'none'}", lang, n=len(found), moved=moved)
    head = heads("policy.verdicts.head", lang, before=name_of(before, lang), after=name_of(after, lang))
    rows = []
    for one in sorted(found, key=lambda one: one.before == one.after)[:LISTED]:
        ranges = [
            say(
                "policy.verdicts.range",
                lang,
                low=percent(one.low[n], lang, True),
                high=percent(one.high[n], lang, True),
            )
            for n in (0, 1)
        ]
        counts = [str(of_hundred(share)) for share in one.share]
        names = [
            figures.parameter_name(path, after if path.split(".")[-1] != "strength" else before, lang)
            for path in one.because
        ]
        why = say("policy.verdicts.alone", lang, names=("；" if lang == "zh" else "; ").join(names)) if names else None
        why = why or say(f"policy.verdicts.{'stays' if one.before == one.after else 'together'}", lang)
        verdicts = [say(f"verdict.{verdict}", lang) for verdict in (one.before, one.after)]
        pairs = [
            say("policy.verdicts.arrow", lang, before=a, after=b) if a != b else a
            for a, b in (verdicts, ranges, counts)
        ]
        rows.append([called.get(one.case_id, one.case_id), *pairs, why])
    return words("verdicts", lang, sentence, head, rows, len(found) - len(rows))


def assumptions(bench: Bench) -> Panel:
    """Which assumption the answer hangs on most."""
    fields = [
        choice("measure", both("policy.tornado.measure"), {name: both(f"policy.tornado.{name}") for name in MEASURES})
    ]

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
        choice("x", both("policy.map.x"), names, "amount_overdue", look="select"),
        choice("y", both("policy.map.y"), names, "communication", look="select"),
        choice("measure", both("policy.tornado.measure"), {name: both(f"policy.tornado.{name}") for name in MEASURES}),
    ]

    def draw(values: Mapping[str, Any], lang: str) -> list[Any]:
        if values["x"] == values["y"]:
            return [words("kept", lang, say("policy.map.same", lang))]
        chosen = (values["x"], values["y"])
        return [figures.map_figure(bench.case(), bench.policy(), chosen, values["measure"], lang)]

    return follow(Panel(fields, draw, name="two-facts"), bench)
