"""The game: moved by the library, the same from the same seed, and its best path is the best of all paths."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiebei_lib.core.knowledge.yaml_files import shipped
from jiebei_lib.core.policy import load_policy
from jiebei_lib.core.rules import conduct, timeline
from jiebei_lib.lessons import best_path
from jiebei_lib.lessons import seven_days as game
from tests.lessons.answers import AS_OF

SEED = 3
SEEDS = st.integers(0, 500)


@st.composite
def games(draw):
    """A seed and choices that are open, for some days or all."""
    seed = draw(SEEDS)
    in_world = game.world(seed)
    state, chosen = game.start(in_world), []
    for _ in range(draw(st.integers(0, game.DAYS))):
        chosen.append(draw(st.sampled_from(game.choices(state))))
        state = game.choose(state, chosen[-1], in_world)
    return seed, chosen


def every_end(state, in_world):
    """Every end that any sequence of choices reaches: plain search, no state remembered."""
    if state.over:
        yield state
    for choice in game.choices(state):
        yield from every_end(game.choose(state, choice, in_world), in_world)


def best_of_all(state, in_world):
    ends = list(every_end(state, in_world))
    seen = {(end.payments, end.communication) for end in ends}
    share = dict(zip(seen, (look[2] for look in game.outlooks(list(seen))), strict=True))
    return max(best_path.points(end, share[end.payments, end.communication]).total for end in set(ends)), len(ends)


@pytest.mark.slow
def test_best_path_equals_exhaustive_search_from_the_first_day():
    in_world = game.world(SEED)
    state = game.start(in_world)
    found, paths = best_of_all(state, in_world)
    value, path = best_path.best_from(state, in_world)
    assert paths > 100_000
    assert value == pytest.approx(found, abs=1e-9)
    assert best_path.points(game.play(SEED, path)[-1]).total == pytest.approx(found, abs=1e-9)


@pytest.mark.parametrize(
    "first", [["ignore", "ignore", "ignore"], ["explain", "family", "pay_part"], ["promise", "borrow", "pay_all"]]
)
def test_best_path_equals_exhaustive_search_from_day_4(first):
    in_world = game.world(SEED)
    state = game.play(SEED, first)[-1]
    value, path = best_path.best_from(state, in_world)
    assert value == pytest.approx(best_of_all(state, in_world)[0], abs=1e-9)
    assert best_path.points(game.play(SEED, [*first, *path])[-1]).total == pytest.approx(value, abs=1e-9)


@given(games())
def test_same_seed_and_choices_give_the_same_game(played):
    seed, chosen = played
    assert game.play(seed, chosen) == game.play(seed, chosen)


@given(games(), st.integers(0, game.DAYS))
def test_replay_from_any_day_keeps_the_days_before(played, day):
    seed, chosen = played
    assert game.play(seed, chosen[:day]) == game.play(seed, chosen)[: min(day, len(chosen)) + 1]


@given(games())
def test_debt_is_the_librarys_to_the_cent_and_cash_never_negative(played):
    seed, chosen = played
    for state in game.play(seed, chosen):
        owed = game.debt(state.payments, min(state.day, game.DAYS))
        assert owed.total == owed.principal + owed.interest + owed.penalty + owed.fees
        assert owed.total >= 0
        assert state.cash >= 0


def test_debt_grows_by_the_penalty_alone_when_nothing_is_paid():
    assert [game.debt((), day).penalty for day in range(4)] == [Decimal(c) for c in ("0.00", "4.50", "9.00", "13.50")]
    assert game.debt((), 7).total == Decimal("6093.00") + Decimal("31.50")


@given(games())
def test_some_choice_is_open_every_day_and_none_after(played):
    seed, chosen = played
    for state in game.play(seed, chosen):
        assert bool(game.choices(state)) != state.over


@given(games(), st.sampled_from(["fly", "", "complain "]))
def test_what_is_not_open_is_refused(played, choice):
    seed, chosen = played
    state = game.play(seed, chosen)[-1]
    with pytest.raises(ValueError):
        game.choose(state, choice, game.world(seed))


@given(games())
def test_silence_never_looks_better_than_a_kept_plan__article_7(played):
    seed, chosen = played
    state = game.play(seed, chosen)[-1]
    low, high, share = game.outlook(state.payments, "repaying")
    low_silent, high_silent, share_silent = game.outlook(state.payments, "silent")
    assert low <= low_silent
    assert high <= high_silent
    assert share <= share_silent


def test_broken_promise_follows_a_promise_that_is_not_kept__article_7():
    states = game.play(SEED, ["promise", "ignore"])
    assert [state.communication for state in states] == ["silent", "answering", "broken_promise"]


def test_paying_without_a_word_mends_no_silence__article_10():
    assert game.play(SEED, ["pay_part"])[-1].communication == "silent"
    assert game.play(SEED, ["family", "explain", "pay_part"])[-1].communication == "repaying"


def test_losses_of_the_debrief_add_up_to_the_distance_from_the_best():
    chosen = ["ignore", "answer", "promise", "borrow", "pay_all", "explain", "ignore"]
    steps = best_path.debrief(SEED, chosen)
    best = best_path.best_from(game.start(game.world(SEED)), game.world(SEED))[0]
    end = best_path.points(game.play(SEED, chosen)[-1]).total
    assert sum(step.lost for step in steps) == pytest.approx(best - end, abs=1e-9)
    assert all(step.lost >= 0 for step in steps)
    assert all(step.best == step.choice or step.lost > 0 for step in steps)


@pytest.mark.parametrize("seed", [0, SEED])
def test_best_choices_lose_nothing(seed):
    in_world = game.world(seed)
    path = best_path.best_from(game.start(in_world), in_world)[1]
    assert sum(step.lost for step in best_path.debrief(seed, path)) == pytest.approx(0, abs=1e-9)


@given(games())
def test_arrivals_come_on_their_days_and_stages__article_4_to_7(played):
    seed, chosen = played
    policy, in_world = load_policy(), game.world(seed)
    for state in game.play(seed, chosen):
        for name in [] if state.over else game.arrivals(state, in_world):
            event = game.game()["events"][name]
            assert event["days"][0] <= state.day <= event["days"][1]
            if event["kind"] == "contact":
                assert timeline.stage(state.day, policy) == "contacts_possible"


@given(games())
def test_improper_calls_are_improper_by_the_rules_in_force(played):
    seed, chosen = played
    in_world = game.world(seed)
    for state in game.play(seed, chosen):
        for name in [] if state.over else game.arrivals(state, in_world):
            rule, case = game.rule_of(name), game.case_of(state)
            if rule:
                assert rule in conduct.caller(case, load_policy(), AS_OF, "may_not")
            if name == "contact_relay":
                assert conduct.permission(case, load_policy(), AS_OF).status == "permitted"


@settings(max_examples=20)
@given(SEEDS)
def test_complaining_stops_improper_collection(seed):
    in_world = game.world(seed)
    state = game.start(in_world)
    while not state.over:
        choice = "complain" if "complain" in game.choices(state) else "ignore"
        after = game.choose(state, choice, in_world)
        if state.complained:
            assert after.improper == state.improper
            assert not any(game.rule_of(name) for name in game.arrivals(state, in_world))
        state = after


def test_luck_earns_no_points():
    """Two worlds that differ in luck and reading alone give the same points for the same choices."""
    from dataclasses import replace

    one = game.world(SEED)
    other = replace(one, reading=(one.reading + 2000) % 4096, luck=1 - one.luck)
    state = {in_world: game.start(in_world) for in_world in (one, other)}
    for _ in range(game.DAYS):
        state = {in_world: game.choose(now, "ignore", in_world) for in_world, now in state.items()}
    assert best_path.points(state[one]) == best_path.points(state[other])


def test_contact_is_called_in_some_worlds_and_spared_in_others():
    called = {game.contact_called(game.play(seed, ["ignore"] * 6)[-1], game.world(seed)) for seed in range(30)}
    assert called == {True, False}


def test_sums_in_the_texts_are_those_of_the_setup():
    texts, setup = game.game(), {name: f"{entry['value']:,g}" for name, entry in game.game()["setup"].items()}
    for lang in ("zh", "en"):
        numbers = re.findall(r"\d[\d,]{2,}\d|\d{3}", texts["choices"]["borrow"]["text"][lang])
        assert numbers == [setup["elsewhere"], setup["elsewhere_fee"]]
        assert re.findall(r"\d[\d,]{2,}\d|\d{3}", texts["events"]["wages"]["text"][lang]) == [setup["wages"]]


def test_that_new_debt_does_not_pay_the_old_is_ours_and_not_the_article_s__A24() -> None:
    choice = shipped("lessons/seven_days.yaml")["choices"]["borrow"]
    assert (choice["cite"], choice["basis"]) == (["ours"], "assumption")
