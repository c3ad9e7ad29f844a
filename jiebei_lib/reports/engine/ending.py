"""How a copy ends: as Python ends, but without taking apart, page by page, what it shares with its server.

Most of what a Python does when it ends is to take apart the modules that it has imported; in a copy that means to copy first the memory
in which they lie. It is spared that where it makes no difference: when all that is registered has been called and garbage is collected,
and nothing is left that the run has made and that would still do something (write what it holds, run ``__del__`` or a ``finally``). Then
the modules that were there before the fork stay as they are, and Python takes apart the rest in its own order.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import os
import sys
from types import AsyncGeneratorType, CoroutineType, GeneratorType, ModuleType
from typing import Any

# Whose coroutines and generators do nothing more when a kernel has ended
KERNELS = ("asyncio", "tornado", "zmq", "ipykernel")
_shared: dict[str, ModuleType] = {}  # in a copy: the modules that were there before the fork
_own: list[Any] = []  # what a kernel that has run nothing would have to end


def begin(shared: dict[str, ModuleType]) -> None:
    """In a copy, before its first cell."""
    _own.extend(_ending())
    _shared.update(shared)


@atexit.register  # before all else that is, hence called after it: the server imports this module first
def _leave_alone() -> None:
    if not _shared:
        return
    gc.collect()
    own = {id(each) for each in _own}
    if any(id(each) not in own and _matters(each) for each in _ending()):
        return
    for name, module in _shared.items():
        if sys.modules.get(name) is module:
            del sys.modules[name]
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(_shared))  # which keeps them for ever


def _ending() -> list[Any]:
    """What would do something when it is taken apart. What was there before the fork is frozen, and not looked at."""
    kinds: dict[type, bool] = {}
    found = []
    for each in gc.get_objects():
        kind = type(each)
        if kind not in kinds:
            kinds[kind] = hasattr(kind, "__del__")
        if kinds[kind]:
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
            return not any(file.startswith(os.path.dirname(_shared[part].__file__ or "?")) for part in KERNELS)
    return True
