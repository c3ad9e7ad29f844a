"""How long it takes from a moved control to the changed picture, on 01_one_case in Chromium, and how much of it is the kernel's.

Run by hand (nothing is asserted: machines differ):    python tests/benchmarks/panel_latency.py [moves]

A move is one ``input`` event on the control of the amount, as a drag or a key gives it. "Sentence" is when the verdict has changed,
"picture" when the chart of the readings has been drawn anew (plotly_afterplot) and the browser has come round to its next frame,
"settled" when everything else on the panel has followed. A quarter of a second of rest between moves.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "browser")]

MOVE = """async (amount) => {
  const panel = document.querySelector('.jiebei'), chart = panel.querySelector('[data-figure="readings"] .chart');
  const box = panel.querySelector('.field[data-name="amount_overdue"] input[type=number]'), top = panel.querySelector('.top');
  const turn = Number(panel.dataset.turn);
  const sentence = new Promise((done) => {
    const seen = new MutationObserver(() => { seen.disconnect(); done(performance.now()); });
    seen.observe(top, { childList: true, subtree: true, characterData: true });
    setTimeout(done, 5000, NaN);
  });
  const shown = (done) => requestAnimationFrame(() => setTimeout(() => done(performance.now())));
  const picture = new Promise((done) => { chart.once('plotly_afterplot', () => shown(done)); setTimeout(done, 5000, NaN); });
  const settled = new Promise((done) => {
    const look = () => (Number(panel.dataset.settled) > turn && panel.getAttribute('aria-busy') === 'false'
      ? done(performance.now()) : requestAnimationFrame(look));
    look();
  });
  const start = performance.now();
  box.value = amount;
  box.dispatchEvent(new Event('input', { bubbles: true }));
  return (await Promise.all([sentence, picture, settled])).map((at) => at - start);
}"""


def browser(moves: int) -> np.ndarray:
    """Milliseconds (moves, 3): sentence, picture, settled."""
    import shutil

    from conftest import Notebook, Server
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        folder = Path(temporary) / "notebooks"
        shutil.copytree(ROOT / "notebooks", folder)
        with Server("voila", folder, "", "--no-browser", "--Voila.ip=127.0.0.1") as server:
            chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            notebook = Notebook(chromium, 1280, 800)
            notebook.page.goto(f"{server.url}/voila/render/01_one_case.ipynb")
            notebook.appeared("01_one_case.ipynb")
            notebook.preset("good_history")
            notebook.page.wait_for_timeout(2000)
            rows = []
            for n in range(moves + 5):
                rows.append(notebook.page.evaluate(MOVE, 600 + (n * 2311) % 20_000))
                notebook.page.wait_for_timeout(250)
            chromium.close()
    return np.array(rows[5:])


def kernel(moves: int) -> np.ndarray:
    """Milliseconds (moves, 2): the sentence and the picture; all that follows them."""
    from jiebei_lib.show.case.panel import case_fields, draw_case, example
    from jiebei_lib.show.widget.fields import first_values

    values, rows = first_values(case_fields(example("good_history"))), []
    for n in range(moves + 5):
        start = time.perf_counter()
        drawn = draw_case({**values, "amount_overdue": 600 + (n * 2311) % 20_000}, "zh")
        first = time.perf_counter()
        for later in (drawn["beside"][1], *drawn["below"]):
            later.make()
        rows.append([1000 * (first - start), 1000 * (time.perf_counter() - first)])
    return np.array(rows[5:])


def main(moves: int = 100) -> None:
    print(f"{'milliseconds, ' + str(moves) + ' moves':34}{'median':>8}{'95th':>8}{'most':>8}")
    for names, table in (
        (("kernel: sentence and picture", "kernel: all that follows"), kernel(moves)),
        (("Chromium: sentence changed", "Chromium: picture changed", "Chromium: all settled"), browser(moves)),
    ):
        for name, column in zip(names, table.T, strict=True):
            print(f"{name:34}{np.nanmedian(column):8.1f}{np.nanpercentile(column, 95):8.1f}{np.nanmax(column):8.1f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
