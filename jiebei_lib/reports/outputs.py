"""Where a report goes: another policy, segment, rule set or day gets another name, and what was not written here is not written over."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from jiebei_lib.core.knowledge.problems import Problem, ReportError

SUFFIXES = (".ipynb", ".html", ".pdf", ".docx")
LONGEST_STEM = 200  # bytes of a file's name, whose whole may have 255, before its mark and ending


def file_stem(name: str, marked: bool = False) -> str:
    """A file name for a case id: letters, digits, ``-`` and ``_`` stay; an id with anything else, or too long, gets a mark of its own,
    so that two ids never share a file and none leaves its folder. ``marked``: any id gets it."""
    words = re.sub(r"[^\w-]+", "_", name).strip("_")
    short = words.encode(errors="replace")[:LONGEST_STEM].decode(errors="ignore")
    reserved = re.fullmatch(r"(?i)con|prn|aux|nul|com\d|lpt\d", short)
    if short == name and not reserved and not marked:
        return short
    mark = hashlib.sha256(name.encode(errors="backslashreplace")).hexdigest()[:8]
    return f"{short or 'case'}-{mark}"


def name_for(folder: Path, stem: str, parameters: Mapping[str, Any], force: bool = False) -> str:
    """The start of a report's file names: ``<stem>.<lang>``; where that holds a report by another policy, segment, rule set or day, with
    those in it. Raises :class:`ReportError` where something lies there that is no report of the same kind, unless ``force``."""
    lang, ours = parameters["lang"], dict(marks(parameters))
    bare = f"{stem}.{lang}"
    if force:
        return bare
    for name in (bare, f"{stem}-{'-'.join(ours.values())}.{lang}"):
        there = _there(folder, name)
        if not there:
            return name
        made_from = next(filter(None, map(made_of, there)), None)
        if made_from is None or not set(made_from) & set(parameters) - {"lang"}:
            raise ReportError(Problem("not_our_report", str(there[0])))
        if dict(marks(made_from)) == ours:
            return name
    return f"{stem}-{short_digest(ours)}.{lang}"


def _there(folder: Path, name: str) -> list[Path]:
    """The files under a name, on any file system: one where K1 is k1, and one that keeps é in one form only."""
    wanted = {plain(f"{name}{suffix}") for suffix in SUFFIXES}
    return sorted(file for file in folder.iterdir() if plain(file.name) in wanted) if folder.is_dir() else []


def plain(name: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def marks(parameters: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What sets one report on the same thing apart from another, each as it stands in a file's name."""
    book = parameters.get("book") or parameters.get("months") or {}
    if parameters.get("case"):
        yield "case", named(parameters["case"].get("case_id"))
    if "policy" in parameters:
        yield "policy", named(parameters["policy"])
    if "by" in book:
        yield "by", named(book["by"])
    if "witnesses" in book:
        yield "witnesses", "-".join(named(each["policy"]) for each in book["witnesses"])
    if "policy" in book:
        yield "policy", named(book["policy"]["policy"])
    for key in ("rules", "confidence", "who", "seed"):
        if key in parameters:
            value = parameters[key]
            yield key, "-".join(map(named, value)) if isinstance(value, list) else named(value)
    if parameters.get("as_of"):
        yield "as_of", str(parameters["as_of"])


def made_of(notebook: Path) -> dict[str, Any] | None:
    """The parameters that a report's notebook was run with; nothing if it is none."""
    with suppress(OSError, ValueError, RecursionError, KeyError, TypeError):
        content = json.loads(notebook.read_text("utf-8"))
        found = content["metadata"]["papermill"]["parameters"] if isinstance(content, dict) else None
        return found if isinstance(found, dict) else None
    return None


def named(value: Any) -> str:
    """A word as it is, if it can stand in a file's name; anything else by a mark of its own."""
    return value if isinstance(value, str) and re.fullmatch(r"\w{1,40}", value) else short_digest(value)


def short_digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:8]
