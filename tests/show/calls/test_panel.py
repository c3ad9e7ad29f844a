"""The panels on contact conduct without a browser: one audit shared by all, files, days, filters, letters."""

from __future__ import annotations

import pytest

from jiebei_lib.show.calls.panel import _letter, shared
from jiebei_lib.show.panels import call_findings, call_log, from_memory, jurisdictions, what_to_do, wording
from jiebei_lib.show.widget.switch import current


@pytest.fixture(autouse=True)
def fresh():
    shared.findings, shared.day = None, ""
    yield
    shared.unobserve_all()
    shared.findings, shared.day = None, ""
    current.lang = "zh"


def test_the_log_s_edits_reach_the_findings_and_the_letter() -> None:
    log, findings, todo = call_log(), call_findings(), what_to_do()
    assert "A19" in findings.text() and "2026-03-11 22:00" in todo.text()
    rows = [dict(row) for row in log.values["log"]]
    rows[18]["at"] = "2026-03-11T20:00:00+08:00"
    log.set(log=rows)
    assert "A19" not in findings.text() and "2026-03-11 22:00" not in todo.text()


def test_a_picked_day_narrows_the_findings_and_a_second_click_widens_them_again() -> None:
    log, findings = call_log(), call_findings()
    click = {"kind": "click", "figure": "calendar", "points": [{"custom": "2026-03-09"}]}
    log._heard(None, click, [])
    assert "A12" in findings.text() and "A17" not in findings.text()
    log._heard(None, click, [])
    assert "A17" in findings.text()


def test_rule_sets_and_confidence_are_the_reader_s_choice() -> None:
    log, findings = call_log(), call_findings()
    log.set(confidence="V")
    assert "据转述" not in findings.text()
    log.set(sets=["us"], confidence="S")
    assert "FDCPA" in findings.text() or "美国" in findings.text()


def test_a_file_of_one_s_own_is_read_and_its_personal_columns_masked() -> None:
    log = call_log()
    text = "attempt_id,at,channel,手机号\nx1,2026-03-01T23:00:00+08:00,call,13812345678\n"
    log.set(file={"name": "<b>mine</b>.csv", "text": text})
    assert "手机号" in log.text() and "13812345678" not in log.text() and "<b>" not in str(log.page["places"])
    log.set(file={"name": "mine.csv", "text": text + "x2,2026-03-01T23:00:00+08:00,call,,too,many\n"})
    assert "第2行" in log.text() or "row 2" in log.text()
    log.set(file={"name": "mine.csv", "text": "a,b\n1,2\n"})
    assert "attempt_id" in log.page["problem"]["zh"]


def test_the_same_in_english() -> None:
    panels = [call_log(), call_findings(), jurisdictions(), what_to_do(), wording()]
    current.lang = "en"
    for panel in panels:
        assert not [sign for sign in panel.text() if "一" <= sign <= "鿿"]


def test_a_letter_can_be_taken_along() -> None:
    call_log()
    panel = what_to_do()
    assert "2026-03-09 19:55" in _letter({"who": "borrower"}, panel).text
    panel.set(who="contact")
    assert "2026-03-09 19:55" not in panel.text()


def test_the_coach_begins_with_what_the_article_describes_and_refuses_a_time_that_is_none() -> None:
    panel = wording()
    assert "违反6条规则" in panel.text()
    panel.set(clock="25:61")
    assert panel.page["problem"]["en"]


@pytest.mark.parametrize(
    ("lang", "sure", "possible"), [("zh", "无论怎样理解", "有的理解下"), ("en", "in every reading", "in some readings")]
)
def test_a_memory_is_judged_as_it_is_written(lang: str, sure: str, possible: str) -> None:
    current.lang = lang
    panel = from_memory()
    assert sure in panel.text() and possible not in panel.text()
    panel.set(calls=[{"day": "2026-03-10", "count": "3-8", "outcome": "no_answer", "clock": "10:00", "callee": None}])
    assert possible not in panel.text()
    panel.set(
        calls=[{"day": "3月10日", "count": "3-8", "outcome": "conversation", "clock": "晚上", "callee": "borrower"}]
    )
    assert possible.lower() in panel.text().lower()
    panel.set(calls=[{"day": "", "count": "3"}])
    assert (
        "2026-03-10" in panel.page["problem"][lang] and possible.lower() in panel.text().lower()
    )  # the last good answer stays


def test_a_phone_s_own_record_is_read_by_its_headings() -> None:
    log = call_log()
    text = "序号,对方号码,起始时间,通信时长,通话类型\n1,13812345678,2026-03-09 23:30:00,0,未接\n2,13812345678,2026-03-10 21:30:00,50,主叫\n"
    log.set(file={"name": "record.csv", "text": text})
    assert "手机通话记录" in log.text() and "13812345678" not in log.text()
    assert {"cn_gbt_hours", "cn_cba_hours"} <= set(shared.findings.breaches["rule_id"].astype(str))
    log.set(file={"name": "other.csv", "text": "a,b\n1,2\n"})
    assert "attempt_id" in log.page["problem"]["zh"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_nothing_in_an_audit_hangs_on_a_pointer_and_what_to_do_stands_before_the_table_of_sides(lang) -> None:
    import json

    from jiebei_lib import example_file
    from jiebei_lib.core.knowledge.yaml_files import HERE
    from jiebei_lib.show.calls.page import AuditPage

    page = AuditPage(str(example_file("contact_log.csv")), lang, "cn,us")
    shown = "".join(
        str(part)
        for section in (page.answer, page.rules, page.contacts, page.todo, page.practice, page.sources)
        for part in section()
        if isinstance(part, str)
    )
    assert "title=" not in shown
    rule = next(iter(page.words.contacts()[0][0]["items"]))["rules"][0]
    assert rule["text"][lang].replace("'", "&#39;")[:20] in shown
    cells = [
        cell["id"]
        for cell in json.loads((HERE.parent / "notebooks/templates/audit_report.ipynb").read_text("utf-8"))["cells"]
    ]
    assert cells.index("todo") < cells.index("one-by-one") < cells.index("practice")


def test_a_letter_puts_binding_rules_first_and_of_those_the_serious() -> None:
    from jiebei_lib import audit, example_file, read_log
    from jiebei_lib.show.calls.letter import STANDINGS, _by_force, breaches_toward

    findings = audit(read_log(str(example_file("contact_log.csv"))), "cn")
    points = _by_force(findings, breaches_toward(findings, "borrower"))
    order = [
        (STANDINGS.index(findings.rule_sets.standing(behind[0])), "high" not in set(rows["severity"].astype(str)))
        for behind, rows in points
    ]
    assert order == sorted(order) and len(set(order)) > 1


def test_a_mistake_in_a_row_or_a_time_of_day_is_told_by_labels():
    memory, plan = from_memory(), wording()
    memory.values = {**memory.values, "calls": [{"day": "x", "count": "many"}]}
    assert memory.page["problem"]["zh"].startswith("第1行，日期：'x' 不可用")
    assert memory.page["problem"]["en"].startswith("Row 1, day: 'x' is not allowed")
    plan.values = {**plan.values, "clock": "25:99"}
    assert plan.page["problem"]["en"] == "Time: '25:99' is not allowed; give a time like 22:40."
