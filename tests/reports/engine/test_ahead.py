"""Kernels begun ahead of need are those that would be begun now, ends are whole, and what is saved is what nbformat writes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("papermill")

from jupyter_client.connect import LocalPortCache  # noqa: E402

from jiebei_lib.reports.engine import fork_server, kernel_process, spares  # noqa: E402
from jiebei_lib.reports.engine.saving import Saver  # noqa: E402
from tests.reports.engine import same  # noqa: E402

pytestmark = pytest.mark.skipif(not fork_server.WORKS, reason="forks: Linux only")
PID = "import os; print(os.getpid())"


@pytest.fixture
def waiting(printed):
    """Gives the process id of a kernel that waits."""

    def run() -> int:
        while not spares._waiting:
            printed("1")
        (pid,) = child_processes(spares._waiting[0].server.process.pid)
        return pid

    fork_server.close_all()
    spares._tidy()
    return run


def child_processes(pid: int) -> list[int]:
    found: list[str] = []
    while not found:  # until it has been forked
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text("utf-8").split()
    return [int(each) for each in found]


def test_a_notebook_runs_in_the_kernel_that_waits(waiting, printed):
    assert printed(PID)[0] != printed(PID)[0]
    pid = waiting()
    assert printed(PID)[0] == [str(pid)]


def test_as_many_wait_as_have_run_at_once(waiting, printed, tmp_path):
    meet = "import os, time\nopen('../met.{}', 'w').close()\nwhile not os.path.exists('../met.{}'): time.sleep(.01)"
    waiting()
    with ThreadPoolExecutor(2) as pool:
        both = [
            pool.submit(same.ran, same.notebook([meet.format(*each)]), tmp_path / each[0], "jiebei-warm", {})
            for each in ("ab", "ba")
        ]
    assert [each.result()["ended"] for each in both] == [None, None]
    for _ in range(4):
        printed("1")
    assert len(spares._waiting) == spares.MOST == 2


def test_a_kernel_that_waited_is_not_used_if_anything_has_changed(waiting, printed, monkeypatch):
    pid = waiting()
    monkeypatch.setenv("MARK", "changed")
    told, ended = printed("import os; print(os.getpid(), os.environ['MARK'])")
    assert ended is None and told[0].endswith(" changed") and told[0] != f"{pid} changed"
    assert not Path(f"/proc/{pid}").exists()


def test_a_kernel_that_waited_and_does_not_answer_is_not_waited_for(waiting, printed, monkeypatch):
    monkeypatch.setattr(kernel_process, "STARTING", 0.3)
    os.kill(pid := waiting(), signal.SIGSTOP)
    told, ended = printed(PID)
    assert ended is None and told[0] != str(pid) and not Path(f"/proc/{pid}").exists()


@pytest.fixture
def taken(monkeypatch):
    """Called with a number: after so many more ports that are found, the next is one that somebody else has opened meanwhile."""
    fork_server.close_all()
    spares._tidy()
    with socket.create_server(("127.0.0.1", 0)) as other:
        find, to_come = LocalPortCache.find_available_port, list[int]()

        def found(cache: LocalPortCache, ip: str) -> int:
            return (to_come and to_come.pop(0)) or find(cache, ip)

        monkeypatch.setattr(LocalPortCache, "find_available_port", found)
        yield lambda after: to_come.extend([0] * after + [other.getsockname()[1]])


def test_a_kernel_whose_port_is_taken_meanwhile_gets_another(printed, monkeypatch, taken):
    monkeypatch.setattr(spares, "MOST", 0)
    printed("1")
    taken(0)
    assert printed("print(1)") == (["1"], None)


def test_a_kernel_begun_ahead_whose_port_is_taken_meanwhile_is_not_waited_for(printed, taken):
    printed("1")
    spares.end_all()
    taken(5)
    printed("1")  # by a kernel with five ports, after which the next one is begun
    (dead,) = spares._waiting
    assert printed("print(1)") == (["1"], None)
    assert dead.copy.poll() == kernel_process.NO_ADDRESS and spares._waiting  # and another is begun as ever


# What a module that was there before the fork is left holding: hence not the notebook's own, which IPython lets go of at its end
# (with what they need in their hands: what modules still hold while they are taken apart depends on the order of their import)
LEFT = """
import json, os, weakref, pathlib
def later(file, write=os.write):
    try: yield
    finally: write(file, b'finally')
class Last:
    def __init__(self, file): self.file = file
    def __del__(self, write=os.write): write(self.file, b'deleted')
file = os.open('written.txt', os.O_CREAT | os.O_WRONLY)
{}
"""
HELD = {
    "an open file": "json.held = open('file.txt', 'w'); json.held.write('unflushed')",
    "an object with an end": "json.held = Last(file)",
    "an object in a cycle": "json.held = [Last(file)]; json.held.append(json.held)",
    "a generator in a try": "json.held = later(file); next(json.held)",
    "a finalizer": "json.held = Last; weakref.finalize(Last, pathlib.Path('finalized.txt').write_text, 'finalized')",
    "a module of its own": "import beside; beside.kept.write('module')",
    "what C is to do": "import ctypes; c = ctypes.CDLL(None); c.strdup.restype = c.fopen.restype = ctypes.c_void_p\n"
    "getattr(c, '__cxa_atexit')(c.unlink, ctypes.c_void_p(c.strdup(b'gone.txt')), None)\n"
    "pathlib.Path('gone.txt').touch(); c.fputs(b'from C', ctypes.c_void_p(c.fopen(b'kept.txt', b'w')))",
    "nothing": "pathlib.Path('nothing.txt').write_text('written')",
}


@pytest.mark.slow
@pytest.mark.parametrize("what", HELD)
def test_what_is_left_to_the_end_happens(what, printed, tmp_path):
    """As at the end of any Python; a kernel of the standard engine is now and then killed before it comes to its end."""
    left: list[dict[str, str]] = []
    for which in ("warm", "script"):
        folder, source = tmp_path / which, LEFT.format(HELD[what])
        folder.mkdir()
        (folder / "beside.py").write_text("kept = open('module.txt', 'w')", "utf-8")
        if which == "warm":
            assert printed(source, folder=folder)[1] is None
        else:
            subprocess.run([sys.executable, "-c", source], cwd=folder, check=True)
        left.append({file.name: file.read_text("utf-8") for file in folder.glob("*.txt")})
    assert left[0] == left[1] and any(left[0].values())


def test_startup_files_and_settings_of_the_user_are_read_when_a_kernel_is_needed(printed, tmp_path, monkeypatch):
    startup = tmp_path / "home" / "profile_default" / "startup" / "begin.py"
    startup.parent.mkdir(parents=True)
    startup.write_text("open('begun.txt', 'a').write('x')\nbegun = 7\n", "utf-8")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "home"))
    assert [printed("print(begun)")[0] for _ in range(3)] == [["7"]] * 3
    assert (tmp_path / "begun.txt").read_text("utf-8") == "xxx" and spares._waiting
    settings = startup.parents[1] / "ipython_kernel_config.py"
    for value in (8, 9, 10):
        settings.write_text(f"c.IPKernelApp.exec_lines = ['begun = {value}']\n", "utf-8")
        assert printed("print(begun)")[0] == [str(value)]


def test_what_is_made_before_a_fork_is_no_thread_and_no_socket(waiting, printed):
    waiting()
    server = Path(f"/proc/{spares._waiting[0].server.process.pid}")
    assert len(list((server / "task").iterdir())) == 1
    children, links = server / "task" / server.name / "children", list[str]()
    copies = [len(children.read_text("utf-8").split())]
    for each in (server / "fd").iterdir():
        with suppress(FileNotFoundError):  # a copy has ended meanwhile
            links.append(os.readlink(each))
    copies.append(len(children.read_text("utf-8").split()))
    held = 2 * max(copies)  # a leash for each copy
    assert sum(link.startswith("socket:") for link in links) <= 1 + held


def test_a_kernel_with_other_arguments_is_made_in_its_copy(printed, tmp_path):
    cell = "print(get_ipython().history_manager.hist_file, get_ipython().kernel.parent.argv[2:], __import__('os').getppid())"
    for name in ("one", "two"):
        file = tmp_path / f"{name}.sqlite"
        (told,), ended = printed(cell, ipython_hist_file=str(file))
        made, _, server = told.rpartition(" ")
        assert (made, ended) == (f"FOLDER/{file.name} ['--HistoryManager.hist_file=FOLDER/{file.name}']", None)
        assert int(server) in [each.process.pid for each in fork_server._servers.values()]


def test_a_folder_may_be_another_of_the_same_name(printed, tmp_path):
    folder = tmp_path / "run"
    for number in "12":
        folder.mkdir()
        (folder / "number.txt").write_text(number, "utf-8")
        assert printed("print(open('number.txt').read())", folder=folder)[0] == [number]
        folder.rename(tmp_path / f"before{number}")


def test_a_kernel_that_waited_has_the_streams_of_its_caller(waiting, printed, tmp_path, monkeypatch):
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # in a test a kernel does not watch what goes past Python
    pid = waiting()
    kept = os.dup(2)
    with open(tmp_path / "error.txt", "w") as error:
        os.dup2(error.fileno(), 2)
        try:
            cell = "import os, sys; os.write(sys.stderr._original_stdstream_copy, b'heard'); print(os.getpid())"
            told, ended = printed(cell)
        finally:
            os.dup2(kept, 2)
            os.close(kept)
    assert ended is None and int(told[0]) == pid
    assert "heard" in (tmp_path / "error.txt").read_text("utf-8")


@pytest.mark.parametrize(
    "path", sorted(Path(fork_server.ROOT, "notebooks").glob("*.ipynb")), ids=lambda path: path.stem
)
def test_what_is_saved_is_what_nbformat_writes(path):
    notebook = nbformat.read(path, 4)
    save = Saver(SimpleNamespace())
    for number, cell in enumerate(notebook.cells):
        cell.metadata["number"] = number
        assert save.text(notebook) == nbformat.writes(notebook)


def test_what_papermill_has_written_at_the_end_is_what_nbformat_writes(printed, tmp_path):
    import papermill

    data = "{'application/json': [[], {}, [1, 2.5, 1e300, None, True, '值\\n']], 'text/html': 'a\\nb'}"
    shown = f"from IPython.display import display\ndisplay({data}, raw=True)"
    nbformat.write(same.notebook([shown, "print('a\\nb')", "1 / 0"]), tmp_path / "in.ipynb")
    files = [str(tmp_path / name) for name in ("in.ipynb", "out.ipynb")]
    with pytest.raises(papermill.PapermillExecutionError):
        papermill.execute_notebook(*files, engine_name="jiebei-warm", progress_bar=False)
    assert Path(files[1]).read_text("utf-8") == nbformat.writes(nbformat.read(files[1], 4))
    nb = nbformat.read(files[0], 4)
    del nb.cells[2]
    nbformat.write(nb, files[0])
    made = papermill.execute_notebook(*files, engine_name="jiebei-warm", progress_bar=False)
    assert Path(files[1]).read_text("utf-8") == nbformat.writes(made)


def test_what_nbformat_would_mend_or_complain_of_is_left_to_it():
    save = Saver(SimpleNamespace())
    assert save.text(nbformat.v4.new_notebook()) == nbformat.writes(nbformat.v4.new_notebook())
    twice = same.notebook(["1", "2"])
    twice.cells[1].id = twice.cells[0].id
    with pytest.warns(match="Non-unique"):
        assert len({cell["id"] for cell in nbformat.reads(save.text(twice), 4).cells}) == 2
    odd = same.notebook(["1"])
    odd.cells[0].metadata.collapsed = "no"
    assert save.text(odd) == nbformat.writes(odd)


def test_a_shorter_notebook_over_a_longer_one_is_whole(tmp_path):
    file = tmp_path / "out.ipynb"
    file.write_text("x" * 100_000, "utf-8")
    manager = SimpleNamespace(nb=same.notebook(["1"]), output_path=str(file), now=lambda: None)
    Saver(manager)()
    assert file.read_text("utf-8") == nbformat.writes(manager.nb)
