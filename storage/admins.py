"""Admins: who may give orders."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select

from storage.audits import note
from storage.engine import insert_or_replace
from storage.tables import ADMIN
from watchers.telling import Admin, AuditRecord


def all_admins(connection: Connection) -> tuple[Admin, ...]:
    """All admins, by user id."""
    rows = connection.execute(select(ADMIN).order_by(ADMIN.c.user_id))
    return tuple(Admin(row.user_id, row.role, row.added_at) for row in rows)


def grant(connection: Connection, user_id: int, role: str, at: datetime, actor: str) -> Admin:
    """Make somebody an admin, or change the role; the date of the first grant stays."""
    row = {"user_id": user_id, "role": role, "added_at": at}
    insert_or_replace(connection, ADMIN, [row], ["role"])
    note(connection, AuditRecord(at, actor, "admin.grant", str(user_id), role))
    kept = connection.execute(select(ADMIN).where(ADMIN.c.user_id == user_id)).one()
    return Admin(kept.user_id, kept.role, kept.added_at)


def revoke(connection: Connection, user_id: int, at: datetime, actor: str) -> bool:
    """Take somebody's rights; False if there were none."""
    gone = connection.execute(delete(ADMIN).where(ADMIN.c.user_id == user_id)).rowcount > 0
    if gone:
        note(connection, AuditRecord(at, actor, "admin.revoke", str(user_id)))
    return gone
