"""`jiebei borrower`, `jiebei letter`, `jiebei ask`: a person's whole situation, the letters for it, the interview."""

from pathlib import Path
from typing import Annotated, Any

import typer

from jiebei_lib.cli.output import LANG, checked_lang, print_json, print_table, printer, t
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
    people, several = _people(file, only)
    found = [answered(person, as_of, policy) for person in people]
    if json:
        said = [in_language(one.to_dict(), lang) for one in found]
        print_json(said[0] if len(said) == 1 else said)
        return
    if len(found) > 1:
        line(say("situation.several", lang, n=len(found)), "bold")
    for one in found:
        print_situation(one, str(file), lang, several)


def _people(file: Path, only: str | None) -> tuple[list[Any], bool]:
    """The borrowers of a file, or the one asked for; and whether the file holds several."""
    from jiebei_lib.core.knowledge.problems import CaseError, Problem, items, shown
    from jiebei_lib.situation.borrower import read_borrowers

    people = read_borrowers(file)
    if only is None:
        return people, len(people) > 1
    chosen = [person for person in people if person.borrower_id == only]
    if not chosen:
        known = items([person.borrower_id for person in people[:20]])
        raise CaseError(Problem("not_one_of", "--id", {"value": shown(only), "allowed": known}))
    return chosen, len(people) > 1


def _one(file: Path, only: str | None) -> Any:
    """The one borrower whom a letter is for: nobody's figures go into somebody else's letter. Raises :class:`CaseError`."""
    from jiebei_lib.core.knowledge.problems import CaseError, Problem, items

    people, _ = _people(file, only)
    if len(people) > 1:
        known = items([person.borrower_id for person in people[:20]])
        raise CaseError(Problem("which_person", file.name, {"count": len(people), "allowed": known}))
    return people[0]


def line(text: str = "", style: str = "", first: str = "", rest: str = "") -> None:
    printer(110)(text, style, first, rest)


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
        for each in words.letter_lines(found, file, lang, several):
            line(each, "", " • ", "   ")
    line()
    line(say("situation.limits", lang), "dim")


def _kinds() -> list[str]:
    from jiebei_lib.core.knowledge.yaml_files import shipped

    return list(shipped("situation/letters.yaml")["letters"])


def letter(
    kind: Annotated[
        str, typer.Argument(help=t("letter.kind"), metavar="KIND", autocompletion=_kinds, show_default=False)
    ] = "",
    file: Annotated[Path | None, typer.Option("--borrower", help=t("letter.file"), metavar="FILE")] = None,
    debt: Annotated[str | None, typer.Option(help=t("letter.debt"), metavar="TEXT")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help=t("letter.out"), metavar="FILE")] = None,
    as_of: Annotated[str | None, typer.Option(help=t("main.as_of"), metavar="DATE")] = None,
    only: Annotated[str | None, typer.Option("--id", help=t("borrower.only"), metavar="ID")] = None,
    lang: Annotated[str, typer.Option(help=t("main.lang"))] = LANG,
    force: Annotated[bool, typer.Option("--force", help=t("main.force_changed"))] = False,
) -> None:
    from jiebei_lib.cli.saving import save
    from jiebei_lib.core.knowledge.problems import Problem, UserError, items
    from jiebei_lib.show.situation.letter_files import as_file, as_text
    from jiebei_lib.situation.letters import letter as written

    lang = checked_lang(lang)
    if not kind:
        raise UserError(Problem("missing", "KIND", {"allowed": items(_kinds())}))
    made = written(kind, lang, _one(file, only) if file else None, debt, as_of)
    if out is None:
        for each in as_text(made).splitlines():
            line(each)
        return
    save(out, as_file(made, out), out.suffix.lower().lstrip("."), force)
    key = "made" if made.blanks else "made_none"
    line(say(f"situation.letter.{key}", lang, path=out, blanks=made.blanks))


def ask(
    words: Annotated[list[str] | None, typer.Argument(help=t("ask.words"), metavar="[WORDS]...")] = None,
    topics: Annotated[bool, typer.Option("--topics", help=t("ask.topics"))] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help=t("ask.markdown"))] = False,
    state: Annotated[Path | None, typer.Option("--state", help=t("ask.state"), metavar="FILE.yaml")] = None,
    flow: Annotated[str | None, typer.Option(help=t("ask.flow"), metavar="text|mermaid")] = None,
    as_of: Annotated[str | None, typer.Option(help=t("main.as_of"), metavar="DATE")] = None,
    lang: Annotated[str, typer.Option(help=t("main.lang"))] = LANG,
) -> None:
    from jiebei_lib.core.knowledge.problems import CaseError, Problem, items, shown
    from jiebei_lib.situation import interview

    lang = checked_lang(lang)
    if flow is not None:
        if flow not in ("text", "mermaid"):
            raise CaseError(
                Problem("not_one_of", "--flow", {"value": shown(flow), "allowed": items(["text", "mermaid"])})
            )
        print(interview.flow(flow, lang))
        return
    if markdown:
        from jiebei_lib.show.situation.words import topics_page

        print(topics_page(lang), end="")
    elif topics:
        print_topics(lang)
    elif words:
        found(" ".join(words), lang)
    else:
        talk(state, as_of, lang)


def print_topics(lang: str) -> None:
    """Every question that people ask, the most asked first."""
    from jiebei_lib.show.situation.words import topic_rows

    print_table(heads("situation.topics.table", lang), topic_rows(lang))
    line(say("situation.topics.note", lang), "dim")
    line(say("situation.topics.more", lang), "dim")


def found(text: str, lang: str) -> None:
    """What fits the words best, answered; then what else may be meant."""
    from jiebei_lib.show.situation.words import topic_lines
    from jiebei_lib.situation.topics import search

    best = search(text)
    if not best:
        line(say("situation.topics.nothing", lang))
        return
    question, *lines = topic_lines(best[0][0], lang)
    line(question[0], "bold")
    for said, basis in lines:
        line(said)
        if basis:
            line(basis, "dim", "   ", "   ")
    if best[1:]:
        line()
        line(say("situation.topics.or", lang), "dim")
        for topic, _ in best[1:]:
            line(topic.question[lang], "", " • ", "   ")


def talk(state: Path | None, as_of: str | None, lang: str) -> None:
    """The interview in the terminal, kept after each answer where ``state`` names a file; ends in the answer and the letters."""
    from datetime import date

    from jiebei_lib.core.assessment import checked_date
    from jiebei_lib.core.knowledge.problems import UserError
    from jiebei_lib.situation.answer import answered
    from jiebei_lib.situation.interview import Interview

    on = date.fromisoformat(checked_date(as_of))
    asking = Interview.read(state, on) if state and state.exists() else Interview(as_of=on)
    line(say("situation.interview.lead", lang), "bold")
    ended = "done"
    while question := asking.next():
        _put(question, len(asking.answers) + 1, asking.left(), lang)
        said = _read(say(f"situation.interview.{'choose' if question.levels else 'free'}", lang))
        if said is None or said == "q":
            ended = "stopped"
            break
        if said == "b":
            _change(asking, lang)
        else:
            try:
                asking.answer(question.key, _chosen(said, list(question.levels)))
            except UserError as wrong:
                line(wrong.say(lang), "yellow")
        if state:
            asking.save(state)
    line()
    line(say(f"situation.interview.{ended}", lang), "bold")
    print_situation(answered(asking.borrower(), on), str(state or "FILE.yaml"), lang)
    line(
        say("situation.interview.kept", lang, path=state) if state else say("situation.interview.not_kept", lang), "dim"
    )


def _put(question: Any, number: int, left: int, lang: str) -> None:
    line()
    line(say("situation.interview.step", lang, n=number, left=left), "dim")
    line(question.ask[lang], "bold")
    line(say("situation.interview.why", lang, why=question.why[lang]), "dim")
    for n, words in enumerate(question.levels.values(), 1):
        line(words[lang], "", f"  {n}. ", "     ")
    line(say("situation.interview.keys", lang), "dim")


def _read(prompt: str) -> str | None:
    """A line as typed; None at the end of what there is to read."""
    try:
        return input(prompt).strip()
    except EOFError:
        return None


def _chosen(said: str, levels: list[str]) -> str:
    """The level that a number stands for; anything else is heard as words are."""
    return levels[int(said) - 1] if levels and said.isdecimal() and 1 <= int(said) <= len(levels) else said


def _change(asking: Any, lang: str) -> None:
    """Shows the answers so far and asks one of them anew; the rest stay."""
    from jiebei_lib.core.knowledge.problems import UserError
    from jiebei_lib.show.situation.words import given_words

    line(say("situation.interview.given", lang), "bold underline")
    keys = list(asking.answers)
    for n, each in enumerate(given_words(asking, lang), 1):
        line(each, "", f"  {n}. ", "     ")
    said = _read(say("situation.interview.which", lang)) or ""
    if not said.isdecimal() or not 1 <= int(said) <= len(keys):
        return
    question = asking.question(keys[int(said) - 1])
    _put(question, int(said), asking.left(), lang)
    try:
        asking.answer(question.key, _chosen(_read(say("situation.interview.free", lang)) or "", list(question.levels)))
    except UserError as wrong:
        line(wrong.say(lang), "yellow")
