"""The question bank holds to its rules: answers recomputed, cites, both languages, distinct options, parallel forms."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiebei_lib.core.knowledge.problems import PolicyError
from jiebei_lib.lessons import forms
from jiebei_lib.lessons.bank import FOLDER, OTHER, aligned, bank, checked, given_to, mark, plan, revealed, variants
from jiebei_lib.lessons.schema import Guide, checked_as
from tests.lessons import answers

LANGUAGES = ("zh", "en")
ITEMS = pytest.mark.parametrize("name", list(bank()))
CHECKED = pytest.mark.parametrize("name", [name for name, item in bank().items() if "check" in item])
SEEDS = st.integers(0, 10_000)


def of_type(*types: str) -> list[str]:
    return [name for name, item in bank().items() if item["type"] in types]


def test_bank_is_large_enough_and_spread_as_people_ask():
    assert len(bank()) >= 80
    assert Counter(item["topic"] for item in bank().values()) == forms.targets()
    assert {item["type"] for item in bank().values()} == {"choice", "number", "order", "breach"}


@pytest.mark.parametrize("subject", ["record_dispute_", "contacts_answer_", "contacts_complain_", "court_", "fake_"])
def test_what_borrowers_and_contacts_must_do_is_asked(subject):
    """Disputing an entry, answering as a contact, where to complain, a court letter, a fake collector."""
    assert sum(subject in name for name in bank()) >= 3


@CHECKED
def test_answer_is_what_the_library_works_out(name):
    item = bank()[name]
    found = answers.expected(item)
    if item["type"] == "number":
        assert found == pytest.approx(item["answer"], abs=max(item["tolerance"], 1e-9))
    elif item["type"] == "choice":
        assert found == item["right"]["value"]
        assert all(wrong["value"] != found for wrong in item["wrong"])
    else:
        assert found is True


@pytest.mark.parametrize("name", of_type("breach"))
def test_breaches_are_breaches_by_the_rules_in_force(name):
    item = bank()[name]
    broken = [rule for rule in answers.breaches(item) if rule]
    assert 1 <= len(broken) < len(item["lines"])


def test_numbers_in_a_feedback_agree_with_the_answer():
    """The right answer stands in the explanation, in both languages."""
    for name in of_type("number"):
        item = bank()[name]
        for lang in LANGUAGES:
            numbers = [float(n.replace(",", "")) for n in re.findall(r"\d[\d,]*\.?\d*", item["right"]["why"][lang])]
            assert any(abs(n - item["answer"]) <= max(item["tolerance"], 0.005) for n in numbers), (name, lang)


@ITEMS
def test_texts_exist_in_both_languages_and_differ(name):
    def texts(node):
        if isinstance(node, dict) and {"zh", "en"} <= set(node):
            yield node
        elif isinstance(node, dict | list):
            for value in node.values() if isinstance(node, dict) else node:
                yield from texts(value)

    for text in texts(bank()[name]):
        assert re.search(r"[\u4e00-\u9fff%]", text["zh"])
        assert not re.search(r"[\u4e00-\u9fff]", text["en"])


@ITEMS
def test_options_are_distinct(name):
    item = bank()[name]
    for lang in LANGUAGES:
        options = [entry["text"][lang] for entry in [item.get("right", {}), *item.get("wrong", [])] if "text" in entry]
        options += [step[lang] for step in item.get("steps", [])]
        options += [line["text"][lang] for line in item.get("lines", [])]
        assert len({re.sub(r"\W", "", option) for option in options}) == len(options)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_length_does_not_betray_the_answer(lang):
    """Right and wrong options are equally long on average, and the right one is neither mostly the longest nor hardly ever the shortest."""
    choices = [bank()[name] for name in of_type("choice")]
    right = [len(item["right"]["text"][lang]) for item in choices]
    wrong = [[len(option["text"][lang]) for option in item["wrong"]] for item in choices]
    assert 0.85 <= mean(right) / mean(itertools.chain.from_iterable(wrong)) <= 1.15
    assert sum(own > max(others) for own, others in zip(right, wrong, strict=True)) <= 0.4 * len(choices)
    assert sum(own <= min(others) for own, others in zip(right, wrong, strict=True)) >= 0.2 * len(choices)


@ITEMS
def test_every_misconception_of_an_item_is_reached_by_some_answer(name):
    item = bank()[name]
    reached = set()
    for response in responses(item):
        found = mark(item, response)
        assert found.right == (not found.reveals)
        assert found.feedback
        reached |= set(found.reveals)
    assert reached == set(revealed(item))


def responses(item):
    if item["type"] == "choice":
        return range(1 + len(item["wrong"]))
    if item["type"] == "number":
        return [item["answer"], *(wrong["value"] for wrong in item["wrong"]), 123456.789]
    if item["type"] == "order":
        return [list(order) for order in itertools.permutations(range(len(item["steps"])))]
    lines = range(len(item["lines"]))
    return itertools.chain.from_iterable(itertools.combinations(lines, n) for n in range(len(lines) + 1))


@ITEMS
def test_one_answer_only_is_right(name):
    item = bank()[name]
    assert sum(mark(item, response).right for response in responses(item)) == 1


@pytest.mark.parametrize(
    ("kind", "response"),
    [("choice", 3), ("choice", True), ("number", float("nan")), ("order", [0, 0, 1]), ("breach", [9])],
)
def test_impossible_responses_are_refused(kind, response):
    with pytest.raises(ValueError):
        mark(bank()[of_type(kind)[0]], response)


@ITEMS
def test_not_knowing_is_not_right_and_no_misconception(name):
    found = mark(bank()[name], None)
    assert (found.right, found.reveals) == (False, [])
    assert found.feedback


def test_every_misconception_is_revealed_by_some_item():
    assert {reveals for item in bank().values() for reveals in revealed(item)} == set(plan()["misconceptions"])


# What an option must say, in Chinese, to show a belief: a board that counts beliefs may count only those that somebody showed.
SHOWS = {
    "line_back_at_once": "恢复",
    "line_never_back": "永远",
    "pay_to_restore": "费|定金",
    "line_is_income": "提出来",
    "churning_builds_credit": "次数",
    "frozen_means_free": "不再计息|停下来",
    "lender_is_alipay": "支付宝",
    "nothing_to_ask": "不能|问不得|自动报送",
    "silence_helps": "不接|谈|再等|未接来电",
    "promise_is_enough": "答应|承诺",
    "borrow_to_repay": "还另一家|还别处|借钱|再借",
    "all_or_nothing": "零散",
    "time_ends_debt": "消失",
    "agents_solve_it": "渠道|专业|收费|代理",
    "daily_looks_small": "数字",
    "penalty_on_everything": "整笔|全部",
    "lpr_cap_for_all": "^对",
    "headline_is_all": "字号",
    "smaller_instalment_cheaper": "每月",
    "grace_for_everyone": "宽限|3天|三天|7天",
    "contacts_at_once": "联系人",
    "contacts_for_certain": "一定会",
    "contacts_never": "绝不会",
    "autopay_covers": "自动还款|垫",
    "counted_from_message": "短信",
    "ladder_is_official": "规定|一个月",
    "mark_forever": "一辈子",
    "mark_gone_when_paid": "消掉|当天就会删除",
    "erasable_for_money": "退款|付|花钱|转",
    "score_is_record": "征信.*分|分.*征信",
    "late_is_blacklist": "名单",
    "record_unanswerable": "没有办法|不能做",
    "amount_justifies": "金额",
    "contacts_must_pay": "替",
    "may_tell_debt": "告诉联系人|逾期",
    "rough_is_normal": "忍",
    "false_contacts_protect": "不存在",
    "whole_address_book": "通讯录",
    "history_means_nothing": "信用好|过去",
    "reachable_means_nothing": "^可以",
    "refusal_does_nothing": "打",
    "must_explain": "说明|地址",
    "means_may_be_asked": "收入",
    "promise_binds_nobody": "我来还|不算数",
    "nowhere_to_complain": "没有期限",
    "complaint_clears_debt": "取消",
    "dispute_erases": "删除",
    "lender_lists": "名单",
    "court_ignored": "不拆|不用管|不用理|不去",
    "suit_is_verdict": "输了",
    "caller_is_genuine": "真的|不会是假|点开|听它",
    "private_account_pays": "转",
    "share_codes": "验证码|屏幕",
    "interest_all_void": "不用还利息",
}


def test_an_option_says_the_belief_that_it_reveals():
    told = [(n, option) for n in of_type("choice") for option in bank()[n]["wrong"] if option["reveals"] != "slip"]
    silent = [
        (name, option["reveals"])
        for name, option in told
        if not re.search(SHOWS[option["reveals"]], option["text"]["zh"])
    ]
    assert silent == []


@given(SEEDS)
def test_forms_are_parallel_and_disjoint(seed):
    first, second = forms.forms(seed)
    before, after = [asked.item for asked in first], [asked.item for asked in second]
    assert not set(before) & set(after)
    assert len(set(before)) == len(before) == len(after) == plan()["weights"]["form_items"]["value"]

    def profile(names):
        return Counter((bank()[name]["topic"], bank()[name]["difficulty"]) for name in names)

    assert profile(before) == profile(after)
    assert {bank()[name]["topic"] for name in before} == set(plan()["topics"])


@given(SEEDS)
def test_right_options_stand_in_every_place_equally_often(seed):
    for form in forms.forms(seed):
        places = Counter(asked.shown.index(0) for asked in form if bank()[asked.item]["type"] == "choice")
        assert max(places.values()) - min(places[n] for n in range(3)) <= 1


@given(SEEDS)
def test_forms_show_every_part_once_and_repeat_from_the_seed(seed):
    drawn = forms.forms(seed)
    assert drawn == forms.forms(seed)
    for asked in [*drawn[0], *drawn[1]]:
        item = bank()[asked.item]
        size = len(item["steps"] if "steps" in item else item.get("lines", []))
        size = 1 + len(item["wrong"]) if item["type"] == "choice" else size
        assert sorted(asked.shown) == list(range(size))
        assert item["type"] != "order" or list(asked.shown) != sorted(asked.shown)


def test_different_seeds_give_different_forms():
    assert len({tuple(forms.forms(seed)[0]) for seed in range(20)}) == 20


@given(st.integers(6, 200), st.integers(0, 1))
def test_parts_sum_up_and_follow_what_people_ask(number, floor):
    parts = forms.apportion(number, floor)
    asked = forms.asked_counts()
    assert sum(parts.values()) == number
    assert min(parts.values()) >= floor
    ranked = sorted(asked, key=asked.get)
    assert all(parts[less] <= parts[more] for less, more in itertools.pairwise(ranked))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cite": ["nowhere"]}, "nowhere"),
        ({"cite": ["article ¶99"]}, "article ¶99"),
        ({"topic": "weather"}, "weather"),
        ({"right": {"text": {"zh": "只有中文"}, "why": {"zh": "一", "en": "one"}}}, "en"),
        ({"basis": "reported"}, "confidence"),
    ],
)
def test_a_bad_item_is_named_in_one_sentence(change, said):
    name = "line_what_decides"
    with pytest.raises(PolicyError) as error:
        checked(plan(), {name: {**bank()[name], **change}})
    assert name in str(error.value)
    assert said in str(error.value)


def test_wrong_values_lie_apart_from_the_answer():
    name = "cost_each_day"
    item = {**bank()[name], "tolerance": 10}
    with pytest.raises(PolicyError, match=name):
        checked(plan(), {name: item})


def test_files_are_small_enough_to_read():
    assert all(file.stat().st_size < 25_000 for file in (FOLDER / "bank").glob("*.yaml"))


def test_a_lessons_file_out_of_shape_is_named_and_never_a_traceback():
    with pytest.raises(PolicyError, match=r"guide\.yaml: lessons: missing"):
        checked_as(Guide, {"talk": {}, "prepare": []}, "guide.yaml")


# ---- the same question in other numbers ------------------------------------------------------------------------------

VARIED = [(name, n) for name, item in bank().items() for n in range(1, 1 + len(item.get("parallel", ())))]


def numbers_in(text: str) -> list[str]:
    return re.findall(r"\d[\d,]*(?:\.\d+)?", text)


def test_enough_questions_come_in_other_numbers():
    assert len({name for name, _ in VARIED}) >= 6 and len(VARIED) >= 12


@pytest.mark.parametrize(("name", "n"), VARIED)
def test_other_numbers_give_the_answer_that_the_library_works_out(name, n):
    """And they stand in every text in place of the item's own, in both languages alike."""
    base, item = variants(name)[0], variants(name)[n]
    assert answers.expected(item) == pytest.approx(item["answer"], abs=max(item["tolerance"], 1e-9))
    ((kind, own),), ((same, base_own),) = item["check"].items(), base["check"].items()
    assert kind == same and own.keys() == base_own.keys() and own != base_own
    changed = base["parallel"][n - 1]["numbers"]
    written = [float(each.replace(",", "")) for each in changed.values()]
    for key, value in own.items():  # what the check is worked out from is what the question says
        if value != base_own[key]:
            assert any(value == pytest.approx(each * scale) for each in written for scale in (1, 0.01)), (key, value)
    for lang in LANGUAGES:
        said = numbers_in(item["right"]["why"][lang])
        assert any(abs(float(each.replace(",", "")) - item["answer"]) <= max(item["tolerance"], 0.005) for each in said)
        for text, before in zip(texts_of(item, lang), texts_of(base, lang), strict=True):
            assert numbers_in(text) == [changed.get(each, each) for each in numbers_in(before)]
            assert re.sub(r"[\d,.]", "", text) == re.sub(r"[\d,.]", "", before)
    assert {token for lang in LANGUAGES for text in texts_of(base, lang) for token in numbers_in(text)} >= set(changed)


def texts_of(item, lang):
    parts = [item["right"], *item["wrong"], item["otherwise"]]
    return [item["ask"][lang], *(part["why"][lang] for part in parts)]


@pytest.mark.parametrize(("name", "n"), VARIED)
def test_what_a_wrong_value_reveals_is_the_same_in_other_numbers(name, n):
    base, item = variants(name)[0], variants(name)[n]
    for one, other in zip(base["wrong"], item["wrong"], strict=True):
        assert mark(base, one["value"]).reveals == mark(item, other["value"]).reveals == [one["reveals"]]
        assert not mark(item, other["value"]).right


def test_neighbours_get_other_numbers_and_each_always_the_same():
    for name in {name for name, _ in VARIED}:
        got = [given_to(name, student)["answer"] for student in range(1, 7)]
        asked = [given_to(name, student)["ask"]["en"] for student in range(1, 7)]
        assert asked[:3] == asked[3:] and len(set(asked[:3])) == 3
        assert got == [given_to(name, student)["answer"] for student in range(1, 7)]


def test_answers_in_other_numbers_are_counted_together():
    name = "pay_most_one_can"
    base = bank()[name]
    for student in range(1, 7):
        item = given_to(name, student)
        assert aligned(name, student, item["answer"]) == base["answer"]
        assert [aligned(name, student, wrong["value"]) for wrong in item["wrong"]] == [
            w["value"] for w in base["wrong"]
        ]
        assert aligned(name, student, None) is None
        if item is not base:
            assert aligned(name, student, 12.34) == OTHER
