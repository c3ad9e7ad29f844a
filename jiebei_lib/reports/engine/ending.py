"""How a copy ends: as Python ends, but without taking apart, page by page, what it shares with its server.

Most of what a Python does when it ends is to take apart the modules that it has imported, and every text that it has interned; in a copy
that means to copy first the memory in which they lie. It is spared that where it makes no difference: when all that is registered has been
called and garbage is collected, and nothing is left that the run has made and that would still do something (write what it holds, run
``__del__`` or a ``finally``). Then the modules of the run's own are taken apart in Python's order, and the process ends as C ends it: what
has been registered with C is called, its streams are written out. What was registered before the fork gives back memory, object by object,
which the system takes back at once anyway: it is spared too, if it is only of libraries that are known to do no more.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import os
import sys
import weakref
from itertools import takewhile
from pathlib import Path
from types import AsyncGeneratorType, CoroutineType, GeneratorType, ModuleType
from typing import Any

# Whose coroutines and generators do nothing more when a kernel has ended
KERNELS = ("asyncio", "tornado", "zmq", "ipykernel")
# Whose libraries, besides Python's own, have nothing but memory to give back at the end
PLAIN = {
    "zmq",
    "pyzmq.libs",
    "tornado",
    "msgpack",
    "psutil",
    "debugpy",
    "rpds",
    "yaml",
    "_yaml",
    "markupsafe",
    "numpy",
    "numpy.libs",
}
PLAIN |= {
    "pandas",
    "pyarrow",
    "scipy",
    "scipy.libs",
    "llvmlite",
    "numba",
    "matplotlib",
    "contourpy",
    "kiwisolver",
    "PIL",
    "pillow.libs",
}
_ends: dict[type, bool] = {}  # which kinds of object would do something when they are taken apart
_last: list[ModuleType] = []  # in a copy: the last module that was there before the fork
_folders: list[str] = []  # where those kernels' parts are
_own: list[Any] = []  # what a kernel that has run nothing would have to end
_done: list[bool] = []  # whether a kernel has ended by itself


def learn() -> None:
    """In the server: looks at what there is, so that copies need not; and has C's end stop where what a copy has registered is done."""
    _ending(_ends)
    libraries = {
        line.split()[-1] for line in Path("/proc/self/maps").read_text("utf-8", "replace").splitlines() if ".so" in line
    }
    packages = {name.rpartition("-packages/")[2].partition("/")[0] for name in libraries if "-packages/" in name}
    if packages <= PLAIN:
        c = ctypes.CDLL(None)
        c.on_exit(c._exit, None)  # the last to be called of what comes after
        getattr(c, "__cxa_atexit")(c.fflush, None, None)


def mark() -> None:
    """In a copy: what is imported from here on is the run's own."""
    _last.append(next(reversed(sys.modules.values())))


def imported() -> list[str]:
    """The run's own modules, the latest first."""
    return list(takewhile(lambda name: sys.modules[name] is not _last[0], reversed(sys.modules)))


def begin() -> None:
    """Before its first cell."""
    _own.extend(_ending(_ends))
    _folders.extend(os.path.dirname(sys.modules[name].__file__ or "?") for name in KERNELS)


def done() -> None:
    """After its last."""
    _done.append(True)


@atexit.register  # before all else that is, hence called after it: the server imports this module first
def _leave_alone() -> None:
    if not _done:
        return
    gc.collect()
    own = {id(each) for each in _own}
    if any(id(each) not in own and _matters(each) for each in _ending({})):
        return
    _take_apart()
    ctypes.pythonapi.fflush(None)
    ctypes.pythonapi.exit(0)  # with the interpreter's lock in hand: no thread runs on meanwhile


def _take_apart() -> None:
    """The run's own modules, as Python does it: all lose their places, then what is still there loses its contents, the latest first."""
    places = [weakref.ref(sys.modules.pop(name)) for name in [*imported(), "__main__"] if _is_module(name)]
    gc.collect()
    for place in places:
        contents = vars(module) if (module := place()) else {}
        for name in sorted(filter(_named, contents), key=lambda name: name[:1] != "_"):  # its private ones first
            contents[name] = None
    module, contents = None, {}
    gc.collect()
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is not None:
            stream.flush()


def _named(name: Any) -> bool:
    return isinstance(name, str) and name != "__builtins__"


def _is_module(name: str) -> bool:
    return isinstance(sys.modules.get(name), ModuleType)


def _ending(kinds: dict[type, bool]) -> list[Any]:
    """What would do something when it is taken apart. What was there before the fork is frozen, and not looked at."""
    found = []
    for each in gc.get_objects():
        kind = type(each)
        ends = _ends.get(kind)
        if ends is None and (ends := kinds.get(kind)) is None:
            ends = kinds[kind] = hasattr(kind, "__del__")
        if ends:
            found.append(each)
    return found


def _matters(each: Any) -> bool:
    """Whether it is more than a descriptor that the system closes, a kernel's loop, or what such a loop has not finished."""
    import asyncio
    import socket

    import zmq

    if isinstance(each, socket.socket | zmq.Socket | zmq.Context | asyncio.BaseEventLoop):
        return False
    if isinstance(each, asyncio.Future):  # a task's coroutine is looked at on its own
        return each.done() and not each.cancelled() and each.exception() is not None
    for kind, name in ((CoroutineType, "cr_code"), (GeneratorType, "gi_code"), (AsyncGeneratorType, "ag_code")):
        if isinstance(each, kind):
            file = getattr(each, name).co_filename
            return not file.startswith(tuple(_folders))
    return True
