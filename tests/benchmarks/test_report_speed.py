"""Reports: the commands in a loop, papermill as a library with one exporter, warm copies, and the cells' own time."""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jiebei_lib.core.case import Case
from jiebei_lib.core.knowledge.yaml_files import beside
from jiebei_lib.core.policy import load_policy
from jiebei_lib.portfolio.sample import write_sample
from jiebei_lib.reports import batch
from jiebei_lib.reports import render as report
from jiebei_lib.reports.engine import fork_server as warm
from tests.benchmarks.cold_start import measured

DAY = "2026-11-23"
PEERS = Path(__file__).parent / "peers"
TEMPLATE = beside("templates") / "case_report.ipynb"


@pytest.fixture(scope="module")
def cases(rows, tmp_path_factory) -> Path:
    return write_sample(tmp_path_factory.mktemp("cases") / "cases.csv", rows(1000, 3))


def cells_and_template(cases: list[Case]) -> float:
    """Seconds a report in one warm process: the cells as plain Python, their HTML and figures put on a page."""
    from jiebei_lib.page.figure import Figure
    from jiebei_lib.show.case.page import CasePage

    start = time.perf_counter()
    for case in cases:
        page = CasePage(case, "zh", as_of=DAY)
        sections = []
        for name in batch.sections():
            shown = getattr(page, name)()
            parts = (
                [{"figure": part.spec()} if isinstance(part, Figure) else {"html": str(part)} for part in shown]
                if name != "head"
                else []
            )
            sections.append({"id": name, "parts": parts})
        report.page(page.head(), sections, bundle=batch.BUNDLE)
    return (time.perf_counter() - start) / len(cases)


def test_reports_beside_commands_and_library(cases, tmp_path, rows, note, measured, benchmark):
    some = [job.parameters for job in batch._jobs([cases], None, ["zh"], load_policy(), DAY, {})][: rows(200, 3)]
    cells_and_template([Case.of(each["case"]) for each in some[:3]])
    limit = cells_and_template([Case.of(each["case"]) for each in some])
    warm.server(batch.IMPORTS)
    start = time.perf_counter()
    done = benchmark.pedantic(batch.reports, args=(cases, tmp_path / "out"), kwargs={"as_of": DAY}, rounds=1)
    ours = (time.perf_counter() - start) / (done.made + done.failed)
    assert done.failed == 0
    if not measured:
        return
    number, size = done.made, sum(path.stat().st_size for path in (tmp_path / "out").iterdir()) / 1e6
    note(f"{number:,} reports in all", f"{ours * number:.0f} s, {size:.0f} MB", "goal 150 MB", "")
    processors = 2
    note(
        "a report: notebook and HTML, fresh process each, two at once",
        f"{ours * 1e3:.0f} ms",
        f"cells and template alone, one after another {limit * 1e3:.0f} ms; by two {limit / processors * 1e3:.0f} ms",
        f"×{ours / limit:.2f}",
    )
    server = Path(f"/proc/{warm.server(batch.IMPORTS).process.pid}/status").read_text("utf-8")
    memory = int(re.search(r"VmHWM:\s+(\d+)", server)[1]) // 1024
    theirs = commands(some[:3], tmp_path)
    note(
        "the same by the papermill and nbconvert commands",
        f"{ours * 1e3:.0f} ms (the fork server, which the copies share, {memory} MB)",
        f"{theirs * 1e3:.0f} ms",
        f"×{theirs / ours:.0f} as fast",
    )
    theirs = library(some[:11], tmp_path)
    note(
        "the same by execute_notebook and one exporter",
        f"{ours * 1e3:.0f} ms",
        f"{theirs * 1e3:.0f} ms",
        f"×{theirs / ours:.0f} as fast",
    )


def commands(some: list[dict], folder: Path) -> float:
    """Seconds a report by the two commands in a loop."""
    import yaml

    start = time.perf_counter()
    for n, parameters in enumerate(some):
        out = folder / f"command-{n}.ipynb"
        given = ["-y", yaml.safe_dump(parameters, allow_unicode=True)]
        subprocess.run(
            [sys.executable, "-m", "papermill", "--no-progress-bar", *given, str(TEMPLATE), str(out)],
            check=True,
            capture_output=True,
        )
        subprocess.run([sys.executable, "-m", "nbconvert", "--to", "html", str(out)], check=True, capture_output=True)
    return (time.perf_counter() - start) / len(some)


def library(some: list[dict], folder: Path) -> float:
    """Seconds a report by papermill's function and one exporter for all, in a process of its own."""
    (folder / "some.json").write_text(json.dumps(some), "utf-8")
    command = [
        sys.executable,
        str(PEERS / "papermill_library.py"),
        str(TEMPLATE),
        str(folder / "some.json"),
        str(folder),
    ]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(said.splitlines()[-1])["seconds"]


@pytest.mark.parametrize("command", ["--version", "assess"])
def test_the_command_line_starts_nearly_as_fast_as_numpy(command, rows, note, benchmark):
    took = benchmark.pedantic(measured, args=(rows(25, 1), [command]), rounds=1)
    for n, what in enumerate(("processor time", "clock")):
        mine, theirs = ([run[n] for run in took[name]] for name in (command, "import numpy"))
        ratios = sorted(one / other for one, other in zip(mine, theirs, strict=True))
        note(
            f"jiebei {command}, cold, {what}, median of {len(ratios)} pairs",
            f"{statistics.median(mine) * 1e3:.0f} ms",
            f"`python -c 'import numpy'` {statistics.median(theirs) * 1e3:.0f} ms",
            f"×{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})",
        )
