"""What is sent to a terminal: no control character of a file's or an option's is obeyed, and no encoding or full device is a traceback."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys

import pytest

from jiebei_lib.cli import run
from jiebei_lib.cli.stream import seen
from jiebei_lib.core.knowledge.yaml_files import beside

SILENT = str(beside("cases") / "silent.yaml")
LOAN = str(beside("cases") / "loan.yaml")
ESCAPE = "\x1b]0;pwned\x07\x1b[31mred\x9b2J\u202egp.exe"
FORBIDDEN = ("\x1b]", "\x1b[31mred", "\x9b", "\x07", "\u202e")
FACTS = ["--days-overdue", "7", "--amount-overdue", "8000", "--communication", "silent"]
OVERLAY = "factors: {communication: {levels: {silent: {name: {zh: %s, en: %s}}}}}\n"


@pytest.fixture
def there(tmp_path, monkeypatch):
    """A folder in which names, headers, keys and cells hold escapes."""
    monkeypatch.chdir(tmp_path)
    name = ESCAPE.replace("/", "")
    text = json.dumps(ESCAPE)
    files = {
        name + ".yaml": "- 1",
        name + ".csv": "case_id,days_overdue,amount_overdue\n",
        "esc.yaml": OVERLAY % (text, text),
        "keys.yaml": f"{text}: 1\nfactors: {{{text}: {{value: 1}}}}\n",
        "header.csv": f"case_id,days_overdue,{ESCAPE}\na,1,2\n",
        "cell.csv": f"case_id,days_overdue,amount_overdue\n{ESCAPE},{ESCAPE},8\n",
        "log.csv": f"attempt_id,at,{ESCAPE}\n{ESCAPE},{ESCAPE},{ESCAPE}\n",
        "outcomes.csv": f"case_id,days_overdue,called,{ESCAPE}\n{ESCAPE},{ESCAPE},{ESCAPE},1\n",
    }
    for each, content in files.items():
        (tmp_path / each).write_text(content, "utf-8")
    return name


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    "args",
    [
        ["assess", *FACTS, "--policy", "esc.yaml", "--as-of", "2026-11-23"],
        ["policy", "show", "--topic", "factors", "--policy", "esc.yaml"],
        ["policy", "check", "esc.yaml"],
        ["policy", "check", "keys.yaml"],
        ["assess", "--days-overdue", ESCAPE, "--amount-overdue", "8"],
        ["assess", "--" + ESCAPE],
        [ESCAPE],
        ["assess", ESCAPE + ".yaml"],
        ["assess", "NAME.yaml"],
        ["assess", *FACTS, "--policy", ESCAPE],
        ["assess", *FACTS, "--as-of", ESCAPE],
        ["score", "cell.csv", "-o", "o.csv", "--cluster", ESCAPE],
        ["score", "NAME.csv", "-o", "o.csv"],
        ["score", "*.csv", "-o", "o.csv"],
        ["score", "header.csv", "-o", "o.csv"],
        ["score", "cell.csv", "-o", "o.csv", "--errors", "fail"],
        ["report", SILENT, "--to", ESCAPE],
        ["portfolio", "cell.csv", "--by", ESCAPE],
        ["audit", "NAME.csv"],
        ["audit", "log.csv"],
        ["learn", "outcomes.csv"],
    ],
)
def test_escapes_are_shown_not_sent(there, capsys, args, lang):
    code = run([arg.replace("NAME", there) for arg in args] + (["--lang", lang] if args[0] != "policy" else []))
    out, err = capsys.readouterr()
    assert code in (0, 1, 2)
    assert not [mark for mark in FORBIDDEN if mark in out + err]
    assert "Traceback" not in err


def test_what_is_escaped_in_json_is_still_json():
    text = json.dumps({"name": "a\x7f\x9b\u202e\x1b[31m\u2028", "other": "逾期\t\n"}, ensure_ascii=False)
    assert json.loads(seen(text)) == json.loads(text)
    assert seen("逾期7天\t8,000元\r\n|👩‍👧") == "逾期7天\t8,000元\r\n|👩‍👧"
    assert seen("done\rover it") == "done\\u000dover it"


def jiebei(*args: str, **more):
    command = [sys.executable, "-c", "from jiebei_lib.cli import main; main()", *args]
    return subprocess.run(command, stderr=subprocess.PIPE, **more)


@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "cp936", "latin-1", "ascii", "utf-8"])
def test_what_the_terminal_lacks_is_replaced(encoding):
    done = jiebei(
        "assess", *FACTS, "--lang", "zh", stdout=subprocess.PIPE, env={**os.environ, "PYTHONIOENCODING": encoding}
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"8,000" in done.stdout


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no such device here")
@pytest.mark.parametrize("args", [("sources",), ("assess", SILENT, "--json"), ("assess", SILENT), ("--help",)])
def test_a_full_device_is_one_line(args):
    with open("/dev/full", "w") as full:
        done = jiebei(*args, stdout=full, env={**os.environ, "JIEBEI_LANG": "en"})
    assert done.returncode == 2
    assert done.stderr.decode().count("\n") == 1
    assert "the output cannot be written" in done.stderr.decode()


def test_a_reader_that_leaves_is_no_mistake():
    first = subprocess.Popen(
        [sys.executable, "-c", "from jiebei_lib.cli import main; main()", "sources"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    first.stdout.read(1)
    first.stdout.close()
    assert first.stderr.read() == b""
    assert first.wait() == 0
    first.stderr.close()


def test_a_reader_that_leaves_amid_a_table_is_no_mistake(monkeypatch):
    class Gone(io.StringIO):
        def flush(self):
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Gone())
    assert run(["sources"]) == 0


def test_closed_streams_are_no_traceback():
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -c 'from jiebei_lib.cli import main; main()' sources >&- 2>&-"], check=False
    )
    assert done.returncode == 0


@pytest.mark.parametrize(
    "args",
    [
        ["score", "cell.csv", "-o", "cell.csv/x.csv"],
        ["sample", "-o", "cell.csv/x.csv"],
        ["sample", "-o", ""],
        ["sample", "-o", "x" * 300 + ".csv"],
        ["score", "cell.csv", "-o", "x" * 300 + ".csv"],
        ["report", SILENT, "-o", "x" * 300],
        ["report", SILENT, "-o", "cell.csv/x"],
        ["report", "x" * 300 + ".yaml"],
        ["assess", "x" * 300 + ".yaml"],
        ["audit", "x" * 300 + ".csv"],
        ["learn", "x" * 300 + ".csv"],
        ["calendar", LOAN, "-o", "x" * 300 + ".ics"],
        ["policy", "check", "x" * 300 + ".yaml"],
        ["policy", "check", "."],
        ["audit", "."],
        ["learn", "."],
        ["assess", "."],
        ["score", ".", "-o", "o.csv"],
    ],
)
def test_a_path_that_cannot_be_is_one_sentence(there, capsys, args):
    assert run([*args, "--lang", "en"] if args[0] != "policy" else args) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) <= 3
