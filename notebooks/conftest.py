"""`pytest --nbval notebooks`: what may differ between two runs, and which notebooks keep no outputs."""

import os
from pathlib import Path

collect_ignore = ["templates"]  # run with other parameters each time; their outputs are the reports
os.environ.pop("JIEBEI_LANG", None)  # kept outputs are in Chinese, whatever the reader's own language


def pytest_configure(config):
    allowed = Path(__file__).parents[1] / "tests" / "notebooks" / "sanitize.cfg"
    if getattr(config.option, "nbval_sanitize_with", "") is None and allowed.exists():
        config.option.nbval_sanitize_with = str(allowed)
