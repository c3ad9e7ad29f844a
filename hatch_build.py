"""What hatchling does beside packing a wheel: the knowledge goes in compiled, so that the first answer on a new machine needs no build.

The files bear the names that the cache would give them: digests of the texts and of the code that makes them. Where a digest differs,
because somebody changed either, the library makes them itself as without a wheel, for which it needs scipy. An editable install, and a
build where what pyproject.toml asks for is not there, go without.

The package's own page, as an index shows it, is README.md. Whoever publishes says where: ``JIEBEI_HOME`` (such as
``https://host.example/owner/jiebei-lib``) becomes the project's addresses and the root of the page's links. Without it there are no
addresses, and of links that would lead nowhere the words stay.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?://|#)([^)]+)\)")  # to a file of the project, or a picture of it
PAGES = {
    "Documentation": "blob/main/docs/install.md", "Changelog": "blob/main/CHANGELOG.md", "Source": "", "Issues": "issues",
}  # fmt: skip
COMPILE = "from jiebei_lib.reports.light.compiled import compile_into; compile_into({folder!r})"


class CompiledKnowledge(BuildHookInterface):
    """Runs the library once, in a process of its own, with an empty folder for its cache, and packs what it left there."""

    folder: str | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        self.folder = tempfile.mkdtemp(prefix="jiebei-compiled-")
        # What is there for the build alone, pip has on the path
        path = os.pathsep.join(filter(None, [self.root, os.environ.get("PYTHONPATH")]))
        surroundings = {**os.environ, "JIEBEI_CACHE": str(Path(self.folder, "cache")), "PYTHONPATH": path}
        command = [sys.executable, "-c", COMPILE.format(folder=str(Path(self.folder, "compiled")))]
        done = subprocess.run(command, cwd=self.root, env=surroundings, capture_output=True, text=True, check=False)
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["?"])[-1]
            self.app.display_warning(
                f"The wheel goes without compiled knowledge, and needs scipy where it is installed: {reason}"
            )
            return
        for file in sorted(Path(self.folder, "compiled").iterdir()):
            build_data["force_include"][str(file)] = f"jiebei_lib/compiled/{file.name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)


class PageOfThePackage(MetadataHookInterface):
    """README.md with links that lead somewhere, and the project's addresses, if there are any."""

    def update(self, metadata: dict[str, Any]) -> None:
        home = os.environ.get("JIEBEI_HOME", "").rstrip("/")
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": LINK.sub(lambda found: led(found, home), text)}
        metadata["urls"] = {name: f"{home}/{page}".rstrip("/") for name, page in PAGES.items()} if home else {}


def led(link: re.Match[str], home: str) -> str:
    """A link to a file of the project as one to where the project is at home; without a home its words, or nothing for a picture."""
    picture, words, file = link.groups()
    if not home:
        return "" if picture else words
    return f"{picture}[{words}]({home}/{'raw' if picture else 'blob'}/main/{file})"
