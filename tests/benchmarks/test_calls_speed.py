"""A million attempts under all rule sets, beside a DuckDB window query of the same counts; time and peak memory of fresh processes.

By hand: ``pytest tests/benchmarks/test_calls_speed.py -s``. With ``--benchmark-disable`` ten thousand attempts, as a smoke test.
"""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path

import pytest

from tests.memory import peak

COUNTS = {"cn_gbt_effective_calls": 40, "cn_cba_unanswered": 40, "us_seven_in_seven": 80}
QUERY = """
with log as (
  select *, "at"::timestamptz as t, "at"::timestamptz at time zone 'Asia/Shanghai' as clock from read_parquet('{file}')
), wrong as (select distinct number_id from log where outcome = 'wrong_number'
), calls as (
  select *, clock::date as day from log where channel = 'call' and direction = 'out'
), effective as (
  select count(*) over (partition by callee_id, day order by t, attempt_id rows unbounded preceding) as n
  from calls where callee = 'borrower' and outcome = 'conversation' and voice = 'interactive'
), dials as (
  select count(*) over (partition by number_id, day order by t, attempt_id rows unbounded preceding) as n
  from calls where answered = 'false' and number_id <> ''
), placed as (
  select count(*) over (
    partition by callee_id, debt_id, agency_id order by clock
    range between (clock - (day - interval 6 day)) preceding and current row) as n
  from calls where outcome not in ('busy', 'not_in_service', 'failed', '') and agency_id <> '' and agreed_on = '' and callee <> 'attorney'
    and number_id not in (select number_id from wrong)
)
select (select count(*) from effective where n > 3), (select count(*) from dials where n > 6),
  (select count(*) from placed where n > 7)
"""


def ours(file: str) -> tuple[float, float, dict[str, int]]:
    """Seconds from the file to the findings, peak GiB, breaches of the counting rules."""
    begin = time.perf_counter()
    from jiebei_lib.calls.audit import audit
    from jiebei_lib.calls.log import read_log
    from jiebei_lib.calls.rule_sets import load_rules

    found = audit(read_log(file, zone="Asia/Shanghai"), load_rules())
    taken = time.perf_counter() - begin
    rules = found.rules.set_index("rule_id")["breaches"]
    return (
        taken,
        peak() / 2**30,
        {rule: int(rules[rule]) for rule in COUNTS},
    )


def duckdb_s(file: str) -> tuple[float, float, dict[str, int]]:
    begin = time.perf_counter()
    import duckdb

    connection = duckdb.connect(config={"threads": 2})
    counts = connection.execute(QUERY.format(file=file)).fetchone()
    taken = time.perf_counter() - begin
    return taken, peak() / 2**30, dict(zip(COUNTS, counts, strict=True))


def in_a_fresh_process(function, file: Path) -> tuple[float, float, dict[str, int]]:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, (str(file),))


def test_a_million_attempts_beside_duckdb(benchmark, tmp_path, monkeypatch) -> None:
    pytest.importorskip("duckdb")
    monkeypatch.setenv("ARROW_DEFAULT_MEMORY_POOL", "system")  # as the command has it
    from tests.calls.planted import planted_log

    attempts = 10_000 if benchmark.disabled else 1_000_000
    file = tmp_path / "log.parquet"
    planted_log(attempts, seed=11, each=40)[0].to_parquet(file)
    seconds, memory, counts = benchmark.pedantic(
        in_a_fresh_process, (ours, file), rounds=1 if benchmark.disabled else 3
    )
    other_seconds, other_memory, other_counts = in_a_fresh_process(duckdb_s, file)
    from jiebei_lib.calls.rule_sets import load_rules

    rules = len(load_rules().rules)
    print(
        f"\naudit {seconds:.2f} s, {memory:.2f} GiB, {rules} rules; DuckDB {other_seconds:.2f} s, {other_memory:.2f} GiB, 3 counts"
    )
    benchmark.extra_info.update(
        attempts=attempts,
        audit_seconds=seconds,
        audit_gib=memory,
        duckdb_seconds=other_seconds,
        duckdb_gib=other_memory,
    )
    assert counts == other_counts == COUNTS
    assert memory < 0.93
