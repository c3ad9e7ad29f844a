"""Saving a notebook while it runs: the text that nbformat writes, made anew only for the cells that have changed.

papermill saves the whole notebook twice a cell, and nbformat copies, validates and spells out all of it each time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from json.encoder import encode_basestring
from math import isfinite
from typing import Any

import nbformat
import papermill.execute
from nbformat import NotebookNode
from nbformat.v4.rwbase import split_lines, strip_transient
from papermill.iorw import LocalHandler, papermill_io, write_ipynb

_content = json.JSONEncoder(ensure_ascii=False, default=lambda data: data.decode("ascii")).encode
KNOWN = "_spelled"  # where a notebook keeps them for its last writing
EMPTY = '{\n "cells": ['


class Saver:
    """In place of ``NotebookExecutionManager.save``, for one notebook."""

    def __init__(self, manager: Any, known: dict[str, str] | None = None):
        self.manager = manager
        self._known = known or {}  # each cell's text, and what follows the cells, by its content

    def __call__(self, **given: Any) -> None:
        manager = self.manager
        manager.nb = given.get("nb") or manager.nb
        if manager.output_path:
            _put(self.text(manager.nb), manager.output_path)
        manager.last_save_time = manager.now()
        vars(manager.nb)[KNOWN] = self._known  # not an item of the notebook's

    def text(self, notebook: Any) -> str:
        """``nbformat.writes``. What that would repair or complain of, and other formats than the fourth, are left to it."""
        if notebook.nbformat == 4 and (notebook.nbformat_minor < 5 or _identified(notebook.cells)):
            try:
                return self._put_together(notebook)
            except (nbformat.ValidationError, TypeError, ValueError):
                pass
        return nbformat.writes(notebook)

    def _put_together(self, notebook: Any) -> str:
        known, self._known = self._known, {}
        key = _content({**notebook, "cells": []})
        after = self._known[key] = known.get(key) or _written(notebook, []).removeprefix(EMPTY)  # "]" and what follows
        cells = []
        for cell in notebook.cells:
            key = _content(cell)
            # As nbformat writes a notebook with this cell alone: "\n", the cell, "\n ]" and what follows
            cells.append(known.get(key) or _written(notebook, [cell])[len(EMPTY) : -len(after) - 2])
            self._known[key] = cells[-1]
        return EMPTY + ",".join(cells) + ("\n " if cells else "") + after


def _write_ipynb(notebook: Any, path: Any) -> None:
    """papermill's, which writes at the end what has been written: a notebook that has been saved here knows how it is spelled."""
    if known := vars(notebook).pop(KNOWN, None):
        _put(Saver(None, known).text(notebook), path)
    else:
        write_ipynb(notebook, path)


vars(papermill.execute)["write_ipynb"] = _write_ipynb


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
    nbformat.validate(NotebookNode({**notebook, "cells": cells}))
    own = {"metadata": NotebookNode(notebook.metadata), "cells": [_apart(cell) for cell in cells]}
    return _spelled(strip_transient(split_lines(NotebookNode({**notebook, **own}))), "\n")


def _apart(cell: Any) -> Any:
    """A copy of what nbformat changes in a cell when it writes one; the rest is shared."""
    made = NotebookNode({**cell, "metadata": NotebookNode(cell.metadata)})
    if "attachments" in cell:
        dict.__setitem__(made, "attachments", {name: dict(data) for name, data in cell.attachments.items()})
    if "outputs" in cell:
        outputs = [
            NotebookNode({**each, "data": dict(each["data"])} if "data" in each else each) for each in cell.outputs
        ]
        dict.__setitem__(made, "outputs", outputs)
    return made


def _spelled(value: Any, line: str) -> str:
    """``json.dumps`` with nbformat's options, which spells in Python what is to be indented, a piece at a time."""
    kind, inner = type(value), line + " "
    if kind is str:
        return encode_basestring(value)
    if kind is int or (kind is float and isfinite(value)):
        return repr(value)
    if value is None:
        return "null"
    if isinstance(value, dict) and value:
        names, each = zip(*sorted(value.items()), strict=True)
        pieces = [f"{encode_basestring(name)}: {text}" for name, text in zip(names, _each(each, inner), strict=True)]
        return f"{{{inner}{f',{inner}'.join(pieces)}{line}}}"
    if isinstance(value, list | tuple) and value:
        return f"[{inner}{f',{inner}'.join(_each(value, inner))}{line}]"
    return _content(value)


def _each(values: Iterable[Any], line: str) -> list[str]:
    return [encode_basestring(each) if type(each) is str else _spelled(each, line) for each in values]
