"""`jiebei cost`, `jiebei calendar`, `jiebei record`: the money and the dates of one loan."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from jiebei_lib.cli.output import LANG, checked_lang, number, print_json, t
from jiebei_lib.loan import FIELDS, Loan


def _field(name: str) -> Any:
    """The option for one field of a loan."""
    spec = FIELDS[name]
    words = [spec["description"][LANG]] + ([" / ".join(spec["levels"])] if spec["type"] == "level" else [])
    metavar = {"date": "DATE", "level": "TEXT", "text": "TEXT"}.get(spec["type"], "N")
    return typer.Option(f"--{name.replace('_', '-')}", help=" ".join(words), metavar=metavar)


def cost(
    loan: Annotated[Path | None, typer.Argument(help=t("cost.loan"), metavar="[LOAN.yaml]")] = None,
    principal: Annotated[str | None, _field("principal")] = None,
    daily_rate: Annotated[str | None, _field("daily_rate")] = None,
    monthly_rate: Annotated[str | None, _field("monthly_rate")] = None,
    annual_rate: Annotated[str | None, _field("annual_rate")] = None,
    months: Annotated[str | None, _field("months")] = None,
    method: Annotated[str | None, _field("method")] = None,
    drawn: Annotated[str | None, _field("drawn")] = None,
    first_due: Annotated[str | None, _field("first_due")] = None,
    day_count: Annotated[str | None, _field("day_count")] = None,
    missed_from: Annotated[str | None, _field("missed_from")] = None,
    as_of: Annotated[str | None, typer.Option(help=t("cost.as_of"), metavar="DATE")] = None,
    days_overdue: Annotated[str | None, typer.Option(help=t("cost.days_overdue"), metavar="N")] = None,
    penalty_multiple: Annotated[str | None, _field("penalty_multiple")] = None,
    grace_days: Annotated[str | None, _field("grace_days")] = None,
    compound: Annotated[bool | None, typer.Option("--compound", help=FIELDS["compound"]["description"][LANG])] = None,
    accelerated: Annotated[str | None, _field("accelerated")] = None,
    late_fee: Annotated[str | None, _field("late_fee")] = None,
    instalment_fee: Annotated[str | None, _field("instalment_fee")] = None,
    upfront_fee: Annotated[str | None, _field("upfront_fee")] = None,
    plan_months: Annotated[int | None, typer.Option(help=t("cost.plan_months"), metavar="N")] = None,
    income: Annotated[str | None, typer.Option(help=t("cost.income"), metavar="N")] = None,
    spending: Annotated[str, typer.Option(help=t("cost.spending"), metavar="N")] = "0",
    other_debts: Annotated[str, typer.Option(help=t("cost.other_debts"), metavar="N")] = "0",
    savings: Annotated[str, typer.Option(help=t("cost.savings"), metavar="N")] = "0",
    lang: Annotated[str, typer.Option(help=t("main.lang"))] = LANG,
    policy: Annotated[str, typer.Option(help=t("main.policy"))] = "article",
    json: Annotated[bool, typer.Option("--json", help=t("main.json"))] = False,
) -> None:
    typed = {name: value for name, value in locals().items() if name in FIELDS and value is not None}
    from jiebei_lib.assessment import in_language
    from jiebei_lib.money import money
    from jiebei_lib.policy import load_policy
    from jiebei_lib.rules.cost.budget import Budget, affordability

    lang, rules = checked_lang(lang), load_policy(policy)
    known = _loan(loan, typed, rules)
    late = number(days_overdue) if days_overdue is not None else None
    found = money(known, as_of, late, rules, months=plan_months)
    budget = Budget(income, spending, other_debts, savings) if income is not None else None
    carried = affordability(budget, known, rules) if budget else None
    if json:
        from jiebei_lib.money import plain_budget

        print_json(in_language(found, lang) | ({"budget": plain_budget(carried)} if carried else {}))
        return
    from jiebei_lib.cli.cost_tables import print_budget, print_money

    print_money(found, rules, lang)
    if carried:
        print_budget(carried, lang)


def calendar(
    loan: Annotated[Path, typer.Argument(help=t("cost.loan"), metavar="LOAN.yaml")],
    out: Annotated[Path, typer.Option("--out", "-o", help=t("calendar.out"), metavar="FILE.ics")],
    lang: Annotated[str, typer.Option(help=t("main.lang"))] = LANG,
) -> None:
    from jiebei_lib.problems import CaseError, Problem
    from jiebei_lib.rules.cost.reminders import due_calendar, read_dues
    from jiebei_lib.show.text import say

    lang = checked_lang(lang)
    content = due_calendar(Loan.read(loan), say("cost.calendar.title", lang), say("cost.calendar.note", lang))
    entries = read_dues(content)  # what any calendar will read back
    try:
        out.write_bytes(content)
    except OSError as failure:
        raise CaseError(Problem("cannot_write", str(out), {"value": failure.strerror or failure})) from None
    print(say("cli.calendar.made", lang, path=out, number=len(entries), alarms=entries[0][2]))


def record(
    overdue_from: Annotated[str, typer.Option(help=t("record.overdue_from"), metavar="DATE")],
    amount: Annotated[str, typer.Option(help=t("record.amount"), metavar="N")],
    settled: Annotated[str | None, typer.Option(help=t("record.settled"), metavar="DATE")] = None,
    as_of: Annotated[str | None, typer.Option(help=t("record.as_of"), metavar="DATE")] = None,
    lang: Annotated[str, typer.Option(help=t("main.lang"))] = LANG,
    policy: Annotated[str, typer.Option(help=t("main.policy"))] = "article",
    json: Annotated[bool, typer.Option("--json", help=t("main.json"))] = False,
) -> None:
    from jiebei_lib.policy import load_policy
    from jiebei_lib.rules.record import record as worked_out

    lang = checked_lang(lang)
    found = worked_out(overdue_from, settled, amount, load_policy(policy), as_of)
    if json:
        print_json(found.to_dict(lang))
        return
    from jiebei_lib.cli.cost_tables import print_record

    print_record(found, lang)


def _loan(file: Path | None, typed: dict[str, Any], policy: Any) -> Loan:
    """The loan of a file with what was typed laid over it; one rate typed replaces the one in the file.

    What neither says of the penalty is as the policy has it, so that an overlay may move it.
    """
    from jiebei_lib.case import read_yaml
    from jiebei_lib.loan import RATES
    from jiebei_lib.problems import CaseError

    fields = read_yaml(file, CaseError) if file else {}
    if isinstance(fields, dict):
        if any(name in typed for name in RATES):
            fields = {name: value for name, value in fields.items() if name not in RATES}
        terms = {name: policy.value(f"cost.{name}") for name in ("penalty_multiple", "grace_days")}
        fields = terms | fields | typed
    return Loan.of(fields, file.name if file else "loan")
