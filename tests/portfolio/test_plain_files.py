"""A plain install, without pyarrow, numba, pandas and scipy, scores and invents the same tables."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from jiebei_lib.portfolio.sample import write_sample
from jiebei_lib.portfolio.score_files import score_files
from tests.absent import CODE

WITHOUT = f"""{CODE}
without("pyarrow", "numba", "pandas")
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


def test_columns_have_the_same_types_too(tmp_path: Path) -> None:
    rows = [
        {"天数": 9, "金额": "80", "a": 1, "b": 1, "c": "12", "d": True, "e": None, "f": 1e16, "g": 3, "h": ""},
        {"天数": 8, "金额": 90.5, "a": 2.5, "b": "12", "c": "12", "d": False, "e": [1], "f": 2, "g": "x", "h": 7},
        {"天数": "x", "金额": 90.5, "a": "left out"},
    ]
    (tmp_path / "in.json").write_text(json.dumps(rows), "utf-8")
    (tmp_path / "in.csv").write_text(
        "编号,天数,金额,a,b,c,d,e\n1,9,80, 1,true,0012,9999999999999999,2026-01-02\n"
        "2,8,90.5,2,,12,0.5,2026-01-03\n3,x,,left out,,,,\n",
        "utf-8",
    )
    for name in ("in.json", "in.csv"):
        done = plain(tmp_path, "score", name, "-o", "out.jsonl", "--force")
        assert done.returncode == 1, done.stderr
        score_files(tmp_path / name, tmp_path / "other.jsonl", lang="zh")
        ours, theirs = ((tmp_path / f"{stem}.jsonl").read_text("utf-8") for stem in ("out", "other"))
        assert ours == theirs.replace('" 1"', '"1"')
    assert [type(cell) for cell in list(json.loads(theirs.splitlines()[0]).values())[:8]] == [
        str, int, float, int, bool, str, str, str,
    ]  # fmt: skip


@pytest.mark.parametrize("args", [("sample", "--rows", "3", "-o", "x.parquet"), ("score", "in.csv", "-o", "x.feather")])
def test_what_needs_more_says_which_extra_and_leaves_nothing(tmp_path: Path, args: tuple[str, ...]) -> None:
    (tmp_path / "in.csv").write_text(MIXED, "utf-8")
    done = plain(tmp_path, *args)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert f"jiebei {args[0]}" in done.stderr and "jiebei-lib[portfolio]" in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["in.csv"]
