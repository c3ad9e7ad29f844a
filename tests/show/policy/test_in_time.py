"""The panel of rules in time: two days, what changed between them, and whose answer differs."""

from __future__ import annotations

import pytest

from jiebei_lib.show.panels import rules_in_time
from jiebei_lib.show.widget.switch import current


@pytest.fixture(autouse=True)
def chinese():
    current.lang = "zh"
    yield
    current.lang = "zh"


def test_it_begins_with_the_standard_and_the_guideline() -> None:
    text = rules_in_time().text()
    assert "2025-02-28" in text and "2026-01-30" in text and "开始适用" in text
    assert "GB/T 45251-2025" in text and "四位借款人" in text


def test_before_the_first_rule_nothing_was_settled_and_after_it_something_is() -> None:
    panel = rules_in_time()
    panel.set(first="2018-03-27", second="2018-03-28")
    text = panel.text()
    assert "都没有对此作出规定" in text and "不可以" in text
    panel.set(second="2018-03-27")
    assert "没有变化" in panel.text()


def test_an_older_day_says_that_rules_changed_later() -> None:
    panel = rules_in_time()
    panel.set(first="2024-01-01", second="2024-06-01")
    assert "后来又在这些日子有过变化" in panel.text() and "2026-01-30" in panel.text()


def test_days_in_either_order_are_the_same_and_both_languages_are_there() -> None:
    there, back = rules_in_time(), rules_in_time()
    back.set(first="2026-01-30", second="2025-02-27")
    assert there.text() == back.text()
    current.lang = "en"
    assert "Came into force" in rules_in_time().text()
