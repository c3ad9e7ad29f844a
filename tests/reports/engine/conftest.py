"""What the engine's tests share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def kernels(monkeypatch):
    """Kernels are warm from the first on, and import nothing beforehand but what kernels import."""
    pytest.importorskip("papermill")
    from jiebei_lib.reports.engine import kernel_process

    monkeypatch.setattr(kernel_process, "_started", True)
    monkeypatch.setenv("JIEBEI_WARM", "")
    monkeypatch.delenv("PYTEST_CURRENT_TEST", raising=False)


@pytest.fixture
def printed(kernels, tmp_path):
    """Runs cells by the warm engine; gives what they printed, cell by cell, and the exception's name that ended it."""
    from tests.reports.engine import same

    def run(*cells: str, folder: Path = tmp_path, engine: str | None = "jiebei-warm", **options: Any):
        came = same.ran(same.notebook(list(cells)), folder, engine, options)
        told = ["".join(out.get("text", "") for out in cell["outputs"]) for cell in came["notebook"]["cells"]]
        return [text.strip() for text in told], came["ended"]

    return run
