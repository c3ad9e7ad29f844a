"""Loading and changing the rules: what is wrong is said at once, with file, key path, and what is allowed."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from jiebei_lib.core.assessment import assess
from jiebei_lib.core.case import Case
from jiebei_lib.core.knowledge.problems import PolicyError, UserError
from jiebei_lib.core.knowledge.yaml_files import shipped, walk
from jiebei_lib.core.policy import BUILT_IN, Policy, in_force, load_policy, merged
from jiebei_lib.core.policy_checks import problems_of
from jiebei_lib.core.scoring.score import score_cases
from tests.strategies import what_ifs


def wrong(overlay: Any) -> list[str]:
    """What is said about an overlay, a line a problem."""
    with pytest.raises(PolicyError) as error:
        load_policy(overlay)
    assert error.value.say("zh").count("\n") == error.value.say("en").count("\n")
    return error.value.say("en").splitlines()


def nested(path: str, value: Any) -> dict[str, Any]:
    for key in reversed(path.split(".")):
        value = {key: value}
    return value


def without(document: Any, path: str) -> dict[str, Any]:
    """A whole policy's content with one entry missing, as a careless edit of the shipped files would leave it."""
    out = copy.deepcopy(document)
    *above, last = path.split(".")
    here = out
    for key in above:
        here = here[key]
    del here[last]
    return out


def told(document: dict[str, Any]) -> list[str]:
    return [
        problem.say("en")
        for problem in problems_of(document, shipped("core/sources.yaml"), lambda path: f"rules.yaml: {'.'.join(path)}")
    ]


# ---- what is checked --------------------------------------------------------------------------------------------------

MISTAKES = yaml.safe_load(Path(__file__).with_name("policy_mistakes.yaml").read_text("utf-8"))


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_is_told_with_its_file_its_path_and_what_is_allowed(name: str) -> None:
    mistake = MISTAKES[name]
    lines = wrong(nested(mistake["path"], mistake["value"]))
    assert all(line.startswith("overlay: ") for line in lines), "not the shipped files' fault"
    assert any(mistake["said"] in line for line in lines), lines


def test_constraints_without_readings_and_without_bounds_are_told() -> None:
    (line,) = wrong({"strengths": {"moderate": {"at_least": 9, "at_most": 10}, "strong": {"at_most": 8}}})
    assert line.startswith("overlay: constraints: no reading satisfies all of these at once: ")
    assert "strength_contacts" in line and line.endswith("loosen one of them.")
    (line,) = wrong({"constraints": {"strength_days": None}})
    assert line == "overlay: constraints: nothing bounds the weight “days”; add a constraint that does."


MISSING = [
    "product.what.cite",
    "product.what.text.en",
    "factors.amount.pressing.value",
    "timeline.stages.due.days",
    "conduct.reachable.values.silent",
    "factors.contacts.levels.close",
    "constraints.sign_amount.kind",
    "cost.lpr_1y.values",
    "sampling",
    "advice.words",
]


@pytest.mark.parametrize("path", MISSING)
def test_what_is_missing_is_told(article: Policy, path: str) -> None:
    (line,) = told(without(article.data, path))
    assert line.startswith(f"rules.yaml: {path}: missing; give ")


def test_several_mistakes_are_told_at_once() -> None:
    careless = {
        "product": {"what": {"cite": ["hearsay"], "text": {"zh": 1}}},
        "nonsense": 1,
        "factors": {"amount": {"pressing": None}},
    }
    places = [line.split(": ")[1] for line in sorted(wrong(careless))]
    assert places == ["factors.amount.pressing", "nonsense", "product.what.cite", "product.what.text.zh"]
    inconsistent = {
        "timeline": {"stages": {"message": {"days": [1, 2]}}},
        "factors": {"amount": {"protective": 0}},
        "sampling": {"readings": 300},
    }
    assert len(wrong(inconsistent)) == 3


def test_a_hundred_mistakes_are_counted_not_all_told() -> None:
    lines = wrong({f"key_{n}": n for n in range(100)})
    assert len(lines) == 21 and lines[-1] == "And 80 more."


def test_a_mistake_in_a_shipped_file_names_that_file(article: Policy, monkeypatch) -> None:
    from jiebei_lib.core import policy

    broken = copy.deepcopy(article.data)
    broken["factors"]["amount"]["pressing"]["value"] = "much"
    broken["timeline"]["stages"]["due"]["cite"] = ["hearsay"]
    with pytest.raises(PolicyError) as error:
        policy._checked(broken, {}, policy._home)
    said = error.value.say("en")
    assert "rules/factors.yaml: factors.amount.pressing.value: 'much'" in said
    assert "rules/timeline.yaml: timeline.stages.due.cite: the cite “hearsay”" in said


# ---- what-ifs ---------------------------------------------------------------------------------------------------------


def test_replace_and_an_overlay_file_do_the_same(article: Policy, tmp_path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "factors: {amount: {pressing: 20000}}\nconstraints: {sign_days: null}\n", "utf-8"
    )
    by_file = load_policy(tmp_path / "mine.yaml")
    by_replace = article.replace({"factors.amount.pressing": 20_000, "constraints.sign_days": None})
    assert by_file.data == by_replace.data and by_file.digest == by_replace.digest
    changed = {"factors": {"amount": {"pressing": 20_000}}, "constraints": {"sign_days": None}}
    assert by_file.overlay == by_replace.overlay == changed
    assert by_file.label == "article+"


def test_both_say_the_same_of_a_mistake(article: Policy, tmp_path) -> None:
    (tmp_path / "mine.yaml").write_text("factors: {amount: {pressing: 5000000}}", "utf-8")
    said = []
    for change in (
        lambda: load_policy(tmp_path / "mine.yaml"),
        lambda: article.replace({"factors.amount.pressing": 5_000_000}),
        lambda: load_policy({"factors": {"amount": {"pressing": 5_000_000}}}),
    ):
        with pytest.raises(PolicyError) as error:
            change()
        said.append(str(error.value))
    sentence = "factors.amount.pressing.value: 5000000 is out of range; give a value from 5001 to 1000000."
    assert said == [f"mine.yaml: {sentence}", f"replace: {sentence}", f"overlay: {sentence}"]


@settings(max_examples=10)
@given(changes=what_ifs())
def test_a_what_ifs_overlay_saved_and_loaded_is_the_same_policy(changes: dict[str, Any]) -> None:
    changed = load_policy("article").replace(changes)
    again = load_policy(yaml.safe_load(yaml.safe_dump(changed.overlay, allow_unicode=True)))
    assert again.digest == changed.digest
    case = Case(30, 8000, communication="silent")
    ours, theirs = score_cases([case], changed), score_cases([case], again)
    assert (ours.low, ours.high, ours.share) == (theirs.low, theirs.high, theirs.share)


def test_a_what_if_leaves_its_origin_as_it_was(article: Policy) -> None:
    before = json.dumps(article.data, sort_keys=True)
    article.replace({"factors.amount.pressing": 20_000}).replace({"strengths.strong.at_least": 2})
    assert json.dumps(article.data, sort_keys=True) == before and article.overlay == {}


def test_what_ifs_add_up(article: Policy) -> None:
    one_by_one = article.replace({"factors.amount.pressing": 20_000}).replace({"factors.amount.protective": 100})
    at_once = article.replace({"factors.amount.pressing": 20_000, "factors.amount.protective": 100})
    assert one_by_one.digest == at_once.digest and one_by_one.overlay == at_once.overlay


def test_a_change_to_what_is_not_there_is_refused(article: Policy) -> None:
    with pytest.raises(PolicyError, match=r"factors\.weather: unknown key; allowed are communication, history"):
        article.replace({"factors.weather": 1})
    with pytest.raises(PolicyError, match=r"factors\.weather: the policy has no such key"):
        article.value("factors.weather")


def test_an_overlay_may_start_from_either_built_in_policy(published: Policy) -> None:
    mine = load_policy({"base": "published", "factors": {"amount": {"pressing": 20_000}}})
    assert (mine.base, mine.label) == ("published", "published+")
    assert mine.data["constraints"] == published.data["constraints"]
    assert wrong({"base": "hearsay"}) == ["overlay: base: “hearsay” does not exist; allowed are article, published."]


def test_dated_values_answer_for_a_date(article: Policy) -> None:
    known = {"2019-08-20": 0.0425, "2023-08-20": 0.0355}
    known |= {"2023-08-21": 0.0345, "2024-07-21": 0.0345, "2024-07-22": 0.0335, "2025-05-20": 0.03, "2026-11-23": 0.03}
    assert {day: article.value("cost.lpr_1y", day) for day in known} == known
    assert article.value("cost.lpr_1y") == 0.03
    with pytest.raises(PolicyError, match="2019-08-19"):
        article.value("cost.lpr_1y", "2019-08-19")


def test_an_unknown_name_and_an_unreadable_file_are_told(tmp_path) -> None:
    assert wrong("papers") == ["policy: there is no policy “papers”; allowed are article, published, or a YAML file."]
    assert "cannot be read (No such file or directory)" in wrong(tmp_path / "none.yaml")[0]
    (tmp_path / "large.yaml").write_bytes(b"# " + b"x" * 1_000_000)
    assert wrong(tmp_path / "large.yaml") == ["large.yaml: the file has 1000002 bytes; give at most 1000000 bytes."]


def test_merging_lays_numbers_onto_parameters_and_null_takes_away() -> None:
    base = {"a": {"value": 1, "unit": "x"}, "b": {"c": 1, "d": 2}, "e": 5}
    laid = {"a": {"value": 2, "unit": "x"}, "b": {"d": 2}, "e": 5, "f": 6}
    assert merged(base, {"a": 2, "b": {"c": None}, "f": 6}) == laid


# ---- whatever is given ------------------------------------------------------------------------------------------------

KEYS = [".".join((*path, key)) for path, node in walk(load_policy("article").data) for key in node]
NAMES = st.one_of(st.text(max_size=3), st.integers(), st.none(), st.sampled_from(["value", "zh", "cite", "kind"]))
PLAIN = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**20), 10**20), st.floats(), st.text(max_size=5), st.binary(max_size=3)
)
HINTED = st.sampled_from(["{0}", "{", "{days}", "article ¶99", "2026-13-45"])
ODD = st.recursive(
    PLAIN | HINTED, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=4
)


def loads_or_says_why(load) -> None:
    try:
        load()
    except PolicyError as error:
        for lang in ("zh", "en"):
            assert error.say(lang).strip()


@settings(max_examples=250)
@given(path=st.sampled_from(KEYS), value=ODD)
def test_any_value_anywhere_loads_or_is_told(path: str, value: Any) -> None:
    loads_or_says_why(lambda: load_policy(nested(path, value)))


@settings(max_examples=100)
@given(changes=st.dictionaries(st.one_of(st.sampled_from(KEYS), st.text(max_size=4)), ODD, max_size=3))
def test_any_replacement_works_or_is_told(changes: dict[str, Any]) -> None:
    loads_or_says_why(lambda: load_policy("article").replace(changes))


@settings(max_examples=100)
@given(overlay=ODD.filter(lambda value: not isinstance(value, str)))
def test_anything_at_all_loads_or_is_told(overlay: Any) -> None:
    loads_or_says_why(lambda: load_policy(overlay))


PARAMETERS = [".".join(path) for path, node in walk(load_policy("article").data) if "range" in node and "value" in node]
BORDERS = sorted({end for _, node in walk(load_policy("article").data) if "range" in node for end in node["range"]})


@settings(max_examples=60)
@given(
    changes=st.dictionaries(
        st.sampled_from(PARAMETERS), st.sampled_from(BORDERS) | st.floats(-2, 60_000), min_size=1, max_size=4
    )
)
def test_a_what_if_of_numbers_is_checked_as_strictly_as_a_whole_policy(changes: dict[str, float]) -> None:
    """It is checked for what numbers can break only: that must find all that the whole check finds."""
    overlay: dict[str, Any] = {}
    for path, value in changes.items():
        overlay = merged(overlay, nested(path, value), onto_parameters=False)
    whole = [line.replace("rules.yaml: ", "replace: ") for line in told(merged(load_policy("article").data, overlay))]
    try:
        load_policy("article").replace(changes)
        quick = []
    except PolicyError as error:
        quick = [problem.say("en") for problem in error.problems]
    assert sorted(quick) == sorted(whole)


def test_whatever_loads_can_be_scored() -> None:
    """A border of every range at a time."""
    for path, node in walk(load_policy("article").data):
        if "range" not in node or path[0] not in ("factors", "strengths", "constraints"):
            continue
        for value in node["range"]:
            try:
                changed = load_policy(nested(".".join(path), value))
            except PolicyError:
                continue
            answer = score_cases([Case(30, 8000), Case(3650, 10_000_000, 350, 100, "silent", "close")], changed)
            assert (answer.low >= 0).all() and (answer.low <= answer.high).all() and (answer.high <= 1).all()


def test_errors_survive_a_trip_between_processes() -> None:
    import pickle

    with pytest.raises(PolicyError) as error:
        load_policy({"nonsense": 1})
    again = pickle.loads(pickle.dumps(error.value))
    assert isinstance(again, UserError) and str(again) == str(error.value)


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_built_in_policies_load(name: str) -> None:
    policy = load_policy(name)
    assert policy.label == name and policy.overlay == {} and load_policy(policy) is policy


# ---- keys that are not there ------------------------------------------------------------------------------------------


def test_an_unknown_key_is_refused_whatever_stands_under_it(tmp_path) -> None:
    for text, said in {
        "presing:": "overlay.yaml: presing: unknown key",
        "factors: {amount: {protective: 1,000}}": "factors.amount.000: unknown key",
        "factors: {amount: {presing: null}}": "factors.amount.presing: unknown key",
        "factors: {amuont: }": "factors.amuont: unknown key",
    }.items():
        (tmp_path / "overlay.yaml").write_text(text, "utf-8")
        with pytest.raises(PolicyError) as refused:
            load_policy(tmp_path / "overlay.yaml")
        assert said in refused.value.say("en"), refused.value.say("en")


PLACES = [path for path, _ in walk(load_policy("article").data)]


@settings(max_examples=60, deadline=None)
@given(path=st.sampled_from(PLACES))
def test_null_under_a_new_key_never_passes_unseen(path: tuple) -> None:
    """Where keys are free (rules, words) the null is refused as no rule; a null takes away only what is there."""
    with pytest.raises(PolicyError, match="zz"):
        load_policy(nested(".".join([*map(str, path), "zz"]), None))


def test_null_for_what_may_be_left_out_leaves_it_out(article: Policy) -> None:
    endless = [name for name, entry in article.data["consequences"].items() if "until" not in entry]
    changed = load_policy({"consequences": {name: {"until": None} for name in endless}})
    assert changed.data == article.data


def test_null_in_an_entry_of_ones_own_leaves_the_key_out(article: Policy) -> None:
    name, action = next(iter(article.data["advice"]["actions"].items()))
    free = dict.fromkeys(["until", "from_day", "to_day", "when", "parameters"])
    for change in ({"own": action | free}, {name: free}):
        policy = load_policy({"advice": {"actions": change}})
        entry = policy.data["advice"]["actions"]["own" if "own" in change else name]
        assert not set(free) & set(entry)
        assert assess(Case(9, 8000), policy).actions


@pytest.mark.parametrize(
    ("statement", "days"),
    [
        ({}, {"1990-01-01": True, "2200-01-01": True}),
        ({"from": "2026-01-30"}, {"2026-01-29": False, "2026-01-30": True, "2200-01-01": True}),
        ({"until": "2026-01-30"}, {"1990-01-01": True, "2026-01-30": True, "2026-01-31": False}),
        ({"from": "2026-01-30", "until": None}, {"2026-01-29": False, "2026-01-31": True}),
    ],
)
def test_a_statement_is_in_force_from_its_first_to_its_last_day(statement: dict, days: dict) -> None:
    assert {day: in_force(statement, day) for day in days} == days
