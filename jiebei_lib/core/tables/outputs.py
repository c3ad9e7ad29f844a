"""What lies where a table is to be written: one written here before is replaced, anybody else's is not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from jiebei_lib.core.knowledge.problems import Problem
from jiebei_lib.core.tables.delimited import TableError
from jiebei_lib.core.tables.files import kind, names_of

HEAD = 1 << 16  # bytes of text among which the columns' names stand


def not_over(output: Path, columns: Iterable[str], ends: Iterable[str] = ()) -> None:
    """Refuses to write over a file that was not written here: one without the ``columns`` that are always there, or (where ``ends`` are
    named) whose last column is none of these, since somebody has added it. Raises :class:`TableError`."""
    if not output.is_file() or not output.stat().st_size:
        return
    try:
        if kind(output) in ("csv", "json"):
            with output.open("rb") as file:
                head = file.read(HEAD)
            first = head.split(b"\n")[0]
            ours = all(f'"{name}"'.encode() in head or name.encode() in first for name in columns)
            last = first.rpartition(b",")[2].strip(b'"\r').decode(errors="replace")
            ours &= kind(output) == "json" or not (known := set(ends)) or last in known
        else:
            names = names_of(output)
            ours = set(columns) <= set(names) and (not (known := set(ends)) or names[-1] in known)
    except TableError:
        ours = False
    if not ours:
        raise TableError(Problem("not_our_output", str(output)))


def is_run(folder: Path, manifest: str, work: str) -> bool:
    """Whether a folder holds what scoring in parts has left: a manifest that says what ours says (whatever its name alone may promise), or
    the work of a run that was cut off."""
    with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
        told = json.loads((folder / manifest).read_text("utf-8"))
        if set(told) >= {"key", "policy", "rows", "bad", "parts"} and all(each["sha256"] for each in told["parts"]):
            return True
    begun = folder / work
    return begun.is_dir() and all(re.fullmatch(r"[0-9a-f]{16}|over", each.name) for each in begun.iterdir())
