"""Reads the YAML that ships with the library: strictly (no duplicate keys, dates stay text), and once (a cache of the parsed text)."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parents[2]  # the package
READER = "core/knowledge/yaml_files.py"
DEEPEST = 50  # collections one inside the other; what ships needs 8


def beside(folder: str) -> Path:
    """``templates`` or ``cases``: in the package where it is installed, in ``notebooks/`` of the project where it is developed."""
    inside = HERE / folder
    return inside if inside.is_dir() else HERE.parent / "notebooks" / folder


class DuplicateKey(ValueError):
    """A key stands twice in one mapping; ``args`` are the key and its line."""


def parse(text: str) -> Any:
    """The content of one YAML document. Raises ``yaml.YAMLError`` or :class:`DuplicateKey`."""
    import yaml

    depth = 0
    for event in yaml.parse(text, Loader=_loader()):
        if isinstance(event, yaml.AliasEvent):
            raise yaml.YAMLError("anchors and aliases are not used here")  # they can blow up a small file without end
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise yaml.YAMLError(
                f"nested more than {DEEPEST} levels deep"
            )  # reading on takes minutes, for a file of brackets
    return yaml.load(text, Loader=_loader())


@cache
def _loader() -> type:
    """Refuses duplicate keys, which YAML forbids but PyYAML lets the later one win; keeps dates as text, and whatever only YAML 1.1
    takes for a whole number: 010 (8), 1:30 (90), 0b1, 1_000."""
    import yaml

    base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Strict(base):
        yaml_implicit_resolvers = {  # noqa: RUF012
            first: [(tag, form) for tag, form in resolvers if tag.rsplit(":", 1)[1] not in ("timestamp", "int")]
            for first, resolvers in base.yaml_implicit_resolvers.items()
        }

    def mapping(loader, node, deep=False):
        seen = set()
        for key_node, _ in node.value:
            key = loader.construct_object(key_node, deep=True)
            try:
                twice = key in seen
            except TypeError as error:
                raise yaml.YAMLError(f"line {key_node.start_mark.line + 1}: a key must be plain text") from error
            if twice:
                raise DuplicateKey(str(key), key_node.start_mark.line + 1)
            seen.add(key)
        return loader.construct_mapping(node, deep=True)

    Strict.add_constructor("tag:yaml.org,2002:map", mapping)
    Strict.add_implicit_resolver("tag:yaml.org,2002:int", re.compile("[-+]?(0|[1-9][0-9]*)$"), list("-+0123456789"))
    return Strict


def walk(node: Any, path: tuple = ()) -> Iterator[tuple[tuple, Any]]:
    """Every mapping below ``node`` with its key path."""
    if isinstance(node, Mapping):
        yield path, node
        for key, value in node.items():
            yield from walk(value, (*path, key))


def cache_folder() -> Path:
    """Where compiled knowledge is kept between runs: ``JIEBEI_CACHE``, else the user's cache folder."""
    chosen = os.environ.get("JIEBEI_CACHE")
    if chosen:
        return Path(chosen)
    from platformdirs import user_cache_path

    return user_cache_path("jiebei")


def keep(path: Path, content: bytes) -> None:
    """Writes a cache file whole or not at all; a folder that cannot be written only costs time."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{os.getpid()}")
        part.write_bytes(content)
        part.replace(path)
    except OSError:
        pass


def remembered(name: str, texts: bytes, make: Callable[[], Any], *code: str) -> Any:
    """``make()``, or what it returned when the same ``texts`` and the same ``code`` (see :func:`code_digest`) were last seen. Plain
    JSON data only."""
    key = hashlib.sha256(texts + code_digest(*code)).hexdigest()[:24]
    path = cache_folder() / f"{name}-{key}.json"
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        pass
    made = make()
    keep(path, json.dumps(made, ensure_ascii=False).encode())
    return made


@cache
def code_digest(*code: str) -> bytes:
    """Changes whenever this module or one of ``code`` does, the files (seen from the package) that make what is kept: so no stale
    result is read back."""
    return hashlib.sha256(b"".join((HERE / name).read_bytes() for name in (READER, *code))).digest()


@cache
def shipped(name: str) -> Any:
    """One YAML file of the library, e.g. ``core/case.yaml``."""
    content = (HERE / name).read_bytes()
    return remembered(Path(name).stem, content, lambda: parse(content.decode()))
