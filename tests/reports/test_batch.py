"""Many reports: one for each row and language, resumable after a kill at any moment, and what fails costs nothing but itself."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("papermill")
pytest.importorskip("pyarrow")

from jiebei_lib.cli import run
from jiebei_lib.core.policy import load_policy
from jiebei_lib.core.readings import relevant
from jiebei_lib.core.scoring.sensitivity import movable
from jiebei_lib.portfolio.sample import sample, write_sample
from jiebei_lib.reports import batch, shared_folder
from jiebei_lib.reports.batch import BUNDLE, INDEX, MANIFEST, reports
from jiebei_lib.reports.kinds import case_report
from jiebei_lib.reports.render import STYLE

DAY = "2026-11-23"


@pytest.fixture(scope="module")
def cases(tmp_path_factory) -> Path:
    return write_sample(tmp_path_factory.mktemp("cases") / "cases.csv", 6, seed=2)


@pytest.fixture(scope="module")
def made(cases, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("batch")
    done = reports(cases, folder, langs=("zh", "en"), as_of=DAY)
    assert (done.made, done.kept, done.failed) == (12, 0, 0)
    return folder


def lines(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / MANIFEST).read_text("utf-8").splitlines()]


def content(folder: Path) -> dict[str, str]:
    """What every report shows, whatever it was made with."""
    marks = {}
    for path in sorted(folder.glob("*.html")):
        if path.name != INDEX:
            marks[path.name] = path.read_text("utf-8").split('name="jiebei-content" content="')[1].split('"')[0]
    return marks


def test_a_report_for_each_row_and_language_with_its_hashes(made):
    entries = lines(made)
    ids = [f"S{n:09}" for n in range(1, 7)]
    assert [(entry["case_id"], entry["lang"]) for entry in entries] == [
        (name, lang) for name in ids for lang in ("zh", "en")
    ]
    for entry in entries:
        assert entry["row"] == int(entry["case_id"][1:]) and entry["as_of"] == DAY and len(entry["input"]) == 64
        assert set(entry["files"]) == {f"{entry['case_id']}.{entry['lang']}.{end}" for end in ("html", "ipynb")}
        for name, known in entry["files"].items():
            assert batch.digest((made / name).read_bytes()) == known
    files = {path.name for path in made.iterdir()}
    assert files == {name for entry in entries for name in entry["files"]} | {BUNDLE, STYLE, MANIFEST, INDEX}


def test_a_report_is_the_one_that_is_made_alone(made, cases, tmp_path):
    (first,) = sample(1, seed=2).to_dict("records")
    facts = {name: value for name, value in first.items() if value == value and name != "funded_by"}
    alone = case_report(batch.Case.of(facts), "zh", as_of=DAY, out=tmp_path)
    assert content(tmp_path)[alone.html.name] == content(made)[alone.html.name]


def test_the_chart_library_lies_once_beside_them_or_in_each(made, cases, tmp_path):
    page = (made / "S000000001.zh.html").read_text("utf-8")
    assert f'<script src="{BUNDLE}">' in page and len(page) < 200_000
    one = tmp_path / "one.csv"
    one.write_text("\n".join(cases.read_text("utf-8-sig").splitlines()[:2]), "utf-8")
    reports(one, tmp_path / "out", single_file=True, as_of=DAY)
    assert not (tmp_path / "out" / BUNDLE).exists()
    assert len((tmp_path / "out" / "S000000001.zh.html").read_text("utf-8")) > 1_000_000


def test_what_is_there_is_not_made_again_and_what_was_changed_is(made, cases):
    before = {path.name: path.stat().st_mtime_ns for path in made.iterdir() if path.name not in (MANIFEST, INDEX)}
    done = reports(cases, made, langs=("zh", "en"))  # the day is that of the run before
    assert (done.made, done.kept) == (0, 12)
    assert {path.name: path.stat().st_mtime_ns for path in made.iterdir() if path.name in before} == before
    page = made / "S000000003.en.html"
    page.write_text("changed", "utf-8")
    (made / "S000000004.zh.ipynb").unlink()
    done = reports(cases, made, langs=("zh", "en"))
    assert (done.made, done.kept) == (2, 10) and page.read_text("utf-8") != "changed"


def test_killed_at_any_moment_it_goes_on_where_it_stopped(cases, made, tmp_path):
    out = tmp_path / "out"
    code = f"""
        import os, signal
        from jiebei_lib.reports import batch, render as report
        real, left = report.write, [COUNT]
        def write(path, content):
            left[0] -= 1
            if left[0] == 0:  # in the middle of writing a file
                half = path.with_name(f".{{COUNT:016x}}.part")
                half.write_bytes(b"half")
                os.utime(half, (0, 0))  # as if the kill were a while ago
                os.kill(os.getpid(), signal.SIGKILL)
            return real(path, content)
        report.write = write
        batch.reports({str(cases)!r}, {str(out)!r}, langs=("zh", "en"), as_of={DAY!r})
    """
    for kill in (1, 4, 7, 7):
        ended = subprocess.run([sys.executable, "-c", textwrap.dedent(code).replace("COUNT", str(kill))], check=False)
        assert ended.returncode == -signal.SIGKILL
        for entry in lines(out) if (out / MANIFEST).exists() else []:
            assert all((out / name).exists() for name in entry["files"])
    with (out / MANIFEST).open("a", encoding="utf-8") as file:
        file.write('{"case_id": "S00')  # and one line cut off
    done = reports(cases, out, langs=("zh", "en"), as_of=DAY)
    assert done.kept >= 6 and done.made + done.kept == 12 and done.failed == 0
    assert content(out) == content(made) and len(lines(out)) == 12
    assert not list(out.glob(".*"))
    assert len({(entry["case_id"], entry["lang"]) for entry in lines(out)}) == 12


@pytest.mark.skipif(not batch.warm.WORKS, reason="forks: Linux only")
def test_what_copies_are_made_of_holds_the_readings_that_reports_look_at_and_not_what_has_drawn_them():
    server = batch.warm.server(batch.IMPORTS)
    assert server.call(eval, "sorted({'scipy', 'pandas', 'pyarrow.lib'} & set(__import__('sys').modules))") == []
    there = server.call(eval, "__import__('jiebei_lib.core.readings', fromlist=['drawn']).drawn")
    ends = [policy for each in movable(load_policy()) for policy in each.policies]
    assert len(ends) > 40 and {relevant(policy.data) for policy in ends} == set(there)
    for policy in ends[::7]:
        assert (there[relevant(policy.data)].samples == policy.readings.samples).all()


@pytest.mark.skipif(not batch.warm.WORKS, reason="forks: Linux only")
def test_a_crash_costs_one_report_and_the_next_run_tries_it_again(cases, tmp_path, monkeypatch):
    monkeypatch.setattr(batch, "IMPORTS", (*(plain := batch.IMPORTS), "crash_on_third"))
    (tmp_path / "crash_on_third.py").write_text(
        "import os\nfrom jiebei_lib.reports import batch\nreal = batch._render\n"
        "def crash(parameters, *more, **named):\n"
        "    if parameters['case']['case_id'] == 'S000000003':\n        os.abort()\n"
        "    if parameters['case']['case_id'] == 'S000000005':\n        raise MemoryError('no more')\n"
        "    return real(parameters, *more, **named)\n"
        "crash.__module__, crash.__qualname__ = 'jiebei_lib.reports.batch', '_render'\nbatch._render = crash\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *filter(None, sys.path)]))
    done = reports(cases, tmp_path / "out", as_of=DAY)
    assert (done.made, done.failed) == (4, 2)
    failed = {entry["case_id"]: entry["failed"]["en"] for entry in lines(tmp_path / "out") if "failed" in entry}
    assert "crashed" in failed["S000000003"] and "MemoryError: no more" in failed["S000000005"]
    monkeypatch.setattr(batch, "IMPORTS", plain)
    done = reports(cases, tmp_path / "out", as_of=DAY)
    assert (done.made, done.kept, done.failed) == (2, 4, 0)


def test_wrong_rows_and_ids_that_stand_twice_are_listed_and_stop_nothing(tmp_path, capsys):
    table = tmp_path / "cases.csv"
    table.write_text("编号,逾期天数,逾期金额\na,9,100\nb,x,100\na,9,200\n../c,9,300\nd,9\n<b>e</b>,8,10\n", "utf-8")
    assert run(["reports", str(table), "-o", str(tmp_path / "out"), "--as-of", DAY]) == 1
    assert "新做3份，已有0份，未成3份" in capsys.readouterr().out
    failed = [entry["failed"]["zh"] for entry in lines(tmp_path / "out") if "failed" in entry]
    assert len(failed) == 3 and "逾期天数" in failed[0] and "重复" in failed[1] and "应为3格" in failed[2]
    assert {path.parent for path in tmp_path.rglob("*.html")} == {tmp_path / "out"}
    index = (tmp_path / "out" / INDEX).read_text("utf-8")
    assert "<b>e" not in index and "\\u003cb>e" in index


def test_a_table_with_headers_only_is_one_line_and_writes_nothing(tmp_path, capsys):
    (tmp_path / "in.csv").write_text("case_id,days_overdue,amount_overdue\n", encoding="utf-8")
    assert run(["reports", str(tmp_path / "in.csv"), "-o", str(tmp_path / "out"), "--lang", "en"]) == 2
    assert "holds no case" in capsys.readouterr().err and not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("option", "value"), [("--lang", "fr"), ("--to", "odt"), ("--as-of", "tomorrow"), ("--cluster", "nonsense://x")]
)
def test_a_wrong_option_is_one_line(cases, tmp_path, capsys, option, value):
    assert run(["reports", str(cases), "-o", str(tmp_path / "out"), option, value]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_a_worker_writes_where_it_reaches_the_folder_and_elsewhere_hands_over_what_it_made(tmp_path):
    made = {"files": {"a.zh.html": b"page"}, "head": {"headline": "h"}}
    with shared_folder.shared(tmp_path) as at:
        told = shared_folder.put(made, at)
        assert told == {"head": made["head"], "written": {"a.zh.html": batch.digest(b"page")}}
        assert (tmp_path / "a.zh.html").read_bytes() == b"page"
        elsewhere = tmp_path / "elsewhere"  # a folder of this name on another machine, with a file of that name even
        elsewhere.mkdir()
        (elsewhere / at.file).write_text("0" * 32)
        assert shared_folder.put(made, replace(at, folder=str(elsewhere))) == made
        assert shared_folder.put(made, replace(at, folder=str(tmp_path / "none"))) == made
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.zh.html", "elsewhere"]


@pytest.mark.slow
def test_on_a_cluster_the_reports_are_the_same_and_none_is_lost_when_a_worker_dies(cases, made, tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as cluster:
        killed = []

        def tell(number, total):
            if number and not killed:
                killed.append(next(iter(cluster.workers.values())).pid)
                os.kill(killed[0], signal.SIGKILL)

        address = cluster.scheduler_address
        got = []
        put_there = batch._put
        monkeypatch.setattr(
            batch, "_put", lambda content, *more: (got.append(set(content)), put_there(content, *more))[1]
        )
        done = reports(cases, tmp_path, langs=("zh", "en"), as_of=DAY, cluster=address, progress=tell)
    assert got == [{"head", "written"}] * 12  # no page travelled
    assert killed and (done.made, done.failed) == (12, 0)
    assert content(tmp_path) == content(made)


@pytest.mark.browser
def test_the_index_can_be_searched_sorted_and_filtered_offline_in_both_languages(made, chromium):
    page = chromium.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((made / INDEX).as_uri())
    rows = page.locator("#cases tbody tr")
    assert rows.count() == 6 and page.locator("#count").inner_text() == "显示6个，共6个"
    counts = [int(text.split()[0]) for text in page.locator("#cases tbody td:nth-child(6)").all_inner_texts()]
    assert counts == sorted(counts, reverse=True), "the ones where a call is likelier come first"
    page.fill("#search", "s000000004")
    assert rows.count() == 1 and "S000000004" in rows.first.inner_text()
    page.fill("#search", "没有这样的")
    assert rows.count() == 0 and page.locator("#count").inner_text() == "没有符合的案例。"
    page.fill("#search", "")
    page.click('[data-key="days"]')
    days = [int(text) for text in page.locator("#cases tbody td:nth-child(2)").all_inner_texts()]
    assert days == sorted(days)
    page.click('[data-key="days"]')
    assert page.locator('th[aria-sort="descending"]').count() == 1
    verdicts = set(page.locator("#cases tbody td:nth-child(4)").all_inner_texts())
    page.select_option("#filter", "not_yet")
    assert set(page.locator("#cases tbody td:nth-child(4)").all_inner_texts()) == verdicts & {"还不到时候"}
    page.select_option("#filter", "")
    page.click("#switch")
    assert page.locator("html").get_attribute("lang") == "en" and "Reports" in page.title()
    page.locator("#cases tbody tr").first.locator("a").first.click()
    page.wait_for_selector(".chart .main-svg")
    assert asked and all(url.startswith("file://") for url in asked)
    page.close()
