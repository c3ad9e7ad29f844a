"""Times as people and machines write them."""

from __future__ import annotations

import pandas as pd
import pytest

from jiebei_lib.calls.log import read_log
from jiebei_lib.core.tables.spellings import DOUBTFUL, spelled

NOW = pd.Timestamp("2026-11-25T12:00:00Z")


def read(written: str):
    return read_log([{"attempt_id": "a", "at": written, "zone": "Asia/Shanghai"}])


@pytest.mark.parametrize(
    "written",
    [
        "2026/3/9 21:30", "2026/03/09 21:30:00", "2026-3-9 21:30", "2026.3.9 21:30", "2026-03-09 09:30 PM", "2026-03-09 9:30pm",
        "2026年3月9日 21:30", "2026年3月9日21点30分", "2026年3月9日 晚9点半", "3月9日 晚9点半", "3月9日晚上九点半", "3月9号 晚上9:30",
        "1773063000", "1773063000000", "46090.8958333", "Mon, 09 Mar 2026 13:30:00 +0000", "2026-03-09 13:30:00 UTC",
        "2026/3/9 21:30 +0800", "2026-03-09T21:30:00+08:00", "2026-03-09 21:30:00",
    ],
)  # fmt: skip
def test_a_time_is_understood_as_people_and_machines_write_it(written: str) -> None:
    log = read(written)
    assert not log.problems, [problem.say("en") for problem in log.problems]
    assert pd.to_datetime(log.table["instant"], unit="us").tolist() == [pd.Timestamp("2026-03-09 13:30")]
    assert log.table["at"].iloc[0].startswith("2026-03-09")


@pytest.mark.parametrize(
    "written", ["03/09/2026 09:30 PM", "3/9/2026 21:30", "9.3.2026 21:30", "3月9日 晚上12点", "3月9日 夜里1点"]
)
def test_what_could_be_two_times_is_refused_and_says_why(written: str) -> None:
    log = read(written)
    assert len(log) == 0 and spelled(written, NOW) == DOUBTFUL
    assert "cannot be told" in log.problems[0].say("en") and "看不出来" in log.problems[0].say("zh")


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("25/3/2026 8:05", "2026-03-25T08:05:00"), ("3/25/2026 8:05", "2026-03-25T08:05:00"),
        ("5/5/2026 12:00 AM", "2026-05-05T00:00:00"), ("2026/1/2 12:15 PM", "2026-01-02T12:15:00"),
        ("2026年1月2日 下午3点", "2026-01-02T15:00:00"), ("2026年1月2日 上午10点一刻", "2026-01-02T10:15:00"),
        ("2026年1月2日 中午12点", "2026-01-02T12:00:00"), ("2026年1月2日 凌晨2点", "2026-01-02T02:00:00"),
        ("12月9日 8点", "2025-12-09T08:00:00"),
    ],
)  # fmt: skip
def test_a_day_above_twelve_settles_the_order_and_words_settle_the_half_of_the_day(written: str, read_as: str) -> None:
    assert spelled(written, NOW) == read_as


@pytest.mark.parametrize(
    "written", ["", "tomorrow", "2026-02-30 10:00", "2026/13/13 10:00", "2026/3/9", "2026/3/9 25:00", "2026/3/9 10:61", "12345",
                "99999999999", "2026/3/9 13:00 PM", "9点半", "2月30日 9点"],
)  # fmt: skip
def test_what_is_no_time_is_not_made_one(written: str) -> None:
    assert spelled(written, NOW) is None


# The thirty spellings of exports and logs of case 48, of one and the same minute where they are read; what stands behind the others
THIRTY = {
    "2026-03-09T21:30:00+08:00": "", "2026-03-09 21:30:00+08:00": "", "2026-03-09 21:30:00": "", "2026/3/9 21:30": "",
    "2026/03/09 21:30:00": "", "2026-03-09 09:30 PM": "", "1773063000": "", "1773063000000": "", "46090.8958333": "",
    "Mon, 09 Mar 2026 13:30:00 +0000": "", "2026-03-09T13:30:00Z": "", "2026-03-09 13:30:00 UTC": "",
    "2026-03-09T21:30:00.123456789+08:00": "", "2026年3月9日 21:30": "", "2026-03-09 下午9:30": "", "2026-03-09 21:30": "",
    "2026-W11-1T21:30": "", "20260309T213000+0800": "", "20260309213000": "", "2026-03-09T24:00:00+08:00": "midnight",
    "2026-03-09T21:30:00 GMT+0800": "", "2026-03-09T21:30:00,5+08:00": "", "2026-03-09T21:30:00[Asia/Shanghai]": "",
    "2026-03-09T21:30:00+08:00[Asia/Shanghai]": "", "2026-03-09T08:30:00\u221205:00": "",
    "03/09/2026 09:30 PM": "cannot be told", "3/9/2026 21:30": "cannot be told", "2026-03-09 08:30:00 EST": "several zones go by",
    "2026-03-09": "is not allowed", "2026-03-09T23:59:60Z": "is not allowed",
}  # fmt: skip


@pytest.mark.parametrize("written", THIRTY)
def test_thirty_spellings_of_records_are_read_or_refused_by_name(written: str) -> None:
    assert len(THIRTY) == 30
    log, said = read(written), THIRTY[written]
    if said in ("", "midnight"):
        assert not log.problems and len(log) == 1
        at = pd.to_datetime(log.table["instant"], unit="us").dt.floor("min").iloc[0]
        assert at == pd.Timestamp("2026-03-09 16:00" if said else "2026-03-09 13:30")
    else:
        assert len(log) == 0 and said in log.problems[0].say("en") and log.problems[0].say("zh")


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-09T21:30:00+09:00[Asia/Shanghai]",
        "2026-03-09T21:30:00[Mars/Base]",
        "2026-W60-1T21:30",
        "2026-02-28T24:01:00",
    ],
)
def test_what_contradicts_itself_is_no_time(written: str) -> None:
    assert len(read(written)) == 0


def test_a_zone_in_brackets_says_nothing_of_an_hour_that_happens_twice() -> None:
    assert spelled("2026-11-01T01:30:00[America/New_York]", NOW) == DOUBTFUL
