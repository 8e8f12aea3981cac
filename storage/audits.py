"""The audit log: every change leaves its record in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from storage.tables import AUDIT
from watchers.telling import AuditRecord


def note(connection: Connection, *records: AuditRecord) -> None:
    """Add records."""
    rows = [
        {
            "at": record.at,
            "actor": record.actor,
            "action": record.action,
            "subject": record.subject,
            "detail": record.detail,
        }
        for record in records
    ]
    if rows:
        connection.execute(AUDIT.insert(), rows)


def latest(connection: Connection, limit: int) -> Iterable[AuditRecord]:
    """The latest records, newest first."""
    rows = connection.execute(select(AUDIT).order_by(AUDIT.c.id.desc()).limit(limit))
    return [AuditRecord(row.at, row.actor, row.action, row.subject, row.detail) for row in rows]
