"""`jiebei borrower`, `jiebei letter`, `jiebei ask`: a person's whole situation, the letters for it, the interview."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from jiebei_lib.cli.output import LANG, checked_lang, console, print_json, print_table, t, wrapped
from jiebei_lib.page.text import heads, say


def borrower(
    file: Annotated[Path, typer.Argument(help=t("borrower.file"), metavar="FILE")],
    as_of: Annotated[str | None, typer.Option(help=t("main.as_of"), metavar="DATE")] = None,
    only: Annotated[str | None, typer.Option("--id", help=t("borrower.only"), metavar="ID")] = None,
    lang: Annotated[str, typer.Option(help=t("main.lang"))] = LANG,
    policy: Annotated[str, typer.Option(help=t("main.policy"))] = "article",
    json: Annotated[bool, typer.Option("--json", help=t("main.json"))] = False,
) -> None:
    from jiebei_lib.core.assessment import in_language
    from jiebei_lib.situation.answer import answered

    lang = checked_lang(lang)
    people = _people(file, only)
    found = [answered(person, as_of, policy) for person in people]
    if json:
        said = [in_language(one.to_dict(), lang) for one in found]
        print_json(said[0] if len(said) == 1 else said)
        return
    if len(found) > 1:
        line(say("situation.several", lang, n=len(found)), "bold")
    for one in found:
        print_situation(one, str(file), lang, len(found) > 1)


def _people(file: Path, only: str | None) -> list[Any]:
    """The borrowers of a file, or the one asked for."""
    from jiebei_lib.core.knowledge.problems import CaseError, Problem, items, shown
    from jiebei_lib.situation.borrower import read_borrowers

    people = read_borrowers(file)
    if only is None:
        return people
    chosen = [person for person in people if person.borrower_id == only]
    if not chosen:
        known = items([person.borrower_id for person in people[:20]])
        raise CaseError(Problem("not_one_of", "--id", {"value": shown(only), "allowed": known}))
    return chosen


def line(text: str = "", style: str = "", first: str = "", rest: str = "") -> None:
    from rich.text import Text

    out = console()
    out.print(Text(wrapped(text, min(out.width, 110), first, rest), style=style), soft_wrap=True)


def print_situation(found: Any, file: str, lang: str, several: bool = False) -> None:
    """The answer: sums, order and offers, will they and may they, what to do, the letters."""
    from jiebei_lib.show.situation import words

    def heading(key: str) -> None:
        line()
        line(say(f"situation.{key}.title", lang), "bold underline")

    name = f"{found.borrower.borrower_id}: " if several else ""
    line(name + words.title(found, lang), "bold")
    for each in words.headline(found, lang):
        line(each)
    if found.debts:
        heading("order")
        print_table(heads("situation.order.table", lang), words.order_rows(found, lang))
        for each in words.month_words(found, lang):
            line(each)
        for text, basis in words.reasons(found, lang):
            line(text, "", " • ", "   ")
            line(basis, "dim", "   ", "   ")
    if said := words.will_words(found, lang):
        heading("will")
        for each in said:
            line(each, "", " • ", "   ")
    if said := words.check_words(found, lang):
        heading("check")
        for each in said:
            line(each, "", " • ", "   ")
    heading("steps")
    for n, (text, basis) in enumerate(words.step_lines(found, lang), 1):
        line(text, "", f"{n}. ", "   ")
        line(basis, "dim", "   ", "   ")
    if found.letters:
        heading("letters")
        for each in words.letter_lines(found, file, lang):
            line(each, "", " • ", "   ")
    line()
    line(say("situation.limits", lang), "dim")


def letter(
    kind: Annotated[str, typer.Argument(help=t("letter.kind"), metavar="KIND")],
    file: Annotated[Path | None, typer.Option("--borrower", help=t("letter.file"), metavar="FILE")] = None,
    debt: Annotated[str | None, typer.Option(help=t("letter.debt"), metavar="TEXT")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help=t("letter.out"), metavar="FILE")] = None,
    as_of: Annotated[str | None, typer.Option(help=t("main.as_of"), metavar="DATE")] = None,
    only: Annotated[str | None, typer.Option("--id", help=t("borrower.only"), metavar="ID")] = None,
    lang: Annotated[str, typer.Option(help=t("main.lang"))] = LANG,
) -> None:
    from jiebei_lib.show.situation.letter_files import as_text, save
    from jiebei_lib.situation.letters import letter as written

    lang = checked_lang(lang)
    made = written(kind, lang, _people(file, only)[0] if file else None, debt, as_of)
    if out is None:
        for each in as_text(made).splitlines():
            line(each)
        return
    save(made, out)
    key = "made" if made.blanks else "made_none"
    line(say(f"situation.letter.{key}", lang, path=out, blanks=made.blanks))
