"""What the terminal is sent: our words as they are, whatever came from a file or an option with its control characters in sight.

A name in a file may hold escapes that move the cursor, name the window, or pass for a link. They are written as ``\\u001b``, which is
also what JSON takes for them. What the terminal's encoding lacks becomes ``?``.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

# Control characters but tab, line feed and CR LF; halves of characters; what turns the direction of writing; line separators
UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\u2028\u2029]|\r(?!\n)")


class OutputError(OSError):
    """Standard output cannot be written; the system's reason is in ``strerror``."""


def seen(text: str) -> str:
    """Text whose control characters are visible instead of obeyed."""
    return UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class SafeStream:
    """A text stream that shows control characters, and says of a full disk that it is standard output that cannot be written."""

    def __init__(self, raw: Any, shows: Callable[[str], str] = seen):
        self.raw, self.shows = raw, shows
        if shows is seen:
            # Rich writes here, with escapes of its own: what it shows has been made visible by output.console()
            self.rich_proxied_file = SafeStream(raw, str)

    def write(self, text: str) -> int:
        with told_of_output():
            self.raw.write(self.shows(text))
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        with told_of_output():
            self.raw.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)


@contextmanager
def told_of_output() -> Iterator[None]:
    """A failure to write standard output becomes :class:`OutputError`; a reader that has gone stays what it is."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as failure:
        raise OutputError(failure.errno, failure.strerror) from None


@contextmanager
def guarded() -> Iterator[None]:
    """Standard output and error as :class:`SafeStream` for as long as it lasts."""
    before = sys.stdout, sys.stderr
    opened = [open(os.devnull, "w", encoding="utf-8") if raw is None else None for raw in before]  # noqa: SIM115
    raws = [new or old for new, old in zip(opened, before, strict=True)]
    sys.stdout, sys.stderr = map(SafeStream, raws)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        for each in filter(None, opened):
            each.close()


def prepare() -> None:
    """For a process of our own: no character stops the output, and no module is taken from the folder that the user is in."""
    for raw in filter(None, (sys.stdout, sys.stderr)):
        with suppress(AttributeError, ValueError):
            raw.reconfigure(errors="replace")
    sys.path[:] = [place for place in sys.path if place]
    # Arrow's own memory gives each freed piece back to the system and asks for it again: a quarter of an audit's processor time
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")


def silence() -> None:
    """Standard output leads nowhere from here on: what is left in its buffer must not be tried again at exit."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
