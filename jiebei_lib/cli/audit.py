"""`jiebei audit`: a log of calls and messages held against the rules of conduct."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from jiebei_lib.cli.output import LANG, checked_lang, console, print_json, print_table, t, wrapped
from jiebei_lib.problems import Problem, UserError, items
from jiebei_lib.show.text import say

LISTED = 10  # rows that could not be read, as listed in the terminal


def audit(
    log: Annotated[Path, typer.Argument(help=t("audit.log"), metavar="LOG.csv")],
    rules: Annotated[str, typer.Option(help=t("audit.rules"), metavar="SETS")] = "cn",
    confidence: Annotated[str, typer.Option(help=t("audit.confidence"), metavar="V|S+|S")] = "S",
    as_of: Annotated[str | None, typer.Option(help=t("audit.as_of"), metavar="DATE")] = None,
    zone: Annotated[str | None, typer.Option(help=t("audit.zone"), metavar="ZONE")] = None,
    mask: Annotated[bool, typer.Option("--mask", help=t("audit.mask"))] = False,
    json: Annotated[bool, typer.Option("--json", help=t("main.json"))] = False,
    csv: Annotated[bool, typer.Option("--csv", help=t("audit.csv"))] = False,
    to: Annotated[str | None, typer.Option(help=t("report.to"))] = None,
    out: Annotated[Path, typer.Option("-o", "--out", help=t("main.out"), metavar="DIR")] = Path("reports"),
    who: Annotated[str, typer.Option(help=t("audit.who"), metavar="borrower|contact")] = "borrower",
    lang: Annotated[str, typer.Option(help=t("main.lang"))] = LANG,
) -> int:
    from jiebei_lib.calls.audit import audit as audited
    from jiebei_lib.calls.log import read_log
    from jiebei_lib.calls.rules import load_rules

    lang = checked_lang(lang)
    if json + csv + (to is not None) > 1:
        raise UserError(Problem("only_one", "jiebei audit", {"allowed": items(["--json", "--csv", "--to"])}))
    rule_sets = load_rules(rules, confidence)
    read = read_log(log, zone, mask)
    if to is not None:
        from jiebei_lib.calls.report import audit_report

        made = audit_report(
            read, lang, rules, as_of, who, to.split(","), out, log.stem, log.stem, confidence=confidence
        )
        print(*filter(None, [made.html, made.pdf, made.notebook]), f"  {made.headline}", sep="\n")
    else:
        found = audited(read, rule_sets, as_of)
        if json:
            print_json(as_json(found, lang))
        elif csv:
            sys.stdout.write(as_csv(found, lang))
        else:
            _print(found, log.name, lang)
    if json or csv or to is not None:
        for problem in read.problems:
            print(problem.say(lang), file=sys.stderr)
    return 1 if read.rejected else 0


def as_json(found: Any, lang: str) -> dict[str, Any]:
    """All that an audit found, as plain data: sets as lists, words in one language."""
    from jiebei_lib.show.audit_words import AuditWords

    words, log, rules = AuditWords(found, lang), found.log, found.rule_sets.rules
    table = found.table.drop(columns="position")
    records = table.astype({name: object for name in table.columns}).to_dict("records")
    for record in records:
        record["rule"] = rules[record["rule_id"]]["short"][lang]
        record["attempts"], record["missing"] = record["attempts"].split(";"), record["missing"].split(";")
        record["missing"] = [] if record["missing"] == [""] else record["missing"]
        record["cite"] = record["cite"].split("; ")
    return {
        "headline": words.headline(),
        "as_of": found.as_of,
        "rule_sets": list(found.rule_sets.sets),
        "left_out": found.rule_sets.left_out,
        "log": {
            "rows": log.rows,
            "audited": len(found.attempts),
            "rejected": log.rejected,
            "later": found.later,
            "masked": list(log.masked),
            "unused": list(log.unused),
        },
        "findings": [record for record in records if record["status"] == "breach"],
        "undecided": [record for record in records if record["status"] == "undecided"],
        "rules": found.rules.to_dict("records"),
        "problems": [problem.say(lang) for problem in log.problems],
    }


def as_csv(found: Any, lang: str) -> str:
    """One line a finding, safe to open in a spreadsheet."""
    from jiebei_lib.tables import safe

    rules = found.rule_sets.rules
    table = found.table.drop(columns="position")
    short = {name: rule["short"][lang] for name, rule in rules.items()}
    table.insert(1, "rule", table["rule_id"].astype(str).map(short))
    for column in ("attempt_id", "attempts"):
        table[column] = table[column].map(safe)
    return table.to_csv(index=False)


def _print(found: Any, name: str, lang: str) -> None:
    from rich.text import Text

    from jiebei_lib.show.audit_words import AuditWords

    words, out = AuditWords(found, lang), console()

    def line(text: str, style: str = "") -> None:
        out.print(Text(wrapped(text, min(out.width, 100)), style=style), soft_wrap=True)

    line(say("audit.terminal.file", lang, log=name, rows=found.log.rows, attempts=len(found.attempts)), "dim")
    line(words.headline(), "bold")
    for note in words.notes():
        line(note)
    rows = [
        [words.label(row["rule_id"]), words.standing(row["rule"]), row["breaches"], row["undecided"]]
        for row in words.by_rule()
    ]
    if rows:
        print_table(say("audit.terminal.rules", lang).split("|"), rows)
    for problem in found.log.problems[:LISTED]:
        line(say("audit.terminal.row", lang, problem=problem.say(lang)), "yellow")
    if len(found.log.problems) > LISTED:
        line(say("audit.rejected.more", lang, count=len(found.log.problems)), "yellow")
    if rows:
        line(say("audit.terminal.more", lang), "dim")
