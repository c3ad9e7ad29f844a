"""A whole file as text: as columns, by what a plain install has, or as one data frame, which logs and observed cases are read as."""

from __future__ import annotations

from importlib.util import find_spec
from itertools import compress
from typing import TYPE_CHECKING, Any

import numpy as np

from jiebei_lib.core.tables.delimited import Source, WrongRow, rows
from jiebei_lib.core.tables.files import arrow, as_text, chunks, kind, names_of
from jiebei_lib.core.tables.json_records import records

if TYPE_CHECKING:
    import pandas as pd

PART = 1 << 16  # rows that are made into cells at a time
MOST_WORDS = 1 << 12  # different words of a column that is kept as their numbers


def text_table(source: Source, coded: bool = False) -> tuple[pd.DataFrame, np.ndarray, list[WrongRow]]:
    """A whole file as text cells (none where nothing stands), the number of each row (from 1), and the rows that could not be split into
    cells. ``coded``: columns of few different words as categories, which take a byte or two a cell. CSV and JSON are read without pyarrow
    too, CSV the same but slower. Raises :class:`TableError`."""
    import pandas as pd

    if kind(source) in ("csv", "json") and find_spec("pyarrow") is None:
        columns, numbers, wrong = text_columns(source)
        return pd.DataFrame(columns, dtype="str"), numbers, wrong
    wrong, counted = [], [np.zeros(0, int)]
    kept = {name: Cells() for name in names_of(source)}
    for chunk in chunks(source, PART, wrong):
        counted.append(chunk.numbers)
        for name, cells in kept.items():
            cells.add(chunk.rows.column(name))
    numbers = np.concatenate(counted)
    there = np.zeros(len(numbers), bool)
    for cells in kept.values():
        if there.all():
            break
        there |= cells.filled()
    frame = pd.DataFrame({name: kept.pop(name).series(coded, there) for name in list(kept)}, copy=False)
    return frame, numbers[there], wrong


def text_columns(source: Source) -> tuple[dict[str, list[str | None]], np.ndarray, list[WrongRow]]:
    """The same of CSV and JSON, as columns: a list of cells for each name."""
    wrong: list[WrongRow] = []
    columns, numbers = (records if kind(source) == "json" else rows)(source, wrong, [])
    stripped = {name: [(cell or "").strip() or None for cell in cells] for name, cells in columns.items()}
    keep = [any(cell is not None for cell in row) for row in zip(*stripped.values(), strict=True)]
    kept = {name: list(compress(cells, keep)) for name, cells in stripped.items()}
    return kept, np.array(list(compress(numbers, keep)), int), wrong


class Cells:
    """A column's cells as they come: the numbers of its different words while these are few, and else text."""

    def __init__(self) -> None:
        self.words: dict[str, int] | None = {}
        self.parts: list[Any] = []

    def add(self, column: Any) -> None:
        """More cells, of any type, in which what is blank is nothing."""
        pa, pc = arrow(), arrow().compute
        for part in as_text(column).chunks:
            text = pc.utf8_trim_whitespace(part)
            text = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
            if self.words is not None:
                found = text.dictionary_encode()
                if len(found.dictionary) + len(self.words) <= MOST_WORDS:
                    words = [self.words.setdefault(word, len(self.words)) for word in found.dictionary.to_pylist()]
                    self.parts.append(np.array([*words, -1], np.int16)[found.indices.fill_null(-1).to_numpy()])
                    continue
                self.parts, self.words = self._texts(), None
            self.parts.append(text)

    def _texts(self) -> list[Any]:
        if self.words is None:
            return self.parts
        pa = arrow()
        words = pa.array([*self.words, None], pa.string())
        return [words.take(pa.array(np.where(part < 0, len(self.words), part))) for part in self.parts]

    def filled(self) -> np.ndarray:
        """Where something stands."""
        if self.words is None:
            return np.concatenate([part.is_valid().to_numpy(zero_copy_only=False) for part in self.parts])
        return np.concatenate([np.zeros(0, np.int16), *self.parts]) >= 0

    def series(self, coded: bool, there: np.ndarray) -> pd.Series:
        """The cells of some rows, as categories in order if they may be; this is empty then."""
        import pandas as pd

        if coded and self.words is not None:
            order = sorted(self.words)
            codes = np.array([*map({word: n for n, word in enumerate(order)}.get, self.words), -1], np.int16)
            codes = codes[np.concatenate([np.zeros(0, np.int16), *self.parts])[there]]
            return pd.Series(pd.Categorical.from_codes(codes, pd.Index(order, dtype="str")))
        pa = arrow()
        column = pa.chunked_array(self._texts(), pa.string())
        self.parts = []
        table = pa.table({"": column if there.all() else column.filter(pa.array(there))})
        del column
        return table.to_pandas(self_destruct=True, split_blocks=True, use_threads=False)[""]
