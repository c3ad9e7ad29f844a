"""The program behind a class's page: Voilà, with all that a lesson does not need shut, and no one student able to keep out the others.

It is told what to show by one line of JSON on its standard input (so a token stands in no list of processes), and ends when that
input closes: when the command that began it is gone, however it went.
"""

from __future__ import annotations

import json
import sys
import threading
from collections import defaultdict
from contextlib import suppress
from typing import Any, ClassVar

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.utils import url_path_join
from tornado.web import HTTPError, authenticated
from voila import handler
from voila.app import Voila
from voila.notebook_renderer import NotebookRenderer
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from jiebei_lib.core.knowledge.problems import Problem
from jiebei_lib.lessons.classroom.guard import (
    KERNELS_EACH,
    LARGEST_MESSAGE,
    MESSAGES,
    MESSAGES_SECOND,
    MOST_ADDRESSES,
    PAGES,
    PAGES_SECONDS,
    SLOW_SECONDS,
    Bucket,
    Gate,
    known_host,
    near,
    until_left,
)
from jiebei_lib.lessons.classroom.kernels import Full
from jiebei_lib.lessons.classroom.machine import allowed_files

# Of a kernel's messages, what is meant for whoever wrote the notebook: it names files of the server
UNSENT = ("stream", "error")


def main() -> None:
    """What ``python -c`` runs: see the module."""
    asked = json.loads(sys.stdin.readline())
    threading.Thread(target=until_left, daemon=True).start()
    allowed_files(ask=True)
    ClassServerApp.names = set(asked["names"])
    handler.NotebookRenderer = ClassRenderer
    ClassServerApp.launch_instance(argv=asked["argv"])


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


class ClassAlive(JupyterHandler):
    """Whether a page's kernel is the one that made the page: 204; or 410, if it died since or was given up, also where Jupyter has begun
    another in its place, which knows nothing of the lesson and is ended. A page asks until its panels are there."""

    @authenticated
    async def get(self, kernel_id: str) -> None:
        manager: Any = self.kernel_manager  # ClassKernels, to which Voilà adds its pool
        known = kernel_id in manager
        lives = known and await manager.as_born(kernel_id)
        if known and not lives:
            with suppress(Exception):  # it is gone already
                await manager.shutdown_kernel(kernel_id, now=True)
        self.set_status(204 if lives else 410)


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
            head: Any = parts[1]  # bytes, or a frame of them
            if json.loads(bytes(head)).get("msg_type") in UNSENT:
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
        every: Any = JupyterHandler  # of any handler, those of extensions as well
        every.check_host = lambda handler: known_host(handler.request.host, self.names)
        settings["identity_provider"].cookie_options = {"samesite": "Strict"}
        return settings | {
            "websocket_max_message_size": LARGEST_MESSAGE,
            "xsrf_cookie_kwargs": {"samesite": "Strict"},
        }

    def init_handlers(self) -> list[Any]:
        ours = {TornadoVoilaHandler: ClassPage, VoilaKernelWebsocketHandler: ClassSocket}
        found = [(path, ours.get(handler, handler), *more) for path, handler, *more in super().init_handlers()]
        return [(url_path_join(self.base_url, r"/alive/([0-9a-f-]+)"), ClassAlive), *found]

    def listen(self) -> None:
        gate = Gate(self.app)
        self.app.listen = lambda port, address="": gate.listen(port, address)
        super().listen()
