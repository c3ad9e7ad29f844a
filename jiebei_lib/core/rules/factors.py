"""The pressure of each factor on a call to contacts (article ¶6-¶11), from -1 (most protective) to +1 (most pressing)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from jiebei_lib.core.case import FIELDS, SCORED
from jiebei_lib.core.policy import Policy

UNKNOWN = -1  # the code of an unknown level
# The factors whose pressure does not depend on the first day
PRESSED = ("communication", "history", "amount", "contacts")


def amount_pressure(amount_overdue: np.ndarray, protective: float, pressing: float) -> np.ndarray:
    """Log-linear in yuan: hundreds protect, tens of thousands press (¶9)."""
    return np.clip(2 * np.log(amount_overdue / protective) / math.log(pressing / protective) - 1, -1, 1)


def amount_at(pressure: float, protective: float, pressing: float) -> float:
    """The amount in yuan at which :func:`amount_pressure` reaches ``pressure``."""
    return float(protective * (pressing / protective) ** ((pressure + 1) / 2))


def score_pressure(zhima_score: np.ndarray, score_protective: float, score_pressing: float) -> np.ndarray:
    """Linear in points: a high score protects (¶8). NaN where unknown."""
    return np.clip(1 - 2 * (zhima_score - score_pressing) / (score_protective - score_pressing), -1, 1)


def record_pressure(past_overdue: np.ndarray, record_neutral: float, record_pressing: float) -> np.ndarray:
    """A clean record protects, several late payments press (¶8). NaN where unknown."""
    pressure: np.ndarray = np.interp(past_overdue, [0, record_neutral, record_pressing], [-1, 0, 1])
    return pressure


def days_pressure(days_overdue: np.ndarray, first_day: float, pressing: float) -> np.ndarray:
    """Log-linear from the first possible day (0) to ``pressing`` days (1); a first day beyond that starts at 1. An assumption."""
    if first_day >= pressing:
        return np.ones(np.shape(days_overdue))
    come: np.ndarray = np.log(np.maximum(days_overdue, first_day) / first_day)
    return np.clip(come / math.log(pressing / first_day), 0, 1)


def level_pressure(codes: np.ndarray, values: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest pressure of coded levels; an unknown one ranges over all."""
    low = np.append(values, min(values))[codes]
    high = np.append(values, max(values))[codes]
    return low, high


def pressures(columns: Mapping[str, np.ndarray], policy: Policy) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest pressure (n, 4) on :data:`PRESSED`, for columns as :func:`coded` gives them.

    A fact that is unknown leaves its factor anywhere it could be; half of the history known narrows it by half.
    """
    factors = policy.data["factors"]
    levels = {
        name: level_pressure(
            columns[name], [factors[name]["levels"][level]["value"] for level in FIELDS[name]["levels"]]
        )
        for name in ("communication", "contacts")
    }
    history = {
        key: factors["history"][key]["value"]
        for key in ("score_protective", "score_pressing", "record_neutral", "record_pressing")
    }
    score = score_pressure(columns["zhima_score"], history["score_protective"], history["score_pressing"])
    record = record_pressure(columns["past_overdue"], history["record_neutral"], history["record_pressing"])
    scale = [factors["amount"][key]["value"] for key in ("protective", "pressing")]
    amount = amount_pressure(columns["amount_overdue"], *scale)
    most = amount_pressure(columns["amount_to"], *scale) if "amount_to" in columns else amount
    parts = {
        "communication": levels["communication"],
        "history": tuple(
            (np.where(np.isnan(score), end, score) + np.where(np.isnan(record), end, record)) / 2 for end in (-1, 1)
        ),
        "amount": tuple(np.where(np.isnan(found), end, found) for found, end in ((amount, -1), (most, 1))),
        "contacts": levels["contacts"],
    }
    low, high = (np.array([parts[name][end] for name in PRESSED]).T for end in (0, 1))  # a factor's side by side
    return low, high


def coded(columns: Mapping[str, Iterable[Any]]) -> dict[str, np.ndarray]:
    """Columns of a case or table as arrays: numbers as floats (NaN unknown), levels as their number in case.yaml (-1 unknown). Of
    amounts that are ranges ``amount_overdue`` is the lower end and ``amount_to`` the upper."""
    amounts = [value if isinstance(value, tuple | list) else (value, value) for value in columns["amount_overdue"]]
    columns = {**columns, "amount_overdue": [low for low, _ in amounts]}
    out = {"amount_to": np.array([math.nan if high is None else high for _, high in amounts], float)}
    for name in SCORED:
        spec = FIELDS[name]
        if spec["type"] == "level":
            number = {level: code for code, level in enumerate(spec["levels"])}
            out[name] = np.array([number.get(level, UNKNOWN) for level in columns[name]], int)
        elif spec["type"] != "text":
            out[name] = np.array([math.nan if value is None else value for value in columns[name]], float)
    return out
