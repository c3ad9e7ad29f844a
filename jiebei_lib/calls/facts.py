"""A log as arrays, and the logic of what is known: every fact is true (1), false (0) or not known (-1), and so is what follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from jiebei_lib.calls.log import COLUMNS
from jiebei_lib.calls.times import NO_OFFSET

TRUE, FALSE, UNKNOWN = 1, 0, -1
MICROSECONDS = 1_000_000
DAY = 86_400
NO_DAY = -(10**9)
FINER = ("number_id", "agency_id")  # what divides one person's attempts further


@dataclass(frozen=True)
class Clock:
    """The clock of the person contacted. ``seconds`` since 1970 as it shows them, ``known`` whether that is known; ``others``:
    the same on the clocks of other zones in which the person may be."""

    seconds: np.ndarray
    known: np.ndarray
    others: tuple[np.ndarray, ...] = ()
    doubt: str = "zone"  # the fact for want of which the clock, or the day, is not known

    @cached_property
    def days(self) -> np.ndarray:
        return _days(self.seconds)

    @cached_property
    def last_days(self) -> np.ndarray:
        """The last day that it may be."""
        return np.asarray(np.max([self.days, *map(_days, self.others)], axis=0)) if self.others else self.days

    @cached_property
    def slack(self) -> int:
        """By how many days a day may be off: none where all are known, one where a zone is not."""
        return 0 if self.day_known.all() else max(1, int((self.last_days - self.days).max(initial=0)))

    @cached_property
    def day_known(self) -> np.ndarray:
        """Where the calendar day is known: the clock is, and all clocks it may be show the same day."""
        same = self.known
        for other in self.others:
            same = same & (_days(other) == self.days)
        return same


@dataclass(frozen=True)
class Entries:
    """Attempts sorted into groups, one entry an attempt; where debts are kept apart, one an attempt and debt.

    ``row``: the attempt. ``group``: its number and ``known`` whether it is known. ``wider``: the person (and debt) without regard
    to number and firm, and ``wider_known``. ``several``: the attempt was for several debts. ``discussed``: the debt was only
    talked about. ``columns``: for each column of the key, where it is not known.
    """

    row: np.ndarray
    group: np.ndarray
    known: np.ndarray
    wider: np.ndarray
    wider_known: np.ndarray
    several: np.ndarray
    discussed: np.ndarray
    columns: dict[str, np.ndarray]

    @cached_property
    def by_group(self) -> np.ndarray:
        """The entries whose group is known, group after group, each in the order of time."""
        return _grouped(self.group, self.known)

    @cached_property
    def by_wider(self) -> np.ndarray:
        return _grouped(self.wider, self.wider_known)


def _days(seconds: np.ndarray) -> np.ndarray:
    """Days since 1970, as small as they can be kept."""
    return np.asarray(seconds // DAY).astype(np.int32)


def _grouped(group: np.ndarray, known: np.ndarray) -> np.ndarray:
    where = np.flatnonzero(known).astype(np.int32)
    return where[np.argsort(group[where], kind="stable")]


class Facts:
    """The columns of a log as small integers, in the order of time. Columns are worked out when first asked for."""

    def __init__(self, table: pd.DataFrame, absent: Mapping[str, bool] | None = None):
        """``absent``: for a part of a log, which columns the whole of it does not have."""
        self.table = table
        self.n = len(table)
        self._absent = dict(absent or {})
        self._held: dict[tuple[str, ...], np.ndarray] = {}
        self._clocks: dict[tuple[str | None, tuple[int, int] | None], Clock] = {}
        self._entries: dict[tuple[str, ...], Entries] = {}

    def absent(self, column: str) -> bool:
        """Whether a log does not have a column: none of its cells is filled."""
        if column not in self._absent:
            self._absent[column] = bool(self.table[column].isna().all())
        return self._absent[column]

    @staticmethod
    def spec(column: str) -> dict[str, Any]:
        """What attempts.yaml says of a column."""
        return COLUMNS[column]

    def is_one_of(self, column: str, values: list[str]) -> np.ndarray:
        """Whether a column holds (or, for a set, contains) one of the values."""
        key = (column, *values)
        if key not in self._held:
            self._held[key] = self._outcome(values) if column == "outcome" else self._holds(column, values)
        return self._held[key]

    def _holds(self, column: str, values: list[str]) -> np.ndarray:
        spec, found = COLUMNS[column], self._written(column, values)
        empty = self.table[column].array.codes < 0
        if column == "answered" and not self.absent("outcome"):
            follows = COLUMNS["outcome"]["answered"]
            picked_up = self._written("outcome", [one for one, answered in follows.items() if answered in values])
            silent = self._written("outcome", [one for one in COLUMNS["outcome"]["levels"] if one not in follows])
            found[empty] = np.where(silent == TRUE, UNKNOWN, picked_up)[empty]
        if "if_absent" in spec and self.absent(column):
            return np.full(self.n, spec["if_absent"] in values, np.int8)
        if "if_unanswered" in spec:
            found[empty & self.nobody] = spec["if_unanswered"] in values
        if "if_voicemail" in spec:
            found[empty & (self._written("outcome", ["voicemail"]) == TRUE)] = spec["if_voicemail"] in values
        return found

    def _written(self, column: str, values: list[str]) -> np.ndarray:
        """The same by what stands in the column alone."""
        given = self.table[column].array
        hits = [any(value in str(said).split(";") for value in values) for said in given.categories]
        return np.asarray(np.array([*hits, UNKNOWN], np.int8)[given.codes])

    def _outcome(self, values: list[str]) -> np.ndarray:
        """What became of a call. An empty cell may be whatever goes with whether somebody picked up; where a log has no such
        column, a call that was answered is a conversation and another rang."""
        spec, found = COLUMNS["outcome"], self._written("outcome", values)
        empty = self.table["outcome"].array.codes < 0
        for word, picked_up in (("true", TRUE), ("false", FALSE), ("", UNKNOWN)):
            here = empty & (self._written("answered", ["true"]) == picked_up)
            may = {one for one in spec["levels"] if not word or spec["answered"].get(one, word) == word}
            if word and self.absent("outcome"):
                may = {spec["if_absent"][word]}
            found[here] = TRUE if may <= set(values) else UNKNOWN if may & set(values) else FALSE
        return found

    def truth(self, column: str) -> np.ndarray:
        return self.is_one_of(column, ["true"])

    def local(self, zone: str | None, offsets: tuple[int, int] | None) -> Clock:
        """The clock of the person contacted: that of the zone stated for the attempt, else that of the jurisdiction.

        A jurisdiction with a ``zone`` has one clock for all; with ``offsets`` (minutes from UTC, the least and the greatest that
        its clocks can show) as well, an offset beyond them that was written is the person's own. One with ``offsets`` only takes
        the offset written where it lies within them, and else does not know.
        """
        stated = bool((self.table["zone"].array.codes >= 0).all())  # then nothing else matters
        key = (None, None) if stated else (zone, offsets)
        if key not in self._clocks:
            instant = self.table["instant"].to_numpy() // MICROSECONDS
            written = self.table["offset"].to_numpy()
            given = written != NO_OFFSET
            within = np.ones(self.n, bool) if offsets is None else (written >= offsets[0]) & (written <= offsets[1])
            seconds, known = instant + np.where(given, written, 0) * 60, given & within
            if key[0] is not None:
                shown = _shown_in(instant, key[0])
                seconds, known = np.where(given & ~within, seconds, shown), np.ones(self.n, bool)
            clock = self._remembered(self._stated(instant, seconds, known))
            alike = (one for one in self._clocks.values() if _same(clock, one))
            self._clocks[key] = next(alike, clock)
        return self._clocks[key]

    def _remembered(self, clock: Clock) -> Clock:
        """The same for a log from memory, whose times may be later by hours (looked at one by one) and by days."""
        if "span" not in self.table:
            return clock
        span, days = (self.table[name].to_numpy(np.int64) for name in ("span", "span_days"))
        hours = range(1, int(span.max(initial=0)) // 3600 + 2)
        others = [clock.seconds + np.minimum(hour * 3600, span) for hour in hours]
        return Clock(clock.seconds, clock.known, (*others, clock.seconds + days * DAY), "memory")

    @cached_property
    def certain(self) -> np.ndarray:
        """Whether an attempt was made: always, but for what someone remembers as perhaps."""
        if "certain" not in self.table:
            return np.ones(self.n, np.int8)
        return np.where(self.table["certain"], TRUE, UNKNOWN).astype(np.int8)

    @cached_property
    def last_instant(self) -> np.ndarray:
        """When an attempt was at the latest, in microseconds since 1970."""
        instant: np.ndarray = self.table["instant"].to_numpy()
        if "span" not in self.table:
            return instant
        span = self.table["span"].to_numpy() + self.table["span_days"].to_numpy() * DAY
        return np.asarray(instant + span * MICROSECONDS)

    def _stated(self, instant: np.ndarray, seconds: np.ndarray, known: np.ndarray) -> Clock:
        """The clock with the zones that the log states put over it."""
        stated = self.table["zone"].array
        several = [zones.split(";") for zones in stated.categories]
        clocks = [seconds.copy() for _ in range(max([1, *map(len, several)]))]
        for code in np.unique(stated.codes[stated.codes >= 0]):
            here = stated.codes == code
            for n, clock in enumerate(clocks):
                zones = several[code]
                clock[here] = _shown_in(instant[here], zones[min(n, len(zones) - 1)])
            known = known | here
        return Clock(clocks[0], known, tuple(clocks[1:]))

    @cached_property
    def person(self) -> tuple[np.ndarray, np.ndarray]:
        """A number for each person and whether it is known who it was. A debt has one borrower, whatever ids they go by."""
        codes, names = pd.factorize(self.table["callee_id"])
        borrower = self.is_one_of("callee", ["borrower"]) == TRUE
        row, debt, known = self._debts[:3]
        own = known & borrower[row]
        most = int(debt.max(initial=0)) + 1
        pairs = np.stack(np.divmod(pd.unique((codes[row[own]].astype(np.int64) + 1) * most + debt[own]), most))
        pairs[0] -= 1
        named = pairs[:, pairs[0] >= 0]
        if not (pairs[0] < 0).any() and len(np.unique(named[1])) == named.shape[1]:
            return codes.astype(np.int32), codes >= 0
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        size = len(names) + most
        links = coo_array((np.ones(named.shape[1]), (named[0], len(names) + named[1])), (size, size))
        labels = connected_components(links, directed=False)[1]
        person = np.where(codes >= 0, labels[codes], UNKNOWN)
        by_debt = own & (codes[row] < 0)
        person[row[by_debt]] = labels[len(names) + debt[by_debt]]
        return person.astype(np.int32), person >= 0

    @cached_property
    def _debts(self) -> tuple[np.ndarray, ...]:
        """One entry an attempt and debt: attempt, debt, whether it is known, whether it was one of several, whether only discussed."""
        placed, talked = (self.table[column].astype("str") for column in ("debt_id", "discussed"))
        many = (placed.str.contains(";", regex=False) | talked.notna()).to_numpy(bool, na_value=False)
        rows, ids = np.flatnonzero(~many).astype(np.int32), placed.array if not many.any() else placed.array[~many]
        more: list[tuple[int, Any, bool, bool]] = []
        for n in np.flatnonzero(many).tolist():
            own = placed.iloc[n].split(";") if pd.notna(placed.iloc[n]) else [None]
            also = set(talked.iloc[n].split(";")) - set(own) if pd.notna(talked.iloc[n]) else set()
            more += [(n, debt, len(own) > 1, False) for debt in own]
            more += [(n, debt, False, True) for debt in sorted(also)]
        last = pd.array([one[1] for one in more], dtype="str")
        codes = pd.factorize(pd.concat([pd.Series(ids), pd.Series(last)], ignore_index=True))[0].astype(np.int32)
        row = np.concatenate([rows, np.array([one[0] for one in more], np.int32)])
        several, discussed = (np.array([False] * len(rows) + [one[n] for one in more], bool) for n in (2, 3))
        order = np.argsort(row, kind="stable")
        return tuple(each[order] for each in (row, codes, codes >= 0, several, discussed))

    def entries(self, per: tuple[str, ...]) -> Entries:
        """The attempts in groups by the columns of ``per``."""
        if per not in self._entries:
            row, debt, debt_known, several, discussed = self._debts
            if "debt_id" not in per:
                row = np.arange(self.n, dtype=np.int32)
                several = discussed = np.zeros(self.n, bool)
            keys = {column: self._key(column, row, (debt, debt_known)) for column in per}
            wide = [column for column in per if column not in FINER] or ["callee_id"]
            wide_keys = {column: keys.get(column) or self._key(column, row, (debt, debt_known)) for column in wide}
            group, known = _combined(keys.values(), len(row))
            wider, wider_known = _combined(wide_keys.values(), len(row))
            apart = known & ~wider_known  # the number is known but not whose it is
            wider = np.where(apart, wider.max(initial=0) + 1 + group, wider)
            unknown = {column: ~key[1] for column, key in keys.items()}
            self._entries[per] = Entries(row, group, known, wider, wider_known | known, several, discussed, unknown)
        return self._entries[per]

    def _key(self, column: str, row: np.ndarray, debts: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        if column == "debt_id":
            return debts
        if column == "callee_id":
            return self.person[0][row], self.person[1][row]
        if "if_absent" in COLUMNS[column] and self.absent(column):
            return np.zeros(len(row), np.int32), np.ones(len(row), bool)
        if (column, "codes") not in self._held:
            self._held[column, "codes"] = pd.factorize(self.table[column])[0].astype(np.int32)
        codes = self._held[column, "codes"][row]
        return codes, codes >= 0

    @cached_property
    def agreed_day(self) -> np.ndarray:
        """The day on which the person agreed, in days since 1970; NO_DAY where none is written."""
        written = self.table["agreed_on"].dropna().astype("str")
        given = pd.to_datetime(written, format="%Y-%m-%d", errors="coerce").dropna()
        days = np.full(self.n, NO_DAY, np.int32)
        days[self.table.index.get_indexer(given.index)] = given.to_numpy().astype("datetime64[D]").astype(np.int32)
        return days

    @cached_property
    def misdirected(self) -> np.ndarray:
        """Calls to a number of which the log says that it is somebody else's."""
        wrong = self._written("outcome", ["wrong_number"]) == TRUE
        numbers = set(self.table["number_id"][wrong].dropna())
        return np.asarray(wrong | self.table["number_id"].isin(numbers).to_numpy() if wrong.any() else wrong)

    @cached_property
    def conversation(self) -> np.ndarray:
        """Telephone conversations, whoever called."""
        return both(self.is_one_of("channel", ["call"]), self.is_one_of("outcome", ["conversation"]))

    @cached_property
    def ids(self) -> np.ndarray:
        return np.asarray(self.table["attempt_id"].to_numpy(object))

    @cached_property
    def times(self) -> np.ndarray:
        return np.asarray(self.table["at"].to_numpy(object))

    @cached_property
    def nobody(self) -> np.ndarray:
        """Whether it is known that a call or visit reached nobody, nor a machine that took a message."""
        tried = self.is_one_of("channel", ["call", "visit"]) == TRUE
        silent = self._written("outcome", ["voicemail"]) != TRUE
        return np.asarray(tried & silent & (self.is_one_of("answered", ["true"]) == FALSE))


def _combined(keys: Any, n: int) -> tuple[np.ndarray, np.ndarray]:
    """One number for several keys, and whether all of them are known."""
    number, known = np.zeros(n, np.int64), np.ones(n, bool)
    for codes, there in keys:
        known = known & there
        number = number * (int(codes.max(initial=0)) + 2) + codes + 1
        number = pd.factorize(number)[0]
    return number.astype(np.int32), known


def _same(one: Clock, other: Clock) -> bool:
    """Whether two clocks show the same, as where all zones are stated but for a few."""
    alike = not one.others and not other.others and one.doubt == other.doubt
    return alike and np.array_equal(one.known, other.known) and np.array_equal(one.seconds, other.seconds)


def _shown_in(instant: np.ndarray, zone: str) -> np.ndarray:
    """What the clocks of a zone show at these instants (seconds since 1970), daylight saving time included."""
    moments = pd.to_datetime(instant, unit="s", utc=True).tz_convert(zone).tz_localize(None)
    return np.asarray(moments.astype("datetime64[s]").astype("int64").to_numpy())


def both(*facts: np.ndarray) -> np.ndarray:
    """True where all are, false where one is, otherwise not known."""
    one = every = facts[0]
    for fact in facts[1:]:
        one, every = one | fact, every & fact
    # Of 1 and -1 every one is odd, and together they are 1 only if all are: three passes over small integers
    return np.asarray(one * (every & 1)).astype(np.int8)


def inverse(fact: np.ndarray) -> np.ndarray:
    return np.where(fact == UNKNOWN, UNKNOWN, 1 - fact).astype(np.int8)
