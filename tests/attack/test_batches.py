"""A batch under attack: manifests cut and forged, two runs in one folder, hostile ids, other people's files, a full disk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import unicodedata

import pytest

from jiebei_lib.core.knowledge.problems import ReportError
from jiebei_lib.core.policy import load_policy
from jiebei_lib.reports import batch
from jiebei_lib.reports.batch import Job, reports
from jiebei_lib.reports.index import index_page
from jiebei_lib.reports.manifest import HALF, Manifest, alone_in, shelf_for
from jiebei_lib.reports.outputs import LONGEST_STEM, file_stem
from tests.attack.disks import disk

HEAD = "说法不一。可能性从14%到99%以上；符合文章的每一百种读法里，有九十九种说电话打来的可能大于不打来的。"
IDS = [
    "../../etc/x",
    "..",
    ".",
    "/etc/passwd",
    "CON",
    "con",
    "NUL.txt",
    "Com1",
    "LPT1",
    "😀",
    "😀😀",
    "ABC",
    "abc",
    "Abc",
    "é",
    "é",
    "a/b",
    "a\\b",
    "a:b",
    "-rf",
    "--help",
    "~",
    "$HOME",
    "`id`",
    "%2e%2e",
    ".hidden",
    "index",
    "manifest",
    "plotly.min",
    "report",
    "İ",
    "i̇",
    "ß",
    "ẞ",
    "ss",
    "ﬁ",
    "fi",
    "１２",
    "12",
    "١٢",
    "a_b",
    "a.b",
    "ＡＢＣ",
    "a\u200bb",
]


def test_a_manifest_cut_at_any_byte_is_read_to_its_last_whole_line(tmp_path):
    path = tmp_path / "manifest.jsonl"
    whole = Manifest(path)
    for n in range(3):
        whole.note(
            Job(n, f"案{n}", "zh", {}, f"案{n}.zh"), "2026-11-25", files={f"案{n}.zh.html": "f" * 64}, headline=HEAD
        )
    content = path.read_bytes()
    ends = [n + 1 for n, byte in enumerate(content) if byte == 10]
    for cut in range(len(content) + 1):
        path.write_bytes(content[:cut])
        # A line that lacks its line feed alone is whole
        assert len(Manifest(path).lines) == sum(end - 1 <= cut for end in ends)
        if cut % 97 == 0:  # and goes on from there
            again = Manifest(path)
            again.note(
                Job(9, "next", "zh", {}, "next.zh"), "2026-11-25", files={"next.zh.html": "f" * 64}, headline=HEAD
            )
            assert ("next", "zh") in Manifest(path).lines


GOOD = {"case_id": "one", "lang": "zh", "row": 1, "as_of": "2026-11-25", "input": "d", "headline": "x"}
FILES = {"one.zh.html": "f" * 64}


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\0" * 4096,
        b"\xff\xfe",
        b"1",
        b"null",
        b"[]",
        b'"x"',
        b"[" * 100_000,
        b'{"case_id":[1],"lang":"zh"}',
        *(json.dumps(each).encode() for each in (
            {},
            GOOD,
            GOOD | {"files": {}},
            GOOD | {"files": ["one.zh.html"]},
            GOOD | {"files": {"one.zh.html": 1}},
            GOOD | {"files": {"../one.zh.html": "f"}},
            GOOD | {"files": {"/etc/passwd": "f"}},
            GOOD | {"files": {"": "f"}},
            GOOD | {"files": FILES, "as_of": 5},
            GOOD | {"files": FILES, "as_of": "sometime"},
            GOOD | {"files": FILES, "headline": None},
            GOOD | {"failed": "no"},
            GOOD | {"files": FILES, "of": "no"},
            GOOD | {"failed": {"zh": "x"}},
            {name: value for name, value in GOOD.items() if name != "input"} | {"files": FILES},
            {name: value for name, value in GOOD.items() if name != "as_of"} | {"files": FILES},
        )),
    ],
)  # fmt: skip
def test_a_line_of_anything_else_is_as_if_it_were_not_there(tmp_path, line):
    path = tmp_path / "manifest.jsonl"
    good = json.dumps(GOOD | {"case_id": "two", "files": FILES}).encode()
    path.write_bytes(line + b"\n" + good + b"\n" + line)
    found = Manifest(path)
    assert list(found.lines) == [("two", "zh")]
    assert shelf_for(tmp_path, {}, None).as_of == "2026-11-25"
    job = Job(1, "one", "zh", {}, "one.zh", "d")
    assert not found.holds(job)
    index_page([Job(1, "two", "zh", {}, "two.zh")], found.lines, load_policy())


def test_a_manifest_cannot_pass_one_report_off_for_another(tmp_path):
    (tmp_path / "other.zh.html").write_bytes(b"x")
    path = tmp_path / "manifest.jsonl"
    entry = GOOD | {"files": {"other.zh.html": batch.digest(b"x")}}
    path.write_text(json.dumps(entry) + "\n")
    assert not Manifest(path).holds(Job(1, "one", "zh", {}, "one.zh", "d"))
    (tmp_path / "one.zh.html").write_bytes(b"x")
    path.write_text(json.dumps(GOOD | {"files": {"one.zh.html": batch.digest(b"x")}}) + "\n")
    assert Manifest(path).holds(Job(1, "one", "zh", {}, "one.zh", "d"))


def test_one_run_at_a_time_works_in_a_folder(tmp_path):
    code = f"""
import sys; from pathlib import Path; from jiebei_lib.reports.manifest import alone_in
with alone_in(Path({str(tmp_path)!r})):
    print("in", flush=True); sys.stdin.readline()
"""
    other = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout.readline() == "in\n"
    cases = tmp_path / "cases.csv"
    cases.write_text("case_id,days_overdue,amount_overdue\na,7,8000\n")
    with pytest.raises(ReportError, match="another run is writing"):
        reports(cases, tmp_path)
    other.kill()  # however it ends, the lock goes
    other.communicate()
    with alone_in(tmp_path):
        pass
    assert {path.name for path in tmp_path.iterdir()} == {"cases.csv"}  # and leaves no file


def test_only_halves_of_our_own_that_are_old_are_taken_away(tmp_path):
    theirs = [
        ".holiday.mkv.part",
        ".part",
        ".0123456789abcdeX.part",
        "0123456789abcdef.part",
        ".0123456789abcdef.part.txt",
    ]
    for name in [*theirs, ".0123456789abcdef.part", ".fedcba9876543210.part"]:
        (tmp_path / name).write_text("x")
    for name in [*theirs, ".0123456789abcdef.part"]:
        os.utime(tmp_path / name, (0, 0))
    with alone_in(tmp_path):
        pass
    assert {path.name for path in tmp_path.iterdir()} == {*theirs, ".fedcba9876543210.part"}


def test_the_writers_halves_have_the_name_that_is_taken_away(tmp_path, monkeypatch):
    from jiebei_lib.core.knowledge.user_files import written_whole

    with written_whole(tmp_path / "x"):
        assert [bool(HALF.fullmatch(path.name)) for path in tmp_path.iterdir()] == [True]


def names_of(tmp_path, ids):
    from jiebei_lib.core.tables.files import files_of

    cases = tmp_path / "cases.csv"
    rows = "".join('"{}",7,8000\n'.format(each.replace('"', '""')) for each in ids)
    cases.write_text("case_id,days_overdue,amount_overdue\n" + rows, "utf-8")
    jobs = batch._jobs(files_of(cases), None, ["zh"], load_policy(), "2026-11-25", {})
    return [job.name for job in jobs if job.wrong is None]


def test_ids_never_share_a_file_also_where_case_and_unicode_forms_are_the_same(tmp_path):
    names = names_of(tmp_path, IDS)
    assert len(names) > 30
    folded = [unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()) for name in names]
    assert len(set(folded)) == len(folded)
    for name in names:
        assert name == os.path.basename(name) and not name.startswith(".")
    assert names[IDS.index("ABC")] == "ABC.zh" and names[IDS.index("abc")] != "abc.zh"


@pytest.mark.parametrize(
    "id_", ["x" * 64, "案" * 64, "𠀀" * 64, "é" * 64, "e\u0301" * 32, "😀" * 64, "\u0e33" * 64, "a" + "案" * 63]
)
def test_the_longest_ids_fit_into_a_file_name(tmp_path, id_):
    for marked in (False, True):
        stem = file_stem(id_, marked)
        assert len(stem.encode()) <= LONGEST_STEM + 9
        (tmp_path / f"{stem}.zh.ipynb").write_text("x")
    assert file_stem(id_) != file_stem(id_ + "x")


@pytest.fixture
def small(tmp_path):
    with disk(tmp_path / "small", 6 * 2**20) as mount:
        yield mount


@pytest.mark.slow
def test_a_full_disk_ends_a_batch_in_one_sentence_and_the_next_run_goes_on(small, tmp_path):
    cases = tmp_path / "cases.csv"
    cases.write_text("case_id,days_overdue,amount_overdue\n" + "".join(f"c{n},7,8000\n" for n in range(12)), "utf-8")
    with pytest.raises(ReportError, match="cannot be written"):
        reports(cases, small, as_of="2026-11-25", single_file=False)
    held = Manifest(small / "manifest.jsonl")
    for entry in held.lines.values():
        assert all(batch.digest((small / name).read_bytes()) == known for name, known in entry["files"].items())
    assert not list(small.glob(".*.part"))
    subprocess.run(["mount", "-o", "remount,size=60m", small], check=True)
    done = reports(cases, small, as_of="2026-11-25")
    assert (done.kept, done.made, done.failed) == (len(held.lines), 12 - len(held.lines), 0)


def test_a_manifest_on_a_full_disk_is_one_sentence_at_every_size(small):
    """The disk fills while lines are added, each time a little earlier: what is there is read by the next run."""
    for lead in range(0, 400, 40):
        folder = small / f"b{lead}"
        folder.mkdir()
        manifest = Manifest(folder / "manifest.jsonl")
        manifest.note(Job(0, "x" * (lead + 1), "zh", {}, "x"), "2026-11-25", files=FILES, headline=HEAD)
        with (small / "fill").open("wb", buffering=0) as fill:
            try:
                while True:
                    fill.write(b"x" * 4096)
            except OSError:
                pass
        kept = 1
        with pytest.raises(ReportError, match="cannot be written"):
            for n in range(1, 1000):
                manifest.note(Job(n, f"案{n}", "zh", {}, "x"), "2026-11-25", files=FILES, headline=HEAD)
                kept += 1
        (small / "fill").unlink()
        assert len(Manifest(folder / "manifest.jsonl").lines) == kept
