"""A copy is like a new process: nothing leaks from run to run, chance is new each time, and what the caller sets is honoured."""

from __future__ import annotations

import os
import resource
import signal
from pathlib import Path

import pytest
import yaml

pytest.importorskip("papermill")

from jiebei_lib.reports.engine import fork_server, kernel_process, launch_state

pytestmark = pytest.mark.skipif(not fork_server.WORKS, reason="forks: Linux only")
LEFT = yaml.safe_load(Path(__file__).with_name("left_behind.yaml").read_text("utf-8"))


@pytest.mark.slow
@pytest.mark.parametrize("what", LEFT)
def test_nothing_leaks_from_one_run_into_the_next(what, printed, monkeypatch):
    monkeypatch.setenv("JIEBEI_WARM", "numpy,pandas,plotly.graph_objects")
    leave, look = LEFT[what]["leave"], LEFT[what]["look"]
    fresh = printed(look)
    assert fresh[1] is None and printed(leave)[1] is None
    assert printed(look) == fresh == printed(look, engine=None)


CHANCE = (
    "import random, uuid, secrets, sqlite3, tempfile, os, numpy as np\nfrom numpy.random import mtrand\n"
    "for each in (random.random(), np.random.rand(), mtrand._rand.randint(10**9), np.random.default_rng().random(),\n"
    "    uuid.uuid4().int, secrets.token_hex(4), tempfile.mktemp(), os.urandom(4).hex(),\n"
    "    *sqlite3.connect(':memory:').execute('select random()').fetchone(),\n"
    "    get_ipython().kernel.ident[:13], get_ipython().kernel.session.session): print(each)"
)


def test_chance_is_new_in_each_run_unless_it_is_seeded(printed, monkeypatch):
    monkeypatch.setenv("JIEBEI_WARM", "numpy")
    runs = [printed(CHANCE)[0][0].split("\n") for _ in range(3)]
    assert len(runs[0]) == 11 and all(len(set(drawn)) == 3 for drawn in zip(*runs, strict=True))
    seeded = "import random, numpy as np\nrandom.seed(1); np.random.seed(1)\nprint(random.random(), np.random.rand())"
    assert printed(seeded) == printed(seeded) == printed(seeded, engine=None)


@pytest.mark.parametrize(
    ("name", "value", "look"),
    [
        ("TZ", "Asia/Tokyo", "import time; print(time.localtime(0).tm_hour, time.tzname)"),
        ("TMPDIR", "/dev/shm", "import tempfile; print(tempfile.gettempdir())"),
        (
            "PYTHONWARNINGS",
            "error::UserWarning",
            "import warnings\ntry: warnings.warn('x')\nexcept UserWarning: print('raised')",
        ),
        ("PYTHONHASHSEED", "0", "print(hash('a'))"),
        ("PYTHONPATH", None, "import beside; print(beside.x)"),
        ("OMP_NUM_THREADS", "1", "import os; print(os.environ['OMP_NUM_THREADS'])"),
        ("LC_ALL", "C", "import locale; print(locale.getlocale(), locale.getpreferredencoding())"),
        ("ANY_OTHER", "值", "import os; print(os.environ['ANY_OTHER'])"),
        ("PANDAS_COPY_ON_WRITE", "warn", "import pandas, os; print(os.environ['PANDAS_COPY_ON_WRITE'])"),
    ],
)
def test_what_the_caller_sets_after_the_first_run_is_honoured(printed, monkeypatch, tmp_path, name, value, look):
    printed("1")
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "beside.py").write_text("x = 5\n", "utf-8")
    monkeypatch.setenv(name, value or os.pathsep.join([str(tmp_path / "modules"), os.environ.get("PYTHONPATH", "")]))
    run = printed(look)
    assert run[1] is None and run[0][0] and run == printed(look, engine=None)


def test_a_variable_that_no_import_read_needs_no_new_server(printed, monkeypatch):
    monkeypatch.setenv("JIEBEI_WARM", "pandas")
    printed("1")
    count = len(fork_server._servers), [each.process.pid for each in fork_server._servers.values()]
    monkeypatch.setenv("ANY_OTHER", "1")
    printed("1")
    assert (len(fork_server._servers), [each.process.pid for each in fork_server._servers.values()]) == count


def test_limits_mask_and_priority_of_the_caller_hold(printed):
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    mask = os.umask(0o027)
    try:
        printed("1")
        resource.setrlimit(resource.RLIMIT_AS, (6 << 30, hard))
        told, ended = printed(
            "import os, resource\nprint(resource.getrlimit(resource.RLIMIT_AS)[0], oct(os.umask(0)))\nbytearray(8 << 30)"
        )
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        os.umask(mask)
    assert (told[-1], ended) == (f"{6 << 30} 0o27", "MemoryError")


def test_a_file_that_a_warm_module_comes_from_may_change(printed, monkeypatch, tmp_path):
    module = tmp_path / "modules" / "edited.py"
    module.parent.mkdir()
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(module.parent), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("JIEBEI_WARM", "edited")
    for value in (1, 22, 333):
        module.write_text(f"x = {value}\n", "utf-8")
        assert printed("import edited\nprint(edited.x)")[0] == [str(value)]


def test_a_file_where_the_notebook_runs_is_imported_before_a_warm_module(printed, monkeypatch, tmp_path):
    monkeypatch.setenv("JIEBEI_WARM", "numpy")
    assert printed("import numpy\nprint(numpy.__name__)")[0] == ["numpy"]
    (tmp_path / "numpy.py").write_text("here = 'local'\n", "utf-8")
    assert printed("import numpy\nprint(numpy.here)")[0] == ["local"]


def test_a_copy_knows_nothing_of_what_made_it(printed):
    look = "import sys\nprint(sorted(name for name in sys.modules if name.startswith('jiebei')))"
    assert printed(look)[0] == ["[]"]


def test_standard_input_has_ended_and_the_callers_streams_are_a_kernels(printed, capfd):
    told, ended = printed(
        "import sys, os\nprint(repr(sys.stdin.read()), os.isatty(0))\nos.write(sys.__stderr__.fileno(), b'')"
    )
    assert (told[0], ended) == ("'' False", None)


def test_the_server_reads_each_variable_that_counts():
    told = fork_server.server(kernel_process.IMPORTS).told
    assert "HOME" in told["read"] and "MARK_OF_NOBODY" not in told["read"]
    same = dict(os.environ)
    assert launch_state.unchanged(told, same, same | {"MARK_OF_NOBODY": "1", "JPY_PARENT_PID": "7"})
    assert not launch_state.unchanged(told, same, same | {"HOME": "/elsewhere"})
    assert not launch_state.unchanged(told, same, same | {"OMP_NUM_THREADS": "7"})
    assert not launch_state.unchanged(told | {"shadowed": {"dask"}}, same, same | {"DASK_SCHEDULER": "x"})
    assert not launch_state.unchanged(told, same, same | {"PYTHONPATH": "relative"})


def test_a_signal_reaches_the_copy_and_what_it_started(tmp_path):
    server = fork_server.server(["json"])
    copy = server.copy(
        os.system,
        f"trap 'echo heard > {tmp_path}/heard; exit' TERM; touch {tmp_path}/there; while :; do sleep .1; done",
    )
    for _ in range(200):
        if (tmp_path / "there").exists():
            break
        copy.wait(0.05)
    copy.signal(signal.SIGTERM)
    assert copy.wait(10) == -signal.SIGTERM
    for _ in range(100):
        if (tmp_path / "heard").exists():
            break
        copy.wait(0.05)
        Path(tmp_path).stat()
        __import__("time").sleep(0.05)
    copy.close()
    assert (tmp_path / "heard").read_text("utf-8") == "heard\n"
