"""A lesson's page without a kernel: the same notebook and the same panels, all students' in one program with one store.

What a student costs is their panels' state (a fraction of a MB) instead of a process (some 50). The page is the lesson's words, one
small script and the panels' own; it opens one line (a WebSocket) to here. In a line each message has a number: one that was sent
before the line broke is sent again after it, and counts once. A place is kept for a while after its line is gone, so that a phone that
slept goes on where it was; who comes later still finds their place by the code that their browser keeps.
"""

from __future__ import annotations

import ast
import asyncio
import gc
import json
import logging
import secrets
import sys
import threading
import time
from collections import defaultdict
from contextlib import suppress
from contextvars import Context
from pathlib import Path
from typing import Any, ClassVar

import comm
from tornado.iostream import StreamClosedError
from tornado.web import Application, HTTPError, RequestHandler
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from jiebei_lib.core.knowledge.problems import Problem
from jiebei_lib.core.knowledge.readers import own
from jiebei_lib.lessons.classroom import guard
from jiebei_lib.lessons.classroom.machine import allowed_files

HERE = Path(__file__).parent
LEFT_SECONDS = 20.0  # after its line is gone a place waits so long for it before another may have it,
KEPT_SECONDS = 600.0  # and so long before it is given up anyway
BREATH = 0.03  # seconds between two places that are made ready ahead, so that who comes does not wait for one
LARGEST = 1 << 16  # bytes of a message
KEPT_BACK = ("_esm", "_css")  # of a panel's state: the browser has them as files
# Of a page; some browsers do not count a WebSocket to where the page comes from as its own ('self')
SAFE = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self' blob:; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self' ws://{host} wss://{host}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def main() -> None:
    """What ``python -c`` runs: see classroom/__init__.py."""
    asked = json.loads(sys.stdin.readline())
    threading.Thread(target=guard.until_left, daemon=True).start()
    allowed_files(ask=True)
    logging.basicConfig(format="%(asctime)s %(message)s")
    asyncio.run(serve(asked))


async def serve(asked: dict[str, Any]) -> None:
    """Serves the notebook ``asked["notebook"]`` at ``host`` and ``port`` to as many as there are ``places``, until the program ends."""
    comm.create_comm = PanelComm
    room = Room(Lesson(Path(asked["notebook"])), asked["places"])
    names = set(asked["names"])
    handlers = [("/", Page), ("/line", Line), (r"/m/([0-9a-f]+)\.(?:js|css)", Module), (".*", Nothing)]
    app = Application(
        [(path, handler, {"room": room, "names": names}) for path, handler in handlers],
        compress_response=True,
        websocket_max_message_size=LARGEST,
        websocket_ping_interval=20,
    )
    guard.Gate(app).listen(asked["port"], asked["host"])
    await room.keep_ready()


# ---- the lesson ----------------------------------------------------------------------------------------------------


class Lesson:
    """A notebook as a page: its words as HTML, its code as what is run for each student, and the files that its panels need."""

    def __init__(self, path: Path):
        from nbconvert.filters import markdown2html

        cells = json.loads(path.read_text("utf-8"))["cells"]
        self.code: list[tuple[Any, Any]] = []
        self.files: dict[str, tuple[str, bytes]] = {}
        parts = []
        for cell in cells:
            source = "".join(cell["source"])
            if cell["cell_type"] == "markdown":
                parts.append(f"<section>{markdown2html(source)}</section>")
            elif source.strip():
                parts.append(f'<section class="panel" data-cell="{len(self.code)}"></section>')
                self.code.append(_compiled(source))
        self.script = self.file("js", (HERE / "line.js").read_text("utf-8"))
        words = (HERE / "page.html").read_text("utf-8")
        self.page = words.replace("<!-- lesson -->", "\n".join(parts)).replace("line.js", self.script)

    def file(self, kind: str, text: str) -> str:
        """A text as a file of the page's, by what it holds; its address."""
        import hashlib

        name = hashlib.sha256(text.encode()).hexdigest()[:20]
        self.files.setdefault(name, ("text/javascript" if kind == "js" else "text/css", text.encode()))
        return f"m/{name}.{kind}"


def _compiled(source: str) -> tuple[Any, Any]:
    """A cell's statements, and its last expression, whose value the cell shows."""
    tree = ast.parse(source)
    last = tree.body[-1] if tree.body else None
    shown = ast.Expression(last.value) if isinstance(last, ast.Expr) else None
    if shown:
        tree.body.pop()
    return compile(tree, "lesson", "exec"), compile(shown, "lesson", "eval") if shown else None


# ---- the students --------------------------------------------------------------------------------------------------


class PanelComm(comm.DummyComm):
    """A panel's line to its place; a panel's state, which goes out when it is made, is asked for when somebody sits down."""

    def __init__(self, *given: Any, **more: Any):
        self.place: Place | None = own.get().get(Place)
        super().__init__(*given, **more)

    def publish_msg(self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **_: Any) -> None:
        if msg_type == "comm_msg" and self.place is not None:
            self.place.said(self.comm_id, data or {}, buffers or [])


class Place:
    """One student's place: the lesson's panels in a context of their own, and the line to the browser, if there is one now."""

    def __init__(self, lesson: Lesson):
        self.key, self.last = secrets.token_urlsafe(16), 0
        self.line: Line | None = None
        self.since, self.whose = time.monotonic(), ""
        self.panels: dict[str, tuple[int, Any]] = {}
        self.context, self.lesson = Context(), lesson
        self.context.run(self._furnish)

    def _furnish(self) -> None:
        own.set({Place: self})
        names: dict[str, Any] = {"__name__": "lesson"}
        for n, (statements, last) in enumerate(self.lesson.code):
            exec(statements, names)  # our own notebook, as a kernel would
            if last is not None and hasattr(shown := eval(last, names), "_esm"):
                self.panels[shown.model_id] = (n, shown)

    def states(self) -> list[dict[str, Any]]:
        """Every panel as it stands, in the order of the page."""
        return [
            {
                "id": name,
                "cell": cell,
                "module": self.lesson.file("js", str(panel._esm)),
                "style": self.lesson.file("css", str(panel._css)),
                "state": {key: value for key, value in panel.get_state().items() if key not in KEPT_BACK},
            }
            for name, (cell, panel) in self.panels.items()
        ]

    def said(self, name: str, data: dict[str, Any], buffers: list[bytes]) -> None:
        """What a panel says goes to the browser; what it says to nobody is in its state when somebody comes back."""
        if name not in self.panels or self.line is None or data.get("method") not in ("update", "custom"):
            return
        told = {"id": name} | {key: data[key] for key in ("state", "content") if key in data}
        if "state" in told:
            told["state"] = {key: value for key, value in told["state"].items() if key not in KEPT_BACK}
        self.line.tell(told, [bytes(each) for each in buffers])

    def hear(self, message: dict[str, Any]) -> None:
        """One numbered message of a browser's, which may be anybody's: heard once, however often it is sent."""
        number, name = message.get("n"), message.get("id")
        if type(number) is not int or not isinstance(name, str) or name not in self.panels:
            return
        if self.last < number <= self.last + 10_000:
            self.last = number
            state, content = message.get("state"), message.get("content")
            update: dict[str, Any] = {"method": "update", "state": state, "buffer_paths": []}
            data = update if isinstance(state, dict) else {"method": "custom", "content": content}
            try:
                heard = {"content": {"data": data}, "buffers": []}
                self.context.copy().run(self.panels[name][1].comm.handle_msg, heard)
            except Exception:  # nothing that a browser sends ends anybody's lesson
                logging.getLogger(__name__).exception("a message could not be taken")
        if self.line is not None:
            self.line.tell({"heard": self.last})

    def clear(self) -> None:
        """Gives everything up; what was answered is in the store."""
        line, self.line = self.line, None
        if line is not None:
            line.close(1001, "place given up")
        for _, panel in self.panels.values():
            for widget in (panel, panel.layout):
                self.context.copy().run(widget.close)
        self.panels = {}
        self.context.run(own.get).clear()


class Room:
    """The places of a class: made ready ahead, taken, kept for a while, given to who comes next."""

    def __init__(self, lesson: Lesson, places: int):
        self.lesson, self.most = lesson, places
        self.ready: list[Place] = []
        self.taken: dict[str, Place] = {}

    async def keep_ready(self) -> None:
        """Makes places ready whenever there are fewer than there should be, and gives up those that nobody came back to."""
        while True:
            for place in [each for each in self.taken.values() if self._alone(each) > KEPT_SECONDS]:
                self.give_up(place)
            if len(self.ready) + len(self.taken) < self.most:
                self.ready.append(Place(self.lesson))
                await asyncio.sleep(BREATH)
            else:
                await asyncio.sleep(1.0)

    def _alone(self, place: Place) -> float:
        return time.monotonic() - place.since if place.line is None else -1.0

    def free(self) -> bool:
        """Whether somebody who comes now finds a place."""
        return len(self.taken) < self.most or any(self._alone(each) > LEFT_SECONDS for each in self.taken.values())

    def sit(self, key: str, whose: str) -> Place | None:
        """The place with a key, or a new one for who has none; None if that place is gone, or every one is taken."""
        if key:
            return self.taken.get(key)
        if len(self.taken) >= self.most:
            longest = max(self.taken.values(), key=self._alone)
            if self._alone(longest) <= LEFT_SECONDS:
                return None
            self.give_up(longest)
        mine = [each for each in self.taken.values() if each.whose == whose]
        if not guard.near(whose) and len(mine) >= guard.KERNELS_EACH:
            self.give_up(max(mine, key=self._alone))
        place = self.ready.pop() if self.ready else Place(self.lesson)
        place.whose = whose
        self.taken[place.key] = place
        return place

    def give_up(self, place: Place) -> None:
        self.taken.pop(place.key, None)
        place.clear()
        gc.collect(1)


# ---- what a browser asks -------------------------------------------------------------------------------------------


class Request(RequestHandler):
    """What every request goes through: a name that is this machine's, and headers that forbid what no lesson needs."""

    def initialize(self, room: Room, names: set[str]) -> None:
        self.room, self.names = room, names

    def prepare(self) -> None:
        if not guard.known_host(self.request.host, self.names):
            raise HTTPError(403)
        for name, value in SAFE.items():
            self.set_header(name, value.replace("{host}", self.request.host))

    def set_default_headers(self) -> None:
        self.clear_header("Server")

    def write_error(self, status_code: int, **_: Any) -> None:
        self.finish(str(status_code))

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        if not isinstance(value, HTTPError | StreamClosedError):
            super().log_exception(typ, value, tb)


class Nothing(Request):
    """Everything else."""

    def prepare(self) -> None:
        super().prepare()
        raise HTTPError(404)


class Module(Request):
    """The page's script and its panels' scripts and styles, which never change under their names."""

    def get(self, name: str) -> None:
        if name not in self.room.lesson.files:
            raise HTTPError(404)
        kind, text = self.room.lesson.files[name]
        self.set_header("Content-Type", f"{kind}; charset=utf-8")
        self.set_header("Cache-Control", "max-age=86400, immutable")
        self.finish(text)


class Page(Request):
    """The lesson's words, the same for all; a place is given once the page opens its line."""

    asked: ClassVar[dict[str, guard.Bucket]] = defaultdict(
        lambda: guard.Bucket(guard.PAGES, guard.PAGES / guard.PAGES_SECONDS)
    )

    def get(self) -> None:
        whose = str(self.request.remote_ip)
        if len(self.asked) > guard.MOST_ADDRESSES:
            self.asked.clear()
        if not guard.near(whose) and not self.asked[whose].take():
            return self.refuse("class_too_often", 429)
        if not self.room.free():
            return self.refuse("class_full", 503)
        self.set_header("Cache-Control", "no-cache")
        self.finish(self.room.lesson.page)

    def head(self) -> None:
        self.finish()

    def refuse(self, why: str, status: int) -> None:
        self.set_status(status)
        self.set_header("Refresh", str(round(guard.SLOW_SECONDS)))
        said = "".join(f"<p lang='{lang}'>{Problem(why, '').say(lang).strip()}</p>" for lang in ("zh", "en"))
        self.finish(f"<!DOCTYPE html><meta charset='utf-8'><meta name='viewport' content='width=device-width'>{said}")


class Line(WebSocketHandler):
    """A page's line to its place."""

    def initialize(self, room: Room, names: set[str]) -> None:
        self.room, self.names = room, names
        self.place: Place | None = None
        self.bucket = guard.Bucket(guard.MESSAGES, guard.MESSAGES_SECOND)

    def prepare(self) -> None:
        if not guard.known_host(self.request.host, self.names):
            raise HTTPError(403)

    def open(self) -> None:
        self.place = place = self.room.sit(self.get_query_argument("key", "")[:64], str(self.request.remote_ip))
        if place is None:
            self.tell({"gone": True})
            self.close(1000)
            return
        before, place.line = place.line, self
        if before is not None:
            before.close(1008, "the page is open elsewhere")
        self.tell({"key": place.key, "heard": place.last, "panels": place.states()})

    def on_message(self, message: str | bytes) -> None:
        if not self.bucket.take():
            self.close(1008, "too many messages")
            return
        with suppress(ValueError, RecursionError):
            said = json.loads(message)
            if isinstance(said, dict) and self.place is not None and self.place.line is self:
                self.place.hear(said)

    def on_close(self) -> None:
        if self.place is not None and self.place.line is self:
            self.place.line, self.place.since = None, time.monotonic()

    def tell(self, message: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        """A message as JSON; with a buffer, as bytes: the length of the JSON (4 bytes), the JSON, the buffer."""
        text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
        head = text.encode()
        with suppress(WebSocketClosedError, StreamClosedError):
            whole = len(head).to_bytes(4, "big") + head + b"".join(buffers) if buffers else text
            self.write_message(whole, binary=bool(buffers))
