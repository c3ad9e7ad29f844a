"""The notebooks as a list: each by its own title and first sentence, in both languages (read from its first narrative cell)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from jiebei_lib.show.panels.fields import both
from jiebei_lib.show.text import LANGUAGES

BLOCK = re.compile(r'<div lang="(\w+)">\s*\n(.*?)\n\s*</div>', re.DOTALL)
MARKS = re.compile(r"\[([^\]]*)\]\([^)]*\)|[*_`]")


def notebooks(folder: Path) -> list[dict[str, Any]]:
    """Path, title and first paragraph of every notebook in a folder that has a title in both languages, in order of file name."""
    found = [{"path": file.name, **opening(file)} for file in sorted(folder.glob("*.ipynb"))]
    return [entry for entry in found if "title" in entry]


def opening(file: Path) -> dict[str, dict[str, str]]:
    """``title`` and ``lead`` of a notebook, each in both languages; nothing where its first cell does not hold them."""
    try:
        first = json.loads(file.read_text("utf-8"))["cells"][0]
        blocks = dict(BLOCK.findall("".join(first["source"])))
        title, lead = ({lang: _line(blocks[lang], n) for lang in LANGUAGES} for n in (0, 1))
    except (OSError, ValueError, LookupError):
        return {}
    return {"title": title, "lead": lead}


def listed(page_config: dict[str, Any], settings: dict[str, Any], notebook_path: str = "", **_: Any) -> dict[str, Any]:
    """Voilà's hook: puts the list where the template of the start page finds it."""
    page_config["notebooks"] = notebooks(Path(settings["contents_manager"].root_dir))
    page_config["words"] = {key: both(f"panel.gallery.{key}") for key in ("heading", "lead")}
    return page_config


def _line(markdown: str, n: int) -> str:
    """The n-th paragraph, without marks."""
    parts = [part.strip() for part in markdown.strip().split("\n\n")]
    return MARKS.sub(lambda found: found.group(1) or "", " ".join(parts[n].split())).lstrip("# ")
