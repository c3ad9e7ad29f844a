"""What an analyst does with a panel: its objects, its figures and numbers, its traits, and the lines that say the same."""

import json
import shlex
import subprocess
import sys

import pytest
import traitlets

from jiebei_lib import Case, Loan, Policy, assess, example_file
from jiebei_lib.core.knowledge.problems import UserError
from jiebei_lib.evidence.claims import first_contact_days
from jiebei_lib.page.text import of_hundred
from jiebei_lib.show import panels
from jiebei_lib.show.widget.switch import current


@pytest.fixture(autouse=True)
def chinese():
    yield
    current.lang = "zh"


def test_a_panel_gives_the_librarys_own_objects():
    panel = panels.one_case()
    panel.set(days_overdue=12, zhima_score=None)
    wanted = Case.read(example_file("silent.yaml")).replace(days_overdue=12, zhima_score=None, case_id="my-case")
    assert panel.value == wanted
    assert panel.result.share == assess(panel.value).share
    assert isinstance(panels.policy_bench().value, Policy)
    assert isinstance(panels.owing().value, Loan) and panels.owing().result["owed"]


def test_figures_come_by_name_also_those_that_come_later_and_their_numbers_as_floats():
    panel = panels.one_case()
    assert list(panel.figures)[:2] == ["readings", "days"]
    frame = panel.frame("days")
    assert len(frame) > 5 and frame.iloc[:, 1:].dtypes.map(str).isin(["float64", "object", "str"]).all()
    owing = panels.owing().frame("owed")
    assert (owing.dtypes == "float64").all() and owing.iloc[-1, -1] > 12_000
    with pytest.raises(UserError, match="readings"):
        panel.frame("nothing")


def test_every_control_is_a_trait_that_links_both_ways_and_keeps_out_what_cannot_be():
    panel = panels.one_case()
    other = panels.one_case()
    traitlets.link((panel, "days_overdue"), (other, "days_overdue"))
    panel.days_overdue = 33
    assert other.values["days_overdue"] == 33 and "33" in other.page["places"]["beside"][1]["alt"]
    other.set(days_overdue=5)
    assert panel.days_overdue == 5 and panel.values["days_overdue"] == 5
    seen = []
    panel.observe(lambda change: seen.append(change["new"]), "communication")
    panel.set(communication="engaged")
    assert seen == ["engaged"]
    for wrong in ({"days_overdue": 5000}, {"communication": "shouting"}, {"as_of": "tomorrow"}, {"amount_overdue": 0}):
        ((name, value),) = wrong.items()
        before = getattr(panel, name)
        with pytest.raises(UserError) as told:
            setattr(panel, name, value)
        assert name in str(told.value) and getattr(panel, name) == before == panel.values[name]
        with pytest.raises(UserError):
            panel.set(**wrong)
    with pytest.raises(UserError, match="days_overdue"):
        panel.set(days=3)


CHANGES = {
    "one_case": {"days_overdue": 20, "policy": "published", "zhima_score": None, "as_of": "2026-11-25"},
    "owing": {"days": 30, "pay": 500, "plan": "monthly"},
    "ways_out": {"plan_months": 12},
    "yearly_rate": {"upfront_fee": 100},
    "affordable": {"income": 5000},
    "budget": {"payment": 1200},
    "credit_record": {"settled": None},
    "portfolio": {"rows": 50, "by": "contacts"},
}


def value_of(source):
    """What the last line of some Python gives, the others run before it."""
    *lines, last = source.splitlines()
    names = {}
    exec("\n".join(lines), names)
    return eval(last, names)


@pytest.mark.parametrize("name", CHANGES)
def test_the_same_in_python_gives_the_same(name):
    panel = getattr(panels, name)()
    for changes in ({}, CHANGES[name]):
        panel.set(**changes)
        got, wanted = value_of(panel.python()), panel.result
        if name == "one_case":
            got, wanted = ({**one.to_dict(), "case": None, "case_id": None} for one in (got, wanted))
        assert got == wanted
        assert panel.page["same"]["python"] == panel.python()


def test_the_bench_says_its_policy_in_python():
    bench = panels.policy_bench()
    bench.set(**{"factors.communication.levels.broken_promise": 0.8})
    assert value_of(bench.python()).likelihood == bench.result.likelihood != panels.policy_bench().result.likelihood


@pytest.mark.parametrize("name", ["first_days", "start", "offers", "wording"])
def test_any_panel_says_how_to_make_it_as_it_stands(name):
    panel = getattr(panels, name)()
    field = next(field for field in panel.fields if field["kind"] == "choice")
    panel.set(**{field["name"]: field["options"][-1]["value"]})
    assert value_of(panel.python()) == panel.values


def test_the_command_line_says_the_same_case():
    panel = panels.one_case()
    panel.set(days_overdue=20, zhima_score=None, policy="published", as_of="2026-11-25")
    program, *given = shlex.split(panel.command())
    assert program == "jiebei"
    command = [sys.executable, "-c", "from jiebei_lib.cli import main; main()", *given, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["likelihood"] == panel.result.likelihood


def test_a_figure_becomes_plotlys_own_with_its_title_and_takes_a_template():
    figure = panels.one_case().figures["readings"]
    own = figure.plotly()
    assert own.layout.title.text == figure.layout["title"]["text"] and len(own.data) == len(figure.data)
    dark = figure.plotly(template="plotly_dark")
    assert dark.layout.paper_bgcolor is None and dark.layout.template.layout.paper_bgcolor == "rgb(17,17,17)"
    assert "#222222" not in dark.to_json()


def test_a_control_whose_name_means_something_else_is_no_trait():
    bench, log = panels.policy_bench(), panels.call_log()
    assert isinstance(bench.case(), Case) and not bench.has_trait("case")
    assert log.log.name == "traitlets" and "log" in log.values


def test_a_view_holds_what_was_moved_and_opens_the_same_elsewhere():
    panel, other = panels.one_case(), panels.one_case()
    assert panel.view() == ""
    panel.set(days_overdue=12, zhima_score=None, communication="engaged", as_of="2026-03-01", policy="published")
    assert json.loads(panel.view())["zhima_score"] is None
    other.move_to(panel.view())
    assert other.values == panel.values and other.text() == panel.text()


@pytest.mark.parametrize(
    "view",
    [
        '{"days_overdue": 99999}',
        '{"days_overdue": NaN}',
        '{"days_overdue": 8, "zhima_score": true}',
        '{"policy": "/etc/passwd"}',
        '{"policy": {"a": 1}}',
        '{"as_of": "<b>now</b>"}',
        '{"report": 1}',
        '{"nothing": 1}',
        '["days_overdue"]',
        "<script>alert(1)</script>",
        '{"days_overdue": ' + "9" * 5000 + "}",
        "[" * 7000,
        " " * 9000,
    ],
)
def test_a_view_from_elsewhere_passes_the_checks_of_the_controls_or_is_one_sentence(view):
    panel = panels.one_case()
    before, shown = dict(panel.values), panel.text()
    panel._heard(None, {"kind": "open", "view": view}, [])
    assert panel.values == before and panel.text() == shown
    told = panel.status["text"]
    assert set(told) == {"zh", "en"} and all(len(line) < 400 and "\n" not in line for line in told.values())
    assert panel.page["opened"] == view
    panel._heard(None, {"kind": "open", "view": '{"days_overdue":8}'}, [])
    assert panel.values["days_overdue"] == 8 and not panel.status


def test_what_a_person_wrote_is_in_no_view_and_a_quiz_has_none():
    memory, bench, quiz = panels.from_memory(), panels.policy_bench(), panels.quiz("lesson_1", "before")
    for panel in (memory, bench):
        written = [name for name, field in panel._by_name().items() if field["kind"] in ("text", "file", "table")]
        panel.values = {**panel.values, **dict.fromkeys(written, "secret")}
        assert "secret" not in panel.view()
    quiz._press("begin")
    assert quiz.view() == ""


def test_the_gauge_says_what_the_answer_says():
    panel = panels.one_case()
    panel.set(days_overdue=3)
    assert panel.page["gauge"]["now"] == "0"
    panel.set(days_overdue=8)
    assert panel.page["gauge"]["now"] == str(of_hundred(panel.result.share))
    assert all(word in panel.page["gauge"]["moved"]["en"] for word in ("{before}", "{now}"))


def test_every_topic_has_one_number_that_says_how_its_answer_moves():
    def gauge(panel, **moved):
        panel.set(**moved)
        assert all(
            word in panel.page["gauge"]["moved"][lang] for word in ("{before}", "{now}") for lang in ("zh", "en")
        )
        return panel.page["gauge"]["now"]

    split = first_contact_days(None)
    assert gauge(panels.first_days(), product="") == f"{split.by(split.article_day)}/{split.named}"
    learning = panels.learning(example_file("outcomes.csv"))
    after = learning.page["gauge"]["now"]
    assert gauge(learning, source="none") == learning.figures["before_after"].rows[0][4] != after
    assert gauge(panels.reported(), selection="100") == panels.reported().figures["selections"].rows[-1][4]
    log, words = panels.call_log(), panels.wording()
    assert gauge(log, sets=["us"]) == str(log.result.breaches["position"].nunique())
    assert gauge(words, purpose="locate", disclosed=[]) == "0"
    memory = panels.from_memory()
    assert int(memory.page["gauge"]["now"]) > int(gauge(memory, calls=memory.values["calls"][:1]))
    book = panels.portfolio(60)
    assert gauge(book, seed=2) == str(book.result["witnesses"][0]["verdicts"]["likely"])
