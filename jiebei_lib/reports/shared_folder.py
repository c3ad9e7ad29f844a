"""Reports that a worker of a cluster writes itself, where it reaches the batch's folder; elsewhere they travel to the caller."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jiebei_lib.core.knowledge.problems import Problem
from jiebei_lib.reports.manifest import digest
from jiebei_lib.reports.render import write


@dataclass(frozen=True)
class SharedFolder:
    """A folder under the name that it has for the caller, and a file in it of which only the caller knows what it says: a folder of the
    same name on another machine is another."""

    folder: str
    file: str
    says: str

    def reached(self) -> bool:
        with suppress(OSError, ValueError):
            return Path(self.folder, self.file).read_text("utf-8") == self.says
        return False


@contextmanager
def shared(folder: Path) -> Iterator[SharedFolder]:
    """A batch's folder for as long as workers are at work on it."""
    # Named as what is being written is, so that a run that is killed leaves nothing that the next does not take away
    told = SharedFolder(str(folder.resolve()), f".{os.urandom(8).hex()}.part", os.urandom(16).hex())
    try:
        write(folder / told.file, told.says)
        yield told
    finally:
        with suppress(OSError):
            (folder / told.file).unlink()


def put(content: dict[str, Any] | Problem, at: SharedFolder) -> dict[str, Any] | Problem:
    """What was made of a report, its files written if the folder is reached from here: then their digests stand for them."""
    if isinstance(content, Problem) or not at.reached():
        return content
    for name, file in content["files"].items():
        write(Path(at.folder, name), file)
    return {"head": content["head"], "written": {name: digest(file) for name, file in content["files"].items()}}
