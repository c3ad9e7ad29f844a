"""`jiebei learn`: what observed cases with a known outcome change, before and after side by side."""

from pathlib import Path
from typing import Annotated, Any

import typer

from jiebei_lib.cli.output import LANG, checked_lang, print_json, print_table, printer, t
from jiebei_lib.page.text import heads, of_hundred, percent, say


def learn(
    outcomes: Annotated[Path, typer.Argument(help=t("learn.outcomes"), metavar="OUTCOMES.csv")],
    case: Annotated[Path | None, typer.Option(help=t("learn.case"), metavar="CASE.yaml")] = None,
    mapping: Annotated[Path | None, typer.Option("--map", help=t("score.map"), metavar="MAP.yaml")] = None,
    sheet: Annotated[str | None, typer.Option(help=t("score.sheet"), metavar="NAME")] = None,
    selection: Annotated[list[float] | None, typer.Option(help=t("learn.selection"), metavar="S")] = None,
    lang: Annotated[str, typer.Option(help=t("main.lang"))] = LANG,
    policy: Annotated[str, typer.Option(help=t("main.policy"))] = "article",
    json: Annotated[bool, typer.Option("--json", help=t("main.json"))] = False,
) -> None:
    from jiebei_lib.core.case import Case
    from jiebei_lib.core.policy import load_policy
    from jiebei_lib.evidence.learn import learn_under
    from jiebei_lib.evidence.outcomes import Outcomes
    from jiebei_lib.evidence.summary import REFERENCE, findings

    lang, rules = checked_lang(lang), load_policy(policy)
    asked = Case.read(case) if case else REFERENCE
    learned = learn_under(Outcomes.read(outcomes, mapping, sheet), rules, selection or [1.0])
    found = [findings(each, asked) for each in learned]
    if json:
        print_json(found[0] if len(found) == 1 else found)
        return
    for each in found:
        _print(each, rules, lang)


def _print(summary: dict[str, Any], policy: Any, lang: str) -> None:
    from jiebei_lib.show.evidence.words import heading, predicted_words, warning_words, weight_name, weight_value

    line = printer(100)
    line(heading(summary, policy, lang), "bold")
    for words in warning_words(summary, lang):
        line(words, "yellow")
    rows = []
    for key in ("prior", "posterior"):
        answer = summary[key]
        ends = [percent(answer["likelihood"][end], lang) for end in ("low", "high")]
        verdict = say(f"verdict.{answer['verdict']}", lang)
        rows.append([say(f"evidence.{key}", lang), verdict, *ends, f"{of_hundred(answer['share'])}/100"])
    print_table(heads("evidence.answer_table", lang), rows)
    rows = [
        [weight_name(weight["name"], policy, lang)]
        + [
            weight_value(weight[key][end], weight["unit"], lang)
            for key in ("prior", "posterior")
            for end in ("low", "mean", "high")
        ]
        for weight in summary["weights"]
    ]
    print_table(heads("evidence.weights_table", lang), rows)
    if len(summary["first_day"]) > 1:
        rows = [
            [
                say("case.claims.day", lang, day=entry["day"]),
                *(percent(entry[key], lang) for key in ("prior", "posterior")),
            ]
            for entry in summary["first_day"]
        ]
        print_table(heads("evidence.first_day_table", lang), rows)
    line(predicted_words(summary, lang))
    line(say("case.readings.note", lang), "dim")
