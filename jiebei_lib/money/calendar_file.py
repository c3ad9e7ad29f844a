"""Due dates as a standard calendar file with alarms (article ¶19): RFC 5545, all-day entries, the same bytes on every run."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from jiebei_lib.money.loan import Loan
from jiebei_lib.money.plan import Instalment, schedule

if TYPE_CHECKING:
    from icalendar import Alarm, Event

# Nine in the morning, counted from midnight
ALARMS = (timedelta(days=-3, hours=9), timedelta(days=-1, hours=9), timedelta(hours=9))
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "jiebei.invalid")


def due_calendar(loan: Loan, title: str, note: str) -> bytes:
    """A calendar of the instalments from ``missed_from`` on. ``title`` and ``note`` are sentences with {n}, {of}, {amount}, {due}."""
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", "-//jiebei//due dates//ZH")
    calendar.add("version", "2.0")
    plan = schedule(loan)
    for row in plan[loan.missed_from - 1 :]:
        calendar.add_component(_event(loan, row, len(plan), title, note))
    return bytes(calendar.to_ical())


def read_dues(content: bytes) -> list[tuple[str, str, int]]:
    """What a calendar file holds: (due date, title, number of alarms) of each entry, in order. ValueError if it is not one."""
    from icalendar import Calendar

    events: list[Any] = Calendar.from_ical(content).walk("VEVENT")  # what an entry is depends on its name
    return [(event["dtstart"].dt.isoformat(), str(event["summary"]), len(event.walk("VALARM"))) for event in events]


def _event(loan: Loan, row: Instalment, number: int, title: str, note: str) -> Event:
    from icalendar import Event

    slots = {"n": row.n, "of": number, "amount": f"{row.payment + row.fee:,}", "due": row.due.isoformat()}
    event, said = Event(), title.format(**slots)
    event.add("uid", str(uuid.uuid5(NAMESPACE, f"{loan.loan_id} {loan.drawn} {row.n}")))
    event.add("dtstamp", datetime.combine(loan.drawn, time(), UTC))
    event.add("dtstart", row.due)
    event.add("dtend", row.due + timedelta(1))
    event.add("summary", said)
    event.add("description", note.format(**slots))
    event.add("transp", "TRANSPARENT")
    for before in ALARMS:
        event.add_component(_alarm(said, before))
    return event


def _alarm(said: str, before: timedelta) -> Alarm:
    from icalendar import Alarm

    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", before)
    alarm.add("description", said)
    return alarm
