"""Every tutorial is done as it says, in both languages: commands run, show what is written below them, and values are as noted."""

from __future__ import annotations

import io
import re
import shlex
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from jiebei_lib.cli import run
from jiebei_lib.core.knowledge.yaml_files import beside

DOCS = Path(__file__).parents[2] / "docs"
TUTORIALS = sorted(DOCS.glob("*/tutorial_*.md"))
FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
NOTED = re.compile(r"^(?P<said>.+?)  #: (?P<value>.+)$")


def flat(text: str) -> str:
    return re.sub(r"\s+", "", text)


def do(line: str) -> str:
    """A command's output."""
    program, *args = shlex.split(line)
    assert program == "jiebei"
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(args)
    assert code == 0 and not err.getvalue(), (line, err.getvalue())
    return out.getvalue()


def console(text: str) -> None:
    shown = ""
    for line in text.splitlines():
        if line.startswith("$ "):
            shown = flat(do(line[2:]))
        else:
            assert flat(line) in shown, line


def python(text: str, names: dict) -> None:
    for line in text.splitlines():
        if noted := NOTED.match(line):
            assert eval(noted["said"], names) == eval(noted["value"], {}), line
    # Statements first as a whole: they are what the notes speak of


@pytest.mark.parametrize("tutorial", TUTORIALS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_tutorial_is_done_as_it_says(tutorial: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [place for place in sys.path if place])
    if "analyst" in tutorial.stem:  # who has done the first tutorial has these
        run(["lab", "mine", "--copy", "--quiet"])
        (tmp_path / "book_case.yaml").write_bytes((beside("cases") / "silent.yaml").read_bytes())
    names: dict = {}
    ran = 0
    for kind, text in FENCED.findall(tutorial.read_text("utf-8")):
        if kind == "console":
            console(text)
        elif kind == "python":
            exec("\n".join(line for line in text.splitlines() if not NOTED.match(line)), names)
            python(text, names)
        elif kind == "yaml":
            (tmp_path / text.splitlines()[0].removeprefix("# ")).write_text(text, "utf-8")
        ran += kind in ("console", "python")
    assert ran >= 2


def test_both_languages_have_the_same_pages_and_the_same_commands() -> None:
    pages = {lang: sorted(path.name for path in (DOCS / lang).glob("*.md")) for lang in ("zh", "en")}
    assert pages["zh"] == pages["en"] and len(TUTORIALS) == 6
    for name in pages["zh"]:
        asked = [
            [
                re.sub(r" --lang (zh|en)", "", line)
                for line in re.findall(r"^\$ .*", (DOCS / lang / name).read_text("utf-8"), re.M)
            ]
            for lang in ("zh", "en")
        ]
        assert asked[0] == asked[1], name


def test_a_page_that_is_written_twice_has_the_same_parts_and_tables() -> None:
    pairs = [(page, page.with_name(page.name.replace(".zh.", "."))) for page in sorted(DOCS.glob("*.zh.md"))]
    differing = []
    for zh, en in pairs:
        en = en if en.exists() else zh.with_name(zh.name.replace(".zh.", ".en."))
        shape = [re.findall(r"^(#+ |\|--)", page.read_text("utf-8"), re.M) for page in (zh, en)]
        differing += [zh.name] * (shape[0] != shape[1])
    assert len(pairs) > 3 and not differing


def test_every_command_that_a_page_names_is_one() -> None:
    from jiebei_lib.cli import COMMANDS

    for page in [*DOCS.glob("*/*.md"), DOCS.parent / "README.md", DOCS.parent / "README.zh.md"]:
        for command in re.findall(r"(?:`|^\$ |^ +)jiebei ([a-z]+)\b", page.read_text("utf-8"), re.M):
            assert command in COMMANDS, (page.name, command)
