"""Times as people and machines write them: 2026/3/9 9:30 PM, 3月9日晚9点半, seconds since 1970, a spreadsheet's day number."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jiebei_lib.core.knowledge.yaml_files import shipped

DOUBTFUL = "?"  # could be two different times
UNCLEAR_ZONE = "?zone"  # bears letters for a zone that several zones go by
NUMERALS = {numeral: n for n, numeral in enumerate([*"零一二三四五六七八九十", "十一", "十二"])} | {"两": 2}
NUMBER = r"\d{1,2}|十[一二]?|[零一二两三四五六七八九]"
YEAR_FIRST = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?", re.ASCII)
YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})", re.ASCII)
NO_YEAR = re.compile(r"(\d{1,2})月(\d{1,2})[日号]", re.ASCII)
ZONE_WORD = re.compile(r"\s*(?:UTC|GMT)$|\s*(?:UTC|GMT)?(Z|[+-]\d\d:?\d\d)$", re.ASCII)
# Letters that several zones go by (EST is New York's and Sydney's), an ISO week, midnight as the end of a day, a zone in brackets
ZONE_LETTERS = re.compile(r".*\d\s*(?!AM\b|PM\b|UTC\b|GMT\b)[A-Z]{2,5}", re.ASCII)
WEEK = re.compile(r"\d{4}-?W\d\d-?\d[T ]\d\d:\d\d.*", re.ASCII)
END_OF_DAY = re.compile(r"(\d{4}-\d\d-\d\d)[T ]24:00(?::00)?(|Z|[+-]\d\d:?\d\d)", re.ASCII)
IN_BRACKETS = re.compile(r"(\d{4}-\d\d-\d\d[T ]\S+?)\s*\[([\w+/-]+)\]", re.ASCII)
CLOCK = re.compile(
    rf"({NUMBER})\s*(?:[:：]\s*(\d\d)(?:\s*[:：]\s*(\d\d)(?:[.,]\d+)?)?|[点时](?:(半)|([一三])刻|整|(\d{{1,2}})分?)?)"
)
COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)T?(\d\d)(\d\d)(\d\d)?((?:Z|[+-]\d\d:?\d\d)?)", re.ASCII)
SERIAL = re.compile(r"\d{5}(?:\.\d+)?", re.ASCII)
SECONDS = re.compile(r"\d{10}(?:\.\d+)?|\d{13}", re.ASCII)
FIRST_DAY = date(1899, 12, 30)  # what a spreadsheet counts its days from


@cache
def parts(kind: str = "hours") -> dict[str, tuple[int, int]]:
    """Words for a part of the day, the longest first, each with the first and the last hour that it may mean, alone (``hours``) or
    beside a ``clock``."""
    words = {
        word: tuple(part.get(kind, part["hours"]))
        for part in shipped("core/tables/times.yaml")["parts"].values()
        for word in part["words"]
    }
    return dict(sorted(words.items(), key=lambda item: -len(item[0])))


def spelled(text: str, latest: Any) -> str | None:
    """A time in ISO form; DOUBTFUL or UNCLEAR_ZONE if it could be two different ones, nothing if it is none. ``latest``: a day without a
    year is the last such day not after it."""
    text = text.replace("\u2212", "-")  # a minus as typesetters write it
    if found := COMPACT.fullmatch(text):
        year, month, date_, hour, minute, second, offset = found.groups("00")
        text = f"{year}-{month}-{date_} {hour}:{minute}:{second}{offset.strip('0') and offset}"
    known = _number(text) or _formal(text)
    if known:
        return known
    if re.match(r"[A-Za-z]{3},? ", text):
        return _mail(text)
    if ZONE_LETTERS.fullmatch(text):
        return UNCLEAR_ZONE
    text = re.sub(r"(?<=\d)T(?=\d)", " ", text.replace("\u3000", " "))
    zone = ZONE_WORD.search(text)
    offset = "" if zone is None else zone[1] or "+00:00"
    text = text[: zone.start()] if zone else text
    day, rest = day_of(text, latest)
    if day is None or day == DOUBTFUL:
        return day
    clock = clock_of(rest)
    if clock is None or clock == DOUBTFUL:
        return clock
    return f"{day}T{clock}{offset}"


def _number(text: str) -> str | None:
    low, high = shipped("core/tables/times.yaml")["years"]
    if SECONDS.fullmatch(text):
        at = datetime.fromtimestamp(float(text) / (1000 if len(text) == 13 else 1), UTC)
        return at.isoformat(timespec="seconds") if low <= at.year <= high else None
    if SERIAL.fullmatch(text):
        at = datetime.combine(FIRST_DAY, datetime.min.time()) + timedelta(seconds=round(float(text) * 86_400))
        return at.isoformat(timespec="seconds") if low <= at.year <= high else None
    return None


def _formal(text: str) -> str | None:
    """As standards write it, beyond what is usual: 2026-W11-1T21:30, 2026-03-08T24:00, 2026-03-09T21:30+08:00[Asia/Shanghai]."""
    try:
        if WEEK.fullmatch(text):
            return datetime.fromisoformat(text).isoformat(timespec="seconds")
        if found := END_OF_DAY.fullmatch(text):
            return f"{date.fromisoformat(found[1]) + timedelta(days=1)}T00:00:00{found[2]}"
        if found := IN_BRACKETS.fullmatch(text):
            at, zone = datetime.fromisoformat(found[1]), ZoneInfo(found[2])
            there = [at.replace(tzinfo=zone, fold=fold) for fold in (0, 1)]
            if at.tzinfo is None and there[0].utcoffset() != there[1].utcoffset():
                return DOUBTFUL
            if at.tzinfo is None or at.utcoffset() in {each.utcoffset() for each in there}:
                return (there[0] if at.tzinfo is None else at).isoformat(timespec="seconds")
    except (ValueError, ZoneInfoNotFoundError):
        pass
    return None


def _mail(text: str) -> str | None:
    """As mail headers write it: Mon, 09 Mar 2026 13:30:00 +0000."""
    try:
        return parsedate_to_datetime(text).isoformat(timespec="seconds")
    except (ValueError, TypeError):
        return None


def day_of(text: str, latest: Any) -> tuple[str | None, str]:
    """The day in ISO form, and what is left of the text."""
    try:
        if found := YEAR_FIRST.match(text):
            return date(*map(int, found.groups())).isoformat(), text[found.end() :]
        if found := YEAR_LAST.match(text):
            one, other, year = map(int, found.groups())
            if one <= 12 and other <= 12 and one != other:
                return DOUBTFUL, ""
            month, day = (other, one) if one > 12 else (one, other)
            return date(year, month, day).isoformat(), text[found.end() :]
        if found := NO_YEAR.match(text):
            month, day = map(int, found.groups())
            this = date(latest.year, month, day)
            return (this if this <= latest.date() else date(latest.year - 1, month, day)).isoformat(), text[
                found.end() :
            ]
    except ValueError:
        pass
    return None, text


def clock_of(text: str) -> str | None:
    """A clock time of 24 hours from what people write (9:30 PM, 晚9点半, 21:30); DOUBTFUL where noon or midnight is not clear."""
    text = text.strip().lower().strip(",，")
    after_noon = re.search(r"\s*([ap])\.?m\.?$", text)
    word = None if after_noon else next((one for one in parts() if text.startswith(one)), None)
    text = text[: after_noon.start()] if after_noon else text[len(word or "") :]
    found = CLOCK.fullmatch(text.strip())
    if found is None:
        return None
    hour = NUMERALS[found[1]] if found[1] in NUMERALS else int(found[1])
    minute = int(found[2] or found[6] or 0) + (30 if found[4] else 15 * NUMERALS[found[5]] if found[5] else 0)
    second = int(found[3] or 0)
    if after_noon and 1 <= hour <= 12:
        hour = hour % 12 + (12 if after_noon[1] == "p" else 0)
    elif after_noon:
        return None
    elif word:
        low, high = parts("clock")[word]
        fits = [one for one in {hour, hour + 12} if low <= one <= high]
        if len(fits) != 1:
            return DOUBTFUL if hour <= 12 else None
        hour = fits[0]
    if hour > 23 or minute > 59 or second > 59:
        return None
    return f"{hour:02}:{minute:02}:{second:02}"


__all__ = ["DOUBTFUL", "UNCLEAR_ZONE", "clock_of", "day_of", "parts", "spelled"]
