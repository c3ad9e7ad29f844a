"""Had markup slipped into a page: in print it runs no script, reads no file, reaches nobody."""

from __future__ import annotations

import io
import socket
import threading
import time

import pytest

from jiebei_lib.reports.pdf import printed, shut
from tests.conftest import browser_path

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(browser_path() is None, reason="no Chromium on this machine"),
]


@pytest.fixture(scope="module")
def heard():
    """What comes in at an address of this machine."""
    lines: list[bytes] = []
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen(50)

    def serve():
        while True:
            try:
                line, _ = server.accept()
            except OSError:
                return
            line.settimeout(2)
            try:
                lines.append(line.recv(200).split(b"\r\n")[0])
            except OSError:
                lines.append(b"")
            line.close()

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}", lines
    server.close()


MARKUP = [
    '<iframe src="file:///etc/passwd" width=600 height=600></iframe><object data="file:///etc/passwd"></object><embed src="file:///etc/passwd">',
    '<style>@import url("file:///etc/passwd");@import url("URL/css");</style><img src="URL/img"><img src="file:///etc/passwd">',
    '<link rel=prefetch href="URL/prefetch"><link rel=preconnect href="URL"><link rel=stylesheet href=URL>',
    '<meta http-equiv=refresh content="0;url=file:///etc/passwd">',
    '<meta http-equiv=refresh content="0;url=URL/refresh">',
    '<form action="URL/form" id=f><input name=x></form><script>f.submit()</script><script src="URL/script"></script>',
    '<img src=x onerror="document.body.append(\'RAN\'); fetch(\'URL/onerror\')"><svg onload="document.body.append(\'RAN\')"></svg>',
    "<script>document.body.append('RAN')</script><details open ontoggle=\"document.body.append('RAN')\">x</details>",
    "<script>new WebSocket('WS/ws'); navigator.sendBeacon('URL/b'); new EventSource('URL/es'); window.open('URL/o')</script>",
    "<script>p=new RTCPeerConnection({iceServers:[{urls:'turn:HOST?transport=tcp',username:'a',credential:'b'}]});"
    "p.createDataChannel('x');p.createOffer().then(o=>p.setLocalDescription(o))</script>",
    "<script>location='URL/loc'</script><script>location='file:///etc/passwd'</script><base href='URL/'><img src='base'>",
]  # fmt: skip


def text_of(pdf: bytes) -> str:
    from pypdf import PdfReader

    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def filled(markup: str, url: str) -> str:
    return (
        markup.replace("URL", url).replace("WS", url.replace("http", "ws")).replace("HOST", url.removeprefix("http://"))
    )


@pytest.mark.parametrize("head", ["<head></head>", ""])
@pytest.mark.parametrize("markup", MARKUP, ids=range(len(MARKUP)))
def test_markup_in_a_page_does_nothing(heard, markup, head):
    url, lines = heard
    page = f"<!DOCTYPE html><html>{head}<body><p>start</p>{filled(markup, url)}<p>end</p></body></html>"
    before = len(lines)
    try:
        said = text_of(printed(page, browser_path()))
    except Exception as failure:  # a page that led away is no print
        said = type(failure).__name__
        assert said == "ReportError"
    time.sleep(0.2)
    assert lines[before:] == []
    assert "root:" not in said and "RAN" not in said


def test_the_network_is_shut_also_for_scripts(heard, monkeypatch):
    """The second wall alone: scripts may run, and still reach nobody."""
    from jiebei_lib.reports import pdf

    url, lines = heard
    monkeypatch.setattr(pdf, "shut", lambda html: html)
    for markup in MARKUP[5:]:
        before = len(lines)
        try:
            printed(f"<!DOCTYPE html><html><body><p>start</p>{filled(markup, url)}</body></html>", browser_path())
        except Exception as failure:
            assert "root:" not in str(failure)
        time.sleep(0.3)
        assert lines[before:] == [], markup


def test_a_page_carries_its_policy_before_anything_else():
    for page in ("<!DOCTYPE html><html><head><script>1</script></head></html>", "<p>x</p>"):
        closed = shut(page)
        assert "script-src" not in closed and "default-src 'none'" in closed
        assert closed.index("Content-Security-Policy") < closed.index("<script" if "<script" in page else "<p>")
