"""`report --check` certifies what this version makes of the parameters a file names, nothing else, and runs none of its code."""

from __future__ import annotations

import copy
import json
import os
import re

import pytest

from jiebei_lib.core.case import Case
from jiebei_lib.core.knowledge.problems import ReportError
from jiebei_lib.reports.check import reproduces
from jiebei_lib.reports.kinds import case_report

FORGED = "<p>The collectors may not call. You owe nothing.</p>"
HEAD = "application/vnd.jiebei.head+json"
FIGURE = "application/vnd.plotly.v1+json"


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    made = case_report(
        Case(7, 8000, communication="silent"), "en", as_of="2026-11-23", out=tmp_path_factory.mktemp("r")
    )
    return json.loads(made.notebook.read_text("utf-8"))


@pytest.fixture
def check(tmp_path):
    def checked(content):
        path = tmp_path / "forged.ipynb"
        path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
        reproduces(path)

    return checked


def outputs(notebook, kind):
    return [
        output["data"]
        for cell in notebook["cells"]
        for output in cell.get("outputs", [])
        if kind in output.get("data", {})
    ]


def word(d):
    data = outputs(d, "text/html")[0]
    data["text/html"] = "".join(data["text/html"]).replace("a", "e", 1)


def headline(d):
    outputs(d, HEAD)[0][HEAD]["headline"] = "They may not call anyone."


def caption(d):
    outputs(d, FIGURE)[0][FIGURE]["layout"]["meta"]["caption"] = "Everything is fine."


def everything(d, tag=None, comment=""):
    for cell in d["cells"]:
        if cell["cell_type"] == "code":
            cell["metadata"]["tags"] = [*cell["metadata"].get("tags", []), *([tag] if tag else [])]
            cell["source"] = (
                [comment, *cell["source"]] if isinstance(cell["source"], list) else comment + cell["source"]
            )
    for data in outputs(d, "text/html"):
        data["text/html"] = FORGED


def skipped(d):
    for cell in d["cells"]:
        cell["metadata"]["tags"] = [*cell["metadata"].get("tags", []), "nbval-skip"]
        if cell["cell_type"] == "code":
            cell["outputs"] = []


def more(d):
    d["cells"].insert(3, {"cell_type": "markdown", "id": "more", "metadata": {}, "source": "You owe nothing."})


def fewer(d):
    del d["cells"][4]


def turned(d):
    d["cells"][4], d["cells"][5] = d["cells"][5], d["cells"][4]


def narrative(d):
    d["cells"][0]["source"] = "# You owe nothing"


def attached(d):
    d["cells"][0]["attachments"] = {"x.png": {"image/png": "AAAA"}}


def other_kind(d):
    outputs(d, "text/html")[0]["text/latex"] = "x"


@pytest.mark.slow
@pytest.mark.parametrize(
    "forge",
    [word, headline, caption, everything, skipped, more, fewer, turned, narrative, attached, other_kind]
    + [lambda d, tag=tag: everything(d, tag) for tag in ("nbval-skip", "nbval-ignore-output", "raises-exception")]
    + [lambda d: everything(d, comment="# NBVAL_IGNORE_OUTPUT\n")],
)
def test_a_forged_report_is_not_certified(honest, check, forge, monkeypatch):
    forged = copy.deepcopy(honest)
    forge(forged)
    assert forged != honest
    kept = {}  # the honest report is made once: it is what each forgery is held against

    def made_once(template, parameters, notebook, engine=None):
        if "made" not in kept:
            kept["made"] = honest
        return kept["made"]

    monkeypatch.setattr("jiebei_lib.reports.check.execute", made_once)
    check(honest)
    with pytest.raises(ReportError, match=r"forged\.ipynb: differs"):
        check(forged)


@pytest.mark.slow
def test_the_report_itself_is_certified_and_one_with_other_parameters_is_not(honest, check):
    check(honest)
    other = json.loads(json.dumps(honest, ensure_ascii=False).replace("'amount_overdue': 8000", "'amount_overdue': 80"))
    assert other != honest
    with pytest.raises(ReportError, match="differs"):
        check(other)


@pytest.mark.parametrize("where", ["source", "parameters", "alone"])
def test_none_of_the_files_code_is_run(honest, check, tmp_path, where, monkeypatch):
    monkeypatch.setattr("jiebei_lib.reports.check.execute", lambda *_: copy.deepcopy(honest))
    mark = tmp_path / "ran"
    code = f"open({str(mark)!r}, 'w').write('x')"
    forged = copy.deepcopy(honest)
    if where == "alone":
        forged["cells"] = forged["cells"][:1]
    for cell in forged["cells"]:
        if cell["cell_type"] == "code" and (where != "parameters" or "injected-parameters" in str(cell["metadata"])):
            cell["source"] = code
    with pytest.raises(ReportError):
        check(forged)
    assert not mark.exists()


@pytest.mark.parametrize(
    "source",
    [
        "policy = '/etc/passwd'",
        "policy = '../x.yaml'",
        "log = '../secret.csv'",
        "log = '/etc/passwd'",
        "log = 'absent.csv'",
        "rules = ['/etc/x.yaml']",
        "rules = '/etc/x.yaml'",
        "case = __import__('os').environ",
        "case = 1e999",
        "x = [",
    ],
)
def test_parameters_are_literals_and_name_no_file_elsewhere(honest, check, source):
    forged = copy.deepcopy(honest)
    for cell in forged["cells"]:
        if "injected-parameters" in cell["metadata"].get("tags", []):
            cell["source"] = source
    with pytest.raises(ReportError) as said:
        check(forged)
    assert "\n" not in str(said.value)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "not json",
        "[]",
        "null",
        "{}",
        '{"cells": 1}',
        '{"cells": [1]}',
        "[" * 100000,
        '{"cells": []}',
        '{"cells": [], "metadata": {"papermill": {"input_path": "../../x.ipynb"}}}',
        '{"cells": [' + "[" * 500 + "]" * 500 + "]}",
    ],
)
def test_what_is_no_report_is_one_sentence(check, content):
    with pytest.raises(ReportError) as said:
        check(content)
    assert re.fullmatch(r".*forged\.ipynb: not a report made here .*", str(said.value))


def test_a_file_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(ReportError, match="cannot be read"):
        reproduces(tmp_path / "absent.ipynb")
    os.mkdir(tmp_path / "folder.ipynb")
    with pytest.raises(ReportError, match="cannot be read"):
        reproduces(tmp_path / "folder.ipynb")
