"""The outputs that notebooks keep: what a fresh run shows, without widget state. Run this file to renew them after a change:

    python tests/notebooks/outputs.py notebooks/01_one_case.ipynb ...        (all of notebooks/ if none is named)

A panel keeps its first state as HTML; its charts are drawn into that as pictures, so that a code host, a static export and
JupyterLab before the first run show them too. Needs Chromium.
"""

from __future__ import annotations

import base64
import html
import shutil
import struct
import sys
import zlib
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
from nbclient import NotebookClient

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
  const paper = canvas.getContext('2d');
  paper.drawImage(picture, 0, 0);
  box.remove();
  const { data: points } = paper.getImageData(0, 0, canvas.width, canvas.height);
  let text = '';
  for (let at = 0; at < points.length; at += 8192) text += String.fromCharCode(...points.subarray(at, at + 8192));
  return { webp: canvas.toDataURL('image/webp', 0.45), points: btoa(text), width: canvas.width };
}"""
COLOURS = 16  # of a kept picture: charts are flat, so this is sharper and smaller than a photograph's format


def kept(folder: Path = ROOT / "notebooks") -> list[Path]:
    """Every notebook to be read and worked with; the report templates are tested with the reports."""
    return sorted(path for path in folder.rglob("*.ipynb") if not {"templates", ".ipynb_checkpoints"} & set(path.parts))


class Reader(NotebookClient):
    """A run as a reader's own, whom a panel shows its live view: by that its figures are found here."""

    async def async_start_new_kernel_client(self) -> Any:
        client = await super().async_start_new_kernel_client()
        client.allow_stdin = True
        return client


def renew(path: Path, draw: Any) -> None:
    """Runs a notebook from a clean start and writes its outputs back: no widget state, no view of a widget that is gone (Jupyter
    would say that it cannot find it), no times."""
    notebook = nbformat.read(path, 4)
    Reader(notebook, kernel_name="python3", resources={"metadata": {"path": path.parent}}).execute()
    models = notebook.metadata.get("widgets", {}).get(STATE, {}).get("state", {})
    kernel = notebook.metadata.get(
        "kernelspec", {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    )
    notebook.metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    for cell in notebook.cells:
        cell.metadata = {key: value for key, value in cell.metadata.items() if key == "tags"}
        for output in cell.get("outputs", []):
            view = output.get("data", {}).pop(WIDGET, None)
            if view and "text/html" not in output.data:  # another library's widget: its kind, not all that it holds
                output.data = {"text/plain": f"<{models.get(view['model_id'], {}).get('model_name', 'Widget')}>"}
            elif view:
                places = models.get(view["model_id"], {}).get("state", {}).get("page", {}).get("places", {})
                figures = [
                    part for place in ("top", "beside", "below") for part in places.get(place, []) if "figure" in part
                ]
                output.data["text/html"] = pictured(output.data["text/html"], figures, draw)
            if "metadata" in output:
                output.metadata = {}
    nbformat.write(notebook, path)


def drawn(tab: Any, data: Any, layout: Any) -> str:
    """A figure as a picture of few colours, or in a photograph's format where that is smaller (thousands of fine lines)."""
    made = tab.evaluate(DRAW, [data, layout, WIDTH])
    points = np.frombuffer(base64.b64decode(made["points"]), np.uint8).reshape(-1, made["width"], 4)[:, :, :3]
    flat = "data:image/png;base64," + base64.b64encode(png(points)).decode()
    return min(flat, made["webp"], key=len)


def png(points: np.ndarray) -> bytes:
    """An image (rows, columns, red green blue) as PNG in its most frequent colours, all others as the nearest of them."""
    tones, place, count = np.unique(points.reshape(-1, 3) // 8 * 8, axis=0, return_inverse=True, return_counts=True)
    palette = tones[np.argsort(-count)[:COLOURS]].astype(int)
    nearest = ((tones.astype(int)[:, None] - palette) ** 2).sum(axis=2).argmin(axis=1).astype(np.uint8)
    index = nearest[place.reshape(points.shape[:2])]
    height, width = index.shape
    index = np.pad(index, ((0, 0), (0, width % 2)))
    rows = np.pad(
        index[:, ::2] << 4 | index[:, 1::2], ((0, 0), (1, 0))
    )  # two points a byte; each row begins with its filter, none
    head = struct.pack(">IIBBBBB", width, height, 4, 3, 0, 0, 0)
    colours = (palette * 255 // 248).astype(np.uint8).tobytes()
    parts = {b"IHDR": head, b"PLTE": colours, b"IDAT": zlib.compress(rows.tobytes(), 9), b"IEND": b""}
    blocks = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts.items()
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(blocks)


def pictured(page: str, figures: list[dict[str, Any]], draw: Any) -> str:
    """The HTML with each figure's picture where there is room for it."""
    for part in figures:
        source = draw(part["figure"]["data"], part["figure"]["layout"])
        picture = f'<img class="drawn" alt="{html.escape(part["alt"])}" width="{WIDTH}" src="{source}">'
        page = page.replace(MARK, picture, 1)
    return page


def main(paths: list[Path]) -> None:
    from playwright.sync_api import sync_playwright

    from jiebei_lib.page.html import plotly_bundle

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        tab = browser.new_page()
        tab.set_content("<body></body>")
        tab.add_script_tag(content=plotly_bundle())
        for path in paths:
            renew(path, partial(drawn, tab))
            print(path, f"{path.stat().st_size / 1000:.0f} kB")
        browser.close()


if __name__ == "__main__":
    main([Path(given) for given in sys.argv[1:]] or kept())
