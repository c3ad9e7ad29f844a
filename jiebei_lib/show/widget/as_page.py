"""A notebook as a page that asks no other host for anything: ``jupyter nbconvert --execute --to jiebei NOTEBOOK``.

nbconvert's own page asks other hosts for its scripts, and for those of every widget. Here a panel is what it shows without a kernel: its
words and numbers, and the pictures that the notebook keeps while they show the same.
"""

from __future__ import annotations

from copy import deepcopy
from types import SimpleNamespace
from typing import Any

from nbconvert.exporters import HTMLExporter
from traitlets import Unicode

from jiebei_lib.show.widget.saved import without_views


class NotebookPage(HTMLExporter):
    """nbconvert's page with no address in it."""

    require_js_url = mathjax_url = jquery_url = mermaid_js_url = Unicode("")

    def from_notebook_node(self, nb: Any, resources: Any = None, **more: Any) -> Any:
        nb, about = deepcopy(nb), (resources or {}).get("metadata", {})
        here = SimpleNamespace(root_dir=about.get("path") or ".")
        without_views({"type": "notebook", "content": nb}, f"{about.get('name', '')}.ipynb", here)
        nb.metadata.pop("widgets", None)
        return super().from_notebook_node(nb, resources, **more)
