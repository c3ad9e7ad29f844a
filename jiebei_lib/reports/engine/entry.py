"""The entry point that papermill loads: cheap, since papermill imports it while it is being imported itself."""

from __future__ import annotations

from typing import Any


class _Engine:
    """What the entry point ``papermill.engine`` names: the engine itself is imported when papermill first asks it for anything,
    because papermill loads entry points while it is being imported, and jiebei_lib.reports.engine.engine imports papermill."""

    def __getattr__(self, name: str) -> Any:
        from jiebei_lib.reports.engine.engine import WarmEngine

        return getattr(WarmEngine, name)


papermill_engine = _Engine()
