"""Tables of cases scored: one in memory, or files of any length in chunks, in threads or on a cluster, with the same result to the bit."""

from __future__ import annotations

import csv
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jiebei_lib.case import FIELDS
from jiebei_lib.columns import Layout, cleaned, layout
from jiebei_lib.policy import Policy, load_policy
from jiebei_lib.problems import Problem, items, shown
from jiebei_lib.rules.factors import days_pressure, pressures
from jiebei_lib.scoring.readings import FACTORS
from jiebei_lib.scoring.score import VERDICTS, evaluate, extremes, likelihood
from jiebei_lib.tables import (
    Chunk,
    TableError,
    Wrong,
    arrow,
    chunks,
    empty,
    files_of,
    kind,
    names_of,
    rows_in,
    safe,
    writing,
)

if TYPE_CHECKING:
    import pandas as pd

# What scoring adds to a table, in this order
ADDED = ("verdict", "low", "high", "share", "share_low", "share_high", "stage", "strongest_factor", "next_question")
ERRORS = ("report", "fail")
ROWS = 131_072  # rows of a file that are in work at a time, in each thread or task
HASHES = (
    20_000_000  # ids whose hashes are compared at a time (160 MB, twice); a longer table is gone through several times
)
TIE = 1e-12  # narrowings nearer to each other than this are equal


@dataclass(frozen=True)
class Scored:
    """What came of scoring files: the output, the table of wrong rows (None if there are none), and how many rows were which."""

    output: Path
    errors: Path | None
    rows: int
    bad: int


# ---- one table in memory -------------------------------------------------------------------------------------------


def answers(columns: Mapping[str, np.ndarray], policy: Policy) -> dict[str, np.ndarray]:
    """:data:`ADDED` for columns as :func:`jiebei_lib.case.check_table` gives them: words as numbers of :data:`VERDICTS`, of the
    policy's stages, of ``FACTORS`` and of ``FIELDS`` (-1 where nothing is left to ask)."""
    low, high = pressures(columns, policy)
    days = columns["days_overdue"]
    scores = evaluate(low, high, days, policy)
    starts = [stage["days"][0] for stage in policy.data["timeline"]["stages"].values()]
    return {
        **vars(scores),
        "stage": np.searchsorted(starts, days, side="right") - 1,
        "strongest_factor": np.abs(contributions(middle_pressures(low, high, days, policy), policy)).argmax(axis=1),
        "next_question": _next_questions(columns, scores.high - scores.low, policy),
    }


def words(policy: Policy) -> dict[str, list[str]]:
    """What the numbers of :func:`answers` stand for."""
    return {
        "verdict": list(VERDICTS),
        "stage": list(policy.data["timeline"]["stages"]),
        "strongest_factor": list(FACTORS),
        "next_question": list(FIELDS),
    }


def score_table(table: pd.DataFrame, policy: Policy | str = "article") -> pd.DataFrame:
    """The table with :data:`ADDED`. Columns that are not fields of a case are kept and not looked at."""
    import pandas as pd

    from jiebei_lib.case import check_table

    policy = load_policy(policy)
    found = answers(check_table(table[[name for name in table.columns if name in FIELDS]]), policy)
    names = words(policy)
    added = {
        name: pd.Categorical.from_codes(found[name], names[name], ordered=name in ("verdict", "stage"))
        if name in names
        else found[name]
        for name in ADDED
    }
    return table.drop(columns=[name for name in ADDED if name in table.columns]).assign(**added)


def middle_pressures(low: np.ndarray, high: np.ndarray, days: np.ndarray, policy: Policy) -> np.ndarray:
    """The pressure of every factor (n, 5), what is unknown taken in the middle, for pressures (n, 4) on ``days``. Before the first
    possible day, as things would stand on it."""
    readings, longest = policy.readings, policy.value("factors.days.pressing")
    pressed = days_pressure(days, readings.days[0], longest)
    if len(readings.days) > 1:
        latest = np.array(readings.days)[np.maximum(np.searchsorted(readings.days, days, side="right") - 1, 0)]
        later = [days_pressure(days, day, longest) for day in readings.days]
        pressed = (pressed + np.select([latest == day for day in readings.days], later)) / 2
    return np.column_stack([(low + high) / 2, pressed])


def contributions(pressure: np.ndarray, policy: Policy) -> np.ndarray:
    """What each factor adds to z (n, 5) at the central reading, for pressures (n, 5): exact Shapley values against the neutral case."""
    return pressure * policy.readings.center[1:]


def _next_questions(columns: Mapping[str, np.ndarray], width: np.ndarray, policy: Policy) -> np.ndarray:
    """The unknown fact that narrows the range most, as :func:`jiebei_lib.scoring.explain.questions` finds it case by case; between
    equals, the one that narrows the range of the share most."""
    asked = [name for name in FIELDS if name in policy.data["questions"]]
    unknown = {name: _unknown(columns[name]) for name in asked}
    gains = np.full((len(width), len(asked)), -np.inf)
    came = columns["days_overdue"] >= policy.readings.days[0]
    for n, name in enumerate(asked):
        gains[unknown[name], n] = 0.0
        rows = np.flatnonzero(unknown[name] & came)
        gains[rows, n] = np.maximum(0.0, width[rows] - mean_width(columns, name, rows, policy)[0])
    best = gains.argmax(axis=1)
    tied = np.count_nonzero(gains > gains[np.arange(len(best)), best][:, None] - TIE, axis=1) > 1
    rows = np.flatnonzero(tied & came & np.isfinite(gains[np.arange(len(best)), best]))
    if len(rows):
        equal = gains[rows] > gains[rows, best[rows]][:, None] - TIE
        shares = np.full(equal.shape, np.inf)
        for n, name in enumerate(asked):
            some = np.flatnonzero(equal[:, n])
            shares[some, n] = mean_width(columns, name, rows[some], policy, shares=True)[1]
        best[rows] = shares.argmin(axis=1)
    known = ~np.isfinite(gains).any(axis=1)
    return np.where(known, -1, np.array([list(FIELDS).index(name) for name in asked])[best])


def _unknown(column: np.ndarray) -> np.ndarray:
    return np.isnan(column) if column.dtype.kind == "f" else column < 0


def mean_width(
    columns: Mapping[str, np.ndarray], name: str, rows: np.ndarray, policy: Policy, shares: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """The mean width, over what one unknown fact may turn out to be, of the range of the likelihood and of that of the share."""
    levels = policy.data["questions"][name]["levels"]
    part = {key: column[rows] for key, column in columns.items() if key != "case_id"}
    total, total_share = np.zeros(len(rows)), np.zeros(len(rows))
    for level in levels:
        value = FIELDS[name]["levels"].index(level) if FIELDS[name]["type"] == "level" else level
        low, high = pressures(part | {name: np.full(len(rows), value)}, policy)
        if shares:
            scores = evaluate(low, high, part["days_overdue"], policy)
            total_share += scores.share_high - scores.share_low
        else:
            ends = extremes(low, high, part["days_overdue"], policy.readings, policy.value("factors.days.pressing"))
            total += likelihood(ends[1]) - likelihood(ends[0])
    return total / len(levels), total_share / len(levels)


# ---- files ---------------------------------------------------------------------------------------------------------


def score_files(
    given: str | Path | Iterable[str | Path],
    output: str | Path,
    policy: Policy | str = "article",
    mapping: str | Path | Mapping[str, Any] | None = None,
    errors: str = "report",
    lang: str = "zh",
    cluster: str | None = None,
    progress: Callable[[int, int | None], None] | None = None,
) -> Scored:
    """Scores files (names or globs) into one, whose kind its name's ending says; it appears when all is written, and only then.

    Wrong rows go to ``<output>.errors.csv`` (``errors="report"``) or stop everything (``fail``). ``progress`` is called with the
    number of rows done and of all, if known. Memory does not grow with the number of rows.
    """
    from jiebei_lib.cluster import executor

    if errors not in ERRORS:
        raise TableError(Problem("not_one_of", "--errors", {"value": shown(errors), "allowed": items(ERRORS)}))
    files, output, policy, tell = files_of(given), Path(output), load_policy(policy), progress or (lambda *_: None)
    kind(output)
    if output.resolve() in [file.resolve() for file in files]:
        raise TableError(Problem("over_itself", str(output)))
    plan = layout_of(files, mapping)
    doubled, total = _doubled(files, plan)
    aside = output.with_name(f"{output.name}.errors.csv")
    done = bad = 0
    with executor(cluster) as (submit, workers), _reporting(aside, lang) as note, writing(output) as put:
        told: list[Wrong] = []
        parts = _distinct(_chunks(files, told), plan, doubled, told)
        for chunk, (rows, wrong) in in_order(
            submit, lambda chunk: (_score_chunk, chunk, plan, policy), parts, workers + 1
        ):
            ours = [each for each in told if each.file == chunk.file and each.row <= chunk.numbers.max(initial=0)]
            told[:] = [each for each in told if each not in ours]
            wrong = sorted([*ours, *wrong], key=lambda each: each.row)
            if wrong and errors == "fail":
                raise TableError([each.problem for each in wrong[:10]])
            note(wrong)
            put(rows)
            bad += len({each.row for each in wrong})
            done += len(chunk.numbers) + len(ours)
            tell(done, total)
        if told and errors == "fail":
            raise TableError([each.problem for each in told[:10]])
        note(told)
        done, bad = done + len(told), bad + len(told)
        if not done:  # before anything appears
            raise TableError(Problem("no_cases", ", ".join(file.name for file in files)))
    return Scored(output, aside if bad else None, done, bad)


def in_order(
    submit: Callable[..., Any], task: Callable[[Any], tuple], parts: Iterable[Any], window: int
) -> Iterator[tuple[Any, Any]]:
    """Each part with its task's result, in order, with no more than ``window`` in work."""
    waiting: deque[tuple[Any, Any]] = deque()
    for part in parts:
        waiting.append((part, submit(*task(part))))
        if len(waiting) >= window:
            part, future = waiting.popleft()
            yield part, future.result()
    while waiting:
        part, future = waiting.popleft()
        yield part, future.result()


def layout_of(files: list[Path], mapping: Any = None, taken: Iterable[str] = ADDED) -> Layout:
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


def _chunks(files: list[Path], told: list[Wrong], columns: list[str] | None = None) -> Iterator[Chunk]:
    """The rows of all files, as the first file has its columns; at least one chunk, be it empty."""
    schema, found = empty(files[0]).schema, False
    for file in files:
        for chunk in chunks(file, ROWS, told, columns):
            found = True
            rows = chunk.rows if columns else chunk.rows.select(schema.names)
            try:
                yield Chunk(chunk.file, chunk.numbers, rows if columns else rows.cast(schema))
            except arrow().ArrowInvalid as failure:
                slots = {"value": shown(str(failure), 120)}
                raise TableError(Problem("columns_differ", file.name, slots)) from None
    if not found and columns is None:
        yield Chunk(files[0].name, np.zeros(0, int), empty(files[0]))


def _doubled(files: list[Path], plan: Layout) -> tuple[np.ndarray, int | None]:
    """The hashes of case ids that stand more than once, and the number of rows. Exact for the hashes, whatever the length: the
    ids are gone through as often as their hashes would fill the memory set aside."""
    sizes = [rows_in(file) for file in files]
    total = None if None in sizes else sum(sizes)
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

    text = arrow().compute.utf8_trim_whitespace(column.cast("string")).fill_null("")
    return pd.util.hash_array(text.to_numpy(), categorize=False)


def _distinct(parts: Iterable[Chunk], plan: Layout, doubled: np.ndarray, told: list[Wrong]) -> Iterator[Chunk]:
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
                    where = f"{chunk.file}, row {number}: {plan.columns['case_id']}"
                    problem = Problem("duplicate_id", where, {"value": shown(text), "allowed": seen[text]})
                    told.append(Wrong(chunk.file, number, plan.columns["case_id"], text, problem))
                seen.setdefault(text, number)
            if not keep.all():
                chunk = Chunk(chunk.file, chunk.numbers[keep], chunk.rows.filter(arrow().array(keep)))
        yield chunk


def _score_chunk(chunk: Chunk, plan: Layout, policy: Policy) -> tuple[Any, list[Wrong]]:
    """A chunk's good rows with :data:`ADDED`, and what is wrong with the others."""
    pa = arrow()
    columns, fine, wrong = cleaned(chunk, plan)
    columns.pop("case_id", None)
    rows = chunk.rows
    if not fine.all():
        rows = rows.filter(pa.array(fine))
        columns = {name: column[fine] for name, column in columns.items()}
    found, names = answers(columns, policy), words(policy)
    for name in ADDED:
        column = pa.array(found[name])
        if name in names:
            which = pa.array(found[name], pa.int8(), mask=found[name] < 0)
            column = pa.DictionaryArray.from_arrays(which, pa.array(names[name])).cast(pa.string())
        rows = rows.append_column(name, column)
    return rows, wrong


@contextmanager
def _reporting(path: Path, lang: str) -> Iterator[Callable[[list[Wrong]], None]]:
    """A function that takes wrong rows for the table ``path``, which appears at the end if there are any."""
    part, file, writer = path.with_name(f".{path.name}.{os.getpid()}.part"), None, None

    def note(wrong: list[Wrong]) -> None:
        nonlocal file, writer
        if wrong and file is None:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = part.open("w", encoding="utf-8-sig", newline="")
            writer = csv.writer(file)
            writer.writerow(["file", "row", "column", "value", "reason"])
        for each in wrong:
            cells = [each.file, each.row, each.column, each.value, each.problem.say(lang)]
            writer.writerow([safe(str(cell)) for cell in cells])

    try:
        yield note
        path.unlink(missing_ok=True)  # of an earlier run
        if file is not None:
            file.close()
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)
