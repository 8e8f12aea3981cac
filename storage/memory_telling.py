"""Channels, digests, deliveries and admins of the `MemoryStore`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from storage.mapping import host_of, subject_of
from storage.memory_state import MemoryArticle, MemoryState, MemoryTold, synchronised
from storage.receipts import ABANDONED, checked_changes, decide, decision_of, receipt
from watchers.errors import ChannelExists, ChannelUnknown, DeliveryUnknown
from watchers.telling import (
    Admin,
    AuditRecord,
    Channel,
    ChannelSpec,
    Delivery,
    DeliveryState,
    Page,
    Reasoned,
    SendOutcome,
    SendResult,
    Tellable,
)


class MemoryTelling(MemoryState):
    """:class:`watchers.ports.TellPort` and :class:`watchers.ports.ChannelPort`."""

    # ------------------------------------------------------------ digests

    @synchronised
    def untold(self, channel_id: int, since: datetime) -> tuple[Tellable, ...]:
        """See :class:`watchers.ports.TellPort`."""
        recent = [k for k in self._articles.values() if k.settled and k.first_seen >= since]
        telling = (kept for kept in recent if kept.tells and not kept.baseline)
        wanted = {_subject(kept) for kept in telling if self._is_untold(channel_id, kept)}
        return tuple(self._tellable(kept) for kept in recent if _subject(kept) in wanted)

    def _is_untold(self, channel_id: int, kept: MemoryArticle) -> bool:
        """Never told; or told once, and its facts changed since."""
        told = self._told.get((channel_id, _subject(kept)))
        if told is None:
            return True
        changed = kept.changed_at is not None and kept.changed_at > told.built_at
        return told.again is None and changed

    def _may_be_told(self, channel_id: int, subject: str) -> bool:
        if (channel_id, subject) not in self._told:
            return True
        articles = (kept for kept in self._articles.values() if _subject(kept) == subject)
        return any(self._is_untold(channel_id, kept) for kept in articles)

    def _tellable(self, kept: MemoryArticle) -> Tellable:
        feed = self._feeds[kept.feed_id]
        return Tellable(
            id=kept.id,
            url=kept.canonical_url,
            title=kept.item.article.title,
            host=host_of(kept.canonical_url),
            feed_name=feed.name,
            feed_kind=feed.kind,
            language=kept.item.article.language,
            published=kept.published,
            first_seen=kept.first_seen,
            relevant=kept.item.verdict.relevant,
            officials=kept.item.verdict.officials,
            score=kept.item.verdict.score,
            duplicate_of=kept.duplicate_of,
            story=kept.story,
            updated=kept.changed_at is not None,
            source=kept.item.article.source,
            source_url=kept.item.article.source_url,
            first_published=kept.first_published,
            has_text=bool(kept.item.article.text),
        )

    @synchronised
    def reasons(self, subject: str, limit: int) -> tuple[Reasoned, ...]:
        """See :class:`watchers.ports.TellPort`."""
        found = [k for k in self._articles.values() if k.settled and _subject(k) == subject]
        return tuple(
            Reasoned(
                self._tellable(kept),
                kept.item.article.text,
                kept.item.verdict.watchlist,
                kept.item.verdict.matches,
            )
            for kept in found[:limit]
        )

    @synchronised
    def queue_digest(
        self,
        channel_id: int,
        *,
        slot: datetime,
        built_at: datetime,
        since: datetime,  # noqa: ARG002 - the same
        subjects: Sequence[str],
        pages: Sequence[Page],
        scheduled: bool,
    ) -> int | None:
        """See :class:`watchers.ports.TellPort`. ChannelUnknown."""
        channel = self._channel(channel_id)
        told = not all(self._may_be_told(channel_id, subject) for subject in subjects)
        merged = not self._merged.keys().isdisjoint(subjects)
        if told or merged or (channel_id, slot) in self._slots:
            return None
        if scheduled and (channel.last_slot is None or channel.last_slot < slot):
            self._channels[channel_id] = replace(channel, last_slot=slot)
        if not pages:
            return None
        digest_id = next(self._digest_ids)
        self._slots.add((channel_id, slot))
        for subject in dict.fromkeys(subjects):
            first = self._told.get((channel_id, subject), MemoryTold(digest_id, built_at))
            again = digest_id if (channel_id, subject) in self._told else None
            self._told[channel_id, subject] = replace(first, again=again)
        for number, page in enumerate(pages, 1):
            key = next(self._delivery_ids)
            self._deliveries[key] = Delivery(
                id=key,
                channel_id=channel_id,
                digest_id=digest_id,
                page=number,
                pages=len(pages),
                content=page,
                state=DeliveryState.QUEUED,
            )
        return digest_id

    # ------------------------------------------------------------ deliveries

    @synchronised
    def claim_next(self, channel_id: int, now: datetime) -> Delivery | None:
        """See :class:`watchers.ports.TellPort`; a paused channel has nothing to claim."""
        channel = self._channels.get(channel_id)
        if channel is None or channel.paused or not _due(channel.not_before, now):
            return None
        queued = self._in_state(channel_id, DeliveryState.QUEUED)
        first = min(queued, key=lambda delivery: (delivery.digest_id, delivery.page), default=None)
        if first is None or not _due(first.not_before, now):
            return None
        return self._keep(
            replace(
                first,
                state=DeliveryState.SENDING,
                claimed_at=now,
                attempts=first.attempts + 1,
            )
        )

    def _in_state(self, channel_id: int, state: DeliveryState) -> list[Delivery]:
        own = (d for d in self._deliveries.values() if d.channel_id == channel_id)
        return [delivery for delivery in own if delivery.state is state]

    def _keep(self, delivery: Delivery) -> Delivery:
        self._deliveries[delivery.id] = delivery
        return delivery

    def _delivery(self, delivery_id: int) -> Delivery:
        if delivery_id not in self._deliveries:
            msg = f"No delivery has the number {delivery_id}."
            raise DeliveryUnknown(msg)
        return self._deliveries[delivery_id]

    def _changed(self, delivery: Delivery, changes: Mapping[str, object]) -> Delivery:
        state = DeliveryState(str(changes["state"]))
        return self._keep(replace(delivery, **{**changes, "state": state}))  # type: ignore[arg-type]

    @synchronised
    def record_send(self, delivery_id: int, result: SendResult, *, at: datetime) -> None:
        """See :class:`watchers.ports.TellPort`. DeliveryUnknown, DeliverySettled."""
        delivery = self._delivery(delivery_id)
        self._changed(delivery, receipt(delivery, result, at))
        channel = self._channels[delivery.channel_id]
        if result.outcome is SendOutcome.RETRY:
            wait = timedelta(seconds=result.wait)
            self._channels[channel.id] = replace(channel, not_before=at + wait)
        elif result.outcome is SendOutcome.PAUSE:
            self._pause(channel, result.detail, at)
        elif result.outcome is SendOutcome.MIGRATED:
            self._migrate(channel, result, at)

    def _pause(self, channel: Channel, why: str, at: datetime) -> None:
        self._channels[channel.id] = replace(channel, paused=True, pause_reason=why)
        self._note(at, "system", "channel.pause", channel.chat, why)

    def _migrate(self, channel: Channel, result: SendResult, at: datetime) -> None:
        chat = result.new_chat
        others = {other.chat for other in self._channels.values() if other.id != channel.id}
        if not chat or chat in others:
            lost = f"The chat moved to {chat or 'an unknown id'}, which cannot be used."
            self._pause(channel, f"{lost} {result.detail}".strip(), at)
            return
        self._channels[channel.id] = replace(channel, chat=chat)
        self._note(at, "system", "channel.migrate", channel.chat, chat)

    @synchronised
    def abandon_sending(self, channel_id: int, *, at: datetime) -> int:  # noqa: ARG002
        """See :class:`watchers.ports.TellPort`."""
        left = self._in_state(channel_id, DeliveryState.SENDING)
        for delivery in left:
            self._keep(replace(delivery, state=DeliveryState.UNCERTAIN, error=ABANDONED))
        return len(left)

    @synchronised
    def deliveries(self, *states: DeliveryState, limit: int = 200) -> tuple[Delivery, ...]:
        """See :class:`watchers.ports.TellPort`."""
        newest = sorted(self._deliveries.values(), key=lambda delivery: -delivery.id)
        return tuple(d for d in newest if not states or d.state in states)[:limit]

    @synchronised
    def settle_delivery(
        self, delivery_id: int, decision: str, *, at: datetime, actor: str
    ) -> Delivery:
        """See :class:`watchers.ports.TellPort`."""
        decided = decision_of(decision)
        delivery = self._delivery(delivery_id)
        settled = self._changed(delivery, decide(delivery, decided, at))
        self._note(at, actor, "delivery.settle", str(delivery_id), decision)
        return settled

    # ------------------------------------------------------------ channels

    @synchronised
    def add_channel(self, spec: ChannelSpec, *, at: datetime, actor: str) -> Channel:
        """See :class:`watchers.ports.ChannelPort`."""
        self._refuse_taken(spec.chat)
        number = next(self._channel_ids)
        channel = Channel(number, spec.chat, spec.timezone, spec.schedule, spec.language, at)
        self._channels[number] = channel
        self._note(at, actor, "channel.add", spec.chat)
        return channel

    def _refuse_taken(self, chat: str) -> None:
        if any(channel.chat == chat for channel in self._channels.values()):
            msg = f"{chat} is a channel already."
            raise ChannelExists(msg)

    @synchronised
    def channels(self) -> tuple[Channel, ...]:
        """See :class:`watchers.ports.ChannelPort`."""
        return tuple(self._channels.values())

    @synchronised
    def channel(self, ref: str) -> Channel:
        """See :class:`watchers.ports.ChannelPort`."""
        for channel in self._channels.values():
            if channel.chat == ref:
                return channel
        if ref.isdecimal() and int(ref) in self._channels:
            return self._channels[int(ref)]
        msg = f"No channel is called {ref!r}."
        raise ChannelUnknown(msg)

    def _channel(self, channel_id: int) -> Channel:
        if channel_id not in self._channels:
            msg = f"No channel has the number {channel_id}."
            raise ChannelUnknown(msg)
        return self._channels[channel_id]

    @synchronised
    def change_channel(
        self, channel_id: int, changes: Mapping[str, object], *, at: datetime, actor: str
    ) -> Channel:
        """See :class:`watchers.ports.ChannelPort`."""
        channel = self._channel(channel_id)
        values = checked_changes(changes)
        if values.get("chat", channel.chat) != channel.chat:
            self._refuse_taken(str(values["chat"]))
        self._channels[channel_id] = replace(channel, **values)  # type: ignore[arg-type]
        self._note(at, actor, "channel.change", channel.chat, ", ".join(sorted(changes)))
        return self._channels[channel_id]

    @synchronised
    def remove_channel(self, channel_id: int, *, at: datetime, actor: str) -> Channel:
        """See :class:`watchers.ports.ChannelPort`."""
        channel = self._channel(channel_id)
        del self._channels[channel_id]
        others = {k: d for k, d in self._deliveries.items() if d.channel_id != channel_id}
        self._deliveries = others
        self._told = {key: told for key, told in self._told.items() if key[0] != channel_id}
        self._slots = {pair for pair in self._slots if pair[0] != channel_id}
        self._note(at, actor, "channel.remove", channel.chat)
        return channel

    # ------------------------------------------------------------ admins

    @synchronised
    def admins(self) -> tuple[Admin, ...]:
        """See :class:`watchers.ports.ChannelPort`."""
        return tuple(sorted(self._admins.values(), key=lambda admin: admin.user_id))

    @synchronised
    def grant(self, user_id: int, role: str, *, at: datetime, actor: str) -> Admin:
        """See :class:`watchers.ports.ChannelPort`."""
        added_at = self._admins[user_id].added_at if user_id in self._admins else at
        self._admins[user_id] = Admin(user_id, role, added_at)
        self._note(at, actor, "admin.grant", str(user_id), role)
        return self._admins[user_id]

    @synchronised
    def revoke(self, user_id: int, *, at: datetime, actor: str) -> bool:
        """See :class:`watchers.ports.ChannelPort`."""
        if self._admins.pop(user_id, None) is None:
            return False
        self._note(at, actor, "admin.revoke", str(user_id))
        return True

    @synchronised
    def audit(self, limit: int = 100) -> tuple[AuditRecord, ...]:
        """See :class:`watchers.ports.ChannelPort`."""
        return tuple(reversed(self._audit))[:limit]

    @synchronised
    def note(self, record: AuditRecord) -> None:
        """See :class:`watchers.ports.ChannelPort`."""
        self._audit.append(record)


def _subject(kept: MemoryArticle) -> str:
    return subject_of(kept.id, kept.duplicate_of, kept.story)


def _due(not_before: datetime | None, now: datetime) -> bool:
    return not_before is None or not_before <= now
