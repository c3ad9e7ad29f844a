"""A log's columns as numbers of their words, and small integers: the same log and the same findings in half of the memory."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from jiebei_lib.calls.audit import audit
from jiebei_lib.calls.files import read_table
from jiebei_lib.calls.log import Log, read_log
from jiebei_lib.calls.rule_sets import SETS, load_rules
from jiebei_lib.core.tables import whole
from tests.calls.planted import planted_log


def with_holes(attempts: int, seed: int) -> pd.DataFrame:
    """A planted log in which facts are not known, ids stand for several debts, zones are several, and rows are wrong or stand twice."""
    rng = np.random.default_rng(seed)
    table = planted_log(attempts, seed, each=2)[0]
    for column in table.columns.drop(["attempt_id", "at"]):
        table.loc[rng.random(attempts) < rng.choice([0, 0.02, 0.3]), column] = rng.choice(["", "未知", " N/A "])
    table["zone"] = rng.choice(["", "Asia/Shanghai", "Europe/London ; Asia/Kolkata", "Asia/Nowhere"], attempts)
    table["at"] = [at[:19] + rng.choice(["+08:00", "Z", "-05:00", ""]) for at in table["at"]]
    table["debt_id"] += rng.choice(["", ";shared", "；b; a"], attempts, p=[0.9, 0.05, 0.05])
    table["lender"] = rng.choice(["bank", "银行", "pigeon", ""], attempts, p=[0.5, 0.2, 0.01, 0.29])
    return pd.concat([table, table.head(9)], ignore_index=True)


def told(log: Log) -> tuple[list[str], int, list[str]]:
    return [problem.say("en") for problem in log.problems], log.rejected, log.table.dtypes.astype(str).tolist()


@pytest.mark.parametrize(("most", "part"), [(4096, 1 << 16), (6, 40), (40, 100)])
def test_whether_words_or_their_numbers_are_kept_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, part: int
) -> None:
    """Also where a column turns out to have many words only when it is half read."""
    monkeypatch.setattr(whole, "PART", part)
    with_holes(600, seed=3).to_csv(tmp_path / "log.csv", index=False)
    logs = []
    for words in (-1, most):
        monkeypatch.setattr(whole, "MOST_WORDS", words)
        logs.append(read_log(tmp_path / "log.csv", "Asia/Shanghai", latest=pd.Timestamp("2027-12-01", tz="UTC")))
    plain, coded = logs
    assert told(plain) == told(coded) and plain.rejected
    pd.testing.assert_frame_equal(plain.table, coded.table)
    found, again = (audit(log, load_rules(SETS), "2026-07-01") for log in (plain, coded))
    assert len(found.breaches) and len(found.undecided) and found.later
    pd.testing.assert_frame_equal(found.table, again.table)
    pd.testing.assert_frame_equal(found.rules, again.rules)


def test_an_audit_holds_little_for_each_attempt(tmp_path: Path) -> None:
    """451 bytes an attempt under all rule sets, and 880 of a file's text, before columns were kept as small integers."""
    attempts = 30_000
    planted_log(attempts, seed=3, each=4)[0].to_parquet(tmp_path / "log.parquet")
    table = read_table(tmp_path / "log.parquet")[0]
    assert table.memory_usage(deep=True).sum() < 200 * attempts
    log, rules = read_log(tmp_path / "log.parquet", zone="Asia/Shanghai"), load_rules()
    audit(log, rules)
    tracemalloc.start()
    audit(log, rules)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 300 * attempts
