"""A notebook as a page that asks no other host for anything: ``jupyter nbconvert --execute --to jiebei NOTEBOOK``.

nbconvert's own asks others for its scripts and for those of widgets. Here a panel is its words, its numbers and the pictures that are kept.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from nbconvert.exporters import HTMLExporter
from traitlets import Unicode

from jiebei_lib.show.widget.saved import without_views


class NotebookPage(HTMLExporter):
    """nbconvert's page with no address in it."""

    require_js_url = mathjax_url = jquery_url = mermaid_js_url = Unicode("")

    def _init_preprocessors(self) -> None:
        super()._init_preprocessors()
        self.register_preprocessor(without_widgets, enabled=True)  # the last: after the notebook was run


def without_widgets(nb: Any, resources: Any) -> tuple[Any, Any]:
    """Panels as their pages, with the pictures that the file keeps; no state of a widget, whose scripts would be asked for."""
    about = resources.get("metadata", {})
    kept_in = SimpleNamespace(root_dir=about.get("path") or ".")
    without_views({"type": "notebook", "content": nb}, f"{about.get('name', '')}.ipynb", kept_in)
    nb.metadata.pop("widgets", None)
    return nb, resources
