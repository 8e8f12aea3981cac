"""A part of `SqlStore`: what many channels were told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from storage import subscribing
from storage.store_parts import Transactions
from watchers.telling import Withdrawal


class SubscribingStore(Transactions):
    """:class:`watchers.subscribing.SubscribePort` in a database."""

    def told_subjects(
        self, channel_ids: Sequence[int], subjects: Sequence[str]
    ) -> Mapping[int, frozenset[str]]:
        """See :class:`watchers.subscribing.SubscribePort`."""
        with self._read() as connection:
            return subscribing.told(connection, channel_ids, subjects)

    def withdrawals_of(self, channel_ids: Sequence[int]) -> Mapping[int, tuple[Withdrawal, ...]]:
        """See :class:`watchers.subscribing.SubscribePort`."""
        with self._read() as connection:
            return subscribing.withdrawals(connection, channel_ids)
