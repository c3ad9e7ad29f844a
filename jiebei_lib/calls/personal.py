"""Keeps personal data out of the audit: a column that looks like phone numbers, ID cards or names is refused or masked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from jiebei_lib.core.knowledge.problems import LogError, Problem, shown

# By what a column is called. Ours never match.
NAMED = {
    "phone": re.compile(r"phone|mobile|\btel\b|手机|电话|号码", re.I),
    "id_card": re.compile(r"id_?card|identity|passport|身份证|证件", re.I),
    "name": re.compile(r"^(full_?|real_?|first_?|last_?|borrower_?|contact_?|callee_?)?name$|姓名|名字", re.I),
}
# By what stands in it: Chinese mobile numbers, international numbers, ID card numbers.
PHONE = re.compile(r"(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}|\+\d[\d -]{7,16}\d", re.ASCII)
ID_CARD = re.compile(r"[1-9]\d{5}(?:18|19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]", re.ASCII)
SHORTEST = 9  # characters of a telephone number
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # of the ID card's check character (GB 11643)


def keep_out(table: pd.DataFrame, known: Mapping[str, Any], mask: bool) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The table without personal data, and the columns that were masked. Raises :class:`LogError` unless ``mask``.

    Masked ids are numbered in the order of what they stand for, so that equal ones stay equal; a masked column that the audit
    does not use is dropped.
    """
    found: list[tuple[str, str, Any]] = []
    for name in table.columns:
        if name == "row":
            continue
        kind = next((kind for kind, pattern in NAMED.items() if name not in known and pattern.search(name)), None)
        if kind is None and (name not in known or known[name]["type"] in ("text", "ids", "zone")):
            kind, row = _looks_like(table[name])
            row = None if row is None else table["row"].iloc[row]
        else:
            row = None
        if kind is not None:
            found.append((name, kind, row))
    if not found:
        return table, ()
    if not mask:
        said = [(f"personal_{kind}{'_row' * (row is not None)}", shown(name), row) for name, kind, row in found]
        raise LogError([Problem(problem, f"log: {column}", {"row": row}) for problem, column, row in said])
    out = table.drop(columns=[name for name, _, _ in found if name not in known])
    for name, _, _ in found:
        if name in known:
            numbers, _ = pd.factorize(out[name], sort=True)
            out[name] = pd.Series([None if n < 0 else f"masked-{n + 1}" for n in numbers], index=out.index, dtype="str")
    return out, tuple(name for name, _, _ in found)


def _looks_like(column: pd.Series) -> tuple[str | None, int | None]:
    """Whether a cell is a phone number or an ID card number, and the position of the first one."""
    column = column.astype("str")
    if not column.str.len().max() >= SHORTEST:
        return None, None
    codes, different = pd.factorize(column)  # each different cell is looked at once
    text = pd.Series(different, dtype="str")
    if text.str.contains(";", regex=False).any():
        text = text.str.split(";").explode()
    text = text.str.strip()
    size = text.str.len().to_numpy(float, na_value=0)
    for kind, pattern, low, high in (("phone", PHONE, SHORTEST, 19), ("id_card", ID_CARD, 18, 18)):
        candidates = np.flatnonzero((size >= low) & (size <= high))
        hits = text.iloc[candidates].str.fullmatch(pattern.pattern).to_numpy(bool, na_value=False)
        for position in candidates[hits]:
            if kind == "phone" or _checks(text.iloc[position]):
                return kind, int(np.flatnonzero(codes == text.index[position])[0])
    return None, None


def _checks(number: str) -> bool:
    """Whether the check character fits, so that a long serial number is not taken for an ID card."""
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, number[:17], strict=True))
    return "10X98765432"[total % 11] == number[17].upper()
