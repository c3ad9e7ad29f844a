"""The audit report: the log as it was judged, written beside the report, and the template that papermill runs over it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from jiebei_lib.calls.log import COLUMNS, Log, read_log
from jiebei_lib.calls.remedies import WHO
from jiebei_lib.calls.rule_sets import load_rules
from jiebei_lib.core.case import Case
from jiebei_lib.core.knowledge.problems import LogError, Phrase, PolicyError, Problem, ReportError, items, shown
from jiebei_lib.core.knowledge.user_files import read_yaml
from jiebei_lib.core.policy import Policy, load_policy
from jiebei_lib.core.tables.files import safe
from jiebei_lib.core.tables.outputs import not_over
from jiebei_lib.lessons.learner import SEED, SHEETS
from jiebei_lib.money.loan import Loan
from jiebei_lib.page.text import LANGUAGES
from jiebei_lib.reports.outputs import file_stem, name_for
from jiebei_lib.reports.render import REPORTS, Rendered, branded, checked_formats, render, writable, write

LISTED = 10  # rows that are named where none could be read
MOST_REJECTED = 200  # rows that a report names; the rest are counted


def audit_report(
    log: Log | str | Path,
    lang: str = "zh",
    rules: str = "cn",
    as_of: str | None = None,
    who: str = "borrower",
    to: Iterable[str] = ("html",),
    out: Path | str = REPORTS,
    stem: str = "audit",
    name: str = "",
    confidence: str = "S",
    progress: Callable[[float], None] | None = None,
    calls: Sequence[Mapping[str, Any] | str] = (),
    told_at: str = "",
    zone: str | None = None,
    brand: str | Path | None = None,
    force: bool = False,
    how_read: Sequence[Mapping[str, str]] = (),
) -> Rendered:
    """The report on one log, or on ``calls`` that someone remembers (``log`` then what was read of them at ``told_at``), as
    ``<stem>.<lang>.ipynb``, ``.html`` and ``.pdf`` in the folder ``out``; beside that of a log ``<stem>.attempts.csv``: the rows that could
    be read, without anything that is not a column of ours. ``how_read``: what to say of that (each ``{zh, en}``).

    Raises :class:`UserError` for anything that cannot be, before anything runs.
    """
    log = log if isinstance(log, Log) else read_log(log)
    load_rules(rules, confidence)
    if who not in WHO:
        levels = Phrase("levels", {"items": ", ".join(WHO)})
        raise ReportError(Problem("invalid", "who", {"value": shown(who), "allowed": levels}))
    if not len(log.table):
        raise LogError([Problem("no_row_read", name or stem), *log.problems[:LISTED]])
    stem, formats = file_stem(stem), checked_formats(to)
    parameters = {
        "lang": lang,
        "rules": [_content(one) for one in rules.split(",") if one.strip()],
        "confidence": confidence,
        "as_of": as_of or date.today().isoformat(),
        "who": who,
        "name": name,
        "rejected": [{one: problem.say(one) for one in LANGUAGES} for problem in log.problems[:MOST_REJECTED]],
        "how_read": list(how_read),
    }
    copy, said = None, dict[str, Any]()
    if calls:
        said = {"calls": list(calls), "told_at": told_at, "zone": zone or "Asia/Shanghai"}
    else:
        copy = _kept_copy(log, stem, {"log": "", **parameters}, Path(out), force)
        said = {"log": copy.name}
    return render(
        "audit_report",
        {**said, **parameters},
        stem,
        formats,
        out,
        progress,
        data=[copy] if copy else [],
        brand=branded(brand),
        force=force,
    )


def _kept_copy(log: Log, stem: str, parameters: Mapping[str, Any], out: Path, force: bool) -> Path:
    """The rows of a log under the name of the report to be: a report of another day keeps those that it was made from."""
    name = name_for(writable(out), stem, parameters, force).removesuffix(f".{parameters['lang']}")
    copy = out / f"{name}.attempts.csv"
    if not force:
        not_over(copy, ("attempt_id", "at"))
    return write(copy, kept_rows(log))


def kept_rows(log: Log) -> str:
    """The rows of a log that could be read, as CSV; nothing in it is a formula where a spreadsheet opens it."""
    table = log.table[list(COLUMNS)].dropna(axis=1, how="all")
    for name in table.select_dtypes(["object", "string", "category"]).columns:
        table[name] = table[name].astype(object).map(lambda cell: safe(cell) if isinstance(cell, str) else cell)
    return table.to_csv(index=False)


def _content(rule_set: str) -> Any:
    """A set by its name, or what stands in a file of one's own, so that the report needs no file but itself."""
    rule_set = rule_set.strip()
    return read_yaml(rule_set, PolicyError) if Path(rule_set).suffix in (".yaml", ".yml") else rule_set


def case_report(
    case: Case,
    lang: str = "zh",
    policy: Policy | str = "article",
    as_of: str | None = None,
    to: Iterable[str] = ("html",),
    out: Path | str = REPORTS,
    progress: Callable[[float], None] | None = None,
    loan: Loan | None = None,
    engine: str | None = None,
    brand: str | Path | None = None,
    force: bool = False,
) -> Rendered:
    """The report on one case, as ``<case_id>.<lang>.ipynb``, ``.html`` and ``.pdf`` in the folder ``out``. ``engine`` is papermill's.

    Raises :class:`UserError` for anything that cannot be, before anything runs.
    """
    from jiebei_lib.core.assessment import checked_date

    policy = load_policy(policy)
    parameters = {
        "case": {name: value for name, value in case.to_dict().items() if value is not None},
        "lang": lang,
        "policy": {"base": policy.base, **policy.overlay} if policy.overlay else policy.base,
        "as_of": checked_date(as_of),
    }
    if loan is not None:
        parameters["loan"] = loan.to_dict()
    return render(
        "case_report", parameters, file_stem(case.case_id), to, out, progress, engine, brand=branded(brand), force=force
    )


ALL = "all"


def handouts(
    lesson: str,
    lang: str = "zh",
    to: Iterable[str] = ("html",),
    out: Path | str = REPORTS,
    sheet: str = ALL,
    seed: int | None = None,
    brand: str | Path | None = None,
    force: bool = False,
) -> list[Rendered]:
    """One sheet of a lesson, or all, as ``<lesson>-<sheet>.<lang>.html`` and ``.pdf``. Raises :class:`ReportError`."""
    formats, worn = checked_formats(to), branded(brand)
    if sheet not in (*SHEETS, ALL):
        raise ReportError(Problem("not_one_of", "--sheet", {"value": shown(sheet), "allowed": items([*SHEETS, ALL])}))
    parameters = {"lesson": lesson, "lang": lang, "seed": SEED if seed is None else seed}
    return [
        render("handout", {**parameters, "sheet": name}, f"{lesson}-{name}", formats, out, brand=worn, force=force)
        for name in (SHEETS if sheet == ALL else [sheet])
    ]
