"""What follows from a whole situation: sums to the cent, the order, whom to talk to, what is said instead of a likelihood."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiebei_lib import Borrower, Loan, load_policy, waiting
from jiebei_lib.core.knowledge.yaml_files import shipped
from jiebei_lib.page.text import cited
from jiebei_lib.show.situation.words import month_words
from jiebei_lib.situation.answer import answered

ON = "2026-11-26"
LATE = {"creditor": "a", "days_overdue": 9, "amount_overdue": 5200, "communication": "silent"}


def of(*debts, **person):
    return answered(Borrower.of({**person, "debts": list(debts)}), ON)


def ids(found) -> set[str]:
    said = [*found.statements, *found.everyone, *found.actions]
    return {each["id"] for each in said} | {
        each["id"] for row in found.debts for each in [*row.statements, row.talk_to, row.why]
    }


@given(
    st.lists(st.decimals(1, 90_000, places=2), min_size=1, max_size=9),
    st.decimals(0, 9000, places=2),
)
def test_offers_are_in_proportion_and_add_up_to_the_cent(sums, left):
    found = of(*[{"days_overdue": 3, "amount_overdue": float(each)} for each in sums], income=str(left), spending=0)
    total, whole = sum((row.offer for row in found.debts), Decimal(0)), min(left, sum(sums))
    assert total == whole
    for row in found.debts:
        share = whole * row.overdue[1] / sum(sums)
        assert abs(row.offer - share) < Decimal("0.01")


def test_what_one_needs_to_live_comes_first_and_is_paid_before_the_rest_is_shared():
    rent = {"kind": "rent", "days_overdue": 5, "amount_overdue": 1500, "instalment": 1500}
    found = of(LATE, rent, income=6000, spending=4000)
    assert [row.tier for row in found.debts] == ["live", "likely"]
    assert [row.offer for row in found.debts] == [1500, 500] and found.to_offer == 500
    behind = {"kind": "rent", "days_overdue": 5, "amount_overdue": 1800}  # no instalment is known, but what is overdue
    found = of(LATE, behind, income=6000, spending=4000)
    assert [row.offer for row in found.debts] == [1800, 200] and found.to_offer == 200
    found = of(LATE, behind, income=5000, spending=4000)  # not even enough for the rent
    assert [row.offer for row in found.debts] == [1000, 0] and found.to_offer == 0
    assert "1,000.00 yuan go to what you need to live first" in month_words(found, "en")[0]


def test_the_order_is_what_one_needs_then_a_courts_date_then_what_is_not_due_then_the_likelihood():
    found = of(
        {"days_overdue": 2, "amount_overdue": 900},
        LATE,
        {"creditor": "c", "days_overdue": -3, "amount_overdue": 10},
        {"creditor": "d", "days_overdue": 100, "amount_overdue": 10, "court": "summons"},
        {"creditor": "e", "kind": "utilities", "days_overdue": 1, "amount_overdue": 10},
        {"creditor": "f", "days_overdue": 1200, "amount_overdue": 10},
    )
    assert [row.tier for row in found.debts] == ["live", "court", "before_due", "likely", "rest", "hold"]


def test_a_sold_debt_is_never_a_matter_for_alipay_and_gets_nothing_before_notice():
    found = of({**LATE, "holder": "buyer"}, income=5000, spending=4000)
    row = found.debts[0]
    assert row.talk_to["id"] == "sold_talk" and row.offer == 0 and row.tier == "hold"
    assert "answer" not in ids(found) and "lender_jiebei" not in ids(found)
    assert of({**LATE, "holder": "buyer", "notice": True}, income=5000, spending=4000).debts[0].offer == 1000


@pytest.mark.parametrize("holder", ["lender", "agency", "buyer", None])
@pytest.mark.parametrize("kind", ["consumer_loan", "rent", None])
@pytest.mark.parametrize("on", ["2016-01-01", "2023-02-28", ON])
def test_there_is_always_somebody_to_talk_to(holder, kind, on):
    found = answered(Borrower.of({"debts": [{**LATE, "holder": holder, "kind": kind}]}), on)
    assert found.debts[0].talk_to["short"]["zh"]


@pytest.mark.parametrize(("days", "first"), [(1094, False), (1095, True)])
def test_limitation_stands_before_any_payment__civil_code_188_192(days, first):
    found = of({**LATE, "days_overdue": days}, income=5000, spending=4000)
    assert ("check_limitation" in ids(found)) is first and (found.debts[0].tier == "hold") is first
    assert (found.debts[0].offer == 0) is first


def test_after_a_call_there_are_rights_and_a_letter_and_no_likelihood():
    found = of(LATE, contacts_called=True, told="debt")
    assert found.debts[0].assessment is None
    assert {"called_rights", "called_debt", "called_evidence", "called_letter"} <= ids(found)
    assert "stop_contacts" in found.letters and "callee=contact" in found.check
    assert of(LATE).debts[0].assessment is not None and of(LATE).check is None


def test_incapacity_is_its_own_rule_and_hospital_is_not_incapacity():
    assert "incapacity_rule" in ids(of(LATE, condition="incapacitated", who_asks="relative"))
    there = ids(of(LATE, condition="in_hospital", who_asks="relative"))
    assert {"in_hospital_able", "ill_tell", "relative_not_liable"} <= there
    assert "incapacity_rule" not in there and "answer" not in there
    assert "incapacity_rule" not in ids(answered(Borrower.of({"condition": "died", "debts": [LATE]}), "2025-02-27"))


def test_waiting_is_exact_with_a_loan_and_a_range_without():
    loan = {
        "principal": 12000,
        "daily_rate": "0.0005",
        "months": 12,
        "method": "equal_instalment",
        "drawn": "2026-01-15",
        "missed_from": 3,
    }
    found = of({"loan": loan}, {"days_overdue": 9, "amount_overdue": 1000})
    exact = waiting(Loan(**loan), 30, ON).cost
    policy = load_policy("article")
    low, high = (1000 * policy.value(f"cost.daily_rate_{end}") * 1.5 * 30 for end in ("low", "high"))
    assert found.waiting[30] == (exact + Decimal(str(round(low, 2))), exact + Decimal(str(round(high, 2))))


def test_before_the_due_date_only_the_days_beyond_it_cost():
    ahead = of({"days_overdue": -3, "amount_overdue": 10_000})
    assert ahead.overdue == (0, 0) and ahead.owed == (10_000, 10_000)
    assert (
        ahead.waiting[7] == of({"days_overdue": 1, "amount_overdue": 10_000}).debts[0].waiting[7]
        or ahead.waiting[7][1] == 36
    )


def test_unknown_sums_are_counted_as_unknown():
    found = of(LATE, {"creditor": "b"})
    assert found.open_debts == 1 and found.overdue == (5200, 5200)
    assert found.debts[1].days is None and "days_unknown" in ids(found)


def test_without_debts_there_is_an_answer_all_the_same():
    found = of()
    assert found.debts == [] and found.overdue == (0, 0) and found.letters == []


def test_every_statement_has_both_languages_a_source_and_its_confidence():
    rules, letters = shipped("situation/rules.yaml"), shipped("situation/letters.yaml")["letters"]
    entries = [entry for part in ("tiers", "person", "everyone", "debt") for entry in rules[part].values()]
    entries += [ground for letter in letters.values() for ground in letter["grounds"]]
    for entry in entries:
        assert entry["text"]["zh"] and entry["text"]["en"]
        assert entry["cite"] and all(cited(cite, "zh") and cited(cite, "en") for cite in entry["cite"])
        if entry["basis"] in ("regulation", "reported"):
            assert entry["confidence"] in ("V", "S+", "S"), entry
            weakest = [shipped("core/sources.yaml")[cite.split()[0]]["confidence"] for cite in entry["cite"]]
            if entry["confidence"] == "V":
                assert "S" not in weakest, entry
        else:
            assert "confidence" not in entry


def test_what_is_owed_in_all_is_said_to_be_the_least_where_a_whole_sum_is_not_given():
    from jiebei_lib.show.situation.words import headline

    assert "at least 5,200" in headline(of(LATE), "en")[0]
    assert (
        "at least" not in headline(of({**LATE, "owed": 9000}), "en")[0]
        and "9,000" in headline(of({**LATE, "owed": 9000}), "en")[0]
    )


def test_whoever_was_called_is_told_nothing_of_their_own_budget():
    mine, theirs = of(LATE), of(LATE, who_asks="contact", contacts_called=True)
    assert month_words(mine, "en") and not month_words(theirs, "en")
    everyone = [[each["id"] for each in found.everyone] for found in (mine, theirs)]
    assert everyone == [["live_first", "no_new_debt"], ["no_new_debt"]]
