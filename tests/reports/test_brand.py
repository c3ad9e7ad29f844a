"""An organisation's dress: what a user wrote is text, a logo draws and nothing else, colours can be read, sections are ours."""

from __future__ import annotations

import base64
import re
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
import yaml

from jiebei_lib.core.knowledge.problems import ReportError
from jiebei_lib.page.brand import Brand, contrast
from jiebei_lib.reports.render import branded, page

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 10 10" onload="alert(1)">'
    '<script>alert(2)</script><style>@import "x.css";</style><image href="https://example.org/a.png"/><a xlink:href="javascript:alert(3)">'
    '<rect/></a><foreignObject><p/></foreignObject><rect width="4" height="4" fill="url(https://example.org/b)" onclick="x()"/>'
    '<circle r="2" fill="url(#g)"/><use href="other.svg#x"/></svg>'
)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int = 2, height: int = 2, more: bytes = b"") -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    rows = zlib.compress(b"\0\0\0" * 2)
    return b"\x89PNG\r\n\x1a\n" + head + more + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def brand_file(folder: Path, **told: Any) -> Path:
    (path := folder / "brand.yaml").write_text(yaml.safe_dump({"name": "North", **told}, allow_unicode=True), "utf-8")
    return path


def decoded(address: str) -> bytes:
    return base64.b64decode(address.partition(",")[2])


def test_a_brand_says_name_contact_and_closing_as_text_in_both_languages(tmp_path: Path) -> None:
    name = {"zh": "北方<script>", "en": "North & <b>Co</b>"}
    brand = branded(
        brand_file(tmp_path, name=name, contact=["a@b.cn", "<i>x</i>"], closing="Ask {us} {{ 7*7 }}", colour="#005A8F")
    )
    head = {"lang": "en", "title": "T", "headline": "H"}
    html = page(head, [{"id": "answer", "parts": [{"html": "<p>yes</p>"}]}], brand=brand, kind="case")
    assert (
        "North &amp; &lt;b&gt;Co&lt;/b&gt;" in html and "&lt;i&gt;x&lt;/i&gt;" in html and "Ask {us} {{ 7*7 }}" in html
    )
    assert 'style="--accent: #005a8f"' in html and "<b>Co" not in html and "<i>x" not in html
    assert "北方&lt;script&gt;" in page(head | {"lang": "zh"}, [], brand=brand)
    assert page(head, []) == page(head, [], brand=None) and 'class="brand"' not in page(head, [])


def test_a_drawing_keeps_its_shapes_and_loses_what_runs_or_leads_anywhere(tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_text(SVG, "utf-8")
    brand = branded(brand_file(tmp_path, logo="logo.svg"))
    assert brand is not None and brand.logo.startswith("data:image/svg+xml;base64,")
    drawn = decoded(brand.logo).decode()
    assert "<circle" in drawn and 'fill="url(#g)"' in drawn and "<rect" in drawn
    assert not re.search(
        r"script|style|image|href|onload|onclick|foreign|<use|<a|https|import|javascript",
        drawn.replace("www.w3.org", ""),
    )


def test_a_picture_keeps_the_chunks_that_draw(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(png(more=chunk(b"tEXt", b"Author\0somebody")) + b"behind")
    brand = branded(brand_file(tmp_path, logo="logo.png"))
    assert brand is not None and decoded(brand.logo) == png()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.svg", b"<svg/>"), ("a.svg", b"<!DOCTYPE x><svg xmlns='http://www.w3.org/2000/svg'/>"), ("a.svg", b"no"), ("a.png", b"no"),
        ("a.png", png()[:-20]), ("a.png", png(width=70_000)), ("a.png", png().replace(b"IDAT", b"IDAX")), ("a.png", b"x" * 400_000),
        ("a.gif", b"GIF"), ("../a.png", png()), ("/etc/a.png", png()), ("absent.png", None),
    ],
)  # fmt: skip
def test_what_cannot_be_a_logo_is_one_sentence(tmp_path: Path, name: str, content: bytes | None) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    if content is not None and "/" not in name:
        (folder / name).write_bytes(content)
    with pytest.raises(ReportError) as refused:
        branded(brand_file(folder, logo=name))
    assert all(
        "brand.yaml: logo" in refused.value.say(lang) and "\n" not in refused.value.say(lang) for lang in ("zh", "en")
    )


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"colour": "#ffcc00"}, "1.51"), ({"colour": "red"}, "#005a8f"), ({"name": ""}, "name"), ({"name": "a\nb"}, "name"),
        ({"nam": "x"}, "nam"), ({"contact": ["x"] * 9}, "8 lines"), ({"closing": 7}, "closing"), ({"sections": ["answer"]}, "case"),
        ({"sections": {"case": ["answer"]}}, "limits"), ({"sections": {"months": ["drift"]}}, "answer"),
        ({"sections": {"case": ["answer", "limits", "no-such"]}}, "no-such"),
        ({"sections": {"case": ["answer", "answer", "limits"]}}, "once"), ({"sections": {"case": []}}, "at least one"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence(tmp_path: Path, told: dict[str, Any], said: str) -> None:
    with pytest.raises(ReportError) as refused:
        branded(brand_file(tmp_path, **told))
    assert said in refused.value.say("en") and "\n" not in refused.value.say("zh")
    (tmp_path / "brand.yaml").write_text("- a\n", "utf-8")
    with pytest.raises(ReportError, match="keys and values"):
        branded(tmp_path / "brand.yaml")


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000") == pytest.approx(21) and contrast("#ffffff") == pytest.approx(1)
    assert contrast("#767676") == pytest.approx(4.54, abs=0.005) and contrast("#777777") < 4.5


def test_sections_stand_in_the_order_asked_for_and_the_contents_name_no_other() -> None:
    contents = '<ol><li><a href="#costs">Costs</a></li><li><a href="#gone">Gone</a></li></ol>'
    given = [
        {"id": name, "parts": [{"html": contents if name == "contents" else name}]}
        for name in ("answer", "contents", "costs", "gone")
    ]
    brand = Brand({"zh": "x", "en": "x"}, sections={"case": ["costs", "contents", "answer"]})
    shown = brand.chosen("case", given)
    assert [section["id"] for section in shown] == ["costs", "contents", "answer"]
    assert shown[1]["parts"][0]["html"] == '<ol><li><a href="#costs">Costs</a></li></ol>'
    assert brand.chosen("audit", given) == given


def test_the_brand_that_comes_as_an_example_is_one() -> None:
    from jiebei_lib import example_file

    brand = branded(example_file("brand.yaml"))
    assert brand is not None and "<rect" in decoded(brand.logo).decode() and brand.sections["case"][0] == "answer"
