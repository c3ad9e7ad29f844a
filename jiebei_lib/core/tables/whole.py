"""A whole file as text: as columns, by what a plain install has, or as one data frame, which logs and observed cases are read as."""

from __future__ import annotations

from importlib.util import find_spec
from itertools import compress
from typing import TYPE_CHECKING

import numpy as np

from jiebei_lib.core.tables.delimited import Source, WrongRow, rows
from jiebei_lib.core.tables.files import BLOCK, Chunk, arrow, as_text, chunks, kind, names_of
from jiebei_lib.core.tables.json_records import records

if TYPE_CHECKING:
    import pandas as pd


def text_table(source: Source) -> tuple[pd.DataFrame, np.ndarray, list[WrongRow]]:
    """A whole file as text cells (none where nothing stands), the number of each row (from 1), and the rows that could not be split into
    cells. CSV and JSON are read without pyarrow too, CSV the same but slower. Raises :class:`TableError`."""
    import pandas as pd

    if kind(source) in ("csv", "json") and find_spec("pyarrow") is None:
        columns, numbers, wrong = text_columns(source)
        return pd.DataFrame(columns, dtype="str"), numbers, wrong
    wrong = []
    return *_as_frame(list(chunks(source, BLOCK, wrong)), names_of(source)), wrong


def text_columns(source: Source) -> tuple[dict[str, list[str | None]], np.ndarray, list[WrongRow]]:
    """The same of CSV and JSON, as columns: a list of cells for each name."""
    wrong: list[WrongRow] = []
    columns, numbers = (records if kind(source) == "json" else rows)(source, wrong, [])
    stripped = {name: [(cell or "").strip() or None for cell in cells] for name, cells in columns.items()}
    keep = [any(cell is not None for cell in row) for row in zip(*stripped.values(), strict=True)]
    kept = {name: list(compress(cells, keep)) for name, cells in stripped.items()}
    return kept, np.array(list(compress(numbers, keep)), int), wrong


def _as_frame(parts: list[Chunk], names: list[str]) -> tuple[pd.DataFrame, np.ndarray]:
    """Chunks as one data frame of text and the numbers of their rows, a column after the other: what is done with is let go."""
    import pandas as pd

    pa, pc, columns = arrow(), arrow().compute, {}
    numbers, tables = (
        np.concatenate([np.zeros(0, int), *(part.numbers for part in parts)]),
        [part.rows for part in parts],
    )
    parts.clear()
    for name in names:
        pieces = [pc.utf8_trim_whitespace(as_text(table.column(name))) for table in tables]
        column = pa.chunked_array([chunk for piece in pieces for chunk in piece.chunks], pa.string())
        columns[name] = pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)
        tables = [table.drop_columns(name) for table in tables]
    there = np.zeros(len(numbers), bool)
    for column in columns.values():
        if there.all():
            break
        there |= column.is_valid().to_numpy().astype(bool)
    made = {name: column if there.all() else column.filter(pa.array(there)) for name, column in columns.items()}
    columns.clear()
    empty = pd.DataFrame(columns=names, dtype="str")
    frame = (
        pa.table(made).to_pandas(self_destruct=True, split_blocks=True, use_threads=False) if len(numbers) else empty
    )
    return frame, numbers[there]
