"""Admins: who may give orders."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select

from storage.audits import note
from storage.engine import insert_or_replace
from storage.tables import ADMIN
from watchers.owners import OWNER, granted, refuse_last_owner
from watchers.telling import Admin, AuditRecord

_RULING = select(ADMIN.c.user_id, ADMIN.c.role).order_by(ADMIN.c.user_id).with_for_update()


def all_admins(connection: Connection) -> tuple[Admin, ...]:
    """All admins, by user id."""
    rows = connection.execute(select(ADMIN).order_by(ADMIN.c.user_id))
    return tuple(Admin(row.user_id, row.role, row.added_at) for row in rows)


def _role(connection: Connection, user_id: int) -> str:
    """The role that somebody has, "" for none. All owners' rows are held till the end of the
    transaction: of two owners who revoke each other at the same moment, one is too late.
    """
    rows = connection.execute(_RULING.where((ADMIN.c.role == OWNER) | (ADMIN.c.user_id == user_id)))
    roles = {row.user_id: row.role for row in rows}
    return str(roles.get(user_id, ""))


def _refuse_last_owner(connection: Connection, user_id: int) -> None:
    owners = connection.execute(select(ADMIN.c.user_id).where(ADMIN.c.role == OWNER))
    refuse_last_owner(owners.scalars(), user_id)


def grant(connection: Connection, user_id: int, role: str, at: datetime, actor: str) -> Admin:
    """Make somebody an admin, or change the role; the date of the first grant stays.

    AdminInvalid if that leaves no owner.
    """
    before = _role(connection, user_id)
    if role != OWNER:
        _refuse_last_owner(connection, user_id)
    row = {"user_id": user_id, "role": role, "added_at": at}
    insert_or_replace(connection, ADMIN, [row], ["role"])
    note(connection, AuditRecord(at, actor, "admin.grant", str(user_id), granted(before, role)))
    kept = connection.execute(select(ADMIN).where(ADMIN.c.user_id == user_id)).one()
    return Admin(kept.user_id, kept.role, kept.added_at)


def revoke(connection: Connection, user_id: int, at: datetime, actor: str) -> bool:
    """Take somebody's rights; False if there were none. AdminInvalid for the last owner."""
    before = _role(connection, user_id)
    _refuse_last_owner(connection, user_id)
    gone = connection.execute(delete(ADMIN).where(ADMIN.c.user_id == user_id)).rowcount > 0
    if gone:
        note(connection, AuditRecord(at, actor, "admin.revoke", str(user_id), before))
    return gone
