"""The warm engine gives the standard engine's notebook, from a fresh process each time, and a crash costs one run."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
papermill = pytest.importorskip("papermill")

from jiebei_lib.reports.engine import fork_server as warm  # noqa: E402

pytestmark = pytest.mark.skipif(not warm.WORKS, reason="forks: Linux only")

CELLS = [
    "x = 1",
    "import sys\nprint('out')\nprint('err', file=sys.stderr)\nprint('more')",
    "x, __name__, _, In[1]",
    "from IPython.display import HTML, clear_output, display\nshown = display(HTML('<b>a</b>'), display_id='one')\n"
    "print('between')\nshown.update(HTML('<i>b</i>'))\n{'a': 1}",
    "print('gone')\nclear_output(wait=True)\nprint('kept')",
    "import pandas as pd\npd.DataFrame({'a': [1, 2]})",
    "import os, time\nos.system('echo shell')\ntime.sleep(1)  # a kernel hears of it a little later",
    "print('python')\n!echo bang",
    "import asyncio\nawait asyncio.sleep(0.01)\n'awaited'",
    "try:\n    input('?')\nexcept Exception as refused:\n    print(type(refused), refused)",
    "import warnings\nwarnings.warn('careful')",
    "from jiebei_lib import Case\nfrom jiebei_lib.show.case.page import CasePage\npage = CasePage(Case(9, 8000.0), 'zh', as_of='2026-11-23')",
    "page.readings()",
    "os.path.basename(os.getcwd()), sys.path[0], os.environ['MARK']",
    "%%javascript\nalert(1)",
    "told = {'application/json': {'rows': [1]}, 'text/plain': 'one'}\ndisplay(told, raw=True)\ntold['application/json']['rows'].append(2)",
    "1 + 1",
    "get_ipython().input_transformers_cleanup.append(lambda lines: [line.replace('1', '2') for line in lines])",
    "1 + 1",
    "del get_ipython().input_transformers_cleanup[-1]\nlen(get_ipython().input_transformers_cleanup)",
    "1 + 1",
    "atext = 'await'\natext",
    "def f():\n    return 1 / 0\nf()",
    "'never reached'",
]


def notebook(path: Path, *cells: str) -> Path:
    code = [nbformat.v4.new_code_cell(cell, id=f"cell-{n}") for n, cell in enumerate(cells)]
    code[0].metadata["tags"] = ["parameters"]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=code, metadata={"kernelspec": kernel}), path)
    return path


def executed(source: Path, output: Path, engine: str | None = "jiebei-warm", **options) -> nbformat.NotebookNode:
    options = {"progress_bar": False, "cwd": str(source.parent), "kernel_name": "python3"} | options
    return papermill.execute_notebook(str(source), str(output), engine_name=engine, **options)


def shown(run: nbformat.NotebookNode) -> list[str]:
    """What each cell printed or gave."""
    return [
        "".join(
            out.get("text", "") or str(out.get("data", {}).get("text/plain", "")) for out in cell.get("outputs", [])
        )
        for cell in run.cells
        if cell.cell_type == "code"
    ]


def timeless(path: Path) -> str:
    """A notebook's text without what differs between two runs of the standard engine: times, its name, the ids of added cells,
    the number of the process."""
    text = path.read_text("utf-8").replace(path.name, "OUT")
    text = re.sub(r'"\d{4}-\d\d-\d\dT[^"]*"', '"TIME"', text)
    text = re.sub(r'"duration": [\d.e-]+', '"duration": 0', text)
    text = re.sub(r"ipykernel_\d+", "ipykernel_N", text)
    return re.sub(r'"id": "[0-9a-f]{8}"', '"id": "NEW"', text)


def test_the_notebook_is_the_standard_engines_to_the_byte_but_for_timings(tmp_path, monkeypatch):
    monkeypatch.setenv("MARK", "通过")
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # in a test a kernel does not watch what goes past Python
    source = notebook(tmp_path / "in.ipynb", *CELLS)
    for name, engine in (("warm.ipynb", "jiebei-warm"), ("standard.ipynb", None)):
        with pytest.raises(papermill.exceptions.PapermillExecutionError, match="ZeroDivisionError"):
            executed(source, tmp_path / name, engine, parameters={"x": "值"})
    assert timeless(tmp_path / "warm.ipynb") == timeless(tmp_path / "standard.ipynb")
    assert "通过" in (tmp_path / "warm.ipynb").read_text("utf-8")


def test_nothing_leaks_from_one_run_into_the_next(tmp_path):
    (tmp_path / "local_module.py").write_text("value = 1\n")
    change = notebook(
        tmp_path / "change.ipynb",
        "import os, sys, json, builtins, numpy, local_module\nlocal_module.value = 2",
        "leaked = 1\nbuiltins.leaked = 1\njson.dumps = lambda *_: 'patched'\nsys.modules['ghost'] = json",
        "os.environ['LEAK'] = '1'\nos.chdir('/')\nsys.path.append('/leak')\nnumpy.random.seed(1)",
        "import jiebei_lib.page.text as text\ntext.say = None",
    )
    look = notebook(
        tmp_path / "look.ipynb",
        "import os, sys, json, builtins, numpy",
        "'leaked' in globals(), hasattr(builtins, 'leaked'), json.dumps([1]), 'ghost' in sys.modules",
        "'LEAK' in os.environ, os.path.basename(os.getcwd()), '/leak' in sys.path",
        "import local_module\nfrom jiebei_lib.page.text import say\nlocal_module.value, callable(say)",
        "len(In), _",
    )
    fresh = shown(executed(look, tmp_path / "out.ipynb"))
    executed(change, tmp_path / "out.ipynb")
    assert shown(executed(look, tmp_path / "out.ipynb")) == fresh
    assert fresh[1:4] == ["(False, False, '[1]', False)", f"(False, '{tmp_path.name}', False)", "(1, True)"]


@pytest.mark.parametrize("end", ["os._exit(3)", "os.kill(os.getpid(), 9)", "import ctypes; ctypes.string_at(0)"])
def test_a_crash_costs_that_run_only(tmp_path, end):
    from nbclient.exceptions import DeadKernelError

    crash = notebook(tmp_path / "crash.ipynb", "import os", "print('so far')", end)
    with pytest.raises(DeadKernelError):
        executed(crash, tmp_path / "out.ipynb")
    saved = nbformat.read(tmp_path / "out.ipynb", 4)
    assert shown(saved)[1] == "so far\n"  # what was done is saved
    assert shown(executed(notebook(tmp_path / "fine.ipynb", "1", "2"), tmp_path / "out.ipynb")) == ["1", "2"]


def test_a_dead_server_is_replaced(tmp_path):
    from jiebei_lib.reports.engine.engine import IMPORTS

    source = notebook(tmp_path / "in.ipynb", "1")
    executed(source, tmp_path / "out.ipynb")
    server = warm.server(IMPORTS)
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()
    assert shown(executed(source, tmp_path / "out.ipynb")) == ["1"] and warm.server(IMPORTS) is not server


@pytest.mark.slow
def test_what_needs_a_kernel_goes_to_the_standard_engine(tmp_path):
    pytest.importorskip("ipywidgets")
    source = notebook(tmp_path / "in.ipynb", "import ipywidgets", "ipywidgets.IntSlider(3)")
    run = executed(source, tmp_path / "out.ipynb")
    assert "application/vnd.jupyter.widget-state+json" in run.metadata.widgets


@pytest.mark.parametrize(
    "first", ["papermill", "jiebei_lib.reports.engine.fork_server", "jiebei_lib.reports.engine.engine"]
)
def test_papermill_knows_the_engine_whatever_is_imported_first(first):
    code = (
        f"import {first}\nfrom papermill.engines import papermill_engines\n"
        "print(papermill_engines.get_engine('jiebei-warm').execute_managed_notebook.__qualname__)"
    )
    ended = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True)
    assert ended.stdout.strip() == "WarmEngine.execute_managed_notebook"


def test_a_time_limit_or_a_foreign_kernel_is_not_for_the_warm_engine():
    from jiebei_lib.reports.engine.engine import possible

    assert possible("python3", {})
    assert not possible("python3", {"execution_timeout": 5})
    assert not possible("no-such-kernel", {})


def test_a_server_ends_with_the_process_that_started_it():
    code = "from jiebei_lib.reports.engine.fork_server import Server\nprint(Server(['json']).process.pid, flush=True)\nimport os\nos.kill(os.getpid(), 9)"
    ended = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=False)
    server = int(ended.stdout)
    for _ in range(600):
        try:
            if Path(f"/proc/{server}/stat").read_text().split()[2] == "Z":
                return
        except FileNotFoundError:
            return
        time.sleep(0.05)
    raise AssertionError("the server outlived its owner")


def test_a_call_brings_back_answers_messages_and_failures():
    server = warm.server(["json"])
    assert server.call(json.dumps, [1]) == "[1]"
    with pytest.raises(ValueError, match="invalid literal"):
        server.call(int, "x")
    with pytest.raises(warm.Lost):
        server.call(os._exit, 3)
