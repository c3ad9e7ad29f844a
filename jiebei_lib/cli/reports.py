"""`jiebei report`: the report on one case, and whether one that was rendered reproduces."""

from pathlib import Path
from typing import Annotated, Any

import typer

from jiebei_lib.cli.output import LANG, checked_lang, language, needs, t, told
from jiebei_lib.cli.portfolio import bar
from jiebei_lib.core.knowledge.problems import Problem, ReportError
from jiebei_lib.page.text import say


def report(
    case: Annotated[Path | None, typer.Argument(help=t("report.case"), metavar="CASE.yaml")] = None,
    loan: Annotated[Path | None, typer.Option(help=t("report.loan"), metavar="LOAN.yaml")] = None,
    lang: Annotated[str, typer.Option(help=t("main.lang"))] = LANG,
    policy: Annotated[str, typer.Option(help=t("main.policy"))] = "article",
    as_of: Annotated[str | None, typer.Option(help=t("main.as_of"), metavar="DATE")] = None,
    to: Annotated[str, typer.Option(help=t("report.to"))] = "html",
    out: Annotated[Path, typer.Option("-o", "--out", help=t("main.out"), metavar="DIR")] = Path("reports"),
    force: Annotated[bool, typer.Option("--force", help=t("main.force"))] = False,
    check: Annotated[bool, typer.Option("--check", help=t("report.check"))] = False,
    kept: Annotated[bool, typer.Option("--examples", help=t("report.examples"))] = False,
    refresh: Annotated[bool, typer.Option("--refresh", help=t("report.refresh"))] = False,
    change: Annotated[bool, typer.Option("--change", help=t("report.change"))] = False,
    brand: Annotated[Path | None, typer.Option(help=t("report.brand"), metavar="BRAND.yaml")] = None,
) -> None:
    needs("papermill")  # before any part of it names a smaller extra
    from jiebei_lib.core.case import Case
    from jiebei_lib.money.loan import Loan
    from jiebei_lib.reports import examples
    from jiebei_lib.reports.check import reproduces
    from jiebei_lib.reports.kinds import case_report

    lang = checked_lang(lang)
    if kept:
        for made in examples.example_reports(out, force):
            told(f"{made.html}\n  {made.headline}")
        if refresh:
            told(*examples.kept_examples(out / "examples"))
        return
    if case is None:
        raise ReportError(Problem("missing_option", "CASE.yaml"))
    if case.suffix == ".ipynb" and check:
        notebook = case
    else:
        owed = Loan.read(loan) if loan else None
        made = case_report(
            Case.read(case), lang, policy, as_of, to.split(","), out, loan=owed, brand=brand, force=force
        )
        if change and made.html:
            _with_change(made.html, Case.read(case), lang, policy, as_of)
        told(*made.files, f"  {made.headline}")
        notebook = made.notebook
    if check:
        reproduces(notebook)
        told(say("cli.report.reproduced", lang, path=notebook))


def _added(policy: str, beside: bool) -> Any:
    from jiebei_lib.reports.light.section import change_a_fact

    return change_a_fact(policy, beside=beside)


def _with_change(html: Path, case: Any, lang: str, policy: str, as_of: str | None) -> None:
    """The report with the section in which its facts can be changed."""
    from jiebei_lib.core.assessment import checked_date
    from jiebei_lib.core.knowledge.user_files import write_whole
    from jiebei_lib.reports.light.section import change_a_fact

    facts = {name: value for name, value in case.to_dict().items() if value is not None}
    parameters = {"case": facts, "lang": lang, "as_of": checked_date(as_of)}
    write_whole(html, change_a_fact(policy, [lang], beside=False).put(html.read_text("utf-8"), parameters))


def reports(
    given: Annotated[list[Path], typer.Argument(help=t("reports.given"), metavar="CASES...")],
    out: Annotated[Path, typer.Option("-o", "--out", help=t("reports.out"), metavar="DIR")],
    workers: Annotated[int | None, typer.Option(help=t("reports.workers"), metavar="N", min=1)] = None,
    lang: Annotated[str, typer.Option(help=t("reports.langs"))] = LANG,
    to: Annotated[str, typer.Option(help=t("report.to"))] = "html",
    single_file: Annotated[bool, typer.Option("--single-file", help=t("reports.single"))] = False,
    policy: Annotated[str, typer.Option(help=t("main.policy"))] = "article",
    as_of: Annotated[str | None, typer.Option(help=t("main.as_of"), metavar="DATE")] = None,
    mapping: Annotated[Path | None, typer.Option("--map", help=t("score.map"), metavar="MAP.yaml")] = None,
    sheet: Annotated[str | None, typer.Option(help=t("score.sheet"), metavar="NAME")] = None,
    cluster: Annotated[str | None, typer.Option(help=t("score.cluster"), metavar="local|tcp://…")] = None,
    change: Annotated[bool, typer.Option("--change", help=t("report.change"))] = False,
    template: Annotated[Path | None, typer.Option(help=t("reports.template"), metavar="FILE.ipynb")] = None,
    brand: Annotated[Path | None, typer.Option(help=t("report.brand"), metavar="BRAND.yaml")] = None,
    force: Annotated[bool, typer.Option("--force", help=t("main.force"))] = False,
) -> int:
    needs("papermill")
    from jiebei_lib.reports import batch

    ours = language(["--lang", lang])
    with bar(say("cli.reports.doing", ours), ours) as tell:
        done = batch.reports(
            given,
            out,
            lang.split(","),
            to.split(","),
            workers,
            policy,
            as_of,
            mapping,
            single_file,
            cluster,
            tell,
            sheet,
            _added(policy, not single_file) if change else None,
            template,
            brand,
            force,
        )
    counts = {"made": done.made, "kept": done.kept, "failed": done.failed}
    told(say("cli.reports.done", ours, **counts, path=done.folder / done.index))
    return 1 if done.failed else 0
