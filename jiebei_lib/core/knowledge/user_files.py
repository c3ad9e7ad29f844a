"""A user's files: YAML and JSON read so that every way in which that can fail becomes one sentence; files written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from jiebei_lib.core.knowledge.problems import Phrase, Problem, UserError, items, shown
from jiebei_lib.core.knowledge.yaml_files import Refused, parse, parse_json

ENCODINGS = ("utf-8-sig", "gb18030")  # the latter holds GBK and GB 2312; spreadsheets in China save it
LARGEST_FILE = 1_000_000  # bytes; a case or an overlay is a page of text, more is a mistake


def read_yaml(path: str | Path, error: type[UserError]) -> Any:
    """The content of a user's YAML file; every way in which that can fail becomes one sentence."""
    path = Path(path)
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= LARGEST_FILE else b""
    except (OSError, ValueError) as failure:
        problem = Problem("no_file", shown(str(path)), {"value": getattr(failure, "strerror", None) or failure})
        raise error(problem) from None
    if size > LARGEST_FILE:
        raise error(
            Problem("too_large", path.name, {"value": size, "allowed": Phrase("bytes", {"high": LARGEST_FILE})})
        )
    return yaml_content(content, path.name, error)


def yaml_content(content: bytes | str, name: str, error: type[UserError]) -> Any:
    """What a user's YAML, or JSON by its ``name``, says; the name is for the sentence if it says nothing."""
    import yaml

    text = decoded(content, name, error) if isinstance(content, bytes) else content
    try:
        told = parse_json(text) if name.lower().endswith(".json") else parse(text)
    except Refused as refused:
        where = f"{name}: {shown(refused.key, 40)}" if refused.key else name
        raise error(Problem(refused.kind, where, refused.slots)) from None
    except yaml.MarkedYAMLError as failure:
        line = failure.problem_mark and failure.problem_mark.line + 1
        said: object = f"line {line}: {failure.problem}" if line else failure.problem
    except (yaml.YAMLError, RecursionError, ValueError) as failure:
        said = failure
    else:
        if told is None:
            raise error(Problem("empty_file", name))
        return told
    kind = "not_json" if name.lower().endswith(".json") else "not_yaml"
    raise error(Problem(kind, name, {"value": " ".join(str(said).split())[:120]}))


def decoded(content: bytes, name: str, error: type[UserError]) -> str:
    """The text of a file: UTF-16 where it is marked, else the first of :data:`ENCODINGS` that fits. Raises ``error``."""
    for encoding in ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise error(Problem("encoding", name, {"allowed": items(["UTF-8", "GB 18030"])}))


@contextmanager
def written_whole(
    path: str | Path, error: type[UserError] = UserError, encoding: str | None = None, folders: bool = False
) -> Iterator[IO[Any]]:
    """A file to write to, binary, or text where ``encoding`` names one. When the block ends well, ``path`` is there with all of it, on
    the disk: flushed, synced, then renamed from a part beside it. When it does not, ``path`` is as it was and no part is left. So what
    is said to be written may be said after the block. ``folders``: those that lack are made. Raises ``error`` where it cannot be
    written, a full disk included."""
    # A link keeps pointing where it did. A pipe or a device takes what is written: there is nothing beside it to rename.
    target = Path(os.path.realpath(path))
    special = target.exists() and not target.is_file() and not target.is_dir()
    part = target if special else target.with_name(f".{os.urandom(8).hex()}.part")
    how: dict[str, Any] = {"encoding": encoding, "newline": ""} if encoding else {}
    try:
        if folders:
            target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir():
            raise IsADirectoryError(21, os.strerror(21))
        with part.open(("w" if special else "x") + ("" if encoding else "b"), **how) as file:
            yield file
            file.flush()
            if not special:
                os.fsync(file.fileno())
        if not special:
            if target.exists():
                part.chmod(target.stat().st_mode & 0o777)
            part.replace(target)
            _sync_folder(target.parent)
    except OSError as failure:
        if failure.filename not in (None, str(part), str(target), str(target.parent)):
            raise  # another file's, met while this one was being made
        raise error(Problem("cannot_write", str(path), {"value": failure.strerror or failure})) from None
    finally:
        if not special:
            with suppress(OSError):
                part.unlink(missing_ok=True)


def write_whole(path: str | Path, content: str | bytes, error: type[UserError] = UserError) -> None:
    """A file with this content (text as UTF-8), whole or not at all. Raises ``error``."""
    with written_whole(path, error) as file:
        file.write(content.encode() if isinstance(content, str) else content)


def _sync_folder(folder: Path) -> None:
    """So that the new name, too, outlives a power cut, where a system lets a folder be synced."""
    with suppress(OSError):
        at = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(at)
        finally:
            os.close(at)
