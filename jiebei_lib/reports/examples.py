"""The examples: the reports kept with the project."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

from jiebei_lib.core.case import Case
from jiebei_lib.core.knowledge.yaml_files import beside
from jiebei_lib.page.text import LANGUAGES
from jiebei_lib.reports.kinds import case_report
from jiebei_lib.reports.outputs import name_for
from jiebei_lib.reports.pdf import find_browser, with_pictures
from jiebei_lib.reports.render import REPORTS, Rendered, collected, execute, page, writable, write

EXAMPLES = ("silent", "much_unknown")  # the example cases whose reports are kept with the project


def example_reports(out: Path | str = REPORTS, force: bool = False) -> list[Rendered]:
    """The reports on two invented cases, in both languages; those of an earlier day are renewed."""
    cases = [Case.read(beside("cases") / f"{name}.yaml") for name in EXAMPLES]
    # Four in a row: with the imports done once they take a quarter less of the processor, and the pages are the same.
    made = []
    for case, lang in product(cases, LANGUAGES):
        if not force:  # only what is no report at all is in the way
            name_for(Path(out), case.case_id, {"case": {"case_id": case.case_id}, "lang": lang})
        made.append(case_report(case, lang, out=out, engine="jiebei-warm", force=True))
    return made


def kept_examples(folder: Path) -> list[Path]:
    """Renews the examples that are kept with the project: pages whose charts are pictures, without the chart library."""
    browser, made = find_browser(), []
    for name in EXAMPLES:
        for lang in LANGUAGES:
            head, sections = example_content(name, lang)
            html = with_pictures(page(head, sections), browser)
            made.append(write(writable(folder) / f"{name}.{lang}.html", html))
    return made


def example_content(name: str, lang: str) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """What an example's report shows, at the date that the template names, so that it stays the same from day to day."""
    import tempfile

    template = beside("templates") / "case_report.ipynb"
    with tempfile.TemporaryDirectory() as folder:
        case = Case.read(beside("cases") / f"{name}.yaml").to_dict()
        return collected(execute(template, {"case": case, "lang": lang}, Path(folder).resolve() / "example.ipynb"))
