"""The answer to a whole situation in words and rows, for terminal, notebook and panel."""

from __future__ import annotations

import shlex
from datetime import date, timedelta
from decimal import Decimal
from importlib.util import find_spec

from jiebei_lib.core.knowledge.yaml_files import shipped
from jiebei_lib.core.parts import Said
from jiebei_lib.core.policy import load_policy
from jiebei_lib.page.block import Block
from jiebei_lib.page.text import cited_all, counted, own, say, yuan
from jiebei_lib.reports.outputs import file_stem
from jiebei_lib.show.case import first
from jiebei_lib.show.money.words import rate
from jiebei_lib.situation.answer import DebtAnswer, SituationAnswer, Spread, answered
from jiebei_lib.situation.borrower import Borrower
from jiebei_lib.situation.interview import Interview
from jiebei_lib.situation.topics import AskedQuestion, topics

Line = tuple[str, str]  # a sentence and its basis with cites, empty where it has none
REMEMBERED = 60  # days back, for a call whose day nobody remembers


def spread(found: Spread | None, lang: str) -> str:
    """5,200 or 1,800–2,000 or not known."""
    return (
        say("situation.order.unknown", lang)
        if found is None
        else "–".join(dict.fromkeys(yuan(float(end)) for end in found))
    )


def headline(found: SituationAnswer, lang: str) -> list[str]:
    """What is owed and what waiting costs, over all debts."""
    if not found.debts:
        return [say("situation.head.none", lang)]
    if found.open_debts == len(found.debts):
        return [say("situation.head.open_all", lang)]
    whole = all(row.debt.owed is not None or row.debt.loan is not None for row in found.debts)
    sums = {"overdue": spread(found.overdue, lang), "owed": spread(found.owed, lang)}
    out = [say(f"situation.head.{'overdue' if whole else 'overdue_at_least'}", lang, **sums)]
    if found.open_debts:
        out.append(say("situation.head.open", lang, n=found.open_debts))
    policy = load_policy("article")
    names = {end: rate(policy.value(f"cost.daily_rate_{end}")) for end in ("low", "high")}
    cost = found.waiting[30]
    if cost[1]:
        slots = names | {"multiple": policy.value("cost.penalty_multiple"), "days": 30, "cost": spread(cost, lang)}
        out.append(say("situation.head.waiting", lang, **slots))
    return out


def title(found: SituationAnswer, lang: str) -> str:
    count = len(found.debts)
    return say(f"situation.head.title{'_one' if count == 1 else ''}", lang, n=count, as_of=found.as_of)


def order_rows(found: SituationAnswer, lang: str) -> list[list[str]]:
    """A row a debt, in the order in which they are seen to."""
    return [
        [
            str(n),
            row.debt.name,
            _days(row.days, lang),
            spread(row.overdue, lang),
            own(row.why["short"], lang) if row.why["short"] else "",
            own(row.talk_to["short"], lang) if row.talk_to["short"] else "",
            "–" if found.to_offer is None else f"{row.offer:,.2f}",
        ]
        for n, row in enumerate(found.debts, 1)
    ]


def order_lines(found: SituationAnswer, lang: str) -> list[tuple[str, str]]:
    """The same as a name and a line each, for a narrow page."""
    out = []
    for _, name, days, overdue, why, whom, offer in order_rows(found, lang):
        key = "line" if found.to_offer is not None else "line_no_offer"
        slots = {"days": days, "overdue": overdue, "why": why, "whom": whom, "offer": offer}
        out.append((name, say(f"situation.order.{key}", lang, **slots)))
    return out


def _days(days: int | None, lang: str) -> str:
    if days is None:
        return say("situation.order.unknown", lang)
    if days < 0:
        return say("situation.order.ahead", lang, days=counted(-days, "days", lang) if lang == "en" else -days)
    key = "days" if days else "today"
    return say(f"situation.order.{key}", lang, days=counted(days, "days", lang))


def month_words(found: SituationAnswer, lang: str) -> list[str]:
    """What is left each month, whether the contracts can be kept, and how it is shared."""
    if found.borrower.who_asks == "contact":  # whose money is not the borrower's
        return []
    if found.left is None:
        return [say("situation.order.no_budget", lang)]
    left = f"{found.left:,.2f}"
    if found.left <= 0:
        hold = "_hold" if any(row.tier == "hold" for row in found.debts) else ""
        return [say(f"situation.order.nothing_left{hold}", lang, left=left)]
    out = []
    if found.need:
        gap = found.need - found.left
        key = "short" if gap > 0 else "enough"
        out.append(say(f"situation.order.{key}", lang, need=f"{found.need:,.2f}", gap=f"{gap:,.2f}", left=left))
    offers, first = (
        sum((row.offer for row in found.debts if (row.tier == "live") is live), Decimal(0)) for live in (False, True)
    )
    if offers or first:
        key = "offers_first" if offers and first else "offers" if offers else "first_only"
        out.append(say(f"situation.order.{key}", lang, left=left, offers=f"{offers:,.2f}", first=f"{first:,.2f}"))
    return [*out, say("situation.order.unshared", lang)] if found.open_debts else out


def reasons(found: SituationAnswer, lang: str) -> list[Line]:
    """Why each tier stands where it does, each once, and whom to talk to."""
    out: dict[str, Line] = {}
    for row in found.debts:
        for each in (row.why, row.talk_to):
            out.setdefault(each["id"], based(each, lang))
    return list(out.values())


def will_words(found: SituationAnswer, lang: str) -> list[str]:
    """Of each debt where that is still the question: will they, by both witnesses, and may they."""
    if found.borrower.contacts_called:
        return [say("situation.will.called", lang)]
    out = []
    for row in found.debts:
        if row.assessment is not None:
            sides = [first.sentence(side, lang) for side in row.assessment.witnesses]
            parts = [*sides, own(row.assessment.permitted["why"], lang)]
            out.append(
                say("situation.will.line", lang, name=row.debt.name, answer=(" " if lang == "en" else "").join(parts))
            )
    return [*out, say("situation.will.note", lang)] if out else []


def step_lines(found: SituationAnswer, lang: str) -> list[Line]:
    """What to do, in order: what has a date or must be found out first, then the person's, then what the first debt's own answer says."""
    urgent = [row for row in found.debts if row.tier in ("court", "hold")]
    rest = [row for row in found.debts if row not in urgent]
    lines = [_of_debt(row, each, lang) for row in urgent for each in row.statements]
    lines += [based(each, lang) for each in found.statements]
    lines += [based(each, lang) for each in found.actions]
    lines += [_of_debt(row, each, lang) for row in rest for each in row.statements]
    lines += [based(each, lang) for each in found.everyone]
    return list(dict.fromkeys(lines))


def _of_debt(row: DebtAnswer, each: Said, lang: str) -> Line:
    text, basis = based(each, lang)
    return say("situation.steps.of_debt", lang, name=row.debt.name, text=text), basis


def based(each: Said, lang: str) -> Line:
    """A statement, and on what it rests."""
    names = [say(f"basis.{each['basis']}", lang)] + [say("page.reported", lang)] * each["reported"]
    return own(each["text"], lang), " · ".join(dict.fromkeys([*names, *cited_all(each["cite"], lang)]))


def check_words(found: SituationAnswer, lang: str) -> list[str]:
    """The contact's call held against the rules: what it surely broke, what it may have; how to say more of it."""
    if found.check is None:
        return []
    if find_spec("pandas") is None:
        return [say("situation.check.needs", lang)]
    from jiebei_lib.calls.audit import audit
    from jiebei_lib.calls.narrative import remembered
    from jiebei_lib.calls.rule_sets import load_rules
    from jiebei_lib.show.calls.words import AuditWords

    call = found.check
    if found.borrower.called_on is None:  # nobody remembers the day
        last = date.fromisoformat(found.as_of)
        call = f"day={last - timedelta(REMEMBERED)} until={last} count=1 {call}"
    memory = AuditWords(audit(remembered([call], "Asia/Shanghai"), load_rules("cn", "S"), found.as_of), lang).memory()
    join = "；" if lang == "zh" else "; "
    out = []
    for status in ("sure", "possible"):
        if memory[status]:
            out.append(
                say(f"situation.check.{status}", lang, wrong=join.join(wrong["short"] for wrong in memory[status]))
            )
    return [*out, say("situation.check.again", lang, call=call)]


def letter_lines(found: SituationAnswer, file: str, lang: str, several: bool = False) -> list[str]:
    """A line a letter with the command that writes it; ``several``: the file holds more people than this one."""
    who = found.borrower.borrower_id
    file, own_name = (f"{file} --id {shlex.quote(who)}", f"-{file_stem(who)}") if several else (file, "")
    names = shipped("situation/letters.yaml")["letters"]
    return [
        say("situation.letters.line", lang, name=names[kind]["name"][lang], kind=kind, file=file, out=kind + own_name)
        for kind in found.letters
    ]


def borrower_block(borrower: Borrower, lang: str) -> Block:
    """What a borrower shows of itself in a notebook: the answer's first screen."""
    found = answered(borrower)
    steps = [[str(n), text] for n, (text, _) in enumerate(step_lines(found, lang)[:5], 1)]
    return Block(
        title(found, lang),
        headline(found, lang),
        [f"{name} {rest}" for name, rest in order_lines(found, lang)] + month_words(found, lang),
        ["", say("situation.steps.title", lang)],
        steps,
        [say("situation.limits", lang)],
    )


def given_words(asking: Interview, lang: str) -> list[str]:
    """Each answer so far beside its question."""
    out = []
    for key, value in asking.answers.items():
        question = asking.question(key)
        shown = (
            question.levels.get(str(value).lower() if isinstance(value, bool) else value) if value is not None else None
        )
        if value is None:
            answer = say("situation.interview.unknown", lang)
        elif shown:
            answer = shown[lang]
        else:
            answer = "–".join(yuan(end) for end in value) if isinstance(value, tuple) else str(value)
        out.append(say("situation.interview.line", lang, ask=question.ask[lang], answer=answer))
    return out


def topic_rows(lang: str) -> list[list[str]]:
    """Every question, how often it was asked, and whether public sources answer it."""
    whole = {True: "ask", False: "whole"}
    return [
        [
            topic.question[lang],
            "–" if topic.asked is None else str(topic.asked),
            say(f"situation.topics.{whole[topic.ask is not None]}", lang),
        ]
        for topic in topics()
    ]


def topic_lines(topic: AskedQuestion, lang: str) -> list[Line]:
    """A question, its answer with its basis, and whom to ask with which words where public sources do not answer it."""
    out = [(topic.question[lang], ""), based(topic.answer, lang)]
    if topic.ask is not None:
        slots = {"whom": topic.ask["whom"][lang], "words": topic.ask["say"][lang]}
        out.append((say("situation.topics.cannot", lang, **slots), ""))
    return out


def topics_page(lang: str) -> str:
    """Every question with its answer as a page of Markdown, the most asked first."""
    parts = [f"# {say('situation.topics.title', lang)}", say("situation.topics.note", lang)]
    for topic in topics():
        (question, _), *lines = topic_lines(topic, lang)
        asked = f" ({topic.asked})" if topic.asked else ""
        parts.append(f"## {question}{asked}")
        parts += [text + (f"\n\n*{basis}*" if basis else "") for text, basis in lines]
    return "\n\n".join(parts) + "\n"
