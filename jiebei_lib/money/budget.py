"""Can I afford it? What a loan leaves of an income, before it is taken (article ¶18). Sums are yuan a month."""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import TYPE_CHECKING

from jiebei_lib.core.knowledge.problems import CaseError, Phrase, Problem, shown
from jiebei_lib.core.policy import Policy, load_policy
from jiebei_lib.money.loan import Loan, Number
from jiebei_lib.money.loan_fields import FIELDS, as_money
from jiebei_lib.money.plan import schedule


@dataclass(frozen=True, slots=True)
class Budget:
    """What comes in and goes out each month, in yuan; ``savings`` is what is put by. Raises :class:`CaseError`."""

    income: Decimal
    spending: Decimal
    other_debts: Decimal = Decimal(0)
    savings: Decimal = Decimal(0)

    if TYPE_CHECKING:  # what the constructor takes

        def __init__(
            self, income: Number, spending: Number, other_debts: Number = 0, savings: Number = 0
        ) -> None: ...  # fmt: skip

    def __post_init__(self) -> None:
        problems, most = [], FIELDS["principal"]["maximum"]
        for field in fields(self):
            given = getattr(self, field.name)
            slots = {"value": shown(given), "allowed": Phrase("money", {"low": 0, "high": most})}
            try:
                amount = as_money(given)
                if not 0 <= amount <= most:
                    raise ValueError(given)
                object.__setattr__(self, field.name, amount)
            except (ValueError, InvalidOperation):
                problems.append(Problem("invalid", field.name, slots))
        if problems:
            raise CaseError(problems)

    @property
    def left(self) -> Decimal:
        """What a month leaves for a loan that is not among the debts."""
        return self.income - self.spending - self.other_debts


@dataclass(frozen=True, slots=True)
class Situation:
    """One month with the loan: ``burden`` is debts over income (None without income), ``left`` what remains of the income.

    ``cushion``: for how many months savings would pay spending and debts; ``lasts``: until savings are used up, None if never.
    """

    income: Decimal
    burden: float | None
    left: Decimal
    cushion: float | None
    lasts: float | None
    verdict: str


@dataclass(frozen=True, slots=True)
class Affordability:
    """The same person without the loan, with it, and with it when income falls by ``income_fall``."""

    instalment: Decimal
    lump: Decimal | None
    income_fall: float
    before: Situation
    after: Situation
    stressed: Situation

    @property
    def verdict(self) -> str:
        """``fits``, ``tight`` (only as long as income holds, or a heavy burden) or ``too_much``."""
        if self.after.verdict == "too_much":
            return "too_much"
        return "fits" if self.after.verdict == self.stressed.verdict == "fits" else "tight"


def affordability(budget: Budget, loan: Loan, policy: Policy | str = "article") -> Affordability:
    """What the loan would leave of the budget, also if income fell."""
    policy, plan = load_policy(policy), schedule(loan)
    usual = max(row.payment + row.fee for row in (plan[:-1] or plan))
    last = plan[-1].payment + plan[-1].fee
    lump = last if last > 2 * usual or loan.method == "bullet" else None  # a last payment that must be saved up
    saved = sum((row.payment + row.fee for row in plan), Decimal(0)) / loan.months
    instalment = max(Decimal(0) if loan.method == "bullet" else usual, saved.quantize(Decimal("0.01")))
    return carried(budget, instalment, policy, lump)


def carried(
    budget: Budget, instalment: Decimal, policy: Policy | str = "article", lump: Decimal | None = None
) -> Affordability:
    """The same for what has to be paid each month, and a ``lump`` at the end if there is one. Yuan."""
    policy = load_policy(policy)
    fall = Decimal(str(policy.value("cost.income_fall")))
    less = (budget.income * (1 - fall)).quantize(Decimal("0.01"))
    return Affordability(
        instalment=instalment,
        lump=lump,
        income_fall=float(fall),
        before=_situation(budget, budget.income, Decimal(0), policy),
        after=_situation(budget, budget.income, instalment, policy),
        stressed=_situation(budget, less, instalment, policy),
    )


def _situation(budget: Budget, income: Decimal, instalment: Decimal, policy: Policy) -> Situation:
    debts = budget.other_debts + instalment
    left, out = income - budget.spending - debts, budget.spending + debts
    burden = float(Fraction(debts) / Fraction(income)) if income else (None if debts else 0.0)
    cushion = float(Fraction(budget.savings) / Fraction(out)) if out else None
    lasts = float(Fraction(budget.savings) / Fraction(-left)) if left < 0 else None
    return Situation(income, burden, left, cushion, lasts, _verdict(burden, left, cushion, policy))


def _verdict(burden: float | None, left: Decimal, cushion: float | None, policy: Policy) -> str:
    """``too_much`` where the month does not close or debts take too much; ``tight`` where little is left in hand."""
    if left < 0 or burden is None or burden >= policy.value("cost.burden_too_heavy"):
        return "too_much"
    short = cushion is not None and cushion < policy.value("cost.cushion_months")
    return "tight" if burden >= policy.value("cost.burden_heavy") or short else "fits"
