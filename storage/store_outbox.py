"""Parts of `SqlStore`: digests and their deliveries, channels, admins and the audit log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from storage import (
    admins,
    audits,
    channels,
    digests,
    outbox,
    posting,
    private,
    queueing,
    reasons_of,
)
from storage.engine import empty_log
from storage.receipts import decision_of
from storage.store_parts import Transactions
from watchers.telling import (
    Admin,
    AuditRecord,
    Channel,
    ChannelSpec,
    Delivery,
    DeliveryState,
    DigestOrder,
    Neighbours,
    Reasoned,
    SendResult,
    Tellable,
)


class TellStore(Transactions):
    """:class:`watchers.ports.TellPort` in a database."""

    def untold(self, channel_id: int, since: datetime) -> tuple[Tellable, ...]:
        """See :class:`watchers.ports.TellPort`."""
        with self._read() as connection:
            return digests.untold(connection, channel_id, since)

    def reasons(self, subject: str, limit: int) -> tuple[Reasoned, ...]:
        """See :class:`watchers.ports.TellPort`."""
        with self._read() as connection:
            return reasons_of.reasons(connection, subject, limit)

    def queue_digests(self, orders: Sequence[DigestOrder]) -> tuple[int | None, ...]:
        """See :class:`watchers.ports.TellPort`."""
        with self._write() as connection:
            return queueing.queue(connection, orders)

    def claim_next(self, channel_id: int, now: datetime) -> Delivery | None:
        """See :class:`watchers.ports.TellPort`; a paused channel has nothing to claim."""
        with self._durable() as connection:
            return outbox.claim_next(connection, channel_id, now)

    def claim_private(self, now: datetime, limit: int) -> tuple[tuple[Channel, Delivery], ...]:
        """See :class:`watchers.ports.TellPort`."""
        with self._durable() as connection:
            return private.claim(connection, now, limit)

    def private_due(self, now: datetime) -> bool:
        """See :class:`watchers.ports.TellPort`."""
        with self._look() as connection:
            return private.is_due(connection, now)

    def record_send(self, delivery_id: int, result: SendResult, *, at: datetime) -> None:
        """See :class:`watchers.ports.TellPort`. DeliveryUnknown, DeliverySettled."""
        with self._durable() as connection:
            outbox.record_send(connection, delivery_id, result, at)

    def record_sends(self, results: Sequence[tuple[int, SendResult]], *, at: datetime) -> None:
        """See :class:`watchers.ports.TellPort`."""
        with self._durable() as connection:
            outbox.record_sends(connection, results, at)

    def abandon_sending(self, channel_id: int, *, at: datetime) -> int:  # noqa: ARG002
        """See :class:`watchers.ports.TellPort`."""
        with self._durable() as connection:
            return outbox.abandon_sending(connection, channel_id)

    def abandon_private(self, *, at: datetime) -> int:  # noqa: ARG002
        """See :class:`watchers.ports.TellPort`."""
        with self._durable() as connection:
            return private.abandon(connection)

    def deliveries(
        self,
        *states: DeliveryState,
        limit: int = 200,
        private: bool | None = None,
        channel_id: int | None = None,
    ) -> tuple[Delivery, ...]:
        """See :class:`watchers.ports.TellPort`."""
        with self._read() as connection:
            return outbox.listed(connection, states, limit, private, channel_id)

    def delivery(self, delivery_id: int) -> Delivery:
        """See :class:`watchers.ports.TellPort`."""
        with self._read() as connection:
            return outbox.find(connection, delivery_id)

    def settle_delivery(
        self, delivery_id: int, decision: str, *, at: datetime, actor: str
    ) -> Delivery:
        """See :class:`watchers.ports.TellPort`."""
        decided = decision_of(decision)
        with self._durable() as connection:
            return outbox.settle(connection, delivery_id, decided, at, actor)

    def settle_private(self, decision: str, *, at: datetime, actor: str) -> int:
        """See :class:`watchers.ports.TellPort`."""
        decided = decision_of(decision)
        with self._durable() as connection:
            return private.settle(connection, decided, at, actor)

    def neighbours(self, delivery_id: int) -> Neighbours:
        """See :class:`watchers.ports.TellPort`."""
        with self._read() as connection:
            return outbox.neighbours(connection, delivery_id)

    def alerted(self, channel_id: int, since: datetime) -> Mapping[str, datetime]:
        """See :class:`watchers.ports.TellPort`."""
        with self._read() as connection:
            return digests.alerted(connection, channel_id, since)

    def stop_posting(self, *, stopped: bool, at: datetime, actor: str) -> bool:
        """See :class:`watchers.ports.TellPort`."""
        with self._durable() as connection:
            return posting.stop(connection, at, actor, stopped=stopped)

    def posting_stopped(self) -> bool:
        """See :class:`watchers.ports.TellPort`."""
        with self._look() as connection:
            return posting.is_stopped(connection)


class ChannelStore(Transactions):
    """:class:`watchers.ports.ChannelPort` in a database."""

    def add_channel(self, spec: ChannelSpec, *, at: datetime, actor: str) -> Channel:
        """See :class:`watchers.ports.ChannelPort`."""
        with self._write() as connection:
            return channels.add(connection, spec, at, actor)

    def channels(self) -> tuple[Channel, ...]:
        """See :class:`watchers.ports.ChannelPort`."""
        with self._look() as connection:
            return channels.all_channels(connection)

    def channel(self, ref: str) -> Channel:
        """See :class:`watchers.ports.ChannelPort`."""
        with self._read() as connection:
            return channels.find(connection, ref)

    def change_channel(
        self, channel_id: int, changes: Mapping[str, object], *, at: datetime, actor: str
    ) -> Channel:
        """See :class:`watchers.ports.ChannelPort`."""
        with self._write() as connection:
            return channels.change(connection, channel_id, changes, at, actor)

    def remove_channel(self, channel_id: int, *, at: datetime, actor: str) -> Channel:
        """See :class:`watchers.ports.ChannelPort`."""
        with self._write() as connection:
            removed = channels.remove(connection, channel_id, at, actor)
        if removed.private:  # nothing of somebody who asked to be forgotten stays in the files
            empty_log(self._engine)
        return removed

    def subscribers(self, *, paused: bool | None = None) -> tuple[Channel, ...]:
        """See :class:`watchers.ports.ChannelPort`."""
        with self._read() as connection:
            return channels.subscribers(connection, paused=paused)

    def subscriber(self, user_id: int) -> Channel | None:
        """See :class:`watchers.ports.ChannelPort`."""
        with self._read() as connection:
            return channels.subscriber(connection, user_id)

    def admins(self) -> tuple[Admin, ...]:
        """See :class:`watchers.ports.ChannelPort`."""
        with self._look() as connection:
            return admins.all_admins(connection)

    def grant(self, user_id: int, role: str, *, at: datetime, actor: str) -> Admin:
        """See :class:`watchers.ports.ChannelPort`."""
        with self._write() as connection:
            return admins.grant(connection, user_id, role, at, actor)

    def revoke(self, user_id: int, *, at: datetime, actor: str) -> bool:
        """See :class:`watchers.ports.ChannelPort`."""
        with self._write() as connection:
            return admins.revoke(connection, user_id, at, actor)

    def audit(self, limit: int = 100) -> tuple[AuditRecord, ...]:
        """See :class:`watchers.ports.ChannelPort`."""
        with self._read() as connection:
            return tuple(audits.latest(connection, limit))

    def note(self, record: AuditRecord) -> None:
        """See :class:`watchers.ports.ChannelPort`."""
        with self._write() as connection:
            audits.note(connection, record)
