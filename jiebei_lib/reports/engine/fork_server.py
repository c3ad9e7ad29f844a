"""Fresh processes that have their imports done: a fork server, seen from the process that owns it.

A helper process imports what will be needed, once, and then waits (serving.py). Each :meth:`Server.copy` forks it: the copy has the
modules but nothing that an earlier copy did, runs one function and ends. A copy that crashes costs its own call. Linux only
(elsewhere: :data:`WORKS`).

Nothing lies in the file system and no port is open: the server and each copy are spoken to over pairs of sockets that are handed
over as descriptors. A copy is held on a *leash*: what is written to it is a signal to send, what is read from it is the copy's
process id and later how it ended, and when it is let go (also because this process was killed) the copy is killed.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import pickle
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jiebei_lib.reports.engine import launch_state

WORKS = sys.platform == "linux" and hasattr(os, "pidfd_open")
KEPT = 4  # servers that wait at most, the last used
ROOT = str(Path(__file__).parents[__name__.count(".")])  # the folder that holds the package
PACKAGE = __name__.rpartition(".")[0]
SERVING = f"{PACKAGE}.serving"
# The server's path is that of any new Python, unless another library than this, or none, is found there; kernels get it without that.
START = (
    "import os, sys, importlib.util as u; root = sys.argv.pop(1); sys.path[:] = filter(None, sys.path); path = list(sys.path)\n"
    f"found = u.find_spec({SERVING.partition('.')[0]!r})\n"
    "if not found or os.path.dirname(os.path.dirname(found.origin)) != root: sys.path.insert(0, root)\n"
    f"import {PACKAGE}.ending; from {SERVING} import serve; serve(path)"
)
in_copy = False  # whether this process is a copy
line: socket.socket  # in a copy that does not answer: the way to its caller, who may wait for it to be closed


class Lost(RuntimeError):
    """The process that worked on a call is gone: it crashed, was killed, or ended itself."""


@dataclass(frozen=True)
class Start:
    """What a server is started with: modules to import, or ``module:function`` to call (with ``+`` before it: after all else), or
    ``-module`` to do without, before it waits; the interpreter's own options; and which of the imports may be left out with a word if
    copies could not be like new."""

    imports: tuple[str, ...]
    options: tuple[str, ...] = ()
    careful: tuple[str, ...] = ()


class Server:
    """A fork server, ended by :meth:`close` or with this process."""

    spares = True  # whether kernels can be begun on it ahead of need
    at_once = 0  # how many have run at the same time

    def __init__(self, start: Start, environment: Mapping[str, str] | None = None):
        self.start, self.owner = start, os.getpid()
        self.environment = dict(os.environ if environment is None else environment)
        self._sending = threading.Lock()
        self._told: dict[str, Any] = {}
        self._copies: weakref.WeakSet[Copy] = weakref.WeakSet()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [sys.executable, *start.options, "-c", START, ROOT, str(theirs.fileno()), str(os.getpid())]
            # Its own session, so that Ctrl-C in a terminal does not reach it
            self.process = subprocess.Popen(
                [*command, *start.imports, *(f"?{name}" for name in start.careful)],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    @property
    def told(self) -> dict[str, Any]:
        """What the server says of itself once it waits (see serving.py)."""
        if not self._told:
            self._told = self.call(launch_state.told)
        return self._told

    def fits(self, environment: Mapping[str, str]) -> bool:
        """Whether a process started now, in this environment, would import just what the server has imported."""
        return launch_state.unchanged(self.told, self.environment, environment)

    def note(self, to_delete: str) -> None:
        """A file that is about to be written for a copy, to delete should this process be gone before."""
        with self._sending:
            self._control.send(b"-" + os.fsencode(to_delete))

    def copy(
        self,
        function: Callable[..., Any],
        *args: Any,
        to_delete: str = "",
        stdio: tuple[int, ...] = (),
        whole: bool = False,
        spare: bool = False,
        **state: Any,
    ) -> Copy:
        """A copy that runs ``function(*args)``; ``whole``: and ends as Python ends, instead of answering.

        ``to_delete`` is a file to delete should this process be gone before the copy, ``stdio`` its standard input, output and error.
        """
        leash, held = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        line, theirs = socket.socketpair()
        asked = (function, args, here := launch_state.here(**state), whole)
        try:
            with held, theirs, self._sending:  # then theirs alone, so that their end is heard
                said, fds = b"+" + os.fsencode(to_delete), [held.fileno(), theirs.fileno(), *stdio]
                socket.send_fds(self._control, [said], fds)
            _put(line, asked)
            self._copies.add(copy := Copy(leash, line, here, spare))
            return copy
        except BaseException as failure:
            leash.close()
            line.close()
            if isinstance(failure, OSError | EOFError):
                raise Lost(function.__name__) from failure
            raise

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        """``function(*args)`` in a fresh copy, in our working directory and environment.

        Raises what the function raises, and :class:`Lost` if the copy is gone before it answered. A call that is interrupted ends
        its copy.
        """
        with contextlib.closing(self.copy(function, *args)) as copy:
            try:
                kind, content = _get(copy.line)
            except (EOFError, ConnectionError) as gone:
                raise Lost(function.__name__) from gone
        if kind == "failed":
            raise content
        return content

    def busy(self) -> bool:
        return self.running() > 0

    def running(self) -> int:
        """How many copies work on something."""
        return sum(not copy.spare and copy.poll() is None for copy in list(self._copies))

    def close(self) -> None:
        self._control.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Copy:
    """A running copy: its process id, a line to talk over, its leash, and the state with which it was begun. A *spare* one is begun
    ahead of need, and its fork is not waited for; it has no process id before it is :meth:`used`."""

    def __init__(self, leash: socket.socket, line: socket.socket, state: dict[str, Any], spare: bool):
        self._leash, self.line, self.state, self.spare = leash, line, state, spare
        self.status: int | None = None
        self.pid = 0 if spare else self.used()

    def used(self) -> int:
        if not (said := self._leash.recv(8)):
            raise EOFError("no copy")
        (self.pid,) = struct.unpack("!q", said)
        self.spare = False
        return self.pid

    def signal(self, number: int) -> None:
        """Sends a signal to the copy and the processes that it started."""
        if self.poll() is None:
            with contextlib.suppress(OSError):
                self._leash.send(bytes([number]))

    def poll(self) -> int | None:
        """How the copy ended, as :mod:`subprocess` says it; None while it runs."""
        return self.wait(0)

    def wait(self, seconds: float | None = None) -> int | None:
        if self.status is None and select.select([self._leash], [], [], seconds)[0]:
            with contextlib.suppress(ConnectionError):
                if said := self._leash.recv(8):
                    (self.status,) = struct.unpack("!q", said)
            if self.status is None:  # the server is gone, and its copies with it
                self.status = -signal.SIGKILL
        return self.status

    def fileno(self) -> int:
        """Readable once the copy has ended."""
        return self._leash.fileno()

    def close(self) -> None:
        """Lets go; a copy that still runs is killed."""
        self.status = -signal.SIGKILL if self.status is None else self.status
        self._leash.close()
        self.line.close()


_servers: dict[tuple[int, Start], Server] = {}  # in the order of their last use
_retired: list[Server] = []  # no longer asked, but with copies that may still run
_starting = threading.Lock()


def server(
    imports: Iterable[str] = (),
    options: Iterable[str] = (),
    careful: Iterable[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Server:
    """This process's server for these imports, started on first need, and again should it have died or something that it has read
    (a variable, a file) have changed since."""
    start = Start(tuple(imports), tuple(options), tuple(careful))
    environment = os.environ if environment is None else environment
    with _starting:
        found = _servers.pop(key := (os.getpid(), start), None)
        if found is not None and (found.process.poll() is not None or not _fits(found, environment)):
            _retired.append(found)
            found = None
        _servers[key] = found = found or Server(start, environment)
        ours = [each for each in _servers if each[0] == os.getpid()]
        _retired.extend(_servers.pop(old) for old in ours[:-KEPT])
        for each in [each for each in _retired if not each.busy()]:
            _retired.remove(each)
            each.close()
    return found


def _fits(found: Server, environment: Mapping[str, str]) -> bool:
    try:
        return found.fits(environment)
    except Lost:
        return False


@atexit.register
def close_all() -> None:
    mine = [each for (owner, _), each in _servers.items() if owner == os.getpid()]
    for each in [*mine, *(each for each in _retired if each.owner == os.getpid())]:
        each.close()
    _servers.clear()
    _retired.clear()


def forget() -> None:
    """In a copy: another process's servers are not ours."""
    global in_copy
    in_copy = True
    _servers.clear()
    _retired.clear()


def answer(line: socket.socket, function: Callable[[], Any]) -> None:
    """In a copy: sends what a function gives or raises."""
    try:
        said = ("done", function())
    except BaseException as failure:
        said = ("failed", _portable(failure))
    _put(line, said)


def _portable(failure: BaseException) -> BaseException:
    """An exception that survives the way back; one that does not becomes its text."""
    try:
        pickle.loads(pickle.dumps(failure))
        return failure
    except Exception:
        return RuntimeError(f"{type(failure).__name__}: {failure}")


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


receive = _get
