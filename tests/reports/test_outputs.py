"""Nothing is overwritten silently: another policy, segment or day gets another name, and what is not ours is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jiebei_lib.cli import run
from jiebei_lib.core.knowledge.problems import ReportError
from jiebei_lib.reports.outputs import name_for

CASE = {"case": {"case_id": "k1", "days_overdue": 9}, "lang": "zh", "policy": "article", "as_of": "2026-11-25"}
BOOK = {"book": {"by": "communication", "witnesses": [{"policy": "article"}, {"policy": "published"}]}, "lang": "zh"}


def made(folder: Path, stem: str, parameters: dict) -> str:
    """A report's notebook where it is to lie."""
    name = name_for(folder, stem, parameters)
    content = {"metadata": {"papermill": {"parameters": parameters}}, "cells": []}
    (folder / f"{name}.ipynb").write_text(json.dumps(content), "utf-8")
    return name


def test_the_same_report_again_has_the_same_name(tmp_path: Path) -> None:
    assert made(tmp_path, "k1", CASE) == made(tmp_path, "k1", CASE) == "k1.zh"
    assert (
        made(tmp_path, "k1", CASE | {"case": CASE["case"] | {"days_overdue": 10}}) == "k1.zh"
    )  # the case, brought up to date


@pytest.mark.parametrize(
    "other", [{"policy": "published"}, {"as_of": "2026-11-26"}, {"policy": {"base": "article", "first_day": 3}}]
)
def test_another_policy_or_day_has_another_name(tmp_path: Path, other: dict) -> None:
    names = [
        made(tmp_path, "k1", CASE),
        made(tmp_path, "k1", CASE | other),
        made(tmp_path, "k1", CASE | {"lang": "en"}),
    ]
    assert len(set(names)) == 3 == len(list(tmp_path.iterdir()))
    assert made(tmp_path, "k1", CASE | other) == names[1] and made(tmp_path, "k1", CASE) == names[0]


def test_another_segment_or_witness_has_another_name(tmp_path: Path) -> None:
    books = [
        BOOK,
        {**BOOK, "book": {**BOOK["book"], "by": "contacts"}},
        {**BOOK, "book": {**BOOK["book"], "witnesses": []}},
    ]
    assert len({made(tmp_path, "portfolio-a", each) for each in books}) == 3


@pytest.mark.parametrize(("one", "other"), [("k1", "K1"), ("\u00e9", "e\u0301")])
def test_ids_that_a_file_system_may_take_for_one_have_files_of_their_own(tmp_path: Path, one: str, other: str) -> None:
    names = [made(tmp_path, each, CASE | {"case": {"case_id": each}}) for each in (one, other)]
    assert (len({name.casefold() for name in names}) == 2 and other not in names[1].split("-")[0]) or names[
        1
    ] != f"{other}.zh"


@pytest.mark.parametrize("suffix", [".html", ".pdf", ".ipynb"])
def test_what_is_no_report_of_ours_is_refused_unless_forced(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"k1.zh{suffix}").write_text('{"cells": []}', "utf-8")
    with pytest.raises(ReportError, match="--force"):
        name_for(tmp_path, "k1", CASE)
    assert name_for(tmp_path, "k1", CASE, force=True) == "k1.zh"


@pytest.mark.parametrize("name", ["out.csv", "out.json", "out.parquet", "out.xlsx"])
def test_scores_go_over_scores_and_over_nothing_else(tmp_path: Path, capsys, name: str) -> None:
    pytest.importorskip("pyarrow")
    (tmp_path / "in.csv").write_text("id,天数,金额\na,9,800\n", "utf-8")
    asked = ["score", str(tmp_path / "in.csv"), "-o", str(tmp_path / name), "--lang", "en"]
    assert run(asked) == 0 and run(asked) == 0
    (tmp_path / name).write_bytes(b"mine\n1\n")
    assert run(asked) == 2 and "was not written by this command" in capsys.readouterr().err
    assert (tmp_path / name).read_bytes() == b"mine\n1\n"
    assert run([*asked, "--force"]) == 0
    assert run(["sample", "--rows", "5", "-o", str(tmp_path / "in.csv"), "--lang", "en"]) == 2
