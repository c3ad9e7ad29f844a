"""Kernels in copies of a warm process, for whatever runs notebooks by jupyter_client: nbclient, nbconvert, papermill.

    NotebookClient(nb, kernel_manager_class=WarmKernelManager)
    jupyter nbconvert --execute --ExecutePreprocessor.kernel_manager_class=jiebei_lib.reports.engine.kernel_process.WarmKernelManager …

The kernel is ipykernel itself, with its sockets, threads and streams, all made after the fork: so a notebook can do what it can do in
any kernel. Only how its process comes about is another. Kernels that are not this Python's own ipykernel, and all kernels on other
systems than Linux, are started as always.
"""

from __future__ import annotations

import asyncio
import atexit
import errno
import inspect
import os
import sys
from collections.abc import Iterable
from contextlib import contextmanager, suppress
from queue import Empty
from typing import Any

import zmq
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner
from traitlets import List, Type, Unicode

from jiebei_lib.reports.engine import (
    beforehand,
    careful_import,
    ending,
    fork_server,
    launch_state,
    spares,
    warm_imports,
)

# What any kernel has loaded by the end of its first cell, and what it makes before it has sockets
IMPORTS = (__name__, f"{beforehand.__name__}:prepare", f"+{beforehand.__name__}:make")
STARTING = 60.0  # seconds in which a kernel has made its sockets, or its client begins to ask it without: nbclient's own patience
NO_ADDRESS, MOVES = 75, 3  # how a kernel ends whose port another has taken meanwhile, and how often it may
AFTER = 0.003  # seconds from when a kernel is ready to when the next is begun: by then it has been given work
_started = False  # whether this process has had a kernel: only with the second is it worth while to keep something warm


class _Process:
    """A copy with a kernel in it, as :class:`LocalProvisioner` knows a process: ``subprocess.Popen``'s names."""

    stdin = stdout = stderr = None

    def __init__(self, copy: fork_server.Copy):
        self.copy, self.pid = copy, copy.pid
        self.poll, self.send_signal = copy.poll, copy.signal

    def wait(self) -> int:
        self.copy.wait()
        self.copy.close()  # by now it has a status
        return self.copy.status or 0

    def kill(self) -> None:
        self.send_signal(9)

    def terminate(self) -> None:
        self.send_signal(15)


class WarmProvisioner(LocalProvisioner):
    """Starts a kernel by a fork where that will do, and by its command where it will not."""

    warm: Iterable[str] = ()  # modules to import beforehand
    spare: spares.Spare | None = None  # a kernel begun ahead of need, at this one's address
    started: Any = None  # the server, the state and the arguments that a kernel was forked with

    async def launch_kernel(self, cmd: list[str], **options: Any) -> Any:
        global _started
        first, _started = not _started, True
        if not first and (parts := _own_kernel(cmd)) and not set(options) - {"env", "cwd", "kernel_id"}:
            with suppress(fork_server.Lost):  # nothing has run: started as always
                for _ in range(MOVES):
                    copy = await self._forked(*parts, options.get("env"), options.get("cwd"))
                    # A client that comes before the sockets are there waits for long
                    if await _says_so(copy) or copy.poll() != NO_ADDRESS or not self.ports_cached:
                        break
                    copy.close()
                    spares.move(self.parent)
                process: Any = _Process(copy)
                self.process = process  # what the provisioner asks of a process it has
                self.pid, self.pgid, self.cwd = copy.pid, None, options.get("cwd", os.getcwd())
                return self.connection_info
        self._leave_spare()
        return await super().launch_kernel(cmd, **options)

    async def _forked(
        self, options: tuple[str, ...], arguments: list[str], env: dict[str, str] | None, cwd: str | None
    ) -> fork_server.Copy:
        environment = dict(os.environ) if env is None else env
        environment["JPY_PARENT_PID"] = str(os.getpid())
        warm = warm_imports.with_companions(tuple(self.warm))
        server = fork_server.server(IMPORTS, options, warm, environment)
        if warm and _shadowed(server.told["shadowed"], cwd):
            server = fork_server.server(IMPORTS, options, (), environment)
        warm_imports.say(server.told["cold"])
        to_delete = arguments[arguments.index("-f") + 1] if "-f" in arguments[:-1] else ""
        state: dict[str, Any] = {"folder": os.fspath(cwd) if cwd else None, "environment": environment}
        self.started = server, arguments, launch_state.here(**state)
        with _standard_streams() as stdio:
            if self.spare and self.spare.goes_on(self.started, stdio):
                copy = self.spare.copy
                if await _says_so(copy):
                    self.spare = None
                    return copy
                server.spares = copy.poll() == NO_ADDRESS  # else it has ended itself, as the next would
            self._leave_spare()
            return server.copy(run, arguments, to_delete=to_delete, stdio=stdio, whole=True, **state)

    def _leave_spare(self) -> None:
        spare, self.spare = self.spare, None
        if spare:
            spare.leave(self.parent)

    async def wait(self) -> int | None:
        if isinstance(self.process, _Process):
            await _readable(self.process.copy)
        return await super().wait()


class WarmKernelManager(AsyncKernelManager):
    """jupyter_client's, but for where the process comes from, and for waiting no longer than there is something to wait for."""

    client_class = Unicode(f"{__name__}.WarmKernelClient", config=True)
    client_factory = Type(f"{__name__}.WarmKernelClient")
    warm = List(Unicode(), help="Modules to import beforehand, in the process that kernels are copies of.").tag(
        config=True
    )

    async def _async_pre_start_kernel(self, **options: Any) -> Any:
        spec = self.kernel_spec
        if self.provisioner is None and spec is not None and "kernel_provisioner" not in spec.metadata:
            self.kernel_id = self.kernel_id or options.get("kernel_id") or os.urandom(16).hex()
            self.provisioner = WarmProvisioner(kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self)
            self.provisioner.warm = self.warm
        if isinstance(self.provisioner, WarmProvisioner) and _started:
            self.provisioner.spare = spares.choose(self)
        return await super()._async_pre_start_kernel(**options)

    async def _async_start_kernel(self, **options: Any) -> None:
        await _at_once(self, AsyncKernelManager._async_start_kernel, **options)

    async def _async_shutdown_kernel(self, now: bool = False, restart: bool = False) -> None:
        await _at_once(self, AsyncKernelManager._async_shutdown_kernel, now=now, restart=restart)

    start_kernel, shutdown_kernel = _async_start_kernel, _async_shutdown_kernel

    async def _async_wait(self, pollinterval: float = 0.1) -> None:
        if isinstance(process := getattr(self.provisioner, "process", None), _Process):
            await _readable(process.copy)
        await super()._async_wait(pollinterval)


async def _at_once(manager: WarmKernelManager, method: Any, **options: Any) -> None:
    """jupyter_client's ``in_pending_state`` around one of its methods, but for the hundredth of a second that it then waits for the
    sake of its own tests: twice a notebook, and a fifth of the time that a small one takes."""
    if manager._attempted_start or not manager._ready:
        manager._ready = asyncio.get_running_loop().create_future()
    try:
        await inspect.unwrap(method)(manager, **options)
    except Exception as failure:
        manager._ready.set_exception(failure)
        manager.log.exception(manager._ready.exception())
        raise
    if manager.owns_kernel:
        manager._ready.set_result(None)


class HearingChannel(AsyncZMQSocketChannel):
    """jupyter_client's, but for what comes while something is sent. Sending takes from the socket the one sign that a message has come, and
    jupyter_client sends past him who waits for that sign: where nbclient answers for an output widget while a cell's reply comes in,
    it would wait for that reply for ever."""

    def send(self, msg: dict[str, Any]) -> None:
        super().send(msg)
        with suppress(RuntimeError):  # outside a loop nobody waits: who begins to looks first
            asyncio.get_running_loop()
            self.socket.get(zmq.EVENTS)  # whose asker wakes whoever waits


class WarmKernelClient(AsyncKernelClient):
    """jupyter_client's; ready when the kernel has answered and its answer's last message has come, not a fifth of a second later."""

    shell_channel_class = Type(HearingChannel)

    def start_channels(
        self, shell: bool = True, iopub: bool = True, stdin: bool = True, hb: bool = False, control: bool = True
    ) -> None:
        """Without a heart to listen to: whether a kernel lives its manager knows from the process."""
        super().start_channels(shell, iopub, stdin, hb, control)

    async def _async_wait_for_ready(self, timeout: float | None = None) -> None:
        manager: Any = self.parent
        if not isinstance(getattr(manager.provisioner, "process", None), _Process):
            return await super()._async_wait_for_ready(timeout)
        end = asyncio.get_running_loop().time() + (float("inf") if timeout is None else timeout)
        asked: set[str] = set()
        while asyncio.get_running_loop().time() < end:
            asked.add(self.kernel_info())
            if await self._told_ready(asked):
                asyncio.get_running_loop().call_later(AFTER, spares.begin, manager, run)
                return None
            if not await manager.is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
        raise RuntimeError(f"Kernel didn't respond in {timeout} seconds")

    async def _told_ready(self, asked: set[str]) -> bool:
        """Whether a question has been answered, and what the kernel has published in the meantime has come."""
        with suppress(Empty):
            reply = await self.shell_channel.get_msg(timeout=1)
            if reply["parent_header"].get("msg_id") not in asked or reply["msg_type"] != "kernel_info_reply":
                return False
            while True:  # without this message the subscription came too late
                said = await self.iopub_channel.get_msg(timeout=0.2)
                if said["parent_header"].get("msg_id") in asked and said["content"].get("execution_state") == "idle":
                    self._handle_kernel_info_reply(reply)
                    return True
        return False

    wait_for_ready = _async_wait_for_ready


async def _readable(from_copy: Any, seconds: float | None = None) -> bool:
    """Waits for a copy's end or, on its line, for a word, and says whether it came; jupyter_client would look every tenth of a second."""
    if getattr(from_copy, "status", None) is not None:
        return True
    loop, there = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(from_copy.fileno(), there.set)
    try:
        await asyncio.wait_for(there.wait(), seconds)
    except TimeoutError:
        return False
    finally:
        loop.remove_reader(from_copy.fileno())
    return True


async def _says_so(copy: fork_server.Copy) -> bool:
    """Whether a starting kernel says on its line, in time, that it has come so far; if it does not because it ends, its end is there."""
    if not await _readable(copy.line, STARTING):
        return False
    with suppress(ConnectionError):
        if copy.line.recv(1):
            return True
    await _readable(copy, STARTING)
    return False


def _own_kernel(cmd: list[str]) -> tuple[tuple[str, ...], list[str]] | None:
    """The interpreter's options and the kernel's arguments, if a command starts this Python's own ipykernel; else nothing."""
    if not fork_server.WORKS or "-m" not in cmd or not os.path.isabs(cmd[0]) or not _same_file(cmd[0], sys.executable):
        return None
    at = cmd.index("-m")
    options = cmd[1:at]
    if cmd[at + 1 : at + 2] != ["ipykernel_launcher"] or not all(
        each.startswith("-X") and each[2:] for each in options
    ):
        return None
    return tuple(options), cmd[at + 2 :]


def _same_file(one: str, other: str) -> bool:
    # By their names, not by what they lead to: two environments may share one interpreter
    return os.path.normpath(one) == os.path.normpath(other)


def warm_up(*modules: str, kernel_name: str = "python3") -> dict[str, str]:
    """Starts and awaits what kernels are copies of, so that the first is fast too; gives the modules that stay cold, and why."""
    global _started
    _started = True
    command = WarmKernelManager(kernel_name=kernel_name)
    command._launch_args = {}
    parts = _own_kernel(command.format_kernel_cmd())
    if parts is None:
        return {}
    return fork_server.server(IMPORTS, parts[0], warm_imports.with_companions(modules)).told["cold"]


def _shadowed(names: set[str], folder: str | None) -> bool:
    """Whether a file where the notebook runs would be imported instead of a module that is warm."""
    with suppress(OSError), os.scandir(folder or ".") as entries:
        return any(entry.name.partition(".")[0] in names for entry in entries)
    return False


@contextmanager
def _standard_streams():
    """What a kernel gets: a standard input that has ended, and this process's output and error."""
    ours, theirs = os.pipe()
    os.close(theirs)
    null = os.open(os.devnull, os.O_RDWR)
    try:
        yield (ours, *(fd if _open(fd) else null for fd in (1, 2)))
    finally:
        os.close(ours)
        os.close(null)


def _open(fd: int) -> bool:
    with suppress(OSError):
        os.fstat(fd)
        return True
    return False


# ---- in the server and its copies ----------------------------------------------------------------------------------


def run(arguments: list[str], spare: bool = False) -> None:
    """In a copy: ``python -m ipykernel_launcher ARGUMENTS``."""
    from ipykernel import ipkernel
    from ipykernel.kernelapp import IPKernelApp

    sys.argv[:] = [
        os.path.join(os.path.dirname(os.path.dirname(ipkernel.__file__)), "ipykernel_launcher.py"),
        *arguments,
    ]
    sys.orig_argv[:] = [sys.executable, "-m", "ipykernel_launcher", *arguments]
    launch_state.as_if_never_here()
    ending.mark()
    begun = beforehand.take(arguments)
    kernel = IPKernelApp.instance(parent_handle=os.getppid())
    if spare:
        spares.wait(kernel, fork_server.line)
    try:
        beforehand.initialize(kernel, begun)
    except zmq.ZMQError as failure:
        if failure.errno == errno.EADDRINUSE:
            os._exit(NO_ADDRESS)  # Python's end would wait for ever for the socket that has no port
        raise
    careful_import.hand_over()
    atexit.register(_finish_control, kernel)  # before all that the kernel has registered
    with suppress(ConnectionError):
        fork_server.line.sendall(b"+")
    fork_server.line.close()
    look = kernel.kernel._process_children
    vars(kernel.kernel)["_process_children"] = lambda: look() if _has_children() else []
    ending.begin()
    kernel.start()
    ending.done()


def _has_children() -> bool:
    """Whether there are any: ipykernel, to end them, looks at every process of the system."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _finish_control(kernel: Any) -> None:
    """Lets the thread finish that has answered the request to end: one time in ten it would wait for another that has been stopped
    before it, until jupyter_client loses patience after two and a half seconds."""
    if kernel.control_thread and kernel.control_thread.is_alive():
        kernel.control_thread.stop()
        kernel.control_thread.join()
