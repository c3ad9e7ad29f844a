"""One class's answers in one SQLite file: written by many kernels at once, nothing lost or doubled, nothing personal.

WAL lets the board read while students write; every write is one transaction, on disk before it returns (``synchronous=FULL``), so a
killed server loses nothing that a student saw accepted. An answer's id is made of who, where and which question: sent twice, it
counts once, and the first one stands.
"""

from __future__ import annotations

import csv
import io
import json
import math
import os
import re
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jiebei_lib.core.knowledge.problems import Phrase, Problem, UserError, shown
from jiebei_lib.lessons.bank import Marked, bank, given_to, mark

LETTERS = "ACDEFGHJKMNPQRTUVWXY34679"  # no two that look alike
CODE, LONGEST_NAME = 8, 12  # characters
WAIT = 30.0  # seconds that a writer waits for its turn
AGAIN, PAUSE = 3, 0.3  # tries of a write for which the disk has no room, and seconds between them
FORGETTING = 10.0  # seconds that deleting waits for whoever still reads what was deleted
FREE_GUESSES, LONGEST_PAUSE = 3, 60.0  # wrong codes without a pause; then 1, 2, 4 … seconds, up to so many
# Of one learner's rows, in a class: so many at once, so many a second from then on, and so many games
BURST, A_SECOND, GAMES = 60.0, 2.0, 60
PHASES = ("before", "after", "practice")
TABLES = """
create table if not exists class (name text primary key, value text not null);
create table if not exists student (code text primary key, number integer not null unique, name text not null);
create table if not exists answer (
  id text primary key, code text not null, lesson text not null, phase text not null, item text not null,
  response text not null, right integer not null, reveals text not null, at text not null);
create table if not exists move (
  id text primary key, code text not null, run integer not null, day integer not null, choice text not null, at text not null);
create table if not exists named (
  id text primary key, code text not null, run integer not null, event text not null, rule text not null, right integer not null,
  at text not null);
create index if not exists answer_by_phase on answer (lesson, phase);
"""
COLUMNS = ("kind", "student", "lesson", "phase", "item", "response", "right", "reveals", "at")


@dataclass(frozen=True)
class Answer:
    """One answer as it is kept. ``student`` is a running number, never the code or the name."""

    student: int
    lesson: str
    phase: str
    item: str
    response: Any
    right: bool
    reveals: tuple[str, ...]
    at: str


@dataclass(frozen=True)
class Move:
    """One day of a game: ``run`` counts a student's games, each replay being a new one."""

    student: int
    run: int
    day: int
    choice: str


class ClassError(UserError):
    """A class file that cannot be used, or a code that nobody has."""


class Store:
    """The file of one class; ``None`` keeps a learner's own answers in memory.

    Whatever the file or its disk does becomes a :class:`ClassError`. ``paced``: as one learner's kernel opens it, which takes no more
    than a hand can give.
    """

    def __init__(self, path: str | Path | None = None, paced: bool = False):
        self.path, self.paced = path, paced
        self._left, self._seen = BURST, time.monotonic()  # rows that may be written now
        self._wrong, self._shut = 0, 0.0  # wrong codes so far, and until when no other is looked at
        self._local = threading.local()
        self._memory = _connect(":memory:") if path is None else None
        self._lock = threading.Lock()
        if path is not None and os.path.isfile(path) and _anothers(path):
            raise ClassError(Problem("not_a_class", str(path)))
        try:
            with self._connection() as file:
                file.executescript(TABLES)
        except sqlite3.Error as failure:
            raise ClassError(Problem("cannot_write", str(path), {"value": failure})) from None

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection. Raises :class:`ClassError` for what the file or its disk does; nothing half done is left."""
        with self._connection() as file:
            try:
                yield file
            except sqlite3.IntegrityError:
                raise
            except sqlite3.Error as failure:
                with suppress(sqlite3.Error):
                    file.rollback()
                raise ClassError(Problem("class_store", Path(self.path or "").name, {"value": failure})) from None

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """This thread's connection; the one in memory is shared and used by one thread at a time."""
        if self._memory is not None:
            with self._lock:
                yield self._memory
            return
        if getattr(self._local, "file", None) is None:
            self._local.file = _connect(str(self.path))
        yield self._local.file

    def _write(self, sql: str, values: tuple) -> bool:
        """Whether a row was added; an id that is there already leaves everything as it is."""
        with self._open() as file:
            for left in reversed(range(AGAIN)):
                try:
                    return file.execute(sql, values).rowcount == 1
                except sqlite3.OperationalError as failure:
                    if not left or failure.sqlite_errorcode & 0xFF != sqlite3.SQLITE_FULL:
                        raise
                    time.sleep(PAUSE)
        return False

    def _add(self, table: str, code: str, row: tuple) -> bool:
        """As :meth:`_write`, one learner's row. Raises :class:`ClassError` if the class has been emptied since, or too much comes."""
        if self.paced:
            now = time.monotonic()
            self._left, self._seen = min(BURST, self._left + (now - self._seen) * A_SECOND), now
            if self._left < 1:
                raise ClassError(Problem("too_fast", ""))
            self._left -= 1
        # One statement: between a look and a write everything could be deleted, and the row be nobody's
        marks = ", ".join("?" * len(row))
        there = "select 1 from student where code = ?"
        added = self._write(f"insert or ignore into {table} select {marks} where exists ({there})", (*row, code))
        if not added and not self.there(code):
            raise ClassError(Problem("class_emptied", ""))
        return added

    def check(self) -> None:
        """Whether the file takes what students write. Raises :class:`ClassError`."""
        self._write("insert or replace into class values ('looked', ?)", (_now(),))

    # ---- students --------------------------------------------------------------------------------------------------

    def join(self, name: str = "") -> str:
        """A new student's code, with which the same student goes on after a break. ``name``: a nickname or nothing."""
        name = checked_name(name)
        with self._open() as file:
            while True:
                code = "".join(secrets.choice(LETTERS) for _ in range(CODE))
                try:
                    file.execute(
                        "insert into student select ?, coalesce(max(number), 0) + 1, ? from student", (code, name)
                    )
                    return code
                except sqlite3.IntegrityError:  # the code is taken: draw another
                    continue

    def known(self, code: str) -> str:
        """A code as it was given out. Raises :class:`ClassError`; after a few wrong ones the next is looked at only after a pause,
        which doubles each time."""
        code = re.sub(r"[\s-]+", "", str(code)[: 4 * CODE]).upper()
        if (wait := self._shut - time.monotonic()) > 0:
            raise ClassError(Problem("code_wait", "", {"value": math.ceil(wait)}))
        if not self.there(code):
            self._wrong += 1
            if (past := self._wrong - FREE_GUESSES) >= 0:
                self._shut = time.monotonic() + min(LONGEST_PAUSE, 2.0 ** min(past, 20))
            raise ClassError(Problem("no_code", "code", {"value": shown(code)}))
        return code

    def there(self, code: str) -> bool:
        """Whether somebody has this code."""
        with self._open() as file:
            return bool(file.execute("select 1 from student where code = ?", (code,)).fetchone())

    def leave(self, code: str) -> bool:
        """Takes out a student who has done nothing yet, so that whoever starts anew is not counted twice; whether one was."""
        nothing = " and ".join(
            f"not exists (select 1 from {table} where code = ?)" for table in ("answer", "move", "named")
        )
        return self._write(f"delete from student where code = ? and {nothing}", (code,) * 4)

    def number(self, code: str) -> int:
        """A student's running number: decides which form comes first, and stands for the student everywhere else."""
        with self._open() as file:
            found = file.execute("select number from student where code = ?", (code,)).fetchone()
        if not found:
            raise ClassError(Problem("class_emptied", ""))
        return found[0]

    def students(self) -> int:
        with self._open() as file:
            return file.execute("select count(*) from student").fetchone()[0]

    def codes(self) -> dict[int, str]:
        """Running number and code of every student, for the teacher's own list."""
        with self._open() as file:
            return dict(file.execute("select number, code from student order by number").fetchall())

    # ---- what students do ------------------------------------------------------------------------------------------

    def answer(self, code: str, lesson: str, phase: str, item: str, response: Any) -> Marked:
        """Marks an answer and keeps it; a second one to the same question changes nothing. Gives the mark of the one that stands.

        Raises ``ValueError`` for a phase, question or response that cannot be.
        """
        if phase not in PHASES or item not in bank():
            raise ValueError((phase, item))
        asked = given_to(item, self.number(code))
        found = mark(asked, response)
        row = (f"{code}:{lesson}:{phase}:{item}", code, lesson, phase, item, json.dumps(response), found.right)
        if self._add("answer", code, (*row, ",".join(found.reveals), _now())):
            return found
        with self._open() as file:
            kept = file.execute("select response from answer where id = ?", row[:1]).fetchone()
        with suppress(
            ValueError, TypeError
        ):  # the question may have changed since, so that what is kept is no answer to it
            return mark(asked, json.loads(kept[0]))
        return Marked(False, [], [])

    def move(self, code: str, run: int, day: int, choice: str) -> bool:
        """Keeps a day's choice of a game; whether it was new."""
        if self.paced and run > GAMES:
            raise ClassError(Problem("games_enough", "", {"value": GAMES}))
        return self._add("move", code, (f"{code}:{run}:{day}", code, run, day, choice, _now()))

    def name_call(self, code: str, run: int, event: str, rule: str, right: bool) -> bool:
        """Keeps which rule a student says that an event breaks (``none``: it is in order)."""
        return self._add("named", code, (f"{code}:{run}:{event}", code, run, event, rule, right, _now()))

    def done(self, code: str, lesson: str, phase: str) -> dict[str, Any]:
        """Item → response of what a student has answered."""
        with self._open() as file:
            rows = file.execute(
                "select item, response from answer where code = ? and lesson = ? and phase = ?", (code, lesson, phase)
            )
            return {item: json.loads(response) for item, response in rows}

    def played(self, code: str) -> tuple[int, list[str]]:
        """The number of a student's latest game (0: none yet) and its choices so far."""
        with self._open() as file:
            rows = file.execute(
                "select run, choice from move where code = ? and run = (select max(run) from move where code = ?) order by day",
                (code, code),
            ).fetchall()
        return (rows[0][0], [choice for _, choice in rows]) if rows else (0, [])

    # ---- what the board reads --------------------------------------------------------------------------------------

    def answers(self) -> list[Answer]:
        """All answers in the order of students, then of coming in."""
        with self._open() as file:
            rows = file.execute(
                "select number, lesson, phase, item, response, right, reveals, at from answer join student using (code)"
                " order by number, answer.rowid"
            ).fetchall()
        return [
            Answer(
                who, lesson, phase, item, json.loads(said), bool(right), tuple(shown.split(",") if shown else ()), at
            )
            for who, lesson, phase, item, said, right, shown, at in rows
        ]

    def moves(self) -> list[Move]:
        with self._open() as file:
            rows = file.execute("select number, run, day, choice from move join student using (code) order by 1, 2, 3")
            return [Move(*row) for row in rows]

    def names(self) -> list[tuple[int, str, str, bool]]:
        """Student, event, rule named, whether that was right."""
        with self._open() as file:
            rows = file.execute("select number, event, rule, right from named join student using (code) order by 1")
            return [(student, event, rule, bool(right)) for student, event, rule, right in rows]

    def setting(self, name: str, default: str) -> str:
        """A setting of the class, such as its seed; the first default given is kept."""
        self._write("insert or ignore into class values (?, ?)", (name, default))
        with self._open() as file:
            return file.execute("select value from class where name = ?", (name,)).fetchone()[0]

    def keep(self, name: str, value: str) -> None:
        """Writes a setting of the class, in place of the one before."""
        self._write("insert or replace into class values (?, ?)", (name, value))

    def kept(self, name: str) -> str:
        """A setting of the class; empty if there is none."""
        with self._open() as file:
            return (file.execute("select value from class where name = ?", (name,)).fetchone() or ("",))[0]

    def identity(self) -> str:
        """What tells this class from every other one; says nothing else."""
        return self.setting("id", secrets.token_hex(8))

    def export(self) -> str:
        """Everything as CSV, one row an answer, move or named call; students are numbers, without code or nickname."""
        out = io.StringIO()
        table = csv.writer(out)
        table.writerow(COLUMNS)
        for answer in self.answers():
            response, reveals = json.dumps(answer.response), ";".join(answer.reveals)
            row = (answer.student, answer.lesson, answer.phase, answer.item, response, int(answer.right), reveals)
            table.writerow(("answer", *row, answer.at))
        for move in self.moves():
            table.writerow(("move", move.student, "seven_days", move.run, move.day, move.choice, "", "", ""))
        for student, event, rule, right in self.names():
            table.writerow(("named", student, "seven_days", "", event, rule, int(right), "", ""))
        return out.getvalue()

    def delete_all(self, number: int | None = None) -> None:
        """Deletes every student, answer and move for good, or those of one number; the settings of the class stay.

        Raises :class:`ClassError` while somebody still reads the file as it was: then what was deleted is gone from the class, but
        traces of it are in the file's log until this is called again.
        """
        with self._open() as file:
            file.execute("begin immediate")
            one = "" if number is None else " where code = (select code from student where number = :number)"
            for table in ("answer", "move", "named", "student"):
                file.execute(f"delete from {table}{one}", {"number": number})
            file.execute("commit")
            if self.path is not None:
                self._forget(file)

    def _forget(self, file: sqlite3.Connection) -> None:
        """Makes the log that SQLite keeps beside the file empty, which it may only be once nobody reads from it."""
        end = time.monotonic() + FORGETTING
        for step in ("pragma wal_checkpoint(truncate)", "vacuum", "pragma wal_checkpoint(truncate)"):
            while (busy := file.execute(step).fetchone()) and busy[0]:
                if time.monotonic() > end:
                    raise ClassError(Problem("still_read", Path(self.path or "").name))
                time.sleep(PAUSE)


def checked_name(name: str) -> str:
    """A nickname on one line, short, and not a phone number. Raises :class:`ClassError`."""
    name = " ".join(str(name).split())
    if len(name) > LONGEST_NAME or not name.isprintable() or re.search(r"(\d[\s-]?){6,}", name):
        slots = {"value": shown(name), "allowed": Phrase("nickname", {"high": LONGEST_NAME})}
        raise ClassError(Problem("invalid", "nickname", slots))
    return name


def _anothers(path: str | Path) -> bool:
    """Whether a file is a database of somebody else's, who has no use for our tables."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(path)) as file:
        return file.execute("select count(*) and not total(name = 'class') from sqlite_master").fetchone() == (1,)
    return False


def _connect(path: str) -> sqlite3.Connection:
    if path != ":memory:":
        with suppress(OSError):  # only the teacher's account reads it; what SQLite puts beside it takes after it
            # To close a file drops every lock that this program's other connections have on it
            if not os.path.exists(path):
                os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            os.chmod(path, 0o600)
    file = sqlite3.connect(path, timeout=WAIT, isolation_level=None, check_same_thread=False)
    for setting in ("journal_mode=wal", "synchronous=full", "secure_delete=on"):
        file.execute(f"pragma {setting}")
    return file


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
