"""Will they call my contacts, and may they? Documented rules and an honest score for being late on 借呗 (Jiebei)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# Each public name and the module that holds it: imported when first used, so that the command line starts fast.
_HOME = {
    "Case": "case",
    "CaseError": "problems",
    "PolicyError": "problems",
    "ReportError": "problems",
    "UserError": "problems",
    "Policy": "policy",
    "load_policy": "policy",
    "Readings": "scoring.readings",
    "assess": "assessment",
    "Assessment": "assessment",
    "score": "scoring.score",
    "LogError": "problems",
    "audit": "calls.audit",
    "read_log": "calls.log",
    "load_rules": "calls.rules",
    "Loan": "loan",
    "schedule": "rules.cost.plan",
    "owed": "rules.cost.arrears",
    "waiting": "rules.cost.arrears",
    "effective_annual_rate": "rules.cost.rates",
    "nominal_annual_rate": "rules.cost.rates",
}
__all__ = ["__version__", *_HOME]

if TYPE_CHECKING:
    from jiebei_lib.assessment import Assessment, assess
    from jiebei_lib.calls.audit import audit
    from jiebei_lib.calls.log import read_log
    from jiebei_lib.calls.rules import load_rules
    from jiebei_lib.case import Case
    from jiebei_lib.loan import Loan
    from jiebei_lib.policy import Policy, load_policy
    from jiebei_lib.problems import CaseError, LogError, PolicyError, ReportError, UserError
    from jiebei_lib.rules.cost.arrears import owed, waiting
    from jiebei_lib.rules.cost.plan import schedule
    from jiebei_lib.rules.cost.rates import effective_annual_rate, nominal_annual_rate
    from jiebei_lib.scoring.readings import Readings
    from jiebei_lib.scoring.score import score


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module = import_module(f"{__name__}.{_HOME[name]}")
    return getattr(module, name)
