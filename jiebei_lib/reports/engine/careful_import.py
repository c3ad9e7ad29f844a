"""Importing a module beforehand, in the server, unless a notebook that imports it later could tell.

What is looked for is what a module does *while* it is imported beside defining names: start threads that outlast a fork, print, warn,
use the kernel's shell or its comms, keep standard output or error, ask for the working folder, change the environment, the path or
Python's hooks.
"""

from __future__ import annotations

import builtins
import contextlib
import logging
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path
from typing import Any

# jemalloc (in pyarrow) stops its own thread in a copy, and gives memory back in those that free it
FORK_SAFE = {"jemalloc_bg_thd"}
_log_handlers: list[tuple[Any, str]] = []  # made by imports, with the stream that each writes to


def unfit(name: str) -> str:
    """Imports a module; why it should not have been, or nothing. ``a.b``; ``a>b``: what ``from a import b`` imports; ``~a.b``: one that
    a notebook does not import itself, and that need not be there; ``a.b:f(x,y)``: and what ``a.b.f("x", "y")`` reads, once."""
    found: dict[str, bool] = {}
    before, optional, name = _world(), name.startswith("~"), name.removeprefix("~")
    try:
        with _output_watched(found), _warnings_watched(found), _kernel_watched(found), _folder_watched(found):
            name, _, call = name.partition(":") if optional else (name, "", "")
            module, _, below = name.partition(">")
            __import__(module)  # not by a function of importlib: a warning for the importer is to come to this module
            if below and not hasattr(sys.modules[module], below):
                with contextlib.suppress(ModuleNotFoundError):
                    __import__(f"{module}.{below}")
            if call:
                function, _, words = call.removesuffix(")").partition("(")
                attrgetter(function)(sys.modules[module])(*words.split(","))
    except BaseException as failure:
        if optional and isinstance(failure, ModuleNotFoundError):
            return ""
        found["fails"] = True
    found["changes"] = _world() != before
    found = {"threads": threading.active_count() > 1 or _keeps_threads(), **found}
    return next((why for why, so in found.items() if so), "")


def hand_over() -> None:
    """In a copy, once it has its streams: the log handlers that imports have made write to them."""
    for handler, name in _log_handlers:
        handler.stream = getattr(sys, name)


def _world() -> tuple[Any, ...]:
    """What an import has no business to change, and copies would not get."""
    hooks = sys.excepthook, sys.displayhook, sys.unraisablehook, threading.excepthook
    built_in = {name: id(value) for name, value in vars(builtins).items() if name != "_"}
    return hooks, built_in, dict(os.environ), list(sys.path), list(sys.argv), os.getcwd()


def _given_back(streams: dict[str, tuple[Any, Any]]) -> None:
    """Log handlers that took a stream which only watches get the real one."""
    for handler in [each() for each in vars(logging)["_handlerList"]]:
        for name, (watched, own) in streams.items():
            if vars(handler).get("stream") is watched:
                handler.stream = own
                _log_handlers.append((handler, name))


@contextlib.contextmanager
def _output_watched(found: dict[str, bool]) -> Iterator[None]:
    """``prints``: something went to standard output or error, by Python or past it. ``keeps``: one of the two is still held."""
    beside, plain, kept = os.memfd_create("out"), (sys.stdout, sys.stderr), (os.dup(1), os.dup(2))
    os.dup2(beside, 1)
    os.dup2(beside, 2)
    out, err = (open(os.dup(beside), "w", encoding="utf-8", closefd=True) for _ in range(2))  # noqa: SIM115
    sys.stdout, sys.stderr = out, err
    held = sys.getrefcount(out), sys.getrefcount(err)
    try:
        yield
    finally:
        _given_back({"stdout": (out, plain[0]), "stderr": (err, plain[1])})
        found["keeps"] = (sys.getrefcount(out), sys.getrefcount(err)) != held
        for each in (out, err, *plain):
            each.flush()
        sys.stdout, sys.stderr = plain
        found["prints"] = os.fstat(beside).st_size > 0
        for number, each in enumerate(kept, 1):
            os.dup2(each, number)
            os.close(each)
        os.close(beside)


@contextlib.contextmanager
def _warnings_watched(found: dict[str, bool]) -> Iterator[None]:
    """``warns``: something that a cell with this import would show, also what is said to the importing code alone."""
    shown: list[Any] = []
    warnings.filterwarnings("always", module=__name__.replace(".", r"\."))
    mine, plain = warnings.filters[0], warnings.showwarning
    warnings.showwarning = lambda *said, **_: shown.append(said)
    try:
        yield
    finally:
        warnings.showwarning = plain
        with contextlib.suppress(ValueError):
            how: Any = warnings  # a filter can be put in by its own names, not taken out
            how.filters.remove(mine)
            how._filters_mutated()
        found["warns"] = bool(shown)


@contextlib.contextmanager
def _kernel_watched(found: dict[str, bool]) -> Iterator[None]:
    """``kernel``: the shell was used for more than to see that there is one, or the comms were."""
    import comm
    from ipykernel.zmqshell import ZMQInteractiveShell
    from IPython.core.interactiveshell import InteractiveShell

    used: list[str] = []

    class Shell:
        """There, and a kernel's, and no more."""

        __class__: Any = ZMQInteractiveShell

        def __getattr__(self, name: str) -> Any:
            used.append(name)
            raise AttributeError(name)

    def asked(*_: Any, **__: Any) -> Any:
        used.append("comm")
        raise RuntimeError("no kernel yet")

    kept = comm.create_comm, comm.get_comm_manager
    classes: tuple[Any, ...] = (InteractiveShell, ZMQInteractiveShell)
    comm.create_comm = comm.get_comm_manager = asked
    shell = Shell()
    for each in classes:
        each._instance = shell
    try:
        yield
    finally:
        for each in classes:
            each._instance = None
        comm.create_comm, comm.get_comm_manager = kept
        found["kernel"] = bool(used) or sys.getrefcount(shell) > 2


@contextlib.contextmanager
def _folder_watched(found: dict[str, bool]) -> Iterator[None]:
    """``folder``: the working folder was asked for; but what multiprocessing notes of it is renewed in copies."""
    plain, askers = os.getcwd, set()

    def asked() -> str:
        askers.add(sys._getframe(1).f_globals.get("__name__"))
        return plain()

    os.getcwd = asked
    try:
        yield
    finally:
        os.getcwd = plain
        found["folder"] = bool(askers - {"multiprocessing.process"})


def _keeps_threads() -> bool:
    """Whether there are threads beside Python's own that outlast a fork: numerical libraries end theirs before one."""
    if len(_threads()) == 1:
        return False
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return len(_threads()) > 1


def _threads() -> list[str]:
    """The threads by name, without those that are known to do without in a copy."""
    names = [Path(task, "comm").read_text("utf-8").strip() for task in Path("/proc/self/task").iterdir()]
    return [name for name in names if name not in FORK_SAFE]
