"""Scoring Parquet to Parquet beside polars, which reads the same columns, adds one arithmetic expression and writes: pairs in one run.

``python -m tests.benchmarks.beside_polars [--rows 1000000] [--pairs 5]``: processor time of one thread each, in processes that have done
it once before; then where ours goes.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import textwrap
from pathlib import Path
from tempfile import TemporaryDirectory

OURS = textwrap.dedent("""
    import os, sys, time
    os.sched_setaffinity(0, {0})
    from jiebei_lib.portfolio.score_files import score_files
    for _ in range(int(sys.argv[3]) + 1):
        sys.stdin.readline()
        start = time.process_time()
        score_files(sys.argv[1], sys.argv[2])
        print(time.process_time() - start, flush=True)
""")
POLARS = textwrap.dedent("""
    import os, sys, time
    os.sched_setaffinity(0, {0})
    os.environ["POLARS_MAX_THREADS"] = "1"
    import polars as pl
    for _ in range(int(sys.argv[3]) + 1):
        sys.stdin.readline()
        start = time.process_time()
        added = (pl.col("amount_overdue") * pl.col("days_overdue") + 1).alias("low_or_so")
        pl.scan_parquet(sys.argv[1]).with_columns(added).sink_parquet(sys.argv[2], compression="zstd")
        print(time.process_time() - start, flush=True)
""")


def begun(code: str, *given: object) -> subprocess.Popen:
    how = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, "-c", code, *map(str, given)], **how)


def once(process: subprocess.Popen) -> float:
    process.stdin.write("\n")
    process.stdin.flush()
    return float(process.stdout.readline())


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rows", type=int, default=1_000_000)
    asked.add_argument("--pairs", type=int, default=5)
    told = asked.parse_args()
    from jiebei_lib.portfolio.sample import write_sample

    with TemporaryDirectory(prefix="jiebei-polars-") as name:
        source = write_sample(Path(name, "in.parquet"), told.rows)
        scored = Path(name, "scored.parquet")
        ours, one = begun(OURS, source, scored, told.pairs), begun(POLARS, source, Path(name, "a.parquet"), told.pairs)
        once(ours), once(one)
        again = begun(POLARS, scored, Path(name, "b.parquet"), told.pairs)
        once(again)
        rounds = [(once(ours), once(one), once(again)) for _ in range(told.pairs)]
        for process in (ours, one, again):
            process.wait()
    mine, columns, all_columns = (statistics.median(each) for each in zip(*rounds, strict=True))
    print(f"{told.rows:,} rows, medians of {told.pairs} in turn: ours {mine:.2f} s")
    for what, took, n in (("the columns of the input", columns, 1), ("the columns of the result", all_columns, 2)):
        ratio = statistics.median(each[0] / each[n] for each in rounds)
        print(f"  polars over {what} {took:.2f} s: ×{ratio:.1f}")


if __name__ == "__main__":
    main()
