"""Whether a rendered report is what this version makes of the parameters it names. Nothing of the file is run.

The file is only read: its parameters, as literals, and the name of its template. The template of that name that ships with the library
is rendered anew with them, in a folder of its own, and every cell (kind, id, source, tags, outputs) is held against the file's.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jiebei_lib.core.knowledge.problems import Problem, ReportError, UserError, shown
from jiebei_lib.core.knowledge.yaml_files import beside
from jiebei_lib.core.policy import BUILT_IN
from jiebei_lib.reports.render import execute, private_folder

LARGEST = 100_000_000  # bytes; a report on a thousand calls has five million
DEEPEST = 100  # collections one inside the other; a chart has nine
INJECTED, PARAMETERS = "injected-parameters", "parameters"
# What running adds to a cell and to a notebook; it differs from run to run and says nothing
OF_RUNNING = ("papermill", "execution")


def reproduces(notebook: Path) -> None:
    """Raises :class:`ReportError`, which says what differs first, unless the notebook is the report on its own parameters."""
    given = _read(notebook)
    template, parameters = _template(given, notebook), _parameters(given, notebook)
    with private_folder(_files(parameters, notebook)) as folder:
        try:
            made = execute(template, parameters, folder / notebook.name)
        except UserError as failure:
            raise _differs(notebook, failure.problems[0].say()) from None
    for where, ours, theirs in _pairs(json.loads(json.dumps(made)), given):
        if ours != theirs:
            raise _differs(notebook, _difference(where, ours, theirs))


def _differs(notebook: Path, how: str) -> ReportError:
    return ReportError(Problem("not_reproduced", notebook.name, {"value": shown(how, 200)}))


def _not_ours(notebook: Path, why: str) -> ReportError:
    return ReportError(Problem("not_a_report", notebook.name, {"value": shown(why, 120)}))


# ---- what the file says --------------------------------------------------------------------------------------------


def _read(path: Path) -> dict[str, Any]:
    """The notebook as plain data."""
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= LARGEST else b""
    except (OSError, ValueError) as failure:
        slots = {"value": getattr(failure, "strerror", None) or failure}
        raise ReportError(Problem("no_file", shown(str(path)), slots)) from None
    if size > LARGEST:
        raise _not_ours(path, f"{size:,} bytes")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as failure:
        raise _not_ours(path, f"{type(failure).__name__}: {failure}") from None
    cells = found.get("cells") if isinstance(found, dict) else None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise _not_ours(path, "no cells")
    if any(depth > DEEPEST for depth in _depths(found)):
        raise _not_ours(path, "nested too deeply")
    return found


def _depths(node: Any, depth: int = 0) -> Iterator[int]:
    """How deep each leaf lies; not followed further than is needed to refuse it."""
    held = node.values() if isinstance(node, dict) else node if isinstance(node, list) else None
    if held is None or depth > DEEPEST:
        yield depth
        return
    for each in held:
        yield from _depths(each, depth + 1)


def _template(given: Mapping[str, Any], path: Path) -> Path:
    """The shipped template of the name that the notebook gives; no other file is ever taken for one."""
    noted = _under(_under(given, "metadata"), "papermill").get("input_path")
    known = {file.name: file for file in beside("templates").glob("*.ipynb")}
    if not isinstance(noted, str) or noted not in known:
        raise _not_ours(path, f"template: {shown(noted)}")
    return known[noted]


def _parameters(given: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The parameters, read as literals from the cell that papermill puts in."""
    cells = [cell for cell in given["cells"] if INJECTED in _tags(cell)]
    if len(cells) != 1:
        raise _not_ours(path, f"{INJECTED}: {len(cells)}")
    found: dict[str, Any] = {}
    try:
        for line in ast.parse(_text(cells[0].get("source"))).body:
            if not (isinstance(line, ast.Assign) and len(line.targets) == 1 and isinstance(line.targets[0], ast.Name)):
                raise ValueError(ast.unparse(line))
            found[line.targets[0].id] = ast.literal_eval(line.value)
        json.dumps(found, allow_nan=False)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError) as failure:
        raise _not_ours(path, f"{PARAMETERS}: {failure}") from None
    return found


def _files(parameters: Mapping[str, Any], path: Path) -> list[Path]:
    """The file beside the notebook that the parameters name, if they do. A name of anything elsewhere is refused."""
    policy, rules, log = (parameters.get(name) for name in ("policy", "rules", "log"))
    names = [policy, *(rules if isinstance(rules, list) else [rules])]
    if isinstance(policy, str) and policy not in BUILT_IN:
        raise _not_ours(path, f"policy: {shown(policy)}")
    if any(isinstance(name, str) and (Path(name).suffix or "/" in name or "\\" in name) for name in names):
        raise _not_ours(path, f"rules: {shown(rules)}")
    if not isinstance(log, str):
        return []
    if not log or log != Path(log).name or "\\" in log or log.startswith("."):
        raise _not_ours(path, f"log: {shown(log)}")
    return [path.parent / log]


# ---- cell by cell --------------------------------------------------------------------------------------------------


def _pairs(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Where, what we made, what the file has: the number of cells first, then each part of each."""
    made, given = ours["cells"], theirs["cells"]
    yield "cells", len(made), len(given)
    for one, other in zip(made, given, strict=True):
        name = str(one.get("id", one.get("cell_type")))
        for part in sorted({*one, *other} - {"metadata", "outputs", "source"}):
            yield f"{name}: {part}", one.get(part), other.get(part)
        yield f"{name}: source", _text(one.get("source")), _text(other.get("source"))
        yield f"{name}: metadata", _still(one.get("metadata")), _still(other.get("metadata"))
        yield from _outputs(name, one.get("outputs") or [], other.get("outputs") or [])


def _outputs(name: str, ours: list[Any], theirs: Any) -> Iterator[tuple[str, Any, Any]]:
    if not isinstance(theirs, list) or len(ours) != len(theirs):
        yield f"{name}: outputs", len(ours), len(theirs) if isinstance(theirs, list) else theirs
        return
    for made, given in zip(ours, theirs, strict=True):
        given = given if isinstance(given, dict) else {}
        for part in sorted({*made, *given} - {"data"}):
            yield f"{name}: {part}", _joined(made.get(part)), _joined(given.get(part))
        kinds = _under(made, "data"), _under(given, "data")
        for kind in sorted({*kinds[0], *kinds[1]}):
            yield f"{name}: {kind}", _joined(kinds[0].get(kind)), _joined(kinds[1].get(kind))


def _difference(where: str, ours: Any, theirs: Any) -> str:
    """The first place at which two things differ, with a little of both."""
    one, other = (
        each if isinstance(each, str) else json.dumps(each, ensure_ascii=False, sort_keys=True)
        for each in (ours, theirs)
    )
    at = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    start = max(0, at - 12)
    return f"{where}: {shown(one[start : at + 28])} → {shown(other[start : at + 28])}"


def _text(source: Any) -> str:
    """A cell's text, which a notebook holds whole or line by line."""
    return (
        "".join(source) if isinstance(source, list) and all(isinstance(x, str) for x in source) else str(source or "")
    )


def _joined(content: Any) -> Any:
    return "".join(content) if isinstance(content, list) and all(isinstance(x, str) for x in content) else content


def _still(metadata: Any) -> Any:
    return {name: value for name, value in _under({"m": metadata}, "m").items() if name not in OF_RUNNING}


def _tags(cell: Mapping[str, Any]) -> list[Any]:
    tags = _under(cell, "metadata").get("tags")
    return tags if isinstance(tags, list) else []


def _under(node: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = node.get(name)
    return found if isinstance(found, Mapping) else {}
