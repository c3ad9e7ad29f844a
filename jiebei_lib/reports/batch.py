"""One report for each case of a table: many at once, each from a fresh process, resumable at any moment, with an index to find them.

A report's files are written whole, then a line is added to ``manifest.jsonl``; what has its line and its files unchanged is not made
again. So a run that was killed goes on where it stopped, and a case that fails is listed with its reason and stops nothing.
"""

from __future__ import annotations

import atexit
import json
import math
import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jiebei_lib import __version__
from jiebei_lib.core.case import FIELDS, Case
from jiebei_lib.core.knowledge.problems import Phrase, Problem, ReportError, UserError, shown
from jiebei_lib.core.knowledge.yaml_files import beside
from jiebei_lib.core.policy import BUILT_IN, Policy, load_policy
from jiebei_lib.core.tables.columns import Layout, cleaned
from jiebei_lib.core.tables.delimited import Source, TableError, WrongRow
from jiebei_lib.core.tables.files import chunks, files_of, names_of
from jiebei_lib.page.text import LANGUAGES
from jiebei_lib.portfolio.score_files import again, layout_of
from jiebei_lib.portfolio.workers import executor, in_order
from jiebei_lib.reports import parameters
from jiebei_lib.reports import render as report
from jiebei_lib.reports.drawn import DRAWING, draw_apart
from jiebei_lib.reports.engine import fork_server as warm
from jiebei_lib.reports.manifest import Manifest, Shelf, alone_in, digest, not_over_others, shelf_for
from jiebei_lib.reports.outputs import file_stem, named
from jiebei_lib.reports.shared_folder import SharedFolder, put, shared

if TYPE_CHECKING:
    from jiebei_lib.page.brand import Brand

TEMPLATE = "case_report"
BUNDLE, MANIFEST, INDEX = "plotly.min.js", "manifest.jsonl", "index.html"
# What reports need, without what papermill and jsonschema would load but only other notebooks use
IMPORTS = (
    "-pyarrow",
    "-rfc3987_syntax",
    "jiebei_lib.reports.engine.engine:prepare",
    f"{__name__}:prepare",
)
ROWS = 10_000  # cases that are read at a time


@dataclass(frozen=True)
class Batch:
    """What came of a batch: its folder, and how many reports were made now, were there already, and could not be made."""

    folder: Path
    made: int
    kept: int
    failed: int
    index: str = INDEX


@dataclass(frozen=True)
class Added:
    """What each page of a batch gets besides what its notebook shows: ``digest`` says which it is, ``files`` lie once beside the pages, and
    ``put`` writes it into a page that was made of papermill's parameters."""

    digest: str
    files: Mapping[str, str]
    put: Callable[[str, Mapping[str, Any]], str]


@dataclass(frozen=True)
class Job:
    """One report to make: the row and id that it is for, papermill's parameters, the start of its files' names, and ``wrong`` if it
    cannot be."""

    row: int
    case_id: str
    lang: str
    parameters: dict[str, Any]
    name: str = ""
    digest: str = ""
    wrong: Problem | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.case_id, self.lang


def reports(
    given: str | Path | Iterable[str | Path],
    out: str | Path,
    langs: Iterable[str] = LANGUAGES[:1],
    to: Iterable[str] = ("html",),
    workers: int | None = None,
    policy: Policy | str = "article",
    as_of: str | None = None,
    mapping: str | Path | Mapping[str, Any] | None = None,
    single_file: bool = False,
    cluster: str | None = None,
    progress: Callable[[int, int | None], None] | None = None,
    sheet: str | None = None,
    added: Added | None = None,
    template: str | Path | None = None,
    brand: str | Path | None = None,
    force: bool = False,
) -> Batch:
    """A report for each row of a table (see :func:`.score_files`) and each language, into the folder ``out``.

    The chart library lies once beside the reports, or with ``single_file`` in each of them. ``as_of`` is today if not given, or
    the day of the run that is being resumed. ``added`` is put into each page. ``brand``: whose dress they wear.
    ``template``: a notebook of one's own in place of ours, which is run as it is; columns named like its further parameters fill
    them (see parameters.py).
    """
    from jiebei_lib.reports.index import index_page

    folder, tell = Path(out), progress or (lambda *_: None)
    langs, formats, policy = _checked_langs(langs), report.checked_formats(to), load_policy(policy)
    files, own = files_of(given, sheet), None if template is None else Path(template).resolve()
    of = _of(files, policy, own)
    shelf = shelf_for(folder, of, as_of)
    day = shelf.as_of
    how: dict[str, Any] = {"formats": formats, "bundle": None if single_file else BUNDLE}
    worn = report.branded(brand)
    made_as = _marked(how, added, worn)

    def asked(langs: list[str]) -> Iterator[Job]:
        return _jobs(files, mapping, langs, policy, day, made_as, own, shelf.mark)

    if not (jobs := list(asked(langs))):  # before anything is written
        raise TableError(Problem("no_cases", ", ".join(file.name for file in files)))
    how |= ({"template": own} if own else {}) | ({"brand": worn} if worn else {})
    with alone_in(folder):
        done = Manifest(folder / shelf.manifest, of)
        _prepared(folder, jobs, how, done, shelf, added, force)
        open_ = [job for job in jobs if not done.holds(job)]
        kept, failed = len(jobs) - len(open_), 0
        tell(kept, len(jobs))
        at = shared(folder) if cluster and not added else nullcontext()
        with executor(cluster, workers) as (submit, number), at as there:
            work = in_order(submit, lambda job: (make, job, how, *filter(None, [there])), open_, number + 1)
            for n, (job, content) in enumerate(work, kept + 1):
                failed += not _put(content, job, day, folder, done, added)
                tell(n, len(jobs))
        if others := [lang for lang in LANGUAGES if lang not in langs and done.knows(lang)]:
            jobs += [job for job in asked(others) if done.holds(job)]
        done.settle([job.key for job in jobs])
        report.write(folder / shelf.index, index_page(jobs, done.lines, policy))
    return Batch(folder, len(open_) - failed, kept, failed, shelf.index)


def _of(files: list[Source], policy: Policy, own: Path | None) -> dict[str, str]:
    """What sets the reports of one batch apart from those of another, each as it stands in a file's name."""
    tables = [Path(file.name).stem for file in files]
    of = {"policy": named(_rules(policy)), "table": named(tables[0] if len(tables) == 1 else tables)}
    return of | ({"template": named(own.stem)} if own else {})


def _rules(policy: Policy) -> Any:
    """A policy as a report's parameter names it."""
    return {"base": policy.base, **policy.overlay} if policy.overlay else policy.base


def _prepared(
    folder: Path,
    jobs: list[Job],
    how: Mapping[str, Any],
    done: Manifest,
    shelf: Shelf,
    added: Added | None,
    force: bool,
) -> None:
    """Lays beside the reports what they share; before that, unless ``force``, nothing that somebody else has made may be in the way of any
    of them. Raises :class:`ReportError`."""
    formats, shared = how["formats"], dict[str, str]()
    if how["bundle"] and "html" in formats:
        shared = {BUNDLE: report.plotly_bundle(), report.STYLE: report.stylesheet(), **(added.files if added else {})}
    if not force:
        wanted: dict[str, Any] = dict.fromkeys([shelf.manifest, shelf.index, *shared])
        for job in jobs:
            wanted |= {f"{job.name}.{ending}": job.parameters for ending in ("ipynb", *formats) if job.parameters}
        not_over_others(folder, wanted, {name for entry in done.lines.values() for name in entry.get("files", ())})
    for name, content in shared.items():
        with suppress(OSError):
            if (folder / name).read_bytes() == content.encode():
                continue
        report.write(folder / name, content)


def _marked(how: dict[str, Any], added: Added | None, worn: Brand | None) -> dict[str, Any]:
    """What a report's input is besides its case: how it is made, what is added, whose dress it wears."""
    return how | ({"added": added.digest} if added else {}) | ({"brand": worn.digest} if worn else {})


def _put(
    content: dict[str, Any] | Problem, job: Job, day: str, folder: Path, done: Manifest, added: Added | None
) -> bool:
    """Writes what was made, then its line; whether there is a report."""
    if isinstance(content, Problem):
        done.note(job, day, failed={lang: content.say(lang) for lang in LANGUAGES})
        return False
    for name, file in content.get("files", {}).items():
        if added and name.endswith(".html"):
            content["files"][name] = file = added.put(file.decode(), job.parameters).encode()
        report.write(folder / name, file)
    written = content.get("written") or {name: digest(file) for name, file in content["files"].items()}
    done.note(job, day, files=written, **content["head"])
    return True


def _checked_langs(langs: Iterable[str]) -> list[str]:
    langs = [lang.strip() for lang in langs]
    for lang in langs:
        if lang not in LANGUAGES:
            levels = Phrase("levels", {"items": ", ".join(LANGUAGES)})
            raise ReportError(Problem("invalid", "--lang", {"value": shown(lang), "allowed": levels}))
    return list(dict.fromkeys(langs))


# ---- the work ------------------------------------------------------------------------------------------------------


def _jobs(
    files: list[Source],
    mapping: Any,
    langs: list[str],
    policy: Policy,
    day: str,
    how: dict[str, Any],
    own: Path | None = None,
    mark: str = "",
) -> Iterator[Job]:
    """Every report of the table, also those that cannot be: a wrong row, an id that stands twice."""
    plan, rules = layout_of(files, mapping, ()), _rules(policy)
    constant = json.dumps([how, policy.digest, day, __version__, _template_digest(own)], sort_keys=True)
    declared = parameters.declared_in(own) if own else {}
    filled = parameters.columns_for(declared, names_of(files[0]), plan.columns.values()) if own else []
    stems: set[str] = set()
    for number, case, wrong, cells in _cases(files, plan, filled):
        case_id = case.case_id if case else f"{wrong.file}:{wrong.row}" if wrong else str(number)
        problem = wrong.problem if wrong else None
        more, amiss = parameters.filled(declared, cells, number)
        problem = problem or amiss
        if wrong and problem and problem.kind == "duplicate_id":
            case_id = f"{wrong.value} ({number})"
        stem = file_stem(case_id)
        if (same := unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", stem).casefold())) in stems:
            stem = file_stem(case_id, marked=True)  # ABC beside abc: one file on half of all machines
        stems.add(same)
        for lang in langs:
            job = Job(number, case_id, lang, {}, f"{stem}{mark}.{lang}", wrong=problem)
            if problem is None and case is not None:
                facts = {name: value for name, value in case.to_dict().items() if value is not None}
                passed = {"case": facts, "lang": lang, "policy": rules, "as_of": day}
                passed = {name: value for name, value in passed.items() if not own or name in declared} | more
                text = json.dumps(passed, sort_keys=True, ensure_ascii=False)
                job = replace(job, parameters=passed, digest=digest(constant + text))
            yield job


def _cases(
    files: list[Source], plan: Layout, more: list[str]
) -> Iterator[tuple[int, Case | None, WrongRow | None, dict[str, Any]]]:
    """Row by row, numbered through all files: a case, or the first thing wrong with it; and its cells in the columns ``more``."""
    before, ids_seen = 0, dict[str, int]()
    for file in files:
        skipped: list[WrongRow] = []
        last = 0
        for chunk in chunks(file, ROWS, skipped):
            columns, _, wrong = cleaned(chunk, plan)
            bad = {each.row: each for each in [*reversed(wrong), *skipped]}
            ids = columns["case_id"].to_pylist() if "case_id" in columns else None
            bad |= {each.row: each for _, each in again(columns.get("case_id"), chunk, plan, ids_seen)}
            rows = {int(row): n for n, row in enumerate(chunk.numbers)}
            beside = {name: chunk.rows.column(name).to_pylist() for name in more}
            last = max(rows, default=last)
            for row in sorted({*rows, *(each for each in bad if each <= last)}):
                if row in bad:
                    yield before + row, None, bad[row], {}
                    continue
                n = rows[row]
                facts = {
                    name: _fact(name, column[n])
                    for name, column in columns.items()
                    if name in FIELDS and name != "case_id"
                }
                if columns["amount_to"][n] > columns["amount_overdue"][n]:
                    facts["amount_overdue"] = (float(columns["amount_overdue"][n]), float(columns["amount_to"][n]))
                case = Case(**facts, case_id=ids[n] if ids else str(before + row))
                yield before + row, case, None, {name: column[n] for name, column in beside.items()}
            skipped.clear()
        yield from ((before + each.row, None, each, {}) for each in skipped)
        before += max([last, *(each.row for each in skipped)])


def _fact(name: str, value: Any) -> Any:
    if FIELDS[name]["type"] == "level":
        return FIELDS[name]["levels"][value] if value >= 0 else None
    return None if math.isnan(value) else float(value)


def make(job: Job, how: dict[str, Any], there: SharedFolder | None = None) -> dict[str, Any] | Problem:
    """The files of one report and the head of its page, made in a fresh process; or why there are none. ``there``: where a worker of a
    cluster writes them itself if it can."""
    if job.wrong:
        return job.wrong
    if there:
        return put(make(job, how), there)
    task = (_render, job.parameters, job.name, how)
    try:
        if not warm.WORKS:
            return _render(*task[1:], engine=None)
        known = job.parameters.get("policy", BUILT_IN[0]) == BUILT_IN[0]
        return warm.server(IMPORTS if known else (*IMPORTS, *DRAWING)).call(*task)
    except UserError as wrong:
        return wrong.problems[0]
    except warm.Lost:
        return Problem("report_lost", job.case_id)
    except Exception as failure:
        return Problem("run_failed", job.case_id, {"value": shown(f"{type(failure).__name__}: {failure}", 200)})


def _render(
    parameters: dict[str, Any], name: str, how: dict[str, Any], engine: str | None = "jiebei-warm"
) -> dict[str, Any]:
    if engine:  # a process of its own: it stays where no file of anybody's is taken for a module
        os.chdir(os.sep)
    files, headline = report.rendered(
        how.get("template", TEMPLATE),
        parameters,
        name,
        how["formats"],
        Path(os.sep),
        lambda done: None,
        engine,
        how["bundle"],
        how.get("brand"),
    )
    return {
        "files": {
            f"{name}{suffix}": content.encode() if isinstance(content, str) else content
            for suffix, content in files.items()
        },
        "head": {"headline": headline},
    }


def prepare() -> None:
    """What the fork server does before it waits: everything that is read and compiled once."""
    import IPython.core.shellapp  # noqa: F401  (of which a copy's kernel makes use)

    from jiebei_lib.reports.engine import kernel as warm_kernel

    draw_apart()
    report.known_template(beside("templates") / f"{TEMPLATE}.ipynb", "jiebei-warm")
    warm_kernel.prepare(_sources())
    for lang in LANGUAGES:
        names: dict[str, Any] = {}
        for cell in _sources():  # the first holds the parameters, with an example of each
            exec(cell, names)
            names["lang"] = lang
        report.page(names["page"].head(), [], bundle=BUNDLE)
    atexit._clear()  # nothing that the template's imports leave behind needs tidying up in each copy


def sections() -> list[str]:
    """The functions of a page that the template calls, a cell each."""
    return [line for cell in _sources() for line in re.findall(r"^page\.(\w+)\(\)$", cell, re.M)]


def _sources() -> list[str]:
    """The template's code, cell by cell."""
    cells = json.loads((beside("templates") / f"{TEMPLATE}.ipynb").read_text("utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def _template_digest(own: Path | None = None) -> str:
    try:
        return digest((own or beside("templates") / f"{TEMPLATE}.ipynb").read_bytes())
    except OSError as failure:
        raise ReportError(Problem("no_file", str(own), {"value": failure.strerror or failure})) from None
