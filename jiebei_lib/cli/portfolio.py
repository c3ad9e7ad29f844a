"""`jiebei score`, `jiebei portfolio` and `jiebei sample`: tables of cases in files, scored, reported on as a whole, or invented."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jiebei_lib.cli.output import LANG, Now, checked_lang, t, told
from jiebei_lib.core.knowledge.problems import Problem, UserError, items, shown
from jiebei_lib.page.text import multiple_of, say

if TYPE_CHECKING:
    from jiebei_lib.core.policy import Policy
    from jiebei_lib.portfolio.summary import Book


LISTED = 10  # columns that are named
KINDS = ("csv", "jsonl", "json", "xlsx", "parquet", "arrow", "feather")
To = typer.Option("--to", help=t("score.to"), metavar="KIND", autocompletion=lambda: list(KINDS))


def _agreed(out: Path, to: str | None) -> None:
    """A kind of table that there is, and that the name of the file does not contradict."""
    if to is None:
        return
    if to not in KINDS:
        raise UserError(Problem("not_one_of", "--to", {"value": shown(to), "allowed": items(KINDS)}))
    if (ending := out.suffix.lower().lstrip(".")) != to:
        raise UserError(Problem("invalid", "--to", {"value": shown(to), "allowed": items([ending or "-o -"])}))


def _counted(mapping: Path | None, as_of: str | None) -> Path | dict[str, Any] | None:
    """The mapping with the day to which due dates are counted, where one is given."""
    from jiebei_lib.core.knowledge.user_files import read_yaml
    from jiebei_lib.core.tables.delimited import TableError

    if as_of is None:
        return mapping
    content = read_yaml(mapping, TableError) if mapping else {}
    return {**content, "as_of": as_of} if isinstance(content, dict) else mapping


def score(
    given: Annotated[list[Path], typer.Argument(help=t("score.given"), metavar="IN...")],
    out: Annotated[Path, typer.Option("-o", "--out", help=t("score.out"), metavar="OUT")],
    policy: Annotated[str, typer.Option(help=t("main.policy"))] = "article",
    mapping: Annotated[Path | None, typer.Option("--map", help=t("score.map"), metavar="MAP.yaml")] = None,
    sheet: Annotated[str | None, typer.Option(help=t("score.sheet"), metavar="NAME")] = None,
    errors: Annotated[str, typer.Option(help=t("score.errors"))] = "report",
    lang: Annotated[str, typer.Option(help=t("main.lang"))] = LANG,
    cluster: Annotated[str | None, typer.Option(help=t("score.cluster"), metavar="local|tcp://…")] = None,
    force: Annotated[bool, typer.Option("--force", help=t("main.force"))] = False,
    ranks: Annotated[bool, typer.Option("--ranks", help=t("score.ranks"))] = False,
    as_of: Annotated[str | None, typer.Option(help=t("score.as_of"), metavar="DATE")] = None,
    to: Annotated[str | None, To] = None,
    parts: Annotated[bool, typer.Option("--parts", help=t("score.parts"))] = False,
) -> int:
    from jiebei_lib.cli.saving import told_if_replaced
    from jiebei_lib.core.scoring.many import ADDED
    from jiebei_lib.core.tables.outputs import not_over
    from jiebei_lib.portfolio.parts.run import MANIFEST, score_parts
    from jiebei_lib.portfolio.parts.stores import address
    from jiebei_lib.portfolio.ranks import RANKED
    from jiebei_lib.portfolio.score_files import score_files

    lang, mapping_ = checked_lang(lang), _counted(mapping, as_of)
    for name, used in (("--ranks", ranks), ("--errors", errors != "report"), ("--to", to), ("--sheet", sheet)):
        if parts and used:
            raise UserError(Problem("not_with_parts", name))
    for place in (*given, out):
        if (where := address(place)) and not parts:
            raise UserError(Problem("address_with_parts", where))
    _agreed(out, to)
    if not force and out.resolve() not in [each.resolve() for each in given]:  # that is told by its own sentence
        not_over(out, ADDED, (ADDED[-1], RANKED[-1]))
    with told_if_replaced(out / MANIFEST if parts else out), bar(say("cli.score.doing", lang), lang) as tell:
        if parts:
            made = score_parts(given, out, policy, mapping_, lang, cluster, tell, force)
        else:
            if cluster:
                from jiebei_lib.portfolio.parts.joined import score_joined as score_files
            made = score_files(given, out, policy, mapping_, errors, lang, cluster, tell, ranks, sheet)
    told(say("cli.score.done", lang, good=f"{made.rows - made.bad:,}", path=address(made.output) or made.output))
    _unread(made.unread, lang)
    if made.readings is not None:
        told(say("cli.score.ranked", lang, readings=f"{made.readings:,}"))
    if made.errors is None:
        return 0
    print(say("cli.score.wrong", lang, bad=f"{made.bad:,}", path=address(made.errors) or made.errors), file=sys.stderr)
    return 1


def portfolio(
    given: Annotated[list[Path], typer.Argument(help=t("reports.given"), metavar="IN...")],
    out: Annotated[Path, typer.Option("-o", "--out", help=t("main.out"), metavar="DIR")] = Path("reports"),
    by: Annotated[str, typer.Option(help=t("portfolio.by"), metavar="COLUMN")] = "communication",
    policy: Annotated[str, typer.Option(help=t("main.policy"))] = "article",
    other: Annotated[str | None, typer.Option(help=t("portfolio.other"), metavar="POLICY")] = None,
    to: Annotated[str, typer.Option(help=t("report.to"))] = "html",
    mapping: Annotated[Path | None, typer.Option("--map", help=t("score.map"), metavar="MAP.yaml")] = None,
    sheet: Annotated[str | None, typer.Option(help=t("score.sheet"), metavar="NAME")] = None,
    most: Annotated[int, typer.Option("--list", help=t("portfolio.list"), metavar="N", min=0, max=200)] = 20,
    pairs: Annotated[str | None, typer.Option(help=t("portfolio.pairs"), metavar="A,B")] = None,
    force: Annotated[bool, typer.Option("--force", help=t("main.force"))] = False,
    together: Annotated[bool, typer.Option("--together", help=t("portfolio.together"))] = False,
    lang: Annotated[str, typer.Option(help=t("main.lang"))] = LANG,
    brand: Annotated[Path | None, typer.Option(help=t("report.brand"), metavar="BRAND.yaml")] = None,
) -> int:
    from jiebei_lib.core.policy import load_policy
    from jiebei_lib.portfolio import summary as book
    from jiebei_lib.reports import render as report
    from jiebei_lib.reports.outputs import file_stem

    lang = checked_lang(lang)
    formats = report.checked_formats(to.split(",")) if pairs is None else []
    if len(given) > 1 and not together and pairs is None:
        return _months(given, policy, mapping, sheet, formats, out, lang, brand, force)
    loaded = book.read_book(given, mapping, sheet)
    if pairs is not None:
        return _pairs(loaded, pairs, [load_policy(policy), book.other_witness(policy, other)], lang)
    bad = len({(each.file, each.row) for each in loaded.wrong})
    summed = book.summary(loaded.table, policy, by, other, bad, given[0].stem, most)
    stem = file_stem(f"portfolio-{given[0].stem}")
    made = report.render(
        "portfolio_report",
        {"book": dict(summed), "lang": lang},
        stem,
        formats,
        out,
        brand=report.branded(brand),
        force=force,
    )
    told(*made.files, f"  {made.headline}")
    return _wrong(loaded, lang)


def _months(
    given: list[Path],
    policy: str,
    mapping: Path | None,
    sheet: str | None,
    formats: list[str],
    out: Path,
    lang: str,
    brand: Path | None,
    force: bool,
) -> int:
    """A table a month, held against each other."""
    from jiebei_lib.portfolio.months import compare_months, read_months
    from jiebei_lib.portfolio.summary import Book as WithWrong
    from jiebei_lib.reports import render as report
    from jiebei_lib.reports.outputs import file_stem

    read, wrong = read_months(given, mapping, sheet)
    compared = compare_months(read, policy)
    stem = file_stem(f"months-{given[0].stem}-{given[-1].stem}")
    worn = report.branded(brand)
    made = report.render(
        "months_report", {"months": compared, "lang": lang}, stem, formats, out, brand=worn, force=force
    )
    told(*made.files, f"  {made.headline}")
    return _wrong(WithWrong(read[-1][1], wrong), lang)


def _unread(columns: Sequence[str], lang: str) -> None:
    """Says which columns meant nothing, so that none is missed."""
    if columns:
        told(say("cli.portfolio.unread", lang, columns=("、" if lang == "zh" else ", ").join(columns[:LISTED])))


def _wrong(loaded: "Book", lang: str) -> int:
    """Says which columns meant nothing, and what was wrong with the rows left out; the exit code."""
    from jiebei_lib.core.case import FIELDS

    names = [str(name) for name in loaded.table.columns if name not in FIELDS and not str(name).endswith(" (given)")]
    _unread(names, lang)
    for each in loaded.wrong[:10]:
        print(each.problem.say(lang), file=sys.stderr)
    return 1 if loaded.wrong else 0


def _pairs(loaded: "Book", given: str, witnesses: "list[Policy]", lang: str) -> int:
    """Two cases of the table held against each other by both witnesses, in the terms of robust ordinal regression."""
    from jiebei_lib.core.tables.delimited import TableError
    from jiebei_lib.portfolio.ranks import pair

    ids = [each.strip() for each in given.split(",")]
    if len(ids) != 2 or not all(ids):
        raise TableError(Problem("not_a_pair", "--pairs", {"value": shown(given)}))
    for policy in witnesses:
        held = pair(loaded.table, ids[0], ids[1], policy)
        slots = {"one": ids[0], "other": ids[1]}
        print(say("portfolio.pair.head", lang, name=policy.data["name"][lang], **slots))
        print("  " + say(f"portfolio.pair.{held.necessarily or 'either'}", lang, **slots))
        low, high = held.odds
        if isfinite(held.least) and isfinite(held.greatest):
            odds = say("portfolio.pair.odds", lang, low=_times(low), high=_times(high), **slots)
        else:
            odds = say("portfolio.pair.never", lang, **slots)
        print(f"  {odds}")
    return _wrong(loaded, lang)


def _times(odds: float) -> str:
    """2.5; 1/4 where it is less than 1."""
    return multiple_of(odds) if odds >= 1 else f"1/{multiple_of(1 / odds)}"


def sample(
    rows: Annotated[int, typer.Option(help=t("sample.rows"), metavar="N")] = 1000,
    seed: Annotated[int, typer.Option(help=t("sample.seed"), metavar="S")] = 1,
    out: Annotated[Path, typer.Option("-o", "--out", help=t("score.out"), metavar="OUT")] = Path("sample.csv"),
    lang: Annotated[str, typer.Option(help=t("main.lang"))] = LANG,
    to: Annotated[str | None, To] = None,
    force: Annotated[bool, typer.Option("--force", help=t("main.force"))] = False,
) -> None:
    from jiebei_lib.cli.saving import told_if_replaced
    from jiebei_lib.core.tables.outputs import not_over
    from jiebei_lib.portfolio.sample import write_sample

    lang = checked_lang(lang)
    _agreed(out, to)
    if not force:
        not_over(out, ("days_overdue", "amount_overdue", "funded_by"), ("funded_by",))
    with told_if_replaced(out), bar(say("cli.sample.doing", lang), lang) as tell:
        made = write_sample(out, rows, seed, tell)
    told(say("cli.sample.done", lang, rows=f"{rows:,}", path=made))


@contextmanager
def bar(label: str, lang: str) -> Iterator[Callable[[int, int | None], None]]:
    """A progress bar on standard error (nothing where that is not a terminal), moved by what it gives: how many are done, of how many."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"))
    with Progress(
        *columns,
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=Now.quiet or not console.is_terminal,
    ) as shown:
        task = shown.add_task(label, total=None, rate="")

        def tell(done: int, total: int | None) -> None:
            speed = shown.tasks[0].speed
            rate = say("cli.rate", lang, rate=f"{speed:,.0f}" if speed >= 10 else f"{speed:.1f}") if speed else ""
            shown.update(task, completed=done, total=total, rate=rate)

        yield tell
