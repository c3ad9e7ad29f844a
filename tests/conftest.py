"""What all tests share: the two policies, a cache of their own, and hypothesis without a clock."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Not the user's cache folder, and one that all workers and runs share.
os.environ.setdefault("JIEBEI_CACHE", str(Path(__file__).resolve().parents[1] / ".pytest_cache" / "jiebei"))
# Nor the user's own settings
os.environ["JIEBEI_CONFIG"] = os.devnull + ".none"

# How wide somebody's terminal is decides no test (a worker of pytest-xdist has COLUMNS set).
os.environ.pop("COLUMNS", None)

# What starts the tests in the background may have them, and all that they start, ignore an interrupt; tests send some.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN and threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples on every run, and none fails because a machine is slow.
settings.register_profile(
    "jiebei", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.load_profile("jiebei")


QUIET_BROWSER = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


def browser_path() -> str | None:
    """The Chromium that PDFs and browser tests use, if there is one."""
    from jiebei_lib.core.knowledge.problems import ReportError
    from jiebei_lib.reports.render import find_browser

    try:
        return find_browser()
    except ReportError:
        return None


# Folders and files whose tests need a browser, a notebook, a server or a fork, or are there to take long
NEVER_QUICK = (
    "attack", "benchmarks", "browser", "notebooks", "reports", "show/lessons", "lessons/test_class.py", "lessons/test_pages.py",
    "test_packaging.py",
)  # fmt: skip
LONGER = Path(__file__).with_name("longer.txt")
LONGEST_QUICK = (
    2.0  # seconds of processor time that all cases of a quick test may take: six times what longer.txt lists
)
_taken: dict[str, float] = defaultdict(float)


def is_quick(item: pytest.Item, longer: set[str]) -> bool:
    """Whether a test runs under ``make quick``: not in :data:`NEVER_QUICK`, not in longer.txt, not marked as slow."""
    name = item.nodeid.partition("[")[0].removeprefix("tests/")
    if any(name.startswith((f"{part}/", f"{part}::")) for part in NEVER_QUICK):
        return False
    return name not in longer and not any(item.get_closest_marker(mark) for mark in ("slow", "browser"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Under ``-m quick`` a test that has become long fails, so that the quick ones stay quick. Processor time, since machines are busy."""
    start = time.process_time()
    yield
    if item.config.getoption("markexpr") == "quick":
        name = item.nodeid.partition("[")[0]
        _taken[name] += time.process_time() - start
        if _taken[name] > LONGEST_QUICK:
            pytest.fail(f"{name} takes longer than a quick test may: make it smaller, or add it to tests/longer.txt")


@pytest.hookimpl(tryfirst=True)  # before the marks are looked at
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file's tests stay together, and so do all that need the notebook servers: what a session sets up is set up once."""
    longer = {line for line in LONGER.read_text("utf-8").splitlines() if not line.startswith("#")}
    for item in items:
        path = Path(str(item.path))
        if not any(mark.name == "xdist_group" for mark in item.iter_markers()):
            browser = "browser" in path.parts
            item.add_marker(pytest.mark.xdist_group("browser" if browser else str(path)))
            item.add_marker(pytest.mark.browser) if browser else None
        if is_quick(item, longer):
            item.add_marker(pytest.mark.quick)


@pytest.fixture(scope="session")
def article():
    from jiebei_lib.core.policy import load_policy

    return load_policy("article")


@pytest.fixture(scope="session")
def published():
    from jiebei_lib.core.policy import load_policy

    return load_policy("published")


@pytest.fixture(scope="session", params=["article", "published"])
def policy(request):
    """Each of the built-in policies in turn."""
    from jiebei_lib.core.policy import load_policy

    return load_policy(request.param)


@pytest.fixture(scope="session")
def chromium():
    """A headless browser for the whole run."""
    from playwright.sync_api import sync_playwright

    path = browser_path()
    if path is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET_BROWSER)
        yield browser
        browser.close()


@pytest.fixture
def own_browser(chromium, tmp_path):
    """Opens a phone's browser of its own, without a network: what it keeps is there when it is closed and opened again."""
    opened = []

    def open_browser():
        for browser in opened:
            browser.close()
        opened[:] = [
            chromium.browser_type.launch_persistent_context(
                tmp_path / "browser", executable_path=browser_path(), args=QUIET_BROWSER,
                offline=True, viewport={"width": 360, "height": 800},
            )
        ]  # fmt: skip
        return opened[0]

    yield open_browser
    for browser in opened:
        browser.close()


@pytest.fixture
def browser_page(chromium):
    """Opens a file: gives the page with its charts drawn, the requests that tried to leave, and what went wrong in it."""
    opened = []

    def open_page(path: Path, width: int = 1280):
        tab = chromium.new_page(viewport={"width": width, "height": 900})
        opened.append(tab)
        requests, errors = [], []
        tab.route("**/*", lambda route: route.continue_() if route.request.url.startswith("file:") else route.abort())
        tab.on(
            "request",
            lambda sent: requests.append(sent.url) if not sent.url.startswith(("file:", "data:", "blob:")) else None,
        )
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
        tab.goto(path.as_uri(), wait_until="load")
        tab.wait_for_function("[...document.querySelectorAll('.chart')].every(chart => chart.querySelector('svg'))")
        return tab, requests, errors

    yield open_page
    for tab in opened:
        tab.close()
