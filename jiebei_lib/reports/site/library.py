"""The library as a page's Python finds it: its files, those of the few packages that it needs, and what was compiled for it, in one ZIP."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from importlib.metadata import distribution, packages_distributions
from importlib.util import find_spec
from pathlib import Path

from jiebei_lib.core.knowledge.yaml_files import HERE, beside
from jiebei_lib.reports.site.runtime import ROOM, known

LEFT_OUT = ("cli", "reports/engine", "reports/site", "lessons/classroom", "lessons/jupyter", "notebooks", "compiled")
SKIPPED = ("__pycache__", "*.pyc", "*.so", "*.pyx", "tests")
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the date of every file: the same files, the same ZIP


def library(compiled: Path) -> bytes:
    """The ZIP, to be unpacked where Python looks for packages. ``compiled``: the folder of what was compiled."""
    with tempfile.TemporaryDirectory(prefix="jiebei-site-") as made:
        root = Path(made)
        _package(root / "jiebei_lib", compiled)
        for name, place in known()["stand_ins"].items():
            (root / place).parent.mkdir(exist_ok=True)
            shutil.copyfile(HERE / ROOM / name, root / place)
        (root / "scipy" / "version.py").write_text('version = "stand-in"\n', "utf-8")
        for name in known()["own"]:
            _own(name, root)
        if python := matching():
            quietly = [python, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "-s", made, made]
            subprocess.run(quietly, check=False, capture_output=True, env={**os.environ, "PYTHONHASHSEED": "0"})
        return _zipped(root)


def matching() -> str | None:
    """A Python of the version that the pages run, whose compiled files they can read; None if there is none here: the pages then compile
    at each start, which takes some seconds longer."""
    version = known()["python"]
    for name in filter(None, (sys.executable, shutil.which(f"python{version}"))):
        told = subprocess.run(
            [name, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
        if told.stdout.strip() == version:
            return name
    return None


def _package(to: Path, compiled: Path) -> None:
    left = {HERE / name for name in LEFT_OUT}
    ignored = shutil.ignore_patterns(*SKIPPED)

    def ignore(folder: str, names: list[str]) -> set[str]:
        return set(ignored(folder, names)) | {name for name in names if Path(folder, name) in left}

    shutil.copytree(HERE, to, ignore=ignore)
    shutil.copytree(beside("cases"), to / "notebooks" / "cases", ignore=shutil.ignore_patterns(*SKIPPED))
    for folder in (HERE / "compiled", compiled):
        if folder.is_dir():
            shutil.copytree(folder, to / "compiled", dirs_exist_ok=True, ignore=shutil.ignore_patterns("pages.json"))


def _own(name: str, root: Path) -> None:
    """A package as it is installed here, its plain Python alone, and the licence that goes with it."""
    spec = find_spec(name)
    if spec is None or not spec.origin:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    if spec.submodule_search_locations:
        shutil.copytree(Path(spec.origin).parent, root / name, ignore=shutil.ignore_patterns(*SKIPPED))
    else:
        shutil.copyfile(spec.origin, root / Path(spec.origin).name)
    for project in packages_distributions().get(name, []):
        for file in distribution(project).files or []:
            if "licen" in file.name.lower() and ".dist-info" in str(file):
                (root / "licences").mkdir(exist_ok=True)
                shutil.copyfile(str(file.locate()), root / "licences" / f"{name}.txt")


def _zipped(root: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for file in sorted(root.rglob("*")):
            if file.is_file():
                entry = zipfile.ZipInfo(file.relative_to(root).as_posix(), LONG_AGO)
                entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                packed.writestr(entry, file.read_bytes())
    return buffer.getvalue()
