"""The report's page: every section in both languages for every kind of answer, and nothing that a user wrote read as mark-up."""

from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiebei_lib.core.case import FIELDS, SCORED, Case
from jiebei_lib.core.knowledge.problems import CaseError, PolicyError
from jiebei_lib.core.policy import load_policy
from jiebei_lib.core.scoring.score import GRADES
from jiebei_lib.page.figure import Figure
from jiebei_lib.page.html import HEAD, Section, Words
from jiebei_lib.page.text import of_hundred
from jiebei_lib.show.case import first
from jiebei_lib.show.case.page import CasePage
from tests.strategies import cases

DAY = "2026-11-23"
SECTIONS = (
    *("answer", "readings", "timeline", "factors", "may_they", "changes", "next_question"),
    *("consequences", "cost", "today", "caller", "claims", "sources", "limits"),
)
CASES = {
    "question": {"days_overdue": 7, "amount_overdue": 8000},
    "likely": {
        "days_overdue": 60,
        "amount_overdue": 30_000,
        "communication": "silent",
        "contacts": "close",
        "past_overdue": 3,
        "zhima_score": 520,
    },
    "unlikely": {
        "days_overdue": 7,
        "amount_overdue": 500,
        "communication": "repaying",
        "contacts": "wrong",
        "past_overdue": 0,
        "zhima_score": 760,
    },
    "not_yet": {"days_overdue": 3, "amount_overdue": 8000.5, "communication": "silent"},
    "due": {"days_overdue": 0, "amount_overdue": 0.01},
    "late": {
        "days_overdue": 3650,
        "amount_overdue": 10_000_000,
        "communication": "broken_promise",
        "past_overdue": 100,
    },
}
LANGS = ("zh", "en")
VOID = {"br", "img", "hr", "input", "meta", "link"}
EVIL = [
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "{{ 7*7 }}",
    "{0}",
    "{case_id}",
    "&lt;b&gt;",
    "</p><h1>",
    "借" * 64,
    "a%sb%d",
    "${x}",
]


class Tree(HTMLParser):
    """Reads mark-up strictly: tags close in order, ids are unique, no script, no handler, no address of another host."""

    def __init__(self, text: str):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.text = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        assert tag not in ("script", "iframe", "object", "img", "form")
        for name, value in attributes:
            assert not name.startswith("on"), (tag, name)
            assert not (value or "").strip().lower().startswith(("javascript:", "http:", "https:", "data:")), (
                tag,
                name,
                value,
            )
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, tag

    def handle_data(self, data):
        self.text.append(data)

    @property
    def said(self) -> str:
        return " ".join("".join(self.text).split())


def page(name: str, lang: str, policy="article") -> CasePage:
    return CasePage(CASES[name], lang, policy, DAY)


@pytest.fixture(scope="module", params=[(name, lang) for name in CASES for lang in LANGS], ids="-".join)
def made(request):
    name, lang = request.param
    return page(name, lang), {section: getattr(page(name, lang), section)() for section in SECTIONS}


# ---- sections -----------------------------------------------------------------------------------------------------------


def test_every_section_is_sound_mark_up_without_script_handler_or_address(made) -> None:
    _, sections = made
    for name, section in sections.items():
        assert isinstance(section, Section) and section, name
        for part in section:
            assert isinstance(part, Words | Figure), name
            if isinstance(part, Words):
                assert Tree(part).said, name


def test_every_section_but_the_answer_opens_with_one_heading_and_headings_step_down(made) -> None:
    _, sections = made
    for name, section in sections.items():
        tags = [
            tag for part in section if isinstance(part, Words) for tag in Tree(part).tags if re.fullmatch(r"h\d", tag)
        ]
        assert tags[0] == ("h1" if name == "answer" else "h2"), name
        for above, below in itertools.pairwise(tags):
            assert int(below[1]) <= int(above[1]) + 1, name
        assert tags.count("h1") == (name == "answer"), name


def test_no_slot_is_left_and_no_value_of_ours_shows_through(made) -> None:
    _, sections = made
    for name, section in sections.items():
        said = " ".join(Tree(part).said for part in section if isinstance(part, Words))
        assert not re.search(r"\{\w*\}|\bNone\b|\bnan\b|<|jiebei_lib|Undefined", said), name


def test_a_chinese_page_reads_chinese_and_an_english_one_english(made) -> None:
    shown, sections = made
    for name, section in sections.items():
        said = " ".join(Tree(part).said for part in section if isinstance(part, Words))
        han = len(re.findall(r"[\u4e00-\u9fff]", said))
        latin = len(re.findall(r"[A-Za-z]{2,}", said))
        assert (han > latin) if shown.lang == "zh" else (han < latin), name


def test_plain_text_of_a_section_tells_how_it_begins(made) -> None:
    _, sections = made
    for section in sections.values():
        for part in section:
            if isinstance(part, Words):
                bundle = part._repr_mimebundle_()
                assert bundle["text/html"] == part
                plain = bundle["text/plain"]
                assert 0 < len(plain) <= 80 and "<" not in plain
                assert "".join(Tree(part).said.split()).startswith("".join(plain.removesuffix("…").split()))


def test_the_pictures_stand_in_their_sections(made) -> None:
    _, sections = made
    names = {name: [part.name for part in section if isinstance(part, Figure)] for name, section in sections.items()}
    assert names["readings"] == ["readings"]
    assert names["timeline"] == ["days"]
    assert names["factors"] == ["factors"]
    assert names["claims"] == ["claims", "witnesses"]


# ---- the answer ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("policy", ["article", "published"])
@pytest.mark.parametrize("name", list(CASES))
def test_the_headline_says_both_witnesses_with_their_counts(name: str, policy: str, lang: str) -> None:
    shown = page(name, lang, policy)
    a, said = shown.assessment, shown.headline()
    assert [side["policy"] for side in a.witnesses] == [policy, *({"article", "published"} - {policy})]
    for side in a.witnesses:
        sentence = first.sentence(side, lang)
        assert sentence in said and first.by(side, lang) in sentence
        least, most = (of_hundred(end) for end in side["share_range"].values())
        if side["grade"] == "not_yet":
            assert str(side["first_day"]) in sentence
        elif side["grade"] not in ("all", "none"):
            assert str(of_hundred(side["share"])) in sentence
            assert (str(least) in sentence and str(most) in sentence) or least == most


def test_every_grade_has_words_of_its_own_in_each_form_and_language() -> None:
    for lang in LANGS:
        said = set()
        for grade in GRADES:
            for spread in ((0.62, 0.62), (0.62, 0.62001)):
                side = {"grade": grade, "so_far": grade, "share": 0.62, "first_day": 7, "policy": "article"}
                said.add(first.graded(side | {"share_range": dict(zip(("low", "high"), spread, strict=True))}, lang))
        assert len(said) == 2 * len(GRADES) - 1, "not yet is not yet, whatever is unknown"
        open_ = {"grade": "split", "so_far": "most", "share": 0.8, "share_range": {"low": 0.4, "high": 1.0}}
        sentence = first.graded(open_ | {"first_day": 7, "policy": "article"}, lang)
        assert all(str(n) in sentence for n in (80, 40, 100)) and {"zh": "目前", "en": "so far"}[lang] in sentence


def test_the_head_tells_title_headline_and_language() -> None:
    for lang in LANGS:
        head = page("question", lang).head()
        assert head["lang"] == lang
        bundle = head._repr_mimebundle_()
        assert bundle[HEAD] == dict(head)
        assert bundle["text/plain"] == page("question", lang).headline()
        assert "7" in head["title"]


def test_every_fact_is_listed_with_its_unit_or_as_unknown(made) -> None:
    shown, _ = made
    facts = shown.facts()
    listed = [name for name in FIELDS if name in SCORED or getattr(shown.case, name) is not None]
    assert [unknown for *_, unknown in facts] == [
        getattr(shown.case, name) is None for name in listed if name != "case_id"
    ]


def test_the_stage_that_the_case_is_in_is_marked_and_only_it(made) -> None:
    shown, sections = made
    stages = shown.stages()
    assert [stage["here"] for stage in stages].count(True) == 1
    assert sections["timeline"][0].count('aria-current="step"') == 1
    here = next(n for n, stage in enumerate(stages) if stage["here"])
    assert all(stage["past"] for stage in stages[:here])
    assert not any(stage["past"] for stage in stages[here:])


def test_never_advises_wrong_contact_details_and_says_so(made) -> None:
    shown, sections = made
    words = {"zh": "从不建议填错", "en": "never suggest giving wrong"}[shown.lang]
    assert words in Tree(sections["changes"][0]).said


def test_what_could_not_be_checked_is_marked_as_reported(made) -> None:
    shown, sections = made
    said = Tree(sections["may_they"][0]).said
    word = {"zh": "据转述", "en": "reported"}[shown.lang]
    a = shown.assessment
    assert (word in said) == any(
        [a.permitted["reported"], *(one["reported"] for one in [*a.permitted["rules"], *a.permitted["conflicts"]])]
    )


def test_sources_list_each_source_once(made) -> None:
    shown, sections = made
    titles = [source["title"][shown.lang] for source in shown.assessment.sources]
    assert len(titles) == len(set(titles)) > 5
    said = Tree(sections["sources"][0]).said
    assert all(" ".join(title.split()) in said for title in titles)


# ---- what a user writes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("case_id", [evil[:64] for evil in EVIL])
def test_a_case_id_is_shown_as_it_was_written_and_never_read(case_id: str, lang: str) -> None:
    shown = CasePage(CASES["question"] | {"case_id": case_id}, lang, "article", DAY)
    tree = Tree(shown.answer()[0])
    assert " ".join(case_id.split()) in tree.said
    assert len(tree.tags) == len(Tree(page("question", lang).answer()[0]).tags)


@settings(max_examples=40)
@given(case_id=st.text(min_size=1, max_size=64).filter(lambda text: text.strip() and text.isprintable()))
def test_no_case_id_changes_the_mark_up(case_id: str) -> None:
    words = CasePage(CASES["not_yet"] | {"case_id": case_id}, "en", "article", DAY).answer()[0]
    assert Tree(words).tags == PLAIN_TAGS


PLAIN_TAGS = Tree(CasePage(CASES["not_yet"], "en", "article", DAY).answer()[0]).tags


@pytest.mark.parametrize("lang", LANGS)
def test_the_words_of_a_user_s_policy_are_escaped_in_every_section(lang: str) -> None:
    evil = {"zh": "<b onclick=alert(1)>甲</b>", "en": "<b onclick=alert(1)>x</b>"}
    action = next(iter(load_policy().data["advice"]["actions"]))
    policy = load_policy(
        {
            "name": evil,
            "advice": {"actions": {action: {"text": evil}}},
            "factors": {"communication": {"name": evil}},
            "questions": {"communication": {"text": evil}},
            "timeline": {"stages": {"message": {"text": evil}}},
        }
    )
    shown = CasePage(CASES["question"], lang, policy, DAY)
    said = ""
    for section in SECTIONS:
        for part in getattr(shown, section)():
            if isinstance(part, Words):
                assert "b" not in Tree(part).tags, section
                said += Tree(part).said
    assert said.count(evil[lang]) >= 3  # it is shown, as it was written


def test_a_case_may_come_as_an_object_or_as_its_fields_and_a_mistake_is_a_sentence() -> None:
    fields = CASES["likely"]
    assert (
        CasePage(Case(**fields), "zh", "article", DAY).headline() == CasePage(fields, "zh", "article", DAY).headline()
    )
    with pytest.raises(CaseError):
        CasePage({"days_overdue": -61, "amount_overdue": 1})
    with pytest.raises(CaseError):
        CasePage(fields, as_of="yesterday")
    with pytest.raises(PolicyError):
        CasePage(fields, policy="none")


@settings(max_examples=15)
@given(case=cases(), lang=st.sampled_from(LANGS), policy=st.sampled_from(["article", "published"]))
def test_any_case_makes_a_whole_page(case: Case, lang: str, policy: str) -> None:
    shown = CasePage(case, lang, policy, DAY)
    for section in SECTIONS:
        for part in getattr(shown, section)():
            if isinstance(part, Words):
                assert not re.search(r"\{\w*\}", Tree(part).said), section


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_report_older_than_a_change_of_the_rules_says_so(lang: str) -> None:
    case = {"days_overdue": 7, "amount_overdue": 8000, "communication": "answering"}
    older, now, later = (CasePage(case, lang, as_of=day).aged() for day in ("2024-06-01", "2026-11-25", "2027-06-01"))
    assert len(older) == 1 and "2025-02-28" in older[0] and now == []
    assert len(later) == 1 and "90" in later[0]
    assert older[0] in str(CasePage(case, lang, as_of="2024-06-01").may_they()[0])


def test_where_no_step_is_listed_the_reason_is_the_right_one() -> None:
    def why(day: int, way: str) -> str:
        return CasePage(
            {"days_overdue": day, "amount_overdue": 8000, "communication": way}, "en", as_of="2026-11-25"
        ).no_steps()

    assert "before day 7" in why(3, "silent")
    assert "time-barred" in why(1500, "engaged")
