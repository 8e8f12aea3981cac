"""What the core asks of storage about channels: what they are told, and what came of it.

As :mod:`watchers.ports` says: every method is one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

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


class TellPort(Protocol):
    """Digests and their deliveries."""

    def untold(self, channel_id: int, since: datetime) -> tuple[Tellable, ...]:
        """Settled, not baseline, relevant or naming an official, first seen at or after
        `since`, whose subject (story; else ``article:<id of the first copy>``) was never
        told to the channel, or was told once, before facts of that article changed; with all
        other articles of those subjects first seen since then. By id.
        """

    def reasons(self, subject: str, limit: int) -> tuple[Reasoned, ...]:
        """Why a digest tells a subject: its settled articles, by id; none if it is unknown."""

    def queue_digests(self, orders: Sequence[DigestOrder]) -> tuple[int | None, ...]:
        """Record digests, what they tell and their pages, all `queued`, in one transaction; ids.

        None, and nothing changed for that one, if the channel has one of that kind for that
        slot, was told one of the subjects already, or if one is a story that was merged since,
        or is muted, or if another digest said one of the withdrawals. A subject whose facts
        changed since it was told may be told once more, and never again.
        `scheduled` moves the channel's last_slot, also when there are no pages (then no digest
        is recorded). An alert marks its subjects as alerted and not as told; None if one was
        alerted or told before. None also for a channel that was removed meanwhile;
        ChannelUnknown if there is none of them left.
        """

    def claim_next(self, channel_id: int, now: datetime) -> Delivery | None:
        """The channel's next queued page (digest, page order) becomes `sending`, durably.

        None while the first queued page, or the channel, has a not_before after `now`, while the
        channel is paused, and while posting is stopped (`stop_posting`).
        """

    def claim_private(self, now: datetime, limit: int) -> tuple[tuple[Channel, Delivery], ...]:
        """The next queued pages of private chats become `sending`, one a chat, those of the
        oldest digests first.

        The same conditions as `claim_next`, and none of a chat that has a page `sending`; one
        transaction.
        """

    def private_due(self, now: datetime) -> bool:
        """Whether `claim_private` may find something, or a page of a private chat is `sending`;
        a small read. Also true for a page that is looked at and then has to wait.
        """

    def record_sends(self, results: Sequence[tuple[int, SendResult]], *, at: datetime) -> None:
        """`record_send` of several deliveries in one transaction. A private chat that was sent
        a page and is to get another of the same digest has a not_before a second after `at`.

        One that cannot be recorded (DeliveryUnknown: its subscriber asked to be forgotten
        meanwhile; DeliverySettled: also that of an earlier attempt) is passed over.
        """

    def record_send(self, delivery_id: int, result: SendResult, *, at: datetime) -> None:
        """The receipt of a claimed page: sent, failed, uncertain, or queued again.

        RETRY sets the page's and the channel's not_before to `at` + wait; PAUSE queues it
        again and pauses the channel with the reason; MIGRATED queues it again and gives the
        channel its new chat id. DeliveryUnknown; DeliverySettled if the page is not out, or if
        `result.attempt` is not the page's last (an admin had it sent again meanwhile).
        """

    def abandon_sending(self, channel_id: int, *, at: datetime) -> int:
        """Pages left in `sending` by a process that died become `uncertain`; how many.

        Call only while holding the channel's lock.
        """

    def abandon_private(self, *, at: datetime) -> int:
        """`abandon_sending` of all private chats. Call only while holding their lock."""

    def deliveries(
        self,
        *states: DeliveryState,
        limit: int = 200,
        private: bool | None = None,
        channel_id: int | None = None,
    ) -> tuple[Delivery, ...]:
        """Deliveries in these states (all states if none), newest first; of public channels,
        private chats, or both (None).
        """

    def delivery(self, delivery_id: int) -> Delivery:
        """One of them. DeliveryUnknown."""

    def settle_delivery(
        self, delivery_id: int, decision: str, *, at: datetime, actor: str
    ) -> Delivery:
        """An admin decides on an `uncertain` or `failed` page: "arrived" (sent), "resend"
        (queued) or "drop" (dropped). DeliveryUnknown, DeliverySettled, InputInvalid.
        """

    def settle_private(self, decision: str, *, at: datetime, actor: str) -> int:
        """The same for all uncertain and failed pages of private chats; how many. One audit
        record, without a chat's id. InputInvalid.
        """

    def neighbours(self, delivery_id: int) -> Neighbours:
        """The sent pages around one in its chat, by message id. DeliveryUnknown."""

    def alerted(self, channel_id: int, since: datetime) -> Mapping[str, datetime]:
        """The subjects that the channel was alerted of since then, and when."""

    def stop_posting(self, *, stopped: bool, at: datetime, actor: str) -> bool:
        """Halt, or resume, every channel at once; whether that changed anything.

        Counts for every process from the next claim on, corrections excepted: what is wrong may
        be put right. The stop survives restarts.
        """

    def posting_stopped(self) -> bool:
        """Whether it is halted."""


class ChannelPort(Protocol):
    """Channels, admins and the audit log."""

    def add_channel(self, spec: ChannelSpec, *, at: datetime, actor: str) -> Channel:
        """A channel to tell. ChannelExists."""

    def channels(self) -> tuple[Channel, ...]:
        """All channels but the private ones, by id."""

    def channel(self, ref: str) -> Channel:
        """The channel with this chat, or this id; never a private one. ChannelUnknown."""

    def change_channel(
        self, channel_id: int, changes: Mapping[str, object], *, at: datetime, actor: str
    ) -> Channel:
        """Replace any of chat, timezone, schedule, weekdays, language, scope, alerts,
        tells_nothing_new, needs_approval, paused (with pause_reason).
        The values were validated by the registry. ChannelUnknown, ChannelExists. A private
        channel's change leaves no audit record.
        """

    def remove_channel(self, channel_id: int, *, at: datetime, actor: str) -> Channel:
        """Forget a channel with all that the ledger has of it. ChannelUnknown. A private one's
        removal (`/forget`) leaves no audit record.
        """

    def subscribers(self, *, paused: bool | None = None) -> tuple[Channel, ...]:
        """Private channels, by id; `paused`: only those that are, or are not."""

    def subscriber(self, user_id: int) -> Channel | None:
        """The private channel of this user (the chat's id is the user's)."""

    def admins(self) -> tuple[Admin, ...]:
        """All admins, by user id."""

    def grant(self, user_id: int, role: str, *, at: datetime, actor: str) -> Admin:
        """Make somebody an admin, or change the role. AdminInvalid if no owner were left."""

    def revoke(self, user_id: int, *, at: datetime, actor: str) -> bool:
        """Take somebody's rights; False if there were none. AdminInvalid for the last owner."""

    def audit(self, limit: int = 100) -> tuple[AuditRecord, ...]:
        """The latest changes, newest first."""

    def note(self, record: AuditRecord) -> None:
        """Add a record of something that changed no other row."""
