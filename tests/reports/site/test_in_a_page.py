"""What a page's Python is given is enough: without Jupyter, pandas, pydantic, scipy or pyxirr panels say what they do in a notebook."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from datetime import date

import numpy as np
import pytest
import pyxirr
from scipy.optimize import linprog
from scipy.spatial import HalfspaceIntersection
from scipy.stats import qmc

from jiebei_lib.core import readings
from jiebei_lib.core.policy import BUILT_IN, load_policy
from jiebei_lib.money.loan import Loan
from jiebei_lib.money.rates import flows
from jiebei_lib.page.text import say
from jiebei_lib.reports.site import small_pyxirr, small_scipy
from jiebei_lib.show.widget.panel import Panel
from tests.money.random_loans import random_loans

# Runs every cell that can run in a page as a page does, where nothing can be imported but what a page has
IN_A_PAGE = """
import asyncio, json, sys
root, numpy_at = sys.argv[1:3]
brought = {"numpy", "jiebei_lib", "anywidget", "scipy", "pyxirr", "jinja2", "markupsafe", "traitlets", "yaml", "typing_extensions"}

class Page:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] not in brought | set(sys.stdlib_module_names):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

class Loop:
    def call_later(self, delay, call, *given):
        call(*given)

sys.meta_path.insert(0, Page())
sys.path[:] = [root, *(place for place in sys.path if "site-packages" not in place), numpy_at]
sys.platform, loop = "emscripten", Loop()
asyncio.get_event_loop = lambda: loop
import anywidget
told, out, last = [], [], []
anywidget.begin(lambda text: told.append(json.loads(text)))

def ask(code, page):
    shown = anywidget.run(page, code)
    found = {"page": page, "code": code, "problem": None}
    if shown is None:
        return found
    model = anywidget.MODELS[json.loads(shown)["model"]]
    if hasattr(model, "text"):
        found |= {"text": model.text(), "problem": model.page.get("problem")}
        if "days_overdue" in model.values:
            last.append((found, model))
    return found

for page, cells in json.load(sys.stdin).items():
    out += [ask(code, page) for code in cells]
    while last:
        found, model = last.pop()
        del told[:]
        moved = {"values": model.values | {"days_overdue": 12}, "asked": 1, "page": {}}
        anywidget.received(json.dumps({"model": model._number, "state": moved}))
        found["moved"] = model.values["days_overdue"]
        found["answered"] = [one["state"]["page"]["asked"] for one in told if "page" in one.get("state", {})]
        press = {"model": model._number, "said": {"kind": "press", "name": "report"}}
        anywidget.received(json.dumps(press))
        found["pressed"] = model.status
json.dump({"cells": out, "loaded": sorted({name.split(".")[0] for name in sys.modules})}, sys.stdout)
"""


@pytest.fixture(scope="module")
def in_a_page(drawn, packed, tmp_path_factory):
    pages, root = drawn[0], tmp_path_factory.mktemp("page")
    zipfile.ZipFile(io.BytesIO(packed)).extractall(root)
    cells = {
        page["name"]: [cell["code"] for cell in page["cells"] if cell["kind"] == "live"] for page in pages["pages"]
    }
    numpy_at = np.__file__.rsplit("/", 2)[0]
    own = {"JIEBEI_LANG": "zh", "JIEBEI_CACHE": str(root / "cache"), "PYTHONHASHSEED": "0"}
    done = subprocess.run(
        [sys.executable, "-c", IN_A_PAGE, str(root), numpy_at],
        input=json.dumps(cells),
        env=own,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout), cells, done.stderr


def test_every_panel_says_what_it_says_in_a_notebook(in_a_page):
    found, cells, warned = in_a_page
    assert [one["code"] for one in found["cells"]] == [code for page in cells.values() for code in page]
    assert [one for one in found["cells"] if one["problem"]] == [] and "Traceback" not in warned
    scope: dict = {}
    for one in found["cells"]:
        *lines, last = one["code"].strip().splitlines()
        exec("\n".join(lines), scope)  # our own notebooks
        here = eval(last, scope)
        if isinstance(here, Panel):
            assert one["text"].splitlines() == here.text().splitlines(), one["code"]


def test_nothing_heavy_is_imported(in_a_page):
    assert not {"pandas", "pydantic", "plotly", "IPython", "ipywidgets"} & set(in_a_page[0]["loaded"])


def test_what_the_page_moves_is_answered_and_what_is_not_its_to_say_is_not_taken(in_a_page):
    moved = [one for one in in_a_page[0]["cells"] if "answered" in one]
    assert moved
    for one in moved:
        assert one["moved"] == 12 and 1 in one["answered"], one["code"]


def test_what_needs_more_than_a_page_has_says_so(in_a_page):
    """A report is made by papermill: here pressing its button gives a sentence, and the panel stays."""
    pressed = [one["pressed"] for one in in_a_page[0]["cells"] if "pressed" in one]
    assert pressed and all(
        one["text"] == {lang: say("widget.not_here", lang) for lang in ("zh", "en")} for one in pressed
    )


def test_the_rate_is_pyxirrs():
    """Which stops at some 1e-10; shown are four decimals of a per cent."""
    for fields in random_loans(60, 9):
        days, amounts = zip(*flows(Loan(**fields)), strict=True)
        assert small_pyxirr.xirr(days, amounts) == pytest.approx(pyxirr.xirr(days, amounts), abs=1e-8), fields
    assert small_pyxirr.xirr([date(2026, 1, 1), date(2026, 2, 1)], [100.0, 50.0]) is None


@pytest.mark.parametrize("dimensions", [1, 2, 5, 8, 13])
def test_the_points_are_scipys_to_the_last_digit(dimensions):
    for seed in (0, 7, 20_261_126):
        ours = small_scipy.Sobol(dimensions, scramble=True, rng=seed).random(1024)
        assert (ours == qmc.Sobol(dimensions, scramble=True, rng=seed).random(1024)).all()


@pytest.mark.parametrize("seed", range(40))
def test_linear_programs_end_as_scipys_do(seed):
    random = np.random.default_rng(seed)
    matrix, bound = random.normal(size=(7, 3)), random.normal(1, 2, 7)
    cost, bounds = random.normal(size=3), [(None, None), (0, None), (-1, 2)]
    theirs = linprog(cost, A_ub=matrix, b_ub=bound, bounds=bounds, method="highs")
    ours = small_scipy.linprog(cost, A_ub=matrix, b_ub=bound, bounds=bounds, method="highs")
    assert theirs.status in (ours.status, 4)
    if theirs.status == 0:
        assert ours.fun == pytest.approx(theirs.fun, abs=1e-8)
    equal, to = random.normal(size=(2, 5)), random.normal(size=2)
    theirs = linprog(np.zeros(5), A_eq=equal, b_eq=to, bounds=(1, None))
    assert small_scipy.linprog(np.zeros(5), A_eq=equal, b_eq=to, bounds=(1, None)).status == theirs.status


@pytest.mark.parametrize("seed", range(20))
def test_corners_are_scipys(seed):
    random = np.random.default_rng(seed)
    rows = np.vstack([random.normal(size=(9, 3)), np.eye(3), -np.eye(3), np.eye(3)])
    halfspaces = np.column_stack([rows, -random.uniform(0.5, 2, len(rows))])
    theirs = HalfspaceIntersection(halfspaces, np.zeros(3)).intersections
    ours = small_scipy.HalfspaceIntersection(halfspaces, np.zeros(3)).intersections
    assert {tuple(row) for row in (np.round(ours, 6) + 0.0).tolist()} == {
        tuple(row) for row in (np.round(theirs, 6) + 0.0).tolist()
    }


@pytest.mark.parametrize("witness", BUILT_IN)
@pytest.mark.parametrize(
    "changes", [{}, {"strengths.strong.at_least": 6}, {"strengths.moderate.at_most": 9, "sampling.over_multiples": 1}]
)
def test_readings_are_the_same_to_the_last_digits(witness, changes, monkeypatch):
    policy = load_policy(witness).replace(changes) if changes else load_policy(witness)
    readings._built.cache_clear()
    theirs = readings.build(policy.data)
    for module in ("scipy.optimize", "scipy.spatial", "scipy.stats"):
        monkeypatch.setitem(sys.modules, module, small_scipy)
    monkeypatch.setattr(small_scipy, "qmc", small_scipy, raising=False)
    readings._built.cache_clear()
    readings._is_bounded.cache_clear()
    ours = readings.build(policy.data)
    readings._built.cache_clear()
    for name in ("vertices", "center", "samples", "first_day"):
        assert np.allclose(getattr(ours, name), getattr(theirs, name), rtol=0, atol=1e-12), name
