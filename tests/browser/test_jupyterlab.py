"""What only JupyterLab does to a panel: its shortcuts, its containers, its themes."""

import json

import nbformat
import pytest

CELLS = "document.querySelectorAll('.jp-Notebook .jp-Cell').length"
ACTIVE = "[...document.querySelectorAll('.jp-Notebook .jp-Cell')].findIndex((one) => one.classList.contains('jp-mod-active'))"
# How light a colour is, 0 to 255.
LIGHT = """(colour) => { const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number);
  return a * (0.2126 * r + 0.7152 * g + 0.0722 * b) + (1 - a) * 255; }"""


def run(lab_page, notebooks, name, *sources):
    """A notebook of these cells, run in JupyterLab."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), notebooks / name)
    opened = lab_page(name, run=False)
    opened.page.evaluate(
        "() => { window.ran = false; window.jupyterapp.commands.execute('notebook:run-all-cells').then(() => { window.ran = true; }); }"
    )
    opened.page.wait_for_function("window.ran")
    return opened


def test_keys_pressed_in_a_panel_are_for_its_controls_not_for_the_notebook(lab_page):
    notebook = lab_page("01_one_case.ipynb")
    page = notebook.page
    cells = page.evaluate(CELLS)
    choice = notebook.field("communication")
    choice.locator("input[type=radio]").nth(2).focus()
    active = page.evaluate(ACTIVE)
    page.keyboard.press("ArrowDown")
    assert choice.locator("input[type=radio]").nth(3).is_checked()
    assert page.evaluate(ACTIVE) == active
    page.locator(".jiebei button[data-name='report']").focus()
    for key in ("d", "d", "x", "b", "m"):
        page.keyboard.press(key)
    assert page.evaluate(CELLS) == cells
    page.locator(".jiebei-switch input[value='zh']").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("d")
    page.keyboard.press("d")
    assert page.evaluate(CELLS) == cells
    page.wait_for_function("document.querySelector('.jiebei').lang === 'en-GB'")


def test_a_panel_is_seen_whole_in_every_container(lab_page, notebooks):
    boxes = (
        "W.HBox([panels.start(), panels.start()])",
        "W.VBox([panels.start()])",
        "W.Tab([panels.start()], titles=['1'])",
        "W.GridBox([panels.start(), panels.start()], layout=W.Layout(grid_template_columns='1fr 1fr'))",
        "out = W.Output()\nwith out:\n    display(panels.start())\nout",
    )
    notebook = run(
        lab_page, notebooks, "boxes.ipynb", "import ipywidgets as W\nfrom jiebei_lib.show import panels", *boxes
    )
    notebook.page.wait_for_function("document.querySelectorAll('.jiebei[data-turn]').length === 7")
    notebook.settled()
    sizes = notebook.page.evaluate(
        "[...document.querySelectorAll('.jiebei')].map((one) => [one.clientWidth, one.clientHeight])"
    )
    assert all(width > 280 and height > 200 for width, height in sizes), sizes
    notebook.shot("lab-boxes")


def test_a_figure_alone_is_seen_whole(lab_page, notebooks):
    source = "from jiebei_lib.show.case.figures import witnesses_figure\nfrom jiebei_lib import Case, assess\n"
    source += "witnesses_figure(assess(Case(7, 8000)), 'en')"
    notebook = run(lab_page, notebooks, "figure.ipynb", source)
    notebook.page.wait_for_selector(".jp-OutputArea-output .main-svg")
    assert notebook.page.locator(".jp-OutputArea-output").first.bounding_box()["height"] > 200


def test_in_the_dark_paper_is_dark_ink_is_light_and_charts_follow(lab_page):
    notebook = lab_page("01_one_case.ipynb")
    page = notebook.page
    page.evaluate("window.jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' })")
    page.wait_for_function("document.body.dataset.jpThemeLight === 'false'")
    page.wait_for_function(
        f"({LIGHT})(getComputedStyle(document.querySelector('.jiebei .chart .xtick text')).fill) > 180", timeout=20_000
    )
    paper = page.evaluate(f"({LIGHT})(getComputedStyle(document.querySelector('.jiebei')).backgroundColor)")
    ink = page.evaluate(f"({LIGHT})(getComputedStyle(document.querySelector('.jiebei .answer')).color)")
    assert paper < 60 and ink > 200
    chosen = page.evaluate(
        """() => { const at = (el) => getComputedStyle(el); const on = document.querySelector('.jiebei-switch input:checked + span');
          return [at(on).backgroundColor, at(on).color]; }"""
    )
    light = [page.evaluate(f"({LIGHT})({json.dumps(colour)})") for colour in chosen]
    assert light[0] > 180 and light[1] < 90, "the chosen language stands out in the dark as well"
    assert notebook.axe(".jp-Notebook .jiebei") == []
    notebook.shot("lab-dark")
    page.evaluate("window.jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Light' })")
    page.wait_for_function(
        f"({LIGHT})(getComputedStyle(document.querySelector('.jiebei .chart .xtick text')).fill) < 80", timeout=20_000
    )


@pytest.mark.parametrize("tool", ["png", "svg", "csv"])
def test_a_charts_tools_save_it_and_copy_its_numbers(lab_page, tool, tmp_path):
    notebook = lab_page("00_start_here.ipynb")
    page = notebook.page
    notebook.context.grant_permissions(["clipboard-read", "clipboard-write"])
    figure = page.locator("figure[data-figure='readings']").first
    figure.hover()
    if tool == "csv":
        figure.locator("[data-tool='csv']").click()
        text = page.evaluate("navigator.clipboard.readText()")
        assert text.splitlines()[0].count(",") == 1 and "%" in text
        return
    with page.expect_download() as download:
        figure.locator(f"[data-tool='{tool}']").click()
    download.value.save_as(tmp_path / f"chart.{tool}")
    content = (tmp_path / f"chart.{tool}").read_bytes()
    assert content.startswith(b"\x89PNG") if tool == "png" else b"<svg" in content[:200]


def test_a_chart_is_zoomed_by_dragging_and_put_back(lab_page):
    notebook = lab_page("00_start_here.ipynb")
    page = notebook.page
    figure = page.locator("figure[data-figure='readings']").first
    figure.scroll_into_view_if_needed()
    figure.hover()
    first = "document.querySelector(\"[data-figure='readings'] .chart\").layout.xaxis.range"
    before = page.evaluate(first)
    figure.locator("[data-tool='zoom']").click()
    box = figure.locator(".chart").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.3)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.6, steps=5)
    page.mouse.up()
    page.wait_for_function(f"{first}[1] - {first}[0] < 0.6 * {before[1] - before[0]}")
    figure.locator("[data-tool='reset']").click()
    page.wait_for_function(f"{first}?.[0] === {before[0]}")


def test_a_notebook_saved_and_opened_again_shows_what_its_panels_showed(lab_page, end_sessions):
    notebook = lab_page("00_start_here.ipynb")
    notebook.page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    notebook.page.wait_for_function("!window.jupyterapp.shell.currentWidget.context.model.dirty")
    notebook.page.close()
    end_sessions()
    again = lab_page("00_start_here.ipynb", run=False)
    again.page.wait_for_selector(".jiebei-static")
    shown = again.page.locator(".jp-Notebook").inner_text()
    assert "model not found" not in shown and "Error displaying widget" not in shown
