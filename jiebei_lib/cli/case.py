"""`jiebei assess`: one case, answered in the terminal or as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from jiebei_lib.cli.output import LANG, checked_lang, console, print_json, print_table, t, wrapped
from jiebei_lib.core.case import FIELDS, Case
from jiebei_lib.page.text import heads, of_hundred, percent, say

SCALE = 60  # characters from 0% to 100% in the terminal's picture


def _fact(name: str) -> Any:
    """The option for one fact: its description, and for a fact that may be unknown how to say so."""
    spec = FIELDS[name]
    words = [spec["description"][LANG]] + ([" / ".join(spec["levels"])] if "levels" in spec else [])
    if not spec["required"]:
        words.append(t("main.unknown"))
    return typer.Option(
        f"--{name.replace('_', '-')}", help=" ".join(words), metavar="TEXT" if "levels" in spec else "N"
    )


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
    json: Annotated[bool, typer.Option("--json", help=t("main.json"))] = False,
) -> None:
    from jiebei_lib.core.assessment import assess as assessed
    from jiebei_lib.core.policy import load_policy

    facts = {name: value for name, value in locals().items() if name in FIELDS and value is not None}
    lang = checked_lang(lang)
    known, rules = _case(case, facts), load_policy(policy)
    if json:
        print_json(assessed(known, rules, as_of).to_dict(lang))
    else:
        _print(known, lang, rules, as_of)


def _case(file: Path | None, typed: dict[str, str]) -> Case:
    """The case of a file with what was typed laid over it."""
    from jiebei_lib.core.knowledge.problems import CaseError
    from jiebei_lib.core.knowledge.user_files import read_yaml

    facts = read_yaml(file, CaseError) if file else {}
    if isinstance(facts, dict):
        facts = {key: value for key, value in facts.items() if FIELDS.named(key) not in typed} | typed
    return Case.of(facts, file.name if file else "case")


def _print(case: Case, lang: str, policy: Any, as_of: str | None) -> None:
    from rich.text import Text

    from jiebei_lib.show.case.figures import factors_figure
    from jiebei_lib.show.case.page import CasePage

    page, out = CasePage(case, lang, policy, as_of), console()
    a, width = page.assessment, min(out.width, 100)

    def line(text: str = "", style: str = "", first: str = "", rest: str = "") -> None:
        out.print(Text(wrapped(text, width, first, rest), style=style), soft_wrap=True)

    def heading(key: str) -> None:
        line()
        line(say(f"case.{key}.heading", lang), "bold underline")

    def statement(said: Any, mark: str) -> None:
        basis = [say(f"basis.{said['basis']}", lang)] + [say("page.reported", lang)] * said["reported"]
        line(said["text"][lang], first=mark, rest="   ")
        line(("；" if lang == "zh" else "; ").join([*basis, *page.cites(said)]), "dim", "   ", "   ")

    line(page.question(), "bold")
    line(page.headline(), {"likely": "bold yellow", "unlikely": "bold blue"}.get(a.verdict, "bold"))
    if a.verdict != "not_yet":
        line()
        for row in _picture(a.likelihood, a.share, lang):
            out.print(row, no_wrap=True, crop=False)
    line(say("case.readings.note", lang), "dim")

    heading("may")
    line(a.permitted["why"][lang])
    for conflict in a.permitted["conflicts"]:
        statement(conflict, " ≠ ")

    heading("factors")
    print_table(heads("cli.terminal.factors", lang), [row[:5] for row in factors_figure(a, page.policy, lang).rows])

    heading("changes")
    for change in a.changes:
        line(f"{page.change(change)} → {page.after(change)}", first=" • ", rest="   ")
    if not a.changes:
        key = "none_not_yet" if a.verdict == "not_yet" else "none"
        line(say(f"case.changes.{key}", lang, first=page.first_day()))

    if a.next_question and a.verdict != "not_yet":
        heading("next")
        line(a.next_question["text"][lang])

    heading("today")
    for n, action in enumerate(a.actions[:4], 1):
        statement(action, f"{n}. ")
    line(say("cli.terminal.more_actions", lang), "dim")


def _picture(likelihood: dict[str, float], share: float, lang: str) -> list[Any]:
    """The range as a line over a scale from 0% to 100%, and the share as a bar of readings."""
    from rich.text import Text

    low, high = (round(likelihood[end] * SCALE) for end in ("low", "high"))
    count = of_hundred(share)
    above = round(count / 100 * SCALE)
    scale = "0%" + "50%".center(SCALE - 5) + "100%"
    ends = f"  {percent(likelihood['low'], lang, True)} – {percent(likelihood['high'], lang, True)}"
    line = Text(" " * low + "├" + "━" * max(0, high - low - 1) + "┤" + " " * (SCALE - high) + ends)
    dots = Text("◆" * above, style="yellow").append("·" * (SCALE - above), style="blue").append(f"   {count}/100")
    return [Text(scale, style="dim"), line, dots]
