"""The program behind a class's page: Voilà, with all that a lesson does not need shut, and no one student able to keep out the others.

It is told what to show by one line of JSON on its standard input (so a token stands in no list of processes), and ends when that
input closes: when the command that began it is gone, however it went.
"""

from __future__ import annotations

import ipaddress
import json
import os
import signal
import socket
import sys
import threading
import time
from collections import defaultdict
from contextlib import suppress
from typing import Any, ClassVar

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from tornado.httpserver import HTTPServer
from tornado.httputil import split_host_and_port
from tornado.web import HTTPError
from voila import handler
from voila.app import Voila
from voila.notebook_renderer import NotebookRenderer
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from jiebei_lib.core.knowledge.problems import Problem
from jiebei_lib.lessons.classroom import allowed_files
from jiebei_lib.lessons.classroom.kernels import Full

SLOW_SECONDS = 15.0  # for the head or the body of a request to come in, and for a connection to lie idle
PER_ADDRESS = 24  # connections from one address; a browser needs six and one for its kernel
MOST_ADDRESSES = 10_000  # that are remembered
PAGES, PAGES_SECONDS = 12, 60.0  # an address may ask for so many pages in so long
KERNELS_EACH = 3  # kernels that one address holds; a fourth page takes the first one's place
MESSAGES, MESSAGES_SECOND = 400, 80.0  # a student's messages at once, and a second from then on
LARGEST_REQUEST, LARGEST_MESSAGE = 1 << 16, 1 << 20  # bytes
ENDING_SECONDS = 5.0  # for the kernels to end, before the server goes without them
# Of a kernel's messages, what is meant for whoever wrote the notebook: it names files of the server
UNSENT = ("stream", "error")


def main() -> None:
    """What ``python -c`` runs: see the module."""
    asked = json.loads(sys.stdin.readline())
    threading.Thread(target=_until_left, daemon=True).start()
    allowed_files(ask=True)
    ClassServerApp.names = set(asked["names"])
    handler.NotebookRenderer = ClassRenderer
    ClassServerApp.launch_instance(argv=asked["argv"])


def _until_left() -> None:
    """Waits for the other end of standard input to close, then ends: by way of Voilà, and at any rate."""
    with suppress(OSError, ValueError):
        while sys.stdin.buffer.raw.read(1024):
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
        timeouts = {"idle_connection_timeout": SLOW_SECONDS, "body_timeout": SLOW_SECONDS}
        super().initialize(*given, **more, **timeouts, max_body_size=LARGEST_REQUEST, max_header_size=LARGEST_REQUEST)

    def handle_stream(self, stream: Any, address: Any) -> None:
        alive = {whose: [each for each in streams if not each.closed()] for whose, streams in self.open.items()}
        self.open = {whose: streams for whose, streams in alive.items() if streams}
        held = self.open.setdefault(address[0], [])
        held.append(stream)
        if len(held) > PER_ADDRESS and not near(address[0]):
            stream.close()
            return
        super().handle_stream(stream, address)


class ClassPage(TornadoVoilaHandler):
    """The lesson's page, for as many as the class has places, and not again and again for one."""

    asked: ClassVar[dict[str, Bucket]] = defaultdict(lambda: Bucket(PAGES, PAGES / PAGES_SECONDS))

    async def get(self, path: str | None = None) -> None:
        whose = self.request.remote_ip
        if len(self.asked) > MOST_ADDRESSES:
            self.asked.clear()
        if not near(whose) and not self.asked[whose].take():
            return self.refuse("class_too_often", 429)
        try:
            await self.kernel_manager.drop_broken()
            if not self.kernel_manager.free():
                raise Full
            await super().get(path)
        except HTTPError:
            raise
        except Full:
            self.refuse("class_full", 503)
        except Exception:  # a kernel died while the page was made, whatever killed it
            self.log.exception("no page")
            self.refuse("class_broken", 503)

    def refuse(self, why: str, status: int) -> None:
        """One sentence in both languages, on a page that asks again by itself; also where half a page has gone out already."""
        if self._headers_written:
            self.finish(refusal(why))
            return
        self.set_status(status)
        self.set_header("Refresh", str(round(SLOW_SECONDS)))
        head = "<!DOCTYPE html><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
        self.finish(head + refusal(why))


def refusal(why: str) -> str:
    """A sentence in both languages, in place of the lesson, which is asked for again after a while."""
    said = "".join(f"<p lang='{lang}'>{Problem(why, '').say(lang).strip()}</p>" for lang in ("zh", "en"))
    again = f"<meta http-equiv='refresh' content='{SLOW_SECONDS:.0f}'>"
    return f"{again}<style>#loading {{ display: none }}</style><div role='alert'>{said}</div>"


class ClassRenderer(NotebookRenderer):
    """A page from a kernel of its own. Voilà waits for its end for ever if the kernel dies on the way."""

    async def generate_content_generator(self, *given: Any, **more: Any) -> Any:
        try:
            async for each in super().generate_content_generator(*given, **more):
                yield each
        except Exception:
            self.log.exception("half a page")
            yield f"</div></div>{refusal('class_broken')}", {}


class ClassSocket(VoilaKernelWebsocketHandler):
    """A page's line to its kernel: few for each address, and not faster than a hand can press."""

    lines: ClassVar[dict[str, list[ClassSocket]]] = defaultdict(list)

    async def open(self, kernel_id: str) -> None:
        self.bucket, self.whose = Bucket(MESSAGES, MESSAGES_SECOND), self.request.remote_ip
        mine = self.lines[self.whose]
        mine.append(self)
        if not near(self.whose):
            for first in [each for each in mine if each.kernel_id != kernel_id][: 1 - KERNELS_EACH]:
                first.close(1008, "one page at a time")
        await super().open(kernel_id)

    def on_message(self, ws_message: Any) -> None:
        if self.bucket.take():
            super().on_message(ws_message)
        else:
            self.close(1008, "too many messages")

    def on_close(self) -> None:
        with suppress(ValueError, AttributeError):
            self.lines[self.whose].remove(self)
            if not self.lines[self.whose]:
                del self.lines[self.whose]
        super().on_close()


class ClassConnection(ZMQChannelsWebsocketConnection):
    """A page's line to its kernel, without what a kernel says to its programmer."""

    def handle_outgoing_message(self, stream: str, outgoing_msg: list[Any]) -> None:
        _, parts = self.session.feed_identities(outgoing_msg)
        with suppress(ValueError, IndexError, AttributeError):
            if json.loads(bytes(parts[1])).get("msg_type") in UNSENT:
                return
        super().handle_outgoing_message(stream, outgoing_msg)


class ClassServerApp(Voila):
    """Voilà behind the gate."""

    names: ClassVar[set[str]] = set()  # besides its addresses and its own name, what this machine may be called

    def init_settings(self) -> dict[str, Any]:
        settings = super().init_settings()
        manager = self.kernel_manager
        if rendered := getattr(manager, "get_rendered_notebook", None):

            async def noted(*given: Any, **more: Any) -> Any:
                found = await rendered(*given, **more)
                manager.taken(found[2])
                return found

            manager.get_rendered_notebook = noted
        JupyterHandler.check_host = lambda handler: known_host(handler.request.host, self.names)
        settings["identity_provider"].cookie_options = {"samesite": "Strict"}
        return settings | {
            "websocket_max_message_size": LARGEST_MESSAGE,
            "xsrf_cookie_kwargs": {"samesite": "Strict"},
        }

    def init_handlers(self) -> list[Any]:
        ours = {TornadoVoilaHandler: ClassPage, VoilaKernelWebsocketHandler: ClassSocket}
        return [(path, ours.get(handler, handler), *more) for path, handler, *more in super().init_handlers()]

    def listen(self) -> None:
        gate = Gate(self.app)
        self.app.listen = lambda port, address="": gate.listen(port, address)
        super().listen()
