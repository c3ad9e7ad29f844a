"""The letters: what is known filled in, blanks where nothing is, grounds from rules alone, user text never more than text."""

from __future__ import annotations

import io
import re
from html import unescape

import pytest

from jiebei_lib import Borrower, CaseError, UserError, example_file
from jiebei_lib.cli import run
from jiebei_lib.show.situation import letter_files
from jiebei_lib.situation.answer import answered
from jiebei_lib.situation.letters import kinds, letter

EIGHT = {
    "hardship_plan",
    "stop_contacts",
    "stop_calls",
    "complaint",
    "record_dispute",
    "number_source",
    "assignment_answer",
    "cut_charges",
}
ON = "2026-11-26"
SURE = {"read": ("：原文已核对", "text was read"), "reported": ("未核对原文", "text not read")}
HOSTILE = Borrower.of(
    {"debts": [{"creditor": "<script>alert(1)</script>{days}", "days_overdue": 9, "amount_overdue": 8000}]}
)


def plain(html: str) -> str:
    return "".join(unescape(re.sub(r"<style.*?</style>|<[^>]+>", "", html, flags=re.S)).split())


def test_there_are_the_eight_letters():
    assert set(kinds()) == EIGHT


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("kind", sorted(EIGHT))
def test_every_letter_is_the_same_in_every_format(kind, lang):
    from docx import Document

    made = letter(kind, lang)
    text, html = letter_files.as_text(made), letter_files.as_html(made)
    word = Document(io.BytesIO(letter_files.as_docx(made)))
    in_word = "".join("".join(paragraph.text for paragraph in word.paragraphs).split())
    for part in [made.subject, made.to, *made.body, *made.demands, *made.enclose, made.warn]:
        bare = "".join(part.split())
        assert bare in "".join(text.split()) and bare in plain(html) and bare in in_word
    assert "{" not in text and made.blanks == len(
        re.findall(r"〔[^〕]*〕|\[[^]]*\]", " ".join([made.to, made.subject, *made.body, *made.demands, *made.signed]))
    )
    assert made.blanks > 0 and word.core_properties.author == ""


@pytest.mark.parametrize("kind", sorted(EIGHT))
def test_a_letters_grounds_are_rules_with_their_confidence_never_the_article(kind):
    for lang, mark in (("zh", "据转述，"), ("en", "As reported, ")):
        made = letter(kind, lang)
        for n, ground in enumerate(made.grounds, 1):
            assert ground["basis"] in ("regulation", "reported") and ground["confidence"]
            said = letter_files.ground_words(ground, lang)
            assert said.startswith(mark) is (ground["confidence"] != "V") and "文章" not in said
            # What is sent says what was reported; how sure each ground is stands on the page that is not sent
            key = "read" if ground["confidence"] == "V" else "reported"
            told = [each for each in letter_files.notes(made) if SURE[key][lang == "en"] in each]
            assert len(told) == 1 and str(n) in re.findall(r"\d+", told[0])


def test_what_is_known_fills_the_blanks():
    known = Borrower.read(example_file("borrowers/several_debts.yaml"))
    made = letter("hardship_plan", "zh", known, as_of=ON)
    assert "逾期9天，逾期5,200.00元" in made.body[0] and "6,200.00" in made.body[1] and "602.44" in made.body[1]
    assert made.blanks < letter("hardship_plan", "zh").blanks
    other = letter("hardship_plan", "zh", known, debt="花呗", as_of=ON)
    assert "逾期4天，逾期1,800.00元" in other.body[0]


def test_a_letter_says_nothing_of_several_debts_where_there_is_one_and_offers_nothing_where_nothing_is_left():
    one = {"debts": [{"creditor": "借呗", "days_overdue": 9, "amount_overdue": 5200}], "income": 6200, "spending": 4300}
    made = letter("hardship_plan", "zh", Borrower.of(one), as_of=ON)
    assert "几笔债" not in "".join(made.body) and "每月还1,900.00元" in made.body[1] and len(made.enclose) == 2
    made = letter("hardship_plan", "en", Borrower.of({**one, "spending": 6300}), as_of=ON)
    assert "nothing is left" in made.body[1] and "I offer" not in " ".join(made.body) and len(made.body) == 3
    assert len(letter("hardship_plan", "zh").body) == 3


def test_whoever_was_called_gets_their_own_letters_even_without_knowing_of_which_debt():
    called = {"who_asks": "contact", "contacts_called": True, "told": "pay", "called_on": "2026-11-20", "debts": []}
    mine = {"stop_calls", "complaint", "number_source"}
    assert set(answered(Borrower.of(called), ON).letters) == mine
    debt = {"creditor": "借呗", "days_overdue": 20, "amount_overdue": 900}
    assert set(answered(Borrower.of({**called, "debts": [debt]}), ON).letters) == mine
    assert letter("complaint", "zh", Borrower.of(called), as_of=ON).body[0].startswith("2026年11月20日，我接到")
    assert "On 20 November 2026, I got" in letter("complaint", "en", Borrower.of(called), as_of=ON).body[0]


def test_nobody_writes_a_plan_for_somebody_who_cannot_sign_it():
    debt = {"creditor": "借呗", "days_overdue": 20, "amount_overdue": 900}
    for condition, there in (("in_hospital", True), ("incapacitated", False), ("died", False)):
        found = answered(Borrower.of({"who_asks": "relative", "condition": condition, "debts": [debt]}), ON)
        assert ("hardship_plan" in found.letters) is there


def test_a_letter_about_an_assignment_admits_nothing():
    known = Borrower.read(example_file("borrowers/sold.yaml"))
    for lang, admits, denies in (("zh", "还款方案", "不承认债务"), ("en", "plan", "acknowledges no debt")):
        body = " ".join(letter("assignment_answer", lang, known, as_of=ON).body)
        assert denies in body and admits not in body and "48,000" not in body


def test_user_text_is_text_in_every_format():
    from docx import Document

    made = letter("hardship_plan", "en", HOSTILE, as_of=ON)
    assert "<script>alert(1)</script>{days}" in made.to
    assert "<script" not in letter_files.as_html(made) and "&lt;script&gt;" in letter_files.as_html(made)
    word = Document(io.BytesIO(letter_files.as_docx(made)))
    assert any("<script>alert(1)</script>" in paragraph.text for paragraph in word.paragraphs)


def test_wrong_names_are_one_sentence(tmp_path):
    with pytest.raises(CaseError, match="hardship_plan"):
        letter("love", "en")
    with pytest.raises(CaseError, match="--debt"):
        letter("hardship_plan", "en", HOSTILE, debt="none")
    with pytest.raises(UserError, match="docx"):
        letter_files.save(letter("complaint", "en"), tmp_path / "x.exe")
    assert not list(tmp_path.iterdir())


def test_the_command_writes_the_file_and_says_how_many_blanks(capsys, tmp_path, monkeypatch):
    file = str(example_file("borrowers/mother_called.yaml"))
    out = tmp_path / "stop.txt"
    assert run(["letter", "stop_contacts", "--borrower", file, "-o", str(out), "--lang", "en", "--as-of", ON]) == 0
    assert "blanks to fill" in capsys.readouterr().out and "25 November 2026" in out.read_text("utf-8")
    monkeypatch.setattr(letter_files, "as_pdf", lambda made: b"%PDF " + made.kind.encode())
    assert run(["letter", "stop_calls", "-o", str(tmp_path / "x.pdf")]) == 0
    assert (tmp_path / "x.pdf").read_bytes().startswith(b"%PDF stop_calls")
    assert run(["letter", "complaint", "-o", str(tmp_path / "none" / "x.txt"), "--lang", "en"]) == 2
    assert "Traceback" not in capsys.readouterr().err
