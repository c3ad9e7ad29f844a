"""Seven days as a page from disk: the tables walk as the library plays, the best path is its own, and a game is resumed and handed in."""

from __future__ import annotations

import json
import random
import shutil
import subprocess

import pytest
from axe_playwright_python.sync_playwright import Axe

from jiebei_lib.core.knowledge.yaml_files import HERE
from jiebei_lib.lessons import best_path
from jiebei_lib.lessons import seven_days as game
from jiebei_lib.lessons.store import Store
from jiebei_lib.page.text import of_hundred, percent, say
from jiebei_lib.reports.light.graph import game_page, graph
from jiebei_lib.reports.light.lesson import lesson_page
from jiebei_lib.reports.light.results import collect
from jiebei_lib.show.lessons.game import _Game

LIGHT = HERE / "reports" / "light"
SEED = 7
WALK = """
const { world } = require(process.argv[1] + "/game.js");
const { know, games } = JSON.parse(require("fs").readFileSync(0, "utf-8"));
const play = world(know);
const seen = games.map((chosen) => {
  let at = 0;
  const mornings = [];
  for (const choice of [...chosen, null]) {
    const over = play.over(at), look = play.look(at), { days } = know;
    const said = (end) => know.graph.looks.words.en.percent[end.said];
    mornings.push({ day: play.day(at), cash: play.cash(at), heard: play.heard(at), ...play.debt(at),
      look: [said(look.low), said(look.high), look.count],
      choices: play.choices(at), arrived: over ? [] : play.arrived(at), called: play.day(at) === days ? play.called(at) : null,
      best: play.value(at), path: play.bestPath(at) });
    if (choice) at = play.next(at, choice);
  }
  return { mornings, points: play.points(at), debrief: play.debrief(chosen).map((step) => [step.day, step.choice, step.best]) };
});
process.stdout.write(JSON.stringify({ seen, size: play.size }));
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The page, on disk."""
    path = tmp_path_factory.mktemp("game") / "seven_days.html"
    path.write_text(game_page(seed=SEED), "utf-8")
    return path


def random_games(number, seed):
    rng, games, in_world = random.Random(seed), [], game.world(SEED)
    for _ in range(number):
        state, chosen = game.start(in_world), []
        while not state.over:
            chosen.append(rng.choice(game.choices(state)))
            state = game.choose(state, chosen[-1], in_world)
        games.append(chosen)
    return games


def known():
    names = best_path.Points.__slots__[1:]
    points = {name: game.number(f"points.{name}") for name in names}
    return {"days": game.DAYS, "points": points, "hair": 1e-9, "graph": graph(SEED)}


@pytest.mark.skipif(not shutil.which("node"), reason="no Node on this machine")
def test_every_morning_end_and_best_path_is_the_library_s():
    in_world, games = game.world(SEED), random_games(120, 3)
    given = json.dumps({"know": known(), "games": games})
    done = subprocess.run(["node", "-e", WALK, LIGHT], input=given, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found["size"] == len(best_path.solve(in_world))
    for chosen, theirs in zip(games, found["seen"], strict=True):
        states = game.play(SEED, chosen)
        for state, morning in zip(states, theirs["mornings"], strict=True):
            owed = game.debt(state.payments, min(state.day, game.DAYS))
            low, high, share = game.outlook(state.payments, state.communication)
            best, path = best_path.best_from(state, in_world)
            assert morning["best"] == pytest.approx(best, abs=1e-9) and morning["path"] == list(path)
            assert [morning["day"], morning["cash"], morning["heard"]] == [
                state.day,
                state.cash / 100,
                state.communication,
            ]
            assert [morning["total"], morning["penalty"]] == [float(owed.total), float(owed.penalty)]
            assert morning["look"] == [percent(low, "en"), percent(high, "en"), of_hundred(share)]
            assert morning["choices"] == game.choices(state)
            assert morning["arrived"] == ([] if state.over else game.arrivals(state, in_world))
            if state.day == game.DAYS:
                assert morning["called"] == game.contact_called(state, in_world)
        end = best_path.points(states[-1])
        assert theirs["points"] == pytest.approx(
            {name: getattr(end, name) for name in best_path.Points.__slots__}, abs=1e-9
        )
        steps = [[step.day, step.choice, step.best] for step in best_path.debrief(SEED, chosen)]
        assert theirs["debrief"] == steps


def test_the_game_is_one_file_and_the_same_for_a_seed(made):
    page = made.read_text("utf-8")
    assert len(page.encode()) <= 1_000_000 and game_page(seed=SEED) == page and "https:" not in page


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_game_is_played_to_the_end_offline_closed_in_the_middle_and_taken_in(own_browser, made, tmp_path, lang):
    (chosen,), errors = random_games(1, 8), []

    def opened():
        tab = own_browser().new_page()
        tab.context.on("weberror", lambda error: errors.append(error.error.message))
        tab.goto(made.as_uri())
        return tab

    tab = opened()
    if lang == "en":
        tab.click("#language")
    tab.fill("#name", "5")
    for day, choice in enumerate(chosen, 1):
        assert tab.inner_text("h1") == say("lessons.game.day", lang, day=day)
        morning = object.__new__(_Game).day(game.play(SEED, chosen[: day - 1])[-1], lang)
        assert tab.locator(".facts dt").all_inner_texts() == [name for name, _, _ in morning["facts"]]
        assert tab.inner_text(".facts") == "\n".join(part for fact in morning["facts"] for part in fact if part)
        if morning["look"]:
            assert morning["look"]["words"] in tab.locator(".note").all_inner_texts()
        if day == 3:
            before = tab.inner_text("#light")
            tab = opened()
            assert tab.inner_text("#light") == before and Axe().run(tab).response["violations"] == []
        for select in tab.query_selector_all("select"):
            select.select_option("none")
        if tab.query_selector("#judge"):
            tab.click("#judge")
            assert tab.locator(".arrivals .marked").count() > 0
        tab.click(f"#do-{choice}")
    end = best_path.points(game.play(SEED, chosen)[-1])
    best, path = best_path.best_from(game.start(game.world(SEED)), game.world(SEED))
    assert tab.inner_text(".answer") == say("lessons.game.points", lang, points=f"{end.total:.1f}", best=f"{best:.1f}")
    names = " → ".join(game.game()["choices"][name]["name"][lang] for name in path)
    assert tab.inner_text("#best") == say("lessons.game.best_path", lang, path=names)
    assert Axe().run(tab).response["violations"] == [] and errors == []
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    tab.select_option("#from-day", "4")
    tab.click("#again")
    for choice in path[4:]:
        tab.click(f"#do-{choice}" if tab.query_selector(f"#do-{choice}") else ".acts button")
    (tmp_path / "in.txt").write_text(tab.input_value("#word"), "utf-8")
    store = Store(tmp_path / "class.sqlite")
    assert collect([tmp_path / "in.txt"], store).new == 1
    moves = [move.choice for move in store.moves() if move.run == 1]
    assert moves == chosen and {move.run for move in store.moves()} == {1, 2} and store.names()


def test_what_was_kept_by_another_page_is_left_aside(chromium, made):
    tab = chromium.new_context().new_page()
    tab.goto(made.as_uri())
    key = json.loads(
        tab.inner_text("#light-know") or tab.evaluate("document.getElementById('light-know').textContent")
    )["key"]
    tab.evaluate(
        "([key, value]) => localStorage.setItem(key, value)", [key, json.dumps({"runs": [["fly"]], "judged": [{}]})]
    )
    tab.reload()
    assert tab.get_attribute("#light", "data-day") == "1"
    tab.context.close()


def test_a_page_keeps_its_place_apart_from_every_other():
    pages = [
        lesson_page({"title": {"zh": "题", "en": "T"}, "seed": seed}, ("en",), ("kit.js",), ("basis.",))
        for seed in (1, 2)
    ]
    keys = {page.split('"key":"')[1].split('"')[0] for page in pages}
    assert len(keys) == 2
