"""A part of `SqlStore`: hosts that several machines poll in turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from storage import claiming
from storage.claiming import Wanted
from storage.store_parts import Transactions
from watchers.model import Feed


class ClaimingStore(Transactions):
    """:class:`watchers.claiming.ClaimPort` in a database."""

    def claim_feeds(
        self,
        holder: str,
        now: datetime,
        limit: int,
        *,
        lease: timedelta,
        per_host: int,
        among: Sequence[int] | None = None,
        without: Sequence[int] = (),
    ) -> tuple[Feed, ...]:
        """See :class:`watchers.claiming.ClaimPort`."""
        wanted = Wanted(holder, now, limit, lease, per_host, among, without)
        with self._write() as connection:
            return claiming.claim(connection, wanted)

    def renew_claims(self, holder: str, now: datetime, *, lease: timedelta) -> frozenset[str]:
        """See :class:`watchers.claiming.ClaimPort`."""
        with self._write() as connection:
            return claiming.renew(connection, holder, now, lease)

    def release_hosts(self, holder: str, now: datetime, pauses: Mapping[str, timedelta]) -> None:
        """See :class:`watchers.claiming.ClaimPort`."""
        with self._write() as connection:
            claiming.release(connection, holder, now, pauses)

    def release_all(self, holder: str, now: datetime, *, pause: timedelta) -> int:
        """See :class:`watchers.claiming.ClaimPort`."""
        with self._write() as connection:
            return claiming.release_all(connection, holder, now, pause)

    def take_host(
        self, host: str, holder: str, now: datetime, *, lease: timedelta
    ) -> timedelta | None:
        """See :class:`watchers.claiming.ClaimPort`."""
        with self._write() as connection:
            return claiming.take_one(connection, host, holder, now, lease)

    def claimable(self, now: datetime, limit: int) -> int:
        """See :class:`watchers.claiming.ClaimPort`."""
        with self._read() as connection:
            return claiming.claimable(connection, now, limit)

    def claim_clock(self, now: datetime) -> datetime:
        """See :class:`watchers.claiming.ClaimPort`."""
        with self._read() as connection:
            return claiming.clock(connection, now)

    def forget_turns(self, before: datetime, limit: int) -> int:
        """See :class:`watchers.claiming.ClaimPort`."""
        with self._write() as connection:
            return claiming.forget(connection, before, limit)
