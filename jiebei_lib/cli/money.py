"""`jiebei cost`, `jiebei calendar`, `jiebei record`: the money and the dates of one loan."""

from pathlib import Path
from typing import Annotated, Any

import typer

from jiebei_lib.cli.output import LANG, checked_lang, print_json, print_table, printer, t, told
from jiebei_lib.core.policy import Policy
from jiebei_lib.money.budget import Affordability
from jiebei_lib.money.loan import Loan
from jiebei_lib.money.loan_fields import FIELDS
from jiebei_lib.money.record import Record
from jiebei_lib.page.text import cited, heads, say
from jiebei_lib.show.money.words import (
    budget_rows,
    budget_words,
    fits_rows,
    line_rows,
    mark_rows,
    owed_words,
    rate_words,
    schedule_rows,
    schedule_words,
    sum_,
    wait_rows,
    way_rows,
    way_words,
)


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
    lender: Annotated[str | None, _field("lender")] = None,
    paid: Annotated[list[str] | None, typer.Option(help=t("cost.paid"), metavar="DATE:N")] = None,
    plan_months: Annotated[int | None, typer.Option(help=t("cost.plan_months"), metavar="N")] = None,
    elsewhere: Annotated[str | None, typer.Option(help=t("cost.elsewhere"), metavar="N")] = None,
    income: Annotated[str | None, typer.Option(help=t("cost.income"), metavar="N")] = None,
    spending: Annotated[str, typer.Option(help=t("cost.spending"), metavar="N")] = "0",
    other_debts: Annotated[str, typer.Option(help=t("cost.other_debts"), metavar="N")] = "0",
    savings: Annotated[str, typer.Option(help=t("cost.savings"), metavar="N")] = "0",
    lang: Annotated[str, typer.Option(help=t("main.lang"))] = LANG,
    policy: Annotated[str, typer.Option(help=t("main.policy"))] = "article",
    json: Annotated[bool, typer.Option("--json", help=t("main.json"))] = False,
) -> None:
    typed = {name: value for name, value in locals().items() if name in FIELDS and value is not None}
    from jiebei_lib.core.assessment import in_language
    from jiebei_lib.core.case import checked
    from jiebei_lib.core.policy import load_policy
    from jiebei_lib.money.budget import Budget
    from jiebei_lib.money.summary import money, to_carry

    lang, rules = checked_lang(lang), load_policy(policy)
    known = _loan(loan, typed, rules, paid or [])
    late = checked("days_overdue", days_overdue, "days_overdue")[0] if days_overdue is not None else None
    budget = Budget(income, spending, other_debts, savings) if income is not None else None
    account = money(known, as_of, late, rules, months=plan_months, elsewhere=elsewhere, budget=budget)
    carried = to_carry(account, budget, known, rules) if budget else None
    if json:
        from jiebei_lib.money.summary import plain_budget

        print_json(in_language(account, lang) | ({"budget": plain_budget(carried)} if carried else {}))
        return
    from jiebei_lib.cli.money import print_budget, print_money

    print_money(account, rules, lang)
    if carried and budget:
        if account["ways"]:
            heading("ways.fits", lang)
            print_table(heads("money.ways.fits.table", lang), fits_rows(account, budget.left, lang))
            line(say("money.ways.fits.note", lang), "dim")
        print_budget(carried, lang, bool(account["ways"]))


def calendar(
    loan: Annotated[Path, typer.Argument(help=t("cost.loan"), metavar="LOAN.yaml")],
    out: Annotated[Path, typer.Option("--out", "-o", help=t("calendar.out"), metavar="FILE.ics")],
    lang: Annotated[str, typer.Option(help=t("main.lang"))] = LANG,
    force: Annotated[bool, typer.Option("--force", help=t("main.force_changed"))] = False,
) -> None:
    from jiebei_lib.cli.saving import save
    from jiebei_lib.money.calendar_file import due_calendar, read_dues
    from jiebei_lib.page.text import say

    lang = checked_lang(lang)
    content = due_calendar(Loan.read(loan), say("money.calendar.title", lang), say("money.calendar.note", lang))
    entries = read_dues(content)  # what any calendar will read back
    save(out, content, "ics", force)
    told(say("cli.calendar.made", lang, path=out, number=len(entries), alarms=entries[0][2]))


def record(
    overdue_from: Annotated[str, typer.Option(help=t("record.overdue_from"), metavar="DATE")],
    amount: Annotated[str, typer.Option(help=t("record.amount"), metavar="N")],
    settled: Annotated[str | None, typer.Option(help=t("record.settled"), metavar="DATE")] = None,
    as_of: Annotated[str | None, typer.Option(help=t("record.as_of"), metavar="DATE")] = None,
    lang: Annotated[str, typer.Option(help=t("main.lang"))] = LANG,
    policy: Annotated[str, typer.Option(help=t("main.policy"))] = "article",
    json: Annotated[bool, typer.Option("--json", help=t("main.json"))] = False,
) -> None:
    from jiebei_lib.core.policy import load_policy
    from jiebei_lib.money.record import record as worked_out

    lang = checked_lang(lang)
    dates = worked_out(overdue_from, settled, amount, load_policy(policy), as_of)
    if json:
        print_json(dates.to_dict(lang))
        return
    from jiebei_lib.cli.money import print_record

    print_record(dates, lang)


def _payment(told: str) -> dict[str, str]:
    """A payment as typed: 2026-03-20:500."""
    on, _, amount = told.replace("：", ":").rpartition(":")
    return {"on": on.strip(), "amount": amount.strip()}


def _loan(file: Path | None, typed: dict[str, Any], policy: Any, paid: list[str]) -> Loan:
    """The loan of a file with what was typed laid over it; one rate typed replaces the one in the file.

    What neither says of the penalty is as the policy has it, so that an overlay may move it.
    """
    from jiebei_lib.core.knowledge.problems import CaseError
    from jiebei_lib.core.knowledge.user_files import read_yaml
    from jiebei_lib.money.loan import RATES

    fields = read_yaml(file, CaseError) if file else {}
    if isinstance(fields, dict):
        over = {*typed, *(RATES if any(name in typed for name in RATES) else ())}
        fields = {key: value for key, value in fields.items() if FIELDS.named(key) not in over}
        terms = {name: policy.value(f"cost.{name}") for name in ("penalty_multiple", "grace_days")}
        known = {FIELDS.named(key) for key in fields}
        fields = {name: value for name, value in terms.items() if name not in known} | fields | typed
        if paid:  # beside those of the file
            before = next((fields.pop(key) for key in [*fields] if FIELDS.named(key) == "payments"), None)
            fields["payments"] = [*(before if isinstance(before, list) else []), *map(_payment, paid)]
    return Loan.of(fields, file.name if file else "loan")


def line(text: str = "", style: str = "", first: str = "", rest: str = "") -> None:
    printer(110)(text, style, first, rest)


def heading(key: str, lang: str, **slots: Any) -> None:
    line()
    line(say(f"money.{key}.title", lang, **slots), "bold underline")


def print_money(account: Any, policy: Policy, lang: str) -> None:
    """The loan, what is owed, what waiting adds, the yearly rate, the ways out."""
    line(say("money.schedule.title", lang), "bold underline")
    print_table(heads("money.schedule.table", lang), schedule_rows(account))
    line(schedule_words(account, lang))
    heading("rate", lang)
    line(rate_words(account, lang))
    print_table(heads("money.rate.table", lang), line_rows(account, lang))
    heading("owed", lang, on=account["as_of"])
    for words in owed_words(account, lang):
        line(words)
    heading("waiting", lang)
    print_table(heads("money.waiting.table", lang), wait_rows(account, lang))
    line(say("money.waiting.note", lang), "dim")
    if account["ways"]:
        heading("ways", lang)
        print_table(heads("money.ways.table", lang), way_rows(account, lang))
        for way in account["ways"]:
            line(way_words(way, policy, lang), first=" • ", rest="   ")
        line(say("money.ways.note", lang), "dim")
    heading("rests", lang)
    for rest in account["rests_on"]:
        line(rest["text"][lang], first=" • ", rest="   ")
        names = [say(f"basis.{rest['basis']}", lang)] + [say("page.reported", lang)] * rest["reported"]
        names += [cited(cite, lang) for cite in rest["cite"]]
        line(" · ".join(dict.fromkeys(names)), "dim", "   ", "   ")


def print_budget(affordable: Affordability, lang: str, late: bool = False) -> None:
    """``late``: what is carried is the agreed plan's heaviest month, not only the instalment of the contract."""
    heading("budget", lang)
    if late:
        line(say("money.budget.late", lang, need=sum_(affordable.instalment)))
    print_table(heads("money.budget.table", lang), budget_rows(affordable, lang, late))
    for words in budget_words(affordable, lang, late):
        line(words)


def print_record(dates: Record, lang: str) -> None:
    settled = (
        say("money.record.settled", lang, date=dates.settled) if dates.settled else say("money.record.unsettled", lang)
    )
    slots = {
        "overdue_from": dates.overdue_from,
        "amount": f"{dates.amount:,}",
        "settled": settled,
        "as_of": dates.as_of,
    }
    line(say("money.record.title", lang), "bold underline")
    line(say("money.record.line", lang, **slots))
    print_table(heads("money.record.table", lang), mark_rows(dates, lang))
