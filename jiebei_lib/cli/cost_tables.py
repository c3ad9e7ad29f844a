"""What `jiebei cost` and `jiebei record` print in the terminal."""

from __future__ import annotations

from typing import Any

from jiebei_lib.cli.output import console, print_table, wrapped
from jiebei_lib.policy import Policy
from jiebei_lib.rules.cost.budget import Affordability
from jiebei_lib.rules.record import Record
from jiebei_lib.show.cost_words import (
    budget_rows,
    budget_words,
    line_rows,
    mark_rows,
    owed_words,
    rate_words,
    schedule_rows,
    schedule_words,
    wait_rows,
    way_rows,
    way_words,
)
from jiebei_lib.show.text import cited, say


def line(text: str = "", style: str = "", first: str = "", rest: str = "") -> None:
    from rich.text import Text

    out = console()
    out.print(Text(wrapped(text, min(out.width, 110), first, rest), style=style), soft_wrap=True)


def heading(key: str, lang: str, **slots: Any) -> None:
    line()
    line(say(f"cost.{key}.title", lang, **slots), "bold underline")


def print_money(found: Any, policy: Policy, lang: str) -> None:
    """The loan, what is owed, what waiting adds, the yearly rate, the ways out."""
    line(say("cost.schedule.title", lang), "bold underline")
    print_table(say("cost.schedule.table", lang).split("|"), schedule_rows(found))
    line(schedule_words(found, lang))
    heading("rate", lang)
    line(rate_words(found, lang))
    print_table(say("cost.rate.table", lang).split("|"), line_rows(found, lang))
    heading("owed", lang, on=found["as_of"])
    for words in owed_words(found, lang):
        line(words)
    heading("waiting", lang)
    print_table(say("cost.waiting.table", lang).split("|"), wait_rows(found, lang))
    line(say("cost.waiting.note", lang), "dim")
    if found["ways"]:
        heading("ways", lang)
        print_table(say("cost.ways.table", lang).split("|"), way_rows(found, lang))
        for way in found["ways"]:
            line(way_words(way, policy, lang), first=" • ", rest="   ")
        line(say("cost.ways.note", lang), "dim")
    heading("rests", lang)
    for rest in found["rests_on"]:
        line(rest["text"][lang], first=" • ", rest="   ")
        names = [say(f"basis.{rest['basis']}", lang)] + [say("page.reported", lang)] * rest["reported"]
        names += [cited(cite, lang) for cite in rest["cite"]]
        line(" · ".join(dict.fromkeys(names)), "dim", "   ", "   ")


def print_budget(found: Affordability, lang: str) -> None:
    heading("budget", lang)
    print_table(say("cost.budget.table", lang).split("|"), budget_rows(found, lang))
    for words in budget_words(found, lang):
        line(words)


def print_record(found: Record, lang: str) -> None:
    settled = (
        say("cost.record.settled", lang, date=found.settled) if found.settled else say("cost.record.unsettled", lang)
    )
    slots = {
        "overdue_from": found.overdue_from,
        "amount": f"{found.amount:,}",
        "settled": settled,
        "as_of": found.as_of,
    }
    line(say("cost.record.title", lang), "bold underline")
    line(say("cost.record.line", lang, **slots))
    print_table(say("cost.record.table", lang).split("|"), mark_rows(found, lang))
