"""How every command behaves: short help, the word that was meant, pipes, silence, settings, languages, completion."""

from __future__ import annotations

import io
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer

from jiebei_lib.cli import COMMANDS, app, run
from jiebei_lib.cli.completion import SCRIPTS, script
from jiebei_lib.cli.tree import tree
from jiebei_lib.core.knowledge.yaml_files import beside

SILENT = beside("cases") / "silent.yaml"
LOAN = str(beside("cases") / "loan.yaml")
LOG = beside("cases") / "contact_log.csv"


@pytest.fixture(autouse=True)
def english(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("JIEBEI_LANG", "en")
    monkeypatch.setenv("JIEBEI_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def call(capsys, monkeypatch):
    def called(*args: str, stdin: bytes = b"") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = run(list(args))
        said = capsys.readouterr()
        return code, said.out, said.err

    return called


@pytest.mark.parametrize("command", [(), ("score",), ("policy",), ("policy", "show")], ids=" ".join)
def test_a_short_h_is_help(call, command) -> None:
    assert call(*command, "-h")[:2] == call(*command, "--help")[:2]


@pytest.mark.parametrize(
    ("lang", "heads"), [("zh", ("用法：", "选项：", "命令：")), ("en", ("Usage:", "Options:", "Commands:"))]
)
def test_the_first_help_has_every_command_whole_in_one_language_and_imports_none(lang, heads) -> None:
    from jiebei_lib.page.text import say

    asked = program("--help", JIEBEI_LANG=lang, COLUMNS="80").stdout
    assert all(head in asked for head in heads) and "..." not in asked.replace("[ARGS]...", "")
    flat = "".join(asked.split())
    assert all("".join(f"{name}{say(f'cli.{name}.help', lang)}".split()) in flat for name in COMMANDS)
    start = "import sys; from jiebei_lib.cli import run; run(['-h']); sys.exit('jiebei_lib.cli.money' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", start], capture_output=True, check=False).returncode == 0


MEANT = [
    (("scor", "x.csv"), "score"),
    (("policy", "shwo"), "show"),
    (("assess", "--amount-overdu", "9"), "--amount-overdue"),
    (("assess", "--days-overdue", "9", "--communication", "silnt"), "silent"),
    (("schema", "asessment"), "assessment"),
    (("class", "leson_2"), "lesson_2"),
    (("assess", "--days-overdue", "9", "--policy", "publishd"), "published"),
    (("report", str(SILENT), "--to", "htm"), "html"),
    (("sample", "--rows", "1", "-o", "-", "--to", "jsnl"), "jsonl"),
    (("config", "set", "polcy", "article"), "policy"),
    (("completion", "zhs"), "zsh"),
]


@pytest.mark.parametrize(("args", "word"), MEANT, ids=[" ".join(args[:2]) for args, _ in MEANT])
def test_the_word_that_was_probably_meant_is_named(call, args, word) -> None:
    code, out, err = call(*args)
    assert (code, out) == (2, "") and err.endswith(f"Did you mean {word}?\n"), err
    assert len(err.splitlines()) == 1


def test_what_is_like_nothing_gets_no_guess(call) -> None:
    assert "Did you mean" not in call("xyzzy")[2]


AS_TYPED = [
    (("cost", LOAN, "--as-of", "soon"), "--as-of: 'soon'"),
    (("cost", LOAN, "--plan-months", "900"), "--plan-months: 900"),
    (("cost", LOAN, "--plan-months", "x"), "--plan-months: 'x'"),
    (("cost", LOAN, "--months", "900"), "--months: "),
    (("score",), "IN...: "),
    (("score", "x.csv"), "--out: "),
    (("score", "x.csv", "-o"), "-o: "),
    (("sample", "--rows", "many"), "--rows: 'many' is not allowed; give a whole number."),
    (("portfolio", "x.csv", "--list", "900"), "--list: '900' is not allowed; give a whole number from 0 to 200."),
    (("assess", "--json=1"), "--json: "),
    (("assess", "a", "b"), "'b': "),
    (("policy", "diff", "soon", "2026-01-01"), "DATE: 'soon'"),
    (("assess", "--days-overdue", "9", "--as-of", "soon"), "--as-of: 'soon'"),
]


@pytest.mark.parametrize(("args", "start"), AS_TYPED, ids=[" ".join(map(str, args[:3])) for args, _ in AS_TYPED])
def test_an_option_is_named_as_it_was_typed(call, monkeypatch, args, start) -> None:
    code, out, err = call(*args)
    assert (code, out) == (2, "") and err.startswith(start), err
    monkeypatch.setenv("JIEBEI_LANG", "zh")
    chinese = call(*args)[2]
    said = chinese.partition("：")[2].replace("--help", "").replace(LOAN, "")
    assert chinese.startswith(start.partition(":")[0]) and not any(
        word in said for word in ("Invalid", "requires", "unexpected", "valid", "Option")
    )


def test_the_systems_own_reasons_are_said_in_the_readers_language(call, tmp_path) -> None:
    assert "这是一个文件夹" in call("assess", str(tmp_path), "--lang", "zh")[2]
    assert "it is a folder" in call("assess", str(tmp_path), "--lang", "en")[2]
    assert "没有这个文件或文件夹" in call("assess", "none.yaml", "--lang", "zh")[2]


def test_a_case_a_loan_and_a_log_come_from_standard_input(call) -> None:
    yaml, as_json = SILENT.read_bytes(), json.dumps({"days_overdue": 7, "communication": "silent"}).encode()
    assert call("assess", "-", stdin=yaml) == call("assess", str(SILENT))
    assert call("assess", "-", "--lang", "en", stdin=as_json)[1].startswith("7 days late")
    assert (
        call("cost", "-", "--as-of", "2026-11-23", "--lang", "en", stdin=Path(LOAN).read_bytes())[1].count("yuan") > 3
    )
    assert call("audit", "-", "--json", stdin=LOG.read_bytes()) == call("audit", str(LOG), "--json")
    assert call("assess", "-", stdin=b"days: [")[2].startswith("stdin.yaml: ")


def test_tables_go_through_a_pipe_in_every_plain_format(call) -> None:
    code, csv, err = call("sample", "--rows", "5", "-o", "-")
    assert (code, err) == (0, "") and csv.count("\n") == 6 and csv.startswith("case_id,")
    scored = call("score", "-", "-o", "-", stdin=csv.encode())
    assert scored[0] == 0 and scored[1].count("\n") == 6 and ",verdict," in scored[1].splitlines()[0]
    lines = call("score", "-", "-o", "-", "--to", "jsonl", stdin=csv.encode())[1].splitlines()
    assert len(lines) == 5 and {"grade", "published_grade"} <= json.loads(lines[0]).keys()
    again = call(
        "score",
        "-",
        "-o",
        "-",
        "--to",
        "jsonl",
        stdin=call("sample", "--rows", "5", "-o", "-", "--to", "jsonl")[1].encode(),
    )
    assert [json.loads(line)["share"] for line in again[1].splitlines()] == [
        json.loads(line)["share"] for line in lines
    ]


def test_wrong_rows_of_a_pipe_are_said_on_standard_error(call) -> None:
    code, out, err = call(
        "score", "-", "-o", "-", "--lang", "en", stdin=b"case_id,days_overdue,amount_overdue\na,7,80\nb,x,80\n"
    )
    assert code == 1 and out.count("\n") == 2
    assert "1 row was wrong" in err and "'x' is not allowed" in err and "/" not in err.splitlines()[0]


def test_a_dash_where_it_cannot_be_is_refused(call) -> None:
    assert call("score", "-", "-", "-o", "-")[::2] == (
        2,
        "-: standard input can be read once only; write one - alone.\n",
    )
    assert call("report", str(SILENT), "-o", "-")[2] == "--out: '-' is not allowed; give a folder.\n"
    assert (
        "--to: 'jsonl'" in call("sample", "--rows", "1", "-o", "x.csv", "--to", "jsonl")[2]
        and not Path("x.csv").exists()
    )


def test_quiet_says_nothing_but_answers_and_mistakes(call) -> None:
    assert call("sample", "--rows", "3", "-o", "s.csv", "-q") == (0, "", "") and Path("s.csv").exists()
    assert call("score", "s.csv", "-o", "o.csv", "--quiet") == (0, "", "")
    assert call("assess", str(SILENT), "-q") == call("assess", str(SILENT))
    assert call("score", "none.csv", "-o", "o.csv", "-q")[2]
    assert call("sample", "--rows", "1", "-o", "t.csv", "--lang", "en")[1] == "1 invented case: t.csv\n", (
        "the next call speaks again"
    )


def test_findings_are_json_lines_where_asked(call) -> None:
    whole = json.loads(call("audit", str(LOG), "--json")[1])
    lines = [json.loads(line) for line in call("audit", str(LOG), "--jsonl")[1].splitlines()]
    assert lines == [*whole["findings"], *whole["undecided"]] and len(lines) > 10


def program(*args: str, **more: str) -> subprocess.CompletedProcess[str]:
    """As a process of its own: the language of help and defaults is that of the start."""
    start = [sys.executable, "-c", "from jiebei_lib.cli import main; main()", *args]
    return subprocess.run(start, env={**os.environ, **more}, capture_output=True, text=True, check=False)


def second_line(*args: str) -> str:
    return program("assess", "--days-overdue", "9", *args).stdout.splitlines()[1]


def test_settings_become_defaults_and_are_taken_back(call, monkeypatch) -> None:
    monkeypatch.delenv("JIEBEI_LANG")
    assert call("config", "set", "lang", "en")[1].startswith("lang = en")
    assert call("config", "set", "policy", "published")[0] == 0
    assert second_line().startswith(" • By other pages")
    assert second_line("--policy", "article").startswith(" • By this article")
    assert second_line("--lang", "zh").startswith(" • 按其他网页")
    assert json.loads(call("config", "show", "--json")[1])["settings"]["policy"] == "published"
    call("config", "set", "quiet", "true")
    assert call("sample", "--rows", "1", "-o", "a.csv")[1] == ""
    for name in ("quiet", "policy", "lang"):
        call("config", "unset", name)
    assert second_line().startswith(" • 按这篇文章")
    monkeypatch.setenv("JIEBEI_LANG", "en")
    call("config", "set", "lang", "zh")
    assert second_line().startswith(" • By this article"), "the environment goes before the file"


REFUSED = [("lang", "fr"), ("policy", "none.yaml"), ("zone", "Asia/Nowhere"), ("zone", "../x"), ("quiet", "yes")]
REFUSED += [("rules", "mars"), ("lender", "uncle"), ("lender", ""), ("colour", "red"), ("policy", "\x7f\"'")]


@pytest.mark.parametrize(("name", "value"), REFUSED, ids=[f"{name}={value!r}" for name, value in REFUSED])
def test_a_setting_that_cannot_be_is_not_kept(call, name, value) -> None:
    code, out, err = call("config", "set", name, value)
    assert (code, out) == (2, "") and err.strip() and "Traceback" not in err
    assert not Path(os.environ["JIEBEI_CONFIG"]).exists()


@pytest.mark.parametrize(
    "text", ["lang = [", "x = 1", "lang = 'fr'", "policy = 3", "[lang]\na = 1", "\udcff", "a" * 200_000]
)
def test_a_file_of_settings_that_is_wrong_is_named(call, text) -> None:
    file = Path(os.environ["JIEBEI_CONFIG"])
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    code, out, err = call("assess", "--days-overdue", "9")
    assert (
        (code, out) == (2, "")
        and len(err.splitlines()) == 1
        and ("config.toml" in err or err.startswith(("lang", "policy")))
    )


def test_an_overlay_is_kept_by_its_whole_path(call, tmp_path, monkeypatch) -> None:
    (tmp_path / "my.yaml").write_text("factors: {amount: {pressing: 60000}}\n")
    assert call("config", "set", "policy", "my.yaml")[0] == 0
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "deep")
    assert call("assess", "--days-overdue", "9")[0] == 0


def test_a_locale_is_understood_and_another_language_is_told_in_both() -> None:
    asked = ("assess", "--days-overdue", "9")
    assert program(*asked, JIEBEI_LANG="en_US.UTF-8").stdout.startswith("9 days late")
    french = program(*asked, JIEBEI_LANG="fr")
    assert french.returncode == 0 and french.stdout.startswith("逾期9天")
    assert len(french.stderr.splitlines()) == 2 and french.stderr.count("'fr'") == 2
    assert program(*asked, "--lang", "en", JIEBEI_LANG="fr").stderr == ""


def test_no_color_is_honoured() -> None:
    tell = {"FORCE_COLOR": "1", "TERM": "xterm-256color"}
    coloured = program("assess", str(SILENT), **tell).stdout
    plain = program("assess", str(SILENT), NO_COLOR="1", **tell).stdout
    assert "\x1b[1;33m" in coloured or "\x1b[1;34m" in coloured
    assert not any(f"{n}m" in part[:6] for part in plain.split("\x1b[")[1:] for n in range(30, 48))


ROOT = tree(typer.main.get_command(app))


def test_the_tree_has_every_command_and_every_option_has_words() -> None:
    assert [node.path[0] for node in ROOT.below] == list(COMMANDS)
    for node in ROOT.walk():
        assert node.help and (node.example or node.below), node.path
        assert all(each.help for each in node.given), node.path
        assert not node.path or node.below or any("--quiet" in each.names for each in node.given)


PRESSED = [
    ("jiebei sco", "score"),
    ("jiebei policy sh", "show"),
    ("jiebei assess --communic", "--communication"),
    ("jiebei assess --communication sil", "silent"),
    ("jiebei score x.csv --lang e", "en"),
    ("jiebei handout lesson_2", "lesson_2"),
    ("jiebei config set zo", "zone"),
    ("jiebei letter hard", "hardship_plan"),
]
ASKED = {
    "bash": 'source {file}; COMP_WORDS=({line}); COMP_CWORD=$((${{#COMP_WORDS[@]}}-1)); _jiebei; printf "%s\\n" "${{COMPREPLY[@]}}"',
    "fish": "source {file}; complete -C '{line}'",
}


def children() -> float:
    """Processor time of all that was started and has ended: whatever else the machine does."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.parametrize("shell", ASKED)
@pytest.mark.parametrize(("line", "word"), PRESSED, ids=[line for line, _ in PRESSED])
def test_a_shell_completes_commands_options_and_levels_within_150_ms(tmp_path, shell, line, word) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"needs {shell}")
    file = tmp_path / "completion"
    file.write_text(script(shell, "en"), "utf-8")
    best = 9.0
    for _ in range(3):
        start = children()
        asked = ASKED[shell].format(file=file, line=line)
        done = subprocess.run([shell, "-c", asked], capture_output=True, text=True, check=False)
        best = min(best, children() - start)
    assert word in [offered.partition("\t")[0] for offered in done.stdout.splitlines()], done
    assert best < 0.15, "the shell itself, the whole script and the answer"


def test_zsh_takes_the_script_and_offers_files_where_it_knows_no_words(tmp_path) -> None:
    if shutil.which("zsh") is None:
        pytest.skip("needs zsh")
    (tmp_path / "_jiebei").write_text(script("zsh", "zh"), "utf-8")
    asked = "fpath=($PWD $fpath); autoload -U compinit; compinit -u -d dump; print ${_comps[jiebei]}; zsh -n _jiebei"
    done = subprocess.run(["zsh", "-f", "-c", asked], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.stdout.strip() == "_jiebei" and not done.stderr, done
    text = script("zsh", "zh")
    assert "' assess --communication') compadd -- 'repaying'" in text and "' assess --policy'" in text


# A terminal in which lines are typed and Tab is pressed. It waits for each word to appear; one that never does ends it (`timeout`)
TYPED = r"""
zmodload zsh/zpty
zpty -b z zsh -f -i
zpty -w z "stty -echo; fpath=($PWD \$fpath); autoload -U compinit; compinit -u -d dump; print READY-\$((1+1))"
zpty -r z out '*READY-2*'
while read -r line word; do
  zpty -w -n z "${line//_/ }"$'\t'
  zpty -r z out "*${word}*" && print -r -- "$word"
  zpty -w -n z $'\x15'
done < pressed
"""


def test_zsh_completes_what_is_typed(tmp_path) -> None:
    if shutil.which("zsh") is None:
        pytest.skip("needs zsh")
    (tmp_path / "_jiebei").write_text(script("zsh", "en"), "utf-8")
    typed = [(line.replace(" ", "_"), word) for line, word in PRESSED if "_" not in line]
    (tmp_path / "pressed").write_text("".join(f"{line} {word}\n" for line, word in typed), "utf-8")
    done = subprocess.run(
        ["zsh", "-f", "-c", TYPED], capture_output=True, text=True, check=False, cwd=tmp_path, timeout=60
    )
    assert done.stdout.split() == [word for _, word in typed], done


def test_a_script_is_made_once_and_says_how_it_was_made(call) -> None:
    for shell in SCRIPTS:
        code, out, _ = call("completion", shell)
        assert code == 0 and f"jiebei completion {shell}" in out.splitlines()[0] + out.splitlines()[1]
    start = time.process_time()
    script("bash", "en")
    assert time.process_time() - start < 0.1
