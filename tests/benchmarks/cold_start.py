"""What each command costs from a cold process, beside `import numpy`: `python -m tests.benchmarks.cold_start [RUNS]` prints a table of
processor time, which others at work on the machine change little.

Each command is a process of its own with a warm cache of compiled knowledge, in turn with the others, so that a busy minute hits all alike;
the median of the runs counts. Commands that only begin something (servers) or make many files are timed by what they do first.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
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


def seconds(args: list[str] | None, folder: str) -> float:
    """Processor time of one run, its children's too."""
    command = [sys.executable, "-c", "import numpy"] if args is None else [sys.executable, "-c", MAIN, *args]
    surroundings = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=folder, env=surroundings, capture_output=True, check=False)
    assert done.returncode == 0, (args, done.stderr.decode())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measured(runs: int = 7) -> dict[str, list[float]]:
    """Seconds of processor time of each run of each command, after one that is not counted."""
    found: dict[str, list[float]] = {name: [] for name in TIMED}
    with tempfile.TemporaryDirectory() as folder:
        for run in range(runs + 1):
            for name, args in TIMED.items():
                took = seconds(args, folder)
                if run:
                    found[name].append(took)
    return found


if __name__ == "__main__":
    times = measured(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
    numpy = statistics.median(times["import numpy"])
    print("| command | median | least | beside import numpy |\n|---|---|---|---|")
    for name, took in times.items():
        print(
            f"| `{name}` | {statistics.median(took):.2f} s | {min(took):.2f} s | ×{statistics.median(took) / numpy:.2f} |"
        )
