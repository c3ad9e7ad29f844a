"""A papermill engine, ``jiebei-warm``: every notebook in a fresh process whose imports are already done.

    papermill --engine jiebei-warm in.ipynb out.ipynb          papermill.execute_notebook(..., engine_name="jiebei-warm")

It is papermill's own engine and nbclient, talking to ipykernel; only the kernel's process is a copy of a warm one
(kernel_process.py). So a notebook does what it always does, and what comes out is the same but for times and ids.

In a copy that holds a bare shell (kernel.py), which the reports' batch asks for, a notebook runs in the copy itself, without a kernel:
for notebooks whose cells are known, several times as fast. What only a kernel can do ends such a run with an error.
"""

from __future__ import annotations

from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

from nbclient.client import timestamp
from nbclient.exceptions import CellExecutionComplete
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, NBClientEngine, NotebookExecutionManager, papermill_engines
from traitlets.config import Config

from jiebei_lib.reports.engine import fork_server, kernel, warm_imports
from jiebei_lib.reports.engine.kernel_process import WarmKernelManager
from jiebei_lib.reports.engine.saving import Saver

NAME = "jiebei-warm"
_spent = False  # whether this copy has run its notebook


class WarmEngine(Engine):
    """See the module."""

    @classmethod
    def execute_notebook(cls, nb: Any, kernel_name: str, output_path: Any = None, **options: Any) -> Any:
        """As papermill's. In a copy, a notebook that is to be saved nowhere needs less of papermill's bookkeeping."""
        nb_man: Any
        if bare := not output_path and _has_bare_shell():
            nb_man = _Unsaved(nb, progress_bar=False)
        else:
            given = {name: options.pop(name) for name in ("progress_bar", "autosave_cell_every") if name in options}
            log = {"log_output": options.setdefault("log_output", False)}
            nb_man = _Manager(nb, output_path=output_path, **given, **log)
            nb_man.save = Saver(nb_man)
        nb_man.notebook_start()
        try:
            (_run if bare else cls.execute_managed_notebook)(nb_man, kernel_name, **options)
        finally:
            nb_man.cleanup_pbar()
            nb_man.notebook_complete()
        return nb_man.nb

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> Any:
        config = Config({"WarmKernelManager": {"warm": list(warm_imports.for_notebook(nb_man.nb))}})
        config.merge(options.pop("config", {}))
        options = {"kernel_manager_class": WarmKernelManager, **options, "config": config}
        return NBClientEngine.execute_managed_notebook(nb_man, kernel_name, **options)


def _has_bare_shell() -> bool:
    """Whether this process is a copy with a shell in it that has run nothing."""
    return bool(fork_server.in_copy and kernel.shell.cache_info().currsize and not _spent)


def register() -> None:
    """Makes the engine known to papermill, as its entry point does where the library is installed."""
    papermill_engines.register(NAME, WarmEngine)


def prepare() -> None:
    """What the fork server does before it waits: a shell and a client, and the first use of what is slow the first time."""
    import ipykernel.ipkernel  # noqa: F401
    import nbformat

    register()
    kernel.prepare()
    _Client(_Unsaved(nbformat.v4.new_notebook(), progress_bar=False), kernel_name="python3")
    output = nbformat.v4.new_output("display_data", {"text/plain": "1"})
    nbformat.validate(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", outputs=[output])]))


class _Manager(NotebookExecutionManager):
    """papermill's, but for reading the time at which a cell began with a parser for all dates there are."""

    def cell_complete(self, cell: Any, cell_index: Any = None, **more: Any) -> None:
        noted = cell.metadata.papermill
        if more or self.log_output or not noted.get("start_time"):
            return super().cell_complete(cell, cell_index, **more)
        end = self.now()
        noted["end_time"] = end.isoformat()
        noted["duration"] = (end - datetime.fromisoformat(noted["start_time"])).total_seconds()
        if noted["status"] != self.FAILED:
            noted["status"] = self.COMPLETED
        self.save()
        if self.pbar:
            self.pbar.update(1)
        return None


class _Unsaved(_Manager):
    def save(self, **_: Any) -> None:
        pass


def _run(nb_man: Any, kernel_name: str, **options: Any) -> Any:
    """Runs the notebook in this process, which must be a copy that has run none."""
    global _spent
    _spent = True
    options = {
        name: value
        for name, value in options.items()
        if name not in ("input_path", "start_timeout", "execution_timeout", "progress_bar", "autosave_cell_every")
    }
    return _Client(nb_man, kernel_name=kernel_name, **options).execute()


class _Client(PapermillNotebookClient):
    """papermill's client, talking to the shell in this process."""

    awaits = False  # whether a cell so far may have left work for the event loop to do between cells

    @contextmanager
    def setup_kernel(self, **_: Any) -> Iterator[None]:
        self.kc: Any
        self.km: Any
        self.kc = self.km = kernel.Kernel()
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
