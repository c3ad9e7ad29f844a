"""Which tests are quick, and that none stays so that is not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import LONGER, LONGEST_QUICK, NEVER_QUICK

ROOT = Path(__file__).resolve().parents[1]
PLANTED = """
import time, pytest

def test_small():
    pass

@pytest.mark.parametrize("case", range(2))
def test_long(case):
    end = time.process_time() + {half}
    while time.process_time() < end:
        pass

@pytest.mark.slow
def test_marked():
    raise SystemExit("never run")
"""


def test_a_quick_test_that_has_become_long_fails_and_a_slow_one_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("from tests.conftest import *\n", "utf-8")
    (tmp_path / "test_planted.py").write_text(PLANTED.format(half=LONGEST_QUICK / 2 + 0.05), "utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-m",
        "quick",
        "-p",
        "no:cacheprovider",
        "-c",
        "/dev/null",
        str(tmp_path),
    ]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "1 failed, 2 passed, 1 deselected" in done.stdout and "takes longer than a quick test may" in done.stdout


def test_every_line_names_a_test_that_there_is() -> None:
    lines = [line for line in LONGER.read_text("utf-8").splitlines() if not line.startswith("#")]
    assert lines == sorted(set(lines))
    gone = [
        line
        for file, _, function in (line.partition("::") for line in lines)
        if not (path := ROOT / "tests" / file).is_file()
        or f"def {function.split('::')[-1]}(" not in path.read_text("utf-8")
        for line in [f"{file}::{function}"]
    ]
    assert gone == []
    assert [part for part in NEVER_QUICK if not (ROOT / "tests" / part).exists()] == []
