"""Nothing of a folder is imported: neither of the one that the user is in, nor of the one that is written to."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from jiebei_lib.core.knowledge.yaml_files import HERE, beside

SILENT, LOG = str(beside("cases") / "silent.yaml"), str(beside("cases") / "contact_log.csv")
# What the commands import, at once or late, and what Jupyter's programs look for where they are started
MODULES = [
    "IPython",
    "anywidget",
    "comm",
    "dask",
    "distributed",
    "icalendar",
    "ipykernel",
    "ipykernel_launcher",
    "ipywidgets",
    "jinja2",
    "json",
    "jupyter_client",
    "jupyter_config",
    "jupyter_server",
    "markupsafe",
    "matplotlib_inline",
    "nbclient",
    "nbformat",
    "numba",
    "numpy",
    "pandas",
    "papermill",
    "platformdirs",
    "playwright",
    "plotly",
    "pyarrow",
    "pydantic",
    "pyxirr",
    "random",
    "rich",
    "scipy",
    "secrets",
    "segno",
    "sitecustomize",
    "tempfile",
    "tornado",
    "traitlets",
    "typer",
    "usercustomize",
    "voila",
    "voila_config",
    "yaml",
    "zmq",
]
# As the installed command begins: its own folder on the path, not the user's
COMMAND = [sys.executable, "-P", "-c", "from jiebei_lib.cli import main; main()"]


@pytest.fixture
def hostile(tmp_path):
    """A folder, and ``out`` in it, with a module of every name: each leaves a mark when it is imported, and is of no use."""
    for folder in (tmp_path, tmp_path / "out"):
        folder.mkdir(exist_ok=True)
        for name in MODULES:
            (folder / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write('{name} ')\n")
    (tmp_path / "cases.csv").write_text("case_id,days_overdue,amount_overdue\na,7,8000\n")
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(
    "args",
    [
        ["assess", SILENT],
        ["report", SILENT, "-o", "out"],
        ["reports", "cases.csv", "-o", "out"],
        ["score", "cases.csv", "-o", "out/scored.csv"],
        ["portfolio", "cases.csv", "-o", "out"],
        ["audit", LOG, "--to", "html", "-o", "out"],
        ["handout", "1", "--sheet", "page", "-o", "out"],
    ],
)
def test_no_module_of_a_folder_is_taken(hostile, args):
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    done = subprocess.run([*COMMAND, *args], cwd=hostile, capture_output=True, text=True, env=environment, check=False)
    ran = hostile / "ran"
    assert not ran.exists(), ran.read_text()
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 1), done.stderr
