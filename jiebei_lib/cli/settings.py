"""A user's own defaults, in one small TOML file of the user's settings folder: what ``jiebei config`` shows and sets."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jiebei_lib.core.knowledge.problems import Phrase, Problem, UserError, items, shown
from jiebei_lib.core.knowledge.yaml_files import shipped
from jiebei_lib.page.text import LANGUAGES

FILE = "JIEBEI_CONFIG"  # the environment variable that names another file
LARGEST = 100_000  # bytes; the file holds a handful of lines


def path() -> Path:
    """Where the settings are kept: the file that ``JIEBEI_CONFIG`` names, else ``config.toml`` in the user's settings folder."""
    if chosen := os.environ.get(FILE):
        return Path(chosen)
    from platformdirs import user_config_path

    return user_config_path("jiebei") / "config.toml"


def known() -> dict[str, Any]:
    """What can be set, each with ``zh`` and ``en`` (``settings.yaml``)."""
    return shipped("cli/settings.yaml")["settings"]


def values() -> dict[str, str]:
    """What the user has set, by name; empty where there is no file. Raises :class:`UserError` for a file that cannot be used."""
    file = path()
    try:
        content = file.read_bytes() if file.stat().st_size <= LARGEST else b"["
    except FileNotFoundError:
        return {}
    except OSError as failure:
        raise UserError(Problem("no_file", str(file), {"value": failure.strerror or failure})) from None
    import tomllib

    try:
        read = tomllib.loads(content.decode("utf-8-sig"))
    except ValueError as failure:
        raise UserError(Problem("not_toml", str(file), {"value": " ".join(str(failure).split())[:120]})) from None
    if strange := next((name for name in read if name not in known()), None):
        raise UserError(Problem("unknown_key", f"{file}: {strange}", {"allowed": items(known())}))
    return {
        name: checked(name, str(value).lower() if isinstance(value, bool) else value) for name, value in read.items()
    }


def checked(name: str, value: Any) -> str:
    """A value as it is kept. Raises :class:`UserError` where there is no such setting or it cannot have this value."""
    if name not in known():
        raise UserError(Problem("unknown_setting", shown(name), {"allowed": items(known())}))
    return CHECKS[known()[name]["type"]](name, value if isinstance(value, str) else str(value))


def defaults() -> dict[str, Any]:
    """What takes the place of options that are not given. The language is no part of it: ``JIEBEI_LANG`` goes before the file."""
    told = {name: value for name, value in values().items() if name != "lang"}
    return {name: value == "true" if known()[name]["type"] == "truth" else value for name, value in told.items()}


def write(content: dict[str, str]) -> Path:
    """Keeps these settings, whole or not at all; an empty file where there are none. Gives its path."""
    from json import dumps

    from jiebei_lib.core.knowledge.user_files import written_whole

    with written_whole(path(), encoding="utf-8", folders=True) as file:
        for name, value in content.items():
            text = dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # a TOML string, but for DEL
            file.write(f"{name} = {text}\n")
    return path()


def _level(levels: tuple[str, ...]) -> Callable[[str, str], str]:
    def check(name: str, value: str) -> str:
        if value not in levels:
            allowed = Phrase("levels", {"items": ", ".join(levels)})
            raise UserError(Problem("invalid", name, {"value": shown(value), "allowed": allowed}))
        return value

    return check


def _policy(name: str, value: str) -> str:
    """A policy that answers; a file by its whole path, since the next command may be given in another folder."""
    from jiebei_lib.core.policy import load_policy

    place = str(Path(value).absolute()) if Path(value).suffix else value
    load_policy(place)
    return place


def _rules(name: str, value: str) -> str:
    from jiebei_lib.calls.rule_sets import load_rules

    place = ",".join(str(Path(each).absolute()) if Path(each).suffix else each for each in value.split(","))
    load_rules(place)
    return place


def _zone(name: str, value: str) -> str:
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError):  # OSError: a folder of the zones, or no name that a file can have
        raise UserError(Problem("invalid", name, {"value": shown(value), "allowed": Phrase("zone")})) from None
    return value


def _lender(name: str, value: str) -> str:
    from jiebei_lib.core.case import FIELDS, Case

    if known := Case.of({"days_overdue": 0, "lender": value}, "config").lender:
        return known
    raise UserError(
        Problem("missing", name, {"allowed": Phrase("levels", {"items": ", ".join(FIELDS["lender"]["levels"])})})
    )


CHECKS = {
    "language": _level(LANGUAGES),
    "truth": _level(("true", "false")),
    "policy": _policy,
    "rules": _rules,
    "zone": _zone,
    "lender": _lender,
}
