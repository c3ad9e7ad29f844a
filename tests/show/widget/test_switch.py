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


def test_no_script_asks_for_what_a_page_over_plain_http_lacks():
    """A class's phones get theirs from http://192.168…, where crypto.randomUUID and crypto.subtle are not there at all."""
    scripts = sorted((jiebei_lib.example_file("loan.yaml").parents[2] / "jiebei_lib").rglob("*.js"))
    assert len(scripts) > 5
    for script in scripts:
        lines = [line.partition("// ")[0] for line in script.read_text("utf-8").splitlines()]
        assert not [line for line in lines if "crypto.randomUUID" in line or "crypto.subtle" in line], script.name
