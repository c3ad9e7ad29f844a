"""Tables scored part by part: whoever does a part reads it and writes it, and only descriptions and counts pass through the caller.

A folder comes of it: ``part-00000.parquet`` and so on, ``_errors/`` with what was wrong, and ``_manifest.json``. What is done stays done
when a worker, the scheduler or the caller dies: each part is there whole or not at all, and the next run takes what it finds. The same
function does a part in a thread here and on a cluster; its workers must reach the files and the folder under the same names.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from jiebei_lib import __version__
from jiebei_lib.core.knowledge.problems import Problem, UserError, shown
from jiebei_lib.core.policy import Policy, load_policy
from jiebei_lib.core.tables.columns import Layout
from jiebei_lib.core.tables.delimited import BookSheet, TableError, WrongRow
from jiebei_lib.core.tables.files import Chunk, arrow, chunks, empty, filled_rows, kind, writing
from jiebei_lib.core.tables.kinds import Look
from jiebei_lib.core.tables.typed import types_of
from jiebei_lib.portfolio import score_files as whole
from jiebei_lib.portfolio.parts import exchange
from jiebei_lib.portfolio.parts.stores import Here, fetched, found_files, opened, rows_at_most, stand_in, state, store
from jiebei_lib.portfolio.workers import executor, in_order

# Rows from which on a part of a Parquet file is full: its row groups are taken together until there are so many. Parts of like size leave
# no worker idle at the end. Any other file is one part
ROWS_A_PART = 125_000
IDS_A_BUCKET = exchange.IDS
MANIFEST, ERRORS, WORK = "_manifest.json", "_errors", "_work"  # names that readers of such a folder pass over


@dataclass(frozen=True)
class Partition:
    """A part of the input: a file or an address, of it the row groups (None: all of it), the number of its first row (from 1), and how
    many rows it may have."""

    number: int
    file: str
    groups: tuple[int, ...] | None
    first: int
    rows: int

    @property
    def name(self) -> str:
        return f"part-{self.number:05}"


@dataclass(frozen=True)
class Task:
    """What is the same for all parts; small, as it travels with each: of the policy what differs from one built in."""

    folder: str
    plan: Layout
    policy: tuple[str, str, str]
    lang: str
    schema: Any
    buckets: int
    key: str
    to: str
    # The buckets in which ids were found that stand twice, and of what types columns are that are text in the files
    twice: tuple[int, ...] = ()
    types: Mapping[str, str] = field(default_factory=dict)

    @property
    def work(self) -> str:
        """The folder of a run that is under way; of another run's, which has another key, nothing is seen."""
        return f"{WORK}/{self.key[:16]}"

    def store(self, under: str = "") -> Here:
        return store(f"{self.folder}/{under}".rstrip("/"))


def score_parts(
    given: str | Path | Iterable[str | Path],
    folder: str | Path,
    policy: Policy | str = "article",
    mapping: str | Path | Mapping[str, Any] | None = None,
    lang: str = "zh",
    cluster: str | None = None,
    progress: Callable[[int, int | None], None] | None = None,
    force: bool = False,
) -> whole.Scored:
    """Scores files (names, globs, addresses) into a folder (a name or an address), rows and order as
    :func:`jiebei_lib.portfolio.score_files.score_files` has them in one file. ``errors`` of the result is the folder of what was wrong."""
    _, done = scored_parts(given, folder, policy, mapping, lang, cluster, progress, force)
    rows, bad = (sum(part[name] for part in done) for name in ("rows", "bad"))
    where = Path(folder)
    return whole.Scored(where, where / ERRORS if bad else None, rows, bad)


def scored_parts(
    given: Any,
    folder: str | Path,
    policy: Policy | str,
    mapping: Any,
    lang: str,
    cluster: str | None,
    progress: Callable[[int, int | None], None] | None,
    force: bool = False,
    to: str = "parquet",
    again: bool = True,
) -> tuple[Task, list[dict[str, Any]]]:
    """What all parts share and what came of each. ``to``: the kind of file that is made of them, for which columns get their types. Without
    ``again`` what an earlier run has done to its end is taken as it is."""
    policy, output = load_policy(policy), store(folder)
    job, parts, total, names = _planned(given, output, policy, mapping, lang, to)
    refuse_others(output, names, force)
    if not again and (kept := _finished(output, job)):
        return kept
    for old in output.names(WORK):
        if old != Path(job.work).name:
            output.clear(f"{WORK}/{old}")
    output.write(f"{job.work}/begun", "")  # so that the folder is known as ours from now on
    output.remove(MANIFEST)  # it tells of what is no longer so
    try:
        with executor(cluster) as (submit, workers):
            job, done = _worked(parts, job, total, progress or (lambda *_: None), submit, workers)
    except UserError as failure:
        if [each.kind for each in failure.problems] != ["cluster_lost"]:
            raise
        raise UserError(replace(failure.problems[0], kind="cluster_lost_parts")) from None
    rows, bad = (sum(part[name] for part in done) for name in ("rows", "bad"))
    if rows:
        told = {"key": job.key, "policy": policy.digest, "rows": rows, "bad": bad, "types": job.types, "parts": done}
        output.write(MANIFEST, json.dumps(told, ensure_ascii=False, indent=1))
    _tidied(output, job, len(parts) if rows else 0)
    if not rows:
        raise TableError(Problem("no_cases", ", ".join(names)))
    return job, done


def _finished(output: Here, job: Task) -> tuple[Task, list[dict[str, Any]]] | None:
    """The parts of a run of the same that came to its end, if each is still what it wrote."""
    try:
        told = json.loads(output.read(MANIFEST))
        parts: list[dict[str, Any]] = told["parts"]
        there = told["key"] == job.key and all(output.mark(each["part"]) == each["sha256"] for each in parts)
        there &= all(each["errors"] is None or output.exists(each["errors"]) for each in parts)
        return (replace(job, types=told["types"]), parts) if there else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _planned(
    given: Any, output: Here, policy: Policy, mapping: Any, lang: str, to: str
) -> tuple[Task, list[Partition], int | None, list[str]]:
    """What is to be done: the same for all, each part, how many rows there are, and the files' names."""
    found = [
        each.file if isinstance(each, BookSheet) else each for each in found_files(given)
    ]  # of a workbook its only sheet
    files = [str(each.resolve()) if isinstance(each, Path) else str(each) for each in found]
    small = [stand_in(each) for each in found]
    plan = whole.layout_of(small, mapping)
    parts, total = parts_of(files)
    said: list[Any] = [policy.digest, lang, asdict(plan), [[file, *state(file)] for file in files]]
    said += [ROWS_A_PART, IDS_A_BUCKET, __version__, to]
    key = hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()
    most = sum(part.rows for part in parts)
    buckets = max(1, -(-most // IDS_A_BUCKET)) if "case_id" in plan.columns else 0
    told = policy.base, json.dumps(policy.overlay, sort_keys=True), policy.digest
    job = Task(str(output.folder), plan, told, lang, empty(small[0]).schema, buckets, key, to)
    return job, parts, total, files


def _worked(
    parts: list[Partition],
    job: Task,
    total: int | None,
    tell: Callable[[int, int | None], None],
    submit: Any,
    workers: int,
) -> tuple[Task, list[dict[str, Any]]]:
    """What all parts share in the end, and what came of each."""

    def each(task: Callable[..., Any], over: Iterable[Any], job: Task) -> Iterator[Any]:
        return (one for _, one in in_order(submit, lambda item: (task, item, job), over, workers + 1))

    again: dict[int, str] = {}
    if job.buckets:
        groups = _grouped(parts)
        for group, name in zip(groups, each(put_ids, groups, job), strict=True):
            again |= {part.number: name for part in group}
        counts = list(each(compare, range(job.buckets), job))
        job = replace(job, twice=tuple(n for n, count in enumerate(counts) if count))
    if any(part.groups is None for part in parts):
        job = replace(job, types=types_of(each(look, parts, job), job.to))
    done, rows = [], 0
    for one in each(score_part, [(part, again.get(part.number, "")) for part in parts], job):
        done.append(one)
        rows += one["rows"]
        tell(rows, total)
    return job, done


def _grouped(parts: list[Partition]) -> list[tuple[Partition, ...]]:
    """Parts whose ids are sorted together: about as many as are compared at a time."""
    groups: list[tuple[Partition, ...]] = []
    held = IDS_A_BUCKET
    for part in parts:
        if held + part.rows > IDS_A_BUCKET:
            groups, held = [*groups, ()], 0
        groups[-1] = (*groups[-1], part)
        held += part.rows
    return groups


def _tidied(output: Here, job: Task, number: int) -> None:
    """Takes away what is over: parts of an earlier run beyond a ``number``, what a run that was killed had begun, and the work."""
    for under in ("", ERRORS):
        for name in output.names(under):
            beyond = name.startswith("part-") and int(name[5:].partition(".")[0]) >= number
            begun = name.startswith(".") and name.endswith(".part")  # by a run that was killed
            if beyond or begun:
                output.remove(f"{under}/{name}".lstrip("/"))
    output.clear(job.work)
    output.clear(WORK)


def parts_of(files: list[str]) -> tuple[list[Partition], int | None]:
    """The parts of the files in their order, and the number of all rows where the files say so."""
    parts: list[Partition] = []
    total: int | None = 0
    for file in files:
        if kind(Path(file)) != "parquet":
            parts.append(Partition(len(parts), file, None, 1, rows_at_most(file)))
            total = None
            continue
        told = arrow().parquet.read_metadata(opened(file))
        groups: list[int] = []
        sizes, first, held = [told.row_group(n).num_rows for n in range(told.num_row_groups)], 1, 0
        for n, size in enumerate(sizes):
            groups, held = [*groups, n], held + size
            if held >= ROWS_A_PART or n + 1 == len(sizes):
                parts.append(Partition(len(parts), file, tuple(groups), first, held))
                groups, first, held = [], first + held, 0
        total = None if total is None else total + told.num_rows
    return parts, total


@lru_cache(maxsize=4)
def _policy(base: str, overlay: str, digest: str) -> Policy:
    """The policy that a task names: made once in each process, with its readings. Raises :class:`TableError` if rules differ here."""
    made = load_policy({"base": base, **json.loads(overlay)} if overlay != "{}" else base)
    if made.digest != digest:
        raise TableError(Problem("other_rules", "--cluster", {"value": __version__}))
    return made


def put_ids(group: tuple[Partition, ...], job: Task) -> str:
    """Sorts the ids of some parts for the exchange; gives the name under which those are kept that stand twice in one chunk, if any."""
    name, work, column = f"{group[0].number:05}", job.store(job.work), job.plan.columns["case_id"]
    if not work.exists(f"ids/{name}.done"):
        runs = exchange.Runs(work, name, job.buckets)
        for part in group:
            for chunk in chunks_of(part, job, [], [column]):
                runs.add(part.number, chunk.numbers, chunk.rows.column(column))
        runs.end()
    return name if json.loads(work.read(f"ids/{name}.done"))["again"] else ""


def compare(bucket: int, job: Task) -> int:
    return exchange.compare(bucket, job.store(job.work))


def look(part: Partition, job: Task) -> dict[str, Look]:
    return whole.seen(chunks_of(part, job, []), job.plan, [part.file])


def score_part(item: tuple[Partition, str], job: Task) -> dict[str, Any]:
    """Scores a part into its own file and says what came of it; what an earlier run has done is taken as it is. With the part comes the
    name of what :func:`put_ids` has found."""
    part, again = item
    output, work = job.store(), job.store(job.work)
    known = _taken(part, job, output, work)
    if known:
        return known
    twice = exchange.doubled(part.number, again, job.twice, work)
    name, aside, told, rows, bad = f"{part.name}.parquet", f"{ERRORS}/{part.name}.csv", whole._Few(), 0, 0
    id_column, policy = job.plan.columns.get("case_id", ""), _policy(*job.policy)
    with output.place(name) as path, output.place(aside) as listed_in, ExitStack() as kept, writing(path) as put:
        listed = whole._Listed(listed_in, job.lang, kept)
        for chunk in twice.without(chunks_of(part, job, told), id_column, told):
            good, wrong, count = whole._score_chunk(chunk, job.plan, policy, job.types)
            ours = told.take(chunk.file, chunk.numbers.max(initial=0))
            listed.add(sorted([*ours, *wrong], key=lambda each: each.row))
            put(good)
            rows, bad = rows + len(chunk.numbers) + len(ours), bad + count + len(ours)
        listed.add(told)
        rows, bad = rows + len(told) + told.more, bad + len(told) + told.more
        listed.end(bad)
    if not bad:
        output.remove(aside)
    made = {
        "part": name,
        "file": Path(part.file).name,
        "groups": part.groups and list(part.groups),
        "rows": rows,
        "bad": bad,
        "sha256": output.mark(name),
        "errors": aside if bad else None,
    }
    work.write(f"done/{part.name}.done", json.dumps({"key": job.key, "made": made}))
    return made


def chunks_of(part: Partition, job: Task, told: list[WrongRow], columns: list[str] | None = None) -> Iterator[Chunk]:
    """The rows of a part, with the columns of the first file; at least one chunk, be it empty, unless some columns are asked for."""
    pa, name = arrow(), Path(part.file).name
    some = False
    with ExitStack() as kept:
        if part.groups is None:
            found: Iterable[Chunk] = chunks(kept.enter_context(fetched(part.file)), whole.ROWS, told, columns)
        else:
            found = _groups(part, columns)
        for chunk in found:
            some = True
            try:
                rows = chunk.rows if columns else chunk.rows.select(job.schema.names)
                rows = rows if columns or rows.schema.equals(job.schema) else rows.cast(job.schema)
            except pa.ArrowInvalid as failure:
                raise TableError(Problem("columns_differ", name, {"value": shown(str(failure), 120)})) from None
            yield Chunk(chunk.file, chunk.numbers, rows)
    if not some and columns is None:
        yield Chunk(name, np.zeros(0, int), job.schema.empty_table())


def _groups(part: Partition, columns: list[str] | None) -> Iterator[Chunk]:
    pa, at = arrow(), part.first
    with opened(part.file) as file:
        read = pa.parquet.ParquetFile(file)
        for batch in read.iter_batches(whole.ROWS, row_groups=list(part.groups or ()), columns=columns):
            rows = pa.Table.from_batches([batch])
            chunk = Chunk(Path(part.file).name, np.arange(at, at + len(rows)), rows)
            at += len(rows)
            yield from [chunk] if columns else filled_rows(chunk)


def _taken(part: Partition, job: Task, output: Here, work: Here) -> dict[str, Any] | None:
    """What an earlier run says of a part that it has done, if the part is still what it wrote."""
    try:
        told = json.loads(work.read(f"done/{part.name}.done"))
        made: dict[str, Any] = told["made"]
        there = told["key"] == job.key and output.mark(made["part"]) == made["sha256"]
        return made if there and (made["errors"] is None or output.exists(made["errors"])) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def refuse_others(output: Here, files: list[str], force: bool = False) -> None:
    """A folder that is new, empty or of an earlier run (or with ``force`` anybody's), and holds nothing that is to be read. Raises
    :class:`TableError`."""
    if any(output.folder in Path(file).parents for file in files):
        raise TableError(Problem("over_itself", output.name))
    if output.is_file() or (not force and output.names() and not output.is_run(MANIFEST, WORK)):
        raise TableError(Problem("not_ours_folder", output.name))
