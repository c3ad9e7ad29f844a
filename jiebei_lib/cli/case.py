"""`jiebei assess`: one case, answered in the terminal or as JSON."""

from pathlib import Path
from typing import Annotated, Any

import typer

from jiebei_lib.cli.output import LANG, checked_lang, print_json, print_table, printer, t
from jiebei_lib.core.case import FIELDS, Case
from jiebei_lib.page.text import heads, own, say

STYLES = {"likely": "bold yellow", "unlikely": "bold blue", "not_yet": "bold blue"}


def _fact(name: str) -> Any:
    """The option for one fact: its description, and for a fact that may be unknown how to say so."""
    spec = FIELDS[name]
    words = [spec["description"][LANG]]
    if "levels" in spec:
        words.append(t("main.levels", levels=" / ".join(spec["levels"])))
    if not spec["required"]:
        words.append(t("main.unknown"))
    told = ("" if LANG == "zh" else " ").join(words)
    return typer.Option(f"--{name.replace('_', '-')}", help=told, metavar="TEXT" if "levels" in spec else "N")


def assess(
    case: Annotated[Path | None, typer.Argument(help=t("assess.case"), metavar="[CASE.yaml]")] = None,
    days_overdue: Annotated[str | None, _fact("days_overdue")] = None,
    amount_overdue: Annotated[str | None, _fact("amount_overdue")] = None,
    communication: Annotated[str | None, _fact("communication")] = None,
    contacts: Annotated[str | None, _fact("contacts")] = None,
    zhima_score: Annotated[str | None, _fact("zhima_score")] = None,
    past_overdue: Annotated[str | None, _fact("past_overdue")] = None,
    case_id: Annotated[str | None, typer.Option("--case-id", help=FIELDS["case_id"]["description"][LANG])] = None,
    lang: Annotated[str, typer.Option(help=t("main.lang"))] = LANG,
    policy: Annotated[str, typer.Option(help=t("main.policy"))] = "article",
    as_of: Annotated[str | None, typer.Option(help=t("main.as_of"), metavar="DATE")] = None,
    failed_attempts: Annotated[str | None, _fact("failed_attempts")] = None,
    unreachable_days: Annotated[str | None, _fact("unreachable_days")] = None,
    lender: Annotated[str | None, _fact("lender")] = None,
    due_date: Annotated[str | None, typer.Option("--due-date", help=t("assess.due_date"), metavar="DATE")] = None,
    whole: Annotated[bool, typer.Option("--whole", help=t("assess.whole"))] = False,
    json: Annotated[bool, typer.Option("--json", help=t("main.json"))] = False,
) -> None:
    from jiebei_lib.core.assessment import assess as assessed
    from jiebei_lib.core.policy import load_policy

    facts = {name: value for name, value in locals().items() if name in FIELDS and value is not None}
    lang = checked_lang(lang)
    if due_date is not None:
        facts["days_overdue"] = _days(due_date, as_of, facts)
    known, rules = _case(case, facts), load_policy(policy)
    line = printer(100)
    if json:
        print_json(assessed(known, rules, as_of).to_dict(lang))
    elif whole:
        from jiebei_lib.show.case.page import CasePage

        page = CasePage(known, lang, rules, as_of)
        _first(page.assessment, known, lang, rules, line)
        _more(page, line)
    else:
        _first(assessed(known, rules, as_of), known, lang, rules, line)
        line(say("cli.terminal.more", lang), "dim")


def _days(due_date: str, as_of: str | None, typed: dict[str, str]) -> str:
    """The days from a due date to the day that is asked about: either they are given, or the date is."""
    from datetime import date

    from jiebei_lib.core.assessment import checked_date
    from jiebei_lib.core.knowledge.fields import date_in
    from jiebei_lib.core.knowledge.problems import CaseError, Problem, items, shown

    if "days_overdue" in typed:
        both = items(["--days-overdue", "--due-date"])
        raise CaseError(Problem("one_of", "jiebei assess", {"value": both, "allowed": both}))
    if (due := date_in(due_date)) is None:
        raise CaseError(Problem("date", "--due-date", {"value": shown(due_date)}))
    return str((date.fromisoformat(checked_date(as_of)) - due).days)


def _case(file: Path | None, typed: dict[str, str]) -> Case:
    """The case of a file with what was typed laid over it."""
    from jiebei_lib.core.knowledge.problems import CaseError
    from jiebei_lib.core.knowledge.user_files import read_yaml

    facts = read_yaml(file, CaseError) if file else {}
    if isinstance(facts, dict):
        facts = {key: value for key, value in facts.items() if FIELDS.named(key) not in typed} | typed
    return Case.of(facts, file.name if file else "case")


def _first(a: Any, case: Case, lang: str, policy: Any, line: Any) -> None:
    """The first screen, within 24 lines of 80 columns."""
    from jiebei_lib.show.case import first

    line(first.asked(case, lang), "bold")
    for side in a.witnesses:
        line(first.sentence(side, lang), STYLES.get(side["verdict"], "bold"), " • ", "   ")
    line(first.agreed(a, lang), "bold", "   ", "   ")
    line(first.nine_in_ten(a, lang), "dim", "   ", "   ")
    line(say("case.first.certain", lang), "bold underline")
    for said in first.certain(a, case, policy, lang):
        line(said, "", " • ", "   ")
    line(say("case.first.may", lang, as_of=a.as_of), "bold underline")
    line(own(a.permitted["why"], lang) + _reported(a.permitted, lang))
    line(say("case.first.do", lang), "bold underline")
    for n, said in enumerate(first.to_do(a, lang), 1):
        line(said, "", f" {n} ", "   ")
    if a.next_question and a.grade != "not_yet":
        question = say("cli.terminal.ask", lang, question=own(a.next_question["text"], lang))
        line(question, "dim")


def _reported(said: Any, lang: str) -> str:
    return say("cli.terminal.reported", lang) if said["reported"] else ""


def _more(page: Any, line: Any) -> None:
    """What each step does, what the answer rests on, the conflicts of practice and rules, and every action with its source."""
    from jiebei_lib.show.case.figures import factors_figure

    a, lang = page.assessment, page.lang

    def statement(said: Any, mark: str) -> None:
        basis = [say(f"basis.{said['basis']}", lang)] + [say("page.reported", lang)] * said["reported"]
        line(said["text"][lang], "", mark, "   ")
        line(("；" if lang == "zh" else "; ").join([*basis, *page.cites(said)]), "dim", "   ", "   ")

    def heading(key: str) -> None:
        line()
        line(say(f"case.{key}.heading", lang), "bold underline")

    heading("changes")
    if a.steps:
        print_table(heads("case.changes.table", lang), [page.step(step) for step in a.steps])
        for held in page.lines("held"):
            line(held, "", " • ", "   ")
        line(page.rests())
    else:
        line(page.no_steps())
    heading("factors")
    print_table(heads("cli.terminal.factors", lang), [row[:5] for row in factors_figure(a, page.policy, lang).rows])
    heading("may")
    for aged in page.aged():
        line(aged, "dim")
    for conflict in a.permitted["conflicts"]:
        statement(conflict, " ≠ ")
    heading("today")
    for n, action in enumerate(a.actions, 1):
        statement(action, f"{n}. ")
