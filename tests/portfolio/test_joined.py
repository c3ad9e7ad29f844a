"""One file from a cluster, joined from parts that its workers have read and written: the same as without one, whatever is killed."""

from __future__ import annotations

import csv
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pandas as pd
import pytest

pa = pytest.importorskip("pyarrow")
pytest.importorskip("distributed")
import pyarrow.feather  # noqa: E402
import pyarrow.parquet  # noqa: E402

from jiebei_lib.cli import run  # noqa: E402
from jiebei_lib.core.tables.files import TableError, Upload  # noqa: E402
from jiebei_lib.portfolio import score_files as whole  # noqa: E402
from jiebei_lib.portfolio import workers  # noqa: E402
from jiebei_lib.portfolio.parts import joined  # noqa: E402
from jiebei_lib.portfolio.parts import run as parts  # noqa: E402
from jiebei_lib.portfolio.parts.joined import score_joined  # noqa: E402
from jiebei_lib.portfolio.sample import sample  # noqa: E402
from jiebei_lib.portfolio.score_files import score_files  # noqa: E402
from tests.portfolio.dying import cluster_that_loses_a_worker  # noqa: E402


@pytest.fixture
def here(monkeypatch) -> list[int]:
    """Threads of this process as the cluster, whose workers reach all that it does; how many tasks it was given."""
    given: list[int] = []
    real = workers.executor

    class Threads:
        """As much of a client as is asked."""

        def __enter__(self) -> Threads:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def run(self, task, *told) -> dict[str, bool]:
            return {f"worker {n}": task(*told) for n in range(2)}

    def counted(cluster=None, number=None):
        given.append(1)
        return real(None, number)

    monkeypatch.setattr(joined, "client", lambda cluster: Threads())
    monkeypatch.setattr(parts, "executor", counted)
    return given


@pytest.fixture
def files(tmp_path, monkeypatch) -> list[Path]:
    table = sample(700, seed=6)
    table["到期日"] = pd.date_range("2026-01-01", periods=700, freq="D").date
    table.loc[[40, 333, 602], "case_id"] = table.case_id[3]
    table.loc[[77, 640], "amount_overdue"] = -5
    table.loc[5, "case_id"] = "=1+1"
    table.loc[6, "case_id"] = table.case_id[5]
    paths = [tmp_path / "1.parquet", tmp_path / "2.parquet"]
    for path, part in zip(paths, (table[:400], table[400:]), strict=True):
        pyarrow.parquet.write_table(pa.Table.from_pandas(part, preserve_index=False), path, row_group_size=50)
        part.to_csv(path.with_suffix(".csv"), index=False)
    monkeypatch.setattr(parts, "ROWS_A_PART", 100)
    monkeypatch.setattr(parts, "IDS_A_BUCKET", 300)
    monkeypatch.setattr(whole, "ROWS", 90)
    return paths


def rows_of(path: Path) -> list[tuple]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(map(tuple, csv.reader(file)))


@pytest.mark.parametrize(
    ("given", "wanted"),
    [("parquet", "parquet"), ("csv", "csv"), ("parquet", "jsonl"), ("csv", "feather"), ("csv", "xlsx")],
)
def test_it_is_what_it_is_without_a_cluster(files, tmp_path, here, given, wanted) -> None:
    names = [path.with_suffix(f".{given}") for path in files]
    one = score_files(names, tmp_path / f"one.{wanted}")
    made = score_joined(names, tmp_path / "there" / f"one.{wanted}", cluster="tcp://here")
    assert here and (made.rows, made.bad) == (one.rows, one.bad) == (700, 6)
    assert rows_of(made.errors) == rows_of(one.errors)
    if wanted in ("csv", "jsonl", "xlsx"):
        assert made.output.read_bytes() == one.output.read_bytes()
    else:
        read = pyarrow.parquet.read_table if wanted == "parquet" else pyarrow.feather.read_table
        assert read(made.output).equals(read(one.output), check_metadata=True)
    left = {f"one.{wanted}", f"one.{wanted}.errors.csv"}
    assert {path.name for path in (tmp_path / "there").iterdir()} == left


def test_what_only_the_caller_can_do_goes_through_the_caller(files, tmp_path, here, monkeypatch) -> None:
    asked = []
    monkeypatch.setattr(whole, "score_files", lambda *given: asked.append(given[5:]))
    upload = Upload("1.parquet", files[0].read_bytes())
    for given, how in (
        (files, {"ranked": True}),
        (files, {"errors": "fail"}),
        ([upload], {}),
        (files, {"cluster": None}),
    ):
        score_joined(given, tmp_path / "out.parquet", **{"cluster": "tcp://here", **how})
    monkeypatch.setattr(joined, "_found", lambda *_: False)  # another machine's disk
    score_joined(files, tmp_path / "out.parquet", cluster="tcp://here")
    assert len(asked) == 5 and not here and sorted(tmp_path.iterdir()) == sorted(tmp_path.glob("[12].*"))


def test_a_folder_of_the_same_name_elsewhere_is_another(tmp_path) -> None:
    (tmp_path / "in.csv").write_text("x", "utf-8")
    told, names = tmp_path / ".0.part", [str(tmp_path / "in.csv")]
    told.write_text("so", "utf-8")
    known = [joined.state(name) for name in names]
    assert joined._found(str(told), "so", names, known)
    assert not joined._found(str(told), "otherwise", names, known)
    assert not joined._found(str(tmp_path / "none" / ".0.part"), "so", names, known)
    assert not joined._found(str(told), "so", names, [[1, 2]])
    assert not joined._found(str(told), "so", [str(tmp_path / "gone.csv")], known)


def test_nothing_is_left_of_a_table_that_is_refused__and_nobodys_folder_is_taken(files, tmp_path, here) -> None:
    (tmp_path / "in.csv").write_text("days_overdue,amount_overdue\nx,1\n,\n", "utf-8")
    (tmp_path / "none.csv").write_text("days_overdue,amount_overdue\n", "utf-8")
    with pytest.raises(TableError, match="holds no case"):
        score_joined(tmp_path / "none.csv", tmp_path / "there" / "out.csv", cluster="tcp://here")
    assert list((tmp_path / "there").iterdir()) == []
    made = score_joined(tmp_path / "in.csv", tmp_path / "out.csv", cluster="tcp://here")
    one = score_files(tmp_path / "in.csv", tmp_path / "one.csv")
    assert made.bad == 1 and made.output.read_bytes() == one.output.read_bytes()
    mine = tmp_path / ".mine.csv.parts"
    mine.mkdir()
    (mine / "letter.txt").write_text("keep me")
    with pytest.raises(TableError, match="mine"):
        score_joined(files, tmp_path / "mine.csv", cluster="tcp://here")
    assert [path.name for path in mine.iterdir()] == ["letter.txt"]


def test_killed_while_parts_are_joined_they_are_not_scored_again(files, tmp_path, here, monkeypatch) -> None:
    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    score_joined(files, tmp_path / "calm.parquet", cluster="tcp://here")
    real, scored = joined._joined, []
    monkeypatch.setattr(joined, "_joined", cut)
    with pytest.raises(KeyboardInterrupt):
        score_joined(files, tmp_path / "out.parquet", cluster="tcp://here")
    assert not (tmp_path / "out.parquet").exists()
    monkeypatch.setattr(joined, "_joined", real)
    one = parts.score_part
    monkeypatch.setattr(parts, "score_part", lambda *given: (scored.append(given), one(*given))[1])
    score_joined(files, tmp_path / "out.parquet", cluster="tcp://here")
    assert not scored and (tmp_path / "out.parquet").read_bytes() == (tmp_path / "calm.parquet").read_bytes()
    assert not (tmp_path / ".out.parquet.parts").exists()


def test_killed_before_anything_is_done_the_folder_is_still_known_as_ours(tmp_path) -> None:
    sample(50, seed=1).drop(columns="case_id").to_csv(tmp_path / "in.csv", index=False)
    code = textwrap.dedent(f"""
        import os, signal
        from jiebei_lib.portfolio.parts import run
        run.score_part = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        run.score_parts({str(tmp_path / "in.csv")!r}, {str(tmp_path / "out")!r})
    """)
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL
    assert parts.score_parts(tmp_path / "in.csv", tmp_path / "out").rows == 50


@pytest.mark.slow
def test_on_a_cluster_the_command_makes_one_file_also_when_a_worker_dies(files, tmp_path, capsys) -> None:
    one = score_files(files, tmp_path / "one.parquet")
    with cluster_that_loses_a_worker() as (address, tell, killed):
        made = score_joined(files, tmp_path / "a.parquet", cluster=address, progress=tell)
        assert killed and (made.rows, made.bad) == (700, 6)
        asked = ["score", *map(str, files), "-o", str(tmp_path / "b.parquet"), "--cluster", address]
        assert run(asked) == 1 and "b.parquet" in capsys.readouterr().out
    for name in ("a", "b"):
        assert pyarrow.parquet.read_table(tmp_path / f"{name}.parquet").equals(pyarrow.parquet.read_table(one.output))
    assert not list(tmp_path.glob(".*"))
