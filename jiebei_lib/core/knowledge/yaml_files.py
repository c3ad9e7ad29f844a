"""Reads the YAML that ships with the library: strictly (no duplicate keys, dates stay text), and once (a cache of the parsed text)."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import yaml

HERE = Path(__file__).parents[2]  # the package
READER = "core/knowledge/yaml_files.py"
KEPT, MOST_KEPT = re.compile(r"-[0-9a-f]{24}\.(json|npy)$"), 200_000_000  # files of the cache, and their bytes
DEEPEST = 50  # collections one inside the other; what ships needs 8


def beside(folder: str) -> Path:
    """A folder of the notebooks (``templates``, ``cases``, or "" for all): in the package where it is installed, else the project's."""
    inside = HERE / "notebooks"
    return (inside if inside.is_dir() else HERE.parent / "notebooks") / folder


class Refused(ValueError):
    """YAML that is well formed but not taken: ``kind`` is a sentence of problems.yaml, ``key`` what it is about, ``line`` where."""

    def __init__(self, kind: str, key: str, line: int, **slots: Any):
        super().__init__(f"line {line}: {key}: {kind}")
        self.kind, self.key, self.slots = kind, key, {"line": line, **slots}


def parse(text: str) -> Any:
    """The content of one YAML document, read by the core schema of YAML 1.2. Raises ``yaml.YAMLError`` or :class:`Refused`."""
    import yaml

    depth = 0
    for event in yaml.parse(text, Loader=_loader()):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent):
            raise Refused("yaml_alias", f"*{event.anchor}", line)  # they can blow up a small file without end
        if (tag := getattr(event, "tag", None)) is not None:
            raise Refused("yaml_tag", tag, line)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:  # reading on takes minutes, for a file of brackets
            raise Refused("yaml_deep", "", line, high=DEEPEST)
    return yaml.load(text, Loader=_loader())


def parse_json(text: str) -> Any:
    """The content of a JSON document. Raises ``ValueError`` or :class:`Refused`."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise Refused("key_again", next(key for n, (key, _) in enumerate(pairs) if key in dict(pairs[:n])), 0)
        return found

    return json.loads(text, object_pairs_hook=once)


# Which plain words are more than text, by the core schema of YAML 1.2 (10.3.2); each with the characters it may begin with. Narrower
# in two points: 012 stays as it was written (an id keeps its zero; a field that wants a number reads 12), and so do 0o17 and 0x1f.
# Dates stay text, for the field to read. In YAML 1.1, PyYAML's own, on and off are truths, 010 is 8 and 1:30 is 90.
CORE = {
    "null": ("~|null|Null|NULL|", ["~", "n", "N", ""]),
    "bool": ("true|True|TRUE|false|False|FALSE", list("tTfF")),
    "int": ("[-+]?(0|[1-9][0-9]*)", list("-+0123456789")),
    "float": (
        r"[-+]?(0|[1-9][0-9]*)(\.[0-9]*([eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)|[-+]?\.[0-9]+([eE][-+]?[0-9]+)?"
        r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
}


@cache
def _loader() -> type[yaml.SafeLoader]:
    """PyYAML's safe loader by :data:`CORE`, which refuses a key that stands twice (it would let the later one win) and knows no ``<<``."""
    import yaml

    if TYPE_CHECKING:
        from yaml import SafeLoader as Fastest
    else:
        Fastest = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Strict(Fastest):
        yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012

    def mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key, line = loader.construct_object(key_node, deep=True), key_node.start_mark.line + 1
            try:
                twice = key in seen
            except TypeError:
                raise Refused("yaml_key", "", line) from None
            if twice:
                raise Refused("duplicate_key", str(key), line)
            seen.add(key)
        return loader.construct_mapping(node, deep=True)

    Strict.add_constructor("tag:yaml.org,2002:map", mapping)
    for name, (form, first) in CORE.items():
        Strict.add_implicit_resolver(f"tag:yaml.org,2002:{name}", re.compile(f"(?:{form})$"), first)
    return Strict


def dumped(content: Any) -> str:
    """YAML that :func:`parse` reads back as it was, and so does a reader of YAML 1.1: what either takes for more than text is quoted."""
    import yaml

    class Dumper(yaml.SafeDumper):
        pass

    for name, (form, first) in CORE.items():
        # Behind PyYAML's own: these only tell that 1e3, which is text to it, needs quotation marks
        Dumper.add_implicit_resolver(f"tag:yaml.org,2002:{name}", re.compile(f"(?:{form})$"), first)
    return yaml.dump(content, Dumper=Dumper, allow_unicode=True, sort_keys=False)


def walk(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every mapping below ``node`` with its key path."""
    if isinstance(node, Mapping):
        yield path, node
        for key, value in node.items():
            yield from walk(value, (*path, key))


def homes() -> tuple[Path, Path]:
    """Where compiled knowledge lies: what a wheel brought, then what is kept between runs (``JIEBEI_CACHE``, else the user's cache)."""
    if chosen := os.environ.get("JIEBEI_CACHE"):
        return HERE / "compiled", Path(chosen)
    from platformdirs import user_cache_path

    return HERE / "compiled", user_cache_path("jiebei")


def keep(path: Path, content: bytes) -> None:
    """Writes a cache file whole or not at all; a folder that cannot be written only costs time."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(content)
        part.replace(path)
        kept = {each: each.stat() for each in path.parent.iterdir() if KEPT.search(each.name)}
        left = sum(state.st_size for state in kept.values())
        # The longest unused first
        for old in sorted(kept, key=lambda each: max(kept[each].st_atime, kept[each].st_mtime)):
            if left > MOST_KEPT and old != path:
                left -= kept[old].st_size
                old.unlink()
    with suppress(OSError):  # a disk that is full has half of it
        part.unlink(missing_ok=True)


def remembered(name: str, texts: bytes, make: Callable[[], Any], *code: str) -> Any:
    """``make()``, or what it returned when the same ``texts`` and the same ``code`` (see :func:`code_digest`) were last seen. Plain
    JSON data only."""
    key = hashlib.sha256(texts + code_digest(*code)).hexdigest()[:24]
    for folder in homes():
        path = folder / f"{name}-{key}.json"
        with suppress(OSError, ValueError):
            return json.loads(path.read_bytes())
    made = make()
    keep(path, json.dumps(made, ensure_ascii=False).encode())
    return made


@cache
def code_digest(*code: str) -> bytes:
    """Changes whenever this module or one of ``code`` does, the files (seen from the package) that make what is kept: so no stale
    result is read back."""
    return hashlib.sha256(b"".join((HERE / name).read_bytes() for name in (READER, *code))).digest()


@cache
def shipped(name: str) -> dict[str, Any]:
    """One YAML file of the library, e.g. ``core/case.yaml``."""
    content = (HERE / name).read_bytes()
    said: dict[str, Any] = remembered(Path(name).stem, content, lambda: parse(content.decode()))
    return said
