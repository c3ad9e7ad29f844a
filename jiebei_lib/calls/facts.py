"""A log as arrays, and the logic of what is known: every fact is true (1), false (0) or not known (-1), and so is what follows."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from jiebei_lib.calls.log import COLUMNS, NO_OFFSET

TRUE, FALSE, UNKNOWN = 1, 0, -1
MICROSECONDS = 1_000_000
DAY = 86_400


class Facts:
    """The columns of a log as small integers, in the order of time. Columns are worked out when first asked for."""

    def __init__(self, table: pd.DataFrame):
        self.table = table
        self.n = len(table)
        self._kept: dict[Any, Any] = {}

    def is_one_of(self, column: str, values: list[str]) -> np.ndarray:
        """Whether a column holds (or, for a set, contains) one of the values."""
        key = (column, *values)
        if key in self._kept:
            return self._kept[key]
        spec, codes = COLUMNS[column], self.table[column].array.codes
        categories = self.table[column].array.categories
        hits = [any(value in str(said).split(";") for value in values) for said in categories]
        found = np.array([*hits, UNKNOWN], np.int8)[codes]
        if "if_unanswered" in spec:
            found[(codes < 0) & self.nobody] = spec["if_unanswered"] in values
        self._kept[key] = found
        return found

    def truth(self, column: str) -> np.ndarray:
        return self.is_one_of(column, ["true"])

    def local(self, zone: str | None, offsets: tuple[int, int] | None) -> tuple[np.ndarray, np.ndarray]:
        """The callee's clock: seconds since 1970 as their clock shows them, and whether that is known.

        By the zone stated for the attempt, else by the jurisdiction's single zone, else by the offset written with the time
        where a clock in the jurisdiction can show it (``offsets``, minutes from UTC).
        """
        key = ("local", zone, offsets)
        if key not in self._kept:
            instant = self.table["instant"].to_numpy() // MICROSECONDS
            stated, written = self.table["zone"].array, self.table["offset"].to_numpy().astype(np.int64)
            known = written != NO_OFFSET
            if offsets is not None:
                known &= (written >= offsets[0]) & (written <= offsets[1])
            seconds = instant + np.where(known, written, 0) * 60
            if zone is not None:
                seconds, known = _shown_in(instant, zone), np.ones(self.n, bool)
            for code in np.unique(stated.codes[stated.codes >= 0]):
                here = stated.codes == code
                seconds = seconds.copy()
                seconds[here] = _shown_in(instant[here], stated.categories[code])
                known = known | here
            self._kept[key] = seconds, known
        return self._kept[key]

    def group(self, columns: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
        """A number for each person (or person and debt), and whether it is known who (and what) it was."""
        if columns not in self._kept:
            number, known = np.zeros(self.n, np.int64), np.ones(self.n, bool)
            for column in columns:
                codes, names = pd.factorize(self.table[column])
                known &= codes >= 0
                number = number * (len(names) + 1) + codes + 1
            self._kept[columns] = pd.factorize(number)[0].astype(np.int64), known
        return self._kept[columns]

    @cached_property
    def ids(self) -> np.ndarray:
        return self.table["attempt_id"].to_numpy(object)

    @cached_property
    def times(self) -> np.ndarray:
        return self.table["at"].to_numpy(object)

    @cached_property
    def nobody(self) -> np.ndarray:
        """Whether it is known that a call or visit reached nobody."""
        tried = self.is_one_of("channel", ["call", "visit"]) == TRUE
        return tried & (self.is_one_of("answered", ["true"]) == FALSE)


def _shown_in(instant: np.ndarray, zone: str) -> np.ndarray:
    """What the clocks of a zone show at these instants (seconds since 1970), daylight saving time included."""
    moments = pd.to_datetime(instant, unit="s", utc=True).tz_convert(zone).tz_localize(None)
    return moments.astype("datetime64[s]").astype("int64").to_numpy()


def both(*facts: np.ndarray) -> np.ndarray:
    """True where all are, false where one is, otherwise not known."""
    stacked = np.stack(facts)
    return np.where((stacked == FALSE).any(0), FALSE, np.where((stacked == TRUE).all(0), TRUE, UNKNOWN)).astype(np.int8)


def inverse(fact: np.ndarray) -> np.ndarray:
    return np.where(fact == UNKNOWN, UNKNOWN, 1 - fact).astype(np.int8)


__all__ = ["DAY", "FALSE", "TRUE", "UNKNOWN", "Facts", "both", "inverse"]
