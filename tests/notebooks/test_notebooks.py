"""Every notebook runs from a clean start and shows what it kept; and it is kept lean, in both languages, with short cells."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
NOTEBOOKS = sorted(
    path for path in (ROOT / "notebooks").rglob("*.ipynb") if not {"templates", ".ipynb_checkpoints"} & set(path.parts)
)
LARGEST, LONGEST = 300_000, 12  # bytes of a notebook, lines of a code cell

each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: str(path.relative_to(ROOT / "notebooks")))


def compared(path):
    """nbval on one notebook: each cell's outputs, text and HTML, against the kept ones."""
    plugins = ("no:cacheprovider", "no:xdist", "tests.notebooks.private_sockets")
    chosen = [word for name in plugins for word in ("-p", name)]
    command = [sys.executable, "-m", "pytest", "--nbval", *chosen, "-q", str(path)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    env.pop("PYTEST_XDIST_WORKER", None)
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=600, check=False)


@pytest.mark.slow
@each
def test_it_shows_what_it_kept(path):
    done = compared(path)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


@each
def test_it_is_lean(path):
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    assert path.stat().st_size < LARGEST
    assert "widgets" not in notebook.metadata
    assert "widget-view" not in path.read_text("utf-8")
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        assert 0 < len(cell.source.strip().splitlines()) <= LONGEST
        assert cell.outputs or cell.execution_count, "run tests/notebooks/outputs.py"
        assert not any(output.output_type == "error" or output.get("name") == "stderr" for output in cell.outputs)


@each
def test_its_narrative_is_in_both_languages_and_headed_once(path):
    cells = [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "markdown"]
    titles = {"zh": 0, "en": 0}
    for source in cells:
        blocks = re.findall(r'<div lang="(zh|en)">\n\n(.*?)\n\n</div>', source, re.DOTALL)
        assert [lang for lang, _ in blocks] == ["zh", "en"], source[:200]
        rest = re.sub(r'<div lang="(zh|en)">.*?</div>', "", source, flags=re.DOTALL)
        assert not rest.strip(), rest
        (_, zh), (_, en) = blocks
        assert re.findall(r"^#+ ", zh, re.M) == re.findall(r"^#+ ", en, re.M)
        assert re.search(r"[\u4e00-\u9fff]", zh)
        for lang, text in blocks:
            titles[lang] += len(re.findall(r"^# ", text, re.M))
    assert titles == {"zh": 1, "en": 1}


@each
def test_its_links_lead_somewhere(path):
    cells = [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "markdown"]
    for target in re.findall(r"\]\(([^)#]+)", "\n".join(cells)):
        assert not target.startswith("http"), target
        assert (path.parent / target).exists(), target


def test_every_notebook_has_valid_json_ids_that_stay():
    for path in NOTEBOOKS:
        ids = [cell["id"] for cell in json.loads(path.read_text("utf-8"))["cells"]]
        assert len(ids) == len(set(ids))


@pytest.mark.slow
def test_the_comparison_of_outputs_can_fail(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("6 * 7")])
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    notebook.cells[0].outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "41"}, execution_count=1)]
    nbformat.write(notebook, tmp_path / "wrong.ipynb")
    assert compared(tmp_path / "wrong.ipynb").returncode == 1


def test_a_page_of_a_notebook_that_was_run_shows_what_its_panels_showed_and_asks_no_other_host():
    page, plain = (exported(made("<p>the first state</p>"), name) for name in (page_exporter(), "html"))
    assert ["<p>the first state</p>" in each for each in (page, plain)] == [True, False]
    assert ['"model_id": "m1"' in each for each in (page, plain)] == [False, True]
    assert asked(plain) and not asked(page)


@each
def test_its_page_asks_no_other_host_and_has_its_pictures_with_no_word_of_mathematics_left_as_code(path):
    page = exported(nbformat.read(path, 4), page_exporter(), path.parent, path.stem)
    assert not asked(page)
    assert page.count('class="drawn"') == path.read_text("utf-8").count('class=\\"drawn\\"')
    assert not re.search(r"\$\\?[a-z]+\$", page)


def test_a_page_of_nbconvert_s_own_shows_a_panel_as_its_words_and_not_as_a_view_whose_kernel_is_gone(tmp_path):
    sockets = ["--KernelManager.transport=ipc", f"--KernelManager.ip={tmp_path / 'kernel'}"]
    command = [
        sys.executable,
        "-m",
        "nbconvert",
        "--execute",
        "--to",
        "html",
        "--stdout",
        *sockets,
        "01_one_case.ipynb",
    ]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=ROOT / "notebooks", env=env, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count('class="jiebei-static"') == 2 and "jiebei-switch" in done.stdout
    assert '<script type="application/vnd.jupyter.widget-view+json">' not in done.stdout


def test_what_a_run_leaves_is_taken_out_after_the_run():
    from nbconvert.exporters import get_exporter
    from traitlets.config import Config

    def run(notebook, resources):
        return made("<p>the first state</p>"), resources  # as nbconvert's own preprocessor runs a notebook

    exporter = get_exporter(page_exporter())(config=Config({"HTMLExporter": {"preprocessors": [run]}}))
    page = exporter.from_notebook_node(nbformat.v4.new_notebook(), {"metadata": {}})[0]
    assert "<p>the first state</p>" in page and not asked(page)


def test_a_page_has_the_pictures_that_the_notebook_keeps_while_they_show_the_same(tmp_path):
    kept, room = (
        '<div class="jiebei-static"><p>a</p>' + each + "</div>"
        for each in ('<img class="drawn" src="data:,x">', "<!-- picture -->")
    )
    nbformat.write(made(kept), tmp_path / "one.ipynb")
    again, other = (exported(made(html), page_exporter(), tmp_path, "one") for html in (room, room.replace("a", "b")))
    assert [html.count('class="drawn"') for html in (again, other)] == [1, 0]


def made(html):
    """A notebook that was run: a live view with its state, and beside it what it shows without a kernel."""
    bundle = {"application/vnd.jupyter.widget-view+json": {"model_id": "m1"}, "text/html": html}
    cell = nbformat.v4.new_code_cell("panel", outputs=[nbformat.v4.new_output("display_data", bundle)])
    state = {"application/vnd.jupyter.widget-state+json": {"state": {"m1": {}}, "version_major": 2, "version_minor": 0}}
    return nbformat.v4.new_notebook(cells=[cell], metadata={"widgets": state})


def page_exporter():
    """What `--to jiebei` names, also where the package was installed before it had that name."""
    named = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"][
        "nbconvert.exporters"
    ]
    return named["jiebei"].replace(":", ".")


def exported(notebook, exporter, folder=ROOT, name="none"):
    from nbconvert.exporters import get_exporter

    return get_exporter(exporter)().from_notebook_node(notebook, {"metadata": {"path": str(folder), "name": name}})[0]


def asked(page):
    """What a browser would fetch for a page."""
    scripts = " ".join(re.findall(r"<script[^>]*>", page))
    return re.findall(
        r"""(?:src|href)=["']?((?:https?:)?//[^"'> ]+)""",
        scripts + " ".join(re.findall(r"<(?:img|link|iframe)[^>]*>", page)),
    ) + (["widgets"] if "html-manager" in page else [])


FIRST = {"01_one_case": "assess(", "05_contact_conduct": "audit("}


@pytest.mark.parametrize("name", FIRST)
def test_the_library_stands_before_the_first_panel_and_shows_nothing_that_would_push_it_from_the_first_screen(name):
    cells = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", 4).cells
    shown = [n for n, cell in enumerate(cells) if cell.cell_type == "code" and "jiebei-static" in str(cell.outputs)]
    (before,) = cells[shown[0] - 1 : shown[0]]
    assert before.cell_type == "code" and FIRST[name] in before.source and not before.outputs
    assert len(before.source.splitlines()) <= 3
