"""`jiebei site`: the notebooks as pages that run themselves in a browser, as a folder or as one file."""

from pathlib import Path
from typing import Annotated

import typer

from jiebei_lib.cli.output import LANG, checked_lang, needs, t, told
from jiebei_lib.page.text import say


def site(
    out: Annotated[Path, typer.Argument(help=t("site.out"), metavar="OUT")],
    single: Annotated[bool, typer.Option("--single", help=t("site.single"))] = False,
    pyodide: Annotated[Path | None, typer.Option(help=t("site.pyodide"), metavar="DIR")] = None,
    lang: Annotated[str, typer.Option(help=t("main.lang"))] = LANG,
    force: Annotated[bool, typer.Option("--force", help=t("main.force"))] = False,
) -> None:
    lang = checked_lang(lang)
    needs("anywidget", "plotly", "voila", "scipy")
    from jiebei_lib.reports.site.site import site as made

    done = made(out, single, pyodide, force)
    told(say(f"cli.site.{'made_single' if single else 'made'}", lang, path=out, size=f"{done.size / 1e6:.1f}"))
    if not done.compiled:
        told(say("cli.site.not_compiled", lang))
