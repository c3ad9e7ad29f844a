"""One file that a command writes: renewed where the command wrote it and nobody has changed it since, else left alone without ``--force``.

Such a file carries a seal: the digest of all its other bytes, where its kind has room for a remark. So what was written here is known on
any machine, with no list kept anywhere, and a letter whose blanks somebody has filled in is theirs.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from jiebei_lib.cli.output import t, told
from jiebei_lib.core.knowledge.problems import Problem, UserError
from jiebei_lib.core.knowledge.user_files import write_whole

SEAL = re.compile(rb"jiebei:([0-9a-f]{32})")
BLANK = b"jiebei:" + 32 * b"0"
LARGEST = 50_000_000  # bytes; a page with every state of the game has a million
ZIP_ENDS = b"PK\x05\x06"  # 22 bytes, the last two of which say how long the remark behind them is


def save(path: Path, content: str | bytes, kind: str, force: bool) -> None:
    """Writes a file of a ``kind`` (html, xml, gift, txt, ics, pdf, docx or h5p, whatever its name), whole or not at all, and says so
    where it took the place of another. Raises :class:`UserError` where another's lies there, unless ``force``."""
    with told_if_replaced(path):
        if not force and _is_there(path) and not is_ours(path):
            raise UserError(Problem("not_as_written", str(path)))
        write_whole(path, sealed(content.encode() if isinstance(content, str) else content, kind))


@contextmanager
def told_if_replaced(path: Path) -> Iterator[None]:
    """Says so where what is written meanwhile takes the place of a file."""
    there = _is_there(path)
    yield
    if there:
        told(t("main.replaced", path=path))


def _is_there(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0


def sealed(content: bytes, kind: str) -> bytes:
    """The content with its seal."""
    open_ = _with_remark(content, kind, BLANK)
    return open_.replace(BLANK, b"jiebei:" + _digest(open_))


def is_ours(path: Path) -> bool:
    """Whether a file is as :func:`save` wrote it."""
    with suppress(OSError):
        content = path.read_bytes() if path.stat().st_size <= LARGEST else b""
        found = [*SEAL.finditer(content)]
        return len(found) == 1 and found[0][1] == _digest(SEAL.sub(BLANK, content))
    return False


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest()[:32].encode()


def _with_remark(content: bytes, kind: str, remark: bytes) -> bytes:
    if kind in ("html", "xml"):
        return content + b"<!-- " + remark + b" -->\n"
    if kind == "ics":  # a property of the calendar itself, which stands before its entries
        head, entry, rest = content.partition(b"BEGIN:VEVENT")
        return head + b"X-COMMENT:" + remark + b"\r\n" + entry + rest
    if kind in ("docx", "h5p"):
        assert content[-22:-18] == ZIP_ENDS and content[-2:] == b"\0\0"
        return content[:-2] + len(remark).to_bytes(2, "little") + remark
    if kind == "txt":
        return content + b"\n" + t("main.seal", mark=remark.decode()).encode() + b"\n"
    return content + {"gift": b"\n// ", "pdf": b"\n%"}[kind] + remark + b"\n"
