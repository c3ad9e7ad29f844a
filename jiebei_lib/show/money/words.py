"""A loan's money in words and in rows of a table, for the terminal, the report and the notebook."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from math import ceil, floor
from typing import Any

from jiebei_lib.core.assessment import said
from jiebei_lib.core.case import Case
from jiebei_lib.core.policy import Policy
from jiebei_lib.money.arrears import WAITS, owed, penalty_range, waiting
from jiebei_lib.money.budget import Affordability, Situation
from jiebei_lib.money.loan import Loan
from jiebei_lib.money.record import Record
from jiebei_lib.page.text import cited, counted, heads, of_hundred, say, yuan

EXAMPLE = 1000.0  # yuan, where an amount is not known


def sum_(amount: Any) -> str:
    """10,207.50: sums of money always show their cents."""
    return f"{float(amount):,.2f}"


def rate(fraction: float) -> str:
    """18%, 18.25% or 0.015%."""
    return f"{100 * fraction:.{2 if fraction >= 0.01 else 3}f}".rstrip("0").removesuffix(".") + "%"


def schedule_rows(account: Any) -> list[list[str]]:
    return [
        [str(row["n"]), row["due"], *(sum_(row[name]) for name in ("principal", "interest", "payment", "balance"))]
        for row in account["schedule"]
    ]


def schedule_words(account: Any, lang: str) -> str:
    slots = {"interest": sum_(account["total_interest"]), "fees": sum_(account["total_fees"])}
    return say("money.schedule.sums", lang, n=len(account["schedule"]), **slots)


def rate_words(account: Any, lang: str) -> str:
    named, rates_ = ("nominal", "all_in", "effective"), account["rate"]
    shown = {name: rate(rates_[f"{name}_annual"]) for name in named}
    out = [say("money.rate.line", lang, **shown)]
    if float(account["total_fees"]) == 0 and shown["nominal"] != shown["all_in"]:
        gap = 100 * abs(rates_["all_in_annual"] - rates_["nominal_annual"])
        out.append(say("money.rate.by_day", lang, gap=f"{gap:.2f}"))
    return (" " if lang == "en" else "").join(out)


def line_rows(account: Any, lang: str) -> list[list[str]]:
    """Each line with its rate, since when, for whom, and where the loan stands."""
    rows = []
    for line in account["rate"]["lines"]:
        stands = "unknown" if line["rate"] is None else "above" if line["above"] else "below"
        said = say(f"money.rate.{stands}", lang)
        if not line["in_force"]:
            said = say("money.rate.not_yet", lang)
        elif line["binds"] is not True:
            said = say("money.rate.not_bound" if line["binds"] is False else "money.rate.if_bound", lang, stands=said)
        shown = "–" if line["rate"] is None else rate(line["rate"])
        since = line["since"] or ("–" if line["basis"] == "assumption" else say("money.rate.no_date", lang))
        rows.append([line["name"][lang], shown, since, line["applies"][lang], said])
    return rows


def owed_words(account: Any, lang: str) -> list[str]:
    owed = account["owed"]
    sums = {
        name: sum_(owed[name]) for name in ("principal", "interest", "penalty", "fees", "total", "not_due", "settle")
    }
    early = [say("money.owed.settle", lang, **sums)] if float(owed["not_due"]) else []
    if float(owed["total"]) == 0:
        return [say("money.owed.none", lang), *early]
    one = owed["instalments"] == 1
    count = say("money.owed.count_one", lang) if one else say("money.owed.count", lang, n=owed["instalments"])
    return [say("money.owed.line", lang, days=counted(owed["days_overdue"], "days", lang), count=count, **sums), *early]


def wait_rows(account: Any, lang: str) -> list[list[str]]:
    return [
        [
            say("money.waiting.days", lang, days=wait["days"]) if wait["days"] else say("money.waiting.now", lang),
            wait["on"],
            *(sum_(wait[name]) for name in ("total", "fell_due", "cost")),
        ]
        for wait in account["waiting"]
    ]


def way_name(way: Any, lang: str) -> str:
    """What a way out is called; where it rests on an assumed rate, with it."""
    return say(f"money.ways.{way['id']}.name", lang, **({"rate": rate(way["rate"])} if way["rate"] is not None else {}))


def way_rows(account: Any, lang: str) -> list[list[str]]:
    sums = ("today", "monthly", "need", "total", "extra")
    return [
        [
            way_name(way, lang),
            *(sum_(way[name]) for name in sums),
            way["arrears_end"],
            sum_(way["still_owed"]),
            way["record_ends"],
        ]
        for way in account["ways"]
    ]


def fits_rows(account: Any, left: Decimal, lang: str) -> list[list[str]]:
    """What each way takes today, and its whole monthly need against what a month leaves, in yuan."""
    said = {None: "none", True: "yes", False: "no"}
    out = []
    for way in account["ways"]:
        sums = [sum_(way["today"]), sum_(way["need"]), sum_(left)]
        fits = "deepens" if way["fits"] and way["deepens"] else said[way["fits"]]
        out.append([way_name(way, lang), *sums, say(f"money.ways.fits.{fits}", lang)])
    return out


def way_words(way: Any, policy: Policy, lang: str) -> str:
    """What a way out does to the debt, to a call and to the record."""
    return (" " if lang == "en" else "").join(way_parts(way, policy, lang))


def way_parts(way: Any, policy: Policy, lang: str) -> tuple[str, str, str]:
    days = int(policy.value("cost.look_ahead"))
    count = of_hundred(way["call"]["share"]) if way["call"] else 0
    more = {"rate": rate(way["rate"])} if way["rate"] is not None else {}
    debt = say(f"money.ways.{way['id']}.debt", lang, extra=sum_(way["extra"]), **more)
    told = way["id"] if way["call"] or way["id"] == "borrow" else "pay_today"
    call = say(f"money.ways.{told}.call", lang, days=days, count=count)
    return debt, call, say("money.ways.record", lang, date=way["record_ends"])


def budget_rows(affordable: Affordability, lang: str, late: bool = False) -> list[list[str]]:
    """``late``: what is carried is a plan for arrears, not a new loan."""
    rows, kind = [], "late_" if late else ""
    for name in ("before", "after", "stressed"):
        one = getattr(affordable, name)
        cushion = say("money.budget.months", lang, months=f"{one.cushion:.1f}") if one.cushion is not None else "–"
        burden = rate(round(one.burden, 3)) if one.burden is not None else "–"
        said = say(f"money.budget.{kind if name != 'stressed' else ''}{name}", lang, fall=rate(affordable.income_fall))
        rows.append([said, sum_(one.income), burden, sum_(one.left), cushion])
    return rows


def budget_words(affordable: Affordability, lang: str, late: bool = False) -> list[str]:
    """The verdict, what a month leaves now and with less income, a lump at the end, the most that can be borrowed (``late``: paid)."""
    fall, kind = rate(affordable.income_fall), "late_" if late else ""
    out = [say(f"money.budget.{kind}{affordable.verdict}", lang, instalment=sum_(affordable.instalment), fall=fall)]
    out += [_left("", affordable.after, fall, lang), _left("stress_", affordable.stressed, fall, lang)]
    if affordable.lump is not None:
        out.append(say("money.budget.lump", lang, lump=sum_(affordable.lump)))
    return [*out, say(f"money.budget.{kind}most", lang, most=sum_(max(affordable.before.left, Decimal(0))))]


def _left(when: str, month: Situation, fall: str, lang: str) -> str:
    """What a month leaves, or what is missing and for how long savings make up for it."""
    if month.left >= 0:
        return say(f"money.budget.{when}left", lang, left=sum_(month.left), fall=fall)
    months = f"{month.lasts:.1f}" if month.lasts is not None else "0"
    return say(f"money.budget.{when}missing", lang, missing=sum_(-month.left), months=months, fall=fall)


def further_days(case: Case, loan: Loan | None, policy: Policy, lang: str) -> dict[str, Any]:
    """The report's section: one sentence, a small table, and on what it rests."""
    statements = policy.data["cost"]["statements"]
    rests = [said(name, statements[name]) for name in ("penalty_in_place", "accrues")]
    if loan is not None:
        return _of_loan(case, loan, lang) | {"rests": rests}
    # Where the amount is not known, what each thousand yuan costs
    least, most = (EXAMPLE, EXAMPLE) if case.amount_overdue is None else case.amounts
    names = {"multiple": policy.value("cost.penalty_multiple"), "amount": _span(*map(yuan, (least, most)))}
    names |= {end: rate(policy.value(f"cost.daily_rate_{end}")) for end in ("low", "high")}
    added = {
        days: (penalty_range(least, days, policy)[0], penalty_range(most, days, policy)[1]) for days in (1, *WAITS)
    }
    rows = []
    for days in WAITS:
        low, high = added[days]
        whole = [sum_(float(amount) + float(end)) for amount, end in ((least, low), (most, high))]
        rows.append([_when(days, lang), _span(sum_(low), sum_(high)), _span(*whole)])
    return {
        "headline": say("money.report.headline_range", lang, low=sum_(added[1][0]), high=sum_(added[1][1])),
        "lead": say("money.report.lead_range", lang, **names),
        "head": heads("money.report.table", lang),
        "rows": rows,
        "notes": [
            say("money.report.note_range", lang),
            *[say("money.report.example", lang)] * (case.amount_overdue is None),
        ],
        "rests": rests,
    }


def _of_loan(case: Case, loan: Loan, lang: str) -> dict[str, Any]:
    on = loan.due(loan.missed_from) + timedelta(case.days_overdue)
    now, found = owed(loan, on), waiting(loan, [1, *WAITS], on)
    names = {name: sum_(getattr(now, name)) for name in ("total", "principal", "interest", "penalty", "fees")}
    rows = [
        [_when(wait.days, lang), *(sum_(getattr(wait, name)) for name in ("cost", "fell_due", "total"))]
        for wait in found[1:]
    ]
    notes = [say("money.waiting.note", lang)]
    # What a case calls overdue may leave out interest and penalty, and be rounded to the yuan.
    least, most = case.amounts
    if not (least <= ceil(now.total) and most >= floor(now.principal)):
        amount = _span(*map(yuan, (least, most)))
        notes.insert(0, say("money.report.other_amount", lang, total=names["total"], amount=amount))
    return {
        "headline": say("money.report.headline", lang, cost=sum_(found[0].cost)),
        "lead": say("money.report.lead", lang, days=case.days_overdue, on=on.isoformat(), **names),
        "head": heads("money.report.table_loan", lang),
        "rows": rows,
        "notes": notes,
    }


def _when(days: int, lang: str) -> str:
    return say("money.report.wait", lang, days=days) if days else say("money.report.today", lang)


def _span(low: str, high: str) -> str:
    return low if low == high else f"{low}–{high}"


def mark_rows(dates: Record, lang: str) -> list[list[str]]:
    rows = []
    for mark in dates.marks:
        basis = say(f"basis.{mark.statement['basis']}", lang)
        if mark.statement["confidence"] != "V":
            basis += f" ({say('page.reported', lang)})" if lang == "en" else f"（{say('page.reported', lang)}）"
        when = mark.on.isoformat() if mark.on else say("money.record.always", lang)
        cites = ("；" if lang == "zh" else "; ").join(cited(cite, lang) for cite in mark.statement["cite"])
        rows.append([when, mark.text(lang), basis, cites])
    return rows
