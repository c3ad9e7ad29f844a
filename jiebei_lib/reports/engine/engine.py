"""A papermill engine, ``jiebei-warm``: every notebook in a fresh process whose imports are already done.

    papermill --engine jiebei-warm in.ipynb out.ipynb          papermill.execute_notebook(..., engine_name="jiebei-warm")

papermill and nbclient do all that they always do; only the kernel behind them is another: IPython's own kernel shell in a copy of
a warm process (fork_server.py) instead of a new process that talks over sockets. So the notebook that comes
out is the same but for timings.
What such a copy cannot do goes to the standard engine: other kernels than this Python's, a time limit, widgets (which talk back),
other systems than Linux. Set ``JIEBEI_WARM=numpy,pandas`` to have more imported beforehand.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Coroutine
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cache
from typing import Any

from nbclient.client import timestamp
from nbclient.exceptions import CellExecutionComplete
from nbformat import NotebookNode, from_dict
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, NBClientEngine, NotebookExecutionManager, papermill_engines

from jiebei_lib.reports.engine import fork_server as warm
from jiebei_lib.reports.engine import kernel as warm_kernel
from jiebei_lib.reports.engine.kernel import Kernel, NeedsKernel

NAME = "jiebei-warm"
# What the fork server imports beforehand: the shell, and what checks and writes notebooks, which alone takes a second
IMPORTS = (f"{__name__}:prepare", "numpy", "pandas")
_spent = False  # whether this copy has run its notebook


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
        untouched = pickle.dumps(nb_man.nb)
        try:
            if _fresh_copy():
                return _run(nb_man, kernel_name, options)
            return _elsewhere(nb_man, kernel_name, options)
        except NeedsKernel:
            nb_man.nb = pickle.loads(untouched)
            nb_man.notebook_start()
            return NBClientEngine.execute_managed_notebook(nb_man, kernel_name, **options)


def _fresh_copy() -> bool:
    """Whether this process is a copy with a shell in it that has run nothing."""
    return bool(warm.send is not None and warm_kernel.shell.cache_info().currsize and not _spent)


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
    """What the fork server does before it waits: a shell and a client, and the first use of what is slow the first time."""
    import ipykernel.ipkernel  # noqa: F401
    import nbformat

    register()
    _is_ours("python3")
    warm_kernel.prepare()
    _Client(_Unsaved(nbformat.v4.new_notebook(), progress_bar=False), kernel_name="python3")
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
        noted = nb_man.nb.cells[index].metadata["papermill"]
        cell = nb_man.nb.cells[index] = from_dict(cell)
        cell.metadata["papermill"] = noted
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
        outs.append(NotebookNode(output_type=msg["msg_type"], **{k: content[k] for k in _KEPT if k in content}))
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
