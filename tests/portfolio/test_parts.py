"""Tables scored part by part: the same rows as in one file, and the same bytes however often the work was cut off."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pandas as pd
import pytest

pa = pytest.importorskip("pyarrow")
import pyarrow.parquet  # noqa: E402

from jiebei_lib.cli import run  # noqa: E402
from jiebei_lib.core.tables.files import TableError  # noqa: E402
from jiebei_lib.portfolio.parts import run as module  # noqa: E402
from jiebei_lib.portfolio.parts.run import MANIFEST, score_parts  # noqa: E402
from jiebei_lib.portfolio.sample import sample  # noqa: E402
from jiebei_lib.portfolio.score_files import score_files  # noqa: E402
from tests.portfolio.dying import cluster_that_loses_a_worker  # noqa: E402


@pytest.fixture
def files(tmp_path, monkeypatch) -> list[Path]:
    """Two Parquet files with many row groups, in which some ids stand twice, in one part and in several, and some cells are wrong."""
    table = sample(900, seed=6)
    table.loc[[40, 333, 702, 880], "case_id"] = table.case_id[3]
    table.loc[[500, 501], "case_id"] = table.case_id[499]
    table.loc[[77, 640], "amount_overdue"] = -5
    paths = [tmp_path / "1.parquet", tmp_path / "2.parquet"]
    for path, part in zip(paths, (table[:600], table[600:]), strict=True):
        pyarrow.parquet.write_table(pa.Table.from_pandas(part, preserve_index=False), path, row_group_size=50)
    monkeypatch.setattr(module, "ROWS_A_PART", 100)
    monkeypatch.setattr(module, "IDS_A_BUCKET", 300)
    return paths


def contents(folder: Path) -> dict[str, bytes]:
    return {str(each.relative_to(folder)): each.read_bytes() for each in sorted(folder.rglob("*")) if each.is_file()}


def wrong(*paths: Path) -> list[tuple[str, ...]]:
    read = [pd.read_csv(path, dtype=str).fillna("") for path in paths]
    return [tuple(row) for each in read for row in each.itertuples(index=False)]


def test_parts_hold_the_rows_of_one_file_in_its_order_and_the_same_wrong_ones(files, tmp_path):
    one = score_files(files, tmp_path / "one.parquet")
    made = score_parts(files, tmp_path / "many")
    assert (made.rows, made.bad) == (one.rows, one.bad) == (900, 8)
    parts = sorted(made.output.glob("part-*.parquet"))
    assert len(parts) == 9
    together = pd.concat(map(pd.read_parquet, parts), ignore_index=True)
    pd.testing.assert_frame_equal(together, pd.read_parquet(one.output), check_exact=True)
    assert wrong(*sorted(made.errors.glob("*.csv"))) == wrong(one.errors)
    told = json.loads((made.output / MANIFEST).read_text("utf-8"))
    assert [part["part"] for part in told["parts"]] == [part.name for part in parts]
    assert sum(part["rows"] - part["bad"] for part in told["parts"]) == len(together)
    # The folder is a dataset to other readers
    assert len(pd.read_parquet(made.output)) == len(together)


def test_text_files_are_a_part_each(tmp_path):
    table = sample(120, seed=2)
    for n in range(3):
        table[n * 40 : n * 40 + 40].to_csv(tmp_path / f"{n}.csv", index=False)
    made = score_parts(tmp_path / "*.csv", tmp_path / "out")
    one = score_files(tmp_path / "*.csv", tmp_path / "one.parquet")
    parts = [pd.read_parquet(each) for each in sorted(made.output.glob("part-*.parquet"))]
    assert [len(each) for each in parts] == [40, 40, 40]
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), pd.read_parquet(one.output), check_exact=True)


def test_what_is_done_stays_done_and_a_changed_input_is_done_anew(files, tmp_path, monkeypatch):
    def cut(item, job):
        if item[0].number == 5:
            raise KeyboardInterrupt
        return real(item, job)

    real, folder = module.score_part, tmp_path / "out"
    monkeypatch.setattr(module, "score_part", cut)
    with pytest.raises(KeyboardInterrupt):
        score_parts(files, folder)
    before = {path.name: path.stat().st_mtime_ns for path in folder.glob("part-*.parquet")}
    assert before and not (folder / MANIFEST).exists()
    monkeypatch.setattr(module, "score_part", real)
    score_parts(files, folder)
    after = {path.name: path.stat().st_mtime_ns for path in folder.glob("part-*.parquet")}
    assert before.items() <= after.items() and len(after) == 9
    score_parts(files[:1], folder)
    assert len(list(folder.glob("part-*.parquet"))) == 6 and json.loads((folder / MANIFEST).read_text())["rows"] == 600


def test_nobodys_folder_is_written_into_and_nothing_is_lost(files, tmp_path, capsys):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "letter.txt").write_text("keep me")
    with pytest.raises(TableError, match="mine"):
        score_parts(files, mine)
    with pytest.raises(TableError):
        score_parts(files, tmp_path)
    assert run(["score", *map(str, files), "-o", str(mine), "--parts", "--ranks", "--lang", "en"]) == 2
    assert "does not go with --parts" in capsys.readouterr().err and list(mine.iterdir()) == [mine / "letter.txt"]


KILLS = 2  # in the ordinary run; by hand many more


def killed_and_run_again(files: list[Path], folder: Path, kills: int, seed: int) -> tuple[int, dict[str, bytes]]:
    """How often a run was cut off by SIGKILL at a random moment before one came to its end, and what it left."""
    code = textwrap.dedent(f"""
        from jiebei_lib.portfolio.parts import run as parts
        parts.ROWS_A_PART, parts.IDS_A_BUCKET = 100, 300
        print("begun", flush=True)
        parts.score_parts({[str(file) for file in files]!r}, {str(folder)!r})
    """)
    rng, cut = random.Random(seed), 0
    while True:
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as work:
            work.stdout.readline()
            if cut < kills:
                time.sleep(rng.uniform(0.0, 0.5))
                work.send_signal(signal.SIGKILL)
            ended = work.wait()
        if ended == 0:
            return cut, contents(folder)
        assert ended == -signal.SIGKILL
        cut += 1


def test_killed_at_any_moment_and_run_again_it_is_the_same_to_the_byte(files, tmp_path):
    score_parts(files, tmp_path / "calm")
    _, left = killed_and_run_again(files, tmp_path / "killed", KILLS, seed=1)
    assert left == contents(tmp_path / "calm")


@pytest.mark.slow
def test_on_a_cluster_the_bytes_are_the_same_also_when_a_worker_dies(files, tmp_path):
    pytest.importorskip("distributed")
    score_parts(files, tmp_path / "here")
    with cluster_that_loses_a_worker() as (address, tell, killed):
        # Workers have their own numbers of rows a part and bucket: what they do follows from what they are told
        made = score_parts(files, tmp_path / "there", cluster=address, progress=tell)
        assert killed and made.rows == 900
    assert contents(tmp_path / "there") == contents(tmp_path / "here")
