"""What a learner's panels do in a class that is led: they wait, open and close with it, within a few seconds, by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from weakref import WeakMethod

from jiebei_lib.core.knowledge.problems import UserError
from jiebei_lib.core.knowledge.readers import Own
from jiebei_lib.lessons.learner import class_file
from jiebei_lib.page.html import Words
from jiebei_lib.page.text import say
from jiebei_lib.show.lessons.lead import Lead, lead
from jiebei_lib.show.lessons.words import words

EVERY = 2.0  # seconds between looks at how the class is led


class _Followers:
    """A reader's panels, and the last lead that they know: none until the first look."""

    def __init__(self) -> None:
        self.waiting: list[tuple[WeakMethod, Callable[[Lead], Any]]] = []
        self.seen: list[Lead] = []


_own = Own(_Followers)


def gate(part: str) -> str:
    """How a part of the lesson stands for this learner: ``open``, ``paused``, ``not_yet`` or ``over``."""
    return lead(class_file()).of(part)


def closed(title: str, how: str, lang: str) -> Words:
    """What stands in a part's place while it is not open."""
    return words("start", title, say(f"lessons.lead.closed.{how}", lang))


def _stage(now: Lead) -> tuple[bool, str, bool]:
    """By which a learner's parts open and close."""
    return now.led, now.step, now.paused


def follow(update: Callable[[], None], of: Callable[[Lead], Any] = _stage) -> None:
    """Calls a panel's ``update`` (a method) whenever the class is led elsewhere and what ``of`` takes of that differs; alone, or without
    an event loop, never."""
    if class_file().path is None:
        return
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return
    _own.waiting.append((WeakMethod(update), of))
    if len(_own.waiting) == 1:
        loop.call_later(EVERY, _look, loop)


def look() -> None:
    """Looks once; panels are told only of a change."""
    now = lead(class_file())
    before, _own.seen = _own.seen, [now]
    for each, of in _own.waiting:
        if before and of(before[0]) != of(now) and (update := each()):
            update()


def _look(loop: asyncio.AbstractEventLoop) -> None:
    with suppress(UserError):  # the file is busy or gone for a moment: the next look may find it
        look()
    if any(each() for each, _ in _own.waiting):  # else the page is gone
        loop.call_later(EVERY, _look, loop)
