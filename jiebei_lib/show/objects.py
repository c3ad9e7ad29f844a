"""How the library's own objects show themselves: short in a console, as their first screen in a notebook, as frames to an analyst.

The rooms below know nothing of pages, so these methods are given to their classes from here, when ``jiebei_lib`` hands one out.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from jiebei_lib.core.knowledge.problems import needing
from jiebei_lib.page.block import Block
from jiebei_lib.page.text import LANGUAGES, language_of

# Where each class that shows itself stands, and which of them come of what `jiebei_lib` and `panels` hand out.
HOMES = {
    "Assessment": "core.assessment",
    "Policy": "core.policy",
    "Loan": "money.loan",
    "Borrower": "situation.borrower",
    "Findings": "calls.audit",
    "UserError": "core.knowledge.problems",
    "Comparison": "core.scoring.compare",
    "Summary": "portfolio.summary",
}
SHOWN = {
    "assess": ("Assessment",),
    "load_policy": ("Policy",),
    "audit": ("Findings",),
    "compare": ("Comparison",),
    # Of a table come the pairs and the summary of a portfolio, which have no public name of their own
    "score": ("Comparison", "Summary"),
    "portfolio": ("Comparison", "Summary"),
    **{name: (name,) for name in ("Assessment", "Policy", "Loan", "Borrower", "UserError")},
}


def dress(name: str) -> None:
    """Gives the classes behind a public name their ways to show themselves, once."""
    for cls_name in SHOWN.get(name, ()):
        cls = getattr(import_module(f"jiebei_lib.{HOMES[cls_name]}"), cls_name)
        if cls.__dict__.get("_jiebei_shown"):
            continue
        cls._jiebei_shown = True
        for method, function in WAYS[cls_name].items():
            setattr(cls, method, needing(f"{cls_name}.frame")(function) if method == "frame" else function)


def _shown_by(block: Callable[[Any, str], Block]) -> dict[str, Callable[..., str]]:
    """The two ways in which a notebook asks, from a block in the reader's language."""

    return {
        "_repr_html_": lambda self: "\n".join(_block(block(self, lang), lang) for lang in spoken()),
        "_repr_markdown_": lambda self: block(self, reader()).markdown(),
    }


def _block(made: Block, lang: str) -> str:
    return f'<div lang="{lang}">{made.html()}</div>' if len(spoken()) > 1 else made.html()


def spoken() -> tuple[str, ...]:
    """The languages in which an output stands: in a notebook with a switch both, of which it shows one; else the reader's own."""
    switch = sys.modules.get("jiebei_lib.show.widget.switch")
    return LANGUAGES if switch and switch.current.switched else (reader(),)


def reader() -> str:
    """The reader's language: that of the notebook's switch if there is one, else their own."""
    switch = sys.modules.get("jiebei_lib.show.widget.switch")
    return switch.current.lang if switch else language_of(os.environ.get("JIEBEI_LANG", "")) or LANGUAGES[0]


def assessment_block(a: Any, lang: str) -> Block:
    """The first screen: will they, by every witness; may they; what to do first."""
    from jiebei_lib.page.text import say
    from jiebei_lib.show.case import first

    answer = [first.sentence(side, lang) for side in a.witnesses]
    lines = [first.agreed(a, lang), first.nine_in_ten(a, lang)]
    lines.append(say("objects.may", lang, as_of=a.as_of, why=a.permitted["why"][lang]))
    rows = [[str(n), said] for n, said in enumerate(first.to_do(a, lang), 1)]
    notes = [say(f"objects.{key}", lang) for key in ("not_frequency", "more")]
    return Block(
        say("objects.case", lang, days=a.case["days_overdue"]),
        answer,
        lines,
        ["", say("objects.do", lang)],
        rows,
        notes,
    )


def assessment_frame(self: Any, part: str = "witnesses") -> Any:
    """A part of the answer as a DataFrame. ``witnesses``: a row a policy, ``low``, ``high`` (likelihood) and ``share`` (of readings)
    in [0, 1]. ``contributions``: a row a factor, ``pressure`` in [-1, 1], ``low``, ``central`` and ``high`` in log-odds.
    ``questions``: a row an unknown fact, ``narrowing`` in [0, 1]. Raises :class:`UserError`."""
    import pandas as pd

    from jiebei_lib.show.widget.composing import user_errors

    parts = {
        "witnesses": [
            {"policy": one["policy"], "verdict": one["verdict"], **one["likelihood"], "share": float(one["share"])}
            for one in self.witnesses
        ],
        "contributions": [
            {key: one[key] for key in ("factor", "pressure", "low", "central", "high")} for one in self.contributions
        ],
        "questions": [{key: one[key] for key in ("field", "narrowing", "share_narrowing")} for one in self.questions],
    }
    user_errors([part], parts)
    table = pd.DataFrame(parts[part])
    return table.set_index(table.columns[0]) if len(table) else table


def assessment_line(self: Any) -> str:
    low, high = self.likelihood["low"], self.likelihood["high"]
    return f"<Assessment {self.case_id}: {self.policy}, {self.verdict}, share {self.share:.2f}, likelihood {low:.2f} to {high:.2f}>"


def policy_block(policy: Any, lang: str) -> Block:
    """What was changed, with its basis."""
    from jiebei_lib.core.policy import load_policy
    from jiebei_lib.page.text import heads, say
    from jiebei_lib.show.policy.panel import changes_shown, name_of

    rows = [[*row[:3], row[3][1]] for row in changes_shown(load_policy(policy.base), policy, lang)]
    key = "changed" if rows else "unchanged"
    answer = [say(f"objects.policy.{key}", lang, name=name_of(policy, lang), n=len(rows))]
    return Block(answer=answer, heads=heads("objects.policy.table", lang), rows=rows)


def policy_frame(self: Any) -> Any:
    """Every assumed number that the score follows from: a row a key path, with ``value``, ``low`` and ``high`` of its range, in the
    parameter's own unit (column ``unit``), and its ``basis``."""
    import pandas as pd

    from jiebei_lib.core.scoring.sensitivity import assumptions

    rows = [
        {"path": ".".join(path), "value": float(node["value"]), "low": float(node["range"][0]), "high": float(node["range"][1]),
         "unit": node["unit"]["en"], "basis": node["basis"]}
        for path, node in assumptions(self)
    ]  # fmt: skip
    return pd.DataFrame(rows).set_index("path")


def loan_block(loan: Any, lang: str) -> Block:
    """The loan in a line, and its instalments."""
    from jiebei_lib.money.loan_fields import FIELDS
    from jiebei_lib.money.plan import schedule
    from jiebei_lib.page.text import heads, say
    from jiebei_lib.show.money.words import sum_

    slots = {"principal": sum_(loan.principal), "months": loan.months, "drawn": loan.drawn}
    line = say("objects.loan.line", lang, **slots, method=FIELDS["method"]["labels"][loan.method][lang])
    sums = ("principal", "interest", "payment", "balance")
    rows = [[str(row.n), row.due.isoformat(), *(sum_(getattr(row, name)) for name in sums)] for row in schedule(loan)]
    return Block(answer=[line], heads=heads("money.schedule.table", lang), rows=rows)


def loan_line(self: Any) -> str:
    return f"<Loan: {self.principal:,.2f} yuan, {self.months} months, {self.method}, drawn {self.drawn}, missed from {self.missed_from}>"


def loan_frame(self: Any) -> Any:
    """The instalments: a row each (index ``n``), ``due`` a date; principal, interest, payment, balance and fee in yuan."""
    from dataclasses import asdict

    import pandas as pd

    from jiebei_lib.money.plan import schedule

    table = pd.DataFrame([asdict(row) for row in schedule(self)]).set_index("n")
    sums = dict.fromkeys(table.columns.drop("due"), float)
    return table.astype(sums).assign(due=pd.to_datetime(table["due"]))


def audit_block(findings: Any, lang: str) -> Block:
    """How many contacts broke a rule, and which rules most."""
    from jiebei_lib.page.text import heads
    from jiebei_lib.show.calls.words import AuditWords

    words = AuditWords(findings, lang)
    rows = [
        [words.label(row["rule_id"]), words.standing(row["rule"]), str(row["breaches"]), str(row["undecided"])]
        for row in words.by_rule()[:5]
    ]
    return Block(answer=[words.headline()], heads=heads("calls.terminal.rules", lang), rows=rows, notes=words.notes())


def audit_line(self: Any) -> str:
    return f"<Findings: {len(self.attempts)} attempts, {len(self.breaches)} breaches, {len(self.undecided)} undecided>"


def comparison_block(held: Any, lang: str) -> Block:
    """Which of the two is more likely to have contacts called, in how far that is certain, and by how much."""
    from math import isfinite

    from jiebei_lib.page.text import multiple_of, say

    names = {side: say(f"objects.comparison.{side}", lang) for side in ("one", "other")}
    lines = [say("portfolio.pair.never", lang)]
    if isfinite(held.least) and isfinite(held.greatest):
        low, high = (multiple_of(odds) if odds >= 1 else f"1/{multiple_of(1 / odds)}" for odds in held.odds)
        lines = [say("portfolio.pair.odds", lang, low=low, high=high, **names)]
    return Block(answer=[say(f"portfolio.pair.{held.necessarily or 'either'}", lang, **names)], lines=lines)


def comparison_line(self: Any) -> str:
    low, high = self.odds
    possibly = ", ".join(sorted(self.possibly)) or "neither"
    return f"<Comparison: necessarily {self.necessarily}, possibly {possibly}, odds {low:.3g} to {high:.3g}>"


def comparison_frame(self: Any) -> Any:
    """One row: ``least`` and ``greatest`` difference in log-odds over all readings, ``odds_low`` and ``odds_high`` as multiples of the
    other's odds; all floats, infinite where in some reading only one of the two can be called."""
    import pandas as pd

    low, high = self.odds
    row = {"least": self.least, "greatest": self.greatest, "odds_low": low, "odds_high": high}
    return pd.DataFrame([row], dtype=float)


def summary_block(book: Any, lang: str) -> Block:
    """How many cases by each witness, whom to talk to first, the one question."""
    from jiebei_lib.page.text import heads
    from jiebei_lib.show.portfolio.page import BookPage
    from jiebei_lib.show.portfolio.words import ask_first

    page = BookPage(book, lang)
    first = ("、" if lang == "zh" else ", ").join(str(row["case_id"]) for row in book["first"][:5])
    lines = [f"{page.say('portfolio.block.first')}{'：' if lang == 'zh' else ': '}{first}"] if first else []
    return Block(
        answer=[page.headline()],
        lines=[*lines, ask_first(book, lang)],
        heads=heads("portfolio.block.table", lang, **page.names),
        rows=page.counts(),
        notes=[page.say("portfolio.note")],
    )


def summary_line(self: Any) -> str:
    apart = self["agreement"]["disagree"]
    likely = ", ".join(f"{side['policy']} {side['verdicts']['likely']}" for side in self["witnesses"])
    return f"<Summary: {self['cases']} cases, likely: {likely}, {apart} disagree>"


def summary_frame(self: Any, part: str = "grades") -> Any:
    """A part of the summary as a DataFrame. ``grades``: cases by grade, a column a witness. ``first``: the cases to talk to first, ranks
    from 1, shares in [0, 1]. ``segments``: ``above`` and ``below`` as shares of pairs in [0, 1]. ``questions``: a row an unknown
    fact. ``changes``: cases whose grade the other witness changes. Raises :class:`UserError`."""
    import pandas as pd

    from jiebei_lib.show.widget.composing import user_errors

    user_errors([part], ("grades", "first", "segments", "questions", "changes"))
    if part == "grades":
        return pd.DataFrame({side["policy"]: side["grades"] for side in self["witnesses"]}).rename_axis("grade")
    return pd.DataFrame(self[part])


def error_lines(self: Any) -> list[str]:
    """A user's mistake in place of a traceback: one line a problem."""
    return [f"{type(self).__name__}: {line}" for line in self.say(reader()).splitlines()]


WAYS: dict[str, dict[str, Callable[..., Any]]] = {
    "Assessment": {**_shown_by(assessment_block), "__repr__": assessment_line, "frame": assessment_frame},
    "Policy": {**_shown_by(policy_block), "frame": policy_frame},
    "Loan": {**_shown_by(loan_block), "__repr__": loan_line, "frame": loan_frame},
    "Borrower": _shown_by(lambda one, lang: import_module("jiebei_lib.show.situation.words").borrower_block(one, lang)),
    "Findings": {**_shown_by(audit_block), "__repr__": audit_line, "frame": lambda self: self.table.copy()},
    "Comparison": {**_shown_by(comparison_block), "__repr__": comparison_line, "frame": comparison_frame},
    "Summary": {**_shown_by(summary_block), "__repr__": summary_line, "frame": summary_frame},
    "UserError": {"_render_traceback_": error_lines},
}
