"""A part of `SqlStore`: posting held after a restore."""

from __future__ import annotations

from datetime import datetime

from storage import posting, restored
from storage.store_parts import Transactions
from watchers.restoring import Counted, Held, Why


class RestoringStore(Transactions):
    """:class:`watchers.restoring.RestorePort` in a database."""

    def hold_posting(self, why: Why, *, at: datetime) -> int:
        """See :class:`watchers.restoring.RestorePort`."""
        with self._durable() as connection:
            return restored.hold(connection, why, at)

    def posting_held(self) -> Held | None:
        """See :class:`watchers.restoring.RestorePort`."""
        with self._read() as connection:
            return posting.held(connection)

    def carry_on(self, *, at: datetime, actor: str) -> int:
        """See :class:`watchers.restoring.RestorePort`. InputInvalid."""
        with self._durable() as connection:
            return restored.carry_on(connection, at, actor)

    def count_as_told(self, until: datetime, *, at: datetime, actor: str) -> Counted:
        """See :class:`watchers.restoring.RestorePort`. InputInvalid."""
        with self._durable() as connection:
            return restored.count_as_told(connection, until, at, actor)
