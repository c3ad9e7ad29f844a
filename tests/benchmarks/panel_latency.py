"""How long it takes from a moved control to the answer on screen, in Chromium with Voilà, and how much of it is the kernel's.

Run by hand (nothing is asserted: machines differ):

    python tests/benchmarks/panel_latency.py [moves]             01_one_case closely: one control, many moves
    python tests/benchmarks/panel_latency.py table [moves] [NN…] a table of the notebooks 01 to 06: headline, first picture, each panel
    python -m tests.benchmarks.panel_latency --all               all of it, in some three minutes, with the load average noted

A move is one ``input`` or ``change`` event on a control, as a drag or a key gives it. "Headline" is when the words on top have changed
(where a panel has none, the title of its first picture), "picture" when the panel's first chart has been drawn anew (plotly_afterplot)
and the browser has come round to its next frame, "settled" when everything on that panel has followed; of other panels, those that
follow it by themselves. A quarter of a second of rest between moves. "Kernel" is the same move made in this process, without a browser:
the milliseconds until the first answer is made, and until all is, the pauses between parts left out; and what is sent, in kB of JSON.
"""

from __future__ import annotations

import ast
import heapq
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "browser")]
ONCE = "readings"  # drawn once, they are known: moved once on a page of its own, and what stands below it in the table comes after
# Of each notebook: which panel of the page, which control, and to what it is moved, in turn (a number, or the place of an option)
TABLE = [
    ("01_one_case.ipynb", 0, "amount_overdue", (3000, 9000, 20_000)),
    ("02_policy_lab.ipynb", 0, "factors.amount.protective", (400, 700, 900)),
    ("03_evidence.ipynb", 0, "scope", (1, 2, 0)),
    ("03_evidence.ipynb", 3, "amount_overdue", (3000, 9000, 20_000)),
    ("03_evidence.ipynb", 4, "selection", (1, 2, 0)),
    ("04_what_waiting_costs.ipynb", 0, "days", (12, 30, 60)),
    ("05_contact_conduct.ipynb", 0, "confidence", (1, 2, 0)),
    ("06_portfolio.ipynb", 0, "by", (1, 2, 3)),
    ("06_portfolio.ipynb", 0, "policy", (1, 0)),
    ("06_portfolio.ipynb", 0, "seed", (2, 3, 4, 5, 6, 7, 8, 9)),
    ("03_evidence.ipynb", 3, ONCE, (2,)),  # and with so many readings:
    ("03_evidence.ipynb", 3, "selection", (2, 5, 9, 14, 20, 27, 35)),
    ("03_evidence.ipynb", 3, "amount_overdue", (3000, 9000, 20_000)),
]
WATCHED = 5000  # ms after a move, at most
QUIET = 400  # ms without a panel that draws: all have followed

MOVE = """async ([place, name, value, watched, quiet]) => {
  const panels = [...document.querySelectorAll('.jiebei')], panel = panels[place], out = { headline: NaN, picture: NaN, settled: {} };
  const chart = panel.querySelector('.chart'), top = panel.querySelector('.top'), titled = panel.querySelector('figure .title');
  const words = top.hidden || !top.firstChild ? titled : top, now = () => performance.now();
  const shown = (done) => requestAnimationFrame(() => setTimeout(() => done(now())));
  let start;
  const seen = new MutationObserver(() => { seen.disconnect(); out.headline = now() - start; });
  if (words) seen.observe(words, { childList: true, subtree: true, characterData: true });
  chart?.once?.('plotly_afterplot', () => shown((at) => { out.picture = at - start; }));
  const watch = panels.map((one, n) => {
    const settled = new MutationObserver(() => { if (one.dataset.settled === one.dataset.turn) out.settled[n] = now() - start; });
    settled.observe(one, { attributes: true, attributeFilter: ['data-settled'] });
    return settled;
  });
  const field = panel.querySelector(`.field[data-name="${name}"]`), select = field.querySelector('select');
  const radio = field.querySelectorAll('input[type=radio]'), box = field.querySelector('input[type=number]');
  start = now();
  if (select) { select.selectedIndex = value; select.dispatchEvent(new Event('change', { bubbles: true })); }
  else if (radio.length) radio[value].click();
  else { box.value = value; box.dispatchEvent(new Event('input', { bubbles: true })); }
  if (watched) await new Promise((done) => {
    let last = start;
    const look = () => {
      const busy = (one) => one.getAttribute('aria-busy') === 'true' || one.dataset.settled !== one.dataset.turn;
      if (panels.some(busy) || !(place in out.settled)) last = now();
      if (now() - start > watched || now() - last > quiet) done(); else setTimeout(look, 20);
    };
    look();
  });
  else await new Promise((done) => {
    const all = () => place in out.settled && panel.getAttribute('aria-busy') === 'false' && !Number.isNaN(out.picture);
    const look = () => (all() || now() - start > 5000 ? done() : requestAnimationFrame(look));
    look();
  });
  seen.disconnect();
  watch.forEach((one) => one.disconnect());
  return out;
}"""


@contextmanager
def opened() -> Iterator[Any]:
    """A function that opens a notebook of Voilà's in Chromium."""
    import shutil

    from conftest import Notebook, Server
    from playwright.sync_api import sync_playwright

    from jiebei_lib.show.widget.composing import AHEAD

    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        folder = Path(temporary) / "notebooks"
        shutil.copytree(ROOT / "notebooks", folder)
        with Server("voila", folder, "", "--no-browser", "--Voila.ip=127.0.0.1") as server:
            chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])

            def open_(name: str) -> Any:
                notebook = Notebook(chromium, 1280, 800)
                notebook.page.goto(f"{server.url}/voila/render/{name}")
                notebook.appeared(name)
                notebook.page.wait_for_timeout(
                    1000 * AHEAD + 1500
                )  # what a panel brings in while a reader looks at it is there
                return notebook

            yield open_
            chromium.close()


def browser(moves: int) -> np.ndarray:
    """Milliseconds (moves, 3): sentence, picture, settled."""
    rows = []
    with opened() as open_:
        notebook = open_("01_one_case.ipynb")
        notebook.preset("good_history")
        for n in range(moves + 5):
            made = notebook.page.evaluate(MOVE, [0, "amount_overdue", 600 + (n * 2311) % 20_000, 0, 0])
            rows.append([made["headline"], made["picture"], made["settled"].get("0", np.nan)])
            notebook.page.wait_for_timeout(250)
    return np.array(rows[5:], float)


def table(moves: int, only: list[str]) -> None:
    """Median milliseconds for each notebook; of the panels that follow, in the order in which they were ready."""
    named = f"median of {moves} moves, milliseconds (load {os.getloadavg()[0]:.1f})"
    print(f"{named:50}{'headline':>9}{'picture':>9}{'settled':>9}{'kernel':>9}{'its all':>9}{'kB':>6}  followers")
    with opened() as open_:
        last, notebook, drawn = None, None, False
        for name, place, field, values in TABLE:
            if only and name[:2] not in only:
                continue
            fresh, runs = field == ONCE, []
            for n in range(min(moves, 3) if fresh else moves + 1):
                if fresh or name != last:
                    if notebook is not None:
                        notebook.context.close()
                    last, notebook = name, open_(name)
                given = [place, field, values[n % len(values)], WATCHED, QUIET]
                runs.append(notebook.page.evaluate(MOVE, given))
            runs = runs if fresh else runs[1:]
            middle = [_median([run[key] for run in runs]) for key in ("headline", "picture")]
            panels = sorted({int(n) for run in runs for n in run["settled"]})
            ready = {n: _median([run["settled"].get(str(n)) for run in runs]) for n in panels}
            own = ready.pop(place, np.nan)
            others = ", ".join(f"{n + 1}: {at:.0f}" for n, at in sorted(ready.items(), key=lambda one: one[1]))
            inside = alone(name, place, field, values, moves, drawn)
            drawn = drawn or fresh
            shown = "".join(f"{each:9.0f}" for each in (*middle, own, *inside[:2]))
            print(f"{name + ' ' + field:50}{shown}{inside[2]:6.0f}  {others}", flush=True)


def _median(found: list[float | None]) -> float:
    """Over the moves in which it came at all; of none, not a number."""
    came = [each for each in found if each is not None and each == each]
    return float(np.median(came)) if came else np.nan


class Call(SimpleNamespace):
    """A call to come, which may be taken back."""

    def cancel(self) -> None:
        self.call = lambda *_: None


class Loop:
    """An event loop that waits for nothing: what is to be called later is called in its order, without the pause."""

    def __init__(self) -> None:
        self.waiting: list[tuple[float, int, Call]] = []
        self.now, self.count = 0.0, 0

    def call_later(self, pause: float, call: Any, *given: Any) -> Call:
        self.count, made = self.count + 1, Call(call=call, given=given)
        heapq.heappush(self.waiting, (self.now + pause, self.count, made))
        return made

    def run(self) -> None:
        while self.waiting:
            self.now, _, made = heapq.heappop(self.waiting)
            made.call(*made.given)


def alone(name: str, place: int, field: str, values: Any, moves: int, drawn: bool) -> tuple[float, float, float]:
    """The same moves in this process: median milliseconds until the first answer is made and until all is, and kB sent."""
    from jiebei_lib.show.policy import panel as bench
    from jiebei_lib.show.widget import composing, panel

    rows, was, loop = [], composing.running_loop, Loop()
    asking = (composing, panel, bench)  # those that ask for the loop

    def run_by(found: Any) -> None:
        for module in asking:
            module.running_loop = found

    run_by(lambda: loop)
    try:
        shown = panels_of(name)
        loop.run()
        for thread in threading.enumerate():
            if thread.name == "jiebei-ahead":
                thread.join()
        mover, options = shown[place], _options(shown[place].fields, field)
        if drawn:
            mover.set(**{ONCE: _options(mover.fields, ONCE)[-1]})
            loop.run()
        for n in range(1 if field == ONCE else moves + 1):
            loop, sent = Loop(), []
            for each in shown:
                each.observe(lambda change, sent=sent: sent.append(len(json.dumps(change["new"]))), "page")
            value = values[n % len(values)]
            start = time.perf_counter()
            mover.set(**{field: options[value] if options else value})
            first = time.perf_counter()
            loop.run()
            rows.append([1000 * (first - start), 1000 * (time.perf_counter() - start), sum(sent) / 1000])
            for each in shown:
                each.unobserve_all("page")
    finally:
        run_by(was)
    return tuple(np.median(rows if field == ONCE else rows[1:], axis=0))


def panels_of(name: str) -> list[Any]:
    """The panels of a notebook, made as its cells make them, in their order."""
    from jiebei_lib.show.widget.panel import Panel

    found: list[Any] = []
    scope: dict[str, Any] = {}
    for cell in json.loads((ROOT / "notebooks" / name).read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            code = ast.parse("".join(cell["source"]))
            last = code.body.pop() if isinstance(code.body[-1], ast.Expr) else None
            exec(compile(code, name, "exec"), scope)
            shown = eval(compile(ast.Expression(last.value), name, "eval"), scope) if last else None
            found += [shown] if isinstance(shown, Panel) else []
    return found


def _options(fields: Any, name: str) -> list[Any] | None:
    """The values that a control offers, by their place; None for a number."""
    from jiebei_lib.show.widget.fields import flat

    (field,) = (each for each in flat(fields) if each.get("name") == name)
    return [option["value"] for option in field["options"]] if "options" in field else None


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
    for names, found in (
        (("kernel: sentence and picture", "kernel: all that follows"), kernel(moves)),
        (("Chromium: sentence changed", "Chromium: picture changed", "Chromium: all settled"), browser(moves)),
    ):
        for name, column in zip(names, found.T, strict=True):
            print(f"{name:34}{np.nanmedian(column):8.1f}{np.nanpercentile(column, 95):8.1f}{np.nanmax(column):8.1f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["table"]:
        table(int((sys.argv[2:3] or ["5"])[0]), sys.argv[3:])
    elif sys.argv[1:2] == ["--all"]:
        main(40)
        table(5, [])
    else:
        main(*map(int, sys.argv[1:2]))
