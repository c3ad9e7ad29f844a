"""What a template is given is what it declares."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jiebei_lib.core.knowledge.problems import ReportError
from jiebei_lib.reports.parameters import declared

TEMPLATES = sorted((Path(__file__).parents[2] / "notebooks" / "templates").glob("*.ipynb"))


def first_cells(path: Path) -> list[str]:
    cells = [cell for cell in json.loads(path.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]
    return ["".join(cell["source"]) for cell in cells[:2]]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_each_template_refuses_a_parameter_that_it_does_not_declare(path: Path) -> None:
    parameters, head = first_cells(path)
    check = "\n".join(line for line in head.splitlines() if "declared" in line)
    names: dict[str, Any] = {"In": ["", parameters], "Out": {}}
    exec(parameters, names)
    exec('# Parameters\nlang = "en"', names)
    exec(check, names)
    with pytest.raises(ReportError) as refused:
        exec('# Parameters\nas_off = "2026-01-01"', names)
        exec(check, names)
    assert [problem.kind for problem in refused.value.problems] == ["unknown_parameter"]
    assert "as_off" in refused.value.say("en") and "lang" in refused.value.say("zh")


def test_what_is_no_parameter_is_left_alone() -> None:
    declared({"__annotations__": {"lang": str}, "lang": "zh", "json": json, "Path": Path, "_": 3, "In": [], "Out": {}})


def test_what_is_declared_is_known_by_the_cells_where_the_globals_no_longer_say_it() -> None:
    """Python 3.14 keeps no annotations among them."""
    cells = ["", "%matplotlib inline", 'lang: str = "zh"  # by papermill', "from jiebei_lib import Case\ncase: dict"]
    declared({"In": cells, "lang": "zh", "case": {}})
    with pytest.raises(ReportError, match=r"'as_off': .*allowed are lang, case"):
        declared({"In": cells, "lang": "zh", "as_off": "2026-01-01"})


@pytest.mark.slow
def test_papermill_itself_fails_on_an_unknown_parameter(tmp_path: Path) -> None:
    (template,) = (path for path in TEMPLATES if path.stem == "case_report")
    command = [sys.executable, "-m", "papermill", "--no-progress-bar", str(template), str(tmp_path / "out.ipynb")]
    done = subprocess.run([*command, "-p", "as_off", "2026-01-01"], capture_output=True, text=True)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", done.stderr)
    assert done.returncode == 1
    assert "ReportError: 'as_off': the template has no such parameter; allowed are case, lang, policy" in plain
