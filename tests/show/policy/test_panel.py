"""The policy bench without a browser: every statement a control, and what is shown follows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import yaml

from jiebei_lib.core.knowledge.problems import PolicyError
from jiebei_lib.core.policy import load_policy
from jiebei_lib.show.policy import controls as policy_controls
from jiebei_lib.show.policy import panel as policy_lab
from jiebei_lib.show.policy import readings_panel as policy_readings
from jiebei_lib.show.widget.fields import flat
from jiebei_lib.show.widget.switch import current


@pytest.fixture
def bench() -> policy_lab.Bench:
    return policy_lab.policy_bench()


@pytest.fixture(autouse=True)
def chinese():
    current.lang = "zh"
    yield
    current.lang = "zh"


def controls(bench: policy_lab.Bench) -> dict[str, dict]:
    return {field["name"]: field for field in flat(bench.fields) if field["kind"] != "button"}


@pytest.mark.parametrize("name", ["article", "published"])
def test_every_number_and_statement_has_a_control_with_its_basis_source_and_range(bench, name: str) -> None:
    bench._presses[f"start_{name}"](dict(bench.values), bench)
    policy, found = load_policy(name), controls(bench)
    for topic in ("factors", "strengths", "constraints"):
        for path, node in policy_controls.leaves(policy.data[topic]):
            if path.endswith("value"):
                control = found[f"{topic}.{path.removesuffix('.value')}"]
                entry = policy_lab._entry(policy.data, control["name"])
                assert control["value"] == node and control["badge"]["kind"] == entry["basis"]
                assert [control["low"], control["high"]] == entry["range"]
                for lang, word in (("zh", "出处："), ("en", "Source: ")):
                    assert word in control["note"][lang] and f"{entry['range'][1]:,.7g}" in control["note"][lang]
    for constraint, entry in policy.data["constraints"].items():
        assert found[f"constraints.{constraint}"]["badge"]["kind"] == entry["basis"]
        assert found[f"constraints.{constraint}"]["label"] == entry["text"]


def test_it_begins_with_no_change_and_says_so(bench) -> None:
    assert bench.policy() is load_policy()
    assert "还没有改动" in bench.text() and "74/100" in bench.text()


def test_a_moved_number_is_a_what_if_shown_before_and_after(bench) -> None:
    bench.set(**{"factors.amount.protective": 5000})
    assert bench.policy().overlay == {"factors": {"amount": {"protective": 5000}}}
    assert "改动之后" in bench.text() and "视为较小的金额 | 500 | 5,000 | 假定" in bench.text()
    current.lang = "en"
    assert "Amount taken as small | 500 | 5,000 | assumption" in bench.text() and "After the changes" in bench.text()
    bench.set(**{"factors.amount.protective": 500})
    assert bench.policy() is load_policy()


def test_a_dropped_statement_no_longer_counts(bench) -> None:
    bench.set(**{"constraints.sign_days": False, "constraints.contacts_below_amount": False})
    assert not {"sign_days", "contacts_below_amount"} & set(bench.policy().data["constraints"])
    assert "改动（2处）" in bench.text() and "不算" in bench.text()


def test_changes_that_contradict_each_other_are_told_in_place_and_the_picture_stays(bench) -> None:
    before = bench.text()
    bench.set(**{"strengths.moderate.at_least": 9, "strengths.strong.at_most": 8, "strengths.moderate.at_most": 9})
    assert "没有任何解读能同时满足" in bench.page["problem"]["zh"] and "loosen one" in bench.page["problem"]["en"]
    assert bench.text() == before
    bench.set(**{"strengths.moderate.at_least": 1.5})
    assert bench.page["problem"] is None
    bench.set(**{"constraints.strength_days": False})
    assert bench.page["problem"]["en"].startswith("Together: nothing bounds the weight “Days overdue”")


def test_the_panels_that_follow_a_bench_tell_its_contradiction_by_labels_and_mark_their_picture_as_of_before(
    bench,
) -> None:
    from jiebei_lib.show import panels

    followers = [panels.assumptions(bench), panels.two_facts(bench), panels.verdict_table(bench)]
    bench.set(**{"constraints.neutral_possible.at_least": 0.5, "constraints.level_communication.at_most": 0.05})
    for panel in (bench, *followers):
        told = panel.page["problem"]
        assert "第7天有可能" in told["zh"] and "On day 7 it is possible" in told["en"] and panel.page["outdated"]
        assert not any(word in told[lang] for word in ("replace", "constraints", "level_", "neutral_") for lang in told)


def test_starting_from_the_other_witness_brings_its_own_controls(bench) -> None:
    bench.set(**{"factors.amount.protective": 5000})
    bench._presses["start_published"](dict(bench.values), bench)
    assert bench.policy() is load_policy("published")
    assert {"strengths.weak.at_least", "constraints.amount_below_communication"} <= set(controls(bench))
    assert "constraints.sign_contacts" not in bench.values
    assert len(bench.values[policy_controls.SPREAD]) == 7
    bench.set(**{policy_controls.SPREAD: [{"day": 7, "weight": 1}]})
    assert bench.policy().readings.days == (7,)


def test_what_was_saved_is_loaded_again(bench) -> None:
    bench.set(
        **{
            "factors.amount.protective": 3000,
            "constraints.sign_days": False,
            "constraints.strength_amount.strength": "moderate",
        }
    )
    saved = bench._presses["save"](dict(bench.values), bench)
    assert saved.name == "changes.yaml" and yaml.safe_load(saved.text)["base"] == "article"
    wanted = bench.policy().digest
    other = policy_lab.policy_bench()
    other.set(file={"name": "changes.yaml", "text": saved.text})
    other._presses["load"](dict(other.values), other)
    assert other.policy().digest == wanted and "3处" in other.status["text"]["zh"]
    assert "视为较小的金额 | 500" in other.text() or other.values["factors.amount.protective"] == 3000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("factors: {amount: {pressing: 5}}", "mine.yaml: factors.amount.pressing.value: 5 is out of range"),
        ("factors: 3", "mine.yaml: factors: 3 is not allowed"),
        ("a: [", "mine.yaml: not valid YAML"),
        ("- 1", "mine.yaml: [1] is not allowed; give keys and values"),
        ("<script>alert(1)</script>", "mine.yaml: '<script>alert(1)</script>' is not allowed"),
        ("base: hearsay", "mine.yaml: base: “hearsay” does not exist"),
    ],
)
def test_a_wrong_file_is_told_in_one_line_and_changes_nothing(bench, text: str, said: str) -> None:
    bench.set(file={"name": "mine.yaml", "text": text})
    before = bench.text()
    bench._run("load")
    assert bench.status["text"]["en"].startswith(said) and bench.text() == before
    with pytest.raises(PolicyError):
        bench._presses["load"](dict(bench.values), bench)


def test_without_a_file_it_asks_for_one(bench) -> None:
    bench._run("load")
    assert bench.status["text"]["en"] == "No file is chosen yet."


def test_the_other_panels_follow_the_bench(bench) -> None:
    panels = [
        policy_lab.verdict_table(bench),
        policy_lab.assumptions(bench),
        policy_lab.two_facts(bench),
        policy_readings.all_readings(bench),
    ]
    before = [panel.text() for panel in panels]
    # In a thread of its own, where no event loop runs (Playwright's may, in this one) and the others follow at once.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(bench.set, case="silent", **{"constraints.neutral_possible.at_least": 0.4}).result()
    assert all(panel.text() != old for panel, old in zip(panels, before, strict=True))
    current.lang = "en"
    assert "cases with another verdict" in panels[0].text() and "It depends most on" in panels[1].text()
    assert "squares lean to a call" in panels[2].text() and "readings kept" in panels[3].text()


def test_who_changes_verdict_and_why_is_said_in_words(bench) -> None:
    table = policy_lab.verdict_table(bench)
    assert "13个案例里，7个换了结论" in table.text()
    assert "单这一处就够：最早可能联系联系人的一天" in table.text()
    table.set(against="start")
    assert "没有一个换了结论" in table.text()
    table.set(cases=[{"case_id": "<b>x</b>", "days_overdue": 7, "amount_overdue": 100}])
    assert "&lt;b&gt;" in str(table.page["places"]["below"][0]["html"])


def test_limits_keep_only_the_readings_inside_them(bench) -> None:
    panel = policy_readings.all_readings(bench)
    panel.set(low_communication=20, high_neutral=0.5)
    found = load_policy().readings.samples
    kept = (np.exp(2 * found[:, 1]) >= 20) & (1 / (1 + np.exp(-found[:, 0])) <= 0.5)
    assert f"留下{kept.sum():,}种" in panel.text()
    panel.set(low_communication=101)
    assert "没有一种解读同时满足" in panel.text()
    panel._run("all")
    assert "留下4,096种" in panel.text()


def test_brushing_the_chart_sets_the_limits(bench) -> None:
    panel = policy_readings.all_readings(bench)
    brush = panel._picks["readings-lines"]
    values = brush(dict(panel.values), {"kind": "brush", "changes": {"dimensions[1].constraintrange": [[1.0, 1.5]]}})
    assert values == {"low_communication": 10, "high_communication": pytest.approx(31.62)}
    several = {"dimensions[0].constraintrange": [[[0.1, 0.2], [0.4, 0.5]]]}
    assert brush(dict(panel.values), {"changes": several}) == {"low_neutral": 0.1, "high_neutral": 0.5}
    gone = {"dimensions[6].constraintrange": None}
    assert brush(dict(panel.values), {"changes": gone}) == {"low_answer": None, "high_answer": None}
    for strange in ({"line.color": "red"}, {"dimensions[99].constraintrange": [[1, 2]]}, {"dimensions[x]": 1}):
        assert brush(dict(panel.values), {"changes": strange}) == {}


def test_a_map_needs_two_different_facts(bench) -> None:
    panel = policy_lab.two_facts(bench)
    panel.set(x="communication")
    assert "请选两项不同的情况" in panel.text()
    panel.set(y="contacts")
    assert "亲近" in panel.text() and "失联" in panel.text()


HEADER = "案例编号,逾期天数,逾期金额,沟通情况,预留联系人信息,芝麻信用分,过去24个月逾期次数"


def loaded(table, *rows: str) -> None:
    table.set(source="file", csv={"name": "cases.csv", "text": "\n".join([HEADER, *rows]) + "\n"})


def test_the_table_of_cases_can_be_a_file_and_each_wrong_row_is_named_in_place(bench) -> None:
    table = policy_lab.verdict_table(bench)
    loaded(
        table,
        "甲,3,8000,silent,accurate,650,1",
        "乙,-300,8000,silent,accurate,650,1",
        "丙,7,8000,silent,<b>,650,1",
        "丁,7,9000",
        "戊,7,x,silent,accurate,650,1",
        "己,40,9000,,,,",
    )
    shown = table.text()
    assert "2个案例里，1个换了结论" in shown and "甲 | 多半不会 → 还不到时候" in shown
    assert "第2行，逾期天数：'-300' 不可用；应为-60到3650的整数。" in shown
    assert "第3行，预留联系人信息：'<b>' 不可用" in shown and "第4行：这一行有3格，应为7格。" in shown
    assert "第5行，逾期金额" in shown and "有4行有错" in shown
    assert "<b>" not in "".join(part.get("html", "") for part in table.page["places"]["below"])
    current.lang = "en"
    assert "Row 2, 逾期天数: '-300' is not allowed; give a whole number from -60 to 3650." in table.text()


def test_a_file_without_a_needed_column_is_told_by_its_own_name_and_without_options_of_the_command_line(bench) -> None:
    table = policy_lab.verdict_table(bench)
    table.set(csv={"name": "我的表.csv", "text": "case_id,逾期金额\n甲,8000\n"}, source="file")
    for told in table.page["problem"].values():
        assert told.startswith("我的表.csv: days_overdue") and "table.csv" not in told and "--map" not in told


def test_without_a_file_or_with_too_long_a_one_it_says_so_and_keeps_the_last_picture(bench) -> None:
    table = policy_lab.verdict_table(bench)
    table.set(source="file")
    assert "还没有选案例表" in table.page["problem"]["zh"] and "13个案例里" in table.text()
    loaded(table, *(f"c{n},7,8000,silent,accurate,650,1" for n in range(policy_lab.MOST_CASES + 1)))
    assert "500" in table.page["problem"]["zh"] and "501" in table.page["problem"]["zh"]
    loaded(table, *(f"c{n},7,8000,silent,accurate,650,1" for n in range(150)))
    assert table.page["problem"] is None and "另有50个案例没有列出" in table.text()
    field = next(field for field in flat(table.fields) if field.get("name") == "csv")
    assert field["also"] == {"source": "file"} and "500" in field["note"]["zh"]


def test_a_level_moved_past_its_neighbours_brings_them_along(bench) -> None:
    bench.set(**{"factors.communication.levels.answering": 0.9})
    assert bench.values["factors.communication.levels.broken_promise"] == 0.9
    assert bench.values["factors.communication.levels.silent"] == 1
    assert bench.page["problem"] is None
    bench.set(**{"strengths.moderate.at_most": 1.2})
    assert bench.values["strengths.moderate.at_least"] == 1.199 and bench.page["problem"] is None


def test_a_mistake_on_the_bench_speaks_labels_never_key_paths(bench) -> None:
    bench.values = {**bench.values, "strengths.strong.at_least": 120}  # as a browser might send it
    told = bench.page["problem"]
    assert told["zh"].startswith("重要因素的最小倍数：120") and told["en"].startswith(
        "Least multiple of a strong factor: 120"
    )


def test_every_number_on_the_map_stands_out_from_its_tone_by_four_and_a_half():
    import numpy as np

    from jiebei_lib.page.figure import ink_at
    from jiebei_lib.show.policy.figures import SCALE

    def light(tone):
        parts = np.asarray(tone) / 255
        return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]

    def of(colour):
        return [int(colour[n : n + 2], 16) for n in (1, 3, 5)]

    stops = [stop for stop, _ in SCALE]
    for value in np.linspace(0, 1, 501):
        tone = [np.interp(value, stops, [of(colour)[n] for _, colour in SCALE]) for n in range(3)]
        low, high = sorted([light(tone), light(of(ink_at(SCALE, value)))])
        assert (high + 0.05) / (low + 0.05) >= 4.5, value
