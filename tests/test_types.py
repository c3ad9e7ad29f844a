"""What a user's type checker sees of the library, and by which rules our own is asked."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import jiebei_lib

ROOT = Path(__file__).resolve().parents[1]
MYPY = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["mypy"]
STRICT_ROOMS = {"jiebei_lib", *(f"jiebei_lib.{room}.*" for room in ("core", "money", "calls", "evidence"))}
# What mypy's own --strict adds to its ordinary mode, of what can be asked for room by room
STRICT = {
    "disallow_any_generics", "disallow_subclassing_any", "disallow_untyped_calls", "disallow_untyped_defs",
    "disallow_incomplete_defs", "disallow_untyped_decorators", "warn_return_any", "no_implicit_reexport", "strict_equality",
    "extra_checks",
}  # fmt: skip
USE = """
from jiebei_lib import Case, Loan, assess, audit, compare, load_policy, load_rules, owed, read_log, schedule, waiting

case = Case(days_overdue=7, amount_overdue=8000)
loan = Loan(principal=12000, months=12, method="equal_instalment", drawn="2026-01-15", daily_rate="0.0005")
reveal_type(assess(case))
reveal_type(assess({"days_overdue": 7}).share)
reveal_type(assess(case).permitted["status"])
reveal_type(compare(case, case).odds)
reveal_type(load_policy())
reveal_type(audit("log.csv"))
reveal_type(load_rules("cn"))
reveal_type(read_log("log.csv"))
reveal_type(schedule(loan))
reveal_type(owed(loan, "2026-05-01").total)
reveal_type(waiting(loan, 30).cost)
reveal_type(waiting(loan, [0, 30]))
reveal_type(loan.first_due)
assess(7)
Loan(principal=[])
"""
SEEN = [
    "jiebei_lib.core.assessment.Assessment",
    "float",
    "str",
    "tuple[float,float]",
    "jiebei_lib.core.policy.Policy",
    "jiebei_lib.calls.findings.Findings",
    "jiebei_lib.calls.rule_sets.RuleSets",
    "jiebei_lib.calls.log.Log",
    "list[jiebei_lib.money.plan.Instalment]",
    "decimal.Decimal",
    "decimal.Decimal",
    "list[jiebei_lib.money.arrears.Wait]",
    "datetime.date",
]


def revealed(script: str, folder: Path) -> tuple[list[str], list[str]]:
    """What mypy says of a user's script: the types that it reveals, without blanks, and its errors."""
    file = folder / "theirs.py"
    file.write_text(script, "utf-8")
    how = ["--strict", "--follow-imports=silent", "--config-file=", "--cache-dir", str(ROOT / ".mypy_cache" / "users")]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *how, str(file)],
        env={**os.environ, "MYPYPATH": str(ROOT)},
        cwd=folder,
        capture_output=True,
        text=True,
    )
    lines = done.stdout.splitlines()
    types = [found[1].replace(" ", "") for line in lines if (found := re.search(r'Revealed type is "(.*)"', line))]
    return types, [line for line in lines if ": error: " in line]


@pytest.mark.slow
def test_a_user_sees_types_not_any(tmp_path: Path) -> None:
    types, errors = revealed(USE, tmp_path)
    assert [re.sub(r"\bbuiltins\.", "", one) for one in types] == SEEN
    # What is wrong in the script is seen, and nothing else is
    assert [re.search(r"\[([a-z-]+)\]$", line)[1] for line in errors] == ["arg-type", "call-arg", "arg-type"], errors


@pytest.mark.slow
def test_every_public_name_has_a_type(tmp_path: Path) -> None:
    names = jiebei_lib.__all__
    types, errors = revealed(
        "import jiebei_lib\n" + "".join(f"reveal_type(jiebei_lib.{name})\n" for name in names), tmp_path
    )
    assert errors == [] and len(types) == len(names)
    assert set(names) == {"__version__", "example_file", *jiebei_lib._HOME}
    unknown = [name for name, told in zip(names, types, strict=True) if re.search(r"(^|->)Any$", told)]
    assert unknown == ["score"]  # it gives a table of pandas, which ships no types


def test_the_rooms_that_compute_are_checked_strictly() -> None:
    (strict,) = [part for part in MYPY["overrides"] if set(part["module"]) >= STRICT_ROOMS]
    assert {name for name, on in strict.items() if on is True} >= STRICT


def test_what_ships_no_types_is_named_one_by_one() -> None:
    assert not {"ignore_missing_imports", "ignore_errors", "disable_error_code", "exclude", "follow_imports"} & set(
        MYPY
    )
    for part in MYPY["overrides"]:
        assert not {"ignore_errors", "disable_error_code", "follow_imports"} & set(part)
        if part.get("ignore_missing_imports"):
            assert all(name.split(".")[0] not in ("*", "jiebei_lib") for name in part["module"])


def test_no_line_is_taken_out_of_the_check() -> None:
    silenced = [
        f"{file.relative_to(ROOT)}:{number}"
        for file in (ROOT / "jiebei_lib").rglob("*.py")
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if re.search(r"#\s*(type:\s*ignore|mypy:)", line)
    ]
    assert silenced == []
