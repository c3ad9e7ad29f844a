"""A plain install, without pyarrow, numba, pandas and scipy, scores and invents the same tables."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from jiebei_lib.portfolio.sample import write_sample
from jiebei_lib.portfolio.score_files import score_files

# A process in which these cannot be imported, as if they were not installed
WITHOUT = """
import sys
ABSENT = {"pyarrow", "numba", "pandas"}
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name in ABSENT else found(name, package)
sys.meta_path.insert(0, Absent())
sys.argv[0] = "jiebei"
from jiebei_lib.cli import main
main()
"""
MIXED = """编号,逾期天数,逾期金额,沟通,备注
a,7,80-90,失联,1
b,x,80,,
c,8,８千,会接电话,"两行
一格"
a,9,100,,1
,,,,
d,3,-5,,=1+1
e,10,1万,已在还款,=1+1
f,1
g,12,100,nonsense,x
h,-3,,,-5%
i,40,2500.50,silent,"she said ""no"" once"
123456789012345E+18,7,80,,
"""


def plain(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    asked = [sys.executable, "-c", WITHOUT, *args, "--lang", "zh"]
    return subprocess.run(asked, capture_output=True, text=True, check=False, cwd=folder)


@pytest.mark.parametrize("ending", ["csv", "jsonl", "json"])
def test_a_sample_and_its_scores_are_the_same_to_the_byte(tmp_path: Path, ending: str) -> None:
    here, there = (tmp_path / f"{name}.{ending}" for name in ("here", "there"))
    assert plain(tmp_path, "sample", "--rows", "300", "--seed", "3", "-o", here.name).returncode == 0
    write_sample(there, 300, 3)
    assert here.read_bytes() == there.read_bytes()
    scored = tmp_path / f"scored.{ending}"
    done = plain(tmp_path, "score", here.name, "-o", scored.name)
    assert done.returncode == 0, done.stderr
    other = tmp_path / f"other.{ending}"
    score_files(here, other, lang="zh")
    assert scored.read_bytes() == other.read_bytes()


def test_what_people_write_and_what_is_wrong_is_the_same_too(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(MIXED, "utf-8")
    done = plain(tmp_path, "score", "in.csv", "-o", "out.csv")
    assert done.returncode == 1, done.stderr
    score_files(tmp_path / "in.csv", tmp_path / "other.csv", lang="zh")
    for name in ("{}.csv", "{}.csv.errors.csv"):
        ours, theirs = (tmp_path / name.format(stem) for stem in ("out", "other"))
        assert ours.read_text("utf-8-sig") == theirs.read_text("utf-8-sig")
    assert plain(tmp_path, "score", "in.csv", "-o", "no.csv", "--errors", "fail").returncode == 2
    assert not (tmp_path / "no.csv").exists()


@pytest.mark.parametrize("args", [("sample", "--rows", "3", "-o", "x.parquet"), ("score", "in.csv", "-o", "x.feather")])
def test_what_needs_more_says_which_extra_and_leaves_nothing(tmp_path: Path, args: tuple[str, ...]) -> None:
    (tmp_path / "in.csv").write_text(MIXED, "utf-8")
    done = plain(tmp_path, *args)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert f"jiebei {args[0]}" in done.stderr and "jiebei-lib[portfolio]" in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["in.csv"]
