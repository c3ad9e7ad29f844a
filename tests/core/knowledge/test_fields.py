"""The one layer for fields: whatever stands in a file, a table, an option is heard alike, or comes back to be refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiebei_lib.calls.log import COLUMNS as ATTEMPTS
from jiebei_lib.cli.schema import of_fields
from jiebei_lib.core.case import FIELDS as CASE
from jiebei_lib.core.case import Case
from jiebei_lib.core.knowledge.fields import Fields, date_in, heading, number_in, plain, unknown_words
from jiebei_lib.core.knowledge.problems import CaseError
from jiebei_lib.evidence.outcomes import COLUMNS as OUTCOMES
from jiebei_lib.money.loan import FIELDS as LOAN
from jiebei_lib.money.loan import Loan

ALL = {"case": CASE, "loan": LOAN, "attempts": ATTEMPTS, "outcomes": OUTCOMES}
EVERY = [(kind, name) for kind, fields in ALL.items() for name in fields]


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_a_field_answers_to_all_its_names_in_any_form(kind: str, name: str) -> None:
    fields = ALL[kind]
    for word in fields.names(name):
        for form in (word, word.upper(), f" {word} ", word.replace(" ", "_"), f"{word}（元）", f"{word} [x]"):
            meant = fields.named(form)
            assert meant == name or word in fields.names(meant), (form, meant)
    assert fields.named("nothing of the kind") is None and fields.named(3) is None


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_every_field_says_what_it_may_hold_and_has_a_schema(kind: str, name: str) -> None:
    fields = ALL[kind]
    assert fields.allowed(name).say("zh") != fields.allowed(name).say("en")
    entry = of_fields(fields, "X", [])["properties"][name]
    assert entry["description"] == fields[name]["description"]["en"] and ("type" in entry or "anyOf" in entry)


LEVELS = [(kind, name) for kind, name in EVERY if ALL[kind][name]["type"] == "level"]


@pytest.mark.parametrize(("kind", "name"), LEVELS)
def test_levels_are_heard_by_name_by_label_and_as_spoken(kind: str, name: str) -> None:
    fields, spec = ALL[kind], ALL[kind][name]
    for level in spec["levels"]:
        spoken = spec.get("spoken", {}).get(level, [])
        labels = spec["labels"].get(level, {}).values() if isinstance(spec.get("labels"), dict) else []
        for word in (level, *spoken, *labels):
            assert fields.heard(name, word) == fields.heard(name, f" {word.upper()}　") == level, word
    assert fields.heard(name, "nothing of the kind") == "nothing of the kind"


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_words_for_unknown_are_unknown_wherever_they_can_mean_only_that(kind: str, name: str) -> None:
    spec = ALL[kind][name]
    for word in ("未知", "N/A", "#n/a", "\\N", "", " ", "NULL", "不清楚", "－", "——"):
        expected = word if spec["type"] in ("text", "ids", "time", "zone", "set", "order", "payments") else None
        assert ALL[kind].heard(name, word) == expected, word
    for word in spec.get("unclear", ()):
        assert ALL[kind].heard(name, word) == word and plain(word) in unknown_words()


def test_truths_and_dates_are_heard() -> None:
    for word, truth in {
        "是": True,
        "Yes": True,
        "1.0": True,
        "TRUE": True,
        "否": False,
        "0": False,
        "n": False,
    }.items():
        assert LOAN.heard("compound", word) is truth
        assert OUTCOMES.heard("called", word) is truth
    assert OUTCOMES.heard("called", "没打") is False and LOAN.heard("compound", "没打") == "没打"
    for text in ("2026-03-09", "2026/3/9", "2026.03.09", "2026年3月9日", "２０２６／３／９", "2026年03月09"):
        assert LOAN.heard("drawn", text) == date(2026, 3, 9), text
    for text in ("09/03/2026", "2026/3-9", "2026-02-30", "3月9日", "2026", "20260309"):
        assert date_in(text) is None, text


@pytest.mark.parametrize("digits", ["8000", "-8000", "+8000.50", ".5", "8000.", "1e3", "8,000", "1,234,567.8"])
def test_a_number_is_read_with_its_own_unit_and_no_other(digits: str) -> None:
    plainly = Decimal(digits.replace(",", ""))
    wide = digits.translate({ord(sign): ord(sign) + 0xFEE0 for sign in "0123456789,.+-e"})
    for text in (digits, wide, f"¥ {digits}", f"{digits}元", f"{digits} Yuan", f"人民币{digits}元整"):
        assert CASE.heard("amount_overdue", text) == plainly, text
    for text in (f"{digits}天", f"{digits}%", f"({digits})", f"{digits}{digits},", f"约{digits}"):
        assert CASE.heard("amount_overdue", text) == text
    assert CASE.heard("amount_overdue", f"{digits}万") == plainly * 10_000


@given(st.text(max_size=8) | st.text("0123456789,.+-eE元天 　％％()[]_", max_size=8))
def test_any_text_is_heard_or_refused_in_every_field(text: str) -> None:
    number = number_in(text)
    assert number is None or (Decimal(number) == Decimal(str(number)) and heading(text))
    for name in CASE:
        try:
            Case.of({"days_overdue": 7, "amount_overdue": 8000, name: text})
        except CaseError as told:
            assert told.say("zh") and name in told.say("en")
    for name in LOAN:
        try:
            Loan.of(
                {"principal": 1, "months": 1, "method": "bullet", "drawn": "2026-01-01", "daily_rate": 0, name: text}
            )
        except CaseError as told:
            assert told.say("zh") and told.say("en")


@given(
    st.floats(0, 1e7, allow_nan=False).map(lambda x: round(x, 2)),
    st.sampled_from(["{:,.2f}", "{:.2f}", "¥{:,.2f}", "{:.2f}元"]),
)
def test_a_sum_written_in_any_usual_way_is_the_same_sum(amount: float, form: str) -> None:
    assert float(CASE.heard("amount_overdue", form.format(amount))) == amount


SIGNS = "零一二三四五六七八九"


def in_words(number: int) -> str:
    """A number from 1 to 99999999 as it is written in Chinese."""
    if number >= 10_000:
        high, low = divmod(number, 10_000)
        return f"{in_words(high)}万{'零' if 0 < low < 1000 else ''}{in_words(low) if low else ''}"
    out, gap = "", False
    for place, sign in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // place % 10
        out += ("零" if gap and out else "") + SIGNS[digit] + sign if digit else ""
        gap = not digit
    return out


@given(st.integers(1, 99_999_999) | st.integers(1, 1200))
def test_a_number_in_chinese_words_is_that_number(number: int) -> None:
    words = in_words(number)
    for text in (
        words,
        words.replace("二千", "两千").replace("二万", "两万"),
        words.removeprefix("一") if 10 <= number < 20 else words,
    ):
        assert CASE.heard("amount_overdue", text + "元") == number, text
    figures = words.translate({ord(sign): str(n) for n, sign in enumerate(SIGNS) if n})
    if number >= 10_000 and "十" not in figures:
        assert CASE.heard("amount_overdue", figures) == number, figures


def test_numbers_as_they_are_said() -> None:
    said = {
        "一万二": 12_000,
        "两万五": 25_000,
        "三千五": 3500,
        "一百二": 120,
        "十五": 15,
        "3千": 3000,
        "12万5千": 125_000,
        "两万": 20_000,
    }
    assert {text: CASE.heard("amount_overdue", text) for text in said} == said
    assert CASE.heard("days_overdue", "七天") == 7 and CASE.heard("days_overdue", "两周") == 14
    assert CASE.heard("zhima_score", "六百五十分") == 650 and CASE.heard("past_overdue", "两次") == 2
    for text in (
        "几千",
        "三千多",
        "一一",
        "二〇",
        "百",
        "万",
        "十十",
        "千百",
        "1万2",
        "3千5",
        "1万20",
        "1.2万5",
        "七八百",
    ):
        assert CASE.heard("amount_overdue", text) == text
    assert Case.of({"days_overdue": 7, "amount_overdue": "一万到两万"}).amount_overdue == (10_000, 20_000)
    for text in ("一到两万", "1到两万", "三-五百"):  # of thousands, or of single yuan?
        with pytest.raises(CaseError):
            Case.of({"days_overdue": 7, "amount_overdue": text})


def test_fields_of_several_files_are_one() -> None:
    both = Fields("core/case.yaml", "evidence/outcomes.yaml")
    assert list(both) == [*CASE, "called", "weight"] and both.named("打过联系人") == "called"
