"""Will they call my contacts, and may they? Documented rules and an honest score for being late on 借呗 (Jiebei)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

# Each public name and the module that holds it: imported when first used, so that the command line starts fast.
_HOME = {
    "Case": "core.case",
    "CaseError": "core.knowledge.problems",
    "PolicyError": "core.knowledge.problems",
    "ReportError": "core.knowledge.problems",
    "UserError": "core.knowledge.problems",
    "Policy": "core.policy",
    "load_policy": "core.policy",
    "Readings": "core.readings",
    "assess": "core.assessment",
    "compare": "core.scoring.compare",
    "Assessment": "core.assessment",
    "score": "core.tables.table",
    "LogError": "core.knowledge.problems",
    "audit": "calls.audit",
    "read_log": "calls.log",
    "load_rules": "calls.rule_sets",
    "Loan": "money.loan",
    "Borrower": "situation.borrower",
    "schedule": "money.plan",
    "owed": "money.arrears",
    "waiting": "money.arrears",
    "effective_annual_rate": "money.rates",
    "nominal_annual_rate": "money.rates",
}
# Once more and spelled out, for type checkers: without it they take no name below for a public one
__all__ = [
    "Assessment",
    "Borrower",
    "Case",
    "CaseError",
    "Loan",
    "LogError",
    "Policy",
    "PolicyError",
    "Readings",
    "ReportError",
    "UserError",
    "__version__",
    "assess",
    "audit",
    "compare",
    "effective_annual_rate",
    "example_file",
    "load_policy",
    "load_rules",
    "nominal_annual_rate",
    "owed",
    "read_log",
    "schedule",
    "score",
    "waiting",
]  # fmt: skip

if TYPE_CHECKING:
    from pathlib import Path

    from jiebei_lib.calls.audit import audit
    from jiebei_lib.calls.log import read_log
    from jiebei_lib.calls.rule_sets import load_rules
    from jiebei_lib.core.assessment import Assessment, assess
    from jiebei_lib.core.case import Case
    from jiebei_lib.core.knowledge.problems import CaseError, LogError, PolicyError, ReportError, UserError
    from jiebei_lib.core.policy import Policy, load_policy
    from jiebei_lib.core.readings import Readings
    from jiebei_lib.core.scoring.compare import compare
    from jiebei_lib.core.tables.table import score
    from jiebei_lib.money.arrears import owed, waiting
    from jiebei_lib.money.loan import Loan
    from jiebei_lib.money.plan import schedule
    from jiebei_lib.money.rates import effective_annual_rate, nominal_annual_rate
    from jiebei_lib.situation.borrower import Borrower


def example_file(name: str) -> Path:
    """Where one of the invented cases and tables lies that come with the project: ``example_file("loan.yaml")``."""
    from jiebei_lib.core.knowledge.yaml_files import beside

    return beside("cases") / name


def __dir__() -> list[str]:
    return sorted(__all__)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    from jiebei_lib.core.knowledge.problems import needing

    with needing(f"{__name__}.{name}"):
        value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    show = import_module(f"{__name__}.show.objects")
    for one in (name, "UserError"):
        show.dress(one)
    return value
