"""Where work is done: in threads of this process, or on a Dask cluster. Both take the same functions and give the same results."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from jiebei_lib.core.knowledge.problems import Problem, UserError, shown
from jiebei_lib.core.scoring.score import processors


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
        yield (
            lambda *task: dask.submit(*task, pure=False),
            max(1, len(dask.scheduler_info(n_workers=-1)["workers"])) * 2,
        )


@contextmanager
def client(cluster: str, workers: int | None = None) -> Iterator[Any]:
    """A Dask client of :func:`executor`'s ``cluster``. Raises :class:`UserError` where there is none."""
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise UserError(Problem("no_extra", "--cluster", {"allowed": "jiebei-lib[cluster]"})) from None
    if cluster == "local":
        size = {"n_workers": workers or processors(), "threads_per_worker": 1}
        with LocalCluster(**size, dashboard_address=None, host="127.0.0.1") as here, Client(here) as dask:
            yield dask
        return
    try:
        dask = Client(cluster, timeout=10)
    except (OSError, ValueError, TimeoutError) as failure:
        slots = {"value": shown(str(failure) or type(failure).__name__, 120)}
        raise UserError(Problem("no_cluster", shown(cluster), slots)) from None
    with dask:
        yield dask


def in_order(
    submit: Callable[..., Any], task: Callable[[Any], tuple], parts: Iterable[Any], window: int
) -> Iterator[tuple[Any, Any]]:
    """Each part with its task's result, in order, with no more than ``window`` in work."""
    waiting: deque[tuple[Any, Any]] = deque()
    for part in parts:
        waiting.append((part, submit(*task(part))))
        if len(waiting) >= window:
            part, future = waiting.popleft()
            yield part, future.result()
    while waiting:
        part, future = waiting.popleft()
        yield part, future.result()
