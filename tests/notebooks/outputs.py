"""The outputs that notebooks keep: what a fresh run shows, without widget state. Run this file to renew them after a change:

python tests/notebooks/outputs.py notebooks/01_one_case.ipynb ...        (all of notebooks/ if none is named)
"""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[2]
WIDGET = "application/vnd.jupyter.widget-view+json"


def kept(folder: Path = ROOT / "notebooks") -> list[Path]:
    """Every notebook to be read and worked with; the report templates are tested with the reports."""
    return sorted(path for path in folder.rglob("*.ipynb") if not {"templates", ".ipynb_checkpoints"} & set(path.parts))


def renew(path: Path) -> None:
    """Runs a notebook from a clean start and writes its outputs back: no widget state, no view of a widget that is gone (Jupyter
    would say that it cannot find it), no times, no counts but the order of running."""
    from nbclient import NotebookClient

    notebook = nbformat.read(path, 4)
    client = NotebookClient(
        notebook, kernel_name="python3", store_widget_state=False, resources={"metadata": {"path": path.parent}}
    )
    client.execute()
    notebook.metadata = {
        key: notebook.metadata[key] for key in ("kernelspec", "language_info") if key in notebook.metadata
    }
    notebook.metadata["language_info"] = {"name": "python"}
    for cell in notebook.cells:
        cell.metadata = {key: value for key, value in cell.metadata.items() if key == "tags"}
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)
            if "metadata" in output:
                output.metadata = {}
    nbformat.write(notebook, path)


if __name__ == "__main__":
    for name in [Path(given) for given in sys.argv[1:]] or kept():
        renew(name)
        print(name, f"{name.stat().st_size / 1000:.0f} kB")
