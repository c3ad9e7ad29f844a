"""The page that lists the reports of a batch: search, sort, filter, in both languages, from the file alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from jiebei_lib import __version__
from jiebei_lib.core.case import Case
from jiebei_lib.core.policy import BUILT_IN, Policy, load_policy
from jiebei_lib.core.scoring.score import GRADES, Scores, score_cases
from jiebei_lib.page.html import environment, stylesheet
from jiebei_lib.page.text import LANGUAGES, heads, of_hundred, percent, say, yuan

WORDS = (
    "search",
    "filter",
    "all",
    "failed",
    "shown",
    "more",
    "none",
    "note",
    "pdf",
    "docx",
    "evidence",
    "page",
    "language",
)


def index_page(jobs: list[Any], entries: Mapping[tuple[str, str], Mapping[str, Any]], policy: Policy) -> str:
    """The page for a batch's jobs and what its manifest says of them."""
    rows = _rows(jobs, entries, policy)
    made = sum("files" in entry for entry in entries.values())
    words = {
        lang: {name: say(f"reports.index.{name}", lang) for name in WORDS}
        | {"head": heads("reports.index.head", lang), "title": say("reports.index.title", lang)}
        | {"lead": say("reports.index.lead", lang, cases=len(rows), reports=made)}
        | {"grades": {name: say(f"case.first.grade.{name}", lang) for name in reversed(GRADES)}}
        for lang in LANGUAGES
    }
    first = jobs[0].lang if jobs else LANGUAGES[0]
    data = json.dumps({"rows": rows, "words": words, "lang": first}, ensure_ascii=False).replace("<", "\\u003c")
    css = Markup(stylesheet())
    template = environment().get_template("reports/index.html.j2")
    return template.render(data=Markup(data), css=css, lang=first, words=words[first], version=__version__)


def _rows(
    jobs: list[Any], entries: Mapping[tuple[str, str], Mapping[str, Any]], policy: Policy
) -> list[dict[str, Any]]:
    """A row a case, in the table's order: its grade so far, and how many of 100 readings each witness has for a call."""
    rows: dict[str, dict[str, Any]] = {}
    cases = {job.case_id: Case.of(job.parameters["case"]) for job in jobs if job.parameters}
    other = load_policy(next(name for name in BUILT_IN if name != policy.label))
    both = [score_cases(list(cases.values()), each) for each in (policy, other)] if cases else []
    place = {case_id: n for n, case_id in enumerate(cases)}
    for job in jobs:
        row = rows.setdefault(job.case_id, {"id": job.case_id, "reports": [], "said": {}, "failed": None})
        entry = entries[job.key]
        if job.case_id in cases and "days" not in row:
            n, case = place[job.case_id], cases[job.case_id]
            low, high, share = (float(getattr(both[0], name)[n]) for name in ("most_low", "most_high", "share"))
            row |= {"days": case.days_overdue, "amount": case.amounts[0], "yuan": _amount(case)}
            row |= {"grade": GRADES[int(both[0].so_far[n])], "low": low, "share": share}
            ends = dict.fromkeys(percent(end, job.lang, short=True) for end in (low, high))
            row["range"] = " – ".join(ends)
            row["count"] = _count(both[0], n)
            row |= {"other": float(both[1].share[n]), "other_count": _count(both[1], n)}
        if "files" in entry:
            names = {name.rsplit(".", 1)[1]: name for name in entry["files"]}
            row["reports"].append({"lang": job.lang, **names})
            row["said"][job.lang] = entry["headline"]
        else:
            row["failed"] = entry["failed"]
            row["grade"] = "failed"
    return list(rows.values())


def _amount(case: Case) -> str:
    """8,000, 5,000–8,000, or nothing where it is unknown."""
    return "" if case.amount_overdue is None else "–".join(yuan(end) for end in dict.fromkeys(case.amounts))


def _count(scores: Scores, n: int) -> str:
    """How many of 100 readings are for a call, and between which numbers that lies with what is unknown."""
    least, most = (of_hundred(float(getattr(scores, f"share_{end}")[n])) for end in ("low", "high"))
    count = f"{of_hundred(float(scores.share[n]))}"
    return count if least == most else f"{count} ({least}–{most})"
