"""The stop of all posting: a small value that every claim looks at."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from storage.audits import note
from storage.holding import HELD, held_of
from storage.tables import VALUE
from storage.upkeep import set_value, value
from watchers.restoring import Held
from watchers.telling import AuditRecord

STOPPED = "posting_stopped"
"""The value's name; "1" while posting is stopped."""


_REASONS = select(VALUE.c.value).where(VALUE.c.name.in_((STOPPED, HELD)), VALUE.c.value != "")


def is_stopped(connection: Connection) -> bool:
    """Whether no page may be claimed: posting is stopped, or held after a restore."""
    return connection.execute(_REASONS).first() is not None


def held(connection: Connection) -> Held | None:
    """Whether posting is held after a restore, and why."""
    return held_of(value(connection, HELD))


def refuse_held(connection: Connection) -> None:
    """PostingHeld while it is."""
    found = held(connection)
    if found is not None:
        raise found.error()


def stop(connection: Connection, at: datetime, actor: str, *, stopped: bool) -> bool:
    """Halt or resume every channel; whether that changed anything. PostingHeld: resumed after a
    restore, which is another decision.
    """
    if not stopped:
        refuse_held(connection)
    if (value(connection, STOPPED) == "1") == stopped:
        return False
    set_value(connection, STOPPED, "1" if stopped else "")
    note(connection, AuditRecord(at, actor, action(stopped=stopped), ""))
    return True


def action(*, stopped: bool) -> str:
    """What the audit log calls it."""
    return "posting.stop" if stopped else "posting.resume"
