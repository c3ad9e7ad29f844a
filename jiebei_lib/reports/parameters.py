"""A template's parameters: which ones it declares, of what type, and what a run gives it against that.

The cell with the tag ``parameters`` is the schema: each ``name: type = value`` in it. A name without a value must be given.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jiebei_lib.core.knowledge.fields import number_in, plain
from jiebei_lib.core.knowledge.problems import Phrase, Problem, ReportError, items, shown
from jiebei_lib.core.knowledge.yaml_files import shipped

PLAIN = (str, int, float, bool, list, dict, type(None))  # what a parameter may be: papermill knows nothing else
SHELLS = {"In", "Out"}  # a notebook's own names
KINDS = {
    "str": "text_any",
    "int": "number_whole",
    "float": "number_any",
    "bool": "truth",
    "list": "list",
    "dict": "mapping",
}
OURS = ("case", "lang", "policy", "as_of")  # what a run of ours gives itself
NEEDED = OURS[:2]
LARGEST = 20_000_000  # bytes of a template


@dataclass(frozen=True)
class Declared:
    """One that a template declares: its type (of :data:`KINDS`), whether it must be given, and its values where they are listed."""

    kind: str
    needed: bool
    options: tuple[str, ...] = ()

    def read(self, value: Any) -> Any:
        """A table's cell in the parameter's type. Raises ValueError."""
        if self.options and str(value) not in self.options:
            raise ValueError(value)
        if self.kind == "str":
            return str(value)
        if self.kind in ("list", "dict"):
            value = json.loads(value) if isinstance(value, str) else value
            if not isinstance(value, list if self.kind == "list" else dict):
                raise ValueError(value)
            return value
        if self.kind == "bool":
            words = {word: True for word in ("true", True)} | {word: False for word in ("false", False)}
            words |= {
                plain(w): said == "true"
                for said, ws in shipped("core/knowledge/spoken.yaml")["truth"].items()
                for w in ws
            }
            key = plain(value) if isinstance(value, str) else value
            if key not in words:
                raise ValueError(value)
            return words[key]
        number = float(number_in(str(value)) or "nan")
        if number != number or (self.kind == "int" and not number.is_integer()):
            raise ValueError(value)
        return int(number) if self.kind == "int" else number

    @property
    def allowed(self) -> Phrase:
        return Phrase("levels", {"items": ", ".join(self.options)}) if self.options else Phrase(KINDS[self.kind])


def declared(names: Mapping[str, Any]) -> None:
    """For the cell behind a template's parameters, given ``globals()``: refuses what was passed and is not declared. papermill itself
    only warns of it, and the report then silently stands for something else than was asked. Raises :class:`ReportError`."""
    known = dict(names.get("__annotations__", {}))
    for cell in names.get("In", ()):
        known |= _annotated(cell)
    passed = [name for name, value in names.items() if isinstance(value, PLAIN) and not name.startswith("_")]
    unknown = [name for name in passed if name not in known and name not in SHELLS]
    if unknown:
        allowed = items(known)
        raise ReportError([Problem("unknown_parameter", shown(name), {"allowed": allowed}) for name in unknown])


def _annotated(cell: str) -> dict[str, ast.AnnAssign]:
    """What a cell declares by ``name: type``. From Python 3.14 on its globals no longer hold that."""
    try:
        lines = ast.parse(cell).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        lines = []
    return {
        line.target.id: line for line in lines if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
    }


def declared_in(template: Path) -> dict[str, Declared]:
    """What a template of the user's own declares. It is read, not run. Raises :class:`ReportError`."""
    name = template.name
    try:
        if template.stat().st_size > LARGEST:
            raise ReportError(Problem("no_template", name, {"value": f"> {LARGEST:,}"}))
        cells = json.loads(template.read_bytes())["cells"]
        tagged = [cell for cell in cells if "parameters" in cell["metadata"].get("tags", ())]
        source = "".join(tagged[0]["source"]) if tagged else ""
    except OSError as failure:
        raise ReportError(Problem("no_file", name, {"value": failure.strerror or failure})) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ReportError(Problem("no_template", name, {"value": "JSON"})) from None
    found = _annotated(source)
    missing = [each for each in NEEDED if each not in found]
    if missing:
        raise ReportError(Problem("template_needs", name, {"value": ", ".join(missing)}))
    out: dict[str, Declared] = {}
    problems = []
    for each, line in found.items():
        options = _options(line.annotation)
        kind = "str" if options else ast.unparse(line.annotation).removesuffix(" | None").partition("[")[0]
        if kind not in KINDS and each not in OURS:
            slots = {"value": shown(ast.unparse(line.annotation)), "allowed": items([*KINDS, 'Literal["a", "b"]'])}
            problems.append(Problem("invalid", f"{name}: {each}", slots))
        out[each] = Declared(kind, line.value is None, options)
    if problems:
        raise ReportError(problems)
    return out


def _options(annotation: ast.expr) -> tuple[str, ...]:
    """The texts of ``Literal["a", "b"]``; none for anything else."""
    if not isinstance(annotation, ast.Subscript) or ast.unparse(annotation.value) != "Literal":
        return ()
    parts = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
    texts = tuple(part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str))
    return texts if len(texts) == len(parts) else ()


def columns_for(template: Mapping[str, Declared], names: Iterable[str], taken: Iterable[str]) -> list[str]:
    """The columns of a table that fill a template's own parameters: those of the same name. Raises :class:`ReportError` where one that
    must be given is not there."""
    own = [name for name in template if name not in OURS]
    absent = [name for name in own if template[name].needed and name not in names]
    if absent:
        raise ReportError(
            [Problem("missing", f"table: {name}", {"allowed": template[name].allowed}) for name in absent]
        )
    return [name for name in own if name in names and name not in taken]


def filled(
    template: Mapping[str, Declared], cells: Mapping[str, Any], row: int
) -> tuple[dict[str, Any], Problem | None]:
    """A row's values for a template's own parameters, and the first thing wrong with them. An empty cell leaves the template's value."""
    out: dict[str, Any] = {}
    for name, cell in cells.items():
        empty = cell is None or cell == "" or cell != cell
        if empty and not template[name].needed:
            continue
        try:
            if empty:
                raise ValueError(name)
            out[name] = template[name].read(cell)
        except (ValueError, TypeError, OverflowError, RecursionError):
            slots = {"value": shown(cell), "allowed": template[name].allowed}
            return out, Problem("invalid", f"row {row}: {name}", slots)
    return out, None
