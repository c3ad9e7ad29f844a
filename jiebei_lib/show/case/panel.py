"""The panels on one case: every fact a control, the answer live beside it; two cases side by side; one example to start with."""

from __future__ import annotations

import html
from collections.abc import Mapping
from functools import cache
from typing import Any

from jiebei_lib.core.assessment import Assessment, assess, checked_date
from jiebei_lib.core.case import FIELDS, Case
from jiebei_lib.core.knowledge.yaml_files import beside, dumped, shipped
from jiebei_lib.core.policy import BUILT_IN, Policy, load_policy
from jiebei_lib.core.rules import advice, conduct
from jiebei_lib.page.html import Words
from jiebei_lib.page.marks import ranges_figure
from jiebei_lib.page.text import LANGUAGES, fold, heads, multiple, of_hundred, own, say, witness_name
from jiebei_lib.show.case import figures
from jiebei_lib.show.case.first import DONE, Quick, agreed, nine_in_ten, sentence
from jiebei_lib.show.case.page import CasePage
from jiebei_lib.show.widget.composing import Name, call, known_option
from jiebei_lib.show.widget.facts import explained_fact
from jiebei_lib.show.widget.fields import Field, both, button, choice, day, group, number, presets
from jiebei_lib.show.widget.panel import Download, Gauge, Later, Panel

FIRST = "silent"


def one_case(first: str = FIRST) -> Panel:
    """Every fact of a case as a control, and the whole answer beside it."""
    return Panel(
        case_fields(example(first)),
        draw_case,
        presses={"save": save, "report": make_report},
        slow={"report"},
        value=case_of,
        result=assessed,
        code=case_lines,
        command=case_command,
        name="one-case",
    )


def example(name: str) -> Case:
    """One of the invented cases that come with the project."""
    return Case.read(beside("cases") / f"{name}.yaml")


def case_fields(case: Case) -> list[Field]:
    """The controls for a case, starting from it."""
    situations = {
        name: (both(f"case.preset.{name}"), values_of(example(name)))
        for name in shipped("page/text/case.yaml")["preset"]
    }
    witnesses = {name: load_policy(name).data["name"] for name in BUILT_IN}
    return [
        presets(both("case.presets"), situations),
        explained_fact("days_overdue", case.days_overdue),
        explained_fact("amount_overdue", case.amount_overdue, log=True),
        explained_fact("communication", case.communication),
        group(
            both("case.history"),
            [
                explained_fact("zhima_score", case.zhima_score, start=650),
                explained_fact("past_overdue", case.past_overdue, start=0),
            ],
        ),
        explained_fact("contacts", case.contacts),
        group(
            both("case.reached"),
            [explained_fact(name, getattr(case, name), start=3) for name in ("failed_attempts", "unreachable_days")],
            open=False,
        ),
        group(
            both("case.more"),
            [
                explained_fact("lender", case.lender),
                choice("policy", both("case.policy"), witnesses),
                day("as_of", both("case.as_of"), optional=True, note=both("case.as_of_note")),
                button("save", both("case.save")),
            ],
            open=False,
        ),
        button("report", both("case.report"), main=True),
    ]


def values_of(case: Case) -> dict[str, Any]:
    """A case as the values of its controls."""
    return {name: value for name, value in case.to_dict().items() if name != "case_id"}


def case_of(values: Mapping[str, Any]) -> Case:
    """The case that the controls describe; one of the examples keeps its name."""
    facts = {name: values[name] for name in FIELDS if name != "case_id"}
    names = (example(name) for name in shipped("page/text/case.yaml")["preset"])
    found = next((known.case_id for known in names if values_of(known) == facts), "my-case")
    return Case(**facts, case_id=found)


def assessed(values: Mapping[str, Any]) -> Assessment:
    """The whole answer for the case that the controls describe."""
    return assess(case_of(values), values["policy"], values["as_of"])


def case_lines(values: Mapping[str, Any]) -> list[str]:
    """The same in Python."""
    facts = {name: values[name] for name in FIELDS if name != "case_id"}
    day = {"as_of": values["as_of"]}
    return [
        "from jiebei_lib import Case, assess",
        "",
        f"case = {call('Case', **facts)}",
        call("assess", Name("case"), values["policy"], **day),
    ]


def case_command(values: Mapping[str, Any]) -> str:
    """The same as a command line."""
    options = [known_option(name, values[name]) for name in FIELDS if name != "case_id"]
    options += [
        "" if values["policy"] == "article" else known_option("policy", values["policy"]),
        known_option("as_of", values["as_of"]),
    ]
    return " ".join(["jiebei assess", *filter(None, options)])


def draw_case(values: Mapping[str, Any], lang: str) -> dict[str, Any]:
    """The sentence and the picture at once; everything else a moment later."""
    policy = load_policy(values["policy"])
    case = Case(**{name: values[name] for name in FIELDS if name != "case_id"})
    quick = Quick.of(case, policy)
    early = (case, policy, values["as_of"])
    page = cache(lambda: CasePage(case, lang, policy, values["as_of"]))
    return {
        "gauge": readings_gauge(quick),
        "top": [first_words(quick, *early, lang)],
        "beside": [
            figures.readings_figure(quick, case, policy, lang),
            Later(lambda: [figures.days_figure(page().assessment, case, policy, lang), page().timeline()[0]]),
        ],
        "below": [Later(lambda: whole_answer(page()))],
    }


def answer_words(quick: Quick, lang: str) -> Words:
    """The answer by each witness, whether they agree, and the range that nine readings in ten hold."""
    sides = "".join(
        f'<li class="verdict-{side["verdict"]}">{html.escape(sentence(side, lang))}</li>' for side in quick.witnesses
    )
    agreement = f'<p class="agreement {quick.agreement}">{html.escape(agreed(quick, lang))}</p>'
    return Words(
        f'<ul class="witnesses">{sides}</ul>{agreement}<p class="note">{html.escape(nine_in_ten(quick, lang))}</p>'
    )


def first_words(quick: Quick, case: Case, policy: Policy, as_of: str | None, lang: str) -> Words:
    """Will they, may they, what to do first: at once, for every step of a moving control."""
    from jiebei_lib.page.html import environment

    found = conduct.permission(case, policy, checked_date(as_of))
    why = policy.data["conduct"]["answers"][found.answer]
    doing = [policy.data["advice"]["actions"][name] for name in advice.actions(case, policy)[:DONE]]
    macro = environment().get_template("show/case/top.html.j2").module.top
    return Words(
        str(
            macro(
                [(sentence(side, lang), side["verdict"]) for side in quick.witnesses],
                quick.agreement,
                agreed(quick, lang),
                nine_in_ten(quick, lang),
                why["text"][lang],
                found.status,
                why.get("confidence") in ("S", "S+"),
                [fold((action.get("short") or action["text"])[lang], lang) for action in doing],
                lambda key: say(key, lang),
            )
        ).strip()
    )


def readings_gauge(quick: Quick) -> Gauge:
    """In how many of 100 readings, by the first witness; and by both in a line."""
    line = {}
    for lang in LANGUAGES:
        sides = [
            say("case.first.gist_side", lang, name=witness_name(side, lang), n=of_hundred(side["share"]))
            for side in quick.witnesses
        ]
        line[lang] = say("case.first.gist", lang, sides=" · ".join(sides))
    return Gauge(str(of_hundred(quick.share)), both("widget.moved_readings"), line)


def whole_answer(page: CasePage) -> list[Any]:
    """May they, what each step does, what to do, what it costs; then what pushes and what to ask. What the first block leads to has
    an id."""
    two = [
        Words(f'<div class="two"><div id="{id_}">{left[0]}</div><div>{right[0]}</div></div>')
        for id_, left, right in (
            ("case-today", page.today(), page.consequences()),
            ("case-changes", page.changes(), page.next_question()),
        )
    ]
    may = Words(f'<div id="case-may">{page.may_they()[0]}</div>')
    return [may, *two, *page.cost(), *page.factors()]


def save(values: Mapping[str, Any], panel: Panel) -> Download:
    """The case as a YAML file."""
    case = case_of(values)
    facts = {name: value for name, value in case.to_dict().items() if value is not None}
    notes = "".join(f"# {say('case.saved_note', lang)}\n" for lang in LANGUAGES)
    return Download(f"{case.case_id}.yaml", notes + dumped(facts))


def make_report(values: Mapping[str, Any], panel: Panel) -> Download:
    """The report on the case, with its progress told on the way."""
    import tempfile

    from jiebei_lib.reports.kinds import case_report
    from jiebei_lib.show.widget.switch import current

    def told(done: float) -> None:
        panel.tell(both("case.making", done=round(100 * done)), done)

    told(0)
    with tempfile.TemporaryDirectory() as folder:
        made = case_report(case_of(values), current.lang, values["policy"], values["as_of"], out=folder, progress=told)
        panel.tell(both("case.made"))
        assert made.html is not None  # asked for, as it is unless something else is
        return Download(made.html.name, made.html.read_text("utf-8"), "text/html", link=both("case.open"))


def start() -> Panel:
    """One example to begin with: the same debt in silence and in talks, day by day."""
    quiet, talking = example("silent"), example("hospital_repaying")
    ways = {"silent": both("case.start.silent"), "repaying": both("case.start.repaying")}
    fields = [
        number("days", both("case.start.days"), 7, 0, 90, slider=(0, 90), unit=FIELDS["days_overdue"]["unit"]),
        choice("way", FIELDS["communication"]["name"], ways),
    ]
    policy = load_policy()

    def draw(values: Mapping[str, Any], lang: str) -> dict[str, Any]:
        case = (quiet if values["way"] == "silent" else talking).replace(days_overdue=values["days"])
        quick = Quick.of(case, policy)
        return {
            "gauge": readings_gauge(quick),
            "top": [answer_words(quick, lang)],
            "beside": [figures.readings_figure(quick, case, policy, lang)],
        }

    return Panel(fields, draw, name="start")


def compare(mine: Panel | None = None) -> Panel:
    """Two cases side by side: the one of another panel, or any of the examples."""
    names = {name: both(f"case.preset.{name}") for name in shipped("page/text/case.yaml")["preset"]}
    if mine is not None:
        names = {"mine": both("case.compare.mine"), **names}
    first, second = ("mine", "hospital_repaying") if mine is not None else ("silent", "hospital_repaying")
    fields = [
        choice("left", both("case.compare.left"), names, first, look="select"),
        choice("right", both("case.compare.right"), names, second, look="select"),
    ]

    def draw(values: Mapping[str, Any], lang: str) -> dict[str, list[Any]]:
        chosen = [values["left"], values["right"]]
        cases = [case_of(mine.values) if mine and name == "mine" else example(name) for name in chosen]
        policy = load_policy(mine.values["policy"] if mine is not None else "article")
        return compared(cases, [names[name][lang] for name in chosen], policy, lang)

    panel = Panel(fields, draw, name="compare")
    if mine is not None:
        mine.observe(lambda _: panel.redraw() if "mine" in panel.values.values() else None, "values")
    return panel


def compared(cases: list[Case], names: list[str], policy: Policy, lang: str) -> dict[str, list[Any]]:
    """Two cases: the sentences, the ranges, and where they differ."""
    from jiebei_lib.page.html import environment

    pages = [CasePage(case, lang, policy) for case in cases]
    answers = [page.assessment for page in pages]
    counts = [of_hundred(answer.share) for answer in answers]
    apart = abs(counts[0] - counts[1])
    title = say("case.compare.title", lang, points=apart) if apart else say("case.compare.title_same", lang)
    rows = [(f"{side}. {name}", vars(answer)) for name, side, answer in zip(names, "AB", answers, strict=True)]
    picture = ranges_figure("compare", rows, title, heads("case.compare.table", lang), lang)
    facts = [
        (left[0], left[1], right[1])
        for left, right in zip(pages[0].facts(), pages[1].facts(), strict=True)
        if left != right
    ]
    factors = [
        (own(left["name"], lang), multiple(left["central"], lang), multiple(right["central"], lang))
        for left, right in zip(answers[0].contributions, answers[1].contributions, strict=True)
        if left["central"] != right["central"]
    ]
    template = environment().get_template("show/case/compare.html.j2").module
    sentences = [sentence(page.assessment.witnesses[0], lang) for page in pages]
    sides = list(zip(names, answers, sentences, strict=True))
    tables = [heads("case.compare.facts", lang), heads("case.compare.factors", lang)]
    words = template.compare(sides, facts, factors, tables, lambda key: say(f"case.compare.{key}", lang))
    return {"top": [], "beside": [picture, Words(str(words).strip())]}
