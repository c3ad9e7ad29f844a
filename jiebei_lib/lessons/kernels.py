"""The students' kernels: begun once, before class. Voilà's pool would begin another for each one taken, forty at the same moment."""

from __future__ import annotations

from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager


class ClassKernels(AsyncMappingKernelManager):
    """Voilà adds its pool to this class; once the first fill is under way, the pool is not filled again.

    Who comes after the pool is used up gets a kernel of the usual kind, a few seconds later.
    """

    async def start_kernel(self, *given: Any, **more: Any) -> str:
        if (config := getattr(self, "kernel_pools_config", None)) is not None:
            self.kernel_pools_config = {name: {**pool, "pool_size": 0} for name, pool in config.items()}
        return await super().start_kernel(*given, **more)
