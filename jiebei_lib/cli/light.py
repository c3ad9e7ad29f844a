"""`jiebei page`: a case, or a lesson, as one file that opens from disk; `jiebei collect`: what pupils hand in from it."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from jiebei_lib.cli.output import LANG, checked_lang, needs, t, told
from jiebei_lib.core.knowledge.problems import Phrase, Problem, UserError, shown
from jiebei_lib.page.text import LANGUAGES, say

BOTH = "both"


def page(
    case: Annotated[Path | None, typer.Argument(help=t("page.case"), metavar="[CASE.yaml]")] = None,
    out: Annotated[Path, typer.Option("-o", "--out", help=t("page.out"), metavar="FILE.html")] = Path("jiebei.html"),
    lang: Annotated[str, typer.Option(help=t("page.langs"))] = BOTH,
    as_of: Annotated[str | None, typer.Option(help=t("main.as_of"), metavar="DATE")] = None,
    lesson: Annotated[str | None, typer.Option(help=t("page.lesson"), metavar="LESSON")] = None,
    game: Annotated[bool, typer.Option("--game", help=t("page.game"))] = False,
    seed: Annotated[int | None, typer.Option(help=t("page.seed"), min=0, max=999_999_999)] = None,
    force: Annotated[bool, typer.Option("--force", help=t("main.force_changed"))] = False,
) -> None:
    from jiebei_lib.cli.saving import save

    if lang not in (*LANGUAGES, BOTH):
        levels = Phrase("levels", {"items": ", ".join([*LANGUAGES, BOTH])})
        raise UserError(Problem("invalid", "--lang", {"value": shown(lang), "allowed": levels}))
    if lesson is not None or game:
        needs("anywidget")  # their words are those of the panels
    if lesson is not None:
        from jiebei_lib.cli.lessons import checked_lesson
        from jiebei_lib.reports.light.lesson import quiz_page

        made = quiz_page(checked_lesson(lesson), lang, seed)
    elif game:
        from jiebei_lib.reports.light.graph import game_page

        made = game_page(lang, seed)
    else:
        from jiebei_lib.core.case import Case
        from jiebei_lib.reports.light.page import explorer

        made = explorer(Case.read(case) if case else None, lang, as_of)
    save(out, made, "html", force)
    told(say("cli.page.made", LANG, path=out, size=len(made.encode()) // 1000))


def collect(
    results: Annotated[list[Path], typer.Argument(help=t("collect.results"), metavar="RESULTS...")],
    file: Annotated[Path | None, typer.Option(help=t("class.file"), metavar="FILE")] = None,
    lang: Annotated[str, typer.Option(help=t("main.lang"))] = LANG,
) -> int:
    from jiebei_lib.lessons import classroom
    from jiebei_lib.lessons.store import Store
    from jiebei_lib.reports.light.results import collect as collected

    lang, path = checked_lang(lang), file or classroom.default_file()
    found = collected(results, Store(path))
    for problem in found.problems:
        print(problem.say(lang), file=sys.stderr)
    counts = {"new": found.new, "again": found.again, "wrong": len(found.problems)}
    told(say("light.lesson.collected", lang, path=path, **counts))
    return 1 if found.problems else 0
