"""Seeded fuzzing of everything that reads what somebody gave: each input is accepted, or refused in one sentence that can be said in
both languages. Anything else is a finding: another exception, no answer within some seconds, a number that is none.

By hand, for the figures of docs/reliability.md::

    python -m tests.attack.fuzzing --inputs 1000000 --seed 1
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import datetime
import decimal
import fractions
import io
import json
import math
import os
import random
import signal
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from jiebei_lib.core.knowledge.problems import UserError
from jiebei_lib.core.knowledge.yaml_files import beside

PATIENCE = 20  # seconds for one input
TEXT = """|' '|a|案例|silent|wrong|unknown|null|~|None|nan|NaN|inf|-inf|.inf|.nan|7|07|7.0|7.|.5|+7|-7|-0|1e3|1E400|1e-400|0x10|0b1|0o7
|1_000|1,000|1:30|1:30.5|８０００|８,０００ 元|¥8,000|8000元|1/2|50%|yes|no|on|true|True|2026-01-01|2026-13-01|0001-01-01|9999-12-31
|2026-02-30|2024-02-29|2026-W01-1|20260101|2026-01-01T00:00:00+08:00|'; drop|=1+1|{x}|{0}|[1]|- 1|#|&a|*a|!!python/none|%|\\|"|'|<b>
|٧|七|Ⅶ|7７|²|①|İ|ß|😀|equal_instalment|equal_principal|bullet|Asia/Shanghai|call|none|a;b|;|(3)|[3]|逾期天数|不清楚""".replace(
    "\n", ""
).split("|")
TEXT += [
    "x" * 64,
    "x" * 65,
    "x" * 5000,
    "9" * 401,
    "\0",
    "\n",
    "\t7",
    "7\n",
    "\u202e",
    "\u200b7",
    "\ufeff7",
    "\ud800",
    "a\nb: c",
    "\x1b]0;x\x07",
]
NUMBERS = [
    0,
    1,
    -1,
    7,
    30,
    365,
    3650,
    3651,
    350,
    950,
    951,
    100,
    101,
    8000,
    10**7,
    10**7 + 1,
    2**31,
    2**53 + 1,
    2**63,
    2**64,
    10**30,
]
NUMBERS += [
    10**400,
    -(10**400),
    0.0,
    -0.0,
    0.1,
    7.0,
    7.5,
    1e-320,
    1e308,
    -1e308,
    math.inf,
    -math.inf,
    math.nan,
    0.0005,
    0.18,
    9999999.999,
]
OBJECTS = [
    b"7",
    bytearray(b"7"),
    decimal.Decimal("7"),
    decimal.Decimal("NaN"),
    decimal.Decimal("sNaN"),
    decimal.Decimal("1e1000"),
]
OBJECTS += [
    decimal.Decimal("Infinity"),
    fractions.Fraction(1, 3),
    np.int64(7),
    np.float64("nan"),
    np.bool_(True),
    np.array([7]),
    np.array(7),
]
OBJECTS += [
    pd.NA,
    pd.NaT,
    pd.Timestamp("2026-01-01"),
    datetime.date(2026, 1, 1),
    datetime.datetime(2026, 1, 1),
    datetime.timedelta(7),
]
OBJECTS += [complex(1, 2), [], [7], [7, 7], {}, {"a": 1}, {"value": 7}, (7,), {7}, object, range(3), [["x"]] * 3]
KEYS = [*TEXT[:30], 1, None, True, "value", "range", "text", "zh", "en", "basis", "cite", "when"]
NOT_TYPED = {
    0: None,
    0xD800: "\udcff",
}  # what no command line can hold, and what stands there for a byte that is no text
DAYS = ["2026-01-15", "2026-01-31", "2024-02-29", "2199-12-31", "1990-01-01"]


class Late(BaseException):
    """An input took longer than anybody waits."""


@dataclass
class Fuzz:
    """One run: its random numbers, its folder, how many inputs there were of each kind, and what was found."""

    seed: int
    folder: Path
    counts: Counter = field(default_factory=Counter)
    findings: dict[tuple, list[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def attempt(self, kind: str, work: Callable[[], Any], given: Any) -> Any:
        """What ``work`` gives, or None if the input was refused; anything else is noted."""
        self.counts["inputs"] += 1
        timed = hasattr(signal, "SIGALRM")
        if timed:
            before = signal.signal(signal.SIGALRM, _late)
            signal.alarm(PATIENCE)
        try:
            made = work()
            self.counts["accepted"] += 1
            return made
        except UserError as refusal:
            self.counts["refused"] += 1
            self.heard(refusal, given)
        except Late:
            self.note(f"{kind}: no answer", given)
        except Exception as failure:
            self.note(kind, given, failure)
        finally:
            if timed:
                signal.alarm(0)
                signal.signal(signal.SIGALRM, before)
        return None

    def heard(self, refusal: UserError, given: Any) -> None:
        """Whether a refusal is one sentence a problem, in both languages."""
        for lang in ("zh", "en"):
            try:
                said = refusal.say(lang)
                if "\n" in said and len(refusal.problems) == 1:
                    self.note("a refusal of two lines", (said[:300], given))
            except Exception as failure:
                self.note("a refusal that cannot be said", given, failure)

    def note(self, kind: str, given: Any, failure: Exception | None = None) -> None:
        where = ""
        if failure is not None:
            frames = [each for each in traceback.extract_tb(failure.__traceback__) if "jiebei_lib" in each.filename]
            where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
        key = (kind, type(failure).__name__ if failure else "", where)
        self.findings.setdefault(key, [0, ascii(given)[:300], ascii(str(failure))[:200]])[0] += 1

    def finite(self, kind: str, told: Any, given: Any) -> None:
        """Notes numbers that are none."""
        try:
            json.dumps(told, allow_nan=False, default=str)
        except ValueError as failure:
            self.note(f"{kind}: not a number", given, failure)

    # ---- what is given ---------------------------------------------------------------------------------------------

    def one(self) -> Any:
        pick = self.random.random()
        pool = TEXT if pick < 0.5 else NUMBERS if pick < 0.8 else [None, True, False] if pick < 0.88 else OBJECTS
        return self.random.choice(pool)

    def tree(self, depth: int = 0) -> Any:
        pick = self.random.random()
        if depth > 3 or pick < 0.6:
            return self.one()
        if pick < 0.8:
            return [self.tree(depth + 1) for _ in range(self.random.randint(0, 3))]
        return {self.random.choice(KEYS): self.tree(depth + 1) for _ in range(self.random.randint(0, 4))}

    def some(self, *often: Any) -> Any:
        """Mostly one of ``often``, now and then anything."""
        return self.random.choice(often) if self.random.random() < 0.8 else self.one()

    def spoilt(self, data: bytes, chance: float = 0.4) -> bytes:
        """Bytes, some of them changed, or cut off."""
        if data and self.random.random() < chance:
            changed = bytearray(data)
            for _ in range(self.random.randint(1, 6)):
                changed[self.random.randrange(len(changed))] = self.random.randrange(256)
            data = bytes(changed)
        return data[: self.random.randrange(len(data) + 1)] if self.random.random() < 0.1 else data

    def facts(self) -> dict[str, Any]:
        pick = self.random.choice
        return {
            "days_overdue": pick([0, 1, 6, 7, 8, 30, 3650]),
            "amount_overdue": pick([0.01, 800, 8000.5, 10**7]),
            "zhima_score": pick([None, 350, 600, 950]),
            "past_overdue": pick([None, 0, 3, 100]),
            "communication": pick([None, "silent", "repaying", "broken_promise"]),
            "contacts": pick([None, "close", "wrong"]),
        }


def _late(*_: Any) -> None:
    raise Late


def plain(told: Any) -> Any:
    """As JSON and YAML can hold it."""
    return json.loads(json.dumps(told, default=str, skipkeys=True))


def a_case(fuzz: Fuzz) -> None:
    from jiebei_lib.core.assessment import assess
    from jiebei_lib.core.case import FIELDS, Case

    facts = fuzz.facts()
    for _ in range(fuzz.random.choice([1, 1, 2, 3])):
        facts[fuzz.random.choice([*FIELDS, "nosuch", 7, None, ""])] = (
            fuzz.tree() if fuzz.random.random() < 0.3 else fuzz.one()
        )
    given = facts if fuzz.random.random() < 0.95 else fuzz.tree()
    case = fuzz.attempt("case", lambda: Case.of(given), given)
    if case is None:
        return
    fuzz.finite("case", case.to_dict(), given)
    if fuzz.attempt("case read back", lambda: Case.of(yaml.safe_load(case.to_yaml())), given) != case:
        fuzz.note("case read back differs", given)
    if fuzz.random.random() < 0.1:
        day = fuzz.some("2026-11-25", "2020-01-01", "1990-01-01", "2199-12-31")
        made = fuzz.attempt("assess", lambda: assess(case, fuzz.some("article", "published"), day), (case, day))
        if made is not None:
            fuzz.finite("assess", made.to_dict("en"), case)


def a_file(fuzz: Fuzz) -> None:
    """A case's file: YAML or JSON, damaged bytes in any encoding."""
    from jiebei_lib.core.case import Case

    told = fuzz.facts() | {fuzz.random.choice(["case_id", "contacts", "days_overdue", "x"]): fuzz.random.choice(TEXT)}
    lines = (
        "".join(f"{key}: {value}\n" for key, value in told.items()) if fuzz.random.random() < 0.7 else json.dumps(told)
    )
    data = lines.encode(fuzz.random.choice(["utf-8", "utf-8-sig", "utf-16", "gb18030"]), "replace")
    path = fuzz.folder / fuzz.random.choice(["one.yaml", "one.json"])
    path.write_bytes(fuzz.spoilt(data) if fuzz.random.random() < 0.95 else fuzz.random.randbytes(60))
    fuzz.attempt("case file", lambda: Case.read(path), path.read_bytes()[:200])


def a_loan(fuzz: Fuzz) -> None:
    from jiebei_lib.core.assessment import in_language
    from jiebei_lib.money.loan import FIELDS, Loan
    from jiebei_lib.money.record import record
    from jiebei_lib.money.summary import money

    pick = fuzz.random.choice
    given = {
        "principal": pick([1000, 8000, "12000.50", 10**6]),
        "months": pick([1, 3, 12, 24]),
        "method": pick(["equal_instalment", "equal_principal", "bullet", "interest_first"]),
        "drawn": pick(DAYS),
        pick(["daily_rate", "monthly_rate", "annual_rate"]): pick([0, 0.0005, "0.0004", 0.18, "0.24", 1e-9]),
    }
    for _ in range(pick([0, 1, 1, 2])):
        payments = [
            {"on": pick(TEXT), "amount": fuzz.one()},
            {"on": "2026-03-01", "amount": pick([0.01, 100, "5e3", 1e9])},
        ]
        given[pick([*FIELDS, "nosuch"])] = pick(
            [fuzz.one(), fuzz.tree(), [pick(payments)], fuzz.random.randint(-2, 40)]
        )
    loan = fuzz.attempt("loan", lambda: Loan.of(given), given)
    if loan is not None and fuzz.random.random() < 0.2:
        if fuzz.attempt("loan read back", lambda: Loan.of(yaml.safe_load(loan.to_yaml())), given) != loan:
            fuzz.note("loan read back differs", given)
        day, late = fuzz.some(None, "2026-11-25", "2200-12-31"), fuzz.some(None, None, 0, 7, 36500)
        found = fuzz.attempt(
            "money", lambda: money(loan, day, late, months=fuzz.some(None, 1, 12, 60)), (given, day, late)
        )
        if found is not None:
            fuzz.finite("money", in_language(found, "en"), given)
    if fuzz.random.random() < 0.1:
        args = fuzz.some("2026-01-01"), fuzz.some(None, "2026-05-01"), fuzz.some(8000, "8000")
        fuzz.attempt("record", lambda: record(*args), args)


def _paths(node: Any, path: tuple = ()) -> Iterator[tuple]:
    yield path
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _paths(value, (*path, key))


def a_policy(fuzz: Fuzz) -> None:
    from jiebei_lib.core.assessment import assess
    from jiebei_lib.core.case import Case
    from jiebei_lib.core.policy import load_policy

    base = fuzz.random.choice(["article", "published"])
    paths = [path for path in _paths(load_policy(base).data) if path]
    overlay: Any = {"base": base}
    for _ in range(fuzz.random.choice([1, 1, 2])):
        path = fuzz.random.choice(paths)
        value = fuzz.random.choice(
            [fuzz.one(), fuzz.tree(), None, {"value": fuzz.one()}, {"range": [fuzz.one(), fuzz.one()]}]
        )
        node = overlay
        for key in path[:-1]:
            node = node.setdefault(key, {}) if isinstance(node, dict) else {}
        if isinstance(node, dict):
            node[path[-1]] = value
    if fuzz.random.random() < 0.03:
        overlay = fuzz.tree()
    policy = fuzz.attempt("policy", lambda: load_policy(overlay), overlay)
    if policy is not None and hasattr(policy, "data") and fuzz.random.random() < 0.5:
        case = Case(**fuzz.facts())
        made = fuzz.attempt("assess under a policy", lambda: assess(case, policy, "2026-11-25"), (overlay, case))
        if made is not None:
            fuzz.finite("assess under a policy", made.to_dict("zh"), overlay)


def a_log(fuzz: Fuzz) -> None:
    from jiebei_lib.calls.audit import audit
    from jiebei_lib.calls.log import COLUMNS, read_log
    from jiebei_lib.calls.rule_sets import load_rules

    names, pick = list(COLUMNS), fuzz.random.choice

    def cell(name: str) -> Any:
        levels = COLUMNS[name].get("levels")
        if fuzz.random.random() < 0.75:
            return pick(list(levels)) if levels else pick(["a1", "b", "", f"c{fuzz.random.randint(0, 50)}"])
        return pick(TEXT) if fuzz.random.random() < 0.7 else fuzz.one()

    def at() -> str:
        when = f"2026-03-{fuzz.random.randint(1, 28):02}T{fuzz.random.randint(0, 23):02}:10:00+08:00"
        return pick(
            [
                when,
                when,
                when,
                "2026-03-01 10:00Z",
                "2026-03-29T02:30:00",
                "1677-09-21T00:12:43Z",
                "9999-12-31T23:59:59+14:00",
            ]
        )

    rows: list[Any] = [
        {name: cell(name) for name in fuzz.random.sample(names, fuzz.random.randint(2, len(names)))}
        | {"attempt_id": f"id{n}", "at": at()}
        for n in range(fuzz.random.randint(0, 8))
    ]
    if fuzz.random.random() < 0.1:
        rows.insert(0, fuzz.one())
    how, given = fuzz.random.random(), rows
    path = fuzz.folder / "log.csv"
    if how < 0.4:
        columns = sorted({str(key) for row in rows if isinstance(row, dict) for key in row})
        out = io.StringIO()
        table = csv.writer(out)
        table.writerow(columns)
        table.writerows([row.get(name, "") for name in columns] for row in rows if isinstance(row, dict))
        path.write_bytes(fuzz.spoilt(out.getvalue().encode("utf-8", "surrogatepass")))
        given = path
    elif how < 0.6:
        given = fuzz.folder / "log.json"
        given.write_text(json.dumps(plain(rows)), "utf-8")
    fuzz.counts["inputs"] += len(rows)
    log = fuzz.attempt(
        "log", lambda: read_log(given, fuzz.some(None, "Asia/Shanghai"), fuzz.random.random() < 0.4), rows
    )
    if log is not None and len(log.table):
        sets, day = pick(["cn", "us", "uk", "cn,us,uk"]), fuzz.some(None, "2026-11-25")
        fuzz.attempt("audit", lambda: audit(log, load_rules(sets), day), (rows, sets, day))


def a_table(fuzz: Fuzz) -> None:
    from jiebei_lib.portfolio.score_files import score_files

    head = [
        "case_id",
        "days_overdue",
        "amount_overdue",
        "zhima_score",
        "past_overdue",
        "communication",
        "contacts",
        "note",
    ]
    if fuzz.random.random() < 0.2:
        head[fuzz.random.randrange(len(head))] = fuzz.random.choice([*TEXT, "逾期金额", "verdict", "Days Overdue"])
    out = io.StringIO()
    table = csv.writer(out, delimiter=fuzz.random.choice(",,,;\t"), lineterminator=fuzz.random.choice(["\n", "\r\n"]))
    table.writerow(head)
    count = fuzz.random.randint(0, 200) if fuzz.random.random() < 0.9 else 4000
    for n in range(count):
        row = {"case_id": f"x{n if fuzz.random.random() < 0.95 else 1}", "days_overdue": n % 99, "amount_overdue": 800}
        row |= {"communication": "silent", "note": fuzz.random.choice(TEXT)}
        if fuzz.random.random() < 0.4:
            row[fuzz.random.choice(list(row))] = fuzz.random.choice(TEXT)
        table.writerow([row.get(name, "") for name in head] + (["more"] if fuzz.random.random() < 0.03 else []))
    encoding = fuzz.random.choice(["utf-8", "utf-8", "utf-8-sig", "gb18030", "utf-16"])
    data = fuzz.spoilt(out.getvalue().encode(encoding, "replace"), 0.3)
    (fuzz.folder / "in.csv").write_bytes(data)
    made = fuzz.folder / fuzz.random.choice(["out.csv", "out.parquet", "out.feather"])
    errors = fuzz.random.choice(["report", "report", "fail"])
    fuzz.counts["inputs"] += count
    done = fuzz.attempt(
        "table", lambda: score_files(fuzz.folder / "in.csv", made, errors=errors, lang="en"), data[:280]
    )
    if done is not None and made.suffix == ".csv":
        with made.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        if len(rows) != done.rows - done.bad:
            fuzz.note("rows in, rows out", (len(rows), done, data[:200]))
        for row in rows:
            if not all(0 <= float(row[name]) <= 1 for name in ("low", "high", "share")):
                fuzz.note("scored out of bounds", row)
    for left in fuzz.folder.glob(".*.part"):
        fuzz.note("a part is left", left)
        left.unlink()


def outcomes(fuzz: Fuzz) -> None:
    from jiebei_lib.core.case import FIELDS
    from jiebei_lib.evidence.outcomes import Outcomes

    pick, rows = fuzz.random.choice, []
    for n in range(fuzz.random.randint(0, 12)):
        row = {
            "case_id": f"c{n}",
            "days_overdue": fuzz.random.randint(0, 60),
            "called": pick([True, False, "yes", "no", "是", "1"]),
        }
        row |= {"amount_overdue": pick([None, 8000, 500.5]), "weight": pick([None, 1, 2.5])}
        if fuzz.random.random() < 0.2:
            row[pick([*FIELDS, "weight", "called", "nosuch"])] = fuzz.one()
        rows.append(row)
    fuzz.counts["inputs"] += len(rows)
    if fuzz.random.random() < 0.5:
        fuzz.attempt("outcomes", lambda: Outcomes.of(rows), rows)
        return
    columns = sorted({str(key) for row in rows for key in row}) or ["case_id"]
    out = io.StringIO()
    table = csv.writer(out, lineterminator=pick(["\n", "\r\n", "\r"]))
    table.writerow(columns)
    table.writerows(["" if row.get(name) is None else row[name] for name in columns if name in row] for row in rows)
    path = fuzz.folder / "outcomes.csv"
    path.write_bytes(fuzz.spoilt(out.getvalue().encode("utf-8", "surrogatepass")))
    fuzz.attempt("outcomes file", lambda: Outcomes.read(path), path.read_bytes()[:200])


OPTIONS = {
    "assess": "--days-overdue --amount-overdue --communication --contacts --zhima-score --lang --policy --as-of --json",
    "cost": "--principal --daily-rate --annual-rate --months --method --drawn --as-of --days-overdue --plan-months --income --json",
    "calendar": "-o --lang",
    "record": "--overdue-from --amount --settled --as-of --json",
    "audit": "--rules --confidence --as-of --zone --json --csv",
    "learn": "--case --selection --json",
    "policy": "--topic --policy --json",
    "sources": "--lang --json",
    "schema": "--lang",
    "score": "--policy --map --errors --lang",
    "sample": "--seed --lang",
}


def command(fuzz: Fuzz) -> None:
    from jiebei_lib.cli import run

    pick, cases = fuzz.random.choice, beside("cases")
    files = [
        "ok.yaml",
        "bad.yaml",
        "nosuch.yaml",
        "",
        "-",
        "/dev/null",
        ".",
        *map(str, (cases / "silent.yaml", cases / "loan.yaml")),
    ]
    files += [str(cases / "contact_log.csv"), str(cases / "outcomes.csv"), str(cases)]
    (fuzz.folder / "ok.yaml").write_text("days_overdue: 7\namount_overdue: 8000\n")
    bad = [
        b"",
        b"\xff\xfe",
        b"a: [",
        yaml.safe_dump(plain(fuzz.tree()), allow_unicode=True).encode("utf-8", "replace"),
        fuzz.random.randbytes(40),
    ]
    (fuzz.folder / "bad.yaml").write_bytes(pick(bad))

    def value() -> str:
        return str(
            pick([pick(TEXT), pick(files), fuzz.random.randint(-3, 4000), "zh", "en", "article", "2026-11-25"])
        ).translate(NOT_TYPED)

    name = pick([*OPTIONS, pick(TEXT).translate(NOT_TYPED)])
    args = [name]
    if name == "policy":
        args.append(pick(["show", "check", value()]))
    elif name == "score":
        args += [pick([value(), "bad.yaml"]), "-o", pick(["o.csv", "o.xyz", value()])]
    elif name == "sample":
        args += ["--rows", pick(["0", "-1", "5", "x"]), "-o", pick(["s.csv", value()])]
    elif fuzz.random.random() < 0.8:
        args.append(pick(files) if fuzz.random.random() < 0.7 else value())
    for _ in range(fuzz.random.randint(0, 5)):
        option = pick(OPTIONS.get(name, "--lang").split())
        args += [option] if option in ("--json", "--csv") else [option, value()]
    out, err = io.StringIO(), io.StringIO()

    def call() -> int:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), contextlib.suppress(SystemExit):
            return run(args)
        return 0

    code = fuzz.attempt("command", call, args)
    if code == 2 and not err.getvalue().strip():
        fuzz.note("refused without a word", args)
    if "Traceback" in err.getvalue() or "\x1b]" in out.getvalue() + err.getvalue():
        fuzz.note("a traceback or an escape is shown", args)
    if code == 0 and any(mark in out.getvalue() for mark in ("NaN", "Infinity")):
        fuzz.note("a number that is none is shown", args)


# Each kind and its part of all inputs: a table and a log hold many at a time
TARGETS: dict[str, tuple[Callable[[Fuzz], None], float]] = {
    "case": (a_case, 0.12),
    "file": (a_file, 0.01),
    "loan": (a_loan, 0.03),
    "policy": (a_policy, 0.002),
    "log": (a_log, 0.008),
    "table": (a_table, 0.8),
    "outcomes": (outcomes, 0.028),
    "command": (command, 0.002),
}


def run(target: str, inputs: int, seed: int) -> Fuzz:
    """So many inputs of a kind, in a folder of their own."""
    work, before = TARGETS[target][0], os.getcwd()
    with tempfile.TemporaryDirectory() as name:
        fuzz = Fuzz(seed, Path(name))
        os.chdir(name)
        try:
            while fuzz.counts["inputs"] < inputs:
                work(fuzz)
        finally:
            os.chdir(before)
    return fuzz


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--inputs", type=int, default=100_000)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--target", choices=TARGETS)
    given = asked.parse_args()
    total = 0
    for name in [given.target] if given.target else TARGETS:
        begun = time.perf_counter()
        fuzz = run(name, round(given.inputs * (1 if given.target else TARGETS[name][1])), given.seed)
        total += fuzz.counts["inputs"]
        print(
            f"{name}: {dict(fuzz.counts)}, {time.perf_counter() - begun:.0f} s; findings {len(fuzz.findings)}",
            flush=True,
        )
        for key, (count, what, why) in sorted(fuzz.findings.items(), key=lambda each: -each[1][0]):
            print("   ", key, "x", count, "|", what, "|", why)
    print(f"{total:,} inputs, seed {given.seed}")


if __name__ == "__main__":
    main()
