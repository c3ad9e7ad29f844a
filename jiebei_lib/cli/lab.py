"""`jiebei lab` and `jiebei app`: the notebooks in a folder of the user's, opened in JupyterLab; or shown as a web app by Voilà."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from jiebei_lib.cli.output import LANG, checked_lang, needs, t, told
from jiebei_lib.core.knowledge.problems import Problem, UserError
from jiebei_lib.core.knowledge.user_files import write_whole
from jiebei_lib.core.knowledge.yaml_files import beside
from jiebei_lib.page.text import LANGUAGES, say

SETTINGS = ".jupyter"  # the project's settings and templates of JupyterLab and Voilà, which stay where they are
RECORD = ".jiebei.json"  # in the user's folder: what was put there, so that what they changed is known
LEFT = {SETTINGS, "conftest.py", "__pycache__", ".ipynb_checkpoints"}
LISTED = 10  # kept files that are named one by one


@dataclass
class Copied:
    """What came of copying: files new in the folder, renewed there, the same as before, and kept since the user had changed them."""

    new: list[str] = field(default_factory=list)
    renewed: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


def lab(
    folder: Annotated[Path, typer.Argument(help=t("lab.folder"), metavar="DIR")] = Path("jiebei-notebooks"),
    host: Annotated[str, typer.Option(help=t("lab.host"))] = "127.0.0.1",
    port: Annotated[int, typer.Option(help=t("lab.port"), min=0, max=65535)] = 8888,
    copy: Annotated[bool, typer.Option("--copy", help=t("lab.copy"))] = False,
    browser: Annotated[bool, typer.Option(" /--no-browser", help=t("lab.browser"), show_default=False)] = True,
    lang: Annotated[str, typer.Option(help=t("main.lang"))] = LANG,
) -> None:
    lang = checked_lang(lang)
    if not copy:
        needs("jupyterlab")
    made = (
        copied(folder) if folder.resolve() != home().resolve() else Copied()
    )  # a checkout's own are opened where they are
    told(say("cli.lab.copied", lang, new=len(made.new), renewed=len(made.renewed), path=folder))
    if made.kept:
        names = ", ".join(made.kept[:LISTED]) + ("…" if len(made.kept) > LISTED else "")
        told(say("cli.lab.kept", lang, n=len(made.kept), names=names))
    if copy:
        return
    flags = ["--ServerApp.ip=" + host, f"--ServerApp.port={port}", *([] if browser else ["--no-browser"])]
    _serve("jupyterlab", [*flags, str(folder)], lang)


def app(
    folder: Annotated[Path | None, typer.Argument(help=t("app.folder"), metavar="[DIR]")] = None,
    host: Annotated[str, typer.Option(help=t("lab.host"))] = "127.0.0.1",
    port: Annotated[int, typer.Option(help=t("lab.port"), min=0, max=65535)] = 8866,
    browser: Annotated[bool, typer.Option(" /--no-browser", help=t("lab.browser"), show_default=False)] = True,
    lang: Annotated[str, typer.Option(help=t("main.lang"))] = LANG,
) -> None:
    lang = checked_lang(lang)
    needs("voila")
    if folder is not None and not folder.is_dir():
        raise UserError(Problem("no_file", str(folder), {"value": os.strerror(2)}))
    flags = [f"--Voila.ip={host}", f"--port={port}", *([] if browser else ["--no-browser"])]
    _serve("voila", [*flags, str(folder or home())], lang)


def home() -> Path:
    """The notebooks as they ship."""
    return beside("")


def shipped_files() -> Iterator[Path]:
    """Every file of the notebooks that a user gets, seen from :func:`home`."""
    for path in sorted(home().rglob("*")):
        place = path.relative_to(home())
        if path.is_file() and not LEFT & set(place.parts):
            yield place


def copied(folder: Path) -> Copied:
    """The notebooks put into a folder, each file whole or not at all. A file that its user has changed stays as it is; one that is as an
    older version had put it there is renewed. Raises :class:`UserError` where the folder cannot be written."""
    made, before = Copied(), _record(folder)
    put: dict[str, str] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as failure:
        raise UserError(Problem("cannot_write", str(folder), {"value": failure.strerror or failure})) from None
    for place in shipped_files():
        name, target = place.as_posix(), folder / place
        content = (home() / place).read_bytes()
        put[name] = _digest(content)
        there = _digest(target.read_bytes()) if target.is_file() else None
        if there == put[name]:
            made.same.append(name)
        elif there is not None and there != before.get(name):
            made.kept.append(name)
            put[name] = before.get(name, "")
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            write_whole(target, content)
            (made.new if there is None else made.renewed).append(name)
    write_whole(folder / RECORD, json.dumps({name: mark for name, mark in put.items() if mark}, indent=0))
    return made


def _record(folder: Path) -> dict[str, str]:
    try:
        read = json.loads((folder / RECORD).read_bytes())
    except (OSError, ValueError):
        return {}
    return {str(name): str(mark) for name, mark in read.items()} if isinstance(read, dict) else {}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _serve(module: str, args: list[str], lang: str) -> None:
    """Runs a server of Jupyter's in this process's place, with the project's settings before the user's own, until it is ended."""
    settings = str(home() / SETTINGS)
    environment = {**os.environ, "JIEBEI_LANG": lang}
    for name in ("JUPYTER_CONFIG_PATH", "JUPYTER_PATH"):
        # JupyterLab's own words: of the settings the first that say something count
        own = os.path.join(settings, lang) if lang != LANGUAGES[0] and name == "JUPYTER_CONFIG_PATH" else None
        environment[name] = os.pathsep.join(filter(None, [own, settings, os.environ.get(name)]))
    command = [sys.executable, "-m", module, *args]
    sys.stdout.flush()
    if os.name == "posix":
        os.execve(sys.executable, command, environment)
    raise typer.Exit(subprocess.run(command, env=environment, check=False).returncode)
