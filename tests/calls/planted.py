"""Invented logs with known breaches, from a seed: what an audit finds can be held against what was planted, on any number of rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

START = pd.Timestamp("2026-03-02 09:00")  # a Monday after every rule has come into force
SLOT_DAYS = 8  # between two attempts for one debt: longer than the longest window
SLOTS = 25
CALL = {
    "channel": "call",
    "callee": "borrower",
    "direction": "out",
    "agency_id": "a1",
    "outcome": "conversation",
    "voice": "interactive",
    "discussed": "",
    "agreed_on": "",
    "answered": "true",
    "purpose": "collect",
    "disclosed": "overdue",
    "identified": "true",
    "recorded": "true",
    "borrower_reachable": "true",
    "stop_requested": "false",
    "conduct": "none",
}
DIAL = CALL | {"outcome": "no_answer", "answered": "false", "disclosed": "none"}
TO_CONTACT = CALL | {"callee": "contact", "purpose": "locate", "disclosed": "none", "borrower_reachable": "false"}
TOLD = [
    "article_withholds", "cn_nifa_2018_disclosure", "cn_gbt_disclosure", "cn_cba_disclosure", "cn_pipl_minimum",
    "cn_consumer_confidentiality", "us_no_debt_stated", "uk_disclosure",
]  # fmt: skip
ABUSED = ["article_friendly", "cn_nifa_2018_conduct", "cn_cba_conduct", "us_conduct"]

# Each plant: attempts (hours after 9 in the morning of its day, facts), and for each what it breaks; * marks undecided.
PLANTS: dict[str, list[tuple[float, dict[str, str], list[str]]]] = {
    "night": [(13, CALL, ["cn_gbt_hours", "cn_cba_hours", "us_hours", "*uk_hours"])],
    "before_eight": [(22.75, CALL, ["cn_gbt_hours", "cn_cba_hours", "us_hours", "*uk_hours"])],
    "four_effective_calls": [
        (0, CALL, []),
        (2, CALL, ["us_after_conversation"]),
        (4, CALL, ["us_after_conversation"]),
        (6, CALL, ["us_after_conversation", "cn_gbt_effective_calls"]),
    ],
    "seven_dials": [(n, DIAL, ["cn_cba_unanswered"] if n == 6 else []) for n in range(7)],
    "eight_in_seven_days": [(12 * n, DIAL, ["us_seven_in_seven"] if n == 7 else []) for n in range(8)],
    "contact_though_reachable": [
        (1, TO_CONTACT | {"borrower_reachable": "true"},
         ["cn_nifa_2018_reachable", "cn_gbt_reachable", "cn_cba_reachable"]),
    ],
    "contact_told": [(1, TO_CONTACT | {"disclosed": "overdue;amount"}, TOLD)],
    "contact_collected_from": [
        (1, TO_CONTACT | {"purpose": "collect"},
         ["article_purpose", "cn_cfc_third_person", "cn_gbt_third_person", "cn_cba_purpose", "us_third_party"]),
    ],
    "contact_asked_to_remind": [
        (1, TO_CONTACT | {"purpose": "remind"}, ["cn_gbt_third_person", "cn_cba_purpose", "us_third_party"]),
    ],
    "called_after_stop": [
        (1, TO_CONTACT | {"stop_requested": "true"}, []),
        (241, TO_CONTACT | {"outcome": "no_answer", "answered": "false"}, ["cn_gbt_stop", "cn_cba_stop", "*uk_requests"]),
    ],
    "threat": [
        (2, CALL | {"conduct": "threat"}, [*ABUSED, "cn_order9_conduct", "cn_cfc_conduct", "*uk_threatened_action"]),
    ],
    "posed_as_a_court": [
        (2, CALL | {"conduct": "impersonation"},
         ["article_friendly", "cn_order9_conduct", "cn_cba_conduct", "us_deception", "uk_misrepresentation"]),
    ],
    "insulted_twice": [
        (1, CALL | {"conduct": "insult"}, [*ABUSED, "cn_civil_reputation"]),
        (241, CALL | {"conduct": "insult"}, [*ABUSED, "cn_civil_reputation", "cn_public_security"]),
    ],
    "contact_called_twice": [
        (1, TO_CONTACT, []),
        (241, TO_CONTACT, ["us_once"]),
    ],
    "not_recorded": [(3, CALL | {"recorded": "false"}, ["cn_cba_recorded"])],
    "not_identified": [(3, TO_CONTACT | {"identified": "false"}, ["article_identifies", "us_identity"])],
    "called_by_the_borrower_at_night": [(13, CALL | {"direction": "in"}, [])],
    "who_called_at_night_unknown": [
        (13, CALL | {"direction": ""}, ["*cn_gbt_hours", "*cn_cba_hours", "*us_hours", "*uk_hours"]),
    ],
    "seven_calls_and_a_busy_line": [
        *[(12 * n, DIAL, []) for n in range(7)], (84, DIAL | {"outcome": "busy"}, []),
    ],
    "seven_calls_and_perhaps_a_busy_line": [
        *[(12 * n, DIAL, []) for n in range(7)], (84, DIAL | {"outcome": ""}, ["*us_seven_in_seven"]),
    ],
    "four_dials_to_each_of_two_numbers": [(1.5 * n, DIAL | {"number_id": f"own{n % 2}"}, ["us_seven_in_seven"] if n == 7 else [])
                                          for n in range(8)],
    "seven_dials_number_unknown": [
        (n, DIAL | {"number_id": ""}, ["*cn_cba_unanswered"] if n == 6 else []) for n in range(7)
    ],
    "four_calls_by_each_of_two_firms": [(12 * n, DIAL | {"agency_id": f"a{n % 2}"}, []) for n in range(8)],
    "eight_calls_one_firm_unknown": [
        *[(12 * n, DIAL, []) for n in range(7)], (84, DIAL | {"agency_id": ""}, ["*us_seven_in_seven"]),
    ],
    "four_notices": [
        (2 * n, CALL | {"voice": "notification", "outcome": "dropped"}, ["cn_gbt_notification_calls"] if n == 3 else [])
        for n in range(4)
    ],
    "called_back_as_agreed": [(0, CALL, []), (48, DIAL | {"agreed_on": "day"}, []), (192, DIAL | {"agreed_on": "day"}, [])],
    "agreed_but_talked_since": [
        (0, CALL, []), (48, CALL | {"agreed_on": "day"}, []), (96, DIAL | {"agreed_on": "day"}, ["us_after_conversation"]),
    ],
    "talked_about_another_debt_too": [
        (0, CALL | {"discussed": "other"}, []), (48, DIAL | {"debt_id": "other"}, ["us_after_conversation"]),
    ],
    "about_two_debts": [
        (0, CALL | {"debt_id": "own;other"}, []), (48, DIAL | {"debt_id": "other"}, ["us_after_conversation"]),
    ],
    "spouse_collected_from_and_told": [
        (1, CALL | {"callee": "spouse", "disclosed": "overdue;amount", "borrower_reachable": "false"},
         ["*cn_cfc_third_person", "*cn_gbt_third_person", "*cn_cba_purpose",
          *[f"*{rule}" for rule in TOLD if rule.startswith("cn_")], "uk_disclosure"]),
    ],
    "attorney_told": [(1, CALL | {"callee": "attorney", "disclosed": "overdue;amount"}, [])],
    "misdirected": [
        *[(12 * n, DIAL | {"number_id": "wrong"}, []) for n in range(4)],
        (48, CALL | {"number_id": "wrong", "outcome": "wrong_number", "callee": "borrower", "disclosed": "none"}, []),
        *[(60 + 12 * n, DIAL, []) for n in range(4)],
    ],
    "unknown_disclosure": [(3, TO_CONTACT | {"disclosed": ""}, [f"*{rule}" for rule in TOLD])],
    "unknown_reachability": [
        (3, TO_CONTACT | {"borrower_reachable": ""},
         ["*cn_nifa_2018_reachable", "*cn_gbt_reachable", "*cn_cba_reachable"]),
    ],
}  # fmt: skip


def planted_log(attempts: int = 1000, seed: int = 1, each: int = 3) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A log of so many invented attempts, ``each`` plant that often among them, rows shuffled; and what an audit should find.

    The second table has ``rule_id``, ``attempt_id`` and ``status``. All else in the log breaks nothing in any rule set.
    """
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    expected: list[tuple[str, str, str]] = []
    for kind, plant in PLANTS.items():
        for copy in range(each):
            debt, day = f"{kind}-{copy}", int(rng.integers(0, 200))
            for n, (hours, facts, broken) in enumerate(plant):
                at = START + pd.Timedelta(days=day, hours=hours)
                who = f"{debt}-{facts['callee']}"
                attempt = f"{debt}-{n}"
                rows.append(
                    {
                        "attempt_id": attempt,
                        "debt_id": debt,
                        "at": _iso(at),
                        "callee_id": who,
                        "number_id": f"{who}-1",
                        **facts,
                    }
                )
                _own(rows[-1], debt, day)
                expected += [
                    (rule.lstrip("*"), attempt, "undecided" if rule[0] == "*" else "breach") for rule in broken
                ]
    quiet = max(0, attempts - len(rows))
    table = pd.concat([pd.DataFrame(rows), _quiet(quiet, rng)], ignore_index=True)
    table = table.iloc[rng.permutation(len(table))].reset_index(drop=True)
    return table, pd.DataFrame(expected, columns=["rule_id", "attempt_id", "status"])


def _own(row: dict[str, Any], debt: str, day: int) -> None:
    """Makes the ids that a plant names its own copy's, and a day of consent the day on which the plant begins."""
    for column in ("debt_id", "discussed", "number_id"):
        if row[column] and not row[column].startswith(debt):
            row[column] = ";".join(debt if one == "own" else f"{debt}-{one}" for one in row[column].split(";"))
    if row["agreed_on"]:
        row["agreed_on"] = f"{START + pd.Timedelta(days=day):%Y-%m-%d}"


def _iso(at: pd.Timestamp) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}+08:00"


def _quiet(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Attempts that break nothing: one a debt and eight days, by day, recorded, and to a contact only to find the borrower."""
    number = np.arange(n)
    debt, slot = number // SLOTS, number % SLOTS
    minutes = rng.integers(0, 11 * 60, n)
    days = pd.DatetimeIndex(START + pd.to_timedelta(slot * SLOT_DAYS * 1440 + minutes, unit="min"))
    contact = rng.random(n) < 0.2
    silent = ~contact & (rng.random(n) < 0.4)
    ids = pd.Series(number).astype("str")
    debts = "d" + pd.Series(debt).astype("str")
    text = {
        "attempt_id": "q" + ids,
        "debt_id": debts,
        "at": _written(days),
        "callee_id": debts.where(~contact, "c" + ids),
        "number_id": "n" + debts.where(~contact, "c" + ids),
    }
    return pd.DataFrame(
        text
        | {
            column: pd.Series(np.where(contact, TO_CONTACT[column], np.where(silent, DIAL[column], CALL[column])))
            for column in CALL
        }
    )


def _written(days: pd.DatetimeIndex) -> pd.Series:
    """Times as text: whole minutes at +08:00, each different one written once."""
    codes, different = pd.factorize(days)
    return pd.Series(different.strftime("%Y-%m-%dT%H:%M:00+08:00").to_numpy()[codes])
