"""Seven days on screen: what arrived, what one may do, how it stands, and at the end the path taken against the best."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jiebei_lib.core.assessment import answer
from jiebei_lib.core.policy import load_policy
from jiebei_lib.core.scoring.score import MAJORITY
from jiebei_lib.lessons import best_path
from jiebei_lib.lessons import seven_days as game
from jiebei_lib.lessons.learner import class_file, learner, seed
from jiebei_lib.page.figure import CALL, NEITHER, NO_CALL
from jiebei_lib.page.html import Words
from jiebei_lib.page.text import heads, of_hundred, percent, say
from jiebei_lib.show.lessons.led import closed, follow, gate
from jiebei_lib.show.lessons.quiz import UNSURE, again
from jiebei_lib.show.lessons.words import cites, no_lines, words
from jiebei_lib.show.widget.fields import Field, both, button, choice, heading
from jiebei_lib.show.widget.panel import Panel

JUDGED = ("sms", "call", "contact")  # kinds of events that may break a rule
IN_ORDER = "none"
WIDE = 400  # of the range's picture


def seven_days() -> Panel:
    """The game of lesson 1. Deterministic from the class's seed; each replay is a game of its own."""
    return _Game().panel


class _Game:
    """One learner's game: which one it is, what was chosen, what was judged."""

    def __init__(self) -> None:
        run, chosen = class_file().played(learner.code)
        self.run, self.chosen = max(1, run), chosen
        self.judged: dict[Any, Any] = {}
        self.told: set[Any] = set()
        presses: dict[str, Callable] = {f"do_{name}": self._doing(name) for name in game.game()["choices"]}
        presses |= {"judge": self.judge, "again": self.replay}
        self.panel = Panel(self.fields(), self.draw, presses=presses, code=no_lines, name="seven_days")
        learner.observe(lambda _: self.come_back(), "code")
        follow(self.update)

    def closed(self) -> str:
        """Why nothing can be done here now (see lessons/lead.py); empty if something can. The debrief stays to be read."""
        how = "open" if self.states[-1].over else gate("game")
        return "" if how == "open" else how

    def update(self) -> None:
        again(self.panel, self.fields())

    @property
    def world(self) -> game.World:
        return game.world(seed())

    @property
    def states(self) -> list[game.State]:
        return game.play(seed(), self.chosen)

    # What is pressed

    def _doing(self, name: str) -> Callable:
        def do(values: Mapping[str, Any], panel: Panel) -> None:
            state = self.states[-1]
            if name in game.choices(state) and not self.closed():
                class_file().move(learner.enter(), self.run, state.day, name)
                self.chosen.append(name)
                self.told = set()
            self.update()

        return do

    def judge(self, values: Mapping[str, Any], panel: Panel) -> None:
        """Keeps which rule each of today's messages and calls is said to break; the first judgment stands."""
        for event in () if self.closed() else self.open_events():
            named = values.get(f"judge_{event}_{self.run}")
            if named == IN_ORDER or named in game.rules_to_name():
                right = named == (game.rule_of(event) or IN_ORDER)
                class_file().name_call(learner.enter(), self.run, event, named, right)
                self.judged[event] = right
                self.told.add(event)
        again(self.panel, self.fields())

    def replay(self, values: Mapping[str, Any], panel: Panel) -> None:
        """A new game that keeps the choices before the day picked."""
        day = values.get("day")
        if day in [str(n) for n in range(1, game.DAYS + 1)] and gate("game") == "open":
            run, chosen = self.run + 1, self.chosen[: int(day) - 1]
            for n, name in enumerate(chosen, 1):  # kept first: should one be refused, the game stays as it was
                class_file().move(learner.enter(), run, n, name)
            self.run, self.chosen, self.judged, self.told = run, chosen, {}, set()
            again(self.panel, self.fields())

    def come_back(self) -> None:
        """The latest game of a learner who comes back, or a new one for another."""
        run, chosen = class_file().played(learner.code)
        self.run, self.chosen, self.judged, self.told = max(1, run), chosen, {}, set()
        again(self.panel, self.fields())

    # What is shown

    def open_events(self) -> list[str]:
        """Today's messages and calls that are not judged yet."""
        state = self.states[-1]
        here = [] if state.over else game.arrivals(state, self.world)
        return [name for name in here if game.game()["events"][name]["kind"] in JUDGED and name not in self.judged]

    def fields(self) -> list[Field]:
        state = self.states[-1]
        if self.closed() or (state.over and gate("game") != "open"):
            return []
        if state.over:
            days = {str(n): both("lessons.game.again_day", day=n) for n in range(1, game.DAYS + 1)}
            return [
                choice("day", both("lessons.game.again"), days, look="select"),
                button("again", both("lessons.game.again_do"), main=True),
            ]
        options = {UNSURE: both("lessons.quiz.unsure"), IN_ORDER: both("lessons.game.in_order")} | game.game()[
            "breaches"
        ]
        to_judge, out = self.open_events(), []
        for n, name in enumerate(game.arrivals(state, self.world), 1):
            if name in to_judge:
                label = both("lessons.game.judge", n=n)
                out.append(choice(f"judge_{name}_{self.run}", label, options, UNSURE, look="select"))
        if out:
            out.append(button("judge", both("lessons.game.judge_do")))
        acts = game.game()["choices"]
        out.append(heading(both("lessons.game.choose")))
        return out + [button(f"do_{name}", acts[name]["name"], note=acts[name]["text"]) for name in game.choices(state)]

    def draw(self, values: Mapping[str, Any], lang: str) -> dict[str, list[Words]]:
        states = self.states
        if states[-1].over:
            return {"top": [words("debrief", self.debrief(states, lang), lang, cites(lang))]}
        if how := self.closed():
            return {"top": [closed(say("lessons.game.heading", lang), how, lang)]}
        state, acts = states[-1], game.game()["choices"]
        top = []
        if len(states) == 1:
            invented = say("lessons.game.invented", lang)
            top.append(words("story", game.game()["story"][lang], [invented]))
        else:
            name = self.chosen[-1]
            did = say("lessons.game.did", lang, day=state.day - 1, choice=acts[name]["name"][lang])
            top.append(words("last", acts[name], did, lang, cites(lang)))
        events = []
        for name in game.arrivals(state, self.world):
            event = game.game()["events"][name]
            judged = name in self.told
            events.append({**event, "said": _said(event, state, lang), "judged": judged, "well": self.judged.get(name)})
        top.append(words("day", self.day(state, lang), lang))
        top.append(words("arrived", events, lang, cites(lang)))
        return {"top": top}

    def day(self, state: game.State, lang: str) -> dict[str, Any]:
        """How it stands this morning."""
        owed = game.debt(state.payments, state.day)
        levels = load_policy().data["factors"]["communication"]["levels"]
        heard = levels[state.communication]["name"][lang] if state.day > 1 else say("lessons.game.unheard", lang)
        sums = [
            say("lessons.game.yuan", lang, value=f"{float(value):,.2f}") for value in (owed.total, state.cash / 100)
        ]
        penalty = say("lessons.game.penalty", lang, value=f"{owed.penalty:,.2f}") if owed.total else ""
        facts = [
            (say("lessons.game.owed", lang), sums[0] if owed.total else say("lessons.game.settled", lang), penalty),
            (say("lessons.game.cash", lang), sums[1], ""),
            (say("lessons.game.state", lang), heard, ""),
        ]
        return {
            "heading": say("lessons.game.day", lang, day=state.day),
            "facts": facts,
            "look": self.look(state, lang) if owed.total else None,
        }

    def look(self, state: game.State, lang: str) -> dict[str, Any]:
        """The range of the likelihood as a picture and in words."""
        low, high, _ = game.outlook(state.payments, state.communication)
        slots = {"low": percent(low, lang), "high": percent(high, lang)}
        colour = CALL if low > 0.5 else NO_CALL if high <= 0.5 else NEITHER
        said = say("lessons.game.outlook_words", lang, **slots, answer=_graded(state, lang))
        alt = say("lessons.game.outlook_alt", lang, **slots)
        return {
            "x": round(low * WIDE),
            "width": max(2, round((high - low) * WIDE)),
            "colour": colour,
            "words": said,
            "alt": alt,
        }

    def debrief(self, states: list[game.State], lang: str) -> dict[str, Any]:
        acts, end = game.game()["choices"], best_path.points(states[-1])
        best, path = best_path.best_from(states[0], self.world)
        perfect = best - end.total < 1e-6
        shown = {"points": f"{end.total:.1f}", "best": f"{best:.1f}"}
        parts = {name: f"{getattr(end, name):.1f}" for name in ("share", "debt", "cost", "short", "improper")}
        rows = []
        for step in best_path.debrief(seed(), self.chosen):
            share = game.outlook(step.after.payments, step.after.communication)[2]
            owed = game.debt(step.after.payments, min(step.after.day, game.DAYS)).total
            best_too = say("lessons.game.best_too", lang) if step.best == step.choice else acts[step.best]["name"][lang]
            lost = f"{step.lost:.1f}" if step.lost > 0.05 else "0"
            row = {"day": step.day, "choice": acts[step.choice]["name"][lang], "best": best_too, "points": lost}
            rows.append(
                row | {"owed": f"{owed:,.2f}", "readings": f"{of_hundred(share)}/100", "lost": step.lost > 0.05}
            )
        called = game.contact_called(states[-2], self.world)
        judged = sum(self.judged.values()), len(self.judged)
        return {
            "points": say(f"lessons.game.{'perfect' if perfect else 'points'}", lang, **shown),
            "parts": say("lessons.game.points_parts", lang, **parts),
            "luck": say(f"lessons.game.luck_{'called' if called else 'spared'}", lang),
            "eyes": say("lessons.game.eyes", lang, right=judged[0], judged=judged[1]) if judged[1] else "",
            "head": heads("lessons.game.table", lang),
            "rows": rows,
            "path": say("lessons.game.best_path", lang, path=" → ".join(acts[name]["name"][lang] for name in path)),
            "choices": [acts[name] for name in dict.fromkeys([*self.chosen, *path])],
        }


def _graded(state: game.State, lang: str) -> str:
    """The grade by the article, were it the last day, in the words of a case's first screen."""
    case = game.case_of(state, game.DAYS)
    if case is None:
        return say("lessons.game.outlook_none", lang)
    found = answer(case, load_policy())
    return grade_words(found["so_far"], found["share"], lang)


def grade_words(grade: str, share: float, lang: str) -> str:
    """A grade of day 7 and the share of readings behind it."""
    if grade == "split":
        grade = "split_above" if share > MAJORITY else "split_below"
    return say(f"case.first.known.{grade}", lang, n=of_hundred(share), first=game.DAYS)


def _said(event: Mapping[str, Any], state: game.State, lang: str) -> str:
    """An event's words with the sums of the day."""
    amount = f"{game.debt(state.payments, min(state.day, game.DAYS)).total:,.2f}"
    return event["text"][lang].format(days=state.day, amount=amount)
