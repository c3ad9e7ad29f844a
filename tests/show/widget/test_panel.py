"""The kit: one recomputation an event, both languages, errors in place, a first state without a browser."""

import re
from types import SimpleNamespace

import pytest

from jiebei_lib.core.knowledge.problems import CaseError, Phrase, Problem
from jiebei_lib.page.figure import Figure, layout
from jiebei_lib.page.html import Words
from jiebei_lib.show.widget import panel as kit
from jiebei_lib.show.widget.fields import both, button, choice, first_values, group, number, presets
from jiebei_lib.show.widget.panel import Download, Later, Panel
from jiebei_lib.show.widget.switch import current, language

NAME = {"zh": "天数", "en": "Days"}


@pytest.fixture(autouse=True)
def chinese():
    yield
    current.lang = "zh"


def fields():
    return [
        number("days", NAME, 7, 0, 90, slider=(0, 90)),
        group(NAME, [choice("tone", NAME, {"calm": NAME, "harsh": NAME}, optional=True)]),
        button("save", NAME),
        presets(NAME, {"late": (NAME, {"days": 30, "tone": "harsh"})}),
    ]


def figure(title):
    return Figure("days", [{"y": [1]}], layout(title, 300), f"alt {title}", "caption", ["head"], [["1"]])


def test_values_are_those_of_all_fields_also_in_groups():
    assert first_values(fields()) == {"days": 7, "tone": None}


def test_an_event_is_one_recomputation_however_many_values_it_moves():
    calls = []
    panel = Panel(fields(), lambda values, lang: calls.append((values, lang)) or [])
    panel.set(days=12, tone="calm")
    assert calls == [({"days": 7, "tone": None}, "zh"), ({"days": 12, "tone": "calm"}, "zh")]


def test_one_switch_changes_every_panel():
    panels = [Panel([], lambda values, lang: [Words(f"<p>{lang}</p>")]) for _ in range(2)]
    switch = language()
    switch.lang = "en"
    assert [panel.text() for panel in panels] == ["en", "en"]
    assert switch.lang == current.lang == "en"


def test_a_users_mistake_is_said_in_both_languages_and_the_last_good_picture_stays():
    def draw(values, lang):
        if values["days"] > 50:
            raise CaseError(Problem("invalid", "days", {"value": 60, "allowed": Phrase("number_any")}))
        return [Words(f"<p>{values['days']}</p>")]

    panel = Panel(fields(), draw)
    panel.set(days=60)
    assert panel.text() == "7"
    assert panel.page["problem"]["zh"] != panel.page["problem"]["en"]
    panel.set(days=8)
    assert panel.text() == "8" and panel.page["problem"] is None


def test_later_parts_keep_their_place_and_only_the_newest_state_is_drawn(monkeypatch):
    made, calls = [], []
    loop = SimpleNamespace(call_later=lambda delay, function, *given: calls.append((function, given)))
    monkeypatch.setattr(kit, "running_loop", lambda: loop)

    def draw(values, lang):
        day = values["days"]
        return {"below": [Words("<p>a</p>"), Later(lambda: made.append(day) or [figure(str(day))]), Words("<p>z</p>")]}

    panel = Panel(fields(), draw)
    panel.set(days=20)
    panel.set(days=21)
    assert panel.page["busy"]
    for function, given in calls:
        function(*given)
    assert made == [7, 21]
    assert not panel.page["busy"]
    assert [part.get("html") or part["alt"] for part in panel.page["places"]["below"]] == [
        "<p>a</p>",
        "alt 21",
        "<p>z</p>",
    ]


def test_each_message_of_the_browser_is_answered_by_one_drawing_also_when_it_moves_nothing():
    drawn = []
    panel = Panel(fields(), lambda values, lang: drawn.append(values["days"]) or [])
    for asked, day in enumerate((9, 9, 11), 1):
        panel.set_state({"values": {**panel.values, "days": day}, "asked": asked})
        assert panel.page["asked"] == asked
    assert drawn == [7, 9, 9, 11]


def test_a_pressed_button_gives_a_file_or_new_values():
    panel = Panel(
        fields(), lambda values, lang: [], presses={"save": lambda values, panel: {"days": values["days"] + 1}}
    )
    panel._heard(panel, {"kind": "press", "name": "save"}, [])
    assert panel.values["days"] == 8
    sent = []
    panel = Panel(
        fields(), lambda values, lang: [], presses={"save": lambda values, panel: Download("case.yaml", "a: 1\n")}
    )
    panel.send = lambda content, buffers=None: sent.append(content)
    panel._heard(panel, {"kind": "press", "name": "save"}, [])
    assert sent[0]["text"] == "a: 1\n" and sent[0]["name"] == "case.yaml"


def test_without_a_browser_a_panel_shows_its_numbers_and_escapes_what_is_not_its_own():
    panel = Panel(fields(), lambda values, lang: [Words("<p>said</p>"), figure("<b>title</b>")])
    data, _ = panel._repr_mimebundle_()
    assert "<p>said</p>" in data["text/html"] and '<th scope="row">1</th>' in data["text/html"]
    assert "<b>title" not in data["text/html"]
    assert data["text/plain"].splitlines()[:2] == ["said", "<b>title</b>"]


def test_a_number_says_what_it_allows_in_both_languages():
    wrong = number("days", NAME, 7, 0, 90)["wrong"]
    assert "{value}" in wrong["zh"] and "90" in wrong["en"] and wrong["zh"] != wrong["en"]
    assert both("widget.unknown") == {"zh": "不清楚", "en": "unknown"}


def test_any_failure_to_draw_is_one_sentence_in_place_and_what_stays_is_marked_as_of_before(caplog):
    def draw(values, lang):
        return [Words(f"<p>{1 / (values['days'] - 8):.2f}</p>")]

    panel = Panel(fields(), draw)
    assert panel.page["problem"] is None and panel.page["outdated"] is False
    panel.set(days=8)
    assert panel.page["busy"] is False and panel.page["outdated"] is True
    assert all(text and "\n" not in text and "Error" not in text for text in panel.page["problem"].values())
    assert "division by zero" in caplog.text, "what no user has caused is still to be found by whoever mends it"
    panel.set(days=9)
    assert panel.text() == "1.00" and panel.page["problem"] is None and panel.page["outdated"] is False


def test_a_failure_in_what_comes_later_takes_the_old_away_and_ends_the_waiting():
    def later(values):
        if values["days"] > 7:
            raise ZeroDivisionError
        return [Words("<p>z</p>")]

    panel = Panel(fields(), lambda values, lang: [Words("<p>a</p>"), Later(lambda: later(values))])
    assert panel.text() == "a\nz"
    panel.set(days=8)
    assert panel.text() == "a" and panel.page["busy"] is False and panel.page["problem"]


def test_a_mistake_names_the_control_by_its_label():
    def draw(values, lang):
        if values["days"] > 50:
            raise CaseError(Problem("invalid", "replace: days", {"value": 60, "allowed": Phrase("number_any")}))
        return []

    panel = Panel(fields(), draw)
    panel.set(days=60)
    assert panel.page["problem"]["zh"].startswith("天数") and panel.page["problem"]["en"].startswith("Days")


def test_what_a_control_pushes_moves_with_it_and_is_drawn_once():
    calls = []

    def pushed(before, after):
        return {"tone": "harsh"} if after["days"] > 30 and after["tone"] != "harsh" else {}

    panel = Panel(fields(), lambda values, lang: calls.append(values) or [], pushed=pushed)
    panel.set(days=31)
    assert panel.values["tone"] == "harsh" and calls[1:] == [{"days": 31, "tone": "harsh"}]


def test_a_workbook_is_loaded_like_any_table() -> None:
    """It comes from the page as a data address, since it is no text."""
    from base64 import b64encode

    from jiebei_lib.show.widget.table_field import book_of
    from tests.core.tables.test_workbooks import GOOD

    text = (
        "data:application/vnd.openxmlformats-officedocument.spreadsheetml.sheet;base64,"
        + b64encode(GOOD.content).decode()
    )
    assert list(book_of({"name": "名单.xlsx", "text": text}).table.case_id) == ["A1", "A2"]


def test_no_rule_on_screen_asks_what_an_element_has_within__a_page_s_style_would_be_worked_out_at_each_word_that_a_chart_measures():
    from jiebei_lib.show.widget.switch import Switch

    css = re.sub(r"/\*.*?\*/", "", kit.style() + Switch._css, flags=re.DOTALL)
    printed = re.search(r"@media print \{.*?\n(?=[^ ])", css, re.DOTALL)
    assert ":has(" in printed.group() and ":has(" not in css.replace(printed.group(), "")
