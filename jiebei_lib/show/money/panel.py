"""Panels about money: what is owed by day, ways out, the yearly rate, the budget before borrowing, the credit record."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from jiebei_lib.core.knowledge.problems import UserError
from jiebei_lib.core.policy import load_policy
from jiebei_lib.money.arrears import owed, paying, waiting
from jiebei_lib.money.budget import Affordability, Budget, affordability, carried
from jiebei_lib.money.loan import Loan
from jiebei_lib.money.loan_fields import FIELDS
from jiebei_lib.money.record import Record, record
from jiebei_lib.money.summary import Money, money
from jiebei_lib.money.ways_out import instalments, paying_on
from jiebei_lib.page.html import Words, environment
from jiebei_lib.page.text import LANGUAGES, cited, heads, say
from jiebei_lib.show.money.figures import LAST, owed_figure, rate_figure, record_figure, ways_figure
from jiebei_lib.show.money.words import (
    budget_rows,
    budget_words,
    fits_rows,
    mark_rows,
    owed_words,
    rate,
    rate_words,
    sum_,
    wait_rows,
    way_name,
    way_words,
)
from jiebei_lib.show.widget.composing import Name, call
from jiebei_lib.show.widget.fields import Field, both, check, choice, day, described, group, number
from jiebei_lib.show.widget.panel import Gauge, Panel

# The invented loan that every panel starts with.
EXAMPLE: dict[str, Any] = {
    "principal": 12_000,
    "months": 12,
    "method": "equal_instalment",
    "drawn": "2026-01-15",
    "missed_from": 3,
}
Values = dict[str, Any]


def owing() -> Panel:
    """What is owed by day, stacked; move the payment of today, the plan after it and the rate."""
    plans = {name: both(f"money.panel.plan_{name}") for name in ("none", "due", "monthly")}
    fields = [
        number("days", both("money.panel.days"), 7, 0, LAST, slider=(0, 180), unit=both("money.panel.days_unit")),
        _yuan("pay", "pay", 0, slider=(0, 5000)),
        choice("plan", both("money.panel.plan"), plans, "none"),
        number("plan_months", both("money.panel.plan_months"), 6, 1, 24, slider=(1, 24)),
        _daily_rate(),
        _loan_group(),
        _terms_group(),
    ]
    return Panel(
        fields, _draw_owing, pushed=_missed_within, value=_paid, result=_account, code=_account_lines, name="owing"
    )


def ways_out() -> Panel:
    """Pay today, by instalments, borrow elsewhere, or wait: what each costs and what it does."""
    months, elsewhere = _assumed("plan_months"), 100 * _assumed("elsewhere_rate")
    year = both("money.panel.percent_year")
    fields = [
        number("days", both("money.panel.days"), 7, 0, LAST, slider=(0, 180), unit=both("money.panel.days_unit")),
        number("plan_months", both("money.panel.plan_months"), int(months), 1, 36, slider=(1, 36), badge="assumption"),
        _fraction("elsewhere", both("money.panel.elsewhere"), elsewhere, 60, 0.5, year, "assumption"),
        group(both("money.panel.month"), _budget_fields(), note=both("money.panel.example")),
        _daily_rate(),
        _loan_group(),
        _terms_group(),
    ]
    return Panel(
        fields, _draw_ways, pushed=_missed_within, value=_loan, result=_account, code=_account_lines, name="ways_out"
    )


def yearly_rate() -> Panel:
    """The rate of a loan with all its fees against the lines."""
    fields = [
        _daily_rate(),
        _yuan("instalment_fee", "fee", 0, slider=(0, 200), high=10_000),
        _yuan("upfront_fee", "upfront", 0, slider=(0, 1000), high=100_000),
        _loan_group(missed=False, open=True),
        day("drawn", FIELDS["drawn"]["name"], EXAMPLE["drawn"]),
    ]
    return Panel(fields, _draw_rate, value=_loan, result=_account, code=_account_lines, name="yearly_rate")


def affordable(
    income: int = 8000, spending: int = 4500, other_debts: int = 900, savings: int = 6000, payment: int | None = None
) -> Panel:
    """The budget before borrowing, with its stress test (article ¶18). All in yuan, a month; with a ``payment`` one moves what the new
    loan takes each month, without one its terms."""
    fields = _budget_fields(income, spending, other_debts, savings)
    if payment is None:
        fields += [_daily_rate(), _loan_group(missed=False, open=True)]
    else:
        fields.append(_yuan("payment", "payment", payment, slider=(0, 10_000)))
    return Panel(fields, _draw_budget, value=_budget, result=_carried, code=_budget_lines, name="affordable")


def credit_record(overdue_from: str = "2025-06-15", settled: str = "2026-03-10", amount: int = 5000) -> Panel:
    """The dates of a bad mark as a timeline (article ¶16)."""
    fields = [
        day("overdue_from", both("money.panel.overdue_from"), overdue_from),
        day("settled", both("money.panel.settled"), settled, optional=True),
        _yuan("amount", "amount", amount, slider=(0, 30_000)),
        day("as_of", both("money.panel.as_of"), "2026-11-24"),
    ]
    return Panel(fields, _draw_record, value=_record, result=_record, code=_record_lines, name="credit_record")


# The controls that several panels share.


def _assumed(name: str) -> float:
    return load_policy("article").value(f"cost.{name}")


def _yuan(name: str, label: str, value: int, slider: tuple[int, int], high: int = 10_000_000) -> Field:
    named, unit = both(f"money.panel.{label}"), both("money.panel.yuan")
    return number(name, named, value, 0, high, whole=False, step=0.01, slider=slider, unit=unit)


def _budget_fields(*sums: int) -> list[Field]:
    """What comes in and goes out each month, and what is put by; without sums those of the example."""
    highest = {"income": 30_000, "spending": 30_000, "other_debts": 20_000, "savings": 100_000}
    first = sums or (8000, 4500, 900, 6000)
    return [
        _yuan(name, name, value, slider=(0, high)) for (name, high), value in zip(highest.items(), first, strict=True)
    ]


def _fraction(
    name: str, label: Any, value: float, high: float, step: float, unit: Any, badge: str, low: float = 0
) -> Field:
    return number(name, label, value, low, high, whole=False, step=step, slider=(low, high), unit=unit, badge=badge)


def _daily_rate() -> Field:
    return _fraction(
        "daily_rate", FIELDS["daily_rate"]["name"], 0.05, 0.1, 0.005, both("money.panel.percent_day"), "reported"
    )


def _field(name: str, value: float, **more: Any) -> Field:
    """The control for one field of a loan, with its own name, limits and unit."""
    return described(name, FIELDS[name], value, unit=FIELDS[name].get("unit"), **more)


def _loan_group(missed: bool = True, open: bool = False) -> Field:
    fields = [
        _field("principal", EXAMPLE["principal"], step=0.01, slider=(500, 100_000), log=True),
        _field("months", EXAMPLE["months"], slider=(1, 36)),
        choice("method", FIELDS["method"]["name"], FIELDS["method"]["labels"], EXAMPLE["method"], look="select"),
    ]
    fields += [_field("missed_from", EXAMPLE["missed_from"])] if missed else []
    return group(both("money.panel.loan"), fields, open=open, note=both("money.panel.example"))


def _terms_group() -> Field:
    multiple, grace = FIELDS["penalty_multiple"], int(_assumed("grace_days"))
    terms = [
        _fraction(
            "penalty_multiple", multiple["name"], _assumed("penalty_multiple"), 2, 0.1, multiple["unit"], "reported", 1
        ),
        _field("grace_days", grace, slider=(0, 30), badge="assumption"),
        check("compound", FIELDS["compound"]["description"], False, badge="assumption"),
        check("accelerate", both("money.panel.accelerate"), False),
    ]
    return group(both("money.panel.terms"), terms, open=False)


# What they draw.


def _loan(values: Values) -> Loan:
    """The loan that the controls describe."""
    known = {name: value for name, value in values.items() if name in FIELDS}
    loan = Loan(**{**EXAMPLE, "missed_from": 1, **known, "daily_rate": Decimal(str(values["daily_rate"])) / 100})
    if values.get("accelerate"):
        loan = loan.replace(accelerated=loan.due(loan.missed_from) + timedelta(int(values["days"])))
    return loan


def _missed_within(before: Mapping[str, Any], after: Mapping[str, Any]) -> Values:
    """A shorter loan, or one paid at the end, has fewer instalments that can be missed."""
    if all(before[name] == after[name] for name in ("months", "method")):
        return {}
    most = 1 if after["method"] == "bullet" else int(after["months"])
    return {"missed_from": most} if after["missed_from"] > most else {}


def _today(loan: Loan, values: Values) -> date:
    return loan.due(loan.missed_from) + timedelta(int(values["days"]))


def _paid(values: Values) -> Loan:
    """The loan with what is paid today and after it."""
    loan, on = _loan(values), _today(_loan(values), values)
    if values["pay"]:
        loan = paying(loan, Decimal(str(values["pay"])), on)
    if values["plan"] == "monthly" and owed(loan, on).total:
        months = int(values["plan_months"])
        loan = paying_on(loan, on, months, *instalments(loan, on, months), until=on + timedelta(2 * LAST))
    elif values["plan"] != "none":
        loan = paying_on(loan, on, 0, Decimal(0), Decimal(0), until=on + timedelta(2 * LAST))
    return loan


def _day(loan: Loan, values: Values) -> Any:
    """The day on which an account of the loan is drawn up: so many days after the first missed due date, or the day of borrowing."""
    return _today(loan, values) if "days" in values else values["drawn"]


def _account(values: Values) -> Money:
    """All about the money of the loan on that day, as plain data."""
    if "elsewhere" not in values:
        loan = _paid(values) if "plan" in values else _loan(values)
        return money(loan, _day(loan, values), ways_out=False)
    loan = _loan(values)
    more = {"months": int(values["plan_months"]), "elsewhere": values["elsewhere"] / 100}
    return money(loan, _day(loan, values), **more, budget=_budget(values))


def _loan_lines(loan: Loan) -> str:
    """The loan as it has to be written down: without what holds anyway."""
    known = loan.to_dict()
    must = {name: value for name, value in known.items() if FIELDS[name]["required"] or name == "daily_rate"}
    usual = Loan.of(must).to_dict()
    return (
        f"loan = {call('Loan.of', must | {name: value for name, value in known.items() if value != usual.get(name)})}"
    )


def _account_lines(values: Values) -> list[str]:
    """The same in Python; nothing while the loan cannot be."""
    with suppress(UserError):
        loan = _paid(values) if "plan" in values else _loan(values)
        more: dict[str, Any] = {"ways_out": False}
        if "elsewhere" in values:
            more = {
                "months": int(values["plan_months"]),
                "elsewhere": values["elsewhere"] / 100,
                "budget": Name("budget"),
            }
        lines = ["from jiebei_lib import Loan", "from jiebei_lib.money.summary import money", "", _loan_lines(loan)]
        if "elsewhere" in values:
            lines = ["from jiebei_lib.money.budget import Budget", *lines, _budget_made(values)]
        return [*lines, call("money", Name("loan"), str(_day(loan, values)), **more)]
    return []


def _budget(values: Values) -> Budget:
    """What comes in and goes out each month."""
    return Budget(*(Decimal(str(values[name])) for name in ("income", "spending", "other_debts", "savings")))


def _carried(values: Values) -> Affordability:
    """What the loan would leave of the budget."""
    if "payment" in values:
        return carried(_budget(values), Decimal(str(values["payment"])))
    return affordability(_budget(values), _loan(values))


def _budget_lines(values: Values) -> list[str]:
    """The same in Python; nothing while the loan cannot be."""
    made = _budget_made(values)
    if "payment" in values:
        head = ["from decimal import Decimal", "", "from jiebei_lib.money.budget import Budget, carried", ""]
        return [*head, made, call("carried", Name("budget"), Name(call("Decimal", str(values["payment"]))))]
    with suppress(UserError):
        head = ["from jiebei_lib import Loan", "from jiebei_lib.money.budget import Budget, affordability", ""]
        return [*head, _loan_lines(_loan(values)), made, "affordability(budget, loan)"]
    return []


def _budget_made(values: Values) -> str:
    return f"budget = {call('Budget', **{name: values[name] for name in ('income', 'spending', 'other_debts', 'savings')})}"


def _record(values: Values) -> Record:
    """The dates of the bad mark."""
    return record(values["overdue_from"], values["settled"], Decimal(str(values["amount"])), as_of=values["as_of"])


def _record_lines(values: Values) -> list[str]:
    """The same in Python."""
    amount = Name(call("Decimal", str(values["amount"])))
    told = call("record", values["overdue_from"], values["settled"], amount, as_of=values["as_of"])
    return ["from decimal import Decimal", "", "from jiebei_lib.money.record import record", "", told]


def _draw_owing(values: Values, lang: str) -> dict[str, Any]:
    unpaid, loan = _loan(values), _paid(values)
    account = money(loan, _today(unpaid, values), ways_out=False)
    words = _template().lines(owed_words(account, lang)) + _template().waiting(
        say("money.waiting.title", lang),
        heads("money.waiting.table", lang),
        wait_rows(account, lang),
        say("money.waiting.note", lang),
    )
    picture = owed_figure(loan, int(values["days"]), lang, unpaid if loan != unpaid else None)
    gauge = _day_more(loan, _today(unpaid, values))
    lead = gauge.line[lang] if gauge else say("money.panel.nothing", lang)
    first: dict[str, Any] = {"top": [_words(_template().lead(lead))], "gauge": gauge}
    return first | {"beside": [picture, _words(words)], "below": [_rests(account, lang)]}


def _day_more(loan: Loan, on: date) -> Gauge | None:
    """What one more day of waiting costs; None where nothing is overdue."""
    if not owed(loan, on).total:
        return None
    cost = sum_(waiting(loan, [1], on)[0].cost)
    return Gauge(cost, both("money.panel.day_more_moved"), both("money.panel.day_more", cost=cost))


def _draw_ways(values: Values, lang: str) -> dict[str, Any]:
    account, policy = _account(values), load_policy("article")
    if not account["ways"]:
        return {"beside": [_words(_template().lines([say("money.panel.nothing", lang)]))]}
    ways = [{"name": way_name(way, lang), "words": way_words(way, policy, lang)} for way in account["ways"]]
    words = _template().ways(say("money.ways.title", lang), ways, say("money.ways.note", lang))
    fits = fits_rows(account, _budget(values).left, lang)
    table = _template().waiting(
        say("money.ways.fits.title", lang),
        heads("money.ways.fits.table", lang),
        fits,
        say("money.ways.fits.note", lang),
    )
    extra = {way["id"]: sum_(way["extra"]) for way in account["ways"] if way["id"] in ("instalments", "borrow")}
    gauge = Gauge(" / ".join(extra.values()), both("money.panel.ways_moved"), both("money.panel.ways", **extra))
    return {"gauge": gauge, "beside": [ways_figure(account, lang), _words(table + words)]}


def _draw_rate(values: Values, lang: str) -> dict[str, Any]:
    account = _account(values)
    all_in = rate(account["rate"]["all_in_annual"])
    gauge = Gauge(all_in, both("money.panel.rate_moved"), both("money.panel.rate", rate=all_in))
    said = _words(_template().lines([rate_words(account, lang)]))
    return {"gauge": gauge, "beside": [said, rate_figure(account, lang)]}


def _draw_budget(values: Values, lang: str) -> dict[str, Any]:
    affordable = _carried(values)
    table = _template().grid(heads("money.budget.table", lang), budget_rows(affordable, lang))
    line = {each: budget_words(affordable, each)[1] for each in LANGUAGES}
    gauge = Gauge(sum_(affordable.after.left), both("money.panel.left_moved"), line)
    return {"gauge": gauge, "beside": [_words(_template().lines(budget_words(affordable, lang)) + table)]}


def _draw_record(values: Values, lang: str) -> dict[str, Any]:
    dates = _record(values)
    ends, key = next(mark.on for mark in dates.marks if mark.id.startswith("ends")), "ends" if dates.settled else "open"
    line = both(f"money.figures.record.title_{key}", ends=ends, settled=dates.settled)
    gauge = Gauge(str(ends), both("money.panel.ends_moved"), line)
    return {"gauge": gauge, "beside": [record_figure(dates, lang), _words(_template().marks(mark_rows(dates, lang)))]}


def _rests(account: Any, lang: str) -> Words:
    """On what the counting rests, folded away."""
    rows = [
        (
            rest["text"][lang],
            say(f"basis.{rest['basis']}", lang),
            ("；" if lang == "zh" else "; ").join(cited(cite, lang) for cite in rest["cite"]),
        )
        for rest in account["rests_on"]
    ]
    return _words(_template().statements(say("money.rests.title", lang), rows))


def _template() -> Any:
    return environment().get_template("show/money/money.html.j2").module


def _words(markup: Any) -> Words:
    return Words(str(markup).strip())
