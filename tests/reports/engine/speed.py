"""Measures the engines beside each other in one run, by hand: medians of five, in turn, and the medians of the five pairs' ratios.

python -m tests.reports.engine.speed [--no-command] [--rounds=5] [FOLDER that holds ploomber_engine]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import papermill

from jiebei_lib.reports.engine.engine import register
from tests.reports.engine import same

FIGURE = "go.Figure(go.Scatter(x=list(range(60)), y=[(n * {0}) % 7 for n in range(60)]))"
NOTEBOOKS = {
    "trivial": ["x = 1", "print(x)"],
    "pandas": ["import pandas as pd", "frame = pd.DataFrame({'a': range(60)})\nframe.head()", "frame.describe()"],
    "plotly, five figures": [
        "import pandas as pd\nimport plotly.graph_objects as go",
        *(FIGURE.format(n) for n in range(1, 6)),
        "pd.DataFrame({'a': range(60)}).describe()",
    ],
}


def library(file: Path, engine: str | None) -> Callable[[int], None]:
    return lambda n: papermill.execute_notebook(
        str(file), str(file.with_suffix(f".{engine}.{n}.ipynb")), engine_name=engine, progress_bar=False
    )


def command(file: Path, engine: list[str]) -> Callable[[int], None]:
    given = [sys.executable, "-m", "papermill", "--no-progress-bar", *engine, str(file), str(file.with_suffix(".out"))]
    return lambda n: subprocess.run(given, check=True, capture_output=True)


def seconds(run: Callable[[int], None]) -> float:
    start = time.perf_counter()
    run(0)
    return time.perf_counter() - start


def two_at_once(run: Callable[[int], None]) -> float:
    """Seconds a notebook, of four that two threads run."""
    start = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, range(4)))
    return (time.perf_counter() - start) / 4


def main(peers: list[str]) -> None:
    with_command = "--no-command" not in peers  # which takes most of the time
    (rounds,) = [int(each.partition("=")[2]) for each in peers if each.startswith("--rounds=")] or [5]
    sys.path[:0] = peers = [each for each in peers if not each.startswith("--")]
    print("load", *os.getloadavg())
    register()
    with tempfile.TemporaryDirectory() as folder:
        for name, cells in NOTEBOOKS.items():
            file = Path(folder, "in.ipynb")
            nbformat.write(same.notebook(cells), file)
            ways = {"execute_notebook": library(file, None), "jiebei-warm": library(file, "jiebei-warm")}
            if peers:
                from ploomber_engine import execute_notebook

                ways["ploomber-engine, in this process"] = lambda n, file=file: execute_notebook(
                    str(file), str(file.with_suffix(".p.ipynb")), progress_bar=False
                )
            for each in (1, 2, 3):
                ways["jiebei-warm"](each)  # from here on what the notebook begins with is warm
            both = {f"{way}, two at once": run for way, run in ways.items() if "ploomber" not in way}
            once = {
                "papermill": command(file, []),
                "papermill, jiebei-warm": command(file, ["--engine", "jiebei-warm"]),
            }
            taken: dict[str, list[float]] = {}
            for _ in range(rounds):
                for way, run in ((once if with_command else {}) | ways).items():
                    taken.setdefault(way, []).append(seconds(run))
                for way, run in both.items():
                    taken.setdefault(way, []).append(two_at_once(run))
            for way, times in taken.items():
                row = f"{statistics.median(times) * 1e3:.0f} | {min(times) * 1e3:.0f} to {max(times) * 1e3:.0f}"
                print(f"| {name} | {way} | {row} |", flush=True)
            for how in ("", ", two at once"):
                pairs = zip(taken[f"execute_notebook{how}"], taken[f"jiebei-warm{how}"], strict=True)
                print(f"| {name} | times as fast{how} | {statistics.median(a / b for a, b in pairs):.1f} |", flush=True)
    print("load", *os.getloadavg())


if __name__ == "__main__":
    main(sys.argv[1:])
