"""The same work on a Dask cluster of one and of two workers on this machine, beside threads and copies without one."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from jiebei_lib.portfolio.parts.joined import score_joined
from jiebei_lib.portfolio.sample import write_sample
from jiebei_lib.reports import batch
from jiebei_lib.reports.engine import fork_server as warm

DAY = "2026-11-23"


def test_how_scoring_and_reports_scale_on_a_cluster(tmp_path, rows, note, measured, benchmark):
    distributed = pytest.importorskip("distributed")
    many, few = rows(4_000_000, 300), rows(300, 2)
    table, cases = write_sample(tmp_path / "many.parquet", many), write_sample(tmp_path / "few.csv", few)

    def score(cluster: str | None, out: Path) -> float:
        start = time.perf_counter()
        score_joined(table, out, cluster=cluster)
        return time.perf_counter() - start

    def report(cluster: str | None, out: Path) -> float:
        start = time.perf_counter()
        assert batch.reports(cases, out, cluster=cluster, as_of=DAY).made == few
        return time.perf_counter() - start

    score(None, tmp_path / "warm.parquet")
    warm.server(batch.IMPORTS)
    took = {
        "none": (benchmark.pedantic(score, args=(None, tmp_path / "0.parquet"), rounds=1), report(None, tmp_path / "0"))
    }
    for workers in (1, 2) if measured else (1,):
        size = {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": None, "host": "127.0.0.1"}
        with distributed.LocalCluster(**size) as cluster:
            address = cluster.scheduler_address
            score_joined(
                cases, tmp_path / "first.parquet", cluster=address
            )  # imports, the compiled kernel, the fork servers
            batch.reports(cases, tmp_path / f"first-{workers}", cluster=address, as_of=DAY)
            took[workers] = score(address, tmp_path / f"{workers}.parquet"), report(address, tmp_path / str(workers))
        assert (tmp_path / f"{workers}.parquet").read_bytes() == (tmp_path / "0.parquet").read_bytes()
    if not measured:
        return
    for n, (what, unit) in enumerate((("rows scored", many), ("reports", few))):
        alone, one, two = (unit / took[key][n] for key in ("none", 1, 2))
        note(
            f"{what} a second: one Dask worker, two",
            f"{one:,.0f}, {two:,.0f}",
            f"without a cluster {alone:,.0f}",
            f"×{two / one:.2f} from one to two",
        )
