"""Pictures of claims, ladders, complaints and of what was learned: each says in words and numbers what it draws."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from jiebei_lib.evidence.claims import conditions, first_contact_days, ladders, pages, whose
from jiebei_lib.evidence.learn import learn, learn_under
from jiebei_lib.evidence.outcomes import Outcomes
from jiebei_lib.evidence.reported import us_complaints
from jiebei_lib.evidence.summary import REFERENCE, answers, findings
from jiebei_lib.show.evidence import figures as evidence
from jiebei_lib.show.evidence import published_figures as claims
from jiebei_lib.show.evidence.published_figures import ladders_figure
from jiebei_lib.show.evidence.words import heading, predicted_words, warning_words

EVIL = "<script>alert('案例')</script>"
ROWS = [
    {"case_id": EVIL, "days_overdue": 30, "amount_overdue": 20_000, "communication": "silent", "called": True},
    {"case_id": "乙" * 64, "days_overdue": 20, "amount_overdue": 900, "communication": "repaying", "called": False},
    {"case_id": '"quoted"', "days_overdue": 15, "amount_overdue": 9000, "called": True},
]


@pytest.fixture(scope="module")
def learned():
    return learn(Outcomes.of(ROWS), "published")


@pytest.fixture(scope="module")
def found(learned):
    return findings(learned)


def every_figure(learned, found, lang: str) -> list:
    strengths = [answers(one) for one in learn_under(learned.outcomes, "published", [1, 10])]
    return [
        claims.days_figure(pages("借呗"), lang),
        claims.days_figure([], lang),
        claims.whose_figure(whose("借呗"), lang),
        claims.conditions_figure(conditions(), lang),
        claims.complaints_figure(us_complaints(), lang),
        ladders_figure(ladders(), lang),
        evidence.before_after_figure(found, lang),
        evidence.selections_figure(strengths, lang),
        evidence.weights_figure(found, learned.policy, lang),
        evidence.spread_figure(learned, REFERENCE, lang),
        evidence.predictions_figure(found, lang),
        evidence.first_day_figure(found, lang),
    ]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_figure_has_title_alternative_caption_and_numbers_that_are_plain_json(learned, found, lang: str) -> None:
    for figure in every_figure(learned, found, lang):
        json.dumps(figure.spec(), allow_nan=False)
        assert figure.alt and figure.caption and figure.layout["title"]["text"], figure.name
        assert {len(row) for row in figure.rows} <= {len(figure.head)}, figure.name
        assert "{" not in figure.alt + figure.caption + figure.layout["title"]["text"], figure.name


def test_the_two_languages_draw_the_same(learned, found) -> None:
    for zh, en in zip(every_figure(learned, found, "zh"), every_figure(learned, found, "en"), strict=True):
        assert zh.name == en.name
        assert len(zh.rows) == len(en.rows)
        assert [trace.get("x") for trace in zh.data] == [trace.get("x") for trace in en.data]
        assert zh.alt != en.alt


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_a_user_wrote_is_escaped_where_plotly_would_read_mark_up(learned, found, lang: str) -> None:
    for figure in every_figure(learned, found, lang):
        drawn = json.dumps([figure.data, figure.layout], ensure_ascii=False)
        assert "<script" not in drawn, figure.name
    hover = [text for trace in evidence.predictions_figure(found, lang).data for text in trace["hovertext"]]
    assert any("&lt;script&gt;" in text for text in hover)


def test_the_days_figure_draws_a_dot_a_page_and_its_numbers_match_the_counts() -> None:
    counted = first_contact_days("借呗")
    figure = claims.days_figure(pages("借呗"), "en")
    dots = [mark for trace in figure.data if trace["mode"] == "markers" for mark in trace["customdata"]]
    assert len(dots) == counted.pages
    assert Counter(dots) == {f"day:{day}": n for day, n in counted.days.items()} | {"no_day:": 13, "deny:": 12}
    assert [int(n) for _, n in figure.rows] == [*counted.days.values(), counted.no_day, counted.deny]
    assert figure.layout["title"]["text"] == "18 pages, 7 different “first days”"


def test_the_articles_own_page_is_marked_and_stands_on_day_7() -> None:
    article = claims.days_figure(pages("借呗"), "en").data[1]
    assert article["customdata"] == ["day:7"]
    assert article["marker"]["symbol"] == "diamond"


def test_whose_contacts_draws_a_mark_a_page_in_the_order_yes_maybe_no() -> None:
    counted = whose("借呗")
    figure = claims.whose_figure(counted, "en")
    for trace, standing in zip(figure.data, ("yes", "maybe", "no"), strict=False):
        assert len(trace["x"]) == sum(numbers[standing] for numbers in counted.values())
    assert [[int(cell) for cell in row[1:]] for row in figure.rows] == [
        [numbers[one] for one in ("yes", "maybe", "no")] for numbers in counted.values()
    ]


def test_ladders_start_every_step_with_a_mark_and_list_it() -> None:
    figure = ladders_figure(ladders(), "zh")
    marks = [trace for trace in figure.data if trace["mode"] == "markers"]
    assert len(marks) == len(figure.rows) == 42
    assert figure.rows[0][0] == "借呗 · 本文章"


def test_before_and_after_show_the_answers_that_they_are_given(found) -> None:
    figure = evidence.before_after_figure(found, "en")
    assert [trace["x"] for trace in figure.data] == [
        [found[key]["likelihood"]["low"], found[key]["likelihood"]["high"]] for key in ("prior", "posterior")
    ]
    assert figure.rows[0][5] == "4,096"


def test_the_weight_by_answer_adds_up_before_and_after(learned) -> None:
    bars, line = evidence.spread_figure(learned, REFERENCE, "en").data
    assert sum(bars["y"]) == pytest.approx(1, abs=1e-3)
    assert sum(line["y"][:-1]) == pytest.approx(1, abs=1e-3)


def test_every_case_is_drawn_once_on_the_side_of_its_outcome(found) -> None:
    called, spared = evidence.predictions_figure(found, "en").data
    assert (len(called["x"]), len(spared["x"])) == (2, 1)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_words_say_how_many_cases_warn_and_state_the_selection(learned, lang: str) -> None:
    selected = learn(learned.outcomes, "published", 30)
    found = findings(selected)
    said = heading(found, selected.policy, lang)
    assert "30" in said and "3" in said
    assert predicted_words(found, lang)
    one_sided = findings(learn(Outcomes.of([ROWS[0], ROWS[2]]), "article"))
    assert "all_alike" in one_sided["warnings"]
    assert len(warning_words(one_sided, lang)) == len(one_sided["warnings"])
    none = findings(learn(Outcomes.of([]), "article"))
    assert none["warnings"] == []
    assert predicted_words(none, "en") == "No cases: after is exactly as before."


def test_a_surprise_is_named_and_drawn_hollow() -> None:
    like = {
        "days_overdue": 60,
        "amount_overdue": 40_000,
        "communication": "silent",
        "past_overdue": 4,
        "zhima_score": 400,
    }
    rows = [like | {"called": True, "case_id": f"c{n}"} for n in range(40)] + [
        like | {"called": False, "case_id": "odd"}
    ]
    found = findings(learn(Outcomes.of(rows), "article"))
    assert found["predicted"]["surprises"] == ["odd"]
    assert any("odd" in words for words in warning_words(found, "en"))
    assert evidence.predictions_figure(found, "en").data[1]["marker"]["symbol"] == ["circle-open"]
