"""What a command does not pay for at its start: modules it has no use for, annotations compiled, an end that looks for circles.

How long it takes is measured, not tested: `python -m tests.benchmarks.cold_start`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from jiebei_lib.cli import COMMANDS, COMPUTING, run
from jiebei_lib.cli.output import CLOSING, columns, words, wrapped
from jiebei_lib.core.knowledge.yaml_files import HERE, shipped, walk

ODD = st.text("ab ,.’”“…中文，。（）》\u3000é😀\u0301\u200d\x1b\n\t")

# At its end a process tells what it had imported, and how many things its end does not look through
TOLD = """
import atexit, gc, json, sys
sys.argv[0] = "jiebei"
atexit.register(lambda: print(json.dumps([sorted(sys.modules), gc.get_freeze_count()]), file=sys.stderr))
from jiebei_lib.cli import main
main()
"""
NEVER = {
    *("pandas", "scipy", "pyarrow", "numba", "plotly", "jinja2", "yaml", "pydantic", "icalendar", "pyxirr", "IPython"),
    *("asyncio", "concurrent.futures", "decimal", "email", "html", "http", "importlib.metadata", "logging", "sqlite3"),
    *("tomllib", "zoneinfo", "rich.console", "numpy.ma", "numpy.polynomial", "numpy.random", "numpy.testing"),
}
ANSWER = NEVER | {
    "typing_extensions",
    "rich",
    "jiebei_lib.core.parts",
    "jiebei_lib.page.figure",
    "jiebei_lib.page.html",
}
CASE = ["assess", "--days-overdue", "7", "--amount-overdue", "8000", "--communication", "silent"]
STARTS = {
    "first screen": (CASE, ANSWER | {"jiebei_lib.show.case.page"}),
    "JSON": ([*CASE, "--json"], ANSWER | {"jiebei_lib.show"}),
    "letter": (
        ["letter", "hardship_plan"],
        {"pandas", "scipy", "yaml", "jinja2", "pydantic", "rich", "logging", "email"},
    ),
    "version": (["--version"], NEVER | {"typing_extensions", "rich", "numpy", "jiebei_lib.core.case"}),
    "schema": (["schema", "case"], NEVER | {"rich", "numpy"}),
}


@pytest.mark.parametrize("name", STARTS)
def test_a_command_imports_nothing_that_it_has_no_use_for(tmp_path, name) -> None:
    args, unused = STARTS[name]
    for _ in range(2):  # the first may have to read the YAML itself; the second finds it compiled
        done = subprocess.run([sys.executable, "-c", TOLD, *args], capture_output=True, text=True, check=True)
    modules, frozen = json.loads(done.stderr.splitlines()[-1])
    assert unused & set(modules) == set() and frozen > 10_000


def functions() -> list[str]:
    """Every function behind a command, as ``module:name``; of a group's those of its commands."""
    found = []
    for place in COMMANDS.values():
        module, _, name = place.partition(":")
        command = getattr(import_module(f"jiebei_lib.cli.{module}"), name)
        inner = (
            [each.callback for each in command.registered_commands] if isinstance(command, typer.Typer) else [command]
        )
        found += [f"{function.__module__}:{function.__name__}" for function in inner]
    return found


def test_commands_that_compute_have_numpy_before_all_else_and_no_others() -> None:
    asked = "import sys; from jiebei_lib import cli; cli.run = lambda: print('numpy' in sys.modules); cli.main()"
    for name in ("score", "policy", "bank", "lab"):
        said = subprocess.run([sys.executable, "-c", asked, name], capture_output=True, text=True, check=True).stdout
        assert said.strip() == str(name in COMPUTING)


@pytest.mark.parametrize("place", functions())
def test_a_commands_annotations_are_no_text__typer_would_compile_each_twice_at_every_start(place) -> None:
    module, _, name = place.partition(":")
    hints = getattr(import_module(module), name).__annotations__
    assert hints and not [each for each in hints.values() if isinstance(each, str)]


def test_a_command_is_built_once(monkeypatch, capsys) -> None:
    built, build = [], typer.main.get_command
    monkeypatch.setattr(typer.main, "get_command", lambda made: built.append(made) or build(made))
    assert run([*CASE, "--json"]) == 0
    assert len(built) == 2  # all commands' group, and the one


def sentences() -> list[str]:
    """Every text that the library prints or shows."""
    told = [shipped(f"page/text/{file.name}") for file in HERE.glob("page/text/*.yaml")]
    return [text for each in told for _, node in walk(each) for text in node.values() if isinstance(text, str)]


def test_columns_are_richs_for_all_that_the_library_says() -> None:
    found = sentences()
    assert len(found) > 1000
    assert [text for text in found if columns(text) != cell_len(text)] == []


@given(ODD)
def test_columns_are_richs_for_what_users_write(text) -> None:
    assert columns(text) == cell_len(text)


@given(ODD, st.integers(2, 30))
def test_lines_keep_all_that_is_said_and_their_width(text, width) -> None:
    lines = wrapped(text, width).split("\n")
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(columns(line) <= width or len(words(line)) == 1 for line in lines)


@given(st.text("中文，。（“”》…ab"), st.integers(2, 30))
def test_no_line_begins_with_a_closing_mark(text, width) -> None:
    assert not [line for line in wrapped(text, width).split("\n")[1:] if line[0] in CLOSING]


def test_a_line_breaks_between_chinese_characters_and_only_at_the_spaces_of_english() -> None:
    assert wrapped("逾期之后，他们会打电话。", 10) == "逾期之后，\n他们会打电\n话。"
    assert wrapped("don’t break, nor “this”", 8, "- ", "  ") == "- don’t\n  break,\n  nor\n  “this”"
