"""What one can do about findings, the letter, the sides compared, and the wording coach."""

from __future__ import annotations

import pytest

from jiebei_lib.calls.audit import audit
from jiebei_lib.calls.coach import coach
from jiebei_lib.calls.log import read_log
from jiebei_lib.calls.remedies import remedies
from jiebei_lib.calls.rule_sets import ELSEWHERE, load_rules
from jiebei_lib.core.knowledge.problems import LogError
from jiebei_lib.core.knowledge.yaml_files import beside
from jiebei_lib.show.calls.letter import letter
from jiebei_lib.show.calls.sides import SideBySide
from jiebei_lib.show.calls.words import AuditWords


@pytest.fixture(scope="module")
def found():
    return audit(read_log(beside("cases") / "contact_log.csv"), "article,cn")


def only(found, **facts):
    """An audit of one attempt."""
    attempt = {"attempt_id": "a", "at": "2026-03-10T12:00:00+08:00", "channel": "call", "callee": "contact", **facts}
    return audit([attempt], "cn")


# ---- what to do ------------------------------------------------------------------------------------------------------------


def test_routes_fit_what_was_found() -> None:
    threat = only(None, conduct="threat", borrower_reachable="false", disclosed="none", purpose="locate")
    routes = {each["id"] for each in remedies(threat, "contact", "route")}
    assert {"police", "court_privacy", "lender"} <= routes
    assert "court_us" not in routes and "still_owed" not in routes


def test_who_asks_changes_the_demands(found) -> None:
    assert {each["id"] for each in remedies(found, "contact", "demand")} == {
        "stop_contacting", "explain_source", "look_into_it",
    }  # fmt: skip
    assert {each["id"] for each in remedies(found, "borrower", "demand")} == {"deal_with_me", "look_into_it"}


def test_every_route_of_china_is_there_for_whom_it_is_for(found) -> None:
    borrower, contact = ([each["id"] for each in remedies(found, who, "route")] for who in ("borrower", "contact"))
    assert {"lender", "regulator", "central_bank", "association", "telecoms"} <= set(borrower)
    assert {"cyberspace", "police", "court_stop", "five_ways"} <= set(borrower)
    assert {"lender", "regulator", "association", "telecoms", "cyberspace"} <= set(
        contact
    ) and "central_bank" not in contact
    assert borrower[0] == contact[0] == "lender", "first the lender itself"


def test_who_must_answer_by_when_is_data_and_stands_in_the_sentence() -> None:
    dated = {name: each for name, each in load_rules().data["remedies"].items() if "within" in each}
    assert dated["lender"]["within"] == [15, 30, 60] and dated["central_bank"]["within"] == [30]
    for name, each in dated.items():
        for days in each["within"]:
            words = (str(days), "8周" if days == 56 else "", "8 weeks" if days == 56 else "")
            assert all(any(word and word in each["text"][lang] for word in words) for lang in ("zh", "en")), name


def test_a_contact_is_warned_never_to_promise_payment_and_a_borrower_of_paid_agents(found) -> None:
    contact = {each["id"] for each in remedies(found, "contact", "caution")}
    borrower = {each["id"] for each in remedies(found, "borrower", "caution")}
    assert {"never_promise_to_pay", "spouse_may_owe", "no_paid_agents"} <= contact
    assert {"no_paid_agents", "agency_announced", "debt_sold"} <= borrower and "never_promise_to_pay" not in borrower


@pytest.mark.parametrize("name", ["us", "uk", *ELSEWHERE])
def test_each_country_has_a_route_of_its_own(name: str) -> None:
    routes = [
        each
        for each in load_rules().data["remedies"].values()
        if each["kind"] == "route" and name in each.get("sets", [])
    ]
    assert routes and all("cn" not in each["sets"] for each in routes)


def test_no_route_is_left_blank() -> None:
    texts = [each["text"] for each in load_rules().data["remedies"].values() if each["kind"] == "route"]
    assert not [text for text in texts if "〔" in text["zh"] or "[" in text["en"]]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_letter_names_times_rules_and_cites_and_leaves_blanks(found, lang: str) -> None:
    text = letter(found, "borrower", lang)
    assert "2026-03-09 19:55" in text and "2026-03-18 16:40" in text
    assert ("〔姓名〕" if lang == "zh" else "[Name]") in text
    assert ("民法典第1024条" if lang == "zh" else "Civil Code art. 1024") in text
    assert "据" not in text or lang == "zh"
    assert "{" not in text and "None" not in text


def test_a_contact_s_letter_speaks_of_contacts_only(found) -> None:
    text = letter(found, "contact", "zh")
    assert "2026-03-09 20:30" in text and "2026-03-09 19:55" not in text


def test_departures_from_the_article_are_no_grounds_for_a_complaint() -> None:
    quiet = audit(
        [
            {
                "attempt_id": "a", "at": "2018-01-01T12:00:00+08:00", "channel": "call", "callee": "contact",
                "identified": "false", "answered": "true",
            }
        ],
        "article",
    )  # fmt: skip
    assert len(quiet.breaches) == 1
    assert letter(quiet, "borrower", "zh") == ""


def test_foreign_rules_are_for_comparison_and_stand_in_no_letter() -> None:
    log = read_log(beside("cases") / "contact_log.csv")
    foreign = audit(log, "us,uk")
    assert len(foreign.breaches) and letter(foreign, "borrower", "zh") == ""
    assert letter(audit(log, "cn,us,uk"), "borrower", "en") == letter(audit(log, "cn"), "borrower", "en")
    words = AuditWords(foreign, "en")
    assert words.no_letter("borrower") == "calls.todo.letter_abroad"
    draft = str(words.words("draft", text="", who="borrower"))
    assert words.foreign().startswith("United States") and words.foreign() in draft
    assert AuditWords(audit(log, "cn"), "en").foreign() == ""


# ---- sides compared ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_table_marks_conflicts_with_the_sources_of_both_sides(lang: str) -> None:
    html = SideBySide(load_rules(), lang).words()
    conflicts = html.split('class="conflict"')[1:]
    assert len(conflicts) == 12
    for cell in conflicts:
        said = cell.split("</td>")[0]
        assert "≠" in said and ("¶" in said) and "</small>" in said.split("≠")[0]
    assert "1033" not in html  # nothing that is not in the table's own cells


def test_the_article_s_telling_a_contact_conflicts_everywhere() -> None:
    answers = load_rules().data["questions"]["may_say"]["answers"]
    assert {name for name, cell in answers.items() if cell.get("practice") == "conflict"} == {
        "cn",
        "us",
        "uk",
        "hk",
        "kr",
        "jp",
    }


# ---- the coach -----------------------------------------------------------------------------------------------------------------

PLAN = {
    "channel": "call",
    "callee": "contact",
    "purpose": "locate",
    "disclosed": [],
    "conduct": [],
    "identified": True,
    "recorded": True,
    "borrower_reachable": False,
    "stop_requested": False,
}


def test_asking_how_to_reach_the_borrower_is_fine() -> None:
    advice = coach(PLAN, "cn", "2026-03-10")
    assert (advice.wrong, advice.open, advice.script) == ([], [], "locate")


def test_telling_of_the_debt_is_not_and_the_coach_says_how_to_say_it() -> None:
    advice = coach(PLAN | {"disclosed": ["overdue"], "purpose": "remind"}, "cn", "2026-03-10")
    assert set(advice.wrong) == {
        "cn_nifa_2018_disclosure", "cn_gbt_disclosure", "cn_cba_disclosure", "cn_pipl_minimum",
        "cn_gbt_third_person", "cn_cba_purpose",
    }  # fmt: skip
    assert advice.script == "relay"


def test_a_reachable_borrower_means_do_not_call_and_an_unknown_one_find_out_first() -> None:
    assert coach(PLAN | {"borrower_reachable": True}, "cn", "2026-03-10").script == "do_not_call"
    unknown = coach(PLAN | {"borrower_reachable": None}, "cn", "2026-03-10")
    assert unknown.script == "find_out_first"
    assert {"borrower_reachable"} == {fact for _, facts in unknown.open for fact in facts}


def test_the_day_counts() -> None:
    told = PLAN | {"disclosed": ["overdue"]}
    assert "cn_cba_disclosure" in coach(told, "cn", "2026-01-30").wrong
    assert "cn_cba_disclosure" not in coach(told, "cn", "2026-01-29").wrong


def test_the_coach_refuses_what_it_does_not_know() -> None:
    with pytest.raises(LogError, match="shouting"):
        coach(PLAN | {"conduct": ["shouting"]})


# ---- words ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_ids_are_escaped_wherever_they_are_shown(lang: str) -> None:
    log = read_log([{"attempt_id": "<script>alert(1)</script>", "at": "2026-03-10T23:00:00+08:00", "channel": "call"}])
    words = AuditWords(audit(log, "cn"), lang)
    html = words.words("findings")
    assert "<script>" not in html and "&lt;script&gt;" in html


def test_contacts_gather_what_several_rules_forbid(found) -> None:
    words = AuditWords(found, "zh")
    rows, all_ = words.contacts(most=3)
    assert len(rows) == 3 < all_
    night = words.contacts(rule="cn_gbt_hours")[0]
    assert [row["id"] for row in night] == ["A19", "A23"]
    told = next(row for row in words.contacts()[0] if row["id"] == "A13")
    reachable = next(item for item in told["items"] if item["short"]["zh"] == "借款人联系得上却联系第三人")
    assert len(reachable["rules"]) == 3


def test_what_helps_most_comes_first(found) -> None:
    counts = [count for _, count, _ in AuditWords(found, "en").wanting()]
    assert counts == sorted(counts, reverse=True)
