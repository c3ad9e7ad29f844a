"""A page as a Word document: what the page's HTML says, in Word's own headings, lists, tables, pictures with their words, and links.

The page is only read: no script, style or address of it comes over. Its charts come as pictures that somebody else has drawn.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from typing import Any

from jiebei_lib.core.knowledge.problems import Problem, ReportError

# By language: what Latin letters and Chinese ones are set in where the reader's program has it
FONTS = {"zh": ("Arial", "Microsoft YaHei"), "en": ("Arial", "Microsoft YaHei")}
LETTER_FONTS = {"zh": ("SimSun", "SimSun"), "en": ("Times New Roman", "SimSun")}
INK, QUIET = "222222", "595959"
WIDE, MARGIN = 17.0, 2.0  # cm, of text on A4
SMALL = 9  # points
EMU = 360_000  # a cm
# Tags that begin a paragraph or hold some; all others are words within one
BLOCKS = {
    "address", "article", "aside", "blockquote", "body", "details", "dl", "div", "fieldset", "figcaption", "figure", "footer", "h1", "h2",
    "h3", "h4", "header", "html", "li", "main", "nav", "ol", "p", "section", "summary", "table", "ul",
}  # fmt: skip
LEFT_OUT = {"script", "style", "head", "template", "iframe", "object", "input", "button", "select"}
FILLED_IN = {"box": "□ ", "sheet-line": "＿＿＿＿＿＿＿＿"}  # places to write on, drawn by the style on the page
ENOUGH = 12  # columns beyond which a table is set small
RULED = "BFBFBF"  # the lines of a table
ROOM = {"top": 40, "left": 80, "bottom": 40, "right": 80}  # within a cell, in twentieths of a point
# In half-width characters: a line of a table, and what a column gets at least, counts at most, and never breaks
LINE, LEAST, MOST, LONG_WORD = 107, 6, 60, 24


def document(
    lang: str, title: str, fonts: Mapping[str, tuple[str, str]] = FONTS, size: int = 11, ink: str = INK
) -> Any:
    """An empty document on A4 in fonts that Chinese and Latin readers have. Needs python-docx (the extra ``office``)."""
    try:
        from docx import Document
        from docx.oxml.ns import qn
        from docx.shared import Cm, Pt, RGBColor
    except ImportError:
        raise ReportError(Problem("no_extra", ".docx", {"allowed": "jiebei-lib[office]"})) from None
    made = Document()
    for style in made.styles:
        if style.type == 1 and (style.name in ("Normal", "Title", "Caption") or style.name.startswith("Heading")):
            style.font.name = fonts[lang][0]
            marks = style.element.get_or_add_rPr().get_or_add_rFonts()
            for name in [each for each in marks.attrib if each.endswith("Theme")]:
                del marks.attrib[name]  # the template's own fonts would go before ours
            marks.set(qn("w:eastAsia"), fonts[lang][1])
            style.font.color.rgb = RGBColor.from_string(ink)
    made.styles["Normal"].font.size = Pt(size)
    spoken = made.styles.element.find(f".//{qn('w:docDefaults')}//{qn('w:lang')}")
    for key, tag in {"w:val": "en-GB", "w:eastAsia": "zh-CN"}.items() if spoken is not None else ():
        spoken.set(qn(key), tag)
    paper = made.sections[0]
    paper.page_width, paper.page_height = Cm(21), Cm(29.7)
    paper.left_margin = paper.right_margin = paper.top_margin = paper.bottom_margin = Cm(MARGIN)
    about = made.core_properties
    about.author, about.comments, about.title = "", "", title
    about.language = {"zh": "zh-CN", "en": "en-GB"}[lang]
    return made


def as_docx(html: str, lang: str, title: str, pictures: Mapping[str, bytes], colour: str = "") -> bytes:
    """A page of ours as a document. ``pictures``: PNG by the id of the chart that it shows, and of the logo under ``logo``; what a chart
    says in words stands in the page. ``colour`` (``#rrggbb``): of headings."""
    made = document(lang, title)
    from lxml import html as reader

    _Page(made, pictures, colour.lstrip("#").upper()).read(reader.document_fromstring(html))
    content = io.BytesIO()
    made.save(content)
    return content.getvalue()


class _Page:
    """The way through a page: what each tag becomes."""

    def __init__(self, made: Any, pictures: Mapping[str, bytes], colour: str):
        self.made, self.pictures = made, pictures
        self.marks = 0
        if colour:
            from docx.shared import RGBColor

            for n in range(1, 4):
                made.styles[f"Heading {n}"].font.color.rgb = RGBColor.from_string(colour)

    def read(self, page: Any) -> None:
        main = next(iter(page.iter("main")), page)
        for node in main:
            if node.tag == "header" and "brand" in (node.get("class") or ""):
                self._letterhead(node)
            else:
                self._block(node)
        self._page_numbers()

    # ---- blocks

    def _block(self, node: Any, depth: int = 0, style: str | None = None) -> None:
        if not isinstance(node.tag, str) or node.tag in LEFT_OUT or node.get("class") == "skip":
            return
        if found := re.fullmatch(r"h([1-4])", node.tag):
            level = min(3, int(found[1]) + ("small" in (node.get("class") or "").split()))
            self._paragraph([node.text, *node], f"Heading {level}")
        elif node.tag in ("ul", "ol"):
            self._list(node, depth)
        elif node.tag == "table":
            self._table(node)
        elif node.tag == "dl":
            self._facts(node)
        elif node.tag == "figure":
            self._figure(node)
        else:
            if node.tag == "section" and node.get("id"):
                self._target = node.get("id")
            inner = {"blockquote": "Quote", "figcaption": "Caption"}.get(node.tag, style)
            self._mixed(node, depth, inner, bold=node.tag == "summary")

    _target: str | None = None  # the section whose first paragraph is to come

    def _mixed(self, node: Any, depth: int, style: str | None, bold: bool = False) -> None:
        """A tag that holds words, blocks, or both: words that follow each other are one paragraph."""
        words: list[Any] = [node.text]
        for child in node:
            if child.tag in BLOCKS:
                self._paragraph(words, style, bold)
                self._block(child, depth, style)
                words = [child.tail]
            else:
                words += [child, child.tail]
        self._paragraph(words, style, bold)

    def _paragraph(self, words: list[Any], style: str | None = None, bold: bool = False) -> Any:
        """A paragraph of texts and tags within it; none where there is nothing to say."""
        if not any(_said(each) for each in words):
            return None
        paragraph = self.made.add_paragraph(style=style)
        self._marked(paragraph)
        self._runs(paragraph, words, {"bold"} if bold else set())
        return paragraph

    def _runs(self, paragraph: Any, words: list[Any], how: set[str]) -> None:
        for each in _joined(words):
            if isinstance(each, str):
                run = paragraph.add_run(each)
                run.bold, run.italic = "bold" in how or None, "italic" in how or None
                if "small" in how:
                    from docx.shared import Pt, RGBColor

                    run.font.size, run.font.color.rgb = Pt(SMALL), RGBColor.from_string(QUIET)
            elif each.tag == "br" or (each.tag in BLOCKS and paragraph.runs):
                paragraph.add_run().add_break()
                if each.tag in BLOCKS:
                    self._runs(paragraph, [each.text, *_with_tails(each)], how)
            elif each.tag == "a" and (each.get("href") or "").startswith("#"):
                self._link(paragraph, each)
            elif isinstance(each.tag, str) and each.tag not in LEFT_OUT:
                more = {"strong": "bold", "b": "bold", "em": "italic", "i": "italic", "small": "small"}.get(each.tag)
                place = next((FILLED_IN[name] for name in (each.get("class") or "").split() if name in FILLED_IN), None)
                said = [_alternative(each)] if each.tag in ("svg", "img") else [place or each.text, *_with_tails(each)]
                kept = how - {"bold"} if more == "small" else how
                self._runs(paragraph, said, kept | ({more} if more else set()))

    # ---- lists and tables

    def _list(self, node: Any, depth: int) -> None:
        kind = "List Number" if node.tag == "ol" else "List Bullet"
        style = kind if depth == 0 else f"{kind} {min(depth + 1, 3)}"
        number = self._numbering(style, int(node.get("start") or 1)) if node.tag == "ol" else None
        boxes = "boxes" in (node.get("class") or "")
        for item in node.iter("li"):
            if item.getparent() is not node:
                continue
            words: list[Any] = [item.text]
            inner: list[Any] = []
            for child in item:
                if child.tag in BLOCKS:
                    inner.append(child)
                    words.append(child.tail)
                else:
                    words += [child, child.tail]
            if inner and not any(map(_said, words)) and inner[0].tag == "p":
                words = [inner[0].text, *_with_tails(inner.pop(0))]
            paragraph = self._paragraph(words, None if boxes else style)
            if number is not None and paragraph is not None:
                asked = paragraph._p.get_or_add_pPr().get_or_add_numPr()
                asked.get_or_add_numId().val, asked.get_or_add_ilvl().val = number, 0
            for child in inner:
                self._block(child, depth + 1)

    def _numbering(self, style: str, start: int) -> int:
        """A count of its own, from ``start``: lists of one style would be counted on from each other."""
        given = self.made.part.numbering_part.element
        known = self.made.styles[style].element.pPr.numPr.numId.val
        counted = given.add_num(given.num_having_numId(known).abstractNumId.val)
        counted.add_lvlOverride(ilvl=0).add_startOverride(start)
        return int(counted.numId)

    def _table(self, node: Any) -> None:
        rows = [[cell for cell in row if cell.tag in ("th", "td")] for row in node.iter("tr")]
        rows = [row for row in rows if row]
        if not rows:
            return
        heads = sum(1 for row in node.iter("tr") if row.getparent().tag == "thead")
        self._grid([[(cell, cell.tag == "th") for cell in row] for row in rows], heads)

    def _facts(self, node: Any) -> None:
        pairs = [(each, next(each.itersiblings("dd"), None)) for each in node.iter("dt")]
        self._grid([[(name, True), (value, False)] for name, value in pairs if value is not None], 0)

    def _grid(self, rows: list[list[tuple[Any, bool]]], heads: int) -> None:
        from docx.oxml import OxmlElement
        from docx.shared import Pt

        wide = max(map(len, rows), default=0)
        if not wide:
            return
        table = self.made.add_table(len(rows), wide, style="Table Grid")
        _set(table, _widths([[cell.text_content() for cell, _ in row] for row in rows], wide))
        for n, row in enumerate(rows):
            if n < heads:  # said again on each page
                table.rows[n]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
            table.rows[n]._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
            for m, (cell, bold) in enumerate(row):
                paragraph = table.cell(n, m).paragraphs[0]
                paragraph.paragraph_format.space_after = Pt(0)
                if "number" in (cell.get("class") or "").split():
                    paragraph.alignment = 2
                self._runs(paragraph, [cell.text, *_with_tails(cell)], {"bold"} if bold else set())
                for run in paragraph.runs:
                    run.font.size = Pt(SMALL if wide <= ENOUGH else SMALL - 2)
        self.made.add_paragraph().paragraph_format.space_after = Pt(4)

    # ---- pictures

    def _figure(self, node: Any) -> None:
        """A chart: its title, the picture with its words, the caption, its numbers."""
        for each in node:
            name = each.get("id") or ""
            if each.tag == "p" and each.get("class") == "chart-title":
                paragraph = self._paragraph([each.text, *_with_tails(each)], bold=True)
                if paragraph is not None:
                    paragraph.paragraph_format.keep_with_next = True
            elif name in self.pictures:
                words = node.xpath("string(.//p[@class='alt'])")
                paragraph = self.made.add_paragraph()
                paragraph.paragraph_format.keep_with_next = True
                self._picture(paragraph.add_run(), self.pictures[name], words, WIDE)
            elif each.get("class") not in ("alt", "chart"):
                self._block(each)

    def _picture(self, run: Any, png: bytes, words: str, widest: float, highest: float = 23.0) -> None:
        shape = run.add_picture(io.BytesIO(png))
        fit = min(widest * EMU / shape.width, highest * EMU / shape.height)
        shape.width, shape.height = round(shape.width * fit), round(shape.height * fit)
        told = shape._inline.docPr
        told.set("descr", " ".join(words.split()))

    def _letterhead(self, node: Any) -> None:
        """The name and logo of those whose report it is, on every page."""
        from docx.shared import Pt

        paragraph = self.made.sections[0].header.paragraphs[0]
        paragraph.paragraph_format.space_after = Pt(12)
        if "logo" in self.pictures:
            self._picture(paragraph.add_run(), self.pictures["logo"], node.text_content(), 6.0, 1.2)
            paragraph.add_run("  ")
        for each in node.iter("p"):
            self._runs(paragraph, [each.text], {"bold"})

    def _page_numbers(self) -> None:
        from docx.oxml import OxmlElement
        from docx.oxml.ns import qn

        paragraph = self.made.sections[0].footer.paragraphs[0]
        paragraph.alignment = 1
        field = OxmlElement("w:fldSimple")
        field.set(qn("w:instr"), "PAGE")
        said = OxmlElement("w:t")
        said.text = "1"  # until the reader's program counts
        field.append(OxmlElement("w:r"))
        field[0].append(said)
        paragraph._p.append(field)

    # ---- links within the document

    def _marked(self, paragraph: Any) -> None:
        """Makes a paragraph the target of links to its section, if it is the section's first."""
        if self._target is None:
            return
        from docx.oxml import OxmlElement
        from docx.oxml.ns import qn

        self.marks += 1
        for tag, more in (("w:bookmarkStart", {"w:name": self._target}), ("w:bookmarkEnd", {})):
            mark = OxmlElement(tag)
            for name, value in {"w:id": str(self.marks), **more}.items():
                mark.set(qn(name), value)
            paragraph._p.append(mark)
        self._target = None

    def _link(self, paragraph: Any, node: Any) -> None:
        from docx.oxml import OxmlElement
        from docx.oxml.ns import qn

        before = len(paragraph._p)
        self._runs(paragraph, [node.text, *_with_tails(node)], set())
        link = OxmlElement("w:hyperlink")
        link.set(qn("w:anchor"), node.get("href")[1:])
        for run in list(paragraph._p)[before:]:
            link.append(run)
        paragraph._p.append(link)


def _widths(texts: list[list[str]], wide: int) -> list[float]:
    """Columns' shares of the page: each has room for its longest word, and what is left goes to those that have more to say."""
    least, most = [LEAST] * wide, [LEAST] * wide
    for row in texts:
        for n, text in enumerate(row):
            word = max(map(len, re.findall(r"[!-~–]+", text)), default=0)
            least[n] = max(least[n], min(LONG_WORD, round(1.15 * word) + 3))
            most[n] = max(most[n], min(MOST, sum(2 if each > "\u2e7f" else 1 for each in " ".join(text.split())) + 3))
    more = [max(0, high - low) for low, high in zip(least, most, strict=True)]
    left = max(0, LINE - sum(least)) / max(1, sum(more))
    room = [low + left * extra for low, extra in zip(least, more, strict=True)]
    return [each / sum(room) for each in room]


def _set(table: Any, shares: list[float]) -> None:
    """Gives a table its columns' widths, room within cells and quiet lines."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Cm

    table.autofit = False
    for column, share in zip(table.columns, shares, strict=True):
        column.width = Cm(WIDE * share)
    for row in table._tbl.tr_lst:
        for cell, share in zip(row.tc_lst, shares, strict=True):
            cell.width = Cm(WIDE * share)
    lines, room = OxmlElement("w:tblBorders"), OxmlElement("w:tblCellMar")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        line = OxmlElement(f"w:{side}")
        for key, value in {"val": "single", "sz": "4", "space": "0", "color": RULED}.items():
            line.set(qn(f"w:{key}"), value)
        lines.append(line)
    for side, twentieths in ROOM.items():
        inset = OxmlElement(f"w:{side}")
        inset.set(qn("w:w"), str(twentieths))
        inset.set(qn("w:type"), "dxa")
        room.append(inset)
    layout = table._tbl.tblPr.find(qn("w:tblLayout"))  # Word is strict in the order of what stands here
    layout.addprevious(lines)
    layout.addnext(room)


def _with_tails(node: Any) -> list[Any]:
    return [part for child in node for part in (child, child.tail)]


def _said(part: Any) -> bool:
    if part is None or isinstance(part, str):
        return bool(part and part.strip())
    if not isinstance(part.tag, str) or part.tag in LEFT_OUT:
        return False
    names = (part.get("class") or "").split()
    return bool(part.text_content().strip()) or any(name in FILLED_IN for name in names) or bool(_alternative(part))


def _alternative(node: Any) -> str:
    """What a small picture within words says of itself."""
    return node.get("aria-label") or node.get("alt") or "" if node.tag in ("svg", "img") else ""


def _joined(words: list[Any]) -> Iterator[Any]:
    """The texts and tags of a paragraph, each text with its white space as a page shows it."""
    begun = False
    for each in words:
        if isinstance(each, str):
            text = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", re.sub(r"[ \t\r\n]+", " ", each))
            if text := text if begun else text.lstrip(" "):
                begun = True
                yield text
        elif each is not None:
            begun = True
            yield each
