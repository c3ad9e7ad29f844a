"""A page as a Word document says what the page says, in Word's own headings, lists, tables and pictures, and brings nothing else along."""

from __future__ import annotations

import base64
import io
import math
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

docx = pytest.importorskip("docx")

from docx.oxml.ns import qn  # noqa: E402

from jiebei_lib.core.knowledge.problems import ReportError  # noqa: E402
from jiebei_lib.page import word  # noqa: E402

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
PAGE = """<!DOCTYPE html><html lang="zh-CN"><head><title>t</title><style>p{}</style></head><body><a class="skip" href="#answer">skip</a>
<main><header class="brand"><img src="data:," alt=""><p>热线</p></header>
<section id="answer"><h1>会打吗？</h1><style>.x{}</style><p>One  <strong>bold</strong>
word &amp; <small>why</small></p><h2 class="small">小题</h2>
<ol start="4"><li>four<ul><li>inner</li></ul></li><li>five</li></ol><nav><ol><li><a href="#may">到第二节</a></li></ol></nav></section>
<section id="may"><details><summary><h2>第二节</h2></summary>
<blockquote><p>said</p></blockquote>
<table><thead><tr><th>名</th><th class="number">数</th></tr></thead><tbody><tr><th>a</th><td class="number">1</td></tr></tbody></table>
<dl><div><dt>天数</dt><dd>7</dd></div></dl>
<figure><p class="chart-title">Title</p><p class="alt" id="alt-x">100 dots &lt; 3</p><div class="chart" id="chart-x"></div>
<script>alert(1)</script><figcaption><strong>图1</strong> caption</figcaption></figure>
<ul class="boxes"><li><span class="box"></span>A</li></ul><p>x&#1;y<br>z<img src="http://127.0.0.1/x.png" alt="pic"></p></details></section>
<footer>made</footer></main></body></html>"""


@pytest.fixture(scope="module")
def content() -> bytes:
    return word.as_docx(PAGE, "zh", "题目", {"chart-x": PNG, "logo": PNG}, "#7A1F5C")


@pytest.fixture(scope="module")
def made(content: bytes):
    return docx.Document(io.BytesIO(content))


def styled(made, name: str) -> list[str]:
    return [each.text for each in made.paragraphs if each.style.name == name]


def test_headings_lists_and_quotes_are_words_own(made) -> None:
    assert styled(made, "Heading 1") == ["会打吗？"] and styled(made, "Heading 2") == ["第二节"]
    assert (
        styled(made, "Heading 3") == ["小题"]
        and styled(made, "Quote") == ["said"]
        and styled(made, "Caption") == ["图1 caption"]
    )
    assert styled(made, "List Number") == ["four", "five", "到第二节"] and styled(made, "List Bullet 2") == ["inner"]
    assert "□ A" in styled(made, "Normal") and "One bold word & why" in styled(made, "Normal")
    (bold,) = [run.text for each in made.paragraphs for run in each.runs if run.bold and "bold" in run.text]
    assert bold == "bold"


def test_each_numbered_list_counts_by_itself(made) -> None:
    numbers = [each._p.pPr.numPr.numId.val for each in made.paragraphs if each.style.name == "List Number"]
    assert numbers[0] == numbers[1] != numbers[2]
    given = made.part.numbering_part.element.num_having_numId(numbers[0])
    assert given.lvlOverride_lst[0].startOverride.val == 4


def test_a_table_says_its_heading_on_every_page_and_sets_numbers_right(made) -> None:
    table, facts = made.tables
    assert [[cell.text for cell in row.cells] for row in table.rows] == [["名", "数"], ["a", "1"]]
    assert (
        table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
        and table.rows[1]._tr.trPr.find(qn("w:tblHeader")) is None
    )
    assert table.cell(1, 1).paragraphs[0].alignment == 2 and [cell.text for cell in facts.rows[0].cells] == [
        "天数",
        "7",
    ]


words = st.lists(st.lists(st.text("a2-九。 ", max_size=90), min_size=3, max_size=3), min_size=1, max_size=6)


@given(words)
def test_columns_fill_the_page_and_each_has_room(texts: list[list[str]]) -> None:
    shares = word._widths(texts, 3)
    assert math.isclose(sum(shares), 1) and min(shares) > 0
    longest = [max(len(piece) for row in texts for piece in (*row[n].replace("九", " ").split(), "")) for n in range(3)]
    if max(longest) <= 10:
        assert all(share * word.LINE >= each + 2 for share, each in zip(shares, longest, strict=True))


def test_a_table_has_quiet_lines_room_in_its_cells_and_the_order_that_word_asks_for(made) -> None:
    asked = [each.tag.partition("}")[2] for each in made.tables[0]._tbl.tblPr]
    order = ["tblStyle", "tblW", "tblBorders", "tblLayout", "tblCellMar", "tblLook"]
    assert asked == [name for name in order if name in asked] and {"tblBorders", "tblCellMar"} < set(asked)
    widths = [column.width.cm for column in made.tables[0].columns]
    assert abs(sum(widths) - word.WIDE) < 0.01


def test_a_picture_says_in_words_what_it_shows_and_the_letterhead_stands_on_every_page(made) -> None:
    (picture,) = made.inline_shapes
    assert picture._inline.docPr.get("descr") == "100 dots < 3"
    head = made.sections[0].header.paragraphs[0]
    assert (
        head.text.strip() == "热线"
        and "pic:pic" in head._p.xml
        and "PAGE" in made.sections[0].footer.paragraphs[0]._p.xml
    )


def test_links_lead_to_their_sections(made) -> None:
    links = [each.get(qn("w:anchor")) for each in made.element.iter(qn("w:hyperlink"))]
    marks = [each.get(qn("w:name")) for each in made.element.iter(qn("w:bookmarkStart"))]
    assert links == ["may"] and marks == ["answer", "may"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_fonts_for_both_scripts_are_named_and_the_languages_told(lang) -> None:
    made = docx.Document(io.BytesIO(word.as_docx(PAGE, lang, "t", {})))
    for name in ("Normal", "Heading 1", "Heading 2", "Heading 3", "Caption"):
        fonts = made.styles[name].element.rPr.rFonts
        assert fonts.get(qn("w:eastAsia")) == "Microsoft YaHei" and fonts.get(qn("w:ascii")) == "Arial"
        assert not [each for each in fonts.attrib if each.endswith("Theme")]
    spoken = made.styles.element.find(f".//{qn('w:lang')}")
    assert (spoken.get(qn("w:val")), spoken.get(qn("w:eastAsia"))) == ("en-GB", "zh-CN")


def test_nothing_runs_in_it_is_fetched_by_it_or_tells_of_this_machine(content: bytes, made) -> None:
    text = "\n".join(each.text for each in made.paragraphs)
    assert "alert" not in text and "skip" not in text and "{" not in text and "xy\nzpic" in text
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        parts = {name: packed.read(name).decode("utf-8", "replace") for name in packed.namelist()}
    assert not [name for name, part in parts.items() if 'TargetMode="External"' in part or "127.0.0.1" in part]
    assert not [name for name in parts if "vba" in name.lower() or "ole" in name.lower()]
    assert (made.core_properties.author, made.core_properties.comments, made.core_properties.title) == ("", "", "题目")


def test_without_the_extra_it_is_one_sentence(monkeypatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "docx", None)
    with pytest.raises(ReportError, match=r"jiebei-lib\[office\]"):
        word.as_docx(PAGE, "en", "t", {})
