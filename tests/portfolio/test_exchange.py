"""Ids that stand twice are found among the workers as in one pass over the whole table; addresses serve as names of this machine do."""

from __future__ import annotations

import builtins
import json
import os
import pickle
import random
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pa = pytest.importorskip("pyarrow")
import pyarrow.parquet  # noqa: E402

from jiebei_lib.cli import run as jiebei  # noqa: E402
from jiebei_lib.core.policy import load_policy  # noqa: E402
from jiebei_lib.core.scoring.score import processors  # noqa: E402
from jiebei_lib.core.tables.files import TableError  # noqa: E402
from jiebei_lib.portfolio.parts import exchange, run  # noqa: E402
from jiebei_lib.portfolio.parts.stores import Here, address, store  # noqa: E402
from jiebei_lib.portfolio.sample import sample  # noqa: E402
from tests.portfolio.test_parts import contents  # noqa: E402


def in_one_pass(parts: list[list[list[str]]]) -> list[dict[int, int]]:
    """Of each part (chunks of ids, rows numbered from 1) the rows whose id stood before, and the row that had it first."""
    seen: dict[str, int] = {}
    out = []
    for part in parts:
        rows = [each.strip() for chunk in part for each in chunk]
        twice = {}
        for row, text in enumerate(rows, 1):
            if text and text in seen:
                twice[row] = seen[text]
            elif text:
                seen[text] = row
        out.append(twice)
    return out


def exchanged(parts: list[list[list[str]]], work: Here, buckets: int, together: int) -> list[dict[int, int]]:
    names = []
    for start in range(0, len(parts), together):
        runs = exchange.Runs(work, f"{start:05}", buckets)
        for number, part in enumerate(parts[start : start + together], start):
            at = 1
            for chunk in part:
                runs.add(number, np.arange(at, at + len(chunk)), pa.chunked_array([pa.array(chunk, pa.string())]))
                at += len(chunk)
            names.append(f"{start:05}")
        runs.end()
    some = [bucket for bucket in range(buckets) if exchange.compare(bucket, work)]
    found = [exchange.doubled(n, name, some, work) for n, name in enumerate(names)]
    return [dict(zip(each.rows.tolist(), each.first.tolist(), strict=True)) for each in found]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("alike", [False, True])
def test_what_stands_twice_is_what_one_pass_finds(seed, alike, tmp_path, monkeypatch):
    """Also where many ids share a hash (``alike``), where one is everywhere, where cells are empty, and where memory holds few."""
    rng = random.Random(seed)
    kinds = [["a"], ["a", "b", " a", ""], [f"{n}" for n in range(40)], [f"案{n}" for n in range(4000)]]
    parts = [
        [rng.choices(rng.choice(kinds), k=rng.choice([0, 1, 30])) for _ in range(rng.choice([1, 3]))] for _ in range(7)
    ]
    monkeypatch.setattr(exchange, "IDS", 25)
    if alike:
        monkeypatch.setattr(pd.util, "hash_array", lambda ids, categorize: np.array([len(x) for x in ids], np.uint64))
    assert exchanged(parts, store(tmp_path), rng.choice([1, 3]), rng.choice([1, 2, 4])) == in_one_pass(parts)


def test_one_id_in_every_row_fills_no_bucket(tmp_path):
    runs = exchange.Runs(store(tmp_path), "00000", 1)
    for n in range(5):
        runs.add(n, np.arange(1000), pa.chunked_array([pa.array(["same"] * 1000)]))
    assert runs.held == 5


@pytest.fixture
def book(tmp_path):
    table = sample(400, seed=4)
    table.loc[[200, 399], "case_id"] = table.case_id[7]
    table.loc[30, "amount_overdue"] = -1
    folder = tmp_path / "in"
    folder.mkdir()
    for n in range(2):
        part = pa.Table.from_pandas(table[n * 200 : n * 200 + 200], preserve_index=False)
        pyarrow.parquet.write_table(part, folder / f"{n}.parquet", row_group_size=50)
        table[n * 200 : n * 200 + 200].to_csv(folder / f"{n}.csv", index=False)
    return folder


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_addresses_give_the_bytes_that_names_give__and_a_run_goes_on(book, tmp_path, ending, monkeypatch):
    fsspec = pytest.importorskip("fsspec")
    monkeypatch.setattr(run, "ROWS_A_PART", 100)
    run.score_parts(book / f"*.{ending}", tmp_path / "here")
    far = fsspec.filesystem("memory")
    far.put(str(book), "/book", recursive=True)
    cut = []
    real = run.score_part

    def once(item, job):
        if item[0].number == 1 and not cut:
            cut.append(item)
            raise KeyboardInterrupt
        return real(item, job)

    monkeypatch.setattr(run, "score_part", once)
    with pytest.raises(KeyboardInterrupt):
        run.score_parts(f"memory://book/*.{ending}", "memory://made")
    assert far.exists("/made/_work") and not far.exists("/made/_manifest.json")
    made = run.score_parts(f"memory://book/*.{ending}", "memory://made")
    assert (made.rows, made.bad) == (400, 3)
    far.get("/made", str(tmp_path / "there"), recursive=True)
    here, there = contents(tmp_path / "here"), contents(tmp_path / "there")
    assert {name for name in here if name != run.MANIFEST} == {name for name in there if name != run.MANIFEST}
    assert all(here[name] == there[name] for name in here if name != run.MANIFEST)
    far.rm("/book", recursive=True)
    far.rm("/made", recursive=True)


def test_the_command_takes_an_address_in_parts_only(book, tmp_path, capsys):
    pytest.importorskip("fsspec")
    given = f"file://{book}/0.parquet"
    assert jiebei(["score", given, "-o", str(tmp_path / "o.parquet"), "--lang", "en"]) == 2
    assert "such addresses need --parts" in capsys.readouterr().err
    assert jiebei(["score", given, "-o", f"file://{tmp_path}/out", "--parts"]) == 1  # one wrong row
    assert f"file://{tmp_path}/out" in capsys.readouterr().out
    assert len(pd.read_parquet(tmp_path / "out")) == 199
    assert jiebei(["score", "nothing://x/y.csv", "-o", str(tmp_path / "p"), "--parts", "--lang", "en"]) == 2
    assert "Protocol not known" in capsys.readouterr().err


def test_names_of_this_machine_need_no_fsspec(book, tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name, *more, **how):
        if name.partition(".")[0] == "fsspec":
            raise ImportError(name)
        return real(name, *more, **how)

    monkeypatch.setattr(builtins, "__import__", without)
    assert run.score_parts(book / "0.parquet", tmp_path / "out").rows == 200
    with pytest.raises(TableError, match="fsspec"):
        run.score_parts("s3://bucket/0.parquet", tmp_path / "out")


def test_a_path_that_lost_a_stroke_is_still_an_address(tmp_path):
    assert address(Path("s3://bucket/a/*.parquet")) == address("s3://bucket/a/*.parquet") == "s3://bucket/a/*.parquet"
    assert address(Path("file:///tmp/x")) == "file:///tmp/x"
    assert address(tmp_path / "a:b") is None and address("C:/data") is None


def test_what_travels_with_each_part_is_small_and_the_policy_is_made_once(book, tmp_path, monkeypatch):
    overlay = {"base": "published", "factors": {"amount": {"pressing": 20_000}}}
    sent = []
    real = run.score_part
    monkeypatch.setattr(
        run, "score_part", lambda item, job: (sent.append(pickle.dumps((item, job))), real(item, job))[1]
    )
    monkeypatch.setattr(run, "ROWS_A_PART", 50)
    run._policy.cache_clear()
    run.score_parts(book / "*.parquet", tmp_path / "out", load_policy(overlay))
    assert len(sent) == 8 and max(map(len, sent)) < 4000
    assert run._policy.cache_info().misses <= processors()  # two threads may both be the first
    told = json.loads((tmp_path / "out" / run.MANIFEST).read_text("utf-8"))
    assert told["policy"] == load_policy(overlay).digest != load_policy("published").digest


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="malloc of glibc")
def test_a_worker_keeps_memory_that_it_needs_again():
    """Under the setting that Dask starts its workers with, arrays made and dropped again and again cost a page fault a page, each time."""
    code = """
        import resource, sys
        import numpy as np
        from jiebei_lib.portfolio.workers import on_worker
        def task():
            before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
            for _ in range(100):
                np.ones(1 << 17)
            return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
        print(task() if sys.argv[1] == "plain" else on_worker(task))
    """
    faults = {
        how: int(
            subprocess.run(
                [sys.executable, "-c", textwrap.dedent(code), how],
                env={**os.environ, "MALLOC_TRIM_THRESHOLD_": "65536"},
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        )
        for how in ("plain", "worker")
    }
    assert faults["worker"] < faults["plain"] / 5 or faults["plain"] < 1000, (
        faults
    )  # another malloc has no such trouble
