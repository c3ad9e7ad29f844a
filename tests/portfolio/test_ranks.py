"""Places in a table over all readings: against brute force; pairs: a partial order that every reading keeps."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from jiebei_lib.cli import run
from jiebei_lib.core.case import FIELDS, Case
from jiebei_lib.core.policy import load_policy
from jiebei_lib.core.rules.factors import days_pressure, pressures
from jiebei_lib.core.scoring.compare import compare
from jiebei_lib.core.tables.files import TableError
from jiebei_lib.core.tables.table import check_table
from jiebei_lib.portfolio import ranks as module
from jiebei_lib.portfolio.ranks import RANKED, drawn, necessarily_above, pair, ranked, ranks
from jiebei_lib.portfolio.sample import sample, write_sample
from jiebei_lib.portfolio.score_files import score_files

ROWS = 200


@pytest.fixture(scope="module", params=["article", "published"])
def table(request):
    policy = load_policy(request.param)
    columns = check_table(sample(ROWS, seed=5).drop(columns="funded_by"))
    low, high = pressures(columns, policy)
    return policy, low, high, columns["days_overdue"]


def in_each_reading(policy, pressure, days) -> np.ndarray:
    """z (m, n) in every reading that ranks are taken over."""
    weights, first = drawn(policy.readings, len(days))
    pressed = np.array([days_pressure(days, day, 90.0) for day in first])
    z = weights[:, :1] + weights[:, 1:-1] @ pressure.T + weights[:, -1:] * pressed
    return np.where(days >= first[:, None], z, -np.inf)


def test_ranks_are_those_of_brute_force(table):
    policy, low, high, days = table
    middle = (low + high) / 2
    found, z = ranks(middle, days, policy), in_each_reading(policy, middle, days)
    # A row's rank in a reading: one more than the rows that stand strictly above it. Rounding may part what is equal.
    above = np.array([[(row > own + 1e-12).sum() for own in row] for row in z]) + 1
    nearly = np.array([[((row > own - 1e-12) | (row == own)).sum() for own in row] for row in z])
    assert (found.best >= above.min(axis=0)).all() and (found.best <= nearly.min(axis=0)).all()
    assert (found.worst >= above.max(axis=0)).all() and (found.worst <= nearly.max(axis=0)).all()
    number = len(policy.readings.samples)
    assert found.mean == pytest.approx(above[:number].mean(axis=0), abs=0.02)
    assert (found.best <= found.mean).all() and (found.mean <= found.worst).all()


@pytest.mark.parametrize("rows", [1, 3, ROWS])
def test_the_compiled_sort_finds_the_same_places(table, rows, monkeypatch):
    pytest.importorskip("numba")
    policy, low, high, days = table
    few = slice(0, rows)
    middle, days = (
        np.repeat((low + high)[few] / 2, 40, axis=0),
        np.repeat(days[few], 40),
    )  # equal cases, in crowded buckets
    monkeypatch.setattr(module, "COMPILED", 10**9)
    plain = ranks(middle, days, policy)
    monkeypatch.setattr(module, "COMPILED", 0)
    for name in ("best", "worst", "mean"):
        assert np.array_equal(getattr(ranks(middle, days, policy), name), getattr(plain, name)), name


def test_a_longer_table_uses_fewer_readings_and_says_so(table, monkeypatch):
    policy, low, high, days = table
    monkeypatch.setattr(module, "WORK", 1024 * ROWS)
    found = ranks((low + high) / 2, days, policy)
    assert found.readings == 1024 + len(policy.readings.vertices) * len(policy.readings.days)


def test_necessarily_above_is_a_partial_order_that_every_reading_keeps(table):
    policy, low, high, days = table
    above = necessarily_above(low, high, days, policy)
    assert above.diagonal().all()
    # Transitive: whoever stands above one that stands above a third stands above the third.
    through = (above.astype(int) @ above.astype(int)) > 0
    assert (through <= above).all()
    least = in_each_reading(policy, low, days) if (policy.readings.samples[:, 1:] >= 0).all() else None
    if least is not None:
        most = in_each_reading(policy, high, days)
        for i, j in np.argwhere(above & ~np.eye(ROWS, dtype=bool))[::97]:
            assert (least[:, i] >= most[:, j] - 1e-9).all()


def test_equal_cases_have_equal_ranks_wherever_they_stand(table):
    policy, low, high, days = table
    middle = (low + high) / 2
    order = np.random.default_rng(3).permutation(2 * ROWS)
    twice = ranks(np.tile(middle, (2, 1))[order], np.tile(days, 2)[order], policy)
    for found in (twice.best, twice.worst, twice.mean):
        back = np.empty_like(found)
        back[order] = found
        assert (back[:ROWS] == back[ROWS:]).all()


def test_more_pressure_never_costs_a_place(table):
    policy, low, high, days = table
    middle = (low + high) / 2
    before, weights = ranks(middle, days, policy), np.vstack([policy.readings.samples, policy.readings.vertices])
    # By the pages, contact details may weigh either way
    rising = np.flatnonzero((weights[:, 1:-1] >= 0).all(axis=0))
    assert len(rising) >= 3
    for factor in rising:
        pressed = middle.copy()
        pressed[7, factor] = 1.0
        after = ranks(pressed, days, policy)
        assert after.best[7] <= before.best[7] and after.worst[7] <= before.worst[7] and after.mean[7] <= before.mean[7]


def test_necessarily_above_is_never_ranked_below(table):
    """Who stands above another in every reading, whatever is unknown, has no worse rank in any sense."""
    policy, low, high, days = table
    above, found = necessarily_above(low, high, days, policy), ranks((low + high) / 2, days, policy)
    for i, j in np.argwhere(above & ~np.eye(ROWS, dtype=bool)):
        assert found.best[i] <= found.best[j] and found.worst[i] <= found.worst[j] and found.mean[i] <= found.mean[j]


@pytest.mark.parametrize("policy", ["article", "published"])
def test_a_pair_of_a_table_is_what_comparing_the_two_cases_gives(policy):
    table = sample(12, seed=8)
    cases = [
        Case(**{name: None if pd.isna(row[name]) else row[name] for name in FIELDS if name in row})
        for row in table.to_dict("records")
    ]
    columns = check_table(table, others=True)
    above = necessarily_above(*pressures(columns, load_policy(policy)), columns["days_overdue"], load_policy(policy))
    said = set()
    for a, b in itertools.permutations(range(12), 2):
        found, alone = pair(table, cases[a].case_id, cases[b].case_id, policy), compare(cases[a], cases[b], policy)
        assert found.least == pytest.approx(alone.least) and found.greatest == pytest.approx(alone.greatest)
        assert (found.necessarily in ("above", "equal")) == above[a, b]
        said.add(found.necessarily)
    assert {"above", "below", None} <= said


def test_ids_that_are_not_there_or_stand_twice_are_named():
    table = sample(5, seed=1).assign(case_id=["a", "b", "b", "c", "d"])
    with pytest.raises(TableError, match="'z'"):
        pair(table, "a", "z")
    with pytest.raises(TableError, match="'b'"):
        pair(table, "b", "a")
    assert pair(table.drop(columns="case_id"), "1", "1").necessarily in ("equal", None)


@pytest.mark.parametrize("parts", [1000, 37])
def test_a_scored_file_has_the_ranks_of_the_table_of_its_good_rows(tmp_path, monkeypatch, parts):
    pytest.importorskip("pyarrow")
    monkeypatch.setattr("jiebei_lib.portfolio.score_files.ROWS", parts)
    source = write_sample(tmp_path / "in.csv", 150, seed=4)
    lines = source.read_text("utf-8").splitlines(keepends=True)
    lines.insert(40, "X1,abc,100,,,,,bank\n")
    source.write_text("".join(lines), "utf-8")
    made = score_files(source, tmp_path / "out.csv", ranked=True)
    found, expected = pd.read_csv(made.output), ranked(sample(150, seed=4))
    assert made.bad == 1 and made.readings == expected.readings == 4096 + len(load_policy().readings.vertices)
    assert list(found.columns[-3:]) == list(RANKED)
    for name, column in expected.columns().items():
        assert found[name].to_numpy() == pytest.approx(column)
    plain = pd.read_csv(score_files(source, tmp_path / "plain.csv").output)
    pd.testing.assert_frame_equal(found.drop(columns=list(RANKED)), plain)


def test_the_command_ranks_and_says_over_how_many_readings(tmp_path, capsys):
    pytest.importorskip("pyarrow")
    source = write_sample(tmp_path / "in.csv", 30)
    assert run(["score", str(source), "-o", str(tmp_path / "out.csv"), "--ranks", "--lang", "en"]) == 0
    assert f"{4096 + len(load_policy().readings.vertices):,} readings" in capsys.readouterr().out
    again = ["score", str(tmp_path / "out.csv"), "-o", str(tmp_path / "again.csv"), "--ranks", "--lang", "en"]
    assert run(again) == 2 and "best_rank" in capsys.readouterr().err


@pytest.mark.parametrize(("lang", "terms"), [("en", ("necessarily", "possibly")), ("zh", ("必然", "可能"))])
def test_the_command_holds_two_cases_against_each_other_in_the_fields_terms(tmp_path, capsys, lang, terms):
    pytest.importorskip("pyarrow")
    source = tmp_path / "in.csv"
    head = "case_id,days_overdue,amount_overdue,communication,contacts,zhima_score,past_overdue"
    rows = ["p,30,20000,silent,close", "q,30,800,repaying,wrong", "r,30,20000,repaying,close", "s,3,20000,silent,close"]
    source.write_text("\n".join([head, *(f"{row},600,2" for row in rows)]) + "\nu,30,800,,,,\n", "utf-8")
    said = {}
    for ids in ("p,q", "q,p", "p,u", "p,s"):
        assert run(["portfolio", str(source), "--pairs", ids, "-o", str(tmp_path / "out"), "--lang", lang]) == 0
        said[ids] = capsys.readouterr().out
    assert not (tmp_path / "out").exists()
    first = {ids: text.splitlines()[1] for ids, text in said.items()}  # by the article
    assert terms[0] in first["p,q"] and terms[0] in first["q,p"] and first["p,q"] != first["q,p"]
    assert terms[1] in first["p,u"] and terms[0] not in first["p,u"]
    assert terms[0] in first["p,s"]  # on day 3 no reading of the article has a call
    assert len(said["p,q"].splitlines()) == 6  # both witnesses
    for wrong in ("p", "p,q,r", "p,", "p,x"):
        assert run(["portfolio", str(source), "--pairs", wrong, "--lang", lang]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
