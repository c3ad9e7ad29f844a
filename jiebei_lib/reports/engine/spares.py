"""Kernels begun ahead of need: while one runs a notebook, the next is started, and waits with its sockets bound.

A spare kernel knows no notebook. It stops before it runs anything of the user's (startup files, extensions), and it is used only if all
that a process takes over from its caller (:func:`launch_state.here`) is then as it was when the spare was begun; else it is ended, and
a kernel is forked as always. What it writes to standard output and error is kept until it has its caller's. At most :data:`MOST` wait;
they end with their server, hence with this process, and their connection files with them.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyter_client.connect import LocalPortCache, port_names, write_connection_file

from jiebei_lib.reports.engine import beforehand, fork_server

MOST = 2
LIKE = ("kernel_name", "config", "ip", "transport")  # in what two managers must agree besides their class
_waiting: list[Spare] = []  # the oldest first
_choosing = threading.Lock()


class Spare:
    """A waiting kernel, and what its manager is going to know of it: file, ports and key."""

    def __init__(self, manager: Any, run: Callable[..., None]):
        """As the kernel that ``manager`` has started, by :meth:`fork_server.Server.copy` of ``run``."""
        self.server, arguments, self.asked = manager.provisioner.started
        self.kind, self.like = type(manager), {name: getattr(manager, name) for name in LIKE}
        self.session = manager._session_default()
        self.session.parent = None  # the manager may go
        self.ports = {name: LocalPortCache.instance().find_available_port(manager.ip) for name in port_names}
        self.file = _free_name()
        self.server.note(os.path.realpath(self.file))  # before there is one
        address = {name: getattr(manager, name) for name in ("ip", "transport", "kernel_name")} | self.ports
        signing = {name: getattr(self.session, name) for name in ("key", "signature_scheme")}
        write_connection_file(self.file, **address, **signing)
        paths = os.path.realpath(manager.connection_file), os.path.realpath(self.file)
        self.arguments = [paths[1] if each == paths[0] else each for each in arguments]
        stdin, closed = os.pipe()
        os.close(closed)
        streams = (stdin, os.memfd_create("output"), os.memfd_create("error"))
        state = {"folder": self.asked["folder"], "environment": self.asked["environment"]}
        how: dict[str, Any] = {"to_delete": paths[1], "stdio": streams, "whole": True, "spare": True}
        try:
            self.copy = self.server.copy(run, self.arguments, True, **how, **state)
        except BaseException:
            os.unlink(paths[1])
            raise
        finally:
            for each in streams:
                os.close(each)

    def fits(self, manager: Any) -> bool:
        """Whether a manager that has prepared nothing yet would start such a kernel, at another address."""
        same = all(getattr(manager, name) == value for name, value in self.like.items())
        touched = manager.connection_file or any(getattr(manager, name) for name in port_names)
        return same and not touched and type(manager) is self.kind and "session" not in manager._trait_values

    def give(self, manager: Any) -> None:
        """The manager gets the kernel's address, whether or not it will use the kernel."""
        self.session.parent = manager
        for name, value in {**self.ports, "session": self.session, "connection_file": self.file}.items():
            setattr(manager, name, value)
        manager._connection_file_written = manager.provisioner.ports_cached = True

    def goes_on(self, started: tuple[Any, ...], stdio: tuple[int, ...]) -> bool:
        """Lets the kernel go on if it is what would be started now; when it does, it says so on its line."""
        if (self.server, self.arguments, self.asked) != started:
            return False
        with suppress(OSError, EOFError):
            self.copy.used()
            socket.send_fds(self.copy.line, [b"+"], list(stdio[1:]))
            return True
        return False

    def leave(self, manager: Any) -> None:
        """Ends the kernel; the manager, which has its address, gets another."""
        with suppress(OSError, EOFError):
            if self.copy.spare:
                self.copy.used()
        self.copy.signal(signal.SIGKILL)
        self.copy.wait()
        self.copy.close()
        move(manager)

    def end(self) -> None:
        self.copy.close()
        with suppress(OSError):
            os.unlink(self.file)
        for port in self.ports.values():
            LocalPortCache.instance().return_port(port)


def _free_name() -> str:
    """As ``tempfile.mkstemp`` would name a file, without making one."""
    while os.path.lexists(name := os.path.join(tempfile.gettempdir(), f"tmp{os.urandom(4).hex()}.json")):
        pass
    return name


def move(manager: Any) -> None:
    """Gives a kernel that is about to start another address: between the choice of a port and its use anybody may take it."""
    more = {}
    with suppress(OSError, ValueError):  # a server that has ended meanwhile has deleted the file
        kept = json.loads(Path(manager.connection_file).read_text("utf-8"))
        more = {name: kept[name] for name in kept.keys() & {"jupyter_session"}}  # which not all files have
    for name in port_names:
        LocalPortCache.instance().return_port(getattr(manager, name))
        setattr(manager, name, LocalPortCache.instance().find_available_port(manager.ip))
    manager._connection_file_written = False
    manager.write_connection_file(**more)
    manager.provisioner.connection_info = manager.get_connection_info()


def begin(manager: Any, run: Callable[..., None]) -> None:
    """After a manager has started a kernel: another one like it, if fewer wait than have run at once."""
    with _choosing, suppress(OSError, EOFError, fork_server.Lost):
        server, _, asked = manager.provisioner.started
        _tidy()
        server.at_once = max(server.at_once, server.running())
        enough = sum(each.server is server for each in _waiting) >= min(MOST, server.at_once)
        # What else than an address stands in a connection file
        more = "JPY_SESSION_NAME" in asked["environment"] or getattr(manager, "curve_publickey", None)
        if enough or more or not server.spares:
            return
        _waiting.append(Spare(manager, run))
        while len(_waiting) > MOST:
            _waiting.pop(0).end()


def choose(manager: Any) -> Spare | None:
    """A spare kernel for a manager that is about to start one, whose address the manager then has."""
    with _choosing:
        _tidy()
        found = next((each for each in _waiting if each.fits(manager)), None)
        if found:
            _waiting.remove(found)
            found.give(manager)
    return found


@atexit.register
def end_all() -> None:
    _tidy()
    while _waiting:
        _waiting.pop().end()


def _tidy() -> None:
    """Forgets what belongs to another process, or to a server that is no longer there."""
    mine = [each for each in _waiting if each.server.owner == os.getpid()]
    for each in [each for each in mine if each.server.process.poll() is not None]:
        mine.remove(each)
        each.end()
    _waiting[:] = mine


# ---- in a copy -------------------------------------------------------------------------------------------------------


def wait(kernel: Any, line: socket.socket) -> None:
    """Lets a kernel start up to where it would run what the user has for it, and there wait for its turn."""
    kept, go_on, folder = [os.fstat(number) for number in (1, 2)], kernel.init_path, os.getcwd()

    def init_path() -> None:
        del kernel.init_path
        said, streams, _, _ = socket.recv_fds(line, 1, 2)
        if not said or kernel.loaded_config_files or beforehand.settings(kernel):  # which another kernel is to read
            os._exit(0)
        line.sendall(b"+")
        os.chdir(folder)  # there may be another of that name by now
        for before, now in zip(kept, streams, strict=True):
            _put_in_place(before, now)
        go_on()

    kernel.init_path = init_path


def _put_in_place(before: os.stat_result, now: int) -> None:
    """The stream ``now``, under all numbers that one has which has kept what was written to it, with that."""
    numbers = []
    for each in os.listdir("/proc/self/fd"):
        with suppress(OSError):
            if os.path.samestat(os.fstat(int(each)), before):
                numbers.append(int(each))
    with suppress(OSError):
        os.write(now, os.pread(numbers[0], os.fstat(numbers[0]).st_size, 0))
    for number in numbers:
        os.dup2(now, number, os.get_inheritable(number))
    os.close(now)
