"""Whom a line binds is asked, not assumed: the lender's kind is a fact of the loan."""

from __future__ import annotations

import json
from datetime import date

import pytest

from jiebei_lib import CaseError, Loan
from jiebei_lib.cli import run
from jiebei_lib.core.policy import load_policy
from jiebei_lib.money.rates import against_lines

LOAN = {"principal": 10_000, "annual_rate": "0.3", "months": 12, "method": "equal_instalment", "drawn": "2026-05-15"}


@pytest.mark.parametrize(
    ("lender", "bound", "not_bound"),
    [
        ("bank", {"court_on_request", "platform_lending", "tiers"}, {"consumer_finance_guidance", "microloan", "private_lending"}),
        ("consumer_finance", {"court_on_request", "consumer_finance_guidance"}, {"platform_lending", "microloan", "private_lending"}),
        ("other", {"private_lending", "microloan"}, {"court_on_request", "platform_lending", "consumer_finance_guidance"}),
    ],
)  # fmt: skip
def test_a_line_binds_its_kinds_of_lender(lender: str, bound: set[str], not_bound: set[str]) -> None:
    lines = {line.id: line.binds for line in against_lines(0.3, date(2026, 5, 15), "article", lender)}
    assert {name for name in bound | not_bound if lines[name]} == bound


def test_an_unknown_lender_leaves_it_open_where_it_matters_and_only_there() -> None:
    lines = {line.id: line for line in against_lines(0.3, date(2026, 5, 15))}
    for line in lines.values():
        assert (line.binds is None) == ("lenders" in line.statement), line.id


def test_the_lender_is_read_in_either_language_and_another_word_refused() -> None:
    assert Loan.of({**LOAN, "lender": "消费金融公司"}).lender == Loan.of({**LOAN, "lender": "consumer_finance"}).lender
    assert Loan.of({**LOAN, "lender": "不知道"}).lender is None
    assert Loan.of(Loan(**LOAN, lender="bank").to_dict()).lender == "bank"
    with pytest.raises(CaseError, match="bank, consumer_finance, other"):
        Loan.of({**LOAN, "lender": "uncle"})


def test_the_command_says_what_binds_and_what_does_not(capsys) -> None:
    args = ["cost", *(word for name, value in LOAN.items() for word in (f"--{name.replace('_', '-')}", str(value)))]
    assert run([*args, "--lender", "bank", "--as-of", "2026-07-15", "--json"]) == 0
    lines = {line["id"]: line for line in json.loads(capsys.readouterr().out)["rate"]["lines"]}
    assert lines["platform_lending"]["binds"] is True and lines["consumer_finance_guidance"]["binds"] is False
    run([*args, "--as-of", "2026-07-15", "--lang", "en"])
    assert "depends on who the lender is" in " ".join(capsys.readouterr().out.split())


def test_every_kind_that_a_line_names_is_one_of_the_loan_s() -> None:
    from jiebei_lib.money.loan_fields import FIELDS

    kinds = {
        kind for line in load_policy("article").data["cost"]["lines"].values() for kind in line.get("lenders") or []
    }
    assert kinds == set(FIELDS["lender"]["levels"])
