"""The outputs that notebooks keep: what a fresh run shows, without widget state. Run this file to renew them after a change:

    python tests/notebooks/outputs.py notebooks/01_one_case.ipynb ...        (all of notebooks/ if none is named)

A panel keeps its first state as HTML; its charts are drawn into that as pictures, so that a code host, a static export and
JupyterLab before the first run show them too. Needs Chromium.
"""

from __future__ import annotations

import html
import shutil
import sys
from pathlib import Path
from typing import Any

import nbformat

ROOT = Path(__file__).parents[2]
WIDGET, STATE = "application/vnd.jupyter.widget-view+json", "application/vnd.jupyter.widget-state+json"
MARK = "<!-- picture -->"  # where static.html.j2 has room for one
WIDTH = 720
DRAW = """async ([data, layout, width]) => {
  const { title, ...rest } = layout, room = title ? Math.min(44, rest.margin?.t ?? 0) : 0, box = document.createElement('div');
  const height = (rest.height ?? 360) - room;
  document.body.append(box);
  await Plotly.newPlot(box, data, { ...rest, width, height, margin: { ...rest.margin, t: (rest.margin?.t ?? 80) - room } });
  const picture = new Image(), canvas = document.createElement('canvas');
  picture.src = await Plotly.toImage(box, { format: 'png', width, height, scale: 1 });
  await picture.decode();
  [canvas.width, canvas.height] = [picture.width, picture.height];
  canvas.getContext('2d').drawImage(picture, 0, 0);
  box.remove();
  return canvas.toDataURL('image/webp', 0.6);
}"""


def kept(folder: Path = ROOT / "notebooks") -> list[Path]:
    """Every notebook to be read and worked with; the report templates are tested with the reports."""
    return sorted(path for path in folder.rglob("*.ipynb") if not {"templates", ".ipynb_checkpoints"} & set(path.parts))


def renew(path: Path, draw: Any) -> None:
    """Runs a notebook from a clean start and writes its outputs back: no widget state, no view of a widget that is gone (Jupyter
    would say that it cannot find it), no times."""
    from nbclient import NotebookClient

    notebook = nbformat.read(path, 4)
    NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": path.parent}}).execute()
    models = notebook.metadata.get("widgets", {}).get(STATE, {}).get("state", {})
    kernel = notebook.metadata.get(
        "kernelspec", {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    )
    notebook.metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    for cell in notebook.cells:
        cell.metadata = {key: value for key, value in cell.metadata.items() if key == "tags"}
        for output in cell.get("outputs", []):
            view = output.get("data", {}).pop(WIDGET, None)
            if view:
                places = models.get(view["model_id"], {}).get("state", {}).get("page", {}).get("places", {})
                figures = [
                    part for place in ("top", "beside", "below") for part in places.get(place, []) if "figure" in part
                ]
                output.data["text/html"] = pictured(output.data["text/html"], figures, draw)
            if "metadata" in output:
                output.metadata = {}
    nbformat.write(notebook, path)


def pictured(page: str, figures: list[dict[str, Any]], draw: Any) -> str:
    """The HTML with each figure's picture where there is room for it."""
    for part in figures:
        source = draw(part["figure"]["data"], part["figure"]["layout"])
        picture = f'<img class="drawn" alt="{html.escape(part["alt"])}" width="{WIDTH}" src="{source}">'
        page = page.replace(MARK, picture, 1)
    return page


def main(paths: list[Path]) -> None:
    from playwright.sync_api import sync_playwright

    from jiebei_lib.report import plotly_bundle

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        tab = browser.new_page()
        tab.set_content("<body></body>")
        tab.add_script_tag(content=plotly_bundle())
        for path in paths:
            renew(path, lambda data, layout: tab.evaluate(DRAW, [data, layout, WIDTH]))
            print(path, f"{path.stat().st_size / 1000:.0f} kB")
        browser.close()


if __name__ == "__main__":
    main([Path(given) for given in sys.argv[1:]] or kept())
