"""Runs functions in fresh processes that have their imports done: a fork server.

A helper process imports what will be needed, once, and then waits. Each call forks it: the copy has the modules but nothing that
an earlier call did, runs one function, answers and ends. A copy that crashes costs its own call. Linux only (elsewhere: :data:`WORKS`).
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import pickle
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

WORKS = sys.platform == "linux"
IMPORTS = "JIEBEI_WARM"  # environment variable: more modules to import, separated by commas
ROOT = str(Path(__file__).parents[__name__.count(".")])  # the folder that holds the package
# The server's path is that of any new Python, unless it finds no library there
START = (
    "import sys, importlib.util; root = sys.argv.pop(1); sys.path[:] = filter(None, sys.path)\n"
    f"importlib.util.find_spec({__name__.partition('.')[0]!r}) or sys.path.append(root)\n"
    f"from {__name__} import serve; serve()"
)

# In a copy: sends the caller a message in the middle of a call. None in any other process.
send: Callable[[Any], None] | None = None


class Lost(RuntimeError):
    """The process that worked on a call is gone: it crashed, was killed, or ended itself."""


class Server:
    """A fork server; ``imports`` are modules to import, or ``module:function`` to call, before it waits. ``-module``: do without it."""

    def __init__(self, imports: Iterable[str]):
        self._folder = tempfile.TemporaryDirectory(prefix="jiebei-warm-")
        self.address = str(Path(self._folder.name) / "s")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(self.address)
        listener.listen(64)
        with listener:
            command = [sys.executable, "-c", START, ROOT, str(listener.fileno())]
            # Its own session, so that Ctrl-C in a terminal does not reach it; it ends when our end of its standard input closes.
            self.process = subprocess.Popen(
                [*command, *imports],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                pass_fds=[listener.fileno()],
                start_new_session=True,
            )

    def call(self, function: Callable[..., Any], *args: Any, told: Callable[[Any], None] | None = None) -> Any:
        """``function(*args)`` in a fresh copy, in our working directory and environment. What it sends on the way goes to ``told``.

        Raises what the function raises, and :class:`Lost` if the copy is gone before it answered.
        """
        with socket.socket(socket.AF_UNIX) as line:
            try:
                line.connect(self.address)
                _put(line, (function, args, os.getcwd(), dict(os.environ)))
                while True:
                    kind, content = _get(line)
                    if kind == "done":
                        return content
                    if kind == "failed":
                        raise content
                    if told:
                        told(content)
            except (EOFError, ConnectionError) as gone:
                raise Lost(function.__name__) from gone

    def close(self) -> None:
        self.process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        self._folder.cleanup()


_servers: dict[tuple[int, tuple[str, ...]], Server] = {}
_starting = threading.Lock()


def server(imports: Iterable[str] = ()) -> Server:
    """This process's server for these imports, started on first need and again should it have died."""
    named = tuple(filter(None, os.environ.get(IMPORTS, "").split(",")))
    key = (os.getpid(), (*imports, *named))
    with _starting:
        found = _servers.get(key)
        if found is None or found.process.poll() is not None:
            if found is not None:
                found.close()
            found = _servers[key] = Server(key[1])
    return found


@atexit.register
def close_all() -> None:
    for (owner, _), each in list(_servers.items()):
        if owner == os.getpid():
            each.close()
    _servers.clear()


# ---- in the server -------------------------------------------------------------------------------------------------


def serve() -> None:
    """Imports, then forks a copy for every call, until standard input closes."""
    listener = socket.socket(fileno=int(sys.argv[1]))
    imports, sys.argv[:] = sys.argv[2:], [""]
    for name in imports:
        if name.startswith("-"):
            sys.modules[name[1:]] = None
            continue
        module, _, function = name.partition(":")
        with contextlib.suppress(ImportError):
            found = import_module(module)
            if function:
                getattr(found, function)()
    _prctl()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # copies that have ended need not be waited for
    gc.collect()
    gc.freeze()  # the copies' collectors leave what is shared alone, and with it the memory shared
    while True:
        ready, _, _ = select.select([listener, sys.stdin], [], [])
        if sys.stdin in ready:
            os._exit(0)
        line, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            _answer(line)
        line.close()


def _answer(line: socket.socket) -> None:
    """In a copy: one call."""
    global send
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _die_with_parent()
    _servers.clear()
    try:
        with contextlib.suppress(Exception):  # a caller that is gone is nobody to answer
            function, args, folder, environment = _get(line)
            os.chdir(folder)
            os.environ.clear()
            os.environ.update(environment)
            send = lambda content: _put(line, ("told", content))  # noqa: E731
            try:
                answer = ("done", function(*args))
            except BaseException as failure:
                answer = ("failed", _portable(failure))
            _put(line, answer)
            line.close()
            atexit._run_exitfuncs()
    finally:
        os._exit(0)


def _portable(failure: BaseException) -> BaseException:
    """An exception that survives the way back; one that does not becomes its text."""
    try:
        pickle.loads(pickle.dumps(failure))
        return failure
    except Exception:
        return RuntimeError(f"{type(failure).__name__}: {failure}")


@cache
def _prctl() -> Callable[..., int] | None:
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        return ctypes.CDLL(None).prctl
    return None


def _die_with_parent() -> None:
    if prctl := _prctl():
        prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def _put(line: socket.socket, content: Any) -> None:
    packed = pickle.dumps(content, protocol=pickle.HIGHEST_PROTOCOL)
    line.sendall(struct.pack("!Q", len(packed)) + packed)


def _get(line: socket.socket) -> Any:
    (size,) = struct.unpack("!Q", b"".join(_read(line, 8)))
    return pickle.loads(b"".join(_read(line, size)))


def _read(line: socket.socket, size: int) -> Iterator[bytes]:
    while size:
        part = line.recv(min(size, 1 << 20))
        if not part:
            raise EOFError
        size -= len(part)
        yield part
