"""What lies where a table is to be written: one written here before is replaced, anybody else's is not."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from jiebei_lib.core.knowledge.problems import Problem
from jiebei_lib.core.tables.delimited import TableError
from jiebei_lib.core.tables.files import kind, names_of

HEAD = 1 << 16  # bytes of text among which the columns' names stand


def not_over(output: Path, columns: Iterable[str]) -> None:
    """Refuses to write over a file that was not written here: one without the ``columns`` that are always there. Raises
    :class:`TableError`."""
    if not output.is_file() or not output.stat().st_size:
        return
    try:
        if kind(output) in ("csv", "json"):
            with output.open("rb") as file:
                head = file.read(HEAD)
            ours = all(f'"{name}"'.encode() in head or name.encode() in head.split(b"\n")[0] for name in columns)
        else:
            ours = set(columns) <= set(names_of(output))
    except TableError:
        ours = False
    if not ours:
        raise TableError(Problem("not_our_output", str(output)))
