"""Reports by a template of one's own: typed by what it declares, resumed and listed like ours."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

from jiebei_lib.core.knowledge.problems import ReportError
from jiebei_lib.reports.batch import reports
from jiebei_lib.reports.parameters import columns_for, declared_in, filled

PARAMETERS = """
from typing import Literal

case: dict = {"days_overdue": 7}
lang: str = "zh"
adviser: str = "nobody"
visits: int = 0
share: float = 0.5
urgent: bool = False
tags: list = []
level: Literal["low", "high"] = "low"
"""
SHOWN = """
from IPython.display import HTML
HTML(f"<p>{adviser} {visits + 1} {share:.2f} {urgent} {tags} {level} {case['days_overdue']:.0f} {lang}</p>")
"""


def notebook(folder: Path, parameters: str = PARAMETERS, shown: str = SHOWN) -> Path:
    cells = [
        nbformat.v4.new_markdown_cell("# Our own page"),
        nbformat.v4.new_code_cell(parameters.strip(), metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell(shown.strip(), id="answer"),
    ]
    kernel = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), path := folder / "ours.ipynb")
    return path


def table(folder: Path, rows: list[dict[str, Any]]) -> Path:
    with (path := folder / "cases.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_template_is_read_for_what_it_declares_and_not_run(tmp_path: Path) -> None:
    found = declared_in(notebook(tmp_path, PARAMETERS + "raise SystemExit('run')\nbare: int\n"))
    assert {name: each.kind for name, each in found.items() if name not in ("case", "lang")} == {
        "adviser": "str", "visits": "int", "share": "float", "urgent": "bool", "tags": "list", "level": "str", "bare": "int"
    }  # fmt: skip
    assert found["level"].options == ("low", "high") and found["bare"].needed and not found["visits"].needed


@pytest.mark.parametrize(
    ("name", "cell", "value"),
    [
        ("adviser", "=1+1", "=1+1"), ("visits", "３", 3), ("visits", "1,200", 1200), ("share", "0.25", 0.25), ("urgent", "是", True),
        ("urgent", "no", False), ("tags", '["a", 1]', ["a", 1]), ("level", "high", "high"), ("visits", 4.0, 4),
    ],
)  # fmt: skip
def test_a_cell_is_read_in_the_type_of_its_parameter(tmp_path: Path, name: str, cell: Any, value: Any) -> None:
    assert filled(declared_in(notebook(tmp_path)), {name: cell}, 1) == ({name: value}, None)


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("visits", "2.5"),
        ("visits", "many"),
        ("share", "nan"),
        ("urgent", "perhaps"),
        ("tags", "{}"),
        ("tags", "[1"),
        ("level", "mid"),
    ],
)
def test_a_cell_of_another_type_is_one_sentence(tmp_path: Path, name: str, cell: Any) -> None:
    _, problem = filled(declared_in(notebook(tmp_path)), {name: cell}, 7)
    assert problem is not None and problem.where == f"row 7: {name}"
    for lang in ("zh", "en"):
        assert cell.strip("[{") in problem.say(lang) and "\n" not in problem.say(lang)


def test_an_empty_cell_leaves_the_templates_own_value_but_for_what_must_be_given(tmp_path: Path) -> None:
    template = declared_in(notebook(tmp_path, PARAMETERS + "bare: int\n"))
    assert filled(template, {"visits": "", "adviser": None}, 1) == ({}, None)
    assert filled(template, {"bare": ""}, 1)[1] is not None
    assert columns_for(template, ["bare", "visits", "other"], []) == ["visits", "bare"]
    with pytest.raises(ReportError, match="bare"):
        columns_for(template, ["visits"], [])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"not json", "JSON"), (b"[]", "JSON"), (b'{"cells": [1]}', "JSON"), (b'{"cells": []}', "case, lang"),
        (b'{"cells": [{"metadata": {"tags": ["parameters"]}, "source": "case: dict = {"}]}', "case, lang"),
        (b'{"cells": [{"metadata": {"tags": ["parameters"]}, "source": "case: dict = {}\\nlang: str = 1\\nx: Path = 1"}]}', "'Path'"),
    ],
)  # fmt: skip
def test_what_is_no_template_is_one_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    (path := tmp_path / "t.ipynb").write_bytes(content)
    with pytest.raises(ReportError) as refused:
        declared_in(path)
    assert (
        said in refused.value.say("en") and "t.ipynb" in refused.value.say("zh") and "\n" not in refused.value.say("zh")
    )
    with pytest.raises(ReportError):
        declared_in(tmp_path / "absent.ipynb")


@pytest.mark.slow
def test_a_batch_by_ones_own_template_is_resumed_and_listed(tmp_path: Path) -> None:
    rows = [
        {"case_id": "a", "days_overdue": 7, "amount_overdue": 8000, "adviser": "王<b>", "visits": "2", "urgent": "是"},
        {"case_id": "b", "days_overdue": 40, "amount_overdue": 500, "adviser": "", "visits": "two", "urgent": ""},
    ]
    given, template, out = table(tmp_path, rows), notebook(tmp_path), tmp_path / "out"
    how: dict[str, Any] = {"template": template, "as_of": "2026-11-25", "langs": ["zh", "en"], "workers": 1}
    done = reports(given, out, **how)
    assert (done.made, done.kept, done.failed) == (2, 0, 2)
    page = (out / "a.en.html").read_text("utf-8")
    assert "王<b> 3 0.50 True [] low 7 en" in page and "<title>Our own page</title>" in page
    kept = json.loads((out / "a.zh.ipynb").read_text("utf-8"))["metadata"]["papermill"]["parameters"]
    assert kept == {
        "case": {"case_id": "a", "days_overdue": 7, "amount_overdue": 8000},
        "lang": "zh",
        "adviser": "王<b>",
        "visits": 2,
        "urgent": True,
    }
    assert "row 2: visits" in (out / "index.html").read_text("utf-8")
    again = reports(given, out, **how)
    assert (again.made, again.kept) == (0, 2)
    notebook(tmp_path, shown=SHOWN.replace("+ 1", "+ 2"))  # another template: made anew
    assert reports(given, out, **how).made == 2
