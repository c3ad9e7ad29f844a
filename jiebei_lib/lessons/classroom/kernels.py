"""The students' kernels: begun once, before class; never more than the class has places; ended when nobody looks at them any more."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from traitlets import Float, Integer

LEFT_SECONDS = 20.0  # after a page is gone, its kernel waits this long for a network that comes back
UNSEEN_SECONDS = 45.0  # a kernel whose page has never connected: the page takes a while where forty come at once


class Full(Exception):
    """Every place of the class is taken by somebody who is there."""


class ClassKernels(AsyncMappingKernelManager):
    """Voilà adds its pool to this class. Three things are different here.

    Once the first fill is under way the pool is not filled again: Voilà would begin another kernel for each one taken, forty at the
    same moment. There are at most ``places`` kernels: who comes when all are taken gets the one that has been without a reader for
    longest, or :class:`Full`. And kernels that wait for their student are never ended for being idle.
    """

    places = Integer(0, help="The most kernels there may be; 0: no limit.", config=True)
    left = Float(LEFT_SECONDS, config=True)
    unseen = Float(UNSEEN_SECONDS, config=True)

    def __init__(self, **given: Any):
        self._starting = 0
        self._alone: dict[
            str, tuple[float, bool]
        ] = {}  # kernel -> since when without a reader, and whether it ever had one
        self._born: dict[str, Any] = {}  # kernel -> its process; one that died and was started again knows no lesson
        super().__init__(**given)

    def start_kernel(self, *given: Any, **more: Any) -> Any:
        return self._start_where_there_is_room(*given, **more)

    async def _start_where_there_is_room(self, *given: Any, **more: Any) -> str:
        if (config := getattr(self, "kernel_pools_config", None)) is not None:
            self.kernel_pools_config = {name: {**pool, "pool_size": 0} for name, pool in config.items()}
        await self.make_room()
        self._starting += 1
        try:
            kernel = await super().start_kernel(*given, **more)
        finally:
            self._starting -= 1
        self._alone[kernel], self._born[kernel] = (time.monotonic(), False), self._process(kernel)
        return kernel

    def _process(self, kernel_id: str) -> Any:
        return getattr(self.get_kernel(kernel_id).provisioner, "pid", None)

    async def drop_broken(self) -> None:
        """Takes out of the pool what did not come through the lesson's notebook: kernels that could not start, died since, or were
        started anew. Whoever were given one of them would have half a page, or a page at which nobody listens."""
        for pool in getattr(self, "_pools", {}).values():
            for task in [task for task in pool if task.done()]:
                if task.cancelled() or task.exception():
                    pool.remove(task)
                    continue
                kernel, made = task.result()["kernel_id"], task.result()["task"]
                failed = made.done() and (made.cancelled() or made.exception())
                if failed or kernel not in self or not await self.as_born(kernel):
                    if task in pool:  # not taken by somebody else meanwhile
                        pool.remove(task)
                    with suppress(Exception):  # it is gone already
                        await self.shutdown_kernel(kernel, now=True)

    async def as_born(self, kernel_id: str) -> bool:
        """Whether a kernel lives and is the process that it was at first."""
        alive = await ensure_async(self.get_kernel(kernel_id).is_alive())
        return alive and self._process(kernel_id) == self._born.get(kernel_id)

    async def make_room(self) -> None:
        """Ends the kernel that has been without a reader for longest, if all places are taken. Raises :class:`Full`."""
        if not self.places or len(self) + self._starting < self.places:
            return
        now, pooled = time.monotonic(), self.waiting()
        waited = {
            kernel: now - since
            for kernel, (since, seen) in self._alone.items()
            if kernel in self and kernel not in pooled and now - since > (self.left if seen else self.unseen)
        }
        if not waited:
            raise Full
        await self.shutdown_kernel(max(waited, key=lambda kernel: waited[kernel]), now=True)

    def waiting(self) -> set[str]:
        """Kernels of the pool, which nobody has taken yet."""
        tasks = [task for pool in getattr(self, "_pools", {}).values() for task in pool]
        return {task.result()["kernel_id"] for task in tasks if task.done() and not task.exception()}

    def free(self) -> bool:
        """Whether somebody who comes now finds a kernel that waits, or a place for a new one."""
        now = time.monotonic()
        return (
            not self.places
            or bool(self.waiting())
            or len(self) + self._starting < self.places
            or any(now - since > (self.left if seen else self.unseen) for since, seen in self._alone.values())
        )

    def taken(self, kernel_id: str) -> None:
        """A kernel left the pool for a page that has not connected yet."""
        self._alone[kernel_id] = (time.monotonic(), False)

    def notify_connect(self, kernel_id: str) -> None:
        super().notify_connect(kernel_id)
        self._alone.pop(kernel_id, None)

    def notify_disconnect(self, kernel_id: str) -> None:
        super().notify_disconnect(kernel_id)
        if not self._kernel_connections.get(kernel_id):
            self._alone[kernel_id] = (time.monotonic(), True)

    def remove_kernel(self, kernel_id: str) -> Any:
        self._alone.pop(kernel_id, None)
        self._born.pop(kernel_id, None)
        return super().remove_kernel(kernel_id)

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        if kernel_id not in self.waiting():
            await super().cull_kernel_if_idle(kernel_id)
