"""The benchmarks: by hand `pytest tests/benchmarks --benchmark-only`, with peers if JIEBEI_PEERS names where they are installed. In the
ordinary test run they only run through once, small, and measure nothing."""

from __future__ import annotations

import compileall
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PEERS = Path(__file__).parent / "peers"
ROOT = Path(__file__).parents[2]
TABLE = pytest.StashKey[list]()


@pytest.fixture(scope="session")
def measured(request) -> bool:
    """Whether this run measures, or only runs through."""
    return bool(request.config.getoption("--benchmark-only", default=False))


@pytest.fixture(scope="session")
def rows(measured) -> Callable[[int, int], int]:
    """How many: in a run that measures, and in one that does not."""
    return lambda full, small: full if measured else small


@pytest.fixture(scope="session", autouse=True)
def compiled(measured) -> None:
    """Ours is compiled as an installed package is, whatever the environment says: else each new process would compile it again,
    and ours (or a peer that runs our cells) would be held against packages that are compiled."""
    if measured:
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        compileall.compile_dir(ROOT / "jiebei_lib", quiet=2)


@pytest.fixture
def fastest(measured) -> Callable[..., float]:
    """Seconds of the fastest of some calls."""

    def time_of(function: Callable[[], Any], repeats: int = 5) -> float:
        seconds = []
        for _ in range(repeats if measured else 1):
            start = time.perf_counter()
            function()
            seconds.append(time.perf_counter() - start)
        return min(seconds)

    return time_of


@pytest.fixture
def peer(measured) -> Callable[..., dict[str, Any]]:
    """Runs a script of peers/ in the environment of its tool; skips where there is none."""

    def run(name: str, script: str, *arguments: Any) -> dict[str, Any]:
        python = Path(os.environ.get("JIEBEI_PEERS", "")) / name / "bin" / "python"
        if not (measured and python.exists()):
            pytest.skip(f"{name} is not installed under JIEBEI_PEERS, or nothing is being measured")
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        command = [str(python), str(PEERS / script), *map(str, arguments)]
        said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment).stdout
        return json.loads(said.splitlines()[-1])

    return run


@pytest.fixture
def note(request, measured) -> Callable[..., None]:
    """Adds a line to the table that is printed at the end: what, ours, the peer or limit, and the ratio."""
    lines = request.config.stash.setdefault(TABLE, [])

    def add(what: str, ours: str, other: str, ratio: str) -> None:
        if measured:
            lines.append(f"| {what} | {ours} | {other} | {ratio} |")

    return add


@pytest.fixture
def peak() -> Callable[..., int]:
    """The most memory (MB) that a piece of Python takes in a process of its own."""

    def of(code: str) -> int:
        told = "\nfrom tests.memory import peak\nprint(peak() >> 20)"
        surroundings = os.environ | {"PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", code + told]
        return int(
            subprocess.run(command, capture_output=True, text=True, check=True, env=surroundings).stdout.split()[-1]
        )

    return of


def pytest_terminal_summary(terminalreporter, config) -> None:
    lines = config.stash.get(TABLE, [])
    if lines:
        terminalreporter.write_line("\n| what | ours | beside | ratio |\n|---|---|---|---|")
        for line in lines:
            terminalreporter.write_line(line)
        load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
        terminalreporter.write_line(f"load average {load}; {os.cpu_count()} processors")
