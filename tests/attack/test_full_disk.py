"""A disk that is full, for each thing that is written singly: all of it and what is said of it is true, or one sentence and nothing."""

from __future__ import annotations

import contextlib
import io
import shutil
from pathlib import Path

import pytest

from jiebei_lib.cli import run
from jiebei_lib.core.knowledge import yaml_files
from tests.attack.disks import disk

CASES = Path(__file__).parents[2] / "notebooks" / "cases"
BOOK = "case_id,days_overdue,amount_overdue,communication\n" + "".join(
    f"c{n},{n % 60},8000,silent\n" for n in range(40)
)
WRITTEN = {
    "calendar": lambda folder, _: ["calendar", str(CASES / "loan.yaml"), "-o", str(folder / "due.ics")],
    "portfolio": lambda folder, book: ["portfolio", str(book), "-o", str(folder)],
    "audit": lambda folder, _: ["audit", str(CASES / "contact_log.csv"), "--to", "html", "-o", str(folder)],
    "bank": lambda folder, _: ["bank", "--to", "moodle", "-o", str(folder / "bank.xml")],
    "sample": lambda folder, _: ["sample", "--rows", "3000", "-o", str(folder / "cases.csv")],
}


def said(command: list[str]) -> tuple[int, str]:
    """How a command ended, and all that it said."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        status = run(command)
    return status, out.getvalue()


def files(folder: Path) -> dict[str, int]:
    return {each.relative_to(folder).as_posix(): each.stat().st_size for each in folder.rglob("*") if each.is_file()}


@pytest.mark.slow
@pytest.mark.parametrize("what", WRITTEN)
def test_each_thing_is_there_whole_or_one_sentence_says_that_it_is_not(what, tmp_path, monkeypatch):
    monkeypatch.setenv("JIEBEI_LANG", "en")
    book, free = tmp_path / "book.csv", tmp_path / "free"
    book.write_text(BOOK, "utf-8")
    free.mkdir()
    status, text = said(WRITTEN[what](free, book))
    assert status == 0, text
    whole = files(free)
    pages = sum(-(-size // 4096) for size in whole.values())
    ended = []
    for room in sorted({1, 2, pages // 2, pages - 1, 2 * pages + 64}):
        with disk(tmp_path / "small", max(1, room) * 4096) as small:
            status, text = said(WRITTEN[what](small, book))
            ended.append(status)
            left = files(small)
            assert "Traceback" not in text
            if status == 0:
                assert left.keys() == whole.keys()
                assert all(left[name] >= 0.9 * size for name, size in whole.items())
            else:
                assert "cannot be written" in text and "the disk is full" in text, text
                assert len([line for line in text.splitlines() if "cannot be written" in line]) == 1
                # What is there is whole: what a page needs beside it may be
                assert not [name for name in left if ".part" in name]
                assert all(abs(left[name] - whole[name]) <= 0.1 * whole[name] for name in left), (left, whole)
    assert ended[0] != 0 and ended[-1] == 0


def test_a_cache_on_a_full_disk_only_costs_time(tmp_path, monkeypatch):
    """Nothing half written is read back, nothing is left, and what is asked for is answered."""
    made = {"kept": ["x" * 100] * 400}
    with disk(tmp_path / "small", 4096 * 4) as small:
        monkeypatch.setenv("JIEBEI_CACHE", str(small))
        for _ in range(2):
            assert yaml_files.remembered("try", b"texts", lambda: made) == made
            assert files(small) == {}
    monkeypatch.setenv("JIEBEI_CACHE", str(tmp_path / "roomy"))
    assert yaml_files.remembered("try", b"texts", lambda: made) == made
    assert yaml_files.remembered("try", b"texts", lambda: 1 / 0) == made
    shutil.rmtree(tmp_path / "roomy")
