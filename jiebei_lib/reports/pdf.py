"""A local browser at work on a finished page: its print (PDF), or the page with pictures for charts. No way out to the network."""

from __future__ import annotations

import os
import re
from base64 import b64decode
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from jiebei_lib.core.knowledge.problems import Problem, ReportError, shown
from jiebei_lib.page.html import plotly_bundle

# On paper a chart is a quarter flatter than on a screen, so that it finds room beside its words; not so a calendar, whose squares
# hold marks, nor a long list of bars, which only has to end before its page does.
FLATTER = """async () => { for (const chart of document.querySelectorAll('.chart')) {
  const high = chart.layout.height, height = high > 440 ? Math.min(820, high) : Math.min(high - 12, Math.max(160, Math.round(0.7 * high)));
  if (height >= high || chart.data[0].type === 'heatmap') continue;
  chart.style.minHeight = height + 'px'; await Plotly.relayout(chart, {height, 'margin.b': 44, 'xaxis.title.standoff': 4}); } }"""


# What a page may load: nothing, but the pictures and styles that it carries
POLICY = "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; font-src data:; base-uri 'none'; form-action 'none'"
DRAW = """() => { for (const data of document.querySelectorAll('script[type="application/json"][id^="data-"]')) {
  const f = JSON.parse(data.textContent);
  Plotly.newPlot(data.id.replace(/^data-/, 'chart-'), f.data, f.layout, f.config); } }"""
# Every connection, to this machine too, goes to a proxy that nobody runs
ALONE = (
    "--proxy-server=http://127.0.0.1:9",
    "--proxy-bypass-list=<-loopback>",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-pings",
    "--dns-prefetch-disable",
    "--no-first-run",
)


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
        html = re.sub(rf'(<div class="chart" id="{re.escape(name)}"[^>]*>)', partial(_followed, svg), html)
    return html


def pictures(html: str, browser: str) -> dict[str, bytes]:
    """Each chart of a page as a PNG by its place's id, drawn for print at twice its size, and the logo of its dress as ``logo``."""

    def work() -> dict[str, bytes]:
        with opened(html, browser, print_width=True) as tab:
            tab.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
            tab.evaluate(FLATTER)
            drawn = tab.evaluate(
                """async () => await Promise.all([...document.querySelectorAll('.chart')].map(async (chart) => [chart.id,
                  (await Plotly.toImage(chart, {format: 'png', width: 680, height: chart.layout.height, scale: 2})).split(',')[1]]))"""
            )
            found = {name: b64decode(png) for name, png in drawn}
            logo = tab.locator("header.brand img")
            return found | ({"logo": logo.first.screenshot()} if logo.count() else {})

    return in_a_thread(work)


def _followed(svg: str, found: re.Match[str]) -> str:
    return found[1] + svg


class opened:
    """A page in a browser of its own, with its charts drawn, no script but ours, and no way out to the network.

    Whatever a page's text may be, nothing in it runs: its policy forbids every script, and the charts are drawn from outside. Should
    markup slip in all the same, it finds no server (every connection goes to a proxy that is not there, those of WebSocket, WebRTC
    and prefetching too), no file, no other window.
    """

    def __init__(self, html: str, browser: str, print_width: bool = False):
        self.html, self.browser, self.print_width = html, browser, print_width

    def __enter__(self) -> Any:
        try:
            from playwright.sync_api import Error, sync_playwright
        except ImportError:
            raise ReportError(Problem("no_extra", "pdf", {"allowed": "jiebei-lib[reports]"})) from None
        self.playwright = sync_playwright().start()
        try:
            self.chromium = self._launched(Error)
            # Print is 180 mm wide: charts are drawn at that width, not shrunk to it.
            size = {"width": 680 if self.print_width else 1000, "height": 1200}
            context = self.chromium.new_context(
                viewport=size, service_workers="block", accept_downloads=False, offline=True
            )
            context.route("**/*", lambda route: route.abort())
            context.route_web_socket("**/*", lambda socket: socket.close())
            tab = context.new_page()
            context.on("page", lambda other: other.close())  # a window that the page has opened
            if self.print_width:
                tab.emulate_media(media="print")
            tab.set_content(shut(self.html), wait_until="load")
            if tab.query_selector(".chart"):
                line = context.new_cdp_session(tab)
                line.send("Runtime.evaluate", {"expression": plotly_bundle()})
                tab.evaluate(DRAW)
            return tab
        except Error as failure:
            self.__exit__()
            reason = shown(failure.message, 120)
            raise ReportError(Problem("browser_failed", Path(self.browser).name, {"value": reason})) from None

    def _launched(self, error: type[Exception]) -> Any:
        """The browser, in its sandbox where the system lets it: never for root, and not in every container."""
        for sandbox in (True, False) if getattr(os, "geteuid", lambda: 1)() else (False,):
            try:
                return self.playwright.chromium.launch(
                    executable_path=self.browser, args=[*ALONE], chromium_sandbox=sandbox
                )
            except error:
                if not sandbox:
                    raise
        return None

    def __exit__(self, *_: Any) -> None:
        if hasattr(self, "chromium"):
            self.chromium.close()
        self.playwright.stop()


def shut(html: str) -> str:
    """A page that may show what it holds and do nothing: its own scripts are taken away (one by one, so that a page has little to carry)
    and whatever else there is may not run."""
    html = html.replace(plotly_bundle().replace("</script", "<\\/script"), "", 1)
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    head, found, rest = html.partition("<head>")
    return f"{head}{found}{policy}{rest}" if found else f"<!DOCTYPE html>{policy}{html}"
