"""What a kernel imports, and makes before it opens its sockets, once, in the server: its application, its session, its shell, itself.

It is IPython's and ipykernel's own, by their own methods. Nothing here starts a thread, opens a socket or runs anything of the user's.
What of it differs from kernel to kernel is made, or put right, in the copy: the connection file's name, the folder, the environment, the
streams, ids, what is called at the end, the history with its database. Whoever has settings files for IPython or its kernel, or starts
kernels with other arguments than nbclient does, gets all of it made in the copy.
"""

from __future__ import annotations

import atexit
import fnmatch
import os
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from types import MappingProxyType
from typing import Any

from jupyter_client.session import new_id

from jiebei_lib.reports.engine import ending, launch_state

FILE = "connection.json"  # in place of the one that is not there yet
ARGUMENTS = ["-f", FILE, "--HistoryManager.hist_file=:memory:"]  # nbclient's
LATER = ("init_environment", "init_history", "init_user_ns")  # what a shell does in its copy
_made: list[Any] = []  # the application, its shell and its kernel
_ends: list[tuple[Any, ...]] = []  # what the shell wants to be called at the end
_first: list[str] = []  # the names in its namespace before it puts its own there


class _HasSettings(Exception):
    """There are settings files."""


def prepare() -> None:
    """In the server: everything that any kernel imports by its first cell."""
    for name in launch_state.OWN:
        os.environ.pop(name, None)
    import bdb  # noqa: F401
    import faulthandler  # noqa: F401
    import sqlite3  # noqa: F401

    import IPython.core.completerlib
    import IPython.core.debugger
    import IPython.core.logger
    import IPython.core.oinspect
    import IPython.extensions.storemagic  # noqa: F401
    import tornado.platform.asyncio  # noqa: F401
    from ipykernel import debugger, ipkernel, kernelapp, subshell_manager, zmqshell  # noqa: F401
    from IPython.core.completer import IPCompleter
    from IPython.core.inputtransformer2 import TransformerManager

    with suppress(ImportError):
        import psutil  # noqa: F401
    from jupyter_client.localinterfaces import localhost

    localhost()
    TransformerManager().transform_cell("None")  # the patterns by which any cell is read
    IPCompleter()
    no_application: Any = None
    kernelapp.IPKernelApp.init_pdb(no_application)  # before what is imported may take something from there
    for names in ("*.py", "*.ipy"):  # of files to run at the start
        fnmatch.filter((), names)
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")  # as in every kernel


def make() -> None:
    """In the server, after all imports."""
    from ipykernel.kernelapp import IPKernelApp
    from IPython.core.application import BaseIPythonApplication

    app: Any = IPKernelApp.instance()
    hook, vars(app)["load_config_file"] = sys.excepthook, lambda: _load_settings(app)
    try:
        BaseIPythonApplication.initialize(app, list(ARGUMENTS))
    except _HasSettings:
        IPKernelApp.clear_instance()
        sys.excepthook = hook
        return
    _ = app.connection_dir  # from here on it is known
    _made.extend((app, *_shell_and_kernel(app)))


def _load_settings(app: Any) -> None:
    if settings(app):
        raise _HasSettings
    del vars(app)["load_config_file"]
    app.load_config_file()


def settings(app: Any) -> bool:
    """Whether there are files with a user's settings for kernels."""
    stems = {"ipython_config", *(os.path.splitext(name)[0] for name in app.config_files)}
    places = [os.path.join(folder, stem) for folder in app.config_file_paths for stem in stems]
    return any(os.path.exists(each + ending) for each in places for ending in (".py", ".json"))


def _shell_and_kernel(app: Any) -> tuple[Any, Any]:
    """As ``IPythonKernel`` makes them, but for what is left for later."""
    from ipykernel import ipkernel
    from ipykernel.zmqshell import ZMQInteractiveShell

    how: dict[str, Any] = {"parent": app, "profile_dir": app.profile_dir, "user_module": None, "user_ns": None}
    how |= {"kernel": None, "compiler_class": ipkernel.IPythonKernel.compiler_class.default_value}
    shell = ZMQInteractiveShell.__new__(ZMQInteractiveShell, **how)
    vars(shell).update({name: lambda: None for name in LATER}, init_user_ns=lambda: _first.extend(shell.user_ns))
    register, vars(atexit)["register"] = atexit.register, lambda *end: _ends.append(end)
    try:
        ZMQInteractiveShell.__init__(shell, **how)
        each: Any
        for each in ZMQInteractiveShell._walk_mro():
            each._instance = shell
        with _few_modules(ipkernel):
            kernel = ipkernel.IPythonKernel.instance(**_known(app))
    finally:
        vars(atexit)["register"] = register
    shell.parent = shell.kernel = kernel
    _knows_modules(kernel)
    return shell, kernel


def _known(app: Any) -> dict[str, Any]:
    """What an application gives its kernel and has before there are sockets."""
    return {"parent": app, **{name: getattr(app, name) for name in ("session", "log", "profile_dir", "user_ns")}}


def take(arguments: list[str]) -> bool:
    """In a copy: whether the application that was made is the one that these arguments ask for; then it is as if made here and now."""
    if not _made:
        return False
    app, shell, kernel = _made
    file = arguments[1] if len(arguments) > 1 else ""
    expected = [file if each == FILE else each for each in ARGUMENTS]
    if arguments != expected or settings(app) or not os.path.isdir(app.profile_dir.location):
        type(app).clear_instance()
        type(shell).clear_instance()
        type(kernel).clear_instance()
        sys.excepthook = sys.__excepthook__
        sys.modules["__main__"] = shell._orig_sys_modules_main_mod
        return False
    app.argv[1] = app.connection_file = file
    for config in (app.config, app.cli_config):
        config.IPKernelApp.connection_file = type(config.IPKernelApp.connection_file)(file)
    app.parent_handle = os.getppid()
    app.session.pid, app.session.session = os.getpid(), new_id()
    app.profile_dir.check_dirs()
    return True


def initialize(app: Any, begun: bool) -> None:
    """In a copy: ``app.initialize()``; for an application that is begun, what is left of it."""
    from IPython.core.application import BaseIPythonApplication

    vars(app).update(init_kernel=lambda: _init_kernel(app, begun), init_code=lambda: _init_code(app))
    plain: Any = BaseIPythonApplication
    own = plain.initialize
    if begun:  # IPython's part of it has been gone through
        vars(app)["init_pdb"] = lambda: None
        plain.initialize = lambda app, argv=None: None
    try:
        app.initialize()
    finally:
        plain.initialize = own


class _FewModules:
    """``sys`` for a module that would look at, or note, every module there is: but for the modules."""

    modules = MappingProxyType[str, Any]({})

    def __getattr__(self, name: str) -> Any:
        return getattr(sys, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(sys, name, value)


@contextmanager
def _few_modules(module: Any) -> Iterator[None]:
    """To look at a module, or at its name, is in a copy to copy the memory in which it lies; all are known from before the fork."""
    names = vars(module)
    names["sys"] = _FewModules()
    try:
        yield
    finally:
        names["sys"] = sys


def _init_kernel(app: Any, begun: bool) -> None:
    """ipykernel's."""
    from ipykernel import ipkernel

    with _few_modules(ipkernel), _begun_kernel() if begun else nullcontext():
        type(app).init_kernel(app)
    if not begun:
        _knows_modules(app.kernel)


def _knows_modules(kernel: Any) -> None:
    """The kernel's debugger is to know every module's file."""
    kernel._kernel_modules = launch_state.files
    if debugger := getattr(kernel, "debugger", None):
        debugger.kernel_modules = launch_state.files


def _init_code(app: Any) -> None:
    """IPython's, which notes at its end what modules there are."""
    from IPython.core import shellapp

    with _few_modules(shellapp):
        type(app).init_code(app)
    launch_state.names.update(ending.imported())
    app.shell._sys_modules_keys = launch_state.names


@contextmanager
def _begun_kernel() -> Iterator[None]:
    """Around ``IPythonKernel.instance``, which gives the one that was made, finished."""
    from ipykernel.ipkernel import IPythonKernel

    plain: Any = IPythonKernel
    plain.instance = _finish
    try:
        yield
    finally:
        del plain.instance


def _finish(**given: Any) -> Any:
    """What a shell and its kernel left for later: with a kernel's sockets, streams and threads."""
    app, shell, kernel = _made
    shell.starting_dir = os.getcwd()
    main = shell._orig_sys_modules_main_mod
    shell.save_sys_module_state()
    shell._orig_sys_modules_main_mod = main
    rest = {name: shell.user_ns.pop(name) for name in [*shell.user_ns] if name not in _first}  # to come after its own
    for name in LATER:
        del vars(shell)[name]
        getattr(shell, name)()
    shell.user_ns.update(rest)
    shell.configurables.insert(1, shell.configurables.pop())  # the history, which was the first to be made
    for end in _ends:
        atexit.register(*end)
    for name in given.keys() - _known(app).keys():
        setattr(kernel, name, given[name])
    kernel._stdout, kernel._stderr = sys.stdout, sys.stderr
    kernel.ident = str(uuid.uuid4())
    if debugger := getattr(kernel, "debugger", None):
        debugger.shell_socket, debugger.debugpy_client.debugpy_stream = kernel.debug_shell_socket, kernel.debugpy_stream
    if session := os.environ.get("JPY_SESSION_NAME"):
        shell.user_ns["__session__"] = session
    shell.displayhook.topic = kernel._topic("execute_result")
    shell.displayhook.pub_socket = shell.display_pub.pub_socket = kernel.iopub_socket
    return kernel
