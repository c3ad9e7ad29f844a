"""An audit as JSON and as CSV."""

from __future__ import annotations

from typing import Any


def as_json(findings: Any, lang: str) -> dict[str, Any]:
    """All that an audit found, as plain data: sets as lists, words in one language."""
    from jiebei_lib.show.calls.words import AuditWords

    words, log, rules = AuditWords(findings, lang), findings.log, findings.rule_sets.rules
    table = findings.table.drop(columns="position")
    records = table.astype({name: object for name in table.columns}).to_dict("records")
    for record in records:
        record["rule"] = rules[record["rule_id"]]["short"][lang]
        record["attempts"], record["missing"] = record["attempts"].split(";"), record["missing"].split(";")
        record["missing"] = [] if record["missing"] == [""] else record["missing"]
        record["cite"] = record["cite"].split("; ")
    return {
        "headline": words.headline(),
        "as_of": findings.as_of,
        "rule_sets": list(findings.rule_sets.sets),
        "left_out": findings.rule_sets.left_out,
        "log": {
            "rows": log.rows,
            "audited": len(findings.attempts),
            "rejected": log.rejected,
            "later": findings.later,
            "masked": list(log.masked),
            "unused": list(log.unused),
        },
        "findings": [record for record in records if record["status"] == "breach"],
        "undecided": [record for record in records if record["status"] == "undecided"],
        "rules": findings.rules.to_dict("records"),
        "problems": [problem.say(lang) for problem in log.problems],
    }


def as_csv(findings: Any, lang: str) -> str:
    """One line a finding, safe to open in a spreadsheet."""
    from jiebei_lib.core.tables.files import safe

    rules = findings.rule_sets.rules
    table = findings.table.drop(columns="position")
    short = {name: rule["short"][lang] for name, rule in rules.items()}
    table.insert(1, "rule", table["rule_id"].astype(str).map(short))
    for column in table.select_dtypes(["object", "string"]).columns:
        table[column] = table[column].map(lambda cell: safe(cell) if isinstance(cell, str) else cell)
    return table.to_csv(index=False)
