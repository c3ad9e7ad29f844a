"""An organisation's own dress for reports: name, logo, contact, an accent colour, closing words, which sections and in which order.

It is data: what a user wrote stands in the page as text; the logo lies beside the file, is cleaned and stands in the page as a picture, in
which nothing runs and which asks for nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import struct
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from jiebei_lib.core.knowledge.problems import Phrase, Problem, ReportError, items, shown
from jiebei_lib.core.knowledge.user_files import read_yaml
from jiebei_lib.page.text import LANGUAGES

KEYS = ("name", "logo", "contact", "colour", "closing", "sections")
KINDS = ("case", "audit", "portfolio", "months", "handout")
KEPT = ("answer", "limits")  # no dress takes these off
CONTRAST = 4.5  # of text on its ground (WCAG 2.2, 1.4.3 AA)
LONGEST, LINES, LARGEST, WIDEST = 300, 8, 300_000, 4_000  # characters of a text, lines, bytes and pixels of a logo
PNG = b"\x89PNG\r\n\x1a\n"
CHUNKS = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}  # what draws; names, places and dates stay behind
SVG = "http://www.w3.org/2000/svg"
DRAWN = {
    "svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan", "defs", "linearGradient",
    "radialGradient", "stop", "clipPath", "title", "desc",
}  # fmt: skip
SAID = {
    "viewBox", "width", "height", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "fx", "fy", "d", "points", "transform",
    "fill", "stroke", "opacity", "offset", "id", "dx", "dy", "version", "fill-rule", "fill-opacity", "stroke-width", "stroke-linecap",
    "stroke-linejoin", "stroke-miterlimit", "stroke-dasharray", "stroke-opacity", "clip-path", "clip-rule", "stop-color",
    "stop-opacity", "gradientUnits", "gradientTransform", "spreadMethod", "preserveAspectRatio", "font-family", "font-size",
    "font-weight", "font-style", "text-anchor", "letter-spacing",
}  # fmt: skip


@dataclass(frozen=True)
class Brand:
    """Texts by language; ``logo`` as a data address, ``colour`` as ``#rrggbb``, ``sections`` by kind of report; what is empty is ours."""

    name: dict[str, str]
    logo: str = ""
    contact: dict[str, list[str]] = field(default_factory=dict)
    colour: str = ""
    closing: dict[str, str] = field(default_factory=dict)
    sections: dict[str, list[str]] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    def chosen(self, kind: str, sections: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The sections of a report in the order asked for; its contents name no other."""
        wanted = self.sections.get(kind)
        if not wanted:
            return sections
        by_id = {section["id"]: section for section in sections}
        order = [by_id[name] for name in wanted if name in by_id]
        gone = set(by_id) - set(wanted)
        entry = re.compile(r"<li>(?:(?!</li>).)*?href=\"#([\w-]+)\"(?:(?!</li>).)*</li>\s*", re.S)

        def listed(html: str) -> str:
            return entry.sub(lambda found: "" if found[1] in gone else found[0], html)

        return [
            section
            | {
                "parts": [
                    part | {"html": listed(part["html"])} if "html" in part else part for part in section["parts"]
                ]
            }
            for section in order
        ]


def read_brand(path: str | Path, known: Mapping[str, list[str]]) -> Brand:
    """A brand from its YAML file. ``known``: the sections that each kind of report has. Raises :class:`ReportError`."""
    path = Path(path)
    told, where = read_yaml(path, ReportError), path.name
    if not isinstance(told, Mapping):
        raise ReportError(Problem("invalid", where, {"value": shown(told), "allowed": Phrase("mapping")}))
    problems = [
        Problem("unknown_key", f"{where}: {shown(key)}", {"allowed": items(KEYS)}) for key in told if key not in KEYS
    ]
    if "name" not in told:
        problems.append(Problem("missing", f"{where}: name", {"allowed": Phrase("text", {"high": LONGEST})}))
    if problems:
        raise ReportError(problems)
    sections = told.get("sections") or {}
    return Brand(
        name=_both(told["name"], f"{where}: name"),
        logo=_logo(path.parent, told["logo"], f"{where}: logo") if told.get("logo") is not None else "",
        contact=_lines(told["contact"], f"{where}: contact") if told.get("contact") is not None else {},
        colour=_colour(told["colour"], f"{where}: colour") if told.get("colour") is not None else "",
        closing=_both(told["closing"], f"{where}: closing") if told.get("closing") is not None else {},
        sections=_sections(sections, known, f"{where}: sections"),
    )


def _both(value: Any, where: str) -> dict[str, str]:
    """A text for both languages, or one for each."""
    texts = value if isinstance(value, Mapping) and set(value) == set(LANGUAGES) else dict.fromkeys(LANGUAGES, value)
    for text in texts.values():
        if not isinstance(text, str) or not text.strip() or len(text) > LONGEST or not text.isprintable():
            raise ReportError(
                Problem("invalid", where, {"value": shown(text), "allowed": Phrase("text", {"high": LONGEST})})
            )
    return dict(texts)


def _lines(value: Any, where: str) -> dict[str, list[str]]:
    texts = value if isinstance(value, Mapping) and set(value) == set(LANGUAGES) else dict.fromkeys(LANGUAGES, value)
    lines = {lang: given if isinstance(given, list) else [given] for lang, given in texts.items()}
    if any(len(given) > LINES for given in lines.values()):
        raise ReportError(
            Problem("invalid", where, {"value": shown(value), "allowed": Phrase("lines", {"high": LINES})})
        )
    return {lang: [_both(line, where)[lang] for line in given] for lang, given in lines.items()}


def _sections(value: Any, known: Mapping[str, list[str]], where: str) -> dict[str, list[str]]:
    if not isinstance(value, Mapping) or set(value) - set(known):
        raise ReportError(
            Problem("invalid", where, {"value": shown(value), "allowed": Phrase("levels", {"items": ", ".join(known)})})
        )
    for kind, wanted in value.items():
        place = f"{where}: {kind}"
        if not isinstance(wanted, list) or not wanted:
            raise ReportError(Problem("invalid", place, {"value": shown(wanted), "allowed": Phrase("list_of_some")}))
        for name in wanted:
            if name not in known[kind] or wanted.count(name) > 1:
                slots = {"value": shown(name), "allowed": Phrase("each_once", {"items": ", ".join(known[kind])})}
                raise ReportError(Problem("invalid", place, slots))
        if left := [name for name in KEPT if name in known[kind] and name not in wanted]:
            raise ReportError(Problem("brand_keeps", place, {"value": ", ".join(left)}))
    return {kind: list(wanted) for kind, wanted in value.items()}


def _colour(value: Any, where: str) -> str:
    """A colour that text can have on white."""
    if not isinstance(value, str) or not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        raise ReportError(Problem("invalid", where, {"value": shown(value), "allowed": Phrase("colour")}))
    if (ratio := contrast(value)) < CONTRAST:
        raise ReportError(
            Problem("brand_contrast", where, {"value": value, "ratio": f"{ratio:.2f}", "least": CONTRAST})
        )
    return value.lower()


def contrast(colour: str) -> float:
    """The contrast ratio of ``#rrggbb`` on white, as WCAG defines it."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def _logo(folder: Path, name: Any, where: str) -> str:
    """The picture beside the file, cleaned, as a data address."""
    if not isinstance(name, str) or not re.fullmatch(r"[^/\\:]{1,100}\.(png|svg)", name, re.I):
        raise ReportError(Problem("brand_logo", where, {"value": shown(name)}))
    try:
        with (folder / name).open("rb") as file:
            content = file.read(LARGEST + 1)
    except (OSError, ValueError) as failure:
        raise ReportError(Problem("no_file", where, {"value": getattr(failure, "strerror", None) or failure})) from None
    if len(content) > LARGEST:
        raise ReportError(
            Problem("too_large", where, {"value": f"> {LARGEST}", "allowed": Phrase("bytes", {"high": LARGEST})})
        )
    is_svg = name.lower().endswith(".svg")
    clean = _svg(content) if is_svg else _png(content)
    if clean is None:
        raise ReportError(Problem("brand_logo", where, {"value": shown(name)}))
    return f"data:image/{'svg+xml' if is_svg else 'png'};base64,{base64.b64encode(clean).decode()}"


def _png(content: bytes) -> bytes | None:
    """A PNG of the chunks that draw, each as its checksum says; None if it is none or far too large."""
    if not content.startswith(PNG):
        return None
    out, at, seen = [PNG], len(PNG), []
    while at + 12 <= len(content):
        (size,) = struct.unpack(">I", content[at : at + 4])
        kind, whole = content[at + 4 : at + 8], content[at : at + 12 + size]
        if len(whole) < 12 + size or struct.unpack(">I", whole[-4:])[0] != zlib.crc32(whole[4:-4]):
            return None
        if kind == b"IHDR" and not all(0 < side <= WIDEST for side in struct.unpack(">II", whole[8:16])):
            return None
        if kind in CHUNKS:
            out.append(whole)
            seen.append(kind)
        at += len(whole)
        if kind == b"IEND":
            break
    return b"".join(out) if seen[:1] == [b"IHDR"] and b"IDAT" in seen and seen[-1:] == [b"IEND"] else None


def _svg(content: bytes) -> bytes | None:
    """An SVG of shapes and words alone: no script, style sheet, picture, link or entity; None if it is none."""
    import xml.etree.ElementTree as tree

    if b"<!DOCTYPE" in content or b"<!ENTITY" in content or content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return None
    try:
        root = tree.fromstring(content)
    except (tree.ParseError, ValueError, LookupError, RecursionError):
        return None
    if root.tag != f"{{{SVG}}}svg":
        return None

    def cleaned(node: Any, depth: int) -> Any:
        made = tree.Element(node.tag.removeprefix(f"{{{SVG}}}"), {} if depth else {"xmlns": SVG})
        made.attrib |= {name: value for name, value in node.attrib.items() if name in SAID and _plain(value)}
        made.text, made.tail = node.text, node.tail
        for part in node:
            if isinstance(part.tag, str) and part.tag.removeprefix(f"{{{SVG}}}") in DRAWN and depth < 30:
                made.append(cleaned(part, depth + 1))
        return made

    return tree.tostring(cleaned(root, 0), encoding="utf-8")


def _plain(value: str) -> bool:
    """Whether an attribute points nowhere but into its own picture."""
    return not re.search(r"url\(\s*['\"]?(?!#)|javascript:|@import|\\", value, re.I)
