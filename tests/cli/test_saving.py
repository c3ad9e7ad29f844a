"""No command writes over anything silently: what it wrote is renewed, what it did not write is left alone without ``--force``."""

from __future__ import annotations

import json
import re
import sqlite3
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from jiebei_lib.cli import app, run, saving
from jiebei_lib.cli.output import LANG, t
from jiebei_lib.core.knowledge.yaml_files import beside
from jiebei_lib.page.text import say
from jiebei_lib.reports import batch, render
from jiebei_lib.reports.site import site

CASE, LOAN, LOG = (str(beside("cases") / name) for name in ("silent.yaml", "loan.yaml", "contact_log.csv"))
MINE = b"mine\n1\n"
# Each command that writes where it is told to (its parameter `out`), and how it is asked: OUT is a place, IN a table of two cases
ASKED = {
    "calendar": ["calendar", LOAN, "-o", "OUT.ics"],
    "letter": ["letter", "stop_calls", "-o", "OUT.txt"],
    "page": ["page", "--lesson", "1", "--lang", "en", "-o", "OUT.html"],
    "bank": ["bank", "--topic", "cost", "-o", "OUT.xml"],
    "score": ["score", "IN", "-o", "OUT.csv"],
    "sample": ["sample", "--rows", "5", "-o", "OUT.csv"],
    "report": ["report", CASE, "-o", "OUT"],
    "portfolio": ["portfolio", "IN", "-o", "OUT"],
    "audit": ["audit", LOG, "--to", "html", "-o", "OUT"],
    "handout": ["handout", "1", "--sheet", "guide", "-o", "OUT"],
    "reports": ["reports", "IN", "-o", "OUT"],
    "site": ["site", "OUT.html", "--single"],
}
# More kinds of file and ways of the same commands
MORE = {
    "letter as a page": ["letter", "stop_calls", "-o", "OUT.html"],
    "letter in Word": ["letter", "stop_calls", "-o", "OUT.docx"],
    "bank as GIFT": ["bank", "--topic", "cost", "--to", "gift", "-o", "OUT.gift"],
    "bank for H5P": ["bank", "--topic", "cost", "--to", "h5p", "-o", "OUT.h5p"],
    "score in parts": ["score", "IN", "--parts", "-o", "OUT"],
    "score with ranks": ["score", "IN", "--ranks", "-o", "OUT.csv"],
    "score as Parquet": ["score", "IN", "-o", "OUT.parquet"],
    "months": ["portfolio", "IN", "OTHER", "-o", "OUT"],
    "call from memory": ["audit", "--call", "day=2026-03-10 count=9", "--to", "html", "-o", "OUT"],
    "site as a folder": ["site", "OUT"],
    "examples": ["report", "--examples", "-o", "OUT"],
}
# Paths that a command only reads, and those to which it adds without taking anything away
READ = re.compile(r"case|loan|file|files|outcomes|mapping|given|pyodide|brand|template|log|results|cases|folder")
ADDED_TO = {("ask", "state"), ("class", "file"), ("collect", "file"), ("lab", "folder")}


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    context = typer.Context(command, info_name="jiebei")
    if not hasattr(command, "list_commands"):
        yield " ".join(path), command
        return
    for name in command.list_commands(context):
        yield from commands(command.get_command(context, name), (*path, name))


EVERY = dict(commands(typer.main.get_command(app)))
WRITING = {name for name, command in EVERY.items() if any(each.name == "out" for each in command.params)}


def test_every_command_that_writes_is_held_to_the_rule_here() -> None:
    assert set(ASKED) == WRITING
    for name, command in EVERY.items():
        assert ("--force" in {opt for each in command.params for opt in each.opts}) == (name in WRITING), name
        for each in command.params:
            if each.type.name == "path" and (name, each.name) not in ADDED_TO:
                assert each.name == "out" or READ.fullmatch(each.name), f"{name}: does {each.opts} write?"


@pytest.fixture(autouse=True)
def quick(monkeypatch, tmp_path) -> None:
    """Notebooks that are not run: where a report goes is asked before that."""

    def rendered(template: Any, parameters: Any, name: str, formats: Any, *more: Any) -> Any:
        notebook = {"cells": [], "metadata": {"papermill": {"parameters": dict(parameters)}}}
        return {".ipynb": json.dumps(notebook), ".html": "<p>"}, "made"

    def make(job: Any, how: Any) -> Any:
        files, headline = rendered("", job.parameters, job.name, ())
        return {
            "files": {job.name + suffix: each.encode() for suffix, each in files.items()},
            "head": {"headline": headline},
        }

    for name, made in {"runtime": None, "_drawn": {"pages": [], "styles": []}, "library": b""}.items():
        monkeypatch.setattr(site, name, lambda *given, made=made: made)
    page = '<!DOCTYPE html><meta name="generator" content="jiebei 1">'
    monkeypatch.setattr(site, "_one_file", lambda *given: page)
    monkeypatch.setattr(site, "_folder", lambda *given: {"index.html": page.encode()})
    monkeypatch.setenv("JIEBEI_LANG", "en")
    monkeypatch.setattr(render, "rendered", rendered)
    monkeypatch.setattr(batch, "make", make)
    monkeypatch.setattr(batch.report, "plotly_bundle", lambda: "/**\n* plotly.js v3\n*/")
    (tmp_path / "in.csv").write_text("id,天数,金额\na,9,800\nb,40,9000\n", "utf-8")
    (tmp_path / "other.csv").write_text("id,天数,金额\na,19,800\nb,50,9000\n", "utf-8")


def called(name: str, folder: Path, *more: str) -> int:
    places = {"IN": str(folder / "in.csv"), "OTHER": str(folder / "other.csv")}
    asked = [places.get(each, each.replace("OUT", str(folder / "made" / "out"))) for each in (ASKED | MORE)[name]]
    (folder / "made").mkdir(exist_ok=True)
    return run([*asked, *more])


def written(folder: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in sorted((folder / "made").rglob("*")) if file.is_file()}


@pytest.mark.parametrize("name", [*ASKED, *MORE])
def test_what_a_command_wrote_is_renewed_and_what_it_did_not_write_is_left(name, tmp_path, capsys) -> None:
    pytest.importorskip("papermill")
    if name.startswith("site"):
        pytest.importorskip("anywidget")
    if name in ("letter in Word", "score as Parquet", "score in parts", "score with ranks", "calendar"):
        pytest.importorskip({"letter in Word": "docx", "calendar": "icalendar"}.get(name, "pyarrow"))
    assert called(name, tmp_path) == 0
    made = written(tmp_path)
    assert made and called(name, tmp_path) == 0, capsys.readouterr().err
    assert {*written(tmp_path)} == {*made}, "the same again has the same names"
    for file in made:
        file.write_bytes(MINE)
    capsys.readouterr()
    assert called(name, tmp_path) == 2
    assert "--force" in capsys.readouterr().err and set(written(tmp_path).values()) == {MINE}
    assert called(name, tmp_path, "--force") == 0
    assert {*made} <= {*written(tmp_path)}
    changed = [file for file, content in written(tmp_path).items() if content != MINE]
    assert changed and (name == "score in parts" or {*changed} == {*made})


@pytest.mark.parametrize(
    "name", ["calendar", "letter", "page", "bank", "letter as a page", "letter in Word", "bank for H5P"]
)
def test_a_file_that_somebody_has_changed_since_is_theirs(name, tmp_path, capsys) -> None:
    pytest.importorskip({"letter in Word": "docx", "calendar": "icalendar"}.get(name, "json"))
    assert called(name, tmp_path) == 0
    (file,) = written(tmp_path)
    if file.suffix == ".docx":
        from docx import Document

        document = Document(file)
        document.add_paragraph("filled in")
        document.save(file)
    else:
        content = file.read_bytes()
        file.write_bytes(content[:100] + bytes([content[100] ^ 1]) + content[101:])
    theirs = file.read_bytes()
    assert called(name, tmp_path) == 2 and file.read_bytes() == theirs
    assert "has been changed since" in capsys.readouterr().err


def test_that_a_file_took_the_place_of_another_is_said(tmp_path, capsys) -> None:
    for name in ("letter", "score", "sample"):
        called(name, tmp_path)
        (file,) = written(tmp_path)
        said = t("main.replaced", path=file)
        assert said not in capsys.readouterr().out
        assert called(name, tmp_path, "--force") == 0 and said in capsys.readouterr().out
        file.unlink()


def test_a_column_added_to_what_was_scored_makes_the_table_theirs(tmp_path, capsys) -> None:
    called("score", tmp_path)
    (file,) = written(tmp_path)
    lines = file.read_text("utf-8-sig").splitlines()
    file.write_text("\n".join([f"{lines[0]},mine", *(f"{line},1" for line in lines[1:])]), "utf-8")
    assert called("score", tmp_path) == 2 and "--force" in capsys.readouterr().err


def test_a_sealed_file_is_what_it_was_for_whoever_reads_it(tmp_path) -> None:
    from jiebei_lib.cli.h5p import package

    content = package("zh", ("cost",))
    file = tmp_path / "bank.h5p"
    file.write_bytes(saving.sealed(content, "h5p"))
    with zipfile.ZipFile(file) as packed:
        assert packed.testzip() is None and "h5p.json" in packed.namelist()
    assert saving.is_ours(file)
    page = saving.sealed(b"<html><body></body></html>\n", "html")
    assert page.startswith(b"<html><body></body></html>\n<!-- jiebei:")


def test_a_data_base_of_somebody_else_gets_no_class(tmp_path, capsys) -> None:
    file, words = tmp_path / "photos.sqlite", tmp_path / "in.txt"
    with sqlite3.connect(file) as theirs:
        theirs.execute("create table photo (name text)")
    theirs.close()
    words.write_text("jiebei1.x", "utf-8")
    before = file.read_bytes()
    assert run(["collect", str(words), "--file", str(file), "--lang", "en"]) == 2
    assert "no file of a class" in capsys.readouterr().err and file.read_bytes() == before
    assert run(["ask", "--state", LOAN, "--lang", "en"]) == 2


def batch_of(folder: Path, *more: str) -> set[str]:
    assert called("reports", folder, "--as-of", "2026-11-25", *more) == 0
    return {file.name for file in written(folder)}


def test_a_batch_by_another_policy_day_or_table_has_names_of_its_own(tmp_path) -> None:
    first = batch_of(tmp_path)
    before = written(tmp_path)
    other = batch_of(tmp_path, "--policy", "published") - first
    assert {"a-published.zh.html", "index-published.html", "manifest-published.jsonl"} <= other
    later = batch_of(tmp_path, "--as-of", "2026-11-26") - first - other
    assert {"a-2026-11-26.zh.html", "index-2026-11-26.html"} <= later
    (tmp_path / "in.csv").rename(tmp_path / "april.csv")
    ASKED["april"] = ["reports", str(tmp_path / "april.csv"), "-o", "OUT", "--as-of", "2026-11-25"]
    try:
        assert called("april", tmp_path) == 0
    finally:
        del ASKED["april"]
    assert "a-april.zh.html" in {file.name for file in written(tmp_path)}
    assert {file: written(tmp_path)[file] for file in before} == before, "nothing of the first batch is touched"
    assert called("reports", tmp_path) == 2, "the table has gone"


def test_each_batch_goes_on_with_its_own_run(tmp_path, capsys) -> None:
    batch_of(tmp_path)
    names = batch_of(tmp_path, "--policy", "published")
    for policy in ("article", "published"):
        capsys.readouterr()
        assert called("reports", tmp_path, "--policy", policy) == 0
        assert say("cli.reports.done", LANG, made=0, kept=2, failed=0, path="").rstrip() in capsys.readouterr().out
        assert {file.name for file in written(tmp_path)} == names


def test_another_language_comes_beside_and_the_index_has_both(tmp_path) -> None:
    batch_of(tmp_path)
    batch_of(tmp_path, "--lang", "en")
    folder = tmp_path / "made" / "out"
    index = (folder / "index.html").read_text("utf-8")
    assert all(f'"html": "a.{lang}.html"' in index for lang in ("zh", "en"))
    assert len((folder / "manifest.jsonl").read_text("utf-8").splitlines()) == 4
    (tmp_path / "in.csv").write_text("id,天数,金额\na,10,800\nb,40,9000\n", "utf-8")
    batch_of(tmp_path, "--lang", "en")
    index = (folder / "index.html").read_text("utf-8")
    assert '"html": "a.zh.html"' not in index and '"html": "b.zh.html"' in index, "a's Chinese page is of older facts"


def test_a_report_of_somebody_s_single_case_is_not_replaced_by_a_batch(tmp_path, capsys) -> None:
    folder = tmp_path / "made" / "out"
    folder.mkdir(parents=True)
    one = {"case": {"case_id": "a", "days_overdue": 1}, "lang": "zh", "policy": "published", "as_of": "2026-11-25"}
    (folder / "a.zh.ipynb").write_text(
        json.dumps({"cells": [], "metadata": {"papermill": {"parameters": one}}}), "utf-8"
    )
    assert called("reports", tmp_path, "--as-of", "2026-11-25") == 2 and "--force" in capsys.readouterr().err


def test_an_audit_of_another_day_keeps_the_rows_of_the_first(tmp_path) -> None:
    log = tmp_path / "in.csv"
    log.write_text(Path(LOG).read_text("utf-8-sig"), "utf-8")
    asked = ["audit", str(log), "--to", "html", "-o", str(tmp_path / "made"), "--lang", "en", "--as-of"]
    assert run([*asked, "2026-11-25"]) == 0
    first = written(tmp_path)
    log.write_text("\n".join(log.read_text("utf-8").splitlines()[:5]) + "\n", "utf-8")
    assert run([*asked, "2026-11-26"]) == 0
    after = written(tmp_path)
    assert {file: after[file] for file in first} == first and len(after) == 2 * len(first)
