"""The language: the reader's own, or the notebook's; names that complete."""

import os
import subprocess
import sys

import pytest

import jiebei_lib
from jiebei_lib.core.knowledge.problems import UserError
from jiebei_lib.show import panels
from jiebei_lib.show.widget.switch import current


@pytest.fixture(autouse=True)
def chinese():
    yield
    current.lang = "zh"


@pytest.mark.parametrize(("asked", "lang"), [("en", "en"), ("zh", "zh"), ("", "zh"), ("fr", "zh")])
def test_a_reader_who_has_said_their_language_starts_in_it(asked, lang):
    source = "from jiebei_lib.show.panels import language; print(language().lang)"
    env = {**os.environ, "JIEBEI_LANG": asked}
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, env=env, check=True)
    assert done.stdout.strip() == lang


def test_a_notebook_may_choose_its_language_and_no_other_than_there_is():
    switch = panels.language("en")
    assert switch.lang == current.lang == "en" and switch.chosen
    assert panels.language().chosen is False
    with pytest.raises(UserError, match="zh, en"):
        panels.language("fr")


def test_names_complete_to_what_is_public_and_each_is_there():
    for module in (jiebei_lib, panels):
        assert dir(module) == sorted(module.__all__)
        assert all(hasattr(module, name) for name in dir(module))


def test_example_files_are_where_they_are_said_to_be():
    assert jiebei_lib.example_file("loan.yaml").is_file()
