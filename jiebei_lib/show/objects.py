"""How the library's own objects show themselves: short in a console, as their first screen in a notebook, as frames to an analyst.

The rooms below know nothing of pages, so these methods are given to their classes from here, when ``jiebei_lib`` hands one out.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from jiebei_lib.page.block import Block
from jiebei_lib.page.text import LANGUAGES, language_of

# What `jiebei_lib` hands out, and the class of what comes of it, with its module.
SHOWN = {
    "assess": ("core.assessment", "Assessment"),
    "Assessment": ("core.assessment", "Assessment"),
    "load_policy": ("core.policy", "Policy"),
    "Policy": ("core.policy", "Policy"),
    "Loan": ("money.loan", "Loan"),
    "Borrower": ("situation.borrower", "Borrower"),
    "audit": ("calls.audit", "Findings"),
    "UserError": ("core.knowledge.problems", "UserError"),
}


def dress(name: str) -> None:
    """Gives the class behind a public name its ways to show itself, once."""
    if name not in SHOWN:
        return
    module, cls_name = SHOWN[name]
    cls = getattr(import_module(f"jiebei_lib.{module}"), cls_name)
    if cls.__dict__.get("_jiebei_shown"):
        return
    cls._jiebei_shown = True
    for method, function in WAYS[cls_name].items():
        setattr(cls, method, function)


def _shown_by(block: Callable[[Any, str], Block]) -> dict[str, Callable[..., str]]:
    """The two ways in which a notebook asks, from a block in the reader's language."""

    return {
        "_repr_html_": lambda self: block(self, reader()).html(),
        "_repr_markdown_": lambda self: block(self, reader()).markdown(),
    }


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


def error_lines(self: Any) -> list[str]:
    """A user's mistake in place of a traceback: one line a problem."""
    return [f"{type(self).__name__}: {line}" for line in self.say(reader()).splitlines()]


WAYS: dict[str, dict[str, Callable[..., Any]]] = {
    "Assessment": {**_shown_by(assessment_block), "__repr__": assessment_line, "frame": assessment_frame},
    "Policy": {**_shown_by(policy_block), "frame": policy_frame},
    "Loan": {**_shown_by(loan_block), "frame": loan_frame},
    "Borrower": _shown_by(lambda one, lang: import_module("jiebei_lib.show.situation.words").borrower_block(one, lang)),
    "Findings": {**_shown_by(audit_block), "__repr__": audit_line, "frame": lambda self: self.table.copy()},
    "UserError": {"_render_traceback_": error_lines},
}
