"""One class's answers in one SQLite file: written by many kernels at once, nothing lost or doubled, nothing personal.

WAL lets the board read while students write; every write is one transaction, on disk before it returns (``synchronous=FULL``), so a
killed server loses nothing that a student saw accepted. An answer's id is made of who, where and which question: sent twice, it
counts once, and the first one stands.
"""

from __future__ import annotations

import csv
import io
import json
import re
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jiebei_lib.core.knowledge.problems import Phrase, Problem, UserError, shown
from jiebei_lib.lessons.bank import Marked, bank, mark

LETTERS = "ACDEFGHJKMNPQRTUVWXY34679"  # no two that look alike
CODE, LONGEST_NAME = 5, 12  # characters
WAIT = 30.0  # seconds that a writer waits for its turn
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
    """The file of one class; ``None`` keeps a learner's own answers in memory."""

    def __init__(self, path: str | Path | None = None):
        self.path = path
        self._local = threading.local()
        self._memory = _connect(":memory:") if path is None else None
        self._lock = threading.Lock()
        try:
            with self._open() as file:
                file.executescript(TABLES)
        except sqlite3.Error as failure:
            raise ClassError(Problem("cannot_write", str(path), {"value": failure})) from None

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
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
            return file.execute(sql, values).rowcount == 1

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
        """A code as it was given out. Raises :class:`ClassError`."""
        code = str(code).strip().upper()[: 4 * CODE]
        with self._open() as file:
            if not file.execute("select 1 from student where code = ?", (code,)).fetchone():
                raise ClassError(Problem("no_code", "code", {"value": shown(code)}))
        return code

    def number(self, code: str) -> int:
        """A student's running number: decides which form comes first, and stands for the student everywhere else."""
        with self._open() as file:
            return file.execute("select number from student where code = ?", (code,)).fetchone()[0]

    def students(self) -> int:
        with self._open() as file:
            return file.execute("select count(*) from student").fetchone()[0]

    # ---- what students do ------------------------------------------------------------------------------------------

    def answer(self, code: str, lesson: str, phase: str, item: str, response: Any) -> Marked:
        """Marks an answer and keeps it; a second one to the same question changes nothing. Gives the mark of the one that stands.

        Raises ``ValueError`` for a phase, question or response that cannot be.
        """
        if phase not in PHASES or item not in bank():
            raise ValueError((phase, item))
        found = mark(bank()[item], response)
        row = (f"{code}:{lesson}:{phase}:{item}", code, lesson, phase, item, json.dumps(response), found.right)
        added = self._write(
            "insert or ignore into answer values (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, ",".join(found.reveals), _now())
        )
        if added:
            return found
        with self._open() as file:
            kept = file.execute("select response from answer where id = ?", row[:1]).fetchone()
        return mark(bank()[item], json.loads(kept[0]))

    def move(self, code: str, run: int, day: int, choice: str) -> bool:
        """Keeps a day's choice of a game; whether it was new."""
        row = (f"{code}:{run}:{day}", code, run, day, choice, _now())
        return self._write("insert or ignore into move values (?, ?, ?, ?, ?, ?)", row)

    def name_call(self, code: str, run: int, event: str, rule: str, right: bool) -> bool:
        """Keeps which rule a student says that an event breaks (``none``: it is in order)."""
        row = (f"{code}:{run}:{event}", code, run, event, rule, right, _now())
        return self._write("insert or ignore into named values (?, ?, ?, ?, ?, ?, ?)", row)

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
            Answer(*row[:4], json.loads(row[4]), bool(row[5]), tuple(row[6].split(",")) if row[6] else (), row[7])
            for row in rows
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

    def delete_all(self) -> None:
        """Deletes every student, answer and move for good; the settings of the class stay."""
        with self._open() as file:
            file.execute("begin immediate")
            for table in ("answer", "move", "named", "student"):
                file.execute(f"delete from {table}")
            file.execute("commit")
            file.execute("pragma wal_checkpoint(truncate)")
            file.execute("vacuum")
            file.execute("pragma wal_checkpoint(truncate)")


def checked_name(name: str) -> str:
    """A nickname on one line, short, and not a phone number. Raises :class:`ClassError`."""
    name = " ".join(str(name).split())
    if len(name) > LONGEST_NAME or not name.isprintable() or re.search(r"(\d[\s-]?){6,}", name):
        slots = {"value": shown(name), "allowed": Phrase("nickname", {"high": LONGEST_NAME})}
        raise ClassError(Problem("invalid", "nickname", slots))
    return name


def _connect(path: str) -> sqlite3.Connection:
    file = sqlite3.connect(path, timeout=WAIT, isolation_level=None, check_same_thread=False)
    for setting in ("journal_mode=wal", "synchronous=full", "secure_delete=on"):
        file.execute(f"pragma {setting}")
    return file


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
