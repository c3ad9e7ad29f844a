"""The knowledge as a wheel carries it: checked policies, their readings, and every text, made once when the wheel is built."""

from __future__ import annotations

import shutil
from pathlib import Path

from jiebei_lib.core.assessment import assess
from jiebei_lib.core.knowledge.yaml_files import HERE, homes, shipped
from jiebei_lib.core.policy import BUILT_IN, load_policy, readings_files
from jiebei_lib.lessons.bank import bank
from jiebei_lib.lessons.seven_days import game

TEXTS = ("page/text", "core", "core/knowledge")  # folders whose YAML is read as it is


def compile_into(folder: str | Path) -> list[Path]:
    """Makes all of it in the cache, which should be empty, and copies it to ``folder`` under the names that are looked for there."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in BUILT_IN:
        assess({"days_overdue": 7}, name)
    for place in TEXTS:
        for file in sorted((HERE / place).glob("*.yaml")):
            shipped(file.relative_to(HERE).as_posix())
    bank(), game()
    names = {here.name: brought.name for brought, here in map(readings_files, map(load_policy, BUILT_IN))}
    made = sorted(file for file in homes()[1].iterdir() if file.is_file())
    return [Path(shutil.copyfile(file, folder / names.get(file.name, file.name))) for file in made]
