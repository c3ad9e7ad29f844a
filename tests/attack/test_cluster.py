"""A Dask cluster that is none: whatever is at the address, one sentence within ten seconds."""

from __future__ import annotations

import http.server
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from jiebei_lib.core.knowledge.problems import UserError
from jiebei_lib.portfolio.score_files import score_files
from jiebei_lib.portfolio.workers import ANSWER_SECONDS, client
from tests.lessons.test_class import free_port

pytest.importorskip("distributed")
SOON = ANSWER_SECONDS + 3  # what starting Dask itself takes, on a busy machine


def refused(address: str) -> float:
    begun = time.monotonic()
    with pytest.raises(UserError, match="cannot reach this cluster") as said, client(address):
        pass
    assert "\n" not in str(said.value)
    return time.monotonic() - begun


@pytest.mark.parametrize(
    "address",
    [
        "garbage",
        "tcp://",
        "tcp://127.0.0.1",
        "127.0.0.1:99999",
        "tcp://127.0.0.1:0",
        "tls://127.0.0.1:8786",
        "ws://127.0.0.1:1",
        "ucx://127.0.0.1:1",
        "inproc://x/1/1",
        "http://127.0.0.1:80",
        "tcp://no such:1",
        "tcp://[::1:1",
        "",
        "tcp://a:1;rm -rf /",
    ],
)
def test_what_is_no_address_is_said_at_once(address):
    assert refused(address) < SOON


def test_nobody_there_is_said_at_once():
    assert refused(f"tcp://127.0.0.1:{free_port()}") < SOON


@pytest.mark.slow
def test_a_web_server_is_no_scheduler(monkeypatch):
    monkeypatch.setattr(http.server.BaseHTTPRequestHandler, "log_message", lambda *_: None)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    assert refused(f"tcp://127.0.0.1:{server.server_port}") < SOON
    server.shutdown()
    server.server_close()


@pytest.mark.slow
def test_who_takes_the_call_and_says_nothing_is_no_scheduler():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(5)
        assert refused(f"tcp://127.0.0.1:{silent.getsockname()[1]}") < SOON


def begun(*command: str) -> subprocess.Popen:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([sys.executable, "-m", *command], cwd=os.sep, **quiet)


def listening(port: int) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(port)


@pytest.mark.slow
def test_a_scheduler_without_workers_and_one_that_is_lost(tmp_path, monkeypatch):
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    scheduler = begun("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
    worker = None
    try:
        listening(port)
        assert refused(address) < SOON
        worker = begun("distributed.cli.dask_worker", address, "--nthreads", "1", "--no-dashboard", "--no-nanny")
        cases = tmp_path / "in.csv"
        cases.write_text("case_id,days_overdue,amount_overdue\n" + "".join(f"c{n},9,8000\n" for n in range(40_000)))
        monkeypatch.setattr("jiebei_lib.portfolio.score_files.ROWS", 400)
        lost = []

        def tell(done, total):
            if not lost:
                lost.append(time.monotonic())
                scheduler.send_signal(signal.SIGKILL)

        end = time.monotonic() + 60
        while True:  # until the worker is there
            try:
                with pytest.raises(UserError, match="the cluster was lost on the way") as said:
                    score_files(cases, tmp_path / "out.csv", cluster=address, progress=tell)
                break
            except UserError:
                assert time.monotonic() < end
        assert "\n" not in str(said.value)
        assert not (tmp_path / "out.csv").exists() and not list(tmp_path.glob(".*"))
    finally:
        for each in filter(None, (scheduler, worker)):
            each.kill()
            each.wait()
    assert logging.getLogger("distributed").level < logging.CRITICAL
