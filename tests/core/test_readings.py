"""The admissible readings: exactly the set that the statements leave, filled evenly and always the same."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings

from jiebei_lib.core.knowledge.problems import PolicyError
from jiebei_lib.core.policy import Policy, load_policy
from jiebei_lib.core.readings import FACTORS, WEIGHTS, NoReadings, Unbounded, build, halfspaces, polytope
from tests.strategies import what_if_policies


def test_a_reading_is_admissible_just_where_the_design_says(article: Policy) -> None:
    """DESIGN §3 written out by hand, against the coded constraints, on readings in and around the set."""
    matrix, bound, _ = halfspaces(article.data)
    rng = np.random.default_rng(1)
    tried = rng.uniform([-2.6, 0, 0, 0, -0.2, -0.2], [2.6, 2.6, 2.6, 2.6, 1.7, 2.6], (20_000, 6))
    base, communication, history, amount, contacts, days = tried.T
    strong = [(math.log(4) <= 2 * w) & (2 * w <= math.log(100)) for w in (communication, history, amount)]
    moderate = (math.log(1.5) <= 2 * contacts) & (2 * contacts <= math.log(20))
    order = (contacts <= communication) & (contacts <= history) & (contacts <= amount)
    assumed = (days >= 0) & (2 * days <= math.log(100))
    neutral = (1 / (1 + np.exp(-base)) >= 0.1) & (1 / (1 + np.exp(-base)) <= 0.9)
    # A case at the protective end of a strong factor and neutral on the rest is at most even; what is said of the pressing ends follows.
    levels = [base - w <= 0 for w in (communication, history, amount)]
    by_hand = np.logical_and.reduce([*strong, moderate, order, assumed, neutral, *levels])
    assert 200 < by_hand.sum() < 10_000
    assert np.array_equal(by_hand, (tried @ matrix.T <= bound).all(axis=1))


def test_vertices_center_and_samples_are_admissible(policy: Policy) -> None:
    matrix, bound, _ = halfspaces(policy.data)
    found = policy.readings
    for name, readings in (("vertices", found.vertices), ("center", found.center[None]), ("samples", found.samples)):
        assert (readings @ matrix.T <= bound + 1e-9).all(), name


def test_at_every_vertex_as_many_constraints_meet_as_there_are_weights(policy: Policy) -> None:
    matrix, bound, _ = halfspaces(policy.data)
    for vertex in policy.readings.vertices:
        meeting = matrix[np.abs(bound - matrix @ vertex) < 1e-9]
        assert np.linalg.matrix_rank(meeting) == len(WEIGHTS)
    rounded = {tuple(np.round(vertex, 9)) for vertex in policy.readings.vertices}
    assert len(rounded) == len(policy.readings.vertices), "each vertex once"


@settings(max_examples=25)
@given(policy=what_if_policies())
def test_samples_stay_inside_after_any_admissible_what_if(policy: Policy) -> None:
    matrix, bound, _ = halfspaces(policy.data)
    assert (policy.readings.samples @ matrix.T <= bound + 1e-9).all()
    assert (policy.readings.vertices @ matrix.T <= bound + 1e-9).all()


def test_samples_fill_the_set_evenly(policy: Policy) -> None:
    """Against plain rejection sampling: the mean weights, their spread, and the share of a half-space through the middle."""
    matrix, bound, _ = halfspaces(policy.data)
    low, high = policy.readings.vertices.min(axis=0), policy.readings.vertices.max(axis=0)
    thrown = np.random.default_rng(2).uniform(low, high, (400_000, 6))
    inside = thrown[(thrown @ matrix.T <= bound).all(axis=1)]
    samples = policy.readings.samples
    assert len(inside) > 20_000
    assert samples.mean(axis=0) == pytest.approx(inside.mean(axis=0), abs=0.02)
    assert samples.std(axis=0) == pytest.approx(inside.std(axis=0), abs=0.02)
    assert policy.readings.center == pytest.approx(inside.mean(axis=0), abs=0.02)
    for pressure in ([1, 1, 0, 1, 0, 0], [1, 0.5, 0.5, -0.5, 0.3, 0], [1, -1, 0.2, 1, 1, 1]):
        ours, theirs = ((readings @ pressure > 0).mean() for readings in (samples, inside))
        assert ours == pytest.approx(theirs, abs=0.012)


def test_first_days_come_in_proportion_to_the_pages_that_name_them(published: Policy) -> None:
    spread = {entry["day"]: entry["weight"] for entry in published.data["timeline"]["first_possible_day"]["spread"]}
    total = sum(spread.values())
    found = published.readings
    assert found.days == (3, 7, 15, 30, 45, 90, 365)
    for day, weight in spread.items():
        assert (found.first_day == day).mean() == pytest.approx(weight / total, abs=0.002)
    assert (np.diff(found.first_day) >= 0).all()


def test_the_second_witness_lets_contact_details_work_either_way(article: Policy, published: Policy) -> None:
    contacts = WEIGHTS.index("contacts")
    assert article.readings.vertices[:, contacts].min() > 0
    assert published.readings.vertices[:, contacts].min() < 0 < published.readings.vertices[:, contacts].max()
    assert (published.readings.samples[:, contacts] < 0).mean() == pytest.approx(0.5, abs=0.02)


def test_readings_kept_on_disk_are_those_that_are_built(policy: Policy) -> None:
    built = build(policy.data)
    for name in ("vertices", "center", "samples", "first_day"):
        assert np.array_equal(getattr(policy.readings, name), getattr(built, name)), name
    assert (policy.readings.days, policy.readings.chances) == (built.days, built.chances)


def test_a_torn_cache_file_is_built_anew(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("JIEBEI_CACHE", str(tmp_path))
    change = {"strengths": {"strong": {"at_least": 3.25}}}
    whole = load_policy(change).readings
    for file in tmp_path.iterdir():
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    again = load_policy(change).readings
    assert np.array_equal(whole.samples, again.samples) and np.array_equal(whole.vertices, again.vertices)


def test_a_cache_folder_that_cannot_be_written_costs_time_only(tmp_path, monkeypatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("JIEBEI_CACHE", str(tmp_path / "file"))
    whole = load_policy("article").readings.vertices
    assert len(load_policy({"strengths": {"strong": {"at_least": 3.26}}}).readings.vertices) == len(whole)


def test_a_what_if_of_the_moment_leaves_nothing_on_disk(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("JIEBEI_CACHE", str(tmp_path))
    load_policy("article").replace({"strengths.strong.at_least": 3.27}).readings.samples.sum()
    assert list(tmp_path.iterdir()) == []


def test_a_weight_that_is_pinned_makes_a_flat_set_that_still_works(article: Policy) -> None:
    pinned = article.replace({"strengths.assumed.at_most": 1, "strengths.assumed.at_least": 1})
    days = pinned.readings.samples[:, WEIGHTS.index("days")]
    assert np.abs(days).max() < 1e-9
    exactly = article.replace({"strengths.strong.at_least": 10, "strengths.strong.at_most": 10})
    assert exactly.readings.samples[:, 1:4] == pytest.approx(np.full((4096, 3), math.log(10) / 2))


def test_a_set_without_readings_names_a_smallest_contradiction(article: Policy) -> None:
    changes = {"strengths.moderate.at_least": 9, "strengths.moderate.at_most": 9, "strengths.strong.at_most": 8}
    with pytest.raises(PolicyError) as wrong:
        article.replace(changes)
    (problem,) = wrong.value.problems
    assert problem.kind == "no_readings"
    named = problem.slots["value"].split(", ")
    # The weaker factor must be at least 9 times the odds, a stronger one at most 8, and the weaker not above it.
    assert len(named) == 3 and "strength_contacts" in named
    assert any(name.startswith("contacts_below_") for name in named)


@pytest.mark.parametrize("factor", FACTORS)
def test_a_weight_that_nothing_holds_is_refused_by_name(article: Policy, factor: str) -> None:
    taken = {f"constraints.strength_{factor}": None}
    if factor == "contacts":
        taken |= {f"constraints.contacts_below_{other}": None for other in ("communication", "history", "amount")}
    with pytest.raises(PolicyError) as wrong:
        article.replace(taken)
    (problem,) = wrong.value.problems
    assert (problem.kind, problem.slots["value"]) == ("unbounded_readings", factor)


def test_building_gives_no_warning(article: Policy) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        build(article.data)


def test_a_square_is_its_four_corners() -> None:
    matrix = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]])
    corners, simplices, volumes = polytope(matrix, np.array([1.0, 1, 1, 1]), list("abcd"), np.array([0, 1]))
    assert sorted(map(tuple, corners.tolist())) == [(-1, -1), (-1, 1), (1, -1), (1, 1)]
    assert volumes.sum() / 2 == pytest.approx(4) and len(simplices) == 2
    with pytest.raises(NoReadings):
        polytope(matrix, np.array([-1.0, -1, 1, 1]), list("abcd"), np.array([0, 1]))
    with pytest.raises(Unbounded):
        polytope(matrix[:3], np.ones(3), list("abc"), np.array([0, 1]))
