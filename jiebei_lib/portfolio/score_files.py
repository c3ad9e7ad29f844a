"""Files of cases scored: of any length, in chunks, in threads or on a cluster, with the same result to the bit."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from jiebei_lib.core.knowledge.problems import Problem, items, shown
from jiebei_lib.core.knowledge.user_files import written_whole
from jiebei_lib.core.policy import Policy, load_policy
from jiebei_lib.core.rules.factors import PRESSED, pressures
from jiebei_lib.core.scoring.many import ADDED, answers, words
from jiebei_lib.core.tables.columns import Layout, cleaned, layout
from jiebei_lib.core.tables.delimited import Source, TableError, Upload, WrongRow
from jiebei_lib.core.tables.files import (
    Chunk,
    arrow,
    as_text,
    checked_output,
    chunks,
    empty,
    files_of,
    kind,
    names_of,
    rows_in,
    safe,
    writing,
)
from jiebei_lib.core.tables.kinds import Look
from jiebei_lib.core.tables.typed import UNTYPED, looked_at, must_ask, typed, types_of
from jiebei_lib.portfolio import plain_files
from jiebei_lib.portfolio.ranks import RANKED, Ranks, ranks
from jiebei_lib.portfolio.workers import in_order

ERRORS = ("report", "fail")
TYPED = ("parquet", "arrow")  # kinds of files that are read as columns that have types
NO_TYPES: Mapping[str, str] = MappingProxyType({})
HEAD = ("file", "row", "column", "value", "reason")
LISTED, LONGEST = 10_000, 1_000  # wrong cells that are listed one by one, and characters of each
ROWS = 131_072  # rows of a file that are in work at a time, in each thread or task
# Ids whose hashes are compared at a time (160 MB, twice); a longer table is gone through several times
HASHES = 20_000_000


@dataclass(frozen=True)
class Scored:
    """What came of scoring files: the output, the table of wrong rows (None if there are none), how many rows were which, and over
    how many ``readings`` rows were ranked (None if they were not). ``unread``: columns that play no part in the score."""

    output: Path
    errors: Path | None
    rows: int
    bad: int
    readings: int | None = None
    unread: tuple[str, ...] = ()


def score_files(
    given: str | Path | Iterable[str | Path],
    output: str | Path,
    policy: Policy | str = "article",
    mapping: str | Path | Mapping[str, Any] | None = None,
    errors: str = "report",
    lang: str = "zh",
    cluster: str | None = None,
    progress: Callable[[int, int | None], None] | None = None,
    ranked: bool = False,
    sheet: str | None = None,
) -> Scored:
    """Scores files (names or globs) into one, whose kind its name's ending says; it appears when all is written, and only then.

    Wrong rows go to ``<output>.errors.csv`` (``errors="report"``) or stop everything (``fail``). ``progress`` is called with the
    number of rows done and of all, if known; ``sheet``: which one of workbooks. Memory does not grow with the rows, but where they are
    ``ranked`` (:data:`RANKED`), for which the files are read once more: then by some hundred bytes a row.
    """
    from jiebei_lib.portfolio.workers import executor

    if errors not in ERRORS:
        raise TableError(Problem("not_one_of", "--errors", {"value": shown(errors), "allowed": items(ERRORS)}))
    files, output = files_of(given, sheet), Path(output)
    policy, tell = load_policy(policy), progress or (lambda *_: None)
    aside = output.with_name(f"{output.name}.errors.csv")
    spared(files, output, aside)
    if cluster is None and not ranked and plain_files.is_plain(*files, output):
        return _without_arrow(files, output, aside, policy, mapping, errors, lang, tell)
    plan = layout_of(files, mapping, (*ADDED, *RANKED) if ranked else ADDED)
    doubled, total = _doubled(files, plan)
    found = _ranks(files, plan, doubled, policy) if ranked else None
    types = types_of([seen(_chunks(files, _Few()), plan, files)], kind(output)) if kind(output) != UNTYPED else {}
    places, done, bad = found.columns() if found else {}, 0, 0
    with executor(cluster) as (submit, workers), ExitStack() as kept, writing(output, lang, lambda: listed.told) as put:
        told, listed = _Few(), _Listed(aside, lang, kept)
        parts = _distinct(_chunks(files, told), plan, doubled, told)
        for chunk, (rows, wrong, count) in in_order(
            submit, lambda chunk: (_score_chunk, chunk, plan, policy, types), parts, workers + 1
        ):
            ours = told.take(chunk.file, chunk.numbers.max(initial=0))
            wrong = sorted([*ours, *wrong], key=lambda each: each.row)
            if wrong and errors == "fail":
                raise TableError([each.problem for each in wrong[:10]])
            listed.add(wrong)
            at = done - bad
            for name, column in places.items():
                rows = rows.append_column(name, arrow().array(column[at : at + rows.num_rows]))
            put(rows)
            bad += count + len(ours)
            done += len(chunk.numbers) + len(ours)
            tell(done, total)
        if told and errors == "fail":
            raise TableError([each.problem for each in told[:10]])
        listed.add(told)
        done, bad = done + len(told) + told.more, bad + len(told) + told.more
        if not done:  # before anything appears
            raise TableError(Problem("no_cases", ", ".join(file.name for file in files)))
        listed.end(bad)
    readings = found.readings if found else None
    return Scored(output, aside if bad else None, done, bad, readings, _unread(files, plan))


def _without_arrow(
    files: list[Source],
    output: Path,
    aside: Path,
    policy: Policy,
    mapping: Any,
    errors: str,
    lang: str,
    tell: Callable[[int, int | None], None],
) -> Scored:
    """The same by what a plain install has."""
    plan = layout_of(files, mapping)
    good, wrong, rows = plain_files.scored_rows(files, plan, policy, kind(output))
    if wrong and errors == "fail":
        raise TableError([each.problem for each in wrong[:10]])
    if not rows:
        raise TableError(Problem("no_cases", ", ".join(file.name for file in files)))
    bad = rows - len(good[ADDED[0]])
    with ExitStack() as kept:
        listed = _Listed(aside, lang, kept)
        put = kept.enter_context(plain_files.writing(output))
        put(good)
        listed.add(wrong)
        listed.end(bad)
    tell(rows, rows)
    return Scored(output, aside if bad else None, rows, bad, unread=_unread(files, plan))


def _unread(files: list[Source], plan: Layout) -> tuple[str, ...]:
    return tuple(name for name in names_of(files[0]) if name not in plan.columns.values())


def _ranks(files: list[Source], plan: Layout, doubled: np.ndarray, policy: Policy) -> Ranks:
    """Ranks of the good rows of all files, in their order."""
    middles: list[np.ndarray] = [np.zeros((0, len(PRESSED)))]
    days = [np.zeros(0)]
    for chunk in _distinct(_chunks(files, _Few()), plan, doubled, _Few()):
        columns, fine, _ = cleaned(chunk, plan, 0)
        known = {name: column[fine] for name, column in columns.items() if name != "case_id"}
        low, high = pressures(known, policy)
        middles.append((low + high) / 2)
        days.append(known["days_overdue"])
    return ranks(np.concatenate(middles), np.concatenate(days), policy)


def spared(files: list[Source], output: Path, aside: Path) -> None:
    """Neither what is read nor anybody's own table is written over. Raises :class:`TableError`."""
    checked_output(output)
    read = [file.resolve() for file in files if not isinstance(file, Upload)]
    for written in (output, aside):
        if written.resolve() in read:
            raise TableError(Problem("over_itself", str(written)))
    if aside.exists() and not _is_ours(aside):
        raise TableError(Problem("not_ours", str(aside)))


def _is_ours(path: Path) -> bool:
    """Whether a file is a table of wrong rows that was written here."""
    with suppress(OSError), path.open("rb") as file:
        return file.readline(200).rstrip() == ",".join(HEAD).encode("utf-8-sig")
    return False


def layout_of(files: list[Source], mapping: Any = None, taken: Iterable[str] = ADDED) -> Layout:
    """The layout that all files share. Raises :class:`TableError` where one differs or uses a name that the result needs."""
    names = names_of(files[0])
    problems = [Problem("column_taken", files[0].name, {"value": shown(name)}) for name in names if name in taken]
    for other in files[1:]:
        differing = set(names_of(other)) ^ set(names)
        if differing:
            problems.append(Problem("columns_differ", other.name, {"value": items(sorted(differing)[:10])}))
    if problems:
        raise TableError(problems)
    return layout(names, mapping, files[0].name)


def _chunks(files: list[Source], told: list[WrongRow], columns: list[str] | None = None) -> Iterator[Chunk]:
    """The rows of all files, as the first file has its columns; at least one chunk, be it empty."""
    schema, found = empty(files[0]).schema, False
    for file in files:
        for chunk in chunks(file, ROWS, told, columns):
            found = True
            rows = chunk.rows if columns else chunk.rows.select(schema.names)
            try:
                yield Chunk(
                    chunk.file, chunk.numbers, rows if columns or rows.schema.equals(schema) else rows.cast(schema)
                )
            except arrow().ArrowInvalid as failure:
                slots = {"value": shown(str(failure), 120)}
                raise TableError(Problem("columns_differ", file.name, slots)) from None
    if not found and columns is None:
        yield Chunk(files[0].name, np.zeros(0, int), empty(files[0]))


def _doubled(files: list[Source], plan: Layout) -> tuple[np.ndarray, int | None]:
    """The hashes of case ids that stand more than once, and the number of rows. Exact for the hashes, whatever the length: the
    ids are gone through as often as their hashes would fill the memory set aside."""
    sizes = [rows_in(file) for file in files]
    known = [size for size in sizes if size is not None]
    total = sum(known) if len(known) == len(sizes) else None
    if "case_id" not in plan.columns:
        return np.zeros(0, np.uint64), total
    column, found, counted, turn, turns = plan.columns["case_id"], [], 0, 0, max(1, -(-(total or 0) // HASHES))
    while turn < turns:
        hashes, counted = [], 0
        for chunk in _chunks(files, [], [column]):
            counted += len(chunk.numbers)
            some = _hashes(chunk.rows.column(column))
            hashes.append(some if turns == 1 else some[some % np.uint64(turns) == turn])
            if sum(map(len, hashes)) > 2 * HASHES and turns == 1:
                turns, hashes = 4 * turns, []
                break
        else:
            every = np.concatenate([*hashes, np.zeros(0, np.uint64)])
            hashes = []
            every.sort()
            found.append(np.unique(every[1:][every[1:] == every[:-1]]))
            turn += 1
    return np.concatenate(found), counted


def _hashes(column: Any) -> np.ndarray:
    """64 bits of each id; a missing one has none of its own."""
    import pandas as pd

    text = arrow().compute.utf8_trim_whitespace(as_text(column)).fill_null("")
    return pd.util.hash_array(text.to_numpy(), categorize=False)


def _distinct(parts: Iterable[Chunk], plan: Layout, doubled: np.ndarray, told: list[WrongRow]) -> Iterator[Chunk]:
    """The chunks without rows whose id stood before; those are told."""
    seen: dict[str, int] = {}
    for chunk in parts:
        if len(doubled) and chunk.rows.num_rows:
            column = chunk.rows.column(plan.columns["case_id"])
            keep = np.ones(chunk.rows.num_rows, bool)
            for row in np.flatnonzero(np.isin(_hashes(column), doubled)):
                text, number = str(column[int(row)].as_py() or "").strip(), int(chunk.numbers[row])
                if text and text in seen:
                    keep[row] = False
                    told.append(_again(chunk, plan, number, text, seen[text]))
                seen.setdefault(text, number)
            if not keep.all():
                chunk = Chunk(chunk.file, chunk.numbers[keep], chunk.rows.filter(arrow().array(keep)))
        yield chunk


def again(ids: Any, chunk: Chunk, plan: Layout, seen: dict[str, int]) -> list[tuple[int, WrongRow]]:
    """The rows of a chunk whose id stood before, right or wrong (``seen``: where), as :func:`score_files` leaves them out: their places in
    the chunk, and what is said of them."""
    out = []
    for place, each in enumerate([] if ids is None else ids.to_pylist()):
        number, text = int(chunk.numbers[place]), (each or "").strip()
        if text and text in seen:
            out.append((place, _again(chunk, plan, number, text, seen[text])))
        seen.setdefault(text, number)
    return out


def _again(chunk: Chunk, plan: Layout, number: int, text: str, before: int) -> WrongRow:
    column = plan.columns["case_id"]
    problem = Problem(
        "duplicate_id", f"{chunk.file}, row {number}: {column}", {"value": shown(text), "allowed": before}
    )
    return WrongRow(chunk.file, number, column, text, problem)


def seen(parts: Iterable[Chunk], plan: Layout, files: Iterable[Source | str]) -> dict[str, Look]:
    """What the columns may be that are read as text, by the rows that are fine; of files with types nothing is asked."""
    known: dict[str, Look] = {}
    if all(kind(Path(file) if isinstance(file, str) else file) in TYPED for file in files):
        return known
    for chunk in parts:
        rows = chunk.rows
        if must_ask(rows):
            rows = rows.filter(arrow().array(cleaned(chunk, plan, 0)[1]))
        known = looked_at(rows, known, plan.columns.get("case_id"))
    return known


def _score_chunk(
    chunk: Chunk, plan: Layout, policy: Policy, types: Mapping[str, str] = NO_TYPES
) -> tuple[Any, list[WrongRow], int]:
    """A chunk's good rows with :data:`ADDED`, what is wrong with the others (the first of it), and how many those are. ``types``: of
    columns that are text in the file."""
    pa = arrow()
    columns, fine, wrong = cleaned(chunk, plan, LISTED)
    columns.pop("case_id", None)
    rows = chunk.rows
    if not fine.all():
        rows = rows.filter(pa.array(fine))
        columns = {name: column[fine] for name, column in columns.items()}
    found, names, rows = answers(columns, policy), words(policy), typed(rows, types)
    for name in ADDED:
        column = pa.array(found[name])
        if name in names:
            which = pa.array(found[name], pa.int8(), mask=found[name] < 0)
            column = pa.DictionaryArray.from_arrays(which, pa.array(names[name])).cast(pa.string())
        rows = rows.append_column(name, column)
    return rows, wrong, int((~fine).sum())


class _Few(list):
    """Rows told of while a table is read: the first of them, and how many ``more`` there were."""

    more = 0

    def append(self, each: WrongRow) -> None:
        if len(self) < LISTED:
            super().append(each)
        else:
            self.more += 1

    def take(self, file: str, last: int) -> list[WrongRow]:
        """Those of a file up to a row, which are then no longer here."""
        ours: list[WrongRow] = []
        others: list[WrongRow] = []
        for each in self:
            (ours if each.file == file and each.row <= last else others).append(each)
        self[:] = others
        return ours


class _Listed:
    """The table of wrong rows, which appears at the end if there are any; it holds the first of them, and says how many more there are."""

    def __init__(self, path: Path, lang: str, kept: ExitStack):
        self.path, self.lang, self.kept = path, lang, kept
        self.writer: Any = None
        self.cells, self.rows = 0, 0
        self.told: list[list[Any]] = []

    def add(self, wrong: list[WrongRow]) -> None:
        first = wrong[: self.room]
        self.take(
            [[each.file, each.row, each.column, each.value[:LONGEST], each.problem.say(self.lang)] for each in first]
        )

    @property
    def room(self) -> int:
        """How many more are listed."""
        return LISTED - self.cells

    def take(self, wrong: list[list[Any]]) -> None:
        """The same, as it is listed."""
        if wrong and self.writer is None:
            file = self.kept.enter_context(written_whole(self.path, TableError, "utf-8-sig", folders=True))
            self.writer = csv.writer(file)
            self.writer.writerow(HEAD)
        for cells in wrong:
            self.writer.writerow([safe(str(cell)) for cell in cells])
        self.told += wrong
        self.cells += len(wrong)
        self.rows += len({row for _, row, *_ in wrong})

    def end(self, bad: int) -> None:
        """When all rows have been told: ``bad`` of them."""
        if self.writer is None:
            if _is_ours(self.path):  # of an earlier run
                self.path.unlink(missing_ok=True)
        elif bad > self.rows:
            self.told.append(["", "", "", "", Problem("and_more", "", {"number": bad - self.rows}).say(self.lang)])
            self.writer.writerow(self.told[-1])
