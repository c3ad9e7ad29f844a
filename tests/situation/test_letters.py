"""The letters: what is known filled in, blanks where nothing is, grounds from rules alone, user text never more than text."""

from __future__ import annotations

import io
import re
from html import unescape

import pytest

from jiebei_lib import Borrower, CaseError, UserError, example_file
from jiebei_lib.cli import run
from jiebei_lib.show.situation import letter_files
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
    made = letter(kind, "zh")
    for ground in made.grounds:
        assert ground["basis"] in ("regulation", "reported") and ground["confidence"]
        said = letter_files.ground_words(ground, "zh")
        assert ("据转述，未核对原文" in said) is (ground["confidence"] != "V") and "文章" not in said


def test_what_is_known_fills_the_blanks():
    known = Borrower.read(example_file("borrowers/several_debts.yaml"))
    made = letter("hardship_plan", "zh", known, as_of=ON)
    assert "逾期9天，逾期5,200.00元" in made.body[0] and "6,200.00" in made.body[1] and "602.44" in made.body[1]
    assert made.blanks < letter("hardship_plan", "zh").blanks
    other = letter("hardship_plan", "zh", known, debt="花呗", as_of=ON)
    assert "逾期4天，逾期1,800.00元" in other.body[0]


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
    assert "blanks to fill" in capsys.readouterr().out and "2026-11-25" in out.read_text("utf-8")
    monkeypatch.setattr(letter_files, "as_pdf", lambda made: b"%PDF " + made.kind.encode())
    assert run(["letter", "stop_calls", "-o", str(tmp_path / "x.pdf")]) == 0
    assert (tmp_path / "x.pdf").read_bytes() == b"%PDF stop_calls"
    assert run(["letter", "complaint", "-o", str(tmp_path / "none" / "x.txt"), "--lang", "en"]) == 2
    assert "Traceback" not in capsys.readouterr().err
