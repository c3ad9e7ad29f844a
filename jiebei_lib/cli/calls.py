"""`jiebei audit`: a log of calls and messages held against the rules of conduct."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import available_timezones

import typer

from jiebei_lib.cli.output import LANG, checked_lang, print_json, print_lines, print_table, printer, t, told
from jiebei_lib.core.knowledge.problems import Problem, UserError, items
from jiebei_lib.page.text import heads, say
from jiebei_lib.show.calls.export import as_csv, as_json

LISTED = 10  # rows that could not be read, as listed in the terminal


def audit(
    log: Annotated[Path | None, typer.Argument(help=t("audit.log"), metavar="LOG.csv", show_default=False)] = None,
    call: Annotated[list[str] | None, typer.Option("--call", help=t("audit.call"), metavar="WHAT")] = None,
    rules: Annotated[str, typer.Option(help=t("audit.rules"), metavar="SETS")] = "cn",
    confidence: Annotated[str, typer.Option(help=t("audit.confidence"), metavar="V|S+|S")] = "S",
    as_of: Annotated[str | None, typer.Option(help=t("audit.as_of"), metavar="DATE")] = None,
    zone: Annotated[str | None, typer.Option(help=t("audit.zone"), metavar="ZONE")] = None,
    mask: Annotated[bool, typer.Option("--mask", help=t("audit.mask"))] = False,
    mapping: Annotated[str | None, typer.Option("--map", help=t("audit.map"), metavar="auto|FORMAT|MAP.yaml")] = None,
    sheet: Annotated[str | None, typer.Option(help=t("score.sheet"), metavar="NAME")] = None,
    json: Annotated[bool, typer.Option("--json", help=t("main.json"))] = False,
    jsonl: Annotated[bool, typer.Option("--jsonl", help=t("audit.jsonl"))] = False,
    csv: Annotated[bool, typer.Option("--csv", help=t("audit.csv"))] = False,
    to: Annotated[str | None, typer.Option(help=t("report.to"))] = None,
    out: Annotated[Path, typer.Option("-o", "--out", help=t("main.out"), metavar="DIR")] = Path("reports"),
    force: Annotated[bool, typer.Option("--force", help=t("main.force"))] = False,
    who: Annotated[str, typer.Option(help=t("audit.who"), metavar="borrower|contact")] = "borrower",
    lang: Annotated[str, typer.Option(help=t("main.lang"))] = LANG,
    brand: Annotated[Path | None, typer.Option(help=t("report.brand"), metavar="BRAND.yaml")] = None,
) -> int:
    from jiebei_lib.calls.audit import audit as audited
    from jiebei_lib.calls.log import read_log
    from jiebei_lib.calls.narrative import remembered
    from jiebei_lib.calls.rule_sets import load_rules
    from jiebei_lib.show.calls.words import how_read

    lang = checked_lang(lang)
    if json + jsonl + csv + (to is not None) > 1:
        raise UserError(Problem("only_one", "jiebei audit", {"allowed": items(["--json", "--jsonl", "--csv", "--to"])}))
    if (log is None) == (not call):
        raise UserError(Problem("only_one_needed", "jiebei audit", {"allowed": items(["LOG.csv", "--call"])}))
    rule_sets = load_rules(rules, confidence)
    place, told_at = zone or "Asia/Shanghai", datetime.now(UTC).isoformat(timespec="seconds")
    read = remembered(call, place, _now(told_at, place)) if call else read_log(log, zone, mask, None, mapping, sheet)
    if to is not None:
        from jiebei_lib.reports.kinds import audit_report

        more: dict[str, Any] = {"brand": brand, "force": force, "how_read": how_read(read)}
        more |= {"calls": call, "told_at": told_at, "zone": place} if call else {}
        stem = "memory" if call or log is None else log.stem
        names, formats = (stem, "" if call else stem), to.split(",")
        made = audit_report(read, lang, rules, as_of, who, formats, out, *names, confidence, **more)
        told(*made.files, f"  {made.headline}")
    else:
        found = audited(read, rule_sets, as_of)
        if json:
            print_json(as_json(found, lang))
        elif jsonl:
            every = as_json(found, lang)
            print_lines(row for status in ("findings", "undecided") for row in every[status])
        elif csv:
            sys.stdout.write(as_csv(found, lang))
        else:
            _print(found, "" if log is None else log.name, lang, who)
    if json or jsonl or csv or to is not None:
        for line in [*(each[lang] for each in how_read(read)), *(problem.say(lang) for problem in read.problems)]:
            print(line, file=sys.stderr)
    return 1 if read.rejected else 0


def _now(told_at: str, zone: str) -> Any:
    """The moment of the telling by the clocks of a zone; a zone that there is not is told as such later."""
    import pandas as pd

    return pd.Timestamp(told_at).tz_convert(zone if zone in available_timezones() else "UTC")


def _print(findings: Any, name: str, lang: str, who: str) -> None:
    from jiebei_lib.show.calls.words import AuditWords

    words, line = AuditWords(findings, lang), printer(100)
    if name:
        line(say("calls.terminal.file", lang, log=name, rows=findings.log.rows, attempts=len(findings.attempts)), "dim")
        line(words.headline(), "bold")
    else:
        memory = words.memory()
        line(memory["headline"], "bold")
        for status in ("sure", "possible"):
            for n, wrong in enumerate(memory[status]):
                if not n:
                    line(say(f"calls.memory.{status}", lang), "bold")
                line(say("calls.memory.line", lang, wrong=wrong["short"], cites=words.all_cites(wrong["rules"])))
    for note in words.notes():
        line(note)
    if not name:
        _to_do(findings, who, lang, line)
    rows = (
        []
        if not name
        else [
            [words.label(row["rule_id"]), words.standing(row["rule"]), row["breaches"], row["undecided"]]
            for row in words.by_rule()
        ]
    )
    if rows:
        print_table(heads("calls.terminal.rules", lang), rows)
    for problem in findings.log.problems[:LISTED]:
        line(say("calls.terminal.row", lang, problem=problem.say(lang)), "yellow")
    if len(findings.log.problems) > LISTED:
        line(say("calls.rejected.more", lang, count=len(findings.log.problems)), "yellow")
    if rows:
        line(say("calls.terminal.more", lang), "dim")


def _to_do(findings: Any, who: str, lang: str, line: Any) -> None:
    """What to do about a call from memory: what to beware of, what to keep, where to turn."""
    from jiebei_lib.calls.remedies import remedies

    line(say("calls.todo.heading", lang), "bold")
    for kind in ("caution", "evidence", "route"):
        for each in remedies(findings, who, kind):
            line(f"· {each['text'][lang]}")
