"""The warm engine as papermill, nbclient and nbconvert meet it: a crash costs one run, nothing runs twice, nothing is left behind."""

from __future__ import annotations

import gc
import os
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
papermill = pytest.importorskip("papermill")

from jiebei_lib.reports.engine import fork_server, kernel_process, spares  # noqa: E402
from tests.reports.engine import same  # noqa: E402

pytestmark = pytest.mark.skipif(not fork_server.WORKS, reason="forks: Linux only")


def warm_server() -> fork_server.Server:
    return fork_server.server(kernel_process.IMPORTS)


def gone(pid: int, seconds: float = 10) -> bool:
    """Whether a process ends, and is no zombie, within a time."""
    for _ in range(int(seconds * 20)):
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("end", ["os._exit(3)", "os.kill(os.getpid(), 9)", "import ctypes; ctypes.string_at(0)"])
def test_a_crash_costs_that_run_only(printed, tmp_path, end):
    told, ended = printed("import os", "print('so far', flush=True)\nimport time; time.sleep(.5)", end)
    assert (told[1], ended) == ("so far", "DeadKernelError")  # what was done is saved
    assert printed("print(1)") == (["1"], None)


def test_a_dead_server_is_replaced(printed):
    printed("1")
    server = warm_server()
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()
    assert printed("print(1)")[0] == ["1"] and warm_server() is not server


def test_a_server_that_dies_at_once_costs_nothing(printed, monkeypatch):
    monkeypatch.setattr(kernel_process, "IMPORTS", ("os:_exit",))
    assert printed("print(1)")[0] == ["1"]  # started as always


def test_a_notebook_with_widgets_runs_once(printed, tmp_path):
    pytest.importorskip("ipywidgets")
    printed("open('ran.txt', 'a').write('x')", "import ipywidgets\nipywidgets.IntSlider(3)")
    assert (tmp_path / "ran.txt").read_text("utf-8") == "x"
    assert "widgets" in nbformat.read(tmp_path / "out.ipynb", 4).metadata


def test_the_first_notebook_of_a_process_starts_nothing_else(tmp_path):
    code = (
        "import papermill, sys\nfrom jiebei_lib.reports.engine import engine, fork_server\nengine.register()\n"
        "from jiebei_lib.reports.render import _private_sockets\n"
        "def run():\n"
        "  with _private_sockets() as config:  # a port may be somebody else's when the first kernel comes to open it\n"
        "    papermill.execute_notebook('in.ipynb', 'out.ipynb', engine_name='jiebei-warm', progress_bar=False, config=config)\n"
        "run()\nfirst = len(fork_server._servers)\nrun()\nprint(first, len(fork_server._servers))"
    )
    nbformat.write(same.notebook(["1"]), tmp_path / "in.ipynb")
    assert child(code, tmp_path).strip() == "0 1"


def child(code: str, folder: Path, **environment: str) -> str:
    """What a new Python prints that runs a text."""
    root = str(Path(fork_server.ROOT))
    env = os.environ | {"PYTHONPATH": root, "JIEBEI_WARM": ""} | environment
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=env, stdout=subprocess.PIPE, text=True, check=False, timeout=120
    ).stdout


def test_what_a_copy_asks_of_the_heap_lies_behind_all_that_was_there(tmp_path):
    code = (
        "import ctypes\nfrom jiebei_lib.reports.engine import memory\nc = ctypes.CDLL(None)\n"
        "c.malloc.restype, c.malloc.argtypes, c.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]\n"
        "there = [c.malloc(700) for _ in range(200)]\nfor each in there[::2]: c.free(each)\n"
        "memory.fill_gaps()\nprint(all(c.malloc(700) > max(there) for _ in range(100)))"
    )
    assert child(code, tmp_path).strip() == "True"


MOMENTS = {
    "in a cell": "while not (os.path.exists('pid') and open('pid').read()): time.sleep(.05)\nend()\n",
    "with the next kernel's file written": (
        "def write(*file, wrote=spares.write_connection_file, **what):\n"
        "  wrote(*file, **what)\n"
        "  end()\n"
        "spares.write_connection_file = write\nthreading.Event().wait()\n"
    ),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_nothing_is_left_when_the_process_that_runs_notebooks_is_killed(tmp_path, moment):
    code = (
        "import os, nbformat, threading, time\nfrom nbclient import NotebookClient\n"
        "from jiebei_lib.reports.engine import fork_server, kernel_process, spares\n"
        "kernel_process.warm_up()\n"
        "def end():\n"
        "  print(next(iter(fork_server._servers.values())).process.pid, flush=True)\n"
        "  os.kill(os.getpid(), 9)\n"
        'cells = [nbformat.v4.new_code_cell(\'import os\\nopen("pid", "w").write(str(os.getpid()))\\nwhile True: pass\')]\n'
        "run = lambda: NotebookClient(nbformat.v4.new_notebook(cells=cells), kernel_name='python3',\n"
        "    kernel_manager_class=kernel_process.WarmKernelManager).execute()\n"
        f"threading.Thread(target=run, daemon=True).start()\n{MOMENTS[moment]}"
    )
    for folder in ("runtime", "temporary"):
        (tmp_path / folder).mkdir()
    server = int(
        child(code, tmp_path, JUPYTER_RUNTIME_DIR=str(tmp_path / "runtime"), TMPDIR=str(tmp_path / "temporary"))
    )
    pid = tmp_path / "pid"
    assert gone(server) and (not pid.exists() or not pid.read_text("utf-8") or gone(int(pid.read_text("utf-8"))))
    assert list((tmp_path / "runtime").iterdir()) == list((tmp_path / "temporary").iterdir()) == []


def test_who_waits_for_a_reply_hears_it_though_something_is_sent_meanwhile():
    import asyncio
    import select

    import zmq.asyncio
    from jupyter_client.session import Session

    async def run(context: zmq.asyncio.Context, kernel: zmq.Socket) -> str:
        socket, session = context.socket(zmq.DEALER), Session(key=b"")
        socket.connect(f"tcp://127.0.0.1:{kernel.bind_to_random_port('tcp://127.0.0.1')}")
        channel = kernel_process.HearingChannel(socket, session)
        channel.send(session.msg("execute_request"))
        ident = kernel.recv_multipart()[0]
        waiting = asyncio.ensure_future(channel.get_msg())
        while not socket._recv_futures:
            await asyncio.sleep(0)
        Session(key=b"").send(kernel, "execute_reply", ident=ident)
        assert select.select([socket.FD], [], [], 30)[0]  # it has come, and nobody has looked yet
        while select.select([socket.FD], [], [], 0)[0]:
            channel.send(session.msg("comm_msg"))  # which takes the sign of it away
        return (await asyncio.wait_for(waiting, 30))["msg_type"]

    context = zmq.asyncio.Context()
    # In a thread of its own: a browser of an earlier test may have left a loop that runs in this one
    with zmq.Context() as other, other.socket(zmq.ROUTER) as kernel, ThreadPoolExecutor(1) as beside:
        assert beside.submit(lambda: asyncio.run(run(context, kernel))).result() == "execute_reply"
        context.destroy(linger=0)


def test_an_interrupted_call_ends_its_copy():
    server = fork_server.server(["json"])
    threading.Timer(0.7, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        server.call(time.sleep, 60)
    assert all(gone(int(pid)) for pid in children(server.process.pid))


def test_an_interrupt_of_the_caller_ends_the_kernel_though_it_loops(printed, tmp_path):
    printed("1")
    said = tmp_path / "pid"

    def interrupt() -> None:
        while not (said.exists() and said.read_text("utf-8")):
            time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        printed("import os\nopen('pid', 'w').write(str(os.getpid()))\nwhile True: pass")
    assert gone(int(said.read_text("utf-8")))


def children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text("utf-8").split()


def test_many_runs_leave_no_process_descriptor_or_file(printed, tmp_path):
    printed("1")
    server = warm_server().process.pid
    places = [f"/proc/{pid}/fd" for pid in ("self", server)] + [os.environ.get("TMPDIR", "/tmp")]
    gc.collect()  # what tests before this one left to be collected would go meanwhile
    before = [len(os.listdir(place)) for place in places[:2]]
    for _ in range(5):
        printed("1")
    end = time.monotonic() + 10  # the server says that a copy has ended before it lets go of what it knows of it
    while [len(os.listdir(place)) for place in places[:2]] != before:
        assert time.monotonic() < end, before
        time.sleep(0.01)
    waiting = [each.file for each in spares._waiting if each.copy.spare]
    assert len(children(server)) == len(waiting) <= spares.MOST and all(map(os.path.exists, waiting))
    fork_server.close_all()
    assert gone(server) and not any(map(os.path.exists, waiting))


def test_a_time_limit_ends_the_cell_and_its_process(printed, tmp_path):
    told, ended = printed("import os\nprint(os.getpid(), flush=True)\nwhile True: pass", execution_timeout=2)
    assert ended == "CellTimeoutError" and gone(int(told[0]))


def test_nbconvert_and_nbclient_use_it_by_its_kernel_manager(kernels, tmp_path):
    from nbconvert.preprocessors import ExecutePreprocessor

    notebook = same.notebook(["import os\nprint(os.getppid())"])
    ExecutePreprocessor(kernel_manager_class=kernel_process.WarmKernelManager).preprocess(notebook, {})
    assert notebook.cells[0].outputs[0].text.strip() == str(warm_server().process.pid)


@pytest.mark.parametrize(
    "first", ["papermill", "jiebei_lib.reports.engine.fork_server", "jiebei_lib.reports.engine.engine"]
)
def test_papermill_knows_the_engine_whatever_is_imported_first(first, tmp_path):
    code = (
        f"import {first}\nfrom papermill.engines import papermill_engines\n"
        "print(papermill_engines.get_engine('jiebei-warm').execute_managed_notebook.__qualname__)"
    )
    assert child(code, tmp_path).strip() == "WarmEngine.execute_managed_notebook"


def test_only_this_pythons_own_kernel_is_forked():
    own = kernel_process._own_kernel
    assert own([sys.executable, "-m", "ipykernel_launcher", "-f", "x"]) == ((), ["-f", "x"])
    assert own([sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher"]) == (
        ("-Xfrozen_modules=off",),
        [],
    )
    for other in (
        ["/usr/bin/other", "-m", "ipykernel_launcher"],
        [sys.executable, "-m", "bash_kernel"],
        ["R", "--slave"],
    ):
        assert own(other) is None
    assert own([sys.executable, "-c", "1", "-m", "ipykernel_launcher"]) is None


def test_a_call_brings_back_answers_and_failures():
    import json

    server = fork_server.server(["json"])
    assert server.call(json.dumps, [1]) == "[1]"
    with pytest.raises(ValueError, match="invalid literal"):
        server.call(int, "x")
    with pytest.raises(fork_server.Lost):
        server.call(os._exit, 3)


def test_a_bare_shell_refuses_what_needs_a_kernel_and_runs_nothing_twice(tmp_path):
    pytest.importorskip("ipywidgets")
    from jiebei_lib.reports.engine.kernel import NeedsKernel

    server = fork_server.server(["jiebei_lib.reports.engine.engine:prepare"])
    source = same.notebook(["open('ran.txt', 'a').write('x')", "import ipywidgets\nipywidgets.IntSlider(3)"])
    with pytest.raises(NeedsKernel, match="widgets"):
        server.call(bare, source, str(tmp_path))
    assert (tmp_path / "ran.txt").read_text("utf-8") == "x"


def bare(source: nbformat.NotebookNode, folder: str):
    """In a copy: a notebook in a bare shell, saved nowhere."""
    from papermill.engines import papermill_engines

    os.chdir(folder)
    source.metadata["papermill"] = {}
    return papermill_engines.execute_notebook_with_engine("jiebei-warm", source, "python3")


def test_the_engine_imports_nothing_of_ours():
    folder = Path(fork_server.__file__).parent
    found = {name for file in folder.glob("*.py") for name in re.findall(r"jiebei_lib[\w.]*", file.read_text("utf-8"))}
    assert {name for name in found if not name.startswith("jiebei_lib.reports.engine")} <= {"jiebei_lib"}


def test_its_command_runs_many_notebooks_and_says_which_failed(kernels, tmp_path, monkeypatch, capsys):
    from jiebei_lib.reports.engine.__main__ import main

    monkeypatch.chdir(tmp_path)
    nbformat.write(same.notebook(["#[parameters] \nx = 1", "x * 2"]), "good.ipynb")
    nbformat.write(same.notebook(["1 / 0"]), "bad.ipynb")
    assert main(["good.ipynb", "bad.ipynb", "-o", "out", "-p", "x", "21", "--lang", "en"]) == 1
    good, bad = capsys.readouterr().out.splitlines()
    assert good == "good.ipynb → out/good.ipynb" and "ZeroDivisionError: division by zero" in bad
    assert nbformat.read("out/good.ipynb", 4).cells[-1].outputs[0].data["text/plain"] == "42"
    assert main(["nowhere.ipynb"]) == 2 and capsys.readouterr().err == "没有这个文件：nowhere.ipynb。\n"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_its_help_is_whole_in_both_languages(lang, capsys, monkeypatch):
    from jiebei_lib.reports.engine.__main__ import main
    from jiebei_lib.reports.engine.warm_imports import words

    monkeypatch.setenv("COLUMNS", "400")
    with pytest.raises(SystemExit) as ended:
        main(["--lang", lang, "--help"])
    said = capsys.readouterr().out
    assert ended.value.code == 0 and all(
        words(lang)["command"][key] in said for key in ("notebooks", "warm", "out", "lang")
    )
    assert words("zh")["command"].keys() == words("en")["command"].keys()


def test_on_a_system_without_forks_the_engine_is_there_and_starts_kernels_as_always(tmp_path):
    code = (
        "import sys, socket, tempfile\nsys.modules['resource'] = None\nsys.platform = 'win32'\n"
        "from jiebei_lib.reports.engine import fork_server, launch_state\nprint(fork_server.WORKS)\nsys.platform = 'linux'\n"
        "from jiebei_lib.reports.engine import kernel_process\n"
        "print(kernel_process._own_kernel([sys.executable, '-m', 'ipykernel_launcher']), kernel_process.warm_up())"
    )
    assert child(code, tmp_path).split("\n")[:2] == ["False", "None {}"]
