"""Tables scored part by part: whoever does a part reads it and writes it, and only descriptions and counts pass through the caller.

A folder comes of it: ``part-00000.parquet`` and so on, ``_errors/`` with what was wrong, and ``_manifest.json``. What is done stays done
when a worker, the scheduler or the caller dies: each part is there whole or not at all, and the next run takes what it finds. The same
function does a part in a thread here and on a cluster; its workers must reach the files and the folder under the same names.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from copy import copy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from jiebei_lib.core.knowledge.problems import Problem, shown
from jiebei_lib.core.knowledge.user_files import written_whole
from jiebei_lib.core.policy import Policy, load_policy
from jiebei_lib.core.tables.columns import Layout
from jiebei_lib.core.tables.delimited import BookSheet, TableError, WrongRow
from jiebei_lib.core.tables.files import Chunk, arrow, as_text, chunks, empty, files_of, filled_rows, kind, writing
from jiebei_lib.core.tables.outputs import is_run
from jiebei_lib.portfolio import score_files as whole
from jiebei_lib.portfolio.workers import executor, in_order

# Rows a part of a Parquet file, whose row groups are taken together up to so many; any other file is one part
ROWS_A_PART = 250_000
IDS_A_BUCKET = 4_000_000  # ids that are compared at a time
MANIFEST, ERRORS, WORK = "_manifest.json", "_errors", "_work"  # names that readers of such a folder pass over


@dataclass(frozen=True)
class Partition:
    """A part of the input: a file, of it the row groups (None: all of it), and the number of its first row (from 1)."""

    number: int
    file: str
    groups: tuple[int, ...] | None
    first: int

    @property
    def name(self) -> str:
        return f"part-{self.number:05}"


@dataclass(frozen=True)
class Task:
    """What is the same for all parts; small, as it travels with each."""

    folder: str
    plan: Layout
    policy: Policy
    lang: str
    schema: Any
    buckets: int
    key: str


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
    """Scores files (names or globs) into a folder, rows and order as :func:`jiebei_lib.portfolio.score_files.score_files` has them in
    one file. ``errors`` of the result is the folder of what was wrong."""
    found, folder, policy = files_of(given), Path(folder), load_policy(policy)
    books = [each.file if isinstance(each, BookSheet) else each for each in found]  # of a workbook its only sheet
    files = [file for file in books if isinstance(file, Path)]
    plan = whole.layout_of(list(files), mapping)
    parts, total = parts_of(files)
    _ours(folder, files, force)
    said = [
        policy.digest,
        lang,
        asdict(plan),
        [[str(each), *_state(each)] for each in files],
        ROWS_A_PART,
        IDS_A_BUCKET,
    ]
    key = hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()
    buckets = max(1, -(-(total or 0) // IDS_A_BUCKET)) if "case_id" in plan.columns else 0
    bare = copy(policy)
    bare.__dict__.pop("readings", None)  # five times as large as the rest; whoever does a part builds them, once
    job = Task(str(folder.resolve()), plan, bare, lang, empty(files[0]).schema, buckets, key)
    done: list[dict[str, Any]] = []
    tell = progress or (lambda *_: None)
    _work(job).mkdir(parents=True, exist_ok=True)
    for old in (folder / WORK).iterdir():
        if old.name != _work(job).name:
            shutil.rmtree(old)
    (folder / MANIFEST).unlink(missing_ok=True)  # it tells of what is no longer so
    with executor(cluster) as (submit, workers):

        def each(task: Callable[..., Any], over: Iterable[Any], *more: Any) -> Iterator[Any]:
            return (one for _, one in in_order(submit, lambda item: (task, item, job, *more), over, workers + 1))

        if buckets:
            list(each(put_ids, parts))
            list(each(compare, range(buckets)))
        for one in each(score_part, parts):
            done.append(one)
            tell(sum(part["rows"] for part in done), total)
    rows, bad = (sum(part[name] for part in done) for name in ("rows", "bad"))
    if rows:
        _write(folder / MANIFEST, {"key": key, "policy": policy.digest, "rows": rows, "bad": bad, "parts": done})
    _tidied(folder, job, len(parts) if rows else 0)
    if not rows:
        raise TableError(Problem("no_cases", ", ".join(file.name for file in files)))
    return whole.Scored(folder, folder / ERRORS if bad else None, rows, bad)


def _tidied(folder: Path, job: Task, number: int) -> None:
    """Takes away what is over: parts of an earlier run beyond a ``number``, what a run that was killed had begun, and the work."""
    for old in [*folder.glob("part-*.parquet"), *(folder / ERRORS).glob("part-*.csv")]:
        if int(old.stem[5:10]) >= number:
            old.unlink()
    for cut in [*folder.glob(".*.part"), *(folder / ERRORS).glob(".*.part")]:  # what a run that was killed had begun
        cut.unlink()
    # At one stroke, so that a run that is killed here leaves no half of what the next would take for whole
    _work(job).rename(folder / WORK / "over")
    shutil.rmtree(folder / WORK)


def parts_of(files: list[Path]) -> tuple[list[Partition], int | None]:
    """The parts of the files in their order, and the number of all rows where the files say so."""
    parts: list[Partition] = []
    total: int | None = 0
    for file in files:
        if kind(file) != "parquet":
            parts.append(Partition(len(parts), str(file.resolve()), None, 1))
            total = None
            continue
        told = arrow().parquet.read_metadata(file)
        groups: list[int] = []
        sizes, first, held = [told.row_group(n).num_rows for n in range(told.num_row_groups)], 1, 0
        for n, size in enumerate(sizes):
            groups, held = [*groups, n], held + size
            if held + (sizes[n + 1] if n + 1 < len(sizes) else ROWS_A_PART) > ROWS_A_PART:
                parts.append(Partition(len(parts), str(file.resolve()), tuple(groups), first))
                groups, first, held = [], first + held, 0
        total = None if total is None else total + told.num_rows
    return parts, total


def put_ids(part: Partition, job: Task) -> None:
    """The ids of a part, each into its bucket's folder: text, and the number of the row."""
    import pandas as pd

    pa, column = arrow(), job.plan.columns["case_id"]
    if _work(job, "ids", f"{part.name}.done").exists():
        return
    with ExitStack() as kept:
        puts = [
            kept.enter_context(writing(_work(job, "ids", f"{n:05}", f"{part.name}.parquet")))
            for n in range(job.buckets)
        ]
        schema = pa.schema([("id", pa.large_string()), ("row", pa.int64())])
        for chunk in chunks_of(part, job, [], [column]):
            text = pa.compute.utf8_trim_whitespace(as_text(chunk.rows.column(column))).fill_null("")
            there = text.to_numpy() != ""
            bucket = pd.util.hash_array(text.to_numpy(), categorize=False) % np.uint64(job.buckets)
            for n, put in enumerate(puts):
                mine = pa.array(there & (bucket == n))
                columns = [text.filter(mine).cast(pa.large_string()), pa.array(chunk.numbers, pa.int64()).filter(mine)]
                put(pa.table(columns, schema=schema))
    _write(_work(job, "ids", f"{part.name}.done"), {})


def compare(bucket: int, job: Task) -> None:
    """The rows of a bucket whose id stood before, exactly: which part, which row, and which row has it first."""
    import pandas as pd

    pa, out = arrow(), _work(job, "twice", f"{bucket:05}.parquet")
    if out.exists():
        return
    files = sorted(_work(job, "ids", f"{bucket:05}").glob("part-*.parquet"))
    frames = [pa.parquet.read_table(file).to_pandas().assign(part=int(file.stem[5:])) for file in files]
    every = pd.concat([pd.DataFrame({"id": [], "row": [], "part": []}), *frames], ignore_index=True)
    twice = every[every.duplicated("id")]
    first = every[every.id.isin(twice.id)].drop_duplicates("id").set_index("id").row
    told = pa.table(
        {
            "part": pa.array(twice.part, pa.int64()),
            "row": pa.array(twice.row, pa.int64()),
            "first": pa.array(twice.id.map(first), pa.int64()),
        }
    )
    with writing(out) as put:
        put(told)


def score_part(part: Partition, job: Task) -> dict[str, Any]:
    """Scores a part into its own file and says what came of it; what an earlier run has done is taken as it is."""
    known = _taken(part, job)
    if known:
        return known
    folder, told, rows, bad = Path(job.folder), whole._Few(), 0, 0
    output, aside = folder / f"{part.name}.parquet", folder / ERRORS / f"{part.name}.csv"
    with ExitStack() as kept, writing(output) as put:
        listed = whole._Listed(aside, job.lang, kept)
        for chunk in without_twice(chunks_of(part, job, told), part, job, told):
            good, wrong, count = whole._score_chunk(chunk, job.plan, job.policy)
            ours = told.take(chunk.file, chunk.numbers.max(initial=0))
            listed.add(sorted([*ours, *wrong], key=lambda each: each.row))
            put(good)
            rows, bad = rows + len(chunk.numbers) + len(ours), bad + count + len(ours)
        listed.add(told)
        rows, bad = rows + len(told) + told.more, bad + len(told) + told.more
        listed.end(bad)
    made = {
        "part": output.name,
        "file": Path(part.file).name,
        "groups": part.groups and list(part.groups),
        "rows": rows,
        "bad": bad,
        "sha256": _digest(output),
        "errors": f"{ERRORS}/{aside.name}" if bad else None,
    }
    _write(_work(job, "done", f"{part.name}.json"), {"key": job.key, "made": made})
    return made


def chunks_of(part: Partition, job: Task, told: list[WrongRow], columns: list[str] | None = None) -> Iterator[Chunk]:
    """The rows of a part, with the columns of the first file; at least one chunk, be it empty, unless some columns are asked for."""
    pa, file = arrow(), Path(part.file)
    if part.groups is None:
        found: Iterable[Chunk] = chunks(file, whole.ROWS, told, columns)
    else:
        found = _groups(part, columns)
    some = False
    for chunk in found:
        some = True
        try:
            rows = chunk.rows if columns else chunk.rows.select(job.schema.names).cast(job.schema)
        except pa.ArrowInvalid as failure:
            raise TableError(Problem("columns_differ", file.name, {"value": shown(str(failure), 120)})) from None
        yield Chunk(chunk.file, chunk.numbers, rows)
    if not some and columns is None:
        yield Chunk(file.name, np.zeros(0, int), job.schema.empty_table())


def _groups(part: Partition, columns: list[str] | None) -> Iterator[Chunk]:
    pa, at = arrow(), part.first
    with pa.memory_map(part.file) as file:
        read = pa.parquet.ParquetFile(file)
        for batch in read.iter_batches(whole.ROWS, row_groups=list(part.groups or ()), columns=columns):
            rows = pa.Table.from_batches([batch])
            chunk = Chunk(Path(part.file).name, np.arange(at, at + len(rows)), rows)
            at += len(rows)
            yield from [chunk] if columns else filled_rows(chunk)


def without_twice(parts: Iterable[Chunk], part: Partition, job: Task, told: list[WrongRow]) -> Iterator[Chunk]:
    """The chunks without rows whose id stood before, in this part or an earlier one; those are told."""
    pa, first = arrow(), dict[int, int]()
    for n in range(job.buckets):
        mine = pa.parquet.read_table(_work(job, "twice", f"{n:05}.parquet"), filters=[("part", "=", part.number)])
        first |= dict(zip(mine["row"].to_pylist(), mine["first"].to_pylist(), strict=True))
    for chunk in parts:
        at = [n for n, row in enumerate(chunk.numbers.tolist()) if row in first] if first else []
        if at:
            name = job.plan.columns["case_id"]
            for n in at:
                row, text = int(chunk.numbers[n]), str(chunk.rows.column(name)[n].as_py()).strip()
                slots = {"value": shown(text), "allowed": first[row]}
                problem = Problem("duplicate_id", f"{chunk.file}, row {row}: {name}", slots)
                told.append(WrongRow(chunk.file, row, name, text, problem))
            keep = np.ones(len(chunk.numbers), bool)
            keep[at] = False
            chunk = Chunk(chunk.file, chunk.numbers[keep], chunk.rows.filter(pa.array(keep)))
        yield chunk


def _taken(part: Partition, job: Task) -> dict[str, Any] | None:
    """What an earlier run says of a part that it has done, if the part is still what it wrote."""
    folder = Path(job.folder)
    try:
        told = json.loads(_work(job, "done", f"{part.name}.json").read_text("utf-8"))
        made = told["made"]
        there = told["key"] == job.key and _digest(folder / made["part"]) == made["sha256"]
        return made if there and (made["errors"] is None or (folder / made["errors"]).exists()) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _ours(folder: Path, files: list[Path], force: bool) -> None:
    """A folder that is new, empty or of an earlier run (or with ``force`` anybody's), and holds nothing that is to be read. Raises
    :class:`TableError`."""
    if any(folder.resolve() in file.resolve().parents for file in files):
        raise TableError(Problem("over_itself", str(folder)))
    if folder.exists() and not folder.is_dir():
        raise TableError(Problem("not_ours_folder", str(folder)))
    if not force and folder.is_dir() and any(folder.iterdir()) and not is_run(folder, MANIFEST, WORK):
        raise TableError(Problem("not_ours_folder", str(folder)))


def _work(job: Task, *names: str) -> Path:
    """A file of a run that is under way; of another run's, which has another key, nothing is seen."""
    return Path(job.folder, WORK, job.key[:16], *names)


def _state(file: Path) -> tuple[int, int]:
    told = file.stat()
    return told.st_size, told.st_mtime_ns


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _write(path: Path, content: Any) -> None:
    with written_whole(path, TableError, "utf-8", folders=True) as file:
        json.dump(content, file, ensure_ascii=False, indent=1)
