"""The engine in JavaScript answers as the library does: the same grades, rules and sentences, numbers to 1e-12."""

from __future__ import annotations

import json
import math
import os
import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from jiebei_lib.core.case import FIELDS, Case
from jiebei_lib.core.knowledge.problems import PolicyError
from jiebei_lib.core.knowledge.yaml_files import HERE, walk
from jiebei_lib.core.policy import load_policy
from jiebei_lib.page.text import fact
from jiebei_lib.reports.light.export import knowledge, packed
from jiebei_lib.show.case import first
from jiebei_lib.show.case.page import CasePage
from jiebei_lib.show.money.words import further_days

LIGHT = HERE / "reports" / "light"
# Random cases for each of the five policies, 2,000 in all; JIEBEI_LIGHT_CASES=2000 makes 10,000 of them
CASES = int(os.environ.get("JIEBEI_LIGHT_CASES", "400"))
DAYS = ("2018-01-01", "2019-06-01", "2024-05-01", "2025-03-01", "2026-01-29", "2026-01-30", "2026-11-26", "2027-08-01")


def drawn(rng: random.Random) -> Case:
    """A case that may lie on any border and may leave anything unknown."""

    def maybe(value):
        return value if rng.random() < 0.7 else None

    amounts = (
        500,
        30000,
        3873.0,
        round(math.exp(rng.uniform(3, 13)), 2),
        (5000, 8000),
        (100.5, 60000),
        0.01,
        12000.005,
    )
    return Case(
        days_overdue=rng.choice(
            [rng.randint(-3, 9), rng.randint(0, 100), rng.choice([6, 7, 29, 30, 89, 90, 364, 365, 1094, 1095, 3650])]
        ),
        amount_overdue=maybe(rng.choice(amounts)),
        zhima_score=maybe(rng.choice([350, 550, 625, 700, 950, rng.randint(350, 950)])),
        past_overdue=maybe(rng.choice([0, 1, 2, 3, 4, 100])),
        communication=maybe(rng.choice(FIELDS["communication"]["levels"])),
        contacts=maybe(rng.choice(FIELDS["contacts"]["levels"])),
        failed_attempts=maybe(rng.randint(0, 5)),
        unreachable_days=maybe(rng.randint(0, 5)),
        lender=maybe(rng.choice(FIELDS["lender"]["levels"])),
    )


def what_ifs(number: int, seed: int) -> list:
    """Policies in which some assumptions are moved to random places of their ranges, over either witness."""
    rng, found = random.Random(seed), []
    while len(found) < number:
        base = load_policy(rng.choice(["article", "published"]))
        movable = {
            ".".join(path): node["range"]
            for path, node in walk(base.data)
            if "value" in node
            and "range" in node
            and path[0] in ("factors", "strengths", "constraints", "grades", "steps", "cost")
        }
        moved = {path: rng.uniform(*movable[path]) for path in rng.sample(sorted(movable), 3)}
        try:
            found.append(base.replace(moved))
            assert len(found[-1].readings.samples)  # some choices contradict one another
        except (PolicyError, ValueError):
            found = [one for one in found if "readings" in vars(one)]
    return found


SCRIPT = Path(__file__).with_name("answers.js")


def in_node(asked: dict, folder: Path) -> list:
    """The engine's answers under Node."""
    (folder / "asked.json").write_text(json.dumps(asked), "utf-8")
    command = [shutil.which("node"), SCRIPT, LIGHT, folder / "asked.json", folder / "answers.json"]
    subprocess.run(command, check=True, timeout=600)
    return json.loads((folder / "answers.json").read_text("utf-8"))


def in_chromium(asked: dict, chromium) -> list:
    """The engine's answers in a browser."""
    tab = chromium.new_page()
    for script in (LIGHT / "kit.js", LIGHT / "engine.js", LIGHT / "words.js", SCRIPT):
        tab.add_script_tag(content=script.read_text("utf-8"))
    found = json.loads(tab.evaluate("(asked) => answers(JiebeiEngine, JiebeiWords, asked)", asked))
    tab.close()
    return found


def compared(cases: int, seed: int, policies: list, run) -> list[tuple]:
    """For each random case: its page by the library, and what the engine answered and said."""
    rng = random.Random(seed)
    asked = [(n, drawn(rng), rng.choice(DAYS)) for n in range(len(policies)) for _ in range(cases)]
    given = [{"policy": n, "facts": case.to_dict(), "as_of": day} for n, case, day in asked]
    answers = run({"know": [knowledge(one) for one in policies], "asked": given})
    pages = (CasePage(case, "zh", policies[n], day) for n, case, day in asked)
    return list(zip(pages, answers, strict=True))


@pytest.fixture(scope="module")
def answered(request, tmp_path_factory):
    """Random cases under both witnesses and three what-ifs: by Node, or in Chromium where there is none."""
    policies = [load_policy("article"), load_policy("published"), *what_ifs(3, 7)]
    if shutil.which("node"):
        return compared(CASES, 20, policies, lambda asked: in_node(asked, tmp_path_factory.mktemp("light")))
    chromium = request.getfixturevalue("chromium")
    return compared(CASES, 20, policies, lambda asked: in_chromium(asked, chromium))


def close(ours, theirs, path="") -> list[str]:
    """Where two pieces of plain data differ, numbers by more than 1e-12 (relative to those above one)."""
    if isinstance(ours, dict):
        return [line for key in ours for line in close(ours[key], theirs[key], f"{path}.{key}")]
    if isinstance(ours, list):
        if len(ours) != len(theirs):
            return [f"{path}: {ours} is not {theirs}"]
        return [line for n, one in enumerate(ours) for line in close(one, theirs[n], f"{path}[{n}]")]
    if isinstance(ours, float):
        theirs = math.inf if theirs == "inf" else theirs
        fine = isinstance(theirs, int | float) and (ours == theirs or abs(ours - theirs) <= 1e-12 * max(1, abs(ours)))
    else:
        fine = ours == theirs
    return [] if fine else [f"{path}: {ours!r} is not {theirs!r}"]


def expected(a, policy) -> dict:
    """An assessment in the shape of the engine's."""
    shown = ("grade", "so_far", "verdict", "likelihood", "nine_in_ten", "share", "share_range", "first_day", "policy")
    sides = [{key: side[key] for key in shown} for side in a.witnesses]
    steps = [{key: value for key, value in step.items() if key not in ("text", "cite", "basis")} for step in a.steps]
    references = [
        {"reference": one["reference"], "necessarily": one["necessarily"]}
        | {
            "odds": {
                "low": one["odds"]["low"],
                "high": math.inf if one["odds"]["high"] is None else one["odds"]["high"],
            }
        }
        for one in a.references
    ]
    questions = [{key: one[key] for key in ("field", "narrowing", "share_narrowing")} for one in a.questions]
    permitted = {
        "status": a.permitted["status"],
        "deciding": a.permitted["deciding"],
        "rules": [rule["id"] for rule in a.permitted["rules"]],
        "bound": [rule["bound"] for rule in a.permitted["rules"]],
        "conditions": [one["id"] for one in a.permitted["conditions"]],
        "conflicts": [one["id"] for one in a.permitted["conflicts"]],
    }
    return {
        "as_of": a.as_of,
        "witnesses": sides,
        "agreement": a.agreement,
        "unknown": a.unknown,
        "steps": steps,
        "references": references,
        "questions": questions,
        "permitted": permitted,
        "stage": a.stage["id"],
        "actions": [one["id"] for one in a.actions],
        "words": [one["id"] for one in a.words],
        "conduct": {side: [one["id"] for one in a.conduct if one["side"] == side] for side in ("may", "may_not")},
        "consequences": [one["id"] for one in a.consequences],
    }


def told(page: CasePage, lang: str) -> dict:
    """What the library says of a case, in the shape of words.js."""
    a, case = page.assessment, page.case
    levels = {
        name: {level: entry["name"] for level, entry in page.policy.data["factors"][name]["levels"].items()}
        for name in ("communication", "contacts")
    } | {"lender": FIELDS["lender"]["labels"]}
    cost = further_days(case, None, page.policy, lang)
    return {
        "asked": page.question(),
        "sentences": [first.sentence(side, lang) for side in a.witnesses],
        "agreed": first.agreed(a, lang),
        "nine": first.nine_in_ten(a, lang),
        "certain": first.certain(a, case, page.policy, lang),
        "do": first.to_do(a, lang),
        "rows": [list(page.step(step)) for step in a.steps],
        "none": "" if a.steps else page.no_steps(),
        "words": [one["text"][lang] for one in a.words],
        "why": a.permitted["why"][lang],
        "cost": {"headline": cost["headline"], "lead": cost["lead"], "rows": cost["rows"], "notes": cost["notes"]},
        "aged": page.aged(),
        "consequences": [
            {"ahead": one["ahead"], "from_day": one["from_day"], "text": one["text"][lang]} for one in a.consequences
        ],
        "held": [first.held(one, lang) for one in a.references if one["necessarily"]],
        "facts": [fact(name, getattr(case, name), lang, levels) for name in FIELDS if name != "case_id"],
    }


def numbers_wrong(page: CasePage, theirs: dict) -> list[str]:
    return close(expected(page.assessment, page.policy), theirs["found"], str(page.case))


def words_wrong(page: CasePage, theirs: dict, lang: str) -> list[str]:
    page.lang = lang
    return close(told(page, lang), theirs["said"][lang], str(page.case))


def test_every_number_grade_and_rule_is_the_library_s(answered):
    wrong = [line for page, theirs in answered for line in numbers_wrong(page, theirs)]
    assert not wrong, wrong[:5]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_sentence_is_the_library_s(answered, lang):
    wrong = [line for page, theirs in answered for line in words_wrong(page, theirs, lang)]
    assert not wrong, wrong[:5]


def test_chromium_answers_as_node_does(chromium, article, published):
    found = compared(8, 5, [article, published], lambda asked: in_chromium(asked, chromium))
    wrong = [
        line for page, theirs in found for line in [*numbers_wrong(page, theirs), *words_wrong(page, theirs, "en")]
    ]
    assert not wrong, wrong[:5]


def test_javascript_holds_no_sentence_and_no_number_of_the_rules():
    for file in LIGHT.glob("*.js"):
        code = re.sub(r"//[^\n]*|/\S+/[a-z]*(?=[.,)])", "", file.read_text("utf-8"))
        assert not re.search(r"[\u3000-\u9fff]", code), file.name
        numbers = set(re.findall(r"(?<![\w.$#-])\d+(?:\.\d+)?n?\b", code))
        # Ends, halves, digits, bits of a byte, cents and per cent, and how many decimals a number of JavaScript can be asked for
        assert numbers <= {"0", "1", "2", "3", "5n", "8", "10", "10n", "2n", "60", "99", "100"}, (file.name, numbers)


def test_a_packed_table_is_within_a_hair_of_itself(article):
    import base64

    table = article.readings.samples
    kept = packed(table)
    raw = base64.b64decode(kept["data"])
    size, rows = kept["bytes"], kept["rows"]
    for k, column in enumerate(table.T):
        part = raw[k * rows * size : (k + 1) * rows * size]
        back = [
            kept["low"][k] + int.from_bytes(part[i * size : (i + 1) * size], "little") * kept["step"][k]
            for i in range(rows)
        ]
        assert max(abs(back[i] - column[i]) for i in range(rows)) < 5e-14
