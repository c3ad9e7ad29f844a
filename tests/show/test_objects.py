"""The library's objects as a notebook shows them: short, in the reader's language, safe, and as frames of floats."""

import re

import pytest

from jiebei_lib import Case, Loan, UserError, assess, audit, compare, example_file, load_policy, read_log, score
from jiebei_lib.portfolio import summary as book
from jiebei_lib.portfolio.sample import sample
from jiebei_lib.show.widget.switch import current

HAN = re.compile(r"[\u4e00-\u9fff]")
POLICY = load_policy().replace({"factors.amount.pressing": 60_000})


def made(name):
    return {
        "assessment": lambda: assess(Case(7, 8000, communication="silent"), as_of="2026-11-23"),
        "policy": lambda: POLICY,
        "loan": lambda: Loan.read(example_file("loan.yaml")),
        "audit": lambda: audit(read_log(example_file("contact_log.csv"))),
        "comparison": lambda: compare(
            *(Case(9, 8000, communication=way) for way in ("silent", "repaying")), same_borrower=True
        ),
        "open comparison": lambda: compare(Case(9, 8000, communication="silent"), Case(2, 8000)),
        "portfolio": lambda: book.summary(sample(60)),
    }[name]()


@pytest.fixture(autouse=True)
def chinese():
    current.switched = False
    yield
    current.lang, current.switched = "zh", False


@pytest.mark.parametrize("name", ["assessment", "policy", "audit", "comparison", "open comparison", "portfolio"])
def test_in_a_console_an_object_is_one_short_line(name):
    assert len(repr(made(name))) < 160 and "\n" not in repr(made(name))


@pytest.mark.parametrize(
    "name", ["assessment", "policy", "loan", "audit", "comparison", "open comparison", "portfolio"]
)
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


def test_a_comparison_gives_its_odds_as_floats_and_says_what_is_certain():
    held = made("comparison")
    row = held.frame().iloc[0]
    assert row["odds_low"] == held.odds[0] > 1 and held.necessarily == "above"
    current.lang = "en"
    assert "necessarily more likely for “the first case”" in held._repr_markdown_()
    assert held.frame().dtypes.astype(str).unique().tolist() == ["float64"]


def test_a_portfolios_summary_counts_its_cases_and_stays_plain_data():
    import json

    assert callable(score)
    told = made("portfolio")
    assert told.frame().sum().tolist() == [60, 60]
    assert list(told.frame("first")["case_id"])[:5] == [row["case_id"] for row in told["first"]][:5]
    assert json.loads(json.dumps(told, default=str))["cases"] == 60
    with pytest.raises(UserError):
        told.frame("nothing")


def test_what_a_table_calls_its_cases_is_shown_as_text():
    table = sample(30)
    table["case_id"] = ["<b>x</b>" + str(n) for n in range(30)]
    told = book.summary(table)
    assert "<b>x" not in told._repr_html_()


def test_where_a_switch_stands_an_output_holds_both_languages_for_it_to_show_one():
    from jiebei_lib.show.panels import language

    thing = made("assessment")
    language()
    page = thing._repr_html_()
    zh, en = page.split('<div lang="en">')
    assert zh.startswith('<div lang="zh">') and HAN.search(zh) and not HAN.search(en)
