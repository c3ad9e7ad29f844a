"""May they? The rules on calling third persons, each from its own date."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiebei_lib.core.assessment import assess
from jiebei_lib.core.case import FIELDS, Case
from jiebei_lib.core.knowledge.problems import CaseError
from jiebei_lib.core.policy import Policy, load_policy
from jiebei_lib.core.rules.conduct import caller, conflicts, permission
from tests.strategies import cases

TODAY = "2026-11-23"
REACHABLE = ["repaying", "engaged", "answering", "broken_promise"]
# The first and the last day of each regime, and the rules in force in it.
REGIMES = {
    ("2017-12-31", "2018-03-27"): [],
    ("2018-03-28", "2024-04-17"): ["nifa_2018"],
    ("2024-04-18", "2025-02-27"): ["nifa_2018", "cfc_measures"],
    ("2025-02-28", "2026-01-29"): ["nifa_2018", "cfc_measures", "gbt_45251"],
    ("2026-01-30", TODAY): ["nifa_2018", "cfc_measures", "gbt_45251", "cba_guideline"],
}
DAYS = [(day, rules) for days, rules in REGIMES.items() for day in days]
RULED = st.sampled_from([day for day, rules in DAYS if rules])


@pytest.mark.parametrize(("day", "rules"), DAYS)
def test_each_rule_holds_from_its_own_date(article: Policy, day: str, rules: list[str]) -> None:
    assert permission(Case(7, 8000, communication="silent"), article, day).rules == rules


LATE = cases(days=st.integers(1, 3650))


@given(case=cases(days=st.integers(-60, 0)), day=st.sampled_from([day for day, _ in DAYS]))
def test_on_or_before_the_due_date_no_contact_may_be_called(case: Case, day: str) -> None:
    found = permission(case.replace(failed_attempts=9), load_policy("article"), day)
    assert (found.status, found.answer, found.deciding) == ("not_permitted", "not_due", None)


@given(case=LATE, communication=st.sampled_from(REACHABLE), day=RULED)
def test_who_can_be_reached_is_dealt_with_alone_whatever_the_amount_and_record(case, communication, day) -> None:
    found = permission(case.replace(communication=communication), load_policy("article"), day)
    assert (found.status, found.deciding, found.conditions) == ("not_permitted", None, [])


@given(case=LATE, day=RULED)
def test_who_cannot_be_reached_may_be_sought_once_that_is_established(case: Case, day: str) -> None:
    policy, silent = load_policy("article"), case.replace(communication="silent")
    found = permission(silent, policy, day)
    if not found.conditions:
        assert (found.status, found.deciding) == ("permitted", None) and day < "2026-01-30"
    else:
        assert (found.status, found.answer) == ("undecided", "if_established")
    if day >= "2026-01-30":
        assert found.deciding == "failed_attempts"
        for facts in ({"failed_attempts": 3}, {"unreachable_days": 3}, {"failed_attempts": 0, "unreachable_days": 9}):
            assert permission(silent.replace(**facts), policy, day).status == "permitted"
            # Established, it does not matter what is known of the communication, unless the borrower does answer.
            assert permission(case.replace(communication=None, **facts), policy, day).status == "permitted"


@pytest.mark.parametrize(
    ("attempts", "days", "answer", "deciding"),
    [
        (None, None, "if_established", "failed_attempts"),
        (2, None, "if_established", "unreachable_days"),
        (None, 2, "if_established", "failed_attempts"),
        (2, 2, "not_established", None),
        (3, None, "permitted", None),
        (0, 3, "permitted", None),
    ],
)
def test_three_failed_calls_or_three_days_establish_it_as_reported(article, attempts, days, answer, deciding) -> None:
    case = Case(7, 8000, communication="silent", failed_attempts=attempts, unreachable_days=days)
    found = permission(case, article, TODAY)
    assert (found.answer, found.deciding) == (answer, deciding)


@given(case=LATE, day=RULED)
def test_unknown_communication_leaves_it_undecided_and_is_named(case: Case, day: str) -> None:
    found = permission(case.replace(communication=None), load_policy("article"), day)
    assert (found.status, found.deciding) == ("undecided", "communication")


@given(case=LATE, day=st.sampled_from(["1999-01-01", "2018-03-27"]))
def test_before_the_first_rule_nothing_is_settled(case: Case, day: str) -> None:
    found = permission(case, load_policy("article"), day)
    assert (found.status, found.answer, found.deciding, found.rules) == ("undecided", "no_rule", None, [])


def test_the_measures_alone_do_not_say_when_an_unreachable_borrower_may_be_sought(article: Policy) -> None:
    """They forbid collecting from the unrelated; what is permitted comes from the convention beside them."""
    alone = article.replace({"conduct.third_persons.nifa_2018.until": "2024-04-17"})
    found = permission(Case(7, 8000, communication="silent"), alone, "2024-06-01")
    assert (found.status, found.answer, found.rules) == ("undecided", "no_rule", ["cfc_measures"])
    # Nor do they say that somebody may not be asked while the borrower answers: they forbid collecting.
    assert permission(Case(7, 8000, communication="answering"), alone, "2024-06-01").answer == "no_rule"


@pytest.mark.parametrize("status", ["not_permitted", "permitted", "undecided"])
def test_every_answer_says_why_and_cites_the_rules_of_that_day_only(article: Policy, status: str) -> None:
    way = {"not_permitted": "engaged", "permitted": "silent", "undecided": None}[status]
    for day, rules in DAYS:
        found = assess(
            Case(7, 8000, communication=way, failed_attempts=5 if way == "silent" else None), article, day
        ).permitted
        if not rules:
            assert found["cites"] == ["ours"] and found["status"] == "undecided"
            continue
        cites = [cite for rule in rules for cite in article.data["conduct"]["third_persons"][rule]["cite"]]
        # From the standard on, unreachable is what the contract says; numbers that decide it come with the guideline.
        open_ = status == "permitted" and "2025-02-28" <= day < "2026-01-30"
        assert (found["status"], found["cites"]) == ("undecided" if open_ else status, cites)
        assert found["why"]["zh"] and found["why"]["en"]
        assert [rule["since"] for rule in found["rules"]] == sorted(rule["since"] for rule in found["rules"])


def test_conditions_rest_on_press_and_a_digest_and_are_shown_as_reported(article: Policy) -> None:
    found = assess(Case(7, 8000, communication="silent"), article, TODAY).permitted
    assert len(found["conditions"]) == 4
    assert all(condition["reported"] and condition["confidence"] != "V" for condition in found["conditions"])
    assert all(
        {"collection_rules_digest", "collection_press"} & set(condition["cite"]) for condition in found["conditions"]
    )


def test_standing_is_told_with_each_rule(article: Policy) -> None:
    found = assess(Case(7, 8000), article, TODAY).permitted
    assert {rule["id"]: rule["standing"] for rule in found["rules"]} == {
        "nifa_2018": "self_discipline",
        "cfc_measures": "binding",
        "gbt_45251": "recommended",
        "cba_guideline": "self_discipline",
    }


@pytest.mark.parametrize(
    ("day", "way", "broken"),
    [
        ("2024-04-17", "silent", ["told_of_debt"]),
        ("2024-04-18", "silent", ["told_of_debt", "asked_to_urge"]),
        ("2024-04-18", "answering", ["told_of_debt", "asked_to_urge", "amount_or_record"]),
        ("2018-03-27", "answering", []),
        ("2018-03-28", "answering", ["told_of_debt", "amount_or_record"]),
        ("2025-02-27", "silent", ["told_of_debt", "asked_to_urge"]),
        ("2025-02-28", "silent", ["told_of_debt", "asked_to_urge", "asked_about_means"]),
        ("2026-01-29", "silent", ["told_of_debt", "asked_to_urge", "asked_about_means"]),
        ("2026-01-30", "silent", ["told_of_debt", "asked_to_urge", "asked_about_means"]),
        (TODAY, None, ["told_of_debt", "asked_to_urge", "asked_about_means"]),
        (TODAY, "repaying", ["told_of_debt", "asked_to_urge", "asked_about_means", "amount_or_record"]),
    ],
)
def test_where_the_described_practice_would_break_a_rule__article_12_13(article, day, way, broken) -> None:
    assert conflicts(Case(7, 8000, communication=way), article, day) == broken


@pytest.mark.parametrize(("day", "rules"), DAYS)
def test_a_conflict_cites_only_what_is_in_force_that_day(article: Policy, day: str, rules: list[str]) -> None:
    third_persons = article.data["conduct"]["third_persons"]
    later = {cite for name, rule in third_persons.items() if name not in rules for cite in rule["cite"]}
    found = assess(Case(7, 8000, communication="answering"), article, day).permitted["conflicts"]
    assert bool(found) == bool(rules)
    for conflict in found:
        assert not later & set(conflict["cite"])
        assert {cite for name in rules for cite in third_persons[name]["cite"]} & set(conflict["cite"])


@pytest.mark.parametrize("way", [*FIELDS["communication"]["levels"], None])
def test_a_caller_is_never_told_both_to_ask_a_contact_and_not_to_call(article: Policy, way: str | None) -> None:
    case = Case(7, 8000, communication=way)
    may, may_not = (set(caller(case, article, TODAY, side)) for side in ("may", "may_not"))
    assert ("call_when_reachable" in may_not) == (way in REACHABLE)
    assert ("ask_way_to_reach" in may) == (way not in REACHABLE)
    assert "reveal_debt" in may_not


def test_as_of_is_a_date_and_today_if_not_given(article: Policy) -> None:
    from datetime import date

    case = Case(7, 8000, communication="silent")
    assert assess(case, article).as_of == date.today().isoformat()
    assert assess(case, article, date(2024, 5, 1)).to_dict() == assess(case, article, "2024-05-01").to_dict()
    for wrong in ("2024-02-30", "yesterday", "2024", 7):
        with pytest.raises(CaseError) as error:
            assess(case, article, wrong)
        assert "as_of" in str(error.value) and "2026-11-23" in str(error.value)


# ---- whom a rule binds is asked, not assumed ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lender", "bound"), [("consumer_finance", True), (None, None), ("bank", False), ("other", False)]
)
def test_the_measures_are_said_to_bind_not_to_bind_or_to_depend(
    article: Policy, lender: str | None, bound: bool | None
) -> None:
    found = assess(Case(7, 8000, communication="answering", lender=lender), article, TODAY).permitted
    rules = {rule["id"]: rule["bound"] for rule in found["rules"]}
    assert rules.get("cfc_measures", False) is bound
    assert rules["gbt_45251"] is True and found["status"] == "not_permitted"


@given(case=cases(), lender=st.sampled_from(FIELDS["lender"]["levels"]), day=RULED)
def test_knowing_the_lender_takes_rules_away_and_adds_none(case: Case, lender: str, day: str) -> None:
    policy = load_policy("article")
    whole, known = (
        permission(one, policy, day).rules for one in (case.replace(lender=None), case.replace(lender=lender))
    )
    assert set(known) <= set(whole) and set(whole) - set(known) <= {"cfc_measures"}


def test_the_lender_plays_no_part_in_the_score(article: Policy) -> None:
    plain = assess(Case(7, 8000, communication="silent"), article, TODAY)
    for lender in FIELDS["lender"]["levels"]:
        other = assess(Case(7, 8000, communication="silent", lender=lender), article, TODAY)
        assert (other.likelihood, other.share, other.unknown) == (plain.likelihood, plain.share, plain.unknown)
