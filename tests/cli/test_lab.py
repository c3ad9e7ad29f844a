"""`jiebei lab` puts the notebooks into a folder of the user's and never writes over what they changed; `jiebei app` shows them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import pytest

from jiebei_lib.cli import lab as room
from jiebei_lib.cli import run
from jiebei_lib.core.knowledge.problems import UserError
from tests.lessons.test_class import free_port

ROOT = Path(__file__).resolve().parents[2]
ONE = "01_one_case.ipynb"


def test_every_notebook_lesson_and_case_is_put_there_and_nothing_else(tmp_path) -> None:
    made = room.copied(tmp_path / "mine")
    assert {ONE, "00_start_here.ipynb", "cases/loan.yaml", "examples/compose.ipynb"} <= set(made.new)
    assert any(name.startswith("lessons/lesson_1") for name in made.new) and not made.kept
    there = {
        path.relative_to(tmp_path / "mine").as_posix() for path in (tmp_path / "mine").rglob("*") if path.is_file()
    }
    assert (
        there == {*made.new, room.RECORD}
        and "conftest.py" not in there
        and not any(".jupyter/" in name for name in there)
    )
    for name in made.new:
        assert (tmp_path / "mine" / name).read_bytes() == (room.home() / name).read_bytes()


def test_a_changed_file_is_kept_and_named_an_older_one_renewed_a_lost_one_put_back(tmp_path, monkeypatch) -> None:
    old = tmp_path / "old"
    (old / "cases").mkdir(parents=True)
    for name in (ONE, "cases/loan.yaml", "02_policy_lab.ipynb"):
        (old / name).write_text("of an older version")
    monkeypatch.setattr(room, "home", lambda: old)
    mine = tmp_path / "mine"
    room.copied(mine)
    (mine / ONE).write_text("my own work")
    (mine / "02_policy_lab.ipynb").unlink()
    monkeypatch.undo()
    made = room.copied(mine)
    assert made.kept == [ONE] and (mine / ONE).read_text() == "my own work"
    assert made.renewed == ["cases/loan.yaml"] and "02_policy_lab.ipynb" in made.new
    again = room.copied(mine)
    assert (again.new, again.renewed, again.kept) == ([], [], [ONE]), "and so it stays"


def test_files_that_were_there_before_are_kept_even_without_a_record(tmp_path) -> None:
    (tmp_path / ONE).write_text("not ours")
    (tmp_path / room.RECORD).write_text("[broken")
    assert room.copied(tmp_path).kept == [ONE] and (tmp_path / ONE).read_text() == "not ours"


def test_a_folder_that_cannot_be_is_one_sentence(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError) as wrong:
        room.copied(tmp_path / "file")
    assert len(wrong.value.problems) == 1 and wrong.value.problems[0].kind == "cannot_write"


def test_a_write_that_fails_leaves_the_file_as_it_was(tmp_path, monkeypatch) -> None:
    room.copied(tmp_path)
    (tmp_path / room.RECORD).write_text(json.dumps({ONE: room._digest(b"older")}))
    (tmp_path / ONE).write_bytes(b"older")

    def full(*_):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(UserError):
        room.copied(tmp_path)
    assert (tmp_path / ONE).read_bytes() == b"older" and not list(tmp_path.glob("*.part"))


def test_the_command_says_what_it_did_and_kept(tmp_path, capsys) -> None:
    assert run(["lab", str(tmp_path), "--copy", "--lang", "en"]) == 0
    (tmp_path / ONE).write_text("mine")
    assert run(["lab", str(tmp_path), "--copy", "--lang", "en"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].endswith(f"new files, 0 renewed: {tmp_path}") and said[-1].startswith(
        f"1 file that you changed kept as you have them: {ONE}"
    )
    assert run(["app", str(tmp_path / "none"), "--lang", "en"]) == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "page", "mark"), [("app", "/", "00_start_here"), ("lab", "/api/status", "started")]
)
def test_the_server_answers_with_the_notebooks(tmp_path, command, page, mark) -> None:
    port = free_port()
    start = [
        sys.executable,
        "-c",
        "from jiebei_lib.cli import main; main()",
        command,
        "--no-browser",
        "--port",
        str(port),
    ]
    told = {**os.environ, "JUPYTER_TOKEN": "t", "HOME": str(tmp_path), "JIEBEI_LANG": "zh"}
    root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    assert not root or command in ("app", "lab")
    if root:
        (tmp_path / ".jupyter").mkdir()
        (tmp_path / ".jupyter" / "jupyter_server_config.py").write_text("c.ServerApp.allow_root = True\n")
    with (
        open(tmp_path / "log", "wb") as log,
        subprocess.Popen(start, env=told, cwd=tmp_path, stdout=log, stderr=log) as server,
    ):
        try:
            opener, end, text = build_opener(ProxyHandler({})), time.monotonic() + 60, ""
            while time.monotonic() < end and mark not in text and server.poll() is None:
                try:
                    text = opener.open(f"http://127.0.0.1:{port}{page}?token=t", timeout=5).read().decode()
                except OSError:
                    time.sleep(0.3)
            assert mark in text, (tmp_path / "log").read_text(errors="replace")[-2000:]
        finally:
            server.terminate()
            server.wait(20)
    assert (tmp_path / "jiebei-notebooks" / ONE).exists() == (command == "lab")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_jupyterlab_speaks_the_readers_language(monkeypatch, lang) -> None:
    started = []

    def replaced(program, command, environment):
        started.append(environment)
        raise SystemExit

    monkeypatch.setattr(os, "execve", replaced)
    with pytest.raises(SystemExit):
        room._serve("jupyterlab", [], lang)
    (environment,) = started
    first = Path(environment["JUPYTER_CONFIG_PATH"].split(os.pathsep)[0])
    words = json.loads((first / "labconfig/default_setting_overrides.json").read_text("utf-8"))
    assert environment["JIEBEI_LANG"] == lang
    assert words["@jupyterlab/translation-extension:plugin"]["locale"] == {"zh": "zh_CN", "en": "en"}[lang]


@pytest.mark.parametrize(
    ("told", "lang"),
    [
        ({"JIEBEI_LANG": "en"}, "en"),
        ({"JIEBEI_LANG": "zh", "LANG": "en_GB.UTF-8"}, "zh"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "C.UTF-8"}, "zh"),
        ({}, "zh"),
    ],
)
@pytest.mark.skipif(shutil.which("make") is None, reason="no make here")
def test_make_lab_opens_in_the_readers_language(told, lang) -> None:
    env = {name: value for name, value in os.environ.items() if name not in ("JIEBEI_LANG", "LANG", "LC_ALL")}
    make = subprocess.run(["make", "-n", "lab"], cwd=ROOT, env=env | told, capture_output=True, text=True, check=True)
    assert f"JIEBEI_LANG={lang} .venv/bin/jiebei lab" in make.stdout
