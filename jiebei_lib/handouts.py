"""Handouts: a lesson's sheets through papermill, as HTML and A4 PDF, from notebooks/templates/handout.ipynb."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from jiebei_lib.lessons.learner import SEED
from jiebei_lib.problems import Problem, ReportError, items, shown
from jiebei_lib.report import REPORTS, Rendered, checked_formats, render
from jiebei_lib.show.sheets import SHEETS

ALL = "all"


def handouts(
    lesson: str,
    lang: str = "zh",
    to: Iterable[str] = ("html",),
    out: Path | str = REPORTS,
    sheet: str = ALL,
    seed: int | None = None,
) -> list[Rendered]:
    """One sheet of a lesson, or all, as ``<lesson>-<sheet>.<lang>.html`` and ``.pdf``. Raises :class:`ReportError`."""
    formats = checked_formats(to)
    if sheet not in (*SHEETS, ALL):
        raise ReportError(Problem("not_one_of", "--sheet", {"value": shown(sheet), "allowed": items([*SHEETS, ALL])}))
    parameters = {"lesson": lesson, "lang": lang, "seed": SEED if seed is None else seed}
    return [
        render("handout", {**parameters, "sheet": name}, f"{lesson}-{name}", formats, out)
        for name in (SHEETS if sheet == ALL else [sheet])
    ]
