"""Reads a user's YAML file; every way in which that can fail becomes one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jiebei_lib.core.knowledge.problems import Phrase, Problem, UserError, shown
from jiebei_lib.core.knowledge.yaml_files import DuplicateKey, parse

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
    """What a user's YAML says; ``name`` is the file's, for the sentence if it says nothing."""
    import yaml

    try:
        told = parse(content.decode("utf-8-sig") if isinstance(content, bytes) else content)
    except DuplicateKey as twice:
        raise error(Problem("duplicate_key", f"{name}: {twice.args[0]}", {"line": twice.args[1]})) from None
    except yaml.MarkedYAMLError as failure:
        line = failure.problem_mark and failure.problem_mark.line + 1
        said = f"line {line}: {failure.problem}" if line else failure.problem
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as failure:
        said = failure
    else:
        if told is None:
            raise error(Problem("empty_file", name))
        return told
    raise error(Problem("not_yaml", name, {"value": " ".join(str(said).split())[:120]}))
