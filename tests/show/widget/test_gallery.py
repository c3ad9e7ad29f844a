"""The list of notebooks: each by its own title and first paragraph, in both languages."""

import json

from jiebei_lib.show.widget.gallery import notebooks


def written(folder, name, *sources):
    cells = [{"cell_type": "markdown", "source": source} for source in sources]
    (folder / name).write_text(json.dumps({"cells": cells}), "utf-8")


def test_titles_and_first_paragraphs_are_found_wherever_they_stand(tmp_path):
    title = '<div lang="zh">\n\n# 题\n\n</div>\n<div lang="en">\n\n# Title\n\n</div>'
    lead = '<div lang="zh">\n\n**话**，见[这里](a.ipynb)。\n\n</div>\n<div lang="en">\n\nSee [here](a.ipynb).\n\n</div>'
    written(tmp_path, "b.ipynb", title, lead)
    written(tmp_path, "a.ipynb", title)
    (found_a, found_b) = notebooks(tmp_path)
    assert found_a["path"] == "a.ipynb" and found_a["lead"] == {"zh": "", "en": ""}
    assert found_b["title"] == {"zh": "题", "en": "Title"}
    assert found_b["lead"] == {"zh": "话，见这里。", "en": "See here."}


def test_what_has_no_title_in_both_languages_is_not_listed(tmp_path):
    written(tmp_path, "a.ipynb", '<div lang="zh">\n\n# 题\n\n</div>')
    (tmp_path / "broken.ipynb").write_text("{", "utf-8")
    assert notebooks(tmp_path) == []
