"""Opens a class: one server for the students' page, one with a token for the teacher's board, if wished one for the projector, and one
class file between them.

The students' page is served without kernels (pages.py) or by Voilà with a kernel for each student (server.py); board and projector are
Voilà's. What a student's browser can reach: the page of one lesson, its own panels' messages (Voilà refuses every message that runs
code), the page's static files. No terminals, no contents, no listing, no other notebook; the notebooks' folder serves no file. The
board listens on this machine alone. How one student is kept from taking everything is in guard.py.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from jiebei_lib.core.knowledge.problems import Phrase, Problem, items, shown
from jiebei_lib.core.knowledge.yaml_files import HERE, beside
from jiebei_lib.lessons.classroom.machine import FILES_EACH, MOST, SPARE_FILES, allowed_files, capacity
from jiebei_lib.lessons.learner import FILE, LESSONS, LINK, OPEN
from jiebei_lib.lessons.store import ClassError, Store

__all__ = ["FILES_EACH", "SPARE_FILES", "allowed_files", "capacity"]
HOME = "127.0.0.1"
NOTEBOOKS = {
    "lesson_1": "lesson_1_a_week_late",
    "lesson_2": "lesson_2_before_you_borrow",
    "lesson_3": "lesson_3_repairing_credit",
}
BOARD, SCREEN = "class_board", "class_screen"
SCREENS = 3  # pages of the projector that may be open at once
SPARE = 2  # places, and a tenth, for those who come late or open a second page
LOG_BYTES = 2_000_000  # of a server's log; a longer one begins anew
LOOK_SECONDS = 2.0  # between looks whether the servers live and the class file takes what is written
START_SECONDS = 60.0  # for the servers to answer at all, and for each student's kernel on top
SECONDS_EACH = 10.0
RESTING = 0.02  # seconds of processor time a second; a kernel below it rests
# The server's own program: nothing on its command line says more than where the library is, should it not be installed
PROGRAM = "import sys; sys.path.append(sys.argv.pop(1)); from jiebei_lib.lessons.classroom.{} import main; main()"
WARM = "is filled with"  # what Voilà says when every kernel has run the notebook


@dataclass
class ClassServer:
    """A Voilà server: how it is started, its process, and what it says of itself."""

    asked: dict[str, Any]
    environment: dict[str, str]
    folder: Path
    program: str = "server"
    process: subprocess.Popen = field(init=False)

    def __post_init__(self) -> None:
        self.begin()

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def begin(self) -> None:
        """Starts the program in a folder of its own, empty but for its log: Python and Jupyter take modules and settings from where
        they are started. What it is asked goes to its standard input, whose end tells it that we are gone."""
        with self.log.open("ab") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-c", PROGRAM.format(self.program), str(HERE.parent)],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        with suppress(OSError):  # it has ended already: whoever waits for it says so
            assert self.process.stdin is not None  # a pipe, as asked for
            self.process.stdin.write(json.dumps(self.asked).encode() + b"\n")
            self.process.stdin.flush()

    def shorten(self) -> None:
        """Keeps the log from growing without end."""
        with suppress(OSError):
            if self.log.stat().st_size > LOG_BYTES:
                os.truncate(self.log, 0)


@dataclass
class Class:
    """An open class: the students' link, the board's link with its token, the class file, kernels begun beforehand, and the servers.

    ``links``: the students' link by each address of this machine, where the class listens on all of them. ``screen``: the projector's
    page, without a token and with nothing to press; empty if none was asked for.
    """

    link: str
    links: list[str]
    board: str
    file: Path
    warm: int
    students: ClassServer
    teacher: ClassServer
    projector: ClassServer | None = None
    screen: str = ""

    def kernels(self) -> list[int]:
        """Memory in MB (unshared) that each of the students' kernels takes."""
        import psutil

        found = []
        for child in psutil.Process(self.students.process.pid).children(recursive=True):
            with suppress(psutil.Error):
                found.append(round(child.memory_full_info().uss / 2**20))
        return found

    def last(
        self, told: Callable[[], None] = lambda: None, fault: Callable[[ClassError | None], None] = lambda _: None
    ) -> None:
        """Keeps the class open until it is interrupted: a server that has died is started again, and ``told`` is called. ``fault`` is
        told once when the class file takes nothing any more, and with None when it does again."""
        store, known = Store(self.file), False
        with suppress(KeyboardInterrupt):
            while True:
                self.mend(told)
                found = self.fault(store)
                if bool(found) != known:
                    fault(found)
                    known = bool(found)
                time.sleep(LOOK_SECONDS)

    def fault(self, store: Store) -> ClassError | None:
        """Why the class file does not take what students write; None if it does."""
        try:
            store.check()
        except ClassError as failure:
            return failure
        return None

    def mend(self, told: Callable[[], None] = lambda: None) -> None:
        """Starts again what has died; the class file holds everything that was answered before."""
        for server in filter(None, (self.students, self.teacher, self.projector)):
            server.shorten()
            if server.process.poll() is not None:
                told()
                server.begin()


def notebooks() -> Path:
    """The lessons' notebooks, where they ship."""
    return beside("lessons")


def default_file() -> Path:
    """Where a class is kept if the teacher names no file: the user's data folder."""
    from platformdirs import user_data_path

    folder = user_data_path("jiebei")
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "class.sqlite"


def addresses(host: str) -> list[str]:
    """The addresses under which others find a server that listens at ``host``: itself, or each that this machine has."""
    import psutil

    if host not in ("0.0.0.0", "::"):
        return [host]
    found = [each for own in psutil.net_if_addrs().values() for each in own if each.family == socket.AF_INET]
    outside = [each.address for each in found if not each.address.startswith(("127.", "169.254."))]
    return outside or [HOME]


def link_to(host: str, port: int) -> str:
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


@contextmanager
def opened(
    lesson: str,
    host: str,
    port: int,
    students: int,
    file: Path,
    warm: int | None = None,
    projector: bool = False,
    kernels: bool = True,
) -> Iterator[Class]:
    """A class while it lasts; its servers and all kernels end with it. Raises :class:`ClassError` before anything starts.

    ``kernels``: one for each student, of which ``warm`` are started beforehand (one a student if not given); without, the pages need
    none. ``projector``: with its page, on the port after the board's.
    """
    check(lesson, host, port, students, projector)
    file = file.absolute()
    Store(file)
    token, servers, warm = secrets.token_urlsafe(16), [], 0 if not kernels else students if warm is None else warm
    environment = {**os.environ, FILE: str(file), OPEN: lesson}
    links, board = [link_to(each, port) for each in addresses(host)], f"http://{HOME}:{port + 1}/?token={token}"
    places = students + SPARE + students // 10
    with _ended_by_signals(), tempfile.TemporaryDirectory(prefix="jiebei-class-") as folder:
        try:
            if kernels:
                servers.append(_start(NOTEBOOKS[lesson], host, port, environment, warm, "", places, Path(folder)))
            else:
                servers.append(_pages(NOTEBOOKS[lesson], host, port, environment, places, Path(folder)))
            servers.append(_start(BOARD, HOME, port + 1, environment, 0, token, 0, Path(folder)))
            if projector:
                seen = {**environment, LINK: links[0]}
                servers.append(_start(SCREEN, HOME, port + 2, seen, 0, "", SCREENS, Path(folder)))
            _wait(servers[0], START_SECONDS + SECONDS_EACH * students, links[0] if warm == 0 else None)
            screen = link_to(HOME, port + 2) if projector else ""
            for server, link in zip(servers[1:], (board, screen), strict=False):
                _wait(server, START_SECONDS, link)
            if lesson == "lesson_1":
                _solve(file)
            page = servers[2] if projector else None
            found = Class(links[0], links, board, file, warm, servers[0], servers[1], page, screen=screen)
            if warm != 0:
                _settle(servers[0], SECONDS_EACH * students)
            yield found
        finally:
            for server in servers:
                _end(server)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """A closed terminal or a polite kill ends a class as Ctrl+C does, at any moment."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    names = [getattr(signal, name) for name in ("SIGHUP", "SIGTERM") if hasattr(signal, name)]
    before = {each: signal.signal(each, signal.default_int_handler) for each in names}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def check(lesson: str, host: str, port: int, students: int, projector: bool = False) -> None:
    """Whether such a class can be opened here. Raises :class:`ClassError`."""
    if lesson not in NOTEBOOKS:
        raise ClassError(Problem("not_one_of", "lesson", {"value": shown(lesson), "allowed": items(LESSONS)}))
    for name, value, low, high in (("--students", students, 1, MOST), ("--port", port, 1024, 65533)):
        if not low <= value <= high:
            slots = {"value": value, "allowed": Phrase("integer", {"low": low, "high": high})}
            raise ClassError(Problem("invalid", name, slots))
    for where, number in ((host, port), (HOME, port + 1), *([(HOME, port + 2)] if projector else [])):
        try:
            with socket.socket(socket.AF_INET6 if ":" in where else socket.AF_INET) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((where, number))
        except OSError:
            raise ClassError(Problem("bad_address", "--host", {"value": f"{shown(where)}:{number}"})) from None


def asked(notebook: str, host: str, port: int, warm: int, token: str, places: int) -> dict[str, Any]:
    """What the server is asked: everything that a lesson does not need is shut."""
    options = {
        "Voila.ip": host,
        "Voila.port_retries": 0,
        "Voila.open_browser": False,
        "Voila.kernel_websocket_connection_class": "jiebei_lib.lessons.classroom.server.ClassConnection",
        "port": port,
        "token": token,
        "VoilaConfiguration.strip_sources": True,
        "VoilaConfiguration.show_tracebacks": False,
        "VoilaConfiguration.file_allowlist": [],
        "VoilaConfiguration.allow_template_override": "NO",
        "VoilaConfiguration.allow_theme_override": "NO",
        "VoilaConfiguration.template": template(),
        "VoilaConfiguration.extension_allowlist": [
            "@voila-dashboards/widgets-manager8",
            "@jupyter-widgets/jupyterlab-manager",
            "anywidget",
        ],
        "VoilaConfiguration.preheat_kernel": warm > 0,
        "VoilaConfiguration.default_pool_size": warm,
        "VoilaConfiguration.multi_kernel_manager_class": "jiebei_lib.lessons.classroom.kernels.ClassKernels",
        "ClassKernels.places": places,
        # A page that is closed keeps its kernel for ten minutes, or until its place is needed.
        "MappingKernelManager.cull_idle_timeout": 600,
        "MappingKernelManager.cull_interval": 60,
    }
    path = notebooks() / f"{notebook}.ipynb"
    return {"argv": [str(path), *(f"--{key}={value}" for key, value in options.items())], "names": [host]}


def templates() -> Path:
    """The folder with the page's template, as a Jupyter data folder."""
    return HERE / "lessons" / "jupyter"


def template() -> str:
    return "jiebei_class"


def _start(
    notebook: str, host: str, port: int, environment: dict[str, str], warm: int, token: str, places: int, folder: Path
) -> ClassServer:
    try:
        import voila  # noqa: F401
    except ImportError:
        raise ClassError(Problem("no_extra", "jiebei class", {"allowed": "jiebei-lib[lab]"})) from None
    paths = [str(templates()), *filter(None, [environment.get("JUPYTER_PATH")])]
    environment = {**environment, "JUPYTER_PATH": os.pathsep.join(paths)}
    own = folder / notebook
    own.mkdir()
    return ClassServer(asked(notebook, host, port, warm, token, places), environment, own)


def _pages(notebook: str, host: str, port: int, environment: dict[str, str], places: int, folder: Path) -> ClassServer:
    """The students' pages without kernels."""
    own = folder / notebook
    own.mkdir()
    path = str(notebooks() / f"{notebook}.ipynb")
    told = {"notebook": path, "host": host, "port": port, "places": places, "names": [host]}
    return ClassServer(told, environment, own, "pages")


def _wait(server: ClassServer, seconds: float, link: str | None) -> None:
    """Until the server answers at ``link`` (asking for nothing that starts a kernel), or says that its kernels are warm."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if server.process.poll() is not None:
            raise ClassError(Problem("not_started", "jiebei class", {"value": f"voila: {server.process.returncode}"}))
        if _answers(link) if link else WARM in server.log.read_text("utf-8", "replace"):
            return
        time.sleep(0.3)
    raise ClassError(Problem("not_started", "jiebei class", {"value": f"{seconds:.0f} s"}))


def _settle(server: ClassServer, seconds: float) -> None:
    """Until the kernels have run the notebook and rest."""
    import psutil

    kernels = psutil.Process(server.process.pid).children(recursive=True)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        before = _busy(kernels)
        time.sleep(1)
        if _busy(kernels) - before < RESTING * len(kernels):
            return


def _busy(kernels: list) -> float:
    """Seconds of processor time that the kernels have taken so far."""
    import psutil

    total = 0.0
    for kernel in kernels:
        with suppress(psutil.Error):
            total += sum(kernel.cpu_times()[:2])
    return total


def _solve(file: Path) -> None:
    """Works out the game's best path once, so that no student's kernel has to."""
    from jiebei_lib.lessons import best_path, seven_days
    from jiebei_lib.lessons.learner import SEED

    in_world = seven_days.world(int(Store(file).setting("seed", str(SEED))))
    best_path.best_from(seven_days.start(in_world), in_world)


def _answers(link: str) -> bool:
    try:
        urlopen(link.partition("?")[0] + "voila/static/", timeout=5).close()
    except HTTPError:  # it answers, if only to say no
        return True
    except OSError:
        return False
    return True


def _end(server: ClassServer) -> None:
    """Ends a server and its kernels: first asked, then made to."""
    import psutil

    children = []
    with suppress(psutil.Error):
        children = psutil.Process(server.process.pid).children(recursive=True)
    server.process.terminate()
    with suppress(subprocess.TimeoutExpired):
        server.process.wait(10)
    for process in [*children, server.process]:
        with suppress(psutil.Error, OSError):
            process.kill()
    server.process.wait()
