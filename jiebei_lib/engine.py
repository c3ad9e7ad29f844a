"""A papermill engine, ``jiebei-warm``: every notebook in a fresh process whose imports are already done.

    papermill --engine jiebei-warm in.ipynb out.ipynb          papermill.execute_notebook(..., engine_name="jiebei-warm")

papermill and nbclient do all that they always do; only the kernel behind them is another: IPython's own kernel shell in a copy of
a warm process (warm.py) instead of a new process that talks over sockets. So the notebook that comes out is the same but for timings.
What such a copy cannot do goes to the standard engine: other kernels than this Python's, a time limit, widgets (which talk back),
other systems than Linux. Set ``JIEBEI_WARM=numpy,pandas`` to have more imported beforehand.
"""

from __future__ import annotations

import copy
import os
import sys
from collections import deque
from collections.abc import Coroutine
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cache
from types import SimpleNamespace
from typing import Any

from nbclient.client import timestamp
from nbclient.exceptions import CellExecutionComplete
from nbformat import from_dict
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, NBClientEngine, NotebookExecutionManager, papermill_engines

from jiebei_lib import warm

NAME = "jiebei-warm"
# What the fork server imports: the shell, and what checks and writes notebooks (a grammar of a second among it)
IMPORTS = ("jiebei_lib.engine:prepare", "numpy", "pandas")
_spent = False  # whether this copy has run its notebook


class NeedsKernel(Exception):
    """The notebook did what only a kernel of its own can."""


class WarmEngine(Engine):
    """See the module."""

    @classmethod
    def execute_notebook(cls, nb: Any, kernel_name: str, output_path: Any = None, **options: Any) -> Any:
        """In a copy, a notebook that is to be saved nowhere needs less of papermill's bookkeeping."""
        if output_path or not _fresh_copy() or not possible(kernel_name, options):
            return super().execute_notebook(nb, kernel_name, output_path, **options)
        nb_man = _Unsaved(nb, progress_bar=False)
        nb_man.notebook_start()
        try:
            cls.execute_managed_notebook(nb_man, kernel_name, **options)
        finally:
            nb_man.notebook_complete()
        return nb_man.nb

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> Any:
        if not possible(kernel_name, options):
            return NBClientEngine.execute_managed_notebook(nb_man, kernel_name, **options)
        untouched = copy.deepcopy(nb_man.nb)
        try:
            if _fresh_copy():
                return _run(nb_man, kernel_name, options)
            return _elsewhere(nb_man, kernel_name, options)
        except NeedsKernel:
            nb_man.nb = untouched
            nb_man.notebook_start()
            return NBClientEngine.execute_managed_notebook(nb_man, kernel_name, **options)


def _fresh_copy() -> bool:
    """Whether this process is a copy with a shell in it that has run nothing."""
    return bool(warm.send is not None and shell.cache_info().currsize and not _spent)


def register() -> None:
    """Makes the engine known to papermill, as its entry point does where the library is installed."""
    papermill_engines.register(NAME, WarmEngine)


def possible(kernel_name: str, options: dict[str, Any]) -> bool:
    """Whether a warm copy will do for this kernel and these options."""
    timed = any(options.get(name) for name in ("execution_timeout", "timeout", "iopub_timeout"))
    return warm.WORKS and not timed and _is_ours(kernel_name)


@cache
def _is_ours(kernel_name: str) -> bool:
    """Whether a kernel's name stands for this Python's own IPython kernel."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        command = KernelSpecManager().get_kernel_spec(kernel_name).argv
    except NoSuchKernel:
        return False
    same = command[0] in ("python", "python3") or os.path.realpath(command[0]) == os.path.realpath(sys.executable)
    return same and "ipykernel_launcher" in command


def prepare() -> None:
    """What the fork server does before it waits: a shell, and the first use of what is slow the first time."""
    import ipykernel.ipkernel  # noqa: F401
    import nbformat

    register()
    _is_ours("python3")
    shell()
    output = nbformat.v4.new_output("display_data", {"text/plain": "1"})
    nbformat.validate(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", outputs=[output])]))


def _elsewhere(nb_man: Any, kernel_name: str, options: dict[str, Any]) -> Any:
    """Runs in a copy; cells that are done come back one by one, so that what papermill does after each (saving, progress) is done."""
    from nbclient.exceptions import DeadKernelError

    def told(event: tuple) -> None:
        kind, index, cell = event
        if kind == "start":
            nb_man.cell_start(nb_man.nb.cells[index], index)
            return
        cell.metadata["papermill"] = nb_man.nb.cells[index].metadata["papermill"]
        nb_man.nb.cells[index] = cell
        if kind == "exception":
            nb_man.cell_exception(cell, cell_index=index)
        nb_man.cell_complete(cell, cell_index=index)

    plain = {name: value for name, value in options.items() if name not in ("stdout_file", "stderr_file", "log_output")}
    if any(options.get(name) for name in ("stdout_file", "stderr_file", "log_output")):
        raise NeedsKernel  # what is to be seen while it runs needs to be here
    try:
        metadata = warm.server(IMPORTS).call(_whole, nb_man.nb, kernel_name, plain, told=told)
    except warm.Lost:
        raise DeadKernelError("Kernel died") from None
    for name, value in metadata.items():
        nb_man.nb.metadata[name] = value
    return nb_man.nb


def _whole(nb: Any, kernel_name: str, options: dict[str, Any]) -> dict[str, Any]:
    """In a copy: the notebook, cell by cell, each told to the caller; gives the metadata that running adds."""
    _run(_Telling(nb, progress_bar=False), kernel_name, options)
    return {name: nb.metadata[name] for name in ("language_info", "widgets") if name in nb.metadata}


class _Unsaved(NotebookExecutionManager):
    """papermill's, but for reading the time at which a cell began with a parser for all dates there are."""

    def cell_complete(self, cell: Any, cell_index: Any = None, **_: Any) -> None:
        noted, end = cell.metadata.papermill, self.now()
        noted["end_time"] = end.isoformat()
        noted["duration"] = (end - datetime.fromisoformat(noted["start_time"])).total_seconds()
        if noted["status"] != self.FAILED:
            noted["status"] = self.COMPLETED

    def save(self, **_: Any) -> None:
        pass


class _Telling(NotebookExecutionManager):
    """In a copy: passes on what happens to the cells instead of saving them."""

    def cell_start(self, cell: Any, cell_index: Any = None, **_: Any) -> None:
        warm.send(("start", cell_index, None))
        self.failed = False

    def cell_exception(self, cell: Any, cell_index: Any = None, **_: Any) -> None:
        self.failed = True

    def cell_complete(self, cell: Any, cell_index: Any = None, **_: Any) -> None:
        warm.send(("exception" if self.failed else "complete", cell_index, cell))

    def autosave_cell(self) -> None:
        pass


def _run(nb_man: Any, kernel_name: str, options: dict[str, Any]) -> Any:
    """Runs the notebook in this process, which must be a copy that has run none."""
    global _spent
    _spent = True
    options = {
        name: value
        for name, value in options.items()
        if name not in ("input_path", "start_timeout", "execution_timeout")
    }
    return _Client(nb_man, kernel_name=kernel_name, **options).execute()


class _Client(PapermillNotebookClient):
    """papermill's client, talking to the shell in this process."""

    awaits = False  # whether a cell so far may have left work for the event loop to do between cells

    @contextmanager
    def setup_kernel(self, **_: Any):
        self.kc = self.km = Kernel()
        try:
            yield
        finally:
            self.kc = self.km = None

    def execute_cell(self, cell: Any, cell_index: int, **more: Any) -> Any:
        """nbclient's, without its waiting: all messages of a cell are there once it has run."""
        self.awaits = self.awaits or "await" in cell.source or "async" in cell.source
        if self.awaits or self.coalesce_streams or cell.cell_type != "code" or not cell.source.strip():
            return super().execute_cell(cell, cell_index, **more)
        if self.skip_cells_with_tag in cell.metadata.get("tags", []):
            return cell
        if self.record_timing:
            cell.metadata["execution"] = {}
        _finish(self.kc.execute(cell.source))
        self.code_cells_executed += 1
        cell.outputs, self.clear_before_next_output = [], False
        with suppress(CellExecutionComplete):
            while True:
                self.process_message(self.kc.iopub_channel.waiting.popleft(), cell, cell_index)
        reply = self.kc.shell_channel.waiting.popleft()
        if self.record_timing:
            cell.metadata["execution"]["shell.execute_reply"] = timestamp(reply)
        _finish(self._check_raise_for_error(cell, cell_index, reply))
        return cell

    def output(self, outs: list[Any], msg: dict[str, Any], display_id: str | None, cell_index: int) -> Any:
        """nbclient's, without holding what is plainly valid against the whole schema of notebooks."""
        content = msg["content"]
        if self.clear_before_next_output or display_id or not _plain(content.get("data")):
            return super().output(outs, msg, display_id, cell_index)
        outs.append(from_dict({"output_type": msg["msg_type"], **{k: content[k] for k in _KEPT if k in content}}))
        return outs[-1]


_KEPT = ("metadata", "data", "execution_count")


def _plain(data: Any) -> bool:
    """Whether a bundle of data by type is valid at first sight."""
    return isinstance(data, dict) and all(
        isinstance(value, str) or kind.endswith("+json") for kind, value in data.items()
    )


def _finish(coroutine: Coroutine) -> Any:
    """The result of a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise RuntimeError("a coroutine waits although nothing is to be waited for")


class Kernel:
    """What a client sees of a kernel, with the shell behind it: the messages of IPython's kernel, by way of two queues."""

    def __init__(self) -> None:
        self.iopub_channel, self.shell_channel = Queue(), Queue()
        self.shell = shell()
        self.shell.wire.kernel, self.shell.wire.now = self, ""
        self.wants = False
        self.count = 0
        _take_over(self)

    async def is_alive(self) -> bool:
        return True

    async def execute(self, code: str, store_history: bool = True, **_: Any) -> str:
        """As ``IPythonKernel.do_execute``: told busy, run, streams emptied, answered, told idle."""
        self.count += 1
        wire, asked = self.shell.wire, f"execute-{self.count}"
        wire.now = asked
        self.say("status", {"execution_state": "busy"})
        self.say("execute_input", {"code": code, "execution_count": self.shell.execution_count})
        how = self._awaiting(code)
        if how:
            result = await self.shell.run_cell_async(code, store_history=store_history, **how)
            self.shell.events.trigger("post_execute")
            self.shell.events.trigger("post_run_cell", result)
        else:
            result = self.shell.run_cell(code, store_history=store_history)
        sys.stdout.flush()
        sys.stderr.flush()
        if self.wants:
            raise NeedsKernel
        self.answer(asked, _reply(self.shell, result))
        self.say("status", {"execution_state": "idle"})
        return asked

    def _awaiting(self, code: str) -> dict[str, Any] | None:
        """How to run a cell that awaits at its top level; None for any other."""
        if "await" not in code and "async" not in code:
            return None
        transformed, failure = code, None
        try:
            transformed = self.shell.transform_cell(code)
        except Exception:
            failure = sys.exc_info()
        how = {"transformed_cell": transformed, "preprocessing_exc_tuple": failure}
        return how if self.shell.should_run_async(code, **how) else None

    def kernel_info(self) -> str:
        from ipykernel.ipkernel import IPythonKernel

        self.answer("info", {"language_info": IPythonKernel.language_info})
        return "info"

    def say(self, kind: str, content: dict[str, Any]) -> None:
        self.shell.wire.send(None, kind, content)

    def answer(self, asked: str, content: dict[str, Any]) -> None:
        message = self.shell.wire.msg("execute_reply", content)
        self.shell_channel.waiting.append(message | {"parent_header": {"msg_id": asked}})


def _reply(shell: Any, result: Any) -> dict[str, Any]:
    failure = result.error_before_exec if result.error_before_exec is not None else result.error_in_exec
    if result.success and not getattr(shell, "_last_traceback_during_displayhook", False):
        return {"status": "ok", "execution_count": shell.execution_count - 1, "payload": []}
    said = {"traceback": shell._last_traceback or [], "ename": type(failure).__name__, "evalue": str(failure)}
    return {"status": "error", "execution_count": shell.execution_count - 1, **said}


class Queue:
    """Messages waiting for a client; one that asks for more than there is waits as long as it will."""

    def __init__(self) -> None:
        self.waiting: deque[dict[str, Any]] = deque()

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:
        import asyncio
        from queue import Empty

        if not self.waiting:
            await asyncio.sleep(timeout if timeout is not None else 3600)
            raise Empty
        return self.waiting.popleft()


@cache
def shell() -> Any:
    """IPython's kernel shell, whose messages go to :class:`Kernel` instead of a socket."""
    from ipykernel.compiler import XCachingCompiler
    from ipykernel.zmqshell import ZMQInteractiveShell
    from IPython.core.shellapp import InteractiveShellApp
    from jupyter_client.session import Session
    from traitlets.config import Config

    class Wire(Session):
        """Where the shell sends its messages."""

        kernel: Any = None
        now = ""

        def send(self, stream: Any, msg_or_type: Any, content: Any = None, *_: Any, **__: Any) -> dict[str, Any]:
            message = msg_or_type if isinstance(msg_or_type, dict) else self.msg(msg_or_type, content)
            self.kernel.iopub_channel.waiting.append(message | {"parent_header": {"msg_id": self.now}})
            return message

    quiet = Config({"HistoryManager": {"enabled": False}})
    made = ZMQInteractiveShell.instance(config=quiet, user_ns={}, compiler_class=XCachingCompiler)
    made.wire = made.displayhook.session = made.display_pub.session = Wire(key=b"")
    made.displayhook.topic = b"execute_result"
    InteractiveShellApp.init_path(SimpleNamespace(ignore_cwd=False))  # modules are found where a notebook runs
    return made


class Stream:
    """Standard output or error as a kernel has it: kept until flushed, then one message; what goes past Python (to the file
    descriptor, by subprocesses) comes along."""

    encoding, errors, newlines, closed = "utf-8", "strict", None, False

    def __init__(self, name: str, number: int, wire: Any):
        self.name, self.number, self.wire, self.kept = name, number, wire, []
        self.beside = os.memfd_create(name)
        os.dup2(self.beside, number)

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        self._fetch()
        self.kept.append(text)
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def _fetch(self) -> None:
        """What has gone past Python since."""
        if size := os.fstat(self.beside).st_size:
            self.kept.append(os.pread(self.beside, size, 0).decode("utf-8", "replace"))
            os.ftruncate(self.beside, 0)
            os.lseek(self.beside, 0, os.SEEK_SET)

    def flush(self) -> None:
        self._fetch()
        text, self.kept = "".join(self.kept), []
        if text:
            self.wire.send(None, "stream", {"name": self.name, "text": text})

    def fileno(self) -> int:
        return self.number

    def isatty(self) -> bool:
        return False

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        pass


def _take_over(kernel: Kernel) -> None:
    """In a copy: streams, input and comms as a notebook meets them in a kernel that nobody sits at."""
    import builtins
    import getpass

    import comm
    from comm.base_comm import BaseComm
    from IPython.core.error import StdinNotImplementedError

    class Silent(BaseComm):
        def publish_msg(self, *_: Any, **__: Any) -> None:
            kernel.wants = True

    def refused(*_: Any, **__: Any) -> str:
        raise StdinNotImplementedError("raw_input was called, but this frontend does not support input requests.")

    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    kernel.shell.init_environment()
    comm.create_comm = Silent
    builtins.input = getpass.getpass = refused
    sys.stdout, sys.stderr = (Stream(name, n, kernel.shell.wire) for n, name in ((1, "stdout"), (2, "stderr")))
