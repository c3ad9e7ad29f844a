"""The library's objects as a notebook shows them: short, in the reader's language, safe, and as frames of floats."""

import re

import pytest

from jiebei_lib import Case, Loan, UserError, assess, audit, example_file, load_policy, read_log
from jiebei_lib.show.widget.switch import current

HAN = re.compile(r"[\u4e00-\u9fff]")
POLICY = load_policy().replace({"factors.amount.pressing": 60_000})


def made(name):
    return {
        "assessment": lambda: assess(Case(7, 8000, communication="silent"), as_of="2026-11-23"),
        "policy": lambda: POLICY,
        "loan": lambda: Loan.read(example_file("loan.yaml")),
        "audit": lambda: audit(read_log(example_file("contact_log.csv"))),
    }[name]()


@pytest.fixture(autouse=True)
def chinese():
    yield
    current.lang = "zh"


@pytest.mark.parametrize("name", ["assessment", "policy", "audit"])
def test_in_a_console_an_object_is_one_short_line(name):
    assert len(repr(made(name))) < 160 and "\n" not in repr(made(name))


@pytest.mark.parametrize("name", ["assessment", "policy", "loan", "audit"])
def test_in_a_notebook_an_object_is_its_first_screen_in_the_readers_language(name):
    thing = made(name)
    pages = {}
    for lang in ("zh", "en"):
        current.lang = lang
        pages[lang] = (thing._repr_html_(), thing._repr_markdown_())
        assert all(len(page) < 6000 for page in pages[lang])
    assert all(HAN.search(page) for page in pages["zh"])
    assert not any(HAN.search(page) for page in pages["en"])
    assert "<script" not in pages["zh"][0]


def test_what_a_user_wrote_is_shown_as_text():
    thing = load_policy(
        {"name": {"zh": "<img src=x>*", "en": "<img src=x>*"}, "factors": {"amount": {"pressing": 60_000}}}
    )
    assert "<img" not in thing._repr_html_() and "<img" not in thing._repr_markdown_().replace("\\<img", "")


def test_an_assessment_answers_as_frames_of_floats():
    thing = made("assessment")
    witnesses = thing.frame()
    assert list(witnesses.index) == ["article", "published"]
    assert witnesses.loc["article", "share"] == thing.share and str(witnesses["low"].dtype) == "float64"
    assert thing.frame("contributions").loc["communication", "central"] > 0
    assert {"history", "contacts"} & {row for row in thing.frame("contributions").index}
    with pytest.raises(UserError, match="witnesses"):
        thing.frame("everything")


def test_a_policy_a_loan_and_an_audit_are_frames_too():
    table = POLICY.frame()
    assert table.loc["factors.amount.pressing", "value"] == 60_000 and (table["low"] <= table["high"]).all()
    plan = made("loan").frame()
    assert plan["principal"].sum() == pytest.approx(float(made("loan").principal)) and plan.index[0] == 1
    found = made("audit")
    assert len(found.frame()) == len(found.breaches) + len(found.undecided)


def test_a_policys_page_says_what_was_changed_and_from_what():
    page = POLICY._repr_html_()
    assert "30,000" in page and "60,000" in page and page.count("<tr>") == 2


def test_a_users_mistake_is_a_line_and_no_traceback():
    with pytest.raises(UserError) as told:
        Case(7, 80_000_000)
    (line,) = told.value._render_traceback_()
    assert "\n" not in line and HAN.search(line) and "Traceback" not in line
