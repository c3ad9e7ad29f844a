"""Modules as if they were not installed. A process of its own begins with the text of this file (``CODE``) and calls :func:`without`."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

CODE = Path(__file__).read_text("utf-8") if "__file__" in globals() else ""


def without(*absent: str) -> None:
    """From here on these can neither be imported in this process nor are they found."""

    class Absent:
        def find_spec(self, name, path=None, target=None):
            if name.split(".")[0] in absent:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    found = importlib.util.find_spec
    importlib.util.find_spec = lambda name, package=None: None if name in absent else found(name, package)
    sys.meta_path.insert(0, Absent())
