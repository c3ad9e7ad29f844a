"""What an end of Seven days is worth, and the best path to it: dynamic programming over every state that can be reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from jiebei_lib.core.knowledge.yaml_files import remembered
from jiebei_lib.core.policy import load_policy
from jiebei_lib.lessons.bank import FOLDER
from jiebei_lib.lessons.seven_days import (
    DAYS,
    State,
    World,
    cents,
    choices,
    choose,
    debt,
    due_cents,
    number,
    outlook,
    outlooks,
    play,
    start,
    world,
)


@dataclass(frozen=True, slots=True)
class Points:
    """Points of an end, 100 at most, and what each part takes off."""

    total: float
    share: float
    debt: float
    cost: float
    short: float
    improper: float


@dataclass(frozen=True, slots=True)
class PathStep:
    """One day as it was played: what was chosen, what would have been best from there, and what the choice lost against it."""

    day: int
    choice: str
    best: str
    lost: float
    before: State
    after: State


def money_lost(state: State) -> Decimal:
    """Yuan that being late cost by the end: penalty interest, fees, interest on the other loan."""
    last = debt(state.payments, DAYS)
    paid = sum(amount for _, amount in state.payments)
    lost = last.total * 100 + paid - due_cents()
    if state.elsewhere:
        rate = Decimal(str(number("setup.elsewhere_rate"))) * int(number("setup.elsewhere_days"))
        lost += cents("setup.elsewhere_fee") + rate * cents("setup.elsewhere")
    return (lost / 100).quantize(Decimal("0.01"))


def still_owed(state: State) -> Decimal:
    """Yuan owed to everybody at the end, not only to the first lender."""
    others = cents("setup.family") * state.family + cents("setup.elsewhere") * state.elsewhere
    return debt(state.payments, DAYS).total + Decimal(others) / 100


def points(state: State, share: float | None = None) -> Points:
    """What an end is worth. Whether the contact was in fact called plays no part."""
    parts = {
        "share": number("points.share") * (outlook(state.payments, state.communication)[2] if share is None else share),
        "debt": number("points.debt") * float(still_owed(state)) / (due_cents() / 100),
        "cost": number("points.cost") * float(money_lost(state)),
        "short": number("points.short") * state.short,
        "improper": number("points.improper") * state.improper,
    }
    return Points(total=100 - sum(parts.values()), **parts)


def best_from(state: State, in_world: World) -> tuple[float, tuple[str, ...]]:
    """The most points that can be had from a state of this world on, and a way to them; of equals, the first in the YAML's order."""
    solved, path = _solved(in_world), []
    value = solved[_key(state)][0]
    while not state.over:
        path.append(solved[_key(state)][1])
        state = choose(state, path[-1], in_world)
    return value, tuple(path)


@lru_cache(maxsize=8)
def _solved(in_world: World) -> dict[str, tuple[float, str]]:
    """For every state that can be reached: the most points from it on and the choice that gets them. Kept on disk by the seed."""
    texts = [repr(in_world).encode(), (FOLDER / "seven_days.yaml").read_bytes(), load_policy().digest.encode()]
    code = ("lessons/best_path.py", "lessons/seven_days.py", "money/arrears.py")
    return remembered("seven-days-best", b"\0".join(texts), lambda: solve(in_world), *code)


def solve(in_world: World) -> dict[str, tuple[float, str]]:
    """Dynamic programming: forward through all states that can be reached, each once however many paths lead to it, then back."""
    mornings: list[dict[State, dict[str, State]]] = [{start(in_world): {}}]
    for _ in range(DAYS):
        reached: dict[State, dict[str, State]] = {}
        for state, moves in mornings[-1].items():
            for choice in choices(state):
                moves[choice] = choose(state, choice, in_world)
                reached.setdefault(moves[choice], {})
        mornings.append(reached)
    last = list(mornings.pop())
    seen = outlooks([(state.payments, state.communication) for state in last])
    value = {state: points(state, share).total for state, (_, _, share) in zip(last, seen, strict=True)}
    out = {_key(state): (value[state], "") for state in last}
    for states in reversed(mornings):
        for state, moves in states.items():
            best = max(value[after] for after in moves.values())
            value[state] = best
            out[_key(state)] = best, next(name for name in moves if value[moves[name]] > best - 1e-9)
    return out


def _key(state: State) -> str:
    return "|".join(str(getattr(state, field)) for field in State.__slots__)


def debrief(seed: int, chosen: Sequence[str]) -> list[PathStep]:
    """A game day by day against the best that was still open each morning. The losses add up to the whole distance to the best."""
    in_world, out = world(seed), []
    states = play(seed, chosen)
    for choice, before, after in zip(chosen, states, states[1:], strict=False):
        reachable, path = best_from(before, in_world)
        lost = reachable - best_from(after, in_world)[0]
        best = choice if lost < 1e-9 else path[0]
        out.append(PathStep(before.day, choice, best, max(0.0, lost), before, after))
    return out
