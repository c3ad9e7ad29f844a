"""Files of cases scored without pyarrow, as a plain install has it: CSV and JSON, each file whole in memory, with the same answers.

Spaces around a cell's text go; all else is written as by score_files.py, to the byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from io import TextIOWrapper
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from jiebei_lib.core.case import FIELDS, allowed, checked
from jiebei_lib.core.knowledge.problems import Problem, shown
from jiebei_lib.core.knowledge.user_files import written_whole
from jiebei_lib.core.policy import Policy
from jiebei_lib.core.scoring.many import ADDED, words
from jiebei_lib.core.tables.columns import DAMAGED, Layout, days_to, level_of, meant, number_of
from jiebei_lib.core.tables.delimited import JsonWriter, Source, TableError, WrongRow
from jiebei_lib.core.tables.files import kind, safe
from jiebei_lib.core.tables.table import in_parts, within
from jiebei_lib.core.tables.whole import text_table

if TYPE_CHECKING:
    import pandas as pd

PLAIN = ("csv", "json")


def is_plain(*files: Source) -> bool:
    """Whether these files are read and written here: pyarrow is not installed, and they do not need it."""
    return find_spec("pyarrow") is None and all(kind(file) in PLAIN for file in files)


def scored_rows(files: list[Source], plan: Layout, policy: Policy) -> tuple[pd.DataFrame, list[WrongRow], int]:
    """The good rows of all files with :data:`ADDED`, what is wrong with the others, and how many rows there were."""
    import pandas as pd

    good: list[pd.DataFrame] = []
    wrong: list[WrongRow] = []
    seen: dict[str, int] = {}
    rows = 0
    for file in files:
        table, numbers, told = text_table(file)
        wrong += told
        rows += len(table) + len(told)
        good.append(_fine(table, numbers, plan, policy, file.name, wrong, seen))
    places = {file.name: n for n, file in enumerate(files)}
    wrong.sort(key=lambda each: (places[each.file], each.row))
    return pd.concat(good, ignore_index=True), wrong, rows


def _fine(
    table: pd.DataFrame,
    numbers: np.ndarray,
    plan: Layout,
    policy: Policy,
    file: str,
    wrong: list[WrongRow],
    seen: dict[str, int],
) -> pd.DataFrame:
    columns: dict[str, np.ndarray] = {}
    fine = np.ones(len(table), bool)
    for name, spec in FIELDS.items():
        source = plan.columns.get(name)
        if source is None:
            if spec["type"] != "text":
                columns[name] = np.full(len(table), -1) if spec["type"] == "level" else np.full(len(table), np.nan)
            continue
        cells = table[source]
        if name == "days_overdue" and plan.as_of is not None:
            cells = cells.map(lambda cell: days_to([cell], plan.as_of)[0], na_action="ignore")
        bad = (
            _ids(table[source], numbers, file, source, wrong, seen)
            if spec["type"] == "text"
            else _facts(name, cells, plan.values.get(name, {}), columns)
        )
        for row in np.flatnonzero(bad):
            text = table[source].iloc[row]
            value = None if text is None or text != text else str(text)
            wrong.append(_wrong(name, value, file, int(numbers[row]), source))
        fine &= ~bad
    fine &= ~np.isin(numbers, [each.row for each in wrong if each.file == file])
    found, names = in_parts({name: column[fine] for name, column in columns.items()}, policy), words(policy)
    added = {
        name: [names[name][n] if n >= 0 else None for n in found[name]] if name in names else found[name]
        for name in ADDED
    }
    kept = table[fine] if kind(Path(file)) == "json" else table[fine].fillna("")  # a cell of CSV is text, be it empty
    return kept.assign(**added)


def _facts(name: str, column: pd.Series, said: Mapping[str, Any], columns: dict[str, np.ndarray]) -> np.ndarray:
    """A column's values into ``columns``, each different text read once; gives which cells are wrong."""
    import pandas as pd

    spec = FIELDS[name]
    codes, different = pd.factorize(column)
    texts = [*map(str, different), ""]
    if spec["type"] == "level":
        read = [level_of(name, text, said) for text in texts]
        columns[name] = np.array([code for code, _ in read], int)[codes]
        return np.array([bad for _, bad in read], bool)[codes]
    pairs = [number_of(name, text, said) for text in texts]
    low, bad = np.array([number for number, _ in pairs], float), np.array([wrong for _, wrong in pairs], bool)
    bad |= ~np.isnan(low) & ~within(name, low)
    high = low.copy()
    if spec.get("span"):
        for n in np.flatnonzero(bad):
            ends, problem = checked(name, meant(texts[n], said))
            if isinstance(ends, tuple) and problem is None:
                low[n], high[n] = ends
                bad[n] = False
        columns["amount_to"] = high[codes]
    columns[name] = low[codes]
    return bad[codes]


def _ids(
    column: pd.Series, numbers: np.ndarray, file: str, source: str, wrong: list[WrongRow], seen: dict[str, int]
) -> np.ndarray:
    """Which ids cannot be; one that stood before is told here."""
    bad = np.zeros(len(column), bool)
    for row, text in enumerate(column):
        if text is None or text != text:
            bad[row] = True
        elif text in seen:
            where = f"{file}, row {numbers[row]}: {source}"
            problem = Problem("duplicate_id", where, {"value": shown(text), "allowed": seen[text]})
            wrong.append(WrongRow(file, int(numbers[row]), source, text, problem))
        else:
            seen[text] = int(numbers[row])
            bad[row] = (
                len(text) > FIELDS["case_id"]["max_length"] or not text.isprintable() or bool(DAMAGED.fullmatch(text))
            )
    return bad


def _wrong(name: str, value: str | None, file: str, row: int, source: str) -> WrongRow:
    where = f"{file}, row {row}: {source}"
    problem = Problem("invalid", where, {"value": shown(value), "allowed": allowed(name)})
    if value is None:
        problem = Problem("missing", where, {"allowed": allowed(name)})
    elif name == "case_id" and DAMAGED.fullmatch(value):
        problem = Problem("damaged_id", where, {"value": shown(value)})
    return WrongRow(file, row, source, value or "", problem)


@contextmanager
def writing(path: Path) -> Iterator[Callable[[pd.DataFrame], None]]:
    """A function that takes one data frame after another for the file ``path``, which appears when all is written, and only then."""
    with written_whole(path, TableError, folders=True) as file:
        if kind(path) == "json":
            with JsonWriter(file, lines=path.suffix.lower() != ".json") as writer:
                yield lambda table: writer.write_table(_Rows(table))
        else:
            with _csv(file) as put:
                yield put


class _Rows:
    """A data frame as the writer of JSON asks for rows."""

    def __init__(self, table: pd.DataFrame):
        self.table = table

    def to_pylist(self) -> list[dict[str, Any]]:
        return [{name: _cell(cell) for name, cell in row.items()} for row in self.table.to_dict("records")]


def _cell(value: Any) -> Any:
    import pandas as pd

    if value is None or value is pd.NA or value != value:
        return None
    return value.item() if isinstance(value, np.generic) else value


@contextmanager
def _csv(file: IO[bytes]) -> Iterator[Callable[[pd.DataFrame], None]]:
    """CSV with the mark of UTF-8: text in quotation marks and safe in a spreadsheet, numbers as they are, nothing as nothing."""
    text = TextIOWrapper(file, "utf-8-sig", newline="", write_through=True)
    begun: list[Any] = []

    def put(table: pd.DataFrame) -> None:
        if not begun:
            begun.append(text.write(",".join(_written(str(name)) for name in table.columns) + "\n"))
        text.writelines(",".join(map(_written, row)) + "\n" for row in table.itertuples(index=False, name=None))

    yield put
    text.detach()


def _written(value: Any) -> str:
    cell = _cell(value)
    if cell is None:
        return ""
    if isinstance(cell, str):
        return '"' + safe(cell).replace('"', '""') + '"'
    return np.format_float_positional(cell, trim="-") if isinstance(cell, float) else str(cell)
