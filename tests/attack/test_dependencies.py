"""What nobody looks after any more is named, and is never asked for by us."""

from __future__ import annotations

import tomllib
from pathlib import Path

from tests.attack.dependencies import UNMAINTAINED, lines, name_of

ROOT = Path(__file__).resolve().parents[2]


def test_no_package_of_ours_is_without_a_maintainer():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = [*project["dependencies"], *(each for extra in project["optional-dependencies"].values() for each in extra)]
    assert not {name_of(each) for each in asked} & set(UNMAINTAINED)


def test_every_installed_package_stands_in_the_list_with_version_and_date():
    said = {line.split()[0]: line for line in lines()}
    for name in ("numpy", "pydantic", "rich"):
        assert len(said[name].split()) >= 4 and said[name].split()[2][:2] == "20"
    for name in set(UNMAINTAINED) & set(said):
        assert "!!" in said[name] and said[name].split()[3] != "-", f"{name}: nobody asks for it any more"
    text = (ROOT / "docs" / "reliability.md").read_text("utf-8")
    assert all(name in text for name in UNMAINTAINED)
