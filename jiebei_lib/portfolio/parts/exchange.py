"""Ids that stand twice, found among the workers: exact, in memory that does not grow with the table.

Whoever reads some parts sorts their ids by the bucket of their hash into runs, a file with a batch a bucket; whoever compares a bucket
reads its batch of every run. Ids with equal hashes are compared as text. An id that stands twice in one chunk is told at once and goes
no further, so that one id in every row fills no bucket.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from jiebei_lib.core.knowledge.problems import Problem, shown
from jiebei_lib.core.knowledge.user_files import written_whole
from jiebei_lib.core.tables.delimited import TableError, WrongRow
from jiebei_lib.core.tables.files import Chunk, arrow, as_text
from jiebei_lib.portfolio.parts.stores import Here

IDS = 2_000_000  # ids that are sorted, or compared, at a time


@dataclass(frozen=True)
class Doubled:
    """Of a part the rows whose id stood before: their numbers, ascending, and those of the rows that had it first."""

    rows: np.ndarray
    first: np.ndarray

    def without(self, chunks: Iterable[Chunk], column: str, told: list[WrongRow]) -> Iterator[Chunk]:
        """The chunks without these rows, which are told."""
        for chunk in chunks:
            drop = np.isin(chunk.numbers, self.rows) if len(self.rows) else np.zeros(0, bool)
            for n in np.flatnonzero(drop).tolist():
                row, text = int(chunk.numbers[n]), str(chunk.rows.column(column)[n].as_py()).strip()
                slots = {"value": shown(text), "allowed": int(self.first[np.searchsorted(self.rows, row)])}
                problem = Problem("duplicate_id", f"{chunk.file}, row {row}: {column}", slots)
                told.append(WrongRow(chunk.file, row, column, text, problem))
            if drop.any():
                chunk = Chunk(chunk.file, chunk.numbers[~drop], chunk.rows.filter(arrow().array(~drop)))
            yield chunk


def hashed(column: Any) -> tuple[Any, np.ndarray, np.ndarray]:
    """The ids of a column as text, 64 bits of each, and which are there at all."""
    import pandas as pd

    pa = arrow()
    text = pa.compute.utf8_trim_whitespace(as_text(column).cast(pa.large_string())).fill_null("")
    text = text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text
    plain = text.to_numpy(zero_copy_only=False)
    return text, pd.util.hash_array(plain, categorize=False), plain != ""


class Runs:
    """Takes the ids of some parts, chunk by chunk, and writes them sorted by bucket; memory holds no more than one run."""

    def __init__(self, work: Here, name: str, buckets: int):
        self.work, self.name, self.buckets = work, name, buckets
        self.number, self.held = 0, 0
        self.chunks: list[tuple[Any, np.ndarray, np.ndarray, int]] = []
        self.again: list[tuple[int, np.ndarray, np.ndarray]] = [(0, np.zeros(0, int), np.zeros(0, int))]

    def add(self, part: int, numbers: np.ndarray, column: Any) -> None:
        text, key, there = hashed(column)
        alike = np.flatnonzero(np.isin(key, key[_again(key)]) & there)
        twice, leader = _before(text.take(arrow().array(alike)))
        if twice.any():
            self.again.append((part, numbers[alike[twice]], numbers[alike[leader[twice]]]))
        first = there.copy()
        first[alike[twice]] = False
        rows = arrow().array(np.flatnonzero(first))
        self.chunks.append((text.take(rows), key[first], numbers[first], part))
        self.held += len(rows)
        if self.held >= IDS:
            self.flush()

    def flush(self) -> None:
        pa = arrow()
        key = np.concatenate([each[1] for each in self.chunks])
        bucket = (key % np.uint64(self.buckets)).astype(np.int32)
        order = np.argsort(bucket, kind="stable")
        ends = np.searchsorted(bucket[order], np.arange(1, self.buckets + 1))
        ids = pa.chunked_array([each[0] for each in self.chunks], pa.large_string()).combine_chunks()
        parts = np.repeat([each[3] for each in self.chunks], [len(each[1]) for each in self.chunks])
        rows = np.concatenate([each[2] for each in self.chunks])
        sorted_ = pa.record_batch(
            {
                "hash": pa.array(key[order]),
                "part": pa.array(parts[order].astype(np.int32)),
                "row": pa.array(rows[order].astype(np.int64)),
                "id": ids.take(pa.array(order)),
            }
        )
        _put(self.work, f"ids/{self.name}-{self.number:04}.arrow", sorted_, [0, *ends.tolist()])
        self.number, self.held, self.chunks = self.number + 1, 0, []

    def end(self) -> None:
        if self.held or not self.number:
            self.flush()
        part, row, first = zip(*self.again, strict=True)
        parts = np.repeat(part, [len(each) for each in row])
        told = arrow().record_batch({"part": parts, "row": np.concatenate(row), "first": np.concatenate(first)})
        _put(self.work, f"again/{self.name}.arrow", told, [0, told.num_rows])
        self.work.write(f"ids/{self.name}.done", json.dumps({"again": told.num_rows}))


def _put(work: Here, name: str, batch: Any, ends: list[int]) -> None:
    """A file with a batch between each two ``ends``."""
    pa = arrow()
    how = pa.ipc.IpcWriteOptions(compression="zstd")
    with ExitStack() as kept:
        path = kept.enter_context(work.place(name))
        file = kept.enter_context(written_whole(path, TableError, folders=True))
        out = kept.enter_context(pa.ipc.new_file(file, batch.schema, options=how))
        for start, end in pairwise(ends):
            out.write_batch(batch.slice(start, end - start))


def _again(key: np.ndarray) -> np.ndarray:
    """Which hashes stood before."""
    order = np.argsort(key, kind="stable")
    equal = np.zeros(len(key), bool)
    equal[order[1:]] = key[order][1:] == key[order][:-1]
    return equal


def _before(ids: Any) -> tuple[np.ndarray, np.ndarray]:
    """Which of some ids stood before, as text, and for each the place where it stood first."""
    import pandas as pd

    codes, _ = pd.factorize(ids.to_pandas())
    leader = np.unique(codes, return_index=True)[1][codes].astype(int)
    return leader != np.arange(len(codes)), leader


def compare(bucket: int, work: Here) -> int:
    """Finds the rows of a bucket whose id stood before, keeps which they are, and says how many."""
    pa, done = arrow(), f"twice/{bucket:05}.done"
    if work.exists(done):
        return int(json.loads(work.read(done))["rows"])
    runs = [name for name in work.names("ids") if name.endswith(".arrow")]
    batches = []
    for name in runs:
        with work.open(f"ids/{name}") as file:
            batches.append(pa.ipc.open_file(file).get_batch(bucket))
    every = pa.Table.from_batches(batches)
    key = every["hash"].to_numpy()
    some = every.take(pa.array(np.flatnonzero(np.isin(key, key[_again(key)]))))
    twice, leader = _before(some["id"])
    row = some["row"].to_numpy()
    told = pa.record_batch(
        {"part": some["part"].to_numpy().astype(int)[twice], "row": row[twice], "first": row[leader[twice]]}
    )
    if told.num_rows:
        _put(work, f"twice/{bucket:05}.arrow", told, [0, told.num_rows])
    work.write(done, json.dumps({"rows": told.num_rows}))
    return int(told.num_rows)


def doubled(part: int, again: str, buckets: Iterable[int], work: Here) -> Doubled:
    """What is known of a part when all buckets (those in which anything was found) are compared."""
    pa = arrow()

    def mine(name: str) -> tuple[np.ndarray, np.ndarray]:
        with work.open(name) as file:
            table = pa.ipc.open_file(file).read_all()
        here = table.filter(pa.compute.equal(table["part"], part))
        return here["row"].to_numpy(), here["first"].to_numpy()

    found = [mine(f"twice/{each:05}.arrow") for each in buckets]
    rows, first = (
        np.concatenate([np.zeros(0, int), *each]) for each in (zip(*found, strict=True) if found else ((), ()))
    )
    if again:
        inner, leader = mine(f"again/{again}.arrow")
        order = np.argsort(rows)
        if len(rows) and len(inner):
            # Who leads here may itself stand twice: then the first of all does
            place = np.minimum(np.searchsorted(rows[order], leader), len(rows) - 1)
            led = rows[order][place] == leader
            leader = np.where(led, first[order][place], leader)
        rows, first = np.concatenate([rows, inner]), np.concatenate([first, leader])
    order = np.argsort(rows, kind="stable")
    return Doubled(rows[order], first[order])
