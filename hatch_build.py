"""What hatchling does beside packing a wheel: the knowledge goes in compiled, so that the first answer on a new machine needs no build.

The files bear the names that the cache would give them: digests of the texts and of the code that makes them. Where a digest differs,
because somebody changed either, the library makes them itself as without a wheel, for which it needs scipy. An editable install, and a
build where what pyproject.toml asks for is not there, go without.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

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
