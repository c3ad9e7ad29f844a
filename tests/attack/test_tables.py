"""Tables under attack: nobody's file is taken for ours, a table of nothing but mistakes stays small, no cell is a formula."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys

import pytest

from jiebei_lib.cli import run
from jiebei_lib.core.tables.files import TableError
from jiebei_lib.portfolio import score_files as scoring
from jiebei_lib.portfolio.score_files import score_files
from tests.attack.disks import disk

HEAD = "case_id,days_overdue,amount_overdue\n"
FORMULAS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "\t=1+1",
    "＝1+1",
    '=HYPERLINK("http://x")',
    "-2+3+cmd|' /C calc'!D2",
    "＋1",
    "－1+1",
    "＠x",
]
RUNS = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
SIGNED = re.compile(r"[+-]?[0-9.,]+(e[+-]?\d+)?%?")


def table(path, rows, head=HEAD):
    path.write_text(head + "".join(rows), "utf-8")
    return path


def test_a_table_of_the_users_is_never_taken_for_our_list_of_wrong_rows(tmp_path):
    cases = table(tmp_path / "in.csv", ["a,7,8000\n"])
    own = tmp_path / "out.csv.errors.csv"
    for content in ("mine", "", HEAD, "file,row,column\n", "\ufefffile,row,column,value,reason,more\n"):
        own.write_text(content, "utf-8")
        with pytest.raises(TableError, match="no list of wrong rows written here"):
            score_files(cases, tmp_path / "out.csv")
        assert own.read_text("utf-8") == content
        assert not (tmp_path / "out.csv").exists()


def test_our_own_list_is_renewed_and_taken_away_when_nothing_is_wrong(tmp_path):
    good, bad = table(tmp_path / "good.csv", ["a,7,8000\n"]), table(tmp_path / "bad.csv", ["a,7,8000\n", "b,x,1\n"])
    out = tmp_path / "out.csv"
    assert score_files(bad, out).errors.exists()
    assert score_files(bad, out).bad == 1
    assert score_files(good, out).errors is None
    assert not (tmp_path / "out.csv.errors.csv").exists()


def test_a_table_is_never_written_over_by_the_list_of_its_own_mistakes(tmp_path):
    given = table(tmp_path / "e.csv.errors.csv", ["a,7,8000\n"])
    before = given.read_bytes()
    with pytest.raises(TableError, match="is a file to be read"):
        score_files(given, tmp_path / "e.csv")
    assert given.read_bytes() == before and list(tmp_path.iterdir()) == [given]


@pytest.mark.parametrize("rows", [["x{n},y,-1\n"], ["{n},7\n"], ["same,7,8000\n"], ["{n},7\n", "a{n},7,8000\n"]])
def test_many_wrong_rows_are_counted_and_the_first_are_listed(tmp_path, monkeypatch, rows):
    monkeypatch.setattr(scoring, "LISTED", 50)
    monkeypatch.setattr(scoring, "ROWS", 200)
    cases = table(tmp_path / "in.csv", [row.format(n=n) for n in range(1000) for row in rows])
    done = score_files(cases, tmp_path / "out.csv", lang="en")
    good = sum("{n},7,8000" in row for row in rows) * 1000 + (rows[0].startswith("same"))
    assert (done.rows, done.bad) == (1000 * len(rows), 1000 * len(rows) - good)
    with (tmp_path / "out.csv.errors.csv").open(encoding="utf-8-sig", newline="") as file:
        listed = list(csv.DictReader(file))
    assert len(listed) == 51
    told = {row["row"] for row in listed[:-1]}
    assert listed[-1]["reason"] == f"And {done.bad - len(told)} more."
    with (tmp_path / "out.csv").open(encoding="utf-8-sig") as file:
        assert sum(1 for _ in file) == 1 + good


@pytest.mark.slow
def test_a_million_wrong_rows_take_bounded_memory(tmp_path):
    """Three hundred thousand here, a million by hand (docs/reliability.md): 1.5 GB and 155 s before."""
    import os
    import subprocess
    import sys

    code = """
import sys
from jiebei_lib.portfolio.score_files import score_files
done = score_files(sys.argv[1], sys.argv[2])
from tests.memory import peak
print(done.bad, peak() >> 20)
"""
    cases = table(tmp_path / "in.csv", [f"c{n},x,-5\n" for n in range(300_000)])
    done = subprocess.run(
        [sys.executable, "-c", code, str(cases), str(tmp_path / "out.csv")], capture_output=True, text=True, check=True
    )
    bad, megabytes = map(int, done.stdout.split())
    assert bad == 300_000 and megabytes < 600
    assert os.path.getsize(tmp_path / "out.csv.errors.csv") < 5_000_000


def formulas(text: str) -> list[str]:
    cells = [cell for row in csv.reader(io.StringIO(text.lstrip("\ufeff"), newline="")) for cell in row]
    return [cell for cell in cells if RUNS.match(cell) and not SIGNED.fullmatch(cell)]


@pytest.fixture
def evil(tmp_path):
    """Cases and contacts whose every text is a formula."""
    rows = [[each.strip() + str(n), 7, 8000, each] for n, each in enumerate(FORMULAS)] + [
        [each] * 4 for each in FORMULAS
    ]
    out = io.StringIO()
    csv.writer(out).writerows([["case_id", "days_overdue", "amount_overdue", "=1+1"], *rows])
    (tmp_path / "=cases.csv").write_text(out.getvalue(), "utf-8")
    out = io.StringIO()
    names = ["attempt_id", "at", "callee_id", "callee", "caller", "channel", "debt_id"]
    contacts = [
        [
            each.strip() + str(n),
            f"2026-03-0{1 + n % 9}T23:10:00+08:00",
            each.strip(),
            "contact",
            "agency",
            "call",
            each.strip(),
        ]
        for n, each in enumerate(FORMULAS)
    ]
    csv.writer(out).writerows([names, *contacts])
    (tmp_path / "log.csv").write_text(out.getvalue(), "utf-8")
    return tmp_path


def test_nothing_that_we_write_is_a_formula_to_a_spreadsheet(evil, capsys, monkeypatch):
    monkeypatch.chdir(evil)
    assert run(["score", "=cases.csv", "-o", "out.csv"]) in (0, 1)
    written = {name: (evil / name).read_text("utf-8-sig") for name in ("out.csv", "out.csv.errors.csv")}
    capsys.readouterr()
    assert run(["audit", "log.csv", "--csv"]) in (0, 1)
    written["audit --csv"] = capsys.readouterr().out
    for name, text in written.items():
        assert len(text) > 200, name
        assert formulas(text) == [], name


def test_what_an_audit_and_a_panel_give_away_is_no_formula_either(evil):
    from jiebei_lib.calls.log import read_log
    from jiebei_lib.reports.kinds import kept_rows
    from jiebei_lib.show.panels import portfolio
    from jiebei_lib.show.portfolio.panel import _export

    kept = kept_rows(read_log(evil / "log.csv"))
    assert "SUM" in kept and formulas(kept) == []
    panel = portfolio()
    content = (evil / "=cases.csv").read_text("utf-8")
    panel.set(source="file", csv={"name": "=x.csv", "text": content})
    given = _export(dict(panel.values), panel).text
    assert "SUM" in given and formulas(given) == []


def arrow_types():
    pa = pytest.importorskip("pyarrow")
    plain = [
        pa.int8(),
        pa.uint64(),
        pa.float16(),
        pa.float32(),
        pa.string(),
        pa.large_string(),
        pa.string_view(),
        pa.decimal128(10, 2),
    ]
    lists = [pa.list_(pa.int64()), pa.large_list(pa.int64()), pa.list_(pa.int64(), 1)]
    made = [pa.array(["7"]).cast(kind) if pa.types.is_decimal(kind) else pa.array([7]).cast(kind) for kind in plain[:4]]
    made += [pa.array(["7"], kind) for kind in plain[4:7]] + [
        pa.array([7]).cast(pa.decimal256(40, 2)),
        pa.nulls(1),
        pa.array([True]),
    ]
    made += [pa.array([[7]], kind) for kind in lists] + [
        pa.array([{"a": 7}]),
        pa.array([[("a", 7)]], pa.map_(pa.string(), pa.int64())),
    ]
    made += [pa.array([b"7"]), pa.array([b"7"], pa.large_binary()), pa.array([b"7"], pa.binary(1))]
    made += [pa.array([7], pa.int32()).cast(kind) for kind in (pa.date32(), pa.time32("s"))]
    made += [
        pa.array([7]).cast(kind)
        for kind in (pa.timestamp("s"), pa.timestamp("us", "UTC"), pa.duration("s"), pa.time64("us"))
    ]
    made += [
        pa.array([(1, 2, 3)], pa.month_day_nano_interval()),
        pa.array(["7"]).dictionary_encode(),
        pa.array([7]).dictionary_encode(),
    ]
    return [*made, pa.RunEndEncodedArray.from_arrays([1], pa.array([7]))]


def test_every_arrow_type_in_every_column_is_read_or_refused_by_name(tmp_path):
    """And written: to CSV, Parquet and Feather alike. No complaint is in Arrow's words."""
    import pyarrow as pa
    from pyarrow import feather, parquet

    base = {
        "case_id": ["a"],
        "days_overdue": [7],
        "amount_overdue": [8000.0],
        "communication": ["silent"],
        "other": ["x"],
    }
    done = refused = 0
    for column in base:
        for cells in arrow_types():
            given = pa.table({name: pa.array(values) for name, values in base.items()} | {column: cells})
            for name, write in (("in.parquet", parquet.write_table), ("in.feather", feather.write_feather)):
                try:
                    write(given, str(tmp_path / name))
                except pa.ArrowException:  # this kind of file has no such type
                    continue
                for ending in ("csv", "parquet", "feather"):
                    try:
                        assert score_files(tmp_path / name, tmp_path / f"out.{ending}").rows == 1
                        done += 1
                    except TableError as refusal:
                        assert not re.search("Arrow|cast|Unsupported|kernel", str(refusal)), (
                            column,
                            cells.type,
                            str(refusal),
                        )
                        refused += 1
    assert done + refused > 700


@pytest.mark.parametrize("part", [0.0001, 0.5, 0.999])
@pytest.mark.parametrize("kind", ["parquet", "feather", "csv"])
def test_a_table_that_is_cut_off_is_one_sentence_or_less_rows(tmp_path, kind, part):
    import pyarrow as pa
    from pyarrow import csv as text
    from pyarrow import feather, parquet

    count = 20_000
    given = pa.table(
        {"case_id": [f"c{n}" for n in range(count)], "days_overdue": [7] * count, "amount_overdue": [8000.0] * count}
    )
    path = tmp_path / f"in.{kind}"
    {"parquet": parquet.write_table, "feather": feather.write_feather, "csv": text.write_csv}[kind](given, str(path))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    try:
        assert score_files(path, tmp_path / "out.csv").rows < count
        assert kind == "csv"
    except TableError as refusal:
        assert "\n" not in str(refusal)
        assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    "content",
    [
        "case_id,days_overdue,amount_overdue,"
        + ",".join(f"c{n}" for n in range(100_000))
        + "\na,7,8000"
        + ",1" * 100_000,
        HEAD.strip() + ",x\na,7,8000," + "y" * 30_000_000,
        HEAD.strip() + "," + "y" * 30_000_000 + "\na,7,8000,1",
    ],
    ids=["100,000 columns", "a line of 30 MB", "a name of 30 MB"],
)
def test_a_table_on_its_side_or_all_on_one_line_is_one_sentence_at_once(tmp_path, content):
    import time

    (tmp_path / "in.csv").write_text(content)
    begun = time.process_time()
    with pytest.raises(TableError) as said:
        score_files(tmp_path / "in.csv", tmp_path / "out.csv")
    assert "\n" not in str(said.value) and len(str(said.value)) < 500
    assert time.process_time() - begun < 20


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["csv", "parquet", "feather"])
def test_a_disk_full_at_any_page_gives_the_whole_table_or_none_and_says_which(tmp_path, ending):
    """Room for a page less than the result, as much, a page more, and for half of it; what is said to be scored is there."""
    cases = table(tmp_path / "in.csv", [f"c{n},{n % 90},8000\n" for n in range(5000)])
    score_files(cases, tmp_path / f"want.{ending}")
    want = (tmp_path / f"want.{ending}").read_bytes()
    pages, mount = -(-len(want) // 4096), tmp_path / "small"
    whole = none = 0
    for room in (1, pages // 2, pages - 2, pages - 1, pages, pages + 1, pages + 8):
        with disk(mount, max(1, room) * 4096):
            out = mount / f"out.{ending}"
            try:
                assert score_files(cases, out).rows == 5000
                assert out.read_bytes() == want
                whole += 1
            except TableError as failure:
                assert "cannot be written" in str(failure)
                assert list(mount.iterdir()) == []
                none += 1
    assert whole and none >= 3


CUT_WHILE_READ = """
import os, sys
from pathlib import Path
from jiebei_lib.core.tables.files import TableError, chunks
path, rows = Path(sys.argv[1]), 0
try:
    for number, chunk in enumerate(chunks(path, 5_000, [])):
        if number == 0:
            os.truncate(path, path.stat().st_size // 3)
        for column in chunk.rows.columns:
            column.to_pylist()
        rows += chunk.rows.num_rows
    print(rows)
except TableError as failure:
    print(failure)
"""


@pytest.mark.parametrize("ending", ["parquet", "feather", "arrow"])
def test_a_file_that_is_cut_short_while_it_is_read_is_one_line_and_ends_nothing_else(tmp_path, ending):
    """Uncompressed and in many parts, so that a map of it would be read long after it was opened."""
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet

    path, rows = tmp_path / f"in.{ending}", 400_000
    cases = pa.table(
        {"case_id": [f"c{n}" for n in range(rows)], "days_overdue": [7] * rows, "amount_overdue": [8000] * rows}
    )
    if ending == "parquet":
        pyarrow.parquet.write_table(cases, path, row_group_size=5_000, compression="none", use_dictionary=False)
    else:
        with pa.ipc.new_file(str(path), cases.schema) as file:
            file.write_table(cases, 5_000)
    command = [sys.executable, "-c", CUT_WHILE_READ, str(path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.returncode
    assert ended.stdout.count("\n") == 1
    assert path.name in ended.stdout or ended.stdout.strip() == str(rows)  # all of it may have been read before
    assert "Traceback" not in ended.stderr
