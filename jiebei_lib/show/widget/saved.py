"""What JupyterLab saves of a panel: its state as HTML with its pictures, not a view of a widget that will be gone.

A view without its kernel reads "model not found" when the notebook is opened again, and hides the HTML that stands beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

VIEW = "application/vnd.jupyter.widget-view+json"
OURS = ("jiebei-static", "jiebei-switch")
PICTURE = re.compile(r'<img class="drawn"[^>]*>')
ROOM = "<!-- picture -->"  # where static.html.j2 has room for one


def without_views(model: dict[str, Any], path: str = "", contents_manager: Any = None, **_: Any) -> None:
    """A hook of Jupyter's before a file is saved: takes the views of our panels out, and keeps the pictures that the file has while
    what they show is the same."""
    if model.get("type") != "notebook" or not isinstance(model.get("content"), Mapping):
        return
    outputs = list(_ours(model["content"]))
    kept = _kept(path, contents_manager) if any(ROOM in _html(data) for data in outputs) else {}
    for data in outputs:
        data.pop(VIEW, None)
        page = _html(data)
        if ROOM in page:
            data["text/html"] = kept.get(page, page)


def _ours(notebook: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The outputs that panels made."""
    for cell in notebook.get("cells", []):
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if any(mark in _html(data) for mark in OURS):
                yield data


def _html(data: Mapping[str, Any]) -> str:
    page = data.get("text/html", "")
    return page if isinstance(page, str) else "".join(page)


def _kept(path: str, contents_manager: Any) -> dict[str, str]:
    """The pages that the file on disk has with pictures, by what they are without."""
    import json

    root = getattr(contents_manager, "root_dir", None)
    file = Path(root, path.lstrip("/")) if root else None
    try:
        notebook = json.loads(file.read_text("utf-8")) if file else {}
    except (OSError, ValueError):
        return {}
    return {PICTURE.sub(ROOM, _html(data)): _html(data) for data in _ours(notebook)}
