"""What each command costs from a cold process, beside `import numpy`: `python -m tests.benchmarks.cold_start [RUNS [COMMAND…]]` prints a
table of processor time, which others at work on the machine change little, and of the clock.

Each command is a process of its own with a warm cache of compiled knowledge, in turn with the others, so that a busy minute hits all alike;
medians, and of the ratios those of each turn. Everything is compiled beforehand, as installed packages are (and as with
`PYTHONDONTWRITEBYTECODE` an editable install never is). Commands that only begin something (servers) or make many files are timed by what
they do first. `JIEBEI=…/bin/jiebei` measures an installed one instead of this tree.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from jiebei_lib.core.knowledge.yaml_files import beside

CASES = beside("cases")
TIMED = {
    "import numpy": None,
    "--version": ["--version"],
    "--help": ["--help"],
    "assess": ["assess", "--days-overdue", "7", "--amount-overdue", "8000", "--communication", "silent"],
    "assess --json": ["assess", str(CASES / "silent.yaml"), "--json"],
    "borrower": ["borrower", str(CASES / "borrowers" / "several_debts.yaml")],
    "letter": ["letter", "hardship_plan"],
    "ask --topics": ["ask", "--topics"],
    "cost": ["cost", str(CASES / "loan.yaml"), "--as-of", "2026-04-22"],
    "record": ["record", "--overdue-from", "2025-06-15", "--amount", "5000"],
    "calendar": ["calendar", str(CASES / "loan.yaml"), "-o", "due.ics"],
    "audit": ["audit", str(CASES / "contact_log.csv")],
    "learn": ["learn", str(CASES / "outcomes.csv")],
    "sample (100 rows)": ["sample", "--rows", "100", "-o", "s.csv"],
    "score (100 rows)": ["score", "s.csv", "-o", "o.csv"],
    "policy show": ["policy", "show", "--topic", "factors"],
    "policy diff": ["policy", "diff", "2025-02-27", "2026-01-30"],
    "sources": ["sources"],
    "schema case": ["schema", "case"],
    "bank": ["bank", "--to", "gift", "-o", "bank.gift"],
    "config show": ["config", "show"],
    "completion bash": ["completion", "bash"],
    "lab --copy": ["lab", "notebooks", "--copy"],
}
MAIN = "import sys; sys.argv[0] = 'jiebei'; from jiebei_lib.cli import main; main()"


Took = tuple[float, float]  # seconds: of processors (a process's and its children's), of the clock


def seconds(args: list[str] | None, folder: str) -> Took:
    """One run in ``folder``."""
    installed = os.environ.get("JIEBEI")
    python = str(Path(installed).with_name("python")) if installed else sys.executable
    command = (
        [python, "-c", "import numpy"]
        if args is None
        else [*([installed] if installed else [python, "-c", MAIN]), *args]
    )
    surroundings = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")
    }
    if not installed:
        surroundings["PYTHONPATH"] = str(Path(__file__).parents[2])
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=surroundings, capture_output=True, check=False)
    clock = time.perf_counter() - start
    assert done.returncode == 0, (args, done.stderr.decode())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, clock


def measured(runs: int = 7, names: Sequence[str] = ()) -> dict[str, list[Took]]:
    """What each run of each command took, after one that is not counted; ``names``: of these alone, and of numpy."""
    timed = {name: args for name, args in TIMED.items() if args is None or not names or name in names}
    found: dict[str, list[Took]] = {name: [] for name in timed}
    with tempfile.TemporaryDirectory() as folder:
        for run in range(runs + 1):
            for name, args in timed.items():
                took = seconds(args, folder)
                if run:
                    found[name].append(took)
    return found


def table(times: dict[str, list[Took]]) -> list[str]:
    """The lines of a table: medians and least, in milliseconds, and how many times numpy's of the same turn."""
    lines = [
        "| command | processor time | least | beside import numpy | clock | least | beside import numpy |",
        "|" + "---|" * 7,
    ]
    for name, took in times.items():
        line = f"| `{name}` |"
        for ours, numpys in zip(zip(*took, strict=True), zip(*times["import numpy"], strict=True), strict=True):
            beside = statistics.median(one / other for one, other in zip(ours, numpys, strict=True))
            line += f" {statistics.median(ours) * 1e3:.0f} ms | {min(ours) * 1e3:.0f} ms | ×{beside:.2f} |"
        lines.append(line)
    return lines


if __name__ == "__main__":
    print(*table(measured(int(sys.argv[1]) if len(sys.argv) > 1 else 7, sys.argv[2:])), sep="\n")
    print("load", *(f"{load:.1f}" for load in os.getloadavg()))
