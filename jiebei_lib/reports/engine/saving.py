"""Saving a notebook while it runs: the text that nbformat writes, made anew only for the cells that have changed.

papermill saves the whole notebook twice a cell, and nbformat copies, validates and spells out all of it each time.
"""

from __future__ import annotations

import json
import os
from typing import Any

import nbformat
from papermill.iorw import LocalHandler, papermill_io

_content = json.JSONEncoder(ensure_ascii=False, default=lambda data: data.decode("ascii")).encode
EMPTY = '{\n "cells": ['


class Saver:
    """In place of ``NotebookExecutionManager.save``, for one notebook."""

    def __init__(self, manager: Any):
        self.manager = manager
        self._known: dict[str, str] = {}  # each cell's text, by its content

    def __call__(self, **given: Any) -> None:
        manager = self.manager
        manager.nb = given.get("nb") or manager.nb
        if manager.output_path:
            _put(self.text(manager.nb), manager.output_path)
        manager.last_save_time = manager.now()

    def text(self, notebook: Any) -> str:
        """``nbformat.writes``. What that would repair or complain of, and other formats than the fourth, are left to it."""
        if notebook.nbformat == 4 and (notebook.nbformat_minor < 5 or _identified(notebook.cells)):
            try:
                return self._put_together(notebook)
            except (nbformat.ValidationError, TypeError, ValueError):
                pass
        return nbformat.writes(notebook)

    def _put_together(self, notebook: Any) -> str:
        after = _written(notebook, []).removeprefix(EMPTY)  # "]" and what follows
        known, self._known, cells = self._known, {}, []
        for cell in notebook.cells:
            key = _content(cell)
            # As nbformat writes a notebook with this cell alone: "\n", the cell, "\n ]" and what follows
            cells.append(known.get(key) or _written(notebook, [cell])[len(EMPTY) : -len(after) - 2])
            self._known[key] = cells[-1]
        return EMPTY + ",".join(cells) + ("\n " if cells else "") + after


def _put(text: str, path: Any) -> None:
    """papermill's write, but for emptying a file that is there already: a disk keeps the next one waiting for that."""
    handler = papermill_io.get_handler(path, [".ipynb", ".json"])
    if type(handler) is not LocalHandler or handler._cwd or not os.path.isfile(path):
        papermill_io.write(text, path)
        return
    with open(path, "wb", opener=lambda name, flags: os.open(name, flags & ~os.O_TRUNC)) as file:
        file.write(text.encode("utf-8"))
        file.truncate()


def _identified(cells: list[Any]) -> bool:
    return None not in (ids := {cell.get("id") for cell in cells}) and len(ids) == len(cells)


def _written(notebook: Any, cells: list[Any]) -> str:
    made = nbformat.NotebookNode({**notebook, "cells": cells})
    nbformat.validate(made)
    return nbformat.versions[4].writes_json(made)
