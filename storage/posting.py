"""The stop of all posting: a small value that every claim looks at."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from storage import upkeep
from storage.audits import note
from watchers.telling import AuditRecord

STOPPED = "posting_stopped"
"""The value's name; "1" while posting is stopped."""


def is_stopped(connection: Connection) -> bool:
    """Whether no page may be claimed."""
    return upkeep.value(connection, STOPPED) == "1"


def stop(connection: Connection, at: datetime, actor: str, *, stopped: bool) -> bool:
    """Halt or resume every channel; whether that changed anything."""
    if is_stopped(connection) == stopped:
        return False
    upkeep.set_value(connection, STOPPED, "1" if stopped else "")
    note(connection, AuditRecord(at, actor, action(stopped=stopped), ""))
    return True


def action(*, stopped: bool) -> str:
    """What the audit log calls it."""
    return "posting.stop" if stopped else "posting.resume"
