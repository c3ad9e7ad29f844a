"""The pictures of one case: each says in words and in a table what it draws, and what it draws is what was computed."""

from __future__ import annotations

import html
import json
import math
import re

import pytest
from hypothesis import given, settings

from jiebei_lib.core.assessment import assess
from jiebei_lib.core.case import Case
from jiebei_lib.core.policy import load_policy
from jiebei_lib.core.scoring.score import across_days, score_cases
from jiebei_lib.evidence.claims import first_contact_days
from jiebei_lib.page.figure import CALL, CONFIG, MIME, NO_CALL, stretched, untitled
from jiebei_lib.page.text import of_hundred, percent
from jiebei_lib.show.case import figures
from tests.strategies import cases, what_if_policies

DAY = "2026-11-23"
CASES = {
    "question": Case(days_overdue=7, amount_overdue=8000),
    "silent": Case(
        days_overdue=30,
        amount_overdue=30_000,
        communication="silent",
        contacts="close",
        past_overdue=3,
        zhima_score=520,
    ),
    "repaying": Case(
        days_overdue=8, amount_overdue=500, communication="repaying", contacts="wrong", past_overdue=0, zhima_score=760
    ),
    "early": Case(days_overdue=3, amount_overdue=8000, communication="silent"),
    "late": Case(days_overdue=3650, amount_overdue=10_000_000, communication="broken_promise"),
    "due": Case(days_overdue=0, amount_overdue=0.01),
}
LANGS = ("zh", "en")


def drawn(case: Case, policy, lang: str) -> dict[str, figures.Figure]:
    a = assess(case, policy, DAY)
    found = [
        figures.readings_figure(a, case, policy, lang),
        figures.days_figure(a, case, policy, lang),
        figures.factors_figure(a, policy, lang),
        figures.witnesses_figure(a, lang),
        figures.claims_figure(first_contact_days(), lang),
    ]
    return {figure.name: figure for figure in found}


@pytest.fixture(
    scope="module", params=[(name, policy) for name in CASES for policy in ("article", "published")], ids="-".join
)
def given_case(request):
    name, policy = request.param
    return CASES[name], load_policy(policy)


@pytest.fixture(scope="module", params=LANGS)
def shown(request, given_case):
    case, policy = given_case
    return case, policy, request.param, drawn(case, policy, request.param)


# ---- every figure -------------------------------------------------------------------------------------------------------


def test_every_figure_has_a_title_an_alternative_a_caption_and_a_whole_table(shown) -> None:
    *_, found = shown
    assert list(found) == ["readings", "days", "factors", "witnesses", "claims"]
    for figure in found.values():
        words = (figure.layout["title"]["text"], figure.alt, figure.caption, *figure.head)
        assert all(text.strip() for text in words), figure.name
        assert not any(re.search(r"[{}]|\bnan\b", text) for text in words), figure.name
        assert figure.rows, figure.name
        assert {len(row) for row in figure.rows} == {len(figure.head)}, figure.name
        assert all(isinstance(cell, str) and cell for row in figure.rows for cell in row), figure.name


def test_what_a_figure_hands_over_is_plain_json_with_nothing_to_share_or_upload(shown) -> None:
    *_, found = shown
    for figure in found.values():
        spec = figure.spec()
        json.dumps(spec, allow_nan=False)
        assert spec["config"] == CONFIG
        assert not CONFIG["showSendToCloud"] and not CONFIG["displayModeBar"]
        meta = spec["layout"]["meta"]
        assert meta == {
            "name": figure.name,
            "title": html.unescape(figure.layout["title"]["text"]),
            "alt": figure.alt,
            "caption": figure.caption,
            "head": figure.head,
            "rows": figure.rows,
        }
        bundle = figure._repr_mimebundle_()
        assert bundle[MIME] == spec
        assert bundle["text/plain"] == figure.alt


def test_axes_have_names_and_cannot_be_dragged(shown) -> None:
    *_, found = shown
    for figure in found.values():
        for name in ("xaxis", "yaxis"):
            axis = figure.layout[name]
            assert axis.get("fixedrange"), (figure.name, name)
        assert figure.layout["xaxis"]["title"]["text"], figure.name


def test_drawing_twice_gives_the_same(given_case) -> None:
    case, policy = given_case
    one, other = (drawn(case, policy, "zh") for _ in range(2))
    assert {name: figure.spec() for name, figure in one.items()} == {
        name: figure.spec() for name, figure in other.items()
    }


def test_the_two_languages_draw_the_same_marks(given_case) -> None:
    case, policy = given_case
    zh, en = (drawn(case, policy, lang) for lang in LANGS)
    for name in zh:
        assert zh[name].alt != en[name].alt
        assert len(zh[name].rows) == len(en[name].rows)
        numbers = [[value for value in trace["x"] if not isinstance(value, str)] for trace in zh[name].data]
        assert numbers == [[value for value in trace["x"] if not isinstance(value, str)] for trace in en[name].data]


def test_without_its_title_a_figure_is_lower_by_the_room_for_it(shown) -> None:
    *_, found = shown
    for figure in found.values():
        spec = figure.spec()
        bare = untitled(spec)
        assert "title" not in bare["layout"]
        assert (
            spec["layout"]["height"] - bare["layout"]["height"]
            == spec["layout"]["margin"]["t"] - bare["layout"]["margin"]["t"]
        )
        assert "title" in spec["layout"]  # the figure itself is not changed


# ---- one hundred readings -----------------------------------------------------------------------------------------------


def test_one_hundred_dots_of_which_as_many_lie_above_one_half_as_the_share_says(shown) -> None:
    case, policy, _, found = shown
    share = float(score_cases([case], policy).share[0])
    below, above, *_ = found["readings"].data
    assert len(below["x"]) + len(above["x"]) == 100
    assert len(above["x"]) == of_hundred(share)
    assert all(x > 0.5 for x in above["x"])
    assert all(x < 0.5 for x in below["x"])
    assert sum(int(row[1]) for row in found["readings"].rows) == 100
    assert (above["marker"]["color"], above["marker"]["symbol"]) == (CALL, "diamond")
    assert (below["marker"]["color"], below["marker"]["symbol"]) == (NO_CALL, "circle")
    # No two dots lie on each other.
    marks = [*zip(below["x"], below["y"], strict=True), *zip(above["x"], above["y"], strict=True)]
    assert len(set(marks)) == 100


def test_the_line_under_the_dots_is_the_exact_range(shown) -> None:
    case, policy, lang, found = shown
    answer = score_cases([case], policy)
    low, high = float(answer.low[0]), float(answer.high[0])
    assert found["readings"].data[2]["x"] == [low, high]
    assert percent(low, lang) in found["readings"].alt
    assert percent(high, lang) in found["readings"].alt


def test_before_the_first_possible_day_the_picture_says_so() -> None:
    case, policy = CASES["early"], load_policy("article")
    for lang, words in (("zh", "现在还不会"), ("en", "not now")):
        figure = drawn(case, policy, lang)["readings"]
        assert words in figure.layout["title"]["text"]
        assert len(figure.data[0]["x"]) == 100
        assert "7" in figure.caption


def test_unknown_facts_are_said_in_the_caption() -> None:
    policy = load_policy("article")
    known, unknown = (drawn(CASES[name], policy, "en")["readings"].caption for name in ("silent", "question"))
    assert "unknown" in unknown and "unknown" not in known


@settings(max_examples=25)
@given(case=cases(), policy=what_if_policies())
def test_any_case_under_any_policy_gives_one_hundred_dots_on_their_sides(case: Case, policy) -> None:
    a = assess(case, policy, DAY)
    below, above, _, nine = figures.readings_figure(a, case, policy, "en").data
    assert (len(below["x"]), len(above["x"])) == (100 - of_hundred(a.share), of_hundred(a.share))
    assert all(0 <= x <= 1 for x in below["x"] + above["x"])
    assert nine["x"] == list(a.nine_in_ten.values())


# ---- day by day ---------------------------------------------------------------------------------------------------------


def test_the_band_and_the_line_are_the_scores_of_every_day(shown) -> None:
    case, policy, _, found = shown
    low, high, most_low, most_high, share = found["days"].data
    scores = across_days(case, policy, list(range(91)))
    assert low["x"] == stretched(range(91))
    bands = {"low": low, "high": high, "most_low": most_low, "most_high": most_high}
    for name, trace in bands.items():
        assert trace["y"] == pytest.approx(getattr(scores, name).tolist(), abs=1e-5)
        assert trace.get("yaxis", "y") == "y"
    assert share["yaxis"] == "y2" and share["y"] == [of_hundred(value) for value in scores.share], (
        "on an axis of its own"
    )
    assert all(a <= c for a, c in zip(low["y"], high["y"], strict=True))


def test_the_table_of_days_has_the_case_s_own_day(shown) -> None:
    case, *_, found = shown
    days = [int(row[0]) for row in found["days"].rows]
    assert days == sorted(set(days))
    assert min(case.days_overdue, 90) in days
    here = [mark["text"] for mark in found["days"].layout["annotations"]]
    assert any(str(case.days_overdue) in text for text in here)


# ---- factors ------------------------------------------------------------------------------------------------------------


def test_factors_are_drawn_between_their_bounds_and_add_up_to_the_central_reading(shown) -> None:
    case, policy, _, found = shown
    a = assess(case, policy, DAY)
    dots = [trace["x"][0] for trace in found["factors"].data if trace["mode"] == "markers+text"]
    lines = [trace["x"] for trace in found["factors"].data if trace["mode"] == "lines"]
    assert len(dots) == len(lines) == 6
    assert sum(dots) == pytest.approx(a.central_z)
    for dot, (low, high) in zip(dots, lines, strict=True):
        assert low - 1e-9 <= dot <= high + 1e-9


def test_colour_and_shape_say_the_same_direction(shown) -> None:
    *_, found = shown
    pairs = {
        (t["marker"]["color"], t["marker"]["symbol"]) for t in found["factors"].data if t["mode"] == "markers+text"
    }
    assert pairs <= {(CALL, "diamond"), (NO_CALL, "circle"), ("#767676", "square")}
    lines = [trace for trace in found["factors"].data if trace["mode"] == "lines"]
    for line, dot in zip(lines, [t for t in found["factors"].data if t["mode"] == "markers+text"], strict=True):
        low, high = line["x"]
        if dot["marker"]["color"] == CALL:
            assert low >= 0
        if dot["marker"]["color"] == NO_CALL:
            assert high <= 0


def test_nothing_is_drawn_outside_the_picture(shown) -> None:
    *_, found = shown
    low, high = found["factors"].layout["xaxis"]["range"]
    assert all(low <= x <= high for trace in found["factors"].data for x in trace["x"])


# ---- witnesses and claims -----------------------------------------------------------------------------------------------


def test_each_witness_is_drawn_with_its_own_range_and_share(shown) -> None:
    case, policy, lang, found = shown
    a = assess(case, policy, DAY)
    ranges = [trace["x"] for trace in found["witnesses"].data if len(trace["x"]) == 2]
    assert ranges == [[*one[key].values()] for one in a.witnesses for key in ("likelihood", "nine_in_ten")]
    assert [row[0] for row in found["witnesses"].rows] == [one["name"][lang] for one in a.witnesses]
    assert [int(row[6]) for row in found["witnesses"].rows] == [of_hundred(one["share"]) for one in a.witnesses]


def test_a_what_if_stands_beside_the_two_and_is_named_as_one() -> None:
    policy = load_policy("article").replace({"factors.amount.pressing": 20_000})
    for lang, word in (("zh", "有改动"), ("en", "changed")):
        rows = drawn(CASES["question"], policy, lang)["witnesses"].rows
        assert len(rows) == 3
        assert word in rows[0][0]


@pytest.mark.parametrize("lang", LANGS)
def test_the_name_of_a_user_s_policy_is_escaped_where_plotly_would_read_mark_up(lang: str) -> None:
    evil = "<b onclick=alert(1)>“x”</b><script>"
    policy = load_policy({"name": {"zh": evil, "en": evil}})
    found = drawn(CASES["question"], policy, lang)["witnesses"]
    assert "<b" not in json.dumps([found.data, found.layout], ensure_ascii=False)
    assert evil in found.rows[0][0]  # a table's cell is text, not mark-up


@pytest.mark.parametrize("lang", LANGS)
def test_claims_are_counted_page_by_page(lang: str) -> None:
    counted = first_contact_days()
    figure = figures.claims_figure(counted, lang)
    bars = next(trace for trace in figure.data if trace["type"] == "bar")
    assert bars["y"] == [*counted.days.values(), counted.no_day, counted.deny]
    assert sum(int(row[1]) for row in figure.rows) == counted.pages
    assert str(counted.named) in figure.layout["title"]["text"]
    assert str(counted.days[7]) in figure.caption


def test_days_stand_on_a_square_root_scale() -> None:
    assert stretched([0, 1, 4, 9]) == [0, 1, 2, 3]
    assert stretched([7]) == [round(math.sqrt(7), 4)]
