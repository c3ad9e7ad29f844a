"""The teacher's cockpit: what is open for the class, and what stands on the projector. Each change is everyone's within seconds."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from jiebei_lib.lessons.bank import bank
from jiebei_lib.lessons.forms import forms
from jiebei_lib.lessons.learner import LESSONS, class_file, open_lesson, seed
from jiebei_lib.page.html import Words
from jiebei_lib.page.text import say
from jiebei_lib.show.lessons.lead import SCREENS, STEPS, Lead, lead, next_step, steer
from jiebei_lib.show.lessons.led import follow
from jiebei_lib.show.lessons.words import no_lines, words
from jiebei_lib.show.widget.fields import Field, Text, both, button, check, choice, number
from jiebei_lib.show.widget.panel import Panel
from jiebei_lib.show.widget.switch import current

LONGEST = 90  # minutes that a step may be given
TOGETHER, OWN_PACE = "together", "own_pace"
CONTROLS = ("step", "paused", "screen", "item", "spread", "told")  # named as the lead's fields are


def class_lead() -> Panel:
    """The cockpit of the class that ``jiebei class`` opened."""
    return _Cockpit(
        _fields(), _draw, presses={"next": _next, "timer": _timer, "no_timer": _no_timer}, code=no_lines, name="lead"
    )


class _Cockpit(Panel):
    """One of perhaps several: it writes only what is changed on it, and shows what is changed on another."""

    _follows = False  # while it takes over what another has changed

    def __init__(self, *given: Any, **more: Any):
        super().__init__(*given, **more)
        self.observe(self._changed, "values")
        current.observe(lambda change: steer(class_file(), lang=change["new"]), "lang")
        follow(self.take_over, _shown)

    def take_over(self) -> None:
        """Sets the controls to how the class is led now."""
        self._follows = True
        try:
            self.set(**_shown(lead(class_file())))
        finally:
            self._follows = False

    def _changed(self, change: Mapping[str, Any]) -> None:
        before, now = change["old"], change["new"]
        if self._follows or not (changed := {name for name in ("led", *CONTROLS) if before.get(name) != now[name]}):
            return
        steered = _steer({name: now[name] for name in changed})
        if "item" in changed and (now["spread"] or now["told"]):
            self.set(spread=False, told=False)  # another question begins hidden
        elif steered:
            self.redraw()


def _shown(now: Lead) -> dict[str, Any]:
    """The controls as they stand when the class is led so."""
    return {"led": TOGETHER if now.led else OWN_PACE} | {name: getattr(now, name) for name in CONTROLS}


def _fields() -> list[Field]:
    now = lead(class_file())
    steps = {name: both(f"lessons.lead.steps.{name}") for name in STEPS}
    ways = {name: both(f"lessons.lead.{name}") for name in (TOGETHER, OWN_PACE)}
    screens = {name: both(f"lessons.lead.screens.{name}") for name in SCREENS}
    return [
        choice("led", both("lessons.lead.led"), ways, TOGETHER if now.led else OWN_PACE),
        choice("step", both("lessons.lead.step"), steps, now.step, look="select"),
        button("next", both("lessons.lead.next"), main=True),
        number("minutes", both("lessons.lead.minutes"), 5, 1, LONGEST, blank=True),
        button("timer", both("lessons.lead.timer")),
        button("no_timer", both("lessons.lead.no_timer")),
        check("paused", both("lessons.lead.paused"), now.paused),
        choice("screen", both("lessons.lead.screen"), screens, now.screen),
        choice("item", both("lessons.lead.item"), _questions(), now.item, look="select"),
        check("spread", both("lessons.lead.spread"), now.spread),
        check("told", both("lessons.lead.told"), now.told),
    ]


def _questions() -> dict[str, Text]:
    """The questions of the lesson's two forms, by their words; then all others."""
    own = [asked.item for form in forms(seed() + LESSONS.index(open_lesson())) for asked in form]
    names = dict.fromkeys([*own, *bank()])
    return {"": both("lessons.lead.no_item")} | {name: bank()[name]["ask"] for name in names}


def _steer(changed: Mapping[str, Any]) -> bool:
    """Writes what some controls say; whether that was anything new."""
    before, wanted = asdict(lead(class_file())), {**changed, "lang": current.lang}
    if "led" in wanted:
        wanted["led"] = wanted["led"] == TOGETHER
    if "item" in wanted:
        wanted |= {"spread": False, "told": False}
    if {**before, **wanted} == before:
        return False
    try:
        steer(class_file(), **wanted)
    except ValueError:  # a browser that sends what is not on offer
        return False
    return True


def _next(values: Mapping[str, Any], panel: Panel) -> dict[str, Any]:
    return {"step": next_step(lead(class_file()).step), "paused": False}


def _timer(values: Mapping[str, Any], panel: Panel) -> None:
    if isinstance(values["minutes"], int | float):
        steer(class_file(), until=round(time.time() + 60 * values["minutes"], 1))
        panel.redraw()


def _no_timer(values: Mapping[str, Any], panel: Panel) -> None:
    steer(class_file(), until=0.0)
    panel.redraw()


def _draw(values: Mapping[str, Any], lang: str) -> list[Words]:
    now = lead(class_file())
    how = "now_paused" if now.paused else "now_open" if now.led else "now_free"
    step = say(f"lessons.lead.steps.{now.step}", lang)
    return [
        words(
            "sentences",
            say(f"lessons.lead.{how}", lang, step=step) if how == "now_open" else say(f"lessons.lead.{how}", lang),
            [say("lessons.lead.timer_on", lang, at=time.strftime("%H:%M", time.localtime(now.until)))]
            if now.until
            else [],
        )
    ]
