"""JupyterLab and Voilà on this machine, and Debian's Chromium to look at them. Every test here may use:

- ``voila_page("01_one_case.ipynb", lang="en", width=400)`` and ``lab_page("01_one_case.ipynb")``: an open, fully run notebook as
  a :class:`Notebook`: ``page`` (Playwright), ``switch("en")``, ``field("days_overdue")``, ``put("days_overdue", 12)``,
  ``press("save")``, ``preset("silent")``, ``settled()``, ``text()``, ``shot("name")`` (kept in tests/artefacts/), ``axe()``.
- Nothing outside 127.0.0.1 can be reached; when a test ends, each page it opened must have asked no other host and must have
  reported no error.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import TimeoutError as TooLong

ROOT = Path(__file__).parents[2]
ARTEFACTS = ROOT / "tests" / "artefacts"
TURNS = "[...document.querySelectorAll('.jiebei')].map((panel) => panel.dataset.turn).join()"  # how often each panel was drawn
PATIENCE = 120_000  # ms; a slow machine is no failure
# Said by JupyterLab and Voilà themselves, whatever the notebook is.
NOT_OURS = (
    "Failed to load resource: the server responded with a status of 404",
    "favicon",
    "[Violation]",
    "Could not restore the debugger state",
)


@pytest.fixture(scope="session")
def notebooks(tmp_path_factory):
    """A copy of notebooks/, so that what Jupyter saves does not touch ours."""
    folder = tmp_path_factory.mktemp("browser") / "notebooks"
    shutil.copytree(ROOT / "notebooks", folder, ignore=shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__"))
    return folder


@pytest.fixture(scope="session")
def lab(notebooks):
    flags = ("--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True", "--LabApp.expose_app_in_browser=True")
    with Server("jupyterlab", notebooks, "lab", *flags, "--ServerApp.open_browser=False", "--allow-root") as server:
        yield server.url


@pytest.fixture(scope="session")
def voila(notebooks):
    with Server("voila", notebooks, "", "--no-browser", "--Voila.ip=127.0.0.1") as server:
        yield server.url


@pytest.fixture
def voila_page(request, chromium):
    opened = []

    def open_(name, lang="zh", width=1280, height=800):
        notebook = Notebook(chromium, width, height)
        opened.append(notebook)
        notebook.page.goto(f"{request.getfixturevalue('voila')}/voila/render/{name}?lang={lang}")
        notebook.page.wait_for_function("document.getElementById('rendered_cells')?.style.display === ''")
        notebook.appeared(name)
        return notebook

    yield open_
    for notebook in opened:
        notebook.close()


@pytest.fixture
def lab_page(chromium, lab, end_sessions):
    opened = []

    def open_(name, run=True, width=1280, height=800):
        notebook = Notebook(chromium, width, height)
        opened.append(notebook)
        page = notebook.page
        page.goto(f"{lab}/lab/workspaces/auto-{id(notebook)}/tree/{name}?reset")
        page.wait_for_selector(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-Cell")
        page.wait_for_function(
            "window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
        )
        if run:
            page.evaluate(
                "() => { window.ran = false; window.jupyterapp.commands.execute('notebook:run-all-cells')"
                ".then(() => { window.ran = true; }); }"
            )
            page.wait_for_function("window.ran")
            notebook.appeared(name)
        return notebook

    yield open_
    try:  # the kernels' end comes last: a page whose kernel is taken away says that its widgets are gone
        for notebook in opened:
            notebook.close()
    finally:
        end_sessions()


@pytest.fixture
def end_sessions(lab):
    """Ends all kernels of the JupyterLab server."""

    def end():
        for session in json.load(urllib.request.urlopen(f"{lab}/api/sessions", timeout=PATIENCE / 1000)):
            asked = urllib.request.Request(f"{lab}/api/sessions/{session['id']}", method="DELETE")
            urllib.request.urlopen(asked, timeout=PATIENCE / 1000).close()

    return end


class Server:
    """A Jupyter server on a free port of this machine, with the project's own settings; ends with its block."""

    def __init__(self, module, folder, path, *flags):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url, self.path, self.folder = f"http://127.0.0.1:{port}", path, folder
        self.log = folder.parent / f"{module}.log"
        self.command = [sys.executable, "-m", module, str(folder), f"--port={port}", *flags]

    def __enter__(self):
        settings = str(ROOT / "notebooks" / ".jupyter")
        paths = {"JUPYTER_CONFIG_PATH": settings, "JUPYTER_PATH": settings, "PYTHONPATH": str(ROOT)}
        home = {
            "JUPYTER_CONFIG_DIR": str(self.folder.parent / "config"),
            "JUPYTER_DATA_DIR": str(self.folder.parent / "data"),
        }
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                self.command, env={**os.environ, **paths, **home}, stdout=log, stderr=subprocess.STDOUT, cwd=self.folder
            )
        until = time.monotonic() + PATIENCE / 1000
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/{self.path}", timeout=10).close()
                return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > until:
                    self.__exit__()
                    raise AssertionError(self.log.read_text()) from None
                time.sleep(0.2)

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()


class Notebook:
    """An open notebook."""

    def __init__(self, chromium, width, height):
        self.context = chromium.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.asked, self.errors, self.turns = [], [], ""
        self.page.route("**/*", self._local_only)
        self.page.on("pageerror", lambda error: self.errors.append(f"{error}\n{error.stack or ''}"))
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)

    def _local_only(self, route):
        url = route.request.url
        if url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            route.continue_()
        else:
            self.asked.append(url)
            route.abort()

    def appeared(self, name):
        """Waits until as many panels are there as the notebook keeps, and the switch with them."""
        cells = json.loads((ROOT / "notebooks" / name).read_text("utf-8"))["cells"]
        kept = "".join(json.dumps(cell.get("outputs", "")) for cell in cells)
        panels = kept.count("jiebei-static")
        self.page.wait_for_function(
            f"document.querySelectorAll('.jiebei[data-turn]').length >= {panels} && document.querySelector('[data-jiebei-lang]')"
        )
        return self.settled()

    def settled(self):
        """Waits until every panel shows its newest values, every chart drawn."""
        self.page.wait_for_function(
            """() => { const panels = [...document.querySelectorAll('.jiebei')];
              return panels.every((panel) => panel.getAttribute('aria-busy') === 'false' && panel.dataset.settled === panel.dataset.turn)
                && !document.querySelector('.jiebei .chart[data-stale]'); }"""
        )
        self.turns = self.page.evaluate(TURNS)
        return self

    def turn(self, panel=0):
        """How often a panel was drawn."""
        return int(self.page.locator(".jiebei").nth(panel).get_attribute("data-turn") or 0)

    def switch(self, lang):
        self.page.get_by_role("radio", name={"zh": "中文", "en": "English"}[lang]).first.evaluate("one => one.click()")
        code = {"zh": "zh-CN", "en": "en-GB"}[lang]
        self.page.wait_for_function(
            f"[...document.querySelectorAll('.jiebei')].every((panel) => panel.lang === '{code}')"
        )
        return self.settled()

    def field(self, name, panel=None):
        """The box of a control."""
        root = self.page if panel is None else self.page.locator(".jiebei").nth(panel)
        return root.locator(f".field[data-name='{name}']").first

    def put(self, name, value, panel=None):
        """Types a number into a control (None ticks "unknown") and waits for the answer."""
        box = self.field(name, panel)
        if value is None:
            box.locator(".unsure input").check()
        else:
            if box.locator(".unsure input[type=checkbox]").count():
                box.locator(".unsure input").uncheck()
            box.locator("input[type=number]").fill(str(value))
        return self.answered()

    def choose(self, name, label, panel=None):
        """Picks one of several by its label and waits for the answer."""
        self.field(name, panel).get_by_label(label, exact=True).check()
        return self.answered()

    def preset(self, name):
        """Chooses a situation to start from and waits for the answer."""
        option = self.page.locator(f".presets option[data-preset='{name}']").first
        option.locator("xpath=..").select_option(value=option.get_attribute("value"))
        return self.answered()

    def press(self, name):
        self.page.locator(f"button[data-name='{name}']").first.click()
        return self.answered()

    def answered(self):
        """Waits until what was just done has gone to the kernel and come back: some panel is drawn anew since all last were settled
        (what draws nothing anew, such as a download, is given a second)."""
        with suppress(TooLong):
            self.page.wait_for_function(f"({TURNS}) !== {json.dumps(self.turns)}", timeout=1000)
        return self.settled()

    def text(self, where=".jiebei .top"):
        return self.page.locator(where).first.inner_text()

    def shot(self, name):
        """A picture of the whole page, kept in tests/artefacts/."""
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        size = self.page.viewport_size
        tall = self.page.evaluate(
            """Math.max(document.documentElement.scrollHeight,
                 ...[...document.querySelectorAll('.jp-WindowedPanel-outer')].map((one) => one.scrollHeight + 140))"""
        )
        self.page.evaluate(
            "document.querySelectorAll('.jp-WindowedPanel-outer').forEach((one) => { one.scrollTop = 0; })"
        )
        self.page.set_viewport_size({"width": size["width"], "height": min(12_000, max(size["height"], tall))})
        self.page.wait_for_timeout(700)
        self.page.screenshot(path=ARTEFACTS / f"{name}.png")
        self.page.set_viewport_size(size)
        return self

    def axe(self, within):
        """What axe finds serious or critical inside ``within`` (a selector): id and the first place."""
        from axe_playwright_python.sync_playwright import Axe

        options = {"resultTypes": ["violations"]}
        found = Axe().run(self.page, context=within, options=options).response["violations"]
        return [(one["id"], one["nodes"][0]["html"][:200]) for one in found if one["impact"] in ("serious", "critical")]

    def sideways(self):
        """By how many pixels the page is wider than the window."""
        return self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")

    def close(self):
        errors = [error for error in self.errors if not any(known in error for known in NOT_OURS)]
        self.context.close()
        assert self.asked == []
        assert errors == []
