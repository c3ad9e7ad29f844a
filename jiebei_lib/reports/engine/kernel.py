"""The bare kernel inside a warm copy: IPython's own shell, its messages put into two queues instead of sockets (see engine.py).

For notebooks whose cells are known. It has no comms, no standard input and no application around it: what needs them is refused.
"""

from __future__ import annotations

import copy
import marshal
import os
import sys
from collections import deque
from collections.abc import Iterable
from functools import cache, lru_cache
from types import SimpleNamespace
from typing import Any


class NeedsKernel(Exception):
    """A cell did what only a kernel of its own can."""


class Kernel:
    """What a client sees of a kernel, with the shell behind it: the messages of IPython's kernel, by way of two queues."""

    def __init__(self) -> None:
        from IPython.core.shellapp import InteractiveShellApp

        self.iopub_channel, self.shell_channel = Queue(), Queue()
        self.shell = shell()
        self.shell.wire.kernel, self.shell.wire.now = self, ""
        self.wants = False
        self.count = 0
        _take_over(self)
        # Modules are found where a notebook runs: not before it does, or the helper would take its own from that folder
        as_kernels_do: Any = InteractiveShellApp.init_path
        as_kernels_do(SimpleNamespace(ignore_cwd=False))

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
            raise NeedsKernel("this cell talks to widgets")
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
    from jupyter_client.session import Session
    from traitlets.config import Config

    class Wire(Session):
        """Where the shell sends its messages."""

        kernel: Any = None
        now = ""

        def send(self, stream: Any, msg_or_type: Any, content: Any = None, *_: Any, **__: Any) -> dict[str, Any]:
            message = msg_or_type if isinstance(msg_or_type, dict) else self.msg(msg_or_type, content)
            if "data" in message["content"]:
                message["content"] = _as_now(message["content"])
            self.kernel.iopub_channel.waiting.append(message | {"parent_header": {"msg_id": self.now}})
            return message

    quiet = Config({"HistoryManager": {"enabled": False}})
    made: Any = ZMQInteractiveShell.instance(config=quiet, user_ns={}, compiler_class=XCachingCompiler)
    made.wire = made.displayhook.session = made.display_pub.session = Wire(key=b"")
    made.displayhook.topic = b"execute_result"
    _remember(made)
    return made


def _as_now(content: Any) -> Any:
    """A copy, as a socket would carry it: a cell may go on changing what it has shown."""
    try:
        return marshal.loads(marshal.dumps(content))
    except ValueError:  # not plain data alone
        return copy.deepcopy(content)


def _remember(made: Any) -> None:
    """Lets a shell keep what depends on a cell's text alone: what IPython's own rules make of it, and the name of its file; and
    lets it look for an ``await`` by the word before it compiles the cell for it."""
    from ipykernel import compiler

    compiler.murmur2_x86 = lru_cache(1000)(compiler.murmur2_x86)
    manager, slow = made.input_transformer_manager, made.should_run_async
    plain = manager.transform_cell
    own, known = _rules(manager), lru_cache(1000)(plain)
    manager.transform_cell = lambda cell: known(cell) if _rules(manager) == own else plain(cell)
    made.should_run_async = lambda cell, **how: (
        ("await" in (text := how.get("transformed_cell") or cell) or "async" in text) and slow(cell, **how)
    )


def _rules(manager: Any) -> list[Any]:
    return [*manager.cleanup_transforms, *manager.line_transforms, *manager.token_transformers]


def prepare(cells: Iterable[str] = ()) -> None:
    """In the fork server: a shell, and the first use of all that is slow the first time, also of cells that will be run."""
    import bdb  # noqa: F401

    import IPython.core.logger  # noqa: F401

    made = shell()
    made.display_formatter.format(None)
    for cell in ("None", *cells):
        made.transform_cell(cell)
        made.compile.get_code_name(cell, cell, 1)


class Stream:
    """Standard output or error as a kernel has it: kept until flushed, then one message; what goes past Python (to the file
    descriptor, by subprocesses) comes along."""

    encoding, errors, newlines, closed = "utf-8", "strict", None, False

    def __init__(self, name: str, number: int, wire: Any):
        self.name, self.number, self.wire = name, number, wire
        self.kept: list[str] = []
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
