"""The page that lists the reports of a batch: search, sort, filter, in both languages, from the file alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from jiebei_lib import __version__
from jiebei_lib.core.case import Case
from jiebei_lib.core.policy import Policy
from jiebei_lib.core.scoring.score import VERDICTS, score_cases
from jiebei_lib.page.html import environment, stylesheet
from jiebei_lib.page.text import LANGUAGES, heads, of_hundred, percent, say, yuan

WORDS = ("search", "filter", "all", "failed", "shown", "more", "none", "note", "pdf", "evidence", "page", "language")


def index_page(jobs: list[Any], entries: Mapping[tuple[str, str], Mapping[str, Any]], policy: Policy) -> str:
    """The page for a batch's jobs and what its manifest says of them."""
    rows = _rows(jobs, entries, policy)
    made = sum("files" in entry for entry in entries.values())
    words = {
        lang: {name: say(f"reports.index.{name}", lang) for name in WORDS}
        | {"head": heads("reports.index.head", lang), "title": say("reports.index.title", lang)}
        | {"lead": say("reports.index.lead", lang, cases=len(rows), reports=made)}
        | {"verdicts": {name: say(f"verdict.{name}", lang) for name in VERDICTS}}
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
    """A row a case, in the table's order."""
    rows: dict[str, dict[str, Any]] = {}
    cases = {job.case_id: Case.of(job.parameters["case"]) for job in jobs if job.parameters}
    scores = score_cases(list(cases.values()), policy) if cases else None
    place = {case_id: n for n, case_id in enumerate(cases)}
    for job in jobs:
        row = rows.setdefault(job.case_id, {"id": job.case_id, "reports": [], "said": {}, "failed": None})
        entry = entries[job.key]
        if job.case_id in cases and "days" not in row:
            n, case = place[job.case_id], cases[job.case_id]
            low, high, share = (float(getattr(scores, name)[n]) for name in ("low", "high", "share"))
            row |= {"days": case.days_overdue, "amount": case.amount_overdue, "yuan": yuan(case.amount_overdue)}
            row |= {"verdict": VERDICTS[int(scores.verdict[n])], "low": low, "share": share}
            ends = dict.fromkeys(percent(end, job.lang, short=True) for end in (low, high))
            row["range"] = " – ".join(ends)
            row["count"] = f"{of_hundred(share)}/100"
        if "files" in entry:
            names = {name.rsplit(".", 1)[1]: name for name in entry["files"]}
            row["reports"].append({"lang": job.lang, **names})
            row["said"][job.lang] = entry["headline"]
        else:
            row["failed"] = entry["failed"]
            row["verdict"] = "failed"
    return list(rows.values())
