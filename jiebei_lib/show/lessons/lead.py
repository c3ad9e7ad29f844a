"""Who leads a class: which part of the lesson is open, and what the projector shows. The board writes it into the class file, every
page reads it there. Alone, or in a class that goes at its own pace, everything is open.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from jiebei_lib.lessons.bank import bank
from jiebei_lib.lessons.store import Store

STEPS = ("come_in", "before", "task", "talk", "after", "end")
# The step at which a part is open: the two forms, the practice, the game
PARTS = {"before": "before", "practice": "task", "game": "task", "after": "after"}
SCREENS = ("welcome", "question", "paths")
LAST = 1e11  # no time is later; what is not a number is not either
KEY = "lead"  # of the class's settings


@dataclass(frozen=True)
class Lead:
    """``led``: parts are open at their step only; ``paused``: nothing is, eyes to the front. ``item`` is the question that the projector
    shows on the screen of that name, ``spread`` whether how it was answered stands beside it, ``told`` whether the right answer does.
    ``until`` is when the time given for a step ends (seconds since 1970); 0: none was given."""

    led: bool = False
    step: str = STEPS[0]
    paused: bool = False
    screen: str = SCREENS[0]
    item: str = ""
    spread: bool = False
    told: bool = False
    lang: str = "zh"
    until: float = 0.0

    def of(self, part: str) -> str:
        """How a part stands: ``open``, ``paused``, ``not_yet`` or ``over``."""
        if self.paused:
            return "paused"
        at, here = STEPS.index(PARTS[part]), STEPS.index(self.step)
        if not self.led or at == here:
            return "open"
        return "not_yet" if here < at else "over"


def lead(store: Store) -> Lead:
    """How the class is led now. What a file holds that cannot be (another version wrote it) is as if it were not there."""
    try:
        return _checked(json.loads(store.kept(KEY)))
    except ValueError:
        return Lead()


def steer(store: Store, **changes: Any) -> Lead:
    """Changes how the class is led, for everyone at once. Raises ``ValueError`` for what cannot be."""
    now = replace(lead(store), **changes)
    if _checked(asdict(now)) != now:
        raise ValueError(changes)
    store.keep(KEY, json.dumps(asdict(now)))
    return now


def next_step(step: str) -> str:
    return STEPS[min(STEPS.index(step) + 1, len(STEPS) - 1)]


def _checked(given: Any) -> Lead:
    start = Lead()
    out: dict[str, Any] = {}
    known = {"step": STEPS, "screen": SCREENS, "item": ("", *bank()), "lang": ("zh", "en")}
    for each in fields(Lead):
        value = given.get(each.name) if isinstance(given, dict) else None
        if each.name == "until":
            fine = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < LAST
        else:
            fine = value in known[each.name] if each.name in known else isinstance(value, bool)
        out[each.name] = value if fine else getattr(start, each.name)
    return Lead(**out)
