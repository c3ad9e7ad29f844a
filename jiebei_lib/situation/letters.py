"""Letters that follow from a situation, as plain data: what is known filled in, blanks where it is not, grounds with their confidence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from jiebei_lib.core.assessment import checked_date, said
from jiebei_lib.core.knowledge.problems import CaseError, Problem, items, shown
from jiebei_lib.core.knowledge.yaml_files import shipped
from jiebei_lib.core.parts import Said
from jiebei_lib.situation.answer import DebtAnswer, answered
from jiebei_lib.situation.borrower import PERSON, Borrower

BLANK = re.compile(r"〔[^〔〕]*〕|\[[^\[\]]*\]")  # what a blank looks like, in either language


@dataclass(frozen=True)
class Letter:
    """One letter in one language. ``lead``: what its demands begin with, where that is not "I ask you to"; ``grounds``: each a statement
    with its sources and confidence; ``warn`` is for its writer, not for sending; ``blanks``: the places left to fill."""

    kind: str
    lang: str
    name: str
    to: str
    subject: str
    body: list[str]
    lead: str | None
    demands: list[str]
    grounds: list[Said]
    warn: str
    enclose: list[str]
    signed: tuple[str, str]

    @property
    def blanks(self) -> int:
        parts = [self.to, self.subject, *self.body, *self.demands, *self.signed]
        return sum(len(BLANK.findall(part)) for part in parts)


def kinds() -> list[str]:
    """The names of the letters there are."""
    return list(shipped("situation/letters.yaml")["letters"])


def letter(
    kind: str, lang: str, borrower: Borrower | None = None, debt: str | None = None, as_of: str | date | None = None
) -> Letter:
    """A letter from what is known of a borrower, about one debt (by its name; else the first that it fits). Raises :class:`CaseError`."""
    known = shipped("situation/letters.yaml")
    if kind not in known["letters"]:
        raise CaseError(Problem("not_one_of", "letter", {"value": shown(kind), "allowed": items(known["letters"])}))
    told, day = known["letters"][kind], checked_date(as_of)
    facts, counts = _facts(told, borrower, debt, day, lang) if borrower else ({}, {})
    slots = _Slots(known["blanks"], lang, facts)

    def fitting(name: str) -> list[str]:
        entries = [each for each in told[name] if _fits(each.get("when", {}), counts)]
        return [each[lang].format_map(slots) for each in entries]

    return Letter(
        kind=kind,
        lang=lang,
        name=told["name"][lang],
        to=told["to"][lang].format_map(slots),
        subject=told["subject"][lang].format_map(slots),
        body=fitting("body"),
        lead=told["lead"][lang] if "lead" in told else None,
        demands=fitting("demands"),
        grounds=[said(f"{kind}_{n}", ground) for n, ground in enumerate(told["grounds"], 1)],
        warn=told["warn"][lang],
        enclose=fitting("enclose"),
        signed=(slots["who"], slots["date"]),
    )


class _Slots(dict[str, str]):
    """What fills a letter's slots: what is known, and a blank where nothing is."""

    def __init__(self, blanks: Mapping[str, Any], lang: str, facts: Mapping[str, str | None]):
        super().__init__({name: blank[lang] for name, blank in blanks.items()})
        self.update({name: value for name, value in facts.items() if value})


def _fits(when: Mapping[str, Any], facts: Mapping[str, str]) -> bool:
    return all(facts.get(fact) in allowed for fact, allowed in when.items())


def _facts(
    told: Mapping[str, Any], borrower: Borrower, debt: str | None, day: str, lang: str
) -> tuple[dict[str, str | None], dict[str, str]]:
    """What fills the slots, and what decides which sentences stand: how many debts, and whether a month leaves anything."""
    found, known = answered(borrower, day), shipped("situation/letters.yaml")
    row = _row(told, found.debts, debt)
    called = "me" if borrower.who_asks == "contact" else borrower.called_whom
    out = {
        "called_on": _day(borrower.called_on, known, lang) if borrower.called_on else None,
        "called_whom": known["words"]["called_whom"].get(called, {}).get(lang),
        "told": known["words"]["told"].get(borrower.told, {}).get(lang),
        "reason": PERSON["condition"]["labels"][borrower.condition][lang]
        if borrower.condition in ("ill", "in_hospital")
        else None,
        "income": f"{borrower.income:,.2f}" if borrower.income is not None else None,
        "spending": f"{borrower.spending:,.2f}" if borrower.spending is not None else None,
        "left": f"{found.to_offer:,.2f}" if found.to_offer is not None else None,
    }
    if row is not None:
        overdue = None if row.overdue is None or row.overdue[0] != row.overdue[1] else f"{row.overdue[1]:,.2f}"
        days = str(row.days) if row.days is not None and row.days > 0 else None
        out |= {"days": days, "overdue": overdue, "offer": f"{row.offer:,.2f}" if row.offer else None}
        for name in ("addressee", "caller") if row.debt.creditor else ():
            # A product such as Jiebei is no legal person: its name helps, the lender's stays to be filled in
            blank = known["blanks"][name][lang]
            out[name] = f"{blank}（{row.debt.creditor}）" if lang == "zh" else f"{blank} ({row.debt.creditor})"
    counts = {"debts": "several" if len(found.debts) > 1 else "one"} if found.debts else {}
    if found.to_offer is not None:
        counts["month"] = "some" if found.to_offer else "none"
    return out, counts


def _day(day: date, known: Mapping[str, Any], lang: str) -> str:
    """A day as letters write it: 2026年11月25日; 25 November 2026."""
    form: str = known["day"][lang]
    return form.format(day=day, month=known["months"][day.month - 1])


def _row(told: Mapping[str, Any], rows: list[DebtAnswer], name: str | None) -> DebtAnswer | None:
    """The debt that a letter is about. Raises :class:`CaseError` where the name is none of theirs."""
    if name is not None:
        for row in rows:
            if name in (row.debt.case_id, row.debt.creditor):
                return row
        raise CaseError(
            Problem("not_one_of", "--debt", {"value": shown(name), "allowed": items([row.debt.name for row in rows])})
        )
    for row in rows:
        facts = {key: getattr(row.debt, key) for key in row.debt.__dataclass_fields__} | {"tier": row.tier}
        if all(facts[key] in allowed for key, allowed in told["when"].items() if key in facts):
            return row
    return rows[0] if rows else None
