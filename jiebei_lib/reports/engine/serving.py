"""The fork server itself: imports, then forks a copy for every request, holds each on its leash, and ends with its owner.

It has one thread. A module that cannot be imported beforehand without a difference (careful_import.py) is given up: the server starts
again without it. Every environment variable that is read is remembered, so that another value later means another server.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import select
import signal
import socket
import struct
import sys
from importlib import import_module
from typing import Any

from jiebei_lib.reports.engine import careful_import, ending, fork_server, launch_state, memory

WORDS = "JIEBEI_WARM_COLD"  # modules that were given up, and why, for the server that starts again: "module=why", a line each


class _Child:
    """A copy: its process, the descriptor that tells its end, its leash, and a file to delete should the owner be gone first."""

    def __init__(self, pid: int, leash: socket.socket, to_delete: bytes):
        self.pid, self.end, self.leash, self.to_delete = pid, os.pidfd_open(pid), leash, to_delete

    def signal(self, number: int) -> None:
        for send in (os.killpg, os.kill):  # by process group, as soon as it has one
            with contextlib.suppress(ProcessLookupError):
                return send(self.pid, number)
        return None


def serve(path: list[str]) -> None:
    """Imports, then serves until the owner lets go of the control line or is gone. ``path``: a new Python's."""
    (number, owner, *imports), sys.argv[:] = sys.argv[1:], [""]
    control = socket.socket(fileno=int(number))
    _warm_up(imports)
    launch_state.remember(path)
    launch_state.prctl()
    ending.learn()
    gc.collect()
    memory.fill_gaps()
    gc.freeze()  # the copies' collectors leave what is shared alone, and with it the memory shared
    _serve(control, int(owner))


def _serve(control: socket.socket, owner: int) -> None:
    gone, poll = os.pidfd_open(owner), select.poll()
    if os.getppid() != owner:
        return
    children: dict[int, _Child] = {}  # by each descriptor that is about them
    noted: set[bytes] = set()  # files for copies to come
    for fd in (control.fileno(), gone):
        poll.register(fd, select.POLLIN)
    while True:
        for fd, _ in poll.poll():
            if fd == gone:
                _end(control, children, noted)
            elif fd != control.fileno():
                _about(children, fd, poll)
            else:
                said, fds, _, _ = socket.recv_fds(control, 8192, 8)
                if not said:
                    _end(control, children, noted)
                if not fds:
                    noted.add(said[1:])
                    continue
                noted.discard(said[1:])
                leash = socket.socket(fileno=fds[0])
                pid = os.fork()
                if pid == 0:
                    for each in {*children, control.detach(), gone, leash.detach()}:
                        os.close(each)
                    return _begin(socket.socket(fileno=fds[1]), fds[2:])
                for each in fds[1:]:
                    os.close(each)
                child = _Child(pid, leash, said[1:])
                for each in (child.end, leash.fileno()):
                    children[each] = child
                    poll.register(each, select.POLLIN)
                with contextlib.suppress(OSError):
                    leash.send(struct.pack("!q", pid))


def _about(children: dict[int, _Child], fd: int, poll: select.poll) -> None:
    """A copy has ended, or something came over its leash."""
    child = children.get(fd)
    if child is None:  # dealt with in this round
        return
    if fd != child.end:
        with contextlib.suppress(ConnectionError):
            if said := child.leash.recv(1):
                return child.signal(said[0])
        child.signal(signal.SIGKILL)
        _delete(child.to_delete)  # its owner may be ending, whose descriptors go before it does
        poll.unregister(fd)
        return None
    _, status = os.waitpid(child.pid, 0)
    with contextlib.suppress(OSError):
        child.leash.send(struct.pack("!q", os.waitstatus_to_exitcode(status)))
    for each in (child.end, child.leash.fileno()):
        with contextlib.suppress(KeyError):
            poll.unregister(each)
        del children[each]
    os.close(child.end)
    child.leash.close()
    return None


def _end(control: socket.socket, children: dict[int, _Child], noted: set[bytes]) -> None:
    """Ends with all copies; what a killed owner could not tidy up is deleted, also what it asked for in its last moment."""
    with contextlib.suppress(OSError):
        while said := control.recv(8192, socket.MSG_DONTWAIT):
            noted.add(said[1:])
    for child in set(children.values()):
        child.signal(signal.SIGKILL)
        noted.add(child.to_delete)
    for file in noted:
        _delete(file)
    os._exit(0)


def _delete(file: bytes) -> None:
    with contextlib.suppress(OSError):
        os.unlink(file)


def _begin(line: socket.socket, stdio: list[int]) -> None:
    """In a copy: made like a new process, then its one call."""
    server = os.getppid()
    launch_state.die_with_parent()
    if os.getppid() != server:
        os._exit(1)
    os.setsid()
    fork_server.forget()
    try:
        function, args, state, whole = fork_server.receive(line)
    except Exception:  # a caller that is gone is nobody to answer
        os._exit(0)
    launch_state.become(state, stdio)
    if whole:  # it ends as Python ends: what is open is written, what is registered is called
        fork_server.line = line
        return function(*args)
    with contextlib.suppress(Exception):
        fork_server.answer(line, lambda: function(*args))
        line.close()
        atexit._run_exitfuncs()
    os._exit(0)


# ---- importing -----------------------------------------------------------------------------------------------------


def _warm_up(imports: list[str]) -> None:
    cold = {name: why for name, _, why in (each.rpartition("=") for each in os.environ.pop(WORDS, "").splitlines())}
    launch_state.cold = cold
    with launch_state.watched():
        for name in imports:
            if name.startswith("-"):
                missing: Any = None  # how Python is told that there is no such module
                sys.modules[name[1:]] = missing
            elif not name.startswith(("?", "+")):
                _import(name)
        launch_state.mark()
        for name in imports:
            if name.startswith("?") and name[1:] not in cold and (why := careful_import.unfit(name[1:])):
                said = "\n".join(f"{each}={reason}" for each, reason in {**cold, name[1:]: why}.items())
                os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, WORDS: said})
        before = set(sys.modules)
        for name in imports:
            if name.startswith("+"):
                _import(name[1:])
        launch_state.mark(set(sys.modules) - before)


def _import(name: str) -> None:
    module, _, function = name.partition(":")
    with contextlib.suppress(ImportError):
        found = import_module(module)
        if function:
            getattr(found, function)()
