"""The input: every fact checked, and whatever is wrong said with the field's name, the value and what is allowed."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from jiebei_lib.cli.schema import case_schema as json_schema
from jiebei_lib.core.case import FIELDS, Case
from jiebei_lib.core.knowledge.fields import _level_words, heading
from jiebei_lib.core.knowledge.problems import CaseError
from jiebei_lib.money.loan import FIELDS as LOAN
from jiebei_lib.money.loan import Loan
from tests.strategies import cases


def wrong(**facts) -> list[str]:
    with pytest.raises(CaseError) as error:
        Case.of({"days_overdue": 7, "amount_overdue": 8000, **facts})
    return error.value.say("en").splitlines()


# ---- borders ----------------------------------------------------------------------------------------------------------

INSIDE = {
    "days_overdue": [-60, 0, 3650, 7.0, np.int64(7)],
    "amount_overdue": [0.01, 10_000_000, 8000, None, np.float64(8000.5)],
    "zhima_score": [350, 950, None],
    "past_overdue": [0, 100, None],
    "communication": [*FIELDS["communication"]["levels"], None],
    "contacts": [*FIELDS["contacts"]["levels"], None],
    "case_id": ["a", "字" * 64, "../../x", "<b>"],
}
OUTSIDE = {
    "days_overdue": [
        -61,
        3651,
        7.5,
        "7.5",
        "7元",
        "几周",
        "(3)",
        "8²",
        "",
        None,
        True,
        float("nan"),
        float("inf"),
        [7],
        10**400,
    ],
    "amount_overdue": [
        0,
        -1,
        10_000_000.01,
        "1,00",
        "1_000",
        "8000天",
        "inf",
        "8000-5000",
        [5000],
        "-5-8",
        False,
        float("nan"),
        float("inf"),
        {},
    ],
    "zhima_score": [349, 951, 640.5, "640.5", "(3)", "[3]"],
    "past_overdue": [-1, 101, 0.5, True, "无"],
    "communication": ["quiet", "失联吗", "(silent)", 3, ["silent"]],
    "contacts": ["closest", "无", 0, True],
    "case_id": ["", "   ", "x" * 65, 7, None, "a\nb", "a\x00b"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in INSIDE for value in INSIDE[name]])
def test_every_value_inside_the_borders_is_taken(name: str, value: object) -> None:
    assert getattr(Case.of({"days_overdue": 7, "amount_overdue": 8000, name: value}), name) == value


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in OUTSIDE for value in OUTSIDE[name]])
def test_every_value_outside_is_told_with_its_field(name: str, value: object) -> None:
    (line,) = wrong(**{name: value})
    assert line.startswith(f"case: {name}: ")
    assert "give " in line and len(line) < 200


def test_the_sentence_says_what_is_allowed_and_that_it_may_be_unknown() -> None:
    assert wrong(zhima_score=1000) == [
        "case: zhima_score: 1000 is not allowed; give a whole number from 350 to 950, or nothing if unknown."
    ]
    assert wrong(communication="quiet") == [
        "case: communication: 'quiet' is not allowed; give one of repaying, engaged, answering, broken_promise, silent, "
        "or nothing if unknown."
    ]


def test_all_mistakes_are_told_at_once_in_both_languages() -> None:
    with pytest.raises(CaseError) as error:
        Case.of({"days_overdue": -61, "amount_overdue": "much", "contacts": "x", "phone": "1"})
    assert len(error.value.say("en").splitlines()) == len(error.value.say("zh").splitlines()) == 4
    assert "case: 'phone'：没有这一项" in error.value.say("zh")


def test_the_constructor_checks_the_same() -> None:
    with pytest.raises(CaseError, match="days_overdue: -61"):
        Case(-61, 8000)
    with pytest.raises(CaseError, match="amount_overdue: 0 "):
        Case(7, 8000).replace(amount_overdue=0)


@pytest.mark.parametrize("given", ["5000-8000", "5000 至 8000", " 5000 ~ 8000 ", [5000, 8000], (5000.0, 8000.0)])
def test_an_amount_may_be_a_range(given: object) -> None:
    case = Case.of({"days_overdue": 7, "amount_overdue": given})
    assert case.amount_overdue == (5000.0, 8000.0) == case.amounts and case.amount is None
    assert Case.of(case.to_dict()) == case and Case.of(yaml.safe_load(case.to_yaml())) == case
    jsonschema.validate(case.to_dict(), json_schema())
    assert Case.of({"days_overdue": 7, "amount_overdue": "8000-8000"}).amount_overdue == 8000


SPOKEN = {
    "days_overdue": {"7": 7, " ７ ": 7, "7天": 7, "7 days": 7, "007": 7, "7.0": 7, "1e1": 10},
    "amount_overdue": {
        "8,000": 8000,
        "８,０００.５０": 8000.5,
        "¥8,000 元": 8000,
        "8000元整": 8000,
        "￥8000": 8000,
        "1e3": 1000,
    },
    "zhima_score": {
        "650分": 650,
        "": None,
        "不清楚": None,
        "#N/A": None,
        "\\N": None,
        "无": None,
        "N.A.": None,
        "－": None,
    },
    "past_overdue": {"2次": 2, "none": None, "unknown": None, "—": None},
    "communication": {
        "失联": "silent",
        "Silent": "silent",
        "BROKEN promise": "broken_promise",
        "还款中": "repaying",
        "": None,
        "NULL": None,
    },
    "contacts": {"准确": "accurate", "WRONG": "wrong", "未知": None},
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name in SPOKEN for text in SPOKEN[name]])
def test_what_people_write_is_heard_in_every_field(name: str, text: str) -> None:
    assert getattr(Case.of({"days_overdue": 7, "amount_overdue": 8000, name: text}), name) == SPOKEN[name][text]
    if name not in ("days_overdue", "amount_overdue"):
        assert getattr(Case(7, 8000, **{name: text}), name) == SPOKEN[name][text]


def test_keys_are_known_in_either_language_and_only_once(tmp_path: Path) -> None:
    said = "案件编号: 甲\n逾期天数: 7天\n逾期金额（元）: 8,000\n芝麻分: 不清楚\n沟通情况: 失联\n"
    (tmp_path / "case.yaml").write_text(said, "utf-8")
    (tmp_path / "case.json").write_text(
        '{"Days overdue": "7", "amount": 8e3, "case_id": "甲", "response": "silent"}', "utf-8"
    )
    assert (
        Case.read(tmp_path / "case.yaml")
        == Case.read(tmp_path / "case.json")
        == Case(7, 8000, None, None, "silent", case_id="甲")
    )
    assert wrong(逾期天数=8) == [
        "case: '逾期天数': another name of days_overdue, which stands there already; leave one of the two."
    ]
    for text, said in {'{"days_overdue": 7,': "not valid JSON", '{"a": 1, "a": 2}': "'a': stands twice"}.items():
        (tmp_path / "case.json").write_text(text, "utf-8")
        with pytest.raises(CaseError, match=said):
            Case.read(tmp_path / "case.json")


def test_no_word_of_a_field_means_two_things() -> None:
    for fields in (FIELDS, LOAN):
        names = [
            heading(word)
            for name, spec in fields.items()
            for word in {name, *spec["name"].values(), *spec.get("aliases", ())}
        ]
        assert sorted(names) == sorted(set(names)) or {name for name in names if names.count(name) > 1} <= set(
            map(heading, fields)
        )
        for name, spec in fields.items():
            for level in spec.get("levels", ()):
                assert fields.heard(name, level) == level
    words = [
        (word, level) for name in ("communication", "contacts") for word, level in _level_words(name, FIELDS[name])
    ]
    assert len(dict(words)) == len(set(words))


@pytest.mark.parametrize("given", [None, 3, "silent", [], [{"days_overdue": 7}]])
def test_what_is_no_mapping_is_told(given: object) -> None:
    with pytest.raises(CaseError, match="give keys and values"):
        Case.of(given)


NAMES = st.one_of(st.sampled_from(list(FIELDS)), st.text(max_size=3), st.integers())
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4), st.lists(st.integers(), max_size=2)
)


@given(st.dictionaries(NAMES, ODD))
def test_any_mapping_is_a_case_or_is_told(facts: dict) -> None:
    try:
        Case.of(facts)
    except CaseError as error:
        assert error.say("zh") and error.say("en")


# ---- there and back ---------------------------------------------------------------------------------------------------


@given(case=cases())
def test_a_case_saved_as_yaml_and_read_is_the_same(case: Case) -> None:
    assert Case.of(yaml.safe_load(case.to_yaml())) == case


@pytest.mark.parametrize("read", [Case.read, Loan.read])
@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n"])
def test_a_file_that_holds_nothing_is_said_to(tmp_path: Path, read, text: str) -> None:
    path = tmp_path / "case.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CaseError) as caught:
        read(path)
    assert caught.value.say("en") == "case.yaml: the file holds nothing; give keys and values."


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text("# 虚构\ndays_overdue: 7\namount_overdue: 8000\ncommunication:   # not known\n", "utf-8-sig")
    assert Case.read(path) == Case(7, 8000)
    assert Case.read(path).unknown == ["zhima_score", "past_overdue", "communication", "contacts"]


@given(case=cases())
def test_the_published_schema_takes_every_case(case: Case) -> None:
    jsonschema.validate(json.loads(json.dumps(case.to_dict())), json_schema())


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in OUTSIDE for value in OUTSIDE[name]])
def test_the_published_schema_refuses_what_the_library_refuses(name: str, value: object) -> None:
    if isinstance(value, float) and not value < float("inf"):
        return  # JSON has neither
    if isinstance(value, str) and name == "case_id" and len(value) in range(1, 65):
        return  # that a character can be seen is more than JSON Schema can say
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"days_overdue": 7, "amount_overdue": 8000, name: value}, json_schema())


# ---- which rules fit --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        ({}, True),
        ({"from_day": 7, "to_day": 7}, True),
        ({"from_day": 8}, False),
        ({"to_day": 6}, False),
        ({"when": {"communication": ["silent"]}}, True),
        ({"when": {"communication": ["answering", None]}}, False),
        ({"when": {"contacts": ["wrong", None]}}, True),
        ({"when": {"communication": ["silent"], "contacts": ["wrong"]}}, False),
    ],
)
def test_a_rules_conditions_hold_together_and_null_stands_for_unknown(rule: dict, fits: bool) -> None:
    assert Case(7, 8000, communication="silent").matches(rule) is fits
