"""Runs every notebook of a folder by both engines and says where they differ: for public suites, by hand.

    python -m tests.reports.engine.suites FOLDER

A notebook that differs is run by the standard engine once more: what differs there as well is not the engine's doing.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat

from jiebei_lib.reports.engine.engine import register
from jiebei_lib.reports.engine.kernel_process import warm_up
from tests.reports.engine import same

LIMIT = 40  # seconds a cell


def run(file: Path, root: Path, engine: str | None) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="suite") as place:
        folder = Path(place, "suite")
        shutil.copytree(root, folder, symlinks=True)
        source = nbformat.read(file, 4)
        source.metadata.setdefault("kernelspec", {})["name"] = "python3"
        source.metadata["kernelspec"].setdefault("display_name", "Python 3")
        source.metadata["kernelspec"].setdefault("language", "python")
        return same.ran(source, folder / file.relative_to(root).parent, engine, {"execution_timeout": LIMIT})


def compare(root: Path) -> dict[str, list[str]]:
    said: dict[str, list[str]] = {"equal": [], "differs from itself": [], "different": [], "not run": []}
    for file in sorted(root.rglob("*.ipynb")):
        name = str(file.relative_to(root))
        try:
            standard, warm = run(file, root, None), run(file, root, "jiebei-warm")
            kind = "equal"
            if found := same.differences(standard, warm):
                again = same.differences(standard, run(file, root, None))
                kind = "differs from itself" if places(again) >= places(found) else "different"
                print(name, kind, *(each[:1500] for each in found), sep="\n   ", flush=True)
        except Exception as failure:  # not a notebook of this version, or no notebook at all
            kind, name = "not run", f"{name}: {type(failure).__name__} {failure}"[:200]
        said[kind].append(name)
        print(f"{kind}: {name}", flush=True)
    return said


def places(found: list[str]) -> set[str]:
    return {each.partition(":")[0] for each in found}


if __name__ == "__main__":
    register()
    warm_up()
    for each in sys.argv[1:]:
        print(each, {kind: len(names) for kind, names in compare(Path(each)).items()}, flush=True)
