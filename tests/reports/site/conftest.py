"""A runtime that is none, with digests of its own; and the pages, drawn once."""

from __future__ import annotations

import hashlib
import json

import pytest

from jiebei_lib.reports.site import library, runtime, site, states

NAMES = {"numpy": "numpy-0-any.whl", "sqlite3": "sqlite3-0-any.whl", "other": "other-0-any.whl"}


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def engine(tmp_path, monkeypatch):
    """A folder as the runtime's would be, and what is known of it."""
    folder = tmp_path / "engine"
    folder.mkdir()
    told = dict(runtime.known())
    told["files"] = {name: digest(name.encode()) for name in told["files"]}
    for name in told["files"]:
        (folder / name).write_bytes(name.encode())
    packages = {}
    for name, file in NAMES.items():
        (folder / file).write_bytes(name.encode())
        depends = ["other"] if name == "numpy" else []
        packages[name] = {"name": name, "file_name": file, "sha256": digest(name.encode()), "depends": depends}
    lock = {
        "info": {"version": told["version"]},
        "packages": packages | {"unused": packages["other"] | {"name": "unused"}},
    }
    (folder / told["lock"]).write_text(json.dumps(lock), "utf-8")
    for module in (runtime, library, site, states):
        monkeypatch.setattr(module, "known", lambda: told)
    return folder


@pytest.fixture(scope="session")
def drawn(tmp_path_factory):
    """The pages as they are drawn, and the folder of what was compiled for them."""
    folder = tmp_path_factory.mktemp("drawn")
    return site._drawn(folder), folder / "compiled"


@pytest.fixture(scope="session")
def packed(drawn):
    """The library that goes along, nothing of it compiled beforehand."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(library, "matching", lambda: None)
        return library.library(drawn[1])


@pytest.fixture
def made(engine, drawn, packed, monkeypatch):
    """Makes a site of pages that were drawn before."""
    monkeypatch.setattr(site, "_drawn", lambda folder: json.loads(json.dumps(drawn[0])))
    monkeypatch.setattr(site, "library", lambda folder: packed)
    return lambda out, **more: site.site(out, pyodide=engine, **more)
