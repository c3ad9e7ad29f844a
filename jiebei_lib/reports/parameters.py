"""A template's parameters: which ones it declares, of what type, and what a run gives it against that.

The first cell with the tag ``parameters`` is the schema: each ``name: type = value`` in it, and the comment behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jiebei_lib.core.knowledge.problems import Problem, ReportError, items, shown

PLAIN = (str, int, float, bool, list, dict, type(None))  # what a parameter may be: papermill knows nothing else
SHELLS = {"In", "Out"}  # a notebook's own names


def declared(names: Mapping[str, Any]) -> None:
    """For the cell behind a template's parameters, given ``globals()``: refuses what was passed and is not declared. papermill itself
    only warns of it, and the report then silently stands for something else than was asked. Raises :class:`ReportError`."""
    known = names.get("__annotations__", {})
    passed = [name for name, value in names.items() if isinstance(value, PLAIN) and not name.startswith("_")]
    unknown = [name for name in passed if name not in known and name not in SHELLS]
    if unknown:
        allowed = items(known)
        raise ReportError([Problem("unknown_parameter", shown(name), {"allowed": allowed}) for name in unknown])
