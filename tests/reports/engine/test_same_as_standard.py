"""Any notebook comes out of the warm engine as out of the standard one, but for times, ids and addresses: notebooks.yaml, cell by cell."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

pytest.importorskip("papermill")
from jiebei_lib.reports.engine import fork_server, warm_imports
from jiebei_lib.reports.engine.kernel_process import warm_up
from tests.reports.engine import same

pytestmark = [pytest.mark.skipif(not fork_server.WORKS, reason="forks: Linux only"), pytest.mark.slow]
NOTEBOOKS: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("notebooks.yaml").read_text("utf-8"))
LIMIT = 120  # seconds a cell: a notebook that hangs fails
WARM = ["numpy", "pandas", "plotly.graph_objects", "scipy.linalg", "pyarrow", "numba", "dask"]
ECHO = """
from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel
class Echo(Kernel):
    implementation = language = banner = "echo"
    implementation_version = "1"
    language_info = {"name": "echo", "mimetype": "text/plain", "file_extension": ".txt"}
    def do_execute(self, code, silent, *_, **__):
        if not silent:
            self.send_response(self.iopub_socket, "stream", {"name": "stdout", "text": code})
        return {"status": "ok", "execution_count": self.execution_count, "payload": [], "user_expressions": {}}
IPKernelApp.launch_instance(kernel_class=Echo)
"""


@pytest.fixture(scope="module")
def warm(tmp_path_factory) -> str:
    """What is imported beforehand for all of them, and a kernel that is not Python's."""
    folder = tmp_path_factory.mktemp("jupyter")
    spec = folder / "kernels" / "jiebei-test-echo"
    spec.mkdir(parents=True)
    (spec / "echo.py").write_text(ECHO, "utf-8")
    argv = [sys.executable, str(spec / "echo.py"), "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "echo", "language": "echo"}), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(folder))
        patch.setenv("MARK", "通过")
        patch.delenv("PYTEST_CURRENT_TEST", raising=False)
        there = [name for name in WARM if importlib.util.find_spec(name.partition(".")[0])]
        patch.setenv(warm_imports.VARIABLE, ",".join(there))
        warm_up(*there)
        yield folder
    fork_server.close_all()


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_comes_out_the_same_from_both_engines(name, warm, tmp_path, monkeypatch):
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # in a test a kernel does not watch what goes past Python
    case = NOTEBOOKS[name] if isinstance(NOTEBOOKS[name], dict) else {"cells": NOTEBOOKS[name]}
    if needs := case.get("needs"):
        pytest.importorskip(needs)
    source = same.notebook(case["cells"], case.get("kernel", "python3"), case.get("markdown"))
    runs = {}
    for engine in (None, "jiebei-warm"):
        folder = tmp_path / str(engine) / "run"
        for file, content in case.get("files", {}).items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(content, "utf-8")
        runs[engine] = same.ran(source, folder, engine, {"execution_timeout": LIMIT} | case.get("options", {}))
        for file in case.get("after", ()):
            assert (folder / file).read_text("utf-8") == file.partition(".")[0].replace("unflushed", "written").replace(
                "ended", "atexit"
            )
    assert same.differences(runs[None], runs["jiebei-warm"]) == []
    assert runs[None]["ended"] == case.get("raises")
