"""What is saved of a panel: its page, with the pictures that the file had, and no view of a widget that will be gone."""

import copy
import json
from types import SimpleNamespace

from jiebei_lib.show.widget.saved import VIEW, without_views

PAGE = '<div class="jiebei-static"><p>{}</p><!-- picture --></div>'


def notebook(*pages):
    data = [{"text/html": page, "text/plain": "…", VIEW: {"model_id": "x"}} for page in pages]
    cells = [{"cell_type": "code", "outputs": [{"output_type": "display_data", "data": one}]} for one in data]
    return {"type": "notebook", "content": {"cells": [{"cell_type": "markdown"}, *cells], "nbformat": 4}}


def outputs(model):
    return [cell["outputs"][0]["data"] for cell in model["content"]["cells"][1:]]


def test_views_of_panels_are_left_out_and_pictures_stay_while_what_they_show_is_the_same(tmp_path):
    before = notebook(PAGE.format("old"), PAGE.format("same"))
    for data in outputs(before):
        data["text/html"] = data["text/html"].replace("<!-- picture -->", '<img class="drawn" src="data:x">')
    (tmp_path / "a.ipynb").write_text(json.dumps(before["content"]), "utf-8")
    model = notebook(PAGE.format("new"), PAGE.format("same"))
    without_views(model, path="/a.ipynb", contents_manager=SimpleNamespace(root_dir=str(tmp_path)))
    new, same = outputs(model)
    assert VIEW not in new and VIEW not in same
    assert "<!-- picture -->" in new["text/html"] and 'class="drawn"' in same["text/html"]


def test_other_peoples_widgets_and_files_are_left_alone(tmp_path):
    model = notebook("<b>a slider</b>")
    before = copy.deepcopy(model)
    without_views(model, path="b.ipynb", contents_manager=SimpleNamespace(root_dir=str(tmp_path)))
    assert model == before
    text = {"type": "file", "content": "jiebei-static"}
    without_views(text)
    assert text == {"type": "file", "content": "jiebei-static"}
    without_views(model := notebook(PAGE.format("new")), path="new.ipynb", contents_manager=None)
    assert VIEW not in outputs(model)[0]
