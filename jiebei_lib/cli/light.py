"""`jiebei page`: the light explorer as one file that opens from disk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jiebei_lib.cli.output import LANG, t
from jiebei_lib.core.knowledge.problems import Phrase, Problem, UserError, shown
from jiebei_lib.page.text import LANGUAGES, say


def page(
    case: Annotated[Path | None, typer.Argument(help=t("page.case"), metavar="[CASE.yaml]")] = None,
    out: Annotated[Path, typer.Option("-o", "--out", help=t("page.out"), metavar="FILE.html")] = Path("jiebei.html"),
    lang: Annotated[str, typer.Option(help=t("page.langs"))] = "both",
    as_of: Annotated[str | None, typer.Option(help=t("main.as_of"), metavar="DATE")] = None,
) -> None:
    from jiebei_lib.core.case import Case
    from jiebei_lib.core.knowledge.user_files import write_whole
    from jiebei_lib.reports.light.page import BOTH, explorer

    if lang not in (*LANGUAGES, BOTH):
        levels = Phrase("levels", {"items": ", ".join([*LANGUAGES, BOTH])})
        raise UserError(Problem("invalid", "--lang", {"value": shown(lang), "allowed": levels}))
    made = explorer(Case.read(case) if case else None, lang, as_of)
    write_whole(out, made)
    print(say("cli.page.made", LANG, path=out, size=len(made.encode()) // 1000))
