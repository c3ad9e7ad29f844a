"""`jiebei class` and `jiebei handout` at the command line: what is refused, and in which words; what is written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from jiebei_lib.cli import run
from jiebei_lib.cli.lessons import _qr, checked_lesson
from jiebei_lib.core.knowledge.problems import UserError
from tests.lessons.test_class import free_port


@pytest.mark.parametrize("given", ["1", "lesson_1", "lesson_1_a_week_late"])
def test_a_lesson_goes_by_number_or_name(given):
    assert checked_lesson(given) == "lesson_1"


@pytest.mark.parametrize("given", ["", "0", "4", "lesson_11", "../lesson_1", "board"])
def test_other_lessons_are_refused(given):
    with pytest.raises(UserError, match="LESSON"):
        checked_lesson(given)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["class", "9"], "LESSON"),
        (["class", "1", "--students", "0"], "--students"),
        (["class", "1", "--host", "203.0.113.7"], "203.0.113.7"),
        (["class", "1", "--port", "99"], "--port"),
        (["handout", "1", "--sheet", "poster"], "--sheet"),
        (["handout", "1", "--to", "odt"], "odt"),
        (["handout", "1", "--lang", "fr"], "--lang"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_2(args, said, capsys):
    assert run([*args, *([] if "--lang" in args else ["--lang", "en"])]) == 2
    found = capsys.readouterr().err.strip()
    assert said in found
    assert "\n" not in found


@pytest.mark.slow
def test_handout_writes_the_sheet_that_is_asked_for(tmp_path, capsys):
    pytest.importorskip("papermill")
    assert run(["handout", "3", "--sheet", "page", "--lang", "en", "-o", str(tmp_path)]) == 0
    assert sorted(file.name for file in tmp_path.iterdir()) == ["lesson_3-page.en.html", "lesson_3-page.en.ipynb"]
    assert str(tmp_path / "lesson_3-page.en.html") in capsys.readouterr().out


def test_the_qr_code_is_square_and_differs_by_link():
    pytest.importorskip("segno")
    one, other = _qr("http://192.168.1.20:8866/"), _qr("http://192.168.1.21:8866/")
    assert one != other
    assert len({len(line) for line in one.rstrip("\n").split("\n") if line}) == 1


@pytest.mark.slow
def test_a_class_is_opened_and_ends_with_all_its_processes(tmp_path):
    pytest.importorskip("voila")
    import psutil

    port = free_port()
    # As in a terminal: what a shell puts in the background is born deaf to Ctrl+C
    code = "import signal; signal.signal(2, signal.default_int_handler); from jiebei_lib.cli import main; main()"
    asked = ["class", "2", "--students", "1", "--port", str(port), "--file", str(tmp_path / "c.sqlite"), "--lang", "en"]
    with (tmp_path / "out").open("w") as out:
        process = subprocess.Popen([sys.executable, "-c", code, *asked], stdout=out, stderr=out, start_new_session=True)
    end = time.monotonic() + 180
    while "Ctrl+C" not in (said := (tmp_path / "out").read_text("utf-8")):
        assert process.poll() is None, said
        assert time.monotonic() < end, said
        time.sleep(0.3)
    assert f"http://127.0.0.1:{port}/" in said
    assert f"http://127.0.0.1:{port + 1}/?token=" in said
    children = psutil.Process(process.pid).children(recursive=True)
    assert children
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(60) == 0
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
