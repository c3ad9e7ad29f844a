"""What a new process takes over from the one that starts it, and what it makes anew: so that a copy is like a new process.

A copy gets its caller's working directory, environment, limits, mask and priority, as they are at the call; and it draws its own
random numbers. What a server has read of the environment and of files while it imported is remembered, for a changed value asks for
another server. One thing cannot be made anew: the seed by which Python hashes strings, which is the server's (see docs/engine.md).
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
import sysconfig
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

# Variables that are read outside Python's os.environ, when a process starts or a library is loaded
AT_START = re.compile(
    r"PYTHON|LD_|LC_|LANG|MALLOC_|GLIBC_|OMP_|KMP_|MKL_|GOTO_|OPENBLAS_|BLIS_|VECLIB_|NUMBA_|NUMEXPR_|ARROW_"
)
# A kernel's own, different each time, which it is told anew
OWN = {"JPY_PARENT_PID", "JPY_SESSION_NAME", "JPY_INTERRUPT_EVENT", "IPY_INTERRUPT_EVENT"}

cold: dict[str, str] = {}  # in a server: modules that it gave up importing, and why
_read: set[str] = set()  # the environment variables that were read
_path: list[str] = []  # a new Python's path
files: list[str] = []  # where the modules come from that a new kernel has
names: set[str] = set()  # and what they are called
_mine: list[str] = []  # ours, which only served to make copies
_before: set[str] = set()  # modules that are there in any kernel


@contextlib.contextmanager
def watched() -> Iterator[None]:
    """Notes which environment variables are read."""
    kind: Any = type(os.environ)  # whose own ways of being read are replaced for a while
    plain, every = kind.__getitem__, kind.__iter__
    passing: deque[str] = deque()

    def noting(self: Any, name: str) -> str:
        if passing and passing[0] == name:
            passing.popleft()
        else:
            passing.clear()
            _read.add(name)
        return plain(self, name)

    def passing_by(
        self: Any,
    ) -> Iterator[str]:  # who looks through all variables seeks their own, by their name's beginning
        for name in every(self):
            passing.append(name)
            yield name

    kind.__getitem__, kind.__iter__ = noting, passing_by
    try:
        yield
    finally:
        kind.__getitem__, kind.__iter__ = plain, every


def mark(names: Iterable[str] = sys.modules) -> None:
    """These modules are there in any kernel; what else is imported from here on is not."""
    _before.update(names)


def remember(path: list[str]) -> None:
    ours = __name__.partition(".")[0]
    _path[:], mine = path, [name for name in sys.modules if name.partition(".")[0] == ours]
    _mine[:] = mine if _before.issuperset(mine) else []  # else they were asked for
    names.update(name for name in sys.modules if name not in _mine)
    files[:] = [file for name in sys.modules if name in names and (file := _file(name))]


def _file(name: str) -> str | None:
    return getattr(sys.modules[name], "__file__", None)


def told() -> dict[str, Any]:
    """In a copy: what its server has read and imported. ``files``: when each that may change was changed, by its path;
    ``shadowed``: names that another file could take in a notebook's folder."""
    files = {folder: _changed(folder) for folder in sysconfig.get_paths().values() if folder.endswith("-packages")}
    fixed = tuple(folder + os.sep for folder in {*sysconfig.get_paths().values(), sys.base_prefix})
    for name in [name for name in sys.modules if name not in _before]:
        if (file := _file(name)) and not file.startswith(fixed):
            files[file] = _changed(file)
    shadowed = {name.partition(".")[0] for name in set(sys.modules) - _before}
    return {"read": _read - OWN, "files": files, "shadowed": shadowed, "cold": dict(cold)}


def unchanged(told: Mapping[str, Any], then: Mapping[str, str], now: Mapping[str, str]) -> bool:
    """Whether an environment and the files are as they were for all that a server has read."""
    for name in {*then, *now} - OWN:
        if then.get(name) != now.get(name) and (name in told["read"] or AT_START.match(name) or _own(name, told)):
            return False
    if any(entry and not os.path.isabs(entry) for entry in now.get("PYTHONPATH", "").split(os.pathsep)):
        return False  # other files from each folder
    return all(_changed(path) == at for path, at in told["files"].items())


def _own(name: str, told: Mapping[str, Any]) -> bool:
    """Whether a variable is by its name one of a module's that is imported: ``DASK_…``."""
    return name.partition("_")[0].lower() in told["shadowed"]


def _changed(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


def here(folder: str | None = None, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What a process that were started here and now would take over; limits by the numbers of :mod:`resource`."""
    import resource

    return {
        "folder": os.path.abspath(folder or "."),
        "environment": dict(os.environ if environment is None else environment),
        "limits": {n: resource.getrlimit(n) for name, n in vars(resource).items() if name.startswith("RLIMIT_")},
        "mask": int(re.findall(r"Umask:\s*(\d+)", Path("/proc/self/status").read_text("utf-8"))[0], 8),
        "priority": os.getpriority(os.PRIO_PROCESS, 0),
        "processors": os.sched_getaffinity(0),
    }


def become(state: Mapping[str, Any], stdio: list[int]) -> None:
    """In a copy: takes over a caller's state, and makes anew what no two processes share."""
    import resource

    for number, fd in enumerate(stdio):
        os.dup2(fd, number)
    for fd in stdio:
        os.close(fd)
    zone = os.environ.get("TZ")
    _have(state["environment"])
    if os.environ.get("TZ") != zone:
        time.tzset()
    tempfile.tempdir = None
    os.chdir(state["folder"])
    os.umask(state["mask"])
    for number, limit in state["limits"].items():
        if resource.getrlimit(number) != limit:
            with contextlib.suppress(ValueError, OSError):  # a limit that was lowered for good is not raised
                resource.setrlimit(number, limit)
    if os.getpriority(os.PRIO_PROCESS, 0) != state["priority"]:
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, state["priority"])
    if os.sched_getaffinity(0) != state["processors"]:
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, state["processors"])
    if processes := sys.modules.get("multiprocessing.process"):
        vars(processes)["ORIGINAL_DIR"] = os.getcwd()  # where processes that it spawns find modules
    # Python's own generator is seeded anew after a fork, numpy's is not
    if numpy := sys.modules.get("numpy.random"):
        numpy.seed()


def _have(environment: Mapping[str, str]) -> None:
    """Makes this the environment, in this order, and leaves alone what it begins with."""
    now, then = list(os.environ.items()), list(environment.items())
    same = next((n for n, (a, b) in enumerate(zip(now, then, strict=False)) if a != b), min(len(now), len(then)))
    for name, _ in now[same:]:
        del os.environ[name]
    os.environ.update(then[same:])


def as_if_never_here() -> None:
    """In a copy: the path that a new Python would have, and none of the modules that only served to make the copy."""
    sys.path[:] = _path
    for name in _mine:
        sys.modules.pop(name, None)


@cache
def prctl() -> Callable[..., int] | None:
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        return ctypes.CDLL(None).prctl
    return None


def die_with_parent() -> None:
    if call := prctl():
        call(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
