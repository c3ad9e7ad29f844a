"""One file from a cluster: its workers read and write parts beside the file, which are joined when all are done.

The rows go past the caller twice, as they lie in the parts; what the workers cannot reach, and what only one can say who has read all, goes
through the caller as before. A run that was cut off leaves its parts, and the next one takes what is done.
"""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import numpy as np

from jiebei_lib.core.policy import Policy, load_policy
from jiebei_lib.core.tables.delimited import BookSheet, Source, TableError, Upload
from jiebei_lib.core.tables.files import Chunk, arrow, files_of, kind, safe, writing
from jiebei_lib.portfolio import score_files as whole
from jiebei_lib.portfolio.parts.run import MANIFEST, Task, refuse_others, scored_parts
from jiebei_lib.portfolio.parts.stores import state, store
from jiebei_lib.portfolio.workers import client


def score_joined(
    given: str | Path | Iterable[str | Path],
    output: str | Path,
    policy: Policy | str = "article",
    mapping: Any = None,
    errors: str = "report",
    lang: str = "zh",
    cluster: str | None = None,
    progress: Callable[[int, int | None], None] | None = None,
    ranked: bool = False,
    sheet: str | None = None,
) -> whole.Scored:
    """As :func:`jiebei_lib.portfolio.score_files.score_files`, whose values and order of rows it has. Through the caller go uploads, a
    sheet named, ``ranked`` and ``errors="fail"``, and tables on disks that some worker does not reach under the same names."""
    files, output = files_of(given, sheet), Path(output)
    work = output.resolve().with_name(f".{output.name}.parts")
    alone = errors != "report" or ranked or sheet is not None or any(_is_upload(each) for each in files)
    if cluster is not None and not alone:
        aside = output.with_name(f"{output.name}.errors.csv")
        whole.spared(files, output, aside)
        names = [str(each.resolve()) for each in files if not isinstance(each, Upload)]
        if _reached(cluster, work.parent, names):
            policy = load_policy(policy)
            refuse_others(store(work), names)
            try:
                job, done = scored_parts(
                    names, work, policy, mapping, lang, cluster, progress, to=kind(output), again=False
                )
                made = _joined(work, done, output, aside, _columns(job, policy), lang)
            except TableError:  # the same would come of it again
                _removed(work)
                raise
            _removed(work)
            return made
    return whole.score_files(given, output, policy, mapping, errors, lang, cluster, progress, ranked, sheet)


def _is_upload(source: Source) -> bool:
    return isinstance(source.file if isinstance(source, BookSheet) else source, Upload)


def _removed(work: Path) -> None:
    """Takes the parts away, last of all what says that they are ours."""
    for path in work.iterdir() if work.is_dir() else ():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name != MANIFEST:
            path.unlink(missing_ok=True)
    shutil.rmtree(work, ignore_errors=True)


def _reached(cluster: str, folder: Path, names: list[str]) -> bool:
    """Whether all workers have these files, and this folder, under these names: in it lies one of which only the caller knows what it
    says."""
    if cluster == "local":
        return True
    told, says = folder / f".{os.urandom(8).hex()}.part", os.urandom(16).hex()
    known = [state(name) for name in names]
    with client(cluster) as dask, suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        told.write_text(says, "utf-8")
        try:
            return all(dask.run(_found, str(told), says, names, known).values())
        finally:
            told.unlink(missing_ok=True)
    return False


def _found(told: str, says: str, names: list[str], known: list[list[Any]]) -> bool:
    """The same, asked of one worker."""
    with suppress(OSError, ValueError):
        own = Path(f"{told[:-5]}-{os.getpid()}.part")
        own.write_text(says, "utf-8")
        own.unlink()
        return Path(told).read_text("utf-8") == says and [state(name) for name in names] == known
    return False


def _columns(job: Task, policy: Policy) -> Any:
    """The columns of the result: those of the parts, before Parquet has changed what it does not have (seconds, say)."""
    nothing = Chunk("", np.zeros(0, int), job.schema.empty_table())
    return whole._score_chunk(nothing, job.plan, policy, job.types)[0].schema


def _joined(work: Path, parts: list[dict[str, Any]], output: Path, aside: Path, schema: Any, lang: str) -> whole.Scored:
    pa = arrow()
    rows, bad = (sum(part[name] for part in parts) for name in ("rows", "bad"))
    with ExitStack() as kept, writing(output, lang, lambda: listed.told) as put:
        listed = whole._Listed(aside, lang, kept)
        waiting = schema.empty_table()
        for part in parts:
            with pa.OSFile(str(work / part["part"])) as file:
                for batch in pa.parquet.ParquetFile(file).iter_batches(whole.ROWS, use_threads=False):
                    waiting = pa.concat_tables([waiting, pa.Table.from_batches([batch]).cast(schema)])
                    while waiting.num_rows >= whole.ROWS:
                        put(waiting.slice(0, whole.ROWS))
                        waiting = waiting.slice(whole.ROWS)
            if part["errors"]:
                with (work / part["errors"]).open(encoding="utf-8-sig", newline="") as told:
                    listed.take([_as_told(cells) for cells in list(csv.reader(told))[1:] if cells[0]][: listed.room])
        if waiting.num_rows or rows == bad:
            put(waiting)
        listed.end(bad)
    return whole.Scored(output, aside if bad else None, rows, bad)


def _as_told(cells: list[str]) -> list[Any]:
    """A row of a table of wrong rows as it was before it was made safe for a spreadsheet."""
    file, row, *texts = (cell[1:] if cell[:1] == "'" and safe(cell[1:]) == cell else cell for cell in cells)
    return [file, int(row), *texts]
