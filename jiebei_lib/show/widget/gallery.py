"""The notebooks as a list: each by its own title and first paragraph, in both languages (read from its narrative)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from jiebei_lib.page.text import LANGUAGES
from jiebei_lib.show.widget.fields import both
from jiebei_lib.show.widget.switch import current

BLOCK = re.compile(r'<div lang="(\w+)">\s*\n(.*?)\n\s*</div>', re.DOTALL)
MARKS = re.compile(r"\[([^\]]*)\]\([^)]*\)|[*_`]")


def notebooks(folder: Path) -> list[dict[str, Any]]:
    """Path, title and first paragraph of every notebook in a folder that has a title in both languages, in order of file name;
    then of the lessons."""
    files = [*sorted(folder.glob("*.ipynb")), *sorted(folder.glob("lessons/lesson_*.ipynb"))]
    found = [{"path": file.relative_to(folder).as_posix(), **opening(file)} for file in files]
    return [entry for entry in found if "title" in entry]


def opening(file: Path) -> dict[str, dict[str, str]]:
    """``title`` and ``lead`` (the first paragraph) of a notebook, each in both languages; nothing where it has no such title."""
    try:
        cells = json.loads(file.read_text("utf-8"))["cells"]
    except (OSError, ValueError, LookupError):
        return {}
    text: dict[str, str] = dict.fromkeys(LANGUAGES, "")
    for cell in cells:
        if cell["cell_type"] == "markdown":
            for lang, block in BLOCK.findall("".join(cell["source"])):
                text[lang] = f"{text.get(lang, '')}\n\n{block}"
    parts = {lang: [part.strip() for part in text[lang].split("\n\n") if part.strip()] for lang in LANGUAGES}
    if not all(any(part.startswith("# ") for part in found) for found in parts.values()):
        return {}
    return {
        "title": {lang: _plain(next(part for part in parts[lang] if part.startswith("# "))) for lang in LANGUAGES},
        "lead": {lang: _plain(next((part for part in parts[lang] if part[0] not in "#|-"), "")) for lang in LANGUAGES},
    }


def listed(page_config: dict[str, Any], settings: dict[str, Any], notebook_path: str = "", **_: Any) -> dict[str, Any]:
    """Voilà's hook: puts the list where the template of the start page finds it."""
    page_config["notebooks"] = notebooks(Path(settings["contents_manager"].root_dir))
    page_config["language"] = current.lang
    page_config["words"] = {key: both(f"widget.gallery.{key}") for key in ("heading", "lead")}
    return page_config


def _plain(markdown: str) -> str:
    """A paragraph on one line, without marks."""
    return MARKS.sub(lambda found: found.group(1) or "", " ".join(markdown.split())).lstrip("# ")
