"""`jiebei reports`: a report for each case of a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jiebei_lib.cli.output import LANG, language, t
from jiebei_lib.cli.portfolio import bar
from jiebei_lib.show.text import say


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
    cluster: Annotated[str | None, typer.Option(help=t("score.cluster"), metavar="local|tcp://…")] = None,
) -> int:
    from jiebei_lib import batch

    ours = language(["--lang", lang])
    with bar(say("cli.reports.doing", ours), ours) as tell:
        done = batch.reports(
            given, out, lang.split(","), to.split(","), workers, policy, as_of, mapping, single_file, cluster, tell
        )
    counts = {"made": done.made, "kept": done.kept, "failed": done.failed}
    print(say("cli.reports.done", ours, **counts, path=done.folder / batch.INDEX))
    return 1 if done.failed else 0
