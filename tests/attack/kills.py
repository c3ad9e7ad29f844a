"""SIGKILL at random moments while tables are scored in parts: the caller here, the caller of a cluster, a worker, the scheduler.

``python -m tests.attack.kills [--each 10] [--seed 1]`` kills each of them so often, runs again until a run comes to its end, and prints how
many kills there were, at which stages of the work, and whether the folder is then the same to the byte as that of a run in peace.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

VICTIMS = ("caller here", "caller of a cluster", "worker", "scheduler")
ROWS, ROWS_A_PART, IDS_A_BUCKET, ROWS_A_GROUP = 6000, 200, 500, 50
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
WAIT = 60.0  # seconds for a process to be there


def written(folder: Path, rows: int = ROWS) -> list[Path]:
    """Two Parquet files of many row groups, in which some ids stand twice and some cells are wrong."""
    import pyarrow as pa
    import pyarrow.parquet

    from jiebei_lib.portfolio.sample import sample

    table = sample(rows, seed=6)
    table.loc[[rows // 20, rows // 3, rows - 20], "case_id"] = table.case_id[3]
    table.loc[[rows // 2, rows // 2 + 1], "case_id"] = table.case_id[rows // 2 - 1]
    table.loc[[77, rows // 2 + 40], "amount_overdue"] = -5
    paths = [folder / "1.parquet", folder / "2.parquet"]
    for path, part in zip(paths, (table[: rows // 2], table[rows // 2 :]), strict=True):
        pa.parquet.write_table(pa.Table.from_pandas(part, preserve_index=False), path, row_group_size=ROWS_A_GROUP)
    return paths


def contents(folder: Path) -> dict[str, bytes]:
    return {str(each.relative_to(folder)): each.read_bytes() for each in sorted(folder.rglob("*")) if each.is_file()}


def begun(files: list[Path], folder: Path, cluster: str | None = None, rows: int = ROWS_A_PART) -> subprocess.Popen:
    """A process that scores, which has said that it begins."""
    code = textwrap.dedent(f"""
        from jiebei_lib.core.knowledge.problems import UserError
        from jiebei_lib.portfolio.parts import run
        run.ROWS_A_PART, run.IDS_A_BUCKET = {rows}, {IDS_A_BUCKET}
        if {cluster!r}:
            import distributed
        print("begun", flush=True)
        try:
            run.score_parts({[str(file) for file in files]!r}, {str(folder)!r}, cluster={cluster!r})
        except UserError as failure:
            raise SystemExit(failure.problems[0].kind)
    """)
    errors = subprocess.PIPE if cluster else None
    work = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=errors, text=True)
    work.stdout.readline()
    return work


def stage(folder: Path) -> str:
    """How far a run has come, by what lies there."""
    work = list(folder.glob("_work/*/*"))
    if list(folder.glob("_work/over*")):
        return "cleaning up"
    names = {each.name for each in work}
    for name, said in (("done", "scoring"), ("twice", "comparing ids"), ("ids", "exchanging ids")):
        if name in names:
            return said
    return "done" if (folder / "_manifest.json").exists() else "before the first file"


class Cluster:
    """A scheduler and two workers, processes of their own; whoever is dead is begun again."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address, self.processes = f"tcp://127.0.0.1:{self.port}", {}

    def revive(self) -> None:
        scheduler = ["scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard"]
        worker = ["worker", self.address, "--nthreads", "1", "--no-dashboard", "--no-nanny", "--host", "127.0.0.1"]
        if self._dead("scheduler"):
            self.end()  # its workers would wait for it
        for name, command in (("scheduler", scheduler), ("worker 1", worker), ("worker 2", worker)):
            if self._dead(name):
                module = f"distributed.cli.dask_{command[0]}"
                self.processes[name] = subprocess.Popen(
                    [sys.executable, "-m", module, *command[1:]], cwd=os.sep, **QUIET
                )
        from distributed import Client

        end = time.monotonic() + WAIT
        while True:
            try:
                with Client(self.address, timeout=WAIT, set_as_default=False) as client:
                    client.wait_for_workers(2, timeout=WAIT)
                    return
            except OSError:
                if time.monotonic() > end:
                    raise

    def _dead(self, name: str) -> bool:
        return name not in self.processes or self.processes[name].poll() is not None

    def kill(self, name: str) -> bool:
        """Whether it was alive."""
        process = self.processes[name]
        alive = process.poll() is None
        process.kill()
        process.wait()
        return alive

    def end(self) -> None:
        for name in self.processes:
            self.kill(name)


def killed(victim: str, files: list[Path], folder: Path, kills: int, rng: random.Random, longest: float) -> Counter:
    """Kills so often at random moments, running again each time, then lets a run come to its end; at which stages it struck."""
    cluster, struck = None if victim == VICTIMS[0] else Cluster(), Counter()
    try:
        while True:
            if cluster:
                cluster.revive()
            work = begun(files, folder, cluster and cluster.address)
            if sum(struck.values()) < kills:
                time.sleep(rng.uniform(0, longest))
                where = stage(folder)
                if work.poll() is None:
                    if victim.startswith("caller"):
                        work.kill()
                        struck[where] += 1
                    elif cluster.kill(rng.choice(["worker 1", "worker 2"]) if victim == "worker" else victim):
                        struck[where] += 1
            work.communicate()
            if sum(struck.values()) >= kills and work.returncode == 0:
                return struck
            if work.returncode == 0:  # to its end, and no stroke: from the start
                for each in sorted(folder.rglob("*"), reverse=True):
                    each.rmdir() if each.is_dir() else each.unlink()
    finally:
        if cluster:
            cluster.end()


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--each", type=int, default=10, help="kills of each victim")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--victims", nargs="*", default=VICTIMS, choices=VICTIMS)
    told = asked.parse_args()
    with TemporaryDirectory(prefix="jiebei-kills-") as folder:
        files = written(Path(folder))
        calm = begun(files, Path(folder, "calm"))
        start = time.monotonic()
        assert calm.wait() == 0
        longest, peace = time.monotonic() - start, contents(Path(folder, "calm"))
        total, differing = 0, 0
        for n, victim in enumerate(told.victims):
            left = Path(folder, f"killed-{n}")
            struck = killed(victim, files, left, told.each, random.Random(told.seed + n), longest)
            same = contents(left) == peace
            total, differing = total + sum(struck.values()), differing + (not same)
            stages = ", ".join(f"{count} {where}" for where, count in sorted(struck.items()))
            print(
                f"{victim}: {sum(struck.values())} kills ({stages}); {'the same' if same else 'NOT the same'} to the byte",
                flush=True,
            )
        print(f"{total} kills by SIGKILL, {differing} results that differ from a run in peace ({len(peace)} files)")
        raise SystemExit(differing > 0)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    main()
