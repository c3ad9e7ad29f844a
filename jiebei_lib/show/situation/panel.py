"""The interview as a panel: one question at a time, "I don't know" always, and under it the answer so far."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from jiebei_lib.core.assessment import checked_date
from jiebei_lib.core.knowledge.problems import CaseError
from jiebei_lib.core.knowledge.user_files import yaml_content
from jiebei_lib.core.knowledge.yaml_files import dumped, shipped
from jiebei_lib.page.html import Words, environment
from jiebei_lib.page.text import LANGUAGES, say
from jiebei_lib.show.situation import words
from jiebei_lib.show.situation.letter_files import as_html
from jiebei_lib.show.widget.fields import Field, both, button, choice, file, group, text
from jiebei_lib.show.widget.panel import Download, Later, Panel
from jiebei_lib.situation.answer import SituationAnswer, answered
from jiebei_lib.situation.borrower import CASE, ROW, Borrower
from jiebei_lib.situation.interview import YES, Interview, NextQuestion
from jiebei_lib.situation.letters import letter

Values = Mapping[str, Any]
KEPT = "situation.yaml"  # the name of the file that a reader keeps


class _Talk:
    """One reader's interview and the panel that shows it. ``changing``: the answer that is being changed, if any."""

    def __init__(self, on: date):
        self.asking, self.changing = Interview(as_of=on), ""

    def question(self) -> NextQuestion | None:
        return self.asking.question(self.changing) if self.changing else self.asking.next()

    def fields(self) -> list[Field]:
        """The control of the question, what can be done with it, and what can be done with the answers so far."""
        question, out = self.question(), []
        if question is not None:
            out = [
                _control(question),
                button("next", both("situation.interview.next"), main=True),
                button("skip", both("situation.interview.skip")),
            ]
        kept: list[Field] = []
        if self.asking.answers:
            given = {lang: words.given_words(self.asking, lang) for lang in LANGUAGES}
            keys = {key: {lang: given[lang][n] for lang in LANGUAGES} for n, key in enumerate(self.asking.answers)}
            kept += [
                choice("earlier", both("situation.interview.change"), keys, look="select"),
                button("back", both("situation.interview.back")),
            ]
            kept += [
                button("keep", both("situation.interview.keep")),
                button("again", both("situation.interview.again")),
            ]
        kept.append(file("opened", both("situation.interview.open"), accept=".yaml,.yml,.json"))
        out.append(group(both("situation.interview.given"), kept, open=False, note=both("situation.interview.lead")))
        fitting = self.answer().letters if self.asking.answers else []
        if fitting:
            names = shipped("situation/letters.yaml")["letters"]
            kinds = {kind: names[kind]["name"] for kind in fitting}
            take = [
                choice("letter", both("situation.interview.letter"), kinds, look="select"),
                button("take", both("situation.interview.take")),
            ]
            out.append(group(both("situation.letters.title"), take, open=question is None))
        return out

    def answer(self) -> SituationAnswer:
        return answered(self.asking.borrower(), self.asking.on)

    # ---- what the buttons do

    def next(self, values: Values, panel: Panel) -> None:
        question = self.question()
        if question is not None:
            self._take(question, values.get(_name(question)), panel)

    def skip(self, _: Values, panel: Panel) -> None:
        question = self.question()
        if question is not None:
            self._take(question, None, panel)

    def _take(self, question: NextQuestion, given: Any, panel: Panel) -> None:
        self.asking.answer(question.key, given)
        self.changing = ""
        self._show(panel)

    def back(self, values: Values, panel: Panel) -> None:
        if values.get("earlier") in self.asking.answers:
            self.changing = values["earlier"]
            self._show(panel)

    def again(self, _: Values, panel: Panel) -> None:
        self.asking, self.changing = Interview(as_of=self.asking.on), ""
        self._show(panel)

    def keep(self, _: Values, panel: Panel) -> Download:
        return Download(KEPT, dumped(self.asking.to_dict()), "text/yaml")

    def take(self, values: Values, panel: Panel) -> Download:
        from jiebei_lib.show.widget.switch import current

        made = letter(values["letter"], current.lang, self.asking.borrower(), as_of=self.asking.on)
        return Download(f"{made.kind}.html", as_html(made), "text/html")

    def opened(self, given: Mapping[str, Any]) -> None:
        """Goes on with a kept file. Raises :class:`CaseError`."""
        self.asking = Interview.of(
            yaml_content(str(given["text"]), KEPT, CaseError), str(given["name"])[:60], self.asking.on
        )
        self.changing = ""

    def _show(self, panel: Panel) -> None:
        panel.show(self.fields())
        panel.redraw()


def ask(as_of: str | None = None) -> Panel:
    """The guided interview. ``panel.value`` is the borrower so far, ``panel.result`` the answer."""
    talk = _Talk(date.fromisoformat(checked_date(as_of)))
    seen: dict[str, Any] = {"file": None}

    def draw(values: Values, lang: str) -> dict[str, list[Any]]:
        if values.get("opened") and values["opened"] != seen["file"]:
            seen["file"] = values["opened"]
            talk.opened(values["opened"])
            panel.show(talk.fields())
        return {
            "top": [_asked(talk, lang)],
            "below": [Later(lambda: [_answer(talk, lang)] if talk.asking.answers else [])],
        }

    presses = {name: getattr(talk, name) for name in ("next", "skip", "back", "again", "keep", "take")}
    panel = Panel(
        talk.fields(),
        draw,
        presses=presses,
        value=lambda values: _borrower(talk),
        result=lambda values: talk.answer(),
        code=lambda values: _lines(talk),
        name="ask",
    )
    return panel


def _borrower(talk: _Talk) -> Borrower:
    return talk.asking.borrower()


def _lines(talk: _Talk) -> list[str]:
    """The same in Python."""
    told = talk.asking.borrower().to_dict()
    return [
        "from jiebei_lib import Borrower",
        "from jiebei_lib.situation.answer import answered",
        "",
        f"borrower = Borrower.of({told!r})",
        "answered(borrower)",
    ]


def _name(question: NextQuestion) -> str:
    """The control's name: the question's, so that another question's answer never stands in it."""
    return "q_" + question.key.replace(".", "_")


def _control(question: NextQuestion) -> Field:
    """The control for a question, which stands above it; its label is what the question is about."""
    name, label = (
        _name(question),
        {"days": CASE["days_overdue"], "more": YES}.get(question.field) or ROW[question.field],
    )
    if question.levels:
        return choice(name, label["name"], question.levels, optional=True)
    return text(name, label["name"], longest=60)


def _asked(talk: _Talk, lang: str) -> Words:
    """The question that is asked, read out when it changes."""
    question = talk.question()
    if question is None:
        return Words(str(_template().done(say("situation.interview.done", lang))).strip())
    step = say("situation.interview.step", lang, n=len(talk.asking.answers) + 1, left=talk.asking.left())
    return Words(
        str(
            _template().question(step, question.ask[lang], say("situation.interview.why", lang, why=question.why[lang]))
        ).strip()
    )


def _answer(talk: _Talk, lang: str) -> Words:
    """The answer so far."""
    found = talk.answer()
    made = _template().answer(
        words.title(found, lang),
        words.headline(found, lang),
        words.order_lines(found, lang),
        words.month_words(found, lang),
        words.will_words(found, lang),
        words.check_words(found, lang),
        words.step_lines(found, lang),
        lambda key: say(f"situation.{key}", lang),
    )
    return Words(str(made).strip())


def _template() -> Any:
    return environment().get_template("show/situation/panel.html.j2").module
