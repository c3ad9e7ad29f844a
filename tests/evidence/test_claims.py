"""What the claims data says, recomputed from the file: the figures that the project states, and how pages are counted."""

from __future__ import annotations

import csv
import string
from collections import Counter

import pytest

from jiebei_lib.core.knowledge.yaml_files import HERE, shipped
from jiebei_lib.evidence.claims import (
    ARTICLE_PAGE,
    Condition,
    article_day,
    claims,
    conditions,
    data_rows,
    first_contact_days,
    ladders,
    pages,
    whose,
)
from jiebei_lib.evidence.contradictions import contradictions, counts

WORDS = shipped("evidence/claims.yaml")


def test_the_file_is_what_it_is_said_to_be() -> None:
    found = claims()
    sites = {claim.page: claim.site for claim in found}
    addresses = {claim.page: claim.url for claim in found}
    assert len(found) == 357
    assert len(sites) == 198
    assert sum(claim.topic == "first_contact_day" for claim in found) == 163
    assert sum(site in ("loan_seo", "law_firm_seo") for site in sites.values()) == 186
    assert sum(not url for url in addresses.values()) == 12
    assert sum("szhome.com" in url for url in addresses.values()) == 34  # 17 % of the pages


def test_43_pages_on_jiebei_18_with_a_day_of_which_7_by_day_7_and_11_at_day_15_or_later() -> None:
    found = first_contact_days("借呗")
    assert found.pages == 43
    assert found.days == {3: 1, 7: 6, 15: 1, 30: 5, 45: 1, 90: 3, 365: 1}
    assert (found.named, found.no_day, found.deny) == (18, 13, 12)
    assert (found.by(7), found.named - found.by(14)) == (7, 11)
    assert found.article_day == article_day() == 7


def test_without_the_articles_own_page_one_page_less_names_day_7() -> None:
    whole, rest = first_contact_days("借呗"), first_contact_days("借呗", without_article=True)
    assert rest.pages == whole.pages - 1
    assert rest.days[7] == whole.days[7] - 1


def test_pages_on_other_online_loans_cluster_at_days_3_and_7() -> None:
    days = first_contact_days("其他网贷").days
    assert {day for day, _ in Counter(days).most_common(2)} == {3, 7}


def test_the_published_policy_spreads_the_first_day_as_the_other_pages_do(published_spread) -> None:
    assert published_spread == first_contact_days("借呗", without_article=True).days


@pytest.fixture
def published_spread() -> dict[int, int]:
    from jiebei_lib.core.policy import load_policy

    spread = load_policy("published").data["timeline"]["first_possible_day"]["spread"]
    return {entry["day"]: entry["weight"] for entry in spread}


def test_rows_on_emergency_contacts_mostly_say_maybe_and_rows_on_the_address_book_split() -> None:
    """15 of 20, counting every row that names emergency contacts, among others or alone; 6, 7 and 7 for the address book, counting
    rows that name it alone. Pages, which is what we show, are 14 of 16 and 6, 8 and 7: a page's denials for early days do not count
    against the later day that it allows."""
    rows = [claim for claim in claims() if claim.topic == "first_contact_day" and claim.product == "借呗"]
    emergency = Counter(claim.standing for claim in rows if "emergency" in claim.scopes)
    assert (emergency["maybe"], emergency.total()) == (15, 20)
    alone = Counter(claim.standing for claim in rows if claim.scopes == ("phonebook",))
    assert (alone["yes"], alone["maybe"], alone["no"]) == (6, 7, 7)
    by_page = whose("借呗")
    assert by_page["emergency"] == {"maybe": 14, "yes": 2}
    assert by_page["phonebook"] == {"yes": 6, "maybe": 8, "no": 7}


def test_conditions_named_in_179_rows_that_say_whether_contacts_are_called() -> None:
    assert sum(claim.standing is not None for claim in claims()) == 179
    rows = {condition.factor: condition.rows for condition in conditions()}
    assert rows["unreachable"] == {"raises": 45}
    assert rows["amount"] == {"raises": 18, "open": 8}
    assert rows["contact_quality"] == {"raises": 11, "open": 1}
    assert rows["history"] == {"raises": 6, "open": 6}
    assert rows["communication"] == {"lowers": 33}


def test_no_condition_is_given_two_directions_by_pages_or_within_one() -> None:
    for condition in conditions():
        assert not {"raises", "lowers"} <= set(condition.pages), condition.factor
        named = {c.page for c in claims() if c.standing and condition.factor in c.factors}
        assert condition.named == len(named)


def test_broken_promises_are_named_by_the_article_alone() -> None:
    assert {claim.page for claim in claims() if "promise_broken" in claim.factors} == {ARTICLE_PAGE}
    assert "promise_broken" not in {condition.factor for condition in conditions(without_article=True)}


@pytest.mark.parametrize(
    ("topic", "unit", "expected"),
    [
        ("penalty_multiplier", "times", {1.5: 10}),
        ("grace_days", "day", {0: 6, 3: 3, 7: 1, 30: 1}),
    ],
)
def test_penalty_and_grace_days_on_jiebei(topic: str, unit: str, expected: dict[float, int]) -> None:
    """Rows on Jiebei; over all products one more row gives 1.5 times, and four more give days of grace."""
    rows = [claim for claim in claims() if (claim.product, claim.topic, claim.unit) == ("借呗", topic, unit)]
    assert Counter(claim.low for claim in rows) == expected


def test_the_day_of_credit_reporting_runs_from_1_to_90() -> None:
    days = [
        c.low for c in claims() if c.product == "借呗" and c.topic == "credit_report_day" and c.low and not c.denied
    ]
    assert (min(days), max(days)) == (1, 90)


def test_a_page_counts_once_with_the_earliest_day_that_it_does_not_deny() -> None:
    found = {page.id: page for page in pages("借呗")}
    assert len(found) == len(pages("借呗")) == 43
    assert found["p020"].day == 7  # denies days 1-3 for family and 3-7 for emergency contacts, allows 7-15
    assert found["p163"].day == 30  # denies days 1-30, allows 30-90
    assert found["p193"].kind == "deny"
    assert all(page.day is None for page in found.values() if page.kind != "day")


@pytest.mark.parametrize("scope", [None, "emergency", "phonebook", "family", "contacts", "workplace"])
def test_a_filter_by_contacts_keeps_only_what_is_said_of_them(scope: str | None) -> None:
    for page in pages(None, scope):
        assert all(scope in claim.scopes for claim in page.claims) or scope is None
    assert len(pages(None, scope)) == first_contact_days(None, scope=scope).pages


def test_all_products_together_count_a_page_on_two_products_once() -> None:
    both = [page for page in pages() if len(page.products) > 1]
    assert len(pages()) == len({page.id for page in pages()})
    assert len(both) <= 1


def test_every_code_has_words_in_both_languages() -> None:
    used = {
        "products": {claim.product for claim in claims()},
        "scopes": {scope for claim in claims() for scope in claim.scopes},
        "factors": {factor for claim in claims() for factor in claim.factors},
        "sites": {claim.site for claim in claims()},
        "targets": {step.target for ladder in ladders() for step in ladder.steps},
        "channels": {channel for ladder in ladders() for step in ladder.steps for channel in step.channels},
        "ladder_products": {ladder.product for ladder in ladders()},
    }
    for kind, codes in used.items():
        assert codes == set(WORDS[kind]), kind
        assert all(words["zh"] and words["en"] for words in WORDS[kind].values())


# ---- ladders ------------------------------------------------------------------------------------------------------------


def test_13_ladders_with_their_42_steps_the_article_first() -> None:
    found = ladders()
    assert len(found) == 13
    assert sum(len(ladder.steps) for ladder in found) == 42
    assert found[0].id == "article"
    assert [step.first for step in found[0].steps] == [1, 3, 7]


def test_third_persons_come_in_between_day_7_and_day_90_or_never() -> None:
    first = {ladder.id: ladder.third_from for ladder in ladders()}
    assert {day for day in first.values() if day} == {7, 15, 16, 18, 90}
    assert [name for name, day in first.items() if day is None] == ["wode", "action"]


# ---- contradictions -----------------------------------------------------------------------------------------------------


def test_contradictions_fill_whole_sentences_with_what_is_counted() -> None:
    found = contradictions()
    assert len(found) == len(shipped("evidence/contradictions.yaml")) == 9
    for point in found:
        assert all(cite.startswith("article ¶") for cite in point.cite)
        assert {cite.partition(" ")[0] for cite in point.against} <= set(shipped("core/sources.yaml"))
        for lang in ("zh", "en"):
            assert "{" not in point.others[lang]
            assert point.article[lang] and point.name[lang]


def test_both_languages_count_the_same_and_every_count_is_said_somewhere() -> None:
    used: set[str] = set()
    for name, point in shipped("evidence/contradictions.yaml").items():
        slots = [
            {slot for _, slot, *_ in string.Formatter().parse(point["others"][lang]) if slot} for lang in ("zh", "en")
        ]
        assert slots[0] == slots[1], name
        used |= slots[0]
    assert used == set(counts())


def test_the_counts_leave_the_articles_own_page_out() -> None:
    found = counts()
    assert (found["pages"], found["named"], found["earlier"], found["same"], found["later"]) == (42, 17, 1, 5, 11)
    assert found["named"] == found["earlier"] + found["same"] + found["later"]
    assert found["promise"] == 0
    assert found["unreachable"] == next(c for c in conditions() if c.factor == "unreachable").named - 1
    assert found["call_pages"] == found["call_before"] + found["call_same"] + found["call_after"]


def test_a_condition_counts_its_pages() -> None:
    assert Condition("amount", {"raises": 2, "open": 1}, {"raises": 5}).named == 3


# ---- the data that is shipped ---------------------------------------------------------------------------------------------


def test_only_the_files_that_are_used_are_shipped_and_each_reads_whole() -> None:
    shipped_files = {file.name for file in (HERE / "evidence" / "data").glob("*.csv")}
    mine = {
        "claims.csv",
        "published_escalation_ladders.csv",
        "reported_contact_cases.csv",
        "regulator_actions_third_party_contact.csv",
        "cfpb_issue_subissue_counts_2024-11.csv",
    }
    assert mine <= shipped_files
    for name in mine:
        with (HERE / "evidence" / "data" / name).open(encoding="utf-8", newline="") as file:
            head, *rows = csv.reader(file)
        assert {len(row) for row in rows} == {len(head)}, name
        assert len(data_rows(name)) == len(rows)


def test_the_article_s_contradiction_of_itself_and_of_the_rules_are_findings__article_12() -> None:
    found = {point.id: point for point in contradictions()}
    assert found["privacy"].cite == found["privacy"].against == ["article ¶12"]
    assert "隐私" in found["privacy"].article["zh"] and "逾期" in found["privacy"].others["zh"]
    assert {"gbt_45251_2025", "cba_guideline_2026"} <= set(found["law"].against) and found["law"].basis == "regulation"
