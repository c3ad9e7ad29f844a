"""For ``pytest --nbval -p``: kernels talk through files, since a port that was free when it was chosen may not be when it is opened."""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from functools import partial
from pathlib import Path

import nbval.kernel
import pytest
from jupyter_client.manager import KernelManager


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop() -> Generator[None, object, object]:
    with tempfile.TemporaryDirectory() as folder:
        nbval.kernel.KernelManager = partial(KernelManager, transport="ipc", ip=str(Path(folder, "kernel")))
        return (yield)
