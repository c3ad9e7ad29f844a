"""The game of lesson 1: seven days after a missed due date. Pure functions: a world (from a seed), a state, a choice, the next state.

What is owed comes from rules.cost, the likelihood of a call from the score, what a caller may do from the rules of conduct. In a
world one admissible reading, drawn from the seed, decides whether the contact is called on day 7. That is luck and earns no points:
points (best_path.py) count the share of all readings, so the best path is the same whichever reading the world follows.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from jiebei_lib.core.case import Case
from jiebei_lib.core.policy import load_policy
from jiebei_lib.core.scoring.score import reading_likelihoods, score_cases
from jiebei_lib.lessons.bank import checked_file
from jiebei_lib.money.arrears import Owed, owed
from jiebei_lib.money.loan import Loan

DAYS = 7
REPAYING, ENGAGED, ANSWERING, BROKEN, SILENT = "repaying", "engaged", "answering", "broken_promise", "silent"
MENDED = (ENGAGED, REPAYING)
LEAST_PAYMENT = 100_00  # cents; below it paying part is not offered


@dataclass(frozen=True, slots=True)
class World:
    """What the seed decides: on which day each slot's event comes, and which reading the world follows."""

    seed: int
    placed: tuple[tuple[int, str], ...]
    reading: int
    luck: float

    @property
    def payday(self) -> int:
        return next(day for day, event in self.placed if event == "wages")


@dataclass(frozen=True, slots=True)
class State:
    """The morning of a day, after what arrived. Money in cents. ``promised``: the day by which all was promised; 0 if none."""

    day: int
    cash: int
    communication: str = SILENT
    payments: tuple[tuple[int, int], ...] = ()
    promised: int = 0
    family: bool = False
    elsewhere: bool = False
    complained: bool = False
    improper: int = 0
    short: int = 0

    @property
    def over(self) -> bool:
        return self.day > DAYS


@cache
def game() -> dict[str, Any]:
    """The story, its numbers, choices and events (seven_days.yaml), checked."""
    return checked_file("seven_days.yaml", "Game")


def number(name: str) -> float:
    """A number of the story, e.g. ``setup.cash``."""
    part, _, key = name.partition(".")
    return game()[part][key]["value"]


@cache
def cents(name: str) -> int:
    """The same of a sum of money, in cents."""
    return round(number(name) * 100)


# ---- the world -----------------------------------------------------------------------------------------------------


def world(seed: int) -> World:
    """The world of a seed: the same seed, the same world."""
    random_ = random.Random(seed)
    slots: dict[str, list[str]] = {}
    for name, event in game()["events"].items():
        if "slot" in event:
            slots.setdefault(event["slot"], []).append(name)
    placed = []
    for names in slots.values():
        name = random_.choice(names)
        first, last = game()["events"][name]["days"]
        placed.append((random_.randint(first, last), name))
    return World(seed, tuple(placed), random_.randrange(len(load_policy().readings.samples)), random_.random())


def start(in_world: World) -> State:
    """The morning of day 1."""
    return _morning(State(day=1, cash=cents("setup.cash")), in_world)


def case_of(state: State, day: int | None = None) -> Case | None:
    """The borrower as the library's case, on a day (the state's own if not given); None once nothing is owed."""
    day = min(state.day, DAYS) if day is None else day
    amount = debt(state.payments, day).total
    if not amount:
        return None
    facts = {**game()["borrower"], "communication": state.communication}
    return Case(days_overdue=day, amount_overdue=float(amount), **facts)


@lru_cache(maxsize=65536)
def debt(payments: tuple[tuple[int, int], ...], day: int) -> Owed:
    """What is owed ``day`` days after the due date, to the cent, with payments (day, cents)."""
    loan = _loan()
    paid = [{"on": loan.due(1) + timedelta(on), "amount": Decimal(amount) / 100} for on, amount in payments]
    return owed(loan.replace(payments=paid), loan.due(1) + timedelta(day))


@cache
def _loan() -> Loan:
    return Loan.of({**game()["loan"], "missed_from": 1})


@lru_cache(maxsize=65536)
def owed_cents(payments: tuple[tuple[int, int], ...], day: int) -> int:
    """The same in all, in cents."""
    return int(debt(payments, day).total * 100)


@cache
def due_cents() -> int:
    """What was due on the due date."""
    return owed_cents((), 0)


@lru_cache(maxsize=65536)
def outlook(payments: tuple[tuple[int, int], ...], communication: str) -> tuple[float, float, float]:
    """Least and greatest likelihood and share of readings, were it day 7 with these payments and this communication."""
    return outlooks([(payments, communication)])[0]


def outlooks(ends: Sequence[tuple[tuple[tuple[int, int], ...], str]]) -> list[tuple[float, float, float]]:
    """:func:`outlook` for many at once; nothing owed, no call."""
    states = [State(day=DAYS, cash=0, communication=communication, payments=paid) for paid, communication in ends]
    cases = [case_of(state) for state in states]
    known = [case for case in cases if case is not None]
    if not known:
        return [(0.0, 0.0, 0.0)] * len(cases)
    scores = score_cases(known, load_policy())
    found = iter(zip(scores.low.tolist(), scores.high.tolist(), scores.share.tolist(), strict=True))
    return [(0.0, 0.0, 0.0) if case is None else next(found) for case in cases]


@lru_cache(maxsize=4096)
def contact_called(state: State, in_world: World) -> bool:
    """Whether the contact is called on day 7: by the reading that this world follows."""
    case = case_of(state, DAYS)
    return case is not None and float(reading_likelihoods(case, load_policy())[in_world.reading]) > in_world.luck


def arrivals(state: State, in_world: World) -> list[str]:
    """The ids of what arrives on the morning of a state's day, in the order of the YAML."""
    out = []
    placed = {name: day for day, name in in_world.placed}
    for name, event in game()["events"].items():
        first, last = event["days"]
        if "slot" in event and (name not in placed or placed[name] != state.day):
            continue
        if not first <= state.day <= last or state.communication not in event.get("when", [state.communication]):
            continue
        if name != "wages" and not _owes(state) and event["kind"] != "quiet":
            continue
        if event.get("rule") and state.complained:
            continue
        if event.get("after") and (event["after"] == "contact_called") != contact_called(state, in_world):
            continue
        out.append(name)
    return out


def _owes(state: State) -> bool:
    return owed_cents(state.payments, min(state.day, DAYS)) > 0


def _morning(state: State, in_world: World) -> State:
    """What the morning brings that counts: wages, and improper collection from the borrower (what luck brings does not count)."""
    for day, name in in_world.placed:
        if day != state.day or state.over:
            continue
        if name == "wages":
            state = replace(state, cash=state.cash + cents("setup.wages"))
        elif rule_of(name) and not _by_luck(name) and not state.complained and _owes(state):
            state = replace(state, improper=state.improper + 1)
    return state


def _by_luck(event: str) -> bool:
    return "after" in game()["events"][event]


# ---- choices -------------------------------------------------------------------------------------------------------


def choices(state: State) -> list[str]:
    """The ids of what one may do today, in the order of the YAML; none when the game is over."""
    if state.over:
        return []
    owes = _owes(state)
    open_ = {
        "ignore": owes and state.communication != REPAYING,
        "rest": not owes or state.communication == REPAYING,
        "answer": owes and state.communication in (SILENT, BROKEN),
        "promise": owes and state.communication not in MENDED and not state.promised,
        "explain": owes and state.communication not in MENDED,
        "pay_part": owes and _part(state) >= LEAST_PAYMENT,
        "pay_all": owes and state.cash > _part(state) and state.cash >= LEAST_PAYMENT,
        "borrow": owes and not state.elsewhere,
        "family": owes and not state.family,
        "complain": state.improper > 0 and not state.complained,
    }
    return [name for name in game()["choices"] if open_[name]]


def _part(state: State) -> int:
    """Cents that "pay part" pays: what is at hand but a few days of necessities, in whole yuan, at most what is owed."""
    free = state.cash - round(cents("setup.living") * number("setup.keep_days"))
    return max(0, min(free // 100 * 100, _total(state)))


def _total(state: State) -> int:
    return owed_cents(state.payments, state.day)


def choose(state: State, choice: str, in_world: World) -> State:
    """The next morning: the choice is carried out, the evening comes, and what the night brings. Raises ``ValueError`` if closed."""
    if choice not in choices(state):
        raise ValueError(choice)
    cash, payments = state.cash, state.payments
    if choice in ("pay_part", "pay_all"):
        paid = _part(state) if choice == "pay_part" else min(cash, _total(state))
        cash, payments = cash - paid, (*payments, (state.day, paid))
    elif choice == "family":
        cash += cents("setup.family")
    elif choice == "borrow":
        cash += cents("setup.elsewhere") - cents("setup.elsewhere_fee")
    promised = state.day + 1 if choice == "promise" else state.promised
    communication = _communication(state.communication, choice)
    # The evening: necessities are paid or missed; a promise that has come due is kept or broken.
    living = cents("setup.living")
    if 0 < promised <= state.day and owed_cents(payments, state.day):
        promised, communication = 0, communication if communication == REPAYING else BROKEN
    after = State(
        day=state.day + 1,
        cash=max(0, cash - living),
        communication=communication,
        payments=payments,
        promised=promised,
        family=state.family or choice == "family",
        elsewhere=state.elsewhere or choice == "borrow",
        complained=state.complained or choice == "complain",
        improper=state.improper,
        short=state.short + (cash < living),
    )
    return _morning(after, in_world)


def _communication(now: str, choice: str) -> str:
    """How a choice is heard (article ¶6, ¶7, ¶10). Paying without a word mends no silence."""
    if choice == "ignore":
        return {ANSWERING: SILENT, BROKEN: SILENT, ENGAGED: ANSWERING}.get(now, now)
    if choice == "explain":
        return ENGAGED
    if choice in ("answer", "promise", "complain"):
        return ANSWERING if now == SILENT else now
    if choice in ("pay_part", "pay_all"):
        return {ENGAGED: REPAYING, BROKEN: ANSWERING}.get(now, now)
    return now


def play(seed: int, chosen: Sequence[str]) -> list[State]:
    """The states of a game, from the first morning on. Cutting ``chosen`` short replays from any day."""
    in_world = world(seed)
    states = [start(in_world)]
    for choice in chosen:
        states.append(choose(states[-1], choice, in_world))
    return states


def rule_of(event: str) -> str | None:
    """The rule that an event breaks; None if it is in order."""
    return game()["events"][event].get("rule")


def rules_to_name() -> list[str]:
    """The rules that a player may name, in the order of the YAML."""
    return list(game()["breaches"])
