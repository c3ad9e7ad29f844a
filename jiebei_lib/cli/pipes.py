"""``-`` for standard input and output, for every command alike: a file for the time of the command stands in for either."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from jiebei_lib.cli.stream import SafeStream, told_of_output
from jiebei_lib.core.knowledge.problems import Phrase, Problem, UserError

DASH = "-"
# How files begin that are known by their first bytes; the rest is told by what the option is for
BOM = b"\xef\xbb\xbf"
MAGIC = {b"PAR1": ".parquet", b"ARROW1": ".arrow", b"PK\x03\x04": ".xlsx"}


@contextmanager
def piped(params: Sequence[Any], given: dict[str, Any]) -> Iterator[None]:
    """While it lasts each path ``-`` in ``given`` is a file: with all of standard input, or to be sent to standard output at the end."""
    paths = [param for param in params if getattr(param.type, "name", "") == "path"]
    dashes = [(param, name) for param in paths if (name := param.name) and _dashes(given.get(name))]
    if not dashes:
        yield
        return
    from tempfile import TemporaryDirectory

    ins = [(param, name) for param, name in dashes if not _is_output(param)]
    if len(ins) > 1 or any(_dashes(given[name]) > 1 for _, name in ins):
        raise UserError(Problem("one_stdin", DASH))
    with TemporaryDirectory() as folder:
        for param, name in ins:
            file = _stdin(Path(folder), param)
            one, told = str(file), given[name]
            given[name] = one if isinstance(told, str) else [one if each == DASH else each for each in told]
        outs = [(param, name) for param, name in dashes if _is_output(param)]
        if outs:
            with _sent(Path(folder), *outs[0], given):
                yield
        else:
            yield


def _dashes(value: Any) -> int:
    """How many of the paths are ``-``; they are text still, Typer makes paths of them when it calls the command."""
    return sum(map(_dashes, value)) if isinstance(value, list | tuple) else int(value == DASH)


def _is_output(param: Any) -> bool:
    return "-o" in param.opts or "--out" in param.opts


def _stdin(folder: Path, param: Any) -> Path:
    """Standard input as a file whose ending says what it holds."""
    raw = sys.stdin.buffer if sys.stdin is not None else open(os.devnull, "rb")  # noqa: SIM115
    part = folder / "part"
    with part.open("wb") as file:
        shutil.copyfileobj(raw, file)
    with part.open("rb") as file:
        start = file.read(1_000_000)
    ending = next((kind for magic, kind in MAGIC.items() if start.startswith(magic)), "")
    if not ending and start.lstrip()[:1] in (b"{", b"["):
        # A document of lines has one that is whole by itself before the next begins
        lines = start.strip().splitlines()
        ending = (
            ".jsonl"
            if len(lines) > 1 and lines[0].rstrip().endswith(b"}") and lines[1].lstrip()[:1] == b"{"
            else ".json"
        )
    if not ending:
        ending = ".yaml" if ".yaml" in (param.metavar or "") else ".csv"
    return part.rename(folder / f"stdin{ending}")


@contextmanager
def _sent(folder: Path, param: Any, name: str, given: dict[str, Any]) -> Iterator[None]:
    """A file to write to that goes to standard output; what the command would have said there is not said."""
    if "DIR" in (param.metavar or ""):
        raise UserError(
            Problem("invalid", max(param.opts, key=len), {"value": repr(DASH), "allowed": Phrase("folder")})
        )
    wanted = given.get("to") or Path(param.metavar or "").suffix.lstrip(".") or "csv"
    made = folder / "out" / f"stdout.{wanted}"
    made.parent.mkdir()
    given[name] = str(made)
    errors = SafeStream(sys.stderr, lambda text: text.replace(f"{made.parent}{os.sep}", ""))
    with open(os.devnull, "w", encoding="utf-8") as nowhere, redirect_stdout(nowhere), redirect_stderr(errors):
        yield
    for beside in sorted(made.parent.iterdir()):
        if beside != made:  # the list of rows that were wrong
            print(beside.read_text("utf-8-sig"), end="", file=sys.stderr)
    with told_of_output(), made.open("rb") as file:
        sys.stdout.flush()
        if (
            file.read(len(BOM)) != BOM
        ):  # a mark for spreadsheets; a program that reads on takes it for a part of the first name
            file.seek(0)
        shutil.copyfileobj(file, sys.stdout.buffer)
        sys.stdout.buffer.flush()
