"""The panels of the evidence notebook, moved as a person would move them."""

from __future__ import annotations

from pathlib import Path

import pytest

from jiebei_lib.evidence.claims import first_contact_days, pages
from jiebei_lib.evidence.reported import reported_cases
from jiebei_lib.show.evidence.published_panel import _picked
from jiebei_lib.show.panels import context, contradictions, first_days, ladders, learning, reported
from jiebei_lib.show.widget.switch import current

EXAMPLE = Path(__file__).resolve().parents[3] / "notebooks" / "cases" / "outcomes.csv"


@pytest.fixture(autouse=True, params=["zh", "en"])
def lang(request):
    current.lang = request.param
    yield request.param
    current.lang = "zh"


def test_a_filter_lists_the_pages_behind_a_row_and_their_addresses_as_text(lang: str) -> None:
    panel = first_days()
    assert all(page.url in panel.text() for page in pages("借呗"))
    panel.set(row="day:3")
    shown = [page for page in pages("借呗") if page.day == 3]
    assert len(shown) == 1
    assert shown[0].url in panel.text()
    assert sum(page.url in panel.text() for page in pages("借呗") if page.url) == 1
    assert "href" not in str(panel.page)


@pytest.mark.parametrize(
    ("row", "number"), [("by7", 7), ("after14", 11), ("between", 0), ("no_day:", 13), ("deny:", 12), ("", 43)]
)
def test_each_choice_of_rows_lists_as_many_pages_as_are_counted(lang: str, row: str, number: int) -> None:
    panel = first_days()
    panel.set(row=row)
    heading = {"zh": f"网页（{number}个）", "en": f"The pages ({number})"}[lang]
    assert heading in panel.text()


@pytest.mark.parametrize("product", ["", "花呗", "微粒贷", "信用卡", "京东金条", "网商贷", "其他网贷"])
@pytest.mark.parametrize("scope", ["", "emergency", "workplace"])
def test_every_product_and_kind_of_contacts_can_be_shown(product: str, scope: str) -> None:
    panel = first_days()
    panel.set(product=product, scope=scope)
    assert panel.page["problem"] is None
    named = first_contact_days(product or None, scope=scope or None).named
    assert str(named) in panel.text()


def test_a_click_lists_a_row_and_a_second_one_all_again() -> None:
    event = {"kind": "click", "points": [{"x": 1, "y": "x", "custom": "day:30"}]}
    assert _picked({"row": ""}, event) == {"row": "day:30"}
    assert _picked({"row": "day:30"}, event) == {"row": ""}
    assert _picked({"row": ""}, {"points": [{"custom": "<script>"}]}) is None
    assert _picked({"row": ""}, {"points": []}) is None


def test_ladders_can_be_narrowed_down_to_jiebei() -> None:
    panel = ladders()
    assert "actioncollection.com" in panel.text()
    panel.set(which="china")
    assert "actioncollection.com" not in panel.text()
    panel.set(which="only_jiebei")
    assert "msg1024.com" not in panel.text()
    assert "m.129a.com" in panel.text()


def test_contradictions_and_context_say_where_they_come_from(lang: str) -> None:
    words = {"zh": ["文章¶6", "网页说法数据", "62个"], "en": ["article ¶6", "claims data", "62 reported"]}[lang]
    assert [word for word in words if word not in contradictions().text()] == []
    assert "10,067" in context().text()
    assert "2026-03-20" in context().text()


def test_learning_starts_with_the_example_and_without_cases_nothing_moves(lang: str) -> None:
    panel = learning(EXAMPLE)
    before, after = _shares(panel)
    assert before != after
    panel.set(source="none")
    before, after = _shares(panel)
    assert before == after


def _shares(panel) -> list[str]:
    figure = next(
        part for place in panel.page["places"].values() for part in place if part.get("name") == "before_after"
    )
    return [row[4] for row in figure["rows"]]


def test_rows_and_files_are_learned_from_and_mistakes_are_said_in_place(lang: str) -> None:
    panel = learning(EXAMPLE)
    panel.set(
        source="file", csv={"name": "x.csv", "text": "\ufeffcase_id,days_overdue,called\n<b>x</b>,30,true\n,9,false\n"}
    )
    assert panel.page["problem"] is None
    assert "<b>x</b>" not in str([part.get("html") for place in panel.page["places"].values() for part in place])
    good = panel.text()
    panel.set(csv={"name": "x.csv", "text": "days_overdue,called\n3,true\n"})
    assert "7" in panel.page["problem"][lang]
    assert panel.text() == good
    panel.set(source="rows")
    assert panel.page["problem"] is None
    panel.set(cases=[row | {"called": "true", "days_overdue": 2} for row in panel.values["cases"]])
    assert panel.page["problem"][lang].count("\n") == 1  # a line a row


def test_the_second_witness_brings_its_first_days_and_more_readings_can_be_drawn() -> None:
    panel = learning(EXAMPLE)
    names = [part.get("name") for part in panel.page["places"]["below"]]
    assert "first_day" not in names
    panel.set(policy="published", readings="16384")
    names = [part.get("name") for part in panel.page["places"]["below"]]
    assert "first_day" in names
    assert "16,384" in panel.text()


def test_stronger_selection_lowers_the_answer_and_is_stated(lang: str) -> None:
    panel = learning(EXAMPLE)
    weak = int(_shares(panel)[1])
    panel.set(selection=30)
    assert int(_shares(panel)[1]) <= weak
    assert "30" in panel.text()


def test_reported_cases_show_their_grade_and_never_a_share_of_them(lang: str) -> None:
    panel = reported()
    shown = reported_cases(("A", "B", "C"))
    for case in shown:
        assert {"zh": f"{case.grade}级 · {case.id}", "en": f"Grade {case.grade} · {case.id}"}[lang] in panel.text()
    places = panel.page["places"]
    assert "%" not in places["top"][0]["html"] + places["below"][-1]["html"]
    panel.set(grades=["A"], country="CN")
    assert all(case.id not in panel.text() for case in shown if case.grade != "A" or case.country != "CN")


def test_every_selection_strength_stands_in_the_picture_whichever_is_chosen() -> None:
    panel = reported()
    for chosen in ("1", "100"):
        panel.set(selection=chosen)
        figure = next(part for part in panel.page["places"]["beside"] if part.get("name") == "selections")
        assert len(figure["rows"]) == 6


@pytest.mark.parametrize("policy", ["article", "published"])
def test_without_a_grade_nothing_is_learned(policy: str) -> None:
    panel = reported()
    panel.set(grades=[], policy=policy)
    assert panel.page["problem"] is None
    figure = next(part for part in panel.page["places"]["beside"] if part.get("name") == "selections")
    assert len({row[4] for row in figure["rows"]}) == 1
