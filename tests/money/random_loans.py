"""Random loans for the tests of money: some with round figures, where sums often lie on the border between two cents."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

METHODS = ("equal_instalment", "equal_principal", "interest_first", "bullet")


def random_loans(number: int, seed: int) -> list[dict]:
    """Fields of loans, every method, rate period, term and due day; a third with round principals and rates."""
    rng = np.random.default_rng(seed)
    out = []
    for n in range(number):
        round_figures, kind = n % 3 == 0, ("daily_rate", "annual_rate", "monthly_rate")[n % 5 % 3]
        method, months = METHODS[n % 4], int(rng.integers(1, 61))
        highest = {"daily_rate": 0.001, "annual_rate": 0.36, "monthly_rate": 0.03}[kind]
        rate = round(float(rng.uniform(0, highest)), 4 if round_figures else 10)
        out.append(
            {
                "principal": int(rng.integers(1, 300)) * 1000
                if round_figures
                else round(float(rng.uniform(1, 300_000)), 2),
                "months": months,
                "method": method,
                "drawn": date(2023, 1, 1) + timedelta(int(rng.integers(0, 1000))),
                kind: rate,
                "missed_from": 1 if method == "bullet" else int(rng.integers(1, months + 1)),
                "penalty_multiple": 1.5 if round_figures else round(float(rng.uniform(1, 2)), 3),
                "grace_days": int(rng.choice([0, 0, 3, 7])),
                "instalment_fee": int(rng.choice([0, 0, 12])),
                "late_fee": int(rng.choice([0, 0, 5])),
            }
        )
    return out
