"""A cluster of which a worker is killed as soon as something is done."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def cluster_that_loses_a_worker() -> Iterator[tuple[str, Callable[[int, int | None], None], list[int]]]:
    """Its address, what is to be called as work goes on, and the numbers of the processes that were killed by that."""
    import distributed

    size = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "host": "127.0.0.1"}
    killed: list[int] = []
    with distributed.LocalCluster(**size) as cluster:

        def tell(done: int, total: int | None) -> None:
            if not killed:
                killed.append(next(worker.pid for worker in cluster.workers.values()))
                os.kill(killed[0], signal.SIGKILL)

        yield cluster.scheduler_address, tell, killed
