"""Which modules are imported beforehand: those that the user names, or those with which a notebook begins.

``JIEBEI_WARM=pandas,plotly.express`` (or the path of a file with a module a line) names them; empty, it means none. Otherwise they are
learned from a notebook's own first imports, from the second notebook on that begins with the same: only what would be imported
anyway, from a process in which nothing else has run, is imported beforehand, and only if it comes from installed packages.
"""

from __future__ import annotations

import ast
import os
import sysconfig
import warnings
from collections import Counter
from collections.abc import Iterable
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

VARIABLE = "JIEBEI_WARM"
# Line magics that leave alone what imports find
QUIET_MAGICS = {"matplotlib", "load_ext", "autoreload", "config", "time"}
_seen: Counter[tuple[str, ...]] = Counter()  # sets of imports with which notebooks have begun
_said: set[str] = set()


def chosen() -> tuple[str, ...] | None:
    """What the user names; None if nothing is said."""
    said = os.environ.get(VARIABLE)
    if said is None:
        return None
    if os.sep in said or Path(said).is_file():
        said = Path(said).read_text("utf-8")
    names = [line.partition("#")[0].strip() for line in said.replace(",", "\n").splitlines()]
    return tuple(dict.fromkeys(filter(None, names)))


def for_notebook(notebook: Any) -> tuple[str, ...]:
    """The modules to have warm for a notebook: a set that was asked for before, as far as possible."""
    if (named := chosen()) is not None:
        return named
    begins = learned("\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code"))
    _seen[begins] += 1
    known = [each for each, times in _seen.items() if times > 1 and set(each) <= set(begins)]
    return max(known, key=len, default=())


def with_companions(names: Iterable[str]) -> tuple[str, ...]:
    """And what those import when they are first used."""
    table = _read("first_use.yaml")
    roots = dict.fromkeys(name.partition(">")[0].partition(".")[0] for name in names)
    return (*names, *(f"~{each}" for root in roots for each in table.get(root, ())))


def learned(code: str) -> tuple[str, ...]:
    """The modules with which a notebook's code begins: ``a.b``, or ``a>b`` where ``from a import b`` stands."""
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        body = ast.parse(TransformerManager().transform_cell(code)).body
    except (SyntaxError, ValueError):
        return ()
    names: list[str] = []
    for statement in body:
        if isinstance(statement, ast.Import):
            names += [alias.name for alias in statement.names]
        elif isinstance(statement, ast.ImportFrom) and not statement.level and statement.module != "__future__":
            names += [f"{statement.module}>{alias.name}" for alias in statement.names if alias.name != "*"]
        elif not isinstance(statement, ast.ImportFrom) and not _harmless(statement):
            break
    return tuple(dict.fromkeys(name for name in names if installed(name.partition(">")[0].partition(".")[0])))


def _harmless(statement: ast.stmt) -> bool:
    """Whether a statement before an import cannot change what the import does: plain values, definitions, some magics."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return not statement.decorator_list and not isinstance(statement, ast.ClassDef)
    if isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr):
        value, targets = statement.value, getattr(statement, "targets", [getattr(statement, "target", None)])
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
            magic = value.args[0] if value.func.attr == "run_line_magic" and value.args else None
            return isinstance(magic, ast.Constant) and magic.value in QUIET_MAGICS
        plain = all(isinstance(target, ast.Name | type(None)) for target in targets)
        return plain and (value is None or _literal(value))
    return False


def _literal(value: ast.expr) -> bool:
    try:
        ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, RecursionError):
        return False
    return True


@cache
def installed(root: str) -> bool:
    """Whether a top-level module comes from installed packages; the standard library is there soon enough."""
    folders = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    found = PathFinder.find_spec(root, sorted(folders))
    return bool(found and found.origin and found.origin.startswith(tuple(folders)))


def say(cold: dict[str, str]) -> None:
    """Warns of modules that were not imported beforehand, once each."""
    for name, why in cold.items():
        if name not in _said and not name.startswith("~"):
            _said.add(name)
            warnings.warn(words()["cold"].format(module=name.partition(">")[0], why=words()["why"][why]), stacklevel=2)


def words(lang: str | None = None) -> dict[str, Any]:
    """The engine's sentences in one language: Chinese where the system does not speak English."""
    return _read("words.yaml")[lang or ("en" if os.environ.get("LANG", "").startswith("en") else "zh")]


@cache
def _read(name: str) -> dict[str, Any]:
    import yaml

    return yaml.safe_load(Path(__file__).with_name(name).read_text("utf-8"))
