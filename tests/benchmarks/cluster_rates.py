"""What a cluster gives, by hand: one thread here, one Dask worker, two, each held to a processor of its own, in turn.

``python -m tests.benchmarks.cluster_rates [--rows 1000000 4000000] [--rounds 3]`` prints for each the time, the processor time of the
workers (by which a machine that others use too can still be judged: the rate is rows by the time of the busiest worker), and of the caller
its processor time, its memory and the bytes that it sent and got, which should not grow with the rows.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from tempfile import TemporaryDirectory

QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
CALLER = textwrap.dedent("""
    import json, os, sys, time
    source, out, address, processor, small, *workers = sys.argv[1:]
    if processor != "any":
        os.sched_setaffinity(0, {int(processor)})
    from jiebei_lib.portfolio.parts.run import score_parts
    from tests.benchmarks.cluster_rates import processor_time
    from tests.memory import peak
    traffic = [0, 0]
    if address:
        from distributed.comm import tcp

        wrote, read = tcp.TCP.write, tcp.from_frames

        async def write(comm, *given, **how):
            count = await wrote(comm, *given, **how)
            traffic[0] += count
            return count

        def from_frames(frames, **how):
            traffic[1] += sum(map(len, frames))
            return read(frames, **how)

        tcp.TCP.write, tcp.from_frames = write, from_frames
    score_parts(small, out + "-first", cluster=address or None)  # imports and the compiled kernel, which workers have too
    traffic[:] = 0, 0
    worked = [processor_time(int(each)) for each in workers]
    start, before = time.perf_counter(), time.process_time()
    made = score_parts(source, out, cluster=address or None)
    told = {
        "time": time.perf_counter() - start,
        "caller": time.process_time() - before,
        "memory": peak() >> 20,
        "sent": traffic[0],
        "got": traffic[1],
        "rows": made.rows,
        "workers": [processor_time(int(each)) - was for each, was in zip(workers, worked)],
    }
    print(json.dumps(told))
""")


def started(processor: int | None, module: str, *given: str) -> subprocess.Popen:
    """A process of Dask's, held to a processor."""
    hold = f"os.sched_setaffinity(0, {{{processor}}})" if processor is not None else ""
    code = f"import os, sys\n{hold}\nfrom distributed.cli.dask_{module} import main\nmain()"
    return subprocess.Popen([sys.executable, "-c", code, *given, "--no-dashboard"], cwd=os.sep, **QUIET)


def processor_time(pid: int) -> float:
    """Of a process and those that it began."""
    import psutil

    above = psutil.Process(pid)
    return sum(sum(each.cpu_times()[:2]) for each in [above, *above.children(recursive=True)])


class Workers:
    """A scheduler and workers on processors of their own, each a nanny's child as ``dask worker`` has it."""

    def __init__(self, number: int):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{port}"
        self.scheduler = started(None, "scheduler", "--host", "127.0.0.1", "--port", str(port))
        self.workers = [started(n, "worker", self.address, "--nthreads", "1") for n in range(number)]

    def __enter__(self) -> Workers:
        from distributed import Client

        end = time.monotonic() + 60
        while True:
            try:
                with Client(self.address, timeout=60, set_as_default=False) as client:
                    client.wait_for_workers(len(self.workers), timeout=60)
                    return self
            except OSError:
                if time.monotonic() > end:
                    raise

    def __exit__(self, *_: object) -> None:
        for process in [*self.workers, self.scheduler]:
            process.terminate()
        for process in [*self.workers, self.scheduler]:
            process.wait()


def run(source: Path, out: Path, cluster: Workers | None, small: Path) -> dict:
    """One run into a new folder: what the caller says of itself, and the processor time of each worker."""
    shutil.rmtree(out, ignore_errors=True)
    workers = [str(each.pid) for each in cluster.workers] if cluster else []
    where = [cluster.address, "any"] if cluster else ["", "0"]
    told = json.loads(
        subprocess.run(
            [sys.executable, "-c", CALLER, source, out, *where, small, *workers],
            stdout=subprocess.PIPE,
            check=True,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        ).stdout
    )
    told["rate"] = told["rows"] / max(told["workers"] or [told["caller"]])
    return told


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rows", type=int, nargs="*", default=[1_000_000, 4_000_000])
    asked.add_argument("--rounds", type=int, default=3)
    told = asked.parse_args()
    from jiebei_lib.portfolio.sample import write_sample

    with TemporaryDirectory(prefix="jiebei-rates-") as name, Workers(1) as one, Workers(2) as two:
        folder = Path(name)
        small = write_sample(folder / "small.parquet", 300_000)
        for cluster in (None, one, two, two):  # imports and the compiled kernel
            run(small, folder / "out", cluster, small)
        for rows in told.rows:
            source = write_sample(folder / "cases.parquet", rows)
            found: dict[str, list[dict]] = {"one thread here": [], "one worker": [], "two workers": []}
            for _ in range(told.rounds):
                for (_, runs), cluster in zip(found.items(), (None, one, two), strict=True):
                    runs.append(run(source, folder / "out", cluster, small))
            print(f"{rows:,} rows, medians of {told.rounds}, load {os.getloadavg()[0]:.1f}")
            for what, runs in found.items():
                print(f"  {what}:", ", ".join(f"{key} {_middle(runs, key)}" for key in runs[0] if key != "rows"))
            ratios = [
                [a["rate"] / b["rate"] for a, b in zip(found[x], found[y], strict=True)]
                for x, y in (("one worker", "one thread here"), ("two workers", "one worker"))
            ]
            by_time = statistics.median(
                a["time"] / b["time"] for a, b in zip(found["one worker"], found["two workers"], strict=True)
            )
            print(f"  by processor time: one worker ×{statistics.median(ratios[0]):.2f} of one thread here, two ×"
                  f"{statistics.median(ratios[1]):.2f} of one; by the clock two ×{by_time:.2f} of one", flush=True)  # fmt: skip


def _middle(runs: list[dict], key: str) -> str:
    if key == "workers":
        return (
            " and ".join(f"{statistics.median(each):.1f} s" for each in zip(*(one[key] for one in runs), strict=True))
            or "none"
        )
    value = statistics.median(one[key] for one in runs)
    units = {"memory": "MB", "sent": "bytes", "got": "bytes", "rate": "rows/s"}
    return f"{value:,.0f} {units[key]}" if key in units else f"{value:.2f} s"


if __name__ == "__main__":
    main()
