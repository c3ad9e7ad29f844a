"""`jiebei report`: the report on one case, and whether one that was rendered reproduces."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jiebei_lib.cli.output import LANG, checked_lang, t
from jiebei_lib.problems import Problem, ReportError
from jiebei_lib.show.text import say


def report(
    case: Annotated[Path | None, typer.Argument(help=t("report.case"), metavar="CASE.yaml")] = None,
    loan: Annotated[Path | None, typer.Option(help=t("report.loan"), metavar="LOAN.yaml")] = None,
    lang: Annotated[str, typer.Option(help=t("main.lang"))] = LANG,
    policy: Annotated[str, typer.Option(help=t("main.policy"))] = "article",
    as_of: Annotated[str | None, typer.Option(help=t("main.as_of"), metavar="DATE")] = None,
    to: Annotated[str, typer.Option(help=t("report.to"))] = "html",
    out: Annotated[Path, typer.Option("-o", "--out", help=t("main.out"), metavar="DIR")] = Path("reports"),
    check: Annotated[bool, typer.Option("--check", help=t("report.check"))] = False,
    examples: Annotated[bool, typer.Option("--examples", help=t("report.examples"))] = False,
    refresh: Annotated[bool, typer.Option("--refresh", help=t("report.refresh"))] = False,
) -> None:
    from jiebei_lib import kept_reports
    from jiebei_lib import report as reports
    from jiebei_lib.case import Case
    from jiebei_lib.loan import Loan

    lang = checked_lang(lang)
    if examples:
        for made in kept_reports.example_reports(out):
            print(f"{made.html}\n  {made.headline}")
        if refresh:
            print("\n".join(map(str, kept_reports.kept_examples(out / "examples"))))
        return
    if case is None:
        raise ReportError(Problem("missing_option", "CASE.yaml"))
    if case.suffix == ".ipynb" and check:
        notebook = case
    else:
        made = reports.case_report(
            Case.read(case), lang, policy, as_of, to.split(","), out, loan=Loan.read(loan) if loan else None
        )
        print(*filter(None, [made.html, made.pdf, made.notebook]), f"  {made.headline}", sep="\n")
        notebook = made.notebook
    if check:
        kept_reports.reproduces(notebook)
        print(say("cli.report.reproduced", lang, path=notebook))
