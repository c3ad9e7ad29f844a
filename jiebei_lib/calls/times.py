"""When an attempt was: times as written into instants, placed by their offset or by the zone of the person called."""

from __future__ import annotations

import re
from functools import cache
from zoneinfo import available_timezones

import numpy as np
import pandas as pd

from jiebei_lib.core.knowledge.problems import Phrase
from jiebei_lib.core.tables.spellings import DOUBTFUL, UNCLEAR_ZONE, spelled

TIME = re.compile(
    r"\d{4}-\d\d-\d\d[T ](?:[01]\d|2[0-3]):\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|z|[+-]\d\d(?::?\d\d)?)?", re.ASCII
)
OFFSET = re.compile(r"(?:Z|z|[+-]\d\d(?::?\d\d)?)$", re.ASCII)
Wrong = tuple[str, Phrase, np.ndarray]  # a kind of problem, what is allowed, and a mask of its rows
NO_OFFSET = -10_000  # in `offset`: none was written
PART = 1 << 17  # rows that are parsed at a time
DAY = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ].*)?", re.ASCII)


@cache
def zones() -> frozenset[str]:
    """The names of all time zones."""
    return frozenset(available_timezones())


def instants(
    column: pd.Series, places: pd.Categorical, latest: pd.Timestamp
) -> tuple[pd.Series, np.ndarray, np.ndarray, list[Wrong]]:
    """Each attempt's time in ISO form, its instant in microseconds UTC, the offset written, and what is wrong: each kind of
    problem with its rows.

    A time without an offset is placed by its zone. What lies after ``latest`` has not happened yet.
    """
    text, doubtful, unclear = in_iso_form(column, latest)
    formed = text.str.fullmatch(TIME.pattern).to_numpy(bool, na_value=False)
    offset = _minutes(text)
    bare = formed & (offset == NO_OFFSET)
    parsed = pd.concat(
        [_parsed(text.iloc[n : n + PART].where(formed[n : n + PART])) for n in range(0, max(1, len(text)), PART)]
    )
    unplaced = bare & (places.codes < 0)
    unreal, several = np.zeros(len(text), bool), np.zeros(len(text), bool)
    for code in np.unique(places.codes[bare & ~unplaced]):
        here, zone = bare & (places.codes == code), places.categories[code]
        if ";" in zone:
            several |= here
            continue
        local = parsed[here].dt.tz_localize(None).dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
        parsed[here] = local.dt.tz_convert("UTC")
        unreal[here] = local.isna()
    impossible = ~formed | (parsed.isna().to_numpy() & ~unreal)
    instant = parsed.astype("int64").to_numpy()
    ahead = ~impossible & ~unreal & (parsed > latest).to_numpy()
    found = [
        ("invalid", Phrase("time"), impossible & ~doubtful & ~unclear & column.notna().to_numpy()),
        ("day_or_month", Phrase("text_any"), doubtful),
        ("zone_letters", Phrase("text_any"), unclear),
        ("no_zone", Phrase("zone"), unplaced & ~impossible),
        ("several_zones", Phrase("text_any"), several & ~impossible),
        ("unreal_time", Phrase("text_any"), unreal),
        ("ahead", Phrase("text_any"), ahead & ~unplaced & ~several),
    ]
    return text, instant, offset, found


def _parsed(text: pd.Series) -> pd.Series:
    """Times in ISO form with microseconds, in UTC."""
    made = text.str.upper().str.replace(",", ".")
    return pd.to_datetime(made, utc=True, format="ISO8601", errors="coerce").astype("datetime64[us, UTC]")


def in_iso_form(column: pd.Series, latest: pd.Timestamp) -> tuple[pd.Series, np.ndarray, np.ndarray]:
    """Times as people and machines write them in ISO form, as far as they are understood, which could be two different days, and
    which two zones.

    Each different spelling is looked at once; those in ISO form already stay as they are.
    """
    text = column.astype("str").str.strip()
    doubtful, unclear = np.zeros(len(text), bool), np.zeros(len(text), bool)
    other = (text.notna() & ~text.str.fullmatch(TIME.pattern)).to_numpy(bool, na_value=False)
    if other.any():
        given = text[other].astype("category")
        read = [spelled(one, latest) for one in given.cat.categories]
        codes = given.cat.codes.to_numpy()
        doubtful[other] = np.array([one == DOUBTFUL for one in read])[codes]
        unclear[other] = np.array([one == UNCLEAR_ZONE for one in read])[codes]
        known = [None if one in (DOUBTFUL, UNCLEAR_ZONE) else one for one in read]
        better = pd.Series(known, dtype="str").to_numpy(object)[codes]
        text[other] = pd.Series(better, index=text.index[other], dtype="str").fillna(text[other])
    return text, doubtful, unclear


def _minutes(text: pd.Series) -> np.ndarray:
    """The offsets that times end in (Z, +08:00, +0800, +08), in minutes. The ends are few, so each is looked at once."""
    ends = text.str.slice(-6).astype("category")

    def minutes(end: str) -> int:
        found = OFFSET.search(end)
        if found is None:
            return NO_OFFSET
        digits = found[0][1:].replace(":", "")
        size = int(digits[:2] or 0) * 60 + int(digits[2:] or 0)
        return -size if found[0][0] == "-" else size

    values = np.array([*map(minutes, ends.cat.categories), NO_OFFSET], np.int32)
    return np.asarray(values[ends.cat.codes.to_numpy()])
