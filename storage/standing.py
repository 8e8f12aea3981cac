"""Who tells, and who changes what may be told, wait for each other.

SQLite has one writer. PostgreSQL would let a digest be recorded that was decided on before its
story was merged, or taken back, by a transaction that does not see the digest either.
"""

from __future__ import annotations

from sqlalchemy import Connection, select, text

from storage.engine import is_postgres
from storage.regrouping import SETTLING
from storage.tables import VALUE

_GROUPS = select(VALUE.c.value).where(VALUE.c.name == SETTLING).with_for_update(read=True)
_MUTES = text("LOCK TABLE mute IN SHARE MODE")
_TAKING_BACK = text("LOCK TABLE mute IN SHARE ROW EXCLUSIVE MODE")


def hold_subjects(connection: Connection) -> None:
    """Until the end of this transaction no groups change and nothing is muted. Call it first."""
    if is_postgres(connection):
        connection.execute(_GROUPS)  # as storage.grouping.turn, which comes before all changes
        connection.execute(_MUTES)


def hold_telling(connection: Connection) -> None:
    """Until the end of this transaction no digest is recorded. Call it first."""
    if is_postgres(connection):
        connection.execute(_TAKING_BACK)
