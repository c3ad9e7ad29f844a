"""``python -m jiebei_lib.reports.engine``: many notebooks in one go, each in a fresh copy of a warm process."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from jiebei_lib.reports.engine import warm_imports


def main(given: list[str] | None = None) -> int:
    """Runs notebooks; gives 1 if one of them failed, 2 if something asked for is not there."""
    given = sys.argv[1:] if given is None else given
    lang = "en" if "--lang=en" in given or ["--lang", "en"] in [given[n : n + 2] for n in range(len(given))] else None
    words = warm_imports.words(lang)["command"]
    asked = _arguments(words).parse_args(given)
    if missing := [name for name in asked.notebooks if not Path(name).is_file()]:
        return _say(words["missing"].format(file=missing[0]), sys.stderr, 2)
    if asked.warm is not None:
        os.environ[warm_imports.VARIABLE] = asked.warm
    failed = 0
    for name in asked.notebooks:
        reason = _run(Path(name), asked.out / Path(name).name, {key: _value(text) for key, text in asked.parameters})
        failed += bool(reason)
        _say(words["failed" if reason else "done"].format(file=name, out=asked.out / Path(name).name, why=reason))
    return int(failed > 0)


def _arguments(words: dict[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m jiebei_lib.reports.engine",
        description=words["what"],
        epilog=words["elsewhere"],
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
    )
    titles: Any = words["titles"]
    parser._positionals.title, parser._optionals.title = titles
    parser.add_argument("notebooks", nargs="+", metavar="NOTEBOOK", help=words["notebooks"])
    parser.add_argument("-o", "--out", type=Path, default=Path("executed"), help=words["out"])
    parser.add_argument("--warm", metavar="MODULES|FILE", help=words["warm"])
    parser.add_argument(
        "-p",
        dest="parameters",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "VALUE"),
        help=words["parameter"],
    )
    parser.add_argument("--lang", choices=("zh", "en"), help=words["lang"])
    parser.add_argument("-h", "--help", action="help", help=words["help"])
    return parser


def _run(notebook: Path, out: Path, parameters: dict[str, object]) -> str:
    """Runs one notebook; why it failed, or nothing."""
    import papermill

    from jiebei_lib.reports.engine.engine import NAME, register

    register()
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        papermill.execute_notebook(
            str(notebook), str(out), parameters, engine_name=NAME, progress_bar=False, cwd=str(notebook.parent)
        )
    except Exception as failure:
        ended = (
            f"{failure.ename}: {getattr(failure, 'evalue', '')}"
            if hasattr(failure, "ename")
            else f"{type(failure).__name__}: {failure}"
        )
        return " ".join(ended.split())[:200]
    return ""


def _value(text: str) -> object:
    """A parameter as JSON says it, else as text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _say(text: str, to: Any = None, code: int = 0) -> int:
    shown = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
    print(shown, file=to, flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
