"""The portfolio's panel without a browser: what its first screen waits for."""

from __future__ import annotations

import pytest

from jiebei_lib.page.figure import Figure
from jiebei_lib.portfolio import summary as book
from jiebei_lib.show.panels import portfolio
from jiebei_lib.show.portfolio import panel as shown


def test_headline_and_first_picture_wait_neither_for_ranks_nor_for_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(self: book.Parts) -> None:
        raise AssertionError("made for the first screen")

    for name in ("places", "questions", "first", "ribbon"):
        monkeypatch.setattr(book.Parts, name, property(never))
    values = portfolio(60).values | {"seed": 3}
    _, first = shown._first(values, "en")
    assert [type(part) for part in first if isinstance(part, Figure)] == [Figure]
    assert any("60" in str(part) for part in first)


def test_whom_to_talk_to_and_what_to_ask_follow_the_first_picture() -> None:
    text = portfolio(60).text()
    assert "S0000000" in text
