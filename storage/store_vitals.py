"""A part of `SqlStore`: numbers for those who watch over the service."""

from __future__ import annotations

from datetime import datetime

from storage import vitals
from storage.store_parts import Transactions
from watchers.vitals import Vitals


class VitalsStore(Transactions):
    """:class:`watchers.vitals.VitalsPort` in a database."""

    def vitals(self, now: datetime) -> Vitals:
        """See :class:`watchers.vitals.VitalsPort`."""
        with self._read() as connection:
            return vitals.vitals(connection, now)
