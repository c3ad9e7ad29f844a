"""A local browser at work on a finished page: its print (PDF), or the page with pictures for charts. No way out to the network."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jiebei_lib.core.knowledge.problems import Problem, ReportError, shown

# On paper a chart is a quarter flatter than on a screen, so that it finds room beside its words; not so a calendar, whose squares
# hold marks, nor a long list of bars, which only has to end before its page does.
FLATTER = """async () => { for (const chart of document.querySelectorAll('.chart')) {
  const high = chart.layout.height, height = high > 440 ? Math.min(820, high) : Math.min(high - 12, Math.max(160, Math.round(0.7 * high)));
  if (height >= high || chart.data[0].type === 'heatmap') continue;
  chart.style.minHeight = height + 'px'; await Plotly.relayout(chart, {height, 'margin.b': 44, 'xaxis.title.standoff': 4}); } }"""


def find_browser() -> str:
    """A local Chromium or Chrome: the one that ``JIEBEI_BROWSER`` names, else the first on the path. Raises :class:`ReportError`."""
    import shutil

    named = os.environ.get("JIEBEI_BROWSER")
    names = [named] if named else ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        raise ReportError(Problem("no_browser", "pdf"))
    return found


def printed(html: str, browser: str) -> bytes:
    """The page as a PDF on A4."""

    def work() -> bytes:
        with opened(html, browser, print_width=True) as tab:
            tab.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
            tab.evaluate(FLATTER)
            return tab.pdf(prefer_css_page_size=True, print_background=True)

    return in_a_thread(work)


def in_a_thread(work: Callable[[], Any]) -> Any:
    """Playwright refuses to work in a thread whose event loop runs, such as a notebook's."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def with_pictures(html: str, browser: str) -> str:
    """The page with each chart as an SVG picture in place of the script that draws it: small, and fit to be kept in git."""

    def work() -> list[list[str]]:
        with opened(html, browser) as tab:
            return tab.evaluate(
                """async () => {
                  const charts = [...document.querySelectorAll('.chart')];
                  const svg = async (chart) => decodeURIComponent((await Plotly.toImage(chart,
                    {format: 'svg', width: 680, height: chart.layout.height})).replace('data:image/svg+xml,', ''));
                  return await Promise.all(charts.map(async (chart) => [chart.id, await svg(chart)]));
                }"""
            )

    pictures = in_a_thread(work)
    html = re.sub(r"<script\b.*?</script>\n?", "", html, flags=re.S)
    for name, svg in pictures:
        svg = re.sub(
            r'(<svg\b[^>]*?) width="(\d+)" height="(\d+)"', r'\1 viewBox="0 0 \2 \3" width="100%"', svg, count=1
        )
        if drawn := re.search(r"topdefs-([0-9a-f]{6})", svg):  # plotly's random mark, which would differ each time
            svg = svg.replace(drawn[1], name.replace("chart-", ""))
        html = re.sub(
            rf'(<div class="chart" id="{re.escape(name)}"[^>]*>)', lambda found, svg=svg: found[1] + svg, html
        )
    return html


class opened:
    """A page in a browser of its own, with its charts drawn and no way out to the network."""

    def __init__(self, html: str, browser: str, print_width: bool = False):
        self.html, self.browser, self.print_width = html, browser, print_width

    def __enter__(self) -> Any:
        try:
            from playwright.sync_api import Error, sync_playwright
        except ImportError:
            raise ReportError(Problem("no_extra", "pdf", {"allowed": "jiebei-lib[reports]"})) from None
        self.playwright = sync_playwright().start()
        try:
            args = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
            self.chromium = self.playwright.chromium.launch(executable_path=self.browser, args=args)
            # Print is 180 mm wide: charts are drawn at that width, not shrunk to it.
            tab = self.chromium.new_page(viewport={"width": 680 if self.print_width else 1000, "height": 1200})
            tab.route("**/*", lambda route: route.abort())
            if self.print_width:
                tab.emulate_media(media="print")
            tab.set_content(self.html, wait_until="load")
            tab.wait_for_function(
                "[...document.querySelectorAll('.chart')].every(chart => chart.querySelector('.main-svg'))"
            )
            return tab
        except Error as failure:
            self.__exit__()
            reason = shown(failure.message, 120)
            raise ReportError(Problem("browser_failed", Path(self.browser).name, {"value": reason})) from None

    def __exit__(self, *_: Any) -> None:
        if hasattr(self, "chromium"):
            self.chromium.close()
        self.playwright.stop()
