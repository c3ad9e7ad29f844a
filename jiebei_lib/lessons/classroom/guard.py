"""What keeps one reader of a class's pages from taking everything: few connections from an address, little time to say what one
wants, no faster than a hand can press, and no name that is not this machine's. What serves a class ends with whoever began it.
"""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
import sys
import time
from contextlib import suppress
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.httputil import split_host_and_port

SLOW_SECONDS = 15.0  # for the head or the body of a request to come in, and for a connection to lie idle
PER_ADDRESS = 24  # connections from one address; a browser needs six and one for its kernel
MOST_ADDRESSES = 10_000  # that are remembered
PAGES, PAGES_SECONDS = 12, 60.0  # an address may ask for so many pages in so long
KERNELS_EACH = 3  # kernels, or places, that one address holds; a fourth page takes the first one's
MESSAGES, MESSAGES_SECOND = 400, 80.0  # a student's messages at once, and a second from then on
LARGEST_REQUEST, LARGEST_MESSAGE = 1 << 16, 1 << 20  # bytes
ENDING_SECONDS = 5.0  # for the kernels to end, before the server goes without them


def until_left() -> None:
    """Waits for the other end of standard input to close, then ends: by way of Voilà, and at any rate."""
    with suppress(OSError, ValueError):
        while getattr(sys.stdin.buffer, "raw", sys.stdin.buffer).read(1024):
            pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(ENDING_SECONDS)
    os._exit(1)  # the kernels notice it within a second


class Bucket:
    """So many at once, and so many a second from then on."""

    def __init__(self, most: float, a_second: float):
        self.most, self.a_second = most, a_second
        self.left, self.seen = most, time.monotonic()

    def take(self) -> bool:
        """Whether there was one left."""
        now = time.monotonic()
        self.left, self.seen = min(self.most, self.left + (now - self.seen) * self.a_second), now
        if self.left < 1:
            return False
        self.left -= 1
        return True


def near(address: str) -> bool:
    """Whether an address is this machine's own: the teacher, or a tunnel behind which a whole class may stand."""
    with suppress(ValueError):
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    return False


def known_host(host: str, names: set[str]) -> bool:
    """Whether a request's ``Host`` can be this machine: an address, or a name of it. Any other name leads here by somebody else's
    doing (DNS rebinding), and pages of that name must not read ours."""
    name = split_host_and_port(host.lower())[0].strip("[]")
    with suppress(ValueError):
        ipaddress.ip_address(name.partition("%")[0])
        return True
    own = socket.gethostname().lower()
    return name in {"localhost", own, f"{own}.local", own.partition(".")[0], *names}


class Gate(HTTPServer):
    """Lets in a few connections from each address. Each has a little time to say what it wants."""

    def initialize(self, *given: Any, **more: Any) -> None:
        self.open: dict[str, list[Any]] = {}
        more |= {"idle_connection_timeout": SLOW_SECONDS, "body_timeout": SLOW_SECONDS}
        more |= {"max_body_size": LARGEST_REQUEST, "max_header_size": LARGEST_REQUEST}
        super().initialize(*given, **more)

    def handle_stream(self, stream: Any, address: Any) -> None:
        alive = {whose: [each for each in streams if not each.closed()] for whose, streams in self.open.items()}
        self.open = {whose: streams for whose, streams in alive.items() if streams}
        held = self.open.setdefault(address[0], [])
        held.append(stream)
        if len(held) > PER_ADDRESS and not near(address[0]):
            stream.close()
            return
        super().handle_stream(stream, address)
