"""Deliveries of the `MemoryStore`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice

from storage.holding import HELD, held_of
from storage.memory_channels import MemoryChannels
from storage.memory_state import synchronised
from storage.next_pages import due
from storage.notices import paused
from storage.posting import STOPPED, action
from storage.receipts import (
    ABANDONED,
    BETWEEN,
    MOST_OURS,
    OPEN,
    SETTLED_MANY,
    decide,
    decision_of,
    lost,
    receipt,
)
from watchers.errors import DeliverySettled, DeliveryUnknown
from watchers.restoring import Held
from watchers.telling import (
    Channel,
    Delivery,
    DeliveryState,
    Neighbours,
    SendOutcome,
    SendResult,
)


class MemoryOutbox(MemoryChannels):
    """The part of :class:`watchers.ports.TellPort` that is about deliveries."""

    @synchronised
    def claim_next(self, channel_id: int, now: datetime) -> Delivery | None:
        """See :class:`watchers.ports.TellPort`; a paused channel has nothing to claim."""
        channel = self._channels.get(channel_id)
        first = None if channel is None else self._next(channel, now)
        return None if first is None else self._claim(first, now)

    def _next(self, channel: Channel, now: datetime) -> Delivery | None:
        """The page that may be claimed now."""
        if channel.paused or not due(channel.not_before, now) or self.posting_stopped():
            return None
        queued = self._in_state(channel.id, DeliveryState.QUEUED)
        first = min(queued, key=_order, default=None)
        return first if first is not None and due(first.not_before, now) else None

    def _claim(self, first: Delivery, now: datetime) -> Delivery:
        return self._keep(
            replace(
                first,
                state=DeliveryState.SENDING,
                claimed_at=now,
                attempts=first.attempts + 1,
            )
        )

    @synchronised
    def claim_private(self, now: datetime, limit: int) -> tuple[tuple[Channel, Delivery], ...]:
        """See :class:`watchers.ports.TellPort`."""
        idle = [
            channel
            for channel in self.subscribers()
            if not self._in_state(channel.id, DeliveryState.SENDING)
        ]
        firsts = ((channel, self._next(channel, now)) for channel in idle)
        ready = [(channel, first) for channel, first in firsts if first is not None]
        ready.sort(key=lambda pair: (pair[1].digest_id, pair[0].id))
        return tuple((channel, self._claim(first, now)) for channel, first in ready[:limit])

    @synchronised
    def private_due(self, now: datetime) -> bool:
        """See :class:`watchers.ports.TellPort`."""
        if self.posting_stopped():
            return False
        chats = self.subscribers()
        out = any(self._in_state(chat.id, DeliveryState.SENDING) for chat in chats)
        return out or any(self._next(chat, now) is not None for chat in chats)

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
            self._rest_until(channel, at + timedelta(seconds=result.wait))
        elif result.outcome is SendOutcome.PAUSE:
            self._pause(channel, delivery, result.detail, at)
        elif result.outcome is SendOutcome.MIGRATED:
            self._migrate(channel, delivery, result, at)
        elif result.outcome is SendOutcome.SENT and result.message_id is not None:
            self._release([delivery_id])

    @synchronised
    def record_sends(self, results: Sequence[tuple[int, SendResult]], *, at: datetime) -> None:
        """See :class:`watchers.ports.TellPort`."""
        for delivery_id, result in results:
            with suppress(DeliveryUnknown, DeliverySettled):
                self.record_send(delivery_id, result, at=at)
                self._pace(self._delivery(delivery_id), at + BETWEEN)

    def _pace(self, delivery: Delivery, until: datetime) -> None:
        """A private chat that gets another page of a digest rests a moment."""
        channel = self._channels[delivery.channel_id]
        is_sent = delivery.state is DeliveryState.SENT and delivery.page < delivery.pages
        if channel.private and is_sent:
            self._rest_until(channel, until)

    def _rest_until(self, channel: Channel, until: datetime) -> None:
        if channel.not_before is None or channel.not_before < until:
            self._channels[channel.id] = replace(channel, not_before=until)

    def _pause(self, channel: Channel, page: Delivery, why: str, at: datetime) -> None:
        self._channels[channel.id] = replace(channel, paused=True, pause_reason=why)
        self._note_public(channel, at, "system", "channel.pause", why)
        if not channel.private:
            self._tell(paused(channel.chat, why, page.id, page.attempts), at)

    def _migrate(self, channel: Channel, page: Delivery, result: SendResult, at: datetime) -> None:
        chat = result.new_chat
        others = {other.chat for other in self._channels.values() if other.id != channel.id}
        if not chat or chat in others:
            self._pause(channel, page, lost(result, private=channel.private), at)
            return
        self._channels[channel.id] = replace(channel, chat=chat)
        self._note_public(channel, at, "system", "channel.migrate", chat)

    @synchronised
    def abandon_sending(self, channel_id: int, *, at: datetime) -> int:  # noqa: ARG002
        """See :class:`watchers.ports.TellPort`."""
        left = self._in_state(channel_id, DeliveryState.SENDING)
        for delivery in left:
            self._keep(replace(delivery, state=DeliveryState.UNCERTAIN, error=ABANDONED))
        return len(left)

    @synchronised
    def abandon_private(self, *, at: datetime) -> int:
        """See :class:`watchers.ports.TellPort`."""
        return sum(self.abandon_sending(channel.id, at=at) for channel in self.subscribers())

    @synchronised
    def deliveries(
        self,
        *states: DeliveryState,
        limit: int = 200,
        private: bool | None = None,
        channel_id: int | None = None,
    ) -> tuple[Delivery, ...]:
        """See :class:`watchers.ports.TellPort`."""
        newest = sorted(self._deliveries.values(), key=lambda delivery: -delivery.id)
        found = (
            d
            for d in newest
            if (not states or d.state in states)
            and (private is None or self._channels[d.channel_id].private is private)
            and (channel_id is None or d.channel_id == channel_id)
        )
        return tuple(islice(found, limit))

    @synchronised
    def delivery(self, delivery_id: int) -> Delivery:
        """See :class:`watchers.ports.TellPort`."""
        return self._delivery(delivery_id)

    @synchronised
    def settle_delivery(
        self, delivery_id: int, decision: str, *, at: datetime, actor: str
    ) -> Delivery:
        """See :class:`watchers.ports.TellPort`."""
        decided = decision_of(decision)
        delivery = self._delivery(delivery_id)
        settled = self._changed(delivery, decide(delivery, decided, at))
        if not self._channels[delivery.channel_id].private:
            self._note(at, actor, "delivery.settle", str(delivery_id), decision)
        return settled

    @synchronised
    def settle_private(self, decision: str, *, at: datetime, actor: str) -> int:
        """See :class:`watchers.ports.TellPort`."""
        decided = decision_of(decision)
        found = [
            delivery
            for delivery in self._deliveries.values()
            if delivery.state in OPEN and self._channels[delivery.channel_id].private
        ]
        for delivery in found:
            self._changed(delivery, decide(delivery, decided, at))
        if found:
            detail = f"{decision}: {len(found)}"
            self._note(at, actor, "delivery.settle", SETTLED_MANY, detail)
        return len(found)

    @synchronised
    def neighbours(self, delivery_id: int) -> Neighbours:
        """See :class:`watchers.ports.TellPort`."""
        here = self._delivery(delivery_id)
        sent = sorted(self._in_state(here.channel_id, DeliveryState.SENT), key=_order)
        known = [(_order(one), one.message_id) for one in sent if one.message_id is not None]
        before = next((number for place, number in reversed(known) if place < _order(here)), None)
        after = next((number for place, number in known if place > _order(here)), None)
        if before is None or after is None:
            return Neighbours(before, after)
        ours = sorted(
            number for place, number in known if before < number < after and place != _order(here)
        )
        return Neighbours(before, after, tuple(ours[:MOST_OURS]))

    @synchronised
    def stop_posting(self, *, stopped: bool, at: datetime, actor: str) -> bool:
        """See :class:`watchers.ports.TellPort`."""
        if not stopped:
            self._refuse_held()
        if (self._values.get(STOPPED) == "1") == stopped:
            return False
        self._values[STOPPED] = "1" if stopped else ""
        self._note(at, actor, action(stopped=stopped), "")
        return True

    @synchronised
    def posting_stopped(self) -> bool:
        """See :class:`watchers.ports.TellPort`."""
        return self._values.get(STOPPED) == "1" or self.posting_held() is not None

    @synchronised
    def posting_held(self) -> Held | None:
        """See :class:`watchers.restoring.RestorePort`."""
        return held_of(self._values.get(HELD))

    def _refuse_held(self) -> None:
        held = self.posting_held()
        if held is not None:
            raise held.error()


def _order(delivery: Delivery) -> tuple[int, int]:
    return (delivery.digest_id, delivery.page)
