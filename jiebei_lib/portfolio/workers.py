"""Where work is done: in threads of this process, or on a Dask cluster. Both take the same functions and give the same results."""

from __future__ import annotations

import ctypes
import logging
import re
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

from jiebei_lib.core.knowledge.problems import Problem, UserError, shown
from jiebei_lib.core.scoring.score import processors

ANSWER_SECONDS = 7.0  # for a scheduler to answer, and to have a worker
CLOSE_SECONDS = 2.0
# Of glibc's malloc: from how many bytes on memory is mapped apart, and how many that are free at the end it gives back (mallopt)
MAPPED_FROM, GIVEN_BACK_FROM = (-3, 32 << 20), (-1, 64 << 20)


@contextmanager
def executor(cluster: str | None = None, workers: int | None = None) -> Iterator[tuple[Callable[..., Any], int]]:
    """A function that takes a function and its arguments and gives a future, and how many are worked on at once.

    ``cluster``: None for threads here, ``local`` for Dask with a process a processor, or the address of a Dask scheduler
    (``tcp://host:port``). A worker that dies costs its tasks' time and nothing else: Dask gives them to another.
    """
    if cluster is None:
        workers = workers or processors()
        with ThreadPoolExecutor(workers) as pool:
            yield pool.submit, workers
        return
    with client(cluster, workers) as dask:
        threads = sum(each["nthreads"] for each in dask.scheduler_info(n_workers=-1)["workers"].values())
        yield lambda *task: dask.submit(on_worker, *task, pure=False), max(1, threads) * 3


def on_worker(task: Callable[..., Any], *given: Any) -> Any:
    """A task, done by a process of Dask's."""
    roomy()
    return task(*given)


@cache
def roomy() -> None:
    """Lets this process keep memory that it will need again. Dask has its workers give back every 64 kB at once, and glibc then maps each
    larger array anew: a million rows cost 3.4 million page faults instead of 0.1, and their time nearly twice."""
    with suppress(OSError, AttributeError, TypeError):  # another system's malloc
        for name, size in (MAPPED_FROM, GIVEN_BACK_FROM):
            ctypes.CDLL(None).mallopt(name, size)


@contextmanager
def client(cluster: str, workers: int | None = None) -> Iterator[Any]:
    """A Dask client of :func:`executor`'s ``cluster``. Raises :class:`UserError` where there is none."""
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise UserError(Problem("no_extra", "--cluster", {"allowed": "jiebei-lib[cluster]"})) from None
    if cluster == "local":
        size = {"n_workers": workers or processors(), "threads_per_worker": 1, "dashboard_address": None}
        anywhere = {"dashboard_address": "127.0.0.1:0"}  # else one port for all, with a warning to whoever is second
        with LocalCluster(**size, host="127.0.0.1", scheduler_kwargs=anywhere) as here, Client(here) as dask:
            yield dask
        return
    _answers(cluster)
    with _quiet():
        dask = _within(ANSWER_SECONDS, lambda: _reached(Client, cluster), cluster)
        try:
            yield dask
        finally:
            # A scheduler that is gone is not waited for
            closing = threading.Thread(target=lambda: dask.close(timeout=CLOSE_SECONDS), daemon=True)
            closing.start()
            closing.join(2 * CLOSE_SECONDS)


def _answers(address: str) -> None:
    """Whether anybody is at a scheduler's address: known before Dask begins to try again and again. Raises :class:`UserError`."""
    from distributed.security import Security

    parts = re.fullmatch(r"(?:(tcp|tls)://)?(\[[0-9a-fA-F:.]+\]|[\w.-]+):(\d{1,5})/?", address)
    try:
        if not parts or not 0 < int(parts[3]) < 65536:
            raise ValueError(address)
        if parts[1] == "tls" and not Security().get_connection_args("client").get("ssl_context"):
            raise ValueError("distributed.comm.tls")
        socket.create_connection((parts[2].strip("[]"), int(parts[3])), CLOSE_SECONDS).close()
    except (OSError, ValueError, TypeError) as failure:
        said = shown(getattr(failure, "strerror", None) or str(failure), 120)
        raise UserError(Problem("no_cluster", shown(address), {"value": said})) from None


def _reached(connect: Callable[..., Any], address: str) -> Any:
    """A client whose scheduler has at least one worker."""
    dask = connect(address, timeout=ANSWER_SECONDS, set_as_default=False)
    dask.wait_for_workers(1, timeout=ANSWER_SECONDS)
    return dask


def _within(seconds: float, work: Callable[[], Any], address: str) -> Any:
    """What ``work`` gives, or a sentence once the time is up: whoever answers at an address that is no scheduler's can keep Dask waiting
    without end. Raises :class:`UserError`."""
    came: list[Any] = []

    def run() -> None:
        try:
            came.append((work(), None))
        except BaseException as failure:
            came.append((None, failure))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    found, failure = came[0] if came else (None, TimeoutError(f"{seconds:.0f} s"))
    if failure is None:
        return found
    said = shown(str(failure) or type(failure).__name__, 120)
    raise UserError(Problem("no_cluster", shown(address), {"value": said})) from None


@contextmanager
def _quiet() -> Iterator[None]:
    """Without Dask's own reports of what goes wrong, which are tracebacks: ours is one sentence."""
    names = ("distributed", "tornado", "asyncio")
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


def in_order(
    submit: Callable[..., Any], task: Callable[[Any], tuple], parts: Iterable[Any], window: int
) -> Iterator[tuple[Any, Any]]:
    """Each part with its task's result, in order, with no more than ``window`` in work."""
    waiting: deque[tuple[Any, Any]] = deque()
    for part in parts:
        waiting.append((part, submit(*task(part))))
        if len(waiting) >= window:
            part, future = waiting.popleft()
            yield part, _result(future)
    while waiting:
        part, future = waiting.popleft()
        yield part, _result(future)


def _result(future: Any) -> Any:
    """What a task gave. Raises :class:`UserError` if the cluster is gone, or its workers died of the task again and again."""
    try:
        return future.result()
    except UserError:
        raise
    except (Exception, CancelledError) as failure:
        if not (isinstance(failure, CancelledError) or type(failure).__module__.startswith("distributed")):
            raise
        said = shown(f"{type(failure).__name__}: {failure}", 120)
        raise UserError(Problem("cluster_lost", "--cluster", {"value": said})) from None
