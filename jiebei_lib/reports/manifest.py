"""What lies in the folder of a batch: the file that says which report was made from what, and who may write there at the moment."""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from jiebei_lib.core.assessment import checked_date
from jiebei_lib.core.knowledge.problems import Problem, ReportError
from jiebei_lib.page.text import LANGUAGES
from jiebei_lib.reports.outputs import made_of, marks, plain, short_digest
from jiebei_lib.reports.render import writable, write

# What user_files.written_whole leaves when it is killed: 16 hexadecimal digits; nobody else's files are named so
HALF = re.compile(r"\.[0-9a-f]{16}\.part")
STALE_SECONDS = 60.0  # a part that young may be in the making, by a command that makes a single report

NAME = "manifest"
# How the files begin that all reports of a batch share
SHARED = {
    ".html": (b'name="generator" content="jiebei ',),
    ".jsonl": (b'{"case_id": "',),
    ".js": (b"* plotly.js v", b"const jiebeiKnow"),
    ".css": (b"/* A page from a data desk", b"/* The page without a server"),
}


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

    def __init__(self, path: Path, of: Mapping[str, str] | None = None):
        self.path, self.of, self.lines = path, dict(of or {}), {}
        content = b""
        with suppress(OSError):
            content = path.read_bytes()
        for line in content.split(b"\n"):
            with suppress(ValueError, RecursionError):
                entry = json.loads(line)
                if _whole(entry):
                    self.lines[entry["case_id"], entry["lang"]] = entry

    def knows(self, lang: str) -> bool:
        return any(lang == known for _, known in self.lines)

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
        entry = {"case_id": job.case_id, "lang": job.lang, "row": job.row, "as_of": day, "input": job.digest}
        entry |= {"of": self.of, **more}
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
    if not isinstance(entry, Mapping) or not isinstance(entry.get("of", {}), Mapping):
        return False
    if not all(isinstance(entry.get(n), str) for n in ("case_id", "lang", "as_of", "input")):
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


@dataclass(frozen=True)
class Shelf:
    """Where the reports of a batch go in its folder: what stands between a report's name and its language, the file that says which were
    made, the page that lists them, and the day by whose rules."""

    mark: str
    manifest: str
    index: str
    as_of: str


def shelf_for(folder: Path, of: Mapping[str, str], as_of: str | None) -> Shelf:
    """The place of a batch ``of`` a policy, table and template: that of the run that it goes on with, else of its own, named after what
    sets it apart from the one that has the plain names. ``as_of`` is today if not given, or the day of the run that is gone on with."""
    wanted = {**of, "as_of": checked_date(as_of)}
    first: dict[str, Mapping[str, Any]] = {}
    for file in sorted(folder.glob(f"{NAME}*.jsonl"), key=lambda each: (len(each.name), each.name)):
        if entry := next(iter(Manifest(file).lines.values()), None):
            first[file.stem.removeprefix(NAME)] = {**entry.get("of", of), "as_of": entry["as_of"]}
    for mark, known in first.items():
        if known == {**wanted, **({} if as_of else {"as_of": known["as_of"]})}:
            return _shelf(mark, known["as_of"])
    bare = first.get("", {})
    mark = "".join(f"-{value}" for name, value in wanted.items() if bare and bare.get(name) != value)
    return _shelf(f"-{short_digest(wanted)}" if mark in first else mark, wanted["as_of"])


def _shelf(mark: str, as_of: str) -> Shelf:
    return Shelf(mark, f"{NAME}{mark}.jsonl", f"index{mark}.html", as_of)


def not_over_others(folder: Path, wanted: Mapping[str, Mapping[str, Any] | None], known: Container[str]) -> None:
    """Refuses to write over a file that no batch like it wrote. ``wanted``: each name, with what its report is made of (None: what all
    share); ``known``: names that are of the run that is gone on with. Raises :class:`ReportError`."""
    there = {plain(file.name): file for file in folder.iterdir()} if folder.is_dir() else {}
    for name, parameters in wanted.items():
        file = None if name in known else there.get(plain(name))
        if file is not None and not _is_ours(file, parameters):
            raise ReportError(Problem("not_our_report", str(file)))


def _is_ours(file: Path, parameters: Mapping[str, Any] | None) -> bool:
    if parameters is None:
        with suppress(OSError), file.open("rb") as content:
            head = content.read(4_000)
            return any(begin in head for begin in SHARED.get(file.suffix, ())) or not head
        return False
    made_from = made_of(file.with_suffix(".ipynb"))
    return made_from is not None and dict(marks(made_from)) == dict(marks(parameters))
