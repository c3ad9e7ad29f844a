"""What lies in the folder of a batch: the file that says which report was made from what, and who may write there at the moment."""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any

from jiebei_lib.core.knowledge.problems import Problem, ReportError
from jiebei_lib.page.text import LANGUAGES
from jiebei_lib.reports.render import writable, write

# What user_files.written_whole leaves when it is killed: 16 hexadecimal digits; nobody else's files are named so
HALF = re.compile(r"\.[0-9a-f]{16}\.part")
STALE_SECONDS = 60.0  # a part that young may be in the making, by a command that makes a single report


def digest(content: bytes | str) -> str:
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """The folder, made if need be, for one run at a time: two would each write a manifest that knows half. The lock goes when the
    process does, however it ends. Raises :class:`ReportError` at once if somebody else is at work there."""
    at: int | None = None
    try:
        import fcntl

        at = os.open(writable(folder), os.O_RDONLY)
        fcntl.flock(at, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        if at is not None:
            os.close(at)
        raise ReportError(Problem("batch_at_work", str(folder))) from None
    except (ImportError, OSError):  # a system, or a file system, without such locks
        writable(folder)
    try:
        for half in folder.iterdir():
            with suppress(OSError):
                if HALF.fullmatch(half.name) and time.time() - half.stat().st_mtime > STALE_SECONDS:
                    half.unlink()
        yield
    finally:
        if at is not None:
            os.close(at)


class Manifest:
    """A line of JSON for each report, added when its files are in place. A line that is cut off, damaged, or of anybody else's making
    is as if it were not there."""

    def __init__(self, path: Path):
        self.path, self.lines = path, {}
        content = b""
        with suppress(OSError):
            content = path.read_bytes()
        for line in content.split(b"\n"):
            with suppress(ValueError, RecursionError):
                entry = json.loads(line)
                if _whole(entry):
                    self.lines[entry["case_id"], entry["lang"]] = entry

    @property
    def as_of(self) -> str | None:
        return next((entry["as_of"] for entry in self.lines.values()), None)

    def holds(self, job: Any) -> bool:
        """Whether a report was made from the same input under the same name, and its files are as they were."""
        entry = self.lines.get(job.key)
        if not entry or "files" not in entry or entry["input"] != job.digest:
            return False
        if not all(name.rpartition(".")[0] == job.name for name in entry["files"]):
            return False
        with suppress(OSError):
            return all(
                digest((self.path.parent / name).read_bytes()) == known for name, known in entry["files"].items()
            )
        return False

    def note(self, job: Any, day: str, **more: Any) -> None:
        """Raises :class:`ReportError` where no line can be added."""
        entry = {"case_id": job.case_id, "lang": job.lang, "row": job.row, "as_of": day, "input": job.digest, **more}
        self.lines[job.key] = entry
        try:
            with self.path.open("ab+") as file:
                end = file.seek(0, 2)
                file.seek(max(0, end - 1))
                cut_off = file.read(1) not in (b"", b"\n")  # a line that a kill has left half written
                file.write(b"\n" * cut_off + json.dumps(entry, ensure_ascii=False).encode() + b"\n")
        except OSError as failure:
            raise ReportError(Problem("cannot_write", str(self.path), {"value": failure.strerror or failure})) from None

    def settle(self, keys: list[tuple[str, str]]) -> None:
        """One line for each report of this batch, in the table's order."""
        self.lines = {key: self.lines[key] for key in keys}
        write(self.path, "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in self.lines.values()))


def _whole(entry: Any) -> bool:
    """Whether a line holds all that is read from it later, and names files of this folder only."""
    if not isinstance(entry, Mapping) or not all(
        isinstance(entry.get(n), str) for n in ("case_id", "lang", "as_of", "input")
    ):
        return False
    with suppress(ValueError):
        date.fromisoformat(entry["as_of"])
        if "files" not in entry:
            failed = entry.get("failed")
            return isinstance(failed, Mapping) and all(isinstance(failed.get(lang), str) for lang in LANGUAGES)
        files = entry["files"]
        return (
            isinstance(files, Mapping)
            and bool(files)
            and all(isinstance(known, str) and name == os.path.basename(name) != "" for name, known in files.items())
            and isinstance(entry.get("headline"), str)
        )
    return False
