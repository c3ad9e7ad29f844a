"""`make audit-deps`: every installed package with its version, the date of its newest file (its installation, or, where an installer
keeps it, packed), who asks for it, and a word where nobody looks after it any more. Offline; nothing is asked of anybody.

No list of known holes ships with the project: hold the versions against one of your own (``pip-audit -r requirements/dev.lock``).
"""

from __future__ import annotations

import datetime
import re
from collections import defaultdict
from importlib.metadata import Distribution, distributions

# Known to be without a maintainer or superseded, and why they are here all the same
UNMAINTAINED = {
    "bleach": "deprecated since 2023; nbconvert asks for it (none of our pages pass through it)",
    "entrypoints": "superseded by importlib.metadata; papermill asks for it",
}


def name_of(requirement: str) -> str:
    return re.split(r"[\s;\[<>=!~(]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def newest(found: Distribution) -> str:
    """The date of a package's newest file."""
    stamps = []
    for file in found.files or ():
        try:
            stamps.append(file.locate().stat().st_mtime)
        except OSError:
            continue
    return datetime.datetime.fromtimestamp(max(stamps), datetime.UTC).date().isoformat() if stamps else "-"


def lines() -> list[str]:
    installed = {found.metadata["Name"].lower().replace("_", "-"): found for found in distributions()}
    asked_by: dict[str, list[str]] = defaultdict(list)
    for name, found in installed.items():
        for requirement in found.requires or ():
            if "extra ==" not in requirement:
                asked_by[name_of(requirement)].append(name)
    out = []
    for name, found in sorted(installed.items()):
        who = ", ".join(sorted(asked_by[name])[:4]) or "-"
        note = f"  !! {UNMAINTAINED[name]}" if name in UNMAINTAINED else ""
        out.append(f"{name:32} {found.version:14} {newest(found):11} {who}{note}")
    return out


if __name__ == "__main__":
    print("\n".join(lines()))
